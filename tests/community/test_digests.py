"""The digest: what fits whom, what nobody is told twice, and that nothing leaves unseen."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    attendance,
    corrections,
    deliveries,
    digests,
    events,
    needs,
    posts,
    sends,
    today,
    topics,
)
from community.areas import Area
from community.attendance import Wish
from community.audiences import Audience
from community.deliveries import Delivery
from community.deliveries import State as Row
from community.digests import Digest, DigestItem, State
from community.errors import IllegalMoveError, NotAllowedError, NotFoundError
from community.events import Details, Event
from community.needs import Need
from community.people import Membership, Pace, Participation, Person
from community.providers import Organization, Service, Strength
from community.topics import Topic
from tests.community.test_sends import a_member, a_newsletter, staff
from tests.matching import a_partner
from tests.posting import a_judge, a_post

PARIS = ZoneInfo("Europe/Paris")
NOVEMBER = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
"""Nine in the morning in Paris, on the first."""


async def composed(session: AsyncSession, now: datetime = DECEMBER) -> Digest:
    await digests.compose(session, now, PARIS, "en")
    return (await session.scalars(select(Digest).order_by(Digest.id.desc()).limit(1))).one()


async def theirs(session: AsyncSession) -> Mapping[int, Mapping[str, Any]]:
    """Return what stands in whose digest."""
    rows = await session.scalars(select(Delivery).where(Delivery.kind == digests.KIND))
    return {row.person_id or 0: row.args for row in rows}


async def titles(session: AsyncSession, person: Person) -> set[tuple[str, int]]:
    """Return what kind and which row somebody's digest names."""
    args = (await theirs(session)).get(person.id, {"items": ""})
    numbers = {int(number) for number in args["items"].split(".") if number}
    items = await session.scalars(select(DigestItem).where(DigestItem.id.in_(numbers)))
    return {(str(item.kind), item.subject_id) for item in items}


async def an_area(session: AsyncSession, parent: Area | None = None) -> Area:
    area = Area(zone="Europe/Paris", made_at=NOVEMBER, parent_id=parent.id if parent else None)
    session.add(area)
    await session.flush()
    return area


async def an_event(session: AsyncSession, boss: Person, **said: Any) -> Event:
    details = Details(datetime(2026, 12, 10, 18, 0), "Europe/Paris", place="Library")  # noqa: DTZ001 - wall time
    made = await events.create(session, boss, details, {"title": "Tea"}, "en", NOVEMBER)
    event = await events.publish(session, boss, made.ref, NOVEMBER)
    for name, value in said.items():
        setattr(event, name, value)
    await session.flush()
    return event


async def a_service(session: AsyncSession, need: Need, made_at: datetime = NOVEMBER) -> Service:
    organization = Organization(made_at=made_at)
    session.add(organization)
    await session.flush()
    service = Service(
        organization_id=organization.id, need=need, languages=[], online=True, made_at=made_at
    )
    session.add(service)
    await session.flush()
    return service


async def gone_out(session: AsyncSession, boss: Person, audience: Audience | None = None) -> Any:
    send = await a_newsletter(session, boss, NOVEMBER)
    if audience is not None:
        await sends.edit(session, boss, send.ref, NOVEMBER, audience=audience)
    await sends.submit(session, boss, send.ref, NOVEMBER, network_language="en")
    await sends.schedule(session, boss, send.ref, None, NOVEMBER)
    await sends.start_due(session, NOVEMBER + sends.UNDO, network_language="en")
    for row in await session.scalars(select(Delivery).where(Delivery.send_id == send.id)):
        row.state = Row.SENT
    send.state = sends.State.SENT
    await session.flush()
    return send


async def test_what_stands_in_it_fits_area_languages_and_needs(session: AsyncSession) -> None:
    boss = await staff(session, 1, NOVEMBER)
    town, other = await an_area(session), await an_area(session)
    district = await an_area(session, town)
    amina, petro = await a_member(session, 2, NOVEMBER, "ar"), await a_member(session, 3, NOVEMBER)
    amina.area_id, petro.area_id, petro.second_language = district.id, other.id, "uk"
    await needs.look_for(session, amina, [Need.TAX])
    everywhere = await an_event(session, boss)
    in_town = await an_event(session, boss, area_id=town.id)
    in_ukrainian = await an_event(session, boss, languages=["uk"])
    about_tax = await an_event(session, boss, need=Need.TAX)
    tax = await a_service(session, Need.TAX)
    await a_service(session, Need.EXPORT)
    await a_service(session, Need.TAX, DECEMBER - timedelta(days=40))  # not new
    await composed(session)
    assert await titles(session, amina) == {
        ("event", everywhere.id),
        ("event", in_town.id),
        ("event", about_tax.id),
        ("service", tax.id),
    }
    assert await titles(session, petro) == {("event", everywhere.id), ("event", in_ukrainian.id)}


async def test_an_ask_about_a_place_alone_fits_who_lives_there_and_reads_it(
    session: AsyncSession,
) -> None:
    await staff(session, 1, NOVEMBER)
    moderator = await a_judge(session, 9, NOVEMBER)
    town, other = await an_area(session), await an_area(session)
    here, reads_other, away, nowhere = [
        await a_member(session, 2 + at, NOVEMBER, language)
        for at, language in enumerate(("ar", "uk", "ar", "ar"))
    ]
    here.area_id = reads_other.area_id = (await an_area(session, town)).id
    away.area_id = other.id
    poster = await a_partner(session, 7, NOVEMBER)
    post = await a_post(session, poster, NOVEMBER, language="ar", need=None, area=town.ref)
    await posts.approve(session, moderator, post.ref, NOVEMBER)
    await composed(session)
    assert await titles(session, here) == {("post", post.id)}
    for one in (reads_other, away, nowhere):
        assert await titles(session, one) == set()


async def test_nobody_is_told_twice_and_news_for_some_stays_theirs(session: AsyncSession) -> None:
    boss = await staff(session, 1, NOVEMBER)
    active, passive, answered = [await a_member(session, n, NOVEMBER) for n in (2, 3, 4)]
    passive.participation = answered.participation = Participation.DIGEST
    await needs.look_for(session, answered, [Need.TAX])
    for_all = await gone_out(session, boss)
    for_some = await gone_out(session, boss, Audience(needs=(Need.TAX,)))
    event = await an_event(session, boss)
    await attendance.answer(
        session, answered, event.ref, Wish.GOING, NOVEMBER, default_zone="Europe/Paris"
    )
    letters = select(Delivery).where(Delivery.send_id == for_all.id)
    (still_to_go,) = await session.scalars(letters.where(Delivery.person_id == active.id))
    still_to_go.state = Row.QUEUED
    await composed(session)
    assert await titles(session, active) == {("event", event.id)}
    assert await titles(session, passive) == {("event", event.id), ("send", for_all.id)}
    assert await titles(session, answered) == {("send", for_all.id), ("send", for_some.id)}
    # What a digest names can be opened by whom it was for, and by nobody else.
    may = [await corrections.may_open(session, p, for_some, DECEMBER) for p in (answered, passive)]
    assert may == [True, False]


async def test_it_is_for_those_who_agreed_and_have_not_ended_it_and_for_nobody_without_a_reason(
    session: AsyncSession,
) -> None:
    boss = await staff(session, 1, NOVEMBER)
    gets = await a_member(session, 2, NOVEMBER)
    await a_member(session, 3, NOVEMBER, agrees=False)
    await a_member(session, 4, NOVEMBER, state=Membership.PAUSED)
    (await a_member(session, 5, NOVEMBER)).participation = Participation.READING
    ended = await a_member(session, 6, NOVEMBER)
    await topics.turn(session, ended, Topic.DIGEST, NOVEMBER, on=False)
    no_events = await a_member(session, 7, NOVEMBER)
    await topics.turn(session, no_events, Topic.EVENTS, NOVEMBER, on=False)
    await an_event(session, boss)
    await composed(session)
    assert set(await theirs(session)) == {gets.id}


async def test_where_nothing_fits_anybody_nobody_is_asked_to_look(session: AsyncSession) -> None:
    await staff(session, 1, NOVEMBER)
    await a_member(session, 2, NOVEMBER)
    assert (await composed(session)).state == State.EMPTY
    assert not list(await session.scalars(select(Delivery)))


@pytest.mark.parametrize(
    ("moment", "count"),
    [
        (DECEMBER - timedelta(minutes=1), 0),
        (DECEMBER, 1),
        (DECEMBER + timedelta(days=7, minutes=-1), 1),
        (DECEMBER + timedelta(days=7), 0),
    ],
)
async def test_it_is_gathered_once_on_the_first_of_the_month(
    session: AsyncSession, moment: datetime, count: int
) -> None:
    await an_event(session, await staff(session, 1, NOVEMBER))
    await a_member(session, 2, NOVEMBER)
    for _run in range(2):
        await digests.compose(session, moment, PARIS, "en")
        assert len(await theirs(session)) == count
    assert await digests.next_composing(session, DECEMBER, PARIS) == datetime(
        2027, 1, 1, 8, 0, tzinfo=UTC
    )


async def test_many_are_gathered_portion_by_portion(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_event(session, await staff(session, 1, NOVEMBER))
    for number in range(2, 7):
        await a_member(session, number, NOVEMBER)
    monkeypatch.setattr("community.digests.composing.AT_ONCE", 2)
    for so_far in (2, 4, 5):
        digest = await composed(session)
        assert len(await theirs(session)) == so_far
    assert digest.state == State.IN_REVIEW


async def states(session: AsyncSession) -> set[Row]:
    rows = select(Delivery.state).where(Delivery.kind == digests.KIND)
    return {Row(state) for state in await session.scalars(rows)}


async def test_nothing_leaves_before_somebody_has_said_so_and_the_rest_can_be_stopped(
    session: AsyncSession,
) -> None:
    boss = await staff(session, 1, NOVEMBER)
    await an_event(session, boss)
    member = await a_member(session, 2, NOVEMBER)
    digest = await composed(session)
    later = DECEMBER + timedelta(days=2)
    rows = await deliveries.claim(session, "me", 10, 60, later)
    assert {row.kind for row in rows} == {"team_notice"}
    assert {row.person_id for row in rows} == {boss.id}
    with pytest.raises(NotAllowedError):
        await digests.approve(session, member, digest.ref, later)
    await digests.approve(session, boss, digest.ref, later)
    assert await deliveries.claim(session, "me", 10, 60, later) == []
    await digests.skip(session, boss, digest.ref, later + timedelta(seconds=5))
    assert await states(session) == {Row.CANCELLED}
    with pytest.raises(IllegalMoveError):
        await digests.approve(session, boss, digest.ref, later)


async def test_an_approved_one_goes_and_one_that_nobody_looked_at_lapses(
    session: AsyncSession,
) -> None:
    boss = await staff(session, 1, NOVEMBER)
    await an_event(session, boss)
    await a_member(session, 2, NOVEMBER)
    digest = await composed(session)
    too_late = DECEMBER + digests.REVIEWED_WITHIN[Pace.MONTH]
    async with session.begin_nested() as tried:
        await digests.approve(session, boss, digest.ref, DECEMBER)
        rows = await deliveries.claim(session, "me", 10, 60, DECEMBER + sends.UNDO)
        assert digests.KIND in {row.kind for row in rows}
        await tried.rollback()
    await session.refresh(digest)
    await digests.compose(session, too_late, PARIS, "en")
    await deliveries.expire(session, too_late)
    assert digest.state == State.LAPSED
    assert await states(session) == {Row.EXPIRED}
    assert (await digests.outcomes(session, digest)).total() == 1


@pytest.mark.parametrize("ended", [State.SKIPPED, State.LAPSED, State.APPROVED])
async def test_what_was_in_one_that_never_left_is_news_in_the_next(
    session: AsyncSession, ended: State
) -> None:
    boss = await staff(session, 1, NOVEMBER)
    passive = await a_member(session, 2, NOVEMBER)
    passive.participation = Participation.DIGEST
    letter = await gone_out(session, boss)
    digest = await composed(session)
    digest.state = ended
    await session.flush()
    january = datetime(2027, 1, 1, 8, 0, tzinfo=UTC)
    following = await composed(session, january)
    assert following.id != digest.id
    found = await session.scalars(
        select(DigestItem.subject_id).where(DigestItem.digest_id == following.id)
    )
    assert list(found) == ([] if ended == State.APPROVED else [letter.id])


async def test_an_item_is_left_out_of_everybodys_while_it_waits_and_not_afterwards(
    session: AsyncSession,
) -> None:
    boss, member = await staff(session, 1, NOVEMBER), await a_member(session, 2, NOVEMBER)
    await an_event(session, boss)
    digest = await composed(session)
    (item,) = (await digests.contents(session, digest, DECEMBER)).items
    with pytest.raises(NotAllowedError):
        await digests.leave_out(session, member, digest.ref, item.id, DECEMBER, out=True)
    with pytest.raises(NotFoundError):
        await digests.leave_out(session, boss, digest.ref, item.id + 1, DECEMBER, out=True)
    for out in (True, False, True):
        await digests.leave_out(session, boss, digest.ref, item.id, DECEMBER, out=out)
        standing = (await digests.contents(session, digest, DECEMBER)).items
        assert bool(standing) is not out
    await digests.approve(session, boss, digest.ref, DECEMBER)
    with pytest.raises(IllegalMoveError):
        await digests.leave_out(session, boss, digest.ref, item.id, DECEMBER, out=False)


async def test_the_story_is_the_newsletter_that_somebody_chose_or_else_the_newest(
    session: AsyncSession,
) -> None:
    boss = await staff(session, 1, NOVEMBER)
    older, newer = await gone_out(session, boss), await gone_out(session, boss)
    newer.started_at = older.started_at + timedelta(hours=1)
    await session.flush()
    await a_member(session, 2, NOVEMBER)
    event = await an_event(session, boss)
    digest = await composed(session)

    async def letters() -> list[int]:
        found = await digests.contents(session, digest, DECEMBER)
        return [item.subject_id for item in found.items if item.kind == digests.ItemKind.SEND]

    every = (await session.scalars(select(DigestItem))).all()
    items = {row.subject_id: row for row in every if row.kind == digests.ItemKind.SEND}
    assert await letters() == [newer.id, older.id]
    ref = digest.ref
    for chosen in (newer, older):  # there is one
        item = items[chosen.id].id
        await digests.tell(session, boss, ref, item, DECEMBER, story=True)
    assert await letters() == [older.id, newer.id]
    await digests.tell(session, boss, ref, items[older.id].id, DECEMBER, story=False)
    assert await letters() == [newer.id, older.id]
    item_of_event = next(
        row.id for row in every if row.subject_id == event.id and row.kind == "event"
    )
    with pytest.raises(NotFoundError):
        await digests.tell(session, boss, ref, item_of_event, DECEMBER, story=True)
    await digests.approve(session, boss, ref, DECEMBER)
    with pytest.raises(IllegalMoveError):
        await digests.tell(session, boss, ref, items[older.id].id, DECEMBER, story=True)


async def test_a_new_network_fits_by_what_else_it_is_good_at(session: AsyncSession) -> None:
    await staff(session, 1, NOVEMBER)
    amina, petro = await a_member(session, 2, NOVEMBER), await a_member(session, 3, NOVEMBER)
    await needs.look_for(session, amina, [Need.EXPORT, Need.TAX])
    await needs.look_for(session, petro, [Need.FINANCE])
    network = await a_service(session, Need.MENTORING)
    for need, is_strength in ((Need.TAX, True), (Need.FINANCE, False)):
        session.add(Strength(service_id=network.id, need=need, is_strength=is_strength))
    await session.flush()
    await composed(session)
    assert await titles(session, amina) == {("service", network.id)}
    assert await titles(session, petro) == set(), "it is weak in that"


async def test_a_digest_that_waits_is_a_line_of_today(session: AsyncSession) -> None:
    boss = await staff(session, 1, NOVEMBER)
    await a_member(session, 2, NOVEMBER)
    await an_event(session, boss)

    async def waiting() -> int:
        midnight = DECEMBER + timedelta(hours=12)
        found = await today.look(session, boss, midnight, DECEMBER, network_language="en")
        return found.digests

    assert await waiting() == 0
    digest = await composed(session)
    assert await waiting() == 1
    await digests.approve(session, boss, digest.ref, DECEMBER)
    assert await waiting() == 0


MONDAY = datetime(2026, 12, 7, 8, 0, tzinfo=UTC)
"""Nine in the morning in Paris, on a Monday; of two weeks that are counted it is the second."""


async def test_who_wants_it_each_week_has_one_of_their_own_and_nothing_twice(
    session: AsyncSession,
) -> None:
    boss = await staff(session, 1, NOVEMBER)
    monthly, weekly = await a_member(session, 2, NOVEMBER), await a_member(session, 3, NOVEMBER)
    event = await an_event(session, boss)
    first = await composed(session)
    assert first.pace == Pace.MONTH
    assert set(await theirs(session)) == {monthly.id, weekly.id}
    await digests.approve(session, boss, first.ref, DECEMBER)
    weekly.digest_every = Pace.WEEK
    new = await an_event(session, boss)
    letter = await gone_out(session, boss)
    letter.started_at = MONDAY - timedelta(days=1)
    await session.flush()
    for row in await session.scalars(select(Delivery).where(Delivery.send_id == letter.id)):
        await session.delete(row)  # it reached nobody by itself
    assert await digests.next_composing(session, DECEMBER, PARIS) == MONDAY
    second = await composed(session, MONDAY)
    assert (second.pace, second.month) == (Pace.WEEK, "2026w50")
    rows = await session.scalars(select(Delivery).where(Delivery.subject_id == second.id))
    owed = {row.person_id: row.args["items"] for row in rows if row.kind == digests.KIND}
    assert owed.keys() == {weekly.id}
    told = {row.id: row.subject_id for row in await session.scalars(select(DigestItem))}
    named = {told[int(number)] for number in owed[weekly.id].split(".")}
    assert named == {new.id, letter.id}
    assert event.id not in named - {letter.id}, "they have read of it in the month's"
    assert await composed(session, MONDAY + timedelta(days=1)) is second
    await digests.compose(session, MONDAY + timedelta(days=5), PARIS, "en")
    await session.refresh(second)
    assert second.state == State.LAPSED


@pytest.mark.parametrize(("pace", "days"), [(Pace.WEEK, 7), (Pace.FORTNIGHT, 14)])
def test_weeks_begin_on_mondays_at_nine_where_the_network_is(pace: Pace, days: int) -> None:
    this = digests.begins(NOVEMBER, PARIS, pace)
    for later in range(30):
        one = digests.begins(NOVEMBER, PARIS, pace, later=later).astimezone(PARIS)
        assert (one.weekday(), one.hour) == (0, 9)
        assert (one.date() - this.astimezone(PARIS).date()).days == later * days
    assert timedelta(0) <= NOVEMBER - this < timedelta(days=days)
