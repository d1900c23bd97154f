"""Before leave: all that one takes care of goes to another animator, and the team knows."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import absences, handing_over, roles
from community.events import Event
from community.handing_over import Owned
from community.people import Person
from community.roles import RoleName
from handlers import agreement_facts
from handlers.content import block_for
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.owning import colleagues
from handlers.plans import due_day
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import ANIMATORS, HandOver, Inbox, Today, back, router_for
from locales import Html, day

SHOWN = 8
"""So many things of each kind are named."""


async def _ask_until(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Until which day are you away? For example: 31.12.2028"))


async def _gone(answering: Answering) -> Replies:
    until = datetime.fromisoformat(answering.answers["until"])
    await absences.go(answering.session, answering.person, until, answering.now)
    return [say("handover")]


AWAY = Form(
    "handover.away",
    [Field("until", _ask_until, due_day)],
    _gone,
    home=lambda _about: say("handover"),
)
FORMS = (AWAY,)


async def touched(
    query: Any,
    callback_data: HandOver,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show what would go, let it go, or say that one is away or back."""
    act, to = callback_data.act, callback_data.person
    if act == "away":
        return await begin(AWAY, state)
    if act == "back":
        await absences.come_back(session, person, now)
    elif act == "to":
        return [edit("handover.sure", to=to)]
    elif act == "yes":
        await handing_over.hand_over(session, person, to, callback_data.seen, now)
        return [edit("handover"), toast("handover.done")]
    return [edit("handover")]


async def card(page: Page) -> Message:
    """Show what the reader takes care of, and who could."""
    _ = page._
    owned = await handing_over.owned(page.session, page.reader, page.now)
    away = (await absences.away(page.session, page.now)).get(page.reader.id)
    people = await colleagues(page) if owned.rows else []
    rows = [
        [Button(_.label("button", "↪️ To {name}", name=label), HandOver(act="to", person=one.ref))]
        for label, one in people
    ]
    until = agreement_facts.last_day(away, page.network.zone) if away else None
    text = lines(
        _("🏖 <b>Leave and hand over</b>"),
        _("You are away until {day}. New questions go to the others.", day=day(until, _))
        if until
        else None,
        *await _told(page, owned),
        _("Who takes care of all of it?") if rows else None,
        _("There is no other animator.") if owned.rows and not rows else None,
    )
    label = _.label("button", "I am back") if away else _.label("button", "🏖 I am away until …")
    rows.append([Button(label, HandOver(act="back" if away else "away"))])
    return Message(text, [*rows, [back(_)]])


async def _told(page: Page, owned: Owned) -> list[Html]:
    """Name what somebody takes care of."""
    _ = page._
    if not owned.rows:
        return [_("You take care of nothing at the moment.")]
    told = []
    if owned.questions:
        told.append(_("✉️ Questions: {n}", n=len(owned.questions)))
        ids = [question.person_id for question in owned.questions[:SHOWN]]
        names = await page.session.scalars(
            select(Person.name).where(Person.id.in_(ids)).order_by(Person.id)
        )
        told += [_("▫️ {what}", what=name or "?") for name in names]
    if owned.proposals:
        told.append(_("💡 Proposals: {n}", n=len(owned.proposals)))
        for row in owned.proposals[:SHOWN]:
            subject = "event" if isinstance(row, Event) else "newsletter"
            block = await block_for(page, subject, row.id)
            told.append(_("▫️ {what}", what=block.get("title") if block else "?"))
    if owned.tasks:
        told.append(_("✅ Tasks, and steps with contacts: {n}", n=len(owned.tasks)))
        told += [_("▫️ {what}", what=task.what) for task in owned.tasks[:SHOWN]]
    if owned.plans:
        told.append(_("🌱 Hand-over plans: {n}", n=len(owned.plans)))
    if owned.called:
        told.append(_("📞 People whom you call: {n}", n=len(owned.called)))
    return told


async def sure_card(page: Page, to: str) -> Message:
    """Show once more what goes to whom, and the button that lets it go."""
    _ = page._
    owned = await handing_over.owned(page.session, page.reader, page.now)
    name = next((label for label, one in await colleagues(page) if one.ref == to), None)
    if name is None or not owned.rows:
        return await card(page)
    yes = HandOver(act="yes", person=to, seen=owned.seal)
    return Message(
        lines(
            _("All of this goes to {name}:", name=name),
            *await _told(page, owned),
            _("Members notice nothing of it."),
        ),
        [
            [Button(_.label("button", "✅ Yes, hand it over"), yes)],
            [Button(_.label("button", "Back"), HandOver())],
        ],
    )


async def done_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Handed over. Have a good rest!"))


async def notice(page: Page, count: int, by: str) -> Message | None:
    """Tell an animator how much they take care of now; nothing if they animate no more."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return None
    giver = await page.session.scalar(select(Person).where(Person.ref == by))
    name = giver.name if giver else "?"
    return Message(
        _("🤝 {name} has handed over to you what they took care of: {n}", name=name, n=count),
        [
            [Button(_.label("button", "☀️ Today"), Today())],
            [Button(_.label("button", "Inbox"), Inbox())],
        ],
    )


CARDS = {
    "handover": card,
    "handover.sure": sure_card,
    "handover.done": done_toast,
    "team_notice.handed_over": notice,
}


def setup() -> Router:
    """Take the buttons, from animators only."""
    router = router_for("handing over", ANIMATORS)
    router.callback_query.register(touched, HandOver.filter())
    return router
