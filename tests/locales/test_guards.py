"""A translation loses no fact of its source, adds none, and is written in its own script."""

import pytest

from locales.guards import Fault, Wrong, faults

LOST, ADDED, SCRIPT = Wrong


@pytest.mark.parametrize(
    ("source", "text", "language"),
    [
        ("We meet at 18:30.", "Nous nous retrouvons à 18 h 30.", "fr"),
        ("It costs 1,500 euros.", "Це коштує 1 500 євро.", "uk"),
        ("It costs 1,500 euros.", "التكلفة ١٬٥٠٠ يورو.", "ar"),
        ("Write to office@example.org.", "اكتب إلى office@example.org.", "ar"),
        ("See https://example.org/a?b=1.", "Voir https://example.org/a?b=1 !", "fr"),
        ("Ask @diwan_bot or send /help.", "Пишіть @diwan_bot або /help.", "uk"),
        ("Hello, {name}!", "مرحباً {name}!", "ar"),
        ("Coffee", "Café", "fr"),
        ("", "", "uk"),
    ],
)
def test_a_faithful_translation_passes(source: str, text: str, language: str) -> None:
    assert faults(source, text, language) == []


@pytest.mark.parametrize(
    ("source", "text", "language", "found"),
    [
        ("At 18:30", "À 18 h", "fr", [Fault(LOST, "1830"), Fault(ADDED, "18")]),
        ("For women", "Pour 20 femmes", "fr", [Fault(ADDED, "20")]),
        ("Call 01 23 45.", "Appelez-nous.", "fr", [Fault(LOST, "012345")]),
        ("a@b.org", "a@b.com", "fr", [Fault(LOST, "a@b.org"), Fault(ADDED, "a@b.com")]),
        ("https://a.org/x_y", "https://a.org/x y", "fr", None),
        ("Hi {name}", "Bonjour {nom}", "fr", [Fault(LOST, "{name}"), Fault(ADDED, "{nom}")]),
        ("<b>Now</b>", "<b>Maintenant", "fr", [Fault(LOST, "</b>")]),
        ("Good morning", "Good morning", "uk", [Fault(SCRIPT, "uk")]),
        ("@anna_bot", "@anna bot", "fr", None),
    ],
)
def test_what_is_lost_added_or_foreign_is_named(
    source: str, text: str, language: str, found: list[Fault] | None
) -> None:
    seen = faults(source, text, language)
    assert seen if found is None else seen == found
