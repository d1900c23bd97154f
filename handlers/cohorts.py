"""Courses on the desk: who takes one together is a group with its own events and news."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import cohorts, providers, roles, translations
from community.activities import Kind
from community.cohorts import SUBJECT, Cohort
from community.errors import NotUnderstoodError
from community.figures.cohorts import CohortFigures, read_cohorts
from community.people import Person
from community.roles import RoleName
from handlers import decisions
from handlers.agreement_facts import end_of, last_day, today
from handlers.content import block_for
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, File, Message, Page, Replies, Reply, edit, lines, say, toast
from handlers.staff import (
    ANIMATORS,
    COORDINATORS,
    Months,
    OneCohort,
    back,
    router_for,
    translations_button,
    turning_of,
)
from locales import Html, day, number
from locales.when import parse_day
from reports.cohorts import report
from reports.qr import qr_picture
from reports.tables import as_text

PER_PAGE = 10
PEOPLE = 30
MOST = 20
"""So many organisations are offered to choose from, or courses on one page."""
SHOWN = 22

# Making one


async def _name(answering: Answering, text: str) -> str:
    return translations.clean(SUBJECT, "name", text)


async def _organization(answering: Answering, text: str) -> str:
    shown = await providers.organizations(answering.session, 0, MOST)
    if text not in {one.ref for one in shown.rows}:
        raise NotUnderstoodError("choice")
    return text


async def _first(answering: Answering, text: str) -> str:
    found = _day(answering, text)
    if found is None:
        raise NotUnderstoodError("day")
    return found.isoformat()


async def _last(answering: Answering, text: str) -> str:
    found = _day(answering, text)
    now = today(answering.now, answering.network.zone)
    if found is None or found < max(now, date.fromisoformat(answering.answers["first"])):
        raise NotUnderstoodError("ends_at")
    return found.isoformat()


def _day(answering: Answering, text: str) -> date | None:
    here = today(answering.now, answering.network.zone)
    return parse_day(text, here, answering._.language)


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the course called? A few words, in your own language."))


async def _ask_organization(page: Page, about: Any, answers: Any) -> Question:
    shown = await providers.organizations(page.session, 0, MOST)
    called = await translations.blocks(
        page.session,
        "organization",
        [one.id for one in shown.rows],
        page.reads,
        page.network.language,
    )
    choices = [(called[one.id].get("name"), one.ref) for one in shown.rows if one.id in called]
    text = page._("Which organisation gives the course? Skip it if it is the network's own.")
    return Question(text, choices)


async def _ask_first(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("On which day does it begin? For example: 24.11."))


async def _ask_last(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("On which day does it end? For example: 24.11."))


async def _added(answering: Answering) -> Replies:
    given = answering.answers
    cohort = await cohorts.add(
        answering.session,
        answering.person,
        answering._.language,
        given["name"],
        date.fromisoformat(given["first"]),
        end_of(date.fromisoformat(given["last"]), answering.network.zone),
        answering.now,
        organization=given.get("organization"),
    )
    return [say("cohort", ref=cohort.ref)]


async def _renamed(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    language, name = answering._.language, answering.answers["name"]
    await cohorts.write(answering.session, answering.person, ref, language, name, answering.now)
    return [say("cohort", ref=ref)]


def _to_one(about: Any) -> Reply:
    return say("cohort", ref=about["ref"])


NAME = Field("name", _ask_name, _name)
NEW = Form(
    "cohort.new",
    [
        NAME,
        Field("organization", _ask_organization, _organization, optional=True, by_button=True),
        Field("first", _ask_first, _first),
        Field("last", _ask_last, _last),
    ],
    _added,
    home=lambda _about: say("cohorts"),
)
RENAME = Form("cohort.name", [NAME], _renamed, home=_to_one)
FORMS = (NEW, RENAME)

# Handlers


async def touched(
    query: Any,
    callback_data: OneCohort,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show the courses or one of them, begin one, or do what the button says."""
    ref, act = callback_data.ref, callback_data.act
    if act == "new":
        return await begin(NEW, state)
    if not ref:
        return [edit("cohorts", at=callback_data.at)]
    await cohorts.opened(session, person, ref, now)
    if act == "name":
        return await begin(RENAME, state, ref=ref)
    if act == "link":
        return [say("cohort.link", ref=ref)]
    if act == "who":
        return [edit("cohort.who", ref=ref, at=callback_data.at)]
    if act in ("close", "reopen"):
        await cohorts.let_in(session, person, ref, now, on=act == "reopen")
    elif act in ("goes_on", "ends"):
        await cohorts.settle(session, person, ref, now, goes_on=act == "goes_on")
    elif act != "open":
        return [toast("old_button")]
    return [edit("cohort", ref=ref)]


async def figures_opened(query: Any) -> Replies:
    """Show what the courses came to."""
    return [edit("cohorts.figures")]


# Cards


async def name_of(page: Page, cohort: Cohort) -> str:
    """Return what a course is called, for this reader."""
    block = await block_for(page, SUBJECT, cohort.id)
    return block.get("name") if block else "?"


async def given_by(page: Page, cohort: Cohort) -> Html | None:
    """Say whose course it is, unless it is the network's own."""
    number_of = cohort.organization_id
    block = await block_for(page, "organization", number_of) if number_of else None
    return page._("Given by: {organisation}", organisation=block.get("name")) if block else None


def dates(page: Page, cohort: Cohort) -> Html:
    """Say from when to when it is."""
    _ = page._
    last = last_day(cohort.ends_at, page.network.zone)
    return _("📅 {first} to {last}", first=day(cohort.starts_on, _), last=day(last, _))


async def choices(page: Page, *, every: bool = False) -> list[tuple[str, str]]:
    """Return the names of all courses with their references, the newest first.

    Without those that do not go on, unless ``every`` is asked for.
    """
    query = select(Cohort).order_by(Cohort.id.desc())
    if not every:
        query = query.where(Cohort.goes_on.is_distinct_from(False))
    found = (await page.session.scalars(query)).all()
    called = await translations.blocks(
        page.session, SUBJECT, [one.id for one in found], page.reads, page.network.language
    )
    return [(called[one.id].get("name"), one.ref) for one in found if one.id in called]


async def over_buttons(page: Page, found: Sequence[Cohort]) -> list[list[Button]]:
    """Return the ways to courses that are over, of which nobody has said what becomes of them."""
    _ = page._
    rows = []
    for cohort in found:
        name = await name_of(page, cohort)
        name = name if len(name) <= SHOWN else f"{name[: SHOWN - 1]}…"
        label = _.label("button", "🎓 Over: {course}", course=name)
        rows.append([Button(label, OneCohort(ref=cohort.ref))])
    return rows


async def list_card(page: Page, at: int = 0) -> Message:
    """List the courses, the newest first."""
    _ = page._
    shown = await cohorts.every(page.session, page.reader, page.now, at, size=PER_PAGE)
    called = await translations.blocks(
        page.session, SUBJECT, [one.id for one in shown.rows], page.reads, page.network.language
    )
    rows = [
        [Button(called[one.id].get("name") if one.id in called else "?", OneCohort(ref=one.ref))]
        for one in shown.rows
    ]
    rows += [
        turning_of(shown, lambda to: OneCohort(at=to), _),
        [Button(_.label("button", "➕ New course"), OneCohort(act="new"))],
        [Button(_.label("button", "🎒 Courses in figures"), OneCohort(act="figures"))],
        [back(_)],
    ]
    text = lines(
        _("🎒 <b>Courses</b>"),
        _(
            "Those who take a course together can be a group of the network, with events and "
            "news of their own. Each of them says yes to it first."
        ),
    )
    return Message(text, rows)


async def card(page: Page, ref: str) -> Message:
    """Show a course to the team, and what can be done with it."""
    _ = page._
    cohort = await cohorts.opened(page.session, page.reader, ref, page.now)
    who = await cohorts.who(page.session, page.reader, ref, page.now, size=1)
    asks = cohort.is_to_be_settled(page.now)
    text = lines(
        Html("🎒 <b>") + await name_of(page, cohort) + Html("</b>"),
        await given_by(page, cohort),
        dates(page, cohort),
        _("👥 They belong to it: {n}", n=number(who.total, _)),
        _stands(page, cohort),
        *(
            (
                "",
                _("It is over. Does it go on, as a group of those who were there?"),
                _("If not, nobody belongs to it any more. All stay members of the network."),
            )
            if asks
            else ()
        ),
    )
    rows = []
    if asks:
        rows += [
            [Button(_.label("button", "✅ It goes on"), OneCohort(ref=ref, act="goes_on"))],
            [Button(_.label("button", "🏁 It ends here"), OneCohort(ref=ref, act="ends"))],
        ]
    if cohort.takes_people:
        rows += [
            [Button(_.label("button", "🔗 Link to join"), OneCohort(ref=ref, act="link"))],
            [Button(_.label("button", "🚫 Close the link"), OneCohort(ref=ref, act="close"))],
        ]
    elif cohort.goes_on is not False:
        label = _.label("button", "🔗 Open the link again")
        rows.append([Button(label, OneCohort(ref=ref, act="reopen"))])
    rows += [
        [Button(_.label("button", "👥 Who belongs to it"), OneCohort(ref=ref, act="who"))],
        [Button(_.label("button", "✏️ Name"), OneCohort(ref=ref, act="name"))],
        [translations_button(_)],
        await decisions.way(page, Kind.COURSE, ref),
        [Button(_.label("button", "All courses"), OneCohort())],
    ]
    return Message(text, rows)


def _stands(page: Page, cohort: Cohort) -> Html | None:
    _ = page._
    if cohort.goes_on is False:
        return _("🏁 It has ended: nobody belongs to it any more.")
    if cohort.goes_on:
        return _("🎓 The course is over, and the group goes on.")
    if not cohort.is_open:
        return _("🚫 Its link is closed: nobody new comes in.")
    return _("“For whom” of an event, or of a newsletter, offers it.")


async def link_card(page: Page, ref: str) -> Message:
    """Show the link of a course, as text and as a picture to print."""
    _ = page._
    cohort = await cohorts.opened(page.session, page.reader, ref, page.now)
    if not cohort.takes_people:
        return Message(_("🚫 Its link is closed: nobody new comes in."))
    link = page.network.link(f"k-{ref}")
    name = await name_of(page, cohort)
    text = lines(
        _("🔗 With this link people join the course {course}: {link}", course=name, link=link),
        "",
        _("Whoever opens it reads what it means, and says yes or no. Nobody is put in unasked."),
    )
    return Message(text, [], File("diwan.png", qr_picture(link), is_picture=True))


async def who_card(page: Page, ref: str, at: int = 0) -> Message:
    """List who belongs to a course."""
    _ = page._
    shown = await cohorts.who(page.session, page.reader, ref, page.now, at, size=PEOPLE)
    text = lines(
        _("<b>They belong to it</b>"),
        *(_("• {name}", name=one.name) for one in shown.rows),
        None if shown.rows else _("Nobody yet."),
    )
    turn = turning_of(shown, lambda to: OneCohort(ref=ref, act="who", at=to), _)
    return Message(text, [turn, [Button(_.label("button", "Back"), OneCohort(ref=ref))]])


async def figures_card(page: Page) -> Message:
    """Show what each course came to."""
    _ = page._
    found = await read_cohorts(page.session, page.reader, page.now, size=MOST)
    told: list[tuple[str, CohortFigures]] = [
        (await name_of(page, one.cohort), one) for one in found
    ]
    is_animator = await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now)
    leaves = Button(_.label("button", "Back"), OneCohort() if is_animator else Months())
    return Message(as_text(report(told, _), _), [[leaves]])


async def ended(page: Page) -> Message:
    """Say in a few words why nothing can be for it."""
    return Message(page._.label("toast", "This course has ended: nobody belongs to it any more."))


CARDS: dict[str, Any] = {
    "cohort.ended": ended,
    "cohorts": list_card,
    "cohort": card,
    "cohort.link": link_card,
    "cohort.who": who_card,
    "cohorts.figures": figures_card,
}


def setup() -> Router:
    """Take the buttons of the courses; the figures are for coordinators, too."""
    router = Router(name="cohorts")
    shown = router_for("courses in figures", ANIMATORS | COORDINATORS)
    shown.callback_query.register(figures_opened, OneCohort.filter(F.act == "figures"))
    desk = router_for("courses", ANIMATORS)
    desk.callback_query.register(touched, OneCohort.filter())
    router.include_routers(shown, desk)
    return router
