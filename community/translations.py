"""What authors write, in the languages in which it exists, and which one a reader gets.

A *subject* is a row with words: an event, a newsletter, a service, a step, an area, an
organisation. Each of its *fields* is one text per language. A reader gets all fields of a subject
in one language, chosen once, by the author's rule; never by a table of near languages.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified
from community.errors import NotUnderstoodError
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
_C = who(Who.CLOCK)
TRANSLATION = Lifecycle(
    "translation",
    {
        State.MISSING: {State.MACHINE: _C, State.DRAFT: _T},
        State.MACHINE: {State.DRAFT: _T, State.APPROVED: _T, State.STALE: _T},
        State.DRAFT: {State.APPROVED: _T, State.STALE: _T},
        State.APPROVED: {State.STALE: _T},
        State.STALE: {State.MACHINE: _C, State.DRAFT: _T, State.APPROVED: _T},
    },
)


class Fallback(StrEnum):
    """What a reader gets whose language is missing."""

    SKIP = "skip"
    NETWORK = "network"


LIMITS: Mapping[tuple[str, str], int] = {
    ("event", "title"): 120,
    ("event", "description"): 1500,
    ("newsletter", "title"): 120,
    ("newsletter", "body"): 3500,
    ("organization", "name"): 120,
    ("service", "name"): 120,
    ("service", "description"): 1500,
    ("step", "text"): 400,
    ("area", "name"): 60,
}
"""Every field there is, with the most characters it takes: less than one message carries."""


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
    written_at: Mapped[datetime]


@dataclass(frozen=True)
class Block:
    """All fields of one subject in exactly one language."""

    language: str
    fields: Mapping[str, str]
    is_own: bool
    """Whether this is the language the reader asked for."""

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
) -> None:
    """Write some fields in one language; the first language written is the source.

    Changing the source makes exactly that field stale in the other languages, unless the change
    is minor (a typing error). The text of an animator or coordinator counts as approved. The
    caller has checked that the actor may write this subject.
    """
    rows = await _rows(session, subject, [subject_id])
    source = next((row.language for row in rows if row.is_source), language)
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
        row.text, row.state = text, State.APPROVED
        row.written_by_id, row.written_at = actor.id if actor else None, now
        if language == source and changed and not minor:
            for other in rows:
                if other.field == field and other.language != source:
                    other.state = State.STALE
    await session.flush()


async def forget(session: AsyncSession, subject: str, subject_id: int) -> None:
    """Remove every text of the subject."""
    await session.execute(
        delete(ContentText).where(
            ContentText.subject == subject, ContentText.subject_id == subject_id
        )
    )


async def _rows(
    session: AsyncSession, subject: str, subject_ids: Collection[int]
) -> Sequence[ContentText]:
    return (
        await session.scalars(
            select(ContentText)
            .where(ContentText.subject == subject, ContentText.subject_id.in_(subject_ids))
            .order_by(ContentText.id)
        )
    ).all()


@dataclass(frozen=True)
class Shelf:
    """Everything written about one subject, ready to be chosen from."""

    source: str
    complete: dict[str, dict[str, str]]
    """Languages in which every field of the source stands approved."""

    def choose(self, reader: str, network: str, rule: Fallback = Fallback.NETWORK) -> Block | None:
        """Return the one language this reader gets, or None if the rule says skip.

        Under ``NETWORK``, whoever has no version in their own language gets the network's; if
        that does not exist either, what the author wrote.
        """
        if reader in self.complete:
            return Block(reader, self.complete[reader], is_own=True)
        if rule == Fallback.SKIP or not self.complete:
            return None
        language = self.instead(network)
        return Block(language, self.complete[language], is_own=False)

    def instead(self, network: str) -> str:
        """Return the language in place of a missing one: the network's, else the author's."""
        return network if network in self.complete else self.source


async def shelves(
    session: AsyncSession, subject: str, subject_ids: Collection[int]
) -> dict[int, Shelf]:
    """Return the shelf of each subject that has any words."""
    rows = await _rows(session, subject, subject_ids)
    return {
        subject_id: _shelf([row for row in rows if row.subject_id == subject_id])
        for subject_id in {row.subject_id for row in rows}
    }


def _shelf(rows: Sequence[ContentText]) -> Shelf:
    source = next(row.language for row in rows if row.is_source)
    needed = {row.field for row in rows if row.is_source}
    approved: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.state == State.APPROVED:
            approved.setdefault(row.language, {})[row.field] = row.text
    complete = {
        language: {field: fields[field] for field in needed}
        for language, fields in approved.items()
        if needed <= fields.keys()
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
    """Return the source language, and how far each language is that has any words.

    A language is as far as its least finished field; a field of the source that it lacks makes
    it missing.
    """
    rows = await _rows(session, subject, [subject_id])
    source = next(row.language for row in rows if row.is_source)
    needed = [row.field for row in rows if row.is_source]
    found: dict[str, Standing] = {}
    for language in {row.language for row in rows}:
        own = {row.field: row for row in rows if row.language == language}
        states = {own[field].state if field in own else State.MISSING for field in needed}
        least = next(state for state in _LEAST_FIRST if state in states)
        found[language] = Standing(least, {field: row.text for field, row in own.items()})
    return source, found


_LEAST_FIRST = (State.MISSING, State.STALE, State.MACHINE, State.DRAFT, State.APPROVED)


async def block(
    session: AsyncSession,
    subject: str,
    subject_id: int,
    reader: str,
    network: str,
    rule: Fallback = Fallback.NETWORK,
) -> Block | None:
    """Return what this reader gets of one subject."""
    found = (await shelves(session, subject, [subject_id])).get(subject_id)
    return found.choose(reader, network, rule) if found else None


async def blocks(
    session: AsyncSession, subject: str, subject_ids: Collection[int], reader: str, network: str
) -> dict[int, Block]:
    """Return what this reader gets of several subjects that they open themselves."""
    chosen = {
        subject_id: shelf.choose(reader, network)
        for subject_id, shelf in (await shelves(session, subject, subject_ids)).items()
    }
    return {subject_id: found for subject_id, found in chosen.items() if found}
