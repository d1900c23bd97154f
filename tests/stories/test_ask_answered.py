"""A member asks in Arabic, another answers in French; each shows their contact when it suits."""

from datetime import timedelta

from community import consents, needs, people
from community.consents import Purpose
from community.needs import Need
from tests.stories.conftest import Coming, Somebody, Stage


async def knows(who: Somebody, need: Need) -> None:
    """They can help others with this, and agree to be introduced."""
    async with who.stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, who.id)
        assert person is not None
        await needs.offer(session, person, [need])
        await consents.switch(
            session, person, {Purpose.MATCHING}, who.stage.now, version="1", language="fr"
        )


async def asks(who: Somebody, text: str) -> None:
    """Put up an ask for advice about export, everywhere."""
    await who.says("/menu")
    await who.presses("📌 Asks and offers")
    await who.presses("✏️ Ask or offer something")
    await who.presses("🔎 I look for something")
    await who.presses("🔎 Advice")
    await who.presses("Selling to other countries")
    await who.presses("🌍 Everywhere")
    await who.says(text)


QUESTION = "أريد بيع التوابل في ألمانيا. من فعل ذلك؟"


async def test_an_ask_in_arabic_is_answered_in_french(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    salma = await stage.member("Salma", "ar", username="salma_spices")
    jean = await stage.member("Jean", "fr", username="jean_exports")
    await knows(jean, Need.EXPORT)
    await asks(salma, "اتصلوا بي 0612345678")
    salma.sees_last("Please write it without telephone numbers")
    await salma.says(QUESTION)
    salma.sees_last("👁 This is what members get:", QUESTION)
    await salma.presses("📌 Put it up")
    salma.sees_last("at most 20 members see it")
    boss.sees_last("👀 A member asks or offers something for the first time.")
    await boss.presses("Read it")
    boss.sees_last(QUESTION)
    await boss.presses("✅ Publish it")
    salma.sees_last("✅ The team has read what you wrote.")
    await stage.play(minutes=1)
    jean.sees_last("👋 A member looks for something that you know about.", QUESTION)
    await jean.presses("✏️ Answer it")
    await jean.says("Je l'ai fait, volontiers.")
    salma.sees_last("🔔 You have a new message.")
    await salma.presses("Read it")
    salma.sees_last("Je l'ai fait, volontiers.")
    await salma.presses("✏️ Write back")
    await salma.says("شكرا!")
    await jean.presses("Read it")
    jean.sees_last("شكرا!")
    for secret in ("Salma", "salma_spices"):
        assert secret not in jean.screen
    for secret in ("Jean", "jean_exports"):
        assert secret not in salma.screen
    await salma.presses("To the ask or offer")
    await salma.presses("💬 Answer {n}", n="1")
    await salma.presses("👤 Show them my contact")
    await salma.presses("Yes, show it")
    jean.sees_last("👤 Somebody whom you have written with here shows you their contact.")
    await jean.presses("Show it")
    jean.sees_last("Salma", "salma_spices")
    assert "jean_exports" not in salma.screen
    await jean.presses("👤 Show them my contact")
    await jean.presses("Yes, show it")
    await salma.presses("Show it")
    salma.sees_last("Jean", "jean_exports")
    await salma.presses("🎉 Found through them")
    await salma.presses("Advice")
    salma.sees_last("🎉 Found. Nobody sees it any more.")
    jean.sees_last("🎉 What you have answered has been found. Thank you!")


async def test_what_nobody_renews_ends_after_two_questions(stage: Stage, animator: Coming) -> None:
    await animator()
    salma = await stage.member("Salma", "en")
    await asks(salma, "I look for a supplier of boxes.")
    await salma.presses("📌 Put it up")
    await stage.play(minutes=int(timedelta(days=25, hours=1).total_seconds() / 60))
    salma.sees_last("⏳ Does this still hold?", "I look for a supplier of boxes.")
    await salma.presses("🔁 30 days more")
    salma.sees_last("at most 20 members see it")
    await stage.play(minutes=int(timedelta(days=31).total_seconds() / 60))
    salma.sees_last("⏳ The time of what you wrote is over.")
