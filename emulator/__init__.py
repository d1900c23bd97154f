"""A local Telegram Bot API with a chat page. It imports nothing of ours.

It has never been compared with Telegram itself here; two clients that nobody here wrote, aiogram
and python-telegram-bot, pass the same contract tests against it.
"""

from emulator.clock import Clock, PlayTimeoutError
from emulator.server import Emulator

__all__ = ["Clock", "Emulator", "PlayTimeoutError"]
