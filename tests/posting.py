"""Asks and offers, and who writes them, for tests."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from community import posts
from community.needs import Need
from community.people import Person
from community.posts import Draft, Post
from community.roles import Role, RoleName
from tests.matching import a_partner

WORDS = "I look for somebody who has sold food to Germany."


async def a_judge(
    session: AsyncSession, number: int, now: datetime, role: RoleName = RoleName.MODERATOR
) -> Person:
    """Return a member who moderates, or animates."""
    person = await a_partner(session, number, now)
    session.add(Role(person_id=person.id, name=role, granted_at=now))
    await session.flush()
    return person


async def a_post(
    session: AsyncSession,
    poster: Person,
    now: datetime,
    text: str = WORDS,
    *,
    language: str = "en",
    **said: Any,
) -> Post:
    """Return what this person has just written: an ask about export, everywhere."""
    draft = {"kind": "ask", "category": "advice", "need": Need.EXPORT.value, **said}
    return await posts.write(session, poster, Draft(**draft), language, text, now)


async def who_know(
    session: AsyncSession, first: int, count: int, now: datetime, knows: Collection[Need]
) -> list[Person]:
    """Return so many members who know this."""
    return [await a_partner(session, first + at, now, knows=knows) for at in range(count)]
