"""What authors wrote, shown as theirs: in one language, named where it is not the reader's."""

from aiogram.filters.callback_data import CallbackData

from community import areas, awaited, translations
from community.errors import UnfaithfulError
from community.people import Membership
from community.translations import Block, Reads
from handlers.posting import Reporting
from handlers.replies import Button, Page, Reply, blockquote, edit, lines
from locales import Html, escape, faults, language_name


class ByMachine(CallbackData, prefix="bm"):
    """Read what an author wrote by a machine, or as it was written."""

    subject: str
    ref: str
    original: bool = False
    first: bool = True
    """Whether this is under the words themselves, and not under what a machine made of them."""


def by_machine(page: Page, subject: str, ref: str, block: Block | None) -> list[Button]:
    """Return the button that asks for a machine's text, where there is a machine for it."""
    if block is None or block.is_own:
        return []
    if not page.network.machine.has(block.language, page._.language):
        return []
    return [
        Button(
            page._.label("button", "🤖 Translate it for me"), ByMachine(subject=subject, ref=ref)
        )
    ]


class Please(CallbackData, prefix="py"):
    """Ask the translators for what an author wrote in one's own language."""

    subject: str
    ref: str

    def card(self) -> Reply:
        """Return what it was about, as it is now."""
        kind = {"service": "support.service", "newsletter": "news.again", "post": "post.one"}
        return edit(kind.get(self.subject, "event.card"), ref=self.ref)


async def please(
    page: Page,
    subject: str,
    ref: str,
    subject_id: int,
    *blocks: Block | None,
    for_all: bool = False,
) -> list[Button]:
    """Return the button that asks the translators, unless the reader reads all of these words.

    If it is not ``for_all``, it is not there for whoever has asked already or is no active member.
    Whoever reads a translation says with another that it is wrong.
    """
    if any(block is not None and block.is_own and block.is_translated for block in blocks):
        wrong = Reporting(of="text", ref=ref, what=subject)
        return [Button(page._.label("button", "🚩 Is this translation wrong?"), wrong)]
    second = Reads(page.second).own if page.second else ()
    if all(block is None or block.is_own or block.language in second for block in blocks):
        return []
    reader, language = page.reader, page._.language
    if not for_all and (
        reader.state != Membership.ACTIVE  # whoever hears nothing for now would not hear of it
        or await awaited.is_asked(page.session, subject, subject_id, language, reader)
    ):
        return []
    label = page._.label("button", "🙏 Please translate this")
    return [Button(label, Please(subject=subject, ref=ref))]


async def block_for(page: Page, subject: str, subject_id: int) -> Block | None:
    """Return the words of a subject for this reader, who has opened it."""
    return await translations.block(
        page.session, subject, subject_id, page.reads, page.network.language
    )


def authored(page: Page, block: Block | None, markup: Html | str) -> Html:
    """Return an author's words; in another language than the reader's, set apart and named."""
    if block is None or block.is_own:
        return escape(markup)
    return lines(*named(page, block.language, markup))


def lettered(page: Page, block: Block) -> Html:
    """Return title, text and question of a letter to many, as the author wrote them."""
    title = Html("<b>") + block.get("title") + Html("</b>")
    parts: list[str] = [title]
    parts += ["", block.get("body")] if block.get("body") else []
    parts += ["", block.get("question")] if block.get("question") else []
    return authored(page, block, lines(*parts))


def quoted(page: Page, words: str, language: str) -> Html:
    """Return what somebody wrote, set apart; in another language than the reader's, named."""
    return (
        blockquote(words) if language == page._.language else lines(*named(page, language, words))
    )


def named(page: Page, language: str, words: str) -> list[Html]:
    """Return somebody's words, set apart, under the name of their language."""
    _ = page._
    return [_("Language: {language}", language=language_name(language, _)), blockquote(words)]


def check_faithful(source: str | None, text: str, language: str) -> None:
    """Refuse a translation that is not true to its source.

    Raises:
        UnfaithfulError: a fact is lost or added, or it is in another script.
    """
    for fault in faults(source, text, language) if source else ():
        raise UnfaithfulError(fault.wrong, fault.what)


async def area_choices(page: Page) -> list[tuple[str, str]]:
    """Return the areas by their names in the reader's language."""
    every = await areas.offered(page.session)
    names = await translations.blocks(
        page.session, "area", [area.id for area in every], page.reads, page.network.language
    )
    return [(names[area.id].get("name"), area.ref) for area in every if area.id in names]
