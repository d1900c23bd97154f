"""What somebody has chosen leaves nothing: what is missing, and what comes nearest to it."""

from dataclasses import dataclass, replace
from itertools import combinations

from community import providers
from community.areas import Area
from community.providers import Found, Miss, Point
from handlers import finding_filters
from handlers.looking import ANYWHERE, OfNeed, reader_of
from handlers.replies import Button, Page

NOT_ASKED = {"language": "", "place": ANYWHERE, "has": ""}
"""What of a choice can be left out, and how it is then."""


@dataclass(frozen=True)
class Near:
    """What there is, if less is asked for."""

    asked: OfNeed
    found: Found


async def find(page: Page, asked: OfNeed, said: str, *, from_point: Point | None = None) -> Found:
    """Return what there is for a choice, the nearest to a point first if one is given."""
    look = await finding_filters.look_of(page, asked, said)
    return await providers.find_services(
        page.session,
        replace(look, point=from_point) if from_point else look,
        reader_of(page),
        page.now,
        zone=page.network.zone,
        page=max(asked.page, 0),
    )


async def nearly(page: Page, asked: OfNeed, said: str) -> list[Near]:
    """Return what there is with one thing less of the choice; if nothing, with two less; or all.

    The place is left out first: who needs a language finds it elsewhere rather than not at all.
    """
    chosen = [name for name in ("place", "language", "has") if _is_asked(asked, name)]
    for fewer in range(1, len(chosen) + 1):
        near = []
        for left_out in combinations(chosen, fewer):
            less = asked.but(**{name: NOT_ASKED[name] for name in left_out})
            centre = await _centre(page, asked) if "place" in left_out else None
            found = await find(page, less, said, from_point=centre)
            if found.fits:
                near.append(Near(less, found))
        if near:
            return near
    return []


def _is_asked(asked: OfNeed, name: str) -> bool:
    return getattr(asked, name) != NOT_ASKED[name] and not (name == "place" and asked.point)


async def _centre(page: Page, asked: OfNeed) -> Point | None:
    area_id = await finding_filters.area_id(page, asked)
    area = await page.session.get(Area, area_id) if area_id is not None else None
    if area is None or area.latitude is None or area.longitude is None:
        return None
    return area.latitude, area.longitude


async def missed(page: Page, asked: OfNeed, said: str) -> Miss:
    """Return what is missing: the first thing of the choice that leaves nothing."""
    for so_far, miss in (
        (asked.but(**NOT_ASKED), Miss.NOTHING),
        (asked.but(place=ANYWHERE, has=""), Miss.LANGUAGE),
        (asked.but(has=""), Miss.AREA),
    ):
        if not (await find(page, so_far, said)).fits:
            return miss
    return Miss.WAY


async def button(page: Page, near: Near) -> Button:
    """Return the button that shows all of it, named by what is still asked for."""
    _ = page._
    kept = await finding_filters.kept(page, near.asked)
    # NOTE: {choices} are filters, such as "In French" or "Free of charge"; {n} services fit.
    label = _.label("filter", "{choices}: {n}", choices=" · ".join(kept), n=near.found.total)
    return Button(label, near.asked)
