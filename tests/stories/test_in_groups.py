"""A group of the network in Telegram: linked, told of an event, open to its members."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import sample
from community import deliveries
from community.arrivals import Arrival
from community.deliveries import Plan
from community.groups import Applicant
from community.groups import Group as Linked
from emulator.group import Group
from locales import language_name, native_name, translator_for
from tests.stories.conftest import RUNS, Coming, Somebody, Stage, directions
from tests.stories.reading import bare, saying
from tests.stories.steps import a_draft, an_event
from tests.stories.test_cohort import a_course

LANGUAGES = pytest.mark.parametrize(("team", "reader"), [("fr", "ar"), ("ar", "uk")])
"""The languages of the team, which the group has too, and of a member."""


def a_group(stage: Stage, boss: Somebody, kind: str = "supergroup", title: str = "Café") -> Group:
    """Open a group in Telegram and put the bot in, as an administrator."""
    group = stage.emulator.groups.new(title, kind, owner=boss.id)
    stage.emulator.groups.add_bot(group.id, boss.id)
    stage.emulator.groups.promote_bot(group.id, boss.id)
    return group


async def linked(
    stage: Stage, boss: Somebody, language: str, kind: str = "supergroup", title: str = "Café"
) -> Group:
    """Put the bot into a group and answer what it asks in private."""
    group = a_group(stage, boss, kind, title)
    await stage.settled()
    boss.sees_last("You have added me. In which language do people write here?")
    await boss.presses(language_name(language, translator_for(boss.language)))
    boss.sees_last("For which area is this group?")
    await boss.presses("The whole network")
    boss.sees_last("🗺 Area: the whole network", "🏷 Events: all kinds")
    return group


def cards(stage: Stage, group: Group) -> list[dict[str, Any]]:
    """Return what the bot has written in a group."""
    said = stage.emulator.world.messages(group.id)
    return [one for one in said if one["from"] == "bot" and not one["deleted"]]


def reads(card: dict[str, Any], language: str, text: str) -> bool:
    return saying(language, text).search(bare(card["text"])) is not None


async def posted(boss: Somebody, title: str = "Coffee for founders") -> None:
    """Post the event of the desk in the one group that there is."""
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses(title)
    await boss.presses("Post it in groups")
    await boss.presses("Café")
    boss.sees_last("This is what the group {group} will read:", group="Café")
    await boss.presses("Post it there")
    await boss.stage.settled()


@LANGUAGES
async def test_an_event_stands_in_a_group_as_it_is_now_and_tells_nothing_of_anybody(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    group = await linked(stage, boss, team)
    assert cards(stage, group) == []
    amina = await stage.member("Amina", reader)
    await an_event(boss, places=1)
    await posted(boss)
    (card,) = cards(stage, group)
    assert reads(card, team, "Are you coming? Your answer and the address stay between you")
    assert "Coffee for founders" in card["text"]
    assert "Library" not in card["text"]
    await boss.presses("Café")  # it is there, and not twice
    await boss.presses("Post it there")
    await stage.settled()
    assert len(cards(stage, group)) == 1

    (((button,),), payload) = card["buttons"], card["buttons"][0][0]["url"].partition("=")[2]
    assert button["data"] is None
    await amina.starts(payload)
    await amina.presses("Going")
    (card,) = cards(stage, group)
    assert reads(card, team, "All places are taken.")
    assert "Amina" not in card["text"]

    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Child care")
    (card,) = cards(stage, group)
    assert reads(card, team, "There is child care")
    await boss.presses("Cancel the event")
    await boss.presses("Yes, cancel it")
    (card,) = cards(stage, group)
    assert reads(card, team, "This event has been cancelled")
    assert card["buttons"] == []
    assert not directions(card["text"].split("\n")[-1]) - RUNS.get(team, {"rightwards"})


async def test_the_sample_network_has_a_group_with_an_events_card(stage: Stage) -> None:
    app, world = stage.app, stage.emulator.world
    assert app.network is not None
    assert await sample.fill(app.database, stage.emulator, app.network, stage.now)
    await stage.settled()
    [group] = world.groups.values()
    [card] = cards(stage, group)
    assert "Café des entrepreneurs" in card["text"]
    assert "Market Square" not in card["text"], "the address is for those who are going"
    nadia, fatou = (
        Somebody(stage, person.id, "fr")
        for person in world.people.values()
        if person.first_name in ("Nadia", "Fatou")
    )
    assert not nadia.has_read("You have added me."), "it is linked already"
    assert not fatou.has_read("Entrepreneurs de Bruxelles"), "she was there before the bot"
    await nadia.says("/animate")
    await nadia.presses("Groups")
    await nadia.presses("Entrepreneurs de Bruxelles")
    nadia.sees_last("🗺 Area: the whole network")


@LANGUAGES
async def test_a_member_who_asks_to_join_is_let_in_and_welcomed_once_and_others_are_told_how(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    group = await linked(stage, boss, team)
    amina = await stage.member("Amina", reader)
    ask = stage.emulator.groups.ask
    ask(group.id, amina.id)
    await stage.settled()
    assert group.members[amina.id] == "member"
    amina.sees_last("👋 Welcome to the group {group}!", group="Café")
    assert directions(amina.last["text"]) == RUNS[reader]
    stage.emulator.groups.leave(group.id, amina.id)
    ask(group.id, amina.id)
    await stage.settled()
    assert group.members[amina.id] == "member"
    assert amina.times_read("👋 Welcome to the group {group}!", group="Café") == 1

    badr = stage.meet("Badr", reader)  # has never opened the bot
    ask(group.id, badr.id)
    await stage.settled()
    badr.sees_last("You would like to join the group {group}.", group="Café")
    assert badr.id not in group.members
    await badr.starts()
    await badr.presses(native_name(reader))
    await badr.presses("Join")
    await stage.settled()
    assert group.members[badr.id] == "member"
    badr.sees("👋 Welcome to the group {group}!", group="Café")
    assert cards(stage, group) == []
    calls = stage.emulator.calls
    assert not [c for c in calls if c["method"] == "sendMessage" and _chat(c) < 0]


@LANGUAGES
async def test_the_group_of_a_course_gets_its_event_and_lets_in_who_says_yes_to_the_course(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, amina = await animator(team), await stage.member("Amina", reader)
    link = await a_course(boss, "Livres")
    group = await linked(stage, boss, team)
    await boss.presses("🎒 A course")
    boss.sees_last("Of which course is this group?")
    await boss.presses("Livres")
    boss.sees_last("🎒 Course: {course}. Only its events are posted here.", course="Livres")
    stage.emulator.groups.ask(group.id, amina.id)
    await stage.settled()
    assert amina.id not in group.members
    amina.sees_last("It is for those who take a course.")
    await amina.starts(link)
    await amina.presses("✅ Yes, I belong to it")
    await stage.settled()
    assert group.members[amina.id] == "member"

    await a_draft(boss)
    await boss.presses("👪 For whom")
    await boss.presses("🎒 A course")
    await boss.presses("Livres")
    await boss.presses("Back to the event")
    await boss.presses("✅ Publish")
    await posted(boss)
    (card,) = cards(stage, group)
    assert "Coffee for founders" in card["text"]
    await amina.starts(card["buttons"][0][0]["url"].partition("=")[2])
    amina.sees_last("Coffee for founders")

    await boss.says("/animate")
    await boss.presses("📌 Groups")
    await boss.presses("Café")
    await boss.presses("🎒 A course")
    await boss.presses("Of no course")
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Child care")
    assert cards(stage, group) == [], "its readers may be others now"


@LANGUAGES
async def test_who_comes_by_an_open_link_is_welcomed_in_private_if_they_have_started_the_bot(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    group = await linked(stage, boss, team)
    amina, badr = await stage.member("Amina", reader), stage.meet("Badr", reader)
    for somebody in (amina, badr):
        stage.emulator.groups.join(group.id, somebody.id)
    await stage.settled()
    amina.sees_last("👋 Welcome to the group {group}!", group="Café")
    assert directions(amina.last["text"]) == RUNS[reader]
    assert badr.from_bot() == [], "who has not started the bot hears nothing of it"
    assert cards(stage, group) == [], "and nobody is greeted in the group"
    before = len(amina.from_bot())
    stage.emulator.groups.leave(group.id, amina.id)
    await stage.settled()
    stage.emulator.groups.join(group.id, amina.id)
    await stage.settled()
    assert len(amina.from_bot()) == before, "once is enough"
    async with stage.app.database.transaction() as session:
        assert await session.scalar(select(Arrival.id).where(Arrival.body.is_not(None))) is None


async def test_who_the_team_lets_in_is_not_welcomed_by_the_bot(
    stage: Stage, animator: Coming
) -> None:
    boss, amina = await animator(), await stage.member("Amina")
    group = await linked(stage, boss, "en")
    await boss.presses("🚪 Answer requests yourselves")
    before = len(amina.from_bot())
    stage.emulator.groups.ask(group.id, amina.id)
    await stage.settled()
    stage.emulator.groups.join(group.id, amina.id)
    await stage.settled()
    assert len(amina.from_bot()) == before


async def test_who_asked_to_join_is_let_in_once_telegram_is_there_and_they_are(
    stage: Stage, animator: Coming
) -> None:
    group = await linked(stage, await animator(), "en")
    amina, badr = await stage.member("Amina"), await stage.member("Badr")
    stage.emulator.faults.add("500", method="approveChatJoinRequest", times=1)
    stage.emulator.groups.ask(group.id, amina.id)
    await stage.settled()
    assert group.members[amina.id] == "member"
    stage.emulator.world.block(badr.id)
    await stage.settled()
    async with stage.app.database.transaction() as session:  # from before they joined
        row = (await session.scalars(select(Linked))).one()
        session.add(Applicant(group_id=row.id, telegram_id=badr.id, asked_at=stage.now))
    stage.emulator.world.unblock(badr.id)
    await stage.settled()
    calls = [c for c in stage.emulator.calls if c["method"] == "approveChatJoinRequest"]
    assert [int(c["params"]["user_id"]) for c in calls] == [amina.id, amina.id, badr.id]


def _chat(call: dict[str, Any]) -> int:
    return int(call["params"]["chat_id"])


async def test_nothing_that_is_said_in_a_group_is_kept_or_answered(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    group = await linked(stage, boss, "en")
    amina = stage.meet("Amina")
    group.members[amina.id] = "member"  # since before the bot was there
    for text in ("my secret", "/menu", "/start"):
        stage.emulator.groups.say(group.id, amina.id, text)
    await stage.settled()
    assert cards(stage, group) == []
    assert amina.from_bot() == []
    async with stage.app.database.transaction() as session:
        assert await session.scalar(select(Arrival.id).where(Arrival.sender == amina.id)) is None
        assert await session.scalar(select(Arrival.id).where(Arrival.body.is_not(None))) is None
        # Nor does anything ever leave for a group but the card of an event.
        row = (await session.scalars(select(Linked))).one()
        about = {"ref": row.ref}
        plan = Plan("group_welcome", None, "x", stage.now, about, group_id=row.id)
        await deliveries.plan(session, stage.now, plan)
    await stage.settled()
    assert cards(stage, group) == []


async def test_only_the_team_links_groups_and_unlinks_them_with_three_taps(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    amina = await stage.member("Amina")
    mine = a_group(stage, amina, title="Mine")
    strange = a_group(stage, stage.meet("Stranger"), title="Strange")
    await stage.settled()
    assert (mine.bot, strange.bot) == ("left", "left")
    amina.sees_last("You have added me to a group. Only the team of the network can link groups")
    assert cards(stage, mine) == []

    group = await linked(stage, boss, "en")
    await boss.says("/animate")
    for label in ("📌 Groups", "Café", "🗑 Unlink it"):
        await boss.presses(label)
    await boss.presses("Yes, unlink it")
    await stage.settled()
    assert group.bot == "left"
    assert "Café" not in str(boss.buttons())


async def test_fault_19_a_group_that_becomes_a_supergroup_keeps_its_link_and_its_cards(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    group = await linked(stage, boss, "en", "group")
    await an_event(boss)
    await posted(boss)
    new = stage.emulator.groups.migrate(group.id, boss.id)
    await stage.settled()
    assert len(cards(stage, group)) == 1
    (card,) = cards(stage, new)
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Cancel the event")
    await boss.presses("Yes, cancel it")
    (card,) = cards(stage, new)
    assert reads(card, "en", "This event has been cancelled")


async def test_fault_19_a_migration_of_which_only_the_refusal_tells_costs_no_card(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    group = await linked(stage, boss, "en", "group")
    await an_event(boss)
    new = stage.emulator.groups.migrate(group.id, boss.id)
    stage.emulator.world.updates.clear()
    await posted(boss)
    await stage.settled()
    assert len(cards(stage, new)) == 1


async def test_fault_20_a_bot_that_is_thrown_out_posts_nothing_more_and_the_team_hears_it_once(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    group = await linked(stage, boss, "en")
    await an_event(boss)
    await posted(boss)
    stage.emulator.groups.remove_bot(group.id, boss.id)
    await stage.settled()
    assert boss.times_read("⚠️ I am not in the group {group} any more.", group="Café") == 1
    before = len(stage.emulator.calls)
    await stage.play(until=stage.now + timedelta(hours=1))
    tried = [call for call in list(stage.emulator.calls)[before:] if "chat_id" in call["params"]]
    assert not [call for call in tried if _chat(call) < 0]
    await boss.says("/animate")
    await boss.presses("📌 Groups")
    await boss.presses("⚠️ Café")
    boss.sees_last("I am not in it any more")

    other = await linked(stage, boss, "en", title="Thé")
    stage.emulator.groups.remove_bot(other.id, boss.id)
    stage.emulator.world.updates.clear()  # nobody has told; it is found out by posting
    await an_event(boss, title="Tea")
    await boss.presses("Post it in groups")
    await boss.presses("Thé")
    await boss.presses("Post it there")
    await stage.settled()
    boss.sees("⚠️ I am not in the group {group} any more.", group="Thé")
