"""What surveys say in the chat: a notice, each question with its buttons, pauses, the end."""

from collections.abc import Mapping
from decimal import Decimal

from aiogram.filters.callback_data import CallbackData

from community import attendance, surveys
from community.events import Event
from community.people import Membership
from community.surveys import Asked, Kind, Progress
from community.surveys.templates import NEEDS_INTERVIEW, TAPPED, TYPED
from handlers import menu, supporters
from handlers.content import authored, block_for, named
from handlers.profile import ChangeAnswer
from handlers.replies import Button, File, Message, Page, in_rows, lines
from locales import Html, Translator, day, money, number
from reports import survey_words as words

MANY = 6
"""From so many answers on, two stand in one row."""
VOICES = 20
"""So many of the newest can be heard."""


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


class Hear(CallbackData, prefix="xe"):
    """Hear what one has answered by voice; without ``ref``, which answers there are."""

    ref: str = ""
    question: str = ""


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
        *in_words(page, found, asked),
        "",
        _private(_),
    )
    labels = _said(page, found).answers(asked.code)
    return Message(text, [*_answer_rows(found, asked, labels, _), *_ways_on(found, asked, _)])


def in_words(page: Page, found: Progress, asked: Asked) -> list[Html | None]:
    """Return a question, and how it is answered where no button says it."""
    _ = page._
    said = _said(page, found)
    put = Html("<b>") + said.question(asked.code) + Html("</b>")
    return [
        *([put] if said.language == _.language else named(page, said.language, put)),
        words.how(asked.kind, page.network.currency, _),
    ]


def _said(page: Page, found: Progress) -> words.Said:
    return words.said(found.template, found.form, page.reads.every, page._)


def _private(_: Translator) -> Html:
    return _(
        "🔒 Nobody of the team sees who answered what. Answers are shown only together with those "
        "of at least four others. Whoever evaluates the network gets them without names."
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


def _answer_rows(
    found: Progress, asked: Asked, labels: Mapping[str, str], _: Translator
) -> list[list[Button]]:
    if asked.kind not in TAPPED:
        return []
    ref = found.response.ref
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
    rows = [[_way_to(page, one)] for one in found]
    return Message(_("These questions wait for you:"), [*rows, [menu.button(_)]])


def _way_to(page: Page, found: Progress) -> Button:
    title = _said(page, found).title
    label = page._.label("button", "{survey}: {n} left", survey=title, n=_left(found))
    return Button(label, OpenPulse(ref=found.response.ref))


def _left(found: Progress) -> int:
    return found.count - found.number + 1


async def my_buttons(page: Page) -> list[list[Button]]:
    """Return the buttons that lead to what waits for the reader, and to what they have said."""
    _ = page._
    rows = []
    if await surveys.open_ones(page.session, page.reader, page.now):
        rows.append([Button(_.label("button", "📝 Questions that wait for me"), Waiting())])
    if await surveys.spoken(page.session, page.reader):
        rows.append([Button(_.label("button", "🎙 My voice answers"), Hear())])
    return rows


async def voices(page: Page) -> Message:
    """List what the reader has answered by voice."""
    _ = page._
    found = await surveys.spoken(page.session, page.reader)
    rows = [
        [
            Button(
                _.label("button", "▶️ {survey}", survey=_said(page, one).title),
                Hear(ref=one.response.ref, question=question),
            )
        ]
        for one, question in found[:VOICES]
    ]
    text = lines(
        _("🎙 <b>What you have answered by voice</b>"),
        _("Only you can hear it here. Nobody of the team does."),
        None if found else _("Nothing yet."),
    )
    return Message(text, [*rows, [menu.button(_)]])


async def voice(page: Page, ref: str, question: str) -> Message | None:
    """Play one answer to whoever has given it; nothing if it is gone."""
    _ = page._
    found = await surveys.progress(page.session, page.reader, ref)
    asked = found.template.question(question)
    file_id = next((one.voice for one in found.given.get(question, ()) if one.voice), None)
    if asked is None or file_id is None:
        return None
    otherwise = _("Telegram does not play this recording any more.")
    *put, _how = in_words(page, found, asked)
    return Message(lines(*put), file=File("", file_id, otherwise=otherwise, is_voice=True))


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
    if found.template.code == NEEDS_INTERVIEW.code and page.reader.is_member:
        text = lines(text, *interview_end(_))
        rows = interview_rows(_)
    if found.survey.event_id is not None:
        event = await page.session.get_one(Event, found.survey.event_id)
        mine = await attendance.of(page.session, event, page.reader)
        rows = await supporters.talk_rows(page, event, mine)
    return Message(text, [*rows, [menu.button(_)]])


def interview_end(_: Translator) -> list[Html]:
    """Say what the interview has left out, because it is asked apart."""
    return [
        _("What you look for, what you offer and how far you are stand in your profile, too."),
        _("If you like, say where you live, and what describes you; you can leave both out."),
    ]


def interview_rows(_: Translator) -> list[list[Button]]:
    """Return the ways to what is asked apart."""
    return [
        [
            Button(_.label("button", "Where I live"), ChangeAnswer(step="area")),
            Button(_.label("button", "What describes me"), ChangeAnswer(step="profiles")),
        ]
    ]


CARDS = {
    "pulse": notice,
    "survey": notice,
    "exit_survey": notice,
    "survey.question": question,
    "pulse.question": question,  # replies of before that are still to be spoken
    "survey.pause": pause,
    "survey.later": later,
    "survey.waiting": waiting,
    "survey.voices": voices,
    "survey.voice": voice,
}
