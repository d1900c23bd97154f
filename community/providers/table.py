"""The directory's tables, in HSDS 3.0's words, and a member's checklists.

Columns carry what the program uses. Everything else that an import brings (rarer objects, fields
nobody here knows) stays in the row's ``hsds`` as it came, so that an export gives it back.
``hsds_id`` is the identifier that the row has outside; what was made here has none yet.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Identified, Referable
from community.needs import Need


class FromHsds:
    """What every row keeps of where it came from."""

    hsds_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    hsds: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Fields and objects of HSDS that have no column here, as they were imported."""


class Organization(Base, Referable, FromHsds):
    """Who gives support, or runs a network or a programme (HSDS organization)."""

    __tablename__ = "organizations"

    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(64))
    website: Mapped[str | None] = mapped_column(String(500))
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When somebody last said that the entry is right (HSDS's ``assured_date``)."""
    asks: Mapped[int] = mapped_column(default=0)
    """How often they have been asked since then."""
    asked_at: Mapped[datetime | None]


class Program(Base, Referable, FromHsds):
    """What several services of an organisation belong to (HSDS program)."""

    __tablename__ = "programs"

    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    made_at: Mapped[datetime]


class Kind(StrEnum):
    """What a service is to a member: help, a network to join, or a mainstream programme."""

    SERVICE = "service"
    NETWORK = "network"
    PROGRAMME = "programme"


class Service(Base, Referable, FromHsds):
    """What a provider offers (HSDS service)."""

    __tablename__ = "services"

    organization_id: Mapped[int] = mapped_column(BigId, ForeignKey("organizations.id"), index=True)
    program_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("programs.id"))
    kind: Mapped[Kind] = mapped_column(String(16), default=Kind.SERVICE)
    need: Mapped[Need] = mapped_column(String(24), index=True)
    """What it helps with first; further needs are its terms (``ServiceTerm``)."""
    languages: Mapped[list[str]]
    """Languages it is given in, by the provider's own people."""
    interpretation: Mapped[bool] = mapped_column(default=False)
    """An interpreter can be asked for; never mixed up with ``languages``."""
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    online: Mapped[bool] = mapped_column(default=False)
    cost: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    """0 is free of charge, None is not known."""
    currency: Mapped[str] = mapped_column(String(3), default="EUR")
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(64))
    url: Mapped[str | None] = mapped_column(String(500))
    profiles: Mapped[list[str]] = mapped_column(default=list)
    """For whom a network or a programme is meant (``people.Profile``); empty is for everybody."""
    is_open: Mapped[bool] = mapped_column(default=True)
    """Whether members are shown it (HSDS ``status`` active)."""
    is_paused: Mapped[bool] = mapped_column(default=False)
    """Takes nobody for now; shown, and labelled so."""
    full_until: Mapped[datetime | None]
    capacity: Mapped[int | None]
    """How many people may be on the way there at once; None is no limit."""
    made_at: Mapped[datetime]


class Location(Base, Referable, FromHsds):
    """A place where something is given (HSDS location)."""

    __tablename__ = "locations"

    organization_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("organizations.id"), index=True
    )
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("areas.id"))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    address: Mapped[str | None] = mapped_column(String(300))
    """One line, as it is written on a letter there."""
    step_free: Mapped[bool | None]
    """None is not known."""
    made_at: Mapped[datetime]


class ServiceAtLocation(Base, Identified, FromHsds):
    """A service is given at a location (HSDS service_at_location)."""

    __tablename__ = "service_at_locations"
    __table_args__ = (
        Index(
            "uq_service_at_locations_service_id_location_id",
            "service_id",
            "location_id",
            unique=True,
        ),
    )

    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"))
    location_id: Mapped[int] = mapped_column(BigId, ForeignKey("locations.id"), index=True)


class Schedule(Base, Identified, FromHsds):
    """Hours in a week (HSDS schedule, RFC 5545 words).

    They are a service's, or a location's; with both, the service's at this location.
    """

    __tablename__ = "schedules"

    service_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("services.id"), index=True)
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id"), index=True)
    byday: Mapped[str] = mapped_column(String(32))
    """Comma separated, ``MO,TU``; no ordinals."""
    opens_at: Mapped[str] = mapped_column(String(5))
    """Wall time there, ``09:00``."""
    closes_at: Mapped[str] = mapped_column(String(5))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)


class Contact(Base, Referable, FromHsds):
    """A person or desk to turn to (HSDS contact); never a member of the network."""

    __tablename__ = "contacts"

    organization_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("organizations.id"), index=True
    )
    service_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("services.id"), index=True)
    location_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("locations.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(120))
    title: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(64))


class TaxonomyTerm(Base, Referable, FromHsds):
    """A word of somebody's list (HSDS taxonomy_term), and which need of ours it means."""

    __tablename__ = "taxonomy_terms"

    code: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    taxonomy: Mapped[str] = mapped_column(String(120), default="")
    need: Mapped[Need | None] = mapped_column(String(24), index=True)
    """None is not known: services with it are found by their other terms."""


class ServiceTerm(Base):
    """A service is about a term (HSDS attribute)."""

    __tablename__ = "service_terms"

    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"), primary_key=True)
    term_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("taxonomy_terms.id"), primary_key=True, index=True
    )


class Strength(Base):
    """What a network or a programme is good at, or is weak in, by need (note, module 6.1)."""

    __tablename__ = "strengths"

    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"), primary_key=True)
    need: Mapped[Need] = mapped_column(String(24), primary_key=True)
    is_strength: Mapped[bool]


class Metadata(Base, Identified):
    """One change of one field of the directory (HSDS metadata)."""

    __tablename__ = "directory_metadata"
    __table_args__ = (
        Index(
            "ix_directory_metadata_resource_type_resource_id",
            "resource_type",
            "resource_id",
        ),
    )

    resource_type: Mapped[str] = mapped_column(String(24))
    """The table's HSDS name: ``service``, ``organization``."""
    resource_id: Mapped[int] = mapped_column(BigId)
    last_action_date: Mapped[datetime]
    last_action_type: Mapped[str] = mapped_column(String(16))
    """``create``, ``update``, ``delete``, ``confirm``."""
    field_name: Mapped[str] = mapped_column(String(32))
    previous_value: Mapped[str] = mapped_column(Text, default="")
    replacement_value: Mapped[str] = mapped_column(Text, default="")
    updated_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    updated_as: Mapped[str | None] = mapped_column(String(24))
    """In which role."""


class ServiceStep(Base, Referable):
    """One thing to do to get a service."""

    __tablename__ = "service_steps"

    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"), index=True)
    position: Mapped[int]


class Checklist(Base, Identified):
    """A member on the way to a service."""

    __tablename__ = "checklists"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    service_id: Mapped[int] = mapped_column(BigId, ForeignKey("services.id"))
    opened_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    """When the last step was ticked, or the last nudge was planned."""
    nudges: Mapped[int] = mapped_column(default=0)
    """About the step that waits; one that is found not to have left is taken back."""


class Tick(Base):
    """A step that is done."""

    __tablename__ = "ticks"

    checklist_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("checklists.id", ondelete="CASCADE"), primary_key=True
    )
    step_id: Mapped[int] = mapped_column(BigId, ForeignKey("service_steps.id"), primary_key=True)
    at: Mapped[datetime]
