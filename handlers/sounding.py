"""How the terms sound that are read out face to face: recorded at the desk, heard at the fair."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import face_to_face
from community.errors import NotFoundError
from community.people import Person
from community.reading_aloud import Voice
from community.recordings import Recording
from community.untranslated import WRITERS
from handlers import listening
from handlers.assisting import spoken
from handlers.content import named
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.recording import voice_in
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, say, toast
from handlers.staff import Sounding, Untranslated, router_for
from locales import OFFERED, language_name, native_name, sorted_for


def way_in(page: Page) -> Button:
    """Return the way from the desk to how the terms sound."""
    return Button(page._.label("button", "🗣 Read out face to face"), Sounding())


async def touched(
    query: Any,
    callback_data: Sounding,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show what is recorded in a language, play it, ask for it, or take a second reader's word."""
    language, step, act = callback_data.language, callback_data.step, callback_data.act
    if language not in OFFERED:
        return [edit("sounding.languages")]
    if not 0 <= step < len(spoken(language)):
        raise NotFoundError("Recording")
    if act == "record":
        return await begin(VOICE, state, language=language, step=step)
    if act == "yes":
        await face_to_face.approve_sound(session, person, language, step, spoken(language), now)
        return [edit("sounding.list", language=language), toast("recording.kept")]
    if act in ("hear", "check"):
        found = await _recorded(session, language, step, heard=act == "hear")
        if found is None:
            return [toast("listen.gone")]
        return [say("sounding.heard", language=language, step=step, heard=act == "hear")]
    return [edit("sounding.list", language=language)]


async def _recorded(
    session: AsyncSession, language: str, step: int, *, heard: bool
) -> Recording | None:
    found = await face_to_face.sounds(session, language, spoken(language), heard=heard)
    return found.get(step)


async def _ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
    words = spoken(about["language"])[about["step"]]
    ask = page._("Read this aloud, and send it as a voice message.")
    return Question(lines(ask, *named(page, about["language"], words)))


async def _read(answering: Answering, text: str) -> dict[str, Any]:
    return voice_in(answering)


async def _said(answering: Answering) -> Replies:
    language, step = answering.about["language"], answering.about["step"]
    said = answering.answers["voice"]
    counts = await face_to_face.keep_sound(
        answering.session,
        answering.person,
        language,
        step,
        spoken(language),
        Voice(said["file_id"], said["seconds"]),
        answering.now,
    )
    # It is played back at once: who has read something else records it again.
    back = say("sounding.heard", language=language, step=step, heard=counts)
    return [back, say("sounding.list", language=language)]


async def languages_card(page: Page) -> Message:
    """Ask for the language."""
    _ = page._
    buttons = [Button(native_name(code), Sounding(language=code)) for code in sorted_for(None)]
    text = lines(
        _("🗣 <b>What is read out face to face</b>"),
        _("Recorded, it can be heard by somebody whose language the animator does not speak."),
        _("Choose a language that you speak well."),
    )
    back = Button(_.label("button", "Back"), Untranslated())
    return Message(text, [*in_rows(buttons, 2), [back]])


async def list_card(page: Page, language: str) -> Message:
    """Show what is read out in a language, and what of it can be heard."""
    _ = page._
    words = spoken(language)
    heard = await face_to_face.sounds(page.session, language, words)
    waiting = await face_to_face.sounds(page.session, language, words, heard=False)
    rows = []
    for step in range(len(words)):
        place = {"language": language, "step": step}
        row = [
            Button(_.label("button", "🎙 Record {n}", n=step + 1), Sounding(**place, act="record"))
        ]
        if step in heard:
            row.append(Button(_.label("button", "🔊 Listen"), Sounding(**place, act="hear")))
        if step in waiting:
            row.append(Button(_.label("button", "👂 To check"), Sounding(**place, act="check")))
        rows.append(row)
    told = [
        _("{n}. ✅ can be heard", n=step + 1)
        if step in heard
        else _("{n}. 🕒 waits for somebody else to hear it", n=step + 1)
        if step in waiting
        else _("{n}. not recorded", n=step + 1)
        for step in range(len(words))
    ]
    text = lines(
        _("🗣 <b>What is read out face to face</b>"), language_name(language, _), "", *told
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), Sounding())]])


async def heard_card(page: Page, language: str, step: int, heard: bool) -> Message | None:
    """Play what was recorded, with its words; who has not recorded it may say that it is right."""
    _ = page._
    found = await _recorded(page.session, language, step, heard=heard)
    if found is None:
        return None
    text = lines(*named(page, language, found.text))
    rows = []
    if not heard and found.recorded_by_id != page.reader.id:
        yes = Sounding(language=language, step=step, act="yes")
        rows.append([Button(_.label("button", "✅ Approve"), yes)])
    return Message(text, rows, file=listening.voice(found, _))


VOICE = Form(
    "sounding",
    [Field("voice", _ask, _read, takes_voice=True)],
    _said,
    home=lambda about: say("sounding.list", language=about["language"]),
)
FORMS = (VOICE,)
CARDS = {
    "sounding.languages": languages_card,
    "sounding.list": list_card,
    "sounding.heard": heard_card,
}


def setup() -> Router:
    """Take the buttons, from whoever writes texts, or registers somebody."""
    router = router_for("sounding", WRITERS)
    router.callback_query.register(touched, Sounding.filter())
    return router
