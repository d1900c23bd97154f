"""How the bot introduces itself to Telegram: commands and profile texts, per language.

A server that lacks a method, or refuses a text, does not stop the bot: it is logged and passed.
"""

import logging

from bot.telegram import Call, Fate, Telegram
from handlers.commands import commands_of
from handlers.replies import Network
from locales import OFFERED, Translator, bot_api_code, translator_for

logger = logging.getLogger("diwan.introducing")


async def introduce(telegram: Telegram, network: Network) -> None:
    """Tell Telegram the commands and the description in every language whose code it takes."""
    for language in (None, *OFFERED):
        code = bot_api_code(language) if language else None
        if language and not code:
            continue
        _ = translator_for(language or network.language)
        for method, said in (
            ("setMyCommands", {"commands": _commands(_)}),
            ("setMyDescription", {"description": _description(_)}),
            ("setMyShortDescription", {"short_description": _short(_)}),
        ):
            answer = await telegram.call(Call(method, {**said, "language_code": code}))
            if answer.fate != Fate.DONE:
                logger.warning(
                    "Telegram did not take %s in %s: %s",
                    method,
                    language or "the default language",
                    answer.reason,
                )


async def introduce_to(telegram: Telegram, chat_id: int, language: str) -> None:
    """Show one person the commands in the language they have chosen, whatever Telegram's is."""
    commands, scope = _commands(translator_for(language)), {"type": "chat", "chat_id": chat_id}
    answer = await telegram.call(Call("setMyCommands", {"commands": commands, "scope": scope}))
    if answer.fate != Fate.DONE:
        logger.warning("the commands were not set for one chat: %s", answer.reason)


def _commands(_: Translator) -> list[dict[str, str]]:
    return [
        {"command": command, "description": description} for command, description in commands_of(_)
    ]


def _description(_: Translator) -> str:
    return _.label(
        "description",
        "A network of people who start or run a business in a new country. Find events, "
        "support and each other, in your own language. Free of charge.",
    )


def _short(_: Translator) -> str:
    return _.label("short description", "Events and support for your business, in your language.")
