"""Every shipped survey can be put to people in every offered language."""

import pytest

from community.surveys import TEMPLATES, Kind
from locales import OFFERED, translator_for
from reports import survey_words

LONGEST_BUTTON = 40
"""Letters that fit on a button of a small phone, when it has a row of its own."""


@pytest.mark.parametrize("language", OFFERED)
def test_every_question_and_every_answer_has_words_in_every_language(language: str) -> None:
    _, english = translator_for(language), translator_for("en")
    for template in TEMPLATES.values():
        assert survey_words.title(template.code, _)
        for asked in template.questions:
            put = survey_words.question(template.code, asked.code, _)
            answers = survey_words.answers(template.code, asked.code, _)
            assert list(answers) == list(asked.values), asked.code
            assert all(0 < len(label) <= LONGEST_BUTTON for label in answers.values()), answers
            assert len({*answers.values()}) == len(answers), answers
            assert survey_words.how(asked.kind, "EUR", _) or asked.kind in (Kind.ONE, Kind.SCALE)
            if language != "en":
                assert put != survey_words.question(template.code, asked.code, english)
