"""Objects of HSDS -> a directory: every object once, checked, with what it belongs to.

HSDS nests: the same place stands under its organisation and under each service that is given
there. What stands in several places has to say the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from community.providers.comparing import EMPTY
from community.providers.items import BELONGS, LINKS, TABLES, Directory, Item, Place, Told
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


AT_ONCE = 500
"""So many objects are in memory, and those of one that stands by itself."""


_Shape = tuple[Sequence[Field], Mapping[str, tuple[str, ...]]]
"""Fields of HSDS that are mapped, and by their names where they go."""


class Reader:
    """What takes in objects, one after the other, and gives the directory at the end."""

    def __init__(self, known: Known, directory: Directory) -> None:
        self._directory = directory
        self._here = Here(known, notes=directory.notes)
        self._places: Mapping[int, Place] = {}
        self._near: dict[str, dict[str, Told]] = {kind: {} for kind in TABLES}
        """What has been found, or found again, since the last was written to the disk."""
        self._shapes: dict[tuple[str, ...], _Shape] = {}

    def take(self, raw: Any, at: Place) -> None:
        """Take in one object that stands by itself, whichever it is.

        Raises:
            DirectoryRefusedError: it is none that is known here, or something in it is wrong.
        """
        self._here.at = at
        if not isinstance(raw, dict):
            self._here.refuse("object", what=raw)
        kind = kind_of(raw)
        if kind is None:
            self._here.refuse("kind")
        self._add(kind, raw, at)
        self._put()

    def take_as(self, kind: str, raw: dict[str, Any], places: Mapping[int, Place]) -> None:
        """Take in one object of a kind; terms of our own taxonomy are none of anybody's.

        ``places`` are those of it and of what is nested in it, by Python's ``id``.
        """
        if kind == "taxonomy_term" and raw.get("taxonomy") == OURS:
            return
        self._places = places
        self._add(kind, raw, places[id(raw)])
        self._put()

    def _put(self) -> None:
        """Write what has been found, as soon as that is worth while."""
        if sum(map(len, self._near.values())) < AT_ONCE:
            return
        for kind, near in self._near.items():
            self._directory.put(kind, near)
            near.clear()

    def _before(self, kind: str, uid: str) -> Told | None:
        """Return an object that has been found already."""
        near = self._near[kind]
        found = near.get(uid) or self._directory.get(kind, uid)
        if found is not None:
            near[uid] = found
        return found

    def _add(self, kind: str, raw: Any, at: Place, **links: str) -> str:
        at = self._places.get(id(raw), at)
        here = self._here
        here.at = at
        if not isinstance(raw, dict):
            here.refuse("object", what=raw)
        uid = raw.get("id")
        if not isinstance(uid, str) or not 0 < len(uid) <= LONGEST_ID:
            here.refuse("missing" if uid in (None, "") else "id", "id", uid)
        found = self._before(kind, uid)
        if found is None:
            found = self._near[kind][uid] = Told({}, at, links, {})
            self._fill(kind, uid, found, raw, at)
            return uid
        self._link(found, links, at)
        other = Told({}, at, links, {})
        self._fill(kind, uid, other, raw, at)
        here.at = at
        for key, value in other.flat.items():
            if found.flat.setdefault(key, value) != value:
                here.refuse("twice", key, uid)
        self._link(found, other.links, at)
        for key, ids in other.owned.items():
            found.owned.setdefault(key, ids)
        return uid

    def _link(self, found: Told, links: Mapping[str, str], at: Place) -> None:
        for column, uid in links.items():
            if found.links.setdefault(column, uid) != uid:
                self._here.at = at
                self._here.refuse("two_owners", column, uid)

    def _fill(self, kind: str, uid: str, found: Told, raw: Mapping[str, Any], at: Place) -> None:
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
                here.at = at
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
                    here.at = at

    def _children(self, kind: str, uid: str, found: Told, key: str, value: Any, at: Place) -> None:
        child, column = LISTED[kind][key]
        links = {column: uid}
        if kind == "service_at_location":
            links = {one: found.links[one] for one in BELONGS[kind] if one in found.links}
        self._here.at = at
        kept: list[Any] = []
        for number, one in enumerate(objects(value, key, self._here)):
            if not self._is_row(child, one, links):
                kept.append(one)
                continue
            kept.append(self._add(child, one, at.within(f"{key}[{number}]"), **links))
        self._here.at = at
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
        before = self._before(kind, str(raw.get("id")))
        if before is None or kind == "schedule":
            return before is None or before.links == links
        return all(before.links.get(column, uid) == uid for column, uid in links.items())

    def finish(self) -> None:
        """Put everything that was taken in into the directory.

        Raises:
            DirectoryRefusedError: something in it is wrong.
        """
        for kind, told in self._directory.told.items():
            self._directory.put(kind, self._near[kind])
            items = (self._item(kind, uid, Told(*one)) for uid, one in told.items())
            self._directory.items[kind].extend(items)
        self._refuse_cycles()

    def _item(self, kind: str, uid: str, found: Told) -> Item:
        here, flat = self._here, found.flat
        here.at = Place(*found.at)
        values: dict[str, Any] = {}
        kept = {key: value for key, value in flat.items() if key != "id"}
        mapped, said = self._shape(kind, flat)
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
        return Item(kind, uid, here.at, values, kept, said, found.links, found.owned)

    def _shape(self, kind: str, flat: Mapping[str, Any]) -> "_Shape":
        """Return which fields of an object are mapped; most objects have the same ones."""
        shape = (kind, *flat)
        if shape not in self._shapes:
            if len(self._shapes) > AT_ONCE:
                self._shapes.clear()
            mapped = [one for one in MAPPING[kind] if one.name in flat]
            self._shapes[shape] = mapped, {one.name: one.to for one in mapped}
        return self._shapes[shape]

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

    def _refuse_cycles(self) -> None:
        organizations = self._directory.told["organization"].items()
        parents = {
            uid: parent
            for uid, one in organizations
            if (parent := Told(*one).flat.get("parent_organization_id"))
        }
        settled: set[str] = set()
        for uid in parents:
            seen: list[str] = []
            at: Any = uid
            while at in parents and at not in settled:
                if at in seen:
                    told = self._directory.get("organization", at)
                    self._here.at = Place(*told.at) if told else Place()
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
