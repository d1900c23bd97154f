"""What the codes in figures and files are called, in the reader's words."""

from community.attendance import State as Attending
from community.deliveries import State as Sending
from community.facilitation import Facet
from community.figures import By, Outcome
from community.limits import Limit
from community.measures import Measure
from community.moderation import What
from community.needs import Need
from community.people import Stage
from community.referrals import Source
from locales import Html, Translator


def coming(code: Attending, _: Translator) -> str:
    """Return what became of people's answers to events, for a table."""
    return {
        Attending.ATTENDED: _.label("figure", "Came"),
        Attending.MISSED: _.label("figure", "Did not come"),
        Attending.GOING: _.label("figure", "Said they would come, not ticked off"),
    }[code]


def outcome(code: Sending, _: Translator) -> str:
    """Return what became of messages, for a table."""
    return {
        Sending.WAITING: _.label("message", "Waiting"),
        Sending.QUEUED: _.label("message", "To be sent"),
        Sending.CLAIMED: _.label("message", "Being sent"),
        Sending.SENT: _.label("message", "Sent"),
        Sending.REFUSED: _.label("message", "The person has blocked the bot or is gone"),
        Sending.FAILED: _.label("message", "Failed"),
        Sending.UNCERTAIN: _.label("message", "Uncertain whether it arrived"),
        Sending.SUPPRESSED: _.label("message", "Not sent: no longer wanted or needed"),
        Sending.EXPIRED: _.label("message", "Not sent: too late"),
        Sending.CANCELLED: _.label("message", "Cancelled"),
        Sending.RECALLED: _.label("message", "Recalled"),
    }[code]


def reported(code: What, _: Translator) -> str:
    """Return what was reported."""
    return {
        What.PERSON: _.label("reported", "A person"),
        What.POST: _.label("reported", "An ask or an offer"),
        What.MESSAGE: _.label("reported", "A message"),
        What.EXCHANGE: _.label("reported", "Messages"),
        What.TEXT: _.label("reported", "A translation"),
    }[code]


def measure(code: Measure, _: Translator) -> str:
    """Return which measure was taken."""
    return {
        Measure.NOTHING: _.label("figure", "None"),
        Measure.WARN: _.label("figure", "Warned"),
        Measure.HIDE: _.label("figure", "Hidden"),
        Measure.SUSPEND: _.label("figure", "Suspended"),
    }[code]


def became(code: Outcome, _: Translator) -> str:
    """Return what became of requests to providers, for a table."""
    return {
        Outcome.ASKED: _.label("referral", "Requests sent to providers"),
        Outcome.WAITING: _.label("referral", "No answer yet"),
        Outcome.UNANSWERED: _.label("referral", "Expired: nobody answered in time"),
        Outcome.TAKEN_BACK: _.label("referral", "Withdrawn before there was an answer"),
        Outcome.ANSWERED: _.label("referral", "Answered"),
        Outcome.QUESTIONED: _.label("referral", "The provider asks for more"),
        Outcome.GIVEN_UP: _.label("referral", "Given up after the provider asked for more"),
        Outcome.DECLINED: _.label("referral", "Declined by the provider"),
        Outcome.PASSED_ON: _.label("referral", "Passed on to another provider"),
        Outcome.ACCEPTED: _.label("referral", "Accepted"),
        Outcome.UNDER_WAY: _.label("referral", "Under way"),
        Outcome.WITHDRAWN: _.label("referral", "Withdrawn after it was accepted"),
        Outcome.NOT_DELIVERED: _.label("referral", "Not delivered"),
        Outcome.COMPLETED: _.label("referral", "Completed, by the provider's word"),
        Outcome.CONFIRMED: _.label("referral", "Confirmed by the member"),
        Outcome.UNCONFIRMED: _.label("referral", "Without the member's word"),
        Outcome.DISPUTED: _.label("referral", "The member disagrees"),
        Outcome.SETTLED_GIVEN: _.label("referral", "Settled by the team: the help was given"),
        Outcome.SETTLED_NOT_GIVEN: _.label(
            "referral", "Settled by the team: the help was not given"
        ),
    }[code]


def said(code: By | Source, _: Translator) -> str:
    """Return how a provider's word came to us, for a table."""
    return {
        By.STAFF: _.label("source", "in the chat"),
        By.TEAM: _.label("source", "recorded by the team"),
        Source.PHONE: _.label("source", "by phone"),
        Source.EMAIL: _.label("source", "by e-mail"),
        Source.IN_PERSON: _.label("source", "in person"),
    }[code]


def facet(code: Facet, _: Translator) -> str:
    """Return what members judge, for a table."""
    return {
        Facet.INFORMATION: _.label("facet", "Exchange of information"),
        Facet.LEARNING: _.label("facet", "Learning"),
        Facet.LINKING: _.label("facet", "Bringing people together"),
        Facet.CAPACITY: _.label("facet", "Making members stronger"),
        Facet.PROBLEM_SOLVING: _.label("facet", "Solving problems"),
        Facet.COMMON_GOALS: _.label("facet", "Common goals"),
        Facet.EXPECTATIONS: _.label("facet", "Clear expectations"),
        Facet.MOTIVATION: _.label("facet", "Motivation"),
        Facet.OWNERSHIP: _.label("facet", "Members have a say"),
        Facet.OUTCOMES: _.label("facet", "Results"),
        Facet.NETWORK: _.label("facet", "The network as a whole"),
    }[code]


def facet_question(code: Facet, _: Translator) -> Html:
    """Return what members are asked about those who run the network."""
    return {
        Facet.INFORMATION: _("Does the team pass on information that is useful to you?"),
        Facet.LEARNING: _("Does the team help you to learn something new?"),
        Facet.LINKING: _("Does the team bring you together with the right people?"),
        Facet.CAPACITY: _("Does the team help you to do more by yourself?"),
        Facet.PROBLEM_SOLVING: _("Does the team help when you have a problem?"),
        Facet.COMMON_GOALS: _("Does the team help members to find common goals?"),
        Facet.EXPECTATIONS: _("Does the team say clearly what you can expect?"),
        Facet.MOTIVATION: _("Does the team give you the courage to go on?"),
        Facet.OWNERSHIP: _("Does the team let members decide and take things on themselves?"),
        Facet.OUTCOMES: _("Does the network help you to reach your own goals?"),
        Facet.NETWORK: _("How good is this network, taken as a whole?"),
    }[code]


def mark(number: int, _: Translator) -> str:
    """Return a mark from 1 to 5, for a button."""
    return {
        5: _.label("mark", "😀 Very good"),
        4: _.label("mark", "🙂 Good"),
        3: _.label("mark", "😐 In between"),
        2: _.label("mark", "🙁 Not good"),
        1: _.label("mark", "😞 Not good at all"),
    }[number]


def stage(code: Stage, _: Translator) -> str:
    """Return how far the business is."""
    return {
        Stage.IDEA: _.label("stage", "I have an idea"),
        Stage.STARTING: _.label("stage", "I am starting now"),
        Stage.RUNNING: _.label("stage", "My business is running"),
        Stage.GROWING: _.label("stage", "I want to grow"),
    }[code]


def limit(code: Limit, _: Translator) -> str:
    """Return what makes it hard to come, as a member says it of themself."""
    return {
        Limit.DISTANCE: _.label("limit", "I cannot travel far"),
        Limit.LATE: _.label("limit", "I cannot travel late"),
        Limit.MORNINGS: _.label("limit", "No time in the morning"),
        Limit.AFTERNOONS: _.label("limit", "No time in the afternoon"),
        Limit.EVENINGS: _.label("limit", "No time in the evening"),
        Limit.WEEKENDS: _.label("limit", "No time at weekends"),
        Limit.CHILD_CARE: _.label("limit", "I have children to look after"),
        Limit.STEPS: _.label("limit", "I cannot climb steps"),
        Limit.PHONE_ONLY: _.label("limit", "I have only a phone"),
        Limit.NO_DATA: _.label("limit", "I have little mobile data"),
        Limit.READING: _.label("limit", "Reading is hard for me"),
        Limit.SIGHT: _.label("limit", "I do not see well"),
    }[code]


def need(code: Need, _: Translator) -> str:
    """Return what somebody looks for."""
    return {
        Need.REGISTERING: _.label("need", "Registering a business"),
        Need.FINANCE: _.label("need", "Money to start"),
        Need.TAX: _.label("need", "Taxes"),
        Need.BOOKKEEPING: _.label("need", "Bookkeeping"),
        Need.PREMISES: _.label("need", "A place to work"),
        Need.LICENCES: _.label("need", "Licences and permits"),
        Need.QUALIFICATIONS: _.label("need", "Recognition of my diploma"),
        Need.CUSTOMERS: _.label("need", "Customers"),
        Need.EXPORT: _.label("need", "Selling to other countries"),
        Need.HIRING: _.label("need", "Hiring people"),
        Need.DIGITAL: _.label("need", "Computer and internet"),
        Need.INTERNET: _.label("need", "Free internet or computer"),
        Need.LANGUAGE: _.label("need", "Learning the language"),
        Need.LEGAL: _.label("need", "Legal advice"),
        Need.MENTORING: _.label("need", "A mentor"),
        Need.CHILD_CARE: _.label("need", "Child care"),
        Need.OTHER: _.label("need", "Something else"),
    }[code]
