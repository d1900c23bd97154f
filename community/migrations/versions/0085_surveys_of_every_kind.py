"""Surveys ask numbers, texts and voices, in waves, and of who has left and agreed to it

Revision ID: 0085
Revises: 0082
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId
from community.migrations.taking_back import refuse_while

revision = "0085"
down_revision = "0082"
branch_labels = None
depends_on = None

NO_SUBJECT = "event_id IS NULL AND referral_id IS NULL"
WHEN = sa.DateTime(timezone=True)
NUMBERED = {"sqlite_autoincrement": True}
"""What SQLite forgets of a table that is copied: its numbers are never given again."""


def upgrade() -> None:
    with op.batch_alter_table("surveys", table_kwargs=NUMBERED) as table:
        table.add_column(sa.Column("window", sa.String(32), server_default="", nullable=False))
        table.add_column(sa.Column("wave", sa.String(16), server_default="", nullable=False))
        table.add_column(sa.Column("referral_id", BigId, nullable=True))
        table.create_foreign_key("fk_surveys_referral_id", "referrals", ["referral_id"], ["id"])
        table.create_unique_constraint(
            "uq_surveys_template_version_referral_id", ["template", "version", "referral_id"]
        )
        table.create_index("ix_surveys_referral_id", ["referral_id"])
        table.alter_column("closes_at", existing_type=WHEN, nullable=True)
    op.execute("UPDATE surveys SET \"window\" = 'after_event'")
    with op.batch_alter_table("surveys", table_kwargs=NUMBERED) as table:
        table.alter_column("window", existing_type=sa.String(32), server_default=None)
        table.alter_column("wave", existing_type=sa.String(16), server_default=None)
    op.create_index(
        "uq_surveys_wave",
        "surveys",
        ["template", "version", "window", "wave"],
        unique=True,
        sqlite_where=sa.text(NO_SUBJECT),
        postgresql_where=sa.text(NO_SUBJECT),
    )
    with op.batch_alter_table("survey_responses", table_kwargs=NUMBERED) as table:
        table.add_column(sa.Column("closes_at", WHEN, nullable=True))
        table.add_column(sa.Column("at", sa.String(32), nullable=True))
        table.add_column(sa.Column("passed", sa.JSON(), server_default="[]", nullable=False))
    with op.batch_alter_table("survey_responses", table_kwargs=NUMBERED) as table:
        table.alter_column("passed", existing_type=sa.JSON(), server_default=None)
    with op.batch_alter_table("survey_answers", table_kwargs=NUMBERED) as table:
        table.add_column(sa.Column("amount", sa.Numeric(14, 2), nullable=True))
        table.add_column(sa.Column("day", sa.Date(), nullable=True))
        table.add_column(sa.Column("text", sa.Text(), nullable=True))
        table.add_column(sa.Column("voice", sa.String(200), nullable=True))
        table.add_column(sa.Column("language", sa.String(16), nullable=True))
        table.add_column(sa.Column("answered_at", WHEN, nullable=True))
        table.drop_constraint("uq_survey_answers_response_id_question", type_="unique")
        table.create_unique_constraint(
            "uq_survey_answers_response_id_question_value", ["response_id", "question", "value"]
        )
    op.create_table(
        "exit_agreements",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("left_at", WHEN, nullable=False),
        sa.Column("withdrawn_at", WHEN, nullable=True),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_exit_agreements_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exit_agreements"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exit_agreements_person_id", "exit_agreements", ["person_id"])


def downgrade() -> None:
    refuse_while(
        revision,
        {
            "exit_agreements": "true",
            "surveys": "event_id IS NULL",
            "survey_answers": "amount IS NOT NULL OR day IS NOT NULL OR text IS NOT NULL"
            " OR voice IS NOT NULL",
        },
    )
    op.drop_table("exit_agreements")
    with op.batch_alter_table("survey_answers", table_kwargs=NUMBERED) as table:
        table.drop_constraint("uq_survey_answers_response_id_question_value", type_="unique")
        table.create_unique_constraint(
            "uq_survey_answers_response_id_question", ["response_id", "question"]
        )
        for column in ("answered_at", "language", "voice", "text", "day", "amount"):
            table.drop_column(column)
    with op.batch_alter_table("survey_responses", table_kwargs=NUMBERED) as table:
        for column in ("passed", "at", "closes_at"):
            table.drop_column(column)
    op.drop_index("uq_surveys_wave", "surveys")
    op.execute("UPDATE surveys SET closes_at = opened_at WHERE closes_at IS NULL")
    with op.batch_alter_table("surveys", table_kwargs=NUMBERED) as table:
        table.alter_column("closes_at", existing_type=WHEN, nullable=False)
        table.drop_constraint("uq_surveys_template_version_referral_id", type_="unique")
        table.drop_index("ix_surveys_referral_id")
        table.drop_constraint("fk_surveys_referral_id", type_="foreignkey")
        for column in ("referral_id", "wave", "window"):
            table.drop_column(column)
