"""A partner hangs up a poster, and reads what came of it; another partner reads nothing of it."""

import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from community.people import JoinLink
from community.providers import Organization
from locales import native_name
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare
from tests.stories.steps import a_directory, another_organization, staff

TOLD = datetime(2027, 1, 8, 12, tzinfo=UTC)
"""A week after the quarter of these stories, at noon."""


async def joins_by(stage: Stage, name: str, link: str) -> None:
    """Scan the square on a poster, and join."""
    somebody = stage.meet(name, "ar")
    await somebody.starts(link)
    await somebody.presses(native_name("ar"))
    await somebody.presses("Join")


async def opens_links(somebody: Somebody) -> None:
    await somebody.says("/referrals")
    await somebody.presses("📣 Links and posters")


@pytest.mark.parametrize(("team", "partner"), [("en", "fr"), ("fr", "uk")])
async def test_a_poster_is_handed_out_and_its_partner_alone_reads_what_came_of_it(
    stage: Stage, animator: Coming, team: str, partner: str
) -> None:
    boss = await animator(team)
    await a_directory(boss)
    await another_organization(boss)
    adviser = await staff(boss, partner)
    other = await staff(boss, partner, "Credit Union", "Clerk")
    await opens_links(adviser)
    adviser.sees_last("The first figures, of {quarter}, stand here from {day}.")
    await adviser.presses("➕ New link")
    await adviser.says("Library")
    link = adviser.link()
    card = adviser.last
    await adviser.presses("🖨 A poster to print")
    await adviser.presses(native_name("ar"))
    assert adviser.picture(adviser.last).startswith(b"%PDF")
    for number in range(6):
        await joins_by(stage, f"Guest {number}", link)
    await opens_links(adviser)
    adviser.sees_last("The first figures, of {quarter}, stand here from {day}.")  # not one by one

    # Of another partner not even an old or a forged button is answered.
    async with stage.app.database.transaction() as session:
        chamber = await session.scalar(
            select(Organization.ref)
            .join(JoinLink, JoinLink.organization_id == Organization.id)
            .distinct()
        )
        made = await session.scalar(select(JoinLink.ref).where(JoinLink.label == "Library"))
    await opens_links(other)
    for data in (f"fj:{chamber}:open:", f"fj:{chamber}:workbook:", f"fj:{chamber}:open:{made}"):
        stage.emulator.world.press(other.id, card["message_id"], data, forged=True)
        await stage.settled()
    stage.emulator.world.press(other.id, card["message_id"], "fj::figures:", forged=True)
    await stage.settled()
    assert "Library" not in other.screen
    assert "Chamber of Commerce" not in other.screen

    await stage.begins(TOLD - timedelta(minutes=10))
    await stage.play(minutes=20)
    await opens_links(adviser)
    adviser.sees_last("Joined by a link: {n}", n="6")
    adviser.sees_last("Still there three months later: told from {day}")
    await adviser.presses("📊 As a workbook")
    book = zipfile.ZipFile(BytesIO(adviser.picture(adviser.last)))
    assert b">6<" in book.read("xl/sharedStrings.xml")
    await opens_links(other)
    assert "6" not in bare(other.last["text"]).partition("\n")[2].replace("2026", "")
    await joins_by(stage, "Guest 7", link)  # in the next quarter, and told with that
    await stage.play(minutes=20)
    await opens_links(adviser)
    adviser.sees_last("Joined by a link: {n}", n="6")
