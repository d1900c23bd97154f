"""The digital-skills check: what somebody says of themself. It is kept only if they want that.

While it is being answered it stands in the buttons, and nowhere else.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId
from community.errors import NotAMemberError, NotUnderstoodError
from community.people import Person


class Skill(StrEnum):
    """What is asked about, in this order."""

    CALL = "call"
    EMAIL = "email"
    PASSWORDS = "passwords"
    FORMS = "forms"
    PAPERS = "papers"
    """Photographing a paper and sending it."""
    SEARCHING = "searching"
    TRICKS = "tricks"
    """Seeing that a message is a trick."""


class How(IntEnum):
    """How well it goes, by their own word."""

    NOT_YET = 0
    WITH_HELP = 1
    ALONE = 2


LESSONS: Mapping[Skill, str] = {
    Skill.CALL: "calls",
    Skill.EMAIL: "email",
    Skill.PASSWORDS: "passwords",
    Skill.TRICKS: "passwords",
    Skill.FORMS: "forms",
    Skill.PAPERS: "email",
    Skill.SEARCHING: "searching",
}
"""Which lesson that comes with the program is about a skill."""


class SkillCheck(Base):
    """What a member said, because they wanted it kept: one digit for each skill."""

    __tablename__ = "skill_checks"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    said: Mapped[str] = mapped_column(String(16))
    kept_at: Mapped[datetime]


def read(said: str) -> dict[Skill, How]:
    """Return what was said of the first skills, as far as it goes.

    Raises:
        NotUnderstoodError: these are no answers.
    """
    known = {str(how.value) for how in How}
    if len(said) > len(Skill) or not set(said) <= known:
        raise NotUnderstoodError("choice")
    return {skill: How(int(digit)) for skill, digit in zip(Skill, said, strict=False)}


def is_whole(said: str) -> bool:
    """Say whether every question is answered."""
    return len(read(said)) == len(Skill)


def lessons_for(found: Mapping[Skill, How]) -> list[str]:
    """Return the lessons that fit, first what somebody cannot do yet."""
    weak = sorted((skill for skill in found if found[skill] < How.ALONE), key=found.__getitem__)
    return list(dict.fromkeys(LESSONS[skill] for skill in weak if skill in LESSONS))


async def keep(session: AsyncSession, actor: Person, said: str, now: datetime) -> None:
    """Keep what a member has said, in place of what they said before.

    Raises:
        NotAMemberError: of who only looks round nothing is kept.
        NotUnderstoodError: it is not answered to the end.
    """
    if not actor.is_member:
        raise NotAMemberError
    if not is_whole(said):
        raise NotUnderstoodError("choice")
    check = await session.get(SkillCheck, actor.id)
    if check is None:
        check = SkillCheck(person_id=actor.id)
        session.add(check)
    check.said, check.kept_at = said, now
    await session.flush()


async def kept(session: AsyncSession, person: Person) -> SkillCheck | None:
    """Return what a member wanted kept."""
    return await session.get(SkillCheck, person.id)


async def forget(session: AsyncSession, actor: Person, said: str) -> bool:
    """Forget what a member had kept; False if it is not this, but newer or nothing."""
    check = await session.get(SkillCheck, actor.id, with_for_update=True, populate_existing=True)
    if check is None or check.said != said:
        return False
    await session.delete(check)
    await session.flush()
    return True
