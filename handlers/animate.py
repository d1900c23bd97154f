"""/animate: the desk of animators and administrators. It shows only what the roles allow."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import bridge, deliveries, inbox, moderation, referrals, roles, sends
from community.events import Event
from community.people import Person
from community.roles import RoleName
from handlers import deciding, drafts, menu, restores
from handlers.content import block_for
from handlers.planning import Events
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import (
    ANIMATORS,
    TEAM,
    AllSends,
    Contacts,
    Desk,
    Digests,
    Groups,
    Inbox,
    OneAssisted,
    OneCohort,
    OpenJudged,
    PartnerLinks,
    Tasks,
    Taught,
    Templates,
    Today,
    Unsure,
    Venues,
    back,
    router_for,
)
from locales import Translator


class Resend(CallbackData, prefix="ar"):
    """Send again what may not have arrived."""

    kind: str
    ref: str


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /animate."""
    await state.clear()
    return [say("desk")]


PLACES = {"desk": "desk", "team": "team"}


async def pressed(query: Any, callback_data: Desk, state: FSMContext) -> Replies:
    """Go to a part of the desk, in place."""
    await state.clear()
    kind = PLACES.get(callback_data.to)
    return [edit(kind)] if kind else [toast("old_button")]


async def unsure_opened(query: Any) -> Replies:
    """Show what may not have arrived."""
    return [edit("desk.unsure")]


async def resent(
    query: Any, callback_data: Resend, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Send it again, because this person says so."""
    kind, ref = callback_data.kind, callback_data.ref
    count = await deliveries.resend(session, person, kind, ref, now)
    return [edit("desk.unsure"), toast("desk.resent", count=count)]


async def desk(page: Page) -> Message:
    """Show what the reader's roles allow."""
    _ = page._
    held = {role.name for role in await roles.held(page.session, page.reader, page.now)}
    rows = []
    if RoleName.ANIMATOR in held:
        rows += [
            [Button(_.label("button", "☀️ Today"), Today())],
            [Button(_.label("button", "📅 Events"), Events())],
            [
                Button(_.label("button", "📰 Newsletters"), AllSends()),
                Button(_.label("button", "🗞 Digest"), Digests()),
            ],
            [await drafts.button(page)],
            [Button(await _inbox_label(page), Inbox())],
            await deciding.button(page),
            [
                Button(_.label("button", "📇 Contacts"), Contacts()),
                Button(_.label("button", "✅ Tasks"), Tasks()),
            ],
            [
                Button(_.label("button", "🗒 Templates"), Templates()),
                Button(_.label("button", "🏠 Venues"), Venues()),
                Button(_.label("button", "📌 Groups"), Groups()),
            ],
            [Button(_.label("button", "🙌 Face to face"), OneAssisted())],
            [Button(_.label("button", "💬 What members think"), OpenJudged())],
        ]
        if await deliveries.uncertain(page.session, page.now):
            rows.append([Button(_.label("button", "❓ Not sure it arrived"), Unsure())])
    else:
        waiting = len(await sends.in_review(page.session))
        label = _.nlabel(
            "button", "👀 {n} message to look at", "👀 {n} messages to look at", waiting
        )
        rows += [[Button(label, AllSends())]] if waiting else []
        rows += [[await drafts.button(page)]] if RoleName.TRANSLATOR in held else []
    held_line = await restores.told(page)
    if held_line is not None and RoleName.ADMINISTRATOR in held:
        rows.append([restores.open_button(_)])
    if RoleName.ANIMATOR in held:
        lessons = Button(_.label("button", "🎓 Lessons"), Taught())
        rows.append([lessons, Button(_.label("button", "🎒 Courses"), OneCohort())])
        partners = Button(_.label("button", "📣 Partners"), PartnerLinks())
        rows.append([Button(_.label("button", "📤 Tell others"), menu.Share()), partners])
    rows.append([Button(_.label("button", "👥 Team"), Desk(to="team"))])
    elsewhere = menu.ways_in(held - menu.STAFF, _)
    text = lines(_("<b>Your desk</b>"), held_line, *(["", *elsewhere] if elsewhere else []))
    return Message(text, rows)


async def _inbox_label(page: Page) -> str:
    _ = page._
    waiting = len(await inbox.of_team(page.session, page.reader, page.now))
    waiting += len(await referrals.disputes(page.session, page.reader, page.now))
    waiting += len(await bridge.for_team(page.session, page.reader, page.now))
    waiting += len(await moderation.queue(page.session, page.reader, page.now))
    if not waiting:
        return _.label("button", "✉️ Inbox")
    return _.nlabel("button", "✉️ Inbox: {n} waits", "✉️ Inbox: {n} wait", waiting)


async def unsure_card(page: Page) -> Message:
    """List what may not have arrived and is still worth sending."""
    _ = page._
    found = await deliveries.uncertain(page.session, page.now)
    rows = []
    for unsure in found:
        title = await _event_title(page, unsure) if unsure.kind == "event_reminder" else ""
        label = _.nlabel(
            "button",
            "Send again to {n} person: {what}",
            "Send again to {n} people: {what}",
            unsure.count,
            what=title or _kind_label(unsure.kind, _),
        )
        rows.append([Button(label, Resend(kind=unsure.kind, ref=unsure.ref))])
    text = (
        lines(
            _("<b>Not sure it arrived</b>"),
            _(
                "Something broke while these were being sent. Sent again, somebody may get one "
                "of them twice."
            ),
        )
        if found
        else _("There is nothing of which we are not sure.")
    )
    return Message(text, [*rows, [back(_)]])


def _kind_label(kind: str, _: Translator) -> str:
    return {
        "event_reminder": _.label("delivery", "reminder of an event"),
        "step_nudge": _.label("delivery", "reminder of a step"),
        "month_report": _.label("delivery", "notice of a month's figures"),
        "entry_check": _.label("delivery", "question whether an entry is right"),
        "pulse": _.label("delivery", "short question"),
        "digest": _.label("delivery", "digest of the month"),
    }.get(kind, _.label("delivery", "message"))


async def _event_title(page: Page, unsure: deliveries.Unsure) -> str:
    event = await page.session.scalar(select(Event).where(Event.ref == unsure.ref))
    block = await block_for(page, "event", event.id) if event else None
    title = block.get("title") if block else ""
    return page._.label("delivery", "reminder of {event}", event=title) if title else ""


async def resent_toast(page: Page, count: int) -> Message:
    """Confirm in a few words."""
    _ = page._
    return Message(
        _.nlabel("toast", "{n} message goes out again.", "{n} messages go out again.", count)
    )


CARDS = {"desk": desk, "desk.unsure": unsure_card, "desk.resent": resent_toast}


def setup() -> Router:
    """Take /animate and the desk's buttons."""
    router = router_for("animate", TEAM)
    router.message.register(command, Command("animate"))
    router.callback_query.register(pressed, Desk.filter())
    animators = router_for("animate animators", ANIMATORS)
    animators.callback_query.register(unsure_opened, Unsure.filter())
    animators.callback_query.register(resent, Resend.filter())
    router.include_router(animators)
    return router
