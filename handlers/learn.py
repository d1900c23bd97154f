"""/learn: lessons, screen by screen, to a question and to something to do next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import lessons, limits, reading_aloud, roles, translations
from community.errors import NotFoundError
from community.lessons import PICTURE, QUESTION, SUBJECT, TITLE, WHY, Leads, Lesson, State
from community.limits import Limit
from community.people import Person
from community.recordings import Recording
from community.roles import RoleName
from community.translations import Block, Reads
from handlers import menu
from handlers.content import authored, block_for
from handlers.looking import Networks
from handlers.menu import AskTeam, Learn, Menu, Propose, Screen, Share
from handlers.planning import Events
from handlers.replies import (
    Button,
    File,
    Message,
    Network,
    Page,
    Replies,
    Reply,
    blockquote,
    edit,
    lines,
    say,
    toast,
)
from handlers.skills import check_button, near_button
from handlers.staff import Desk, OneLesson, Taught
from locales import Html, Translator, number, translator_for
from reports import lesson_picture


class Answered(CallbackData, prefix="qa"):
    """An answer to the question of a lesson, counted from 1; ``asked`` seals what was asked."""

    ref: str
    asked: str
    chosen: int

    def card(self) -> Reply:
        """Return the lesson as it is now."""
        return edit("lesson.screen", ref=self.ref)


class Hear(CallbackData, prefix="qv"):
    """Hear one text of a lesson, in the language it is shown in."""

    ref: str
    language: str
    field: str


class See(CallbackData, prefix="qp"):
    """See the picture of a lesson."""

    ref: str


# Handlers


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /learn."""
    await state.clear()
    return [say("lessons")]


async def list_opened(query: Any, state: FSMContext) -> Replies:
    """Show the lessons in place."""
    await state.clear()
    return [edit("lessons")]


async def turned(
    query: Any,
    callback_data: Screen,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    _: Translator,
) -> Replies:
    """Show a screen, and remember it as the place where a member is."""
    ref, at = callback_data.ref, callback_data.at
    lesson = await lessons.open_to(session, person, ref, now)
    language = await _language_of(session, lesson, person, network, _)
    await lessons.turn(session, person, ref, at, language, now)
    return [edit("lesson.screen", ref=ref, at=at)]


async def answered(
    query: Any,
    callback_data: Answered,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    _: Translator,
) -> Replies:
    """Say what is right, kindly; whatever was said, the lesson is done.

    If the question has changed since, or is in another language now, it is asked anew.
    """
    ref, chosen = callback_data.ref, callback_data.chosen
    lesson = await lessons.open_to(session, person, ref, now)
    block = await _block_of(session, lesson, person, network, _)
    if block is None or not 1 <= chosen <= len(lessons.ANSWERS):
        return [toast("old_button")]
    if callback_data.asked != lessons.seal_of(block):
        return [edit("lesson.screen", ref=ref, at=len(lessons.SCREENS)), toast("lesson.changed")]
    await lessons.answer(session, person, ref, block.language, now)
    return [edit("lesson.done", ref=ref, chosen=chosen)]


async def _language_of(
    session: AsyncSession, lesson: Lesson, person: Person, network: Network, _: Translator
) -> str:
    """Return the language of the words that somebody gets of a lesson."""
    block = await _block_of(session, lesson, person, network, _)
    return block.language if block else _.language


async def _block_of(
    session: AsyncSession, lesson: Lesson, person: Person, network: Network, _: Translator
) -> Block | None:
    reads = Reads(_.language, person.second_language)
    return await translations.block(session, SUBJECT, lesson.id, reads, network.language)


async def heard(
    query: Any, callback_data: Hear, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Play one text of a lesson."""
    lesson = await lessons.open_to(session, person, callback_data.ref, now)
    language = callback_data.language
    found = await _sounds(session, lesson, language, callback_data.field)
    return [say("listen", ref=one.ref) for one in found] or [toast("listen.gone")]


async def _sounds(
    session: AsyncSession, lesson: Lesson, language: str, field: str
) -> list[Recording]:
    """Return what can be heard of a screen: its title, picture and answers belong to it."""
    beside = {lessons.SCREENS[0]: (TITLE, field, PICTURE), QUESTION: (field, *lessons.ANSWERS)}
    found = await reading_aloud.heard(session, SUBJECT, [lesson.id], language)
    heard = {one.field: one for one in found.get(lesson.id, ())}
    return [heard[each] for each in beside.get(field, (field,)) if each in heard]


async def looked(
    query: Any,
    callback_data: See,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    _: Translator,
) -> Replies:
    """Send the picture of a lesson, with its words."""
    lesson = await lessons.open_to(session, person, callback_data.ref, now)
    block = await _block_of(session, lesson, person, network, _)
    if block is None or picture_of(lesson, block) is None:
        return [toast("old_button")]
    return [say("lesson.picture", ref=lesson.ref)]


# Cards


async def list_card(page: Page) -> Message:
    """List what there is to learn, with where the reader is."""
    _ = page._
    every = await lessons.offered(
        page.session, page.reader, page.reads, page.network.language, page.now
    )
    rows = [[_lesson_button(_, one)] for one in every]
    text = lines(
        _("🎓 <b>Short lessons</b>"),
        _("Each takes about two minutes. You can stop at any time and go on later.")
        if every
        else _("There is no lesson at the moment."),
    )
    more = [[check_button(_)], [near_button(_)]]
    return Message(text, [*rows, *more, [menu.button(_)]])


def _lesson_button(_: Translator, one: lessons.Offered) -> Button:
    title, far = one.block.get(TITLE), one.progress
    if far is None:
        return Button(_.label("lesson", "▫️ {title}", title=title), Screen(ref=one.lesson.ref))
    if far.finished_at is not None:
        return Button(_.label("lesson", "✅ {title}", title=title), Screen(ref=one.lesson.ref))
    label = _.label("lesson", "▶️ {title}", title=title)
    return Button(label, Screen(ref=one.lesson.ref, at=far.screen))


async def _read(page: Page, ref: str) -> tuple[Lesson, Block]:
    lesson = await lessons.open_to(page.session, page.reader, ref, page.now)
    block = await block_for(page, SUBJECT, lesson.id)
    if block is None:
        raise NotFoundError("Lesson")
    return lesson, block


async def screen_card(page: Page, ref: str, at: int = 0) -> Message:
    """Show one screen; after the last, the question."""
    _ = page._
    lesson, block = await _read(page, ref)
    screens = lessons.screens_of(block)
    at = max(at, 0)
    if at >= len(screens):
        return await _question(page, lesson, block, len(screens))
    head = _("Part {number} of {all}", number=number(at + 1, _), all=number(len(screens) + 1, _))
    title = Html("<b>") + block.get(TITLE) + Html("</b>")
    text = lines(head, "", authored(page, block, lines(title, "", block.get(screens[at]))))
    rows = [
        await _listen(page, lesson, block, screens[at]),
        [Button(_.label("button", "Go on ➡️"), Screen(ref=ref, at=at + 1))],
        [Button(_.label("button", "Back"), Screen(ref=ref, at=at - 1))] if at else [],
        await _leave(page, lesson),
    ]
    picture = None if at else picture_of(lesson, block)
    if picture is None:
        return Message(text, rows)
    text = lines(text, *_in_picture(page, block))
    if Limit.NO_DATA in await limits.of(page.session, page.reader):  # nothing heavy unasked
        see = Button(_.label("button", "🖼 Show the picture"), See(ref=ref))
        return Message(text, [[see], *rows])
    return Message(text, rows, picture)


def _in_picture(page: Page, block: Block) -> list[Html]:
    said = blockquote(block.get(PICTURE))
    return [Html(""), page._("🖼 In the picture:"), authored(page, block, said)]


async def _listen(page: Page, lesson: Lesson, block: Block, field: str) -> list[Button]:
    """Return the button that plays this text, if it can be heard; nothing is played unasked."""
    if not await _sounds(page.session, lesson, block.language, field):
        return []
    pressed = Hear(ref=lesson.ref, language=block.language, field=field)
    return [Button(page._.label("button", "🔊 Listen"), pressed)]


async def _leave(page: Page, lesson: Lesson) -> list[Button]:
    """Return the way out: to the lessons, or for the team to where its lessons are."""
    _ = page._
    if not lesson.for_team and lesson.state == State.PUBLISHED:
        return [Button(_.label("button", "All lessons"), Learn())]
    if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        to: CallbackData = Taught() if lesson.for_team else OneLesson(ref=lesson.ref)
        return [Button(_.label("button", "Back to the desk"), to)]
    return [menu.button(_)]


async def _question(page: Page, lesson: Lesson, block: Block, screens: int) -> Message:
    _ = page._
    answers = lessons.answers_of(block)
    numbered = [
        _("{number}. {answer}", number=number(at, _), answer=answer)
        for at, answer in enumerate(answers, start=1)
    ]
    asked = lines(Html("<b>") + block.get(QUESTION) + Html("</b>"), "", *numbered)
    text = lines(
        _("A question to end with. It is no test: nobody sees what you choose."),
        "",
        authored(page, block, asked),
    )
    choices = [
        Button(number(at, _), Answered(ref=lesson.ref, asked=lessons.seal_of(block), chosen=at))
        for at in range(1, len(answers) + 1)
    ]
    rows = [
        await _listen(page, lesson, block, QUESTION),
        choices,
        [Button(_.label("button", "Back"), Screen(ref=lesson.ref, at=screens - 1))],
        await _leave(page, lesson),
    ]
    return Message(text, rows)


async def done_card(page: Page, ref: str, chosen: int = 0) -> Message:
    """Say what is right and why, and what to do now."""
    _ = page._
    lesson, block = await _read(page, ref)
    answers, right = lessons.answers_of(block), lesson.right_answer
    if not 1 <= right <= len(answers):
        told = _("Thank you. There is no wrong answer.")
    elif chosen == right:
        told = _("✅ Yes, that is right.")
    else:
        told = _("Thank you. This helps more:")
        told = lines(told, authored(page, block, blockquote(answers[right - 1])))
    why = block.get(WHY)
    text = lines(
        told,
        authored(page, block, why) if why else None,
        "",
        _("🎓 This lesson is done. What you can do now:"),
    )
    share = Share(what="lesson", ref=ref)
    is_public = not lesson.for_team and lesson.state == State.PUBLISHED
    again = Button(_.label("button", "🔁 Read it again"), Screen(ref=ref))
    rows = [
        [way_of(lesson.leads, _)],
        await _listen(page, lesson, block, WHY),
        [again],
        [Button(_.label("button", "📤 Pass it on"), share)] if is_public else [],
        await _leave(page, lesson),
    ]
    return Message(text, rows)


def way_of(leads: Leads, _: Translator) -> Button:
    """Return the button to the part of the bot that a lesson leads to."""
    if leads == Leads.INTERNET:
        return near_button(_)
    if leads == Leads.CHECK:
        return check_button(_)
    ways: Mapping[Leads, tuple[str, CallbackData]] = {
        Leads.EVENTS: (_.label("button", "📅 See the events"), Menu(to="events")),
        Leads.SUPPORT: (_.label("button", "🤝 Find support"), Menu(to="support")),
        Leads.ME: (_.label("button", "👤 Say what I look for"), Menu(to="me")),
        Leads.ASK: (_.label("button", "✉️ Write to the team"), AskTeam()),
        Leads.NEWS: (_.label("button", "📰 Read the news"), Menu(to="news")),
        Leads.NETWORKS: (_.label("button", "👥 Networks you can join"), Networks()),
        Leads.PROPOSE: (_.label("button", "💡 Propose an event"), Propose(what="event")),
        Leads.MENU: (_.label("button", "See everything there is"), Menu()),
        Leads.DESK: (_.label("button", "Go to my desk"), Desk()),
        Leads.PLAN: (_.label("button", "📅 Plan an event"), Events()),
    }
    label, to = ways[leads]
    return Button(label, to)


async def picture_card(page: Page, ref: str) -> Message | None:
    """Show the picture of a lesson, and what is in it."""
    lesson, block = await _read(page, ref)
    picture = picture_of(lesson, block)
    if picture is None:
        return None
    return Message(authored(page, block, block.get(PICTURE)), file=picture)


def picture_of(lesson: Lesson, block: Block) -> File | None:
    """Return the picture that somebody has sent for a lesson, or that is drawn for it.

    Without words for what is in it there is none.
    """
    if not block.get(PICTURE):
        return None
    if sent := lesson.picture:
        return File("", sent.file_id, is_picture=sent.is_photo)
    drawn = lesson.code or "", block.get(TITLE), translator_for(block.language)
    draw = lesson_picture.picture(*drawn)
    if draw is None:
        return None
    same_for = (SUBJECT, lesson.code, block.get(TITLE), block.language)
    return File("lesson.png", draw, is_picture=True, same_for=same_for)


async def changed_toast(page: Page) -> Message:
    """Tell why the question is asked anew."""
    return Message(page._.label("toast", "The question has changed. Here it is as it is now."))


CARDS = {
    "lessons": list_card,
    "lesson.changed": changed_toast,
    "lesson.screen": screen_card,
    "lesson.done": done_card,
    "lesson.picture": picture_card,
}


def setup() -> Router:
    """Take /learn and the buttons of lessons."""
    router = Router(name="learn")
    router.message.register(command, Command("learn"))
    router.callback_query.register(list_opened, Learn.filter())
    router.callback_query.register(turned, Screen.filter())
    router.callback_query.register(answered, Answered.filter())
    router.callback_query.register(heard, Hear.filter())
    router.callback_query.register(looked, See.filter())
    return router
