"""Reports and measures: reporting with two taps, the queue, judging, and reading and answering.

Who has reported is shown to nobody.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import bridge, exchanges, moderation
from community.errors import NotFoundError, RefusalError
from community.exchanges import ExchangeMessage
from community.measures import Measure, MeasureTaken, Why
from community.moderation import SUSPENSIONS, Case, Report, What
from community.people import Person
from community.translations import Reads
from handlers import attachments, menu, post_words, posts, reading
from handlers.answers import closed
from handlers.bridge import Exchanging
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.posting import Judging, MyMeasure, OfPost, Posts, Reporting
from handlers.referrals import VIEW_LASTS
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import Reports, page_of
from locales import Html, Translator, day, plain, short_day
from reports.words import reported

PER_PAGE = 8


# Reporting


async def reporting(
    query: Any,
    callback_data: Reporting,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    _: Translator,
) -> Replies:
    """Ask what, then why; then it is reported. Of a translation which sentence is all."""
    of, ref, what, why = (
        callback_data.of, callback_data.ref, callback_data.what, callback_data.why,
    )  # fmt: skip
    zone, country = network.zone, network.country
    if of == "text" and not why:
        # What is wrong stays there to be looked at.
        return [say("report.sentence", subject=what, ref=ref)]
    if of == "text":
        await moderation.report_text(
            session, person, what, ref, why, Reads(_.language).own, now,
            zone=zone, country=country,
        )  # fmt: skip
        return [edit("report.thanks", what="text")]
    if not what:
        return [edit("report.what", of=of, ref=ref)]
    if not why:
        return [edit("report.why", of=of, ref=ref, what=what)]
    what, _dot, number = what.partition(".")
    await moderation.report(
        session, person, what, ref, why, now,
        number=int(number) if number.isdecimal() else None, zone=zone, country=country,
    )  # fmt: skip
    return [edit("report.thanks", what=what)]


async def what_card(page: Page, of: str, ref: str) -> Message:
    """Ask what is to be reported."""
    _ = page._
    choices = (
        [
            ("post", _.label("report what", "What is written there")),
            ("poster", _.label("report what", "The person who wrote it")),
        ]
        if of == "post"
        else [
            *await _messages(page, ref),
            ("writer", _.label("report what", "The person who wrote it")),
        ]
    )
    rows = [[Button(label, Reporting(of=of, ref=ref, what=code))] for code, label in choices]
    text = lines(
        _("🚩 What do you want to report?"),
        _("If you report the person, neither of you sees or hears of the other any more."),
    )
    return Message(text, [*rows, [_back(of, ref, _)]])


async def text_card(page: Page, subject: str, ref: str) -> Message:
    """Ask which sentence is wrong; the next tap reports it."""
    _ = page._
    there = await moderation.sentences(
        page.session, page.reader, subject, ref, page.reads.own, page.now
    )
    rows = []
    for one in there:
        to = Reporting(of="text", ref=one.ref, what=one.subject, why=one.field)
        rows.append([Button(reading.beginning(one.text), to)])
    text = (
        _("🚩 Which of this is translated wrongly? With this tap the translation desk gets it.")
        if there
        else _("The author wrote this in your language: nobody has translated it.")
    )
    return Message(text, [*rows, [menu.button(_)]])


async def _messages(page: Page, ref: str) -> list[tuple[str, str]]:
    """Return what one has got from the other of late: a code, and how it begins."""
    _ = page._
    received = await moderation.reportable(page.session, page.reader, ref, page.now)
    numbers = exchanges.numbered([message for _number, message in received])
    found = []
    for number, message in received:
        words = await reading.said(page, message.text, message.language)
        label = f"💬 {reading.beginning(words)}"
        if not words:
            label = plain(attachments.line(message, numbers[message.id], _))
        found.append((f"message.{number}", label))
    return found


async def why_card(page: Page, of: str, ref: str, what: str) -> Message:
    """Ask why; the next tap reports it."""
    _ = page._
    rows = [
        [
            Button(
                post_words.why(code, _),
                Reporting(of=of, ref=ref, what=what, why=code.value),
            )
        ]
        for code in Why
    ]
    return Message(_("🚩 Why? With this tap it is reported."), [*rows, [_back(of, ref, _)]])


def _back(of: str, ref: str, _: Translator) -> Button:
    to = OfPost(ref=ref) if of == "post" else Exchanging(ref=ref)
    return Button(_.label("button", "Back"), to)


async def thanks(page: Page, what: str) -> Message:
    """Say what happens next."""
    _ = page._
    if what == "text":
        told = lines(
            _("Thank you. Whoever answers for this text looks at it within two working days."),
            _(
                "They see what you have reported, not that it was you. You hear when it is "
                "settled."
            ),
        )
    else:
        told = lines(
            _("Thank you. Somebody of the team looks at it within two working days."),
            _(
                "They see what you have reported, not that it was you. You hear when it is "
                "settled."
            ),
            _("You do not see each other any more.") if what in ("poster", "writer") else None,
        )
    return Message(told, [[menu.button(_)]])


# The queue


async def queue_card(page: Page, at: int = 0) -> Message:
    """List what was reported, and what waits beside it; of whom it is, is not told."""
    _ = page._
    reports = await moderation.queue(page.session, page.reader, page.now)
    answered = await moderation.answered(page.session, page.reader, page.now)
    every: list[Report | MeasureTaken] = [*answered, *reports]
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Reports(at=to), _)
    rows = [[await _in_queue(page, one)] for one in shown]
    late = sum(one.due_at is not None and one.due_at <= page.now for one in reports)
    text = lines(
        _("<b>What was reported</b>") if every else _("Nothing has been reported."),
        _("🔴 Overdue: {n}", n=late) if late else None,
    )
    to_read = Button(_.label("button", "👀 Asks and offers to read"), Posts(act="waits"))
    return Message(text, [*rows, turning, [to_read], [menu.button(_)]])


async def _in_queue(page: Page, one: Report | MeasureTaken) -> Button:
    _ = page._
    if isinstance(one, MeasureTaken):
        return Button(
            _.label("button", "✉️ Somebody answers a measure"), Judging(ref=one.ref, act="answer")
        )
    on = short_day(one.at.astimezone(page.zone).date(), _)
    if one.what == What.EXCHANGE:
        exchange = await bridge.of_report(page.session, one.exchange_id)
        if exchange is not None:
            label = (
                _.label("button", "🚩 {day}: reported messages", day=on)
                if exchange.due_at is None
                else _.label("button", "↪️ {day}: with the team", day=on)
            )
            return Button(label, Exchanging(ref=exchange.ref))
    label = _.label(
        "report in a list", "🚩 {day}: {what}", day=on, what=reported(What(one.what), _)
    )
    return Button(label, Judging(ref=one.ref))


async def judging(
    query: Any,
    callback_data: Judging,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    network: Network,
) -> Replies:
    """Open a report or an answer, and decide."""
    ref, act, value = callback_data.ref, callback_data.act, callback_data.value
    if act == "answer":
        return [edit("report.answered", ref=ref)]
    if act in ("stays", "lift"):
        await moderation.review(
            session, person, ref, now, lift=act == "lift",
            zone=network.zone, country=network.country,
        )  # fmt: skip
        return [edit("hosting.reports"), toast("report.settled")]
    if act == "why":  # value: a measure, with the days of a suspension
        return [edit("report.reason", ref=ref, measure=value)]
    if act == "words":
        return await begin(WORDS, state, ref=ref, value=value)
    if act == "see":
        number = int(value) if value.isdecimal() else 0
        await moderation.attached(session, person, ref, number, now)
        return [say("report.attached", ref=ref, number=number, opened=now.isoformat())]
    if act == "do":
        await _judge(session, person, ref, value, now)
        return [edit("hosting.reports"), toast("report.settled")]
    return [edit("report.case", ref=ref)]


async def _judge(
    session: AsyncSession,
    person: Person,
    ref: str,
    value: str,
    now: datetime,
    words: str | None = None,
    language: str | None = None,
) -> None:
    measure, days, why = [*value.split("."), "", ""][:3]
    await moderation.judge(
        session, person, ref, measure, now,
        why=why or None, days=int(days) if days.isdecimal() else None,
        words=words, language=language,
    )  # fmt: skip


async def case_card(page: Page, ref: str) -> Message:
    """Show what was reported and nothing else, with what was decided before."""
    _ = page._
    case = await moderation.opened(page.session, page.reader, ref, page.now)
    report = case.report
    text: list[Html | str | None] = [
        _(
            "🚩 <b>Reported: {what}</b>",
            what=reported(What(report.what), _),
        ),
        _("Why: {reason}", reason=post_words.why(Why(report.why), _)),
    ]
    numbers = exchanges.numbered(case.told)
    for message in case.told:
        text += ["", _whose(case, message, _)]
        if message.id in numbers:
            text.append(attachments.line(message, numbers[message.id], _))
        if message.text:
            text.append((await reading.read(page, message.text, message.language)).text)
    if case.post is not None:
        text += ["", await posts.told_of(page, case.post)]
    text += _history(page, case)
    rows: list[list[Button]] = []
    if case.is_own:
        text += ["", _("It concerns you: somebody else decides.")]
    else:
        rows = _measures(case, _)
    shows = attachments.buttons(
        case.told, numbers, lambda n: Judging(ref=ref, act="see", value=str(n)), _
    )
    back = Button(_.label("button", "What was reported"), Reports())
    return Message(lines(*text), [*shows, *rows, [back]], protect=True)


def _whose(case: Case, message: ExchangeMessage, _: Translator) -> Html:
    if message.id == case.report.message_id:
        return _("The message that was reported:")
    return _("The one before it:")


async def attached_card(page: Page, ref: str, number: int, opened: str) -> Message:
    """Show what was sent beside reported words, for some minutes, until the report is settled."""
    _ = page._
    gone = Message(closed(_), gone=True)
    try:
        case = await moderation.opened(page.session, page.reader, ref, page.now)
        message = await moderation.attached(page.session, page.reader, ref, number, page.now)
    except RefusalError:
        return gone
    if page.now >= datetime.fromisoformat(opened) + VIEW_LASTS:
        return gone
    shown = attachments.shown(page, message, number, _whose(case, message, _), is_own=False)
    return replace(shown, live=True)


def _history(page: Page, case: Case) -> list[Html | str]:
    _ = page._
    if not case.before:
        return []
    told: list[Html | str] = ["", _("<b>Before:</b>")]
    for row in case.before:
        on = day(row.taken_at.astimezone(page.zone).date(), _)
        told.append(
            _(
                "{day}: {measure} ({reason})",
                day=on,
                measure=post_words.measure(Measure(row.measure), _),
                reason=post_words.why(Why(row.why), _),
            )
        )
    return told


def _measures(case: Case, _: Translator) -> list[list[Button]]:
    ref = case.report.ref
    nothing = Judging(ref=ref, act="do", value=Measure.NOTHING.value)
    rows = [[Button(post_words.measure(Measure.NOTHING, _), nothing)]]
    if case.report.about_id is None:
        return rows
    for measure in (Measure.WARN, Measure.HIDE):
        if measure is Measure.HIDE and not case.may_hide:
            continue
        to = Judging(ref=ref, act="why", value=measure.value)
        rows.append([Button(post_words.measure(measure, _), to)])
    for days in SUSPENSIONS:
        label = _.nlabel("button", "⛔ Suspend: {n} day", "⛔ Suspend: {n} days", days)
        value = f"{Measure.SUSPEND.value}.{days}"
        rows.append([Button(label, Judging(ref=ref, act="why", value=value))])
    return rows


async def reason_card(page: Page, ref: str, measure: str) -> Message:
    """Ask for the reason that the person reads."""
    _ = page._
    await moderation.opened(page.session, page.reader, ref, page.now)
    value = measure if "." in measure else f"{measure}."
    rows = []
    for code in Why:
        to = Judging(ref=ref, act="do", value=f"{value}.{code.value}")
        rows.append([Button(post_words.why(code, _), to)])
    wordy = Judging(ref=ref, act="words", value=value)
    rows.append([Button(_.label("button", "✏️ With some words of mine"), wordy)])
    rows.append([Button(_.label("button", "Back"), Judging(ref=ref))])
    return Message(_("Why? The person reads the reason, and can answer once."), rows)


async def _ask_words(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._("Write in a few sentences what they should know. Please name nobody else.")
    )


async def _ask_why(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(_("And the reason?"), [(post_words.why(code, _), code.value) for code in Why])


async def _with_words(answering: Answering) -> Replies:
    about, answers = answering.about, answering.answers
    await _judge(
        answering.session,
        answering.person,
        about["ref"],
        f"{about['value']}.{answers['why']}",
        answering.now,
        answers["words"],
        answering._.language,
    )
    return [say("hosting.reports")]


def _home(about: Mapping[str, Any]) -> Any:
    return say("hosting.reports")


WORDS = Form(
    "report.words",
    [Field("words", _ask_words), Field("why", _ask_why, by_button=True)],
    _with_words,
    home=_home,
)


async def answered_card(page: Page, ref: str) -> Message:
    """Show a measure and what the person says to it, to somebody who has not taken it."""
    _ = page._
    row = await moderation.answered_one(page.session, page.reader, ref, page.now)
    if row.reviewed_at is not None:
        raise NotFoundError("Measure")
    said = await reading.read(page, row.answer or "", row.answer_language or "")
    text = lines(
        _("<b>Somebody answers a measure</b>"),
        _(
            "{day}: {measure} ({reason})",
            day=day(row.taken_at.astimezone(page.zone).date(), _),
            measure=post_words.measure(Measure(row.measure), _),
            reason=post_words.why(Why(row.why), _),
        ),
        "",
        said.text,
    )
    rows = [
        [Button(_.label("button", "It stays"), Judging(ref=ref, act="stays"))],
        [Button(_.label("button", "Lift it"), Judging(ref=ref, act="lift"))],
        [Button(_.label("button", "What was reported"), Reports())],
    ]
    return Message(text, rows, protect=True)


async def settled_toast(page: Page) -> Message:
    """Say that it is done."""
    return Message(page._.label("toast", "Settled. Thank you!"))


# Whom it concerns


async def my_measure(
    query: Any,
    callback_data: MyMeasure,
    session: AsyncSession,
    person: Person,
    state: FSMContext,
) -> Replies:
    """Read a measure about oneself, or begin to answer it."""
    ref = callback_data.ref
    row = await moderation.about_me(session, person, ref)
    if callback_data.act == "answer" and row.answered_at is None and row.lifted_at is None:
        return await begin(ANSWER, state, ref=ref)
    return [edit("measure.mine", ref=ref)]


async def mine_card(page: Page, ref: str) -> Message:
    """Show a measure to whom it concerns: what, why, until when, and how to answer."""
    _ = page._
    row = await moderation.about_me(page.session, page.reader, ref)
    text: list[Html | str | None] = [
        post_words.taken(Measure(row.measure), _),
        _("Why: {reason}", reason=post_words.why(Why(row.why), _)),
    ]
    if row.until is not None and row.lifted_at is None:
        until = row.until.astimezone(page.zone).date()
        text.append(_("Until {day}. Then all is as before.", day=day(until, _)))
    if row.words:
        text += ["", (await reading.read(page, row.words, row.language or "")).text]
    rows = []
    if row.lifted_at is not None:
        text += ["", _("✅ The team has lifted it.")]
    elif row.reviewed_at is not None:
        text += ["", _("The team has read your answer. It stays as it is.")]
    elif row.answered_at is not None:
        text += ["", _("✉️ You have answered. Somebody else of the team reads it.")]
    else:
        text += ["", _("You can answer once. Where there is one, somebody else reads it.")]
        rows.append([Button(_.label("button", "✏️ Answer"), MyMeasure(ref=ref, act="answer"))])
    return Message(lines(*text), [*rows, [menu.button(_)]])


async def _ask_answer(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What would you like to say to it? Write it in your own language."))


async def _answered(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await moderation.answer(
        answering.session,
        answering.person,
        ref,
        answering.answers["text"],
        answering._.language,
        answering.now,
    )
    return [say("measure.mine", ref=ref)]


ANSWER = Form(
    "measure.answer",
    [Field("text", _ask_answer)],
    _answered,
    home=lambda about: say("measure.mine", ref=about["ref"]),
)
FORMS = (WORDS, ANSWER)


# What leaves by itself


async def measure_notice(page: Page, ref: str) -> Message | None:
    """Tell that the team has decided something; what, on tap: phones are shared."""
    _ = page._
    try:
        await moderation.about_me(page.session, page.reader, ref)
    except NotFoundError:
        return None
    return Message(
        _("🔔 You have a message from the team of the network."),
        [[Button(_.label("button", "Read it"), MyMeasure(ref=ref))]],
    )


async def report_notice(page: Page, ref: str) -> Message | None:
    """Tell the reporter that it is settled, not how."""
    return Message(
        page._("✅ The team has looked at what you reported, and settled it. Thank you.")
    )


async def team_notice(page: Page) -> Message | None:
    """Tell the team that something was reported; nothing if all is settled."""
    _ = page._
    try:
        if not await moderation.queue(page.session, page.reader, page.now):
            return None
    except RefusalError:
        return None
    return Message(
        _("🚩 Something has been reported. Could you look at it?"),
        [[Button(_.label("button", "What was reported"), Reports())]],
    )


async def answered_notice(page: Page, ref: str) -> Message | None:
    """Tell somebody who has not judged that there is an answer to read."""
    _ = page._
    try:
        row = await moderation.answered_one(page.session, page.reader, ref, page.now)
    except RefusalError:
        return None
    if row.reviewed_at is not None:
        return None
    return Message(
        _("✉️ Somebody answers a decision of the team. Could you read it?"),
        [[Button(_.label("button", "Read it"), Judging(ref=ref, act="answer"))]],
    )


CARDS = {
    "report.what": what_card,
    "report.why": why_card,
    "report.sentence": text_card,
    "report.thanks": thanks,
    "report.case": case_card,
    "report.attached": attached_card,
    "report.reason": reason_card,
    "report.answered": answered_card,
    "report.settled": settled_toast,
    "hosting.reports": queue_card,
    "measure.mine": mine_card,
    "measure_notice": measure_notice,
    "report_notice": report_notice,
    "team_notice.report": team_notice,
    "team_notice.measure_answered": answered_notice,
}


def setup() -> Router:
    """Take the buttons of reports and measures; the verbs say who may."""
    router = Router(name="moderating")
    router.callback_query.register(reporting, Reporting.filter())
    router.callback_query.register(judging, Judging.filter())
    router.callback_query.register(my_measure, MyMeasure.filter())
    return router
