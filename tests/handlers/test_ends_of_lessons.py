"""Every lesson that comes with the program ends in a button that leads somewhere."""

from datetime import datetime

from sqlalchemy import select

from bot.database import Database
from bot.lessons import SOURCE, packed_lessons
from community import lessons
from community.lessons import Lesson
from community.roles import RoleName
from tests.handlers.conftest import Calling


async def test_every_lesson_ends_in_a_button_that_leads_somewhere(
    phone: Calling, database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        await lessons.install(session, packed_lessons(), SOURCE, now)
        refs = (await session.scalars(select(Lesson.ref).order_by(Lesson.position))).all()
    boss = await phone(1, "ar", RoleName.ANIMATOR)
    for ref, packed in zip(refs, packed_lessons(), strict=True):
        await boss.sends_data(f"qa:{ref}:{packed.right}")
        assert "✅ نعم، هذا صحيح." in boss.last
        before = len(boss.seen)
        await boss.presses(boss.buttons[0])
        assert len(boss.seen) == before + 1, packed.code
