"""Languages in which somebody can talk with others, beside those they read here."""

from collections.abc import Collection

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community.among import among
from community.base import Base, BigId
from community.people import Person


class SpokenLanguage(Base):
    """One language that a person says they can talk in."""

    __tablename__ = "spoken_languages"

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(16), primary_key=True)


async def of(session: AsyncSession, person: Person) -> list[str]:
    """Return in which languages somebody can talk: those they read first."""
    return (await of_each(session, person))[person.id]


async def of_each(session: AsyncSession, *people: Person) -> dict[int, list[str]]:
    """Return in which languages each of these people can talk: those they read first."""
    rows = await session.execute(
        select(SpokenLanguage.person_id, SpokenLanguage.language)
        .where(among(SpokenLanguage.person_id, [one.id for one in people]))
        .order_by(SpokenLanguage.language)
    )
    found = {one.id: [*filter(None, (one.language, one.second_language))] for one in people}
    for person_id, language in rows:
        found[person_id].append(language)
    return {person_id: list(dict.fromkeys(spoken)) for person_id, spoken in found.items()}


async def speak(session: AsyncSession, person: Person, languages: Collection[str]) -> None:
    """Replace the languages that somebody speaks beside those they read."""
    await session.execute(delete(SpokenLanguage).where(SpokenLanguage.person_id == person.id))
    session.add_all(
        SpokenLanguage(person_id=person.id, language=one)
        for one in sorted({*languages} - {person.language, person.second_language})
    )
    await session.flush()
