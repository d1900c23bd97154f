"""The methods with which a bot says what it is: commands, names, descriptions, its webhook."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from emulator.call import Call, bad
from emulator.updates import Json
from emulator.world import Person, World

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
SCOPES = frozenset(
    {
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    }
)
SECRET_LIMIT = 256
PORTS = (80, 88, 443, 8443)


# Commands


def _scope(call: Call) -> str:
    """Return where and in which language a list of commands is kept."""
    scope = call.nested("scope") or {"type": "default"}
    if not isinstance(scope, dict) or str(scope.get("type")) not in SCOPES:
        raise bad("can't parse BotCommandScope: Unsupported type specified")
    chat = scope.get("chat_id", "")
    if scope["type"] == "chat" and not str(chat).isdecimal():
        raise bad("chat not found")
    if scope["type"] == "chat" and int(chat) not in call.world.people:
        raise bad("chat not found")
    return f"{scope['type']}:{chat}:{call.language()}"


def _set_commands(call: Call) -> Any:
    commands = call.nested("commands")
    if not isinstance(commands, list):
        raise bad("can't parse commands JSON object")
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    kept = [_command(command) for command in commands]
    scope = _scope(call)
    if kept:
        call.world.commands[scope] = kept
    else:
        call.world.commands.pop(scope, None)
    call.world.changed = True
    return True


def _command(command: object) -> Json:
    if not isinstance(command, dict):
        raise bad("can't parse BotCommand: expected an Object")
    for field in ("command", "description"):
        if not isinstance(command.get(field), str):
            raise bad(f"can't parse BotCommand: Can't find field \"{field}\"")
    name, description = command["command"].removeprefix("/"), command["description"].strip()
    if not name:
        raise bad("command must be non-empty")
    if len(name) > 32:
        raise bad("command length must not exceed 32")
    if not COMMAND.fullmatch(name):
        raise bad("BOT_COMMAND_INVALID")
    if not description:
        raise bad("command description must be non-empty")
    if len(description) > 256:
        raise bad("command description length must not exceed 256")
    return {"command": name, "description": description}


def _get_commands(call: Call) -> Any:
    return call.world.commands.get(_scope(call), [])


def _delete_commands(call: Call) -> Any:
    call.world.commands.pop(_scope(call), None)
    call.world.changed = True
    return True


def commands_for(world: World, person: Person) -> list[Json]:
    """Return the commands a person sees: the narrowest scope first, their language before none."""
    for scope in (f"chat:{person.id}", "all_private_chats:", "default:"):
        for language in (person.language_code[:2].lower(), ""):
            found = world.commands.get(f"{scope}:{language}")
            if found:
                return found
    return []


# Names and descriptions


def _setter(field: str, limit: int) -> Callable[[Call], Any]:
    def set_text(call: Call) -> Any:
        language, text = call.language(), call.text(field)
        if len(text) > limit:
            raise bad(f"bot {field.replace('_', ' ')} is too long")
        call.world.profile.setdefault(field, {})[language] = text
        if field == "name" and text and not language:
            call.world.bot["first_name"] = text
        call.world.tell("bot", None)
        return True

    return set_text


def _getter(field: str) -> Callable[[Call], Any]:
    def get_text(call: Call) -> Any:
        texts = call.world.profile.get(field, {})
        usual = call.world.bot["first_name"] if field == "name" else ""
        return {field: texts.get(call.language()) or texts.get("") or usual}

    return get_text


# The webhook


def allow_updates(call: Call) -> None:
    """Keep which kinds of updates the bot wants, if it says so; the setting stays."""
    kinds = call.nested("allowed_updates")
    if isinstance(kinds, list):
        call.world.updates.allow(kinds)


def _set_webhook(call: Call) -> Any:
    url, secret = call.text("url"), call.text("secret_token")
    if not url:
        return _delete_webhook(call)
    _check_address(url)
    if len(secret) > SECRET_LIMIT:
        raise bad("secret token is too long")
    if not re.fullmatch("[A-Za-z0-9_-]*", secret):
        raise bad("secret token contains unallowed characters")
    allow_updates(call)
    if call.flag("drop_pending_updates"):
        call.world.updates.clear()
    call.world.webhook = {
        "url": url,
        "secret": secret,
        "max_connections": min(max(call.integer("max_connections", 40), 1), 100),
    }
    call.world.changed = True
    call.world.updates.wake()
    return True


def _check_address(url: str) -> None:
    """Let through what Telegram would, and addresses on this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad("invalid webhook URL specified") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise bad("invalid webhook URL specified")
    if parts.hostname in {"127.0.0.1", "localhost"}:
        return
    if parts.scheme != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _delete_webhook(call: Call) -> Any:
    if call.flag("drop_pending_updates"):
        call.world.updates.clear()
    call.world.webhook = {"url": ""}
    call.world.changed = True
    call.world.updates.wake()
    return True


def _webhook_info(call: Call) -> Any:
    webhook = call.world.webhook
    shown = ("max_connections", "last_error_date", "last_error_message")
    return {
        "url": webhook["url"],
        "has_custom_certificate": False,
        "pending_update_count": call.world.pending,
        "allowed_updates": sorted(call.world.updates.allowed),
        **{key: webhook[key] for key in shown if key in webhook},
    }


PROFILE_METHODS: dict[str, Callable[[Call], Any]] = {
    "setMyCommands": _set_commands,
    "getMyCommands": _get_commands,
    "deleteMyCommands": _delete_commands,
    "setMyName": _setter("name", 64),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description", 512),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description", 120),
    "getMyShortDescription": _getter("short_description"),
    "setWebhook": _set_webhook,
    "deleteWebhook": _delete_webhook,
    "getWebhookInfo": _webhook_info,
}
