"""Files -> objects: JSON of several shapes, the CSV data package, as files, folders or in a ZIP.

Whatever is sent is somebody else's: nothing is unpacked to the disk, nothing is read further than
its limit, and what two programs could read differently is refused.
"""

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, Any

from community import collecting
from community.errors import DirectoryRefusedError
from community.providers.items import Directory, Note, Place
from reports.hsds import tables
from reports.hsds.known import Known
from reports.hsds.reading import Reader
from reports.hsds.texts import Json, decoded, refuse

MOST = 64 * 2**20
"""Bytes of all files of one import together, unpacked; a chat takes less."""
MOST_FILES = 200
CHUNK = 2**16
"""So many bytes are read at a time."""
TABLE = ".csv"
LINES = (".jsonl", ".ndjson")
READ = (".json", *LINES, TABLE)


@dataclass(frozen=True)
class Member:
    """Where a file is in a ZIP."""

    zip: str
    opened: zipfile.ZipFile
    info: zipfile.ZipInfo


@dataclass(frozen=True)
class Given:
    """One file: what is in it, or where it is."""

    name: str
    content: bytes | Path | Member

    def open(self) -> IO[bytes]:
        """Open it to be read."""
        match self.content:
            case bytes():
                return BytesIO(self.content)
            case Member():
                return self.content.opened.open(self.content.info)
        return self.content.open("rb")


def from_path(path: Path, known: Known, most: int = MOST) -> Directory:
    """Read a file or a folder.

    Raises:
        DirectoryRefusedError: something in it is wrong; it says where.
        OSError: it cannot be read.
    """
    if not path.is_dir():
        return read([_there(path, most, most)], known, most)
    given, unused, left = [], [], most
    for one in sorted(path.iterdir()):
        if not one.is_file() or _is_hidden(one):
            continue
        if one.suffix.lower() in READ:
            given.append(_there(one, left, most))
            left -= one.stat().st_size
        else:
            unused.append(one.name)
        if len(given) > MOST_FILES:
            refuse("many_files", path.name, what=MOST_FILES)
    return read(given, known, most, folder=path.name, unused=unused)


def _is_hidden(path: PurePath) -> bool:
    """Say whether a file is there for a program's own sake, and not to be read."""
    return path.name.startswith(".") or "__MACOSX" in path.parts


def _there(path: Path, left: int, most: int) -> Given:
    """Return a file that is not too big; what is none, as a pipe, is read at once."""
    content: bytes | Path = path
    size = path.stat().st_size
    if not path.is_file():
        with path.open("rb") as file:
            content = file.read(left + 1)
            size = len(content)
    if size > left:
        refuse("too_big", path.name, what=most // 2**20)
    return Given(path.name, content)


def read(
    given: Sequence[Given],
    known: Known,
    most: int = MOST,
    folder: str = "",
    unused: Iterable[str] = (),
) -> Directory:
    """Read files that belong together; ``unused`` are names of those that cannot be read.

    Raises:
        DirectoryRefusedError: something in them is wrong; it says where.
    """
    directory = Directory()
    with collecting.put_off(), ExitStack() as opened:
        if len(given) == 1 and _is_zip(given[0]):
            folder, unused = given[0].name, [*unused]
            with _undamaged(folder):
                file = opened.enter_context(given[0].open())
                archive = opened.enter_context(zipfile.ZipFile(file))
                given = _members(folder, archive, most, unused)
        if not given:
            refuse("nothing", folder)
        kinds = {PurePath(one.name).suffix.lower() for one in given if one.name != tables.PACKAGE}
        if TABLE in kinds and len(kinds) > 1:
            refuse("mixed", folder or given[0].name)
        directory.notes.extend(Note("not_used", Place(name)) for name in unused)
        reader = Reader(known, directory)
        try:
            (_take_tables if TABLE in kinds else _take_json)(given, reader, directory)
            reader.finish()
        except RecursionError:
            refuse("deep", given[0].name)
    return directory


def _chunks(given: Given) -> Iterator[bytes]:
    member = given.content if isinstance(given.content, Member) else None
    with _undamaged(member.zip) if member else nullcontext(), given.open() as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _take_tables(given: Sequence[Given], reader: Reader, directory: Directory) -> None:
    files = {one.name: decoded(one.name, _chunks(one)) for one in given}
    package = tables.Tables(files, directory.disk)
    directory.notes.extend(Note("not_used", Place(name)) for name in package.others)
    for kind, raw, places in package.objects():
        reader.take_as(kind, raw, places)


def _take_json(given: Sequence[Given], reader: Reader, _directory: Directory) -> None:
    count = 0
    for one in given:
        for raw, at in _in_json(one):
            reader.take(raw, at)
            count += 1
    if not count:
        refuse("nothing", given[0].name)


# ZIP


def _is_zip(given: Given) -> bool:
    with given.open() as file:
        return file.read(2) == b"PK"


@contextmanager
def _undamaged(name: str) -> Iterator[None]:
    """Say of a ZIP that it is damaged, if it is."""
    try:
        yield
    except DirectoryRefusedError:
        raise
    except (
        *(zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, OSError, EOFError),
        *(RuntimeError, ValueError, zlib.error),
    ):
        refuse("zip", name)


def _members(name: str, opened: zipfile.ZipFile, most: int, unused: list[str]) -> list[Given]:
    """Return what is in a ZIP, as far as it is ours to read; note the rest in ``unused``."""
    members = [
        one
        for one in opened.infolist()
        if not one.is_dir() and not _is_hidden(PurePosixPath(one.filename))
    ]
    if len(members) > MOST_FILES:
        refuse("many_files", name, what=MOST_FILES)
    names = [PurePosixPath(one.filename).name for one in members]
    if len(set(names)) < len(names):
        refuse("twice_in_zip", name)
    given, left = [], most
    for one in members:
        path = PurePosixPath(one.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in one.orig_filename:
            refuse("outside", name, what=one.filename)
        if one.flag_bits & 1:
            refuse("locked", name, what=one.filename)
        if path.suffix.lower() not in READ:
            unused.append(path.name)
            continue
        left -= one.file_size  # more than this zipfile does not unpack
        if left < 0:
            refuse("too_big", name, what=most // 2**20)
        given.append(Given(path.name, Member(name, opened, one)))
    return given


# JSON


def _in_json(given: Given) -> Iterator[tuple[Any, Place]]:
    """Return the objects of a file, each with its place: of a list, one after the other."""
    text, root = Json(given.name, decoded(given.name, _chunks(given))), Place(given.name)
    begins = text.peek()
    if not begins:
        refuse("empty", given.name)
    if given.name.lower().endswith(LINES):
        yield from _one_by_one(text, given.name)
    elif begins == "[":
        yield from text.elements(root)
    elif begins == "{":
        raw, line, is_page = {}, text.line, False
        for name in text.fields():
            if name == "contents" and text.peek() == "[":
                is_page = True
                yield from text.elements(root.within(name))
            else:
                raw[name] = text.value(root.within(name))
        if not is_page:
            yield raw, Place(given.name, line) if text.peek() == "{" else root
            yield from _one_by_one(text, given.name)
    else:
        yield text.value(root), root
    text.end()


def _one_by_one(text: Json, name: str) -> Iterator[tuple[Any, Place]]:
    """Return objects of which each has a line of its own."""
    while text.peek():
        at = Place(name, text.line)
        yield text.value(at), at
