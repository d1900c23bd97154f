"""The call list: whom an animator calls, what to tell them, and what came of it.

What is told is the card that the person would have got, rendered when it is read: in their
language, to read out, and in the animator's.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import face_to_face, memory, roles
from community.attendance import Wish
from community.deliveries import Delivery
from community.errors import NotFoundError, RefusalError
from community.face_to_face import Called
from community.people import Person
from community.policy import BY_PHONE
from community.roles import RoleName
from handlers import digests, event_notices, news
from handlers.replies import (
    Button,
    Cards,
    Message,
    Network,
    NotYetError,
    Page,
    Replies,
    blockquote,
    edit,
    lines,
    toast,
)
from handlers.staff import ANIMATORS, Calls, OneAssisted, back, router_for
from locales import Html, Translator, language_name, translator_for

_CARDS: dict[str, Any] = {**event_notices.CARDS, **news.CARDS, **digests.CARDS}
TOLD: Cards = {kind: _CARDS[kind] for kind in BY_PHONE}
"""What is read out, by the kind of the delivery (``policy.BY_PHONE``)."""
WISHES = {"going": Wish.GOING, "maybe": Wish.MAYBE, "declined": Wish.DECLINED}
SHOWN = 20


async def touched(
    query: Any,
    callback_data: Calls,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Show whom to call; or one of them, and note what came of the call."""
    ref, act, seal = callback_data.ref, callback_data.act, callback_data.seal
    if not ref:
        return [edit("calls")]
    if act in WISHES:
        found = await face_to_face.calls_of(session, person, ref, now)
        call = next((one for one in found.due if face_to_face.seal_of(one) == seal), None)
        if call is None:
            raise NotFoundError("Call")
        event = str(call.args.get("ref", ""))
        await face_to_face.answer_by_phone(
            session, person, ref, event, WISHES[act], now, default_zone=network.zone
        )
        act = "told"
    if act != "open":
        await face_to_face.settle(session, person, ref, seal, act, now)
        return [edit("calls.one", ref=ref), toast("calls.noted")]
    return [edit("calls.one", ref=ref)]


async def list_card(page: Page) -> Message:
    """List whom to call, with the number and how much there is to tell."""
    _ = page._
    found = await face_to_face.calls(page.session, page.reader, page.now)
    rows, told = [], []
    for one in found[:SHOWN]:
        count = len(one.due)
        label = _.label("person to call", "{name}: {n}", name=one.person.name, n=count)
        rows.append([Button(label, Calls(ref=one.row.ref))])
        told.append(
            _(
                "📞 {name}, {phone}, in {language}",
                name=one.person.name,
                phone=one.row.phone or "?",
                language=language_name(one.person.language or "en", _),
            )
        )
    text = lines(
        _("📞 <b>People to call</b>"),
        *(told or [_("Nobody is to be called now.")]),
    )
    rows.append([Button(_.label("button", "🙌 Face to face"), OneAssisted())])
    return Message(text, [*rows, [back(_)]])


async def one_card(page: Page, ref: str) -> Message:
    """Show the next thing that one person is to be told, in both languages."""
    _ = page._
    found = await face_to_face.calls_of(page.session, page.reader, ref, page.now)
    theirs = translator_for(found.person.language or page.network.language)
    to_person = Button(_.label("button", "👤 What is recorded"), OneAssisted(ref=ref))
    ways_out = [[to_person], [Button(_.label("button", "All calls"), Calls())]]
    for call in sorted(found.due, key=lambda one: (one.due_at > page.now, one.id)):
        in_theirs = await as_told(page, call, found.person, theirs)
        if in_theirs is None:
            continue
        same = theirs.language == page._.language
        in_ours = None if same else await as_told(page, call, found.person, _)
        text = lines(
            _(
                "📞 <b>{name}</b>, {phone}",
                name=found.person.name,
                phone=found.row.phone or "?",
            ),
            _("You did not reach them last time.") if call.reason == Called.NOT_REACHED else None,
            "",
            _("🗣 To read out in {language}:", language=language_name(theirs.language, _)),
            blockquote(in_theirs),
            *((_("In your language:"), blockquote(in_ours)) if in_ours else ()),
        )
        return Message(text, [*_outcomes(ref, call, _), *ways_out])
    text = _("There is nothing to tell {name} now.", name=found.person.name)
    return Message(text, ways_out)


def _outcomes(ref: str, call: Delivery, _: Translator) -> list[list[Button]]:
    seal = face_to_face.seal_of(call)

    def button(label: str, act: str) -> Button:
        return Button(label, Calls(ref=ref, act=act, seal=seal))

    rows = [
        [button(_.label("button", "✅ Told"), "told")],
        [
            button(_.label("button", "📵 Not reached"), "missed"),
            button(_.label("button", "🕒 Later"), "later"),
        ],
    ]
    if call.kind in event_notices.CARDS and call.kind != "event_cancelled":
        answers = [
            button(_.label("button", "They come"), "going"),
            button(_.label("button", "Perhaps"), "maybe"),
            button(_.label("button", "They do not come"), "declined"),
        ]
        rows.insert(0, answers)
    return rows


async def as_told(page: Page, call: Delivery, person: Person, _: Translator) -> Html | None:
    """Return what the person would have got, in a language; None if it does not apply any more."""
    second = person.second_language if _.language == person.language else None
    theirs = replace(page, reader=person, _=_, second=second, memo={})
    try:
        async with memory.savepoint(page.session):
            message = await TOLD[call.kind](theirs, **call.args)
    except (RefusalError, NotYetError, KeyError):
        return None
    return Html(message.text) if message is not None else None


async def noted_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Noted."))


async def notice(page: Page) -> Message | None:
    """Tell an animator that there is somebody to call; nothing about whom or what."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return None
    if not await face_to_face.to_call(page.session, page.reader, page.now):
        return None
    text = _("📞 Somebody without Telegram is to be told something by you.")
    return Message(text, [[Button(_.label("button", "📞 People to call"), Calls())]])


CARDS = {
    "calls": list_card,
    "calls.one": one_card,
    "calls.noted": noted_toast,
    "team_notice.calls": notice,
}


def setup() -> Router:
    """Take the buttons, from animators only."""
    router = router_for("calls", ANIMATORS)
    router.callback_query.register(touched, Calls.filter())
    return router
