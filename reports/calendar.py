"""The iCalendar file of an event: what a phone puts into its calendar.

UID stays for ever and SEQUENCE grows with each change, so that a later file replaces the earlier
entry instead of standing beside it. The file names nobody.
"""

from datetime import datetime, timedelta

from community import events
from community.events import Event
from locales import balanced

PRODUCT = "-//Diwan//Diwan//EN"


def event_file(
    event: Event,
    title: str,
    description: str,
    language: str,
    now: datetime,
    *,
    with_address: bool = True,
) -> bytes:
    """Return the file; of a cancelled event, the one that takes the entry out again.

    Times are wall time in the event's zone. The address, or the link, is for those who are going.
    """
    from icalendar import Calendar, Timezone
    from icalendar import Event as Entry

    is_cancelled = event.state == events.State.CANCELLED
    zone = events.zone_of(event)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    # One year each way is enough for one entry; without an end the library lists decades.
    day = event.starts_wall.date()
    around = timedelta(days=366)
    calendar.add_component(
        Timezone.from_tzid(event.zone, first_date=day - around, last_date=day + around)
    )

    entry = Entry()
    entry.add("uid", f"{event.uid}@diwan")
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", now)
    entry.add("last-modified", event.changed_at)
    entry.add("dtstart", event.starts_at.astimezone(zone))
    ends = event.ends_at.astimezone(zone)
    # Of an hour that comes twice a wall time means the first one.
    entry.add("dtend", event.ends_at if ends.fold else ends)
    # The programs of phones set these beside words of their own.
    entry.add("summary", balanced(title), parameters={"LANGUAGE": language})
    if description:
        entry.add("description", balanced(description), parameters={"LANGUAGE": language})
    entry.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    if with_address and event.place:
        entry.add("location", balanced(event.place))
    if with_address and event.link:
        entry.add("url", event.link)
    calendar.add_component(entry)
    content: bytes = calendar.to_ical()
    return content
