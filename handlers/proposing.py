"""Proposing an offer or an event to the network. Nothing leaves before the team says yes.

What is written is shown first as its readers would get it, and goes to the team with one more tap.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import people, proposals, roles, sends, translations
from community.base import find
from community.errors import NotUnderstoodError
from community.events import Event
from community.needs import Need
from community.people import Person
from community.providers import Organization
from community.roles import RoleName
from community.sends import Send
from handlers import drafting, offers, words
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.menu import Propose
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
from handlers.supporters import name_of
from locales import Html, Translator, moment


class Hand(CallbackData, prefix="pw"):
    """What has just been written: hand it to the team, or write it anew."""

    act: str


# Forms


async def _ask_offer_title(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What do you offer? Write a title, in your own language."))


async def _ask_offer_body(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Now write a few sentences: what, for whom, when, and how to get it."),
            _("The team reads it before anybody else does, and changes nothing of it."),
        )
    )


async def _ask_need(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("What is it about? It goes to members who look for this, and to nobody else."),
        [(words.need(code, _), code.value) for code in Need],
    )


async def _ask_description(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Describe it in a few sentences, in your own language."))


async def _title(answering: Answering, text: str) -> str:
    return translations.clean("newsletter", "title", text)


async def _body(answering: Answering, text: str) -> str:
    return translations.clean("newsletter", "body", text)


async def _description(answering: Answering, text: str) -> str:
    return translations.clean("event", "description", text)


async def _need(answering: Answering, text: str) -> str:
    if not answering.chosen or text not in [*Need]:
        raise NotUnderstoodError("choice")
    return text


async def _written(answering: Answering) -> Replies:
    """Show what was written as its readers would get it; the conversation keeps it."""
    about, answers = dict(answering.about), dict(answering.answers)
    await answering.state.update_data(proposal={"about": about, "answers": answers})
    return [say("propose.preview", about=about, answers=answers)]


def _home(about: Mapping[str, Any]) -> Reply:
    return say("propose.menu") if about["organization"] else say("event.list")


OFFER = Form(
    "propose.offer",
    [
        Field("title", _ask_offer_title, _title),
        Field("body", _ask_offer_body, _body),
        Field("need", _ask_need, _need, by_button=True),
    ],
    _written,
    home=_home,
)


AGAIN = Form(
    "propose.again",
    [Field("title", _ask_offer_title, _title), Field("body", _ask_offer_body, _body)],
    _written,
    home=_home,
)


_EVENT = (*drafting.NEW_EVENT.fields, Field("description", _ask_description, _description))


MEETING = Form("propose.event", _EVENT, _written, home=_home)


INFORMATION = Form(
    "propose.information",
    [*_EVENT, Field("need", _ask_need, _need, by_button=True)],
    _written,
    home=_home,
)


FORMS = (OFFER, AGAIN, MEETING, INFORMATION)


# Handlers


async def pressed(
    query: Any,
    callback_data: Propose,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show what can be proposed, or begin it.

    Raises:
        NotAMemberError: somebody who has not joined would propose an event of their own.
    """
    what, ref = callback_data.what, callback_data.organization
    if what == "event" and not ref:
        people.require_member(person)
        return await begin(MEETING, state, kind="event", organization="")
    await roles.require(session, person, RoleName.PROVIDER_STAFF, now)
    if what == "menu":
        return [edit("propose.menu", at=callback_data.at)]
    organization = await find(session, Organization, ref)
    await roles.require(
        session, person, RoleName.PROVIDER_STAFF, now, organization_id=organization.id
    )
    if what == "offer":
        return await begin(OFFER, state, kind="offer", organization=ref)
    if what == "event":
        return await begin(INFORMATION, state, kind="event", organization=ref)
    return [toast("old_button")]


async def handed(
    query: Any,
    callback_data: Hand,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    network: Network,
    _: Translator,
) -> Replies:
    """Hand over exactly what was shown, or write it anew."""
    kept = (await state.get_data()).get("proposal")
    if kept is None:
        return [toast("old_button")]
    about, answers = kept["about"], kept["answers"]
    if callback_data.act == "again":
        form = {"offer": OFFER, "again": AGAIN}.get(about["kind"])
        form = form or (INFORMATION if about["organization"] else MEETING)
        return await begin(form, state, **about)
    if callback_data.act != "send":
        return [toast("old_button")]
    await state.clear()
    if about["kind"] == "event":
        made = await _event(session, person, about, answers, now, network, _.language)
        return [edit("propose.one", what="e", ref=made.ref)]
    texts = {"title": answers["title"], "body": answers["body"]}
    if about["kind"] == "again":
        send = await sends.offer_again(session, person, about["ref"], _.language, texts, now)
    else:
        need = Need(answers["need"])
        organization = about["organization"]
        send = await sends.offer(session, person, organization, need, _.language, texts, now)
    return [edit("propose.one", what="s", ref=send.ref)]


async def _event(
    session: AsyncSession,
    person: Person,
    about: Mapping[str, Any],
    answers: Mapping[str, Any],
    now: datetime,
    network: Network,
    language: str,
) -> Event:
    when = datetime.fromisoformat(answers["when"]).astimezone(ZoneInfo(network.zone))
    return await proposals.propose_event(
        session,
        person,
        drafting.new_details(when.replace(tzinfo=None), network.zone, answers["where"]),
        {"title": answers["title"], "description": answers["description"]},
        language,
        now,
        organization_ref=about["organization"],
        need=Need(answers["need"]) if "need" in answers else None,
    )


# Cards


async def preview(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Message:
    """Show what was written as its readers would get it."""
    _ = page._
    rows = [
        [Button(_.label("button", "📨 Hand it to the team"), Hand(act="send"))],
        [Button(_.label("button", "✏️ Write it anew"), Hand(act="again"))],
    ]
    title = Html("<b>") + answers["title"] + Html("</b>")
    shown: list[Html | str | None]
    if about["kind"] == "event":
        where = answers["where"]
        when = moment(
            datetime.fromisoformat(answers["when"]),
            ZoneInfo(page.network.zone),
            _,
            year=page.now.year,
        )
        shown = [
            title,
            "",
            Html("") + answers["description"],
            "",
            _("📅 {when}", when=when),
            _("📍 {place}", place=where["place"] or where["link"] or ""),
        ]
    else:
        shown = [title, "", Html("") + answers["body"]]
        if organization := await _whose(page, about):
            shown = [offers.heading(page, organization), "", *shown]
    about_need = (
        _("About: {need}", need=words.need(Need(answers["need"]), _))
        if "need" in answers
        else None
    )
    text = lines(_("👁 This is what the team gets:"), "", *shown, "", about_need)
    return Message(text, rows)


async def _whose(page: Page, about: Mapping[str, Any]) -> str:
    if about["kind"] == "again":
        send = await find(page.session, Send, about["ref"])
        number = send.organization_id
    else:
        number = (await find(page.session, Organization, about["organization"])).id
    return await name_of(page, number) if number is not None else ""


CARDS = {"propose.preview": preview}


def setup() -> Router:
    """Take the buttons of whoever writes a proposal; the verbs say who may."""
    router = Router(name="proposing")
    router.callback_query.register(pressed, Propose.filter())
    router.callback_query.register(handed, Hand.filter())
    return router
