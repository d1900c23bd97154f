"""What a directory from outside consists of, plain and checked, and how it differs from ours.

``reports/hsds`` makes items from files, ``importing`` compares and writes them. Both sides speak
of an item's *values*: columns by their names, texts by their field with a dot before it
(``.name``), and of a service also ``steps``, ``step_documents``, ``terms`` and ``strengths``.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from community.providers.table import (
    Contact,
    FromHsds,
    Location,
    Organization,
    Program,
    Schedule,
    Service,
    ServiceAtLocation,
    TaxonomyTerm,
)

NAMESPACE = UUID("5d5d4ff5-6a0e-5d0e-8f5b-2a0c3f2f9d11")
"""Under which what was made here gets its identifiers; never to be changed."""

TABLES: Mapping[str, type[FromHsds]] = {
    "organization": Organization,
    "program": Program,
    "location": Location,
    "taxonomy_term": TaxonomyTerm,
    "service": Service,
    "service_at_location": ServiceAtLocation,
    "schedule": Schedule,
    "contact": Contact,
}
"""By HSDS's names, each after those that it refers to."""

NAMED = ("organization", "program", "location", "service")
"""What has words of its own (``community/translations.py``)."""

LINKS: Mapping[str, str] = {
    "organization_id": "organization",
    "program_id": "program",
    "service_id": "service",
    "location_id": "location",
}

BELONGS: Mapping[str, tuple[str, ...]] = {
    "program": ("organization_id",),
    "location": ("organization_id",),
    "service": ("organization_id", "program_id"),
    "service_at_location": ("service_id", "location_id"),
    "schedule": ("service_id", "location_id"),
    "contact": ("organization_id", "service_id", "location_id"),
}
"""By which columns a kind belongs to others."""


def outer_id(name: str) -> str:
    """Return the identifier outside of what was made here: the same at each export."""
    return str(uuid5(NAMESPACE, name))


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: in which file, in which line of it, in which object or column."""

    file: str = ""
    line: int = 0
    path: str = ""


@dataclass(slots=True)
class Item:
    """One object of a directory."""

    kind: str
    id: str
    found: Callable[[], Place]
    values: dict[str, Any]
    """Only what the file says; an empty value leaves what stands."""
    kept: dict[str, Any]
    """What has no column, and what the columns do not say exactly as it came."""
    said: Mapping[str, tuple[str, ...]]
    """HSDS's fields that are mapped and that the file has, and the values read from them."""
    links: dict[str, str] = field(default_factory=dict)
    """Which others it belongs to: by column, their identifiers."""
    owned: dict[str, list[str]] = field(default_factory=dict)
    """Schedules, contacts and places that the file gives it: all that it then has."""

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return self.found()

    @property
    def name(self) -> str:
        """Return how somebody finds it in the file."""
        values = self.values
        return str(values.get(".name") or values.get("name") or self.id)


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is taken, but not as it came: what, and where."""

    why: str
    place: Place
    what: str = ""


@dataclass(frozen=True)
class Directory:
    """What some files say together."""

    items: Mapping[str, Sequence[Item]]
    """By kind."""
    notes: Sequence[Note] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One value that an import would change.

    ``field`` "" is an object that goes, from where ``before`` says; one of ``LINKS`` an object
    that moves, from and to what has these names.
    """

    kind: str
    id: int
    name: str
    field: str
    before: str
    after: str
    codes: tuple[str, str] | None = None
    """What the log has before and after, if it is no words for people."""
    overwrites: bool = False
    """Whether the organisation's own people have written what stood there (``overwriting``)."""


@dataclass(slots=True)
class Move:
    """An object that belongs to something else than before."""

    kind: str
    id: int
    name: str
    column: str
    before: tuple[str, int] | None
    """What it leaves: of which kind, its number; None if it only belongs to one thing more."""
    after: tuple[str, str]
    """What it joins: of which kind, its identifier."""


@dataclass(slots=True)
class Plan:
    """What an import would do to what stands now."""

    new: list[Item] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    same: int = 0
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    """The rows that the identifiers mean, by kind."""
    changed: list[tuple[Item, dict[str, Any]]] = field(default_factory=list)
    """What is written of an item whose row is there."""
    moves: list[Move] = field(default_factory=list)
    parted: list[tuple[str, int, str]] = field(default_factory=list)
    """Rows that no longer belong somewhere: kind, number, and the column that says where."""
    gone: list[tuple[str, int]] = field(default_factory=list)
    """Rows that belong nowhere any more."""
    assured: dict[str, datetime] = field(default_factory=dict)
    """From when on the entries of organisations count as right (``assuring``)."""
    steps_stay: int = 0
    """Of so many services the files have steps where there are some already: those stay."""
    names_days: bool = False
    """Whether the files say of any service when it was assured."""

    @property
    def count(self) -> int:
        """Return how many things would be written."""
        return len(self.new) + len(self.changes)

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to write at all."""
        return not (self.count or self.assured)

    @property
    def seal(self) -> str:
        """Return some letters that stand for exactly this."""
        digest = hashlib.sha256()
        for item in self.new:
            digest.update(f"{item.kind}\0{item.id}\n".encode())
        for change in self.changes:
            digest.update(repr(change).encode())
        return digest.hexdigest()[:16]
