"""Asks and offers in a digest: whose is shown to whom when it leaves, not when it was made."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import blocks, posts
from community.digests import KIND, Digest, DigestItem, ItemKind, State
from community.needs import Need
from community.people import Person
from handlers import FORMS, render
from handlers.replies import Message, Page
from locales import translator_for
from tests.handlers.conftest import NETWORK
from tests.matching import a_partner
from tests.posting import a_judge, a_post, who_know


async def test_who_is_kept_apart_since_it_was_made_does_not_read_the_other_in_it(
    session: AsyncSession, now: datetime
) -> None:
    moderator = await a_judge(session, 1, now)
    writes, other = await a_partner(session, 2, now), await a_partner(session, 3, now)
    readers = await who_know(session, 10, 4, now, [Need.EXPORT])
    made = []
    for poster, text in ((writes, "I look for a driver."), (other, "I look for boxes.")):
        post = await a_post(session, poster, now, text)
        made.append(await posts.approve(session, moderator, post.ref, now))
    digest = Digest(month="2026-12", state=State.APPROVED, since=now, made_at=now)
    session.add(digest)
    await session.flush()
    items = [
        DigestItem(digest_id=digest.id, kind=ItemKind.POST, subject_id=post.id) for post in made
    ]
    session.add_all(items)
    await session.flush()
    numbers = ".".join(str(item.id) for item in items)
    memo = dict[object, Message | None]()

    async def reads(reader: Person, which: str = numbers) -> str | None:
        page = Page(session, reader, translator_for("en"), now, NETWORK, FORMS, memo)
        message = await render(page, KIND, ref=digest.ref, items=which, answers=0)
        return None if message is None else message.text

    stays, blocks_them, is_blocked, has_nothing = readers
    await blocks.block(session, blocks_them, writes.id, now)
    await blocks.block(session, writes, is_blocked.id, now)
    await blocks.block(session, has_nothing, other.id, now)
    for reader in (stays, blocks_them, is_blocked):
        said = await reads(reader)
        assert said is not None
        assert "boxes" in said
        assert ("driver" in said) == (reader is stays)
    assert await reads(has_nothing, str(items[1].id)) is None
