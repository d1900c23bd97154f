"""What the team changes about a lesson of its own: question, right answer, picture, what is next.

Each change is shown before it is kept. The words of its parts are put right at the desk.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import lessons
from community.errors import NotUnderstoodError
from community.lessons import ANSWERS, PICTURE, QUESTION, SUBJECT, TITLE, WHY, Leads
from community.people import Person
from community.sends import Picture
from handlers.content import named
from handlers.forms import Answering, Ask, Field, Form, Question, begin
from handlers.learn import way_of
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import ANIMATORS, AsTheyStand, OneLesson, router_for
from handlers.teaching import AFTER, ANSWERED, ASKED, IN_WORDS, NEXT, RIGHT, SENT
from locales import Html, language_name, number

YES = "yes"
WITHOUT = "no_picture!"


class Change(CallbackData, prefix="qg"):
    """What of a lesson is to be changed."""

    ref: str
    what: str


# Asking


def _in_source(asks: Ask) -> Ask:
    """Ask the same, and say in which language the lesson is written if it is not the reader's."""

    async def ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
        _ = page._
        question = await asks(page, about, answers)
        if about["language"] == _.language:
            return question
        language = language_name(about["language"], _)
        said = _("This lesson is written in this language: {language}.", language=language)
        return replace(question, text=lines(question.text, said))

    return ask


async def _ask_right(page: Page, about: Any, answers: Any) -> Question:
    return await RIGHT.ask(page, about, {"answers": about["answers"]})


async def _right(answering: Answering, text: str) -> int:
    found: int = await RIGHT.read(replace(answering, answers=answering.about), text)
    return found


async def _sure(answering: Answering, text: str) -> str:
    if text != YES:
        raise NotUnderstoodError("choice")
    return text


def _sure_of(previews: Ask) -> Field:
    """Return the last question of each change: whether it is right so."""

    async def ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
        _ = page._
        shown = await previews(page, about, answers)
        text = lines(_("This is what members will see:"), "", shown.text)
        return replace(shown, text=text, choices=[(_.label("button", "✅ Keep it"), YES)])

    return Field("sure", ask, _sure, by_button=True)


async def _preview_question(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    given = answers if QUESTION in answers else {**about, **answers}
    each = [
        _("✅ {number}. {answer}", number=number(at, _), answer=answer)
        if given["right"] in (0, at)
        else _("{number}. {answer}", number=number(at, _), answer=answer)
        for at, answer in enumerate(given["answers"], start=1)
    ]
    why = given.get(WHY)
    shown = lines(
        Html("<b>") + given[QUESTION] + Html("</b>"), "", *each, *(["", why] if why else [])
    )
    return Question(lines(*named(page, about["language"], shown)))


async def _ask_picture(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Send the new picture for the first part."))


async def _preview_picture(page: Page, about: Any, answers: Any) -> Question:
    file = answers["file"]
    shown = File("", file["file_id"], is_picture=file["is_photo"])
    return Question(lines(*named(page, about["language"], answers[PICTURE])), file=shown)


async def _preview_next(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(_("At the end: {button}", button=way_of(Leads(answers["leads"]), _).text))


# Keeping


async def _changed(answering: Answering) -> Replies:
    given, about = answering.answers, answering.about
    texts = {field: given[field] for field in (QUESTION, WHY, PICTURE) if field in given}
    texts |= dict(zip(ANSWERS, given.get("answers", ()), strict=False))
    file = given.get("file")
    await lessons.change(
        answering.session,
        answering.person,
        about["ref"],
        texts,
        answering.now,
        seen=about["seen"],
        leads=Leads(given["leads"]) if "leads" in given else None,
        right=given.get("right"),
        picture=Picture(file["file_id"], file["is_photo"]) if file else None,
    )
    return [say("teaching.lesson", ref=about["ref"])]


def _form(what: str, *fields: Field) -> Form:
    asked = [replace(field, ask=_in_source(field.ask)) for field in fields[:-1]]
    return Form(
        f"lesson.{what}",
        [*asked, fields[-1]],
        _changed,
        home=lambda about: say("teaching.lesson", ref=about["ref"]),
    )


FORM_OF: Mapping[str, Form] = {
    "question": _form("question", ASKED, ANSWERED, RIGHT, AFTER, _sure_of(_preview_question)),
    "right": _form(
        "right",
        Field("right", _ask_right, _right, by_button=True),
        _sure_of(_preview_question),
    ),
    "picture": _form(
        "picture",
        replace(SENT, ask=_ask_picture, optional=False),
        IN_WORDS,
        _sure_of(_preview_picture),
    ),
    "next": _form("next", NEXT, _sure_of(_preview_next)),
}
FORMS = tuple(FORM_OF.values())


async def pressed(
    query: Any,
    callback_data: Change,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Begin a change, or take the picture off."""
    ref, what = callback_data.ref, callback_data.what
    lesson = await lessons.opened(session, person, ref, now)
    if lesson.code is not None:
        return [toast("old_button")]
    if what == "no_picture" and lesson.picture:
        return [edit("lesson.no_picture", ref=ref)]
    if what == WITHOUT:
        await lessons.take_picture_off(session, person, ref, now)
        return [edit("lesson.changes", ref=ref)]
    if what == "no_picture":  # it has none any more
        return [edit("lesson.changes", ref=ref)]
    if what not in FORM_OF:
        return [toast("old_button")]
    block = await lessons.source_of(session, lesson)
    return await begin(
        FORM_OF[what],
        state,
        ref=ref,
        language=block.language,
        seen=lessons.seal_of_all(lesson, block),
        answers=lessons.answers_of(block),
        **{field: block.get(field) for field in (QUESTION, WHY)},
    )


async def card(page: Page, ref: str) -> Message:
    """Show what of a lesson can be changed."""
    _ = page._
    lesson = await lessons.opened(page.session, page.reader, ref, page.now)
    block = await lessons.source_of(page.session, lesson)
    text = lines(
        Html("<b>") + block.get(TITLE) + Html("</b>"),
        _("What do you want to change? You see how it will be before it is kept."),
        _("What it says in other languages has to be looked at again after that."),
    )
    rows = [
        [Button(_.label("button", "❓ The question"), Change(ref=ref, what="question"))],
        [Button(_.label("button", "✅ The right answer"), Change(ref=ref, what="right"))],
        [Button(_.label("button", "🖼 Another picture"), Change(ref=ref, what="picture"))],
        [Button(_.label("button", "🖼 No picture"), Change(ref=ref, what="no_picture"))]
        if lesson.picture
        else [],
        [Button(_.label("button", "👉 What comes next"), Change(ref=ref, what="next"))],
        [Button(_.label("button", "📝 The words"), AsTheyStand(subject=SUBJECT, ref=ref))],
        [Button(_.label("button", "Back"), OneLesson(ref=ref))],
    ]
    return Message(text, rows)


async def without_card(page: Page, ref: str) -> Message:
    """Ask for a second tap before a lesson loses its picture, and the words for it."""
    _ = page._
    yes = Button(_.label("button", "🗑 Yes, without it"), Change(ref=ref, what=WITHOUT))
    no = Button(_.label("button", "No, keep it"), OneLesson(ref=ref, act="change"))
    text = lines(
        _("Do you want to take the picture off this lesson?"),
        _("What is written about it goes, too, in every language."),
    )
    return Message(text, [[yes], [no]])


CARDS = {"lesson.changes": card, "lesson.no_picture": without_card}


def setup() -> Router:
    """Take the buttons that change a lesson."""
    router = router_for("changing lessons", ANIMATORS)
    router.callback_query.register(pressed, Change.filter())
    return router
