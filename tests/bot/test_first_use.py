"""aiogram's models are built when they are first used, and behave as if built at the start."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiogram
import pytest

from bot.__main__ import main

ROOT = Path(__file__).parents[2]
TOKEN = "123456789:" + "C" * 35

SEE = """
import sys, logging
logging.basicConfig(format="%(message)s")
from bot.first_use import import_aiogram
import_aiogram()
from aiogram.methods import SendMessage
from aiogram.types import Message, Update
message = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}
update = Update.model_validate({"update_id": 1, "message": message})
assert update.message.chat.id == SendMessage(chat_id=1, text="x").chat_id
print(sys.modules["aiogram"].__file__, Message.__pydantic_complete__)
"""
COMMAND = """
import sys
from bot.__main__ import main
try:
    main(sys.argv[1:])
finally:
    print("aiogram" in sys.modules, "handlers" in sys.modules, end=" ")
    if "aiogram" in sys.modules:
        print(sys.modules["aiogram.types"].Sticker.__pydantic_complete__)
"""


def run(*arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    return subprocess.run(
        [sys.executable, *arguments],
        input=given,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.soak  # half a minute, for what changes only with aiogram
def test_models_built_on_first_use_do_what_models_built_at_the_start_do() -> None:
    script = ("-m", "tests.bot.what_models_do")
    at_start = run(*script, "start")
    assert at_start.returncode == 0, at_start.stderr
    on_first_use = run(*script, "first_use", given=at_start.stdout)
    assert on_first_use.returncode == 0, on_first_use.stderr
    expected, seen = json.loads(at_start.stdout), json.loads(on_first_use.stdout)

    assert len(expected["built"]) == len(expected["examples"]) > 500
    assert seen["built"] == ["Update"]
    for model, done in expected["done"].items():
        assert seen["done"][model] == done, model
    assert seen["schemas"] == expected["schemas"]

    # The examples are worth something: nearly all are understood, and all kinds of updates are.
    done = expected["done"]
    understood = [len(outcomes) > 1 for several in done.values() for outcomes in several[:3]]
    assert sum(understood) > 0.9 * len(understood)
    update: Any = expected["examples"]["aiogram.types.update.Update"][0]
    assert set(update) == set(aiogram.types.Update.model_fields)
    assert len(done["aiogram.types.update.Update"][0]) > 1


def altered(folder: Path, file: str, old: str, new: str) -> str:
    """Return where a copy of aiogram is, made as another version might be."""
    copy = folder / "aiogram"
    shutil.copytree(Path(aiogram.__file__).parent, copy, ignore=shutil.ignore_patterns("*.pyc"))
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    return f"{folder}{os.pathsep}{ROOT}"


@pytest.mark.soak
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param(
            "__init__.py",
            "F = MagicFilter()",
            "F = MagicFilter(); types.Update(update_id=1, message=None)",
            id="one that uses a model while it is imported",
        ),
        pytest.param(
            "types/__init__.py",
            "_entity.model_rebuild(_types_namespace=_types_namespace)",
            "_entity.model_rebuild()",
            id="one that hands over the names in another way",
        ),
        pytest.param(
            "types/user.py",
            "    id: int\n",
            "    class Rank(int): ...\n\n    rank: Rank | None = None\n    id: int\n",
            id="one with a name that only its model knows",
        ),
    ],
)
def test_with_another_aiogram_the_bot_starts_all_the_same_and_says_so_in_one_line(
    tmp_path: Path, file: str, old: str, new: str
) -> None:
    done = run("-c", SEE, PYTHONPATH=altered(tmp_path, file, old, new))

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"{tmp_path}/aiogram/__init__.py", "True"]
    assert done.stderr.startswith("aiogram's models are built at start, which takes seconds")
    assert done.stderr.count("\n") == 1


def test_aiogram_as_it_is_needs_no_word_about_it() -> None:
    done = run("-c", SEE)

    assert (done.returncode, done.stdout.split()[1:], done.stderr) == (0, ["False"], "")


def test_after_aiogram_is_imported_pydantic_is_as_it_was() -> None:
    done = run(
        "-c",
        "from pydantic import BaseModel; before = dict(vars(BaseModel))\n"
        "from bot.first_use import import_aiogram; import_aiogram()\n"
        "after = dict(vars(BaseModel))\n"
        "print({name for name in after if after[name] is not before[name]})",
    )

    assert (done.stdout, done.stderr) == ("set()\n", "")


@pytest.mark.parametrize(("setting", "built"), [("first_use", "False"), ("start", "True")])
def test_the_operator_chooses_when_models_are_built(
    tmp_path: Path, setting: str, built: str
) -> None:
    nobody_there = "http://127.0.0.1:1"
    database = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    done = run(
        "-c",
        COMMAND,
        "check",
        BUILD_MODELS=setting,
        BOT_TOKEN=TOKEN,
        DATABASE_URL=database,
        TELEGRAM_API_BASE=nobody_there,
    )

    assert done.stdout.splitlines()[-1].split() == ["True", "True", built], done.stderr


NEED_TELEGRAM = {"run", "demo", "export", "import", "report"}
"""The last three do what a desk in the chat does, by the same handlers."""
IN_THIS_ORDER = [
    ["migrate"],
    ["simulate", "--people", "50"],
    ["check"],
    ["languages"],
    ["backup", "kept.db"],
    ["restore", "kept.db"],
    ["restore", "--release", "drop"],
]


def test_commands_that_need_no_telegram_do_not_import_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert {command for command, *_ in IN_THIS_ORDER} | NEED_TELEGRAM == set(main.commands)
    database = f"sqlite+aiosqlite:///{tmp_path}/diwan.db"
    for command in IN_THIS_ORDER:
        done = run("-c", COMMAND, *command, DATABASE_URL=database, BOT_TOKEN="")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1].split() == ["False", "False"], command


def test_what_few_need_is_not_there_at_the_start(tmp_path: Path) -> None:
    rare = ["alembic", "dateparser", "icalendar", "resvg_py", "segno", "xlsxwriter"]
    start = f"""
import asyncio, sys
from bot.first_use import import_aiogram
import_aiogram()
from bot.running import migrate_async
asyncio.run(migrate_async("sqlite+aiosqlite:///{tmp_path}/diwan.db"))
print(*(name for name in {rare} if name in sys.modules))
"""
    for _at_first_and_again in range(2):
        assert run("-c", start).stdout == "\n"
