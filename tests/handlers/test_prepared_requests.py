"""What the team has prepared, and what has happened to the service since: the card says so."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from community import people, referrals
from community.providers import Service
from community.referrals import FieldName, Referral, State
from community.roles import Role
from tests.handlers import test_support_desks
from tests.handlers.conftest import Calling
from tests.handlers.test_support_desks import ANIMATOR, Town

town = test_support_desks.town

CLOSED = "This service is closed: nobody is taken there any more."
NO_AGREEMENT = "There is no agreement with this organisation now"
NOBODY_READS = "Nobody of this organisation reads requests here now."
FULL = "They take nobody at the moment: Chamber"


async def is_prepared(town: Town, phone: Calling) -> str:
    animator = await phone(5, "en", ANIMATOR)
    async with town.database.transaction() as session:
        actor = await people.by_telegram_id(session, animator.number)
        member = await people.by_telegram_id(session, 6)
        assert actor is not None
        assert member is not None
        draft = await referrals.prepare(
            session, actor, member.ref, town.service, {FieldName.NAME}, "", town.now, language="en"
        )
        return draft.ref


async def happens(town: Town, what: str) -> None:
    if what == NO_AGREEMENT:
        await town.ends_the_agreement()
    async with town.database.transaction() as session:
        if what == CLOSED:
            await session.execute(update(Service).values(is_open=False))
        elif what == FULL:
            await session.execute(
                update(Service).values(full_until=town.now + timedelta(days=3), is_paused=True)
            )
        elif what == NOBODY_READS:
            await session.execute(
                update(Role).where(Role.organization_id.is_not(None)).values(revoked_at=town.now)
            )


@pytest.mark.parametrize("what", [CLOSED, NO_AGREEMENT, NOBODY_READS, FULL])
async def test_what_cannot_be_sent_any_more_says_so_at_once_and_has_no_button_that_sends_it(
    town: Town, phone: Calling, what: str
) -> None:
    amina = await phone(6)
    ref = await is_prepared(town, phone)
    await amina.sends_data(f"sz:{ref}:open:")
    assert "📨 I agree, send it" in amina.buttons
    await happens(town, what)
    await amina.sends_data(f"sz:{ref}:open:")
    assert "The team has prepared a request for you that cannot be sent now." in amina.last
    assert what in amina.last
    assert "📨 I agree, send it" not in amina.buttons
    assert "We know nobody else who takes requests for this now." in amina.last
    assert ("👣 Advice: the steps" in amina.buttons) == (what != CLOSED)
    assert "✉️ Write to the team" in amina.buttons
    await amina.presses("Put it away")
    assert "Nothing was sent" in amina.last
    async with town.database.transaction() as session:
        [referral] = await session.scalars(select(Referral))
        assert referral.state == State.CANCELLED


async def test_an_old_button_of_a_service_that_is_closed_now_says_so(
    town: Town, phone: Calling
) -> None:
    amina = await phone(6)
    await amina.sends_data(f"sv:{town.service}")
    await happens(town, CLOSED)
    await amina.presses("Refer me")
    assert amina.last.startswith(CLOSED)
    assert "Put it away" not in "".join(amina.buttons)


async def test_what_was_only_prepared_is_no_open_request_that_could_go_on_after_a_stop(
    town: Town, phone: Calling
) -> None:
    amina = await phone(6)
    ref = await is_prepared(town, phone)
    await amina.says("/stop")
    assert amina.last.startswith("🔕 Stopped.")
    await amina.presses("Leave the network")
    assert "open request" not in amina.last
    assert "Leave and withdraw my requests" not in amina.buttons
    await amina.presses("No, stay")
    await amina.sends_data("st:again")
    await amina.sends_data(f"sz:{ref}:open:")
    await amina.presses("I agree, send it")
    await amina.says("/stop")
    assert amina.last == "You have 1 open request to a support organisation. Shall it go on?"
