"""The funder's statistics: a member answers under /me, or not; the table is read."""

from datetime import datetime
from functools import partial
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import funder
from community.errors import NotUnderstoodError
from community.funder import CHOICES, UNSAID, Supports, Told, is_year
from community.participants import Question as Asked
from community.people import Person
from handlers import menu
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    File,
    Message,
    Network,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import COORDINATORS, Months, router_for
from locales import Html, Translator
from locales.folding import fold_digits
from reports.funder import codebook, report, table
from reports.tables import as_text
from reports.workbook import Sheet, workbook

FIRST = "first"
"""Asks what has not been answered yet, one after the other."""


class Say(CallbackData, prefix="ea"):
    """Answer one question about oneself for the funder; "" shows what one has said."""

    question: str = ""
    value: str = ""


class OpenYear(CallbackData, prefix="ec"):
    """The funder's table of one year; without one, the choice."""

    year: int = 0


# What a member says


async def answered(
    query: Any,
    callback_data: Say,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    state: FSMContext,
) -> Replies:
    """Show what one has said, ask one question, or keep its answer and ask the next."""
    code, value = callback_data.question, callback_data.value
    if network.funder is Supports.NOBODY or not await funder.agrees(session, person):
        return [toast("old_button")]
    if not code:
        return [edit("funder.mine")]
    if code == FIRST:
        return await _next(session, person, state)
    if code not in [*Asked]:
        return [toast("old_button")]
    question = Asked(code)
    if not value:
        return await _ask(question, state)
    await funder.answer(session, person, question, value, now)
    return await _next(session, person, state)


async def _next(session: AsyncSession, person: Person, state: FSMContext) -> Replies:
    said = await funder.said(session, person)
    question = next((one for one in Asked if one not in said), None)
    return await _ask(question, state) if question else [edit("funder.mine")]


async def _ask(question: Asked, state: FSMContext) -> Replies:
    if question is Asked.BORN:
        return await begin(BORN, state)
    return [edit("funder.ask", question=question.value)]


async def _ask_born(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(asked(Asked.BORN, _), [(unsaid(_), UNSAID)])


async def _read_born(answering: Answering, text: str) -> str:
    given = fold_digits(text.strip())
    if given != UNSAID and not is_year(given, answering.now):
        raise NotUnderstoodError("born")
    return given


async def _born(answering: Answering) -> Replies:
    value = answering.answers["born"]
    session, person = answering.session, answering.person
    await funder.answer(session, person, Asked.BORN, value, answering.now)
    said = await funder.said(session, person)
    question = next((one for one in Asked if one not in said), None)
    return [say("funder.ask", question=question.value) if question else say("funder.mine")]


BORN = Form(
    "funder.born",
    [Field("born", _ask_born, _read_born)],
    _born,
    home=lambda _about: say("funder.mine"),
)
FORMS = (BORN,)


async def me_button(page: Page) -> list[Button]:
    """Return the way to one's answers, for whoever agreed where a funder wants them."""
    is_off = page.network.funder is Supports.NOBODY
    if is_off or not await funder.agrees(page.session, page.reader):
        return []
    return [Button(page._.label("button", "📋 For the funder's statistics"), Say())]


async def mine_card(page: Page) -> Message:
    """Show what one has said, and what happens with it."""
    _ = page._
    said = await funder.said(page.session, page.reader)
    told = [
        _("{question} {answer}", question=asked(one, _), answer=choice(one, said[one], _))
        for one in Asked
        if one in said
    ]
    rows = [[Button(short(one, _), Say(question=one.value))] for one in Asked if one in said]
    if len(said) < len(Asked):
        first = Say(question=FIRST)
        label = _.label("button", "Go on") if said else _.label("button", "Begin")
        rows.insert(0, [Button(label, first)])
    text = lines(
        _("<b>For the funder's statistics</b>"),
        *([*told, ""] if told else []),
        _(
            "Whoever pays for the network has to count who takes part. These questions are for "
            "that, and you may pass over each of them."
        ),
        _(
            "🔒 Your answers are used for nothing else: no person reads them, and of fewer than "
            "five people no number is told. They are deleted at once when you take this back "
            "under “What I agreed to”, or leave."
        ),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), menu.Menu(to="me"))]])


async def ask_card(page: Page, question: str) -> Message:
    """Ask one question; to say nothing is an answer like the others."""
    _, one = page._, Asked(question)
    buttons = [
        Button(choice(one, value, _), Say(question=question, value=value))
        for value in (*CHOICES[one], UNSAID)
    ]
    back = [Button(_.label("button", "Back"), Say())]
    return Message(asked(one, _), [*in_rows(buttons), back])


def asked(question: Asked, _: Translator) -> Html:
    """Return a question."""
    return {
        Asked.GENDER: _("What is your gender?"),
        Asked.BORN: _("In which year were you born?"),
        Asked.LABOUR: _("Do you work at the moment?"),
        Asked.EDUCATION: _("Which is the highest school or training that you have finished?"),
        Asked.THIRD_COUNTRY: _("Are you a citizen of a country outside the European Union only?"),
        Asked.FOREIGN: _("Do you, or do your parents, come from another country?"),
        Asked.MINORITY: _("Do you belong to a minority?"),
        Asked.DISABILITY: _("Do you have a disability?"),
    }[question]


def short(question: Asked, _: Translator) -> str:
    """Return what a question is called on a button that changes its answer."""
    return {
        Asked.GENDER: _.label("button", "✏️ Gender"),
        Asked.BORN: _.label("button", "✏️ Year of birth"),
        Asked.LABOUR: _.label("button", "✏️ Work"),
        Asked.EDUCATION: _.label("button", "✏️ School or training"),
        Asked.THIRD_COUNTRY: _.label("button", "✏️ Citizenship"),
        Asked.FOREIGN: _.label("button", "✏️ Origin"),
        Asked.MINORITY: _.label("button", "✏️ Minority"),
        Asked.DISABILITY: _.label("button", "✏️ Disability"),
    }[question]


def unsaid(_: Translator) -> str:
    """Return the answer that says nothing."""
    return _.label("answer", "I would rather not say")


def choice(question: Asked, value: str, _: Translator) -> str:
    """Return an answer."""
    if value == UNSAID:
        return unsaid(_)
    if question is Asked.BORN:
        return value
    return {
        "woman": _.label("answer", "Woman"),
        "man": _.label("answer", "Man"),
        "non_binary": _.label("answer", "Non-binary"),
        "employed": _.label("answer", "I am employed"),
        "self_employed": _.label("answer", "I work for myself"),
        "unemployed": _.label("answer", "I look for work, for less than a year"),
        "long_term": _.label("answer", "I have looked for work for a year or longer"),
        "inactive": _.label("answer", "I do not work and do not look for work"),
        "isced_0_2": _.label("answer", "None, or school until about 15 years"),
        "isced_3_4": _.label("answer", "School until about 18 years, or an apprenticeship"),
        "isced_5_8": _.label("answer", "University or the like"),
        "yes": _.label("answer", "Yes"),
        "no": _.label("answer", "No"),
    }[value]


# What a coordinator reads


async def opened(
    query: Any, callback_data: OpenYear, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show the choice of years, or one: text, workbook, CSV.

    Raises:
        NotAllowedError: no coordinator.
        NotFoundError: the year is not told.
    """
    year = callback_data.year
    if not year:
        return [edit("funder.years")]
    await funder.read(session, person, year, now)
    about = {"year": year}
    return [
        edit("funder.text", **about),
        say("funder.workbook", **about),
        say("funder.csv", **about),
    ]


def report_rows(page: Page) -> list[list[Button]]:
    """Return the way to the funder's tables, where a funder wants them."""
    if page.network.funder is Supports.NOBODY:
        return []
    return [[Button(page._.label("button", "🇪🇺 Funder statistics"), OpenYear())]]


async def years_card(page: Page) -> Message:
    """Offer the years that are told."""
    _ = page._
    found = await funder.years(page.session, page.reader, page.now)
    rows = in_rows([Button(str(year), OpenYear(year=year)) for year in found], 2)
    text = lines(
        _("<b>Funder statistics</b>"),
        _("Who took part, as the European Social Fund Plus counts it: only those who agreed."),
        _("Which year would you like to see?")
        if found
        else _("There is no year yet. Each is told a week after its end, and never changes then."),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), Months())]])


async def _told(page: Page, year: int) -> Told:
    return await funder.read(page.session, page.reader, year, page.now)


async def text_card(page: Page, year: int) -> Message:
    """Show a year as text."""
    told = report(await _told(page, year), page._)
    others = Button(page._.label("button", "Other years"), OpenYear())
    return Message(as_text(told, page._), [[others]])


async def workbook_card(page: Page, year: int) -> Message:
    """Hand a year over as a workbook, with the codebook."""
    _, told = page._, await _told(page, year)
    heads = [
        *(_.label("codebook", "Code"), _.label("codebook", "Group"), _.label("codebook", "Name")),
        *(_.label("codebook", "Source"), _.label("codebook", "How it is counted")),
    ]
    book = Sheet(_.label("codebook", "Codebook"), heads, codebook(told.supports, _))
    content = partial(workbook, report(told, _), _, page.now, [book])
    name = f"{_.label('file', 'funder-statistics')}-{year}"
    return Message(
        _("The same figures as a workbook for your computer, with what each code means."),
        file=File(f"{name}.xlsx", content, otherwise=_not_made(_)),
    )


async def csv_card(page: Page, year: int) -> Message:
    """Hand a year over as CSV."""
    _, told = page._, await _told(page, year)
    name = f"{_.label('file', 'funder-statistics')}-{year}"
    content = table(told, _).encode("utf-8-sig")
    return Message(
        _("And as a table (CSV) for other programs."),
        file=File(f"{name}.csv", content, otherwise=_not_made(_)),
    )


def _not_made(_: Translator) -> Html:
    return _("It could not be made, and whoever runs this bot finds out why in its log.")


CARDS = {
    "funder.mine": mine_card,
    "funder.ask": ask_card,
    "funder.years": years_card,
    "funder.text": text_card,
    "funder.workbook": workbook_card,
    "funder.csv": csv_card,
}


def setup() -> Router:
    """Take one's own answers from anybody, and the tables' buttons from coordinators."""
    router = Router(name="funder")
    router.callback_query.register(answered, Say.filter())
    reading = router_for("funder.reading", COORDINATORS)
    reading.callback_query.register(opened, OpenYear.filter())
    router.include_router(reading)
    return router
