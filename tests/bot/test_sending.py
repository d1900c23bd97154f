"""What is owed on bad days: once, or known to be uncertain; never a flood, never silence."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import web
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot import sending, speaking
from bot.database import Database
from bot.sending import Sender
from community import (
    attendance,
    consents,
    deliveries,
    erasure,
    events,
    live,
    people,
    sends,
    translations,
)
from community.attendance import Wish
from community.consents import Purpose
from community.deliveries import Delivery, Plan, SentMessage, State
from community.events import Details
from community.people import Membership, Person
from community.policy import Lane
from community.sends import Send
from handlers import news
from handlers.replies import Message, Page
from locales import Html
from tests.stories.conftest import PATIENCE, Coming, Somebody, Stage

ZONE = "Europe/Paris"
NEWS = "newsletter"
CALLED_OFF = "event_cancelled"
REMINDER = "event_reminder"


async def person_of(session: AsyncSession, somebody: Somebody) -> Person:
    person = await people.by_telegram_id(session, somebody.id)
    assert person is not None
    return person


async def crowd(stage: Stage, count: int) -> list[Somebody]:
    """Let many join at once, agreeing to newsletters."""
    everybody = [stage.meet(f"Reader {number}") for number in range(count)]
    async with stage.app.database.transaction() as session:
        for somebody in everybody:
            stage.emulator.world.people[somebody.id].started = True
            person = await people.meet(session, somebody.id, stage.now, name="Reader")
            await people.join(session, person, stage.now, terms_version="1", language="en")
            purposes = {Purpose.NEWS}
            await consents.switch(session, person, purposes, stage.now, version="1", language="en")
    return everybody


async def owe(
    stage: Stage,
    boss: Somebody,
    *readers: Somebody,
    expires_at: datetime | None = None,
    body: str = "The library is open.",
) -> None:
    """Owe each of these people one newsletter, due now."""
    async with stage.app.database.transaction() as session:
        author = await person_of(session, boss)
        send = await sends.write_newsletter(session, author, "en", "Winter news", body, stage.now)
        for reader in readers:
            person = await person_of(session, reader)
            plan = Plan(
                NEWS,
                person.id,
                f"{send.id}:{person.id}",
                stage.now,
                {"ref": send.ref},
                expires_at=expires_at,
            )
            await deliveries.plan(session, stage.now, plan)


async def gather_at(stage: Stage, boss: Somebody, *guests: Somebody, hours: float = 240) -> str:
    """Let all of these go to an event that begins in so many hours; return its ref."""
    async with stage.app.database.transaction() as session:
        animator = await person_of(session, boss)
        start = (stage.now + timedelta(hours=hours)).replace(tzinfo=None)
        details = Details(start, "UTC", place="Library")
        event = await events.create(session, animator, details, {"title": "Tea"}, "en", stage.now)
        await events.publish(session, animator, event.ref, stage.now)
        for guest in guests:
            person = await person_of(session, guest)
            await attendance.answer(
                session, person, event.ref, Wish.GOING, stage.now, default_zone=ZONE
            )
        return event.ref


async def call_off(stage: Stage, boss: Somebody, *guests: Somebody) -> None:
    """Owe each of these people the news that their event does not take place."""
    ref = await gather_at(stage, boss, *guests)
    async with stage.app.database.transaction() as session:
        await attendance.cancel_event(session, await person_of(session, boss), ref, stage.now)


async def owed(stage: Stage, kind: str = NEWS) -> Sequence[Delivery]:
    """Return what was owed, in the order in which it was planned."""
    async with stage.app.database.transaction() as session:
        query = select(Delivery).where(Delivery.kind == kind).order_by(Delivery.id)
        return (await session.scalars(query)).all()


async def fates(stage: Stage, kind: str = NEWS) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in await owed(stage, kind)]


def tries(stage: Stage, somebody: Somebody | None = None, method: str = "sendMessage") -> int:
    """Return how many times the bot has tried to write, to somebody or at all."""
    return sum(
        call["method"] == method
        and (somebody is None or str(call["params"].get("chat_id")) == str(somebody.id))
        for call in stage.emulator.calls
    )


def by_the_bot(stage: Stage) -> list[tuple[int, float]]:
    """Return a list to which is added whom the bot writes to from now on, and when."""
    spoken: list[tuple[int, float]] = []
    time = asyncio.get_running_loop().time

    def listen(event: dict[str, Any]) -> None:
        if event["type"] == "message" and event["message"]["from"] == "bot":
            spoken.append((event["person"], time()))

    stage.emulator.world.listeners.add(listen)
    return spoken


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.002)


@asynccontextmanager
async def instead_of_telegram(stage: Stage, status: int, body: bytes) -> AsyncIterator[None]:
    """Let whatever stands between us and Telegram answer every call."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, content_type="text/html")

    application = web.Application()
    application.router.add_route("*", "/{anything:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    telegram, session = stage.app.bot.session.api, stage.app.bot.session
    session.api = TelegramAPIServer.from_base(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield
    session.api = telegram
    await runner.cleanup()


# Telegram wants silence


async def test_a_flood_silences_the_whole_lane_and_costs_no_try(
    stage: Stage, animator: Coming, caplog: pytest.LogCaptureFixture
) -> None:
    boss = await animator()
    readers, limiter = await crowd(stage, 3), stage.app.telegram.limiter
    limiter._free.per_second = 1 / 0.3  # one leaves, the others wait
    time, spoken = asyncio.get_running_loop().time, by_the_bot(stage)
    # Silent for so long that the answer is here before the others may leave, on a busy machine
    stage.emulator.faults.add("429", method="sendMessage", retry_after=4)
    await owe(stage, boss, *readers)
    await until(lambda: limiter.paused_for)
    silent_until = time() + limiter.paused_for
    stage.emulator.world.say(boss.id, "/help")
    await stage.settled()
    refused, *others = await owed(stage)
    assert (refused.state, refused.reason, refused.tries) == (State.QUEUED, "429", 0)
    assert [(row.state, row.tries) for row in others] == [(State.SENT, 1)] * 2
    assert len(spoken) == 3
    assert spoken[0][0] == boss.id, "a reply goes first"
    assert min(when for _person, when in spoken) >= silent_until - 0.01
    boss.sees_last("This is not an emergency service.")
    assert "Telegram wants silence for 4 seconds" in caplog.text
    await stage.play(seconds=5)
    assert [(row.state, row.tries) for row in await owed(stage)] == [(State.SENT, 1)] * 3
    assert [reader.times_read("Winter news") for reader in readers] == [1, 1, 1]


async def test_a_pause_longer_than_a_claim_gives_everything_back(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = await animator()
    readers, limiter = await crowd(stage, 10), stage.app.telegram.limiter
    monkeypatch.setattr(speaking, "PATIENCE", 0.2)
    limiter._free.per_second = 1 / 0.02
    stage.emulator.faults.add("429", method="sendMessage", retry_after=2)
    before = tries(stage)
    await owe(stage, boss, *readers)
    await until(lambda: limiter.paused_for)
    async with stage.app.sender._turn:  # whatever had been claimed has been settled
        assert limiter.paused_for > 0.5
    assert await stage.app.sender.turn() == 0, "nothing is claimed to lie about"
    held_back = [row for row in await owed(stage) if row.state == State.QUEUED]
    assert len(held_back) >= 5
    assert {row.tries for row in held_back} == {0}
    assert tries(stage) - before <= 5, "only what was on its way already"
    await until(lambda: not limiter.paused_for)
    await stage.play(seconds=5)
    assert [(row.state, row.tries) for row in await owed(stage)] == [(State.SENT, 1)] * 10
    assert [reader.times_read("Winter news") for reader in readers] == [1] * 10


async def test_a_flood_that_does_not_say_how_long_is_five_seconds(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    stage.emulator.faults.add("429bare", method="sendMessage", chat_id=ada.id)
    await owe(stage, boss, ada)
    await stage.settled()
    (row,) = await owed(stage)
    assert (row.state, row.reason, row.tries) == (State.QUEUED, "429", 0)
    assert row.due_at == stage.now + timedelta(seconds=5)


async def test_a_flood_that_outlasts_what_is_owed_ends_it(stage: Stage, animator: Coming) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    stage.emulator.faults.add("429", method="sendMessage", chat_id=ada.id, retry_after=60)
    await owe(stage, boss, ada, expires_at=stage.now + timedelta(seconds=60))
    await stage.settled()
    assert await fates(stage) == [(State.EXPIRED, "429")]


# Telegram refuses

UNREACHABLE = {
    "Forbidden: bot was blocked by the user": "blocked",
    "Forbidden: user is deactivated": "deactivated",
    "Forbidden: bot can't initiate conversation with a user": "never_started",
    "Forbidden: the bot can't send messages to the bot": "is_a_bot",
    "Forbidden: bot was kicked from the group chat": "kicked",
    "Forbidden: bot was kicked from the supergroup chat": "kicked",
    "Forbidden: bot was kicked from the channel chat": "kicked",
    "Forbidden: bot is not a member of the group chat": "kicked",
    "Forbidden: bot is not a member of the supergroup chat": "kicked",
    "Forbidden: bot is not a member of the channel chat": "kicked",
    "Forbidden: the group chat was deleted": "deleted",
    "Bad Request: chat not found": "not_found",
    "Bad Request: private chat not found": "not_found",
}
"""Every one of Telegram's sentences for somebody who cannot be written to."""


async def test_who_cannot_be_reached_loses_what_waits_and_holds_nobody_up(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    *lost, there = await crowd(stage, len(UNREACHABLE) + 1)
    await gather_at(stage, boss, *lost, there)
    for reader, words in zip(lost, UNREACHABLE, strict=True):
        code = 403 if words.startswith("Forbidden") else 400
        stage.emulator.faults.add("error", chat_id=reader.id, code=code, description=words)
    await owe(stage, boss, *lost, there)
    await stage.settled()
    refused = [(State.REFUSED, reason) for reason in UNREACHABLE.values()]
    assert await fates(stage) == [*refused, (State.SENT, None)]
    async with stage.app.database.transaction() as session:
        for reader in lost:
            person = await person_of(session, reader)
            assert person.state == Membership.UNREACHABLE
            waiting = select(Delivery.state, Delivery.reason).where(
                Delivery.kind == REMINDER, Delivery.person_id == person.id
            )
            fate = (State.SUPPRESSED, "unreachable")
            assert set((await session.execute(waiting)).all()) == {fate}
    assert [row.state for row in await owed(stage, REMINDER)].count(State.QUEUED) == 2
    there.sees_last("Winter news")
    assert [tries(stage, reader) for reader in lost] == [1] * len(lost)


UNSENDABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "migrated": (
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"parameters": {"migrate_to_chat_id": -1001}},
    ),
    "message is too long": ("Bad Request: message is too long", {}),
    "BUTTON_DATA_INVALID": ("Bad Request: BUTTON_DATA_INVALID", {}),
    "Not Found: method not found": ("Not Found: method not found", {"code": 404}),
    "too_large": ("Request Entity Too Large", {"code": 413}),
    "Conflict: terminated by setWebhook request": (
        "Conflict: terminated by setWebhook request",
        {"code": 409},
    ),
}
"""Requests that are wrong and stay wrong, whoever gets them."""


async def test_what_telegram_refuses_as_such_fails_once_and_loses_nobody(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    *readers, there = await crowd(stage, len(UNSENDABLE) + 1)
    for reader, (words, more) in zip(readers, UNSENDABLE.values(), strict=True):
        method, chat = "sendMessage", reader.id
        stage.emulator.faults.add("error", method=method, chat_id=chat, description=words, **more)
    await owe(stage, boss, *readers, there)
    await stage.settled()
    await stage.play(minutes=5)
    failed = [(State.FAILED, reason) for reason in UNSENDABLE]
    assert await fates(stage) == [*failed, (State.SENT, None)]
    assert [tries(stage, reader) for reader in readers] == [1] * len(readers)
    there.sees_last("Winter news")
    async with stage.app.database.transaction() as session:
        for reader in readers:
            assert (await person_of(session, reader)).state == Membership.ACTIVE


async def test_what_telegram_cannot_read_goes_plain_once_and_says_so(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    words = "Bad Request: can't parse entities: Unsupported start tag"
    for reader, times in ((ada, 1), (ben, 2)):
        stage.emulator.faults.add(
            "error", method="sendMessage", chat_id=reader.id, description=words, times=times
        )
    await owe(stage, boss, ada, ben, body="Bread & <salt>")
    await stage.settled()
    assert await fates(stage) == [(State.SENT, "sent_plain"), (State.FAILED, "markup")]
    ada.sees_last("Winter news", "Bread & <salt>")
    assert ada.last["entities"] == []
    assert (tries(stage, ada), tries(stage, ben)) == (2, 2), "not a third time"


# Servers and networks in trouble


@pytest.mark.parametrize("kind", ["500", "html502"])
async def test_a_server_in_trouble_is_tried_later_and_later(
    stage: Stage, animator: Coming, kind: str
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    stage.emulator.faults.add(kind, method="sendMessage", chat_id=ada.id, times=2)
    stage.emulator.faults.add(kind, method="sendMessage", chat_id=ben.id, times=None)
    await owe(stage, boss, ada, ben)
    begin = stage.now
    await stage.settled()
    assert {row.due_at - begin for row in await owed(stage)} == {timedelta(seconds=2)}
    await stage.play(seconds=2)
    assert {row.due_at - begin for row in await owed(stage)} == {timedelta(seconds=6)}
    await stage.play(minutes=2)
    reason = "server_error" if kind == "500" else "bad_answer"
    assert await fates(stage) == [(State.SENT, None), (State.QUEUED, reason)]
    assert tries(stage, ada) == 3
    assert 6 <= tries(stage, ben) <= 8, "doubled each time, up to a minute"
    stage.emulator.faults.remove()
    await stage.play(minutes=2)
    assert await fates(stage) == [(State.SENT, None)] * 2, "an outage is not the end of a message"
    assert [somebody.times_read("Winter news") for somebody in (ada, ben)] == [1, 1]


GATEWAYS = [
    (502, "<h1>Passerelle défaillante</h1>".encode("latin-1"), State.UNCERTAIN),
    (200, b"<html>Please log in to this network</html>", State.QUEUED),
    (200, b"", State.QUEUED),
    (504, b"[]", State.QUEUED),
    (500, b'{"ok":false}', State.UNCERTAIN),
]
"""Answers that are not Telegram's: where nobody can tell, the row says so."""


async def test_nothing_that_a_gateway_answers_stops_the_rest(
    stage: Stage, animator: Coming
) -> None:
    boss, readers = await animator(), await crowd(stage, len(GATEWAYS))
    stage.app.sender._stopping = True  # the loop leaves the rows to this test's own turns
    sender = beside(stage, stage.app.database)
    for reader, (status, body, _fate) in zip(readers, GATEWAYS, strict=True):
        await owe(stage, boss, reader)
        async with instead_of_telegram(stage, status, body):
            await sender.turn()
    assert [row.state for row in await owed(stage)] == [fate for *_answer, fate in GATEWAYS]
    stage.emulator.clock.jump(10)
    await until(lambda: stage.app.clock.now() == stage.now)
    while await sender.turn():
        pass
    for reader, (_status, _body, fate) in zip(readers, GATEWAYS, strict=True):
        assert reader.times_read("Winter news") == (fate == State.QUEUED)


async def test_a_telegram_that_is_not_there_is_waited_for(stage: Stage, animator: Coming) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    session, telegram = stage.app.bot.session, stage.app.bot.session.api
    session.api = TelegramAPIServer.from_base("http://127.0.0.1:1")
    await owe(stage, boss, ada)
    while await stage.app.sender.turn():
        pass
    session.api = telegram
    assert await fates(stage) == [(State.QUEUED, "no_connection")]
    await until(lambda: not stage.app.sender._must_wait)  # nobody knocks all the time
    await stage.play(seconds=5)
    assert await fates(stage) == [(State.SENT, None)]
    assert ada.times_read("Winter news") == 1


CUT = [("drop_after", 1), ("drop_before", 0), ("truncated200", 1), ("hang", 1)]
"""Faults of a connection, and whether the message has arrived all the same."""


async def test_a_cut_connection_is_uncertain_and_not_sent_again_by_itself(
    stage: Stage, animator: Coming
) -> None:
    boss, readers = await animator(), await crowd(stage, len(CUT))
    stage.app.bot.session.timeout = 0.5
    for reader, (kind, _arrived) in zip(readers, CUT, strict=True):
        stage.emulator.faults.add(kind, method="sendMessage", chat_id=reader.id, seconds=1.0)
    await owe(stage, boss, *readers)
    await stage.settled()
    assert [state for state, _reason in await fates(stage)] == [State.UNCERTAIN] * len(CUT)
    await stage.play(hours=6)
    for reader, (kind, arrived) in zip(readers, CUT, strict=True):
        assert reader.times_read("Winter news") == arrived, kind
        assert tries(stage, reader) == 1, "nobody who runs it can tell them apart"


async def test_what_is_uncertain_is_listed_and_goes_again_by_somebodys_hand(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    await gather_at(stage, boss, ada, ben, hours=26)
    stage.emulator.faults.add("drop_after", method="sendMessage", chat_id=ada.id)
    await stage.play(hours=3)
    states = [row.state for row in await owed(stage, REMINDER)]
    assert sorted(states) == [State.QUEUED, State.QUEUED, State.SENT, State.UNCERTAIN]
    assert (ada.times_read("Tea"), ben.times_read("Tea")) == (1, 1)
    await boss.says("/animate")
    await boss.presses("Not sure it arrived")
    boss.sees_last("Sent again, somebody may get one of them twice.")
    await boss.presses("Send again to 1 person: reminder of Tea")
    assert (ada.times_read("Tea"), ben.times_read("Tea")) == (2, 1)
    boss.sees_last("There is nothing of which we are not sure.")


async def test_what_must_not_be_lost_is_said_twice_at_most_and_then_listed(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben, eve] = await animator(), await crowd(stage, 3)
    for reader, kind, times in (
        (ada, "drop_before", 1),
        (ben, "drop_after", 1),
        (eve, "drop_after", None),
    ):
        stage.emulator.faults.add(kind, method="sendMessage", chat_id=reader.id, times=times)
    await call_off(stage, boss, ada, ben, eve)
    await stage.settled()
    assert await fates(stage, CALLED_OFF) == [(State.QUEUED, "unsure")] * 3
    await stage.play(minutes=5)
    assert [row.state for row in await owed(stage, CALLED_OFF)] == [
        State.SENT,
        State.SENT,
        State.UNCERTAIN,
    ]
    assert [reader.times_read("Tea") for reader in (ada, ben, eve)] == [1, 2, 2]
    await boss.says("/animate")
    await boss.presses("Not sure it arrived")
    assert any("Send again to 1 person" in label for label in boss.buttons())


async def test_what_cannot_be_said_fails_alone(stage: Stage, animator: Coming) -> None:
    boss, readers = await animator(), await crowd(stage, 3)
    stage.app.sender._stopping = True
    await owe(stage, boss, *readers)
    async with stage.app.database.transaction() as session:
        numbers = await session.scalars(select(Delivery.id).order_by(Delivery.id))
        first, second, _third = numbers.all()
        of_another_version = update(Delivery).where(Delivery.id == first)
        await session.execute(of_another_version.values(kind="telepathy"))
        without_its_words = update(Delivery).where(Delivery.id == second)
        await session.execute(without_its_words.values(args={}))
    while await beside(stage, stage.app.database).turn():
        pass
    assert await fates(stage, "telepathy") == [(State.FAILED, "cannot_render")]
    assert await fates(stage) == [(State.FAILED, "cannot_render"), (State.SENT, None)]


async def test_what_many_read_alike_is_written_once_for_each_language(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, readers = await animator(), await crowd(stage, 4)
    written: list[str] = []

    async def counted(page: Page, send: Send) -> Message | None:
        written.append(page._.language)
        return await as_written(page, send)

    as_written = news.as_written
    monkeypatch.setattr(news, "as_written", counted)
    stage.app.sender._stopping = True
    async with stage.app.database.transaction() as session:
        (await person_of(session, readers[1])).language = "uk"
    await owe(stage, boss, *readers)
    while await beside(stage, stage.app.database).turn():
        pass
    assert await fates(stage) == [(State.SENT, None)] * 4
    assert sorted(written) == ["en", "uk"]
    for reader in readers:
        reader.sees_last("Winter news", "The library is open.")


# Long texts


async def test_a_long_text_leaves_in_parts_that_cut_nothing(
    stage: Stage, animator: Coming
) -> None:
    await animator()
    [ada] = await crowd(stage, 1)
    cyrillic = [f"слово{n}" for n in range(900)]
    words = " ".join(
        f"<b>{word}</b> 👩‍👩‍👧" if number % 3 == 0 else f"{word} 👩‍👩‍👧"
        for number, word in enumerate(cyrillic)
    )
    spoken = await stage.app.speaker.say(ada.id, Message(Html(words)), Lane.NEWS)
    parts = ada.from_bot()
    assert len(parts) > 2
    assert [part["message_id"] for part in parts] == spoken.message_ids
    assert all(len(part["text"].encode("utf-16-le")) // 2 <= 4096 for part in parts)
    told = " ".join(part["text"] for part in parts).split()
    assert told == [each for word in cyrillic for each in (word, "👩‍👩‍👧")]
    bold = [
        part["text"].encode("utf-16-le")[2 * at["offset"] : 2 * (at["offset"] + at["length"])]
        for part in parts
        for at in part["entities"]
    ]
    assert [word.decode("utf-16-le") for word in bold] == cyrillic[::3]


LONG = " ".join(f"word{n}" for n in range(600))
"""Two messages."""


@pytest.fixture
def long_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a newsletter be longer than one message, as a translation may be."""
    longer = {**translations.LIMITS, ("newsletter", "body"): 10_000}
    monkeypatch.setattr(translations, "LIMITS", longer)


@pytest.mark.usefixtures("long_bodies")
async def test_a_flood_between_two_parts_is_waited_out_and_every_number_is_kept(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    for reader, kind in ((ada, "429"), (ben, "500")):
        stage.emulator.faults.add(kind, method="sendMessage", chat_id=reader.id, skip=1)
    await owe(stage, boss, ada, ben, body=LONG)
    await stage.settled()
    rows = await owed(stage)
    assert [(row.state, row.reason) for row in rows] == [(State.SENT, None)] * 2
    for reader, row in zip((ada, ben), rows, strict=True):
        parts = reader.from_bot()
        assert " ".join(part["text"] for part in parts).split()[-600:] == LONG.split()
        assert [bool(part["buttons"]) for part in parts] == [False, True]
        async with stage.app.database.transaction() as session:
            kept = select(SentMessage.chat_id, SentMessage.message_id).where(
                SentMessage.delivery_id == row.id
            )
            places = (await session.execute(kept.order_by(SentMessage.id))).all()
        assert places == [(reader.id, part["message_id"]) for part in parts]


@pytest.mark.usefixtures("long_bodies")
async def test_a_message_of_which_a_part_is_missing_is_uncertain_and_not_begun_again(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    stage.emulator.faults.add("drop_before", method="sendMessage", chat_id=ada.id, skip=1)
    await owe(stage, boss, ada, body=LONG)
    await stage.settled()
    await stage.play(hours=1)
    assert await fates(stage) == [(State.UNCERTAIN, "part")]
    (part,) = ada.from_bot()
    async with stage.app.database.transaction() as session:
        kept = select(SentMessage.message_id).where(SentMessage.chat_id == ada.id)
        assert list(await session.scalars(kept)) == [part["message_id"]]


async def test_each_part_that_telegram_cannot_read_goes_plain(
    stage: Stage, animator: Coming
) -> None:
    await animator()
    [ada] = await crowd(stage, 1)
    broken = Html("<b>fine</b> " + "<nonsense>word " * 1200)
    spoken = await stage.app.speaker.say(ada.id, Message(broken), Lane.NEWS)
    assert (spoken.answer.fate, spoken.sent_plain) == ("done", True)
    assert len(spoken.message_ids) == len(ada.from_bot()) == 2
    told = " ".join(part["text"] for part in ada.from_bot())
    assert told.split() == ["fine", *["word"] * 1200]


# Who gets it, and when


async def test_who_rests_leaves_or_is_too_late_is_not_written_to(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    stops, pauses, leaves, goes, late, there = readers = await crowd(stage, 6)
    morning = stage.now + timedelta(days=1)
    async with stage.app.sender._turn:  # nothing leaves before everything is as it will be
        for reader in (stops, pauses, leaves, goes, there):
            await owe(stage, boss, reader)
        await owe(stage, boss, late, expires_at=stage.now)
        async with stage.app.database.transaction() as session:
            await people.stop(session, await person_of(session, stops), stage.now)
            await people.pause(session, await person_of(session, pauses), morning, stage.now)
            await people.leave(session, await person_of(session, leaves), stage.now)
            await erasure.erase(session, await person_of(session, goes), stage.now, b"key")
    await stage.settled()
    assert await fates(stage) == [
        (State.SUPPRESSED, "stopped"),
        (State.SUPPRESSED, "paused"),
        (State.SUPPRESSED, "left"),
        (State.SUPPRESSED, "erased"),
        (State.SENT, None),
        (State.EXPIRED, "too_late"),
    ]
    read = [reader.times_read("Winter news") for reader in readers]
    assert read == [0, 0, 0, 0, 0, 1]


async def test_a_reply_overtakes_what_goes_to_many(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    readers = await crowd(stage, stage.app.sender.at_once)  # one claim: in order, all were first
    asker = await stage.member("Asker")
    said = by_the_bot(stage)
    stage.app.telegram.limiter._free.per_second = 1 / 0.15
    await owe(stage, boss, *readers)
    sending = asyncio.create_task(stage.app.sender.turn())
    await until(lambda: said)
    stage.emulator.world.say(asker.id, "/help")
    await sending
    await stage.settled()
    order = [person for person, _when in said]
    assert len(order) == len(readers) + 1
    assert order.index(asker.id) < len(order) - 1, "somebody of the many came after the reply"


def beside(stage: Stage, database: Database) -> Sender:
    """Return another sender, as another process has one."""
    app = stage.app
    assert app.network is not None
    return Sender(database, app.speaker, app.clock, app.network, "another", lease=10)


async def test_two_senders_on_one_database_send_each_message_once(
    stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_CLAIMED", 1)  # one window at a time: both find something
    boss, guests = await animator(), await crowd(stage, 30)
    stage.emulator.faults.add("delay", method="sendMessage", times=None, seconds=0.05)
    await call_off(stage, boss, *guests)
    database = Database(stage.app.settings.database_url.get_secret_value())
    another, shares = beside(stage, database), [0, 0]
    another.at_once = stage.app.sender.at_once = 8

    async def work(number: int, sender: Sender) -> None:
        while count := await sender.turn():
            shares[number] += count

    await asyncio.gather(work(0, stage.app.sender), work(1, another))
    await stage.settled()
    await database.close()
    assert {(row.state, row.tries) for row in await owed(stage, CALLED_OFF)} == {(State.SENT, 1)}
    assert [len(guest.from_bot()) for guest in guests] == [1] * 30
    assert 0 < shares[1] < 30, "both have worked"


# Messages that change


async def pressing(somebody: Somebody, label: str) -> int:
    """Press a button; return how many messages more there are."""
    before = len(somebody.from_bot())
    await somebody.presses(label)
    return len(somebody.from_bot()) - before


async def test_an_answer_takes_the_place_of_its_question_or_comes_after_it(
    stage: Stage,
) -> None:
    [ada] = await crowd(stage, 1)
    await ada.says("/menu")
    menu = ada.last
    assert await pressing(ada, "News") == 0
    assert ada.last["edited"], "in its place"
    for words in (
        "Bad Request: message to edit not found",
        "Bad Request: message can't be edited",
        "Bad Request: MESSAGE_ID_INVALID",
    ):
        await ada.says("/menu")
        stage.emulator.faults.add("error", method="editMessageText", description=words)
        assert await pressing(ada, "News") == 1, words
        ada.sees_last("There is no newsletter yet.")
    stage.emulator.world.people[ada.id].messages[menu["message_id"]]["_deleted"] = True
    before = len(ada.from_bot())
    news = menu["buttons"][1][0]["data"]
    stage.emulator.world.press(ada.id, menu["message_id"], news, forged=True)
    await stage.settled()
    assert len(ada.from_bot()) == before + 1


async def test_what_says_the_same_as_before_is_left_alone(stage: Stage, animator: Coming) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    await gather_at(stage, boss)
    await ada.says("/events")
    await ada.presses("Tea")
    card = ada.last["message_id"]
    going = ada.last["buttons"][0][0]["data"]
    await ada.presses("Going")
    before = len(ada.from_bot())
    edits = tries(stage, ada, "editMessageText")
    stage.emulator.world.press(ada.id, card, going, forged=True)
    await stage.settled()
    assert tries(stage, ada, "editMessageText") == edits + 1
    (edit,) = [call for call in stage.emulator.calls if "not modified" in call["description"]]
    assert edit["params"]["message_id"] == str(card)
    assert len(ada.from_bot()) == before


async def test_what_keeps_itself_current_stays_gone_once_it_is_deleted(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator()
    before = len(boss.from_bot())
    async with stage.app.database.transaction() as session:
        await live.keep(session, boss.id, 9_999, "menu", {}, "another digest", stage.now)
    await stage.settled()
    assert len(boss.from_bot()) == before
    async with stage.app.database.transaction() as session:
        assert await live.every(session) == []


@pytest.mark.parametrize("kind", ["500", "429", "drop_before"])
async def test_what_keeps_itself_current_is_right_in_the_end_whatever_happened_meanwhile(
    stage: Stage, animator: Coming, kind: str
) -> None:
    boss = await animator()
    await boss.says("/menu")
    shown = boss.last["message_id"]
    async with stage.app.database.transaction() as session:
        await live.keep(session, boss.id, shown, "help", {}, "another digest", stage.now)
    stage.emulator.faults.add(kind, method="editMessageText", times=None)
    async with asyncio.timeout(5):
        await stage.app.sender.refresh_live()
    assert not boss.last["edited"]
    stage.emulator.faults.remove()
    await until(lambda: not stage.app.telegram.limiter.paused_for)
    await stage.app.sender.refresh_live()
    boss.sees_last("This is not an emergency service.")
    async with stage.app.database.transaction() as session:
        assert await live.every(session) == [], "it does not move any more"
