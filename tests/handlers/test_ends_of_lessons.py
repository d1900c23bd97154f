"""Every lesson that comes with the program ends in a button that leads somewhere."""

from datetime import datetime

from sqlalchemy import select

from bot.database import Database
from bot.lessons import SOURCE, packed_lessons
from community import lessons, people
from community.lessons import Leads, Lesson, LessonProgress
from community.roles import RoleName
from community.skills import SkillCheck
from locales import number, translator_for
from tests.handlers.conftest import Calling


async def test_every_lesson_ends_in_a_button_that_leads_somewhere(
    phone: Calling, database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        await lessons.install(session, packed_lessons(), SOURCE, now)
        refs = (await session.scalars(select(Lesson.ref).order_by(Lesson.position))).all()
    boss = await phone(1, "ar", RoleName.ANIMATOR)
    for ref, packed in zip(refs, packed_lessons(), strict=True):
        await boss.sends_data(f"qs:{ref}:9")
        await boss.presses(number(packed.right, translator_for("ar")))
        assert "✅ نعم، هذا صحيح." in boss.last
        before = len(boss.seen)
        await boss.presses(boss.buttons[0])
        assert len(boss.seen) == before + 1, packed.code


async def test_old_buttons_undo_nothing_newer_and_the_language_is_that_of_the_words_read(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss, member = await phone(1, "en", RoleName.ANIMATOR), await phone(2, "uk")
    words = {"title": "Door", "screen1": "S", "question": "Q", "answer1": "a", "answer2": "b"}
    async with database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        lesson = await lessons.add(session, animator, "en", words, now, leads=Leads.ME, right=1)
        ref = lesson.ref
    await boss.sends_data(f"qe:{ref}:publish")
    await member.sends_data(f"qs:{ref}:0")
    async with database.transaction() as session:
        assert await session.scalar(select(LessonProgress.language)) == "en"
    await boss.presses("🚫 Take it down")
    await boss.sends_data(f"qe:{ref}:publish")
    assert "It is taken down" in boss.last
    await member.sends_data("qc:2222222:keep")
    await member.sends_data("qc:0000000:forget")
    async with database.transaction() as session:
        assert await session.scalar(select(SkillCheck.said)) == "2222222"
