"""What members think, as it is read: each facet with how many said so, and the quarter before."""

import pytest

from community.facilitation import FACETS, Facet, Judged, Score
from community.figures import Quarter, protect, split
from locales import translator_for, without_isolates
from reports import words
from reports.facilitation import report

NONE = dict.fromkeys(FACETS)


@pytest.mark.parametrize(
    ("language", "with_trend", "first"),
    [
        ("en", "4.2 from 7 answers; 3.1 the quarter before", "4.2 from 7 answers"),
        ("fr", "4,2 d’après 7 réponses ; 3,1 le trimestre précédent", "4,2 d’après 7 réponses"),
    ],
)
def test_each_facet_tells_how_many_said_so_and_how_it_was_before(
    language: str, with_trend: str, first: str
) -> None:
    _ = translator_for(language)
    judged = Judged(
        Quarter(2026, 4),
        protect({True: 7, False: 9}),
        split({"en": 16}),
        NONE | {facet: Score(4.2, 7) for facet in FACETS if facet is not Facet.OUTCOMES},
        NONE | {facet: Score(3.1, 5) for facet in FACETS if facet is not Facet.LINKING},
    )
    rows = report(judged, _).sections[0].rows
    said = {row.label: without_isolates(str(row.value)) for row in rows}
    assert len(said) == len(FACETS), "each facet has a line of its own"
    for facet in FACETS:
        expected = first if facet is Facet.LINKING else with_trend
        if facet is Facet.OUTCOMES:
            expected = _.label("figure", "fewer than 5")
        assert said[words.facet(facet, _)] == expected
