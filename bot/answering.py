"""One update through the handlers; a refusal undoes it and is said.

A refused button shows its card again, as it is now: whoever is told "too late" sees why.
"""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.fsm.context import FSMContext
from aiogram.fsm.storage.base import StorageKey
from aiogram.types import Update
from sqlalchemy.ext.asyncio import AsyncSession

from bot import refusals
from bot.storage import SessionStorage
from community import memory
from community.errors import RefusalError
from community.people import Person
from handlers import FORMS, forms
from handlers.replies import How, Network, OvertakenError, Replies, Reply
from locales import Translator, translator_for


def translator_of(person: Person, network: Network) -> Translator:
    """Return the translator for a person: of the language they have chosen, else the network's.

    Telegram's code says what to offer first. What somebody reads is never guessed from it, and
    whoever has not chosen is counted, before a send, under the language they get it in.
    """
    return translator_for(person.language or network.language)


class BeginAgainError(Exception):
    """Somebody was refused where no savepoint had been set: the transaction has to begin again."""


async def answer(
    dispatcher: Dispatcher,
    bot: Bot,
    update: Update,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    *,
    careful: bool,
    attached: forms.Attached | None = None,
) -> Replies:
    """Carry out what a person asks for, or nothing of it; return what to say.

    ``careful`` sets a savepoint, which costs two statements and is seldom needed.

    Raises:
        BeginAgainError: it was needed.
    """
    _ = translator_of(person, network)
    assert person.telegram_id is not None
    number = person.telegram_id
    state = FSMContext(
        storage=SessionStorage(session, now),
        key=StorageKey(bot_id=bot.id, chat_id=number, user_id=number),
    )

    def no(refusal: RefusalError) -> Reply:
        text = str(refusals.sentence(refusal, _))
        return Reply("refusal", {"text": text}, how_to_refuse(update.callback_query))

    try:
        async with memory.undone_if_refused(session) if careful else nullcontext():
            result: Any = await dispatcher.feed_update(
                bot,
                update,
                session=session,
                person=person,
                now=now,
                _=_,
                network=network,
                forms=FORMS,
                state=state,
                raw_state=await state.get_state(),
                attached=attached,
            )
    except (RefusalError, OvertakenError) as refusal:
        if not careful:
            raise BeginAgainError from refusal
        if isinstance(refusal, RefusalError):
            return [no(refusal)]
        overtaken = refusal
        if overtaken.ends_form:
            await forms.end(state)
        return [no(overtaken.refusal), *overtaken.now]
    return [] if result is UNHANDLED or result is None else result


def how_to_refuse(pressed: object) -> How:
    """Choose a box over the chat for a button, a message for what was written."""
    return How.ALERT if pressed else How.SAY
