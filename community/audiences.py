"""Whom a send is for, who of them would get it now, and who would not and why.

An audience names languages, needs, areas, topics, cohorts, an event or recent activity; never a
profile. One expression says where each person stands; the dry run counts by it and the rows are
made from it, so that the numbers of the one are the numbers of the other.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import join

from community import cohorts
from community.areas import Area
from community.attendance import UNANSWERED, Attendance
from community.cohorts import Cohort, CohortMember
from community.consents import Consent, Purpose
from community.deliveries import Delivery, SentMessage, State
from community.events import Event
from community.needs import Need, PersonNeed
from community.people import Membership, Participation, Person
from community.policy import POLICY
from community.topics import MutedOffer, MutedTopic, Topic
from community.translations import Fallback
from community.writing import insert_selected, rows_changed

ACTIVE_WITHIN = timedelta(days=90)
OFFER = "offer"
"""The kind of send that members turn off need by need."""
REACHED = (State.SENT, State.UNCERTAIN, State.RECALLED)


def _one(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether there is such a row about the person, in whatever tables stand round it."""
    return exists().where(*where).correlate(Person)


@dataclass(frozen=True)
class Audience:
    """Whom a send is for: who matches every part that is named. Nothing named means everybody."""

    languages: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    areas: tuple[str, ...] = ()
    """References; an area includes the areas within it."""
    topics: tuple[Topic, ...] = ()
    """Who wants to hear of one of these: who has not turned it off."""
    guests_of: str | None = None
    """The event (its reference) whose guests are meant: who goes, may come, or came."""
    cohorts: tuple[str, ...] = ()
    """References; who belongs to one of them."""
    only_active: bool = False
    """Only who has done something here within ninety days."""

    def as_json(self) -> dict[str, Any]:
        """Return what a row keeps."""
        return {
            "languages": list(self.languages),
            "needs": [need.value for need in self.needs],
            "areas": list(self.areas),
            "topics": [topic.value for topic in self.topics],
            "guests_of": self.guests_of,
            "cohorts": list(self.cohorts),
            "only_active": self.only_active,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Audience":
        """Return the audience that a row keeps."""
        return cls(
            tuple(kept.get("languages", ())),
            tuple(map(Need, kept.get("needs", ()))),
            tuple(kept.get("areas", ())),
            tuple(map(Topic, kept.get("topics", ()))),
            kept.get("guests_of"),
            tuple(kept.get("cohorts", ())),
            bool(kept.get("only_active", False)),
        )

    def conditions(self, now: datetime, network_language: str) -> list[ColumnElement[bool]]:
        """Return what a person must be for this audience."""
        found: list[ColumnElement[bool]] = [Person.state.not_in(NOT_COUNTED)]
        if self.languages:
            spoken = func.coalesce(Person.language, network_language)
            found.append(spoken.in_(self.languages))
        if self.needs:
            found.append(_one(PersonNeed.person_id == Person.id, PersonNeed.term.in_(self.needs)))
        if self.areas:
            named = select(Area.id).where(Area.ref.in_(self.areas))
            within = select(Area.id).where(Area.parent_id.in_(named))
            found.append(Person.area_id.in_(named) | Person.area_id.in_(within))
        if self.topics:
            turned_off = [
                _one(MutedTopic.person_id == Person.id, MutedTopic.topic == topic)
                for topic in self.topics
            ]
            found.append(not_(and_(*turned_off)))
        if self.guests_of is not None:
            event = select(Event.id).where(Event.ref == self.guests_of).scalar_subquery()
            found.append(
                _one(
                    Attendance.event_id == event,
                    Attendance.person_id == Person.id,
                    Attendance.state.in_(["going", "maybe", "attended"]),
                )
            )
        if self.cohorts:
            found.append(_one(CohortMember.person_id == Person.id, *cohorts.belongs(self.cohorts)))
        if self.only_active:
            found.append(Person.seen_at > now - ACTIVE_WITHIN)
        return found


async def audience_of(session: AsyncSession, event: Event, chosen: Audience) -> Audience:
    """Return those of a chosen audience whom an event is for, by need, area or cohort."""
    if event.need is not None:
        chosen = replace(chosen, needs=(Need(event.need),))
    if event.audience_area_id is not None:
        area = await session.get_one(Area, event.audience_area_id)
        chosen = replace(chosen, areas=(area.ref,))
    if event.cohort_id is not None:
        cohort = await session.get_one(Cohort, event.cohort_id)
        chosen = replace(chosen, cohorts=(cohort.ref,))
    return chosen


NOT_COUNTED = (Membership.JOINING, Membership.LEFT)
"""Who has not joined or has left belongs to no audience. They are few, so this names them: SQLite
reads the table then, which is faster than nearly all of it by the index."""
EVERYBODY = Audience()


class Standing(StrEnum):
    """Whether somebody of the audience gets a send, or why not."""

    GETS_IT = "gets_it"
    UNREACHABLE = "unreachable"
    RESTING = "resting"
    NO_CONSENT = "no_consent"
    DIGEST = "digest"
    """They get what there is gathered, in the digest."""
    READING = "reading"
    """They want nothing that comes by itself."""
    MUTED = "muted"
    ANSWERED = "answered"
    """Of an announcement: they have said already whether they come."""
    TOLD = "told"
    """Of an announcement: they have had one about this event before."""
    UNTRANSLATED = "untranslated"
    """Their language is missing, and the author's rule gives them no other."""


_STANDINGS = tuple(Standing)
_NUMBERS = {standing: literal(number) for number, standing in enumerate(_STANDINGS)}
"""SQLite groups by sorting, and numbers sort faster than words."""


@dataclass(frozen=True)
class Sending:
    """What of a send its audience has to know."""

    kind: str
    send_id: int
    audience: Audience
    event_id: int | None
    serves: frozenset[str]
    """The languages whose readers get it in their own."""
    rule: Fallback
    """What the others get."""
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


def _is_missing(sending: Sending) -> ColumnElement[bool]:
    return _spoken(sending).not_in(sending.serves)


def _standing(sending: Sending) -> tuple[FromClause, ColumnElement[int]]:
    """Return people with what is known of them, and the number of where each stands.

    The first reason that holds is told.

    What is known are at most one row of each kind, joined: PostgreSQL reads each table once then,
    where it would look a million people up one by one. A kind's row is looked for in a column of
    few values, by which PostgreSQL sees that there are few groups to count.
    """
    policy = POLICY[sending.kind]
    people = join(
        Person,
        Consent,
        and_(
            Consent.person_id == Person.id,
            Consent.current,
            Consent.purpose == (policy.consent or Purpose.NEWS),
            Consent.granted,
        ),
        isouter=True,
    )
    reasons: list[tuple[ColumnElement[bool], Standing]] = [
        (Person.state == Membership.UNREACHABLE, Standing.UNREACHABLE),
        (Person.state != Membership.ACTIVE, Standing.RESTING),
        (Consent.granted.is_(None), Standing.NO_CONSENT),
        *(
            (Person.participation == way, Standing(way.value))
            for way in Participation
            if way in policy.not_for
        ),
    ]
    if policy.topic is not None:
        is_muted = and_(MutedTopic.person_id == Person.id, MutedTopic.topic == policy.topic)
        people = people.outerjoin(MutedTopic, is_muted)
        reasons.append((MutedTopic.topic.is_not(None), Standing.MUTED))
    if sending.kind == OFFER:
        unwanted = _one(
            MutedOffer.person_id == Person.id, MutedOffer.need.in_(sending.audience.needs)
        )
        reasons.append((unwanted, Standing.MUTED))
    if sending.event_id is not None:
        has_said = and_(
            Attendance.event_id == sending.event_id,
            Attendance.person_id == Person.id,
            Attendance.state.not_in(UNANSWERED),
        )
        told = (
            select(Delivery.person_id, Delivery.kind)
            .where(
                Delivery.kind == sending.kind,
                Delivery.subject_id == sending.event_id,
                Delivery.send_id != sending.send_id,
                Delivery.state.in_(REACHED),
            )
            .distinct()
            .subquery()
        )
        people = people.outerjoin(Attendance, has_said).outerjoin(
            told, told.c.person_id == Person.id
        )
        reasons += [
            (Attendance.state.is_not(None), Standing.ANSWERED),
            (told.c.kind.is_not(None), Standing.TOLD),
        ]
    missing = _is_missing(sending)
    if sending.rule == Fallback.SKIP or not sending.serves:
        reasons.append((missing, Standing.UNTRANSLATED))
    elif sending.rule == Fallback.SECOND:
        second = func.coalesce(Person.second_language, "").in_(sending.serves)
        reasons.append((and_(missing, not_(second)), Standing.UNTRANSLATED))
    return people, case(
        *((condition, _NUMBERS[reason]) for condition, reason in reasons),
        else_=_NUMBERS[Standing.GETS_IT],
    )


async def dry_run(session: AsyncSession, sending: Sending, now: datetime) -> DryRun:
    """Count who would get this send now, and who would not and why."""
    people, standing = _standing(sending)
    rows = await session.execute(
        select(_spoken(sending).label("spoken"), standing.label("standing"), func.count())
        .select_from(people)
        .where(*sending.audience.conditions(now, sending.network_language))
        .group_by("spoken", "standing")
    )
    run = DryRun()
    languages = set()
    for language, number, count in rows:
        reason = _STANDINGS[number]
        languages.add(language)
        if reason == Standing.GETS_IT:
            run.gets[language] += count
        else:
            run.left_out.setdefault(language, Counter())[reason] += count
    run.without_translation = frozenset(languages - sending.serves)
    return run


async def zones(session: AsyncSession, sending: Sending, now: datetime) -> Counter[str | None]:
    """Count who would get this send now by their zone; None is the network's."""
    people, standing = _standing(sending)
    rows = await session.execute(
        select(Person.zone, func.count())
        .select_from(people)
        .where(
            *sending.audience.conditions(now, sending.network_language),
            standing == _NUMBERS[Standing.GETS_IT],
        )
        .group_by(Person.zone)
    )
    found: Counter[str | None] = Counter()
    for zone, count in rows:
        found[zone] = count
    return found


async def make_rows(
    session: AsyncSession,
    sending: Sending,
    args: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
) -> int:
    """Owe the send to everybody who gets it, in one statement; return how many that are.

    Whose language is missing waits for it, if that is the rule (``release``).
    """
    key = literal(f"send:{sending.send_id}:", String) + cast(Person.id, String)
    values: dict[str, Any] = {
        "key": key,
        "kind": sending.kind,
        "person_id": Person.id,
        "subject_id": sending.event_id or sending.send_id,
        "send_id": sending.send_id,
        "args": dict(args),
        "lane": int(POLICY[sending.kind].lane),
        "state": (
            case((_is_missing(sending), State.WAITING), else_=State.QUEUED)
            if sending.rule == Fallback.WAIT
            else State.QUEUED
        ),
        "language": _spoken(sending),
        "due_at": now,
        "expires_at": expires_at,
        "tries": 0,
        "planned_at": now,
    }
    conditions = sending.audience.conditions(now, sending.network_language)
    people, standing = _standing(sending)
    gets_it = and_(*conditions, standing == _NUMBERS[Standing.GETS_IT])
    return await insert_selected(session, Delivery, values, gets_it, of=people)


async def release(session: AsyncSession, sending: Sending, now: datetime) -> int:
    """Let go who has waited for a language that is there now; return how many."""
    theirs = select(Person.id).where(not_(_is_missing(sending)))
    return await rows_changed(
        session,
        update(Delivery)
        .where(
            Delivery.send_id == sending.send_id,
            Delivery.state == State.WAITING,
            Delivery.person_id.in_(theirs),
        )
        .values(state=State.QUEUED, due_at=now),
    )


def _copies_of(send_id: int) -> ColumnElement[bool]:
    """Return the condition of the rows of a send of which a copy is known."""
    return and_(
        Delivery.send_id == send_id,
        Delivery.state == State.SENT,
        Delivery.person_id.is_not(None),
        exists().where(SentMessage.delivery_id == Delivery.id),
    )


async def dry_edit(session: AsyncSession, of_send_id: int) -> DryRun:
    """Count the copies of a send that would be edited now."""
    run = DryRun()
    rows = await session.execute(
        select(Delivery.language, func.count())
        .where(_copies_of(of_send_id))
        .group_by(Delivery.language)
    )
    for language, count in rows:
        run.gets[language or ""] += count
    return run


async def make_edits(
    session: AsyncSession,
    edit: tuple[str, int, int],
    args: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
) -> int:
    """Owe an edit to everybody who has a copy; return how many that are.

    ``edit`` is the kind, the number of the correction or recall, and the number of the first send.
    """
    kind, send_id, of_send_id = edit
    values: dict[str, Any] = {
        "key": literal(f"send:{send_id}:", String) + cast(Delivery.person_id, String),
        "kind": kind,
        "person_id": Delivery.person_id,
        "subject_id": of_send_id,
        "send_id": send_id,
        "args": dict(args),
        "lane": int(POLICY[kind].lane),
        "state": State.QUEUED,
        "language": Delivery.language,
        "due_at": now,
        "expires_at": expires_at,
        "tries": 0,
        "planned_at": now,
    }
    return await insert_selected(session, Delivery, values, _copies_of(of_send_id))
