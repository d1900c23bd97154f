"""Forms: one question after another, answered by text or by a button, kept until finished.

A conversation's state holds only half-filled forms (aiogram's FSM on our own table, written in
the same transaction as everything else), so a restart asks the same question again. A command
ends a form; so does "cancel"; a stop word acts at once, whatever is being asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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

from community.errors import NotFoundError, NotUnderstoodError, RefusalError
from community.people import Person
from handlers.replies import (
    Button,
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


@dataclass(frozen=True)
class Question:
    """What a form asks: a sentence and, perhaps, answers to tap."""

    text: Html | str
    choices: Sequence[tuple[str, str]] = ()
    """(label, value) pairs."""


@dataclass(frozen=True)
class Answering:
    """What reading an answer and finishing a form may use."""

    session: AsyncSession
    person: Person
    now: datetime
    network: Network
    _: Translator
    incoming: Incoming | None
    about: Mapping[str, Any]
    answers: Mapping[str, Any] = field(default_factory=dict)
    state: FSMContext | None = None


Ask = Callable[[Page, Mapping[str, Any], Mapping[str, Any]], Awaitable[Question]]
Read = Callable[[Answering, str], Awaitable[Any]]
Finish = Callable[[Answering], Awaitable[Replies]]
Home = Callable[[Mapping[str, Any]], Reply]


async def any_text(_answering: Answering, text: str) -> str:
    """Take the text as it is."""
    return text


@dataclass(frozen=True)
class Field:
    """One question of a form. ``read`` turns the answer into something JSON can keep."""

    name: str
    ask: Ask
    read: Read = any_text
    optional: bool = False
    takes_location: bool = False


@dataclass(frozen=True)
class Form:
    """A short series of questions and what happens with the answers."""

    name: str
    fields: Sequence[Field]
    finish: Finish
    home: Home | None = None
    """Where it began: what is shown again to whoever cancels it or finishes it too late."""


Forms = Mapping[str, Form]


async def begin(form: Form, state: FSMContext, **about: Any) -> Replies:
    """Ask the first question. ``about`` (refs, codes) is kept with the answers."""
    await state.set_state(Filling.form)
    await state.update_data(form=form.name, at=0, about=about, answers={})
    return [_asking(form, 0, about, {})]


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


KEPT = frozenset({"form", "at", "about", "answers"})
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
    return Message(question.text, [*rows, ways_out])


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
    return [tell("form.dropped", is_back=True), form.home(about)]


async def _answer(
    text: str,
    incoming: Incoming | None,
    state: FSMContext,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    forms: Forms,
    _: Translator,
) -> Replies:
    data = await state.get_data()
    form: Form = forms[data["form"]]
    at, about, answers = data["at"], data["about"], dict(data["answers"])
    asked = form.fields[at]
    answering = Answering(session, person, now, network, _, incoming, about, answers, state)
    question = Question("")
    if incoming is not None:
        question = await asked.ask(Page(session, person, _, now, network, forms), about, answers)
        for label, value in question.choices:
            text = value if fold(label) == fold(text) else text
    if not (text == SKIP and asked.optional and incoming is None):
        try:
            answers[asked.name] = await asked.read(answering, text)
        except NotFoundError as error:
            if incoming is None or not question.choices:
                raise
            raise NotUnderstoodError("choice") from error
    if at + 1 < len(form.fields):
        await state.update_data(at=at + 1, answers=answers)
        return [_asking(form, at + 1, about, answers)]
    await end(state)
    done = Answering(session, person, now, network, _, incoming, about, answers, state)
    try:
        return await form.finish(done)
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
) -> Replies:
    """Take a message as the answer to the open question."""
    data = await state.get_data()
    asked = forms[data["form"]].fields[data["at"]]
    text = message.text or message.caption or ""
    if message.location is not None and asked.takes_location:
        text = f"{message.location.latitude} {message.location.longitude}"
    if not text.strip():
        raise NotUnderstoodError("text")
    replies = await _answer(text, message, state, session, person, now, network, forms, _)
    if len(text) <= SENTENCE and mentions_stop(text):
        # It may be the answer, it may be a wish: it is kept as the one, and asked about.
        return [say("stop.perhaps"), *replies]
    return replies


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
    return await _answer(callback_data.value, None, state, session, person, now, network, forms, _)


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


CARDS = {"form.ask": form_ask, "form.closed": form_closed, "form.dropped": form_dropped}


def setup() -> Router:
    """Take every message while a form is open, and every tap under a form's question."""
    router = Router(name="forms")
    router.message.register(written, StateFilter(Filling.form), ~F.text.startswith("/"))
    router.callback_query.register(tapped, Choice.filter())
    return router
