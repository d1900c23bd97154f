"""Forms: one question after another, answered by text or by a button, kept until finished.

A conversation's state holds only half-filled forms (aiogram's FSM on our own table, written in
the same transaction as everything else), so a restart asks the same question again. A command
ends a form; so does "Cancel", tapped or typed, which leads back to where the form began; a stop
word acts at once, whatever is being asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from aiogram import F, Router
from aiogram.filters import StateFilter
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, TelegramObject
from aiogram.types import Message as Incoming
from sqlalchemy.ext.asyncio import AsyncSession

from community import memory
from community.errors import (
    FileRefusedError,
    NotFoundError,
    NotUnderstoodError,
    RefusalError,
)
from community.exchanges import Attachment
from community.people import Person
from community.sends import Picture
from handlers.filters import Fits
from handlers.replies import (
    Button,
    File,
    How,
    Message,
    Network,
    OvertakenError,
    Page,
    Replies,
    Reply,
    edit,
    in_rows,
    say,
    toast,
)
from locales import Html, Translator
from locales.folding import fold
from locales.stopwords import mentions_stop


class Filling(StatesGroup):
    """The one conversation state there is."""

    form = State()


class Choice(CallbackData, prefix="f"):
    """A button under a form's question. ``value`` "-" skips, "x" cancels."""

    form: str
    field: str
    value: str


SKIP, CANCEL = "-", "x"
SENTENCE = 100
"""An answer of more characters than this is a text of its own, not a word to the bot."""
ONE_MESSAGE = 4096
"""Telegram's clients cut what is longer into several messages."""
LONGEST = 4000
"""No answer is longer than one message carries."""
CUT_FROM = ONE_MESSAGE // 2
"""Clients cut between words or paragraphs, but no part before the last is shorter than this."""
PARTS_WITHIN = 2
"""Seconds between two parts of one text, by Telegram's date."""


@dataclass(frozen=True)
class Question:
    """What a form asks: a sentence and, perhaps, answers to tap."""

    text: Html | str
    choices: Sequence[tuple[str, str]] = ()
    """(label, value) pairs."""
    file: File | None = None
    """What the question is about, where it is to be seen."""


@dataclass(frozen=True)
class Attached:
    """The file of a message, fetched because a form has asked for it."""

    content: bytes | None = None
    problem: str = ""
    """Why it cannot be taken: a code."""
    fit: Attachment | None = None
    """Of a file for somebody else: as it may be passed on."""


@dataclass(frozen=True)
class Answering:
    """What reading an answer and finishing a form may use."""

    session: AsyncSession
    person: Person
    now: datetime
    network: Network
    _: Translator
    state: FSMContext
    incoming: Incoming | None = None
    attached: Attached | None = None
    chosen: bool = True
    """Whether the answer is one of the question's choices, tapped or typed; else it is a text."""
    about: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)


Ask = Callable[[Page, Mapping[str, Any], Mapping[str, Any]], Awaitable[Question]]
Read = Callable[[Answering, str], Awaitable[Any]]
Finish = Callable[[Answering], Awaitable[Replies]]
Home = Callable[[Mapping[str, Any]], Reply]


async def any_text(_answering: Answering, text: str) -> str:
    """Take the text as it is."""
    return text


def always(_answers: Mapping[str, Any]) -> bool:
    """Ask in any case."""
    return True


@dataclass(frozen=True)
class Field:
    """One question of a form. ``read`` turns the answer into something JSON can keep."""

    name: str
    ask: Ask
    read: Read = any_text
    optional: bool = False
    takes_location: bool = False
    takes_picture: bool = False
    """A picture is an answer; the text is what is written under it, perhaps nothing."""
    takes_voice: bool = False
    """A voice message is an answer; reading it says whether there is one."""
    takes_file: bool = False
    """A file is an answer, and has been fetched when it is read."""
    relays: bool = False
    """What is sent goes to somebody else: what cannot be passed on is refused, not left out.

    Photos and voice messages are answers like words; a document has been made fit when it is read.
    """
    applies: Callable[[Mapping[str, Any]], bool] = always
    """Whether it is asked, after what has been answered so far."""
    by_button: bool = False
    """Only its buttons answer it."""


@dataclass(frozen=True)
class Form:
    """A short series of questions and what happens with the answers."""

    name: str
    fields: Sequence[Field]
    finish: Finish
    home: Home | None = None
    """Where it began: what is shown again to whoever cancels it or finishes it too late."""
    keeps: bool = False
    """What was answered before stays, whoever cancels it; its home says so."""


Forms = Mapping[str, Form]


async def begin(form: Form, state: FSMContext, **about: Any) -> Replies:
    """Ask the first question. ``about`` (refs, codes) is kept with the answers."""
    await state.set_state(Filling.form)
    await state.update_data(form=form.name, at=0, about=about, answers={})
    return [_asking(form, 0, about, {})]


def open_field(forms: Forms, data: Mapping[str, Any]) -> Field | None:
    """Return what a conversation that keeps this asks at the moment."""
    form = forms.get(data.get("form", ""))
    return form.fields[data["at"]] if form is not None else None


async def end(state: FSMContext) -> None:
    """Close the open form. What else the conversation keeps stays."""
    data = await state.get_data()
    await state.set_state(None)
    await state.set_data({key: data[key] for key in data.keys() - KEPT})


async def end_if(form: Form, state: FSMContext, ref: str) -> None:
    """Close this form if it is open and about this thing, which has just been settled."""
    data = await state.get_data()
    if data.get("form") == form.name and data["about"].get("ref") == ref:
        await end(state)


KEPT = frozenset({"form", "at", "about", "answers", "cut_at"})
"""What a conversation keeps of an open form."""


def _asking(form: Form, at: int, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Any:
    return say("form.ask", form=form.name, at=at, about=dict(about), answers=dict(answers))


async def form_ask(
    page: Page, form: str, at: int, about: Mapping[str, Any], answers: Mapping[str, Any]
) -> Message | None:
    """Show one question, with its choices and the ways out."""
    shape: Form = page.forms[form]
    asked = shape.fields[at]
    question = await asked.ask(page, about, answers)
    _ = page._
    rows = in_rows(
        [
            Button(label, Choice(form=form, field=asked.name, value=value))
            for label, value in question.choices
        ],
        per_row=2 if len(question.choices) > 4 else 1,
    )
    ways_out = [
        Button(_.label("button", "Cancel"), Choice(form=form, field=asked.name, value=CANCEL))
    ]
    if asked.optional:
        skip = Choice(form=form, field=asked.name, value=SKIP)
        ways_out.insert(0, Button(_.label("button", "Skip"), skip))
    return Message(question.text, [*rows, ways_out], question.file)


async def form_closed(page: Page) -> Message:
    """Tell that this question has been answered or dropped."""
    return Message(page._.label("toast", "This question is no longer open."))


async def form_dropped(page: Page, *, is_back: bool = False) -> Message:
    """Tell that nothing was kept."""
    _ = page._
    if is_back:
        return Message(_("All right, nothing was saved."))
    return Message(_("All right, nothing was saved. /menu shows what you can do."))


async def _dropped(
    form: Form, state: FSMContext, about: Mapping[str, Any], tell: Callable[..., Reply]
) -> Replies:
    await end(state)
    if form.home is None:
        return [tell("form.dropped")]
    if form.keeps:
        return [form.home(about)]
    return [tell("form.dropped", is_back=True), form.home(about)]


async def form_too_long(page: Page, limit: int, cut: bool) -> Message:
    """Refuse a long text as a whole: what follows at once is its rest, and no answer."""
    _ = page._
    if not cut:
        return Message(
            _.ngettext(
                "Please write a text of at most {n} character.",
                "Please write a text of at most {n} characters.",
                limit,
            )
        )
    return Message(
        _.ngettext(
            "That is longer than one message, so Telegram cut it. Nothing of it was kept. Please "
            "send at most {n} character.",
            "That is longer than one message, so Telegram cut it. Nothing of it was kept. Please "
            "send at most {n} characters.",
            limit,
        )
    )


async def _answer(answering: Answering, forms: Forms, text: str) -> Replies:
    """Take an answer; the last one finishes the form."""
    data = await answering.state.get_data()
    form: Form = forms[data["form"]]
    at, about, answers = data["at"], data["about"], dict(data["answers"])
    asked = form.fields[at]
    if not (text == SKIP and asked.optional and answering.chosen):
        answers[asked.name] = await asked.read(
            replace(answering, about=about, answers=answers), text
        )
        if len(text) >= ONE_MESSAGE:
            raise NotUnderstoodError("text", limit=LONGEST)
    after = range(at + 1, len(form.fields))
    following = next((number for number in after if form.fields[number].applies(answers)), None)
    if following is not None:
        await answering.state.update_data(at=following, answers=answers)
        return [_asking(form, following, about, answers)]
    await end(answering.state)
    try:
        return await form.finish(replace(answering, about=about, answers=answers))
    except NotUnderstoodError:
        raise  # the last answer can be given again
    except RefusalError as refusal:
        home = [form.home(about)] if form.home else []
        raise OvertakenError(refusal, *home, ends_form=True) from refusal


async def written(
    message: Incoming,
    state: FSMContext,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    forms: Forms,
    _: Translator,
    attached: Attached | None = None,
) -> Replies:
    """Take a message as the answer to the open question; a label is the button that bears it."""
    data = await state.get_data()
    sent = message.date.timestamp()
    if sent - data.get("cut_at", 0) <= PARTS_WITHIN:
        await state.update_data(cut_at=sent)
        return []
    form: Form = forms[data["form"]]
    asked = form.fields[data["at"]]
    text = message.text or message.caption or ""
    if asked.relays and not _can_be_passed_on(message):
        raise NotUnderstoodError(_kind_of(message))
    if message.location is not None and asked.takes_location:
        text = f"{message.location.latitude} {message.location.longitude}"
    has_picture = asked.takes_picture and picture_in(message) is not None
    has_file = asked.takes_file and message.document is not None
    is_answer = has_picture or has_file or asked.takes_voice or asked.relays or asked.by_button
    if not text.strip() and not is_answer:
        raise FileRefusedError("none") if asked.takes_file else NotUnderstoodError("text")
    page = Page(session, person, _, now, network, forms, second=person.second_language)
    question = await asked.ask(page, data["about"], data["answers"])
    value = _button(question, text, _)
    if value == CANCEL:
        return await _dropped(form, state, data["about"], say)
    _require_button(asked, value)
    answering = Answering(
        session, person, now, network, _, state, message, attached, value is not None
    )
    try:
        async with memory.savepoint(session):
            replies = await _answer(answering, forms, text if value is None else value)
    except NotFoundError as error:
        if not question.choices:
            raise
        raise NotUnderstoodError("choice") from error
    except NotUnderstoodError as error:
        if error.limit is None or len(text) < CUT_FROM:
            raise
        memory.doubt(session)
        await state.update_data(cut_at=sent)
        return [say("form.too_long", limit=error.limit, cut=len(text) >= ONE_MESSAGE)]
    if len(text) <= SENTENCE and mentions_stop(text):
        # It may be the answer, it may be a wish: it is kept as the one, and asked about.
        return [say("stop.perhaps"), *replies]
    return replies


def _require_button(asked: Field, value: str | None) -> None:
    if value == SKIP and not asked.optional:
        raise NotUnderstoodError("needed")
    if value is None and asked.by_button:
        raise NotUnderstoodError("choice")


def _can_be_passed_on(message: Incoming) -> bool:
    """Say whether a message is of a kind that goes to somebody else; what moves is none."""
    is_file = message.document is not None and message.animation is None
    return bool(message.text or message.photo or message.voice or is_file)


def _kind_of(message: Incoming) -> str:
    """Return what is refused in a message that cannot be passed on."""
    if message.contact or message.location or message.venue:
        return "contact"
    return "file"


def picture_in(message: Incoming | None) -> Picture | None:
    """Return the picture in a message, sent as a photo or as a file."""
    if message is None:
        return None
    if message.photo:
        return Picture(message.photo[-1].file_id, is_photo=True)
    file = message.document
    if file is not None and (file.mime_type or "").startswith("image/"):
        return Picture(file.file_id, is_photo=False)
    return None


def _button(question: Question, text: str, _: Translator) -> str | None:
    """Return what the button means whose label was typed, or None if it is a text."""
    labels = [
        *question.choices,
        (_.label("button", "Cancel"), CANCEL),
        (_.label("button", "Skip"), SKIP),
    ]
    typed = fold(text.strip())
    return next((value for label, value in labels if fold(label) == typed), None)


async def tapped(
    query: CallbackQuery,
    callback_data: Choice,
    state: FSMContext,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    forms: Forms,
    _: Translator,
) -> Replies:
    """Take a button as the answer, if its question is still the open one."""
    data = await state.get_data()
    form = forms.get(data.get("form", ""))
    if form is None or form.name != callback_data.form:
        return [toast("form.closed")]
    if form.fields[data["at"]].name != callback_data.field:
        return [toast("form.closed")]
    if callback_data.value == CANCEL:
        return await _dropped(form, state, data["about"], edit)
    answering = Answering(session, person, now, network, _, state)
    return await _answer(answering, forms, callback_data.value)


async def still_open(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
    event: TelegramObject,
    data: dict[str, Any],
) -> Any:
    """Ask the open question again after another button: the next words would be its answer."""
    state: FSMContext = data["state"]
    before = await state.get_data()
    replies = await handler(event, data)
    if data["raw_state"] != Filling.form.state or not isinstance(replies, Sequence):
        return replies
    is_untouched = (await state.get_state(), await state.get_data()) == (data["raw_state"], before)
    if not is_untouched or all(reply.how in (How.TOAST, How.ALERT) for reply in replies):
        return replies
    form: Form = data["forms"][before["form"]]
    return [*replies, _asking(form, before["at"], before["about"], before["answers"])]


CARDS = {
    "form.ask": form_ask,
    "form.closed": form_closed,
    "form.dropped": form_dropped,
    "form.too_long": form_too_long,
}


def setup() -> Router:
    """Take every message while a form is open, and every tap under a form's question."""
    router = Router(name="forms")
    router.message.register(written, StateFilter(Filling.form), Fits(~F.text.startswith("/")))
    router.callback_query.register(tapped, Choice.filter())
    return router
