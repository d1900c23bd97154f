"""Areas, support organisations with their services, and what became of requests to them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.simulation import crowd as people
from bot.simulation.crowd import DAY, VERSION, Area, Somebody
from bot.simulation.rows import Rows
from bot.simulation.tables import AREA_NAMES, ZONES
from community import agreements, areas, providers, referrals
from community.agreements import AGREEMENT, TO_ACTIVE, Agreement, Basis
from community.deliveries import Delivery
from community.deliveries import State as Sending
from community.lifecycle import Who
from community.needs import Need
from community.policy import NUDGES, POLICY
from community.providers import Checklist, Organization, Service, ServiceStep, Tick
from community.referrals import (
    REFERRAL,
    SETTLED,
    FieldName,
    Reason,
    Referral,
    SharedField,
    State,
)
from community.roles import RoleName

AGREED_FOR = timedelta(days=730)
NEXT: Mapping[State, Mapping[State, float]] = {
    State.DRAFT: {State.PENDING: 1},
    State.PENDING: {
        State.ACCEPTED: 62,
        State.DECLINED: 12,
        State.NEEDS_INFORMATION: 10,
        State.REROUTED: 4,
        State.EXPIRED: 6,
        State.CANCELLED: 6,
    },
    State.NEEDS_INFORMATION: {State.PENDING: 75, State.EXPIRED: 15, State.CANCELLED: 10},
    State.ACCEPTED: {State.IN_SERVICE: 85, State.NOT_DELIVERED: 10, State.CANCELLED: 5},
    State.IN_SERVICE: {State.COMPLETED: 88, State.NOT_DELIVERED: 8, State.CANCELLED: 4},
    State.COMPLETED: {State.CONFIRMED: 68, State.DISPUTED: 6, State.UNCONFIRMED: 26},
    State.UNCONFIRMED: {State.UNCONFIRMED: 80, State.CONFIRMED: 15, State.DISPUTED: 5},
    State.DISPUTED: {State.RESOLVED: 1},
}
"""Where a request goes next, and how often. To where it is: it stays there."""
GIVES_A_REASON = (State.DECLINED, State.NOT_DELIVERED)
WAITS: Mapping[State, float] = {State.DRAFT: 0, State.EXPIRED: 10, State.UNCONFIRMED: 14}
"""Days until a step that only time takes; every other takes some days."""

CONFIRMED = timedelta(days=20)
"""So long ago every organisation has said that its entry is right."""


@dataclass(frozen=True)
class Offer:
    """A service to which requests can go."""

    id: int
    organization_id: int
    need: Need
    steps: Sequence[int]
    staff_id: int


@dataclass(frozen=True)
class Request:
    """A request to a service, and how it stands."""

    id: int
    person_id: int
    state: State
    changed_at: datetime


def fill_areas(rows: Rows, count: int, zone: str, begin: datetime) -> list[Area]:
    """Make some districts, most of them in the network's own zone."""
    made = []
    for n in range(1, count + 1):
        where = ZONES[n // 10 % len(ZONES)] if n % 10 == 0 else zone
        ref = rows.ref()
        number = rows.add(areas.Area, ref=ref, zone=where, made_at=begin)
        named = {language: name.format(n=n) for language, name in AREA_NAMES.items()}
        rows.words("area", number, "name", named, begin)
        made.append(Area(number, ref, where))
    return made


def fill_offers(
    rows: Rows,
    count: int,
    sample: Mapping[str, Any],
    places: Sequence[Area],
    crowd: Sequence[Somebody],
    begin: datetime,
    now: datetime,
) -> list[Offer]:
    """Make organisations with services and staff; most have an active agreement."""
    offers = []
    staff = [me for me in crowd if me.rests_from is None and me.joined_at is not None]
    for n in range(1, count + 1):
        entry = sample["organizations"][n % len(sample["organizations"])]
        number = rows.add(Organization, made_at=begin, confirmed_at=max(begin, now - CONFIRMED))
        named = {language: f"{name} {n}" for language, name in entry["name"].items()}
        rows.words("organization", number, "name", named, begin)
        is_active = _agree(rows, number, begin, is_active=n == 1 or rows.happens(0.85))
        person = staff[(people.TEAM + n) % len(staff)]
        since = max(begin, person.joined_at or begin)
        people.grant(rows, person.id, RoleName.PROVIDER_STAFF, since, number)
        for service in entry["services"]:
            offer = _offer(rows, number, service, places, person.id, begin)
            offers += [offer] if is_active else []
    return offers


def _agree(rows: Rows, organization_id: int, begin: datetime, *, is_active: bool) -> bool:
    walked = TO_ACTIVE if is_active else TO_ACTIVE[: rows.chance.randint(1, 3)]
    signed = {
        "signed_on": begin.date(),
        "basis": Basis.CONSENT,
        "ends_at": begin + AGREED_FOR,
        "remind_at": begin + AGREED_FOR - agreements.BEFORE[0],
    }
    number = rows.add(
        Agreement,
        organization_id=organization_id,
        state=walked[-1],
        since=begin,
        **signed if is_active else {},
    )
    for before, after in zip(
        (agreements.State.IDENTIFIED, *walked), walked, strict=False
    ):  # the first step leads from the state it begins in
        rows.step(AGREEMENT.name, number, before, after, begin, actor_id=1)
    return is_active


def _offer(
    rows: Rows,
    organization_id: int,
    service: Mapping[str, Any],
    places: Sequence[Area],
    staff_id: int,
    begin: datetime,
) -> Offer:
    need = rows.chance.choice(list(Need)) if rows.happens(0.6) else Need(service["need"])
    area = rows.chance.choice(places) if service["area"] is not None else None
    number = rows.add(
        Service,
        organization_id=organization_id,
        need=need,
        languages=service["languages"],
        interpretation=service["interpretation"],
        area_id=area.id if area else None,
        online=area is None,
        cost=Decimal(service["cost"]),
        made_at=begin,
    )
    rows.words("service", number, "name", service["name"], begin)
    rows.words("service", number, "description", service["description"], begin)
    steps = []
    for position, text in enumerate(service["steps"], start=1):
        steps.append(rows.add(ServiceStep, service_id=number, position=position))
        rows.words("step", steps[-1], "text", text, begin)
    return Offer(number, organization_id, need, steps, staff_id)


async def fill_referrals(
    rows: Rows, count: int, offers: Sequence[Offer], crowd: Sequence[Somebody], now: datetime
) -> list[Request]:
    """Let members have asked for services: one request at a time for each; return them."""
    made = []
    by_need: dict[Need, list[Offer]] = {}
    for offer in offers:
        by_need.setdefault(offer.need, []).append(offer)
    asked: set[tuple[int, int]] = set()
    for me in rows.chance.choices(crowd, k=count):
        if me.joined_at is None:
            continue
        wanted = [offer for need in me.needs for offer in by_need.get(need, [])]
        offer = rows.chance.choice(wanted or offers)
        until = me.rests_from or now
        made_at = me.joined_at + (until - me.joined_at) * rows.chance.random()
        if (me.id, offer.id) not in asked:
            asked.add((me.id, offer.id))
            made.append(_refer(rows, me, offer, made_at, now))
        await rows.breathe()
    return made


def _refer(rows: Rows, me: Somebody, offer: Offer, made_at: datetime, now: datetime) -> Request:
    walked = _walk(rows, made_at, now)
    state, changed_at = walked[-1]
    completed_at = next((at for to, at in walked if to is State.COMPLETED), None)
    reason = rows.chance.choice(list(Reason)) if state in GIVES_A_REASON else None
    values = {
        FieldName.NAME: f"Person {me.id}",
        FieldName.LANGUAGE: me.language,
        FieldName.NEED: str(offer.need),
        FieldName.AREA: me.area_ref,
    }
    number = rows.add(
        Referral,
        chain_id=rows.next_number(Referral),
        person_id=me.id,
        service_id=offer.id,
        organization_id=offer.organization_id,
        state=state,
        asked_field=FieldName.STAGE if state is State.NEEDS_INFORMATION else None,
        reason=reason,
        consent_version=VERSION,
        consent_language=me.language,
        made_at=made_at,
        changed_at=changed_at,
        completed_at=completed_at,
        outcome_asked=0 if completed_at is None else referrals.ASKED_TWICE,
        delivered=rows.happens(0.5) if state is State.RESOLVED else None,
    )
    for name, value in values.items():
        if value and (name is not FieldName.AREA or rows.happens(0.6)):
            rows.add(
                SharedField,
                referral_id=number,
                name=name,
                value=value,
                agreed_at=made_at,
                withdrawn_at=changed_at if state is State.CANCELLED else None,
            )
    _tell(rows, me, offer, number, walked, reason)
    _check_off(rows, me, offer, state, made_at, now)
    return Request(number, me.id, state, changed_at)


def _walk(rows: Rows, made_at: datetime, now: datetime) -> list[tuple[State, datetime]]:
    """Return the states a request has been in by now, and since when."""
    walked = [(State.DRAFT, made_at)]
    while True:
        state, since = walked[-1]
        if state not in NEXT:
            return walked
        to = rows.one_of(NEXT[state])
        days = WAITS.get(to, 0 if state is State.DRAFT else 0.2 + 6 * rows.chance.random())
        at = since + days * DAY
        if to is state or at > now:
            return walked
        walked.append((to, at))


def _tell(
    rows: Rows,
    me: Somebody,
    offer: Offer,
    number: int,
    walked: Sequence[tuple[State, datetime]],
    reason: Reason | None,
) -> None:
    """Write the history of a request, and the messages about it that reached the member."""
    for (before, _), (after, at) in itertools.pairwise(walked):
        by = next(iter(REFERRAL.table[before][after]))
        actors = {Who.SELF: me.id, Who.PROVIDER: offer.staff_id, Who.ANIMATOR: 2}
        rows.step(
            REFERRAL.name,
            number,
            before,
            after,
            at,
            actor_id=actors.get(by),
            reason=reason if after in GIVES_A_REASON else None,
        )
        if by is Who.PROVIDER:
            rows.add(
                Delivery,
                key=f"referral_step:{number}:{after}:{at.isoformat()}",
                kind="referral_step",
                person_id=me.id,
                subject_id=number,
                args={},
                lane=int(POLICY["referral_step"].lane),
                state=Sending.SENT,
                due_at=at,
                expires_at=at + POLICY["referral_step"].lives,
                tries=1,
                language=me.language,
                settled_at=at + timedelta(seconds=1),
                planned_at=at,
            )


def _check_off(
    rows: Rows, me: Somebody, offer: Offer, state: State, made_at: datetime, now: datetime
) -> None:
    """Let the member have done some of the steps; nobody is nudged about old ones."""
    number = rows.add(
        Checklist,
        person_id=me.id,
        service_id=offer.id,
        opened_at=made_at,
        moved_at=made_at,
        nudges=NUDGES if state in SETTLED or made_at < now - providers.STEP_WAITS else 0,
    )
    for step in offer.steps[: rows.chance.randint(0, len(offer.steps))]:
        rows.add(Tick, checklist_id=number, step_id=step, at=made_at)
