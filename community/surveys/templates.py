"""What surveys ask: questions and coded answers, without words, each template with a version.

Figures never add up answers to different questions: a changed question is a new version, and what
was asked once is never changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from community.limits import Limit
from community.needs import Need
from community.surveys.relevant import Expression, comparisons, parse


class Kind(StrEnum):
    """How a question is answered."""

    ONE = "one"
    SEVERAL = "several"
    SCALE = "scale"
    """From 1 to 5."""
    NUMBER = "number"
    """A whole number."""
    MONEY = "money"
    """In the network's currency."""
    DATE = "date"
    TEXT = "text"
    VOICE = "voice"
    """A voice message, or written words of whoever would rather write."""


TAPPED = (Kind.ONE, Kind.SEVERAL, Kind.SCALE)
TYPED = tuple(kind for kind in Kind if kind not in TAPPED)
SCALE = ("1", "2", "3", "4", "5")
MOST = 10
"""A survey asks at most so many questions, ..."""
BITE = 3
"""... and after each so many, whether to go on now."""


@dataclass(frozen=True)
class Asked:
    """One question of a template: its code and the codes of its answers, in order."""

    code: str
    values: Sequence[str] = ()
    kind: Kind = Kind.ONE
    relevant: Expression | None = None
    """Of which earlier answers it depends whether it is asked; None: it always is."""

    @property
    def depends_on(self) -> set[str]:
        """Return the questions whose answers say whether this one is asked."""
        return {one.question for one in comparisons(self.relevant)} if self.relevant else set()


@dataclass(frozen=True)
class Template:
    """What a survey asks. A changed question is a new version."""

    code: str
    version: int
    questions: Sequence[Asked]

    def question(self, code: str) -> Asked | None:
        """Return the question of this code."""
        return next((asked for asked in self.questions if asked.code == code), None)

    @property
    def is_pulse(self) -> bool:
        """Say whether it is answered by a few taps: no bites, nothing typed."""
        return len(self.questions) <= BITE and all(q.kind in TAPPED for q in self.questions)


def _one(code: str, values: str, relevant: str = "") -> Asked:
    return Asked(code, tuple(values.split()), relevant=parse(relevant) if relevant else None)


def _several(code: str, values: Sequence[str]) -> Asked:
    return Asked(code, tuple(values), Kind.SEVERAL)


def _scale(code: str) -> Asked:
    return Asked(code, SCALE, Kind.SCALE)


def _typed(code: str, kind: Kind, relevant: str = "") -> Asked:
    return Asked(code, (), kind, parse(relevant) if relevant else None)


_USEFUL = _one("useful", "yes partly no")
_MET = _one("met", "yes not_yet no")
AFTER_EVENT = Template("after_event", 2, (_USEFUL, _MET))
"""What is asked now. The tap that opens the notice is the first of three."""
AFTER_REFERRAL = Template(
    "after_referral", 1, (_one("helped", "yes partly no"), _one("understood", "yes partly no"))
)


def _in_figures(relevant: str) -> tuple[Asked, ...]:
    """Ask for the last twelve months of a business, in figures; nobody without one is asked."""
    return (
        _typed("sales", Kind.MONEY, relevant),
        _one("profit", "profit even loss", relevant),
        _typed("staff", Kind.NUMBER, relevant),
        _typed("hours", Kind.NUMBER, relevant),
        _one("export", "yes no", relevant),
    )


_ATTITUDES = (_scale("employability"), _scale("networking"), _scale("belonging"))
_SITUATION = _one("situation", "employee self_employed job_seeker student at_home other")
_BUSINESS_SINCE = _one("business", "same new closed none")
_GOES_ON = "${business} = 'same' or ${business} = 'new'"
_SOLD, _PROFIT, _STAFF, _HOURS, _EXPORT = _in_figures(_GOES_ON)
_ATTRIBUTION = _one("attribution", "much some none")

BASELINE = Template(
    "baseline",
    1,
    (
        _one("business", "running starting none"),
        *_in_figures("${business} = 'running'"),
        _SITUATION,
        *_ATTITUDES,
    ),
)
YEARLY = Template(
    "yearly",
    1,
    (_BUSINESS_SINCE, _SOLD, _PROFIT, _STAFF, _HOURS, _EXPORT, *_ATTITUDES, _ATTRIBUTION),
)
EXIT = Template(
    "exit",
    1,
    (
        _BUSINESS_SINCE,
        _SOLD,
        _STAFF,
        _SITUATION,
        _ATTRIBUTION,
        _one("why", "time language fit moved done other"),
    ),
)
EXIT_SIX_MONTHS = Template(
    "exit_six_months", 1, (_BUSINESS_SINCE, _SOLD, _STAFF, _SITUATION, _scale("employability"))
)

_NEEDS = tuple(Need)
OBSTACLES = (
    *("language", "money", "law", "time", "contacts", "premises", "qualification"),
    *("discrimination", "child_care", "other"),
)
NEEDS_INTERVIEW = Template(
    "needs_interview",
    1,
    (
        _one("goal", "start grow find_work meet_people learn other"),
        _one("stage", "idea starting running growing"),
        _one("sector", "food trade crafts building transport care digital services culture other"),
        _several("obstacles", OBSTACLES),
        _several("needs", _NEEDS),
        _several("offers", _NEEDS),
        _several("limits", tuple(Limit)),
        _typed("more", Kind.VOICE),
    ),
)
"""The area is not among them: it is a row of the network's own list, and the profile asks it."""
STAKEHOLDER = Template(
    "stakeholder",
    1,
    (
        _one("kind", "organisation community_leader authority business other"),
        _several("needs", _NEEDS),
        _several("missing", _NEEDS),
        _several("barriers", OBSTACLES),
        _scale("adequacy"),
        _typed("suggestion", Kind.TEXT),
    ),
)

SHIPPED = (
    AFTER_EVENT,
    AFTER_REFERRAL,
    BASELINE,
    YEARLY,
    EXIT,
    EXIT_SIX_MONTHS,
    NEEDS_INTERVIEW,
    STAKEHOLDER,
)
"""What is asked now, in its newest version. What members think of the network is asked
anonymously, and is no template of these (``community/facilitation.py``)."""
TEMPLATES: Mapping[tuple[str, int], Template] = {
    (template.code, template.version): template
    for template in (
        Template("after_event", 1, (_USEFUL, _MET, _one("again", "yes maybe no"))),
        *SHIPPED,
    )
}
"""Every version that was ever asked, so that old answers are still read."""
