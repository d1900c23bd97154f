"""Writing an ask or an offer: a few taps, the words, and what members get of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import posts
from community.areas import Area
from community.base import find
from community.errors import NotUnderstoodError
from community.needs import Need
from community.people import Person
from community.posts import LASTS, Category, Draft, Kind
from handlers import post_words, words
from handlers.content import area_choices
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.posting import Posts, PutUp
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    Reply,
    edit,
    lines,
    say,
    toast,
)
from locales import Html, Translator, language_name

EVERYWHERE = "everywhere"


async def _ask_kind(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("Do you look for something, or have something to offer?"),
        [(post_words.kind(code, _), code.value) for code in Kind],
    )


async def _ask_category(page: Page, about: Any, answers: Mapping[str, Any]) -> Question:
    _, kind = page._, Kind(answers["kind"])
    return Question(
        _("What do you look for?") if kind == Kind.ASK else _("What do you offer?"),
        [(post_words.category(kind, code, _), code.value) for code in Category],
    )


async def _ask_need(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _(
            "What is it about? Members whom it fits hear of it. Without this, those who live "
            "where it is and read your language."
        ),
        [(words.need(code, _), code.value) for code in Need],
    )


async def _ask_area(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("Where?"), [(_.label("area", "🌍 Everywhere"), EVERYWHERE), *await area_choices(page)]
    )


async def _ask_text(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Now write a few sentences, in your own language."),
            _(
                "Please no names, telephone numbers, links or addresses: members answer you here, "
                "and you decide to whom you show your contact."
            ),
        )
    )


async def _code(answering: Answering, text: str) -> str:
    if not answering.chosen:
        raise NotUnderstoodError("choice")
    return text


async def _text(answering: Answering, text: str) -> str:
    return posts.checked(text)


async def _written(answering: Answering) -> Replies:
    """Show what was written as others get it; the conversation keeps it."""
    answers = dict(answering.answers)
    await answering.state.update_data(post=answers)
    return [say("post.preview", answers=answers)]


def _home(about: Mapping[str, Any]) -> Reply:
    return say("post.board")


NEW = Form(
    "post.new",
    [
        Field("kind", _ask_kind, _code, by_button=True),
        Field("category", _ask_category, _code, by_button=True),
        Field("need", _ask_need, _code, by_button=True, optional=True),
        Field("area", _ask_area, _code, by_button=True),
        Field("text", _ask_text, _text),
    ],
    _written,
    home=_home,
)


FORMS = (NEW,)


async def preview(page: Page, answers: Mapping[str, Any]) -> Message:
    """Show what was written as others get it."""
    _ = page._
    area = answers["area"]
    where = await post_words.area_name(page, (await find(page.session, Area, area)).id) \
        if area != EVERYWHERE else None  # fmt: skip
    need = answers.get("need")
    text = lines(
        _("👁 This is what members get:"),
        "",
        post_words.heading(Kind(answers["kind"]), Category(answers["category"]), _),
        Html("") + answers["text"],
        "",
        *post_words.facts(need, where, _),
        "",
        _heard_by(need, where, _),
        _.ngettext(
            "It stays for {n} day. We ask you before it ends.",
            "It stays for {n} days. We ask you before it ends.",
            LASTS.days,
        ),
    )
    rows = [
        [Button(_.label("button", "📌 Put it up"), PutUp(act="send"))],
        [Button(_.label("button", "✏️ Write it anew"), PutUp(act="again"))],
        [Button(_.label("button", "Asks and offers"), Posts())],
    ]
    return Message(text, rows)


def _heard_by(need: str | None, where: str | None, _: Translator) -> Html:
    if need is not None:
        return _("🔔 Members whom it fits hear of it.")
    if where is not None:
        name = language_name(_.language, _)
        return _("🔔 Members who live there and read {language} hear of it.", language=name)
    return _(
        "🔕 It stands among the asks and offers, and nobody hears of it: it names neither what it "
        "is about nor a place."
    )


async def put_up(
    query: Any,
    callback_data: PutUp,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    network: Network,
    _: Translator,
) -> Replies:
    """Put up exactly what was shown, or write it anew."""
    kept = (await state.get_data()).get("post")
    if kept is None:
        return [toast("old_button")]
    if callback_data.act == "again":
        return await begin(NEW, state)
    if callback_data.act != "send":
        return [toast("old_button")]
    area = None if kept["area"] == EVERYWHERE else kept["area"]
    draft = Draft(kept["kind"], kept["category"], kept.get("need"), area)
    post = await posts.write(
        session, person, draft, _.language, kept["text"], now,
        zone=network.zone, country=network.country,
    )  # fmt: skip
    await state.clear()
    return [edit("post.one", ref=post.ref)]


CARDS = {"post.preview": preview}


def setup() -> Router:
    """Take the button under what has just been written."""
    router = Router(name="post writing")
    router.callback_query.register(put_up, PutUp.filter())
    return router
