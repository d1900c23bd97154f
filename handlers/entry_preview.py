"""The own entry as members see it, with what has been changed and not saved."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext

from community import memory
from community.providers import Service, entries, facts
from handlers import entry_words, support, unsaved
from handlers.content import block_for
from handlers.replies import Button, Message, Page, Replies, blockquote, lines, say, toast
from handlers.staff import PROVIDERS, router_for
from handlers.wording import inert
from locales import OFFERED, Html, native_name, translator_for


class AsMembers(CallbackData, prefix="ow"):
    """The entry as members see it who read this language."""

    ref: str
    language: str


async def as_members(query: Any, callback_data: AsMembers, state: FSMContext) -> Replies:
    """Show it as members see it, with what has been changed and not saved."""
    if callback_data.language not in OFFERED:
        return [toast("old_button")]
    ref = callback_data.ref
    changes = await unsaved.of(state, ref)
    return [say("entry.as_members", ref=ref, language=callback_data.language, changes=changes)]


# Cards


async def as_members_card(
    page: Page, ref: str, language: str, changes: Mapping[str, str]
) -> Message:
    """Show the card as members read it in a language; its buttons do nothing."""
    return inert(await with_changes(page, ref, changes, language), language)


async def with_changes(page: Page, ref: str, changes: Mapping[str, str], language: str) -> Message:
    """Return the member's card as it would be with these changes, which are taken back again.

    Raises:
        RefusalError: the changes cannot be made.
    """
    theirs = replace(page, _=translator_for(language), second=None)
    async with memory.undone(page.session):
        row = await entries.change(page.session, page.reader, ref, changes, page.now)
        return await _members_card(theirs, row)


async def _members_card(page: Page, row: facts.Entry) -> Message:
    if isinstance(row, Service):
        return await support.service_card(page, row.ref)
    block = await block_for(page, "organization", row.id)
    told = [await fact_line(page, row, field) for field in ("phone", "email", "website")]
    return Message(
        lines(
            page._("🏢 <b>{name}</b>", name=block.get("name") if block else "?"),
            blockquote(block.get("description")) if block and block.get("description") else None,
            *told,
        )
    )


async def fact_line(page: Page, row: facts.Entry, field: str) -> Html:
    """Return what a fact says, after its name."""
    text, currency = await facts.value(page.session, row, field), entry_words.currency_of(row)
    told = await entry_words.shown(page, field, text, currency)
    name = entry_words.field_name(field, page._)
    return page._("{field}: {value}", field=name, value=told)


def preview_languages(ref: str) -> list[Button]:
    """Return a button for each language in which members read."""
    return [
        Button(native_name(code), AsMembers(ref=ref, language=code))
        for code in OFFERED
        if "-" not in code
    ]


CARDS = {"entry.as_members": as_members_card}


def setup() -> Router:
    """Take the buttons that show the own entry, from provider staff only."""
    router = router_for("our entry as members see it", PROVIDERS)
    router.callback_query.register(as_members, AsMembers.filter())
    return router
