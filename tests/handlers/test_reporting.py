"""Reporting with two taps: which of the messages, why; and what the team is shown of it."""

from datetime import datetime, timedelta

from sqlalchemy import select

from community import bridge, events, exchanges, people, posts, translations
from community.events import Details
from community.exchanges import Attachment, FileKind
from community.moderation import Report
from community.roles import RoleName
from tests.handlers.conftest import Calling, Phone
from tests.posting import a_post


async def two_who_write(
    phone: Calling, *words: str, picture: bool = False
) -> tuple[Phone, Phone, str]:
    """Return who answers a post, its moderator, and what the poster has written them."""
    poster, answerer = await phone(1, "uk"), await phone(2)
    moderator = await phone(3, "fr", RoleName.MODERATOR)
    async with poster.database.transaction() as session:
        writes, answers, judges = [
            await people.by_telegram_id(session, number) for number in (1, 2, 3)
        ]
        assert writes is not None
        assert answers is not None
        assert judges is not None
        post = await a_post(session, writes, poster.now)
        await posts.approve(session, judges, post.ref, poster.now)
        about = await bridge.begin(session, answers, exchanges.Kind.POST, post.ref, poster.now)
        for text in words:
            await bridge.write(session, writes, about.ref, text, poster.now, language="uk")
        if picture:
            await bridge.write(
                session, writes, about.ref, "", poster.now, language="uk",
                attachment=Attachment(FileKind.PHOTO, "a-photo"),
            )  # fmt: skip
        return answerer, moderator, about.ref


async def test_one_of_the_last_messages_is_chosen_and_the_team_reads_it(phone: Calling) -> None:
    words = ("Добрий день!", "Дай гроші,\nа то пошкодуєш. Ти мене почув, чи ні?", "До побачення.")
    answerer, moderator, ref = await two_who_write(phone, *words)
    await answerer.sends_data(f"xc:{ref}:report:0")
    assert answerer.buttons[:3] == [
        "💬 Добрий день!",
        "💬 Дай гроші, а то пошкодуєш. Ти мене почу…",
        "💬 До побачення.",
    ]
    await answerer.presses("Дай гроші")
    await answerer.presses("Harassment")
    assert "Somebody of the team looks at it" in answerer.last
    await moderator.sends_data("yr:0")
    await moderator.presses("🚩 lun. 23 nov.")
    assert "Дай гроші" in moderator.last
    assert "Добрий день!" in moderator.last
    assert "До побачення." not in moderator.last


async def test_a_reported_picture_is_shown_to_the_team_for_some_minutes(phone: Calling) -> None:
    answerer, moderator, ref = await two_who_write(phone, "Дивись.", picture=True)
    await answerer.sends_data(f"xc:{ref}:report:0")
    assert answerer.buttons[1] == "🖼 1. Picture"
    await answerer.presses("🖼 1. Picture")
    await answerer.presses("An insult")
    await moderator.sends_data("yr:0")
    await moderator.presses("🚩 lun. 23 nov.")
    await moderator.presses("📎")
    shown = moderator.seen[-1]
    assert shown.file is not None
    assert (shown.file.content, shown.protect, shown.live) == ("a-photo", True, True)
    await answerer.sends_data("hi:x:see:1")
    assert len(answerer.toasts) == 1
    async with answerer.database.transaction() as session:
        (report,) = await session.scalars(select(Report))
    opened = moderator.now.isoformat()
    said = {"ref": report.ref, "number": 1, "opened": opened}
    moderator.now += timedelta(minutes=30)
    late = await moderator.gets("report.attached", **said)
    assert late is not None
    assert late.gone
    moderator.now -= timedelta(minutes=30)
    await moderator.sends_data(f"hi:{report.ref}:do:nothing")
    settled = await moderator.gets("report.attached", **said)
    assert settled is not None
    assert settled.gone


async def test_a_wrong_sentence_is_reported_with_two_taps_and_put_right_at_the_desk(
    phone: Calling,
) -> None:
    boss = await phone(1, "en", RoleName.ANIMATOR)
    reader, other = await phone(2, "fr"), await phone(3, "en")
    async with boss.database.transaction() as session:
        animator = await people.by_telegram_id(session, 1)
        assert animator is not None
        details = Details(datetime(2026, 12, 10, 18, 0), "Europe/Paris", place="Library")  # noqa: DTZ001 - wall time
        words = {"title": "Tea for all", "description": "Bring 2 friends."}
        made = await events.create(session, animator, details, words, "en", boss.now)
        event = await events.publish(session, animator, made.ref, boss.now)
        words = {"title": "Thé pour tous", "description": "Apportez 2 amis."}
        await translations.write(session, animator, "event", event.id, "fr", words, boss.now)
    for somebody in (reader, other):
        await somebody.says("/events")
        await somebody.presses("Tea" if somebody is other else "Thé")
    assert not any("🚩" in label for label in other.buttons), "nobody has translated it"
    await reader.presses("🚩 Traduction fausse ?")
    assert reader.buttons[:2] == ["Thé pour tous", "Apportez 2 amis."]
    await reader.presses("Apportez 2 amis.")
    assert "Merci." in reader.last
    told = await boss.gets("team_notice.text_reported")
    assert told is not None
    await boss.presses("🚩 Reported as wrong: 1")
    await boss.presses("🚩 Mon 23 Nov: Event")
    assert "Bring 2 friends." in boss.last
    assert "Apportez 2 amis." in boss.last
    assert "Person 2" not in boss.last, "nobody is told who has reported it"
    await boss.presses("✏️ Write it")
    await boss.says("Venez avec des amis.")  # a number is lost
    assert "2" in boss.last
    await boss.says("Venez avec 2 amis.")
    assert "Nothing has been reported." in boss.last
    await reader.says("/events")
    await reader.presses("Thé")
    assert "Venez avec 2 amis." in reader.last
    assert await boss.gets("team_notice.text_reported") is None


async def test_a_button_that_nobody_made_is_told_to_be_old(phone: Calling) -> None:
    somebody = await phone(1)
    for data in (
        f"hh:approve:{'x' * 40}:approve:",
        f"hh:post:{'x' * 40}:poster:",
        f"hh:exchange:x:message.{'9' * 30}:",
        "hh:post:x:approve:",
    ):
        assert len(data) <= 64
        await somebody.sends_data(data)
        assert not somebody.seen
    assert len(somebody.toasts) == 4
