"""Misbehaviour on request: what Telegram and networks do on bad days."""

import itertools
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "429",
        "429bare",
        "500",
        "html502",
        "truncated200",
        "drop_before",
        "drop_after",
        "hang",
        "delay",
        "error",
    }
)


@dataclass
class Fault:
    """One rule: which calls it hits, and what happens to them."""

    kind: str
    method: str = "*"
    chat_id: int | None = None
    times: int | None = 1
    """How many calls it hits; None: for ever."""
    every: int = 1
    skip: int = 0
    retry_after: int = 1
    code: int = 400
    description: str = "Bad Request"
    parameters: dict[str, Any] | None = None
    seconds: float = 1.0
    id: int = 0
    seen: int = field(default=0)

    def hits(self, method: str, chat_id: int | None) -> bool:
        """Say whether this call is hit, counting it."""
        if self.method.lower() not in ("*", method.lower()) or self.times == 0:
            return False
        if self.chat_id is not None and self.chat_id != chat_id:
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.seen - self.skip - 1) % self.every:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, kind: str, **how: Any) -> Fault:
        """Add a rule.

        Raises:
            ValueError: there is no such kind or field.
        """
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}")
        try:
            fault = Fault(kind, **how)
        except TypeError as problem:
            raise ValueError(str(problem)) from None
        if fault.every < 1:
            raise ValueError("every must be at least 1")
        fault.id = next(self._ids)
        self._rules.append(fault)
        return fault

    def remove(self, fault_id: int | None = None) -> None:
        """Remove one rule, or all."""
        self._rules = [r for r in self._rules if fault_id is not None and r.id != fault_id]

    def list(self) -> list[dict[str, Any]]:
        """Return the rules as they stand."""
        return [asdict(rule) for rule in self._rules]

    def for_call(self, method: str, chat_id: int | None) -> Fault | None:
        """Return the first rule that hits this call."""
        if not self._rules:
            return None
        return next((rule for rule in self._rules if rule.hits(method, chat_id)), None)
