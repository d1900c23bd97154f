"""Support organisations at an event: invited, answering for themselves, and there to talk to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select

from community import agreements, attendance, deliveries, event_support, events, roles, sends
from community.attendance import Attendance, Wish
from community.attendance import State as Attending
from community.deliveries import Delivery, Plan
from community.errors import NotAllowedError, NotFoundError, RefusalError, TooLateError
from community.event_support import EventStaff, Way
from community.events import Details, Event, details_of
from community.figures import Hidden
from community.people import Person
from community.roles import Role, RoleName
from tests.community import test_referrals
from tests.community.test_referrals import Town, a_person, with_role

ZONE = "Europe/Paris"
town = test_referrals.town


@dataclass
class Evening:
    """A town with a published event."""

    town: Town
    event: Event


@pytest.fixture
async def evening(town: Town) -> Evening:
    start = (town.now + timedelta(days=3)).replace(tzinfo=None)
    made = await events.create(
        town.session,
        town.animator,
        Details(start, ZONE, place="Library"),
        {"title": "Coffee"},
        "en",
        town.now,
    )
    return Evening(town, await events.publish(town.session, town.animator, made.ref, town.now))


async def invite(evening: Evening) -> event_support.EventOrganization:
    town = evening.town
    return await event_support.invite(
        town.session, town.animator, evening.event.ref, town.organization.ref, town.now
    )


async def notices(town: Town) -> list[tuple[int | None, str]]:
    rows = await town.session.scalars(
        select(Delivery).where(Delivery.kind == "staff_notice").order_by(Delivery.id)
    )
    return [(row.person_id, row.args["what"]) for row in rows]


async def test_each_of_the_staff_is_asked_once_and_members_find_it_when_one_comes(
    evening: Evening,
) -> None:
    town, event = evening.town, evening.event
    invitation = await invite(evening)
    assert await invite(evening) is invitation
    assert await notices(town) == [(town.staff.id, "event"), (town.colleague.id, "event")]
    assert await event_support.present(town.session, event, town.now) == []
    for person, comes in ((town.colleague, False), (town.staff, True), (town.staff, True)):
        await event_support.answer(town.session, person, invitation.ref, town.now, comes=comes)
    assert await event_support.present(town.session, event, town.now) == [invitation]
    (invited,) = await event_support.of_event(town.session, event, town.now)
    assert (invited.coming, invited.staying) == ([town.staff], [town.colleague])
    brought = await event_support.brought(town.session, invitation)
    assert brought == [town.service]
    await event_support.bring(town.session, town.staff, invitation.ref, town.service.ref, town.now)
    assert await event_support.brought(town.session, invitation) == []


async def test_who_is_staff_no_more_does_not_come_for_it(evening: Evening) -> None:
    town = evening.town
    invitation = await invite(evening)
    await event_support.answer(town.session, town.staff, invitation.ref, town.now, comes=True)
    role = (await roles.held(town.session, town.staff, town.now))[0]
    await roles.revoke(town.session, town.animator, role.ref, town.now)
    assert await event_support.present(town.session, evening.event, town.now) == []
    with pytest.raises(NotFoundError):
        await event_support.answer(town.session, town.staff, invitation.ref, town.now, comes=True)


async def test_an_organisation_without_people_here_is_listed_by_the_animator(
    evening: Evening,
) -> None:
    town = evening.town
    await town.session.execute(delete(Role).where(Role.name == RoleName.PROVIDER_STAFF))
    invitation = await invite(evening)
    assert invitation.is_listed
    assert await notices(town) == []
    assert await event_support.present(town.session, evening.event, town.now) == [invitation]


@pytest.mark.parametrize("who", ["member", "staff", "stranger", "coordinator"])
async def test_only_animators_invite_and_take_off(evening: Evening, who: str) -> None:
    town = evening.town
    actor: Person = getattr(town, who)
    with pytest.raises(NotAllowedError):
        await event_support.invite(
            town.session, actor, evening.event.ref, town.organization.ref, town.now
        )
    invitation = await invite(evening)
    with pytest.raises(NotAllowedError):
        await event_support.take_off(town.session, actor, invitation.ref, town.now)


@pytest.mark.parametrize("who", ["member", "stranger", "coordinator", "animator"])
async def test_only_its_staff_answer_an_invitation_and_read_how_many_go(
    evening: Evening, who: str
) -> None:
    town = evening.town
    actor: Person = getattr(town, who)
    invitation = await invite(evening)
    with pytest.raises(NotFoundError):
        await event_support.answer(town.session, actor, invitation.ref, town.now, comes=True)
    with pytest.raises(NotFoundError):
        await event_support.number_of_guests(town.session, actor, invitation.ref, town.now)
    if who != "animator":
        with pytest.raises(NotAllowedError):
            await event_support.bring(
                town.session, actor, invitation.ref, town.service.ref, town.now
            )
    assert not (await town.session.scalars(select(EventStaff))).all()


async def test_staff_read_a_number_from_five_on_and_never_who(evening: Evening) -> None:
    town = evening.town
    invitation = await invite(evening)
    for number in range(4):
        guest = await a_person(town.session, 100 + number, town.now)
        await attendance.answer(
            town.session, guest, evening.event.ref, Wish.GOING, town.now, default_zone=ZONE
        )
    few = await event_support.number_of_guests(town.session, town.staff, invitation.ref, town.now)
    assert few.cells == {Attending.GOING: Hidden.FEW}
    await attendance.answer(
        town.session, town.member, evening.event.ref, Wish.GOING, town.now, default_zone=ZONE
    )
    five = await event_support.number_of_guests(town.session, town.staff, invitation.ref, town.now)
    assert five.cells == {Attending.GOING: 5}


async def test_who_comes_hears_of_a_change_of_place_and_that_it_is_called_off(
    evening: Evening,
) -> None:
    town, event = evening.town, evening.event
    invitation = await invite(evening)
    await event_support.answer(town.session, town.staff, invitation.ref, town.now, comes=True)
    await event_support.answer(town.session, town.colleague, invitation.ref, town.now, comes=False)
    later = town.now + timedelta(hours=1)
    details = details_of(event)
    await sends.change_event(
        town.session,
        town.animator,
        event.ref,
        Details(details.starts_wall, ZONE, place="Town hall"),
        later,
        default_zone=ZONE,
    )
    await sends.cancel_event(town.session, town.animator, event.ref, later)
    assert (await notices(town))[2:] == [(town.staff.id, "event"), (town.staff.id, "event_off")]
    with pytest.raises(TooLateError):
        await event_support.answer(town.session, town.staff, invitation.ref, later, comes=True)


async def test_who_goes_or_was_there_can_talk_to_them_from_the_start_on(evening: Evening) -> None:
    event, now = evening.event, evening.town.now
    begun = event.starts_at
    for state in Attending:
        can = event_support.can_be_talked_to(event, state, begun)
        assert can == (state in (Attending.GOING, Attending.ATTENDED))
        assert not event_support.can_be_talked_to(event, state, now)
    assert not event_support.can_be_talked_to(event, None, begun)


async def test_what_one_was_at_is_listed_the_last_first_and_leads_to_whom_one_has_met(
    evening: Evening,
) -> None:
    town, event = evening.town, evening.event
    session, now = town.session, town.now
    invitation = await invite(evening)
    for person, wish in ((town.member, Wish.GOING), (town.other_member, Wish.MAYBE)):
        await attendance.answer(session, person, event.ref, wish, now, default_zone=ZONE)
    later = Details((now + timedelta(days=4)).replace(tzinfo=None), ZONE, place="Library")
    other = await events.create(session, town.animator, later, {"title": "Tea"}, "en", now)
    await events.publish(session, town.animator, other.ref, now)
    moment = now + timedelta(days=5)
    await attendance.tick(session, town.animator, other.ref, town.member.ref, moment, came=True)

    async def seen(person: Person, moment: datetime) -> list[Event]:
        return list((await attendance.been_at(session, person, moment, size=8)).rows)

    assert await seen(town.member, now) == []
    assert await seen(town.member, moment) == [other, event]
    assert (await attendance.been_at(session, town.member, moment, at=1, size=1)).rows == [event]
    assert await seen(town.other_member, moment) == []
    assert await event_support.met(session, town.member, invitation.ref, moment) == invitation
    for person, at in ((town.member, now), (town.other_member, moment), (town.stranger, moment)):
        with pytest.raises(NotFoundError):
            await event_support.met(session, person, invitation.ref, at)
    await attendance.tick(session, town.animator, event.ref, town.member.ref, moment, came=False)
    assert await seen(town.member, moment) == [other]


async def test_one_tap_refers_only_with_an_agreement_a_reader_and_room(town: Town) -> None:
    session, service, now = town.session, town.service, town.now
    assert await event_support.way_to(session, service, now) is Way.REFER
    service.is_paused = True
    await session.flush()
    assert await event_support.way_to(session, service, now) is Way.SEE
    service.is_paused = False
    await session.flush()
    await agreements.end(session, town.coordinator, town.organization.ref, now)
    assert await event_support.way_to(session, service, now) is Way.SEE


async def test_taking_an_organisation_off_tells_who_wanted_to_come(evening: Evening) -> None:
    town = evening.town
    invitation = await invite(evening)
    await event_support.answer(town.session, town.staff, invitation.ref, town.now, comes=True)
    await event_support.take_off(town.session, town.animator, invitation.ref, town.now)
    assert (await notices(town))[-1] == (town.staff.id, "event_off")
    assert await event_support.of_event(town.session, evening.event, town.now) == []
    with pytest.raises(RefusalError):
        await event_support.answer(town.session, town.staff, invitation.ref, town.now, comes=True)
    assert not (await town.session.scalars(select(Attendance))).all()


async def test_taking_an_organisation_off_takes_back_no_other_notice(evening: Evening) -> None:
    town = evening.town
    invitation = await invite(evening)
    other = Plan(
        "staff_notice",
        town.staff.id,
        "staff:quarter:1",
        town.now,
        {"what": "quarter"},
        subject_id=invitation.id,
    )
    await deliveries.plan(town.session, town.now, other)
    await event_support.take_off(town.session, town.animator, invitation.ref, town.now)
    rows = await town.session.execute(select(Delivery.key, Delivery.state))
    left = {key for key, state in rows if state == "queued"}
    assert "staff:quarter:1" in left
    assert not [key for key in left if key.startswith("staff:event:")]


async def test_a_second_role_opens_nothing_of_another_organisation(evening: Evening) -> None:
    town = evening.town
    invitation = await invite(evening)
    other = await with_role(town.session, 77, town.now, RoleName.ANIMATOR)
    theirs = (await roles.staffed(town.session, town.stranger, town.now))[0]
    town.session.add(
        Role(
            person_id=other.id,
            name=RoleName.PROVIDER_STAFF,
            organization_id=theirs,
            granted_at=town.now,
        )
    )
    await town.session.flush()
    with pytest.raises(NotFoundError):
        await event_support.for_staff(town.session, other, invitation.ref, town.now)
