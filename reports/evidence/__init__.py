"""Reports of evidence: what was told of a period, as page, workbook, tables, text and pictures."""

from reports.evidence.content import Evidence, Line, evidence
from reports.evidence.cover import NO_COVER, Cover, LogoError, read_logo
from reports.evidence.files import ENDINGS, made
from reports.evidence.titled import against_targets, bars, in_short
from reports.evidence.words import Names, period

__all__ = [
    "ENDINGS",
    "NO_COVER",
    "Cover",
    "Evidence",
    "Line",
    "LogoError",
    "Names",
    "against_targets",
    "bars",
    "evidence",
    "in_short",
    "made",
    "period",
    "read_logo",
]
