"""What an entry says, field by field, each as a text: so it is logged, previewed and put back.

A field of an organisation or a service is a fact (``cost``), words in one language
(``fees:fr``), the steps in one language (``steps:fr``), the hours of a week, or what a network is
good at. ``community/providers/noting.py`` writes them.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, translations
from community.errors import NotUnderstoodError
from community.needs import Need
from community.people import Profile
from community.providers import hours
from community.providers.table import (
    Kind,
    Organization,
    Service,
    ServiceStep,
    Strength,
)

Entry = Organization | Service
MOST_AT_ONCE = 10_000
STEPS_AT_MOST = 12
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
LINK = re.compile(r"https?://[^\s<>]+\.[^\s<>]+")


def told(value: Any) -> str:
    """Return a fact as a text; nothing, or not known, is the empty one."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Decimal():
            return f"{value:f}" if not value.is_finite() else f"{value:.2f}"
        case list() | tuple():
            return ",".join(map(told, value))
        case dict():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def steps_told(lines: Iterable[str]) -> str:
    """Return steps as a text, one on each line."""
    return "\n".join(line.replace("\n", " ") for line in lines).rstrip("\n")


def strengths_told(needs: Mapping[Need, bool]) -> str:
    """Return strengths and weaknesses as a text: ``+finance,-tax``."""
    return ",".join(("+" if needs[need] else "-") + need for need in sorted(needs))


# Reading a fact


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise NotUnderstoodError("choice")
    return text == "true"


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise NotUnderstoodError("amount") from error
    if not (amount.is_finite() and 0 <= amount < 1_000_000):
        raise NotUnderstoodError("amount")
    return amount.quantize(Decimal("0.01"))


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise NotUnderstoodError("currency")
    return text


def many(text: str, is_one: Callable[[str], bool]) -> list[str]:
    """Return the parts of a list, each once.

    Raises:
        NotUnderstoodError: one of them is none of the list's.
    """
    found = [part for part in text.split(",") if part]
    if not all(map(is_one, found)):
        raise NotUnderstoodError("choice")
    return list(dict.fromkeys(found))


def _languages(text: str) -> list[str]:
    return many(text, lambda part: LANGUAGE.fullmatch(part) is not None)


def _profiles(text: str) -> list[str]:
    return many(text, lambda part: part in [*Profile])


def _one_of(kind: type[Need] | type[Kind]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in [*kind]:
            raise NotUnderstoodError("choice")
        return kind(text)

    return read


def _like(pattern: re.Pattern[str], name: str, longest: int) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        if text and (len(text) > longest or not pattern.fullmatch(text)):
            raise NotUnderstoodError(name)
        return text or None

    return read


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError as error:
        raise NotUnderstoodError("when") from error


def _count(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > MOST_AT_ONCE:
        raise NotUnderstoodError("number")
    return int(text)


_PHONE = re.compile(r"[+(]?[\d][\d ()/.+-]{2,}")
Facts = Mapping[str, Callable[[str], Any]]
OF_ORGANIZATION: Facts = {
    "email": _like(EMAIL, "email", 254),
    "phone": _like(_PHONE, "phone", 64),
    "website": _like(LINK, "link", 500),
}
OF_SERVICE: Facts = {
    "kind": _one_of(Kind),
    "need": _one_of(Need),
    "languages": _languages,
    "interpretation": _flag,
    "online": _flag,
    "cost": _amount,
    "currency": _currency,
    "email": _like(EMAIL, "email", 254),
    "phone": _like(_PHONE, "phone", 64),
    "url": _like(LINK, "link", 500),
    "profiles": _profiles,
    "is_open": _flag,
    "is_paused": _flag,
    "full_until": _moment,
    "capacity": _count,
}
"""The columns that are facts, and how each is read. ``area`` is one, too, by its reference."""
WOVEN = ("area", "hours", "strengths")
"""Facts of a service that stand in other rows."""


def facts_of(row: Entry) -> Facts:
    """Return the columns of a row that are facts."""
    return OF_SERVICE if isinstance(row, Service) else OF_ORGANIZATION


def subject_of(row: Entry) -> str:
    """Return what HSDS and the texts call this kind of row."""
    return "service" if isinstance(row, Service) else "organization"


LINES = ("email", "phone", "url", "website")
"""Facts that are a line of text."""


def is_known(row: Entry, field: str) -> bool:
    """Say whether an entry has such a field."""
    woven = isinstance(row, Service) and field in WOVEN
    return woven or field in facts_of(row) or words_in(row, field) is not None


def words_in(row: Entry, field: str) -> tuple[str, str] | None:
    """Return which words in which language a field is, if it is words."""
    name, _, language = field.partition(":")
    known = (subject_of(row), name) in translations.LIMITS
    if not LANGUAGE.fullmatch(language) or not (known or name == "steps"):
        return None
    return (name, language) if known or isinstance(row, Service) else None


# What stands there


async def value(session: AsyncSession, row: Entry, field: str) -> str:
    """Return what stands in a field now.

    Raises:
        NotUnderstoodError: there is no such field.
    """
    if field in facts_of(row):
        return told(getattr(row, field))
    if isinstance(row, Service) and field in WOVEN:
        return await _WOVEN[field](session, row)
    words = words_in(row, field)
    if words is None:
        raise NotUnderstoodError(field)
    name, language = words
    if name == "steps" and isinstance(row, Service):
        return steps_told(await step_words(session, row, language))
    texts = await translations.texts(session, subject_of(row), [row.id])
    return next(
        (
            text.text
            for text in texts.get(row.id, ())
            if (text.field, text.language) == (name, language)
        ),
        "",
    )


async def step_words(session: AsyncSession, service: Service, language: str) -> list[str]:
    """Return the words of the steps in one language, in order; "" where there are none."""
    every = await steps(session, service)
    texts = await translations.texts(session, "step", [step.id for step in every])
    return [
        next(
            (
                text.text
                for text in texts.get(step.id, ())
                if (text.field, text.language) == ("text", language)
            ),
            "",
        )
        for step in every
    ]


async def steps(session: AsyncSession, service: Service) -> list[ServiceStep]:
    """Return a service's steps in order."""
    rows = await session.scalars(
        select(ServiceStep)
        .where(ServiceStep.service_id == service.id)
        .order_by(ServiceStep.position)
    )
    return list(rows)


async def source_of(session: AsyncSession, row: Entry) -> str:
    """Return the language in which an entry is kept, "" if it has no words yet."""
    source, _standings = await translations.standings(session, subject_of(row), row.id)
    return source


async def _area(session: AsyncSession, service: Service) -> str:
    if service.area_id is None:
        return ""
    return (await session.get_one(areas.Area, service.area_id)).ref


async def _strengths(session: AsyncSession, service: Service) -> str:
    rows = await session.scalars(select(Strength).where(Strength.service_id == service.id))
    return strengths_told({row.need: row.is_strength for row in rows})


_WOVEN = {"area": _area, "hours": hours.week, "strengths": _strengths}
