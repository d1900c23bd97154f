"""A coordinator hands out a link; whoever opens it answers in French and joins nothing."""

from sqlalchemy import select

from community import people
from community.consulting import StakeholderLink
from community.people import Membership
from community.surveys import SurveyResponse
from tests.stories.conftest import Coming, Stage
from tests.stories.steps import works_as_a_coordinator


async def test_a_stakeholder_answers_by_a_link_without_joining(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("en")
    await works_as_a_coordinator(boss)
    await boss.says("/report")
    await boss.presses("🏛 Ask stakeholders")
    await boss.presses("➕ New link")
    await boss.says("Chambers and banks")
    await boss.presses("Français")
    boss.sees_last("There is no page for those without Telegram: the server is not public.")
    async with stage.app.database.transaction() as session:
        ref = (await session.scalars(select(StakeholderLink.ref))).one()

    banker = stage.meet("Banker", "fr")
    await banker.starts(f"s-{ref}")
    await banker.presses("▶️ Begin")
    banker.sees_last("For whom do you speak?")
    await banker.presses("An organisation")
    await banker.presses("Taxes")
    await banker.presses("Done")
    await banker.presses("Taxes")
    await banker.presses("Done")
    await banker.presses("Go on")
    await banker.presses("The language")
    await banker.presses("Done")
    await banker.presses("2: a little")
    banker.sees_last("What would you suggest?")
    await banker.says("Un guichet commun")
    banker.sees_last("Thank you! Your answers help to make this network better.")
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, banker.id)
        assert person is not None
        assert person.state == Membership.JOINING
        row = (await session.scalars(select(SurveyResponse))).one()
        assert row.finished_at is not None

    await boss.presses("Withdraw this link")
    boss.sees_last("This link is withdrawn.")
    await banker.starts(f"s-{ref}")
    assert not banker.times_read("For whom do you speak?") > 1
