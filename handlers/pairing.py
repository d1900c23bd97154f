"""/people: one's proposals, whom one was introduced to, and the ways from there.

Nobody is proposed to anybody who has not agreed to it.
"""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, matches, people
from community.consents import Purpose
from community.errors import NobodySoughtError, TooOftenError
from community.matches import RESTS, Pairing
from community.people import Person
from handlers import menu
from handlers.onboarding import TERMS_VERSION
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    alert,
    edit,
    lines,
    say,
)
from locales import Html, day


class People(CallbackData, prefix="ga"):
    """The card of /people, and what is done there."""

    act: str = "open"


class OneMatch(CallbackData, prefix="gc"):
    """A proposal, or somebody one was introduced to: look, and what is done about it."""

    ref: str
    act: str = "open"


STEPS = ("needs", "offers", "languages", "sector", "way", "seeks", "gives")


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /people."""
    await state.clear()
    return [say("people")]


async def acted(
    query: Any, callback_data: People, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Agree, begin, look for somebody at once, pause or go on."""
    act = callback_data.act
    if act == "open":
        return [edit("people")]
    people.require_member(person)
    if act == "agree":
        given = await consents.given(session, person) | {Purpose.MATCHING}
        language = person.language or ""
        await consents.switch(
            session, person, given, now, version=TERMS_VERSION, language=language
        )
        act = "open" if await matches.pairing_of(session, person) else "begin"
    if act == "begin":
        await matches.take_part(session, person, now)
        return [edit("people.step", step=STEPS[0])]
    if act == "find":
        try:
            await matches.ask(session, person, now)
        except NobodySoughtError as refusal:
            return [edit("people.nobody_sought", why=refusal.why, ref=refusal.ref)]
        except TooOftenError as refusal:
            return [alert("people.enough", again=(now + refusal.wait).isoformat())]
        return [edit("people.looking")]
    if act == "rest":
        await matches.rest(session, person, now + RESTS, now)
    elif act == "again":
        await matches.begin_again(session, person, now)
    elif act == "part":
        return [edit("people.part")]
    elif act in STEPS:
        return [edit("people.step", step=act, alone=True)]
    return [edit("people")]


# Cards


async def card(page: Page) -> Message:
    """Show one's proposals and whom one knows by now, and what can be done."""
    _ = page._
    if not page.reader.is_member:
        text = lines(
            _("👥 <b>People</b>"),
            _("Members are introduced to other members who could help them."),
            _("Join first; it takes one minute."),
        )
        return Message(text, [[menu.join_button(_)], [menu.button(_)]])
    agrees = Purpose.MATCHING in await consents.given(page.session, page.reader)
    known = [*await matches.mine(page.session, page.reader, page.now)]
    pairing = await matches.pairing_of(page.session, page.reader)
    rows = [[Button(await _label(page, view), OneMatch(ref=view.match.ref))] for view in known]
    if not agrees:
        text = lines(
            _("👥 <b>People</b>"),
            _(
                "We look among the members for who could help you, and whom you could help, and "
                "tell you why; your name is told only once both of you have said yes."
            ),
            _("You can take this back at any time under /me."),
        )
        yes = Button(_.label("button", "✅ Yes, I would like that"), People(act="agree"))
        return Message(text, [*rows, [yes], [menu.button(_)]])
    if pairing is None:
        text = lines(
            _("👥 <b>People</b>"),
            _("A few taps say whom you would like to meet. You can skip any."),
        )
        begin = Button(_.label("button", "▶️ Begin"), People(act="begin"))
        return Message(text, [*rows, [begin], [menu.button(_)]])
    text = lines(
        _("👥 <b>People</b>"),
        _("Every two weeks we look for somebody who could help you, or whom you could help."),
        None if known else _("There is nobody yet."),
        *_pause(page, pairing),
    )
    find = Button(_.label("button", "🔎 Find somebody for me now"), People(act="find"))
    part = Button(_.label("button", "⚙️ How I take part"), People(act="part"))
    return Message(text, [*rows, [find], *go_on(page, pairing), [part], [menu.button(_)]])


async def _label(page: Page, view: matches.View) -> str:
    """Return what a match is called in the list: a name only where both know each other."""
    _ = page._
    if not view.is_known:
        if view.mine.accepted_at is not None:
            return _.label("button", "⏳ A proposal you said yes to")
        return _.label("button", "🆕 A proposal for you")
    contact = await matches.contact_of(page.session, view)
    name = view.other.name if view.other else contact.title if contact else ""
    return _.label("button", "👤 {name}", name=name) if name else _.label("button", "👤 Gone")


def rests(page: Page, pairing: Pairing) -> bool:
    """Say whether nobody is proposed to the reader for now."""
    until = pairing.rests_until
    return pairing.rests_since is not None or (until is not None and until > page.now)


def _pause(page: Page, pairing: Pairing) -> list[Html]:
    _ = page._
    if pairing.rests_since is not None:
        return [_("⏸ Nobody is proposed to you until you go on.")]
    if rests(page, pairing) and pairing.rests_until is not None:
        until = day(pairing.rests_until.astimezone(page.zone).date(), _, year=page.now.year)
        return [_("⏸ Nobody is proposed to you until {day}.", day=until)]
    return []


def go_on(page: Page, pairing: Pairing) -> list[list[Button]]:
    """Return the way to end a pause, if there is one."""
    if not rests(page, pairing):
        return []
    return [[Button(page._.label("button", "▶️ Go on"), People(act="again"))]]


async def looking(page: Page) -> Message:
    """Say that somebody is looked for, and when one hears of it."""
    _ = page._
    text = lines(_("🔎 We look for somebody now."), _("You hear of it here in a few minutes."))
    return Message(text, [[Button(_.label("button", "Back"), People())]])


async def nobody_sought(page: Page, why: str, ref: str = "") -> Message:
    """Say why nobody is looked for now, and what the reader can do about it."""
    _ = page._
    text, step = {
        "needs": (
            _("You have not said yet what you look for. Choose something first, then ask again."),
            Button(_.label("button", "What I look for"), People(act="needs")),
        ),
        "seeks": (
            _("You have not said yet whom you would like to meet. Choose first, then ask again."),
            Button(_.label("button", "Whom I seek"), People(act="seeks")),
        ),
        "open": (
            _("A proposal waits for your answer. Once you have answered, we look for the next."),
            Button(_.label("button", "🆕 A proposal for you"), OneMatch(ref=ref)),
        ),
        "today": (
            lines(
                _("We have looked several times today, and nobody new has come yet."),
                _("Please ask again tomorrow. The more you say, the better we find."),
            ),
            Button(_.label("button", "⚙️ How I take part"), People(act="part")),
        ),
    }[why]
    return Message(text, [[step], [Button(_.label("button", "Back"), People())]])


async def enough(page: Page, again: str) -> Message:
    """Say when somebody can be proposed again: nobody is asked more than twice a month."""
    until = datetime.fromisoformat(again).astimezone(page.zone).date()
    return Message(
        page._.label(
            "toast",
            "Nobody gets more than two proposals a month. You can ask again from {day}.",
            day=day(until, page._, year=page.now.year),
        )
    )


CARDS = {
    "people": card,
    "people.looking": looking,
    "people.enough": enough,
    "people.nobody_sought": nobody_sought,
}


def setup() -> Router:
    """Take /people and its buttons."""
    router = Router(name="pairing")
    router.message.register(command, Command("people"))
    router.callback_query.register(acted, People.filter())
    return router
