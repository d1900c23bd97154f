"""What an organisation hears of those who came by its link stands on pages of one message."""

from datetime import datetime

from bot.answering import translator_of
from bot.speaking import parts_of
from community.feedback_consents import Fact
from community.people import Person
from handlers import FORMS, render
from handlers.feedback import PAGE
from handlers.replies import Message, Page
from tests.community import test_referrals
from tests.community.test_feedback import allows, comes
from tests.community.test_referrals import Town
from tests.handlers.conftest import NETWORK, read

town = test_referrals.town


def page_of(town: Town, reader: Person) -> Page:
    return Page(town.session, reader, translator_of(reader, NETWORK), town.now, NETWORK, FORMS)


async def shown(town: Town, at: int, opened: datetime) -> Message:
    page, ref = page_of(town, town.staff), town.organization.ref
    message = await render(page, "feedback.heard", ref=ref, opened=opened.isoformat(), at=at)
    assert message is not None
    return message


async def test_everybody_is_on_one_page_and_each_page_is_one_message_that_closes(
    town: Town,
) -> None:
    many = 2 * PAGE + 1
    for number in range(many):
        guest = await comes(town, 500 + number)
        guest.name = "N" * 100 + f" {number}."
        await allows(town, guest, *Fact)
    read_on_each: list[str] = []
    for at in range(3):
        message = await shown(town, at, town.now)
        assert message.live
        assert message.protect
        assert len(parts_of(message)) == 1
        read_on_each.append(read(message.text))
    for number in range(many):
        on = [text for text in read_on_each if f" {number}." in text]
        assert on == [read_on_each[number // PAGE]]
    assert (await shown(town, 9, town.now)).text == (await shown(town, 2, town.now)).text


def test_a_message_that_is_kept_current_never_leaves_in_several_parts() -> None:
    long = "word " * 2_000
    assert len(parts_of(Message(long))) == 3
    assert len(parts_of(Message(long, live=True))) == 1
