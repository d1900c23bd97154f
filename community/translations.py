"""What authors write, in the languages in which it exists, and which one a reader gets.

A *subject* is a row with words: an event, a newsletter, a service, a step, an area, an
organisation. Each of its *fields* is one text per language. A reader gets all fields of a subject
in one language, chosen once, by the author's rule; never by a table of near languages.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import earlier, memory, recordings
from community.among import among
from community.base import Base, BigId, Identified
from community.earlier import EarlierText
from community.errors import ChangedError, IllegalMoveError, NotUnderstoodError
from community.lifecycle import Lifecycle, Who, who
from community.people import Person


class State(StrEnum):
    """How far one text in one language is."""

    MISSING = "missing"
    MACHINE = "machine"
    DRAFT = "draft"
    APPROVED = "approved"
    STALE = "stale"


_T = who(Who.ANIMATOR, Who.COORDINATOR)
_ALL = who(Who.ANIMATOR, Who.COORDINATOR, Who.TRANSLATOR, Who.PROVIDER)
_W = who(Who.ANIMATOR, Who.COORDINATOR, Who.PROVIDER)
_C = who(Who.CLOCK)
TRANSLATION = Lifecycle(
    "translation",
    {
        State.MISSING: {State.MACHINE: _C, State.DRAFT: _ALL},
        State.MACHINE: {State.DRAFT: _ALL, State.APPROVED: _T, State.STALE: _W},
        State.DRAFT: {State.APPROVED: _ALL, State.STALE: _W},
        State.APPROVED: {State.STALE: _W},
        State.STALE: {State.MACHINE: _C, State.DRAFT: _ALL, State.APPROVED: _T},
    },
)


class Fallback(StrEnum):
    """What a reader gets whose language is missing."""

    SKIP = "skip"
    """Nothing."""
    SECOND = "second"
    """Their second language; nothing, where they have named none or that is missing, too."""
    NETWORK = "network"
    """Their second language, else the network's, else the author's."""
    WAIT = "wait"
    """Their own, once it is there."""


EASY = "-simple"
"""How the easy-read variant of a language ends (the variant subtag of BCP 47)."""


@dataclass(frozen=True)
class Reads:
    """What somebody reads: the language they chose, and perhaps a second one."""

    language: str
    second: str | None = None

    @property
    def own(self) -> tuple[str, ...]:
        """Return what is theirs, the best first: who chose easy reading reads the plain words."""
        plain = self.language.removesuffix(EASY)
        return (self.language,) if plain == self.language else (self.language, plain)

    @property
    def every(self) -> tuple[str, ...]:
        """Return all that they read, their own first."""
        others = Reads(self.second).own if self.second else ()
        return tuple(dict.fromkeys([*self.own, *others]))


LIMITS: Mapping[tuple[str, str], int] = {
    ("event", "title"): 120,
    ("event", "description"): 1500,
    ("event", "speakers"): 500,
    ("newsletter", "title"): 120,
    ("newsletter", "body"): 3500,
    ("newsletter", "question"): 250,
    **{("newsletter", f"option{number}"): 40 for number in range(1, 7)},
    ("picture", "picture"): 1000,
    ("organization", "name"): 120,
    ("organization", "description"): 1500,
    ("program", "name"): 120,
    ("program", "description"): 1500,
    ("service", "name"): 120,
    ("service", "description"): 1500,
    ("service", "eligibility"): 600,
    ("service", "documents"): 600,
    ("service", "fees"): 300,
    ("service", "wait"): 200,
    ("service", "application"): 800,
    ("service", "accessibility"): 300,
    ("location", "name"): 120,
    ("step", "text"): 400,
    ("step", "documents"): 300,
    ("area", "name"): 60,
    ("cohort", "name"): 60,
    ("post", "text"): 600,
    ("template", "name"): 60,
    ("template", "text"): 1000,
    ("lesson", "title"): 80,
    **{("lesson", f"screen{number}"): 700 for number in range(1, 5)},
    ("lesson", "question"): 300,
    **{("lesson", f"answer{number}"): 120 for number in range(1, 5)},
    ("lesson", "why"): 600,
    ("lesson", "picture"): 300,
    ("decision", "said"): 300,
    ("decision", "does"): 400,
    ("decision", "learned"): 400,
}
"""Every field there is, with the most characters it takes: less than one message carries.

Of a picture: the words for those who cannot see it, or who read another language than it has.
"""


class ContentText(Base, Identified):
    """One field of one subject in one language."""

    __tablename__ = "translations"
    __table_args__ = (UniqueConstraint("subject", "subject_id", "language", "field"),)

    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    language: Mapped[str] = mapped_column(String(16))
    field: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[State] = mapped_column(String(16))
    is_source: Mapped[bool]
    written_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    written_as: Mapped[str | None] = mapped_column(String(24))
    """In which role."""
    written_at: Mapped[datetime]


FOLLOWERS: dict[str, Callable[[AsyncSession, Collection[int]], Awaitable[None]]] = {}
"""By subject: what keeps something that is made of its approved texts, as the search does."""


async def tell_followers(session: AsyncSession, subject: str, *subject_ids: int) -> None:
    """Let who follows this subject know, in this transaction, that other texts are approved."""
    if subject in FOLLOWERS:
        await FOLLOWERS[subject](session, subject_ids)


@dataclass(frozen=True)
class Block:
    """All fields of one subject in exactly one language."""

    language: str
    fields: Mapping[str, str]
    is_own: bool
    """Whether this is the language the reader asked for."""
    is_translated: bool = False
    """Whether the author wrote in another language."""

    def get(self, field: str) -> str:
        """Return the field, or nothing if the author left it out."""
        return self.fields.get(field, "")


def clean(subject: str, field: str, text: str) -> str:
    """Return the text without stray spaces.

    Raises:
        NotUnderstoodError: it is empty or longer than the field takes.
    """
    limit = LIMITS[subject, field]
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not 0 < len(text) <= limit:
        raise NotUnderstoodError(field, limit=limit)
    return text


async def write(
    session: AsyncSession,
    actor: Person | None,
    subject: str,
    subject_id: int,
    language: str,
    fields: Mapping[str, str],
    now: datetime,
    *,
    minor: bool = False,
    by: Who = Who.ANIMATOR,
) -> None:
    """Write some fields in one language; the first language written is the source.

    Changing the source makes exactly that field stale in the other languages, unless the change
    is minor (a typing error). The text of an animator or coordinator counts as approved, that of
    a translator is a draft, and so is a provider's in another language than the source. The
    caller has checked that the actor may write this subject.

    Raises:
        IllegalMoveError: a translator would write what stands approved, or the author's words.
    """
    rows = await _rows(session, subject, [subject_id])
    source = next((row.language for row in rows if row.is_source), language)
    is_draft = by is Who.TRANSLATOR or (by is Who.PROVIDER and language != source)
    to = State.DRAFT if is_draft else State.APPROVED
    for field, raw in fields.items():
        text = clean(subject, field, raw)
        row = next((r for r in rows if r.language == language and r.field == field), None)
        changed = row is None or row.text != text
        if row is None:
            row = ContentText(
                subject=subject,
                subject_id=subject_id,
                language=language,
                field=field,
                is_source=language == source,
            )
            session.add(row)
            memory.drop(session, (ContentText, subject, subject_id))
        elif changed:
            session.add(_as_it_stood(row, now))
        check_way(State(row.state or State.MISSING), to, by)
        row.text, row.state, row.written_as = text, to, by.value
        row.written_by_id, row.written_at = actor.id if actor else None, now
        if language == source and changed and not minor:
            for other in rows:
                if other.field == field and other.language != source:
                    other.state = State.STALE
    await session.flush()
    await tell_followers(session, subject, subject_id)


async def strike(
    session: AsyncSession,
    subject: str,
    subject_id: int,
    language: str,
    field: str,
    now: datetime,
) -> None:
    """Take one field out; of the source, it goes in every language. What stood there is kept."""
    rows = [row for row in await _rows(session, subject, [subject_id]) if row.field == field]
    is_source = any(row.is_source and row.language == language for row in rows)
    for row in rows:
        if is_source or row.language == language:
            session.add(_as_it_stood(row, now))
            await session.delete(row)
    memory.drop(session, (ContentText, subject, subject_id))
    await session.flush()
    await tell_followers(session, subject, subject_id)


def _as_it_stood(row: ContentText, now: datetime) -> EarlierText:
    return EarlierText(
        subject=row.subject,
        subject_id=row.subject_id,
        language=row.language,
        field=row.field,
        text=row.text,
        written_by_id=row.written_by_id,
        written_as=row.written_as,
        written_at=row.written_at,
        replaced_at=now,
    )


def check_way(at: State, to: State, by: Who) -> None:
    """Refuse what the table has no way for; what an animator writes passes the draft at once.

    Raises:
        IllegalMoveError: the table has no such way.
    """
    through = TRANSLATION.allows(at, State.DRAFT, by) and TRANSLATION.allows(State.DRAFT, to, by)
    if at != to and not TRANSLATION.allows(at, to, by) and not through:
        raise IllegalMoveError(TRANSLATION.name, at, to)


def seal(*words: str | None) -> str:
    """Return six letters that stand for exactly these words, for a button that is about them."""
    digest = hashlib.sha256("\0".join(said or "" for said in words).encode()).digest()
    return base64.urlsafe_b64encode(digest)[:6].decode()


async def copy(
    session: AsyncSession, subject: str, from_id: int, to_id: int, *, but: str = ""
) -> None:
    """Give one subject the texts of another but one field, in every language, and recordings."""
    await recordings.copy(session, subject, from_id, to_id, but=but)
    memory.drop(session, (ContentText, subject, to_id))
    rows = await _rows(session, subject, [from_id])
    if but:  # what stands there of it has one source with what it is given
        source = next((row.language for row in rows if row.is_source), "")
        await session.execute(
            update(ContentText)
            .where(
                ContentText.subject == subject,
                ContentText.subject_id == to_id,
                ContentText.field == but,
            )
            .values(is_source=ContentText.language == source)
        )
    session.add_all(
        ContentText(
            subject=subject,
            subject_id=to_id,
            language=row.language,
            field=row.field,
            is_source=row.is_source,
            text=row.text,
            state=row.state,
            written_by_id=row.written_by_id,
            written_as=row.written_as,
            written_at=row.written_at,
        )
        for row in rows
        if row.field != but
    )
    await session.flush()


async def outdate(session: AsyncSession, subject: str, subject_id: int) -> None:
    """Make every text of the subject stale: what it is about has become another."""
    await session.execute(
        update(ContentText)
        .where(ContentText.subject == subject, ContentText.subject_id == subject_id)
        .values(state=State.STALE)
    )


async def relabel(session: AsyncSession, subject: str, subject_id: int, language: str) -> None:
    """Say that what the author wrote is in another language; what stood before goes along.

    Raises:
        ChangedError: there are words in that language.
    """
    rows = await read_anew(session, subject, subject_id)
    source = next(row.language for row in rows if row.is_source)
    if source == language:
        return
    if any(row.language == language for row in rows):
        raise ChangedError(TRANSLATION.name, State.APPROVED, State.APPROVED)
    for table in (ContentText, recordings.Recording, EarlierText):
        await session.execute(
            update(table)
            .where(
                table.subject == subject,
                table.subject_id == subject_id,
                table.language == source,
            )
            .values(language=language)
        )
    await read_anew(session, subject, subject_id)
    await tell_followers(session, subject, subject_id)


async def forget(session: AsyncSession, subject: str, subject_id: int, *, but: str = "") -> None:
    """Remove every text of the subject but one field, its recordings, and what stood before."""
    await earlier.forget(session, subject, subject_id, but=but)
    await recordings.forget(session, subject, subject_id, but=but)
    await session.execute(
        delete(ContentText).where(
            ContentText.subject == subject,
            ContentText.subject_id == subject_id,
            ContentText.field != but,
        )
    )
    await tell_followers(session, subject, subject_id)


_ROWS = (
    select(ContentText)
    .where(
        ContentText.subject == bindparam("what"),
        among(ContentText.subject_id, "which"),
    )
    .order_by(ContentText.id)
)


_WORDS = _ROWS.with_only_columns(
    ContentText.subject_id,
    ContentText.language,
    ContentText.field,
    ContentText.text,
    ContentText.state,
    ContentText.is_source,
)


async def _rows(
    session: AsyncSession, subject: str, subject_ids: Collection[int]
) -> Sequence[ContentText]:
    if len(subject_ids) != 1:
        return list(await session.scalars(_ROWS, {"what": subject, "which": list(subject_ids)}))
    (number,) = subject_ids
    rows: list[ContentText] | None = memory.recall(session, (ContentText, subject, number))
    if rows is None:
        rows = list(await session.scalars(_ROWS, {"what": subject, "which": [number]}))
        memory.remember(session, (ContentText, subject, number), rows)
    return rows


async def read_anew(session: AsyncSession, subject: str, subject_id: int) -> Sequence[ContentText]:
    """Return the texts of a subject as the database has them now, locked against others."""
    memory.drop(session, (ContentText, subject, subject_id))
    return list(
        await session.scalars(
            select(ContentText)
            .where(ContentText.subject == subject, ContentText.subject_id == subject_id)
            .order_by(ContentText.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


async def texts(
    session: AsyncSession, subject: str, subject_ids: Collection[int]
) -> dict[int, list[ContentText]]:
    """Return every text of these subjects, in the order in which they were written."""
    found: dict[int, list[ContentText]] = {}
    for row in await _rows(session, subject, subject_ids) if subject_ids else ():
        found.setdefault(row.subject_id, []).append(row)
    return found


@dataclass(frozen=True)
class Shelf:
    """Everything written about one subject, ready to be chosen from."""

    source: str
    complete: dict[str, dict[str, str]]
    """Languages in which every field of the source stands approved."""

    def choose(
        self, reads: Reads, network: str, rule: Fallback = Fallback.NETWORK
    ) -> Block | None:
        """Return the one language this reader gets, or None if there is none by the rule."""
        for language in reads.own:
            if language in self.complete:
                return self._block(language, is_own=True)
        others = {
            Fallback.SECOND: [reads.second],
            Fallback.NETWORK: [reads.second, self.instead(network)],
        }
        for other in others.get(rule, []):
            for language in Reads(other).own if other else ():
                if language in self.complete:
                    return self._block(language, is_own=False)
        return None

    def _block(self, language: str, *, is_own: bool) -> Block:
        is_translated = language != self.source
        return Block(language, self.complete[language], is_own, is_translated)

    def serves(self) -> frozenset[str]:
        """Return whose own language is there: all that are complete, and their easy variants."""
        return frozenset(self.complete) | {language + EASY for language in self.complete}

    def instead(self, network: str) -> str:
        """Return the language in place of a missing one: the network's, else the author's."""
        return network if network in self.complete else self.source

    def beside(self, other: "Shelf | None") -> "Shelf":
        """Return both as one: complete is the language in which both are."""
        also = other.complete if other else {}
        return Shelf(
            self.source,
            {
                language: {**fields, **also[language]}
                for language, fields in self.complete.items()
                if language in also
            },
        )


async def shelves(
    session: AsyncSession, subject: str, subject_ids: Collection[int]
) -> dict[int, Shelf]:
    """Return the shelf of each subject that has any words."""
    rows: Sequence[Any]
    if len(subject_ids) == 1:
        rows = await _rows(session, subject, subject_ids)
    else:  # of a list only the words are needed
        values = {"what": subject, "which": list(subject_ids)}
        rows = (await session.execute(_WORDS, values)).all()
    of: dict[int, list[Any]] = {}
    for row in rows:
        of.setdefault(row.subject_id, []).append(row)
    return {subject_id: _shelf(every) for subject_id, every in of.items()}


def _shelf(rows: Sequence[Any]) -> Shelf:
    source = next(row.language for row in rows if row.is_source)
    needed = [row.field for row in rows if row.is_source]
    approved: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.state == State.APPROVED:
            approved.setdefault(row.language, {})[row.field] = row.text
    complete = {
        language: {field: fields[field] for field in needed}
        for language, fields in approved.items()
        if fields.keys() >= set(needed)
    }
    return Shelf(source, complete)


@dataclass(frozen=True)
class Standing:
    """How far one language of a subject is, and what is written there, finished or not."""

    state: State
    fields: dict[str, str]


async def standings(
    session: AsyncSession, subject: str, subject_id: int
) -> tuple[str, dict[str, Standing]]:
    """Return the source language ("" without any), and how far each language is that has words.

    A language is as far as its least finished field; a field of the source that it lacks makes
    it missing.
    """
    rows = await _rows(session, subject, [subject_id])
    source = next((row.language for row in rows if row.is_source), "")
    needed = [row.field for row in rows if row.is_source]
    found: dict[str, Standing] = {}
    for language in {row.language for row in rows}:
        own = {row.field: row for row in rows if row.language == language}
        states = {own[field].state if field in own else State.MISSING for field in needed}
        least = least_of(states)
        found[language] = Standing(least, {field: row.text for field, row in own.items()})
    return source, found


_LEAST_FIRST = (State.MISSING, State.STALE, State.MACHINE, State.DRAFT, State.APPROVED)


def least_of(states: Collection[State]) -> State:
    """Return the least finished of these."""
    return next(state for state in _LEAST_FIRST if state in states)


async def block(
    session: AsyncSession,
    subject: str,
    subject_id: int,
    reads: Reads,
    network: str,
    rule: Fallback = Fallback.NETWORK,
) -> Block | None:
    """Return what this reader gets of one subject."""
    found = (await shelves(session, subject, [subject_id])).get(subject_id)
    return found.choose(reads, network, rule) if found else None


async def blocks(
    session: AsyncSession, subject: str, subject_ids: Collection[int], reads: Reads, network: str
) -> dict[int, Block]:
    """Return what this reader gets of several subjects that they open themselves."""
    chosen = {
        subject_id: shelf.choose(reads, network)
        for subject_id, shelf in (await shelves(session, subject, subject_ids)).items()
    }
    return {subject_id: found for subject_id, found in chosen.items() if found}
