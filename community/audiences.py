"""Whom a send is for, who of them would get it now, and who would not and why.

An audience names languages, needs, areas, an event or recent activity; never a profile. One
expression says where each person stands; the dry run counts by it and the rows are made from it,
so that the numbers of the one are the numbers of the other.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from community.areas import Area
from community.attendance import UNANSWERED, Attendance
from community.consents import Consent, Purpose
from community.deliveries import Delivery, State
from community.events import Event
from community.needs import Need, PersonNeed
from community.people import Membership, Person
from community.policy import POLICY
from community.topics import MutedTopic
from community.writing import insert_selected

ACTIVE_WITHIN = timedelta(days=90)
REACHED = (State.SENT, State.UNCERTAIN, State.RECALLED)


@dataclass(frozen=True)
class Audience:
    """Whom a send is for: who matches every part that is named. Nothing named means everybody."""

    languages: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    areas: tuple[str, ...] = ()
    """References; an area includes the areas within it."""
    guests_of: str | None = None
    """The event (its reference) whose guests are meant: who goes, may come, or came."""
    only_active: bool = False
    """Only who has done something here within ninety days."""

    def as_json(self) -> dict[str, Any]:
        """Return what a row keeps."""
        return {
            "languages": list(self.languages),
            "needs": [need.value for need in self.needs],
            "areas": list(self.areas),
            "guests_of": self.guests_of,
            "only_active": self.only_active,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Audience":
        """Return the audience that a row keeps."""
        return cls(
            tuple(kept.get("languages", ())),
            tuple(map(Need, kept.get("needs", ()))),
            tuple(kept.get("areas", ())),
            kept.get("guests_of"),
            bool(kept.get("only_active", False)),
        )

    def conditions(self, now: datetime, network_language: str) -> list[ColumnElement[bool]]:
        """Return what a person must be for this audience."""
        found: list[ColumnElement[bool]] = [Person.state.in_(COUNTED)]
        if self.languages:
            spoken = func.coalesce(Person.language, network_language)
            found.append(spoken.in_(self.languages))
        if self.needs:
            found.append(
                exists().where(PersonNeed.person_id == Person.id, PersonNeed.term.in_(self.needs))
            )
        if self.areas:
            named = select(Area.id).where(Area.ref.in_(self.areas))
            within = select(Area.id).where(Area.parent_id.in_(named))
            found.append(Person.area_id.in_(named) | Person.area_id.in_(within))
        if self.guests_of is not None:
            event = select(Event.id).where(Event.ref == self.guests_of).scalar_subquery()
            found.append(
                exists().where(
                    Attendance.event_id == event,
                    Attendance.person_id == Person.id,
                    Attendance.state.in_(["going", "maybe", "attended"]),
                )
            )
        if self.only_active:
            found.append(Person.seen_at > now - ACTIVE_WITHIN)
        return found


COUNTED = (Membership.ACTIVE, Membership.PAUSED, Membership.STOPPED, Membership.UNREACHABLE)
EVERYBODY = Audience()


class Standing(StrEnum):
    """Whether somebody of the audience gets a send, or why not."""

    GETS_IT = "gets_it"
    UNREACHABLE = "unreachable"
    RESTING = "resting"
    NO_CONSENT = "no_consent"
    MUTED = "muted"
    ANSWERED = "answered"
    """Of an announcement: they have said already whether they come."""
    TOLD = "told"
    """Of an announcement: they have had one about this event before."""
    UNTRANSLATED = "untranslated"
    """Their language is missing, and the author's rule is to skip them."""


@dataclass(frozen=True)
class Sending:
    """What of a send its audience has to know."""

    kind: str
    send_id: int
    audience: Audience
    event_id: int | None
    complete: frozenset[str]
    """Languages in which every word is approved."""
    skips: bool
    """Whoever's language is missing gets nothing."""
    network_language: str


@dataclass
class DryRun:
    """Who would get what, if it were sent now. The numbers equal the later rows."""

    gets: Counter[str] = field(default_factory=Counter)
    """Readers, by their own language."""
    left_out: dict[str, Counter[Standing]] = field(default_factory=dict)
    """The others of the audience, by language and reason."""
    without_translation: frozenset[str] = frozenset()
    """Languages of the audience that are missing."""

    @property
    def people(self) -> int:
        """Return how many rows sending would make."""
        return self.gets.total()

    def left(self, reason: Standing) -> int:
        """Return how many do not get it for this reason."""
        return sum(reasons[reason] for reasons in self.left_out.values())


def _spoken(sending: Sending) -> ColumnElement[str]:
    return func.coalesce(Person.language, literal(sending.network_language, String))


def _standing(sending: Sending) -> ColumnElement[str]:
    """Return where a person of the audience stands. The first reason that holds is told."""
    policy = POLICY[sending.kind]
    agrees = exists().where(
        Consent.person_id == Person.id,
        Consent.current,
        Consent.purpose == (policy.consent or Purpose.NEWS),
        Consent.granted,
    )
    reasons: list[tuple[ColumnElement[bool], Standing]] = [
        (Person.state == Membership.UNREACHABLE, Standing.UNREACHABLE),
        (Person.state != Membership.ACTIVE, Standing.RESTING),
        (~agrees, Standing.NO_CONSENT),
    ]
    if policy.topic is not None:
        muted = exists().where(MutedTopic.person_id == Person.id, MutedTopic.topic == policy.topic)
        reasons.append((muted, Standing.MUTED))
    if sending.event_id is not None:
        said = exists().where(
            Attendance.event_id == sending.event_id,
            Attendance.person_id == Person.id,
            Attendance.state.not_in(UNANSWERED),
        )
        told = exists().where(
            Delivery.kind == sending.kind,
            Delivery.subject_id == sending.event_id,
            Delivery.person_id == Person.id,
            Delivery.send_id != sending.send_id,
            Delivery.state.in_(REACHED),
        )
        reasons += [(said, Standing.ANSWERED), (told, Standing.TOLD)]
    if sending.skips:
        missing = _spoken(sending).not_in(sending.complete)
        reasons.append((missing, Standing.UNTRANSLATED))
    return case(
        *((condition, literal(reason.value, String)) for condition, reason in reasons),
        else_=literal(Standing.GETS_IT.value, String),
    )


async def dry_run(session: AsyncSession, sending: Sending, now: datetime) -> DryRun:
    """Count who would get this send now, and who would not and why."""
    spoken, standing = _spoken(sending).label("spoken"), _standing(sending).label("standing")
    conditions = sending.audience.conditions(now, sending.network_language)
    rows = await session.execute(
        select(spoken, standing, func.count()).where(*conditions).group_by("spoken", "standing")
    )
    run = DryRun()
    languages = set()
    for language, reason, count in rows:
        languages.add(language)
        if reason == Standing.GETS_IT:
            run.gets[language] += count
        else:
            run.left_out.setdefault(language, Counter())[Standing(reason)] += count
    run.without_translation = frozenset(languages - sending.complete)
    return run


async def make_rows(
    session: AsyncSession,
    sending: Sending,
    args: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
) -> int:
    """Owe the send to everybody who gets it, in one statement; return how many that are."""
    key = literal(f"send:{sending.send_id}:", String) + cast(Person.id, String)
    values: dict[str, Any] = {
        "key": key,
        "kind": sending.kind,
        "person_id": Person.id,
        "subject_id": sending.event_id or sending.send_id,
        "send_id": sending.send_id,
        "args": dict(args),
        "lane": int(POLICY[sending.kind].lane),
        "state": State.QUEUED,
        "language": _spoken(sending),
        "due_at": now,
        "expires_at": expires_at,
        "tries": 0,
        "planned_at": now,
    }
    conditions = sending.audience.conditions(now, sending.network_language)
    gets_it = and_(*conditions, _standing(sending) == Standing.GETS_IT.value)
    return await insert_selected(session, Delivery, values, gets_it)
