"""Votes: a question to the members with two to six answers, which they answer with one press.

A vote goes out with a newsletter, or as one that says nothing else. Its question and its answers
are words of that newsletter, so they are translated, approved, corrected and read aloud with it,
and each reader gets all of it in one language. Its answers alone no correction changes: what
somebody has chosen is the number of one. That is their own row: shares are told once it is over,
from five votes on, and not where they would tell what each has chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, UniqueConstraint, delete, distinct, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import corrections, people, roles, sends, translations
from community.audiences import EVERYBODY
from community.base import Base, BigId, Identified, find
from community.deliveries import Delivery
from community.deliveries import State as Owed
from community.errors import NotFoundError, NotUnderstoodError, TooLateError
from community.figures import FEW
from community.people import Person
from community.roles import RoleName
from community.sends import OPTIONS, Kind, Send
from community.translations import Block
from community.writing import insert_new

QUESTION = "question"
FEWEST = 2
DAYS = (3, 7, 14, 30)
"""For so many days one can vote, from when it goes out."""
A_WEEK = 7
STEP = 5
"""Shares are told in steps of so many per cent: of few votes none tells a single one exactly."""


class Vote(Base, Identified):
    """That a newsletter carries a question, and for how long one can answer."""

    __tablename__ = "votes"

    send_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("sends.id", ondelete="CASCADE"), unique=True
    )
    days: Mapped[int] = mapped_column(default=A_WEEK)


class Ballot(Base, Identified):
    """What one person has chosen."""

    __tablename__ = "ballots"
    __table_args__ = (UniqueConstraint("person_id", "vote_id"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    vote_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("votes.id", ondelete="CASCADE"), index=True
    )
    option: Mapped[int]
    """The number of the answer, from 0."""


def options_of(block: Block) -> list[str]:
    """Return the answers in the language of a block, in their order."""
    return [block.get(field) for field in OPTIONS if block.get(field)]


# Writing one


async def attach(
    session: AsyncSession,
    actor: Person,
    ref: str,
    question: str,
    options: Sequence[str],
    days: int,
    now: datetime,
) -> Send:
    """Put a question into a newsletter in its author's language, or another in its place.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is no newsletter.
        IllegalMoveError: it is being sent, or was.
        NotUnderstoodError: a text is empty or too long, or the answers are too few, too many, or
            the same.
        TooLongTogetherError: with title and text it would be more than one message.
    """
    send = await _newsletter(session, actor, ref, now)
    check(options, days)
    source, _found = await translations.standings(session, *send.subject)
    texts = {QUESTION: question, **dict(zip(OPTIONS, options, strict=False))}
    await _strike(session, send, source, OPTIONS[len(options) :], now)
    await sends.edit(session, actor, ref, now, language=source, texts=texts)
    await _carry(session, send, days)
    return send


async def ask_alone(
    session: AsyncSession,
    actor: Person,
    language: str,
    question: str,
    options: Sequence[str],
    days: int,
    now: datetime,
) -> Send:
    """Begin a newsletter that is nothing but a question; the question is its title.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: as of ``attach``.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    check(options, days)
    send = await sends.write_newsletter(session, actor, language, question, None, now)
    texts = dict(zip(OPTIONS, options, strict=False))
    await sends.edit(session, actor, send.ref, now, language=language, texts=texts)
    await _carry(session, send, days)
    return send


async def detach(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Take the question out of a newsletter that says something else, too.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: there is none, or nothing else.
        IllegalMoveError: it is being sent, or was.
    """
    send = await _newsletter(session, actor, ref, now)
    source, found = await translations.standings(session, *send.subject)
    if QUESTION not in found[source].fields:
        raise NotFoundError("Vote")
    await sends.edit(session, actor, ref, now)
    await _strike(session, send, source, [QUESTION, *OPTIONS], now)
    await session.execute(delete(Vote).where(Vote.send_id == send.id))
    return send


def check(options: Sequence[str], days: int = A_WEEK) -> None:
    """Refuse what one cannot choose between.

    Raises:
        NotUnderstoodError: the answers are too few, too many, or the same.
    """
    if not FEWEST <= len(options) <= len(OPTIONS) or len(set(options)) < len(options):
        raise NotUnderstoodError("options")
    if days not in DAYS:
        raise NotUnderstoodError("choice")


async def _newsletter(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    if send.kind != Kind.NEWSLETTER:
        raise NotFoundError("Send")
    return send


async def _strike(
    session: AsyncSession, send: Send, source: str, fields: Sequence[str], now: datetime
) -> None:
    _source, found = await translations.standings(session, *send.subject)
    for field in fields:
        if field in found[source].fields:
            await translations.strike(session, *send.subject, source, field, now)


async def _carry(session: AsyncSession, send: Send, days: int) -> None:
    if not await insert_new(session, Vote, [{"send_id": send.id, "days": days}]):
        await session.execute(update(Vote).where(Vote.send_id == send.id).values(days=days))


# Voting


async def vote(session: AsyncSession, actor: Person, ref: str, option: int, now: datetime) -> None:
    """Choose an answer, or another in its place.

    Raises:
        NotAMemberError: the actor has not joined.
        NotFoundError: there is no such question or answer for them, or it has been taken back.
        TooLateError: voting has ended.
    """
    people.require_member(actor)
    first = await corrections.opened(session, actor, ref, now)
    standing = await of(session, first, actor, now)
    source, found = await translations.standings(session, *first.subject)
    if standing is None or not 0 <= option < sum(one in found[source].fields for one in OPTIONS):
        raise NotFoundError("Vote")
    if not standing.is_open:
        raise TooLateError(standing.closes_at)
    new = {"person_id": actor.id, "vote_id": standing.vote_id, "option": option}
    if not await insert_new(session, Ballot, [new]):
        mine = (Ballot.person_id == actor.id, Ballot.vote_id == standing.vote_id)
        await session.execute(update(Ballot).where(*mine).values(option=option))


@dataclass(frozen=True)
class Standing:
    """How far a vote is, as one person sees it."""

    vote_id: int
    closes_at: datetime
    """Of a newsletter that has not gone out: if it went out now."""
    is_open: bool
    chosen: int | None
    """What this person has chosen."""
    shares: Mapping[int, int]
    """Per cent by answer, in steps of five, once it is over; empty where few voted.

    Or where few of those for whom alone it was did not.
    """


async def of(
    session: AsyncSession, send: Send, reader: Person | None, now: datetime
) -> Standing | None:
    """Return how far the vote of a newsletter is, or None if it carries none.

    Without a ``reader`` nobody's choice is read, and the result alone once it is over.
    """
    first = await sends.first_of(session, send)
    found: Vote | None = await session.scalar(select(Vote).where(Vote.send_id == first.id))
    if found is None:
        return None
    closes_at = (first.started_at or now) + timedelta(days=found.days)
    mine = None
    if reader is not None:
        mine = await session.scalar(
            select(Ballot.option).where(Ballot.vote_id == found.id, Ballot.person_id == reader.id)
        )
    is_open = now < closes_at
    # Told while it runs, it would tell by its steps how each voted who is seen to vote.
    shares = {} if is_open else await _shares(session, found.id, first)
    return Standing(found.id, closes_at, is_open, mine, shares)


async def result(
    session: AsyncSession, actor: Person, send: Send, now: datetime
) -> tuple[Standing, int] | None:
    """Return how far a vote is, and how many have voted, rounded down to a five.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    standing = await of(session, send, None, now)
    if standing is None:
        return None
    voted = sum((await _counts(session, standing.vote_id)).values())
    return standing, voted // STEP * STEP


async def _counts(session: AsyncSession, vote_id: int) -> dict[int, int]:
    rows = await session.execute(
        select(Ballot.option, func.count())
        .where(Ballot.vote_id == vote_id)
        .group_by(Ballot.option)
    )
    return dict(rows.all())


async def _shares(session: AsyncSession, vote_id: int, first: Send) -> dict[int, int]:
    counts = await _counts(session, vote_id)
    total = sum(counts.values())
    if total < FEW:
        return {}
    if first.is_for != EVERYBODY and await _reached(session, first) - total < FEW:
        return {}  # who it was for is known by name: where nearly all have voted, so is what
    return {
        option: STEP * round(100 * counts.get(option, 0) / total / STEP)
        for option in range(len(OPTIONS))
    }


async def _reached(session: AsyncSession, first: Send) -> int:
    """Return how many have a copy of a newsletter."""
    copies = select(func.count(distinct(Delivery.person_id))).where(
        Delivery.send_id == first.id, Delivery.state == Owed.SENT
    )
    return await session.scalar(copies) or 0
