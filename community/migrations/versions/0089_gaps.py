"""What members look for beside what helps: maps, what is planned, and what networks are worth

Revision ID: 0089
Revises: 0087
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0089"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "network_ratings",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("service_id", BigId, nullable=False),
        sa.Column("use", sa.String(8), nullable=False),
        sa.Column("suits", sa.Boolean(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("rated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name="fk_network_ratings_person_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["services.id"],
            name="fk_network_ratings_service_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "service_id", name="pk_network_ratings"),
    )
    op.create_index("ix_network_ratings_service_id", "network_ratings", ["service_id"])
    op.create_index("ix_network_ratings_rated_at", "network_ratings", ["rated_at"])
    op.create_table(
        "network_figures",
        sa.Column("service_id", BigId, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("told", sa.String(8), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["services.id"],
            name="fk_network_figures_service_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("service_id", "year", "number", "what", name="pk_network_figures"),
    )
    op.create_table(
        "gap_waves",
        sa.Column("id", BigId, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("rule", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gap_waves"),
        sa.UniqueConstraint("year", "number", name="uq_gap_waves_year_number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "gap_cells",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("wave_id", BigId, nullable=False),
        sa.Column("need", sa.String(24), nullable=False),
        sa.Column("dimension", sa.String(8), nullable=False),
        sa.Column("key", sa.String(24), nullable=False),
        sa.Column("looking", sa.String(8), nullable=False),
        sa.Column("offering", sa.String(8), nullable=True),
        sa.Column("services", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("networks", sa.Integer(), nullable=False),
        sa.Column("weak_networks", sa.Integer(), nullable=False),
        sa.Column("gap", sa.String(12), nullable=True),
        sa.ForeignKeyConstraint(
            ["wave_id"], ["gap_waves.id"], name="fk_gap_cells_wave_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_gap_cells"),
        sa.UniqueConstraint("ref", name="uq_gap_cells_ref"),
        sa.UniqueConstraint(
            "wave_id", "need", "dimension", "key", name="uq_gap_cells_wave_id_need_dimension_key"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_gap_cells_gap", "gap_cells", ["gap"])
    op.create_table(
        "planned_actions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("way", sa.String(12), nullable=False),
        sa.Column("need", sa.String(24), nullable=True),
        sa.Column("dimension", sa.String(8), nullable=True),
        sa.Column("key", sa.String(24), nullable=True),
        sa.Column("task_id", BigId, nullable=True),
        sa.Column("event_id", BigId, nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["plan_tasks.id"],
            name="fk_planned_actions_task_id",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_planned_actions_event_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_planned_actions"),
        sa.UniqueConstraint("ref", name="uq_planned_actions_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_planned_actions_need_dimension_key", "planned_actions", ["need", "dimension", "key"]
    )
    op.create_index("ix_planned_actions_task_id", "planned_actions", ["task_id"])
    op.create_index("ix_planned_actions_event_id", "planned_actions", ["event_id"])
    op.create_table(
        "action_scores",
        sa.Column("id", BigId, nullable=False),
        sa.Column("action_id", BigId, nullable=False),
        sa.Column("criterion", sa.String(16), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["planned_actions.id"],
            name="fk_action_scores_action_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name="fk_action_scores_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_action_scores"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_action_scores_action_id", "action_scores", ["action_id"])
    op.create_index("ix_action_scores_by_id", "action_scores", ["by_id"])
    op.create_table(
        "action_evidence",
        sa.Column("id", BigId, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("action_id", BigId, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("cell_id", BigId, nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["planned_actions.id"],
            name="fk_action_evidence_action_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["cell_id"],
            ["gap_cells.id"],
            name="fk_action_evidence_cell_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name="fk_action_evidence_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_action_evidence"),
        sa.UniqueConstraint("ref", name="uq_action_evidence_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_action_evidence_action_id", "action_evidence", ["action_id"])
    op.create_index("ix_action_evidence_cell_id", "action_evidence", ["cell_id"])
    op.create_index("ix_action_evidence_by_id", "action_evidence", ["by_id"])


TABLES = (
    "action_evidence",
    "action_scores",
    "planned_actions",
    "gap_cells",
    "gap_waves",
    "network_figures",
    "network_ratings",
)


def downgrade() -> None:
    # A map cannot be made once more: what was looked for then is not kept.
    kept = ("network_ratings", "gap_waves", "planned_actions")
    refuse_while(revision, dict.fromkeys(kept, "true"))
    for table in TABLES:
        op.drop_table(table)
