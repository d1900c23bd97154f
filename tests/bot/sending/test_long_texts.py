"""Long texts leave in parts: none is cut, doubled or forgotten."""

import pytest
from sqlalchemy import select

from community import (
    translations,
)
from community.deliveries import SentMessage, State
from community.policy import Lane
from handlers.replies import Message
from locales import Html
from tests.bot.sending.owing import crowd, fates, owe, owed
from tests.stories.conftest import Coming, Stage

GERMAN = [f"{n}. Die Gründerinnenberatung ist im Januar geschlossen. " * 12 for n in range(12)]
THAI = ["ห้องสมุดเปิดทุกวันสำหรับผู้ประกอบการใหม่" * 14 + " 👩‍👩‍👧" for _ in range(12)]


@pytest.mark.parametrize("paragraphs", [GERMAN, THAI])
async def test_fault_46_a_long_text_is_parted_between_paragraphs(
    stage: Stage, animator: Coming, paragraphs: list[str]
) -> None:
    await animator()
    [ada] = await crowd(stage, 1)
    whole = "\n\n".join(paragraph.strip() for paragraph in paragraphs)
    spoken = await stage.app.speaker.say(ada.id, Message(Html(whole)), Lane.NEWS)
    parts = ada.from_bot()
    assert [part["message_id"] for part in parts] == spoken.message_ids
    assert 1 < len(parts) < len(paragraphs)
    assert "\n\n".join(part["text"] for part in parts) == whole


async def test_fault_46_a_long_text_leaves_in_parts_that_cut_nothing(
    stage: Stage, animator: Coming
) -> None:
    await animator()
    [ada] = await crowd(stage, 1)
    cyrillic = [f"слово{n}" for n in range(900)]
    words = " ".join(
        f"<b>{word}</b> 👩‍👩‍👧" if number % 3 == 0 else f"{word} 👩‍👩‍👧"
        for number, word in enumerate(cyrillic)
    )
    spoken = await stage.app.speaker.say(ada.id, Message(Html(words)), Lane.NEWS)
    parts = ada.from_bot()
    assert len(parts) > 2
    assert [part["message_id"] for part in parts] == spoken.message_ids
    assert all(len(part["text"].encode("utf-16-le")) // 2 <= 4096 for part in parts)
    told = " ".join(part["text"] for part in parts).split()
    assert told == [each for word in cyrillic for each in (word, "👩‍👩‍👧")]
    bold = [
        part["text"].encode("utf-16-le")[2 * at["offset"] : 2 * (at["offset"] + at["length"])]
        for part in parts
        for at in part["entities"]
    ]
    assert [word.decode("utf-16-le") for word in bold] == cyrillic[::3]


LONG = " ".join(f"word{n}" for n in range(600))
"""Two messages."""


@pytest.fixture
def long_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a newsletter be longer than one message, as a translation may be."""
    longer = {**translations.LIMITS, ("newsletter", "body"): 10_000}
    monkeypatch.setattr(translations, "LIMITS", longer)


@pytest.mark.usefixtures("long_bodies")
async def test_fault_46_a_flood_between_two_parts_is_waited_out_and_every_number_is_kept(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    for reader, kind in ((ada, "429"), (ben, "500")):
        stage.emulator.faults.add(kind, method="sendMessage", chat_id=reader.id, skip=1)
    await owe(stage, boss, ada, ben, body=LONG)
    await stage.settled()
    rows = await owed(stage)
    assert [(row.state, row.reason) for row in rows] == [(State.SENT, None)] * 2
    for reader, row in zip((ada, ben), rows, strict=True):
        parts = reader.from_bot()
        assert " ".join(part["text"] for part in parts).split()[-600:] == LONG.split()
        assert [bool(part["buttons"]) for part in parts] == [False, True]
        async with stage.app.database.transaction() as session:
            kept = select(SentMessage.chat_id, SentMessage.message_id).where(
                SentMessage.delivery_id == row.id
            )
            places = (await session.execute(kept.order_by(SentMessage.id))).all()
        assert places == [(reader.id, part["message_id"]) for part in parts]


@pytest.mark.usefixtures("long_bodies")
async def test_fault_46_a_message_of_which_a_part_is_missing_is_uncertain_and_not_begun_again(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    stage.emulator.faults.add("drop_before", method="sendMessage", chat_id=ada.id, skip=1)
    await owe(stage, boss, ada, body=LONG)
    await stage.settled()
    await stage.play(hours=1)
    assert await fates(stage) == [(State.UNCERTAIN, "part")]
    (part,) = ada.from_bot()
    async with stage.app.database.transaction() as session:
        kept = select(SentMessage.message_id).where(SentMessage.chat_id == ada.id)
        assert list(await session.scalars(kept)) == [part["message_id"]]


async def test_each_part_that_telegram_cannot_read_goes_plain(
    stage: Stage, animator: Coming
) -> None:
    await animator()
    [ada] = await crowd(stage, 1)
    broken = Html("<b>fine</b> " + "<nonsense>word " * 1200)
    spoken = await stage.app.speaker.say(ada.id, Message(broken), Lane.NEWS)
    assert (spoken.answer.fate, spoken.sent_plain) == ("done", True)
    assert len(spoken.message_ids) == len(ada.from_bot()) == 2
    told = " ".join(part["text"] for part in ada.from_bot())
    assert told.split() == ["fine", *["word"] * 1200]
