"""A course becomes a group of the network: from the animator's idea to news to those who stay."""

from datetime import timedelta

from sqlalchemy import select

from community.cohorts import Cohort, CohortMember
from tests.stories.conftest import BOTH_WAYS, RUNS, Coming, Somebody, Stage, directions
from tests.stories.steps import a_draft, an_event
from tests.stories.test_translators import has_button

COURSE = {"en": "Book-keeping", "ar": "المحاسبة", "fr": "Comptabilité", "uk": "Облік"}
EVENT, LETTER = "Exercises", "Bring your papers"


async def a_course(boss: Somebody, name: str) -> str:
    """Make a course that begins today and ends in a week; return the payload of its link."""
    await boss.says("/animate")
    await boss.presses("🎒 Courses")
    await boss.presses("➕ New course")
    await boss.says(name)
    await boss.presses("Skip")
    await boss.says(boss.stage.now.strftime("%d.%m.%Y"))
    await boss.says((boss.stage.now - timedelta(days=9)).strftime("%d.%m.%Y"))
    boss.sees_last("Please write a day that is still to come")
    await boss.says((boss.stage.now + timedelta(days=7)).strftime("%d.%m.%Y"))
    boss.sees_last("👥 They belong to it: {n}")
    boss.sees_last(name)
    await boss.presses("🔗 Link to join")
    boss.sees_last("Nobody is put in unasked.")
    return boss.link()


async def a_letter_for_the_course(boss: Somebody, name: str) -> None:
    """Write a newsletter for the course alone, and send it."""
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("New newsletter")
    await boss.says(LETTER)
    await boss.says("Please bring your papers next time.")
    await boss.presses("For whom")
    await boss.presses("🎒 A course")
    await boss.presses(name)
    await boss.presses("Back")
    boss.sees_last("Belonging to: {courses}", courses=name)
    await boss.presses("Back to the message")
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await boss.stage.play(minutes=1)


async def belonging(stage: Stage) -> list[CohortMember]:
    async with stage.app.database.transaction() as session:
        rows = select(CohortMember).order_by(CohortMember.joined_at)
        return list(await session.scalars(rows))


@BOTH_WAYS
async def test_a_course_from_the_animators_idea_to_its_own_event_and_news_to_who_stays(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, amina = await animator(team), await stage.member("Amina", reader)
    badr, sara = await stage.member("Badr", reader), stage.meet("Sara", reader)
    name = COURSE[team]
    link = await a_course(boss, name)

    # Who is a member reads what it means, and says yes or no.
    await amina.starts(link)
    amina.sees_last(
        "Those who take this course are a group of our network. Do you want to belong to it?",
        "• You see its events, which others do not see.",
        "• The team sees that you belong to it. Others do not.",
    )
    assert directions(amina.last["text"]) >= RUNS.get(reader, {"rightwards"})
    await badr.starts(link)
    await badr.presses("No, thank you")
    badr.sees_last("All right. The link stays good, should you change your mind.")
    assert await belonging(stage) == [], "opening a link puts nobody in"
    await amina.presses("✅ Yes, I belong to it")
    amina.sees_last("✅ You belong to it. Its events stand among yours.")

    # Who is none joins the network first, and is asked all the same.
    await sara.starts(link)
    await sara.presses({"en": "English", "ar": "العربية", "uk": "Українська"}[reader])
    sara.sees("For that you join the network first: it is free. Then say yes here.")
    await sara.presses("Join")
    await sara.presses("All")
    assert len(await belonging(stage)) == 1
    await sara.presses("✅ Yes, I belong to it")
    assert len(await belonging(stage)) == 2

    # Its own event
    await an_event(boss, title=EVENT)
    await boss.presses("👪 For whom")
    await boss.presses("🎒 A course")
    await boss.presses(name)
    boss.sees_last("Belonging to: {courses}", courses=name)
    for somebody, sees in ((amina, True), (sara, True), (badr, False)):
        await somebody.says("/events")
        assert has_button(somebody, EVENT) is sees

    # It is over: the animator is asked, and it goes on.
    await stage.play(days=9)
    await boss.says("/animate")
    await boss.presses("☀️ Today")
    await boss.presses("🎓 Over: {course}", course=name)
    boss.sees_last("It is over. Does it go on, as a group of those who were there?")
    await boss.presses("✅ It goes on")
    boss.sees_last("🎓 The course is over, and the group goes on.")
    await boss.presses("👥 Who belongs to it")
    boss.sees_last("Amina", "Sara")

    # Who leaves stays a member, and hears no more of it; news reach who stays.
    await sara.says("/me")
    await sara.presses("🎒 {course}", course=name)
    await sara.presses("🚪 Leave this group")
    await sara.presses("Yes, leave it")
    await sara.says("/me")
    assert not has_button(sara, name)
    await a_letter_for_the_course(boss, name)
    assert LETTER in amina.screen
    assert LETTER not in sara.screen + badr.screen


async def test_a_course_that_ends_lets_everybody_go_and_its_link_leads_nowhere(
    stage: Stage, animator: Coming
) -> None:
    boss, amina = await animator("en"), await stage.member("Amina", "ar")
    link = await a_course(boss, COURSE["en"])
    await amina.starts(link)
    await amina.presses("✅ Yes, I belong to it")
    await stage.play(days=9)
    await boss.says("/animate")
    await boss.presses("☀️ Today")
    await boss.presses("🎓 Over: {course}", course=COURSE["en"])
    await boss.presses("🏁 It ends here")
    boss.sees_last("🏁 It has ended: nobody belongs to it any more.")
    await amina.says("/me")
    amina.sees_last("Membership: {state}")
    assert not has_button(amina, COURSE["en"])
    badr = await stage.member("Badr", "en")
    await badr.starts(link)
    badr.sees_last("This link does not work (any more).")
    async with stage.app.database.transaction() as session:
        cohort = (await session.scalars(select(Cohort))).one()
        assert (cohort.goes_on, cohort.is_open) == (False, False)
    await a_draft(boss, title=EVENT)
    await boss.presses("👪 For whom")
    await boss.presses("🎒 A course")
    boss.sees_last("There is nothing to choose from yet.")
