"""Answering: what is asked after what, what is kept at once, and how one goes back."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, erasure, people, surveys
from community.consents import Purpose
from community.errors import ConsentMissingError, NotFoundError, NotUnderstoodError
from community.people import Person
from community.surveys import (
    Asked,
    Given,
    Kind,
    Progress,
    Survey,
    SurveyAnswer,
    SurveyResponse,
    Template,
)
from community.surveys.answering import checked
from community.surveys.templates import BASELINE, NEEDS_INTERVIEW, YEARLY


async def put(
    session: AsyncSession, template: Template, now: datetime, *, window: str = "yearly"
) -> tuple[Person, str]:
    """Put a survey to somebody who agrees to surveys."""
    person = await people.meet(session, 1, now, name="Amina")
    person.language = "ar"
    await people.join(session, person, now, terms_version="1", language="ar")
    await consents.switch(session, person, {Purpose.SURVEYS}, now, version="1", language="ar")
    survey = await surveys.survey_of(session, template, now, window=window, wave="1")
    response = SurveyResponse(
        survey_id=survey.id, person_id=person.id, asked_at=now, closes_at=now + timedelta(days=30)
    )
    session.add(response)
    await session.flush()
    return person, response.ref


async def give(
    session: AsyncSession, person: Person, ref: str, now: datetime, *given: str | Given
) -> Progress:
    """Answer the next questions, one after the other."""
    found = await surveys.progress(session, person, ref)
    for one in given:
        assert found.next_question is not None
        code = found.next_question.code
        found, changed = await surveys.answer(session, person, ref, code, one, now)
        assert changed, code
    return found


def left(found: Progress) -> str:
    return found.next_question.code if found.next_question else "-"


async def test_who_has_no_business_is_asked_nothing_about_its_figures(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await put(session, YEARLY, now)
    found = await surveys.progress(session, person, ref)
    assert (found.number, found.count) == (1, 10)
    found = await give(session, person, ref, now, "none")
    assert (left(found), found.number, found.count) == ("employability", 2, 5)
    found = await give(session, person, ref, now, "4", "5", "3", "much")
    assert left(found) == "-"
    assert found.response.finished_at == now
    rows = await session.execute(
        select(
            SurveyAnswer.question, SurveyAnswer.value, SurveyAnswer.amount, SurveyAnswer.language
        )
    )
    assert [tuple(row) for row in rows][:2] == [
        ("business", "none", None, "ar"),
        ("employability", "4", Decimal(4), "ar"),
    ]


async def test_a_survey_pauses_after_each_three_questions(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await put(session, YEARLY, now)
    sales, staff, hours = (Given(amount=Decimal(amount)) for amount in (12000, 2, 40))
    given = ("same", sales, "profit", staff, hours, "no", "1", "2", "3", "some")
    pauses = [(await give(session, person, ref, now, one)).is_at_a_pause for one in given]
    assert pauses == [False, False, True] * 3 + [False]


async def test_going_back_changes_an_answer_and_forgets_what_depended_on_it(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await put(session, BASELINE, now)
    found = await give(session, person, ref, now, "running", Given(amount=Decimal(500)), "even")
    assert left(found) == "staff"
    found = await surveys.go_back(session, person, ref, now)
    assert left(found) == "profit"
    # A step back loses nothing by itself, and back again is another step.
    assert found.answered["profit"] == "even"
    found = await surveys.go_back(session, person, ref, now)
    assert (left(found), found.number) == ("sales", 2)
    found, changed = await surveys.settle(session, person, ref, "sales", now)
    assert (left(found), changed) == ("staff", True), "what is left as it is stays answered"
    for _step in range(3):
        found = await surveys.go_back(session, person, ref, now)
    assert left(found) == "business"
    assert (await surveys.go_back(session, person, ref, now)).next_question == found.next_question
    found = await give(session, person, ref, now, "none")
    assert (left(found), found.answered) == ("situation", {"business": "none"})
    kept = (await session.scalars(select(SurveyAnswer.question))).all()
    assert kept == ["business"]


async def test_ticks_are_kept_at_once_and_the_question_stays_open_until_done(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await put(session, NEEDS_INTERVIEW, now)
    found = await give(session, person, ref, now, "start", "idea", "food")
    assert left(found) == "obstacles"
    for value in ("money", "language", "law", "money"):
        found, changed = await surveys.tick(session, person, ref, "obstacles", value, now)
        assert changed
    assert (left(found), found.answered["obstacles"]) == ("obstacles", "language law")
    found, _ = await surveys.settle(session, person, ref, "obstacles", now)
    assert left(found) == "needs"
    found, changed = await surveys.tick(session, person, ref, "obstacles", "time", now)
    assert not changed, "an old button changes nothing"
    found, _ = await surveys.settle(session, person, ref, "needs", now)
    assert (left(found), found.response.passed) == ("offers", ["needs"])
    with pytest.raises(NotUnderstoodError):
        await surveys.tick(session, person, ref, "offers", "gold", now)
    with pytest.raises(NotUnderstoodError):
        await surveys.answer(session, person, ref, "offers", "tax", now)


async def test_what_somebody_would_rather_not_say_is_passed_over_and_counts_as_no_answer(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await put(session, YEARLY, now)
    await give(session, person, ref, now, "same")
    found, _ = await surveys.settle(session, person, ref, "sales", now)
    assert (left(found), found.response.passed) == ("profit", ["sales"])
    found = await surveys.go_back(session, person, ref, now)
    assert left(found) == "sales"
    found = await give(session, person, ref, now, Given(amount=Decimal(7)))
    assert (left(found), found.response.passed) == ("profit", [])


async def test_what_was_put_to_somebody_else_is_not_there(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await put(session, NEEDS_INTERVIEW, now)
    await give(session, person, ref, now, "start", "idea", "food")
    stranger = await people.meet(session, 2, now, name="Oksana")
    with pytest.raises(NotFoundError):
        await surveys.tick(session, stranger, ref, "obstacles", "law", now)
    with pytest.raises(NotFoundError):
        await surveys.settle(session, stranger, ref, "obstacles", now)
    with pytest.raises(NotFoundError):
        await surveys.go_back(session, stranger, ref, now)
    assert left(await surveys.progress(session, person, ref)) == "obstacles"


A_VOICE = "AwACAgIAAx"


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (Kind.NUMBER, Given(amount=Decimal(3)), Given(amount=Decimal(3))),
        (Kind.NUMBER, Given(amount=Decimal("3.5")), "whole_number"),
        (Kind.NUMBER, Given(amount=Decimal(-1)), "whole_number"),
        (Kind.NUMBER, Given(amount=Decimal(10**9)), "whole_number"),
        (Kind.NUMBER, Given(text="three"), "answer"),
        (Kind.MONEY, Given(amount=Decimal("12.345")), Given(amount=Decimal("12.34"))),
        (Kind.MONEY, Given(amount=Decimal(10**12)), "money"),
        (Kind.DATE, Given(day=date(2026, 1, 2)), Given(day=date(2026, 1, 2))),
        (Kind.DATE, Given(text="soon"), "answer"),
        (Kind.TEXT, Given(text="  Thanks "), Given(text="Thanks")),
        (Kind.TEXT, Given(text="x" * 1001), "text"),
        (Kind.TEXT, Given(text="  "), "answer"),
        (Kind.TEXT, Given(voice=A_VOICE), "answer"),
        (Kind.VOICE, Given(voice=A_VOICE), Given(voice=A_VOICE)),
        (Kind.VOICE, Given(text="Thanks"), Given(text="Thanks")),
        (Kind.SCALE, Given("6"), "answer"),
        (Kind.ONE, Given(text="yes"), "answer"),
    ],
)
def test_each_kind_of_question_takes_its_kind_of_answer(
    kind: Kind, given: Given, kept: Given | str
) -> None:
    asked = Asked("q", ("1", "2", "3", "4", "5") if kind == Kind.SCALE else ("yes",), kind)
    if isinstance(kept, Given):
        assert checked(asked, given) == kept
        return
    with pytest.raises(NotUnderstoodError) as caught:
        checked(asked, given)
    assert caught.value.field == kept


async def test_who_has_turned_surveys_off_gives_no_more_answers_but_may_open_one_by_themself(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await put(session, YEARLY, now)
    await consents.switch(session, person, set(), now, version="1", language="ar")
    for verb in (surveys.answer, surveys.tick):
        with pytest.raises((ConsentMissingError, NotUnderstoodError)):
            await verb(session, person, ref, "business", "same", now)
    with pytest.raises(ConsentMissingError):
        await surveys.settle(session, person, ref, "business", now)
    await session.execute(update(Survey).values(window=surveys.SELF))
    assert left(await give(session, person, ref, now, "none")) == "employability"


async def test_who_is_erased_takes_their_words_and_voice_along_and_leaves_their_codes(
    session: AsyncSession, now: datetime
) -> None:
    person, ref = await put(session, NEEDS_INTERVIEW, now)
    await give(session, person, ref, now, "start")
    response = await session.scalar(select(SurveyResponse.id))
    assert response is not None
    for question, said in (("more", {"text": "I am Amina"}), ("else", {"voice": A_VOICE})):
        session.add(SurveyAnswer(response_id=response, question=question, value="", **said))
    told = await erasure.export(session, person)
    assert {row["question"] for row in told["survey_answers"]} == {"goal", "more", "else"}
    assert A_VOICE not in str(told)
    await erasure.erase(session, person, now, b"key")
    rows = await session.execute(select(SurveyAnswer.question, SurveyAnswer.value))
    assert [tuple(row) for row in rows] == [("goal", "start")]
    assert await session.scalar(select(SurveyResponse.person_id)) is None
