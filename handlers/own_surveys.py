"""Surveys of the network's own: a coordinator brings a file, puts it to members, and closes it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import own_surveys, surveys
from community.errors import FileRefusedError
from community.own_surveys import Results
from community.people import Person
from community.surveys import Brought, SurveyForm
from community.surveys.relevant import written
from handlers.audience import told
from handlers.content import named
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    File,
    Message,
    Page,
    Replies,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import COORDINATORS, SurveyForms, page_of, router_for
from handlers.surveys import shown
from locales import Html, Translator, day, language_name, number
from locales import join as listed_in_words
from reports import survey_words, xlsform_in
from reports.qr import qr_picture

LINK = "o-"
PER_PAGE = 15


class OwnForms(CallbackData, prefix="xa"):
    """A page of the network's own surveys; ``act`` brings one."""

    act: str = "open"
    at: int = 0


class OneForm(CallbackData, prefix="xb"):
    """One of them: see it, put it to members, make its link, close it; "…!" really does."""

    ref: str
    act: str = "open"


class BeginForm(CallbackData, prefix="xd"):
    """Answer what a link has led to."""

    ref: str


# Bringing one


async def _ask_file(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Send the file now: an XLSForm as a workbook (XLSX)."),
            _(
                "At most ten questions. Every question and answer needs its words in each "
                "language of the file; hints are passed over."
            ),
            _("You see first what is in it; nothing is kept before you say so."),
        )
    )


async def _read_file(answering: Answering, text: str) -> dict[str, Any]:
    attached = answering.attached
    if attached is None:
        raise FileRefusedError("none")
    if attached.content is None:
        raise FileRefusedError(attached.problem)
    brought = xlsform_in.read(attached.content)
    await own_surveys.check(answering.session, answering.person, brought, answering.now)
    return brought.as_json()


async def _ask_sure(page: Page, about: Any, answers: Mapping[str, Any]) -> Question:
    return Question(
        lines(*_shown(page, Brought.of(answers["file"]))),
        [(page._.label("button", "✅ Keep it"), "yes")],
    )


async def _sure(answering: Answering, text: str) -> str:
    return text


async def _brought(answering: Answering) -> Replies:
    kept = Brought.of(answering.answers["file"])
    form = await own_surveys.bring(answering.session, answering.person, kept, answering.now)
    return [say("own_survey", ref=form.ref)]


BRING = Form(
    "own_survey",
    [
        Field("file", _ask_file, _read_file, takes_file=True),
        Field("sure", _ask_sure, _sure, by_button=True),
    ],
    _brought,
    home=lambda _about: say("own_surveys"),
)
FORMS = (BRING,)


# Handlers


async def listed(query: Any, callback_data: OwnForms, state: FSMContext) -> Replies:
    """Show them, or ask for a file."""
    await state.clear()
    if callback_data.act == "bring":
        return await begin(BRING, state)
    return [edit("own_surveys", at=callback_data.at)]


async def touched(
    query: Any, callback_data: OneForm, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show one, ask whether to open or close it, and do it."""
    ref = callback_data.ref
    match callback_data.act:
        case "open":
            return [edit("own_survey", ref=ref)]
        case "ask" | "withdraw" as act:
            return [edit("own_survey.sure", ref=ref, act=act)]
        case "ask!":
            await own_surveys.ask_members(session, person, ref, now)
        case "link":
            await own_surveys.link(session, person, ref, now)
        case "withdraw!":
            await own_surveys.withdraw(session, person, ref, now)
        case _:
            return [toast("old_button")]
    return [edit("own_survey", ref=ref)]


async def by_link(session: AsyncSession, ref: str) -> Replies:
    """Say what a link leads to."""
    form = await own_surveys.leading(session, ref)
    return [say("own_survey.welcome", ref=form.ref)]


async def begun(
    query: Any,
    callback_data: BeginForm,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Begin to answer, or go on where one has stopped."""
    found = await own_surveys.follow(session, person, callback_data.ref, now)
    return await shown(state, found, now, edit)


# Cards


async def list_card(page: Page, at: int = 0) -> Message:
    """List the network's own surveys."""
    _ = page._
    every = await own_surveys.every(page.session, page.reader, page.now)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: OwnForms(at=to), _)
    rows = [[_named(form, _)] for form in shown]
    text = lines(
        _("🗂 <b>Our own surveys</b>"),
        _(
            "A survey of your own is an XLSForm. Take one of ours along as a pattern, give it "
            "another form_id, and bring it here."
        ),
    )
    bring = Button(_.label("button", "📥 Bring a file"), OwnForms(act="bring"))
    return Message(
        text, [*rows, turning, [bring], [Button(_.label("button", "Back"), SurveyForms())]]
    )


def _named(form: SurveyForm, _: Translator) -> Button:
    title = form.brought.title
    label = (
        _.label("button", "{survey}, version {n}", survey=title, n=form.version)
        if form.withdrawn_at is None
        else _.label("button", "▫️ {survey}, withdrawn", survey=title)
    )
    return Button(label, OneForm(ref=form.ref))


async def form_card(page: Page, ref: str) -> Message:
    """Show one: what it asks, how it is open, and, once it is withdrawn, what was answered."""
    _ = page._
    found = await own_surveys.results(page.session, page.reader, ref, page.now)
    form, brought = found.form, found.form.brought
    back = [Button(_.label("button", "Our own surveys"), OwnForms())]
    if form.withdrawn_at is not None:
        return Message(lines(*_answered(page, brought, found)), [back])
    parts = _shown(page, brought)
    rows, file = [], None
    if form.asks_until is None:
        ask = _.label("button", "👥 Ask members")
        rows.append([Button(ask, OneForm(ref=ref, act="ask"))])
    else:
        until = day(form.asks_until.astimezone(page.zone).date(), _)
        parts += ["", _("👥 Members are asked until {day}.", day=until)]
    if form.linked_at is None:
        rows.append([Button(_.label("button", "🔗 Make a link"), OneForm(ref=ref, act="link"))])
    else:
        address = page.network.link(f"{LINK}{form.ref}")
        parts += ["", _("🔗 Members answer by this link: {address}", address=address)]
        file = File("link.png", qr_picture(address), is_picture=True)
    if form.asked_at or form.linked_at:
        parts += [
            _("Answered to the end: {n}", n=told(found.answered, _)),
            _("What they say stands here once the survey is withdrawn."),
        ]
    end = Button(_.label("button", "Withdraw this survey"), OneForm(ref=ref, act="withdraw"))
    return Message(lines(*parts), [*rows, [end], back], file)


def _shown(page: Page, brought: Brought) -> list[str | None]:
    """Return what a survey asks, in a language of the reader's if it has one."""
    _ = page._
    said = survey_words.said(brought.template, brought, page.reads.every, _)
    parts: list[str | None] = [
        _("<b>{survey}</b>, version {n}", survey=brought.title, n=brought.template.version),
        _(
            "Languages: {languages}",
            languages=listed_in_words([language_name(one, _) for one in brought.words], _),
        ),
        _.ngettext("{n} question:", "{n} questions:", len(brought.template.questions)),
    ]
    asked_ones: list[str | None] = []
    for at, asked in enumerate(brought.template.questions, 1):
        asked_ones += [
            "",
            _("{n}. {question}", n=number(at, _), question=said.question(asked.code)),
            Html(" · ").join(said.answers(asked.code).values()) if asked.values else None,
        ]
        if said.language == _.language:
            asked_ones += _remarks(page, asked)
    if said.language == _.language:
        return [*parts, *asked_ones]
    return [*parts, *named(page, said.language, lines(*asked_ones[1:]))]


def _remarks(page: Page, asked: surveys.Asked) -> list[str | None]:
    _ = page._
    return [
        None if asked.values else survey_words.how(asked.kind, page.network.currency, _),
        _("Asked only if: {condition}", condition=written(asked.relevant))
        if asked.relevant
        else None,
    ]


def _answered(page: Page, brought: Brought, found: Results) -> Sequence[str | None]:
    _ = page._
    said = survey_words.said(brought.template, brought, page.reads.every, _)
    parts: list[str | None] = []
    for asked in brought.template.questions:
        parts += ["", Html("<b>") + said.question(asked.code) + Html("</b>")]
        cells = found.by.get(asked.code)
        if cells is None:
            parts.append(_("What was answered to this is not told here."))
            continue
        words = said.answers(asked.code)
        parts += [
            _("{label}: {value}", label=words[value], value=told(cell, _))
            for value, cell in cells.items()
        ]
    return [
        _("<b>{survey}</b>, version {n}", survey=brought.title, n=brought.template.version),
        _("This survey is withdrawn."),
        _("Answered to the end: {n}", n=told(found.answered, _)),
        *(parts if found.by else ()),
    ]


async def sure_card(page: Page, ref: str, act: str) -> Message:
    """Ask once more before many are asked, or before it ends."""
    _ = page._
    found = await own_surveys.results(page.session, page.reader, ref, page.now)
    text = {
        "ask": _(
            "Every member who agreed to surveys is asked within a month, nobody within 14 days of "
            "another survey. Shall they be asked now?"
        ),
        "withdraw": _(
            "Nobody can answer any more then, and it cannot be opened again. Shall it be "
            "withdrawn?"
        ),
    }[act]
    yes = {
        "ask": _.label("button", "✅ Yes, ask members"),
        "withdraw": _.label("button", "✅ Yes, withdraw it"),
    }[act]
    return Message(
        lines(_("<b>{survey}</b>", survey=found.form.brought.title), text),
        [
            [Button(yes, OneForm(ref=ref, act=f"{act}!"))],
            [Button(_.label("button", "Back"), OneForm(ref=ref))],
        ],
    )


async def welcome_card(page: Page, ref: str) -> Message:
    """Say to a member who comes by a link what is asked, and that it is theirs to answer."""
    _ = page._
    brought = (await own_surveys.leading(page.session, ref)).brought
    text = lines(
        _("<b>{survey}</b>", survey=brought.title),
        _.ngettext(
            "The network asks its members: {n} question.",
            "The network asks its members: {n} questions.",
            len(brought.template.questions),
        ),
        _("You can leave out any question, stop at any time and go on later."),
    )
    return Message(text, [[Button(_.label("button", "▶️ Begin"), BeginForm(ref=ref))]])


CARDS = {
    "own_surveys": list_card,
    "own_survey": form_card,
    "own_survey.sure": sure_card,
    "own_survey.welcome": welcome_card,
}


def setup() -> Router:
    """Take the buttons of coordinators; whoever comes by a link is of no role."""
    team = router_for("own surveys of the team", COORDINATORS)
    team.callback_query.register(listed, OwnForms.filter())
    team.callback_query.register(touched, OneForm.filter())
    router = Router(name="own_surveys")
    router.callback_query.register(begun, BeginForm.filter())
    router.include_router(team)
    return router
