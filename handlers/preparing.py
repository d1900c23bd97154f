"""An animator prepares a request for a member: need, service, what to suggest, a note.

The animator reads what animators may read of the member; the rest is suggested unseen. Nothing
leaves before the member agrees, in the ordinary preview (``referring``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import needs, providers, referrals, translations
from community.base import find
from community.needs import Need
from community.people import Person
from community.providers import Service
from community.referrals import SEEN_BY_ANIMATORS, FieldName, Referral
from community.translations import Reads
from handlers import words
from handlers.content import block_for, quoted
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.referring import AT_FIRST, SWITCHES, fields_of, mask_of
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, say, toast
from handlers.requests import field_lines, read_note
from handlers.staff import ANIMATORS, Inbox, router_for
from handlers.support import organization_name
from locales import Html, Translator


class Prepare(CallbackData, prefix="rt"):
    """A request that is being prepared for somebody: a need, then a service and its fields."""

    person: str
    need: str = ""
    service: str = ""
    mask: int = 0
    act: str = ""


class Laid(CallbackData, prefix="ld"):
    """A request that was prepared and is not answered yet: take it back."""

    ref: str


# Handlers


async def taken_back(
    query: Any, callback_data: Laid, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Take back what one has prepared."""
    await referrals.take_back(session, person, callback_data.ref, now)
    return [edit("prepare.taken_back")]


async def touched(
    query: Any,
    callback_data: Prepare,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    _: Translator,
) -> Replies:
    """Go one step on, or lay it before the member."""
    to, need, ref = callback_data.person, callback_data.need, callback_data.service
    mask, act = callback_data.mask, callback_data.act
    if not (await find(session, Person, to)).is_member:
        return [toast("prepare.no_member")]
    if not ref:
        await state.clear()
        if need and need not in [*Need]:
            return [toast("old_button")]
        return [edit("prepare.services", to=to, need=need) if need else edit("prepare", to=to)]
    await find(session, Service, ref)
    note = (await state.get_data()).get("notes", {}).get(f"{to}:{ref}", "")
    if act == "note":
        return await begin(NOTE, state, to=to, ref=ref, mask=mask, note=note)
    if act == "lay":
        await state.clear()
        laid = await referrals.prepare(
            session, person, to, ref, fields_of(mask), note, now, language=_.language
        )
        return [edit("prepare.laid", ref=laid.ref)]
    return [edit("prepare.fields", to=to, ref=ref, mask=mask, note=note)]


async def _ask_note(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("What should the organisation know? Write it in a few sentences."),
            _("The member reads it first, and may change it or leave it out."),
            quoted(page, about["note"], _.language) if about["note"] else None,
        )
    )


async def _noted(answering: Answering) -> Replies:
    about, note = answering.about, answering.answers["note"]
    to, ref = about["to"], about["ref"]
    await answering.state.update_data(notes={f"{to}:{ref}": note})
    return [say("prepare.fields", to=to, ref=ref, mask=about["mask"], note=note)]


NOTE = Form(
    "prepare.note",
    [Field("note", _ask_note, read_note)],
    _noted,
    home=lambda about: say("prepare.fields", **about),
)


# Cards


async def needs_card(page: Page, to: str) -> Message:
    """Ask what it is about; the member's own needs come first."""
    _ = page._
    member = await find(page.session, Person, to)
    own = await needs.of(page.session, member)
    ordered = [*own, *(code for code in Need if code not in own)]
    buttons = [
        Button(words.need(code, _), Prepare(person=to, need=code.value)) for code in ordered
    ]
    text = lines(
        _("<b>Prepare a request for {name}</b>", name=member.name or "?"),
        _("What do they need help with?"),
    )
    laid = await referrals.laid_before(page.session, page.reader, member, page.now)
    back = [[await _back_button(page, referral)] for referral in laid]
    return Message(text, [*in_rows(buttons, 2), *back, [_to_inbox(_)]])


async def _back_button(page: Page, referral: Referral) -> Button:
    _ = page._
    block = await block_for(page, "service", referral.service_id)
    name = block.get("name") if block else "?"
    label = _.label("button", "↩️ Take back: {service}", service=name)
    return Button(label, Laid(ref=referral.ref))


async def services_card(page: Page, to: str, need: str) -> Message:
    """Show the services to which somebody can be referred, what fits the member first."""
    _ = page._
    member = await find(page.session, Person, to)
    spoken = Reads(member.language, member.second_language).every if member.language else ()
    found = await providers.find_services(
        page.session,
        providers.Look(need=Need(need)),
        providers.Reader(spoken, member.area_id),
        page.now,
        zone=page.network.zone,
        only=[referrals.takes_requests(page.now)],
    )
    able = [fit.service for fit in found.fits]
    names = await translations.blocks(
        page.session,
        "service",
        [service.id for service in able],
        page.reads,
        page.network.language,
    )
    mask = mask_of(AT_FIRST)
    rows = [
        [
            Button(
                names[service.id].get("name") if service.id in names else "?",
                Prepare(person=to, service=service.ref, mask=mask),
            )
        ]
        for service in able
    ]
    text = lines(
        _("<b>{need}</b>", need=words.need(Need(need), _)),
        _("Which service?") if able else _("There is no service to which you could refer them."),
    )
    return Message(text, [*rows, [Button(_.label("button", "Other needs"), Prepare(person=to))]])


async def fields_card(page: Page, to: str, ref: str, mask: int, note: str = "") -> Message:
    """Choose what is suggested to the member; what animators may not see stays unseen."""
    _ = page._
    member = await find(page.session, Person, to)
    service = await find(page.session, Service, ref)
    chosen = fields_of(mask)
    would = await referrals.would_share(page.session, member, service, chosen, note)
    seen = {*SEEN_BY_ANIMATORS, FieldName.NOTE}
    shown = {name: value for name, value in would.items() if name in seen}
    text = lines(
        _("<b>Suggest this to {name}:</b>", name=member.name or "?"),
        "",
        *await field_lines(page, shown, _.language),
        *(
            _("{field}: only the member sees it", field=words.field(name, _))
            for name in SWITCHES
            if name in chosen and name not in seen
        ),
        "",
        _(
            "Nothing goes to {organization} before they agree. They can change everything.",
            organization=await organization_name(page, service),
        ),
    )
    rows = []
    for name in SWITCHES:
        label = (
            _.label("button", "✅ {field}", field=words.field(name, _))
            if name in chosen
            else _.label("button", "⬜ {field}", field=words.field(name, _))
        )
        flipped = mask_of(chosen ^ {name})
        rows.append([Button(label, Prepare(person=to, service=ref, mask=flipped))])
    write = _.label("button", "✏️ Change the note") if note else _.label("button", "✏️ Add a note")
    rows.append([Button(write, Prepare(person=to, service=ref, mask=mask, act="note"))])
    lay = Prepare(person=to, service=ref, mask=mask, act="lay")
    rows.append([Button(_.label("button", "📨 Ask the member"), lay)])
    back = Prepare(person=to, need=service.need)
    rows.append([Button(_.label("button", "Back"), back)])
    return Message(text, rows)


async def laid_card(page: Page, ref: str) -> Message:
    """Confirm that the member is asked, and let it be taken back until they answer."""
    _ = page._
    text = lines(
        _("The member gets a message that there is something new, and decides."),
        _.ngettext(
            "If they say no, or nothing for {n} day, you hear of it; not why.",
            "If they say no, or nothing for {n} days, you hear of it; not why.",
            referrals.PREPARED_LASTS.days,
        ),
        _("Until they answer you can take it back."),
    )
    take_back = Button(_.label("button", "↩️ Take it back"), Laid(ref=ref))
    return Message(text, [[take_back], [_to_inbox(_)]])


async def taken_back_card(page: Page) -> Message:
    """Confirm that it is taken back."""
    _ = page._
    text = lines(_("It is taken back. Nothing was sent."), _("The member reads that it is so."))
    return Message(text, [[_to_inbox(_)]])


async def no_member(page: Page) -> Message:
    """Say why nothing can be prepared."""
    return Message(page._.label("toast", "This person has not joined the network."))


# What leaves by itself


async def refused_notice(page: Page) -> Message:
    """Tell whoever prepared a request that it is not wanted; not by whom."""
    return _about_a_draft(page, page._("A member does not want a request that you have prepared."))


async def ended_notice(page: Page) -> Message:
    """Tell whoever prepared a request that nobody has answered it."""
    return _about_a_draft(
        page, page._("A request that you have prepared was not answered, and has ended.")
    )


def _about_a_draft(page: Page, told: Html) -> Message:
    _ = page._
    return Message(lines(told, _("Nothing was sent.")), [[_to_inbox(_)]])


def _to_inbox(_: Translator) -> Button:
    return Button(_.label("button", "Inbox"), Inbox())


CARDS = {
    "prepare": needs_card,
    "prepare.services": services_card,
    "prepare.fields": fields_card,
    "prepare.laid": laid_card,
    "prepare.no_member": no_member,
    "prepare.taken_back": taken_back_card,
    "team_notice.draft_refused": refused_notice,
    "team_notice.draft_ended": ended_notice,
}
FORMS = (NOTE,)


def setup() -> Router:
    """Take every button of a request that is being prepared, from animators only."""
    router = router_for("preparing", ANIMATORS)
    router.callback_query.register(touched, Prepare.filter())
    router.callback_query.register(taken_back, Laid.filter())
    return router
