"""The digest: once a month, in one message, what fits a member.

It assembles by itself (``composing``), waits until somebody of the team has looked at it
(``reviewing``), and goes by the send policy like anything else. Its rows name items by number and
hold no text: what it says is rendered when it is sent.
"""

from community.digests.composing import AT_ONCE, REVIEWED_WITHIN, begins, compose, next_composing
from community.digests.contents import (
    Contents,
    Reader,
    around,
    brought,
    contents,
    fitting,
    kept_apart,
    shortened,
)
from community.digests.reviewing import (
    approve,
    every,
    language_counts,
    leave_out,
    outcomes,
    skip,
    tell,
)
from community.digests.table import (
    DIGEST,
    KIND,
    Digest,
    DigestItem,
    ItemKind,
    State,
)

__all__ = [
    "AT_ONCE",
    "DIGEST",
    "KIND",
    "REVIEWED_WITHIN",
    "Contents",
    "Digest",
    "DigestItem",
    "ItemKind",
    "Reader",
    "State",
    "approve",
    "around",
    "begins",
    "brought",
    "compose",
    "contents",
    "every",
    "fitting",
    "kept_apart",
    "language_counts",
    "leave_out",
    "next_composing",
    "outcomes",
    "shortened",
    "skip",
    "tell",
]
