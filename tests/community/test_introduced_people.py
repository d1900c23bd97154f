"""Two who were introduced: writing, reporting, being forgotten; and whom the team introduces."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    blocks,
    bridge,
    consents,
    contacts,
    erasure,
    matches,
    moderation,
    people,
    roles,
)
from community.bridge import Rest, Side
from community.bridge.seeing import begin_report
from community.contacts import Contact, Kind
from community.errors import (
    AskedAlreadyError,
    ConsentMissingError,
    ContactConsentError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
    RestingError,
    TooLateError,
    TooOftenError,
)
from community.exchanges import Exchange, ExchangeMessage
from community.exchanges import Kind as Between
from community.matches import Partner, State
from community.needs import Need
from community.people import Membership, Person
from community.roles import Role, RoleName
from tests.matching import a_partner, a_round, matches_of, pairing

DAY = timedelta(days=1)


async def introduced(session: AsyncSession, now: datetime) -> tuple[Person, Person, str]:
    """Return who looks for something, who knows it, and the reference of their match."""
    receiver = await a_partner(session, 1, now, looks_for=[Need.EXPORT], speaks=["ar"])
    giver = await a_partner(session, 2, now, knows=[Need.EXPORT], speaks=["uk"])
    await a_round(session, now)
    (match,) = await matches_of(session, receiver)
    for person in (receiver, giver):
        await matches.accept(session, person, match.ref, now)
    return receiver, giver, match.ref


async def an_animator(session: AsyncSession, now: datetime) -> Person:
    person = await people.meet(session, 99, now, name="Marie")
    person.state = Membership.ACTIVE
    session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    assert await roles.holds(session, person, RoleName.ANIMATOR, now)
    return person


async def a_contact(session: AsyncSession, animator: Person, now: datetime) -> Contact:
    contact = await contacts.add(session, animator, Kind.OTHER, "Chamber of Commerce", now)
    return await contacts.agree(session, animator, contact.ref, "by phone", now, now)


# Writing to each other


async def test_nobody_writes_before_both_have_said_yes_and_nobody_else_ever(
    session: AsyncSession, now: datetime
) -> None:
    receiver = await a_partner(session, 1, now, looks_for=[Need.EXPORT])
    giver = await a_partner(session, 2, now, knows=[Need.EXPORT])
    stranger = await a_partner(session, 3, now)
    await a_round(session, now)
    (match,) = await matches_of(session, receiver)
    await matches.accept(session, receiver, match.ref, now)
    for person in (receiver, giver, stranger):
        with pytest.raises(NotFoundError):
            await bridge.begin(session, person, Between.MATCH, match.ref, now)
        with pytest.raises(NotFoundError):
            await begin_report(session, person, match.ref, now)
    await matches.accept(session, giver, match.ref, now)
    found = await bridge.begin(session, giver, Between.MATCH, match.ref, now)
    assert found == await bridge.begin(session, receiver, Between.MATCH, match.ref, now)
    await bridge.write(session, giver, found.ref, "Вітаю", now, language="uk")
    await bridge.write(session, receiver, found.ref, "مرحبا", now, language="ar")
    for person, side in ((receiver, Side.MEMBER), (giver, Side.OTHER)):
        view = await bridge.look(session, person, found.ref, now)
        assert (view.side, view.is_private, view.may_write) == (side, True, True)
    animator = await an_animator(session, now)
    for person in (stranger, animator):
        with pytest.raises(NotFoundError):
            await bridge.look(session, person, found.ref, now)
    assert await bridge.for_team(session, animator, now) == []


@pytest.mark.parametrize("over", ["ended", "blocked", "left"])
async def test_nothing_more_is_written_once_it_has_ended(
    session: AsyncSession, now: datetime, over: str
) -> None:
    receiver, giver, ref = await introduced(session, now)
    found = await bridge.begin(session, receiver, Between.MATCH, ref, now)
    await bridge.write(session, receiver, found.ref, "مرحبا", now, language="ar")
    if over == "ended":
        await matches.end(session, giver, ref, now)
    elif over == "blocked":
        await blocks.block(session, giver, receiver.id, now)
    else:
        giver.state = Membership.LEFT
        await session.flush()
    view = await bridge.look(session, receiver, found.ref, now)
    assert (view.rest, view.may_read) == (Rest.ENDED, True)
    with pytest.raises(TooLateError):
        await bridge.write(session, receiver, found.ref, "مرحبا", now, language="ar")
    if over == "blocked":
        await blocks.unblock(session, giver, receiver.id)
        assert (await bridge.look(session, receiver, found.ref, now)).may_write


@pytest.mark.parametrize("wrote", [True, False])
async def test_whoever_reports_the_other_calls_the_team_in_and_keeps_the_two_apart(
    session: AsyncSession, now: datetime, wrote: bool
) -> None:
    receiver, giver, ref = await introduced(session, now)
    animator = await an_animator(session, now)
    if wrote:
        found = await bridge.begin(session, receiver, Between.MATCH, ref, now)
        await bridge.write(session, giver, found.ref, "Pay me", now, language="uk")
    exchange = await bridge.begin_report(session, receiver, ref, now)
    with pytest.raises(NotFoundError):  # nobody reads the whole of it
        await bridge.report(session, receiver, exchange.ref, now)
    report = await moderation.report(session, receiver, "writer", exchange.ref, "insult", now)
    assert report.about_id == giver.id
    assert (report.message_id is not None) == wrote
    assert await blocks.apart_from(session, giver.id) == {receiver.id}
    with pytest.raises(NotFoundError):
        await bridge.look(session, animator, exchange.ref, now)
    assert await moderation.queue(session, animator, now) == [report]
    session.add(Role(person_id=giver.id, name=RoleName.MODERATOR, granted_at=now))
    await session.flush()
    with pytest.raises(NotFoundError):  # it is about them, which they are not told
        await moderation.judge(session, giver, report.ref, "nothing", now)
    assert await matches.mine(session, receiver, now) == []
    (theirs,) = await matches.mine(session, giver, now)  # to whom it has ended like anything
    assert (theirs.other, theirs.match.ended_at, theirs.is_barred) == (receiver, now, False)


@pytest.mark.parametrize("who", ["receiver", "giver"])
async def test_if_either_is_forgotten_what_the_two_wrote_is_gone(
    session: AsyncSession, now: datetime, who: str
) -> None:
    receiver, giver, ref = await introduced(session, now)
    found = await bridge.begin(session, receiver, Between.MATCH, ref, now)
    for person in (receiver, giver):
        await bridge.write(session, person, found.ref, "Hello", now, language="en")
    gone, stays = (receiver, giver) if who == "receiver" else (giver, receiver)
    await erasure.erase(session, gone, now, b"key")
    for table in (Exchange, ExchangeMessage):
        assert await session.scalar(select(func.count()).select_from(table)) == 0
    view = await matches.look(session, stays, ref, now)
    assert view.other is None


async def test_nobodys_export_tells_who_has_blocked_them(
    session: AsyncSession, now: datetime
) -> None:
    receiver, giver, ref = await introduced(session, now)
    await matches.block(session, receiver, ref, now)
    mine = await erasure.export(session, receiver)
    theirs = await erasure.export(session, giver)
    assert len(mine["person_blocks"]) == 1
    assert "person_blocks" not in theirs
    for told in (mine, theirs):
        assert {"match_sides", "pairings"} <= told.keys()
        assert len(told["match_sides"]) == 1, "not what the other has said"


async def test_no_animators_export_tells_what_a_member_has_said_to_a_proposal(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    contact = await a_contact(session, animator, now)
    for number, said in enumerate(("nothing", "no", "yes", "yes, and then no")):
        member = await a_partner(session, number + 1, now, looks_for=[Need.EXPORT])
        match = await matches.introduce(session, animator, member.ref, contact.ref, now)
        if "yes" in said:
            await matches.accept(session, member, match.ref, now + DAY)
        if "no" in said.split():
            await matches.decline(session, member, match.ref, matches.Reason.KNOWN, now + DAY)
    rows = (await erasure.export(session, animator))["matches"]
    assert len(rows) == 4
    assert all(row | {"ref": ""} == rows[0] | {"ref": ""} for row in rows)


# Taking part


async def test_how_one_takes_part_is_for_members_who_agree(
    session: AsyncSession, now: datetime
) -> None:
    guest = await people.meet(session, 5, now, name="Guest")
    member = await people.meet(session, 6, now, name="Member")
    member.state = Membership.ACTIVE
    await session.flush()
    for person, refusal in ((guest, NotAMemberError), (member, ConsentMissingError)):
        for verb in (matches.take_part, matches.ask, matches.begin_again):
            with pytest.raises(refusal):
                await verb(session, person, now)
        with pytest.raises(refusal):
            await matches.guide(session, person, Partner.MENTOR, 2, now)
        with pytest.raises(refusal):
            await matches.rest(session, person, now, now)


# Introduced by the team


async def test_the_team_introduces_and_the_member_reads_who_it_is_only_then(
    session: AsyncSession, now: datetime
) -> None:
    member = await a_partner(session, 1, now, looks_for=[Need.EXPORT])
    animator = await an_animator(session, now)
    contact = await a_contact(session, animator, now)
    with pytest.raises(NotAllowedError):
        await matches.who_look_for(session, member, Need.EXPORT, now, size=5)
    found = await matches.who_look_for(session, animator, Need.EXPORT, now, size=5)
    assert found.rows == [member]
    assert (await matches.who_look_for(session, animator, Need.TAX, now, size=5)).total == 0
    match = await matches.introduce(session, animator, member.ref, contact.ref, now)
    with pytest.raises(AskedAlreadyError):
        await matches.introduce(session, animator, member.ref, contact.ref, now)
    view = await matches.accept(session, member, match.ref, now + 9 * DAY)
    assert await matches.contact_of(session, view) is None
    assert await matches.lapse(session, now + 11 * DAY) == 0, "the animator has time, too"
    assert [one.id for one in await matches.to_introduce(session, animator, now)] == [match.id]
    await matches.introduced(session, animator, match.ref, now + 12 * DAY)
    view = await matches.look(session, member, match.ref, now + 12 * DAY)
    assert view.match.state == State.INTRODUCED
    assert await matches.contact_of(session, view) == contact
    await contacts.withdraw(session, animator, contact.ref, now)
    assert await matches.contact_of(session, view) is None
    with pytest.raises(NotFoundError):
        await bridge.begin(session, member, Between.MATCH, match.ref, now)


@pytest.mark.parametrize("gone", ["member's consent", "contact's consent"])
async def test_no_introduction_is_made_once_either_has_taken_their_consent_back(
    session: AsyncSession, now: datetime, gone: str
) -> None:
    member = await a_partner(session, 1, now, looks_for=[Need.EXPORT])
    animator = await an_animator(session, now)
    contact = await a_contact(session, animator, now)
    match = await matches.introduce(session, animator, member.ref, contact.ref, now)
    await matches.accept(session, member, match.ref, now)
    refusal: type[Exception] = ContactConsentError
    if gone == "member's consent":
        await consents.switch(session, member, set(), now, version="1", language="en")
        refusal = ConsentMissingError
    else:
        await contacts.withdraw(session, animator, contact.ref, now)
    with pytest.raises(refusal):
        await matches.introduced(session, animator, match.ref, now)


@pytest.mark.parametrize("gone", ["not said yes", "said no", "consent", "left", "erased"])
async def test_the_team_reads_no_name_but_of_who_agrees_now(
    session: AsyncSession, now: datetime, gone: str
) -> None:
    member = await a_partner(session, 1, now, looks_for=[Need.EXPORT])
    animator = await an_animator(session, now)
    contact = await a_contact(session, animator, now)
    match = await matches.introduce(session, animator, member.ref, contact.ref, now)
    if gone not in ("not said yes", "said no"):
        await matches.accept(session, member, match.ref, now)
        assert len(await matches.to_introduce(session, animator, now)) == 1
    if gone == "said no":
        await matches.accept(session, member, match.ref, now)
        await matches.decline(session, member, match.ref, matches.Reason.KNOWN, now)
    elif gone == "consent":
        await consents.switch(session, member, set(), now, version="1", language="en")
    elif gone == "left":
        member.state = Membership.LEFT
    elif gone == "erased":
        await erasure.erase(session, member, now, b"key")
    await session.flush()
    assert await matches.to_introduce(session, animator, now) == []
    for verb in (matches.opened, matches.introduced):
        with pytest.raises(ConsentMissingError if gone == "consent" else NotFoundError):
            await verb(session, animator, match.ref, now)


async def test_the_team_proposes_nobody_a_third_time_within_a_month(
    session: AsyncSession, now: datetime
) -> None:
    member = await a_partner(session, 1, now, looks_for=[Need.EXPORT])
    animator = await an_animator(session, now)
    for _ in range(2):
        contact = await a_contact(session, animator, now)
        await matches.introduce(session, animator, member.ref, contact.ref, now)
    contact = await a_contact(session, animator, now)
    with pytest.raises(TooOftenError):
        await matches.introduce(session, animator, member.ref, contact.ref, now)


@pytest.mark.parametrize("why", ["said not now", "let three pass"])
async def test_the_team_proposes_nobody_to_whom_a_pause_goes_on(
    session: AsyncSession, now: datetime, why: str
) -> None:
    member = await a_partner(session, 1, now, looks_for=[Need.EXPORT])
    animator = await an_animator(session, now)
    contact = await a_contact(session, animator, now)
    if why == "let three pass":
        (await pairing(session, member)).rests_since = now
        await session.flush()
    else:
        await matches.rest(session, member, now + DAY, now)
    with pytest.raises(RestingError):
        await matches.introduce(session, animator, member.ref, contact.ref, now)
    await matches.begin_again(session, member, now)
    await matches.introduce(session, animator, member.ref, contact.ref, now)
