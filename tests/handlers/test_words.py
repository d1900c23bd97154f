"""Every code of the domain has words, in every language."""

import inspect
from enum import StrEnum
from typing import get_type_hints

import pytest

from handlers import words
from locales import OFFERED, translator_for

FUNCTIONS = [
    function
    for _name, function in inspect.getmembers(words, inspect.isfunction)
    if function.__module__ == words.__name__
]


@pytest.mark.parametrize("language", OFFERED)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: str(function.__name__))
def test_every_code_has_a_word_of_its_own(function: object, language: str) -> None:
    assert callable(function)
    codes = get_type_hints(function)["code"]
    assert issubclass(codes, StrEnum)
    said = [function(code, translator_for(language)) for code in codes]
    assert all(said)
    assert len(set(said)) == len(said)
