"""Tables of asks and offers: what somebody looks for or has, who was shown it, who answered."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Referable
from community.lifecycle import Lifecycle, Who, who
from community.matches.table import Outcome
from community.needs import Need

SUBJECT = "post"
"""Whose words they are (``community/translations.py``): one field, ``text``."""


class Kind(StrEnum):
    """Whether somebody looks for something, or has it."""

    ASK = "ask"
    OFFER = "offer"


class Category(StrEnum):
    """What is looked for or offered."""

    SUPPLIER = "supplier"
    PARTNER = "partner"
    STAFF = "staff"
    PREMISES = "premises"
    CUSTOMER = "customer"
    ADVICE = "advice"


class State(StrEnum):
    """How far a post is."""

    WAITING = "waiting"
    """For a moderator or animator: at most ``FIRST_READERS`` have seen it."""
    PUBLISHED = "published"
    REFUSED = "refused"
    FOUND = "found"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


class Refusal(StrEnum):
    """Why a post is not published."""

    ADVERTISING = "advertising"
    """It advertises, and neither asks nor offers anything that members can answer."""
    NOT_A_BUSINESS = "not_a_business"
    UNCLEAR = "unclear"
    NOT_ALLOWED = "not_allowed"
    """What it asks or offers is against the law or the rules of the network."""
    CONTACT = "contact"
    """It names somebody, or says how to reach them outside."""


_S, _C = who(Who.SELF), who(Who.CLOCK)
_JUDGE = who(Who.ANIMATOR, Who.MODERATOR)
_ENDS = {State.FOUND: _S, State.EXPIRED: _C, State.WITHDRAWN: _S, State.HIDDEN: _JUDGE}
_WAS = (State.WAITING, State.PUBLISHED, State.EXPIRED, State.FOUND)
POST = Lifecycle(
    "post",
    {
        State.WAITING: {State.PUBLISHED: _JUDGE, State.REFUSED: _JUDGE, **_ENDS},
        State.PUBLISHED: _ENDS,
        State.EXPIRED: {
            State.PUBLISHED: _S,
            State.WAITING: _S,
            State.FOUND: _S,
            State.HIDDEN: _JUDGE,
        },
        State.FOUND: {State.HIDDEN: _JUDGE},
        State.HIDDEN: dict.fromkeys(_WAS, _JUDGE),
    },
)
"""Expired goes back to waiting where nobody has read it yet: renewing is no way round.

Hidden goes back to what it was; who has answered reads what is expired or found, so that is
hidden, too.
"""

LIVE = (State.WAITING, State.PUBLISHED)
LASTS = timedelta(days=30)
REMINDED = (timedelta(days=5), timedelta(days=1))
"""So long before its end the poster is asked whether it still holds."""
RENEWABLE = timedelta(days=60)
"""So long after its end it can still be renewed by a tap."""
ANSWERABLE = timedelta(days=14)
"""So long after it was found or has expired, those who answered and the poster still write."""
FIRST_READERS = 20
"""A new poster's post reaches at most so many before somebody of the team has read it."""
MOST_OPEN = 5
"""One person has at most so many at a time."""
TOLD_AT_ONCE = 500
"""At most so many members are told of one post; the others find it on the board."""
READ_WITHIN = 1
"""Working days within which somebody of the team reads what waits."""


class Post(Base, Referable):
    """An ask or an offer of a member."""

    __tablename__ = "posts"
    __table_args__ = (Index("ix_posts_board", "state", "expires_at"),)

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[Kind] = mapped_column(String(8))
    category: Mapped[Category] = mapped_column(String(16))
    need: Mapped[Need | None] = mapped_column(String(24))
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id", ondelete="SET NULL"))
    """Where; None for everywhere."""
    state: Mapped[State] = mapped_column(String(16))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    """When a moderator or animator has read it and found it good."""
    approved_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    announced_at: Mapped[datetime | None]
    refused_because: Mapped[Refusal | None] = mapped_column(String(16))
    due_at: Mapped[datetime | None]
    """Until when somebody of the team should have read it."""
    rings_at: Mapped[datetime | None] = mapped_column(index=True)
    outcome: Mapped[Outcome | None] = mapped_column(String(16))
    found_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    """Through whom it was found, if the poster says."""
    came_from: Mapped[State | None] = mapped_column(String(16))
    """What it was before it was hidden."""

    @property
    def is_live(self) -> bool:
        """Say whether it can be seen and answered."""
        return self.state in LIVE

    @property
    def can_be_hidden(self) -> bool:
        """Say whether it is seen by anybody, could be again, or is hidden already."""
        return self.state == State.HIDDEN or State.HIDDEN in POST.table.get(self.state, {})


class PostReader(Base):
    """That somebody was shown a post which nobody of the team had read yet."""

    __tablename__ = "post_readers"

    post_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime]


class PostAnswer(Base, Referable):
    """That somebody has answered a post, and whose contact the other may see."""

    __tablename__ = "post_answers"
    __table_args__ = (UniqueConstraint("post_id", "person_id"),)

    post_id: Mapped[int] = mapped_column(BigId, ForeignKey("posts.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    poster_agreed_at: Mapped[datetime | None]
    """Since then the one who answered sees who the poster is."""
    answerer_agreed_at: Mapped[datetime | None]
    """Since then, and not before the poster has agreed, the poster sees who answered."""
