"""At the translation desk: what stood in a text before, and using it again."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import translating, untranslated
from community.base import find
from community.earlier import EarlierText
from community.errors import ChangedError
from community.lifecycle import Who
from community.people import Person
from community.translations import TRANSLATION, State
from community.untranslated import TABLES, WRITERS, Segment
from handlers import entry_words
from handlers.content import check_faithful, named
from handlers.replies import Button, Message, Network, Page, Replies, edit, lines, toast
from handlers.staff import router_for
from handlers.wording import unapproved
from locales import OFFERED, moment


class Again(CallbackData, prefix="ua"):
    """Use an earlier text again, instead of what was shown (``seen``)."""

    ref: str
    seen: str


async def used_again(
    query: Any,
    callback_data: Again,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Write an earlier text once more, as if it had been typed.

    Raises:
        ChangedError: another text stands there by now.
    """
    before = await find(session, EarlierText, callback_data.ref)
    found = await _of_earlier(session, person, before, network, now)
    if found is None:
        return [toast("desk.done")]
    if callback_data.seen != found.seal:
        raise ChangedError(TRANSLATION.name, found.state, State.APPROVED)
    if not found.is_source:
        check_faithful(found.source, before.text, before.language)
    send = await translating.write(session, person, found.key, before.text, now, seen=found.seal)
    if found.state != State.APPROVED:
        return [edit("desk.segment", language=before.language, at=0), *unapproved(send)]
    subject, ref, _field, _language = found.key
    return [edit("standing", subject=subject, ref=ref), *unapproved(send)]


async def _of_earlier(
    session: AsyncSession, person: Person, before: EarlierText, network: Network, now: datetime
) -> Segment | None:
    """Return what stands there now, if this person may write it."""
    named = (before.subject, before.subject_id, before.field, before.language)
    for one in await untranslated.queue(session, person, OFFERED, network.language, now):
        if (one.subject, one.row_id, one.field, one.language) == named:
            return one
    owner = await session.get(TABLES[before.subject], before.subject_id)
    if owner is None:
        return None
    about = (before.subject, owner.ref)
    for one in await untranslated.standing(session, person, now, about=about):
        is_it = (one.subject, one.row_id, one.field, one.language) == named
        if is_it and await translating.may_rewrite(session, person, one, now):
            return one
    return None


async def earlier_card(page: Page, ref: str) -> Message | None:
    """Show what stood there before: since when, and in which role it was written."""
    _ = page._
    before = await find(page.session, EarlierText, ref)
    found = await _of_earlier(page.session, page.reader, before, page.network, page.now)
    if found is None:
        return None
    when = moment(before.written_at, page.zone, _, year=page.now.year)
    by = before.written_as
    role = entry_words.writer(Who(by), _) if by else None
    told_of = (
        _("🕘 Written before: {when}, {role}", when=when, role=role)
        if role
        else _("🕘 Written before: {when}", when=when)
    )
    again = Again(ref=ref, seen=found.seal)
    return Message(
        lines(
            told_of,
            *named(page, before.language, before.text),
            _("The translations of this text would be out of date then.")
            if found.is_source
            else None,
        ),
        [[Button(_.label("button", "↩️ Use this one again"), again)]],
    )


CARDS = {"desk.earlier": earlier_card}


def setup() -> Router:
    """Take the button under an earlier text."""
    router = router_for("earlier texts", WRITERS)
    router.callback_query.register(used_again, Again.filter())
    return router
