"""What members think of the network and its team, as titled tables in the reader's language."""

from community.facilitation import BEST, FACETS, Facet, Judged
from locales import Translator, number
from reports import words
from reports.figures import language_title
from reports.quarter import named_by_months
from reports.tables import Report, Row, Section, note, row, rows


def report(judged: Judged, _: Translator) -> Report:
    """Return what members thought in a quarter."""
    answering = judged.answering
    return Report(
        _.label(
            "figure", "What members think: {quarter}", quarter=named_by_months(judged.quarter, _)
        ),
        _.label(
            "figure",
            "From 1, not good at all, to {best}, very good. Nobody can tell who answered what.",
            best=number(BEST, _),
        ),
        [
            Section(
                _.label("figure", "The team and the network"),
                [_row(facet, judged, _) for facet in FACETS],
                longest=BEST,
            ),
            Section(
                _.label("figure", "Who has answered"),
                [
                    row(_.label("figure", "Answered"), answering.cells[True], _),
                    row(_.label("figure", "Did not answer"), answering.cells[False], _),
                ],
            ),
            Section(
                _.label("figure", "In which language they answered"),
                rows(judged.languages, lambda code: language_title(code, _), _),
            ),
        ],
        note(_),
    )


def _row(facet: Facet, judged: Judged, _: Translator) -> Row:
    score, earlier = judged.facets[facet], judged.before[facet]
    label = words.facet(facet, _)
    if score is None:
        return Row(label, _.label("figure", "fewer than 5"))
    mean = number(score.mean, _)
    if earlier is None:
        value = _.nlabel(
            "figure", "{mean} from {n} answer", "{mean} from {n} answers", score.answers, mean=mean
        )
    else:
        value = _.nlabel(
            "figure",
            "{mean} from {n} answer; {earlier} the quarter before",
            "{mean} from {n} answers; {earlier} the quarter before",
            score.answers,
            mean=mean,
            earlier=number(earlier.mean, _),
        )
    return Row(label, value, bar=score.mean)
