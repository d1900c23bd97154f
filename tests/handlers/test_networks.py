"""Networks that fit, as a member meets them in the chat."""

from datetime import datetime

from bot.database import Database
from community import needs, people, translations
from community.needs import Need
from community.providers import Kind, Organization, Service
from community.providers.table import Strength
from tests.handlers.conftest import Calling


async def a_network(database: Database, now: datetime) -> None:
    """Let there be a programme that is good at taxes, whose people speak French."""
    async with database.transaction() as session:
        organization = Organization(made_at=now)
        session.add(organization)
        await session.flush()
        service = Service(
            organization_id=organization.id,
            kind=Kind.PROGRAMME,
            need=Need.MENTORING,
            languages=["fr"],
            made_at=now,
        )
        session.add(service)
        await session.flush()
        session.add(Strength(service_id=service.id, need=Need.TAX, is_strength=True))
        named = (("organization", organization.id, "City"), ("service", service.id, "Start here"))
        for subject, number, name in named:
            words = {"name": name}
            await translations.write(session, None, subject, number, "fr", words, now)
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        await needs.look_for(session, person, [Need.TAX])


async def test_a_member_reads_why_a_network_fits_joins_it_and_is_out_again(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1, "fr")
    await a_network(database, now)
    await amina.says("/support")
    await amina.presses("👥 Réseaux à rejoindre")
    for why in (
        "Start here",
        "point fort dans ce que vous cherchez",
        "français",
        "Pour tout le monde",
    ):
        assert why in amina.last, why
    await amina.presses("Start here")
    await amina.presses("👀 J'y suis pour lire")
    assert "✅ Vous en êtes membre pour lire." in amina.last
    await amina.says("/me")
    assert "Start here (pour lire)" in amina.last
    await amina.says("/support")
    await amina.presses("👥 Réseaux à rejoindre")
    await amina.presses("Start here")
    await amina.presses("🙋 J'y participe")
    await amina.presses("↩️ Je n'en suis pas membre")
    assert "✅ Vous en êtes" not in amina.last
    await amina.says("/me")
    assert "Start here" not in amina.last
