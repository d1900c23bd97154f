"""What an animator sees in the morning: what is due, what is stuck, who has joined.

One query for each line, none of which reads more than it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    bridge,
    cohorts,
    deliveries,
    face_to_face,
    matches,
    referrals,
    roles,
    sends,
    transfers,
)
from community.cohorts import Cohort
from community.digests import Digest
from community.digests import State as Gathered
from community.events import Event
from community.events import State as Planned
from community.exchanges import Exchange, Kind
from community.exchanges import State as Asked
from community.people import Membership, Person
from community.referrals import Referral
from community.roles import Role, RoleName
from community.sends import Send
from community.team_tasks import TeamTask, coming
from community.transfers import TransferStep

SHOWN = 5
"""So many events and so many tasks stand there by themselves."""
LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Today:
    """One morning of one animator."""

    events: Sequence[Event]
    """What begins today, or is going on."""
    tasks: Sequence[TeamTask]
    """The reader's and nobody's, due today or before; next steps with contacts among them."""
    steps: Sequence[TransferStep]
    """Of hand-over plans in which the reader teaches, or nobody does now."""
    cohorts: Sequence[Cohort]
    """What is over, and of which nobody has said yet what becomes of it."""
    to_answer: int
    """Questions of any kind to be answered today, those that are overdue among them."""
    overdue: int
    to_call: int
    """People without Telegram who are to be told something."""
    to_pass_on: int
    """Requests that wait for the team to bring them to an organisation."""
    disputed: int
    late: int
    guides: int
    """Members who would be mentors or role models, and wait to be talked with."""
    to_introduce: int
    """Members who have said yes to an introduction by the team."""
    to_review: int
    digests: int
    """Digests that nobody has looked at; they lapse."""
    proposed: int
    held: int
    """Sends that somebody has stopped."""
    unsure: int
    """What may not have arrived."""
    joined: dict[str, int]
    """Who has joined in the last seven days and is still here, by language."""


async def look(
    session: AsyncSession,
    actor: Person,
    midnight: datetime,
    now: datetime,
    *,
    network_language: str,
) -> Today:
    """Return what is there for the actor until the next ``midnight``.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    asked = select(Exchange).where(Exchange.kind == Kind.TEAM, Exchange.state == Asked.OPEN)
    others = await bridge.due(session, actor, midnight, now)
    passed_on = select(Referral).where(Referral.by_team, Referral.state == referrals.State.PENDING)
    return Today(
        events=await _events(session, midnight, now),
        tasks=await _tasks(session, actor, midnight, now),
        steps=await transfers.due(session, actor, midnight, now, size=SHOWN),
        cohorts=(await session.scalars(cohorts.over(now).limit(SHOWN))).all(),
        to_answer=await _count(session, asked.where(Exchange.due_at < midnight)) + len(others),
        overdue=await _count(session, asked.where(Exchange.due_at <= now))
        + sum(due_at <= now for due_at in others),
        to_call=await face_to_face.to_call(session, actor, now),
        to_pass_on=await _count(session, passed_on),
        disputed=await _count(
            session, select(Referral).where(Referral.state == referrals.State.DISPUTED)
        ),
        late=(await referrals.late(session, actor, now, size=1)).total,
        guides=len(await matches.waiting_guides(session, actor, now)),
        to_introduce=len(await matches.to_introduce(session, actor, now)),
        to_review=await _count(session, _reviewed(offers=False)),
        digests=await _count(session, select(Digest).where(Digest.state == Gathered.IN_REVIEW)),
        proposed=await _count(session, select(Event).where(Event.state == Planned.PROPOSED))
        + await _count(session, _reviewed(offers=True)),
        held=await _count(session, select(Send).where(Send.state == sends.State.HELD)),
        unsure=sum(one.count for one in await deliveries.uncertain(session, now)),
        joined=await _joined(session, now, network_language),
    )


def _reviewed(*, offers: bool) -> Select[Any]:
    is_offer = Send.kind == sends.Kind.OFFER
    return select(Send).where(
        Send.state == sends.State.IN_REVIEW, is_offer if offers else ~is_offer
    )


async def _count(session: AsyncSession, query: Select[Any]) -> int:
    counting = query.with_only_columns(func.count(), maintain_column_froms=True)
    return int(await session.scalar(counting) or 0)


async def _events(session: AsyncSession, midnight: datetime, now: datetime) -> Sequence[Event]:
    rows = await session.scalars(
        select(Event)
        .where(
            Event.state == Planned.PUBLISHED,
            Event.starts_at < midnight,
            Event.starts_at > now - timedelta(days=1),
        )
        .order_by(Event.starts_at, Event.id)
        .limit(2 * SHOWN)
    )
    return [event for event in rows if not event.is_over(now)][:SHOWN]


async def _tasks(
    session: AsyncSession, actor: Person, midnight: datetime, now: datetime
) -> Sequence[TeamTask]:
    animators = (
        select(Role.person_id)
        .where(Role.name == RoleName.ANIMATOR, Role.revoked_at.is_(None))
        .where(or_(Role.until.is_(None), Role.until > now))
    )
    is_nobodys = or_(TeamTask.owner_id.is_(None), TeamTask.owner_id.not_in(animators))
    due = coming().where(
        TeamTask.due_at <= midnight, or_(TeamTask.owner_id == actor.id, is_nobodys)
    )
    return (await session.scalars(due.limit(SHOWN))).all()


async def _joined(session: AsyncSession, now: datetime, network_language: str) -> dict[str, int]:
    language = func.coalesce(Person.language, network_language)
    rows = await session.execute(
        select(language, func.count())
        .where(
            Person.joined_at > now - LATELY,
            Person.state.in_([Membership.ACTIVE, Membership.PAUSED, Membership.STOPPED]),
        )
        .group_by(language)
    )
    return dict(rows.all())
