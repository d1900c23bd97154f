"""What the documents say is what the code does. `UPDATE_DOCS=1 pytest …` writes them anew."""

import itertools
import os
import re
from pathlib import Path

import pytest

from bot.settings import Settings
from community.lifecycle import Lifecycle
from community.policy import POLICY
from community.tables import METADATA  # noqa: F401 - loads every module of the domain

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def lifecycles() -> dict[str, Lifecycle]:  # type: ignore[type-arg]
    """Return every lifecycle of the domain by its name."""
    import importlib
    import pkgutil

    import community

    found: dict[str, Lifecycle] = {}  # type: ignore[type-arg]
    for module in pkgutil.iter_modules(community.__path__):
        for value in vars(importlib.import_module(f"community.{module.name}")).values():
            if isinstance(value, Lifecycle):
                found[value.name] = value
    return dict(sorted(found.items()))


def diagram(lifecycle: Lifecycle) -> str:  # type: ignore[type-arg]
    """Return the lifecycle as a Mermaid state diagram, who may take a step on each arrow."""
    steps = [
        f"  {at} --> {to}: {', '.join(sorted(whos))}"
        for at, targets in lifecycle.table.items()
        for to, whos in targets.items()
    ]
    return "\n".join(["```mermaid", "stateDiagram-v2", *steps, "```"])


def lifecycles_page() -> str:
    parts = [
        "# Lifecycles",
        "",
        "Each is a table `from → to → who` beside its noun in `community/`. What is absent is "
        "refused. This page is checked against the tables by `tests/project/test_documents.py`.",
    ]
    for name, lifecycle in lifecycles().items():
        parts += ["", f"## {name}", "", diagram(lifecycle)]
    return "\n".join(parts) + "\n"


def policy_page() -> str:
    lines = [
        "# The send policy",
        "",
        "What may leave by itself, when, and what a crash does to it. The table is "
        "`community/policy.py`; this page is checked against it.",
        "",
        "What members say with a press and the result of a vote are told to nobody by "
        "themselves: they stand on the card of whoever looks, and no kind of message below "
        "carries them ([0029](decisions/0029-votes-are-rows-of-ours.md)).",
        "",
        "Quiet hours are 21:00 to 08:00 where the reader is. Unasked messages: at most 3 in a "
        "week, 4 hours apart. *Lives*: how long after it was due it may still leave, if its plan "
        "names no earlier end; a deferral never crosses that.",
        "",
        "*Without room*: what becomes of an unasked message when the week's three or the four "
        "hours leave no room now. *Interrupts*: comes also while the person is answering a "
        "question; everything else waits until ten minutes have passed since the last answer. "
        "*Not for*: who takes part in that way (`people.Participation`) does not get it; what a "
        "member asks for comes in every way. *After a pause*: whoever has paused gets it when the "
        "pause is over, if its card then still has something to say.",
        "",
        "| kind | lane | consent | topic | unasked | without room | waits for the morning "
        "| interrupts | silent in | after a pause | not for | after a crash | lives (hours) |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---:|",
    ]
    for kind, policy in POLICY.items():
        cells = [
            f"`{kind}`",
            policy.lane.name.lower(),
            str(policy.consent or "–"),
            str(policy.topic or "–"),
            "yes" if policy.unasked else "–",
            policy.no_room.value if policy.unasked else "–",
            "yes" if policy.waits_for_morning else "–",
            "yes" if policy.interrupts else "–",
            ", ".join(sorted(policy.silent_in)) or "–",
            "yes" if policy.after_a_pause else "–",
            ", ".join(sorted(policy.not_for)) or "–",
            policy.crash.value,
            str(int(policy.lives.total_seconds() // 3600)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "page"),
    [("lifecycles.md", lifecycles_page), ("send-policy.md", policy_page)],
)
def test_the_page_shows_what_the_tables_say(name: str, page: object) -> None:
    assert callable(page)
    path, expected = DOCS / name, page()
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(expected, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == expected


def test_every_setting_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"`{name.upper()}`" in readme, name


def test_every_setting_stands_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"{name.upper()}=" in example, name


def test_every_dependency_has_its_line() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    page = (DOCS / "dependencies.md").read_text(encoding="utf-8").lower()
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    for requirement in itertools.chain.from_iterable(groups):
        name = re.split(r"[\[<>=~ ]", requirement)[0]
        assert name in page, name


def test_every_page_that_is_linked_exists() -> None:
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_file_that_a_page_names_exists() -> None:
    rooms = "|".join(room.name for room in ROOT.iterdir() if room.is_dir() and room.name[0] != ".")
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for named in re.findall(rf"`((?:{rooms})/[\w/.@-]+\.\w+)`", text):
            if not named.startswith("var/"):
                assert (ROOT / named).exists(), f"{page.name}: {named}"


def test_no_page_says_the_same_section_twice() -> None:
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        titles = re.findall(r"^## .*$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(titles) == len(set(titles)), page.name


def test_every_public_command_is_one_that_the_readme_names() -> None:
    from handlers.commands import commands_of
    from locales import translator_for

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command, _ in commands_of(translator_for("en")):
        assert f"/{command}" in readme, command
