"""What two sides send each other beside words: photos, voice messages, documents."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image
from sqlalchemy import select

from bot import fetching
from community.exchanges import Exchange
from emulator.files import media
from tests.bot.test_passing import WHERE, a_jpeg, an_office_file
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.test_bridge import accepted, set_aside

PDF = b"%PDF-1.7\n1 0 obj\n<< /Author (Amina) >>\nendobj"
SOUND = b"OggS a voice"


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAUSE", 0.0)


def shown_to(somebody: Somebody) -> list[dict[str, Any]]:
    """Return what of an exchange stands on somebody's screen beside words."""
    return [m for m in somebody.from_bot() if m["attachment"] and m["protected"]]


async def writing(
    stage: Stage, animator: Coming, *languages: str
) -> tuple[Somebody, Somebody, Somebody]:
    """Return an animator, an organisation's staff, and a member who is about to write to it."""
    boss, adviser, amina = await accepted(stage, animator, *languages)
    await amina.presses("Read it")
    await amina.presses("💬 Write to each other")
    amina.sees_last("You can also send a photo, a voice message or a document.")
    amina.sees_last("Never send identity documents or passwords here.")
    return boss, adviser, amina


async def test_two_sides_send_each_other_photos_voices_and_documents(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await writing(stage, animator, "ar", "uk")
    photo = a_jpeg()
    assert WHERE in photo
    await amina.sends_picture(photo, "هذا متجري")
    amina.sees_last("🖼 {n}. Picture", n="1")
    amina.sees_last("هذا متجري")
    adviser.sees_last("🔔 You have a new message.")
    assert not shown_to(adviser), "nothing before the tap"
    await adviser.presses("Read it")
    adviser.sees_last("The member:", "🖼 {n}. Picture", n="1")
    adviser.sees_last("هذا متجري")
    await adviser.presses("📎 Show {n}", n="1")
    adviser.sees_last("The member:", "🖼 {n}. Picture", n="1")
    assert adviser.last["attachment"]["kind"] == "photo"
    assert adviser.last["protected"]
    assert WHERE not in adviser.picture(adviser.last)

    await adviser.presses("✏️ Write back")
    await adviser.sends_voice(SOUND, 83)
    await amina.presses("Read it")
    amina.sees_last("🎤 {n}. Voice message, {length}", n="2", length="1:23")
    await amina.presses("📎 Show {n}", n="2")
    amina.sees_last("The organisation {name}:", name="Chamber of Commerce")
    amina.sees_last("🎤 {n}. Voice message, {length}", n="2", length="1:23")
    assert (amina.last["attachment"]["kind"], amina.picture(amina.last)) == ("voice", SOUND)
    assert not amina.last["protected"], "it is the member's own telephone"

    await amina.presses("✏️ Write back")
    await amina.sends_file("Amina Haddad, contract.PDF", PDF, "العقد")
    amina.sees("📄 This is your document as the other side gets it: without its name.")
    amina.sees_last("⚠️ A document can contain your name", "Never send identity documents")
    amina.sees_last("Nothing has been passed on yet. Pass it on?")
    await stage.play(minutes=1)
    assert not adviser.has_read("📄 {n}. Document, {kind}", n="3", kind="PDF")
    await amina.says("نعم من فضلكم")
    amina.sees_last("Please tap one of the buttons.")
    await amina.presses("Yes, pass it on")
    amina.sees_last("📄 {n}. Document, {kind}", n="3", kind="PDF")
    amina.sees_last("العقد")
    await adviser.presses("Read it")
    await adviser.presses("📎 Show {n}", n="3")
    adviser.sees_last("⚠️ Nobody here has looked into this document.")
    attachment = adviser.last["attachment"]
    assert (attachment["kind"], attachment["file_name"]) == ("document", "file.pdf")
    assert adviser.picture(adviser.last) == PDF
    assert not any("Haddad" in str(message) for message in adviser.messages())

    assert len(shown_to(adviser)) == 2
    assert not {"copyMessage", "forwardMessage"} & {c["method"] for c in stage.emulator.calls}
    await stage.play(minutes=16)
    assert not shown_to(adviser), "gone like what was shared"
    assert [m for m in amina.from_bot() if m["attachment"]]
    assert await set_aside(stage) == []


async def test_what_is_in_a_picture_beside_it_is_gone_when_it_comes_as_a_file(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await writing(stage, animator)
    await amina.sends_file("IMG_0042.jpeg", a_jpeg(), "My shop")
    amina.sees("🖼 This is your picture as the other side sees it")
    amina.sees_last("🖼 {n}. Picture", "My shop", n="1")
    assert not amina.has_read("Nothing has been passed on yet."), "a picture needs no warning"
    await adviser.presses("Read it")
    await adviser.presses("📎 Show {n}", n="1")
    clean = adviser.picture(adviser.last)
    assert adviser.last["attachment"]["kind"] == "photo"
    assert WHERE not in clean
    with Image.open(BytesIO(clean)) as picture:
        assert (picture.size, dict(picture.getexif())) == ((40, 60), {})
        assert not picture.info.keys() & {"exif", "comment", "icc_profile", "xmp", "photoshop"}
    own = next(m for m in amina.from_bot() if m["attachment"])
    assert amina.picture(own) == clean, "the sender has seen exactly what is passed on"


async def test_a_document_is_passed_on_only_after_a_yes(stage: Stage, animator: Coming) -> None:
    _boss, adviser, amina = await writing(stage, animator, "uk", "ar")
    await amina.sends_file("договір.pdf", PDF)
    amina.sees_last("Nothing has been passed on yet. Pass it on?")
    await amina.presses("Cancel")
    amina.sees("All right, nothing was saved.")
    stage.emulator.world.press(
        amina.id, amina.last["message_id"], "f:bridge.write:sure:yes", forged=True
    )
    await stage.play(minutes=1)
    assert not adviser.has_read("🔔 You have a new message.")
    assert "PDF" not in adviser.screen


REFUSED = {
    "setup.exe": (b"MZ\x90", "Files of this kind are not passed on here, so it was not."),
    "photos.zip": (an_office_file("a.txt"), "Files of this kind are not passed on here"),
    "page.html": (b"<html>", "Files of this kind are not passed on here"),
    "no_ending": (PDF, "Files of this kind are not passed on here"),
    "contract.pdf": (b"MZ\x90 no PDF", "it is not what its name says"),
    "table.xlsx": (an_office_file("word/document.xml"), "it is not what its name says"),
    "letter.docx": (
        an_office_file("word/document.xml", "word/vbaProject.bin"),
        "There are small programs (macros) in this file",
    ),
    "shop.jpg": (b"\xff\xd8\xff no picture", "This picture cannot be opened"),
    "shop.png": (PDF, "This picture cannot be opened"),
}


async def test_what_may_do_harm_or_is_no_file_of_its_kind_is_refused_and_the_form_stays_open(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await writing(stage, animator)
    for name, (content, sentence) in REFUSED.items():
        before = amina.times_read(sentence)
        await amina.sends_file(name, content)
        assert amina.times_read(sentence) == before + 1, name
    fetched = [call for call in stage.emulator.calls if call["method"] == "getFile"]
    assert len(fetched) == 5, "by its name alone a kind is refused before it is fetched"
    await amina.sends_file("big.pdf", PDF + bytes(fetching.MOST_PASSED_ON))
    amina.sees_last("This file is too big, so it was not passed on: at most 10 megabytes")
    world = stage.emulator.world
    film = media("document", world.keep("a.mp4", "video/mp4", b"a film"))
    moving = {**film["document"], "width": 9, "height": 9, "duration": 1}
    world._from_person(amina.id, {**film, "animation": moving})
    await stage.settled()
    amina.sees_last("Words, photos, voice messages and documents can")
    assert not any(m["attachment"] for m in amina.from_bot())
    await amina.says("Then in words.")
    await adviser.presses("Read it")
    adviser.sees_last("Then in words.")
    assert not any("📎" in label for label in adviser.buttons())
    assert await set_aside(stage) == []


@pytest.mark.parametrize("method", ["download", "sendDocument"])
async def test_a_file_that_telegram_does_not_give_or_take_is_asked_for_once_more(
    stage: Stage, animator: Coming, method: str
) -> None:
    _boss, _adviser, amina = await writing(stage, animator)
    stage.emulator.faults.add("html502", method=method, times=None)
    await amina.sends_file("contract.pdf", PDF)
    amina.sees_last("The file could not be fetched from Telegram, so it was not passed on.")
    stage.emulator.faults.remove()
    stage.emulator.faults.add("html502", method=method, times=fetching.TRIES - 1)
    await amina.sends_file("contract.pdf", PDF)
    amina.sees_last("Nothing has been passed on yet. Pass it on?")


async def test_a_bot_that_stops_over_a_document_asks_about_it_when_it_is_back(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await writing(stage, animator)
    await stage.app.stop()
    stage.emulator.world.file(amina.id, "document", "contract.pdf", "application/pdf", PDF)
    await stage.starts_again()
    amina.sees_last("Nothing has been passed on yet. Pass it on?")
    await stage.app.stop()
    await stage.starts_again()
    await amina.presses("Yes, pass it on")
    await adviser.presses("Read it")
    adviser.sees_last("📄 {n}. Document, {kind}", n="1", kind="PDF")


async def test_nobody_else_is_shown_it_until_it_is_reported_and_not_after_it_is_settled(
    stage: Stage, animator: Coming
) -> None:
    boss, adviser, amina = await writing(stage, animator)
    await amina.sends_picture(a_jpeg(), "My shop")
    eve = await stage.member("Eve")
    async with stage.app.database.transaction() as session:
        ref = await session.scalar(select(Exchange.ref))

    async def forge(somebody: Somebody) -> None:
        number = next(m["message_id"] for m in reversed(somebody.from_bot()) if m["buttons"])
        for data in (f"xf:{ref}:1", f"xf:{ref}:0", f"xf:{ref}:-1", f"if:{ref}:1", f"xf:{ref}:x"):
            stage.emulator.world.press(somebody.id, number, data, forged=True)
            await stage.settled()

    for other in (eve, boss):
        await forge(other)
        assert not shown_to(other)
    await adviser.presses("Read it")
    await adviser.presses("🚩 Report it")
    await adviser.presses("Yes, report it")
    await boss.presses("Look at it")
    boss.sees_last("🖼 {n}. Picture", "My shop", n="1")
    await boss.presses("📎 Show {n}", n="1")
    assert boss.last["attachment"]["kind"] == "photo"
    assert boss.last["protected"]
    await boss.presses("Settled")
    await stage.play(minutes=1)
    assert not shown_to(boss)
    await forge(boss)
    await forge(eve)
    assert not shown_to(boss) + shown_to(eve)
    assert await set_aside(stage) == []


async def test_what_was_withdrawn_vanishes_from_the_other_sides_screen(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await writing(stage, animator)
    await amina.sends_file("contract.pdf", PDF)
    await amina.presses("Yes, pass it on")
    await adviser.presses("Read it")
    await adviser.presses("📎 Show {n}", n="1")
    assert adviser.last["attachment"]
    await amina.presses("To the request")
    await amina.presses("Withdraw my request")
    await amina.presses("Yes, withdraw")
    await stage.play(minutes=1)
    assert not any(m["attachment"] for m in adviser.from_bot())


async def test_what_telegram_deletes_no_more_is_painted_over(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await writing(stage, animator)
    await amina.sends_picture(a_jpeg())
    await adviser.presses("Read it")
    await adviser.presses("📎 Show {n}", n="1")
    await stage.app.stop()
    stage.emulator.clock.set(stage.now + timedelta(days=3))
    await stage.starts_again()
    await stage.play(minutes=1)
    (left,) = [m for m in adviser.from_bot() if m["attachment"]]
    assert "Closed again" in left["text"]
    assert adviser.picture(left).startswith(b"\x89PNG"), "an empty picture in its place"


async def test_a_member_and_the_team_send_each_other_files(stage: Stage, animator: Coming) -> None:
    boss = await animator("uk")
    amina, eve = await stage.member("Amina", "ar"), await stage.member("Eve")
    await amina.says("/ask")
    await amina.sends_voice(SOUND, 5)
    amina.sees_last("The team has your message.")
    await boss.presses("Read it")
    boss.sees_last("🎤 {n}. Voice message, {length}", n="1", length="0:05")
    await boss.presses("📎 Show {n}", n="1")
    boss.sees_last("{name}:", name="Amina")
    assert boss.picture(boss.last) == SOUND
    await boss.presses("Answer")
    await boss.sends_file("форма.docx", an_office_file("word/document.xml"))
    await boss.presses("Yes, pass it on")
    amina.sees_last("💬 An answer from the team:", "📄 {n}. Document, {kind}", n="2", kind="DOCX")
    await amina.presses("📎 Show {n}", n="2")
    amina.sees_last("The team:", "⚠️ Nobody here has looked into this document.")
    assert amina.last["attachment"]["file_name"] == "file.docx"
    with ZipFile(BytesIO(amina.picture(amina.last))) as opened:
        assert "word/document.xml" in opened.namelist()
    data = next(
        button["data"]
        for message in amina.from_bot()
        for row in message["buttons"]
        for button in row
        if str(button["data"]).startswith("if:")
    )
    for forged in (data, data.replace("if:", "xf:")):
        stage.emulator.world.press(eve.id, eve.last["message_id"], forged, forged=True)
        await stage.settled()
    assert not any(m["attachment"] for m in eve.from_bot())
    kinds = [m["attachment"]["kind"] for m in boss.from_bot() if m["attachment"]]
    assert kinds == ["voice", "document"]
    await stage.play(minutes=16)
    kinds = [m["attachment"]["kind"] for m in boss.from_bot() if m["attachment"]]
    assert kinds == ["document"], "hers is not left on that screen, one's own is"
    assert any(m["attachment"] for m in amina.from_bot())


async def test_of_several_sent_at_once_the_first_goes_and_the_others_are_asked_for(
    stage: Stage, animator: Coming
) -> None:
    _boss, _adviser, amina = await writing(stage, animator)
    world = stage.emulator.world
    for _number in range(2):
        photo = media("photo", world.keep("a.jpg", "image/jpeg", a_jpeg()))
        world._from_person(amina.id, {**photo, "media_group_id": "1"})
    await stage.settled()
    amina.sees("🖼 {n}. Picture", n="1")
    amina.sees_last("only the first was passed on. Please send the others one by one.")


async def test_a_voice_that_its_reader_does_not_let_in_is_told_of(
    stage: Stage, animator: Coming
) -> None:
    _boss, adviser, amina = await writing(stage, animator)
    await amina.sends_voice(SOUND, 5)
    await adviser.presses("Read it")
    words = "Bad Request: VOICE_MESSAGES_FORBIDDEN"
    stage.emulator.faults.add("error", method="sendVoice", code=400, description=words)
    await adviser.presses("📎 Show {n}", n="1")
    adviser.sees_last("🎤 {n}. Voice message, {length}", n="1", length="0:05")
    adviser.sees_last("Telegram does not let this through to you")
