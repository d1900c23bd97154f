"""What is to be done about gaps: planned actions, scored on five criteria, with their evidence.

An action remembers the place on the map that it is about, not one map, so that the next map shows
what has become of its gap. Scores are only added: the newest of each criterion counts, and the
others are the history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import plans, roles
from community.base import Base, BigId, Identified, Referable, find
from community.errors import NotFoundError, NotUnderstoodError
from community.events import Event
from community.gaps.table import Dimension, GapCell, GapWave, Place
from community.people import Person
from community.plans import Task
from community.roles import RoleName

TEXT_LIMIT = 500
BEST = 5
MOST_EVIDENCE = 20


class Way(StrEnum):
    """What is done about a gap."""

    PARTNER = "partner"
    """Find an organisation that helps: a task of the plan with it."""
    EVENT = "event"
    TRANSLATION = "translation"
    TASK = "task"
    """A task of the plan with an organisation that is about no gap."""


class Criterion(StrEnum):
    """By what an action is scored, from 1 to 5 (OECD DAC's words where it has them)."""

    RELEVANCE = "relevance"
    EFFECTIVENESS = "effectiveness"
    EFFICIENCY = "efficiency"
    IMPACT = "impact"
    SUSTAINABILITY = "sustainability"


class Proof(StrEnum):
    """What kind of evidence something is."""

    TEXT = "text"
    LINK = "link"
    BENCHMARK = "benchmark"
    """What others reach, or what it is compared with."""
    FIGURE = "figure"
    """A cell of a gap map."""


class PlannedAction(Base, Referable):
    """One thing that the network means to do."""

    __tablename__ = "planned_actions"
    __table_args__ = (Index("ix_planned_actions_need_dimension_key", "need", "dimension", "key"),)

    way: Mapped[Way] = mapped_column(String(12))
    need: Mapped[str | None] = mapped_column(String(24))
    """With ``dimension`` and ``key`` the place of its gap; None if it is about none."""
    dimension: Mapped[Dimension | None] = mapped_column(String(8))
    key: Mapped[str | None] = mapped_column(String(24))
    task_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("plan_tasks.id", ondelete="SET NULL"), index=True
    )
    event_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("events.id", ondelete="SET NULL"), index=True
    )
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    is_done: Mapped[bool] = mapped_column(default=False)
    """Once it has ended: whether it was done, or dropped."""

    @property
    def place(self) -> Place | None:
        """Return the place of its gap."""
        if self.need is None or self.dimension is None:
            return None
        return Place(self.need, Dimension(self.dimension), self.key or "")


class ActionScore(Base, Identified):
    """What a coordinator thinks of an action by one criterion."""

    __tablename__ = "action_scores"

    action_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("planned_actions.id", ondelete="CASCADE"), index=True
    )
    criterion: Mapped[Criterion] = mapped_column(String(16))
    value: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )


class ActionEvidence(Base, Referable):
    """What the scores of an action rest on."""

    __tablename__ = "action_evidence"

    action_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("planned_actions.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[Proof] = mapped_column(String(12))
    said: Mapped[str] = mapped_column(Text, default="")
    cell_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("gap_cells.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )


@dataclass(frozen=True)
class Weighed:
    """An action, what it is worth, and why."""

    action: PlannedAction
    scores: Mapping[Criterion, int]
    """The newest of each criterion."""
    history: Sequence[ActionScore]
    """All of them, the newest first."""
    evidence: Sequence[ActionEvidence]
    cells: Mapping[int, tuple[GapCell, GapWave]]
    """The cells that the evidence names, by their numbers, and their maps."""


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> PlannedAction:
    """Return an action, for a coordinator.

    Raises:
        NotAllowedError: the actor is none.
        NotFoundError: there is none with this reference.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    return await find(session, PlannedAction, ref, lock=lock)


async def begin(
    session: AsyncSession, actor: Person, cell_ref: str, way: Way, now: datetime
) -> PlannedAction:
    """Plan to do something about a gap; what is open for it in this way already is returned.

    The cell of the map is its first evidence.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such cell, or it is no gap.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    cell = await find(session, GapCell, cell_ref, lock=True)
    if cell.gap is None or way is Way.TASK:
        raise NotFoundError("GapCell")
    there = await session.scalars(
        select(PlannedAction).where(
            PlannedAction.need == cell.need,
            PlannedAction.dimension == cell.dimension,
            PlannedAction.key == cell.key,
            PlannedAction.way == way,
            PlannedAction.ended_at.is_(None),
        )
    )
    if (action := there.first()) is not None:
        return action
    action = PlannedAction(
        way=way, need=cell.need, dimension=cell.dimension, key=cell.key, made_at=now
    )
    session.add(action)
    await session.flush()
    session.add(
        ActionEvidence(
            action_id=action.id, kind=Proof.FIGURE, cell_id=cell.id, at=now, by_id=actor.id
        )
    )
    await session.flush()
    return action


async def for_task(
    session: AsyncSession, actor: Person, task_ref: str, now: datetime
) -> PlannedAction:
    """Return the action that a task of a plan is; it becomes one the first time.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is no such task.
    """
    task = await plans.opened(session, actor, task_ref, now, lock=True)
    found = await session.scalars(
        select(PlannedAction)
        .where(PlannedAction.task_id == task.id)
        .order_by(PlannedAction.id.desc())
    )
    if (action := found.first()) is not None:
        return action
    action = PlannedAction(way=Way.TASK, task_id=task.id, made_at=now)
    session.add(action)
    await session.flush()
    return action


async def with_partner(
    session: AsyncSession, actor: Person, ref: str, organization_ref: str, what: str, now: datetime
) -> PlannedAction:
    """Put what is to be done into the plan with an organisation.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: no words, or too many.
    """
    action = await opened(session, actor, ref, now, lock=True)
    task = await plans.add(session, actor, organization_ref, now, what=what)
    action.task_id = task.id
    await session.flush()
    return action


async def with_event(
    session: AsyncSession, actor: Person, ref: str, event: Event, now: datetime
) -> PlannedAction:
    """Note which event it is.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    action = await opened(session, actor, ref, now, lock=True)
    action.event_id = event.id
    await session.flush()
    return action


async def end(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, done: bool
) -> PlannedAction:
    """Note that an action was done, or is dropped.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    action = await opened(session, actor, ref, now, lock=True)
    action.ended_at, action.is_done = now, done
    await session.flush()
    return action


async def score(
    session: AsyncSession, actor: Person, ref: str, criterion: Criterion, value: int, now: datetime
) -> None:
    """Say how good an action is by one criterion; what was said before stays in the history.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: it is not from 1 to 5.
    """
    action = await opened(session, actor, ref, now, lock=True)
    if not 1 <= value <= BEST:
        raise NotUnderstoodError("choice")
    session.add(
        ActionScore(action_id=action.id, criterion=criterion, value=value, at=now, by_id=actor.id)
    )
    await session.flush()


async def attach(
    session: AsyncSession, actor: Person, ref: str, kind: Proof, said: str, now: datetime
) -> ActionEvidence:
    """Attach evidence in words: what was seen, a link, or what others reach.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: no words or too many, no link, or there is a lot already.
    """
    action = await opened(session, actor, ref, now, lock=True)
    said = clean(kind, said)
    mine = select(ActionEvidence.id).where(ActionEvidence.action_id == action.id)
    if len((await session.scalars(mine)).all()) >= MOST_EVIDENCE:
        raise NotUnderstoodError("evidence")
    row = ActionEvidence(action_id=action.id, kind=kind, said=said, at=now, by_id=actor.id)
    session.add(row)
    await session.flush()
    return row


def clean(kind: Proof, said: str) -> str:
    """Return what evidence says.

    Raises:
        NotUnderstoodError: no words, too many, or no link where one is to be.
    """
    said = said.strip()
    if kind is Proof.FIGURE or not 0 < len(said) <= TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=TEXT_LIMIT)
    if kind is Proof.LINK and not (said.startswith(("https://", "http://")) and " " not in said):
        raise NotUnderstoodError("link")
    return said


async def take_off(
    session: AsyncSession, actor: Person, evidence_ref: str, now: datetime
) -> PlannedAction:
    """Take evidence away; return the action that it was for.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is none with this reference.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    row = await find(session, ActionEvidence, evidence_ref, lock=True)
    action = await session.get_one(PlannedAction, row.action_id)
    await session.delete(row)
    await session.flush()
    return action


async def weighed(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Weighed:
    """Return an action with its scores, their history, and its evidence.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    action = await opened(session, actor, ref, now)
    return (await _weighed(session, [action]))[0]


async def every(session: AsyncSession, actor: Person, now: datetime) -> list[Weighed]:
    """Return all actions, open ones first, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    rows = await session.scalars(
        select(PlannedAction).order_by(
            PlannedAction.ended_at.is_not(None), PlannedAction.id.desc()
        )
    )
    return await _weighed(session, rows.all())


async def about(
    session: AsyncSession, actor: Person, place: Place, now: datetime
) -> Sequence[PlannedAction]:
    """Return what has been planned about a gap, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    rows = await session.scalars(
        select(PlannedAction)
        .where(
            PlannedAction.need == place.need,
            PlannedAction.dimension == place.dimension,
            PlannedAction.key == place.key,
        )
        .order_by(PlannedAction.id.desc())
    )
    return rows.all()


async def _weighed(session: AsyncSession, actions: Sequence[PlannedAction]) -> list[Weighed]:
    if not actions:
        return []
    numbers = [action.id for action in actions]
    given = (
        await session.scalars(
            select(ActionScore)
            .where(ActionScore.action_id.in_(numbers))
            .order_by(ActionScore.id.desc())
        )
    ).all()
    proofs = (
        await session.scalars(
            select(ActionEvidence)
            .where(ActionEvidence.action_id.in_(numbers))
            .order_by(ActionEvidence.id)
        )
    ).all()
    named = [row.cell_id for row in proofs if row.cell_id is not None]
    cells = {
        cell.id: (cell, wave)
        for cell, wave in await session.execute(
            select(GapCell, GapWave)
            .join(GapWave, GapWave.id == GapCell.wave_id)
            .where(GapCell.id.in_(named))
        )
    }
    found = []
    for action in actions:
        history = [row for row in given if row.action_id == action.id]
        newest = {Criterion(row.criterion): row.value for row in reversed(history)}
        evidence = [row for row in proofs if row.action_id == action.id]
        found.append(
            Weighed(
                action,
                {one: newest[one] for one in Criterion if one in newest},
                history,
                evidence,
                {n: cells[n] for row in evidence if (n := row.cell_id) is not None},
            )
        )
    return found


async def task_of(session: AsyncSession, action: PlannedAction) -> Task | None:
    """Return the task of a plan that an action is."""
    return None if action.task_id is None else await session.get(Task, action.task_id)
