"""What an engine is, and how it says no."""

from collections.abc import Mapping, Sequence
from typing import Protocol

Pairs = Mapping[tuple[str, str], str]
"""From (source, target), in our codes, to the version that translates it directly."""

LONGEST = 300
"""Letters of what an engine is given at once: engines cut what is longer without a word."""


class EngineError(Exception):
    """A text could not be translated. ``reason`` is a code; it may go better next time."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CannotError(EngineError):
    """The text will never be translated by this engine."""


class AwayError(EngineError):
    """The engine itself is not there now: no text is to blame."""


class EngineUnusableError(Exception):
    """What is set cannot work. The message is one line that says what to do."""


class Engine(Protocol):
    """Something that translates."""

    name: str

    async def pairs(self) -> Pairs:
        """Return what it can translate now.

        Raises:
            AwayError: it cannot be asked.
        """

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Translate short texts, each on its own; nothing is cut.

        Raises:
            EngineError: it cannot be done now (`AwayError`), or not at all (`CannotError`).
        """

    async def close(self) -> None:
        """Let go of whatever it holds."""


OURS = {"zh": "zh-Hans", "zt": "zh-Hant", "pb": "pt-BR", "tl": "fil"}
"""Codes of Argos and LibreTranslate that we write in another way."""


def our_code(code: str) -> str:
    """Return our code of a language that an engine names."""
    return OURS.get(code, code)
