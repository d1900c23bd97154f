"""The translation desk: on a phone, one text after the other, the most awaited first."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    authors,
    earlier,
    machine,
    reading_aloud,
    roles,
    translating,
    translations,
    untranslated,
)
from community.errors import ChangedError, NotUnderstoodError
from community.figures import FEW, Cell, Hidden, protect
from community.machine import MachineText
from community.machine import State as Drafting
from community.people import Person
from community.roles import RoleName
from community.translations import TRANSLATION, State
from community.untranslated import WRITERS, Key, Segment
from handlers import bridge, desk_files, menu, recording, sounding, standing, wrong_texts
from handlers.audience import told
from handlers.brought import kind_of
from handlers.content import check_faithful, named
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    Reply,
    blockquote,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import (
    APPROVE,
    ASK_AUTHOR,
    EARLIER,
    LOOK,
    SHOW_WHOLE,
    STILL_RIGHT,
    TAKE_DRAFT,
    WRITE_IT,
    Months,
    OfSegment,
    Untranslated,
    back,
    router_for,
)
from handlers.wording import unapproved
from locales import OFFERED, Html, language_name, native_name


async def opened(
    query: Any,
    callback_data: Untranslated,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Show the languages, or the next text in one of them; a machine may draft what is missing."""
    language = callback_data.language
    if not language:
        return [edit("desk.languages")]
    for one in await untranslated.queue(session, person, OFFERED, network.language, now):
        if one.language == language:
            await machine.want(
                session, network.machine, one.source, one.source_language, language, now
            )
    return [edit("desk.segment", language=language, at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OfSegment,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    state: FSMContext,
) -> Replies:
    """Ask for the words, take those that stand there as they are, or show all of them.

    Or ask the author about them, and come back from there.

    Raises:
        ChangedError: others stand there than those that the button was about.
    """
    key, act = callback_data.key, callback_data.act
    found = await _find(session, person, key, network, now)
    if found is None:
        return [toast("desk.done"), callback_data.card()]
    if act == LOOK:
        mine = await untranslated.queue(session, person, OFFERED, network.language, now)
        at = [one.key for one in mine if one.language == found.language].index(key)
        return [edit("desk.segment", language=found.language, at=at)]
    if act == ASK_AUTHOR:
        exchange = await authors.begin(session, person, key, now)
        return await bridge.enter(session, person, exchange.ref, now, state)
    if act == SHOW_WHOLE:
        subject, ref, field, language = key
        names = {"subject": subject, "ref": ref, "field": field, "language": language}
        return [say("desk.source", **names), say("desk.text", **names)]
    if act == EARLIER:
        texts = await earlier.of(session, key[0], found.row_id, *key[2:])
        return [say("desk.earlier", ref=one.ref) for one in reversed(texts)] or [
            toast("old_button")
        ]
    draft = await _draft(session, network, found)
    ready = {
        STILL_RIGHT: found.text,
        APPROVE: found.text,
        TAKE_DRAFT: draft.result if draft else None,
    }
    text = ready.get(act)
    if text is None:
        return await begin(WRITE, state, key=list(key), seen=found.seal)
    if callback_data.seen != _seal(found, draft if act == TAKE_DRAFT else None):
        raise ChangedError(TRANSLATION.name, found.state, State.APPROVED)
    check_faithful(found.source, text, callback_data.language)
    if act == APPROVE:
        send = await translating.approve(session, person, key, found.seal, now)
    else:
        send = await translating.write(session, person, key, text, now, seen=found.seal)
    return [callback_data.card(), *unapproved(send)]


def _seal(found: Segment, draft: MachineText | None = None) -> str:
    """Return what stands for the words of a button: the text, or what a machine has made."""
    return translations.seal(found.source, found.text, draft.result) if draft else found.seal


async def _draft(session: AsyncSession, network: Network, found: Segment) -> MachineText | None:
    """Return what a machine has made of it, or is to make of it; nothing beside a draft."""
    if found.state == State.DRAFT:
        return None
    return await machine.look(
        session, network.machine, found.source, found.source_language, found.language
    )


async def _find(
    session: AsyncSession, person: Person, key: tuple[str, ...], network: Network, now: datetime
) -> Segment | None:
    every = await untranslated.queue(session, person, OFFERED, network.language, now)
    return next((one for one in every if one.key == key), None)


# Cards


async def languages_card(page: Page) -> Message:
    """Show in which languages something is missing, the most read first."""
    _ = page._
    every = await untranslated.queue(
        page.session, page.reader, OFFERED, page.network.language, page.now
    )
    if not every:
        ways = [
            await wrong_texts.way_in(page),
            [await standing.way_in(page)],
            [sounding.way_in(page)],
            [await _back(page)],
        ]
        return Message(_("✅ Everything is translated."), ways)
    read_by = await untranslated.readers(page.session, page.network.language)
    cells = protect(read_by, total_shown=True).cells
    missing = Counter(one.language for one in every)
    rows, read = [], []
    for language, count in missing.items():
        label = _.nlabel(
            "button",
            "{language}: {n} text",
            "{language}: {n} texts",
            count,
            language=native_name(language),
        )
        rows.append([Button(label, Untranslated(language=language))])
        name = language_name(language, _)
        read.append(_("{language} is read by: {n}", language=name, n=told(cells.get(language), _)))
    text = lines(
        _("<b>Not translated yet</b>"), _("Choose a language that you write well."), "", *read
    )
    ways = [
        await wrong_texts.way_in(page),
        [await standing.way_in(page)],
        [sounding.way_in(page)],
        [await _back(page)],
    ]
    return Message(text, [*rows, *ways])


async def _back(page: Page) -> Button:
    """Return the way back to the desk that the reader has."""
    held = {role.name for role in await roles.held(page.session, page.reader, page.now)}
    if RoleName.ANIMATOR in held:
        return back(page._)
    if RoleName.COORDINATOR in held:
        return Button(page._.label("button", "Back"), Months())
    return menu.button(page._)


async def segment_card(page: Page, language: str, at: int) -> Message:
    """Show one text: the source above, what stands there below.

    Only what is shown whole can be said to be right; a longer one is written.
    """
    _ = page._
    every = await untranslated.queue(
        page.session, page.reader, OFFERED, page.network.language, page.now
    )
    mine = [one for one in every if one.language == language]
    others = Button(_.label("button", "All languages"), Untranslated())
    if not mine:
        done = _("✅ Everything is translated: {language}", language=language_name(language, _))
        return Message(done, [[others]])
    at %= len(mine)
    found = mine[at]
    draft = await _draft(page.session, page.network, found)
    drafted = (draft.result if draft else None) or ""
    is_whole = len(found.source) + len(found.text or "") + len(drafted) <= WHOLE
    text = lines(
        _(
            "<b>{what}</b>, {number} of {all}",
            what=kind_of(found.subject, _),
            number=at + 1,
            all=len(mine),
        ),
        await _waits(page, found),
        *await _awaited(page, found),
        "",
        *_shown(page, found, is_whole=is_whole),
        *_drafted(page, found, draft, is_whole=is_whole),
    )
    rows = [[Button(_.label("button", "✏️ Write it"), _about(found, WRITE_IT))]]
    if found.text is not None:
        whole = Button(_.label("button", "📖 Show all of it"), _about(found, SHOW_WHOLE))
        settled = _settling(page, found) if is_whole else whole
        rows += [[settled]] if settled else []
    if found.state == State.DRAFT and await reading_aloud.can_be_read(page.session, found):
        rows.append([standing.read_it(page, found)])
    if drafted and is_whole:
        taken = _about(found, TAKE_DRAFT, _seal(found, draft))
        rows.append([Button(_.label("button", "🤖 It is right like this"), taken)])
    if await earlier.of(page.session, found.subject, found.row_id, found.field, language):
        rows.append([Button(_.label("button", "🕘 Earlier texts"), _about(found, EARLIER))])
    if await _has_author(page, found):
        rows.append([Button(_.label("button", "❓ Ask the author"), _about(found, ASK_AUTHOR))])
    if len(mine) > 1:
        skip = Untranslated(language=language, at=at + 1)
        rows.append([Button(_.label("button", "⏭ Skip"), skip)])
    is_awaited = draft is not None and draft.state == Drafting.WANTED
    rows.append([desk_files.button(page, language)])
    return Message(text, [*rows, [others]], live=is_awaited)


def _about(found: Segment, act: str, seen: str = "") -> OfSegment:
    subject, ref, field, language = found.key
    return OfSegment(subject=subject, ref=ref, field=field, language=language, act=act, seen=seen)


async def _has_author(page: Page, found: Segment) -> bool:
    session, now = page.session, page.now
    source = await authors.source_of(session, found.subject, found.row_id, found.field, now)
    return source is not None and await authors.can_be_asked(session, page.reader, source, now)


def _settling(page: Page, found: Segment) -> Button | None:
    """Return the button that says of what stands there that it is right; not to its own writer."""
    _ = page._
    if found.state != State.DRAFT:
        return Button(
            _.label("button", "✅ It is still right"), _about(found, STILL_RIGHT, found.seal)
        )
    if found.is_draft_of(page.reader):
        return None
    return Button(_.label("button", "✅ Approve"), _about(found, APPROVE, found.seal))


async def _waits(page: Page, found: Segment) -> Html | None:
    """Say of a draft that it waits for a second reader; whose it is, to those who see names."""
    _ = page._
    if found.state != State.DRAFT:
        return None
    if found.is_draft_of(page.reader):
        return _("⏳ Your text waits for somebody else to read it.")
    if found.writer_id is not None and await roles.holds(
        page.session, page.reader, RoleName.ANIMATOR, page.now
    ):
        writer = await page.session.get_one(Person, found.writer_id)
        return _("⏳ A text by {name} waits for you to read it.", name=writer.name or "?")
    return _("⏳ A translator's text waits for you to read it.")


async def _awaited(page: Page, found: Segment) -> list[Html]:
    """Say how many members would read this, and how many of them have asked for it."""
    _ = page._
    read_by = await untranslated.readers(page.session, page.network.language)
    readers = protect(read_by, total_shown=True).cells.get(found.language)
    would_read = _("👥 Members who would read this: {n}", n=told(readers, _))
    if not found.asked:
        return [would_read]
    asked = told(_of_readers(found, readers), _)
    return [would_read, _("🙏 Members who have asked for it: {n}", n=asked)]


def _of_readers(found: Segment, readers: Cell | None) -> Cell:
    """Return how many have asked; not, if few have, or few of the readers have not."""
    if found.asked < FEW:
        return Hidden.FEW
    is_safe = isinstance(readers, int) and not 0 < found.readers - found.asked < FEW
    return found.asked if is_safe else Hidden.COVERED


async def source_card(page: Page, **names: str) -> Message | None:
    """Show the source of a text that is too long for one message together with it."""
    found = await _named(page, **names)
    return Message(lines(*named(page, found.source_language, found.source))) if found else None


async def text_card(page: Page, **names: str) -> Message | None:
    """Show all of what stands there, with the button that says that it is right."""
    found = await _named(page, **names)
    if found is None or found.text is None:
        return None
    settled = _settling(page, found)
    write = Button(page._.label("button", "✏️ Write it"), _about(found, WRITE_IT))
    rows = [[write], *([[settled]] if settled else [])]
    return Message(lines(*named(page, found.language, found.text)), rows)


async def _named(page: Page, subject: str, ref: str, field: str, language: str) -> Segment | None:
    key = (subject, ref, field, language)
    return await _find(page.session, page.reader, key, page.network, page.now)


def _drafted(
    page: Page, found: Segment, draft: MachineText | None, *, is_whole: bool
) -> list[Html]:
    """Return what a machine has made of the source, named as such, or why there is nothing."""
    _ = page._
    if found.state == State.DRAFT:
        return []
    if draft is None:
        pairs = page.network.machine.pairs
        return [_("🤖 No machine here translates into this language.")] if pairs else []
    if draft.state == Drafting.WANTED:
        return [_("🤖 A machine is writing a draft …")]
    if draft.state == Drafting.FAILED or draft.result is None:
        return [_("🤖 The machine's draft was not good enough to show.")]
    words = _cut(draft.result, is_whole=is_whole)
    return [_("🤖 Machine translation. Nobody has read it yet."), blockquote(words)]


def _shown(page: Page, found: Segment, *, is_whole: bool) -> list[Html]:
    """Return the source and, if there is one, the text beside it, each named."""
    source, text = found.source, found.text
    told_of = named(page, found.source_language, _cut(source, is_whole=is_whole))
    if text is not None:
        told_of += named(page, found.language, _cut(text, is_whole=is_whole))
    return told_of


def _cut(said: str, *, is_whole: bool) -> str:
    return said if is_whole or len(said) <= SHOWN else said[:SHOWN] + "…"


WHOLE, SHOWN = 3_000, 1_000
"""Letters of source, text and draft together that fit into a message, and of each if not."""


async def done(page: Page) -> Message:
    """Tell that somebody else was faster."""
    return Message(page._.label("toast", "This has been translated already."))


async def faster(page: Page) -> Message:
    """Tell that what was written is not about what stands there now, and was not kept."""
    return Message(
        page._(
            "Somebody has translated or changed this meanwhile, so your text was not used. "
            "Thank you!"
        )
    )


# Writing


async def _ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
    _ = page._
    found = await _find(page.session, page.reader, _key(about), page.network, page.now)
    asked = _("Write it. Language: {language}", language=language_name(about["key"][3], _))
    return Question(
        lines(
            _("🎙 Now write down what you have read, please. Your recording goes with it.")
            if "said" in about
            else None,
            asked,
            "",
            *(_shown(page, found, is_whole=False) if found else ()),
        )
    )


async def _read(answering: Answering, text: str) -> str | dict[str, Any]:
    key = _key(answering.about)
    found = await _find(answering.session, answering.person, key, answering.network, answering.now)
    if answering.incoming is not None and answering.incoming.voice is not None:
        if found is not None and await reading_aloud.can_be_read(answering.session, found):
            return recording.voice_in(answering)
        text = ""
    if not text.strip():
        raise NotUnderstoodError("text")
    check_faithful(found.source if found else None, text, key[3])
    return translations.clean(key[0], key[2], text)


async def _written(answering: Answering) -> Replies:
    key, session, person = _key(answering.about), answering.session, answering.person
    now, seen, text = answering.now, answering.about["seen"], answering.answers["text"]
    found = await _find(session, person, key, answering.network, now)
    if found is None or found.seal != seen:
        return [say("desk.faster"), say("desk.segment", language=key[3], at=0)]
    if isinstance(text, dict):
        return await _spoken(answering.state, found, text)
    send = await translating.write(session, person, key, text, now, seen=seen)
    if said := answering.about.get("said"):
        kept = await recording.text_at(session, person, key, now)
        if kept is not None:
            shown = await recording.previewed(answering.state, kept, said)
            return [*shown, *unapproved(send)]
    return [say("desk.segment", language=key[3], at=0), *unapproved(send)]


async def _spoken(state: FSMContext, found: Segment, said: dict[str, Any]) -> Replies:
    """Take a voice message: of the draft that stands there, else of the words to come."""
    if found.state == State.DRAFT:
        return await recording.previewed(state, found, said)
    return await begin(WRITE, state, key=list(found.key), seen=found.seal, said=said)


def _key(about: Mapping[str, Any]) -> Key:
    subject, ref, field, language = about["key"]
    return subject, ref, field, language


def _home(about: Mapping[str, Any]) -> Reply:
    return say("desk.segment", language=about["key"][3], at=0)


WRITE = Form("desk.write", [Field("text", _ask, _read, takes_voice=True)], _written, home=_home)

CARDS = {
    "desk.languages": languages_card,
    "desk.segment": segment_card,
    "desk.source": source_card,
    "desk.text": text_card,
    "desk.done": done,
    "desk.faster": faster,
}
FORMS = (WRITE,)


def setup() -> Router:
    """Take the desk's buttons."""
    router = router_for("translation desk", WRITERS)
    router.callback_query.register(opened, Untranslated.filter())
    router.callback_query.register(touched, OfSegment.filter())
    return router
