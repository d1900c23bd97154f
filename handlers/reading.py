"""What somebody wrote, shown to whoever reads another language.

A machine's text in the reader's language, labelled as such, and the original one tap away. While
a machine works, and where none can, the original stands there with a notice that names its
language; nobody is left without the words.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiogram.filters.callback_data import CallbackData

from community import machine
from community.machine import State
from handlers.replies import Button, Message, Page, blockquote, lines
from locales import Html, Translator, language_name


@dataclass(frozen=True)
class Shown:
    """Somebody's words, as they are shown to one reader."""

    notice: Html | None
    """What the reader should know about it; nothing about words in their own language."""
    quoted: Html
    is_awaited: bool = False
    """A machine is at it: the card that shows this has to be live."""
    is_translated: bool = False
    """There is a machine's text of it, shown or one tap away."""

    @property
    def text(self) -> Html:
        """Return the words under their notice."""
        return lines(self.notice, self.quoted)


async def read(
    page: Page, words: str, language: str, *, original: bool = False, private: bool = True
) -> Shown:
    """Return these words for the reader; ``words`` is exactly what is stored.

    ``original``: as they were written, though there may be a machine's text. ``private``: somebody
    has written them to somebody, not for all.
    """
    _ = page._
    quoted, target = blockquote(words), _.language
    if language == target or not any(map(str.isalpha, words)):  # a telephone number, a 👍
        return Shown(None, quoted)
    name = language_name(language, _)
    made = await machine.want(
        page.session, page.network.machine, words, language, target, page.now, private=private
    )
    if made is None:
        notice = _(
            "🌐 Nothing here can translate this for you. Language of the original: {language}",
            language=name,
        )
        return Shown(notice, quoted)
    if made.state == State.WANTED:
        notice = _(
            "🤖 A machine is translating this … Language of the original: {language}",
            language=name,
        )
        return Shown(notice, quoted, is_awaited=True)
    if made.state == State.FAILED or made.result is None or len(made.result) > LONGEST:
        notice = _(
            "🤖 The machine could not translate this well enough. "
            "Language of the original: {language}",
            language=name,
        )
        return Shown(notice, quoted)
    if original:
        notice = _("📝 As it was written. Language: {language}", language=name)
        return Shown(notice, quoted, is_translated=True)
    notice = _("🤖 Machine translation. Language of the original: {language}", language=name)
    return Shown(notice, blockquote(made.result), is_translated=True)


async def said(page: Page, words: str, language: str) -> str:
    """Return private words without anything round them, for a button.

    Where a machine has put them into the reader's language already, those.
    """
    target = page._.language
    if language == target or not any(map(str.isalpha, words)):
        return words
    made = await machine.want(
        page.session, page.network.machine, words, language, target, page.now, private=True
    )
    is_made = made is not None and made.state not in (State.WANTED, State.FAILED)
    return made.result or words if made is not None and is_made else words


def beginning(words: str, letters: int = 40) -> str:
    """Return how somebody's words begin, on one line, for a button."""
    line = " ".join(words.split())
    return line if len(line) <= letters else line[: letters - 1] + "…"


async def prepare(page: Page, words: str, language: str) -> None:
    """Let a machine begin with what the reader will open in a moment."""
    if words and language != page._.language:
        await read(page, words, language)


def switch(
    shown: Sequence[Shown], to: CallbackData, _: Translator, *, original: bool
) -> list[Button]:
    """Return the button between a machine's text and the original, if there is anything to it."""
    if not any(one.is_translated for one in shown):
        return []
    if original:
        return [Button(_.label("button", "🤖 Machine translation"), to)]
    return [Button(_.label("button", "📝 Original"), to)]


LONGEST = 3_000
"""Letters of a machine's text that still stand in one message with all that is round it."""
PAGE, ROUND_EACH = 2_400, 150
"""Letters of an exchange that are shown at once, and what stands round each message of it."""
ONE_MESSAGE = 4_000
"""Letters that are surely one message of Telegram's, which can be changed in its place."""


async def in_one(show: Callable[[bool], Awaitable[Message]], *, original: bool) -> Message:
    """Return a card that is one message: as it was written, where a machine's words are too many.

    What is cut into several is edited, and closed again, in its last part alone.
    """
    message = await show(original)
    return message if len(message.text) <= ONE_MESSAGE else await show(True)


def pages(lengths: Sequence[int]) -> list[range]:
    """Cut an exchange into pages that are read at once; the last has the newest words."""
    cut: list[range] = []
    end, total = len(lengths), 0
    for at in reversed(range(len(lengths))):
        if total and total + lengths[at] + ROUND_EACH > PAGE:
            cut.insert(0, range(at + 1, end))
            end, total = at + 1, 0
        total += lengths[at] + ROUND_EACH
    return [*([range(end)] if end else []), *cut]
