"""Texts in a PO file: what other people's programs make of it loses nothing, or is refused."""

import codecs
import contextlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.po import Entry, PoError, Texts, Unreadable, read, written

WORDS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"),
        st.sampled_from('"\\\n\t#~ \u2028\x85\x0bnrt«ع\u2068\u2069\u200f'),
    ),
    min_size=1,
)
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.from_regex(r"(event|step):[\w-]{12}:(title|text)", fullmatch=True),
        WORDS,
        st.one_of(st.just(""), WORDS),
        st.booleans(),
        st.lists(st.just("Event, at most 120 characters")),
    ),
    min_size=1,
    unique_by=lambda entry: entry.context,
)


def without_notes(texts: Texts) -> Texts:
    return replace(texts, entries=[replace(entry, notes=()) for entry in texts.entries])


def some(*texts: tuple[str, str]) -> Texts:
    return Texts(
        "uk",
        [Entry(f"event:abc{at}:title", source, text) for at, (source, text) in enumerate(texts)],
    )


TWO = some(("A day\nof 50 % rest", "День\nвідпочинку"), ("Coffee " * 12, "Кава, чай " * 12))


@given(ENTRIES, st.sampled_from(["uk", "fa-AF", "uk-simple"]))
def test_what_is_written_is_read_again_letter_by_letter(
    entries: list[Entry], language: str
) -> None:
    texts = Texts(language, entries)
    assert read(written(texts)) == without_notes(texts)


def test_a_translator_reads_what_each_text_is_and_how_far() -> None:
    entry = Entry("event:abc:title", "50 % de %s", "50 % of {x}", True, ["Event", "At most 120"])
    assert written(Texts("pt-BR", [entry])).decode() == (
        'msgid ""\nmsgstr ""\n'
        '"Project-Id-Version: Diwan\\n"\n'
        '"Language: pt_BR\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        '"X-Diwan-Texts: 1\\n"\n\n'
        "#. Event\n#. At most 120\n#, fuzzy\n"
        'msgctxt "event:abc:title"\nmsgid "50 % de %s"\nmsgstr "50 % of {x}"\n\n'
    )


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_other_line_ends_are_read(ends: str) -> None:
    assert read(written(TWO).replace(b"\n", ends.encode())) == TWO


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + written(TWO),
        written(TWO).decode().encode("utf-16"),
        codecs.BOM_UTF16_BE + written(TWO).decode().encode("utf-16-be"),
        written(TWO).replace(b"UTF-8", b"ISO-8859-5").decode().encode("iso-8859-5"),
        written(TWO).replace(b"UTF-8", b"windows-1251").decode().encode("cp1251"),
        written(TWO).replace(b"UTF-8", b"ISO-8859-1"),
    ],
    ids=["mark", "utf-16", "big-endian", "iso-8859-5", "windows-1251", "utf-8 all the same"],
)
def test_another_encoding_is_read_where_it_can_be_known(content: bytes) -> None:
    assert read(content) == TWO


@pytest.mark.parametrize(
    "content",
    [
        written(TWO).decode().encode("cp1251"),
        written(TWO).replace(b"UTF-8", b"unicode-escape").decode().encode("cp1251"),
        written(TWO).decode().encode("utf-16-le"),
        codecs.BOM_UTF16_LE + b"a",
        written(TWO).replace(b"Coffee", b"Cof\0ee"),
    ],
    ids=["not utf-8", "no such charset", "unmarked utf-16", "half a letter", "nul"],
)
def test_letters_that_cannot_be_known_are_refused(content: bytes) -> None:
    with pytest.raises(PoError) as refused:
        read(content)
    assert refused.value.why == Unreadable.ENCODING


HEADERS = [
    "",
    'msgid ""\nmsgstr "Language: uk\\n"\n',
    'msgid ""\nmsgstr ""\n"Language: uk_UA\\n"\n"Plural-Forms: nonsense;\\n"\n'
    '"POT-Creation-Date: yesterday\\n"\n"Content-Type: text/plain; charset=idna\\n"\n',
    '# Somebody\n#, fuzzy\nmsgid ""\nmsgstr "X-Generator: Poedit\\n\\n: \\n"\n',
]


@pytest.mark.parametrize("header", HEADERS)
def test_whatever_a_program_makes_of_the_header_the_texts_are_read(header: str) -> None:
    body = written(TWO).decode().partition("\n\n")[2]
    assert read(f"{header}\n{body}".encode()).entries == TWO.entries


def test_lines_that_are_broken_elsewhere_and_more_comments_are_read() -> None:
    content = written(TWO).decode()
    content = content.replace('"Кава, чай ', '""\n"Кава, "\n  "чай ')
    content = content.replace("msgctxt", '# by me\n#: a.c:1\n#| msgid "Cofee"\nmsgctxt')
    content += '#~ msgctxt "event:old:title"\n#~ msgid "Old"\n#~ msgstr "Старе"\n'
    assert read(content.encode()) == TWO


def test_a_file_that_was_cut_anywhere_loses_nothing_unseen() -> None:
    content = written(TWO)
    for length in range(len(content)):
        with contextlib.suppress(PoError):
            assert read(content[:length]) == TWO, "only empty lines were cut"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"# only a comment\n",
        b"%PDF-1.7\n\x80",
        b"PK\x03\x04",
        b"a,b\n1,2\n",
        b'{"msgid": ""}',
        b'msgid "a"\n',
        b'msgid "a\nmsgstr "b"\n',
        b'msgid "a"\nmsgstr "b\n',
        b'msgid "a"\nmsgstr "b\\"\n',
        b'msgstr "a"\n',
        b'"a"\n',
        b'msgctxt "a"\n',
        b'msgid ""\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[9] "d"\n',
        b'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\n',
        b'<?xml version="1.0"?><xliff/>',
        b" " * 2**20 + b"x",
        b'msgid "' + b"\\" * 2**20,
    ],
)
def test_what_is_no_po_file_is_refused(content: bytes) -> None:
    with pytest.raises(PoError):
        read(content)


@given(st.binary(), st.integers(0, 400))
def test_no_bytes_are_a_fault_of_ours(noise: bytes, at: int) -> None:
    content = written(TWO)
    for damaged in (noise, content[:at] + noise + content[at:]):
        try:
            read(damaged)
        except PoError:
            continue


def test_texts_with_one_name_stay_two() -> None:
    content = written(TWO) + re.sub("(?s).*?\n\n", "", written(TWO).decode(), count=1).encode()
    assert read(content).entries == [*TWO.entries, *TWO.entries]
