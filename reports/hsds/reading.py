"""Objects of HSDS -> a directory: every object once, checked, with what it belongs to.

HSDS nests: the same place stands under its organisation and under each service that is given
there. What stands in several places has to say the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from community.providers.comparing import EMPTY
from community.providers.items import BELONGS, LINKS, TABLES, Directory, Item, Place
from reports.hsds.attributes import OURS, as_ours, is_own, may_be_ours, need_of
from reports.hsds.fields import Field, Here, as_it_is, objects, written
from reports.hsds.known import Known
from reports.hsds.mapping import CHECKED, MAPPING
from reports.hsds.places import is_weekly

DEEPEST = 20
"""How many objects and lists may stand within each other in what has no column."""
LONGEST_ID = 64

Children = Mapping[str, tuple[str, str]]

LISTED: Mapping[str, Children] = {
    "organization": {
        "programs": ("program", "organization_id"),
        "locations": ("location", "organization_id"),
        "services": ("service", "organization_id"),
        "contacts": ("contact", "organization_id"),
    },
    "service": {
        "service_at_locations": ("service_at_location", "service_id"),
        "schedules": ("schedule", "service_id"),
        "contacts": ("contact", "service_id"),
    },
    "location": {
        "schedules": ("schedule", "location_id"),
        "contacts": ("contact", "location_id"),
    },
    "service_at_location": {"schedules": ("schedule", "service_id")},
}
"""Lists of objects that are rows here: of which kind, and by which column they belong."""

SINGLE: Mapping[str, Children] = {
    "service": {
        "organization": ("organization", "organization_id"),
        "program": ("program", "program_id"),
    },
    "service_at_location": {
        "location": ("location", "location_id"),
        "service": ("service", "service_id"),
    },
}
"""Objects that are what a column names."""

OWNED = ("service_at_locations", "schedules", "contacts")
"""Lists that are complete: what a file leaves out of them goes."""


@dataclass(frozen=True, slots=True)
class At:
    """Where an object stands: in a line of a file, or in another object."""

    file: str = ""
    line: int = 0
    parent: "At | None" = None
    key: str = ""

    def within(self, key: str) -> "At":
        """Return the place of something in this object."""
        return At(self.file, self.line, self, key)

    def place(self, name: str = "") -> Place:
        """Return it as it is told."""
        keys = [name] if name else []
        at: At | None = self
        while at is not None:
            if at.key:
                keys.append(at.key)
            at = at.parent
        path = ""
        for key in reversed(keys):
            path += key if not path or key.startswith("[") else f".{key}"
        return Place(self.file, self.line, path)


@dataclass(slots=True)
class _Found:
    """One object as far as the files have told of it."""

    raw: dict[str, Any]
    flat: dict[str, Any]
    at: At
    links: dict[str, str] = field(default_factory=dict)
    owned: dict[str, list[str]] = field(default_factory=dict)


class Reader:
    """What takes in objects, one after the other, and gives the directory at the end."""

    def __init__(self, known: Known, places: Mapping[int, At] | None = None) -> None:
        """``places``: of objects that stand in a file of their own, by Python's ``id``."""
        self._here = Here(known)
        self._places = places or {}
        self._found: dict[str, dict[str, _Found]] = {kind: {} for kind in TABLES}
        self._said: dict[tuple[Field, ...], Mapping[str, tuple[str, ...]]] = {}

    def take(self, raw: Any, at: At) -> None:
        """Take in one object that stands by itself, whichever it is.

        Raises:
            DirectoryRefusedError: it is none that is known here, or something in it is wrong.
        """
        self._here.place = at.place
        if not isinstance(raw, dict):
            self._here.refuse("object", what=raw)
        kind = kind_of(raw)
        if kind is None:
            self._here.refuse("kind")
        self._add(kind, raw, at)

    def take_as(self, kind: str, raw: dict[str, Any], at: At) -> None:
        """Take in one object of a kind; terms of our own taxonomy are none of anybody's."""
        if kind == "taxonomy_term" and raw.get("taxonomy") == OURS:
            return
        self._add(kind, raw, at)

    def _add(self, kind: str, raw: Any, at: At, **links: str) -> str:
        at = self._places.get(id(raw), at)
        here = self._here
        here.place = at.place
        if not isinstance(raw, dict):
            here.refuse("object", what=raw)
        uid = raw.get("id")
        if not isinstance(uid, str) or not 0 < len(uid) <= LONGEST_ID:
            here.refuse("missing" if uid in (None, "") else "id", "id", uid)
        found = self._found[kind].get(uid)
        if found is None:
            found = _Found(raw, {}, at, links)
            self._found[kind][uid] = found
            self._fill(kind, uid, found, raw, at)
            return uid
        self._link(found, links, at)
        if found.raw is not raw and found.raw != raw:
            other = _Found(raw, {}, at, links)
            self._fill(kind, uid, other, raw, at)
            here.place = at.place
            for key, value in other.flat.items():
                if found.flat.setdefault(key, value) != value:
                    here.refuse("twice", key, uid)
            self._link(found, other.links, at)
            for key, ids in other.owned.items():
                found.owned.setdefault(key, ids)
        return uid

    def _link(self, found: _Found, links: Mapping[str, str], at: At) -> None:
        for column, uid in links.items():
            if found.links.setdefault(column, uid) != uid:
                self._here.place = at.place
                self._here.refuse("two_owners", column, uid)

    def _fill(self, kind: str, uid: str, found: _Found, raw: Mapping[str, Any], at: At) -> None:
        """Read what is nested in an object, and keep the rest of it flat."""
        lists, singles = LISTED.get(kind, {}), SINGLE.get(kind, {})
        here = self._here
        every: Any = raw.items()
        if kind == "service_at_location":  # whose hours have to know of which place
            every = sorted(every, key=lambda each: each[0] in lists)
        for key, value in every:
            if key in lists:
                self._children(kind, uid, found, key, value, at)
            elif key in singles and value is not None:
                child, column = singles[key]
                self._link(found, {column: self._add(child, value, at.within(key))}, at)
                here.place = at.place
            else:
                found.flat[key] = value
                if key in LINKS and value not in (None, "") and key in BELONGS.get(kind, ()):
                    if not isinstance(value, str):
                        here.refuse("text", key, value)
                    self._link(found, {key: value}, at)
        if kind == "service":
            for number, one in enumerate(objects(raw.get("attributes"), "attributes", here)):
                term = one.get("taxonomy_term")
                if term is not None and not is_own(one):
                    path = at.within(f"attributes[{number}]").within("taxonomy_term")
                    self._add("taxonomy_term", term, path)
                    here.place = at.place

    def _children(self, kind: str, uid: str, found: _Found, key: str, value: Any, at: At) -> None:
        child, column = LISTED[kind][key]
        links = {column: uid}
        if kind == "service_at_location":
            links = {one: found.links[one] for one in BELONGS[kind] if one in found.links}
        self._here.place = at.place
        kept: list[Any] = []
        for number, one in enumerate(objects(value, key, self._here)):
            if not self._is_row(child, one, links):
                kept.append(one)
                continue
            kept.append(self._add(child, one, at.within(f"{key}[{number}]"), **links))
        self._here.place = at.place
        ids = [one for one in kept if isinstance(one, str)]
        if key in OWNED:
            found.owned[key] = ids
        if value is None or not kept or len(ids) < len(kept):
            found.flat[key] = None if value is None else kept

    def _is_row(self, kind: str, raw: dict[str, Any], links: Mapping[str, str]) -> bool:
        """Say whether an object of a list has a row here; else it is kept where it stands.

        A contact may belong to several things of different kinds, hours to one thing only.
        """
        if kind == "schedule" and not is_weekly(raw):
            return False
        if kind not in ("schedule", "contact"):
            return True
        before = self._found[kind].get(str(raw.get("id")))
        if before is None or kind == "schedule":
            return before is None or before.links == links
        return all(before.links.get(column, uid) == uid for column, uid in links.items())

    def directory(self) -> Directory:
        """Return everything that was taken in.

        Raises:
            DirectoryRefusedError: something in it is wrong.
        """
        parents = {
            uid: found.flat.get("parent_organization_id")
            for uid, found in self._found["organization"].items()
        }
        items = {kind: list(self._items(kind)) for kind in self._found}
        self._refuse_cycles(parents)
        return Directory(items, self._here.notes)

    def _items(self, kind: str) -> Iterator[Item]:
        """Return the items of a kind; what each was made of is let go, since there are many."""
        every = self._found[kind]
        for uid in list(every):
            found = every[uid]
            yield self._item(kind, uid, found)
            found.raw = found.flat = {}

    def _item(self, kind: str, uid: str, found: _Found) -> Item:
        here, flat = self._here, found.flat
        here.place = found.at.place
        values: dict[str, Any] = {}
        kept = {key: value for key, value in flat.items() if key != "id"}
        mapped = tuple(one for one in MAPPING[kind] if one.name in flat)
        for one in mapped:
            raw = flat[one.name]
            value = one.read(raw, one.name, here)
            if len(one.to) == 1:
                values[one.to[0]] = value
            else:
                values.update(zip(one.to, value or (), strict=False))
            if not one.to or raw in EMPTY:
                if raw == one.always:
                    del kept[one.name]
            elif may_be_ours(raw) and raw == self._again(one, value, raw, uid):
                del kept[one.name]
        if kind == "taxonomy_term":
            values["need"] = need_of(flat, "", here)
        self._check(kind, flat, kept, values)
        said = self._said.get(mapped)
        if said is None:  # most objects have the same fields: they share what is said of them
            said = self._said[mapped] = {one.name: one.to for one in mapped}
        return Item(kind, uid, found.at.place, values, kept, said, found.links, found.owned)

    def _again(self, one: Field, value: Any, raw: Any, uid: str) -> Any:
        """Return a value as an export would write it."""
        if one.write is as_it_is:
            return value
        made = written(one, (value,) if len(one.to) == 1 else value, uid, self._here)
        return as_ours(raw, uid, made) if one.name == "attributes" else made

    def _check(
        self,
        kind: str,
        flat: Mapping[str, Any],
        kept: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> None:
        """Refuse what is wrong in what is only kept, and hours that are none."""
        here = self._here
        for name, read in CHECKED.get(kind, ()):
            if name in flat:
                read(flat[name], name, here)
        for name, value in kept.items():
            if isinstance(value, (dict, list)) and is_deeper(value, DEEPEST):
                here.refuse("deep", name)
        if kind == "schedule" and values["opens_at"] == "24:00":
            here.refuse("time", "opens_at", "24:00")
        if kind == "schedule" and values["opens_at"] == values["closes_at"]:
            here.refuse("hours", "closes_at", values["closes_at"])

    def _refuse_cycles(self, parents: Mapping[str, Any]) -> None:
        settled: set[str] = set()
        for uid in parents:
            seen: list[str] = []
            at: Any = uid
            while at in parents and at not in settled:
                if at in seen:
                    self._here.place = self._found["organization"][at].at.place
                    self._here.refuse("cycle", "parent_organization_id", at)
                seen.append(at)
                at = parents[at]
            settled.update(seen)


def kind_of(raw: Mapping[str, Any]) -> str | None:
    """Return what an object that stands by itself is."""
    if "service" in raw or "location" in raw or {"service_id", "location_id"} <= raw.keys():
        return "service_at_location"
    if "location_type" in raw:
        return "location"
    if {"status", "organization", "organization_id", "service_at_locations"} & raw.keys():
        return "service"
    return "organization" if {"name", "services"} & raw.keys() else None


def is_deeper(value: Any, most: int) -> bool:
    """Say whether more than so many objects and lists stand within each other."""
    if not most:
        return True
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, (dict, list)) and is_deeper(one, most - 1):
            return True
    return False
