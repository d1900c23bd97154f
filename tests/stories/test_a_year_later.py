"""A year after joining: a member tells in Arabic how the business goes, a bite at a time."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select, update

from community import people, surveys
from community.people import Person
from community.surveys import SurveyAnswer, SurveyResponse
from community.surveys.templates import NEEDS_INTERVIEW
from tests.stories.conftest import RUNS, Somebody, Stage, directions


async def joined_a_year_ago(stage: Stage, member: Somebody) -> None:
    """Let it be a year, less an hour, that somebody is a member."""
    long_ago = stage.now - timedelta(days=365) + timedelta(hours=1)
    async with stage.app.database.transaction() as session:
        await session.execute(
            update(Person).where(Person.telegram_id == member.id).values(joined_at=long_ago)
        )


async def is_killed(stage: Stage) -> None:
    """End the bot and start another on the same database."""
    await stage.app.stop()
    await stage.starts_again()


async def said(stage: Stage) -> list[tuple[str, str, object]]:
    async with stage.app.database.transaction() as session:
        rows = await session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.id))
        return [(r.question, r.value, r.amount or r.text or bool(r.voice)) for r in rows]


async def test_a_year_is_told_in_bites_and_a_killed_bot_goes_on_where_it_was(
    stage: Stage,
) -> None:
    amina = await stage.member("Amina", "ar")
    await joined_a_year_ago(stage, amina)
    await stage.play(minutes=59)
    assert not amina.has_read("You can stop at any time and go on later.")
    await stage.play(minutes=2)
    amina.sees_last("You can stop at any time and go on later.")
    assert directions(amina.last["text"]) == RUNS["ar"]
    await amina.presses("See the questions")
    await amina.presses("It goes on")
    amina.sees_last("What did your business sell in the last twelve months, all together?")
    await is_killed(stage)
    await amina.says("١٢٠٠٠")  # the question that was open is open
    await amina.presses("Something was left: a profit")
    amina.sees_last("Thank you, that is kept. There are {n} more questions: now, or later?")
    await amina.presses("Later")
    await is_killed(stage)
    await stage.play(days=3)
    assert not amina.has_read("You can stop at any time and go on later.")  # not again
    await amina.says("/me")
    await amina.presses("Questions that wait for me")
    await amina.presses("Your year")
    amina.sees_last("How many people work in your business, without yourself?")
    await amina.says("٢")
    await amina.says("٤٠")
    await is_killed(stage)
    await amina.presses("I would rather not say")
    await amina.presses("Go on")
    for tap in ("4: mostly", "5: fully", "3: partly"):
        await amina.presses(tap)
    await amina.presses("Go on")
    await amina.presses("Much")
    amina.sees_last("Thank you! Your answers help to make this network better.")
    assert await said(stage) == [
        ("business", "same", False),
        ("sales", "", Decimal(12000)),
        ("profit", "profit", False),
        ("staff", "", Decimal(2)),
        ("hours", "", Decimal(40)),
        ("employability", "4", Decimal(4)),
        ("networking", "5", Decimal(5)),
        ("belonging", "3", Decimal(3)),
        ("attribution", "much", False),
    ]
    await stage.play(days=40)
    assert not amina.has_read("You can stop at any time and go on later.")  # not again


async def test_a_voice_message_is_an_answer_and_one_may_write_instead(stage: Stage) -> None:
    for name, language in (("Amina", "ar"), ("Oksana", "uk")):
        member = await stage.member(name, language)
        async with stage.app.database.transaction() as session:
            person = await people.by_telegram_id(session, member.id)
            assert person is not None
            survey = await surveys.survey_of(
                session, NEEDS_INTERVIEW, stage.now, window=surveys.SELF, wave="1"
            )
            before = [asked.code for asked in NEEDS_INTERVIEW.questions[:-1]]
            session.add(
                SurveyResponse(
                    survey_id=survey.id, person_id=person.id, asked_at=stage.now, passed=before
                )
            )
        await member.says("/me")
        await member.presses("Questions that wait for me")
        await member.presses("What you need")
        member.sees_last("What else should we know?")
        await is_killed(stage)
        if language == "ar":
            await member.sends_voice(b"what else there is to say")
        else:
            await member.says("Потрібен бухгалтер")
        member.sees_last("Thank you! Your answers help to make this network better.")
    assert await said(stage) == [("more", "", True), ("more", "", "Потрібен бухгалтер")]
