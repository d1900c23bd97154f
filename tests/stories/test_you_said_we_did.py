"""What a coordinator decides in French comes back to a member who reads Ukrainian."""

from sqlalchemy import select

from community import people, roles, translating
from community.decisions import Decision
from community.roles import RoleName
from community.translations import ContentText, seal
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.steps import an_event
from tests.stories.test_translators import has_button

SAID = "Les rencontres du soir sont difficiles avec des enfants."
DOES = "Une rencontre sur deux a lieu le samedi matin."
IN_UKRAINIAN = {
    "said": "Вечірні зустрічі незручні тим, у кого є діти.",
    "does": "Кожна друга зустріч відбувається в суботу вранці.",
}


async def holds(somebody: Somebody, by: Somebody, *names: RoleName) -> None:
    async with somebody.stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, somebody.id)
        assert person is not None
        now = somebody.stage.now
        session.add_all(roles.Role(person_id=person.id, name=one, granted_at=now) for one in names)


async def is_translated(translator: Somebody, reader: Somebody) -> None:
    """Let a translator write the words in Ukrainian, and somebody else say that they are right."""
    async with translator.stage.app.database.transaction() as session:
        now = translator.stage.now
        writer = await people.by_telegram_id(session, translator.id)
        second = await people.by_telegram_id(session, reader.id)
        assert writer is not None
        assert second is not None
        decision = await session.scalar(select(Decision))
        assert decision is not None
        for field, text in IN_UKRAINIAN.items():
            key = ("decision", decision.ref, field, "uk")
            source = await session.scalar(
                select(ContentText.text).where(
                    ContentText.subject == "decision",
                    ContentText.field == field,
                    ContentText.is_source,
                )
            )
            assert source is not None
            await translating.write(session, writer, key, text, now, seen=seal(source, None))
            await translating.approve(session, second, key, seal(source, text), now)


async def test_what_was_decided_in_french_is_read_in_ukrainian(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("en")
    await an_event(boss, title="Saturday coffee")
    claire, oksana = await stage.member("Claire", "fr"), await stage.member("Oksana", "uk")
    taras = await stage.member("Taras", "uk")
    await holds(claire, boss, RoleName.COORDINATOR)
    await holds(taras, boss, RoleName.TRANSLATOR)

    # The coordinator ends a report in a decision, and links it to what it changed.
    await claire.says("/report")
    await claire.presses("📌 Decisions")
    await claire.presses("➕ New decision")
    await claire.presses("2025")
    await claire.says(SAID)
    await claire.says(DOES)
    claire.sees_last(SAID, DOES)
    claire.sees_last("✏️ A draft: members do not see it yet.")
    await claire.presses("🔗 What it changed")
    await claire.presses("An event")
    await claire.presses("Saturday coffee")
    claire.sees_last("🔗 {kind}: {name}", name="Saturday coffee")

    # Nobody else reads a draft.
    await oksana.says("/news")
    assert not has_button(oksana, "📌 What became of what you said")
    await claire.presses("📢 Let members read it")
    await is_translated(taras, claire)

    # A member reads it at /news, in her language.
    await oksana.says("/news")
    await oksana.presses("📌 What became of what you said")
    oksana.sees_last(*IN_UKRAINIAN.values())

    # And it comes to her: a newsletter like any other, seen before it is made.
    await claire.presses("All decisions")
    await claire.presses("📣 Tell the members")
    claire.sees_last(SAID, DOES)
    claire.sees_last("This is how the newsletter begins:")
    await claire.presses("✅ Make the draft")
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("Vous l’avez dit, nous l’avons fait")
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await stage.play(minutes=1)
    oksana.sees_last("Ви сказали — ми зробили", *IN_UKRAINIAN.values())
    assert SAID not in oksana.screen

    # It is told once.
    await claire.says("/report")
    await claire.presses("📌 Decisions")
    assert not has_button(claire, "📣 Tell the members")

    # The activity leads back to it, and the page to publish has it.
    await claire.presses("📄 A page to publish")
    await claire.presses("Українська")
    page = claire.picture(claire.last).decode()
    assert '<html lang="uk" dir="ltr">' in page
    assert IN_UKRAINIAN["does"] in page
    assert "Saturday coffee" in page
    assert "<script" not in page


async def test_an_event_leads_to_the_decisions_that_changed_it(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("ar")
    await holds(boss, boss, RoleName.COORDINATOR)
    await an_event(boss, title="Coffee")
    await boss.presses("📌 Decisions about it")
    boss.sees_last("None has changed it so far. Link one with ➕.")
    await boss.presses("➕ New decision")
    await boss.presses("2025")
    await boss.says("قيل")
    await boss.says("نفعل")
    boss.sees_last("🔗 {kind}: {name}", name="Coffee")
    await boss.presses("✖️ {name}", name="Coffee")
    boss.sees_last("قيل")
    assert "🔗" not in boss.last["text"]
    await boss.presses("It worked in part")
    boss.sees_last("It worked in part")
