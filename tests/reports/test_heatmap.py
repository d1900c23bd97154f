"""The picture of the gap map: told by number and mark, not by colour alone, in every direction."""

import pytest

from locales import translator_for
from reports.heatmap import Cell, HeatMap, Level, drawing, picture

SHOWN = HeatMap(
    "Gap map",
    "How many",
    ["Everybody", "العربية"],
    [
        ("Taxes", [Cell(Level.UNCOVERED, "17"), Cell(Level.THIN, "41")]),
        ("Hiring", [Cell(Level.HIDDEN, ""), Cell(Level.SERVED, "9")]),
    ],
    [(Level.UNCOVERED, "Nothing helps"), (Level.THIN, "Too many")],
    "Not told",
)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_each_cell_has_its_number_and_its_mark_beside_its_colour(language: str) -> None:
    drawn = drawing(SHOWN, translator_for(language))
    for told in (
        "17",
        "41",
        "\u20669\u2069" if language == "en" else "\u20679\u2069",
        "Taxes",
        "Hiring",
        "Everybody",
    ):
        assert told in drawn
    assert drawn.count("<circle") == 2, "one in the map, one in the legend"
    assert drawn.count('Z" fill=') == 2
    assert drawn.count("stroke-dasharray") == 1


def test_who_reads_from_the_right_gets_the_mirror_image() -> None:
    def places(language: str) -> list[float]:
        drawn = drawing(SHOWN, translator_for(language))
        return [float(part.split('"')[1]) for part in drawn.split("<rect ")[2:4]]

    (first, second), (mirrored, after) = places("en"), places("ar")
    assert first < second
    assert mirrored > after


def test_it_is_painted_where_there_is_a_font() -> None:
    make = picture(SHOWN, translator_for("en"))
    assert make is not None
    assert make().startswith(b"\x89PNG")
