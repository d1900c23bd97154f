"""Taking one's data along, and being forgotten.

Both walk the tables themselves, so that a table added later is found: what is about the person
(a column ``person_id``), what hangs on such a row, what they did for others, and the few places
that know a person by their Telegram number.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    String,
    Table,
    Text,
    cast,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import (
    attendance,
    deliveries,
    events,
    history,
    invitations,
    live,
    machine,
    posts,
    referrals,
    translations,
)
from community.arrivals import Arrival, Arriving
from community.assisted import Assisted
from community.attendance import Attendance
from community.base import Base, columns_to
from community.conversations import Conversation
from community.deliveries import Delivery, SentMessage
from community.events import Event
from community.exchanges import Exchange, ExchangeMessage
from community.groups import Applicant
from community.history import Step
from community.live import LiveMessage
from community.matches import MATCH, MatchSide
from community.people import MEMBERSHIP, Person
from community.posts import Post, PostAnswer
from community.referrals import Referral, SharedField
from community.surveys.table import SurveyAnswer, SurveyResponse
from community.transfers import Transfer, TransferStep

ERASED = "erased"
NOBODY = 0
"""The number that stands in the history for everybody who is erased."""


class Erasure(Base):
    """That somebody was erased, and when. Only who holds the key can tell whether it was you."""

    __tablename__ = "erasures"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


def hash_of(telegram_id: int | str, key: bytes) -> str:
    """Return the keyed hash under which an erasure is remembered.

    Whoever has, or had, no Telegram is remembered by the reference of their row.
    """
    return hmac.new(key, str(telegram_id).encode(), hashlib.sha256).hexdigest()


# Taking along

LEFT_OUT = {
    *("id", "key", "subject_id", "token_hash", "digest", "claimed_by", "lease_until"),
    *("file_id", "voice"),
}
"""Columns that say nothing about the person and something about the machine."""

OUTCOME = {"state", "reason", "tries", "started_at", "settled_at", "language"}
"""What became of a message: of one about a match it would tell what the other has done."""

NOT_THEIRS = {
    "person_blocks": {"blocked_id"},
    "reports": {"about_id", "settled_by_id"},
    "measures": {"taken_by_id", "lifted_by_id"},
}
"""By which columns a row is not somebody's: who has blocked or reported them only the other knows,
and a report or a measure that somebody of the team has judged is not about the one who judged."""

KEPT_BACK = {
    "reports": {"about_id", "settled_by_id", "outcome"},
    "measures": {"report_id", "taken_by_id", "lifted_by_id"},
    # Of what somebody of the team has proposed: what a member has said to it is the member's.
    "matches": {"state", "lapses_at", "settled_at", "asks_at", "closes_at", "ends_at", "ended_at"},
}
"""What not even whose row it is hears: what came of a report, and whence a measure came."""

Rows = dict[str, dict[tuple[Any, ...], Mapping[str, Any]]]


async def export(session: AsyncSession, person: Person) -> dict[str, Any]:
    """Return everything that is stored about the person, by table, fit for JSON.

    Nobody else is named: a column that points at another person is left out.
    """
    await session.flush()
    found: Rows = {}
    people = Base.metadata.tables["people"]
    todo: list[tuple[Table, ColumnElement[bool]]] = [(people, people.c.id == person.id)]
    while todo:  # what is about the person, and what hangs on that
        table, condition = todo.pop()
        new = await _collect(session, table, condition, found)
        ids = [row["id"] for row in new if "id" in row]
        todo += [
            (child, column.in_(ids))
            for child in Base.metadata.tables.values()
            for column in columns_to(child, table.name)
            if ids and (column.name == "person_id" or _goes_with(column))
            if column.name not in NOT_THEIRS.get(child.name, ())
        ]
    for table in Base.metadata.tables.values():  # what the person did for others
        for column in columns_to(table, "people"):
            if column.name in NOT_THEIRS.get(table.name, ()):
                continue
            await _collect(session, table, column == person.id, found)
    if person.telegram_id is not None:
        for table, condition in _known_by_number(person.telegram_id):
            await _collect(session, table, condition, found)
    # How a match went on is the answer of two: what one's own step is there told the other's.
    steps = found["history"]
    found["history"] = {key: row for key, row in steps.items() if row["subject"] != MATCH.name}
    return {
        name: [await _told(session, name, row, person) for row in found[name].values()]
        for name in sorted(found, key=_reading_order)
        if found[name]
    }


BY_THE_MACHINE = (
    "deliveries",
    "history",
    "sent_messages",
    "live_messages",
    "conversations",
    "inbox",
)
"""Tables that say more about how the bot works than about the person: told last."""


def _reading_order(table: str) -> tuple[bool, bool, str]:
    return table in BY_THE_MACHINE, table != "people", table


def _goes_with(column: Column[Any]) -> bool:
    return any(key.ondelete == "CASCADE" for key in column.foreign_keys)


async def _collect(
    session: AsyncSession, table: Table, condition: ColumnElement[bool], found: Rows
) -> list[Mapping[str, Any]]:
    """Add the rows that match; return those that were not there yet."""
    known = found.setdefault(table.name, {})
    new: list[Mapping[str, Any]] = []
    for mapping in (await session.execute(select(table).where(condition))).mappings():
        row = dict(mapping)
        key = tuple(row[column.name] for column in table.primary_key)
        if key not in known:
            known[key] = row
            new.append(row)
    return new


async def _told(
    session: AsyncSession, name: str, row: Mapping[str, Any], person: Person
) -> dict[str, Any]:
    """Return a row as it is told: references instead of numbers, times as text."""
    table = Base.metadata.tables[name]
    told: dict[str, Any] = {}
    for column in table.columns:
        value = row[column.name]
        target = next((key.column.table for key in column.foreign_keys), None)
        if column.name in LEFT_OUT | KEPT_BACK.get(name, set()) or value is None:
            continue
        if name == "deliveries" and row["kind"].startswith("match_") and column.name in OUTCOME:
            continue
        if name == Assisted.__tablename__ and row["person_id"] != person.id and target is None:
            continue  # what somebody else has told an animator, who looks after them
        if target is None:
            told[column.name] = _as_json(value)
        elif target.name == "people":
            if value == person.id:
                told[column.name] = "you"
        elif "ref" in target.c:
            query = select(target.c.ref).where(target.c.id == value)
            told[column.name] = await session.scalar(query)
            if target.name in NAMED:
                told[column.name.removesuffix("_id")] = await _name_of(
                    session, target.name, value, person
                )
    if name == "ballots":
        told |= await _voted(session, row, person)
    return told


def _as_json(value: Any) -> Any:
    if isinstance(value, date):  # or a moment
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


NAMED = {
    "events": ("event", "title"),
    "services": ("service", "name"),
    "organizations": ("organization", "name"),
    "areas": ("area", "name"),
    "cohorts": ("cohort", "name"),
}
"""What people call the rows of these tables: subject and field of their words."""


async def _name_of(session: AsyncSession, table: str, row_id: int, person: Person) -> str | None:
    subject, field = NAMED[table]
    return (await _words_of(session, subject, row_id, person)).get(field)


async def _voted(
    session: AsyncSession, ballot: Mapping[str, Any], person: Person
) -> dict[str, str | None]:
    """Return the question and the answer in words: the answer's number says nothing alone."""
    votes = Base.metadata.tables["votes"]  # the module itself needs figures, which need this one
    query = select(votes.c.send_id).where(votes.c.id == ballot["vote_id"])
    send_id = (await session.scalars(query)).one()
    words = await _words_of(session, "newsletter", send_id, person)
    return {
        "question": words.get("question"),
        "answer": words.get(f"option{ballot['option'] + 1}"),
    }


async def _words_of(
    session: AsyncSession, subject: str, row_id: int, person: Person
) -> Mapping[str, str]:
    language = person.language or ""
    reads = translations.Reads(language, person.second_language)
    block = await translations.block(session, subject, row_id, reads, language)
    return block.fields if block else {}


def _known_by_number(telegram_id: int) -> Iterable[tuple[Table, ColumnElement[bool]]]:
    tables = Base.metadata.tables
    return (
        (tables["inbox"], Arrival.sender == telegram_id),
        (tables["conversations"], Conversation.telegram_id == telegram_id),
        (tables["sent_messages"], SentMessage.chat_id == telegram_id),
        (tables["live_messages"], LiveMessage.chat_id == telegram_id),
        (tables["group_applicants"], Applicant.telegram_id == telegram_id),
    )


# Being forgotten


async def erase(session: AsyncSession, person: Person, now: datetime, key: bytes) -> None:
    """Remove everything that names the person; what remains are counts and one keyed hash.

    Who came to an event, what was answered to a survey, how messages and memberships ended still
    counts, without a who. Places that the person held go to those who wait. A last administrator
    may go too: the next start prints a new link.
    """
    await session.flush()
    await _give_up_places(session, person, now)
    await _forget_machine_texts(session, person)
    await _forget_in_forms(session, person)
    for post in await posts.own(session, person):
        await translations.forget(session, posts.SUBJECT, post.id)
    await _take_requests_back(session, person, now)
    await invitations.withdraw_of(session, person, (), now)
    await history.note(
        session,
        history.step(MEMBERSHIP.name, NOBODY, person.state, ERASED, actor_id=None, now=now),
    )
    await session.flush()
    about = Step.subject.in_([MEMBERSHIP.name, "role"])
    steps = update(Step).where(about, Step.subject_id == person.id)
    await _run(session, steps.values(subject_id=NOBODY))
    await _forget_deliveries(session, person, now)
    await _forget_own_words(session, person)
    was_assisted = await session.scalar(select(Assisted.id).where(Assisted.person_id == person.id))
    if person.telegram_id is None or was_assisted is not None:
        await _remember(session, hash_of(person.ref, key), now)
    if person.telegram_id is not None:
        await _forget_number(session, person.telegram_id)
        # What they have opened of others does not stay open in their chat.
        await live.close_all(session, person.telegram_id, person.language)
        await _remember(session, hash_of(person.telegram_id, key), now)
    # Foreign keys do the rest: what was about the person goes, what they did for others stays. In
    # which order, PostgreSQL decides by numbers of its own; what the person wrote in exchanges of
    # theirs is both, and if it is of this transaction, either order has to go well.
    await _run(session, delete(Exchange).where(_is_theirs(person)))
    await _run(session, delete(Person).where(Person.id == person.id))
    session.expunge(person)


def _is_theirs(person: Person) -> ColumnElement[bool]:
    """Return of which exchanges the person is a side: their own, of a match, about their posts."""
    matched = select(MatchSide.match_id).where(MatchSide.person_id == person.id)
    posted = select(Post.id).where(Post.person_id == person.id)
    return or_(
        Exchange.person_id == person.id,
        Exchange.match_id.in_(matched),
        Exchange.post_id.in_(posted),
    )


async def _run(session: AsyncSession, statement: Any) -> None:
    await session.execute(statement, execution_options={"synchronize_session": False})


async def _forget_own_words(session: AsyncSession, person: Person) -> None:
    """Delete what was written or spoken as an answer to a survey: it may tell who it was."""
    theirs = select(SurveyResponse.id).where(SurveyResponse.person_id == person.id)
    is_theirs = SurveyAnswer.response_id.in_(theirs)
    in_words = or_(SurveyAnswer.text.is_not(None), SurveyAnswer.voice.is_not(None))
    await _run(session, delete(SurveyAnswer).where(is_theirs, in_words))


async def _give_up_places(session: AsyncSession, person: Person, now: datetime) -> None:
    to_come = await session.scalars(
        select(Event)
        .join(Attendance, Attendance.event_id == Event.id)
        .where(Attendance.person_id == person.id, Event.state == events.State.PUBLISHED)
        .order_by(Event.id)
        .with_for_update(of=Event)
    )
    for event in to_come.all():
        if event.is_over(now):
            continue
        await _run(
            session,
            delete(Attendance).where(
                Attendance.event_id == event.id,
                Attendance.person_id == person.id,
                Attendance.state != attendance.State.ATTENDED,  # who is there already counts
            ),
        )
        await attendance.offer_places(session, event, now, default_zone=event.zone)
    await _run(
        session,
        update(Attendance)
        .where(Attendance.person_id == person.id)
        .values(needs=[], missed_because=None),
    )


async def _take_requests_back(session: AsyncSession, person: Person, now: datetime) -> None:
    await referrals.withdraw_all(session, person, now)
    mine = select(Referral.id).where(Referral.person_id == person.id)
    await _run(session, delete(SharedField).where(SharedField.referral_id.in_(mine)))


async def _forget_machine_texts(session: AsyncSession, person: Person) -> None:
    """Forget what a machine made of the person's words, and of what was answered to them."""
    written = (
        select(ExchangeMessage.text)
        .join(Exchange, Exchange.id == ExchangeMessage.exchange_id)
        .where(_is_theirs(person))
    )
    shared = (
        select(SharedField.value)
        .join(Referral, Referral.id == SharedField.referral_id)
        .where(Referral.person_id == person.id)
    )
    texts = {*await session.scalars(written), *await session.scalars(shared)}
    await machine.forget(session, texts)


async def _forget_in_forms(session: AsyncSession, person: Person) -> None:
    """Empty the half-filled forms of others that are about the person: a note, a step."""
    about = [
        *await session.scalars(select(Exchange.ref).where(_is_theirs(person))),
        *await session.scalars(select(Referral.ref).where(Referral.person_id == person.id)),
        *await session.scalars(select(Post.ref).where(Post.person_id == person.id)),
        *await session.scalars(select(PostAnswer.ref).where(PostAnswer.person_id == person.id)),
        *await session.scalars(select(Transfer.ref).where(Transfer.person_id == person.id)),
        *await session.scalars(select(Assisted.ref).where(Assisted.person_id == person.id)),
        *await session.scalars(
            select(TransferStep.ref)
            .join(Transfer, Transfer.id == TransferStep.transfer_id)
            .where(Transfer.person_id == person.id)
        ),
    ]
    data = cast(Conversation.data, Text)
    names = or_(*(data.contains(ref, autoescape=True) for ref in (person.ref, *about)))
    others = Conversation.telegram_id.is_distinct_from(person.telegram_id)
    await session.execute(
        update(Conversation).where(others, names).values(state=None, data={}),
        execution_options={"synchronize_session": "fetch"},
    )


async def _forget_deliveries(session: AsyncSession, person: Person, now: datetime) -> None:
    mine = Delivery.person_id == person.id
    # What others would be told about the person's exchanges has no subject any more.
    written = select(Exchange.id).where(_is_theirs(person))
    about_these = or_(Delivery.key.like("question:%"), Delivery.key.like("exchange:%"))
    await deliveries.cancel(session, now, about_these, Delivery.subject_id.in_(written))
    await _run(
        session,
        update(Delivery)
        .where(mine, Delivery.state.in_(deliveries.OPEN))
        .values(state=deliveries.State.SUPPRESSED, reason=ERASED, settled_at=now),
    )
    # The outcomes of a send still add up to its audience.
    nameless = f"{ERASED}:" + cast(Delivery.id, String)
    await _run(session, update(Delivery).where(mine).values(person_id=None, key=nameless, args={}))


async def _forget_number(session: AsyncSession, telegram_id: int) -> None:
    # Update number and digest stay for two days, to know a duplicate; set-aside rows of others
    # may quote the person.
    body = Arrival.body
    quoted = or_(body.like(f"%:{telegram_id},%"), body.like(f"%:{telegram_id}}}%"))
    await _run(
        session,
        update(Arrival)
        .where(or_(Arrival.sender == telegram_id, quoted))
        .values(sender=None, body=None, replies=None, state=Arriving.DONE),
    )
    for table, number in (
        (Conversation, Conversation.telegram_id),
        (SentMessage, SentMessage.chat_id),
        (Applicant, Applicant.telegram_id),
    ):
        await _run(session, delete(table).where(number == telegram_id))


async def _remember(session: AsyncSession, hashed: str, now: datetime) -> None:
    await _run(session, delete(Erasure).where(Erasure.hash == hashed))
    session.add(Erasure(hash=hashed, at=now))
    await session.flush()


async def erase_again(session: AsyncSession, now: datetime, key: bytes) -> int:
    """Erase whom a restored backup has brought back; return how many. For every start.

    Who came back by themselves after being erased was met after that, and stays.
    """
    erased = {row.hash: row.at for row in await session.scalars(select(Erasure))}
    if not erased:
        return 0
    count = 0
    for person in (await session.scalars(select(Person).order_by(Person.id))).all():
        known_by: list[int | str] = [
            person.ref,
            *([person.telegram_id] if person.telegram_id else []),
        ]
        at = max(filter(None, (erased.get(hash_of(one, key)) for one in known_by)), default=None)
        if at is not None and person.met_at < at:
            await erase(session, person, now, key)
            count += 1
    return count
