"""Exchanges: questions to the team become one kind of what two sides write to each other

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchanges",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("referral_id", BigId, nullable=True),
        sa.Column("event_id", BigId, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=False),
        sa.Column("touched_at", UTCDateTime(), nullable=False),
        sa.Column("closed_by_member", sa.Boolean(), nullable=True),
        sa.Column("reported_at", UTCDateTime(), nullable=True),
        sa.Column("reported_by_member", sa.Boolean(), nullable=True),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_exchanges_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name="fk_exchanges_referral_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_exchanges_event_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exchanges"),
        sa.UniqueConstraint("ref", name="uq_exchanges_ref"),
        sa.UniqueConstraint("referral_id", name="uq_exchanges_referral_id"),
        sa.UniqueConstraint("event_id", "person_id", name="uq_exchanges_event_id_person_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exchanges_person_id", "exchanges", ["person_id"])
    op.create_index("ix_exchanges_waiting", "exchanges", ["kind", "state"])
    op.create_table(
        "exchange_messages",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("exchange_id", BigId, nullable=False),
        sa.Column("by_member", sa.Boolean(), nullable=False),
        sa.Column("written_by_id", BigId, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchanges.id"],
            name="fk_exchange_messages_exchange_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["written_by_id"],
            ["people.id"],
            name="fk_exchange_messages_written_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_messages"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exchange_messages_exchange_id", "exchange_messages", ["exchange_id"])
    op.execute(
        "INSERT INTO exchanges (id, ref, person_id, kind, state, begun_at, touched_at,"
        " closed_by_member)"
        " SELECT id, ref, person_id, 'team', state, asked_at,"
        " coalesce(settled_at, (SELECT max(at) FROM question_messages WHERE question_id ="
        " questions.id), asked_at), CASE WHEN state = 'closed' THEN false END FROM questions"
    )
    op.execute(
        "INSERT INTO exchange_messages"
        " (id, exchange_id, by_member, written_by_id, text, language, at)"
        " SELECT id, question_id, NOT by_team, written_by_id, text, language, at"
        " FROM question_messages"
    )
    op.execute("UPDATE history SET subject = 'exchange' WHERE subject = 'question'")
    _go_on_counting({"questions": "exchanges", "question_messages": "exchange_messages"})
    op.drop_table("question_messages")
    op.drop_table("questions")


def downgrade() -> None:
    op.create_table(
        "questions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_questions_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.UniqueConstraint("ref", name="uq_questions_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_questions_person_id", "questions", ["person_id"])
    op.create_index("ix_questions_state", "questions", ["state"])
    op.create_table(
        "question_messages",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("question_id", BigId, nullable=False),
        sa.Column("by_team", sa.Boolean(), nullable=False),
        sa.Column("written_by_id", BigId, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.id"],
            name="fk_question_messages_question_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["written_by_id"],
            ["people.id"],
            name="fk_question_messages_written_by_id",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_question_messages"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_question_messages_question_id", "question_messages", ["question_id"])
    op.execute(
        "INSERT INTO questions (id, ref, person_id, state, asked_at, settled_at)"
        " SELECT id, ref, person_id, state, begun_at,"
        " CASE WHEN state = 'closed' THEN touched_at END FROM exchanges WHERE kind = 'team'"
    )
    op.execute(
        "INSERT INTO question_messages"
        " (id, question_id, by_team, written_by_id, text, language, at)"
        " SELECT m.id, m.exchange_id, NOT m.by_member, m.written_by_id, m.text, m.language, m.at"
        " FROM exchange_messages m JOIN exchanges e ON e.id = m.exchange_id"
        " WHERE e.kind = 'team'"
    )
    op.execute(
        "DELETE FROM history WHERE subject = 'exchange'"
        " AND subject_id IN (SELECT id FROM exchanges WHERE kind <> 'team')"
    )
    op.execute("UPDATE history SET subject = 'question' WHERE subject = 'exchange'")
    _go_on_counting({"exchanges": "questions", "exchange_messages": "question_messages"})
    op.drop_table("exchange_messages")
    op.drop_table("exchanges")


def _go_on_counting(tables: dict[str, str]) -> None:
    """Let the new table give no number that the old one has given: keys of messages carry them."""
    connection = op.get_bind()
    for old, new in tables.items():
        names = {"old": old, "new": new}
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :new"), names)
            connection.execute(
                sa.text(
                    "INSERT INTO sqlite_sequence (name, seq)"
                    " SELECT :new, seq FROM sqlite_sequence WHERE name = :old"
                ),
                names,
            )
        else:
            count = sa.table(f"{old}_id_seq", sa.column("last_value"), sa.column("is_called"))
            last, is_called = connection.execute(sa.select(*count.c)).one()
            connection.execute(
                sa.text("SELECT setval(pg_get_serial_sequence(:new, 'id'), :last, :is_called)"),
                {"new": new, "last": last, "is_called": is_called},
            )
