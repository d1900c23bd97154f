"""What the codes of the domain are called: needs, stages, profiles, states, in the reader's words.

Each function spells every member of its enumeration, so that a new code without a word is found
by mypy and by ``tests/handlers/test_words.py``.
"""

from community.attendance import State as Attending
from community.consents import Purpose
from community.events import Kind
from community.matches import Outcome, Partner, Sector, Way
from community.matches import Reason as NotThis
from community.missing import Why
from community.people import Membership, Pace, Participation, Profile, Stage
from community.provisions import Provision
from community.referrals import FieldName, Reason
from community.referrals import State as Referred
from community.roles import RoleName
from community.topics import Topic
from locales import OFFERED, Translator
from reports import words

SPOKEN = tuple(
    dict.fromkeys(
        (*OFFERED, "de", "es", "it", "nl", "pl", "pt", "ro", "ru", "tr", "fa", "ps", "ti", "so")
    )
)
"""The languages a service may be given in; more than the bot itself speaks."""

need, limit, stage = words.need, words.limit, words.stage
"""What reports say, too."""


def gathered(code: Pace, _: Translator) -> str:
    """Return how often somebody has news gathered."""
    return {
        Pace.MONTH: _.label("participation", "One message a month"),
        Pace.FORTNIGHT: _.label("participation", "One message every two weeks"),
        Pace.WEEK: _.label("participation", "One message a week"),
    }[code]


def participation(code: Participation, _: Translator, every: Pace | None = None) -> str:
    """Return how somebody takes part, and how often their digest comes."""
    return {
        Participation.ACTIVE: _.label("participation", "I want to take part"),
        Participation.DIGEST: gathered(every or Pace.MONTH, _),
        Participation.READING: _.label("participation", "Only when I look"),
    }[code]


def profile(code: Profile, _: Translator) -> str:
    """Return what describes somebody."""
    return {
        Profile.WOMAN: _.label("profile", "Woman"),
        Profile.REFUGEE: _.label("profile", "Refugee"),
        Profile.YOUTH: _.label("profile", "Under 30"),
        Profile.HIGHLY_SKILLED: _.label("profile", "University or trade degree"),
        Profile.JOB_SEEKER: _.label("profile", "Looking for work"),
        Profile.OWNER: _.label("profile", "Business owner"),
        Profile.STUDENT: _.label("profile", "Student"),
        Profile.RATHER_NOT_SAY: _.label("profile", "I would rather not say"),
    }[code]


def role(code: RoleName, _: Translator) -> str:
    """Return what a role is called."""
    return {
        RoleName.ADMINISTRATOR: _.label("role", "Administrator"),
        RoleName.COORDINATOR: _.label("role", "Coordinator"),
        RoleName.ANIMATOR: _.label("role", "Animator"),
        RoleName.PROVIDER_STAFF: _.label("role", "Staff of a support provider"),
        RoleName.TRANSLATOR: _.label("role", "Translator"),
        RoleName.CO_HOST: _.label("role", "Co-host"),
        RoleName.COMMUNITY_LEAD: _.label("role", "Community lead"),
        RoleName.MODERATOR: _.label("role", "Moderator"),
    }[code]


def purpose(code: Purpose, _: Translator) -> str:
    """Return what a consent switch is for."""
    return {
        Purpose.NEWS: _.label("consent", "News and reminders of your steps"),
        Purpose.SURVEYS: _.label("consent", "Short questions now and then"),
        Purpose.MATCHING: _.label("consent", "Being introduced to other members"),
        Purpose.STATISTICS: _.label("consent", "Counting me in the funder's statistics"),
    }[code]


def attending(code: Attending, _: Translator) -> str:
    """Return where somebody stands with an event, for an animator's list."""
    return {
        Attending.NONE: _.label("attendance", "No answer"),
        Attending.INVITED: _.label("attendance", "Invited"),
        Attending.GOING: _.label("attendance", "Going"),
        Attending.MAYBE: _.label("attendance", "Maybe"),
        Attending.WAITING: _.label("attendance", "On the waiting list"),
        Attending.OFFERED: _.label("attendance", "Offered a place"),
        Attending.DECLINED: _.label("attendance", "Not going"),
        Attending.LAPSED: _.label("attendance", "Did not take the place"),
        Attending.ATTENDED: _.label("attendance", "Came"),
        Attending.MISSED: _.label("attendance", "Did not come"),
    }[code]


def event_kind(code: Kind, _: Translator) -> str:
    """Return what sort of occasion an event is."""
    return {
        Kind.MEETING: _.label("kind of event", "Meeting"),
        Kind.TRAINING: _.label("kind of event", "Training"),
        Kind.MENTORING: _.label("kind of event", "Mentoring"),
        Kind.PROVIDER_VISIT: _.label("kind of event", "Visit to a support organisation"),
        Kind.ONLINE: _.label("kind of event", "Online"),
        Kind.DIGITAL_SKILLS: _.label("kind of event", "Digital skills"),
    }[code]


def provision(code: Provision, _: Translator) -> str:
    """Return what somebody needs in order to come to an event."""
    return {
        Provision.CHILD_CARE: _.label("needed to come", "Child care"),
        Provision.INTERPRETATION: _.label("needed to come", "Interpretation into my language"),
        Provision.STEP_FREE: _.label("needed to come", "A way in without steps"),
        Provision.TRAVEL: _.label("needed to come", "Help with the way there"),
    }[code]


def why(code: Why, _: Translator) -> str:
    """Return why somebody could not come to an event."""
    return {
        Why.FORGOT: _.label("why not", "I forgot it"),
        Why.WORK: _.label("why not", "Work"),
        Why.CHILDREN: _.label("why not", "Nobody for the children"),
        Why.TRAVEL: _.label("why not", "The way there"),
        Why.LANGUAGE: _.label("why not", "The language"),
        Why.ILL: _.label("why not", "I was not well"),
        Why.OTHER: _.label("why not", "Something else"),
        Why.RATHER_NOT_SAY: _.label("why not", "I would rather not say"),
    }[code]


def membership(code: Membership, _: Translator) -> str:
    """Return how somebody stands with the network."""
    return {
        Membership.JOINING: _.label("membership", "Looking round"),
        Membership.ACTIVE: _.label("membership", "Member"),
        Membership.PAUSED: _.label("membership", "Taking a break"),
        Membership.STOPPED: _.label("membership", "Stopped"),
        Membership.UNREACHABLE: _.label("membership", "Not reachable"),
        Membership.LEFT: _.label("membership", "Left"),
    }[code]


def referral(code: Referred, _: Translator) -> str:
    """Return how far a request to a support organisation is."""
    return {
        Referred.DRAFT: _.label("request", "Not sent yet"),
        Referred.PENDING: _.label("request", "Waiting for an answer"),
        Referred.NEEDS_INFORMATION: _.label("request", "They ask you something"),
        Referred.ACCEPTED: _.label("request", "Accepted"),
        Referred.DECLINED: _.label("request", "Declined"),
        Referred.REROUTED: _.label("request", "Passed on"),
        Referred.EXPIRED: _.label("request", "Nobody answered"),
        Referred.CANCELLED: _.label("request", "Withdrawn"),
        Referred.IN_SERVICE: _.label("request", "Under way"),
        Referred.NOT_DELIVERED: _.label("request", "It could not be done"),
        Referred.COMPLETED: _.label("request", "They say it is done"),
        Referred.CONFIRMED: _.label("request", "Done, and you agree"),
        Referred.DISPUTED: _.label("request", "You disagree; the team looks into it"),
        Referred.UNCONFIRMED: _.label("request", "Done, without your word"),
        Referred.RESOLVED: _.label("request", "Settled by the team"),
    }[code]


def referral_for_team(code: Referred, _: Translator) -> str:
    """Return the same as the team reads it, who is neither side."""
    return {
        Referred.DRAFT: _.label("request", "Not sent yet"),
        Referred.PENDING: _.label("request", "Waiting for an answer"),
        Referred.NEEDS_INFORMATION: _.label("request", "The member is asked something"),
        Referred.ACCEPTED: _.label("request", "Accepted"),
        Referred.DECLINED: _.label("request", "Declined"),
        Referred.REROUTED: _.label("request", "Passed on"),
        Referred.EXPIRED: _.label("request", "Nobody answered"),
        Referred.CANCELLED: _.label("request", "Withdrawn"),
        Referred.IN_SERVICE: _.label("request", "Under way"),
        Referred.NOT_DELIVERED: _.label("request", "It could not be done"),
        Referred.COMPLETED: _.label("request", "Done, says the organisation"),
        Referred.CONFIRMED: _.label("request", "Done, and the member agrees"),
        Referred.DISPUTED: _.label("request", "They disagree"),
        Referred.UNCONFIRMED: _.label("request", "Done, without the member's word"),
        Referred.RESOLVED: _.label("request", "Settled by the team"),
    }[code]


def field(code: FieldName, _: Translator) -> str:
    """Return what one shared field is; the member and the provider read the same word."""
    return {
        FieldName.NAME: _.label("field", "Name"),
        FieldName.LANGUAGE: _.label("field", "Language"),
        FieldName.NEED: _.label("field", "Help needed with"),
        FieldName.AREA: _.label("field", "Area"),
        FieldName.STAGE: _.label("field", "Stage of the business"),
        FieldName.ACCOUNT: _.label("field", "Telegram account"),
        FieldName.NOTE: _.label("field", "Note"),
    }[code]


def reason(code: Reason, _: Translator) -> str:
    """Return why a provider says no."""
    return {
        Reason.NO_CAPACITY: _.label("reason", "No free place"),
        Reason.NOT_OUR_FIELD: _.label("reason", "Not our field"),
        Reason.LANGUAGE: _.label("reason", "Not in this language"),
        Reason.NOT_ELIGIBLE: _.label("reason", "Conditions are not met"),
        Reason.NO_CONTACT: _.label("reason", "The person could not be reached"),
        Reason.MEMBER_DECLINED: _.label("reason", "The person did not want it any more"),
        Reason.NO_LONGER_NEEDED: _.label("reason", "The help is not needed any more"),
        Reason.PROVIDER_NOT_REACHED: _.label("reason", "They could not be reached"),
        Reason.OTHER: _.label("reason", "Another reason"),
    }[code]


def topic(code: Topic, _: Translator) -> str:
    """Return what news is about."""
    return {
        Topic.EVENTS: _.label("topic", "Invitations to events"),
        Topic.NEWSLETTERS: _.label("topic", "Newsletters"),
        Topic.OFFERS: _.label("topic", "Offers of support organisations"),
        Topic.STEPS: _.label("topic", "Reminders of steps that wait"),
        Topic.DIGEST: _.label("topic", "The digest, once a month"),
    }[code]


def state_for_staff(code: Referred, _: Translator) -> str:
    """Return how far a referral is, as the provider sees it."""
    return {
        Referred.DRAFT: _.label("referral", "Not sent"),
        Referred.PENDING: _.label("referral", "Please answer"),
        Referred.NEEDS_INFORMATION: _.label("referral", "Waiting for the person"),
        Referred.ACCEPTED: _.label("referral", "Accepted"),
        Referred.DECLINED: _.label("referral", "Declined"),
        Referred.REROUTED: _.label("referral", "Passed on"),
        Referred.EXPIRED: _.label("referral", "Expired"),
        Referred.CANCELLED: _.label("referral", "Withdrawn"),
        Referred.IN_SERVICE: _.label("referral", "Begun"),
        Referred.NOT_DELIVERED: _.label("referral", "Not delivered"),
        Referred.COMPLETED: _.label("referral", "Completed; the person is asked"),
        Referred.CONFIRMED: _.label("referral", "Completed and confirmed"),
        Referred.DISPUTED: _.label("referral", "The person disagrees"),
        Referred.UNCONFIRMED: _.label("referral", "Completed, not confirmed"),
        Referred.RESOLVED: _.label("referral", "Settled by the team"),
    }[code]


def partner(code: Partner, _: Translator) -> str:
    """Return whom somebody would like to meet."""
    return {
        Partner.PEER: _.label("partner", "Somebody like me"),
        Partner.MENTOR: _.label("partner", "A mentor"),
        Partner.ROLE_MODEL: _.label("partner", "A role model"),
        Partner.MAINSTREAM: _.label("partner", "Somebody outside the network"),
    }[code]


def gives(code: Partner, _: Translator) -> str:
    """Return what somebody would be to others."""
    return {
        Partner.PEER: _.label("I would be", "Somebody like them"),
        Partner.MENTOR: _.label("I would be", "Their mentor"),
        Partner.ROLE_MODEL: _.label("I would be", "Their role model"),
        Partner.MAINSTREAM: _.label("I would be", "A contact outside"),
    }[code]


def sector(code: Sector, _: Translator) -> str:
    """Return what a business is about."""
    return {
        Sector.FOOD: _.label("trade", "Food and restaurants"),
        Sector.TRADE: _.label("trade", "Buying and selling"),
        Sector.CRAFTS: _.label("trade", "Crafts and repairs"),
        Sector.CONSTRUCTION: _.label("trade", "Building"),
        Sector.TRANSPORT: _.label("trade", "Transport"),
        Sector.CARE: _.label("trade", "Health and care"),
        Sector.BEAUTY: _.label("trade", "Hair and beauty"),
        Sector.CLEANING: _.label("trade", "Cleaning"),
        Sector.TEXTILES: _.label("trade", "Clothes and textiles"),
        Sector.DIGITAL: _.label("trade", "Computers and internet"),
        Sector.ARTS: _.label("trade", "Art and music"),
        Sector.FARMING: _.label("trade", "Farming and plants"),
        Sector.TEACHING: _.label("trade", "Teaching"),
        Sector.OTHER: _.label("trade", "Another trade"),
    }[code]


def way(code: Way, _: Translator) -> str:
    """Return how somebody wants to meet."""
    return {
        Way.IN_PERSON: _.label("way to meet", "Face to face"),
        Way.ONLINE: _.label("way to meet", "Online"),
        Way.EITHER: _.label("way to meet", "Either"),
    }[code]


def stage_of_other(code: Stage, _: Translator) -> str:
    """Return how far the business of somebody else is."""
    return {
        Stage.IDEA: _.label("stage of another", "an idea"),
        Stage.STARTING: _.label("stage of another", "just starting"),
        Stage.RUNNING: _.label("stage of another", "running"),
        Stage.GROWING: _.label("stage of another", "growing"),
    }[code]


def not_this(code: NotThis, _: Translator) -> str:
    """Return why somebody says no to a proposal."""
    return {
        NotThis.NOT_NOW: _.label("why not", "I have no time now"),
        NotThis.TOPIC: _.label("why not", "Not what I look for"),
        NotThis.LANGUAGE: _.label("why not", "I want a common language"),
        NotThis.TOO_FAR: _.label("why not", "Too far away"),
        NotThis.KNOWN: _.label("why not", "I think we know each other"),
        NotThis.NOT_THIS_PERSON: _.label("why not", "Never this person"),
        NotThis.RATHER_NOT_SAY: _.label("why not", "I would rather not say"),
    }[code]


def outcome(code: Outcome, _: Translator) -> str:
    """Return what came of a meeting."""
    return {
        Outcome.CLIENT: _.label("outcome", "A client"),
        Outcome.SUPPLIER: _.label("outcome", "A supplier"),
        Outcome.PARTNER: _.label("outcome", "We work together"),
        Outcome.JOB: _.label("outcome", "A job"),
        Outcome.ADVICE: _.label("outcome", "Good advice"),
        Outcome.NOTHING_YET: _.label("outcome", "Nothing yet"),
    }[code]
