"""What the team prepares for a member, and what it passes on to who is not on Telegram.

The team reads French, the member Arabic: nobody reads the other's language.
"""

from sqlalchemy import select

from community.history import Step
from community.referrals import Referral, State
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import saying
from tests.stories.steps import a_directory, another_organization, staff
from tests.stories.test_support import later, state_of

WISH = "أريد أن أفتح مخبزا."
ABOUT_HER = "Elle cherche un local pour un four."


async def writes_to_the_team(member: Somebody) -> None:
    """Ask the team for help."""
    await member.says("/ask")
    await member.says(WISH)


async def is_prepared(boss: Somebody, name: str, note: str = "") -> None:
    """Prepare a request from a question in the inbox."""
    await boss.presses("Read it")
    await boss.presses("Prepare a request")
    boss.sees_last("Prepare a request for {name}", name=name)
    await boss.presses("Money to start")
    await boss.presses("Start-up advice")
    if note:
        await boss.presses("Add a note")
        await boss.says(note)
    await boss.presses("Ask the member")
    boss.sees_last("The member gets a message that there is something new, and decides.")


async def switched_on(boss: Somebody) -> None:
    """Let the team pass on what is asked of the organisation."""
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("Organisations")
    await boss.presses("Chamber of Commerce")
    await boss.presses("The team passes it on")
    boss.sees_last("While nobody of them is here, the team passes requests on")


async def asks(member: Somebody) -> None:
    """Ask an organisation that is not on Telegram."""
    await member.says("/support")
    await member.presses("Money to start")
    await member.presses("Start-up advice")
    await member.presses("Refer me")
    member.sees_last("They are not on Telegram. The team reads what you share")
    await member.presses("Add a note")
    await member.says(WISH)
    member.sees_last("They are not on Telegram. The team reads what you share", WISH)
    await member.presses("I agree, send it")
    member.sees_last("Your request is on its way")


async def test_what_an_animator_has_prepared_leaves_only_as_the_member_has_changed_it(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    adviser = await staff(boss, "fr")
    amina = await stage.member("أمينة", "ar")
    await writes_to_the_team(amina)
    before = len(adviser.from_bot())
    await is_prepared(boss, "أمينة", ABOUT_HER)
    assert len(adviser.from_bot()) == before
    amina.sees_last("You have a new message")
    assert "Start-up" not in amina.last["text"]
    await amina.presses("Read it")
    amina.sees_last("The team has prepared this request for you.", ABOUT_HER, "أمينة")
    amina.sees_last("This goes to {organization}, and nothing else", "Chamber of Commerce")
    await amina.presses("✅ Name")
    amina.sees_last("The team has prepared this request for you.")
    assert "أمينة" not in amina.last["text"]
    await amina.presses("Remove the note")
    assert ABOUT_HER not in amina.last["text"]
    assert len(adviser.from_bot()) == before
    await amina.presses("I agree, send it")
    assert await state_of(stage) == State.PENDING
    async with stage.app.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
        assert referral.consent_version
        assert referral.consent_language == "ar"
    await adviser.presses("Show what was shared")
    adviser.sees_last("Money to start")
    assert "أمينة" not in adviser.screen
    assert ABOUT_HER not in adviser.screen


async def test_a_note_that_the_member_leaves_is_named_in_the_language_it_is_in(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    adviser = await staff(boss, "fr")
    amina = await stage.member("أمينة", "ar")
    await writes_to_the_team(amina)
    await is_prepared(boss, "أمينة", ABOUT_HER)
    await amina.presses("Read it")
    await amina.presses("✅ Language")  # the field; what is left is the language of the note
    assert "الفرنسية" in amina.last["text"]
    await amina.presses("I agree, send it")
    await adviser.presses("Show what was shared")
    adviser.sees_last(ABOUT_HER)
    assert "arabe" not in adviser.last["text"]


async def test_a_member_says_no_and_the_animator_hears_that_and_nothing_more(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    adviser = await staff(boss, "fr")
    amina = await stage.member("أمينة", "ar")
    await writes_to_the_team(amina)
    before = len(adviser.from_bot())
    await is_prepared(boss, "أمينة", ABOUT_HER)
    await amina.presses("Read it")
    agree = later(amina, "I agree, send it")
    await amina.presses("No, do not send it")
    amina.sees_last("Nothing was sent, and what was prepared is gone.")
    assert await state_of(stage) == State.CANCELLED
    boss.sees_last("A member does not want a request that you have prepared.")
    assert "أمينة" not in boss.last["text"]
    assert "Start-up" not in boss.last["text"]
    await agree()  # the old card shares nothing that it does not show now
    assert await state_of(stage) == State.CANCELLED
    await adviser.says("/referrals")
    adviser.sees_last("Nobody has been referred")
    assert len(adviser.from_bot()) == before + 1


async def test_a_prepared_request_that_nobody_answers_ends(stage: Stage, animator: Coming) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    adviser = await staff(boss, "fr")
    amina = await stage.member("أمينة", "ar")
    await writes_to_the_team(amina)
    before = len(adviser.from_bot())
    await is_prepared(boss, "أمينة")
    await stage.play(days=15)
    assert await state_of(stage) == State.CANCELLED
    boss.sees("A request that you have prepared was not answered, and has ended.")
    assert len(adviser.from_bot()) == before
    await amina.presses("Read it")
    assert not amina.has_read("The team has prepared this request for you.")


async def test_the_team_passes_on_what_is_shared_and_records_what_the_organisation_says(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    amina = await stage.member("أمينة", "ar")
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    amina.sees_last("This organisation does not read requests here yet.")
    await switched_on(boss)
    await asks(amina)
    boss.sees_last("There is a request to pass on, or news about one.")
    assert "أمينة" not in boss.last["text"]
    await boss.presses("Show what was shared")
    boss.sees_last("أمينة", WISH, "Please pass it on", "Chamber of Commerce")
    assert boss.last["protected"]
    await boss.presses("They need one more thing")
    await boss.presses("By e-mail")
    await boss.presses("how to reach them")
    await amina.presses("Read it")
    amina.sees_last("They ask you to write more", "Recorded by the team, by e-mail.")
    await amina.presses("Write it")
    await amina.says("0470 12 34 56")
    await boss.presses("Show what was shared")
    boss.sees_last("0470 12 34 56")
    for press in ("They accept", "It has begun", "Completed"):
        await boss.presses(press)
        boss.sees_last("How did the organisation tell you?")
        await boss.presses("By phone")
        await amina.presses("Read it")
        amina.sees_last("Recorded by the team, by phone.", "The team reads this and passes it on")
    await amina.presses("Yes, I was helped")
    assert await state_of(stage) == State.CONFIRMED
    assert not amina.has_read("💬 Write to each other")
    async with stage.app.database.transaction() as session:
        told = select(Step.source).where(Step.subject == "referral").order_by(Step.id)
        sources = list(await session.scalars(told))
    assert sources == ["chat", "email", "chat", "phone", "phone", "phone", "chat"]


async def test_what_the_team_reads_disappears_when_it_is_withdrawn_and_after_some_minutes(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    await switched_on(boss)
    amina = await stage.member("أمينة", "ar")
    await asks(amina)
    await boss.presses("Show what was shared")
    boss.sees_last(WISH)
    await stage.play(minutes=16)
    assert WISH not in boss.screen
    await boss.presses("Show what was shared")
    boss.sees_last(WISH)
    accept = later(boss, "They accept")
    await amina.says("/support")
    await amina.presses("My requests")
    await amina.presses("Chamber of Commerce")
    await amina.presses("Withdraw my request")
    await amina.presses("Yes, withdraw")
    assert WISH not in boss.screen
    boss.sees_last("A request that the team passes on has been withdrawn.")
    await accept()
    assert await state_of(stage) == State.CANCELLED


async def test_a_no_that_came_by_phone_is_read_with_its_reason(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    await switched_on(boss)
    amina = await stage.member("أمينة", "ar")
    await asks(amina)
    await boss.says("/animate")
    await boss.presses("Inbox")
    await boss.presses("Requests to pass on")
    await boss.presses("Chamber of Commerce")
    await boss.presses("They decline")
    await boss.presses("In person")
    await boss.presses("No free place")
    await amina.presses("Read it")
    amina.sees_last("Declined", "No free place", "Recorded by the team, in person.")
    assert await state_of(stage) == State.DECLINED


async def test_who_can_help_better_came_by_phone_and_the_member_agrees_anew(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    await another_organization(boss)
    await staff(boss, "fr", "Credit Union", "Banker")
    await switched_on(boss)
    amina = await stage.member("أمينة", "ar")
    await asks(amina)
    await boss.presses("Show what was shared")
    await boss.presses("Others can help better")
    await boss.presses("By phone")
    boss.sees_last("Who can help better, do they say?")
    await boss.presses("Small loans")
    assert WISH not in boss.screen
    assert await state_of(stage) == State.REROUTED
    await amina.presses("Read it")
    amina.sees_last(
        "Recorded by the team, by phone.", "They think that somebody else can help you better."
    )
    amina.sees_last("They suggest: {service}, {organization}", service="Small loans")
    await amina.presses("Ask there")
    amina.sees_last("This goes to {organization}, and nothing else", "Credit Union", WISH)
    await amina.presses("I agree, send it")
    amina.sees_last("Your request is on its way")


async def test_who_was_shown_that_the_team_reads_it_agrees_anew_when_staff_have_come(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    await switched_on(boss)
    amina = await stage.member("أمينة", "ar")
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    await amina.presses("Refer me")
    amina.sees_last("They are not on Telegram.")
    adviser = await staff(boss, "fr")
    await amina.presses("I agree, send it")
    assert await state_of(stage) == "None"
    assert not amina.last["text"].count("📞")
    await amina.presses("I agree, send it")
    assert await state_of(stage) == State.PENDING
    await adviser.presses("Show what was shared")
    adviser.sees_last("أمينة")


async def test_forged_buttons_of_the_team_change_nothing_and_show_nothing(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    await switched_on(boss)
    amina, eve = await stage.member("أمينة", "ar"), await stage.member("Eve")
    await asks(amina)
    number = next(m["message_id"] for m in reversed(eve.from_bot()) if m["buttons"])
    async with stage.app.database.transaction() as session:
        referral = (await session.scalars(select(Referral))).one()
    for data in (
        f"bt:{referral.ref}:open::",
        f"bt:{referral.ref}:accept:phone:",
        f"bt:{referral.ref}:decline:phone:other",
        "bl:0",
        f"rt:{referral.ref}::::",
        f"sz:{referral.ref}:open:",
    ):
        stage.emulator.world.press(eve.id, number, data, forged=True)
        await stage.settled()
    assert WISH not in eve.screen
    assert await state_of(stage) == State.PENDING
    for data in (
        f"bt:{referral.ref}:accept:chat:",
        f"bt:{referral.ref}:accept:pigeon:",
        f"bt:{referral.ref}:reroute:phone:",
        f"bt:{'x' * 12}:accept:phone:",
    ):
        stage.emulator.world.press(boss.id, boss.last["message_id"], data, forged=True)
        await stage.settled()
    assert await state_of(stage) == State.PENDING


async def test_what_was_prepared_for_a_service_that_has_closed_since_leads_on_to_another(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await a_directory(boss)
    await another_organization(boss)
    await staff(boss, "fr")
    await staff(boss, "fr", "Credit Union", "Banker")
    amina = await stage.member("أمينة", "ar")
    await writes_to_the_team(amina)
    await is_prepared(boss, "أمينة", ABOUT_HER)
    await boss.says("/report")
    for press in ("Set up the network", "Organisations", "Chamber of Commerce", "Start-up advice"):
        await boss.presses(press)
    await boss.presses("Close it")
    await amina.presses("Read it")
    amina.sees_last(
        "The team has prepared a request for you that cannot be sent now.",
        "This service is closed: nobody is taken there any more.",
    )
    amina.sees_last("This fits, too: {service}, {organization}", service="Small loans")
    wanted = saying("ar", "I agree, send it")
    assert not any(wanted.search(label) for label in amina.buttons())
    await amina.presses("Look at it first")
    await amina.presses("Refer me")
    await amina.presses("I agree, send it")
    amina.sees_last("Your request is on its way")
