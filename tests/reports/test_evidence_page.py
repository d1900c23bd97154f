"""Evidence as a page: every figure that is told, readable by everybody, and nothing else."""

import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from community.evidence import Figure, Level, Period, Split, Stage, figure, figures
from community.figures import Hidden
from locales import OFFERED, translator_for, without_isolates
from reports.evidence import Cover, LogoError, against_targets, evidence, made, read_logo
from reports.evidence.cover import LARGEST, Logo
from reports.evidence.page import STYLE
from reports.evidence.titled import bias
from tests.reporting import (
    AUTUMN,
    FROZEN,
    PARIS,
    THREAT,
    a_year,
    an_evidence,
    five_quarters,
    framework,
    names,
    of_quarters,
    quarter,
)

LANGUAGES = ("fr", "ar")
EMPTY = {"meta", "img"}
ISOLATES = "\u2066\u2067\u2068\u2069"


@dataclass
class Node:
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list[Any] = field(default_factory=list)

    def all(self, name: str = "") -> Iterator["Node"]:
        for one in self.inside:
            if isinstance(one, Node):
                if not name or one.name == name:
                    yield one
                yield from one.all(name)

    def first(self, name: str) -> "Node":
        return next(self.all(name))

    @property
    def text(self) -> str:
        return "".join(one.text if isinstance(one, Node) else one for one in self.inside)

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")


class Reader(HTMLParser):
    """Builds a tree, and complains of whatever is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Node("root")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in EMPTY:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def page(language: str, cover: Cover | None = None) -> Node:
    _ = translator_for(language)
    content = made("html", an_evidence(), names(_), cover or Cover(), _, FROZEN)
    return parsed(content)


def parsed(content: bytes) -> Node:
    reader = Reader()
    reader.feed(content.decode())
    reader.close()
    assert [one.name for one in reader.open] == ["root"]
    return reader.root


def numbers(row: Node) -> list[str]:
    """Return the cells of a row: numbers as programs read them, hidden ones as ``hidden``."""
    return [
        next((one.get("value") for one in cell.all("data")), "hidden") for cell in row.all("td")
    ]


def expected(one: Figure) -> list[str]:
    value = f"{one.value:f}" if isinstance(one.value, Decimal) else "hidden"
    return [value, "hidden" if isinstance(one.n, Hidden) else str(one.n)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_that_is_told_stands_in_the_page_as_it_was_told(language: str) -> None:
    root, periods = page(language), five_quarters()
    told, checked = periods[-1].facts, 0
    for indicator in of_quarters():
        whole = figure(indicator, told)
        link = next(a for a in root.all("a") if a.get("href") == f"#i-{indicator.id}")
        row = next(row for row in root.all("tr") if link in row.all("a"))
        assert numbers(row)[:2] == expected(whole), indicator.id
        section = next(s for s in root.all("section") if s.get("id") == f"i-{indicator.id}")
        by_period, *cuts = [list(table.all("tr"))[1:] for table in section.all("table")]
        course = [expected(figure(indicator, one.facts)) for one in periods]
        assert [numbers(row) for row in by_period] == course
        groups = figures(indicator, told)
        by_split: dict[str, list[list[str]]] = {}
        for by, cells in groups.items():
            split = by.partition(":")[0]
            by_split.setdefault(split, []).extend(expected(one) for one in cells.values())
        assert [[numbers(row) for row in table] for table in cuts] == [*by_split.values()]
        assert {Split(split) for split in by_split} <= set(indicator.splits)
        checked += 1 + len(course) + sum(map(len, by_split.values()))
    assert checked > 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_that_is_hidden_says_so_in_words(language: str) -> None:
    root = page(language)
    hidden = [one.text for one in root.all("span") if one.get("class") == "hidden"]
    few = {"fr": "moins de 5", "ar": "أقل من 5"}[language]
    assert len(hidden) > 20
    assert {without_isolates(one) for one in hidden} >= {few}
    assert all(one.strip() for one in hidden)
    assert not any(re.search(r"(few|covered)", one) for one in hidden)


def test_target_distance_due_and_the_period_before_stand_in_the_table() -> None:
    root = page("fr")
    row = next(row for row in root.all("tr") if "Membres actifs" in row.text and row.first("th"))
    said = [without_isolates(one.text).replace("\xa0", " ") for one in row.all("td")]
    assert said == [
        *("61 %", "336", "75 %", "-14 points", "31 décembre 2027", "60 %", "+1 point"),
    ]


@pytest.mark.parametrize("language", OFFERED)
def test_the_page_runs_as_its_language_does_and_keeps_directions_apart(language: str) -> None:
    html = page(language).first("html")
    assert html.get("lang") == language
    assert html.get("dir") == ("rtl" if language == "ar" else "ltr")
    for node in html.all():
        assert not re.search("[\u202a-\u202e]", node.text)
    depth = 0
    for letter in html.text:
        depth += (letter in ISOLATES[:3]) - (letter == ISOLATES[3])
        assert depth >= 0
    assert depth == 0
    named = [th for th in html.all("th") if th.text == "حي النهر"]
    assert named
    assert all(th.first("bdi") for th in named), "a name of another direction is kept apart"


def test_what_others_have_written_is_text_and_nothing_else() -> None:
    cover = Cover(publisher="</p><script>x</script>", mark='"}</style><script>y</script>')
    root = page("fr", cover)
    assert not [*root.all("script")]
    assert any(node.text == THREAT for node in root.all("bdi"))
    assert cover.publisher in root.first("header").text
    assert "script" not in root.first("style").text


def test_an_indicator_that_is_named_in_another_language_says_in_which() -> None:
    _ = translator_for("uk")
    root = parsed(made("html", an_evidence(), names(_), Cover(), _, FROZEN))
    named = [one for one in root.all("bdi") if one.text == THREAT]
    assert named
    assert {one.get("lang") for one in named} == {"fr"}


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    root = page("fr", Cover(logo=Logo(b"\x89PNG", "png")))
    for node in root.all():
        assert node.name not in {"script", "link", "iframe", "object", "form"}
        assert not [name for name in node.attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href"):
            assert node.get(name).startswith(("#", "data:image/png;base64,", "")) or not node.get(
                name
            )
            assert "//" not in node.get(name)
    assert "url(" not in root.first("style").text
    assert "@import" not in root.first("style").text
    policy = next(m for m in root.all("meta") if m.get("http-equiv"))
    assert policy.get("content").startswith("default-src 'none'")


# Readable by everybody


def test_headings_are_in_order_and_begin_with_one() -> None:
    levels = [int(node.name[1]) for node in page("ar").all() if re.fullmatch("h[1-6]", node.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_heads_that_say_what_they_head() -> None:
    tables = [*page("ar").all("table")]
    assert len(tables) > 40
    for table in tables:
        assert table.inside[0].name == "caption"
        assert table.inside[0].text
        columns = len([*table.first("thead").all("th")])
        assert {th.get("scope") for th in table.first("thead").all("th")} == {"col"}
        for row in table.first("tbody").all("tr"):
            assert [th.get("scope") for th in row.all("th")] == ["row"]
            assert len([*row.all("td")]) == columns - 1


def test_every_drawing_has_words_and_a_table_that_say_the_same() -> None:
    root = page("fr")
    drawings = [*root.all("svg")]
    assert len(drawings) > 10
    for drawing in drawings:
        assert drawing.get("role") == "img"
        assert drawing.first("title").text
        said = drawing.first("desc").text
        section = next(s for s in root.all("section") if any(x is drawing for x in s.all("svg"))
                       and s.get("class") == "indicator")  # fmt: skip
        rows = [*section.first("tbody").all("tr")]
        for row in rows:
            assert without_isolates(row.first("td").text) in said
        assert len([*drawing.all("rect")]) <= len(rows)


def test_ids_are_unique_and_whatever_points_points_somewhere() -> None:
    root = page("ar")
    ids = [node.get("id") for node in root.all() if node.get("id")]
    assert len(ids) == len(set(ids))
    for node in root.all():
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(node.get(name).split()) <= set(ids)
        if node.name == "a":
            assert node.get("href").removeprefix("#") in ids
            assert node.text


def test_whatever_scrolls_can_be_reached_by_keyboard_and_has_a_name() -> None:
    for node in page("fr").all("div"):
        if node.get("class") == "wide":
            assert (node.get("tabindex"), node.get("role")) == ("0", "region")
            assert node.get("aria-label")


def test_landmarks_have_names_of_their_own() -> None:
    for language in OFFERED:
        root = page(language)
        called = [n.get("aria-label") for n in root.all("div") if n.get("role") == "region"]
        assert len(called) == len(set(called)) > 40


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    wide = digits if len(digits) == 6 else "".join(2 * one for one in digits)
    parts = [int(wide[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_all_words_stand_out_from_what_is_behind_them() -> None:
    """On the page, on the heads of tables, and each rule on its own ground (WCAG: 4.5 to 1)."""
    style = STYLE.read_text(encoding="utf-8")
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style)
    checked = 0
    for _selector, body in rules:
        for colour in re.findall(r"(?<![-\w])(?:color|fill): (#[0-9a-f]+)", body):
            own = re.findall(r"background: (#[0-9a-f]+)", body)
            for ground in own or ["#ffffff", "#eef3f5"]:
                light, dark = sorted([luminance(colour), luminance(ground)], reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (colour, ground)
                checked += 1
    assert checked > 15


# What is in it, and what is not


def test_what_is_not_of_this_length_or_not_told_to_this_reader_is_not_in_it() -> None:
    last = quarter(AUTUMN, 9, framework())
    facts = {name: told for name, told in last.facts.items() if name != "requests"}
    found = evidence([replace(last, facts=facts)], framework(), PARIS)
    assert not [line for line in found.lines if line.indicator.part.fact == "requests"]
    assert {one.id for one in found.without} >= {"requests_made", "requests_completed"}
    _ = translator_for("en")
    root = parsed(made("html", found, names(_), Cover(), _, FROZEN))
    assert "you have worked for an organisation" in root.first("header").text
    assert "Requests sent to organisations" in root.first("header").text
    year = replace(last, period=replace(AUTUMN, number=0))
    assert not evidence([year], framework(), PARIS).lines


def test_what_matters_most_comes_first() -> None:
    found = an_evidence().foremost
    assert [line.indicator.id for line in found[:2]] == ["membership", "active_members"]
    stages = [line.indicator.stage for line in found[2:]]
    assert stages == sorted(stages, key=[Stage.OUTCOME, Stage.OUTPUT].index)
    assert {line.indicator.level for line in found} == {*Level}


def test_who_answered_less_often_than_all_is_said() -> None:
    _ = translator_for("en")
    told, response = an_evidence(), an_evidence().response
    assert response is not None
    assert not bias(told, names(_), _), "nearly all groups answered alike"
    groups = {"language": {"ar": Figure(Decimal(20), Hidden.COVERED),
                           "uk": Figure(Decimal(40), Hidden.COVERED)},
              "profile:woman": {"with": Figure(Decimal(60), Hidden.COVERED)}}  # fmt: skip
    told = replace(told, response=replace(response, groups=groups))
    assert response.figure.value == Decimal(44)
    assert [(name, without_isolates(how)) for name, how in bias(told, names(_), _)] == [
        ("Arabic", "20%: less often than all"),
        ("Woman", "60%: more often than all"),
    ]


def test_every_indicator_that_is_shipped_has_a_name_and_says_what_it_counts() -> None:
    from community.evidence import FACTS, shipped
    from reports.evidence import formulas, indicators

    _ = translator_for("fr")
    for indicator in shipped().indicators.values():
        assert indicators.name(indicator, _) != indicator.id
        assert indicators.about(indicator, _) != indicator.source, indicator.id
    for name, fact in FACTS.items():
        assert formulas.fact(name, _) != name
        for leaf in fact.shape.leaves:
            assert formulas.leaf(name, leaf, _) != leaf, (name, leaf)


def test_what_has_become_less_is_told_with_its_sign_and_has_no_bar() -> None:
    _ = translator_for("fr")
    before, last = replace(a_year(90), period=Period(2025)), a_year(-1234)
    found = evidence([before, last], framework(), PARIS)
    root = parsed(made("html", found, replace(names(_), currency="EUR"), Cover(), _, FROZEN))
    section = next(s for s in root.all("section") if s.get("id") == "i-sales_added")
    earlier, now = [numbers(row) for row in section.first("tbody").all("tr")]
    assert (earlier, now) == (["900", "10"], ["-12300", "10"])
    assert "-12\u202f300,00\xa0€" in section.text
    assert len([*section.first("svg").all("rect")]) == 1
    assert all(float(one.get("height")) > 0 for one in root.all("rect"))
    drawn = against_targets(found, names(_), _)
    assert drawn is not None
    assert all(row.bar is None or row.bar > 0 for part in drawn.sections for row in part.rows)


# The cover


def picture(kind: str, size: tuple[int, int] = (40, 20)) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize(("kind", "called"), [("PNG", "png"), ("JPEG", "jpeg")])
def test_a_logo_is_within_the_page(tmp_path: Path, kind: str, called: str) -> None:
    file = tmp_path / "logo"
    file.write_bytes(picture(kind))
    root = page("fr", Cover("Ville de Namur", read_logo(file)))
    assert root.first("img").get("src").startswith(f"data:image/{called};base64,")
    assert root.first("img").get("alt") == ""
    assert "Ville de Namur" in root.first("header").text


def broken(tmp_path: Path) -> Iterable[tuple[bytes | None, str]]:
    yield None, "no readable file is there"
    yield b"<svg onload='x'/>", "must be a PNG or JPEG picture"
    yield picture("GIF"), "must be a PNG or JPEG picture"
    yield picture("PNG")[:60], "must be a PNG or JPEG picture"
    yield picture("PNG", (4001, 1)), "no wider and no taller"
    yield bytes(LARGEST + 1), "no larger than 200 kB"


def test_what_is_no_logo_is_refused_in_words(tmp_path: Path) -> None:
    for content, why in broken(tmp_path):
        file = tmp_path / "logo"
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(LogoError, match=why):
            read_logo(file)
