"""The files in which evidence is handed over."""

from datetime import datetime

from locales import Translator
from reports.evidence.book import workbook
from reports.evidence.content import Evidence
from reports.evidence.cover import Cover
from reports.evidence.data import package
from reports.evidence.page import page
from reports.evidence.words import Names

ENDINGS = {"html": "html", "xlsx": "xlsx", "csv": "zip"}
"""What the names of files end in, by their kind."""


def made(
    kind: str, told: Evidence, names: Names, cover: Cover, _: Translator, now: datetime
) -> bytes:
    """Return the file of a kind; ``csv`` is a ZIP of two tables."""
    match kind:
        case "html":
            return page(told, names, cover, _)
        case "xlsx":
            return workbook(told, names, _, now)
        case "csv":
            return package(told, names, _, now)
    raise KeyError(kind)
