"""The house keeps its walls: directions of imports, migrations, cards."""

import ast
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, Connection, MetaData, Table, event, inspect, select, text

from bot.database import Database
from bot.migrating import NEWEST, configuration, foreign_keys_off, is_current, migrate_async
from community import face_to_face, people
from community.assisted import Assisted
from community.base import UTCDateTime
from community.tables import METADATA
from handlers import routes

ROOT = Path(__file__).parents[2]


def _run(connection: Connection, target: str, *, down: bool = False) -> None:
    from alembic import command

    config = configuration()
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, target)


@pytest.fixture
async def bare(database: Database) -> AsyncIterator[Database]:
    """A database without any table, whose connections are as those that migrate."""
    engine = database.engine
    await engine.dispose()
    if database.is_sqlite:
        event.listen(engine.sync_engine, "connect", foreign_keys_off)
    async with database.engine.begin() as connection:
        await connection.run_sync(_drop_everything)
    yield database
    if database.is_sqlite:
        event.remove(engine.sync_engine, "connect", foreign_keys_off)
    await engine.dispose()


def _drop_everything(connection: Connection) -> None:
    """Drop what is there, tables of older versions included."""
    there = MetaData()
    there.reflect(connection)
    there.drop_all(connection)


async def _restore(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(_drop_everything)
        await connection.run_sync(METADATA.create_all)


async def test_migrations_go_up_and_down_and_up_again(bare: Database) -> None:
    script = ScriptDirectory.from_config(configuration())
    revisions = [revision.revision for revision in script.walk_revisions()][::-1]
    try:
        for revision in revisions:
            async with bare.engine.begin() as connection:
                await connection.run_sync(_run, revision)
                await connection.run_sync(lambda c: _run(c, "-1", down=True))
                await connection.run_sync(_run, revision)
        async with bare.engine.begin() as connection:
            await connection.run_sync(lambda c: _run(c, "base", down=True))
            left = await connection.run_sync(lambda c: inspect(c).get_table_names())
        assert set(left) <= {"alembic_version"}
    finally:
        await _restore(bare)


def test_the_newest_migration_is_known_without_alembic() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == NEWEST


async def test_the_models_equal_the_migrations(bare: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": _compare_type},
        )
        return list(compare_metadata(context, METADATA))

    try:
        async with bare.engine.begin() as connection:
            await connection.run_sync(_run, "head")
            assert await connection.run_sync(differences) == []
            once = await connection.run_sync(_used_only_once)
            partial = await connection.run_sync(_partial_indexes)
    finally:
        await _restore(bare)
    async with bare.engine.begin() as connection:
        assert once == await connection.run_sync(_used_only_once)
        assert partial == await connection.run_sync(_partial_indexes)


async def test_an_empty_database_gets_the_newest_tables_at_once_and_migrates_from_there(
    bare: Database,
) -> None:
    try:
        await migrate_async(bare.url.render_as_string(hide_password=False))
        async with bare.engine.begin() as connection:
            assert await connection.run_sync(is_current)
            made = await connection.run_sync(lambda c: {*inspect(c).get_table_names()})
            await connection.run_sync(_run, "head")
            await connection.run_sync(lambda c: _run(c, "-1", down=True))
            await connection.run_sync(_run, "head")
            assert await connection.run_sync(is_current)
        assert made == {*METADATA.tables, "alembic_version"}
    finally:
        await _restore(bare)


NOW = datetime(2026, 1, 1, tzinfo=UTC)
A_REQUEST = {
    "service_id": 1,
    "organization_id": 1,
    "consent_version": "1",
    "consent_language": "ar",
    "made_at": NOW,
    "changed_at": NOW,
}
A_SERIES = {
    "every": "week",
    "starts_wall": NOW.replace(tzinfo=None),
    "zone": "UTC",
    "made_until": NOW.date(),
    "made_at": NOW,
}
AN_EVENT = {
    "made_at": NOW,
    "changed_at": NOW,
    "starts_wall": NOW.replace(tzinfo=None),
    "starts_at": NOW,
    "zone": "UTC",
    "languages": [],
}
AN_OFFER = {"token_hash": "x", "made_at": NOW, "expires_at": NOW}
A_STEP = {"at": NOW, "subject": "referral", "subject_id": 1, "before": "", "after": "accepted"}
A_LESSON_TEXT = {
    "subject": "lesson",
    "subject_id": 1,
    "language": "en",
    "field": "title",
    "text": "Hours",
}
A_WRITTEN = {"state": "approved", "is_source": True, "written_as": "animator", "written_at": NOW}
A_VOICE = {
    "ref": "voice",
    "file_id": "1",
    "seconds": 1,
    "is_approved": True,
    "recorded_by_id": 1,
    "recorded_as": "animator",
    "recorded_at": NOW,
}
A_DIGEST = {"ref": "x", "month": "2026-12", "since": NOW, "made_at": NOW, "composed_to": 0}
A_COHORT = {"starts_on": NOW.date(), "ends_at": NOW, "made_at": NOW}
A_POST = {
    "person_id": 1,
    "kind": "ask",
    "category": "advice",
    "state": "published",
    "made_at": NOW,
    "expires_at": NOW,
}
A_QUESTION = {"person_id": 1, "state": "open", "begun_at": NOW, "touched_at": NOW}
A_YES = {"version": "2026-11", "language": "en", "joined_at": NOW}
ENTRUSTED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "0032": [
        ("referrals", {**A_REQUEST, "by_team": True}),
        ("referrals", {**A_REQUEST, "note_language": "fr"}),
        ("passed_on", {"organization_id": 1, "since": NOW}),
        ("history", {**A_STEP, "source": "phone"}),
    ],
    "0042": [
        ("events", {**AN_EVENT, "organization_id": 1, "need": "tax"}),
        ("events", {**AN_EVENT, "state": "proposed"}),
        ("sends", {"kind": "offer", "organization_id": 1, "made_at": NOW}),
        ("muted_offers", {"person_id": 1, "need": "tax", "since": NOW}),
    ],
    "0054": [
        ("roles", {"person_id": 1, "name": "moderator", "granted_at": NOW}),
        ("role_invitations", {**AN_OFFER, "name": "co_host"}),
        ("role_invitations", {**AN_OFFER, "name": "translator", "offered_to_id": 1}),
    ],
    "0056": [
        ("lessons", {"leads": "events", "right_answer": 1, "made_at": NOW}),
        ("skill_checks", {"person_id": 1, "said": "0120120", "kept_at": NOW}),
        ("translations", {**A_LESSON_TEXT, **A_WRITTEN}),
        ("recordings", {**A_LESSON_TEXT, **A_VOICE}),
    ],
    "0055": [
        ("roles", {"person_id": 1, "name": "co_host", "series_id": 1, "granted_at": NOW}),
        ("role_invitations", {**AN_OFFER, "name": "co_host", "series_id": 1}),
        (
            "transfers",
            {"person_id": 1, "name": "moderator", "months": 1, "made_at": NOW, "changed_at": NOW},
        ),
    ],
    "0064": [("reactions", {"person_id": 1, "event_id": 1, "meaning": "useful"})],
    "0065": [("events", {**AN_EVENT, "audience_area_id": 1})],
    "0066": [
        ("events", {**AN_EVENT, "cohort_id": 1}),
        ("cohorts", A_COHORT),
        ("cohort_members", {"cohort_id": 1, "person_id": 1, **A_YES}),
    ],
    "0046": [("attendances", {"event_id": 1, "answered_at": NOW, "guests": 1})],
    "0060": [("venues", {"name": "Library", "languages": [], "made_at": NOW})],
    "0047": [("access_limits", {"person_id": 1, "code": "steps", "value": 0})],
    "0050": [
        ("silences", {"person_id": 1, "nudged_at": NOW, "answer": "digest"}),
        ("people", {"id": 2, "met_at": NOW, "participation": "digest"}),
        ("digests", {**A_DIGEST, "state": "in_review"}),
        ("digests", {**A_DIGEST, "state": "approved"}),
    ],
    "0057": [
        (
            "telegram_groups",
            {
                "ref": "x",
                "chat_id": -5,
                "kind": "group",
                "title": "Lyon",
                "state": "linked",
                "admits": "members",
                "linked_at": NOW,
            },
        )
    ],
    "0051": [
        ("network_joinings", {"person_id": 1, "service_id": 1, "how": "active", "since": NOW})
    ],
    "0058": [
        (
            "facilitation_counts",
            {"month": "2026-12", "language": "ar", "facet": "asked", "mark": 0, "count": 1},
        )
    ],
    "0049": [("event_series", A_SERIES)],
    "0070": [("join_links", {"made_at": NOW, "label": "At the library"})],
    "0071": [
        ("assisted", {"person_id": 1, "registered_at": NOW, "confirmed": []}),
        (
            "consents",
            {"person_id": 1, "purpose": "news", "granted": True, "orally": True, "at": NOW}
            | {"current": True, "version": "1", "language": "en"},
        ),
        ("attendances", {"event_id": 1, "answered_at": NOW, "by_phone": True}),
    ],
    "0072": [
        ("pairings", {"person_id": 1, "seeks": [], "changed_at": NOW}),
        ("person_offers", {"person_id": 1, "term": "tax"}),
        ("spoken_languages", {"person_id": 1, "language": "ar"}),
        ("match_rounds", {"key": "1", "opened_at": NOW}),
        ("matches", {"partner": "peer", "proposed_at": NOW, "lapses_at": NOW}),
    ],
    "0073": [("posts", A_POST)],
    "0074": [
        ("reports", {"what": "post", "why": "fraud", "at": NOW}),
        ("measures", {"person_id": 1, "measure": "warn", "why": "fraud", "taken_at": NOW}),
    ],
    "0077": [("posts", {**A_POST, "state": "hidden", "came_from": "waiting"})],
    "0079": [
        (
            "assisted",
            {"person_id": 1, "registered_at": NOW, "confirmed": [], "token_hash": "x"},
        )
    ],
    "0080": [
        (
            "partner_quarters",
            {"organization_id": 1, "year": 2026, "number": 4, "joined": "few", "activated": "few"},
        )
    ],
    "0085": [
        (
            "exit_agreements",
            {"person_id": 1, "version": "1", "language": "en", "left_at": NOW},
        ),
        (
            "surveys",
            {"template": "exit", "version": 1, "window": "exit", "opened_at": NOW},
        ),
    ],
    "0086": [
        ("survey_forms", {"code": "markets", "version": 1, "content": {}, "made_at": NOW}),
    ],
    "0087": [
        (
            "evidence_periods",
            {
                "year": 2026,
                "number": 4,
                "framework": "x",
                "threshold": 5,
                "told": {},
                "counted": {},
                "frozen_at": NOW,
            },
        )
    ],
    "0089": [
        (
            "network_ratings",
            {"person_id": 1, "service_id": 1, "use": "used", "reasons": [], "rated_at": NOW},
        ),
        ("gap_waves", {"year": 2026, "number": 4, "made_at": NOW, "rule": 1}),
        ("planned_actions", {"way": "event", "made_at": NOW}),
    ],
    "0090": [
        ("background_counts", {"count": 900, "source": "INSEE", "year": 2025, "brought_at": NOW}),
        ("stakeholder_links", {"ref": "x", "label": "Banks", "language": "fr", "made_at": NOW}),
    ],
    "0093": [
        ("funder_entries", {"person_id": 1, "entered_at": NOW}),
        ("funder_years", {"year": 2026, "supports": "esf+", "told": {}, "told_at": NOW}),
    ],
}
"""Rows that the columns and tables of a migration are about."""


def _table_of_then(connection: Connection, name: str) -> Table:
    """Return a table with those of today's columns that it has in this revision."""
    there = {column["name"] for column in inspect(connection).get_columns(name)}
    columns = (column for column in METADATA.tables[name].columns if column.name in there)
    return Table(
        name,
        MetaData(),
        *(
            Column(
                column.name,
                column.type,
                primary_key=column.primary_key,
                default=getattr(column.default, "arg", None),
            )
            for column in columns
        ),
    )


def _insert(connection: Connection, name: str, values: dict[str, Any]) -> None:
    connection.execute(_table_of_then(connection, name).insert().values(values))


async def test_no_migration_is_taken_back_over_what_people_have_entrusted_to_it(
    bare: Database,
) -> None:
    """One way down from the newest: each revision of the list refuses each of its rows."""
    script = ScriptDirectory.from_config(configuration())
    order = [revision.revision for revision in script.walk_revisions()]
    around: list[tuple[str, dict[str, Any]]] = [
        ("people", {"id": 1, "met_at": NOW}),
        ("areas", {"id": 1, "zone": "UTC", "made_at": NOW}),
        ("organizations", {"id": 1, "made_at": NOW}),
        (
            "services",
            {"id": 1, "organization_id": 1, "need": "tax", "languages": [], "made_at": NOW},
        ),
        ("events", AN_EVENT),
    ]
    try:
        async with bare.engine.begin() as connection:
            await connection.run_sync(_run, "head")
            for name, values in around:
                await connection.run_sync(_insert, name, values)
        for revision in sorted(ENTRUSTED, key=order.index):
            async with bare.engine.begin() as connection:
                await connection.run_sync(partial(_run, target=revision, down=True))
            for name, values in ENTRUSTED[revision]:
                await _stays(bare, revision, name, values)
        below = str(script.get_revision(revision).down_revision)
        async with bare.engine.begin() as connection:
            await connection.run_sync(lambda c: _run(c, below, down=True))
    finally:
        await _restore(bare)


async def _stays(bare: Database, revision: str, name: str, values: dict[str, Any]) -> None:
    """Insert a row, and see that the revision cannot be taken back over it."""
    async with bare.engine.connect() as connection, connection.begin() as undone:
        if "series_id" in values:
            await connection.run_sync(_insert, "event_series", {**A_SERIES, "id": 1})
        if "cohort_id" in values:
            await connection.run_sync(_insert, "cohorts", {**A_COHORT, "id": 1})
        await connection.run_sync(_insert, name, values)
        if connection.dialect.name == "sqlite":  # as where migrations run in earnest
            await connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        with pytest.raises(CommandError, match=rf"{revision} stays.* {name} \(1\)"):
            await connection.run_sync(lambda c: _run(c, "-1", down=True))
        assert await connection.scalar(text(f"SELECT count(*) FROM {name}"))
        await undone.rollback()


async def test_who_looked_for_bookkeeping_and_tax_looks_for_both_now(bare: Database) -> None:
    old = (
        "INSERT INTO people (id, ref, name, state, met_at)"
        " VALUES (1, 'amina', 'Amina', 'active', '2026-01-01')",
        "INSERT INTO needs (person_id, term) VALUES (1, 'bookkeeping_tax')",
        "INSERT INTO needs (person_id, term) VALUES (1, 'hiring')",
    )
    try:
        async with bare.engine.begin() as connection:
            await connection.run_sync(_run, "0019")
            for statement in old:
                await connection.execute(text(statement))
            await connection.run_sync(_run, "0020")
            terms = await connection.scalars(text("SELECT term FROM needs ORDER BY id"))
            assert list(terms) == ["bookkeeping", "hiring", "tax"]
    finally:
        await _restore(bare)


async def test_a_paper_code_that_was_printed_before_still_leads_somewhere(
    bare: Database,
) -> None:
    code = "380512345678"
    plain = hashlib.sha256(f"face to face {code}".encode()).hexdigest()
    try:
        async with bare.engine.begin() as connection:
            await connection.run_sync(_run, "0074")
            await connection.execute(
                text(
                    "INSERT INTO people (id, ref, name, state, met_at)"
                    " VALUES (1001, 'salma', 'Salma', 'active', '2026-01-01')"
                )
            )
            await connection.run_sync(
                _insert,
                "assisted",
                {"person_id": 1001, "registered_at": NOW, "confirmed": [], "token_hash": plain}
                | {"code_until": NOW + timedelta(days=180), "ref": "x"},
            )
            await connection.run_sync(_run, "head")
        async with bare.transaction() as session:
            kept = await session.scalar(select(Assisted.token_hash))
            assert kept != plain
            newcomer = await people.meet(session, 77, NOW)
            _, somebody = await face_to_face.open_code(session, newcomer, code, NOW)
            assert somebody.id == 1001
    finally:
        await _restore(bare)


async def test_what_was_hidden_before_its_time_waits_unless_somebody_had_read_it(
    bare: Database,
) -> None:
    old = (
        "INSERT INTO people (id, ref, name, state, met_at)"
        " VALUES (1, 'amina', 'Amina', 'active', '2026-01-01')",
        *(
            "INSERT INTO posts (id, ref, person_id, kind, category, state, made_at, expires_at,"
            f" approved_at) VALUES ({number}, '{number}', 1, 'ask', 'advice', '{state}',"
            f" '2026-01-01', '2026-02-01', {approved})"
            for number, state, approved in (
                (1, "hidden", "NULL"), (2, "hidden", "'2026-01-02'"), (3, "waiting", "NULL"),
            )
        ),
    )  # fmt: skip
    try:
        async with bare.engine.begin() as connection:
            await connection.run_sync(_run, "0074")
            for statement in old:
                await connection.execute(text(statement))
            await connection.run_sync(_run, "0077")
            was = await connection.scalars(text("SELECT came_from FROM posts ORDER BY id"))
            assert list(was) == ["waiting", "published", None]
    finally:
        await _restore(bare)


def _used_only_once(connection: Connection) -> set[str]:
    """Return the tables whose numbers SQLite never gives again, which Alembic does not compare."""
    if connection.dialect.name != "sqlite":
        return set()
    made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    return {name for name, sql in made if "AUTOINCREMENT" in sql}


def _partial_indexes(connection: Connection) -> dict[str | None, str]:
    """Return the indexes of some rows only, and of which: Alembic does not compare that."""
    where = f"{connection.dialect.name}_where"
    return {
        index["name"]: str(index["dialect_options"][where])
        for indexes in inspect(connection).get_multi_indexes().values()
        for index in indexes
        if where in index.get("dialect_options", {})
    }


def _compare_type(
    context: object,
    inspected_column: object,
    metadata_column: object,
    inspected_type: object,
    metadata_type: object,
) -> bool | None:
    return False if isinstance(metadata_type, UTCDateTime) else None


def test_every_kind_that_is_owed_has_a_card() -> None:
    from community.policy import POLICY
    from handlers import CARDS

    assert set(POLICY) <= set(CARDS)


def test_no_two_conversations_use_one_name_for_a_card() -> None:
    from handlers import MODULES

    seen: set[str] = set()
    for module in MODULES:
        assert not seen & set(module.CARDS), module.__name__
        seen |= set(module.CARDS)


def test_no_two_buttons_share_a_prefix_and_all_fit_into_64_bytes() -> None:
    import importlib
    import pkgutil

    from aiogram.filters.callback_data import CallbackData

    import handlers

    prefixes: dict[str, type] = {}
    for module in pkgutil.iter_modules(handlers.__path__):
        for value in vars(importlib.import_module(f"handlers.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, CallbackData):
                if value is CallbackData:
                    continue
                prefix = value.__prefix__
                assert prefixes.setdefault(prefix, value) is value, prefix


def test_nothing_that_an_update_is_asked_or_given_to_runs_in_a_thread() -> None:
    """An update's transaction would wait for the thread, and everybody else for that."""
    asked = [
        one
        for router in routes().chain_tail
        for observer in router.observers.values()
        for handler in observer.handlers
        for one in (handler, *(handler.filters or ()))
    ]
    assert len(asked) > 100
    assert [one.callback for one in asked if not one.awaitable] == []


def test_every_card_that_a_handler_names_exists() -> None:
    from handlers import CARDS

    for path in (ROOT / "handlers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"say", "edit", "toast", "alert"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                assert node.args[0].value in CARDS, f"{path.name}: {node.args[0].value!r}"


async def test_questions_to_the_team_become_exchanges_and_keep_every_word(bare: Database) -> None:
    at = "2026-11-23 09:00"
    try:
        async with bare.engine.begin() as connection:
            await connection.run_sync(_run, "0014")
            for statement in (
                "INSERT INTO people (id, ref, name, met_at, state)"
                f" VALUES (3, 'p', 'Amina', '{at}', 'active')",
                "INSERT INTO questions (ref, person_id, state, asked_at, settled_at) VALUES"
                f" ('a', 3, 'closed', '{at}', '{at}'), ('b', 3, 'open', '{at}', NULL),"
                f" ('c', 3, 'open', '{at}', NULL)",
                "INSERT INTO question_messages (question_id, by_team, text, language, at) VALUES"
                f" (1, false, 'Why?', 'ar', '{at}'), (1, true, 'So.', 'en', '{at}'),"
                f" (2, false, 'When?', 'ar', '{at}'), (3, false, 'Gone', 'ar', '{at}')",
                "DELETE FROM question_messages WHERE question_id = 3",
                "DELETE FROM questions WHERE id = 3",
                "INSERT INTO history (at, subject, subject_id, before, after)"
                f" VALUES ('{at}', 'question', 1, 'answered', 'closed')",
            ):
                await connection.execute(text(statement))
            await connection.run_sync(_run, "0015")
            exchanges = text("SELECT id, ref, kind, state FROM exchanges ORDER BY id")
            assert [*map(tuple, await connection.execute(exchanges))] == [
                (1, "a", "team", "closed"),
                (2, "b", "team", "open"),
            ]
            said = text("SELECT exchange_id, by_member, text FROM exchange_messages ORDER BY id")
            assert [*map(tuple, await connection.execute(said))] == [
                (1, True, "Why?"),
                (1, False, "So."),
                (2, True, "When?"),
            ]
            assert await connection.scalar(text("SELECT subject FROM history")) == "exchange"
            one_more = (
                "INSERT INTO exchange_messages (exchange_id, by_member, text, language, at)"
                f" VALUES (2, true, 'x', 'ar', '{at}') RETURNING id"
            )
            assert await connection.scalar(text(one_more)) == 5, "4 stands in an old key"
            await connection.run_sync(lambda c: _run(c, "-1", down=True))
            asked = text("SELECT question_id, by_team, text FROM question_messages ORDER BY id")
            assert (await connection.execute(asked)).first() == (1, False, "Why?")
    finally:
        await _restore(bare)


async def test_a_file_with_data_in_it_migrates_and_keeps_every_row(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/old.db"
    at_first = Database(url)
    async with at_first.engine.begin() as connection:
        await connection.run_sync(_run, "0002")
        for statement in (
            "INSERT INTO areas (id, ref, zone, made_at) VALUES (7, 'a', 'Europe/Paris', :now)",
            "INSERT INTO people (id, ref, telegram_id, name, area_id, met_at, state)"
            " VALUES (3, 'p', 30, 'Amina', 7, :now, 'active')",
            "INSERT INTO sends (id, ref, kind, made_at, fallback, state, alone)"
            " VALUES (5, 's', 'newsletter', :now, 'network', 'sent', 0)",
            'INSERT INTO deliveries (id, "key", kind, person_id, send_id, args, lane, state,'
            " due_at, expires_at, tries, planned_at)"
            " VALUES (9, 'k', 'newsletter', 3, 5, '{}', 3, 'claimed', :now, :now, 1, :now)",
            "INSERT INTO consents (id, person_id, purpose, granted, version, language, at)"
            " VALUES (1, 3, 'news', 1, '1', 'en', :now), (2, 3, 'news', 0, '1', 'en', :now)",
        ):
            await connection.execute(text(statement), {"now": "2026-11-23 09:00:00.000000"})
    await at_first.close()
    await migrate_async(url)
    database = Database(url)
    async with database.transaction() as session:
        person = (await session.execute(text("SELECT area_id, seen_at FROM people"))).one()
        delivery = (
            await session.execute(text("SELECT send_id, started_at FROM deliveries"))
        ).one()
        current = await session.scalars(text("SELECT current FROM consents ORDER BY id"))
        assert (person.area_id, delivery.send_id) == (7, 5)
        assert person.seen_at, "who was there before counts as active"
        assert delivery.started_at, "what an old version had claimed may have left"
        assert list(current) == [0, 1]
    await database.close()


async def test_of_two_consents_that_were_current_at_once_the_newer_stays(bare: Database) -> None:
    try:
        async with bare.engine.begin() as connection:
            await connection.run_sync(_run, "0009")
            for statement in (
                "INSERT INTO people (id, ref, name, met_at, state)"
                " VALUES (3, 'p', 'Amina', '2026-11-23 09:00', 'active')",
                "INSERT INTO consents"
                " (id, person_id, purpose, granted, current, version, language, at)"
                " SELECT n, 3, purpose, n = 2, n < 3, '1', 'en', '2026-11-23 09:00' FROM"
                " (SELECT 1 n, 'news' purpose UNION SELECT 2, 'news' UNION SELECT 3, 'surveys') x",
            ):
                await connection.execute(text(statement))
            await connection.run_sync(_run, "0010")
            current = await connection.scalars(text("SELECT current FROM consents ORDER BY id"))
        assert list(current) == [False, True, False]
    finally:
        await _restore(bare)
