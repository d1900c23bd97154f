"""An evaluator from outside: invited, under an agreement, reads what was told."""

import csv
import zipfile
from datetime import UTC, datetime
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from community import evaluating, evidence, people, referrals
from community.history import Step
from community.providers import Organization
from tests.stories import steps
from tests.stories.conftest import Coming, Somebody, Stage

LATER = datetime(2027, 1, 11, 9, tzinfo=UTC)
"""Quarter and year are told."""


async def tells_every_period(stage: Stage) -> None:
    """Let the clock tell what is over."""
    await stage.play(until=LATER)
    async with stage.app.database.transaction() as session:
        zone = ZoneInfo(stage.app.settings.timezone)
        await evidence.freeze(session, stage.now, zone, evidence.shipped())


async def ends_the_agreement(boss: Somebody) -> None:
    stage = boss.stage
    async with stage.app.database.transaction() as session:
        actor = await people.by_telegram_id(session, boss.id)
        organization = (await session.scalars(select(Organization))).one()
        assert actor is not None
        await referrals.end_agreement(session, actor, organization.ref, stage.now)


async def forges(somebody: Somebody, data: str) -> None:
    """Press what stands under no message."""
    number = somebody.last["message_id"]
    somebody.stage.emulator.world.press(somebody.id, number, data, forged=True)
    await somebody.stage.settled()


async def takings(stage: Stage) -> int:
    async with stage.app.database.transaction() as session:
        rows = await session.scalars(select(Step).filter_by(subject=evaluating.TAKING))
        return len(rows.all())


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_from_the_invitation_to_the_data_set_and_the_end_of_the_agreement(
    stage: Stage, animator: Coming, language: str
) -> None:
    boss = await animator(language)
    await steps.a_directory(boss)
    for number in range(6):
        await stage.member(f"Member {number}", language)
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("➕ Invite an evaluator")
    await boss.presses("Chamber of Commerce")
    evaluator = stage.meet("Evaluator", language)
    await evaluator.starts(boss.link())
    await evaluator.chooses_language(language)
    await boss.presses("✅ Yes, confirm")
    evaluator.sees_last("/report shows what there is, while the agreement holds.")
    await evaluator.says("/report")
    evaluator.sees_last("No period has been told yet.")
    await tells_every_period(stage)

    await evaluator.says("/report")
    assert "2026" in evaluator.screen
    assert len(evaluator.last["buttons"]) == 1
    await evaluator.presses("📦 Data set")
    sent = evaluator.from_bot()[-1]
    assert sent["protected"]
    with zipfile.ZipFile(BytesIO(evaluator.picture(sent))) as pack:
        names = set(pack.namelist())
        assert {"codebook.csv", "people.csv", "fact_members.csv", "erased.csv"} <= names
        everything = "".join(pack.read(name).decode() for name in names)
        book = list(csv.DictReader(StringIO(pack.read("codebook.csv").decode())))
    assert {one["file"] for one in book} == names - {"codebook.csv"}
    assert all(one["meaning"] for one in book)
    assert "Member 1" not in everything
    assert await takings(stage) == 1

    # Nothing else of the coordinator's desk.
    for data in ("rp", "rm:2026:12", "rq:2026:4", "ee:1", "ec:2026", "su", "tm:0"):
        before = len(evaluator.from_bot())
        await forges(evaluator, data)
        assert len(evaluator.from_bot()) == before, data

    await ends_the_agreement(boss)
    await forges(evaluator, "ed:take")
    assert await takings(stage) == 1
    await evaluator.says("/report")
    evaluator.sees_last("There is no active agreement with your organisation")
    assert not evaluator.last["buttons"]


async def test_without_an_agreement_the_role_opens_nothing(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    await steps.a_directory(boss)
    await steps.another_organization(boss, agreement=False)
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("➕ Invite an evaluator")
    await boss.presses("Credit Union")
    evaluator = stage.meet("Evaluator")
    await evaluator.starts(boss.link())
    await evaluator.chooses_language("en")
    await boss.presses("✅ Yes, confirm")
    await evaluator.says("/report")
    evaluator.sees_last("There is no active agreement with your organisation")
    await forges(evaluator, "ed:take")
    assert await takings(stage) == 0
