"""Why two people fit: read from what stands in the rows now, so that every reason is true.

When both have time is no reason that is told: whoever ticks what makes it hard to come was
promised that nobody reads it (``community/limits.py``).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Select, String, cast, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from community.among import among
from community.areas import Area
from community.matches.answering import View
from community.matches.table import GUIDES, Pairing, Partner, Sector, Way
from community.needs import Need, PersonNeed, PersonOffer
from community.people import Person, Stage
from community.spoken import SpokenLanguage


@dataclass(frozen=True)
class Reasons:
    """What the reader may know of why; of the other as of a card without a name."""

    answered: Sequence[Need] = ()
    """What the reader looks for and the other knows,"""
    answering: Sequence[Need] = ()
    """and the other way round."""
    languages: Sequence[str] = ()
    """What both speak; without any, the bot translates."""
    their_languages: Sequence[str] = ()
    area: Area | None = None
    """Where both live."""
    their_area: Area | None = None
    sector: Sector | None = None
    """What both do."""
    their_sector: Sector | None = None
    stage: Stage | None = None
    """How far the other's business is."""
    online: bool = False
    in_person: bool = False
    sought_besides: Sequence[Need] = ()
    """What the reader looks for and the other does not know."""
    is_guided: bool = False
    """The other is the guide as whom they were proposed, or looks for what the reader would be."""


@cache
def _said() -> CompoundSelect[str, int, str, int]:
    """Return what two people look for, know and speak, in one question."""
    look_for, know, speak = (
        select(
            literal(what).label("what"),
            table.person_id.label("person_id"),
            cast(code, String).label("code"),
            order.label("at"),
        ).where(among(table.person_id, "both"))
        for what, table, code, order in (
            ("needs", PersonNeed, PersonNeed.term, PersonNeed.id),
            ("offers", PersonOffer, PersonOffer.term, literal(0)),
            ("speaks", SpokenLanguage, SpokenLanguage.language, literal(0)),
        )
    )
    return union_all(look_for, know, speak).order_by("at", "code")


@cache
def _pairings() -> Select[int, list[str], Partner, datetime | None, Sector | None, Way]:
    return select(
        Pairing.person_id,
        Pairing.seeks,
        Pairing.gives,
        Pairing.confirmed_at,
        Pairing.sector,
        Pairing.way,
    ).where(among(Pairing.person_id, "both"))


async def reasons(session: AsyncSession, reader: Person, view: View) -> Reasons:
    """Return why the other was proposed to the reader, as far as it holds now."""
    other = view.other
    if other is None:
        return Reasons()
    both = {"both": [reader.id, other.id]}
    pairings = {row.person_id: row for row in await session.execute(_pairings(), both)}
    said: dict[tuple[str, int], list[str]] = defaultdict(list)
    for what, person_id, code, _at in await session.execute(_said(), both):
        said[what, person_id].append(code)
    mine, theirs = pairings.get(reader.id), pairings.get(other.id)
    my_needs, their_needs = (said["needs", one] for one in both["both"])
    my_offers, their_offers = (
        [*filter(said["offers", one].__contains__, Need)] for one in both["both"]
    )
    my_languages, their_languages = (
        list(
            dict.fromkeys(
                [*filter(None, (one.language, one.second_language)), *said["speaks", one.id]]
            )
        )
        for one in (reader, other)
    )
    area = await session.get(Area, other.area_id) if other.area_id is not None else None
    return Reasons(
        answered=[Need(need) for need in my_needs if need in their_offers],
        answering=[need for need in my_offers if need in their_needs],
        languages=[one for one in my_languages if one in their_languages],
        their_languages=their_languages,
        area=area if area is not None and area.id == reader.area_id else None,
        their_area=area,
        sector=Sector(theirs.sector)
        if mine and theirs and theirs.sector and mine.sector == theirs.sector
        else None,
        their_sector=Sector(theirs.sector) if theirs and theirs.sector else None,
        stage=Stage(other.stage) if other.stage else None,
        online=_wants(mine, Way.ONLINE) and _wants(theirs, Way.ONLINE),
        in_person=_wants(mine, Way.IN_PERSON) and _wants(theirs, Way.IN_PERSON),
        sought_besides=[Need(need) for need in my_needs if need not in their_offers],
        is_guided=_is_guided(view, theirs),
    )


def _is_guided(view: View, theirs: Any) -> bool:
    if theirs is None or view.match.partner not in GUIDES:
        return False
    if view.partner is None:  # the reader would be the guide
        return view.match.partner in theirs.seeks
    return bool(theirs.gives == view.partner and theirs.confirmed_at is not None)


def _wants(pairing: Any, way: Way) -> bool:
    return pairing is not None and pairing.way in (way, Way.EITHER)
