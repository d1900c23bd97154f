"""Surveys in the chat: a notice that tells nothing, a tap that opens it, one question at a time.

What is tapped is a row at once; what is typed or spoken is taken by a form of one field, which is
open while such a question is shown. So a survey goes on where it was left, whatever happens.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, surveys
from community.errors import NotUnderstoodError
from community.events import Event
from community.people import Membership, Person
from community.surveys import Asked, Given, Kind, Progress
from community.surveys.templates import TAPPED, TYPED
from handlers import menu, supporters
from handlers.content import authored, block_for
from handlers.forms import Answering, Field, Form, Question, begin, end_if
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    Reply,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from locales import (
    Html,
    Translator,
    day,
    money,
    number,
    parse_amount,
    parse_day,
)
from reports import survey_words as words

MANY = 6
"""From so many answers on, two stand in one row."""


class OpenPulse(CallbackData, prefix="pu"):
    """Show where the person stands: the next question, or thanks."""

    ref: str


class Tap(CallbackData, prefix="pt"):
    """One answer; of a question with several, a tick that comes or goes."""

    ref: str
    question: str
    value: str


class SkipPulse(CallbackData, prefix="ps"):
    """Answer nothing (more)."""

    ref: str


class Turn(CallbackData, prefix="ra"):
    """Be through with a question, go back from it, or go on later."""

    ref: str
    question: str
    act: str


class Waiting(CallbackData, prefix="rb"):
    """Show which questions wait for oneself."""


# Answering


async def opened(
    query: Any,
    callback_data: OpenPulse,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show where the person stands."""
    found = await surveys.progress(session, person, callback_data.ref)
    return await _shown(state, found, now, edit)


async def tapped(
    query: Any,
    callback_data: Tap,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Take one answer and show the next question; an old button shows where the person stands."""
    ref, code = callback_data.ref, callback_data.question
    found = await surveys.progress(session, person, ref)
    asked = found.template.question(code)
    take = surveys.tick if asked and asked.kind == Kind.SEVERAL else surveys.answer
    found, changed = await take(session, person, ref, code, callback_data.value, now)
    return await _shown(state, found, now, edit, pauses=changed)


async def turned(
    query: Any,
    callback_data: Turn,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Leave a question as it stands, go back, or go on later."""
    ref, code = callback_data.ref, callback_data.question
    match callback_data.act:
        case "next":
            found, changed = await surveys.settle(session, person, ref, code, now)
            return await _shown(state, found, now, edit, pauses=changed)
        case "back":
            found = await surveys.progress(session, person, ref)
            if found.next_question and found.next_question.code == code:
                found = await surveys.go_back(session, person, ref, now)
            return await _shown(state, found, now, edit)
        case "later":
            await surveys.progress(session, person, ref)
            await end_if(ANSWER, state, ref)
            return [edit("survey.later", ref=ref)]
    return [toast("old_button")]


async def skipped(
    query: Any,
    callback_data: SkipPulse,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask nothing more."""
    await surveys.skip(session, person, callback_data.ref, now)
    await end_if(ANSWER, state, callback_data.ref)
    return [edit("survey.question", ref=callback_data.ref)]


async def listed(query: Any, callback_data: Waiting) -> Replies:
    """Show what waits."""
    return [edit("survey.waiting")]


async def _shown(
    state: FSMContext, found: Progress, now: datetime, tell: Any, *, pauses: bool = False
) -> Replies:
    """Show the next question, or a pause after a bite; wait for words where they are asked for."""
    ref, asked = found.response.ref, found.next_question
    if pauses and found.is_at_a_pause:
        await end_if(ANSWER, state, ref)
        return [tell("survey.pause", ref=ref)]
    if asked and asked.kind in TYPED and not found.is_over(now):
        await begin(ANSWER, state, ref=ref, question=asked.code)
    else:
        await end_if(ANSWER, state, ref)
    return [tell("survey.question", ref=ref)]


# What is typed or spoken


async def _ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
    """Ask again what is open, after something else came between."""
    found = await surveys.progress(page.session, page.reader, about["ref"])
    asked = found.template.question(about["question"])
    assert asked is not None
    return Question(lines(*_in_words(page, found, asked)))


async def _read(answering: Answering, text: str) -> dict[str, Any]:
    ref, code = answering.about["ref"], answering.about["question"]
    found = await surveys.progress(answering.session, answering.person, ref)
    asked = found.template.question(code)
    assert asked is not None
    given = surveys.checked(asked, _given(answering, asked, text))
    return {
        "amount": str(given.amount) if given.amount is not None else None,
        "day": given.day.isoformat() if given.day else None,
        "text": given.text,
        "voice": given.voice,
    }


def _given(answering: Answering, asked: Asked, text: str) -> Given:
    """Read an answer as people write it.

    Raises:
        NotUnderstoodError: it is none to this kind of question.
    """
    voice = answering.incoming.voice if answering.incoming else None
    if voice is not None and asked.kind == Kind.VOICE:
        return Given(voice=voice.file_id)
    if not text.strip():
        raise NotUnderstoodError("voice_or_text" if asked.kind == Kind.VOICE else "text")
    match asked.kind:
        case Kind.NUMBER | Kind.MONEY:
            amount = parse_amount(text)
            if amount is None:
                raise NotUnderstoodError("money" if asked.kind == Kind.MONEY else "whole_number")
            return Given(amount=amount)
        case Kind.DATE:
            zone = answering.person.local_zone(answering.network.zone)
            today = answering.now.astimezone(zone).date()
            said = parse_day(text, today, answering._.language)
            if said is None:
                raise NotUnderstoodError("date")
            return Given(day=said)
    return Given(text=text)


async def _answered(answering: Answering) -> Replies:
    kept = answering.answers["answer"]
    given = Given(
        amount=Decimal(kept["amount"]) if kept["amount"] is not None else None,
        day=date.fromisoformat(kept["day"]) if kept["day"] else None,
        text=kept["text"],
        voice=kept["voice"],
    )
    found, changed = await surveys.answer(
        answering.session,
        answering.person,
        answering.about["ref"],
        answering.about["question"],
        given,
        answering.now,
    )
    return await _shown(answering.state, found, answering.now, say, pauses=changed)


def _home(about: Mapping[str, Any]) -> Reply:
    return say("survey.later", ref=about["ref"])


ANSWER = Form(
    "survey",
    [Field("answer", _ask, _read, takes_voice=True)],
    _answered,
    home=_home,
    keeps=True,
)


# Cards


async def notice(page: Page, ref: str) -> Message | None:
    """Say that there is something to answer; whoever else holds the phone learns no more."""
    _ = page._
    found = await surveys.progress(page.session, page.reader, ref)
    if not await surveys.still_applies(page.session, found, page.now):
        return None
    count = len(found.template.questions)
    new = _.ngettext(
        "You have a new message: {n} short question.",
        "You have a new message: {n} short questions.",
        count,
    )
    if found.template.is_pulse:
        taps = count + 1  # the first shows the questions
        text = lines(new, _.ngettext("It takes {n} tap.", "It takes {n} taps.", taps))
    else:
        text = lines(new, _("You can stop at any time and go on later."))
    rows = [
        [Button(_.label("button", "See the questions"), OpenPulse(ref=ref))],
        [Button(_.label("button", "No, thank you"), SkipPulse(ref=ref))],
    ]
    return Message(text, rows)


async def question(page: Page, ref: str) -> Message:
    """Show the next question, or thank the person."""
    _ = page._
    found = await surveys.progress(page.session, page.reader, ref)
    asked = found.next_question
    if asked is None:
        return await _ending(page, found)
    if found.is_over(page.now):
        return Message(_("These questions are closed now. Thank you all the same."))
    text = lines(
        _noted(page, found),
        _("Question {number} of {count}", number=found.number, count=found.count),
        await _about(page, found),
        "",
        *_in_words(page, found, asked),
        "",
        _private(found, _),
    )
    return Message(text, [*_answer_rows(found, asked, _), *_ways_on(found, asked, _)])


def _in_words(page: Page, found: Progress, asked: Asked) -> list[Html | None]:
    _ = page._
    put = words.question(found.template.code, asked.code, _)
    return [
        Html("<b>") + put + Html("</b>"),
        words.how(asked.kind, page.network.currency, _),
    ]


def _private(found: Progress, _: Translator) -> Html:
    if found.template.is_pulse:
        return _(
            "🔒 Nobody sees what you answer, the team neither. It is only counted together with "
            "the answers of at least four others."
        )
    return _(
        "🔒 The team does not see who has answered what. The answers go into figures about at "
        "least five people, and whoever evaluates the network may read them without names."
    )


def _noted(page: Page, found: Progress) -> Html | None:
    """Tell how what was just typed has been understood, so that it can be put right."""
    before = found.before
    given = found.given.get(before.code, ()) if before else ()
    if before is None or not given or before.kind not in TYPED:
        return None
    _, one = page._, given[0]
    if one.amount is not None and before.kind == Kind.MONEY:
        said: str = money(one.amount, page.network.currency, _)
    elif one.amount is not None:
        said = number(one.amount.normalize() if one.amount else Decimal(0), _)
    elif one.day is not None:
        said = day(one.day, _)
    else:
        return _("✔️ Your answer is kept.")
    return _("✔️ Noted: {answer}", answer=said)


def _answer_rows(found: Progress, asked: Asked, _: Translator) -> list[list[Button]]:
    if asked.kind not in TAPPED:
        return []
    ref, labels = found.response.ref, words.answers(found.template.code, asked.code, _)
    chosen = {one.value for one in found.given.get(asked.code, ())}
    is_open_again = found.response.at == asked.code
    buttons = []
    for value in asked.values:
        label = labels[value]
        if is_open_again and value in chosen:
            label = _.label("button", "✅ {answer}", answer=label)
        buttons.append(Button(label, Tap(ref=ref, question=asked.code, value=value)))
    return in_rows(buttons, 2 if len(buttons) > MANY else 1)


def _ways_on(found: Progress, asked: Asked, _: Translator) -> list[list[Button]]:
    ref = found.response.ref
    if found.template.is_pulse:
        return [[Button(_.label("button", "Skip"), SkipPulse(ref=ref))]]

    def turn(label: str, act: str) -> Button:
        return Button(label, Turn(ref=ref, question=asked.code, act=act))

    rows = []
    is_answered = asked.code in found.given
    if asked.kind == Kind.SEVERAL:
        label = _.label("button", "Done") if is_answered else _.label("button", "Nothing of it")
        rows.append([turn(label, "next")])
    elif is_answered:
        rows.append([turn(_.label("button", "Leave it as it is"), "next")])
    else:
        rows.append([turn(_.label("button", "I would rather not say"), "next")])
    later = turn(_.label("button", "Later"), "later")
    if found.before is None:
        return [*rows, [later]]
    return [*rows, [turn(_.label("button", "One back"), "back"), later]]


async def pause(page: Page, ref: str) -> Message:
    """Say after a bite how much is left, and let the person choose when."""
    _ = page._
    found = await surveys.progress(page.session, page.reader, ref)
    if not found.is_at_a_pause:
        return await question(page, ref)
    left = found.count - found.number + 1
    text = _.ngettext(
        "Thank you, that is kept. There is {n} more question: now, or later?",
        "Thank you, that is kept. There are {n} more questions: now, or later?",
        left,
    )
    asked = found.next_question
    assert asked is not None
    rows = [
        [Button(_.label("button", "Go on"), OpenPulse(ref=ref))],
        [Button(_.label("button", "Later"), Turn(ref=ref, question=asked.code, act="later"))],
    ]
    return Message(text, rows)


async def later(page: Page, ref: str) -> Message:
    """Say where the rest waits, and until when."""
    _ = page._
    found = await surveys.progress(page.session, page.reader, ref)
    if found.next_question is None or found.is_over(page.now):
        return await question(page, ref)
    until = found.closes_at
    text = lines(
        _("All right. What you have answered is kept."),
        _(
            "The other questions wait here and under /me until {day}.",
            day=day(until.astimezone(page.zone).date(), _),
        )
        if until
        else _("The other questions wait here and under /me."),
    )
    rows = [
        [Button(_.label("button", "Go on"), OpenPulse(ref=ref))],
        [Button(_.label("button", "No more questions"), SkipPulse(ref=ref))],
    ]
    return Message(text, rows)


async def waiting(page: Page) -> Message:
    """List what the person can still answer."""
    _ = page._
    found = await surveys.open_ones(page.session, page.reader, page.now)
    if not found:
        return Message(_("No questions wait for you."), [[menu.button(_)]])
    rows = [
        [
            Button(
                _.label("button", "{survey}: {n} left", survey=_title(one, _), n=_left(one)),
                OpenPulse(ref=one.response.ref),
            )
        ]
        for one in found
    ]
    return Message(_("These questions wait for you:"), [*rows, [menu.button(_)]])


def _left(found: Progress) -> int:
    return found.count - found.number + 1


def _title(found: Progress, _: Translator) -> str:
    return words.title(found.template.code, _)


async def my_buttons(page: Page) -> list[list[Button]]:
    """Return the button that leads to what waits for the reader, if anything does."""
    if not await surveys.open_ones(page.session, page.reader, page.now):
        return []
    return [[Button(page._.label("button", "📝 Questions that wait for me"), Waiting())]]


async def _about(page: Page, found: Progress) -> Html | None:
    if found.survey.event_id is None:
        return None
    block = await block_for(page, "event", found.survey.event_id)
    return authored(page, block, block.get("title")) if block else None


async def _ending(page: Page, found: Progress) -> Message:
    """Thank them, and offer to go on talking with whoever they have met there."""
    _ = page._
    is_about_an_event = found.survey.event_id is not None
    if found.response.skipped_at is not None and found.answered:
        text = _("All right. Thank you for what you have answered.")
    elif found.response.skipped_at is not None and page.reader.state == Membership.LEFT:
        text = _("All right. We ask you nothing more.")
    elif found.response.skipped_at is not None:
        text = _("All right, no questions. You can turn them off for good under /me.")
    elif is_about_an_event:
        text = _("Thank you! Your answers help to make the next events better.")
    else:
        text = _("Thank you! Your answers help to make this network better.")
    rows: list[list[Button]] = []
    if found.survey.event_id is not None:
        event = await page.session.get_one(Event, found.survey.event_id)
        mine = await attendance.of(page.session, event, page.reader)
        rows = await supporters.talk_rows(page, event, mine)
    return Message(text, [*rows, [menu.button(_)]])


CARDS = {
    "pulse": notice,
    "survey": notice,
    "exit_survey": notice,
    "survey.question": question,
    "pulse.question": question,  # replies of before that are still to be spoken
    "survey.pause": pause,
    "survey.later": later,
    "survey.waiting": waiting,
}
FORMS = (ANSWER,)


def setup() -> Router:
    """Take the buttons under surveys."""
    router = Router(name="surveys")
    router.callback_query.register(opened, OpenPulse.filter())
    router.callback_query.register(tapped, Tap.filter())
    router.callback_query.register(turned, Turn.filter())
    router.callback_query.register(skipped, SkipPulse.filter())
    router.callback_query.register(listed, Waiting.filter())
    return router
