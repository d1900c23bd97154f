"""Support and referrals: what can go wrong, and what nobody sees who should not.

From a need to a confirmed outcome it is told in ``test_from_nothing``.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy import select

from community import agreements, people, referrals
from community.arrivals import Arrival, Arriving
from community.providers import Organization
from community.referrals import Referral, State
from tests.agreeing import agreed
from tests.stories.conftest import RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare, saying
from tests.stories.steps import (
    a_directory,
    a_request,
    a_request_without_steps,
    another_organization,
    sets_up_a_directory,
    staff,
)


async def state_of(stage: Stage) -> str:
    async with stage.app.database.transaction() as session:
        return str(await session.scalar(select(Referral.state)))


async def test_a_disagreement_goes_to_the_team_and_is_settled(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina")
    await a_request(amina)
    for press in ("Show what was shared", "Accept", "It has begun", "Completed"):
        await adviser.presses(press)
    await amina.presses("Read it")
    await amina.presses("❌ No")
    amina.sees_last("Were you not helped?")
    await amina.presses("Yes, tell the team")
    boss.sees_last("did not help as it says")
    await amina.presses("Tell the team what happened")
    await amina.says("Nobody ever called me.")
    await boss.presses("Read it")
    boss.sees_last("Nobody ever called me.")
    await boss.presses("Look at it")
    boss.sees_last("Member: {name}", name="Amina")
    boss.sees_last("Chamber of Commerce")
    assert boss.last["protected"]
    await boss.presses("The help was not given")
    await boss.presses("Yes, settle it")
    assert await state_of(stage) == State.RESOLVED
    await adviser.presses("Show what was shared")
    adviser.sees_last("the help was not given")
    await stage.play(minutes=16)
    assert "Amina" not in boss.last["text"]
    await amina.presses("Read it")
    amina.sees_last("Settled by the team", "the help was not given")


async def test_who_is_told_that_it_could_not_be_done_says_that_it_is_not_so(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina", "ar")
    await a_request(amina)
    for press in (
        "Show what was shared",
        "Accept",
        "It could not be done",
        "The person could not be reached",
    ):
        await adviser.presses(press)
    await amina.presses("Read it")
    amina.sees_last("It could not be done", "The person could not be reached")
    await amina.presses("That is not so")
    amina.sees_last("They say that it could not be done. Is that not so?")
    await amina.presses("Yes, tell the team")
    assert await state_of(stage) == State.DISPUTED
    amina.sees_last("You disagree; the team looks into it")
    boss.sees_last("A member does not agree that it could not be done")
    assert "Amina" not in boss.last["text"]
    await boss.presses("Look at it")
    boss.sees_last("It could not be done", "The person could not be reached")
    await boss.presses("The help was not given")
    await boss.presses("Yes, settle it")
    assert await state_of(stage) == State.RESOLVED
    await amina.presses("Read it")
    amina.sees_last("The team has found that the help was not given.")
    await amina.presses("Look for another")


async def test_whoever_cannot_be_reached_is_told_so_and_can_say_how(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina")
    await a_request(amina)
    amina.sees("They cannot reach you yet.")
    await adviser.presses("Show what was shared")
    await adviser.presses("Ask for one more thing")
    await adviser.presses("how to reach them")
    await amina.presses("Read it")
    amina.sees_last("how they can reach you")
    await amina.presses("Write it")
    await amina.says("0470 12 34 56")
    await adviser.presses("Show what was shared")
    adviser.sees_last("0470 12 34 56")


async def test_what_is_asked_for_is_shared_only_on_a_tap_and_withdrawing_ends_it(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina", "en", username="amina_bakes")
    await a_request(amina)
    await adviser.presses("Show what was shared")
    assert "amina_bakes" not in adviser.screen
    await adviser.presses("Ask for one more thing")
    await adviser.presses("Telegram account")
    await amina.presses("Read it")
    amina.sees_last("They ask for: {field}. This would be shared: {value}", value="@amina_bakes")
    await amina.presses("Share it")
    await adviser.presses("Show what was shared")
    adviser.sees_last("@amina_bakes")
    await amina.presses("Withdraw my request")
    await amina.presses("Yes, withdraw")
    adviser.sees_last("has been withdrawn")
    shown = adviser.from_bot()[-2]
    stage.emulator.world.press(adviser.id, shown["message_id"], shown["buttons"][0][0]["data"])
    await stage.settled()
    await adviser.says("/referrals")
    adviser.sees_last("Nobody has been referred")
    assert await state_of(stage) == State.CANCELLED


async def test_a_waiting_step_is_nudged_about_twice_and_then_no_more(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    amina = await stage.member("Amina")
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    await amina.presses("⬜ 1")
    await stage.play(days=40)
    assert amina.times_read("Your next step is waiting") == 2


async def test_without_an_agreement_nothing_is_sent(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    await a_directory(boss)
    await staff(boss)
    amina = await stage.member("Amina")
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    await amina.presses("Refer me")
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("Organisations")
    await boss.presses("Chamber of Commerce")
    await boss.presses("The agreement has ended")
    await boss.presses("Yes")
    await amina.presses("I agree, send it")
    async with stage.app.database.transaction() as session:
        assert (await session.scalars(select(Referral))).all() == []


async def test_after_a_new_agreement_both_sides_read_why_nothing_is_shared(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    adviser = await staff(boss, "fr")
    amina = await stage.member("Amina", "ar")
    await a_request(amina)
    await adviser.presses("Show what was shared")
    await adviser.presses("Accept")
    await adviser.presses("Write to each other")
    await adviser.says("Bonjour, venez lundi.")
    async with stage.app.database.transaction() as session:
        actor = await people.by_telegram_id(session, boss.id)
        assert actor is not None
        chamber = (await session.scalars(select(Organization))).one()
        await referrals.end_agreement(session, actor, chamber.ref, stage.now)
        await agreed(session, actor, chamber.ref, stage.now)
    await adviser.says("/referrals")
    await adviser.presses("Start-up advice")
    adviser.sees_last("The agreement under which this was shared has ended")
    assert "Amina" not in adviser.last["text"]
    await adviser.presses("💬 Messages")
    adviser.sees_last("The agreement under which this was written has ended")
    await amina.says("/support")
    await amina.presses("My requests")
    await amina.presses("Chamber of Commerce")
    amina.sees_last("The agreement under which you had shared something has ended")
    await amina.presses("💬 Messages")
    amina.sees_last("The agreement under which this was written has ended")
    assert not amina.has_read("The request was withdrawn")


async def test_after_the_agreement_staff_decline_unseen_and_the_member_is_offered_another(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    await another_organization(boss)
    adviser = await staff(boss, "fr")
    await staff(boss, "fr", "Credit Union", "Banker")
    amina = await stage.member("Amina", "ar")
    await a_request(amina)
    await boss.says("/report")
    for press in (
        "Set up the network",
        "Organisations",
        "Chamber of Commerce",
        "The agreement has ended",
        "Yes",
    ):
        await boss.presses(press)
    adviser.sees_last("You can still say what becomes of the requests that are open with you.")
    await adviser.presses("All referrals")
    await adviser.presses("Start-up advice")
    adviser.sees_last("so nothing of this request can be shown.")
    assert "Amina" not in adviser.screen
    await adviser.presses("Decline")
    await adviser.presses("No free place")
    assert await state_of(stage) == State.DECLINED
    await amina.presses("Read it")
    amina.sees_last("Reason: {reason}", "No free place")
    amina.sees_last("This fits, too: {service}, {organization}", service="Small loans")
    await amina.presses("Ask there")
    await amina.presses("I agree, send it")
    amina.sees_last("Your request is on its way")


async def test_a_provider_declines_with_a_reason_which_the_member_reads(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina")
    await a_request(amina)
    await adviser.presses("Show what was shared")
    await adviser.presses("Decline")
    await adviser.presses("No free place")
    adviser.sees_last("Declined")
    await amina.presses("Read it")
    amina.sees_last("Reason: {reason}", "No free place")
    assert await state_of(stage) == State.DECLINED
    await a_request_without_steps(amina)
    adviser.sees_last("You have a new referral")


def later(member: Somebody, label: str) -> Callable[[], Awaitable[None]]:
    """Return a way to press this button later, when the bot has edited it away."""
    number, data = next(
        (message["message_id"], button["data"])
        for message in reversed(member.from_bot())
        for row in message["buttons"]
        for button in row
        if saying(member.language, label).search(bare(button["text"]))
    )

    async def press() -> None:
        member.stage.emulator.world.press(member.id, number, data, forged=True)
        await member.stage.settled()

    return press


async def test_an_old_card_shares_nothing_that_it_has_not_shown(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina = await stage.member("Amina", "en", username="amina_bakes")
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    await amina.presses("Refer me")
    amina.sees_last("Name: {name}", name="Amina")
    agree = later(amina, "I agree, send it")
    await amina.says("/me")
    await amina.presses("My name")
    await amina.says("Amina Secret")
    await agree()
    assert await state_of(stage) == "None"
    assert "new referral" not in adviser.screen
    amina.sees(
        "Name: {name}", name="Amina Secret"
    )  # the card shows itself anew, and now it can be agreed to
    await amina.presses("✅ Language")
    await amina.presses("I agree, send it")
    assert await state_of(stage) == State.PENDING

    await adviser.presses("Show what was shared")
    await adviser.presses("Ask for one more thing")
    await adviser.presses("Language")
    await amina.presses("Read it")
    share = later(amina, "Share it")
    await amina.presses("Do not share it")
    await adviser.presses("Show what was shared")
    await adviser.presses("Ask for one more thing")
    await adviser.presses("Telegram account")
    await share()
    await adviser.says("/referrals")
    await adviser.presses("Start-up advice")
    assert "amina_bakes" not in adviser.screen
    assert await state_of(stage) == State.NEEDS_INFORMATION


async def test_who_has_not_joined_may_look_and_is_not_referred(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    await staff(boss)
    guest = stage.meet("Guest", "en")
    await guest.starts()
    await guest.presses("English")
    await guest.says("/support")
    await guest.presses("Money to start")
    await guest.presses("Start-up advice")
    guest.sees_last("1. Make an appointment")
    await guest.presses("Refer me")
    assert await state_of(stage) == "None"


async def test_what_was_shown_disappears_when_it_is_withdrawn_and_after_some_minutes(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss)
    amina, ben = await stage.member("Amina"), await stage.member("Ben")
    await a_request(amina)
    await adviser.presses("Show what was shared")
    await a_request_without_steps(ben)
    await adviser.presses("Show what was shared")
    for name in ("Amina", "Ben"):
        adviser.sees("Name: {name}", name=name)
    await amina.says("/support")
    await amina.presses("My requests")
    await amina.presses("Chamber of Commerce")
    await amina.presses("Withdraw my request")
    await amina.presses("Yes, withdraw")
    assert "Amina" not in adviser.screen
    assert "bakery" not in adviser.screen
    adviser.sees("The person has withdrawn the request", "Name: {name}", name="Ben")
    await stage.play(minutes=16)
    assert "Ben" not in adviser.screen
    adviser.sees("Closed again")
    await adviser.presses("Show what was shared")
    adviser.sees_last("Name: {name}", name="Ben")


async def test_forged_buttons_of_support_change_nothing_and_set_nothing_aside(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await a_directory(boss)
    await staff(boss)
    amina, eve = await stage.member("Amina"), await stage.member("Eve")
    await a_request(amina)
    number = next(m["message_id"] for m in reversed(eve.from_bot()) if m["buttons"])
    async with stage.app.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
        organization = await session.get_one(Organization, referral.organization_id)
    for data in (
        *(f"sz:{referral.ref}:{act}:" for act in ("open", "withdraw!", "yes", "unshare")),
        *(f"rf:{referral.ref}:{act}:other" for act in ("open", "accept", "decline")),
        f"di:{referral.ref}:yes",
        f"so:{organization.ref}:end!",
        "sv:-1",
        f"sz:{'9' * 20}:open:",
        "rl:0",
    ):
        stage.emulator.world.press(eve.id, number, data, forged=True)
        await stage.settled()
    async with stage.app.database.transaction() as session:
        set_aside = select(Arrival).where(Arrival.state == Arriving.SET_ASIDE)
        assert (await session.scalars(set_aside)).all() == []
        assert await agreements.is_active(session, organization.id, stage.now)
    assert await state_of(stage) == State.PENDING
    assert "Amina" not in eve.screen
    assert "something went wrong" not in eve.screen


async def test_a_service_written_in_arabic_is_read_and_asked_for_in_arabic_alone(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    await sets_up_a_directory(boss)
    await boss.presses("العربية")
    await boss.says("استشارة للبداية")
    await boss.says("نساعدكم على كتابة خطة.")
    await boss.says("١. خذوا موعدا\n٢. أحضروا أفكاركم")
    adviser = await staff(boss, "ar")
    amina = stage.meet("أمينة", "ar")
    await amina.joins()
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("استشارة للبداية")
    amina.sees_last("نساعدكم على كتابة خطة.", "مجاناً", "Step by step", "⬜ 2. أحضروا أفكاركم")
    assert not amina.has_read("Language: {language}")  # all of it is written in Arabic
    assert directions(amina.last["text"]) == RUNS["ar"]
    await amina.presses("⬜ 1")
    amina.sees_last("✅ 1. خذوا موعدا")
    await amina.presses("Refer me")
    await amina.presses("Add a note")
    await amina.says("أريد أن أفتح مخبزا.")
    await amina.presses("I agree, send it")
    await adviser.presses("Show what was shared")
    adviser.sees_last("أمينة", "أريد أن أفتح مخبزا.")
    assert directions(adviser.last["text"]) == RUNS["ar"]
    for press in ("Accept", "It has begun", "Completed"):
        await adviser.presses(press)
    await amina.presses("Read it")
    await amina.presses("Yes, I was helped")
    await amina.presses("Stop sharing this")
    assert "أمينة" not in adviser.screen


async def test_public_holidays_of_the_networks_country_are_no_working_days_on_the_card(
    stage: Stage, animator: Coming
) -> None:
    await stage.app.stop()
    stage.app.settings = stage.app.settings.model_copy(update={"country": "BE"})
    await stage.starts_again()
    await stage.begins(datetime(2026, 12, 23, 11, 0, tzinfo=UTC))
    boss = await animator()
    await a_directory(boss)
    await staff(boss)
    amina = await stage.member("Amina")
    await a_request_without_steps(amina)
    await amina.presses("Look at it")
    amina.sees_last("If nothing has happened by then, we ask again: {day}", ", 29 ")
