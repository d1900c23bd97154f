"""What somebody wrote is one message of Telegram's, so that it can be changed and closed again."""

from handlers import reading
from handlers.replies import Message


async def test_a_machines_words_that_are_too_many_give_way_to_the_original() -> None:
    async def show(original: bool) -> Message:
        return Message("as it was written" if original else "x" * 4_001)

    shown = await reading.in_one(show, original=False)
    assert shown.text == "as it was written"


async def test_what_fits_is_shown_as_it_was_asked_for() -> None:
    async def show(original: bool) -> Message:
        return Message(f"original: {original}")

    for original in (True, False):
        shown = await reading.in_one(show, original=original)
        assert shown.text == f"original: {original}"


def test_many_short_messages_are_several_pages_for_each_has_lines_of_its_own() -> None:
    cut = reading.pages([40] * 60)
    assert [number for page in cut for number in page] == list(range(60))
    assert all(len(page) * (40 + 150) <= 2_400 for page in cut)
    assert reading.pages([2_000, 300]) == [range(1), range(1, 2)]
    assert reading.pages([]) == []
