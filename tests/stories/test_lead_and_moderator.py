"""A member leads an area and hosts all its events; another settles what was reported."""

from community import areas, people, roles, translations
from community.lifecycle import Who
from community.roles import RoleName
from tests.stories.conftest import BOTH_WAYS, Coming, Somebody, Stage
from tests.stories.reading import saying
from tests.stories.steps import an_event
from tests.stories.test_picture import listening_to
from tests.stories.test_translators import has_button

TOWN = {"en": "Old town", "ar": "البلدة القديمة", "uk": "Старе місто"}
MEETING, TEA = "Coffee for founders", "Tea elsewhere"


async def an_area(stage: Stage, boss: Somebody, language: str) -> None:
    async with stage.app.database.transaction() as session:
        person = await people.by_telegram_id(session, boss.id)
        assert person is not None
        await roles.take(session, person, RoleName.COORDINATOR, stage.now)
        area = await areas.create(session, person, "Europe/Paris", stage.now)
        name = {"name": TOWN[language]}
        await translations.write(
            session, person, "area", area.id, language, name, stage.now, by=Who.COORDINATOR
        )


async def entrusted(boss: Somebody, member: Somebody, role: str, *, where: str = "") -> None:
    """Offer a member a role by a link, for a month, and confirm who came."""
    await boss.says("/animate")
    await boss.presses("👥 Team")
    await boss.presses(role)
    if where:
        await boss.presses(where)
    data = [one["data"] for row in boss.last["buttons"] for one in row if one.get("data")]
    first = next(one for one in data if one.startswith("yl:"))
    await boss._press(boss.last["message_id"], first)
    await member.starts(boss.link())
    await boss.stage.play(minutes=1)
    await boss.presses("Yes, confirm")
    await boss.stage.play(minutes=1)


@BOTH_WAYS
async def test_a_lead_hosts_every_event_of_the_area_and_a_moderator_settles_a_report(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await an_area(stage, boss, team)
    lead, guest = await stage.member("Amina", reader), await stage.member("Salma", reader)
    keeper = await stage.member("Olena", reader)
    await entrusted(boss, lead, "➕ Invite a community lead", where=TOWN[team])
    await entrusted(boss, keeper, "➕ Invite a moderator")
    await an_event(boss, title=TEA)
    await an_event(boss, title=MEETING, days=3)
    await boss.presses("🗺 Area")
    await boss.presses(TOWN[team])

    # The lead's own buttons: this event, and not the one of no area.
    await guest.says("/menu")
    assert not has_button(guest, "🤝 Events I host")
    assert not has_button(guest, "🚩 What was reported")
    await lead.says("/menu")
    assert not has_button(lead, "🚩 What was reported")
    await lead.presses("🤝 Events I host")
    assert has_button(lead, MEETING)
    assert not has_button(lead, TEA)

    # A guest asks, the lead answers, and the guest reports it.
    await guest.says("/events")
    await guest.presses(MEETING)
    await guest.presses("❓ Ask the organisers")
    await guest.says("Is there a lift?")
    await stage.play(minutes=1)
    await lead.presses(MEETING)
    await lead.presses("💬 A question about it")
    await lead.presses("✏️ Write back")
    await lead.says("Pay me first.")
    await stage.play(minutes=1)
    await guest.presses("Read it")
    await guest.presses("🚩 Report it")
    await guest.presses("Yes, report it")

    # The moderator reads what was written, not of whom it is, and settles it.
    await keeper.says("/menu")
    assert not has_button(keeper, "🤝 Events I host")
    await keeper.presses("🚩 What was reported")
    await keeper.presses("🚩 {day}: reported messages")
    keeper.sees_last("Pay me first.")
    for name in ("Amina", "Salma"):
        assert name not in keeper.last["text"]
    await keeper.presses("Settled")
    keeper.sees_last("Nothing has been reported.")
    await boss.says("/animate")
    await boss.presses("Inbox")
    boss.sees_last("Nobody is waiting for an answer.")

    # Both end by themselves with the month; the old button is refused, and /menu has none.
    await lead.says("/menu")
    await lead.presses("🤝 Events I host")
    await stage.play(days=32)
    for member, label in ((lead, "🤝 Events I host"), (keeper, "🚩 What was reported")):
        await member.says("/menu")
        assert not has_button(member, label)
    told = listening_to(stage, lead)
    await lead.presses(MEETING)  # the old button of the list
    assert saying(reader, "You cannot do this with the role you have.").search(told[-1])
