"""Reports are judged: the queue, what was reported and nothing else, the measure, and its answer.

Whom a report is about neither sees nor judges it, unless nobody else judges at all; nor does who
has reported it, unless nobody else is left. Who has reported is never told; the reporter hears
that it is settled, not how.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import bridge, deliveries, exchanges, history, posts, roles
from community.base import find
from community.conversations import TEXT_LIMIT
from community.deliveries import Plan
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError, TooLateError
from community.exchanges import Exchange, ExchangeMessage
from community.lifecycle import Who
from community.measures import Measure, MeasureTaken, Why
from community.moderation.reporting import NOTICE, to_be_told
from community.moderation.table import Report, What
from community.people import Person
from community.posts import Post
from community.roles import RoleName
from community.workdays import NOWHERE

SUSPENSIONS = (7, 30, 90)
"""For so many days."""
WORDS = 600


@dataclass(frozen=True)
class Case:
    """A report as somebody who judges may see it: what was reported, and what was before."""

    report: Report
    post: Post | None
    told: Sequence[ExchangeMessage]
    """The reported message, and at most the one before it."""
    before: Sequence[MeasureTaken]
    """Earlier measures about the same person, the newest first; without names."""
    is_own: bool
    """Whether somebody else has to judge it."""

    @property
    def may_hide(self) -> bool:
        """Say whether what was reported is a post of the person whom it concerns, and there."""
        post = self.post
        return post is not None and post.person_id == self.report.about_id and post.can_be_hidden


async def require_judge(session: AsyncSession, actor: Person, now: datetime) -> None:
    """Refuse whoever is neither animator nor moderator.

    Raises:
        NotAllowedError: the actor is neither.
    """
    if not await posts.is_judge(session, actor, now):
        raise NotAllowedError(RoleName.MODERATOR)


async def queue(session: AsyncSession, actor: Person, now: datetime) -> list[Report]:
    """Return what waits to be judged, the oldest first; nothing about the actor.

    What is reported of a text waits at the translation desk (``texts``).

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
    """
    await require_judge(session, actor, now)
    rows = await session.scalars(
        select(Report)
        .where(Report.settled_at.is_(None), Report.what != What.TEXT)
        .order_by(Report.at, Report.id)
    )
    return [row for row in rows.all() if await _may_see(session, actor, row, now)]


async def opened(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Case:
    """Return a report, with what was reported and nothing else.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
        NotFoundError: there is none, it is settled, or it is about the actor.
    """
    await require_judge(session, actor, now)
    report = await find(session, Report, ref)
    is_over = report.settled_at is not None or report.what == What.TEXT
    if is_over or not await _may_see(session, actor, report, now):
        raise NotFoundError("Report")
    return await _case(session, actor, report, now)


async def attached(
    session: AsyncSession, actor: Person, ref: str, number: int, now: datetime
) -> ExchangeMessage:
    """Return a message of a report with what was sent beside its words, by its number there.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
        NotFoundError: as of ``opened``; or there is no such attachment.
    """
    return exchanges.attached((await opened(session, actor, ref, now)).told, number)


async def _case(session: AsyncSession, actor: Person, report: Report, now: datetime) -> Case:
    post = await session.get(Post, report.post_id) if report.post_id is not None else None
    told: Sequence[ExchangeMessage] = ()
    if report.message_id is not None and report.exchange_id is not None:
        exchange = await session.get_one(Exchange, report.exchange_id)
        every = await exchanges.messages(session, exchange)
        at = next((n for n, one in enumerate(every) if one.id == report.message_id), None)
        told = every[max(at - 1, 0) : at + 1] if at is not None else ()
    if told:
        post = None  # what was reported is the message
    before: Sequence[MeasureTaken] = ()
    if report.about_id is not None:
        before = (
            await session.scalars(
                select(MeasureTaken)
                .where(MeasureTaken.person_id == report.about_id)
                .order_by(MeasureTaken.id.desc())
            )
        ).all()
    return Case(report, post, told, before, not await _may_judge(session, actor, report, now))


async def _about(session: AsyncSession, report: Report) -> set[int]:
    """Return whom a report is about: the person, and who wrote the message."""
    found = {report.about_id}
    if report.message_id is not None:
        message = await session.get(ExchangeMessage, report.message_id)
        found.add(message.written_by_id if message is not None else None)
    return {one for one in found if one is not None}


async def _may_see(session: AsyncSession, actor: Person, report: Report, now: datetime) -> bool:
    about = await _about(session, report)
    return actor.id not in about or (await posts.judges(session, now)).keys() <= about


async def _may_judge(session: AsyncSession, actor: Person, report: Report, now: datetime) -> bool:
    them = (await posts.judges(session, now)).keys()
    if report.exchange_id is not None and report.what == What.EXCHANGE:
        exchange = await session.get_one(Exchange, report.exchange_id)
        if not await bridge.may_settle(session, actor, exchange, now):
            return exchange.reported_at is None
    if actor.id not in them or not await _may_see(session, actor, report, now):
        return False
    others = them - await _about(session, report) - {actor.id}
    return actor.id != report.reporter_id or not others


async def judge(
    session: AsyncSession,
    actor: Person,
    ref: str,
    measure: str,
    now: datetime,
    *,
    why: str | None = None,
    days: int | None = None,
    words: str | None = None,
    language: str | None = None,
) -> Report:
    """Decide what follows from a report; whom it concerns reads it, and can answer once.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator, or it is their own.
        NotFoundError: there is no such report, or it is about the actor.
        NotUnderstoodError: there is no such measure, reason or number of days; or the measure
            does not fit what was reported.
        IllegalMoveError: what would be hidden is over already.
        TooLateError: somebody else has settled it.
    """
    await require_judge(session, actor, now)
    report = await find(session, Report, ref, lock=True)
    if report.what == What.TEXT or not await _may_see(session, actor, report, now):
        raise NotFoundError("Report")
    if report.settled_at is not None:
        raise TooLateError(report.settled_at)
    if not await _may_judge(session, actor, report, now):
        raise NotAllowedError(RoleName.MODERATOR)
    reason = why if why is not None else str(report.why)
    if measure not in [*Measure] or reason not in [*Why]:
        raise NotUnderstoodError("choice")
    taken = Measure(measure)
    if (taken is Measure.SUSPEND) != (days in SUSPENSIONS):
        raise NotUnderstoodError("choice")
    if taken is not Measure.NOTHING:
        await _take(session, actor, report, taken, Why(reason), now, days, words, language)
    await settle(session, report, actor.id, taken, now)
    return report


async def _take(
    session: AsyncSession,
    actor: Person,
    report: Report,
    measure: Measure,
    why: Why,
    now: datetime,
    days: int | None,
    words: str | None,
    language: str | None,
) -> None:
    if report.about_id is None:
        raise NotUnderstoodError("choice")
    if words is not None and not 0 < len(words := words.strip()) <= WORDS:
        raise NotUnderstoodError("text", limit=WORDS)
    if measure is Measure.HIDE:
        if report.post_id is None:
            raise NotUnderstoodError("choice")
        post = await _locked(session, report.post_id)
        if post.person_id != report.about_id:
            raise NotUnderstoodError("choice")
        await posts.hide(session, actor, post, await _as(session, actor, now), now)
    row = MeasureTaken(
        person_id=report.about_id,
        report_id=report.id,
        post_id=report.post_id if measure is Measure.HIDE else None,
        measure=measure,
        why=why,
        words=words,
        language=language if words else None,
        taken_at=now,
        taken_by_id=actor.id,
        until=now + timedelta(days=days) if days is not None else None,
    )
    session.add(row)
    await session.flush()
    await _note(session, row, "none", measure.value, actor, now)
    await _tell(session, row, "taken", now)


async def _locked(session: AsyncSession, post_id: int) -> Post:
    return await session.get_one(
        Post, post_id, with_for_update={"key_share": True}, populate_existing=True
    )


async def _as(session: AsyncSession, actor: Person, now: datetime) -> Who:
    animates = await roles.holds(session, actor, RoleName.ANIMATOR, now)
    return Who.ANIMATOR if animates else Who.MODERATOR


async def _note(
    session: AsyncSession, row: MeasureTaken, at: str, to: str, actor: Person, now: datetime
) -> None:
    line = history.step("measure", row.id, at, to, actor_id=actor.id, now=now, reason=row.why)
    await history.note(session, line)


async def _tell(session: AsyncSession, row: MeasureTaken, what: str, now: datetime) -> None:
    await deliveries.plan(
        session,
        now,
        Plan(
            "measure_notice",
            row.person_id,
            f"measure:{row.id}:{what}",
            now,
            {"ref": row.ref},
            subject_id=row.id,
        ),
    )


async def settle(
    session: AsyncSession, report: Report, by_id: int, outcome: Measure, now: datetime
) -> None:
    """Note what came of a report, and tell who has made it that it is settled."""
    report.settled_at, report.settled_by_id, report.outcome = now, by_id, outcome
    report.due_at = report.rings_at = None
    await session.flush()
    if report.reporter_id is not None and report.reporter_id != by_id:
        await deliveries.plan(
            session,
            now,
            Plan(
                "report_notice",
                report.reporter_id,
                f"report:{report.id}:settled",
                now,
                {"ref": report.ref},
                subject_id=report.id,
            ),
        )


async def settle_exchange(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Settle what was reported of an exchange with an organisation, organisers or an author.

    Raises:
        NotAllowedError, NotFoundError: as of ``bridge.settle``.
    """
    await bridge.settle(session, actor, ref, now)
    exchange = await find(session, Exchange, ref)
    rows = await session.scalars(
        select(Report).where(
            Report.exchange_id == exchange.id,
            Report.what == What.EXCHANGE,
            Report.settled_at.is_(None),
        )
    )
    for report in rows.all():
        await settle(session, report, actor.id, Measure.NOTHING, now)


# What the person concerned reads and says


async def about_me(session: AsyncSession, actor: Person, ref: str) -> MeasureTaken:
    """Return a measure to whom it concerns.

    Raises:
        NotFoundError: there is none, or it is about somebody else.
    """
    row = await find(session, MeasureTaken, ref)
    if row.person_id != actor.id:
        raise NotFoundError("Measure")
    return row


async def answer(
    session: AsyncSession, actor: Person, ref: str, text: str, language: str, now: datetime
) -> MeasureTaken:
    """Answer a measure, once; somebody else than who took it reads that, where there is one.

    Raises:
        NotFoundError: it is about somebody else.
        NotUnderstoodError: the text is empty or too long.
        TooLateError: it is answered or lifted already.
    """
    row = await find(session, MeasureTaken, ref, lock=True)
    if row.person_id != actor.id:
        raise NotFoundError("Measure")
    if row.answered_at is not None or row.lifted_at is not None:
        raise TooLateError(row.answered_at)
    text = text.strip()
    if not 0 < len(text) <= TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=TEXT_LIMIT)
    row.answer, row.answer_language, row.answered_at = text, language, now
    await session.flush()
    await deliveries.plan_notices(
        session,
        now,
        "measure_answered",
        sorted(await _reviewers(session, row, now)),
        f"measure:{row.id}:answered",
        subject_id=row.id,
        ref=row.ref,
    )
    return row


async def _reviewers(session: AsyncSession, row: MeasureTaken, now: datetime) -> set[int]:
    """Return who reads an answer: not who judged, nor whom it concerns, where there is another."""
    them = {*await posts.judges(session, now)}
    return them - {row.taken_by_id, row.person_id} or them - {row.person_id} or them


async def answered(session: AsyncSession, actor: Person, now: datetime) -> list[MeasureTaken]:
    """Return the measures whose answer the actor has to read, the oldest first.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator.
    """
    await require_judge(session, actor, now)
    rows = await session.scalars(
        select(MeasureTaken)
        .where(MeasureTaken.answered_at.is_not(None), MeasureTaken.reviewed_at.is_(None))
        .order_by(MeasureTaken.answered_at, MeasureTaken.id)
    )
    return [row for row in rows.all() if actor.id in await _reviewers(session, row, now)]


async def answered_one(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> MeasureTaken:
    """Return a measure whose answer the actor may read.

    Raises:
        NotAllowedError: the actor is neither animator nor moderator, or somebody else reads it.
        NotFoundError: there is none that was answered.
    """
    await require_judge(session, actor, now)
    row = await find(session, MeasureTaken, ref, lock=lock)
    if row.answered_at is None:
        raise NotFoundError("Measure")
    if actor.id not in await _reviewers(session, row, now):
        raise NotAllowedError(RoleName.MODERATOR)
    return row


async def review(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    lift: bool,
    zone: str = "UTC",
    country: str = NOWHERE,
) -> MeasureTaken:
    """Decide after an answer whether a measure stays or is lifted; the person hears of it.

    A post that was hidden twice stays so until both are lifted.

    Raises:
        NotAllowedError, NotFoundError: as of ``answered_one``.
        TooLateError: somebody else has decided.
    """
    row = await answered_one(session, actor, ref, now, lock=True)
    if row.reviewed_at is not None:
        raise TooLateError(row.reviewed_at)
    row.reviewed_at = now
    if lift:
        row.lifted_at, row.lifted_by_id = now, actor.id
        if row.post_id is not None:
            post = await _locked(session, row.post_id)
            if not await _hides(session, post):
                by = await _as(session, actor, now)
                await posts.show_again(
                    session, actor, post, by, now, zone=zone, country=country
                )  # fmt: skip
        await _note(session, row, str(row.measure), "lifted", actor, now)
    await session.flush()
    await _tell(session, row, "reviewed", now)
    return row


async def _hides(session: AsyncSession, post: Post) -> bool:
    """Say whether a measure that is not lifted hides a post, which is locked."""
    await session.flush()
    is_there = exists().where(
        MeasureTaken.post_id == post.id,
        MeasureTaken.measure == Measure.HIDE,
        MeasureTaken.lifted_at.is_(None),
    )
    return bool(await session.scalar(select(is_there)))


# By the clock


async def ring(session: AsyncSession, now: datetime) -> int:
    """Tell animators of reports that nobody has judged in time, once; return how many rang."""
    rows = (
        await session.scalars(
            select(Report)
            .where(Report.settled_at.is_(None), Report.rings_at <= now)
            .order_by(Report.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    ).all()
    animators = await roles.holders(session, RoleName.ANIMATOR, now) if rows else []
    for report in rows:
        report.rings_at = None
        concerned = {report.reporter_id, *await _about(session, report)}
        told = {one.id for one in animators}
        if report.what == What.TEXT:
            told = await to_be_told(session, report, now)
        await deliveries.plan_notices(
            session,
            now,
            NOTICE[report.what],
            sorted(told - concerned),
            f"report:{report.id}:overdue",
            subject_id=report.id,
        )
    await session.flush()
    return len(rows)


async def next_ring(session: AsyncSession) -> datetime | None:
    """Return when animators are told next that a report waits."""
    moment: datetime | None = await session.scalar(
        select(func.min(Report.rings_at)).where(Report.settled_at.is_(None))
    )
    return moment
