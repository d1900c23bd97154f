"""Putting off the search for rings of objects that nothing holds any more.

Python goes through all objects again and again while many are made. What reads, compares and
writes a whole directory makes a million that are in no ring: it would take a third of the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_busy = 0
"""How many are at it: the last of them sets the search going again."""


@contextmanager
def put_off() -> Iterator[None]:
    """Let nobody search meanwhile."""
    global _busy  # noqa: PLW0603 - the search is one for the whole process, too
    was = _busy or gc.isenabled()
    _busy += 1
    gc.disable()
    try:
        yield
    finally:
        _busy -= 1
        if was and not _busy:
            gc.enable()
