"""Argos Translate: offline, in one thread of its own, one model per pair.

The package is ``argos-translate-lt``: the same library without torch. Three things about it are
ours. Its sentence splitter (minisbd, AGPL, which would download a model for each language) is
replaced by our own. Its directories, which it makes wherever it is imported, are gone again
before anything is put there. And it logs every text: its log is shut.
"""

import asyncio
import importlib.util
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.translating import models
from bot.translating.engines import AwayError, CannotError, EngineError, Pairs
from bot.translating.models import Model
from bot.translating.sentences import sentences

TRANSLATING_THREADS = 1
"""More would take the processor from everybody who waits for an answer."""
KEPT = 4
"""Models that stay loaded, of which each takes some hundred MiB: two ways by a third language."""
MOST_IN, MOST_OUT = 1000, 512
"""Tokens of a sentence; more would be cut without a word."""
FOLDERS = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "ARGOS_PACKAGES_DIR")
"""What Argos makes folders under when it is imported."""
SET = {
    "ARGOS_CHUNK_TYPE": "MINISBD",
    "ARGOS_DEBUG": "0",  # it would print every text
    "ARGOS_INTER_THREADS": "1",
    "ARGOS_INTRA_THREADS": "1",
}
NICE = 10
INSTALL = "pip install --no-deps --require-hashes -r requirements-argos.lock"


def is_there() -> bool:
    """Say whether the packages are installed, without importing them."""
    return all(map(importlib.util.find_spec, ("argostranslate", "ctranslate2", "sentencepiece")))


class Argos:
    """The models in one folder."""

    name = "argos"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pool = ThreadPoolExecutor(TRANSLATING_THREADS, "translating")
        self._models: Mapping[tuple[str, str], Model] = {}
        self._loaded: dict[Model, Any] = {}

    async def pairs(self) -> Pairs:
        """Return what there are models for; Argos itself is not needed for that."""
        self._models = await asyncio.to_thread(models.installed, self.folder)
        return {pair: model.version for pair, model in self._models.items()}

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Translate texts one after the other, each of them by our thread."""
        model = self._models.get((source, target))
        if model is None:
            raise CannotError("no_pair")
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(self._pool, self._one, model, text) for text in texts]

    async def close(self) -> None:
        """End the thread when it has finished its sentence."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    # What the thread does

    def _one(self, model: Model, text: str) -> str:
        try:
            translation = self._translation(model)
            return str(translation.translate(text))
        except EngineError:
            raise
        except ImportError:
            raise AwayError("not_installed") from None
        except Exception as error:
            raise EngineError("engine_failed") from error

    def _translation(self, model: Model) -> Any:
        """Return a loaded model; the one used longest ago makes room for it."""
        loaded = self._loaded.pop(model, None) or _load(model)
        self._loaded[model] = loaded
        while len(self._loaded) > KEPT:
            del self._loaded[next(iter(self._loaded))]
        return loaded


def _load(model: Model) -> Any:
    with _at_home():
        from argostranslate import settings
        from argostranslate.package import Package
        from argostranslate.translate import Language, PackageTranslation
    import ctranslate2

    logging.getLogger("argostranslate.utils").setLevel(logging.CRITICAL + 1)
    package = Package(model.folder)
    languages = (Language(code, code) for code in (model.source, model.target))
    translation = PackageTranslation(*languages, package)
    made = partial(
        ctranslate2.Translator,
        str(model.folder / "model"),
        device=settings.device,
        inter_threads=settings.inter_threads,
        intra_threads=settings.intra_threads,
    )
    with ThreadPoolExecutor(1, initializer=_step_back) as pool:
        # The threads that it works in are started here, and step back as this one does. Ours must
        # not: whoever waits for Python's lock would wait for it.
        translation.translator = _Whole(pool.submit(made).result())
    return translation


def _step_back() -> None:
    """Let this thread have the processor when nobody else wants it (on Linux alone)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


@contextmanager
def _at_home() -> Iterator[None]:
    """Let Argos be imported with nothing of it anywhere: no folder, no download, no splitter."""
    if "argostranslate" in sys.modules:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        told = SET | dict.fromkeys(FOLDERS, folder)
        before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        for module in _splitter():
            sys.modules[module.__name__] = module
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _splitter() -> Iterator[ModuleType]:
    """Yield what Argos imports as ``minisbd``: our own splitter, which needs no models."""
    minisbd, listed = ModuleType("minisbd"), ModuleType("minisbd.models")
    vars(minisbd).update(SBDetect=_Detector, models=listed)
    vars(listed).update(list_models=lambda: ["en"])
    yield from (minisbd, listed)


class _Detector:
    def __init__(self, *_language: object, **_options: object) -> None:
        """Split every language by the same rules."""

    def sentences(self, text: str) -> list[str]:
        return [part.strip() for part in sentences(text) if part.strip()]


class _Whole:
    """A CTranslate2 translator that says so where it would cut a text without a word."""

    def __init__(self, translator: Any) -> None:
        self.translator = translator

    def translate_batch(self, tokens: Sequence[Sequence[str]], **options: Any) -> Any:
        if any(len(sentence) > MOST_IN for sentence in tokens):
            raise CannotError("too_long")
        results = self.translator.translate_batch(tokens, max_decoding_length=MOST_OUT, **options)
        if any(len(told) >= MOST_OUT for result in results for told in result.hypotheses):
            raise CannotError("endless")
        return results
