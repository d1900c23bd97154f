"""After the commit the bot speaks, and writes down what it has said.

What several people have been told at about the same time is written in one transaction.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.database import Database
from bot.handling import Handled, Speech
from bot.introducing import introduce_to
from bot.speaking import Speaker, Spoken, digest
from bot.telegram import Call, Fate
from bot.waiting import Waiting
from community import arrivals, deliveries, live, people
from community.arrivals import Said
from community.policy import Lane
from handlers.replies import How

logger = logging.getLogger("diwan.replying")

GATHER = 0.005
"""Seconds for which what has been said waits for what others are told meanwhile."""


@dataclass(frozen=True)
class Note:
    """What has been said in answer to one update; nothing, where there was nothing (more)."""

    handled: Handled
    is_last: bool
    speech: Speech | None = None
    spoken: Spoken | None = None


def _in_group(speech: Speech, sender: int) -> Call | None:
    """Return what is done in a group, if that is what a reply is."""
    if speech.how is How.LEAVE:
        return Call("leaveChat", speech.args)
    if speech.how is How.ADMIT:
        return Call("approveChatJoinRequest", {**speech.args, "user_id": sender})
    return None


class Replying:
    """Gives answers. One person's are given one after the other by whoever calls."""

    def __init__(
        self, database: Database, speaker: Speaker, clock: Clock, waiting: Waiting
    ) -> None:
        self.database, self.speaker, self.clock = database, speaker, clock
        self.waiting = waiting
        self._notes: list[tuple[Note, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def speak(self, handled: Handled) -> None:
        """Say everything that an update has answered, and write each message down.

        Raises:
            DBAPIError: what has been said could not be written down.
            TokenRefusedError: Telegram does not accept the token any more.
        """
        query = handled.body.get("callback_query")
        toasts = [s for s in handled.speeches if s.how in (How.TOAST, How.ALERT)]
        if query:
            text = str(toasts[0].message.text) if toasts else ""
            alert = bool(toasts) and toasts[0].how is How.ALERT
            await self.speaker.toast(str(query["id"]), text, alert=alert)
        for speech in handled.speeches:
            if speech.how is How.COMMANDS:
                language = speech.message.language
                await introduce_to(self.speaker.telegram, handled.sender, language)
        acts = list(filter(None, (_in_group(s, handled.sender) for s in handled.speeches)))
        messages = [s for s in handled.speeches if s.how in (How.SAY, How.EDIT)]
        for speech in messages:
            spoken = await self._say(query, handled.sender, speech)
            is_last = speech is messages[-1] and not acts
            await self.note(Note(handled, is_last, speech, spoken))
        for call in acts:  # which may take long, and nobody waits for an answer meanwhile
            answer = await self.speaker.act(call)
            if answer.fate != Fate.DONE:
                logger.info("%s was not done: %s", call.method, answer.reason)
        if acts or not messages:
            await self.note(Note(handled, is_last=True))

    async def _say(self, query: dict[str, Any] | None, chat_id: int, speech: Speech) -> Spoken:
        target = ((query or {}).get("message") or {}).get("message_id")
        if speech.how is How.EDIT and target:
            return await self.speaker.edit(chat_id, target, speech.message)
        return await self.speaker.say(chat_id, speech.message, Lane.REPLY, patient=True)

    # Writing down

    async def note(self, note: Note) -> None:
        """Write down what has been said, together with what others are told at this moment."""
        written = asyncio.get_running_loop().create_future()
        self._notes.append((note, written))
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_all())
        await written

    async def stopped(self) -> None:
        """Wait until everything that has been said is written down."""
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        try:
            while True:
                await asyncio.sleep(GATHER)
                batch, self._notes = self._notes, []
                if not batch:
                    return
                if not await self._write_for(batch):
                    for one in batch:  # what is wrong with one is nobody else's loss
                        await self._write_for([one])
        finally:
            self._writer = None

    async def _write_for(self, batch: Sequence[tuple[Note, asyncio.Future[None]]]) -> bool:
        """Write a batch and tell who waits for it; False if that has to be tried one by one."""
        notes = [note for note, _ in batch]
        try:
            await self.waiting.when_possible(lambda: self._write(notes))
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            if len(batch) > 1:
                return False
            ((_, written),) = batch
            if not written.done():  # who waited for it may have been cancelled meanwhile
                written.set_exception(error)
            return True
        for _, written in batch:
            if not written.done():
                written.set_result(None)
        return True

    async def _write(self, notes: Sequence[Note]) -> None:
        async with self.database.transaction() as session:
            await self._write_down(session, notes)

    async def _write_down(self, session: AsyncSession, notes: Sequence[Note]) -> None:
        now = self.clock.now()
        known = await people.known(session, [note.handled.sender for note in notes])
        said: list[Said] = []
        rows: list[dict[str, Any]] = []
        changed: list[tuple[int, int]] = []
        for note in notes:
            chat_id, speech, spoken = note.handled.sender, note.speech, note.spoken
            spoken_of = speech.index + 1 if speech else len(note.handled.replies or ())
            said.append(Said(note.handled.arrival_id, spoken_of, note.is_last, chat_id in known))
            if speech is None or spoken is None:
                continue
            if spoken.answer.fate == Fate.UNREACHABLE:
                person = await people.by_telegram_id(session, chat_id)
                if person is not None:
                    await deliveries.lose(session, person, spoken.answer.reason, now)
            elif spoken.answer.fate != Fate.DONE:
                logger.error("a reply was lost (%s): %s", speech.kind, spoken.answer.reason)
            if not spoken.message_ids:
                continue
            changed.append((chat_id, spoken.message_ids[-1]))
            if chat_id in known:
                rows += [
                    {"chat_id": chat_id, "message_id": number, "kind": speech.kind, "sent_at": now}
                    for number in spoken.message_ids
                ]
        await deliveries.remember(session, rows)
        await live.let_go(session, *changed)
        for note in notes:
            speech, spoken, chat_id = note.speech, note.spoken, note.handled.sender
            if speech is None or spoken is None or chat_id not in known:
                continue
            if speech.message.live and spoken.message_ids:
                number, shown = spoken.message_ids[-1], digest(speech.message)
                await live.keep(session, chat_id, number, speech.kind, speech.args, shown, now)
        await arrivals.spoken(session, said)
