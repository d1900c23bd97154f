"""Who may do what: granted by whom, held until when, taken back at once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import attendance, erasure, invitations, people, roles
from community.areas import Area
from community.deliveries import Delivery
from community.errors import (
    AlreadySettledError,
    LastAdministratorError,
    LinkRefusedError,
    NotAllowedError,
    NotUnderstoodError,
)
from community.events import Event, State, details_of
from community.lifecycle import Who
from community.people import Person
from community.providers import Organization
from community.roles import Role, RoleInvitation, RoleName

ADMINISTRATOR, COORDINATOR, ANIMATOR, PROVIDER_STAFF, TRANSLATOR, CO_HOST, LEAD, MODERATOR = (
    RoleName.ADMINISTRATOR,
    RoleName.COORDINATOR,
    RoleName.ANIMATOR,
    RoleName.PROVIDER_STAFF,
    RoleName.TRANSLATOR,
    RoleName.CO_HOST,
    RoleName.COMMUNITY_LEAD,
    RoleName.MODERATOR,
)
GRANTS: dict[RoleName | None, set[RoleName]] = {
    ADMINISTRATOR: {*RoleName},
    ANIMATOR: {CO_HOST, TRANSLATOR, MODERATOR, LEAD, PROVIDER_STAFF},
    COORDINATOR: set(),
    PROVIDER_STAFF: set(),
    TRANSLATOR: set(),
    CO_HOST: set(),
    LEAD: set(),
    MODERATOR: set(),
    RoleName.EVALUATOR: set(),
    None: set(),
}
"""DESIGN rule 6."""


async def a_person(session: AsyncSession, number: int, now: datetime) -> Person:
    return await people.meet(session, number, now, name=f"Person {number}")


async def holding(
    session: AsyncSession,
    number: int,
    now: datetime,
    name: RoleName | None,
    *,
    until: datetime | None = None,
) -> Person:
    person = await a_person(session, number, now)
    if name is not None:
        session.add(Role(person_id=person.id, name=name, granted_at=now, until=until))
        await session.flush()
    return person


async def an_organization(session: AsyncSession) -> int:
    organization = Organization(made_at=datetime(2026, 11, 23, tzinfo=UTC))
    session.add(organization)
    await session.flush()
    return organization.id


async def an_event(session: AsyncSession, now: datetime, **facts: object) -> Event:
    begins = now + timedelta(days=3)
    told = {"state": State.PUBLISHED, "place": "The library", **facts}
    event = Event(
        made_at=now,
        changed_at=now,
        starts_wall=begins.replace(tzinfo=None),
        zone="UTC",
        starts_at=begins,
        **told,
    )
    session.add(event)
    await session.flush()
    return event


async def an_area(session: AsyncSession, now: datetime, within: Area | None = None) -> Area:
    area = Area(zone="UTC", made_at=now, parent_id=within.id if within else None)
    session.add(area)
    await session.flush()
    return area


async def a_scope(session: AsyncSession, name: RoleName, now: datetime) -> dict[str, Any]:
    """Return what a role of this name is for."""
    if name in (PROVIDER_STAFF, RoleName.EVALUATOR):
        return {"organization_id": await an_organization(session)}
    if name == CO_HOST:
        return {"event_id": (await an_event(session, now)).id}
    if name == LEAD:
        return {"area_id": (await an_area(session, now)).id}
    return {}


@pytest.mark.parametrize("wanted", list(RoleName))
@pytest.mark.parametrize("own", list(GRANTS))
async def test_a_role_is_offered_and_ended_by_those_who_may_grant_it(
    session: AsyncSession, now: datetime, own: RoleName | None, wanted: RoleName
) -> None:
    await holding(session, 8, now, ADMINISTRATOR)  # so that none here is the last one
    actor = await holding(session, 1, now, own)
    holder = await holding(session, 2, now, wanted)
    scope = await a_scope(session, wanted, now)
    role = (await roles.held(session, holder, now))[0]
    if wanted in GRANTS[own]:
        assert await roles.invite(session, actor, wanted, now, **scope)
        await roles.revoke(session, actor, role.ref, now)
        assert not await roles.holds(session, holder, wanted, now)
    else:
        with pytest.raises(NotAllowedError):
            await roles.invite(session, actor, wanted, now, **scope)
        with pytest.raises(NotAllowedError):
            await roles.revoke(session, actor, role.ref, now)
        assert await roles.holds(session, holder, wanted, now)


@pytest.mark.parametrize("wanted", list(RoleName))
@pytest.mark.parametrize("own", list(GRANTS))
async def test_only_an_administrator_takes_a_role_and_only_two_of_them(
    session: AsyncSession, now: datetime, own: RoleName | None, wanted: RoleName
) -> None:
    actor = await holding(session, 1, now, own)
    if own == ADMINISTRATOR and wanted in (ANIMATOR, COORDINATOR):
        assert await roles.take(session, actor, wanted, now)
        assert await roles.holds(session, actor, wanted, now)
        assert not await roles.take(session, actor, wanted, now)
    else:
        with pytest.raises(NotAllowedError):
            await roles.take(session, actor, wanted, now)


@pytest.mark.parametrize("name", list(RoleName))
async def test_a_role_is_for_exactly_what_a_role_of_its_kind_is_for(
    session: AsyncSession, now: datetime, name: RoleName
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    right = await a_scope(session, name, now)
    for scope in [await a_scope(session, other, now) for other in (PROVIDER_STAFF, CO_HOST, LEAD)]:
        if scope.keys() != right.keys():
            for wrong in (scope, right | scope):
                with pytest.raises(NotAllowedError):
                    await roles.invite(session, boss, name, now, **wrong)
    if right:
        with pytest.raises(NotAllowedError):
            await roles.invite(session, boss, name, now)
    assert await roles.invite(session, boss, name, now, **right)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("own", "wanted", "got"),
    [(None, None, None), (None, 2, 2), (9, None, 9), (9, 2, 2), (2, 9, 2)],
)
@pytest.mark.parametrize("how", ["link", "name"])
async def test_nobody_grants_what_lasts_longer_than_their_own_right(
    session: AsyncSession,
    now: datetime,
    own: int | None,
    wanted: int | None,
    got: int | None,
    how: str,
) -> None:
    def after(days: int | None) -> datetime | None:
        return None if days is None else now + days * DAY

    inviter = await holding(session, 1, now, ANIMATOR, until=after(own))
    guest = await a_person(session, 2, now)
    if how == "link":
        token = await roles.invite(session, inviter, MODERATOR, now, until=after(wanted))
        opened = await roles.accept(session, guest, token, now)
        await roles.confirm(session, inviter, opened.ref, now, grant=True)
    else:
        offered = await roles.offer(session, inviter, guest, MODERATOR, now, until=after(wanted))
        await roles.answer_offer(session, guest, offered.ref, now, takes=True)
    (role,) = await roles.held(session, guest, now)
    assert role.until == after(got)
    with pytest.raises(NotUnderstoodError):
        await roles.invite(session, inviter, MODERATOR, now, until=now)


async def test_an_end_that_came_nearer_after_the_invitation_counts(
    session: AsyncSession, now: datetime
) -> None:
    inviter, guest = await holding(session, 1, now, ANIMATOR), await a_person(session, 2, now)
    token = await roles.invite(session, inviter, MODERATOR, now)
    opened = await roles.accept(session, guest, token, now)
    (own,) = await roles.held(session, inviter, now)
    own.until = now + DAY
    await roles.confirm(session, inviter, opened.ref, now, grant=True)
    (role,) = await roles.held(session, guest, now)
    assert role.until == now + DAY


async def test_what_is_offered_by_name_is_taken_by_that_person_alone_and_once(
    session: AsyncSession, now: datetime
) -> None:
    inviter = await holding(session, 1, now, ANIMATOR)
    guest, other = await a_person(session, 2, now), await a_person(session, 3, now)
    offered = await roles.offer(session, inviter, guest, MODERATOR, now)
    for somebody in (other, inviter):
        with pytest.raises(LinkRefusedError):
            await roles.answer_offer(session, somebody, offered.ref, now, takes=True)
    with pytest.raises(LinkRefusedError):
        await roles.confirm(session, inviter, offered.ref, now, grant=True)
    with pytest.raises(LinkRefusedError):
        await roles.answer_offer(session, guest, offered.ref, now + 3 * DAY, takes=True)
    await roles.answer_offer(session, guest, offered.ref, now, takes=False)
    with pytest.raises(AlreadySettledError):
        await roles.answer_offer(session, guest, offered.ref, now, takes=True)
    assert await roles.held(session, guest, now) == []


@pytest.mark.parametrize("how", ["revoked", "over"])
async def test_an_offer_ends_with_the_right_of_whoever_made_it(
    session: AsyncSession, now: datetime, how: str
) -> None:
    boss, guest = await holding(session, 9, now, ADMINISTRATOR), await a_person(session, 2, now)
    inviter = await holding(session, 1, now, ANIMATOR)
    offered = await roles.offer(session, inviter, guest, MODERATOR, now)
    (own,) = await roles.held(session, inviter, now)
    if how == "revoked":
        await invitations.revoke(session, boss, own.ref, now)
    else:
        own.until = now
    with pytest.raises((LinkRefusedError, AlreadySettledError)):
        await roles.answer_offer(session, guest, offered.ref, now, takes=True)
    assert await roles.held(session, guest, now) == []


# name of the role, is the scope right, days after the end of the event, its state
A_HOST = [
    (CO_HOST, "this", 0, State.PUBLISHED, Who.HOST),
    (CO_HOST, "this", 6.9, State.HELD, Who.HOST),
    (CO_HOST, "this", 7, State.HELD, None),
    (CO_HOST, "this", -2, State.CANCELLED, None),
    (CO_HOST, "this", -2, State.REFUSED, None),
    (CO_HOST, "other", 0, State.PUBLISHED, None),
    (LEAD, "this", 0, State.PUBLISHED, Who.HOST),
    (LEAD, "around", 0, State.PUBLISHED, Who.HOST),
    (LEAD, "within", 0, State.PUBLISHED, None),
    (LEAD, "other", 0, State.PUBLISHED, None),
    (LEAD, "this", 7, State.HELD, None),
    (ANIMATOR, "", 30, State.HELD, Who.ANIMATOR),
    *((name, "", 0, State.PUBLISHED, None) for name in RoleName if name != ANIMATOR),
]


@pytest.mark.parametrize(("name", "scope", "days", "state", "expected"), A_HOST)
async def test_an_event_is_looked_after_by_its_hosts_until_some_days_after_it(
    session: AsyncSession,
    now: datetime,
    name: RoleName,
    scope: str,
    days: float,
    state: State,
    expected: Who | None,
) -> None:
    around = await an_area(session, now)
    area = await an_area(session, now, within=around)
    areas = {"this": area, "around": around, "within": await an_area(session, now, within=area)}
    areas["other"] = await an_area(session, now)
    event = await an_event(session, now, state=state, area_id=area.id)
    events = {"this": event, "other": await an_event(session, now)}
    person = await holding(session, 1, now, name)
    (role,) = await roles.held(session, person, now)
    if scope:
        column, found = ("event_id", events) if name == CO_HOST else ("area_id", areas)
        setattr(role, column, found[scope].id)
        await session.flush()
    when = event.ends_at + days * DAY
    assert await roles.host(session, person, event, when) is expected
    if expected is None:
        with pytest.raises(NotAllowedError):
            await roles.require_host(session, person, event, when)
    else:
        role.revoked_at = when
        await session.flush()
        assert await roles.host(session, person, event, when) is None


async def test_the_right_of_a_co_host_moves_with_the_event_unless_it_ends_before(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ANIMATOR)
    event = await an_event(session, now)
    ends = {2: event.hosted_until, 3: now + DAY}
    for number, until in ends.items():
        guest = await a_person(session, number, now)
        offered = await roles.offer(
            session, boss, guest, CO_HOST, now, event_id=event.id, until=until
        )
        await roles.answer_offer(session, guest, offered.ref, now, takes=True)
    later = replace(details_of(event), starts_wall=event.starts_wall + 30 * DAY)
    await attendance.change_event(session, boss, event.ref, later, now, default_zone="UTC")
    rows = await session.scalars(
        select(Role.until).where(Role.name == CO_HOST).order_by(Role.person_id)
    )
    assert [*rows] == [ends[2] + 30 * DAY, ends[3]]


async def test_an_invitation_holds_when_its_inviter_has_confirmed_the_person(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    guest = await a_person(session, 2, now)
    token = await roles.invite(session, boss, ANIMATOR, now)
    opened = await invitations.accept(session, guest, token, now)
    assert not await roles.holds(session, guest, ANIMATOR, now)
    assert await told(session, boss) == ["opened"]
    with pytest.raises(NotAllowedError):
        await invitations.settle(session, guest, opened.ref, now, grant=True)
    await invitations.settle(session, boss, opened.ref, now, grant=True)
    assert await roles.holds(session, guest, ANIMATOR, now)
    assert await told(session, guest) == ["granted"]
    with pytest.raises(AlreadySettledError):
        await invitations.settle(session, boss, opened.ref, now, grant=False)


async def told(session: AsyncSession, person: Person) -> list[str]:
    rows = await session.scalars(
        select(Delivery).where(Delivery.person_id == person.id, Delivery.kind == "role_notice")
    )
    return [row.args["what"] for row in rows]


async def test_a_refused_person_gets_nothing_and_is_told(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    guest = await a_person(session, 2, now)
    token = await roles.invite(session, boss, COORDINATOR, now)
    opened = await invitations.accept(session, guest, token, now)
    await invitations.settle(session, boss, opened.ref, now, grant=False)
    assert await roles.held(session, guest, now) == []
    assert await told(session, guest) == ["refused"]


async def test_a_role_given_twice_is_held_once_and_a_refusal_says_no(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    guest = await a_person(session, 2, now)
    outcomes = []
    for grant in (True, True, False):
        token = await roles.invite(session, boss, ANIMATOR, now)
        opened = await invitations.accept(session, guest, token, now)
        await invitations.settle(session, boss, opened.ref, now, grant=grant)
        outcomes.append(opened.granted)
    assert outcomes == [True, True, False]
    assert [role.name for role in await roles.held(session, guest, now)] == [ANIMATOR]


async def test_who_opens_the_link_twice_asks_the_inviter_once(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    guest = await a_person(session, 2, now)
    token = await roles.invite(session, boss, ANIMATOR, now)
    await invitations.accept(session, guest, token, now)
    await invitations.accept(session, guest, token, now)
    assert await told(session, boss) == ["opened"]


async def test_a_token_is_kept_as_a_hash_works_once_and_for_72_hours(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    first, second = await a_person(session, 2, now), await a_person(session, 3, now)
    token = await roles.invite(session, boss, ANIMATOR, now)
    kept = await session.scalar(select(RoleInvitation.token_hash))
    assert kept is not None
    assert token not in kept
    await roles.accept(session, first, token, now)
    for person, wrong in ((second, token), (second, "nonsense"), (second, "")):
        with pytest.raises(LinkRefusedError):
            await roles.accept(session, person, wrong, now)
    late = await roles.invite(session, boss, ANIMATOR, now)
    with pytest.raises(LinkRefusedError):
        await roles.accept(session, second, late, now + timedelta(hours=72))
    await roles.accept(session, second, late, now + timedelta(hours=71, minutes=59))


async def test_of_two_who_open_a_link_at_once_one_gets_in(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        boss = await holding(session, 1, now, ADMINISTRATOR)
        await a_person(session, 2, now)
        await a_person(session, 3, now)
        token = await roles.invite(session, boss, ANIMATOR, now)

    async def open_it(number: int) -> bool:
        async with database.transaction() as session:
            person = await people.by_telegram_id(session, number)
            assert person is not None
            try:
                await invitations.accept(session, person, token, now)
            except LinkRefusedError:
                return False
            return True

    assert sorted(await asyncio.gather(open_it(2), open_it(3))) == [False, True]


async def test_the_first_administrator_comes_by_the_printed_link_alone(
    session: AsyncSession, now: datetime
) -> None:
    stale = await roles.offer_first(session, now)
    token = await roles.offer_first(session, now)
    assert stale is not None
    assert token is not None
    boss, other = await a_person(session, 1, now), await a_person(session, 2, now)
    with pytest.raises(LinkRefusedError):
        await invitations.accept(session, other, stale, now)
    await invitations.accept(session, boss, token, now)
    assert await roles.holds(session, boss, ADMINISTRATOR, now)
    assert await roles.offer_first(session, now) is None
    assert await session.scalar(select(func.count()).select_from(Delivery)) == 0


async def test_who_lost_the_right_to_grant_can_no_longer_confirm(
    session: AsyncSession, now: datetime
) -> None:
    await holding(session, 9, now, ADMINISTRATOR)
    boss = await holding(session, 1, now, ADMINISTRATOR)
    guest = await a_person(session, 2, now)
    token = await roles.invite(session, boss, ANIMATOR, now)
    opened = await roles.accept(session, guest, token, now)
    await roles.revoke(session, boss, (await roles.held(session, boss, now))[0].ref, now)
    with pytest.raises(NotAllowedError):
        await roles.confirm(session, boss, opened.ref, now, grant=True)
    assert not await roles.holds(session, guest, ANIMATOR, now)


async def test_a_role_ends_at_once_when_revoked_and_by_itself_at_its_end(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    animator = await holding(session, 2, now, ANIMATOR)
    guest = await holding(session, 3, now, ANIMATOR, until=now + timedelta(days=1))
    await roles.revoke(session, boss, (await roles.held(session, animator, now))[0].ref, now)
    with pytest.raises(NotAllowedError):
        await roles.require(session, animator, ANIMATOR, now)
    assert await roles.holds(session, guest, ANIMATOR, now)
    assert not await roles.holds(session, guest, ANIMATOR, now + timedelta(days=1))


async def test_the_last_administrator_cannot_be_revoked(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    role = (await roles.held(session, boss, now))[0]
    with pytest.raises(LastAdministratorError):
        await roles.revoke(session, boss, role.ref, now)
    await holding(session, 2, now, ADMINISTRATOR)
    await roles.revoke(session, boss, role.ref, now)


async def test_two_administrators_who_revoke_each_other_at_once_leave_one(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        first = await holding(session, 1, now, ADMINISTRATOR)
        second = await holding(session, 2, now, ADMINISTRATOR)
        refs = {
            person.telegram_id: (await roles.held(session, person, now))[0].ref
            for person in (first, second)
        }

    async def revoke(number: int, victim: int) -> None:
        async with database.transaction() as session:
            person = await people.by_telegram_id(session, number)
            assert person is not None
            try:
                await roles.revoke(session, person, refs[victim], now)
            except (NotAllowedError, LastAdministratorError):
                return
            await asyncio.sleep(0.2)  # the other decides before this one has committed

    await asyncio.gather(revoke(1, 2), revoke(2, 1))
    async with database.transaction() as session:
        assert len(await roles.holders(session, ADMINISTRATOR, now)) == 1


@pytest.mark.parametrize("own", list(GRANTS))
async def test_animators_and_administrators_make_and_withdraw_join_links(
    session: AsyncSession, now: datetime, own: RoleName | None
) -> None:
    actor, guest = await holding(session, 1, now, own), await a_person(session, 2, now)
    if own not in (ANIMATOR, ADMINISTRATOR):
        with pytest.raises(NotAllowedError):
            await invitations.join_link(session, actor, now)
        return
    link = await invitations.join_link(session, actor, now)
    assert (await invitations.join_link(session, actor, now)).ref == link.ref
    assert await people.follow_join_link(session, guest, link.ref)
    with pytest.raises(NotAllowedError):
        await invitations.withdraw_join_link(session, guest, link.ref, now)
    await invitations.withdraw_join_link(session, actor, link.ref, now)
    assert not await people.follow_join_link(session, guest, link.ref)
    assert (await invitations.join_link(session, actor, now)).ref != link.ref


async def test_an_invitation_is_settled_once_and_says_how(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 1, now, ADMINISTRATOR)
    for number, grant in ((2, True), (3, False)):
        guest = await a_person(session, number, now)
        token = await roles.invite(session, boss, ANIMATOR, now)
        invitation = await invitations.accept(session, guest, token, now)
        await invitations.settle(session, boss, invitation.ref, now, grant=grant)
        for again in (True, False):
            with pytest.raises(AlreadySettledError) as refused:
                await invitations.settle(session, boss, invitation.ref, now, grant=again)
            assert refused.value.granted == grant


@pytest.mark.parametrize("how", ["revoked", "erased"])
async def test_what_somebody_offered_ends_with_their_role_and_the_invited_hear_it(
    session: AsyncSession, now: datetime, how: str
) -> None:
    boss = await holding(session, 9, now, ADMINISTRATOR)
    inviter = await holding(session, 1, now, ADMINISTRATOR)
    guest, late = await a_person(session, 2, now), await a_person(session, 3, now)
    opened = await roles.invite(session, inviter, COORDINATOR, now)
    unopened = await roles.invite(session, inviter, COORDINATOR, now)
    await invitations.accept(session, guest, opened, now)
    if how == "revoked":
        (role,) = await roles.held(session, inviter, now)
        await invitations.revoke(session, boss, role.ref, now)
    else:
        await erasure.erase(session, inviter, now, b"k" * 32)
    assert await told(session, guest) == ["refused"]
    with pytest.raises(LinkRefusedError):
        await invitations.accept(session, late, unopened, now)
    assert await roles.held(session, guest, now) == []
    assert await roles.held(session, late, now) == []


async def test_what_another_role_still_lets_somebody_offer_stays_open(
    session: AsyncSession, now: datetime
) -> None:
    boss = await holding(session, 9, now, ADMINISTRATOR)
    inviter = await holding(session, 1, now, ADMINISTRATOR)
    (role,) = await roles.held(session, inviter, now)
    await roles.take(session, inviter, ANIMATOR, now)
    guest, organization = await a_person(session, 2, now), await an_organization(session)
    token = await roles.invite(session, inviter, PROVIDER_STAFF, now, organization_id=organization)
    invitation = await invitations.accept(session, guest, token, now)
    await invitations.revoke(session, boss, role.ref, now)
    await invitations.settle(session, inviter, invitation.ref, now, grant=True)
    assert await roles.holds(session, guest, PROVIDER_STAFF, now, organization_id=organization)
