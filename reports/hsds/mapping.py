"""Which field of HSDS is which column or text of ours, object by object, in both directions.

Whatever has no line here stays in the row's ``hsds`` as it came. So does a mapped field whose
column does not say exactly the same (``10:00:00`` for ``10:00``, three phones for one, a text that
is too long): an export gives the kept form as long as the column still says what was read from it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NoReturn

from babel import Locale
from babel.numbers import list_currencies

from community import translations
from community.errors import DirectoryRefusedError
from community.needs import Need
from community.people import Profile
from community.providers.items import Note, Place, outer_id
from community.providers.table import Kind
from locales.folding import fold
from locales.languages import ALIASES
from reports.hsds.known import Known, KnownArea

OURS = "diwan"
"""The taxonomy in whose terms the export says what HSDS has no field for."""
STATUSES = ("active", "inactive", "defunct", "temporarily closed")
LOCATION_TYPES = ("physical", "postal", "virtual")
NUMBERED = re.compile(r"\d{1,2}[.)]\s+(\S.*)")


@dataclass
class Here:
    """Where the reader is, and what it has to say about it."""

    known: Known = field(default_factory=Known)
    place: Callable[[str], Place] = Place
    """The place of a field of the object that is read."""
    notes: list[Note] = field(default_factory=list)

    def area(self, *keys: str) -> int | None:
        """Return the area that an identifier means, or a name that only one has."""
        for key in filter(None, keys):
            found = [number for number, area in self.known.areas.items() if key in area.keys]
            if len(found) == 1:
                return found[0]
        return None

    def refuse(self, why: str, name: str = "", what: object = "") -> NoReturn:
        """End the reading: nothing of the files is used.

        Raises:
            DirectoryRefusedError: always.
        """
        place = self.place(name)
        raise DirectoryRefusedError(
            why, file=place.file, line=place.line, path=place.path, what=shortened(str(what), 40)
        )

    def note(self, why: str, name: str, what: object = "") -> None:
        """Say that something is taken, but not as it came."""
        self.notes.append(Note(why, self.place(name), shortened(str(what), 40)))


Read = Callable[[Any, str, Here], Any]
Write = Callable[[Any, str], Any]


def as_it_is(value: Any, _id: str) -> Any:
    """Return the value."""
    return value


@dataclass(frozen=True)
class Field:
    """One field of HSDS, and where it goes: columns, or texts with a dot before them."""

    name: str
    to: tuple[str, ...]
    read: Read
    write: Write = as_it_is
    always: Any = None
    """What stands in an export where there is nothing, because HSDS wants the field."""


def written(one: Field, values: Sequence[Any], uid: str, here: Here) -> Any:
    """Return what columns and texts say as HSDS has it."""
    told = [
        here.known.areas.get(value) if to == "area_id" else value
        for to, value in zip(one.to, values, strict=False)
    ]
    return one.write(told[0] if len(one.to) == 1 else tuple(told), uid)


def shortened(text: str, limit: int) -> str:
    """Return the text, or its beginning with an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(None, 1)[0][: limit - 1] + "…"


# Plain values


def string(raw: Any, name: str, here: Here) -> str:
    """Return a text.

    Raises:
        DirectoryRefusedError: it is none.
    """
    if raw is None:
        return ""
    if not isinstance(raw, str):
        here.refuse("text", name, raw)
    return raw


def number(raw: Any, name: str, here: Here) -> float | None:
    """Return a number.

    Raises:
        DirectoryRefusedError: it is none.
    """
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        here.refuse("number", name, raw)
    return raw


def day(raw: Any, name: str, here: Here) -> date | None:
    """Return a day.

    Raises:
        DirectoryRefusedError: it is none.
    """
    text = string(raw, name, here)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        here.refuse("date", name, text)


CLOCK = re.compile(r"([01]?\d|2[0-3]|24(?=:00)):([0-5]\d)(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")


def clock(raw: Any, name: str, here: Here) -> str:
    """Return a time of the day, in hours and minutes.

    Raises:
        DirectoryRefusedError: it is none.
    """
    text = string(raw, name, here)
    found = CLOCK.fullmatch(text)
    if text and not found:
        here.refuse("time", name, text)
    return f"{int(found[1]):02}:{found[2]}" if found else ""


def objects(raw: Any, name: str, here: Here) -> list[dict[str, Any]]:
    """Return a list of objects.

    Raises:
        DirectoryRefusedError: it is none.
    """
    if raw is None:
        return []
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        here.refuse("list", name, raw)
    return raw


def text_of(subject: str, text_field: str) -> Read:
    """Return what reads a text: what is too long is shortened, and noted; never a name."""
    limit = translations.LIMITS[subject, text_field]

    def read(raw: Any, name: str, here: Here) -> str:
        text = string(raw, name, here).strip()
        if not text.isprintable():  # else it is one line
            text = "\n".join(line.rstrip() for line in text.splitlines())
        if len(text) <= limit:
            return text
        if text_field == "name":
            here.refuse("long", name, limit)
        here.note("shortened", name, limit)
        return shortened(text, limit)

    return read


def line_of(limit: int) -> Read:
    """Return what reads a column of some letters: what is longer stays outside it."""

    def read(raw: Any, name: str, here: Here) -> str | None:
        text = string(raw, name, here).strip()
        if len(text) > limit:
            here.note("unused", name, text)
            return None
        return text or None

    return read


def link(raw: Any, name: str, here: Here) -> str | None:
    """Return a link that may be tapped, as far as it is one."""
    text = string(raw, name, here).strip()
    if text and not re.fullmatch(r"https?://[^\s<>\"]{1,490}", text):
        here.note("unused", name, text)
        return None
    return text or None


def email(raw: Any, name: str, here: Here) -> str | None:
    """Return an address, as far as it is one."""
    text = string(raw, name, here).strip()
    if text and not (len(text) <= 254 and re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", text)):
        here.note("unused", name, text)
        return None
    return text or None


def phone(raw: Any, name: str, here: Here) -> str | None:
    """Return the first number."""
    for one in objects(raw, name, here):
        text = string(one.get("number"), name, here).strip(" \"'")
        if not text:
            here.refuse("missing", f"{name}.number")
        if len(text) <= 64:
            return text
        here.note("unused", name, text)
    return None


def phones(value: str | None, uid: str) -> Any:
    """Return the one number as HSDS lists them."""
    return [{"id": outer_id(f"{uid}/phone"), "number": value}] if value else None


# Places


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


# Services


@cache
def _languages() -> dict[str, str]:
    names = Locale("en").languages
    return {name.casefold(): code.replace("_", "-") for code, name in names.items()}


@cache
def _known(code: str) -> str | None:
    """Return the BCP 47 tag for a code of two or three letters, with what may follow."""
    first, *more = code.replace("_", "-").split("-")
    first = _THREE.get(first.lower(), first.lower())
    tag = "-".join([first, *more])
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", tag) or len(tag) > 16:
        return None
    if tag in ALIASES:
        return ALIASES[tag]
    return tag if first in Locale("en").languages else None


_THREE = {
    "eng": "en",
    "fra": "fr",
    "fre": "fr",
    "ara": "ar",
    "ukr": "uk",
    "deu": "de",
    "ger": "de",
    "spa": "es",
    "por": "pt",
    "rus": "ru",
    "tur": "tr",
    "pol": "pl",
    "ron": "ro",
    "rum": "ro",
    "ita": "it",
    "urd": "ur",
    "fas": "fa",
    "per": "fa",
    "pus": "ps",
    "som": "so",
    "tir": "ti",
    "amh": "am",
    "hin": "hi",
    "ben": "bn",
    "zho": "zh",
    "chi": "zh",
    "nld": "nl",
    "dut": "nl",
    "ell": "el",
    "gre": "el",
    "kur": "ku",
    "sqi": "sq",
    "alb": "sq",
    "srp": "sr",
    "hrv": "hr",
    "bul": "bg",
    "ces": "cs",
    "cze": "cs",
    "slk": "sk",
    "slo": "sk",
    "hun": "hu",
    "swe": "sv",
    "dan": "da",
    "fin": "fi",
    "nor": "nb",
    "vie": "vi",
    "tam": "ta",
    "swa": "sw",
    "pan": "pa",
}
"""ISO 639-2, which HSDS allows, for the languages that have a shorter code."""


def languages(raw: Any, name: str, here: Here) -> list[str]:
    """Return the languages that something is given in.

    Raises:
        DirectoryRefusedError: a code is none.
    """
    found: list[str] = []
    for at, one in enumerate(objects(raw, name, here)):
        code, said = one.get("code"), one.get("name")
        if code:
            tag = _known(string(code, f"{name}[{at}].code", here).strip())
            if tag is None:
                here.refuse("language", f"{name}[{at}].code", code)
        else:
            tag = _languages().get(string(said, f"{name}[{at}].name", here).strip().casefold())
            if tag is None:
                here.note("unused", f"{name}[{at}].name", said)
                continue
        if tag not in found:
            found.append(tag)
    return found


def language_list(value: Sequence[str] | None, uid: str) -> Any:
    """Return languages as HSDS lists them."""
    names = Locale("en").languages
    return [
        {
            "id": outer_id(f"{uid}/language/{code}"),
            "name": names.get(code, code),
            "code": code,
        }
        for code in value or ()
    ] or None


def status(raw: Any, name: str, here: Here) -> bool:
    """Say whether a service is offered.

    Raises:
        DirectoryRefusedError: HSDS has no such status.
    """
    if raw not in STATUSES:
        here.refuse("missing" if raw in (None, "") else "choice", name, raw)
    return bool(raw == "active")


def status_of(value: bool | None, _id: str) -> str:
    """Return HSDS's word for whether a service is offered."""
    return "inactive" if value is False else "active"


def interpretation(raw: Any, name: str, here: Here) -> bool | None:
    """Say whether an interpreter can be asked for; None is not said."""
    return bool(string(raw, name, here).strip()) or None


def interpretation_text(value: bool | None, _id: str) -> str | None:
    """Return what HSDS has a text for."""
    return "yes" if value else None


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def cost(raw: Any, name: str, here: Here) -> tuple[Decimal | None, str | None]:
    """Return what it costs if that is one plain amount, for everybody and at any time.

    Raises:
        DirectoryRefusedError: an amount or a currency is none.
    """
    options = objects(raw, name, here)
    found: list[tuple[Decimal | None, str | None]] = []
    for at, one in enumerate(options):
        said = number(one.get("amount"), f"{name}[{at}].amount", here)
        try:
            amount = None if said is None else round(Decimal(str(said)), 2)
        except InvalidOperation:
            amount = Decimal(-1)
        if amount is not None and not 0 <= amount < 1_000_000:
            here.refuse("amount", f"{name}[{at}].amount", said)
        currency = string(one.get("currency"), f"{name}[{at}].currency", here).strip().upper()
        if currency and currency not in _currencies():
            here.refuse("currency", f"{name}[{at}].currency", currency)
        for part in ("valid_from", "valid_to"):
            day(one.get(part), f"{name}[{at}].{part}", here)
        found.append((amount, (currency or "EUR") if amount is not None else None))
    is_plain = len(options) == 1 and not any(
        options[0].get(part) for part in ("option", "valid_from", "valid_to", "amount_description")
    )
    return found[0] if is_plain else (None, None)


def cost_options(value: tuple[Decimal | None, str | None], uid: str) -> Any:
    """Return one plain amount as HSDS has it."""
    amount, currency = value
    if amount is None:
        return None
    plain = int(amount) if amount == int(amount) else float(amount)
    made: dict[str, Any] = {"id": outer_id(f"{uid}/cost")}
    return [{**made, **({"currency": currency} if currency else {}), "amount": plain}]


def documents(raw: Any, name: str, here: Here) -> tuple[str, dict[int, str]]:
    """Return what has to be brought, one on a line, and what for which step."""
    found, of_steps = [], {}
    for at, one in enumerate(objects(raw, name, here)):
        path = f"{name}[{at}]"
        text = string(one.get("document"), f"{path}.document", here)
        step = next(_said_by_us(one.get("attributes"), "step", f"{path}.attributes", here), "")
        if step.isascii() and step.isdigit():
            of_steps[int(step)] = _STEP_DOCUMENTS(text, f"{path}.document", here)
        else:
            found.append(" ".join(text.split()))
    lines: str = text_of("service", "documents")("\n".join(filter(None, found)), name, here)
    return lines, of_steps


_STEP_DOCUMENTS = text_of("step", "documents")


def document_list(value: tuple[str | None, Mapping[int, str] | None], uid: str) -> Any:
    """Return each line as a document, and what a step asks for as one of this step."""
    lines, of_steps = value
    made: list[dict[str, Any]] = [
        {"id": outer_id(f"{uid}/document/{at}"), "document": line}
        for at, line in enumerate((lines or "").splitlines())
    ]
    for step, text in sorted((of_steps or {}).items()):
        named = outer_id(f"{uid}/step/{step}/document")
        about_step = {**own("step", str(step), named), "link_entity": "required_document"}
        made.append({"id": named, "document": text, "attributes": [about_step]})
    return made or None


def _said_by_us(raw: Any, of: str, name: str, here: Here) -> Iterator[str]:
    """Return what attributes of our own taxonomy say."""
    for at, one in enumerate(objects(raw, name, here)):
        if is_own(one) and one["taxonomy_term"].get("code") == f"{OURS}:{of}":
            yield string(one.get("value"), f"{name}[{at}].value", here)


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


def application(raw: Any, name: str, here: Here) -> tuple[str, list[str]]:
    """Return how one applies: the text, and the numbered lines that end it, which are steps."""
    lines = [line.rstrip() for line in string(raw, name, here).strip().splitlines()]
    steps: list[str] = []
    limit = translations.LIMITS["step", "text"]
    while lines and (found := NUMBERED.fullmatch(lines[-1].strip())):
        if len(found[1]) > limit:
            here.note("shortened", name, limit)
        steps.insert(0, shortened(found[1], limit))
        lines.pop()
    return text_of("service", "application")("\n".join(lines), name, here), steps


def application_text(value: tuple[str, Sequence[str]], _id: str) -> str | None:
    """Return the text with the steps as numbered lines."""
    text, steps = value[0], value[1]
    lines: list[str] = [
        f"{at}. {' '.join(step.split())}" for at, step in enumerate(steps or (), start=1)
    ]
    return "\n".join([*([text] if text else []), *lines]) or None


# Attributes: terms, and what HSDS has no field for

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


def of_location(raw: Any, name: str, here: Here) -> tuple[bool | None, int | None]:
    """Return whether there are no steps on the way in, and the area, where we say so."""
    step_free = next(_said_by_us(raw, "step_free", name, here), None)
    area = next(_said_by_us(raw, "area", name, here), "")
    return None if step_free is None else step_free == "true", here.area(area)


def location_attributes(value: tuple[bool | None, KnownArea | None], uid: str) -> Any:
    """Return that as attributes."""
    step_free, area = value
    said = [] if step_free is None else [("step_free", "true" if step_free else "false")]
    said += [("area", area.uri)] if area else []
    return [{**own(of, text, uid), "link_entity": "location"} for of, text in said] or None


# Schedules


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


MAPPING: Mapping[str, tuple[Field, ...]] = {
    "organization": (
        Field("name", (".name",), text_of("organization", "name")),
        Field("description", (".description",), text_of("organization", "description"), always=""),
        Field("email", ("email",), email),
        Field("website", ("website",), link),
        Field("phones", ("phone",), phone, phones),
    ),
    "program": (
        Field("name", (".name",), text_of("program", "name")),
        Field("description", (".description",), text_of("program", "description"), always=""),
    ),
    "service": (
        Field("name", (".name",), text_of("service", "name")),
        Field("description", (".description",), text_of("service", "description")),
        Field("eligibility_description", (".eligibility",), text_of("service", "eligibility")),
        Field("fees_description", (".fees",), text_of("service", "fees")),
        Field("wait_time", (".wait",), text_of("service", "wait")),
        Field("application_process", (".application", "steps"), application, application_text),
        Field("required_documents", (".documents", "step_documents"), documents, document_list),
        Field("url", ("url",), link),
        Field("email", ("email",), email),
        Field("phones", ("phone",), phone, phones),
        Field("status", ("is_open",), status, status_of),
        Field("interpretation_services", ("interpretation",), interpretation, interpretation_text),
        Field("languages", ("languages",), languages, language_list),
        Field("cost_options", ("cost", "currency"), cost, cost_options),
        Field("service_areas", ("area_id",), service_area, service_area_list),
        Field("attributes", FACTS, attributes, attribute_list),
    ),
    "location": (
        Field("name", (".name",), text_of("location", "name")),
        Field("latitude", ("latitude",), latitude),
        Field("longitude", ("longitude",), longitude),
        Field("addresses", ("address",), address, addresses),
        Field("location_type", (), location_type, always="physical"),
        Field("attributes", ("step_free", "area_id"), of_location, location_attributes),
    ),
    "service_at_location": (),
    "schedule": (
        Field("byday", ("byday",), weekly),
        Field("opens_at", ("opens_at",), clock),
        Field("closes_at", ("closes_at",), clock),
        Field("valid_from", ("valid_from",), day, iso),
        Field("valid_to", ("valid_to",), day, iso),
    ),
    "contact": (
        Field("name", ("name",), line_of(120)),
        Field("title", ("title",), line_of(120)),
        Field("email", ("email",), email),
        Field("phones", ("phone",), phone, phones),
    ),
    "taxonomy_term": (
        Field("code", ("code",), line_of(120), always=""),
        Field("name", ("name",), line_of(200)),
        Field("taxonomy", ("taxonomy",), line_of(120)),
        Field("description", (), kept_text, always=""),
    ),
}

CHECKED: Mapping[str, tuple[tuple[str, Read], ...]] = {
    "organization": (("year_incorporated", number), ("parent_organization_id", string)),
    "service": (("minimum_age", number), ("maximum_age", number), ("assured_date", day)),
    "schedule": (("timezone", number), ("interval", number), ("count", number)),
}
"""What is kept as it came, and has to be right all the same."""

LABELS: Mapping[str, Mapping[str, str]] = {
    kind: {to.removeprefix("."): one.name for one in fields for to in one.to}
    for kind, fields in MAPPING.items()
}
"""What our columns are called in HSDS."""
