"""Templates of answers: written once, picked when answering, read before they are sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import inbox, templates, translations
from community.errors import ChangedError
from community.people import Person
from community.templates import SUBJECT, AnswerTemplate
from community.translations import TRANSLATION, Block, Reads, State, seal
from handlers.content import block_for, named
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.inbox import ANSWER
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    Reply,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import (
    ANIMATORS,
    OpenQuestion,
    Templates,
    back,
    router_for,
    translations_button,
    turning_of,
)
from locales import OFFERED, Html, Translator, join, language_name, native_name

PER_PAGE = 10


class OneTemplate(CallbackData, prefix="jm"):
    """One template: look at it, write it anew in the reader's language, remove it."""

    ref: str
    act: str = "open"

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("template", ref=self.ref)


class Use(CallbackData, prefix="ju"):
    """A template as the answer to a question: read it first, send it, or change it before.

    ``seen`` seals the words that were shown: these are sent, and no others.
    """

    ref: str
    question: str
    act: str = "look"
    seen: str = ""

    def card(self) -> Reply:
        """Return what would be sent now."""
        return edit("template.use", ref=self.ref, question=self.question)


class WrittenIn(CallbackData, prefix="yj"):
    """In which language a template was written; "" asks which."""

    ref: str
    language: str = ""

    def card(self) -> Reply:
        """Return the template as it is now."""
        return edit("template", ref=self.ref)


async def _clean_name(answering: Answering, text: str) -> str:
    return translations.clean(SUBJECT, "name", text)


async def _clean_text(answering: Answering, text: str) -> str:
    return translations.clean(SUBJECT, "text", text)


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("A short name for the template, for the team only:"))


async def _ask_text(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What does the answer say? Write it in your own language."))


NAME = Field("name", _ask_name, _clean_name)
TEXT = Field("text", _ask_text, _clean_text)


async def _added(answering: Answering) -> Replies:
    template = await templates.add(
        answering.session,
        answering.person,
        answering._.language,
        answering.answers,
        answering.now,
    )
    return [say("template", ref=template.ref)]


async def _changed(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await templates.write(
        answering.session,
        answering.person,
        ref,
        answering._.language,
        answering.answers,
        answering.now,
    )
    return [say("template", ref=ref)]


NEW = Form("template.new", [NAME, TEXT], _added, home=lambda _about: say("templates"))
ANEW = Form(
    "template.anew",
    [NAME, TEXT],
    _changed,
    home=lambda about: say("template", ref=about["ref"]),
)
FORMS = (NEW, ANEW)


async def list_opened(query: Any, callback_data: Templates, state: FSMContext) -> Replies:
    """Show a page of the templates, perhaps to answer a question by; or begin one."""
    if callback_data.act == "new":
        return await begin(NEW, state)
    return [edit("templates", at=callback_data.at, question=callback_data.ref)]


async def touched(
    query: Any,
    callback_data: OneTemplate,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a template, write it anew, or remove it."""
    ref, act = callback_data.ref, callback_data.act
    await templates.opened(session, person, ref, now)
    if act == "anew":
        return await begin(ANEW, state, ref=ref)
    if act == "remove!":
        await templates.remove(session, person, ref, now)
        return [edit("templates"), toast("template.removed")]
    return [edit("template", ref=ref, is_removing=act == "remove")]


async def relabelled(
    query: Any, callback_data: WrittenIn, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Choose in which language a template was written."""
    ref, language = callback_data.ref, callback_data.language
    if not language:
        return [edit("template.language", ref=ref)]
    if language not in OFFERED:
        return [toast("old_button")]
    await templates.relabel(session, person, ref, language, now)
    return [callback_data.card()]


async def used(
    query: Any,
    callback_data: Use,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    state: FSMContext,
) -> Replies:
    """Show what a member would get, send exactly that, or change it first.

    Raises:
        ChangedError: other words stand there than those that were shown.
    """
    ref, question = callback_data.ref, callback_data.question
    if callback_data.act == "look":
        return [callback_data.card()]
    block, _who = await _for_member(session, person, ref, question, now, network)
    if block is None or seal(block.get("text")) != callback_data.seen:
        raise ChangedError(TRANSLATION.name, State.APPROVED, State.APPROVED)
    if callback_data.act == "change":
        return await begin(ANSWER, state, ref=question, template=ref, language=block.language)
    if callback_data.act != "send":
        return [toast("old_button")]
    await inbox.answer(session, person, question, block.get("text"), now, language=block.language)
    return [edit("inbox.answered")]


async def _for_member(
    session: AsyncSession, actor: Person, ref: str, question: str, now: datetime, network: Network
) -> tuple[Block | None, Person]:
    """Return a template in the language of whoever asked, as far as it is there."""
    template = await templates.opened(session, actor, ref, now)
    _exchange, asker = await inbox.opened(session, actor, question, now)
    reads = Reads(asker.language or network.language, asker.second_language)
    return (
        await translations.block(session, SUBJECT, template.id, reads, network.language),
        asker,
    )


async def list_card(page: Page, at: int = 0, question: str = "") -> Message:
    """List a page of the templates, by name; with a question, each leads to what it would say."""
    _ = page._
    shown = await templates.every(page.session, page.reader, page.now, at, size=PER_PAGE)
    names = await translations.blocks(
        page.session, SUBJECT, [one.id for one in shown.rows], page.reads, page.network.language
    )
    rows = []
    for one in shown.rows:
        label = names[one.id].get("name") if one.id in names else "?"
        to: CallbackData = (
            Use(ref=one.ref, question=question) if question else OneTemplate(ref=one.ref)
        )
        rows.append([Button(label, to)])
    text = lines(
        _("🗒 <b>Templates of answers</b>"),
        _("Members get them in their own language.")
        if shown.total
        else _("There is none yet. Write down what you answer often."),
    )
    rows.append(turning_of(shown, lambda to: Templates(ref=question, at=to), _))
    rows.append([Button(_.label("button", "➕ New template"), Templates(act="new"))])
    leaves = Button(_.label("button", "Back"), OpenQuestion(ref=question)) if question else back(_)
    return Message(text, [*rows, [leaves]])


async def card(page: Page, ref: str, *, is_removing: bool = False) -> Message:
    """Show a template in the reader's language, and in which languages it stands."""
    _ = page._
    template = await templates.opened(page.session, page.reader, ref, page.now)
    shelf = (await translations.shelves(page.session, SUBJECT, [template.id]))[template.id]
    block = shelf.choose(page.reads, page.network.language)
    assert block is not None
    there = [language_name(language, _) for language in sorted(shelf.complete)]
    text = lines(
        Html("<b>") + block.get("name") + Html("</b>"),
        *_words(page, block),
        _("It is there in: {languages}", languages=join(there, _)),
    )
    if is_removing:
        ways = [
            [Button(_.label("button", "🗑 Yes, remove it"), OneTemplate(ref=ref, act="remove!"))],
            [Button(_.label("button", "Back"), OneTemplate(ref=ref))],
        ]
        return Message(lines(text, "", _("Remove this template in every language?")), ways)
    rows = [
        [Button(_.label("button", "✏️ In my language"), OneTemplate(ref=ref, act="anew"))],
        [
            Button(
                _.label("button", "🗣 Written in: {language}", language=native_name(shelf.source)),
                WrittenIn(ref=ref),
            )
        ],
        [translations_button(_)],
        [Button(_.label("button", "🗑 Remove"), OneTemplate(ref=ref, act="remove"))],
        [Button(_.label("button", "Back"), Templates())],
    ]
    return Message(text, rows)


async def language_card(page: Page, ref: str) -> Message:
    """Ask in which language it was written; those in which it stands cannot be chosen."""
    _ = page._
    template = await templates.opened(page.session, page.reader, ref, page.now)
    standing = await translations.texts(page.session, SUBJECT, [template.id])
    taken = {text.language for text in standing[template.id]}
    rows = in_rows(
        [
            Button(native_name(code), WrittenIn(ref=ref, language=code))
            for code in OFFERED
            if code not in taken
        ],
        per_row=2,
    )
    text = _("In which language are the words of this template? They stay as they are.")
    return Message(text, [*rows, [Button(_.label("button", "Back"), OneTemplate(ref=ref))]])


def _words(page: Page, block: Block) -> list[Html]:
    if block.language == page._.language:
        return [blockquote(block.get("text"))]
    return named(page, block.language, block.get("text"))


async def use_card(page: Page, ref: str, question: str) -> Message:
    """Show what a member would get by a template, and what that says in the reader's language."""
    _ = page._
    block, asker = await _for_member(
        page.session, page.reader, ref, question, page.now, page.network
    )
    leaves = [Button(_.label("button", "Back"), Templates(ref=question))]
    if block is None:
        return Message(_("That is not here any more. /menu shows what there is."), [leaves])
    own = await block_for(page, SUBJECT, await _number(page, ref))
    name = asker.name or "?"
    text = lines(
        _("{name} gets this, without your name:", name=name),
        *_words(page, block),
        None
        if block.is_own
        else _("Nobody has written this in the language of {name} yet.", name=name),
        *_in_own(page, own, block, _),
    )
    words = seal(block.get("text"))
    rows = [
        [
            Button(
                _.label("button", "📤 Send it"),
                Use(ref=ref, question=question, act="send", seen=words),
            )
        ],
        [
            Button(
                _.label("button", "✏️ Change it first"),
                Use(ref=ref, question=question, act="change", seen=words),
            )
        ],
        leaves,
    ]
    return Message(text, rows)


async def _number(page: Page, ref: str) -> int:
    template: AnswerTemplate = await templates.opened(page.session, page.reader, ref, page.now)
    return template.id


def _in_own(page: Page, own: Block | None, shown: Block, _: Translator) -> list[Html]:
    """Return what it says in the reader's language, if that is another than the one shown."""
    if own is None or own.language == shown.language:
        return []
    return [_("It says:"), *_words(page, own)]


async def removed_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "The template is gone."))


CARDS: Mapping[str, Any] = {
    "templates": list_card,
    "template": card,
    "template.language": language_card,
    "template.use": use_card,
    "template.removed": removed_toast,
}


def setup() -> Router:
    """Take the buttons of templates, from animators only."""
    router = router_for("templates", ANIMATORS)
    router.callback_query.register(list_opened, Templates.filter())
    router.callback_query.register(touched, OneTemplate.filter())
    router.callback_query.register(relabelled, WrittenIn.filter())
    router.callback_query.register(used, Use.filter())
    return router
