"""Coming in: the language, three sentences, the consent card, a few taps about oneself.

Everything can be skipped, nothing is asked twice, and looking round needs none of it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, consents, events, needs, people, translations
from community.consents import Purpose
from community.errors import LinkRefusedError, NotFoundError
from community.needs import Need
from community.people import Participation, Person, Profile, Stage
from handlers import attendance, menu, support, team, words
from handlers.content import area_choices
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    Reply,
    commands,
    edit,
    in_rows,
    lines,
    say,
)
from locales import OFFERED, Translator, native_name, sorted_for, translator_for

TERMS_VERSION = "2026-11"
"""The version of the three sentences and of the consent card; kept with every yes."""


class Language(CallbackData, prefix="la"):
    """A language by its own name."""

    code: str
    joining: bool


class Terms(CallbackData, prefix="te"):
    """Join, or just look."""

    join: bool


class Switch(CallbackData, prefix="co"):
    """One switch of the consent card, or all, or none, or done."""

    what: str
    done: bool = False
    alone: bool = False
    """Changed later, under /me; nothing else is asked then."""


class Tap(CallbackData, prefix="pr"):
    """One answer of the profile. ``alone`` ends after this question.

    ``value`` "" skips, "-" takes the earlier answer back.
    """

    step: str
    value: str
    alone: bool = False


NOTHING = "-"

# Coming in


async def start(
    message: Any,
    command: CommandObject,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Answer /start, also by a deep link; the link is followed first, the language asked next.

    A link that leads nowhere (any more) sends nobody away: they are told, and welcomed.
    """
    await state.clear()
    payload = command.args or ""
    joining = not payload.startswith("i-")
    try:
        followed = await _follow(session, person, payload, now)
    except (LinkRefusedError, NotFoundError):
        if person.is_member:
            raise
        followed, joining = [say("start.dead_link")], True
        if person.language is not None:
            return [*followed, say("start.terms")]
    if person.language is None:
        if followed:
            await state.set_data({"then": [_kept(reply) for reply in followed]})
        return [say("start.languages", joining=joining)]
    if followed:
        return followed
    return [say("menu")] if person.is_member else [say("start.terms")]


async def _follow(session: AsyncSession, person: Person, payload: str, now: datetime) -> Replies:
    if payload.startswith("i-"):
        return await team.accept_invitation(session, person, payload[2:], now)
    if payload.startswith("e-"):
        await events.visible(session, payload[2:])
        return [say("event.card", ref=payload[2:])]
    if payload.startswith("j-"):
        if not await people.follow_join_link(session, person, payload[2:]):
            raise LinkRefusedError
    elif payload:
        raise LinkRefusedError
    return []


def _kept(reply: Reply) -> dict[str, Any]:
    return {"kind": reply.kind, "args": dict(reply.args)}


async def language_command(message: Any, state: FSMContext) -> Replies:
    """Answer /language."""
    await state.clear()
    return [say("start.languages", joining=False)]


async def language_chosen(
    query: Any, callback_data: Language, person: Person, state: FSMContext
) -> Replies:
    """Speak this language from now on; then go on with what the person came for."""
    if callback_data.code not in OFFERED:
        return [edit("start.languages", joining=callback_data.joining)]
    people.choose_language(person, callback_data.code)
    then = (await state.get_data()).get("then", [])
    await state.clear()
    waiting = [Reply(kept["kind"], kept["args"]) for kept in then]
    if callback_data.joining and not person.is_member:
        return [edit("start.terms"), *waiting, commands()]
    return [edit("start.language_set"), *(waiting or [say("menu")]), commands()]


async def terms_answered(
    query: Any, callback_data: Terms, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Join, or look round without any of it."""
    if not callback_data.join:
        return [edit("start.looking"), say("menu")]
    language = person.language or ""
    await people.join(session, person, now, terms_version=TERMS_VERSION, language=language)
    return [edit("start.consents")]


async def switched(
    query: Any, callback_data: Switch, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Turn a switch, all of them, or none; "done" goes on.

    Raises:
        NotAMemberError: an old card of somebody who has left, or never joined.
    """
    people.require_member(person)
    given = await consents.given(session, person)
    if callback_data.what == "all":
        given = set(Purpose)
    elif callback_data.what == "none":
        given = set()
    elif callback_data.what in [*Purpose]:
        given ^= {Purpose(callback_data.what)}
    await consents.switch(
        session, person, given, now, version=TERMS_VERSION, language=person.language or ""
    )
    if callback_data.alone:
        return [edit("me.card") if callback_data.done else edit("start.consents", alone=True)]
    if callback_data.done:
        return [edit("start.in"), say("profile.step", step="need")]
    return [edit("start.consents")]


# A few taps about oneself

STEPS = ("need", "stage", "area", "participation", "profiles")


async def tapped(
    query: Any, callback_data: Tap, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Keep one answer and ask the next; the last one shows something useful at once."""
    step, value, alone = callback_data.step, callback_data.value, callback_data.alone
    people.require_member(person)
    if step not in STEPS:
        return [edit("profile.step", step=STEPS[0])]
    if step == "profiles" and value:
        await _toggle_profile(session, person, value)
        return [edit("profile.step", step=step, alone=alone)]
    if value == NOTHING:
        await _take_back(session, person, step)
    elif value:
        await _keep(session, person, step, value)
    if alone:
        return [edit("me.card")]
    following = STEPS.index(step) + 1
    if following < len(STEPS):
        return [edit("profile.step", step=STEPS[following])]
    return [edit("start.useful")]


async def _keep(session: AsyncSession, person: Person, step: str, value: str) -> None:
    if step == "need" and value in [*Need]:
        await needs.look_for(session, person, [Need(value)])
    elif step == "stage" and value in [*Stage]:
        person.stage = Stage(value)
    elif step == "participation" and value in [*Participation]:
        person.participation = Participation(value)
    elif step == "area":
        areas.settle(person, await areas.by_ref(session, value))


async def _take_back(session: AsyncSession, person: Person, step: str) -> None:
    if step == "need":
        await needs.look_for(session, person, [])
    elif step == "stage":
        person.stage = None
    elif step == "participation":
        person.participation = None
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


async def languages_card(page: Page, joining: bool) -> Message:
    """Show the languages by their own names; Telegram's only comes first."""
    first = sorted_for(page.reader.telegram_language)
    buttons = [Button(native_name(code), Language(code=code, joining=joining)) for code in first]
    # Nobody has chosen yet: the question stands in every language, each by its own catalogue.
    return Message("🌍 " + " · ".join(_question(code) for code in first), in_rows(buttons, 2))


def _question(code: str) -> str:
    return translator_for(code).label("language choice", "Your language?")


async def language_set(page: Page) -> Message:
    """Confirm the language in itself."""
    _ = page._
    return Message(_("From now on I speak {language} with you.", language=native_name(_.language)))


async def terms_card(page: Page) -> Message:
    """Say in three sentences what this is."""
    _ = page._
    text = lines(
        _("👋 <b>Welcome</b>"),
        "",
        _(
            "This is a network of people who start or run a business in a new country: "
            "events, support and each other."
        ),
        _("It is free, in your language, and you can leave at any time."),
        _("We keep only what you tell us here; you can see and delete it whenever you want."),
    )
    rows = in_rows(
        [
            Button(_.label("button", "✅ Join"), Terms(join=True)),
            Button(_.label("button", "👀 Just look"), Terms(join=False)),
            Button(_.label("button", "What happens with my data?"), menu.Menu(to="privacy")),
        ]
    )
    return Message(text, rows)


async def dead_link(page: Page) -> Message:
    """Tell a newcomer that the link has ended, and that they are welcome all the same."""
    return Message(page._("The link that you opened has ended. You are welcome all the same."))


async def looking_card(page: Page) -> Message:
    """Let somebody look round who has not joined."""
    return Message(page._("Have a look round. You can join whenever you like: /start"))


async def consents_card(page: Page, *, alone: bool = False) -> Message:
    """Show the switches, all off at first; "all" and "only what is needed" are equally big."""
    _ = page._

    def switch(what: str, *, done: bool = False) -> Switch:
        return Switch(what=what, done=done, alone=alone)

    given = await consents.given(page.session, page.reader)
    rows = [
        [
            Button(
                _.label("button", "✅ {purpose}", purpose=words.purpose(purpose, _))
                if purpose in given
                else _.label("button", "⬜ {purpose}", purpose=words.purpose(purpose, _)),
                switch(purpose.value),
            )
        ]
        for purpose in Purpose
    ]
    rows.append(
        [
            Button(_.label("button", "All"), switch("all", done=True)),
            Button(_.label("button", "Only what is needed"), switch("none", done=True)),
        ]
    )
    rows.append([Button(_.label("button", "Done"), switch("", done=True))])
    text = lines(
        _("<b>What may we do?</b>"),
        "",
        _("Each of these is your choice. Everything else works without them."),
        _("You can change them at any time under /me."),
    )
    return Message(text, rows)


async def in_card(page: Page) -> Message:
    """Welcome a new member."""
    _ = page._
    return Message(_("You are in. Welcome! 🎉"))


async def step_card(page: Page, step: str, alone: bool = False) -> Message:
    """Ask one thing about the person, with a way to skip it."""
    _ = page._
    question, choices, per_row = await _question_of(page, step)
    rows = in_rows(
        [Button(label, Tap(step=step, value=value, alone=alone)) for label, value in choices],
        per_row,
    )
    several = step == "profiles"
    if alone and not several:
        nothing = Tap(step=step, value=NOTHING, alone=True)
        rows.append([Button(_.label("button", "🗑 No longer say it"), nothing)])
    way_on = _.label("button", "Done") if several else _.label("button", "Skip")
    rows.append([Button(way_on, Tap(step=step, value="", alone=alone))])
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
            _("<b>How would you like to take part?</b>"),
            [(words.participation(code, _), code.value) for code in Participation],
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
    """Show something useful at once: the next event, and help for the first need."""
    _ = page._
    rows: list[list[Button]] = []
    coming = await events.upcoming(page.session, page.now, 1)
    if coming:
        block = await translations.block(
            page.session, "event", coming[0].id, _.language, page.network.language
        )
        title = block.get("title") if block else ""
        label = _.label("button", "📅 {title}", title=title)
        rows.append([Button(label, attendance.Open(ref=coming[0].ref))])
    wanted = await needs.of(page.session, page.reader)
    if wanted:
        label = _.label("button", "🤝 {need}", need=words.need(wanted[0], _))
        rows.append([Button(label, support.OfNeed(need=wanted[0].value))])
    text = _("<b>Thank you.</b> /menu shows what there is.")
    if rows:
        text = _("<b>Thank you.</b> Here is something for you to begin with:")
    elif Purpose.NEWS in await consents.given(page.session, page.reader):
        text = _("<b>Thank you.</b> We will tell you as soon as there is something for you.")
    return Message(text, [*rows, [menu.button(_)]])


CARDS = {
    "start.languages": languages_card,
    "start.language_set": language_set,
    "start.terms": terms_card,
    "start.dead_link": dead_link,
    "start.looking": looking_card,
    "start.consents": consents_card,
    "start.in": in_card,
    "start.useful": useful_card,
    "profile.step": step_card,
}


def setup() -> Router:
    """Take /start, /language and the buttons on the way in."""
    router = Router(name="onboarding")
    router.message.register(start, CommandStart())
    router.message.register(language_command, Command("language"))
    router.callback_query.register(language_chosen, Language.filter())
    router.callback_query.register(terms_answered, Terms.filter())
    router.callback_query.register(switched, Switch.filter())
    router.callback_query.register(tapped, Tap.filter())
    return router
