"""Closed quarters and years are counted once, told once, and never computed again."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, deliveries, erasure, events, evidence, people
from community.areas import Area
from community.attendance import Attendance
from community.deliveries import Delivery
from community.errors import NotAllowedError, NotFoundError
from community.events import Event
from community.evidence import EvidencePeriod, EvidenceRow, Figure, Period
from community.evidence.facts import CAME, QUIET
from community.evidence.facts import of as facts_of
from community.evidence.periods import Every, period_of
from community.evidence.telling import ALL, Told
from community.figures import Hidden
from community.history import Step
from community.people import Person, PersonProfile, Profile
from community.providers import Organization
from community.roles import Role, RoleName
from community.surveys import Survey, SurveyAnswer, SurveyResponse

PARIS = ZoneInfo("Europe/Paris")
AUTUMN = Period(2026, 4)
JOINED = datetime(2026, 11, 2, 12, tzinfo=UTC)
AFTER = AUTUMN.counted_from(PARIS)
KEY = b"key"


async def members(
    session: AsyncSession, count: int, language: str = "ar", joined: datetime = JOINED
) -> list[Person]:
    first = 1000 + (await session.scalar(select(func.count()).select_from(Person)) or 0)
    found = []
    for number in range(first, first + count):
        person = await people.meet(session, number, joined, name="x")
        person.language = language
        await people.join(session, person, joined, terms_version="1", language="en")
        found.append(person)
    return found


async def an_event(session: AsyncSession, starts: datetime, came: list[Person]) -> Event:
    event = Event(
        state=events.State.HELD,
        made_at=starts,
        changed_at=starts,
        starts_wall=starts.replace(tzinfo=None),
        zone="Europe/Paris",
        starts_at=starts,
        place="Library",
    )
    session.add(event)
    await session.flush()
    for person in came:
        session.add(
            Attendance(
                event_id=event.id,
                person_id=person.id,
                state=attendance.State.ATTENDED,
                answered_at=starts,
            )
        )
    await session.flush()
    return event


async def told(session: AsyncSession, period: Period = AUTUMN) -> dict[str, Told]:
    row = await session.scalar(
        select(EvidencePeriod).filter_by(year=period.year, number=period.number)
    )
    assert row is not None
    return dict(evidence.reading.published(row).facts)


async def frozen(session: AsyncSession, at: datetime = AFTER) -> dict[str, Told]:
    await evidence.freeze(session, at, PARIS, evidence.shipped())
    return await told(session)


def test_periods_follow_the_networks_clock() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert period_of(new_year, PARIS, Every.QUARTER) == Period(2027, 1)
    assert period_of(new_year, PARIS, Every.YEAR) == Period(2027)
    assert [Period(2027, 1).before, Period(2026, 4).following] == [AUTUMN, Period(2027, 1)]
    assert [Period(2027).before, Period(2026).following] == [Period(2026), Period(2027)]
    assert (AUTUMN.code, Period(2026).code) == ("2026Q4", "2026")
    assert datetime(2027, 1, 7, 23, tzinfo=UTC) == AFTER
    assert Period(2026).counted_from(PARIS) == AFTER


async def test_a_quarter_is_told_a_week_after_its_end_and_once(session: AsyncSession) -> None:
    await members(session, 6)
    early = AFTER - timedelta(seconds=1)
    framework = evidence.shipped()
    assert await evidence.freeze(session, early, PARIS, framework) == []
    assert await evidence.next_freeze(session, early, PARIS) == AFTER
    assert await evidence.freeze(session, AFTER, PARIS, framework) == [AUTUMN, Period(2026)]
    assert await evidence.next_freeze(session, AFTER, PARIS) == Period(2027, 1).counted_from(PARIS)
    assert await evidence.freeze(session, AFTER, PARIS, framework) == []
    assert (await told(session))["members"].number(ALL) == 6


async def test_what_is_told_stays_whatever_becomes_of_the_people(session: AsyncSession) -> None:
    crowd = await members(session, 12)
    before = await frozen(session)
    for person in crowd[:3]:
        await people.leave(session, person, AFTER)
    for person in crowd[3:6]:
        await erasure.erase(session, person, AFTER, KEY)
    crowd[7].language = "uk"
    await session.flush()
    assert await frozen(session, AFTER + timedelta(days=30)) == before
    rows = select(func.count()).where(EvidenceRow.fact == "members")
    assert await session.scalar(rows) == 9, "of who is erased no row is left"


async def test_after_an_outage_all_that_is_over_is_told(session: AsyncSession) -> None:
    await members(session, 5, joined=datetime(2026, 2, 1, tzinfo=UTC))
    found = await evidence.freeze(session, AFTER, PARIS, evidence.shipped())
    assert found == [*(Period(2026, n) for n in (1, 2, 3, 4)), Period(2026)]


async def test_members_are_told_by_what_they_did_and_by_language_area_and_profile(
    session: AsyncSession,
) -> None:
    """The area is the upper of its two levels, and a person with two roles is one person."""
    city = Area(zone="Europe/Paris", made_at=JOINED)
    session.add(city)
    await session.flush()
    quarter = Area(zone="Europe/Paris", made_at=JOINED, parent_id=city.id)
    session.add(quarter)
    await session.flush()
    arabic, ukrainian = await members(session, 7, "ar"), await members(session, 6, "uk")
    for person in arabic:
        person.area_id = quarter.id
    for person in (*arabic[:5], *ukrainian[:1]):
        for code in (Profile.WOMAN, Profile.OWNER):
            session.add(PersonProfile(person_id=person.id, code=code))
    for name in (RoleName.ANIMATOR, RoleName.COORDINATOR):
        session.add(Role(person_id=arabic[0].id, name=name, granted_at=JOINED))
    came = [*arabic, *ukrainian]
    await an_event(session, JOINED + timedelta(days=3), came)
    await an_event(session, JOINED + timedelta(days=4), came)  # twice is still once
    found = (await frozen(session))["members"]
    assert found.cells == {ALL: 13, CAME: 13, "active": 0, QUIET: 0}
    assert found.by["language"][CAME] == {ALL: 0, "ar": 7, "uk": 6}
    assert found.by["area"][CAME] == {str(city.id): 7, ALL: 6}
    assert found.by["profile:woman"][CAME] == {"with": 6, "without": 7}
    assert found.by["profile:refugee"][CAME] == {"with": 0, "without": 13}


async def test_who_came_to_the_network_and_who_left_is_told_if_no_part_is_small(
    session: AsyncSession,
) -> None:
    """Beside the numbers of members each would tell the other."""
    before = await members(session, 12, joined=JOINED - timedelta(days=90))
    await members(session, 6)
    for person in before[:5]:
        await people.leave(session, person, JOINED)
    found = (await frozen(session))["movement"]
    assert found.cells == {"joined": 6, "left": 5, "stayed": 7}


async def test_one_who_left_hides_who_joined(session: AsyncSession) -> None:
    before = await members(session, 12, joined=JOINED - timedelta(days=90))
    await members(session, 6)
    await people.leave(session, before[0], JOINED)
    found = (await frozen(session))["movement"]
    assert set(found.cells.values()) == {Hidden.COVERED}


async def said(
    session: AsyncSession, person: Person, template: str, at: datetime, **answers: str | int
) -> None:
    """Answer a survey: codes as they are, numbers as amounts."""
    wave = f"{at:%y%m%d}"
    survey = Survey(template=template, version=1, wave=wave, opened_at=at)
    found = await session.scalar(select(Survey).filter_by(template=template, version=1, wave=wave))
    session.add(survey := found or survey)
    await session.flush()
    response = SurveyResponse(
        survey_id=survey.id, person_id=person.id, asked_at=at, started_at=at, finished_at=at
    )
    session.add(response)
    await session.flush()
    for question, value in answers.items():
        is_code = isinstance(value, str)
        session.add(
            SurveyAnswer(
                response_id=response.id,
                question=question,
                value=value if is_code else "",
                amount=None if is_code else Decimal(value),
                answered_at=at,
            )
        )
    await session.flush()


async def test_a_follow_up_is_joined_to_what_the_same_person_said_before(
    session: AsyncSession,
) -> None:
    crowd = await members(session, 30, joined=JOINED - timedelta(days=700))
    for number, person in enumerate(crowd):
        then = JOINED - timedelta(days=600)
        await said(session, person, "baseline", then, business="running", sales=100, staff=2)
        if number < 12:  # a year later: what was said in between is what counts
            then += timedelta(days=200)
            await said(session, person, "yearly", then, business="same", sales=1000 + number)
        business = "same" if number < 20 else "closed"
        sales = {"sales": 1500} if number < 15 else {}
        await said(session, person, "yearly", JOINED, business=business, **sales)
    stranger = (await members(session, 1, joined=JOINED))[0]
    await said(session, stranger, "yearly", JOINED, business="same", sales=7)
    await evidence.freeze(session, AFTER, PARIS, evidence.shipped())
    found = await told(session, Period(2026))
    assert found["business"].cells == {ALL: 31, "same": 21, "new": 0, "closed": 10, "none": 0}
    assert found["sales_change"].cells == {ALL: 15, "up": 15, "same": 0, "down": 0}
    # Twelve by 500 less 0 to 11, three by 1400.
    amount = found["sales_change"].amounts[ALL][ALL]
    assert (amount.n, amount.sum, amount.median) == (15, Decimal("1.01E+4"), Decimal(496))
    assert found["staff_change"].cells == {ALL: 0, "up": 0, "same": 0, "down": 0}
    framework = evidence.shipped()
    assert evidence.figure(framework.indicator("survival"), found) == Figure(Decimal(68), 31)
    assert evidence.figure(framework.indicator("sales_added"), found) == Figure(amount.sum, 15)
    assert evidence.figure(framework.indicator("jobs_added"), found) == Figure(None, 0)


async def test_what_was_said_first_in_a_year_counts_where_nothing_was_said_before(
    session: AsyncSession,
) -> None:
    crowd = await members(session, 6, joined=JOINED - timedelta(days=200))
    for number, person in enumerate(crowd):
        then = JOINED - timedelta(days=200)
        await said(session, person, "baseline", then, business="running", sales=10, staff=1)
        await said(session, person, "exit", JOINED, business="same", sales=11 + number)
    await evidence.freeze(session, AFTER, PARIS, evidence.shipped())
    found = await told(session, Period(2026))
    assert found["staff_change"].number(ALL) == 0, "nothing was said a second time"
    assert found["sales_change"].cells == {ALL: 6, "up": 6, "same": 0, "down": 0}


async def test_no_amount_is_told_where_one_person_has_more_than_half(
    session: AsyncSession,
) -> None:
    crowd = await members(session, 6, joined=JOINED - timedelta(days=700))
    for number, person in enumerate(crowd):
        then = JOINED - timedelta(days=600)
        await said(session, person, "baseline", then, business="running", sales=0)
        sales = 10_000 if number == 0 else 1_000
        await said(session, person, "yearly", JOINED, business="same", sales=sales)
    await evidence.freeze(session, AFTER, PARIS, evidence.shipped())
    found = await told(session, Period(2026))
    assert found["sales_change"].number("up") == 6
    assert found["sales_change"].amounts == {}


async def test_what_lies_within_another_fact_is_told_if_that_one_is(
    session: AsyncSession,
) -> None:
    crowd = await members(session, 13, joined=JOINED - timedelta(days=700))
    for number, person in enumerate(crowd):
        business = "same" if number < 10 else "new"
        await said(session, person, "yearly", JOINED, business=business, profit="profit")
    await evidence.freeze(session, AFTER, PARIS, evidence.shipped())
    found = await told(session, Period(2026))
    assert found["business"].number("new") is Hidden.FEW
    assert found["profit"] == Told(), "all thirteen have one, so three of them are new"


async def answered(session: AsyncSession, person: Person, at: datetime, *values: str) -> None:
    wave = f"{person.id}-{at:%m%d%H%M}"  # in place of an event
    survey = Survey(template="after_event", version=2, wave=wave, opened_at=at, closes_at=at)
    session.add(survey)
    await session.flush()
    response = SurveyResponse(
        survey_id=survey.id,
        person_id=person.id,
        asked_at=at,
        started_at=at if values else None,
        finished_at=at if len(values) == 2 else None,
    )
    session.add(response)
    await session.flush()
    for question, value in zip(("useful", "met"), values, strict=False):
        session.add(SurveyAnswer(response_id=response.id, question=question, value=value))
    session.add(
        Delivery(
            key=f"pulse:{response.id}",
            kind="pulse",
            person_id=person.id,
            subject_id=response.id,
            args={},
            lane=3,
            state=deliveries.State.SENT,
            due_at=at,
            expires_at=at,
            planned_at=at,
            settled_at=at,
        )
    )
    await session.flush()


async def test_of_several_answers_the_last_counts_and_a_person_once(session: AsyncSession) -> None:
    crowd = await members(session, 16)
    for person in crowd[:6]:
        await answered(session, person, JOINED, "no", "no")
        await answered(session, person, JOINED + timedelta(days=20), "yes", "yes")
    for person in crowd[6:11]:
        await answered(session, person, JOINED, "partly", "no")
    for person in crowd[11:]:
        await answered(session, person, JOINED)
    found = await frozen(session)
    assert found["event_useful"].cells == {ALL: 11, "yes": 6, "partly": 5, "no": 0}
    assert found["event_met"].cells == {ALL: 11, "yes": 6, "not_yet": 0, "no": 5}
    assert found["asked"].cells == {"answered": 11, "silent": 5}
    assert found["asked"].shares["language"] == {}, "the others' languages would be bounds"
    rate = evidence.figure(evidence.shipped().indicator("response_rate"), found)
    assert rate == Figure(rate.value, 16)
    assert str(rate.value) == "69"


async def test_what_was_said_before_or_later_belongs_to_another_quarter(
    session: AsyncSession,
) -> None:
    crowd = await members(session, 6)
    for person in crowd:
        await answered(session, person, AUTUMN.start(PARIS) - timedelta(seconds=1), "no", "no")
        await answered(session, person, AUTUMN.start(PARIS), "yes", "yes")
        await answered(session, person, AUTUMN.following.start(PARIS), "no", "no")
    assert (await frozen(session))["event_met"].cells == {ALL: 6, "yes": 6, "not_yet": 0, "no": 0}


async def test_only_a_coordinator_reads_what_is_told(session: AsyncSession) -> None:
    boss, *others = await members(session, 6)
    session.add(Role(person_id=others[0].id, name=RoleName.ANIMATOR, granted_at=JOINED))
    session.add(Role(person_id=boss.id, name=RoleName.COORDINATOR, granted_at=JOINED))
    await session.flush()
    with pytest.raises(NotFoundError):
        await evidence.read(session, boss, AUTUMN, PARIS, AFTER)
    await frozen(session)
    for other in others:
        with pytest.raises(NotAllowedError):
            await evidence.read(session, other, AUTUMN, PARIS, AFTER)
        with pytest.raises(NotAllowedError):
            await evidence.periods(session, other, AFTER)
    assert await evidence.periods(session, boss, AFTER) == [AUTUMN, Period(2026)]
    found = await evidence.read(session, boss, AUTUMN, PARIS, AFTER)
    assert (found.framework, found.threshold) == (evidence.shipped().version, 5)
    assert found.facts.keys() == facts_of(Every.QUARTER).keys()


async def test_a_coordinator_who_is_staff_as_well_is_told_nothing_of_requests(
    session: AsyncSession,
) -> None:
    """They know those of their organisation, and would compute the others."""
    boss, *_others = await members(session, 6)
    organization = Organization(made_at=JOINED)
    session.add(organization)
    await session.flush()
    session.add(Role(person_id=boss.id, name=RoleName.COORDINATOR, granted_at=JOINED))
    session.add(
        Role(
            person_id=boss.id,
            name=RoleName.PROVIDER_STAFF,
            organization_id=organization.id,
            granted_at=JOINED,
        )
    )
    await session.flush()
    await frozen(session)
    found = await evidence.read(session, boss, AUTUMN, PARIS, AFTER)
    assert found.facts.keys() == facts_of(Every.QUARTER).keys() - {"requests"}


async def test_whoever_does_something_is_active_and_who_came_has_come(
    session: AsyncSession,
) -> None:
    crowd = await members(session, 15, joined=JOINED - timedelta(days=90))
    await an_event(session, JOINED, crowd[:5])
    for person in crowd[:10]:
        session.add(
            Step(
                at=JOINED,
                actor_id=person.id,
                subject="attendance",
                subject_id=1,
                before="none",
                after="going",
            )
        )
    await session.flush()
    found = (await frozen(session))["members"]
    assert found.cells == {ALL: 15, CAME: 5, "active": 5, QUIET: 5}
