"""A stage for stories: a real bot and a real emulator, and people who press what they read."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.clock import FollowedClock
from bot.database import Database
from bot.limiter import Limiter
from bot.settings import load
from emulator import Emulator

TOKEN = "123456789:" + "A" * 35
PATIENCE = 20.0
ISOLATES = re.compile("[\u2066-\u2069\u200e\u200f]")


def bare(text: str) -> str:
    """Return the text as a person reads it: without the marks of direction."""
    return ISOLATES.sub("", text)


@dataclass
class Stage:
    """A bot, an emulator, and the people who play."""

    emulator: Emulator
    app: App
    people: dict[str, "Somebody"] = field(default_factory=dict)

    async def settled(self) -> None:
        """Wait until everything is answered and has left. The timetable runs when time passes."""
        await self.answered()
        while await self.app.sender.turn():
            await self.answered()
        await self.app.sender.refresh_live()

    async def answered(self, patience: float = PATIENCE) -> None:
        """Wait until the bot has answered everybody."""
        async with asyncio.timeout(patience):
            while self.emulator.world.pending or not self.app.receiver.is_idle:
                await asyncio.sleep(0.005)

    async def begins(self, moment: datetime) -> None:
        """Begin at a moment: the clock jumps there, and the bot's follows."""
        clock = self.emulator.clock
        clock.set(moment)
        async with asyncio.timeout(PATIENCE):
            while clock.bot_revision != clock.revision:
                await asyncio.sleep(0.01)
        await self.settled()

    async def begins_at_noon(self) -> None:
        """Begin in the middle of a day, so that quiet hours do not decide."""
        tomorrow = self.now + timedelta(days=1)
        await self.begins(tomorrow.replace(hour=11, minute=0, second=0, microsecond=0))

    def meet(self, name: str, language: str = "en", **more: Any) -> "Somebody":
        """Let a person appear in Telegram."""
        person = self.emulator.world.new_person(name, language, **more)
        somebody = Somebody(self, int(person.id))
        self.people[name] = somebody
        return somebody

    async def play(self, *, until: datetime | None = None, **later: float) -> None:
        """Let time pass, stopping at everything that is due."""
        target = until or self.emulator.clock.now() + timedelta(**later)
        async with asyncio.timeout(120):
            await self.emulator.clock.play(target)
        await self.settled()

    @property
    def now(self) -> datetime:
        """Return the stage's time."""
        return self.emulator.clock.now()


@dataclass
class Somebody:
    """A person with a phone."""

    stage: Stage
    id: int
    read: int = 0
    """The number of the last message that a story has looked at."""

    def messages(self) -> list[dict[str, Any]]:
        """Return the chat, oldest first."""
        return [m for m in self.stage.emulator.world.messages(self.id) if not m["deleted"]]

    def from_bot(self) -> list[dict[str, Any]]:
        """Return what the bot has said."""
        return [m for m in self.messages() if m["from"] == "bot"]

    @property
    def last(self) -> dict[str, Any]:
        """Return the bot's last message."""
        return self.from_bot()[-1]

    @property
    def screen(self) -> str:
        """Return everything the bot has said, as it is read."""
        return "\n---\n".join(bare(m["text"]) for m in self.from_bot())

    def buttons(self) -> list[str]:
        """Return the labels under the last message that has any."""
        for message in reversed(self.from_bot()):
            if message["buttons"]:
                return [bare(b["text"]) for row in message["buttons"] for b in row]
        return []

    async def starts(self, payload: str = "") -> None:
        """Open the bot, perhaps by a link."""
        self.stage.emulator.world.start(self.id, payload)
        await self.stage.settled()

    async def says(self, text: str) -> None:
        """Write a message."""
        self.stage.emulator.world.say(self.id, text)
        await self.stage.settled()

    async def presses(self, label: str) -> None:
        """Press the newest button whose label contains this."""
        for message in reversed(self.from_bot()):
            for row in message["buttons"]:
                for button in row:
                    if label in bare(button["text"]) and button.get("data"):
                        self.stage.emulator.world.press(
                            self.id, message["message_id"], button["data"]
                        )
                        await self.stage.settled()
                        return
        raise AssertionError(f"no button {label!r} among {self.buttons()}\n{self.screen}")

    async def joins(self, language: str, join: str, all_of_it: str) -> None:
        """Come in, in the language and with the labels given, agreeing to everything."""
        await self.starts()
        await self.presses(language)
        await self.presses(join)
        await self.presses(all_of_it)

    async def shares_location(self, latitude: float, longitude: float) -> None:
        """Share a place."""
        self.stage.emulator.world.location(self.id, latitude, longitude)
        await self.stage.settled()

    def sees(self, *texts: str) -> None:
        """Assert that the bot has said all of this."""
        for text in texts:
            assert text in self.screen, f"{text!r} is not in:\n{self.screen}"

    def sees_last(self, *texts: str) -> None:
        """Assert that the bot's last message says all of this."""
        for text in texts:
            assert text in bare(self.last["text"]), f"{text!r} is not in:\n{self.last['text']}"

    def link(self) -> str:
        """Return the payload of the newest deep link in the chat."""
        for message in reversed(self.from_bot()):
            found = re.search(r"\?start=([\w-]+)", message["text"])
            if found:
                return found[1]
        raise AssertionError(f"no link in:\n{self.screen}")


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    """A bot on an empty database, with an emulator of its own."""
    emulator = Emulator(port=0, token=TOKEN)
    emulator.clock.stop()  # a story's twenty seconds are not the machine's
    await emulator.start()
    settings = load(
        _env_file=None,
        bot_token=TOKEN,
        telegram_api_base=emulator.url,
        database_url=database.url.render_as_string(hide_password=False),
        timezone="Europe/Paris",
    )
    app = App(
        settings,
        clock=FollowedClock(emulator.url),
        limiter=Limiter(overall=10_000, per_chat=10_000),
        lease=10,
    )
    await app.start()
    stage = Stage(emulator, app)
    await stage.begins(emulator.clock.now())
    yield stage
    await app.stop()
    await emulator.stop()


@pytest.fixture
def administrator(stage: Stage) -> Callable[[], Awaitable[Somebody]]:
    """Return a way to let the first administrator in, by the link that the first run prints."""

    async def come() -> Somebody:
        link = await stage.app.first_administrator_link()
        assert link is not None
        boss = stage.meet("Boss", "en")
        await boss.starts(link.partition("?start=")[2])
        await boss.presses("English")
        return boss

    return come


@pytest.fixture
def animator(
    administrator: Callable[[], Awaitable[Somebody]],
) -> Callable[[], Awaitable[Somebody]]:
    """Return a way to let the administrator work as an animator too."""

    async def come() -> Somebody:
        boss = await administrator()
        await boss.says("/animate")
        await boss.presses("Team")
        await boss.presses("I work as an animator")
        return boss

    return come
