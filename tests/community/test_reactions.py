"""What members say with one press: one for each text, theirs alone, and counted without a few."""

from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import corrections, erasure, events, reactions
from community.errors import NotAllowedError, NotAMemberError, NotFoundError
from community.events import Details
from community.figures.protecting import Hidden
from community.people import Membership, Participation
from community.reactions import Meaning, Reaction
from community.sends import Send, State
from tests.community.test_sends import a_member, a_newsletter, staff


async def one_that_is_out(session: AsyncSession, now: datetime) -> Send:
    send = await a_newsletter(session, await staff(session, 1, now), now)
    send.state, send.started_at = State.SENT, now
    await session.flush()
    return send


async def test_a_member_says_one_thing_of_a_text_changes_it_and_takes_it_back(
    session: AsyncSession, now: datetime
) -> None:
    send = await one_that_is_out(session, now)
    reader = await a_member(session, 10, now)
    reader.participation = Participation.READING  # whoever only reads may, too
    for meaning in (Meaning.USEFUL, Meaning.USEFUL, Meaning.MORE):
        await reactions.react_to_letter(session, reader, send.ref, meaning, now)
        assert await reactions.said_by(session, reader, send) == meaning
    assert await session.scalar(select(func.count()).select_from(Reaction)) == 1
    for _again in range(2):
        await reactions.react_to_letter(session, reader, send.ref, None, now)
        assert await reactions.said_by(session, reader, send) is None


async def test_who_has_not_joined_says_nothing_and_nobody_of_what_is_not_theirs_to_read(
    session: AsyncSession, now: datetime
) -> None:
    send = await one_that_is_out(session, now)
    stranger = await a_member(session, 10, now, state=Membership.JOINING)
    with pytest.raises(NotAMemberError):
        await reactions.react_to_letter(session, stranger, send.ref, Meaning.USEFUL, now)
    member = await a_member(session, 11, now)
    send.for_whom = {"languages": ["uk"]}
    await session.flush()
    with pytest.raises(NotFoundError):
        await reactions.react_to_letter(session, member, send.ref, Meaning.USEFUL, now)
    send.for_whom, send.state = {}, State.DRAFT
    send.started_at = None
    await session.flush()
    with pytest.raises(NotFoundError):
        await reactions.react_to_letter(session, member, send.ref, Meaning.USEFUL, now)


async def test_what_is_said_of_a_corrected_newsletter_is_said_of_the_first(
    session: AsyncSession, now: datetime
) -> None:
    first = await one_that_is_out(session, now)
    author = await staff(session, 2, now)
    correction = await corrections.correct(session, author, first.ref, now)
    correction.state, correction.started_at = State.SENT, now
    await session.flush()
    member = await a_member(session, 10, now)
    await reactions.react_to_letter(session, member, correction.ref, Meaning.USEFUL, now)
    assert await reactions.said_by(session, member, first) == Meaning.USEFUL


async def test_the_team_reads_counts_and_of_few_none(session: AsyncSession, now: datetime) -> None:
    author = await staff(session, 1, now)
    wall = now.replace(tzinfo=None)
    details = Details(wall.replace(year=wall.year + 1), "Europe/Paris", place="Library")
    event = await events.create(session, author, details, {"title": "Tea"}, "en", now)
    await events.publish(session, author, event.ref, now)
    members = [await a_member(session, 10 + at, now) for at in range(13)]
    for at, member in enumerate(members):
        meaning = Meaning.MORE if at < 6 else Meaning.USEFUL if at < 11 else Meaning.NOT_FOR_ME
        await reactions.react_to_event(session, member, event.ref, meaning, now)
    table = await reactions.counts(session, author, event, now)
    assert table.cells == {
        Meaning.USEFUL: Hidden.COVERED,  # else the sum would tell of the two
        Meaning.MORE: 6,
        Meaning.NOT_FOR_ME: Hidden.COVERED,
    }
    with pytest.raises(NotAllowedError):
        await reactions.counts(session, members[0], event, now)


async def test_who_is_erased_has_said_nothing(session: AsyncSession, now: datetime) -> None:
    send = await one_that_is_out(session, now)
    member = await a_member(session, 10, now)
    await reactions.react_to_letter(session, member, send.ref, Meaning.USEFUL, now)
    told = await erasure.export(session, member)
    assert told["reactions"][0]["meaning"] == Meaning.USEFUL
    await erasure.erase(session, member, now, b"key")
    assert await session.scalar(select(func.count()).select_from(Reaction)) == 0
