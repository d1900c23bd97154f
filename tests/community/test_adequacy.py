"""Whether networks suit members: noted by each, told by closed quarters."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import erasure
from community.errors import NotAllowedError, NotAMemberError, NotFoundError
from community.figures import Hidden, Quarter
from community.gaps import adequacy
from community.gaps.adequacy import Misfit, NetworkRating, Use
from community.people import Membership
from community.providers import Kind, Service
from tests.community.test_gaps import OVER, a_coordinator, a_service
from tests.community.test_sends import a_member

UTC = ZoneInfo("UTC")


async def a_network(session: AsyncSession, now: datetime) -> Service:
    return await a_service(session, now, kind=Kind.NETWORK)


async def rated(
    session: AsyncSession,
    now: datetime,
    network: Service,
    first: int,
    count: int,
    use: Use,
    suits: bool | None = None,
    *reasons: Misfit,
) -> None:
    for number in range(first, first + count):
        person = await a_member(session, number, now)
        await adequacy.rate(
            session, person, network.ref, now, use=use, suits=suits, reasons=reasons
        )


async def test_nothing_is_told_before_the_quarter_is_over_and_then_n_share_and_reasons(
    session: AsyncSession, now: datetime
) -> None:
    boss, network = await a_coordinator(session, now), await a_network(session, now)
    await rated(session, now, network, 1, 6, Use.USED, True)
    await rated(session, now, network, 11, 6, Use.KNEW, False, Misfit.LANGUAGE, Misfit.COST)
    await rated(session, now, network, 21, 5, Use.UNKNOWN, False, Misfit.COST)
    assert await adequacy.close(session, now, UTC) == 0
    assert await adequacy.of_network(session, boss, network.ref, now) == []
    assert await adequacy.close(session, OVER, UTC)
    (found,) = await adequacy.of_network(session, boss, network.ref, OVER)
    assert found.quarter == Quarter(2026, 4)
    told = {what: found.figures[what] for what in ("n", "known", "used", "suits", "suits_not")}
    assert told == {"n": 17, "known": 12, "used": 6, "suits": 6, "suits_not": 6}
    assert found.share == 0.5
    assert {one: n for one, n in found.reasons.items() if n} == {
        Misfit.LANGUAGE: 6,
        Misfit.COST: 6,
    }
    assert await adequacy.suiting(session, Quarter(2026, 4)) == {network.id: True}
    assert await adequacy.suiting(session, Quarter(2026, 3)) == {}


async def test_fewer_than_five_answers_are_told_in_no_part_and_no_one_answer_is_seen_to_come_in(
    session: AsyncSession, now: datetime
) -> None:
    boss, network = await a_coordinator(session, now), await a_network(session, now)
    await rated(session, now, network, 1, 4, Use.USED, False, Misfit.TIME)
    await adequacy.close(session, OVER, UTC)
    await rated(session, now, network, 11, 1, Use.USED, False)  # a clock that was put back
    assert await adequacy.close(session, OVER, UTC) == 0
    (found,) = await adequacy.of_network(session, boss, network.ref, OVER)
    assert found.figures == {"n": Hidden.FEW}
    assert found.share is None


async def test_a_reason_that_few_name_is_not_told(session: AsyncSession, now: datetime) -> None:
    boss, network = await a_coordinator(session, now), await a_network(session, now)
    await rated(session, now, network, 1, 7, Use.USED, False, Misfit.LANGUAGE)
    await rated(session, now, network, 11, 2, Use.USED, False, Misfit.COST)
    await adequacy.close(session, OVER, UTC)
    (found,) = await adequacy.of_network(session, boss, network.ref, OVER)
    assert found.figures["suits_not"] == 9
    assert found.reasons[Misfit.LANGUAGE] is Hidden.COVERED
    assert found.reasons[Misfit.COST] is Hidden.COVERED
    assert found.reasons[Misfit.TIME] == 0


async def test_a_word_is_changed_taken_back_and_goes_with_whoever_said_it(
    session: AsyncSession, now: datetime
) -> None:
    network, person = await a_network(session, now), await a_member(session, 1, now)
    await adequacy.rate(
        session, person, network.ref, now, use=Use.USED, suits=False, reasons=[Misfit.COST]
    )
    row = await adequacy.rate(
        session, person, network.ref, now, use=Use.USED, suits=True, reasons=[Misfit.COST]
    )
    assert (row.suits, row.reasons) == (True, [])
    row = await adequacy.rate(session, person, network.ref, now, use=Use.UNKNOWN, suits=True)
    assert row.suits is None
    told = await erasure.export(session, person)
    assert [one["use"] for one in told["network_ratings"]] == [Use.UNKNOWN]
    assert await adequacy.take_back(session, person, network.ref)
    assert not await adequacy.take_back(session, person, network.ref)
    await adequacy.rate(session, person, network.ref, now, use=Use.KNEW)
    await erasure.erase(session, person, now, b"key")
    assert not await session.scalar(select(func.count()).select_from(NetworkRating))


async def test_only_members_rate_only_networks_and_only_coordinators_read_it(
    session: AsyncSession, now: datetime
) -> None:
    network, help_ = await a_network(session, now), await a_service(session, now)
    member = await a_member(session, 1, now)
    guest = await a_member(session, 2, now, state=Membership.JOINING)
    with pytest.raises(NotAMemberError):
        await adequacy.rate(session, guest, network.ref, now, use=Use.USED)
    with pytest.raises(NotFoundError):
        await adequacy.rate(session, member, help_.ref, now, use=Use.USED)
    with pytest.raises(NotAllowedError):
        await adequacy.of_network(session, member, network.ref, now)
