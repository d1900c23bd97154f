"""Who is asked how they would like to go on can leave: one press, and one to confirm."""

from datetime import datetime

from bot.database import Database
from community import people
from community.people import Membership
from community.silences import KIND, Silence
from tests.handlers.conftest import Calling


async def test_leaving_takes_one_further_confirmation(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1, "fr")
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        person.seen_at = None
        session.add(Silence(person_id=person.id, nudges=2, nudged_at=now))
    await amina.gets(KIND, asks=True)
    await amina.presses("Quitter le réseau")
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        assert person.state == Membership.ACTIVE, "not before they have confirmed it"
    await amina.presses("Oui, quitter")
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        assert person.state == Membership.LEFT
