"""Who wants to stop need not find out how; who only speaks of stopping is asked."""

import pytest

from locales import OFFERED, is_stop, mentions_stop
from locales.stopwords import STOP_WORDS


def test_every_offered_language_has_stop_words() -> None:
    assert set(OFFERED) <= set(STOP_WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "stop", "STOP", "stop.", " Stop !! ", "ＳＴＯＰ", "❌ stop", "/stop", "Unsubscribe",
        "opt-out", "Arrêt", "arret", "ARRÊTER", "stopper", "me désabonner",
        "توقف", "تَوَقَّف", "توقـــف", "إيقاف", "ايقاف", "قف", "الغاء الاشتراك",
        "إلغاء  الإشتراك!", "الغاء الاشتراک", "ایقاف",
        "стоп", "СТОП!", "зупинити", "Відписатися", "\u2068стоп\u2069",
    ],
)  # fmt: skip
def test_a_stop_word_alone_stops_however_it_is_spelt(text: str) -> None:
    assert is_stop(text)
    assert mentions_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "Please stop sending me these", "How do I unsubscribe from the newsletter?",
        "Pouvez-vous arrêter les messages ?", "من فضلك توقف عن الإرسال",
        "أريد إلغاء الاشتراك من فضلك", "Будь ласка, стоп розсилку", "Я хочу відписатися",
    ],
)  # fmt: skip
def test_a_sentence_that_contains_a_stop_word_is_asked_about(text: str) -> None:
    assert not is_stop(text)
    assert mentions_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!!!",
        "stopover",
        "nonstop",
        "non-stop",
        "Christophe",
        "موقف",
        "стопка",
        "yes",
        "توقفنا",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert not is_stop(text)
    assert not mentions_stop(text)
