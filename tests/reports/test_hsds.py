"""The directory goes out as HSDS 3.0 and comes in again, and nothing is lost on the way."""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import areas
from community.people import Person
from community.providers import Location, comparing, importing
from community.providers.items import Plan
from community.roles import Role, RoleName
from reports.hsds import files, tables, writing
from reports.hsds.known import Known, known_areas

REFERENCE = os.environ.get("HSDS_REFERENCE", "")
needs_reference = pytest.mark.skipif(
    not REFERENCE, reason="HSDS_REFERENCE names no folder with the schemas and examples"
)
EXAMPLES = ("organization_full", "service_full", "service_at_location_full")


async def a_coordinator(session: AsyncSession, now: datetime) -> Person:
    person = Person(telegram_id=7, name="Cora", language="en", met_at=now)
    session.add(person)
    await session.flush()
    session.add(Role(person_id=person.id, name=RoleName.COORDINATOR, granted_at=now))
    await session.flush()
    return person


async def brings(session: AsyncSession, content: Any, now: datetime, language: str = "en") -> Plan:
    """Import what is given as a path, as files, or as objects."""
    known = Known(areas=await known_areas(session, language))
    person = await session.scalar(select(Person).where(Person.telegram_id == 7))
    person = person or await a_coordinator(session, now)
    if isinstance(content, Path):
        directory = files.from_path(content, known)
    elif isinstance(content, dict) and all(isinstance(one, bytes) for one in content.values()):
        directory = files.read([files.Given(*one) for one in content.items()], known)
    else:
        directory = files.read([files.Given("x.json", json.dumps(content).encode())], known)
    plan = await comparing.compare(session, person, directory, language, now)
    await importing.write(session, person, plan, language, now)
    return plan


async def goes_out(session: AsyncSession, language: str = "en") -> list[dict[str, Any]]:
    return [one async for one in writing.organizations(session, language)]


def example(name: str) -> Any:
    return json.loads((Path(REFERENCE) / "examples" / f"{name}.json").read_text())


@needs_reference
@pytest.mark.parametrize("name", EXAMPLES)
async def test_a_published_example_comes_in_and_goes_out_as_it_was(
    session: AsyncSession, now: datetime, name: str
) -> None:
    said = example(name)
    plan = await brings(session, Path(REFERENCE) / "examples" / f"{name}.json", now)
    assert plan.new
    assert not plan.changes
    (out,) = await goes_out(session)
    if name == "organization_full":
        assert out == said
        return
    if name == "service_at_location_full":
        service = said.pop("service")
        service["service_at_locations"] = [said]
        said = service
    organization = said.pop("organization")
    assert out.pop("services") == [said]
    assert out == organization


@needs_reference
@pytest.mark.parametrize("name", EXAMPLES)
async def test_what_went_out_changes_nothing_when_it_comes_back(
    session: AsyncSession, now: datetime, name: str
) -> None:
    await brings(session, Path(REFERENCE) / "examples" / f"{name}.json", now)
    out = await goes_out(session)
    assert (await brings(session, out, now)).count == 0
    package = tables.package(out)
    assert (await brings(session, package, now)).count == 0


@needs_reference
@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_schemas_accept_what_goes_out_of_what_came_in(
    session: AsyncSession, now: datetime, name: str
) -> None:
    await brings(session, Path(REFERENCE) / "examples" / f"{name}.json", now)
    accepted(await goes_out(session))


@needs_reference
async def test_the_schemas_accept_the_sample_network(session: AsyncSession, now: datetime) -> None:
    from community.base import find
    from community.providers import Service

    await a_made_directory(session, now)
    out = await goes_out(session)
    accepted(out)
    assert [one["name"] for one in out] == ["Chamber of Commerce"]
    (service,) = out[0]["services"]
    assert service["application_process"] == "Write to us first.\n1. Make an appointment\n2. Come"
    assert (await brings(session, out, now)).count == 0
    assert (await brings(session, tables.package(out), now)).count == 0
    assert [area["name"] for area in service["service_areas"]] == ["Town"]
    assert [one["document"] for one in service["required_documents"]] == [
        "Passport",
        "Plan",
        "Passport\nA photo",
    ]
    row = (await session.scalars(select(Service))).one()
    assert (await find(session, Service, row.ref)).hsds_id is None


def accepted(organizations: Iterable[dict[str, Any]]) -> None:
    """Check against the published schemas: organisations, and each service by itself."""
    from jsonschema import Draft202012Validator

    folder = Path(REFERENCE) / "schema"
    whole, alone = (
        Draft202012Validator(json.loads((folder / f"{name}.json").read_text()))
        for name in ("organization", "service")
    )
    for one in organizations:
        assert [error.message for error in whole.iter_errors(one)] == []
        for service in one.get("services", ()):
            assert [error.message for error in alone.iter_errors(service)] == []


async def a_made_directory(session: AsyncSession, now: datetime) -> None:
    """Let a coordinator make a directory here, with one of everything."""
    from community import providers, translations
    from community.lifecycle import Who
    from community.needs import Need
    from community.providers import (
        Contact,
        Kind,
        Location,
        Program,
        Schedule,
        ServiceAtLocation,
        ServiceTerm,
        Strength,
        TaxonomyTerm,
    )

    boss = await a_coordinator(session, now)
    help_desk = await providers.create_organization(
        session, boss, "Chamber of Commerce", "en", now
    )
    help_desk.email, help_desk.phone = "info@example.org", "+33 1 23"
    town, quarter = [await areas.create(session, boss, "Europe/Paris", now) for _ in range(2)]
    for area, name in ((town, "Town"), (quarter, "Harbour")):
        by = Who.COORDINATOR
        await translations.write(session, boss, "area", area.id, "en", {"name": name}, now, by=by)
    program = Program(organization_id=help_desk.id, made_at=now)
    session.add(program)
    await session.flush()
    await translations.write(
        session, boss, "program", program.id, "en", {"name": "Start"}, now, by=Who.COORDINATOR
    )
    service = await providers.create_service(
        session,
        boss,
        help_desk.ref,
        Need.FINANCE,
        ["ar", "fr"],
        {
            "name": "Founders' network",
            "application": "Write to us first.",
            "documents": "Passport\nPlan",
            "accessibility": "Lift",
        },
        "en",
        now,
        cost=Decimal("12.50"),
        interpretation=True,
        steps=["Make an appointment", "Come"],
    )
    service.kind, service.profiles, service.program_id = Kind.NETWORK, ["woman"], program.id
    service.online, service.area_id = True, town.id
    step = (await providers.steps(session, service))[1]
    papers = {"documents": "Passport\nA photo"}
    await translations.write(session, boss, "step", step.id, "en", papers, now, by=by)
    place = Location(
        area_id=quarter.id,
        organization_id=help_desk.id,
        latitude=48.85,
        longitude=2.35,
        address="1 Street, Town",
        step_free=True,
        made_at=now,
    )
    term = TaxonomyTerm(code="F1", name="Funding", taxonomy="Theirs", need=Need.FINANCE)
    session.add_all([place, term])
    await session.flush()
    session.add_all(
        [
            ServiceAtLocation(service_id=service.id, location_id=place.id),
            Schedule(location_id=place.id, byday="MO,TU", opens_at="09:00", closes_at="17:30"),
            Contact(service_id=service.id, name="Desk", email="desk@example.org"),
            ServiceTerm(service_id=service.id, term_id=term.id),
            Strength(service_id=service.id, need=Need.FINANCE, is_strength=True),
            Strength(service_id=service.id, need=Need.CUSTOMERS, is_strength=False),
        ]
    )
    await session.flush()


async def test_a_network_with_its_strengths_goes_to_another_place_and_is_the_same_there(
    database: Database, session: AsyncSession, now: datetime
) -> None:
    from community import providers, translations
    from community.providers import Kind, Service, Strength

    await a_made_directory(session, now)
    out = await goes_out(session)
    others = json.loads(json.dumps(out).replace(out[0]["id"], "another"))
    for kind in ("services", "locations", "programs"):
        for one in others[0][kind]:
            old, new = one["id"], f"new {one['id'][:20]}"
            others = json.loads(json.dumps(others).replace(old, new))
    for one in others[0]["services"]:
        for key in ("service_at_locations", "contacts"):
            one[key][0]["id"] = f"new {key}"
        one["assured_date"] = "2026-01-01"
    for place in (
        others[0]["locations"][0],
        others[0]["services"][0]["service_at_locations"][0]["location"],
    ):
        place["schedules"][0]["id"] = "new schedule"
    plan = await brings(session, others, now)
    assert not plan.changes
    first, second = await session.scalars(select(Service).order_by(Service.id))
    for column in (
        "kind",
        "need",
        "languages",
        "interpretation",
        "online",
        "area_id",
        "cost",
        "currency",
        "profiles",
    ):
        assert getattr(first, column) == getattr(second, column), column
    assert second.kind == Kind.NETWORK
    strengths = await session.execute(
        select(Strength.need, Strength.is_strength).where(Strength.service_id == second.id)
    )
    assert {tuple(row) for row in strengths} == {("finance", True), ("customers", False)}
    steps = await providers.steps(session, second)
    words = await translations.texts(session, "step", [step.id for step in steps])
    assert [{text.field: text.text for text in words[step.id]} for step in steps] == [
        {"text": "Make an appointment"},
        {"text": "Come", "documents": "Passport\nA photo"},
    ]
    here, there = await session.scalars(select(Location.area_id).order_by(Location.id))
    assert here == there
    assert (await goes_out(session))[1] == others[0]


async def test_what_changes_here_goes_out_over_what_was_imported(
    session: AsyncSession, now: datetime
) -> None:
    from community.providers import Organization, Service

    schedule = {"id": "h1", "byday": "MO", "opens_at": "09:00:00", "closes_at": "17:00", "x": [1]}
    phones = [{"id": "p", "number": "1", "x": {}}, {"id": "q", "number": "2"}]
    said: dict[str, Any] = {
        "id": "o1",
        "name": "Help",
        "description": "",
        "phones": phones,
        "services": [
            {
                "id": "s1",
                "name": "Advice",
                "status": "defunct",
                "assured_date": "2026-01-01",
                "wait_time": "long " * 100,
                "schedules": [schedule, {"id": "h2", "freq": "MONTHLY", "timezone": 3}],
                "programs_of_tomorrow": [None, {"deep": [1.5, True]}],
            }
        ],
    }
    await brings(session, said, now)
    assert await goes_out(session) == [said]
    organization = (await session.scalars(select(Organization))).one()
    service = (await session.scalars(select(Service))).one()
    assert (service.is_open, organization.phone) == (False, "1")
    service.is_open, organization.phone = True, "3"
    await session.flush()
    (out,) = await goes_out(session)
    assert out["services"][0].pop("status") == "active"
    assert [one["number"] for one in out.pop("phones")] == ["3"]
    said["services"][0].pop("status")
    said.pop("phones")
    assert out == said


async def test_a_changed_word_makes_its_translations_stale_and_the_log_says_who(
    session: AsyncSession, now: datetime
) -> None:
    from community import translations
    from community.providers import Metadata, Organization
    from community.translations import State

    said = {"id": "o1", "name": "Help", "description": "We help"}
    await brings(session, said, now)
    organization = (await session.scalars(select(Organization))).one()
    boss = await session.scalar(select(Person).where(Person.telegram_id == 7))
    await translations.write(
        session, boss, "organization", organization.id, "fr", {"name": "Aide"}, now
    )
    plan = await brings(session, {**said, "name": "Better help"}, now)
    assert [(one.field, one.before, one.after) for one in plan.changes] == [
        ("name:en", "Help", "Better help")
    ]
    rows = (await translations.texts(session, "organization", [organization.id]))[organization.id]
    assert {(row.language, row.field): row.state for row in rows} == {
        ("en", "name"): State.APPROVED,
        ("en", "description"): State.APPROVED,
        ("fr", "name"): State.STALE,
    }
    log = await session.scalars(select(Metadata).order_by(Metadata.id))
    assert [
        (one.last_action_type, one.field_name, one.previous_value, one.replacement_value)
        for one in log
        if one.last_action_type != "confirm"
    ] == [("create", "name:en", "", "Help"), ("update", "name:en", "Help", "Better help")]


async def test_what_a_file_leaves_out_stays_and_what_its_lists_leave_out_goes(
    session: AsyncSession, now: datetime
) -> None:
    schedules = [
        {"id": f"h{n}", "byday": "MO", "opens_at": f"0{n}:00", "closes_at": "17:00"}
        for n in (8, 9)
    ]
    service = {"id": "s1", "name": "Advice", "status": "active", "email": "a@example.org"}
    said = {"id": "o1", "name": "Help", "description": "We help"}
    await brings(session, {**said, "services": [{**service, "schedules": schedules}]}, now)
    plan = await brings(session, {"id": "o1", "name": "Help"}, now)
    assert plan.count == 0
    shorter = {"id": "s1", "name": "Advice", "status": "active", "schedules": schedules[1:]}
    plan = await brings(session, {**said, "services": [shorter]}, now)
    assert [(one.kind, one.field, one.before) for one in plan.changes] == [
        ("schedule", "", "Advice")
    ]
    (out,) = await goes_out(session)
    day = now.date().isoformat()  # of a file that names none, that of the import
    assert out["services"] == [{**service, "schedules": schedules[1:], "assured_date": day}]


async def test_a_place_lies_in_the_nearest_area_so_that_who_lives_there_finds_it(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    here = await areas.create(session, boss, "Europe/Paris", now, latitude=48.85, longitude=2.35)
    await areas.create(session, boss, "Europe/Paris", now, latitude=48.95, longitude=2.45)
    places = [
        {"id": identifier(1), "location_type": "physical", "latitude": 48.86, "longitude": 2.34},
        {"id": identifier(2), "location_type": "physical", "latitude": 43.3, "longitude": 5.4},
        {"id": identifier(3), "location_type": "physical"},
    ]
    content = {"id": identifier(4), "name": "A", "description": "B", "locations": places}
    await brings(session, content, now)
    rows = await session.execute(select(Location.hsds_id, Location.area_id))
    assert dict(rows.all()) == {
        identifier(1): here.id,
        identifier(2): None,
        identifier(3): None,
    }


def identifier(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


async def test_terms_of_others_find_our_needs_by_code_and_by_name_in_any_language(
    session: AsyncSession, now: datetime
) -> None:
    from community.needs import Need
    from community.providers import Service
    from handlers import hsds

    def about(uid: str, code: str, name: str) -> dict[str, Any]:
        term = {"id": f"t{uid}", "code": code, "name": name, "description": ""}
        attribute = {"id": f"a{uid}", "taxonomy_term": term}
        return {"id": uid, "name": uid, "status": "active", "attributes": [attribute]}

    services = [about("1", "finance", "?"), about("2", "X", "Impôts"), about("3", "Y", "Zebra")]
    content = json.dumps({"id": "o1", "name": "Help", "services": services}).encode()
    assert hsds.needs()
    named = Known({"impots": Need.TAX})
    boss = await a_coordinator(session, now)
    directory = files.read([files.Given("x.json", content)], named)
    plan = await comparing.compare(session, boss, directory, "en", now)
    await importing.write(session, boss, plan, "en", now)
    found = await session.scalars(select(Service.need).order_by(Service.id))
    assert list(found) == [Need.FINANCE, Need.TAX, Need.OTHER]


async def test_every_shape_of_a_file_says_the_same(session: AsyncSession, now: datetime) -> None:
    service = {"id": "s1", "name": "Advice", "status": "active"}
    said = {"id": "o1", "name": "Help", "description": "", "services": [service]}
    await brings(session, said, now)
    line = json.dumps(said).encode()
    with_owner = {**service, "organization": {k: v for k, v in said.items() if k != "services"}}
    place = {"id": "l1", "location_type": "virtual"}
    for shape in (
        {"a.json": line},
        {"a.json": b"[" + line + b"]"},
        {"a.json": b'{"total_pages": 1, "contents": [' + line + b"]}"},
        {"a.jsonl": line + b"\n\n" + line + b"\n"},
        {"a.json": json.dumps(with_owner).encode()},
        {"a.json": json.dumps(with_owner).encode(), "b.json": line},
    ):
        assert (await brings(session, shape, now)).count == 0, shape
    there = {"id": "x1", "service": with_owner, "location": place}
    plan = await brings(session, {"a.json": json.dumps(there).encode()}, now)
    assert [item.kind for item in plan.new] == ["location", "service_at_location"]


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # to make a failure smaller takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_whatever_comes_in_goes_out_again(
    database: Database, now: datetime, data: st.DataObject
) -> None:
    letters = st.text(
        st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n'=+-@,;\"\t"),
        max_size=30,
    )
    anything = st.recursive(
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | letters,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=3),
        max_leaves=6,
    )
    name = letters.filter(lambda text: text.strip() != "")
    more = st.dictionaries(letters.map(lambda text: f"x_{text}"), anything, max_size=3)
    count = iter(range(10**6))

    def uid() -> str:
        return f"id{next(count)}"

    def phone() -> dict[str, Any]:
        return {"id": uid(), "number": "+1 23", **data.draw(more)}

    def service() -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": uid(),
            "name": data.draw(name),
            "status": data.draw(st.sampled_from(["active", "inactive", "temporarily closed"])),
            "assured_date": "2026-01-01",
            **data.draw(more),
        }
        for key in ("description", "application_process", "wait_time", "url", "email"):
            if data.draw(st.booleans()):
                made[key] = data.draw(letters)
        if data.draw(st.booleans()):
            made["phones"] = [phone() for _ in range(data.draw(st.integers(0, 2)))]
        if data.draw(st.booleans()):
            amounts = st.integers(0, 900) | st.floats(0, 900)
            made["cost_options"] = [{"id": uid(), "amount": data.draw(amounts)}]
        if data.draw(st.booleans()):
            codes = st.sampled_from(["ar", "eng", "uk", "fr-CA"])
            made["languages"] = [{"id": uid(), "code": data.draw(codes)} for _ in range(2)]
        if data.draw(st.booleans()):
            hours = {"id": uid(), "byday": "MO, FR", "opens_at": "08:00:00", "closes_at": "9:30"}
            made["schedules"] = [{**hours, **data.draw(more)}, {"id": uid(), **data.draw(more)}]
        return made

    said = [
        {
            "id": uid(),
            "name": data.draw(name),
            "description": data.draw(letters),
            **data.draw(more),
            "services": [service() for _ in range(data.draw(st.integers(1, 2)))],
        }
        for _ in range(data.draw(st.integers(1, 2)))
    ]
    async with database.sessions() as session:
        await brings(session, said, now)
        out = await goes_out(session)
        assert out == json.loads(json.dumps(said))
        assert (await brings(session, tables.package(out), now)).count == 0
        assert await goes_out(session) == out
        await session.rollback()
