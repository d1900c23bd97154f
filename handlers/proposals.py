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
from community.errors import NotFoundError, NotUnderstoodError
from community.events import Details, Event
from community.events import State as Planned
from community.needs import Need
from community.people import Person
from community.providers import Organization
from community.roles import RoleName
from community.sends import Send
from community.sends import State as Sending
from handlers import attendance, drafting, menu, offers, words
from handlers.content import block_for
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.menu import Propose
from handlers.replies import (
    Button,
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
from handlers.supporters import name_of
from locales import Html, Translator, moment


class Hand(CallbackData, prefix="pw"):
    """What has just been written: hand it to the team, or write it anew."""

    act: str


class Proposed(CallbackData, prefix="po"):
    """Something that one has proposed: an event ("e") or an offer ("s")."""

    what: str
    ref: str
    act: str = "open"

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("propose.one", what=self.what, ref=self.ref)


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
        return [edit("propose.menu")]
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
        Details(when.replace(tzinfo=None), network.zone, **answers["where"]),
        {"title": answers["title"], "description": answers["description"]},
        language,
        now,
        organization_ref=about["organization"],
        need=Need(answers["need"]) if "need" in answers else None,
    )


async def one_touched(
    query: Any,
    callback_data: Proposed,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show what one has proposed; of an offer: write it anew, or take it back."""
    what, ref, act = callback_data.what, callback_data.ref, callback_data.act
    if what == "s" and act == "again":
        send = await sends.own_offer(session, person, ref, now)
        if send.state not in (Sending.DRAFT, Sending.IN_REVIEW):
            return [callback_data.card()]
        return await begin(AGAIN, state, kind="again", organization="-", ref=send.ref)
    if what == "s" and act == "withdraw":
        await sends.withdraw_offer(session, person, ref, now)
    return [callback_data.card()]


# Cards


async def menu_card(page: Page) -> Message:
    """Show staff what they can propose, and what has become of what they have."""
    _ = page._
    own = await roles.staffed(page.session, page.reader, page.now)
    rows: list[list[Button]] = []
    for number in own:
        organization = await page.session.get_one(Organization, number)
        name = await name_of(page, number)
        offer = _.label("button", "🤝 An offer of {organization}", organization=name)
        event = _.label("button", "📅 An event of {organization}", organization=name)
        rows += [
            [Button(offer, Propose(what="offer", organization=organization.ref))],
            [Button(event, Propose(what="event", organization=organization.ref))],
        ]
    for send in await sends.offers_of(page.session, page.reader, page.now):
        title, state = await _title_of(page, "newsletter", send.id), _offer_state(send, _)
        label = _.label("proposal in a list", "🤝 {title}: {state}", title=title, state=state)
        rows.append([Button(label, Proposed(what="s", ref=send.ref))])
    for event_row in await proposals.proposed_by(page.session, page.reader, page.now):
        title, state = await _title_of(page, "event", event_row.id), _event_state(event_row, _)
        label = _.label("proposal in a list", "📅 {title}: {state}", title=title, state=state)
        rows.append([Button(label, Proposed(what="e", ref=event_row.ref))])
    text = lines(
        _("<b>Propose something to the network</b>"),
        _("The team reads it first. It then goes to members who look for what it is about."),
    )
    return Message(text, rows)


async def _title_of(page: Page, subject: str, number: int) -> str:
    block = await block_for(page, subject, number)
    return block.get("title") if block else "?"


def _offer_state(send: Send, _: Translator) -> str:
    if send.state == Sending.DRAFT:
        return _.label("proposal", "came back")
    if send.state == Sending.IN_REVIEW:
        return _.label("proposal", "waits for the team")
    if send.state == Sending.CANCELLED:
        return _.label("proposal", "withdrawn")
    return _.label("proposal", "accepted")


def _event_state(event: Event, _: Translator) -> str:
    if event.state == Planned.PROPOSED:
        return _.label("proposal", "waits for the team")
    if event.state == Planned.REFUSED:
        return _.label("proposal", "refused")
    return _.label("proposal", "accepted")


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


async def one(page: Page, what: str, ref: str) -> Message:
    """Show what one has proposed as it stands now, and what the team says."""
    _ = page._
    rows: list[list[Button]] = []
    if what == "s":
        send = await sends.own_offer(page.session, page.reader, ref, page.now)
        shown, state = (await offers.as_written(page, send)).text, _offer_sentence(send, _)
        why = send.refused_because if send.state == Sending.DRAFT else None
        if send.state in (Sending.DRAFT, Sending.IN_REVIEW):
            anew, drop = Proposed(what="s", ref=ref, act="again"), "withdraw"
            rows = [
                [Button(_.label("button", "✏️ Write it anew"), anew)],
                [
                    Button(
                        _.label("button", "🗑 Take it back"), Proposed(what="s", ref=ref, act=drop)
                    )
                ],
            ]
        is_staff = True
    else:
        event = await proposals.own_event(page.session, page.reader, ref, page.now)
        shown, state = await event_text(page, event), _event_sentence(event, _)
        why = event.refused_because if event.state == Planned.REFUSED else None
        is_staff = event.organization_id is not None
    back = Button(_.label("button", "All proposals"), Propose()) if is_staff else menu.button(_)
    reason = [_("The team says:"), blockquote(why)] if why else []
    return Message(lines(shown, "", state, *reason), [*rows, [back]])


async def event_text(page: Page, event: Event) -> Html:
    """Return an event as it stands, the place included."""
    block = await block_for(page, "event", event.id)
    _ = page._
    return lines(
        attendance.heading(page, event, block),
        "",
        attendance.facts(page, event, None)[0],
        _("💻 Online: {link}", link=event.link or "")
        if event.is_online
        else _("📍 {place}", place=event.place or ""),
        _("About: {need}", need=words.need(Need(event.need), _)) if event.need else None,
    )


def _offer_sentence(send: Send, _: Translator) -> Html:
    return {
        Sending.DRAFT: _("↩️ It came back from the team, and has reached nobody."),
        Sending.IN_REVIEW: _("👀 The team reads it. It has reached nobody yet."),
        Sending.CANCELLED: _("✋ It does not go out."),
        Sending.SENT: _("✅ It has gone out."),
    }.get(send.state) or _("✅ The team has approved it as it is, and sends it.")


def _event_sentence(event: Event, _: Translator) -> Html:
    return {
        Planned.PROPOSED: _("👀 The team reads it. It has reached nobody yet."),
        Planned.REFUSED: _("The team does not take it up."),
    }.get(event.state) or _(
        "✅ The team takes it up. From now on it is an event of the network, as it stands here."
    )


# Notices


async def offer_notice(page: Page, ref: str) -> Message | None:
    """Tell staff what the team says about their offer."""
    return await _now(page, "s", ref)


async def event_notice(page: Page, ref: str) -> Message | None:
    """Tell who has proposed an event what the team says."""
    return await _now(page, "e", ref)


async def _now(page: Page, what: str, ref: str) -> Message | None:
    try:
        return await one(page, what, ref)
    except NotFoundError:
        return None


def staff_button(_: Translator) -> Button:
    """Return the way in for staff."""
    return Button(_.label("button", "💡 Propose something"), Propose())


CARDS = {
    "propose.menu": menu_card,
    "propose.preview": preview,
    "propose.one": one,
    "staff_notice.offer": offer_notice,
    "staff_notice.proposal": event_notice,
}


def setup() -> Router:
    """Take the buttons of whoever proposes something; the verbs say who may."""
    router = Router(name="proposals")
    router.callback_query.register(pressed, Propose.filter())
    router.callback_query.register(handed, Hand.filter())
    router.callback_query.register(one_touched, Proposed.filter())
    return router
