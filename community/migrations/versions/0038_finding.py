"""Finding: words and how they are misspelt, what was not found, who waits for it, who is stuck

Revision ID: 0038
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.providers import indexing

revision = "0038"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("word", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_words"),
        sa.UniqueConstraint("word", name="uq_search_words_word"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_keys",
        sa.Column("key", sa.String(7), nullable=False),
        sa.Column("word_id", BigId, nullable=False),
        sa.PrimaryKeyConstraint("key", "word_id", name="pk_search_keys"),
        sa.ForeignKeyConstraint(
            ["word_id"], ["search_words.id"], name="fk_search_keys_word_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_places",
        sa.Column("word_id", BigId, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(12), nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.PrimaryKeyConstraint(
            "word_id", "rank", "subject", "subject_id", name="pk_search_places"
        ),
        sa.ForeignKeyConstraint(
            ["word_id"], ["search_words.id"], name="fk_search_places_word_id", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_search_places_subject_subject_id", "search_places", ["subject", "subject_id"]
    )
    indexing.fill(op.get_bind(), dict.fromkeys(indexing.SUBJECTS))
    op.create_table(
        "unmet_demand",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("need", sa.String(24), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("miss", sa.String(16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unmet_demand"),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name="fk_unmet_demand_area_id", ondelete="SET NULL"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_unmet_demand_day", "unmet_demand", ["day"])
    op.create_index("ix_unmet_demand_area_id", "unmet_demand", ["area_id"])
    op.create_table(
        "service_wishes",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("need", sa.String(24), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_wishes"),
        sa.UniqueConstraint("person_id", "need", name="uq_service_wishes_person_id_need"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_service_wishes_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name="fk_service_wishes_area_id", ondelete="SET NULL"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_service_wishes_area_id", "service_wishes", ["area_id"])
    op.create_index("ix_referrals_service_id", "referrals", ["service_id"])
    op.add_column(
        "conversations", sa.Column("missed", sa.JSON(), nullable=False, server_default="{}")
    )
    with op.batch_alter_table(
        "exchange_messages", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.add_column(sa.Column("service_id", BigId, nullable=True))
        batch.add_column(sa.Column("step_id", BigId, nullable=True))
        batch.create_foreign_key(
            "fk_exchange_messages_service_id",
            "services",
            ["service_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch.create_foreign_key(
            "fk_exchange_messages_step_id",
            "service_steps",
            ["step_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    with op.batch_alter_table(
        "exchange_messages", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.drop_constraint("fk_exchange_messages_step_id", type_="foreignkey")
        batch.drop_constraint("fk_exchange_messages_service_id", type_="foreignkey")
        batch.drop_column("step_id")
        batch.drop_column("service_id")
    op.drop_column("conversations", "missed")
    op.drop_index("ix_referrals_service_id", "referrals")
    for table in (
        "service_wishes",
        "unmet_demand",
        "search_places",
        "search_keys",
        "search_words",
    ):
        op.drop_table(table)
