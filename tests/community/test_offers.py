"""What providers propose: nothing of it reaches a member that no animator has approved."""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from community import (
    asking,
    attendance,
    bridge,
    consents,
    corrections,
    deliveries,
    events,
    exchanges,
    judging,
    needs,
    proposals,
    roles,
    sends,
    topics,
    translating,
    untranslated,
)
from community.attendance import Wish
from community.audiences import EVERYBODY, Audience
from community.consents import Purpose
from community.deliveries import Delivery
from community.errors import (
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
    NotUnderstoodError,
    RefusalError,
    TooLateError,
)
from community.events import Details, Event, details_of
from community.needs import Need
from community.people import Membership, Person
from community.roles import Role, RoleName
from community.sends import Picture, Send, State
from community.topics import Topic
from community.translations import Fallback, Reads
from tests.community import test_referrals
from tests.community.test_referrals import Town, a_person, with_role

town = test_referrals.town
NETWORK, ZONE = "en", "Europe/Paris"
WORDS = {"title": "Free advice", "body": "Every Monday at ten."}
OTHER = {"title": "Cheap loans", "body": "Only today."}


async def looks_for(town: Town, person: Person, *wanted: Need) -> None:
    await needs.look_for(town.session, person, list(wanted))
    await consents.switch(
        town.session, person, {Purpose.NEWS}, town.now, version="1", language="en"
    )


async def an_offer(town: Town) -> Send:
    return await sends.offer(
        town.session, town.staff, town.organization.ref, Need.FINANCE, "en", WORDS, town.now
    )


async def goes_out(town: Town, send: Send) -> list[int | None]:
    """Send it, and return who gets it."""
    await sends.schedule(town.session, town.animator, send.ref, None, town.now)
    later = town.now + timedelta(minutes=11)
    await sends.start_due(town.session, later, network_language=NETWORK)
    rows = await town.session.scalars(select(Delivery).where(Delivery.kind == "offer"))
    return [row.person_id for row in rows]


async def nobody_has_anything(town: Town) -> bool:
    await sends.start_due(town.session, town.now + timedelta(days=1), network_language=NETWORK)
    owed = await town.session.scalar(
        select(func.count()).where(
            Delivery.kind.not_in(["team_notice", "staff_notice"]),
        )
    )
    return not owed


async def test_an_approved_offer_goes_to_who_looks_for_it_and_wants_it_alone(town: Town) -> None:
    session, now = town.session, town.now
    people = [await a_person(session, 100 + number, now) for number in range(5)]
    wants, other, muted, mutes_all, no_news = people
    for person in (wants, muted, mutes_all):
        await looks_for(town, person, Need.FINANCE)
    await looks_for(town, other, Need.TAX)
    await needs.look_for(session, no_news, [Need.FINANCE])
    await topics.turn_offers(session, muted, Need.FINANCE, now, on=False)
    await topics.turn(session, mutes_all, Topic.OFFERS, now, on=False)
    await topics.turn_offers(session, wants, Need.TAX, now, on=False)
    send = await an_offer(town)
    assert send.state == State.IN_REVIEW
    approved = await sends.review(session, town.animator, send.ref, now, approve=True)
    assert await goes_out(town, approved) == [wants.id]


async def test_who_turns_offers_on_again_gets_the_next_one(town: Town) -> None:
    session, now = town.session, town.now
    await looks_for(town, town.member, Need.FINANCE)
    await topics.turn_offers(session, town.member, Need.FINANCE, now, on=False)
    await topics.turn_offers(session, town.member, Need.FINANCE, now, on=False)
    assert await topics.muted_offers(session, town.member) == [Need.FINANCE]
    await topics.turn_offers(session, town.member, Need.FINANCE, now, on=True)
    send = await sends.review(
        session, town.animator, (await an_offer(town)).ref, now, approve=True
    )
    assert await goes_out(town, send) == [town.member.id]


async def test_who_has_stopped_looking_for_it_gets_it_no_more(town: Town) -> None:
    session, now = town.session, town.now
    await looks_for(town, town.member, Need.FINANCE)
    send = await sends.review(
        session, town.animator, (await an_offer(town)).ref, now, approve=True
    )
    assert await goes_out(town, send) == [town.member.id]
    await needs.look_for(session, town.member, [Need.TAX])
    claimed = await deliveries.claim(session, "sender", 50, 60, now + timedelta(minutes=11))
    (due,) = [row for row in claimed if row.kind == "offer"]
    found = await judging.readers(session, [due], now, NETWORK)
    assert found[town.member.id].left == {send.id}


Attempt = Callable[[Town, Person, Send], Awaitable[object]]
ATTEMPTS: dict[str, Attempt] = {
    "submit": lambda t, p, s: sends.submit(t.session, p, s.ref, t.now, network_language=NETWORK),
    "schedule": lambda t, p, s: sends.schedule(t.session, p, s.ref, None, t.now),
    "resume": lambda t, p, s: sends.resume(t.session, p, s.ref, t.now),
    "edit": lambda t, p, s: sends.edit(
        t.session, p, s.ref, t.now, language="en", texts=OTHER, audience=EVERYBODY
    ),
    "widen": lambda t, p, s: sends.edit(t.session, p, s.ref, t.now, audience=Audience()),
    "rule": lambda t, p, s: sends.edit(t.session, p, s.ref, t.now, fallback=Fallback.SKIP),
    "undo": lambda t, p, s: sends.undo(t.session, p, s.ref, t.now),
    "complete": lambda t, p, s: sends.complete(t.session, p, s.ref, "fr", OTHER, t.now),
    "illustrate": lambda t, p, s: sends.illustrate(
        t.session, p, s.ref, Picture("x", is_photo=True), t.now
    ),
    "correct": lambda t, p, s: corrections.correct(t.session, p, s.ref, t.now),
    "desk": lambda t, p, s: translating.write(
        t.session, p, ("newsletter", s.ref, "title", "en"), "Loans", t.now
    ),
    "desk in another language": lambda t, p, s: translating.write(
        t.session, p, ("newsletter", s.ref, "title", "fr"), "Prêts", t.now
    ),
    "hold": lambda t, p, s: sends.hold(t.session, p, s.ref, t.now),
}
"""Every way to change or send something that is not a review."""


async def everybody(town: Town) -> list[Person]:
    """Return people with each role, and with roles held together."""
    session, now = town.session, town.now
    both = await with_role(session, 60, now, RoleName.ANIMATOR)
    session.add(
        Role(
            person_id=both.id,
            name=RoleName.PROVIDER_STAFF,
            organization_id=town.organization.id,
            granted_at=now,
        )
    )
    found = [await with_role(session, 61, now, RoleName.ADMINISTRATOR)]
    found.append(await with_role(session, 62, now, RoleName.TRANSLATOR))
    return [
        *found,
        both,
        town.member,
        town.staff,
        town.colleague,
        town.stranger,
        town.coordinator,
        town.animator,
    ]


@pytest.mark.parametrize("state", [State.IN_REVIEW, State.DRAFT, State.CANCELLED])
@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_no_way_past_the_review_changes_or_sends_an_offer(
    town: Town, state: State, attempt: str
) -> None:
    session = town.session
    await looks_for(town, town.other_member, Need.FINANCE)
    send = await an_offer(town)
    await session.execute(update(Send).where(Send.id == send.id).values(state=state))
    for person in await everybody(town):
        await session.refresh(send)
        with pytest.raises(RefusalError):
            await ATTEMPTS[attempt](town, person, send)
        await session.refresh(send)
        assert send.state == state
        words = (await sends.shelf(session, send)).choose(Reads("en"), NETWORK)
        assert words is not None
        assert words.get("title") == WORDS["title"]
    assert await nobody_has_anything(town)


@pytest.mark.parametrize("state", [s for s in State if s != State.IN_REVIEW])
async def test_only_what_waits_in_review_is_approved(town: Town, state: State) -> None:
    send = await an_offer(town)
    await town.session.execute(update(Send).where(Send.id == send.id).values(state=state))
    await town.session.refresh(send)
    with pytest.raises(IllegalMoveError):
        await sends.review(town.session, town.animator, send.ref, town.now, approve=True)


async def test_only_the_team_approves_and_nobody_what_their_own_organisation_offers(
    town: Town,
) -> None:
    send = await an_offer(town)
    for person in await everybody(town):
        held = {role.name for role in await roles.held(town.session, person, town.now)}
        is_team = held & {RoleName.ANIMATOR, RoleName.ADMINISTRATOR}
        if is_team and RoleName.PROVIDER_STAFF not in held:
            continue
        with pytest.raises(NotAllowedError):
            await sends.review(town.session, person, send.ref, town.now, approve=True)
    await town.session.refresh(send)
    assert send.state == State.IN_REVIEW


async def test_other_words_need_another_approval_and_are_refused_once_it_is_given(
    town: Town,
) -> None:
    session, now = town.session, town.now
    send = await an_offer(town)
    with pytest.raises(NotUnderstoodError):
        await sends.review(session, town.animator, send.ref, now, approve=False)
    await sends.review(
        session, town.animator, send.ref, now, approve=False, reason="Say what it costs."
    )
    assert (send.state, send.refused_because) == (State.DRAFT, "Say what it costs.")
    owed = await town.owed("staff_notice")
    assert {row.person_id for row in owed} == {town.staff.id, town.colleague.id}
    with pytest.raises(NotAllowedError):
        await sends.offer_again(session, town.stranger, send.ref, "en", OTHER, now)
    await sends.offer_again(session, town.colleague, send.ref, "en", OTHER, now)
    assert (send.state, send.refused_because) == (State.IN_REVIEW, None)
    await sends.review(session, town.animator, send.ref, now, approve=True)
    for verb in (sends.offer_again(session, town.staff, send.ref, "en", WORDS, now),):
        with pytest.raises(IllegalMoveError):
            await verb
    with pytest.raises(IllegalMoveError):
        await sends.withdraw_offer(session, town.staff, send.ref, now)
    assert send.state == State.APPROVED


async def test_a_yes_to_what_was_read_is_none_to_what_was_written_meanwhile(town: Town) -> None:
    session, now = town.session, town.now
    send = await an_offer(town)
    read = await sends.submission(session, send)
    await sends.offer_again(session, town.colleague, send.ref, "en", OTHER, now)
    with pytest.raises(ChangedError):
        await sends.review(session, town.animator, send.ref, now, approve=True, seen=read)
    read = await sends.submission(session, send)
    await sends.review(session, town.animator, send.ref, now, approve=True, seen=read)
    assert send.state == State.APPROVED


async def test_only_an_organisations_staff_offers_in_its_name(town: Town) -> None:
    for person in (town.member, town.stranger, town.animator, town.coordinator):
        with pytest.raises(NotAllowedError):
            await sends.offer(
                town.session, person, town.organization.ref, Need.TAX, "en", WORDS, town.now
            )


async def test_an_approved_offer_is_sent_held_or_taken_back_and_its_words_stay(town: Town) -> None:
    session, now = town.session, town.now
    await looks_for(town, town.member, Need.FINANCE)
    send = await sends.review(
        session, town.animator, (await an_offer(town)).ref, now, approve=True
    )
    with pytest.raises(NotAllowedError):
        await sends.edit(session, town.animator, send.ref, now, language="en", texts=OTHER)
    await goes_out(town, send)
    with pytest.raises(NotAllowedError):
        await corrections.correct(session, town.animator, send.ref, now)
    recall = await corrections.recall(session, town.animator, send.ref, now)
    assert recall.of_id == send.id


async def test_the_team_writes_a_taken_offer_in_other_languages_and_never_its_own_words(
    town: Town,
) -> None:
    session, now, animator = town.session, town.now, town.animator
    town.member.language = "fr"
    await looks_for(town, town.member, Need.FINANCE)
    send = await an_offer(town)
    for language in ("en", "fr"):
        with pytest.raises(NotAllowedError):
            await sends.write_language(session, animator, send.ref, language, OTHER, now)
    assert not await at_the_desk(town)
    await sends.review(session, animator, send.ref, now, approve=True)
    assert await at_the_desk(town) == {("title", "fr"), ("body", "fr")}
    translator = await with_role(session, 90, now, RoleName.TRANSLATOR)
    await translating.write(session, translator, ("newsletter", send.ref, "title", "fr"), "X", now)
    words = {"title": "Conseil gratuit", "body": "Chaque lundi à dix heures."}
    for attempt in (
        sends.translate_offer(session, town.staff, send.ref, "fr", words, now),
        sends.translate_offer(session, animator, send.ref, "en", words, now),
        translating.write(session, animator, ("newsletter", send.ref, "title", "en"), "X", now),
    ):
        with pytest.raises(NotAllowedError):
            await attempt
    assert not await untranslated.standing(session, animator, now)
    await sends.write_language(session, animator, send.ref, "fr", words, now)
    assert send.state == State.APPROVED
    shelf = await sends.shelf(session, send)
    for language, title in (("fr", words["title"]), ("en", WORDS["title"]), ("uk", "Free advice")):
        block = shelf.choose(Reads(language), NETWORK)
        assert block is not None
        assert (block.get("title"), block.is_own) == (title, language != "uk")


async def at_the_desk(town: Town) -> set[tuple[str, str]]:
    waiting = await untranslated.queue(
        town.session, town.animator, ["en", "fr"], NETWORK, town.now
    )
    return {(one.field, one.language) for one in waiting if one.subject == "newsletter"}


async def test_who_got_an_offer_asks_for_it_in_their_language_and_is_told_when_it_is_there(
    town: Town,
) -> None:
    session, now = town.session, town.now
    town.member.language = "fr"
    await looks_for(town, town.member, Need.FINANCE)
    send = await sends.review(
        session, town.animator, (await an_offer(town)).ref, now, approve=True
    )
    with pytest.raises(NotFoundError):
        await asking.ask(session, town.other_member, "newsletter", send.ref, "fr", now)
    await goes_out(town, send)
    later = now + timedelta(days=1)
    await session.execute(
        update(Delivery).where(Delivery.kind == "offer").values(state="sent", settled_at=now)
    )
    await sends.finish(session, later)
    assert send.state == State.SENT
    assert not await at_the_desk(town)
    await asking.ask(session, town.member, "newsletter", send.ref, "fr", later)
    assert await at_the_desk(town) == {("title", "fr"), ("body", "fr")}
    await sends.write_language(session, town.animator, send.ref, "fr", OTHER, later)
    assert await asking.settle(session, later) == 1
    (told,) = await town.owed(asking.TOLD)
    assert told.person_id == town.member.id


async def test_what_is_not_approved_is_in_no_list_of_the_teams_sends(town: Town) -> None:
    send = await an_offer(town)
    assert await sends.recent(town.session) == []
    assert await sends.in_review(town.session) == []
    _events, offered = await proposals.waiting(town.session, town.animator, town.now)
    assert offered == [send]
    await proposals.take(town.session, town.animator, Send, send.ref, town.now)
    assert send.owner_id == town.animator.id
    with pytest.raises(NotAllowedError):
        await proposals.waiting(town.session, town.staff, town.now)


# Events


async def proposed(town: Town, actor: Person | None = None, organization: bool = True) -> Event:
    start = (town.now + timedelta(days=3)).replace(tzinfo=None)
    return await proposals.propose_event(
        town.session,
        actor or town.staff,
        Details(start, ZONE, place="Library"),
        {"title": "Taxes", "description": "For beginners"},
        "en",
        town.now,
        organization_ref=town.organization.ref if organization else "",
        need=Need.TAX,
    )


async def test_a_proposed_event_is_nobodys_until_the_team_takes_it_up(town: Town) -> None:
    session, now = town.session, town.now
    event = await proposed(town)
    details = details_of(event)
    for attempt in (
        lambda: attendance.visible(session, town.animator, event.ref, now),
        lambda: events.publish(session, town.animator, event.ref, now),
        lambda: events.discard(session, town.animator, event.ref, now),
        lambda: sends.announce(session, town.animator, event.ref, now),
        lambda: sends.translate_event(
            session, town.animator, event.ref, "en", {"title": "Loans"}, now
        ),
        lambda: sends.change_event(
            session,
            town.animator,
            event.ref,
            Details(details.starts_wall, ZONE, place="Bank"),
            now,
            default_zone=ZONE,
        ),
        lambda: sends.cancel_event(session, town.animator, event.ref, now),
        lambda: translating.write(
            session, town.animator, ("event", event.ref, "title", "en"), "Loans", now
        ),
    ):
        with pytest.raises(RefusalError):
            await attempt()
    await session.refresh(event)
    assert event.state == events.State.PROPOSED
    assert await nobody_has_anything(town)


async def test_the_announcement_of_a_providers_event_stays_with_who_looks_for_it(
    town: Town,
) -> None:
    session, now = town.session, town.now
    await looks_for(town, town.member, Need.TAX)
    await looks_for(town, town.other_member, Need.FINANCE)
    event = await proposed(town)
    await proposals.accept(session, town.animator, event.ref, now)
    assert event.state == events.State.DRAFT
    await events.publish(session, town.animator, event.ref, now)
    send = await sends.announce(session, town.animator, event.ref, now)
    await sends.edit(session, town.animator, send.ref, now, audience=EVERYBODY)
    await sends.submit(session, town.animator, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, town.animator, send.ref, None, now)
    later = now + timedelta(minutes=11)
    await sends.start_due(session, later, network_language=NETWORK)
    rows = await session.scalars(select(Delivery).where(Delivery.kind == "event_invitation"))
    assert [row.person_id for row in rows] == [town.member.id]


async def test_a_providers_event_is_seen_by_who_looks_for_it_and_by_nobody_else(
    town: Town,
) -> None:
    session, now = town.session, town.now
    await looks_for(town, town.member, Need.TAX)
    await looks_for(town, town.other_member, Need.FINANCE)
    event = await proposed(town)
    await proposals.accept(session, town.animator, event.ref, now)
    await events.publish(session, town.animator, event.ref, now)

    async def going(who: Person) -> None:
        await attendance.answer(session, who, event.ref, Wish.GOING, now, default_zone=ZONE)

    async def who_sees() -> set[int]:
        people = (await session.scalars(select(Person).order_by(Person.id))).all()
        listed = {
            p.id for p in people if (await attendance.upcoming(session, p, now, size=1)).rows
        }
        opened = set()
        for person in people:
            with contextlib.suppress(NotFoundError):
                await attendance.visible(session, person, event.ref, now)
                opened.add(person.id)
        assert listed == opened
        return opened

    always = {town.staff.id, town.colleague.id, town.animator.id}
    assert await who_sees() == {*always, town.member.id}
    for refused in (
        going,
        lambda who: bridge.begin(session, who, exchanges.Kind.EVENT, event.ref, now),
        lambda who: asking.ask(session, who, "event", event.ref, "fr", now),
    ):
        with pytest.raises(NotFoundError):
            await refused(town.other_member)
    await going(town.member)
    await needs.look_for(session, town.member, [])  # who is going goes on seeing where
    assert await who_sees() == {*always, town.member.id}


async def test_nobody_decides_about_an_event_of_their_own(town: Town) -> None:
    session, now = town.session, town.now
    event = await proposed(town)
    own = await with_role(session, 70, now, RoleName.ANIMATOR)
    session.add(
        Role(
            person_id=own.id,
            name=RoleName.PROVIDER_STAFF,
            organization_id=town.organization.id,
            granted_at=now,
        )
    )
    await session.flush()
    for person in (own, town.staff, town.member, town.coordinator, town.stranger):
        for verb in (
            proposals.accept(session, person, event.ref, now),
            proposals.refuse(session, person, event.ref, "No.", now),
        ):
            with pytest.raises(NotAllowedError):
                await verb


async def test_a_refusal_has_a_reason_and_who_proposed_it_reads_it(town: Town) -> None:
    session, now = town.session, town.now
    event = await proposed(town, town.member, organization=False)
    assert (event.organization_id, event.need) == (None, None)
    with pytest.raises(NotUnderstoodError):
        await proposals.refuse(session, town.animator, event.ref, "  ", now)
    await proposals.refuse(session, town.animator, event.ref, "It is too soon.", now)
    assert (event.state, event.refused_because) == (events.State.REFUSED, "It is too soon.")
    assert [row.person_id for row in await town.owed("staff_notice")] == [town.member.id]
    with pytest.raises(NotFoundError):
        await proposals.own_event(session, town.other_member, event.ref, now)
    with pytest.raises(IllegalMoveError):
        await proposals.accept(session, town.animator, event.ref, now)


async def test_three_of_one_person_wait_at_most_and_who_has_not_joined_proposes_nothing(
    town: Town,
) -> None:
    for _number in range(3):
        await proposed(town, town.member, organization=False)
    with pytest.raises(IllegalMoveError):
        await proposed(town, town.member, organization=False)
    town.other_member.state = Membership.JOINING
    with pytest.raises(NotAMemberError):
        await proposed(town, town.other_member, organization=False)
    with pytest.raises(NotAllowedError):
        await proposed(town, town.stranger)


async def test_what_would_have_begun_is_not_taken_up(town: Town) -> None:
    event = await proposed(town)
    with pytest.raises(TooLateError):
        await proposals.accept(town.session, town.animator, event.ref, event.starts_at)
