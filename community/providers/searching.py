"""Services by words that somebody types: in any script, with slips, the best fitting first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from community.among import among
from community.memory import write_all, write_objects
from community.providers import spelling
from community.providers.fitting import Asked, Shape, conditions
from community.providers.indexing import SUBJECTS, SearchKey, SearchPlace, SearchWord
from community.providers.table import Service

TYPED = 8
"""Of what is typed, so many words count."""
LIKE_IT = 12
"""So many words that are like one that was typed are looked for, the likest first."""
PER_WORD = 1000
"""Of a word that stands in more texts, the first so many are looked at, names before the rest."""
MOST = 96
"""A search brings so many services at most."""

Place = tuple[str, int]


@dataclass
class _Typed:
    """A word that was typed: the texts that it stands in, and how well it fits each."""

    places: dict[Place, float] = field(default_factory=dict)
    like: list[tuple[float, int]] = field(default_factory=list)
    is_common: bool = False
    """It stands in so many texts that it tells nothing by itself ("how", "for")."""


async def search(session: AsyncSession, text: str, sought: Asked) -> dict[int, float]:
    """Return the services that are sought whose words are like these, and how well each fits.

    A word of four letters or more may have a slip. Words that stand in a quarter of the directory
    count only beside others, or where there are no others.
    """
    await write_objects(session)
    await write_all(session)
    return await session.run_sync(lambda sync: _search(sync.connection(), text, sought))


_LIKE = (
    select(SearchKey.key, SearchKey.word_id, SearchWord.word)
    .join(SearchWord, SearchWord.id == SearchKey.word_id)
    .where(SearchKey.key.in_(bindparam("keys", expanding=True)))
)
_PLACES = (
    select(SearchPlace.rank, SearchPlace.subject, SearchPlace.subject_id)
    .where(SearchPlace.word_id == bindparam("word"))
    .order_by(SearchPlace.rank, SearchPlace.subject, SearchPlace.subject_id)
    .limit(bindparam("most"))
)
_STANDS_IN = select(SearchPlace.rank, SearchPlace.subject, SearchPlace.subject_id).where(
    SearchPlace.subject == bindparam("subject"),
    among(SearchPlace.subject_id, "ids"),
    SearchPlace.word_id == bindparam("word"),
)
_SIZE = select(func.coalesce(func.max(Service.id), 0))
_BY_RANK = (1.0, 0.8, 0.6)


def _search(connection: Connection, text: str, sought: Asked) -> dict[int, float]:
    typed = spelling.words(text)[:TYPED]
    if not typed:
        return {}
    size = int(connection.scalar(_SIZE) or 0)
    most = min(PER_WORD, max(size // 4, 8))
    found = _like(connection, typed)
    for one in found:
        _stand(connection, one, most)
    telling = [one for one in found if not one.is_common]
    if not telling:
        telling = found
        for one in found:  # of a common word, those that are sought: they may stand far behind
            _stand(connection, one, PER_WORD, sought)
    fits: dict[Place, float] = {}
    for one in telling:
        for place, fit in one.places.items():
            fits[place] = fits.get(place, 0) + fit
    if telling is not found:
        for one in found:
            if one.is_common:
                _add_common(connection, one, fits)
    return _of_services(connection, fits, sought)


def _like(connection: Connection, typed: Collection[str]) -> list[_Typed]:
    """Return what was typed, each with the words that are like it."""
    keys = {word: spelling.slips(word) for word in typed}
    every = sorted(set().union(*keys.values()))
    rows: dict[str, dict[int, str]] = {}
    for key, number, word in connection.execute(_LIKE, {"keys": every}).all():
        rows.setdefault(key, {})[number] = word
    found = []
    for one, its_keys in keys.items():
        near = {number: word for key in its_keys for number, word in rows.get(key, {}).items()}
        graded = ((spelling.likeness(one, word), number) for number, word in near.items())
        like = sorted((each for each in graded if each[0]), key=lambda each: (-each[0], each[1]))
        if like and like[0][0] == 1:  # what is spelt right is not taken for something else
            like = [each for each in like if each[0] >= 0.6]
        found.append(_Typed(like=like[:LIKE_IT]))
    return found


def _stand(connection: Connection, one: _Typed, most: int, sought: Asked | None = None) -> None:
    """Note where a word stands; where it is common, only among what is sought."""
    one.places.clear()
    query = _PLACES if sought is None else _PLACES.where(_is_of(sought))
    values = {} if sought is None else sought.values
    for likeness, number in one.like:
        rows = connection.execute(query, {**values, "word": number, "most": most})
        for rank, subject, subject_id in rows.all():
            place, fit = (subject, subject_id), likeness * _BY_RANK[rank]
            one.places[place] = max(fit, one.places.get(place, 0))
        if len(one.places) >= most:
            one.is_common = True
            return


def _is_of(sought: Asked) -> ColumnElement[bool]:
    """Return the condition that a place is of a service that is sought, or its organisation."""
    service = exists().where(Service.id == SearchPlace.subject_id, *sought.conditions)
    organization = exists().where(
        Service.organization_id == SearchPlace.subject_id, *sought.conditions
    )
    return or_(
        and_(SearchPlace.subject == "service", service),
        and_(SearchPlace.subject == "organization", organization),
    )


def _add_common(connection: Connection, one: _Typed, fits: dict[Place, float]) -> None:
    """Count a common word where another one has been found."""
    best: dict[Place, float] = {}
    for subject in SUBJECTS:
        ids = [*_of(subject, fits)]
        for likeness, word in one.like if ids else ():
            values = {"subject": subject, "ids": ids, "word": word}
            for rank, of, number in connection.execute(_STANDS_IN, values).all():
                best[of, number] = max(likeness * _BY_RANK[rank], best.get((of, number), 0))
    for place, fit in best.items():
        fits[place] += fit / 2


def _of_services(
    connection: Connection, fits: Mapping[Place, float], sought: Asked
) -> dict[int, float]:
    """Return the services that are sought, the best fitting first, at most so many."""
    of = {subject: _of(subject, fits) for subject in SUBJECTS}
    found: dict[int, int] = {}
    for subject, its in of.items():
        if its:
            query = _prepared(sought.shape, subject)
            if sought.more:
                query = query.where(*sought.more)
            values = {**sought.values, "ids": [*its], "most": max(PER_WORD, len(its))}
            found |= connection.execute(query, values).all()
    services, organizations = of["service"], of["organization"]
    scores = {
        service: services.get(service, 0) + organizations.get(organization, 0)
        for service, organization in found.items()
    }
    best = sorted(sorted(scores), key=scores.__getitem__, reverse=True)
    return {service: scores[service] for service in best[:MOST]}


def _of(subject: str, fits: Mapping[Place, float]) -> dict[int, float]:
    return {number: fit for (of, number), fit in fits.items() if of == subject}


@lru_cache(maxsize=64)
def _prepared(shape: Shape, subject: str) -> Select[int, int]:
    """Return the services of this shape that are among these, or of an organisation of these."""
    column = Service.id if subject == "service" else Service.organization_id
    return (
        select(Service.id, Service.organization_id)
        .where(among(column, "ids"), *conditions(shape))
        .order_by(Service.id)
        .limit(bindparam("most"))
    )
