"""Organisations, services and steps: who writes them, who finds what, and who is nudged."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import areas, providers, translations
from community.deliveries import Delivery, State
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError
from community.needs import Need
from community.people import Membership, Person
from community.providers import Fit, Look, Reader, Service
from community.roles import Role, RoleName
from community.translations import Reads

WEEK = timedelta(days=7)


async def a_person(
    session: AsyncSession, number: int, now: datetime, role: RoleName | None = None
) -> Person:
    person = Person(telegram_id=number, name="Somebody", state=Membership.ACTIVE, met_at=now)
    session.add(person)
    await session.flush()
    if role:
        session.add(Role(person_id=person.id, name=role, granted_at=now))
        await session.flush()
    return person


async def a_coordinator(session: AsyncSession, now: datetime) -> Person:
    return await a_person(session, 1, now, RoleName.COORDINATOR)


async def a_service(
    session: AsyncSession, actor: Person, now: datetime, name: str = "Advice", **facts: Any
) -> Service:
    organization = await providers.create_organization(session, actor, "Chamber", "en", now)
    facts = {"need": Need.FINANCE, "languages": ["en"], **facts}
    need, languages = facts.pop("need"), facts.pop("languages")
    return await providers.create_service(
        session, actor, organization.ref, need, languages, {"name": name}, "en", now, **facts
    )


async def names(session: AsyncSession, subject: str, row_id: int) -> dict[str, str]:
    block = await translations.block(session, subject, row_id, Reads("en"), "en")
    assert block is not None
    return dict(block.fields)


# The coordinator writes


async def test_a_coordinator_writes_a_service_with_its_steps(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    area = await areas.create(session, boss, "Europe/Paris", now)
    service = await a_service(
        session,
        boss,
        now,
        area_ref=area.ref,
        cost=Decimal("12.50"),
        interpretation=True,
        steps=["Call them.", "Go there."],
    )
    [organization] = (await providers.organizations(session, 0, 8)).rows
    assert await names(session, "organization", organization.id) == {"name": "Chamber"}
    assert await providers.services_of(session, organization) == [service]
    assert await names(session, "service", service.id) == {"name": "Advice"}
    await session.refresh(service)
    assert (service.area_id, service.cost, service.is_open) == (area.id, Decimal("12.50"), True)
    steps = await providers.steps(session, service)
    assert [step.position for step in steps] == [1, 2]
    texts = [(await names(session, "step", step.id))["text"] for step in steps]
    assert texts == ["Call them.", "Go there."]


@pytest.mark.parametrize("role", [None, *(r for r in RoleName if r != RoleName.COORDINATOR)])
async def test_nobody_but_a_coordinator_writes(
    session: AsyncSession, now: datetime, role: RoleName | None
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now)
    other = await a_person(session, 2, now, role)
    with pytest.raises(NotAllowedError):
        await a_service(session, other, now)
    with pytest.raises(NotAllowedError):
        await providers.edit_service(session, other, service.ref, now, is_open=False)
    with pytest.raises(NotAllowedError):
        await providers.translate(session, other, "service", service.ref, "fr", {"name": "x"}, now)
    assert service.is_open


async def test_facts_change_and_what_is_no_fact_does_not(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    service = await a_service(session, boss, now)
    changes = {"languages": ["ar"], "cost": Decimal(0), "is_open": False}
    await providers.edit_service(session, boss, service.ref, now, **changes)
    await session.refresh(service)
    assert (service.languages, service.cost, service.is_open) == (["ar"], Decimal(0), False)
    for wrong in ({"organization_id": 7}, {"cost": Decimal(-1)}, {"cost": Decimal("NaN")}):
        with pytest.raises(NotUnderstoodError):
            await providers.edit_service(session, boss, service.ref, now, **wrong)


async def test_words_are_written_in_another_language_and_only_of_what_exists(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    service = await a_service(session, boss, now)
    words = {"name": "Conseil"}
    await providers.translate(session, boss, "service", service.ref, "fr", words, now)
    block = await translations.block(session, "service", service.id, Reads("fr"), "en")
    assert block is not None
    assert (block.language, block.get("name")) == ("fr", "Conseil")
    for subject, ref in (("service", "nothing"), ("person", service.ref), ("event", service.ref)):
        with pytest.raises(NotFoundError):
            await providers.translate(session, boss, subject, ref, "fr", words, now)


# Finding


async def fitting(
    session: AsyncSession, now: datetime, *, languages: list[str], area_id: int | None
) -> Sequence[Fit]:
    look, reader = Look(need=Need.FINANCE), Reader(languages, area_id)
    return (await providers.find_services(session, look, reader, now, zone="Europe/Paris")).fits


async def test_what_is_given_in_ones_language_comes_first_then_with_an_interpreter_then_the_rest(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    here = await areas.create(session, boss, "Europe/Paris", now)
    there = await areas.create(session, boss, "Europe/Paris", now)
    facts: dict[str, dict[str, Any]] = {
        "far, others": {"languages": ["fr"], "area_ref": there.ref},
        "far, interpreter": {
            "languages": ["fr"],
            "interpretation": True,
            "area_ref": there.ref,
        },
        "far, own": {"languages": ["fr", "ar"], "area_ref": there.ref},
        "near, others": {"languages": ["fr"], "area_ref": here.ref},
        "near, interpreter": {"languages": [], "interpretation": True, "area_ref": here.ref},
        "near, own": {"languages": ["ar"], "area_ref": here.ref},
        "online, own": {"languages": ["ar"], "area_ref": there.ref, "online": True},
        "another need": {"languages": ["ar"], "need": Need.LEGAL},
        "closed": {"languages": ["ar"]},
    }
    made = {name: await a_service(session, boss, now, name, **f) for name, f in facts.items()}
    await providers.edit_service(session, boss, made["closed"].ref, now, is_open=False)
    fits = await fitting(session, now, languages=["ar"], area_id=here.id)
    of = {service.id: name for name, service in made.items()}
    assert [of[fit.service.id] for fit in fits] == [
        "near, own",
        "online, own",
        "far, own",
        "near, interpreter",
        "far, interpreter",
        "near, others",
        "far, others",
    ]


async def test_an_interpreter_is_never_mixed_up_with_the_language_a_service_is_given_in(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    await a_service(session, boss, now, languages=["fr"], interpretation=True)
    [fit] = await fitting(session, now, languages=["uk", "ar"], area_id=None)
    assert (fit.given, fit.by_interpreter) == (None, True)
    [fit] = await fitting(session, now, languages=["uk", "fr"], area_id=None)
    assert fit.given == "fr"


# A member's checklist


async def test_a_step_is_ticked_once_however_often_and_unticked(
    session: AsyncSession, now: datetime
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now, steps=["a", "b"])
    me, other = await a_person(session, 2, now), await a_person(session, 3, now)
    first, second = await providers.steps(session, service)
    for _time in range(2):
        await providers.tick(session, me, first.ref, now, done=True)
    await providers.tick(session, me, second.ref, now, done=True)
    assert await providers.ticked(session, me, service) == {first.id, second.id}
    assert await providers.ticked(session, other, service) == set()
    for _time in range(2):
        await providers.tick(session, me, second.ref, now, done=False)
    assert await providers.ticked(session, me, service) == {first.id}
    with pytest.raises(NotFoundError):
        await providers.tick(session, me, service.ref, now, done=True)


async def nudged(session: AsyncSession) -> list[Delivery]:
    return list(
        await session.scalars(
            select(Delivery).where(Delivery.kind == "step_nudge").order_by(Delivery.id)
        )
    )


async def test_a_waiting_step_is_nudged_about_after_a_week_and_after_another_and_never_again(
    session: AsyncSession, now: datetime
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now, steps=["a", "b"])
    me = await a_person(session, 2, now)
    first = (await providers.steps(session, service))[0]
    await providers.tick(session, me, first.ref, now, done=True)
    assert await providers.next_nudge(session) == now + WEEK
    second = timedelta(seconds=1)
    looks = [
        (WEEK - second, 0),
        (WEEK, 1),
        (WEEK, 1),
        (2 * WEEK - second, 1),
        (2 * WEEK, 2),
        (3 * WEEK, 2),
        (20 * WEEK, 2),
    ]
    for later, count in looks:
        await providers.nudge(session, now + later)
        rows = await nudged(session)
        assert len(rows) == count
    assert {(row.person_id, row.args["ref"]) for row in rows} == {(me.id, service.ref)}
    assert await providers.next_nudge(session) is None


async def test_whoever_asks_for_the_same_service_again_is_nudged_anew_and_keeps_their_ticks(
    session: AsyncSession, now: datetime
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now, steps=["a", "b"])
    me = await a_person(session, 2, now)
    first = (await providers.steps(session, service))[0]
    await providers.begin_checklist(session, me, service, now)
    await providers.tick(session, me, first.ref, now, done=True)
    for week in (1, 2, 3):
        await providers.nudge(session, now + week * WEEK)
    await providers.end_checklist(session, me.id, service.id)
    again = now + 10 * WEEK
    await providers.begin_checklist(session, me, service, again)
    assert await providers.next_nudge(session) == again + WEEK
    for week in (1, 2, 3):
        await providers.nudge(session, again + week * WEEK)
    assert len(await nudged(session)) == 4
    assert await providers.ticked(session, me, service) == {first.id}


@pytest.mark.parametrize(
    ("fate", "reason", "counts"),
    [
        (State.SUPPRESSED, "no_room", False),
        (State.SUPPRESSED, "paused", False),
        (State.EXPIRED, "too_late", False),
        (State.SUPPRESSED, "muted", True),
        (State.SENT, None, True),
        (State.UNCERTAIN, None, True),
    ],
)
async def test_a_nudge_that_found_no_room_does_not_count_and_comes_a_week_later(
    session: AsyncSession, now: datetime, fate: State, reason: str | None, counts: bool
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now, steps=["a", "b"])
    me = await a_person(session, 2, now)
    await providers.begin_checklist(session, me, service, now)
    for week in range(1, 8):
        await providers.nudge(session, now + week * WEEK)
        row = (await nudged(session))[-1]
        if week in (1, 3):
            row.state, row.reason = fate, reason
        elif row.state == State.QUEUED:
            row.state = State.SENT
        await session.flush()
    assert len(await nudged(session)) == (2 if counts else 4)
    assert await providers.next_nudge(session) is None


async def test_a_request_that_is_over_ends_also_a_nudge_that_had_found_no_room(
    session: AsyncSession, now: datetime
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now, steps=["a", "b"])
    me = await a_person(session, 2, now)
    await providers.begin_checklist(session, me, service, now)
    await providers.nudge(session, now + WEEK)
    [row] = await nudged(session)
    row.state, row.reason = State.SUPPRESSED, "no_room"
    await providers.end_checklist(session, me.id, service.id)
    await providers.nudge(session, now + 2 * WEEK)
    assert await nudged(session) == [row]


async def test_nobody_is_nudged_who_has_done_every_step_or_has_never_begun(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    service = await a_service(session, boss, now, steps=["a"])
    without_steps = await a_service(session, boss, now)
    me = await a_person(session, 2, now)
    await providers.begin_checklist(session, me, without_steps, now)
    [step] = await providers.steps(session, service)
    await providers.tick(session, me, step.ref, now, done=True)
    await providers.nudge(session, now + WEEK)
    assert await nudged(session) == []
    assert await providers.next_nudge(session) is None


async def test_a_tick_begins_the_week_anew_and_the_next_step_has_its_own_two_nudges(
    session: AsyncSession, now: datetime
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now, steps=["a", "b"])
    me = await a_person(session, 2, now)
    first, _second = await providers.steps(session, service)
    await providers.begin_checklist(session, me, service, now)
    for week in (1, 2, 3):
        await providers.nudge(session, now + week * WEEK)
    assert len(await nudged(session)) == 2
    moved = now + 4 * WEEK
    await providers.tick(session, me, first.ref, moved, done=True)
    await providers.nudge(session, moved + WEEK - timedelta(seconds=1))
    assert len(await nudged(session)) == 2
    for week in (1, 2, 3):
        await providers.nudge(session, moved + week * WEEK)
    assert len(await nudged(session)) == 4


@pytest.mark.parametrize("tick_is_first", [True, False])
async def test_a_tick_and_a_nudge_at_one_moment_lose_nothing_of_each_other(
    database: Database, now: datetime, tick_is_first: bool
) -> None:
    async with database.transaction() as session:
        service = await a_service(
            session, await a_coordinator(session, now), now, steps=["a", "b", "c"]
        )
        me = await a_person(session, 2, now)
        first, _second, _third = await providers.steps(session, service)
        await providers.begin_checklist(session, me, service, now)
    later = now + WEEK

    async def ticks(session: AsyncSession) -> None:
        await providers.tick(session, me, first.ref, later, done=True)

    async def is_nudged(session: AsyncSession) -> None:
        await providers.nudge(session, later)

    one, other = (ticks, is_nudged) if tick_is_first else (is_nudged, ticks)

    async def meanwhile() -> None:
        async with database.transaction() as session:
            await other(session)

    async with database.transaction() as session:
        await one(session)
        task = asyncio.create_task(meanwhile())
        await asyncio.wait([task], timeout=0.3)
    await task
    async with database.transaction() as session:
        checklist = await providers.checklist_of(session, me, service)
        assert checklist is not None
        assert (checklist.moved_at, checklist.nudges) == (later, 0)
        assert len(await nudged(session)) == (0 if tick_is_first else 1)


async def test_ticking_and_unticking_brings_no_third_nudge_about_the_same_step(
    session: AsyncSession, now: datetime
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now, steps=["a", "b"])
    me = await a_person(session, 2, now)
    _first, second = await providers.steps(session, service)
    at = now
    for _round in range(4):
        for done in (True, False):
            await providers.tick(session, me, second.ref, at, done=done)
        for _week in range(3):
            at += WEEK
            await providers.nudge(session, at)
    assert len(await nudged(session)) == 2


async def test_nobody_is_nudged_about_a_service_that_is_closed_or_a_request_that_is_over(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    closed = await a_service(session, boss, now, steps=["a", "b"])
    over = await a_service(session, boss, now, steps=["a", "b"])
    me = await a_person(session, 2, now)
    for service in (closed, over):
        first = (await providers.steps(session, service))[0]
        await providers.tick(session, me, first.ref, now, done=True)
    await providers.edit_service(session, boss, closed.ref, now, is_open=False)
    await providers.end_checklist(session, me.id, over.id)
    await providers.nudge(session, now + WEEK)
    assert await nudged(session) == []
    second = (await providers.steps(session, over))[1]
    await providers.tick(session, me, second.ref, now, done=True)
    await providers.tick(session, me, second.ref, now, done=False)
    await providers.nudge(session, now + WEEK)
    assert len(await nudged(session)) == 1, "a new tick begins again"
