"""From Telegram to the handlers, so that nothing is lost, repeated or out of order.

A batch is committed to the inbox before the offset moves. Each person's updates are taken in
order, one transaction each: the handler's changes, the conversation, the replies and "handled"
commit together; then the bot speaks. What fails three times is set aside and blocks nobody.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import Any

from aiogram import Bot, Dispatcher
from aiohttp import ClientError
from sqlalchemy.exc import DBAPIError

from bot import fetching, in_groups, waiting
from bot.answering import BeginAgainError, translator_of
from bot.clock import Clock
from bot.database import Database, is_away
from bot.fetching import Wanted
from bot.handling import Handled, Handling, without_press
from bot.replying import Note, Replying
from bot.speaking import Speaker
from bot.telegram import TokenRefusedError
from bot.waiting import Waiting
from community import arrivals, memory, people
from community.arrivals import Arrival, Arriving, Step
from community.policy import Lane as Priority
from handlers.forms import Attached
from handlers.replies import Message, Network
from locales import Html, Translator

logger = logging.getLogger("diwan.receiving")

ALLOWED = [
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_join_request",
    "chat_member",
]
PERSONS_AT_ONCE = 64
"""How many people's updates are carried out or answered at a time."""
AT_ONCE = 32
"""How many people's updates share a transaction."""
WORKERS = 4
"""How many such transactions there are at a time on PostgreSQL; SQLite knows one."""
LANE_LEASE = 60.0
"""Seconds after which a person is taken over from a receiving process that is dead."""
LASTS = 0.1
"""Seconds after which a transaction takes up no further update."""


class NoUpdatesError(Exception):
    """Telegram has answered a poll with something else, for a reason that it may have given."""

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass
class Lane:
    """One person's updates that are not finished, oldest first."""

    ids: deque[int] = field(default_factory=deque)
    is_empty: asyncio.Event = field(default_factory=asyncio.Event)


def sender_of(body: dict[str, Any]) -> int | None:
    """Return who caused a raw update, if it says so in the expected place."""
    for value in body.values():
        if isinstance(value, dict):
            sender = value.get("from")
            number = sender.get("id") if isinstance(sender, dict) else None
            if isinstance(number, int) and 0 < number < 2**53:
                return number
    return None


class Receiver:
    """Takes updates in and carries out what they ask for."""

    def __init__(
        self,
        database: Database,
        bot: Bot,
        dispatcher: Dispatcher,
        speaker: Speaker,
        clock: Clock,
        network: Network,
        *,
        shares_as: str = "",
    ) -> None:
        self.database, self.bot = database, bot
        self.speaker, self.clock = speaker, clock
        self.shares_as = shares_as
        """Under which name it shares people with other receiving processes, if there are any."""
        self.handling = Handling(bot, dispatcher, network)
        self.waiting = Waiting()
        self.replying = Replying(database, speaker, clock, self.waiting)
        self._lanes: dict[int, Lane] = {}
        self._ready: deque[int] = deque()
        """Whose next update can be carried out: nothing of theirs is under way."""
        self._shared: set[int] = set()
        """Whose lane is, or is about to be, ours among several processes."""
        self._busy = 0
        """How many people's updates are being carried out or answered."""
        self._workers, self._most_workers = 0, 1 if database.is_sqlite else WORKERS
        self._held_up: set[object] = set()
        """Who carries out something that takes long."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._attached: dict[int, Attached] = {}
        """Of updates that bring a file which has been waited for: what has come of fetching it."""
        self._known = 0
        self.takes_in = True
        """Whether the inbox has taken what came last."""
        self.counts: Counter[str] = Counter()
        """How many updates were ``taken_in``, ``handled`` and ``set_aside`` by this process."""

    # Taking in

    async def poll(self, may_poll: Callable[[], Awaitable[bool]]) -> None:
        """Fetch updates for ever: commit the batch, then acknowledge it with the next request.

        Before each request it is asked whether we still may; if not, this ends. Whatever goes
        wrong is logged and tried again: a bot that has gone deaf helps nobody.

        Raises:
            TokenRefusedError: Telegram does not accept the token any more.
        """
        offset, wait = None, waiting.FIRST_WAIT
        while not self.waiting.is_over:
            at_least = 0.0
            try:
                if not await may_poll():
                    return
                batch = await self._fetch(offset)
                self.speaker.telegram.reachable = True
                if batch:
                    await self.take_in(batch)
                    offset = max(update["update_id"] for update in batch) + 1
                wait, self.takes_in = waiting.FIRST_WAIT, True
                continue
            except TokenRefusedError:
                self.speaker.telegram.refused.set()
                raise
            except (ClientError, TimeoutError, ValueError) as error:
                self.speaker.telegram.reachable = False
                logger.warning("no updates: %s", type(error).__name__)
            except NoUpdatesError as error:
                logger.warning("no updates: %s", error)
                at_least = error.retry_after
            except DBAPIError as error:
                self.takes_in = False
                logger.error("the inbox takes nothing: %s", type(error.orig).__name__)
            except Exception:
                logger.exception("updates could not be taken in")
            await self.waiting.pause(max(wait, at_least))
            wait = min(wait * 2, waiting.LONGEST_WAIT)

    async def _fetch(self, offset: int | None) -> list[dict[str, Any]]:
        """Return the next batch, raw: one update that cannot be parsed must not stop the rest.

        Raises:
            NoUpdatesError: the answer brings none, not even an empty batch.
            TokenRefusedError: Telegram does not accept the token any more.
        """
        assert self.bot.session is not None
        http = await self.bot.session.create_session()  # type: ignore[attr-defined]
        url = self.bot.session.api.api_url(self.bot.token, "getUpdates")
        form = {"timeout": "25", "limit": "100", "allowed_updates": json.dumps(ALLOWED)}
        if offset is not None:
            form["offset"] = str(offset)
        async with http.post(url, data=form, timeout=35) as response:
            answer = json.loads(await response.text(errors="replace"))
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, list):
            raise _refused(answer)
        return [update for update in result if has_number(update)]

    async def take_in(self, batch: Sequence[dict[str, Any]]) -> None:
        """Commit raw updates to the inbox and set their persons' lanes going."""
        now = self.clock.now()
        rows = []
        for told in batch:
            update = in_groups.without_words(told)
            body = json.dumps(update, sort_keys=True, separators=(",", ":"))
            sender, state = sender_of(update), Arriving.WAITING
            if update.keys().isdisjoint(ALLOWED) or in_groups.is_talk(told):
                state, sender = Arriving.DONE, None  # nothing that we have asked for
            elif sender is None:
                state = Arriving.SET_ASIDE
            rows.append(
                {
                    "update_id": update["update_id"],
                    "digest": hashlib.sha256(body.encode()).hexdigest(),
                    "sender": sender,
                    "body": None if state == Arriving.DONE else body,
                    "state": state,
                    "tries": 0,
                    "spoken": 0,
                    "arrived_at": now,
                }
            )
        async with self.database.transaction() as session:
            new = await arrivals.store(session, rows)
        self.counts["taken_in"] += new
        await self.pick_up()

    async def share(self) -> None:
        """For ever: keep our people ours, and take up whom no process carries out.

        Those are who has just come in by another's hands, and whom a dead process has left.
        """
        while not self.waiting.is_over:
            try:
                async with self.database.transaction() as session:
                    await arrivals.keep_lanes(session, self.shares_as, LANE_LEASE)
                await self.pick_up()
            except DBAPIError as error:
                logger.error("people cannot be shared: %s", type(error.orig).__name__)
            await self.waiting.pause(LANE_LEASE / 6)

    async def pick_up(self) -> None:
        """Put what is open in the inbox into its person's lane, each once."""
        if self.shares_as:
            async with self.database.transaction() as session:
                senders = await arrivals.without_lane(session)
            for sender in set(senders) - self._shared:
                self._shared.add(sender)
                self._start(self._run_shared_lane(sender))
            return
        more = True
        while more:
            async with self.database.transaction() as session:
                open_rows = await arrivals.open_rows(session, self._known, arrivals.AT_ONCE)
            for arrival_id, sender in open_rows:
                self._known = max(self._known, arrival_id)
                self._queue(sender, [arrival_id])
            more = len(open_rows) == arrivals.AT_ONCE

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def is_idle(self) -> bool:
        """Say whether every update taken in has been handled and answered."""
        return not self._lanes and not self._shared

    @property
    def _is_over(self) -> bool:
        return self.waiting.is_over or self.speaker.telegram.refused.is_set()

    async def stop(self) -> None:
        """Take nothing more in; finish the transactions and answers that have begun."""
        self.waiting.ending.set()
        for sender in self._ready:
            self._lanes.pop(sender).is_empty.set()
        self._ready.clear()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.replying.stopped()

    # Each person's updates in order, those of several people in one transaction

    def _queue(self, sender: int, arrival_ids: Iterable[int]) -> None:
        """Put updates at the end of their person's lane."""
        lane = self._lanes.get(sender)
        if lane is None:
            lane = self._lanes[sender] = Lane()
            self._ready.append(sender)
        lane.ids.extend(arrival_ids)
        self._hurry()

    def _hurry(self) -> None:
        """Let somebody carry out what is ready.

        Beside others only if there is enough for a transaction of its own, or if those take long:
        they may wait for a lock, and what many share costs each of them less.
        """
        are_held_up = self._workers == len(self._held_up)
        is_enough = len(self._ready) >= (1 if are_held_up else AT_ONCE)
        if is_enough and self._workers < self._most_workers:
            self._workers += 1
            self._start(self._work())

    async def _work(self) -> None:
        loop, worker = asyncio.get_running_loop(), object()
        try:
            while senders := self._next_persons():
                takes_long = loop.call_later(LASTS, self._takes_long, worker)
                try:
                    await self._carry_out(senders)
                finally:
                    takes_long.cancel()
                    self._held_up.discard(worker)
        finally:
            self._workers -= 1

    def _takes_long(self, worker: object) -> None:
        self._held_up.add(worker)
        self._hurry()

    def _next_persons(self) -> dict[int, int]:
        """Return whose turn it is, and their next update: as many as there is room for."""
        count = min(AT_ONCE, PERSONS_AT_ONCE - self._busy, len(self._ready))
        senders = {}
        for _ in range(0 if self.waiting.is_over else count):
            sender = self._ready.popleft()
            senders[sender] = self._lanes[sender].ids[0]
        self._busy += len(senders)
        return senders

    async def _carry_out(self, senders: dict[int, int], *, is_patient: bool = False) -> None:
        """Carry out one update of each of these people, and have them answered."""

        async def work() -> dict[int, Handled | Wanted | None]:
            try:
                return await self._handle(senders.values(), careful=False)
            except BeginAgainError:
                return await self._handle(senders.values(), careful=True)

        try:
            done = (await self.waiting.when_possible(work) or {}) if is_patient else await work()
        except Exception as error:
            if isinstance(error, DBAPIError) and is_away(error) and not is_patient:
                # Each waits for the database alone: it may be there for the others.
                for sender, arrival_id in senders.items():
                    self._start(self._carry_out({sender: arrival_id}, is_patient=True))
                return
            if len(senders) > 1:  # what is wrong with one holds up nobody else
                logger.warning(
                    "%d updates are carried out one by one (%s)",
                    *(len(senders), type(error).__name__),
                )
                for sender, arrival_id in senders.items():
                    await self._carry_out({sender: arrival_id})
                return
            ((sender, arrival_id),) = senders.items()
            logger.exception("update in inbox row %d could not be handled", arrival_id)
            self._start(self._failed(sender, arrival_id))
            return
        for sender, arrival_id in reversed(senders.items()):
            handled = done.get(arrival_id)
            if isinstance(handled, Wanted):
                self._start(self._carry_out_with(handled, sender, arrival_id))
            elif handled is not None and handled.state == Arriving.SPEAKING:
                self._start(self._reply(sender, handled))
            elif arrival_id in done:
                self._finished(sender)
            else:
                self._busy -= 1
                self._go_on(sender, is_first=True)

    async def _carry_out_with(self, file: Wanted, sender: int, arrival_id: int) -> None:
        """Carry out an update once the file is there that it needs, or it is known why not."""
        self._busy -= 1  # whoever waits for Telegram's files takes nobody's place
        self._hurry()
        try:
            try:
                attached = await fetching.fetch(self.speaker.telegram, file)
            finally:
                self._busy += 1
            self._attached[arrival_id] = attached
            await self._carry_out({sender: arrival_id}, is_patient=True)
        except TokenRefusedError:
            self._lanes[sender].ids.clear()
            self._finished(sender)
        except Exception:
            logger.exception("a file for inbox row %d could not be fetched", arrival_id)
            self._start(self._failed(sender, arrival_id))
        finally:
            self._attached.pop(arrival_id, None)

    async def _handle(
        self, ids: Iterable[int], *, careful: bool
    ) -> dict[int, Handled | Wanted | None]:
        """Carry out updates of several people in one transaction: what one is refused is undone.

        Return what has become of those that were reached in time; None: there was nothing to do.
        A file that has to be fetched first leaves its update as it is.

        Raises:
            BeginAgainError: somebody is refused, and only ``careful`` undoes what is theirs alone.
        """
        done: dict[int, Handled | Wanted | None] = {}
        async with self.database.transaction() as session:
            found = {row.id: row for row in await arrivals.locked(session, list(ids))}
            await self.handling.prepare(session, list(found.values()))
            begin = monotonic()  # whoever has waited for a lock has not worked yet
            for arrival_id in ids:
                if done and monotonic() - begin > LASTS:
                    break
                done[arrival_id] = None
                if arrival := found.get(arrival_id):
                    now = self.clock.now()  # who presses first is first in line
                    attached = self._attached.get(arrival_id)
                    file = None if attached else await fetching.wanted(session, arrival)
                    done[arrival_id] = file or await self.handling.carry_out(
                        session, arrival, now, careful=careful, attached=attached
                    )
                    await memory.next_turn(session)
            handled = [one for one in done.values() if isinstance(one, Handled)]
            steps = [Step(h.arrival_id, h.state, h.replies, h.handled_at, h.kept) for h in handled]
            await arrivals.handled(session, steps)
        for one in handled:
            if one.state == Arriving.SET_ASIDE:
                self.counts["set_aside"] += 1
            elif found[one.arrival_id].state == Arriving.WAITING:
                self.counts["handled"] += 1
        return done

    async def _reply(self, sender: int, handled: Handled) -> None:
        try:
            await self._speak(handled)
        except TokenRefusedError:
            self._lanes[sender].ids.clear()  # the end: what is open waits for the next start
        finally:
            self._finished(sender)

    async def _speak(self, handled: Handled) -> None:
        """Answer; what cannot be answered is left with a note of it."""
        try:
            await self.replying.speak(handled)
        except TokenRefusedError:
            raise
        except Exception:
            logger.exception("the answer to inbox row %d could not be given", handled.arrival_id)
            with contextlib.suppress(DBAPIError):
                await self.replying.note(Note(handled, is_last=True))

    async def _failed(self, sender: int, arrival_id: int) -> None:
        """Count a failure, and try again or go on with the person's next update."""
        is_over = True
        try:
            is_over = (
                await self.waiting.when_possible(lambda: self._strike(arrival_id)) is not False
            )
        except TokenRefusedError:
            self._lanes[sender].ids.clear()
        finally:
            self._finished(sender, is_over=is_over)

    def _finished(self, sender: int, *, is_over: bool = True) -> None:
        """Go on with the person's next update, or with this one if it is not over."""
        self._busy -= 1
        lane = self._lanes[sender]
        if is_over and lane.ids:
            lane.ids.popleft()
        self._go_on(sender)

    def _go_on(self, sender: int, *, is_first: bool = False) -> None:
        """Let the person wait for their turn, first of all or last, while anything is open."""
        lane = self._lanes[sender]
        if not lane.ids or self.waiting.is_over:
            del self._lanes[sender]
            lane.is_empty.set()
        elif is_first:
            self._ready.appendleft(sender)
        else:
            self._ready.append(sender)
        self._hurry()

    async def _run_shared_lane(self, sender: int) -> None:
        """Carry out one person's updates, if no other process does, until none is open."""

        async def take() -> Sequence[int]:
            async with self.database.transaction() as session:
                return await arrivals.take_lane(session, sender, self.shares_as, LANE_LEASE)

        last: Sequence[int] = ()
        wait = waiting.FIRST_WAIT
        try:
            while not self._is_over and (ids := await self.waiting.when_possible(take)):
                if ids[0] in last:  # it could not be brought to its end, nor will it be at once
                    await self.waiting.pause(wait)
                    wait = min(wait * 2, waiting.LONGEST_WAIT)
                else:
                    wait = waiting.FIRST_WAIT
                last = ids
                if not self._is_over:
                    self._queue(sender, ids)
                    await self._lanes[sender].is_empty.wait()
        finally:
            self._shared.discard(sender)
        if not self._is_over:  # what came in while the lane was given back
            with contextlib.suppress(DBAPIError):
                await self.pick_up()

    async def _strike(self, arrival_id: int) -> bool:
        """Count a failure; after the third set the update aside, and say sorry. True if so."""
        async with self.database.transaction() as session:
            arrival = await session.get(Arrival, arrival_id, with_for_update=True)
            if arrival is None:
                return True
            arrival.tries += 1
            if arrival.tries < arrivals.TRIES:
                return False
            is_done = arrival.state == Arriving.SPEAKING
            arrival.state = Arriving.SET_ASIDE
            arrival.body = without_press(json.loads(arrival.body or "{}")) or arrival.body
            sender = arrival.sender
            person = await people.by_telegram_id(session, sender) if sender else None
        self.counts["set_aside"] += 1
        if sender and person:
            text = _sorry(translator_of(person, self.handling.network), is_done=is_done)
            await self.speaker.say(sender, Message(text), Priority.REPLY, patient=True)
        return True


def _sorry(_: Translator, *, is_done: bool) -> Html:
    """Return an apology that says truly whether what was asked for has been done."""
    if is_done:
        return _(
            "Sorry, something went wrong on our side. What you asked for is done, but we cannot "
            "show you the answer. We have kept a note of it; /menu shows how things stand."
        )
    return _(
        "Sorry, something went wrong on our side. Nothing was changed. "
        "We have kept a note of it; please try again later."
    )


def has_number(update: object) -> bool:
    """Say whether this is an update that can be kept and acknowledged."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return type(number) is int and 0 <= number < 2**63


def _refused(answer: Any) -> Exception:
    """Return what an answer without updates means."""
    told = answer if isinstance(answer, dict) else {}
    if told.get("error_code") == HTTPStatus.UNAUTHORIZED:
        return TokenRefusedError()
    parameters = told.get("parameters")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return NoUpdatesError(
        str(told.get("description", "no reason given")),
        float(wait) if isinstance(wait, int | float) else 0.0,
    )
