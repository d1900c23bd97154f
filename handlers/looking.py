"""What somebody looks for: it stands in the buttons, and typed words in the conversation.

A place that is shared stands in the buttons too (to about a hundred metres): so it is used, and
kept nowhere. Typed words are kept in the conversation, like any half-filled form.
"""

from datetime import datetime, timedelta
from typing import Any

from aiogram.filters import Filter
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup

from community.providers import Point, Reader
from handlers.replies import Page

FREE, FACE, ONLINE, OPEN = "f", "p", "o", "n"
"""What is asked of a service, in one letter each."""
ANYWHERE = ""


class Looking(StatesGroup):
    """Words and places that somebody sends now are what they look for."""

    around = State()


LASTS = timedelta(hours=1)
"""After so long, words that somebody sends are no search any more."""


class OfNeed(CallbackData, prefix="sq"):
    """The services for a need, or for the words that were typed if it is empty; and filters."""

    need: str = ""
    language: str = ""
    place: str = ANYWHERE
    """An area's reference, or a point (``at``)."""
    has: str = ""
    page: int = 0

    @property
    def point(self) -> Point | None:
        """Return the point that was shared."""
        if not self.place.startswith("@"):
            return None
        north, _, east = self.place[1:].partition(".")
        if not (north.isdecimal() and east.isdecimal()):
            return None
        point = int(north) / 1000 - 90, int(east) / 1000 - 180
        return point if abs(point[0]) <= 90 and abs(point[1]) <= 180 else None

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out. A point does not: what is nearest comes first."""
        return bool(self.language or self.has or (self.place and not self.point))

    def but(self, **changes: Any) -> "OfNeed":
        """Return the same with other filters, from the first page on."""
        return self.model_copy(update={"page": 0, **changes})

    def turned(self, letter: str, *instead_of: str) -> "OfNeed":
        """Return the same with one demand more, or less."""
        kept = [each for each in self.has if each != letter and each not in instead_of]
        more = [] if letter in self.has else [letter]
        return self.but(has="".join(sorted({*kept, *more})))


def at(latitude: float, longitude: float) -> str:
    """Return a point as a button carries it, to about a hundred metres."""
    return f"@{round((latitude + 90) * 1000)}.{round((longitude + 180) * 1000)}"


class Needs(CallbackData, prefix="sy"):
    """The list of needs."""


class OpenService(CallbackData, prefix="sv"):
    """One service."""

    ref: str


class Networks(CallbackData, prefix="fn"):
    """Networks and programmes that one can join."""

    page: int = 0


class Recently(Filter):
    """Whether somebody has been looking for support within the last hour."""

    async def __call__(self, _event: Any, state: FSMContext, now: datetime) -> bool:
        """Say whether it is so."""
        since = (await state.get_data()).get("since")
        return since is not None and now - datetime.fromisoformat(since) <= LASTS


async def look_around(state: FSMContext, now: datetime, look: OfNeed, said: str = "") -> None:
    """Take words and places that are sent from now on as what somebody looks for."""
    kept = look.but(place=ANYWHERE) if look.point else look.but()
    await state.set_state(Looking.around)
    await state.set_data({"since": now.isoformat(), "look": kept.pack(), "said": said})


def reader_of(page: Page) -> Reader:
    """Return for whom services are ranked."""
    return Reader(page.reads.every, page.reader.area_id)
