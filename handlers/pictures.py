"""The picture of a newsletter or an announcement, and what is in it, put into words."""

from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import sends
from community.base import find
from community.errors import NotUnderstoodError
from community.people import Person
from community.sends import PICTURE, Kind, Picture, Send, State
from community.translations import Block
from handlers import wording
from handlers.content import quoted
from handlers.forms import Answering, Field, Form, Question, begin, picture_in
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import TEAM, OpenSend, router_for
from locales import Html


class OfSend(CallbackData, prefix="pi"):
    """The picture of a send, and what to do with it."""

    ref: str
    what: str = "see"


# Asking for it


async def _ask_picture(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Send the picture now: as a photo, or as a file."),
            _("A photo is shown at once; a file has to be opened, and stays as sharp as it is."),
        )
    )


async def _picture(answering: Answering, text: str) -> dict[str, Any]:
    found = picture_in(answering.incoming)
    if found is None:
        raise NotUnderstoodError("picture")
    return {"file_id": found.file_id, "is_photo": found.is_photo, "under_it": text.strip()}


async def _illustrated(answering: Answering) -> Replies:
    kept = answering.answers["picture"]
    picture = Picture(kept["file_id"], kept["is_photo"])
    return await asked_for_words(answering, answering.about["ref"], picture, kept["under_it"])


async def asked_for_words(
    answering: Answering, ref: str, picture: Picture, under_it: str = ""
) -> Replies:
    """Give the send this picture, and ask what is in it; what was under it may be the answer."""
    session, now = answering.session, answering.now
    send = await sends.illustrate(session, answering.person, ref, picture, now)
    source, _found = await sends.standings(session, send)
    more = {"under_it": under_it} if under_it else {}
    about = {"desk": "s", "ref": ref, "language": source, **more}
    return await begin(wording.PICTURE_WORDS, answering.state, **about)


FORMS = (
    Form(
        "send.picture",
        [Field("picture", _ask_picture, _picture, takes_picture=True)],
        _illustrated,
        home=lambda about: say("send.card", ref=about["ref"]),
    ),
)
(NEW_PICTURE,) = FORMS


# Showing it

CHANGES = (State.DRAFT, State.IN_REVIEW, State.APPROVED, State.SCHEDULED)
"""Of a send in these states the picture can be changed; then it is a draft."""


def file_of(send: Send, page: Page | None = None) -> File | None:
    """Return the picture as Telegram passes it on; none for who saves data and has not asked."""
    picture = send.picture if page is None or not page.saves_data else None
    return File("", picture.file_id, is_picture=picture.is_photo) if picture else None


def in_words(page: Page, block: Block | None) -> list[Html]:
    """Return what is in the picture, for whoever cannot see it; nothing without a picture."""
    said = block.get(PICTURE) if block else ""
    if block is None or not said:
        return []
    return [Html(""), page._("🖼 In the picture:"), quoted(page, said, block.language)]


async def note(page: Page, send: Send) -> Html | None:
    """Say to the team whether a send has a picture, and whether its words are missing."""
    _ = page._
    if send.picture is None:
        return None
    if await sends.has_its_words(page.session, send):
        return _("🖼 It has a picture, and words that say what is in it.")
    return _(
        "🖼 It has a picture. Write what is in it, for those who cannot see it or read another "
        "language than it has: without that it cannot be approved."
    )


def button(page: Page, send: Send) -> Button | None:
    """Return the way to the picture of a send that can still be changed."""
    _ = page._
    if send.kind in (Kind.RECALL, Kind.OFFER) or send.state not in CHANGES:
        return None
    if send.picture is None:
        label = _.label("button", "🖼 Add a picture")
        return Button(label, OfSend(ref=send.ref, what="new"))
    return Button(_.label("button", "🖼 The picture"), OfSend(ref=send.ref))


async def picture_card(page: Page, ref: str) -> Message:
    """Show the picture with its words, and what can be done with it."""
    _ = page._
    send = await find(page.session, Send, ref)
    source, found = await sends.standings(page.session, send)
    said = found[source].fields.get(PICTURE, "") if source in found else ""
    rows = [
        [Button(_.label("button", "🖼 Another picture"), OfSend(ref=ref, what="new"))],
        [Button(_.label("button", "✏️ What is in it"), OfSend(ref=ref, what="words"))],
        [Button(_.label("button", "🗑 Without a picture"), OfSend(ref=ref, what="none"))],
    ]
    back = [Button(_.label("button", "Back to the message"), OpenSend(ref=ref))]
    text = lines(
        await note(page, send) or _("It has no picture."),
        quoted(page, said, source) if said else None,
    )
    return Message(text, [*(rows if send.picture else rows[:1]), back], file=file_of(send))


async def pressed(
    query: Any,
    callback_data: OfSend,
    state: FSMContext,
    session: AsyncSession,
    person: Person,
    now: Any,
) -> Replies:
    """Show the picture, ask for another one or for its words, or leave it out."""
    ref = callback_data.ref
    send = await find(session, Send, ref)
    if send.state not in CHANGES:
        return [edit("send.card", ref=ref), toast("send.as_before")]
    match callback_data.what:
        case "see":
            return [edit("send.picture", ref=ref)]
        case "new":
            return await begin(NEW_PICTURE, state, ref=ref)
        case "words" if send.picture is not None:
            source, _found = await sends.standings(session, send)
            return await begin(wording.PICTURE_WORDS, state, desk="s", ref=ref, language=source)
        case "none":
            await sends.illustrate(session, person, ref, None, now)
            return [edit("send.card", ref=ref)]
    return [toast("old_button")]


CARDS = {"send.picture": picture_card}


def setup() -> Router:
    """Take the buttons of the picture; the verbs say who may change it."""
    router = router_for("pictures", TEAM)
    router.callback_query.register(pressed, OfSend.filter())
    return router
