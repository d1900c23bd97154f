"""What one of two has said shows the other nothing, whatever else the two do, in whatever order.

The same acts are played in worlds that differ only in what the first has said: after each act,
everything that the other can read is the same in all of them.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, deliveries, matches
from community.consents import Purpose
from community.deliveries import Delivery
from community.errors import RefusalError
from community.matches import Partner, Reason
from community.needs import Need
from community.people import Membership, Person
from tests.community.test_introduced_people import a_contact, an_animator
from tests.handlers.conftest import Calling
from tests.handlers.onlooking import Couple, a_couple, person_of
from tests.matching import a_round

DAY = timedelta(days=1)
Answer = Callable[[AsyncSession, Person, str, datetime], Awaitable[object]]


async def _nothing(session: AsyncSession, person: Person, ref: str, now: datetime) -> None:
    """Say nothing."""


async def _no(session: AsyncSession, person: Person, ref: str, now: datetime) -> None:
    await matches.decline(session, person, ref, Reason.KNOWN, now)


async def _yes_and_no(session: AsyncSession, person: Person, ref: str, now: datetime) -> None:
    await matches.accept(session, person, ref, now)
    await matches.decline(session, person, ref, Reason.RATHER_NOT_SAY, now)


WITHOUT_YES: dict[str, Answer] = {
    "nothing": _nothing,
    "no": _no,
    "block": matches.block,
}
ANSWERS = WITHOUT_YES | {"yes": matches.accept, "yes, and then no": _yes_and_no}
"""What the first says. Two yeses let both know each other: where the other says yes, no yes."""


async def agrees(session: AsyncSession, person: Person, now: datetime, *, on: bool) -> None:
    agreed = {Purpose.MATCHING} if on else set()
    await consents.switch(session, person, agreed, now, version="1", language="en")


async def acts(couple: Couple, act: str, now: datetime) -> None:
    """Let the first, or the other, do something."""
    who, _, what = act.partition(" ")
    somebody = couple.acts if who == "first" else couple.looks_on
    if what in ("yes", "no", "find"):  # by a button
        data = f"gd:{couple.ref}:topic" if what == "no" else f"gc:{couple.ref}:yes"
        await somebody.sends_data("ga:find" if what == "find" else data)
        return
    async with couple.database.transaction() as session:
        person = await person_of(session, somebody)
        if what in ("takes back", "agrees"):
            await agrees(session, person, now, on=what == "agrees")
        elif what in ("leaves", "comes back"):
            person.state = Membership.LEFT if what == "leaves" else Membership.ACTIVE
        elif what == "is reached":
            reached = update(Delivery).where(Delivery.person_id == person.id)
            await session.execute(reached.values(state=deliveries.State.SENT))
        elif what == "rests":
            with suppress(RefusalError):
                await matches.rest(session, person, now + 60 * DAY, now)


OF_TWO = (
    *("first takes back", "first agrees", "first leaves", "first comes back", "first rests"),
    *("other takes back", "other agrees", "other leaves", "other comes back", "other rests"),
    *("other is reached", "other no", "other find"),
)
OF_ALL = ("a day", "a round", "lapse", "the team proposes")
LONGEST = 4


async def everybody(worlds: Sequence[Couple], act: str, now: datetime) -> datetime:
    """Let the clock do something, in all worlds at once; return what time it is then."""
    now += 10 * DAY if act == "lapse" else DAY
    async with worlds[0].database.transaction() as session:
        if act == "a round":
            await a_round(session, now)
        elif act == "the team proposes":
            animator = await an_animator(session, now)
            contact = await a_contact(session, animator, now)
            for couple in worlds:
                other = await person_of(session, couple.looks_on)
                with suppress(RefusalError):
                    await matches.introduce(session, animator, other.ref, contact.ref, now)
        await matches.lapse(session, now)
    for couple in worlds:
        couple.acts.now = couple.looks_on.now = now
    return now


@pytest.mark.parametrize("seed", range(6))
async def test_what_one_has_said_shows_the_other_nothing_whatever_the_two_do(
    phone: Calling, seed: int
) -> None:
    dice = random.Random(seed)
    says_yes, side = bool(seed // 2 % 2), dice.choice([0, 1])
    answers = WITHOUT_YES if says_yes else ANSWERS
    partner = dice.choice([Partner.PEER, Partner.MENTOR])
    played = dice.choices([*OF_TWO, *OF_ALL, *OF_ALL], k=LONGEST)
    if says_yes:
        played.insert(dice.randrange(3), "other yes")
    played.insert(dice.randrange(3), "answer")
    worlds = {
        name: await a_couple(phone, 1001 + 10 * at, acts=side, partner=partner, need=[*Need][at])
        for at, name in enumerate(answers)
    }
    now = next(iter(worlds.values())).acts.now
    said = played.index("answer")
    for at, act in enumerate(played):
        if act in OF_ALL:
            now = await everybody([*worlds.values()], act, now)
        for name, couple in worlds.items():
            if act == "answer":
                async with couple.database.transaction() as session:
                    with suppress(RefusalError):
                        person = await person_of(session, couple.acts)
                        await answers[name](session, person, couple.ref, now)
            elif act not in OF_ALL:
                await acts(couple, act, now)
        if at < said:  # so far nothing differs
            continue
        told = {name: await couple.everything() for name, couple in worlds.items()}
        for name, found in told.items():
            assert differences(told["nothing"], found) == {}, (name, played[: at + 1])


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return what is not the same, of lists their rows that are not."""
    found = {}
    for key in sorted(one.keys() | other.keys()):
        then, now = one.get(key), other.get(key)
        if then != now and isinstance(then, list) and isinstance(now, list):
            then, now = (
                [row for row in then if row not in now],
                [row for row in now if row not in then],
            )
        if one.get(key) != other.get(key):
            found[key] = then, now
    return found
