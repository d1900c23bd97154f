"""The team decides about what is proposed: it takes it as it is, or says why not."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import proposals, roles, sends
from community.base import find
from community.events import Event
from community.events import State as Planned
from community.people import Person
from community.roles import RoleName
from community.sends import Send
from community.sends import State as Sending
from handlers import offers, staff
from handlers.content import block_for
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.proposals import event_text
from handlers.replies import Button, Message, Page, Replies, Reply, edit, lines, say, toast
from handlers.staff import ANIMATORS, page_of, router_for
from handlers.supporters import name_of
from locales import Html

PER_PAGE = 20


class Waiting(CallbackData, prefix="dq"):
    """A page of what waits for a decision."""

    at: int = 0


class Decide(CallbackData, prefix="dp"):
    """A proposed event ("e") or offer ("s"): look at it, take care of it, say yes or no."""

    what: str
    ref: str
    act: str = "open"
    seen: int = 0
    """Of a yes: which words were read; what was written anew meanwhile is shown first."""

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("decide.one", what=self.what, ref=self.ref)


async def _ask_reason(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Why not? Whoever has proposed it reads what you write."))


async def _reason(answering: Answering, text: str) -> str:
    return sends.why(text)


async def _refused(answering: Answering) -> Replies:
    session, actor, now = answering.session, answering.person, answering.now
    ref, reason = answering.about["ref"], answering.answers["reason"]
    if answering.about["what"] == "s":
        await sends.review(session, actor, ref, now, approve=False, reason=reason)
    else:
        await proposals.refuse(session, actor, ref, reason, now)
    return [say("decide.list")]


REFUSAL = Form(
    "decide.no",
    [Field("reason", _ask_reason, _reason)],
    _refused,
    home=lambda about: say("decide.one", what=about["what"], ref=about["ref"]),
)
FORMS = (REFUSAL,)


async def list_opened(query: Any, callback_data: Waiting) -> Replies:
    """Show a page of what waits."""
    return [edit("decide.list", at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: Decide,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a proposal, take care of it, say yes, or ask why not."""
    what, ref, act = callback_data.what, callback_data.ref, callback_data.act
    if what not in ("e", "s"):
        return [toast("old_button")]
    if act == "take":
        await proposals.take(session, person, Event if what == "e" else Send, ref, now)
    elif act == "no":
        return await begin(REFUSAL, state, what=what, ref=ref)
    elif act == "yes" and what == "e":
        await proposals.accept(session, person, ref, now)
        return [edit("plan.event", ref=ref)]
    elif act == "yes":
        await sends.review(session, person, ref, now, approve=True, seen=callback_data.seen)
        return [edit("send.card", ref=ref)]
    return [callback_data.card()]


async def button(page: Page) -> list[Button]:
    """Return the way to what is proposed, with how much waits; nothing if nothing does."""
    events, offered = await proposals.waiting(page.session, page.reader, page.now)
    count = len(events) + len(offered)
    label = page._.nlabel("button", "💡 {n} proposal", "💡 {n} proposals", count)
    return [Button(label, Waiting())] if count else []


async def list_card(page: Page, at: int = 0) -> Message:
    """List a page of what waits, each with who takes care of it."""
    _ = page._
    events, offered = await proposals.waiting(page.session, page.reader, page.now)
    rows = []
    found: list[tuple[str, Event | Send]] = [
        *(("s", send) for send in offered),
        *(("e", event) for event in events),
    ]
    shown, turning = page_of(found, at, PER_PAGE, lambda to: Waiting(at=to), _)
    for what, each in shown:
        block = await block_for(page, "event" if what == "e" else "newsletter", each.id)
        title = block.get("title") if block else "?"
        owner = await page.session.get(Person, each.owner_id) if each.owner_id else None
        name = owner.name if owner else _.label("owner", "nobody yet")
        label = (
            _.label("proposal in a list", "📅 {title} ({owner})", title=title, owner=name)
            if what == "e"
            else _.label("proposal in a list", "🤝 {title} ({owner})", title=title, owner=name)
        )
        rows.append([Button(label, Decide(what=what, ref=each.ref))])
    text = (
        lines(
            _("<b>What is proposed to the network</b>"),
            _("Who takes care of it stands behind each."),
        )
        if rows
        else _("Nothing is proposed at the moment.")
    )
    return Message(text, [*rows, turning, [staff.back(_)]])


async def one(page: Page, what: str, ref: str) -> Message:
    """Show a proposal exactly as its readers would get it, and the way to say yes or no."""
    _ = page._
    await roles.require(page.session, page.reader, RoleName.ANIMATOR, page.now)
    row: Event | Send = await find(page.session, Event if what == "e" else Send, ref)
    whose = await name_of(page, row.organization_id) if row.organization_id else ""
    shown: Html | str
    seen = 0
    if isinstance(row, Event):
        shown, is_open = await event_text(page, row), row.state == Planned.PROPOSED
    elif row.kind == sends.Kind.OFFER:
        shown = (await offers.as_written(page, row)).text
        is_open, seen = row.state == Sending.IN_REVIEW, await sends.submission(page.session, row)
    else:
        return Message(_("Nothing is proposed at the moment."), [[staff.back(_)]])
    owner = await page.session.get(Person, row.owner_id) if row.owner_id else None
    text = lines(
        _("Proposed by: {organization}", organization=whose)
        if whose
        else _("Proposed by a member"),
        _("Taken care of by: {name}", name=owner.name) if owner else None,
        "",
        shown,
        "",
        None if is_open else _("This is decided already."),
    )
    rows = []
    if is_open:
        acts = [
            (_.label("button", "✅ Take it as it is"), "yes"),
            (_.label("button", "❌ No, and say why"), "no"),
        ]
        if row.owner_id != page.reader.id:
            acts.append((_.label("button", "🙋 I take care of it"), "take"))
        rows = [
            [Button(label, Decide(what=what, ref=ref, act=act, seen=seen))] for label, act in acts
        ]
    return Message(text, [*rows, [Button(_.label("button", "All proposals"), Waiting())]])


async def proposed_notice(page: Page, ref: str) -> Message | None:
    """Tell an animator that something is proposed, as long as something is."""
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return None
    if not (ways := await button(page)):
        return None
    text = page._("💡 Something is proposed to the network. It waits for the team.")
    return Message(text, [[replace(ways[0], text=page._.label("button", "Look at it"))]])


CARDS = {
    "decide.list": list_card,
    "decide.one": one,
    "team_notice.proposed": proposed_notice,
}


def setup() -> Router:
    """Take the buttons of what is proposed; only animators reach them."""
    router = router_for("deciding", ANIMATORS)
    router.callback_query.register(list_opened, Waiting.filter())
    router.callback_query.register(touched, Decide.filter())
    return router
