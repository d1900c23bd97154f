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
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from aiogram import Bot, Dispatcher
from aiogram.types import Chat, ChatMemberUpdated, Update, User
from aiogram.types.update import UpdateTypeLookupError
from aiohttp import ClientError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import refusals
from bot.answering import answer, how_to_refuse, translator_of
from bot.clock import Clock
from bot.database import Database, is_away
from bot.introducing import introduce_to
from bot.speaking import Speaker, Spoken, digest
from bot.telegram import Fate, TokenRefusedError
from community import arrivals, attendance, deliveries, live, people
from community.arrivals import Arrival, Arriving
from community.deliveries import SentMessage
from community.errors import RefusalError
from community.people import Person
from community.policy import Lane
from handlers import FORMS, render
from handlers.replies import How, Message, Network, Page, Reply, toast
from locales import Html, Translator

logger = logging.getLogger("diwan.receiving")

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
PERSONS_AT_ONCE = 8
LANE_LEASE = 60.0
"""Seconds after which a person is taken over from a receiving process that is dead."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds between two attempts at what cannot be had now: doubled each time, up to the longest."""

T = TypeVar("T")


class NoUpdatesError(Exception):
    """Telegram has answered a poll with something else, for a reason that it may have given."""

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Speech:
    """A rendered reply on its way, and the reply it came from."""

    index: int
    how: How
    kind: str
    args: dict[str, Any]
    message: Message


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
        self.database, self.bot, self.dispatcher = database, bot, dispatcher
        self.speaker, self.clock, self.network = speaker, clock, network
        self.shares_as = shares_as
        """Under which name it shares people with other receiving processes, if there are any."""
        self._lanes: dict[int, deque[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(PERSONS_AT_ONCE)
        self._known = 0
        self._ending = asyncio.Event()
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
        offset, wait = None, FIRST_WAIT
        while not self._ending.is_set():
            at_least = 0.0
            try:
                if not await may_poll():
                    return
                batch = await self._fetch(offset)
                self.speaker.telegram.reachable = True
                if batch:
                    await self.take_in(batch)
                    offset = max(update["update_id"] for update in batch) + 1
                wait = FIRST_WAIT
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
                logger.error("the inbox takes nothing: %s", type(error.orig).__name__)
            except Exception:
                logger.exception("updates could not be taken in")
            await self._pause(max(wait, at_least))
            wait = min(wait * 2, LONGEST_WAIT)

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

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def take_in(self, batch: Sequence[dict[str, Any]]) -> None:
        """Commit raw updates to the inbox and set their persons' lanes going."""
        now = self.clock.now()
        rows = []
        for update in batch:
            body = json.dumps(update, sort_keys=True, separators=(",", ":"))
            sender = sender_of(update)
            rows.append(
                {
                    "update_id": update["update_id"],
                    "digest": hashlib.sha256(body.encode()).hexdigest(),
                    "sender": sender,
                    "body": body,
                    "state": Arriving.WAITING if sender else Arriving.SET_ASIDE,
                    "tries": 0,
                    "spoken": 0,
                    "arrived_at": now,
                }
            )
        async with self.database.transaction() as session:
            self.counts["taken_in"] += await arrivals.store(session, rows)
        await self.pick_up()

    async def share(self) -> None:
        """For ever: keep our people ours, and take up whom no process carries out.

        Those are who has just come in by another's hands, and whom a dead process has left.
        """
        while not self._ending.is_set():
            try:
                async with self.database.transaction() as session:
                    await arrivals.keep_lanes(session, self.shares_as, LANE_LEASE)
                await self.pick_up()
            except DBAPIError as error:
                logger.error("people cannot be shared: %s", type(error.orig).__name__)
            await self._pause(LANE_LEASE / 6)

    async def pick_up(self) -> None:
        """Put what is open in the inbox into its person's lane, each once."""
        if self.shares_as:
            async with self.database.transaction() as session:
                senders = await arrivals.without_lane(session)
            for sender in senders:
                if sender not in self._lanes:
                    self._lanes[sender] = deque()
                    self._start(self._run_shared_lane(sender))
            return
        more = True
        while more:
            async with self.database.transaction() as session:
                open_rows = await arrivals.open_rows(session, self._known, arrivals.AT_ONCE)
            for arrival_id, sender in open_rows:
                self._known = max(self._known, arrival_id)
                if sender in self._lanes:
                    self._lanes[sender].append(arrival_id)
                else:
                    self._lanes[sender] = deque([arrival_id])
                    self._start(self._run_lane(sender))
            more = len(open_rows) == arrivals.AT_ONCE

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def is_idle(self) -> bool:
        """Say whether every update taken in has been handled and answered."""
        return not self._lanes

    async def stop(self) -> None:
        """Take nothing more in; finish the transactions and answers that have begun."""
        self._ending.set()
        for lane in self._lanes.values():
            lane.clear()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.shares_as:
            with contextlib.suppress(DBAPIError):
                async with self.database.transaction() as session:
                    await arrivals.give_lanes_back(session, self.shares_as)

    # One person's updates, in order

    async def _run_lane(self, sender: int) -> None:
        lane = self._lanes[sender]
        try:
            while lane:
                async with self._slots:
                    await self._carry_out(lane[0])
                if lane:
                    lane.popleft()
        except TokenRefusedError:
            lane.clear()  # the end: what is open waits for the next start
        finally:
            if lane and not self._ending.is_set():
                logger.error("a lane ended early; its updates wait for the next start")
            self._lanes.pop(sender, None)

    async def _run_shared_lane(self, sender: int) -> None:
        """Carry out one person's updates, if no other process does, until none is open."""

        async def take() -> Sequence[int]:
            async with self.database.transaction() as session:
                return await arrivals.take_lane(session, sender, self.shares_as, LANE_LEASE)

        try:
            while not self._ending.is_set() and (ids := await self._when_possible(take)):
                for arrival_id in ids:
                    async with self._slots:
                        if not self._ending.is_set():
                            await self._carry_out(arrival_id)
        except TokenRefusedError:
            pass  # the end: what is open waits for the next start
        finally:
            self._lanes.pop(sender, None)
        if not self._ending.is_set():  # what came in while the lane was given back
            with contextlib.suppress(DBAPIError):
                await self.pick_up()

    async def _carry_out(self, arrival_id: int) -> None:
        while True:
            try:
                speeches = await self._when_possible(lambda: self._handle(arrival_id))
                break
            except Exception:
                logger.exception("update in inbox row %d could not be handled", arrival_id)
                if await self._when_possible(lambda: self._strike(arrival_id)) is not False:
                    return
        if speeches is None:
            return
        try:
            await self._speak(arrival_id, *speeches)
        except TokenRefusedError:
            raise
        except Exception:
            logger.exception("the answer to inbox row %d could not be given", arrival_id)
            await self._when_possible(lambda: self._finish(arrival_id))

    async def _when_possible(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """Do work in the database; while that is busy or gone, wait: it is nobody's fault.

        None if the program ends before.
        """
        wait = FIRST_WAIT
        while True:
            try:
                return await work()
            except DBAPIError as error:
                if not is_away(error):
                    raise
                logger.warning("the database is not available: %s", type(error.orig).__name__)
            if self._ending.is_set():
                return None
            await self._pause(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _handle(self, arrival_id: int) -> tuple[dict[str, Any], int, list[Speech]] | None:
        """Carry out one update in one transaction; return what to say, or None."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            arrival = await session.get(Arrival, arrival_id, with_for_update=True)
            if arrival is None or arrival.body is None or arrival.sender is None:
                return None
            body = _read(arrival.body)
            if arrival.state == Arriving.WAITING:
                try:
                    update = Update.model_validate(body, context={"bot": self.bot})
                except ValidationError:
                    logger.warning("inbox row %d cannot be parsed; set aside", arrival_id)
                    self.counts["set_aside"] += 1
                    arrival.state = Arriving.SET_ASIDE
                    return None
                replies = await self._answer(session, update, now)
                arrival.handled_at = now
                arrival.replies = [
                    {"kind": reply.kind, "args": dict(reply.args), "how": reply.how.value}
                    for reply in replies
                ]
                arrival.state = Arriving.SPEAKING
                self.counts["handled"] += 1
                await session.flush()
            elif arrival.state != Arriving.SPEAKING:
                return None
            speeches = await self._render(session, arrival, body, now)
            return body, arrival.sender, speeches

    async def _answer(
        self, session: AsyncSession, update: Update, now: datetime
    ) -> Sequence[Reply]:
        try:
            event = update.event
        except UpdateTypeLookupError:
            return []
        chat: Chat | None = getattr(event, "chat", None) or getattr(
            getattr(event, "message", None), "chat", None
        )
        user: User | None = getattr(event, "from_user", None)
        if user is None or (chat is not None and chat.type != "private") or user.is_bot:
            return []
        if update.my_chat_member is not None:
            # Nobody is met by leaving: whoever was erased and then blocks the bot stays unknown.
            await self._membership_changed(session, user.id, update.my_chat_member, now)
            return []
        if update.callback_query and await people.by_telegram_id(session, user.id) is None:
            return [toast("start.unknown")]  # nobody is met by an old button: they write first
        person = await people.meet(
            session,
            user.id,
            now,
            name=user.full_name,
            username=user.username,
            telegram_language=user.language_code,
        )
        await self._reached(session, person, now)
        return await answer(self.dispatcher, self.bot, update, session, person, now, self.network)

    async def _membership_changed(
        self, session: AsyncSession, telegram_id: int, change: ChatMemberUpdated, now: datetime
    ) -> None:
        person = await people.by_telegram_id(session, telegram_id)
        if person is None:
            return
        if change.new_chat_member.status in {"kicked", "left"}:
            await deliveries.lose(session, person, "blocked", now)
        else:
            await self._reached(session, person, now)

    async def _reached(self, session: AsyncSession, person: Person, now: datetime) -> None:
        """Somebody who could not be reached is back: what concerns them is told to them again."""
        if await people.reached(session, person, now):
            zone = self.network.zone
            await attendance.remind_again(session, person, now, default_zone=zone)
            await attendance.welcome_back(session, person, now, default_zone=zone)

    async def _render(
        self, session: AsyncSession, arrival: Arrival, body: dict[str, Any], now: Any
    ) -> list[Speech]:
        person = await people.by_telegram_id(session, arrival.sender or 0)
        if person is None:  # erased, perhaps by this very update: the last word has a reader
            person = Person(
                telegram_id=arrival.sender,
                telegram_language=_language_of(body),
                state=people.Membership.LEFT,
            )
        page = Page(session, person, translator_of(person, self.network), now, self.network, FORMS)
        speeches = []
        for index, reply in enumerate(arrival.replies or []):
            if index < arrival.spoken:
                continue
            how = How(reply["how"])
            if how is How.COMMANDS:
                message: Message | None = Message("", language=page._.language)
            else:
                try:
                    message = await render(page, reply["kind"], **reply["args"])
                except RefusalError as refusal:  # a forged or an old button: nothing to show
                    how = how_to_refuse("callback_query" in body)
                    message = Message(refusals.sentence(refusal, page._))
            if message is not None:
                speeches.append(Speech(index, how, reply["kind"], reply["args"], message))
        return speeches

    # Speaking, after the commit

    async def _speak(
        self, arrival_id: int, body: dict[str, Any], sender: int, speeches: Sequence[Speech]
    ) -> None:
        query = body.get("callback_query")
        toasts = [s for s in speeches if s.how in (How.TOAST, How.ALERT)]
        if query:
            text = str(toasts[0].message.text) if toasts else ""
            alert = bool(toasts) and toasts[0].how is How.ALERT
            await self.speaker.toast(str(query["id"]), text, alert=alert)
        for speech in speeches:
            if speech.how is How.COMMANDS:
                await introduce_to(self.speaker.telegram, sender, speech.message.language)
        messages = [s for s in speeches if s.how in (How.SAY, How.EDIT)]
        for speech in messages:
            await self._say(arrival_id, query, sender, speech, is_last=speech is messages[-1])
        if not messages:
            await self._when_possible(lambda: self._finish(arrival_id))

    async def _say(
        self,
        arrival_id: int,
        query: dict[str, Any] | None,
        sender: int,
        speech: Speech,
        *,
        is_last: bool,
    ) -> None:
        target = ((query or {}).get("message") or {}).get("message_id")
        if speech.how is How.EDIT and target:
            spoken = await self.speaker.edit(sender, target, speech.message)
        else:
            spoken = await self.speaker.say(sender, speech.message, Lane.REPLY, patient=True)
        await self._when_possible(
            lambda: self._note(arrival_id, sender, speech, spoken, is_last=is_last)
        )

    async def _note(
        self, arrival_id: int, sender: int, speech: Speech, spoken: Spoken, *, is_last: bool
    ) -> None:
        """Write down what has been said."""
        now = self.clock.now()
        async with self.database.transaction() as session:
            if spoken.answer.fate == Fate.UNREACHABLE:
                person = await people.by_telegram_id(session, sender)
                if person is not None:
                    await deliveries.lose(session, person, spoken.answer.reason, now)
            elif spoken.answer.fate != Fate.DONE:
                logger.error("a reply was lost (%s): %s", speech.kind, spoken.answer.reason)
            known = await people.by_telegram_id(session, sender) is not None
            for message_id in spoken.message_ids if known else ():
                session.add(
                    SentMessage(
                        chat_id=sender,
                        message_id=message_id,
                        kind=speech.kind,
                        sent_at=now,
                    )
                )
            if spoken.message_ids:
                await live.let_go(session, sender, spoken.message_ids[-1])
            if spoken.message_ids and speech.message.live and known:
                await live.keep(
                    session,
                    sender,
                    spoken.message_ids[-1],
                    speech.kind,
                    speech.args,
                    digest(speech.message),
                    now,
                )
            arrival = await session.get(Arrival, arrival_id)
            if arrival is not None:
                arrival.spoken = speech.index + 1
                if is_last:
                    _blank(arrival)
                if not known:
                    arrival.sender = None

    async def _finish(self, arrival_id: int) -> None:
        async with self.database.transaction() as session:
            arrival = await session.get(Arrival, arrival_id)
            if arrival is None or arrival.state != Arriving.SPEAKING:
                return
            _blank(arrival)
            if arrival.sender and await people.by_telegram_id(session, arrival.sender) is None:
                arrival.sender = None

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
            self.counts["set_aside"] += 1
            sender = arrival.sender
            person = await people.by_telegram_id(session, sender) if sender else None
        if sender and person:
            text = _sorry(translator_of(person, self.network), is_done=is_done)
            await self.speaker.say(sender, Message(text), Lane.REPLY, patient=True)
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


def _language_of(body: dict[str, Any]) -> str | None:
    """Return the language that Telegram tells of whoever caused a raw update."""
    for value in body.values():
        sender = value.get("from") if isinstance(value, dict) else None
        code = sender.get("language_code") if isinstance(sender, dict) else None
        if isinstance(code, str):
            return code
    return None


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


def _read(body: str) -> Any:
    """Return an update as it came; a NUL, which PostgreSQL stores nowhere, as a replacement."""
    return json.loads(body, object_hook=_without_nul if "\\u0000" in body else None)


def _without_nul(part: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value
        for name, value in part.items()
    }


def _blank(arrival: Arrival) -> None:
    """Forget what was said and answered; the number and the digest stay for duplicates."""
    arrival.state, arrival.body, arrival.replies = Arriving.DONE, None, None
