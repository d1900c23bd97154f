"""Lists of a directory that was imported: more than Telegram takes buttons, page after page."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from bot.database import Database
from community import agreements, events, inbox, people, plans, providers
from community.needs import Need
from community.providers import Metadata, Organization, Service, entries
from community.roles import Role, RoleName
from community.translations import ContentText, State
from tests.agreeing import agreed
from tests.handlers.conftest import Calling, Phone

MANY = 120


@pytest.fixture
async def boss(phone: Calling, database: Database) -> Phone:
    """A coordinator, 120 organisations that wait to be confirmed, and 120 services of the first;
    the coordinator is of its staff as well."""
    boss = await phone(1, "en", RoleName.COORDINATOR)
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, boss.number)
        assert person is not None
        made_at = boss.now - timedelta(days=70)
        organizations = [Organization(made_at=made_at) for _ in range(MANY)]
        session.add_all(organizations)
        await session.flush()
        first = organizations[0]
        services = [
            Service(organization_id=first.id, need=Need.TAX, languages=["en"], made_at=made_at)
            for _ in range(MANY)
        ]
        session.add_all(services)
        session.add(
            Role(
                person_id=person.id,
                name=RoleName.PROVIDER_STAFF,
                organization_id=first.id,
                granted_at=boss.now,
            )
        )
        await session.flush()
        await session.execute(
            insert(ContentText),
            [
                {
                    "subject": subject,
                    "subject_id": row_id,
                    "language": "en",
                    "field": "name",
                    "text": f"{called} {number}",
                    "state": State.APPROVED,
                    "is_source": True,
                    "written_at": boss.now,
                }
                for subject, called, numbers in (
                    ("organization", "House", [row.id for row in organizations]),
                    ("service", "Help", [row.id for row in services]),
                )
                for number, row_id in enumerate(numbers, 1)
            ],
        )
    return boss


def numbered(boss: Phone, called: str) -> list[int]:
    return [int(label.split()[-1]) for label in boss.buttons if f"{called} " in label]


async def pages(boss: Phone, called: str) -> list[int]:
    """Turn to the last page; return the numbers of what stood on each."""
    seen = numbered(boss, called)
    while "Next page" in boss.buttons:
        await boss.presses("Next page")
        seen += numbered(boss, called)
    return seen


async def test_a_coordinator_turns_the_pages_of_all_organisations(boss: Phone) -> None:
    await boss.says("/report")
    await boss.presses("Set up the network")
    await boss.presses("🏢 Organisations")
    assert "There are 120 organisations." in boss.last
    assert await pages(boss, "House") == [*range(1, MANY + 1)]
    await boss.presses("Previous page")
    assert "Next page" in boss.buttons


async def test_a_coordinator_turns_the_pages_of_an_organisations_services(boss: Phone) -> None:
    await boss.sends_data("sb:0")
    await boss.presses("House 1")
    assert "120 services" in boss.last
    assert "➕ New service" in boss.buttons
    assert await pages(boss, "Help") == [*range(1, MANY + 1)]
    await boss.presses("Help 120")
    assert "Help 120" in boss.last


async def test_an_organisation_turns_the_pages_of_its_own_services(boss: Phone) -> None:
    await boss.sends_data("oe::open")
    assert await pages(boss, "Help") == [*range(1, MANY + 1)]


async def test_the_question_whether_all_is_right_names_a_few_services_and_counts_the_rest(
    boss: Phone, database: Database
) -> None:
    async with database.transaction() as session:
        ref = await session.scalar(select(Organization.ref).order_by(Organization.id))
    await boss.gets("entry_check", ref=ref)
    assert "Some of your services: Help 1, Help 2, Help 3, Help 4 and Help 5. And 115 more." in (
        boss.last
    )


async def test_entries_to_confirm_are_read_page_by_page(boss: Phone) -> None:
    await boss.sends_data("lu:0::")
    assert "120 entries have not been confirmed for 60 days." in boss.last
    await boss.sends_data("lu:14::")
    assert [label for label in boss.buttons if "House" in label][-1].startswith("🕘 House 120")
    await boss.sends_data("lu:99::")
    assert any("House 120" in label for label in boss.buttons)


async def test_all_entries_of_a_page_are_confirmed_at_once_and_only_those_that_were_shown(
    boss: Phone, database: Database
) -> None:
    await boss.sends_data("lu:1::")
    await boss.presses("✅ All of these are right")
    assert "112 entries have not been confirmed for 60 days." in boss.last
    async with database.transaction() as session:
        rows = await session.scalars(select(Organization).order_by(Organization.id))
        assert [at for at, row in enumerate(rows, 1) if row.confirmed_at] == [*range(9, 17)]
        # Meanwhile somebody else confirms one of what is shown now: it is listed anew first.
        person = await people.by_telegram_id(session, boss.number)
        ref = await session.scalar(select(Organization.ref).order_by(Organization.id).offset(16))
        assert person is not None
        assert ref is not None
        await providers.confirm(session, person, ref, boss.now)
    await boss.presses("✅ All of these are right")
    assert "111 entries have not been confirmed for 60 days." in boss.last


async def test_a_line_far_down_in_the_log_is_found_again_and_put_back(
    boss: Phone, database: Database
) -> None:
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, boss.number)
        assert person is not None
        first = (await providers.organizations(session, 0, 1)).rows[0]
        session.add_all(
            Metadata(
                resource_type="organization",
                resource_id=first.id,
                last_action_date=boss.now - timedelta(minutes=250 - number),
                last_action_type="update",
                field_name="phone",
                previous_value=f"+33 1 40 00 0{number:03}",
            )
            for number in range(250)
        )
        await session.flush()
        oldest = await entries.log(session, person, first, boss.now, at=49, size=5)
        line, place = await entries.line(
            session, person, first, entries.seal_of(oldest.rows[-1]), boss.now
        )
        assert (line.previous_value, place) == ("+33 1 40 00 0000", 250)
        await entries.put_back(session, person, first.ref, entries.seal_of(line), boss.now)
        assert first.phone == "+33 1 40 00 0000"


async def test_agreements_are_read_page_by_page_and_what_ends_first_is_first(
    boss: Phone, database: Database
) -> None:
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, boss.number)
        assert person is not None
        rows = await session.scalars(select(Organization).order_by(Organization.id))
        refs = [row.ref for row in rows]
        await agreements.begin(session, person, refs[69], boss.now)
        for at, days in ((99, 40), (109, 20)):
            ends_at = boss.now + timedelta(days=days)
            await agreed(session, person, refs[at], boss.now, ends_at=ends_at)
    await boss.sends_data("aq:list:0")
    assert "House 110: Active" in boss.last
    found = await pages(boss, "House")
    assert found[:4] == [110, 100, 70, 1]
    assert sorted(found) == [*range(1, MANY + 1)]


async def test_the_plan_is_read_page_by_page(boss: Phone, database: Database) -> None:
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, boss.number)
        ref = await session.scalar(select(Organization.ref).order_by(Organization.id))
        assert person is not None
        assert ref is not None
        for number in range(1, 41):
            await plans.add(session, person, ref, boss.now, what=f"Task {number}")
    for data in ("pb::open:0", f"pb:{ref}:open:0"):
        await boss.sends_data(data)
        assert await pages(boss, "Task") == [*range(1, 41)]


async def test_the_inbox_is_read_page_by_page(
    boss: Phone, phone: Calling, database: Database
) -> None:
    animator = await phone(2, "en", RoleName.ANIMATOR)
    async with database.transaction() as session:
        for number in range(1, 46):
            member = await people.meet(session, 1000 + number, boss.now, name=f"Member {number}")
            await inbox.ask(session, member, "Hello", boss.now, language="en", zone="UTC")
    await animator.sends_data("ib:0")
    assert "45 messages wait" in animator.last
    assert await pages(animator, "Member") == [*range(1, 46)]


async def test_every_event_is_reached_page_by_page_by_members_and_by_the_desk(
    phone: Calling, database: Database
) -> None:
    member, animator = await phone(1, "en"), await phone(2, "en", RoleName.ANIMATOR)
    numbers = list(range(1, 31))
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, animator.number)
        assert person is not None
        for number in numbers:
            wall = (animator.now + timedelta(days=number)).replace(tzinfo=None)
            made = await events.create(
                session,
                person,
                events.Details(wall, "Europe/Paris", place="Library"),
                {"title": f"Meeting {number}"},
                "en",
                animator.now,
            )
            await events.publish(session, person, made.ref, animator.now)

    def shown(who: Phone) -> list[int]:
        labels = [label.split(" (")[0] for label in who.buttons if "Meeting" in label]
        return [int(label.split()[-1]) for label in labels]

    await member.says("/events")
    await animator.says("/animate")
    await animator.presses("Events")
    for who in (member, animator):
        seen = shown(who)
        while "Next page" in who.buttons:
            await who.presses("Next page")
            seen += shown(who)
        assert seen == numbers
        await who.presses("Previous page")
        assert shown(who)
