"""The directory in HSDS 3.0's words: where, when, who to turn to, and one list of needs

Revision ID: 0020
Revises: 0019
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from community.base import BigId, UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _from_hsds() -> list[sa.Column[Any]]:
    return [
        sa.Column("hsds_id", sa.String(64), nullable=True),
        sa.Column("hsds", sa.JSON(), nullable=False, server_default="{}"),
    ]


def _made(
    name: str, *columns: sa.Column[Any], ref: bool = True, links: tuple[str, ...] = ()
) -> None:
    """Create a table with what all of the directory have, and its links to others."""
    targets = {
        "organization_id": "organizations",
        "service_id": "services",
        "location_id": "locations",
        "area_id": "areas",
    }
    op.create_table(
        name,
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        *([sa.Column("ref", sa.String(16), nullable=False)] if ref else []),
        *columns,
        *_from_hsds(),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        *([sa.UniqueConstraint("ref", name=f"uq_{name}_ref")] if ref else []),
        sa.UniqueConstraint("hsds_id", name=f"uq_{name}_hsds_id"),
        *(
            sa.ForeignKeyConstraint([link], [f"{targets[link]}.id"], name=f"fk_{name}_{link}")
            for link in links
        ),
        sqlite_autoincrement=True,
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    _made(
        "programs",
        sa.Column("organization_id", BigId, nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        links=("organization_id",),
    )
    _index("programs", "organization_id")
    with op.batch_alter_table(
        "organizations", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.add_column(sa.Column("email", sa.String(254), nullable=True))
        batch.add_column(sa.Column("phone", sa.String(64), nullable=True))
        batch.add_column(sa.Column("website", sa.String(500), nullable=True))
        batch.add_column(sa.Column("confirmed_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("asks", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("asked_at", UTCDateTime(), nullable=True))
        for column in _from_hsds():
            batch.add_column(column)
        batch.create_unique_constraint("uq_organizations_hsds_id", ["hsds_id"])
    with op.batch_alter_table("services", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("program_id", BigId, nullable=True))
        batch.add_column(
            sa.Column("kind", sa.String(16), nullable=False, server_default="service")
        )
        batch.add_column(sa.Column("email", sa.String(254), nullable=True))
        batch.add_column(sa.Column("phone", sa.String(64), nullable=True))
        batch.add_column(sa.Column("url", sa.String(500), nullable=True))
        batch.add_column(sa.Column("profiles", sa.JSON(), nullable=False, server_default="[]"))
        batch.add_column(
            sa.Column("is_paused", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.add_column(sa.Column("full_until", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("capacity", sa.Integer(), nullable=True))
        for column in _from_hsds():
            batch.add_column(column)
        batch.create_unique_constraint("uq_services_hsds_id", ["hsds_id"])
        batch.create_foreign_key("fk_services_program_id", "programs", ["program_id"], ["id"])
    _made(
        "locations",
        sa.Column("organization_id", BigId, nullable=True),
        sa.Column("area_id", BigId, nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("address", sa.String(300), nullable=True),
        sa.Column("step_free", sa.Boolean(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        links=("organization_id", "area_id"),
    )
    _index("locations", "organization_id")
    _made(
        "service_at_locations",
        sa.Column("service_id", BigId, nullable=False),
        sa.Column("location_id", BigId, nullable=False),
        ref=False,
        links=("service_id", "location_id"),
    )
    op.create_index(
        "uq_service_at_locations_service_id_location_id",
        "service_at_locations",
        ["service_id", "location_id"],
        unique=True,
    )
    _index("service_at_locations", "location_id")
    _made(
        "schedules",
        sa.Column("service_id", BigId, nullable=True),
        sa.Column("location_id", BigId, nullable=True),
        sa.Column("byday", sa.String(32), nullable=False),
        sa.Column("opens_at", sa.String(5), nullable=False),
        sa.Column("closes_at", sa.String(5), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        ref=False,
        links=("service_id", "location_id"),
    )
    _index("schedules", "service_id")
    _index("schedules", "location_id")
    _made(
        "contacts",
        sa.Column("organization_id", BigId, nullable=True),
        sa.Column("service_id", BigId, nullable=True),
        sa.Column("location_id", BigId, nullable=True),
        sa.Column("name", sa.String(120), nullable=True),
        sa.Column("title", sa.String(120), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("phone", sa.String(64), nullable=True),
        links=("organization_id", "service_id", "location_id"),
    )
    for link in ("organization_id", "service_id", "location_id"):
        _index("contacts", link)
    _made(
        "taxonomy_terms",
        sa.Column("code", sa.String(120), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("taxonomy", sa.String(120), nullable=False),
        sa.Column("need", sa.String(24), nullable=True),
    )
    _index("taxonomy_terms", "need")
    op.create_table(
        "service_terms",
        sa.Column("service_id", BigId, nullable=False),
        sa.Column("term_id", BigId, nullable=False),
        sa.PrimaryKeyConstraint("service_id", "term_id", name="pk_service_terms"),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name="fk_service_terms_service_id"
        ),
        sa.ForeignKeyConstraint(
            ["term_id"], ["taxonomy_terms.id"], name="fk_service_terms_term_id"
        ),
    )
    _index("service_terms", "term_id")
    op.create_table(
        "strengths",
        sa.Column("service_id", BigId, nullable=False),
        sa.Column("need", sa.String(24), nullable=False),
        sa.Column("is_strength", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("service_id", "need", name="pk_strengths"),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name="fk_strengths_service_id"),
    )
    op.create_table(
        "directory_metadata",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("resource_type", sa.String(24), nullable=False),
        sa.Column("resource_id", BigId, nullable=False),
        sa.Column("last_action_date", UTCDateTime(), nullable=False),
        sa.Column("last_action_type", sa.String(16), nullable=False),
        sa.Column("field_name", sa.String(32), nullable=False),
        sa.Column("previous_value", sa.Text(), nullable=False),
        sa.Column("replacement_value", sa.Text(), nullable=False),
        sa.Column("updated_by_id", BigId, nullable=True),
        sa.Column("updated_as", sa.String(24), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_directory_metadata"),
        sa.ForeignKeyConstraint(
            ["updated_by_id"],
            ["people.id"],
            name="fk_directory_metadata_updated_by_id",
            ondelete="SET NULL",
        ),
        sqlite_autoincrement=True,
    )
    _index("directory_metadata", "resource_type", "resource_id")
    _index("directory_metadata", "updated_by_id")
    op.add_column("roles", sa.Column("languages", sa.JSON(), nullable=False, server_default="[]"))
    _need_becomes("bookkeeping_tax", "bookkeeping")
    op.execute(
        "INSERT INTO needs (person_id, term) "
        "SELECT person_id, 'tax' FROM needs WHERE term = 'bookkeeping' ORDER BY id"
    )


def _need_becomes(before: str, after: str) -> None:
    """Give a need another code, wherever one is kept."""
    bind = op.get_bind()
    for name, key in (("needs", "term"), ("services", "need"), ("referral_fields", "value")):
        table = sa.table(name, sa.column(key), sa.column("name"))
        changed = sa.update(table).where(table.c[key] == before).values({key: after})
        if name == "referral_fields":
            changed = changed.where(table.c.name == "need")
        bind.execute(changed)
    sends = sa.table("sends", sa.column("id", BigId), sa.column("for_whom", sa.JSON()))
    for number, kept in bind.execute(sa.select(sends.c.id, sends.c.for_whom)).all():
        needs = (kept or {}).get("needs") or []
        if before in needs:
            kept["needs"] = [after if need == before else need for need in needs]
            bind.execute(sa.update(sends).where(sends.c.id == number).values(for_whom=kept))


def downgrade() -> None:
    op.execute("DELETE FROM needs WHERE term = 'tax'")
    _need_becomes("bookkeeping", "bookkeeping_tax")
    for table in (
        "directory_metadata",
        "strengths",
        "service_terms",
        "taxonomy_terms",
        "contacts",
        "schedules",
        "service_at_locations",
        "locations",
    ):
        op.drop_table(table)
    with op.batch_alter_table("roles", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_column("languages")
    with op.batch_alter_table("services", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint("fk_services_program_id", type_="foreignkey")
        batch.drop_constraint("uq_services_hsds_id", type_="unique")
        for column in (
            "hsds",
            "hsds_id",
            "capacity",
            "full_until",
            "is_paused",
            "profiles",
            "url",
            "phone",
            "email",
            "kind",
            "program_id",
        ):
            batch.drop_column(column)
    with op.batch_alter_table(
        "organizations", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.drop_constraint("uq_organizations_hsds_id", type_="unique")
        for column in (
            "hsds",
            "hsds_id",
            "asked_at",
            "asks",
            "confirmed_at",
            "website",
            "phone",
            "email",
        ):
            batch.drop_column(column)
    op.drop_table("programs")
