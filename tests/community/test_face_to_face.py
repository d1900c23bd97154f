"""Face to face: registered by word of mouth, called, answered for, handed over by a paper code."""

import asyncio
import hashlib
import hmac
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import (
    alerts,
    attendance,
    consents,
    conversations,
    deliveries,
    erasure,
    events,
    face_to_face,
    handing_over,
    judging,
    keys,
    memory,
    people,
    retention,
    roles,
    sends,
)
from community.assisted import Assisted
from community.attendance import Wish
from community.consents import Consent, Purpose
from community.deliveries import Delivery, Due, Plan, State
from community.errors import (
    CodeRefusedError,
    LinkRefusedError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    OwnTextError,
)
from community.events import Details, Event
from community.face_to_face import Line, Opening, Oral
from community.guessing import PAPER, CodeTry
from community.history import Step
from community.people import Membership, Person
from community.policy import POLICY
from community.reading_aloud import Voice
from community.recordings import Recording
from community.roles import Role, RoleName
from community.sends import Send

DAY = timedelta(days=1)
KEY = b"key"
MAY = frozenset({Purpose.NEWS, Purpose.SURVEYS})


async def an_animator(session: AsyncSession, number: int, now: datetime) -> Person:
    person = await people.meet(session, number, now, name=f"Animator {number}")
    await people.join(session, person, now, terms_version="1", language="fr")
    session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    return person


def an_oral(name: str = "Salma", phone: str | None = "+33 6 12 34 56 78") -> Oral:
    return Oral(name, "ar", "2026-11", MAY, phone=phone)


async def registered(
    session: AsyncSession, now: datetime, number: int = 1
) -> tuple[Person, Assisted, Person]:
    boss = await an_animator(session, number, now)
    row = await face_to_face.register(session, boss, an_oral(), now)
    return boss, row, await session.get_one(Person, row.person_id)


async def an_event(session: AsyncSession, boss: Person, now: datetime) -> Event:
    wall = (now + 3 * DAY).replace(tzinfo=None)
    details = Details(wall, "Europe/Paris", place="Library")
    made = await events.create(session, boss, details, {"title": "Tea"}, "fr", now)
    return await events.publish(session, boss, made.ref, now)


async def owed(
    session: AsyncSession, person: Person, kind: str, now: datetime, **args: str
) -> Due:
    """Owe a message and take it in hand, as a sender does."""
    await deliveries.plan(session, now, Plan(kind, person.id, f"{kind}:{person.id}", now, args))
    rows = await deliveries.claim(session, "sender", 50, 60.0, now)
    return next(row for row in rows if row.person_id == person.id)


async def let_go(session: AsyncSession, row: Due, now: datetime) -> str | None:
    """Let the policy judge what is in hand, and write down what it says."""
    readers = await judging.readers(session, [row], now, "fr")
    verdict = judging.judge(row, readers[row.person_id or 0], now, "Europe/Paris")
    outcome = deliveries.Outcome(row.id, row.kind, verdict.state, verdict.reason, row.person_id)
    await deliveries.settle(session, [outcome], now)
    await session.refresh(await session.get_one(Delivery, row.id))
    return verdict.reason


async def test_a_spoken_yes_makes_a_member_and_the_ledger_names_the_witness(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    assert (salma.state, salma.telegram_id, salma.language) == (Membership.ACTIVE, None, "ar")
    assert await consents.given(session, salma) == set(MAY)
    lines = (await session.scalars(select(Consent).where(Consent.person_id == salma.id))).all()
    assert {(line.purpose, line.orally, line.witness_id) for line in lines} == {
        (purpose, True, boss.id) for purpose in MAY
    }
    assert row.phone == "+33612345678"
    joined = await session.scalar(
        select(Step.actor_id).where(Step.subject == "membership", Step.subject_id == salma.id)
    )
    assert joined == boss.id
    told = await erasure.export(session, salma)
    assert {line["orally"] for line in told["consents"]} == {True}
    assert told["assisted"][0]["phone"] == "+33612345678"
    assert "phone" not in (await erasure.export(session, boss))["assisted"][0]


async def test_only_animators_register_and_a_number_is_a_number(
    session: AsyncSession, now: datetime
) -> None:
    nobody = await people.meet(session, 9, now)
    with pytest.raises(NotAllowedError):
        await face_to_face.register(session, nobody, an_oral(), now)
    boss = await an_animator(session, 1, now)
    with pytest.raises(NotUnderstoodError):
        await face_to_face.register(session, boss, an_oral(phone="call me"), now)
    assert face_to_face.clean_phone("٠٦ ١٢-٣٤ ٥٦ ٧٨") == "0612345678"


async def test_what_would_be_sent_becomes_a_call_which_counts_as_told_and_not_as_sent(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    event = await an_event(session, boss, now)
    due = await owed(session, salma, "event_cancelled", now, ref=event.ref)
    assert await let_go(session, due, now) == "by_phone"
    (call,) = await face_to_face.calls(session, boss, now)
    assert [one.kind for one in call.due] == ["event_cancelled"]
    seal = face_to_face.seal_of(call.due[0])
    await face_to_face.settle(session, boss, row.ref, seal, "missed", now)
    assert await face_to_face.calls(session, boss, now) == []
    later = now + timedelta(hours=4)
    assert await face_to_face.to_call(session, boss, later) == 1
    await face_to_face.settle(session, boss, row.ref, seal, "told", later)
    assert await face_to_face.to_call(session, boss, later + DAY) == 0
    delivery = await session.get_one(Delivery, due.id)
    assert (delivery.state, delivery.reason) == (State.SUPPRESSED, "told_by_phone")
    with pytest.raises(NotFoundError):
        await face_to_face.settle(session, boss, row.ref, seal, "told", later)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("event_invitation", "by_phone"), ("pulse", "no_telegram"), ("referral_step", "no_telegram")],
)
async def test_only_what_the_network_tells_a_member_is_read_out_by_phone(
    session: AsyncSession, now: datetime, kind: str, reason: str
) -> None:
    _boss, _row, salma = await registered(session, now)
    assert await let_go(session, await owed(session, salma, kind, now), now) == reason


async def test_news_come_by_phone_only_with_their_consent_and_not_to_who_is_nobodys(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    await face_to_face.take_back(session, boss, row.ref, Purpose.NEWS, now, version="2")
    due = await owed(session, salma, "newsletter", now)
    assert await let_go(session, due, now) == "no_consent"
    stray = Person(name="Stray", met_at=now, state=Membership.ACTIVE)
    session.add(stray)
    await session.flush()
    due = await owed(session, stray, "event_cancelled", now)
    assert await let_go(session, due, now) == "no_telegram"


async def test_what_was_told_by_phone_counts_for_the_cap(
    session: AsyncSession, now: datetime
) -> None:
    _boss, _row, salma = await registered(session, now)
    assert await let_go(session, await owed(session, salma, "newsletter", now), now) == "by_phone"
    due = await owed(session, salma, "event_invitation", now)
    assert await let_go(session, due, now + timedelta(minutes=1)) == "deferred"


async def test_who_is_called_is_one_animators_until_that_one_animates_no_more(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    other = await an_animator(session, 2, now)
    await let_go(session, await owed(session, salma, "event_cancelled", now), now)
    assert await face_to_face.calls(session, other, now) == []
    with pytest.raises(NotFoundError):
        await face_to_face.opened(session, other, row.ref, now)
    held = (await roles.held(session, boss, now))[0]
    held.revoked_at = now
    await session.flush()
    assert await face_to_face.to_call(session, other, now) == 1
    with pytest.raises(NotAllowedError):
        await face_to_face.opened(session, boss, row.ref, now)


async def test_what_nobody_had_told_goes_to_the_person_who_takes_over_and_what_was_told_does_not(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    event = await an_event(session, boss, now)
    told = await owed(session, salma, "event_cancelled", now, ref=event.ref)
    await let_go(session, told, now)
    (call,) = (await face_to_face.calls_of(session, boss, row.ref, now)).due
    seal = face_to_face.seal_of(call)
    await face_to_face.settle(session, boss, row.ref, seal, "told", now)
    send = Send(kind="newsletter", made_at=now, state="sent")
    session.add(send)
    await session.flush()
    missed = await owed(session, salma, "newsletter", now, ref=send.ref)
    before = await session.get_one(Delivery, missed.id)
    before.send_id, before.language = send.id, "ar"
    await let_go(session, missed, now)
    (call,) = (await face_to_face.calls_of(session, boss, row.ref, now)).due
    seal = face_to_face.seal_of(call)
    await face_to_face.settle(session, boss, row.ref, seal, "missed", now)
    code = await face_to_face.new_code(session, boss, row.ref, now)
    later = now + DAY
    await face_to_face.open_code(session, await people.meet(session, 77, later), code, later)
    (own,) = await face_to_face.untold(session, salma)
    assert (own.kind, own.args, own.send_id, own.language) == (
        "newsletter",
        {"ref": send.ref},
        send.id,
        "ar",
    )
    counts = await sends.outcomes_by_language(session, send)
    assert sum(counts["ar"].values()) == 1  # the audience is as large as it was
    rows = await deliveries.claim(session, "sender", 50, 60.0, later)
    due = next(one for one in rows if one.id == own.id)
    readers = await judging.readers(session, [due], later, "fr")
    assert judging.judge(due, readers[salma.id], later, "Europe/Paris") == judging.GO


async def test_another_animator_takes_over_whom_nobody_looks_after_all_or_one(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, _salma = await registered(session, now)
    second = await face_to_face.register(session, boss, an_oral("Ben"), now)
    other, third = await an_animator(session, 2, now), await an_animator(session, 3, now)
    assert await face_to_face.take_over(session, other, now) == 0  # boss looks after them
    (await roles.held(session, boss, now))[0].revoked_at = now
    await session.flush()
    with pytest.raises(NotAllowedError):
        await face_to_face.take_over(session, boss, now)
    assert await face_to_face.take_over(session, third, now, ref=second.ref) == 1
    assert await face_to_face.take_over(session, other, now) == 1
    assert await face_to_face.take_over(session, third, now) == 0
    assert (row.owner_id, second.owner_id) == (other.id, third.id)
    assert [one.ref for one, _ in await face_to_face.mine(session, other, now)] == [row.ref]


async def test_before_leave_those_whom_one_calls_go_to_the_other_animator(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, _salma = await registered(session, now)
    other = await an_animator(session, 2, now)
    owned = await handing_over.owned(session, boss, now)
    assert owned.called == [row]
    await handing_over.hand_over(session, boss, other.ref, owned.seal, now)
    assert (await face_to_face.opened(session, other, row.ref, now))[0] == row


async def test_a_call_is_told_of_once_a_day_and_what_cannot_wait_at_once(
    session: AsyncSession, now: datetime
) -> None:
    boss, _row, salma = await registered(session, now)

    async def notices() -> int:
        found = await session.scalar(
            select(func.count()).where(
                Delivery.kind == "team_notice", Delivery.person_id == boss.id
            )
        )
        return int(found or 0)

    await face_to_face.ring(session, [(101, salma.id, "newsletter")], now)
    await face_to_face.ring(session, [(102, salma.id, "event_reminder")], now)
    assert await notices() == 1
    await face_to_face.ring(session, [(103, salma.id, "event_cancelled")], now)
    assert await notices() == 2
    await face_to_face.ring(session, [(104, salma.id, "newsletter")], now + DAY)
    assert await notices() == 3


async def test_an_answer_by_phone_is_marked_until_they_answer_themselves(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    event = await an_event(session, boss, now)
    zone = "Europe/Paris"
    got, changed = await face_to_face.answer_by_phone(
        session, boss, row.ref, event.ref, Wish.GOING, now, default_zone=zone
    )
    assert (got.state, got.by_phone, changed) == (attendance.State.GOING, True, True)
    step = await session.scalar(select(Step).where(Step.subject == "attendance"))
    assert step is not None
    assert (step.actor_id, step.source) == (boss.id, "phone")
    got, _ = await attendance.answer(
        session, salma, event.ref, Wish.DECLINED, now, default_zone=zone
    )
    assert not got.by_phone


async def test_the_code_gives_the_account_to_the_recorded_row_and_ends_the_animators_care(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    code = await face_to_face.new_code(session, boss, row.ref, now)
    newcomer = await people.meet(session, 77, now, name="S", username="salma")
    opening, person = await face_to_face.open_code(session, newcomer, code, now)
    assert (opening, person.id) == (Opening.TAKEN_OVER, salma.id)
    again = await people.by_telegram_id(session, 77)
    assert again is not None
    assert (again.id, again.name, again.username) == (salma.id, "Salma", "salma")
    assert await session.scalar(select(func.count()).select_from(Person)) == 2
    assert row.phone is None
    with pytest.raises(NotFoundError):
        await face_to_face.opened(session, boss, row.ref, now)
    with pytest.raises(LinkRefusedError):
        await face_to_face.open_code(session, again, code, now)


async def test_a_code_ends_with_time_and_with_the_next_one(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, _salma = await registered(session, now)
    old = await face_to_face.new_code(session, boss, row.ref, now)
    new = await face_to_face.new_code(session, boss, row.ref, now)
    assert new not in str(row.token_hash)
    newcomer = await people.meet(session, 77, now)
    for code, at in ((old, now), (new, now + 181 * DAY), ("0" * 12, now)):
        with pytest.raises(LinkRefusedError):
            await face_to_face.open_code(session, newcomer, code, at)
    await face_to_face.open_code(session, newcomer, new, now + 179 * DAY)


async def tries(database: Database, number: int, code: str, now: datetime) -> timedelta | None:
    """Let somebody try a code as an update does, and be refused; return how long they wait."""
    async with database.transaction() as session:
        newcomer = await people.meet(session, number, now)
        try:
            async with memory.undone_if_refused(session):
                await face_to_face.open_code(session, newcomer, code, now)
        except CodeRefusedError as refused:
            return refused.wait
    raise AssertionError("the code was taken")


async def test_a_code_is_kept_under_a_key_alone(session: AsyncSession, now: datetime) -> None:
    boss, row, _salma = await registered(session, now)
    code = await face_to_face.new_code(session, boss, row.ref, now)
    for plain in (code, f"face to face {code}"):
        assert row.token_hash != hashlib.sha256(plain.encode()).hexdigest()
    inner = hashlib.sha256(f"face to face {code}".encode()).hexdigest()
    key = await keys.key(session, "paper codes")
    assert row.token_hash == hmac.new(key, inner.encode(), hashlib.sha256).hexdigest()


async def test_after_five_wrong_codes_a_chat_waits_though_each_was_undone(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        boss, row, salma = await registered(session, now)
        code = await face_to_face.new_code(session, boss, row.ref, now)
        number = salma.id
    for _ in range(5):
        assert await tries(database, 77, "0" * 12, now) is None
    soon = now + timedelta(minutes=20)
    assert await tries(database, 77, "0" * 12, soon) == timedelta(minutes=40)
    assert await tries(database, 77, code, soon) == timedelta(minutes=40)  # the right one, too
    assert await tries(database, 78, "0" * 12, soon) is None  # and nobody else waits for it
    async with database.transaction() as session:  # deleting oneself begins nothing anew
        newcomer = await people.by_telegram_id(session, 77)
        assert newcomer is not None
        await erasure.erase(session, newcomer, soon, KEY)
    assert await tries(database, 77, code, soon) == timedelta(minutes=40)
    async with database.transaction() as session:
        assert "77" not in [*await session.scalars(select(CodeTry.who))]
        newcomer = await people.meet(session, 77, now)
        _, person = await face_to_face.open_code(session, newcomer, code, now + timedelta(hours=1))
        assert person.id == number


async def test_a_count_outlives_what_is_undone_around_it(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        newcomer = await people.meet(session, 77, now)
        await keys.key(session, "paper codes")
        with suppress(NotFoundError):
            async with memory.undone_if_refused(session):
                with pytest.raises(CodeRefusedError):
                    await face_to_face.open_code(session, newcomer, "0" * 12, now)
                async with memory.savepoint(session):  # what is ended here is undone below
                    newcomer.name = "Somebody"
                raise NotFoundError("what another conversation looked for")
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(CodeTry)) == 1


async def test_when_many_guess_nobody_is_let_in_for_a_while_and_administrators_hear_of_it(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        boss, row, _salma = await registered(session, now)
        code = await face_to_face.new_code(session, boss, row.ref, now)
        session.add(Role(person_id=boss.id, name=RoleName.ADMINISTRATOR, granted_at=now))
        session.add_all(CodeTry(what=PAPER, who=str(one), at=now) for one in range(99))
        assert await alerts.watch_paper_codes(session, now) == 0
    assert await tries(database, 77, "0" * 12, now + timedelta(minutes=10)) is None
    assert await tries(database, 78, code, now + timedelta(minutes=10)) == timedelta(minutes=50)
    async with database.transaction() as session:
        assert await alerts.watch_paper_codes(session, now + timedelta(minutes=10)) == 1
        told = await session.scalar(select(Delivery.args).where(Delivery.key.like("alert:%")))
        assert told is not None
        assert told["cause"] == "guessing"
        newcomer = await people.meet(session, 78, now)
        await face_to_face.open_code(session, newcomer, code, now + timedelta(hours=1))


async def test_who_is_a_member_already_keeps_what_is_theirs_and_the_animator_hears_of_it(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    code = await face_to_face.new_code(session, boss, row.ref, now)
    other = await an_animator(session, 2, now)
    opening, person = await face_to_face.open_code(session, other, code, now)
    assert (opening, person.id) == (Opening.KNOWN_ALREADY, other.id)
    assert (salma.telegram_id, row.opened_at) == (None, None)
    told = await session.scalar(select(Delivery.args).where(Delivery.kind == "team_notice"))
    assert told == {"what": "code_known_already"}


async def test_of_two_who_open_one_code_at_once_one_gets_it(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        boss, row, salma = await registered(session, now)
        code = await face_to_face.new_code(session, boss, row.ref, now)
        number = salma.id
        for one in (77, 78):
            await people.meet(session, one, now)

    async def opens(one: int) -> bool:
        try:
            async with database.transaction() as session:
                newcomer = await people.by_telegram_id(session, one)
                assert newcomer is not None
                await face_to_face.open_code(session, newcomer, code, now)
        except LinkRefusedError:
            return False
        return True

    won = dict(zip((77, 78), await asyncio.gather(opens(77), opens(78)), strict=True))
    assert sorted(won.values()) == [False, True]
    async with database.transaction() as session:
        holder = next(one for one, has in won.items() if has)
        assert (await session.get_one(Person, number)).telegram_id == holder


async def test_of_a_code_that_a_member_opened_the_others_hear_if_its_animator_is_none_any_more(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, _salma = await registered(session, now)
    code = await face_to_face.new_code(session, boss, row.ref, now)
    other = await an_animator(session, 2, now)
    (await roles.held(session, boss, now))[0].revoked_at = now
    await session.flush()
    await face_to_face.open_code(session, other, code, now)
    told = await session.scalars(select(Delivery.person_id).where(Delivery.kind == "team_notice"))
    assert told.all() == [other.id]


async def test_a_number_that_is_given_anew_is_kept_for_a_year_from_then_on(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, _salma = await registered(session, now)
    await face_to_face.change_phone(session, boss, row.ref, "0600000000", now + 300 * DAY)
    await session.flush()
    for days, kept in ((400, True), (664, True), (666, False)):
        await retention.clean(session, now + days * DAY)
        await session.refresh(row)
        assert (row.phone is not None) is kept


async def test_who_erases_somebody_leaves_no_form_open_that_is_about_them(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, _salma = await registered(session, now)
    data = {"form": "assisted.phone", "about": {"ref": row.ref}, "answers": {}}
    session.add(conversations.Conversation(telegram_id=1, state="form", data=data, touched_at=now))
    await session.flush()
    await face_to_face.erase(session, boss, row.ref, now, KEY)
    form = await conversations.of(session, 1)
    assert form is not None
    assert row.ref not in str(form.data)


async def test_a_place_that_was_told_by_phone_is_not_kept_as_if_nobody_had_heard_of_it(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    event = await an_event(session, boss, now)
    event.capacity = 1
    zone = "Europe/Paris"
    await attendance.answer(session, boss, event.ref, Wish.GOING, now, default_zone=zone)
    await face_to_face.answer_by_phone(
        session, boss, row.ref, event.ref, Wish.GOING, now, default_zone=zone
    )
    await attendance.answer(session, boss, event.ref, Wish.DECLINED, now, default_zone=zone)
    rows = await deliveries.claim(session, "sender", 50, 60.0, now)
    due = next(one for one in rows if one.kind == "place_offered")
    assert await let_go(session, due, now) == "by_phone"
    (call,) = (await face_to_face.calls_of(session, boss, row.ref, now)).due
    await face_to_face.settle(session, boss, row.ref, face_to_face.seal_of(call), "told", now)
    await attendance.lapse_offers(session, now + timedelta(hours=13), default_zone=zone)
    mine = await attendance.of(session, event, salma)
    assert mine is not None
    assert mine.state == attendance.State.LAPSED


async def test_each_line_is_confirmed_and_a_consent_is_then_their_own(
    session: AsyncSession, now: datetime
) -> None:
    boss, row, salma = await registered(session, now)
    with pytest.raises(NotFoundError):
        await face_to_face.recorded(session, salma)
    code = await face_to_face.new_code(session, boss, row.ref, now)
    await face_to_face.open_code(session, await people.meet(session, 77, now), code, now)
    found = await face_to_face.recorded(session, salma)
    assert found.open_lines == [*Line]
    assert {*found.witnesses.values()} == {"Animator 1"}
    await face_to_face.confirm(session, salma, Line.NEWS, now, version="2")
    found = await face_to_face.recorded(session, salma)
    assert Line.NEWS not in found.open_lines
    stands = {one.purpose: (one.granted, one.orally) for one in found.consents}
    assert stands == {Purpose.NEWS: (True, False), Purpose.SURVEYS: (True, True)}
    assert await consents.given(session, salma) == set(MAY)
    await face_to_face.confirm_all(session, salma, now, version="2")
    assert (await face_to_face.recorded(session, salma)).open_lines == []
    assert await consents.given(session, salma) == set(MAY)


async def test_deleted_on_their_word_they_stay_deleted_after_a_restore(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        boss, row, salma = await registered(session, now)
        ref = salma.ref
        await face_to_face.erase(session, boss, row.ref, now + DAY, KEY)
        assert await session.scalar(select(func.count()).select_from(Assisted)) == 0
        step = await session.scalar(select(Step).where(Step.subject == "assisted"))
        assert step is not None
        assert (step.subject_id, step.actor_id, step.source) == (0, boss.id, "orally")
    async with database.transaction() as session:
        session.add(Person(ref=ref, name="Salma", met_at=now, state=Membership.ACTIVE))
    async with database.transaction() as session:
        assert await erasure.erase_again(session, now + 2 * DAY, KEY) == 1


async def test_terms_sound_only_as_they_stand_and_as_long_as_their_voice_is_here(
    session: AsyncSession, now: datetime
) -> None:
    boss = await an_animator(session, 1, now)
    nobody = await people.meet(session, 9, now)
    words, voice = ["One.", "Two."], Voice("file", 3)
    with pytest.raises(NotAllowedError):
        await face_to_face.keep_sound(session, nobody, "ar", 0, words, voice, now)
    session.add(Role(person_id=nobody.id, name=RoleName.TRANSLATOR, granted_at=now))
    await session.flush()
    assert not await face_to_face.keep_sound(session, nobody, "ar", 0, words, voice, now)
    assert await face_to_face.sounds(session, "ar", words) == {}
    with pytest.raises(OwnTextError):
        await face_to_face.approve_sound(session, nobody, "ar", 0, words, now)
    await face_to_face.approve_sound(session, boss, "ar", 0, words, now)
    assert [*await face_to_face.sounds(session, "ar", words)] == [0]
    assert await face_to_face.sounds(session, "fr", words) == {}
    assert await face_to_face.sounds(session, "ar", ["Other words.", "Two."]) == {}
    await retention.clean(session, now + 400 * DAY)
    assert [*await face_to_face.sounds(session, "ar", words)] == [0]
    assert await face_to_face.keep_sound(session, boss, "ar", 0, words, voice, now)
    assert len((await session.scalars(select(Recording))).all()) == 1
    await erasure.erase(session, boss, now, KEY)
    assert await face_to_face.sounds(session, "ar", words) == {}


async def test_the_number_goes_after_a_year(session: AsyncSession, now: datetime) -> None:
    _boss, row, _salma = await registered(session, now)
    await retention.clean(session, now + 364 * DAY)
    await session.refresh(row)
    assert row.phone is not None
    await retention.clean(session, now + 366 * DAY)
    await session.refresh(row)
    assert row.phone is None


def test_what_is_read_out_is_marked_in_the_policy() -> None:
    assert {kind for kind, rules in POLICY.items() if rules.by_phone} == {
        "event_invitation",
        "newsletter",
        "digest",
        "event_reminder",
        "event_changed",
        "event_cancelled",
        "place_offered",
    }
