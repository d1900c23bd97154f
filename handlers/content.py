"""What authors wrote, shown as theirs: in one language, named where it is not the reader's."""

from community import areas, translations
from community.translations import Block
from handlers.replies import Page
from locales import Html, escape, language_name


async def block_for(page: Page, subject: str, subject_id: int) -> Block | None:
    """Return the words of a subject for this reader, who has opened it."""
    return await translations.block(
        page.session, subject, subject_id, page._.language, page.network.language
    )


def authored(page: Page, block: Block | None, markup: Html | str) -> Html:
    """Return an author's words; in another language than the reader's, set apart and named."""
    text = escape(markup)
    if block is None or block.is_own:
        return text
    _ = page._
    notice = _("Language: {language}", language=language_name(block.language, _))
    return Html(f"{notice}\n<blockquote>{text}</blockquote>")


def quoted(page: Page, words: str, language: str) -> Html:
    """Return what somebody wrote, set apart; in another language than the reader's, named."""
    text = Html("<blockquote>") + words + Html("</blockquote>")
    if language == page._.language:
        return text
    _ = page._
    notice = _("Language: {language}", language=language_name(language, _))
    return Html("\n").join([notice, text])


async def area_choices(page: Page) -> list[tuple[str, str]]:
    """Return the areas by their names in the reader's language."""
    every = await areas.offered(page.session)
    names = await translations.blocks(
        page.session, "area", [area.id for area in every], page._.language, page.network.language
    )
    return [(names[area.id].get("name"), area.ref) for area in every if area.id in names]
