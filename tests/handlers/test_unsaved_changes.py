"""What staff have changed of one service and not saved outlives a look at another."""

from datetime import datetime

from bot.database import Database
from community import people, providers
from community.needs import Need
from community.roles import Role, RoleName
from tests.handlers.conftest import Calling


async def test_what_is_not_saved_of_one_service_waits_while_another_is_changed(
    phone: Calling, database: Database, now: datetime
) -> None:
    await phone(1, "en", RoleName.COORDINATOR)
    adviser = await phone(2)
    async with database.transaction() as session:
        boss = await people.meet(session, 1, now)
        ours = await providers.create_organization(session, boss, "Chamber", "en", now)
        for name in ("Advice", "Loans"):
            await providers.create_service(
                session, boss, ours.ref, Need.FINANCE, ["fr"], {"name": name}, "en", now
            )
        me = await people.meet(session, 2, now)
        session.add(
            Role(
                person_id=me.id,
                name=RoleName.PROVIDER_STAFF,
                organization_id=ours.id,
                granted_at=now,
            )
        )
    await adviser.says("/referrals")
    await adviser.presses("Our entry")
    entry = adviser.seen[-1]
    for service, cost in (("Advice", "30"), ("Loans", "40")):
        adviser.seen.append(entry)
        await adviser.presses(service)
        await adviser.presses("✏️ Cost")
        await adviser.says(cost)
        assert f"€{cost}.00" in adviser.last
    adviser.seen.append(entry)
    await adviser.presses("Advice")
    await adviser.presses("💾 What is not saved yet")
    assert "€30.00" in adviser.last
    await adviser.presses("💾 Save")
    await adviser.presses("Back")
    assert "💾 Loans" in adviser.buttons
    assert "Advice" in adviser.buttons
    await adviser.presses("💾 Loans")
    await adviser.presses("💾 What is not saved yet")
    assert "€40.00" in adviser.last
    await adviser.presses("Throw away")
    await adviser.presses("Back")
    assert "Loans" in adviser.buttons
