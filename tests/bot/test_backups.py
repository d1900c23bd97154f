"""A backup is whole, is put back safely, and sends nothing a second time by itself (fault 41)."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import Connection, create_engine, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.__main__ import main
from bot.backups import BackupError, back_up
from bot.database import Database
from bot.journal import Journal, place_of
from bot.migrating import DatabaseUnusableError, configuration, migrate_async
from bot.restoring import release, restore
from bot.settings import Settings, load
from community import deliveries, erasure, holds, keys, leases, people, restores, roles, sends
from community.consents import Consent, Purpose
from community.deliveries import Delivery, Plan
from community.errors import NotAllowedError
from community.lifecycle import Who
from community.people import Person
from community.policy import POLICY
from community.roles import Role, RoleName
from community.sends import Send
from tests.stories.conftest import Coming, Stage
from tests.stories.steps import a_newsletter, an_event

NOW = datetime.fromisoformat("2026-11-23T09:00+00:00")


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Settings:
    """Settings that name the test's database."""
    return load(
        _env_file=None,
        database_url=database.url.render_as_string(hide_password=False),
        erasures_file=tmp_path / "erasures",
    )


@pytest.fixture
async def filled(database: Database, home: Settings) -> Database:
    """A database with a team, a member, and a send that is scheduled."""
    await stamp(database)
    async with database.transaction() as session:
        boss = await a_person(session, 1, "Boss")
        session.add(Role(person_id=boss.id, name=RoleName.ADMINISTRATOR, granted_at=NOW))
        session.add(Role(person_id=boss.id, name=RoleName.ANIMATOR, granted_at=NOW))
        amina = await a_person(session, 2, "Amina")
        send = await sends.write_newsletter(session, boss, "en", "News", "All is well.", NOW)
        await sends.submit(session, boss, send.ref, NOW, network_language="en")
        await sends.schedule(session, boss, send.ref, NOW + timedelta(minutes=5), NOW)
        await owe(session, amina, "event_reminder")
        await owe(session, amina, "event_cancelled")
    return database


async def stamp(database: Database) -> None:
    """Note in tables that were made without migrations that they are this version's."""
    async with database.engine.begin() as connection:
        config = configuration()

        def note(sync: Connection) -> None:
            config.attributes["connection"] = sync
            command.stamp(config, "head")

        await connection.run_sync(note)


async def a_person(session: AsyncSession, number: int, name: str) -> Person:
    person = await people.meet(session, number, NOW, name=name)
    person.language = "en"
    await people.join(session, person, NOW, terms_version="1", language="en")
    news = {"purpose": Purpose.NEWS, "granted": True, "version": "1", "language": "en"}
    session.add(Consent(person_id=person.id, at=NOW, **news))
    return person


async def owe(session: AsyncSession, person: Person, kind: str) -> None:
    plan = Plan(kind, person.id, f"{kind}:{person.id}", NOW, expires_at=NOW + timedelta(days=9999))
    await deliveries.plan(session, NOW, plan)


async def off_loop(work: object, *args: object, **named: object) -> object:
    """Do what the command line does, in a thread: it runs loops of its own."""
    return await asyncio.to_thread(work, *args, **named)  # type: ignore[arg-type]


async def claimed(database: Database) -> list[str]:
    """Claim whatever goes out now, put it back, and return the kinds."""
    async with database.transaction() as session:
        rows = await deliveries.claim(session, "test", 100, 60, NOW + timedelta(days=400))
        kinds = sorted(row.kind for row in rows)
        await session.rollback()
    return kinds


async def the_send(database: Database) -> Send:
    async with database.transaction() as session:
        return (await session.scalars(select(Send))).one()


async def names(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(select(Person.name).order_by(Person.id)))


async def test_fault_41_a_restored_backup_sends_nothing_twice_until_somebody_says_so(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    await off_loop(back_up, home, tmp_path / "b", force=False)
    later = NOW + timedelta(minutes=6)
    async with filled.transaction() as session:  # all of it goes out after the backup was made
        await sends.start_due(session, later, network_language="en")
        await session.execute(update(Delivery).values(state=deliveries.State.SENT))
    await filled.close()

    kept = await off_loop(restore, home, tmp_path / "b")
    assert Path(str(kept)).exists()
    assert await claimed(filled) == ["event_cancelled", "team_notice"]  # two are better than none
    assert (await the_send(filled)).state == sends.State.HELD
    async with filled.transaction() as session:
        assert await sends.start_due(session, later, network_language="en") == 0
    await filled.close()

    assert await off_loop(release, home, send=False) == 1
    assert await claimed(filled) == ["event_cancelled", "team_notice"]
    assert (await the_send(filled)).state == sends.State.CANCELLED
    assert await off_loop(release, home, send=False) is None


GO_OUT_AFTER_A_RESTORE = {
    *("event_changed", "event_cancelled", "place_offered", "correction", "recall"),
    *("referral_step", "referral_outcome", "provider_notice", "team_notice", "team_answer"),
    *("role_notice", "bridge_message", "translated", "service_found"),
    *("staff_notice", "group_card", "group_welcome", "transfer_notice"),
    *("transfer_result", "cohort_settled", "match_answer", "match_introduced", "match_notice"),
    *("post_notice", "measure_notice", "report_notice"),
}
"""Of these two are better than none; every other kind waits for somebody's word."""


async def test_fault_41_after_a_restore_each_kind_goes_or_waits_as_the_policy_table_says(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    async with filled.transaction() as session:
        for number, kind in enumerate(POLICY.keys() - {"event_reminder", "event_cancelled"}):
            await owe(session, await a_person(session, 100 + number, kind), kind)
    assert set(await claimed(filled)) == set(POLICY)
    await off_loop(back_up, home, tmp_path / "b", force=False)
    await filled.close()
    await off_loop(restore, home, tmp_path / "b")
    assert set(await claimed(filled)) == GO_OUT_AFTER_A_RESTORE


async def test_fault_41_who_has_read_it_already_reads_it_no_second_time_after_a_restore(
    stage: Stage, animator: Coming, database: Database, tmp_path: Path
) -> None:
    await stamp(database)
    await database.close()
    today = datetime.now(NOW.tzinfo)  # noqa: TID251 - the command line goes by the machine's clock
    await stage.begins(datetime.combine(today + timedelta(days=1), time(11), NOW.tzinfo))
    boss = await animator()
    amina, ben = await stage.member("Amina"), await stage.member("Ben", "uk")
    await an_event(boss, days=1)  # a reminder is due soon, and another in a day
    for guest in (amina, ben):
        await guest.says("/events")
        await guest.presses("Coffee")
        await guest.presses("Going")
    await a_newsletter(boss)
    await boss.presses("It is ready")
    await boss.presses("Send later")
    await boss.says((stage.now + timedelta(hours=3)).strftime("%d.%m.%Y %H:59"))
    settings = stage.app.settings
    await off_loop(back_up, settings, tmp_path / "b", force=False)
    await stage.play(hours=8)
    read = {"Winter news": 1, "A reminder": 1}
    for guest in (amina, ben):
        assert {words: guest.times_read(words) for words in read} == read
    await stage.app.stop()

    await off_loop(restore, settings, tmp_path / "b")
    await stage.starts_again()
    await stage.play(hours=1)
    for guest in (amina, ben):
        assert {words: guest.times_read(words) for words in read} == read
        await guest.says("/events")
        guest.sees_last("Events you can go to")  # whoever asks is answered meanwhile
    boss.sees_last("Messages are held since a backup was put back")
    await boss.presses("Drop")
    await stage.play(days=2)
    for guest in (amina, ben):
        assert guest.times_read("Winter news") == 1
        assert guest.times_read("A reminder") == 2, "what became due later comes in its time"


async def test_what_is_still_of_use_is_sent_if_the_operator_says_so(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    async with filled.transaction() as session:
        await sends.start_due(session, NOW + timedelta(minutes=6), network_language="en")
    await off_loop(back_up, home, tmp_path / "b", force=False)
    await filled.close()
    await off_loop(restore, home, tmp_path / "b")
    assert (await the_send(filled)).state == sends.State.HELD
    assert await off_loop(release, home, send=True) == 3
    assert (await the_send(filled)).state == sends.State.SENDING
    expected = ["event_cancelled", "event_reminder", "newsletter", "newsletter", "team_notice"]
    assert await claimed(filled) == expected


async def test_what_becomes_due_later_is_not_dropped(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    async with filled.transaction() as session:
        next_year = datetime.now(NOW.tzinfo) + timedelta(days=365)  # noqa: TID251
        await session.execute(
            update(Delivery).where(Delivery.kind == "event_reminder").values(due_at=next_year)
        )
        await session.execute(update(Send).values(starts_at=next_year))
    await off_loop(back_up, home, tmp_path / "b", force=False)
    await filled.close()
    await off_loop(restore, home, tmp_path / "b")
    assert await off_loop(release, home, send=False) == 0
    assert (await the_send(filled)).state == sends.State.SCHEDULED
    async with filled.transaction() as session:
        rows = await session.scalars(select(Delivery).where(Delivery.kind == "event_reminder"))
        assert rows.one().state == deliveries.State.QUEUED


async def test_a_send_that_an_animator_holds_stays_held(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    async with filled.transaction() as session:
        send = (await session.scalars(select(Send))).one()
        await sends.SEND.move(session, send, sends.State.HELD, Who.ANIMATOR, NOW)
    await off_loop(back_up, home, tmp_path / "b", force=False)
    await filled.close()
    await off_loop(restore, home, tmp_path / "b")
    await off_loop(release, home, send=True)
    assert (await the_send(filled)).state == sends.State.HELD


async def test_who_was_erased_since_is_erased_again_even_if_the_file_does_not_know_yet(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    async with filled.transaction() as session:
        key = await keys.key(session, "erasure")
    await off_loop(back_up, home, tmp_path / "b", force=False)
    async with filled.transaction() as session:
        amina = await people.by_telegram_id(session, 2)
        assert amina is not None
        await erasure.erase(session, amina, NOW + timedelta(hours=1), key)
    await filled.close()
    await off_loop(restore, home, tmp_path / "b")
    assert await names(filled) == ["Boss"]


async def test_who_only_the_file_of_erasures_knows_is_erased_again(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    async with filled.transaction() as session:
        key = await keys.key(session, "erasure")
    await off_loop(back_up, home, tmp_path / "b", force=False)
    path = place_of(home)
    assert path is not None
    at = (NOW + timedelta(hours=1)).isoformat()
    path.write_text(f"{erasure.hash_of(2, key)} {at}\n")
    await filled.close()
    await off_loop(restore, home, tmp_path / "b")
    assert await names(filled) == ["Boss"]
    assert Journal(path).path == path


async def test_while_a_bot_runs_nothing_is_restored(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    await off_loop(back_up, home, tmp_path / "b", force=False)
    async with filled.transaction() as session:
        await leases.hold(session, "ticker", "somebody", 60)
    await filled.close()
    with pytest.raises(BackupError, match="A bot runs"):
        await off_loop(restore, home, tmp_path / "b")
    assert await names(filled) == ["Boss", "Amina"]
    async with filled.transaction() as session:
        assert await holds.since(session) is None
        await leases.release_all(session, "somebody")
    await filled.close()
    await off_loop(restore, home, tmp_path / "b")
    async with filled.transaction() as session:
        assert await leases.current(session, "ticker") is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_file_that_somebody_has_open_is_not_replaced(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    await off_loop(back_up, home, tmp_path / "b", force=False)
    with pytest.raises(BackupError, match="A bot runs"):  # a sender that holds no lease
        await off_loop(restore, home, tmp_path / "b")
    async with filled.transaction() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"


async def test_a_backup_is_never_written_over_another_file(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "b"
    file.write_text("mine")
    with pytest.raises(BackupError, match="--force"):
        await off_loop(back_up, home, file, force=False)
    assert file.read_text() == "mine"
    await off_loop(back_up, home, file, force=True)
    assert file.read_bytes()[:4] in {b"SQLi", b"PGDM"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("b*")] == ["b"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_backup_of_a_busy_database_is_whole(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    making = asyncio.create_task(off_loop(back_up, home, tmp_path / "b", force=False))
    number = 10
    while not making.done():
        async with filled.transaction() as session:
            await a_person(session, number, f"Person {number}")
        number += 1
        await asyncio.sleep(0)
    await making
    with closing(sqlite3.connect(tmp_path / "b")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        people_in = copy.execute("SELECT count(*) FROM people").fetchone()[0]
        consents_in = copy.execute("SELECT count(*) FROM consents").fetchone()[0]
    assert people_in == consents_in >= 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_no_backup_or_too_new_changes_nothing(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    await off_loop(back_up, home, tmp_path / "new", force=False)
    with closing(sqlite3.connect(tmp_path / "new")) as copy:
        copy.execute("UPDATE alembic_version SET version_num = '9999'")
        copy.commit()
    with closing(sqlite3.connect(tmp_path / "other")) as other:
        other.execute("CREATE TABLE t (n)")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "torn").write_bytes((tmp_path / "new").read_bytes()[:40_000])
    await filled.close()
    for name, problem in (
        ("new", "newer version"),
        ("other", "no backup of Diwan"),
        ("text", "cannot be copied"),
        ("torn", "cannot be copied|damaged"),
        ("none", "does not exist"),
    ):
        with pytest.raises(BackupError, match=problem) as refused:
            await off_loop(restore, home, tmp_path / name)
        assert "\n" not in str(refused.value)
    assert not list(tmp_path.glob("*restor*"))
    assert await names(filled) == ["Boss", "Amina"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_fault_36_a_damaged_database_says_what_to_do_and_is_replaced_by_the_backup(
    filled: Database, home: Settings, tmp_path: Path
) -> None:
    await off_loop(back_up, home, tmp_path / "b", force=False)
    await filled.close()
    file = Path(str(filled.url.database))
    file.write_bytes(b"\0" * 5000)
    with pytest.raises(DatabaseUnusableError, match="diwan restore"):
        await migrate_async(home.database_url.get_secret_value())
    await off_loop(restore, home, tmp_path / "b")
    assert await names(filled) == ["Boss", "Amina"]
    kept = file.with_name(file.name + ".before-restore")
    assert kept.read_bytes() == b"\0" * 5000
    await filled.close()
    with pytest.raises(BackupError, match="move it away"):
        await off_loop(restore, home, tmp_path / "b")


async def test_an_older_backup_is_brought_to_this_version(tmp_path: Path) -> None:
    home = load(_env_file=None, database_url=f"sqlite+aiosqlite:///{tmp_path}/diwan.db")
    engine = create_engine(f"sqlite:///{tmp_path}/old")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    await off_loop(restore, home, tmp_path / "old")  # where there was no database before
    database = Database(home.database_url.get_secret_value())
    async with database.transaction() as session:
        assert await holds.since(session) is not None
    await database.close()
    assert not (tmp_path / "diwan.db.before-restore").exists()


async def test_an_administrator_decides_in_chat(
    stage: Stage, animator: Coming, tmp_path: Path
) -> None:
    boss = await animator()
    amina = await stage.member("Amina")
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, amina.id)
        assert person is not None
        await deliveries.plan(
            session, stage.now, Plan("newsletter", person.id, "n", stage.now, {"ref": "gone"})
        )
        await restores.begin(session, stage.now)
    await stage.settled()
    boss.sees_last("Messages are held since a backup was put back", "1 message is due now.")
    await boss.says("/animate")
    await boss.presses("Held messages")
    await boss.presses("Drop what is due already")
    boss.sees_last("No messages are held.")
    async with stage.app.database.transaction() as session:
        row = await session.scalar(select(Delivery).where(Delivery.key == "n"))
        assert row is not None
        assert row.state == deliveries.State.CANCELLED
        assert await holds.since(session) is None


async def test_only_an_administrator_ends_the_hold(filled: Database) -> None:
    async with filled.transaction() as session:
        await restores.begin(session, NOW)
        amina = await people.by_telegram_id(session, 2)
        assert amina is not None
        session.add(Role(person_id=amina.id, name=RoleName.ANIMATOR, granted_at=NOW))
        with pytest.raises(NotAllowedError):
            await restores.decide(session, amina, NOW, send=True)
        (boss,) = await roles.holders(session, RoleName.ADMINISTRATOR, NOW)
        assert await restores.decide(session, boss, NOW, send=False) == 1


def test_the_tools_of_postgresql_are_named_if_they_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    home = load(_env_file=None, database_url="postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(BackupError, match="pg_dump is not on PATH"):
        back_up(home, tmp_path / "b", force=False)


def test_the_commands_say_what_they_did_and_end_with_a_code_for_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/diwan.db")
    runner = CliRunner()

    def diwan(*arguments: str) -> tuple[int, str]:
        done = runner.invoke(main, arguments)
        return done.exit_code, done.output

    assert diwan("backup", "b") == (1, f"{tmp_path}/diwan.db does not exist.\n")
    assert diwan("migrate")[0] == 0
    assert diwan("backup", "b")[0] == 0
    assert diwan("backup", "b")[0] == 1
    code, told = diwan("restore", "b")
    assert code == 0
    assert "diwan.db.before-restore" in told
    assert diwan("restore", "--release", "drop") == (0, "Released: 0 messages dropped.\n")
    assert diwan("restore", "--release", "drop") == (0, "Nothing is held.\n")
    assert diwan("restore")[0] == 2
    assert diwan("restore", "b", "--release", "send")[0] == 2


def test_backing_up_restoring_and_simulating_need_no_telegram() -> None:
    code = (
        "import sys, bot.__main__, bot.backups, bot.restoring, bot.simulation.command; "
        "sys.exit('aiogram' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
