"""/people: agreeing, a few taps, proposals without a name, and what came of them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from community import consents, matches, needs, people, spoken
from community.consents import Purpose
from community.deliveries import Delivery
from community.exchanges import Exchange
from community.matches import Partner
from community.needs import Need
from community.people import Membership, Person
from community.roles import RoleName
from tests.handlers.conftest import Calling, Phone
from tests.matching import a_round, matches_of, pairing

DAY = timedelta(days=1)


async def agrees(somebody: Phone) -> None:
    """Come to /people and agree to be introduced."""
    await somebody.says("/people")
    await somebody.presses("Yes, I would like that")


async def person_of(session: Any, somebody: Phone) -> Person:
    found = await people.by_telegram_id(session, somebody.number)
    assert found is not None
    return found


async def two(phone: Calling) -> tuple[Phone, Phone, str]:
    """Return who looks for something, who knows it, and the reference of their match."""
    amina, olena = await phone(1), await phone(2)
    for somebody in (amina, olena):
        await agrees(somebody)
    async with amina.database.transaction() as session:
        seeker, knower = await person_of(session, amina), await person_of(session, olena)
        await needs.look_for(session, seeker, [Need.EXPORT])
        await needs.offer(session, knower, [Need.EXPORT])
        await a_round(session, amina.now)
        (match,) = await matches_of(session, seeker)
        return amina, olena, match.ref


async def introduced(phone: Calling) -> tuple[Phone, Phone, str]:
    """Return the same two, once both have said yes."""
    amina, olena, ref = await two(phone)
    for somebody in (amina, olena):
        await somebody.sends_data(f"gc:{ref}:yes")
    async with olena.database.transaction() as session:  # until she acts, and comes without one
        (await person_of(session, olena)).username = "olena_exports"
    return amina, olena, ref


async def test_whoever_only_looks_round_is_asked_to_join(phone: Calling) -> None:
    guest = await phone(1)
    async with guest.database.transaction() as session:
        person = await person_of(session, guest)
        person.state, person.joined_at = Membership.JOINING, None
    await guest.says("/people")
    assert "Join first" in guest.last
    assert any("Join the network" in label for label in guest.buttons)
    await guest.sends_data("ga:agree")
    assert guest.toasts[-1].startswith("This is for members.")


async def test_a_member_agrees_with_one_tap_and_says_in_a_few_who_fits(phone: Calling) -> None:
    amina = await phone(1)
    await amina.says("/people")
    assert "your name is told only once both of you have said yes" in amina.last
    await amina.presses("Yes, I would like that")
    assert "Question 1 of 7" in amina.last
    await amina.presses("Taxes")
    await amina.presses("Customers")
    assert {"✅ Taxes", "✅ Customers"} <= {*amina.buttons}
    await amina.presses("Done")
    await amina.presses("Selling to other countries")
    await amina.presses("Done")
    await amina.presses("فارسی")
    await amina.presses("Done")
    await amina.presses("Food and restaurants")
    await amina.presses("Skip")  # how they would meet
    await amina.presses("A mentor")
    await amina.presses("Done")
    await amina.presses("Their mentor")
    await amina.presses("3")
    assert "Every two weeks" in amina.last
    await amina.says("/me")
    for line in (
        "You look for: Taxes and Customers",
        "You can help with: Selling to other countries",
        "You also speak: فارسی",
        "Your trade: Food and restaurants",
        "How you want to meet: Either",
        "You would like to meet: Somebody like me and A mentor",
        "You would be: Their mentor; places: 3",
        "Somebody of the team talks with you about it first.",
    ):
        assert line in amina.last, line
    async with amina.database.transaction() as session:
        person = await person_of(session, amina)
        assert Purpose.MATCHING in await consents.given(session, person)
        assert await spoken.of(session, person) == ["en", "fa"]
        assert await needs.of(session, person) == [Need.TAX, Need.CUSTOMERS]


async def test_all_of_it_is_changed_later_one_by_one(phone: Calling) -> None:
    amina = await phone(1)
    await agrees(amina)
    await amina.says("/me")
    await amina.presses("How I meet people")
    await amina.presses("My trade")
    await amina.presses("Building")
    assert "Your trade: Building" in amina.last
    await amina.presses("My trade")
    await amina.presses("No longer say it")
    assert "Your trade" not in amina.last
    await amina.presses("What I look for")
    await amina.presses("Taxes")
    await amina.presses("Done")
    assert "You look for: Taxes" in amina.last
    await amina.presses("What I look for")
    await amina.presses("✅ Taxes")
    await amina.presses("Done")
    assert "You look for" not in amina.last
    await amina.presses("Pause for two months")
    assert "Nobody is proposed to you until" in amina.last
    await amina.presses("Go on")
    assert "Nobody is proposed" not in amina.last


async def test_what_is_looked_for_first_is_chosen_without_losing_the_rest(phone: Calling) -> None:
    amina = await phone(1)
    async with amina.database.transaction() as session:
        await needs.look_for(session, await person_of(session, amina), [Need.TAX, Need.HIRING])
    await amina.sends_data("pr:need:hiring:1:")
    async with amina.database.transaction() as session:
        found = await needs.of(session, await person_of(session, amina))
    assert found == [Need.HIRING, Need.TAX]


async def test_whoever_asks_is_answered_and_not_more_than_twice_a_month(phone: Calling) -> None:
    amina, _olena, _ref = await two(phone)
    await amina.says("/people")
    await amina.presses("Find somebody for me now")
    assert "A proposal waits for your answer." in amina.last
    await amina.presses("A proposal for you")
    await amina.presses("Yes, introduce us")
    await amina.says("/people")
    await amina.presses("Find somebody for me now")
    assert "We look for somebody now" in amina.last
    async with amina.database.transaction() as session:
        person = await person_of(session, amina)
        found = await matches.next_open(session)
        assert found is not None
        await matches.finish(session, found, [], amina.now)
        (told,) = await session.scalars(select(Delivery).where(Delivery.kind == "match_answer"))
        assert told.person_id == person.id
    message = await amina.gets("match_answer")
    assert message is not None
    assert "there is nobody for you" in message.text
    async with amina.database.transaction() as session:
        me = await person_of(session, amina)
        match = matches.Match(
            partner=Partner.PEER, proposed_at=amina.now, lapses_at=amina.now + 10 * DAY
        )
        session.add(match)
        await session.flush()
        side = {"match_id": match.id, "person_id": me.id, "side": matches.Side.RECEIVER}
        session.add(matches.MatchSide(**side, proposed_at=amina.now))
    await amina.says("/people")
    await amina.presses("Find somebody for me now")
    assert "more than two proposals a month" in amina.toasts[-1]


async def test_whoever_looks_for_nothing_or_nobody_is_told_so_and_can_say_it_at_once(
    phone: Calling,
) -> None:
    amina = await phone(1)
    await agrees(amina)
    for missing, step, choice in (
        ("what you look for", "What I look for", "Taxes"),
        ("whom you would like to meet", "Whom I seek", "Somebody like me"),
    ):
        if choice != "Taxes":
            await amina.sends_data("gb:seeks:peer:1")  # takes back what is ticked at first
        await amina.says("/people")
        await amina.presses("Find somebody for me now")
        assert f"You have not said yet {missing}" in amina.last
        await amina.presses(step)
        await amina.presses(choice)
        await amina.presses("Done")
    await amina.says("/people")
    await amina.presses("Find somebody for me now")
    assert "We look for somebody now" in amina.last


async def test_somebody_is_looked_for_at_once_three_times_a_day(phone: Calling) -> None:
    amina = await phone(1)
    await agrees(amina)
    await amina.sends_data("gb:needs:tax:1")
    for time in range(4):
        amina.now += timedelta(hours=1)
        await amina.sends_data("ga:find")
        assert ("We have looked several times today" in amina.last) == (time == 3)
        async with amina.database.transaction() as session:
            found = await matches.next_open(session)
            assert (found is None) == (time == 3)
            if found is not None:
                await matches.finish(session, found, [], amina.now)
    assert "How I take part" in amina.buttons[0]
    amina.now += timedelta(hours=22)
    await amina.sends_data("ga:find")
    assert "We look for somebody now" in amina.last


async def test_a_proposal_says_why_and_names_nobody(phone: Calling) -> None:
    amina, olena, ref = await two(phone)
    message = await amina.gets("match_proposed", ref=ref)
    assert message is not None
    await amina.sends_data(f"gc:{ref}:open")
    assert "They know about what you look for: Selling to other countries" in amina.last
    assert "You both speak: English" in amina.last
    assert "Person 2" not in amina.last
    assert "olena" not in amina.last
    await olena.sends_data(f"gc:{ref}:open")
    assert "They look for what you know about: Selling to other countries" in olena.last
    assert "Person 1" not in olena.last


@pytest.mark.parametrize("answer", ["nothing", "yes", "no"])
async def test_after_ones_own_yes_the_card_is_the_same_whatever_the_other_did(
    phone: Calling, answer: str
) -> None:
    amina, olena, ref = await two(phone)
    if answer == "no":
        await olena.sends_data(f"gd:{ref}:topic")
    await amina.sends_data(f"gc:{ref}:open")
    before = amina.last
    await amina.presses("Yes, introduce us")
    after = amina.last
    assert "There is somebody for you" in before
    assert after.startswith("✅ You have said yes\n• They know about what you look for")
    assert after.endswith("You hear by Thursday 3 December at the latest.")
    assert amina.buttons == ["Rather not after all", "👥 People"]
    if answer == "yes":
        await olena.sends_data(f"gc:{ref}:yes")
        await amina.sends_data(f"gc:{ref}:open")
        assert "Person 2" in amina.last


async def test_a_no_has_a_reason_and_says_what_it_changes(phone: Calling) -> None:
    amina, olena, ref = await two(phone)
    await amina.sends_data(f"gc:{ref}:open")
    await amina.presses("No, thanks")
    assert "The other person reads nothing of it." in amina.last
    await amina.presses("I want a common language")
    assert "people who speak a language of yours" in amina.last
    await olena.sends_data(f"gc:{ref}:open")
    assert "There is somebody for you" in olena.last
    assert await amina.gets("match_proposed", ref=ref) is None
    await amina.says("/people")
    assert "There is nobody yet." in amina.last


async def test_never_this_person_keeps_two_apart_and_the_other_reads_nothing_of_it(
    phone: Calling,
) -> None:
    amina, olena, ref = await two(phone)
    await amina.sends_data(f"gd:{ref}:not_this_person")
    assert "never proposed to each other again" in amina.last
    await olena.sends_data(f"gc:{ref}:yes")
    assert "You have said yes" in olena.last
    assert await olena.gets("match_introduced", ref=ref) is None


async def test_an_old_never_this_person_asks_first_once_two_know_each_other(
    phone: Calling,
) -> None:
    amina, olena, ref = await introduced(phone)
    await amina.sends_data(f"gd:{ref}:not_this_person")
    assert "Want nothing to do with this person any more?" in amina.last
    await amina.presses("No")
    assert amina.last.startswith("👋 Person 2")
    await olena.sends_data(f"gc:{ref}:open")
    assert "This has ended." not in olena.last
    await amina.sends_data(f"gd:{ref}:not_this_person")
    await amina.presses("Yes, block")
    await olena.sends_data(f"gc:{ref}:open")
    assert "This has ended." in olena.last


async def test_both_read_the_name_the_account_and_three_things_to_talk_about(
    phone: Calling,
) -> None:
    amina, olena, ref = await introduced(phone)
    notice = await amina.gets("match_introduced", ref=ref)
    assert notice is not None
    assert "Person" not in notice.text, "phones are shared"
    await amina.sends_data(f"gc:{ref}:see")
    assert amina.last.startswith("👋 Person 2")
    assert "@olena_exports" in amina.last
    assert "https://t.me/olena_exports" in amina.seen[-1].text
    assert amina.last.count("\n•") == 3
    assert "Ask what they would do in your place: Selling to other countries" in amina.last
    await olena.sends_data(f"gc:{ref}:see")
    assert "They have no account that can be shown: write to them through the bot." in olena.last
    assert "They read your name, too" in olena.last
    assert "Ask where they are stuck" in olena.last


async def test_the_two_write_through_the_bot_and_nobody_else_reads_it(phone: Calling) -> None:
    amina, olena, ref = await introduced(phone)
    animator = await phone(3, "en", RoleName.ANIMATOR)
    await amina.sends_data(f"gc:{ref}:open")
    await amina.presses("Write through the bot")
    assert "It is passed on to them." in amina.last
    await amina.says("Shall we meet?")
    await olena.sends_data(f"gc:{ref}:open")
    await olena.presses("Write through the bot")
    assert "Person 1:" in olena.last
    assert "Shall we meet?" in olena.last
    assert not olena.seen[-1].protect
    await olena.presses("Write back")
    await olena.says("Gladly.")
    assert "You and Person 1" in olena.last
    async with amina.database.transaction() as session:
        (exchange,) = await session.scalars(select(Exchange))
        told = await session.scalars(select(Delivery).where(Delivery.kind == "bridge_message"))
        names = {(await person_of(session, one)).id for one in (amina, olena)}
        assert {one.person_id for one in told} == names
        assert exchange.due_at is None, "nobody of the team is asked"
    await animator.sends_data(f"xc:{exchange.ref}:open:0")
    assert "not here any more" in animator.toasts[-1]
    await olena.sends_data(f"gc:{ref}:end")
    await olena.presses("Yes, end it")
    await amina.sends_data(f"xc:{exchange.ref}:open:0")
    assert "This has ended: nothing more can be written here." in amina.last


async def test_a_person_is_reported_with_two_taps_and_never_proposed_again(
    phone: Calling,
) -> None:
    amina, olena, ref = await introduced(phone)
    animator = await phone(3, "en", RoleName.ANIMATOR)
    moderator = await phone(4, "en", RoleName.MODERATOR)
    await amina.sends_data(f"gc:{ref}:open")
    await amina.presses("Report")
    await amina.presses("An insult")
    assert "Somebody of the team looks at it" in amina.last
    async with amina.database.transaction() as session:
        (exchange,) = await session.scalars(select(Exchange))
    for judge in (animator, moderator):
        await judge.sends_data(f"xc:{exchange.ref}:open:0")
        assert judge.seen == [], "they read what was reported, not all of it"
    await amina.sends_data(f"gc:{ref}:open")
    assert amina.last == "This has ended."
    await amina.says("/people")
    assert not any("Person" in label for label in amina.buttons)
    assert await amina.gets("match_followup", ref=ref) is None
    await olena.sends_data(f"gc:{ref}:open")
    assert olena.last == "👋 Person 1\nThis has ended.", "as of any end"


async def test_what_came_of_it_is_three_taps_and_can_be_changed(phone: Calling) -> None:
    amina, _olena, ref = await introduced(phone)
    asked = await amina.gets("match_followup", ref=ref)
    assert asked is not None
    assert "Person" not in asked.text
    await amina.sends_data(f"ge:{ref}:::")
    await amina.presses("Yes, we met")
    await amina.presses("👍 Yes")
    await amina.presses("A client")
    assert "Thank you" in amina.last
    assert await amina.gets("match_followup", ref=ref) is None
    await amina.presses("Change it")
    await amina.presses("No")
    async with amina.database.transaction() as session:
        view = await matches.look(session, await person_of(session, amina), ref, amina.now)
        assert (view.mine.met, view.mine.useful, view.mine.outcome) == (False, None, None)
        assert view.match.state == matches.State.MET


async def test_an_animator_talks_with_who_would_be_a_mentor_and_confirms(phone: Calling) -> None:
    amina, olena = await phone(1), await phone(2)
    animator = await phone(3, "en", RoleName.ANIMATOR)
    for somebody in (amina, olena):
        await agrees(somebody)
        await somebody.sends_data("gb:gives:mentor:1")
        await somebody.presses("2")
    await animator.says("/animate")
    await animator.presses("Today")
    await animator.presses("Would help others: 2")
    await animator.presses("Person 1")
    assert "They would be: A mentor; places: 2" in animator.last
    await animator.presses("Confirm")
    await animator.presses("Person 2")
    await animator.presses("It does not fit")
    assert "Nobody is waiting." in animator.last
    told = await amina.gets("match_notice", what="guide_confirmed", partner="mentor")
    assert told is not None
    assert await amina.gets("match_notice", what="guide_refused", partner="mentor") is None
    assert await olena.gets("match_notice", what="guide_refused", partner="mentor") is not None
    assert await animator.gets("team_notice", what="guide_offered", ref="nobody") is None
    async with amina.database.transaction() as session:
        found = await pairing(session, await person_of(session, amina))
        assert found.gives_as == Partner.MENTOR


async def test_the_team_introduces_somebody_outside_to_who_looks_for_it(phone: Calling) -> None:
    amina = await phone(1)
    animator = await phone(3, "en", RoleName.ANIMATOR)
    await agrees(amina)
    await amina.presses("Selling to other countries")
    await animator.sends_data("jc:0:new")
    await animator.presses("Other")
    await animator.says("Chamber of Commerce")
    await animator.presses("They have agreed")
    await animator.says("by phone")
    await animator.presses("Today")
    for act, words in (("Name", "Mr Roy"), ("How to reach", "roy@example.org")):
        await animator.presses("Change")
        await animator.presses(act)
        await animator.says(words)
    await animator.presses("Change")
    await animator.presses("Languages")
    await animator.presses("French")
    await animator.presses("Back")
    await animator.presses("Introduce to a member")
    await animator.presses("Taxes")
    assert "Nobody who wants to be introduced" in animator.last
    await animator.presses("Back")
    await animator.presses("Selling to other countries")
    await animator.presses("👤 Person 1")
    async with amina.database.transaction() as session:
        (match,) = await matches_of(session, await person_of(session, amina))
    await amina.sends_data(f"gc:{match.ref}:open")
    assert "The team can introduce somebody to you" in amina.last
    assert "Roy" not in amina.last
    await amina.presses("Yes, introduce us")
    assert await animator.gets("team_notice", what="to_introduce", ref=match.ref) is not None
    await animator.says("/animate")
    await animator.presses("Today")
    await animator.presses("To introduce: 1")
    await animator.presses("Person 1 and Mr Roy")
    assert "Please pass this on. Language: French" in animator.last
    assert "Person 1" in animator.last.partition("French")[2]
    await animator.presses("It is passed on")
    assert await animator.gets("team_notice", what="to_introduce", ref=match.ref) is None
    await amina.sends_data(f"gc:{match.ref}:open")
    assert "👋 Mr Roy" in amina.last
    assert "roy@example.org" in amina.last
    # Once they take back their consent, nothing of them is shown.
    await animator.sends_data("jc:0:open")
    await animator.presses("Mr Roy")
    await animator.presses("Change")
    await animator.presses("Consent withdrawn")
    await animator.presses("Yes, forget it")
    await amina.sends_data(f"gc:{match.ref}:open")
    assert amina.last == "They are not here any more."


async def test_notices_say_what_is_true_when_they_leave_or_nothing(phone: Calling) -> None:
    amina, olena, ref = await two(phone)
    await amina.sends_data(f"gc:{ref}:yes")
    async with amina.database.transaction() as session:
        await matches.lapse(session, amina.now + 10 * DAY)
        found = await pairing(session, await person_of(session, amina))
        found.rests_since = amina.now
    closed = await amina.gets("match_notice", what="closed", ref=ref)
    assert closed is not None
    assert "came to nothing" in closed.text
    assert await amina.gets("match_notice", what="ended", ref=ref) is None
    assert await amina.gets("match_notice", what="paused") is not None
    assert await amina.gets("match_proposed", ref=ref) is None
    assert await olena.gets("match_notice", what="paused") is None
    assert await olena.gets("match_none") is not None
    await olena.sends_data("me:erase_really")
    await amina.sends_data(f"gc:{ref}:open")
    assert "This proposal is over." in amina.last
