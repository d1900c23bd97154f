"""What is deleted by itself, and what stays. `UPDATE_DOCS=1 pytest …` writes the page anew."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import machine, people, retention
from community.absences import Absence
from community.arrivals import Arrival, Arriving
from community.awaited import TranslationRequest
from community.base import Base
from community.contacts import Contact
from community.conversations import Conversation
from community.deliveries import Delivery, SentMessage, State
from community.earlier import EarlierText
from community.erasure import Erasure
from community.exchanges import Exchange, ExchangeMessage, Kind
from community.exchanges import State as Asked
from community.guessing import CodeTry
from community.live import LiveMessage
from community.machine import Machine, MachineText
from community.matches import Match, MatchRound
from community.needs import Need
from community.people import Membership, Person
from community.providers import ServiceWish
from community.reactions import Reaction
from community.recordings import Recording
from community.roles import RoleInvitation, RoleName
from community.sends import Send
from community.silences import Silence
from community.team_tasks import TeamTask
from community.transfers import Transfer
from community.votes import Ballot, Vote

PAGE = Path(__file__).parents[2] / "docs" / "retention.md"


def arrival(at: datetime, state: Arriving, body: str | None) -> Arrival:
    return Arrival(update_id=1, digest="d", sender=1, body=body, state=state, arrived_at=at)


def delivery(person: Person, at: datetime, state: State = State.SENT) -> Delivery:
    return Delivery(
        key="k",
        kind="newsletter",
        person_id=person.id,
        args={"ref": "x"},
        lane=3,
        state=state,
        due_at=at,
        expires_at=at,
        planned_at=at,
        settled_at=None if state == State.QUEUED else at,
    )


def exchange(person: Person, at: datetime, kind: Kind, state: Asked) -> Exchange:
    return Exchange(person_id=person.id, kind=kind, state=state, begun_at=at, touched_at=at)


def a_silence(person: Person, at: datetime, *, came_back: bool) -> Silence:
    person.seen_at = at + timedelta(days=2 if came_back else -90)
    return Silence(person_id=person.id, nudged_at=at)


def machine_text(at: datetime, *, private: bool) -> MachineText:
    return MachineText(
        digest="x",
        source="fr",
        target="ar",
        engine="x",
        version="1",
        text="Bonjour",
        private=private,
        wanted_at=at,
    )


async def test_what_a_member_said_and_voted_goes_a_year_after_the_newsletter(
    session: AsyncSession, now: datetime
) -> None:
    person = await people.meet(session, 1, now)
    person.state = Membership.ACTIVE
    send = Send(kind="newsletter", made_at=now, started_at=now)
    session.add(send)
    await session.flush()
    vote = Vote(send_id=send.id)
    session.add_all([vote, Reaction(person_id=person.id, send_id=send.id, meaning="useful")])
    await session.flush()
    session.add(Ballot(person_id=person.id, vote_id=vote.id, option=0))
    await session.flush()
    assert await retention.clean(session, now + timedelta(days=365)) == 0
    assert await retention.clean(session, now + timedelta(days=365, seconds=1)) == 2
    assert await session.scalar(select(func.count()).select_from(Reaction)) == 0
    assert await session.scalar(select(func.count()).select_from(Ballot)) == 0


Made = Callable[[Person, datetime], Base]
RULES: list[tuple[str, timedelta, Made]] = [
    (
        "nudged because they had not been here",
        timedelta(days=365),
        lambda p, at: a_silence(p, at, came_back=True),
    ),
    (
        "task that was done",
        timedelta(days=365),
        lambda p, at: TeamTask(what="x", owner_id=p.id, made_at=at, done_at=at),
    ),
    (
        "contact",
        timedelta(days=730),
        lambda p, at: Contact(
            kind="press", organisation="x", found_by="x", made_at=at, touched_at=at
        ),
    ),
    (
        "hand-over plan",
        timedelta(days=365),
        lambda p, at: Transfer(
            person_id=p.id, name="moderator", months=1, state="ended", made_at=at, changed_at=at
        ),
    ),
    ("absence", timedelta(days=7), lambda p, at: Absence(person_id=p.id, until=at)),
    ("done", timedelta(hours=48), lambda p, at: arrival(at, Arriving.DONE, None)),
    ("emptied", timedelta(hours=48), lambda p, at: arrival(at, Arriving.SPEAKING, None)),
    ("set aside", timedelta(days=30), lambda p, at: arrival(at, Arriving.SET_ASIDE, "{}")),
    (
        "form",
        timedelta(days=7),
        lambda p, at: Conversation(telegram_id=1, state="x", data={}, touched_at=at),
    ),
    (
        "invitation",
        timedelta(days=7),
        lambda p, at: RoleInvitation(
            token_hash="x", name=RoleName.ANIMATOR, made_at=at, expires_at=at
        ),
    ),
    (
        "only looked round",
        timedelta(days=90),
        lambda p, at: Person(
            telegram_id=77, name="Y", met_at=at, state=Membership.JOINING, telegram_language="en"
        ),
    ),
    (
        "sent message",
        timedelta(days=60),
        lambda p, at: SentMessage(chat_id=1, message_id=1, kind="x", sent_at=at),
    ),
    (
        "live message",
        timedelta(days=60),
        lambda p, at: LiveMessage(chat_id=1, message_id=1, kind="x", args={}, shown="", since=at),
    ),
    (
        "question",
        timedelta(days=90),
        lambda p, at: exchange(p, at, Kind.TEAM, Asked.CLOSED),
    ),
    (
        "answered question",
        timedelta(days=90),
        lambda p, at: exchange(p, at, Kind.TEAM, Asked.ANSWERED),
    ),
    (
        "exchange",
        timedelta(days=90),
        lambda p, at: exchange(p, at, Kind.EVENT, Asked.OPEN),
    ),
    ("private machine text", timedelta(days=30), lambda p, at: machine_text(at, private=True)),
    ("machine text", timedelta(days=180), lambda p, at: machine_text(at, private=False)),
    (
        "earlier text",
        timedelta(days=180),
        lambda p, at: EarlierText(
            subject="event",
            subject_id=1,
            language="fr",
            field="title",
            text="x",
            written_at=at,
            replaced_at=at,
        ),
    ),
    (
        "exchange about a text",
        timedelta(days=90),
        lambda p, at: exchange(p, at, Kind.TEXT, Asked.OPEN),
    ),
    (
        "request for a translation",
        timedelta(days=60),
        lambda p, at: TranslationRequest(
            person_id=p.id, subject="event", subject_id=1, language="ar", asked_at=at
        ),
    ),
    (
        "wish for a service",
        timedelta(days=365),
        lambda p, at: ServiceWish(person_id=p.id, need=Need.FINANCE, language="ar", asked_at=at),
    ),
    (
        "recording",
        timedelta(days=180),
        lambda p, at: Recording(
            subject="event",
            subject_id=1,
            language="fr",
            field="title",
            text="x",
            file_id="x",
            seconds=1,
            is_approved=True,
            recorded_by_id=p.id,
            recorded_as="animator",
            recorded_at=at,
        ),
    ),
    (
        "declined match",
        timedelta(days=395),
        lambda p, at: Match(
            partner="peer", state="declined", proposed_at=at, lapses_at=at, settled_at=at
        ),
    ),
    (
        "round",
        timedelta(days=395),
        lambda p, at: MatchRound(key="x", opened_at=at, finished_at=at),
    ),
    ("wrong code", timedelta(hours=24), lambda p, at: CodeTry(what="x", who="x", at=at)),
    ("erasure", timedelta(days=730), lambda p, at: Erasure(hash="x", at=at)),
]


@pytest.mark.parametrize(("kept", "made"), [rule[1:] for rule in RULES], ids=[r[0] for r in RULES])
async def test_a_row_goes_when_its_time_has_come_and_not_before(
    session: AsyncSession, now: datetime, kept: timedelta, made: Made
) -> None:
    person = await people.meet(session, 1, now)
    person.state = Membership.ACTIVE
    row = made(person, now)
    table: Any = type(row)
    await session.flush()
    count = select(func.count()).select_from(table)
    without = await session.scalar(count) or 0
    session.add(row)
    await session.flush()
    await retention.clean(session, now + kept)
    assert await session.scalar(count) == without + 1
    assert await retention.clean(session, now + kept + timedelta(seconds=1)) == 1
    assert await session.scalar(count) == without


async def test_a_settled_message_forgets_what_it_was_about_and_still_counts(
    session: AsyncSession, now: datetime
) -> None:
    person = await people.meet(session, 1, now)
    person.state = Membership.ACTIVE
    session.add(delivery(person, now))
    await session.flush()
    later = now + timedelta(days=60, seconds=1)
    assert await retention.clean(session, later) == 1
    assert await retention.clean(session, later) == 0
    row = await session.scalar(select(Delivery).execution_options(populate_existing=True))
    assert row is not None
    assert (row.args, row.state) == ({}, State.SENT)


async def test_what_a_machine_made_of_an_exchange_goes_with_it_however_late_it_was_read(
    session: AsyncSession, now: datetime
) -> None:
    person = await people.meet(session, 1, now)
    asked = exchange(person, now, Kind.TEAM, Asked.CLOSED)
    session.add(asked)
    await session.flush()
    said = ExchangeMessage(
        exchange_id=asked.id, by_member=True, text="Bonjour", language="fr", at=now
    )
    session.add(said)
    await session.flush()
    ready = Machine("x", {("fr", "ar"): "1"})
    late = now + timedelta(days=89)
    await machine.want(session, ready, "Bonjour", "fr", "ar", late, private=True)
    await retention.clean(session, late)
    assert await machine.look(session, ready, "Bonjour", "fr", "ar")
    await retention.clean(session, now + timedelta(days=91))
    assert await machine.look(session, ready, "Bonjour", "fr", "ar") is None


@pytest.mark.parametrize(
    "made",
    [
        lambda p, at: arrival(at, Arriving.WAITING, "{}"),
        lambda p, at: arrival(at, Arriving.SPEAKING, "{}"),
        lambda p, at: delivery(p, at, State.QUEUED),
        lambda p, at: exchange(p, at, Kind.TEAM, Asked.OPEN),
        lambda p, at: a_silence(p, at, came_back=False),  # they are still left in peace
    ],
)
async def test_what_is_still_to_be_done_is_never_deleted(
    session: AsyncSession, now: datetime, made: Made
) -> None:
    person = await people.meet(session, 1, now)
    person.state = Membership.ACTIVE
    session.add(made(person, now))
    await session.flush()
    assert await retention.clean(session, now + timedelta(days=10_000)) == 0


STAYS = (
    "Everything else about a person stays until they delete it under `/me`: name, language, "
    "answers to the profile, consents with their history, answers to events, that a request was "
    "sent to a provider and what came of it, survey answers, and whether one may be asked "
    "something after leaving."
)
GOES = (
    "Deleting removes everything that names the person from every table, updates set aside "
    "included. What stays names nobody: that somebody came to an event, what was answered to a "
    "survey, how a message or a membership ended, and what the person did for others (an event, "
    "a text), without a who; what they read aloud goes, because it is their voice, and so does "
    "what they wrote or said in their own words to a survey. One keyed hash of the Telegram "
    "number stays as the table says; the key is a random one in the same database."
)


def page() -> str:
    lines = [
        "# What is kept, and for how long",
        "",
        (
            "An hourly job deletes by this table. It is `community/retention.py`; this page is "
            "checked against it."
        ),
        "",
        "| what | kept | since | why |",
        "|---|---|---|---|",
    ]
    for rule in retention.RULES:
        hours = int(rule.kept.total_seconds() // 3600)
        kept = f"{hours // 24} days" if hours > 48 else f"{hours} hours"
        lines.append(f"| {rule.what} | {kept} | {rule.since} | {rule.why} |")
    return "\n".join([*lines, "", STAYS, "", GOES, ""])


def test_the_page_shows_the_table() -> None:
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


async def test_the_number_of_a_deleted_row_is_never_used_again(
    session: AsyncSession, now: datetime
) -> None:
    # The receiver asks for rows after the last it has seen, and keys of messages carry numbers.
    session.add(arrival(now, Arriving.DONE, None))
    await session.flush()
    first = await session.scalar(select(Arrival.id))
    assert first is not None
    await retention.clean(session, now + timedelta(days=3))
    session.add(arrival(now, Arriving.WAITING, "{}"))
    await session.flush()
    second = await session.scalar(select(Arrival.id))
    assert second is not None
    assert second > first
