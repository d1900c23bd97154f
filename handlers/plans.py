"""The shared action plan: what is to be done with each organisation, by whom, until when."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import plans, roles
from community.base import find
from community.errors import NotUnderstoodError
from community.lifecycle import Who
from community.people import Person
from community.plans import PLAN, Owner, Priority, State, Task
from community.providers import Organization
from community.roles import RoleName
from handlers.agreement_facts import end_of, last_day, today
from handlers.content import block_for
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    Reply,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
)
from handlers.setup_ways import OneOrganization, SetUp
from handlers.staff import COORDINATORS, OneAction, PlanOf, page_of, router_for
from locales import Html, Translator, day, parse_day

NO_DAY = "?"
PER_PAGE = 15


class OneTask(CallbackData, prefix="pj"):
    """One task of a plan: see it, say how far it is, put it right."""

    ref: str
    act: str = "open"
    what: str = ""

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("plan.task", ref=self.ref)


# Reading answers


async def read_what(answering: Answering, text: str) -> str:
    """Return what is to be done, in a sentence."""
    if not 0 < len(text.strip()) <= plans.TEXT_LIMIT:
        raise NotUnderstoodError("text", limit=plans.TEXT_LIMIT)
    return text.strip()


async def _priority(answering: Answering, text: str) -> str:
    if text not in [*Priority]:
        raise NotUnderstoodError("choice")
    return text


async def _owner(answering: Answering, text: str) -> str:
    if text not in [*Owner]:
        raise NotUnderstoodError("choice")
    return text


async def due_day(answering: Answering, text: str) -> str | None:
    """Return the end of the day that somebody writes, or None for no fixed day."""
    if answering.chosen:
        return None
    zone = answering.network.zone
    first = today(answering.now, zone)
    found: date | None = parse_day(text, first, answering._.language)
    if found is None or found < first:
        raise NotUnderstoodError("ends_at")
    return end_of(found, zone).isoformat()


# Asking


async def _ask_what(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is to be done? One task, in a sentence."))


async def _ask_priority(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("How much does it matter?"), [(priority_name(one, _), one.value) for one in Priority]
    )


async def _ask_owner(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("Who does it?"),
        [
            (_.label("button", "I do"), Owner.PERSON.value),
            (_.label("button", "We coordinators"), Owner.COORDINATORS.value),
            (_.label("button", "The organisation"), Owner.PARTNER.value),
        ],
    )


async def ask_due_day(page: Page, about: Any, answers: Any) -> Question:
    """Ask until which day something is to be done."""
    _ = page._
    return Question(
        _("Until which day? For example: 31.12.2028"),
        [(_.label("button", "No fixed day"), NO_DAY)],
    )


FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("what", _ask_what, read_what),
        Field("priority", _ask_priority, _priority, by_button=True),
        Field("owner", _ask_owner, _owner, by_button=True),
        Field("due_at", ask_due_day, due_day),
    )
}


# Finishing


def _facts(answers: Mapping[str, Any]) -> dict[str, Any]:
    facts = dict(answers)
    if facts.get("due_at"):
        facts["due_at"] = datetime.fromisoformat(facts["due_at"])
    return facts


async def _added(answering: Answering) -> Replies:
    task = await plans.add(
        answering.session,
        answering.person,
        answering.about["ref"],
        answering.now,
        **_facts(answering.answers),
    )
    return [say("plan.task", ref=task.ref)]


async def _changed(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await plans.change(
        answering.session, answering.person, ref, answering.now, **_facts(answering.answers)
    )
    return [say("plan.task", ref=ref)]


NEW = Form(
    "plan.new",
    [*FIELDS.values()],
    _added,
    home=lambda about: say("plan.list", ref=about["ref"]),
)
CORRECTIONS = {
    name: Form(
        f"plan.{name}", [field], _changed, home=lambda about: say("plan.task", ref=about["ref"])
    )
    for name, field in FIELDS.items()
}


# Handlers


async def list_opened(
    query: Any, callback_data: PlanOf, session: AsyncSession, state: FSMContext
) -> Replies:
    """Show the plan with one organisation, or all of it; or begin a task."""
    await state.clear()
    if callback_data.ref:
        await find(session, Organization, callback_data.ref)
        if callback_data.act == "new":
            return await begin(NEW, state, ref=callback_data.ref)
    return [edit("plan.list", ref=callback_data.ref, at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OneTask,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a task, say how far it is, or put it right."""
    ref, act, what = callback_data.ref, callback_data.act, callback_data.what
    await plans.opened(session, person, ref, now)
    if act == "edit" and what in CORRECTIONS:
        return await begin(CORRECTIONS[what], state, ref=ref)
    if act == "to" and what in [*State]:
        await plans.move(session, person, ref, State(what), now)
    return [edit("plan.task", ref=ref)]


# Words


def state_name(state: State, _: Translator) -> str:
    """Return how far a task is."""
    return {
        State.PLANNED: _.label("task", "Planned"),
        State.UNDER_WAY: _.label("task", "Under way"),
        State.DONE: _.label("task", "Done"),
        State.DROPPED: _.label("task", "Dropped"),
    }[state]


def priority_name(priority: Priority, _: Translator) -> str:
    """Return how much a task matters."""
    return {
        Priority.HIGH: _.label("task", "Much"),
        Priority.MEDIUM: _.label("task", "As usual"),
        Priority.LOW: _.label("task", "Less"),
    }[priority]


def owner_name(task: Task, reader: Person, _: Translator) -> str:
    """Return who does it, without anybody's name."""
    if task.owner == Owner.PARTNER:
        return _.label("task", "The organisation")
    if task.owner == Owner.PERSON and task.owner_id is not None:
        return (
            _.label("task", "You")
            if task.owner_id == reader.id
            else _.label("task", "Another coordinator")
        )
    return _.label("task", "The coordinators")


def due_words(task: Task, zone: str, _: Translator) -> str:
    """Return the last day of a task, or "" if it has none."""
    return day(last_day(task.due_at, zone), _) if task.due_at else ""


# Cards


async def _name_of(page: Page, organization_id: int) -> str:
    block = await block_for(page, "organization", organization_id)
    return block.get("name") if block else "?"


async def list_card(page: Page, ref: str = "", at: int = 0) -> Message:
    """List a page of the tasks with one organisation, or with all; what is overdue is first."""
    _ = page._
    found = await plans.tasks(page.session, page.reader, page.now, organization_ref=ref or None)
    coming = [task for task in found if task.state in plans.OPEN]
    overdue = sum(task.is_overdue(page.now) for task in coming)
    title = _("🗂 <b>The plan</b>")
    if ref:
        organization = await find(page.session, Organization, ref)
        title = _("🗂 <b>The plan with {name}</b>", name=await _name_of(page, organization.id))
    listed = found if ref else coming
    shown, turning = page_of(listed, at, PER_PAGE, lambda to: PlanOf(ref=ref, at=to), _)
    told = [
        await _line(page, task, is_one=bool(ref)) for task in shown if task.state in plans.OPEN
    ]
    text = lines(
        title,
        _.ngettext("{n} task is overdue.", "{n} tasks are overdue.", overdue) if overdue else None,
        *(told if coming else [_("Nothing is to be done now.")]),
    )
    rows = [
        [
            Button(
                _.label("task in a list", "{what}", what=_short(task.what)), OneTask(ref=task.ref)
            )
        ]
        for task in shown
    ]
    rows.append(turning)
    if ref:
        rows.append([Button(_.label("button", "➕ New task"), PlanOf(ref=ref, act="new"))])
        rows.append([Button(_.label("button", "Back"), OneOrganization(ref=ref))])
    else:
        rows.append([Button(_.label("button", "Back"), SetUp())])
    return Message(text, rows)


def _short(what: str) -> str:
    return what if len(what) <= 30 else f"{what[:29]}…"


async def _line(page: Page, task: Task, *, is_one: bool) -> Html:
    _ = page._
    what = task.what if is_one else f"{await _name_of(page, task.organization_id)}: {task.what}"
    until = due_words(task, page.network.zone, _)
    if task.is_overdue(page.now):
        return _("🔴 {what} (until {day})", what=what, day=until)
    if until:
        return _("▫️ {what} (until {day})", what=what, day=until)
    return _("▫️ {what}", what=what)


async def task_card(page: Page, ref: str) -> Message:
    """Show one task, and what can be done about it."""
    _ = page._
    task = await plans.opened(page.session, page.reader, ref, page.now)
    organization = await page.session.get_one(Organization, task.organization_id)
    at, until = State(task.state), due_words(task, page.network.zone, _)
    text = lines(
        _("🗂 <b>{name}</b>", name=await _name_of(page, organization.id)),
        blockquote(task.what),
        _("How far: {state}", state=state_name(at, _)),
        _("It matters: {priority}", priority=priority_name(Priority(task.priority), _)),
        _("Who does it: {owner}", owner=owner_name(task, page.reader, _)),
        _("Until: {day}", day=until) if until else _("It has no fixed day."),
        _("🔴 It is overdue.") if task.is_overdue(page.now) else None,
    )
    labels = {
        State.UNDER_WAY: _.label("button", "▶️ It is under way"),
        State.DONE: _.label("button", "✅ It is done"),
        State.PLANNED: _.label("button", "It is planned"),
        State.DROPPED: _.label("button", "❌ We drop it"),
    }
    steps = [
        Button(label, OneTask(ref=ref, act="to", what=to.value))
        for to, label in labels.items()
        if PLAN.allows(at, to, Who.COORDINATOR)
    ]
    edits = [
        Button(label, OneTask(ref=ref, act="edit", what=name))
        for name, label in {
            "what": _.label("button", "✏️ What"),
            "priority": _.label("button", "✏️ How much it matters"),
            "owner": _.label("button", "✏️ Who does it"),
            "due_at": _.label("button", "✏️ Until when"),
        }.items()
    ]
    score = Button(_.label("button", "⚖️ Score it"), OneAction(ref=ref, act="task"))
    ways = [
        Button(_.label("button", "The plan with them"), PlanOf(ref=organization.ref)),
        Button(_.label("button", "The whole plan"), PlanOf()),
    ]
    return Message(text, [*in_rows(steps), *in_rows(edits, 2), [score], ways])


async def due_notice(page: Page, ref: str) -> Message | None:
    """Tell a coordinator that the day of a task comes near or is over; nothing once it is done."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.COORDINATOR, page.now):
        return None
    task = await find(page.session, Task, ref)
    if task.state not in plans.OPEN or task.due_at is None:
        return None
    text = lines(
        _("🔴 A task of the plan is overdue:")
        if task.is_overdue(page.now)
        else _("🗂 A task of the plan is to be done soon:"),
        await _line(page, task, is_one=False),
    )
    look = Button(_.label("button", "Look at it"), OneTask(ref=ref))
    return Message(text, [[look]])


CARDS = {
    "plan.list": list_card,
    "plan.task": task_card,
    "team_notice.task_due": due_notice,
}
FORMS = (NEW, *CORRECTIONS.values())


def setup() -> Router:
    """Take every button of the plan, from coordinators only."""
    router = router_for("plans", COORDINATORS)
    router.callback_query.register(list_opened, PlanOf.filter())
    router.callback_query.register(touched, OneTask.filter())
    return router
