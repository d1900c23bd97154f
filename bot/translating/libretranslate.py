"""LibreTranslate over HTTP: a server of one's own, which may have the models and the processor."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from bot.translating.engines import OURS, AwayError, CannotError, EngineError, Pairs, our_code

ANSWERS_WITHIN, TRANSLATES_WITHIN = 3.0, 60.0
MOST_BYTES = 2**20
AT_ONCE = 20
"""Sentences in one request."""
THEIRS = {ours: code for code, ours in OURS.items()}
AWAY: Mapping[int, str] = {
    301: "moved",
    302: "moved",
    307: "moved",
    308: "moved",
    401: "refused",
    403: "refused",
    404: "not_there",
    429: "limited",
    502: "away",
    503: "away",
    504: "away",
}
"""Answers that say nothing about the text, and what they mean."""


class LibreTranslate:
    """One server. It does not tell the versions of its models: all are one version here."""

    name = "libretranslate"

    def __init__(self, url: str, key: str = "", *, patience: float = TRANSLATES_WITHIN) -> None:
        self.url, self._key, self.patience = url, key, patience
        self._codes: dict[str, str] = {}
        """The server's own codes by ours: versions of it write them differently."""
        self._session: ClientSession | None = None

    async def pairs(self) -> Pairs:
        """Ask the server which languages it has."""
        told = await self._ask("GET", "languages", ANSWERS_WITHIN)
        try:
            targets = {str(entry["code"]): list(map(str, entry["targets"])) for entry in told}
        except (TypeError, KeyError):
            raise AwayError("bad_answer") from None
        self._codes = {our_code(code): code for code in targets}
        return {
            (our_code(source), our_code(target)): "1"
            for source, known in targets.items()
            for target in known
            if our_code(source) != our_code(target)
        }

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Translate texts, so many in one request."""
        made: list[str] = []
        for at in range(0, len(texts), AT_ONCE):
            made += await self._some(texts[at : at + AT_ONCE], source, target)
        return made

    async def _some(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        codes = (self._codes.get(code, THEIRS.get(code, code)) for code in (source, target))
        asked = {"q": list(texts), **dict(zip(("source", "target"), codes, strict=True))}
        asked |= {"format": "text"} | ({"api_key": self._key} if self._key else {})
        told = await self._ask("POST", "translate", self.patience, asked)
        made = told.get("translatedText") if isinstance(told, dict) else None
        if (
            not isinstance(made, list)
            or len(made) != len(texts)
            or not all(isinstance(text, str) for text in made)
        ):
            raise EngineError("bad_answer")
        return made

    async def _ask(
        self, method: str, path: str, within: float, body: Mapping[str, Any] | None = None
    ) -> Any:
        """Return what the server says; say plainly what its no means."""
        if self._session is None:
            self._session = ClientSession()
        try:
            async with self._session.request(
                method,
                f"{self.url}/{path}",
                json=body,
                timeout=ClientTimeout(total=within, sock_connect=ANSWERS_WITHIN),
                allow_redirects=False,
            ) as answer:
                content = await _read(answer)
                status = answer.status
        except TimeoutError:
            raise (EngineError("timeout") if body else AwayError("timeout")) from None
        except (ClientError, OSError):
            raise AwayError("away") from None
        try:
            told = json.loads(content)
        except ValueError:
            told = None
        if status != 200:
            raise _no(status, str(told.get("error", "")) if isinstance(told, dict) else "")
        if told is None:
            raise EngineError("bad_answer") if body else AwayError("bad_answer")
        return told

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


async def _read(answer: ClientResponse) -> bytes:
    content = b""
    async for block in answer.content.iter_chunked(2**16):
        content += block
        if len(content) > MOST_BYTES:
            raise EngineError("bad_answer")
    return content


def _no(status: int, words: str) -> EngineError:
    if status in AWAY:
        return AwayError(AWAY[status])
    if status == 400 and "key" in words.casefold():
        return AwayError("refused")
    if status == 413 or (status == 400 and "limit" in words.casefold()):
        return CannotError("too_long")
    if 400 <= status < 500:
        return CannotError("not_taken")
    return EngineError("engine_failed")
