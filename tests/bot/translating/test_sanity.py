"""What a program can see of a text that is no translation."""

import pytest

from bot.translating.sanity import FAULTS, fault

LONG = "Nous nous retrouvons chaque semaine à la bibliothèque pour préparer nos dossiers."
ARABIC = "نلتقي كل أسبوع في المكتبة لنحضر ملفاتنا معا."
UKRAINIAN = "Ми зустрічаємося щотижня в бібліотеці, щоб підготувати наші документи."
CHINESE = "我们每周在图书馆见面，准备我们的文件。"


TABLE: list[tuple[str, str, str, str | None]] = [
    (LONG, ARABIC, "ar", None),
    (LONG, UKRAINIAN, "uk", None),
    (LONG, CHINESE, "zh-Hans", None),
    (CHINESE, LONG, "fr", None),
    (LONG, "", "ar", "empty"),
    (LONG, " \n", "ar", "empty"),
    ("Prix : 20 €", "20 €", "en", "empty"),
    ("👍", "👍", "ar", None),
    ("18:00", "18:00", "ar", None),
    ("Venez à 18h", "Come at 18h", "en", None),
    ("Venez à 18h", "Come at 19h", "en", "digits"),
    ("Venez à 18h", "Come at 18h18", "en", "digits"),
    ("Venez à 18h", "Come at 81h", "en", None),  # facts in slots see to the order
    ("Salle ١٢", "Room 12", "en", None),
    (LONG, "لا", "ar", "length"),
    (LONG, (ARABIC + " ") * 2 + UKRAINIAN.replace("М", "م") * 4, "ar", "length"),
    ("Oui", "Yes, with the greatest of pleasure", "en", None),
    (LONG, "matriculados matriculados matriculados matriculados y más", "es", "repetition"),
    (LONG, "We meet at the at the at the at the library for our files", "en", "repetition"),
    (LONG, "Yes" + "s" * 40, "en", "repetition"),
    ("ha ha ha ha ha, c'est drôle", "ha ha ha ha ha, that is funny", "en", None),
    (LONG, LONG.upper() + ".", "ar", "script"),
    (ARABIC, ARABIC + "!", "fr", "script"),
    ("Amina Diop", "Amina Diop", "ar", "script"),
    (LONG, "نلتقي with @anna_bot on https://example.org/a كل أسبوع في المكتبة", "ar", None),
    (LONG, LONG, "en", "unchanged"),
    (LONG, LONG.upper(), "en", "unchanged"),
    ("Café", "Café", "en", None),
    (LONG, "Whatever script this language has, it is taken: it is not listed.", "xx", None),
]


@pytest.mark.parametrize(("source", "result", "target", "reason"), TABLE)
def test_a_text_may_be_a_translation_or_surely_is_none(
    source: str, result: str, target: str, reason: str | None
) -> None:
    assert fault(source, result, target) == reason


def test_every_reason_is_in_the_table_above() -> None:
    assert {row[3] for row in TABLE} == {None, *FAULTS}
