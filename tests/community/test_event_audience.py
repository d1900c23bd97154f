"""An event for some: who sees it, who keeps seeing it, and who is counted and told."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, attendance, digests, events, groups, invitees, needs, sends, series
from community.areas import Area
from community.attendance import Wish
from community.audiences import EVERYBODY, Audience, audience_of
from community.digests.contents import Reader
from community.errors import NotForYouError, NotUnderstoodError
from community.events import Event
from community.needs import Need
from community.people import Person
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event


async def an_area(session: AsyncSession, now: datetime, within: Area | None = None) -> Area:
    area = Area(zone=ZONE, made_at=now, parent_id=within.id if within else None)
    session.add(area)
    await session.flush()
    return area


async def sees(session: AsyncSession, person: Person, event: Event, now: datetime) -> bool:
    """Say whether somebody has an event in the list; a link or button says the same."""
    listed = await attendance.upcoming(session, person, now, size=8)
    try:
        await attendance.visible(session, person, event.ref, now)
    except NotForYouError:
        assert event.id not in [one.id for one in listed.rows]
        return False
    assert event.id in [one.id for one in listed.rows]
    return True


async def test_an_event_for_one_need_or_area_is_seen_answered_and_counted_by_these_alone(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    seeker, stranger, early = [await a_member(session, number, now) for number in (1, 2, 3)]
    await needs.look_for(session, seeker, [Need.TAX])
    await attendance.answer(session, early, event.ref, Wish.GOING, now, default_zone=ZONE)
    assert await sees(session, stranger, event, now)

    await sends.mean_for(session, animator, event.ref, now, need=Need.TAX)
    assert await sees(session, seeker, event, now)
    assert await sees(session, early, event, now), "who has said yes keeps seeing it"
    assert not await sees(session, stranger, event, now)
    with pytest.raises(NotForYouError):
        await attendance.answer(session, stranger, event.ref, Wish.GOING, now, default_zone=ZONE)

    town = await an_area(session, now)
    quarter = await an_area(session, now, town)
    other = await an_area(session, now)
    areas.settle(stranger, quarter)
    areas.settle(seeker, other)
    await session.flush()
    await sends.mean_for(session, animator, event.ref, now, area=town.ref)
    assert await sees(session, stranger, event, now), "the quarter is in the town"
    assert not await sees(session, seeker, event, now)
    aimed = await audience_of(session, event, EVERYBODY)
    assert aimed == Audience(areas=(town.ref,))
    assert (await invitees.count(session, aimed, now, "en")).total == 1

    await sends.mean_for(session, animator, event.ref, now)
    assert await sees(session, seeker, event, now)
    with pytest.raises(NotUnderstoodError):
        await sends.mean_for(session, animator, event.ref, now, need=Need.TAX, area=town.ref)


async def test_announcement_groups_digest_and_later_dates_follow_whom_an_event_is_for(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now)
    await series.repeat(session, animator, event.ref, series.Every.WEEK, now, times=3)
    group = await groups.link(session, animator, -5, groups.Kind.GROUP, "Café", now)
    await groups.change(session, animator, group.ref, "language", "en", now)
    await groups.post(session, animator, event.ref, group.ref, now)
    send = await sends.announce(session, animator, event.ref, now)
    languages = Audience(languages=("en",))
    await sends.edit(session, animator, send.ref, now, audience=languages)
    town, other = await an_area(session, now), await an_area(session, now)

    await sends.mean_for(session, animator, event.ref, now, area=town.ref)
    assert send.is_for == Audience(languages=("en",), areas=(town.ref,))
    assert not await groups.for_event(session, animator, event.ref, now)
    await session.refresh(event)
    later = await attendance.upcoming(session, animator, now, size=8)
    assert [one.audience_area_id for one in later.rows] == [town.id] * 3

    digest = digests.Digest(month="2026-12", since=now, made_at=now + timedelta(hours=1))
    session.add(digest)
    await session.flush()
    session.add(
        digests.DigestItem(digest_id=digest.id, kind=digests.ItemKind.EVENT, subject_id=event.id)
    )
    await session.flush()
    found = await digests.contents(session, digest, now)
    known = await digests.around(session, found)
    event_for = {
        area: len(digests.fitting(found, known, Reader(frozenset({"en"}), area)))
        for area in (town.id, other.id, None)
    }
    assert event_for == {town.id: 1, other.id: 0, None: 0}
    digest.made_at = now - timedelta(hours=1)
    assert not (await digests.contents(session, digest, now)).items, "composed for others"

    await sends.mean_for(session, animator, event.ref, now)
    assert send.is_for == languages
    assert event.state == events.State.PUBLISHED
