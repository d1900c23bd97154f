"""A stage for stories: a real bot and a real emulator, and people who press what they read."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.clock import FollowedClock
from bot.database import Database
from bot.limiter import Limiter
from bot.settings import Settings, load
from community import people, roles
from community.roles import RoleName
from emulator import Emulator
from locales import OFFERED, native_name
from tests.stories.reading import bare, saying

TOKEN = "123456789:" + "A" * 35
PATIENCE = 20.0
BEGIN = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
"""A Tuesday at noon in the network's zone: quiet hours do not decide, and a week lies ahead."""

RUNS = {"en": {"rightwards"}, "ar": {"leftwards"}, "uk": {"rightwards"}}
"""How a text runs that is in this language all through."""


def directions(text: str) -> set[str]:
    """Return how the lines of a text run: as their first strong letter outside isolates does."""
    found = set()
    for line in filter(str.strip, text.split("\n")):
        depth, letters = 0, []
        for letter in line:
            depth += (letter in "\u2066\u2067\u2068") - (letter == "\u2069")
            if not depth:
                letters.append(unicodedata.bidirectional(letter))
        strong = [kind for kind in letters if kind in {"L", "R", "AL"}]
        found.add("rightwards" if not strong or strong[0] == "L" else "leftwards")
    return found


def a_bot(emulator: Emulator, settings: Settings) -> App:
    """Return a bot that follows the emulator's clock, as fast as it can."""
    return App(
        settings,
        clock=FollowedClock(emulator.url),
        limiter=Limiter(overall=10_000, per_chat=10_000, per_group=10_000),
        lease=10,
    )


@dataclass
class Stage:
    """A bot, an emulator, and the people who play."""

    emulator: Emulator
    app: App
    people: dict[str, "Somebody"] = field(default_factory=dict)

    async def settled(self) -> None:
        """Wait until everything is answered, translated and has left.

        The timetable runs when time passes.
        """
        await self.answered()
        while await self.app.sender.turn() or await self._translated():
            await self.answered()
        await self.app.sender.refresh_live()
        if self.emulator.world.groups:
            await self.app.sender.refresh_live(in_groups=True)

    async def _translated(self) -> int:
        return await self.app.translating.turn() if self.app.translating else 0

    async def answered(self, patience: float = PATIENCE) -> None:
        """Wait until the bot has answered everybody."""
        async with asyncio.timeout(patience):
            while self.emulator.world.pending or not self.app.receiver.is_idle:
                await asyncio.sleep(0.005)

    async def starts_again(self) -> None:
        """Start another bot, which has stopped, with the same settings."""
        self.app = a_bot(self.emulator, self.app.settings)
        await self.app.start()
        await self.begins(self.now)

    async def begins(self, moment: datetime) -> None:
        """Begin at a moment: the clock jumps there, and the bot's follows."""
        clock = self.emulator.clock
        clock.set(moment)
        async with asyncio.timeout(PATIENCE):
            while clock.bot_revision != clock.revision:
                await asyncio.sleep(0.01)
        await self.settled()

    def meet(self, name: str, language: str = "en", **more: Any) -> "Somebody":
        """Let a person appear in Telegram."""
        person = self.emulator.world.new_person(name, language, **more)
        reads = language if language in OFFERED else "en"
        somebody = Somebody(self, int(person.id), reads)
        self.people[name] = somebody
        return somebody

    async def member(self, name: str, language: str = "en", **more: Any) -> "Somebody":
        """Let a person join who agrees to everything."""
        somebody = self.meet(name, language, **more)
        await somebody.joins()
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
    """A person with a phone, and a language: labels and sentences are told in English here."""

    stage: Stage
    id: int
    language: str = "en"

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

    async def presses(self, label: str, **fields: str) -> None:
        """Press the newest button whose label contains this, in the person's language."""
        wanted = saying(self.language, label, **fields)
        for message in reversed(self.from_bot()):
            for row in message["buttons"]:
                for button in row:
                    if wanted.search(bare(button["text"])) and button.get("data"):
                        await self._press(message["message_id"], button["data"])
                        return
        raise AssertionError(f"no button {label!r} among {self.buttons()}\n{self.screen}")

    async def _press(self, message_id: int, data: str) -> None:
        self.stage.emulator.world.press(self.id, message_id, data)
        await self.stage.settled()
        chosen = re.match(r"la:(\w+):", data)
        if chosen:
            self.language = chosen[1]

    async def chooses_language(self, language: str) -> None:
        """Read another language from now on."""
        await self.says("/language")
        await self.presses(native_name(language))

    async def joins(self, language: str = "", join: str = "Join", all_of_it: str = "All") -> None:
        """Come in, in one's own language unless another is named, agreeing to everything."""
        await self.starts()
        await self.presses(language or native_name(self.language))
        await self.presses(join)
        await self.presses(all_of_it)

    async def sends_picture(
        self, content: bytes, caption: str = "", *, as_file: bool = False
    ) -> None:
        """Send a picture, as a photo or as a file."""
        kind = "document" if as_file else "photo"
        self.stage.emulator.world.file(self.id, kind, "flyer.png", "image/png", content, caption)
        await self.stage.settled()

    async def sends_voice(self, content: bytes, seconds: int = 1) -> None:
        """Send a voice message."""
        world, mime = self.stage.emulator.world, "audio/ogg"
        world.file(self.id, "voice", "voice.ogg", mime, content, seconds=seconds)
        await self.stage.settled()

    async def sends_file(self, name: str, content: bytes, caption: str = "") -> None:
        """Send a file."""
        mime = "application/octet-stream"
        self.stage.emulator.world.file(self.id, "document", name, mime, content, caption)
        await self.stage.settled()

    def picture(self, message: dict[str, Any]) -> bytes:
        """Return the content of the picture, the voice or the file in a message."""
        number = message["attachment"]["url"].rpartition("/")[2]
        return self.stage.emulator.world.blobs[number].content

    async def shares_location(self, latitude: float, longitude: float) -> None:
        """Share a place."""
        self.stage.emulator.world.location(self.id, latitude, longitude)
        await self.stage.settled()

    def sees(self, *texts: str, **fields: str) -> None:
        """Assert that the bot has said all of this, in the person's language."""
        for text in texts:
            assert self.has_read(text, **fields), f"{text!r} is not in:\n{self.screen}"

    def has_read(self, text: str, **fields: str) -> bool:
        """Say whether the bot has ever said this, in the person's language."""
        return self.times_read(text, **fields) > 0

    def times_read(self, text: str, **fields: str) -> int:
        """Return how often the bot has said this, in the person's language."""
        return len(saying(self.language, text, **fields).findall(self.screen))

    def sees_last(self, *texts: str, **fields: str) -> None:
        """Assert that the bot's last message says all of this, in the person's language."""
        told = bare(self.last["text"])
        for text in texts:
            assert saying(self.language, text, **fields).search(told), f"{text!r} not in:\n{told}"

    def message(self, text: str, **fields: str) -> dict[str, Any]:
        """Return the newest message of the bot that says this, in the person's language."""
        wanted = saying(self.language, text, **fields)
        return next(m for m in reversed(self.from_bot()) if wanted.search(bare(m["text"])))

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
    emulator.clock.set(BEGIN)
    emulator.clock.stop()  # a story's twenty seconds are not the machine's
    await emulator.start()
    settings = load(
        _env_file=None,
        bot_token=TOKEN,
        telegram_api_base=emulator.url,
        database_url=database.url.render_as_string(hide_password=False),
        timezone="Europe/Paris",
    )
    app = a_bot(emulator, settings)
    await app.start()
    stage = Stage(emulator, app)
    await stage.begins(BEGIN)
    yield stage
    await stage.app.stop()  # perhaps another than the first
    await emulator.stop()


Coming = Callable[..., Awaitable[Somebody]]

BOTH_WAYS = pytest.mark.parametrize(("team", "reader"), [("en", "ar"), ("ar", "uk")])
"""The languages of the team and of the member: nobody reads the other's."""


@pytest.fixture
def administrator(stage: Stage) -> Coming:
    """Return a way to let the first administrator in, by the link that the first run prints."""

    async def come(language: str = "en") -> Somebody:
        link = await stage.app.first_administrator_link()
        assert link is not None
        boss = stage.meet("Boss", language)
        await boss.starts(link.partition("?start=")[2])
        await boss.presses(native_name(language))
        return boss

    return come


@pytest.fixture
def animator(administrator: Coming) -> Coming:
    """Return a way to let the administrator work as an animator too, as a button lets them."""

    async def come(language: str = "en") -> Somebody:
        boss = await administrator(language)
        async with boss.stage.app.database.transaction() as session:
            actor = await people.by_telegram_id(session, boss.id)
            assert actor is not None
            await roles.take(session, actor, RoleName.ANIMATOR, boss.stage.now)
        return boss

    return come
