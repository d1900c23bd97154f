"""A directory that comes again: what it has elsewhere moves, and what it does not say stays."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, providers, translations
from community.errors import NotUnderstoodError
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.providers import (
    Contact,
    Kind,
    Metadata,
    Organization,
    Schedule,
    Service,
    ServiceAtLocation,
    entries,
    facts,
    hours,
    noting,
)
from community.providers.finding import Reader
from community.providers.fitting import Look
from community.providers.items import Plan
from locales import plain, translator_for, without_isolates
from reports.hsds import words
from tests.reports.test_hsds import brings, goes_out

HOURS = {"id": "h1", "byday": "MO", "opens_at": "09:00", "closes_at": "17:00"}
DESK = {"id": "c1", "name": "Desk"}
HALL = {"id": "l1", "location_type": "physical", "name": "Hall"}
SHOP = {"id": "l2", "location_type": "physical", "name": "Shop"}


def directory(*services: dict[str, Any], locations: Sequence[Any] = (HALL, SHOP)) -> Any:
    every = [{"status": "active", **one} for one in services]
    return {
        "id": "o1",
        "name": "Help",
        "description": "",
        "locations": list(locations),
        "services": every,
    }


def one(uid: str, **more: Any) -> dict[str, Any]:
    return {"id": uid, "name": f"Advice {uid}", **more}


def told(plan: Plan) -> list[str]:
    _ = translator_for("en")
    return [without_isolates(plain(words.change(change, _))) for change in plan.changes]


async def test_what_a_file_has_under_another_owner_moves_there(
    session: AsyncSession, now: datetime
) -> None:
    there = [{"id": "x1", "location_id": "l1"}]
    owned = {"contacts": [DESK], "schedules": [HOURS], "service_at_locations": there}
    nothing: dict[str, Any] = {key: [] for key in owned}
    await brings(session, directory(one("a", **owned), one("b", **nothing)), now)
    plan = await brings(session, directory(one("a", **nothing), one("b", **owned)), now)
    assert sorted(told(plan)) == [
        "➡️ Contact Desk moves from “Advice a” to “Advice b”",
        "➡️ Opening hours h1 moves from “Advice a” to “Advice b”",
        "➡️ Service at a place x1 moves from “Advice a” to “Advice b”",
    ]
    second = await session.scalar(select(Service.id).where(Service.hsds_id == "b"))
    whose = {"a": "", "b": "MO 09:00-17:00"}
    for service in await session.scalars(select(Service)):
        assert await hours.week(session, service) == whose[str(service.hsds_id)]
    log = await session.execute(
        select(Metadata.previous_value, Metadata.replacement_value)
        .where(Metadata.field_name == "hours")
        .order_by(Metadata.resource_id)
    )
    assert [tuple(line) for line in log] == [(whose["b"], ""), ("", whose["b"])]
    for kind in (Contact, Schedule, ServiceAtLocation):
        rows = (await session.execute(select(kind.service_id, kind.hsds_id))).all()
        assert [row.service_id for row in rows] == [second], kind
    assert (await brings(session, await goes_out(session), now)).count == 0


async def test_a_contact_moves_from_a_service_to_a_place(
    session: AsyncSession, now: datetime
) -> None:
    await brings(session, directory(one("a", contacts=[DESK])), now)
    moved = directory(one("a", contacts=[]), locations=[HALL, {**SHOP, "contacts": [DESK]}])
    plan = await brings(session, moved, now)
    assert told(plan) == ["➡️ Contact Desk moves from “Advice a” to “Shop”"]
    contact = (await session.execute(select(Contact.service_id, Contact.location_id))).one()
    assert contact.service_id is None
    assert contact.location_id is not None
    both = directory(one("a", contacts=[DESK]), locations=[HALL, SHOP])
    assert told(await brings(session, both, now)) == ["➡️ Contact Desk now belongs to “Advice a”"]


async def test_two_services_change_places_and_a_place_that_is_left_can_be_taken(
    session: AsyncSession, now: datetime
) -> None:
    def at(uid: str, location: str) -> dict[str, Any]:
        return {"service_at_locations": [{"id": uid, "location_id": location, "x": uid}]}

    await brings(session, directory(one("a", **at("x1", "l1")), one("b", **at("x2", "l1"))), now)
    swapped = directory(one("a", **at("x2", "l1")), one("b", **at("x1", "l1")))
    assert len((await brings(session, swapped, now)).changes) == 2
    renamed = directory(one("a", **at("x3", "l1")), one("b", **at("x1", "l1")))
    plan = await brings(session, renamed, now)
    assert told(plan) == ["➖ Service at a place x2, of Advice a"]
    (out,) = await goes_out(session)
    assert [place["id"] for s in out["services"] for place in s["service_at_locations"]] == [
        "x3",
        "x1",
    ]
    assert [place["x"] for s in out["services"] for place in s["service_at_locations"]] == [
        "x3",
        "x1",
    ]


async def test_what_the_terms_of_others_do_not_say_stays_as_it_is(
    session: AsyncSession, now: datetime
) -> None:
    term = {"id": "t1", "code": "X1", "name": "Something", "description": ""}
    about = {"attributes": [{"id": "a1", "taxonomy_term": term}], "interpretation_services": None}
    await brings(session, directory(one("a")), now)
    service = (await session.scalars(select(Service))).one()
    service.need, service.kind = Need.FINANCE, Kind.NETWORK
    service.online, service.interpretation, service.profiles = True, True, ["woman"]
    await session.flush()
    plan = await brings(session, directory(one("a", **about)), now)
    assert [change.field for change in plan.changes] == ["terms"]
    await session.refresh(service)
    assert (service.need, service.kind, service.profiles) == ("finance", "network", ["woman"])
    assert (service.online, service.interpretation) == (True, True)
    other = [*(await goes_out(session))[0]["services"][0]["attributes"]]
    assert [attribute["taxonomy_term"]["code"] for attribute in other] == [
        "X1",
        "diwan:need",
        "diwan:kind",
        "diwan:profile",
        "diwan:online",
    ]


async def test_every_value_that_an_import_has_changed_can_be_put_back_from_the_log(
    session: AsyncSession, now: datetime
) -> None:
    def own(of: str, value: str) -> dict[str, Any]:
        term = {"id": f"t{of}", "code": f"diwan:{of}", "name": of, "taxonomy": "diwan"}
        return {"id": f"{of}{value}", "value": value, "taxonomy_term": term}

    def said(
        name: str, mail: str, code: str, cost: int, currency: str, *values: str
    ) -> dict[str, Any]:
        kinds = ("need", "kind", "profile", "strength", "online")
        return one(
            "a",
            name=name,
            email=mail,
            fees_description=f"It costs {cost}.",
            languages=[{"id": "x", "code": code}],
            cost_options=[{"id": "y", "amount": cost, "currency": currency}],
            attributes=[own(kind, value) for kind, value in zip(kinds, values, strict=True)],
        )

    first = said("Advice", "desk@here", "ar", 5, "EUR", "tax", "network", "woman", "tax", "false")
    other = said(
        "Help", "a@b.example", "uk", 9, "CHF", "legal", "service", "youth", "legal", "true"
    )
    steps = {"application_process": "Come.\n1. Call us\n2. Come"}
    await brings(session, directory(first), now)
    service = (await session.scalars(select(Service))).one()
    organization = await session.get_one(Organization, service.organization_id)
    boss = (await session.scalars(select(Person).where(Person.telegram_id == 7))).one()

    async def log() -> Sequence[Metadata]:
        return (await entries.log(session, boss, organization, now, size=100)).rows

    before = len(await log())

    async def stands(fields: Sequence[str]) -> list[str]:
        await session.refresh(service)
        return [await facts.value(session, service, field) for field in fields]

    names = [f"{name}:en" for name in ("name", "fees", "application", "steps")]
    every = [*names, *facts.OF_SERVICE, "strengths"]
    stood = await stands(every)
    await brings(session, directory({**other, **steps}), now)
    changed = await stands(every)
    new = (await log())[:-before]
    lines = {line.field_name: (line.previous_value, line.replacement_value) for line in new}
    assert lines == {
        field: (old, is_now)
        for field, old, is_now in zip(every, stood, changed, strict=True)
        if old != is_now
    }
    assert len(lines) == 13
    for line in new:
        seen = entries.seal_of(line)
        await entries.put_back(session, boss, organization.ref, seen, now)
    assert await stands(every) == stood


# Hours


def with_hours(uid: str, *spans: str, **more: Any) -> dict[str, Any]:
    """Return what has these hours: ``MO 09:00-17:00``."""
    read = [re.fullmatch(r"(\S+) (\S+)-(\S+)", span) for span in spans]
    schedules = [
        {"id": f"{uid}{at}", "byday": found[1], "opens_at": found[2], "closes_at": found[3]}
        for at, found in enumerate(read)
        if found
    ]
    return {"id": uid, "schedules": schedules, **more}


async def test_hours_at_a_place_are_those_of_what_is_given_there(
    session: AsyncSession, now: datetime
) -> None:
    def there(uid: str, *spans: str) -> dict[str, Any]:
        return with_hours(uid, *spans, location_id="l1")

    place = with_hours("l1", "MO,FR 09:00-17:00", name="Hall", location_type="physical")
    services = (
        one("place", service_at_locations=[there("x1")]),
        one("there", service_at_locations=[there("x2", "TU 10:00-12:00")]),
        with_hours("own", "WE 08:00-09:00", service_at_locations=[there("x3")], name="own"),
    )
    said = directory(*services, locations=[place])
    await brings(session, said, now)
    rows = {str(row.hsds_id): row for row in await session.scalars(select(Service))}
    found = await hours.weeks(session, [row.id for row in rows.values()])
    assert {uid: found[row.id] for uid, row in rows.items()} == {
        "place": "MO 09:00-17:00\nFR 09:00-17:00",
        "there": "TU 10:00-12:00",
        "own": "WE 08:00-09:00",
    }
    (out,) = await goes_out(session)
    for service in out["services"]:
        for at in service["service_at_locations"]:
            assert at.pop("location")["schedules"] == place["schedules"]
            at["location_id"] = "l1"
    by_id = {service["id"]: service for service in out["services"]}
    for service in said["services"]:
        came = by_id[service["id"]]
        assert (
            came["service_at_locations"][0].get("schedules", [])
            == (service["service_at_locations"][0]["schedules"])
        )
    assert (await brings(session, await goes_out(session), now)).count == 0
    monday, reader = datetime(2026, 11, 23, 10, 30, tzinfo=UTC), Reader((), None)
    for at, uid in ((monday, "place"), (monday + timedelta(days=1), "there")):
        look = Look(is_open_now=True)
        fits = (await providers.find_services(session, look, reader, at, zone="UTC")).fits
        assert [fit.service.hsds_id for fit in fits] == [uid]
    closed = one("there", service_at_locations=[])
    plan = await brings(session, directory(closed, locations=[place]), now)
    assert [change.kind for change in plan.changes] == ["service_at_location", "schedule"]
    assert await hours.week(session, rows["there"]) == ""


async def test_the_staff_changes_a_day_of_hours_that_overlap_and_keeps_the_others(
    session: AsyncSession, now: datetime
) -> None:
    spans = ("MO,TU 09:00-12:00", "MO 11:00-14:00", "MO 14:00-15:00", "TU,SA 20:00-08:30")
    service = with_hours("a", *spans, name="Advice")
    await brings(session, directory(service), now)
    row = (await session.scalars(select(Service))).one()
    boss = (await session.scalars(select(Person).where(Person.telegram_id == 7))).one()
    week = "MO 09:00-15:00\nTU 09:00-12:00 20:00-08:30\nSA 20:00-08:30"
    assert await hours.week(session, row) == week

    async def says(text: str) -> bool:
        return await noting.put(session, boss, row, "hours", text, now, by=Who.COORDINATOR)

    assert not await says(week)
    assert await says(week.replace("MO 09:00-15:00", "MO 10:00-12:00 22:00-02:00"))
    ids = await session.scalars(select(Schedule.hsds_id).order_by(Schedule.id))
    assert list(ids) == ["a0", "a3", None, None]
    with pytest.raises(NotUnderstoodError):
        await says(week.replace("MO 09:00-15:00", "MO 17:00-09:00"))
    assert await says(week.replace("\nTU 09:00-12:00 20:00-08:30", ""))
    assert await hours.week(session, row) == "MO 09:00-15:00\nSA 20:00-08:30"


@pytest.mark.parametrize(
    ("spans", "one"),
    [
        ("09:00-12:00 12:00-14:00", "09:00-14:00"),
        ("09:00-18:00 10:00-11:00", "09:00-18:00"),
        ("20:00-02:00 23:00-24:00 08:00-09:00", "08:00-09:00 20:00-02:00"),
        ("20:00-00:00", "20:00-24:00"),
        ("09:00-08:00 07:00-10:00", "00:00-24:00"),
    ],
)
def test_what_overlaps_or_touches_is_one_and_can_be_read_again(spans: str, one: str) -> None:
    every = [(span[:5], span[6:]) for span in spans.split()]
    assert hours.joined(hours.merged(every)) == one
    assert hours.read_spans(one, hours.DAY) == hours.merged(every)


async def test_an_area_is_known_by_any_of_its_names_and_one_of_others_is_kept(
    session: AsyncSession, now: datetime
) -> None:
    await brings(session, directory(one("a")), now)
    boss = (await session.scalars(select(Person).where(Person.telegram_id == 7))).one()
    old_town = await areas.create(session, boss, "Europe/Paris", now)
    for language, name in (("en", "Old Town"), ("fr", "Vieille ville")):
        words = {"name": name}
        await translations.write(session, boss, "area", old_town.id, language, words, now)
    there = {"service_areas": [{"id": "z1", "name": "Vieille Ville", "extent": "all of it"}]}
    plan = await brings(session, directory(one("a", **there)), now)
    assert told(plan) == ["✏️ Service Advice a, area: “” → “Old Town”"]
    service = (await session.scalars(select(Service))).one()
    assert service.area_id == old_town.id
    log = await session.scalar(
        select(Metadata.replacement_value).where(Metadata.field_name == "area")
    )
    assert log == old_town.ref
    assert (await goes_out(session))[0]["services"][0]["service_areas"] == there["service_areas"]
    service.area_id = None
    far = {"service_areas": [{"id": "z2", "name": "Mars"}]}
    await session.flush()
    await brings(session, directory(one("a", **far)), now)
    assert (await goes_out(session))[0]["services"][0]["service_areas"] == far["service_areas"]
