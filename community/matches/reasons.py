"""Why two people fit: read from what stands in the rows now, so that every reason is true.

When both have time is no reason that is told: whoever ticks what makes it hard to come was
promised that nobody reads it (``community/limits.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import needs, spoken
from community.among import among
from community.areas import Area
from community.matches.answering import View
from community.matches.table import GUIDES, Pairing, Sector, Way
from community.needs import Need
from community.people import Person, Stage


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


async def reasons(session: AsyncSession, reader: Person, view: View) -> Reasons:
    """Return why the other was proposed to the reader, as far as it holds now."""
    other = view.other
    if other is None:
        return Reasons()
    both = (reader.id, other.id)
    pairings = {
        one.person_id: one
        for one in await session.scalars(select(Pairing).where(among(Pairing.person_id, both)))
    }
    mine, theirs = (pairings.get(one) for one in both)
    my_needs, their_needs = (await needs.of_each(session, both)).values()
    my_offers, their_offers = (await needs.offered_by_each(session, both)).values()
    my_languages, their_languages = (await spoken.of_each(session, reader, other)).values()
    area = await session.get(Area, other.area_id) if other.area_id is not None else None
    return Reasons(
        answered=[need for need in my_needs if need in their_offers],
        answering=[need for need in my_offers if need in their_needs],
        languages=[one for one in my_languages if one in their_languages],
        their_languages=their_languages,
        area=area if area is not None and area.id == reader.area_id else None,
        their_area=area,
        sector=theirs.sector
        if mine and theirs and theirs.sector and mine.sector == theirs.sector
        else None,
        their_sector=Sector(theirs.sector) if theirs and theirs.sector else None,
        stage=Stage(other.stage) if other.stage else None,
        online=_wants(mine, Way.ONLINE) and _wants(theirs, Way.ONLINE),
        in_person=_wants(mine, Way.IN_PERSON) and _wants(theirs, Way.IN_PERSON),
        sought_besides=[need for need in my_needs if need not in their_offers],
        is_guided=_is_guided(view, theirs),
    )


def _is_guided(view: View, theirs: Pairing | None) -> bool:
    if view.partner is None:  # the reader would be the guide
        return theirs is not None and view.match.partner in theirs.seeks
    return theirs is not None and view.partner in GUIDES and theirs.gives_as == view.partner


def _wants(pairing: Pairing | None, way: Way) -> bool:
    return pairing is not None and pairing.way in (way, Way.EITHER)
