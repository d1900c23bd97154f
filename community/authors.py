"""Who answers for a text, and asking them about it from the translation desk.

That is its author, as long as they write such texts; after that, the animators. What both sides
write to each other is an exchange of the bridge: roles, no names.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles, translating, translations, untranslated
from community.base import find, new_ref
from community.errors import NotAllowedError, NotFoundError
from community.exchanges import Exchange, Kind, State
from community.lifecycle import Who
from community.people import Membership, Person
from community.roles import RoleName
from community.translations import ContentText
from community.untranslated import TABLES, Key
from community.writing import insert_new


@dataclass(frozen=True)
class Source:
    """An author's text, and who answers for it."""

    ref: str
    """Of what the text belongs to."""
    text: ContentText
    author: Person | None
    """None: the animators answer."""


async def source_of(
    session: AsyncSession, subject: str, subject_id: int, field: str, now: datetime
) -> Source | None:
    """Return what the author wrote there and who answers for it, if it still is there."""
    owner = await session.get(TABLES[subject], subject_id)
    texts = (await translations.texts(session, subject, [subject_id])).get(subject_id, ())
    text = next((one for one in texts if one.is_source and one.field == field), None)
    if owner is None or text is None:
        return None
    return Source(owner.ref, text, await _author(session, text, now))


async def _author(session: AsyncSession, text: ContentText, now: datetime) -> Person | None:
    """Return who wrote it, if they can be reached and still write such texts."""
    if text.written_by_id is None:
        return None
    writer = await session.get_one(Person, text.written_by_id)
    if writer.state in (Membership.LEFT, Membership.UNREACHABLE):
        return None
    try:
        by = await translating.writes_as(session, writer, text.subject, now)
    except NotAllowedError:
        return None
    return None if by is Who.TRANSLATOR else writer


async def about(session: AsyncSession, exchange: Exchange, now: datetime) -> Source | None:
    """Return the text that an exchange is about, if it still is there."""
    if exchange.subject is None or exchange.subject_id is None or exchange.field is None:
        return None
    named = exchange.subject, exchange.subject_id, exchange.field
    source = await source_of(session, *named, now)
    if source is not None and source.author is not None:
        asks_themself = source.author.id == exchange.person_id  # they have written it anew
        return replace(source, author=None) if asks_themself else source
    return source


async def can_be_asked(
    session: AsyncSession, actor: Person, source: Source, now: datetime
) -> bool:
    """Say whether somebody else answers for a text: nobody asks themself."""
    if source.author is not None:
        return source.author.id != actor.id
    animators = await roles.holders(session, RoleName.ANIMATOR, now)
    return any(animator.id != actor.id for animator in animators)


async def begin(session: AsyncSession, actor: Person, key: Key, now: datetime) -> Exchange:
    """Return the exchange about a text that the actor may translate; an empty one if need be.

    Raises:
        NotAllowedError: the actor may not translate this.
        NotFoundError: there is no such text, it is not to be translated now, or nobody else
            answers for it.
    """
    subject, ref, field, language = key
    await translating.writes_as(session, actor, subject, now)
    await untranslated.require_open(session, subject, ref, now)
    owner = await find(session, TABLES[subject], ref)
    source = await source_of(session, subject, owner.id, field, now)
    if source is None or source.text.language == language:
        raise NotFoundError(subject)
    if not await can_be_asked(session, actor, source, now):
        raise NotFoundError(subject)
    named = {"subject": subject, "subject_id": owner.id, "field": field, "language": language}
    row = {"ref": new_ref(), "kind": Kind.TEXT, "begun_at": now, "touched_at": now}
    nobody_waits = {"person_id": actor.id, "state": State.ANSWERED}
    await insert_new(session, Exchange, [named | row | nobody_waits])
    found = await session.scalar(
        select(Exchange).where(
            Exchange.person_id == actor.id,
            Exchange.subject == subject,
            Exchange.subject_id == owner.id,
            Exchange.field == field,
            Exchange.language == language,
        )
    )
    assert found is not None
    return found


async def is_over(
    session: AsyncSession, exchange: Exchange, source: Source | None, now: datetime
) -> bool:
    """Say whether there is nothing to ask any more: it is gone, or not theirs to translate."""
    if source is None:
        return True
    asker = await session.get_one(Person, exchange.person_id)
    subject = source.text.subject
    try:
        await translating.writes_as(session, asker, subject, now)
        await untranslated.require_open(session, subject, source.ref, now)
    except (NotAllowedError, NotFoundError):
        return True
    return False
