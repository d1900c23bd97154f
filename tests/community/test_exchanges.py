"""The bridge: who may write to whom, about what, for how long, and who reads it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    bridge,
    deliveries,
    erasure,
    events,
    exchanges,
    inbox,
    referrals,
    retention,
    roles,
)
from community.bridge import Rest, Side
from community.deliveries import Delivery
from community.errors import (
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
    TooOftenError,
)
from community.exchanges import (
    EXCHANGE,
    Attachment,
    Exchange,
    ExchangeMessage,
    FileKind,
    Kind,
    State,
)
from community.lifecycle import Who
from community.people import Person
from community.providers import Organization
from community.referrals import Referral
from community.roles import Role, RoleName
from tests.community.test_erasure import KEY, a_member, a_referral, an_animator, an_event

WORDS = "Can I come on Tuesday?"


async def the_staff(session: AsyncSession) -> Person:
    person = await session.scalar(select(Person).where(Person.telegram_id == 700))
    assert person is not None
    return person


async def accepted(session: AsyncSession, now: datetime) -> tuple[Person, Person, Referral]:
    """Return a member, a provider's staff, and a request that they have accepted."""
    me = await a_member(session, 1, now)
    referral = await a_referral(session, me, now)
    staff = await the_staff(session)
    await referrals.answer(session, staff, referral.ref, "accept", now)
    return me, staff, referral


async def an_exchange(
    session: AsyncSession, now: datetime
) -> tuple[Person, Person, Referral, Exchange]:
    me, staff, referral = await accepted(session, now)
    exchange = await bridge.begin(session, me, Kind.REFERRAL, referral.ref, now)
    await bridge.write(session, me, exchange.ref, WORDS, now, language="fr")
    return me, staff, referral, exchange


async def owed(session: AsyncSession, person: Person, kind: str) -> int:
    return int(
        await session.scalar(
            select(func.count())
            .select_from(Delivery)
            .where(
                Delivery.person_id == person.id,
                Delivery.kind == kind,
                Delivery.state.in_(deliveries.OPEN),
            )
        )
        or 0
    )


async def read(session: AsyncSession, person: Person, ref: str, now: datetime) -> list[str]:
    view = await bridge.look(session, person, ref, now)
    return [message.text for message in await bridge.messages(session, view)]


async def test_both_sides_write_about_a_request_and_each_hears_of_it_once(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, referral, exchange = await an_exchange(session, now)
    await bridge.write(session, me, exchange.ref, "Or on Friday?", now, language="fr")
    assert await owed(session, staff, "bridge_message") == 1, "one notice for both"
    same = await bridge.begin(session, staff, Kind.REFERRAL, referral.ref, now)
    assert same.id == exchange.id
    view = await bridge.write(session, staff, exchange.ref, "Tuesday.", now, language="uk")
    assert (view.side, exchange.state) == (Side.OTHER, State.ANSWERED)
    assert await owed(session, me, "bridge_message") == 1
    for person in (me, staff):
        assert await read(session, person, exchange.ref, now) == [
            WORDS,
            "Or on Friday?",
            "Tuesday.",
        ]


async def test_nobody_else_reads_a_request_s_messages_until_they_are_reported(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, _referral, exchange = await an_exchange(session, now)
    animator, eve = await an_animator(session, now), await a_member(session, 2, now)
    for other in (animator, eve):
        for act in (bridge.look, bridge.close, bridge.report):
            with pytest.raises(NotFoundError):
                await act(session, other, exchange.ref, now)
        with pytest.raises(NotFoundError):
            await bridge.write(session, other, exchange.ref, WORDS, now, language="fr")
    assert await bridge.for_team(session, animator, now) == []

    await bridge.report(session, staff, exchange.ref, now)
    assert await bridge.for_team(session, animator, now) == [], "the queue of reports has it"
    assert await owed(session, animator, "team_notice") == 1
    view = await bridge.look(session, animator, exchange.ref, now)
    assert (view.side, view.may_write) == (Side.TEAM, False)
    assert await read(session, animator, exchange.ref, now) == [WORDS]
    with pytest.raises(TooLateError):
        await bridge.write(session, me, exchange.ref, "Why?", now, language="fr")
    with pytest.raises(TooLateError):
        await bridge.write(session, animator, exchange.ref, "Stop.", now, language="fr")
    with pytest.raises(NotFoundError):
        await bridge.close(session, animator, exchange.ref, now)
    for other in (eve, me, staff):
        with pytest.raises(NotAllowedError):
            await bridge.settle(session, other, exchange.ref, now)
    await bridge.settle(session, animator, exchange.ref, now)
    with pytest.raises(NotFoundError):
        await bridge.look(session, animator, exchange.ref, now)
    with pytest.raises(NotAllowedError):
        await bridge.for_team(session, eve, now)


async def test_another_organisation_s_staff_reads_nothing(
    session: AsyncSession, now: datetime
) -> None:
    _me, staff, _referral, exchange = await an_exchange(session, now)
    elsewhere = Organization(made_at=now)
    session.add(elsewhere)
    await session.flush()
    (role,) = await roles.held(session, staff, now)
    role.organization_id = elsewhere.id
    await session.flush()
    with pytest.raises(NotFoundError):
        await bridge.look(session, staff, exchange.ref, now)


STEPS: Mapping[str, tuple[list[str], Rest | None]] = {
    "pending": ([], Rest.NOT_YET),
    "accepted": (["accept"], None),
    "in service": (["accept", "begin"], None),
    "completed": (["accept", "begin", "complete"], Rest.ENDED),
    "not delivered": (["accept", "fail"], Rest.ENDED),
    "declined": (["decline"], Rest.ENDED),
}


@pytest.mark.parametrize("step", STEPS)
async def test_one_writes_while_the_request_stands_and_not_before_or_after(
    session: AsyncSession, now: datetime, step: str
) -> None:
    me = await a_member(session, 1, now)
    referral = await a_referral(session, me, now)
    staff = await the_staff(session)
    taken, rest = STEPS[step]
    for one in taken:
        reason = referrals.Reason.OTHER if one in ("fail", "decline") else None
        await referrals.answer(session, staff, referral.ref, one, now, reason=reason)
    assert await bridge.can_begin(session, referral, now) == (rest is None)
    for person in (me, staff):
        if rest is None:
            await bridge.begin(session, person, Kind.REFERRAL, referral.ref, now)
        else:
            with pytest.raises(TooLateError):
                await bridge.begin(session, person, Kind.REFERRAL, referral.ref, now)


async def test_when_the_request_ends_what_was_written_stays_readable_and_nothing_is_added(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, referral, exchange = await an_exchange(session, now)
    for step in ("begin", "complete"):
        await referrals.answer(session, staff, referral.ref, step, now)
    for person in (me, staff):
        assert (await bridge.look(session, person, exchange.ref, now)).rest is Rest.ENDED
        assert await read(session, person, exchange.ref, now) == [WORDS]
        with pytest.raises(TooLateError):
            await bridge.write(session, person, exchange.ref, WORDS, now, language="fr")
    await referrals.stop_sharing(session, me, referral.ref, now)
    await session.refresh(exchange)
    assert await read(session, staff, exchange.ref, now) == []
    assert await read(session, me, exchange.ref, now) == [WORDS]


async def test_withdrawing_takes_what_was_written_out_of_the_organisation_s_sight(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, referral, exchange = await an_exchange(session, now)
    await referrals.withdraw(session, me, referral.ref, now)
    await session.refresh(exchange)
    view = await bridge.look(session, staff, exchange.ref, now)
    assert (view.rest, view.may_read) == (Rest.WITHDRAWN, False)
    assert await read(session, staff, exchange.ref, now) == []
    with pytest.raises(NotFoundError):
        await bridge.report(session, staff, exchange.ref, now)
    assert await read(session, me, exchange.ref, now) == [WORDS]


@pytest.mark.parametrize("closes_as", ["member", "other"])
async def test_whoever_closes_it_may_open_it_again_and_the_other_side_may_not(
    session: AsyncSession, now: datetime, closes_as: str
) -> None:
    me, staff, _referral, exchange = await an_exchange(session, now)
    closer, other = (me, staff) if closes_as == "member" else (staff, me)
    assert await bridge.close(session, closer, exchange.ref, now)
    assert (await bridge.look(session, other, exchange.ref, now)).rest is Rest.CLOSED
    with pytest.raises(TooLateError):
        await bridge.write(session, other, exchange.ref, WORDS, now, language="fr")
    assert not await bridge.close(session, other, exchange.ref, now)
    await bridge.write(session, closer, exchange.ref, "Once more.", now, language="fr")
    await bridge.write(session, other, exchange.ref, "Yes.", now, language="fr")


async def test_who_writes_too_much_is_told_when_to_go_on(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, _referral, exchange = await an_exchange(session, now)
    pace = exchanges.PACES[Kind.REFERRAL]
    later = now + timedelta(minutes=10)
    for number in range(pace.messages - 1):
        await bridge.write(session, me, exchange.ref, str(number), later, language="fr")
    with pytest.raises(TooOftenError) as refused:
        await bridge.write(session, me, exchange.ref, "more", later, language="fr")
    assert refused.value.wait == pace.within - timedelta(minutes=10), "then the first is too old"
    await bridge.write(session, staff, exchange.ref, "I answer.", later, language="fr")
    again = later + refused.value.wait
    await bridge.write(session, me, exchange.ref, "more", again, language="fr")


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001])
async def test_what_is_empty_or_too_long_is_not_passed_on(
    session: AsyncSession, now: datetime, text: str
) -> None:
    me, _staff, _referral, exchange = await an_exchange(session, now)
    with pytest.raises(NotUnderstoodError):
        await bridge.write(session, me, exchange.ref, text, now, language="fr")


async def test_the_organisers_of_an_event_are_asked_until_some_days_after_it(
    session: AsyncSession, now: datetime
) -> None:
    animator, me = await an_animator(session, now), await a_member(session, 1, now)
    event = await an_event(session, animator, now)
    exchange = await bridge.begin(session, me, Kind.EVENT, event.ref, now)
    assert await bridge.for_team(session, animator, now) == [], "nothing is asked yet"
    await bridge.write(session, me, exchange.ref, WORDS, now, language="ar")
    assert await bridge.for_team(session, animator, now) == [exchange]
    assert await owed(session, animator, "team_notice") == 1
    await bridge.write(
        session, animator, exchange.ref, "Yes.", now, language="fr", attachment=VOICE
    )
    assert await owed(session, me, "bridge_message") == 1
    for person in (animator, me):
        _view, message = await bridge.attached(session, person, exchange.ref, 1, now)
        assert (message.text, message.attachment) == ("Yes.", VOICE)
    assert await bridge.for_team(session, animator, now) == []
    for opens in (inbox.opened, inbox.close):
        with pytest.raises(NotFoundError):  # it is no question to the team
            await opens(session, animator, exchange.ref, now)

    last = event.ends_at + bridge.OPEN_AFTER_EVENT
    assert bridge.takes_questions(event, last - timedelta(seconds=1))
    await bridge.write(
        session, me, exchange.ref, "Thanks!", last - timedelta(seconds=1), language="ar"
    )
    assert not bridge.takes_questions(event, last)
    with pytest.raises(TooLateError):
        await bridge.write(session, me, exchange.ref, "Thanks!", last, language="ar")
    eve = await a_member(session, 2, now)
    with pytest.raises(TooLateError):
        await bridge.begin(session, eve, Kind.EVENT, event.ref, last)
    with pytest.raises(NotFoundError):
        await bridge.look(session, eve, exchange.ref, now)


async def test_a_draft_is_asked_about_by_nobody(session: AsyncSession, now: datetime) -> None:
    animator, me = await an_animator(session, now), await a_member(session, 1, now)
    wall = (now + timedelta(days=3)).replace(tzinfo=None)
    details = events.Details(wall, "Europe/Paris", place="Library")
    event = await events.create(session, animator, details, {"title": "Meeting"}, "en", now)
    assert not bridge.takes_questions(event, now)
    with pytest.raises(NotFoundError):
        await bridge.begin(session, me, Kind.EVENT, event.ref, now)
    with pytest.raises(NotFoundError):
        await bridge.begin(session, me, Kind.TEAM, event.ref, now)


async def test_who_is_erased_takes_their_exchanges_along(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, _referral, exchange = await an_exchange(session, now)
    assert await owed(session, staff, "bridge_message") == 1
    told = await erasure.export(session, me)
    assert [message["text"] for message in told["exchange_messages"]] == [WORDS]
    await bridge.write(session, staff, exchange.ref, "Tuesday.", now, language="uk")
    assert [m["text"] for m in (await erasure.export(session, staff))["exchange_messages"]] == [
        "Tuesday."
    ]
    await erasure.erase(session, me, now, KEY)
    assert await session.scalar(select(func.count()).select_from(ExchangeMessage)) == 0
    assert await owed(session, staff, "bridge_message") == 0


PHOTO = Attachment(FileKind.PHOTO, "photo")
VOICE = Attachment(FileKind.VOICE, "voice", seconds=83)
DOCUMENT = Attachment(FileKind.DOCUMENT, "document", extension="pdf")


async def send(
    session: AsyncSession,
    person: Person,
    ref: str,
    what: Attachment,
    now: datetime,
    text: str = "",
) -> None:
    await bridge.write(session, person, ref, text, now, language="fr", attachment=what)


async def test_what_is_sent_beside_words_is_for_the_two_sides_and_for_the_team_while_reported(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, referral, exchange = await an_exchange(session, now)
    animator, eve = await an_animator(session, now), await a_member(session, 2, now)
    await send(session, me, exchange.ref, PHOTO, now, "My shop")
    await send(session, staff, exchange.ref, VOICE, now)
    await send(session, me, exchange.ref, DOCUMENT, now)
    assert await owed(session, staff, "bridge_message") == 1, "one notice, as for words"
    assert await read(session, me, exchange.ref, now) == [WORDS, "My shop", "", ""]

    async def sees(person: Person) -> list[Attachment | None]:
        found = [await bridge.attached(session, person, exchange.ref, n, now) for n in (1, 2, 3)]
        return [message.attachment for _view, message in found]

    async def sees_nothing(person: Person) -> None:
        for opens in (bridge.attached, inbox.attached):
            for number in (1, 3):
                with pytest.raises(NotFoundError):
                    await opens(session, person, exchange.ref, number, now)

    for person in (me, staff):
        assert await sees(person) == [PHOTO, VOICE, DOCUMENT]
        for number in (0, 4, -1):
            with pytest.raises(NotFoundError):
                await bridge.attached(session, person, exchange.ref, number, now)
        with pytest.raises(NotFoundError):  # it is no question to the team
            await inbox.attached(session, person, exchange.ref, 1, now)
    for person in (animator, eve):
        await sees_nothing(person)
    await bridge.close(session, me, exchange.ref, now)
    assert await sees(staff) == [PHOTO, VOICE, DOCUMENT], "what is closed can still be read"
    with pytest.raises(TooLateError):
        await send(session, staff, exchange.ref, VOICE, now)
    await bridge.report(session, staff, exchange.ref, now)
    assert await sees(animator) == [PHOTO, VOICE, DOCUMENT]
    await sees_nothing(eve)
    await bridge.settle(session, animator, exchange.ref, now)
    await sees_nothing(animator)
    await referrals.withdraw(session, me, referral.ref, now)
    await session.refresh(exchange)
    await sees_nothing(staff)
    assert await sees(me) == [PHOTO, VOICE, DOCUMENT]


async def test_what_the_team_and_a_member_send_each_other_is_for_them_alone(
    session: AsyncSession, now: datetime
) -> None:
    animator, me = await an_animator(session, now), await a_member(session, 1, now)
    eve = await a_member(session, 2, now)
    question = await inbox.ask(session, me, "", now, language="ar", zone="UTC", attachment=VOICE)
    await inbox.answer(
        session, animator, question.ref, " ", now, language="uk", attachment=DOCUMENT
    )
    for person in (me, animator):
        for number, what in ((1, VOICE), (2, DOCUMENT)):
            _found, message = await inbox.attached(session, person, question.ref, number, now)
            assert (message.text, message.attachment) == ("", what)
        with pytest.raises(NotFoundError):
            await inbox.attached(session, person, question.ref, 3, now)
    for opens in (bridge.attached, inbox.attached):
        with pytest.raises(NotFoundError):
            await opens(session, eve, question.ref, 1, now)
    with pytest.raises(NotUnderstoodError):
        await inbox.ask(session, me, " ", now, language="ar", zone="UTC")


async def test_what_is_sent_beside_words_counts_for_the_pace_and_has_a_limit_of_words(
    session: AsyncSession, now: datetime
) -> None:
    me, _staff, _referral, exchange = await an_exchange(session, now)
    for _number in range(exchanges.PACES[Kind.REFERRAL].messages - 1):
        await send(session, me, exchange.ref, PHOTO, now)
    with pytest.raises(TooOftenError):
        await send(session, me, exchange.ref, PHOTO, now)
    with pytest.raises(NotUnderstoodError):
        await send(session, me, exchange.ref, PHOTO, now, "x" * 2001)


async def test_telegram_s_names_for_files_go_with_the_person_or_when_their_time_has_come(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, _referral, exchange = await an_exchange(session, now)
    await send(session, me, exchange.ref, DOCUMENT, now)
    await send(session, staff, exchange.ref, VOICE, now)
    (_words, mine) = (await erasure.export(session, me))["exchange_messages"][:2]
    assert (mine["file_kind"], mine["file_extension"]) == ("document", "pdf")
    assert "file_id" not in mine, "it is of use to nobody but this bot"
    names = select(func.count(ExchangeMessage.file_id))
    await retention.clean(session, now + exchanges.KEPT)
    assert await session.scalar(names) == 2
    await erasure.erase(session, staff, now, KEY)
    assert await session.scalar(names) == 2, "what staff have written belongs to the member too"
    await erasure.erase(session, me, now, KEY)
    assert await session.scalar(names) == 0

    other, _staff, _referral, exchange = await an_exchange(session, now)
    await send(session, other, exchange.ref, PHOTO, now)
    await retention.clean(session, now + exchanges.KEPT + timedelta(seconds=1))
    assert await session.scalar(names) == 0


# Typed from docs/lifecycles.md: who may take an exchange from where to where.
OTHER = {Who.ANIMATOR, Who.HOST, Who.COORDINATOR, Who.PROVIDER, Who.PARTNER}
TABLE = {
    (State.OPEN, State.ANSWERED): OTHER,
    (State.OPEN, State.CLOSED): {Who.SELF} | OTHER,
    (State.ANSWERED, State.OPEN): {Who.SELF},
    (State.ANSWERED, State.CLOSED): {Who.SELF} | OTHER,
    (State.CLOSED, State.OPEN): {Who.SELF},
    (State.CLOSED, State.ANSWERED): OTHER,
}


@pytest.mark.parametrize("by", list(Who))
@pytest.mark.parametrize("to", list(State))
@pytest.mark.parametrize("at", list(State))
async def test_an_exchange_takes_the_steps_of_the_table_and_no_others(
    session: AsyncSession, now: datetime, at: State, to: State, by: Who
) -> None:
    me = await a_member(session, 1, now)
    exchange = Exchange(person_id=me.id, kind=Kind.TEAM, state=at, begun_at=now, touched_at=now)
    session.add(exchange)
    await session.flush()
    if at == to:
        assert not await EXCHANGE.move(session, exchange, to, by, now)
    elif by in TABLE.get((at, to), set()):
        assert await EXCHANGE.move(session, exchange, to, by, now)
    else:
        with pytest.raises(IllegalMoveError):
            await EXCHANGE.move(session, exchange, to, by, now)


async def test_nobody_is_asked_for_a_role_that_has_run_out(
    session: AsyncSession, now: datetime
) -> None:
    animator, me = await an_animator(session, now), await a_member(session, 1, now)
    event = await an_event(session, animator, now)
    exchange = await bridge.begin(session, me, Kind.EVENT, event.ref, now)
    await bridge.write(session, me, exchange.ref, WORDS, now, language="ar")
    (role,) = [r for r in await roles.held(session, animator, now) if r.name == RoleName.ANIMATOR]
    role.until = now
    await session.flush()
    with pytest.raises(NotFoundError):
        await bridge.look(session, animator, exchange.ref, now)


async def test_who_closed_it_before_it_was_reported_cannot_open_it_again(
    session: AsyncSession, now: datetime
) -> None:
    me, staff, _referral, exchange = await an_exchange(session, now)
    await an_animator(session, now)
    await bridge.close(session, me, exchange.ref, now)
    await bridge.report(session, staff, exchange.ref, now)
    with pytest.raises(TooLateError):
        await bridge.write(session, me, exchange.ref, "And another thing", now, language="fr")


async def test_nobody_settles_a_report_about_themselves_unless_there_is_nobody_else(
    session: AsyncSession, now: datetime
) -> None:
    me, _staff, _referral, exchange = await an_exchange(session, now)
    session.add(Role(person_id=me.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    await bridge.report(session, me, exchange.ref, now)
    assert await bridge.may_settle(session, me, exchange, now), "there is nobody else"
    animator = await an_animator(session, now)
    assert not await bridge.may_settle(session, me, exchange, now)
    with pytest.raises(NotAllowedError):
        await bridge.settle(session, me, exchange.ref, now)
    await bridge.settle(session, animator, exchange.ref, now)
