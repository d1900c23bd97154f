"""Oksana is asked what she needs, in Ukrainian; the bot dies in the middle, and goes on there."""

from sqlalchemy import select

from community import needs, people
from community.needs import Need
from community.people import Stage as Business
from community.surveys import SurveyAnswer
from tests.stories.conftest import Stage


async def test_an_interview_goes_on_after_a_kill_at_the_same_question_in_the_same_language(
    stage: Stage,
) -> None:
    oksana = await stage.member("Oksana", "uk")
    await oksana.says("/me")
    await oksana.presses("🗣 What I need")
    await oksana.presses("▶️ Begin")
    oksana.sees_last("What would you most like to reach?")
    await oksana.presses("Start a business")
    oksana.sees_last("How far is your business?")
    await oksana.presses("I have an idea")
    oksana.sees_last("In which field is your business, or will it be?")
    await oksana.presses("Food and restaurants")
    await oksana.presses("Go on")
    oksana.sees_last("What gets in your way?")
    await oksana.presses("The language")

    await stage.app.stop()
    await stage.starts_again()
    await stage.play(seconds=5)

    await oksana.presses("Done")
    oksana.sees_last("What are you looking for?")
    await oksana.presses("Taxes")
    await oksana.says("/me")
    await oksana.presses("🗣 What I need")
    await oksana.presses("▶️ Go on")
    oksana.sees_last("What are you looking for?")
    await oksana.presses("Done")
    oksana.sees_last("With what could you help others?")
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, oksana.id)
        assert person is not None
        assert person.stage == Business.IDEA
        assert await needs.of(session, person) == [Need.TAX]
        rows = await session.execute(
            select(SurveyAnswer.question, SurveyAnswer.value, SurveyAnswer.language).order_by(
                SurveyAnswer.id
            )
        )
        assert [tuple(row) for row in rows] == [
            ("goal", "start", "uk"),
            ("stage", "idea", "uk"),
            ("sector", "food", "uk"),
            ("obstacles", "language", "uk"),
            ("needs", "tax", "uk"),
        ]
