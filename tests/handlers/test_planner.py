"""The planner as an animator reads it, and venues: kept in chat, ranked, and taken."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from community import limits, people
from community.events import Event
from community.invitees import Said
from community.limits import Limit
from community.roles import RoleName
from community.venues import Venue
from handlers import planner
from locales import translator_for
from tests.handlers.conftest import NETWORK, Calling


async def test_the_planner_says_who_can_come_and_a_venue_fills_the_place(
    phone: Calling, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = await phone(1, "en", RoleName.ANIMATOR)
    for number in range(2, 13):
        await phone(number)
    async with boss.database.transaction() as session:
        for number in range(2, 9):
            person = await people.by_telegram_id(session, number)
            assert person is not None
            await limits.tick(session, person, Limit.LATE, 18 * 60, on=True)
            await limits.tick(session, person, Limit.STEPS, on=True)

    # Venues, three taps from the desk
    await boss.says("/animate")
    await boss.presses("🏠 Venues")
    assert "There is no venue yet." in boss.last
    for name in ("Attic, Roof street 5", "Town hall, Main square 1"):
        await boss.presses("➕ New venue")
        await boss.says(name)
        await boss.presses("Skip")
        await boss.says("many")
        assert "number" in boss.toasts[-1]
        await boss.says("40")
        await boss.presses("All venues")
    await boss.presses("🏠 Town hall")
    await boss.presses("♿ Without steps")
    await boss.presses("🗺 On the map")
    await boss.says("48.85, 2.35")
    await boss.presses("🛡 Safe for whom")
    await boss.says("Women who come alone")
    assert "🛡 Safe for: Women who come alone" in boss.last

    # An event on a public holiday, and another one that day
    for title in ("Tea", "Coffee"):
        await boss.says("/animate")
        await boss.presses("📅 Events")
        await boss.presses("New event")
        await boss.says(title)
        await boss.says("25.12. 18:00")
        await boss.says("Cellar")
    in_france = replace(NETWORK, country="FR")
    monkeypatch.setitem(type(boss)._page.__globals__, "NETWORK", in_france)
    await boss.presses("🧭 Who can come")
    assert "Invited: 12" in boss.last
    assert "⚠️ 7 of 12 invited cannot travel after 18:00." in boss.last
    assert "⚠️ 7 of 12 invited cannot climb steps." in boss.last
    assert "A place without steps helps." in boss.last
    assert "🎌 Friday 25 December is a public holiday." in boss.last
    assert "The same people are invited that day to: Tea, 18:00" in boss.last
    assert "Person" not in boss.last

    await boss.presses("🏠 Which venue suits them")
    assert boss.last.index("Town hall") < boss.last.index("Attic")
    assert "➕ There are no steps; 7 of the invited cannot climb any." in boss.last
    assert "➖ There are steps; 7 of the invited cannot climb any." in boss.last
    await boss.presses("🏠 Town hall")
    assert "📍 Town hall, Main square 1" in boss.last
    async with boss.database.transaction() as session:
        event = await session.scalar(select(Event).order_by(Event.id.desc()))
        assert event is not None
        assert (event.step_free, event.latitude, event.longitude) == (True, 48.85, 2.35)
    await boss.presses("🧭 Who can come")
    assert "✅ 7 of 12 invited cannot climb steps." in boss.last

    # The event stays as it is when the venue is forgotten.
    await boss.presses("🏠 Which venue suits them")
    await boss.presses("All venues")
    await boss.presses("🏠 Town hall")
    await boss.presses("🗑 Forget it")
    await boss.presses("🗑 Yes, forget it")
    assert boss.toasts[-1] == "The venue is forgotten."
    async with boss.database.transaction() as session:
        assert len((await session.scalars(select(Venue))).all()) == 1
        assert (await session.get_one(Event, event.id)).place == "Town hall, Main square 1"


def test_every_limit_has_a_sentence_and_a_remedy() -> None:
    _ = translator_for("en")
    said = {planner.sentence(Said(limit, 7, met=False), 12, _) for limit in Limit}
    assert len(said) == len(Limit)
    assert all(planner.remedy(limit, _) for limit in Limit)
