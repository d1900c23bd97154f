"""Newsletters in a digest: one is told, the others are named."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import sends
from community.digests import KIND, Digest, DigestItem, ItemKind, State
from handlers import FORMS, render
from handlers.replies import Page
from locales import translator_for
from tests.community.test_sends import a_member, staff
from tests.handlers.conftest import NETWORK


async def test_the_story_is_told_and_the_other_newsletters_stand_by_their_titles(
    session: AsyncSession, now: datetime
) -> None:
    boss, reader = await staff(session, 1, now), await a_member(session, 2, now)
    digest = Digest(month="2026-12", state=State.APPROVED, since=now, made_at=now)
    session.add(digest)
    await session.flush()
    items = []
    for title in ("Market", "Fair"):
        body = f"All about the {title.lower()}."
        send = await sends.write_newsletter(session, boss, "en", title, body, now)
        items.append(DigestItem(digest_id=digest.id, kind=ItemKind.SEND, subject_id=send.id))
    session.add_all(items)
    await session.flush()
    page = Page(session, reader, translator_for("en"), now, NETWORK, FORMS)
    numbers = ".".join(str(item.id) for item in items)
    message = await render(page, KIND, ref=digest.ref, items=numbers, answers=0)
    assert message is not None
    assert "All about the market." in message.text
    assert message.text.endswith("More news</b>\n• Fair")
