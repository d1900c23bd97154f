"""A directory that comes again: what it has elsewhere moves, and what it does not say stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

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
)
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
