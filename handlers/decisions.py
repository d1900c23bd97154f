"""Decisions that reports end in: written, linked to what they changed, published, and told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import activities, decisions, roles, translations
from community.activities import Kind
from community.decisions import DECISION, DOES, LEARNED, SAID, SUBJECT, Decision, State, Worked
from community.errors import NotFoundError, NotUnderstoodError
from community.figures import Quarter, quarter_of
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName
from handlers.activities import choices, kind_name, name_of
from handlers.content import authored, block_for
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, say
from handlers.staff import (
    COORDINATORS,
    AsTheyStand,
    Decisions,
    DecisionsOf,
    Months,
    OneDecision,
    router_for,
    translations_button,
    turning_of,
)
from locales import Translator
from reports.support import quarter_name

PER_PAGE = 8
SHOWN = 40


# Writing one


async def _text(answering: Answering, text: str, field: str) -> str:
    return translations.clean(SUBJECT, field, text)


async def _said(answering: Answering, text: str) -> str:
    return await _text(answering, text, SAID)


async def _does(answering: Answering, text: str) -> str:
    return await _text(answering, text, DOES)


async def _learned(answering: Answering, text: str) -> str:
    return await _text(answering, text, LEARNED)


async def _period(answering: Answering, text: str) -> str:
    if text not in dict(_periods(answering.now, answering.network.zone)):
        raise NotUnderstoodError("choice")
    return text


def _periods(now: datetime, zone: str) -> list[tuple[str, tuple[int, int]]]:
    """Return the reports that a decision can end: four quarters and the year before."""
    quarter = quarter_of(now, ZoneInfo(zone))
    found = []
    for _turn in range(4):
        quarter = quarter.before
        found.append((f"{quarter.year}Q{quarter.number}", (quarter.year, quarter.number)))
    last = now.astimezone(ZoneInfo(zone)).year - 1
    return [*found, (str(last), (last, 0))]


def period_name(year: int, number: int, _: Translator) -> str:
    """Return what the period of a report is called."""
    return quarter_name(Quarter(year, number), _) if number else str(year)


async def _ask_period(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    offered = _periods(page.now, page.network.zone)
    return Question(
        _("Which report does it follow from?"),
        [(period_name(*period, _), code) for code, period in offered],
    )


async def _ask_said(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._(
            "What was said, or which figure does it rest on? One or two sentences, in your own "
            "language; every member can read them. Please write no names."
        )
    )


async def _ask_does(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What do we do about it? One or two sentences."))


async def _ask_learned(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What did we learn from it? One or two sentences."))


async def _added(answering: Answering) -> Replies:
    given = answering.answers
    period = dict(_periods(answering.now, answering.network.zone)).get(given["period"])
    if period is None:
        raise NotFoundError("Period")
    texts = {SAID: given[SAID], DOES: given[DOES]}
    session, person, now = answering.session, answering.person, answering.now
    decision = await decisions.make(session, person, period, answering._.language, texts, now)
    if about := answering.about.get("about"):
        kind = activities.kind_of(answering.about["kind"])
        await decisions.link(session, person, decision.ref, kind, about, now)
    return [say("decisions.one", ref=decision.ref)]


async def _changed(answering: Answering) -> Replies:
    """Write one field anew in the language in which its author wrote it."""
    ref, session, person, now = (
        answering.about["ref"],
        answering.session,
        answering.person,
        answering.now,
    )
    decision = await decisions.opened(session, person, ref, now)
    source, _found = await translations.standings(session, SUBJECT, decision.id)
    await decisions.write(session, person, ref, source, dict(answering.answers), now)
    return [say("decisions.one", ref=ref)]


PERIOD = Field("period", _ask_period, _period, by_button=True)
WORDS = {
    SAID: Field(SAID, _ask_said, _said),
    DOES: Field(DOES, _ask_does, _does),
    LEARNED: Field(LEARNED, _ask_learned, _learned),
}
NEW = Form(
    "decision.new",
    [PERIOD, WORDS[SAID], WORDS[DOES]],
    _added,
    home=lambda _about: say("decisions"),
)
CORRECTIONS = {
    name: Form(
        f"decision.{name}",
        [field],
        _changed,
        home=lambda about: say("decisions.one", ref=about["ref"]),
    )
    for name, field in WORDS.items()
}
FORMS = (NEW, *CORRECTIONS.values())


# Handlers


async def listed(query: Any, callback_data: Decisions, state: FSMContext) -> Replies:
    """Show a page of the decisions, or begin one."""
    await state.clear()
    if callback_data.act == "new":
        return await begin(NEW, state)
    return [edit("decisions", at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OneDecision,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a decision, change it, publish or withdraw it, or choose what it has changed."""
    ref, act, what = callback_data.ref, callback_data.act, callback_data.what
    await decisions.opened(session, person, ref, now)
    if act == "edit" and what in CORRECTIONS:
        return await begin(CORRECTIONS[what], state, ref=ref)
    if act == "to" and what in {*State}:
        await decisions.move(session, person, ref, State(what), now)
    elif act == "worked" and what in {*Worked}:
        await decisions.judge(session, person, ref, Worked(what), now)
    elif act == "link":
        return [edit("decisions.link", ref=ref, of=what)]
    return [edit("decisions.one", ref=ref)]


async def of_activity(
    query: Any,
    callback_data: DecisionsOf,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show what decisions have changed an activity; link one, take that back, or write one."""
    kind, about = activities.kind_of(callback_data.kind), callback_data.ref
    ref, act = callback_data.decision, callback_data.act
    await activities.find_one(session, kind, about)
    if act == "new":
        return await begin(NEW, state, kind=kind.value, about=about)
    if act in ("link", "pick"):
        await decisions.link(session, person, ref, kind, about, now)
    elif act == "unlink":
        await decisions.unlink(session, person, ref, kind, about, now)
    if act in ("pick", "unlink"):
        return [edit("decisions.one", ref=ref)]
    return [edit("decisions.of", of=kind.value, ref=about)]


# Cards


async def list_card(page: Page, at: int = 0) -> Message:
    """List the decisions, the newest first, and what can be made of them."""
    _ = page._
    session, reader, now = page.session, page.reader, page.now
    shown = await decisions.every(session, reader, now, at=at, size=PER_PAGE)
    text = lines(
        _("📌 <b>Decisions</b>"),
        _(
            "What a report ends in: what was said, and what we do. Members read what is "
            "published at /news. ✏️ is a draft, 🚫 is withdrawn."
        ),
        None if shown.rows else _("There is none yet."),
    )
    rows = await buttons(page, shown.rows)
    rows.append(turning_of(shown, lambda to: Decisions(at=to), _))
    rows.append([Button(_.label("button", "➕ New decision"), Decisions(act="new"))])
    if await decisions.untold(session, reader, now):
        tell = Button(_.label("button", "📣 Tell the members"), Decisions(act="tell"))
        rows.append([tell])
    rows.append([Button(_.label("button", "📄 A page to publish"), Decisions(act="page"))])
    rows.append([Button(_.label("button", "Back"), Months())])
    return Message(text, rows)


async def buttons(page: Page, found: Sequence[Decision]) -> list[list[Button]]:
    """Return a button for each decision."""
    blocks = await translations.blocks(
        page.session, SUBJECT, [one.id for one in found], page.reads, page.network.language
    )
    rows = []
    for one in found:
        does = blocks[one.id].get(DOES) if one.id in blocks else "?"
        short = does if len(does) <= SHOWN else f"{does[: SHOWN - 1]}…"
        label = _marked(State(one.state), short, page._)
        rows.append([Button(label, OneDecision(ref=one.ref))])
    return rows


def _marked(state: State, what: str, _: Translator) -> str:
    return {
        State.DRAFT: _.label("decision", "✏️ {what}", what=what),
        State.PUBLISHED: _.label("decision", "📌 {what}", what=what),
        State.WITHDRAWN: _.label("decision", "🚫 {what}", what=what),
    }[state]


def worked_name(worked: Worked, _: Translator) -> str:
    """Return what came of a decision."""
    return {
        Worked.YES: _.label("decision", "It worked"),
        Worked.PARTLY: _.label("decision", "It worked in part"),
        Worked.NO: _.label("decision", "It did not work"),
    }[worked]


async def words_of(page: Page, decision: Decision) -> list[str]:
    """Return what a decision says, as its author wrote it, in one language."""
    _ = page._
    block = await block_for(page, SUBJECT, decision.id)
    if block is None:
        return []
    told = [
        _("💬 <b>What was said:</b> {text}", text=block.get(SAID)),
        _("📌 <b>What we do:</b> {text}", text=block.get(DOES)),
    ]
    if block.get(LEARNED):
        told.append(_("🎓 <b>What we learned:</b> {text}", text=block.get(LEARNED)))
    return [authored(page, block, lines(*told))]


async def one_card(page: Page, ref: str) -> Message:
    """Show a decision, what it has changed, and what can be done with it."""
    _ = page._
    decision = await decisions.opened(page.session, page.reader, ref, page.now)
    changed = (await decisions.changed(page.session, [decision]))[decision.id]
    state = State(decision.state)
    names = [(kind, row, await name_of(page, kind, row)) for kind, row in changed]
    text = lines(
        _("📌 <b>Decision: {period}</b>", period=period_name(decision.year, decision.number, _)),
        *await words_of(page, decision),
        *(
            _("🔗 {kind}: {name}", kind=kind_name(kind, _), name=name)
            for kind, _row, name in names
        ),
        worked_name(Worked(decision.worked), _) if decision.worked else None,
        {
            State.DRAFT: _("✏️ A draft: members do not see it yet."),
            State.PUBLISHED: _("Members can read it at /news."),
            State.WITHDRAWN: _("🚫 It is withdrawn: members do not see it."),
        }[state],
        _("It was in a newsletter, or is in the draft of one.") if decision.send_id else None,
    )
    ways = {
        State.PUBLISHED: _.label("button", "📢 Let members read it"),
        State.WITHDRAWN: _.label("button", "🚫 Withdraw it"),
    }
    moves = [
        Button(label, OneDecision(ref=ref, act="to", what=to.value))
        for to, label in ways.items()
        if DECISION.allows(state, to, Who.COORDINATOR)
    ]
    edits = [
        Button(label, OneDecision(ref=ref, act="edit", what=name))
        for name, label in {
            SAID: _.label("button", "✏️ What was said"),
            DOES: _.label("button", "✏️ What we do"),
            LEARNED: _.label("button", "✏️ What we learned"),
        }.items()
    ]
    judged = [
        Button(worked_name(one, _), OneDecision(ref=ref, act="worked", what=one.value))
        for one in Worked
    ]
    off = [
        Button(
            _.label("button", "✖️ {name}", name=name),
            DecisionsOf(kind=kind.value, ref=row.ref, act="unlink", decision=ref),
        )
        for kind, row, name in names
    ]
    rows = [moves, *in_rows(edits, 2), *in_rows(judged, 3), *in_rows(off)]
    rows.append(
        [Button(_.label("button", "🔗 What it changed"), OneDecision(ref=ref, act="link"))]
    )
    stands = AsTheyStand(subject=SUBJECT, ref=ref)
    rows.append([Button(_.label("button", "🌐 Its words in all languages"), stands)])
    rows.append([translations_button(_)])
    rows.append([Button(_.label("button", "All decisions"), Decisions())])
    return Message(text, rows)


async def link_card(page: Page, ref: str, of: str = "") -> Message:
    """Choose what a decision has changed: of which kind, then which."""
    _ = page._
    await decisions.opened(page.session, page.reader, ref, page.now)
    back = [Button(_.label("button", "Back"), OneDecision(ref=ref))]
    if of not in {*Kind}:
        rows = in_rows(
            [
                Button(kind_name(one, _), OneDecision(ref=ref, act="link", what=one.value))
                for one in Kind
            ],
            2,
        )
        return Message(_("What has it changed?"), [*rows, back])
    offered = await choices(page, Kind(of))
    rows = [
        [Button(name, DecisionsOf(kind=of, ref=about, act="pick", decision=ref))]
        for name, about in offered
    ]
    text = _("Which one?") if offered else _("There is none yet.")
    return Message(text, [*rows, back])


async def of_card(page: Page, of: str, ref: str) -> Message:
    """Show which decisions have changed an activity, and those that could have."""
    _ = page._
    session, reader, now = page.session, page.reader, page.now
    about = activities.kind_of(of)
    row = await activities.find_one(session, about, ref)
    linked = await decisions.about(session, reader, about, ref, now)
    others = await decisions.every(session, reader, now, size=PER_PAGE)
    text = lines(
        _("📌 <b>Decisions about “{name}”</b>", name=await name_of(page, about, row)),
        _("These have changed it. Link others with ➕.")
        if linked
        else _("None has changed it so far. Link one with ➕."),
    )
    rows = await buttons(page, linked)
    known = {one.id for one in linked}
    free = [one for one in others.rows if one.id not in known]
    for one, [button] in zip(free, await buttons(page, free), strict=True):
        to = DecisionsOf(kind=of, ref=ref, act="link", decision=one.ref)
        rows.append([Button(_.label("button", "➕ {decision}", decision=button.text), to)])
    new = DecisionsOf(kind=of, ref=ref, act="new")
    rows.append([Button(_.label("button", "➕ New decision"), new)])
    rows.append([Button(_.label("button", "All decisions"), Decisions())])
    return Message(text, rows)


async def way(page: Page, kind: Kind, ref: str) -> list[Button]:
    """Return the button from an activity to its decisions; coordinators alone have it."""
    if not await roles.holds(page.session, page.reader, RoleName.COORDINATOR, page.now):
        return []
    to = DecisionsOf(kind=kind.value, ref=ref)
    return [Button(page._.label("button", "📌 Decisions about it"), to)]


CARDS: Mapping[str, Any] = {
    "decisions": list_card,
    "decisions.one": one_card,
    "decisions.link": link_card,
    "decisions.of": of_card,
}


def setup() -> Router:
    """Take every button of decisions but those that tell of them, from coordinators only."""
    router = router_for("decisions", COORDINATORS)
    router.callback_query.register(listed, Decisions.filter())
    router.callback_query.register(touched, OneDecision.filter())
    router.callback_query.register(of_activity, DecisionsOf.filter())
    return router
