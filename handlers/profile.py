"""A few taps about oneself: asked once on the way in, changed one by one under /me.

Everything can be skipped, nothing is asked twice; the last tap shows something useful at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, attendance, consents, needs, people, providers
from community.consents import Purpose
from community.events import Event
from community.needs import Need
from community.people import Pace, Participation, Person, Profile, Stage
from community.providers import Look, Reader, Service
from handlers import menu, words
from handlers.content import area_choices, block_for
from handlers.looking import OpenService
from handlers.menu import OpenEvent
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines
from locales import Translator


class Tap(CallbackData, prefix="pr"):
    """One answer of the profile. ``alone`` ends after this question.

    ``value`` "" skips, "-" takes the earlier answer back. ``request`` is the request to go back
    to, if its provider has asked for the answer.
    """

    step: str
    value: str
    alone: bool = False
    request: str = ""


NOTHING = "-"


class ChangeAnswer(CallbackData, prefix="ch"):
    """Change one answer of the profile. ``request`` is where the person came from, if anywhere."""

    step: str
    request: str = ""


class Interview(CallbackData, prefix="ni"):
    """The needs interview: what it is, and its beginning."""

    act: str = "open"


LOOKED_AT = 20
"""So many of the next events are looked through for one with a place left."""
STEPS = ("need", "stage", "area", "participation", "profiles")


async def tapped(
    query: Any, callback_data: Tap, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Keep one answer and ask the next; the last one shows something useful at once."""
    step, value, alone = callback_data.step, callback_data.value, callback_data.alone
    request = callback_data.request
    people.require_member(person)
    if step not in STEPS:
        return [edit("profile.step", step=STEPS[0])]
    if step == "profiles" and value:
        await _toggle_profile(session, person, value)
        return [edit("profile.step", step=step, alone=alone, request=request)]
    if value == NOTHING:
        await _take_back(session, person, step)
    elif value:
        await _keep(session, person, step, value)
    if alone:
        return [edit("support.request", ref=request) if request else edit("me.card")]
    following = STEPS.index(step) + 1
    if following < len(STEPS):
        return [edit("profile.step", step=STEPS[following])]
    return [edit("profile.useful")]


async def _keep(session: AsyncSession, person: Person, step: str, value: str) -> None:
    if step == "need" and value in [*Need]:
        mine = await needs.of(session, person)
        others = [one for one in mine if one != value] if len(mine) > 1 else []
        await needs.look_for(session, person, [Need(value), *others])  # what is sought first
    elif step == "stage" and value in [*Stage]:
        person.stage = Stage(value)
    elif step == "participation" and value in [*Participation]:
        person.participation, person.digest_every = Participation(value), None
    elif step == "participation" and value in [*Pace]:
        person.participation, person.digest_every = Participation.DIGEST, Pace(value)
    elif step == "area":
        areas.settle(person, await areas.by_ref(session, value))


async def _take_back(session: AsyncSession, person: Person, step: str) -> None:
    if step == "need":
        await needs.look_for(session, person, [])
    elif step == "stage":
        person.stage = None
    elif step == "participation":
        person.participation = person.digest_every = None
    elif step == "area":
        areas.settle(person, None)


async def _toggle_profile(session: AsyncSession, person: Person, value: str) -> None:
    if value not in [*Profile]:
        return
    code = Profile(value)
    chosen = set(await people.profiles(session, person)) ^ {code}
    if code in chosen:
        if code is Profile.RATHER_NOT_SAY:
            chosen = {code}
        else:
            chosen.discard(Profile.RATHER_NOT_SAY)
    await people.describe(session, person, sorted(chosen))


# Cards


async def step_card(page: Page, step: str, alone: bool = False, request: str = "") -> Message:
    """Ask one thing about the person, with a way to skip it."""
    _ = page._

    def tap(value: str) -> Tap:
        return Tap(step=step, value=value, alone=alone, request=request)

    question, choices, per_row = await _question_of(page, step)
    rows = in_rows([Button(label, tap(value)) for label, value in choices], per_row)
    several = step == "profiles"
    if alone and not several:
        rows.append([Button(_.label("button", "🗑 No longer say it"), tap(NOTHING))])
    way_on = _.label("button", "Done") if several else _.label("button", "Skip")
    rows.append([Button(way_on, tap(""))])
    if alone:
        return Message(question, rows)
    progress = _(
        "Question {number} of {total}. You can skip any.",
        number=STEPS.index(step) + 1,
        total=len(STEPS),
    )
    return Message(lines(progress, "", question), rows)


async def _question_of(page: Page, step: str) -> tuple[Any, Sequence[tuple[str, str]], int]:
    _ = page._
    if step == "need":
        return (
            _("<b>What are you looking for first?</b>"),
            [(words.need(code, _), code.value) for code in Need],
            2,
        )
    if step == "stage":
        return (
            _("<b>How far is your business?</b>"),
            [(words.stage(code, _), code.value) for code in Stage],
            1,
        )
    if step == "area":
        return (_("<b>Where do you live?</b>"), await area_choices(page), 2)
    if step == "participation":
        return (
            lines(
                _("<b>How would you like to take part?</b>"),
                _("Take part: news and invitations come one by one, if you have agreed to news."),
                _("One message a month, every two weeks or a week: they come gathered in it."),
                _("Only when I look: nothing comes by itself, and you can look at everything."),
                _("What you ask for always comes: reminders, answers, steps of your requests."),
            ),
            [
                (words.participation(Participation.ACTIVE, _), Participation.ACTIVE.value),
                *((words.gathered(pace, _), pace.value) for pace in Pace),
                (words.participation(Participation.READING, _), Participation.READING.value),
            ],
            1,
        )
    mine = await people.profiles(page.session, page.reader)
    return (
        lines(
            _("<b>What describes you?</b> Choose as many as you like, or none."),
            _("It helps us to see whom we do not reach yet. It is shown to nobody."),
        ),
        [(_ticked(words.profile(code, _), code in mine, _), code.value) for code in Profile],
        2,
    )


def _ticked(label: str, is_on: bool, _: Translator) -> str:
    if is_on:
        return _.label("button", "✅ {choice}", choice=label)
    return label


async def useful_card(page: Page) -> Message:
    """Show something useful at once: an event and a service that fit, or whom to ask."""
    _ = page._
    rows: list[list[Button]] = []
    event = await _fitting_event(page)
    if event:
        block = await block_for(page, "event", event.id)
        label = _.label("button", "📅 {title}", title=block.get("title") if block else "?")
        rows.append([Button(label, OpenEvent(ref=event.ref))])
    wanted = await needs.of(page.session, page.reader)
    service = await _fitting_service(page, wanted[0]) if wanted else None
    if service:
        block = await block_for(page, "service", service.id)
        label = _.label("button", "🤝 {name}", name=block.get("name") if block else "?")
        rows.append([Button(label, OpenService(ref=service.ref))])
    text = _("<b>Thank you.</b> /menu shows what there is.")
    if rows:
        text = _("<b>Thank you.</b> Here is something for you to begin with:")
    elif Purpose.NEWS in await consents.given(page.session, page.reader):
        text = _("<b>Thank you.</b> We will tell you as soon as there is something for you.")
    if not rows or (wanted and not service):
        text = lines(text, _("Tell the team what you need: they read every message."))
        rows.append([Button(_.label("button", "✉️ Write to the team"), menu.AskTeam())])
    rows.append([Button(_.label("button", "🗣 What I need"), Interview())])
    return Message(text, [*rows, [menu.button(_)]])


async def _fitting_event(page: Page) -> Event | None:
    """Return the next event with a place left; one spoken in the reader's language comes first."""
    soon = await attendance.upcoming(page.session, page.reader, page.now, size=LOOKED_AT)
    free = [
        event
        for event in soon.rows
        if event.starts_at > page.now and await attendance.places_left(page.session, event) != 0
    ]
    language = page._.language
    spoken = [event for event in free if not event.languages or language in event.languages]
    return next(iter(spoken or free), None)


async def _fitting_service(page: Page, need: Need) -> Service | None:
    """Return the service for a need that fits the reader best."""
    found = await providers.find_services(
        page.session,
        Look(need=need),
        Reader(page.reads.every, page.reader.area_id),
        page.now,
        zone=page.network.zone,
    )
    return found.fits[0].service if found.fits else None


CARDS = {"profile.step": step_card, "profile.useful": useful_card}


def setup() -> Router:
    """Take the taps."""
    router = Router(name="profile")
    router.callback_query.register(tapped, Tap.filter())
    return router
