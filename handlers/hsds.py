"""The directory as a file (HSDS 3.0): a coordinator takes it along, or brings one and agrees.

Nothing is written that the preview has not listed, and of what it has listed all or nothing. The
command line reads and compares with the same verbs.
"""

import zipfile
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from io import BytesIO
from itertools import chain, islice
from typing import Any
from zlib import compress, decompress

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import conversations
from community.errors import FileRefusedError, NotUnderstoodError
from community.needs import Need
from community.people import Person
from community.providers import comparing, importing
from community.providers.items import Directory, Plan
from handlers import words
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    File,
    Message,
    Page,
    Replies,
    edit,
    lines,
    say,
    toast,
)
from handlers.setup_ways import OfDirectory, SetUp, require_coordinator
from handlers.staff import COORDINATORS, router_for
from locales import (
    OFFERED,
    Html,
    Translator,
    language_name,
    native_name,
    number,
    translator_for,
    without_isolates,
)
from locales.folding import fold
from reports.hsds import files, tables, writing
from reports.hsds import words as hsds_words
from reports.hsds.known import Known, known_areas

MOST = 4 * 2**20
"""Bytes of what a ZIP brings in the chat, unpacked; the file itself is smaller
(``bot/fetching.py``)."""
LINES = 12
"""So many lines stand on one page of a preview."""


class Agree(CallbackData, prefix="uj"):
    """A file that was brought: turn its pages, write it, or leave it. ``mark`` says which."""

    mark: str
    act: str
    at: int = 0


@cache
def needs() -> Mapping[str, Need]:
    """Return what our list of needs is called in every language, folded."""
    return {
        fold(without_isolates(words.need(need, translator_for(language)))): need
        for language in OFFERED
        for need in Need
    }


# Taking along


async def menu_card(page: Page) -> Message:
    """Say what can be done with the directory as a whole."""
    await require_coordinator(page)
    _ = page._
    return Message(
        lines(
            _("<b>The directory as a file</b>"),
            _(
                "Other programs read and write it in the format HSDS 3.0. Only what is in the "
                "directory is in the file: nothing of members."
            ),
        ),
        [
            [Button(_.label("button", "📤 Take it along"), OfDirectory(act="json"))],
            [Button(_.label("button", "📤 As tables (CSV)"), OfDirectory(act="csv"))],
            [Button(_.label("button", "📥 Bring a file"), OfDirectory(act="bring"))],
            [Button(_.label("button", "Back"), SetUp())],
        ],
    )


async def file_card(page: Page, act: str) -> Message:
    """Hand the directory over."""
    await require_coordinator(page)
    _ = page._
    name = without_isolates(_.label("file", "directory"))
    language = page.network.language
    if act == "csv":
        every = [one async for one in writing.organizations(page.session, language)]
        file = File(f"{name}.zip", packed(tables.package(every)))
    else:
        parts = [part async for part in writing.as_json(page.session, language)]
        file = File(f"{name}.json", b"".join(parts))
    return Message(_("Here is the directory as it is now."), file=file)


def packed(package: Mapping[str, bytes]) -> bytes:
    """Return the files of a data package as one ZIP."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in package.items():
            archive.writestr(name, content)
    return out.getvalue()


async def pressed(query: Any, callback_data: OfDirectory, state: FSMContext) -> Replies:
    """Go to the directory as a file, hand it over, or ask for one."""
    await state.clear()
    if callback_data.act in ("json", "csv"):
        return [say("hsds.file", act=callback_data.act)]
    if callback_data.act == "bring":
        return await begin(BRING, state)
    return [edit("hsds")]


# Bringing one


async def _ask_language(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._("In which language are the texts in the file?"),
        [(native_name(code), code) for code in OFFERED],
    )


async def _language(answering: Answering, text: str) -> str:
    if text not in OFFERED:
        raise NotUnderstoodError("language")
    return text


async def _ask(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Send the file now: HSDS 3.0 as JSON, or its tables in a ZIP file."),
            _("You see first what is in it; nothing is written before you say so."),
        )
    )


async def _read(answering: Answering, text: str) -> dict[str, Any]:
    attached = answering.attached
    if attached is None:
        raise FileRefusedError("none")
    if attached.content is None:
        raise FileRefusedError(attached.problem)
    document = answering.incoming.document if answering.incoming else None
    name = (document.file_name if document else None) or "HSDS"
    session, language = answering.session, answering.answers["language"]
    content = b64encode(compress(attached.content)).decode()
    kept = {"name": name, "content": content, "language": language}
    with await _directory(session, kept) as directory:
        person, now = answering.person, answering.now
        plan = await comparing.compare(session, person, directory, language, now)
        return {"name": name, "content": content, "seal": plan.seal}


async def known(session: AsyncSession, language: str) -> Known:
    """Return what files in a language are read with."""
    return Known(needs(), await known_areas(session, language))


async def _directory(session: AsyncSession, kept: Mapping[str, Any]) -> Directory:
    content = decompress(b64decode(kept["content"]))
    return files.read(
        [files.Given(kept["name"], content)], await known(session, kept["language"]), MOST
    )


async def _shown(answering: Answering) -> Replies:
    kept = {**answering.answers["file"], "language": answering.answers["language"]}
    return await _preview(answering.state, kept)


async def _preview(state: FSMContext, kept: Mapping[str, Any]) -> Replies:
    mark = sha256(repr(sorted(kept.items())).encode()).hexdigest()[:12]
    await state.update_data(directory={**kept, "mark": mark})
    return [say("hsds.preview", mark=mark)]


async def _kept(session: AsyncSession, person: Person, mark: str) -> dict[str, Any] | None:
    row = await conversations.of(session, person.telegram_id or 0)
    kept: dict[str, Any] | None = row.data.get("directory") if row else None
    return kept if kept and kept["mark"] == mark else None


async def decided(
    query: Any,
    callback_data: Agree,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Turn a page, write what the preview has listed, all of it, or leave it."""
    kept = await _kept(session, person, callback_data.mark)
    if kept is None:
        return [toast("form.closed")]
    if callback_data.act == "page":
        return [edit("hsds.preview", mark=callback_data.mark, at=callback_data.at)]
    data = await state.get_data()
    await state.set_data({key: data[key] for key in data.keys() - {"directory"}})
    if callback_data.act != "write":
        return [edit("hsds.left")]
    with await _directory(session, kept) as directory:
        plan = await comparing.compare(session, person, directory, kept["language"], now)
        if plan.seal != kept["seal"]:
            kept = {key: kept[key] for key in kept.keys() - {"mark"}}
            return [edit("hsds.overtaken"), *await _preview(state, {**kept, "seal": plan.seal})]
        await importing.write(session, person, plan, kept["language"], now)
        return [edit("hsds.written", new=len(plan.new), changed=len(plan.changes))]


async def preview_card(page: Page, mark: str, at: int = 0) -> Message | None:
    """List what a file would change, before it does."""
    await require_coordinator(page)
    _ = page._
    kept = await _kept(page.session, page.reader, mark)
    if kept is None:
        return None
    with await _directory(page.session, kept) as directory:
        language, now = kept["language"], page.now
        plan = await comparing.compare(page.session, page.reader, directory, language, now)
        return _previewed(plan, kept, at, _)


def _previewed(plan: Plan, kept: Mapping[str, Any], at: int, _: Translator) -> Message:
    mark, count = kept["mark"], len(plan.directory.notes) + plan.count
    at = min(max(at, 0), max(count - 1, 0) // LINES)
    rows = []
    turn = [
        Button(label, Agree(mark=mark, act="page", at=to))
        for label, to in (
            (_.label("button", "◀ Before"), at - 1),
            (_.label("button", "More ▶"), at + 1),
        )
        if 0 <= to * LINES < count
    ]
    if turn:
        rows.append(turn)
    if not plan.is_empty:
        rows.append([Button(_.label("button", "✅ Write it"), Agree(mark=mark, act="write"))])
        rows.append([Button(_.label("button", "Leave it"), Agree(mark=mark, act="leave"))])
    else:
        rows.append([Button(_.label("button", "Back"), OfDirectory())])
    return Message(
        lines(
            _("<b>What is in the file</b>"),
            _("Language: {language}", language=language_name(kept["language"], _)),
            *counted(plan, _),
            "",
            *islice(listed(plan, _), at * LINES, (at + 1) * LINES),
            *(["", _("There is nothing to write.")] if plan.is_empty else []),
        ),
        rows,
    )


def counted(plan: Plan, _: Translator) -> list[Html]:
    """Return how much is new, changes, and stays."""
    told = [
        _("➕ New: {n}", n=number(len(plan.new), _)),
        _("✏️ Changes: {n}", n=number(len(plan.changes), _)),
        _("🟰 As it is: {n}", n=number(plan.same, _)),
    ]
    if plan.assured:
        told.append(_assured(plan, _))
    if plan.steps_stay:
        told.append(
            _.ngettext(
                "🪜 {n} service has steps already: an import never changes those.",
                "🪜 {n} services have steps already: an import never changes those.",
                plan.steps_stay,
            )
        )
    if plan.directory.notes:
        told.append(_("⚠️ Taken in part: {n}", n=number(len(plan.directory.notes), _)))
    return told


def _assured(plan: Plan, _: Translator) -> Html:
    count = len(plan.assured)
    if plan.names_days:
        return _.ngettext(
            "🕘 {n} entry counts as confirmed on the day that the file names.",
            "🕘 {n} entries count as confirmed on the days that the file names.",
            count,
        )
    return _.ngettext(
        "🕘 {n} entry counts as confirmed today.",
        "🕘 {n} entries count as confirmed today.",
        count,
    )


def listed(plan: Plan, _: Translator) -> chain[Html]:
    """Return one line for each thing that is new, changes, or is taken in part."""
    return chain(
        (hsds_words.note(one, _) for one in plan.directory.notes),
        (hsds_words.change(one, _) for one in plan.changes),
        (hsds_words.new(one, _) for one in plan.new),
    )


async def written_card(page: Page, new: int, changed: int) -> Message:
    """Say what was written."""
    _ = page._
    return Message(
        lines(
            _("✅ The directory has been written."),
            _("➕ New: {n}", n=number(new, _)),
            _("✏️ Changes: {n}", n=number(changed, _)),
        ),
        [[Button(_.label("button", "Back"), OfDirectory())]],
    )


async def left_card(page: Page) -> Message:
    """Say that nothing was written."""
    _ = page._
    back = Button(_.label("button", "Back"), OfDirectory())
    return Message(_("All right, nothing of the file was written."), [[back]])


async def overtaken_card(page: Page) -> Message:
    """Say why there is another preview."""
    return Message(
        page._(
            "Nothing was written: something has changed since you sent the file. "
            "This is how it is now."
        )
    )


BRING = Form(
    "hsds.bring",
    [Field("language", _ask_language, _language), Field("file", _ask, _read, takes_file=True)],
    _shown,
    home=lambda _about: say("hsds"),
)

CARDS = {
    "hsds": menu_card,
    "hsds.file": file_card,
    "hsds.preview": preview_card,
    "hsds.written": written_card,
    "hsds.left": left_card,
    "hsds.overtaken": overtaken_card,
}
FORMS = (BRING,)


def setup() -> Router:
    """Take the buttons, from coordinators only."""
    router = router_for("directory as a file", COORDINATORS)
    router.callback_query.register(pressed, OfDirectory.filter())
    router.callback_query.register(decided, Agree.filter())
    return router
