"""From an empty database and the administrator's link alone, in the languages of whoever acts."""

from sqlalchemy import select

from community.attendance import Attendance
from community.attendance import State as Came
from community.referrals import Referral
from community.referrals import State as Stands
from tests.stories import steps
from tests.stories.conftest import BOTH_WAYS, RUNS, Coming, Stage, directions

LITERALLY = {
    "ar": {
        "question": "السؤال 1 من 5. يمكنكم تخطي أي سؤال.",
        "notice": "اللغة: الإنجليزية",
        "going": "✅ ستحضرون.",
        "day": "الخميس، 26 نوفمبر، 6:00–8:00 م",
        "consent": "هذا يذهب إلى Chamber of Commerce، ولا شيء غيره:",
        "file": "موعد.ics",
        "outcome": "تم، وأنتم توافقون",
    },
    "uk": {
        "question": "Запитання 1 з 5. Будь-яке можна пропустити.",
        "notice": "Мова: арабська",
        "going": "✅ Ви йдете.",
        "day": "четвер, 26 листопада, 18:00–20:00",
        "consent": "Ось що отримає Chamber of Commerce, і нічого більше:",
        "file": "подія.ics",
        "outcome": "Зроблено, і ви згодні",
    },
}
"""What a reader of each language reads, typed here and taken from no catalogue."""
ANSWERS = {
    "ar": ["✅ سأحضر", "🤔 ربما", "❌ لن أحضر"],
    "uk": ["✅ Піду", "🤔 Можливо", "❌ Не піду"],
}
FIGURES = {
    "en": ("Figures for November 2026", "Came: fewer than 5"),
    "ar": ("أرقام نوفمبر 2026", "حضروا: أقل من 5"),
}


@BOTH_WAYS
async def test_the_network_is_set_up_an_event_is_answered_and_a_referral_is_confirmed(
    stage: Stage, administrator: Coming, team: str, reader: str
) -> None:
    literally = LITERALLY[reader]
    boss = await administrator(team)
    await steps.works_as_an_animator(boss)
    await steps.sets_up_a_directory(boss)
    assert directions(boss.last["text"].partition("\n")[0]) == RUNS[team]
    adviser = await steps.invites_staff(boss, team)

    amina = stage.meet("Amina", reader)
    await amina.joins()
    amina.sees_last(literally["question"])
    assert directions(amina.last["text"]) == RUNS[reader]
    await steps.an_event(boss)
    await steps.announced(boss)
    amina.sees_last("A new event in your network", literally["notice"], "Coffee for founders")
    assert "Main street" not in amina.screen  # the address is for those who go
    assert amina.buttons()[:3] == ANSWERS[reader]
    await amina.presses("Going")
    amina.sees_last(literally["going"], literally["day"], "Library, Main street 1")
    await amina.presses("Put it in my calendar")
    assert amina.last["attachment"]["file_name"] == literally["file"]
    await stage.play(days=2, hours=8)
    assert amina.times_read("A reminder: you wanted to come.") == 2
    amina.sees_last(literally["day"])
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("Coffee for founders")
    await boss.presses("Who came")
    await boss.presses("Amina")
    boss.sees_last("Came: {came} of {all}", came="1", all="1")

    await steps.a_request(amina)
    amina.sees(literally["consent"])
    adviser.sees_last("You have a new referral, or news about one.")
    assert "Amina" not in adviser.screen  # nothing personal in a notification
    await adviser.presses("Show what was shared")
    adviser.sees_last("Amina", "I want to open a bakery.", "Please answer")
    assert adviser.last["protected"]
    await adviser.presses("Accept")
    amina.sees_last("You have a new message.")
    await amina.presses("Read it")
    amina.sees_last("Accepted", "They can see:")
    await adviser.presses("It has begun")
    await adviser.presses("Completed")
    await amina.presses("Read it")
    amina.sees_last("Were you really helped?")
    await amina.presses("Yes, I was helped")
    amina.sees_last(literally["outcome"])
    adviser.sees_last("You have a new referral, or news about one.")

    await boss.says("/report")
    await boss.presses("{month}, still running")
    for line in FIGURES[team]:
        boss.sees(line)
    async with stage.app.database.transaction() as session:
        assert await session.scalar(select(Attendance.state)) == Came.ATTENDED
        assert await session.scalar(select(Referral.state)) == Stands.CONFIRMED
