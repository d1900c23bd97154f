"""Newsletters and announcements of years, and what became of each message."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.simulation.crowd import DAY, Somebody
from bot.simulation.meetings import Meeting, owe
from bot.simulation.rows import Rows
from community import events
from community.consents import Purpose
from community.deliveries import State as Sending
from community.people import Membership
from community.policy import POLICY
from community.sends import SEND, Kind, Send, State
from community.translations import Fallback

A_SECOND = 28
OUTCOMES: Mapping[Sending, float] = {
    Sending.SENT: 9600,
    Sending.SUPPRESSED: 150,
    Sending.EXPIRED: 170,
    Sending.UNCERTAIN: 40,
    Sending.FAILED: 40,
}
WENT_OUT = (State.IN_REVIEW, State.APPROVED, State.SCHEDULED, State.SENDING)
AUTHOR, REVIEWER = 2, 3


async def fill(
    rows: Rows,
    sample: Mapping[str, Any],
    meetings: Sequence[Meeting],
    crowd: Sequence[Somebody],
    begin: datetime,
    now: datetime,
) -> None:
    """Let a newsletter and an announcement go out every month, and some wait just now.

    One newsletter was stopped half way, one was recalled.
    """
    sent = []
    at = begin + 15 * DAY
    while at < now - 2 * DAY:
        sent.append(at)
        at += 30 * DAY
    for number, moment in enumerate(sent):
        stopped, recalled = number == len(sent) // 2, number == len(sent) // 3
        at = moment.replace(hour=9, minute=0, second=0, microsecond=0)
        send = Sending.RECALLED if recalled else Sending.SENT
        await _goes_out(rows, sample, crowd, at, now, arrived=send, is_stopped=stopped)
        announced = _next_to_announce(meetings, at, now)
        if announced is not None:
            await _goes_out(
                rows, sample, crowd, announced.published_at + DAY, now, meeting=announced
            )
    for walked, starts_at in (
        ((State.DRAFT,), None),
        ((State.DRAFT, State.IN_REVIEW), None),
        ((State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED), now + 7 * DAY),
    ):
        _add(rows, sample, walked, now - DAY, None, starts_at=starts_at)


def _next_to_announce(
    meetings: Sequence[Meeting], after: datetime, now: datetime
) -> Meeting | None:
    """Return the first event that was published after a moment and took place or will."""
    return next(
        (
            meeting
            for meeting in meetings
            if meeting.published_at > after
            and meeting.published_at + DAY < now - DAY
            and meeting.published_at < after + 29 * DAY
            and meeting.state is not events.State.CANCELLED
        ),
        None,
    )


def _add(
    rows: Rows,
    sample: Mapping[str, Any],
    walked: Sequence[State],
    made_at: datetime,
    meeting: Meeting | None,
    **values: Any,
) -> tuple[int, str]:
    """Add a send that has walked through these states; return its number and reference."""
    ref = rows.ref()
    number = rows.add(
        Send,
        ref=ref,
        kind=Kind.EVENT_INVITATION if meeting else Kind.NEWSLETTER,
        event_id=meeting.id if meeting else None,
        made_by_id=AUTHOR,
        made_at=made_at,
        fallback=Fallback.NETWORK,
        state=walked[-1],
        approved_by_id=REVIEWER if State.APPROVED in walked else None,
        **values,
    )
    if meeting is None:
        for field, texts in sample["newsletter"].items():
            rows.words("newsletter", number, field, texts, made_at)
    by = {State.APPROVED: REVIEWER, State.SENDING: None, State.SENT: None}
    when = {State.SENDING: values.get("started_at"), walked[-1]: values.get("ended_at")}
    for before, after in itertools.pairwise(walked):
        at = when.get(after) or made_at
        rows.step(SEND.name, number, before, after, at, actor_id=by.get(after, AUTHOR))
    return number, ref


async def _goes_out(
    rows: Rows,
    sample: Mapping[str, Any],
    crowd: Sequence[Somebody],
    at: datetime,
    now: datetime,
    *,
    arrived: Sending = Sending.SENT,
    is_stopped: bool = False,
    meeting: Meeting | None = None,
) -> None:
    kind = Kind.EVENT_INVITATION if meeting else Kind.NEWSLETTER
    audience = [
        me
        for me in crowd
        if Purpose.NEWS in me.consents
        and me.way not in POLICY[kind].not_for
        and _is_thought_active(me, at)
    ]
    takes = timedelta(seconds=len(audience) / A_SECOND)
    end = State.CANCELLED if is_stopped else State.SENT
    send, ref = _add(
        rows,
        sample,
        (State.DRAFT, *WENT_OUT, end),
        at - timedelta(hours=3),
        meeting,
        starts_at=at,
        started_at=at,
        ended_at=at + takes,
        audience=len(audience),
    )
    args = {"ref": meeting.ref, "send": ref} if meeting else {"ref": ref}
    expires_at = meeting.starts_at if meeting else at + POLICY[kind].lives
    outcomes = rows.chance.choices(list(OUTCOMES), list(OUTCOMES.values()), k=len(audience))
    for position, (me, drawn) in enumerate(zip(audience, outcomes, strict=True)):
        settled_at = at + timedelta(seconds=position / A_SECOND)
        state, reason = arrived if drawn is Sending.SENT else drawn, None
        if is_stopped and position > len(audience) // 2:
            state = Sending.CANCELLED
        elif me.rests_from is not None and me.rests_from <= at:
            state, reason, me.lost_at = Sending.REFUSED, "blocked", settled_at
        owe(
            rows,
            me,
            kind,
            f"send:{send}:{me.id}",
            state,
            at,
            args=args,
            expires_at=expires_at,
            planned_at=at,
            now=now,
            subject_id=meeting.id if meeting else send,
            send_id=send,
            settled_at=settled_at,
            reason=reason,
        )
        await rows.breathe()


def _is_thought_active(me: Somebody, at: datetime) -> bool:
    """Say whether the bot takes them for active: who has blocked it is found out by sending."""
    if me.state is Membership.UNREACHABLE:
        return me.joined_at is not None and me.joined_at <= at and me.lost_at is None
    return me.is_active(at)
