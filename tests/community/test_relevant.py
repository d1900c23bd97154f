"""When a question is asked: what is understood of XLSForm's ``relevant``, and what is refused."""

import pytest

from community.surveys.relevant import RelevantError, holds, parse, written

ANSWERS = {"business": ["same"], "needs": ["tax", "legal"], "empty": []}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${business} = 'same'", True),
        ('${business}="new"', False),
        ("${business} != 'new'", True),
        ("${business} = 'same' and ${needs} = 'tax'", False),
        ("selected(${needs}, 'tax')", True),
        ("selected(${needs}, 'export')", False),
        ("selected( ${nobody} , 'tax' )", False),
        ("${nobody} != 'tax'", True),
        ("${nobody} = ''", True),
        ("${empty} = ''", True),
        ("${business} = 'new' or ${business} = 'same'", True),
        # "and" binds closer than "or"; brackets say otherwise.
        ("${business} = 'same' or ${business} = 'x' and ${business} = 'y'", True),
        ("(${business} = 'same' or ${business} = 'x') and ${business} = 'y'", False),
        ("${business} = 3", False),
    ],
)
def test_what_is_understood_holds_or_not_and_is_written_out_as_it_was_meant(
    text: str, expected: bool
) -> None:
    found = parse(text)
    assert holds(found, ANSWERS) is expected
    assert parse(written(found)) == found


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "question"),
        ("${a} > 3", 6, "known"),
        ("${a} = 'x' && ${b} = 'y'", 12, "known"),
        ("not(${a} = 'x')", 1, "known"),
        ("${a} = 'x' ${b} = 'y'", 12, "end"),
        ("${a}", 5, "comparison"),
        ("${a} = ", 8, "text"),
        ("${a} = ${b}", 8, "text"),
        ("selected(${a}, 'x'", 19, ")"),
        ("selected('x', ${a})", 10, "question"),
        ("(${a} = 'x'", 12, ")"),
        ("${a} = 'x' or", 14, "question"),
        ("count-selected(${a}) = 2", 1, "known"),
        ("(" * 30 + "${a} = 'x'" + ")" * 30, 21, "fewer_brackets"),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, position: int, expected: str) -> None:
    with pytest.raises(RelevantError) as caught:
        parse(text)
    assert (caught.value.position, caught.value.expected) == (position, expected)
