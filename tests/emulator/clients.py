"""Two clients that nobody here wrote, aiogram and python-telegram-bot, behind one face."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

import telegram
import telegram.error
from aiogram import Bot as Aiogram
from aiogram.exceptions import TelegramAPIError
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
)


class Refused(Exception):
    """What either client raises, in Telegram's words."""


class Client(Protocol):
    async def me(self) -> str: ...
    async def send(self, chat: int, text: str, **more: Any) -> int: ...
    async def edit(self, chat: int, message: int, text: str) -> None: ...
    async def delete(self, chat: int, message: int) -> None: ...
    async def answer(self, query: str, text: str) -> None: ...
    async def document(self, chat: int, name: str, content: bytes, caption: str) -> int: ...
    async def photo(self, chat: int, content: bytes) -> int: ...
    async def media(self, chat: int, message: int, what: bytes | str, caption: str) -> Any: ...
    async def fetch(self, offset: int | None) -> list[tuple[int, str, Any]]: ...
    async def commands(self, language: str, names: list[str]) -> None: ...
    async def location(self, chat: int) -> int: ...
    async def copy(self, chat: int, message: int) -> int: ...
    async def file(self, file_id: str) -> bytes: ...
    async def chat_name(self, chat: int) -> str: ...
    async def do(self, method: str, **params: Any) -> Any: ...


KEYS = [[("Yes", "y:1"), ("No", "n:1")]]


def _kind(update: Any) -> tuple[str, Any]:
    for name in ("message", "edited_message", "callback_query", "my_chat_member"):
        value = getattr(update, name, None)
        if value is not None:
            return name, value
    return "other", None


@dataclass
class ByAiogram:
    bot: Aiogram

    async def do(self, method: str, **params: Any) -> Any:
        return await self._try(getattr(self.bot, method)(**params))

    async def _try(self, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except TelegramAPIError as error:
            raise Refused(error.message) from None

    async def me(self) -> str:
        return str((await self._try(self.bot.get_me())).username)

    async def send(self, chat: int, text: str, **more: Any) -> int:
        if more.pop("keys", False):
            more["reply_markup"] = InlineKeyboardMarkup(
                inline_keyboard=[
                    [InlineKeyboardButton(text=t, callback_data=d) for t, d in row] for row in KEYS
                ]
            )
        return int((await self._try(self.bot.send_message(chat, text, **more))).message_id)

    async def edit(self, chat: int, message: int, text: str) -> None:
        await self._try(self.bot.edit_message_text(text, chat_id=chat, message_id=message))

    async def delete(self, chat: int, message: int) -> None:
        await self._try(self.bot.delete_message(chat, message))

    async def answer(self, query: str, text: str) -> None:
        await self._try(self.bot.answer_callback_query(query, text=text))

    async def document(self, chat: int, name: str, content: bytes, caption: str) -> int:
        file = BufferedInputFile(content, name)
        return int(
            (await self._try(self.bot.send_document(chat, file, caption=caption))).message_id
        )

    async def photo(self, chat: int, content: bytes) -> int:
        file = BufferedInputFile(content, "p.png")
        return int((await self._try(self.bot.send_photo(chat, file))).message_id)

    async def media(self, chat: int, message: int, what: bytes | str, caption: str) -> Any:
        file = BufferedInputFile(what, "p.png") if isinstance(what, bytes) else what
        given = InputMediaPhoto(media=file, caption=caption, parse_mode="HTML")
        edited = self.bot.edit_message_media(given, chat_id=chat, message_id=message)
        return await self._try(edited)

    async def fetch(self, offset: int | None) -> list[tuple[int, str, Any]]:
        found = await self._try(self.bot.get_updates(offset=offset, timeout=0))
        return [(u.update_id, *_kind(u)) for u in found]

    async def commands(self, language: str, names: list[str]) -> None:
        commands = [BotCommand(command=n, description="What it does") for n in names]
        await self._try(self.bot.set_my_commands(commands, language_code=language))

    async def location(self, chat: int) -> int:
        return int((await self._try(self.bot.send_location(chat, 48.85, 2.35))).message_id)

    async def copy(self, chat: int, message: int) -> int:
        return int((await self._try(self.bot.copy_message(chat, chat, message))).message_id)

    async def file(self, file_id: str) -> bytes:
        found = await self._try(self.bot.get_file(file_id))
        content = await self.bot.download_file(found.file_path)
        assert content is not None
        return content.read()

    async def chat_name(self, chat: int) -> str:
        return str((await self._try(self.bot.get_chat(chat))).first_name)


@dataclass
class ByTelegramBot:
    bot: telegram.Bot

    async def do(self, method: str, **params: Any) -> Any:
        return await self._try(getattr(self.bot, method)(**params))

    async def _try(self, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except telegram.error.TelegramError as error:
            raise Refused(error.message) from None

    async def me(self) -> str:
        return str((await self._try(self.bot.get_me())).username)

    async def send(self, chat: int, text: str, **more: Any) -> int:
        if more.pop("keys", False):
            more["reply_markup"] = telegram.InlineKeyboardMarkup(
                [
                    [telegram.InlineKeyboardButton(t, callback_data=d) for t, d in row]
                    for row in KEYS
                ]
            )
        return int((await self._try(self.bot.send_message(chat, text, **more))).message_id)

    async def edit(self, chat: int, message: int, text: str) -> None:
        await self._try(self.bot.edit_message_text(text, chat, message))

    async def delete(self, chat: int, message: int) -> None:
        await self._try(self.bot.delete_message(chat, message))

    async def answer(self, query: str, text: str) -> None:
        await self._try(self.bot.answer_callback_query(query, text))

    async def document(self, chat: int, name: str, content: bytes, caption: str) -> int:
        sent = self.bot.send_document(chat, content, caption=caption, filename=name)
        return int((await self._try(sent)).message_id)

    async def photo(self, chat: int, content: bytes) -> int:
        return int((await self._try(self.bot.send_photo(chat, content))).message_id)

    async def media(self, chat: int, message: int, what: bytes | str, caption: str) -> Any:
        given = telegram.InputMediaPhoto(what, caption=caption, parse_mode="HTML")
        edited = self.bot.edit_message_media(given, chat_id=chat, message_id=message)
        return await self._try(edited)

    async def fetch(self, offset: int | None) -> list[tuple[int, str, Any]]:
        found = await self._try(self.bot.get_updates(offset=offset, timeout=0))
        return [(u.update_id, *_kind(u)) for u in found]

    async def commands(self, language: str, names: list[str]) -> None:
        commands = [telegram.BotCommand(n, "What it does") for n in names]
        await self._try(self.bot.set_my_commands(commands, language_code=language))

    async def location(self, chat: int) -> int:
        return int((await self._try(self.bot.send_location(chat, 48.85, 2.35))).message_id)

    async def copy(self, chat: int, message: int) -> int:
        return int((await self._try(self.bot.copy_message(chat, chat, message))).message_id)

    async def file(self, file_id: str) -> bytes:
        found = await self._try(self.bot.get_file(file_id))
        return bytes(await found.download_as_bytearray())

    async def chat_name(self, chat: int) -> str:
        return str((await self._try(self.bot.get_chat(chat))).first_name)
