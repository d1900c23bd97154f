"""An event that repeats: made, one day left out, changed and cancelled from one date on.

Whoever is concerned by several of its dates is told once of each change, in line or not.
"""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from community.events import Event
from locales import short_day, translator_for
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare
from tests.stories.steps import an_event

BOTH = pytest.mark.parametrize(("team", "reader"), [("en", "ar"), ("ar", "en")])
CHANGED = "The time or the place of this event has changed."
OFF = "This event does not take place."


def on(somebody: Somebody, day: date) -> str:
    """Return how a day is written on a button."""
    return bare(short_day(day, translator_for(somebody.language)))


async def opens(boss: Somebody, day: date) -> None:
    """Open one date at the desk, from any other's list of dates."""
    await boss.presses("All dates")
    await boss.presses(on(boss, day))


async def says_going(somebody: Somebody, *days: date) -> None:
    for day in days:
        await somebody.says("/events")
        await somebody.presses(on(somebody, day))
        await somebody.presses("Going")


@BOTH
async def test_a_series_is_made_changed_and_ended_and_each_is_told_once(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    amina, luc = await stage.member("Amina", reader), await stage.member("Luc", "fr")
    await an_event(boss, places=1, days=4)
    first = (stage.now + timedelta(days=4)).date()
    days = [first + timedelta(weeks=number) for number in range(6)]

    await boss.presses("Repeat")
    await boss.presses("Every week")
    boss.sees_last("Every week", on(boss, days[1]), "It goes on until you cancel it.")
    await amina.says("/events")
    assert on(amina, days[1]) not in str(amina.buttons()), "nothing is saved yet"
    await boss.presses("Save these dates")
    boss.sees_last("These dates are open now; later ones follow, each eight weeks ahead.")
    await boss.presses("Back to the event")

    await says_going(amina, *days[:5])
    await says_going(luc, days[3], days[4])
    luc.sees_last("You are number {n} on the waiting list.", n="1")

    # One day is left out.
    await opens(boss, days[1])
    await boss.presses("Cancel the event")
    await boss.presses("Only this one")
    await stage.play(minutes=1)
    amina.sees_last(OFF)
    assert (amina.times_read(OFF), luc.times_read(OFF)) == (1, 0)

    # A typo in the words of all later dates: nobody is told.
    await opens(boss, days[2])
    await boss.presses("✏️ Title")
    await boss.presses("This one and all later ones")
    await boss.says("Coffee for all founders")
    await stage.play(minutes=5)
    assert amina.times_read(CHANGED) == 0
    await amina.says("/events")
    renamed = [label for label in amina.buttons() if "all founders" in label]
    assert len(renamed) == 6

    # From the third date on it is at another time.
    await boss.presses("📅 Time")
    await boss.presses("This one and all later ones")
    await boss.says(days[2].strftime("%d.%m.%Y 19:30"))
    boss.sees_last("{n} people are told in 3 minutes.", n="2")
    await stage.play(minutes=5)
    assert (amina.times_read(CHANGED), luc.times_read(CHANGED)) == (1, 1)
    amina.sees_last("The same goes for these later dates. Please look at each:")
    ways = str(amina.buttons())
    assert [on(amina, day) in ways for day in days[:6]] == [False, False, False, True, True, False]
    await amina.presses(on(amina, days[3]))
    amina.sees_last("Something has changed. Can you still come?")
    await amina.presses("✅ Going")

    # Only this one: the place of one date.
    await opens(boss, days[5])
    await boss.presses("📍 Place")
    await boss.presses("Only this one")
    await boss.says("Park")
    boss.sees_last("Park")
    await opens(boss, days[4])
    boss.sees_last("Library, Main street 1")

    # It ends with the fourth date, which does not take place any more.
    await opens(boss, days[3])
    await boss.presses("Cancel the event")
    await boss.presses("This one and all later ones")
    boss.sees_last("{n} people are told.", n="2")
    await stage.play(minutes=1)
    assert (amina.times_read(OFF), luc.times_read(OFF)) == (2, 1)
    told = amina.message("These dates do not take place either: {days}")
    assert on(amina, days[4]) in bare(told["text"])
    await stage.play(days=21)
    await amina.says("/events")
    assert "Coffee" not in str(amina.buttons())


@BOTH
async def test_last_months_event_is_copied_with_two_taps(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    amina = await stage.member("Amina", reader)
    await an_event(boss, days=4)
    await stage.play(days=5)
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Copy it")
    boss.sees_last("A draft: members do not see it yet.", "Library, Main street 1")
    await boss.presses("Publish")
    await amina.says("/events")
    assert "Coffee for founders" in str(amina.buttons())


A_FILE = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n"
    "BEGIN:VEVENT\nSUMMARY:Choir\nLOCATION:Town hall\nRRULE:FREQ=WEEKLY\n"
    "DTSTART;TZID=W. Europe Standard Time:20261201T180000\nDURATION:PT90M\nEND:VEVENT\n"
    "BEGIN:VEVENT\nSUMMARY:Fair\nDTSTART;VALUE=DATE:20261205\nEND:VEVENT\n"
    "END:VCALENDAR\n"
)


@BOTH
async def test_a_calendar_file_becomes_drafts_after_it_was_shown(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("From a calendar file")
    await boss.sends_file("club.txt", b"hello")
    boss.sees_last("This is no calendar file, or there is no event in it.")
    await boss.sends_file("club.ics", A_FILE.encode())
    boss.sees_last("Choir", "Every week", "Fair", "Left out: it names a day and no time.")
    async with stage.app.database.transaction() as session:
        assert await session.scalar(select(Event.id)) is None, "nothing is written yet"
    await boss.presses("Make {n} draft", n="1")
    await boss.presses("Choir")
    boss.sees_last("A draft: members do not see it yet.", "Town hall", "Every week")
    await boss.presses("Publish")
    await stage.play(minutes=2)
    amina = await stage.member("Amina", reader)
    await amina.says("/events")
    for day in (date(2026, 12, 1), date(2026, 12, 8)):
        assert on(amina, day) in str(amina.buttons())
