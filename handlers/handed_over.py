"""Somebody opens their paper code: they see what was recorded, confirm it or put it right."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import StateFilter
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.types import Message as Incoming
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, face_to_face, people, roles
from community.consents import Consent
from community.errors import CodeRefusedError, NotFoundError
from community.face_to_face import Line, Opening, Recorded
from community.people import Person
from community.roles import RoleName
from handlers import calls, menu, words
from handlers.content import block_for
from handlers.forms import Form, begin
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
from locales import Html, Translator, day, duration, join, language_name

LINK = "h-"
"""What a deep link with a paper code begins with."""
VERSION = "2026-11"
"""The version of the words under which somebody confirms what was recorded."""


class Handed(CallbackData, prefix="ff"):
    """What was recorded of oneself: see it, or confirm it or put it right ``line`` by line."""

    act: str = "see"
    line: str = ""
    to: str = ""
    """Of a consent that is changed: "on" or "off", so that a second press changes nothing."""


# Opening the code


async def take(session: AsyncSession, person: Person, code: str, now: datetime) -> Replies:
    """Let the person take over what was recorded, and show it; or say kindly that it cannot be.

    Raises:
        CodeRefusedError: the code leads nowhere (any more), or is not tried now.
    """
    read = face_to_face.read_code(code)
    if read is None:
        raise CodeRefusedError
    opening, _somebody = await face_to_face.open_code(session, person, read, now)
    if opening is Opening.KNOWN_ALREADY:
        return [say("handed.known")]
    return [say("handed.taken"), say("handed.recorded"), commands()]


async def by_link(session: AsyncSession, person: Person, code: str, now: datetime) -> Replies:
    """Follow the square on the paper; who scans theirs once more sees what it has led to.

    Raises:
        CodeRefusedError: the code leads nowhere (any more), or is not tried now.
    """
    if person.is_member and await face_to_face.row_of(session, person) is not None:
        return [say("handed.recorded")]
    return await take(session, person, code, now)


async def is_code(message: Incoming) -> bool | Mapping[str, Any]:
    """Say whether a message is nothing but the digits of a code."""
    code = face_to_face.read_code(message.text or "")
    return {"code": code} if code else False


async def typed(
    message: Incoming,
    code: str,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Take the digits of a code; from a member, other digits are words like any other.

    Raises:
        CodeRefusedError: they lead nowhere (any more), or are not tried now.
    """
    try:
        return await take(session, person, code, now)
    except CodeRefusedError:
        if person.is_member:
            raise SkipHandler from None
        raise


async def touched(
    query: Any,
    callback_data: Handed,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    forms: Mapping[str, Form],
) -> Replies:
    """Show what was recorded; confirm a line, or put it right."""
    people.require_member(person)
    act = callback_data.act
    if act == "all":
        await face_to_face.confirm_all(session, person, now, version=VERSION)
        return [edit("handed.recorded")]
    if act == "delete":
        return [edit("me.erase")]
    if callback_data.line not in [*Line]:
        return [edit("handed.recorded")]
    line = Line(callback_data.line)
    if act == "right":
        await face_to_face.confirm(session, person, line, now, version=VERSION)
        return [edit("handed.recorded")]
    if act == "change":
        return await _change(session, person, line, callback_data.to, now, state, forms)
    return [edit("handed.line", line=line.value)]


async def _change(
    session: AsyncSession,
    person: Person,
    line: Line,
    to: str,
    now: datetime,
    state: FSMContext,
    forms: Mapping[str, Form],
) -> Replies:
    if line.purpose is not None:
        if to not in ("on", "off"):
            return [edit("handed.line", line=line.value)]
        given = await consents.given(session, person) - {line.purpose}
        given |= {line.purpose} if to == "on" else set()
        await consents.switch(
            session, person, given, now, version=VERSION, language=person.language or ""
        )
        await face_to_face.confirm(session, person, line, now, version=VERSION)
        return [edit("handed.recorded")]
    if line is Line.NAME:
        return await begin(forms["rename"], state)
    if line is Line.LANGUAGE:
        return [edit("start.languages", joining=False)]
    if line is Line.ANSWERS:
        return [edit("event.list")]
    return [edit("profile.step", step=line.value, alone=True)]


# Cards


def sorry(wait: timedelta | None, _: Translator) -> Html:
    """Return what to say of a code that leads nowhere; with ``wait``, that none is tried before.

    Wrong, used and expired ones read alike: nobody learns which codes there are.
    """
    if wait is None:
        return _(
            "This code does not lead anywhere (any more). Please compare it with your paper, or "
            "ask the person who gave it to you for a new one."
        )
    return _(
        "So that nobody guesses your code, none is tried for a while after several wrong ones. "
        "Yours stays good: please try again in {time}, digit by digit.",
        time=duration(max(wait, timedelta(minutes=1)), _),
    )


def refused(refusal: CodeRefusedError) -> Reply:
    """Return the same as a reply, for who is welcomed all the same."""
    return say("handed.refused", wait=refusal.wait and refusal.wait.total_seconds())


async def refused_card(page: Page, wait: float | None) -> Message:
    """Say kindly that a code leads nowhere, or is not tried now."""
    return Message(sorry(None if wait is None else timedelta(seconds=wait), page._))


async def taken(page: Page) -> Message:
    """Welcome somebody who has taken over, and say what comes that nobody has told them yet."""
    _ = page._
    found = await face_to_face.untold(page.session, page.reader)
    applies = [await calls.as_told(page, one, page.reader, _) is not None for one in found]
    coming, past = applies.count(True), applies.count(False)
    return Message(
        lines(
            _("👋 <b>Welcome, {name}!</b>", name=page.reader.name),
            _("From now on everything comes to you here, and nobody calls you any more."),
            _("Your telephone number, if you gave one, has been deleted."),
            _("Messages that nobody had told you yet, and that come to you here: {n}", n=coming)
            if coming
            else None,
            _("Messages that nobody had told you, and that are past by now: {n}", n=past)
            if past
            else None,
        )
    )


async def known(page: Page) -> Message:
    """Say kindly that somebody who is here already cannot take over a second self."""
    _ = page._
    return Message(
        lines(
            _("You are here already with answers of your own, so the code was not used."),
            _("Whoever gave it to you has been told, and will help you."),
        ),
        [[menu.button(_)]],
    )


async def recorded_card(page: Page) -> Message:
    """Show everything that was recorded, and what of it is not confirmed yet."""
    _ = page._
    found = await face_to_face.recorded(page.session, page.reader)
    on = day(found.row.registered_at.astimezone(page.zone).date(), _)
    told = []
    for line in Line:
        words_of = await _line(page, found, line)
        if line in found.open_lines:
            told.append(_("▫️ {what}", what=words_of))
        else:
            told.append(_("✅ {what}", what=words_of))
    is_open = bool(found.open_lines)
    text = lines(
        _("📋 <b>What was recorded of you</b>"),
        _("{name} wrote it down on {day}.", name=found.registered_by, day=on)
        if found.registered_by
        else _("It was written down on {day}.", day=on),
        "",
        *told,
        "",
        _("Is it right? Tap what you would like to look at, or change.")
        if is_open
        else _("You have confirmed all of it. Thank you!"),
    )
    buttons = [
        Button(line_name(line, _), Handed(act="line", line=line.value))
        for line in found.open_lines
    ]
    rows = in_rows(buttons, 2)
    if is_open:
        rows.append([Button(_.label("button", "✅ All of it is right"), Handed(act="all"))])
    rows.append([Button(_.label("button", "🗑 Delete everything"), Handed(act="delete"))])
    return Message(text, [*rows, [menu.button(_)]])


async def line_card(page: Page, line: str) -> Message:
    """Show one line, to confirm or to put right."""
    _ = page._
    found = await face_to_face.recorded(page.session, page.reader)
    chosen = Line(line) if line in [*Line] else Line.NAME
    change, to = _.label("button", "✏️ Change it"), ""
    if chosen.purpose is not None:
        is_on = any(one.granted for one in found.consents if one.purpose == chosen.purpose)
        to = "off" if is_on else "on"
        change = (
            _.label("button", "✖️ Take it back") if is_on else _.label("button", "✅ I agree to it")
        )
    rows = [
        [Button(_.label("button", "✅ It is right"), Handed(act="right", line=chosen.value))],
        [Button(change, Handed(act="change", line=chosen.value, to=to))],
        [Button(_.label("button", "Back"), Handed())],
    ]
    return Message(await _line(page, found, chosen), rows)


def line_name(line: Line, _: Translator) -> str:
    """Return what a line is about, for a button."""
    if line.purpose is not None:
        return words.purpose(line.purpose, _)
    return {
        Line.NAME: _.label("recorded", "My name"),
        Line.LANGUAGE: _.label("recorded", "My language"),
        Line.NEED: _.label("recorded", "What I look for"),
        Line.AREA: _.label("recorded", "Where I live"),
        Line.ANSWERS: _.label("recorded", "My answers to events"),
    }[line]


async def _line(page: Page, found: Recorded, line: Line) -> Html:
    _, me = page._, found.person
    if line.purpose is not None:
        turned = next((one for one in found.consents if one.purpose == line.purpose), None)
        return _consent(page, found, words.purpose(line.purpose, _), turned)
    if line is Line.NAME:
        return _("Name: {name}", name=me.name)
    if line is Line.LANGUAGE:
        return _("Language: {language}", language=language_name(me.language or _.language, _))
    if line is Line.NEED:
        listed = join([words.need(one, _) for one in found.needs], _)
        return _("You look for: {needs}", needs=listed or "–")
    if line is Line.AREA:
        block = await block_for(page, "area", me.area_id) if me.area_id else None
        return _("You live in: {area}", area=block.get("name") if block else "–")
    said = []
    for attendance, event in found.answers:
        title = await block_for(page, "event", event.id)
        said.append(
            _.label(
                "answer by phone",
                "{event}: {said}",
                event=title.get("title") if title else "?",
                said=words.attending(attendance.state, _),
            )
        )
    if not said:
        return _("You answered to no event by phone.")
    return _("By phone you answered: {answers}", answers=join(said, _))


def _consent(page: Page, found: Recorded, purpose: str, turned: Consent | None) -> Html:
    """Say how a switch stands, and before whom it was said."""
    _ = page._
    if turned is None:
        return _("{purpose}: no", purpose=purpose)
    on = day(turned.at.astimezone(page.zone).date(), _)
    witness = found.witnesses.get(turned.witness_id or 0, "")
    if turned.orally and witness:
        said = {"purpose": purpose, "witness": witness, "day": on}
        if turned.granted:
            return _("{purpose}: yes, said to {witness} on {day}", **said)
        return _("{purpose}: no, said to {witness} on {day}", **said)
    if turned.orally:
        if turned.granted:
            return _("{purpose}: yes, said by word of mouth on {day}", purpose=purpose, day=on)
        return _("{purpose}: no, said by word of mouth on {day}", purpose=purpose, day=on)
    if turned.granted:
        return _("{purpose}: yes, since {day}", purpose=purpose, day=on)
    return _("{purpose}: no, since {day}", purpose=purpose, day=on)


async def my_button(page: Page) -> list[list[Button]]:
    """Return the way to what was recorded, for who was registered face to face."""
    try:
        await face_to_face.recorded(page.session, page.reader)
    except NotFoundError:
        return []
    return [[Button(page._.label("button", "📋 What was recorded of me"), Handed())]]


async def opened_notice(page: Page) -> Message | None:
    """Tell the animator that somebody has taken over; not who."""
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return None
    return Message(
        page._("🔑 Somebody without Telegram has opened their code. Nobody calls them any more.")
    )


async def known_notice(page: Page) -> Message | None:
    """Tell the animator that a code was opened by somebody who is a member already."""
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return None
    return Message(
        page._(
            "🔑 A paper code was opened by somebody who is a member already, so it was not used. "
            "Please talk to whom it was given, and delete what is recorded twice."
        )
    )


CARDS = {
    "handed.taken": taken,
    "handed.refused": refused_card,
    "handed.known": known,
    "handed.recorded": recorded_card,
    "handed.line": line_card,
    "team_notice.code_opened": opened_notice,
    "team_notice.code_known_already": known_notice,
}


def setup() -> Router:
    """Take the digits of a code, and the buttons under what was recorded."""
    router = Router(name="handed over")
    router.message.register(typed, StateFilter(None), is_code)
    router.callback_query.register(touched, Handed.filter())
    return router
