"""Hand-over plans: who teaches and who learns both see how far they are."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles, team_tasks, transfers
from community.base import find
from community.errors import NotUnderstoodError
from community.events import Event
from community.people import Person
from community.roles import RoleName
from community.transfers import Code, Does, State, Transfer, TransferStep
from handlers import menu
from handlers.agreement_facts import end_of, last_day, today
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.owning import colleagues, name_of
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    blockquote,
    edit,
    lines,
    say,
)
from handlers.staff import (
    ANIMATORS,
    Desk,
    HandingOver,
    OneStep,
    Transfers,
    page_of,
    router_for,
)
from handlers.team import role_name
from locales import Html, Translator, day, parse_day, short_day

PER_PAGE = 10


SHOWN = 24


class OnePlan(CallbackData, prefix="yp"):
    """One plan: see it, say yes or no to it, end it, finish it, let ``person`` teach."""

    ref: str
    act: str = "open"
    person: str = ""


async def _what(answering: Answering, text: str) -> str:
    return team_tasks.clean(text)


async def _ask_what(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is to be done? One step, in a sentence that both understand."))


async def _does(answering: Answering, text: str) -> str:
    if text not in [*Does]:
        raise NotUnderstoodError("choice")
    return text


async def _ask_does(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("Whose step is it?"),
        [(_.label("button", "The member's"), "member"), (_.label("button", "Ours"), "animator")],
    )


async def _day(answering: Answering, text: str) -> str:
    zone = answering.network.zone
    first = today(answering.now, zone)
    found: date | None = parse_day(text, first, answering._.language)
    if found is None or found < first:
        raise NotUnderstoodError("ends_at")
    return end_of(found, zone).isoformat()


async def _ask_day(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Until which day? For example: 31.12.2028"))


async def _added(answering: Answering) -> Replies:
    ref, told = answering.about["ref"], answering.answers
    due_at = datetime.fromisoformat(told["due_at"])
    await transfers.add_step(
        answering.session,
        answering.person,
        ref,
        told["what"],
        Does(told["does"]),
        due_at,
        answering.now,
    )
    return [say("transfer", ref=ref)]


async def _moved(answering: Answering) -> Replies:
    ref, due_at = answering.about["ref"], datetime.fromisoformat(answering.answers["due_at"])
    await transfers.move_step(answering.session, answering.person, ref, due_at, answering.now)
    return [say("transfer.step", ref=ref)]


DUE = Field("due_at", _ask_day, _day)


STEP = Form(
    "transfer.step",
    [Field("what", _ask_what, _what), Field("does", _ask_does, _does, by_button=True), DUE],
    _added,
    home=lambda about: say("transfer", ref=about["ref"]),
)


MOVE = Form(
    "transfer.due", [DUE], _moved, home=lambda about: say("transfer.step", ref=about["ref"])
)


async def list_opened(query: Any, callback_data: Transfers, state: FSMContext) -> Replies:
    """Show the plans, or what can pass to a member."""
    await state.clear()
    if callback_data.act == "new":
        return [edit("transfer.what")]
    return [edit("transfers", at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OnePlan,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Show a plan, say yes or no to it, or end it after one more question."""
    ref, act = callback_data.ref, callback_data.act
    if act in ("yes", "no"):
        await transfers.answer(session, person, ref, now, takes=act == "yes")
        return [edit("transfer", ref=ref)]
    await transfers.opened(session, person, ref, now)
    if act == "end":
        return [edit("transfer.sure", ref=ref)]
    if act == "end_sure":
        await transfers.end(session, person, ref, now)
    return [edit("transfer", ref=ref)]


async def led(
    query: Any,
    callback_data: HandingOver,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Do what animators alone do with a plan: begin, add a step, finish, let somebody teach."""
    ref, act, who = callback_data.ref, callback_data.act, callback_data.person
    transfer = await transfers.opened(session, person, ref, now)
    if act == "add":
        return await begin(STEP, state, ref=ref)
    if act == "choose":
        return [edit("transfer.mentors", ref=ref)]
    if act == "finish":
        return [edit("transfer.finish", ref=ref)]
    if act == "finish_sure":
        await transfers.finish(session, person, ref, now)
    elif act == "give":
        await transfers.hand_on(session, person, ref, who, now)
    return [edit("transfer", ref=transfer.ref)]


async def step_touched(
    query: Any,
    callback_data: OneStep,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a step, say that it is done or is not, give it another day, or take it out."""
    ref, act = callback_data.ref, callback_data.act
    step = await find(session, TransferStep, ref)
    transfer = await session.get_one(Transfer, step.transfer_id)
    await transfers.opened(session, person, transfer.ref, now)
    if act in ("done", "again"):
        await transfers.tick(session, person, ref, now, done=act == "done")
    elif act == "due":
        await roles.require(session, person, RoleName.ANIMATOR, now)
        return await begin(MOVE, state, ref=ref)
    elif act == "drop":
        await transfers.drop_step(session, person, ref, now)
    else:
        return [edit("transfer.step", ref=ref)]
    return [edit("transfer", ref=transfer.ref)]


def step_name(step: TransferStep, _: Translator) -> str:
    """Return what a step is: one of the first in the reader's language, else as written."""
    return step.what if step.code is None else code_name(Code(step.code), _)


def code_name(code: Code, _: Translator) -> str:
    """Return what one of the first steps is."""
    return {
        Code.WATCH: _.label("step", "Look on and ask questions"),
        Code.TOGETHER: _.label("step", "Do it together"),
        Code.ALONE: _.label("step", "Do it yourself, with help nearby"),
    }[code]


async def lasts(page: Page, transfer: Transfer, giver: Person | None) -> Html:
    """Say when the role ends: not after the right of whoever gives it, if that is known."""
    _ = page._
    if transfer.event_id is not None:
        return _("The role ends a week after the event.")
    if giver is not None and (
        end := await transfers.cut_short(page.session, giver, transfer, page.now)
    ):
        last = end.astimezone(ZoneInfo(page.network.zone)).date()
        return _("The role ends on {day} at the latest.", day=day(last, _))
    return _.ngettext(
        "The role ends {n} month after it has passed on.",
        "The role ends {n} months after it has passed on.",
        transfer.months,
    )


def state_line(transfer: Transfer, page: Page) -> Html | None:
    """Say how far a plan is, in a sentence."""
    _ = page._
    if transfer.state == State.OFFERED and not transfer.is_offered(page.now):
        return _("Nobody has answered in time; it can be offered again.")
    is_mine = transfer.person_id == page.reader.id
    return {
        State.OFFERED: _("It begins when you say yes. You can say no.")
        if is_mine
        else _("⏳ The member has been asked and has not answered yet."),
        State.AGREED: _("🌱 It is under way. Either of you can end it at any time."),
        State.DONE: _("✅ It is done: the role has passed on."),
        State.DECLINED: _("The member has said no, and that is fine."),
        State.ENDED: _("It has been ended. No role came of it."),
    }[State(transfer.state)]


def button(_: Translator) -> Button:
    """Return the way to the plans."""
    return Button(_.label("button", "🌱 Hand-over plans"), Transfers())


async def my_buttons(page: Page) -> list[list[Button]]:
    """Return the ways to the plans by which something passes to the reader."""
    _ = page._
    found = await transfers.of(page.session, page.reader, page.now)
    return [
        [
            Button(
                _.label("button", "🌱 What passes to me: {role}", role=await role_name(page, one)),
                OnePlan(ref=one.ref),
            )
        ]
        for one in found
    ]


async def step_buttons(page: Page, found: Sequence[TransferStep]) -> list[list[Button]]:
    """Return the ways to steps, one under the other; what is late is marked."""
    _ = page._
    rows = []
    for step in found:
        what = step_name(step, _)
        what = what if len(what) <= SHOWN else f"{what[: SHOWN - 1]}…"
        if step.done_at is not None:
            label = _.label("task in a list", "✅ {what}", what=what)
        elif step.is_due(page.now):
            label = _.label("task in a list", "🔴 {what}", what=what)
        else:
            label = _.label("task in a list", "🌱 {what}", what=what)
        rows.append([Button(label, OneStep(ref=step.ref))])
    return rows


async def list_card(page: Page, at: int = 0) -> Message:
    """List what is passing to members."""
    _ = page._
    found = await transfers.every(page.session, page.reader, page.now)
    shown, turning = page_of(found, at, PER_PAGE, lambda to: Transfers(at=to), _)
    told, rows = [], []
    for one in shown:
        person = await page.session.get_one(Person, one.person_id)
        role = await role_name(page, one)
        told.append(_("🌱 {name}: {role}", name=person.name or "?", role=role))
        label = _.label("button", "🌱 {name}: {role}", name=person.name or "?", role=role)
        rows.append([Button(label, OnePlan(ref=one.ref))])
    text = lines(
        _("🌱 <b>Hand-over plans</b>"),
        _("Step by step, something of ours passes to a member."),
        *(told or [_("There is none now.")]),
    )
    new = Button(_.label("button", "➕ New plan"), Transfers(act="new"))
    back = Button(_.label("button", "Back"), Desk(to="team"))
    return Message(text, [*rows, turning, [new], [back]])


async def card(page: Page, ref: str) -> Message:
    """Show a plan to whoever teaches or learns: what passes, the steps, and what can be done."""
    _ = page._
    transfer = await transfers.opened(page.session, page.reader, ref, page.now)
    member = await page.session.get_one(Person, transfer.person_id)
    mentor = (await transfers.mentors(page.session, [transfer], page.now)).get(transfer.id)
    found = await transfers.steps(page.session, transfer)
    is_mine = member.id == page.reader.id
    role = await role_name(page, transfer)
    text = lines(
        _("🌱 <b>A hand-over plan</b>"),
        _("What passes on: {role}", role=role),
        _("Who learns: {name}", name=name_of(page, member)),
        _("Who teaches: {name}", name=name_of(page, mentor))
        if mentor
        else _("Who teaches: the team"),
        await lasts(page, transfer, mentor or page.reader),
        "",
        *[_step_line(page, one, member, mentor) for one in found],
        "",
        state_line(transfer, page),
    )
    rows = []
    if is_mine and transfer.is_offered(page.now):
        rows = [
            [Button(_.label("button", "✅ Yes, I would like to"), OnePlan(ref=ref, act="yes"))],
            [Button(_.label("button", "No, thank you"), OnePlan(ref=ref, act="no"))],
        ]
    elif transfer.is_open(page.now):
        rows = await step_buttons(page, found)
        if not is_mine:
            rows += _teaching(transfer, _)
        rows.append([Button(_.label("button", "✖️ End the plan"), OnePlan(ref=ref, act="end"))])
    return Message(text, [*rows, [menu.button(_) if is_mine else button(_)]])


def _teaching(transfer: Transfer, _: Translator) -> list[list[Button]]:
    ref = transfer.ref
    rows = [
        [
            Button(_.label("button", "➕ A step"), HandingOver(ref=ref, act="add")),
            Button(_.label("button", "↪️ Hand it on"), HandingOver(ref=ref, act="choose")),
        ]
    ]
    if transfer.state == State.AGREED:
        label = _.label("button", "✅ Give the role")
        rows.append([Button(label, HandingOver(ref=ref, act="finish"))])
    return rows


def _step_line(page: Page, step: TransferStep, member: Person, mentor: Person | None) -> Html:
    _ = page._
    does = member if step.does == Does.MEMBER else mentor
    facts = {
        "what": step_name(step, _),
        "who": name_of(page, does) if does else _.label("owner", "the team"),
        "day": short_day(last_day(step.due_at, page.network.zone), _),
    }
    if step.done_at is not None:
        return _("✅ {what} ({who}, until {day})", **facts)
    if step.is_due(page.now):
        return _("🔴 {what} ({who}, until {day})", **facts)
    return _("▫️ {what} ({who}, until {day})", **facts)


async def step_card(page: Page, ref: str) -> Message:
    """Show one step, and what can be done about it."""
    _ = page._
    step = await find(page.session, TransferStep, ref)
    transfer = await page.session.get_one(Transfer, step.transfer_id)
    await transfers.opened(page.session, page.reader, transfer.ref, page.now)
    member = await page.session.get_one(Person, transfer.person_id)
    mentor = (await transfers.mentors(page.session, [transfer], page.now)).get(transfer.id)
    text = lines(
        _("🌱 <b>A step of a hand-over plan</b>"),
        blockquote(step_name(step, _)),
        _step_line(page, step, member, mentor),
    )
    rows = []
    if transfer.state == State.AGREED:
        done = step.done_at is not None
        label = (
            _.label("button", "It is not done after all")
            if done
            else _.label("button", "✅ It is done")
        )
        rows.append([Button(label, OneStep(ref=ref, act="again" if done else "done"))])
    if member.id != page.reader.id and transfer.is_open(page.now):
        rows.append(
            [
                Button(_.label("button", "✏️ Until when"), OneStep(ref=ref, act="due")),
                Button(_.label("button", "✖️ Leave it out"), OneStep(ref=ref, act="drop")),
            ]
        )
    back = Button(_.label("button", "The whole plan"), OnePlan(ref=transfer.ref))
    return Message(text, [*rows, [back]])


async def mentors_card(page: Page, ref: str) -> Message:
    """List who could teach."""
    _ = page._
    await transfers.opened(page.session, page.reader, ref, page.now)
    people = await colleagues(page)
    rows = [
        [Button(label, HandingOver(ref=ref, act="give", person=one.ref))] for label, one in people
    ]
    mine = HandingOver(ref=ref, act="give", person=page.reader.ref)
    rows.append([Button(_.label("button", "🙋 I take it"), mine)])
    text = _("Who teaches the member from now on?")
    return Message(text, [*rows, [Button(_.label("button", "Back"), OnePlan(ref=ref))]])


async def sure_card(page: Page, ref: str) -> Message:
    """Ask once more before a plan ends."""
    _ = page._
    await transfers.opened(page.session, page.reader, ref, page.now)
    return Message(
        _("End this plan? The other one is told, and no role comes of it. It can begin again."),
        [
            [Button(_.label("button", "Yes, end it"), OnePlan(ref=ref, act="end_sure"))],
            [Button(_.label("button", "No, go on"), OnePlan(ref=ref))],
        ],
    )


async def finish_card(page: Page, ref: str) -> Message:
    """Show once more what the member will hold, and until when."""
    _ = page._
    transfer = await transfers.opened(page.session, page.reader, ref, page.now)
    member = await page.session.get_one(Person, transfer.person_id)
    event = await page.session.get(Event, transfer.event_id) if transfer.event_id else None
    until = await transfers.holds_until(page.session, page.reader, transfer, event, page.now)
    left = [one for one in await transfers.steps(page.session, transfer) if not one.done_at]
    text = lines(
        _(
            "{name} holds this role from now on: {role}, until {day}.",
            name=member.name or "?",
            role=await role_name(page, transfer),
            day=day(until.astimezone(ZoneInfo(page.network.zone)).date(), _),
        ),
        _.ngettext("{n} step is not done yet.", "{n} steps are not done yet.", len(left))
        if left
        else None,
    )
    return Message(
        text,
        [
            [
                Button(
                    _.label("button", "✅ Yes, pass it on"),
                    HandingOver(ref=ref, act="finish_sure"),
                )
            ],
            [Button(_.label("button", "No, not yet"), OnePlan(ref=ref))],
        ],
    )


CARDS = {
    "transfers": list_card,
    "transfer": card,
    "transfer.step": step_card,
    "transfer.mentors": mentors_card,
    "transfer.sure": sure_card,
    "transfer.finish": finish_card,
}
FORMS = (STEP, MOVE)


def setup() -> Router:
    """Take the buttons of plans: some are for both, the others for animators."""
    router = Router(name="transfers")
    router.callback_query.register(touched, OnePlan.filter())
    router.callback_query.register(step_touched, OneStep.filter())
    team = router_for("transfers team", ANIMATORS)
    team.callback_query.register(list_opened, Transfers.filter())
    team.callback_query.register(led, HandingOver.filter())
    router.include_router(team)
    return router
