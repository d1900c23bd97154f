"""Where something is given, and when: coordinates, addresses, areas and hours."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from community.providers.items import outer_id
from locales.folding import fold
from reports.hsds.fields import Here, number, objects, shortened, string
from reports.hsds.known import KnownArea

LOCATION_TYPES = ("physical", "postal", "virtual")


def latitude(raw: Any, name: str, here: Here) -> float | None:
    """Return degrees, as far as there are so many: HSDS's own example has 100."""
    return _degrees(raw, name, here, 90)


def longitude(raw: Any, name: str, here: Here) -> float | None:
    """Return degrees, as far as there are so many."""
    return _degrees(raw, name, here, 180)


def _degrees(raw: Any, name: str, here: Here, most: int) -> float | None:
    found = number(raw, name, here)
    if found is not None and not -most <= found <= most:
        here.note("unused", name, raw)
        return None
    return float(found) if found is not None else None


_LINES = ("address_1", "address_2", "city", "region", "state_province", "postal_code", "country")


def address(raw: Any, name: str, here: Here) -> str | None:
    """Return the first address in one line."""
    for one in objects(raw, name, here):
        parts = [string(one.get(part), f"{name}.{part}", here).strip() for part in _LINES]
        return shortened(", ".join(part for part in parts if part), 300) or None
    return None


def addresses(value: str | None, uid: str) -> Any:
    """Return the one line as HSDS has addresses; it wants all of these."""
    if not value:
        return None
    empty = dict.fromkeys(("city", "state_province", "postal_code", "country"), "")
    made = {"id": outer_id(f"{uid}/address"), "address_1": value, **empty}
    return [{**made, "address_type": "physical"}]


def kept_text(raw: Any, name: str, here: Here) -> None:
    """Check a text that is kept as it came."""
    string(raw, name, here)


def location_type(raw: Any, name: str, here: Here) -> None:
    """Check a word of HSDS's list, which is kept as it came."""
    if raw is not None and raw not in LOCATION_TYPES:
        here.refuse("choice", name, raw)


def service_area(raw: Any, name: str, here: Here) -> int | None:
    """Return the area that a service is given in, if it is one of this network's."""
    every = objects(raw, name, here)
    if len(every) != 1:
        return None
    uri = string(every[0].get("uri"), f"{name}[0].uri", here)
    return here.area(uri, fold(string(every[0].get("name"), f"{name}[0].name", here)))


def service_area_list(value: KnownArea | None, uid: str) -> Any:
    """Return an area as HSDS has it; it is known again by its identifier, else by its name."""
    if value is None:
        return None
    return [{"id": outer_id(f"{uid}/area"), "name": value.name, "uri": value.uri}]


def iso(value: date | None, _id: str) -> str | None:
    """Return a day as HSDS writes it."""
    return value.isoformat() if value else None


def weekly(raw: Any, name: str, here: Here) -> str:
    """Return the days of the week, as far as there are only such."""
    days = [part.strip() for part in string(raw, name, here).split(",") if part.strip()]
    for one in days:
        if not re.fullmatch(r"[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU)", one):
            here.refuse("days", name, one)
    return ",".join(dict.fromkeys(days))


RULED = ("count", "until", "byweekno", "bymonthday", "byyearday")
"""What makes hours more than weekly ones: then they are kept, and not shown as if they were."""


def is_weekly(schedule: Mapping[str, Any]) -> bool:
    """Say whether a schedule is plain hours on days of the week."""
    return (
        all(schedule.get(part) for part in ("byday", "opens_at", "closes_at"))
        and not re.search(r"\d", str(schedule["byday"]))
        and schedule.get("freq") in (None, "", "WEEKLY")
        and schedule.get("interval") in (None, "", 1)
        and not any(schedule.get(part) for part in RULED)
    )
