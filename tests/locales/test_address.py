"""Each language speaks to everybody in one polite form, in every sentence."""

import re
from collections.abc import Iterator

from bot.lessons import packed_lessons
from locales import catalogue

WORD = re.compile("[\u0621-\u0652]+")
MARKS = re.compile("[\u064b-\u0652]")
NO_ENDING = {
    *(
        "ذلك",
        "لذلك",
        "بذلك",
        "كذلك",
        "وكذلك",
        "وشك",
        "آنذاك",
        "التشبيك",
        "المشارك",
        "تلك",
        "هناك",
        "ذاك",
        "ترك",
        "تترك",
        "يترك",
        "متروك",
    ),
    *(
        "شريك",
        "الشريك",
        "شارك",
        "يشارك",
        "سيشارك",
        "أشارك",
        "وأشارك",
        "شورك",
        "مشبك",
        "بمشبك",
        "المشبك",
    ),
    *("نشك", "شك", "مسك", "بنك", "البنك", "اشتراك", "وهناك", "تستهلك", "والبنوك", "وللبنك"),
}
"""Words that end in the letter of "your", said to one person, and are something else."""
TO_ONE = {
    *("اسأل", "اكتب", "اختر", "افتح", "اضغط", "انظر", "أضف", "جرب", "أزل", "اذهب", "خذ"),
    *("امسح", "استخدم", "أظهر", "راجع", "انتظر", "تبحث", "تريد", "تقصد", "تذهب", "تنضم", "أنت"),
}
"""What one person is told or asked to do."""


def spoken() -> Iterator[str]:
    """Yield every Arabic text that the program comes with."""
    for message in catalogue.read(catalogue.path_of("ar")):
        if message.id:
            yield from (
                [message.string] if isinstance(message.string, str) else message.string or ()
            )
    for lesson in packed_lessons():
        yield from lesson.texts["ar"].values()


def test_nobody_is_spoken_to_in_the_singular() -> None:
    found = []
    for text in spoken():
        words = {MARKS.sub("", word) for word in WORD.findall(text)}
        wrong = {word for word in words if word.endswith("ك")} - NO_ENDING | words & TO_ONE
        found += [(word, text) for word in wrong]
    assert found == [], "a word that means something else belongs into the lists above"


FORMAL = re.compile(r"(?<=[\w,;—–)}»] )(?:Ви|Вас|Вам|Вами|Ваш\w*)\b")


def test_ukrainian_says_you_politely_and_in_small_letters_wherever_a_sentence_goes_on() -> None:
    found = []
    for message in catalogue.read(catalogue.path_of("uk")):
        if message.id:
            texts = [message.string] if isinstance(message.string, str) else message.string or ()
            found += [text for text in texts if FORMAL.search(text)]
    found += [
        text
        for lesson in packed_lessons()
        for text in lesson.texts["uk"].values()
        if FORMAL.search(text)
    ]
    assert found == []
