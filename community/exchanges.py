"""Exchanges: what two sides write to each other through the bot, about one thing.

One side is always a member. The other is the team (``community/inbox.py``), an organisation, the
organisers of an event, the author of a text or somebody they have been introduced to
(``community/bridge``). Neither learns the other's name or account from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, Select, String, Text, UniqueConstraint, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified, Referable
from community.conversations import TEXT_LIMIT
from community.errors import NotFoundError, NotUnderstoodError, TooOftenError
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.workdays import NOWHERE, after

ANSWERED_WITHIN = 2
"""Working days within which whoever asks can expect an answer."""
KEPT = timedelta(days=90)
"""So long after the last message an exchange is kept; with the team, after it was closed."""


class Kind(StrEnum):
    """With whom a member writes."""

    TEAM = "team"
    REFERRAL = "referral"
    EVENT = "event"
    TEXT = "text"
    """Who translates a text, with its author (``community/authors.py``)."""
    MATCH = "match"
    """Two who were introduced to each other (``community/matches``)."""
    POST = "post"
    """Who answers an ask or an offer, with its poster (``community/posts``)."""


@dataclass(frozen=True)
class Pace:
    """One person writes at most so many messages within this time, in one exchange."""

    messages: int
    within: timedelta


PACES: Mapping[Kind, Pace] = {
    Kind.TEAM: Pace(30, timedelta(hours=1)),
    Kind.REFERRAL: Pace(20, timedelta(hours=1)),
    Kind.EVENT: Pace(10, timedelta(hours=1)),
    Kind.TEXT: Pace(10, timedelta(hours=1)),
    Kind.MATCH: Pace(30, timedelta(hours=1)),
    Kind.POST: Pace(20, timedelta(hours=1)),
}


class State(StrEnum):
    """Who has to act: the member's words are open until the other side has answered."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


_S = who(Who.SELF)
_OTHER = who(Who.ANIMATOR, Who.HOST, Who.COORDINATOR, Who.PROVIDER, Who.PARTNER)
_BOTH = _S | _OTHER
EXCHANGE = Lifecycle(
    "exchange",
    {
        State.OPEN: {State.ANSWERED: _OTHER, State.CLOSED: _BOTH},
        State.ANSWERED: {State.OPEN: _S, State.CLOSED: _BOTH},
        State.CLOSED: {State.OPEN: _S, State.ANSWERED: _OTHER},
    },
)


class FileKind(StrEnum):
    """What somebody sends beside words."""

    PHOTO = "photo"
    VOICE = "voice"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Stuck:
    """On the way to which service, and at which step, a member does not get on."""

    service_id: int
    step_id: int | None = None


@dataclass(frozen=True)
class Attachment:
    """What somebody sends beside words. Telegram keeps it; we keep its name."""

    kind: FileKind
    file_id: str
    """Telegram's name for it, which only this bot can use."""
    seconds: int | None = None
    """How long a voice message lasts."""
    extension: str | None = None
    """What a document is, such as "pdf"."""


class Exchange(Base, Referable):
    """What a member and another side write to each other."""

    __tablename__ = "exchanges"
    __table_args__ = (
        UniqueConstraint("referral_id"),
        UniqueConstraint("event_id", "person_id"),
        UniqueConstraint("match_id"),
        UniqueConstraint("post_id", "person_id"),
        Index("ix_exchanges_waiting", "kind", "state"),
        Index(
            "ix_exchanges_text",
            *("person_id", "subject", "subject_id", "field", "language"),
            unique=True,
        ),
    )

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[Kind] = mapped_column(String(16))
    referral_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("referrals.id", ondelete="CASCADE")
    )
    event_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("events.id", ondelete="CASCADE")
    )
    match_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("matches.id", ondelete="CASCADE")
    )
    post_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("posts.id", ondelete="CASCADE"))
    subject: Mapped[str | None] = mapped_column(String(16))
    """With the next three, the text that it is about, and the language it is translated into."""
    subject_id: Mapped[int | None] = mapped_column(BigId)
    field: Mapped[str | None] = mapped_column(String(16))
    language: Mapped[str | None] = mapped_column(String(16))
    state: Mapped[State] = mapped_column(String(16), default=State.OPEN)
    begun_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    """When it was last written in, closed or reported."""
    closed_by_member: Mapped[bool | None]
    reported_at: Mapped[datetime | None]
    """Since then animators may read it, until one of them has settled that."""
    reported_by_member: Mapped[bool | None]
    withdrawn_at: Mapped[datetime | None]
    """The member has ended the consent to the request: the organisation reads nothing of it."""
    owner_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    """The animator who takes care of it."""
    due_at: Mapped[datetime | None]
    """While somebody waits for people of the network: until when an answer can be expected."""
    rings_at: Mapped[datetime | None] = mapped_column(index=True)
    """When somebody is told next that it is overdue; after the others of the team, nobody."""

    @property
    def is_left(self) -> bool:
        """Say whether it is overdue for so long that the others of the team were told."""
        return self.due_at is not None and self.rings_at is None

    def wait(self, now: datetime, zone: str, country: str = NOWHERE) -> None:
        """Let the clock run; one that runs is not put off by more words.

        ``zone`` and ``country`` are where the network is: its working days count.
        """
        if self.due_at is None:
            self.due_at = self.rings_at = after(now, ANSWERED_WITHIN, ZoneInfo(zone), country)

    def wait_no_more(self) -> None:
        """Stop the clock: it is answered or settled."""
        self.due_at = self.rings_at = None


class ExchangeMessage(Base, Identified):
    """One message, from either side."""

    __tablename__ = "exchange_messages"

    exchange_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("exchanges.id", ondelete="CASCADE"), index=True
    )
    by_member: Mapped[bool]
    written_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    text: Mapped[str] = mapped_column(Text)
    """Empty only beside an attachment, or where somebody is stuck."""
    language: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    file_id: Mapped[str | None] = mapped_column(Text)
    file_kind: Mapped[FileKind | None] = mapped_column(String(16))
    file_seconds: Mapped[int | None]
    file_extension: Mapped[str | None] = mapped_column(String(8))
    service_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("services.id", ondelete="SET NULL")
    )
    """The member is stuck on the way to this service,"""
    step_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("service_steps.id", ondelete="SET NULL")
    )
    """at this step."""

    @property
    def attachment(self) -> Attachment | None:
        """Return what was sent beside the words."""
        if self.file_id is None or self.file_kind is None:
            return None
        return Attachment(
            FileKind(self.file_kind), self.file_id, self.file_seconds, self.file_extension
        )


def clean(text: str, attachment: Attachment | None = None) -> str:
    """Return what somebody wrote, fit to be passed on.

    Raises:
        NotUnderstoodError: it is too long, or empty with nothing beside it.
    """
    text = text.strip()
    if len(text) > TEXT_LIMIT or not (text or attachment):
        raise NotUnderstoodError("text", limit=TEXT_LIMIT)
    return text


async def add(
    session: AsyncSession,
    exchange: Exchange,
    writer: Person,
    text: str,
    now: datetime,
    *,
    by_member: bool,
    language: str,
    attachment: Attachment | None = None,
    stuck: Stuck | None = None,
) -> ExchangeMessage:
    """Write a message down; whom it is told, the caller knows.

    Raises:
        NotUnderstoodError: it is too long, or empty with nothing beside it.
        TooOftenError: the writer has written as much as the pace allows.
    """
    if stuck is None:
        text = clean(text, attachment)
    await _keep_pace(session, exchange, writer, now)
    message = ExchangeMessage(
        exchange_id=exchange.id,
        by_member=by_member,
        written_by_id=writer.id,
        text=text,
        language=language,
        at=now,
        file_id=attachment.file_id if attachment else None,
        file_kind=attachment.kind if attachment else None,
        file_seconds=attachment.seconds if attachment else None,
        file_extension=attachment.extension if attachment else None,
        service_id=stuck.service_id if stuck else None,
        step_id=stuck.step_id if stuck else None,
    )
    session.add(message)
    exchange.touched_at = now
    await session.flush()
    return message


async def _keep_pace(
    session: AsyncSession, exchange: Exchange, writer: Person, now: datetime
) -> None:
    pace = PACES[Kind(exchange.kind)]
    lately = list(
        await session.scalars(
            select(ExchangeMessage.at)
            .where(
                ExchangeMessage.exchange_id == exchange.id,
                ExchangeMessage.written_by_id == writer.id,
                ExchangeMessage.at > now - pace.within,
            )
            .order_by(ExchangeMessage.at.desc())
            .limit(pace.messages)
        )
    )
    if len(lately) == pace.messages:
        raise TooOftenError(lately[-1] + pace.within - now)


def is_overdue(exchange: Exchange, now: datetime) -> bool:
    """Say whether there should have been an answer by now."""
    return exchange.due_at is not None and exchange.due_at <= now


async def messages(session: AsyncSession, exchange: Exchange) -> Sequence[ExchangeMessage]:
    """Return what was written, oldest first."""
    return (
        await session.scalars(
            select(ExchangeMessage)
            .where(ExchangeMessage.exchange_id == exchange.id)
            .order_by(ExchangeMessage.id)
        )
    ).all()


async def of_same(session: AsyncSession, message: ExchangeMessage) -> Sequence[ExchangeMessage]:
    """Return the whole exchange that a message belongs to, oldest first."""
    return await messages(session, await session.get_one(Exchange, message.exchange_id))


def numbered(told: Sequence[ExchangeMessage]) -> Mapping[int, int]:
    """Return the number of each attachment in an exchange, from 1, by its message's id."""
    with_one = [message.id for message in told if message.attachment is not None]
    return {message_id: number for number, message_id in enumerate(with_one, 1)}


def attached(told: Sequence[ExchangeMessage], number: int) -> ExchangeMessage:
    """Return the message with the attachment of this number.

    Raises:
        NotFoundError: there is none.
    """
    with_one = [message for message in told if message.attachment is not None]
    if not 1 <= number <= len(with_one):
        raise NotFoundError("Attachment")
    return with_one[number - 1]


async def seal(
    session: AsyncSession, referral_ids: Sequence[int] | Select[int], now: datetime
) -> None:
    """Let the organisation read nothing more of what was written about these requests."""
    await session.execute(
        update(Exchange)
        .where(Exchange.referral_id.in_(referral_ids), Exchange.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
