"""What is kept of an update from a group: that the bot is in it, that somebody asks to join.

What people say there is not for us, and is not stored: not even a command.
"""

from typing import Any

KEPT = ("my_chat_member", "chat_join_request")
GROUPS = ("group", "supergroup", "channel")


def is_talk(update: dict[str, Any]) -> bool:
    """Say whether an update is about what people say or press in a group.

    That a group has become a supergroup comes as a message, too; there is nothing else in it.
    """
    for kind, value in update.items():
        if not isinstance(value, dict) or kind in KEPT:
            continue
        about = value.get("message") if kind == "callback_query" else value
        chat = about.get("chat") if isinstance(about, dict) else None
        if isinstance(chat, dict) and chat.get("type") in GROUPS:
            return not isinstance(value.get("migrate_to_chat_id"), int)
    return False


def without_words(update: dict[str, Any]) -> dict[str, Any]:
    """Return an update without what somebody tells of themself when they ask to join a group."""
    request = update.get("chat_join_request")
    if not isinstance(request, dict) or "bio" not in request:
        return update
    told = {name: value for name, value in request.items() if name != "bio"}
    return {**update, "chat_join_request": told}
