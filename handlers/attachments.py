"""What two sides send each other beside words: pictures, voice messages, documents.

Nothing is ever forwarded or copied, which would tell who has sent it. A card says what there is,
and a tap shows it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from aiogram.filters.callback_data import CallbackData

from community.errors import UnfitFileError
from community.exchanges import Attachment, ExchangeMessage, FileKind
from handlers.forms import Answering, Field, Question
from handlers.replies import Button, File, Message, Page, in_rows, lines
from locales import Html, Translator, moment
from locales.direction import pointed

PER_ROW = 3

# Sending it


async def sent(answering: Answering, text: str) -> dict[str, Any]:
    """Take words, and what was sent with them, fit to be passed on.

    Raises:
        UnfitFileError: a file cannot be passed on.
    """
    found = _found(answering)
    return {"text": text, "file": asdict(found) if found else None}


def _found(answering: Answering) -> Attachment | None:
    message, attached = answering.incoming, answering.attached
    if message is None:
        return None
    if message.photo:
        # Telegram paints what is sent as a photo anew, in several sizes, and keeps nothing of
        # what else was in it; so its own name for the largest of them is safe to pass on.
        return Attachment(FileKind.PHOTO, message.photo[-1].file_id)
    if message.voice:
        return Attachment(FileKind.VOICE, message.voice.file_id, message.voice.duration)
    if message.document is None:
        return None
    if attached is None or attached.fit is None:
        raise UnfitFileError((attached.problem if attached else "") or "away")
    return attached.fit


def of(answer: Mapping[str, Any]) -> Attachment | None:
    """Return what was sent beside the words of an answer."""
    kept = answer["file"]
    return Attachment(**kept | {"kind": FileKind(kept["kind"])}) if kept else None


def never(_: Translator) -> Html:
    """Return the line that stands wherever somebody writes."""
    return _("🪪 Never send identity documents or passwords here.")


def can_be_sent(_: Translator) -> Html:
    """Say what can be sent beside words."""
    return _("You can also send a photo, a voice message or a document.")


async def _warning(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _(
                "⚠️ A document can contain your name and other data that you do not see in it: "
                "who wrote it, when and where."
            ),
            never(_),
            _("Nothing has been passed on yet. Pass it on?"),
        ),
        [(_.label("button", "Yes, pass it on"), "yes")],
    )


def _is_document(answers: Mapping[str, Any]) -> bool:
    found = of(answers["said"])
    return found is not None and found.kind == FileKind.DOCUMENT


WARNED = Field("sure", _warning, applies=_is_document, by_button=True)
"""Asked before a document is passed on; "Cancel" is the other button."""


def copy(_: Translator, *, is_picture: bool) -> Message:
    """Say under a file, to whoever has sent it, that it is what the other side gets."""
    if is_picture:
        text = _(
            "🖼 This is your picture as the other side sees it: without the place, the device and "
            "the names that can be in a file."
        )
    else:
        text = _("📄 This is your document as the other side gets it: without its name.")
    return Message(Html(pointed(text)) if _.is_rtl else text)


# Showing it


def line(message: ExchangeMessage, number: int, _: Translator) -> Html:
    """Return what a card says of an attachment."""
    found = message.attachment
    assert found is not None
    if found.kind == FileKind.VOICE:
        return _("🎤 {n}. Voice message, {length}", n=number, length=_length(found.seconds or 0))
    if found.kind == FileKind.DOCUMENT:
        kind = (found.extension or "").upper()
        return _("📄 {n}. Document, {kind}", n=number, kind=kind)
    return _("🖼 {n}. Picture", n=number)


def _length(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def buttons(
    told: Sequence[ExchangeMessage],
    numbers: Mapping[int, int],
    to: Callable[[int], CallbackData],
    _: Translator,
) -> list[list[Button]]:
    """Return the buttons that show what these messages have beside words."""
    return in_rows(
        [
            Button(
                _.label("button", "📎 Show {n}", n=numbers[message.id]), to(numbers[message.id])
            )
            for message in told
            if message.id in numbers
        ],
        PER_ROW,
    )


def shown(
    page: Page, message: ExchangeMessage, number: int, who: Html, *, is_own: bool
) -> Message:
    """Show an attachment. On another screen than the member's own it is protected."""
    _, found = page._, message.attachment
    assert found is not None
    is_document = found.kind == FileKind.DOCUMENT
    text = lines(
        who,
        line(message, number, _),
        moment(message.at, page.zone, _, year=page.now.year),
        _("⚠️ Nobody here has looked into this document. Open it only if you expect it.")
        if is_document
        else None,
    )
    file = File(
        "",
        found.file_id,
        is_picture=found.kind == FileKind.PHOTO,
        is_voice=found.kind == FileKind.VOICE,
        otherwise=_("Telegram does not let this through to you, or does not have it any more."),
    )
    return Message(text, file=file, protect=not is_own)
