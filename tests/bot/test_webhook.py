"""Updates by webhook: none without the secret, none lost, none twice, and somebody is told."""

import asyncio
import gzip
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot import in_loop, receiving
from bot.app import App
from bot.checking import check
from bot.clock import FollowedClock
from bot.database import Database
from bot.limiter import Limiter
from bot.listening import CannotListenError
from bot.migrating import migrate_async
from bot.running import serve
from bot.settings import Part, load
from bot.webhook import HEADER, LIMIT, WebhookSetError
from community import arrivals, conversations
from community.arrivals import Arrival
from community.deliveries import Delivery
from emulator import Emulator
from tests.bot.test_processes import a_free_port
from tests.bot.test_receiving import outage
from tests.stories.conftest import BEGIN, TOKEN, Somebody, Stage

PATIENCE = 20.0
SECRET = "a-secret_of-the-tests"


async def until(claim: Callable[[], object]) -> None:
    """Wait as a person waits."""
    async with asyncio.timeout(PATIENCE):
        while not claim():
            await asyncio.sleep(0.005)


class Hooked(Stage):
    """A stage whose bot is brought its updates."""

    @property
    def url(self) -> str:
        url = self.app.settings.webhook_url
        assert url is not None
        return url

    async def post(self, body: object, **how: Any) -> int:
        """Send something to the webhook; return the status."""
        headers = {HEADER: SECRET, "Content-Type": "application/json"} | how.pop("headers", {})
        data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        async with (
            aiohttp.ClientSession() as http,
            http.post(how.pop("url", self.url), data=data, headers=headers, **how) as answer,
        ):
            return answer.status

    async def arrivals(self) -> int:
        """Return how many updates the inbox has got."""
        async with self.app.database.transaction() as session:
            return await session.scalar(select(func.count()).select_from(Arrival)) or 0


def settings_for(emulator: Emulator, database: Database, **given: Any) -> Any:
    port = a_free_port()
    told = {
        "bot_token": TOKEN,
        "telegram_api_base": emulator.url,
        "database_url": database.url.render_as_string(hide_password=False),
        "timezone": "Europe/Paris",
        "bot_mode": "webhook",
        "webhook_url": f"http://127.0.0.1:{port}/telegram/updates",
        "webhook_secret": SECRET,
        "web_port": port,
        **given,
    }
    return load(_env_file=None, **told)


def an_app(emulator: Emulator, settings: Any, parts: frozenset[Part] = frozenset(Part)) -> App:
    return App(
        settings,
        clock=FollowedClock(emulator.url),
        limiter=Limiter(overall=10_000, per_chat=10_000),
        lease=10,
        parts=parts,
    )


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    emulator = Emulator(port=0, token=TOKEN)
    emulator.webhook.pace = 0.005
    emulator.clock.set(BEGIN)
    emulator.clock.stop()
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
async def hooked(emulator: Emulator, database: Database) -> AsyncIterator[Hooked]:
    app = an_app(emulator, settings_for(emulator, database, trusted_proxy="127.0.0.1"))
    await app.start()
    await until(lambda: emulator.world.webhook["url"])
    stage = Hooked(emulator, app)
    yield stage
    await stage.app.stop()


def an_update(number: int, person: Somebody, text: str = "/help") -> dict[str, Any]:
    user = {"id": person.id, "is_bot": False, "first_name": "Amina"}
    chat = {"id": person.id, "type": "private", "first_name": "Amina"}
    message = {"message_id": number % 1000, "date": 1795600000, "chat": chat, "from": user}
    return {"update_id": number, "message": message | {"text": text}}


async def test_members_are_answered_and_nothing_that_waited_is_dropped(
    emulator: Emulator, database: Database
) -> None:
    early = emulator.world.new_person("Amina", "en").id
    emulator.world.start(early)
    app = an_app(emulator, settings_for(emulator, database))
    await app.start()
    stage = Hooked(emulator, app)
    await until(lambda: emulator.world.messages(early)[1:])
    oksana = await stage.member("Oksana", "uk")
    await oksana.says("/help")
    oksana.sees_last("112")
    [call] = [c for c in emulator.calls if c["method"] == "setWebhook"]
    assert call["params"]["secret_token"] == SECRET
    assert call["params"]["drop_pending_updates"] in (False, "false")
    assert "callback_query" in call["params"]["allowed_updates"]
    assert not [c for c in emulator.calls if c["method"] == "getUpdates"]
    assert TOKEN not in stage.url
    await app.stop()


async def test_who_does_not_know_the_secret_brings_nothing(
    hooked: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    amina = hooked.meet("Amina")
    update = an_update(77, amina)
    wrong = ("", SECRET[:-1], SECRET + "x", SECRET.upper(), "пароль", "\udcff\udcfe")
    with caplog.at_level(logging.WARNING, "diwan.webhook"):
        for secret in wrong:
            assert await raw_status(hooked, secret, update) == 403
    async with aiohttp.ClientSession() as http, http.post(hooked.url, json=update) as answer:
        assert answer.status == 403
    assert await hooked.arrivals() == 0
    assert len(caplog.records) == 1, "one line a minute, however many come"
    assert await hooked.post(update) == 200
    assert await hooked.arrivals() == 1


async def a_guest(hooked: Hooked) -> Somebody:
    """Return somebody who has opened the bot: Telegram lets it answer them."""
    amina = hooked.meet("Amina")
    await amina.starts()
    assert (len(amina.from_bot()), await hooked.arrivals()) == (1, 1)
    return amina


async def raw_status(hooked: Hooked, secret: str, update: dict[str, Any]) -> int:
    """Send a secret byte by byte: no client would let us."""
    port = hooked.app.settings.web_port
    body = json.dumps(update).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /telegram/updates HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    head += f"Content-Type: application/json\r\nConnection: close\r\n{HEADER}: "
    writer.write(head.encode() + secret.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body)
    await writer.drain()
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


async def test_whom_a_proxy_forwards_for_is_believed_of_the_proxy_only(
    hooked: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    webhook = hooked.app.webhook
    assert webhook is not None
    forwarded = {HEADER: "wrong", "X-Forwarded-For": "149.154.167.220, 203.0.113.9"}
    with caplog.at_level(logging.WARNING, "diwan.webhook"):
        assert await hooked.post({}, headers=forwarded) == 403
        webhook._proxy, webhook._complained = None, -100
        assert await hooked.post({}, headers=forwarded) == 403
    told = [record.getMessage() for record in caplog.records]
    assert "203.0.113.9" in told[0], "whom the proxy has seen, not who wrote the header before it"
    assert "127.0.0.1" in told[1], "without a proxy nobody's header is read"


async def test_bad_input_44_what_is_no_update_is_refused_without_effect(hooked: Hooked) -> None:
    amina = await a_guest(hooked)
    good = an_update(5, amina)
    bad: list[object] = [
        b"",
        b"{nope",
        [1],
        [good],
        "text",
        None,
        {},
        {"message": good["message"]},
        {"update_id": "5"},
        {"update_id": True},
        {"update_id": -1},
        {"update_id": 2**63},
        {"update_id": 1.5},
        b'{"update_id": ' + b"9" * 5000 + b"}",
        b"\xff\xfe\x00",
        json.dumps(good).encode("utf-16"),
        b"[" * 100_000,
    ]
    for body in bad:
        assert await hooked.post(body) == 400, body
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert await hooked.post(good, headers={"Content-Type": kind}) == 400, kind
    too_long = good | {"x": "a" * LIMIT}
    assert await hooked.post(too_long) == 413
    bomb = gzip.compress(b" " * 50 * LIMIT)
    assert await hooked.post(bomb, headers={"Content-Encoding": "gzip"}) in {400, 413}
    async with aiohttp.ClientSession() as http, http.get(hooked.url) as answer:
        assert answer.status == 405
    assert await hooked.post(good, url=hooked.url + "/more") == 404
    assert await hooked.arrivals() == 1
    assert await hooked.post(good | {"brand_new": {"things": [1]}}) == 200
    await hooked.settled()
    assert len(amina.from_bot()) == 2


async def test_fault_26_the_same_update_by_webhook_twice_has_one_effect(hooked: Hooked) -> None:
    amina = await a_guest(hooked)
    update = an_update(900, amina)
    answers = await asyncio.gather(*(hooked.post(update) for _ in range(5)))
    assert set(answers) == {200}
    await hooked.settled()
    assert await hooked.post(update) == 200
    await hooked.settled()
    assert len(amina.from_bot()) == 2
    assert await hooked.arrivals() == 2


async def test_fault_29_a_lower_number_after_an_idle_week_is_no_duplicate(hooked: Hooked) -> None:
    amina = await a_guest(hooked)
    for number in (2_000_900, 900, 2_000_900):
        assert await hooked.post(an_update(number, amina, f"/help {number}")) == 200
        await hooked.settled()
    assert len(amina.from_bot()) == 3


async def test_many_who_come_at_once_are_each_answered_once(hooked: Hooked) -> None:
    crowd = [hooked.meet(f"Member {number}") for number in range(30)]
    for member in crowd:
        hooked.emulator.world.start(member.id)
    await hooked.settled()
    assert [len(member.from_bot()) for member in crowd] == [1] * 30


async def test_an_update_that_is_long_in_coming_in_is_not_passed_over(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = hooked.meet("Slow"), hooked.meet("Quick")
    store = arrivals.store

    async def take_long(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> int:
        count = await store(session, rows)
        if rows[0]["sender"] == slow.id:
            await asyncio.sleep(0.3)  # it has its number, but is not committed
        return count

    monkeypatch.setattr(arrivals, "store", take_long)
    hooked.emulator.world.start(slow.id)
    await asyncio.sleep(0.1)
    hooked.emulator.world.start(quick.id)
    await hooked.settled()
    assert (len(slow.from_bot()), len(quick.from_bot())) == (1, 1)


async def test_fault_48_by_webhook_telegram_keeps_what_people_say_while_the_database_is_away(
    hooked: Hooked, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_loop, "PATIENCE", 0.1)
    amina = hooked.meet("Amina")
    async with outage(database):
        for text in ("/start", "/help"):
            hooked.emulator.world.say(amina.id, text)
        await until(lambda: hooked.app.webhook and hooked.app.webhook.answers[503] >= 2)
        assert hooked.emulator.world.pending == 2
        assert amina.from_bot() == []
    await hooked.settled()
    assert len(amina.from_bot()) == 2
    assert await hooked.arrivals() == 2


async def test_fault_52_what_two_hours_of_silence_held_back_comes_in_order_and_once(
    emulator: Emulator, hooked: Hooked, database: Database
) -> None:
    amina = await hooked.member("Amina")
    settings, before = hooked.app.settings, len(amina.from_bot())
    await hooked.app.stop()
    for text in ("/help", "/me", "/help"):
        emulator.world.say(amina.id, text)
    await until(lambda: "last_error_date" in emulator.world.webhook)
    emulator.clock.jump(7200)
    hooked.app = an_app(emulator, settings)
    await hooked.app.start()
    await hooked.settled()
    texts = [message["text"] for message in amina.from_bot()[before:]]
    assert len(texts) == 3
    assert texts[0] == texts[2] != texts[1]


async def alerts_owed(database: Database) -> list[Delivery]:
    async with database.transaction() as session:
        rows = await session.scalars(select(Delivery).where(Delivery.kind == "team_notice"))
        return [row for row in rows if row.args["what"] == "alert"]


async def an_administrator(hooked: Hooked, language: str = "en") -> Somebody:
    link = await hooked.app.first_administrator_link()
    assert link is not None
    boss = await hooked.member("Boss", language)
    await boss.starts(link.partition("?start=")[2])
    return boss


async def test_a_webhook_that_somebody_changed_is_set_again_and_the_administrators_are_told(
    emulator: Emulator, hooked: Hooked, database: Database
) -> None:
    boss = await an_administrator(hooked, "ar")
    webhook = hooked.app.webhook
    assert webhook is not None
    await webhook.look()
    await hooked.app.look_out()
    assert (webhook.problem, await alerts_owed(database)) == ("", [])
    emulator.world.webhook = {"url": ""}
    amina = hooked.meet("Amina")
    emulator.world.start(amina.id)
    await webhook.look()
    assert webhook.problem == "taken_away"
    assert emulator.world.webhook["url"] == hooked.url
    for _ in range(3):
        await hooked.app.look_out()
    assert len(await alerts_owed(database)) == 1
    await hooked.settled()
    assert amina.from_bot()
    boss.sees_last("Telegram has trouble reaching this bot. What people write arrives late.")
    await webhook.look()
    assert webhook.problem == ""


async def test_fault_52_a_webhook_that_fails_is_seen_from_here_and_told_to_the_administrators(
    emulator: Emulator, hooked: Hooked, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await an_administrator(hooked)
    webhook = hooked.app.webhook
    assert webhook is not None
    await webhook.look()
    await webhook.stop()  # or the proxy before it: from here all looks well
    amina = hooked.meet("Amina")
    emulator.world.start(amina.id)
    await until(lambda: "last_error_date" in emulator.world.webhook)
    await webhook.look()
    assert (webhook.problem, webhook.pending) == ("failing", 1)
    assert await alerts_owed(database) == []
    for _ in range(3):
        await webhook.look()
        await hooked.app.look_out()
    assert len(await alerts_owed(database)) == 1
    assert [r.getMessage() for r in caplog.records if r.name == "diwan.webhook"] == [
        "webhook: failing (1 updates wait)"
    ]
    await webhook.start()
    await hooked.settled()
    await webhook.look()
    assert webhook.problem == ""


async def test_a_server_that_telegram_cannot_be_told_of_is_told_of_later(
    emulator: Emulator, database: Database
) -> None:
    emulator.faults.add("500", method="setWebhook", times=1)
    app = an_app(emulator, settings_for(emulator, database))
    await app.start()
    stage = Hooked(emulator, app)
    assert app.webhook is not None
    await until(lambda: app.webhook and app.webhook.problem == "not_set")
    await until(lambda: emulator.world.webhook["url"])
    await until(lambda: app.webhook and not app.webhook.problem)
    amina = stage.meet("Amina")
    await amina.starts()
    assert amina.from_bot()
    await app.stop()


async def test_fault_23_a_webhook_is_taken_away_only_if_somebody_wrote_that_this_bot_polls(
    emulator: Emulator, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.world.webhook = {"url": "http://127.0.0.1:9/x", "secret": "", "max_connections": 1}
    amina = emulator.world.new_person("Amina", "en").id
    emulator.world.start(amina)
    given = {
        "bot_token": TOKEN,
        "telegram_api_base": emulator.url,
        "database_url": database.url.render_as_string(hide_password=False),
    }
    by_default = App(load(_env_file=None, **given))
    with pytest.raises(WebhookSetError):
        await by_default.start()
    await by_default.close()
    own_file = {"database_url": f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}"}
    assert await serve(load(_env_file=None, **(given | own_file))) == 2
    told = capsys.readouterr().err
    assert told.startswith("BOT_MODE: a webhook is set")
    assert told.count("\n") == 1
    assert emulator.world.webhook["url"]
    on_purpose = App(load(_env_file=None, **given, bot_mode="polling"))
    await on_purpose.start()
    await until(lambda: emulator.world.messages(amina)[1:])
    assert emulator.world.webhook["url"] == ""
    [call] = [c for c in emulator.calls if c["method"] == "deleteWebhook"]
    assert call["params"].get("drop_pending_updates") in (False, "false", None)
    await on_purpose.stop()


async def test_check_says_how_the_webhook_fares(
    emulator: Emulator, hooked: Hooked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = hooked.app.settings
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}"
    await migrate_async(database_url)

    async def told(**given: Any) -> tuple[int, str]:
        changed = {"database_url": SecretStr(database_url), **given}
        code = await check(settings.model_copy(update=changed))
        return code, capsys.readouterr().out

    assert "ok  webhook: set; 0 updates wait" in (await told())[1]
    code, out = await told(webhook_url="https://elsewhere.example/telegram")
    assert (code, "NO  webhook: another address is set" in out) == (1, True)
    emulator.world.webhook |= {"last_error_message": "Connection refused", "secret": "another"}
    emulator.world.start(hooked.meet("Amina").id)
    await until(lambda: emulator.world.pending)
    code, out = await told()
    assert (code, "NO  webhook: Wrong response" in out) == (1, True), out
    emulator.world.webhook = {"url": ""}
    code, out = await told()
    assert (code, "--  webhook: none is set yet" in out) == (0, True)
    assert hooked.url not in out


async def test_a_taken_port_is_one_line(emulator: Emulator, database: Database) -> None:
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        for setting in ("web_port", "health_port"):
            app = an_app(emulator, settings_for(emulator, database, **{setting: port}))
            with pytest.raises(CannotListenError, match=f"^{setting.upper()}: cannot listen"):
                await app.start()
            await app.stop() if hasattr(app, "receiver") else await app.close()


ON_POSTGRESQL = pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""One SQLite file is for one process."""


@ON_POSTGRESQL
async def test_two_receivers_behind_one_address_share_what_comes(
    emulator: Emulator, database: Database
) -> None:
    settings = settings_for(emulator, database)
    beside = settings.model_copy(update={"web_port": a_free_port()})
    first = an_app(emulator, settings)
    second = an_app(emulator, beside, frozenset({Part.RECEIVE}))
    await first.start()
    await second.start()
    stage = Hooked(emulator, first)
    amina = stage.meet("Amina")
    other = stage.url.replace(str(settings.web_port), str(beside.web_port))
    update = an_update(41, amina)
    assert await stage.post(update) == await stage.post(update, url=other) == 200
    assert await stage.arrivals() == 1
    await second.stop()
    await first.stop()


@ON_POSTGRESQL
async def test_each_persons_order_is_kept_across_receivers_and_a_dead_one_is_replaced(
    emulator: Emulator, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "LANE_LEASE", 3.0)
    settings = settings_for(emulator, database)
    beside = settings.model_copy(update={"web_port": a_free_port()})
    first = an_app(emulator, settings)
    second = an_app(emulator, beside, frozenset({Part.RECEIVE}))
    await first.start()
    await second.start()
    stage = Hooked(emulator, first)
    urls = [stage.url, stage.url.replace(str(settings.web_port), str(beside.web_port))]
    people = [stage.meet(f"Person {number}") for number in range(4)]
    for number, person in enumerate(people):
        emulator.world.people[person.id].started = True
        assert await stage.post(an_update(number, person)) == 200
    await until(lambda: all(person.from_bot() for person in people))

    async def talks(person: Somebody, begin: int) -> None:
        for word in range(10):
            update = an_update(begin + word, person, f"word {word}")
            assert await stage.post(update, url=urls[(begin + word) % 2]) == 200

    await asyncio.gather(*(talks(person, 100 * n) for n, person in enumerate(people, 1)))
    await until(lambda: all(len(person.from_bot()) == 11 for person in people))
    async with database.transaction() as session:
        for person in people:
            said = await conversations.unsent(session, person.id)
            assert said == "\n".join(f"word {word}" for word in range(10))
    # A process that died has left somebody's lane, and an update in it.
    async with database.transaction() as session:
        await arrivals.take_lane(session, people[0].id, "dead", 1.0)
        lane = await session.get(arrivals.PersonsLane, people[0].id)
        assert lane is None, "nothing is open: the lane is given back at once"
        session.add(arrivals.PersonsLane(sender=people[0].id, holder="dead", until=4e9))
    assert await stage.post(an_update(900, people[0])) == 200
    await asyncio.sleep(0.3)
    assert len(people[0].from_bot()) == 11, "another process has them"
    async with database.transaction() as session:
        await session.execute(update(arrivals.PersonsLane).values(until=0.0))
    await until(lambda: len(people[0].from_bot()) == 12)
    await second.stop()
    await first.stop()
