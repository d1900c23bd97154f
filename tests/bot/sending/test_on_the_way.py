"""What changes, breaks or is stopped between the plan of a message and its arrival."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po
from sqlalchemy import func, insert, select

from community import people, sends
from community.consents import Consent, Purpose
from community.deliveries import Delivery, State
from community.people import Membership, Person
from community.sends import Send
from locales import translator, translator_for
from tests.bot.sending.owing import crowd
from tests.bot.test_receiving import tries_of, until
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare
from tests.stories.steps import IN_UKRAINIAN, a_newsletter, in_ukrainian, works_as_a_coordinator


async def a_newsletter_in_two_languages(boss: Somebody) -> None:
    await a_newsletter(boss)
    await in_ukrainian(boss)
    await boss.presses("👁 Українська")
    await boss.presses("Back to the message")


# What changes


async def test_fault_42_what_waits_is_said_in_the_language_and_at_the_hour_of_the_moment_it_leaves(
    stage: Stage, animator: Coming
) -> None:
    boss, amina = await animator(), await stage.member("Amina")
    await stage.play(until=datetime(2026, 11, 24, 21, 0, tzinfo=UTC))  # ten at night in Paris
    await a_newsletter_in_two_languages(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(minutes=2)
    async with stage.app.database.transaction() as session:
        row = (await session.scalars(select(Delivery).where(Delivery.kind == "newsletter"))).one()
        assert (row.state, row.reason) == (State.QUEUED, "deferred")
        assert row.due_at == datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
        person = await people.by_telegram_id(session, amina.id)
        assert person is not None
        person.zone = "America/New_York"  # where it is two at night then
    await amina.chooses_language("uk")
    eight_there = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
    await stage.play(until=eight_there - timedelta(seconds=1))
    assert not amina.has_read("Winter news")
    assert IN_UKRAINIAN[0] not in amina.screen
    await stage.play(until=eight_there + timedelta(seconds=1))
    amina.sees_last(*IN_UKRAINIAN)
    assert not amina.has_read("Winter news")


@pytest.fixture
def broken_ukrainian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the Ukrainian catalogue lack one sentence and misspell the field of another."""
    folder = tmp_path / "locales"
    shutil.copytree(
        translator.FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    path = folder / "uk" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="uk")
    label = catalogue.get("Language: {language}")
    assert label is not None
    label.string = "Мова: {мова}"
    assert catalogue.get("🔕 No more news like this", context="button") is not None
    catalogue.delete("🔕 No more news like this", context="button")
    with path.open("wb") as file:
        write_po(file, catalogue)
    monkeypatch.setattr(translator, "FOLDER", folder)
    translator_for.cache_clear()
    translator._report_once.cache_clear()
    yield
    translator_for.cache_clear()


async def test_fault_44_what_is_broken_in_one_language_is_said_in_english_and_the_rest_goes_on(
    stage: Stage, animator: Coming, broken_ukrainian: None, caplog: pytest.LogCaptureFixture
) -> None:
    boss = await animator()
    olha, ivan = await stage.member("Olha", "uk"), await stage.member("Ivan", "uk")
    amina, ben = await stage.member("Amina", "ar"), await stage.member("Ben")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(minutes=2)
    for reader in (olha, ivan, amina, ben):
        reader.sees_last("Winter news", "The office is closed in January.")
    for reader in (olha, ivan):
        assert "Language: англійська" in bare(reader.last["text"])
        assert any("No more news like this" in label for label in reader.buttons())
    amina.sees_last("Language: {language}")
    assert caplog.text.count("The uk translation of 'Language: {language}' cannot be filled") == 1
    async with stage.app.database.transaction() as session:
        states = await session.scalars(select(Delivery.state).where(Delivery.send_id.is_not(None)))
        assert list(states) == [State.SENT] * 4


# Ten thousand readers, and people who write


READERS = 10_000


async def a_newsletter_is_due_to_many(stage: Stage, boss: Somebody) -> None:
    """Let ten thousand join, and let a newsletter for them begin."""
    now = stage.now
    readers = [stage.emulator.world.new_person(f"R{n}", "en") for n in range(READERS)]
    async with stage.app.database.transaction() as session:
        await session.execute(
            insert(Person),
            [
                {
                    "ref": f"r{number}",
                    "telegram_id": reader.id,
                    "name": "Reader",
                    "language": "en",
                    "met_at": now,
                    "state": Membership.ACTIVE,
                }
                for number, reader in enumerate(readers)
            ],
        )
        known = {reader.id for reader in readers}
        rows = (await session.execute(select(Person.id, Person.telegram_id))).all()
        told = {"purpose": Purpose.NEWS, "granted": True, "current": True, "at": now}
        terms = {"version": "1", "language": "en"}
        ids = [row.id for row in rows if row.telegram_id in known]
        await session.execute(insert(Consent), [{"person_id": n, **told, **terms} for n in ids])
        author = await people.by_telegram_id(session, boss.id)
        assert author is not None
        send = await sends.write_newsletter(session, author, "en", "News", "All is well.", now)
        send.state, send.starts_at = sends.State.SCHEDULED, now
        send.approved_by_id, send.alone = author.id, True
    for reader in readers:
        reader.started = True


async def sent(stage: Stage) -> int:
    async with stage.app.database.transaction() as session:
        of_it = (Delivery.send_id.is_not(None), Delivery.state == State.SENT)
        return await session.scalar(select(func.count()).where(*of_it)) or 0


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("a_second", "seconds"), [(28, 30), (10_000, 15)])
async def test_fault_50_who_writes_while_ten_thousand_get_a_newsletter_is_answered_at_once(
    stage: Stage, animator: Coming, a_second: float, seconds: float
) -> None:
    boss = await animator()
    askers = [await stage.member(f"Asker {number}") for number in range(5)]
    await a_newsletter_is_due_to_many(stage, boss)
    stage.app.telegram.limiter._free.per_second = a_second
    time = asyncio.get_running_loop().time

    async def asks(asker: Somebody) -> float:
        """Ask for help; return how long the answer takes."""
        before, begun = len(asker.from_bot()), time()
        stage.emulator.world.say(asker.id, "/help")
        await until(lambda: len(asker.from_bot()) > before)
        return time() - begun

    async with asyncio.timeout(120):
        while not await sent(stage):
            await asyncio.sleep(0.05)
    waits, begun, before = [], time(), await sent(stage)
    while time() - begun < seconds and (went := await sent(stage) - before) < READERS - before:
        waits += await asyncio.gather(*map(asks, askers))
        await asyncio.sleep(0.2)
    assert went + len(waits) >= min(a_second, 28) * seconds * 0.8, "it goes on"
    assert len(waits) >= 3 * len(askers), "and meanwhile they ask more than once"
    assert max(waits) < 2, sorted(waits)[-5:]


# A send that is stopped on its way


async def stop_at(stage: Stage, boss: Somebody, count: int, label: str) -> int:
    """Begin a send and press a button under its progress when so many have got it.

    Returns how many had it when the button was pressed.
    """
    world = stage.emulator.world
    await boss.presses("Send now")
    world.clock.jump(25)  # the time to undo it is over

    def pressed() -> bool:
        for message in boss.from_bot():
            for row in message["buttons"]:
                for button in row:
                    if label in button["text"]:
                        world.press(boss.id, message["message_id"], button["data"])
                        return True
        return False

    async with asyncio.timeout(30):
        while arrived(stage) < count or not pressed():
            await asyncio.sleep(0.005)
    return arrived(stage)


def arrived(stage: Stage) -> int:
    return sum("Winter news" in bare_of(person) for person in readers_of(stage))


def readers_of(stage: Stage) -> list[Somebody]:
    return [somebody for name, somebody in stage.people.items() if name.startswith("Reader")]


def bare_of(somebody: Somebody) -> str:
    return "\n".join(message["text"] for message in somebody.from_bot())


async def outcomes(stage: Stage) -> Counter[str]:
    async with stage.app.database.transaction() as session:
        return Counter(
            await session.scalars(select(Delivery.state).where(Delivery.send_id.is_not(None)))
        )


A_SECOND = 10
AUDIENCE = 50


@pytest.mark.parametrize(
    ("label", "words"), [("Hold it", "It is held"), ("Stop it for good", "Cancelled.")]
)
async def test_fault_51_a_send_that_is_stopped_stops_within_a_second_and_its_counts_are_exact(
    stage: Stage, animator: Coming, label: str, words: str
) -> None:
    boss = await animator()
    readers = await crowd(stage, AUDIENCE)
    await a_newsletter(boss)
    await boss.presses("It is ready")
    stage.app.telegram.limiter._free.per_second = A_SECOND
    time = asyncio.get_running_loop().time
    had, pressed_at = await stop_at(stage, boss, AUDIENCE * 4 // 10, label), time()
    await stage.answered()  # on a busy machine that takes longer than a second
    seconds = max(1.0, time() - pressed_at)
    await asyncio.sleep(1)
    stopped_at = arrived(stage)
    assert stopped_at - had <= A_SECOND * seconds + 1, "a second of sends"
    await asyncio.sleep(1)
    await stage.settled()
    assert arrived(stage) == stopped_at < AUDIENCE
    boss.sees(words)
    states = await outcomes(stage)
    assert states[State.SENT] == stopped_at
    assert states.total() == AUDIENCE
    boss.sees(f"Sent: {stopped_at}")
    stage.app.telegram.limiter._free.per_second = 10_000
    if label == "Hold it":
        await boss.presses("Go on")
        await stage.play(minutes=5)
        assert await outcomes(stage) == {State.SENT: AUDIENCE}
        assert [reader.times_read("Winter news") for reader in readers] == [1] * AUDIENCE
        boss.sees(f"Sent: {AUDIENCE}", f"Together: {AUDIENCE}")
    else:
        assert states[State.CANCELLED] == AUDIENCE - stopped_at
        await stage.play(hours=5)
        assert arrived(stage) == stopped_at
        assert max(reader.times_read("Winter news") for reader in readers) == 1
        async with stage.app.database.transaction() as session:
            assert (await session.scalars(select(Send.state))).one() == sends.State.CANCELLED
        boss.sees(f"Together: {AUDIENCE}")


# Files


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which temporary files would be."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_fault_54_a_file_that_breaks_off_is_sent_once_more_and_leaves_nothing_behind(
    stage: Stage, animator: Coming, temporary: Path, tmp_path: Path, kind: str
) -> None:
    boss, amina = await animator(), await stage.member("Amina")
    await works_as_a_coordinator(boss)
    there = {path.name for path in tmp_path.iterdir()}

    async def files(somebody: Somebody, command: str, label: str) -> tuple[list[str], int]:
        """Ask for a file; return the names of those that came, and how often it was tried."""
        await somebody.says(command)
        tried, before = stage.emulator.calls[-1]["number"], len(somebody.from_bot())
        await somebody.presses(label)
        shown = [message["attachment"] or {} for message in somebody.from_bot()[before:]]
        documents = [file["file_name"] for file in shown if file.get("kind") == "document"]
        return documents, len(tries_of("sendDocument", stage.emulator, tried))

    for somebody, name, how in (
        (boss, "figures-2026-11.xlsx", ("/report", "November 2026")),
        (amina, "my-data.json", ("/me", "Take my data with me")),
    ):
        stage.emulator.faults.add(kind, method="sendDocument", chat_id=somebody.id)
        copies = 1 if kind == "drop_before" else 2
        assert await files(somebody, *how) == ([name] * copies, 2)
        stage.emulator.faults.add(kind, method="sendDocument", chat_id=somebody.id, times=None)
        assert await files(somebody, *how) == ([name] * (copies - 1) * 2, 2), "not a third time"
        stage.emulator.faults.remove()
    assert list(temporary.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} <= there | {"diwan.db-wal", "diwan.db-shm"}
