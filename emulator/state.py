"""What survives a restart: everything, in one JSON file."""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emulator.files import Blob
from emulator.group import Group
from emulator.updates import Update
from emulator.world import Person, World

FORMAT = 2


def save(world: World, path: Path) -> None:
    """Write everything beside the file, then put it in its place: a crash leaves the old one."""
    updates = world.updates
    state = {
        "format": FORMAT,
        "clock": {
            "offset": world.clock.offset.total_seconds(),
            "revision": world.clock.revision,
        },
        "bot": world.bot,
        "profile": world.profile,
        "commands": world.commands,
        "webhook": world.webhook,
        "queries": world.queries,
        "updates": [asdict(update) for update in updates.entries],
        "next_update": updates.next_number,
        "allowed": sorted(updates.allowed),
        "people": [vars(person) for person in world.people.values()],
        "groups": [vars(group) for group in world.groups.values()],
        "files": [
            {**vars(blob), "content": base64.b64encode(blob.content).decode()}
            for blob in world.blobs.values()
        ],
    }
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(state), encoding="utf-8")
    beside.replace(path)
    world.changed = False


def load(world: World, path: Path) -> None:
    """Go on where a saved state stopped.

    Raises:
        ValueError: the file was not written by this version of the emulator.
    """
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"{path.name} was written by another version of the emulator; delete it")
    world.clock.resume(**state["clock"])
    world.bot, world.profile = state["bot"], state["profile"]
    world.commands, world.webhook = state["commands"], state["webhook"]
    world.queries = state["queries"]
    world.updates.entries.extend(Update(**entry) for entry in state["updates"])
    world.updates.next_number = state["next_update"]
    world.updates.allowed = frozenset(state["allowed"])
    for entry in state["people"]:
        numbered = {int(number): message for number, message in entry["messages"].items()}
        world.people[entry["id"]] = Person(**{**entry, "messages": numbered})
    for entry in state.get("groups", []):
        by_number = {
            name: {int(number): value for number, value in entry[name].items()}
            for name in ("members", "requests", "messages")
        }
        world.groups[entry["id"]] = Group(**{**entry, **by_number})
    for entry in state["files"]:
        blob = Blob(**{**entry, "content": base64.b64decode(entry["content"])})
        world.blobs[blob.file_id] = blob
