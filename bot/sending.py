"""What is owed leaves: claim, judge by the policy, render now, speak, write the outcome back.

A message waits for its turn by the pace, then at the door: there everything that has its turn is
marked as let go, and everything that has returned is written down, in one transaction. Only then
it leaves, so that a crash makes uncertain what was on its way and nothing else. Any number of
processes may do this: a row is claimed by one, and the lease is the database's time.
"""

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.answering import translator_of
from bot.clock import Clock
from bot.database import Database, is_away
from bot.speaking import TOO_LONG, Speaker, Spoken, digest
from bot.telegram import MIGRATED, Fate, TokenRefusedError
from community import deliveries, face_to_face, groups, judging, live, memory, people
from community.among import among
from community.deliveries import Delivery, Due, Outcome, State
from community.errors import RefusalError
from community.groups import Group
from community.people import Membership, Person
from community.policy import EDITS, POLICY, UNASKED, Crash, Lane
from handlers import FORMS, render, said_already
from handlers.replies import Message, Network, NotYetError, Page

logger = logging.getLogger("diwan.sending")

AT_ONCE = 30
"""How many messages are on their way or wait for their turn to leave."""
LEASE = 60.0
LOOK_AGAIN = 0.5
"""Seconds until the table is looked at again when it had nothing (more) due."""
GATHER = 0.02
"""Seconds that what has come back waits for what else is on its way: one transaction for all."""
MADE_UP = 0.01
"""Seconds of its own lateness that the door makes up for: timers come a moment late."""
MOST_CLAIMED = 500
FIRST_REST, LONGEST_REST = 1.0, 60.0
"""Seconds without a try while Telegram is not there: doubled each time, up to the longest."""
LOOK_FOR_WORDS = timedelta(minutes=10)
"""How long what is in no language that its reader may get waits before it is looked at again."""
NEXT_IN_GROUP = timedelta(seconds=4)
"""After how long what waits for a group behind something else is looked at again."""
UNSURE = "unsure"
"""Why a row is owed again that may have arrived: that happens to it once, then it is listed."""


@dataclass(frozen=True)
class Ready:
    """A claimed row that the policy lets go, and what it says."""

    row: Due
    chat_id: int
    message: Message
    door: "asyncio.Future[Outcome | None]"
    """Opens when its turn is written down (None), or says what becomes of it instead."""
    copies: Sequence[int] = ()
    """Of an edit: the messages in whose place it is put."""


class Sender:
    """One sending loop. ``holder`` names it in the rows it claims."""

    def __init__(
        self,
        database: Database,
        speaker: Speaker,
        clock: Clock,
        network: Network,
        holder: str,
        *,
        lease: float = LEASE,
        at_once: int = AT_ONCE,
    ) -> None:
        self.database, self.speaker, self.clock = database, speaker, clock
        self.network, self.holder, self.lease, self.at_once = network, holder, lease, at_once
        self.counts: Counter[tuple[str, str]] = Counter()
        """How many deliveries of which kind had which outcome, by this process."""
        self._ready: list[Ready] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._chats: set[int] = set()
        """Whose message is under way: nobody's messages overtake each other."""
        self._at_the_door: list[Ready] = []
        self._back: list[Outcome] = []
        """What has come back and is not written down yet."""
        self._out = 0
        """How many have been let go and are not back."""
        self._moving: dict[int, Ready] = {}
        """What was sent and shows something that still moves, until that is written down."""
        self._news, self._all_back = asyncio.Event(), asyncio.Event()
        """Somebody is at the door, or something has come back; nothing is out any more."""
        self._let_go: deque[Ready] = deque()
        """Written down and before the door: what has waited for one commit leaves at the pace."""
        self._opens = 0.0
        """When the door opens for the next."""
        self._look_at = 0.0
        self._rests_until, self._rest = 0.0, FIRST_REST
        self._stopping = False
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Send what is due, for ever; look again every half second when there is nothing."""
        while not self._stopping:
            try:
                busy = await self.turn()
            except DBAPIError as error:
                logger.error("the deliveries cannot be read: %s", type(error.orig).__name__)
                busy = 0
            except TokenRefusedError:
                return
            except Exception:
                logger.exception("deliveries could not be sent")
                busy = 0
            if not busy:
                await asyncio.sleep(LOOK_AGAIN)

    def stop(self) -> None:
        """Claim nothing more; what has been let go is finished, the rest is given back."""
        self._stopping = True

    async def stopped(self) -> None:
        """Wait until nothing is in flight."""
        async with self._turn:
            pass

    @property
    def _must_wait(self) -> bool:
        return self.speaker.must_wait or _now() < self._rests_until

    async def turn(self) -> int:
        """Send what is due until nothing is left; return how many rows were settled."""
        async with self._turn:
            settled, self._look_at = 0, 0.0
            while True:
                if self._stopping or self._must_wait:
                    self._give_back()
                elif len(self._ready) < self.at_once and _now() >= self._look_at:
                    await self._claim()
                self._fill()
                await asyncio.sleep(0)  # whose turn it is already comes to the door with the rest
                settled += await self._exchange()
                if not (self._under_way or self._ready or self._back):
                    return settled
                if self._under_way and not self._back:
                    await self._wait_for_news()

    # Claiming

    async def _claim(self) -> None:
        """Take what is due, as much as leaves within a second or so, and prepare it."""
        wanted = max(self.at_once, min(int(self.speaker.rate), MOST_CLAIMED))
        now = self.clock.now()
        async with self.database.transaction() as session:
            rows = await deliveries.claim(session, self.holder, wanted, self.lease, now)
            if rows:
                ready, back = await self._prepare(session, rows, now)
        if len(rows) < wanted:
            self._look_at = _now() + LOOK_AGAIN
        if rows:
            self._back += back
            self._ready = sorted(self._ready + ready, key=lambda item: item.row.lane)

    async def _prepare(
        self, session: AsyncSession, rows: Sequence[Due], now: datetime
    ) -> tuple[list[Ready], list[Outcome]]:
        """Judge and render claimed rows: what may leave, and what becomes of the others."""
        ready: list[Ready] = []
        back: list[Outcome] = []
        readers = await judging.readers(session, rows, now, self.network.language)
        memo: dict[Any, Message | None] = {}
        taken = self._chats | {item.chat_id for item in self._ready}
        for row in rows:
            reader = readers.get(row.person_id or 0)
            try:
                prepared = await self._one(session, row, reader, now, memo)
            except RefusalError:  # it is not for this reader any more
                prepared = _outcome(row, State.SUPPRESSED, "no_longer_applies")
            except Exception as error:
                if isinstance(error, DBAPIError) and is_away(error):
                    raise
                logger.exception("delivery %d (%s) cannot be rendered", row.id, row.kind)
                prepared = _outcome(row, State.FAILED, "cannot_render")
            if isinstance(prepared, Ready) and row.group_id is not None:
                # Groups take so little a minute that what waits for one would hold up everybody.
                if prepared.chat_id in taken:
                    prepared = _outcome(row, State.QUEUED, "its_turn", due_at=now + NEXT_IN_GROUP)
                else:
                    taken.add(prepared.chat_id)
            if isinstance(prepared, Ready):
                ready.append(prepared)
            else:
                back.append(prepared)
        called = [
            (outcome.delivery_id, outcome.person_id, outcome.kind)
            for outcome in back
            if outcome.reason == judging.BY_PHONE.reason and outcome.person_id is not None
        ]
        if called:
            await face_to_face.ring(session, called, now)
        # What is unasked counts from now on, for whoever judges this person next; and what has
        # been put right once more since now, or taken back, is not let go.
        counted = [item.row.id for item in ready if item.row.kind in (*UNASKED, *EDITS)]
        if counted:
            await session.execute(
                update(Delivery).where(among(Delivery.id, counted)).values(settled_at=now),
                execution_options={"synchronize_session": False},
            )
        return ready, back

    async def _one(
        self,
        session: AsyncSession,
        row: Due,
        reader: judging.Reader | None,
        now: datetime,
        memo: dict[Any, Message | None],
    ) -> Ready | Outcome:
        if row.group_id is not None:
            return await self._for_group(session, row, row.group_id, now, memo)
        verdict = judging.judge(row, reader, now, self.network.zone)
        if verdict != judging.GO or reader is None:
            return _outcome(row, verdict.state, verdict.reason, due_at=verdict.due_at)
        try:
            page = self._page(session, reader.person, now, memo)
            message = await _render(replace(page, saves_data=reader.saves_data), row)
        except NotYetError:
            return _outcome(row, State.QUEUED, "untranslated", due_at=now + LOOK_FOR_WORDS)
        if message is None:
            return _outcome(row, State.SUPPRESSED, "no_longer_applies")
        assert reader.person.telegram_id is not None
        copies: Sequence[int] = ()
        if row.kind in EDITS:
            copies = await deliveries.copies_of(session, row)
            if not copies:
                return _outcome(row, State.SUPPRESSED, "no_copy")
        door: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        return Ready(row, reader.person.telegram_id, message, door, copies)

    async def _for_group(
        self,
        session: AsyncSession,
        row: Due,
        group_id: int,
        now: datetime,
        memo: dict[Any, Message | None],
    ) -> Ready | Outcome:
        """Prepare what is for a group: it waits for no morning, and nothing in it is anybody's."""
        group = await session.get(Group, group_id)
        if group is None or group.state != groups.State.LINKED or row.kind != groups.CARD:
            return _outcome(row, State.SUPPRESSED, "lost")
        if now >= row.expires_at:
            return _outcome(row, State.EXPIRED, "too_late")
        message = await _render(self._page(session, reader_in(group), now, memo), row)
        if message is None:
            return _outcome(row, State.SUPPRESSED, "no_longer_applies")
        door: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        return Ready(row, group.chat_id, message, door)

    def _page(
        self, session: AsyncSession, person: Person, now: datetime, memo: dict[Any, Any]
    ) -> Page:
        translator = translator_of(person, self.network)
        second = person.second_language
        return Page(session, person, translator, now, self.network, FORMS, memo, second)

    def _give_back(self) -> None:
        """Owe again what was claimed and has not been let go."""
        self._back += [_outcome(item.row, State.QUEUED, item.row.reason) for item in self._ready]
        self._ready = []

    # Letting go, and what returns

    def _fill(self) -> None:
        """Let as many as there is room for wait for their turn, of each person one."""
        rest: list[Ready] = []
        for at, item in enumerate(self._ready):
            if len(self._under_way) == self.at_once:
                rest += self._ready[at:]
                break
            if item.chat_id in self._chats:
                rest.append(item)
                continue
            self._chats.add(item.chat_id)
            task = asyncio.get_running_loop().create_task(self._accompany(item))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        self._ready = rest

    async def _accompany(self, item: Ready) -> None:
        """Take one message to its end, and bring back what became of it."""
        try:
            outcome = await self._send(item)
        except TokenRefusedError:
            self.stop()
            outcome = _outcome(item.row, State.QUEUED, "token_refused")
        except Exception:  # nobody else's message may be lost with this one
            logger.exception("delivery %d (%s) broke on its way", item.row.id, item.row.kind)
            outcome = _outcome(item.row, State.UNCERTAIN, "broke_on_its_way")
        finally:
            self._chats.discard(item.chat_id)
        self._back.append(outcome)
        self._news.set()

    async def _send(self, item: Ready) -> Outcome:
        row = item.row
        if not await self.speaker.has_turn(item.chat_id, Lane(row.lane)):
            later = self.clock.now() + timedelta(seconds=self.speaker.paused_for)
            return _again(row, "429", later)
        self._at_the_door.append(item)
        self._news.set()
        if instead := await item.door:
            return instead
        try:
            return self._read(item, await self._speak(item))
        finally:
            self._out -= 1
            if not self._out:
                self._all_back.set()

    async def _speak(self, item: Ready) -> Spoken:
        chat_id, message, lane = item.chat_id, item.message, Lane(item.row.lane)
        begins: Any = {"its_turn": True, "within": self.lease / 3}
        if item.copies:
            return await self.speaker.replace(chat_id, item.copies, message, lane, **begins)
        return await self.speaker.say(chat_id, message, lane, **begins)

    async def _wait_for_news(self) -> None:
        """Wait until there is something to write down, and a moment for what comes with it."""
        await _either(self._news, LOOK_AGAIN)  # and look what is due, whoever keeps us waiting
        if self._out:
            self._all_back.clear()
            await _either(self._all_back, GATHER)

    async def _exchange(self) -> int:
        """Write down what has come back, and open the door, in one transaction."""
        self._news.clear()
        back, going = list(self._back), list(self._at_the_door)
        if not going and not back:
            return 0
        now = self.clock.now()
        try:
            async with self.database.transaction() as session:
                await self._settle(session, back, now)
                free, stopped = await deliveries.let_go(
                    session, self.holder, [item.row.id for item in going], self.lease, now
                )
        except DBAPIError as error:
            if self._stopping or not is_away(error):
                # Their lease runs out, and the crash policy decides.
                self._back = self._back[len(back) :]
                self._close_the_door(going, "database_away")
                raise
            # What has left is known to have left: that is kept until it can be written.
            logger.warning("outcomes wait for the database: %s", type(error.orig).__name__)
            await asyncio.sleep(FIRST_REST)
            return 0
        for outcome in back:
            self._moving.pop(outcome.delivery_id, None)
        self.counts.update((outcome.kind, outcome.state) for outcome in back)
        self._back = self._back[len(back) :]
        self._at_the_door = self._at_the_door[len(going) :]
        is_closed = not self._let_go
        for item in going:
            number = item.row.id
            if number in free:
                self._out += 1
                self._let_go.append(item)
            else:
                is_cancelled = stopped.get(number) == "cancelled"
                state = State.CANCELLED if is_cancelled else State.QUEUED
                item.door.set_result(_outcome(item.row, state, item.row.reason))
        if is_closed:
            self._open()
        return len(back)

    def _open(self) -> None:
        """Open the door for whoever's turn it is, each a gap after the one before; come back.

        The gap counts from when the one before really left: a process that stood still for a
        while does not make up for it, or all that fell due meanwhile would leave in one moment.
        """
        gap = 1 / self.speaker.rate
        while self._let_go:
            now = _now()
            if now < self._opens:
                asyncio.get_running_loop().call_at(self._opens, self._open)
                return
            self._opens = max(self._opens, now - MADE_UP) + gap
            door = self._let_go.popleft().door
            if not door.done():
                door.set_result(None)

    def _close_the_door(self, going: Sequence[Ready], reason: str) -> None:
        self._at_the_door = self._at_the_door[len(going) :]
        for item in going:
            item.door.set_result(_outcome(item.row, State.QUEUED, reason))

    async def _settle(
        self, session: AsyncSession, outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        outcomes = [await _in_time(session, outcome, now) for outcome in outcomes]
        await deliveries.settle(session, outcomes, now, holder=self.holder)
        for outcome in outcomes:
            await self._keep_current(session, outcome, now)
            if outcome.state == State.REFUSED and outcome.reason and outcome.person_id:
                person = await session.get(Person, outcome.person_id)
                if person is not None:  # not erased meanwhile
                    await deliveries.lose(session, person, outcome.reason, now)
            # A group that has another number meanwhile is not found by the one spoken to.
            if outcome.chat_id is not None and outcome.moved_to is not None:
                await groups.moved(session, outcome.chat_id, outcome.moved_to, now)
            elif outcome.chat_id is not None and outcome.state == State.REFUSED:
                await groups.lost(session, outcome.chat_id, now)

    async def _keep_current(self, session: AsyncSession, outcome: Outcome, now: datetime) -> None:
        """Keep what was sent current from now on, if what it shows still moves."""
        item = self._moving.get(outcome.delivery_id)
        if item is None or outcome.state != State.SENT or not outcome.messages:
            return
        chat_id, number = outcome.messages[-1]
        if chat_id > 0 and await people.by_telegram_id(session, chat_id) is None:
            return  # erased meanwhile
        row, shown = item.row, digest(item.message)
        await live.keep(session, chat_id, number, row.kind, row.args, shown, now)

    def _read(self, item: Ready, spoken: Spoken) -> Outcome:
        row, message, answer, now = item.row, item.message, spoken.answer, self.clock.now()
        messages = [(item.chat_id, message_id) for message_id in spoken.message_ids]
        there = None if row.group_id is None else item.chat_id
        if answer.reason != "no_connection":
            self._rest = FIRST_REST
        if answer.fate == Fate.DONE:
            reason = "sent_plain" if spoken.sent_plain else None
            if message.live:
                self._moving[row.id] = item
            sent = _outcome(row, State.SENT, reason, language=message.language, messages=messages)
            return replace(sent, chat_id=there)
        if answer.fate == Fate.UNREACHABLE:
            return replace(_outcome(row, State.REFUSED, answer.reason), chat_id=there)
        if answer.reason == MIGRATED and there is not None:
            again = _outcome(row, State.QUEUED, MIGRATED, due_at=now)
            return replace(again, chat_id=there, moved_to=answer.result)
        if answer.fate == Fate.BUSY:
            return _again(row, answer.reason, now + timedelta(seconds=answer.retry_after))
        if answer.fate == Fate.NOT_SENT:
            if answer.reason == "no_connection":
                self._rest_a_while()
            wait = min(2.0**row.tries, LONGEST_REST)
            later = now + timedelta(seconds=wait)
            return _again(row, answer.reason, later, costs_a_try=True)
        is_repeated = POLICY[row.kind].crash == Crash.RESEND and row.reason != UNSURE
        if answer.fate == Fate.UNSURE and is_repeated:
            return _again(row, UNSURE, now + timedelta(seconds=2), costs_a_try=True)
        if answer.fate == Fate.UNSURE:
            return _outcome(
                row,
                State.UNCERTAIN,
                answer.reason,
                language=message.language,
                messages=messages,
            )
        return _outcome(row, State.FAILED, answer.reason)

    def _rest_a_while(self) -> None:
        """Try nothing for a while: nobody is there to hear it."""
        if _now() >= self._rests_until:
            self._rests_until = _now() + self._rest
            self._rest = min(self._rest * 2, LONGEST_REST)

    # Messages that keep themselves current

    async def refresh_live(self, *, in_groups: bool = False) -> None:
        """Render every live message of people, or ``in_groups``, and show what has changed.

        What cannot wait in groups is shown with those of people.

        What was shown is written down when Telegram has it: what an outage or a pause has kept
        back is shown at the next look.
        """
        for chat_id, message_id, message in await self._changed(in_groups=in_groups):
            if chat_id < 0 and not self.speaker.is_free(chat_id):
                continue  # a group's pace holds up nobody else: it is shown at the next look
            spoken = await self.speaker.edit(
                chat_id, message_id, message, Lane.SERVICE, or_say=False
            )
            fate, now = spoken.answer.fate, self.clock.now()
            if fate in (Fate.BUSY, Fate.NOT_SENT, Fate.UNSURE):
                continue
            async with self.database.transaction() as session:
                if spoken.answer.reason == MIGRATED:
                    await groups.moved(session, chat_id, spoken.answer.result, now)
                elif fate == Fate.UNREACHABLE and chat_id < 0:
                    await groups.lost(session, chat_id, now)
                await live.has_shown(
                    session,
                    chat_id,
                    message_id,
                    digest(message),
                    still_moves=message.live
                    and (fate == Fate.DONE or spoken.answer.reason == TOO_LONG),
                )

    async def _changed(self, *, in_groups: bool) -> list[tuple[int, int, Message]]:
        """Return the live messages that say something new; let go of those that move no more."""
        changed: list[tuple[int, int, Message]] = []
        now, memo = self.clock.now(), dict[Any, Message | None]()
        async with self.database.transaction() as session:
            moving = await live.every(session, in_groups=in_groups)
            is_in_group = any(row.chat_id < 0 for row in moving)
            there = await groups.by_chat(session) if is_in_group else {}
            for row in moving:
                try:
                    message = await self._as_it_is(session, row, there, now, memo)
                except Exception as error:  # what is wrong with one keeps no other as it was
                    if isinstance(error, DBAPIError) and is_away(error):
                        raise
                    logger.error("%s cannot be rendered: %s", row.kind, type(error).__name__)
                    continue
                if message is not None and digest(message) != row.shown:
                    changed.append((row.chat_id, row.message_id, message))
                elif message is None or not message.live:
                    await session.delete(row)
        return changed

    async def _as_it_is(
        self,
        session: AsyncSession,
        row: live.LiveMessage,
        there: Mapping[int, Group],
        now: datetime,
        memo: dict[Any, Message | None],
    ) -> Message | None:
        """Render a live message; what its reader may not see any more is closed."""
        if row.chat_id < 0:
            group = there.get(row.chat_id)
            person = reader_in(group) if group is not None else None
        else:
            person = await people.by_telegram_id(session, row.chat_id)
            if person is None and row.kind == live.CLOSED:  # they have deleted their account
                language = row.args["language"]
                person = Person(telegram_id=row.chat_id, language=language, state=Membership.LEFT)
        if person is None:
            return None
        page = self._page(session, person, now, memo)
        if row.kind == live.CLOSED:
            return await render(page, live.CLOSED)
        if (said := said_already(page, row.kind, row.args)) is not None:
            return said
        async with memory.savepoint(session):
            try:
                return await render(page, row.kind, **row.args)
            except RefusalError:
                return await render(page, live.CLOSED)


def reader_in(group: Group) -> Person:
    """Return whom a card in a group is for: somebody of whom only the language is known."""
    return Person(telegram_id=group.chat_id, language=group.language, state=Membership.LEFT)


async def _in_time(session: AsyncSession, outcome: Outcome, now: datetime) -> Outcome:
    """Owe again what a group was told, or was not, under a number that it has no more."""
    if outcome.chat_id is None or outcome.state not in (State.SENT, State.REFUSED):
        return outcome
    group = await session.get(Group, outcome.group_id)
    if group is None or group.chat_id == outcome.chat_id:
        return outcome
    return replace(outcome, state=State.QUEUED, reason=MIGRATED, due_at=now, messages=())


async def _render(page: Page, row: Due) -> Message | None:
    """Say what a row says now; one that cannot be rendered undoes nothing of the others."""
    said = said_already(page, row.kind, row.args)
    if said is not None:
        return said
    async with memory.savepoint(page.session):
        return await render(page, row.kind, **row.args)


def _outcome(
    row: Due,
    state: State,
    reason: str | None,
    *,
    due_at: datetime | None = None,
    costs_a_try: bool = False,
    holds_up: bool = False,
    language: str | None = None,
    messages: Sequence[tuple[int, int]] = (),
) -> Outcome:
    return Outcome(
        row.id,
        row.kind,
        state,
        reason,
        person_id=row.person_id,
        group_id=row.group_id,
        due_at=due_at,
        costs_a_try=costs_a_try,
        holds_up=holds_up,
        language=language,
        messages=messages,
    )


def _again(row: Due, reason: str, later: datetime, *, costs_a_try: bool = False) -> Outcome:
    """Owe a row again; what its person is owed after it waits as long."""
    return _outcome(
        row,
        State.QUEUED,
        reason,
        due_at=later,
        costs_a_try=costs_a_try,
        holds_up=row.person_id is not None,
    )


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait until it happens, or for so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
