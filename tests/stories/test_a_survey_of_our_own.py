"""A network asks what it wants to know itself: a file, a preview, members in their languages."""

from copy import deepcopy

from sqlalchemy import select

from community.surveys import SurveyAnswer
from locales import native_name
from tests.reports.test_xlsform_in import GOOD, Sheets, xlsx
from tests.stories.conftest import Coming, Stage
from tests.stories.reading import bare
from tests.stories.steps import works_as_a_coordinator


async def answered(stage: Stage) -> list[tuple[str, str, object]]:
    async with stage.app.database.transaction() as session:
        rows = await session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.id))
        return [(row.question, row.value, row.amount or bool(row.voice)) for row in rows]


def without(language: str) -> Sheets:
    """Return the form with the words of one language taken away."""
    sheets = deepcopy(GOOD)
    for name in ("survey", "choices"):
        at = sheets[name][0].index(language)
        for row in sheets[name]:
            row.pop(at)
    return sheets


async def test_a_survey_is_brought_as_a_file_and_members_are_asked(
    stage: Stage, animator: Coming
) -> None:
    boss = await animator("fr")
    await works_as_a_coordinator(boss)
    amina, oksana = await stage.member("Amina", "fr"), await stage.member("Oksana", "uk")
    await boss.says("/report")
    await boss.presses("📝 Surveys as files")
    await boss.presses("🗂 Our own surveys")
    await boss.presses("📥 Bring a file")
    broken = deepcopy(GOOD)
    broken["choices"][2][3] = "-"
    await boss.sends_file("markets.xlsx", xlsx(broken))
    boss.sees_last(
        "There is only a dash where the words in this language should stand: {what}.",
        what="French (fr)",
    )
    assert "« choices », ligne 3" in bare(boss.last["text"])
    await boss.sends_file("markets.xlsx", xlsx(GOOD))
    boss.sees_last("Markets", "Que vendez-vous ?", "À manger · Des habits")
    boss.sees_last("Asked only if: {condition}", condition="${sells} = 'food'")
    await boss.presses("✅ Keep it")
    await boss.presses("👥 Ask members")
    await boss.presses("✅ Yes, ask members")
    boss.sees_last("Answered to the end: {n}", n="0")

    await stage.play(minutes=2)
    await amina.presses("See the questions")
    amina.sees_last("Que vendez-vous ?")
    amina.sees_last("Nobody of the team sees who answered what.")
    await amina.presses("À manger")
    await amina.says("3")
    await amina.sends_voice(b"what else there is to say")
    amina.sees_last("Thank you! Your answers help to make this network better.")
    assert await answered(stage) == [("sells", "food", False), ("days", "", 3), ("more", "", True)]

    # Who recorded it hears it again.
    await amina.says("/me")
    await amina.presses("🎙 My voice answers")
    await amina.presses("▶️ {survey}", survey="Markets")
    assert amina.picture(amina.last) == b"what else there is to say"

    # Whose language the form does not have reads its author's, and that it is so.
    await oksana.presses("See the questions")
    oksana.sees_last("Que vendez-vous ?")
    assert "Мова: французька" in bare(oksana.last["text"])
    await oksana.presses("Des habits")
    oksana.sees_last("Autre chose ?")

    await boss.presses("Withdraw this survey")
    await boss.presses("✅ Yes, withdraw it")
    boss.sees_last("This survey is withdrawn.")
    await oksana.says("Чай")
    oksana.sees_last("These questions are closed now. Thank you all the same.")


async def test_a_link_leads_to_it_whoever_joins_first(stage: Stage, animator: Coming) -> None:
    boss = await animator()
    await works_as_a_coordinator(boss)
    await boss.says("/report")
    await boss.presses("📝 Surveys as files")
    await boss.presses("🗂 Our own surveys")
    await boss.presses("📥 Bring a file")
    await boss.sends_file(
        "markets.xlsx",
        xlsx(
            without("label::French (fr)")
            | {"settings": [GOOD["settings"][0], ["Markets", "markets", 2, "en"]]}
        ),
    )
    await boss.presses("✅ Keep it")
    await boss.presses("🔗 Make a link")
    boss.sees_last("o-")
    iryna = stage.meet("Iryna", "uk")
    await iryna.starts(boss.link())
    await iryna.presses(native_name("uk"))
    iryna.sees("The network asks its members: {n} questions.", n="3")
    await iryna.presses("▶️ Begin")
    assert await answered(stage) == []
    await iryna.presses("Join")
    await iryna.presses("All")
    await iryna.presses("▶️ Begin")
    iryna.sees("What do you sell?")
    await iryna.presses("Woolly socks")
    await iryna.says("Ні")
    iryna.sees("Thank you! Your answers help to make this network better.")
    await boss.presses("Our own surveys")
    await boss.presses("{survey}, version {n}", survey="Markets", n="2")
    boss.sees_last("Answered to the end: {n}")
