"""Cohorts: nobody belongs without their own yes; events and news for them reach them alone."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, cohorts, erasure, people, sends
from community.attendance import Attendance
from community.attendance import State as Came
from community.audiences import EVERYBODY, Audience, audience_of
from community.cohorts import Cohort, CohortMember
from community.digests.contents import Around, Contents, Reader, contents, fitting
from community.digests.table import Digest, DigestItem, ItemKind
from community.errors import (
    IllegalMoveError,
    LinkRefusedError,
    NotAMemberError,
    NotUnderstoodError,
    TooLateError,
)
from community.figures import Hidden
from community.figures.cohorts import LATER, CohortFigures, read_cohorts
from community.people import Person
from community.sends import Kind, Send
from community.sends import State as Sending
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event
from tests.community.test_event_audience import sees

DAY = timedelta(days=1)


async def a_cohort(
    session: AsyncSession, animator: Person, now: datetime, *, days: int = 60
) -> Cohort:
    ends = now + days * DAY
    return await cohorts.add(session, animator, "en", "Books", now.date(), ends, now)


async def say_yes(session: AsyncSession, person: Person, cohort: Cohort, now: datetime) -> None:
    await cohorts.join(session, person, cohort.ref, now, version="1", language="en")


async def audience(session: AsyncSession, chosen: Audience, now: datetime) -> set[int]:
    rows = await session.scalars(select(Person.id).where(*chosen.conditions(now, "en")))
    return set(rows)


async def test_a_link_changes_nothing_and_only_a_members_own_yes_counts(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    cohort = await a_cohort(session, animator, now)
    member = await a_member(session, 1, now)
    stranger = await people.meet(session, 2, now, name="Zoe")
    await cohorts.invited(session, member, cohort.ref)
    assert not await cohorts.is_in(session, member, cohort)
    with pytest.raises(NotAMemberError):
        await say_yes(session, stranger, cohort, now)
    await say_yes(session, member, cohort, now)
    await say_yes(session, member, cohort, now + DAY)
    row = await session.get_one(CohortMember, (cohort.id, member.id))
    assert (row.version, row.language, row.joined_at) == ("1", "en", now), "the first yes stands"
    who = await cohorts.who(session, animator, cohort.ref, now, size=9)
    assert [one.id for one in who.rows] == [member.id]

    await cohorts.let_in(session, animator, cohort.ref, now, on=False)
    with pytest.raises(LinkRefusedError):
        await say_yes(session, await a_member(session, 3, now), cohort, now)
    with pytest.raises(LinkRefusedError):
        await cohorts.invited(session, member, "nothing")
    assert await cohorts.invited(session, member, cohort.ref) is cohort, "who belongs, looks"


async def test_events_and_news_for_a_cohort_are_for_whoever_belongs_to_it_now(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    cohort, other = [await a_cohort(session, animator, now) for _ in range(2)]
    mine, gone, elsewhere, stranger = [await a_member(session, one, now) for one in range(1, 5)]
    for person in (mine, gone):
        await say_yes(session, person, cohort, now)
    await say_yes(session, elsewhere, other, now)
    event = await an_event(session, animator, now)
    send = await sends.announce(session, animator, event.ref, now)
    await sends.mean_for(session, animator, event.ref, now, cohort=cohort.ref)
    assert event.is_for_some
    assert await audience_of(session, event, EVERYBODY) == Audience(cohorts=(cohort.ref,))
    assert send.is_for == Audience(cohorts=(cohort.ref,)), "kept in the row and read again"
    assert await audience(session, send.is_for, now) == {mine.id, gone.id}
    await cohorts.leave(session, gone, cohort.ref, now)
    await cohorts.leave(session, stranger, cohort.ref, now)
    assert await audience(session, send.is_for, now) == {mine.id}
    assert [await sees(session, one, event, now) for one in (mine, gone, elsewhere, stranger)] == [
        *(True, False, False, False)
    ]
    item = DigestItem(id=1, kind=ItemKind.EVENT, subject_id=event.id)
    found, known = Contents(Digest(), [item], {1: event}, {}), Around({}, {}, {})
    reads = frozenset({"en"})
    assert fitting(found, known, Reader(reads, cohorts=frozenset({cohort.id}))) == [item]
    assert fitting(found, known, Reader(reads, cohorts=frozenset({other.id}))) == []

    with pytest.raises(NotUnderstoodError):
        await sends.mean_for(session, animator, event.ref, now, area="x", cohort=cohort.ref)
    await sends.mean_for(session, animator, event.ref, now)
    assert await sees(session, stranger, event, now)
    assert send.is_for == EVERYBODY


async def test_once_it_is_over_it_goes_on_or_ends_and_all_stay_members_of_the_network(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    goes_on, ends = [await a_cohort(session, animator, now, days=days) for days in (1, 2)]
    member = await a_member(session, 1, now)
    for cohort in (goes_on, ends):
        await say_yes(session, member, cohort, now)
        with pytest.raises(TooLateError):
            await cohorts.settle(session, animator, cohort.ref, now, goes_on=True)
    assert list(await session.scalars(cohorts.over(now + 2 * DAY))) == [goes_on, ends]
    after = now + 3 * DAY
    await cohorts.settle(session, animator, goes_on.ref, after, goes_on=True)
    await cohorts.settle(session, animator, goes_on.ref, after, goes_on=True)
    with pytest.raises(IllegalMoveError):
        await cohorts.settle(session, animator, goes_on.ref, after, goes_on=False)
    await cohorts.settle(session, animator, ends.ref, after, goes_on=False)
    assert list(await session.scalars(cohorts.over(after))) == []
    assert await cohorts.mine(session, member) == [goes_on]
    assert member.is_member
    with pytest.raises(TooLateError):
        await cohorts.let_in(session, animator, ends.ref, after, on=True)
    event = await an_event(session, animator, after)
    with pytest.raises(NotUnderstoodError):
        await sends.mean_for(session, animator, event.ref, after, cohort=ends.ref)


@pytest.mark.parametrize("after", [-1, -90])
async def test_what_ends_before_it_begins_or_now_is_refused(
    session: AsyncSession, now: datetime, after: int
) -> None:
    animator = await an_animator(session, now)
    begins = (now + 9 * DAY).date()
    for ends in (now + after * DAY, now + 5 * DAY):
        with pytest.raises(NotUnderstoodError):
            await cohorts.add(session, animator, "en", "Books", begins, ends, now)


async def figures_of(session: AsyncSession, animator: Person, now: datetime) -> CohortFigures:
    (found,) = await read_cohorts(session, animator, now, size=5)
    return found


async def test_a_cohorts_activity_is_a_figure_and_of_few_members_nothing_is_told(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    cohort = await a_cohort(session, animator, now)
    members = [await a_member(session, one, now) for one in range(1, 13)]
    for member in members[:4]:
        await say_yes(session, member, cohort, now)
    few = await figures_of(session, animator, now)
    assert {few.members, few.events, few.attendances, few.news} == {Hidden.FEW}
    for member in members[4:]:
        await say_yes(session, member, cohort, now)
    await cohorts.leave(session, members[11], cohort.ref, now)  # before its end: is none of them
    event = await an_event(session, animator, now)
    await sends.mean_for(session, animator, event.ref, now, cohort=cohort.ref)
    came = {"event_id": event.id, "state": Came.ATTENDED, "answered_at": now}
    session.add_all(Attendance(person_id=one.id, **came) for one in members[:6])
    for state in (Sending.SENT, Sending.DRAFT):
        for chosen in (Audience(cohorts=(cohort.ref,)), Audience(languages=("en",))):
            letter = Send(kind=Kind.NEWSLETTER, state=state, made_at=now)
            letter.for_whom = chosen.as_json()
            session.add(letter)
    await session.flush()
    assert (await figures_of(session, animator, now)).events == 0, "it has not been yet"
    then = cohort.ends_at + DAY
    found = await figures_of(session, animator, then)
    assert (found.members, found.events, found.attendances, found.news) == (11, 1, 6, 1)
    assert found.still_active is None, "three months are not over"
    await cohorts.settle(session, animator, cohort.ref, then, goes_on=False)
    later = cohort.ends_at + LATER
    for member in members[:6]:
        member.seen_at = later
    await session.flush()
    found = await figures_of(session, animator, later)
    assert (found.members, found.still_active) == (11, 6)
    members[6].seen_at = members[7].seen_at = later
    await session.flush()
    found = await figures_of(session, animator, later)
    assert isinstance(found.still_active, Hidden), "it would tell of the three who are not"


async def test_an_answer_given_as_a_member_stays_after_leaving(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    cohort, member = await a_cohort(session, animator, now), await a_member(session, 1, now)
    await say_yes(session, member, cohort, now)
    event = await an_event(session, animator, now)
    await sends.mean_for(session, animator, event.ref, now, cohort=cohort.ref)
    wish = attendance.Wish.GOING
    await attendance.answer(session, member, event.ref, wish, now, default_zone=ZONE)
    await cohorts.leave_all(session, member, now)
    assert await cohorts.mine(session, member) == []
    assert await sees(session, member, event, now)


async def test_a_digest_that_waits_says_nothing_of_a_cohort_that_somebody_has_left_since(
    session: AsyncSession, now: datetime
) -> None:
    animator, member = await an_animator(session, now), await a_member(session, 1, now)
    cohort = await a_cohort(session, animator, now)
    await say_yes(session, member, cohort, now)
    theirs, open_to_all = [await an_event(session, animator, now) for _ in range(2)]
    await sends.mean_for(session, animator, theirs.ref, now, cohort=cohort.ref)
    digest = Digest(month="2026-12", since=now, made_at=now + DAY / 24)
    session.add(digest)
    await session.flush()
    for event in (theirs, open_to_all):
        item = DigestItem(digest_id=digest.id, kind=ItemKind.EVENT, subject_id=event.id)
        session.add(item)
    await session.flush()

    async def named() -> set[int]:
        found = await contents(session, digest, now + DAY)
        return {item.subject_id for item in found.items}

    assert await named() == {theirs.id, open_to_all.id}
    await cohorts.leave(session, member, cohort.ref, now + DAY / 2)
    assert await named() == {open_to_all.id}


async def test_who_takes_their_data_along_reads_the_name_of_their_course(
    session: AsyncSession, now: datetime
) -> None:
    cohort = await a_cohort(session, await an_animator(session, now), now)
    member = await a_member(session, 1, now)
    await say_yes(session, member, cohort, now)
    (row,) = (await erasure.export(session, member))["cohort_members"]
    assert row["cohort"] == "Books"
