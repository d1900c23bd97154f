"""A hand-over plan is made: what passes on, to which member, for how long; then they are asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import hosting, transfers
from community.areas import Area
from community.base import find
from community.errors import NotUnderstoodError
from community.events import Event
from community.people import Person
from community.roles import RoleName
from community.transfers import Does, Transfer
from handlers import words
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.hosting import MONTHS, area_rows
from handlers.owning import name_of
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import (
    ANIMATORS,
    Hosts,
    NewPlan,
    Transfers,
    router_for,
)
from handlers.team import role_name
from handlers.transfers import code_name, lasts

PER_PAGE = 10


BY_NAME = "?"


class AskToLearn(NewPlan, prefix="yq"):
    """Lay before a member what the preview has shown."""


async def _name(answering: Answering, text: str) -> str:
    if len(text.strip()) < 2:
        raise NotUnderstoodError("text")
    return text.strip()


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the member called? A part of the name is enough."))


async def _named(answering: Answering) -> Replies:
    about, name = answering.about, answering.answers["name"]
    return [say("transfer.people", **about, name=name)]


LOOK = Form(
    "transfer.name",
    [Field("name", _ask_name, _name)],
    _named,
    home=lambda _about: say("transfers"),
)


async def making(
    query: Any,
    callback_data: NewPlan,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask for what is still missing; with everything there, show it before anybody is asked."""
    made = callback_data
    if made.role not in transfers.PASSED or made.months not in (0, *MONTHS):
        return [toast("old_button")]
    about = {"role": made.role, "ref": made.ref, "whole": made.whole}
    if made.role == RoleName.COMMUNITY_LEAD and not made.ref:
        return [edit("transfer.where", at=made.at)]
    if made.role == RoleName.CO_HOST:
        event = await find(session, Event, made.ref)
        if event.series_id is not None and not made.whole:
            return [edit("transfer.whole", ref=made.ref)]
        if not made.person:
            return [edit("transfer.guests", **about)]
    if made.person in ("", BY_NAME):
        return await begin(LOOK, state, **about)
    lasts = made.role == RoleName.CO_HOST and made.whole != 2
    if not lasts and not made.months:
        return [edit("transfer.months", **about, person=made.person)]
    return [edit("transfer.preview", **about, person=made.person, months=made.months)]


async def asked(
    query: Any,
    callback_data: AskToLearn,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Lay the plan before the member."""
    made = callback_data
    scope = {"event_ref": made.ref} if made.role == RoleName.CO_HOST else {"area_ref": made.ref}
    transfer = await transfers.start(
        session,
        person,
        made.person,
        made.role,
        made.months,
        now,
        ZoneInfo(network.zone),
        whole=made.whole == 2,
        **(scope if made.ref else {}),
    )
    said = "transfer.asked" if transfer.made_at == now else "transfer.there"
    return [edit("transfer", ref=transfer.ref), toast(said)]


async def what_card(page: Page) -> Message:
    """Choose what passes to a member."""
    _ = page._
    rows = [
        [Button(words.role(role, _), NewPlan(role=role))]
        for role in transfers.PASSED
        if role != RoleName.CO_HOST
    ]
    text = lines(
        _("What passes to a member?"),
        _("For an event, or one that repeats, open it and tap “Who hosts it”."),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), Transfers())]])


async def where_card(page: Page, at: int = 0) -> Message:
    """Choose which area somebody will lead."""
    _ = page._
    lead = RoleName.COMMUNITY_LEAD
    rows, turning = await area_rows(page, at, lambda ref, to: NewPlan(role=lead, ref=ref, at=to))
    back = Button(_.label("button", "Back"), Transfers(act="new"))
    return Message(_("Which area will they lead?"), [*rows, turning, [back]])


async def whole_card(page: Page, ref: str) -> Message:
    """Choose whether one date passes, or all of them."""
    _ = page._
    host = RoleName.CO_HOST
    rows = [
        [Button(_.label("button", "Only this date"), NewPlan(role=host, ref=ref, whole=1))],
        [Button(_.label("button", "All dates"), NewPlan(role=host, ref=ref, whole=2))],
        [Button(_.label("button", "Back"), Hosts(ref=ref))],
    ]
    return Message(_("This event repeats. What passes to the member?"), rows)


def _choices(
    page: Page, people: Sequence[Person], role: RoleName, ref: str, whole: int
) -> list[list[Button]]:
    _ = page._
    names = [one.name for one in people]
    rows = []
    for one in people:
        name = one.name or "?"
        if names.count(one.name) > 1 and one.username:
            name = f"{name} (@{one.username})"
        chosen = NewPlan(role=RoleName(role), ref=ref, whole=whole, person=one.ref)
        rows.append([Button(name, chosen)])
    by_name = NewPlan(role=RoleName(role), ref=ref, whole=whole, person=BY_NAME)
    rows.append([Button(_.label("button", "🔎 Look for a name"), by_name)])
    rows.append([Button(_.label("button", "Back"), Transfers())])
    return rows


async def guests_card(page: Page, role: RoleName, ref: str, whole: int) -> Message:
    """Choose to whom an event passes: who has proposed it and who goes there come first."""
    found = await hosting.candidates(page.session, page.reader, ref, page.now)
    text = page._("Who learns to host it? They can say no.")
    return Message(text, _choices(page, found[:PER_PAGE], role, ref, whole))


async def people_card(page: Page, role: RoleName, ref: str, whole: int, name: str = "") -> Message:
    """Choose among those who are called so."""
    _ = page._
    found = await transfers.find_members(page.session, page.reader, name, page.now)
    text = (
        _("Who is it? They can say no.")
        if found
        else _("No member who is here now is called like that.")
    )
    return Message(text, _choices(page, found, role, ref, whole))


async def months_card(page: Page, role: RoleName, ref: str, whole: int, person: str) -> Message:
    """Choose how long the role lasts once it is theirs."""
    _ = page._
    made = {"role": RoleName(role), "ref": ref, "whole": whole, "person": person}
    rows = in_rows(
        [
            Button(
                _.nlabel("button", "{n} month", "{n} months", months),
                NewPlan(**made, months=months),
            )
            for months in MONTHS
        ]
    )
    text = _("Once it is theirs: for how long? It ends by itself then, and can begin again.")
    return Message(text, [*rows, [Button(_.label("button", "Back"), Transfers())]])


async def preview_card(
    page: Page, role: RoleName, ref: str, whole: int, person: str, months: int
) -> Message:
    """Show what the member will be asked, before they are."""
    _ = page._
    member = await find(page.session, Person, person)
    named = Transfer(name=RoleName(role), months=months)
    if role == RoleName.CO_HOST:
        event = await find(page.session, Event, ref)
        if whole == 2:
            named.series_id = event.series_id
        else:
            named.event_id = event.id
    elif ref:
        named.area_id = (await find(page.session, Area, ref)).id
    text = lines(
        _("🌱 <b>A hand-over plan for {name}</b>", name=member.name or "?"),
        _("What passes on: {role}", role=await role_name(page, named)),
        await lasts(page, named, page.reader),
        "",
        *[
            _("▫️ {what} ({who})", what=code_name(code, _), who=name_of(page, one))
            for code, does in transfers.BEGINS_WITH
            for one in [member if does == Does.MEMBER else page.reader]
        ],
        "",
        _("They are asked first; nothing begins without their yes. You can change the steps."),
    )
    ask = AskToLearn(role=RoleName(role), ref=ref, whole=whole, person=person, months=months)
    return Message(
        text,
        [
            [Button(_.label("button", "✅ Ask {name}", name=member.name or "?"), ask)],
            [Button(_.label("button", "No, not now"), Transfers())],
        ],
    )


async def asked_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "They are asked now."))


async def there_toast(page: Page) -> Message:
    """Say that nobody was asked anew: what is shown is the plan as it is."""
    return Message(page._.label("toast", "This plan is there already."))


CARDS = {
    "transfer.what": what_card,
    "transfer.where": where_card,
    "transfer.whole": whole_card,
    "transfer.guests": guests_card,
    "transfer.people": people_card,
    "transfer.months": months_card,
    "transfer.preview": preview_card,
    "transfer.asked": asked_toast,
    "transfer.there": there_toast,
}
FORMS = (LOOK,)


def setup() -> Router:
    """Take the buttons of a plan that is being made, from animators only."""
    router = router_for("transfer_new", ANIMATORS)
    router.callback_query.register(making, NewPlan.filter())
    router.callback_query.register(asked, AskToLearn.filter())
    return router
