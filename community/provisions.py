"""What an event provides so that people can come, and what somebody needs who wants to.

An event says what there is; an answer says what is needed. What is missing is worked out from
both whenever it is asked, and kept nowhere.
"""

from collections.abc import Collection
from enum import StrEnum

from community.events import Details
from community.people import Person


class Provision(StrEnum):
    """Something without which some people cannot come."""

    CHILD_CARE = "child_care"
    INTERPRETATION = "interpretation"
    STEP_FREE = "step_free"
    TRAVEL = "travel"


def lacking(facts: Details, needs: Collection[str], person: Person) -> list[Provision]:
    """Return what of these needs an event does not meet for this person.

    Interpretation is there if one of their languages is spoken, or interpreted into.
    """
    met = {
        Provision.CHILD_CARE: facts.child_care,
        Provision.INTERPRETATION: not {person.language, person.second_language}.isdisjoint(
            {*facts.languages, *facts.interpretation}
        ),
        Provision.STEP_FREE: facts.step_free,
        Provision.TRAVEL: facts.travel_help,
    }
    return [one for one in Provision if one in needs and not met[one]]
