"""One update through the handlers, under a savepoint of its own; a refusal undoes it and is said.

A refused button shows its card again, as it is now: whoever is told "too late" sees why.
"""

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
from community.errors import RefusalError
from community.people import Person
from handlers import FORMS, forms
from handlers.replies import How, Network, OvertakenError, Replies, Reply
from locales import Translator, negotiate, translator_for


def translator_of(person: Person, network: Network) -> Translator:
    """Return the translator for a person: their choice, else Telegram's code, else the network."""
    return translator_for(
        person.language or negotiate(person.telegram_language) or network.language
    )


async def answer(
    dispatcher: Dispatcher,
    bot: Bot,
    update: Update,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Carry out what a person asks for, or nothing of it; return what to say."""
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
        async with session.begin_nested():
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
            )
    except RefusalError as refusal:
        return [no(refusal)]
    except OvertakenError as overtaken:
        if overtaken.ends_form:
            await forms.end(state)
        return [no(overtaken.refusal), *overtaken.now]
    return [] if result is UNHANDLED or result is None else result


def how_to_refuse(pressed: object) -> How:
    """Choose a box over the chat for a button, a message for what was written."""
    return How.ALERT if pressed else How.SAY
