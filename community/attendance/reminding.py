"""What whoever goes, or may come, is reminded of, and when."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries
from community.attendance.table import Attendance, State, to_come
from community.deliveries import Plan
from community.events import Event
from community.people import Person
from community.policy import evening_before, next_morning

REMINDERS = (("hours", timedelta(hours=2)), ("day", timedelta(days=1)))
"""The last first: an earlier one is of no use any more once the next is due."""


async def remind(
    session: AsyncSession,
    event: Event,
    attendance: Attendance,
    person: Person,
    now: datetime,
    default_zone: str,
) -> None:
    """Plan or drop this person's reminders, to fit what they have said."""
    zone = person.local_zone(default_zone)
    plans = []
    of_no_use_from = event.starts_at
    for name, before in REMINDERS if attendance.state in (State.GOING, State.MAYBE) else ():
        due = event.starts_at - before
        due = evening_before(due, zone) if name == "hours" else next_morning(due, zone)
        if now < due < of_no_use_from:
            plans.append(
                Plan(
                    "event_reminder",
                    person.id,
                    f"event_reminder:{event.id}:{event.sequence}:{person.id}:{name}:"
                    f"{now.isoformat()}",
                    due,
                    {"ref": event.ref, "which": name},
                    expires_at=of_no_use_from,
                    subject_id=event.id,
                )
            )
            of_no_use_from = due
    await deliveries.replan(session, "event_reminder", event.id, person.id, now, *plans)


async def remind_again(
    session: AsyncSession, person: Person, now: datetime, *, default_zone: str
) -> None:
    """Plan the reminders of everything that the person goes to: dropped while nobody was there."""
    mine = await session.execute(to_come(person, now, State.GOING, State.MAYBE))
    for attendance, event in mine.all():
        await remind(session, event, attendance, person, now, default_zone)
