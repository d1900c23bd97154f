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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from reports.hsds.reading import At
from reports.hsds.texts import decoded, load, refuse

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
_KIND_OF = {table.path: kind for kind, table in TABLES.items()}

Rows = dict[str, list[dict[str, Any]]]


# Reading


def objects(files: Mapping[str, bytes]) -> tuple[Rows, dict[int, At], list[str]]:
    """Return what stands by itself in the tables, whole, and the place of every object.

    The third is the names of those files that are none of the tables.

    Raises:
        DirectoryRefusedError: a table is wrong, or a row belongs to none; it says where.
    """
    places: dict[int, At] = {}
    rows: Rows = {}
    paths = _paths(files)
    for kind, name in paths.items():
        rows[kind] = list(_table(name, files[name], places))
    known = {
        kind: {row["id"]: row for row in every if isinstance(row.get("id"), str)}
        for kind, every in rows.items()
    }
    for kind, every in rows.items():
        for row in every:
            extra = row.pop(KEPT, {})
            _nest(kind, row, known, places)
            row.update(extra)
    others = sorted(files.keys() - {*paths.values(), PACKAGE})
    return {kind: rows.get(kind, []) for kind in ALONE}, places, others


def _paths(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return which file is which table."""
    found = {_KIND_OF[name.lower()]: name for name in files if name.lower() in _KIND_OF}
    if PACKAGE in files:
        said = load(PACKAGE, decoded(PACKAGE, files[PACKAGE]))
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


def _table(name: str, content: bytes, places: dict[int, At]) -> Iterable[dict[str, Any]]:
    reader = csv.reader(StringIO(decoded(name, content), newline=""), strict=True)
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
            places[id(row)] = At(name, reader.line_num)
            yield row
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


def _nest(
    kind: str,
    row: dict[str, Any],
    known: Mapping[str, Mapping[str, dict[str, Any]]],
    places: Mapping[int, At],
) -> None:
    """Put a row into those that it belongs to, and what it names into it."""
    at = places[id(row)]
    for key, (other, column) in TABLES[kind].single.items():
        if kind in ALONE and kind != "taxonomy_term":
            break
        if (uid := row.get(column)) is None:
            continue
        if uid not in known.get(other, {}):
            if kind == "taxonomy_term":
                continue
            refuse("reference", at.file, at.line, column, uid)
        row[key] = known[other][row.pop(column)]
    if kind in ALONE or kind == "taxonomy":
        return
    owners = _owners(kind, row, known, at)
    if not owners:
        refuse("no_owner", at.file, at.line)
    for owner, key in owners:
        owner.setdefault(key, []).append(row)


def _owners(
    kind: str,
    row: dict[str, Any],
    known: Mapping[str, Mapping[str, dict[str, Any]]],
    at: At,
) -> list[tuple[dict[str, Any], str]]:
    if kind in NAMED_OWNER:
        column, of = NAMED_OWNER[kind]
        uid, said = row.get(column), row.get(of)
        kinds = [said] if said in TABLES else list(TABLES)
        for other in kinds:
            lists = {listed: key for key, listed in TABLES[str(other)].lists.items()}
            if kind in lists and uid in known.get(str(other), {}):
                del row[column]
                if said == other:
                    del row[of]
                return [(known[str(other)][str(uid)], lists[kind])]
        if uid is not None:
            refuse("reference", at.file, at.line, column, uid)
        return []
    found = []
    for other, table in TABLES.items():
        key = next((key for key, listed in table.lists.items() if listed == kind), None)
        if key is None or (uid := row.get(f"{other}_id")) is None:
            continue
        if uid not in known.get(other, {}):
            refuse("reference", at.file, at.line, f"{other}_id", uid)
        del row[f"{other}_id"]
        found.append((known[other][uid], key))
    return found


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
