"""Who speaks at an event: names and a line each, once they have agreed that members read them.

They are words of the event like its title, so they are translated, read aloud and previewed in
each language. That they agreed is a step of the history, by the animator who says so: the newest
one is how it stands.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import history, roles, sends, translations
from community.base import find
from community.earlier import EarlierText
from community.events import Event, require_decided
from community.history import Step
from community.people import Person
from community.roles import RoleName
from community.sends import Send

FIELD = "speakers"
NONE, AGREED = "none", "agreed"


async def name(
    session: AsyncSession, actor: Person, ref: str, text: str, language: str, now: datetime
) -> Send | None:
    """Write down who speaks, all of whom have agreed; in the language of the event's own words.

    Returns its announcement, if that has lost its approval by it.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: somebody has proposed the event, and nobody has decided about it yet.
        NotUnderstoodError: no words, or too many.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    await _note(session, actor, event, NONE, AGREED, now)
    return await sends.translate_event(session, actor, ref, language, {FIELD: text}, now)


@dataclass(frozen=True)
class Agreement:
    """That those who are named have agreed: who has said so, unless erased since, and when."""

    by: Person | None
    at: datetime


async def agreement(session: AsyncSession, event: Event) -> Agreement | None:
    """Return that they have agreed to be named, as it stands; None if nobody has said so."""
    about = Step.subject == FIELD, Step.subject_id == event.id
    newest = await session.scalar(select(Step).where(*about).order_by(Step.id.desc()).limit(1))
    if newest is None or newest.after != AGREED:
        return None
    by = await session.get(Person, newest.actor_id) if newest.actor_id is not None else None
    return Agreement(by, newest.at)


async def take_off(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send | None:
    """Let nobody be named any more, in no language; nothing of what stood there is kept.

    Returns the announcement of the event, if that has lost its approval by it.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: somebody has proposed the event, and nobody has decided about it yet.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    event = await find(session, Event, ref, lock=True)
    require_decided(event)
    source, _found = await translations.standings(session, "event", event.id)
    await translations.strike(session, "event", event.id, source, FIELD, now)
    await session.execute(
        delete(EarlierText).where(
            EarlierText.subject == "event",
            EarlierText.subject_id == event.id,
            EarlierText.field == FIELD,
        )
    )
    await _note(session, actor, event, AGREED, NONE, now)
    return await sends.take_back(session, actor, event, now)


async def _note(
    session: AsyncSession, actor: Person, event: Event, before: str, after: str, now: datetime
) -> None:
    step = history.step(FIELD, event.id, before, after, actor_id=actor.id, now=now)
    await history.note(session, step)
