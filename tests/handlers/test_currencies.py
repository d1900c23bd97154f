"""What a service costs is asked for, shown and kept in its own currency."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from bot.database import Database
from community import people, providers
from community.needs import Need
from community.providers import Service
from community.roles import Role, RoleName
from tests.handlers.conftest import Calling, read


async def test_an_amount_keeps_its_currency_in_the_words_of_the_reader(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss = await phone(1, "en", RoleName.COORDINATOR)
    adviser = await phone(2, "fr")
    async with database.transaction() as session:
        person = await people.meet(session, 1, now)
        ours = await providers.create_organization(session, person, "Chamber", "en", now)
        await providers.create_service(
            session,
            person,
            ours.ref,
            Need.FINANCE,
            ["fr"],
            {"name": "Advice"},
            "en",
            now,
            cost=Decimal(12),
            currency="CHF",
        )
        me = await people.meet(session, 2, now)
        role = RoleName.PROVIDER_STAFF
        session.add(Role(person_id=me.id, name=role, organization_id=ours.id, granted_at=now))
    await adviser.says("/referrals")
    await adviser.presses("Notre fiche")
    await adviser.presses("Advice")
    assert "12,00\xa0CHF" in adviser.last
    await adviser.presses("✏️ Prix")
    assert "franc suisse" in adviser.last
    await adviser.says("20 chf")
    assert "12,00\xa0CHF → 20,00\xa0CHF" in adviser.last
    await adviser.presses("Enregistrer")
    async with database.transaction() as session:
        [service] = await session.scalars(select(Service))
        assert (service.cost, service.currency) == (Decimal(20), "CHF")
    log = await boss.gets("directory.log", ref=ours.ref)
    assert log is not None
    assert "CHF12.00 → CHF20.00" in read(log.text).replace("\xa0", "")


async def test_an_organisation_changes_the_currency_of_what_it_asks_for(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss = await phone(1, "en", RoleName.COORDINATOR)
    adviser = await phone(2, "en")
    async with database.transaction() as session:
        person = await people.meet(session, 1, now)
        ours = await providers.create_organization(session, person, "Chamber", "en", now)
        await providers.create_service(
            session,
            person,
            ours.ref,
            Need.FINANCE,
            ["fr"],
            {"name": "Advice"},
            "en",
            now,
            cost=Decimal(12),
        )
        me = await people.meet(session, 2, now)
        role = RoleName.PROVIDER_STAFF
        session.add(Role(person_id=me.id, name=role, organization_id=ours.id, granted_at=now))
    await adviser.says("/referrals")
    await adviser.presses("Our entry")
    await adviser.presses("Advice")
    await adviser.presses("✏️ Currency")
    for wrong in ("XYZ", "FRF", "francs"):  # none, none any more, none of the letters
        await adviser.says(wrong)
        assert "three letters of a currency" in adviser.toasts[-1]
    await adviser.says("chf")
    assert "Euro → Swiss Franc" in adviser.last
    assert "CHF12.00" in adviser.last.replace("\xa0", ""), "the preview has it already"
    await adviser.presses("Go on changing")
    await adviser.presses("✏️ Cost")
    assert "Swiss Franc" in adviser.last
    await adviser.says("20 CHF")
    assert "€12.00 → CHF20.00" in adviser.last.replace("\xa0", "")
    await adviser.presses("💾 Save")
    async with database.transaction() as session:
        [service] = await session.scalars(select(Service))
        assert (service.cost, service.currency) == (Decimal(20), "CHF")
    log = await boss.gets("directory.log", ref=ours.ref)
    assert log is not None
    assert "Euro → Swiss Franc" in read(log.text)
