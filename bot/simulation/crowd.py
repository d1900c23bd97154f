"""The people of the simulated network: who they are, and how they come and go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.simulation.rows import Rows
from bot.simulation.tables import (
    COLOURS,
    CONSENTS,
    INSTEAD,
    LANGUAGES,
    MEMBERSHIPS,
    NEEDS,
    PROFILES,
    QUESTIONS,
    STAGES,
    THINGS,
    WAYS,
)
from community.audiences import ACTIVE_WITHIN
from community.consents import Consent, Purpose
from community.exchanges import EXCHANGE, Exchange, ExchangeMessage, Kind
from community.exchanges import State as Asked
from community.needs import Need, PersonNeed
from community.people import (
    MEMBERSHIP,
    Attribution,
    JoinLink,
    Membership,
    Participation,
    Person,
    PersonProfile,
    Profile,
)
from community.policy import NUDGES
from community.roles import Role, RoleName
from community.silences import AGAIN, Silence
from locales import OFFERED

VERSION = "simulation"
"""The version of every consent and of the terms, so that nobody takes them for given."""
FIRST_NUMBER = 4_000_000_000_000_000
"""Telegram numbers from here on: within its 52 bits, and far from those that it has given out."""
TEAM = 6
DAY = timedelta(days=1)


@dataclass(slots=True)
class Somebody:
    """What the rest of the simulation needs to know of a person."""

    id: int
    language: str
    state: Membership
    joined_at: datetime | None
    rests_from: datetime | None
    """From when they are no active member any more, if ever."""
    way: Participation
    area_ref: str = ""
    consents: set[Purpose] = field(default_factory=set)
    needs: list[Need] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)
    """When surveys went to them."""
    lost_at: datetime | None = None
    """When the bot found that they cannot be reached."""

    def is_active(self, at: datetime) -> bool:
        """Say whether they were an active member at that moment."""
        return (
            self.joined_at is not None
            and self.joined_at <= at
            and (self.rests_from is None or at < self.rests_from)
        )

    def is_surveyed(self, at: datetime) -> bool:
        """Say whether a survey may go to them then: they agree, and it is not left to them."""
        agrees = Purpose.SURVEYS in self.consents and self.way is not Participation.READING
        return agrees and self.is_active(at)


@dataclass(frozen=True)
class Area:
    """Where somebody may live."""

    id: int
    ref: str
    zone: str


def fill(
    rows: Rows, count: int, areas: Sequence[Area], begin: datetime, now: datetime
) -> list[Somebody]:
    """Let so many people come in between two moments, more and more of them."""
    chance = rows.chance
    moments = sorted(begin + (now - begin) * chance.random() ** 0.7 for _ in range(count))
    crowd = []
    for number, met_at in enumerate(moments, start=1):
        is_team = number <= TEAM
        state = Membership.ACTIVE if is_team else rows.one_of(MEMBERSHIPS)
        if state is Membership.JOINING:  # whoever only looks round is forgotten after 90 days
            came_at = max(met_at, now - chance.random() * 80 * DAY)
        else:
            came_at = begin if is_team else met_at
        crowd.append(_meet(rows, number, state, came_at, areas, now))
    return crowd


def _meet(
    rows: Rows,
    number: int,
    state: Membership,
    met_at: datetime,
    areas: Sequence[Area],
    now: datetime,
) -> Somebody:
    chance = rows.chance
    spoken = rows.one_of(LANGUAGES)
    language = spoken if spoken in OFFERED else rows.one_of(INSTEAD)
    way = rows.one_of(WAYS)
    joins = state is not Membership.JOINING
    area = chance.choice(areas) if joins and rows.happens(0.9) else None
    joined_at = min(met_at + chance.random() * timedelta(hours=3), now) if joins else None
    me = Somebody(number, language, state, joined_at, None, way, area.ref if area else "")
    if joined_at is not None and state is not Membership.ACTIVE:
        # A pause that is still going on began a short while ago.
        since = max(joined_at, now - 20 * DAY) if state is Membership.PAUSED else joined_at
        me.rests_from = since + (now - since) * (0.02 + 0.97 * chance.random())
    came, last = joined_at or met_at, me.rests_from or now
    name = f"{chance.choice(COLOURS)} {chance.choice(THINGS)} {number}"
    seen_at = came + (last - came) * chance.random() ** 0.3
    rows.add(
        Person,
        telegram_id=FIRST_NUMBER + number,
        name=name,
        username=f"invented_{number}" if rows.happens(0.6) else None,
        telegram_language=spoken,
        language=language,
        area_id=area.id if area else None,
        zone=area.zone if area else None,
        met_at=met_at,
        seen_at=seen_at,
        state=state,
        came_from=Membership.ACTIVE if state is Membership.UNREACHABLE else None,
        paused_until=now + (3 + 25 * chance.random()) * DAY
        if state is Membership.PAUSED
        else None,
        joined_at=joined_at,
        terms_version=VERSION if joins else None,
        terms_language=language if joins else None,
        stage=rows.one_of(STAGES) if joins and rows.happens(0.85) else None,
        participation=way if joins else None,
    )
    if joined_at is not None:
        _describe(rows, me, joined_at)
        _be_asked_why(rows, me, seen_at, now)
    return me


def _describe(rows: Rows, me: Somebody, at: datetime) -> None:
    """Let a member tell what they look for, what describes them, and what they agree to."""
    me.needs = list(dict.fromkeys(rows.one_of(NEEDS) for _ in range(rows.chance.randint(0, 3))))
    for term in me.needs:
        rows.add(PersonNeed, person_id=me.id, term=term)
    if rows.happens(0.05):
        rows.add(PersonProfile, person_id=me.id, code=Profile.RATHER_NOT_SAY)
    else:
        told = {rows.one_of(PROFILES) for _ in range(rows.chance.randint(0, 2))}
        for code in sorted(told):
            rows.add(PersonProfile, person_id=me.id, code=code)
    for purpose, share in CONSENTS.items():
        if me.id <= TEAM or rows.happens(share):
            changes_mind = me.id > TEAM and rows.happens(0.04)  # at once, before any newsletter
            _turn(rows, me, purpose, at, granted=True, current=not changes_mind)
            if changes_mind:
                _turn(rows, me, purpose, at + timedelta(seconds=30), granted=False, current=True)
            else:
                me.consents.add(purpose)


def _be_asked_why(rows: Rows, me: Somebody, seen_at: datetime, now: datetime) -> None:
    """Let who has stayed away have been nudged, and asked once after that, without an answer."""
    nudged_at = seen_at + ACTIVE_WITHIN
    if Purpose.NEWS not in me.consents or nudged_at > now:
        return
    is_asked = nudged_at + AGAIN <= now
    rows.add(
        Silence,
        person_id=me.id,
        nudges=NUDGES if is_asked else 1,
        nudged_at=nudged_at + AGAIN if is_asked else nudged_at,
    )


def _turn(
    rows: Rows, me: Somebody, purpose: Purpose, at: datetime, *, granted: bool, current: bool
) -> None:
    rows.add(
        Consent,
        person_id=me.id,
        purpose=purpose,
        granted=granted,
        current=current,
        version=VERSION,
        language=me.language,
        at=at,
    )


def make_team(rows: Rows, crowd: Sequence[Somebody], begin: datetime) -> None:
    """Give the first people roles: a coordinator, the others animators. No administrator.

    Whoever runs the program gets the one-time link, and with it the whole network, for training.
    """
    for me in crowd[:TEAM]:
        name = RoleName.COORDINATOR if me.id == 1 else RoleName.ANIMATOR
        grant(rows, me.id, name, begin)
    links = [rows.add(JoinLink, made_by_id=me.id, made_at=begin) for me in crowd[1:TEAM]]
    for me in crowd[TEAM:]:
        if me.joined_at is not None and rows.happens(0.4):
            rows.add(Attribution, person_id=me.id, link_id=rows.chance.choice(links))


def grant(
    rows: Rows, person_id: int, name: RoleName, at: datetime, organization_id: int | None = None
) -> None:
    """Give somebody a role, as the coordinator."""
    rows.add(
        Role,
        person_id=person_id,
        name=name,
        granted_by_id=1,
        granted_at=at,
        organization_id=organization_id,
    )
    rows.step("role", person_id, "", name, at, actor_id=1)


def tell_memberships(rows: Rows, crowd: Sequence[Somebody]) -> None:
    """Write down how everybody came and went, each in the order in which it happened.

    Last of all: whom a message could not reach was found out by sending it.
    """
    for me in crowd:
        if me.joined_at is None:
            continue
        rows.step(
            MEMBERSHIP.name,
            me.id,
            Membership.JOINING,
            Membership.ACTIVE,
            me.joined_at,
            actor_id=me.id,
        )
        since = me.lost_at or me.rests_from
        if since is not None:
            lost = me.state is Membership.UNREACHABLE
            rows.step(
                MEMBERSHIP.name,
                me.id,
                Membership.ACTIVE,
                me.state,
                since,
                actor_id=None if lost else me.id,
                reason="blocked" if lost else None,
            )


def ask_team(rows: Rows, crowd: Sequence[Somebody], now: datetime) -> None:
    """Let some members have written to the team within the last weeks."""
    chance = rows.chance
    for me in chance.sample(crowd, max(3, len(crowd) // 200)):
        asked_at = now - chance.random() * 60 * DAY
        if not me.is_active(asked_at):
            continue
        state = chance.choice(list(Asked))
        answered_at = min(asked_at + chance.random() * 2 * DAY, now)
        number = rows.add(
            Exchange,
            person_id=me.id,
            kind=Kind.TEAM,
            state=state,
            begun_at=asked_at,
            touched_at=asked_at if state is Asked.OPEN else answered_at,
            closed_by_member=False if state is Asked.CLOSED else None,
        )
        said = {"exchange_id": number, "language": "en"}
        rows.add(
            ExchangeMessage,
            by_member=True,
            written_by_id=me.id,
            text=chance.choice(QUESTIONS),
            at=asked_at,
            **said,
        )
        if state is Asked.OPEN:
            continue
        rows.add(
            ExchangeMessage,
            by_member=False,
            written_by_id=2,
            text="Yes. Please come by on Tuesday.",
            at=answered_at,
            **said,
        )
        rows.step(EXCHANGE.name, number, Asked.OPEN, Asked.ANSWERED, answered_at, actor_id=2)
        if state is Asked.CLOSED:
            rows.step(EXCHANGE.name, number, Asked.ANSWERED, Asked.CLOSED, answered_at, actor_id=2)
