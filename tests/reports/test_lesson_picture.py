"""Each lesson that comes with the program is drawn, in the direction of its words."""

import pytest

from bot.lessons import packed_lessons
from locales import translator_for
from reports import chart, lesson_picture
from tests.fonts import has_fonts

BEGINS_PNG = b"\x89PNG\r\n\x1a\n"


@has_fonts
def test_every_lesson_of_the_program_is_drawn_and_says_in_words_what_is_in_the_drawing() -> None:
    for packed in packed_lessons():
        for language, words in packed.texts.items():
            assert words["picture"], packed.code
            make = lesson_picture.picture(packed.code, words["title"], translator_for(language))
            assert make is not None, packed.code
            assert make().startswith(BEGINS_PNG)


@has_fonts
def test_who_reads_from_the_right_gets_the_mirror_image_and_the_title_of_their_own_words() -> None:
    english, arabic = (
        lesson_picture.drawing("email", title, rtl=rtl)
        for title, rtl in (("Writing", False), ("كتابة", True))
    )
    assert "scale(-1,1)" in arabic
    assert "scale(-1,1)" not in english
    assert "كتابة" in arabic
    assert "scale(-1,1)" not in arabic[arabic.rindex("<text") :], "letters are not mirrored"


def test_a_lesson_of_the_teams_own_and_a_place_without_fonts_have_no_drawn_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _ = translator_for("ar")
    assert lesson_picture.picture("", "كتابة", _) is None
    monkeypatch.setattr(chart, "_installed", dict)
    assert lesson_picture.picture("email", "كتابة", _) is None
