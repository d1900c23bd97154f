"""A coordinator leads an agreement and a plan in the chat; its end closes what a provider sees."""

from datetime import timedelta

from sqlalchemy import select

from community import agreements
from community.agreements import Agreement
from community.providers import Organization
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import a_directory, a_request, staff, works_as_a_coordinator


async def opens(boss: Somebody, part: str) -> None:
    """Open a part of the set-up."""
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses(part)


async def an_organization(boss: Somebody) -> None:
    """Make an organisation of which nothing else is known."""
    await works_as_a_coordinator(boss)
    await opens(boss, "Organisations")
    await boss.presses("New organisation")
    await boss.says("Chamber of Commerce")


async def the_agreement(stage: Stage) -> tuple[Agreement, bool]:
    async with stage.app.database.transaction() as session:
        found = (await session.scalars(select(Agreement))).one()
        return found, await agreements.is_active(session, found.organization_id, stage.now)


async def lead(stage: Stage, boss: Somebody) -> None:
    """Lead an agreement from the first idea until it gives access."""
    await an_organization(boss)
    await boss.presses("All about the agreement")
    boss.sees_last("There is no agreement with this organisation yet.")
    await boss.presses("➕ Begin one")
    boss.sees_last("A possible partner", "{what}: not known")
    await boss.presses("We have contacted them")
    await boss.presses("We negotiate")
    await boss.presses("It is signed")  # refused: the day is not known
    assert (await the_agreement(stage))[0].state == agreements.State.NEGOTIATING
    await boss.presses("✏️ Signed on")
    await boss.presses("Today")
    await boss.presses("It is signed")
    await boss.presses("It is active from now on")  # refused: the ground is not known
    assert not (await the_agreement(stage))[1]
    await boss.presses("✏️ Legal basis")
    await boss.presses("A task in the public interest")
    await boss.presses("It is active from now on")
    boss.sees_last("Active", "People can be referred there.", "A task in the public interest")


async def test_an_agreement_is_led_in_french_with_everything_that_it_says(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await lead(stage, boss)
    await boss.presses("✏️ One after the other")
    await boss.says("Nous adressons des membres.")
    await boss.says("Ils conseillent.")
    await boss.presses("Skip")
    await boss.presses("Not known")
    await boss.says("Mme Roy, 01 23 45 67 89")
    for _skipped in ("basis", "signed"):
        await boss.presses("Skip")
    last = (stage.now + timedelta(days=40)).strftime("%d.%m.%Y")
    await boss.says(last)
    await boss.presses("There is none")
    boss.sees_last("Nous adressons des membres.", "Ils conseillent.", "Mme Roy, 01 23 45 67 89")
    await boss.presses("✏️ Languages they work in")
    await boss.presses("français")
    await boss.presses("Done")
    await boss.presses("✏️ Contact person")
    await boss.presses("Not known")
    assert "Mme Roy" not in boss.last["text"]
    await opens(boss, "🤝 Agreements")
    boss.sees_last("Chamber of Commerce", "Active")
    await boss.presses("As a workbook")
    boss.sees_last("The agreements and the plan as a workbook for your computer.")
    await stage.play(days=11)
    assert boss.times_read("An agreement ends soon: {name}") == 1
    await stage.play(days=32)
    assert boss.times_read("An agreement ends soon: {name}") == 2
    boss.sees("The agreement with {name} has ended")
    assert (await the_agreement(stage))[0].state == agreements.State.ENDED


async def test_a_plan_is_kept_in_arabic_and_whoever_does_a_task_is_reminded(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("ar")
    await lead(stage, boss)
    await opens(boss, "Organisations")
    await boss.presses("Chamber of Commerce")
    await boss.presses("The plan with them")
    boss.sees_last("Nothing is to be done now.")
    await boss.presses("New task")
    await boss.says("نكتب الدليل معاً")
    await boss.presses("Much")
    await boss.presses("I do")
    await boss.says((stage.now + timedelta(days=10)).strftime("%d.%m.%Y"))
    boss.sees_last("نكتب الدليل معاً", "Planned", "You")
    await boss.presses("It is under way")
    boss.sees_last("Under way")
    await stage.play(days=5)
    assert boss.times_read("A task of the plan is to be done soon:") == 1
    await stage.play(days=8)
    assert boss.times_read("A task of the plan is overdue:") == 1
    await opens(boss, "🗂 The plan")
    boss.sees_last("{n} task is overdue.")
    await boss.presses("نكتب الدليل معاً")
    boss.sees_last("It is overdue.")
    await boss.presses("It is done")
    await boss.presses("The whole plan")
    boss.sees_last("Nothing is to be done now.")


async def test_when_the_last_day_is_over_what_a_provider_looks_at_closes(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina")
    await a_request(amina)
    async with stage.app.database.transaction() as session:
        agreement = (await session.scalars(select(Agreement))).one()
        agreement.ends_at = stage.now + timedelta(minutes=5)
        organization = (await session.scalars(select(Organization))).one()
    await adviser.presses("Show what was shared")
    adviser.sees("Name: {name}", name="Amina")
    await stage.play(minutes=4)
    adviser.sees("Name: {name}", name="Amina")
    await stage.play(minutes=2)
    assert "Amina" not in adviser.screen
    adviser.sees("The agreement has ended, so nothing of this request can be shown.")
    assert "Show what was shared" not in adviser.buttons()
    async with stage.app.database.transaction() as session:
        assert not await agreements.is_active(session, organization.id, stage.now)
    await stage.play(hours=20)
    await amina.presses("Read it")
    amina.sees_last("There is no agreement with this organisation any more")
    boss.sees("The agreement with {name} has ended")


async def test_without_an_agreement_one_goes_there_oneself(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    await a_directory(boss)
    await staff(boss)
    await opens(boss, "Organisations")
    await boss.presses("Chamber of Commerce")
    await boss.presses("The agreement has ended")
    await boss.presses("Yes")
    amina = await stage.member("Amina")
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    amina.sees_last("You can go there yourself: the steps are above.", "1. Make an appointment")
    assert "Refer me" not in str(amina.last["buttons"])
