"""Asks and offers: who reads them and when, how they end, and whose contact is shown to whom."""

import asyncio
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import (
    blocks,
    bridge,
    consents,
    deliveries,
    exchanges,
    matches,
    posts,
    retention,
)
from community.areas import Area
from community.deliveries import Delivery
from community.errors import (
    IllegalMoveError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
    NotUnderstoodError,
    OwnTextError,
    TooLateError,
    TooManyPostsError,
)
from community.measures import Measure, MeasureTaken, Why
from community.needs import Need
from community.people import Person
from community.posts import FIRST_READERS, LASTS, Draft, Post, PostReader, State
from community.roles import RoleName
from community.translations import EASY
from tests.matching import a_partner
from tests.posting import WORDS, a_judge, a_post, who_know

DAY = timedelta(days=1)


async def owed(session: AsyncSession, kind: str, what: str = "") -> list[int]:
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.kind == kind, Delivery.state.in_(deliveries.OPEN))
        .order_by(Delivery.due_at, Delivery.id)
    )
    return [row.person_id for row in rows if row.person_id and what in str(row.args)]


async def published(
    session: AsyncSession, poster: Person, moderator: Person, now: datetime, **said: Any
) -> Post:
    post = await a_post(session, poster, now, **said)
    return await posts.approve(session, moderator, post.ref, now)


# Words


@pytest.mark.parametrize(
    "text",
    [
        "Call me: +33 6 12 34 56 78",
        "my number is 0612345678",
        "٠٦١٢٣٤٥٦٧٨",
        "06.12.34.56.78",
        "write to amina@example.org",
        "amina (at) example",
        "I am @amina_bakes",
        "https://example.org",
        "see www.example.org",
        "t.me/amina",
        "my shop is on amina-bakes.com",
    ],
)
def test_a_way_round_the_bridge_is_found(text: str) -> None:
    assert posts.names_a_way_round(text)


@pytest.mark.parametrize(
    "text",
    [
        WORDS,
        "I need 300 boxes at 2.50 euro each, before 24.12.2026.",
        "From 2026-12-01 on, 40 to 60 m2, at most 1 200 euro a month.",
        "Wanted: 3 cooks (2 now, 1 in 2027). No tricks.I pay well.",
        "أبحث عن مورد للتوابل، 50 كيلو في الشهر.",
    ],
)
def test_numbers_and_days_of_business_are_no_way_round(text: str) -> None:
    assert not posts.names_a_way_round(text)


async def test_such_words_and_unknown_codes_are_refused(
    session: AsyncSession, now: datetime
) -> None:
    poster = await a_partner(session, 1, now)
    with pytest.raises(NotUnderstoodError) as refused:
        await a_post(session, poster, now, "Call 0612345678")
    assert refused.value.field == "no_contact"
    for said in ({"kind": "gift"}, {"category": "love"}, {"need": "gold"}):
        with pytest.raises(NotUnderstoodError):
            await a_post(session, poster, now, **said)
    with pytest.raises(NotFoundError):
        await a_post(session, poster, now, area="nowhere")


# Who is shown it


async def test_before_somebody_of_the_team_has_read_it_twenty_see_it_and_nobody_is_told(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 2, now)
    members = await who_know(session, 10, FIRST_READERS + 3, now, [Need.EXPORT])
    post = await a_post(session, poster, now)
    assert post.state == State.WAITING
    assert await owed(session, "team_notice", "post_waiting") == [moderator.id]
    seen = [post in (await posts.browse(session, one, now)).fitting for one in members]
    assert seen == [True] * FIRST_READERS + [False] * 3
    assert await owed(session, "post_new") == []
    with pytest.raises(NotFoundError):
        await posts.look(session, members[-1], post.ref, now)
    with pytest.raises(NotFoundError):
        await posts.begin(session, members[-1], post.ref, now)
    await posts.approve(session, moderator, post.ref, now)
    assert await owed(session, "post_new") == [one.id for one in members]
    assert post in (await posts.browse(session, members[-1], now)).fitting
    second = await a_post(session, poster, now)
    assert second.state == State.PUBLISHED, "an established poster's goes out at once"


async def test_however_many_open_the_board_at_once_twenty_see_what_waits(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        poster = await a_partner(session, 2, now)
        members = await who_know(session, 10, FIRST_READERS + 6, now, [Need.EXPORT])
        numbers = [one.id for one in members]
        first, second = [(await a_post(session, poster, now)).id for _ in range(2)]

    async def opens(number: int) -> int:
        async with database.transaction() as session:
            person = await session.get_one(Person, number)
            return len((await posts.browse(session, person, now)).fitting)

    seen = await asyncio.gather(*(opens(number) for number in numbers))
    async with database.transaction() as session:
        rows = dict(
            (
                await session.execute(
                    select(PostReader.post_id, func.count()).group_by(PostReader.post_id)
                )
            ).all()
        )
    assert rows == {first: FIRST_READERS, second: FIRST_READERS}
    assert sum(seen) == 2 * FIRST_READERS


async def test_writing_anew_wins_a_new_poster_nobody_beside_the_twenty(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 2, now)
    members = await who_know(session, 10, FIRST_READERS + 2, now, [Need.EXPORT])
    first = await a_post(session, poster, now)
    for one in members[: FIRST_READERS - 1]:
        await posts.browse(session, one, now)
    await posts.withdraw(session, poster, first.ref, now)
    second = await a_post(session, poster, now)
    await posts.refuse(session, moderator, second.ref, "unclear", now)
    third = await a_post(session, poster, now)
    seen = [third in (await posts.browse(session, one, now)).fitting for one in members[::-1]]
    assert seen == [True, False, False] + [True] * (FIRST_READERS - 1)
    await posts.approve(session, moderator, third.ref, now)
    assert third in (await posts.browse(session, members[-2], now)).fitting
    about_it = select(PostReader).where(PostReader.post_id == third.id)
    assert (await session.scalars(about_it)).all() == [], "who read it first counts no more"


async def test_who_has_read_it_first_is_known_as_long_as_it_waits(
    session: AsyncSession, now: datetime
) -> None:
    poster = await a_partner(session, 2, now)
    members = await who_know(session, 10, FIRST_READERS + 1, now, [Need.EXPORT])
    post = await a_post(session, poster, now)
    for one in members:
        await posts.browse(session, one, now)
    for step in (25, 50, 75):
        await posts.renew(session, poster, post.ref, now + step * DAY)
        await retention.clean(session, now + step * DAY)
    assert post not in (await posts.browse(session, members[-1], now + 75 * DAY)).fitting
    await posts.withdraw(session, poster, post.ref, now + 75 * DAY)
    await retention.clean(session, now + 441 * DAY)
    assert (await session.scalars(select(PostReader))).all() == []


@pytest.mark.parametrize("seed", range(3))
async def test_whichever_of_their_posts_people_open_at_once_twenty_see_any(
    database: Database, now: datetime, seed: int
) -> None:
    """Some have seen the first of two posters before they wrote another: all race for the rest."""
    chance = Random(seed)
    async with database.transaction() as session:
        posters = [await a_partner(session, number, now) for number in (2, 3)]
        members = await who_know(session, 10, FIRST_READERS + 10, now, [Need.EXPORT])
        for poster in posters:
            await a_post(session, poster, now)
        for one in members[: FIRST_READERS - 2]:
            await posts.browse(session, one, now)
        for poster in posters[::-1]:
            await a_post(session, poster, now)
        people = [one.id for one in [*members, *posters]]

    async def opens(number: int) -> None:
        async with database.transaction() as session:
            await posts.browse(session, await session.get_one(Person, number), now)

    chance.shuffle(people)
    await asyncio.gather(*(opens(number) for number in people))
    async with database.transaction() as session:
        rows = await session.execute(
            select(Post.person_id, func.count(PostReader.person_id.distinct()))
            .join(PostReader, PostReader.post_id == Post.id)
            .group_by(Post.person_id)
        )
        assert {count for _poster, count in rows} == {FIRST_READERS}


@pytest.mark.parametrize("seed", range(3))
async def test_in_whatever_order_people_come_and_posts_end_no_more_than_twenty_are_shown(
    session: AsyncSession, now: datetime, seed: int
) -> None:
    chance = Random(seed)
    poster = await a_partner(session, 2, now)
    members = await who_know(session, 10, 30, now, [Need.EXPORT])
    post = await a_post(session, poster, now)
    told: set[int] = set()
    for step in range(90):
        at, one = now + step * DAY, chance.choice(members)
        await posts.expire(session, at)
        if post.state == State.EXPIRED:
            await posts.renew(session, poster, post.ref, at)
        board = await posts.browse(session, one, at)
        told |= {one.id} if post in [*board.fitting, *board.others] else set()
        told |= {*await owed(session, "post_new")}
    rows = await session.scalars(select(PostReader.person_id))
    assert {*rows} == told
    assert len(told) == FIRST_READERS


async def test_what_fits_comes_first_by_need_and_area(
    session: AsyncSession, now: datetime
) -> None:
    town = Area(zone="Europe/Paris", made_at=now)
    other = Area(zone="Europe/Paris", made_at=now)
    session.add_all([town, other])
    await session.flush()
    district = Area(zone="Europe/Paris", made_at=now, parent_id=town.id)
    session.add(district)
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 2, now)
    knows = await a_partner(session, 3, now, knows=[Need.EXPORT])
    looks = await a_partner(session, 4, now, looks_for=[Need.EXPORT])
    await session.flush()
    knows.area_id, looks.area_id = district.id, other.id
    ask = await published(session, poster, moderator, now, area=town.ref)
    offer = await published(session, poster, moderator, now, kind="offer")
    without = await published(session, poster, moderator, now, need=None)
    board = await posts.browse(session, knows, now)
    assert (board.fitting, board.others) == ([ask], [without, offer])
    board = await posts.browse(session, looks, now)
    assert (board.fitting, board.others) == ([offer], [without, ask])
    assert await owed(session, "post_new") == [knows.id, looks.id]
    assert (await posts.browse(session, poster, now)).fitting == []


async def test_what_names_no_term_is_told_to_who_lives_there_and_reads_its_language(
    session: AsyncSession, now: datetime
) -> None:
    town, other = Area(zone="Europe/Paris", made_at=now), Area(zone="Europe/Paris", made_at=now)
    session.add_all([town, other])
    await session.flush()
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 2, now)
    plain, easy, second = [
        await a_partner(session, number, now, speaks=[language])
        for number, language in ((3, "fr"), (4, "fr-x-easy"), (5, "uk"))
    ]
    easy.language, second.second_language = "fr" + EASY, "fr"
    there = [plain, easy, second, await a_partner(session, 6, now, speaks=["uk"])]
    away, nowhere = [await a_partner(session, n, now, speaks=["fr"]) for n in (7, 8)]
    for one in (*there, poster, moderator):
        one.area_id = town.id
    away.area_id = other.id
    said = {"need": None, "language": "fr"}
    local = await published(session, poster, moderator, now, area=town.ref, **said)
    assert {*await owed(session, "post_new")} == {plain.id, easy.id, second.id}
    for one in (*there, away, nowhere):
        fits = local in (await posts.browse(session, one, now)).fitting
        assert fits == (one in (plain, easy, second))
    everywhere = await published(session, poster, moderator, now, **said)
    assert len(await owed(session, "post_new")) == 3, "it is on the board alone"
    assert everywhere in (await posts.browse(session, plain, now)).others


async def test_seeing_a_post_asks_the_database_once(session: AsyncSession, now: datetime) -> None:
    moderator = await a_judge(session, 1, now)
    poster, reader = await a_partner(session, 2, now), await a_partner(session, 3, now)
    post = await published(session, poster, moderator, now)
    asked: list[str] = []
    engine = session.get_bind()

    def note(*execution: Any) -> None:
        asked.append(execution[2])

    event.listen(engine, "before_cursor_execute", note)
    seen = await posts.seen(session, reader, post.ref, now)
    answer = await posts.my_answer(session, reader, seen.post, seen)
    event.remove(engine, "before_cursor_execute", note)
    assert (seen.post, answer, len(asked)) == (post, None, 1)


async def test_nobody_is_told_without_consent_nor_across_a_block(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 2, now)
    agrees, refuses, blocked, blocks_them = await who_know(session, 10, 4, now, [Need.EXPORT])
    await consents.switch(session, refuses, set(), now, version="1", language="en")
    await blocks.block(session, poster, blocked.id, now)
    await blocks.block(session, blocks_them, poster.id, now)
    post = await published(session, poster, moderator, now)
    assert await owed(session, "post_new") == [agrees.id]
    for one in (blocked, blocks_them):
        assert (await posts.browse(session, one, now)).fitting == []
        with pytest.raises(NotFoundError):
            await bridge.begin(session, one, exchanges.Kind.POST, post.ref, now)


async def test_nobody_reads_their_own_post_for_the_team_unless_they_are_alone(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    post = await a_post(session, moderator, now)
    await posts.approve(session, moderator, post.ref, now)  # there is nobody else
    animator = await a_judge(session, 2, now, RoleName.ANIMATOR)
    own = await a_post(session, animator, now)
    assert own.state == State.WAITING
    with pytest.raises(OwnTextError):
        await posts.approve(session, animator, own.ref, now)
    with pytest.raises(NotAllowedError):
        await posts.approve(session, await a_partner(session, 3, now), own.ref, now)
    await posts.refuse(session, moderator, own.ref, "unclear", now)
    assert await owed(session, "post_notice", "refused") == [animator.id]
    with pytest.raises(IllegalMoveError):
        await posts.approve(session, moderator, own.ref, now)


async def test_five_at_a_time_and_no_more(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        number = (await a_partner(session, 1, now)).id
        for _ in range(4):
            await a_post(session, await session.get_one(Person, number), now)

    async def writes() -> bool:
        try:
            async with database.transaction() as session:
                await a_post(session, await session.get_one(Person, number), now)
        except TooManyPostsError:
            return False
        return True

    assert sorted(await asyncio.gather(writes(), writes())) == [False, True]


# The clock


async def test_it_ends_after_thirty_days_with_two_reminders_and_comes_back_by_a_tap(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 2, now)
    post = await published(session, poster, moderator, now)
    rows = await session.scalars(
        select(Delivery.due_at).where(Delivery.kind == "post_expiring").order_by(Delivery.due_at)
    )
    assert list(rows) == [now + LASTS - 5 * DAY, now + LASTS - DAY]
    await posts.renew(session, poster, post.ref, now + 26 * DAY)
    assert len(await owed(session, "post_expiring")) == 2, "those about the earlier end are off"
    assert await posts.next_step(session) == now + 56 * DAY
    assert await posts.expire(session, now + 56 * DAY - timedelta(seconds=1)) == 0
    assert await posts.expire(session, now + 56 * DAY) == 1
    assert await posts.expire(session, now + 56 * DAY) == 0
    assert post.state == State.EXPIRED
    assert await owed(session, "post_notice", "expired") == [poster.id]
    assert (await posts.browse(session, moderator, now + 56 * DAY)).others == []
    await posts.renew(session, poster, post.ref, now + 57 * DAY)
    assert (post.state, post.expires_at) == (State.PUBLISHED, now + 87 * DAY)
    await posts.expire(session, now + 87 * DAY)
    with pytest.raises(TooLateError):
        await posts.renew(session, poster, post.ref, now + 150 * DAY)


async def test_renewing_is_no_way_round_the_team(session: AsyncSession, now: datetime) -> None:
    poster = await a_partner(session, 2, now)
    members = await who_know(session, 10, FIRST_READERS + 1, now, [Need.EXPORT])
    post = await a_post(session, poster, now)
    for one in members:
        await posts.browse(session, one, now)
    await posts.expire(session, now + 30 * DAY)
    await posts.renew(session, poster, post.ref, now + 31 * DAY)
    assert post.state == State.WAITING
    assert (await posts.browse(session, members[-1], now + 31 * DAY)).fitting == []


async def test_a_post_that_nobody_reads_rings_once(session: AsyncSession, now: datetime) -> None:
    animator = await a_judge(session, 1, now, RoleName.ANIMATOR)
    post = await a_post(session, await a_partner(session, 2, now), now)
    assert post.due_at is not None
    assert await posts.ring(session, post.due_at - timedelta(seconds=1)) == 0
    assert await posts.ring(session, post.due_at) == 1
    assert await posts.ring(session, post.due_at + DAY) == 0
    assert await owed(session, "team_notice", "post_waiting") == [animator.id] * 2


# Answers


async def test_contacts_are_shown_only_after_each_agrees_and_the_poster_first(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 2, now)
    answerer = await a_partner(session, 3, now, knows=[Need.EXPORT])
    post = await published(session, poster, moderator, now)
    exchange = await bridge.begin(session, answerer, exchanges.Kind.POST, post.ref, now)
    assert await bridge.begin(session, answerer, exchanges.Kind.POST, post.ref, now) is exchange
    await bridge.write(session, answerer, exchange.ref, "I have.", now, language="en")
    assert exchange.due_at is None, "nobody of the team has to answer"
    assert await owed(session, "bridge_message") == [poster.id]
    await bridge.write(session, poster, exchange.ref, "Tell me more.", now, language="en")
    assert answerer.id in await owed(session, "bridge_message")
    for stranger in (moderator, await a_partner(session, 4, now)):
        with pytest.raises(NotFoundError):
            await bridge.look(session, stranger, exchange.ref, now)
    (theirs,) = await posts.answers(session, poster, post.ref)
    assert theirs.other is None
    ref = theirs.answer.ref
    with pytest.raises(TooLateError):
        await posts.show_contact(session, answerer, ref, now)
    with pytest.raises(NotFoundError):
        await posts.show_contact(session, moderator, ref, now)
    assert (await posts.show_contact(session, poster, ref, now)).other is None
    mine = await posts.my_answer(session, answerer, post)
    assert mine is not None
    assert (mine.other, mine.has_agreed) == (poster, False)
    assert await owed(session, "post_notice", "contact") == [answerer.id]
    await posts.show_contact(session, answerer, ref, now)
    assert (await posts.opened(session, poster, ref)).other is answerer
    await posts.found(session, poster, post.ref, matches.Outcome.ADVICE, now, through=ref)
    assert (post.state, post.found_by_id) == (State.FOUND, answerer.id)
    assert await owed(session, "post_notice", "found") == [answerer.id]
    assert (await bridge.look(session, poster, exchange.ref, now)).may_write, "for a fortnight"
    assert not (await bridge.look(session, poster, exchange.ref, now + 15 * DAY)).may_write


async def test_a_block_ends_what_was_written_and_hides_the_contact(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster, answerer = await a_partner(session, 2, now), await a_partner(session, 3, now)
    post = await published(session, poster, moderator, now)
    exchange = await bridge.begin(session, answerer, exchanges.Kind.POST, post.ref, now)
    (seen,) = await posts.answers(session, poster, post.ref)
    await posts.show_contact(session, poster, seen.answer.ref, now)
    await blocks.block(session, answerer, poster.id, now)
    assert not (await bridge.look(session, poster, exchange.ref, now)).may_write
    assert await posts.answers(session, poster, post.ref) == []
    mine = await posts.my_answer(session, answerer, post)
    assert mine is not None
    assert mine.other is None


async def test_who_is_no_member_neither_writes_nor_reads_nor_answers(
    session: AsyncSession, now: datetime
) -> None:
    stranger = Person(telegram_id=99, met_at=now)
    session.add(stranger)
    await session.flush()
    post = await a_post(session, await a_partner(session, 1, now), now)
    with pytest.raises(NotAMemberError):
        await posts.write(session, stranger, Draft("ask", "advice"), "en", WORDS, now)
    with pytest.raises(NotAMemberError):
        await posts.browse(session, stranger, now)
    with pytest.raises(NotAMemberError):
        await posts.begin(session, stranger, post.ref, now)


async def test_only_its_poster_takes_it_off_and_then_nobody_sees_it(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 2, now)
    member = await a_partner(session, 3, now, knows=[Need.EXPORT])
    post = await published(session, poster, moderator, now)
    assert await owed(session, "post_new") == [member.id]
    for stranger in (member, moderator):
        with pytest.raises(NotFoundError):
            await posts.withdraw(session, stranger, post.ref, now)
        with pytest.raises(NotFoundError):
            await posts.renew(session, stranger, post.ref, now)
        with pytest.raises(NotFoundError):
            await posts.found(session, stranger, post.ref, "advice", now)
    await posts.withdraw(session, poster, post.ref, now)
    assert (await posts.browse(session, member, now)).fitting == []
    assert await owed(session, "post_new") == []
    assert await owed(session, "post_expiring") == []
    with pytest.raises(IllegalMoveError):
        await posts.renew(session, poster, post.ref, now)


async def test_what_is_taken_off_or_of_a_suspended_poster_is_not_read_by_who_has_answered(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster, answerer = await a_partner(session, 2, now), await a_partner(session, 3, now)
    post, other = [await published(session, poster, moderator, now) for _ in range(2)]
    for one in (post, other):
        await posts.begin(session, answerer, one.ref, now)
    await posts.withdraw(session, poster, post.ref, now)
    with pytest.raises(NotFoundError):
        await posts.look(session, answerer, post.ref, now)
    assert await posts.look(session, answerer, other.ref, now) is other
    session.add(
        MeasureTaken(
            person_id=poster.id, measure=Measure.SUSPEND, why=Why.FRAUD, taken_at=now,
            until=now + 7 * DAY,
        )
    )  # fmt: skip
    await session.flush()
    for reader in (answerer, await a_partner(session, 4, now)):
        with pytest.raises(NotFoundError):
            await posts.look(session, reader, other.ref, now)
    assert await posts.look(session, moderator, other.ref, now) is other
    assert await posts.look(session, answerer, other.ref, now + 8 * DAY) is other
