"""Numbers as people type them."""

from decimal import Decimal

import pytest

from locales import parse_amount


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12000", "12000"),
        (" 12 000 € ", "12000"),
        ("12\u202f000,50", "12000.50"),
        ("12.000", "12000"),
        ("12,000", "12000"),
        ("1.234.567,8", "1234567.8"),
        ("1,234,567.89", "1234567.89"),
        ("12'000", "12000"),
        ("12,5", "12.5"),
        ("12.50 EUR", "12.50"),
        ("EUR 12", "12"),
        ("0", "0"),
        ("١٢٠٠٠", "12000"),
        ("١٢٬٠٠٠٫٥", "12000.5"),
        ("۱۲۰۰۰", "12000"),
        ("5000 грн", "5000"),
        ("500 يورو", "500"),
    ],
)
def test_a_number_is_read_in_any_digits_and_habits(text: str, expected: str) -> None:
    assert parse_amount(text) == Decimal(expected)


@pytest.mark.parametrize(
    "text", ["", "many", "-5", "1,2,3", "12.000.00", "1 or 2", "3/4", "12.345,6789", "9" * 60, "²"]
)
def test_what_is_no_number_in_any_reading_is_none(text: str) -> None:
    assert parse_amount(text) is None
