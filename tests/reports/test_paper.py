"""The page to print: its words are text, its code is read by a decoder nobody here wrote."""

import re
from io import BytesIO

import pypdf
import pytest
import zxingcpp
from PIL import Image

from locales import translator_for, without_isolates
from reports import paper, sheet
from reports.paper import Line
from reports.qr import qr_picture
from reports.sheet import Sheet
from tests.fonts import has_fonts

LINK = "https://t.me/a_network_bot?start=j-Abc_123-xyz0"
SAID = {
    "fr": Sheet("Un réseau", "C'est gratuit.", ["Rencontrer", "Trouver"], "Ici", LINK, "Entrez"),
    "ar": Sheet("شبكة لكم", "مجاناً وبلغتكم.", ["تلتقون", "تجدون 3 دروس"], "هنا", LINK, "تفضلوا"),
}


def codes(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def printed(language: str) -> pypdf.PdfReader:
    make = sheet.page(SAID[language], translator_for(language))
    assert make is not None
    return pypdf.PdfReader(BytesIO(make()), strict=True)


@has_fonts
@pytest.mark.parametrize("language", SAID)
def test_every_word_on_the_page_can_be_searched_copied_and_read_aloud(language: str) -> None:
    document = printed(language)
    (page,) = document.pages
    found = [line.strip() for line in page.extract_text().splitlines() if line.strip()]
    letters = [sorted(line.replace(" ", "")) for line in found]
    for words in SAID[language].words:
        # This reader loses a space beside a number in Arabic, and puts a last dot first.
        assert sorted(words.replace(" ", "")) in letters, words
        if not re.search(r"[\d.]", words) or language == "fr":
            assert words in found, "in the order in which it is read"
    assert document.metadata is not None
    assert document.metadata.title == SAID[language].title


@has_fonts
@pytest.mark.parametrize("language", SAID)
def test_a_camera_that_looks_at_the_page_or_the_card_is_led_to_the_bot(language: str) -> None:
    (page,) = printed(language).pages
    (picture,) = page.images
    assert picture.image is not None
    assert codes(picture.image) == [LINK]
    make = sheet.card(SAID[language], translator_for(language))
    assert make is not None
    assert codes(Image.open(BytesIO(make()))) == [LINK]


def test_the_square_alone_leads_to_the_bot() -> None:
    assert codes(Image.open(BytesIO(qr_picture(LINK)))) == [LINK]


def test_text_stands_where_the_picture_shows_it_from_the_readers_side() -> None:
    blank = BytesIO()
    Image.new("RGB", (10, 14), "white").save(blank, "PNG")
    lines = [
        Line("abc", 20, 30, 100, "start", rtl=False),
        Line("abc", 20, 690, 200, "end", rtl=True),
    ]
    document = pypdf.PdfReader(BytesIO(paper.page(blank.getvalue(), lines, "x", 720)))
    places = []

    def saw(text: str, _cm: object, at: list[float], _font: object, _size: float) -> None:
        if text.strip():
            places.append((round(at[4]), round(at[5])))

    document.pages[0].extract_text(visitor_text=saw)
    scale = paper.POINTS[0] / 720
    assert places == [
        (round(30 * scale), round(paper.POINTS[1] - 100 * scale)),
        (round((690 - 30) * scale), round(paper.POINTS[1] - 200 * scale)),
    ]


def test_a_page_with_more_letters_than_one_font_holds_is_still_a_page() -> None:
    blank = BytesIO()
    Image.new("RGB", (10, 14), "white").save(blank, "PNG")
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    content = paper.page(blank.getvalue(), [Line(many, 9, 0, 9, "start", rtl=False)], "x", 720)
    text = pypdf.PdfReader(BytesIO(content), strict=True).pages[0].extract_text()
    assert without_isolates(text).strip() == many[: paper.LETTERS]
