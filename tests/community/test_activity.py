"""How much members run themselves: exactly what the glossary counts, and never a few."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import figures, history
from community.errors import NotAllowedError
from community.events import State as Planned
from community.figures import Activity, ActivityKind, Hidden, Quarter
from community.lifecycle import Who
from community.people import Person
from community.roles import Role, RoleName
from community.translations import ContentText, State
from tests.community.test_hosting import a_member
from tests.community.test_roles import an_area, an_event, an_organization, holding

UTC = ZoneInfo("UTC")
K = ActivityKind
DAY = timedelta(days=1)


async def read(session: AsyncSession, boss: Person, now: datetime) -> tuple[Activity, Activity]:
    quarter = figures.quarter_of(now, UTC)
    return await figures.read_activity(session, boss, quarter, UTC, now)


async def an_answer(session: AsyncSession, person: Person | None, now: datetime) -> None:
    """Let a question have been answered."""
    by = person.id if person else None
    step = history.step("exchange", 1, "open", "answered", actor_id=by, now=now)
    await history.note(session, step)


def a_text(number: int, by: Who, now: datetime, *, state: State = State.APPROVED) -> ContentText:
    return ContentText(
        subject="event",
        subject_id=number,
        language="uk",
        field="title",
        text="x",
        state=state,
        is_source=False,
        written_as=by,
        written_at=now,
    )


async def test_each_act_is_a_members_or_the_teams_as_the_glossary_says(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now - 9 * DAY, RoleName.COORDINATOR)
    animator = await holding(session, 2, now - 9 * DAY, RoleName.ANIMATOR)
    host, both = [await a_member(session, number, now) for number in (3, 4)]
    staff = await a_member(session, 5, now)
    around = await an_area(session, now)
    town = await an_area(session, now, within=around)
    began = {"starts_at": now - 2 * DAY}
    for who, facts in (
        (host, {"name": RoleName.COMMUNITY_LEAD, "area_id": around.id}),
        (both, {"name": RoleName.COMMUNITY_LEAD, "area_id": around.id}),
        (both, {"name": RoleName.ANIMATOR}),
        (staff, {"name": RoleName.PROVIDER_STAFF}),
    ):
        session.add(Role(person_id=who.id, granted_at=now - 5 * DAY, **facts))
    there = [await an_event(session, now, area_id=town.id, state=Planned.HELD) for _ in range(6)]
    elsewhere = [await an_event(session, now, state=Planned.PUBLISHED) for _ in range(7)]
    for event in (*there, *elsewhere):
        event.starts_at = began["starts_at"]
    there[0].starts_at = now - 6 * DAY  # before the role
    cancelled = await an_event(session, now, area_id=town.id, state=Planned.CANCELLED)
    cancelled.starts_at = began["starts_at"]
    for event in elsewhere[:5]:
        event.made_by_id = host.id
        step = history.step("event", event.id, "proposed", "draft", actor_id=None, now=now)
        await history.note(session, step)
    elsewhere[5].organization_id = await an_organization(session)
    for person, times in ((host, 5), (animator, 6), (both, 1), (staff, 4), (None, 1)):
        for _ in range(times):
            await an_answer(session, person, now - DAY)
    session.add_all(a_text(number, Who.TRANSLATOR, now) for number in range(1, 8))
    session.add_all(a_text(number, Who.ANIMATOR, now) for number in range(8, 14))
    session.add(a_text(14, Who.TRANSLATOR, now, state=State.DRAFT))
    session.add(a_text(15, Who.PROVIDER, now))
    await session.flush()

    found, before = await read(session, boss, now + DAY / 24)
    assert found.members.cells == {K.EVENTS: 5, K.ANSWERS: 5, K.TEXTS: 7, K.PROPOSALS: 5}
    assert found.team.cells == {K.EVENTS: 8, K.ANSWERS: 7, K.TEXTS: 6, K.PROPOSALS: 8}
    assert found.share(K.EVENTS) == (5 / 13, 13)
    assert found.share() == (22 / 51, 51)
    assert before.share() is None
    with pytest.raises(NotAllowedError):
        await figures.read_activity(session, host, Quarter(2026, 4), UTC, now)

    # who animates, too, is of the team alone: no cell is theirs besides
    session.add(Role(person_id=host.id, name=RoleName.ANIMATOR, granted_at=now - 5 * DAY))
    await session.flush()
    found, _before = await read(session, boss, now + DAY / 24)
    assert found.members.cells[K.EVENTS] == 0
    assert found.team.cells[K.EVENTS] == 13
    assert found.team.cells[K.ANSWERS] == 12


async def test_of_few_acts_nothing_is_told_and_no_share(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, RoleName.COORDINATOR)
    session.add_all(a_text(number, Who.TRANSLATOR, now) for number in range(1, 4))
    session.add_all(a_text(number, Who.ANIMATOR, now) for number in range(8, 20))
    await session.flush()
    found, _before = await read(session, boss, now + DAY)
    assert found.members.cells[K.TEXTS] is Hidden.FEW
    assert found.members.total is Hidden.FEW
    assert found.team.cells[K.TEXTS] == 12
    assert found.share(K.TEXTS) is None
    assert found.share() is None


async def test_events_are_no_people_and_their_number_is_exact_and_covers_nothing(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now - 9 * DAY, RoleName.COORDINATOR)
    host, area = await a_member(session, 2, now), await an_area(session, now)
    lead = {"name": RoleName.COMMUNITY_LEAD, "area_id": area.id}
    session.add(Role(person_id=host.id, granted_at=now - 5 * DAY, **lead))
    for place in (*[{"area_id": area.id}] * 2, *[{}] * 6):
        event = await an_event(session, now, state=Planned.HELD, **place)
        event.starts_at = now - DAY
    session.add_all(a_text(number, Who.TRANSLATOR, now) for number in range(1, 4))
    session.add_all(a_text(number, Who.ANIMATOR, now) for number in range(8, 20))
    await session.flush()
    found, _before = await read(session, boss, now + DAY)
    assert (found.members.cells[K.EVENTS], found.team.cells[K.EVENTS]) == (2, 6)
    assert found.share(K.EVENTS) == (2 / 8, 8)
    assert found.members.cells[K.TEXTS] is Hidden.FEW
    assert found.members.total is Hidden.FEW, "less the two events it would tell the three texts"
