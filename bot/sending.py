"""What is owed leaves: claim, judge by the policy, render now, speak, write the outcome back.

Any number of loops may run: a row is claimed by one. The lease is the database's time, so that a
process that was stopped for an hour cannot send what another has taken over.
"""

import asyncio
import logging
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.database import Database
from bot.receiving import translator_of
from bot.speaking import Speaker, Spoken, digest
from bot.telegram import Fate, TokenRefusedError
from community import deliveries, live, people
from community.deliveries import GO, Delivery, Outcome, State, Verdict
from community.people import Person
from community.policy import POLICY, Crash, Lane
from handlers import FORMS, render
from handlers.replies import Message, Network, Page

logger = logging.getLogger("diwan.sending")

AT_ONCE = 8
"""28 a second at 200 ms needs 6 in flight (Little's law); a kill leaves at most this many open."""
LEASE = 60.0
TRIES = 5
UNSURE = "unsure"
"""Why a row is owed again that may have arrived: that happens to it once, then it is listed."""


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
                await asyncio.sleep(0.5)

    def stop(self) -> None:
        """Claim nothing more; the turn that has begun is finished."""
        self._stopping = True

    async def stopped(self) -> None:
        """Wait until nothing is in flight."""
        async with self._turn:
            pass

    async def turn(self) -> int:
        """Claim as many rows as may be in flight, send them, write what became of them."""
        async with self._turn:
            if self._stopping or self.speaker.must_wait:
                return 0
            prepared = await self._prepare()
            if prepared is None:
                return 0
            outcomes, ready = prepared
            outcomes += await asyncio.gather(*(self._send(*item) for item in ready))
            now = self.clock.now()
            async with self.database.transaction() as session:
                await deliveries.settle(session, outcomes, now)
                for outcome in outcomes:
                    row = await session.get(Delivery, outcome.delivery_id)
                    self.counts[row.kind if row else "erased", outcome.state] += 1
                    if outcome.state == State.REFUSED and outcome.reason:
                        if row is None or row.person_id is None:
                            continue  # erased meanwhile
                        person = await session.get(Person, row.person_id)
                        if person is not None:
                            await deliveries.lose(session, person, outcome.reason, now)
            return len(outcomes)

    async def _prepare(
        self,
    ) -> tuple[list[Outcome], list[tuple[Delivery, int, Message]]] | None:
        now = self.clock.now()
        outcomes: list[Outcome] = []
        ready: list[tuple[Delivery, int, Message]] = []
        async with self.database.transaction() as session:
            claimed = await deliveries.claim(session, self.holder, self.at_once, self.lease, now)
            if not claimed:
                return None
            for row in claimed:
                number, kind = row.id, row.kind
                try:
                    async with session.begin_nested():
                        prepared = await self._judge(session, row, now)
                except Exception:
                    logger.exception("delivery %d (%s) cannot be rendered", number, kind)
                    outcomes.append(Outcome(number, State.FAILED, "cannot_render"))
                    continue
                if isinstance(prepared, Outcome):
                    outcomes.append(prepared)
                else:
                    ready.append((row, *prepared))
        return outcomes, ready

    async def _judge(
        self, session: AsyncSession, row: Delivery, now: datetime
    ) -> Outcome | tuple[int, Message]:
        """Return where it goes and what it says, or what becomes of it unsent."""
        person = await session.get(Person, row.person_id) if row.person_id else None
        if person is None:
            return Outcome(row.id, State.SUPPRESSED, "erased")
        verdict = await deliveries.judge(session, row, person, now, self.network.zone)
        if verdict != GO:
            return _unsent(row, verdict)
        message = await render(self._page(session, person, now), row.kind, **row.args)
        if message is None:
            return Outcome(row.id, State.SUPPRESSED, "no_longer_applies")
        assert person.telegram_id is not None
        return person.telegram_id, message

    def _page(self, session: AsyncSession, person: Person, now: datetime) -> Page:
        translator = translator_of(person, self.network)
        return Page(session, person, translator, now, self.network, FORMS)

    async def _send(self, row: Delivery, chat_id: int, message: Message) -> Outcome:
        try:
            spoken = await self.speaker.say(chat_id, message, Lane(row.lane))
        except TokenRefusedError:
            return Outcome(row.id, State.QUEUED, "token_refused", costs_a_try=False)
        except Exception:  # nobody else's message may be lost with this one
            logger.exception("delivery %d (%s) broke on its way", row.id, row.kind)
            return Outcome(row.id, State.UNCERTAIN, "broke_on_its_way")
        return self._read(row, chat_id, message, spoken)

    def _read(self, row: Delivery, chat_id: int, message: Message, spoken: Spoken) -> Outcome:
        answer, now = spoken.answer, self.clock.now()
        messages = [(chat_id, message_id) for message_id in spoken.message_ids]
        if answer.fate == Fate.DONE:
            reason = "sent_plain" if spoken.sent_plain else None
            return Outcome(
                row.id, State.SENT, reason, language=message.language, messages=messages
            )
        if answer.fate == Fate.UNREACHABLE:
            return Outcome(row.id, State.REFUSED, answer.reason)
        if answer.fate == Fate.BUSY:
            later = now + timedelta(seconds=answer.retry_after)
            return self._again(row, "429", later, costs_a_try=False)
        is_repeated = POLICY[row.kind].crash == Crash.RESEND and row.reason != UNSURE
        if answer.fate == Fate.UNSURE and not is_repeated:
            return Outcome(
                row.id,
                State.UNCERTAIN,
                answer.reason,
                language=message.language,
                messages=messages,
            )
        if answer.fate in (Fate.UNSURE, Fate.NOT_SENT) and row.tries < TRIES:
            reason = UNSURE if answer.fate == Fate.UNSURE else answer.reason
            return self._again(row, reason, now + timedelta(seconds=2**row.tries))
        return Outcome(row.id, State.FAILED, answer.reason)

    def _again(
        self, row: Delivery, reason: str, later: datetime, *, costs_a_try: bool = True
    ) -> Outcome:
        if later >= row.expires_at:
            return Outcome(row.id, State.EXPIRED, reason)
        return Outcome(row.id, State.QUEUED, reason, due_at=later, costs_a_try=costs_a_try)

    async def refresh_live(self) -> None:
        """Render every live message again and show what has changed.

        What was shown is written down when Telegram has it: what an outage or a pause has kept
        back is shown at the next look.
        """
        for chat_id, message_id, message in await self._changed():
            spoken = await self.speaker.edit(
                chat_id, message_id, message, Lane.SERVICE, or_say=False
            )
            fate = spoken.answer.fate
            if fate in (Fate.BUSY, Fate.NOT_SENT, Fate.UNSURE):
                continue
            async with self.database.transaction() as session:
                await live.has_shown(
                    session,
                    chat_id,
                    message_id,
                    digest(message),
                    still_moves=message.live and fate == Fate.DONE,
                )

    async def _changed(self) -> list[tuple[int, int, Message]]:
        """Return the live messages that say something new; let go of those that move no more."""
        changed: list[tuple[int, int, Message]] = []
        now = self.clock.now()
        async with self.database.transaction() as session:
            for row in await live.every(session):
                person = await people.by_telegram_id(session, row.chat_id)
                message = None
                if person is not None:
                    message = await render(self._page(session, person, now), row.kind, **row.args)
                if message is not None and digest(message) != row.shown:
                    changed.append((row.chat_id, row.message_id, message))
                elif message is None or not message.live:
                    await session.delete(row)
        return changed


def _unsent(row: Delivery, verdict: Verdict) -> Outcome:
    return Outcome(row.id, verdict.state, verdict.reason, due_at=verdict.due_at, costs_a_try=False)
