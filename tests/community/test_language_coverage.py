"""Which languages the team speaks, and for how many members that is not enough."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import facilitation
from community.errors import NotAllowedError
from community.figures import Cell, Hidden
from community.people import Person
from community.roles import Role, RoleName
from tests.community.test_inbox_owners import a_person


@pytest.mark.parametrize(
    ("uk", "fa", "told"),
    [
        (7, 0, 7),
        (0, 0, 0),
        (3, 0, Hidden.COVERED),
        (7, 3, Hidden.COVERED),  # beside "uk: 7", ten would tell that three read the other
    ],
)
async def test_members_whom_nobody_understands_are_counted_and_few_are_not_told(
    session: AsyncSession, now: datetime, uk: int, fa: int, told: Cell
) -> None:
    one = await a_person(session, 1, now)
    one.second_language = "ar"
    for at, language in enumerate(["uk"] * uk + ["fa"] * fa + ["ar"] * 6):
        member = await a_person(session, 10 + at, now, animates=False)
        member.language = language
        member.second_language = "en" if at < 2 else None
    await session.flush()
    found = await facilitation.coverage(session, one, now, network_language="en")
    assert found.uncovered == told
    assert found.spoken == [(one, frozenset({"en", "ar"}))]


async def test_a_coordinator_reads_the_number_and_no_names(
    session: AsyncSession, now: datetime
) -> None:
    await a_person(session, 1, now)
    reader: Person = await a_person(session, 2, now, animates=False)
    with pytest.raises(NotAllowedError):
        await facilitation.coverage(session, reader, now, network_language="en")
    session.add(Role(person_id=reader.id, name=RoleName.COORDINATOR, granted_at=now))
    await session.flush()
    assert (await facilitation.coverage(session, reader, now, network_language="en")).spoken == []
