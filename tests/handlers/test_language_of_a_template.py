"""A template that was written in another language than the bot's is said to be in that one."""

from bot.database import Database
from community import translations
from community.roles import RoleName
from community.templates import SUBJECT, AnswerTemplate
from tests.handlers.conftest import Calling
from tests.handlers.test_desk import the


async def test_the_language_of_a_template_is_changed_and_its_words_stay(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", RoleName.ANIMATOR)
    await animator.says("/animate")
    await animator.presses("Templates")
    await animator.presses("New template")
    await animator.says("Bureau")
    await animator.says("Le bureau est ouvert le lundi.")
    await animator.presses("🗣 Written in: English")
    assert not any("English" in one for one in animator.buttons), "it stands there already"
    await animator.presses("Français")
    assert "🗣 Written in: Français" in animator.buttons
    assert "It is there in: French" in animator.last
    template: AnswerTemplate = await the(database, AnswerTemplate)
    async with database.transaction() as session:
        shelf = (await translations.shelves(session, SUBJECT, [template.id]))[template.id]
    assert shelf.source == "fr"
    assert shelf.complete == {"fr": {"name": "Bureau", "text": "Le bureau est ouvert le lundi."}}
    await animator.presses("✏️ In my language")
    await animator.says("Office")
    await animator.says("The office is open on Mondays.")
    await animator.presses("🗣 Written in: Français")
    assert not any(one in ("English", "Français") for one in animator.buttons)
