"""A quarter is over: a coordinator, and nobody else, reads its evidence in French."""

import re
from datetime import UTC, datetime

from community.evidence import Period
from locales import translator_for
from reports.evidence import period as called
from tests.stories import steps
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare

DECEMBER = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 4, 11, 0, tzinfo=UTC)
TOLD = datetime(2027, 1, 9, 11, 0, tzinfo=UTC)
AUTUMN = "re:2026:4"


async def presses_forged(somebody: Somebody, data: str) -> None:
    """Press a button that nobody has offered."""
    message = somebody.last["message_id"]
    somebody.stage.emulator.world.press(somebody.id, message, data, forged=True)
    await somebody.stage.settled()


async def test_a_coordinator_reads_a_quarter_in_french_and_takes_the_page(
    stage: Stage, animator: Coming
) -> None:
    await stage.begins(DECEMBER)
    boss = await animator("fr")
    await steps.works_as_a_coordinator(boss)
    members = [await stage.member(f"Member {number}", "ar") for number in range(6)]
    for number in range(2):
        await stage.member(f"Member {6 + number}", "uk")
    autumn = bare(called(Period(2026, 4), translator_for("fr")))

    await stage.play(until=NEW_YEAR)
    await boss.says("/report")
    await boss.presses("📐 Evidence")
    boss.sees_last("The next period is counted on {date}.", date="vendredi 8 janvier 2027")
    await presses_forged(boss, AUTUMN)
    boss.sees_last(
        "Nothing is told of {period} yet: it is counted on {date}, when what is noted late is in "
        "it.",
        period=autumn,
        date="vendredi 8 janvier 2027",
    )

    await stage.play(until=TOLD)
    await boss.says("/report")
    await boss.presses("📐 Evidence")
    await boss.presses(autumn)
    text, picture = boss.from_bot()[-2:]
    said = bare(text["text"])
    assert "Résultats mesurés : 4e trimestre 2026" in said
    assert re.search(r"Membres à la fin de la période\s: 8$", said, re.MULTILINE), said
    assert "Member" not in said
    assert picture["attachment"]

    await boss.presses("📄 Page to read and print")
    file = boss.last
    assert file["attachment"]["file_name"] == "resultats-2026Q4.html"
    page = boss.picture(file).decode()
    assert '<html lang="fr" dir="ltr">' in page
    assert '<data value="8">8</data>' in page
    assert '<span class="hidden">non affiché</span>' in page, "two are few"
    assert "<script" not in page

    member = members[0]
    seen = len(member.from_bot())
    for data in (AUTUMN, "rg:2026:4:html", "re:0:0"):
        await presses_forged(member, data)
    assert len(member.from_bot()) == seen, "not a word of it, and no file"
    assert not [one for one in member.from_bot() if one["attachment"]]
