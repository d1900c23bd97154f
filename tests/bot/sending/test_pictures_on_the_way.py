"""A picture on its way: what fits stands under it, the rest after it; never twice, or wordless."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.pictures import blank
from bot.speaking import TOO_LONG, Speaker
from bot.splitting import CAPTION_LIMIT
from community import deliveries, sends
from community.deliveries import Plan, SentMessage, State
from community.policy import Lane
from community.sends import Picture
from handlers.replies import File, Message
from locales import Html
from reports import chart, workbook
from tests.bot.sending.owing import NEWS, crowd, fates, owed, person_of
from tests.fonts import has_fonts
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import works_as_a_coordinator

FITS = "The library is open."
TOO_MUCH = " ".join(f"word{n}" for n in range(200))
"""Longer than a caption, shorter than a message."""


def known(stage: Stage, somebody: Somebody, content: bytes = b"", kind: str = "photo") -> File:
    """Return a picture that somebody has sent, by Telegram's name for it."""
    sent = stage.emulator.world.file(
        somebody.id, kind, "flyer.png", "image/png", blank() + content
    )
    what = sent["photo"][-1] if kind == "photo" else sent["document"]
    return File("", what["file_id"], is_picture=kind == "photo")


async def owe_with_picture(
    stage: Stage, boss: Somebody, *readers: Somebody, body: str, file_id: str = ""
) -> None:
    """Owe each of these people a newsletter with a picture."""
    picture = Picture(file_id or str(known(stage, boss).content), is_photo=True)
    now = stage.now
    async with stage.app.database.transaction() as session:
        author = await person_of(session, boss)
        send = await sends.write_newsletter(session, author, "en", "Winter news", body, now)
        await sends.illustrate(session, author, send.ref, picture, now)
        words = {"picture": "A door."}
        await sends.edit(session, author, send.ref, now, language="en", texts=words)
        for reader in readers:
            person = await person_of(session, reader)
            plan = Plan(NEWS, person.id, f"{send.id}:{person.id}", now, {"ref": send.ref})
            await deliveries.plan(session, now, plan)


async def numbers_kept(stage: Stage, reader: Somebody) -> list[int]:
    async with stage.app.database.transaction() as session:
        kept = select(SentMessage.message_id).where(SentMessage.chat_id == reader.id)
        return list(await session.scalars(kept.order_by(SentMessage.id)))


async def test_the_words_stand_under_the_picture_if_they_fit_and_after_it_if_not(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    speaker, picture = stage.app.speaker, known(stage, boss)
    await speaker.say(ada.id, Message(Html("é" * CAPTION_LIMIT), file=picture), Lane.NEWS)
    await speaker.say(ada.id, Message(Html("é" * (CAPTION_LIMIT + 1)), file=picture), Lane.NEWS)
    shown = [(bool(m["attachment"]), len(m["text"])) for m in ada.from_bot()]
    assert shown == [(True, CAPTION_LIMIT), (True, 0), (False, CAPTION_LIMIT + 1)]


async def test_entities_do_not_count_and_composed_letters_count_as_telegram_counts(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    bold = Html(f"<b>{'&amp;' * CAPTION_LIMIT}</b>")
    await stage.app.speaker.say(ada.id, Message(bold, file=known(stage, boss)), Lane.NEWS)
    (only,) = ada.from_bot()
    assert only["text"] == "&" * CAPTION_LIMIT


@pytest.mark.parametrize("fault", ["429", "500", "drop_before"])
async def test_what_fails_before_the_picture_has_left_begins_again_as_a_whole(
    stage: Stage, animator: Coming, fault: str
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    stage.emulator.faults.add(fault, method="sendPhoto", chat_id=ada.id)
    await owe_with_picture(stage, boss, ada, body=TOO_MUCH)
    await stage.settled()
    await stage.play(minutes=5)
    if fault == "drop_before":  # it may have arrived: listed, and not sent again by itself
        assert [state for state, _reason in await fates(stage)] == [State.UNCERTAIN]
        assert ada.from_bot() == []
        return
    assert [state for state, _reason in await fates(stage)] == [State.SENT]
    picture, words = ada.from_bot()
    assert picture["attachment"]["kind"] == "photo"
    assert TOO_MUCH in words["text"]
    assert await numbers_kept(stage, ada) == [picture["message_id"], words["message_id"]]


async def test_a_picture_that_has_left_is_not_sent_again_when_its_words_fail(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada, ben] = await animator(), await crowd(stage, 2)
    stage.emulator.faults.add("429", method="sendMessage", chat_id=ada.id)
    stage.emulator.faults.add("drop_before", method="sendMessage", chat_id=ben.id)
    await owe_with_picture(stage, boss, ada, ben, body=TOO_MUCH)
    await stage.settled()
    await stage.play(hours=1)
    assert [row.state for row in await owed(stage)] == [State.SENT, State.UNCERTAIN]
    for reader, messages in ((ada, 2), (ben, 1)):
        assert sum(bool(m["attachment"]) for m in reader.from_bot()) == 1
        assert len(reader.from_bot()) == messages
        assert len(await numbers_kept(stage, reader)) == messages


async def test_a_picture_that_telegram_does_not_know_leaves_its_words_alone(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    await owe_with_picture(stage, boss, ada, body=FITS, file_id="another-bots")
    await stage.settled()
    assert [state for state, _reason in await fates(stage)] == [State.SENT]
    (only,) = ada.from_bot()
    assert only["attachment"] is None
    assert "The library is open." in only["text"]
    assert "A door." in only["text"]


# In the place of what is there


async def copies(speaker: Speaker, reader: Somebody, message: Message) -> list[int]:
    return (await speaker.say(reader.id, message, Lane.NEWS)).message_ids


async def test_another_picture_and_other_words_take_the_place_of_the_first(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    speaker, first, other = stage.app.speaker, known(stage, boss), known(stage, boss, b"2")
    under = await copies(speaker, ada, Message(Html(FITS), file=first))
    after = await copies(speaker, ada, Message(Html(TOO_MUCH), file=first))
    alone = await copies(speaker, ada, Message(Html(FITS)))
    for there in (under, after, alone):
        spoken = await speaker.replace(
            ada.id, there, Message(Html("Closed."), file=other), Lane.NEWS
        )
        assert spoken.answer.fate == "done"
    one, picture, words, added = ada.from_bot()
    assert [ada.picture(m) for m in (one, picture, added)] == [blank() + b"2"] * 3
    assert [m["text"] for m in (one, picture, words, added)] == [
        "Closed.",
        "",
        "Closed.",
        "Closed.",
    ]


async def test_what_does_not_fit_where_it_should_stand_is_refused_and_not_cut(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    speaker, picture = stage.app.speaker, known(stage, boss)
    there = await copies(speaker, ada, Message(Html(FITS), file=picture))
    longer = Message(Html(TOO_MUCH), file=picture)
    spoken = await speaker.replace(ada.id, there, longer, Lane.NEWS)
    assert (spoken.answer.fate, spoken.answer.reason) == ("rejected", TOO_LONG)
    assert [m["text"] for m in ada.from_bot()] == [FITS]


async def test_nothing_of_a_picture_is_left_when_words_take_its_place(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    speaker, picture = stage.app.speaker, known(stage, boss)
    under = await copies(speaker, ada, Message(Html(FITS), file=picture))
    after = await copies(speaker, ada, Message(Html(TOO_MUCH), file=picture))
    as_file = known(stage, boss, kind="document")
    opened = await copies(speaker, ada, Message(Html(FITS), file=as_file))
    for there in (under, after, opened):
        await speaker.replace(ada.id, there, Message(Html("Taken <b>back</b>.")), Lane.NEWS)
    one, other, opened_one = ada.from_bot()
    assert [m["text"] for m in (one, other, opened_one)] == ["Taken back."] * 3
    assert ada.picture(one) == ada.picture(opened_one) == blank()
    assert other["attachment"] is None, "the picture before it has gone"


async def test_nothing_is_left_of_an_old_picture_that_telegram_does_not_delete(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    speaker, picture = stage.app.speaker, known(stage, boss)
    there = await copies(speaker, ada, Message(Html(TOO_MUCH), file=picture))
    stage.emulator.clock.jump(timedelta(days=3).total_seconds())
    spoken = await speaker.replace(ada.id, there, Message(Html("Taken back.")), Lane.NEWS)
    assert spoken.answer.fate == "done"
    picture_gone, words = ada.from_bot()
    assert ada.picture(picture_gone) == blank()
    assert picture_gone["text"] == words["text"] == "Taken back."


async def test_what_has_been_taken_back_in_part_is_taken_back_in_full_at_the_next_try(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    speaker = stage.app.speaker
    longer = Html(" ".join(f"word{n}" for n in range(1800)))
    there = await copies(speaker, ada, Message(longer, file=known(stage, boss)))
    assert len(there) > 3
    stage.emulator.faults.add("500", method="deleteMessage", chat_id=ada.id, skip=1)
    spoken = await speaker.replace(ada.id, there, Message(Html("Taken back.")), Lane.NEWS)
    assert spoken.answer.fate == "not_sent"
    spoken = await speaker.replace(ada.id, there, Message(Html("Taken back.")), Lane.NEWS)
    assert spoken.answer.fate == "done"
    assert [m["text"] for m in ada.from_bot()] == ["Taken back."]


async def test_a_caption_that_telegram_cannot_read_goes_plain(
    stage: Stage, animator: Coming
) -> None:
    boss, [ada] = await animator(), await crowd(stage, 1)
    speaker, picture = stage.app.speaker, known(stage, boss)
    there = await copies(speaker, ada, Message(Html("<nonsense>First"), file=picture))
    assert [m["text"] for m in ada.from_bot()] == ["First"]
    spoken = await speaker.replace(
        ada.id, there, Message(Html("<nonsense>Second"), file=picture), Lane.NEWS
    )
    assert (spoken.answer.fate, spoken.sent_plain) == ("done", True)
    assert [m["text"] for m in ada.from_bot()] == ["Second"]


@has_fonts
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_nobodys_changes_wait_while_the_picture_and_the_workbook_of_a_month_are_made(
    stage: Stage, administrator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = await administrator()
    await works_as_a_coordinator(boss)
    path, made = str(stage.app.database.url.database), []

    def watched(make: Callable[..., object]) -> Callable[..., object]:
        def making(*args: object) -> object:
            other = sqlite3.connect(path, timeout=5, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")  # as everybody does who changes anything
            other.execute("ROLLBACK")
            other.close()
            made.append(make)
            return make(*args)

        return making

    monkeypatch.setattr("handlers.report.workbook", watched(workbook.workbook))
    monkeypatch.setattr(chart, "drawing", watched(chart.drawing))
    await boss.says("/report")
    await boss.presses("{month}, still running")
    assert len(made) == 2
    drawn, written = boss.from_bot()[-2:]
    assert boss.picture(drawn).startswith(b"\x89PNG")
    assert boss.picture(written).startswith(b"PK")


async def test_whoever_waits_for_a_file_that_cannot_be_made_is_told(
    stage: Stage, administrator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    boss = await administrator("ar")
    await works_as_a_coordinator(boss)
    monkeypatch.setattr("handlers.report.workbook", full)
    await boss.says("/report")
    await boss.presses("{month}, still running")
    assert boss.last["text"].endswith(
        "تعذّر إعداد هذا الملف، ويجد من يدير هذا البوت السبب في سجلّه."
    )
