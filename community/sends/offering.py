"""What support organisations offer to members: a send that waits in review.

Nobody but the organisation's own people writes it, and none of them approves it. The team changes
nothing of it: an animator approves it as it is, or gives it back and says why. It goes to members
who look for what it is about, and to nobody else.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles, translations
from community.audiences import Audience
from community.base import find
from community.errors import NotAllowedError, NotFoundError
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.providers import Organization
from community.roles import RoleName
from community.sends.approving import reviewers, tell_team
from community.sends.table import SEND, Kind, Send, State


def need_of(send: Send) -> Need:
    """Return what an offer is about."""
    return send.is_for.needs[0]


async def offer(
    session: AsyncSession,
    actor: Person,
    organization_ref: str,
    need: Need,
    language: str,
    texts: dict[str, str],
    now: datetime,
) -> Send:
    """Offer something to the members who look for this; the team has to approve it.

    Raises:
        NotAllowedError: the actor is not of the organisation's staff.
        NotUnderstoodError: a text is empty or too long.
    """
    organization = await find(session, Organization, organization_ref)
    await _require_staff(session, actor, organization.id, now)
    send = Send(
        kind=Kind.OFFER,
        organization_id=organization.id,
        made_by_id=actor.id,
        made_at=now,
        for_whom=Audience(needs=(need,)).as_json(),
    )
    session.add(send)
    await session.flush()
    await _propose(session, actor, send, language, texts, now)
    return send


async def offer_again(
    session: AsyncSession,
    actor: Person,
    ref: str,
    language: str,
    texts: dict[str, str],
    now: datetime,
) -> Send:
    """Propose other words for an offer that nobody has approved yet.

    Raises:
        NotAllowedError: the actor is not of the organisation's staff.
        NotUnderstoodError: a text is empty or too long.
        IllegalMoveError: it is approved, or withdrawn.
    """
    send = await _own(session, actor, ref, now)
    await SEND.move(session, send, State.DRAFT, Who.PROVIDER, now, actor_id=actor.id)
    await translations.forget(session, "newsletter", send.id)
    send.made_by_id = actor.id
    await _propose(session, actor, send, language, texts, now)
    return send


async def withdraw_offer(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Take back an offer that nobody has approved yet.

    Raises:
        NotAllowedError: the actor is not of the organisation's staff.
        IllegalMoveError: it is approved.
    """
    send = await _own(session, actor, ref, now)
    await SEND.move(
        session, send, State.CANCELLED, Who.PROVIDER, now, actor_id=actor.id, ended_at=now
    )
    return send


async def offers_of(session: AsyncSession, actor: Person, now: datetime) -> list[Send]:
    """Return what the actor's organisations have offered, the newest first."""
    own = await roles.staffed(session, actor, now)
    rows = await session.scalars(
        select(Send)
        .where(Send.kind == Kind.OFFER, Send.organization_id.in_(own))
        .order_by(Send.id.desc())
    )
    return list(rows)


async def own_offer(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Return an offer of one of the actor's organisations.

    Raises:
        NotFoundError: there is none, or it is another organisation's; which is not told.
    """
    send = await find(session, Send, ref)
    if send.organization_id not in await roles.staffed(session, actor, now):
        raise NotFoundError("Send")
    return send


async def _require_staff(
    session: AsyncSession, actor: Person, organization_id: int | None, now: datetime
) -> None:
    if organization_id is None:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    await roles.require(
        session, actor, RoleName.PROVIDER_STAFF, now, organization_id=organization_id
    )


async def _own(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    send = await find(session, Send, ref, lock=True)
    await _require_staff(session, actor, send.organization_id, now)
    return send


async def _propose(
    session: AsyncSession,
    actor: Person,
    send: Send,
    language: str,
    texts: dict[str, str],
    now: datetime,
) -> None:
    # As a text it counts at once; whether it goes out is for the review to say.
    await translations.write(session, actor, "newsletter", send.id, language, texts, now)
    await SEND.move(
        session,
        send,
        State.IN_REVIEW,
        Who.PROVIDER,
        now,
        actor_id=actor.id,
        refused_because=None,
        owner_id=None,
    )
    asked = [person.id for person in await reviewers(session, actor, now)]
    await tell_team(session, send, "proposed", asked, now)
