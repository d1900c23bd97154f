"""What a conversation asks of an update before it takes it."""

from aiogram.filters import Filter
from aiogram.types import TelegramObject
from aiogram.utils.magic_filter import MagicFilter


class Fits(Filter):
    """Whether a magic filter holds, asked in the event loop.

    aiogram asks a bare one in a thread. The update's transaction waits for that thread, and on
    SQLite everybody else waits for the transaction: a second, where the machine starts it late.
    """

    def __init__(self, magic: MagicFilter) -> None:
        self._magic = magic

    async def __call__(self, event: TelegramObject) -> bool:
        """Say whether it holds."""
        return bool(self._magic.resolve(event))
