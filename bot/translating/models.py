"""Argos models on the disk: which there are, and how a new one is put among them.

Nothing here needs Argos itself: which pairs there are is read from the models' metadata.
"""

import contextlib
import hashlib
import json
import re
import shutil
import stat
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bot.translating.engines import our_code

METADATA, DIGEST = "metadata.json", "sha256"
MODEL = PurePosixPath("model/model.bin")
TOKENIZERS = ("sentencepiece.model", "bpe.model")
LEFT_OUT = frozenset({"stanza", "spacy", "minisbd"})
"""Folders of packages that other sentence splitters would need."""
CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
MOST_FILES, MOST_BYTES, MOST_METADATA = 500, 2 * 2**30, 2**16
NEW, STALE = ".new-", 3600.0
"""What an installation under way is called, and for how many seconds it may be one."""


class ModelError(Exception):
    """A file is no model that can be used. The message is one line that says why."""


@dataclass(frozen=True)
class Model:
    """One installed model: it translates one pair, in our codes."""

    folder: Path
    source: str
    target: str
    version: str


def installed(folder: Path) -> Mapping[tuple[str, str], Model]:
    """Return the newest model of each pair; what is no model is passed over."""
    return {(model.source, model.target): model for model in _all_of(folder)}


def _all_of(folder: Path) -> list[Model]:
    """Return every model, the newest of a pair after the others."""
    found = []
    for entry in sorted(folder.glob("[!.]*/")):
        with contextlib.suppress(ModelError, OSError):
            found.append(_model(entry))
    return [model for model, _rank in sorted(found, key=lambda one: one[1])]


def _model(folder: Path) -> tuple[Model, tuple[list[int], float]]:
    """Return the model in a folder, and what makes another of its pair newer."""
    if not (folder / MODEL).is_file() or not any((folder / t).is_file() for t in TOKENIZERS):
        raise ModelError("there is no model in it")
    source, target, version = _described((folder / METADATA).read_bytes())
    numbers = [int(number) for number in re.findall(r"\d{1,9}", version)]
    if (folder / DIGEST).is_file():
        version += "-" + (folder / DIGEST).read_text(encoding="ascii", errors="replace")[:8]
    return Model(folder, source, target, version), (numbers, (folder / MODEL).stat().st_mtime)


def _described(metadata: bytes) -> tuple[str, str, str]:
    """Return from which language, into which, and the version."""
    try:
        told = json.loads(metadata) if len(metadata) <= MOST_METADATA else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ModelError(f"its {METADATA} cannot be read")
    codes = [told.get("from_code"), told.get("to_code")]
    if told.get("type", "translate") != "translate" or not all(
        isinstance(code, str) and CODE.fullmatch(code) for code in codes
    ):
        raise ModelError(f"its {METADATA} names no two languages")
    source, target = (our_code(str(code)) for code in codes)
    if source == target:
        raise ModelError(f"its {METADATA} names one language twice")
    version = re.sub(r"[^\w.]", "", str(told.get("package_version", "")))[:24] or "0"
    return source, target, version


# A new one


def digest_of(file: Path) -> str:
    """Return the SHA-256 digest of a file.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as problem:
        raise ModelError(f"{file}: {problem.strerror}") from None


def install(file: Path, folder: Path, digest: str, tried: Callable[[Path], None]) -> Model:
    """Put a model among the others, whole or not at all, in place of others of its pair.

    ``tried`` is called with a folder of models that has only this one in it, and raises if it
    does not translate.

    Raises:
        ModelError: it is no model, does not translate, or there is no room for it.
    """
    try:
        with zipfile.ZipFile(file) as package:
            return _put(package, folder, digest, tried)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise ModelError(f"{file}: is no whole .argosmodel") from None
    except ModelError as problem:
        raise ModelError(f"{file}: {problem}") from None
    except OSError as problem:
        raise ModelError(f"{folder}: {problem.strerror}") from None


def _put(
    package: zipfile.ZipFile, folder: Path, digest: str, tried: Callable[[Path], None]
) -> Model:
    members = list(_members(package))
    folder.mkdir(parents=True, exist_ok=True)
    _tidy(folder)
    with tempfile.TemporaryDirectory(prefix=NEW, dir=folder) as beside:
        unpacked = Path(beside) / "model"
        room = MOST_BYTES
        for member, path in members:
            room -= _unpack(package, member, unpacked / path, room)
        (unpacked / DIGEST).write_text(digest, encoding="ascii")
        model, _rank = _model(unpacked)
        tried(Path(beside))
        place = folder / f"{model.source}_{model.target}-{model.version}"
        if not place.exists():
            unpacked.rename(place)
    for other in _all_of(folder):
        if (other.source, other.target) == (model.source, model.target) and other.folder != place:
            shutil.rmtree(other.folder)
    return replace(model, folder=place)


def _members(package: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Yield what is to be unpacked, and where, below the package's one folder."""
    infos = package.infolist()
    if len(infos) > MOST_FILES or sum(info.file_size for info in infos) > MOST_BYTES:
        raise ModelError("is too large")
    tops = set()
    for info in infos:
        path = PurePosixPath(info.filename)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if path.is_absolute() or {"..", "."} & set(path.parts) or re.search(r"[\\:\0]", str(path)):
            raise ModelError("has a path that leads elsewhere")
        if kind not in {0, stat.S_IFREG, stat.S_IFDIR} or info.flag_bits & 0x1:
            raise ModelError("has something else than files and folders in it")
        tops.add(path.parts[:1])
        below = PurePosixPath(*path.parts[1:])
        if not info.is_dir() and below.parts[:1] and below.parts[0] not in LEFT_OUT:
            yield info, below
    if len(tops) != 1:
        raise ModelError("has not one folder in it")


def _unpack(package: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, room: int) -> int:
    """Write one file; return its size, whatever the package said that would be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with package.open(member) as content, path.open("xb") as file:
        while block := content.read(2**20):
            size += len(block)
            if size > room:
                raise ModelError("is too large")
            file.write(block)
    return size


def _tidy(folder: Path) -> None:
    """Remove what an installation that was killed has left."""
    for left in folder.glob(f"{NEW}*"):
        if time.time() - left.stat().st_mtime > STALE:
            shutil.rmtree(left, ignore_errors=True)
