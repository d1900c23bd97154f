"""Templates of answers: short texts with a name, which animators write once and use often.

Their words are content (subject "template"), so they are translated at the desk as all content is,
and a member gets one in their own language as soon as somebody has approved it there.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import roles, translations
from community.base import Base, BigId, Referable, find
from community.people import Person
from community.portions import Portion, portion
from community.roles import RoleName

SUBJECT = "template"


class AnswerTemplate(Base, Referable):
    """One answer that is given often; what it says stands in its texts."""

    __tablename__ = "answer_templates"

    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    made_at: Mapped[datetime]


async def add(
    session: AsyncSession, actor: Person, language: str, texts: Mapping[str, str], now: datetime
) -> AnswerTemplate:
    """Write a template: its name and its text.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: one of them is empty or too long.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    template = AnswerTemplate(made_by_id=actor.id, made_at=now)
    session.add(template)
    await session.flush()
    await translations.write(session, actor, SUBJECT, template.id, language, texts, now)
    return template


async def write(
    session: AsyncSession,
    actor: Person,
    ref: str,
    language: str,
    texts: Mapping[str, str],
    now: datetime,
) -> AnswerTemplate:
    """Write it anew, or in another language.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone.
        NotUnderstoodError: a text is empty or too long.
    """
    template = await opened(session, actor, ref, now, lock=True)
    await translations.write(session, actor, SUBJECT, template.id, language, texts, now)
    return template


async def relabel(
    session: AsyncSession, actor: Person, ref: str, language: str, now: datetime
) -> AnswerTemplate:
    """Say that it was written in another language than the one that was noted.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone.
        ChangedError: it stands in that language already.
    """
    template = await opened(session, actor, ref, now, lock=True)
    await translations.relabel(session, SUBJECT, template.id, language)
    return template


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> AnswerTemplate:
    """Return a template.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await find(session, AnswerTemplate, ref, lock=lock)


async def every(
    session: AsyncSession, actor: Person, now: datetime, at: int = 0, *, size: int
) -> Portion[AnswerTemplate]:
    """Return a page of the templates, the newest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    query = select(AnswerTemplate).order_by(AnswerTemplate.id.desc())
    return await portion(session, query, at, size)


async def remove(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Remove a template, and what it says in every language. Answers that were given stay.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone.
    """
    template = await opened(session, actor, ref, now, lock=True)
    await translations.forget(session, SUBJECT, template.id)
    await session.delete(template)
    await session.flush()
