"""Who takes care of a question to the team: one animator takes it, or hands it on."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import absences, inbox, roles
from community.errors import RefusalError
from community.exchanges import Exchange, Kind, State
from community.people import Person
from community.roles import RoleName
from handlers.replies import Button, Message, Page, Replies, Reply, edit, say, toast
from handlers.staff import ANIMATORS, OpenQuestion, router_for
from locales import Html, moment


class OwnerOf(CallbackData, prefix="jq"):
    """Who takes care of a question: the reader ("take"), or somebody they choose ("to").

    ``person`` is whom the reader has seen taking care of it, or has chosen.
    """

    ref: str
    act: str
    person: str = ""

    def card(self) -> Reply:
        """Return the question as it is now."""
        return edit("inbox.question", ref=self.ref)


class OwnerOfExchange(OwnerOf, prefix="yb"):
    """The same for what organisers or the author of a text are asked; "open" reads it."""

    def card(self) -> Reply:
        """Return the inbox: what was asked stands in messages of its own."""
        return edit("inbox.list")


async def handed(
    query: Any, callback_data: OwnerOf, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Take a question, or choose who takes it; if somebody was faster, show who."""
    ref, act, who = callback_data.ref, callback_data.act, callback_data.person
    if act == "open" and isinstance(callback_data, OwnerOfExchange):
        return [_exchange(ref, now)]
    if act == "choose":
        return [edit("inbox.hand_on", ref=ref)]
    if act == "take":
        is_done = await inbox.take(session, person, ref, now, instead_of=who)
    elif act == "to":
        is_done = await inbox.hand_on(session, person, ref, who, now)
    else:
        return [toast("old_button")]
    shown = (
        _exchange(ref, now) if isinstance(callback_data, OwnerOfExchange) else callback_data.card()
    )
    return [shown, *([] if is_done else [toast("inbox.taken")])]


def _exchange(ref: str, now: datetime) -> Reply:
    """Return a message of its own: it is protected, and closes itself."""
    return say("bridge.card", ref=ref, opened=now.isoformat())


def _of(question: Exchange) -> type[OwnerOf]:
    return OwnerOf if question.kind == Kind.TEAM else OwnerOfExchange


def _way_to(question: Exchange) -> OpenQuestion | OwnerOf:
    if question.kind == Kind.TEAM:
        return OpenQuestion(ref=question.ref)
    return OwnerOfExchange(ref=question.ref, act="open")


def name_of(page: Page, owner: Person) -> str:
    """Return the name of whoever takes care of something; the reader is "you"."""
    return page._.label("owner", "you") if owner.id == page.reader.id else owner.name


async def whose(page: Page, question: Exchange) -> tuple[list[Html], list[Button]]:
    """Return who takes care of a question, until when it is due, and the ways to change who."""
    _ = page._
    if question.state == State.CLOSED and question.due_at is None:
        return [], []
    owner_of = _of(question)
    owner = (await inbox.owners(page.session, [question], page.now)).get(question.id)
    told = [
        _("Taken care of by: {name}", name=name_of(page, owner))
        if owner
        else _("Nobody takes care of it yet.")
    ]
    if question.due_at is not None:
        when = moment(question.due_at, page.zone, _)
        told.append(
            _("🔴 It should have been answered by: {time}", time=when)
            if inbox.is_overdue(question, page.now)
            else _("To be answered by: {time}", time=when)
        )
    ways = []
    if owner is None or owner.id != page.reader.id:
        label = (
            _.label("button", "🙋 I take it over") if owner else _.label("button", "🙋 I take it")
        )
        seen = owner.ref if owner else ""
        ways.append(Button(label, owner_of(ref=question.ref, act="take", person=seen)))
    if owner is None or owner.id == page.reader.id:
        label = _.label("button", "↪️ Hand it on")
        ways.append(Button(label, owner_of(ref=question.ref, act="choose")))
    return told, ways


async def colleagues(page: Page, *but: int | None) -> list[tuple[str, Person]]:
    """Return the other animators, each with a label; who is away comes last and is marked."""
    _ = page._
    animators = await roles.holders(page.session, RoleName.ANIMATOR, page.now)
    away = await absences.away(page.session, page.now)
    others = [one for one in animators if one.id != page.reader.id and one.id not in but]
    return [
        (
            _.label("animator in a list", "🏖 {name} (away)", name=one.name or "?")
            if one.id in away
            else one.name or "?",
            one,
        )
        for one in sorted(others, key=lambda one: one.id in away)
    ]


async def hand_on_card(page: Page, ref: str) -> Message:
    """List the other animators: one of them gets the question."""
    _ = page._
    question = await inbox.entrusted(page.session, page.reader, ref, page.now)
    others = await colleagues(page, question.person_id)
    owner_of = _of(question)
    rows = [[Button(label, owner_of(ref=ref, act="to", person=one.ref))] for label, one in others]
    if not others:
        text = _("There is no other animator.")
    elif question.kind == Kind.TEAM:
        person = await page.session.get_one(Person, question.person_id)
        text = _(
            "Who takes care of the question of {name}? They are told.", name=person.name or "?"
        )
    else:  # nobody's name goes with it
        text = _("Who takes care of this question? They are told.")
    return Message(text, [*rows, [Button(_.label("button", "Back"), _way_to(question))]])


async def taken_toast(page: Page) -> Message:
    """Say that somebody was faster."""
    return Message(page._.label("toast", "Somebody else takes care of it by now."))


async def handed_on_notice(page: Page, ref: str) -> Message | None:
    """Tell an animator that a question is theirs now; nothing if it is not any more."""
    _ = page._
    try:
        question = await inbox.entrusted(page.session, page.reader, ref, page.now)
    except RefusalError:  # they animate no more, or it is gone
        return None
    is_settled = question.state == State.CLOSED and question.due_at is None
    if question.owner_id != page.reader.id or is_settled:
        return None
    return Message(
        _("↪️ A question has been handed on to you."),
        [[Button(_.label("button", "Read it"), _way_to(question))]],
    )


CARDS = {
    "inbox.hand_on": hand_on_card,
    "inbox.taken": taken_toast,
    "team_notice.handed_on": handed_on_notice,
}


def setup() -> Router:
    """Take the buttons about who takes care of a question, from animators only."""
    router = router_for("owning", ANIMATORS)
    router.callback_query.register(handed, OwnerOf.filter())
    router.callback_query.register(handed, OwnerOfExchange.filter())
    return router
