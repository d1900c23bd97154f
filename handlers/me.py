"""What we know about a person: see it, change it, take it along, delete it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, erasure, keys, limits, needs, people, roles, translations
from community.people import Person
from handlers import (
    feedback,
    handed_over,
    menu,
    my_cohorts,
    networks,
    pairing,
    resting,
    skills,
    survey_cards,
    taking_part,
    topics,
    transfers,
    words,
)
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.limits import HardToCome
from handlers.onboarding import also_read, languages_card
from handlers.profile import STEPS, ChangeAnswer, Interview
from handlers.replies import (
    Button,
    File,
    Message,
    Page,
    Replies,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import Desk
from locales import Html, join, language_name, translator_for


class Me(CallbackData, prefix="me"):
    """A button under one's own data."""

    act: str


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /me."""
    await state.clear()
    return [say("me.card")]


async def acted(
    query: Any,
    callback_data: Me,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Change something, take everything along, or delete it in two steps."""
    act = callback_data.act
    if act == "name":
        return await begin(RENAME, state)
    if act == "language":
        return [edit("me.language")]
    if act == "consents":
        return [edit("start.consents", alone=True)]
    if act == "export":
        return [say("me.export")]
    if act == "erase":
        return [edit("me.erase")]
    if act == "erase_really":
        language = person.language
        await state.clear()
        await session.flush()
        await erasure.erase(session, person, now, await keys.key(session, "erasure"))
        return [edit("me.erased", language=language)]
    return [toast("old_button")]


async def _new_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("How would you like to be called?"))


async def _read_name(answering: Answering, text: str) -> str:
    people.rename(answering.person, text)
    return answering.person.name


async def _renamed(answering: Answering) -> Replies:
    return [say("me.card")]


RENAME = Form(
    "rename",
    [Field("name", _new_name, _read_name)],
    _renamed,
    home=lambda _about: say("me.card"),
)


async def me_card(page: Page) -> Message:
    """Show everything a person has told us about themself."""
    _ = page._
    me = page.reader
    told = [
        _("Name: {name}", name=me.name),
        _("Language: {language}", language=language_name(_.language, _)),
        *filter(None, [also_read(page)]),
        _("Membership: {state}", state=words.membership(me.state, _)),
    ]
    if rests := resting.line(page):
        told.append(rests)
    told += await _profile_lines(page)
    if checked := await skills.line(page):
        told.append(checked)
    given = await consents.given(page.session, me)
    agreed = (
        join([words.purpose(purpose, _) for purpose in sorted(given)], _)
        if given
        else _("only what is needed")
    )
    told.append(_("You agreed to: {agreed}", agreed=agreed))
    rows = [*resting.rows(page), *_change_rows(page)]
    rows.insert(-3, await feedback.me_button(page))
    rows[:0] = [
        *await survey_cards.my_buttons(page),
        *await handed_over.my_button(page),
        *await transfers.my_buttons(page),
        *await my_cohorts.buttons(page),
    ]
    return Message(lines(_("<b>What we know about you</b>"), "", *told), rows)


def _change_rows(page: Page) -> list[list[Button]]:
    _ = page._
    rows = [
        [
            Button(_.label("button", "My name"), Me(act="name")),
            Button(_.label("button", "My language"), Me(act="language")),
        ]
    ]
    if page.reader.is_member:
        rows += [
            [
                Button(_.label("button", "What I look for"), ChangeAnswer(step="need")),
                Button(_.label("button", "My business"), ChangeAnswer(step="stage")),
            ],
            [
                Button(_.label("button", "Where I live"), ChangeAnswer(step="area")),
                Button(_.label("button", "How I take part"), ChangeAnswer(step="participation")),
            ],
            [
                Button(_.label("button", "What describes me"), ChangeAnswer(step="profiles")),
                Button(_.label("button", "What I agreed to"), Me(act="consents")),
            ],
            [Button(_.label("button", "🗣 What I need"), Interview())],
            [Button(_.label("button", "👥 How I meet people"), pairing.People(act="part"))],
            [
                Button(_.label("button", "What reaches me"), topics.Turn()),
                Button(_.label("button", "What makes it hard to come"), HardToCome()),
            ],
        ]
    rows += [
        [Button(_.label("button", "Take my data with me"), Me(act="export"))],
        [Button(_.label("button", "Delete my data"), Me(act="erase"))],
        [menu.button(_)],
    ]
    return rows


async def change(query: Any, callback_data: ChangeAnswer, person: Person) -> Replies:
    """Ask one question of the profile again."""
    people.require_member(person)
    if callback_data.step not in STEPS:
        return [toast("old_button")]
    request = callback_data.request
    return [edit("profile.step", step=callback_data.step, alone=True, request=request)]


async def _profile_lines(page: Page) -> list[Html]:
    _ = page._
    me = page.reader
    told: list[Html] = []
    wanted = await needs.of(page.session, me)
    if wanted:
        listed = join([words.need(code, _) for code in wanted], _)
        told.append(_("You look for: {needs}", needs=listed))
    told += await taking_part.in_words(page)
    if me.stage:
        told.append(_("Your business: {stage}", stage=words.stage(me.stage, _)))
    if me.area_id:
        block = await translations.block(
            page.session, "area", me.area_id, page.reads, page.network.language
        )
        if block:
            told.append(_("You live in: {area}", area=block.get("name")))
    if me.participation:
        how = words.participation(me.participation, _, me.digest_every)
        told.append(_("You take part: {how}", how=how))
    if joined := await networks.in_words(page):
        told.append(joined)
    mine = await people.profiles(page.session, me)
    if mine:
        listed = join([words.profile(code, _) for code in mine], _)
        told.append(_("What describes you: {profiles}", profiles=listed))
    hard = await limits.of(page.session, me)
    if hard:
        listed = join([words.limit(code, _) for code in hard], _)
        told.append(_("What makes it hard to come: {limits}", limits=listed))
    return told


async def language_card(page: Page) -> Message:
    """Offer the languages by their own names."""
    return await languages_card(page, joining=False)


async def export_card(page: Page) -> Message:
    """Hand over everything that is stored about the person, as JSON."""
    _ = page._
    everything: Mapping[str, Any] = await erasure.export(page.session, page.reader)
    content = json.dumps(everything, ensure_ascii=False, indent=2).encode()
    return Message(
        _("This file holds everything we have stored about you."),
        file=File(_.label("file", "my-data") + ".json", content),
    )


async def erase_card(page: Page) -> Message:
    """Say what deleting means, and ask for a second tap."""
    _ = page._
    text = lines(
        _("<b>Delete everything about you?</b>"),
        "",
        _("Your name, your answers, your requests and your messages are deleted for good."),
        _("What others have already read on their own phones stays there."),
        _("Only numbers stay in which nobody can be recognised."),
        _("This cannot be undone."),
    )
    team = []
    if await roles.is_last_administrator(page.session, page.reader, page.now):
        text = lines(
            text,
            "",
            _(
                "⚠️ You are the only administrator. Without you nobody administers the network "
                "until the program is started again and prints a new link, which works once. "
                "You can invite somebody before you go."
            ),
        )
        team = [[Button(_.label("button", "👥 Team"), Desk(to="team"))]]
    return Message(
        text,
        [
            *team,
            [Button(_.label("button", "Yes, delete everything"), Me(act="erase_really"))],
            [Button(_.label("button", "No, keep my data"), menu.Menu(to="me"))],
        ],
    )


async def erased_card(page: Page, language: str | None) -> Message:
    """Say goodbye to somebody of whom nothing is known any more."""
    _ = translator_for(language) if language else page._
    return Message(_("Everything about you is deleted. All the best to you!"))


CARDS = {
    "me.card": me_card,
    "me.language": language_card,
    "me.export": export_card,
    "me.erase": erase_card,
    "me.erased": erased_card,
}
FORMS = (RENAME,)


def setup() -> Router:
    """Take /me and its buttons."""
    router = Router(name="me")
    router.message.register(command, Command("me"))
    router.callback_query.register(acted, Me.filter())
    router.callback_query.register(change, ChangeAnswer.filter())
    return router
