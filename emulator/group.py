"""A group, a supergroup or a channel: who is in it, and what the bot is there."""

from dataclasses import dataclass, field
from typing import Any

from emulator.updates import Json

KINDS = ("group", "supergroup", "channel")
INSIDE = frozenset({"creator", "administrator", "member", "restricted"})
"""Statuses of whoever is in a chat."""
RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
"""What an administrator may do anywhere; each is told with yes or no."""
IN_CHANNELS, IN_GROUPS = ("can_post_messages", "can_edit_messages"), ("can_pin_messages",)
FORBIDDEN = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
"""What somebody restricted may not."""


@dataclass
class Group:
    """A chat of several; its number is below zero."""

    id: int
    kind: str
    title: str
    members: dict[int, str] = field(default_factory=dict)
    """People in it, and what they are there."""
    bot: str = "left"
    """What the bot is there: any of Telegram's statuses of a member."""
    rights: list[str] = field(default_factory=list)
    """What the bot may do as an administrator."""
    requests: dict[int, float] = field(default_factory=dict)
    """Who has asked to join, and when."""
    migrated_to: int | None = None
    deleted: bool = False
    messages: dict[int, Json] = field(default_factory=dict)
    next_message: int = 1

    def chat(self) -> Json:
        """Return it as a Bot API Chat."""
        return {"id": self.id, "type": self.kind, "title": self.title}

    def member(self, user: Json, status: str, rights: list[str] | None = None) -> Json:
        """Return somebody as a Bot API ChatMember."""
        told: Json = {"user": user, "status": status}
        match status:
            case "creator":
                told["is_anonymous"] = False
            case "administrator":
                here = IN_CHANNELS if self.kind == "channel" else IN_GROUPS
                names = (*RIGHTS, *here)
                told |= {"can_be_edited": False, "is_anonymous": False}
                told |= {name: name in (rights or ["can_manage_chat"]) for name in names}
            case "restricted":
                told |= {"is_member": True, "until_date": 0, **dict.fromkeys(FORBIDDEN, False)}
            case "kicked":
                told["until_date"] = 0
        return told

    def has_right(self, right: str) -> bool:
        """Say whether the bot is an administrator who may do this."""
        return self.bot == "administrator" and right in self.rights

    def brief(self) -> dict[str, Any]:
        """Return what the chat page lists."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "bot": self.bot,
            "members": [*self.members],
            "requests": [*self.requests],
            "migrated_to": self.migrated_to,
        }
