"""Machine text: what an engine made of somebody's words, kept, and what still waits for one.

One table is both: a text that is wanted is put there, whoever runs an engine
(``bot/translating/``) claims it, and what comes of it stays for the next reader. A machine's text
is never an author's: it is shown labelled, beside the original, or not at all.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import (
    ColumnElement,
    Float,
    Index,
    String,
    Text,
    UniqueConstraint,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.among import among
from community.base import Base, Identified
from community.database_time import database_seconds
from community.writing import insert_new, rows_changed

TRIES = 3
"""So often a text is tried; one that ends its process each time is left alone after that."""
CRASHED, GONE = "crashed", "gone"
"""Why a text fails that no engine has failed at: its process died, or its version is gone."""
_KNOWN_WITHIN = timedelta(minutes=10)
"""So long a version may be new to one process and known to another."""
_LOOK_THROUGH = 50
_NOTED_EVERY = timedelta(days=1)
"""That a text is still in use is written down once in so long."""


@dataclass(frozen=True)
class Machine:
    """The engine of this deployment, and what it can translate now."""

    engine: str = "none"
    pairs: Mapping[tuple[str, str], str] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )
    """From (source, target) to the version that translates it directly."""

    def has(self, source: str, target: str) -> bool:
        """Say whether there is a way from one language to the other."""
        return bool(self.version(source, target))

    def via(self, source: str, target: str) -> str | None:
        """Return the language between the two, if no version translates them directly."""
        if (source, target) in self.pairs or source == target:
            return None
        between = [
            last
            for first, last in self.pairs
            if first == source and (last, target) in self.pairs and last != target
        ]
        return "en" if "en" in between else min(between, default=None)

    def version(self, source: str, target: str) -> str:
        """Return what translates this, of a way by another language both parts; "" if nothing."""
        between = self.via(source, target)
        if between is None:
            return self.pairs.get((source, target), "")
        return f"{self.pairs[source, between]}+{self.pairs[between, target]}"


NO_MACHINE = Machine()


class State(StrEnum):
    """How far a machine text is."""

    WANTED = "wanted"
    DONE = "done"
    FAILED = "failed"


class MachineText(Base, Identified):
    """One text by one engine from one language into another, made or still to be made."""

    __tablename__ = "machine_texts"
    __table_args__ = (
        UniqueConstraint("digest", "source", "target", "engine", "version"),
        Index("ix_machine_texts_state", "state", "wanted_at"),
    )

    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the words."""
    source: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16))
    engine: Mapped[str] = mapped_column(String(16))
    """Of this deployment when it was wanted; another one means another row."""
    version: Mapped[str] = mapped_column(String(96))
    text: Mapped[str] = mapped_column(Text)
    """The words, until it is known what becomes of them; then nothing."""
    result: Mapped[str | None] = mapped_column(Text)
    state: Mapped[State] = mapped_column(String(16), default=State.WANTED)
    reason: Mapped[str | None] = mapped_column(String(32))
    private: Mapped[bool]
    """Somebody's own words, not what an author wrote for all."""
    wanted_at: Mapped[datetime]
    """When it was first wanted; of what is not private, when it last was, to the day."""
    done_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[float | None] = mapped_column(Float)


def digest_of(text: str) -> str:
    """Return under what a text is kept: the same words, the same row."""
    return hashlib.sha256(text.encode()).hexdigest()


async def want(
    session: AsyncSession,
    machine: Machine,
    text: str,
    source: str,
    target: str,
    now: datetime,
    *,
    private: bool = False,
) -> MachineText | None:
    """Return what there is of this text in another language, or put it on the list.

    ``text`` is exactly as it is stored, so that erasing it finds this too. None: the machine
    knows no way from the one language to the other.
    """
    version = _asked(machine, text, source, target)
    if not version:
        return None
    row = await _find(session, machine, text, source, target, version)
    if row is None:
        values = {
            "digest": digest_of(text),
            "source": source,
            "target": target,
            "engine": machine.engine,
            "version": version,
            "text": text,
            "state": State.WANTED,
            "private": private,
            "wanted_at": now,
            "tries": 0,
        }
        await insert_new(session, MachineText, [values])
        row = await _find(session, machine, text, source, target, version)
        assert row is not None
    if row.private and not private:
        row.private, row.wanted_at = False, now  # somebody has published the same words
    elif not row.private and now - row.wanted_at >= _NOTED_EVERY:
        row.wanted_at = now
    return row


async def look(
    session: AsyncSession, machine: Machine, text: str, source: str, target: str
) -> MachineText | None:
    """Return what there is of this text in another language; put nothing on the list."""
    version = _asked(machine, text, source, target)
    return await _find(session, machine, text, source, target, version) if version else None


def _asked(machine: Machine, text: str, source: str, target: str) -> str:
    if not text.strip() or source == target:
        raise ValueError("there is nothing to translate")
    return machine.version(source, target)


async def _find(
    session: AsyncSession, machine: Machine, text: str, source: str, target: str, version: str
) -> MachineText | None:
    row: MachineText | None = await session.scalar(
        select(MachineText).where(
            MachineText.digest == digest_of(text),
            MachineText.source == source,
            MachineText.target == target,
            MachineText.engine == machine.engine,
            MachineText.version == version,
        )
    )
    return row


# The list


@dataclass(frozen=True)
class Task:
    """A claimed text: what its translator has to know."""

    id: int
    text: str
    source: str
    target: str


@dataclass(frozen=True)
class Outcome:
    """What became of one claimed text."""

    task_id: int
    state: State
    result: str | None = None
    reason: str | None = None
    not_tried: bool = False
    """Back on the list through no fault of its own: that is no try."""


async def claim(
    session: AsyncSession,
    holder: str,
    limit: int,
    lease: float,
    now: datetime,
    *,
    machine: Machine,
) -> list[Task]:
    """Take up to ``limit`` texts that this machine can do, for ``lease`` seconds.

    Somebody's own words first: a person waits for them. The lease is by the database's clock;
    what a dead process has held is taken over when its lease has run out, and fails when that
    happens for the third time. What was wanted of an engine or a version that is gone fails too.
    """
    candidates = await session.scalars(
        select(MachineText)
        .where(MachineText.state == State.WANTED, _is_free())
        .order_by(MachineText.private.desc(), MachineText.wanted_at, MachineText.id)
        .limit(max(limit, _LOOK_THROUGH))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    claimed: list[Task] = []
    for row in candidates.all():
        known = row.engine == machine.engine and row.version == machine.version(
            row.source, row.target
        )
        if row.tries >= TRIES:
            _write(row, Outcome(row.id, State.FAILED, reason=CRASHED), now)
        elif not known and row.wanted_at < now - _KNOWN_WITHIN:
            _write(row, Outcome(row.id, State.FAILED, reason=GONE), now)
        elif known and len(claimed) < limit:
            row.holder, row.tries = holder, row.tries + 1
            claimed.append(Task(row.id, row.text, row.source, row.target))
    await session.flush()
    await _lease(session, holder, [task.id for task in claimed], lease)
    return claimed


async def renew(session: AsyncSession, holder: str, ids: Collection[int], lease: float) -> bool:
    """Hold these for ``lease`` seconds more; False if they are not all the holder's any more."""
    return await _lease(session, holder, ids, lease) == len(ids)


async def settle(
    session: AsyncSession, outcomes: Sequence[Outcome], now: datetime, *, holder: str
) -> int:
    """Write what became of claimed texts; return of how many.

    What is not the holder's any more, or was erased meanwhile, stays as it is. What goes back on
    the list for the third time has failed.
    """
    known = {outcome.task_id: outcome for outcome in outcomes}
    rows = await session.scalars(
        select(MachineText)
        .where(
            among(MachineText.id, list(known)),
            MachineText.state == State.WANTED,
            MachineText.holder == holder,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    settled = rows.all()
    for row in settled:
        _write(row, known[row.id], now)
    await session.flush()
    return len(settled)


def _write(row: MachineText, outcome: Outcome, now: datetime) -> None:
    row.holder = row.lease_until = None
    row.tries -= outcome.not_tried
    row.reason = outcome.reason
    if outcome.state == State.WANTED and row.tries < TRIES:
        return
    row.state = State.DONE if outcome.state == State.DONE else State.FAILED
    row.text, row.result, row.done_at = "", outcome.result, now


def _is_free() -> ColumnElement[bool]:
    return or_(MachineText.holder.is_(None), MachineText.lease_until < database_seconds())


async def _lease(session: AsyncSession, holder: str, ids: Collection[int], lease: float) -> int:
    if not ids:
        return 0
    return await rows_changed(
        session,
        update(MachineText)
        .where(
            among(MachineText.id, ids),
            MachineText.state == State.WANTED,
            MachineText.holder == holder,
        )
        .values(lease_until=database_seconds() + lease),
    )


# Being forgotten


async def forget(session: AsyncSession, texts: Collection[str]) -> int:
    """Remove what was made of these words, into whatever language; return how much that was."""
    digests = sorted({digest_of(text) for text in texts})
    if not digests:
        return 0
    return await rows_changed(session, delete(MachineText).where(MachineText.digest.in_(digests)))
