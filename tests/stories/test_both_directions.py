"""Both directions: providers come to events and propose, a programme sends people in.

Each is told in Arabic and in French: the member reads the one, the organisation the other.
"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from community.deliveries import Delivery
from community.referrals import Referral, State
from locales import native_name, translator_for
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import a_directory, a_request_without_steps, an_event, staff

READERS = pytest.mark.parametrize(("team", "member"), [("fr", "ar"), ("ar", "fr")])


async def a_town(stage: Stage, animator: Coming, team: str, member: str) -> tuple[Somebody, ...]:
    """Return the boss, the organisation's adviser, and a member who looks for its service."""
    boss = await animator()
    await a_directory(boss)
    adviser = await staff(boss, team)
    return boss, adviser, await looking(stage, "Amina", member)


async def looking(stage: Stage, name: str, language: str) -> Somebody:
    """Return a member who looks for money to start."""
    somebody = await stage.member(name, language)
    await somebody.presses("Money to start")
    return somebody


@READERS
async def test_an_organisation_comes_to_an_event_and_a_member_talks_to_it_afterwards(
    stage: Stage, animator: Coming, team: str, member: str
) -> None:
    boss, adviser, amina = await a_town(stage, animator, team, member)
    await an_event(boss)
    await boss.presses("🏢 Support organisations")
    boss.sees_last("None is invited yet.")
    await boss.presses("➕ {name}", name="Chamber of Commerce")
    boss.sees_last("invited, no answer yet")
    adviser.sees_last("The network invites your organisation. Are you coming?", "Coffee")
    await amina.says("/events")
    await amina.presses("Coffee")
    assert not amina.has_read("From the support organisations")
    await adviser.presses("✅ I am coming")
    adviser.sees_last("✅ You are coming.", "👥 Going: {n}")
    await amina.says("/events")
    await amina.presses("Coffee")
    amina.sees_last("From the support organisations", "Chamber of Commerce", "Start-up advice")
    await amina.presses("✅ Going")
    assert not any("Chamber" in label for label in amina.buttons())
    adviser_reads = adviser.screen
    assert "Amina" not in adviser_reads
    await stage.play(days=2, hours=7)
    await amina.says("/events")
    await amina.presses("🕘 Events I was at")
    await amina.presses("Coffee")
    await amina.presses("💬 Talk to {organization}", organization="Chamber of Commerce")
    amina.sees_last("This goes to {organization}, and nothing else", "Amina")
    await amina.presses("I agree, send it")
    amina.sees_last("Your request is on its way")
    adviser.sees_last("You have a new referral")


@READERS
async def test_an_offer_waits_for_the_team_and_comes_to_who_looks_for_it(
    stage: Stage, animator: Coming, team: str, member: str
) -> None:
    boss, adviser, amina = await a_town(stage, animator, team, member)
    ben = await stage.member("Ben", member)
    await ben.presses("Taxes")
    await adviser.says("/referrals")
    await adviser.presses("💡 Propose something")
    await adviser.presses("🤝 An offer of {organization}", organization="Chamber of Commerce")
    await adviser.says("Micro-crédit")
    await adviser.says("Chaque lundi à dix heures, sans rendez-vous.")
    await adviser.presses("Money to start")
    adviser.sees_last("This is what the team gets", "Chaque lundi")
    assert not boss.has_read("Something is proposed")
    await adviser.presses("📨 Hand it to the team")
    adviser.sees_last("It has reached nobody yet.")
    boss.sees_last("💡 Something is proposed to the network.")
    await boss.presses("Look at it")
    boss.sees_last("What is proposed to the network")
    await boss.presses("Micro-crédit")
    boss.sees_last("Chaque lundi", "Chamber of Commerce")
    await boss.presses("🙋 I take care of it")
    boss.sees_last("Taken care of by: {name}", name="Boss")
    await boss.presses("❌ No, and say why")
    await boss.says("Please say where.")
    await stage.settled()
    adviser.sees_last("It came back from the team", "Please say where.")
    assert "Micro-crédit" not in amina.screen
    await stage.play(minutes=1)
    await adviser.presses("✏️ Write it anew")
    await adviser.says("Micro-crédit")
    await adviser.says("Chaque lundi à dix heures, rue de la Gare.")
    await adviser.presses("📨 Hand it to the team")
    await boss.presses("Look at it")
    await boss.presses("Micro-crédit")
    await adviser.presses("✏️ Write it anew")
    await adviser.says("Micro-crédit")
    await adviser.says("Chaque lundi à dix heures, rue du Marché.")
    await adviser.presses("📨 Hand it to the team")
    await boss.presses("✅ Take it as it is")
    boss.sees_last("rue du Marché")  # nobody says yes to words that came meanwhile
    await boss.presses("✅ Take it as it is")
    assert "Micro-crédit" not in amina.screen
    await boss.presses("🌐 Languages and preview")
    boss.sees_last("Languages of this message")
    assert sum("missing" in label for label in boss.buttons()) == 3, "the fourth is the author's"
    await boss.presses("Back to the message")
    await boss.presses("📤 Send now")
    await stage.play(minutes=2)
    amina.sees_last("🤝 {organization} offers:", "rue du Marché")
    assert "Micro-crédit" not in ben.screen
    assert any("Chamber" in label for label in amina.buttons())
    await amina.presses("🙏 Please translate this")
    await amina.presses("🔕 No offers about: {need}")
    amina.sees_last("You get no more offers about this: {need}")
    await amina.presses("What reaches me")
    await amina.presses("⬜ Offers about: {need}")


@READERS
async def test_an_information_event_is_proposed_and_becomes_one_of_the_networks(
    stage: Stage, animator: Coming, team: str, member: str
) -> None:
    boss, adviser, amina = await a_town(stage, animator, team, member)
    await adviser.says("/referrals")
    await adviser.presses("💡 Propose something")
    await adviser.presses("📅 An event of {organization}", organization="Chamber of Commerce")
    start = stage.now + timedelta(days=5)
    for words in ("Crédit", start.strftime("%d.%m.%Y 18:00"), "Library", "Pour débuter."):
        await adviser.says(words)
    await adviser.presses("Money to start")
    await adviser.presses("📨 Hand it to the team")
    await amina.says("/events")
    assert "Crédit" not in amina.screen
    await boss.presses("Look at it")
    await boss.presses("Crédit")
    await boss.presses("✅ Take it as it is")
    boss.sees_last("A draft: members do not see it yet.")
    adviser.sees_last("✅ The team takes it up.")
    await boss.presses("Publish")
    await boss.presses("Tell the members")
    boss.sees_last("Money to start")
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(minutes=2)
    amina.sees_last("📣 A new event in your network", "Crédit")


@READERS
async def test_a_programme_sends_somebody_in_and_hears_what_they_allow(
    stage: Stage, animator: Coming, team: str, member: str
) -> None:
    boss, adviser, _amina = await a_town(stage, animator, team, member)
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("Organisations")
    await boss.presses("Chamber of Commerce")
    await boss.presses("🔗 Its link into the network")
    payload = boss.link()
    assert payload.startswith("j-")
    dina = stage.meet("Dina", member)
    await dina.starts(payload)
    await dina.presses(native_name(member))
    dina.sees_last("🔗 You come by a link of {organization}.")
    await dina.presses("Just look")
    await adviser.says("/referrals")
    await adviser.presses("🔗 Who came by the link of {organization}")
    adviser.sees_last("Nobody has allowed you to hear more yet.")
    await dina.starts()
    await dina.presses("Join")
    await dina.presses("Only what is needed")
    dina.sees("May {organization} hear how you get on?", "Nothing.")
    await dina.presses("My name")
    await dina.presses("That I have joined")
    dina.sees("Name: {name}", name="Dina")
    assert "Dina" not in adviser.screen
    await dina.presses("I agree to exactly this")
    dina.sees("hears what you have allowed, until you end it.")
    await stage.play(minutes=1)
    await adviser.presses("🔗 Who came by the link of {organization}")
    adviser.sees_last("Name: {name}", "Has joined the network", name="Dina")
    assert adviser.last["protected"]
    await dina.says("/me")
    await dina.presses("Who hears how I get on")
    await dina.presses("✅ {fact}", fact=_fact(member, "My name"))
    await dina.presses("✅ {fact}", fact=_fact(member, "That I have joined"))
    await dina.presses("It hears nothing")
    dina.sees_last("hears nothing about you.")
    assert "Dina" not in adviser.screen


def _fact(language: str, english: str) -> str:
    return translator_for(language).label("fact", english)


async def test_at_the_beginning_of_a_quarter_staff_are_told_once_and_read_it(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await a_town(stage, animator, "fr", "ar")
    await a_request_without_steps(amina)
    await adviser.presses("Show what was shared")
    await adviser.presses("Accept")
    await stage.play(until=datetime(2027, 1, 2, 12, tzinfo=UTC))
    assert adviser.times_read("📊 Your quarter is ready: {quarter}") == 1
    await adviser.presses("See it")
    adviser.sees("How long the first answer took", "fewer than 5")
    assert adviser.last["attachment"]
    async with stage.app.database.transaction() as session:
        assert (await session.scalars(select(Referral.state))).one() == State.ACCEPTED
        owed = select(Delivery).where(Delivery.kind == "staff_notice")
        assert len((await session.scalars(owed)).all()) == 1
