"""What a service is: its status, what it costs, what to bring, and how one applies."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from babel.numbers import list_currencies

from community import translations
from community.providers.items import outer_id
from reports.hsds.attributes import own, said_by_us
from reports.hsds.fields import Here, day, number, objects, shortened, string, text_of

STATUSES = ("active", "inactive", "defunct", "temporarily closed")
NUMBERED = re.compile(r"\d{1,2}[.)]\s+(\S.*)")


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
        step = next(said_by_us(one.get("attributes"), "step", f"{path}.attributes", here), "")
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
