"""Being referred: exactly what goes to whom, each field by the member's own switch."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import people, referrals
from community.base import find
from community.errors import FullError
from community.people import Person
from community.providers import Service
from community.referrals import FieldName, Preparation, State
from handlers import menu, onward, words
from handlers.content import quoted
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.looking import OpenService
from handlers.onboarding import TERMS_VERSION
from handlers.replies import (
    Button,
    Message,
    OvertakenError,
    Page,
    Replies,
    edit,
    lines,
    say,
    toast,
)
from handlers.requests import OneRequest, field_lines, read_note
from handlers.support import Refer, organization_name
from locales import Html, Translator

REF = 12
"""So long is a reference."""
SWITCHES: tuple[FieldName, ...] = tuple(name for name in FieldName if name != FieldName.NOTE)
AT_FIRST = frozenset(
    {FieldName.NAME, FieldName.LANGUAGE, FieldName.NEED, FieldName.AREA, FieldName.STAGE}
)


def mask_of(fields: Collection[FieldName]) -> int:
    """Return the fields as bits, so that a button can carry them."""
    return sum(1 << at for at, name in enumerate(SWITCHES) if name in fields)


def fields_of(mask: int) -> set[FieldName]:
    """Return the fields of such bits; what does not exist is left out."""
    return {name for at, name in enumerate(SWITCHES) if mask >> at & 1}


# Handlers


async def refer_touched(
    query: Any,
    callback_data: Refer,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    _: Translator,
) -> Replies:
    """Show what would be shared, flip a field, write a note, send it, or refuse a draft."""
    people.require_member(person)
    ref, mask, act = callback_data.ref, callback_data.mask, callback_data.act
    after = callback_data.after[:REF]  # the client writes it: it must fit into a button again
    service = await find(session, Service, ref)
    already = await referrals.in_the_way(session, person, service)
    if already is not None:
        return [edit("support.request", ref=already.ref)]
    note = await _note_so_far(session, person, service, state)
    if act == "next":
        since = await referrals.following(session, await referrals.mine(session, person, after))
        if since is not None:
            return [edit("support.request", ref=since.ref)]
        fields, note = await referrals.chosen_before(session, person, after)
        await state.clear()
        await state.update_data(notes={ref: note})
        mask = mask_of(fields)
    draft = await referrals.open_with(session, person, service) if act == "no" else None
    if draft is not None and draft.state == State.DRAFT:
        await state.clear()
        await referrals.withdraw(session, person, draft.ref, now)
        return [edit("support.refused")]
    if act == "unnote":
        note = ""
        await state.update_data(notes={ref: note})
    if act == "note":
        return await begin(NOTE, state, ref=ref, mask=mask, note=note, after=after)
    if act == "send":
        goes = await referrals.would_share(session, person, service, fields_of(mask), note)
        by_team = await referrals.passes_on(session, service.organization_id, now)
        to = service.organization_id
        if callback_data.seen != referrals.fingerprint(goes, to, by_team=by_team):
            again = edit("support.refer", ref=ref, mask=mask, note=note, after=after)
            return [toast("support.changed"), again]
        await state.clear()
        try:
            referral = await referrals.agree(
                session,
                person,
                ref,
                fields_of(mask),
                note,
                now,
                organization_id=to,
                version=TERMS_VERSION,
                language=_.language,
                after=after,
                by_team=by_team,
            )
        except FullError as refusal:
            raise OvertakenError(refusal, edit("support.instead", ref=ref, after=after)) from None
        return [edit("support.sent", ref=referral.ref)]
    if act == "instead":
        return [edit("support.instead", ref=ref)]
    if act == "see":
        await state.clear()
        return [edit("support.refer", ref=ref, after=after)]
    return [edit("support.refer", ref=ref, mask=mask, note=note, after=after)]


async def _note_so_far(
    session: AsyncSession, person: Person, service: Service, state: FSMContext
) -> str:
    """Return the note that the person has written, or else what the team suggests."""
    written: str | None = (await state.get_data()).get("notes", {}).get(service.ref)
    if written is not None:
        return written
    suggested = await referrals.prepared_for(session, person, service)
    return suggested.note if suggested else ""


async def _ask_note(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("What should they know? Write it in a few sentences."),
            _("Please never send identity documents or passwords here."),
            quoted(page, about["note"], _.language) if about["note"] else None,
        )
    )


async def _noted(answering: Answering) -> Replies:
    about, note = answering.about, answering.answers["note"]
    await answering.state.update_data(notes={about["ref"]: note})
    return [say("support.refer", **{**about, "note": note})]


NOTE = Form(
    "support.note",
    [Field("note", _ask_note, read_note)],
    _noted,
    home=lambda about: say("support.refer", **about),
)


# Cards


async def refer_card(
    page: Page, ref: str, mask: int | None = None, note: str | None = None, after: str = ""
) -> Message:
    """Show exactly which fields would go to whom, each with a switch; or why nothing can be sent.

    It begins with what the team has prepared, or else with what is usual; ``after`` an earlier
    request, with what was chosen for that.
    """
    _ = page._
    service = await find(page.session, Service, ref)
    if await onward.obstacle(page, service):
        return await onward.instead_card(page, ref, after)
    suggested = await referrals.prepared_for(page.session, page.reader, service)
    by_team = await referrals.passes_on(page.session, service.organization_id, page.now)
    if mask is None:
        mask = mask_of({FieldName(name) for name in suggested.fields} if suggested else AT_FIRST)
    if note is None:
        note = suggested.note if suggested else ""
    earlier = await referrals.mine(page.session, page.reader, after) if after else None
    written_in = await referrals.written_in(page.session, note, suggested, earlier, _.language)
    chosen = fields_of(mask)
    could = await referrals.preview(page.session, page.reader, service)
    goes = await referrals.would_share(page.session, page.reader, service, chosen, note)
    to = await organization_name(page, service)
    replaced = await referrals.open_with(page.session, page.reader, service)
    text = lines(
        _("What you chose before is chosen again. You can change it.") if after else None,
        _("It takes the place of your request of which they see nothing any more.")
        if replaced is not None and await referrals.needs_a_new_one(page.session, replaced)
        else None,
        *_prepared_lines(suggested, _),
        _("<b>This goes to {organization}, and nothing else:</b>", organization=to),
        "",
        *(await field_lines(page, goes, written_in) or [_("Nothing yet.")]),
        *(["", by_team_line(_)] if by_team else []),
        "",
        None
        if {FieldName.ACCOUNT, FieldName.NOTE} & goes.keys()
        else _(
            "⚠️ They cannot reach you yet. Add a note with a phone number or an e-mail address."
        ),
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
        rows.append([Button(label, Refer(ref=ref, mask=flipped, act="flip", after=after))])
    write = _.label("button", "✏️ Change the note") if note else _.label("button", "✏️ Add a note")
    rows.append([Button(write, Refer(ref=ref, mask=mask, act="note", after=after))])
    if note:
        remove = Refer(ref=ref, mask=mask, act="unnote", after=after)
        rows[-1].append(Button(_.label("button", "🗑 Remove the note"), remove))
    seen = referrals.fingerprint(goes, service.organization_id, by_team=by_team)
    send = Refer(ref=ref, mask=mask, act="send", seen=seen, after=after)
    rows.append([Button(_.label("button", "📨 I agree, send it"), send)])
    if suggested:
        no = Refer(ref=ref, act="no")
        rows.append([Button(_.label("button", "No, do not send it"), no)])
    back = OneRequest(ref=after) if after else OpenService(ref=ref)
    rows.append([Button(_.label("button", "Back"), back)])
    return Message(text, rows)


def _prepared_lines(suggested: Preparation | None, _: Translator) -> list[Html | str]:
    if suggested is None:
        return []
    return [
        _("🤝 The team has prepared this request for you."),
        _("Nothing has been sent. You can change it, send it, or say no."),
        "",
    ]


def by_team_line(_: Translator) -> Html:
    """Say that the organisation is not here, and who reads what is shared instead."""
    return _(
        "📞 They are not on Telegram. The team reads what you share and passes it on by phone or "
        "e-mail."
    )


async def refused_card(page: Page) -> Message:
    """Confirm that nothing of what the team had prepared was sent."""
    _ = page._
    text = _("All right. Nothing was sent, and what was prepared is gone.")
    return Message(text, [[menu.button(_)]])


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


CARDS = {
    "support.instead": onward.instead_card,
    "support.refer": refer_card,
    "support.refused": refused_card,
    "support.changed": changed,
    "support.sent": sent_card,
}
FORMS = (NOTE,)


def setup() -> Router:
    """Take every button of the card that shows what would be shared."""
    router = Router(name="referring")
    router.callback_query.register(refer_touched, Refer.filter())
    return router
