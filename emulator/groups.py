"""What happens in groups and channels, and what Telegram tells the bot of it.

A bot that is no administrator hears commands, answers to its own messages and what Telegram
itself says there; an administrator hears everything.
"""

import random

from emulator.group import INSIDE, KINDS, Group
from emulator.updates import CALLBACK_LIVES, Json
from emulator.world import Person, UnknownError, World, buttons, is_by_bot, public, written

USUAL_RIGHTS = ("can_manage_chat", "can_invite_users", "can_post_messages", "can_edit_messages")


class Groups:
    """The groups of a world, and everything that people do there."""

    def __init__(self, world: World) -> None:
        self.world = world

    def new(self, title: str, kind: str = "supergroup", *, owner: int) -> Group:
        """Let somebody open a group or a channel.

        Raises:
            ValueError: no title, or no such kind.
        """
        if not title or kind not in KINDS:
            raise ValueError("a group needs a title and is a group, a supergroup or a channel")
        number = 0
        while not number or number in self.world.groups:
            few = random.randrange(10**9, 4 * 10**9)  # noqa: S311 - no secret
            number = -few if kind == "group" else -(10**12) - few
        group = Group(number, kind, title, {self.world.person(owner).id: "creator"})
        self.world.groups[number] = group
        self.world.tell("people", group)
        return group

    def group(self, group_id: int) -> Group:
        """Return a group.

        Raises:
            UnknownError: none has this number.
        """
        try:
            return self.world.groups[group_id]
        except KeyError:
            raise UnknownError(f"no group has the number {group_id}") from None

    # The bot

    def add_bot(self, group_id: int, by: int) -> None:
        """Put the bot in; in a channel it can only be an administrator.

        Raises:
            ValueError: it is there already.
        """
        group = self.group(group_id)
        if group.bot in INSIDE:
            raise ValueError("the bot is there already")
        if group.kind == "channel":
            self.promote_bot(group_id, by)
            return
        self._bot_becomes(group, "member", self.world.person(by))
        self._note(group, by, {"new_chat_members": [self.world.bot_user()]}, "added the bot")

    def promote_bot(self, group_id: int, by: int, rights: list[str] | None = None) -> None:
        """Make the bot an administrator who may do this much."""
        group = self.group(group_id)
        granted = [*USUAL_RIGHTS] if rights is None else [*rights]
        self._bot_becomes(group, "administrator", self.world.person(by), granted)

    def demote_bot(self, group_id: int, by: int) -> None:
        """Let the bot be there like anybody."""
        self._bot_becomes(self.group(group_id), "member", self.world.person(by))

    def silence_bot(self, group_id: int, by: int) -> None:
        """Let the bot be there and write nothing."""
        self._bot_becomes(self.group(group_id), "restricted", self.world.person(by))

    def remove_bot(self, group_id: int, by: int) -> None:
        """Throw the bot out."""
        self._bot_becomes(self.group(group_id), "kicked", self.world.person(by))

    def bot_leaves(self, group: Group) -> None:
        """Let the bot go by itself."""
        self._bot_becomes(group, "left", None)

    def _bot_becomes(
        self, group: Group, status: str, by: Person | None, rights: list[str] | None = None
    ) -> None:
        bot = self.world.bot_user()
        before = group.member(bot, group.bot, group.rights)
        group.bot, group.rights = status, rights or []
        self._push(
            "my_chat_member",
            {
                "chat": group.chat(),
                "from": by.user() if by else bot,
                "date": self.world.date(),
                "old_chat_member": before,
                "new_chat_member": group.member(bot, status, rights),
            },
        )
        self.world.tell("people", group)

    # People

    def join(self, group_id: int, person_id: int) -> None:
        """Let somebody in who needs no permission, or has it."""
        group, person = self.group(group_id), self.world.person(person_id)
        asked = group.requests.pop(person_id, None) is not None
        self._becomes(group, person, "member", asked=asked)
        if group.kind != "channel":
            self._note(group, person_id, {"new_chat_members": [person.user()]}, "has joined")

    def leave(self, group_id: int, person_id: int) -> None:
        """Let somebody go."""
        group, person = self.group(group_id), self.world.person(person_id)
        self._becomes(group, person, "left")
        if group.kind != "channel":
            self._note(group, person_id, {"left_chat_member": person.user()}, "has left")

    def ask(self, group_id: int, person_id: int) -> None:
        """Ask to be let in. Telegram tells a bot that may decide about it.

        Raises:
            ValueError: they are in already.
        """
        group, person = self.group(group_id), self.world.person(person_id)
        if group.members.get(person_id) in INSIDE:
            raise ValueError(f"{person.first_name} is in already")
        group.requests[person_id] = self.world.clock.now().timestamp()
        if group.has_right("can_invite_users"):
            self._push(
                "chat_join_request",
                {
                    "chat": group.chat(),
                    "from": person.user(),
                    "user_chat_id": person.id,
                    "date": self.world.date(),
                },
            )
        self.world.tell("people", group)

    def answer_request(self, group: Group, person: Person, *, let_in: bool) -> None:
        """Answer who has asked to be let in."""
        if let_in:
            self.join(group.id, person.id)
        else:
            del group.requests[person.id]
        self.world.tell("people", group)

    def _becomes(self, group: Group, person: Person, status: str, *, asked: bool = False) -> None:
        user = person.user()
        before = group.member(user, group.members.get(person.id, "left"))
        if status in INSIDE:
            group.members[person.id] = status
        else:
            group.members.pop(person.id, None)
        if group.bot == "administrator":
            self._push(
                "chat_member",
                {
                    "chat": group.chat(),
                    "from": user,
                    "date": self.world.date(),
                    "old_chat_member": before,
                    "new_chat_member": group.member(user, status),
                    **({"via_join_request": True} if asked else {}),
                },
            )
        self.world.tell("people", group)

    def say(self, group_id: int, person_id: int, text: str, *, reply_to: int = 0) -> Json:
        """Let somebody write there, or post in a channel.

        Raises:
            ValueError: they are not in it, or it has become another.
        """
        group, person = self.group(group_id), self.world.person(person_id)
        if group.members.get(person_id) not in INSIDE or group.migrated_to or not text:
            raise ValueError(f"{person.first_name} cannot write this here")
        content: Json = {**written(text), **self._author(group, person)}
        if reply_to in group.messages:
            content["reply_to_message"] = public(group.messages[reply_to])
        message = self.world.new_message(group, content)
        if self._hears(group, message):
            post = "channel_post" if group.kind == "channel" else "message"
            self._push(post, public(message))
        self.world.tell("message", group, lambda: {"message": self.world.shown(message)})
        return message

    def _author(self, group: Group, person: Person) -> Json:
        if group.kind == "channel":
            return {"sender_chat": group.chat()}
        return {"from": person.user()}

    def _hears(self, group: Group, message: Json) -> bool:
        """Say whether the bot is told of a message."""
        if group.bot == "administrator":
            return True
        if group.bot not in INSIDE:
            return False
        command, _, named = str(message["text"]).partition(" ")[0].partition("@")
        is_for_it = not named or named.lower() == str(self.world.bot["username"]).lower()
        answers = is_by_bot(message.get("reply_to_message") or {})
        return (command.startswith("/") and is_for_it) or answers

    def press(self, group_id: int, person_id: int, message_id: int, data: str) -> str:
        """Press an inline button there; return the number of the query.

        Raises:
            UnknownError: no such message, or no such button on it.
        """
        group, person = self.group(group_id), self.world.person(person_id)
        message = group.messages.get(message_id)
        found = [b for b in buttons(message or {}) if b.get("callback_data") == data]
        if message is None or message.get("_deleted") or not found:
            raise UnknownError(f"there is no button {data!r} on message {message_id}")
        number = self.world.new_query(person)
        query = {"id": number, "from": person.user(), "message": public(message), "data": data}
        query["chat_instance"] = str(abs(group.id) * 7919)
        self._push("callback_query", query, lives=CALLBACK_LIVES)
        return number

    # The group itself

    def migrate(self, group_id: int, by: int) -> Group:
        """Let a group become a supergroup: another number, another count of messages.

        Raises:
            ValueError: it is no group, or has become another already.
        """
        old = self.group(group_id)
        if old.kind != "group" or old.migrated_to:
            raise ValueError("only a group becomes a supergroup, and once")
        new = self.new(old.title, "supergroup", owner=by)
        new.members, new.bot, new.rights = dict(old.members), old.bot, [*old.rights]
        old.migrated_to = new.id
        self._note(old, by, {"migrate_to_chat_id": new.id}, "made this a supergroup")
        self._note(new, by, {"migrate_from_chat_id": old.id}, "made this a supergroup")
        return new

    def delete(self, group_id: int) -> None:
        """Close it for good. Telegram tells the bot nothing; it finds out by writing."""
        self.group(group_id).deleted = True
        self.world.changed = True

    def _note(self, group: Group, by: int, content: Json, words: str) -> None:
        """Let Telegram itself say something in a group; bots in it are told."""
        user = self.world.person(by).user()
        message = self.world.new_message(group, {"from": user, **content, "_service": words})
        if group.bot in INSIDE:
            self._push("message", public(message))
        self.world.tell("message", group, lambda: {"message": self.world.shown(message)})

    def _push(self, kind: str, body: Json, **how: int) -> None:
        self.world.updates.push(kind, body, **how)
        self.world.changed = True
