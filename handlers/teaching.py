"""The team's lessons: its own two, those that it writes for members, and how many were taken."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import lessons, roles, translations
from community.activities import Kind
from community.errors import NotUnderstoodError
from community.lessons import (
    ANSWERS,
    FEWEST_ANSWERS,
    OF_TEAM,
    PICTURE,
    QUESTION,
    SCREENS,
    SUBJECT,
    TITLE,
    WHY,
    Leads,
    State,
)
from community.people import Person
from community.roles import RoleName
from community.sends import Picture
from handlers import decisions
from handlers.forms import Answering, Field, Form, Question, begin, picture_in
from handlers.learn import way_of
from handlers.menu import Screen
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import (
    ANIMATORS,
    COORDINATORS,
    AsTheyStand,
    LessonFigures,
    Months,
    OneLesson,
    Taught,
    back,
    router_for,
    translations_button,
    turning_of,
)
from locales import Html, Translator, join, language_name, number
from reports.figures import language_title
from reports.tables import Report, Section, as_text, note, rows

PER_PAGE = 10

# Writing one


async def _text(answering: Answering, text: str, field: str) -> str:
    return translations.clean(SUBJECT, field, text)


async def _title(answering: Answering, text: str) -> str:
    return await _text(answering, text, TITLE)


async def _screen(answering: Answering, text: str) -> str:
    return await _text(answering, text, SCREENS[0])


async def _asked(answering: Answering, text: str) -> str:
    return await _text(answering, text, QUESTION)


async def _why(answering: Answering, text: str) -> str:
    return await _text(answering, text, WHY)


async def _in_words(answering: Answering, text: str) -> str:
    return await _text(answering, text, PICTURE)


async def _answers(answering: Answering, text: str) -> list[str]:
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not FEWEST_ANSWERS <= len(found) <= len(ANSWERS):
        raise NotUnderstoodError("answers")
    return [
        translations.clean(SUBJECT, field, line)
        for field, line in zip(ANSWERS, found, strict=False)
    ]


async def _right(answering: Answering, text: str) -> int:
    if text not in {str(at) for at in range(len(answering.answers["answers"]) + 1)}:
        raise NotUnderstoodError("choice")
    return int(text)


async def _leads(answering: Answering, text: str) -> str:
    if text not in set(Leads) - OF_TEAM:
        raise NotUnderstoodError("choice")
    return text


async def _picture(answering: Answering, text: str) -> dict[str, Any]:
    found = picture_in(answering.incoming)
    if found is None:
        raise NotUnderstoodError("picture")
    return {"file_id": found.file_id, "is_photo": found.is_photo}


async def _ask_title(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the lesson called? A few words, in your own language."))


async def _ask_first(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Write the first part: a few short, plain sentences."),
            _("A lesson has up to four parts. One thought in each is enough."),
        )
    )


async def _ask_more(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Write the next part. Or skip it: then the question comes."))


async def _ask_question(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Which question does the lesson end with?"))


async def _ask_answers(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Write two to four answers, each on a line of its own."))


async def _ask_right(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    choices = [(answer, str(at)) for at, answer in enumerate(answers["answers"], start=1)]
    return Question(
        _("Which answer is right?"), [*choices, (_.label("button", "Each of them is"), "0")]
    )


async def _ask_why(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What should members read after they have answered?"))


async def _ask_picture(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Send a picture for the first part, or skip this."))


async def _ask_words(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._("What is in the picture? Write it for those who cannot see or load it.")
    )


async def _ask_leads(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    choices = [(way_of(leads, _).text, leads.value) for leads in Leads if leads not in OF_TEAM]
    return Question(_("What can members do next? The lesson ends with this button."), choices)


def _has(field: str) -> Any:
    def applies(answers: Mapping[str, Any]) -> bool:
        return field in answers

    return applies


ASKED = Field(QUESTION, _ask_question, _asked)
ANSWERED = Field("answers", _ask_answers, _answers)
RIGHT = Field("right", _ask_right, _right, by_button=True)
AFTER = Field(WHY, _ask_why, _why, optional=True)
SENT = Field("file", _ask_picture, _picture, optional=True, takes_picture=True)
IN_WORDS = Field(PICTURE, _ask_words, _in_words, applies=_has("file"))
NEXT = Field("leads", _ask_leads, _leads, by_button=True)
FIELDS = (
    Field(TITLE, _ask_title, _title),
    Field(SCREENS[0], _ask_first, _screen),
    *(
        Field(field, _ask_more, _screen, optional=True, applies=_has(before))
        for before, field in pairwise(SCREENS)
    ),
    *(ASKED, ANSWERED, RIGHT, AFTER, SENT, IN_WORDS, NEXT),
)


async def _added(answering: Answering) -> Replies:
    given = answering.answers
    texts = {
        field: given[field]
        for field in (TITLE, *SCREENS, QUESTION, WHY, PICTURE)
        if field in given
    }
    texts |= dict(zip(ANSWERS, given["answers"], strict=False))
    file = given.get("file")
    lesson = await lessons.add(
        answering.session,
        answering.person,
        answering._.language,
        texts,
        answering.now,
        leads=Leads(given["leads"]),
        right=given["right"],
        picture=Picture(file["file_id"], file["is_photo"]) if file else None,
    )
    return [say("teaching.lesson", ref=lesson.ref)]


NEW = Form("lesson.new", FIELDS, _added, home=lambda _about: say("teaching"))
FORMS = (NEW,)

# Handlers


async def list_opened(query: Any, callback_data: Taught, state: FSMContext) -> Replies:
    """Show a page of the lessons, or begin one."""
    if callback_data.act == "new":
        return await begin(NEW, state)
    return [edit("teaching", at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OneLesson,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Show a lesson or what can be changed, publish it, take it down, or throw it away."""
    ref, act = callback_data.ref, callback_data.act
    await lessons.opened(session, person, ref, now)
    if act == "change":
        return [edit("lesson.changes", ref=ref)]
    if act in ("publish", "again"):
        await lessons.publish(session, person, ref, now, again=act == "again")
    elif act == "withdraw":
        await lessons.withdraw(session, person, ref, now)
    elif act == "discard":
        await lessons.discard(session, person, ref, now)
        return [edit("teaching"), toast("teaching.discarded")]
    return [edit("teaching.lesson", ref=ref)]


async def figures_opened(query: Any) -> Replies:
    """Show how many members took lessons."""
    return [edit("teaching.figures")]


# Cards


async def list_card(page: Page, at: int = 0) -> Message:
    """Show the team's own lessons first, then a page of those for members."""
    _ = page._
    own = await lessons.offered(
        page.session,
        page.reader,
        page.reads,
        page.network.language,
        page.now,
        for_team=True,
    )
    shown = await lessons.every(page.session, page.reader, page.now, at, size=PER_PAGE)
    names = await translations.blocks(
        page.session, SUBJECT, [one.id for one in shown.rows], page.reads, page.network.language
    )
    rows = []
    for one in own if not shown.at else ():
        label = _.label("button", "🧭 For you: {title}", title=one.block.get(TITLE))
        rows.append([Button(label, Screen(ref=one.lesson.ref))])
    for lesson in shown.rows:
        if lesson.for_team:
            continue
        title = names[lesson.id].get(TITLE) if lesson.id in names else "?"
        rows.append([Button(_marked(State(lesson.state), title, _), OneLesson(ref=lesson.ref))])
    text = lines(
        _("🎓 <b>Lessons</b>"),
        _("Members find them at /learn. ✏️ is a draft, 🚫 is taken down."),
    )
    rows.append(turning_of(shown, lambda to: Taught(at=to), _))
    rows.append([Button(_.label("button", "➕ New lesson"), Taught(act="new"))])
    rows.append([Button(_.label("button", "🎓 Lessons in figures"), LessonFigures())])
    return Message(text, [*rows, [back(_)]])


def _marked(state: State, title: str, _: Translator) -> str:
    return {
        State.DRAFT: _.label("lesson", "✏️ {title}", title=title),
        State.PUBLISHED: _.label("lesson", "🎓 {title}", title=title),
        State.WITHDRAWN: _.label("lesson", "🚫 {title}", title=title),
    }[state]


async def card(page: Page, ref: str) -> Message:
    """Show a lesson as the team sees it, and what can be done with it."""
    _ = page._
    lesson = await lessons.opened(page.session, page.reader, ref, page.now)
    shelf = (await translations.shelves(page.session, SUBJECT, [lesson.id]))[lesson.id]
    block = shelf.choose(page.reads, page.network.language)
    assert block is not None
    there = [language_name(language, _) for language in sorted(shelf.complete)]
    state = State(lesson.state)
    text = lines(
        Html("<b>") + block.get(TITLE) + Html("</b>"),
        _states(state, _),
        _("Parts: {number}", number=number(len(lessons.screens_of(block)), _)),
        _("At the end: {button}", button=way_of(Leads(lesson.leads), _).text),
        _("It is there in: {languages}", languages=join(there, _)),
    )
    does = {
        State.DRAFT: (_.label("button", "📢 Publish it"), "publish"),
        State.PUBLISHED: (_.label("button", "🚫 Take it down"), "withdraw"),
        State.WITHDRAWN: (_.label("button", "📢 Publish it again"), "again"),
    }[state]
    discard = Button(_.label("button", "🗑 Throw it away"), OneLesson(ref=ref, act="discard"))
    change = Button(_.label("button", "✏️ Change it"), OneLesson(ref=ref, act="change"))
    rows = [
        [Button(_.label("button", "👀 Look at it"), Screen(ref=ref))],
        [Button(does[0], OneLesson(ref=ref, act=does[1]))],
        [change] if lesson.code is None else [],
        [
            Button(
                _.label("button", "🎙 Read aloud or put right"),
                AsTheyStand(subject=SUBJECT, ref=ref),
            )
        ],
        [translations_button(_)],
        await decisions.way(page, Kind.LESSON, ref),
        [discard] if state == State.DRAFT else [],
        [Button(_.label("button", "Back"), Taught())],
    ]
    return Message(text, rows)


def _states(state: State, _: Translator) -> Html:
    return {
        State.DRAFT: _("✏️ A draft: only the team can see it."),
        State.PUBLISHED: _("🎓 Members can take it."),
        State.WITHDRAWN: _("🚫 It is taken down: members do not see it."),
    }[state]


async def figures_card(page: Page) -> Message:
    """Show how many members took lessons, by language."""
    _ = page._
    found = await lessons.completion(page.session, page.reader, page.now)
    told = Report(
        _.label("figure", "Lessons"),
        _.label("figure", "Members, by the language in which they read."),
        [
            Section(
                _.label("figure", "Finished at least one lesson"),
                rows(found.finished, lambda code: language_title(code, _), _),
            ),
            Section(
                _.label("figure", "Began, and have not finished one yet"),
                rows(found.under_way, lambda code: language_title(code, _), _),
            ),
        ],
        note(_),
    )
    is_animator = await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now)
    leaves = Button(_.label("button", "Back"), Taught() if is_animator else Months())
    return Message(as_text(told, _), [[leaves]])


async def discarded(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "The draft is gone."))


CARDS: Mapping[str, Any] = {
    "teaching": list_card,
    "teaching.lesson": card,
    "teaching.figures": figures_card,
    "teaching.discarded": discarded,
}


def setup() -> Router:
    """Take the buttons of the team's lessons; the figures are for coordinators, too."""
    router = Router(name="teaching")
    desk = router_for("the team's lessons", ANIMATORS)
    desk.callback_query.register(list_opened, Taught.filter())
    desk.callback_query.register(touched, OneLesson.filter())
    figures = router_for("lessons in figures", ANIMATORS | COORDINATORS)
    figures.callback_query.register(figures_opened, LessonFigures.filter())
    router.include_routers(desk, figures)
    return router
