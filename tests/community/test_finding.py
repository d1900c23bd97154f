"""Which services are found: filters, places, hours, pages; who waits, and what was missed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, exchanges, inbox, providers
from community.areas import Area
from community.deliveries import Delivery
from community.errors import NotAMemberError
from community.exchanges import ExchangeMessage
from community.needs import Need
from community.people import Membership, Person
from community.providers import (
    Format,
    Location,
    Look,
    Miss,
    Organization,
    Reader,
    Schedule,
    Service,
    ServiceAtLocation,
    ServiceTerm,
    ServiceWish,
    TaxonomyTerm,
)
from community.roles import RoleName
from tests.community.test_providers import a_coordinator, a_person, a_service

ZONE = "Europe/Paris"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FINANCE = Look(need=Need.FINANCE)
NOBODY = Reader(["ar"], None)


async def ids(
    session: AsyncSession,
    look: Look = FINANCE,
    reader: Reader = NOBODY,
    now: datetime = MONDAY,
    **more: Any,
) -> list[int]:
    found: list[int] = []
    page = 0
    while True:
        part = await providers.find_services(
            session, look, reader, now, zone=ZONE, page=page, **more
        )
        assert len(part.fits) <= providers.PAGE
        found += [fit.service.id for fit in part.fits]
        page += 1
        if page * providers.PAGE >= part.total:
            return found


async def is_at(session: AsyncSession, service: Service, *point: float, **facts: Any) -> Location:
    location = Location(latitude=point[0], longitude=point[1], made_at=MONDAY, **facts)
    session.add(location)
    await session.flush()
    session.add(ServiceAtLocation(service_id=service.id, location_id=location.id))
    await session.flush()
    return location


async def a_town(session: AsyncSession, seed: int) -> list[Area]:
    """Make some forty services of which no two are alike."""
    rng = Random(seed)
    boss = await a_coordinator(session, MONDAY)
    places = [
        await areas.create(session, boss, zone, MONDAY, latitude=48.0 + at, longitude=2.0)
        for at, zone in enumerate(("Europe/Paris", "Asia/Tokyo", "America/New_York"))
    ]
    for _number in range(40):
        service = await a_service(
            session,
            boss,
            MONDAY,
            need=rng.choice([Need.FINANCE, Need.FINANCE, Need.TAX]),
            languages=rng.sample(["ar", "fr", "uk"], rng.randint(0, 2)),
            interpretation=rng.random() < 0.5,
            area_ref=rng.choice([*places, None]) and rng.choice(places).ref,
            online=rng.random() < 0.3,
            cost=rng.choice([None, Decimal(0), Decimal(9)]),
        )
        service.is_paused = rng.random() < 0.2
        organization = await session.get_one(Organization, service.organization_id)
        organization.made_at = rng.choice([MONDAY, MONDAY - timedelta(days=100)])
        if rng.random() < 0.6:
            await is_at(session, service, rng.uniform(47, 51), rng.uniform(1, 3))
        if rng.random() < 0.5:
            hours = {"byday": rng.choice(["MO,TU", "SU", "MO"]), "opens_at": "09:30"}
            session.add(Schedule(service_id=service.id, closes_at="17:00", **hours))
    await session.flush()
    return places


@pytest.mark.parametrize("seed", range(3))
async def test_filters_only_narrow_the_order_is_the_same_and_pages_bring_each_once(
    session: AsyncSession, seed: int
) -> None:
    places = await a_town(session, seed)
    reader = Reader(["ar"], places[0].id)
    filters: Sequence[dict[str, Any]] = (
        {"language": "ar"},
        {"area_id": places[1].id},
        {"is_free": True},
        {"format": Format.FACE},
        {"format": Format.ONLINE},
        {"is_open_now": True},
    )
    for base in (FINANCE, replace(FINANCE, point=(48.85, 2.35))):
        whole = await ids(session, base, reader)
        assert len(whole) == len(set(whole)) > 2 * providers.PAGE
        assert whole == await ids(session, base, reader)
        for chosen in (*((one,) for one in filters), *combinations(filters, 2)):
            asked = base
            for one in chosen:
                asked = replace(asked, **one)
            narrow = await ids(session, asked, reader)
            assert narrow == [each for each in whole if each in set(narrow)], asked


async def test_what_is_nearest_comes_first_with_its_distance(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    area = await areas.create(session, boss, ZONE, now, latitude=48.0, longitude=2.0)
    by_area = await a_service(session, boss, now, area_ref=area.ref)
    near, far = [await a_service(session, boss, now) for _ in range(2)]
    await is_at(session, near, 48.86, 2.36)
    await is_at(session, near, 10.0, 10.0)
    await is_at(session, far, 48.95, 2.35)
    online = await a_service(session, boss, now, online=True)
    look = replace(FINANCE, point=(48.85, 2.35))
    found = await providers.find_services(session, look, NOBODY, now, zone=ZONE)
    order = [near.id, far.id, by_area.id, online.id]
    assert [fit.service.id for fit in found.fits] == order
    assert found.fits[0].km == pytest.approx(1.33, abs=0.05)
    assert found.fits[1].km == pytest.approx(11.1, abs=0.1)
    assert found.fits[3].km is None


async def test_across_the_date_line_it_is_not_far(session: AsyncSession, now: datetime) -> None:
    service = await a_service(session, await a_coordinator(session, now), now)
    await is_at(session, service, 0.0, 179.9)
    look = replace(FINANCE, point=(0.0, -179.9))
    [fit] = (await providers.find_services(session, look, NOBODY, now, zone=ZONE)).fits
    assert fit.km == pytest.approx(22.2, abs=0.1)


@pytest.mark.parametrize(
    ("hours", "at", "is_open"),
    [
        (("MO", "09:00", "12:00"), "2026-11-23T10:00+01:00", True),
        (("MO", "09:00", "12:00"), "2026-11-23T12:00+01:00", False),
        (("MO", "09:00", "12:00"), "2026-11-23T08:59+01:00", False),
        (("TU,MO", "09:00", "12:00"), "2026-11-23T10:00+01:00", True),
        (("TU", "09:00", "12:00"), "2026-11-23T10:00+01:00", False),
        (("MO", "22:00", "02:00"), "2026-11-24T01:00+01:00", True),
        (("MO", "22:00", "02:00"), "2026-11-23T01:00+01:00", False),
        (("MO", "00:00", "24:00"), "2026-11-23T23:59+01:00", True),
        (("MO", "09:00", "12:00", date(2026, 12, 1), None), "2026-11-23T10:00+01:00", False),
        (("MO", "09:00", "12:00", None, date(2026, 11, 22)), "2026-11-23T10:00+01:00", False),
        (
            ("MO", "09:00", "12:00", date(2026, 11, 1), date(2026, 11, 23)),
            "2026-11-23T09:00Z",
            True,
        ),
    ],
)
async def test_open_now_goes_by_the_hours_there(
    session: AsyncSession, hours: tuple[Any, ...], at: str, is_open: bool
) -> None:
    service = await a_service(session, await a_coordinator(session, MONDAY), MONDAY)
    names = ("byday", "opens_at", "closes_at", "valid_from", "valid_to")
    session.add(Schedule(service_id=service.id, **dict(zip(names, hours, strict=False))))
    await session.flush()
    look = replace(FINANCE, is_open_now=True)
    assert bool(await ids(session, look, now=datetime.fromisoformat(at))) == is_open


async def test_the_hours_of_a_place_count_in_its_zone_unless_the_service_has_its_own(
    session: AsyncSession,
) -> None:
    boss = await a_coordinator(session, MONDAY)
    there = await areas.create(session, boss, "Asia/Tokyo", MONDAY)
    service = await a_service(session, boss, MONDAY)
    place = await is_at(session, service, 35.0, 139.0, area_id=there.id)
    session.add(Schedule(location_id=place.id, byday="MO", opens_at="18:00", closes_at="19:00"))
    await session.flush()
    look = replace(FINANCE, is_open_now=True)
    assert await ids(session, look) == [service.id]  # 9:00 here is 18:00 in Tokyo
    session.add(Schedule(service_id=service.id, byday="TU", opens_at="18:00", closes_at="19:00"))
    await session.flush()
    assert await ids(session, look) == []


async def test_further_needs_find_a_service_and_networks_are_never_help(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    service = await a_service(session, boss, now)
    network = await a_service(session, boss, now)
    network.kind = providers.Kind.NETWORK
    term = TaxonomyTerm(code="tax", name="Tax", need=Need.TAX)
    session.add(term)
    await session.flush()
    session.add_all(ServiceTerm(service_id=one.id, term_id=term.id) for one in (service, network))
    await session.flush()
    for need in (Need.TAX, Need.FINANCE):
        assert await ids(session, Look(need=need)) == [service.id]
    assert await ids(session, Look(kinds=(providers.Kind.NETWORK,))) == [network.id]


async def test_networks_and_programmes_are_found_by_their_typed_names(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    help_, network = [await a_service(session, boss, now, f"{name} in trade") for name in "AB"]
    network.kind = providers.Kind.NETWORK
    await session.flush()
    look = Look(words="trade", kinds=tuple(providers.Kind))
    assert set(await ids(session, look)) == {help_.id, network.id}
    assert await ids(session, replace(look, kinds=(providers.Kind.SERVICE,))) == [help_.id]


async def test_in_an_area_is_there_or_online_unless_it_has_to_be_face_to_face(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    here, there = [await areas.create(session, boss, ZONE, now) for _ in range(2)]
    in_area = await a_service(session, boss, now, area_ref=here.ref)
    both = await a_service(session, boss, now, area_ref=here.ref, online=True)
    online = await a_service(session, boss, now, online=True)
    online_or_there = await a_service(session, boss, now, area_ref=there.ref, online=True)
    elsewhere = await a_service(session, boss, now, area_ref=there.ref)
    everywhere = await a_service(session, boss, now)

    async def found(**asked: Any) -> set[int]:
        return set(await ids(session, replace(FINANCE, area_id=here.id, **asked)))

    fits = {in_area.id, both.id, online.id, online_or_there.id, everywhere.id}
    assert await found() == fits
    assert await found(format=Format.ONLINE) == {both.id, online.id, online_or_there.id}
    assert await found(format=Format.FACE) == {in_area.id, both.id, everywhere.id}
    face = set(await ids(session, replace(FINANCE, format=Format.FACE)))
    assert face == {in_area.id, both.id, online_or_there.id, elsewhere.id, everywhere.id}


async def test_what_is_full_or_out_of_date_comes_last(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    old, paused, foreign = [
        await a_service(session, boss, now, languages=given) for given in (["ar"], ["ar"], ["fr"])
    ]
    paused.is_paused = True
    organization = await session.get_one(Organization, old.organization_id)
    organization.made_at = now - timedelta(days=91)
    await session.flush()
    assert await ids(session, now=now) == [foreign.id, paused.id, old.id]


async def test_what_is_missed_is_told_apart(session: AsyncSession, now: datetime) -> None:
    boss = await a_coordinator(session, now)
    here, there = [await areas.create(session, boss, ZONE, now) for _ in range(2)]

    async def miss() -> Miss | None:
        reader = Reader(["ar"], here.id)
        found = await providers.find_services(session, FINANCE, reader, now, zone=ZONE)
        return providers.miss_of(found)

    assert await miss() is Miss.NOTHING
    await a_service(session, boss, now, languages=["fr"], interpretation=True)
    assert await miss() is Miss.LANGUAGE
    await a_service(session, boss, now, languages=["ar"], area_ref=there.ref)
    assert await miss() is Miss.AREA
    full = await a_service(session, boss, now, languages=["ar"], area_ref=here.ref)
    full.is_paused = True
    await session.flush()
    assert await miss() is Miss.FULL
    full.is_paused = False
    await session.flush()
    assert await miss() is None


async def test_a_person_counts_once_a_day_for_what_they_miss(
    session: AsyncSession, now: datetime
) -> None:
    one, other = await a_person(session, 2, now), await a_person(session, 3, now)
    missed = (Need.TAX, "ar", Miss.NOTHING)

    async def note(person: Person, need: Need, language: str, miss: Miss, at: datetime) -> bool:
        return await providers.note_miss(session, person, need, language, miss, at, zone=ZONE)

    assert await note(one, *missed, now)
    assert not await note(one, *missed, now + timedelta(hours=1))
    assert not await note(one, Need.TAX, "fr", Miss.FULL, now + timedelta(hours=2))
    assert await note(other, *missed, now)
    assert await note(one, Need.LEGAL, "ar", Miss.AREA, now)
    midnight = now.replace(hour=23)  # in Paris; elsewhere it is the same day still
    assert not await note(one, *missed, midnight - timedelta(minutes=1))
    assert await note(one, *missed, midnight)
    days = (now.date(), now.date() + timedelta(days=1))
    rows = await providers.unmet(session, *days)
    assert [(row.need, row.miss, row.count) for row in rows] == [
        (Need.TAX, Miss.NOTHING, 3),
        (Need.LEGAL, Miss.AREA, 1),
    ]


async def told(session: AsyncSession) -> list[int | None]:
    rows = await session.scalars(
        select(Delivery.person_id).where(Delivery.kind == "service_found").order_by(Delivery.id)
    )
    return list(rows)


async def test_a_wish_is_told_once_when_what_fits_has_room_and_then_is_gone(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    here, there = [await areas.create(session, boss, ZONE, now) for _ in range(2)]
    me = await a_person(session, 2, now)
    areas.settle(me, here)
    assert await providers.wish(session, me, Need.FINANCE, "ar", now)
    assert not await providers.wish(session, me, Need.FINANCE, "ar", now)
    await a_service(session, boss, now, languages=["fr"], interpretation=True, area_ref=here.ref)
    await a_service(session, boss, now, languages=["ar"], area_ref=there.ref)
    await providers.tell_who_wished(session, now, zone=ZONE)
    assert await told(session) == []
    fits = await a_service(session, boss, now, languages=["ar"], area_ref=here.ref)
    fits.is_paused = True
    await session.flush()
    await providers.tell_who_wished(session, now, zone=ZONE)
    assert await told(session) == []
    fits.is_paused = False
    await session.flush()
    for _ in range(2):
        await providers.tell_who_wished(session, now, zone=ZONE)
    assert await told(session) == [me.id]
    assert (await session.scalars(select(ServiceWish))).all() == []


async def test_a_wish_is_told_of_what_is_given_in_any_language_that_one_reads(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    me, other = await a_person(session, 2, now), await a_person(session, 3, now)
    me.second_language = "fr"
    for person in (me, other):
        assert await providers.wish(session, person, Need.FINANCE, "ar", now)
    french = await a_service(session, boss, now, languages=["fr"])
    await providers.tell_who_wished(session, now, zone=ZONE)
    assert await told(session) == [me.id]
    # What is given in the first of one's languages stands before what is given in another.
    arabic = await a_service(session, boss, now, languages=["ar"])
    assert await ids(session, reader=Reader(["ar", "fr"], None)) == [arabic.id, french.id]
    assert await ids(session, reader=Reader(["fr", "ar"], None)) == [french.id, arabic.id]


async def test_where_all_that_is_right_is_full_a_wish_waits_and_holds_up_no_other(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    here = await areas.create(session, boss, ZONE, now)
    me = await a_person(session, 2, now)
    areas.settle(me, here)
    await providers.wish(session, me, Need.FINANCE, "ar", now)
    for _ in range(9):
        full = await a_service(session, boss, now, languages=["ar"], area_ref=here.ref)
        full.is_paused = True
    old = await a_service(session, boss, now, languages=["ar"], area_ref=here.ref)
    organization = await session.get_one(providers.Organization, old.organization_id)
    organization.made_at = now - timedelta(days=200)
    await session.flush()
    await providers.tell_who_wished(session, now, zone=ZONE)
    assert await told(session) == [me.id]


async def test_a_wish_is_taken_back_and_only_members_have_one(
    session: AsyncSession, now: datetime
) -> None:
    me = await a_person(session, 2, now)
    await providers.wish(session, me, Need.TAX, "ar", now)
    await providers.unwish(session, me, Need.TAX)
    assert await providers.wish_of(session, me, Need.TAX) is None
    guest = Person(telegram_id=9, name="", state=Membership.JOINING, met_at=now)
    session.add(guest)
    with pytest.raises(NotAMemberError):
        await providers.wish(session, guest, Need.TAX, "ar", now)


async def test_who_is_stuck_is_in_the_inbox_once_with_service_and_step(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    animator = await a_person(session, 4, now, RoleName.ANIMATOR)
    service = await a_service(session, boss, now, steps=["Call them."])
    [step] = await providers.steps(session, service)
    me = await a_person(session, 2, now)
    where = exchanges.Stuck(service.id, step.id)
    assert await inbox.stuck(session, me, where, now, language="ar", zone="UTC")
    assert not await inbox.stuck(session, me, where, now, language="ar", zone="UTC")
    await inbox.ask(session, me, "Which number?", now, language="ar", zone="UTC")
    [(question, person)] = await inbox.of_team(session, animator, now)
    assert person.id == me.id
    written = await inbox.messages(session, question)
    assert [(m.text, m.service_id, m.step_id) for m in written] == [
        ("", service.id, step.id),
        ("Which number?", None, None),
    ]
    assert isinstance(written[0], ExchangeMessage)
