"""Topics, audiences, held sends; which consent is the newest; when a message was let go

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from community.base import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "muted_topics",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_muted_topics_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", "topic", name=op.f("pk_muted_topics")),
    )
    op.add_column("people", sa.Column("seen_at", UTCDateTime(), nullable=True))
    op.execute("UPDATE people SET seen_at = coalesce(joined_at, met_at)")
    op.add_column(
        "consents", sa.Column("current", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(
        "UPDATE consents SET current = (1 = 1) WHERE id IN "
        "(SELECT max(id) FROM consents GROUP BY person_id, purpose)"
    )
    op.drop_index("ix_consents_person", table_name="consents")
    op.create_index(
        "ix_consents_person", "consents", ["person_id", "current", "purpose", "granted"]
    )
    op.add_column("deliveries", sa.Column("started_at", UTCDateTime(), nullable=True))
    op.execute("UPDATE deliveries SET started_at = planned_at WHERE state = 'claimed'")
    op.drop_index("ix_deliveries_send_id", table_name="deliveries")
    op.create_index("ix_deliveries_send", "deliveries", ["send_id", "state", "language"])
    op.drop_index("ix_deliveries_due", table_name="deliveries")
    op.create_index("ix_deliveries_due", "deliveries", ["state", "lane", "due_at", "id"])
    op.add_column("sends", sa.Column("for_whom", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("sends", sa.Column("held_because", sa.String(24), nullable=True))


def downgrade() -> None:
    op.drop_column("sends", "held_because")
    op.drop_column("sends", "for_whom")
    op.drop_index("ix_deliveries_due", table_name="deliveries")
    op.create_index("ix_deliveries_due", "deliveries", ["state", "lane", "due_at"])
    op.drop_index("ix_deliveries_send", table_name="deliveries")
    op.create_index("ix_deliveries_send_id", "deliveries", ["send_id"])
    op.drop_column("deliveries", "started_at")
    op.drop_index("ix_consents_person", table_name="consents")
    op.create_index("ix_consents_person", "consents", ["person_id", "purpose", "id"])
    op.drop_column("consents", "current")
    op.drop_column("people", "seen_at")
    op.drop_table("muted_topics")
