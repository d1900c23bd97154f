"""What the simulated network is like: shares and spans, all made up.

The languages follow roughly what Eurostat publishes about the largest groups of foreign citizens
and of people under temporary protection in the European Union; they are an approximation for
tests and training, no statistic, and must not be quoted as one.
"""

from collections.abc import Mapping, Sequence

from community.consents import Purpose
from community.needs import Need
from community.people import Membership, Participation, Profile, Stage

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
