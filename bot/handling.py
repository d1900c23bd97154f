"""What one update changes and has answered, inside a transaction that its caller commits.

The update is parsed by aiogram's models and carried out by the handlers; their replies are
rendered here, so that a card that cannot be shown undoes what it came from.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.types import Chat, ChatMemberUpdated, Update, User
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import refusals
from bot.answering import answer, how_to_refuse, translator_of
from community import attendance, conversations, deliveries, people
from community.arrivals import Arrival, Arriving
from community.errors import RefusalError
from community.people import Person
from handlers import FORMS, expect, is_confidential, joining, render
from handlers.forms import Attached
from handlers.replies import WORDLESS, How, Message, Network, Page, Reply, toast
from locales import negotiate

logger = logging.getLogger("diwan.handling")


@dataclass(frozen=True)
class Speech:
    """A rendered reply on its way, and the reply it came from."""

    index: int
    how: How
    kind: str
    args: dict[str, Any]
    message: Message


@dataclass(frozen=True)
class Handled:
    """What has become of an update: what to say, and what its row in the inbox says now."""

    arrival_id: int
    sender: int
    body: dict[str, Any]
    state: Arriving
    replies: list[dict[str, Any]] | None
    """As they are kept, to be rendered again after a crash."""
    handled_at: datetime | None
    speeches: Sequence[Speech] = ()
    kept: str | None = None
    """What is kept of the body from now on, if that is less than before."""


class Handling:
    """Carries out updates."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, network: Network) -> None:
        self.bot, self.dispatcher, self.network = bot, dispatcher, network

    async def prepare(self, session: AsyncSession, open_rows: Sequence[Arrival]) -> None:
        """Read at once what the updates need that are carried out next."""
        senders = [row.sender for row in open_rows if row.sender is not None]
        await people.expect(session, senders)
        await conversations.expect(session, senders)
        await expect(session, dict(filter(None, map(_pressed, open_rows))))

    async def carry_out(
        self,
        session: AsyncSession,
        arrival: Arrival,
        now: datetime,
        *,
        careful: bool,
        attached: Attached | None = None,
    ) -> Handled:
        """Do what an open update asks for, if that is not done; return what there is to say.

        Raises:
            BeginAgainError: it is refused, and ``careful`` would have been right.
        """
        assert arrival.body is not None
        assert arrival.sender is not None
        body = _read(arrival.body)
        state, replies, handled_at = arrival.state, arrival.replies, arrival.handled_at
        unwritten: Mapping[int, Mapping[str, Any]] = {}
        if state == Arriving.WAITING:
            try:
                update = Update.model_validate(body, context={"bot": self.bot})
            except ValidationError:
                logger.warning("inbox row %d cannot be parsed; set aside", arrival.id)
                return Handled(arrival.id, arrival.sender, body, Arriving.SET_ASIDE, None, None)
            answered = await self._answer(session, update, now, careful=careful, attached=attached)
            replies = [
                {"kind": reply.kind, "args": dict(reply.args), "how": reply.how.value}
                for reply in answered
            ]
            unwritten = {index: reply.unwritten for index, reply in enumerate(answered)}
            state, handled_at = Arriving.SPEAKING, now
        speeches = await self._render(session, arrival, replies or [], unwritten, body, now)
        kept = without_press(body)
        return Handled(
            arrival.id, arrival.sender, body, state, replies, handled_at, speeches, kept
        )

    async def _answer(
        self,
        session: AsyncSession,
        update: Update,
        now: datetime,
        *,
        careful: bool,
        attached: Attached | None,
    ) -> Sequence[Reply]:
        try:
            event = update.event
        except UpdateTypeLookupError:
            return []
        chat: Chat | None = getattr(event, "chat", None) or getattr(
            getattr(event, "message", None), "chat", None
        )
        user: User | None = getattr(event, "from_user", None)
        if user is None:
            return []
        person = None if user.is_bot else await people.by_telegram_id(session, user.id)
        if chat is not None and chat.type != "private":
            return await joining.heard(session, update, chat, user, person, now)
        if user.is_bot:
            return []
        if update.my_chat_member is not None:
            # Nobody is met by leaving: whoever was erased and then blocks the bot stays unknown.
            if person is not None:
                return await self._membership_changed(session, person, update.my_chat_member, now)
            return []
        if update.callback_query and person is None:
            return [toast("start.unknown")]  # nobody is met by an old button: they write first
        person = await people.meet(
            session,
            person or user.id,
            now,
            name=user.full_name,
            username=user.username,
            telegram_language=user.language_code,
        )
        let_in = await self._reached(session, person, now)
        answered = await answer(
            self.dispatcher,
            self.bot,
            update,
            session,
            person,
            now,
            self.network,
            careful=careful,
            attached=attached,
        )
        return [*answered, *let_in]

    async def _membership_changed(
        self, session: AsyncSession, person: Person, change: ChatMemberUpdated, now: datetime
    ) -> Sequence[Reply]:
        if change.new_chat_member.status in {"kicked", "left"}:
            await deliveries.lose(session, person, "blocked", now)
            return []
        return await self._reached(session, person, now)

    async def _reached(
        self, session: AsyncSession, person: Person, now: datetime
    ) -> Sequence[Reply]:
        """Somebody who could not be reached is back: what concerns them is told to them again."""
        if not await people.reached(session, person, now):
            return []
        zone = self.network.zone
        await attendance.remind_again(session, person, now, default_zone=zone)
        await attendance.welcome_back(session, person, now, default_zone=zone)
        return await joining.let_in(session, person, now)

    async def _render(
        self,
        session: AsyncSession,
        arrival: Arrival,
        replies: Sequence[dict[str, Any]],
        unwritten: Mapping[int, Mapping[str, Any]],
        body: dict[str, Any],
        now: datetime,
    ) -> list[Speech]:
        person = await people.by_telegram_id(session, arrival.sender or 0)
        if person is None:
            # Erased, perhaps by this very update: the last word has a reader, of whom nothing is
            # known any more but what Telegram says now.
            person = Person(
                telegram_id=arrival.sender,
                language=negotiate(_language_of(body)),
                state=people.Membership.LEFT,
            )
        translator, second = translator_of(person, self.network), person.second_language
        page = Page(session, person, translator, now, self.network, FORMS, second=second)
        speeches = []
        for index, reply in enumerate(replies):
            if index < arrival.spoken:
                continue
            how = How(reply["how"])
            if how in WORDLESS:
                message: Message | None = Message("", language=page._.language)
            else:
                try:
                    more = unwritten.get(index, {})
                    message = await render(page, reply["kind"], **reply["args"], **more)
                except RefusalError as refusal:  # a forged or an old button: nothing to show
                    how = how_to_refuse("callback_query" in body)
                    message = Message(refusals.sentence(refusal, page._))
            if message is not None:
                speeches.append(Speech(index, how, reply["kind"], reply["args"], message))
        return speeches


def _pressed(row: Arrival) -> tuple[int, str] | None:
    """Return who has pressed which button, if that is what the update is."""
    query = json.loads(row.body or "{}").get("callback_query")
    data = query.get("data") if isinstance(query, dict) else None
    return (row.sender, data) if row.sender is not None and isinstance(data, str) else None


def without_press(update: Any) -> str | None:
    """Return what may be kept of a press that has to be forgotten; None of any other update.

    What it takes to answer stays: who pressed, in which language, and under which message.
    """
    query = update.get("callback_query") if isinstance(update, dict) else None
    data = query.get("data") if isinstance(query, dict) else None
    if not isinstance(query, dict) or not isinstance(data, str) or not is_confidential(data):
        return None
    message = query.get("message") or {}
    query = {
        "id": query.get("id"),
        "from": query.get("from"),
        "message": {name: message.get(name) for name in ("message_id", "chat", "date")},
    }
    return json.dumps({"update_id": update.get("update_id"), "callback_query": query})


def _language_of(body: dict[str, Any]) -> str | None:
    """Return the language that Telegram tells of whoever caused a raw update."""
    for value in body.values():
        sender = value.get("from") if isinstance(value, dict) else None
        code = sender.get("language_code") if isinstance(sender, dict) else None
        if isinstance(code, str):
            return code
    return None


def _read(body: str) -> Any:
    """Return an update as it came; a NUL, which PostgreSQL stores nowhere, as a replacement."""
    return json.loads(body, object_hook=_without_nul if "\\u0000" in body else None)


def _without_nul(part: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
        for name, value in part.items()
    }
