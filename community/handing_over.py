"""All that one animator takes care of goes to another, in one act: before leave, or for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles, sends, translations
from community.assisted import Assisted
from community.errors import ChangedError, NotFoundError
from community.events import EVENT, Event
from community.events import State as Planned
from community.exchanges import Exchange
from community.exchanges import State as Asked
from community.people import Person
from community.roles import RoleName
from community.sends import Send
from community.team_tasks import TeamTask, coming
from community.transfers import State as Passing
from community.transfers import Transfer

T = TypeVar("T")


@dataclass(frozen=True)
class Owned:
    """What somebody takes care of."""

    questions: Sequence[Exchange]
    proposals: Sequence[Event | Send]
    tasks: Sequence[TeamTask]
    """Next steps with contacts among them."""
    plans: Sequence[Transfer]
    """Hand-over plans in which they teach a member, or have asked one."""
    called: Sequence[Assisted]
    """People without Telegram whom they call."""

    @property
    def rows(self) -> list[Exchange | Event | Send | TeamTask | Transfer | Assisted]:
        """Return all of it."""
        return [*self.questions, *self.proposals, *self.tasks, *self.plans, *self.called]

    @property
    def seal(self) -> str:
        """Return what changes with everything that comes or goes."""
        return translations.seal(*(row.ref for row in self.rows))


async def owned(session: AsyncSession, actor: Person, now: datetime) -> Owned:
    """Return what the actor takes care of now.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await _owned(session, actor, now, lock=False)


async def hand_over(
    session: AsyncSession, actor: Person, to: str, seen: str, now: datetime
) -> Owned:
    """Give all of it to one other animator, and tell them; ``seen`` seals what was shown.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: the other one is none, or the actor.
        ChangedError: something has come or gone meanwhile.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    successor = next((one for one in animators if one.ref == to and one.id != actor.id), None)
    if successor is None:
        raise NotFoundError("Person")
    found = await _owned(session, actor, now, lock=True)
    if found.seal != seen or not found.rows:
        raise ChangedError(EVENT.name, Planned.PROPOSED, Planned.PROPOSED)
    for row in found.rows:
        row.owner_id = successor.id
    await session.flush()
    await deliveries.plan_notices(
        session,
        now,
        "handed_over",
        [successor.id],
        f"handed_over:{actor.id}:{now.isoformat()}",
        subject_id=successor.id,
        count=len(found.rows),
        by=actor.ref,
    )
    return found


async def _owned(session: AsyncSession, actor: Person, now: datetime, *, lock: bool) -> Owned:
    offers = select(Send).where(
        Send.owner_id == actor.id,
        Send.kind == sends.Kind.OFFER,
        Send.state == sends.State.IN_REVIEW,
    )
    proposed = select(Event).where(Event.owner_id == actor.id, Event.state == Planned.PROPOSED)
    asked = select(Exchange).where(Exchange.owner_id == actor.id, Exchange.state != Asked.CLOSED)
    taught = select(Transfer).where(
        Transfer.owner_id == actor.id, Transfer.state.in_([Passing.OFFERED, Passing.AGREED])
    )
    called = select(Assisted).where(Assisted.owner_id == actor.id, Assisted.opened_at.is_(None))
    plans = await _read(session, taught.order_by(Transfer.id), lock=lock)
    return Owned(
        await _read(session, asked.order_by(Exchange.id), lock=lock),
        [
            *await _read(session, proposed.order_by(Event.id), lock=lock),
            *await _read(session, offers.order_by(Send.id), lock=lock),
        ],
        await _read(session, coming().where(TeamTask.owner_id == actor.id), lock=lock),
        [one for one in plans if one.is_open(now)],
        await _read(session, called.order_by(Assisted.id), lock=lock),
    )


async def _read(session: AsyncSession, query: Select[T], *, lock: bool) -> Sequence[T]:
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).all()
