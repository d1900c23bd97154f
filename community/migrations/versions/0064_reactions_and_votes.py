"""What members say of a text with one press, and what they vote; the digest

Revision ID: 0064
Revises: 0063
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from community.base import BigId
from community.migrations.taking_back import refuse_while

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def _to(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{of}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "reactions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("send_id", BigId, nullable=True),
        sa.Column("event_id", BigId, nullable=True),
        sa.Column("meaning", sa.String(16), nullable=False),
        _to("reactions", "person_id", "people"),
        _to("reactions", "send_id", "sends"),
        _to("reactions", "event_id", "events"),
        sa.PrimaryKeyConstraint("id", name="pk_reactions"),
        sa.UniqueConstraint("person_id", "send_id", name="uq_reactions_person_id_send_id"),
        sa.UniqueConstraint("person_id", "event_id", name="uq_reactions_person_id_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reactions_send_id", "reactions", ["send_id"])
    op.create_index("ix_reactions_event_id", "reactions", ["event_id"])
    op.create_table(
        "votes",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("send_id", BigId, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        _to("votes", "send_id", "sends"),
        sa.PrimaryKeyConstraint("id", name="pk_votes"),
        sa.UniqueConstraint("send_id", name="uq_votes_send_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ballots",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("vote_id", BigId, nullable=False),
        sa.Column("option", sa.Integer(), nullable=False),
        _to("ballots", "person_id", "people"),
        _to("ballots", "vote_id", "votes"),
        sa.PrimaryKeyConstraint("id", name="pk_ballots"),
        sa.UniqueConstraint("person_id", "vote_id", name="uq_ballots_person_id_vote_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ballots_vote_id", "ballots", ["vote_id"])
    _add(
        "digest_items",
        sa.Column("is_story", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _add("digests", sa.Column("pace", sa.String(16), nullable=False, server_default="month"))
    op.add_column("people", sa.Column("digest_every", sa.String(16), nullable=True))


def _add(table: str, column: sa.Column[Any]) -> None:
    """Add a column of which rows that are there take the default, and new ones do not."""
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(column)
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column(column.name, server_default=None)


def downgrade() -> None:
    kept = {"reactions": "1 = 1", "votes": "1 = 1", "ballots": "1 = 1"}
    refuse_while(revision, {**kept, "people": "digest_every IS NOT NULL"})
    op.drop_column("people", "digest_every")
    with op.batch_alter_table("digests", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("pace")
    with op.batch_alter_table(
        "digest_items", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.drop_column("is_story")
    op.drop_table("ballots")
    op.drop_table("votes")
    op.drop_table("reactions")
