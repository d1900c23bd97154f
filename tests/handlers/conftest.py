"""A phone without a network: what somebody says and presses, through the real dispatcher."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import CallbackQuery, Chat, Update, User
from aiogram.types import Message as Incoming

import handlers
from bot.answering import answer, translator_of
from bot.database import Database
from bot.speaking import keyboard
from community import people
from community.people import Person
from community.roles import Role, RoleName
from handlers import FORMS, render
from handlers.replies import How, Message, Network, Page, Reply
from locales import plain, without_isolates

NETWORK = Network("en", "Europe/Paris", "diwan_bot", "112")
BOT = Bot("123456789:" + "A" * 35)
NUMBERS = itertools.count(1)
BUTTONS = 100
"""Telegram takes so many under one message."""


def read(text: str) -> str:
    """Return the text as a person reads it."""
    return without_isolates(plain(text))


@dataclass
class Phone:
    """One person's chat with the bot."""

    database: Database
    dispatcher: Dispatcher
    number: int
    now: datetime
    seen: list[Message] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)
    may_hear_nothing: bool = False

    @property
    def user(self) -> User:
        return User(id=self.number, is_bot=False, first_name=f"Person {self.number}")

    @property
    def last(self) -> str:
        return read(self.seen[-1].text)

    def is_still(self) -> bool:
        return not self.seen[-1].live

    @property
    def buttons(self) -> list[str]:
        return [read(button.text) for row in self.seen[-1].rows for button in row]

    async def says(self, text: str) -> None:
        chat = Chat(id=self.number, type="private")
        number = next(NUMBERS)
        message = Incoming(
            message_id=number, date=self.now, chat=chat, from_user=self.user, text=text
        )
        await self._feed(Update(update_id=number, message=message))

    async def presses(self, label: str) -> None:
        for message in reversed(self.seen):
            for row in message.rows:
                for button in row:
                    if label in read(button.text):
                        packed = keyboard([[button]])
                        assert packed is not None
                        data = packed["inline_keyboard"][0][0].get("callback_data", "")
                        await self.sends_data(data)
                        return
        raise AssertionError(f"no button {label!r} among {self.buttons} of:\n{self.last}")

    async def sends_data(self, data: str) -> None:
        number = next(NUMBERS)
        query = CallbackQuery(id=str(number), from_user=self.user, chat_instance="1", data=data)
        await self._feed(Update(update_id=number, callback_query=query))

    async def _feed(self, update: Update) -> None:
        async with self.database.transaction() as session:
            person = await people.meet(session, self.number, self.now, name=self.user.full_name)
            replies = await answer(
                self.dispatcher, BOT, update, session, person, self.now, NETWORK, careful=True
            )
            assert replies or self.may_hear_nothing, f"nobody handles {update.model_dump_json()}"
            for reply in replies:
                await self._show(await self._page(session, person), reply)

    async def _page(self, session: Any, person: Person) -> Page:
        translator, second = translator_of(person, NETWORK), person.second_language
        return Page(session, person, translator, self.now, NETWORK, FORMS, second=second)

    async def _show(self, page: Page, reply: Reply) -> None:
        if reply.how is How.COMMANDS:
            return
        message = await render(page, reply.kind, **reply.args)
        assert message is not None, reply
        if reply.how in (How.TOAST, How.ALERT) or reply.kind == "refusal":
            self.toasts.append(read(message.text))
        else:
            keyboard(message.rows)  # packs every button: none may be longer than 64 bytes
            assert sum(map(len, message.rows)) <= BUTTONS, message.text
            self.seen.append(message)

    async def gets(self, kind: str, **args: Any) -> Message | None:
        """Render a delivery for this person now."""
        async with self.database.transaction() as session:
            person = await people.by_telegram_id(session, self.number)
            assert person is not None
            message = await render(await self._page(session, person), kind, **args)
            if message is not None:
                self.seen.append(message)
            return message


Calling = Callable[..., Awaitable[Phone]]


@pytest.fixture
def phone(database: Database, now: datetime) -> Calling:
    """Return a way to give somebody a phone: a number, a language and, perhaps, roles."""

    async def call(number: int, language: str = "en", *names: RoleName) -> Phone:
        async with database.transaction() as session:
            person = await people.meet(session, number, now, name=f"Person {number}")
            person.language = language
            await people.join(session, person, now, terms_version="1", language=language)
            session.add_all(Role(person_id=person.id, name=name, granted_at=now) for name in names)
        return Phone(database, handlers.routes(), number, now)

    return call
