"""One of many numbers, however many there are."""

from datetime import datetime

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import people
from community.among import among
from community.people import Person
from community.tables import METADATA

BIG = 2**40


@pytest.mark.parametrize("among_which", [[], [7], [BIG, 7, 7, 8], range(5000)])
async def test_whoever_is_among_them_is_found_and_nobody_else(
    session: AsyncSession, now: datetime, among_which: list[int]
) -> None:
    for number in (7, 9, BIG):
        await people.meet(session, number, now, name="Ada")
    query = select(Person.telegram_id).order_by(Person.telegram_id)
    expected = [number for number in (7, 9, BIG) if number in among_which]
    found = await session.scalars(query.where(among(Person.telegram_id, among_which)))
    assert list(found) == expected
    named = query.where(among(Person.telegram_id, "these"))
    assert list(await session.scalars(named, {"these": set(among_which)})) == expected


def test_sqlite_looks_each_number_up_and_does_not_read_every_row() -> None:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    query = select(Person.name).where(among(Person.telegram_id, [7, 9]))
    written = query.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}").all())
    engine.dispose()
    assert "SEARCH people" in plan
