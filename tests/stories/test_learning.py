"""Members learn: a lesson with a voice, the check of skills, the nearest open internet."""

from datetime import datetime

import pytest
from sqlalchemy import select

from bot.lessons import packed_lessons
from bot.pictures import blank
from community import areas, lessons, people, providers, roles
from community.lessons import Lesson, LessonProgress
from community.needs import Need
from community.roles import RoleName
from community.skills import SkillCheck
from locales import translator_for
from reports import lesson_picture
from tests.bot.sending.owing import person_of
from tests.fonts import has_fonts
from tests.stories.conftest import BOTH_WAYS, Coming, Somebody, Stage
from tests.stories.reading import bare
from tests.stories.test_read_aloud import sounds
from tests.stories.test_translators import has_button

NETWORKS = packed_lessons()[0].texts
DOOR = blank() + b"door"
VOICE, IN_PICTURE = b"why a network helps", b"five people"
OPEN, CLOSED = (50.8481, 4.3525), (50.8500, 4.3530)
HERE = (50.8501, 4.3531)
PLACES = {
    "en": ("Library", "Job centre"),
    "fr": ("Bibliothèque", "Maison de l'emploi"),
    "ar": ("مكتبة", "مركز التشغيل"),
    "uk": ("Бібліотека", "Центр зайнятості"),
}


@BOTH_WAYS
async def test_a_member_takes_a_lesson_with_its_picture_and_a_voice_and_ends_at_the_events(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, member = await animator(reader), await stage.member("Reader", reader)
    words = NETWORKS[reader]
    await boss.says("/animate")
    await boss.presses("🎓 Lessons")
    await boss.presses(words["title"])
    await boss.presses("🎙 Read aloud or put right")
    await boss.presses("⏭ Skip")
    await boss.presses("🎙 Read it aloud")
    await boss.sends_voice(VOICE)
    await boss.presses("✅ Keep it")
    await reads_aloud(boss, words["picture"], IN_PICTURE)

    await member.says("/learn")
    await member.presses(words["title"])
    member.sees_last("Part {number} of {all}", words["screen1"].split("\n")[0])
    member.sees_last("🖼 In the picture:", words["picture"])
    drawn = lesson_picture.picture("networks", words["title"], translator_for(reader))
    if drawn is not None:  # there are fonts here
        assert member.picture(member.last) == drawn()
    assert sounds(member) == [], "never unasked"
    await member.presses("🔊 Listen")
    assert sounds(member) == [VOICE, IN_PICTURE]
    await member.presses("Go on ➡️")
    await member.presses("Go on ➡️")
    member.sees(words["screen3"].split("\n")[0])
    assert not has_button(member, "🔊 Listen"), "nobody has read this aloud"
    await member.says("/learn")
    await member.presses("▶️ {title}", title=words["title"])
    member.sees_last(words["screen3"].split("\n")[0])  # where they were
    await member.presses("Go on ➡️")
    await member.presses("Go on ➡️")
    member.sees_last("It is no test: nobody sees what you choose.", words["question"])
    await answers(member, 1)
    member.sees_last("Thank you. This helps more:", words["answer2"], words["why"][:20])
    await member.presses("📅 See the events")
    member.sees_last("There is no event")
    await member.says("/learn")
    assert f"✅ {words['title']}" in member.buttons()
    async with stage.app.database.transaction() as session:
        (progress,) = await session.scalars(select(LessonProgress))
        assert (progress.language, progress.finished_at) == (reader, stage.now)


async def reads_aloud(boss: Somebody, text: str, voice: bytes) -> None:
    """Go on among the texts of the lesson until this one comes, and read it aloud."""
    await boss.says("/animate")
    await boss.presses("🎓 Lessons")
    await boss.presses(NETWORKS[boss.language]["title"])
    await boss.presses("🎙 Read aloud or put right")
    for _text in range(20):
        if text in bare(boss.last["text"]):
            break
        await boss.presses("⏭ Skip")
    await boss.presses("🎙 Read it aloud")
    await boss.sends_voice(voice)
    await boss.presses("✅ Keep it")


async def answers(member: Somebody, number: int) -> None:
    """Press the button of an answer, whatever its number is called."""
    buttons = [one for row in member.last["buttons"] for one in row]
    (data,) = [
        one["data"]
        for one in buttons
        if one["data"].endswith(f":{number}") and "qa:" in one["data"]
    ]
    member.stage.emulator.world.press(member.id, member.last["message_id"], data)
    await member.stage.settled()


@has_fonts
async def test_a_drawing_is_uploaded_for_the_first_reader_of_its_words_and_anew_when_they_change(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("en")
    readers = [await stage.member(f"Reader {at}", "en") for at in range(2)]
    in_arabic = await stage.member("Reader 2", "ar")
    blobs = stage.emulator.world.blobs

    async def shown_to(member: Somebody, title: str) -> str:
        await member.says("/learn")
        await member.presses(title)
        return str(member.last["attachment"]["url"])

    first, second = [await shown_to(member, NETWORKS["en"]["title"]) for member in readers]
    assert first == second
    assert await shown_to(in_arabic, NETWORKS["ar"]["title"]) != first
    assert len(blobs) == 2

    words = "Bad Request: wrong file identifier/HTTP URL specified"
    stage.emulator.faults.add(
        "error", method="sendPhoto", chat_id=readers[0].id, description=words
    )
    again = await shown_to(readers[0], NETWORKS["en"]["title"])
    assert again != first
    assert await shown_to(readers[1], NETWORKS["en"]["title"]) == again

    async with stage.app.database.transaction() as session:
        person = await person_of(session, boss)
        (lesson,) = await session.scalars(select(Lesson).where(Lesson.code == "networks"))
        texts = {"title": "Not alone"}
        await lessons.write(session, person, lesson.ref, "en", texts, stage.now)
    changed = await shown_to(readers[0], "Not alone")
    assert changed != again
    assert await shown_to(readers[1], "Not alone") == changed
    assert len(blobs) == 4


@BOTH_WAYS
async def test_an_animator_writes_a_lesson_looks_at_it_publishes_it_and_takes_it_down(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, member = await animator(team), await stage.member("Reader", reader)
    await boss.says("/animate")
    await boss.presses("🎓 Lessons")
    await boss.presses("🧭 For you: {title}")
    boss.sees_last("Part {number} of {all}")
    await boss.presses("Back to the desk")
    await boss.presses("➕ New lesson")
    await boss.says("Hours on your door")
    await boss.says("Write your hours on the door.")
    await boss.says("Write them in two languages.")
    await boss.presses("Skip")
    await boss.says("Where do the hours stand?")
    await boss.says("On the door")
    boss.sees_last("Please write two to four answers, each on a line of its own.")
    await boss.says("Nowhere\nOn the door")
    await boss.presses("On the door")
    await boss.presses("Skip")
    await boss.sends_picture(DOOR)
    boss.sees_last("What is in the picture?")
    await boss.says("A door with a paper on it")
    await boss.presses("👤 Say what I look for")
    boss.sees_last("A draft: only the team can see it.", "Hours on your door")
    await boss.presses("👀 Look at it")
    boss.sees_last("Write your hours on the door.", "A door with a paper on it")
    await member.says("/learn")
    assert not has_button(member, "Hours on your door")

    await boss.presses("Back to the desk")
    await boss.presses("📢 Publish it")
    await member.says("/learn")
    await member.presses("Hours on your door")
    member.sees_last("A door with a paper on it", "Write your hours on the door.")
    assert member.picture(member.last) == DOOR
    await member.presses("Go on ➡️")
    await member.presses("Go on ➡️")
    await boss.presses("🚫 Take it down")
    await answers(member, 2)
    member.sees_last("Where do the hours stand?")
    await member.says("/learn")
    assert not has_button(member, "Hours on your door")


async def a_lesson(boss: Somebody) -> None:
    await boss.says("/animate")
    await boss.presses("🎓 Lessons")
    await boss.presses("➕ New lesson")
    for words in ("Hours on your door", "Write your hours on the door."):
        await boss.says(words)
    await boss.presses("Skip")
    for words in ("Where do the hours stand?", "Nowhere\nOn the door"):
        await boss.says(words)
    await boss.presses("Nowhere")
    await boss.presses("Skip")
    await boss.presses("Skip")
    await boss.presses("👤 Say what I look for")
    await boss.presses("📢 Publish it")


@BOTH_WAYS
async def test_an_animator_changes_what_a_lesson_asks_shows_and_ends_with_and_sees_it_before(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, member = await animator(team), await stage.member("Reader", reader)
    await a_lesson(boss)
    await member.says("/learn")
    await member.presses("Hours on your door")
    await member.presses("Go on ➡️")
    await boss.presses("✏️ Change it")
    await boss.presses("✅ The right answer")
    await boss.presses("On the door")
    boss.sees_last("This is what members will see:", "✅ {number}. {answer}", answer="On the door")
    await boss.presses("✅ Keep it")
    await answers(member, 2)
    member.sees_last("✅ Yes, that is right.")
    await member.presses("🔁 Read it again")
    await member.presses("Go on ➡️")

    await boss.presses("✏️ Change it")
    await boss.presses("❓ The question")
    await boss.says("In which languages?")
    await boss.says("In one\nIn two\nIn three")
    await boss.presses("Each of them is")
    await boss.presses("Skip")
    boss.sees_last("In which languages?")
    boss.sees_last("✅ {number}. {answer}", answer="In one")
    await answers(member, 1)
    member.sees_last("Thank you. This helps more:")
    await member.presses("🔁 Read it again")
    await member.presses("Go on ➡️")
    await boss.presses("✅ Keep it")
    await answers(member, 1)
    member.sees_last("In which languages?", "In three")
    await answers(member, 3)
    member.sees_last("Thank you. There is no wrong answer.")

    await boss.presses("✏️ Change it")
    await boss.presses("🖼 Another picture")
    await boss.sends_picture(DOOR)
    await boss.says("A door with a paper on it")
    boss.sees_last("This is what members will see:", "A door with a paper on it")
    assert boss.picture(boss.last) == DOOR
    await boss.presses("✅ Keep it")
    await boss.presses("✏️ Change it")
    await boss.presses("👉 What comes next")
    await boss.presses("👥 Networks you can join")
    boss.sees_last("At the end: {button}")
    await boss.presses("✅ Keep it")
    await member.presses("🔁 Read it again")
    assert member.picture(member.last) == DOOR
    await member.presses("Go on ➡️")
    await answers(member, 1)
    await member.presses("👥 Networks you can join")
    member.sees_last("We know no other network yet.")

    await boss.presses("✏️ Change it")
    await boss.presses("🖼 No picture")
    boss.sees_last("Do you want to take the picture off this lesson?")
    await boss.presses("No, keep it")
    await boss.presses("🖼 No picture")
    await boss.presses("🗑 Yes, without it")
    await member.says("/learn")
    await member.presses("Hours on your door")
    assert member.last["attachment"] is None


async def free_internet(stage: Stage, boss: Somebody) -> None:
    """Let there be a library that is open, and nearer a job centre that is closed."""
    async with stage.app.database.transaction() as session:
        now = stage.now
        actor = await people.by_telegram_id(session, boss.id)
        assert actor is not None
        await roles.take(session, actor, RoleName.COORDINATOR, now)
        area = await areas.create(session, actor, "Europe/Brussels", now)
        for language, (name, _other) in PLACES.items():
            await providers.translate(
                session, actor, "area", area.ref, language, {"name": name[:4]}, now
            )
        for at, (point, hours) in enumerate(
            ((OPEN, ("10:00", "19:00")), (CLOSED, ("14:00", "16:00")))
        ):
            made = await providers.create_organization(session, actor, PLACES["en"][at], "en", now)
            service = await providers.create_service(
                session,
                actor,
                made.ref,
                Need.INTERNET,
                ["en"],
                {"name": PLACES["en"][at]},
                "en",
                now,
                area_ref=area.ref,
            )
            for language, names in PLACES.items():
                if language != "en":
                    await providers.translate(
                        session, actor, "service", service.ref, language, {"name": names[at]}, now
                    )
            latitude, longitude = point
            location = providers.Location(
                organization_id=made.id,
                area_id=area.id,
                latitude=latitude,
                longitude=longitude,
                made_at=now,
            )
            session.add(location)
            await session.flush()
            session.add(
                providers.ServiceAtLocation(service_id=service.id, location_id=location.id)
            )
            session.add(
                providers.Schedule(
                    location_id=location.id,
                    byday="MO,TU,WE,TH,FR",
                    opens_at=hours[0],
                    closes_at=hours[1],
                )
            )


@pytest.mark.parametrize("reader", ["uk", "ar"])
async def test_a_member_checks_their_skills_and_finds_the_nearest_open_place_with_internet(
    stage: Stage, animator: Coming, reader: str
) -> None:
    boss, member = await animator("fr"), await stage.member("Reader", reader)
    await free_internet(stage, boss)
    await member.says("/learn")
    await member.presses("💪 What can I do already?")
    member.sees_last("This is no test.", "📹 You join a video call.")
    await member.presses("🌱 Not yet")
    await member.presses("💪 I do it alone")
    await member.presses("Back")
    member.sees_last("📧 You write an e-mail and send it.")
    for _skill in range(6):
        await member.presses("💪 I do it alone")
    member.sees_last("Here something can help you:", "📹 Video calls")
    assert has_button(member, "📚 Find a course")
    assert await kept(stage) is None, "nothing is kept unless they want it"
    await member.presses("💾 Keep this for me")
    assert await kept(stage) == "0222222"
    await member.says("/me")
    member.sees_last("See it or delete it: /learn")
    await member.says("/learn")
    await member.presses("💪 What can I do already?")
    member.sees_last("You had this kept on {day}.", "📹 You join a video call.")
    await member.presses("🗑 Do not keep this")
    assert await kept(stage) is None

    await member.presses("🌐 Internet near me")
    library, centre = PLACES[reader]
    await member.shares_location(*HERE)
    member.sees_last("🟢 is open now.", "What is open now comes first, then the nearest.")
    first, second = [label for label in member.buttons() if library in label or centre in label]
    assert library in first, "open comes before near"
    assert "🟢" in first
    assert centre in second
    assert "🟢" not in second
    await stage.play(until=datetime(2026, 11, 24, 14, 30, tzinfo=stage.now.tzinfo))
    await member.says("/learn")
    await member.presses("🌐 Internet near me")
    await member.presses("📍 Everywhere")
    await member.shares_location(*HERE)
    first, second = [label for label in member.buttons() if library in label or centre in label]
    assert centre in first, "both are open: the nearest comes first"


async def kept(stage: Stage) -> str | None:
    async with stage.app.database.transaction() as session:
        found: str | None = await session.scalar(select(SkillCheck.said))
        return found
