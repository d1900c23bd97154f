"""Longer surveys in the chat: taps, typed and spoken answers, bites, going back, leaving."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from aiogram.types import Chat, Update, Voice
from aiogram.types import Message as Incoming
from sqlalchemy import select, update

from bot.database import Database
from community import consents, people, surveys
from community.consents import Purpose
from community.people import Membership
from community.surveys import Survey, SurveyAnswer, SurveyResponse, Template
from community.surveys.templates import EXIT, NEEDS_INTERVIEW, STAKEHOLDER, YEARLY
from tests.handlers.conftest import NUMBERS, Calling, Phone


async def put(database: Database, now: datetime, template: Template, window: str) -> str:
    """Put a survey to the first person; return it."""
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        await consents.switch(session, person, {Purpose.SURVEYS}, now, version="1", language="en")
        survey = await surveys.survey_of(session, template, now, window=window, wave="1")
        response = SurveyResponse(
            survey_id=survey.id,
            person_id=person.id,
            asked_at=now,
            closes_at=now + timedelta(days=30),
        )
        session.add(response)
        await session.flush()
        return response.ref


async def answers(database: Database) -> list[tuple[str, str, object]]:
    async with database.transaction() as session:
        rows = await session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.id))
        return [(r.question, r.value, r.amount or r.day or r.text or r.voice) for r in rows]


async def records(phone: Phone, file_id: str) -> None:
    """Send a voice message."""
    number = next(NUMBERS)
    voice = Voice(file_id=file_id, file_unique_id="u", duration=7)
    chat = Chat(id=phone.number, type="private")
    message = Incoming(
        message_id=number, date=phone.now, chat=chat, from_user=phone.user, voice=voice
    )
    await phone._feed(Update(update_id=number, message=message))


async def test_a_year_is_told_in_bites_and_goes_on_where_it_was_left(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await put(database, now, YEARLY, "yearly")
    assert await amina.gets("survey", ref=ref)
    assert amina.last == (
        "You have a new message: 10 short questions.\nYou can stop at any time and go on later."
    )
    await amina.presses("See the questions")
    assert "Question 1 of 10\n\nHow is it with your business now?" in amina.last
    assert "Nobody of the team sees who answered what." in amina.last
    await amina.presses("It goes on")
    assert "Please write an amount in EUR" in amina.last
    await amina.says("quite a lot")
    assert amina.toasts[-1] == "Please write an amount, such as 0 or 12000, without any words."
    await amina.says("١٢٬٠٠٠٫٥")
    assert amina.last.startswith("✔️ Noted: €12,000.50\nQuestion 3 of 10")
    await amina.presses("About nothing")
    assert amina.last == "Thank you, that is kept. There are 7 more questions: now, or later?"
    await amina.presses("Later")
    waits = "The other questions wait here and under /me until Wednesday, 23 December 2026."
    assert waits in amina.last
    await amina.says("/me")
    await amina.presses("Questions that wait for me")
    assert amina.buttons[0] == "Your year: 7 left"
    await amina.presses("Your year")
    assert "Question 4 of 10" in amina.last
    await amina.says("2.5")
    assert amina.toasts[-1].startswith("Please write a whole number")
    await amina.says("2")
    await amina.says("40")
    await amina.presses("No")
    await amina.presses("Go on")
    for tap in ("4: mostly", "5: fully", "3: partly"):
        await amina.presses(tap)
    assert amina.last == "Thank you, that is kept. There is 1 more question: now, or later?"
    await amina.presses("Go on")
    await amina.presses("Something")
    assert amina.last == "Thank you! Your answers help to make this network better."
    assert await answers(database) == [
        ("business", "same", None),
        ("sales", "", Decimal("12000.50")),
        ("profit", "even", None),
        ("staff", "", Decimal(2)),
        ("hours", "", Decimal(40)),
        ("export", "no", None),
        ("employability", "4", Decimal(4)),
        ("networking", "5", Decimal(5)),
        ("belonging", "3", Decimal(3)),
        ("attribution", "some", None),
    ]
    # What is said afterwards is no answer any more.
    await amina.says("/me")
    assert "📝 Questions that wait for me" not in amina.buttons


async def test_an_answer_is_put_right_by_going_back(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await put(database, now, YEARLY, "yearly")
    await amina.sends_data(f"pu:{ref}")
    assert "One back" not in amina.buttons
    await amina.presses("It goes on")
    await amina.says("12000")
    await amina.presses("One back")
    assert "What did your business sell" in amina.last
    await amina.says("1200")
    assert amina.last.startswith("✔️ Noted: €1,200.00")
    await amina.presses("One back")
    await amina.presses("One back")
    assert "✅ It goes on" in amina.buttons
    await amina.presses("I have none")
    assert "Question 2 of 5" in amina.last
    assert await answers(database) == [("business", "none", None)]


async def test_what_somebody_would_rather_not_say_is_left_out(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await put(database, now, YEARLY, "yearly")
    await amina.sends_data(f"pu:{ref}")
    await amina.presses("It goes on")
    await amina.presses("I would rather not say")
    assert "Question 3 of 10" in amina.last
    assert await answers(database) == [("business", "same", None)]


async def test_several_are_ticked_and_words_or_a_voice_end_it(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await put(database, now, NEEDS_INTERVIEW, surveys.SELF)
    await amina.sends_data(f"pu:{ref}")
    for tap in ("Start a business", "I have an idea", "Food and restaurants", "Go on"):
        await amina.presses(tap)
    for tap in ("Money", "The language"):
        await amina.presses(tap)
    assert {"✅ Money", "✅ The language", "Time"} <= {*amina.buttons}
    await amina.presses("✅ Money")
    assert "Money" in amina.buttons
    await amina.presses("Done")
    await amina.presses("Nothing of it")
    await amina.presses("Nothing of it")
    await amina.presses("Go on")
    await amina.presses("I cannot climb steps")
    await amina.presses("Done")
    assert "Write it, or record a voice message, in your language." in amina.last
    await records(amina, "AwACvoice")
    assert amina.last.startswith("Thank you!")
    assert await answers(database) == [
        ("goal", "start", None),
        ("stage", "idea", None),
        ("sector", "food", None),
        ("obstacles", "language", None),
        ("limits", "steps", None),
        ("more", "", "AwACvoice"),
    ]


async def test_a_text_too_long_or_a_voice_where_words_are_asked_for_keeps_the_question(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await put(database, now, STAKEHOLDER, surveys.SELF)
    async with database.transaction() as session:
        passed = ["kind", "needs", "missing", "barriers", "adequacy"]
        await session.execute(update(SurveyResponse).values(passed=passed))
    await amina.sends_data(f"pu:{ref}")
    assert "What would you suggest?" in amina.last
    await amina.says("x" * 1001)
    assert amina.toasts[-1] == "Please write a text of at most 1000 characters."
    await records(amina, "AwACvoice")
    assert amina.toasts[-1] == "Please answer with a written message."
    await amina.says("More evening courses")
    assert amina.last.startswith("Thank you!")
    assert await answers(database) == [("suggestion", "", "More evening courses")]


async def test_cancelling_what_is_typed_loses_nothing(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    ref = await put(database, now, YEARLY, "yearly")
    await amina.sends_data(f"pu:{ref}")
    await amina.presses("It goes on")
    await amina.says("Cancel")
    assert amina.last.startswith("All right. What you have answered is kept.")
    assert not any("nothing was saved" in message.text for message in amina.seen)
    assert await answers(database) == [("business", "same", None)]


@pytest.mark.parametrize("tap", ["pt:{}:business:none", "ra:{}:business:next", "ra:{}:sales:back"])
async def test_old_buttons_show_where_the_person_stands_and_change_nothing(
    phone: Calling, database: Database, now: datetime, tap: str
) -> None:
    amina = await phone(1)
    ref = await put(database, now, YEARLY, "yearly")
    await amina.sends_data(f"pu:{ref}")
    await amina.presses("It goes on")
    await amina.says("12000")
    await amina.sends_data(tap.format(ref))
    assert "Question 3 of 10" in amina.last
    stranger = await phone(2)
    stranger.may_hear_nothing = True
    await stranger.sends_data(tap.format(ref))
    assert not stranger.seen


# Leaving


async def left_at(database: Database) -> Membership:
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        return Membership(person.state)


async def may_be_asked(database: Database) -> bool:
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        return await surveys.may_be_asked(session, person.id)


async def leaves(amina: Phone) -> None:
    await amina.says("/stop")
    await amina.presses("Leave the network")
    await amina.presses("Yes, leave")


async def test_who_leaves_is_asked_whether_they_may_be_asked_and_no_is_what_they_do_not_say(
    phone: Calling, database: Database
) -> None:
    amina = await phone(1)
    await leaves(amina)
    assert await left_at(database) == Membership.LEFT
    assert "If you do not say yes, we do not." in amina.last
    assert not await may_be_asked(database)
    await amina.presses("Yes, you may ask me twice")
    assert await may_be_asked(database)
    await amina.presses("No, do not ask me")
    assert not await may_be_asked(database)
    assert amina.last == "All right. We ask you nothing more."


@pytest.mark.parametrize("way", ["/stop", "No, thank you"])
async def test_who_has_left_ends_it_with_a_word_or_a_tap(
    phone: Calling, database: Database, now: datetime, way: str
) -> None:
    amina = await phone(1)
    ref = await put(database, now, EXIT, "exit")
    await leaves(amina)
    await amina.presses("Yes, you may ask me twice")
    assert await amina.gets("exit_survey", ref=ref)
    if way == "/stop":
        await amina.says("/stop")
    else:
        await amina.presses(way)
    assert amina.last == "All right. We ask you nothing more."
    assert not await may_be_asked(database)
    assert await amina.gets("exit_survey", ref=ref) is None


async def test_an_old_yes_counts_for_nothing_after_coming_back_and_leaving_again(
    phone: Calling, database: Database, now: datetime
) -> None:
    amina = await phone(1)
    await leaves(amina)
    await amina.presses("Yes, you may ask me twice")
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        await people.join(session, person, now, terms_version="1", language="en")
    assert not await may_be_asked(database)
    await leaves(amina)
    assert not await may_be_asked(database)


async def test_each_opened_survey_belongs_to_one_window(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        for _again in range(2):
            await surveys.survey_of(session, YEARLY, now, window="yearly", wave="1")
        assert len((await session.scalars(select(Survey))).all()) == 1
