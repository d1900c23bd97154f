"""Facts never pass through an engine: each gets a slot, and every slot has to come back once.

What a slot holds: tags and entities, links, mail addresses, @names, #tags, /commands, {fields},
emoji, numbers with what belongs to them (dates, hours, phones, prices), and the names of days and
of months beside a number, which come out in the other language. A sentence whose slots
do not all come back, or in which the engine has invented a fact, is translated in the pieces
between its slots; if that goes wrong too, the source stays.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import regex

from bot.translating.sentences import sentences
from locales import CalendarNames

Translate = Callable[[Sequence[str]], Awaitable[Sequence[str]]]

FACT = regex.compile(
    r"""
      \[\ *[Xx]\ *\d+\ *[Xx]\ *\]                           # what reads like a slot itself
    | </?[A-Za-z][^<>\n]*>                                  # tags
    | &(?:\#\d+|\#x[0-9A-Fa-f]+|[A-Za-z]\w*);               # entities
    | (?:(?:https?|ftps?|tg)://|(?:mailto|tel):)[^\s<>"]*[^\s<>".,:;!?)\]}»”’'…،؛؟。、]
    | (?<![\w.+%-])[A-Za-z0-9.+_%-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+
    | (?<![\w@.-])(?:[A-Za-z0-9-]+\.)+[a-z]{2,24}(?!\w)
      (?:[/?\#][^\s<>"]*[^\s<>".,:;!?)\]}»”’'…])?
    | [@\#]\w+
    | (?<![\w/])/[A-Za-z]\w*
    | \{[^{}\s]*\}
    | (?<!\w)\w*_\w*                                        # Argos makes a space of each _
    | [0-9\#*]\uFE0F?\u20E3
    | (?:\p{Regional_Indicator}{2}
      | \p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?
        (?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)*)
    | (?:(?<!\p{L})\p{Latin}{1,12}(?=\d)|(?<!\p{L})[A-Z]{2,12}-(?=\d))?   # B12, COVID-19
      (?:[\p{Sc}№][ \u00A0\u202F]?|[+-])?
      (?:\(\d+\)|\d+)
      (?:(?:[.,:/'’·]|[ \u00A0\u202F]?[-–—hH][ \u00A0\u202F]?|[ \u00A0\u202F])?(?:\(\d+\)|\d+))*
      (?:\p{Latin}{1,4}(?!\p{L})
        |[ \u00A0\u202F]?(?:\p{Sc}|[%‰]|°[CF]?|[A-Z]{3}(?![\p{L}\d])
          |(?:h|[AaPp]\.?[Mm]\.?)(?!\p{L})))?
    """,
    regex.VERBOSE,
)
_SLOT = regex.compile(r"\[ *[Xx] *(\d{1,4}) *[Xx] *\]")
"""A slot as engines bring it back: with spaces, in small letters, in other digits."""
_TAG = regex.compile(r"<(/?)([A-Za-z][\w-]*)[^<>]*>")
_WORD = regex.compile(r"\p{L}")
_LEAD = regex.compile(r"[\s•·‣▪■◦●○–—*>-]*")
_FORBIDDEN = regex.compile(r"[\x00-\x1F\x7F\u2028-\u202E\u2066-\u2069<>&]")
"""What may stand in a translation only where it stood in the source."""
_BEFORE, _AFTER = frozenset("([{«“‘„\"'¿¡"), frozenset(".,;:!?)]}»”’\"'…،؛؟۔。、！？।")
"""What may stand right before or after a fact without becoming a part of it."""


NO_NAMES = CalendarNames({}, {})


async def translate(text: str, by: Translate, names: CalendarNames = NO_NAMES) -> str | None:
    """Translate a text so that every fact of it comes out once, tags nested as they were.

    ``names`` says what days and months are called. None: that cannot be done, and the source has
    to stay.
    """
    lines = regex.findall(r"[^\n]*\n|[^\n]+", text)
    parts = [part for line in lines for part in _parts_of(line, names)]
    told = {
        part: _with_facts_of(part.source, said)
        for part, said in (await _filled(parts, by)).items()
    }
    if (whole := _with_facts_of(text, _joined(parts, told))) is not None:
        return whole
    # Between the slots: what did not come back well; if each sentence did, facts of two of them
    # have grown into one.
    again = [part for part, said in told.items() if said is None] or list(told)
    pieces = {part: part.pieces for part in again}
    between = await _filled([piece for found in pieces.values() for piece in found], by)
    told |= {part: _joined(found, between) for part, found in pieces.items()}
    return _with_facts_of(text, _joined(parts, told))


@dataclass(frozen=True, eq=False)
class _Part:
    """A sentence, or a piece of one: its words, slots in place of its facts, and its edges."""

    before: str
    core: str
    after: str
    facts: Sequence[str]
    """What comes out of the slots of the whole line, by their numbers."""

    @property
    def has_words(self) -> bool:
        return bool(_WORD.search(_SLOT.sub("", self.core)))

    @property
    def source(self) -> str:
        return f"{self.before}{_SLOT.sub(self._fact, self.core)}{self.after}"

    @property
    def pieces(self) -> "list[_Part]":
        """Return what is between the slots, and the slots."""
        cut = regex.split(r"(\[X\d+X\])", self.core)
        return [
            _Part(self.before, "", "", ()),
            *(_part(piece, self.facts) for piece in cut),
            _Part(self.after, "", "", ()),
        ]

    def _fact(self, slot: "regex.Match[str]") -> str:
        return self.facts[int(slot[1])]

    def filled(self, answer: str) -> str | None:
        """Return the part as the engine told it; None if slots, tags or all words are lost."""
        answer = answer.strip()
        given, found = (list(map(int, _SLOT.findall(told))) for told in (self.core, answer))
        outside, words = _SLOT.sub(" ", answer), _SLOT.sub(" ", self.core)
        if (
            sorted(found) != sorted(given)
            or not self._nests(given, found)
            or not _WORD.search(outside)
            or not set(_FORBIDDEN.findall(outside)) <= set(_FORBIDDEN.findall(words))
        ):
            return None
        return self.before + self._set_in(answer) + self.after

    def _nests(self, given: list[int], found: list[int]) -> bool:
        """Say whether tags are in their order, or nest where they nested."""
        before, after = ([n for n in order if self._tag(n)] for order in (given, found))
        return before == after or (self._is_nested(before) and self._is_nested(after))

    def _is_nested(self, tags: list[int]) -> bool:
        still_open: list[str] = []
        for number in tags:
            tag = self._tag(number)
            assert tag is not None
            if not tag[1]:
                still_open.append(tag[2])
            elif not still_open or still_open.pop() != tag[2]:
                return False
        return not still_open

    def _tag(self, number: int) -> "regex.Match[str] | None":
        return _TAG.fullmatch(self.facts[number])

    def _set_in(self, answer: str) -> str:
        """Put the facts into the answer, apart from what would become a part of them."""
        known = {number: beside for number, _text, beside in _slots(self.core)}
        told = ""
        for number, text, (left, right) in _slots(answer):
            was_left, was_right = known[number]
            is_tag = self._tag(number) is not None
            told += text
            told += " " * _joins(left, was_left, _BEFORE, is_tag=is_tag)
            told += self.facts[number]
            if not right.startswith("[X"):  # a slot looks to its left
                told += " " * _joins(right, was_right, _AFTER, is_tag=is_tag)
        return told + str(_SLOT.split(answer)[-1])


def _slots(text: str) -> Iterator[tuple[int, str, tuple[str, str]]]:
    """Yield each slot's number, the text between the last one and it, and what it stands beside.

    That is a letter, or another slot, or at the ends nothing.
    """
    cut = _SLOT.split(text)  # text, number, text, …, number, text
    for at in range(1, len(cut), 2):
        left = cut[at - 1][-1:] or (f"[X{int(cut[at - 2])}X]" if at > 1 else "")
        right = cut[at + 1][:1] or (f"[X{int(cut[at + 2])}X]" if at + 2 < len(cut) else "")
        yield int(cut[at]), cut[at - 1], (left, right)


def _joins(beside: str, was: str, allowed: frozenset[str], *, is_tag: bool) -> bool:
    """Say whether what stands right beside a fact would become a part of it."""
    if not beside or beside == was or beside.isspace() or beside in allowed:
        return False
    return not is_tag or beside.startswith("[X")


@cache
def _facts_and(names: CalendarNames) -> "regex.Pattern[str]":
    """Return what finds facts and names: a month's only beside a number ("may" is a verb, too)."""
    if names is NO_NAMES:
        return FACT
    day, month = (
        f"(?i:{'|'.join(map(regex.escape, sorted(which, key=len, reverse=True)))})"
        for which in (names.days, names.months)
    )
    return regex.compile(
        rf"""{FACT.pattern}
        | (?<!\p{{L}}){day}(?!\p{{L}})
        | (?<=\d[.]?[\ \u00A0\u202F]){month}(?!\p{{L}})
        | (?<!\p{{L}}){month}(?=[\ \u00A0\u202F]\d)""",
        regex.VERBOSE,
    )


def _parts_of(line: str, names: CalendarNames) -> list[_Part]:
    facts: list[str] = []

    def slot(fact: "regex.Match[str]") -> str:
        facts.append(names.called(fact[0]))
        return f"[X{len(facts) - 1}X]"

    masked = _facts_and(names).sub(slot, line)
    return [_part(sentence, facts) for sentence in sentences(masked)]


def _part(text: str, facts: Sequence[str]) -> _Part:
    begin = _LEAD.match(text).end()
    core = text[begin:].rstrip()
    return _Part(text[:begin], core, text[begin + len(core) :], facts)


async def _filled(parts: Sequence[_Part], by: Translate) -> dict[_Part, str | None]:
    """Have translated what has words, and put the facts back; None where that went wrong."""
    asked = [part for part in parts if part.has_words]
    answers = await by([part.core for part in asked]) if asked else []
    return {part: part.filled(answer) for part, answer in zip(asked, answers, strict=True)}


def _joined(parts: Sequence[_Part], told: Mapping[_Part, str | None]) -> str | None:
    """Return the parts as they were told, or as they are; None if one went wrong."""
    said = [told.get(part, part.source) for part in parts]
    return None if None in said else "".join(one for one in said if one is not None)


def _with_facts_of(source: str, told: str | None) -> str | None:
    """Return what was told, or None if its facts are not exactly those of the source."""
    if told is None or Counter(FACT.findall(told)) != Counter(FACT.findall(source)):
        return None
    return told
