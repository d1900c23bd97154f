"""Files -> objects: JSON of several shapes, the CSV data package, as files, folders or in a ZIP.

Whatever is sent is somebody else's: nothing is unpacked to the disk, nothing is read further than
its limit, and what two programs could read differently is refused.
"""

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from community import collecting
from community.errors import DirectoryRefusedError
from community.providers.items import Directory, Note, Place
from reports.hsds import tables
from reports.hsds.known import Known
from reports.hsds.reading import At, Reader
from reports.hsds.texts import decoded, load, refuse

MOST = 64 * 2**20
"""Bytes of all files of one import together, unpacked; a chat takes less."""
MOST_FILES = 200
TABLE = ".csv"
READ = (".json", ".jsonl", ".ndjson", TABLE)


@dataclass(frozen=True)
class Given:
    """One file, and what is in it."""

    name: str
    content: bytes


def from_path(path: Path, known: Known, most: int = MOST) -> Directory:
    """Read a file or a folder.

    Raises:
        DirectoryRefusedError: something in it is wrong; it says where.
        OSError: it cannot be read.
    """
    if not path.is_dir():
        return read([_opened(path, most)], known, most)
    given, unused, left = [], [], most
    for one in sorted(path.iterdir()):
        if not one.is_file() or _is_hidden(one):
            continue
        if one.suffix.lower() in READ:
            given.append(_opened(one, left, most))
            left -= len(given[-1].content)
        else:
            unused.append(one.name)
        if len(given) > MOST_FILES:
            refuse("many_files", path.name, what=MOST_FILES)
    return read(given, known, most, folder=path.name, unused=unused)


def _is_hidden(path: PurePath) -> bool:
    """Say whether a file is there for a program's own sake, and not to be read."""
    return path.name.startswith(".") or "__MACOSX" in path.parts


def _opened(path: Path, left: int, most: int | None = None) -> Given:
    if path.stat().st_size > left:
        refuse("too_big", path.name, what=(left if most is None else most) // 2**20)
    with path.open("rb") as file:
        content = file.read(left + 1)
    if len(content) > left:
        refuse("too_big", path.name, what=(left if most is None else most) // 2**20)
    return Given(path.name, content)


def read(
    given: list[Given],
    known: Known,
    most: int = MOST,
    folder: str = "",
    unused: Iterable[str] = (),
) -> Directory:
    """Read files that belong together; ``unused`` are names of those that cannot be read.

    Raises:
        DirectoryRefusedError: something in them is wrong; it says where.
    """
    with collecting.put_off():
        return _read(given, known, most, folder, list(unused))


def _read(
    given: list[Given], known: Known, most: int, folder: str, unused: list[str]
) -> Directory:
    if len(given) == 1 and given[0].content[:2] == b"PK":
        folder, given = given[0].name, list(_unpacked(given[0], most, unused))
    if not given:
        refuse("nothing", folder)
    kinds = {PurePath(one.name).suffix.lower() for one in given if one.name != tables.PACKAGE}
    if TABLE in kinds:
        if len(kinds) > 1:
            refuse("mixed", folder or given[0].name)
        return _of_tables(given, known, unused)
    return _of_json(given, known, unused)


def _noted(directory: Directory, unused: Iterable[str]) -> Directory:
    """Add to what there is to say that these files were not used."""
    return Directory(
        directory.items,
        [*(Note("not_used", Place(name)) for name in unused), *directory.notes],
    )


def _of_tables(given: list[Given], known: Known, unused: Iterable[str]) -> Directory:
    objects, places, others = tables.objects({one.name: one.content for one in given})
    reader = Reader(known, places)
    for kind, every in objects.items():
        for raw in every:
            reader.take_as(kind, raw, places[id(raw)])
    return _noted(reader.directory(), [*unused, *others])


def _of_json(given: list[Given], known: Known, unused: Iterable[str]) -> Directory:
    reader = Reader(known)
    first, count = given[0].name, 0
    try:
        while given:  # what has been read is let go
            for raw, at in _in_json(given.pop(0)):
                reader.take(raw, at)
                count += 1
        if not count:
            refuse("nothing", first)
        return _noted(reader.directory(), unused)
    except RecursionError:
        refuse("deep", first)


def _unpacked(archive: Given, most: int, unused: list[str]) -> Iterator[Given]:
    """Return what is in a ZIP, as far as it is ours to read; note the rest in ``unused``."""
    try:
        with zipfile.ZipFile(BytesIO(archive.content)) as opened:
            members = [
                one
                for one in opened.infolist()
                if not one.is_dir() and not _is_hidden(PurePosixPath(one.filename))
            ]
            if len(members) > MOST_FILES:
                refuse("many_files", archive.name, what=MOST_FILES)
            names = [PurePosixPath(one.filename).name for one in members]
            if len(set(names)) < len(names):
                refuse("twice_in_zip", archive.name)
            left = most
            for one in members:
                path = PurePosixPath(one.filename)
                if path.is_absolute() or ".." in path.parts or "\\" in one.orig_filename:
                    refuse("outside", archive.name, what=one.filename)
                if one.flag_bits & 1:
                    refuse("locked", archive.name, what=one.filename)
                if path.suffix.lower() not in READ:
                    unused.append(path.name)
                    continue
                with opened.open(one) as file:
                    content = file.read(left + 1) if one.file_size <= left else None
                if content is None or len(content) > left:
                    refuse("too_big", archive.name, what=most // 2**20)
                left -= len(content)
                yield Given(path.name, content)
    except DirectoryRefusedError:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, OSError, EOFError):
        refuse("zip", archive.name)
    except (RuntimeError, ValueError, zlib.error):
        refuse("zip", archive.name)


# JSON


def _in_json(given: Given) -> Iterator[tuple[Any, At]]:
    """Return the objects of a file, each with its place."""
    name, text = given.name, decoded(given.name, given.content)
    del given
    if not text.strip():
        refuse("empty", name)
    if _has_lines(name, text):
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield load(name, line, number), At(name, number)
        return
    document = load(name, text)
    del text
    root = At(name)
    if isinstance(document, dict) and isinstance(document.get("contents"), list):
        document, root = document["contents"], root.within("contents")
    if isinstance(document, list):
        for number, raw in enumerate(document):
            yield raw, root.within(f"[{number}]")
        return
    yield document, root


def _has_lines(name: str, text: str) -> bool:
    """Say whether each line is an object of its own."""
    if name.lower().endswith((".jsonl", ".ndjson")):
        return True
    first, _, rest = text.lstrip().partition("\n")
    return first.rstrip().endswith("}") and first.startswith("{") and rest.lstrip().startswith("{")
