"""The groups and channels on the desk: which there are, what each is for, unlinking."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import groups
from community.base import find
from community.events import Kind as EventKind
from community.groups import Admits, Group, Kind, State
from community.people import Person
from handlers import words
from handlers.cohorts import MOST, choices
from handlers.content import block_for
from handlers.hosting import area_rows
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    Reply,
    edit,
    in_rows,
    leave,
    lines,
    toast,
)
from handlers.staff import ANIMATORS, Groups, back, page_of, router_for
from locales import OFFERED, Html, Translator, language_name

ALL = "all"


class OneGroup(CallbackData, prefix="go"):
    """One group: see it, choose what it is for, unlink it ("!" does it)."""

    ref: str
    act: str = "open"
    value: str = ""
    at: int = 0

    def card(self) -> Reply:
        """Return the group as it is now."""
        return edit("group.one", ref=self.ref)


async def listed(query: Any) -> Replies:
    """Show the groups."""
    return [edit("groups")]


CHOICES = {
    "language": "group.languages",
    "area": "group.areas",
    "kind": "group.kinds",
    "course": "group.courses",
}
PAGES = {"open": "group.one", "unlink": "group.sure"}


async def pressed(
    query: Any, callback_data: OneGroup, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show a page of one group, or do what the button says."""
    ref, act, value = callback_data.ref, callback_data.act, callback_data.value
    if act == "unlink!":
        group = await groups.unlink(session, person, ref, now)
        return [edit("groups"), leave(group.chat_id), toast("group.unlinked")]
    if act in PAGES:
        return [edit(PAGES[act], ref=ref)]
    if act in CHOICES and not value:
        return [edit(CHOICES[act], ref=ref, at=callback_data.at)]
    if act == "language" and value not in OFFERED:
        return [toast("old_button")]
    was = (await groups.opened(session, person, ref, now)).state
    given = "" if value == ALL else value
    group = await groups.change(session, person, ref, act, given, now)
    # Who has just linked a group is asked for its area next.
    if act == "language" and was == State.NEW and group.state == State.LINKED:
        return [edit("group.areas", ref=ref)]
    return [edit("group.one", ref=ref)]


# Cards


async def group_list(page: Page) -> Message:
    """List the groups, and say how one is linked."""
    _ = page._
    found = await groups.every(page.session, page.reader, page.now)
    rows = [[Button(_label(group, _), OneGroup(ref=group.ref))] for group in found]
    bot = page.network.bot_username
    rows += [
        [
            Button(
                _.label("button", "➕ Add me to a group"),
                url=f"https://t.me/{bot}?startgroup=link&admin=invite_users",
            )
        ],
        [
            Button(
                _.label("button", "➕ Add me to a channel"),
                url=f"https://t.me/{bot}?startchannel=link&admin=post_messages+edit_messages",
            )
        ],
        [back(_)],
    ]
    text = lines(
        _("<b>Groups and channels</b>"),
        _(
            "Add me to a group of the network in Telegram, under your own name, and I ask you "
            "here what it is for. As an administrator who may invite people I also let members "
            "in. I never read what is said there."
        ),
    )
    return Message(text, rows)


def _label(group: Group, _: Translator) -> str:
    title = group.title
    return {
        State.NEW: _.label("group in a list", "❔ {title}", title=title),
        State.LINKED: _.label("group in a list", "✅ {title}", title=title),
        State.LOST: _.label("group in a list", "⚠️ {title}", title=title),
        State.UNLINKED: title,
    }[group.state]


async def one(page: Page, ref: str) -> Message:
    """Show what a group is for, and everything that can be changed about it."""
    _ = page._
    group = await groups.opened(page.session, page.reader, ref, page.now)
    heading = Html("<b>") + group.title + Html("</b>")
    to_list = [Button(_.label("button", "All groups"), Groups())]
    off = Button(_.label("button", "🗑 Unlink it"), OneGroup(ref=ref, act="unlink"))
    match group.state:
        case State.LOST:
            told = _("⚠️ I am not in it any more: somebody has removed me, or it was closed.")
            return Message(lines(heading, "", told), [[off], to_list])
        case State.UNLINKED:
            return Message(lines(heading, "", _("It is not linked.")), [to_list])
        case State.NEW:
            told = _("You have added me. In which language do people write here?")
            return Message(lines(heading, "", told), [*_languages(page, group), [off], to_list])
    text = lines(
        heading,
        "",
        _("🗣 Language: {language}", language=language_name(group.language or "", _)),
        await _area(page, group),
        _("🏷 Events: {kind}", kind=words.event_kind(group.event_kind, _))
        if group.event_kind
        else _("🏷 Events: all kinds"),
        await _course(page, group),
        None if group.kind == Kind.CHANNEL else _who_answers(group, _),
    )
    return Message(text, [*_changing(page, group), [off], to_list])


async def _area(page: Page, group: Group) -> Html:
    _ = page._
    block = await block_for(page, "area", group.area_id) if group.area_id else None
    if block is None:
        return _("🗺 Area: the whole network")
    return _("🗺 Area: {area}", area=block.get("name"))


async def _course(page: Page, group: Group) -> Html | None:
    block = await block_for(page, "cohort", group.cohort_id) if group.cohort_id else None
    if block is None:
        return None
    name = block.get("name")
    return page._("🎒 Course: {course}. Only its events are posted here.", course=name)


def _who_answers(group: Group, _: Translator) -> Html:
    if group.admits == Admits.MEMBERS and group.cohort_id:
        return _("🚪 Who asks to join: I let in those who take the course, and tell others how.")
    if group.admits == Admits.MEMBERS:
        return _("🚪 Who asks to join: I let members of the network in, and tell others how.")
    return _("🚪 Who asks to join: you answer them yourselves in Telegram.")


def _changing(page: Page, group: Group) -> list[list[Button]]:
    _, ref = page._, group.ref
    buttons = [
        Button(_.label("button", "🗣 Language"), OneGroup(ref=ref, act="language")),
        Button(_.label("button", "🗺 Area"), OneGroup(ref=ref, act="area")),
        Button(_.label("button", "🏷 Kind of events"), OneGroup(ref=ref, act="kind")),
        Button(_.label("button", "🎒 A course"), OneGroup(ref=ref, act="course")),
    ]
    if group.kind != Kind.CHANNEL:
        by_us = group.admits == Admits.MEMBERS
        label = (
            _.label("button", "🚪 Answer requests yourselves")
            if by_us
            else _.label("button", "🚪 Let members in")
        )
        to = Admits.TEAM if by_us else Admits.MEMBERS
        buttons.append(Button(label, OneGroup(ref=ref, act="admits", value=to.value)))
    return in_rows(buttons, 2)


def _languages(page: Page, group: Group) -> list[list[Button]]:
    return in_rows(
        [
            Button(
                language_name(code, page._), OneGroup(ref=group.ref, act="language", value=code)
            )
            for code in OFFERED
        ],
        2,
    )


async def languages(page: Page, ref: str, at: int = 0) -> Message:
    """Choose the language of a group."""
    group = await find(page.session, Group, ref)
    text = page._("In which language do people write in this group?")
    return Message(text, [*_languages(page, group), [_back(page, ref)]])


async def areas(page: Page, ref: str, at: int = 0) -> Message:
    """Choose whose events a group gets: those of one area with what lies in it, or all."""
    _ = page._
    rows, turning = await area_rows(
        page, at, lambda area, to: OneGroup(ref=ref, act="area", value=area, at=to)
    )
    every = Button(
        _.label("button", "The whole network"), OneGroup(ref=ref, act="area", value=ALL)
    )
    text = _("For which area is this group? It gets the events of this area and of those in it.")
    return Message(text, [[every], *rows, turning, [_back(page, ref)]])


async def kinds(page: Page, ref: str, at: int = 0) -> Message:
    """Choose which kind of events a group gets."""
    _ = page._
    buttons = [
        Button(words.event_kind(kind, _), OneGroup(ref=ref, act="kind", value=kind.value))
        for kind in EventKind
    ]
    every = Button(_.label("button", "All kinds"), OneGroup(ref=ref, act="kind", value=ALL))
    text = _("Which kind of events is for this group?")
    return Message(text, [[every], *in_rows(buttons, 2), [_back(page, ref)]])


async def courses(page: Page, ref: str, at: int = 0) -> Message:
    """Choose the course whose group it is, or none."""
    _ = page._
    shown, turning = page_of(
        await choices(page), at, MOST, lambda to: OneGroup(ref=ref, act="course", at=to), _
    )
    rows = [
        [Button(name, OneGroup(ref=ref, act="course", value=course))] for name, course in shown
    ]
    none = Button(_.label("button", "Of no course"), OneGroup(ref=ref, act="course", value=ALL))
    text = _(
        "Of which course is this group? Only the events of the course are posted here, and I let "
        "in those who take it."
    )
    return Message(text, [[none], *rows, turning, [_back(page, ref)]])


async def sure(page: Page, ref: str) -> Message:
    """Ask once more before the bot leaves a group."""
    _ = page._
    group = await groups.opened(page.session, page.reader, ref, page.now)
    text = lines(
        _("Unlink the group {group}?", group=group.title),
        _("I leave it then. What I have posted there stays, and does not change any more."),
    )
    yes = Button(_.label("button", "Yes, unlink it"), OneGroup(ref=ref, act="unlink!"))
    return Message(text, [[yes], [Button(_.label("button", "No, keep it"), OneGroup(ref=ref))]])


def _back(page: Page, ref: str) -> Button:
    return Button(page._.label("button", "Back"), OneGroup(ref=ref))


async def unlinked(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "It is not linked any more."))


async def lost_notice(page: Page, ref: str) -> Message | None:
    """Tell the team that the bot is in a group no more."""
    _ = page._
    group = await find(page.session, Group, ref)
    if group.state != State.LOST:
        return None
    text = lines(
        _("⚠️ I am not in the group {group} any more.", group=group.title),
        _(
            "Somebody has removed me, or it was closed. Nothing is posted there now. If that was "
            "a mistake, add me again."
        ),
    )
    return Message(text, [[Button(_.label("button", "📌 Groups"), Groups())]])


CARDS: dict[str, Any] = {
    "groups": group_list,
    "group.one": one,
    "group.languages": languages,
    "group.areas": areas,
    "group.kinds": kinds,
    "group.courses": courses,
    "group.sure": sure,
    "group.unlinked": unlinked,
    "team_notice.group_lost": lost_notice,
}


def setup() -> Router:
    """Take the buttons of the groups; only animators reach them."""
    router = router_for("groups", ANIMATORS)
    router.callback_query.register(listed, Groups.filter())
    router.callback_query.register(pressed, OneGroup.filter())
    return router
