"""The menu, help, privacy, and what happens to words that fit nothing."""

from collections.abc import Collection
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext

from community import roles
from community.exchanges import KEPT
from community.roles import RoleName
from handlers import drafts, resting
from handlers.posting import Posts
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import Hosted, Reports
from locales import Html, Translator


class Menu(CallbackData, prefix="m"):
    """A button that leads to a part of the menu."""

    to: str = "menu"


class AskTeam(CallbackData, prefix="at"):
    """Write to the team."""


class WriteTo(CallbackData, prefix="wt"):
    """Write to the other side about a request ("referral") or an event."""

    kind: str
    ref: str


class OpenEvent(CallbackData, prefix="ev"):
    """Open an event's card."""

    ref: str


class Learn(CallbackData, prefix="ql"):
    """The list of lessons."""


class Screen(CallbackData, prefix="qs"):
    """One screen of a lesson, counted from 0; after the last comes its question."""

    ref: str
    at: int = 0


class Share(CallbackData, prefix="qh"):
    """Pass something on: the network ("network", or "paper"), an event, a lesson."""

    what: str = "open"
    ref: str = ""


class Propose(CallbackData, prefix="pp"):
    """What can be proposed; staff do it for one of their organisations."""

    what: str = "menu"
    organization: str = ""
    at: int = 0
    """A page of the menu."""


def button(_: Translator) -> Button:
    """Return the way back to the menu."""
    return Button(_.label("button", "Menu"), Menu())


def join_button(_: Translator) -> Button:
    """Return the way to the welcome card, where one joins or just looks."""
    return Button(_.label("button", "👋 Join the network"), Menu(to="join"))


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /menu."""
    await state.clear()
    return [say("menu")]


async def help_command(message: Any, state: FSMContext) -> Replies:
    """Answer /help."""
    await state.clear()
    return [say("help")]


async def privacy_command(message: Any, state: FSMContext) -> Replies:
    """Answer /privacy."""
    await state.clear()
    return [say("privacy")]


PLACES = {
    "menu": "menu",
    "events": "event.list",
    "support": "support.needs",
    "people": "people",
    "me": "me.card",
    "help": "help",
    "privacy": "privacy",
    "learn": "lessons",
    "news": "news.latest",
    "join": "start.terms",
    "erase": "me.erase",
}
"""Where the buttons of the menu lead: the kinds of cards."""


async def pressed(query: Any, callback_data: Menu, state: FSMContext) -> Replies:
    """Go where the button leads, in place."""
    await state.clear()
    kind = PLACES.get(callback_data.to)
    return [edit(kind)] if kind else [toast("old_button")]


async def menu_card(page: Page) -> Message:
    """Show what there is: for members, and for whoever has a role."""
    _ = page._
    rows = [
        [
            Button(_.label("button", "📅 Events"), Menu(to="events")),
            Button(_.label("button", "🤝 Support"), Menu(to="support")),
        ],
        [
            Button(_.label("button", "📰 News"), Menu(to="news")),
            Button(_.label("button", "👤 About me"), Menu(to="me")),
        ],
        [
            Button(_.label("button", "👥 People"), Menu(to="people")),
            Button(_.label("button", "🎓 Learn"), Menu(to="learn")),
        ],
        [
            Button(_.label("button", "📌 Asks and offers"), Posts()),
            Button(_.label("button", "❓ Help"), Menu(to="help")),
        ],
    ]
    text = _("<b>What would you like to do?</b>")
    if not page.reader.is_member:
        text = lines(
            text, "", _("You are looking round. Join to answer events and to get support.")
        )
        rows.insert(0, [join_button(_)])
    if told := resting.line(page):
        text = lines(text, "", told)
        rows = [*resting.rows(page), *rows]
    held = {role.name for role in await roles.held(page.session, page.reader, page.now)}
    if RoleName.TRANSLATOR in held:
        rows.append([await drafts.button(page)])
    if held & {RoleName.CO_HOST, RoleName.COMMUNITY_LEAD}:
        rows.append([Button(_.label("button", "🤝 Events I host"), Hosted())])
    if RoleName.MODERATOR in held:
        rows.append([Button(_.label("button", "🚩 What was reported"), Reports())])
    if ways := ways_in(held, _):
        text = lines(text, "", *ways)
    return Message(text, rows)


def ways_in(held: Collection[RoleName], _: Translator) -> list[Html]:
    """Return the commands that these roles have, each with what it opens."""
    return [
        *([_("/animate: events, newsletters, the team")] if STAFF & {*held} else []),
        *(
            [_("/referrals: the people referred to you")]
            if RoleName.PROVIDER_STAFF in held
            else []
        ),
        *([_("/report: figures and set up")] if RoleName.COORDINATOR in held else []),
        *([_("/report: what was told, and the data set")] if _only_evaluates(held) else []),
    ]


def _only_evaluates(held: Collection[RoleName]) -> bool:
    return RoleName.EVALUATOR in held and RoleName.COORDINATOR not in held


STAFF = {RoleName.ANIMATOR, RoleName.ADMINISTRATOR}


async def help_card(page: Page) -> Message:
    """Say what this is, what it is not, and whom to call instead."""
    _ = page._
    text = lines(
        _(
            "This is a network of people who start or run a business in a new country. "
            "Here you find events, support and each other. It costs nothing."
        ),
        "",
        _("What you get here:"),
        *what_you_get(_),
        "",
        _(
            "This is not an emergency service. In danger, or if you need help at once, "
            "call {number}.",
            number=page.network.emergency_contact,
        ),
        "",
        _("You can write to the team at any time: /ask"),
        _("/menu shows everything you can do. /language changes the language."),
        _("/stop ends all messages. You decide what we know about you: /me"),
    )
    tell = Button(_.label("button", "📤 Tell others"), Share())
    return Message(text, [[tell], [button(_)]])


def what_you_get(_: Translator) -> list[Html]:
    """Return what the network is good for, each a line that begins with a dot."""
    return [
        _("• Meet other people who run a business"),
        _("• Find advice, courses and money to start"),
        _("• Ask a team that answers in your language"),
        _("• Learn in short lessons, step by step"),
    ]


async def privacy_card(page: Page) -> Message:
    """Say in plain words what happens with what people tell us."""
    _ = page._
    text = lines(
        _("<b>What happens with your data</b>"),
        "",
        _("We keep what you tell us here, to run this network. We never sell it."),
        _("The team of the network can read your name and what you write to the team."),
        _(
            "Other members see nothing that names you. If you agree to be introduced, what you "
            "look for, know, speak and do, and where you live, is told as a reason, without a "
            "name; your name and account only once both of you have said yes."
        ),
        _(
            "A support organisation sees only what you agreed to, each time. "
            "We ask you before, field by field."
        ),
        _(
            "What you and an organisation write to each other through the bot the team, and the "
            "moderators whom it has chosen among the members, read only if one of you reports it."
        ),
        _(
            "So it is with what you write to somebody whom you were introduced to. Whoever you "
            "block is not told."
        ),
        _(
            "Members who host an event with the team see who answers to it, and what is asked "
            "about it."
        ),
        _.ngettext(
            "What you write to the team, to an organisation or to the organisers of an event, and "
            "their answers, are deleted {n} day after the last message; a question to the team "
            "not before it is answered.",
            "What you write to the team, to an organisation or to the organisers of an event, and "
            "their answers, are deleted {n} days after the last message; a question to the team "
            "not before it is answered.",
            KEPT.days,
        ),
        _(
            "Photos, voice messages and documents in it lie with Telegram. We keep only what "
            "shows them again, for as long."
        ),
        _("In figures, groups of fewer than 5 people are never shown."),
        _(
            "Telegram carries our messages and can see them. Never send identity documents, "
            "passwords or bank data here."
        ),
        _("You can see, change, take with you and delete everything: /me"),
    )
    rows = [[button(_)]]
    if not page.reader.is_member:  # who asks before joining goes on where they were
        rows.insert(0, [Button(_.label("button", "Back"), Menu(to="join"))])
    return Message(text, rows)


async def refusal(page: Page, text: str) -> Message:
    """Say no, in a sentence that ``bot/refusals.py`` has chosen."""
    return Message(Html(text))


async def old_button(page: Page) -> Message:
    """Answer a button that leads nowhere (any more)."""
    return Message(page._.label("toast", "This button is no longer in use. Send /menu."))


CARDS = {
    "menu": menu_card,
    "help": help_card,
    "privacy": privacy_card,
    "refusal": refusal,
    "old_button": old_button,
}


def setup() -> Router:
    """Take /menu, /help, /privacy and the menu's buttons."""
    router = Router(name="menu")
    router.message.register(command, Command("menu"))
    router.message.register(help_command, Command("help"))
    router.message.register(privacy_command, Command("privacy"))
    router.callback_query.register(pressed, Menu.filter())
    return router
