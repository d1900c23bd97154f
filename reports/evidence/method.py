"""How to read a report of evidence, in words."""

from collections.abc import Sequence

from community.evidence.telling import STEPS
from locales import Translator, number
from reports.evidence import titled
from reports.evidence.content import Evidence


def notes(told: Evidence, _: Translator) -> Sequence[str]:
    """Return what a reader has to know: what is hidden and why, what adds up, what is rounded."""
    steps = number(STEPS, _)
    return [
        titled.note(told, _),
        *_of_requests(told, _),
        _.label(
            "figure",
            "“Fewer than {n}” and “not shown” are no zeros: somebody may be there. Zero is "
            "written as a number.",
            n=number(told.threshold, _),
        ),
        _.label(
            "figure",
            "A whole and its parts may not add up where parts are hidden. Groups are told one at "
            "a time: by language, by area, by profile, and never by two of them together.",
        ),
        _.label(
            "figure",
            "One person can have several profiles, so they do not add up to all. Profiles are "
            "what people have told of themselves.",
        ),
        _.label(
            "figure",
            "Shares are in whole percent. Where only the shares of groups are told, they are "
            "given to the nearest {steps} percent.",
            steps=steps,
        ),
        _.label("figure", "Sums and middle values of amounts are rounded to three digits."),
        _.label(
            "figure",
            "A quarter is counted a week after its end, by the clock where the network is, and "
            "never again: who is erased later stays in the numbers and in no list.",
        ),
        _.label("figure", "“Points” are the difference of two percentages."),
    ]


def _of_requests(told: Evidence, _: Translator) -> Sequence[str]:
    """Return which numbers are hidden by another threshold than the rest, if there are any."""
    others = {line.few for line in told.lines} - {told.threshold}
    return [
        _.label("figure", "Of requests, numbers from 1 to {most} are not shown.",
                most=number(few - 1, _))
        for few in sorted(others)
    ]  # fmt: skip
