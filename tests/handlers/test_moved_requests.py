"""A service moves to another organisation: each request names whom it goes to, or went to."""

from sqlalchemy import select

from bot.database import Database
from community import people, providers
from community.providers import Service
from community.referrals import Referral, State
from community.roles import Role, RoleName
from tests.agreeing import agreed
from tests.handlers import test_support_desks
from tests.handlers.conftest import Calling
from tests.handlers.test_support_desks import ANIMATOR, Town

town = test_support_desks.town


async def moves(town: Town) -> None:
    """Give the service to the bank, which has an agreement and staff."""
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        assert boss is not None
        bank = await providers.create_organization(session, boss, "Bank", "en", town.now)
        await agreed(session, boss, bank.ref, town.now)
        adviser = await people.by_telegram_id(session, town.adviser.number)
        assert adviser is not None
        role = RoleName.PROVIDER_STAFF
        session.add(
            Role(person_id=adviser.id, name=role, organization_id=bank.id, granted_at=town.now)
        )
        service = (await session.scalars(select(Service))).one()
        service.organization_id = bank.id


async def test_an_old_yes_sends_nothing_to_another_organisation(
    town: Town, phone: Calling, database: Database
) -> None:
    amina = await phone(6)
    await amina.sends_data(f"sf:{town.service}:1:flip::")
    assert "This goes to Chamber, and nothing else:" in amina.last
    await moves(town)
    await amina.presses("I agree, send it")
    assert amina.toasts == ["Something has changed. Please look again before you agree."]
    assert "This goes to Bank, and nothing else:" in amina.last
    async with database.transaction() as session:
        assert (await session.scalars(select(Referral))).all() == []


async def test_a_request_that_was_sent_names_whom_it_was_sent_to(
    town: Town, phone: Calling
) -> None:
    animator, amina = await phone(5, "en", ANIMATOR), await phone(6)
    ref, another = await town.asks(amina), await town.asks()
    await moves(town)
    await amina.sends_data("sr:0")
    assert amina.buttons[0].startswith("Chamber: ")
    await amina.sends_data(f"sz:{ref}:open:")
    assert amina.last.startswith("🏢 Chamber")
    await animator.gets("team_notice", what="waiting", ref=ref, at="pending")
    assert "🏢 Chamber" in animator.last
    await animator.gets("late.one", ref=ref)
    assert "🏢 Chamber" in animator.last
    await town.disputes(another)
    await animator.sends_data(f"di:{another}:open")
    assert "Organisation: Chamber" in animator.last


async def test_what_goes_through_the_team_and_what_is_written_names_whom_it_was_sent_to(
    town: Town, phone: Calling
) -> None:
    animator, amina = await phone(5, "en", ANIMATOR), await phone(6)
    ref = await town.asks(amina)
    await town.steps(ref, "accept")
    await moves(town)
    await amina.sends_data(f"sz:{ref}:open:")
    await amina.presses("Write to each other")
    assert "💬 Chamber" in amina.last
    async with town.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
        referral.by_team = True
    await animator.sends_data("bl:0")
    assert animator.buttons[0] == "Chamber: Accepted"
    await animator.sends_data(f"bt:{ref}:open::")
    assert "passes it on to Chamber" in animator.last


async def test_what_was_sealed_with_its_agreement_leads_on_to_a_new_request(
    town: Town, phone: Calling
) -> None:
    amina = await phone(6)
    ref = await town.asks(amina)
    await town.steps(ref, "accept")
    await town.ends_the_agreement()
    await amina.sends_data(f"sz:{ref}:open:")
    assert "📨 Send a new request" not in amina.buttons, "there is nobody to send it to"
    async with town.database.transaction() as session:
        boss = await people.by_telegram_id(session, town.boss.number)
        assert boss is not None
        await agreed(session, boss, town.organization, town.now)
    await town.adviser.sends_data(f"rf:{ref}:open:")
    assert "is offered to send you a new request" in town.adviser.last
    assert "You can ask for what you need" not in town.adviser.last
    await amina.sends_data(f"sz:{ref}:open:")
    assert "It takes the place of this one." in amina.last
    await amina.presses("📨 Send a new request")
    assert "It takes the place of your request of which they see nothing any more." in amina.last
    await amina.presses("I agree, send it")
    async with town.database.transaction() as session:
        states = (await session.scalars(select(Referral.state).order_by(Referral.id))).all()
        assert list(states) == [State.CANCELLED, State.PENDING]
