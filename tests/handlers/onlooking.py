"""Two who were proposed to each other: one does something, and the other looks at all there is."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import consents, erasure, matches, needs, people
from community.consents import Purpose
from community.deliveries import Delivery
from community.exchanges import Exchange
from community.matches import MatchRound, Partner
from community.needs import Need
from community.people import Person
from handlers import words
from locales import translator_for
from tests.handlers.conftest import Calling, Phone
from tests.matching import matches_of

EN = translator_for("en")
REF = re.compile(r"(?<![\w-])(?=[\w-]*[\dA-Z_-])[\w-]{12}(?![\w-])")
ABOUT_THE_PERSON = {"people", "consents", "needs", "person_offers", "conversations"}
"""What an export has of the onlooker alone, whose number differs from pair to pair."""


@dataclass
class Couple:
    """Who acts, and who looks on."""

    acts: Phone
    looks_on: Phone
    ref: str
    need: Need = Need.EXPORT

    @property
    def database(self) -> Database:
        return self.acts.database

    async def both(self, session: AsyncSession) -> tuple[Person, Person]:
        """Return who acts, and who looks on."""
        return await person_of(session, self.acts), await person_of(session, self.looks_on)

    async def everything(self) -> dict[str, Any]:
        """Return all that the onlooker can read now: cards, lists, what leaves, their export."""
        somebody = self.looks_on
        told: dict[str, Any] = {}
        for act in ("open", "no", "end"):
            await somebody.sends_data(f"gc:{self.ref}:{act}")
            told[act] = self._shown()
        await somebody.sends_data(f"ge:{self.ref}:::")
        told["what came of it"] = self._shown()
        await somebody.says("/people")
        told["list"] = self._shown()
        async with self.database.transaction() as session:
            me = await person_of(session, self.looks_on)
            owed = await session.scalars(
                select(Delivery).where(Delivery.person_id == me.id).order_by(Delivery.id)
            )
            leaves = [(row.kind, dict(row.args)) for row in owed]
            exchange = await session.scalar(
                select(Exchange.ref)
                .join(matches.Match, matches.Match.id == Exchange.match_id)
                .where(matches.Match.ref == self.ref)
            )
            exported = await erasure.export(session, me)
        told["owed"] = [kind for kind, _args in leaves]
        for kind, args in leaves:
            found = await somebody.gets(kind, **args)
            told[f"{kind} {args.get('what', '')}"] = self._shown() if found else None
        if exchange is not None:
            await somebody.sends_data(f"xc:{exchange}:open:0")
            told["exchange"] = self._shown()
        for name in exported.keys() - ABOUT_THE_PERSON:
            told[f"export {name}"] = self._plain(exported[name])
        return told

    def _shown(self) -> tuple[str, list[str], list[str]]:
        somebody = self.looks_on
        pressed = [
            str(getattr(button, "data", "")) for row in somebody.seen[-1].rows for button in row
        ]
        return (
            self._plain(somebody.last),
            [self._plain(label) for label in somebody.buttons],
            [REF.sub("REF", one) for one in pressed],
        )

    def _plain(self, told: Any) -> Any:
        """Return what was told without what differs from couple to couple: numbers, references."""
        if isinstance(told, dict):
            return {key: self._plain(value) for key, value in told.items()}
        if isinstance(told, list | tuple):
            return [self._plain(one) for one in told]
        if isinstance(told, str):
            if REF.fullmatch(told) or told == str(self.looks_on.number):
                return "REF"
            for somebody, name in ((self.acts, "THE OTHER"), (self.looks_on, "ME")):
                told = re.sub(rf"\bPerson {somebody.number}\b", name, told)
                told = re.sub(rf"\bperson_{somebody.number}\b", f"{name}'s account", told)
            return told.replace(words.need(self.need, EN), "THE NEED")
        return "number" if told == self.looks_on.number else told


async def person_of(session: AsyncSession, somebody: Phone) -> Person:
    found = await people.by_telegram_id(session, somebody.number)
    assert found is not None
    return found


async def a_couple(
    phone: Calling,
    number: int,
    *,
    acts: int = 0,
    partner: Partner = Partner.PEER,
    introduced: bool = False,
    need: Need = Need.EXPORT,
) -> Couple:
    """Return two who were proposed to each other; ``acts``: whether the first is the giver."""
    both = [await phone(number), await phone(number + 1)]
    now = both[0].now
    async with both[0].database.transaction() as session:
        receiver, giver = [await person_of(session, one) for one in both]
        for person in (receiver, giver):
            person.username = f"person_{person.telegram_id}"
            agreed = {Purpose.MATCHING}
            await consents.switch(session, person, agreed, now, version="1", language="en")
            await matches.take_part(session, person, now, seeks=[partner])
        await needs.look_for(session, receiver, [need])
        await needs.offer(session, giver, [need])
        if partner is not Partner.PEER:
            guide = await matches.take_part(session, giver, now)
            guide.gives, guide.confirmed_at = partner, now
        found = MatchRound(key=f"couple {number}", opened_at=now)
        session.add(found)
        await session.flush()
        await matches.propose(session, found, [(receiver.id, giver.id)], now)
        await matches.tell_none(session, found, [receiver.id], now)
        await matches.finish(session, found, [receiver.id], now)
        (match,) = await matches_of(session, receiver)
        if introduced:
            for person in (receiver, giver):
                await matches.accept(session, person, match.ref, now)
    return Couple(both[acts], both[1 - acts], match.ref, need)
