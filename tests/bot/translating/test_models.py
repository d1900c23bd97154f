"""A model is installed whole or not at all, and only if it is one and translates."""

import hashlib
import io
import json
import os
import resource
import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.translating import models
from tests.bot.translating import tiny_model
from tests.bot.translating.conftest import FRENCH


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing in it but what the test puts there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODELS_DIR", "models")
    monkeypatch.setenv("TRANSLATION_ENGINE", "argos")
    return tmp_path


def languages(*words: str) -> Result:
    return CliRunner().invoke(main, ["languages", *words])


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_model_is_tried_out_installed_and_listed(here: Path) -> None:
    assert "none" in languages().output
    file = tiny_model.write(here, "fr", "en", FRENCH)
    told = languages("add", str(file), "--sha256", digest_of(file).upper())
    assert told.exit_code == 0, told.output
    assert f"sha256 {digest_of(file)}" in told.output
    assert "fr to en, version 1.0-" in told.output
    (line,) = (line for line in languages().output.splitlines() if line.startswith("fr"))
    assert line.split()[:4] == ["fr", "Français", "100", "%"]
    assert line.endswith("not known"), "there is no database"
    assert "en" in line.removeprefix("fr  Français")


def test_a_way_by_a_third_language_says_so(here: Path) -> None:
    for source, target in (("fr", "en"), ("en", "ar")):
        languages("add", str(tiny_model.write(here, source, target, {})))
    assert "ar (by en), en" in languages().output


def test_a_newer_model_takes_the_place_of_the_older_and_the_same_one_changes_nothing(
    here: Path,
) -> None:
    for version in ("1.9", "1.10", "1.10"):
        file = tiny_model.write(here, "fr", "en", FRENCH, version=version)
        assert languages("add", str(file)).exit_code == 0
    (folder,) = (here / "models").iterdir()
    assert folder.name.startswith("fr_en-1.10-")
    (model,) = models.installed(here / "models").values()
    assert model.version == f"1.10-{digest_of(file)[:8]}"


def test_the_newest_counts_where_two_were_put_by_hand(here: Path) -> None:
    for version in ("1.9", "1.10"):
        place = tiny_model.install(here / "models", "fr", "en", {}, version=version)
        place.rename(place.with_name(f"by_hand_{version}"))
    assert models.installed(here / "models")["fr", "en"].version == "1.10"


def test_what_is_no_model_is_passed_over(here: Path) -> None:
    folder = here / "models"
    good = tiny_model.install(folder, "fr", "en", {})
    (folder / "empty").mkdir()
    (folder / "file").write_text("x")
    for name, metadata in {
        "broken": "{",
        "list": "[]",
        "other": json.dumps({"type": "sbd", "from_code": "fr", "to_code": "en"}),
        "evil": json.dumps({"from_code": "../..", "to_code": "en"}),
        "same": json.dumps({"from_code": "fr", "to_code": "fr"}),
        "long": json.dumps({"from_code": "fr", "to_code": "de", "links": "x" * 10**5}),
    }.items():
        place = folder / name
        (place / "model").mkdir(parents=True)
        (place / "model" / "model.bin").write_bytes(b"x")
        (place / "sentencepiece.model").write_bytes(b"x")
        (place / "metadata.json").write_text(metadata)
    assert [model.folder for model in models.installed(folder).values()] == [good]
    assert models.installed(here / "nowhere") == {}


def test_codes_are_ours(here: Path) -> None:
    tiny_model.install(here, "en", "zt", {})
    assert set(models.installed(here)) == {("en", "zh-Hant")}


# Bad files

Entries = dict[str, bytes]


def repacked(file: Path, change: Callable[[Entries], None], **more: int) -> None:
    """Write a package anew with other entries, or other modes of them."""
    with zipfile.ZipFile(file) as package:
        entries = {
            info.filename: package.read(info) for info in package.infolist() if not info.is_dir()
        }
    change(entries)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = more.get(name, stat.S_IFREG | 0o644) << 16
            package.writestr(info, content, zipfile.ZIP_DEFLATED)


def without(name: str) -> Callable[[Entries], None]:
    return lambda entries: entries.__delitem__(name)


def with_entry(name: str, content: bytes = b"x") -> Callable[[Entries], None]:
    return lambda entries: entries.update({name: content})


def with_metadata(**told: object) -> Callable[[Entries], None]:
    return with_entry("fr_en/metadata.json", json.dumps(told).encode())


BAD: Mapping[str, Callable[[Entries], None]] = {
    "leads elsewhere: up": with_entry("fr_en/../../evil"),
    "leads elsewhere: root": with_entry("/tmp/evil"),
    "leads elsewhere: backslash": with_entry("fr_en\\..\\evil"),
    "leads elsewhere: drive": with_entry("C:/evil"),
    "not one folder: two": with_entry("other/evil"),
    "not one folder: none": with_entry("evil"),
    "metadata.json cannot be read: broken": with_entry("fr_en/metadata.json", b"{"),
    "metadata.json cannot be read: huge": with_metadata(links="x" * 10**6),
    "names no two languages: type": with_metadata(type="sbd", from_code="fr", to_code="en"),
    "names no two languages: path": with_metadata(from_code="../..", to_code="en"),
    "names no two languages: number": with_metadata(from_code=1, to_code="en"),
    "names one language twice": with_metadata(from_code="fr", to_code="fr"),
    "there is no model in it: none": without("fr_en/model/model.bin"),
    "there is no model in it: words": without("fr_en/sentencepiece.model"),
    "does not translate: model": with_entry("fr_en/model/model.bin", b"x" * 1000),
    "does not translate: words": with_entry("fr_en/sentencepiece.model", b"x" * 1000),
    "folder: No such file": without("fr_en/metadata.json"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_file_is_refused_in_one_line_and_leaves_nothing_behind(
    here: Path, fault: str
) -> None:
    file = tiny_model.write(here, "fr", "en", FRENCH)
    repacked(file, BAD[fault])
    refused(here, file, fault.partition(":")[0] if "folder" not in fault else "")


def refused(here: Path, file: Path, why: str, *more: str) -> None:
    before = {path for path in here.rglob("*") if "models" not in path.parts}
    told = languages("add", str(file), *more)
    assert told.exit_code == 1, told.output
    assert told.stderr.count("\n") == 1, told.stderr
    words = why.replace("leads elsewhere", "a path that leads elsewhere")
    assert words.replace("not one folder", "not one folder in it") in told.stderr
    assert not (here / "models").exists() or list((here / "models").iterdir()) == []
    assert {path for path in here.rglob("*") if "models" not in path.parts} == before


def test_other_files_are_refused_too(here: Path) -> None:
    file = here / "x.argosmodel"
    refused(here, file, "No such file")
    file.write_bytes(b"no archive")
    refused(here, file, "no whole .argosmodel")
    whole = tiny_model.write(here, "fr", "en", FRENCH)
    file.write_bytes(whole.read_bytes()[:-2000])
    refused(here, file, "no whole .argosmodel")
    damaged = bytearray(whole.read_bytes())
    damaged[2000:2100] = bytes(100)
    file.write_bytes(damaged)
    refused(here, file, "")
    refused(here, whole, "another digest", "--sha256", "0" * 64)


def test_a_link_in_a_package_is_refused(here: Path) -> None:
    file = tiny_model.write(here, "fr", "en", FRENCH)
    name = "fr_en/README.md"
    repacked(file, with_entry(name, b"/etc/passwd"), **{name: stat.S_IFLNK | 0o777})
    refused(here, file, "something else than files")


def test_a_package_that_unpacks_to_more_than_it_may_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tiny_model.write(here, "fr", "en", FRENCH)
    monkeypatch.setattr(models, "MOST_BYTES", 10_000)
    refused(here, file, "too large")
    monkeypatch.undo()
    monkeypatch.chdir(here)
    monkeypatch.setenv("MODELS_DIR", "models")
    monkeypatch.setattr(models, "MOST_FILES", 3)
    refused(here, file, "too large")


def test_a_package_that_lies_about_its_size_is_not_believed(here: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("x/model/model.bin", bytes(10**6))
    with zipfile.ZipFile(content) as package:
        (member,) = package.infolist()
        with pytest.raises(models.ModelError, match="too large"):
            models._unpack(package, member, here / "model.bin", 1000)


def test_fault_47_a_disk_that_is_full_leaves_the_models_as_they_were(here: Path) -> None:
    old = tiny_model.write(here, "fr", "en", FRENCH, version="1.0")
    assert languages("add", str(old)).exit_code == 0
    new = tiny_model.write(here, "fr", "en", FRENCH, version="1.1")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        told = languages("add", str(new))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.exit_code == 1
    assert told.stderr.count("\n") == 1
    assert told.stderr.startswith("models: ")
    (folder,) = (here / "models").iterdir()
    assert folder.name.startswith("fr_en-1.0-")
    assert languages("add", str(new)).exit_code == 0


def test_what_an_installation_that_was_killed_has_left_is_removed_by_a_later_one(
    here: Path,
) -> None:
    left, under_way = here / "models" / ".new-abc", here / "models" / ".new-def"
    for folder in (left, under_way):
        (folder / "model").mkdir(parents=True)
    os.utime(left, (0, 0))
    assert models.installed(here / "models") == {}
    assert languages("add", str(tiny_model.write(here, "fr", "en", FRENCH))).exit_code == 0
    assert not left.exists()
    assert under_way.exists()


def test_an_engine_that_is_not_there_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSLATION_ENGINE", "libretranslate")
    assert "LIBRETRANSLATE_URL: is not set" in languages().output
    monkeypatch.setenv("LIBRETRANSLATE_URL", "http://127.0.0.1:1")
    told = languages()
    assert (told.exit_code, told.stderr) == (1, "libretranslate cannot be asked (away).\n")
