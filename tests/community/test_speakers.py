"""Who speaks at an event: named once they have agreed, and forgotten in every language."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, speakers, translations
from community.earlier import EarlierText
from community.errors import NotAllowedError, NotUnderstoodError
from community.history import Step
from community.translations import ContentText
from tests.community.test_attendance import a_member, an_animator, an_event

ROSA = "Rosa Peer: how she opened a bakery"


async def test_whoever_speaks_is_named_with_the_word_that_they_agreed_and_forgotten_everywhere(
    session: AsyncSession, now: datetime
) -> None:
    boss, member = await an_animator(session, now), await a_member(session, 2, now)
    event = await an_event(session, boss, now)
    assert await speakers.agreement(session, event) is None
    with pytest.raises(NotAllowedError):
        await speakers.name(session, member, event.ref, ROSA, "en", now)
    with pytest.raises(NotUnderstoodError):
        await speakers.name(session, boss, event.ref, "x" * 501, "en", now)
    await speakers.name(session, boss, event.ref, "Rosa", "en", now)
    later = now + timedelta(hours=1)
    await speakers.name(session, boss, event.ref, ROSA, "en", later)
    assert await speakers.agreement(session, event) == speakers.Agreement(boss, later)
    await events.translate(session, boss, event.ref, "fr", {"speakers": "Rosa Peer"}, now)
    shelf = (await translations.shelves(session, "event", [event.id]))[event.id]
    assert shelf.complete == {"en": {"title": "Meeting", "speakers": ROSA}}
    said = select(Step.after).where(Step.subject == "speakers").order_by(Step.id)
    assert [*await session.scalars(said)][-1] == "agreed"

    await speakers.take_off(session, boss, event.ref, now)
    assert await speakers.agreement(session, event) is None
    for table in (ContentText, EarlierText):
        kept = select(table.text).where(table.field == "speakers")
        assert [*await session.scalars(kept)] == []
    assert [*await session.scalars(said)][-1] == "none"
