"""At the translation desk: a text is read aloud, played back, kept, and heard once more."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import conversations, reading_aloud, translations, untranslated
from community.errors import NotUnderstoodError
from community.people import Person
from community.reading_aloud import LONGEST, Voice
from community.roles import RoleName
from community.untranslated import WRITERS, Key, Segment
from handlers import words
from handlers.content import named
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, File, Message, Page, Replies, Reply, lines, say, toast
from handlers.staff import router_for
from handlers.wording import unapproved
from locales import moment


class OfRecording(CallbackData, prefix="vr"):
    """A recording: hear it, say that it is right, or let it go."""

    ref: str
    act: str = "hear"


class Decide(CallbackData, prefix="vk"):
    """Keep what has just been recorded, record it again, or leave it. ``mark`` says which."""

    mark: str
    act: str


async def text_at(
    session: AsyncSession, person: Person, key: Key, now: datetime
) -> Segment | None:
    """Return a text as it stands, if there is one and this person may write it."""
    found = await untranslated.standing(session, person, now, about=key[:2])
    return next((one for one in found if one.key == key), None)


def _home(key: Key) -> Reply:
    subject, ref, _field, _language = key
    return say("standing", subject=subject, ref=ref)


async def heard(
    query: Any,
    callback_data: OfRecording,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Play a recording to somebody of the desk, or take their word about it."""
    recording, key = await reading_aloud.found(session, person, callback_data.ref, now)
    match callback_data.act:
        case "hear":
            return [say("recording", ref=recording.ref)]
        case "yes":
            _row, send = await reading_aloud.approve(session, person, recording.ref, now)
        case "no":
            _row, send = await reading_aloud.remove(session, person, recording.ref, now)
        case _:
            return [toast("old_button")]
    return [_home(key), *unapproved(send)]


# Recording


async def asked_to_read(state: FSMContext, found: Segment) -> Replies:
    """Ask for a voice message in which this text is read."""
    return await begin(READ_ALOUD_FORM, state, key=list(found.key))


async def _ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
    _ = page._
    key = _key(about)
    found = await text_at(page.session, page.reader, key, page.now)
    words_there = named(page, key[3], found.text or "") if found else []
    return Question(
        lines(_("Read this aloud, and send it as a voice message."), *words_there),
    )


async def _read(answering: Answering, text: str) -> dict[str, Any]:
    return voice_in(answering)


def voice_in(answering: Answering) -> dict[str, Any]:
    """Return the voice message of an answer, as a conversation keeps it.

    Raises:
        NotUnderstoodError: there is none, or it is very long.
    """
    sent = answering.incoming.voice if answering.incoming else None
    if sent is None:
        raise NotUnderstoodError("voice")
    if sent.duration > LONGEST:
        raise NotUnderstoodError("long_voice")
    return {"file_id": sent.file_id, "seconds": sent.duration}


async def _recorded(answering: Answering) -> Replies:
    key = _key(answering.about)
    found = await text_at(answering.session, answering.person, key, answering.now)
    if found is None:
        return [say("recording.changed"), _home(key)]
    return await previewed(answering.state, found, answering.answers["voice"])


async def previewed(state: FSMContext, found: Segment, said: Mapping[str, Any]) -> Replies:
    """Play a voice message back beside the text that it is to read; nothing is kept yet."""
    kept = {"key": list(found.key), "seen": translations.seal(found.text), **said}
    mark = sha256(repr(kept).encode()).hexdigest()[:12]
    await state.update_data(recorded={**kept, "mark": mark})
    return [say("recording.preview", mark=mark)]


def _key(about: Mapping[str, Any]) -> Key:
    subject, ref, field, language = about["key"]
    return subject, ref, field, language


async def decided(
    query: Any,
    callback_data: Decide,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Keep the recording that was played back, ask for another one, or leave it.

    Raises:
        ChangedError: other words stand there by now.
    """
    data = await state.get_data()
    kept = data.get("recorded")
    if not kept or kept["mark"] != callback_data.mark:
        return [toast("form.closed")]
    key = _key(kept)
    found = await text_at(session, person, key, now)
    await state.set_data({name: data[name] for name in data.keys() - {"recorded"}})
    if found is None or callback_data.act not in ("keep", "again"):
        return [toast("recording.left"), _home(key)]
    if translations.seal(found.text) != kept["seen"]:
        return [say("recording.changed"), _home(key)]
    if callback_data.act == "again":
        return await asked_to_read(state, found)
    said = Voice(kept["file_id"], kept["seconds"])
    send = await reading_aloud.keep(session, person, key, said, now, seen=kept["seen"])
    return [toast("recording.kept"), _home(key), *unapproved(send)]


# Cards


async def preview_card(page: Page, mark: str) -> Message | None:
    """Play back what was recorded, with the text: only now it may be kept."""
    _ = page._
    row = await conversations.of(page.session, page.reader.telegram_id or 0)
    kept = row.data.get("recorded") if row else None
    if not kept or kept["mark"] != mark:
        return None
    found = await text_at(page.session, page.reader, _key(kept), page.now)
    if found is None:
        return None
    rows = [
        [Button(_.label("button", "✅ Keep it"), Decide(mark=mark, act="keep"))],
        [Button(_.label("button", "🎙 Record it again"), Decide(mark=mark, act="again"))],
        [Button(_.label("button", "Leave it"), Decide(mark=mark, act="leave"))],
    ]
    text = lines(
        _("Listen: does it say the same as the text?"),
        *named(page, found.language, found.text or ""),
    )
    return Message(text, rows, file=_voice(page, kept["file_id"]))


async def recording_card(page: Page, ref: str) -> Message:
    """Play a recording to the desk, with the text that stands there and what can be said of it."""
    _ = page._
    recording, key = await reading_aloud.found(page.session, page.reader, ref, page.now)
    found = await text_at(page.session, page.reader, key, page.now)
    role = words.role(RoleName(recording.recorded_as), _)
    when = moment(recording.recorded_at, page.zone, _, year=page.now.year)
    is_current = found is not None and found.text == recording.text
    text = lines(
        _("🎙 Recorded: {when}, {role}", when=when, role=role),
        None if is_current else _("The text has changed since, so this is not played any more."),
        *named(page, recording.language, recording.text),
    )
    is_mine = recording.recorded_by_id == page.reader.id
    rows = []
    if is_current and not recording.is_approved and not is_mine:
        yes = OfRecording(ref=ref, act="yes")
        rows.append([Button(_.label("button", "✅ Approve"), yes)])
    may_remove = is_mine and not recording.is_approved
    theirs = await untranslated.counting_at_once(page.session, page.reader, page.now)
    if may_remove or recording.subject in theirs:
        no = OfRecording(ref=ref, act="no")
        rows.append([Button(_.label("button", "🗑 Remove the recording"), no)])
    return Message(text, rows, file=_voice(page, recording.file_id))


def _voice(page: Page, file_id: str) -> File:
    _ = page._
    said = _("Telegram does not play this recording. Please record it again.")
    return File("", file_id, otherwise=said, is_voice=True)


async def changed(page: Page) -> Message:
    """Tell that what was read is not what stands there now."""
    return Message(
        page._("This text has been changed meanwhile, so your recording was not kept. Thank you!")
    )


async def kept(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "The recording is kept. Thank you!"))


async def left(page: Page) -> Message:
    """Tell that nothing was kept."""
    return Message(page._.label("toast", "The recording was not kept."))


READ_ALOUD_FORM = Form(
    "recording",
    [Field("voice", _ask, _read, takes_voice=True)],
    _recorded,
    home=lambda about: _home(_key(about)),
)

CARDS = {
    "recording": recording_card,
    "recording.preview": preview_card,
    "recording.changed": changed,
    "recording.kept": kept,
    "recording.left": left,
}
FORMS = (READ_ALOUD_FORM,)


def setup() -> Router:
    """Take the buttons of recordings."""
    router = router_for("recordings", WRITERS)
    router.callback_query.register(heard, OfRecording.filter())
    router.callback_query.register(decided, Decide.filter())
    return router
