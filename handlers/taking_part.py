"""How a member takes part in matching: a few taps, each can be skipped, all changed here later."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import matches, needs, people, spoken
from community.matches import GUIDES, MOST_PLACES, SOUGHT, Partner, Sector, Way
from community.needs import Need
from community.people import Person
from handlers import words
from handlers.pairing import STEPS, People, go_on, rests
from handlers.pairing import card as people_card
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from handlers.words import SPOKEN
from locales import Html, Translator, join, native_name


class Part(CallbackData, prefix="gb"):
    """One answer to how one takes part. ``value`` "" goes on; ``alone`` ends after this one."""

    step: str
    value: str = ""
    alone: bool = False


SEVERAL = ("needs", "offers", "languages", "seeks")
PLACES = (1, 2, 3, 5, MOST_PLACES)
NOTHING = "-"
TERMS = tuple(need for need in Need if need not in (Need.OTHER, Need.MENTORING))
"""What one member can look for in another; a mentor is sought as such."""
C = TypeVar("C", bound=StrEnum)


async def answered(
    query: Any, callback_data: Part, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Keep one answer, and ask the next."""
    step, value, alone = callback_data.step, callback_data.value, callback_data.alone
    people.require_member(person)
    if step == "places":
        partner, _dot, places = value.partition(".")
        if partner not in GUIDES or places not in map(str, PLACES):
            return [toast("old_button")]
        await matches.guide(session, person, partner, int(places), now)
        return [edit("people.part" if alone else "people")]
    if step not in STEPS:
        return [toast("old_button")]
    if value and step in SEVERAL:
        await _turn(session, person, step, value, now)
        return [edit("people.step", step=step, alone=alone)]
    if value and step == "gives" and value in GUIDES:
        return [edit("people.places", partner=value, alone=alone)]
    if value:
        await _keep(session, person, step, value, now)
    following = STEPS.index(step) + 1
    if alone:
        return [edit("people.part")]
    if following == len(STEPS):
        return [edit("people")]
    return [edit("people.step", step=STEPS[following])]


async def _turn(
    session: AsyncSession, person: Person, step: str, value: str, now: datetime
) -> None:
    if step == "languages" and value in SPOKEN:
        mine = await spoken.of(session, person)
        await spoken.speak(session, person, {*mine} ^ {value})
    elif step == "needs" and value in [*Need]:
        wanted = _turned(await needs.of(session, person), Need(value))
        await needs.look_for(session, person, wanted)
    elif step == "offers" and value in [*Need]:
        offers = _turned(await needs.offered_by(session, person), Need(value))
        await needs.offer(session, person, offers)
    elif step == "seeks" and value in SOUGHT:
        pairing = await matches.take_part(session, person, now)
        await matches.take_part(session, person, now, seeks={*pairing.seeks} ^ {value})


def _turned(chosen: Sequence[C], code: C) -> list[C]:
    return [one for one in chosen if one != code] if code in chosen else [*chosen, code]


async def _keep(
    session: AsyncSession, person: Person, step: str, value: str, now: datetime
) -> None:
    if step == "gives" and value == Partner.PEER:
        await matches.guide(session, person, value, 1, now)
    elif step == "sector" and value in [*Sector, NOTHING]:
        sector = None if value == NOTHING else value
        await matches.take_part(session, person, now, sector=sector)
    elif step == "way" and value in [*Way]:
        await matches.take_part(session, person, now, way=value)


# Cards


async def step_card(page: Page, step: str, *, alone: bool = False) -> Message:
    """Ask one thing, with a way to skip it."""
    _ = page._
    question, choices, chosen, per_row = await _question(page, step)
    rows = in_rows(
        [
            Button(_ticked(label, code in chosen, _), Part(step=step, value=code, alone=alone))
            for label, code in choices
        ],
        per_row,
    )
    if step == "sector" and alone:
        nothing = Part(step=step, value=NOTHING, alone=True)
        rows.append([Button(_.label("button", "🗑 No longer say it"), nothing)])
    done = step in SEVERAL and (chosen or alone)
    way_on = _.label("button", "Done") if done else _.label("button", "Skip")
    rows.append([Button(way_on, Part(step=step, alone=alone))])
    if alone:
        return Message(question, rows)
    number, total = STEPS.index(step) + 1, len(STEPS)
    progress = _("Question {number} of {total}. You can skip any.", number=number, total=total)
    return Message(lines(progress, "", question), rows)


def _ticked(label: str, is_on: bool, _: Translator) -> str:
    return _.label("button", "✅ {choice}", choice=label) if is_on else label


Choices = Sequence[tuple[str, str]]


async def _question(page: Page, step: str) -> tuple[Html, Choices, Collection[str], int]:
    """Return the question, its choices, which of them are chosen, and how many fit in a row."""
    _, session, reader = page._, page.session, page.reader
    pairing = await matches.pairing_of(session, reader)
    if step == "needs":
        question = _("<b>What do you look for?</b> Choose as many as you like.")
        return question, _choices(TERMS, words.need, _), await needs.of(session, reader), 2
    if step == "offers":
        question = _("<b>What can you help others with?</b> Choose as many as you like.")
        return question, _choices(TERMS, words.need, _), await needs.offered_by(session, reader), 2
    if step == "languages":
        read = {reader.language, reader.second_language}
        mine = {*await spoken.of(session, reader)} - read
        others = [(native_name(one), one) for one in SPOKEN if one not in read]
        return _("<b>Which languages do you speak besides?</b>"), others, mine, 3
    if step == "sector":
        chosen = [pairing.sector] if pairing and pairing.sector else []
        return _("<b>What is your trade?</b>"), _choices(Sector, words.sector, _), chosen, 2
    if step == "way":
        way = [pairing.way] if pairing else []
        return _("<b>How would you like to meet?</b>"), _choices(Way, words.way, _), way, 3
    if step == "seeks":
        seeks = pairing.seeks if pairing else []
        return (
            _("<b>Whom would you like to meet?</b>"),
            _choices(SOUGHT, words.partner, _),
            seeks,
            1,
        )
    question = lines(
        _("<b>What would you be to others?</b>"),
        _("Whoever would be a mentor or a role model first talks with somebody of the team."),
    )
    return question, _choices(SOUGHT, words.gives, _), [pairing.gives] if pairing else [], 1


def _choices(codes: Iterable[C], name: Callable[[C, Translator], str], _: Translator) -> Choices:
    return [(name(code, _), code.value) for code in codes]


async def places_card(page: Page, partner: str, *, alone: bool = False) -> Message:
    """Ask for how many at a time one would be a mentor or role model."""
    _ = page._
    buttons = [
        Button(str(count), Part(step="places", value=f"{partner}.{count}", alone=alone))
        for count in PLACES
    ]
    question = lines(
        _("<b>For how many people at a time?</b>"),
        _("More are never proposed to you. Nobody else sees the number."),
    )
    back = Button(_.label("button", "Back"), Part(step="seeks", alone=alone))
    return Message(question, [buttons, [back]])


async def part_card(page: Page) -> Message:
    """Show how one takes part, with a button to change each."""
    _ = page._
    pairing = await matches.pairing_of(page.session, page.reader)
    if pairing is None:
        return await people_card(page)
    told = await in_words(page)
    if wanted := await needs.of(page.session, page.reader):
        listed = join([words.need(code, _) for code in wanted], _)
        told.insert(0, _("You look for: {needs}", needs=listed))
    text = lines(
        _("⚙️ <b>How you take part</b>"),
        *told,
        _("Others read it as reasons, without your name."),
    )
    names = {
        "needs": _.label("button", "What I look for"),
        "offers": _.label("button", "What I can help with"),
        "languages": _.label("button", "My languages"),
        "sector": _.label("button", "My trade"),
        "way": _.label("button", "How we meet"),
        "seeks": _.label("button", "Whom I seek"),
        "gives": _.label("button", "What I would be"),
    }
    rows = in_rows([Button(name, People(act=step)) for step, name in names.items()], 2)
    if not rests(page, pairing):
        rows.append([Button(_.label("button", "⏸ Pause for two months"), People(act="rest"))])
    rows += [*go_on(page, pairing), [Button(_.label("button", "Back"), People())]]
    return Message(text, rows)


async def in_words(page: Page) -> list[Html]:
    """Return what somebody has said of how they take part, each a line."""
    _, session, reader = page._, page.session, page.reader
    told: list[Html] = []
    if offers := await needs.offered_by(session, reader):
        listed = join([words.need(code, _) for code in offers], _)
        told.append(_("You can help with: {needs}", needs=listed))
    read = {reader.language, reader.second_language}
    more = [one for one in await spoken.of(session, reader) if one not in read]
    if more:
        listed = join([native_name(one) for one in more], _)
        told.append(_("You also speak: {languages}", languages=listed))
    pairing = await matches.pairing_of(session, reader)
    if pairing is None:
        return told
    if pairing.sector:
        told.append(_("Your trade: {trade}", trade=words.sector(Sector(pairing.sector), _)))
    told.append(_("How you want to meet: {way}", way=words.way(Way(pairing.way), _)))
    if pairing.seeks:
        listed = join([words.partner(Partner(one), _) for one in pairing.seeks], _)
        told.append(_("You would like to meet: {partners}", partners=listed))
    if pairing.gives in GUIDES:
        what = words.gives(Partner(pairing.gives), _)
        told.append(_("You would be: {what}; places: {n}", what=what, n=pairing.places))
        if pairing.confirmed_at is None:
            told.append(_("⏳ Somebody of the team talks with you about it first."))
    return told


CARDS = {"people.step": step_card, "people.places": places_card, "people.part": part_card}


def setup() -> Router:
    """Take the answers."""
    router = Router(name="taking part")
    router.callback_query.register(answered, Part.filter())
    return router
