"""What waits on the disk: in its order, for nobody else to read, and gone afterwards."""

import os
import stat
from pathlib import Path

import pytest

from community.disk import AT_ONCE, Disk, DiskDict, DiskList

MANY = 3 * AT_ONCE + 1


def temporary_files() -> list[tuple[str, os.stat_result]]:
    """Return the files that SQLite has open for itself: their names, and what they are."""
    found = []
    for one in Path("/proc/self/fd").iterdir():
        try:
            if "etilqs" in (name := str(one.readlink())):
                found.append((name, one.stat()))
        except OSError:  # that of the folder itself
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no /proc")
def test_the_file_is_for_nobody_else_and_has_no_name() -> None:
    before = temporary_files()
    with Disk() as disk:
        one: DiskList[str] = DiskList(disk)
        one.extend(f"{number} " * 2000 for number in range(MANY))
        ((name, file),) = (one for one in temporary_files() if one not in before)
        assert stat.S_IMODE(file.st_mode) == 0o600
        assert file.st_size > 2**20
        assert name.endswith(" (deleted)")
    assert temporary_files() == before


def test_a_list_is_read_from_its_beginning_as_often_as_one_likes() -> None:
    with Disk() as disk:
        one: DiskList[tuple[int, str]] = DiskList(disk)
        assert not one
        expected = [(number, "é") for number in range(MANY)]
        one.extend(expected)
        assert len(one) == MANY
        assert [*one] == [*one] == expected
        one.append((0, "last"))
        assert [*one][-1] == (0, "last")


def test_a_dictionary_keeps_the_order_of_its_keys_and_the_newest_of_their_values() -> None:
    with Disk() as disk:
        one: DiskDict[int | list[str]] = DiskDict(disk)
        assert not one
        keys = [f"key {number}" for number in reversed(range(MANY))]
        one.update({key: at for at, key in enumerate(keys)})
        one.update({keys[0]: ["é"], "new": 7})
        assert len(one) == MANY + 1
        assert [key for key, _value in one.items()] == [*keys, "new"]
        assert one[keys[0]] == ["é"]
        assert one.get("none") is None
        assert "new" in one
        assert one.some(["none", *keys]) == {keys[0]: ["é"]} | {
            key: at for at, key in enumerate(keys) if at
        }
        assert one.there(["none", "new"]) == {"new"}
        one.remove("new")
        assert "new" not in one
        assert len(one) == MANY
        with pytest.raises(KeyError):
            one["new"]
