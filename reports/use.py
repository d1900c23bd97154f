"""How the platform was used in a closed quarter, as titled tables in the reader's language.

Every number is one that evidence tells (``community/evidence``); nothing is counted here.
"""

from collections.abc import Callable, Mapping
from datetime import date

from community import evidence
from community.evidence import Published, Told
from community.evidence.facts import ACROSS, ACTIVE, ANSWERED, CAME
from community.evidence.telling import ALL, WITH
from community.figures import Cell, Hidden
from community.people import Profile
from locales import Translator, day, percent
from reports.support import quarter_name
from reports.tables import Report, Row, Section, note, row

NOBODY = Told()


def report(
    published: Published, profile: Callable[[Profile], str], counted: date, _: Translator
) -> Report:
    """Return a quarter's use; ``profile`` is what people of a profile are called."""
    told = published.facts
    return Report(
        _.label(
            "figure",
            "Use of the platform: {quarter}",
            quarter=quarter_name(published.period.quarter, _),
        ),
        _.label(
            "figure",
            "Counted on {day}, and not changed since.",
            day=day(counted, _),
        ),
        [
            Section(
                _.label("figure", "Members at its end"),
                [
                    row(_.label("figure", "All members"), _number(told, "members", ALL), _),
                    *_by_profile(told, profile, _),
                ],
            ),
            Section(
                _.label("figure", "Members who did something"),
                [
                    row(_.label("figure", "Came to an event"), _number(told, "members", CAME), _),
                    row(
                        _.label("figure", "Did other things"), _number(told, "members", ACTIVE), _
                    ),
                    _share(told, "members", (CAME, ACTIVE), _.label("figure", "Active"), _),
                ],
            ),
            Section(
                _.label("figure", "People by what they used"),
                [row(label, _number(told, *where), _) for label, where in _features(_)],
            ),
            Section(
                _.label("figure", "Who answered"),
                [
                    _share(told, "invited", (ANSWERED,), _.label("figure", "Invitations"), _),
                    _share(told, "asked", (ANSWERED,), _.label("figure", "Surveys"), _),
                ],
                longest=1,
            ),
            Section(
                _.label("figure", "Contacts across groups"),
                [
                    row(
                        _.label("figure", "Met somebody of another language"),
                        _number(told, "introduced", ACROSS),
                        _,
                    )
                ],
            ),
        ],
        note(_),
    )


def _features(_: Translator) -> list[tuple[str, tuple[str, str]]]:
    return [
        (_.label("figure", "Events: came"), ("members", CAME)),
        (_.label("figure", "Support: requests sent"), ("requests", ALL)),
        (_.label("figure", "People: were introduced"), ("introduced", ALL)),
        (_.label("figure", "Asks and offers: posted"), ("posted", ALL)),
        (_.label("figure", "Lessons: finished one"), ("learned", ALL)),
        (_.label("figure", "News: reacted or voted"), ("reacted", ALL)),
        (_.label("figure", "Questions: asked the team"), ("wrote", ALL)),
    ]


def _number(told: Mapping[str, Told], fact: str, node: str) -> Cell:
    return told.get(fact, NOBODY).number(node)


def _by_profile(
    told: Mapping[str, Told], profile: Callable[[Profile], str], _: Translator
) -> list[Row]:
    members = evidence.shipped().indicators["membership"]
    found = evidence.figures(members, told)
    rows = []
    for code in Profile:
        figure = found.get(f"profile:{code}", {}).get(WITH)
        rows.append(row(profile(code), figure.n if figure else Hidden.COVERED, _))
    return rows


def _share(
    told: Mapping[str, Told], fact: str, leaves: tuple[str, ...], label: str, _: Translator
) -> Row:
    """Return a share in whole percent and of how many, where both are told."""
    shown = told.get(fact, NOBODY)
    cells = [shown.number(leaf) for leaf in leaves]
    whole = shown.number(ALL)
    if isinstance(whole, Hidden) and fact == "asked":  # told together: all its leaves, or none
        both = [shown.number(leaf) for leaf in evidence.FACTS[fact].shape.leaves]
        numbers = [cell for cell in both if isinstance(cell, int)]
        whole = sum(numbers) if len(numbers) == len(both) else whole
    if isinstance(whole, Hidden) or any(isinstance(cell, Hidden) for cell in cells):
        return Row(label, _.label("figure", "not shown"))
    if not whole:
        return Row(label, _.label("figure", "nobody"))
    part = sum(cell for cell in cells if isinstance(cell, int))
    told_share = percent(part / whole, _)
    value = _.nlabel("figure", "{share} of {n}", "{share} of {n}", whole, share=told_share)
    return Row(label, value, bar=part / whole)
