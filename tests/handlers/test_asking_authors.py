"""Asking about a text whose author is gone: the animators find it in their inbox."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from bot.database import Database
from community import people
from community.exchanges import Exchange
from community.roles import Role, RoleName
from tests.community.test_erasure import an_event
from tests.handlers.conftest import Calling


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_a_question_about_a_text_without_its_author_is_answered_from_the_inbox(
    phone: Calling, database: Database, now: datetime, language: str
) -> None:
    await phone(1, "en", RoleName.ANIMATOR)
    await phone(4, "uk")
    translator = await phone(2, language, RoleName.TRANSLATOR)
    async with database.transaction() as session:
        author = await people.by_telegram_id(session, 1)
        assert author is not None
        event = await an_event(session, author, now)
        await session.execute(update(Role).where(Role.person_id == author.id).values(until=now))
    await translator.gets("desk.segment", language="uk", at=0)
    asks = {"en": "Ask the author", "ar": "اسألوا الكاتب"}[language]
    assert not any(asks in button for button in translator.buttons), "nobody answers for it"
    forged = f"un:event:{event.ref}:title:uk:q:"
    await translator.sends_data(forged)
    assert translator.toasts, "nor by a forged button"

    other = await phone(3, "en", RoleName.ANIMATOR)
    await translator.gets("desk.segment", language="uk", at=0)
    await translator.presses(asks)
    await translator.says("Which meeting?")
    assert "Which meeting?" in translator.last
    async with database.transaction() as session:
        ref = await session.scalar(select(Exchange.ref))
    await other.gets("team_notice", what="text_question", ref=ref)
    assert other.last == "❓ A translator has a question about a text."
    await other.says("/animate")
    await other.presses("Inbox: 1 wait")
    await other.presses("❓ Text: Event")
    for words in ("A translator asks about a text: Event", "Meeting", "Which meeting?"):
        assert words in other.last
    assert other.seen[-1].protect
    assert "Inbox" in other.buttons
    await other.presses("Write back")
    await other.says("The one in May.")
    await translator.gets("bridge_message", ref=ref)
    await translator.sends_data(f"xc:{ref}:open:0")
    assert "The one in May." in translator.last
    team = {"en": "The team:", "ar": "الفريق:"}[language]
    assert team in translator.last, "it is not the author who has answered"
    await translator.presses({"en": "To the text", "ar": "إلى النص"}[language])
    assert "Meeting" in translator.last
    await other.says("/animate")
    await other.presses("Inbox")
    assert "Nobody is waiting for an answer." in other.last
