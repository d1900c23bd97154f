"""What leaves the program is in the codes of PublicSchema and Primero, typed here anew."""

import pytest

from community.referrals import Reason, State, codes

# publicschema.org/vocab/referral-status
STATUSES = {"pending", "accepted", "declined", "completed", "cancelled", "expired"}
# primeroIMS, app/models/referral.rb
REASONS = {
    "client_refused_services",
    "lack_of_capacity",
    "other",
    "services_no_longer_needed",
    "unable_to_contact_client",
    "unable_to_contact_referred_to_organization",
}
OUTSIDE = {
    "draft": (None, None),
    "pending": ("pending", None),
    "needs_information": ("pending", None),
    "accepted": ("accepted", None),
    "declined": ("declined", "not_successful"),
    "rerouted": ("declined", "not_successful"),
    "expired": ("expired", "not_successful"),
    "cancelled": ("cancelled", None),
    "in_service": ("accepted", None),
    "not_delivered": ("cancelled", "not_successful"),
    "completed": ("completed", None),
    "confirmed": ("completed", "successful"),
    "unconfirmed": ("completed", None),
    "disputed": ("accepted", None),
}


def test_the_lists_are_those_of_the_standards() -> None:
    assert {*codes.Status} == STATUSES
    assert {*codes.NotSuccessful} == REASONS


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_code(state: State) -> None:
    if state == State.RESOLVED:
        for delivered, told in (
            (True, ("completed", "successful")),
            (False, ("cancelled", "not_successful")),
        ):
            found = (
                codes.status(state, delivered=delivered),
                codes.success(state, delivered=delivered),
            )
            assert found == told
    else:
        assert (codes.status(state), codes.success(state)) == OUTSIDE[state]


def test_every_reason_has_its_code_and_every_code_its_reason() -> None:
    assert {codes.reason(reason).value for reason in Reason} == REASONS
