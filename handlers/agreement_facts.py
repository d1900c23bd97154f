"""What an agreement says: how each fact is asked for, read, and said again."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from community import agreements
from community.agreements import Agreement, Basis, State
from community.errors import FileRefusedError, NotUnderstoodError
from community.exchanges import FileKind
from handlers import attachments
from handlers.forms import Answering, Field, Form, Question
from handlers.replies import Page, Replies, Reply, lines, say
from locales import Html, Translator, day, join, language_name, parse_day

NOT_KNOWN = "?"
YEARS = ("1", "2", "3")


# Days: an agreement holds until the end of its last day, where the network is


def today(now: datetime, zone: str) -> date:
    """Return which day it is where the network is."""
    return now.astimezone(ZoneInfo(zone)).date()


def end_of(last: date, zone: str) -> datetime:
    """Return the first moment after a day."""
    midnight = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC)


def last_day(moment: datetime, zone: str) -> date:
    """Return the day that ends at a moment."""
    return (moment.astimezone(ZoneInfo(zone)) - timedelta(seconds=1)).date()


def in_years(first: date, years: int) -> date:
    """Return the same day so many years later."""
    is_leap_day = (first.month, first.day) == (2, 29)
    return first.replace(year=first.year + years, day=28 if is_leap_day else first.day)


# Reading answers


async def _text(answering: Answering, text: str) -> str | None:
    if answering.chosen and text == NOT_KNOWN:
        return None
    if len(text) > agreements.TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=agreements.TEXT_LIMIT)
    return text.strip()


async def _basis(answering: Answering, text: str) -> str | None:
    if text == NOT_KNOWN:
        return None
    if text not in [*Basis]:
        raise NotUnderstoodError("choice")
    return text


async def _signed_on(answering: Answering, text: str) -> str | None:
    latest = today(answering.now, answering.network.zone)
    if answering.chosen:
        return None if text == NOT_KNOWN else latest.isoformat()
    found = parse_day(text, latest, answering._.language)
    if found is None or found > latest:
        raise NotUnderstoodError("signed_on")
    return found.isoformat()


async def _ends_at(answering: Answering, text: str) -> str | None:
    zone = answering.network.zone
    first = today(answering.now, zone)
    if answering.chosen and text in YEARS:
        return end_of(in_years(first, int(text)), zone).isoformat()
    if answering.chosen:
        return None
    found = parse_day(text, first, answering._.language)
    if found is None or found < first:
        raise NotUnderstoodError("ends_at")
    return end_of(found, zone).isoformat()


async def _document(answering: Answering, text: str) -> dict[str, Any] | None:
    if answering.chosen:
        return None
    found = attachments.of(await attachments.sent(answering, text))
    if found is None or found.kind == FileKind.VOICE:
        raise FileRefusedError("none")
    return asdict(found)


# Asking


def _not_known(_: Translator) -> tuple[str, str]:
    return _.label("button", "Not known"), NOT_KNOWN


async def _ask_ours(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(_("What does the network do in this partnership?"), [_not_known(_)])


async def _ask_theirs(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(_("What does the organisation do in this partnership?"), [_not_known(_)])


async def _ask_vision(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(_("What do both want to reach together?"), [_not_known(_)])


async def _ask_experience(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("What experience does the organisation have with migrant entrepreneurs?"),
        [_not_known(_)],
    )


async def _ask_contact(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Who answers for the agreement at the organisation, and how do you reach them?"),
            _("Never write a member of the network here."),
        ),
        [_not_known(_)],
    )


async def _ask_basis(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("On which legal basis may data be shared with the organisation?"),
            _("Whatever you choose: members are always asked before anything is shared."),
        ),
        [*((basis_name(one, _), one.value) for one in Basis), _not_known(_)],
    )


async def _ask_signed_on(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("On which day was it signed? For example: 24.11.2026"),
        [(_.label("button", "Today"), "today"), _not_known(_)],
    )


async def _ask_ends_at(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("What is the last day of the agreement? For example: 31.12.2028"),
            _("We tell you 60, 30 and 7 days before it ends."),
        ),
        [
            *((_.nlabel("button", "In {n} year", "In {n} years", int(n)), n) for n in YEARS),
            (_.label("button", "It has no end date"), NOT_KNOWN),
        ],
    )


async def _ask_document(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Please send the signed agreement: as a PDF, or a photo of it."),
            _("Only coordinators can open it here."),
        ),
        [(_.label("button", "There is none"), NOT_KNOWN)],
    )


FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("ours", _ask_ours, _text, optional=True),
        Field("theirs", _ask_theirs, _text, optional=True),
        Field("vision", _ask_vision, _text, optional=True),
        Field("experience", _ask_experience, _text, optional=True),
        Field("contact", _ask_contact, _text, optional=True),
        Field("basis", _ask_basis, _basis, optional=True, by_button=True),
        Field("signed_on", _ask_signed_on, _signed_on, optional=True),
        Field("ends_at", _ask_ends_at, _ends_at, optional=True),
        Field("document", _ask_document, _document, optional=True, relays=True),
    )
}


# Finishing


def _facts(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was answered, as the verbs take it; what was skipped stays as it is."""
    facts = dict(answers)
    if facts.get("signed_on"):
        facts["signed_on"] = date.fromisoformat(facts["signed_on"])
    if facts.get("ends_at"):
        facts["ends_at"] = datetime.fromisoformat(facts["ends_at"])
    if facts.get("basis"):
        facts["basis"] = Basis(facts["basis"])
    if facts.get("document"):
        facts["document"] = attachments.of({"file": facts["document"]})
    return facts


async def _changed(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await agreements.change(
        answering.session, answering.person, ref, answering.now, **_facts(answering.answers)
    )
    return [say("agreement.one", ref=ref)]


async def _signed(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await agreements.activate(
        answering.session, answering.person, ref, answering.now, **_facts(answering.answers)
    )
    return [say("setup.organization", ref=ref)]


def _home(about: Mapping[str, Any]) -> Reply:
    return say("agreement.one", ref=about["ref"])


CORRECTIONS = {
    name: Form(f"agreement.{name}", [field], _changed, home=_home)
    for name, field in FIELDS.items()
}
ALL = Form("agreement.all", [*FIELDS.values()], _changed, home=_home)
SIGNED = Form(
    "agreement.signed",
    [FIELDS[name] for name in ("signed_on", "basis", "ends_at")],
    _signed,
    home=lambda about: say("setup.organization", ref=about["ref"]),
)
"""The short way: what has to be known before somebody can be referred, and until when."""


# Words


def state_name(state: State, _: Translator) -> str:
    """Return how far an agreement is."""
    return {
        State.IDENTIFIED: _.label("agreement", "A possible partner"),
        State.CONTACTED: _.label("agreement", "Contacted"),
        State.NEGOTIATING: _.label("agreement", "In negotiation"),
        State.SIGNED: _.label("agreement", "Signed"),
        State.ACTIVE: _.label("agreement", "Active"),
        State.ENDED: _.label("agreement", "Ended"),
        State.DROPPED: _.label("agreement", "Dropped"),
    }[state]


def standing(agreement: Agreement, page: Page) -> str:
    """Return how far an agreement is now: what is past its date is over, whatever its row says."""
    is_past = agreement.state == State.ACTIVE and agreement.has_ended(page.now)
    return state_name(State.ENDED if is_past else State(agreement.state), page._)


def basis_name(basis: Basis, _: Translator) -> str:
    """Return the ground on which data is shared."""
    return {
        Basis.CONSENT: _.label("button", "The person's consent"),
        Basis.CONTRACT: _.label("button", "A contract with the person"),
        Basis.PUBLIC_TASK: _.label("button", "A task in the public interest"),
        Basis.LEGITIMATE_INTEREST: _.label("button", "A legitimate interest"),
    }[basis]


def field_name(name: str, _: Translator) -> str:
    """Return what one fact of an agreement is called."""
    return {
        "ours": _.label("agreement", "Our part"),
        "theirs": _.label("agreement", "Their part"),
        "vision": _.label("agreement", "Shared vision"),
        "languages": _.label("agreement", "Languages they work in"),
        "experience": _.label("agreement", "Experience with migrants"),
        "contact": _.label("agreement", "Contact person"),
        "basis": _.label("agreement", "Legal basis"),
        "signed_on": _.label("agreement", "Signed on"),
        "ends_at": _.label("agreement", "Last day"),
        "document": _.label("agreement", "Document"),
    }[name]


def value_of(agreement: Agreement, name: str, zone: str, _: Translator) -> str:
    """Return one fact in words; "" if it is not known."""
    if name == "languages":
        return join([language_name(code, _) for code in agreement.languages or ()], _)
    if name == "basis":
        return basis_name(Basis(agreement.basis), _) if agreement.basis else ""
    if name == "signed_on":
        return day(agreement.signed_on, _) if agreement.signed_on else ""
    if name == "ends_at":
        return day(last_day(agreement.ends_at, zone), _) if agreement.ends_at else ""
    if name == "document":
        return _.label("agreement", "There is one") if agreement.document else ""
    return str(getattr(agreement, name) or "")


def fact_line(agreement: Agreement, name: str, zone: str, _: Translator) -> Html:
    """Return a line about one fact, or that it is not known."""
    value = value_of(agreement, name, zone, _)
    if not value:
        return _("{what}: not known", what=field_name(name, _))
    return _("{what}: {value}", what=field_name(name, _), value=value)


SHOWN = (
    *("ours", "theirs", "vision", "languages", "experience"),
    *("contact", "basis", "signed_on", "ends_at", "document"),
)
