"""What the fields of an entry are called, and what stands in them, in the reader's words."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from community import areas, translations
from community.base import find
from community.errors import NotFoundError
from community.lifecycle import Who
from community.needs import Need
from community.people import Profile
from community.providers import Kind, Service
from community.providers.facts import Entry
from community.providers.hours import DAYS
from community.roles import RoleName
from handlers import words
from handlers.replies import Page
from locales import (
    Html,
    Translator,
    currency_name,
    day,
    join,
    language_name,
    money,
    without_isolates,
)

TEXTS = (
    *("name", "description", "eligibility", "documents", "fees", "wait"),
    *("accessibility", "application"),
)
"""The words of a service, in the order in which somebody reads about it."""
EUROS = "EUR"
FACTS = ("cost", "currency", "area", "phone", "email", "url")
"""Facts that are asked for; languages, hours and the interpreter are tapped."""

OF_ORGANIZATION = ("name", "description", "phone", "email", "website")
"""What an organisation says of itself, words and facts."""


def field_name(field: str, _: Translator) -> str:
    """Return what a field of an entry is called; of words, in which language they are."""
    name, _colon, language = field.partition(":")
    label = {
        "name": _.label("entry", "Name"),
        "description": _.label("entry", "Description"),
        "eligibility": _.label("entry", "Who can get it"),
        "documents": _.label("entry", "Documents to bring"),
        "fees": _.label("entry", "About the cost"),
        "wait": _.label("entry", "Waiting time"),
        "accessibility": _.label("entry", "Accessibility"),
        "application": _.label("entry", "How to apply"),
        "steps": _.label("entry", "Steps"),
        "languages": _.label("entry", "Given in"),
        "interpretation": _.label("entry", "Interpreter on request"),
        "area": _.label("entry", "Area"),
        "online": _.label("entry", "Online"),
        "cost": _.label("entry", "Cost"),
        "currency": _.label("entry", "Currency"),
        "hours": _.label("entry", "Hours"),
        "email": _.label("entry", "E-mail"),
        "phone": _.label("entry", "Phone"),
        "url": _.label("entry", "Website"),
        "website": _.label("entry", "Website"),
        "capacity": _.label("entry", "People at once"),
        "is_paused": _.label("entry", "Paused"),
        "full_until": _.label("entry", "Full until"),
        "is_open": _.label("entry", "Shown to members"),
        "kind": _.label("entry", "Kind"),
        "need": _.label("entry", "Helps with"),
        "profiles": _.label("entry", "Meant for"),
        "strengths": _.label("entry", "Strengths and weaknesses"),
        "confirmed_at": _.label("entry", "Confirmed as right"),
    }.get(name, name)
    if not language:
        return label
    return _.label(
        "entry", "{field} ({language})", field=label, language=language_name(language, _)
    )


def kind_name(code: Kind, _: Translator) -> str:
    """Return what kind of service it is."""
    return {
        Kind.SERVICE: _.label("kind of service", "Help"),
        Kind.NETWORK: _.label("kind of service", "A network to join"),
        Kind.PROGRAMME: _.label("kind of service", "A programme for everybody"),
    }[code]


async def shown(page: Page, field: str, text: str, currency: str = EUROS) -> str:
    """Return what stands in a field, as plain text; of nothing, that nothing is known.

    What something costs is in a currency (``currency_of``).

    A line of the log may be older than the codes of today, or come from an import: what is no
    value of this field is shown as it stands.
    """
    if not text:
        return page._.label("entry", "not known")
    try:
        if field == "cost":
            return _cost(Decimal(text), currency, page._)
        return await _in_words(page, field, text)
    except (ValueError, ArithmeticError, KeyError):
        return text


async def _in_words(page: Page, field: str, text: str) -> str:
    _ = page._
    match field:
        case "languages":
            return without_isolates(join([language_name(c, _) for c in text.split(",")], _))
        case "interpretation" | "online" | "is_paused" | "is_open":
            return _.label("entry", "yes") if text == "true" else _.label("entry", "no")
        case "currency":
            return currency_name(text, _)
        case "full_until" | "confirmed_at":
            local = datetime.fromisoformat(text).astimezone(ZoneInfo(page.network.zone))
            return day(local.date(), _, year=page.now.year)
        case "hours":
            return hours(text, _)
        case "area":
            return await _area(page, text)
        case _:
            return listed(field, text, _)


def cost_question(currency: str, _: Translator) -> Html:
    """Return the question what a service costs: an amount keeps its currency."""
    if currency == EUROS:
        return _("What does it cost, in euros?")
    return _("What does it cost? The currency is {currency}.", currency=currency_name(currency, _))


def currency_of(row: Entry | None, changes: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return in which currency amounts of an entry are, with what is not saved."""
    stands = row.currency if isinstance(row, Service) else EUROS
    return changes.get("currency", stands)


def _cost(amount: Decimal, currency: str, _: Translator) -> str:
    return money(amount, currency, _) if amount else _.label("entry", "free of charge")


def listed(field: str, text: str, _: Translator) -> str:
    """Return codes in words, and anything else as it is."""
    match field:
        case "kind":
            return kind_name(Kind(text), _)
        case "need":
            return words.need(Need(text), _)
        case "profiles":
            return ", ".join(words.profile(Profile(code), _) for code in text.split(","))
        case "strengths":
            return ", ".join(strength(code, _) for code in text.split(","))
    return text


def strength(code: str, _: Translator) -> str:
    """Return one strength or weakness: ``+finance``."""
    need = words.need(Need(code[1:]), _)
    if code.startswith("+"):
        return _.label("entry", "strong: {need}", need=need)
    return _.label("entry", "weak: {need}", need=need)


def weekday(code: str, _: Translator) -> str:
    """Return what a day of the week is called."""
    number = DAYS.index(code)
    return str(_.locale.days["stand-alone"]["wide"][number])


def hours(text: str, _: Translator) -> str:
    """Return the hours of a week, a day on each line."""
    told = []
    for line in text.splitlines():
        code, _space, spans = line.partition(" ")
        times = ", ".join(span.replace("-", "–") for span in spans.split())
        told.append(f"{weekday(code, _)}: {times}")
    return "\n".join(told)


async def _area(page: Page, ref: str) -> str:
    try:
        area = await find(page.session, areas.Area, ref)
    except NotFoundError:
        return "?"
    block = await translations.block(
        page.session, "area", area.id, page.reads, page.network.language
    )
    return block.get("name") if block else "?"


def writer(code: Who, _: Translator) -> str:
    """Return in which role somebody has written a text, or changed an entry."""
    if code is Who.PROVIDER:
        return words.role(RoleName.PROVIDER_STAFF, _)
    return words.role(RoleName(code), _) if code in [*RoleName] else _.label("role", "By itself")
