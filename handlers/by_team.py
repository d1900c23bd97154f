"""Requests to organisations that are not in the chat: the team passes on, and records answers."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, referrals
from community.errors import NoAgreementError, NotFoundError
from community.people import Person
from community.providers import Service
from community.referrals import RECORDED, FieldName, Reason, Referral, Source, State
from handlers import answers, reading, words
from handlers.content import block_for
from handlers.referrals import VIEW_LASTS
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
from handlers.requests import field_lines, resolution
from handlers.staff import ANIMATORS, Inbox, page_of, router_for
from handlers.support import organization_name
from locales import Html, Translator

PER_PAGE = 10
RECORDS = frozenset({*referrals.PROVIDERS_STEPS, "ask", "pass", "pass!"})
"""What the team writes down of what a provider has said."""


class AllByTeam(CallbackData, prefix="bl"):
    """A page of the requests that the team passes on."""

    at: int = 0


class ByTeam(CallbackData, prefix="bt"):
    """One of them: open it, or record a step; ``how`` it was said, ``why`` a reason or a field."""

    ref: str
    act: str = "open"
    how: str = ""
    why: str = ""


# Handlers


async def list_opened(query: Any, callback_data: AllByTeam) -> Replies:
    """Show a page of the list in place."""
    return [edit("by_team", at=callback_data.at)]


async def touched(
    query: Any, callback_data: ByTeam, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show what is to be passed on; ask how, and why or which field; write it down."""
    ref, act, how, why = (getattr(callback_data, name) for name in ("ref", "act", "how", "why"))
    try:
        await referrals.opened_by_team(session, person, ref, now)
    except NoAgreementError:
        referral = await referrals.for_team(session, person, ref, now)
        is_step = act in {"open", "pass", "pass!", *referrals.FINISHING}
        if not is_step or referral.state not in referrals.ANSWERABLE:
            return [alert("by_team.no_agreement")]
    if act == "open":
        # A message of its own: it is protected, and nothing of it stays in an older one.
        return [say("by_team.one", ref=ref, opened=now.isoformat())]
    if act not in RECORDS or (how and how not in RECORDED):
        return [toast("old_button")]
    if not how:
        return [edit("by_team.how", ref=ref, act=act)]
    if not why and act == "ask":
        return [edit("by_team.field", ref=ref, how=how)]
    if not why and act in {"decline", "fail"}:
        return [edit("by_team.reason", ref=ref, act=act, how=how)]
    if act == "pass":
        return [edit("by_team.pass", ref=ref, how=how, at=int(why) if why.isdecimal() else 0)]
    if act == "pass!":
        source = Source(how)
        await referrals.record_passed_on(session, person, ref, now, source=source, to_ref=why)
    elif act == "ask":
        if why not in [*FieldName]:
            return [toast("old_button")]
        name = FieldName(why)
        await referrals.record_question(session, person, ref, name, now, source=Source(how))
    else:
        reason = Reason(why) if why in [*Reason] else None
        await referrals.record(session, person, ref, act, now, source=Source(how), reason=reason)
    return [edit("by_team.one", ref=ref, opened=now.isoformat())]


# Cards


async def list_card(page: Page, at: int = 0) -> Message:
    """List what goes through the team, what waits for an answer first; no names before a tap."""
    _ = page._
    found = await referrals.of_team(page.session, page.reader, page.now)
    shown, turning = page_of(found, at, PER_PAGE, lambda to: AllByTeam(at=to), _)
    rows = []
    for referral in shown:
        label = _.label(
            "request in a list",
            "{organization}: {state}",
            organization=await organization_name(page, referral),
            state=_state(referral, _),
        )
        rows.append([Button(label, ByTeam(ref=referral.ref))])
    text = (
        _.ngettext(
            "{n} request goes through the team, by phone or e-mail.",
            "{n} requests go through the team, by phone or e-mail.",
            len(found),
        )
        if found
        else _("No request goes through the team now.")
    )
    return Message(text, [*rows, turning, [_to_inbox(_)]])


def _state(referral: Referral, _: Translator) -> str:
    if referral.state == State.PENDING:
        return _.label("referral", "Please pass it on")
    return words.state_for_staff(State(referral.state), _)


async def one_card(page: Page, ref: str, opened: str) -> Message:
    """Show exactly what is to be passed on and is still agreed to, and what can be recorded.

    It keeps itself current: what is withdrawn disappears, and after some minutes all of it does.
    """
    _ = page._
    shut = answers.shut(ByTeam(ref=ref), _)
    if page.now >= datetime.fromisoformat(opened) + VIEW_LASTS:
        return shut
    try:
        referral, shared = await referrals.opened_by_team(page.session, page.reader, ref, page.now)
    except NoAgreementError:
        return await _without_agreement(page, ref) or shut
    except NotFoundError:
        return shut
    if not referral.by_team:
        return await _left_alone(page, referral)
    service = await page.session.get_one(Service, referral.service_id)
    block = await block_for(page, "service", service.id)
    to = await organization_name(page, referral)
    rows = _rows(ref, State(referral.state), _)

    async def show(original: bool) -> Message:
        told = await field_lines(page, shared, referral.written_in, by_machine=not original)
        text = _one_text(referral, block.get("name") if block else "?", to, told, _)
        return Message(text, rows, protect=True, live=True)

    return await reading.in_one(show, original=False)


def _one_text(
    referral: Referral, service: str, to: str, told: Sequence[Html], _: Translator
) -> Html:
    return lines(
        _("📞 <b>{service}</b>", service=service),
        _("🏢 {organization}", organization=to),
        _("{state}.", state=_state(referral, _)),
        resolution(referral, _),
        "",
        *(told or [_("The person shares nothing of this request any more.")]),
        "",
        _(
            "The member has agreed that the team reads this and passes it on to {organization}, "
            "and to nobody else.",
            organization=to,
        ),
    )


async def _left_alone(page: Page, referral: Referral) -> Message:
    """Let the team record what has become of a request, nobody of the organisation being there."""
    _ = page._
    text = lines(
        _("🏢 {organization}", organization=await organization_name(page, referral)),
        _("{state}.", state=_state(referral, _)),
        "",
        _(
            "Nobody of this organisation is here any more. Please ask them by phone or e-mail, "
            "and record here what has become of the request. What was shared with them stays "
            "closed to you."
        ),
    )
    return Message(text, _rows(referral.ref, State(referral.state), _))


async def _without_agreement(page: Page, ref: str) -> Message | None:
    """Show nothing of what was shared, and let the team record what has become of it."""
    _ = page._
    referral = await referrals.for_team(page.session, page.reader, ref, page.now)
    if referral.state not in referrals.ANSWERABLE:
        return None
    text = lines(
        _("🏢 {organization}", organization=await organization_name(page, referral)),
        _("{state}.", state=_state(referral, _)),
        "",
        answers.nothing_opens(_),
    )
    return Message(text, _rows(ref, State(referral.state), _, is_agreed=False))


def _rows(ref: str, state: State, _: Translator, *, is_agreed: bool = True) -> list[list[Button]]:
    buttons = []
    if state == State.PENDING and is_agreed:
        buttons = [
            Button(_.label("button", "✅ They accept"), ByTeam(ref=ref, act="accept")),
            Button(_.label("button", "❓ They need one more thing"), ByTeam(ref=ref, act="ask")),
        ]
    if state == State.PENDING:
        buttons += [
            Button(_.label("button", "❌ They decline"), ByTeam(ref=ref, act="decline")),
            Button(_.label("button", "↪️ Others can help better"), ByTeam(ref=ref, act="pass")),
        ]
    buttons += answers.once_accepted(state, lambda act: ByTeam(ref=ref, act=act), _)
    return in_rows([*buttons, Button(_.label("button", "📞 Requests to pass on"), AllByTeam())])


async def how_card(page: Page, ref: str, act: str) -> Message:
    """Ask how the organisation said so; the member reads it."""
    _ = page._
    await referrals.for_team(page.session, page.reader, ref, page.now)
    ways = {
        Source.PHONE: _.label("button", "📞 By phone"),
        Source.EMAIL: _.label("button", "✉️ By e-mail"),
        Source.IN_PERSON: _.label("button", "🤝 In person"),
    }
    rows = [[Button(ways[how], ByTeam(ref=ref, act=act, how=how.value))] for how in RECORDED]
    text = _("How did the organisation tell you? The member reads that, too.")
    return Message(text, [*rows, [_back(ref, _)]])


async def reason_card(page: Page, ref: str, act: str, how: str) -> Message:
    """Ask why."""
    _ = page._
    await referrals.for_team(page.session, page.reader, ref, page.now)
    to = partial(ByTeam, ref=ref, act=act, how=how)
    return answers.reasons(referrals.TEAMS_REASONS, act, lambda why: to(why=why), _back(ref, _), _)


async def field_card(page: Page, ref: str, how: str) -> Message:
    """Ask which field the organisation needs; the member decides whether to share it."""
    _ = page._
    _referral, shared = await referrals.opened_by_team(page.session, page.reader, ref, page.now)
    return answers.fields(
        _("What else do they need? The person decides whether to share it."),
        shared,
        lambda name: ByTeam(ref=ref, act="ask", how=how, why=name),
        _back(ref, _),
        _,
    )


async def pass_card(page: Page, ref: str, how: str, at: int) -> Message:
    """Ask whom the organisation suggests: one of the others' services, or nobody in particular."""
    _ = page._
    referral = await referrals.for_team(page.session, page.reader, ref, page.now)
    to = partial(ByTeam, ref=ref, how=how)
    nobody = Button(_.label("button", "They do not know who"), to(act="pass!"))
    return await answers.elsewhere(
        page,
        referral,
        at,
        lines(
            _("Who can help better, do they say?"),
            _(
                "The person reads the suggestion and decides. Nothing is passed on to anybody by "
                "this, and you can open nothing of the request any more."
            ),
        ),
        turn=lambda number: to(act="pass", why=number),
        choose=lambda service: to(act="pass!", why=service),
        rows=[[nobody], [_back(ref, _)]],
    )


def _back(ref: str, _: Translator) -> Button:
    return Button(_.label("button", "Back"), ByTeam(ref=ref))


def _to_inbox(_: Translator) -> Button:
    return Button(_.label("button", "Inbox"), Inbox())


async def no_agreement(page: Page) -> Message:
    """Tell the team why nothing opens any more."""
    return Message(
        page._.label(
            "toast",
            "The agreement with this organisation has ended, so nothing can be passed on. Please "
            "ask the network's coordinator.",
        )
    )


async def notice(page: Page, ref: str) -> Message | None:
    """Tell the team that there is something to pass on, and nothing more: phones are shared."""
    _ = page._
    try:
        referral = await referrals.for_team(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if referral.state == State.CANCELLED:
        return Message(
            _(
                "📞 A request that the team passes on has been withdrawn. If the organisation "
                "knows of it, please tell them."
            ),
            [[Button(_.label("button", "Look at it"), ByTeam(ref=ref))]],
        )
    if referral.state not in referrals.OPEN:
        return None
    if not await agreements.is_active(page.session, referral.organization_id, page.now):
        return await ended_notice(page, referral.organization_id)
    return Message(
        _("📞 There is a request to pass on, or news about one."),
        [[Button(_.label("button", "Show what was shared"), ByTeam(ref=ref))]],
    )


async def ended_notice(page: Page, organization_id: int) -> Message:
    """Tell the team that nothing more can be passed on to an organisation."""
    _ = page._
    block = await block_for(page, "organization", organization_id)
    text = _(
        "🔒 The agreement with {organization} has ended: nothing more can be passed on there. You "
        "can still record what becomes of the requests that are open there.",
        organization=block.get("name") if block else "?",
    )
    return Message(text, [[Button(_.label("button", "📞 Requests to pass on"), AllByTeam())]])


CARDS = {
    "by_team": list_card,
    "by_team.one": one_card,
    "by_team.how": how_card,
    "by_team.reason": reason_card,
    "by_team.field": field_card,
    "by_team.pass": pass_card,
    "by_team.no_agreement": no_agreement,
    "team_notice.by_team": notice,
}


def setup() -> Router:
    """Take the buttons of what the team passes on, from animators only."""
    router = router_for("by_team", ANIMATORS)
    router.callback_query.register(list_opened, AllByTeam.filter())
    router.callback_query.register(touched, ByTeam.filter())
    return router
