"""Something is reported, with two taps: what, and why.

Whoever reports a person hears no more of them: the two are kept apart at once, whatever is decided
later.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    bridge,
    deliveries,
    exchanges,
    matches,
    posts,
    roles,
    untranslated,
)
from community.bridge import Side, View
from community.errors import NotFoundError, NotUnderstoodError, TooOftenError
from community.exchanges import Exchange, ExchangeMessage, Kind
from community.measures import Why
from community.moderation.table import JUDGED_WITHIN, MOST_A_DAY, Report, What
from community.people import Person
from community.posts import Post
from community.roles import RoleName
from community.workdays import NOWHERE, after

DAY = timedelta(days=1)
RECENT = 6
"""So many of the last messages of somebody are there to be reported."""
NOTICE = {**dict.fromkeys(What, "report"), What.TEXT: "text_reported"}
"""What the team is told of each."""
SIDES_ALIKE = (Kind.MATCH, Kind.POST)
"""Between whom both are members: only the message and the one before it are shown."""


async def report(
    session: AsyncSession,
    actor: Person,
    what: str,
    ref: str,
    why: str,
    now: datetime,
    *,
    number: int | None = None,
    zone: str = "UTC",
    country: str = NOWHERE,
) -> Report:
    """Report a post, what was written in an exchange, or the person behind either.

    ``what``: "post" and "poster" by a post's reference; "message" and "writer" by an exchange's.
    ``number``: which of the messages that the actor got in it (``reportable``), else the last.
    Of an exchange with an organisation or organisers all is read by the team, and it is closed,
    as ``bridge.report`` does. Twice by the same person is once.

    Raises:
        NotFoundError: there is none, or it is not for the actor to see.
        NotUnderstoodError: there is no such thing to report, or no such reason.
        TooOftenError: the actor has reported a lot today.
    """
    if why not in [*Why]:
        raise NotUnderstoodError("choice")
    if what in ("post", "poster"):
        post = await posts.look(session, actor, ref, now)
        if post.person_id == actor.id:
            raise NotFoundError("Post")
        kind = What.PERSON if what == "poster" else What.POST
        made = Report(what=kind, about_id=post.person_id, post_id=post.id)
    elif what in ("message", "writer"):
        made = await _of_exchange(session, actor, what, ref, now, number)
    else:
        raise NotUnderstoodError("choice")
    return await file(session, actor, made, Why(why), now, zone, country)


async def reportable(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> list[tuple[int, ExchangeMessage]]:
    """Return the last messages that somebody got from another member, with their numbers.

    Raises:
        NotFoundError: it is no exchange between members, or not the actor's.
    """
    view = await bridge.look(session, actor, ref, now)
    if view.exchange.kind not in SIDES_ALIKE:
        raise NotFoundError("Exchange")
    return [*enumerate(await _received(session, view), 1)][-RECENT:]


async def _received(session: AsyncSession, view: View) -> list[ExchangeMessage]:
    if view.side is Side.TEAM or not view.may_read:
        raise NotFoundError("Exchange")
    written = await exchanges.messages(session, view.exchange)
    return [one for one in written if one.by_member != (view.side is Side.MEMBER)]


async def _of_exchange(
    session: AsyncSession, actor: Person, what: str, ref: str, now: datetime, number: int | None
) -> Report:
    view = await bridge.look(session, actor, ref, now)
    theirs = await _received(session, view)
    exchange = view.exchange
    if exchange.kind not in SIDES_ALIKE:
        await bridge.report(session, actor, ref, now)
        return Report(what=What.EXCHANGE, exchange_id=exchange.id)
    number = len(theirs) if number is None else number
    meant = theirs[number - 1] if 0 < number <= len(theirs) else None
    if view.match is not None:
        about = (await matches.look(session, actor, view.match.ref, now)).other_id
    else:
        about = await _other(session, exchange, view.side)
    if what == "message" and meant is None:
        raise NotFoundError("Message")
    if view.match is None or what == "message":
        # What two were introduced for ends with the report of a person, as anything ends.
        await bridge.close(session, actor, ref, now)
    return Report(
        what=What.PERSON if what == "writer" else What.MESSAGE,
        about_id=about,
        exchange_id=exchange.id,
        message_id=meant.id if meant is not None else None,
    )


async def _other(session: AsyncSession, exchange: Exchange, side: Side) -> int | None:
    """Return who is on the other side of an exchange about a post."""
    if side is not Side.MEMBER or exchange.post_id is None:
        return exchange.person_id
    return (await session.get_one(Post, exchange.post_id)).person_id


async def file(
    session: AsyncSession,
    reporter: Person,
    made: Report,
    why: Why,
    now: datetime,
    zone: str,
    country: str,
) -> Report:
    """Keep a report that somebody may make, and tell who judges it; the same again is once.

    Raises:
        TooOftenError: the reporter has reported a lot today.
    """
    await session.get(Person, reporter.id, with_for_update={"key_share": True})
    if made.what == What.PERSON and made.about_id is not None:
        await matches.keep_apart(session, reporter, made.about_id, now)
    same = await session.scalar(
        select(Report).where(
            Report.reporter_id == reporter.id,
            Report.what == made.what,
            Report.settled_at.is_(None),
            Report.about_id.is_not_distinct_from(made.about_id),
            Report.post_id.is_not_distinct_from(made.post_id),
            Report.exchange_id.is_not_distinct_from(made.exchange_id),
            Report.message_id.is_not_distinct_from(made.message_id),
            Report.subject.is_not_distinct_from(made.subject),
            Report.subject_id.is_not_distinct_from(made.subject_id),
            Report.field.is_not_distinct_from(made.field),
            Report.language.is_not_distinct_from(made.language),
        )
    )
    if same is not None:
        return same
    lately = select(func.count()).where(Report.reporter_id == reporter.id, Report.at > now - DAY)
    if (await session.scalar(lately) or 0) >= MOST_A_DAY:
        raise TooOftenError(DAY)
    made.reporter_id, made.why, made.at = reporter.id, why, now
    made.due_at = made.rings_at = after(now, JUDGED_WITHIN, ZoneInfo(zone), country)
    session.add(made)
    await session.flush()
    if made.what != What.EXCHANGE:  # of those ``bridge.report`` has told
        them = await to_be_told(session, made, now)
        await deliveries.plan_notices(
            session,
            now,
            NOTICE[made.what],
            sorted(them - {reporter.id, made.about_id}),
            f"report:{made.id}",
            subject_id=made.id,
        )
    return made


async def to_be_told(session: AsyncSession, report: Report, now: datetime) -> set[int]:
    """Return who is told that it waits: who judges; of a text, who answers for it."""
    if report.what != What.TEXT:
        return {*await posts.judges(session, now)}
    is_of_animators = report.subject in untranslated.ANIMATORS
    role = RoleName.ANIMATOR if is_of_animators else RoleName.COORDINATOR
    return {person.id for person in await roles.holders(session, role, now)}
