"""The buttons that the pages of the own entry have in common, and what its things are called."""

from aiogram.filters.callback_data import CallbackData

from handlers.content import block_for
from handlers.replies import Page


class OurEntry(CallbackData, prefix="oe"):
    """The entry of an organisation; ``act`` says that it is right, or opens a part."""

    ref: str = ""
    act: str = "open"


class OurService(CallbackData, prefix="ov"):
    """One service of the own entry, with everything that can be changed about it."""

    ref: str


class ChangeField(CallbackData, prefix="oh"):
    """Change one field of the own entry; words in a language, steps too."""

    ref: str
    field: str
    language: str = ""


class Unsaved(CallbackData, prefix="og"):
    """What is to become of the changes; ``seen`` seals what the preview has shown."""

    ref: str
    act: str
    seen: str = ""


async def name_of(page: Page, subject: str, row_id: int) -> str:
    """Return what something of the directory is called."""
    block = await block_for(page, subject, row_id)
    return block.get("name") if block else "?"
