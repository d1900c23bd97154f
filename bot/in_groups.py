"""What is kept of an update from a group: that the bot is in it, that somebody asks or comes in.

What people say there is not for us, and is not stored: not even a command.
"""

from typing import Any

KEPT = ("my_chat_member", "chat_join_request")
GROUPS = ("group", "supergroup", "channel")
OUTSIDE = ("left", "kicked")


def is_talk(update: dict[str, Any]) -> bool:
    """Say whether an update is about what people say or press in a group.

    Nor is it for us who leaves, or is let in after they have asked. That a group has become a
    supergroup comes as a message, too; there is nothing else in it.
    """
    for kind, value in update.items():
        if not isinstance(value, dict) or kind in KEPT:
            continue
        if kind == "chat_member":
            return not _comes_in_unasked(value)
        about = value.get("message") if kind == "callback_query" else value
        chat = about.get("chat") if isinstance(about, dict) else None
        if isinstance(chat, dict) and chat.get("type") in GROUPS:
            return not isinstance(value.get("migrate_to_chat_id"), int)
    return False


def _comes_in_unasked(change: dict[str, Any]) -> bool:
    """Say whether somebody has come into an open group, by its link or name."""
    before, after = (change.get(name) for name in ("old_chat_member", "new_chat_member"))
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    link = change.get("invite_link")
    was_let_in = change.get("via_join_request") or (
        isinstance(link, dict) and link.get("creates_join_request")
    )
    return not _is_inside(before) and _is_inside(after) and not was_let_in


def _is_inside(member: dict[str, Any]) -> bool:
    """Say whether somebody is in the group; who may not do everything there says so apart."""
    if member.get("status") == "restricted":
        return member.get("is_member") is True
    return member.get("status") not in OUTSIDE


def without_words(update: dict[str, Any]) -> dict[str, Any]:
    """Return an update without what somebody tells of themself when they ask to join a group.

    By which link they came, and who had made it, is left out, too.
    """
    for kind, word in (("chat_join_request", "bio"), ("chat_member", "invite_link")):
        about = update.get(kind)
        if isinstance(about, dict) and word in about:
            told = {name: value for name, value in about.items() if name != word}
            return {**update, kind: told}
    return update
