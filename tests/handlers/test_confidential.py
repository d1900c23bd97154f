"""What a press of an anonymous survey carries is forgotten with it, whatever was pressed."""

from aiogram.filters.callback_data import CallbackData

from handlers import MODULES, facilitation, is_confidential


def test_every_button_under_ones_own_marks_is_confidential() -> None:
    assert facilitation in MODULES
    buttons = [
        each
        for each in vars(facilitation).values()
        if isinstance(each, type) and issubclass(each, CallbackData) and each is not CallbackData
    ]
    assert {each.__prefix__ for each in buttons} == {"wr", "ws", "wn"}
    assert all(is_confidential(f"{each.__prefix__}:x") for each in buttons)
