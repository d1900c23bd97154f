"""What people are called."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import people
from community.errors import NotUnderstoodError


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Amina \n Traoré ", "Amina Traoré"),
        ("Amina\u202eanimA", "AminaanimA"),
        ("\u2067Amina\u2069 \u200f", "Amina"),
        ("A\0mi\x1bna\x9f", "Amina"),
        ("Ami\u2029na", "Ami na"),
        ("نگار\u200cزاده", "نگار\u200cزاده"),  # a joiner is part of how it is written
    ],
)
async def test_a_name_is_kept_as_it_is_read(
    session: AsyncSession, now: datetime, written: str, kept: str
) -> None:
    person = await people.meet(session, 1, now, name=written)
    assert person.name == kept
    people.rename(person, "Somebody")
    people.rename(person, written)
    assert person.name == kept


async def test_a_name_of_which_nothing_is_read_is_none(
    session: AsyncSession, now: datetime
) -> None:
    person = await people.meet(session, 1, now, name="Amina")
    with pytest.raises(NotUnderstoodError):
        people.rename(person, "\u202e \u2066")
    assert person.name == "Amina"
