"""What this network knows by which files of others are understood: its needs and its areas."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, translations
from community.needs import Need
from community.providers.items import outer_id
from community.providers.standing import spoken
from locales.folding import fold


@dataclass(frozen=True)
class KnownArea:
    """An area as others know it."""

    uri: str
    name: str
    keys: frozenset[str]
    """What it is found by: its identifier, and its names in every language, folded."""


@dataclass(frozen=True)
class Known:
    """What files are read with."""

    needs: Mapping[str, Need] = field(default_factory=dict)
    """What our own list is called, folded, in every language."""
    areas: Mapping[int, KnownArea] = field(default_factory=dict)
    """The areas of this network, by their numbers."""


async def known_areas(session: AsyncSession, language: str) -> dict[int, KnownArea]:
    """Return every area, named in a language as far as it has a name in it."""
    rows = await areas.every(session)
    texts = await translations.texts(session, "area", [row.id for row in rows])
    found: dict[int, KnownArea] = {}
    for row in rows:
        uri, its = f"urn:uuid:{outer_id(row.ref)}", texts.get(row.id, ())
        name = spoken(its, language).get("name", "")
        keys = frozenset([uri, *(fold(text.text) for text in its)])
        found[row.id] = KnownArea(uri, name or uri, keys)
    return found
