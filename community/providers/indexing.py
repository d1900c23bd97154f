"""By which words services are found: kept with the texts, in the same transaction.

What is indexed are the approved names and descriptions of services, in every language, and the
names of organisations; a person's words never are. A word stands once (``search_words``), with
the keys that it is found by (``search_keys``) and the texts that it stands in (``search_places``).
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    ForeignKey,
    Index,
    String,
    delete,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import translations
from community.among import among, these
from community.base import Base, BigId, Identified
from community.memory import write_all, write_objects
from community.providers import spelling
from community.providers.table import Service
from community.translations import ContentText, State
from community.writing import insert_many, new_only


class SearchWord(Base, Identified):
    """A word of the directory, folded."""

    __tablename__ = "search_words"

    word: Mapped[str] = mapped_column(String(spelling.LONGEST), unique=True)


class SearchKey(Base):
    """What a word is found by, if it is typed a little differently."""

    __tablename__ = "search_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[str] = mapped_column(String(spelling.STEM), primary_key=True)
    word_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("search_words.id", ondelete="CASCADE"), primary_key=True
    )


class SearchPlace(Base):
    """A word stands in a text; the most telling place of one subject counts."""

    __tablename__ = "search_places"
    __table_args__ = (
        Index("ix_search_places_subject_subject_id", "subject", "subject_id"),
        {"sqlite_with_rowid": False},
    )

    word_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("search_words.id", ondelete="CASCADE"), primary_key=True
    )
    rank: Mapped[int] = mapped_column(primary_key=True)
    """0 in a service's name, 1 in its organisation's, 2 in its description: names come first."""
    subject: Mapped[str] = mapped_column(String(12), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True)


RANKS: Mapping[tuple[str, str], int] = {
    ("service", "name"): 0,
    ("organization", "name"): 1,
    ("service", "description"): 2,
}
"""Which texts are indexed, and how telling they are."""
SUBJECTS = ("service", "organization")
CHUNK = 10_000
"""So many rows are written by one statement."""


# Writing


async def index(session: AsyncSession, service_ids: Collection[int] | None = None) -> None:
    """Make these services findable by their words, and by the names of their organisations.

    ``translations.write`` does it by itself for what it writes. Call this after services or their
    texts were inserted in bulk (an import), in the same transaction and once for all of them; it
    is fastest for all at once. ``None`` makes everything anew.
    """
    if service_ids is None:
        await _run(session, dict.fromkeys(SUBJECTS))
        return
    ids = list(service_ids)
    of_these = select(Service.organization_id).where(among(Service.id, ids)).distinct()
    organizations = list(await session.scalars(of_these))
    await _run(session, {"service": ids, "organization": organizations})


async def _run(session: AsyncSession, what: Mapping[str, Collection[int] | None]) -> None:
    await write_objects(session)
    await write_all(session)
    await session.run_sync(lambda sync: fill(sync.connection(), what))


def fill(connection: Connection, what: Mapping[str, Collection[int] | None]) -> None:
    """Write the index of these subjects anew; of a subject with None, all there is."""
    places: dict[tuple[str, int, str], int] = {}
    for subject, ids in what.items():
        fields = [field for of, field in RANKS if of == subject]
        query = select(ContentText.subject_id, ContentText.field, ContentText.text).where(
            ContentText.subject == subject,
            ContentText.state == State.APPROVED,
            ContentText.field.in_(fields),
        )
        gone = delete(SearchPlace).where(SearchPlace.subject == subject)
        if ids is not None:
            query = query.where(among(ContentText.subject_id, ids))
            gone = gone.where(among(SearchPlace.subject_id, ids))
        connection.execute(gone)
        for number, field, text in connection.execute(query):
            rank = RANKS[subject, field]
            for word in spelling.words(text):
                at = (subject, number, word)
                if places.get(at, rank) >= rank:
                    places[at] = rank
    known = _known(connection, {word for _, _, word in places})
    _insert(
        connection,
        SearchPlace,
        sorted(  # in the order of their key: so many neighbours are written at once
            (
                {"word_id": known[word], "rank": rank, "subject": subject, "subject_id": number}
                for (subject, number, word), rank in places.items()
            ),
            key=itemgetter("word_id", "rank", "subject", "subject_id"),
        ),
    )


def _known(connection: Connection, wanted: set[str]) -> dict[str, int]:
    """Return the numbers of these words; those that are new are written, with their keys."""
    known = _numbers(connection, wanted)
    if new := sorted(wanted - known.keys()):  # in order, so that two never wait in a ring
        _insert(connection, SearchWord, [{"word": word} for word in new])
        numbers = _numbers(connection, set(new))
        _insert(
            connection,
            SearchKey,
            [
                {"key": key, "word_id": number}
                for word, number in numbers.items()
                for key in sorted(spelling.keys(word))
            ],
        )
        known |= numbers
    return known


_NUMBERS = select(SearchWord.word, SearchWord.id).where(these(SearchWord.word))
FEW = 500
"""So many words are asked for by one statement."""


def _numbers(connection: Connection, wanted: Collection[str]) -> dict[str, int]:
    left, found = iter(wanted), dict[str, int]()
    while some := list(islice(left, FEW)):
        rows = connection.execute(_NUMBERS, {"these": some})
        found |= {row.word: row.id for row in rows}
    return found


def _insert(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    statement = new_only(table, connection.dialect.name)
    for at in range(0, len(rows), CHUNK):
        insert_many(connection, statement, rows[at : at + CHUNK])


for _subject in SUBJECTS:

    async def _followed(session: AsyncSession, ids: Collection[int], of: str = _subject) -> None:
        await _run(session, {of: ids})

    translations.FOLLOWERS[_subject] = _followed
