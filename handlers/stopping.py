"""Pausing, stopping, leaving: as easy as joining, in any offered language, in every state."""

from datetime import datetime, timedelta
from typing import Any

from aiogram import F, Router
from aiogram.filters import Command, StateFilter
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.types import Message as Incoming
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    attendance,
    cohorts,
    consents,
    conversations,
    feedback_consents,
    people,
    referrals,
    roles,
    surveys,
    transfers,
)
from community.consents import Purpose
from community.people import Membership, Person
from handlers import menu, words
from handlers.filters import Fits
from handlers.onboarding import TERMS_VERSION
from handlers.replies import Button, Message, Network, Page, Replies, edit, lines, say, toast
from handlers.resting import Stop, again_button, last_day
from locales import Html, Translator, join
from locales.stopwords import is_stop, mentions_stop


class Pause(CallbackData, prefix="pa"):
    """Take a break of so many weeks."""

    weeks: int


async def stopped(
    message: Any, session: AsyncSession, person: Person, now: datetime, state: FSMContext
) -> Replies:
    """Stop at once: by /stop, or by a stop word in any offered language, whatever is asked."""
    await state.clear()
    return await _stop(session, person, now)


async def _stop(session: AsyncSession, person: Person, now: datetime) -> Replies:
    if person.is_member:
        replies = [say("stop.done")]
        is_new = await people.stop(session, person, now)
    else:
        is_asked_no_more = await surveys.end_exit(session, person, now)
        replies = [say("stop.nothing", is_asked_no_more=is_asked_no_more)]
        is_new = True
    if is_new and await referrals.open_of(session, person):
        replies.append(say("stop.requests"))
    return replies


async def perhaps(message: Incoming, session: AsyncSession, now: datetime) -> Replies:
    """Ask, where a sentence merely contains a stop word; the sentence is not lost by it."""
    await conversations.keep_unsent(session, message.chat.id, message.text or "", now)
    return [say("stop.perhaps")]


async def pause_command(message: Any, state: FSMContext, person: Person) -> Replies:
    """Answer /pause; whoever has stopped hears nothing anyway."""
    await state.clear()
    people.require_member(person)
    return [say("pause.stopped" if person.state == Membership.STOPPED else "pause.ask")]


async def pause_chosen(
    query: Any,
    callback_data: Pause,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Rest until the day named now."""
    weeks = callback_data.weeks
    if not timedelta(0) < timedelta(weeks=weeks) <= people.LONGEST_PAUSE:
        return [toast("old_button")]
    zone = person.local_zone(network.zone)
    until = people.end_of_pause(now.astimezone(zone).date(), weeks, zone)
    await people.pause(session, person, until, now)
    return [edit("pause.done")]


async def acted(
    query: Any,
    callback_data: Stop,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    network: Network,
    _: Translator,
) -> Replies:
    """Carry out what was chosen after a stop."""
    act = callback_data.act
    if act == "stop":
        await state.clear()
        return await _stop(session, person, now)
    if act == "again":
        people.require_member(person)
        if await people.resume(session, person, now):
            await attendance.welcome_back(session, person, now, default_zone=network.zone)
        return [edit("stop.again")]
    if act == "leave":
        return [edit("stop.leave")]
    if act in {"left", "left_all"}:
        if act == "left_all":
            await referrals.withdraw_all(session, person, now)
        await attendance.give_up(session, person, now, default_zone=network.zone)
        await transfers.leave(session, person, now)
        await cohorts.leave_all(session, person, now)
        await people.leave(session, person, now)
        await feedback_consents.end(session, person, now)
        await surveys.end_exit(session, person, now)  # of another time that they left
        nothing: set[Purpose] = set()
        await consents.switch(
            session, person, nothing, now, version=TERMS_VERSION, language=_.language
        )
        return [edit("stop.left")]
    if act == "ask":
        await surveys.agree_to_exit(
            session, person, now, version=TERMS_VERSION, language=_.language
        )
        return [edit("stop.asked")]
    if act == "ask_not":
        await surveys.end_exit(session, person, now)
        return [edit("stop.asked")]
    if act == "withdraw":
        await referrals.withdraw_all(session, person, now)
        return [edit("stop.withdrawn")]
    if act == "keep":
        return [edit("stop.kept")]
    if act == "no":
        assert person.telegram_id is not None
        words = await conversations.unsent(session, person.telegram_id)
        return [edit("inbox.unsent" if words else "stop.no")]
    return [toast("old_button")]


# Cards


async def done(page: Page) -> Message:
    """Confirm, once, and offer what else one may want."""
    _ = page._
    text = lines(
        _("🔕 <b>Stopped.</b> From now on you get no news, reminders or questions from us."),
        _(
            "You still get answers to what you ask, and you are told if an event you go to "
            "is cancelled."
        ),
    )
    rows = [
        [again_button(_)],
        [Button(_.label("button", "Leave the network"), Stop(act="leave"))],
        [_delete_button(_)],
    ]
    return Message(text, rows)


async def requests(page: Page) -> Message:
    """Ask once about open requests to support organisations."""
    _ = page._
    count = len(await referrals.open_of(page.session, page.reader))
    text = _.ngettext(
        "You have {n} open request to a support organisation. Shall it go on?",
        "You have {n} open requests to support organisations. Shall they go on?",
        count,
    )
    return Message(
        text,
        [
            [Button(_.label("button", "Yes, go on"), Stop(act="keep"))],
            [Button(_.label("button", "No, withdraw"), Stop(act="withdraw"))],
        ],
    )


async def nothing(page: Page, *, is_asked_no_more: bool = False) -> Message:
    """Tell somebody who is no member what may still come to them; data can be deleted here."""
    _ = page._
    if is_asked_no_more:
        text = _("All right. We ask you nothing more.")
        return Message(text, [[_delete_button(_)]])
    if await referrals.open_of(page.session, page.reader):
        text = _(
            "You are not a member. You hear from us only about your open requests to support "
            "organisations."
        )
    else:
        text = _("You are not a member, so you get no messages from us.")
    return Message(text, [[_delete_button(_)]])


def _delete_button(_: Translator) -> Button:
    return Button(_.label("button", "Delete my data"), menu.Menu(to="erase"))


async def perhaps_card(page: Page) -> Message:
    """Ask what was meant."""
    _ = page._
    return Message(
        _("Do you want to stop the messages from us?"),
        [
            [Button(_.label("button", "Yes, stop them"), Stop(act="stop"))],
            [Button(_.label("button", "No, I meant something else"), Stop(act="no"))],
        ],
    )


async def no_card(page: Page) -> Message:
    """Go on as before."""
    return Message(page._("All right, nothing changes."))


async def again(page: Page) -> Message:
    """Welcome somebody back."""
    _ = page._
    return Message(_("Welcome back. You get messages again."), [[menu.button(_)]])


async def leave_card(page: Page) -> Message:
    """Ask for a second tap before leaving; open requests go on, or are withdrawn with it."""
    _ = page._
    count = len(await referrals.open_of(page.session, page.reader))
    text = lines(
        _("Do you want to leave the network?"),
        _("Your data stay until you delete them. You can come back at any time."),
        await _ends_with_it(page),
        _.ngettext(
            "You have {n} open request to a support organisation. It can go on without you being "
            "a member.",
            "You have {n} open requests to support organisations. They can go on without you "
            "being a member.",
            count,
        )
        if count
        else None,
    )
    rows = [[Button(_.label("button", "Yes, leave"), Stop(act="left"))]]
    if count:
        both = _.label("button", "Leave and withdraw my requests")
        rows.append([Button(both, Stop(act="left_all"))])
    rows.append([Button(_.label("button", "No, stay"), Stop(act="no"))])
    return Message(text, rows)


async def _ends_with_it(page: Page) -> Html | None:
    """Say that what somebody does for others, or shares with them, ends, if there is any."""
    _ = page._
    mine = await roles.held(page.session, page.reader, page.now)
    theirs = [role.name for role in mine if role.name in roles.OF_MEMBERS]
    named = [words.role(name, _) for name in dict.fromkeys(theirs)]
    ends = [
        _("It ends your roles: {roles}. The team is told of it.", roles=join(named, _))
        if named
        else None,
        _("It ends your hand-over plans.")
        if await transfers.of(page.session, page.reader, page.now)
        else None,
        _("You do not belong to groups of courses any more after that.")
        if await cohorts.mine(page.session, page.reader)
        else None,
    ]
    return lines(*ends) if any(ends) else None


async def left(page: Page) -> Message:
    """Say goodbye, and what goes on all the same."""
    _ = page._
    count = len(await referrals.open_of(page.session, page.reader))
    text = lines(
        _("You have left. All the best to you! /start brings you back."),
        _.ngettext(
            "{n} request to a support organisation is still open: you hear when it is answered.",
            "{n} requests to support organisations are still open: you hear when they are "
            "answered.",
            count,
        )
        if count
        else None,
        "",
        _(
            "May we ask you twice more how it goes for you: in the next weeks, and in half a "
            "year? If you do not say yes, we do not."
        ),
    )
    rows = [
        [Button(_.label("button", "Yes, you may ask me twice"), Stop(act="ask"))],
        [_delete_button(_)],
    ]
    if count:
        rows.insert(0, [Button(_.label("button", "Withdraw my requests"), Stop(act="withdraw"))])
    return Message(text, rows)


async def asked(page: Page) -> Message:
    """Confirm whether somebody who has left may be asked twice more."""
    _ = page._
    if not await surveys.may_be_asked(page.session, page.reader.id):
        return Message(_("All right. We ask you nothing more."), [[_delete_button(_)]])
    text = _("Thank you. You hear from us twice more at most, and /stop ends that at any time.")
    no = Button(_.label("button", "No, do not ask me"), Stop(act="ask_not"))
    return Message(text, [[no], [_delete_button(_)]])


async def withdrawn(page: Page) -> Message:
    """Confirm that requests are withdrawn."""
    return Message(page._("Your requests are withdrawn. The organisations see nothing any more."))


async def kept(page: Page) -> Message:
    """Confirm that requests go on."""
    return Message(page._("All right, your requests go on. You are told when something happens."))


async def pause_stopped(page: Page) -> Message:
    """Tell somebody who has stopped that there is nothing to pause."""
    _ = page._
    return Message(_("You have stopped: you get no messages from us anyway."), [[again_button(_)]])


async def pause_ask(page: Page) -> Message:
    """Ask how long."""
    _ = page._
    rows = [
        [Button(_.nlabel("button", "{n} week", "{n} weeks", weeks), Pause(weeks=weeks))]
        for weeks in (1, 2, 4, 8)
    ]
    return Message(_("How long would you like a break from our messages?"), rows)


async def pause_done(page: Page) -> Message:
    """Name the day on which the break ends."""
    _ = page._
    text = lines(
        _("A good break to you. You get messages again from {day}.", day=last_day(page)),
        _("Reminders of events you go to still come."),
    )
    return Message(text, [[again_button(_)]])


CARDS = {
    "stop.done": done,
    "stop.requests": requests,
    "stop.nothing": nothing,
    "stop.perhaps": perhaps_card,
    "stop.no": no_card,
    "stop.again": again,
    "stop.leave": leave_card,
    "stop.left": left,
    "stop.asked": asked,
    "stop.withdrawn": withdrawn,
    "stop.kept": kept,
    "pause.ask": pause_ask,
    "pause.stopped": pause_stopped,
    "pause.done": pause_done,
}


def setup() -> Router:
    """Take stop words before anything else, /stop, /pause and their buttons."""
    router = Router(name="stopping")
    router.message.register(stopped, Fits(F.text.func(is_stop)))
    router.message.register(stopped, Command("stop"))
    router.message.register(pause_command, Command("pause"))
    router.message.register(
        perhaps, StateFilter(None), Fits(~F.text.startswith("/") & F.text.func(mentions_stop))
    )
    router.callback_query.register(pause_chosen, Pause.filter())
    router.callback_query.register(acted, Stop.filter())
    return router
