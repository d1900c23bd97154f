"""A member reports another with two taps; the other is warned, answers, and it is lifted."""

from community import people, roles
from community.roles import RoleName
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.test_ask_answered import asks


async def moderates(who: Somebody) -> None:
    """They are a moderator from now on."""
    async with who.stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, who.id)
        assert person is not None
        session.add(roles.Role(person_id=person.id, name=RoleName.MODERATOR,
                               granted_at=who.stage.now))  # fmt: skip


async def test_a_report_is_judged_answered_and_lifted(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    samir = await stage.member("Samir", "fr", username="samir_sells")
    oksana = await stage.member("Oksana", "uk", username="oksana_reads")
    mona = await stage.member("Mona", "en")
    await moderates(mona)
    await asks(samir, "Achetez mes billets, tout le monde gagne.")
    await samir.presses("📌 Put it up")
    await oksana.says("/menu")
    await oksana.presses("📌 Asks and offers")
    await oksana.presses("{n} more", n="1")
    assert not any("billets" in label for label in oksana.buttons()), "she reads no French"
    await oksana.presses("🔎 Advice")
    await oksana.presses("🚩 Report it")
    await oksana.presses("The person who wrote it")
    await oksana.presses("Fraud")
    oksana.sees_last("Somebody of the team looks at it within two working days.")
    await oksana.says("/menu")
    await oksana.presses("📌 Asks and offers")
    oksana.sees_last("There is nothing here at the moment.")
    mona.sees_last("🚩 Something has been reported.")
    await mona.presses("What was reported")
    await mona.presses("🚩 {day}: {what}", day="Tue 24 Nov", what="A person")
    mona.sees_last("Why: Fraud", "Achetez mes billets")
    assert "Oksana" not in mona.screen
    assert "Samir" not in mona.screen
    await mona.presses("Warn them")
    await mona.presses("Advertising")
    mona.sees_last("Nothing has been reported.")
    oksana.sees_last("✅ The team has looked at what you reported, and settled it.")
    samir.sees_last("🔔 You have a message from the team of the network.")
    await samir.presses("Read it")
    samir.sees_last("⚠️ The team of the network warns you.", "Publicité")
    await samir.presses("✏️ Answer")
    await samir.says("Ce sont des billets de tombola pour l'école.")
    samir.sees_last("✉️ You have answered.")
    boss.sees_last("✉️ Somebody answers a decision of the team.")
    await boss.presses("Read it")
    boss.sees_last("Ce sont des billets de tombola")
    await boss.presses("Lift it")
    await samir.presses("Read it")
    samir.sees_last("✅ The team has lifted it.")


async def test_a_message_is_reported_in_arabic_and_the_suspension_answered_in_ukrainian(
    stage: Stage, animator: Coming
) -> None:
    """Salma asks in Arabic; Petro answers in Ukrainian and threatens her between two greetings."""
    boss = await animator()
    salma = await stage.member("Salma", "ar", username="salma_spices")
    petro = await stage.member("Petro", "uk", username="petro_sells")
    await asks(salma, "أبحث عن مورد للصناديق.")
    await salma.presses("📌 Put it up")
    await boss.presses("Read it")
    await boss.presses("✅ Publish it")
    await petro.says("/menu")
    await petro.presses("📌 Asks and offers")
    await petro.presses("{n} more", n="1")
    await petro.presses("🔎 Advice")
    await petro.presses("✏️ Answer it")
    await petro.says("Добрий день!")
    await salma.presses("Read it")
    for words in ("Заплати, бо пошкодуєш.", "Гарного дня!"):
        await petro.presses("✏️ Write back")
        await petro.says(words)
    await salma.presses("Read it")
    await salma.presses("🚩 Report it")
    await salma.presses("💬 Заплати, бо пошкодуєш.")
    await salma.presses("Harassment")
    salma.sees_last("Somebody of the team looks at it within two working days.")
    await boss.presses("What was reported")
    await boss.presses("🚩 {day}: {what}", day="Tue 24 Nov", what="A message")
    boss.sees_last("Заплати, бо пошкодуєш.", "Добрий день!")
    for secret in ("Гарного дня!", "Salma", "Petro"):
        assert secret not in boss.last["text"]
    await boss.presses("⛔ Suspend: {n} days", n="7")
    await boss.presses("Harassment")
    salma.sees_last("✅ The team has looked at what you reported, and settled it.")
    await petro.presses("Read it")
    petro.sees_last(
        "⛔ The team of the network has suspended you", "Until {day}. Then all is as before."
    )
    await petro.presses("✏️ Answer")
    await petro.says("Вибачте, це був жарт.")
    petro.sees_last("✉️ You have answered.")
    await boss.presses("Read it")
    boss.sees_last("Вибачте, це був жарт.")
    await boss.presses("It stays")
    await petro.presses("Read it")
    petro.sees_last("The team has read your answer. It stays as it is.")
    await salma.says("/menu")
    await salma.presses("📌 Asks and offers")
    await salma.presses("My asks and offers")
    await salma.presses("🔎 أبحث عن مورد للصناديق.")
    await salma.presses("🎉 I have found it")
    await salma.presses("A supplier")
    salma.sees_last("🎉 Found. Nobody sees it any more.")
