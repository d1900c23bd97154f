"""Contacts beside the members: what is kept without a consent, and what goes with it."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import contacts, team_tasks
from community.contacts import Contact, Kind
from community.errors import (
    ContactConsentError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
)
from community.people import Person
from community.roles import Role, RoleName
from community.team_tasks import TeamTask
from tests.community.test_inbox_owners import a_person

PERSONAL: list[dict[str, Any]] = [
    {"name": "Rosa"},
    {"reach": "rosa@example.org"},
    {"notes": "She likes tea"},
    {"languages": ["fr"]},
]


async def a_contact(session: AsyncSession, now: datetime) -> tuple[Person, Contact]:
    actor = await a_person(session, 1, now)
    return actor, await contacts.add(session, actor, Kind.PRESS, "Gazette, editor", now)


@pytest.mark.parametrize("facts", PERSONAL)
async def test_nothing_of_a_person_is_kept_without_their_consent(
    session: AsyncSession, now: datetime, facts: dict[str, Any]
) -> None:
    actor, contact = await a_contact(session, now)
    with pytest.raises(ContactConsentError):
        await contacts.change(session, actor, contact.ref, now, **facts)
    await contacts.change(session, actor, contact.ref, now, organisation="Gazette, desk")
    with pytest.raises(NotUnderstoodError):
        await contacts.agree(session, actor, contact.ref, " ", now, now)
    await contacts.agree(session, actor, contact.ref, "by phone", now, now)
    await contacts.change(session, actor, contact.ref, now, **facts)
    [(name, value)] = facts.items()
    assert getattr(contact, name) == value


async def test_a_withdrawn_consent_leaves_the_role_alone(
    session: AsyncSession, now: datetime
) -> None:
    actor, contact = await a_contact(session, now)
    await contacts.agree(session, actor, contact.ref, "by phone", now, now)
    for facts in PERSONAL:
        await contacts.change(session, actor, contact.ref, now, **facts)
    assert (await contacts.search(session, actor, "rosa", now, size=5)).total == 1
    await contacts.withdraw(session, actor, contact.ref, now)
    await session.flush()
    await session.refresh(contact)
    row = {column.name: getattr(contact, column.name) for column in Contact.__table__.columns}
    assert not any("rosa" in str(value).lower() for value in row.values())
    assert (row["notes"], row["languages"], row["consented_at"]) == (None, [], None)
    assert contact.title == "Gazette, editor"


async def test_a_contact_is_forgotten_with_all_that_was_to_be_done_with_them(
    session: AsyncSession, now: datetime
) -> None:
    actor, contact = await a_contact(session, now)
    task = await team_tasks.add(session, actor, "Call Rosa", now, contact_ref=contact.ref)
    await team_tasks.finish(session, actor, task.ref, now)
    await team_tasks.add(session, actor, "Call again", now, contact_ref=contact.ref)
    await contacts.erase(session, actor, contact.ref, now)
    for table in (Contact, TeamTask):
        assert await session.scalar(select(func.count()).select_from(table)) == 0
    with pytest.raises(NotFoundError):
        await contacts.erase(session, actor, contact.ref, now)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ГАЗЕТА", True),
        ("rosa  p", True),
        ("été", True),
        ("100%", False),
        ("_", False),
        ("", True),
    ],
)
async def test_a_contact_is_found_by_a_part_of_its_name_in_any_script(
    session: AsyncSession, now: datetime, words: str, found: bool
) -> None:
    actor = await a_person(session, 1, now)
    contact = await contacts.add(session, actor, Kind.PRESS, "Газета Été", now)
    await contacts.agree(session, actor, contact.ref, "by phone", now, now)
    await contacts.change(session, actor, contact.ref, now, name="Rosa  Peer")
    shown = await contacts.search(session, actor, words, now, size=5)
    assert [one.id for one in shown.rows] == ([contact.id] if found else [])


@pytest.mark.parametrize("role", [None, *sorted(set(RoleName) - {RoleName.ANIMATOR})])
async def test_only_animators_read_and_write_contacts_tasks_and_absences(
    session: AsyncSession, now: datetime, role: RoleName | None
) -> None:
    actor, contact = await a_contact(session, now)
    task = await team_tasks.add(session, actor, "Call", now, contact_ref=contact.ref)
    other = await a_person(session, 2, now, animates=False)
    if role is not None:
        session.add(Role(person_id=other.id, name=role, granted_at=now))
        await session.flush()
    for verb in (
        contacts.add(session, other, Kind.PRESS, "x", now),
        contacts.opened(session, other, contact.ref, now),
        contacts.change(session, other, contact.ref, now, organisation="x"),
        contacts.agree(session, other, contact.ref, "x", now, now),
        contacts.withdraw(session, other, contact.ref, now),
        contacts.erase(session, other, contact.ref, now),
        contacts.search(session, other, "", now, size=5),
        team_tasks.add(session, other, "x", now),
        team_tasks.opened(session, other, task.ref, now),
        team_tasks.change(session, other, task.ref, now, what="x"),
        team_tasks.give(session, other, task.ref, other.ref, now),
        team_tasks.finish(session, other, task.ref, now),
        team_tasks.reopen(session, other, task.ref, now),
        team_tasks.tasks(session, other, now, size=5),
        team_tasks.with_contact(session, other, contact, now, size=5),
    ):
        with pytest.raises(NotAllowedError):
            await verb
