"""Support as members meet it: a need, fitting services, steps to tick, a request, its outcome."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, needs, people, providers, referrals, translations
from community.areas import Area
from community.base import find
from community.errors import NotFoundError, NotUnderstoodError
from community.needs import Need
from community.people import Person, Stage
from community.providers import Service, ServiceStep
from community.referrals import NOTE_LIMIT, FieldName, Referral, State
from handlers import menu, words
from handlers.content import authored, block_for
from handlers.directory import cost_line
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.onboarding import TERMS_VERSION
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from locales import Html, Translator, join, language_name

SWITCHES: tuple[FieldName, ...] = tuple(name for name in FieldName if name != FieldName.NOTE)
AT_FIRST = frozenset(
    {FieldName.NAME, FieldName.LANGUAGE, FieldName.NEED, FieldName.AREA, FieldName.STAGE}
)


class Needs(CallbackData, prefix="sy"):
    """The list of needs."""


class OfNeed(CallbackData, prefix="sq"):
    """The services for one need."""

    need: str


class OpenService(CallbackData, prefix="sv"):
    """One service."""

    ref: str


class TickStep(CallbackData, prefix="sk"):
    """Tick a step off, or take the tick back."""

    ref: str
    done: bool


class Refer(CallbackData, prefix="sf"):
    """What would be shared: ``mask`` has one bit per field; ``act`` flips, notes or sends.

    ``seen`` is the fingerprint of what the card shows: nothing else is agreed to.
    """

    ref: str
    mask: int
    act: str = "see"
    seen: str = ""


class Requests(CallbackData, prefix="sr"):
    """The person's own requests."""


class OneRequest(CallbackData, prefix="sz"):
    """One request of the person's own; ``seen`` is the fingerprint of what is asked for."""

    ref: str
    act: str = "open"
    seen: str = ""


class Dispute(CallbackData, prefix="di"):
    """A dispute, for the team: look at it, settle it."""

    ref: str
    act: str = "open"


def mask_of(fields: Collection[FieldName]) -> int:
    """Return the fields as bits, so that a button can carry them."""
    return sum(1 << at for at, name in enumerate(SWITCHES) if name in fields)


def fields_of(mask: int) -> set[FieldName]:
    """Return the fields of such bits; what does not exist is left out."""
    return {name for at, name in enumerate(SWITCHES) if mask >> at & 1}


# Handlers


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /support."""
    await state.clear()
    return [say("support.needs")]


async def needs_opened(query: Any) -> Replies:
    """Show the needs in place."""
    return [edit("support.needs")]


async def need_chosen(query: Any, callback_data: OfNeed) -> Replies:
    """Show the services for a need."""
    if callback_data.need not in [*Need]:
        return [toast("old_button")]
    return [edit("support.services", need=callback_data.need)]


async def service_opened(query: Any, callback_data: OpenService) -> Replies:
    """Show one service."""
    return [edit("support.service", ref=callback_data.ref)]


async def step_ticked(
    query: Any, callback_data: TickStep, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Tick a step off, or take the tick back."""
    service = await providers.tick(
        session, person, callback_data.ref, now, done=callback_data.done
    )
    return [edit("support.service", ref=service.ref)]


async def refer_touched(
    query: Any,
    callback_data: Refer,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    _: Translator,
) -> Replies:
    """Show what would be shared, flip a field, write a note, or send it."""
    people.require_member(person)
    ref, mask, act = callback_data.ref, callback_data.mask, callback_data.act
    service = await find(session, Service, ref)
    already = await referrals.open_with(session, person, service)
    if already is not None:
        return [edit("support.request", ref=already.ref)]
    note = (await state.get_data()).get("notes", {}).get(ref, "")
    if act == "note":
        return await begin(NOTE, state, ref=ref, mask=mask)
    if act == "send":
        goes = await referrals.would_share(session, person, service, fields_of(mask), note)
        if callback_data.seen != referrals.fingerprint(goes):
            return [toast("support.changed"), edit("support.refer", ref=ref, mask=mask, note=note)]
        await state.clear()
        referral = await referrals.agree(
            session,
            person,
            ref,
            fields_of(mask),
            note,
            now,
            version=TERMS_VERSION,
            language=_.language,
        )
        return [edit("support.sent", ref=referral.ref)]
    if act == "see":
        await state.clear()
        note = ""
    return [edit("support.refer", ref=ref, mask=mask, note=note)]


async def _ask_note(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("What should they know? Write it in a few sentences."),
            _("Please never send identity documents or passwords here."),
        )
    )


async def _read_note(answering: Answering, text: str) -> str:
    if len(text) > NOTE_LIMIT:
        raise NotUnderstoodError("note", limit=NOTE_LIMIT)
    return text.strip()


async def _noted(answering: Answering) -> Replies:
    about, note = answering.about, answering.answers["note"]
    assert answering.state is not None
    await answering.state.set_data({"notes": {about["ref"]: note}})
    return [say("support.refer", ref=about["ref"], mask=about["mask"], note=note)]


NOTE = Form("support.note", [Field("note", _ask_note, _read_note)], _noted)


async def requests_opened(query: Any) -> Replies:
    """Show the person's own requests."""
    return [edit("support.requests")]


async def request_touched(
    query: Any, callback_data: OneRequest, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Open a request, answer what is asked, withdraw, confirm or dispute."""
    ref, act = callback_data.ref, callback_data.act
    if act == "withdraw":
        return [edit("support.withdraw", ref=ref)]
    if act == "withdraw!":
        await referrals.withdraw(session, person, ref, now)
    elif act in {"give", "keep"}:
        asked = await referrals.asked_for(
            session, person, await referrals.mine(session, person, ref)
        )
        if callback_data.seen != referrals.fingerprint(asked):
            return [toast("support.changed"), edit("support.request", ref=ref)]
        await referrals.give(session, person, ref, now, yes=act == "give")
    elif act in {"yes", "no"}:
        await referrals.confirm(session, person, ref, now, helped=act == "yes")
    return [edit("support.request", ref=ref)]


# Cards


async def needs_card(page: Page) -> Message:
    """Show the needs, the person's own first."""
    _ = page._
    own = await needs.of(page.session, page.reader)
    ordered = [*own, *(code for code in Need if code not in own)]
    buttons = [Button(words.need(code, _), OfNeed(need=code.value)) for code in ordered]
    rows = in_rows(buttons, 2)
    if await referrals.of_member(page.session, page.reader):
        rows.append([Button(_.label("button", "📨 My requests"), Requests())])
    return Message(_("<b>What do you need help with?</b>"), [*rows, [menu.button(_)]])


async def services_card(page: Page, need: str) -> Message:
    """Show the services for a need: those in the reader's language first, honestly named."""
    _ = page._
    reader = page.reader
    fits = await providers.find_services(
        page.session, Need(need), languages=[_.language], area_id=reader.area_id
    )
    names = await translations.blocks(
        page.session,
        "service",
        [fit.service.id for fit in fits],
        _.language,
        page.network.language,
    )
    rows = []
    for fit in fits:
        name = names[fit.service.id].get("name") if fit.service.id in names else "?"
        if fit.given:
            label = _.label("service", "✅ {name}", name=name)
        elif fit.by_interpreter:
            label = _.label("service", "🗣 {name}", name=name)
        else:
            label = _.label("service", "▫️ {name}", name=name)
        rows.append([Button(label, OpenService(ref=fit.service.ref))])
    given = sum(fit.given is not None for fit in fits)
    with_interpreter = any(fit.by_interpreter and not fit.given for fit in fits)
    language = language_name(_.language, _)
    text = lines(
        _("<b>{need}</b>", need=words.need(Need(need), _)),
        "",
        _("✅ is given in {language}.", language=language)
        if given
        else _("Nothing is given in {language} yet.", language=language)
        if fits
        else _("We know no service for this yet. You can write to the team: /ask"),
        _("🗣 has an interpreter if you ask for one.") if with_interpreter else None,
        _("▫️ is in other languages only.")
        if any(not fit.given and not fit.by_interpreter for fit in fits)
        else None,
    )
    rows.append([Button(_.label("button", "Other needs"), Needs())])
    return Message(text, [*rows, [menu.button(_)]])


async def service_card(page: Page, ref: str) -> Message:
    """Show one service: what, who, languages, cost, where, and the steps to tick off."""
    _ = page._
    service = await find(page.session, Service, ref)
    block = await block_for(page, "service", service.id)
    name = Html("<b>") + (block.get("name") if block else "?") + Html("</b>")
    description = block.get("description") if block else ""
    steps = await providers.steps(page.session, service)
    told = await _step_lines(page, service, steps)
    text = lines(
        authored(page, block, lines(name, "", description) if description else name),
        "",
        _("🏢 {organization}", organization=await organization_name(page, service)),
        *await fact_lines(page, service),
        *(["", _("<b>Step by step</b>"), *told] if told else []),
    )
    rows = await _step_buttons(page, service, steps)
    if service.is_open and await agreements.is_active(page.session, service.organization_id):
        refer = Refer(ref=ref, mask=mask_of(AT_FIRST))
        rows.append([Button(_.label("button", "🤝 Refer me"), refer)])
    rows.append([Button(_.label("button", "More like this"), OfNeed(need=service.need))])
    return Message(text, [*rows, [menu.button(_)]])


async def organization_name(page: Page, service: Service) -> str:
    """Return the name of the organisation that gives a service."""
    block = await block_for(page, "organization", service.organization_id)
    return block.get("name") if block else "?"


async def fact_lines(page: Page, service: Service) -> list[Html | None]:
    """Return languages, cost and place, each with an honest "not known"."""
    _ = page._
    area = None
    if service.area_id is not None:
        block = await block_for(page, "area", service.area_id)
        area = block.get("name") if block else "?"
    return [
        _(
            "🗣 Given in: {languages}",
            languages=join([language_name(code, _) for code in service.languages], _),
        )
        if service.languages
        else _("🗣 Languages: not known"),
        _("An interpreter can be asked for.") if service.interpretation else None,
        cost_line(service, _),
        _("📍 {area}", area=area) if area else _("📍 Everywhere, or online"),
    ]


async def _step_lines(page: Page, service: Service, steps: Collection[ServiceStep]) -> list[Html]:
    _ = page._
    done = await providers.ticked(page.session, page.reader, service)
    blocks = await translations.blocks(
        page.session, "step", [step.id for step in steps], _.language, page.network.language
    )
    told = []
    for step in steps:
        text = blocks[step.id].get("text") if step.id in blocks else "?"
        told.append(
            _("✅ {number}. {step}", number=step.position, step=text)
            if step.id in done
            else _("⬜ {number}. {step}", number=step.position, step=text)
        )
    return told


async def _step_buttons(
    page: Page, service: Service, steps: Collection[ServiceStep]
) -> list[list[Button]]:
    _ = page._
    done = await providers.ticked(page.session, page.reader, service)
    buttons = [
        Button(
            _.label("button", "✅ {number}", number=step.position)
            if step.id in done
            else _.label("button", "⬜ {number}", number=step.position),
            TickStep(ref=step.ref, done=step.id not in done),
        )
        for step in steps
    ]
    return in_rows(buttons, 4)


async def field_value(page: Page, name: FieldName, value: str) -> str:
    """Return what a shared field says, in the reader's words."""
    _ = page._
    if name == FieldName.LANGUAGE:
        return language_name(value, _)
    if name == FieldName.NEED:
        return words.need(Need(value), _)
    if name == FieldName.STAGE:
        return words.stage(Stage(value), _)
    if name == FieldName.AREA:
        area = await find(page.session, Area, value)
        block = await block_for(page, "area", area.id)
        return block.get("name") if block else "?"
    return value


async def field_lines(page: Page, values: Mapping[FieldName, str]) -> list[Html]:
    """Return each field with its value, a line each."""
    _ = page._
    return [
        _(
            "{field}: {value}",
            field=words.field(name, _),
            value=await field_value(page, name, value),
        )
        for name, value in values.items()
        if value
    ]


async def refer_card(page: Page, ref: str, mask: int, note: str = "") -> Message:
    """Show exactly which fields would go to whom, each with a switch."""
    _ = page._
    service = await find(page.session, Service, ref)
    chosen = fields_of(mask)
    could = await referrals.preview(page.session, page.reader, service)
    goes = await referrals.would_share(page.session, page.reader, service, chosen, note)
    to = await organization_name(page, service)
    text = lines(
        _("<b>This goes to {organization}, and nothing else:</b>", organization=to),
        "",
        *(await field_lines(page, goes) or [_("Nothing yet.")]),
        "",
        _("You can withdraw it at any time. What has been read cannot be taken back."),
    )
    rows = []
    for name in SWITCHES:
        if not could.get(name):
            continue
        label = (
            _.label("button", "✅ {field}", field=words.field(name, _))
            if name in chosen
            else _.label("button", "⬜ {field}", field=words.field(name, _))
        )
        flipped = mask_of(chosen ^ {name})
        rows.append([Button(label, Refer(ref=ref, mask=flipped, act="flip"))])
    rows.append([Button(_.label("button", "✏️ Add a note"), Refer(ref=ref, mask=mask, act="note"))])
    send = Refer(ref=ref, mask=mask, act="send", seen=referrals.fingerprint(goes))
    rows.append([Button(_.label("button", "📨 I agree, send it"), send)])
    rows.append([Button(_.label("button", "Back"), OpenService(ref=ref))])
    return Message(text, rows)


async def changed(page: Page) -> Message:
    """Tell that what the pressed button stood for is not what would be shared now."""
    return Message(
        page._.label("toast", "Something has changed. Please look again before you agree.")
    )


async def sent_card(page: Page, ref: str) -> Message:
    """Confirm that the request is on its way."""
    _ = page._
    text = lines(
        _("📨 Your request is on its way."),
        _("You get a message here as soon as there is an answer."),
    )
    look = Button(_.label("button", "Look at it"), OneRequest(ref=ref))
    return Message(text, [[look], [menu.button(_)]])


async def requests_card(page: Page) -> Message:
    """List the person's own requests, the newest first."""
    _ = page._
    own = await referrals.of_member(page.session, page.reader)
    rows = []
    for referral in own[:10]:
        service = await page.session.get_one(Service, referral.service_id)
        label = _.label(
            "request in a list",
            "{organization}: {state}",
            organization=await organization_name(page, service),
            state=words.referral(State(referral.state), _),
        )
        rows.append([Button(label, OneRequest(ref=referral.ref))])
    text = _("<b>Your requests</b>") if own else _("You have no requests.")
    return Message(text, [*rows, [Button(_.label("button", "Back"), Needs())]])


async def request_card(page: Page, ref: str) -> Message:
    """Show one request: where it stands, what is shared, and what the person can do now."""
    _ = page._
    referral = await referrals.mine(page.session, page.reader, ref)
    service = await page.session.get_one(Service, referral.service_id)
    state = State(referral.state)
    shared = await referrals.shared(page.session, referral)
    told = await field_lines(page, shared)
    text = lines(
        _("🏢 {organization}", organization=await organization_name(page, service)),
        _("<b>{state}</b>", state=words.referral(state, _)),
        _("Reason: {reason}", reason=words.reason(referrals.Reason(referral.reason), _))
        if referral.reason
        else None,
        _resolution(referral, _),
        await _asked_line(page, referral),
        *(["", _("They can see:"), *told] if told else []),
        *(["", _("Were you really helped?")] if state in ASKING else []),
    )
    asked = await referrals.asked_for(page.session, page.reader, referral)
    return Message(text, _request_rows(referral, state, asked, _))


ASKING = (State.COMPLETED, State.UNCONFIRMED)


def _resolution(referral: Referral, _: Translator) -> Html | None:
    if referral.delivered is None:
        return None
    if referral.delivered:
        return _("The team has found that the help was given.")
    return _("The team has found that the help was not given.")


async def _asked_line(page: Page, referral: Referral) -> Html | None:
    _ = page._
    if referral.state != State.NEEDS_INFORMATION or not referral.asked_field:
        return None
    name = FieldName(referral.asked_field)
    value = (await referrals.asked_for(page.session, page.reader, referral)).get(name)
    if value is None:
        return _(
            "They ask for: {field}. We do not know it; you can add it under /me.",
            field=words.field(name, _),
        )
    return _(
        "They ask for: {field}. This would be shared: {value}",
        field=words.field(name, _),
        value=await field_value(page, name, value),
    )


def _request_rows(
    referral: Referral, state: State, asked: Mapping[FieldName, str], _: Translator
) -> list[list[Button]]:
    ref = referral.ref
    rows: list[list[Button]] = []
    if state == State.NEEDS_INFORMATION:
        seen = referrals.fingerprint(asked)
        give, keep = (OneRequest(ref=ref, act=act, seen=seen) for act in ("give", "keep"))
        if asked:
            rows.append([Button(_.label("button", "Share it"), give)])
        rows.append([Button(_.label("button", "Do not share it"), keep)])
    if state in ASKING:
        rows.append(
            [Button(_.label("button", "✅ Yes, I was helped"), OneRequest(ref=ref, act="yes"))]
        )
        rows.append([Button(_.label("button", "❌ No"), OneRequest(ref=ref, act="no"))])
    if state in referrals.OPEN:
        rows.append(
            [Button(_.label("button", "Withdraw my request"), OneRequest(ref=ref, act="withdraw"))]
        )
    rows.append([Button(_.label("button", "📨 My requests"), Requests())])
    return rows


async def withdraw_card(page: Page, ref: str) -> Message:
    """Ask for a second tap before a request is withdrawn."""
    _ = page._
    await referrals.mine(page.session, page.reader, ref)
    text = lines(
        _("Withdraw this request?"),
        _("They can open nothing of it any more. What has been read cannot be taken back."),
    )
    return Message(
        text,
        [
            [
                Button(_.label("button", "Yes, withdraw"), OneRequest(ref=ref, act="withdraw!")),
                Button(_.label("button", "No"), OneRequest(ref=ref)),
            ]
        ],
    )


# What leaves by itself


async def step_nudge(page: Page, ref: str) -> Message | None:
    """Nudge about a step that waits; nothing if all are done."""
    _ = page._
    service = await find(page.session, Service, ref)
    steps = await providers.steps(page.session, service)
    done = await providers.ticked(page.session, page.reader, service)
    waiting = next((step for step in steps if step.id not in done), None)
    if waiting is None:
        return None
    block = await block_for(page, "step", waiting.id)
    text = lines(
        _("👣 Your next step is waiting:"),
        authored(page, block, block.get("text") if block else ""),
        "",
        _("Stuck? Write to the team: /ask"),
    )
    look = Button(_.label("button", "Look at the steps"), OpenService(ref=ref))
    return Message(text, [[look], [menu.no_news_button(_)]])


async def referral_step(page: Page, ref: str) -> Message | None:
    """Tell that there is something new, and nothing more: phones are shared."""
    _ = page._
    try:
        await referrals.mine(page.session, page.reader, ref)
    except NotFoundError:
        return None
    return Message(
        _("🔔 You have a new message."),
        [[Button(_.label("button", "Read it"), OneRequest(ref=ref))]],
    )


async def referral_outcome(page: Page, ref: str) -> Message | None:
    """Ask for the person's word, without saying about what; nothing once it is given."""
    try:
        referral = await referrals.mine(page.session, page.reader, ref)
    except NotFoundError:
        return None
    if referral.state != State.COMPLETED:
        return None
    return await referral_step(page, ref)


async def dispute_notice(page: Page, ref: str) -> Message | None:
    """Tell the team that a member and a provider disagree."""
    _ = page._
    return Message(
        _("⚖️ A member says that a support organisation did not help as it says."),
        [[Button(_.label("button", "Look at it"), Dispute(ref=ref))]],
    )


async def dispute_touched(
    query: Any, callback_data: Dispute, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Open or settle a dispute."""
    if callback_data.act in {"yes", "no"}:
        await referrals.resolve(
            session, person, callback_data.ref, now, delivered=callback_data.act == "yes"
        )
    return [edit("support.dispute", ref=callback_data.ref)]


async def dispute_card(page: Page, ref: str) -> Message:
    """Show a dispute to the team: who, which organisation, and what was shared."""
    _ = page._
    referral, member = await referrals.disputed(page.session, page.reader, ref, page.now)
    service = await page.session.get_one(Service, referral.service_id)
    text = lines(
        _("⚖️ <b>They disagree</b>"),
        _("Member: {name}", name=member.name if member else "?"),
        _("Organisation: {name}", name=await organization_name(page, service)),
        _resolution(referral, _),
    )
    rows = []
    if referral.state == State.DISPUTED:
        rows = in_rows(
            [
                Button(_.label("button", "The help was given"), Dispute(ref=ref, act="yes")),
                Button(_.label("button", "The help was not given"), Dispute(ref=ref, act="no")),
            ]
        )
    return Message(text, rows)


CARDS = {
    "support.needs": needs_card,
    "support.services": services_card,
    "support.service": service_card,
    "support.refer": refer_card,
    "support.changed": changed,
    "support.sent": sent_card,
    "support.requests": requests_card,
    "support.request": request_card,
    "support.withdraw": withdraw_card,
    "support.dispute": dispute_card,
    "step_nudge": step_nudge,
    "referral_step": referral_step,
    "referral_outcome": referral_outcome,
    "team_notice.dispute": dispute_notice,
}
FORMS = (NOTE,)


def setup() -> Router:
    """Take /support and every button of it."""
    router = Router(name="support")
    router.message.register(command, Command("support"))
    router.callback_query.register(needs_opened, Needs.filter())
    router.callback_query.register(need_chosen, OfNeed.filter())
    router.callback_query.register(service_opened, OpenService.filter())
    router.callback_query.register(step_ticked, TickStep.filter())
    router.callback_query.register(refer_touched, Refer.filter())
    router.callback_query.register(requests_opened, Requests.filter())
    router.callback_query.register(request_touched, OneRequest.filter())
    router.callback_query.register(dispute_touched, Dispute.filter())
    return router
