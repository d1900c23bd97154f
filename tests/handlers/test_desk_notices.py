"""Of work that was handed on nobody is told who animates no more when the notice would leave."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from community import inbox, roles
from community.people import Person
from handlers import CARDS
from handlers.replies import Network, Page
from locales import translator_for
from tests.community.test_inbox_owners import a_question


async def test_who_animates_no_more_is_told_nothing_of_what_was_handed_on(
    session: AsyncSession, now: datetime
) -> None:
    question, one, other = await a_question(session, now)
    await inbox.hand_on(session, one, question.ref, other.ref, now)
    network = Network("en", "UTC", "bot", "112")

    def page(reader: Person) -> Page:
        return Page(session, reader, translator_for("en"), now, network)

    notices: dict[str, dict[str, Any]] = {
        "team_notice.handed_on": {"ref": question.ref},
        "team_notice.handed_over": {"count": 2, "by": one.ref},
    }
    notices |= {"team_notice.code_opened": {}, "team_notice.code_known_already": {}}
    for kind, args in notices.items():
        assert await CARDS[kind](page(other), **args) is not None
    (await roles.held(session, other, now))[0].revoked_at = now
    await session.flush()
    for kind, args in notices.items():
        assert await CARDS[kind](page(other), **args) is None
