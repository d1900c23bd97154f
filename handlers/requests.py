"""A member's own requests to support organisations: where they stand, and what came of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import agreements, bridge, referrals
from community.areas import Area
from community.errors import NotFoundError, NotUnderstoodError
from community.needs import Need
from community.people import Person, Stage
from community.providers import Service
from community.referrals import NOTE_LIMIT, FieldName, Reason, Referral, Source, State
from handlers import onward, reading, words
from handlers.clocks import next_lines
from handlers.content import block_for, quoted
from handlers.forms import Answering, Field, Form, Question, begin, end_if
from handlers.looking import Needs, OfNeed
from handlers.menu import AskTeam, WriteTo
from handlers.profile import ChangeAnswer
from handlers.replies import Button, Message, Page, Replies, Reply, edit, lines, say, toast
from handlers.staff import page_of
from handlers.support import Refer, Requests, organization_name
from locales import Html, Translator, escape, language_name

PER_PAGE = 8


class OneRequest(CallbackData, prefix="sz"):
    """One request of the person's own; ``seen`` is the fingerprint of what is asked for."""

    ref: str
    act: str = "open"
    seen: str = ""

    def card(self) -> Reply:
        """Return the request as it is now."""
        return edit("support.request", ref=self.ref)


# Handlers


async def read_note(answering: Answering, text: str) -> str:
    """Take what a provider is told in the person's own words."""
    if len(text) > NOTE_LIMIT:
        raise NotUnderstoodError("note", limit=NOTE_LIMIT)
    return text.strip()


async def _ask_more(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("What do you want to tell them? A phone number or an e-mail address helps most."),
            _("They read it as soon as you have sent it."),
        )
    )


async def _told_more(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await referrals.give(
        answering.session,
        answering.person,
        ref,
        answering.now,
        yes=True,
        note=answering.answers["note"],
    )
    return [say("support.request", ref=ref)]


MORE = Form(
    "support.more",
    [Field("note", _ask_more, read_note)],
    _told_more,
    home=lambda about: say("support.request", ref=about["ref"]),
)


async def requests_opened(query: Any, callback_data: Requests) -> Replies:
    """Show a page of the person's own requests."""
    return [edit("support.requests", at=callback_data.at)]


async def request_touched(
    query: Any,
    callback_data: OneRequest,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Open a request, answer what is asked, withdraw, confirm or dispute."""
    ref, act = callback_data.ref, callback_data.act
    referral = await referrals.mine(session, person, ref)
    if referral.state == State.DRAFT and act == "open":  # the team has prepared it
        service = await session.get_one(Service, referral.service_id)
        await state.clear()
        return [edit("support.refer", ref=service.ref)]
    if act in {"withdraw", "no"}:
        return [edit(f"support.{act}", ref=ref)]
    if act == "more" and referral.asked_field == FieldName.NOTE:
        return await begin(MORE, state, ref=ref)
    if act in {"withdraw!", "give", "keep"}:
        await end_if(MORE, state, ref)  # what it asks for is settled by this tap
    if act == "withdraw!":
        await referrals.withdraw(session, person, ref, now)
    elif act == "unshare":
        await referrals.stop_sharing(session, person, ref, now)
    elif act in {"give", "keep"}:
        asked = await referrals.asked_for(session, person, referral)
        if callback_data.seen != referrals.fingerprint(asked, referral.organization_id):
            return [toast("support.changed"), edit("support.request", ref=ref)]
        await referrals.give(session, person, ref, now, yes=act == "give")
    elif act in {"yes", "no!"}:
        await referrals.confirm(session, person, ref, now, helped=act == "yes")
    return [callback_data.card()]


# Cards


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
        area = await page.session.scalar(select(Area).where(Area.ref == value))
        block = await block_for(page, "area", area.id) if area else None
        return block.get("name") if block else "?"
    return value


async def field_lines(
    page: Page, values: Mapping[FieldName, str], written_in: str, *, by_machine: bool = False
) -> list[Html]:
    """Return each field with its value, a line each; the note as its author wrote it.

    ``by_machine``: for whoever helps the author, what a machine makes of a note in another
    language stands above it.
    """
    _ = page._
    return [
        lines(
            escape(words.field(name, _)),
            await _read_by_machine(page, value, written_in)
            if by_machine
            else quoted(page, value, written_in),
        )
        if name == FieldName.NOTE
        else _(
            "{field}: {value}",
            field=words.field(name, _),
            value=await field_value(page, name, value),
        )
        for name, value in values.items()
        if value
    ]


async def _read_by_machine(page: Page, note: str, written_in: str) -> Html:
    made = await reading.read(page, note, written_in)
    return lines(made.text, quoted(page, note, written_in)) if made.is_translated else made.text


async def requests_card(page: Page, at: int = 0) -> Message:
    """List the person's own requests, the newest first."""
    _ = page._
    own = await referrals.of_member(page.session, page.reader)
    shown, turning = page_of(own, at, PER_PAGE, lambda to: Requests(at=to), _)
    rows = []
    for referral in shown:
        label = _.label(
            "request in a list",
            "{organization}: {state}",
            organization=await _goes_to(page, referral),
            state=words.referral(State(referral.state), _),
        )
        rows.append([Button(label, OneRequest(ref=referral.ref))])
    text = _("<b>Your requests</b>") if own else _("You have no requests.")
    return Message(text, [*rows, turning, [Button(_.label("button", "Back"), Needs())]])


async def _goes_to(page: Page, referral: Referral) -> str:
    """Return the name of whom a request was sent to, or of whom a draft would go to now."""
    if referral.was_sent:
        return await organization_name(page, referral)
    service = await page.session.get_one(Service, referral.service_id)
    return await organization_name(page, service)


async def request_card(page: Page, ref: str) -> Message:
    """Show one request: where it stands, what is shared, and what the person can do now."""
    _ = page._
    referral = await referrals.mine(page.session, page.reader, ref)
    state = State(referral.state)
    shared = await referrals.shared(page.session, referral)
    told = await field_lines(page, shared, referral.written_in)
    is_agreed = await agreements.is_active(page.session, referral.organization_id, page.now)
    is_stuck = not is_agreed and state in referrals.OPEN
    way, ways = await _ways_on(page, referral)
    text = lines(
        _("🏢 {organization}", organization=await _goes_to(page, referral)),
        _("<b>{state}</b>", state=words.referral(state, _)),
        _("The team has taken back what it had prepared for you. Nothing was sent.")
        if await referrals.was_taken_back(page.session, referral)
        else _recorded(await referrals.last_source(page.session, referral), _),
        _("Reason: {reason}", reason=words.reason(Reason(referral.reason), _))
        if referral.reason
        else None,
        await onward.told(page, referral),
        resolution(referral, _),
        None
        if not is_stuck
        else _(
            "There is no agreement with this organisation any more: it sees "
            "nothing of your request. You can withdraw it, and look for another one."
        ),
        await _sealed(page, referral) if is_agreed else None,
        await _asked_line(page, referral),
        *(["", _shown_to(referral, _), *told] if told and is_agreed else []),
        *(["", _("Were you really helped?")] if state in ASKING else []),
        "",
        None if is_stuck else next_lines(page, referral),
        way,
    )
    asked = await referrals.asked_for(page.session, page.reader, referral)
    service = await page.session.get_one(Service, referral.service_id)
    rows = [*ways, *_request_rows(referral, state, asked, _)]
    was_in_vain = state == State.NOT_DELIVERED or referral.delivered is False
    if is_agreed and await referrals.needs_a_new_one(page.session, referral):
        rows.insert(
            0, [Button(_.label("button", "📨 Send a new request"), Refer(ref=service.ref))]
        )
    if is_stuck or was_in_vain:
        rows.insert(
            0, [Button(_.label("button", "🔎 Look for another"), OfNeed(need=service.need))]
        )
    if shared and state not in referrals.OPEN:
        stop = OneRequest(ref=ref, act="unshare")
        rows.insert(-1, [Button(_.label("button", "Stop sharing this"), stop)])
    if write := await write_button(page, referral):
        rows.insert(-1, [write])
    return Message(text, rows)


async def _sealed(page: Page, referral: Referral) -> Html | None:
    """Return how it goes on after a new agreement, if the old one ended what was shared."""
    _ = page._
    if await referrals.needs_a_new_one(page.session, referral):
        return _(
            "The agreement under which you had shared something has ended, so they see nothing of "
            "it. There is a new one: if you still need them, send a new request and choose anew "
            "what they see. It takes the place of this one."
        )
    if await referrals.was_sealed(page.session, referral):
        return _(
            "The agreement under which you had shared something has ended, so they see nothing of "
            "it. There is a new one: if they need something, they ask you, and you decide anew."
        )
    return None


async def _ways_on(page: Page, referral: Referral) -> tuple[Html | None, list[list[Button]]]:
    """Return where somebody who was turned away goes on to, or has gone."""
    _ = page._
    if referral.state not in referrals.TURNED_AWAY:
        return None, []
    since = await referrals.following(page.session, referral)
    if since is None:
        return await onward.ways_on(page, referral)
    name = await organization_name(page, since)
    look = Button(_.label("button", "Look at it"), OneRequest(ref=since.ref))
    return _("Since then you have asked: {organization}", organization=name), [[look]]


def _recorded(source: Source | None, _: Translator) -> Html | None:
    """Say how the last step came to us, if the organisation did not take it here."""
    return {
        Source.PHONE: _("Recorded by the team, by phone."),
        Source.EMAIL: _("Recorded by the team, by e-mail."),
        Source.IN_PERSON: _("Recorded by the team, in person."),
    }.get(source or Source.CHAT)


def _shown_to(referral: Referral, _: Translator) -> Html:
    if referral.by_team:
        return _("The team reads this and passes it on by phone or e-mail:")
    return _("They can see:")


ASKING = (State.COMPLETED, State.UNCONFIRMED)


async def write_button(page: Page, referral: Referral) -> Button | None:
    """Return the way to what both sides write to each other, if there is or can be anything."""
    _ = page._
    to = WriteTo(kind="referral", ref=referral.ref)
    if await bridge.can_begin(page.session, referral, page.now):
        return Button(_.label("button", "💬 Write to each other"), to)
    if await bridge.about_referral(page.session, referral):
        return Button(_.label("button", "💬 Messages"), to)
    return None


def resolution(referral: Referral, _: Translator) -> Html | None:
    """Return how the team settled a dispute, if it has."""
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
    if name == FieldName.NOTE:
        return _("They ask you to write more, for example how they can reach you.")
    value = (await referrals.asked_for(page.session, page.reader, referral)).get(name)
    if value is None and name == FieldName.ACCOUNT:
        return _(
            "They ask for your Telegram account, but you have no user name. You can choose one "
            "in Telegram's settings; or do not share it, and write to the team."
        )
    if value is None:
        return _(
            "They ask for: {field}. We do not know it yet.",
            field=words.field(name, _),
        )
    return _(
        "They ask for: {field}. This would be shared: {value}",
        field=words.field(name, _),
        value=await field_value(page, name, value),
    )


STEP_FOR: Mapping[str, str] = {FieldName.AREA: "area", FieldName.STAGE: "stage"}
"""The question of the profile that answers what a provider asks for."""


def _request_rows(
    referral: Referral, state: State, asked: Mapping[FieldName, str], _: Translator
) -> list[list[Button]]:
    ref = referral.ref
    rows: list[list[Button]] = []
    if state == State.NEEDS_INFORMATION:
        seen = referrals.fingerprint(asked, referral.organization_id)
        give, keep = (OneRequest(ref=ref, act=act, seen=seen) for act in ("give", "keep"))
        if referral.asked_field == FieldName.NOTE:
            more = OneRequest(ref=ref, act="more")
            rows.append([Button(_.label("button", "✏️ Write it"), more)])
        if asked:
            rows.append([Button(_.label("button", "Share it"), give)])
        elif step_of := STEP_FOR.get(referral.asked_field or ""):
            step = ChangeAnswer(step=step_of, request=ref)
            rows.append([Button(_.label("button", "Tell it now"), step)])
        rows.append([Button(_.label("button", "Do not share it"), keep)])
    if state in ASKING:
        rows.append(
            [Button(_.label("button", "✅ Yes, I was helped"), OneRequest(ref=ref, act="yes"))]
        )
        rows.append([Button(_.label("button", "❌ No"), OneRequest(ref=ref, act="no"))])
    if state == State.NOT_DELIVERED:
        rows.append(
            [Button(_.label("button", "❌ That is not so"), OneRequest(ref=ref, act="no"))]
        )
    if state == State.DISPUTED:
        rows.append([Button(_.label("button", "✉️ Tell the team what happened"), AskTeam())])
    if state in referrals.OPEN:
        rows.append(
            [Button(_.label("button", "Withdraw my request"), OneRequest(ref=ref, act="withdraw"))]
        )
    rows.append([Button(_.label("button", "📨 My requests"), Requests())])
    return rows


async def no_card(page: Page, ref: str) -> Message:
    """Ask for a second tap before the team is called in."""
    _ = page._
    referral = await referrals.mine(page.session, page.reader, ref)
    text = lines(
        _("They say that it could not be done. Is that not so?")
        if referral.state == State.NOT_DELIVERED
        else _("Were you not helped?"),
        _("Then the team looks at it and asks both sides. They see what you have shared."),
    )
    tell = Button(_.label("button", "Yes, tell the team"), OneRequest(ref=ref, act="no!"))
    return Message(text, [[tell], [Button(_.label("button", "Back"), OneRequest(ref=ref))]])


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


async def referral_step(page: Page, ref: str) -> Message | None:
    """Tell that there is something new, and nothing more: phones are shared."""
    _ = page._
    try:
        referral = await referrals.mine(page.session, page.reader, ref)
    except NotFoundError:
        return None
    if await referrals.was_taken_back(page.session, referral):
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


CARDS = {
    "support.requests": requests_card,
    "support.request": request_card,
    "support.withdraw": withdraw_card,
    "support.no": no_card,
    "referral_step": referral_step,
    "referral_outcome": referral_outcome,
}
FORMS = (MORE,)


def setup() -> Router:
    """Take the buttons of a member's own requests."""
    router = Router(name="requests")
    router.callback_query.register(requests_opened, Requests.filter())
    router.callback_query.register(request_touched, OneRequest.filter())
    return router
