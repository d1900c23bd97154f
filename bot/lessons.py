"""The lessons that come with the program: their words, in the languages it comes with."""

import json
from collections.abc import Sequence
from pathlib import Path

from community.lessons import Leads, Packed

SOURCE = "en"


def packed_lessons() -> Sequence[Packed]:
    """Return them in their order."""
    file = Path(__file__).with_name("lessons.json")
    return [
        Packed(one["code"], Leads(one["leads"]), one["right"], one["for_team"], one["texts"])
        for one in json.loads(file.read_text(encoding="utf-8"))
    ]
