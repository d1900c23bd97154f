"""The tables of matches: who takes part and how, what was proposed, and what came of it."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified, Referable
from community.lifecycle import Lifecycle, Who, who


class Partner(StrEnum):
    """What one is to the other."""

    PEER = "peer"
    MENTOR = "mentor"
    ROLE_MODEL = "role_model"
    MAINSTREAM = "mainstream"
    """An entrepreneur, chamber or sector network outside, introduced by the team."""


GUIDES = (Partner.MENTOR, Partner.ROLE_MODEL)
"""What nobody is by their own word alone: an animator talks with them first."""
SOUGHT = (Partner.PEER, Partner.MENTOR, Partner.ROLE_MODEL)
"""Whom a round looks for."""


class Sector(StrEnum):
    """What a business is about; a short list, so that it describes nobody."""

    FOOD = "food"
    TRADE = "trade"
    CRAFTS = "crafts"
    CONSTRUCTION = "construction"
    TRANSPORT = "transport"
    CARE = "care"
    BEAUTY = "beauty"
    CLEANING = "cleaning"
    TEXTILES = "textiles"
    DIGITAL = "digital"
    ARTS = "arts"
    FARMING = "farming"
    TEACHING = "teaching"
    OTHER = "other"


class Way(StrEnum):
    """How somebody wants to meet."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    EITHER = "either"


class State(StrEnum):
    """How far a match is."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    """By one of the two; which, and that it is so, the other does not see."""
    INTRODUCED = "introduced"
    DECLINED = "declined"
    LAPSED = "lapsed"
    MET = "met"
    NOT_MET = "not_met"


class Reason(StrEnum):
    """Why somebody declines; it changes whom later rounds propose."""

    NOT_NOW = "not_now"
    """No time: nobody is proposed for a while."""
    TOPIC = "topic"
    """Not what they look for: what was answered here does not count for a while."""
    LANGUAGE = "language"
    """They want a language in common."""
    TOO_FAR = "too_far"
    """They want to meet nearby."""
    KNOWN = "known"
    """They know each other."""
    NOT_THIS_PERSON = "not_this_person"
    RATHER_NOT_SAY = "rather_not_say"


class Outcome(StrEnum):
    """What came of a meeting, by the word of each of the two."""

    CLIENT = "client"
    SUPPLIER = "supplier"
    PARTNER = "partner"
    JOB = "job"
    ADVICE = "advice"
    NOTHING_YET = "nothing_yet"


_S, _C, _A = who(Who.SELF), who(Who.CLOCK), who(Who.ANIMATOR)
MATCH = Lifecycle(
    "match",
    {
        State.PROPOSED: {State.ACCEPTED: _S, State.DECLINED: _S, State.LAPSED: _C},
        State.ACCEPTED: {
            State.INTRODUCED: _S | _A,
            State.DECLINED: _S,
            State.LAPSED: who(Who.CLOCK, Who.SELF),
        },
        State.INTRODUCED: {State.MET: _S, State.NOT_MET: who(Who.SELF, Who.CLOCK)},
    },
)
"""Accepted lapses by an act of somebody only where a mentor's last place has just been given; an
animator introduces where the other side is no member and has said yes by telephone."""

OPEN = (State.PROPOSED, State.ACCEPTED)

ANSWERED_WITHIN = timedelta(days=10)
"""So long a proposal waits for both answers."""
BUDGET = 2
BUDGET_WITHIN = timedelta(days=30)
"""Nobody is proposed to anybody, or anybody to them, more than so often within this time."""
APART = timedelta(days=365)
"""A pair that has declined, met or let a proposal lapse does not come back within this time."""
REASON_LASTS = timedelta(days=180)
RESTS = timedelta(days=60)
"""Whoever has no time is proposed nobody for so long."""
ASKED_AFTER = timedelta(days=14)
"""So long after the introduction both are asked what came of it,"""
ASKED_UNTIL = timedelta(days=28)
"""and so long after it, without any answer, it counts as not met."""
MENTORING = timedelta(days=90)
"""So long a mentor's place is taken, if nobody ends it before."""
MISSES = 3
"""After so many in a row the pairing pauses, kindly."""
MOST_PLACES = 8
"""A mentor takes at most so many at a time."""


class Pairing(Base):
    """How a member takes part in matching; without a row, not yet."""

    __tablename__ = "pairings"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    seeks: Mapped[list[str]]
    """The kinds of partner that are sought."""
    gives: Mapped[Partner] = mapped_column(String(16), default=Partner.PEER)
    """What this person is to whoever is matched with them."""
    places: Mapped[int] = mapped_column(default=1)
    """How many a mentor takes at a time: a hard limit."""
    confirmed_at: Mapped[datetime | None]
    """When an animator has spoken with who wants to be a mentor or a role model."""
    confirmed_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL")
    )
    sector: Mapped[Sector | None] = mapped_column(String(16))
    way: Mapped[Way] = mapped_column(String(16), default=Way.EITHER)
    misses: Mapped[int] = mapped_column(default=0)
    """Matches in a row that this person let pass or that never met."""
    rests_since: Mapped[datetime | None]
    """Since when pairing pauses, until they begin again."""
    rests_until: Mapped[datetime | None]
    """Until when whoever has said "not now" is left alone."""
    told_of_none_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]

    @property
    def gives_as(self) -> Partner:
        """Return what this person is to others now: unconfirmed, a peer."""
        return Partner(self.gives) if self.confirmed_at is not None else Partner.PEER


class MatchRound(Base, Referable):
    """One time that partners are looked for: for everybody by the calendar, or for who asks."""

    __tablename__ = "match_rounds"

    key: Mapped[str] = mapped_column(String(48), unique=True)
    """The occurrence: "2026-11-23", or of whom and when."""
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    """For whom alone; None for everybody."""
    opened_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    receivers: Mapped[int] = mapped_column(default=0)
    """For how many somebody was looked for."""
    matched: Mapped[int] = mapped_column(default=0)


class Match(Base, Referable):
    """Two people who were proposed to each other."""

    __tablename__ = "matches"
    __table_args__ = (Index("ix_matches_lapsing", "settled_at", "lapses_at"),)

    round_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("match_rounds.id", ondelete="SET NULL"), index=True
    )
    partner: Mapped[Partner] = mapped_column(String(16))
    """What the giver is to the receiver."""
    state: Mapped[State] = mapped_column(String(16), default=State.PROPOSED, index=True)
    proposed_at: Mapped[datetime]
    lapses_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    """When it was over as a proposal, and who had said yes has heard that it came to nothing."""
    introduced_at: Mapped[datetime | None]
    asks_at: Mapped[datetime | None] = mapped_column(index=True)
    """When both are asked what came of it; None once they were."""
    closes_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it counts as not met, if nobody has said anything."""
    ends_at: Mapped[datetime | None]
    """Until when a mentor's place is taken."""
    ended_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id", ondelete="SET NULL"))
    """The animator who introduces the two to each other, the third in it."""
    contact_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("team_contacts.id", ondelete="SET NULL"), index=True
    )
    """Who is introduced and is no member (``community/contacts.py``)."""


class Side(StrEnum):
    """On which side of a match somebody stands."""

    RECEIVER = "receiver"
    GIVER = "giver"


class MatchSide(Base, Identified):
    """One of the two: what they have said, which the other reads only after both have said yes."""

    __tablename__ = "match_sides"
    __table_args__ = (
        UniqueConstraint("match_id", "side"),
        Index("ix_match_sides_person", "person_id", "proposed_at"),
    )

    match_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("matches.id", ondelete="CASCADE"), index=True
    )
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    side: Mapped[Side] = mapped_column(String(8))
    proposed_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    reason: Mapped[Reason | None] = mapped_column(String(16))
    met: Mapped[bool | None]
    useful: Mapped[bool | None]
    outcome: Mapped[Outcome | None] = mapped_column(String(16))
    said_at: Mapped[datetime | None]
    """When they first said what came of it."""

    @property
    def has_answered(self) -> bool:
        """Say whether this person has said yes or no."""
        return self.accepted_at is not None or self.declined_at is not None
