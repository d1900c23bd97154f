"""The sample network of the demo: made by the same verbs that people use.

Its words stand in ``sample.json``, each in the four languages of the demo.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import (
    agreements,
    areas,
    attendance,
    consents,
    deliveries,
    events,
    groups,
    needs,
    people,
    providers,
    roles,
    sends,
    surveys,
)
from community.attendance import Wish
from community.consents import Purpose
from community.events import Details, Event
from community.needs import Need
from community.people import Person, Stage
from community.roles import RoleName
from emulator import Emulator
from handlers.onboarding import TERMS_VERSION
from handlers.replies import Network

SOURCE = "en"
AGREED_FOR = timedelta(days=730)
ROLES = {
    "newcomer": "{names} are the newcomer: press “Start the bot”.",
    "member": "{names} are members: /menu.",
    "animator": "{names} is the animator: /animate.",
    "coordinator": "{names} is the coordinator, and the administrator: /report.",
    "provider staff": "{names} work for support providers: /referrals.",
}
"""Who plays what, told to whoever plays: the note on the page, and a sentence for the terminal."""

Words = Mapping[str, str]


async def fill(database: Database, emulator: Emulator, network: Network, now: datetime) -> bool:
    """Fill an empty database and an empty emulator; False if somebody is there already."""
    sample = json.loads(Path(__file__).with_name("sample.json").read_text(encoding="utf-8"))
    async with database.transaction() as session:
        if await session.scalar(select(func.count()).select_from(Person)):
            return False
        cast = await _people(session, emulator, sample["people"], now)
        boss = cast["Karim"]
        places = [await _area(session, boss, area, now) for area in sample["areas"]]
        for entry in sample["people"]:
            if "area" in entry:
                areas.settle(cast[entry["name"]], places[entry["area"]])
        for entry in sample["organizations"]:
            made = await _organization(session, boss, entry, places, now)
            if "staff" in entry:
                await _make_staff(session, cast[entry["staff"]], made.id, now)
        await _past_event(session, cast, sample["events"][0], network, now)
        # One announcement and the pulse: the week has room for the newsletter, too.
        soon, *later = sample["events"]
        event = await _event(session, cast["Nadia"], soon, network, now, announced=True)
        for entry in later:
            await _event(session, cast["Nadia"], entry, network, now, announced=False)
        await _newsletter(session, cast["Nadia"], sample["newsletter"], now)
    await _group(database, emulator, cast, sample["group"], event.ref, now)
    for person in cast.values():
        assert person.telegram_id is not None
        emulator.world.start(person.telegram_id)
    # Somebody who has not come in yet: the newcomer whom the reader plays.
    emulator.world.new_person("You", "en", note="newcomer")
    return True


def who_is_who(emulator: Emulator) -> list[str]:
    """Return a sentence for each role of the sample network, with those who have it."""
    told = []
    for role, sentence in ROLES.items():
        names = [p.first_name for p in emulator.world.people.values() if p.note == role]
        if names:
            most, last = ", ".join(names[:-1]), names[-1]
            told.append(sentence.format(names=f"{most} and {last}" if most else last))
    return told


async def _people(
    session: AsyncSession, emulator: Emulator, entries: list[dict[str, Any]], now: datetime
) -> dict[str, Person]:
    cast: dict[str, Person] = {}
    for entry in entries:
        note = entry.get("role", "member")
        shown = emulator.world.new_person(entry["name"], entry["language"], note=note)
        person = await people.meet(
            session, shown.id, now, name=entry["name"], telegram_language=entry["language"]
        )
        people.choose_language(person, entry["language"])
        await people.join(
            session, person, now, terms_version=TERMS_VERSION, language=entry["language"]
        )
        await consents.switch(
            session,
            person,
            set(Purpose),
            now,
            version=TERMS_VERSION,
            language=entry["language"],
        )
        if "need" in entry:
            await needs.look_for(session, person, [Need(entry["need"])])
            person.stage = Stage(entry["stage"])
        cast[entry["name"]] = person
    await _make_team(session, cast, now)
    return cast


async def _make_team(session: AsyncSession, cast: dict[str, Person], now: datetime) -> None:
    """Let the first administrator in by the one-time link, and let roles be offered and taken."""
    token = await roles.offer_first(session, now)
    assert token is not None
    boss = cast["Karim"]
    await roles.accept(session, boss, token, now)
    await roles.take(session, boss, RoleName.COORDINATOR, now)
    invitation = await roles.accept(
        session,
        cast["Nadia"],
        await roles.invite(session, boss, RoleName.ANIMATOR, now),
        now,
    )
    await roles.confirm(session, boss, invitation.ref, now, grant=True)


async def _make_staff(
    session: AsyncSession, person: Person, organization_id: int, now: datetime
) -> None:
    boss = (await roles.holders(session, RoleName.ADMINISTRATOR, now))[0]
    token = await roles.invite(
        session, boss, RoleName.PROVIDER_STAFF, now, organization_id=organization_id
    )
    invitation = await roles.accept(session, person, token, now)
    await roles.confirm(session, boss, invitation.ref, now, grant=True)


async def _area(
    session: AsyncSession, boss: Person, entry: dict[str, Any], now: datetime
) -> areas.Area:
    latitude, longitude = entry["point"]
    area = await areas.create(
        session, boss, entry["zone"], now, latitude=latitude, longitude=longitude
    )
    for language, name in entry["name"].items():
        await providers.translate(session, boss, "area", area.ref, language, {"name": name}, now)
    return area


async def _organization(
    session: AsyncSession,
    boss: Person,
    entry: dict[str, Any],
    places: list[areas.Area],
    now: datetime,
) -> providers.Organization:
    made = await providers.create_organization(session, boss, entry["name"][SOURCE], SOURCE, now)
    for fact in ("phone", "email", "website"):
        setattr(made, fact, entry.get(fact))
    for language, name in _others(entry["name"]):
        await providers.translate(
            session, boss, "organization", made.ref, language, {"name": name}, now
        )
    if entry["agreement"]:
        await agreements.activate(
            session,
            boss,
            made.ref,
            now,
            signed_on=now.date(),
            basis=agreements.Basis.CONSENT,
            ends_at=now + AGREED_FOR,
            languages=list(dict.fromkeys(c for s in entry["services"] for c in s["languages"])),
        )
    for offer in entry["services"]:
        place = places[offer["area"]] if offer["area"] is not None else None
        words = {"name": offer["name"], "description": offer["description"]}
        words |= offer.get("words", {})
        service = await providers.create_service(
            session,
            boss,
            made.ref,
            Need(offer["need"]),
            offer["languages"],
            _in(SOURCE, words),
            SOURCE,
            now,
            area_ref=place.ref if place else None,
            online=place is None,
            cost=Decimal(offer["cost"]),
            interpretation=offer["interpretation"],
            steps=[step[SOURCE] for step in offer["steps"]],
        )
        for language, _name in _others(offer["name"]):
            theirs = _in(language, words)
            await providers.translate(session, boss, "service", service.ref, language, theirs, now)
        if "at" in offer:
            await _takes_place(session, service, offer["at"], now)
        every = await providers.steps(session, service)
        for step, texts in zip(every, offer["steps"], strict=True):
            for language, text in _others(texts):
                await providers.translate(
                    session, boss, "step", step.ref, language, {"text": text}, now
                )
    return made


async def _takes_place(
    session: AsyncSession, service: providers.Service, at: dict[str, Any], now: datetime
) -> None:
    """Say where the service is given, and when."""
    latitude, longitude = at["point"]
    location = providers.Location(
        organization_id=service.organization_id,
        area_id=service.area_id,
        latitude=latitude,
        longitude=longitude,
        address=at["address"],
        step_free=at["step_free"],
        made_at=now,
    )
    session.add(location)
    await session.flush()
    session.add(providers.ServiceAtLocation(service_id=service.id, location_id=location.id))
    session.add_all(
        providers.Schedule(location_id=location.id, byday=days, opens_at=opens, closes_at=closes)
        for days, opens, closes in at["hours"]
    )
    await session.flush()


def _in(language: str, words: Mapping[str, Words]) -> dict[str, str]:
    return {field: texts[language] for field, texts in words.items()}


def _others(words: Words) -> list[tuple[str, str]]:
    return [(language, text) for language, text in words.items() if language != SOURCE]


async def _event(
    session: AsyncSession,
    animator: Person,
    entry: dict[str, Any],
    network: Network,
    now: datetime,
    *,
    announced: bool,
) -> Event:
    day = now.astimezone(ZoneInfo(network.zone)) + timedelta(days=entry["in_days"])
    start = day.replace(hour=entry["hour"], minute=0, second=0, microsecond=0, tzinfo=None)
    details = Details(
        start,
        network.zone,
        place=entry.get("place"),
        link=entry.get("link"),
        capacity=entry.get("capacity"),
        languages=entry["languages"],
        child_care=entry["child_care"],
    )
    words = {"title": entry["title"][SOURCE], "description": entry["description"][SOURCE]}
    event = await events.create(session, animator, details, words, SOURCE, now)
    for language, title in _others(entry["title"]):
        words = {"title": title, "description": entry["description"][language]}
        await events.translate(session, animator, event.ref, language, words, now)
    await events.publish(session, animator, event.ref, now)
    if announced:
        send = await sends.announce(session, animator, event.ref, now)
        await _leaves(session, animator, send, network, now)
    return event


async def _group(
    database: Database,
    emulator: Emulator,
    cast: Mapping[str, Person],
    entry: dict[str, Any],
    event_ref: str,
    now: datetime,
) -> None:
    """Let people have a group on the page, the bot be in it, and an event's card be posted there.

    It is linked before the bot is put in, else its owner would be asked about it; and the card is
    owed when the bot is there.
    """
    owner = cast[entry["owner"]]
    assert owner.telegram_id is not None
    shown = emulator.groups.new(entry["title"], owner=owner.telegram_id)
    for name in entry["people"]:
        emulator.groups.join(shown.id, cast[name].telegram_id or 0)
    async with database.transaction() as session:
        kind = groups.Kind(shown.kind)
        group = await groups.link(session, owner, shown.id, kind, entry["title"], now)
        await groups.change(session, owner, group.ref, "language", entry["language"], now)
    emulator.groups.add_bot(shown.id, owner.telegram_id)
    emulator.groups.promote_bot(shown.id, owner.telegram_id)
    async with database.transaction() as session:
        await groups.post(session, owner, event_ref, group.ref, now)


async def _leaves(
    session: AsyncSession, animator: Person, send: sends.Send, network: Network, now: datetime
) -> None:
    await sends.submit(session, animator, send.ref, now, network_language=network.language)
    await sends.schedule(session, animator, send.ref, None, now)


async def _past_event(
    session: AsyncSession,
    cast: dict[str, Person],
    entry: dict[str, Any],
    network: Network,
    now: datetime,
) -> None:
    """Let last week's coffee have taken place, so that a pulse survey asks who was there."""
    then = now - timedelta(days=9)
    past = {**entry, "in_days": 2, "capacity": None}
    event = await _event(session, cast["Nadia"], past, network, then, announced=False)
    guests = [cast[name] for name in ("Amina", "Oksana", "Samuel", "Fatou", "Yusuf")]
    for guest in guests:
        await attendance.answer(
            session, guest, event.ref, Wish.GOING, then, default_zone=network.zone
        )
    while due := await deliveries.claim(session, "sample", len(guests), 60, event.starts_at):
        sent = [deliveries.Outcome(row.id, row.kind, deliveries.State.SENT) for row in due]
        await deliveries.settle(session, sent, event.starts_at)
    for guest in guests:
        await attendance.tick(
            session, cast["Nadia"], event.ref, guest.ref, event.ends_at, came=True
        )
    await events.hold(session, now)
    await surveys.ask_due(session, now, ZoneInfo(network.zone))


async def _newsletter(
    session: AsyncSession, animator: Person, entry: dict[str, Words], now: datetime
) -> None:
    """Leave a newsletter in all four languages, ready to be looked at and sent."""
    send = await sends.write_newsletter(
        session, animator, SOURCE, entry["title"][SOURCE], entry["body"][SOURCE], now
    )
    for language, title in _others(entry["title"]):
        words = {"title": title, "body": entry["body"][language]}
        await sends.edit(session, animator, send.ref, now, language=language, texts=words)
