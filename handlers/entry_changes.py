"""What has been changed of the own entry: seen as members will see it, and then saved.

Until then it waits in the conversation (``handlers/unsaved.py``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import translations
from community.errors import ChangedError, RefusalError
from community.people import Person
from community.providers import Service, entries, facts
from handlers import entry_words, unsaved
from handlers.entry_form import SWITCHES
from handlers.entry_preview import preview_languages, with_changes
from handlers.entry_ways import ChangeField, Unsaved
from handlers.forms import end
from handlers.replies import (
    Button,
    Message,
    OvertakenError,
    Page,
    Replies,
    Reply,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import PROVIDERS, router_for
from locales import OFFERED


async def decided(
    query: Any,
    callback_data: Unsaved,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Save what the preview has shown, go on changing, or throw it away.

    Raises:
        OvertakenError: something else stands there by now; it is shown anew.
    """
    ref, act = callback_data.ref, callback_data.act
    row = await entries.entry(session, person, ref, now)
    changes = await unsaved.of(state, ref)
    if not changes:
        return [toast("form.closed")]
    if act == "more":
        await end(state)
        return [await _home_of(row, state)]
    if act == "see":
        return [edit("entry.preview", ref=ref, changes=changes)]
    if act == "drop":
        await unsaved.drop(state, ref)
        return [await _home_of(row, state), toast("entry.dropped")]
    if act not in ("save", "confirm"):
        return [toast("old_button")]
    try:
        await entries.change(
            session,
            person,
            ref,
            changes,
            now,
            seen=callback_data.seen,
            confirms=act == "confirm",
        )
    except ChangedError as refusal:
        shown = say("entry.preview", ref=ref, changes=changes)
        raise OvertakenError(refusal, shown) from refusal
    await unsaved.drop(state, ref)
    return [await _home_of(row, state), toast("entry.saved")]


async def _home_of(row: facts.Entry, state: FSMContext) -> Reply:
    kind = "entry.service" if isinstance(row, Service) else "entry"
    return edit(kind, ref=row.ref, changed=[*await unsaved.every(state)])


# Cards


async def change_buttons(page: Page, service: Service) -> list[Button]:
    """Return a button for everything that can be changed about a service."""
    _ = page._
    source = await facts.source_of(page.session, service)
    tapped = ("languages", *SWITCHES, "hours")
    buttons = [
        Button(
            _.label("button", "✏️ {field}", field=entry_words.field_name(field, _)),
            ChangeField(ref=service.ref, field=field, language=language),
        )
        for field, language in [
            *((field, source) for field in (*entry_words.TEXTS, "steps")),
            *((field, "") for field in (*tapped, *entry_words.FACTS)),
        ]
    ]
    language = page._.language
    for field in await _to_translate(page, service, source, language):
        label = entry_words.field_name(f"{field}:{language}", _)
        buttons.append(
            Button(
                _.label("button", "🌐 {field}", field=label),
                ChangeField(ref=service.ref, field=field, language=language),
            )
        )
    return buttons


async def _to_translate(page: Page, service: Service, source: str, language: str) -> list[str]:
    """Return which words the reader may translate: what is approved is not theirs to change."""
    if language == source or language not in OFFERED:
        return []
    session = page.session
    every = await facts.steps(session, service)
    texts = (await translations.texts(session, "service", [service.id])).get(service.id, [])
    of_steps = await translations.texts(session, "step", [step.id for step in every])
    words = {(text.field, text.language): text.state for text in texts}
    words |= {
        ("steps", text.language): text.state
        for of_step in of_steps.values()
        for text in of_step
        if text.state == translations.State.APPROVED or text.language == source
    }
    return [
        field
        for field in (*entry_words.TEXTS, "steps")
        if (field, source) in words and words.get((field, language)) != translations.State.APPROVED
    ]


async def preview_card(page: Page, ref: str, changes: Mapping[str, str]) -> Message:
    """Show what has been changed and what members would see, before it is saved."""
    _ = page._
    row = await entries.entry(page.session, page.reader, ref, page.now)
    seen = await entries.seal(page.session, row, changes)
    told = [_("<b>Not saved yet</b>")]
    drafts, currency = False, entry_words.currency_of(row)
    becomes = entry_words.currency_of(row, changes)
    source = await facts.source_of(page.session, row)
    for field, text in changes.items():
        before = await facts.value(page.session, row, field)
        drafts |= ":" in field and not field.endswith(f":{source}")
        told.append(
            _(
                "{field}: {before} → {after}",
                field=entry_words.field_name(field, _),
                before=await entry_words.shown(page, field, before, currency),
                after=await entry_words.shown(page, field, text, becomes),
            )
        )
    if drafts:
        told.append(_("Somebody of the team reads the translation before members do."))
    try:
        card = await with_changes(page, ref, changes, _.language)
    except RefusalError:
        return Message(
            lines(*told, "", _("This cannot be saved any more: the entry has changed.")),
            [[Button(_.label("button", "🗑 Throw away"), Unsaved(ref=ref, act="drop"))]],
        )
    rows = [
        [Button(_.label("button", "💾 Save"), Unsaved(ref=ref, act="save", seen=seen))],
        [
            Button(
                _.label("button", "💾 Save; the rest is right"),
                Unsaved(ref=ref, act="confirm", seen=seen),
            )
        ],
        [
            Button(_.label("button", "✏️ Go on changing"), Unsaved(ref=ref, act="more")),
            Button(_.label("button", "🗑 Throw away"), Unsaved(ref=ref, act="drop")),
        ],
        preview_languages(ref),
    ]
    seen_by = _("👁 <b>This is what members would see</b>")
    return Message(lines(*told, "", seen_by, "", card.text), rows)


async def saved_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Saved."))


async def dropped_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Thrown away; nothing has changed."))


CARDS = {
    "entry.preview": preview_card,
    "entry.saved": saved_toast,
    "entry.dropped": dropped_toast,
}


def setup() -> Router:
    """Take what becomes of the changes, from provider staff only."""
    router = router_for("saving our entry", PROVIDERS)
    router.callback_query.register(decided, Unsaved.filter())
    return router
