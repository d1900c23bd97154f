"""The funder's table: who is in it, once; who is not; and what it does not give away."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, erasure, evidence, funder, people
from community.consents import Consent, Purpose
from community.errors import (
    ConsentMissingError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
    NotUnderstoodError,
)
from community.figures import Cell, Hidden
from community.funder import Group, Supports, Told, Wave
from community.participants import FunderAnswer, FunderEntry, Question
from community.people import Person
from community.roles import Role, RoleName
from community.surveys import Survey, SurveyAnswer, SurveyResponse

ZONE = ZoneInfo("Europe/Brussels")
SPRING = datetime(2026, 4, 6, 9, tzinfo=UTC)
A_YEAR = timedelta(days=365)
NEW_YEAR = datetime(2026, 12, 31, 23, tzinfo=UTC)
"""Midnight in Brussels."""
TELLING = NEW_YEAR + timedelta(days=7)
EMPLOYED: dict[str, Any] = {
    "gender": "woman",
    "labour": "employed",
    "born": "1990",
    "education": "isced_5_8",
}


class Town:
    """People who come and go, and a coordinator."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.number = 1000

    async def member(self, now: datetime = SPRING, *, agrees: bool = True, **says: str) -> Person:
        self.number += 1
        person = await people.meet(self.session, self.number, now, name="Amina")
        await people.join(self.session, person, now, terms_version="1", language="en")
        if agrees:
            await self.agrees(person, now)
            await self.says(person, now, **says)
        return person

    async def agrees(self, person: Person, now: datetime, *purposes: Purpose) -> None:
        given = set(purposes or (Purpose.STATISTICS,))
        await consents.switch(self.session, person, given, now, version="2", language="fr")

    async def says(self, person: Person, now: datetime, **says: str) -> None:
        for question, value in says.items():
            await funder.answer(self.session, person, Question(question), value, now)

    async def many(self, count: int, now: datetime = SPRING, **says: Any) -> list[Person]:
        return [await self.member(now, **says) for _ in range(count)]

    async def told(
        self, year: int = 2026, supports: Supports = Supports.PEOPLE, at: datetime = TELLING
    ) -> Told:
        await funder.tell(self.session, at, ZONE, supports)
        self.number += 1
        reader = await people.meet(self.session, self.number, at)
        self.session.add(Role(person_id=reader.id, name=RoleName.COORDINATOR, granted_at=at))
        await self.session.flush()
        return await funder.read(self.session, reader, year, at)

    async def left_and_said(self, person: Person, now: datetime, wave: Wave, does: str) -> None:
        survey = await self.session.scalar(select(Survey).filter_by(template=wave))
        if survey is None:
            survey = Survey(template=wave, version=1, opened_at=now, closes_at=now + A_YEAR)
            self.session.add(survey)
            await self.session.flush()
        response = SurveyResponse(survey_id=survey.id, person_id=person.id, asked_at=now)
        self.session.add(response)
        await self.session.flush()
        self.session.add(
            SurveyAnswer(
                response_id=response.id, question="situation", value=does, answered_at=now
            )
        )
        await self.session.flush()


@pytest.fixture
def town(session: AsyncSession) -> Town:
    return Town(session)


async def test_each_is_counted_under_what_they_say(town: Town) -> None:
    await town.many(6, **EMPLOYED)
    await town.many(5, gender="woman", labour="long_term", born="2005", third_country="yes")
    await town.many(7, gender="man", labour="unsaid")
    told = await town.told()
    assert told.participants == 18
    assert told.genders == {"woman": 11, "man": 7, "non_binary": 0, "unsaid": 0}
    women = told.groups["woman"]
    assert women[Group.EMPLOYED] == 6
    assert women[Group.UNEMPLOYED] == women[Group.LONG_TERM] == 5
    assert (women[Group.FROM_30], women[Group.FROM_18], women[Group.FROM_55]) == (6, 5, 0)
    assert women[Group.ISCED_5_8] == 6
    assert women[Group.THIRD_COUNTRY] == 5
    assert told.together(Group.EMPLOYED) == 6
    assert told.firms is None


@pytest.mark.parametrize(
    ("born", "group"),
    [
        ("2009", Group.UNDER_18),
        ("2008", Group.FROM_18),
        ("1997", Group.FROM_18),
        ("1996", Group.FROM_30),
        ("1972", Group.FROM_30),
        ("1971", Group.FROM_55),
    ],
)
async def test_age_is_that_of_the_year_of_entry(town: Town, born: str, group: Group) -> None:
    await town.many(5, gender="man", born=born)
    ages = {Group.UNDER_18, Group.FROM_18, Group.FROM_30, Group.FROM_55}
    cells = (await town.told()).groups["man"]
    assert {one: cells[one] for one in ages} == {one: 5 if one is group else 0 for one in ages}


async def test_without_consent_nobody_is_in_the_table(town: Town, session: AsyncSession) -> None:
    await town.many(5, **EMPLOYED)
    other = await town.member(agrees=False)
    with pytest.raises(ConsentMissingError):
        await town.says(other, SPRING, gender="woman")
    # Not even if an answer were left of somebody who has taken it back.
    taken_back = await town.member(**EMPLOYED)
    await town.agrees(taken_back, SPRING, Purpose.NEWS)
    session.add(FunderAnswer(person_id=taken_back.id, question="gender", value="woman"))
    await session.flush()
    assert (await town.told()).participants == 5


async def test_somebody_who_is_no_member_is_not_asked(town: Town, session: AsyncSession) -> None:
    guest = await people.meet(session, 77, SPRING)
    with pytest.raises(NotAMemberError):
        await town.says(guest, SPRING, gender="woman")


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("gender", "x"),
        ("labour", "woman"),
        ("born", "1905"),
        ("born", "2027"),
        ("born", "80"),
        ("born", "١٩٨٠x"),
        ("disability", ""),
    ],
)
async def test_what_is_no_answer_is_refused(town: Town, question: str, value: str) -> None:
    says: dict[str, Any] = {question: value}
    with pytest.raises(NotUnderstoodError):
        await town.member(**says)


async def test_an_answer_replaces_the_one_before(town: Town, session: AsyncSession) -> None:
    person = await town.member(gender="man", born="١٩٨٠")
    await town.says(person, SPRING, gender="unsaid")
    assert await funder.said(session, person) == {Question.GENDER: "unsaid", Question.BORN: "1980"}


async def _take_back(town: Town, person: Person) -> None:
    await town.agrees(person, SPRING, Purpose.NEWS)


async def _leave(town: Town, person: Person) -> None:
    await people.leave(town.session, person, SPRING)


@pytest.mark.parametrize("goes", [_take_back, _leave])
async def test_answers_go_at_once_with_the_consent_or_the_membership(
    town: Town, session: AsyncSession, goes: Callable[..., Any]
) -> None:
    person = await town.member(**EMPLOYED)
    await goes(town, person)
    assert await funder.said(session, person) == {}


async def test_who_is_erased_leaves_no_row(town: Town, session: AsyncSession) -> None:
    await erasure.erase(session, await town.member(**EMPLOYED), SPRING, b"key")
    for table in (FunderAnswer, FunderEntry):
        assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_the_ledger_keeps_which_words_were_agreed_to_in_which_language(
    town: Town, session: AsyncSession
) -> None:
    person = await town.member()
    row = (await session.scalars(select(Consent).filter_by(person_id=person.id))).one()
    assert (row.purpose, row.version, row.language) == ("statistics", "2", "fr")


async def test_whoever_leaves_and_comes_back_is_counted_once_in_the_year_of_the_first_entry(
    town: Town,
) -> None:
    await town.many(5, **EMPLOYED)
    await town.many(5, SPRING + A_YEAR, **EMPLOYED)
    back = await town.member(**EMPLOYED)
    await people.leave(town.session, back, SPRING + timedelta(days=30))
    again = SPRING + timedelta(days=60)
    await people.join(town.session, back, again, terms_version="1", language="en")
    await town.says(back, again, **EMPLOYED)
    first = await town.told()
    assert first.participants == 6
    # And once more, after the year was told.
    await people.leave(town.session, back, SPRING + A_YEAR)
    await people.join(town.session, back, SPRING + A_YEAR, terms_version="1", language="en")
    await town.says(back, SPRING + A_YEAR, **EMPLOYED)
    assert (await town.told(2027, at=TELLING + A_YEAR)).participants == 5
    assert await town.told(at=TELLING + A_YEAR) == first


async def test_a_told_year_does_not_change_when_somebody_takes_their_consent_back(
    town: Town,
) -> None:
    members = await town.many(6, **EMPLOYED)
    told = await town.told()
    await _take_back(town, members[0])
    assert await town.told(at=TELLING + A_YEAR) == told


async def test_a_year_is_told_a_week_after_its_end_by_the_networks_clock(
    town: Town, session: AsyncSession
) -> None:
    assert await funder.next_telling(session, SPRING, ZONE) is None
    await town.member(**EMPLOYED)
    assert await funder.next_telling(session, SPRING, ZONE) == TELLING
    early = TELLING - timedelta(seconds=1)
    assert await funder.tell(session, early, ZONE, Supports.PEOPLE) == 0
    assert await funder.next_telling(session, early, ZONE) == TELLING
    assert await funder.tell(session, TELLING, ZONE, Supports.NOBODY) == 0
    assert await funder.tell(session, TELLING, ZONE, Supports.PEOPLE) == 1
    assert await funder.tell(session, TELLING, ZONE, Supports.PEOPLE) == 0
    assert await funder.next_telling(session, TELLING, ZONE) == TELLING + A_YEAR


async def test_the_year_of_entry_is_that_of_the_networks_clock(town: Town) -> None:
    await town.many(5, NEW_YEAR - timedelta(seconds=1), **EMPLOYED)
    await town.many(7, NEW_YEAR, **EMPLOYED)
    assert (await town.told()).participants == 5
    assert (await town.told(2027, at=TELLING + A_YEAR)).participants == 7


@pytest.mark.parametrize(
    ("supports", "participants", "employed", "firms"),
    [(Supports.PEOPLE, 13, 13, None), (Supports.FIRMS, 6, 6, 7)],
)
async def test_who_works_for_themself_is_a_participant_or_an_enterprise_and_never_both(
    town: Town, supports: Supports, participants: int, employed: int, firms: int | None
) -> None:
    await town.many(6, **EMPLOYED)
    await town.many(7, gender="woman", labour="self_employed")
    told = await town.told(supports=supports)
    assert (told.participants, told.groups["woman"][Group.EMPLOYED]) == (participants, employed)
    assert told.firms == firms


async def test_what_those_who_left_do_now_is_told_if_they_agreed_to_both(
    town: Town,
) -> None:
    left = await town.many(7, **EMPLOYED)
    when = SPRING + timedelta(days=20)
    for person in left:
        await people.leave(town.session, person, SPRING)
        does = "student" if person is left[0] else "self_employed"
        await town.left_and_said(person, when, Wave.LEAVING, does)
    await _take_back(town, left[1])
    stranger = await town.member(agrees=False)
    await town.left_and_said(stranger, when, Wave.LEAVING, "self_employed")
    told = await town.told()
    assert told.left[Wave.LEAVING]["self_employed"] == Hidden.COVERED  # five, beside one other
    assert told.left[Wave.SIX_MONTHS] == {}
    assert told.participants == 0


@pytest.mark.parametrize("count", [1, 4, 5])
async def test_fewer_than_five_are_not_told(town: Town, count: int) -> None:
    await town.many(count, **EMPLOYED)
    told = await town.told()
    is_shown = count >= 5
    assert (told.participants == count) is is_shown
    assert bool(told.groups) is is_shown
    cells: list[Cell] = [told.participants, *told.genders.values()]
    assert is_shown or not any(isinstance(one, int) and one > 0 for one in cells)


async def test_a_small_gender_has_no_table_and_nobody_computes_it_from_the_others(
    town: Town,
) -> None:
    await town.many(9, **EMPLOYED)
    await town.many(2, gender="non_binary", labour="employed")
    await town.many(6, gender="man", labour="inactive")
    told = await town.told()
    assert set(told.groups) <= {"woman", "man"}
    hidden = [one for one in told.genders.values() if isinstance(one, Hidden)]
    assert len(hidden) >= 2


async def test_only_coordinators_read_it(town: Town, session: AsyncSession) -> None:
    person = await town.member(**EMPLOYED)
    await funder.tell(session, TELLING, ZONE, Supports.PEOPLE)
    with pytest.raises(NotAllowedError):
        await funder.read(session, person, 2026, TELLING)
    with pytest.raises(NotAllowedError):
        await funder.years(session, person, TELLING)
    with pytest.raises(NotFoundError):
        await town.told(2025)


@pytest.mark.parametrize("year", [0, -1, 10**19])
async def test_a_year_that_a_forged_button_names_is_not_there(
    session: AsyncSession, now: datetime, year: int
) -> None:
    boss = await people.meet(session, 900, now)
    session.add(Role(person_id=boss.id, name=RoleName.COORDINATOR, granted_at=now))
    await session.flush()
    with pytest.raises(NotFoundError):
        await funder.read(session, boss, year, now)
    with pytest.raises(NotFoundError):
        await evidence.read(session, boss, evidence.Period(year, 1), ZoneInfo("UTC"), now)
