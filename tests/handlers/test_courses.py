"""A course on the phone: its name is for who belongs to it, or has its open link."""

from datetime import datetime, timedelta

import pytest

from bot.database import Database
from community import cohorts, people
from community.errors import NotFoundError
from community.roles import RoleName
from tests.handlers.conftest import Calling


async def test_who_does_not_belong_to_a_course_reads_nothing_of_it_by_a_forged_button(
    phone: Calling, database: Database, now: datetime
) -> None:
    await phone(1, "en", RoleName.ANIMATOR)
    stranger = await phone(2, "en")
    async with database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        ends = now + timedelta(days=60)
        course = await cohorts.add(session, animator, "en", "Books", now.date(), ends, now)
        await cohorts.let_in(session, animator, course.ref, now, on=False)
    for act in ("", "leave"):
        with pytest.raises(NotFoundError):  # the card is refused, and the press with it
            await stranger.sends_data(f"kx:{course.ref}:{act}")
        assert not any("Books" in message.text for message in stranger.seen)
