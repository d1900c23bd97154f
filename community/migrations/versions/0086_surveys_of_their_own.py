"""Networks ask surveys of their own

Revision ID: 0086
Revises: 0085
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId
from community.migrations.taking_back import refuse_while

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

AUTO = {"sqlite_autoincrement": True}
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "survey_forms",
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_at", WHEN, nullable=False),
        sa.Column("asked_at", WHEN, nullable=True),
        sa.Column("linked_at", WHEN, nullable=True),
        sa.Column("withdrawn_at", WHEN, nullable=True),
        sa.Column("made_by_id", BigId, nullable=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["people.id"], name="fk_survey_forms_made_by_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_survey_forms"),
        sa.UniqueConstraint("code", "version", name="uq_survey_forms_code_version"),
        sa.UniqueConstraint("ref", name="uq_survey_forms_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_survey_forms_made_by_id", "survey_forms", ["made_by_id"])
    with op.batch_alter_table("surveys", table_kwargs=AUTO) as table:
        table.add_column(sa.Column("form_id", BigId, nullable=True))
        table.create_foreign_key("fk_surveys_form_id", "survey_forms", ["form_id"], ["id"])
        table.create_index("ix_surveys_form_id", ["form_id"])


def downgrade() -> None:
    refuse_while(revision, {"survey_forms": "true"})
    with op.batch_alter_table("surveys", table_kwargs=AUTO) as table:
        table.drop_index("ix_surveys_form_id")
        table.drop_constraint("fk_surveys_form_id", type_="foreignkey")
        table.drop_column("form_id")
    op.drop_table("survey_forms")
