"""What a handler returns and what a card is.

A handler never talks to Telegram. It returns *replies*: the kind of a card and ids. After the
commit the bot asks the card what to say, in the language the reader has then. What is owed
(``community/deliveries.py``) is rendered by the same cards.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar, runtime_checkable
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import CallbackData
from aiogram.types import TelegramObject
from sqlalchemy.ext.asyncio import AsyncSession

from community.errors import (
    BeenThereError,
    IllegalMoveError,
    NoAgreementError,
    RefusalError,
    TooLateError,
)
from community.evidence import Framework, shipped
from community.machine import NO_MACHINE, Machine
from community.people import Person
from community.translations import Reads
from community.workdays import NOWHERE
from locales import Html, Translator
from reports.evidence.cover import NO_COVER, Cover


class How(StrEnum):
    """How a reply reaches the person."""

    SAY = "say"
    EDIT = "edit"
    """Instead of the message whose button was pressed; a new message if that cannot be."""
    TOAST = "toast"
    """A short line over the chat, gone after a moment."""
    ALERT = "alert"
    """A box the person has to close."""
    COMMANDS = "commands"
    """Nothing to read: Telegram's command list for this chat, in the person's language."""
    ADMIT = "admit"
    """Nothing to read: the person is let into a group (``chat_id``) that they asked to join."""
    LEAVE = "leave"
    """Nothing to read: the bot leaves a group (``chat_id``)."""


@dataclass(frozen=True)
class Reply:
    """One thing to say: a card's kind and the ids it needs. Never text."""

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)
    how: How = How.SAY
    unwritten: Mapping[str, Any] = field(default_factory=dict)
    """What the card is told besides and nobody writes down: after a crash it is shown without."""


Replies = Sequence[Reply]


def say(kind: str, **args: Any) -> Reply:
    """Answer with a message of its own."""
    return Reply(kind, args)


def edit(kind: str, **args: Any) -> Reply:
    """Answer in the message whose button was pressed."""
    return Reply(kind, args, How.EDIT)


def toast(kind: str, **args: Any) -> Reply:
    """Answer with a short line over the chat (at most 200 characters)."""
    return Reply(kind, args, How.TOAST)


def alert(kind: str, **args: Any) -> Reply:
    """Answer with a box the person has to close (at most 200 characters)."""
    return Reply(kind, args, How.ALERT)


def commands() -> Reply:
    """Show this person the command list in the language they have just chosen."""
    return Reply("", {}, How.COMMANDS)


def admit(chat_id: int) -> Reply:
    """Let this person into a group that they have asked to join."""
    return Reply("", {"chat_id": chat_id}, How.ADMIT)


def leave(chat_id: int) -> Reply:
    """Leave a group."""
    return Reply("", {"chat_id": chat_id}, How.LEAVE)


WORDLESS = frozenset({How.COMMANDS, How.ADMIT, How.LEAVE})
"""What is done and not said."""


class OvertakenError(Exception):
    """A refusal because the world has moved on: what is true now is shown with it."""

    def __init__(self, refusal: RefusalError, *now: Reply, ends_form: bool = False) -> None:
        super().__init__(refusal)
        self.refusal, self.now, self.ends_form = refusal, now, ends_form


class NotYetError(Exception):
    """What is owed cannot be said yet, in no language that its author lets this reader have."""


@runtime_checkable
class OfCard(Protocol):
    """A button that belongs to the card of one thing."""

    def card(self) -> Reply:
        """Return the card as it is now."""


MOVED_ON = (IllegalMoveError, TooLateError, NoAgreementError, BeenThereError)


async def show_now(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
    event: TelegramObject,
    data: dict[str, Any],
) -> Any:
    """Answer an old button with what is true now: after "too late" its card is shown again.

    Raises:
        OvertakenError: the button is refused, and belongs to a card.
    """
    try:
        return await handler(event, data)
    except MOVED_ON as refusal:
        pressed = data.get("callback_data")
        if isinstance(pressed, OfCard):
            raise OvertakenError(refusal, pressed.card()) from refusal
        raise


@dataclass(frozen=True)
class Network:
    """What this deployment is: given to every handler and every card."""

    language: str
    """The network's own language (DEFAULT_LANGUAGE)."""
    zone: str
    """Where the network is (TIMEZONE): the zone of whoever has no area."""
    bot_username: str
    emergency_contact: str
    """Whom to call instead; a phone number as people dial it."""
    country: str = NOWHERE
    """Whose public holidays are no working days (COUNTRY)."""
    currency: str = "EUR"
    """In which money members are asked for amounts (CURRENCY)."""
    pages: str = ""
    """Where pages of the program's own are, without a last slash; "" if nobody can open them."""
    machine: Machine = NO_MACHINE
    """What machine translation there is now; the bot keeps it current."""
    indicators: Framework = field(default_factory=shipped)
    """What is measured (INDICATORS_FILE)."""
    cover: Cover = NO_COVER
    """Of the reports (REPORT_PUBLISHER, REPORT_LOGO)."""

    def link(self, payload: str) -> str:
        """Return a deep link into the bot."""
        return f"https://t.me/{self.bot_username}?start={payload}"


@dataclass(frozen=True)
class Page:
    """What a card is given: the reader, their language, their zone, and the rows as they are."""

    session: AsyncSession
    reader: Person
    _: Translator
    now: datetime
    network: Network
    forms: Mapping[str, Any] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict)
    """What `alike` cards have said in this transaction, so that it is said to many at once; and
    what they have read for it."""
    second: str | None = None
    """The reader's second language; in a preview nobody has one."""
    saves_data: bool = False
    """Nobody has asked for this, and the reader has little mobile data: no picture with it."""

    @property
    def reads(self) -> Reads:
        """Return what the reader reads."""
        return Reads(self._.language, self.second)

    @property
    def zone(self) -> ZoneInfo:
        """Return the reader's zone."""
        return self.reader.local_zone(self.network.zone)


@dataclass(frozen=True)
class Button:
    """An inline button: its text, and what pressing it does."""

    text: str
    data: CallbackData | str | None = None
    url: str | None = None


@dataclass(frozen=True)
class File:
    """Something attached: a picture is shown, a voice played, anything else offered as a file."""

    name: str
    content: bytes | str | Callable[[], bytes]
    """What is in it; or Telegram's name for a file that somebody has sent to the bot.

    What takes long to make is made by a function, in a thread, when no transaction is open.
    """
    is_picture: bool = False
    otherwise: str = ""
    """What is said in its place when it cannot be made, or Telegram does not take it."""
    is_voice: bool = False
    same_for: tuple[object, ...] = ()
    """What decides how it looks, if many get it: sent once, it goes by Telegram's name for it."""


@dataclass(frozen=True)
class Place:
    """A point on the map with a name and an address, as Telegram shows a venue."""

    name: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, eq=False)
class Message:
    """What a card says. ``text`` is Telegram HTML; of a toast or an alert it is plain text.

    Many may get one: it is the one rendering, and not another that says the same.
    """

    text: Html | str
    rows: Sequence[Sequence[Button]] = ()
    file: File | None = None
    protect: bool = False
    live: bool = False
    """What it shows still moves: the bot keeps it current until a rendering says otherwise."""
    gone: bool = False
    """Of a live message: it is deleted. The text stands where Telegram deletes it no more."""
    language: str = ""
    """The language it is in, if not the reader's (a preview); ``render`` fills in the rest."""
    place: Place | None = None
    """Said as a venue, with the buttons; the text stands in if Telegram does not take that."""


class Card(Protocol):
    """How one kind of message is rendered now; None if it no longer applies."""

    def __call__(self, page: Page, **args: Any) -> Awaitable[Message | None]:
        """Return what to say, or None."""


Cards = Mapping[str, Callable[..., Awaitable[Message | None]]]
C = TypeVar("C", bound=Callable[..., Awaitable[Message | None]])
ALIKE: set[Callable[..., object]] = set()


def alike(card: C) -> C:
    """Mark a card that says the same to every reader of one language in one zone."""
    ALIKE.add(card)
    return card


def in_rows(buttons: Sequence[Button], per_row: int = 1) -> list[list[Button]]:
    """Lay buttons out, so many in a row."""
    return [list(buttons[at : at + per_row]) for at in range(0, len(buttons), per_row)]


def lines(*parts: str | None) -> Html:
    """Set whole sentences under each other; what is None is left out, "" is an empty line."""
    return Html("\n").join(part for part in parts if part is not None)


def blockquote(words: str) -> Html:
    """Set somebody's words apart from ours."""
    return Html("<blockquote>") + words + Html("</blockquote>")
