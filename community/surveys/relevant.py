"""When a question is asked: the part of XLSForm's ``relevant`` that is understood here.

``=``, ``!=``, ``selected()``, ``and``, ``or`` and brackets; anything else is refused, with the
place. An expression is read once into a tree, and one function says whether it holds.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass


class RelevantError(ValueError):
    """An expression that is not understood."""

    def __init__(self, position: int, expected: str) -> None:
        """``position``: the character at which it goes wrong, from 1; ``expected``: a code."""
        super().__init__(position, expected)
        self.position, self.expected = position, expected


@dataclass(frozen=True)
class Equals:
    """``${question} = 'value'``; "" is what a question without an answer equals."""

    question: str
    value: str
    negated: bool = False


@dataclass(frozen=True)
class Selected:
    """``selected(${question}, 'value')``: it is among what was chosen."""

    question: str
    value: str


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True)
class Any:
    """One part holds at least."""

    parts: tuple["Expression", ...]


Expression = Equals | Selected | All | Any


def holds(expression: Expression, answers: Mapping[str, Collection[str]]) -> bool:
    """Say whether an expression is true of these answers (by question: what was chosen)."""
    match expression:
        case Equals(question, value, negated):
            is_equal = set(answers.get(question, ())) == ({value} if value else set())
            return is_equal is not negated
        case Selected(question, value):
            return value in answers.get(question, ())
        case All(parts):
            return all(holds(part, answers) for part in parts)
        case Any(parts):
            return any(holds(part, answers) for part in parts)


def comparisons(expression: Expression) -> list[Equals | Selected]:
    """Return what an expression compares, in order."""
    if isinstance(expression, Equals | Selected):
        return [expression]
    return [found for part in expression.parts for found in comparisons(part)]


def written(expression: Expression) -> str:
    """Return an expression as XLSForm writes it; reading that gives the same again."""
    match expression:
        case Equals(question, value, negated):
            return f"${{{question}}} {'!=' if negated else '='} '{value}'"
        case Selected(question, value):
            return f"selected(${{{question}}}, '{value}')"
        case All(parts):
            return " and ".join(
                f"({written(part)})" if isinstance(part, Any) else written(part) for part in parts
            )
        case Any(parts):
            return " or ".join(written(part) for part in parts)


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        RelevantError: it is not of the understood part.
    """
    reader = _Reader(text)
    found = reader.any_of()
    if reader.kind:
        raise reader.wrong("end")
    return found


_TOKEN = re.compile(
    r"""\s*(?:
      \$\{(?P<question>[A-Za-z_][\w.-]*)\}
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<number>\d+)
    | (?P<mark>!=|=|\(|\)|,)
    | (?P<word>selected|and|or)\b
    )""",
    re.VERBOSE,
)
DEEPEST = 20
"""So many brackets may be open at once."""


class _Reader:
    """One token ahead of what has been read."""

    def __init__(self, text: str) -> None:
        self.text, self.next_at, self.depth = text, 0, 0
        self.step()

    def step(self) -> None:
        rest = self.text[self.next_at :]
        self.at = self.next_at + len(rest) - len(rest.lstrip())
        self.kind, self.value = "", ""
        if not rest.strip():
            return
        match = _TOKEN.match(self.text, self.next_at)
        if match is None:
            raise self.wrong("known")
        self.kind = str(match.lastgroup)
        self.value = match[self.kind]
        self.next_at = match.end()

    def wrong(self, expected: str) -> RelevantError:
        return RelevantError(self.at + 1, expected)

    def take(self, kind: str, value: str = "") -> str:
        """Return the token that has to stand here, and go on."""
        if self.kind != kind or (value and self.value != value):
            raise self.wrong(value or kind)
        found = self.value
        self.step()
        return found

    def is_here(self, value: str) -> bool:
        return self.kind in ("mark", "word") and self.value == value

    def any_of(self) -> Expression:
        parts = [self.all_of()]
        while self.is_here("or"):
            self.step()
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def all_of(self) -> Expression:
        parts = [self.one()]
        while self.is_here("and"):
            self.step()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Expression:
        if self.is_here("("):
            return self.in_brackets()
        if self.is_here("selected"):
            self.step()
            self.take("mark", "(")
            question = self.take("question")
            self.take("mark", ",")
            value = self.literal()
            self.take("mark", ")")
            return Selected(question, value)
        question = self.take("question")
        if not (self.is_here("=") or self.is_here("!=")):
            raise self.wrong("comparison")
        is_negated = self.value == "!="
        self.step()
        return Equals(question, self.literal(), is_negated)

    def in_brackets(self) -> Expression:
        if self.depth == DEEPEST:
            raise self.wrong("fewer_brackets")
        self.depth += 1
        self.step()
        found = self.any_of()
        self.take("mark", ")")
        self.depth -= 1
        return found

    def literal(self) -> str:
        if self.kind == "number":
            return self.take("number")
        return self.take("text")[1:-1]
