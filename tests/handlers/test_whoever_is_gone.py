"""Whoever has left, agrees no more, or wants nothing more of the other: what the other reads."""

from datetime import timedelta
from typing import Any

import pytest

from community import blocks, bridge, consents, erasure, matches, moderation
from community.exchanges import Kind
from community.matches import Partner
from community.people import Membership
from tests.handlers.conftest import Calling
from tests.handlers.onlooking import Couple, a_couple

DAY = timedelta(days=1)
WAYS_TO_GO = ("left", "takes the consent back", "is forgotten", "cannot be reached")
FACTS = ("THE OTHER", "account", "THE NEED", "English", "live in")


async def goes(couple: Couple, way: str) -> None:
    async with couple.database.transaction() as session:
        person, _onlooker = await couple.both(session)
        if way == "takes the consent back":
            now = couple.acts.now
            await consents.switch(session, person, set(), now, version="1", language="en")
        elif way == "is forgotten":
            await erasure.erase(session, person, couple.acts.now, b"key")
        else:
            person.state = Membership.LEFT if way == "left" else Membership.UNREACHABLE


@pytest.mark.parametrize("acts", [0, 1])
@pytest.mark.parametrize("introduced", [False, True])
async def test_of_whoever_is_gone_the_other_reads_only_that_in_the_same_words_whyever(
    phone: Calling, acts: int, introduced: bool
) -> None:
    told = []
    for at, way in enumerate(WAYS_TO_GO):
        couple = await a_couple(phone, 10 * (at + 1), acts=acts, introduced=introduced)
        await couple.looks_on.sends_data(f"gc:{couple.ref}:open")
        assert "Selling to other countries" in couple.looks_on.last
        await goes(couple, way)
        found = await couple.everything()
        found = {name: shown for name, shown in found.items() if "export" not in name}
        for screen, shown in found.items():
            assert not any(fact in str(shown) for fact in FACTS), (way, screen, shown)
        assert found["open"][0] == "They are not here any more."
        told.append(found)
    assert all(one == told[0] for one in told)


@pytest.mark.parametrize("acts", [0, 1])
async def test_in_what_two_wrote_whoever_is_gone_has_no_name_any_more(
    phone: Calling, acts: int
) -> None:
    couple = await a_couple(phone, 10, acts=acts, introduced=True)
    async with couple.database.transaction() as session:
        person, _onlooker = await couple.both(session)
        found = await bridge.begin(session, person, Kind.MATCH, couple.ref, couple.acts.now)
        await bridge.write(session, person, found.ref, "Hello", couple.acts.now, language="en")
    await couple.looks_on.sends_data(f"xc:{found.ref}:open:0")
    assert f"You and Person {couple.acts.number}" in couple.looks_on.last
    await goes(couple, "takes the consent back")
    await couple.looks_on.sends_data(f"xc:{found.ref}:open:0")
    assert "Hello" in couple.looks_on.last
    assert f"Person {couple.acts.number}" not in couple.looks_on.last
    assert "nothing more can be written here" in couple.looks_on.last


async def test_whoever_has_left_can_still_be_reported(phone: Calling) -> None:
    couple = await a_couple(phone, 10, introduced=True)
    await goes(couple, "left")
    await couple.looks_on.sends_data(f"gc:{couple.ref}:open")
    await couple.looks_on.presses("Report")
    await couple.looks_on.presses("An insult")
    async with couple.database.transaction() as session:
        person, onlooker = await couple.both(session)
        assert await blocks.apart_from(session, onlooker.id) == {person.id}


async def test_whoever_asked_hears_that_there_is_nobody_if_whom_we_found_has_left(
    phone: Calling,
) -> None:
    couple = await a_couple(phone, 10)
    await goes(couple, "left")
    assert await couple.looks_on.gets("match_answer", ref=couple.ref) is not None
    assert "there is nobody for you at the moment" in couple.looks_on.last
    assert await couple.looks_on.gets("match_proposed", ref=couple.ref) is None


async def test_a_proposal_of_whoever_has_left_keeps_nobody_from_being_looked_for(
    phone: Calling,
) -> None:
    couple = await a_couple(phone, 10, acts=1)
    await couple.looks_on.sends_data("ga:find")
    assert "A proposal waits for your answer." in couple.looks_on.last
    await goes(couple, "left")
    await couple.looks_on.sends_data("ga:find")
    assert "We look for somebody now" in couple.looks_on.last
    async with couple.database.transaction() as session:
        found = await matches.next_open(session)
        assert found is not None
        people = await matches.population(session, found, couple.acts.now)
        assert people.receives == [True]


# To whom it ends


async def ends(couple: Couple, way: str) -> None:
    async with couple.database.transaction() as session:
        person, onlooker = await couple.both(session)
        now, ref = couple.acts.now, couple.ref
        if way == "ends it":
            await matches.end(session, person, ref, now)
        elif way == "blocks":
            await matches.block(session, person, ref, now)
        elif way == "reports":
            found = await bridge.begin_report(session, person, ref, now)
            await moderation.report(session, person, "writer", found.ref, "insult", now)
        else:  # for something else, where the two have met, too
            await matches.keep_apart(session, person, onlooker.id, now)


@pytest.mark.parametrize("acts", [0, 1])
@pytest.mark.parametrize("partner", [Partner.PEER, Partner.MENTOR])
async def test_a_block_looks_to_the_other_as_any_end_does(
    phone: Calling, acts: int, partner: Partner
) -> None:
    told = []
    for at, way in enumerate(("ends it", "blocks", "reports", "blocks elsewhere")):
        couple = await a_couple(phone, 10 * (at + 1), acts=acts, partner=partner, introduced=True)
        async with couple.database.transaction() as session:
            person, _onlooker = await couple.both(session)
            now = couple.acts.now
            found = await bridge.begin(session, person, Kind.MATCH, couple.ref, now)
            await bridge.write(session, person, found.ref, "Hello", now, language="en")
        await ends(couple, way)
        told.append([await couple.everything()])
        for days, step in ((14, matches.ask_what_came), (28, matches.close)):
            async with couple.database.transaction() as session:
                await step(session, couple.acts.now + days * DAY)
            told[-1].append(await couple.everything())
    first = told[0]
    assert first[0]["open"][0] == "👋 THE OTHER\nThis has ended."
    assert any("THE OTHER" in label for label in first[0]["list"][1])
    assert first[0]["match_notice ended"] is not None
    assert first[1]["match_followup "] is not None
    for one in told:
        for then, now_ in zip(first, one, strict=True):
            assert _differences(then, now_) == {}


def _differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {
        key: (one.get(key), other.get(key))
        for key in one.keys() | other.keys()
        if one.get(key) != other.get(key)
    }


async def test_who_has_blocked_somebody_reads_nothing_of_them_any_more(phone: Calling) -> None:
    couple = await a_couple(phone, 10, introduced=True)
    await couple.acts.sends_data(f"gc:{couple.ref}:block!")
    assert couple.acts.toasts[-1] == "Done. They are not told why."
    assert not any("Person 11" in label for label in couple.acts.buttons)
    await couple.acts.sends_data(f"gc:{couple.ref}:open")
    assert couple.acts.last == "This has ended."
    for kind in ("match_introduced", "match_followup"):
        assert await couple.acts.gets(kind, ref=couple.ref) is None


@pytest.mark.parametrize("way", ["says nothing", "declines", "blocks", "blocks elsewhere"])
async def test_a_block_keeps_no_proposal_back_and_changes_nothing_in_it(
    phone: Calling, way: str
) -> None:
    told = []
    for number, now_it in ((10, "says nothing"), (20, way)):
        couple = await a_couple(phone, number)
        if now_it == "declines":
            await couple.acts.sends_data(f"gd:{couple.ref}:known")
        elif now_it != "says nothing":
            await ends(couple, now_it)
        told.append(await couple.everything())
    assert told[0]["match_proposed "] is not None
    assert _differences(*told) == {}
