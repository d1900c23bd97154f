"""Planned actions: what is done about a gap, how good it is, and on what that rests."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import roles
from community.base import find
from community.events import Event
from community.gaps import actions
from community.gaps.actions import BEST, Criterion, PlannedAction, Proof, Way, Weighed
from community.people import Person
from community.plans import State
from community.providers import Organization, Service
from community.roles import RoleName
from handlers import gap_words, plans
from handlers.content import block_for
from handlers.drafting import new_event
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.plans import OneTask
from handlers.replies import (
    Button,
    File,
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
from handlers.report import not_made
from handlers.staff import (
    COORDINATORS,
    GapMapOf,
    OneAction,
    PlannedEvent,
    Untranslated,
    page_of,
    router_for,
)
from handlers.supporters import name_of
from locales import Html, Translator, day, number, plain, without_isolates
from reports.quarter import named_by_months
from reports.workbook import Sheet, of_words

PER_PAGE = 10
WRITTEN = (Proof.TEXT, Proof.LINK, Proof.BENCHMARK)


# Forms


async def _ask_evidence(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        {
            Proof.TEXT.value: _("What have you seen or heard? A sentence or two, without names."),
            Proof.LINK.value: _("Send the link. It begins with https://"),
            Proof.BENCHMARK.value: _(
                "With what do you compare it? For example: the town next to us reaches 40 a year."
            ),
        }[about["kind"]]
    )


async def _read_evidence(answering: Answering, text: str) -> str:
    return actions.clean(Proof(answering.about["kind"]), text)


async def _attached(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await actions.attach(
        answering.session,
        answering.person,
        ref,
        Proof(answering.about["kind"]),
        answering.answers["said"],
        answering.now,
    )
    return [say("gaps.action", ref=ref)]


async def _ask_what(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    suggested = await _suggested(page, about["ref"])
    return Question(
        lines(
            _("What is to be done? One task, in a sentence. Or take this one:"),
            blockquote(suggested),
        ),
        [(_.label("button", "Take this one"), "take")],
    )


async def _suggested(page: Page, ref: str) -> str:
    """Return the task that fits the gap, in the reader's words."""
    _ = page._
    action = await actions.opened(page.session, page.reader, ref, page.now)
    place = action.place
    if place is None:
        return ""
    names = await gap_words.names(page, [place])
    told = plain(
        _(
            "Find out whether they can help with “{need}” ({group}).",
            need=names.of(place),
            group=names.group(place),
        )
    )
    return without_isolates(told)  # it stays, and others read it


async def _read_what(answering: Answering, text: str) -> str:
    if answering.chosen:
        page = Page(
            answering.session, answering.person, answering._, answering.now, answering.network
        )
        return await _suggested(page, answering.about["ref"])
    return await plans.read_what(answering, text)


async def _planned(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await actions.with_partner(
        answering.session,
        answering.person,
        ref,
        answering.about["organization"],
        answering.answers["what"],
        answering.now,
    )
    return [say("gaps.action", ref=ref)]


EVIDENCE = Form(
    "gaps.evidence",
    [Field("said", _ask_evidence, _read_evidence)],
    _attached,
    home=lambda about: say("gaps.action", ref=about["ref"]),
)
PARTNER = Form(
    "gaps.partner",
    [Field("what", _ask_what, _read_what)],
    _planned,
    home=lambda about: say("gaps.action", ref=about["ref"]),
)
FORMS = (EVIDENCE, PARTNER)


# Handlers


async def touched(
    query: Any,
    callback_data: OneAction,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show actions, or change one thing about one of them."""
    await state.clear()
    ref, act, what = callback_data.ref, callback_data.act, callback_data.what
    if not ref:
        if act == "workbook":
            return [say("gaps.actions.workbook")]
        return [edit("gaps.actions", at=max(callback_data.value, 0))]
    if act == "task":
        ref = (await actions.for_task(session, person, ref, now)).ref
        return [edit("gaps.action", ref=ref)]
    if act == "off":
        ref = (await actions.take_off(session, person, ref, now)).ref
        return [edit("gaps.evidence", ref=ref)]
    action = await actions.opened(session, person, ref, now)
    if act in ("partner", "event"):
        return await _led_on(action, callback_data, session, person, now, state)
    if act == "score" and what in [*Criterion]:
        if not callback_data.value:
            return [edit("gaps.score", ref=ref, what=what)]
        await actions.score(session, person, ref, Criterion(what), callback_data.value, now)
    elif act == "evidence":
        if what in WRITTEN:
            return await begin(EVIDENCE, state, ref=ref, kind=what)
        return [edit("gaps.evidence", ref=ref)]
    elif act in ("done", "dropped"):
        await actions.end(session, person, ref, now, done=act == "done")
    elif act != "open":
        return [toast("old_button")]
    return [edit("gaps.action", ref=ref)]


async def _led_on(
    action: PlannedAction,
    pressed: OneAction,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Go on in the flow that the action leads to, with what is known filled in."""
    if action.way != pressed.act or action.ended_at is not None:
        return [toast("old_button")]
    if action.way == Way.EVENT:
        await roles.require(session, person, RoleName.ANIMATOR, now)
        return await begin(await new_event(session), state, action=action.ref)
    if not pressed.organization:
        return [edit("gaps.partners", ref=action.ref, at=max(pressed.value, 0))]
    organization = await find(session, Organization, pressed.organization)
    return await begin(PARTNER, state, ref=action.ref, organization=organization.ref)


# Cards


async def _title(page: Page, action: PlannedAction) -> Html:
    """Return what an action is, and for whom."""
    _ = page._
    way = gap_words.way(Way(action.way), _)
    place = action.place
    if place is None:
        task = await actions.task_of(page.session, action)
        return _("📋 {way}: {what}", way=way, what=task.what if task else "?")
    names = await gap_words.names(page, [place])
    return _("📋 {way}: {need} ({group})", way=way, need=names.of(place), group=names.group(place))


async def action_card(page: Page, ref: str) -> Message:
    """Show one action with its scores and its evidence."""
    _ = page._
    found = await actions.weighed(page.session, page.reader, ref, page.now)
    action = found.action
    older = len(found.history) - len(found.scores)
    scores = [
        _(
            "{criterion}: {n} of {most}",
            criterion=gap_words.criterion(one, _),
            n=number(value, _),
            most=number(BEST, _),
        )
        for one, value in found.scores.items()
    ]
    about, ways = await _what_it_is(page, action)
    text = lines(
        Html("<b>") + await _title(page, action) + Html("</b>"),
        _ended(action, _),
        about,
        "",
        _("<b>Scores</b>"),
        *(scores or [_("None yet.")]),
        _.ngettext("{n} earlier score is kept.", "{n} earlier scores are kept.", older)
        if older
        else None,
        "",
        _("<b>Evidence</b>"),
        *([_proof(page, row, found) for row in found.evidence] or [_("None yet.")]),
    )
    scoring = [
        Button(
            _.label("button", "⚖️ {criterion}", criterion=gap_words.criterion(one, _)),
            OneAction(ref=ref, act="score", what=one.value),
        )
        for one in Criterion
    ]
    ending = [
        Button(_.label("button", "✅ It is done"), OneAction(ref=ref, act="done")),
        Button(_.label("button", "❌ We drop it"), OneAction(ref=ref, act="dropped")),
    ]
    rows = [
        *ways,
        *in_rows(scoring, 2),
        [Button(_.label("button", "📎 Evidence"), OneAction(ref=ref, act="evidence"))],
        *([ending] if action.ended_at is None else []),
        [
            Button(_.label("button", "All actions"), OneAction()),
            Button(_.label("button", "🧩 Gap map"), GapMapOf()),
        ],
    ]
    return Message(text, rows)


def _ended(action: PlannedAction, _: Translator) -> Html | None:
    if action.ended_at is None:
        return None
    return _("✅ It was done.") if action.is_done else _("❌ It was dropped.")


async def _what_it_is(page: Page, action: PlannedAction) -> tuple[Html | None, list[list[Button]]]:
    """Return what has become of an action in the flow that it leads to, and the way there."""
    _ = page._
    task = await actions.task_of(page.session, action)
    if task is not None:
        with_whom = await name_of(page, task.organization_id)
        said = _(
            "The task with {name}: {state}",
            name=with_whom,
            state=plans.state_name(State(task.state), _),
        )
        return lines(said, blockquote(task.what)), [
            [Button(_.label("button", "🗂 The task"), OneTask(ref=task.ref))]
        ]
    is_open = action.ended_at is None
    if action.way == Way.PARTNER:
        ways = [
            Button(_.label("button", "🤝 With whom?"), OneAction(ref=action.ref, act="partner"))
        ]
        return _("No organisation has been chosen yet."), [ways] if is_open else []
    if action.way == Way.EVENT:
        return await _event(page, action, is_open=is_open)
    if action.way == Way.TRANSLATION and action.key:
        desk = Untranslated(language=action.key)
        return _("What is not translated yet stands at the translation desk."), [
            [Button(_.label("button", "🌐 To the translation desk"), desk)]
        ]
    return None, []


async def _event(
    page: Page, action: PlannedAction, *, is_open: bool
) -> tuple[Html | None, list[list[Button]]]:
    _ = page._
    is_animator = await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now)
    event = await page.session.get(Event, action.event_id) if action.event_id else None
    if event is not None:
        block = await block_for(page, "event", event.id)
        said = _("The event: {title}", title=block.get("title") if block else "?")
        to = Button(_.label("button", "📅 The event"), PlannedEvent(ref=event.ref))
        return said, [[to]] if is_animator else []
    if not is_animator:
        return _("No event yet: whoever animates the network plans it."), []
    to = Button(_.label("button", "📅 Plan it now"), OneAction(ref=action.ref, act="event"))
    return _("No event yet."), [[to]] if is_open else []


def _proof(page: Page, row: actions.ActionEvidence, found: Weighed) -> Html:
    _ = page._
    if row.cell_id is not None and row.cell_id in found.cells:
        cell, wave = found.cells[row.cell_id]
        people = cell.people if isinstance(cell.people, int) else 0
        return _.ngettext(
            "• Gap map of {quarter}: {n} person looks for it; what helps: {supply}.",
            "• Gap map of {quarter}: {n} people look for it; what helps: {supply}.",
            people,
            quarter=named_by_months(wave.quarter, _),
            supply=number(cell.supply, _),
        )
    return _("• {kind}: {said}", kind=gap_words.proof(Proof(row.kind), _), said=row.said)


async def score_card(page: Page, ref: str, what: str) -> Message:
    """Ask for a score by one criterion."""
    _ = page._
    code = Criterion(what)
    action = await actions.opened(page.session, page.reader, ref, page.now)
    text = lines(
        Html("<b>") + gap_words.criterion(code, _) + Html("</b>"),
        gap_words.question(code, _),
        _("From 1, not at all, to {most}, very much.", most=number(BEST, _)),
    )
    marks = [
        Button(number(value, _), OneAction(ref=ref, act="score", what=what, value=value))
        for value in range(1, BEST + 1)
    ]
    back = Button(_.label("button", "Back"), OneAction(ref=action.ref))
    return Message(text, [marks, [back]])


async def evidence_card(page: Page, ref: str) -> Message:
    """List the evidence, each with the way to take it off, and the kinds that can be added."""
    _ = page._
    found = await actions.weighed(page.session, page.reader, ref, page.now)
    text = lines(
        _("📎 <b>Evidence</b>"),
        *([_proof(page, row, found) for row in found.evidence] or [_("None yet.")]),
    )
    adding = [
        Button(
            _.label("button", "➕ {kind}", kind=gap_words.proof(kind, _)),
            OneAction(ref=ref, act="evidence", what=kind.value),
        )
        for kind in WRITTEN
    ]
    taking = [
        Button(
            _.label("button", "🗑 Take off no. {n}", n=number(at, _)),
            OneAction(ref=row.ref, act="off"),
        )
        for at, row in enumerate(found.evidence, 1)
    ]
    back = Button(_.label("button", "Back"), OneAction(ref=ref))
    return Message(text, [*in_rows(adding), *in_rows(taking, 2), [back]])


async def partners_card(page: Page, ref: str, at: int = 0) -> Message:
    """Offer organisations: first those that help with the need somewhere."""
    _ = page._
    action = await actions.opened(page.session, page.reader, ref, page.now)
    helping = set(
        await page.session.scalars(
            select(Service.organization_id).where(Service.need == action.need)
        )
    )
    every = (await page.session.scalars(select(Organization).order_by(Organization.id))).all()
    ordered = sorted(every, key=lambda one: one.id not in helping)
    shown, turning = page_of(
        ordered, at, PER_PAGE, lambda to: OneAction(ref=ref, act="partner", value=to), _
    )
    rows = [
        [
            Button(
                await name_of(page, one.id),
                OneAction(ref=ref, act="partner", organization=one.ref),
            )
        ]
        for one in shown
    ]
    text = lines(
        _("With which organisation?"),
        _("Those that help with it somewhere are first.")
        if rows
        else _("There is no organisation here yet."),
    )
    back = Button(_.label("button", "Back"), OneAction(ref=ref))
    return Message(text, [*rows, turning, [back]])


async def list_card(page: Page, at: int = 0) -> Message:
    """List the actions, open ones first."""
    _ = page._
    every = await actions.every(page.session, page.reader, page.now)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: OneAction(value=to), _)
    rows = [
        [Button(plain(await _title(page, one.action)), OneAction(ref=one.action.ref))]
        for one in shown
    ]
    text = lines(
        _("📋 <b>Planned actions</b>"),
        _("What is to be done about gaps, and tasks of the plan that are scored.")
        if rows
        else _("There is none yet. Open a gap on the map to plan one."),
    )
    if every:
        rows.append([Button(_.label("button", "📊 As a workbook"), OneAction(act="workbook"))])
    return Message(text, [*rows, turning, [Button(_.label("button", "🧩 Gap map"), GapMapOf())]])


async def workbook_card(page: Page) -> Message:
    """Hand all actions over: with their newest scores, the history, and the evidence."""
    _ = page._
    every = await actions.every(page.session, page.reader, page.now)
    title = plain(_("Planned actions"))
    content = partial(of_words, title, await _sheets(page, every), _, page.now)
    file = File(f"{_.label('file', 'actions')}.xlsx", content, otherwise=not_made(_))
    return Message(_("All actions as a workbook."), file=file)


async def _sheets(page: Page, every: Sequence[Weighed]) -> list[Sheet]:
    _, zone = page._, page.zone

    def on(moment: datetime) -> str:
        return day(moment.astimezone(zone).date(), _)

    titles = {one.action.id: plain(await _title(page, one.action)) for one in every}
    action, date = _.label("column", "Action"), _.label("column", "Day")
    state = {
        None: _.label("action", "Open"),
        True: _.label("action", "Done"),
        False: _.label("action", "Dropped"),
    }
    return [
        Sheet(
            plain(_("Planned actions")),
            [
                action,
                _.label("column", "State"),
                *(gap_words.criterion(one, _) for one in Criterion),
                _.label("column", "Pieces of evidence"),
            ],
            [
                [
                    titles[one.action.id],
                    state[one.action.is_done if one.action.ended_at else None],
                    *(one.scores.get(code, "") for code in Criterion),
                    len(one.evidence),
                ]
                for one in every
            ],
        ),
        Sheet(
            _.label("column", "History of scores"),
            [action, date, _.label("column", "Criterion"), _.label("column", "Score")],
            [
                [
                    titles[one.action.id],
                    on(row.at),
                    gap_words.criterion(Criterion(row.criterion), _),
                    row.value,
                ]
                for one in every
                for row in one.history
            ],
        ),
        Sheet(
            _.label("column", "Evidence"),
            [action, date, _.label("column", "What it says")],
            [
                [titles[one.action.id], on(row.at), plain(_proof(page, row, one))]
                for one in every
                for row in one.evidence
            ],
        ),
    ]


CARDS = {
    "gaps.action": action_card,
    "gaps.actions": list_card,
    "gaps.actions.workbook": workbook_card,
    "gaps.score": score_card,
    "gaps.evidence": evidence_card,
    "gaps.partners": partners_card,
}


def setup() -> Router:
    """Take the buttons of actions, from coordinators only."""
    router = router_for("gap_actions", COORDINATORS)
    router.callback_query.register(touched, OneAction.filter())
    return router
