"""Matches: who could help whom is proposed to each other

Revision ID: 0072
Revises: 0071
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

NAME = "fk_exchanges_match_id"
TABLES = (
    "match_sides",
    "matches",
    "match_rounds",
    "pairings",
    "person_blocks",
    "spoken_languages",
    "person_offers",
)


def upgrade() -> None:
    op.create_table(
        "match_rounds",
        sa.Column("key", sa.String(48), nullable=False),
        sa.Column("person_id", BigId, nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("receivers", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_match_rounds_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_match_rounds"),
        sa.UniqueConstraint("key", name="uq_match_rounds_key"),
        sa.UniqueConstraint("ref", name="uq_match_rounds_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_match_rounds_finished_at", "match_rounds", ["finished_at"])
    op.create_index("ix_match_rounds_person_id", "match_rounds", ["person_id"])
    op.create_table(
        "pairings",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("seeks", sa.JSON(), nullable=False),
        sa.Column("gives", sa.String(16), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("confirmed_by_id", BigId, nullable=True),
        sa.Column("sector", sa.String(16), nullable=True),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("rests_since", UTCDateTime(), nullable=True),
        sa.Column("rests_until", UTCDateTime(), nullable=True),
        sa.Column("told_of_none_at", UTCDateTime(), nullable=True),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"],
            ["people.id"],
            name="fk_pairings_confirmed_by_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_pairings_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_pairings"),
    )
    op.create_table(
        "person_blocks",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("blocked_id", BigId, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["blocked_id"], ["people.id"], name="fk_person_blocks_blocked_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_person_blocks_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_person_blocks"),
        sa.UniqueConstraint(
            "person_id", "blocked_id", name="uq_person_blocks_person_id_blocked_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_person_blocks_blocked_id", "person_blocks", ["blocked_id"])
    op.create_table(
        "person_offers",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("term", sa.String(24), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_person_offers_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "term", name="pk_person_offers"),
    )
    op.create_table(
        "spoken_languages",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_spoken_languages_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "language", name="pk_spoken_languages"),
    )
    op.create_table(
        "matches",
        sa.Column("round_id", BigId, nullable=True),
        sa.Column("partner", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_at", UTCDateTime(), nullable=False),
        sa.Column("lapses_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column("introduced_at", UTCDateTime(), nullable=True),
        sa.Column("asks_at", UTCDateTime(), nullable=True),
        sa.Column("closes_at", UTCDateTime(), nullable=True),
        sa.Column("ends_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("by_id", BigId, nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name="fk_matches_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["team_contacts.id"], name="fk_matches_contact_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["match_rounds.id"], name="fk_matches_round_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_matches"),
        sa.UniqueConstraint("ref", name="uq_matches_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_matches_asks_at", "matches", ["asks_at"])
    op.create_index("ix_matches_closes_at", "matches", ["closes_at"])
    op.create_index("ix_matches_contact_id", "matches", ["contact_id"])
    op.create_index("ix_matches_lapsing", "matches", ["settled_at", "lapses_at"])
    op.create_index("ix_matches_round_id", "matches", ["round_id"])
    op.create_index("ix_matches_state", "matches", ["state"])
    op.create_table(
        "match_sides",
        sa.Column("match_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("proposed_at", UTCDateTime(), nullable=False),
        sa.Column("accepted_at", UTCDateTime(), nullable=True),
        sa.Column("declined_at", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.String(16), nullable=True),
        sa.Column("met", sa.Boolean(), nullable=True),
        sa.Column("useful", sa.Boolean(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("said_at", UTCDateTime(), nullable=True),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["match_id"], ["matches.id"], name="fk_match_sides_match_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_match_sides_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_match_sides"),
        sa.UniqueConstraint("match_id", "side", name="uq_match_sides_match_id_side"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_match_sides_match_id", "match_sides", ["match_id"])
    op.create_index("ix_match_sides_person", "match_sides", ["person_id", "proposed_at"])
    with op.batch_alter_table("exchanges", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("match_id", BigId, nullable=True))
        batch.create_foreign_key(NAME, "matches", ["match_id"], ["id"], ondelete="CASCADE")
        batch.create_unique_constraint("uq_exchanges_match_id", ["match_id"])


def downgrade() -> None:
    refuse_while(revision, {"exchanges": "match_id IS NOT NULL", **dict.fromkeys(TABLES, "true")})
    with op.batch_alter_table("exchanges", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint("uq_exchanges_match_id", type_="unique")
        batch.drop_constraint(NAME, type_="foreignkey")
        batch.drop_column("match_id")
    for name in TABLES:
        op.drop_table(name)
