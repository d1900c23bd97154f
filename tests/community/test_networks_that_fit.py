"""Networks and programmes: what fits a member best first, with why; joined, and left again."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import erasure, needs
from community.areas import Area
from community.errors import NotAMemberError, NotFoundError
from community.needs import Need
from community.people import Membership, Participation, Person
from community.providers import Kind, Organization, Reader, Service, joining
from community.providers.joining import NetworkFit, NetworkJoining
from community.providers.table import Strength
from tests.community.test_sends import a_member

ACTIVE, READING = joining.WAYS


async def a_network(session: AsyncSession, now: datetime, **said: Any) -> Service:
    organization = Organization(made_at=now)
    session.add(organization)
    await session.flush()
    strengths = said.pop("strengths", {})
    values = {"kind": Kind.NETWORK, "need": Need.OTHER, "languages": ["de"], **said}
    service = Service(organization_id=organization.id, made_at=now, **values)
    session.add(service)
    await session.flush()
    session.add_all(
        Strength(service_id=service.id, need=need, is_strength=good)
        for need, good in strengths.items()
    )
    await session.flush()
    return service


async def test_what_fits_best_comes_first_with_why_and_mainstream_is_not_hidden(
    session: AsyncSession, now: datetime
) -> None:
    amina = await a_member(session, 1, now, "ar")
    town = Area(zone="Europe/Paris", made_at=now)
    session.add(town)
    await session.flush()
    await needs.look_for(session, amina, [Need.TAX, Need.EXPORT])
    weak = await a_network(session, now, strengths={Need.TAX: False})
    nothing = await a_network(session, now)
    programme = await a_network(
        session, now, kind=Kind.PROGRAMME, need=Need.EXPORT, strengths={Need.TAX: True}
    )
    arabic = await a_network(session, now, languages=["fr", "ar"], area_id=town.id)
    await a_network(session, now, is_open=False)
    await a_network(session, now, kind=Kind.SERVICE)
    found = await joining.that_fit(session, amina, Reader(("ar", "fr"), town.id))
    assert [fit.service.id for fit in found] == [programme.id, arabic.id, nothing.id, weak.id]

    def why(fit: NetworkFit) -> tuple[object, ...]:
        return fit.given, [*fit.good_at], [*fit.weak_in], fit.is_near

    assert [why(fit) for fit in found] == [
        (None, [Need.TAX, Need.EXPORT], [], False),
        ("ar", [], [], True),
        (None, [], [], False),
        (None, [], [Need.TAX], False),
    ]


async def test_joining_is_noted_changed_told_and_undone(
    session: AsyncSession, now: datetime
) -> None:
    amina, samuel = await a_member(session, 1, now), await a_member(session, 2, now)
    network = await a_network(session, now)
    for how in (ACTIVE, READING, READING):
        await joining.join(session, amina, network.ref, how, now)
        assert await joining.joined(session, amina) == {network.id: how}
    assert await joining.joined(session, samuel) == {}
    assert not await joining.part(session, samuel, network.ref)
    told = await erasure.export(session, amina)
    assert [row["how"] for row in told["network_joinings"]] == [READING]
    assert await joining.part(session, amina, network.ref)
    assert await session.scalar(select(func.count()).select_from(NetworkJoining)) == 0


@pytest.mark.parametrize("why", ["a service", "closed", "gathered", "no member"])
async def test_what_cannot_be_joined_is_not(
    session: AsyncSession, now: datetime, why: str
) -> None:
    state = Membership.LEFT if why == "no member" else Membership.ACTIVE
    person: Person = await a_member(session, 1, now, state=state)
    kind = Kind.SERVICE if why == "a service" else Kind.NETWORK
    network = await a_network(session, now, kind=kind, is_open=why != "closed")
    how = Participation.DIGEST if why == "gathered" else ACTIVE
    with pytest.raises((NotFoundError, NotAMemberError)):
        await joining.join(session, person, network.ref, how, now)
    assert await joining.joined(session, person) == {}
