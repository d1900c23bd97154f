"""What is taken in of an update from a group: nothing of what people say there."""

from typing import Any

import pytest

from bot.in_groups import is_talk

OUT, IN = {"status": "left"}, {"status": "member"}
MUTED = {"status": "restricted", "is_member": True}
KEPT_OUT = {"status": "restricted", "is_member": False}


@pytest.mark.parametrize(
    ("before", "after", "comes_in"),
    [
        (OUT, IN, True),
        (OUT, MUTED, True),
        ({"status": "kicked"}, IN, True),
        (KEPT_OUT, IN, True),
        (KEPT_OUT, MUTED, True),
        (OUT, KEPT_OUT, False),
        ({"status": "kicked"}, KEPT_OUT, False),
        (MUTED, IN, False),
        (IN, MUTED, False),
        (IN, OUT, False),
    ],
)
def test_somebody_comes_in_who_was_not_in_the_group_before(
    before: dict[str, Any], after: dict[str, Any], comes_in: bool
) -> None:
    change = {"old_chat_member": before, "new_chat_member": after}
    assert is_talk({"update_id": 1, "chat_member": change}) is not comes_in
