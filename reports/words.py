"""What the codes in figures and surveys are called, in the reader's words."""

from community.attendance import State as Attending
from community.deliveries import State as Outcome
from community.referrals import State as Referred
from locales import Html, Translator


def coming(code: Attending, _: Translator) -> str:
    """Return what became of people's answers to events, for a table."""
    return {
        Attending.ATTENDED: _.label("figure", "Came"),
        Attending.MISSED: _.label("figure", "Did not come"),
        Attending.GOING: _.label("figure", "Said they would come, not ticked off"),
    }[code]


def outcome(code: Outcome, _: Translator) -> str:
    """Return what became of messages, for a table."""
    return {
        Outcome.WAITING: _.label("message", "Waiting"),
        Outcome.QUEUED: _.label("message", "To be sent"),
        Outcome.CLAIMED: _.label("message", "Being sent"),
        Outcome.SENT: _.label("message", "Sent"),
        Outcome.REFUSED: _.label("message", "The person has blocked the bot or is gone"),
        Outcome.FAILED: _.label("message", "Failed"),
        Outcome.UNCERTAIN: _.label("message", "Uncertain whether it arrived"),
        Outcome.SUPPRESSED: _.label("message", "Not sent: no longer wanted or needed"),
        Outcome.EXPIRED: _.label("message", "Not sent: too late"),
        Outcome.CANCELLED: _.label("message", "Cancelled"),
        Outcome.RECALLED: _.label("message", "Recalled"),
    }[code]


def referral(code: Referred, _: Translator) -> str:
    """Return where a referral stands, for a table."""
    return {
        Referred.DRAFT: _.label("referral", "Being prepared"),
        Referred.PENDING: _.label("referral", "Waiting for the provider's answer"),
        Referred.ACCEPTED: _.label("referral", "Accepted"),
        Referred.DECLINED: _.label("referral", "Declined by the provider"),
        Referred.NEEDS_INFORMATION: _.label("referral", "The provider asked for something"),
        Referred.REROUTED: _.label("referral", "Passed on to another provider"),
        Referred.EXPIRED: _.label("referral", "The provider did not answer in time"),
        Referred.CANCELLED: _.label("referral", "Withdrawn by the member"),
        Referred.IN_SERVICE: _.label("referral", "Begun"),
        Referred.NOT_DELIVERED: _.label("referral", "Did not take place"),
        Referred.COMPLETED: _.label("referral", "Completed, the member has not confirmed yet"),
        Referred.CONFIRMED: _.label("referral", "Completed and confirmed by the member"),
        Referred.DISPUTED: _.label("referral", "The member says it did not take place"),
        Referred.UNCONFIRMED: _.label("referral", "Completed, the member did not answer"),
        Referred.RESOLVED: _.label("referral", "Settled by the team"),
    }[code]


def survey_question(template: str, code: str, _: Translator) -> Html:
    """Return a question as it is put to people."""
    return {
        ("after_event", "useful"): _("Was the event useful for you?"),
        ("after_event", "met"): _("Did you meet somebody there who is useful for your business?"),
        ("after_event", "again"): _("Would you come to an event like this again?"),
    }[template, code]


def survey_answer(template: str, question: str, value: str, _: Translator) -> str:
    """Return an answer as it stands on its button."""
    return {
        ("after_event", "useful", "yes"): _.label("answer", "Yes, useful"),
        ("after_event", "useful", "partly"): _.label("answer", "Partly"),
        ("after_event", "useful", "no"): _.label("answer", "No, not useful"),
        ("after_event", "met", "yes"): _.label("answer", "Yes, I met somebody"),
        ("after_event", "met", "not_yet"): _.label("answer", "Not yet, but I hope to"),
        ("after_event", "met", "no"): _.label("answer", "No, nobody"),
        ("after_event", "again", "yes"): _.label("answer", "Yes, I would come again"),
        ("after_event", "again", "maybe"): _.label("answer", "Maybe"),
        ("after_event", "again", "no"): _.label("answer", "No, I would not"),
    }[template, question, value]
