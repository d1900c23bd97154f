"""An organisation's own people keep its entry; every change is in the log and can be put back."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, erasure, memory, providers, roles, translating, translations
from community.deliveries import Delivery
from community.errors import (
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    RefusalError,
)
from community.lifecycle import Who
from community.needs import Need
from community.people import Person, Profile
from community.providers import Kind, Metadata, Organization, Service, entries, facts
from community.roles import Role, RoleName
from community.translations import Reads, State
from tests.community.test_providers import a_coordinator, a_person, a_service

DAY = timedelta(days=1)


@dataclass
class House:
    """An organisation with a service, and two people of its staff."""

    session: AsyncSession
    boss: Person
    organization: Organization
    service: Service
    staff: Person
    colleague: Person

    async def words(self, language: str, field: str) -> str:
        return await facts.value(self.session, self.service, f"{field}:{language}")

    async def log(self) -> Sequence[Metadata]:
        every = await entries.log(self.session, self.boss, self.organization, self.now, size=1000)
        return every.rows

    now: datetime


async def a_house(session: AsyncSession, now: datetime, **facts: Any) -> House:
    boss = await a_coordinator(session, now)
    service = await a_service(session, boss, now, **{"steps": ["Call.", "Come."], **facts})
    organization = await session.get_one(Organization, service.organization_id)
    staff, colleague = [await staff_of(session, organization, n, now) for n in (11, 12)]
    return House(session, boss, organization, service, staff, colleague, now)


async def staff_of(
    session: AsyncSession, organization: Organization, number: int, now: datetime, **more: Any
) -> Person:
    person = await a_person(session, number, now)
    role = Role(
        person_id=person.id,
        name=RoleName.PROVIDER_STAFF,
        organization_id=organization.id,
        granted_at=now,
        **more,
    )
    session.add(role)
    await session.flush()
    return person


# Who may


async def outsiders(house: House, now: datetime) -> dict[str, Person]:
    session = house.session
    other = await providers.create_organization(session, house.boss, "Other", "en", now)
    return {
        "another's staff": await staff_of(session, other, 21, now),
        "ended": await staff_of(session, house.organization, 22, now, revoked_at=now - DAY),
        "run out": await staff_of(session, house.organization, 23, now, until=now),
        "member": await a_person(session, 24, now),
        "animator": await a_person(session, 25, now, RoleName.ANIMATOR),
        "translator": await a_person(session, 26, now, RoleName.TRANSLATOR),
        "administrator": await a_person(session, 27, now, RoleName.ADMINISTRATOR),
    }


async def test_only_the_own_staff_writes_and_only_while_the_role_holds(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    ref, place = house.service.ref, house.organization.ref
    for who in [*(await outsiders(house, now)).values(), house.boss]:
        for attempt in (
            entries.change(session, who, ref, {"cost": "5"}, now),
            entries.change(session, who, place, {"phone": "012345"}, now),
            entries.opened(session, who, place, now),
            entries.opened_service(session, who, ref, now),
            roles.speak(session, who, house.organization.id, "fr", now),
        ):
            with pytest.raises(NotAllowedError):
                await attempt
        assert await entries.own(session, who, now) in ([], [await other_of(house, who)])
    assert house.service.cost is None
    assert house.organization.phone is None
    assert await entries.own(session, house.staff, now) == [house.organization]


async def other_of(house: House, person: Person) -> Organization | None:
    held = await roles.held(house.session, person, house.now)
    number = next((role.organization_id for role in held if role.organization_id), 0)
    return await house.session.get(Organization, number)


async def test_only_the_staff_or_a_coordinator_confirms_and_only_a_coordinator_reads_the_log(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    strangers = await outsiders(house, now)
    line = (await house.log())[0]
    for who in strangers.values():
        with pytest.raises(NotAllowedError):
            await providers.confirm(session, who, house.organization.ref, now)
    for who in [*strangers.values(), house.staff]:
        for attempt in (
            entries.log(session, who, house.organization, now, size=8),
            providers.unconfirmed(session, who, now, size=8),
            entries.put_back(session, who, house.organization.ref, entries.seal_of(line), now),
        ):
            with pytest.raises(NotAllowedError):
                await attempt
    assert house.organization.confirmed_at is None
    for who in (house.colleague, house.boss):
        now += DAY
        await providers.confirm(session, who, house.organization.ref, now)
        assert house.organization.confirmed_at == now


@pytest.mark.parametrize("field", ["need", "kind", "is_open", "profiles", "strengths", "made_at"])
async def test_what_is_the_coordinators_to_say_the_staff_cannot(
    session: AsyncSession, now: datetime, field: str
) -> None:
    house = await a_house(session, now)
    with pytest.raises(NotAllowedError):
        await entries.change(session, house.staff, house.service.ref, {field: "x"}, now)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("cost", "-1"),
        ("cost", "NaN"),
        ("cost", "a lot"),
        ("cost", "10000000"),
        ("capacity", "-1"),
        ("capacity", "٣"),
        ("capacity", "99999"),
        ("languages", "fr,<b>"),
        ("email", "not an address"),
        ("url", "javascript:alert(1)"),
        ("phone", "call me"),
        ("full_until", "tomorrow"),
        ("interpretation", "yes"),
        ("hours", "MO 12:00-09:00"),
        ("hours", "MO 09:00-12:00 11:00-13:00"),
        ("hours", "XX 09:00-12:00"),
        ("hours", "MO 09:00-12:00 tea"),
        ("hours", "MO 09:00-24:30"),
        ("name:en", ""),
        ("name:en", "x" * 121),
        ("nothing:en", "x"),
        ("name:<b>", "x"),
        ("steps:en", "\n".join("abcdefghijklm")),
    ],
)
async def test_what_does_not_fit_its_field_is_refused_and_changes_nothing(
    session: AsyncSession, now: datetime, field: str, text: str
) -> None:
    house = await a_house(session, now)
    before = len(await house.log())
    with pytest.raises(NotUnderstoodError):
        await entries.change(session, house.staff, house.service.ref, {field: text}, now)
    assert len(await house.log()) == before


# Writing


async def test_the_own_words_count_at_once_and_their_translations_are_out_of_date(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    words = {"name": "Conseil"}
    await providers.translate(session, house.boss, "service", house.service.ref, "fr", words, now)
    changes = {"name:en": "Better advice", "fees:en": "None for members."}
    await entries.change(session, house.staff, house.service.ref, changes, now)
    source, found = await translations.standings(session, "service", house.service.id)
    assert (source, found["en"].state) == ("en", State.APPROVED)
    assert found["en"].fields == {"name": "Better advice", "fees": "None for members."}
    rows = (await translations.texts(session, "service", [house.service.id]))[house.service.id]
    stands = {(row.language, row.field): row.state for row in rows}
    assert stands["fr", "name"] == State.STALE
    block = await translations.block(session, "service", house.service.id, Reads("fr"), "en")
    assert block is not None
    assert block.get("name") == "Better advice"


async def test_in_another_language_the_staff_translates_and_somebody_else_reads_it_first(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    ref = house.service.ref
    await entries.change(session, house.staff, ref, {"name:fr": "Conseil"}, now)
    rows = (await translations.texts(session, "service", [house.service.id]))[house.service.id]
    draft = next(row for row in rows if row.language == "fr")
    assert (draft.state, draft.written_as) == (State.DRAFT, Who.PROVIDER)
    assert await house.words("en", "name") == "Advice"
    seen = translations.seal("Advice", "Conseil")
    await translating.approve(session, house.boss, ("service", ref, "name", "fr"), seen, now)
    with pytest.raises(IllegalMoveError):
        await entries.change(session, house.staff, ref, {"name:fr": "Conseils"}, now)


async def test_a_text_that_is_taken_out_goes_in_every_language(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    ref = house.service.ref
    await entries.change(session, house.staff, ref, {"fees:en": "10 a month"}, now)
    words = {"fees": "10 par mois"}
    await providers.translate(session, house.boss, "service", ref, "fr", words, now)
    await entries.change(session, house.staff, ref, {"fees:en": ""}, now)
    assert [await house.words(language, "fees") for language in ("en", "fr")] == ["", ""]


async def test_what_was_shown_is_what_is_saved_or_nothing_is(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    ref, changes = house.service.ref, {"cost": "20", "fees:en": "By month."}
    seen = await entries.seal(session, house.service, changes)
    await entries.change(session, house.colleague, ref, {"cost": "15"}, now)
    with pytest.raises(ChangedError):
        await entries.change(session, house.staff, ref, changes, now, seen=seen)
    other = {**changes, "cost": "30"}
    seen = await entries.seal(session, house.service, changes)
    with pytest.raises(ChangedError):
        await entries.change(session, house.staff, ref, other, now, seen=seen)
    assert house.service.cost == Decimal(15)
    await entries.change(session, house.staff, ref, changes, now, seen=seen)
    assert house.service.cost == Decimal(20)


async def test_only_a_word_of_their_own_confirms_the_rest_of_the_entry(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    await entries.change(session, house.staff, house.service.ref, {"cost": "5"}, now)
    assert house.organization.confirmed_at is None
    changes = {"cost": "6"}
    await entries.change(session, house.staff, house.service.ref, changes, now, confirms=True)
    assert house.organization.confirmed_at == now


async def test_steps_that_stay_keep_who_has_ticked_them(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now, steps=["Call.", "Come.", "Sign."])
    member = await a_person(session, 30, now)
    call, come, sign = await providers.steps(session, house.service)
    for step in (call, sign):
        await providers.tick(session, member, step.ref, now, done=True)
    lines = "Read the page.\nCall.\nCome on time.\nSign."
    await entries.change(session, house.staff, house.service.ref, {"steps:en": lines}, now)
    assert await house.words("en", "steps") == lines
    _first, *others = await providers.steps(session, house.service)
    assert [step.id for step in others] == [call.id, come.id, sign.id]
    assert await providers.ticked(session, member, house.service) == {call.id, sign.id}
    await entries.change(session, house.staff, house.service.ref, {"steps:en": "Sign."}, now)
    assert await providers.steps(session, house.service) == [sign]
    assert await providers.ticked(session, member, house.service) == {sign.id}
    assert sign.position == 1
    changes = {"steps:fr": "Un.\nDeux."}
    with pytest.raises(NotUnderstoodError):
        await entries.change(session, house.staff, house.service.ref, changes, now)


async def test_the_hours_of_a_week_are_read_as_they_were_written(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    week = "MO 09:00-12:00 14:00-17:00\nTU 09:00-12:00\nSU 20:00-24:00"
    await entries.change(session, house.staff, house.service.ref, {"hours": week}, now)
    assert await facts.value(session, house.service, "hours") == week
    rows = list(await session.scalars(select(providers.Schedule)))
    spans = {row.byday: (row.opens_at, row.closes_at) for row in rows}
    assert spans["MO,TU"] == ("09:00", "12:00")
    await entries.change(session, house.staff, house.service.ref, {"hours": ""}, now)
    assert list(await session.scalars(select(providers.Schedule))) == []


async def test_the_coordinators_are_told_once_a_day_of_what_has_changed(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    for moment, cost in ((now, "5"), (now, "5"), (now, "6"), (now + DAY, "7")):
        await entries.change(session, house.staff, house.service.ref, {"cost": cost}, moment)
    rows = (await session.scalars(select(Delivery).order_by(Delivery.id))).all()
    assert [(row.person_id, row.args["what"]) for row in rows] == [
        (house.boss.id, "entry_changed")
    ] * 2


# Who speaks what


async def test_who_speaks_the_members_language_is_told_first_and_everybody_is(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    number = house.organization.id
    for language in ("ar", "fr", "fr", "uk"):
        await roles.speak(session, house.colleague, number, language, now)
    found = await roles.colleagues(session, number, now)
    assert [(person.id, role.languages) for role, person in found] == [
        (house.staff.id, []),
        (house.colleague.id, ["ar", "uk"]),
    ]
    for language, first in (("ar", house.colleague), ("uk-simple", house.colleague)):
        told = await roles.staff_of(session, number, now, speaking=language)
        assert (told[0], len(told)) == (first, 2)
    for language in ("fr", ""):
        told = await roles.staff_of(session, number, now, speaking=language)
        assert told == [house.staff, house.colleague]


# The log


async def test_a_line_of_the_log_says_what_from_what_to_what_and_in_which_role(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    await providers.edit_service(session, house.boss, house.service.ref, now, cost=Decimal(5))
    await entries.change(session, house.staff, house.service.ref, {"cost": "7.5"}, now)
    last, before, *older = await house.log()
    told = [
        (line.field_name, line.previous_value, line.replacement_value, line.updated_as)
        for line in (last, before)
    ]
    assert told == [
        ("cost", "5.00", "7.50", "provider"),
        ("cost", "", "5.00", "coordinator"),
    ]
    assert last.updated_by_id == house.staff.id
    assert {line.last_action_type for line in older} == {"create"}


async def test_a_coordinator_puts_one_value_back_and_that_is_noted_too(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    ref = house.service.ref
    await entries.change(session, house.staff, ref, {"name:en": "Spam", "cost": "9"}, now)
    line = next(line for line in await house.log() if line.field_name == "name:en")
    place, seen = house.organization.ref, entries.seal_of(line)
    await entries.put_back(session, house.boss, place, seen, now)
    assert await house.words("en", "name") == "Advice"
    assert house.service.cost == Decimal(9)
    newest = (await house.log())[0]
    assert (newest.previous_value, newest.replacement_value) == ("Spam", "Advice")
    assert newest.updated_as == Who.COORDINATOR
    with pytest.raises(NotFoundError):
        await entries.put_back(session, house.boss, place, "nothing", now)


async def test_whoever_is_erased_is_no_who_in_the_log_any_more(
    session: AsyncSession, now: datetime
) -> None:
    house = await a_house(session, now)
    await entries.change(session, house.staff, house.service.ref, {"cost": "7"}, now)
    told = await erasure.export(session, house.staff)
    assert [row["field_name"] for row in told["directory_metadata"]] == ["cost"]
    await erasure.erase(session, house.staff, now, b"key")
    line = (await house.log())[0]
    await session.refresh(line)
    assert (line.updated_by_id, line.updated_as, line.replacement_value) == (
        None,
        "provider",
        "7.00",
    )


LANGUAGES = ("en", "fr", "ar")
TEXTS = ("One.", "Two words.", "اثنان", "Three\nlines\nhere")
FIELDS = ("name", "description", "fees", "wait", "documents", "accessibility")
VALUES: dict[str, tuple[str, ...]] = {
    "cost": ("", "0", "12.5"),
    "languages": ("", "ar", "fr,ar", "fr,fr"),
    "interpretation": ("true", "false"),
    "online": ("true", "false"),
    "hours": ("", "MO 09:00-12:00", "MO 10:00-12:00\nFR 10:00-12:00 13:00-14:00"),
    "email": ("", "a@example.org"),
    "phone": ("", "+33 1 23"),
    "url": ("", "https://example.org"),
    "is_paused": ("true", "false"),
    "capacity": ("", "0", "5"),
    "full_until": ("", "2027-01-01T00:00:00+00:00"),
}


Edit = Callable[[], Awaitable[object]]


async def edits(
    house: House, dice: random.Random, translator: Person, now: datetime
) -> list[Edit]:
    """Return one way of everybody who can change something."""
    session, ref, place = house.session, house.service.ref, house.organization.ref
    area = (await areas.offered(session))[0]
    language, text, field = dice.choice(LANGUAGES), dice.choice(TEXTS), dice.choice(FIELDS)
    fact = dice.choice([*VALUES])
    lines = "\n".join(dice.choices("abcdef", k=dice.randint(0, 4)))
    by_staff = [
        (ref, {fact: dice.choice(VALUES[fact])}),
        (ref, {f"{field}:{language}": text}),
        (ref, {f"{field}:en": ""}),
        (ref, {"steps:en": lines}),
        (place, {"phone": dice.choice(["+1 234", ""])}),
    ]
    by_coordinator: list[dict[str, Any]] = [
        {"cost": dice.choice([None, Decimal(3)]), "is_open": dice.random() < 0.5},
        {"area_ref": dice.choice([None, area.ref]), "need": dice.choice([*Need])},
        {"kind": dice.choice([*Kind]), "profiles": dice.sample([*Profile], 2)},
        {"strengths": dice.choice([[], ["+tax", "-legal"], ["-tax"]])},
    ]
    change, facts = dice.choice(by_staff), dice.choice(by_coordinator)
    of_service = ("service", ref, {field: text})
    steps = await providers.steps(session, house.service)
    of_step = ("step", steps[0].ref if steps else "", {"text": text})
    subject, which, words = dice.choice([of_service, of_step])
    line = dice.choice(await house.log())
    return [
        *[lambda: entries.change(session, house.staff, *change, now)] * 3,
        lambda: providers.edit_service(session, house.boss, ref, now, **facts),
        lambda: providers.translate(session, house.boss, subject, which, language, words, now),
        lambda: translating.write(session, translator, ("service", ref, field, "fr"), text, now),
        lambda: providers.confirm(session, house.staff, place, now),
        lambda: entries.put_back(session, house.boss, place, entries.seal_of(line), now),
    ]


@pytest.mark.parametrize("number", range(6))
async def test_whatever_is_edited_the_log_says_from_its_beginning_what_stands_there_now(
    session: AsyncSession, now: datetime, number: int
) -> None:
    dice = random.Random(number)
    house = await a_house(session, now)
    await areas.create(session, house.boss, "Europe/Paris", now)
    translator = await a_person(session, 40, now, RoleName.TRANSLATOR)
    done = 0
    for _turn in range(60):
        now += timedelta(minutes=1)
        attempt = dice.choice(await edits(house, dice, translator, now))
        try:
            async with memory.savepoint(session):
                await attempt()
            done += 1
        except RefusalError:
            memory.doubt(session)
    assert done > 20
    await replayed(house)


async def replayed(house: House) -> None:
    """Check that each line begins where the last one about its field has ended."""
    stands: dict[tuple[str, str], str] = {}
    for line in reversed(await house.log()):
        about = (line.resource_type, line.field_name)
        assert line.previous_value == stands.get(about, ""), about
        stands[about] = line.replacement_value
    rows: dict[str, facts.Entry] = {
        "service": house.service,
        "organization": house.organization,
    }
    for kind, row in rows.items():
        await house.session.refresh(row)
        fields = [*facts.facts_of(row), *(facts.WOVEN if kind == "service" else ())]
        names = [*FIELDS, "steps"] if kind == "service" else ["name"]
        fields += [f"{name}:{language}" for name in names for language in LANGUAGES]
        # What a new service says by itself is noted when it is made.
        for field in fields:
            told = stands.get((kind, field), "")
            assert await facts.value(house.session, row, field) == told, (kind, field)
