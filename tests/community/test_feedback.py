"""A partner sends people in by a link, and hears of them what each of them allows."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.database import Database
from community import (
    agreements,
    attendance,
    erasure,
    events,
    feedback,
    feedback_consents,
    invitations,
    people,
    providers,
    referrals,
)
from community.attendance import Wish
from community.errors import (
    ChangedError,
    NoAgreementError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
)
from community.events import Details
from community.feedback_consents import Fact, FeedbackConsent
from community.people import Attribution, Membership, Person, Stage
from community.roles import Role, RoleName
from tests.agreeing import agreed
from tests.community import test_referrals
from tests.community.test_referrals import Town, a_person

town = test_referrals.town
ALL = frozenset(Fact)


async def comes(town: Town, number: int, *, joins: bool = True) -> Person:
    """Let somebody come by the organisation's link."""
    link = await feedback.link_of(town.session, town.coordinator, town.organization.ref, town.now)
    person = await people.meet(town.session, number, town.now, name=f"Guest {number}")
    assert await people.follow_join_link(town.session, person, link.ref)
    if joins:
        await people.join(town.session, person, town.now, terms_version="1", language="ar")
    return person


async def allows(town: Town, person: Person, *facts: Fact) -> None:
    seen = feedback.fingerprint(facts, await feedback.as_it_stands(town.session, person))
    await feedback.allow(town.session, person, facts, seen, town.now, version="1", language="ar")


async def hears(town: Town) -> list[dict[Fact, str]]:
    found = await feedback.hear(town.session, town.staff, town.organization.ref, town.now)
    return [dict(told.facts) for told in found]


async def test_it_hears_nothing_at_first_then_what_is_allowed_and_nothing_once_that_ends(
    town: Town,
) -> None:
    amina = await comes(town, 500)
    assert await hears(town) == []
    await allows(town, amina, Fact.NAME, Fact.JOINED)
    assert await hears(town) == [{Fact.NAME: "Guest 500", Fact.JOINED: "yes"}]
    await allows(town, amina, Fact.JOINED, Fact.TAKES_PART, Fact.STARTED)
    nothing_yet = {Fact.JOINED: "yes", Fact.TAKES_PART: "", Fact.STARTED: ""}
    assert await hears(town) == [nothing_yet]
    amina.stage = Stage.RUNNING
    await town.session.flush()
    assert await hears(town) == [{**nothing_yet, Fact.STARTED: "yes"}]
    await allows(town, amina)
    assert await hears(town) == []
    kept = await town.session.scalars(select(FeedbackConsent))
    assert all(row.withdrawn_at is not None for row in kept)


async def test_taking_part_is_having_come_to_an_event(town: Town) -> None:
    session, now = town.session, town.now
    amina = await comes(town, 500)
    await allows(town, amina, Fact.TAKES_PART)
    details = Details((now + timedelta(hours=2)).replace(tzinfo=None), "UTC", place="Library")
    made = await events.create(session, town.animator, details, {"title": "Tea"}, "en", now)
    await events.publish(session, town.animator, made.ref, now)
    await attendance.answer(session, amina, made.ref, Wish.GOING, now, default_zone="UTC")
    assert await hears(town) == [{Fact.TAKES_PART: ""}]
    await attendance.tick(session, town.animator, made.ref, amina.ref, made.starts_at, came=True)
    assert await hears(town) == [{Fact.TAKES_PART: "yes"}]


async def test_who_agrees_to_a_card_agrees_to_what_it_shows_and_to_nothing_else(
    town: Town,
) -> None:
    amina = await comes(town, 500)
    seen = feedback.fingerprint([Fact.NAME], await feedback.as_it_stands(town.session, amina))
    people.rename(amina, "Amina Secret")
    for facts in ([Fact.NAME], ALL):
        with pytest.raises(ChangedError):
            await feedback.allow(
                town.session, amina, facts, seen, town.now, version="1", language="ar"
            )
    assert await hears(town) == []


async def test_only_who_came_by_its_link_and_has_joined_is_asked(town: Town) -> None:
    with pytest.raises(NotFoundError):
        await allows(town, town.member, Fact.JOINED)
    looking = await comes(town, 501, joins=False)
    with pytest.raises(NotAMemberError):
        await allows(town, looking, Fact.JOINED)


@pytest.mark.parametrize("who", ["member", "stranger", "animator", "coordinator"])
async def test_only_its_own_staff_hear_and_only_coordinators_make_its_link(
    town: Town, who: str
) -> None:
    amina = await comes(town, 500)
    await allows(town, amina, *ALL)
    actor: Person = getattr(town, who)
    with pytest.raises(NotFoundError):
        await feedback.hear(town.session, actor, town.organization.ref, town.now)
    if who != "coordinator":
        for verb in (feedback.link_of, feedback.withdraw_link):
            with pytest.raises(NotAllowedError):
                await verb(town.session, actor, town.organization.ref, town.now)


async def test_without_an_agreement_nothing_is_told_and_who_leaves_is_not_told_of(
    town: Town,
) -> None:
    amina = await comes(town, 500)
    await allows(town, amina, *ALL)
    await people.leave(town.session, amina, town.now)
    assert await hears(town) == []
    await agreements.end(town.session, town.coordinator, town.organization.ref, town.now)
    with pytest.raises(NoAgreementError):
        await hears(town)


async def test_who_has_left_and_comes_back_is_told_of_only_if_they_allow_it_again(
    town: Town,
) -> None:
    amina = await comes(town, 500)
    await allows(town, amina, *ALL)
    await people.leave(town.session, amina, town.now)
    await feedback_consents.end(town.session, amina, town.now)
    amina.state = Membership.ACTIVE
    await town.session.flush()
    assert await hears(town) == []
    assert await feedback.allowed(town.session, amina) == set()
    await allows(town, amina, *ALL)
    assert len(await hears(town)) == 1


async def test_under_another_agreement_nothing_is_told_that_was_allowed_under_the_last(
    town: Town,
) -> None:
    amina = await comes(town, 500)
    await allows(town, amina, *ALL)
    await referrals.end_agreement(town.session, town.coordinator, town.organization.ref, town.now)
    await agreed(town.session, town.coordinator, town.organization.ref, town.now)
    assert await hears(town) == []
    assert await feedback.allowed(town.session, amina) == set()


async def test_the_first_link_counts_and_a_withdrawn_one_leads_nowhere(town: Town) -> None:
    session, now = town.session, town.now
    mine = await invitations.join_link(session, town.animator, now)
    theirs = await feedback.link_of(session, town.coordinator, town.organization.ref, now)
    again = await feedback.link_of(session, town.coordinator, town.organization.ref, now)
    assert again is theirs
    first, second = [await people.meet(session, number, now) for number in (600, 601)]
    for person, links in ((first, (mine, theirs)), (second, (theirs, mine))):
        for link in links:
            assert await people.follow_join_link(session, person, link.ref)
    assert await feedback.came_by(session, first) is None
    assert await feedback.came_by(session, second) is town.organization
    await feedback.withdraw_link(session, town.coordinator, town.organization.ref, now)
    assert not await people.follow_join_link(session, first, theirs.ref)
    assert await feedback.came_by(session, second) is town.organization
    anew = await feedback.link_of(session, town.coordinator, town.organization.ref, now)
    assert anew.ref != theirs.ref


async def test_a_coordinator_who_animates_has_a_link_of_their_own_beside_it(town: Town) -> None:
    session, now = town.session, town.now
    session.add(Role(person_id=town.coordinator.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    theirs = await feedback.link_of(session, town.coordinator, town.organization.ref, now)
    mine = await invitations.join_link(session, town.coordinator, now)
    assert (mine.organization_id, mine.ref != theirs.ref) == (None, True)


async def test_it_is_in_the_persons_export_and_erasing_empties_it(town: Town) -> None:
    session, now = town.session, town.now
    amina = await comes(town, 500)
    await allows(town, amina, Fact.NAME)
    told = await erasure.export(session, amina)
    assert told["feedback_consents"][0]["fact"] == "name"
    assert told["feedback_consents"][0]["organization"] == "Chamber"
    assert len(told["attributions"]) == 1
    await erasure.erase(session, amina, now, b"key")
    for table in (FeedbackConsent, Attribution):
        assert await session.scalar(select(func.count()).select_from(table)) == 0
    assert await hears(town) == []


async def test_of_two_links_pressed_at_once_one_counts(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        boss = await a_person(session, 1, now)
        for name in (RoleName.COORDINATOR, RoleName.ANIMATOR):
            session.add(Role(person_id=boss.id, name=name, granted_at=now))
        await session.flush()
        refs = []
        for called in ("Chamber", "Bank"):
            made = await providers.create_organization(session, boss, called, "en", now)
            refs.append((await feedback.link_of(session, boss, made.ref, now)).ref)
        await people.meet(session, 2, now)

    async def follow(ref: str) -> None:
        async with database.transaction() as session:
            person = await people.by_telegram_id(session, 2)
            assert person is not None
            await people.follow_join_link(session, person, ref)

    await asyncio.gather(*(follow(ref) for ref in refs * 3))
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Attribution)) == 1


async def test_of_two_taps_at_once_each_fact_is_agreed_to_once(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        boss = await a_person(session, 1, now)
        session.add(Role(person_id=boss.id, name=RoleName.COORDINATOR, granted_at=now))
        await session.flush()
        made = await providers.create_organization(session, boss, "Chamber", "en", now)
        link = await feedback.link_of(session, boss, made.ref, now)
        person = await people.meet(session, 2, now, name="Amina")
        await people.follow_join_link(session, person, link.ref)
        await people.join(session, person, now, terms_version="1", language="en")

    async def agree() -> None:
        async with database.transaction() as session:
            person = await people.by_telegram_id(session, 2)
            assert person is not None
            seen = feedback.fingerprint(ALL, await feedback.as_it_stands(session, person))
            await feedback.allow(session, person, ALL, seen, now, version="1", language="en")

    await asyncio.gather(*(agree() for _tap in range(4)))
    async with database.transaction() as session:
        kept = (await session.scalars(select(FeedbackConsent.fact))).all()
        assert sorted(kept) == sorted(ALL)


async def test_what_is_allowed_while_there_is_no_agreement_is_not_opened_by_a_later_one(
    town: Town,
) -> None:
    amina = await comes(town, 500)
    await referrals.end_agreement(town.session, town.coordinator, town.organization.ref, town.now)
    await allows(town, amina, Fact.NAME, Fact.JOINED)
    await agreed(town.session, town.coordinator, town.organization.ref, town.now)
    assert await hears(town) == []
    assert await feedback.allowed(town.session, amina) == set(), "her card says so"
    await allows(town, amina, Fact.JOINED)
    assert await hears(town) == [{Fact.JOINED: "yes"}]
    await agreed(town.session, town.coordinator, town.organization.ref, town.now)
    assert await hears(town) == [{Fact.JOINED: "yes"}], "it is active already"
