"""What leaves the program says it in the codes of others.

Statuses are those of PublicSchema (publicschema.org/vocab/referral-status). It has none for "could
not be done" and "not agreed on": what did not come about is ``cancelled``, what is still disputed
is not completed yet, and our own state stands beside it wherever both are shown.

Reasons and success are those of Primero (primeroIMS, ``app/models/referral.rb``:
``reason_not_successful`` and ``success_status``); what its list does not have is ``other``.
"""

from collections.abc import Mapping
from enum import StrEnum

from community.referrals.table import Reason, State


class Status(StrEnum):
    """PublicSchema's referral-status."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class NotSuccessful(StrEnum):
    """Primero's reason_not_successful."""

    CLIENT_REFUSED_SERVICES = "client_refused_services"
    LACK_OF_CAPACITY = "lack_of_capacity"
    OTHER = "other"
    SERVICES_NO_LONGER_NEEDED = "services_no_longer_needed"
    UNABLE_TO_CONTACT_CLIENT = "unable_to_contact_client"
    UNABLE_TO_CONTACT_ORGANIZATION = "unable_to_contact_referred_to_organization"


class Success(StrEnum):
    """Primero's success_status."""

    SUCCESSFUL = "successful"
    NOT_SUCCESSFUL = "not_successful"


STATUS: Mapping[State, Status | None] = {
    State.DRAFT: None,
    State.PENDING: Status.PENDING,
    State.NEEDS_INFORMATION: Status.PENDING,
    State.ACCEPTED: Status.ACCEPTED,
    State.DECLINED: Status.DECLINED,
    State.REROUTED: Status.DECLINED,
    State.EXPIRED: Status.EXPIRED,
    State.CANCELLED: Status.CANCELLED,
    State.IN_SERVICE: Status.ACCEPTED,
    State.NOT_DELIVERED: Status.CANCELLED,
    State.COMPLETED: Status.COMPLETED,
    State.CONFIRMED: Status.COMPLETED,
    State.UNCONFIRMED: Status.COMPLETED,
    State.DISPUTED: Status.ACCEPTED,
    State.RESOLVED: Status.COMPLETED,
}
"""Passed on is declined here: what follows is a referral of its own in the same chain."""
REASON: Mapping[Reason, NotSuccessful] = {
    Reason.NO_CAPACITY: NotSuccessful.LACK_OF_CAPACITY,
    Reason.NOT_OUR_FIELD: NotSuccessful.OTHER,
    Reason.LANGUAGE: NotSuccessful.OTHER,
    Reason.NOT_ELIGIBLE: NotSuccessful.OTHER,
    Reason.NO_CONTACT: NotSuccessful.UNABLE_TO_CONTACT_CLIENT,
    Reason.MEMBER_DECLINED: NotSuccessful.CLIENT_REFUSED_SERVICES,
    Reason.NO_LONGER_NEEDED: NotSuccessful.SERVICES_NO_LONGER_NEEDED,
    Reason.PROVIDER_NOT_REACHED: NotSuccessful.UNABLE_TO_CONTACT_ORGANIZATION,
    Reason.OTHER: NotSuccessful.OTHER,
}
FAILED = (State.DECLINED, State.REROUTED, State.EXPIRED, State.NOT_DELIVERED)


def status(state: State, *, delivered: bool | None = None) -> Status | None:
    """Return PublicSchema's code; None for a draft, of which nobody outside hears.

    ``delivered`` is how the team has settled a dispute (``Referral.delivered``).
    """
    if state == State.RESOLVED and delivered is False:
        return Status.CANCELLED
    return STATUS[state]


def reason(why: Reason) -> NotSuccessful:
    """Return Primero's code for why a request was not met."""
    return REASON[why]


def success(state: State, *, delivered: bool | None = None) -> Success | None:
    """Return Primero's code for whether it helped; None while that is open, or nobody says so."""
    if state in FAILED or (state == State.RESOLVED and delivered is False):
        return Success.NOT_SUCCESSFUL
    if state == State.CONFIRMED or (state == State.RESOLVED and delivered):
        return Success.SUCCESSFUL
    return None
