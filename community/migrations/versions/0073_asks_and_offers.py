"""Asks and offers of members, first readers, answers

Revision ID: 0073
Revises: 0072
"""

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

NAME = "fk_exchanges_post_id"
TABLES = ("post_readers", "post_answers", "posts")


def upgrade() -> None:
    op.create_table(
        "posts",
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("need", sa.String(24), nullable=True),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("approved_at", UTCDateTime(), nullable=True),
        sa.Column("approved_by_id", BigId, nullable=True),
        sa.Column("announced_at", UTCDateTime(), nullable=True),
        sa.Column("refused_because", sa.String(16), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("rings_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("found_by_id", BigId, nullable=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["people.id"], name="fk_posts_approved_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["area_id"], ["areas.id"], name="fk_posts_area_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["found_by_id"], ["people.id"], name="fk_posts_found_by_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_posts_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.UniqueConstraint("ref", name="uq_posts_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_posts_board", "posts", ["state", "expires_at"])
    op.create_index("ix_posts_person_id", "posts", ["person_id"])
    op.create_index("ix_posts_rings_at", "posts", ["rings_at"])
    op.create_table(
        "post_answers",
        sa.Column("post_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("poster_agreed_at", UTCDateTime(), nullable=True),
        sa.Column("answerer_agreed_at", UTCDateTime(), nullable=True),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_post_answers_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name="fk_post_answers_post_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_post_answers"),
        sa.UniqueConstraint("post_id", "person_id", name="uq_post_answers_post_id_person_id"),
        sa.UniqueConstraint("ref", name="uq_post_answers_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_post_answers_person_id", "post_answers", ["person_id"])
    op.create_table(
        "post_readers",
        sa.Column("post_id", BigId, nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_post_readers_person_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name="fk_post_readers_post_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", "person_id", name="pk_post_readers"),
    )
    with op.batch_alter_table("exchanges", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("post_id", BigId, nullable=True))
        batch.create_foreign_key(NAME, "posts", ["post_id"], ["id"], ondelete="CASCADE")
        batch.create_unique_constraint("uq_exchanges_post_id_person_id", ["post_id", "person_id"])


def downgrade() -> None:
    kept = {"exchanges": "post_id IS NOT NULL", "translations": "subject = 'post'"}
    refuse_while(revision, {**dict.fromkeys(TABLES, "true"), **kept})
    with op.batch_alter_table("exchanges", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint("uq_exchanges_post_id_person_id", type_="unique")
        batch.drop_constraint(NAME, type_="foreignkey")
        batch.drop_column("post_id")
    for name in TABLES:
        op.drop_table(name)
