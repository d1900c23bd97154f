"""The funder's table of participants: the common indicators of the European Social Fund Plus.

Regulation (EU) 2021/1057, annex I. An optional module (FUNDER_STATISTICS): members who agree to
it answer a few questions, each of which can be passed over. A participant counts once, in the
year in which they first took part, whether or not they left and came back since.

A year is told a week after its end, once and for all, so that nobody reads from two tables of one
year who has taken their consent back in between. What is told is a tree: the participants by
gender, and each gender that is shown by one question after the other. Each split is safe for
itself (``figures.protecting``), and those of one number by several questions do not cross.

What became of those who left is told of their answers to the exit surveys, if they agreed to
both. What they had said on entering is deleted by then, so these rows carry no code of the
regulation's, which is about changes since.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import String, UniqueConstraint, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import consents, people, roles
from community.base import Base, Identified
from community.consents import Consent, Purpose
from community.errors import ConsentMissingError, NotFoundError, NotUnderstoodError
from community.figures import Cell, Hidden
from community.figures.protecting import people as alone
from community.figures.protecting import split
from community.participants import FunderAnswer, FunderEntry, Question
from community.people import Person
from community.roles import RoleName
from community.surveys import Survey, SurveyAnswer, SurveyResponse
from community.writing import insert_new

GRACE = timedelta(days=7)
"""So long after its end a year is told."""
UNSAID = "unsaid"
_YES_NO = ("yes", "no")
CHOICES: Mapping[Question, Sequence[str]] = {
    Question.GENDER: ("woman", "man", "non_binary"),
    Question.LABOUR: ("employed", "self_employed", "unemployed", "long_term", "inactive"),
    Question.EDUCATION: ("isced_0_2", "isced_3_4", "isced_5_8"),
    Question.THIRD_COUNTRY: _YES_NO,
    Question.FOREIGN: _YES_NO,
    Question.MINORITY: _YES_NO,
    Question.DISABILITY: _YES_NO,
}
"""The answers there are; of the year of birth, any of the last 120."""
OLDEST = 120


class Supports(StrEnum):
    """Whom the funder's money supports: FUNDER_STATISTICS. Nobody is counted as both."""

    NOBODY = "none"
    """The module is off."""
    PEOPLE = "esf+"
    """Whoever works for themself is a participant who is employed (EECO05)."""
    FIRMS = "esf+firms"
    """Whoever works for themself stands for one enterprise (EECO19), and is no participant."""


class Group(StrEnum):
    """A part of the participants of one gender, by one question."""

    UNEMPLOYED = "unemployed"
    """Those for long included."""
    LONG_TERM = "long_term"
    SHORT_TERM = "short_term"
    INACTIVE = "inactive"
    EMPLOYED = "employed"
    UNDER_18 = "under_18"
    FROM_18 = "from_18"
    FROM_30 = "from_30"
    FROM_55 = "from_55"
    ISCED_0_2 = "isced_0_2"
    ISCED_3_4 = "isced_3_4"
    ISCED_5_8 = "isced_5_8"
    THIRD_COUNTRY = "third_country"
    FOREIGN = "foreign"
    MINORITY = "minority"
    DISABILITY = "disability"


CODES: Mapping[Group, str] = {
    Group.UNEMPLOYED: "EECO02",
    Group.LONG_TERM: "EECO03",
    Group.INACTIVE: "EECO04",
    Group.EMPLOYED: "EECO05",
    Group.UNDER_18: "EECO06",
    Group.FROM_18: "EECO07",
    Group.FROM_55: "EECO08",
    Group.ISCED_0_2: "EECO09",
    Group.ISCED_3_4: "EECO10",
    Group.ISCED_5_8: "EECO11",
    Group.DISABILITY: "EECO12",
    Group.THIRD_COUNTRY: "EECO13",
    Group.FOREIGN: "EECO14",
    Group.MINORITY: "EECO15",
}
"""As annex I numbers them. It has none for the other groups, which only complete a question."""
ALL, FIRMS = "EECO01", "EECO19"
GENDERS = (*CHOICES[Question.GENDER], UNSAID)


class Wave(StrEnum):
    """When those who left were asked what they do now: the template of the survey."""

    LEAVING = "exit"
    """Within four weeks of leaving."""
    SIX_MONTHS = "exit_six_months"


SITUATIONS = ("employee", "self_employed", "job_seeker", "student", "at_home", "other")


class FunderYear(Base, Identified):
    """A year as it was told, which it stays."""

    __tablename__ = "funder_years"
    __table_args__ = (UniqueConstraint("year"),)

    year: Mapped[int]
    supports: Mapped[Supports] = mapped_column(String(16))
    told: Mapped[dict[str, Any]]
    """Numbers, or why there is none: ``Told``."""
    told_at: Mapped[datetime]


@dataclass(frozen=True)
class Told:
    """What is told of a year."""

    year: int
    supports: Supports
    participants: Cell
    firms: Cell | None
    """None where people are supported."""
    genders: Mapping[str, Cell]
    groups: Mapping[str, Mapping[Group, Cell]]
    """By gender, of those that are shown."""
    left: Mapping[Wave, Mapping[str, Cell]]
    """What those who left do now; empty where too few have said it."""

    def together(self, group: Group) -> Cell:
        """Return a group of all the genders that are shown."""
        cells = [groups[group] for groups in self.groups.values()]
        if any(isinstance(cell, Hidden) for cell in cells):
            return Hidden.COVERED
        return sum(cell for cell in cells if not isinstance(cell, Hidden))


# What a member says


async def said(session: AsyncSession, person: Person) -> Mapping[Question, str]:
    """Return what somebody has said so far."""
    rows = await session.execute(
        select(FunderAnswer.question, FunderAnswer.value).where(
            FunderAnswer.person_id == person.id
        )
    )
    return {Question(question): value for question, value in rows}


async def agrees(session: AsyncSession, person: Person) -> bool:
    """Say whether a person is a member, and agrees to be in the funder's statistics."""
    return person.is_member and Purpose.STATISTICS in await consents.given(session, person)


async def answer(
    session: AsyncSession, person: Person, question: Question, value: str, now: datetime
) -> None:
    """Keep an answer of a member's own; ``UNSAID``: they would rather not say.

    Raises:
        NotAMemberError: they are no member.
        ConsentMissingError: they have not agreed to it.
        NotUnderstoodError: it is no answer to this.
    """
    people.require_member(person)
    if not await agrees(session, person):
        raise ConsentMissingError(Purpose.STATISTICS)
    if value != UNSAID and value not in CHOICES.get(question, ()):
        if question is not Question.BORN or not is_year(value, now):
            raise NotUnderstoodError(question)
        value = str(int(value))
    given = {"person_id": person.id, "question": question, "value": value}
    if not await insert_new(session, FunderAnswer, [given]):
        row = await session.scalar(
            select(FunderAnswer).filter_by(person_id=person.id, question=question)
        )
        assert row is not None
        row.value = value
    await insert_new(session, FunderEntry, [{"person_id": person.id, "entered_at": now}])
    await session.flush()


def is_year(value: str, now: datetime) -> bool:
    """Say whether somebody may have been born in this year."""
    is_number = len(value) == len("2026") and value.isdecimal()
    return is_number and now.year - OLDEST <= int(value) <= now.year


# What is told of a year


async def tell(session: AsyncSession, now: datetime, zone: ZoneInfo, supports: Supports) -> int:
    """Tell each year that has been over for a week and is not told; return how many."""
    first: datetime | None = await session.scalar(select(func.min(FunderEntry.entered_at)))
    if first is None or supports is Supports.NOBODY:
        return 0
    done = {*await session.scalars(select(FunderYear.year))}
    year, told = first.astimezone(zone).year, 0
    while told_from(year, zone) <= now:
        if year not in done:
            found = await _count(session, year, zone, supports)
            session.add(FunderYear(year=year, supports=supports, told=found, told_at=now))
            told += 1
        year += 1
    await session.flush()
    return told


async def next_telling(session: AsyncSession, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when a year is told next, if anybody takes part."""
    if await session.scalar(select(FunderEntry.person_id).limit(1)) is None:
        return None
    year = now.astimezone(zone).year
    return min(at for at in (told_from(year - 1, zone), told_from(year, zone)) if at > now)


def told_from(year: int, zone: ZoneInfo) -> datetime:
    """Return when a year is told."""
    return _begins(year + 1, zone) + GRACE


def _begins(year: int, zone: ZoneInfo) -> datetime:
    return datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)


async def _count(
    session: AsyncSession, year: int, zone: ZoneInfo, supports: Supports
) -> dict[str, Any]:
    entered = await _entered(session, year, zone)
    firms = [one for one in entered if one.get(Question.LABOUR) == "self_employed"]
    found: dict[str, Any] = {"firms": None}
    if supports is Supports.FIRMS:
        entered = [one for one in entered if one.get(Question.LABOUR) != "self_employed"]
        found["firms"] = alone(len(firms))
    found["participants"] = alone(len(entered))
    by_gender = Counter(one.get(Question.GENDER, UNSAID) for one in entered)
    genders = split({gender: by_gender[gender] for gender in GENDERS}).cells
    found["genders"] = genders
    found["groups"] = {
        gender: _groups(
            [one for one in entered if one.get(Question.GENDER, UNSAID) == gender], year
        )
        for gender in GENDERS
        if not isinstance(genders[gender], Hidden) and genders[gender]
    }
    found["left"] = {wave: _parts(await _left(session, wave, year, zone)) for wave in Wave}
    return found


async def _entered(
    session: AsyncSession, year: int, zone: ZoneInfo
) -> list[Mapping[Question, str]]:
    """Return what each has said who first took part in the year, and still agrees."""
    rows = await session.execute(
        select(FunderAnswer.person_id, FunderAnswer.question, FunderAnswer.value)
        .join(FunderEntry, FunderEntry.person_id == FunderAnswer.person_id)
        .where(
            FunderEntry.entered_at >= _begins(year, zone),
            FunderEntry.entered_at < _begins(year + 1, zone),
            FunderAnswer.person_id.in_(_agreeing()),
        )
    )
    found: dict[int, dict[Question, str]] = {}
    for person_id, question, value in rows:
        found.setdefault(person_id, {})[Question(question)] = value
    return list(found.values())


def _agreeing() -> Any:
    return select(Consent.person_id).where(
        Consent.purpose == Purpose.STATISTICS, Consent.current, Consent.granted
    )


async def _left(session: AsyncSession, wave: Wave, year: int, zone: ZoneInfo) -> Counter[str]:
    """Return what those do now who said it in the year: each once, by their newest word."""
    rows = await session.execute(
        select(SurveyResponse.person_id, SurveyAnswer.value)
        .join(SurveyResponse, SurveyResponse.id == SurveyAnswer.response_id)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .join(FunderEntry, FunderEntry.person_id == SurveyResponse.person_id)
        .where(
            Survey.template == wave,
            SurveyAnswer.question == "situation",
            SurveyResponse.asked_at >= _begins(year, zone),
            SurveyResponse.asked_at < _begins(year + 1, zone),
            SurveyResponse.person_id.in_(_agreeing()),
        )
        .order_by(SurveyResponse.asked_at)
    )
    return Counter({row.person_id: row.value for row in rows}.values())


def _parts(counted: Counter[str]) -> Mapping[str, Cell]:
    """Return the parts of a number that is shown, and nothing of one that is not."""
    total = alone(counted.total())
    if isinstance(total, Hidden) or not total:
        return {}
    return split({code: counted[code] for code in SITUATIONS}).cells


def _groups(entered: Sequence[Mapping[Question, str]], year: int) -> dict[Group, Cell]:
    labour = Counter(_LABOUR.get(one.get(Question.LABOUR, ""), UNSAID) for one in entered)
    short = labour.pop(Group.SHORT_TERM, 0)
    long = labour.pop(Group.LONG_TERM, 0)
    labour[Group.UNEMPLOYED] = short + long
    found = _cells(labour, (Group.UNEMPLOYED, Group.INACTIVE, Group.EMPLOYED))
    is_shown = not isinstance(found[Group.UNEMPLOYED], Hidden)
    terms = split({Group.LONG_TERM: long, Group.SHORT_TERM: short}).cells
    found |= terms if is_shown else dict.fromkeys(terms, Hidden.COVERED)
    ages = Counter(_age(one.get(Question.BORN, UNSAID), year) for one in entered)
    found |= _cells(ages, (Group.UNDER_18, Group.FROM_18, Group.FROM_30, Group.FROM_55))
    education = Counter(one.get(Question.EDUCATION, UNSAID) for one in entered)
    found |= _cells(education, (Group.ISCED_0_2, Group.ISCED_3_4, Group.ISCED_5_8))
    for question in _IF_SO:
        yes = Counter(one.get(question, UNSAID) for one in entered)
        found[Group(question)] = split({code: yes[code] for code in (*_YES_NO, UNSAID)}).cells[
            "yes"
        ]
    return found


_IF_SO = (Question.THIRD_COUNTRY, Question.FOREIGN, Question.MINORITY, Question.DISABILITY)
_LABOUR: Mapping[str, str] = {
    "employed": Group.EMPLOYED,
    "self_employed": Group.EMPLOYED,
    "unemployed": Group.SHORT_TERM,
    "long_term": Group.LONG_TERM,
    "inactive": Group.INACTIVE,
}


def _cells(counted: Mapping[str, int], groups: Iterable[Group]) -> dict[Group, Cell]:
    parts = [*groups, UNSAID]
    cells = split({part: counted.get(part, 0) for part in parts}).cells
    return {Group(part): cell for part, cell in cells.items() if part != UNSAID}


def _age(born: str, year: int) -> str:
    """Return the group of somebody's age at the end of the year in which they entered."""
    if born == UNSAID:
        return UNSAID
    age = year - int(born)
    older = {18: Group.UNDER_18, 30: Group.FROM_18, 55: Group.FROM_30}
    return next((group for limit, group in older.items() if age < limit), Group.FROM_55)


# Reading it


async def years(session: AsyncSession, actor: Person, now: datetime) -> Sequence[int]:
    """Return the years that are told, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    found = await session.scalars(select(FunderYear.year).order_by(FunderYear.year.desc()))
    return found.all()


async def read(session: AsyncSession, actor: Person, year: int, now: datetime) -> Told:
    """Return what was told of a year.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: it is not told, or not yet.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    rows = await session.scalars(select(FunderYear))  # one a year; a forged year fits no column
    row = next((one for one in rows if one.year == year), None)
    if row is None:
        raise NotFoundError("FunderYear")
    told = row.told
    return Told(
        year,
        Supports(row.supports),
        _cell(told["participants"]),
        None if told["firms"] is None else _cell(told["firms"]),
        {gender: _cell(one) for gender, one in told["genders"].items()},
        {
            gender: {Group(group): _cell(one) for group, one in cells.items()}
            for gender, cells in told["groups"].items()
        },
        {
            Wave(wave): {code: _cell(one) for code, one in cells.items()}
            for wave, cells in told["left"].items()
        },
    )


def _cell(told: int | str) -> Cell:
    return told if isinstance(told, int) else Hidden(told)
