"""What a directory from outside consists of, plain and checked, and how it differs from ours.

``reports/hsds`` makes items from files, ``importing`` compares and writes them. Both sides speak
of an item's *values*: columns by their names, texts by their field with a dot before it
(``.name``), and of a service also ``steps``, ``step_documents``, ``terms`` and ``strengths``.
"""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from community.disk import Disk, DiskDict, DiskList
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


class Place(NamedTuple):
    """Where something stands: in which file, in which line of it, in which object or column."""

    file: str = ""
    line: int = 0
    path: str = ""

    def within(self, key: str) -> "Place":
        """Return the place of something in this: a field, or ``[3]`` of a list."""
        joint = "" if not self.path or key.startswith("[") else "."
        return Place(self.file, self.line, f"{self.path}{joint}{key}")


class Item(NamedTuple):
    """One object of a directory."""

    kind: str
    id: str
    place: Place
    values: dict[str, Any]
    """Only what the file says; an empty value leaves what stands."""
    kept: dict[str, Any]
    """What has no column, and what the columns do not say exactly as it came."""
    said: Mapping[str, tuple[str, ...]]
    """HSDS's fields that are mapped and that the file has, and the values read from them."""
    links: dict[str, str]
    """Which others it belongs to: by column, their identifiers."""
    owned: dict[str, list[str]]
    """Schedules, contacts and places that the file gives it: all that it then has."""

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


class Told(NamedTuple):
    """What the files say of one object, as they say it."""

    flat: dict[str, Any]
    """Without what is nested in it and stands by itself."""
    at: tuple[str, int, str]
    """Its place."""
    links: dict[str, str]
    owned: dict[str, list[str]]

    @property
    def name(self) -> str:
        """Return what it is called; nothing if it has no name."""
        return str(self.flat.get("name") or "").strip()


class Directory(AbstractContextManager["Directory"]):
    """What some files say together; it waits on the disk, until it is closed."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.told: Mapping[str, DiskDict[tuple[Any, ...]]] = {
            kind: DiskDict(self.disk) for kind in TABLES
        }
        """By kind and identifier; as ``Told`` (``get``)."""
        self.items: Mapping[str, DiskList[Item]] = {kind: DiskList(self.disk) for kind in TABLES}
        """By kind."""
        self.notes: DiskList[Note] = DiskList(self.disk)

    def get(self, kind: str, uid: str) -> Told | None:
        """Return what the files say of an object; None if they do not have it."""
        told = self.told[kind].get(uid)
        return None if told is None else Told(*told)

    def put(self, kind: str, told: Mapping[str, Told]) -> None:
        """Keep what the files say of objects, or say of them by now."""
        self.told[kind].update(
            {uid: (one.flat, (*one.at,), one.links, one.owned) for uid, one in told.items()}
        )

    def __exit__(self, *_: object) -> None:
        self.disk.close()


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


class Plan:
    """What an import would do to what stands now; it waits beside its directory."""

    def __init__(self, directory: Directory) -> None:
        disk = directory.disk
        self.directory = directory
        self.new: DiskList[Item] = DiskList(disk)
        """Kind after kind, each after those that it refers to."""
        self.changes: DiskList[Change] = DiskList(disk)
        self.same = 0
        self.numbers: Mapping[str, DiskDict[int]] = {kind: DiskDict(disk) for kind in TABLES}
        """The rows that the identifiers mean, by kind."""
        self.changed: DiskList[tuple[Item, dict[str, Any]]] = DiskList(disk)
        """What is written of an item whose row is there."""
        self.moves: list[Move] = []
        self.parted: list[tuple[str, int, str]] = []
        """Rows that no longer belong somewhere: kind, number, and the column that says where."""
        self.gone: list[tuple[str, int]] = []
        """Rows that belong nowhere any more."""
        self.assured: DiskDict[str] = DiskDict(disk)
        """From which moment on (ISO 8601) the entries of organisations count as right."""
        self.steps_stay = 0
        """Of so many services the files have steps where there are some already: those stay."""
        self.names_days = False
        """Whether the files say of any service when it was assured."""

    @property
    def count(self) -> int:
        """Return how many things would be written."""
        return len(self.new) + len(self.changes)

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to write at all."""
        return not (self.count or len(self.assured))

    @property
    def seal(self) -> str:
        """Return some letters that stand for exactly this."""
        digest = hashlib.sha256()
        for item in self.new:
            digest.update(f"{item.kind}\0{item.id}\n".encode())
        for change in self.changes:
            digest.update(repr(change).encode())
        return digest.hexdigest()[:16]
