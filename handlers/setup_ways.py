"""The buttons that lead from page to page of the set up, and who may open these pages."""

from aiogram.filters.callback_data import CallbackData

from community import roles
from community.roles import RoleName
from handlers.replies import Button, Page
from locales import OFFERED, Translator, native_name


class SetUp(CallbackData, prefix="su"):
    """A part of the set up."""

    to: str = "menu"


class OneOrganization(CallbackData, prefix="so"):
    """One organisation; ``act`` asks whether its agreement has ended ("!" ends it).

    Or it says whether the team passes on what is asked of it.
    """

    ref: str
    act: str = "open"


class Translate(CallbackData, prefix="sx"):
    """Write the words of something in one language."""

    subject: str
    ref: str
    language: str


class NewService(CallbackData, prefix="sn"):
    """Add a service to an organisation."""

    ref: str


class OneService(CallbackData, prefix="ss"):
    """One service; ``act`` changes one thing about it."""

    ref: str
    act: str = "open"


class Register(CallbackData, prefix="nk"):
    """The register, as it is filtered; ``pick`` chooses a filter, or hands all of it over."""

    kind: str = ""
    code: str = ""
    """A language."""
    need: str = ""
    at: int = 0
    pick: str = ""


class NewNetwork(CallbackData, prefix="no"):
    """Add a network or a programme that this organisation runs."""

    ref: str


class Log(CallbackData, prefix="lg"):
    """What has changed in the entry of an organisation, page by page."""

    ref: str
    at: int = 0


class Unconfirmed(CallbackData, prefix="lu"):
    """Entries that nobody has confirmed for 60 days; ``ref`` confirms one.

    ``seen`` seals a page that was shown: it confirms these and no others.
    """

    at: int = 0
    ref: str = ""
    seen: str = ""


class OfDirectory(CallbackData, prefix="uh"):
    """The directory as a file: take it along, or bring one."""

    act: str = "menu"


def language_buttons(_: Translator, subject: str, ref: str, written: set[str]) -> list[Button]:
    """Return a button per offered language: what is there, and what is missing."""
    return [
        Button(
            _.label("button", "✅ {language}", language=native_name(code))
            if code in written
            else _.label("button", "➕ {language}", language=native_name(code)),
            Translate(subject=subject, ref=ref, language=code),
        )
        for code in OFFERED
    ]


async def require_coordinator(page: Page) -> None:
    """Refuse whoever is no coordinator.

    Raises:
        NotAllowedError: the reader is none.
    """
    await roles.require(page.session, page.reader, RoleName.COORDINATOR, page.now)
