"""Consents: a ledger, of which one line for each switch is how it stands."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.database import Database
from community import consents
from community.consents import Consent, Purpose
from community.people import Person

TERMS: dict[str, Any] = {"version": "1", "language": "en"}


async def _somebody(database: Database, now: datetime) -> int:
    async with database.transaction() as session:
        person = Person(telegram_id=1, name="Amina", met_at=now)
        session.add(person)
        await session.flush()
        return person.id


async def test_a_switch_turned_twice_leaves_two_lines_of_which_the_newest_is_current(
    database: Database, now: datetime
) -> None:
    number = await _somebody(database, now)
    async with database.transaction() as session:
        person = await session.get_one(Person, number)
        await consents.switch(session, person, {Purpose.NEWS}, now, **TERMS)
        await consents.switch(session, person, set(), now, **TERMS)
    async with database.transaction() as session:
        lines = await session.scalars(select(Consent).order_by(Consent.id))
        assert [(line.granted, line.current) for line in lines] == [(True, False), (False, True)]


async def test_the_database_takes_no_second_current_consent_of_a_person_for_a_purpose(
    database: Database, now: datetime
) -> None:
    number = await _somebody(database, now)
    line = {"person_id": number, "at": now, **TERMS}
    async with database.transaction() as session:
        session.add(Consent(purpose=Purpose.NEWS, granted=True, **line))
        session.add(Consent(purpose=Purpose.NEWS, granted=False, current=False, **line))
        session.add(Consent(purpose=Purpose.SURVEYS, granted=True, **line))
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(Consent(purpose=Purpose.NEWS, granted=False, **line))


async def test_of_several_who_turn_a_persons_switches_at_once_the_last_has_them_as_it_wants(
    database: Database, now: datetime
) -> None:
    number = await _somebody(database, now)
    done: list[set[Purpose]] = []

    async def switch(wanted: set[Purpose]) -> None:
        async with database.transaction() as session:
            person = await session.get_one(Person, number)
            await consents.switch(session, person, wanted, now, **TERMS)
            done.append(wanted)

    await asyncio.gather(
        *(switch(wanted) for wanted in (set(Purpose), {Purpose.NEWS}, {Purpose.MATCHING}) * 3)
    )
    async with database.transaction() as session:
        person = await session.get_one(Person, number)
        assert await consents.given(session, person) == done[-1]
