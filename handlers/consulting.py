"""Stakeholders by a link: a coordinator makes it, whoever opens it answers without joining."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import consulting, surveys
from community.errors import NotUnderstoodError
from community.people import Person
from community.surveys.templates import STAKEHOLDER
from handlers.audience import told
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    File,
    Message,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import COORDINATORS, Consulting, Months, page_of, router_for
from handlers.survey_cards import OpenPulse
from locales import OFFERED, Html, language_name, native_name
from reports import survey_words as words
from reports.qr import qr_picture

LINK = "s-"
PER_PAGE = 15


class Consulted(CallbackData, prefix="ng"):
    """One link by which stakeholders are asked; ``act`` withdraws it."""

    ref: str
    act: str = "open"


# Making a link


async def _ask_label(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Whom will you ask? For example: chambers and banks, spring 2027"))


async def _read_label(answering: Answering, text: str) -> str:
    if not 0 < len(" ".join(text.split())) <= consulting.LABEL_LIMIT:
        raise NotUnderstoodError("label", limit=consulting.LABEL_LIMIT)
    return " ".join(text.split())


async def _ask_language(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._("In which language are they asked?"),
        [(native_name(code), code) for code in OFFERED],
    )


async def _read_language(answering: Answering, text: str) -> str:
    if text not in OFFERED:
        raise NotUnderstoodError("language")
    return text


async def _made(answering: Answering) -> Replies:
    link = await consulting.make(
        answering.session,
        answering.person,
        answering.answers["label"],
        answering.answers["language"],
        answering.now,
    )
    return [say("consulting.link", ref=link.ref)]


NEW = Form(
    "consulting.new",
    [
        Field("label", _ask_label, _read_label),
        Field("language", _ask_language, _read_language, by_button=True),
    ],
    _made,
    home=lambda _about: say("consulting"),
)
FORMS = (NEW,)


# Handlers


async def listed(query: Any, callback_data: Consulting, state: FSMContext) -> Replies:
    """Show the links, or begin a new one."""
    await state.clear()
    if callback_data.act == "new":
        return await begin(NEW, state)
    return [edit("consulting", at=max(callback_data.at, 0))]


async def touched(
    query: Any, callback_data: Consulted, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show a link, or withdraw it."""
    ref, act = callback_data.ref, callback_data.act
    if act == "withdraw":
        await consulting.withdraw(session, person, ref, now)
    elif act != "open":
        return [toast("old_button")]
    return [edit("consulting.link", ref=ref)]


async def by_link(session: AsyncSession, person: Person, ref: str, now: datetime) -> Replies:
    """Open what a link asks, for whoever has opened it."""
    found = await consulting.follow(session, person, ref, now)
    return [say("consulting.welcome", ref=found.response.ref)]


# Cards


async def list_card(page: Page, at: int = 0) -> Message:
    """List the links."""
    _ = page._
    every = await consulting.every(page.session, page.reader, page.now)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Consulting(at=to), _)
    rows = [
        [
            Button(
                _.label("button", "🔗 {label}", label=link.label)
                if link.withdrawn_at is None
                else _.label("button", "▫️ {label}, withdrawn", label=link.label),
                Consulted(ref=link.ref),
            )
        ]
        for link in shown
    ]
    text = lines(
        _("🏛 <b>Ask stakeholders</b>"),
        _(
            "Organisations and leaders of communities answer by a link, without joining. What "
            "they say is never mixed with what members say."
        ),
    )
    new = Button(_.label("button", "➕ New link"), Consulting(act="new"))
    return Message(text, [*rows, turning, [new], [Button(_.label("button", "Back"), Months())]])


async def link_card(page: Page, ref: str) -> Message:
    """Show a link as text and picture; once it is withdrawn, what was answered."""
    _ = page._
    found = await consulting.consulted(page.session, page.reader, ref, page.now)
    link = found.link
    heading = [
        _("🔗 <b>{label}</b>", label=link.label),
        _("Language: {language}", language=language_name(link.language, _)),
        _("Answered to the end: {n}", n=told(found.answered, _)),
    ]
    back = [Button(_.label("button", "All links"), Consulting())]
    if link.withdrawn_at is None:
        address = page.network.link(f"{LINK}{link.ref}")
        text = lines(
            *heading,
            "",
            Html("") + address,
            _("Without Telegram: {address}", address=f"{page.network.pages}/ask/{link.ref}")
            if page.network.pages
            else _("There is no page for those without Telegram: the server is not public."),
            _("What they say stands here once the link is withdrawn."),
        )
        end = Button(_.label("button", "Withdraw this link"), Consulted(ref=ref, act="withdraw"))
        picture = File("link.png", qr_picture(address), is_picture=True)
        return Message(text, [[end], back], picture)
    parts: list[Html | str] = []
    for question, cells in found.by.items():
        asked = words.question(STAKEHOLDER.code, question, _)
        parts += ["", Html("<b>") + asked + Html("</b>")]
        parts += [
            _(
                "{label}: {value}",
                label=words.answer(STAKEHOLDER.code, question, value, _),
                value=told(cell, _),
            )
            for value, cell in cells.items()
            if cell != 0
        ]
    text = lines(*heading, _("This link is withdrawn."), *parts)
    return Message(text, in_rows(back))


async def welcome_card(page: Page, ref: str) -> Message:
    """Say to whoever comes by a link who asks, what for, and that they need not join."""
    _ = page._
    await surveys.progress(page.session, page.reader, ref)
    text = lines(
        _("<b>Thank you for your time.</b>"),
        _(
            "This network is for people who build a business in a new country. We would like to "
            "know what you see around you. You need not join anything, and can leave out any "
            "question."
        ),
    )
    return Message(text, [[Button(_.label("button", "▶️ Begin"), OpenPulse(ref=ref))]])


CARDS = {
    "consulting": list_card,
    "consulting.link": link_card,
    "consulting.welcome": welcome_card,
}


def setup() -> Router:
    """Take the buttons of links, from coordinators only."""
    router = router_for("consulting", COORDINATORS)
    router.callback_query.register(listed, Consulting.filter())
    router.callback_query.register(touched, Consulted.filter())
    return router
