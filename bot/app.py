"""The wiring: one place where everything meets, and the order in which it starts and stops."""

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiogram import Bot
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import DBAPIError

import handlers
from bot.clock import Clock, FollowedClock, SystemClock
from bot.database import Database
from bot.health import Health
from bot.holding import Hold, wait_for
from bot.introducing import introduce
from bot.journal import Journal, JournalUnusableError, place_of
from bot.lessons import SOURCE, packed_lessons
from bot.limiter import Limiter
from bot.matching import Matching
from bot.receiving import Receiver
from bot.reporting import cover_of
from bot.sending import LEASE, Sender
from bot.settings import Part, Settings
from bot.speaking import Speaker
from bot.telegram import Call, Session, Telegram, TokenRefusedError
from bot.translating import worker_of
from bot.webhook import Webhook, do_without
from community import alerts, arrivals, erasure, evidence, keys, leases, lessons, memory, roles
from community.alerts import Cause
from community.machine import NO_MACHINE
from handlers.replies import Network
from scheduler import TIMETABLE, Job, Tick, next_due

if TYPE_CHECKING:
    from bot.translating.working import Translating

logger = logging.getLogger("diwan.app")

POLLER, TICKER, PROGRESS = "poller", "ticker", "progress"
EVERYTHING = frozenset(Part)
RENEW = 15.0
LOOK_OUT = 10.0
LEARN = 60.0
LOOK_AT_GROUPS = 30.0
"""Seconds between two looks at the cards in groups, which are many and change seldom."""
RARE = 3600.0
QUICK = 10.0
"""Seconds between two runs of what may follow from what has just left."""
SHORTEST_IDLE = 10.0
"""Seconds: whatever a lease is, a busy machine is left so long in the middle of a transaction."""
PARKED = 60.0
"""A pause of more seconds is told to the administrators."""


class App:
    """A bot that runs: database, receiver, sender, scheduler, or some of these parts of it.

    One process does everything, or several on one PostgreSQL share the parts. Whoever only
    receives by polling is a standby while another process does.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        limiter: Limiter | None = None,
        lease: float = LEASE,
        parts: frozenset[Part] = EVERYTHING,
    ) -> None:
        assert settings.bot_token is not None
        self.settings = settings
        self.clock = clock or SystemClock()
        # Who was stopped loses what it had begun when it loses what it holds.
        idle = max(lease, SHORTEST_IDLE)
        self.database = Database(settings.database_url.get_secret_value(), idle=idle)
        self.bot = Bot(
            settings.bot_token.get_secret_value(),
            session=Session(settings.telegram_api_base),
        )
        self.holder = f"{socket.gethostname()[:32]}/{os.getpid()}/{secrets.token_hex(4)}"
        self.lease, self.parts = lease, parts
        self.is_standby = parts != EVERYTHING
        self.polling = Hold(self.database, POLLER, self.holder, lease)
        self.progress = Hold(self.database, PROGRESS, self.holder, lease)
        self.superseded = asyncio.Event()
        """Set when another process receives in our place: this one has to end."""
        self.telegram = Telegram(self.bot, limiter or self._limiter())
        self.speaker = Speaker(self.telegram)
        self.journal = Journal(place_of(settings))
        self.network: Network | None = None
        self.translating: Translating | None = None
        """The machine translation, if an engine is set."""
        self.matching = Matching(self.database, self.clock, self.holder)
        self.webhook: Webhook | None = None
        self.health = Health(self)
        self.framework = evidence.shipped()
        self._tasks: list[asyncio.Task[None]] = []
        self._ticking = asyncio.Lock()
        self._scheduler: AsyncIOScheduler | None = None
        self._rare_jobs_at: datetime | None = None
        """When a clock that is played forward has last stopped for those, by that clock."""
        self._under_way: set[asyncio.Task[None]] = set()

    def _limiter(self) -> Limiter:
        """Return the pace that was configured; on PostgreSQL all processes share it."""
        return Limiter(
            self.settings.messages_per_second,
            paid=self.settings.paid_messages_per_second,
            shared=None if self.database.is_sqlite else self.database,
        )

    async def start(self) -> None:
        """Meet Telegram, take the leases, and set this process's parts going.

        Raises:
            AnotherRunsError: another process holds the poller's lease.
            CannotListenError: a port is taken.
            EngineUnusableError: the engine for translations is not installed.
            FrameworkError: the network's own indicators have mistakes.
            LogoError: the logo of the reports cannot be used.
            JournalUnusableError: who was erased can be neither read nor noted.
            TokenRefusedError: Telegram does not accept the token.
            WebhookSetError: a webhook is set, and nobody has said that it may be taken away.
        """
        if isinstance(self.clock, FollowedClock):
            await self.clock.learn()
        self.translating = worker_of(
            self.settings,
            self.database,
            self.clock,
            self.holder,
            lease=self.lease,
            translates=Part.SCHEDULE in self.parts,
        )
        self.framework = evidence.load(self.settings.indicators_file)
        cover = cover_of(self.settings)
        await self.health.start()
        me = await self._meet_telegram()
        self.network = Network(
            language=self.settings.default_language,
            zone=self.settings.timezone,
            bot_username=me,
            emergency_contact=self.settings.emergency_contact,
            country=self.settings.country,
            currency=self.settings.currency,
            pages=_pages_of(self.settings),
            machine=await self.translating.learn() if self.translating else NO_MACHINE,
            indicators=self.framework,
            cover=cover,
        )
        others_receive = not self.database.is_sqlite and (
            self.settings.by_webhook or self.is_standby
        )
        self.receiver = Receiver(
            self.database,
            self.bot,
            handlers.routes(),
            self.speaker,
            self.clock,
            self.network,
            shares_as=self.holder if others_receive else "",
        )
        self.sender = Sender(
            self.database,
            self.speaker,
            self.clock,
            self.network,
            self.holder,
            lease=self.lease,
        )
        if Part.RECEIVE in self.parts:
            await self._become_receiver()
        if Part.SCHEDULE in self.parts:
            await self._erase_again()
            await self._bring_lessons()
        if Part.RECEIVE in self.parts:
            await self._begin_receiving()
        if Part.SEND in self.parts:
            self._task("sending", self.sender.run)
        if Part.SCHEDULE in self.parts:
            self._task("introducing", self._introduce)
            self._task("matching", self.matching.run)
            if self.translating is not None:
                self._task("translating", self.translating.run)
        if isinstance(self.clock, FollowedClock):
            clock = self.clock
            self._task("following", lambda: clock.follow(self.settle, self.next_due))
        self._schedule()
        gc.freeze()  # what is here stays: looking through it again and again costs a fifth

    async def _become_receiver(self) -> None:
        """Make sure that updates come our way, and only ours where only one may receive."""
        settings = self.settings
        if not settings.by_webhook:
            await do_without(self.telegram, on_purpose=settings.polls_on_purpose)
        if not self.is_standby and (settings.on_sqlite or not settings.by_webhook):
            await wait_for(self.polling, forever=False)

    async def _begin_receiving(self) -> None:
        if self.settings.by_webhook:
            self.webhook = Webhook(
                self.settings, self.receiver, self.telegram, self.clock, self.database
            )
            await self.webhook.start()
        if self.receiver.shares_as:
            self._task("sharing people", self.receiver.share)
        elif self.webhook is not None or not self.is_standby:
            await self.receiver.pick_up()
        self._task("renewing the lease", self._renew)
        self._task("receiving", self._receive)

    async def _meet_telegram(self) -> str:
        """Return the bot's username; wait for a Telegram that cannot be reached."""
        wait = 1.0
        while True:
            answer = await self.telegram.call(Call("getMe"))
            if answer.result is not None:
                return str(answer.result["username"])
            logger.warning("Telegram cannot be reached (%s); trying again", answer.reason)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 30.0)

    async def _erase_again(self) -> None:
        """Erase whom a restored backup has brought back."""
        await self.journal.try_out()
        async with self.database.transaction() as session:
            await self.journal.read_into(session)
            key = await keys.key(session, "erasure")
            count = await erasure.erase_again(session, self.clock.now(), key)
            await self.journal.write_from(session)
        if count:
            logger.warning("%d erased people were in the database again; erased once more", count)

    async def _bring_lessons(self) -> None:
        async with self.database.transaction() as session:
            await lessons.install(session, packed_lessons(), SOURCE, self.clock.now())

    async def _introduce(self) -> None:
        assert self.network is not None
        await introduce(self.telegram, self.network)

    def _task(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            try:
                await work()
            except TokenRefusedError:
                logger.critical("Telegram refuses the token; nothing can be said or heard")
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("%s has stopped", name)
                raise

        self._tasks.append(asyncio.get_running_loop().create_task(run(), name=name))

    async def _learn(self) -> None:
        """Tell every handler and card what the machine can translate now."""
        assert self.network is not None
        assert self.translating is not None
        network = replace(self.network, machine=await self.translating.learn())
        self.network = self.sender.network = self.receiver.handling.network = network

    # Receiving

    async def _receive(self) -> None:
        """Take updates in as BOT_MODE says, as long as that is for this process to do."""
        if self.webhook is not None:
            await self.webhook.watch()
            return
        while True:
            await wait_for(self.polling, forever=self.is_standby)
            await self.receiver.pick_up()
            await self.receiver.poll(self.polling.is_ours)
            if await self.polling.is_ours():
                return  # told to end

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(min(RENEW, self.lease / 3))
            with contextlib.suppress(DBAPIError):
                if self.polling.is_held and not await self.polling.take():
                    logger.critical("another process receives for this bot now")
                    if not self.is_standby:
                        self.superseded.set()

    # The scheduler

    def _schedule(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        if Part.SCHEDULE in self.parts:
            # Who follows a clock does what is due each time it reports.
            for job in () if isinstance(self.clock, FollowedClock) else TIMETABLE:
                self._every(job.every, self._run_jobs, job)
            self._every(60, self._keep_journal)
            self._every(60, self._empty_log)
        if Part.SEND in self.parts:
            self._every(2, self._refresh)
            self._every(LOOK_AT_GROUPS, self._refresh_groups)
        if self.translating is not None:
            self._every(LEARN, self._learn)
        self._every(LOOK_OUT, self.look_out)
        self._scheduler.start()

    def _every(self, seconds: float, work: Callable[..., Awaitable[None]], *args: Job) -> None:
        assert self._scheduler is not None
        self._scheduler.add_job(
            self._on_time,
            "interval",
            args=[work, *args],
            seconds=seconds,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    async def _on_time(self, work: Callable[..., Awaitable[None]], *args: Job) -> None:
        """Do a timed job; whoever ends the program waits for those under way."""
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            await work(*args)
        finally:
            self._under_way.discard(task)

    async def _run_jobs(self, *jobs: Job) -> None:
        """Run jobs in one transaction; if one of them fails, each in one of its own."""
        network = self.network
        assert network is not None
        try:
            async with self._ticking, self.database.transaction() as session:
                if await leases.hold(session, TICKER, self.holder, self.lease):
                    tick = Tick(
                        self.clock.now(),
                        network.zone,
                        network.language,
                        network.country,
                        self.framework,
                    )
                    for job in jobs:
                        await job.run(session, tick)
                        await memory.next_turn(session)
        except Exception as error:
            if len(jobs) > 1:
                for job in jobs:
                    await self._run_jobs(job)
                return
            (job,) = jobs
            if isinstance(error, DBAPIError):
                logger.error("%s failed: %s", job.name, type(error.orig).__name__)
            else:
                logger.exception("%s failed", job.name)

    async def _keep_journal(self) -> None:
        try:
            async with self.database.transaction() as session:
                await self.journal.write_from(session)
        except (DBAPIError, JournalUnusableError) as error:
            logger.error("the file of erasures is not up to date: %s", type(error).__name__)

    async def _empty_log(self) -> None:
        """Let nothing that an erasure or the retention table has deleted stay on the disk."""
        try:
            await self.database.empty_log()
        except DBAPIError as error:
            logger.error("the database's log cannot be emptied: %s", type(error.orig).__name__)

    async def _refresh_groups(self) -> None:
        await self._refresh(in_groups=True)

    async def _refresh(self, *, in_groups: bool = False) -> None:
        try:
            if await self.progress.is_ours():  # one of the sending processes does this
                await self.sender.refresh_live(in_groups=in_groups)
        except DBAPIError as error:
            logger.error("progress cannot be shown: %s", type(error.orig).__name__)

    async def look_out(self) -> None:
        """Alert to what only this process knows, and ask whether Telegram is back."""
        try:
            if self.telegram.limiter.paused_for > PARKED:
                await self._alert(Cause.PARKED)
            if self.webhook is not None and self.webhook.problem:
                await self._alert(Cause.WEBHOOK)
        except DBAPIError as error:
            logger.error("nobody can be alerted: %s", type(error.orig).__name__)
        if not self.telegram.reachable:
            with contextlib.suppress(TokenRefusedError):
                await self.telegram.call(Call("getMe"))

    async def _alert(self, cause: Cause) -> None:
        async with self.database.transaction() as session:
            await alerts.raise_alert(session, cause, self.clock.now())

    # For a clock that plays forward

    async def settle(self) -> None:
        """Do everything that is due by now, and everything that follows from it."""
        jobs = self._due_jobs()
        for _ in range(100):
            while not self.receiver.is_idle:  # noqa: ASYNC110 - lanes end one by one
                await asyncio.sleep(0.005)
            if Part.SCHEDULE in self.parts:
                await self._run_jobs(*jobs)
            jobs = [job for job in jobs if job.every <= QUICK]
            sent = 0
            while Part.SEND in self.parts and (count := await self.sender.turn()):
                sent += count
            if Part.SCHEDULE in self.parts:
                sent += await self.matching.turn()
                if self.translating is not None:
                    sent += await self.translating.turn()
            if not sent and self.receiver.is_idle:
                break
        if Part.SEND in self.parts:
            await self._refresh()
            await self._refresh_groups()

    def _due_jobs(self) -> list[Job]:
        """Return the jobs that the clock may have stopped for; what is rare keeps its interval."""
        now = self.clock.now()
        since = now - self._rare_jobs_at if self._rare_jobs_at else timedelta.max
        if timedelta() <= since < timedelta(seconds=RARE):
            return [job for job in TIMETABLE if job.every < RARE]
        self._rare_jobs_at = now
        return [*TIMETABLE]

    async def next_due(self) -> datetime | None:
        """Return when the next thing becomes due."""
        async with self.database.transaction() as session:
            return await next_due(session, self.clock.now(), self.settings.timezone)

    # Ending

    async def stop(self) -> None:
        """Drain: fetch nothing, finish what has begun, give leases back."""
        if self._scheduler is not None:
            self._scheduler.pause()
        for task in self._tasks:
            if task.get_name() not in {"sending", "translating"}:
                task.cancel()
        self.sender.stop()
        if self.translating is not None:
            await self.translating.stop()
        if self.webhook is not None:
            await self.webhook.stop()
        await self.receiver.stop()
        await self.sender.stopped()
        if self._under_way:
            await asyncio.wait(self._under_way)
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if Part.SCHEDULE in self.parts:
            await self._keep_journal()
        await self.give_back()
        await self.close()

    async def give_back(self) -> None:
        """Let others have what only one process may hold, and the people we share."""
        with contextlib.suppress(DBAPIError):
            async with self.database.transaction() as session:
                await leases.release_all(session, self.holder)
                await arrivals.give_lanes_back(session, self.holder)

    async def close(self) -> None:
        """Close connections and ports."""
        if self.webhook is not None:
            await self.webhook.stop()
        if self.translating is not None:
            await self.translating.engine.close()
        await self.health.stop()
        await self.telegram.limiter.close()
        await self.bot.session.close()
        await self.database.close()

    async def first_administrator_link(self) -> str | None:
        """Return the one-time link for the first administrator, or None once there is one.

        A new link ends an older one: of several processes the one that schedules makes it.
        """
        assert self.network is not None
        ticking = Hold(self.database, TICKER, self.holder, self.lease)
        if self.is_standby and not (Part.SCHEDULE in self.parts and await ticking.take()):
            return None
        async with self.database.transaction() as session:
            token = await roles.offer_first(session, self.clock.now())
        return self.network.link(f"i-{token}") if token else None


def _pages_of(settings: Settings) -> str:
    """Return where browsers find our pages: where Telegram brings updates to, if it does."""
    if not settings.by_webhook or settings.webhook_url is None:
        return ""
    parts = urlsplit(settings.webhook_url)
    return f"{parts.scheme}://{parts.netloc}"
