"""Who is asked what, when: the windows in their order, each person once, never two at a time."""

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries
from community.deliveries import Delivery, Plan
from community.people import Person
from community.surveys.table import Survey, SurveyResponse
from community.surveys.templates import Template
from community.surveys.windows import (
    EXIT_SURVEY,
    FACILITATION,
    PULSE,
    SURVEY,
    WINDOWS,
    Look,
    Turn,
    Window,
)

KINDS = (PULSE, SURVEY, EXIT_SURVEY, FACILITATION)
"""What asks something: between two of them lies the cool-down."""
COOL_DOWN = timedelta(days=14)
REACHED = (deliveries.State.SENT, deliveries.State.UNCERTAIN, deliveries.State.RECALLED)
UTC = ZoneInfo("UTC")
AT_ONCE = 500
"""How many are asked by one run of one window."""


def rests(now: datetime) -> ColumnElement[bool]:
    """Say whether a survey reached the person in the last fourteen days, or is on its way."""
    return exists().where(
        Delivery.person_id == Person.id,
        Delivery.kind.in_(KINDS),
        Delivery.state.in_(deliveries.OPEN)
        | (Delivery.state.in_(REACHED) & (Delivery.settled_at > now - COOL_DOWN)),
    )


async def ask_due(session: AsyncSession, now: datetime, zone: ZoneInfo) -> int:
    """Ask everybody whose turn it is, once for each occasion; return how many were asked."""
    return sum([await _ask_in(session, window, now, zone) for window in WINDOWS])


def _may_be_asked(window: Window, now: datetime) -> ColumnElement[bool]:
    """Leave out whom nothing is asked now.

    Who has left gets nothing else any more, and is asked twice in all, within weeks that do not
    come back: a pulse from their last event does not cost them the one question about all of it.
    """
    return ~rests(now) if window.of_members else literal(value=True)


async def _ask_in(session: AsyncSession, window: Window, now: datetime, zone: ZoneInfo) -> int:
    turns = await window.turns(session, Look(now, zone), _may_be_asked(window, now))
    asked: set[int] = set()
    for turn in turns:
        if turn.person_id in asked or turn.due_at >= turn.expires_at or len(asked) == AT_ONCE:
            continue
        await _ask(session, window, turn, now)
        asked.add(turn.person_id)
    return len(asked)


async def _ask(session: AsyncSession, window: Window, turn: Turn, now: datetime) -> None:
    template = turn.form.brought.template if turn.form else window.template
    assert template is not None
    survey = await survey_of(
        session,
        template,
        now,
        window=window.code,
        event_id=turn.event_id,
        referral_id=turn.referral_id,
        wave=turn.wave,
        form_id=turn.form.id if turn.form else None,
    )
    response = SurveyResponse(
        survey_id=survey.id,
        person_id=turn.person_id,
        asked_at=turn.due_at,
        closes_at=turn.closes_at,
    )
    session.add(response)
    await session.flush()
    await deliveries.plan(
        session,
        now,
        Plan(
            window.kind,
            turn.person_id,
            f"{window.kind}:{survey.id}:{turn.person_id}",
            turn.due_at,
            {"ref": response.ref},
            expires_at=turn.expires_at,
            subject_id=response.id,
        ),
    )


async def survey_of(
    session: AsyncSession,
    template: Template,
    now: datetime,
    *,
    window: str,
    event_id: int | None = None,
    referral_id: int | None = None,
    wave: str = "",
    form_id: int | None = None,
) -> Survey:
    """Return the survey of a template about one thing, or of one wave, opening it if need be."""
    values = {
        "template": template.code,
        "version": template.version,
        "window": window,
        "event_id": event_id,
        "referral_id": referral_id,
        "wave": wave,
        "form_id": form_id,
    }
    found: Survey | None = await session.scalar(select(Survey).filter_by(**values))
    if found is None:
        found = Survey(**values, opened_at=now)
        session.add(found)
        await session.flush()
    return found


async def next_asking(session: AsyncSession, now: datetime) -> datetime | None:
    """Return when the clock alone makes it somebody's turn."""
    moments = [await one.next_turn(session, now) for one in WINDOWS if one.next_turn]
    moments.append(await _end_of_a_rest(session, now))
    return min((moment for moment in moments if moment is not None), default=None)


async def _end_of_a_rest(session: AsyncSession, now: datetime) -> datetime | None:
    """Return when the cool-down of somebody ends whose turn it would be without it."""
    waiting: set[int] = set()
    for window in WINDOWS:
        if window.of_members:
            turns = await window.turns(session, Look(now, UTC), rests(now))
            waiting |= {turn.person_id for turn in turns}
    return await _first_end(session, waiting, now) if waiting else None


async def _first_end(
    session: AsyncSession, people: Collection[int], now: datetime
) -> datetime | None:
    newest = (
        select(func.max(Delivery.settled_at).label("at"))
        .where(
            Delivery.person_id.in_(people),
            Delivery.kind.in_(KINDS),
            Delivery.state.in_(REACHED),
            Delivery.settled_at > now - COOL_DOWN,
        )
        .group_by(Delivery.person_id)
        .subquery()
    )
    first: datetime | None = await session.scalar(select(func.min(newest.c.at)))
    return first + COOL_DOWN if first is not None else None
