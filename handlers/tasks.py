"""What the team has to do: a list, and each task with who does it and until when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import team_tasks
from community.contacts import Contact
from community.people import Person
from community.team_tasks import TeamTask
from handlers.agreement_facts import last_day
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.owning import colleagues, name_of
from handlers.plans import ask_due_day, due_day
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import (
    ANIMATORS,
    OneContact,
    OneTask,
    Tasks,
    back,
    router_for,
    turning_of,
)
from locales import Html, day

PER_PAGE = 10
SHOWN = 24
"""Letters of a task on a button."""


async def _clean(answering: Answering, text: str) -> str:
    return team_tasks.clean(text)


async def _ask_what(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is to be done? One task, in a sentence."))


WHAT = Field("what", _ask_what, _clean)
DUE = Field("due_at", ask_due_day, due_day)


def _facts(answering: Answering) -> dict[str, Any]:
    facts = dict(answering.answers)
    if facts.get("due_at"):
        facts["due_at"] = datetime.fromisoformat(facts["due_at"])
    return facts


async def _added(answering: Answering) -> Replies:
    contact = answering.about.get("contact", "")
    task = await team_tasks.add(
        answering.session,
        answering.person,
        now=answering.now,
        contact_ref=contact,
        **_facts(answering),
    )
    return [say("contact", ref=contact) if contact else say("task", ref=task.ref)]


async def _changed(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await team_tasks.change(
        answering.session, answering.person, ref, answering.now, **_facts(answering)
    )
    return [say("task", ref=ref)]


NEW = Form(
    "task.new",
    [WHAT, DUE],
    _added,
    home=lambda about: (
        say("contact", ref=about["contact"]) if about.get("contact") else say("tasks")
    ),
)
CHANGES = {
    field.name: Form(
        f"task.{field.name}", [field], _changed, home=lambda about: say("task", ref=about["ref"])
    )
    for field in (WHAT, DUE)
}
FORMS = (NEW, *CHANGES.values())


async def list_opened(query: Any, callback_data: Tasks, state: FSMContext) -> Replies:
    """Show a page of the tasks, or begin one."""
    if callback_data.act == "new":
        return await begin(NEW, state)
    return [edit("tasks", at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OneTask,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a task, say that it is done, put it right, or give it to somebody."""
    ref, act = callback_data.ref, callback_data.act
    await team_tasks.opened(session, person, ref, now)
    if act in CHANGES:
        return await begin(CHANGES[act], state, ref=ref)
    if act == "choose":
        return [edit("task.give", ref=ref)]
    if act == "give":
        await team_tasks.give(session, person, ref, callback_data.person, now)
    elif act == "again":
        await team_tasks.reopen(session, person, ref, now)
    elif act == "done":
        is_first = await team_tasks.finish(session, person, ref, now)
        said = [] if is_first else [toast("task.done_already")]
        return [edit("task", ref=ref), *said]
    return [edit("task", ref=ref)]


def due_words(page: Page, task: TeamTask) -> str:
    """Return the last day of a task, or "" if it has none."""
    return day(last_day(task.due_at, page.network.zone), page._) if task.due_at else ""


def buttons(page: Page, found: Sequence[TeamTask]) -> list[list[Button]]:
    """Return the ways to tasks, one under the other."""
    _ = page._
    rows = []
    for task in found:
        what = task.what if len(task.what) <= SHOWN else f"{task.what[: SHOWN - 1]}…"
        if task.done_at is not None:
            label = _.label("task in a list", "✅ {what}", what=what)
        elif task.is_overdue(page.now):
            label = _.label("task in a list", "🔴 {what}", what=what)
        else:
            label = _.label("task in a list", "▫️ {what}", what=what)
        rows.append([Button(label, OneTask(ref=task.ref))])
    return rows


async def list_card(page: Page, at: int = 0) -> Message:
    """List a page of what is to be done, each with who does it and until when."""
    _ = page._
    shown = await team_tasks.tasks(page.session, page.reader, page.now, at, size=PER_PAGE)
    owners = await team_tasks.owners(page.session, shown.rows, page.now)
    text = lines(
        _("✅ <b>What we have to do</b>"),
        *[_line(page, task, owners.get(task.id)) for task in shown.rows],
        None if shown.total else _("Nothing is to be done now."),
    )
    return Message(
        text,
        [
            *buttons(page, shown.rows),
            turning_of(shown, lambda to: Tasks(at=to), _),
            [Button(_.label("button", "➕ New task"), Tasks(act="new"))],
            [back(_)],
        ],
    )


def _line(page: Page, task: TeamTask, owner: Person | None) -> Html:
    _ = page._
    who = name_of(page, owner) if owner else _.label("owner", "nobody yet")
    until = due_words(page, task)
    if until:
        return _("▫️ {what} ({owner}, until {day})", what=task.what, owner=who, day=until)
    return _("▫️ {what} ({owner})", what=task.what, owner=who)


async def card(page: Page, ref: str) -> Message:
    """Show one task, and what can be done about it."""
    _ = page._
    task = await team_tasks.opened(page.session, page.reader, ref, page.now)
    owner = (await team_tasks.owners(page.session, [task], page.now)).get(task.id)
    contact = await page.session.get(Contact, task.contact_id) if task.contact_id else None
    until = due_words(page, task)
    text = lines(
        _("✅ <b>A task</b>"),
        blockquote(task.what),
        _("With: {contact}", contact=contact.title) if contact else None,
        _("Taken care of by: {name}", name=name_of(page, owner))
        if owner
        else _("Nobody takes care of it yet."),
        _("Until: {day}", day=until) if until else _("It has no fixed day."),
        _("🔴 It is overdue.") if task.is_overdue(page.now) else None,
        _("It is done.") if task.done_at else None,
    )
    acts = (
        [(_.label("button", "It is not done after all"), "again")]
        if task.done_at
        else [
            (_.label("button", "✅ It is done"), "done"),
            (_.label("button", "✏️ What"), "what"),
            (_.label("button", "✏️ Until when"), "due_at"),
            (_.label("button", "↪️ Hand it on"), "choose"),
        ]
    )
    rows = in_rows([Button(label, OneTask(ref=ref, act=act)) for label, act in acts])
    if contact is not None:
        rows.append([Button(_.label("button", "📇 The contact"), OneContact(ref=contact.ref))])
    return Message(text, [*rows, [Button(_.label("button", "All tasks"), Tasks())]])


async def give_card(page: Page, ref: str) -> Message:
    """List who could do it; who is away comes last and is marked."""
    _ = page._
    await team_tasks.opened(page.session, page.reader, ref, page.now)
    people = await colleagues(page)
    rows = [[Button(label, OneTask(ref=ref, act="give", person=one.ref))] for label, one in people]
    text = _("Who does it?") if people else _("There is no other animator.")
    mine = OneTask(ref=ref, act="give", person=page.reader.ref)
    rows.append([Button(_.label("button", "🙋 I take it"), mine)])
    return Message(text, [*rows, [Button(_.label("button", "Back"), OneTask(ref=ref))]])


async def done_already(page: Page) -> Message:
    """Say that somebody was faster."""
    return Message(page._.label("toast", "Somebody has done it already."))


CARDS = {
    "tasks": list_card,
    "task": card,
    "task.give": give_card,
    "task.done_already": done_already,
}


def setup() -> Router:
    """Take the buttons of the team's tasks, from animators only."""
    router = router_for("tasks", ANIMATORS)
    router.callback_query.register(list_opened, Tasks.filter())
    router.callback_query.register(touched, OneTask.filter())
    return router
