"""What authors wrote, read aloud: whoever has opened it may listen. Never unasked."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, corrections, providers, reading_aloud, sends, translations
from community.base import find
from community.errors import NotFoundError
from community.events import Event
from community.people import Person
from community.providers import Service, ServiceStep
from community.recordings import Recording
from community.sends import PICTURE, Send
from community.translations import Block
from handlers.content import authored
from handlers.replies import Button, File, Message, Page, Replies, lines, say, toast
from locales import Html, Translator


class Listen(CallbackData, prefix="vl"):
    """Hear what stands on a card, in the language it is shown in."""

    subject: str
    ref: str
    language: str


Parts = Collection[tuple[str, Collection[int]]]
"""What stands on a card, in its order: subjects and the numbers of their rows."""


async def of_event(page: Page, event: Event, block: Block | None) -> list[Button]:
    """Return the button under an event, if its words can be heard."""
    return await _button(page, "event", event.ref, block, [("event", [event.id])])


async def of_send(page: Page, send: Send, block: Block | None) -> list[Button]:
    """Return the button under a newsletter or an announcement, if its words can be heard."""
    return await _button(page, "newsletter", send.ref, block, _of_send(send))


async def of_service(
    page: Page, service: Service, steps: Collection[ServiceStep], block: Block | None
) -> list[Button]:
    """Return the button under a service, if its words or those of its steps can be heard."""
    return await _button(page, "service", service.ref, block, _of_service(service, steps))


async def _button(
    page: Page, subject: str, ref: str, block: Block | None, parts: Parts
) -> list[Button]:
    if block is None or not await _heard(page.session, parts, block.language):
        return []
    pressed = Listen(subject=subject, ref=ref, language=block.language)
    return [Button(page._.label("button", "🔊 Listen"), pressed)]


def _of_send(send: Send) -> Parts:
    subject, number = send.subject
    return [(subject, [number]), (PICTURE, [send.id])]


def _of_service(service: Service, steps: Collection[ServiceStep]) -> Parts:
    return [("service", [service.id]), ("step", [step.id for step in steps])]


async def _heard(session: AsyncSession, parts: Parts, language: str) -> list[Recording]:
    found = []
    for subject, numbers in parts:
        by_row = await reading_aloud.heard(session, subject, numbers, language)
        found += [row for number in numbers for row in by_row.get(number, ())]
    return found


async def asked(
    query: Any,
    callback_data: Listen,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Play what can be heard of the card now, one after the other.

    Raises:
        NotFoundError: there is no such card, or it is not this person's to open.
    """
    parts = await _opened(session, person, callback_data.subject, callback_data.ref, now)
    found = await _heard(session, parts, callback_data.language)
    return [say("listen", ref=one.ref) for one in found] or [toast("listen.gone")]


async def _opened(
    session: AsyncSession, person: Person, subject: str, ref: str, now: datetime
) -> Parts:
    match subject:
        case "event":
            event = await attendance.visible(session, person, ref, now)
            return [("event", [event.id])]
        case "service":
            service = await find(session, Service, ref)
            return _of_service(service, await providers.steps(session, service))
        case "step":
            return [("step", [(await find(session, ServiceStep, ref)).id])]
        case "newsletter":
            send = await find(session, Send, ref)
            if await corrections.may_open(session, person, send, now):
                current = await sends.current(session, await sends.first_of(session, send))
                return _of_send(send) if current is send else []
    raise NotFoundError(subject)


# Cards


async def listen(page: Page, ref: str) -> Message | None:
    """Play one text, under what it is called; nothing if its words have changed."""
    _ = page._
    recording = await find(page.session, Recording, ref)
    heard = await _heard(
        page.session, [(recording.subject, [recording.subject_id])], recording.language
    )
    if recording not in heard:
        return None
    what = await named_part(page.session, recording.subject, recording.subject_id, recording, _)
    told = lines(_("🔊 <b>{what}</b>", what=what), await _title(page, recording))
    return Message(told, file=voice(recording, _))


def voice(recording: Recording, _: Translator) -> File:
    """Return the voice message as Telegram passes it on."""
    said = _("This recording cannot be played at the moment. Please read the text instead.")
    return File("", recording.file_id, otherwise=said, is_voice=True)


async def named_part(
    session: AsyncSession, subject: str, subject_id: int, recording: Recording, _: Translator
) -> str:
    """Return which text is read, as short as can be."""
    if subject == "step":
        step = await session.get_one(ServiceStep, subject_id)
        if recording.field == "documents":
            return _.label("recording", "Step {number}: what to bring", number=step.position)
        return _.label("recording", "Step {number}", number=step.position)
    return {
        "title": _.label("recording", "Title"),
        "name": _.label("recording", "Name"),
        "description": _.label("recording", "Description"),
        "speakers": _.label("recording", "Who speaks"),
        "eligibility": _.label("recording", "For whom"),
        "documents": _.label("recording", "What to bring"),
        "fees": _.label("recording", "What it costs"),
        "wait": _.label("recording", "How long one waits"),
        "application": _.label("recording", "How to begin"),
        "accessibility": _.label("recording", "Getting in"),
        "body": _.label("recording", "Text"),
        **{f"screen{at}": _.label("recording", "Text") for at in range(1, 5)},
        **{f"answer{at}": _.label("recording", "An answer") for at in range(1, 5)},
        **{f"option{at}": _.label("recording", "An answer") for at in range(1, 7)},
        "question": _.label("recording", "The question"),
        "why": _.label("recording", "Why this is right"),
        PICTURE: _.label("recording", "In the picture"),
    }[recording.field]


async def _title(page: Page, recording: Recording) -> Html | None:
    """Return what it belongs to, by its author's title in the language that is read."""
    session, language = page.session, recording.language
    subject, number = recording.subject, recording.subject_id
    if subject == "step":
        subject, number = "service", (await session.get_one(ServiceStep, number)).service_id
    elif subject == PICTURE:
        subject, number = (await session.get_one(Send, number)).subject
    shelf = (await translations.shelves(session, subject, [number])).get(number)
    fields = shelf.complete.get(language, {}) if shelf else {}
    title = fields.get("title") or fields.get("name")
    block = Block(language, fields, is_own=language in page.reads.own)
    return authored(page, block, title) if title else None


async def gone(page: Page) -> Message:
    """Tell that there is nothing to be heard any more."""
    return Message(page._.label("toast", "This text has changed. It cannot be heard now."))


CARDS = {"listen": listen, "listen.gone": gone}


def setup() -> Router:
    """Take the button under what can be heard."""
    router = Router(name="listening")
    router.callback_query.register(asked, Listen.filter())
    return router
