"""Reports: who judges what and sees what of it, what follows, and what can be said to it."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import (
    blocks,
    bridge,
    deliveries,
    erasure,
    events,
    exchanges,
    moderation,
    posts,
    retention,
    translating,
    translations,
)
from community.deliveries import Delivery
from community.errors import (
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
    SuspendedError,
    TooLateError,
    TooOftenError,
)
from community.events import Details, Event
from community.events import State as Planned
from community.exchanges import Exchange
from community.figures import Hidden
from community.matches.populating import taking_part
from community.measures import Measure, MeasureTaken, Why
from community.moderation import MOST_A_DAY, Report, What
from community.people import Person
from community.posts import LASTS, Post, State
from community.roles import Role, RoleName
from community.translations import ContentText, Reads
from tests.matching import a_partner
from tests.posting import a_judge, a_post

DAY = timedelta(days=1)


async def owed(session: AsyncSession, kind: str, what: str = "") -> list[int]:
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.kind == kind, Delivery.state.in_(deliveries.OPEN))
        .order_by(Delivery.id)
    )
    return [row.person_id for row in rows if row.person_id and what in str(row.args)]


async def a_town(session: AsyncSession, now: datetime) -> tuple[Person, Person, Person, Post]:
    """Return a moderator, a poster, who answers, and a published post."""
    moderator = await a_judge(session, 1, now)
    poster, answerer = await a_partner(session, 2, now), await a_partner(session, 3, now)
    post = await a_post(session, poster, now)
    await posts.approve(session, moderator, post.ref, now)
    return moderator, poster, answerer, post


async def written(
    session: AsyncSession, poster: Person, answerer: Person, post: Post, now: datetime
) -> Exchange:
    exchange = await bridge.begin(session, answerer, exchanges.Kind.POST, post.ref, now)
    for who, text in (
        (answerer, "secret one"),
        (poster, "secret two"),
        (answerer, "before"),
        (poster, "You are a fool."),
        (answerer, "after"),
    ):
        await bridge.write(session, who, exchange.ref, text, now, language="en")
    return exchange


async def measure_of(session: AsyncSession, person: Person) -> MeasureTaken:
    found = await session.scalars(
        select(MeasureTaken).where(MeasureTaken.person_id == person.id).order_by(MeasureTaken.id)
    )
    return found.all()[-1]


async def test_of_a_reported_message_only_it_and_the_one_before_are_shown(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    exchange = await written(session, poster, answerer, post, now)
    report = await moderation.report(session, answerer, "message", exchange.ref, "insult", now)
    assert (report.what, report.about_id) == (What.MESSAGE, poster.id)
    case = await moderation.opened(session, moderator, report.ref, now)
    assert [one.text for one in case.told] == ["before", "You are a fool."]
    assert case.post is None
    with pytest.raises(NotFoundError):
        await bridge.look(session, moderator, exchange.ref, now)
    assert not (await bridge.look(session, poster, exchange.ref, now)).may_write
    for stranger in (poster, answerer):
        with pytest.raises(NotAllowedError):
            await moderation.opened(session, stranger, report.ref, now)


async def test_any_of_the_last_messages_that_one_got_is_reported_and_none_of_ones_own(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    exchange = await written(session, poster, answerer, post, now)
    for number in range(8):
        await bridge.write(session, poster, exchange.ref, f"more {number}", now, language="en")
    got = await moderation.reportable(session, answerer, exchange.ref, now)
    assert [(number, one.text) for number, one in got] == [
        (3 + at, f"more {at}") for at in range(2, 8)
    ]
    first, other = [
        await moderation.report(
            session, answerer, "message", exchange.ref, "insult", now, number=number
        )
        for number in (2, 4)
    ]
    case = await moderation.opened(session, moderator, first.ref, now)
    assert [one.text for one in case.told] == ["before", "You are a fool."]
    case = await moderation.opened(session, moderator, other.ref, now)
    assert [one.text for one in case.told] == ["more 0", "more 1"]
    for number in (0, -1, 11):
        with pytest.raises(NotFoundError):
            await moderation.report(
                session, answerer, "message", exchange.ref, "insult", now, number=number
            )
    for stranger in (moderator, await a_partner(session, 9, now)):
        with pytest.raises(NotFoundError):
            await moderation.reportable(session, stranger, exchange.ref, now)
    last = await moderation.report(session, poster, "message", exchange.ref, "insult", now)
    assert last.about_id == answerer.id
    (mine,) = [
        one.text
        for one in (await moderation.opened(session, moderator, last.ref, now)).told
        if one.id == last.message_id
    ]
    assert mine == "after"


async def test_reporting_a_person_keeps_the_two_apart_at_once_and_twice_is_once(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    report = await moderation.report(session, answerer, "poster", post.ref, "fraud", now)
    assert await blocks.apart_from(session, poster.id) == {answerer.id}
    assert (report.what, report.about_id) == (What.PERSON, poster.id)
    assert await owed(session, "team_notice", "'report'") == [moderator.id]
    other = await a_partner(session, 9, now)
    first = await moderation.report(session, other, "post", post.ref, "advertising", now)
    assert await moderation.report(session, other, "post", post.ref, "fraud", now) is first
    with pytest.raises(NotUnderstoodError):
        await moderation.report(session, other, "post", post.ref, "dislike", now)
    with pytest.raises(NotUnderstoodError):
        await moderation.report(session, other, "network", post.ref, "fraud", now)
    with pytest.raises(NotFoundError):
        await moderation.report(session, poster, "post", post.ref, "fraud", now)


async def test_nobody_reports_more_than_ten_things_a_day(
    session: AsyncSession, now: datetime
) -> None:
    moderator, _poster, answerer, _post = await a_town(session, now)
    for number in range(MOST_A_DAY + 1):
        poster = await a_partner(session, 20 + number, now)
        post = await a_post(session, poster, now)
        await posts.approve(session, moderator, post.ref, now)
        if number < MOST_A_DAY:
            await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    with pytest.raises(TooOftenError):
        await moderation.report(session, answerer, "post", post.ref, "fraud", now)


async def test_a_warning_is_read_answered_once_and_lifted_by_somebody_else(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    animator = await a_judge(session, 8, now, RoleName.ANIMATOR)
    report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    await moderation.judge(
        session, moderator, report.ref, "warn", now, why="advertising", words="Once is enough.",
        language="fr",
    )  # fmt: skip
    assert await owed(session, "report_notice") == [answerer.id]
    assert await owed(session, "measure_notice") == [poster.id]
    row = await measure_of(session, poster)
    assert (row.measure, row.why, row.words) == (Measure.WARN, Why.ADVERTISING, "Once is enough.")
    with pytest.raises(NotFoundError):
        await moderation.about_me(session, answerer, row.ref)
    with pytest.raises(NotFoundError):
        await moderation.answer(session, answerer, row.ref, "Not me", "en", now)
    await moderation.answer(session, poster, row.ref, "It was no advertising.", "ar", now)
    with pytest.raises(TooLateError):
        await moderation.answer(session, poster, row.ref, "Once more", "ar", now)
    assert await owed(session, "team_notice", "measure_answered") == [animator.id]
    assert await moderation.answered(session, moderator, now) == []
    with pytest.raises(NotAllowedError):
        await moderation.review(session, moderator, row.ref, now, lift=False)
    await moderation.review(session, animator, row.ref, now, lift=True)
    assert row.lifted_at == now
    with pytest.raises(TooLateError):
        await moderation.review(session, animator, row.ref, now, lift=False)
    assert len(await owed(session, "measure_notice")) == 2


async def test_who_is_alone_reads_the_answer_to_their_own_decision(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    await moderation.judge(session, moderator, report.ref, "hide", now)
    assert [post.state] == [State.HIDDEN]
    assert not await posts.is_established(session, poster)
    row = await measure_of(session, poster)
    await moderation.answer(session, poster, row.ref, "Why?", "en", now)
    assert await moderation.answered(session, moderator, now) == [row]
    await moderation.review(session, moderator, row.ref, now, lift=True)
    await session.refresh(post)
    assert State(post.state) is State.PUBLISHED


async def test_only_a_post_of_the_reported_person_is_hidden(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    exchange = await written(session, poster, answerer, post, now)
    report = await moderation.report(session, poster, "message", exchange.ref, "insult", now)
    assert (report.about_id, report.post_id) == (answerer.id, None)
    report.post_id = post.id  # as it was kept before
    await session.flush()
    assert not (await moderation.opened(session, moderator, report.ref, now)).may_hide
    with pytest.raises(NotUnderstoodError):
        await moderation.judge(session, moderator, report.ref, "hide", now)
    assert post.state == State.PUBLISHED
    theirs = await moderation.report(session, answerer, "poster", post.ref, "fraud", now)
    assert (await moderation.opened(session, moderator, theirs.ref, now)).may_hide
    await moderation.judge(session, moderator, theirs.ref, "hide", now)
    assert State(post.state) is State.HIDDEN


async def hidden(
    session: AsyncSession, reporter: Person, moderator: Person, post: Post, now: datetime
) -> MeasureTaken:
    """Report a post, and hide it for that; return the measure."""
    report = await moderation.report(session, reporter, "post", post.ref, "fraud", now)
    await moderation.judge(session, moderator, report.ref, "hide", now)
    (row,) = await session.scalars(select(MeasureTaken).where(MeasureTaken.report_id == report.id))
    return row


async def lifted(session: AsyncSession, reader: Person, row: MeasureTaken, now: datetime) -> None:
    """Let whom it concerns answer a measure, and somebody lift it."""
    person = await session.get_one(Person, row.person_id)
    await moderation.answer(session, person, row.ref, "Why?", "en", now)
    await moderation.review(session, reader, row.ref, now, lift=True)


@pytest.mark.parametrize("was", ["expired", "found"])
async def test_what_is_over_is_hidden_too_and_never_renewed_into_sight(
    session: AsyncSession, now: datetime, was: str
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    await written(session, poster, answerer, post, now)
    if was == "expired":
        now += LASTS
        await posts.expire(session, now)
    else:
        await posts.found(session, poster, post.ref, "advice", now)
    ended_at = post.ended_at
    assert await posts.look(session, answerer, post.ref, now) is post
    row = await hidden(session, answerer, moderator, post, now + DAY)
    assert post.state == State.HIDDEN
    for verb in (posts.renew, posts.withdraw):
        with pytest.raises(IllegalMoveError):
            await verb(session, poster, post.ref, now + DAY)
    with pytest.raises(NotFoundError):
        await posts.look(session, answerer, post.ref, now + DAY)
    await lifted(session, moderator, row, now + 2 * DAY)
    assert (str(post.state), post.ended_at) == (was, ended_at), "as it was"


async def test_what_was_withdrawn_is_not_hidden_and_nobody_is_told_that_it_was(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    assert (await moderation.opened(session, moderator, report.ref, now)).may_hide
    await posts.withdraw(session, poster, post.ref, now)
    assert not (await moderation.opened(session, moderator, report.ref, now)).may_hide
    with pytest.raises(IllegalMoveError):
        await moderation.judge(session, moderator, report.ref, "hide", now)
    assert await owed(session, "measure_notice") == []


async def test_a_post_that_waited_waits_again_once_it_is_not_hidden_any_more(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster, reader = await a_partner(session, 2, now), await a_partner(session, 3, now)
    post = await a_post(session, poster, now)
    await posts.browse(session, reader, now)
    row = await hidden(session, reader, moderator, post, now)
    await lifted(session, moderator, row, now + DAY)
    assert (post.state, post.approved_at) == (State.WAITING, None)
    assert await owed(session, "team_notice", "post_waiting") == [moderator.id] * 2
    assert post.due_at is not None
    assert not await posts.is_established(session, poster)
    stranger = await a_partner(session, 4, now)
    with pytest.raises(NotFoundError):
        await posts.look(session, stranger, post.ref, now + DAY)
    await posts.approve(session, moderator, post.ref, now + DAY)
    second = await a_post(session, poster, now + DAY)
    row = await hidden(session, reader, moderator, second, now + DAY)
    await lifted(session, moderator, row, now + DAY + LASTS)
    assert second.state == State.EXPIRED, "its time was over meanwhile"
    await posts.renew(session, poster, second.ref, now + DAY + LASTS)
    assert str(second.state) == State.PUBLISHED


async def test_what_is_hidden_twice_is_seen_once_both_are_lifted(
    session: AsyncSession, now: datetime
) -> None:
    moderator, _poster, answerer, post = await a_town(session, now)
    other = await a_partner(session, 9, now)
    theirs = await moderation.report(session, other, "poster", post.ref, "insult", now)
    first = await hidden(session, answerer, moderator, post, now)
    await moderation.judge(session, moderator, theirs.ref, "hide", now)
    second = await measure_of(session, await session.get_one(Person, first.person_id))
    assert second is not first
    await lifted(session, moderator, first, now)
    assert post.state == State.HIDDEN
    await lifted(session, moderator, second, now)
    assert str(post.state) == State.PUBLISHED


async def test_two_who_lift_both_at_once_leave_nothing_hidden(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        moderator, _poster, answerer, _post = await a_town(session, now)
        other = await a_partner(session, 9, now)
        for number in range(20, 24):
            poster = await a_partner(session, number, now)
            post = await a_post(session, poster, now)
            await posts.approve(session, moderator, post.ref, now)
            theirs = await moderation.report(session, other, "poster", post.ref, "insult", now)
            await hidden(session, answerer, moderator, post, now)
            await moderation.judge(session, moderator, theirs.ref, "hide", now)
        refs = []
        for row in (await session.scalars(select(MeasureTaken))).all():
            poster = await session.get_one(Person, row.person_id)
            await moderation.answer(session, poster, row.ref, "Why?", "en", now)
            refs.append(row.ref)
        number = moderator.id

    async def lifts(ref: str) -> None:
        async with database.transaction() as session:
            actor = await session.get_one(Person, number)
            await moderation.review(session, actor, ref, now, lift=True)

    await asyncio.gather(*(lifts(ref) for ref in refs))
    async with database.transaction() as session:
        assert {*await session.scalars(select(Post.state))} == {State.PUBLISHED}


async def test_who_is_suspended_writes_to_no_member_until_it_ends_or_is_lifted(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    exchange = await written(session, poster, answerer, post, now)
    report = await moderation.report(session, poster, "message", exchange.ref, "harassment", now)
    with pytest.raises(NotUnderstoodError):
        await moderation.judge(session, moderator, report.ref, "suspend", now)
    await moderation.judge(session, moderator, report.ref, "suspend", now, days=7)
    for act in (
        a_post(session, answerer, now),
        posts.may_write(session, answerer, now),
        posts.begin(session, answerer, (await _another(session, moderator, now)).ref, now),
    ):
        with pytest.raises(SuspendedError):
            await act
    await bridge.close(session, answerer, exchange.ref, now)
    taking = {*await session.scalars(taking_part(now))}
    assert answerer not in taking
    assert poster in taking
    assert (await a_post(session, answerer, now + 7 * DAY)).state == State.WAITING
    assert answerer in {*await session.scalars(taking_part(now + 7 * DAY))}


async def _another(session: AsyncSession, moderator: Person, now: datetime) -> Post:
    post = await a_post(session, await a_partner(session, 77, now), now)
    await posts.approve(session, moderator, post.ref, now)
    return post


async def test_nobody_judges_what_is_theirs_unless_they_are_alone(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, _answerer, post = await a_town(session, now)
    mine = await moderation.report(session, moderator, "post", post.ref, "fraud", now)
    assert not (await moderation.opened(session, moderator, mine.ref, now)).is_own, "alone"
    animator = await a_judge(session, 8, now, RoleName.ANIMATOR)
    assert (await moderation.opened(session, moderator, mine.ref, now)).is_own
    with pytest.raises(NotAllowedError):
        await moderation.judge(session, moderator, mine.ref, "warn", now)
    with pytest.raises(NotAllowedError):
        await moderation.judge(session, poster, mine.ref, "nothing", now)
    await moderation.judge(session, animator, mine.ref, "nothing", now)
    with pytest.raises(TooLateError):
        await moderation.judge(session, animator, mine.ref, "warn", now)
    assert await moderation.queue(session, animator, now) == []
    assert await moderation.counts(session, now - DAY, now + DAY) == {
        (What.POST, Measure.NOTHING): 1
    }


async def test_whom_a_report_is_about_neither_sees_nor_judges_it_before_its_reporter(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    exchange = await written(session, poster, answerer, post, now)
    said = await moderation.report(session, answerer, "message", exchange.ref, "insult", now)
    report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    session.add(Role(person_id=poster.id, name=RoleName.MODERATOR, granted_at=now))
    await session.flush()
    said.about_id = None  # whose message it is, the message itself says
    await session.flush()
    assert await moderation.queue(session, poster, now) == []
    for one in (said, report):
        with pytest.raises(NotFoundError):
            await moderation.opened(session, poster, one.ref, now)
        with pytest.raises(NotFoundError):
            await moderation.judge(session, poster, one.ref, "nothing", now)
    assert await moderation.queue(session, moderator, now) == [said, report]
    mine = await moderation.report(session, moderator, "poster", post.ref, "fraud", now)
    assert not (await moderation.opened(session, moderator, mine.ref, now)).is_own
    await moderation.judge(session, moderator, mine.ref, "warn", now)
    assert (await measure_of(session, poster)).taken_by_id == moderator.id


async def test_who_alone_judges_sees_what_is_about_them(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    poster = await a_partner(session, 3, now)
    post = await a_post(session, moderator, now)
    await posts.approve(session, moderator, post.ref, now)
    report = await moderation.report(session, poster, "post", post.ref, "fraud", now)
    assert await moderation.queue(session, moderator, now) == [report]
    assert not (await moderation.opened(session, moderator, report.ref, now)).is_own


async def test_a_report_that_nobody_judges_rings_once_with_the_animators(
    session: AsyncSession, now: datetime
) -> None:
    _moderator, _poster, answerer, post = await a_town(session, now)
    animator = await a_judge(session, 8, now, RoleName.ANIMATOR)
    report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    assert report.due_at is not None
    assert await moderation.next_ring(session) == report.due_at
    assert await moderation.ring(session, report.due_at - timedelta(seconds=1)) == 0
    assert await moderation.ring(session, report.due_at) == 1
    assert await moderation.ring(session, report.due_at + DAY) == 0
    assert (await owed(session, "team_notice", "'report'")).count(animator.id) == 2


async def test_two_who_judge_at_once_take_one_measure(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        moderator, _poster, answerer, post = await a_town(session, now)
        other = await a_judge(session, 8, now, RoleName.ANIMATOR)
        report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
        ref, them = report.ref, [moderator.id, other.id]

    async def judges(number: int, measure: str) -> bool:
        try:
            async with database.transaction() as session:
                actor = await session.get_one(Person, number)
                await moderation.judge(session, actor, ref, measure, now)
        except TooLateError:
            return False
        return True

    came = await asyncio.gather(judges(them[0], "warn"), judges(them[1], "hide"))
    assert sorted(came) == [False, True]
    async with database.transaction() as session:
        assert len((await session.scalars(select(MeasureTaken))).all()) == 1
        assert len((await session.scalars(select(Report))).all()) == 1


async def an_event(session: AsyncSession, boss: Person, now: datetime) -> Event:
    details = Details(datetime(2026, 12, 10, 18, 0), "Europe/Paris", place="Library")  # noqa: DTZ001 - wall time
    made = await events.create(session, boss, details, {"title": "Tea"}, "en", now)
    return await events.publish(session, boss, made.ref, now)


async def in_french(session: AsyncSession, event: Event, boss: Person, now: datetime) -> None:
    words = {"title": "Le the"}
    await translations.write(session, boss, "event", event.id, "fr", words, now)


async def test_a_wrong_translation_goes_to_who_answers_for_it_and_blames_nobody(
    session: AsyncSession, now: datetime
) -> None:
    moderator, _poster, reader, _post = await a_town(session, now)
    boss = await a_judge(session, 8, now, RoleName.ANIMATOR)
    coordinator = await a_judge(session, 9, now, RoleName.COORDINATOR)
    translator = await a_judge(session, 10, now, RoleName.TRANSLATOR)
    event = await an_event(session, boss, now)
    await in_french(session, event, boss, now)
    (there,) = await moderation.sentences(session, reader, "event", event.ref, ["fr"], now)
    assert (there.field, there.text) == ("title", "Le the")

    async def reported(languages: list[str], ref: str = event.ref, field: str = "title") -> Report:
        return await moderation.report_text(
            session, reader, "event", ref, field, languages, now
        )  # fmt: skip

    report = await reported(["fr"])
    assert (report.what, report.why, report.about_id) == (What.TEXT, Why.WRONG_TRANSLATION, None)
    assert await reported(["fr"]) is report
    for wrong in ({"languages": ["en"]}, {"languages": ["fr"], "field": "description"}):
        with pytest.raises(NotFoundError):
            await reported(**wrong)
    assert await owed(session, "team_notice", "text_reported") == [boss.id]
    for one in (moderator, boss):
        assert await moderation.queue(session, one, now) == []
        with pytest.raises(NotFoundError):
            await moderation.opened(session, one, report.ref, now)
        with pytest.raises(NotFoundError):
            await moderation.judge(session, one, report.ref, "nothing", now)
    assert await moderation.wrong_texts(session, boss, now) == [report]
    for one in (coordinator, translator):
        assert await moderation.wrong_texts(session, one, now) == []
    with pytest.raises(NotAllowedError):
        await moderation.wrong_texts(session, reader, now)
    assert report.due_at is not None
    await moderation.ring(session, report.due_at)
    assert await owed(session, "team_notice", "text_reported") == [boss.id] * 2
    _same, found = await moderation.wrong_text(session, boss, report.ref, now)
    with pytest.raises(ChangedError):
        await moderation.settle_text(session, boss, report.ref, now, text="Le thé", seen="x")
    for one in (coordinator, translator, reader):
        with pytest.raises((NotAllowedError, NotFoundError)):
            await moderation.settle_text(
                session, one, report.ref, now, text="Non", seen=found.seal
            )
    await moderation.settle_text(session, boss, report.ref, now, text="Le thé", seen=found.seal)
    block = await translations.block(session, "event", event.id, Reads("fr"), "en")
    assert block is not None
    assert block.get("title") == "Le thé"
    assert await owed(session, "report_notice") == [reader.id]
    with pytest.raises(TooLateError):
        await moderation.settle_text(session, boss, report.ref, now)


async def test_nobody_reports_a_translation_that_they_cannot_see(
    session: AsyncSession, now: datetime
) -> None:
    moderator, _poster, reader, post = await a_town(session, now)
    boss = await a_judge(session, 8, now, RoleName.ANIMATOR)
    draft, held = await an_event(session, boss, now), await an_event(session, boss, now)
    draft.state = Planned.DRAFT
    for event in (draft, held):
        await in_french(session, event, boss, now)
    words = {"text": "Je cherche."}
    await translations.write(session, boss, posts.SUBJECT, post.id, "fr", words, now)
    await hidden(session, reader, moderator, post, now)
    with pytest.raises(NotFoundError):
        await moderation.report_text(session, reader, "event", draft.ref, "title", ["fr"], now)
    with pytest.raises(NotFoundError):
        await moderation.report_text(session, reader, "post", post.ref, "text", ["fr"], now)
    with pytest.raises(NotFoundError):
        await moderation.report_text(session, reader, "nothing", held.ref, "title", ["fr"], now)
    await moderation.report_text(session, reader, "event", held.ref, "title", ["fr"], now)


async def test_an_animator_puts_the_translation_of_an_ask_right(
    session: AsyncSession, now: datetime
) -> None:
    _moderator, _poster, reader, post = await a_town(session, now)
    boss = await a_judge(session, 8, now, RoleName.ANIMATOR)
    key = ("post", post.ref, "text", "fr")
    await translating.write(session, boss, key, "Je vend de la farine.", now)
    report = await moderation.report_text(session, reader, "post", post.ref, "text", ["fr"], now)
    _same, found = await moderation.wrong_text(session, boss, report.ref, now)
    right = "Je vends de la farine."
    await moderation.settle_text(session, boss, report.ref, now, text=right, seen=found.seal)
    block = await translations.block(session, "post", post.id, Reads("fr"), "en")
    assert block is not None
    assert block.get("text") == right
    with pytest.raises(NotFoundError):
        await translating.write(session, boss, (*key[:3], "en"), "Not theirs to write.", now)


async def test_an_export_tells_neither_who_reported_nor_what_was_judged_nor_what_came_of_it(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    await moderation.judge(session, moderator, report.ref, "warn", now)
    row = await measure_of(session, poster)
    row.lifted_at, row.lifted_by_id = now, moderator.id
    await session.flush()
    reported, judge = [await erasure.export(session, one) for one in (poster, moderator)]
    assert not {"reports"} & reported.keys()
    assert not {"reports", "measures"} & judge.keys()
    (mine,) = reported["measures"]
    assert (mine["measure"], mine["person_id"]) == ("warn", "you")
    assert not {"taken_by_id", "lifted_by_id", "report_id"} & mine.keys()
    told = await erasure.export(session, answerer)
    assert "measures" not in told
    (made,) = told["reports"]
    assert (made["reporter_id"], made["what"], made["why"]) == ("you", "post", "fraud")
    assert not {"about_id", "settled_by_id", "outcome"} & made.keys()


async def test_after_a_year_only_that_there_was_a_report_stays(
    session: AsyncSession, now: datetime
) -> None:
    moderator, _poster, answerer, post = await a_town(session, now)
    report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    await moderation.judge(session, moderator, report.ref, "warn", now)
    await retention.clean(session, now + 364 * DAY)
    await session.refresh(report)
    assert report.reporter_id == answerer.id
    await retention.clean(session, now + 366 * DAY)
    session.expire_all()
    report = (await session.scalars(select(Report))).one()
    assert (report.reporter_id, report.about_id, report.post_id) == (None, None, None)
    assert (report.what, report.outcome) == (What.POST, Measure.WARN)
    assert (await session.scalars(select(MeasureTaken))).all() == []


async def test_who_is_erased_leaves_neither_post_nor_words(
    session: AsyncSession, now: datetime
) -> None:
    moderator, poster, answerer, post = await a_town(session, now)
    await written(session, poster, answerer, post, now)
    report = await moderation.report(session, answerer, "post", post.ref, "fraud", now)
    await moderation.judge(session, moderator, report.ref, "warn", now)
    await erasure.erase(session, poster, now, b"key")
    session.expire_all()
    assert (await session.scalars(select(Post))).all() == []
    assert (await session.scalars(select(Exchange))).all() == []
    assert (await session.scalars(select(MeasureTaken))).all() == []
    words = select(ContentText).where(ContentText.subject == posts.SUBJECT)
    assert (await session.scalars(words)).all() == []


async def settled(
    session: AsyncSession, what: What, outcome: Measure, n: int, at: datetime
) -> None:
    for _ in range(n):
        session.add(Report(what=what, why=Why.OTHER, at=at, settled_at=at, outcome=outcome))
    await session.flush()


async def test_the_month_tells_how_much_was_settled_and_nothing_of_a_few(
    session: AsyncSession, now: datetime
) -> None:
    zone = ZoneInfo("Europe/Paris")
    await settled(session, What.POST, Measure.HIDE, 6, now)
    await settled(session, What.TEXT, Measure.NOTHING, 5, now)
    await settled(session, What.POST, Measure.HIDE, 9, now - 40 * DAY)
    found = await moderation.of_month(session, 2026, 11, zone, now + DAY)
    assert (found.by_what.cells[What.POST], found.by_what.total) == (6, 11)
    assert found.measures.cells == {Measure.WARN: 0, Measure.HIDE: 6, Measure.SUSPEND: 0}
    await settled(session, What.MESSAGE, Measure.NOTHING, 1, now)
    found = await moderation.of_month(session, 2026, 11, zone, now + DAY)
    assert isinstance(found.by_what.cells[What.MESSAGE], Hidden)
    assert {*found.measures.cells.values()} == {Hidden.COVERED}, "each would tell of the other"
