"""Asking for a translation: it is counted, it is told once when it is there, and it goes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    asking,
    attendance,
    consents,
    corrections,
    deliveries,
    erasure,
    events,
    people,
    policy,
    providers,
    sends,
    translating,
    translations,
    untranslated,
)
from community.asking import Came
from community.awaited import TranslationRequest
from community.consents import Purpose
from community.deliveries import Delivery
from community.errors import (
    IllegalMoveError,
    NotAMemberError,
    NotFoundError,
    TooLateError,
    TooManyAskedError,
)
from community.events import Event
from community.needs import Need
from community.people import Person
from community.roles import RoleName
from community.sends import Send
from community.translations import Fallback
from tests.community.test_erasure import KEY, an_event
from tests.community.test_translating import somebody

OFFERED = ("en", "fr", "ar", "uk")


async def a_team(session: AsyncSession, now: datetime) -> tuple[Person, Person]:
    """Return an animator and a translator; they read English."""
    team = [
        await somebody(session, 90, now, RoleName.ANIMATOR),
        await somebody(session, 92, now, RoleName.TRANSLATOR),
    ]
    for person in team:
        person.language = "en"
    await session.flush()
    return team[0], team[1]


async def readers(session: AsyncSession, now: datetime, count: int = 1) -> list[Person]:
    """Return members who read Ukrainian and want news."""
    found = [await somebody(session, number, now) for number in range(1, count + 1)]
    for person in found:
        await consents.switch(session, person, {Purpose.NEWS}, now, version="1", language="uk")
    return found


async def a_letter(
    session: AsyncSession,
    animator: Person,
    now: datetime,
    title: str = "Winter news",
    rule: Fallback = Fallback.NETWORK,
) -> Send:
    """Return a newsletter in English that is going out."""
    send = await sends.write_newsletter(session, animator, "en", title, "Closed.", now)
    await sends.edit(session, animator, send.ref, now, fallback=rule)
    await sends.submit(session, animator, send.ref, now, network_language="en")
    await sends.schedule(session, animator, send.ref, None, now)
    started_at = now + sends.UNDO
    await sends.start_due(session, started_at, network_language="en")
    await session.refresh(send)
    assert send.state == sends.State.SENDING
    return send


async def everything_arrives(session: AsyncSession, send: Send, now: datetime) -> None:
    """Let all copies be sent, and the send be over."""
    for row in await session.scalars(select(Delivery).where(Delivery.send_id == send.id)):
        row.state, row.settled_at = deliveries.State.SENT, now
    await session.flush()
    await sends.finish(session, now)
    await session.refresh(send)
    assert send.state == sends.State.SENT


async def a_service(session: AsyncSession, now: datetime) -> tuple[Person, providers.Service]:
    """Return a coordinator and a service with one step, in English."""
    boss = await somebody(session, 91, now, RoleName.COORDINATOR)
    chamber = await providers.create_organization(session, boss, "Chamber", "en", now)
    service = await providers.create_service(
        session,
        boss,
        chamber.ref,
        Need.FINANCE,
        ["en"],
        {"name": "Advice"},
        "en",
        now,
        steps=["Call us"],
    )
    return boss, service


async def told(session: AsyncSession) -> Sequence[Delivery]:
    rows = await session.scalars(
        select(Delivery).where(Delivery.kind == asking.TOLD).order_by(Delivery.id)
    )
    return rows.all()


async def waiting(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(TranslationRequest)) or 0


async def queue(session: AsyncSession, reader: Person, now: datetime) -> list[tuple[str, str]]:
    """Return what waits at the desk, as subject and reference."""
    found = await untranslated.queue(session, reader, OFFERED, "en", now)
    return list(dict.fromkeys((one.subject, one.ref) for one in found))


async def test_who_asks_is_told_once_when_it_is_there(
    session: AsyncSession, now: datetime
) -> None:
    animator, translator = await a_team(session, now)
    me, other = await readers(session, now, 2)
    event = await an_event(session, animator, now)
    for came in (Came.ASKED, Came.ALREADY):
        assert await asking.ask(session, me, "event", event.ref, "uk", now) is came
    assert await asking.settle(session, now) == 0
    key = ("event", event.ref, "title", "uk")
    await translating.write(session, translator, key, "Зустріч", now)
    assert await asking.settle(session, now) == 0, "a draft is not there yet"
    seal = translations.seal("Meeting", "Зустріч")
    await translating.approve(session, animator, key, seal, now)
    assert await asking.ask(session, other, "event", event.ref, "uk", now) is Came.THERE
    later = now + timedelta(days=1)
    assert await asking.settle(session, later) == 1
    assert await asking.settle(session, later) == 0
    (row,) = await told(session)
    assert (row.person_id, row.args) == (me.id, {"subject": "event", "ref": event.ref})
    assert row.expires_at == event.starts_at, "it is in two days, and it lives for seven"
    assert row.lane == policy.Lane.SERVICE
    assert await waiting(session) == 0

    await sends.translate_event(session, animator, event.ref, "en", {"title": "Party"}, later)
    assert await asking.ask(session, me, "event", event.ref, "uk", later) is Came.ASKED
    await sends.translate_event(session, animator, event.ref, "uk", {"title": "Свято"}, later)
    assert await asking.settle(session, later) == 1, "for the new words one may ask anew"


async def test_whoever_asked_counts_into_the_order_of_the_desk(
    session: AsyncSession, now: datetime
) -> None:
    animator, translator = await a_team(session, now)
    me, other, _third = await readers(session, now, 3)
    arab = await somebody(session, 50, now)
    arab.language = "ar"
    first = await an_event(session, animator, now)
    second = await an_event(session, animator, now)
    assert await queue(session, translator, now) == [("event", first.ref), ("event", second.ref)]
    await asking.ask(session, me, "event", second.ref, "uk", now)
    assert (await queue(session, translator, now))[0] == ("event", second.ref)
    await asking.ask(session, arab, "event", first.ref, "ar", now)
    found = await untranslated.queue(session, translator, OFFERED, "en", now)
    assert [(one.language, one.ref == second.ref, one.weight) for one in found] == [
        ("uk", True, 13),
        ("ar", False, 11),
        ("uk", False, 3),
        ("ar", True, 1),
    ]
    await asking.ask(session, other, "event", second.ref, "uk", now)
    me.language = "fr"
    await session.flush()
    found = await untranslated.queue(session, translator, OFFERED, "en", now)
    assert (found[0].readers, found[0].asked) == (2, 1), "one reads another language now"
    await people.leave(session, other, now)
    found = await untranslated.queue(session, translator, OFFERED, "en", now)
    assert [one.asked for one in found if one.language == "uk"] == [0, 0], "and one has left"


async def test_what_one_has_written_oneself_comes_last_however_many_ask_for_it(
    session: AsyncSession, now: datetime
) -> None:
    animator, translator = await a_team(session, now)
    (me,) = await readers(session, now)
    first, second = [await an_event(session, animator, now) for _each in range(2)]
    await asking.ask(session, me, "event", second.ref, "uk", now)
    key = ("event", second.ref, "title", "uk")
    await translating.write(session, translator, key, "Зустріч", now)
    assert await queue(session, translator, now) == [("event", first.ref), ("event", second.ref)]
    assert await queue(session, animator, now) == [("event", second.ref), ("event", first.ref)]


async def test_a_service_is_there_with_its_steps(session: AsyncSession, now: datetime) -> None:
    await a_team(session, now)
    (me,) = await readers(session, now)
    boss, service = await a_service(session, now)
    await asking.ask(session, me, "service", service.ref, "uk", now)
    found = await untranslated.queue(session, boss, OFFERED, "en", now)
    assert {(one.subject, one.asked) for one in found} == {
        ("service", 1),
        ("step", 1),
        ("organization", 0),
    }
    texts = {"name": "Порада"}
    await providers.translate(session, boss, "service", service.ref, "uk", texts, now)
    assert await asking.settle(session, now) == 0
    (step,) = await providers.steps(session, service)
    await providers.translate(session, boss, "step", step.ref, "uk", {"text": "Дзвоніть"}, now)
    assert await asking.settle(session, now) == 1
    (row,) = await told(session)
    assert row.args == {"subject": "service", "ref": service.ref}


async def test_a_newsletter_that_has_gone_out_comes_back_to_the_desk_for_who_has_asked(
    session: AsyncSession, now: datetime
) -> None:
    animator, translator = await a_team(session, now)
    me, _other = await readers(session, now, 2)
    arab = await somebody(session, 50, now)
    arab.language = "ar"
    send = await a_letter(session, animator, now)
    await everything_arrives(session, send, now)
    texts = {"title": "Новини", "body": "Зачинено."}
    with pytest.raises(IllegalMoveError):
        await sends.complete(session, animator, send.ref, "uk", texts, now)
    assert await queue(session, translator, now) == []
    await asking.ask(session, me, "newsletter", send.ref, "uk", now)
    found = await untranslated.queue(session, translator, OFFERED, "en", now)
    assert {(one.ref, one.language) for one in found} == {(send.ref, "uk")}, "nobody asked in ar"
    with pytest.raises(IllegalMoveError):
        await sends.complete(session, animator, send.ref, "ar", texts, now)

    fix = await corrections.correct(session, animator, send.ref, now)
    await sends.submit(session, animator, fix.ref, now, network_language="en")
    await sends.schedule(session, animator, fix.ref, None, now)
    later = now + sends.UNDO
    await sends.start_due(session, later, network_language="en")
    found = await untranslated.queue(session, translator, OFFERED, "en", later)
    assert {(one.ref, one.language) for one in found} == {(fix.ref, "uk")}, "what stands now"
    for field, text in texts.items():
        await translating.write(session, animator, ("newsletter", fix.ref, field, "uk"), text, now)
    assert await asking.settle(session, later + timedelta(minutes=1)) == 1
    (row,) = await told(session)
    assert row.args["ref"] == send.ref, "whatever corrects it, it is one thing"
    assert await queue(session, translator, later) == []


async def test_who_gets_the_thing_itself_is_not_told_besides(
    session: AsyncSession, now: datetime
) -> None:
    animator, _translator = await a_team(session, now)
    me, _other = await readers(session, now, 2)
    send = await a_letter(session, animator, now, rule=Fallback.WAIT)
    for person in (me, _other):
        await asking.ask(session, person, "newsletter", send.ref, "uk", now)
    texts = {"title": "Новини", "body": "Зачинено."}
    await sends.complete(session, animator, send.ref, "uk", texts, now)
    later = now + timedelta(minutes=1)
    assert await asking.settle(session, later) == 0
    assert await waiting(session) == 2
    mine = select(Delivery).where(Delivery.send_id == send.id)
    for person, state in (
        (me, deliveries.State.SENT),
        (_other, deliveries.State.SUPPRESSED),  # muted, perhaps: but it was asked for
    ):
        row = await session.scalar(mine.where(Delivery.person_id == person.id))
        assert row is not None
        row.state, row.settled_at = state, later
    await session.flush()
    assert await asking.settle(session, later) == 1
    (told_of,) = await told(session)
    assert told_of.person_id == _other.id
    assert await waiting(session) == 0


async def test_who_has_got_it_in_another_language_since_asking_is_told_all_the_same(
    session: AsyncSession, now: datetime
) -> None:
    animator, _translator = await a_team(session, now)
    (me,) = await readers(session, now)
    send = await a_letter(session, animator, now)
    await asking.ask(session, me, "newsletter", send.ref, "uk", now)
    later = now + timedelta(minutes=1)
    await everything_arrives(session, send, later)
    for field, text in {"title": "Новини", "body": "Зачинено."}.items():
        key = ("newsletter", send.ref, field, "uk")
        await translating.write(session, animator, key, text, later)
    assert await asking.settle(session, later) == 1
    (told_of,) = await told(session)
    assert told_of.person_id == me.id


async def test_what_is_over_is_not_asked_for_and_not_waited_for(
    session: AsyncSession, now: datetime
) -> None:
    animator, _translator = await a_team(session, now)
    (me,) = await readers(session, now)
    event, cancelled = [await an_event(session, animator, now) for _each in range(2)]
    _boss, service = await a_service(session, now)
    send = await a_letter(session, animator, now)
    things = (("event", event), ("event", cancelled), ("service", service), ("newsletter", send))
    for subject, thing in things:
        assert await asking.ask(session, me, subject, thing.ref, "uk", now) is Came.ASKED
    await asking.settle(session, now)
    assert await waiting(session) == 4
    await attendance.cancel_event(session, animator, cancelled.ref, now)
    service.is_open = False
    send.state = sends.State.CANCELLED
    await session.flush()
    begun = event.starts_at
    await asking.settle(session, begun)
    assert await waiting(session) == 0
    assert await told(session) == []
    for subject, thing in things:
        with pytest.raises(TooLateError):
            await asking.ask(session, me, subject, thing.ref, "uk", begun)


async def test_one_asks_for_what_one_may_open_as_a_member_and_for_so_much(
    session: AsyncSession, now: datetime
) -> None:
    animator, _translator = await a_team(session, now)
    (me,) = await readers(session, now)
    draft = await events.create(
        session,
        animator,
        events.Details((now + timedelta(days=3)).replace(tzinfo=None), "Europe/Paris", "Here"),
        {"title": "Meeting"},
        "en",
        now,
    )
    send = await a_letter(session, animator, now)
    await everything_arrives(session, send, now)
    newer = await a_letter(session, animator, now + timedelta(hours=1), "Spring news")
    late = await somebody(session, 60, now)
    late.joined_at = now + timedelta(minutes=30)
    for subject, ref in (
        ("event", draft.ref),
        ("event", "x"),
        (
            "newsletter",
            send.ref,
        ),  # the newest is for everybody; this one went out before they came
        ("newsletter", draft.ref),
        ("step", "x"),
        ("", ""),
    ):
        with pytest.raises(NotFoundError):
            await asking.ask(session, late, subject, ref, "uk", now)
    assert await asking.ask(session, me, "newsletter", send.ref, "uk", now) is Came.ASKED
    assert await asking.ask(session, late, "newsletter", newer.ref, "uk", now) is Came.ASKED
    stranger = await people.meet(session, 61, now)
    with pytest.raises(NotAMemberError):
        await asking.ask(session, stranger, "newsletter", newer.ref, "uk", now)

    many = [await an_event(session, animator, now) for _each in range(asking.AT_ONCE)]
    for event in many[1:]:
        await asking.ask(session, me, "event", event.ref, "uk", now)
    with pytest.raises(TooManyAskedError):
        await asking.ask(session, me, "event", many[0].ref, "uk", now)
    assert await asking.ask(session, me, "event", many[1].ref, "uk", now) is Came.ALREADY
    await session.execute(delete(TranslationRequest).where(TranslationRequest.person_id == me.id))
    assert await asking.ask(session, me, "event", many[0].ref, "uk", now) is Came.ASKED


async def test_who_is_erased_waits_for_nothing_and_takes_along_what_they_asked(
    session: AsyncSession, now: datetime
) -> None:
    animator, _translator = await a_team(session, now)
    me, other = await readers(session, now, 2)
    event = await an_event(session, animator, now)
    for person in (me, other):
        await asking.ask(session, person, "event", event.ref, "uk", now)
    assert [
        (row["subject"], row["language"])
        for row in (await erasure.export(session, me))["translation_requests"]
    ] == [("event", "uk")]
    await erasure.erase(session, me, now, KEY)
    await sends.translate_event(session, animator, event.ref, "uk", {"title": "Зустріч"}, now)
    assert await asking.settle(session, now) == 1
    assert [row.person_id for row in await told(session)] == [other.id]
    await erasure.erase(session, other, now, KEY)
    assert [row.person_id for row in await told(session)] == [None]
    assert await session.scalar(select(func.count()).select_from(Event)) == 1
