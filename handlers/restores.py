"""After a backup was put back: an administrator decides about the messages that are held."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import holds, restores
from community.people import Person
from community.roles import RoleName
from handlers.replies import Button, Message, Page, Replies, edit, lines, toast
from handlers.staff import back, router_for
from locales import Html, Translator
from locales.dates import moment

ADMINISTRATORS = frozenset({RoleName.ADMINISTRATOR})


class Held(CallbackData, prefix="rh"):
    """What is held since a restore: look at it, ``send`` it or ``drop`` it."""

    act: str = "open"


async def touched(
    query: Any, callback_data: Held, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show what is held, or decide about it."""
    act = callback_data.act
    if act not in {"send", "drop"} or await holds.since(session) is None:
        return [edit("held")]
    count = await restores.decide(session, person, now, send=act == "send")
    return [edit("held"), toast("held.decided", count=count, sent=act == "send")]


def open_button(_: Translator) -> Button:
    """Return the button that leads to the decision."""
    return Button(_.label("button", "⏸ Held messages"), Held())


async def told(page: Page) -> Html | None:
    """Return the line that says that messages are held, if they are."""
    since = await holds.since(page.session)
    if since is None:
        return None
    _ = page._
    return _("⏸ Messages are held since a backup was put back: {time}.", time=_time(page, since))


def _time(page: Page, since: datetime) -> Html:
    return moment(since, page.zone, page._, year=page.now.astimezone(page.zone).year)


async def card(page: Page) -> Message:
    """Say what is held and why, and offer both ways out."""
    _ = page._
    held = await told(page)
    if held is None:
        return Message(_("No messages are held."), [[back(_)]])
    waiting = await restores.waiting(page.session, page.now)
    text = lines(
        held,
        "",
        _(
            "What was sent after the backup was made is not known here, and would be sent a "
            "second time. That is why newsletters, invitations, reminders and short questions "
            "wait. Answers to people and urgent messages go out."
        ),
        "",
        _.ngettext("{n} message is due now.", "{n} messages are due now.", waiting),
    )
    rows = [
        [Button(_.label("button", "Send what is still of use"), Held(act="send"))],
        [Button(_.label("button", "Drop what is due already"), Held(act="drop"))],
        [back(_)],
    ]
    return Message(text, rows)


async def decided(page: Page, count: int, sent: bool) -> Message:
    """Confirm in a few words."""
    _ = page._
    if sent:
        return Message(_.nlabel("toast", "{n} message goes out.", "{n} messages go out.", count))
    return Message(
        _.nlabel("toast", "{n} message is dropped.", "{n} messages are dropped.", count)
    )


async def notice(page: Page) -> Message | None:
    """Tell an administrator that messages are held; nothing once that is decided."""
    return await card(page) if await holds.since(page.session) else None


CARDS = {"held": card, "held.decided": decided, "team_notice.held": notice}


def setup() -> Router:
    """Take the buttons of whoever administers the network."""
    router = router_for("restores", ADMINISTRATORS)
    router.callback_query.register(touched, Held.filter())
    return router
