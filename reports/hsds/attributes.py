"""Attributes: the terms of others, and in terms of our own what HSDS has no field for."""

from collections.abc import Iterator, Mapping
from typing import Any

from community.needs import Need
from community.people import Profile
from community.providers.items import outer_id
from community.providers.table import Kind
from locales.folding import fold
from reports.hsds.fields import Here, objects, string, text_of
from reports.hsds.known import KnownArea

OURS = "diwan"
"""The taxonomy in whose terms the export says what HSDS has no field for."""


FACTS = (
    "terms",
    "need",
    "kind",
    "profiles",
    "strengths",
    "online",
    ".accessibility",
)

UNSAID: Mapping[str, Any] = {
    "need": Need.OTHER,
    "kind": Kind.SERVICE,
    "online": False,
    "interpretation": False,
}
"""What a service is of which nothing is said: so it needs no words in an export."""


_ACCESSIBILITY = text_of("service", "accessibility")


def attributes(raw: Any, name: str, here: Here) -> tuple[Any, ...]:
    """Return the terms of a service, and what it is in the words of our own taxonomy.

    None is what these do not say: terms of others do not tell whether a service is online.
    """
    terms: list[str] = []
    said: dict[str, list[str]] = {}
    mapped: list[Need] = []
    for at, one in enumerate(objects(raw, name, here)):
        path = f"{name}[{at}].taxonomy_term"
        term = one.get("taxonomy_term")
        if term is None:
            continue
        if not isinstance(term, dict):
            here.refuse("object", path, term)
        if term.get("taxonomy") == OURS:
            value = string(one.get("value"), f"{name}[{at}].value", here)
            said.setdefault(string(term.get("code"), f"{path}.code", here), []).append(value)
            continue
        if (uid := term.get("id")) not in terms:
            terms.append(string(uid, f"{path}.id", here))
            need = need_of(term, path, here)
            mapped += [need] if need else []
    needs = _coded(Need, said, "need", name, here)
    strengths = dict.fromkeys(_coded(Need, said, "strength", name, here), True)
    strengths |= dict.fromkeys(_coded(Need, said, "weakness", name, here), False)
    accessibility = said.get(f"{OURS}:accessibility", [""])[0]
    return (
        terms,
        next(iter(needs or mapped), None),
        next(iter(_coded(Kind, said, "kind", name, here)), None),
        [profile.value for profile in _coded(Profile, said, "profile", name, here)],
        strengths,
        "true" in said[f"{OURS}:online"] if f"{OURS}:online" in said else None,
        _ACCESSIBILITY(accessibility, name, here),
    )


def _coded(codes: Any, said: Mapping[str, list[str]], of: str, name: str, here: Here) -> list[Any]:
    found = []
    for value in said.get(f"{OURS}:{of}", ()):
        if value not in [code.value for code in codes]:
            here.refuse("choice", name, f"{OURS}:{of} {value}")
        found.append(codes(value))
    return found


_CODES = {need.value: need for need in Need}


def need_of(term: Mapping[str, Any], path: str, here: Here) -> Need | None:
    """Return which need of ours a term means: by our own code, else by its name."""
    code = string(term.get("code"), f"{path}.code", here).removeprefix(f"{OURS}:need:")
    if code in _CODES:
        return _CODES[code]
    return here.known.needs.get(fold(string(term.get("name"), f"{path}.name", here).strip()))


def attribute_list(value: tuple[Any, ...], uid: str) -> Any:
    """Return what is ours as attributes of our own taxonomy; terms of others are kept."""
    _terms, need, kind, profiles, strengths, online, accessibility = value
    said = [("need", Need(need).value)] if need and need != Need.OTHER else []
    said += [("kind", Kind(kind).value)] if kind and kind != Kind.SERVICE else []
    said += [("profile", profile) for profile in profiles or ()]
    said += [
        ("strength" if is_strength else "weakness", Need(term).value)
        for term, is_strength in sorted((strengths or {}).items())
    ]
    said += [("online", "true")] if online else []
    said += [("accessibility", accessibility)] if accessibility else []
    return [own(of, text, uid) for of, text in said] or None


def own(of: str, text: str, uid: str) -> dict[str, Any]:
    """Return an attribute of our own taxonomy."""
    term = {"id": outer_id(f"{OURS}:{of}"), "code": f"{OURS}:{of}", "name": of}
    return {
        "id": outer_id(f"{uid}/{of}/{text}"),
        "link_entity": "service",
        "value": text,
        "taxonomy_term": {**term, "description": "", "taxonomy": OURS},
    }


def may_be_ours(raw: Any) -> bool:
    """Say whether a value may be what we would write: then it is worth while to write it.

    What we make ourselves has identifiers that follow from others (UUID, version 5).
    """
    if not isinstance(raw, list) or not raw:
        return not isinstance(raw, dict)
    uid = raw[0].get("id") if isinstance(raw[0], dict) else None
    return isinstance(uid, str) and len(uid) == 36 and uid[14] == "5"


def about(term: Mapping[str, Any], uid: str) -> dict[str, Any]:
    """Return the attribute that says that a service is about a term."""
    named = outer_id(f"{uid}/{term['id']}")
    return {"id": named, "link_entity": "service", "taxonomy_term": term}


def as_ours(raw: Any, uid: str, own_ones: Any) -> Any:
    """Return a list of attributes as an export makes it of the terms in it."""
    terms = [one.get("taxonomy_term") for one in raw or () if not is_own(one)]
    return [*(about(term, uid) for term in terms if term and term.get("id")), *(own_ones or ())]


def is_own(attribute: Mapping[str, Any]) -> bool:
    """Say whether an attribute is one of our own taxonomy."""
    term = attribute.get("taxonomy_term")
    return isinstance(term, dict) and term.get("taxonomy") == OURS


def said_by_us(raw: Any, of: str, name: str, here: Here) -> Iterator[str]:
    """Return what attributes of our own taxonomy say."""
    for at, one in enumerate(objects(raw, name, here)):
        if is_own(one) and one["taxonomy_term"].get("code") == f"{OURS}:{of}":
            yield string(one.get("value"), f"{name}[{at}].value", here)


def of_location(raw: Any, name: str, here: Here) -> tuple[bool | None, int | None]:
    """Return whether there are no steps on the way in, and the area, where we say so."""
    step_free = next(said_by_us(raw, "step_free", name, here), None)
    area = next(said_by_us(raw, "area", name, here), "")
    return None if step_free is None else step_free == "true", here.area(area)


def location_attributes(value: tuple[bool | None, KnownArea | None], uid: str) -> Any:
    """Return that as attributes."""
    step_free, area = value
    said = [] if step_free is None else [("step_free", "true" if step_free else "false")]
    said += [("area", area.uri)] if area else []
    return [{**own(of, text, uid), "link_entity": "location"} for of, text in said] or None
