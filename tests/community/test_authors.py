"""Asking the author of a text: who is asked, who reads it, and for how long."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    authors,
    bridge,
    erasure,
    events,
    exchanges,
    people,
    retention,
    roles,
    translating,
)
from community.bridge import Rest, Side
from community.errors import NotAllowedError, NotFoundError, TooLateError, TooOftenError
from community.exchanges import Exchange, ExchangeMessage, Kind, State
from community.people import Membership, Person
from community.roles import Role, RoleName
from community.untranslated import Key
from tests.community.test_erasure import KEY
from tests.community.test_exchanges import owed, read
from tests.community.test_translating import a_text, somebody

WHAT = "Which meeting is meant?"


async def the(session: AsyncSession, number: int) -> Person:
    person = await people.by_telegram_id(session, number)
    assert person is not None
    return person


async def asked(
    session: AsyncSession, now: datetime, subject: str = "event"
) -> tuple[Key, Person, Person, Exchange]:
    """Return a text, its author, who translates it, and their exchange with one question."""
    key, translator = await a_text(session, now, subject)
    author = await the(session, 90 if subject == "event" else 91)
    exchange = await authors.begin(session, translator, key, now)
    await bridge.write(session, translator, exchange.ref, WHAT, now, language="ar")
    return key, author, translator, exchange


async def loses(session: AsyncSession, person: Person, now: datetime) -> None:
    for role in await roles.held(session, person, now):
        role.until = now
    await session.flush()


@pytest.mark.parametrize("subject", ["event", "organization"])
async def test_the_author_is_asked_and_answers_and_nobody_else_reads_it(
    session: AsyncSession, now: datetime, subject: str
) -> None:
    key, author, translator, exchange = await asked(session, now, subject)
    other = await somebody(session, 93, now, RoleName.ANIMATOR)
    second = await somebody(session, 94, now, RoleName.TRANSLATOR)
    again = await authors.begin(session, translator, key, now)
    assert (again.id, again.state) == (exchange.id, State.OPEN), "one exchange about one text"
    assert await owed(session, author, "bridge_message") == 1
    assert await bridge.for_team(session, other, now) == [], "it is the author's to answer"
    view = await bridge.look(session, author, exchange.ref, now)
    assert (view.side, view.may_write, view.author) == (Side.OTHER, True, author)
    assert view.source is not None
    assert view.source.text.text in ("Meeting", "Chamber")
    await bridge.write(session, author, exchange.ref, "The one in May.", now, language="en")
    assert exchange.state == State.ANSWERED
    assert await owed(session, translator, "bridge_message") == 1
    assert await read(session, translator, exchange.ref, now) == [WHAT, "The one in May."]
    for stranger in (other, second):
        with pytest.raises(NotFoundError):
            await bridge.look(session, stranger, exchange.ref, now)
    assert await bridge.for_team(session, other, now) == []

    await bridge.report(session, author, exchange.ref, now)
    assert await bridge.for_team(session, other, now) == [], "the queue of reports has it"
    assert (await bridge.look(session, other, exchange.ref, now)).side is Side.TEAM
    assert not await bridge.may_settle(session, author, exchange, now), "it is about them"
    await bridge.settle(session, other, exchange.ref, now)
    with pytest.raises(NotFoundError):
        await bridge.look(session, other, exchange.ref, now)


async def test_an_author_settles_no_report_about_their_own_text(
    session: AsyncSession, now: datetime
) -> None:
    _key, author, translator, exchange = await asked(session, now)
    other = await somebody(session, 93, now, RoleName.ANIMATOR)
    await bridge.report(session, translator, exchange.ref, now)
    assert not await bridge.may_settle(session, author, exchange, now)
    assert await bridge.may_settle(session, other, exchange, now)


@pytest.mark.parametrize("gone", ["left", "lost the role", "blocked", "erased"])
async def test_where_the_author_is_gone_the_animators_are_asked(
    session: AsyncSession, now: datetime, gone: str
) -> None:
    key, translator = await a_text(session, now, "event")
    author = await the(session, 90)
    others = [await somebody(session, number, now, RoleName.ANIMATOR) for number in (93, 94)]
    match gone:
        case "left":
            await people.leave(session, author, now)
        case "lost the role":
            await loses(session, author, now)
        case "blocked":
            await people.lose(session, author, "blocked", now)
        case _:
            await erasure.erase(session, author, now, KEY)
    exchange = await authors.begin(session, translator, key, now)
    assert await bridge.for_team(session, others[0], now) == [], "nothing is asked yet"
    await bridge.write(session, translator, exchange.ref, WHAT, now, language="ar")
    for animator in others:
        assert await owed(session, animator, "team_notice") == 1
        assert await bridge.for_team(session, animator, now) == [exchange]
    view = await bridge.write(session, others[0], exchange.ref, "In May.", now, language="fr")
    assert (view.side, view.author) == (Side.OTHER, None)
    assert await owed(session, translator, "bridge_message") == 1
    assert await bridge.for_team(session, others[1], now) == []


async def test_nobody_asks_themself_and_nobody_answers_their_own_question(
    session: AsyncSession, now: datetime
) -> None:
    key, _translator = await a_text(session, now, "event")
    author = await the(session, 90)
    with pytest.raises(NotFoundError):
        await authors.begin(session, author, key, now)
    other = await somebody(session, 93, now, RoleName.ANIMATOR)
    exchange = await authors.begin(session, other, key, now)
    await bridge.write(session, other, exchange.ref, WHAT, now, language="ar")
    assert await owed(session, author, "bridge_message") == 1
    await loses(session, author, now)
    assert (await bridge.look(session, other, exchange.ref, now)).side is Side.MEMBER
    assert await bridge.for_team(session, other, now) == []
    with pytest.raises(NotFoundError):
        await bridge.look(session, author, exchange.ref, now)
    with pytest.raises(NotFoundError):  # the only animator there is now
        await authors.begin(session, other, (*key[:3], "ar"), now)


async def test_one_asks_about_what_one_may_translate_and_no_longer(
    session: AsyncSession, now: datetime
) -> None:
    key, author, translator, exchange = await asked(session, now)
    member = await somebody(session, 95, now)
    coordinator = await the(session, 91)
    for stranger in (member, coordinator):
        with pytest.raises(NotAllowedError):
            await authors.begin(session, stranger, key, now)
    for wrong in (
        (*key[:3], "en"),  # the author's own language
        ("event", key[1], "description", "uk"),
        ("event", "x", "title", "uk"),
        ("sends", key[1], "title", "uk"),
    ):
        with pytest.raises(NotFoundError):
            await authors.begin(session, translator, wrong, now)

    begun = now + timedelta(days=4)
    assert (await bridge.look(session, author, exchange.ref, begun)).rest is Rest.ENDED
    with pytest.raises(NotFoundError):
        await authors.begin(session, translator, key, begun)
    await loses(session, translator, now)
    for person in (translator, author):
        assert (await bridge.look(session, person, exchange.ref, now)).rest is Rest.ENDED
        with pytest.raises(TooLateError):
            await bridge.write(session, person, exchange.ref, WHAT, now, language="uk")


async def test_who_writes_the_text_anew_answers_for_it_from_then_on(
    session: AsyncSession, now: datetime
) -> None:
    key, author, translator, exchange = await asked(session, now)
    other = await somebody(session, 93, now, RoleName.ANIMATOR)
    await events.translate(session, other, key[1], "en", {"title": "May meeting"}, now)
    assert (await bridge.look(session, other, exchange.ref, now)).author == other
    with pytest.raises(NotFoundError):
        await bridge.look(session, author, exchange.ref, now)
    # And if that is who has asked, the animators do.
    session.add(Role(person_id=translator.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    await translating.write(session, translator, (*key[:3], "en"), "A meeting", now)
    view = await bridge.write(session, translator, exchange.ref, "Is it?", now, language="ar")
    assert (view.side, view.author) == (Side.MEMBER, None)
    assert await owed(session, author, "team_notice") == 1
    assert await owed(session, translator, "team_notice") == 0


async def test_it_has_the_pace_and_the_retention_of_the_bridge_and_goes_with_who_asked(
    session: AsyncSession, now: datetime
) -> None:
    _key, author, translator, exchange = await asked(session, now)
    for number in range(exchanges.PACES[Kind.TEXT].messages - 1):
        await bridge.write(session, translator, exchange.ref, str(number), now, language="ar")
    with pytest.raises(TooOftenError):
        await bridge.write(session, translator, exchange.ref, "more", now, language="ar")
    kept = select(func.count()).select_from(ExchangeMessage)
    await retention.clean(session, now + exchanges.KEPT)
    assert await session.scalar(kept)
    await bridge.write(session, author, exchange.ref, "In May.", now, language="en")
    told = await erasure.export(session, translator)
    assert told["exchanges"][0]["subject"] == "event"
    await erasure.erase(session, translator, now, KEY)
    assert await session.scalar(kept) == 0
    assert await owed(session, author, "bridge_message") == 0


async def test_a_question_is_taken_away_by_the_retention_table(
    session: AsyncSession, now: datetime
) -> None:
    await asked(session, now)
    await retention.clean(session, now + exchanges.KEPT + timedelta(seconds=1))
    assert await session.scalar(select(func.count()).select_from(Exchange)) == 0
    assert (await the(session, 92)).state == Membership.ACTIVE
