"""Every place of the animators' desk is three taps away at most, on a phone."""

import pytest

from community import people, proposals
from community.events import Details
from tests.stories.conftest import Somebody, Stage
from tests.stories.test_forged import ROLES, Town, a_town

ACTS = {
    *("px", "pz", "zs"),  # at an event: who came, which languages are spoken, its repeating
    *("eg", "ei", "eb"),  # which organisations come, and with what
    *("ww", "wv", "wo", "nt"),  # one language of a text, and its preview
    *("va", "vr", "vk", "ua"),  # a text that stands: reading it aloud, what stood there before
    "uw",  # a file that was brought back
    "ju",  # one template under a question
    *("jl", "hl"),  # the languages of a contact, of a venue
    "hk",  # who speaks at an event
    "hw",  # taking one of the venues that suit an event
    "gh",  # to whom a contact is introduced
    "kc",  # the digest as some reader gets it
    *("yo", "yq"),  # whom to ask to host an event, by name; to ask whom a plan is for
    *("yn", "yw"),  # what a new plan passes on, and to whom; a step of a plan, and who teaches
}
"""What is done at a place that is three taps away: a fourth tap, and no place of its own."""
NOT_IN_TOWN = {
    *("au", "ar"),  # nothing may have been lost on the way
    *("bl", "bt", "ls", "lt"),  # no request goes through the team or is late
    "ld",  # nothing is prepared
    "ho",  # no event has begun
    *("gf", "gg"),  # nobody would be a mentor, or has said yes to an introduction
    *("fe", "hi", "wk", "wl"),  # nobody waits for a call, and nothing has been reported
    "yb",  # nobody waits for an answer about an event or a text
    *("tm", "tg", "ts"),  # one page of the team; nobody has opened an invitation of theirs
}
"""What stands on the desk, in the inbox or on Today only when there is any of it."""


async def a_proposal(stage: Stage, town: Town) -> None:
    """Let a member propose an event."""
    async with stage.app.database.transaction() as session:
        member = await people.by_telegram_id(session, town.actors["member"].id)
        assert member is not None
        wall = stage.now.replace(tzinfo=None, day=28, hour=18, minute=0)
        details = Details(wall, "Europe/Paris", place="Library")
        await proposals.propose_event(session, member, details, {"title": "Tea"}, "en", stage.now)


async def buttons_after(phone: Somebody, data: str) -> set[str]:
    """Open the desk anew, press one button wherever it stands, and return what can be pressed."""
    await phone.says("/animate")
    desk = phone.last["message_id"]
    if data:
        phone.stage.emulator.world.press(phone.id, desk, data, forged=True)
        await phone.stage.answered()
    return {
        button["data"]
        for message in phone.from_bot()
        if message["message_id"] >= desk
        for row in message["buttons"]
        for button in row
        if button.get("data")
    }


@pytest.mark.timeout(400)
async def test_every_place_of_the_desk_is_three_taps_away(stage: Stage) -> None:
    town = await a_town(stage)
    await a_proposal(stage, town)
    await stage.settled()  # the notice of it has come
    phone = town.actors["animator"]
    taps = dict.fromkeys(await buttons_after(phone, ""), 1)
    for tap in (1, 2):
        for data in sorted(one for one, at in taps.items() if at == tap):
            for found in await buttons_after(phone, data):
                taps.setdefault(found, tap + 1)
    reached = {data.partition(":")[0] for data in taps}
    missing = ROLES["animator"] - reached - ACTS - NOT_IN_TOWN
    assert not missing, " ".join(sorted(missing))
    assert not (ACTS | NOT_IN_TOWN) & reached, "nearer than these lists say"
