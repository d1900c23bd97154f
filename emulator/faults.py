"""Misbehaviour on request: what Telegram and networks do on bad days."""

import itertools
from dataclasses import asdict, dataclass
from typing import Any

BEFORE = frozenset({"429", "429bare", "500", "html502", "error", "drop_before", "delay"})
"""Nothing has been done when these strike; ``delay`` then goes on."""

AFTER = frozenset({"truncated200", "drop_after", "hang"})
"""The call has been done, only its answer does not arrive."""

HANG = 60.0
MANY = 2**53
NUMBERS = (
    ("chat_id", -MANY, MANY),
    ("times", 0, MANY),
    ("every", 1, MANY),
    ("skip", 0, MANY),
    ("retry_after", 0, MANY),
    ("code", 400, 599),
    ("seconds", 0, 3600),
)
"""Which numbers a rule takes: name, least, most."""


@dataclass
class Fault:
    """One rule: which calls it hits, and what happens to them."""

    kind: str
    method: str = "*"
    chat_id: int | None = None
    times: int | None = 1
    """How many calls it hits; None: for ever."""
    every: int = 1
    """Only every so-many-th of the calls it is about."""
    skip: int = 0
    """How many of them pass first."""
    retry_after: int = 1
    code: int = 400
    description: str = "Bad Request"
    parameters: dict[str, Any] | None = None
    seconds: float | None = None
    """How long an answer is delayed (1) or hangs until the connection is cut (60)."""

    number: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        if self.kind not in BEFORE | AFTER:
            raise ValueError(f"there is no such fault: {self.kind}")
        if self.seconds is None:
            self.seconds = HANG if self.kind == "hang" else 1.0
        # What is wrong here would strike a bot's call, and in no way that it asked for.
        for name, least, most in NUMBERS:
            value = getattr(self, name)
            if value is None and name in {"chat_id", "times"}:
                continue
            kinds = (int, float) if name == "seconds" else (int,)
            if not isinstance(value, kinds) or not least <= value <= most:
                raise ValueError(f"{name} must be a number from {least} to {most}")
        if not isinstance(self.method, str) or not isinstance(self.description, str):
            raise TypeError("method and description must be texts")
        if not isinstance(self.parameters, dict | None):
            raise TypeError("parameters must be an object")

    def hits(self, method: str, chat_id: int | None) -> bool:
        """Say whether this call is hit, counting it."""
        if self.times == 0 or self.method.lower() not in {"*", method.lower()}:
            return False
        if self.chat_id is not None and self.chat_id != chat_id:
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.seen - self.skip) % self.every:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The rules in force. The first that hits a call decides."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._numbers = itertools.count(1)

    def add(self, kind: str, **how: Any) -> Fault:
        """Add a rule; the fields of ``Fault`` say how.

        Raises:
            ValueError: there is no such kind or field.
        """
        try:
            fault = Fault(kind, **how)
        except TypeError as problem:
            raise ValueError(str(problem)) from None
        fault.number, fault.seen = next(self._numbers), 0
        self._rules.append(fault)
        return fault

    def remove(self, number: int | None = None) -> None:
        """Remove one rule, or all."""
        self._rules = [r for r in self._rules if number is not None and r.number != number]

    def list(self) -> list[dict[str, Any]]:
        """Return the rules as they stand."""
        return [{"id": rule.number, **asdict(rule)} for rule in self._rules]

    def for_call(self, method: str, chat_id: int | None) -> Fault | None:
        """Return the first rule that hits this call."""
        if not self._rules:
            return None
        return next((rule for rule in self._rules if rule.hits(method, chat_id)), None)
