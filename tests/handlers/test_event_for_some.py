"""An event for some, by another clock, and its place as Telegram shows it: as people read it."""

from datetime import UTC

from icalendar import Calendar
from sqlalchemy import select

from bot.speaking import calls_of
from community import needs, people, translations
from community.areas import Area
from community.events import Event
from community.lifecycle import Who
from community.needs import Need
from community.roles import RoleName
from tests.handlers.conftest import Calling, Phone

HERE, THERE = "Europe/Paris", "Asia/Tbilisi"


async def an_area(boss: Phone, name: str, zone: str) -> None:
    async with boss.database.transaction() as session:
        actor = await people.by_telegram_id(session, boss.number)
        assert actor is not None
        area = Area(zone=zone, made_at=boss.now)
        session.add(area)
        await session.flush()
        await translations.write(
            session, actor, "area", area.id, "en", {"name": name}, boss.now, by=Who.COORDINATOR
        )


async def plan(boss: Phone, *answers: str) -> None:
    await boss.says("/animate")
    await boss.presses("📅 Events")
    await boss.presses("New event")
    for answer in answers:
        await boss.says(answer)


async def the_event(boss: Phone) -> Event:
    async with boss.database.transaction() as session:
        return (await session.scalars(select(Event))).one()


async def test_an_animator_says_whom_an_event_is_for_and_others_read_that_it_is_not_for_them(
    phone: Calling,
) -> None:
    boss, seeker, stranger = (
        await phone(1, "en", RoleName.ANIMATOR),
        await phone(2),
        await phone(3),
    )
    async with boss.database.transaction() as session:
        person = await people.by_telegram_id(session, seeker.number)
        assert person is not None
        await needs.look_for(session, person, [Need.TAX])
    await an_area(boss, "Old town", HERE)
    await plan(boss, "Taxes", "Tue 18:00", "Library, Main street 5")
    await boss.presses("✅ Publish")
    for reader in (seeker, stranger):
        await reader.says("/events")
        await reader.presses("Taxes")
    await boss.presses("👪 For whom")
    assert "For: everybody in the network" in boss.last
    await boss.presses("What they look for")
    await boss.presses("axes")
    assert "Looking for:" in boss.last
    assert "Whoever has answered already keeps seeing it." in boss.last
    await boss.presses("🧭 Who can come")
    assert "Looking for:" in boss.last
    await boss.presses("Back to the event")
    assert "Looking for:" in boss.last

    await stranger.presses("✅ Going")
    assert "for some members of the network only" in stranger.toasts[-1]
    await stranger.says(f"/start e-{(await the_event(boss)).ref}")
    assert "for some members of the network only" in (stranger.toasts[-1] + stranger.last)
    await stranger.says("/events")
    assert "Taxes" not in " ".join(stranger.buttons)
    await seeker.presses("✅ Going")
    await boss.presses("👪 For whom")
    await boss.presses("Where they live")
    await boss.presses("Old town")
    assert "Living in: Old town" in boss.last
    await seeker.says("/events")
    assert "Taxes" in " ".join(seeker.buttons), "who has said yes keeps seeing it"
    await boss.presses("Everybody")
    assert "For: everybody in the network" in boss.last
    await stranger.says("/events")
    assert "Taxes" in " ".join(stranger.buttons)


async def test_the_clock_of_a_new_event_is_asked_only_where_areas_have_different_ones(
    phone: Calling,
) -> None:
    boss = await phone(1, "en", RoleName.ANIMATOR)
    await an_area(boss, "Old town", HERE)
    await plan(boss, "Tea")
    assert "When does it begin?" in boss.last, "there is one clock"
    await boss.presses("Cancel")
    await an_area(boss, "Tbilisi", THERE)
    await plan(boss, "Tea")
    assert "By which clock?" in boss.last
    await boss.presses("Tbilisi time")
    await boss.says("25.12. 18:00")
    assert "18:00 (Tbilisi time)" in boss.last
    await boss.says("Library")
    assert "18:00–20:00 (Tbilisi time)" in boss.last
    assert "15:00–17:00 (Paris time)" in boss.last
    assert "🕓 By the clock of: Tbilisi" in boss.last
    event = await the_event(boss)
    assert (event.zone, event.starts_at.hour) == (THERE, 14)
    await boss.presses("Languages and preview")
    await boss.presses("👁 English")
    assert "18:00–20:00 (Tbilisi time)" in boss.last
    await boss.presses("✅ Publish")
    guest = await phone(2)
    await guest.says("/events")
    await guest.presses("Tea")
    await guest.presses("✅ Going")
    await guest.presses("Put it in my calendar")
    file = guest.seen[-1].file
    assert file is not None
    assert isinstance(file.content, bytes)
    (entry,) = Calendar.from_ical(file.content).walk("VEVENT")
    begins = entry.decoded("dtstart")
    assert begins.astimezone(UTC) == event.starts_at
    assert begins.replace(tzinfo=None) == event.starts_wall
    assert f"TZID={THERE}:20261225T180000".encode() in file.content


async def test_the_map_of_the_place_is_for_who_goes_at_the_moment_of_the_tap(
    phone: Calling,
) -> None:
    boss, guest = await phone(1, "en", RoleName.ANIMATOR), await phone(2)
    await plan(boss, "Tea", "Tue 18:00", "Town hall, Main square 1")
    await boss.presses("What else there is")
    await boss.presses("On the map")
    await boss.says("48.2, 16.37")
    await boss.presses("✅ Publish")
    await guest.says("/events")
    await guest.presses("Tea")
    assert "🗺 Map" not in guest.buttons
    await guest.presses("✅ Going")
    await guest.presses("🗺 Map")
    (call,) = calls_of(guest.seen[-1])
    told = {key: call.fields[key] for key in ("title", "address", "latitude", "longitude")}
    assert call.method == "sendVenue"
    assert told == {
        "title": "Town hall",
        "address": "Main square 1",
        "latitude": 48.2,
        "longitude": 16.37,
    }
    await guest.presses("❌ Not going")
    await guest.presses("🗺 Map")
    assert guest.seen[-1].place is None
    assert "You get the address when you say that you are going." in guest.last
    assert "Main square" not in guest.last
