"""A service moves to another organisation: a request goes to whom the member was shown."""

import pytest
from sqlalchemy import select

from community import referrals
from community.errors import ChangedError
from community.providers import Organization
from community.referrals import Referral, State
from tests.community import test_referrals
from tests.community.test_prepared_referrals import prepared
from tests.community.test_referrals import FIELDS, NOTE, Town, opens, sees_nothing

town = test_referrals.town


async def moved(town: Town) -> Organization:
    """Give the service to the other organisation, as an import can; return that."""
    bank = (
        await town.session.scalars(
            select(Organization).where(Organization.id != town.organization.id)
        )
    ).one()
    town.service.organization_id = bank.id
    await town.session.flush()
    return bank


async def test_what_was_previewed_for_one_organisation_is_not_sent_to_another(town: Town) -> None:
    await moved(town)
    with pytest.raises(ChangedError):
        await town.agrees()
    assert (await town.session.scalars(select(Referral))).all() == []


async def test_a_draft_goes_to_whom_the_preview_has_named_and_to_nobody_else(town: Town) -> None:
    draft = await prepared(town)
    bank = await moved(town)
    with pytest.raises(ChangedError):
        await town.agrees()
    assert draft.state == State.DRAFT
    sent = await town.agrees(FIELDS, NOTE, to=bank)
    assert sent == draft
    assert await opens(town, town.stranger, sent) == await referrals.shared(town.session, sent)
    await sees_nothing(town, town.staff, sent)


async def test_a_request_that_was_sent_stays_where_it_was_sent(town: Town) -> None:
    sent = await town.agrees()
    bank = await moved(town)
    assert await opens(town, town.staff, sent) == await referrals.shared(town.session, sent)
    await sees_nothing(town, town.stranger, sent)
    assert await town.agrees(to=bank) == sent  # one at a time for one service
    assert await referrals.for_staff(town.session, town.stranger, town.now) == []
