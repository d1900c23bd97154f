"""Stakeholders by a link: never members, never in members' figures, told when the link is over."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import consulting, evidence, people, surveys
from community.errors import (
    LinkRefusedError,
    NotAllowedError,
    NotUnderstoodError,
    TooLateError,
)
from community.evidence.telling import ALL
from community.figures import Hidden, month
from community.people import Membership, Person
from community.surveys import SurveyResponse
from tests.community.test_gaps import a_coordinator

UTC = ZoneInfo("UTC")


async def opens(session: AsyncSession, number: int, ref: str, now: datetime) -> Person:
    person = await people.meet(session, number, now, name="Guest")
    await consulting.follow(session, person, ref, now)
    return person


async def answers(
    session: AsyncSession, person: Person, ref: str, kind: str, missing: str, now: datetime
) -> None:
    response = (await consulting.follow(session, person, ref, now)).response.ref
    await surveys.answer(session, person, response, "kind", kind, now)
    await surveys.settle(session, person, response, "needs", now)
    await surveys.tick(session, person, response, "missing", missing, now)
    for question in ("missing", "barriers", "adequacy", "suggestion"):
        await surveys.settle(session, person, response, question, now)


async def test_a_link_opens_the_survey_in_its_language_without_membership(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    link = await consulting.make(session, boss, "Banks", "fr", now)
    person = await opens(session, 1, link.ref, now)
    assert (person.language, person.state) == ("fr", Membership.JOINING)
    again = await consulting.follow(session, person, link.ref, now)
    assert again.survey.wave == link.ref
    assert len((await session.scalars(select(SurveyResponse))).all()) == 1
    reader = await people.meet(session, 2, now)
    people.choose_language(reader, "uk")
    await consulting.follow(session, reader, link.ref, now)
    assert reader.language == "uk"


async def test_what_was_said_is_told_once_the_link_is_withdrawn_and_nothing_comes_after(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    link = await consulting.make(session, boss, "Banks", "fr", now)
    for number in range(1, 7):
        person = await opens(session, number, link.ref, now)
        await answers(session, person, link.ref, "organisation", "tax", now)
    late = await opens(session, 9, link.ref, now)
    found = await consulting.consulted(session, boss, link.ref, now)
    assert (found.answered, found.by) == (6, {})
    await consulting.withdraw(session, boss, link.ref, now)
    found = await consulting.consulted(session, boss, link.ref, now)
    assert found.by["kind"]["organisation"] == 6
    assert {value for value, n in found.by["missing"].items() if n} == {"tax"}
    with pytest.raises(LinkRefusedError):
        await consulting.follow(session, late, link.ref, now)
    (response,) = await session.scalars(
        select(SurveyResponse.ref).where(SurveyResponse.person_id == late.id)
    )
    with pytest.raises(TooLateError):
        await surveys.answer(session, late, response, "kind", "authority", now)


async def test_few_answers_are_told_in_no_part(session: AsyncSession, now: datetime) -> None:
    boss = await a_coordinator(session, now)
    link = await consulting.make(session, boss, "Banks", "fr", now)
    for number in range(1, 5):
        person = await opens(session, number, link.ref, now)
        await answers(session, person, link.ref, "authority", "tax", now)
    await consulting.withdraw(session, boss, link.ref, now)
    found = await consulting.consulted(session, boss, link.ref, now)
    assert (found.answered, found.by) == (Hidden.FEW, {})


async def test_stakeholders_are_in_no_figure_about_members(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    link = await consulting.make(session, boss, "Banks", "fr", now)
    for number in range(1, 8):
        person = await opens(session, number, link.ref, now)
        await answers(session, person, link.ref, "business", "tax", now)
    boss.joined_at, after = now, now + timedelta(days=60)
    assert (await month(session, now.year, now.month, UTC, after)).members == 0
    quarter, *_ = await evidence.freeze(session, after, UTC, evidence.shipped())
    facts = (await evidence.read(session, boss, quarter, UTC, after)).facts
    assert {told.number(ALL) for told in facts.values()} <= {0, Hidden.COVERED}


async def test_the_page_keeps_answers_of_nobody_and_refuses_what_fits_no_question(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    link = await consulting.make(session, boss, "Banks", "fr", now)
    said = {
        "kind": ["authority"],
        "missing": ["tax", "legal"],
        "suggestion": ["A desk"],
        "x": ["y"],
    }
    assert await consulting.take(session, link.ref, said, "ar", now) == 4
    row = (await session.scalars(select(SurveyResponse))).one()
    assert (row.person_id, row.language, row.finished_at) == (None, "ar", now)
    for wrong in (
        {},
        {"kind": ["king"]},
        {"needs": ["tax", "gold"]},
        {"suggestion": ["x" * 1001]},
    ):
        with pytest.raises(NotUnderstoodError):
            await consulting.take(session, link.ref, wrong, "ar", now)
    await consulting.withdraw(session, boss, link.ref, now)
    with pytest.raises(LinkRefusedError):
        await consulting.take(session, link.ref, said, "ar", now)


async def test_a_link_takes_so_many_answers_a_day_by_the_page(
    session: AsyncSession, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consulting, "MOST_A_DAY", 2)
    boss = await a_coordinator(session, now)
    link = await consulting.make(session, boss, "Banks", "fr", now)
    for _time in range(2):
        await consulting.take(session, link.ref, {"kind": ["authority"]}, "fr", now)
    with pytest.raises(LinkRefusedError):
        await consulting.take(session, link.ref, {"kind": ["authority"]}, "fr", now)
    tomorrow = now + timedelta(days=1)
    assert await consulting.take(session, link.ref, {"kind": ["authority"]}, "fr", tomorrow)


async def test_only_coordinators_make_links(session: AsyncSession, now: datetime) -> None:
    boss = await a_coordinator(session, now)
    person = await people.meet(session, 1, now)
    with pytest.raises(NotAllowedError):
        await consulting.make(session, person, "Banks", "fr", now)
    with pytest.raises(NotUnderstoodError):
        await consulting.make(session, boss, " ", "fr", now)
    with pytest.raises(LinkRefusedError):
        await consulting.follow(session, person, "nothing", now)
