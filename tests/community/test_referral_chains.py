"""Turned away: the next provider is offered, never one of before, and nothing goes by itself."""

from typing import Any

import pytest
from sqlalchemy import func, select

from community import providers, referrals
from community.errors import (
    BeenThereError,
    FullError,
    IllegalMoveError,
    MemberIsAskedError,
    NotFoundError,
    RefusalError,
)
from community.needs import Need
from community.providers import Service
from community.referrals import FieldName, Referral, SharedField, State
from community.roles import RoleName
from tests.agreeing import agreed
from tests.community import test_referrals
from tests.community.test_referrals import DAY, NOTE, PARIS, Town, put, with_role

town = test_referrals.town

CHOSEN = frozenset({FieldName.NAME, FieldName.STAGE})


async def another(
    town: Town,
    name: str,
    languages: tuple[str, ...] = ("fr",),
    *,
    active: bool = True,
    read: bool = True,
    need: Need = Need.FINANCE,
) -> Service:
    """Add an organisation with a service."""
    session, boss, now = town.session, town.coordinator, town.now
    organization = await providers.create_organization(session, boss, name, "en", now)
    if active:
        await agreed(session, boss, organization.ref, now)
    if read:
        number = 1000 + organization.id
        await with_role(session, number, now, RoleName.PROVIDER_STAFF, organization)
    return await providers.create_service(
        session, boss, organization.ref, need, list(languages), {"name": name}, "en", now
    )


async def turn_away(town: Town, referral: Referral, how: str = "decline") -> None:
    if how == "decline":
        await town.answers(referral, "decline")
    elif how == "pass on":
        await referrals.pass_on(town.session, town.staff, referral.ref, town.now)
    else:
        for days in (0, 3, 7, 14):
            await referrals.ring(town.session, town.now + days * DAY, PARIS)
    assert referral.state in referrals.TURNED_AWAY


async def offered(town: Town, referral: Referral) -> Service | None:
    found = await referrals.onward(town.session, referral, town.now, languages=["ar"])
    return found.to.service if found.to else None


async def goes_on(town: Town, service: Service, after: Referral, **more: Any) -> Referral:
    return await referrals.agree(
        town.session,
        more.get("actor", town.member),
        service.ref,
        CHOSEN,
        more.get("note", NOTE),
        town.now,
        organization_id=service.organization_id,
        version="1",
        language="ar",
        after=after.ref,
    )


@pytest.mark.parametrize("how", ["decline", "pass on", "expire"])
async def test_the_next_one_that_fits_is_offered_and_asked_in_the_same_chain(
    town: Town, how: str
) -> None:
    french, arabic = await another(town, "Bank"), await another(town, "House", ("ar",))
    first = await town.agrees(CHOSEN)
    await turn_away(town, first, how)
    assert await offered(town, first) == arabic
    fields, note = await referrals.chosen_before(town.session, town.member, first.ref)
    assert (frozenset(fields), note) == (CHOSEN, NOTE)
    assert len(await referrals.of_member(town.session, town.member)) == 1, "nothing goes by itself"
    second = await goes_on(town, arabic, first)
    assert second.chain_id == first.id
    assert second.state == State.PENDING
    assert await referrals.following(town.session, first) == second
    assert await referrals.following(town.session, second) is None
    second.state = State.DECLINED
    await town.session.flush()
    assert await offered(town, second) == french
    third = await goes_on(town, french, second)
    third.state = State.EXPIRED
    await town.session.flush()
    assert third.chain_id == first.id
    assert await offered(town, third) is None


async def test_a_note_keeps_the_language_in_which_it_was_written(town: Town) -> None:
    session, now, house = town.session, town.now, await another(town, "House")
    service, member = town.service.ref, town.member
    await referrals.prepare(
        session, town.animator, member.ref, service, CHOSEN, NOTE, now, language="fr"
    )
    first = await town.agrees(CHOSEN)
    await turn_away(town, first, "decline")
    second = await goes_on(town, house, first)
    assert (first.written_in, second.written_in) == ("fr", "fr")
    assert second.consent_language == "ar"
    await turn_away(town, second, "expire")
    bank = await another(town, "Bank")
    third = await goes_on(town, bank, second, note="Please write to me.")
    assert third.written_in == "ar"


async def test_pressing_the_offer_twice_or_another_beside_it_asks_once(town: Town) -> None:
    bank, house = await another(town, "Bank"), await another(town, "House")
    first = await town.agrees(CHOSEN)
    await turn_away(town, first)
    second = await goes_on(town, bank, first)
    assert await goes_on(town, bank, first) == second
    assert await goes_on(town, house, first) == second, "one of a chain is open at a time"
    await referrals.withdraw(town.session, town.member, second.ref, town.now)
    assert await referrals.following(town.session, first) is None
    assert await offered(town, first) == house, "what was taken back leads on, and not to itself"


async def test_a_chain_never_comes_back_to_an_organisation(town: Town) -> None:
    other_desk = await providers.create_service(
        town.session,
        town.coordinator,
        town.organization.ref,
        Need.FINANCE,
        ["ar"],
        {"name": "Other desk"},
        "en",
        town.now,
    )
    first = await town.agrees(CHOSEN)
    await turn_away(town, first)
    assert await offered(town, first) is None
    for service in (other_desk, town.service):
        with pytest.raises(BeenThereError):
            await goes_on(town, service, first)
    assert await town.agrees() != first, "to ask anew is a chain of its own"


@pytest.mark.parametrize("why", ["no agreement", "nobody reads", "closed", "full", "other need"])
async def test_nobody_is_offered_what_takes_no_requests(town: Town, why: str) -> None:
    bank = await another(
        town,
        "Bank",
        active=why != "no agreement",
        read=why != "nobody reads",
        need=Need.LEGAL if why == "other need" else Need.FINANCE,
    )
    bank.is_open, bank.is_paused = why != "closed", why == "full"
    first = await town.agrees(CHOSEN)
    await turn_away(town, first)
    found = await referrals.onward(town.session, first, town.now, languages=["ar"])
    assert found.to is None
    by_oneself = bank if why in ("no agreement", "nobody reads", "full") else None
    assert found.by_oneself == by_oneself


async def test_only_what_was_turned_away_goes_on_and_only_by_its_own_member(town: Town) -> None:
    bank = await another(town, "Bank")
    for at in State:
        referral = await put(town, at)
        if at in referrals.TURNED_AWAY:
            with pytest.raises(NotFoundError):
                await goes_on(town, bank, referral, actor=town.other_member)
            with pytest.raises(NotFoundError):
                await referrals.chosen_before(town.session, town.other_member, referral.ref)
        else:
            assert await offered(town, referral) is None
            with pytest.raises(IllegalMoveError):
                await goes_on(town, bank, referral)
        referral.state = State.CONFIRMED
        await town.session.flush()


async def test_what_is_sent_on_is_agreed_to_anew_and_is_what_is_true_now(town: Town) -> None:
    bank = await another(town, "Bank")
    first = await town.agrees(CHOSEN)
    await turn_away(town, first)
    town.member.name = "Somebody else"
    second = await goes_on(town, bank, first)
    assert await referrals.shared(town.session, first) == {}
    shared = await referrals.shared(town.session, second)
    assert shared[FieldName.NAME] == "Somebody else"
    rows = await town.session.scalars(
        select(SharedField).where(SharedField.referral_id == second.id)
    )
    assert {row.agreed_at for row in rows} == {town.now}


# Passed on


async def test_staff_suggest_a_service_of_others_and_it_is_offered_first(town: Town) -> None:
    arabic, french = await another(town, "House", ("ar",)), await another(town, "Bank")
    elsewhere = await another(town, "Court", need=Need.LEGAL)
    first = await town.agrees(CHOSEN)
    listed = await referrals.elsewhere(town.session, first, town.now)
    assert [fit.service for fit in listed.fits] == [arabic, french]
    for suggested in (french, elsewhere):
        first.state = State.PENDING
        await town.session.flush()
        await referrals.pass_on(
            town.session, town.staff, first.ref, town.now, to_ref=suggested.ref
        )
        assert first.state == State.REROUTED
        assert await offered(town, first) == suggested
    elsewhere.is_open = False
    assert await offered(town, first) == arabic
    notices = await town.session.scalar(
        select(func.count()).select_from(Referral).where(Referral.service_id == french.id)
    )
    assert notices == 0, "nobody there hears anything"


async def test_what_is_suggested_is_told_also_where_no_request_can_be_sent_to_it(
    town: Town,
) -> None:
    arabic, court = (
        await another(town, "House", ("ar",)),
        await another(town, "Court", active=False),
    )
    first = await town.agrees(CHOSEN)
    await referrals.pass_on(town.session, town.staff, first.ref, town.now, to_ref=court.ref)
    found = await referrals.onward(town.session, first, town.now, languages=["ar"])
    assert (found.suggested, found.to and found.to.service) == (court, arabic)
    court.is_open = False
    await town.session.flush()
    found = await referrals.onward(town.session, first, town.now, languages=["ar"])
    assert (found.suggested, found.to and found.to.service) == (None, arabic)


async def test_passing_on_is_for_the_staff_of_what_waits_and_not_to_themselves(town: Town) -> None:
    bank = await another(town, "Bank")
    first = await town.agrees(CHOSEN)
    session, now = town.session, town.now
    for actor in (town.stranger, town.member, town.animator):
        with pytest.raises(NotFoundError):
            await referrals.pass_on(session, actor, first.ref, now, to_ref=bank.ref)
    bank.is_open = False
    for service in (town.service, bank):
        with pytest.raises(NotFoundError):
            await referrals.pass_on(session, town.staff, first.ref, now, to_ref=service.ref)
    assert first.state == State.PENDING
    await referrals.ask_for(session, town.staff, first.ref, FieldName.ACCOUNT, now)
    with pytest.raises(MemberIsAskedError):
        await referrals.pass_on(session, town.staff, first.ref, now)
    for at in set(State) - {State.PENDING, State.NEEDS_INFORMATION, State.REROUTED}:
        first.state = at
        await session.flush()
        with pytest.raises(RefusalError):
            await referrals.pass_on(session, town.staff, first.ref, now)


# Full


@pytest.mark.parametrize("why", ["paused", "full until", "as many as it can"])
async def test_nobody_is_referred_into_a_full_service_and_the_next_best_is_known(
    town: Town, why: str
) -> None:
    bank = await another(town, "Bank")
    if why == "paused":
        town.service.is_paused = True
    elif why == "full until":
        town.service.full_until = town.now + DAY
    else:
        town.service.capacity = 1
        await town.agrees(actor=town.other_member)
    await town.session.flush()
    with pytest.raises(FullError):
        await town.agrees()
    assert await referrals.of_member(town.session, town.member) == []
    found = await referrals.instead_of(
        town.session, town.member, town.service, town.now, languages=["ar"]
    )
    assert found.to is not None
    assert found.to.service == bank
    if why == "full until":
        later = await town.agrees(now=town.now + DAY)
        assert later.state == State.PENDING


async def test_pressing_twice_for_the_last_place_asks_once(town: Town) -> None:
    town.service.capacity = 1
    await town.session.flush()
    first = await town.agrees()
    assert await town.agrees() == first
    await turn_away(town, first)
    assert (await town.agrees()).state == State.PENDING, "who was turned away takes no place"


async def test_who_has_been_erased_goes_nowhere(town: Town) -> None:
    await another(town, "Bank")
    first = await town.agrees(CHOSEN)
    await turn_away(town, first)
    first.person_id = None
    await town.session.flush()
    assert await offered(town, first) is None
