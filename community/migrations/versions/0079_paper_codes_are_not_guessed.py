"""Paper codes are kept as keyed hashes, and wrong ones are counted; since when a number is kept

What is printed stays good: of each old hash the keyed hash is kept, and a code is read so.

Revision ID: 0079
Revises: 0074
"""

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime
from community.migrations.taking_back import refuse_while

revision = "0079"
down_revision = "0074"
branch_labels = None
depends_on = None

NAME = "paper codes"
KEYS = sa.table("keys", sa.column("name"), sa.column("value"))
ASSISTED = sa.table(
    "assisted",
    sa.column("id", BigId),
    sa.column("token_hash"),
    sa.column("phone"),
    sa.column("phone_at"),
    sa.column("registered_at"),
)


def upgrade() -> None:
    op.create_table(
        "code_tries",
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_code_tries"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_code_tries_at", "code_tries", ["at"])
    op.create_index("ix_code_tries_who_at", "code_tries", ["who", "at"])
    with op.batch_alter_table("assisted", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("phone_at", UTCDateTime(), nullable=True))
    given = ASSISTED.update().where(ASSISTED.c.phone.is_not(None))
    op.get_bind().execute(given.values(phone_at=ASSISTED.c.registered_at))
    bind, key = op.get_bind(), secrets.token_hex(32)
    bind.execute(KEYS.insert().values(name=NAME, value=key))
    old = sa.select(ASSISTED.c.id, ASSISTED.c.token_hash).where(ASSISTED.c.token_hash.is_not(None))
    for number, plain in bind.execute(old).all():
        keyed = hmac.new(bytes.fromhex(key), plain.encode(), hashlib.sha256).hexdigest()
        bind.execute(ASSISTED.update().where(ASSISTED.c.id == number).values(token_hash=keyed))


def downgrade() -> None:
    # Nobody makes the old hashes of the new ones: papers that are out there would lead nowhere.
    refuse_while(revision, {"assisted": "token_hash IS NOT NULL"})
    op.get_bind().execute(KEYS.delete().where(KEYS.c.name == NAME))
    with op.batch_alter_table("assisted", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("phone_at")
    op.drop_table("code_tries")
