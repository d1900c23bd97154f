"""What Telegram tells of groups: the bot is put in or out, somebody asks to join, or has joined.

Nothing is ever answered in a group. Who puts the bot in is answered in private, and who asks to
join is let in, or told in private how.
"""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.types import Chat, ChatMemberUpdated, Update, User
from sqlalchemy.ext.asyncio import AsyncSession

from community import groups, people
from community.base import find
from community.errors import NotAllowedError
from community.groups import Admits, Group, Kind, State
from community.people import Person
from handlers import menu
from handlers.replies import Button, Message, Page, Replies, admit, leave, lines, say
from locales import negotiate, translator_for

GONE = frozenset({"left", "kicked"})


async def heard(
    session: AsyncSession,
    update: Update,
    chat: Chat,
    user: User,
    person: Person | None,
    now: datetime,
) -> Replies:
    """Carry out what has happened in a group; what is answered, is answered to ``user``."""
    if update.my_chat_member is not None:
        return await _bot_moved(session, update.my_chat_member, chat, person, now)
    if update.chat_join_request is not None:
        return await _asked(session, chat, user, person, now)
    if update.chat_member is not None:
        newcomer = update.chat_member.new_chat_member.user
        if newcomer.id != user.id:  # somebody has added them
            person = await people.by_telegram_id(session, newcomer.id)
        if person is not None and not newcomer.is_bot:
            await groups.came_in(session, chat.id, person, now)
    if update.message is not None and update.message.migrate_to_chat_id is not None:
        await groups.moved(session, chat.id, update.message.migrate_to_chat_id, now)
    return []


async def _bot_moved(
    session: AsyncSession,
    change: ChatMemberUpdated,
    chat: Chat,
    person: Person | None,
    now: datetime,
) -> Replies:
    """Link the group in which an animator has put the bot; leave any other.

    A bot that stays where nobody of the team has brought it would hear what is said there.
    """
    if change.new_chat_member.status in GONE:
        await groups.lost(session, chat.id, now)
        return []
    known = await groups.of_chat(session, chat.id)
    if known is not None and known.state in groups.HERE:
        return []
    if person is None:
        return [leave(chat.id)]
    try:
        group = await groups.link(session, person, chat.id, Kind(chat.type), chat.title or "", now)
    except NotAllowedError:
        return [say("group.not_yours"), leave(chat.id)]
    return [say("group.one", ref=group.ref)]


async def _asked(
    session: AsyncSession, chat: Chat, user: User, person: Person | None, now: datetime
) -> Replies:
    group = await groups.of_chat(session, chat.id)
    if group is None or group.state != State.LINKED or group.admits != Admits.MEMBERS:
        return []
    if await groups.ask(session, group, user.id, person, now):
        return [admit(chat.id)]
    return [say("group.how_to_join", ref=group.ref)]


async def let_in(session: AsyncSession, person: Person, now: datetime) -> Replies:
    """Let somebody who belongs to the network, or a course, now into the groups they asked for."""
    return [admit(chat_id) for chat_id in await groups.let_in(session, person, now)]


# Cards


async def not_yours(page: Page) -> Message:
    """Say politely why the bot is gone again."""
    return Message(
        page._(
            "You have added me to a group. Only the team of the network can link groups, so I "
            "have left it again."
        )
    )


async def how_to_join(page: Page, ref: str) -> Message:
    """Say to somebody who is no member how to get into a group.

    Whoever has not chosen a language yet is spoken to in the one that Telegram tells.
    """
    reader, _ = page.reader, page._
    if reader.language is None and reader.telegram_language:
        _ = translator_for(negotiate(reader.telegram_language))
    group = await find(page.session, Group, ref)
    opens = _("You would like to join the group {group}. Welcome!", group=group.title)
    if group.cohort_id and reader.is_member:
        text = lines(
            opens,
            _(
                "It is for those who take a course. Open the link of the course, which the team "
                "gives you, and say yes to it; then I let you into the group at once."
            ),
        )
        return Message(text, [[menu.button(_)]], language=_.language)
    text = lines(
        opens,
        _(
            "It is for members of our network. Joining the network is free and takes a minute; "
            "then I let you into the group at once."
        ),
    )
    bot = f"https://t.me/{page.network.bot_username}"
    join = Button(_.label("button", "🤝 Join the network"), url=bot)
    return Message(text, [[join]], language=_.language)


async def welcome(page: Page, ref: str) -> Message | None:
    """Welcome whoever has been let into a group."""
    _ = page._
    group = await find(page.session, Group, ref)
    if group.state != State.LINKED:
        return None
    text = lines(
        _("👋 Welcome to the group {group}!", group=group.title),
        _(
            "What is written there, everybody in it can read. What concerns you alone, such as "
            "your answers to events, stays here between the two of us."
        ),
    )
    return Message(text, [[menu.button(_)]])


CARDS: dict[str, Any] = {
    "group.not_yours": not_yours,
    "group.how_to_join": how_to_join,
    "group_welcome": welcome,
}


def setup() -> Router:
    """Take no button: what happens in groups is no press."""
    return Router(name="joining")
