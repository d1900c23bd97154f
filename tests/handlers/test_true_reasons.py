"""Every reason that a card tells is true: in random populations, derived anew from the rows."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, matches, needs, spoken, translations
from community.areas import Area
from community.consents import Purpose
from community.matches import MatchSide, Pairing, Partner, Reason, Sector, Side, Way
from community.needs import Need, PersonNeed, PersonOffer
from community.people import Person, Stage
from community.spoken import SpokenLanguage
from handlers import FORMS, render, words
from handlers.replies import Page
from handlers.taking_part import TERMS
from locales import native_name, translator_for
from tests.handlers.conftest import NETWORK, Calling, Phone, read
from tests.handlers.onlooking import a_couple, person_of
from tests.matching import a_partner, a_round, matches_of

DAY = timedelta(days=1)
SIZE = 26
EN = translator_for("en")
LANGUAGES = ("en", "fr", "ar", "uk", "so", "fa")


async def people_at_random(
    session: AsyncSession, dice: random.Random, now: Any
) -> tuple[list[Person], list[Area]]:
    areas = [Area(zone="UTC", made_at=now) for _ in range(2)]
    session.add_all(areas)
    await session.flush()
    people = []
    for number in range(SIZE):
        gives = dice.choice([Partner.PEER, Partner.PEER, Partner.MENTOR, Partner.ROLE_MODEL])
        person = await a_partner(session, number + 1, now, gives=gives, places=2)
        await changes(session, dice, person, areas, now)
        people.append(person)
    for area, name in zip(areas, ("North", "South"), strict=True):
        await translations.write(session, people[0], "area", area.id, "en", {"name": name}, now)
    return people, areas


async def changes(
    session: AsyncSession, dice: random.Random, person: Person, areas: list[Area], now: Any
) -> None:
    """Let somebody say all of it anew."""
    person.language, person.second_language = dice.sample(LANGUAGES, 2)
    person.area_id = dice.choice([None, *(area.id for area in areas)])
    person.stage = dice.choice([None, *Stage])
    await needs.look_for(session, person, dice.sample(TERMS[:6], dice.randint(1, 3)))
    await needs.offer(session, person, dice.sample(TERMS[:6], dice.randint(0, 3)))
    await spoken.speak(session, person, dice.sample(LANGUAGES, dice.randint(0, 2)))
    pairing = await matches.take_part(
        session,
        person,
        now,
        seeks=dice.sample(["peer", "mentor", "role_model"], dice.randint(1, 3)),
        sector=dice.choice([None, *list(Sector)[:3]]),
        way=dice.choice([*Way]),
    )
    if dice.random() < 0.3:
        pairing.gives = dice.choice([Partner.PEER, Partner.MENTOR, Partner.ROLE_MODEL])
        pairing.confirmed_at = dice.choice([None, now])


class Rows:
    """What stands in the rows of one person, read without any verb of the domain."""

    def __init__(self, person: Person, pairing: Pairing, found: dict[str, set[str]]) -> None:
        self.person, self.pairing = person, pairing
        self.needs, self.offers, self.languages = (
            found[name] for name in ("needs", "offers", "languages")
        )

    @classmethod
    async def of(cls, session: AsyncSession, person_id: int) -> "Rows":
        async def column(of: Any, table: Any) -> set[str]:
            return {*await session.scalars(select(of).where(table.person_id == person_id))}

        person = await session.get_one(Person, person_id)
        read_too = {*filter(None, (person.language, person.second_language))}
        return cls(
            person,
            await session.get_one(Pairing, person_id),
            {
                "needs": await column(PersonNeed.term, PersonNeed),
                "offers": await column(PersonOffer.term, PersonOffer),
                "languages": await column(SpokenLanguage.language, SpokenLanguage) | read_too,
            },
        )

    def meets(self, way: Way) -> bool:
        return self.pairing.way in (way, Way.EITHER)

    def is_guide(self, partner: Partner) -> bool:
        return self.pairing.gives == partner and self.pairing.confirmed_at is not None


def told_of(me: Rows, other: Rows, names: dict[int, str]) -> set[str]:
    """Return every reason that is true of these two, as the card would say it, item by item."""

    def each(before: str, codes: set[str], name: Callable[[Any], str]) -> set[str]:
        return {f"{before}: {name(code)}" for code in codes}

    def need(code: str) -> str:
        return words.need(Need(code), EN)

    true = each("They know about what you look for", me.needs & other.offers, need)
    true |= each("They look for what you know about", me.offers & other.needs, need)
    true |= each("You both speak", me.languages & other.languages, native_name)
    true |= each("They speak", other.languages, native_name)
    if not me.languages & other.languages:
        true.add("You write to each other through the bot, each in your own language.")
    return true | business_of(me, other) | meeting_of(me, other, names) | headings_of(other)


def business_of(me: Rows, other: Rows) -> set[str]:
    true = set()
    if trade := other.pairing.sector:
        said = words.sector(Sector(trade), EN)
        true.add(f"Their trade: {said}")
        if me.pairing.sector == trade:
            true.add(f"You have the same trade: {said}")
    if other.person.stage:
        true.add(f"Their business: {words.stage_of_other(Stage(other.person.stage), EN)}")
    return true


def meeting_of(me: Rows, other: Rows, names: dict[int, str]) -> set[str]:
    true = set()
    if home := other.person.area_id:
        true.add(f"They live in: {names[home]}")
        if me.person.area_id == home:
            true.add(f"You both live in: {names[home]}")
    if me.meets(Way.ONLINE) and other.meets(Way.ONLINE):
        true.add("You both would meet online.")
    if me.meets(Way.IN_PERSON) and other.meets(Way.IN_PERSON):
        true.add("You both would meet face to face.")
    return true


def headings_of(other: Rows) -> set[str]:
    true = {"There is somebody for you"}
    for partner, called in ((Partner.MENTOR, "mentor"), (Partner.ROLE_MODEL, "role model")):
        if other.is_guide(partner):
            true.add(f"There is a {called} for you")
        if partner in other.pairing.seeks:
            true.add(f"Somebody looks for a {called}")
    return true


NAMES = sorted(
    [*(words.need(one, EN) for one in Need), *map(native_name, LANGUAGES)], key=len, reverse=True
)


def said_in(card: str) -> set[str]:
    """Return what a card says, item by item."""
    heading, *rest = card.split("\n")
    said = {heading.removeprefix("🤝 ")}
    for line in rest:
        if not line.startswith("• "):
            continue
        before, _colon, items = line.removeprefix("• ").partition(": ")
        listed = [name for name in NAMES if name in items]
        for name in listed:
            items = items.replace(name, "")
        is_list = listed and not items.replace("and", "").strip(", ")
        said |= {f"{before}: {name}" for name in listed} if is_list else {line[2:]}
    return said


@pytest.mark.parametrize("seed", range(4))
async def test_every_reason_on_a_card_is_true_whoever_reads_it(phone: Calling, seed: int) -> None:
    one = await phone(9999)
    dice = random.Random(seed)
    cards, kinds = 0, set[str]()
    async with one.database.transaction() as session:
        people, areas = await people_at_random(session, dice, one.now)
        await a_round(session, one.now)
        names = {areas[0].id: "North", areas[1].id: "South"}
        for again in range(2):
            for person in people if again else ():
                if dice.random() < 0.5:  # what was true when they were proposed
                    await changes(session, dice, person, areas, one.now)
            for person in people:
                for match in await matches_of(session, person):
                    text = await card_of(session, person, match.ref, one.now)
                    me, other = [
                        await Rows.of(session, who)
                        for who in await sides(session, match.id, person.id)
                    ]
                    said = said_in(text)
                    assert said <= told_of(me, other, names), text
                    cards, kinds = cards + 1, kinds | {line.partition(":")[0] for line in said}
    assert cards >= SIZE
    assert len(kinds) >= 14, kinds


async def card_of(session: AsyncSession, person: Person, ref: str, now: Any) -> str:
    """Return the card of a match in English, whatever the reader reads."""
    message = await render(Page(session, person, EN, now, NETWORK, FORMS), "match", ref=ref)
    assert message is not None
    return read(message.text)


async def sides(session: AsyncSession, match_id: int, first: int) -> list[int]:
    found = {
        *await session.scalars(select(MatchSide.person_id).where(MatchSide.match_id == match_id))
    }
    return [first, *(found - {first})]


async def test_a_proposal_is_opened_with_three_questions_to_the_database(phone: Calling) -> None:
    """Who the two are, how they take part, and what they have said: opened by every press."""
    couple = await a_couple(phone, 1001)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if re.search(r"FROM (?!people|conversations)", statement):
            asked.append(statement)

    engine = couple.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await couple.looks_on.sends_data(f"gc:{couple.ref}:open")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 3, asked


@pytest.mark.parametrize("side", [*Side])
@pytest.mark.parametrize("more", [True, False])
async def test_what_a_no_because_of_the_topic_changes_is_said_as_it_is(
    phone: Calling, side: Side, more: bool
) -> None:
    """Only what the receiver looks for counts for less, and only if something else is left."""
    receiver, giver = await phone(1), await phone(2)
    now = receiver.now
    async with receiver.database.transaction() as session:
        looks_for = [Need.TAX, Need.HIRING] if more else [Need.TAX]
        who = [
            await takes_part(session, receiver, now, looks_for, []),
            await takes_part(session, giver, now, [], [Need.TAX]),
        ]
        await a_round(session, now)
        (match,) = await matches_of(session, who[0])
    somebody = receiver if side is Side.RECEIVER else giver
    await somebody.sends_data(f"gd:{match.ref}:{Reason.TOPIC}")
    changes_what = side is Side.RECEIVER and more
    assert ("For half a year we look for other things" in somebody.last) == changes_what
    assert ("For a year we do not propose this person again." in somebody.last) != changes_what
    async with receiver.database.transaction() as session:
        later = now + 31 * DAY
        await a_partner(session, 3, later, knows=[Need.TAX])
        found = matches.MatchRound(key="later", opened_at=later)
        session.add(found)
        await session.flush()
        people = await matches.population(session, found, later)
        at = people.ids.index(who[0].id)
        tax = 1 << [*Need].index(Need.TAX)
        assert bool(people.needs[at] & tax) != changes_what


async def takes_part(
    session: AsyncSession, somebody: Phone, now: Any, looks_for: list[Need], knows: list[Need]
) -> Person:
    person = await person_of(session, somebody)
    await consents.switch(session, person, {Purpose.MATCHING}, now, version="1", language="en")
    await needs.look_for(session, person, looks_for)
    await needs.offer(session, person, knows)
    await matches.take_part(session, person, now)
    return person
