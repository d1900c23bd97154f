"""Forms: what typed words mean, what a cut text loses, and where "Cancel" leads."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.database import Database
from community.events import Event
from community.exchanges import ExchangeMessage
from community.providers import Service
from community.roles import RoleName
from community.translations import ContentText
from tests.handlers.conftest import Calling, Phone

ANIMATOR, COORDINATOR = RoleName.ANIMATOR, RoleName.COORDINATOR


async def a_place_is_asked(animator: Phone, title: str) -> None:
    await animator.says("/animate")
    await animator.presses("Events")
    await animator.presses("New event")
    await animator.says(title)
    await animator.says("Tue 18:00")


async def test_typing_the_last_place_again_means_that_place(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    for title, where in (("One", "Library"), ("Two", "library"), ("Three", "last")):
        await a_place_is_asked(animator, title)
        await animator.says(where)
    async with database.transaction() as session:
        places = await session.scalars(select(Event.place).order_by(Event.id))
        assert list(places) == ["Library", "Library", "last"]


async def test_no_typed_sign_stands_for_a_button_of_the_directory(
    phone: Calling, database: Database
) -> None:
    boss = await phone(1, "en", COORDINATOR)
    await boss.says("/report")
    for label in ("Set up", "Organisations", "New organisation"):
        await boss.presses(label)
    await boss.says("Chamber")
    await boss.presses("New service")
    await boss.says("Advice")
    await boss.says("finance")
    assert boss.toasts.pop() == "Please tap one of the buttons."
    await boss.says("money to start")
    await boss.says("*")
    assert boss.toasts.pop() == "Please tap one of the buttons."
    await boss.says("Everywhere, or online")
    await boss.says("?")
    assert "Please write an amount" in boss.toasts.pop()
    await boss.says("Not known")
    await boss.says("skip")
    await boss.says("-")
    assert "Please write the steps" in boss.toasts.pop()
    await boss.says("Skip")
    assert "Cost: not known" in boss.last
    async with database.transaction() as session:
        service = (await session.scalars(select(Service))).one()
        assert service.online
        assert service.cost is None


@pytest.mark.parametrize(
    ("language", "cancel", "skip"),
    [("en", "cancel", "skip"), ("fr", "ANNULER", "Passer"), ("ar", "إلغاء", "تخط")],
)
async def test_the_name_of_a_button_is_never_a_title(
    phone: Calling, database: Database, language: str, cancel: str, skip: str
) -> None:
    animator = await phone(1, language, ANIMATOR)
    await animator.sends_data("pn")
    await animator.says(skip)
    assert len(animator.toasts) == 1
    await animator.says(cancel)
    await animator.says("Breakfast")  # no form is open any more
    async with database.transaction() as session:
        assert await session.scalar(select(Event)) is None


@pytest.mark.parametrize("typed", [True, False])
async def test_cancel_leads_back_to_where_the_form_began(phone: Calling, typed: bool) -> None:
    animator = await phone(1, "en", ANIMATOR)

    async def cancels() -> None:
        await (animator.says("Cancel") if typed else animator.presses("Cancel"))

    await animator.says("/animate")
    await animator.presses("Events")
    await animator.presses("New event")
    await cancels()
    assert "➕ New event" in animator.buttons
    await a_place_is_asked(animator, "Coffee")
    await animator.says("Library")
    await animator.presses("Duration")
    await cancels()
    assert "A draft: members do not see it yet." in animator.last
    assert "/menu" not in animator.last
    await animator.presses("Languages and preview")
    await animator.presses("✏️ Français")
    await cancels()
    assert "Languages of this event" in animator.last


async def test_an_event_is_described_in_its_own_language_whoever_writes(
    phone: Calling, database: Database
) -> None:
    author, colleague = await phone(1, "en", ANIMATOR), await phone(2, "fr", ANIMATOR)
    await a_place_is_asked(author, "Coffee")
    await author.says("Library")
    async with database.transaction() as session:
        event = (await session.scalars(select(Event))).one()
    for what, text in (("title", "Coffee and cake"), ("description", "We bake.")):
        await colleague.sends_data(f"pq:{event.ref}:{what}")
        assert "anglais" in colleague.last
        await colleague.says(text)
    async with database.transaction() as session:
        rows = await session.execute(select(ContentText.text, ContentText.language))
        assert {tuple(row) for row in rows} == {("Coffee and cake", "en"), ("We bake.", "en")}


async def test_the_rest_of_a_text_that_telegram_cut_is_no_answer(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await a_place_is_asked(animator, "Coffee")
    await animator.says("Library")
    await animator.presses("Description")
    await animator.says("x" * 4096)
    assert "so Telegram cut it" in animator.last
    assert "at most 1500 characters" in animator.last
    told = len(animator.seen)
    animator.may_hear_nothing = True
    for _part in range(3):
        animator.now += timedelta(seconds=1)
        await animator.says("the rest of it")
    assert (len(animator.seen), animator.toasts) == (told, [])
    animator.now += timedelta(seconds=30)
    await animator.says("We drink coffee.")
    assert "We drink coffee." in animator.last


async def test_a_long_question_is_refused_whole_and_asked_again(
    phone: Calling, database: Database
) -> None:
    member = await phone(1)
    await member.says("/ask")
    await member.says(
        "y" * 3000
    )  # some clients cut between two paragraphs, earlier than they must
    assert "at most 2000 characters" in member.last
    member.may_hear_nothing = True
    await member.says("and so on")
    member.now += timedelta(seconds=30)
    await member.says("How do I begin?")
    assert "The team has your message." in member.last
    async with database.transaction() as session:
        assert list(await session.scalars(select(ExchangeMessage.text))) == ["How do I begin?"]


async def test_who_writes_a_little_too_much_may_answer_again_at_once(phone: Calling) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await animator.sends_data("pn")
    await animator.says("x" * 121)
    assert "at most 120 characters" in animator.toasts[-1]
    await animator.says("Coffee")
    assert "When does it begin?" in animator.last
