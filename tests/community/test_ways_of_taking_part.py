"""Active, gathered once a month, or only looking: what reaches whom, and what is counted."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, judging, sends, surveys
from community.audiences import Standing
from community.consents import Consent, Purpose
from community.deliveries import Plan
from community.people import Membership, Participation, Person
from community.policy import POLICY, UNASKED
from tests.community.test_sends import NETWORK, ZONE, a_member, a_newsletter, staff

WAYS = (None, *Participation)


async def what_goes(session: AsyncSession, person: Person, now: datetime) -> dict[str, str | None]:
    """Owe somebody one of everything; return why what does not go at once does not."""
    for kind in POLICY:
        await deliveries.plan(session, now, Plan(kind, person.id, f"{kind}:{person.id}", now))
    found: dict[str, str | None] = {}
    while rows := await deliveries.claim(session, "me", 100, 60, now):
        for row in rows:
            readers = await judging.readers(session, [row], now, NETWORK)
            readers[person.id].agrees_to = {*Purpose}
            readers[person.id].unasked = []
            verdict = judging.judge(row, readers[person.id], now, ZONE)
            found[row.kind] = verdict.reason
            outcome = deliveries.Outcome(row.id, row.kind, verdict.state, verdict.reason)
            await deliveries.settle(session, [outcome], now)
    return found


@pytest.mark.parametrize("way", WAYS)
async def test_what_somebody_asked_for_comes_however_they_take_part(
    session: AsyncSession, now: datetime, way: Participation | None
) -> None:
    person = await a_member(session, 1, now)
    person.participation = way
    fates = await what_goes(session, person, now)
    assert fates.keys() == POLICY.keys()
    assert fates.pop("exit_survey") == Membership.ACTIVE, "only who has left is asked"
    kept_back = {kind for kind, reason in fates.items() if reason}
    assert {fates[kind] for kind in kept_back} <= {way}
    expected = {
        Participation.DIGEST: {
            *("event_invitation", "newsletter", "offer", "step_nudge", "post_new"),
        },
        # A guide may only read, and has said that they may be asked.
        Participation.READING: {*UNASKED, "missed_question"} - {"match_proposed", "exit_survey"},
    }
    assert kept_back == (expected.get(way, set()) if way else set())


async def test_who_has_news_gathered_or_only_looks_is_counted_apart_and_outcomes_add_up(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    ways = [*WAYS, None, Participation.DIGEST, None]
    members = [await a_member(session, 10 + number, now) for number in range(len(ways))]
    for member, way in zip(members, ways, strict=True):
        member.participation = way
    send = await a_newsletter(session, author, now)
    run = await sends.dry_run(session, send, NETWORK, now)
    counted = [run.people, run.left(Standing.DIGEST), run.left(Standing.READING)]
    assert counted == [4, 2, 1]
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    later = now + sends.UNDO
    await sends.start_due(session, later, network_language=NETWORK)
    assert send.audience == run.people
    members[0].participation = Participation.DIGEST  # after the rows were made
    rows = await deliveries.claim(session, "me", 10, 60, later)
    readers = await judging.readers(session, rows, later, NETWORK)
    fates = [judging.judge(row, readers[row.person_id or 0], later, ZONE).reason for row in rows]
    assert sorted(map(str, fates)) == ["None", "None", "None", "digest"]
    assert len(rows) == send.audience


async def test_whoever_only_looks_is_not_put_down_as_asked(
    session: AsyncSession, now: datetime
) -> None:
    person = await a_member(session, 1, now)
    session.add(
        Consent(
            person_id=person.id,
            purpose=Purpose.SURVEYS,
            granted=True,
            version="1",
            language="en",
            at=now,
        )
    )
    asked = select(Person.id).where(surveys.agrees())
    for way in WAYS:
        person.participation = way
        await session.flush()
        expected = None if way == Participation.READING else person.id
        assert await session.scalar(asked) == expected
