"""The queue of reports: what was reported, judging it, and reading what is answered to that.

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
from handlers import attachments, menu, post_words, reading
from handlers.answers import closed
from handlers.bridge import Exchanging
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.posting import Judging, Posts
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
from locales import Html, Translator, day, short_day
from reports.words import reported

PER_PAGE = 8


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
        text += ["", await post_words.told_of(page, case.post)]
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


FORMS = (WORDS,)


CARDS = {
    "report.case": case_card,
    "report.attached": attached_card,
    "report.reason": reason_card,
    "report.answered": answered_card,
    "report.settled": settled_toast,
    "hosting.reports": queue_card,
    "team_notice.report": team_notice,
    "team_notice.measure_answered": answered_notice,
}


def setup() -> Router:
    """Take the buttons of the queue; the verbs say who may."""
    router = Router(name="moderating")
    router.callback_query.register(judging, Judging.filter())
    return router
