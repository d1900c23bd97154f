"""A plan is laid before a member, who agrees before it begins."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, roles
from community.areas import Area
from community.base import find
from community.errors import (
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    TooLateError,
)
from community.events import Event
from community.lifecycle import Who
from community.people import Membership, Person
from community.roles import RoleName, Scoped
from community.transfers.reading import of, steps
from community.transfers.table import (
    MOST_MONTHS,
    PASSED,
    TRANSFER,
    Code,
    Does,
    State,
    Transfer,
    TransferStep,
)
from community.transfers.telling import remind, tell, tell_team

LEARNING = timedelta(days=42)
"""How long learning takes where no event sets the day."""


FOUND = 8


CAN_BE_ASKED = (Membership.ACTIVE, Membership.PAUSED)
"""Who has stopped hears of nothing new."""


BEGINS_WITH = (
    (Code.WATCH, Does.MEMBER),
    (Code.TOGETHER, Does.ANIMATOR),
    (Code.ALONE, Does.MEMBER),
)


async def find_members(
    session: AsyncSession, actor: Person, words: str, now: datetime
) -> Sequence[Person]:
    """Return the first members whose name has these words, whom the actor can ask.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    words = words.strip()
    spelt = {words, words.lower(), words.title(), words.capitalize()}  # SQLite folds ASCII alone
    team = [one.id for one in await roles.holders(session, RoleName.ANIMATOR, now)]
    rows = await session.scalars(
        select(Person)
        .where(
            or_(*(Person.name.icontains(one, autoescape=True) for one in sorted(spelt))),
            Person.state.in_(CAN_BE_ASKED),
            Person.id.not_in(team),
        )
        .order_by(Person.name, Person.id)
        .limit(FOUND)
    )
    return [one for one in rows if one.can_be_reached]


async def start(
    session: AsyncSession,
    actor: Person,
    person_ref: str,
    name: RoleName,
    months: int,
    now: datetime,
    zone: ZoneInfo,
    *,
    event_ref: str = "",
    whole: bool = False,
    area_ref: str = "",
) -> Transfer:
    """Lay a plan before a member, with the steps of every plan; nothing is theirs before a yes.

    ``whole`` is every date of the event's series. The same plan twice is one plan, as it
    was made first: its ``made_at`` tells.

    Raises:
        NotAllowedError: the actor is no animator, or no member can be given this, or not so, or
            not for so long.
        NotFoundError: there is no such member, event or area.
        TooLateError: the event does not take place, or is over.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    wants = {RoleName.CO_HOST: event_ref, RoleName.COMMUNITY_LEAD: area_ref}
    given = {one for one, ref in wants.items() if ref}
    if name not in PASSED or given != {name} & wants.keys():
        raise NotAllowedError(name)
    event = await find(session, Event, event_ref) if event_ref else None
    area = await find(session, Area, area_ref) if area_ref else None
    person = await find(session, Person, person_ref, lock=True)
    if person.state not in CAN_BE_ASKED or not person.can_be_reached or person.id == actor.id:
        raise NotFoundError("Person")
    scope: dict[str, int | None] = dict.fromkeys(Scoped.SCOPES)
    if area is not None:
        scope["area_id"] = area.id
    is_series = event is not None and whole and event.series_id is not None
    least = 1 if event is None or is_series else 0  # else the event says when it ends
    if not least <= months <= MOST_MONTHS:
        raise NotAllowedError(name)
    if event is not None:
        events.require_decided(event)
        if not is_series and (not event.is_hosted(now) or event.is_over(now)):
            raise TooLateError(event.ends_at)
        scope["series_id" if is_series else "event_id"] = (
            event.series_id if is_series else event.id
        )
    for one in await of(session, person, now):
        if one.name == name and one.scope == scope:
            return one
    transfer = Transfer(
        person_id=person.id,
        owner_id=actor.id,
        name=name,
        months=months,
        state=State.OFFERED,
        made_at=now,
        changed_at=now,
        **scope,
    )
    session.add(transfer)
    await session.flush()
    last = now + LEARNING if event is None or is_series else event.ends_at
    for number, (code, does) in enumerate(BEGINS_WITH, 1):
        due = _end_of_day(now + (last - now) * number / len(BEGINS_WITH), zone)
        session.add(TransferStep(transfer_id=transfer.id, code=code, does=does, due_at=due))
    await session.flush()
    await tell(session, transfer, "offered", person.id, now)
    return transfer


def _end_of_day(moment: datetime, zone: ZoneInfo) -> datetime:
    day = moment.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(), zone)


async def answer(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, takes: bool
) -> Transfer:
    """Agree to a plan that was laid before the actor, or turn it down; its animator is told.

    Raises:
        NotFoundError: it was laid before somebody else.
        IllegalMoveError: it is settled already, or too old.
    """
    transfer = await find(session, Transfer, ref, lock=True)
    if transfer.person_id != actor.id:
        raise NotFoundError("Transfer")
    to = State.AGREED if takes else State.DECLINED
    if not transfer.is_offered(now):
        raise IllegalMoveError(TRANSFER.name, transfer.state, to)
    await TRANSFER.move(session, transfer, to, Who.SELF, now, actor_id=actor.id, changed_at=now)
    if takes:
        for step in await steps(session, transfer):
            await remind(session, transfer, step, now)
    await tell_team(session, transfer, "agreed" if takes else "declined", now)
    return transfer
