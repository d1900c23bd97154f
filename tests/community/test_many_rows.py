"""Many rows are written by one statement; while many are made nobody looks for rings."""

import gc
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from community import collecting
from community.providers import Organization
from community.providers.standing import table_of
from community.writing import insert_many


async def test_many_rows_are_written_with_their_defaults_and_read_back_as_they_were(
    session: AsyncSession, now: datetime
) -> None:
    table = table_of("organization")
    rows = [
        {"hsds_id": f"o{number}", "hsds": {"x": [number, None, "é"]}, "made_at": now}
        for number in range(3)
    ]

    def write(sync: Session) -> None:
        insert_many(sync.connection(), insert(table), rows)
        insert_many(sync.connection(), insert(table), [])

    await session.run_sync(write)
    found = list(await session.scalars(select(Organization).order_by(Organization.id)))
    assert [(one.hsds_id, one.hsds, one.made_at, one.asks) for one in found] == [
        (row["hsds_id"], row["hsds"], now, 0) for row in rows
    ]
    assert len({one.ref for one in found}) == 3


def test_the_search_for_rings_goes_on_when_the_last_has_finished() -> None:
    assert gc.isenabled()
    with collecting.put_off():
        with collecting.put_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
