"""Argos' own code, on tiny models: what it translates, and what it must not do."""

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.translating import engines, worker_of
from bot.translating.argos import MOST_IN, NICE, Argos
from bot.translating.engines import CannotError, EngineError
from tests.bot.translating import tiny_model
from tests.bot.translating.conftest import FRENCH

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def argos(models_dir: Path) -> AsyncIterator[Argos]:
    engine = Argos(models_dir)
    await engine.pairs()
    yield engine
    await engine.close()


def in_a_process(program: str, **settings: str) -> str:
    """Run a program where nothing is imported yet; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_model_translates(argos: Argos) -> None:
    assert await argos.translate(["Bonjour", "La réunion est à [X0X]!"], "fr", "en") == [
        "Hello",
        "The meeting is at [X0X]!",
    ]


async def test_what_is_outside_the_vocabulary_comes_out_in_the_right_script(argos: Argos) -> None:
    (told,) = await argos.translate(["Wonderful [X12X] things"], "en", "ar")
    assert "[X12X]" in told
    assert not any(letter in tiny_model.LATIN for letter in told.replace("[X12X]", ""))


async def test_several_sentences_come_out_as_several(argos: Argos) -> None:
    assert await argos.translate(["Bonjour. Bonjour! Bonjour"], "fr", "en") == [
        "Hello. Hello! Hello"
    ]


async def test_nothing_is_cut_without_a_word(argos: Argos) -> None:
    """The library's own limit is 256 tokens, and it says nothing."""
    once = "x" * engines.LONGEST
    assert await argos.translate([once], "fr", "en") == [once]
    model = argos._models["fr", "en"]
    whole = argos._translation(model).translator
    with pytest.raises(CannotError, match="too_long"):
        whole.translate_batch([["x"] * (MOST_IN + 1)])
    with pytest.raises(CannotError, match="endless"):
        whole.translate_batch([["x"] * 600], beam_size=1, return_scores=True)


async def test_a_pair_without_a_model_is_refused(argos: Argos) -> None:
    with pytest.raises(CannotError, match="no_pair"):
        await argos.translate(["Bonjour"], "fr", "ar")


async def test_a_model_that_is_gone_or_broken_is_no_end_of_the_worker(tmp_path: Path) -> None:
    (tiny_model.install(tmp_path, "fr", "en", FRENCH) / "model" / "model.bin").write_bytes(b"x")
    tiny_model.install(tmp_path, "en", "ar", {})
    engine = Argos(tmp_path)
    await engine.pairs()
    with pytest.raises(EngineError, match="engine_failed"):
        await engine.translate(["Bonjour"], "fr", "en")
    assert len(await engine.translate(["Hello"], "en", "ar")) == 1
    await engine.close()


async def test_the_loop_turns_while_argos_works(tmp_path: Path) -> None:
    tiny_model.install(tmp_path, "fr", "en", FRENCH, layers=4, width=512)
    engine = Argos(tmp_path)
    await engine.pairs()
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    turning = asyncio.create_task(turn())
    told = await engine.translate(["La réunion est à Bonjour " * 10] * 12, "fr", "en")
    turning.cancel()
    assert told == ["The meeting is at Hello " * 9 + "The meeting is at Hello"] * 12
    assert turns > 12  # blocked, it would have turned once for each text at most
    await engine.close()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
async def test_what_translates_steps_back_and_nothing_else_does(
    argos: Argos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread of low priority that held Python's lock would hold up everybody."""
    monkeypatch.setattr("bot.translating.argos.NICE", NICE)  # as it is outside of tests
    await argos.translate(["Bonjour"], "fr", "en")
    nice = [
        int(path.read_text().rpartition(")")[2].split()[16])
        for path in Path("/proc/self/task").glob("*/stat")
    ]
    assert NICE in nice
    assert os.getpriority(os.PRIO_PROCESS, 0) == 0
    loop = asyncio.get_running_loop()
    ours = await loop.run_in_executor(argos._pool, threading.get_native_id)
    assert os.getpriority(os.PRIO_PROCESS, ours) == 0


async def test_who_is_cancelled_has_at_most_a_sentence_left(argos: Argos) -> None:
    work = asyncio.create_task(argos.translate(["Bonjour"] * 10_000, "fr", "en"))
    await asyncio.sleep(0.05)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert await argos.translate(["La"], "fr", "en") == ["The"]  # the thread is free


async def test_nobodys_words_are_in_the_log(
    argos: Argos, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    await argos.translate(["Bonjour Amina"], "fr", "en")
    assert "Amina" not in caplog.text


def test_nothing_is_imported_written_or_fetched_before_the_first_text_or_by_it(
    models_dir: Path, tmp_path: Path
) -> None:
    """A home that cannot be written, as in a container; and no splitter but ours."""
    program = f"""
import asyncio, socket, sys
from pathlib import Path
from bot.app import App
assert "bot.translating.protecting" not in sys.modules  # an engine nobody uses costs nothing
from bot.translating.argos import Argos

def known():
    return {{"argostranslate", "ctranslate2", "sentencepiece", "numpy"}} & set(sys.modules)

def no_connection(*_):
    raise AssertionError("a connection")

async def main():
    engine = Argos(Path({str(models_dir)!r}))
    assert await engine.pairs()
    assert not known(), known()
    socket.socket.connect = no_connection
    print(await engine.translate(["Bonjour. La"], "fr", "en"))
    assert not {{"torch", "stanza", "spacy", "onnxruntime"}} & set(sys.modules)
    assert sys.modules["minisbd"].SBDetect.__module__ == "bot.translating.argos"
    await engine.close()

asyncio.run(main())
"""
    home = tmp_path / "home"
    home.mkdir()
    before = sorted(models_dir.rglob("*"))
    told = in_a_process(program, HOME=str(home), ARGOS_DEBUG="1", ARGOS_CHUNK_TYPE="STANZA")
    assert told == "['Hello. The']\n"  # and Argos' debugging prints no text
    assert list(home.iterdir()) == []
    assert sorted(models_dir.rglob("*")) == before


def test_a_missing_package_is_one_line_that_says_what_to_install(tmp_path: Path) -> None:
    program = f"""
import sys
sys.modules["argostranslate"] = None  # as if it were not installed
from bot.settings import load
from bot.translating import engine_of
from bot.translating.engines import EngineUnusableError
settings = load(_env_file=None, translation_engine="argos", models_dir={str(tmp_path)!r})
assert engine_of(settings, translates=False).name == "argos"
try:
    engine_of(settings)
except EngineUnusableError as problem:
    print(problem)
"""
    told = in_a_process(program)
    assert told.startswith("TRANSLATION_ENGINE: argos is not installed; `pip install --no-deps")
    assert told.count("\n") == 1


def test_no_engine_needs_nobody_to_work() -> None:
    from bot.settings import load

    nothing: Any = None
    settings = load(_env_file=None)
    assert worker_of(settings, nothing, nothing, "x", lease=1.0, translates=True) is None
