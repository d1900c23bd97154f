"""Coming in: the language, three sentences, the consent card. Looking round needs none of it."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, cohorts, consents, lessons, people
from community.consents import Purpose
from community.errors import CodeRefusedError, LinkRefusedError, NotFoundError
from community.people import Person
from handlers import (
    consulting,
    feedback,
    funder,
    handed_over,
    joining,
    menu,
    own_surveys,
    team,
    words,
)
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
from locales import OFFERED, Html, language_name, native_name, sorted_for, translator_for

TERMS_VERSION = "2026-11"
"""The version of the three sentences and of the consent card; kept with every yes."""


class Language(CallbackData, prefix="la"):
    """A language by its own name."""

    code: str
    joining: bool


class Second(CallbackData, prefix="l2"):
    """Another language that they read; "" asks which, "none" says that there is none."""

    code: str = ""


class Terms(CallbackData, prefix="te"):
    """Join, or just look."""

    join: bool


class Switch(CallbackData, prefix="co"):
    """One switch of the consent card, or all, or none, or done."""

    what: str
    done: bool = False
    alone: bool = False
    """Changed later, under /me; nothing else is asked then."""


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
    before = (await state.get_data()).get("then", [])
    await state.clear()
    payload = command.args or ""
    joining = not payload.startswith("i-")
    try:
        if payload.startswith(handed_over.LINK):
            code = payload.removeprefix(handed_over.LINK)
            return await handed_over.by_link(session, person, code, now)
        followed = await _follow(session, person, payload, now)
    except (LinkRefusedError, NotFoundError) as refusal:
        if person.is_member:
            raise
        joining = True
        if isinstance(refusal, CodeRefusedError):
            followed = [handed_over.refused(refusal)]
        else:
            followed = [say("start.dead_link")]
        if person.language is not None:
            return [*followed, say("start.terms")]
    if person.language is None:
        # Whoever opens the bot once more before choosing still goes where the link has led.
        await state.set_data({"then": [_kept(reply) for reply in followed] or before})
        return [say("start.languages", joining=joining)]
    if followed:
        of_members = payload.startswith(("k-", own_surveys.LINK))
        first = [say("start.terms")] if of_members and not person.is_member else []
        return [*first, *followed]
    return [say("menu")] if person.is_member else [say("start.terms")]


async def _follow(session: AsyncSession, person: Person, payload: str, now: datetime) -> Replies:
    if payload.startswith("i-"):
        return await team.accept_invitation(session, person, payload[2:], now)
    if payload.startswith("e-"):
        await attendance.visible(session, person, payload[2:], now)
        return [say("event.card", ref=payload[2:])]
    if payload.startswith("l-"):
        await lessons.open_to(session, person, payload[2:], now)
        return [say("lesson.screen", ref=payload[2:])]
    if payload.startswith("k-"):
        cohort = await cohorts.invited(session, person, payload[2:])
        return [say("cohort.invitation", ref=cohort.ref)]
    if payload.startswith("c-"):
        if not person.is_member:
            return [say("door.join_first")]
        event = await attendance.check_in(session, person, payload[2:], now)
        return [say("door.welcome", ref=event.ref)]
    if payload.startswith(consulting.LINK):
        return await consulting.by_link(
            session, person, payload.removeprefix(consulting.LINK), now
        )
    if payload.startswith(own_surveys.LINK):
        return await own_surveys.by_link(session, payload.removeprefix(own_surveys.LINK))
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
    """Speak this language from now on; then go on with what the person came for.

    A question that is open stays open, and is asked again in the new language.
    """
    if callback_data.code not in OFFERED:
        return [edit("start.languages", joining=callback_data.joining)]
    people.choose_language(person, callback_data.code)
    data = await state.get_data()
    waiting = [Reply(kept["kind"], kept["args"]) for kept in data.pop("then", [])]
    await state.set_data(data)
    if callback_data.joining and not person.is_member:
        return [edit("start.terms"), *waiting, commands()]
    if not waiting and await state.get_state() is None:
        waiting = [say("menu")]
    return [edit("start.language_set"), *waiting, commands()]


async def second_chosen(query: Any, callback_data: Second, person: Person) -> Replies:
    """Ask for the second language, or note it."""
    code = callback_data.code
    if code != "none" and (code not in OFFERED or code == person.language):
        return [edit("start.second")]
    people.choose_second_language(person, None if code == "none" else code)
    return [edit("start.language_set")]


async def terms_answered(
    query: Any, callback_data: Terms, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Join, or look round without any of it."""
    if not callback_data.join:
        return [edit("start.looking"), say("menu")]
    language = person.language or ""
    await people.join(session, person, now, terms_version=TERMS_VERSION, language=language)
    return [edit("start.consents"), *await joining.let_in(session, person, now)]


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
        asked = await feedback.after_joining(session, person)
        return [edit("start.in"), *asked, say("profile.step", step="need")]
    return [edit("start.consents")]


# Cards


async def languages_card(page: Page, joining: bool) -> Message:
    """Show the languages by their own names; Telegram's only comes first."""
    first = sorted_for(page.reader.telegram_language)
    buttons = [Button(native_name(code), Language(code=code, joining=joining)) for code in first]
    rows = in_rows(buttons, 2)
    if page.reader.language is not None and not joining:
        label = page._.label("button", "🗣 I also read another language")
        rows.append([Button(label, Second())])
    # Nobody has chosen yet: the question stands in every language, each by its own catalogue.
    return Message("🌍 " + " · ".join(_question(code) for code in first), rows)


def _question(code: str) -> str:
    return translator_for(code).label("language choice", "Your language?")


async def language_set(page: Page) -> Message:
    """Confirm the language in itself, and the second one if there is one."""
    _ = page._
    second = page.reader.second_language
    text = lines(
        _("✅ Language: {language}", language=language_name(_.language, _)),
        also_read(page),
    )
    ask = (
        _.label("button", "🗣 Change the second language")
        if second
        else _.label("button", "🗣 I also read another language")
    )
    return Message(text, [[Button(ask, Second())]])


def also_read(page: Page) -> Html | None:
    """Name the second language, if there is one."""
    second = page.reader.second_language
    if second is None:
        return None
    return page._("Also: {language}", language=language_name(second, page._))


async def second_card(page: Page) -> Message:
    """Ask which other language they read, each by its own name."""
    _ = page._
    others = [code for code in sorted_for(None) if code != page.reader.language]
    buttons = [Button(native_name(code), Second(code=code)) for code in others]
    text = lines(
        _("Which other language do you read?"),
        _("You get it where something is not in your own language yet."),
    )
    none = Button(_.label("button", "No other"), Second(code="none"))
    return Message(text, [*in_rows(buttons, 2), [none]])


async def terms_card(page: Page) -> Message:
    """Say in three sentences what this is, and whose link it was if it was an organisation's."""
    _ = page._
    by_whom = await feedback.by_whom(page)
    text = lines(
        _("👋 <b>Welcome</b>"),
        "",
        *((by_whom, "") if by_whom else ()),
        _(
            "This is a network of people who start or run a business in a new country: "
            "events, support and each other."
        ),
        _("What you get here:"),
        *menu.what_you_get(_),
        "",
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


async def unknown(page: Page) -> Message:
    """Tell whoever presses an old button, and is not known (any more), how to begin."""
    return Message(page._.label("toast", "Nothing is known about you here. /start begins anew."))


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
    if alone:
        rows.append(await funder.me_button(page))
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


CARDS = {
    "start.languages": languages_card,
    "start.language_set": language_set,
    "start.second": second_card,
    "start.terms": terms_card,
    "start.dead_link": dead_link,
    "start.unknown": unknown,
    "start.looking": looking_card,
    "start.consents": consents_card,
    "start.in": in_card,
}


def setup() -> Router:
    """Take /start, /language and the buttons on the way in."""
    router = Router(name="onboarding")
    router.message.register(start, CommandStart())
    router.message.register(language_command, Command("language"))
    router.callback_query.register(language_chosen, Language.filter())
    router.callback_query.register(second_chosen, Second.filter())
    router.callback_query.register(terms_answered, Terms.filter())
    router.callback_query.register(switched, Switch.filter())
    return router
