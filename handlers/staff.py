"""Who may open the desks of the team at all, and the buttons that lead from desk to desk.

What somebody may do at a desk, the verbs decide.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar

from aiogram import BaseMiddleware, Router
from aiogram.filters.callback_data import CallbackData
from aiogram.types import TelegramObject

from community import roles
from community.errors import NotAllowedError
from community.portions import Portion
from community.roles import RoleName
from community.untranslated import Key
from handlers.replies import Button, Reply, edit, in_rows
from locales import Translator, language_name

TEAM = frozenset({RoleName.ANIMATOR, RoleName.ADMINISTRATOR})
ANIMATORS = frozenset({RoleName.ANIMATOR})
COORDINATORS = frozenset({RoleName.COORDINATOR})
PROVIDERS = frozenset({RoleName.PROVIDER_STAFF})


class Desk(CallbackData, prefix="az"):
    """A part of the team's menu."""

    to: str = "desk"


class Inbox(CallbackData, prefix="ib"):
    """A page of the team's inbox."""

    at: int = 0


class OpenQuestion(CallbackData, prefix="iq"):
    """One question: look at it, answer it, close it. ``back`` counts pages from the newest."""

    ref: str
    act: str = "open"
    back: int = 0


class Templates(CallbackData, prefix="jt"):
    """A page of the templates of answers, for the question ``ref`` if one is named."""

    ref: str = ""
    at: int = 0
    act: str = "open"


class Taught(CallbackData, prefix="qd"):
    """A page of the lessons as the team sees them; ``act`` begins one, or shows the figures."""

    at: int = 0
    act: str = "open"


class OneLesson(CallbackData, prefix="qe"):
    """One lesson: look at it, change it, publish it, take it down, throw a draft away."""

    ref: str
    act: str = "open"

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("teaching.lesson", ref=self.ref)


class OneCohort(CallbackData, prefix="kw"):
    """A page of the cohorts, or one of them; ``act`` says what is done, or shows figures."""

    ref: str = ""
    act: str = "open"
    at: int = 0


class LessonFigures(CallbackData, prefix="qf"):
    """How many members took lessons, by language."""


class Tasks(CallbackData, prefix="jk"):
    """A page of what the team has to do; ``act`` begins a task."""

    at: int = 0
    act: str = "open"


class OneTask(CallbackData, prefix="jo"):
    """One task of the team: see it, say that it is done, put it right, give it to ``person``."""

    ref: str
    act: str = "open"
    person: str = ""


class Contacts(CallbackData, prefix="jc"):
    """A page of the contacts beside the members; ``act`` begins one, or looks for a name."""

    at: int = 0
    act: str = "open"


class OneContact(CallbackData, prefix="jd"):
    """One contact: see it, put it right, forget it."""

    ref: str
    act: str = "open"


class Guides(CallbackData, prefix="gf"):
    """Who would be a mentor or role model: all who wait, or one; ``act`` settles it."""

    ref: str = ""
    act: str = "open"


class Introduction(CallbackData, prefix="gg"):
    """Whom the team introduces to whom: all who wait, or one; ``act`` says that it is done."""

    ref: str = ""
    act: str = "open"


class Introduce(CallbackData, prefix="gh"):
    """Introduce a contact: choose what a member looks for, then which member."""

    contact: str
    need: str = ""
    member: str = ""
    at: int = 0


class Digests(CallbackData, prefix="ka"):
    """The digests, month by month."""


class Venues(CallbackData, prefix="hv"):
    """A page of the venues; ``act`` begins one."""

    at: int = 0
    act: str = "open"


class OneVenue(CallbackData, prefix="hs"):
    """One venue: see it, put it right, forget it."""

    ref: str
    act: str = "open"


class WhoCanCome(CallbackData, prefix="hp"):
    """The planner of an event ("e"), or of the one that a send announces ("s")."""

    ref: str
    of: str = "e"


class EventFor(CallbackData, prefix="hu"):
    """Whom an event is for: look, choose a ``part`` (need or area), take one ``value`` of it."""

    ref: str
    part: str = ""
    value: str = ""


class Speakers(CallbackData, prefix="hk"):
    """Who speaks at an event: look, name them, or name nobody any more."""

    ref: str
    act: str = "open"


class VenuesFor(CallbackData, prefix="hx"):
    """Which venues suit whom an event ("e") invites, or whom the send ("s") is for."""

    ref: str
    of: str = "e"


class Today(CallbackData, prefix="jy"):
    """What is due and what is stuck today."""


class HandOver(CallbackData, prefix="jh"):
    """Being away, and giving all that one takes care of to ``person``; ``seen`` seals what."""

    act: str = "open"
    person: str = ""
    seen: str = ""

    def card(self) -> Reply:
        """Return what there is to hand over now."""
        return edit("handover")


class Unsure(CallbackData, prefix="au"):
    """What may not have arrived."""


class Received(CallbackData, prefix="rl"):
    """A page of the referrals to the reader's organisation."""

    at: int = 0


class AgreementOf(CallbackData, prefix="ao"):
    """The agreement with an organisation: see it, begin one, or note that it is signed."""

    ref: str
    act: str = "open"


class Agreements(CallbackData, prefix="aq"):
    """All agreements, as a page of a list or as a workbook."""

    to: str = "list"
    at: int = 0


class PlanOf(CallbackData, prefix="pb"):
    """A page of the shared plan with an organisation, or with all; ``act`` adds a task."""

    ref: str = ""
    act: str = "open"
    at: int = 0


class Months(CallbackData, prefix="rp"):
    """The coordinator's desk: the choice of months, and the set-up."""


class Untranslated(CallbackData, prefix="ut"):
    """The translation desk: its languages, or one text after the other in one of them."""

    language: str = ""
    at: int = 0


class OpenJudged(CallbackData, prefix="wj"):
    """What members thought in a quarter; without one, the choice."""

    year: int = 0
    number: int = 0


class OpenEvidence(CallbackData, prefix="re"):
    """The evidence of a quarter, or of a year (no number); without a year, the choice."""

    year: int = 0
    number: int = 0


class SurveyForms(CallbackData, prefix="rd"):
    """The surveys as files."""


class RunByMembers(CallbackData, prefix="yk"):
    """How much members run themselves in a quarter; without one, the choice."""

    year: int = 0
    number: int = 0


class GapMapOf(CallbackData, prefix="na"):
    """The gap map of a quarter, or the newest; ``by`` draws it by one dimension."""

    year: int = 0
    number: int = 0
    by: str = ""
    act: str = "open"


class OneAction(CallbackData, prefix="nc"):
    """A planned action; without ``ref`` all of them. ``act`` changes one thing about it."""

    ref: str = ""
    act: str = "open"
    what: str = ""
    organization: str = ""
    value: int = 0


class Consulting(CallbackData, prefix="nh"):
    """The links by which stakeholders are asked; or a new one."""

    act: str = "open"
    at: int = 0


class Reaching(CallbackData, prefix="nd"):
    """Whom the network reaches, beside who lives there; or a file of statistics."""

    act: str = "open"


WRITE_IT, STILL_RIGHT, TAKE_DRAFT, APPROVE = "w", "r", "m", "a"
SHOW_WHOLE, EARLIER, ASK_AUTHOR, LOOK = "s", "e", "q", "o"
"""What a button about a text does, in one letter: it has sixty-four for everything."""


class OfSegment(CallbackData, prefix="un"):
    """One text in one language: write it, or say that it is right as it stands.

    ``seen`` seals the words that were shown: it is about these and no others.
    """

    subject: str
    ref: str
    field: str
    language: str
    act: str = WRITE_IT
    seen: str = ""

    @property
    def key(self) -> Key:
        """Return what names the segment."""
        return self.subject, self.ref, self.field, self.language

    def card(self) -> Reply:
        """Return what stands at the desk now."""
        return edit("desk.segment", language=self.language, at=0)


class AsTheyStand(CallbackData, prefix="vt"):
    """Texts as they stand, one after the other: of one language, or all of one thing."""

    language: str = ""
    at: int = 0
    subject: str = ""
    ref: str = ""


class OneAssisted(CallbackData, prefix="fd"):
    """Those whom one looks after who have no Telegram; or one of them, and what is done."""

    ref: str = ""
    act: str = "open"
    what: str = ""


class Calls(CallbackData, prefix="fe"):
    """Whom to call; or one of them: ``seal`` stands for what they are told, ``act`` what came."""

    ref: str = ""
    act: str = "open"
    seal: str = ""


class Sounding(CallbackData, prefix="fo"):
    """How what is read out face to face sounds in a language: all of it, or at one ``step``."""

    language: str = ""
    step: int = 0
    act: str = "list"


class Late(CallbackData, prefix="ls"):
    """A page of the requests that are late."""

    at: int = 0


def back(_: Translator) -> Button:
    """Return the way back to the team's menu."""
    return Button(_.label("button", "Back"), Desk())


def language_rows(
    codes: Sequence[str],
    chosen: Collection[str],
    data: Callable[[str], CallbackData],
    _: Translator,
) -> list[list[Button]]:
    """Return a button for each language, ticked where it is chosen; ``data`` is what it does."""
    names = {code: language_name(code, _) for code in codes}
    buttons = [
        Button(
            _.label("button", "✅ {language}", language=name) if code in chosen else name,
            data(code),
        )
        for code, name in names.items()
    ]
    return in_rows(buttons, 2)


def translations_button(_: Translator) -> Button:
    """Return the way to the translation desk."""
    return Button(_.label("button", "🌐 Translations"), Untranslated())


T = TypeVar("T")


def page_of(
    items: Sequence[T], at: int, size: int, turn: Callable[[int], CallbackData], _: Translator
) -> tuple[Sequence[T], list[Button]]:
    """Return one page of a list, and the buttons that turn to its neighbours."""
    pages = max(1, -(-len(items) // size))
    at = min(max(at, 0), pages - 1)
    shown = items[at * size : (at + 1) * size]
    return shown, turning(at, size, len(items), turn, _)


def turning(
    at: int, size: int, total: int, turn: Callable[[int], CallbackData], _: Translator
) -> list[Button]:
    """Return the buttons that turn from one page of a list to its neighbours."""
    buttons = []
    if at > 0:
        buttons.append(Button(_.label("button", "Previous page"), turn(at - 1)))
    if (at + 1) * size < total:
        buttons.append(Button(_.label("button", "Next page"), turn(at + 1)))
    return buttons


def turning_of(
    shown: Portion[Any], turn: Callable[[int], CallbackData], _: Translator
) -> list[Button]:
    """Return the buttons that turn to the neighbours of a page that the database has cut."""
    return turning(shown.at, shown.size, shown.total, turn, _)


class PlannedEvent(CallbackData, prefix="pe"):
    """One event, with everything that can be done with it. ``part`` is a page of its desk."""

    ref: str
    part: str = "event"


class Groups(CallbackData, prefix="gl"):
    """The groups and channels that are linked."""


class InGroups(CallbackData, prefix="gp"):
    """An event in groups: in which, its card in one of them, posting it there."""

    ref: str
    group: str = ""
    act: str = "open"

    def card(self) -> Reply:
        """Return in which groups it is now."""
        return edit("group.choose", ref=self.ref)


class Hosts(CallbackData, prefix="yh"):
    """Who hosts an event; ``link``: offer it by a link; ``names``: choose whom to ask."""

    ref: str
    act: str = "open"
    at: int = 0


class InArea(CallbackData, prefix="yz"):
    """In which area an event is; without one, choose."""

    ref: str
    area: str = ""
    at: int = 0


class Hosted(CallbackData, prefix="ye"):
    """A page of the events that the reader hosts."""

    at: int = 0


class HostedEvent(CallbackData, prefix="yv"):
    """One event that the reader hosts."""

    ref: str


class Transfers(CallbackData, prefix="yt"):
    """A page of the hand-over plans; ``new`` begins one."""

    act: str = "open"
    at: int = 0


class NewPlan(CallbackData, prefix="yn"):
    """A plan that is being made: what passes, to whom, for how long; what is missing is asked."""

    role: RoleName
    ref: str = ""
    """Of the event or the area."""
    whole: int = 0
    """Of an event that repeats: 1 is this date alone, 2 all of them."""
    person: str = ""
    months: int = 0
    at: int = 0


class HandingOver(CallbackData, prefix="yw"):
    """What animators do with a plan: add a step, finish it, let ``person`` teach."""

    ref: str
    act: str = "open"
    person: str = ""


class OneStep(CallbackData, prefix="ys"):
    """One step of a plan: see it, say that it is done, give it another day, leave it out."""

    ref: str
    act: str = "open"


class Entrust(CallbackData, prefix="yl"):
    """Offer a member a right with an end: for which area, if it is for one, and how long."""

    role: RoleName
    area: str = ""
    months: int = 0
    at: int = 0


class Reports(CallbackData, prefix="yr"):
    """What was reported, as moderators see it."""

    at: int = 0


class AllSends(CallbackData, prefix="sl"):
    """The newest newsletters and announcements."""


class OpenSend(CallbackData, prefix="nl"):
    """One newsletter or announcement. ``part`` is a page of its desk."""

    ref: str
    part: str = "card"


class PartnerLink(CallbackData, prefix="lk"):
    """The link that an organisation hands out: show it, or withdraw it."""

    ref: str
    act: str = "open"


class PartnerLinks(CallbackData, prefix="fj"):
    """The links of a partner: all, one more, one of them; without ``ref``, the partners."""

    ref: str = ""
    act: str = "open"
    link: str = ""


class Only(BaseMiddleware):
    """Refuse whoever holds none of the roles, before anything is shown."""

    def __init__(self, names: frozenset[RoleName]) -> None:
        self.names = names

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Go on, or refuse.

        Raises:
            NotAllowedError: the person holds none of the roles now.
        """
        held = await roles.held(data["session"], data["person"], data["now"])
        if not {role.name for role in held} & self.names:
            raise NotAllowedError(min(self.names))
        return await handler(event, data)


def router_for(name: str, names: frozenset[RoleName]) -> Router:
    """Return a router whose handlers only these roles reach."""
    router = Router(name=name)
    router.message.middleware(Only(names))
    router.callback_query.middleware(Only(names))
    return router
