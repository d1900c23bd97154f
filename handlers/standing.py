"""At the translation desk: texts as they stand, to be read aloud or put right."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import earlier, reading_aloud, roles, translating, untranslated
from community.lessons import SUBJECT as LESSON
from community.people import Person
from community.reading_aloud import READ_ALOUD, Sound
from community.roles import RoleName
from community.sends import PICTURE
from community.translations import State
from community.untranslated import WRITERS, Key, Segment
from handlers import desk_files, drafts, recording
from handlers.brought import kind_of
from handlers.content import named
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import AsTheyStand, OneLesson, OpenSend, PlannedEvent, Untranslated, router_for
from locales import OFFERED, Html, native_name

READ, EARLIER = "r", "e"
"""What a button about a text does, in one letter: it has sixty-four for everything."""
SHOWN = 1_000
"""Letters of the source and of the text on the card; who reads it aloud gets all of it."""


class OfText(CallbackData, prefix="va"):
    """One text that stands: read it aloud, or see what stood there before."""

    subject: str
    ref: str
    field: str
    language: str
    act: str = READ

    @property
    def key(self) -> Key:
        """Return what names the text."""
        return self.subject, self.ref, self.field, self.language


def read_it(page: Page, found: Segment) -> Button:
    """Return the button that asks for a recording of this text."""
    subject, ref, field, language = found.key
    pressed = OfText(subject=subject, ref=ref, field=field, language=language)
    return Button(page._.label("button", "🎙 Read it aloud"), pressed)


async def way_in(page: Page) -> Button:
    """Return the way from the desk to the texts that stand; recordings may wait there."""
    _ = page._
    count = sum(one.is_voice for one in await drafts.waiting(page))
    waits = _.nlabel("button", "🎙 {n} recording to hear", "🎙 {n} recordings to hear", count)
    label = waits if count else _.label("button", "🎙 Read aloud or put right")
    return Button(label, AsTheyStand())


# Handlers


async def opened(query: Any, callback_data: AsTheyStand) -> Replies:
    """Show the languages, or the next text that stands."""
    if not callback_data.language and not callback_data.subject:
        return [edit("standing.languages")]
    return [edit("standing", **callback_data.model_dump())]


async def touched(
    query: Any,
    callback_data: OfText,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask for a recording, or show what stood there before."""
    found = await recording.text_at(session, person, callback_data.key, now)
    if found is None:
        return [toast("old_button")]
    if callback_data.act == READ and found.subject in READ_ALOUD:
        return await recording.asked_to_read(state, found)
    may = await translating.may_rewrite(session, person, found, now)
    if callback_data.act != EARLIER or not may:
        return [toast("old_button")]
    texts = await earlier.of(session, found.subject, found.row_id, found.field, found.language)
    return [say("desk.earlier", ref=one.ref) for one in reversed(texts)] or [toast("old_button")]


# Cards


async def languages_card(page: Page) -> Message:
    """Show in which languages something stands, the reader's own first."""
    _ = page._
    every = await untranslated.standing(page.session, page.reader, page.now)
    count = Counter(one.language for one in every if one.language in OFFERED)
    rows = []
    for language in sorted(count, key=lambda code: (code != _.language, code)):
        label = _.nlabel(
            "button",
            "{language}: {n} text",
            "{language}: {n} texts",
            count[language],
            language=native_name(language),
        )
        rows.append([Button(label, AsTheyStand(language=language))])
    text = lines(
        _("<b>Texts as they stand</b>"),
        _(
            "Read a text aloud, and members can listen to it. Or put it right: what stood there "
            "before can be used again."
        ),
        _("Choose a language.") if rows else _("There is none yet."),
    )
    return Message(text, [*rows, [_to_desk(page)]])


def _to_desk(page: Page) -> Button:
    return Button(page._.label("button", "All languages"), Untranslated())


async def card(
    page: Page, language: str = "", at: int = 0, subject: str = "", ref: str = ""
) -> Message:
    """Show one text as it stands, whether it can be heard, and what can be done with it."""
    _ = page._
    about = (subject, ref) if subject else None
    every = await untranslated.standing(
        page.session, page.reader, page.now, language=language, about=about
    )
    sounds = await reading_aloud.sounds(page.session, every)
    mine = _in_order(page, every, sounds, is_about_one=about is not None)
    back = await _back(page, about)
    if not mine:
        return Message(_("There is no text to read aloud or to put right."), [[back]])
    at %= len(mine)
    found = mine[at]
    assert found.text is not None
    sound = sounds[found.key]
    source = [] if found.is_source else named(page, found.source_language, _cut(found.source))
    text = lines(
        _(
            "<b>{what}</b>, {number} of {all}",
            what=kind_of(found.subject, _),
            number=at + 1,
            all=len(mine),
        ),
        *_heard(page, found, sound),
        "",
        *source,
        *named(page, found.language, _cut(found.text)),
    )
    rows = [[read_it(page, found)]] if found.subject in READ_ALOUD else []
    if one := sound.waits or sound.counts:
        hear = recording.OfRecording(ref=one.ref)
        rows.append([Button(_.label("button", "🔊 Hear it"), hear)])
    if await _may_go_back(page, found):
        where = read_it(page, found).data
        assert isinstance(where, OfText)
        before = where.model_copy(update={"act": EARLIER})
        rows.append([Button(_.label("button", "🕘 Earlier texts"), before)])
    if len(mine) > 1:
        skip = AsTheyStand(language=language, at=at + 1, subject=subject, ref=ref)
        rows.append([Button(_.label("button", "⏭ Skip"), skip)])
    if about is None:
        rows.append([desk_files.button(page, language, approved=True)])
    return Message(text, [*rows, [back]])


async def _back(page: Page, about: tuple[str, str] | None) -> Button:
    """Return the way back: to the languages, or to the desk of the thing that this is about."""
    _ = page._
    if about is None:
        return Button(_.label("button", "All languages"), AsTheyStand())
    subject, ref = about
    if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        if subject == "event":
            where = PlannedEvent(ref=ref, part="words")
            return Button(_.label("button", "Back to the event"), where)
        if subject == LESSON:
            return Button(_.label("button", "Back to the lesson"), OneLesson(ref=ref))
        if subject in (PICTURE, "newsletter"):
            return Button(
                _.label("button", "Back to the message"), OpenSend(ref=ref, part="words")
            )
    return _to_desk(page)


def _in_order(
    page: Page, every: list[Segment], sounds: Mapping[Key, Sound], *, is_about_one: bool
) -> list[Segment]:
    """Return what waits to be heard first, then what nobody has read; of one thing as it reads."""
    own = page._.language
    if is_about_one:
        return sorted(every, key=lambda one: (one.language != own, one.language))

    def rank(one: Segment) -> int:
        sound = sounds[one.key]
        if sound.waits is not None and sound.waits.recorded_by_id != page.reader.id:
            return 0
        return 1 if one.subject in READ_ALOUD and sound == Sound() else 2

    return sorted(every, key=rank)


async def _may_go_back(page: Page, found: Segment) -> bool:
    """Say whether there are earlier words, and this reader may put them back."""
    session = page.session
    before = await earlier.of(session, found.subject, found.row_id, found.field, found.language)
    return bool(before) and await translating.may_rewrite(session, page.reader, found, page.now)


def _heard(page: Page, found: Segment, sound: Sound) -> list[Html]:
    """Say whether readers can hear this text."""
    _ = page._
    told = []
    if found.state == State.DRAFT:
        told.append(_("⏳ A draft: members read and hear it once it is approved."))
    if found.subject not in READ_ALOUD:
        return told
    told.append(_("🔊 It can be heard.") if sound.counts else _("🔇 It cannot be heard yet."))
    if sound.waits is not None:
        is_mine = sound.waits.recorded_by_id == page.reader.id
        told.append(
            _("⏳ Your recording waits for somebody else to hear it.")
            if is_mine
            else _("⏳ A translator's recording waits for you to hear it.")
        )
    return told


def _cut(said: str) -> str:
    return said if len(said) <= SHOWN else said[:SHOWN] + "…"


CARDS = {
    "standing.languages": languages_card,
    "standing": card,
}


def setup() -> Router:
    """Take the buttons of the texts that stand."""
    router = router_for("texts that stand", WRITERS)
    router.callback_query.register(opened, AsTheyStand.filter())
    router.callback_query.register(touched, OfText.filter())
    return router
