"""What several stories do: by the buttons, in the language of whoever presses them."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from community import agreements, areas, people, providers, roles
from community.needs import Need
from community.roles import RoleName
from community.translations import ContentText
from locales import native_name
from tests.stories.conftest import Somebody


async def a_draft(boss: Somebody, *, days: int = 2, title: str = "Coffee for founders") -> None:
    """Begin an event: title, time, place."""
    start = boss.stage.now + timedelta(days=days)
    await boss.says("/animate")
    await boss.presses("Events")
    await boss.presses("New event")
    await boss.says(title)
    await boss.says(start.strftime("%d.%m.%Y 18:00"))
    await boss.says("Library, Main street 1")
    boss.sees_last("A draft: members do not see it yet.", "Library, Main street 1")


async def an_event(
    boss: Somebody,
    *,
    places: int | None = None,
    days: int = 2,
    title: str = "Coffee for founders",
) -> None:
    """Create and publish an event."""
    await a_draft(boss, days=days, title=title)
    if places is not None:
        await boss.presses("👥 Places")
        await boss.says(str(places))
    await boss.presses("Publish")


async def announced(boss: Somebody) -> None:
    """Tell the members, and let the twenty seconds of undo pass."""
    await boss.presses("Tell the members")
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await boss.stage.play(minutes=1)


async def a_newsletter(
    boss: Somebody,
    title: str = "Winter news",
    body: str = "The office is closed in January.",
) -> None:
    """Write a newsletter."""
    await boss.says("/animate")
    await boss.presses("Newsletters")
    await boss.presses("New newsletter")
    await boss.says(title)
    await boss.says(body)


IN_UKRAINIAN = ("Зимові новини", "У січні офіс зачинено.")


async def in_ukrainian(boss: Somebody) -> None:
    """Write the newsletter that is open in Ukrainian, too; its languages are shown then."""
    await boss.presses("Languages and preview")
    await boss.presses("✏️ Українська")
    for words in IN_UKRAINIAN:
        await boss.says(words)


async def goes_out(boss: Somebody) -> None:
    """Send what is written, and let the time to undo it pass."""
    await boss.presses("It is ready")
    await boss.presses("Send now")
    await boss.stage.play(minutes=1)


async def works_as_an_animator(boss: Somebody) -> None:
    """Take the role, as an administrator may."""
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("I work as an animator")


async def works_as_a_coordinator(boss: Somebody) -> None:
    """Take the role, as an administrator may."""
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("I work as a coordinator")


async def a_directory(boss: Somebody) -> None:
    """There is an area, an organisation with an active agreement, and a service with steps.

    Made by the verbs that the chat uses, in one transaction; ``sets_up_a_directory`` makes the
    same, row by row, in thirty taps, and ``test_setting_up_a_directory`` compares them.
    """
    now = boss.stage.now
    async with boss.stage.app.database.transaction() as session:
        actor = await people.by_telegram_id(session, boss.id)
        assert actor is not None
        await roles.take(session, actor, RoleName.COORDINATOR, now)
        town = await areas.create(
            session, actor, "Europe/Paris", now, latitude=48.85, longitude=2.35
        )
        for language, name in ((boss.language, "Old Town"), ("uk", "Старе місто")):
            await providers.translate(
                session, actor, "area", town.ref, language, {"name": name}, now
            )
        chamber = await providers.create_organization(
            session, actor, "Chamber of Commerce", boss.language, now
        )
        today = now.astimezone(ZoneInfo("Europe/Paris")).date()
        await agreements.activate(
            session, actor, chamber.ref, now, signed_on=today, basis=agreements.Basis.CONSENT
        )
        await providers.create_service(
            session,
            actor,
            chamber.ref,
            Need.FINANCE,
            [boss.language],
            {"name": "Start-up advice", "description": "We help you to write a plan."},
            boss.language,
            now,
            area_ref=town.ref,
            online=False,
            cost=Decimal(0),
            steps=["Make an appointment", "Bring your ideas"],
        )


async def sets_up_a_directory(boss: Somebody) -> None:
    """Set up the same in the chat."""
    await works_as_a_coordinator(boss)
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("Areas")
    await boss.presses("New area")
    await boss.says("Old Town")
    await boss.presses("{zone}, like the network", zone="Europe/Paris")
    await boss.shares_location(48.85, 2.35)
    boss.sees_last("Old Town", "48.85")
    await boss.presses("Українська")
    await boss.says("Старе місто")
    await boss.presses("All areas")
    await boss.presses("Back")
    await boss.presses("Organisations")
    await boss.presses("New organisation")
    await boss.says("Chamber of Commerce")
    await boss.presses("The agreement is signed")
    await boss.presses("Today")
    await boss.presses("The person's consent")
    await boss.presses("Skip")
    boss.sees_last("The agreement is active: people can be referred.")
    await boss.presses("New service")
    await boss.says("Start-up advice")
    await boss.presses("Money to start")
    await boss.presses("Old Town")
    await boss.presses("Free of charge")
    await boss.says("We help you to write a plan.")
    await boss.says("1. Make an appointment\n2. Bring your ideas")
    boss.sees_last("Start-up advice", "1. Make an appointment", "Free of charge")


async def another_organization(boss: Somebody, *, agreement: bool = True) -> None:
    """Add a second organisation, with a service for the same need."""
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("Organisations")
    await boss.presses("New organisation")
    await boss.says("Credit Union")
    if agreement:
        await boss.presses("The agreement is signed")
        await boss.presses("Today")
        await boss.presses("The person's consent")
        await boss.presses("Skip")
    await boss.presses("New service")
    await boss.says("Small loans")
    await boss.presses("Money to start")
    await boss.presses("Old Town")
    await boss.presses("Free of charge")
    await boss.says("We lend small sums.")
    await boss.says("1. Bring your papers")
    boss.sees_last("Small loans")


async def staff(
    boss: Somebody,
    language: str = "en",
    organization: str = "Chamber of Commerce",
    name: str = "Adviser",
) -> Somebody:
    """Invite somebody as an organisation's staff, and confirm them."""
    async with boss.stage.app.database.transaction() as session:
        actor = await people.by_telegram_id(session, boss.id)
        assert actor is not None
        theirs = await session.scalar(
            select(ContentText.subject_id).where(
                ContentText.subject == "organization", ContentText.text == organization
            )
        )
        token = await roles.invite(
            session, actor, RoleName.PROVIDER_STAFF, boss.stage.now, organization_id=theirs
        )
    return await _comes_as_staff(boss, language, name, f"i-{token}")


async def invites_staff(boss: Somebody, language: str = "en", name: str = "Adviser") -> Somebody:
    """The same, in the chat."""
    await boss.says("/animate")
    await boss.presses("Team")
    await boss.presses("Invite a provider's staff")
    await boss.presses("Chamber of Commerce")
    return await _comes_as_staff(boss, language, name, boss.link())


async def _comes_as_staff(boss: Somebody, language: str, name: str, link: str) -> Somebody:
    adviser = boss.stage.meet(name, language)
    await adviser.starts(link)
    await adviser.presses(native_name(language))
    await boss.presses("Yes, confirm")
    return adviser


async def a_request(member: Somebody) -> None:
    """Go from a need to a request that is sent."""
    await member.says("/support")
    await member.presses("Money to start")
    await member.presses("Start-up advice")
    await member.presses("⬜ 1")
    member.sees_last("✅ 1. ", "⬜ 2. ")
    await member.presses("Refer me")
    member.sees_last("This goes to {organization}, and nothing else", "Amina")
    await member.presses("Add a note")
    await member.says("I want to open a bakery.")
    member.sees_last("I want to open a bakery.")
    await member.presses("I agree, send it")
    member.sees_last("Your request is on its way")


async def a_request_without_steps(member: Somebody) -> None:
    """The same in fewer taps."""
    await member.says("/support")
    await member.presses("Money to start")
    await member.presses("Start-up advice")
    await member.presses("Refer me")
    await member.presses("I agree, send it")
    member.sees_last("Your request is on its way")
