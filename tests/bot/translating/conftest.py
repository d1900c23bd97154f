"""Tiny models that really translate."""

from pathlib import Path

import pytest

from tests.bot.translating import tiny_model

FRENCH = {"Bonjour": "Hello", "réunion": "meeting", "La": "The", "est": "is", "à": "at"}
ARABIC = {"Hello": "مرحبا", "meeting": "اجتماع", "The": "ال", "is": "هو", "at": "في"}


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """French to English, and English to Arabic."""
    folder = tmp_path_factory.mktemp("models")
    tiny_model.install(folder, "fr", "en", FRENCH)
    tiny_model.install(folder, "en", "ar", ARABIC)
    return folder
