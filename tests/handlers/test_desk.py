"""The animator's desk: what the cards show, to whom, and where their buttons lead."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.database import Database
from community import attendance, consents, deliveries, people, roles, sends
from community.attendance import Wish
from community.consents import Purpose
from community.deliveries import Delivery, Plan
from community.deliveries import State as Row
from community.events import Event
from community.roles import Role, RoleInvitation, RoleName
from community.sends import Send, approving
from community.translations import Fallback
from tests.handlers.conftest import Calling

ANIMATOR, ADMINISTRATOR = RoleName.ANIMATOR, RoleName.ADMINISTRATOR


async def the(database: Database, table: Any) -> Any:
    """Return the newest row of a table."""
    async with database.transaction() as session:
        return await session.scalar(select(table).order_by(table.id.desc()).limit(1))


async def agree_to_news(database: Database, *numbers: int) -> None:
    async with database.transaction() as session:
        for number in numbers:
            person = await people.by_telegram_id(session, number)
            assert person is not None
            await consents.switch(
                session, person, {Purpose.NEWS}, person.met_at, version="1", language="en"
            )


async def test_only_the_team_reaches_the_desk_and_sees_what_its_roles_allow(
    phone: Calling,
) -> None:
    member = await phone(1)
    await member.says("/animate")
    assert member.toasts == ["You cannot do this with the role you have."]
    animator = await phone(2, "en", ANIMATOR)
    await animator.says("/animate")
    assert animator.buttons == [
        "☀️ Today",
        "📅 Events",
        "📰 Newsletters",
        "🗞 Digest",
        "🌐 Translations",
        "✉️ Inbox",
        "📇 Contacts",
        "✅ Tasks",
        "🗒 Templates",
        "🏠 Venues",
        "📌 Groups",
        "🙌 Face to face",
        "💬 What members think",
        "🎓 Lessons",
        "🎒 Courses",
        "📤 Tell others",
        "📣 Partners",
        "👥 Team",
    ]
    boss = await phone(3, "en", ADMINISTRATOR)
    await boss.says("/animate")
    assert boss.buttons == ["👥 Team"]


@pytest.mark.parametrize(
    "data",
    ["pl:0", "pn", "pe:x:event", "pd:x:cancel!", "sl", "nl:x:card", "sd:x:now:0", "ti:animator:"],
)
async def test_a_member_who_forges_a_button_of_the_desk_is_refused(
    phone: Calling, data: str
) -> None:
    member = await phone(1)
    await member.sends_data(data)
    assert member.toasts == ["You cannot do this with the role you have."]
    assert not member.seen


async def test_an_event_from_the_idea_to_its_preview_in_arabic(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    guest = await phone(2, "ar")
    await animator.says("/animate")
    await animator.presses("Events")
    await animator.presses("New event")
    await animator.says("Taxes for beginners")
    await animator.says("yesterday")
    assert "I could not read that date" in animator.toasts[-1]
    await animator.says("Tue 18:00")
    assert "I understood: Tuesday 24 November" in animator.last
    assert "18:00" in animator.last
    await animator.says("Library, Main Street 1")
    assert "A draft" in animator.last
    assert "Library, Main Street 1" in animator.last

    await animator.presses("Description")
    await animator.says("We read a tax form together.")
    await animator.presses("Places")
    await animator.says("٢٠")
    assert "Places: 20" in animator.last
    await animator.presses("Duration")
    await animator.presses("1 hour")
    await animator.presses("Spoken there")
    await animator.presses("Arabic")
    await animator.presses("Back to the event")
    await animator.presses("Child care")
    for fact in ("We read a tax form", "Spoken there: Arabic", "There is child care", "19:00"):
        assert fact in animator.last
    await animator.presses("Languages and preview")
    assert "✏️ العربية: missing" in animator.buttons
    await animator.presses("✏️ العربية")
    assert "Taxes for beginners" in animator.last
    await animator.says("الضرائب للمبتدئين")
    await animator.says("نقرأ نموذجا معا.")
    assert "✏️ العربية: ready" in animator.buttons
    await animator.presses("👁 العربية")
    assert "الضرائب للمبتدئين" in animator.last
    preview = animator.seen[-1]
    await animator.presses(animator.buttons[0])
    assert animator.toasts[-1] == "This is only a preview."

    await animator.presses("Back to the event")
    await animator.presses("Publish")
    event = await the(database, Event)
    await guest.gets("event.card", ref=event.ref)
    assert guest.seen[-1].text == preview.text  # exactly as a reader of Arabic gets it
    assert [[b.text for b in row] for row in guest.seen[-1].rows] == [
        [b.text for b in row] for row in preview.rows
    ]


async def going(database: Database, number: int, ref: str, now: datetime) -> None:
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, number)
        assert person is not None
        await attendance.answer(session, person, ref, Wish.GOING, now, default_zone="Europe/Paris")


async def test_a_published_event_until_the_list_of_who_came(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await phone(2)
    await a_published_event(animator)
    event = await the(database, Event)
    await going(database, 2, event.ref, animator.now)
    await animator.presses("All events")
    assert any("(1 going)" in label for label in animator.buttons)
    await animator.presses("Meeting")
    await animator.presses("Time")
    await animator.says("Wed 18:00")
    assert "1 person is told in 3 minutes." in animator.last
    assert (await the(database, Delivery)).kind == "event_changed"

    animator.now = event.starts_at + timedelta(days=1)
    await animator.presses("All events")
    await animator.presses("Meeting")
    await animator.presses("Who came")
    assert "Came: 0 of 1" in animator.last
    await animator.presses("Person 2")
    assert "Came: 1 of 1" in animator.last
    assert "✅ Person 2" in animator.buttons
    await animator.presses("Person 2")
    assert "❌ Person 2" in animator.buttons
    await animator.presses("Back to the event")
    await animator.presses("Answers")
    assert "Did not come: 1" in animator.last


async def test_the_last_place_is_one_tap_and_a_link_makes_an_event_online(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await animator.says("/animate")
    await animator.presses("Events")
    for title, where in (("One", "Library"), ("Two", None), ("Three", "https://example.org/x")):
        await animator.presses("New event")
        await animator.says(title)
        await animator.says("Tue 18:00")
        if where:
            await animator.says(where)
        else:
            await animator.presses("Library")
        await animator.presses("All events")
    async with database.transaction() as session:
        found = list(await session.scalars(select(Event).order_by(Event.id)))
    assert [event.place for event in found] == ["Library", "Library", None]
    assert [event.is_online for event in found] == [False, False, True]


async def test_cancelling_asks_once_more_and_says_how_many_are_told(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await phone(2)
    await a_published_event(animator)
    event = await the(database, Event)
    await going(database, 2, event.ref, animator.now)
    await animator.presses("Cancel the event")
    assert "1 person will be told now." in animator.last
    await animator.presses("Yes, cancel it")
    assert "This event has been cancelled." in animator.last
    assert (await the(database, Delivery)).kind == "event_cancelled"


async def a_published_event(animator: Any) -> None:
    await animator.says("/animate")
    await animator.presses("Events")
    await animator.presses("New event")
    for text in ("Meeting", "Tue 18:00", "Library"):
        await animator.says(text)
    await animator.presses("Publish")


async def a_newsletter(animator: Any) -> None:
    await animator.says("/animate")
    await animator.presses("Newsletters")
    await animator.presses("New newsletter")
    await animator.says("Winter news")
    await animator.says("The office is closed in January.")


async def test_a_newsletter_in_two_languages_from_writing_to_the_last_outcome(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    arab, french = await phone(2, "ar"), await phone(3, "fr")
    await agree_to_news(database, 1, 2, 3)
    await a_newsletter(animator)
    await animator.presses("Languages and preview")
    await animator.presses("✏️ العربية")
    await animator.says("أخبار الشتاء")
    await animator.says("المكتب مغلق في يناير.")
    await animator.presses("👁 العربية")
    preview = animator.seen[-1]
    await animator.presses("👁 Français")
    assert "The office is closed in January." in animator.last
    await animator.presses("They get nothing")
    await animator.presses("👁 Français")
    assert animator.last == "Readers of this language get nothing: French"
    await animator.presses("They get English")
    await animator.presses("Back to the message")
    await animator.presses("Who gets it")
    ready = "they get their second language if it is ready, else this one, with a notice"
    instead = f"Not translated: {ready}: English"
    assert f"French: fewer than 5. {instead}" in animator.last
    assert "Arabic: fewer than 5" in animator.last
    assert "All together: fewer than 5" in animator.last
    await animator.presses("Back to the message")
    await animator.presses("Test to me")
    await animator.presses("العربية")
    assert animator.seen[-1].text == preview.text

    await animator.presses("It is ready")
    await animator.presses("Send now")
    assert "It goes out in a few seconds." in animator.last
    assert not animator.is_still()
    send = await the(database, Send)
    async with database.transaction() as session:
        await sends.start_due(session, animator.now + sends.UNDO, network_language="en")
    await animator.gets("send.card", ref=send.ref)
    assert "0 of 3" in animator.last
    assert "Still to go: 3" in animator.last
    await arab.gets("newsletter", ref=send.ref)
    assert arab.seen[-1].text == preview.text
    assert arab.buttons == [button.text for row in preview.rows for button in row]
    await french.gets("newsletter", ref=send.ref)
    assert "Langue : anglais" in french.last
    async with database.transaction() as session:
        for row in await session.scalars(select(Delivery).where(Delivery.send_id == send.id)):
            row.state = Row.SENT
        await sends.finish(session, animator.now)
    await animator.gets("send.card", ref=send.ref)
    assert "It has gone out." in animator.last
    assert "Sent: 3" in animator.last
    assert "Together: 3" in animator.last
    assert animator.is_still()
    await arab.says("/news")
    assert "أخبار الشتاء" in arab.last


async def test_send_now_is_undone_by_one_button(phone: Calling, database: Database) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await agree_to_news(database, 1)
    await a_newsletter(animator)
    await animator.presses("It is ready")
    await animator.presses("Send now")
    await animator.presses("Undo")
    assert "A draft" in animator.last
    assert animator.toasts == ["Taken back. Nothing was sent."]
    assert animator.is_still()


async def test_an_announcement_is_a_send_of_the_event(phone: Calling, database: Database) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await agree_to_news(database, 1)
    await a_published_event(animator)
    await animator.presses("Tell the members")
    await animator.presses("Languages and preview")
    await animator.presses("👁 English")
    assert "Meeting" in animator.last
    await animator.presses("Back to the message")
    await animator.presses("It is ready")
    await animator.presses("Send later")
    await animator.says("tomorrow 10:00")
    assert "It goes out on Tuesday 24 November" in animator.last


async def test_a_large_send_is_approved_by_a_second_person(
    phone: Calling, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approving, "FOUR_EYES_ABOVE", 0)
    animator = await phone(1, "en", ANIMATOR)
    boss = await phone(2, "en", ADMINISTRATOR)
    await agree_to_news(database, 1)
    await a_newsletter(animator)
    await animator.presses("It is ready")
    assert "It waits for a second person" in animator.last
    assert "✅ Approve" not in animator.buttons
    send = await the(database, Send)
    await boss.gets("team_notice.review", ref=send.ref)
    await boss.presses("Look at it")
    assert "The office is closed" in boss.last
    await boss.presses("Approve")
    assert "📤 Send now" not in boss.buttons
    await animator.gets("team_notice.reviewed", ref=send.ref)
    assert "has been approved" in animator.last
    assert await boss.gets("team_notice.review", ref=send.ref) is None


async def test_a_role_is_given_by_link_and_confirmed_by_who_gave_it(
    phone: Calling, database: Database
) -> None:
    boss, guest = await phone(1, "en", ADMINISTRATOR), await phone(2, "ar")
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("Invite an animator")
    assert "https://t.me/diwan_bot?start=i-" in boss.last
    assert boss.seen[-1].file is not None
    payload = boss.last.partition("?start=")[2].split()[0]
    assert len(payload) <= 64
    from handlers import team

    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 2)
        assert person is not None
        replies = await team.accept_invitation(session, person, payload[2:], boss.now)
    await guest.gets(replies[0].kind, **replies[0].args)
    invitation = await the(database, RoleInvitation)
    notice = await the(database, Delivery)
    await boss.gets(notice.kind, **notice.args)
    assert "Person 2 has opened your invitation as Animator." in boss.last
    await boss.presses("Yes, confirm")
    assert "Person 2 is now: Animator." in boss.last
    notice = await the(database, Delivery)
    assert notice.args == {"what": "granted", "ref": invitation.ref}
    await guest.gets(notice.kind, **notice.args)
    await guest.says("/animate")
    await boss.presses("The team")
    await boss.presses("✖️ Person 2")
    await boss.presses("Yes, take it back")
    await guest.says("/animate")
    assert len(guest.toasts) == 1


async def test_an_administrator_may_work_as_an_animator_too(phone: Calling) -> None:
    boss = await phone(1, "en", ADMINISTRATOR)
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("I work as an animator too")
    assert "📅 Events" in boss.buttons


async def test_the_join_link_is_a_link_and_a_picture_and_can_be_withdrawn(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await animator.says("/animate")
    await animator.presses("Team")
    assert not any("Invite an administrator" in label for label in animator.buttons)
    await animator.presses("Invite members")
    assert "https://t.me/diwan_bot?start=j-" in animator.last
    assert animator.seen[-1].file is not None
    await animator.presses("Withdraw")
    assert "leads nowhere" in animator.last


async def test_who_lost_the_role_is_refused_at_an_old_button(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await animator.says("/animate")
    async with database.transaction() as session:
        role = await session.scalar(select(Role))
        assert role is not None
        role.revoked_at = animator.now
    await animator.presses("Events")
    assert animator.toasts == ["You cannot do this with the role you have."]


async def test_reminders_that_may_not_have_arrived_are_sent_again_by_one_button(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await a_published_event(animator)
    event = await the(database, Event)
    async with database.transaction() as session:
        for number in (1, 2):
            person = await people.meet(session, number, animator.now)
            key = f"event_reminder:{number}"
            args = {"ref": event.ref, "which": "day"}
            plan = Plan("event_reminder", person.id, key, animator.now, args)
            await deliveries.plan(session, animator.now, plan)
        for row in await session.scalars(select(Delivery)):
            row.state = Row.UNCERTAIN
    await animator.says("/animate")
    await animator.presses("Not sure it arrived")
    await animator.presses("Send again to 2 people: reminder of Meeting")
    assert animator.toasts[-1] == "2 messages go out again."
    assert animator.last == "There is nothing of which we are not sure."
    assert (await the(database, Delivery)).state == Row.QUEUED


@pytest.mark.parametrize("rule", list(Fallback))
async def test_the_dry_run_tells_no_group_of_few_and_nothing_that_gives_it_away(
    phone: Calling, database: Database, rule: Fallback
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    for number in range(10, 22):
        await phone(number, "en")
    await phone(30, "uk")
    await agree_to_news(database, *range(10, 22), 30)
    await a_newsletter(animator)
    send = await the(database, Send)
    async with database.transaction() as session:
        (await session.get_one(Send, send.id)).fallback = rule
    await animator.gets("send.who", ref=send.ref)
    assert "English: not shown" in animator.last
    assert "Ukrainian: fewer than 5. Not translated" in animator.last
    assert "All together: not shown" in animator.last
    assert "12" not in animator.last
    assert "Do not want news: fewer than 5" in animator.last


async def test_every_event_is_reached_what_is_to_come_before_what_was(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    for number in range(25):
        await animator.sends_data("pn")
        await animator.says(f"Meeting {number}")
        await animator.says((animator.now + timedelta(days=number + 1)).strftime("%d.%m.%Y 18:00"))
        await animator.says("Library")
    animator.now += timedelta(days=4)
    await animator.presses("All events")
    listed = [label for label in animator.buttons if "Meeting" in label]
    while "Next page" in animator.buttons:
        await animator.presses("Next page")
        listed += [label for label in animator.buttons if "Meeting" in label]
    numbers = [int(label.rpartition(" ")[2]) for label in listed]
    assert numbers == [*range(3, 25), 2, 1, 0]


async def test_the_desk_of_an_event_under_way_has_only_buttons_that_work(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await a_published_event(animator)
    event = await the(database, Event)
    animator.now = event.starts_at + timedelta(minutes=10)
    await animator.presses("All events")
    await animator.presses("Meeting")
    for gone in ("📅 Time", "📍 Place", "📣 Tell the members"):
        assert gone not in animator.buttons
    await animator.presses("Child care")
    await animator.presses("Places")
    await animator.says("30")
    await animator.presses("Duration")
    await animator.says("180")
    for fact in ("There is child care", "Places: 30", "18:00–21:00"):
        assert fact in animator.last
    assert animator.toasts == ["Published. Now you can tell the members."]
    for what, text in (("when", "Fri 18:00"), ("where", "Elsewhere")):
        await animator.sends_data(f"pq:{event.ref}:{what}")
        await animator.says(text)
        assert animator.toasts.pop() == "It is too late for that."


async def test_a_draft_whose_day_has_passed_can_be_moved_but_not_published(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    await animator.sends_data("pn")
    for text in ("Meeting", "Tue 18:00", "Library"):
        await animator.says(text)
    animator.now += timedelta(days=3)
    await animator.presses("All events")
    await animator.presses("Meeting")
    assert "✅ Publish" not in animator.buttons
    await animator.presses("Time")
    await animator.says("Sat 18:00")
    assert "✅ Publish" in animator.buttons


async def test_who_confirms_twice_reads_that_it_is_confirmed_already(
    phone: Calling, database: Database
) -> None:
    boss, guest = await phone(1, "en", ADMINISTRATOR), await phone(2)
    await boss.sends_data("ti:animator:")
    payload = boss.last.partition("?start=")[2].split()[0]
    await guest.says(f"/start {payload}")
    invitation = await the(database, RoleInvitation)
    for answer in (1, 1, 0):
        await boss.sends_data(f"ts:{invitation.ref}:{answer}")
    assert boss.toasts == ["You have confirmed this person already."] * 2


async def test_who_takes_another_role_reads_the_way_in(phone: Calling) -> None:
    boss = await phone(1, "en", ADMINISTRATOR)
    await boss.says("/animate")
    assert "/report" not in boss.last
    await boss.presses("Team")
    await boss.presses("I work as a coordinator too")
    assert "/report: figures and set up" in boss.last


async def test_the_last_administrator_reads_what_follows_before_going(
    phone: Calling, database: Database
) -> None:
    boss, other = await phone(1, "en", ADMINISTRATOR), await phone(2, "en", ADMINISTRATOR)
    warning = "You are the only administrator."
    await boss.sends_data("me:erase")
    assert warning not in boss.last
    await other.sends_data("me:erase")
    await other.presses("Yes, delete everything")
    await boss.sends_data("me:erase")
    assert warning in boss.last
    assert boss.buttons[0] == "👥 Team"
    async with database.transaction() as session:
        assert await roles.offer_first(session, boss.now) is None
    await boss.presses("Yes, delete everything")
    async with database.transaction() as session:
        assert await roles.offer_first(session, boss.now)


async def test_before_sending_the_animator_reads_for_how_many_it_is_night(
    phone: Calling, database: Database
) -> None:
    animator = await phone(1, "en", ANIMATOR)
    for number in range(10, 22):
        await phone(number, "en")
    await agree_to_news(database, *range(10, 22))
    await a_newsletter(animator)
    send = await the(database, Send)
    await animator.gets("send.who", ref=send.ref)
    assert "night" not in animator.last
    animator.now = animator.now.replace(hour=22)
    await animator.gets("send.who", ref=send.ref)
    assert "It is night where some of them are" in animator.last
    await agree_to_news(database, 1)
    await animator.gets("send.who", ref=send.ref)
    assert "It is night now for some of them, who get it in the morning: 13" in animator.last
