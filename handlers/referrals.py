"""/referrals: provider staff see what was shared with their organisation, and answer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import referrals, roles
from community.errors import NoAgreementError, NotFoundError
from community.people import Person
from community.providers import Service
from community.referrals import FieldName, Reason, Referral, State
from handlers import answers, feedback, proposals, quarters, reading, words
from handlers.clocks import next_lines
from handlers.content import block_for
from handlers.entry_ways import OurEntry
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    alert,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.requests import field_lines, resolution, write_button
from handlers.staff import PROVIDERS, Received, page_of, router_for
from handlers.supporters import name_of
from locales import Html, Translator

PER_PAGE = 10
VIEW_LASTS = timedelta(minutes=15)
"""So long what was shared stays on a phone after the tap; then it is edited away."""


class Answer(CallbackData, prefix="rf"):
    """One referral: open it, or answer it. ``why`` is a reason or a field."""

    ref: str
    act: str = "open"
    why: str = ""


# Handlers


async def command(message: Any, state: FSMContext) -> Replies:
    """Answer /referrals."""
    await state.clear()
    return [say("referrals")]


async def list_opened(query: Any, callback_data: Received) -> Replies:
    """Show a page of the list in place."""
    return [edit("referrals", at=callback_data.at)]


async def touched(
    query: Any, callback_data: Answer, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show what was shared, ask for a reason or a field, or take the step."""
    ref, act, why = callback_data.ref, callback_data.act, callback_data.why
    try:
        await referrals.opened(session, person, ref, now)
    except NoAgreementError:
        referral = await referrals.for_provider(session, person, ref, now)
        is_step = act in {"open", "pass", "pass!", *referrals.FINISHING}
        if not is_step or referral.state not in referrals.ANSWERABLE:
            return [alert("referrals.no_agreement")]
    if act == "open":
        # A message of its own: it is protected, and nothing of it stays in an older one.
        return [say("referrals.one", ref=ref, opened=now.isoformat())]
    if act in {"decline", "fail"} and not why:
        return [edit("referrals.reason", ref=ref, act=act)]
    if act == "pass":
        return [edit("referrals.pass", ref=ref, at=int(why) if why.isdecimal() else 0)]
    if act == "ask" and not why:
        return [edit("referrals.field", ref=ref)]
    if act == "ask":
        if why not in [*FieldName]:
            return [toast("old_button")]
        await referrals.ask_for(session, person, ref, FieldName(why), now)
    elif act == "pass!":
        await referrals.pass_on(session, person, ref, now, to_ref=why)
    else:
        reason = Reason(why) if why in [*Reason] else None
        await referrals.answer(session, person, ref, act, now, reason=reason)
    return [edit("referrals.one", ref=ref, opened=now.isoformat())]


# Cards


async def list_card(page: Page, at: int = 0) -> Message:
    """List what has come, the unanswered first; no names before they are opened."""
    _ = page._
    found = await referrals.for_staff(page.session, page.reader, page.now)
    shown, turning = page_of(found, at, PER_PAGE, lambda to: Received(at=to), _)
    rows = []
    for referral in shown:
        label = _.label(
            "referral in a list",
            "{service}: {state}",
            service=await _about(page, referral),
            state=words.state_for_staff(State(referral.state), _),
        )
        rows.append([Button(label, Answer(ref=referral.ref))])
    text = (
        _.ngettext("<b>{n} referral</b>", "<b>{n} referrals</b>", len(found))
        if found
        else _("Nobody has been referred to you yet.")
    )
    more = [
        [Button(_.label("button", "Our entry"), OurEntry())],
        [proposals.staff_button(_)],
        *await feedback.staff_rows(page),
        *await quarters.staff_rows(page),
    ]
    return Message(text, [*rows, turning, *more])


async def _service_name(page: Page, referral: Referral) -> str:
    service = await page.session.get_one(Service, referral.service_id)
    block = await block_for(page, "service", service.id)
    return block.get("name") if block else "?"


async def _about(page: Page, referral: Referral) -> str:
    """Return the service; for who works for several organisations, also which one is asked."""
    _, service = page._, await _service_name(page, referral)
    if len(await roles.staffed(page.session, page.reader, page.now)) < 2:
        return service
    organization = await name_of(page, referral.organization_id)
    return _.label(
        "referral", "{service} ({organization})", service=service, organization=organization
    )


async def one_card(page: Page, ref: str, opened: str) -> Message:
    """Show exactly what was shared and is still agreed to, and what can be done now.

    It keeps itself current: what is withdrawn disappears, and after some minutes all of it does.
    """
    _ = page._
    if page.now >= datetime.fromisoformat(opened) + VIEW_LASTS:
        return answers.shut(Answer(ref=ref), _)
    try:
        referral, shared = await referrals.opened(page.session, page.reader, ref, page.now)
    except NoAgreementError:
        return await _without_agreement(page, ref)
    except NotFoundError:
        return answers.shut(Answer(ref=ref), _)
    state = State(referral.state)
    was_sealed = await referrals.was_sealed(page.session, referral)
    rows = _rows(referral, state, _)
    if write := await write_button(page, referral):
        rows.insert(-1, [write])

    async def show(original: bool) -> Message:
        told = await field_lines(page, shared, referral.written_in, by_machine=not original)
        text = await _one_text(page, referral, told, was_sealed=was_sealed)
        return Message(text, rows, protect=True, live=True)

    return await reading.in_one(show, original=False)


async def _one_text(
    page: Page, referral: Referral, told: Sequence[Html], *, was_sealed: bool
) -> Html:
    _, state = page._, State(referral.state)
    return lines(
        _("<b>{service}</b>", service=await _about(page, referral)),
        _("{state}.", state=words.state_for_staff(state, _)),
        resolution(referral, _),
        _("Asked for: {field}", field=words.field(FieldName(referral.asked_field), _))
        if referral.asked_field
        else None,
        next_lines(page, referral, for_staff=True),
        "",
        *(told or [_nothing(state, _, was_sealed=was_sealed)]),
        "",
        _("This was shared with your organisation only, for this request."),
    )


async def _without_agreement(page: Page, ref: str) -> Message:
    """Show nothing of what was shared, and let staff say what becomes of the request."""
    _ = page._
    referral = await referrals.for_provider(page.session, page.reader, ref, page.now)
    state = State(referral.state)
    if state not in referrals.ANSWERABLE:
        return answers.shut(Answer(ref=ref), _)
    text = lines(
        _("<b>{service}</b>", service=await _about(page, referral)),
        _("{state}.", state=words.state_for_staff(state, _)),
        "",
        answers.nothing_opens(_),
    )
    return Message(text, _rows(referral, state, _, is_agreed=False))


async def closed_card(page: Page) -> Message:
    """Stand in the place of what its reader may not see any more."""
    return Message(answers.closed(page._))


def _nothing(state: State, _: Translator, *, was_sealed: bool) -> Html:
    if was_sealed and state in (State.ACCEPTED, State.IN_SERVICE):
        return _(
            "The agreement under which this was shared has ended, so it cannot be opened any "
            "more. The person is offered to send you a new request, which takes the place of "
            "this one."
        )
    if was_sealed:
        return _(
            "The agreement under which this was shared has ended, so it cannot be opened any "
            "more. You can ask for what you need; the person decides anew."
        )
    if state == State.CANCELLED:
        return _("The person has withdrawn the request; there is nothing to see any more.")
    if state in referrals.TURNED_AWAY:
        return _("This request is over for you, so nothing of it is shared with you any more.")
    if state not in referrals.OPEN:
        return _("The person shares nothing of this request any more.")
    return _("The person has shared nothing yet; you can ask for what you need.")


def _rows(
    referral: Referral, state: State, _: Translator, *, is_agreed: bool = True
) -> list[list[Button]]:
    ref = referral.ref
    buttons: list[Button] = []
    if state == State.PENDING and is_agreed:
        buttons = [
            Button(_.label("button", "✅ Accept"), Answer(ref=ref, act="accept")),
            Button(_.label("button", "❓ Ask for one more thing"), Answer(ref=ref, act="ask")),
        ]
    if state == State.PENDING:
        buttons += [
            Button(_.label("button", "❌ Decline"), Answer(ref=ref, act="decline")),
            Button(_.label("button", "↪️ Others can help better"), Answer(ref=ref, act="pass")),
        ]
    buttons += answers.once_accepted(state, lambda act: Answer(ref=ref, act=act), _)
    buttons.append(Button(_.label("button", "All referrals"), Received()))
    return in_rows(buttons)


async def reason_card(page: Page, ref: str, act: str) -> Message:
    """Ask why."""
    _ = page._
    await referrals.for_provider(page.session, page.reader, ref, page.now)
    to = partial(Answer, ref=ref, act=act)
    return answers.reasons(referrals.REASONS, act, lambda why: to(why=why), _back(ref, _), _)


async def field_card(page: Page, ref: str) -> Message:
    """Ask which field is missing; the person decides whether to share it."""
    _ = page._
    _referral, shared = await referrals.opened(page.session, page.reader, ref, page.now)
    return answers.fields(
        _("What else do you need? The person decides whether to share it."),
        shared,
        lambda name: Answer(ref=ref, act="ask", why=name),
        _back(ref, _),
        _,
    )


def _back(ref: str, _: Translator) -> Button:
    return Button(_.label("button", "Back"), Answer(ref=ref))


async def pass_card(page: Page, ref: str, at: int) -> Message:
    """Ask who can help better: one of the others' services, or nobody in particular."""
    _ = page._
    referral = await referrals.for_provider(page.session, page.reader, ref, page.now)
    to = partial(Answer, ref=ref)
    return await answers.elsewhere(
        page,
        referral,
        at,
        lines(
            _("Who can help better?"),
            _(
                "The person reads your suggestion and decides. Nothing is passed on to anybody by "
                "this, and you can open nothing of the request any more."
            ),
        ),
        turn=lambda number: to(act="pass", why=number),
        choose=lambda service: to(act="pass!", why=service),
        rows=[[Button(_.label("button", "I do not know who"), to(act="pass!"))], [_back(ref, _)]],
    )


async def provider_notice(page: Page, ref: str) -> Message | None:
    """Tell staff that there is something new, and nothing more: phones are shared."""
    _ = page._
    try:
        referral = await referrals.for_provider(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if referral.state == State.CANCELLED:
        back = Button(_.label("button", "All referrals"), Received())
        return Message(_("🔔 A referral to you has been withdrawn."), [[back]])
    return Message(
        _("🔔 You have a new referral, or news about one."),
        [[Button(_.label("button", "Show what was shared"), Answer(ref=ref))]],
    )


async def no_agreement(page: Page) -> Message:
    """Tell staff why nothing opens any more."""
    return Message(
        page._.label(
            "toast",
            "The agreement with your organisation has ended, so nothing can be shown. "
            "Please ask the network's coordinator.",
        )
    )


CARDS = {
    "closed": closed_card,
    "referrals": list_card,
    "referrals.no_agreement": no_agreement,
    "referrals.one": one_card,
    "referrals.reason": reason_card,
    "referrals.field": field_card,
    "referrals.pass": pass_card,
    "provider_notice": provider_notice,
}


def setup() -> Router:
    """Take /referrals and every button of it, from provider staff only."""
    router = router_for("referrals", PROVIDERS)
    router.message.register(command, Command("referrals"))
    router.callback_query.register(list_opened, Received.filter())
    router.callback_query.register(touched, Answer.filter())
    return router
