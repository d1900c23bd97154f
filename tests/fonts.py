"""Whether what a test draws can be drawn here: pictures need fonts that the machine has."""

import pytest

from reports.chart import font_of

has_fonts = pytest.mark.skipif(
    not all(font_of(script) for script in ("LATIN", "ARABIC", "CYRILLIC")),
    reason="no fonts are installed here",
)
