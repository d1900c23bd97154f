"""An event as a group reads it, and how an animator posts it there.

The card is for everybody who can read the group: no address, no name, no number of answers.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, deliveries, events, groups
from community.base import find
from community.events import Event
from community.groups import Group
from community.people import Membership, Person
from handlers.attendance import heading
from handlers.content import block_for
from handlers.event_facts import provided
from handlers.replies import Button, Message, Page, Replies, alike, edit, lines, toast
from handlers.staff import ANIMATORS, Groups, InGroups, PlannedEvent, router_for
from locales import Html, Translator, event_time, translator_for

SHOWN = (events.State.PUBLISHED, events.State.HELD, events.State.CANCELLED)


async def pressed(
    query: Any, callback_data: InGroups, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Choose a group, see the card as it will stand there, post it."""
    ref, group = callback_data.ref, callback_data.group
    if callback_data.act == "post":
        is_new = await groups.post(session, person, ref, group, now)
        return [edit("group.choose", ref=ref), toast("group.posted", is_new=is_new)]
    if callback_data.act == "all":
        for one, fate in await groups.for_event(session, person, ref, now):
            if fate is None:
                await groups.post(session, person, ref, one.ref, now)
        return [edit("group.choose", ref=ref), toast("group.posted", is_new=True)]
    if group:
        return [edit("group.preview", ref=ref, group=group)]
    return [edit("group.choose", ref=ref)]


# Cards


@alike
async def group_card(page: Page, ref: str, group: str = "") -> Message | None:
    """Show an event in a group: what it is, when, whether there is room; answers are private.

    The group is named where it is one of a course.
    """
    _ = page._
    event = await find(page.session, Event, ref)
    if event.state not in SHOWN:
        return None
    # Since it was posted it may be for others: whoever reads there may be none of them.
    if not await groups.may_read(page.session, event, group):
        return Message(_("This event is for some members of the network only."), gone=True)
    block = await block_for(page, "event", event.id)
    when = event_time(
        event.starts_at,
        event.ends_at,
        events.zone_of(event),
        page.zone,
        event.is_online,
        _,
        year=page.now.year,
    )
    is_open = event.state == events.State.PUBLISHED and not event.is_over(page.now)
    area = await block_for(page, "area", event.area_id) if event.area_id else None
    text = lines(
        heading(page, event, block, in_public=True),
        "",
        _("📅 {when}", when=when),
        _("💻 Online") if event.is_online else None,
        _("🗺 Area: {area}", area=area.get("name")) if area else None,
        *provided(event, _),
        "",
        await _standing(page, event, is_open=is_open),
    )
    answer = Button(_.label("button", "💬 Answer in private"), url=page.network.link(f"e-{ref}"))
    return Message(text, [[answer]] if is_open else [], live=is_open)


async def _standing(page: Page, event: Event, *, is_open: bool) -> Html:
    _ = page._
    if event.state == events.State.CANCELLED:
        return _("❌ This event has been cancelled.")
    if not is_open:
        return _("This event is over.")
    if await attendance.places_left(page.session, event) == 0:
        return _("All places are taken. Whoever answers now stands on the waiting list.")
    return _("Are you coming? Your answer and the address stay between you and me.")


async def preview(page: Page, ref: str, group: str) -> Message:
    """Show the card as it will stand in a group, and ask whether to post it."""
    _ = page._
    there = await groups.opened(page.session, page.reader, group, page.now)
    nobody = Person(language=there.language, state=Membership.LEFT)
    in_group = replace(
        page, reader=nobody, _=translator_for(there.language or _.language), second=None
    )
    shown = await group_card(in_group, ref, group)
    post = Button(
        _.label("button", "📌 Post it there"), InGroups(ref=ref, group=group, act="post")
    )
    text = lines(
        _("This is what the group {group} will read:", group=there.title),
        "",
        shown.text if shown else None,
    )
    return Message(text, [[post], [_to_choice(ref, _)]])


def _to_choice(ref: str, _: Translator) -> Button:
    return Button(_.label("button", "Back"), InGroups(ref=ref))


async def choose(page: Page, ref: str) -> Message:
    """List the groups that an event fits, and in which of them it is."""
    _ = page._
    found = await groups.for_event(page.session, page.reader, ref, page.now)
    rows = [
        [Button(_in_list(group, fate, _), InGroups(ref=ref, group=group.ref, act="see"))]
        for group, fate in found
    ]
    if sum(fate is None for _group, fate in found) > 1:
        rows.append([Button(_.label("button", "📌 Post it in all"), InGroups(ref=ref, act="all"))])
    if not found:
        rows.append([Button(_.label("button", "📌 Groups"), Groups())])
    text = lines(
        _("<b>This event in groups</b>"),
        _(
            "Everybody who reads a group sees the card: without address, names or answers. It "
            "changes there when the event changes."
        )
        if found
        else _("No linked group is for this event."),
    )
    return Message(
        text, [*rows, [Button(_.label("button", "Back to the event"), PlannedEvent(ref=ref))]]
    )


def _in_list(group: Group, fate: deliveries.State | None, _: Translator) -> str:
    title = group.title
    if fate is None:
        return title
    if fate == deliveries.State.SENT:
        return _.label("event in a group", "✅ {title}", title=title)
    if fate in deliveries.OPEN:
        return _.label("event in a group", "⏳ {title}", title=title)
    return _.label("event in a group", "⚠️ {title}", title=title)


async def posted(page: Page, is_new: bool) -> Message:
    """Confirm in a few words."""
    _ = page._
    if is_new:
        return Message(_.label("toast", "It is posted now."))
    return Message(_.label("toast", "It is there already."))


CARDS: dict[str, Any] = {
    groups.CARD: group_card,
    "group.preview": preview,
    "group.choose": choose,
    "group.posted": posted,
}


def setup() -> Router:
    """Take the buttons of posting an event in groups; only animators reach them."""
    router = router_for("group_cards", ANIMATORS)
    router.callback_query.register(pressed, InGroups.filter())
    return router
