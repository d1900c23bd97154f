"""What became of what members said: at /news for everybody, in a newsletter, and as a page."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import F, Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import decisions, roles, translations
from community.activities import Kind
from community.decisions import DOES, LEARNED, SAID, SUBJECT, Decision, Worked
from community.errors import NotFoundError
from community.people import Person
from community.roles import RoleName
from community.translations import LIMITS, Reads, Shelf
from handlers import menu
from handlers.activities import name_of
from handlers.decisions import period_name, words_of, worked_name
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
)
from handlers.staff import COORDINATORS, Decisions, OpenSend, router_for, turning_of
from locales import (
    OFFERED,
    Html,
    Translator,
    day,
    native_name,
    plain,
    translator_for,
    without_isolates,
)
from reports import lessons_page
from reports.lessons_page import Lesson, Words

PER_PAGE = 3
PUBLIC = frozenset({Kind.EVENT, Kind.SERIES, Kind.LESSON, Kind.COURSE, Kind.SERVICE})
"""What the page names of what a decision changed; plans and agreements are nobody else's."""
MOST = 50
"""So many decisions stand on the page: the newest."""


class ToldBack(CallbackData, prefix="cf"):
    """A page of what became of what members said."""

    at: int = 0


class PageIn(CallbackData, prefix="cg"):
    """The page to publish, in a language."""

    language: str


# For members


async def way(page: Page) -> list[Button]:
    """Return the button that leads there, once there is something to read."""
    if not (await decisions.published(page.session, size=1)).rows:
        return []
    return [Button(page._.label("button", "📌 What became of what you said"), ToldBack())]


async def pressed(query: Any, callback_data: ToldBack) -> Replies:
    """Show a page of it."""
    return [edit("told_back", at=callback_data.at)]


async def list_card(page: Page, at: int = 0) -> Message:
    """Tell what was said and what is done, in the reader's language, the newest first."""
    _ = page._
    shown = await decisions.published(page.session, at=at, size=PER_PAGE)
    told: list[Html | str] = []
    for decision in shown.rows:
        period = period_name(decision.year, decision.number, _)
        told += ["", Html("<b>") + period + Html("</b>"), *await words_of(page, decision)]
        if decision.worked:
            told.append(worked_name(Worked(decision.worked), _))
    text = lines(
        _("📌 <b>What became of what you said</b>"),
        *told,
        None if shown.rows else _("There is nothing to tell yet."),
    )
    rows = [turning_of(shown, lambda to: ToldBack(at=to), _), [menu.button(_)]]
    return Message(text, rows)


# In a newsletter


async def letters(
    session: AsyncSession, found: list[Decision], network: Network
) -> tuple[list[Decision], Mapping[str, tuple[str, str]]]:
    """Return a newsletter about as many decisions as have room, in each language they all have.

    The network's own language comes first if they have it: it is what the others are made from.
    """
    shelves = await translations.shelves(session, SUBJECT, [one.id for one in found])
    found = [one for one in found if one.id in shelves]
    while found:
        have = [set(shelves[one.id].complete) for one in found]
        shared = set.intersection(*have) & {*OFFERED}
        order = sorted(shared, key=lambda code: (code != network.language, code))
        told = {code: _letter([shelves[one.id] for one in found], code) for code in order}
        if told and all(
            len(body) <= LIMITS["newsletter", "body"] for _title, body in told.values()
        ):
            return found, told
        found = found[:-1]
    return [], {}


def _letter(shelves: list[Shelf], language: str) -> tuple[str, str]:
    _ = translator_for(language)
    parts = [_.label("letter", "You told us how it is going. This is what we make of it.")]
    for shelf in shelves:
        block = shelf.choose(Reads(language), language)
        assert block is not None
        parts.append(_.label("letter", "💬 You said: {text}", text=block.get(SAID)))
        parts.append(_.label("letter", "📌 We do: {text}", text=block.get(DOES)))
    parts.append(_.label("letter", "Thank you for every answer. /news has all of it."))
    return (
        without_isolates(_.label("letter", "You said, we did")),
        without_isolates("\n\n".join(parts)),
    )


async def told(
    query: Any,
    callback_data: Decisions,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    state: FSMContext,
) -> Replies:
    """Show the newsletter first; once agreed to, begin it; or choose the page's language."""
    await state.clear()
    if callback_data.act == "page":
        return [edit("told_back.languages")]
    if callback_data.act == "tell":
        return [edit("told_back.preview")]
    found = list(await decisions.untold(session, person, now))
    chosen, written = await letters(session, found, network)
    if not chosen:
        raise NotFoundError("Decision")
    send = await decisions.tell(session, person, chosen, written, now)
    return [edit("told_back.begun", ref=send.ref)]


async def preview_card(page: Page) -> Message:
    """Show what would be told, in the reader's language if it is there."""
    _ = page._
    found = list(await decisions.untold(page.session, page.reader, page.now))
    chosen, written = await letters(page.session, found, page.network)
    back = [Button(_.label("button", "Back"), Decisions())]
    if not chosen:
        text = _(
            "There is nothing to tell: no decision is published that is in one language with "
            "the others and was not told yet."
        )
        return Message(text, [back])
    language = page._.language if page._.language in written else next(iter(written))
    title, body = written[language]
    text = lines(
        _("This is how the newsletter begins:"),
        "",
        Html("<b>") + title + Html("</b>"),
        body,
        "",
        _(
            "It is there in: {languages}",
            languages=", ".join(native_name(code) for code in written),
        ),
        _(
            "It becomes a draft for the animators, who see to the other languages, approve and "
            "send it as every newsletter."
        ),
    )
    yes = Button(_.label("button", "✅ Make the draft"), Decisions(act="draft"))
    return Message(text, [[yes], back])


async def begun_card(page: Page, ref: str) -> Message:
    """Say that the draft is there, and lead whoever may to it."""
    _ = page._
    rows = [[Button(_.label("button", "All decisions"), Decisions())]]
    if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        rows.insert(0, [Button(_.label("button", "Open the newsletter"), OpenSend(ref=ref))])
    return Message(
        _("✅ The draft is there. The animators find it under /animate, “Newsletters”."), rows
    )


# As a page


async def languages_card(page: Page) -> Message:
    """Choose the language of the page to publish."""
    _ = page._
    await roles.require(page.session, page.reader, RoleName.COORDINATOR, page.now)
    text = lines(
        _("📄 <b>A page to publish</b>"),
        _(
            "What was said, what we did, and what we learned: every published decision, as one "
            "page for the web or for paper. Nobody is named in it. In which language?"
        ),
    )
    found = [Button(native_name(code), PageIn(language=code)) for code in OFFERED]
    return Message(text, [*in_rows(found, 2), [Button(_.label("button", "Back"), Decisions())]])


async def page_asked(query: Any, callback_data: PageIn) -> Replies:
    """Hand the page over."""
    if callback_data.language not in OFFERED:
        raise NotFoundError("Language")
    return [say("told_back.page", language=callback_data.language)]


async def page_card(page: Page, language: str) -> Message:
    """Hand over the page to publish."""
    await roles.require(page.session, page.reader, RoleName.COORDINATOR, page.now)
    shown = await decisions.published(page.session, size=MOST)
    _, theirs = page._, translator_for(language)
    found = list(shown.rows)
    shelves = await translations.shelves(page.session, SUBJECT, [one.id for one in found])
    changed = await decisions.changed(page.session, found)
    made = []
    for one in found:
        if one.id in shelves:
            names = [
                without_isolates(await name_of(page, kind, row))
                for kind, row in changed[one.id]
                if kind in PUBLIC
            ]
            made.append(_lesson(one, shelves[one.id], names, page.network, theirs))
    today = day(page.now.astimezone(ZoneInfo(page.network.zone)).date(), theirs)
    content = partial(lessons_page.page, made, plain(today), theirs)
    name = without_isolates(_.label("file", "lessons-learned"))
    file = File(f"{name}-{language}.html", content)
    return Message(_("Here is the page. It needs nothing but itself."), file=file)


def _lesson(
    decision: Decision, shelf: Shelf, names: list[str], network: Network, _: Translator
) -> Lesson:
    block = shelf.choose(Reads(_.language), network.language)
    assert block is not None

    def words(field: str) -> Words:
        return Words(block.get(field), block.language)

    return Lesson(
        period_name(decision.year, decision.number, _),
        words(SAID),
        words(DOES),
        names,
        worked_name(Worked(decision.worked), _) if decision.worked else "",
        words(LEARNED) if block.get(LEARNED) else None,
    )


CARDS: Mapping[str, Any] = {
    "told_back": list_card,
    "told_back.preview": preview_card,
    "told_back.begun": begun_card,
    "told_back.languages": languages_card,
    "told_back.page": page_card,
}


def setup() -> Router:
    """Take what everybody reads, and from coordinators what leads there."""
    router = Router(name="told_back")
    router.callback_query.register(pressed, ToldBack.filter())
    desk = router_for("telling back", COORDINATORS)
    desk.callback_query.register(told, Decisions.filter(F.act.in_({"tell", "draft", "page"})))
    desk.callback_query.register(page_asked, PageIn.filter())
    router.include_router(desk)
    return router
