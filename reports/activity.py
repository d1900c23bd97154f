"""How much members run themselves, as titled tables in the reader's language."""

from community.figures import Activity, ActivityKind
from locales import Translator, percent
from reports.support import quarter_name
from reports.tables import Report, Row, Section, note, rows


def report(activity: Activity, before: Activity, _: Translator) -> Report:
    """Return a quarter beside the one before it."""
    return Report(
        _.label(
            "figure",
            "Run by members: {quarter}",
            quarter=quarter_name(activity.span.quarter, _),
        ),
        _.label("figure", "This quarter is over.")
        if activity.span.is_closed
        else _.label("figure", "This quarter is still running: these are figures so far."),
        [
            Section(
                _.label("figure", "Share of members"),
                [_row(kind, activity, before, _) for kind in (*ActivityKind, None)],
                longest=1,
            ),
            Section(
                _.label("figure", "Run by members"),
                rows(activity.members, lambda kind: title(kind, _), _),
            ),
            Section(
                _.label("figure", "Run by the team"),
                rows(activity.team, lambda kind: title(kind, _), _),
            ),
        ],
        note(_),
    )


def title(kind: ActivityKind, _: Translator) -> str:
    """Return what is counted."""
    return {
        ActivityKind.EVENTS: _.label("figure", "Events that took place"),
        ActivityKind.ANSWERS: _.label("figure", "Questions answered"),
        ActivityKind.TEXTS: _.label("figure", "Texts translated"),
        ActivityKind.PROPOSALS: _.label("figure", "Ideas for events"),
    }[kind]


def _row(kind: ActivityKind | None, activity: Activity, before: Activity, _: Translator) -> Row:
    label = title(kind, _) if kind else _.label("figure", "All of it")
    found, earlier = activity.share(kind), before.share(kind)
    if found is None:
        return Row(label, _.label("figure", "not shown"), is_total=kind is None)
    share, n = found
    told = percent(share, _)
    value = (
        _.nlabel("figure", "{share} of {n}", "{share} of {n}", n, share=told)
        if earlier is None
        else _.nlabel(
            "figure",
            "{share} of {n}; {earlier} the quarter before",
            "{share} of {n}; {earlier} the quarter before",
            n,
            share=told,
            earlier=percent(earlier[0], _),
        )
    )
    return Row(label, value, bar=share, is_total=kind is None)
