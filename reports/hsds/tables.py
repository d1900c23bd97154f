"""The CSV data package of HSDS 3.0: one table for each kind of object, read and written.

What a cell cannot say (an empty list, a number where HSDS has a text, a field that is no column)
stands in one more column, ``diwan_kept``, as JSON, so that what goes out comes back as it was.
Spreadsheet programs run cells that begin with ``=``, ``+``, ``-`` or ``@``: such texts are written
with an apostrophe before them, which is taken off again.
"""

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, NamedTuple

from community.disk import Disk, DiskDict, DiskList
from community.providers.items import Place
from community.providers.standing import parts
from reports.hsds.texts import lines, load, refuse

KEPT = "diwan_kept"
PACKAGE = "datapackage.json"
_RUNS = re.compile(r"'*[=+\-@\t\r]")
_FORMULA = re.compile(r"=|[+\-@]\s*[A-Za-z_.]+[(|!]")
NUMBERS = frozenset(
    [
        "extension",
        "timezone",
        "count",
        "interval",
        "year_incorporated",
        "minimum_age",
        "maximum_age",
        "amount",
        "latitude",
        "longitude",
    ]
)


@dataclass(frozen=True)
class Table:
    """One file of the package."""

    path: str
    columns: str
    lists: Mapping[str, str] = field(default_factory=dict)
    """Lists of an object: of which kind."""
    single: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Objects within one: of which kind, and the column that names them."""


_ABOUT = {"attributes": "attribute", "metadata": "metadata"}
TABLES: Mapping[str, Table] = {
    "organization": Table(
        "organizations.csv",
        "name alternate_name description email website tax_status tax_id year_incorporated"
        " legal_status logo uri parent_organization_id",
        {
            "services": "service",
            "locations": "location",
            "programs": "program",
            "contacts": "contact",
            "phones": "phone",
            "funding": "funding",
            "organization_identifiers": "organization_identifier",
            **_ABOUT,
        },
    ),
    "program": Table("programs.csv", "organization_id name alternate_name description", _ABOUT),
    "service": Table(
        "services.csv",
        "organization_id program_id name alternate_name description url email status"
        " interpretation_services application_process fees_description wait_time fees"
        " accreditations eligibility_description minimum_age maximum_age assured_date"
        " assurer_email licenses alert last_modified",
        {
            "service_at_locations": "service_at_location",
            "phones": "phone",
            "schedules": "schedule",
            "service_areas": "service_area",
            "languages": "language",
            "funding": "funding",
            "cost_options": "cost_option",
            "required_documents": "required_document",
            "contacts": "contact",
            **_ABOUT,
        },
        {
            "organization": ("organization", "organization_id"),
            "program": ("program", "program_id"),
        },
    ),
    "location": Table(
        "locations.csv",
        "organization_id location_type url name alternate_name description transportation"
        " latitude longitude external_identifier external_identifier_type",
        {
            "languages": "language",
            "addresses": "address",
            "contacts": "contact",
            "accessibility": "accessibility",
            "phones": "phone",
            "schedules": "schedule",
            **_ABOUT,
        },
    ),
    "service_at_location": Table(
        "service_at_location.csv",
        "service_id location_id description",
        {"contacts": "contact", "phones": "phone", "schedules": "schedule", **_ABOUT},
        {"location": ("location", "location_id"), "service": ("service", "service_id")},
    ),
    "schedule": Table(
        "schedules.csv",
        "service_id location_id service_at_location_id valid_from valid_to dtstart timezone"
        " until count wkst freq interval byday byweekno bymonthday byyearday description"
        " opens_at closes_at schedule_link"
        " attending_type notes",
        _ABOUT,
    ),
    "contact": Table(
        "contacts.csv",
        "organization_id service_id service_at_location_id location_id name title department"
        " email",
        {"phones": "phone", **_ABOUT},
    ),
    "phone": Table(
        "phones.csv",
        "location_id service_id organization_id contact_id service_at_location_id number"
        " extension type description",
        {"languages": "language", **_ABOUT},
    ),
    "address": Table(
        "addresses.csv",
        "location_id attention address_1 address_2 city region state_province postal_code"
        " country address_type",
        _ABOUT,
    ),
    "funding": Table("funding.csv", "organization_id service_id source", _ABOUT),
    "service_area": Table(
        "service_areas.csv", "service_id name description extent extent_type uri", _ABOUT
    ),
    "required_document": Table("required_documents.csv", "service_id document uri", _ABOUT),
    "language": Table("languages.csv", "service_id location_id phone_id name code note", _ABOUT),
    "accessibility": Table("accessibility.csv", "location_id description details url", _ABOUT),
    "cost_option": Table(
        "cost_options.csv",
        "service_id valid_from valid_to option currency amount amount_description",
        _ABOUT,
    ),
    "organization_identifier": Table(
        "organization_identifiers.csv",
        "organization_id identifier_scheme identifier_type identifier",
        _ABOUT,
    ),
    "attribute": Table(
        "attributes.csv",
        "link_id taxonomy_term_id link_type link_entity value",
        {"metadata": "metadata"},
        {"taxonomy_term": ("taxonomy_term", "taxonomy_term_id")},
    ),
    "taxonomy_term": Table(
        "taxonomy_terms.csv",
        "code name description parent_id taxonomy language taxonomy_id term_uri",
        {"metadata": "metadata"},
        {"taxonomy_detail": ("taxonomy", "taxonomy_id")},
    ),
    "taxonomy": Table("taxonomies.csv", "name description uri version", {"metadata": "metadata"}),
    "metadata": Table(
        "metadata.csv",
        "resource_id resource_type last_action_date last_action_type field_name previous_value"
        " replacement_value updated_by",
    ),
}
ALONE = ("organization", "program", "location", "taxonomy_term", "service", "service_at_location")
"""What stands by itself; everything else belongs into one of the others."""
NAMED_OWNER = {
    "attribute": ("link_id", "link_entity"),
    "metadata": ("resource_id", "resource_type"),
}
"""What names its owner by two columns: which it is, and of which kind."""
NAMED = ("taxonomy_term", "taxonomy")
"""What others name, and so have within them."""
_KIND_OF = {table.path: kind for kind, table in TABLES.items()}

# Reading


class _Row(NamedTuple):
    """A row of a table, and where it stands."""

    kind: str
    cells: dict[str, Any]
    at: tuple[str, int]
    """In which file, in which line."""


class Tables:
    """The tables of a package, joined on the disk."""

    def __init__(self, files: Mapping[str, Iterable[str]], disk: Disk) -> None:
        """``files`` are texts by their names.

        Raises:
            DirectoryRefusedError: a table is wrong, or a row belongs to none; it says where.
        """
        paths = _paths(files)
        self.others = sorted(files.keys() - {*paths.values(), PACKAGE})
        """The names of those files that are none of the tables."""
        self._rows: dict[str, DiskList[_Row]] = {kind: DiskList(disk) for kind in paths}
        self._known: dict[str, DiskDict[Any]] = {kind: DiskDict(disk) for kind in paths}
        """Which identifiers there are, and of what is named by others the rows."""
        self._within: dict[str, DiskDict[Any]] = {kind: DiskDict(disk) for kind in paths}
        """What belongs into an object: in which list of it, and the row."""
        for kind, name in paths.items():
            for part in parts(_table(kind, name, files[name])):
                self._rows[kind].extend(part)
                self._known[kind].update(
                    {
                        row.cells["id"]: (*row,) if kind in NAMED else None
                        for row in part
                        if "id" in row.cells
                    }
                )
        for kind, rows in self._rows.items():
            if kind not in ALONE and kind != "taxonomy":
                for part in parts(rows):
                    self._belong(part)

    def objects(self) -> Iterator[tuple[str, dict[str, Any], dict[int, Place]]]:
        """Return what stands by itself, whole: its kind, and the places by Python's ``id``.

        Raises:
            DirectoryRefusedError: a row names something that is not there.
        """
        for kind in ALONE:
            for row in self._rows.get(kind, ()):
                places: dict[int, Place] = {}
                yield kind, self._whole(row, places), places

    def _whole(self, row: _Row, places: dict[int, Place]) -> dict[str, Any]:
        """Return a row with what it names and what belongs to it."""
        kind, cells, at = row
        uid_here, extra = cells.get("id", ""), cells.pop(KEPT, {})
        for key, (other, column) in TABLES[kind].single.items():
            if kind in ALONE and kind != "taxonomy_term":
                break
            if (uid := cells.get(column)) is None:
                continue
            known = self._known[other].get(uid) if other in self._known else None
            if known is not None:
                cells[key] = self._whole(_Row(*known), places)
                del cells[column]
            elif kind != "taxonomy_term":
                refuse("reference", *at, column, uid)
        cells.update(extra)
        for key, one in self._within[kind].get(uid_here) or ():
            cells.setdefault(key, []).append(self._whole(_Row(*one), places))
        places[id(cells)] = Place(*at)
        return cells

    def _belong(self, rows: Sequence[_Row]) -> None:
        """Put rows into those that they belong to."""
        found: dict[str, dict[str, list[Any]]] = {}
        for row in rows:
            for other, uid, key in self._owners(row):
                found.setdefault(other, {}).setdefault(uid, []).append((key, (*row,)))
        for other, every in found.items():
            before = self._within[other].some(every)
            self._within[other].update(
                {uid: [*before.get(uid, ()), *new] for uid, new in every.items()}
            )

    def _owners(self, row: _Row) -> list[tuple[str, str, str]]:
        """Return what a row belongs to: kinds, identifiers, and in which lists of them."""
        kind, cells, at = row
        found = []
        if kind in NAMED_OWNER:
            column, of = NAMED_OWNER[kind]
            uid, said = cells.get(column), cells.get(of)
            for other in [str(said)] if said in TABLES else TABLES:
                key = _list_of(kind, other)
                if uid is not None and key and self._is_there(other, uid):
                    del cells[column]
                    if said == other:
                        del cells[of]
                    return [(other, uid, key)]
            if uid is not None:
                refuse("reference", *at, column, uid)
        else:
            for other in TABLES:
                key, column = _list_of(kind, other), f"{other}_id"
                if key is None or (uid := cells.get(column)) is None:
                    continue
                if not self._is_there(other, uid):
                    refuse("reference", *at, column, uid)
                del cells[column]
                found.append((other, uid, key))
        if not found:
            refuse("no_owner", *at)
        return found

    def _is_there(self, kind: str, uid: str) -> bool:
        return kind in self._known and uid in self._known[kind]


def _list_of(kind: str, owner: str) -> str | None:
    """Return in which list of another kind objects of this one stand."""
    return next((key for key, of in TABLES[owner].lists.items() if of == kind), None)


def _paths(files: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return which file is which table."""
    found = {_KIND_OF[name.lower()]: name for name in files if name.lower() in _KIND_OF}
    if PACKAGE in files:
        said = load(PACKAGE, "".join(files[PACKAGE]))
        resources = said.get("resources") if isinstance(said, dict) else None
        if not isinstance(resources, list):
            refuse("missing", PACKAGE, path="resources")
        for at, one in enumerate(resources):
            name, path = (
                (one.get("name"), one.get("path")) if isinstance(one, dict) else (None, None)
            )
            place = f"resources[{at}].path"
            if not isinstance(name, str) or not isinstance(path, str):
                refuse("text", PACKAGE, path=place)
            kind = _KIND_OF.get(path.lower()) or (name if name in TABLES else None)
            if kind is None:
                continue
            if path not in files:
                refuse("no_file", PACKAGE, path=place, what=path)
            found[kind] = path
    if not found:
        refuse("nothing", next(iter(files)))
    return {kind: found[kind] for kind in TABLES if kind in found}


def _table(kind: str, name: str, text: Iterable[str]) -> Iterator[_Row]:
    reader = csv.reader(lines(text), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if not any(header):
            refuse("empty", name)
        if len(header) == 1 and re.search(r"[;\t|]", header[0]):
            refuse("separator", name, 1)
        if "id" not in header:
            refuse("no_header", name, 1)
        for column in header:
            if header.count(column) > 1:
                refuse("twice_key", name, 1, what=column)
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(header):
                refuse("ragged", name, reader.line_num, what=len(header))
            row = {
                column: _cell(column, cell, name, reader.line_num)
                for column, cell in zip(header, cells, strict=True)
                if cell != ""
            }
            yield _Row(kind, row, (name, reader.line_num))
    except csv.Error:
        refuse("csv", name, reader.line_num)


def _cell(column: str, cell: str, name: str, line: int) -> Any:
    if column == KEPT:
        kept = load(name, cell, line)
        if not isinstance(kept, dict):
            refuse("object", name, line, column)
        return kept
    if column in NUMBERS:
        try:
            value = float(cell)
        except ValueError:
            refuse("number", name, line, column, cell)
        if not math.isfinite(value):
            refuse("endless", name, line, column, cell)
        return int(cell) if re.fullmatch(r"[+-]?\d{1,18}", cell) else value
    if cell.startswith("'") and _RUNS.match(cell):
        return cell[1:]
    if _FORMULA.match(cell):
        refuse("formula", name, line, column, cell)
    return cell


# Writing


class _Package:
    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self._by_id: dict[tuple[str, str], list[tuple[dict[str, Any], dict[str, Any]]]] = {}

    def add(self, kind: str, raw: Mapping[str, Any], **owner: Any) -> None:
        table = TABLES[kind]
        columns = table.columns.split()
        cells: dict[str, Any] = {"id": raw["id"]}
        kept: dict[str, Any] = {}
        nested = []
        for key, value in raw.items():
            if key == "id":
                continue
            if key in table.lists and _are_objects(value) and value:
                nested.append((table.lists[key], value))
            elif key in table.single and _are_objects([value]):
                other, column = table.single[key]
                nested.append((other, [value]))
                owner = {**owner, column: value["id"]}
            elif key in columns and _says(key, value):
                cells[key] = value
            else:
                kept[key] = value
        for column in owner.keys() & cells.keys():
            if column not in LINKED.get(kind, ()):
                kept[column] = cells.pop(column)
        self._place(kind, {**cells, KEPT: kept} if kept else cells, owner)
        for other, every in nested:
            for one in every:
                named = {}
                if other in NAMED_OWNER:
                    named = dict(zip(NAMED_OWNER[other], (raw["id"], kind), strict=True))
                elif f"{kind}_id" in TABLES[other].columns.split():
                    named = {f"{kind}_id": raw["id"]}
                self.add(other, one, **named)

    def _place(self, kind: str, cells: dict[str, Any], owner: dict[str, Any]) -> None:
        """Give a row its owner, or those that it has already one more."""
        every = self._by_id.setdefault((kind, cells["id"]), [])
        for before, owners in every:
            agree = all(owners.get(key, value) == value for key, value in owner.items())
            if before == cells and agree:
                owners.update(owner)
                return
        owners = dict(owner)
        every.append((cells, owners))
        self.rows.setdefault(kind, []).append({"cells": cells, "owners": owners})


LINKED = {
    "program": ("organization_id",),
    "service": ("organization_id", "program_id"),
    "location": ("organization_id",),
    "service_at_location": ("service_id", "location_id"),
}
"""Columns that an object may have itself and that say no more than where it stands."""


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("id"), str) and one["id"] for one in value
    )


def _says(column: str, value: Any) -> bool:
    """Say whether a cell can say exactly this."""
    if column in NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str) and value != ""


def package(organizations: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """Return the files of the data package for these organisations, nested as JSON has them."""
    made = _Package()
    for one in organizations:
        made.add("organization", one)
    files = {}
    for kind, table in TABLES.items():
        rows = [{**row["cells"], **row["owners"]} for row in made.rows.get(kind, [])]
        if not rows and kind not in ("organization", "service"):
            continue
        columns = ["id", *table.columns.split()]
        if any(KEPT in row for row in rows):
            columns.append(KEPT)
        out = StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_written(column, row.get(column)) for column in columns])
        files[table.path] = out.getvalue().encode()
    resources = [
        {"name": kind, "path": table.path} for kind, table in TABLES.items() if table.path in files
    ]
    described = {"name": "diwan-directory", "resources": resources}
    files[PACKAGE] = json.dumps(described, indent=1).encode()
    return files


def _written(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column == KEPT:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return f"'{value}" if _RUNS.match(value) else value
    return repr(value)
