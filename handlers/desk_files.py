"""The translation desk for those who work at a computer: a file to take along and bring back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import conversations
from community.errors import FileRefusedError
from community.people import Person
from community.untranslated import WRITERS
from handlers import brought
from handlers.brought import Brought
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    File,
    Message,
    Network,
    Page,
    Replies,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import Untranslated, router_for
from handlers.wording import unapproved
from locales import OFFERED, Html, Translator, language_name, number, plain, without_isolates
from locales.direction import pointed
from reports import po


class OfFile(CallbackData, prefix="uf"):
    """The texts of one language as a file: take it along, or bring it back."""

    language: str
    act: str = "take"


class Decide(CallbackData, prefix="uw"):
    """Write what a file has brought, or leave it. ``mark`` says which file."""

    mark: str
    act: str


def button(page: Page, language: str, *, approved: bool = False) -> Button:
    """Return the way to the file of one language, or to the one with what is approved, too."""
    pressed = OfFile(language=language, act="all" if approved else "take")
    return Button(page._.label("button", "💻 Work in a file"), pressed)


async def pressed(query: Any, callback_data: OfFile, state: FSMContext) -> Replies:
    """Hand the file over, or ask for it."""
    language = callback_data.language
    if language not in OFFERED:
        return [toast("old_button")]
    if callback_data.act == "bring":
        return await begin(BRING, state, language=language)
    return [say("desk.file", language=language, approved=callback_data.act == "all")]


async def file_card(page: Page, language: str, *, approved: bool = False) -> Message:
    """Hand over what the reader may translate into one language, or also what is approved."""
    _ = page._
    session, reader, network = page.session, page.reader, page.network
    texts = await brought.texts_for(
        session, reader, language, network, page.now, _, approved=approved
    )
    named = language_name(language, _)
    desk = [Button(_.label("button", "All languages"), Untranslated())]
    every = OfFile(language=language, act="all")
    more = [Button(_.label("button", "💻 The approved ones too"), every)]
    if not texts.entries:
        ways = [desk] if approved else [more, desk]
        return Message(_("✅ Everything is translated: {language}", language=named), ways)
    text = lines(
        _.ngettext(
            "This file has {n} text to translate. Language: {language}",
            "This file has {n} texts to translate. Language: {language}",
            len(texts.entries),
            language=named,
        ),
        "",
        _("Open it with a program for PO files, such as Poedit, OmegaT or Virtaal."),
        _(
            "What is marked as “fuzzy” or “needs work” is left alone when you bring the file "
            "back: take the mark off where a text is right."
        ),
        _(
            "Approved texts are in it, too. Change only what is wrong: you are asked before any "
            "of them changes."
        )
        if approved
        else None,
    )
    name = f"{without_isolates(_.label('file', 'texts'))}-{language}.po"
    bring = Button(_.label("button", "📥 Bring it back"), OfFile(language=language, act="bring"))
    ways = [[bring], desk] if approved else [[bring], more, desk]
    return Message(text, ways, file=File(name, partial(po.written, texts)))


# Bringing it back


async def _ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
    _ = page._
    named = language_name(about["language"], _)
    return Question(
        lines(
            _("Send the file now. Language: {language}", language=named),
            _("You see first what is in it; nothing is written before you say so."),
        )
    )


async def _read(answering: Answering, text: str) -> dict[str, Any]:
    attached = answering.attached
    if attached is None:
        raise FileRefusedError("none")
    if attached.content is None:
        raise FileRefusedError(attached.problem)
    texts = brought.read(attached.content, answering.about["language"])
    found = await brought.check(
        answering.session, answering.person, texts, answering.network, answering.now
    )
    return found.kept()


async def _shown(answering: Answering) -> Replies:
    kept = answering.answers["file"]
    return await _preview(answering.state, kept)


async def _preview(state: FSMContext, kept: dict[str, Any]) -> Replies:
    mark = sha256(repr(kept).encode()).hexdigest()[:12]
    await state.update_data(brought={**kept, "mark": mark})
    more = [say("desk.refused", mark=mark)] if len(kept["refused"]) > FIRST else []
    return [*more, say("desk.brought", mark=mark)]


WRITE, CHANGE = "write", "change"
"""Write what is new alone, or also change what is approved."""
CHANGES_SHOWN = 20
"""So many of the approved texts that would change stand in the preview, each by its beginning."""
FIRST = 5
"""So many refusals stand in the preview; if there are more, all of them are in a file."""


async def _kept(session: AsyncSession, person: Person, mark: str) -> Brought | None:
    row = await conversations.of(session, person.telegram_id or 0)
    kept = row.data.get("brought") if row else None
    return Brought.of(kept) if kept and kept["mark"] == mark else None


async def decided(
    query: Any,
    callback_data: Decide,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    state: FSMContext,
) -> Replies:
    """Write what the preview has counted, all of it, or leave it."""
    found = await _kept(session, person, callback_data.mark)
    if found is None:
        return [toast("form.closed")]
    data = await state.get_data()
    await state.set_data({key: data[key] for key in data.keys() - {"brought"}})
    if callback_data.act not in (WRITE, CHANGE):
        return [edit("desk.left", language=found.language)]
    again = await brought.check_again(session, person, found, network, now)
    if (again.ready, again.changes) != (found.ready, found.changes):
        return [edit("desk.overtaken"), *await _preview(state, again.kept())]
    if callback_data.act == WRITE:
        found = replace(found, changes=())
    sends = await brought.write(session, person, found, now)
    count = len(found.ready) + len(found.changes)
    told = [edit("desk.written", language=found.language, count=count)]
    return [*told, *(reply for send in sends for reply in unapproved(send))]


async def preview_card(page: Page, mark: str) -> Message | None:
    """Say what a file would change, before it does."""
    _ = page._
    found = await _kept(page.session, page.reader, mark)
    if found is None:
        return None
    count, language = len(found.ready), found.language
    told = [
        _("<b>What is in the file</b>"),
        _("Language: {language}", language=language_name(language, _)),
        "",
        _("✅ Can be written: {n}", n=number(count, _)),
    ]
    if found.same:
        told.append(_("🟰 Stand there already, word for word: {n}", n=number(found.same, _)))
    if found.left:
        told.append(_("⚪ Empty, or marked as not finished: {n}", n=number(found.left, _)))
    if found.refused:
        told.append(_("❌ Cannot be written: {n}", n=number(len(found.refused), _)))
        told.append("")
        told += [brought.reason(no, language, _) for no in found.refused[:FIRST]]
    if len(found.refused) > FIRST:
        told.append(_("All of them are in the file above."))
    told += _changes(found, _)
    desk = [Button(_.label("button", "All languages"), Untranslated())]
    if not count and not found.changes:
        return Message(lines(*told, "", _("There is nothing to write.")), [desk])
    rows = []
    if count:
        write = _.nlabel("button", "✅ Write it: {n} text", "✅ Write them: {n} texts", count)
        rows.append([Button(write, Decide(mark=mark, act=WRITE))])
    if found.changes:
        change = (
            _.label("button", "✏️ Write and change")
            if count
            else _.label("button", "✏️ Change what is approved")
        )
        rows.append([Button(change, Decide(mark=mark, act=CHANGE))])
    rows += [
        [Button(_.label("button", "Leave it"), Decide(mark=mark, act="leave"))],
    ]
    return Message(lines(*told), rows)


def _changes(found: Brought, _: Translator) -> list[Html | str]:
    """Say apart which approved texts would change."""
    if not found.changes:
        return []
    shown = [brought.change(one, _) for one in found.changes[:CHANGES_SHOWN]]
    rest = len(found.changes) - len(shown)
    return [
        "",
        _.ngettext(
            "⚠️ {n} text that is approved would change:",
            "⚠️ {n} texts that are approved would change:",
            len(found.changes),
        ),
        *shown,
        *([_("and {n} more.", n=number(rest, _))] if rest else []),
    ]


async def refused_card(page: Page, mark: str) -> Message | None:
    """Hand over every refusal, in words."""
    _ = page._
    found = await _kept(page.session, page.reader, mark)
    if found is None:
        return None
    reasons = [brought.reason(no, found.language, _) for no in found.refused]
    told = "\n".join(map(plain, reasons)) + "\n"
    if _.is_rtl:
        told = pointed(told)
    name = f"{without_isolates(_.label('file', 'not-written'))}-{found.language}.txt"
    text = _("These texts of your file cannot be written, each with its reason.")
    return Message(text, file=File(name, told.encode("utf-8-sig")))


async def written_card(page: Page, language: str, count: int) -> Message:
    """Say how many were written."""
    _ = page._
    text = _.ngettext("Written: {n} text. Thank you!", "Written: {n} texts. Thank you!", count)
    return Message(text, [[_to_language(page, language)]])


async def left_card(page: Page, language: str) -> Message:
    """Say that nothing was written."""
    return Message(
        page._("All right, nothing of the file was written."), [[_to_language(page, language)]]
    )


async def overtaken_card(page: Page) -> Message:
    """Say why there is another preview."""
    return Message(
        page._(
            "Nothing was written: something has changed since you sent the file. "
            "This is how it is now."
        )
    )


def _to_language(page: Page, language: str) -> Button:
    label = page._.label("button", "Back to the texts")
    return Button(label, Untranslated(language=language))


BRING = Form(
    "desk.bring",
    [Field("file", _ask, _read, takes_file=True)],
    _shown,
    home=lambda about: say("desk.segment", language=about["language"], at=0),
)

CARDS = {
    "desk.file": file_card,
    "desk.brought": preview_card,
    "desk.refused": refused_card,
    "desk.written": written_card,
    "desk.left": left_card,
    "desk.overtaken": overtaken_card,
}
FORMS = (BRING,)


def setup() -> Router:
    """Take the buttons of the files."""
    router = router_for("texts in files", WRITERS)
    router.callback_query.register(pressed, OfFile.filter())
    router.callback_query.register(decided, Decide.filter())
    return router
