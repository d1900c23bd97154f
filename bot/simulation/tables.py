"""What the simulated network is like: shares and spans, all made up.

The languages follow roughly what Eurostat publishes about the largest groups of foreign citizens
and of people under temporary protection in the European Union; they are an approximation for
tests and training, no statistic, and must not be quoted as one.
"""

from collections.abc import Mapping, Sequence

from community.consents import Purpose
from community.needs import Need
from community.people import Membership, Participation, Profile, Stage
from community.posts import State as Posted

LANGUAGES: Mapping[str, float] = {
    "uk": 17,
    "ar": 16,
    "ro": 11,
    "tr": 8,
    "ru": 7,
    "pl": 6,
    "es": 6,
    "fr": 6,
    "en": 5,
    "sq": 4,
    "fa": 3,
    "pt": 3,
    "it": 2,
    "zh": 2,
    "bg": 2,
    "ur": 1,
    "so": 1,
}
"""The language that somebody's telephone speaks. Whoever's is not offered reads one of these:"""

INSTEAD: Mapping[str, float] = {"en": 60, "fr": 40}

MEMBERSHIPS: Mapping[Membership, float] = {
    Membership.ACTIVE: 74,
    Membership.PAUSED: 3,
    Membership.STOPPED: 5,
    Membership.UNREACHABLE: 7,
    Membership.LEFT: 8,
    Membership.JOINING: 3,
}
WAYS: Mapping[Participation, float] = {
    Participation.ACTIVE: 80,
    Participation.DIGEST: 14,
    Participation.READING: 6,
}
CONSENTS: Mapping[Purpose, float] = {
    Purpose.NEWS: 0.8,
    Purpose.SURVEYS: 0.65,
    Purpose.MATCHING: 0.45,
    Purpose.STATISTICS: 0.6,
}
STAGES: Mapping[Stage, float] = {
    Stage.IDEA: 35,
    Stage.STARTING: 30,
    Stage.RUNNING: 25,
    Stage.GROWING: 10,
}
PROFILES: Mapping[Profile, float] = {
    Profile.WOMAN: 30,
    Profile.REFUGEE: 20,
    Profile.YOUTH: 10,
    Profile.HIGHLY_SKILLED: 12,
    Profile.JOB_SEEKER: 14,
    Profile.OWNER: 10,
    Profile.STUDENT: 4,
}
NEEDS: Mapping[Need, float] = {
    Need.REGISTERING: 18,
    Need.FINANCE: 16,
    Need.TAX: 7,
    Need.BOOKKEEPING: 5,
    Need.QUALIFICATIONS: 3,
    Need.EXPORT: 1,
    Need.CUSTOMERS: 12,
    Need.MENTORING: 10,
    Need.LEGAL: 8,
    Need.LANGUAGE: 7,
    Need.DIGITAL: 6,
    Need.PREMISES: 4,
    Need.LICENCES: 3,
    Need.CHILD_CARE: 2,
    Need.HIRING: 2,
}

RESPONSES: Mapping[str, float] = {"uk": 0.58, "en": 0.5, "fr": 0.46, "ar": 0.34}
"""How many of those whom a survey reaches answer it, by the language they read."""
HALF_WAY = 0.08
"""Of those who answer, so many stop on the way."""
BUSINESSES: Mapping[str, float] = {"running": 34, "starting": 28, "none": 38}
_NO_BUSINESS: Mapping[str, float] = {"none": 88, "new": 12}
_GOES_ON: Mapping[str, float] = {"same": 87, "closed": 13}
COMES_OF_IT: Mapping[str, Mapping[str, float]] = {
    "running": _GOES_ON,
    "same": _GOES_ON,
    "new": _GOES_ON,
    "starting": {"new": 41, "none": 59},
    "none": _NO_BUSINESS,
    "closed": _NO_BUSINESS,
}
"""What a business is a year later."""
STAFF: Mapping[int, float] = {0: 58, 1: 20, 2: 11, 3: 6, 5: 4, 9: 1}
HOURS: Mapping[int, float] = {10: 15, 20: 35, 30: 20, 38: 30}
"""Of each of them, a week."""
PROFITS: Mapping[str, float] = {"profit": 52, "even": 30, "loss": 18}
YES: Mapping[str, float] = {"yes": 9, "no": 91}
_WITH, _WITHOUT = "self_employed", "job_seeker"
SITUATIONS: Mapping[bool, Mapping[str, float]] = {
    True: {_WITH: 80, "employee": 14, "student": 3, "other": 3},
    False: {_WITHOUT: 42, "employee": 26, "student": 12, "at_home": 14, "other": 6},
}
ATTRIBUTIONS: Mapping[str, float] = {"much": 27, "some": 51, "none": 22}
AWAY_FROM: Mapping[str, float] = {
    "time": 34,
    "fit": 20,
    "moved": 16,
    "done": 14,
    "language": 6,
    "other": 10,
}
USEFUL: Mapping[str, float] = {"yes": 60, "partly": 28, "no": 12}
MET: Mapping[str, float] = {"yes": 56, "not_yet": 30, "no": 14}
HELPED: Mapping[str, float] = {"yes": 68, "partly": 25, "no": 7}
HELPED_NOT: Mapping[str, float] = {"yes": 10, "partly": 30, "no": 60}
_UNDERSTOOD: Mapping[str, float] = {"yes": 82, "partly": 15, "no": 3}
UNDERSTOOD: Mapping[str, Mapping[str, float]] = {
    "en": _UNDERSTOOD,
    "fr": _UNDERSTOOD,
    "uk": {"yes": 64, "partly": 29, "no": 7},
    "ar": {"yes": 52, "partly": 35, "no": 13},
}
AGREE_TO_EXIT = 0.4

POSTS: Sequence[tuple[str, str]] = (
    ("ask", "I am looking for somebody who rents out a small kitchen in the evenings."),
    ("ask", "Who knows a printer for a few hundred leaflets?"),
    ("ask", "I need help at a market stall on Saturdays."),
    ("offer", "I have a van that is free on weekdays."),
    ("offer", "I can look through a first letter to a customer."),
    ("offer", "There are two tables left in our shared workshop."),
)
POST_ENDS: Mapping[Posted, float] = {Posted.FOUND: 55, Posted.WITHDRAWN: 45}

COLOURS: Sequence[str] = (
    *("Amber", "Azure", "Coral", "Copper", "Crimson", "Golden", "Indigo", "Ivory", "Jade"),
    *("Lilac", "Olive", "Pearl", "Ruby", "Saffron", "Silver", "Teal", "Violet", "White"),
)
THINGS: Sequence[str] = (
    *("Acorn", "Brook", "Cloud", "Dune", "Feather", "Harbour", "Heron", "Island", "Kite"),
    *("Lantern", "Maple", "Meadow", "Orchard", "Pebble", "River", "Sparrow", "Tulip", "Willow"),
)
"""Names are a colour, a thing and a number: nobody is called so."""

ZONES: Sequence[str] = ("Europe/Lisbon", "Europe/Athens", "Atlantic/Canary")
"""Every tenth area lies in one of these; the others in the network's own zone."""

AREA_NAMES: Mapping[str, str] = {
    "en": "District {n}",
    "fr": "Quartier {n}",
    "ar": "الحي {n}",
    "uk": "Район {n}",
}
QUESTIONS: Sequence[str] = (
    "Where can I ask about opening hours for the workshop?",
    "Is there somebody who can look at my prices with me?",
    "May I bring a friend to the next meeting?",
)
