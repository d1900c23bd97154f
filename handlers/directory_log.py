"""A coordinator reads what has changed in an entry, puts values back, and sees what is stale."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers, roles
from community.base import find
from community.lifecycle import Who
from community.people import Person
from community.providers import Metadata, Organization, entries
from community.roles import RoleName
from handlers import entry_words
from handlers.entry_ways import OurEntry, name_of
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    edit,
    lines,
    toast,
)
from handlers.setup_ways import Log, OneOrganization, SetUp, Unconfirmed
from handlers.staff import COORDINATORS, router_for, turning_of
from locales import Html, Translator, day, moment

PER_PAGE = 5
UNCONFIRMED_SHOWN = 8
SHORT = 120
"""So much of a value stands in the list; the whole of it where it is put back."""


class Line(CallbackData, prefix="lb"):
    """One line of the log; ``seen`` stands for it. ``act`` "back!" puts its old value back."""

    ref: str
    seen: str
    act: str = "open"


# Handlers


async def log_opened(query: Any, callback_data: Log) -> Replies:
    """Show a page of the log."""
    return [edit("directory.log", ref=callback_data.ref, at=callback_data.at)]


async def line_touched(
    query: Any, callback_data: Line, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show one line, or put back what stood there."""
    ref, seen = callback_data.ref, callback_data.seen
    if callback_data.act == "back!":
        await entries.put_back(session, person, ref, seen, now)
        return [edit("directory.log", ref=ref), toast("directory.back")]
    return [edit("directory.line", ref=ref, seen=seen)]


async def unconfirmed_opened(
    query: Any,
    callback_data: Unconfirmed,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Show what nobody has confirmed, or say that one entry is right, or all of a page."""
    at = callback_data.at
    if callback_data.seen:
        shown = await providers.unconfirmed(session, person, now, at=at, size=UNCONFIRMED_SHOWN)
        if _seal(shown.rows) == callback_data.seen:
            for one in shown.rows:
                await providers.confirm(session, person, one.ref, now)
    elif callback_data.ref:
        await providers.confirm(session, person, callback_data.ref, now)
        return [edit("setup.organization", ref=callback_data.ref)]
    return [edit("directory.unconfirmed", at=at)]


def _seal(shown: Sequence[Organization]) -> str:
    """Return some letters that stand for these entries, as long as nobody has confirmed them."""
    told = "\n".join(f"{one.ref} {providers.right_since(one).isoformat()}" for one in shown)
    return sha256(told.encode()).hexdigest()[:12]


# Cards


async def log_card(page: Page, ref: str, at: int = 0) -> Message:
    """List what has changed, the newest first: the role that did it, and no names."""
    _ = page._
    organization = await find(page.session, Organization, ref)
    shown = await entries.log(
        page.session, page.reader, organization, page.now, at=at, size=PER_PAGE
    )
    told: list[str] = []
    rows = []
    for number, line in enumerate(shown.rows, shown.at * PER_PAGE + 1):
        told += ["", await _told(page, line, number, SHORT)]
        label = _.label("button", "🔎 {number}", number=number)
        rows.append(Button(label, Line(ref=ref, seen=entries.seal_of(line))))
    name = await name_of(page, "organization", organization.id)
    text = lines(
        _("🕘 <b>What has changed: {name}</b>", name=name),
        *(told or [_("Nothing has been noted yet.")]),
    )
    back = Button(_.label("button", "Back"), OneOrganization(ref=ref))
    turning = turning_of(shown, lambda to: Log(ref=ref, at=to), _)
    return Message(text, [rows, turning, [back]])


async def _told(page: Page, line: Metadata, number: int, most: int) -> Html:
    _ = page._
    row = await entries.subject_row(page.session, line)
    what = await name_of(page, line.resource_type, row.id) if row else "?"
    field, currency = line.field_name, entry_words.currency_of(row)
    before = await entry_words.shown(page, field, line.previous_value, currency)
    after = await entry_words.shown(page, field, line.replacement_value, currency)
    return lines(
        _(
            "{number}. {when}, {role}",
            number=number,
            when=moment(line.last_action_date, page.zone, _, year=page.now.year),
            role=entry_words.writer(Who(line.updated_as or Who.CLOCK), _),
        ),
        _("{what}: {field}", what=what, field=entry_words.field_name(field, _)),
        _("{before} → {after}", before=_short(before, most), after=_short(after, most)),
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "…"


async def line_card(page: Page, ref: str, seen: str) -> Message:
    """Show one line in full, and offer to put back what stood there.

    Raises:
        NotFoundError: it is not kept any more.
    """
    _ = page._
    organization = await find(page.session, Organization, ref)
    line, place = await entries.line(page.session, page.reader, organization, seen, page.now)
    told = await _told(page, line, place, 1500)
    rows = [[Button(_.label("button", "Back"), Log(ref=ref))]]
    if not await entries.can_be_put_back(page.session, line):
        return Message(lines(told, "", _why_not(line, _)), rows)
    label = _.label("button", "↩️ Put back the old value")
    return Message(
        lines(told, "", _("Put it back? It counts at once, and is noted as yours.")),
        [[Button(label, Line(ref=ref, seen=seen, act="back!"))], *rows],
    )


def _why_not(line: Metadata, _: Translator) -> Html:
    """Say why a line is not put back with a tap."""
    if line.last_action_type == "confirm":
        return _("There is nothing to put back: somebody has said that the entry is right.")
    return _(
        "This cannot be put back here: it came with a file, and is no field of the entry. A file "
        "that says otherwise changes it again."
    )


async def unconfirmed_card(page: Page, at: int = 0) -> Message:
    """List what nobody has confirmed for 60 days, the oldest first."""
    _ = page._
    shown = await providers.unconfirmed(
        page.session, page.reader, page.now, at=at, size=UNCONFIRMED_SHOWN
    )
    rows = []
    for one in shown.rows:
        name = await name_of(page, "organization", one.id)
        since = day(providers.right_since(one).astimezone(page.zone).date(), _, year=page.now.year)
        label = (
            _.label("button", "⏳ {name}: {when}", name=name, when=since)
            if providers.seems_stale(one, page.now)
            else _.label("button", "🕘 {name}: {when}", name=name, when=since)
        )
        rows.append([Button(label, OneOrganization(ref=one.ref))])
    text = lines(
        _.ngettext(
            "{n} entry has not been confirmed for 60 days.",
            "{n} entries have not been confirmed for 60 days.",
            shown.total,
        ),
        _("⏳ is out of date: members read so, and it comes last.")
        if any(providers.seems_stale(one, page.now) for one in shown.rows)
        else None,
        _("Ring them up, put right what has changed, and confirm the entry.")
        if shown.total
        else None,
    )
    turning = turning_of(shown, lambda to: Unconfirmed(at=to), _)
    if len(shown.rows) > 1:
        all_right = Unconfirmed(at=shown.at, seen=_seal(shown.rows))
        rows.append([Button(_.label("button", "✅ All of these are right"), all_right)])
    return Message(text, [*rows, turning, [Button(_.label("button", "Back"), SetUp())]])


async def put_back_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "It is back."))


# Notices to the team


async def changed_notice(page: Page, ref: str) -> Message | None:
    """Tell a coordinator that an organisation has changed its entry."""
    if not await roles.holds(page.session, page.reader, RoleName.COORDINATOR, page.now):
        return None
    _ = page._
    organization = await find(page.session, Organization, ref)
    name = await name_of(page, "organization", organization.id)
    return Message(
        _("✏️ An organisation has changed its entry: {name}", name=name),
        [[Button(_.label("button", "🕘 What has changed"), Log(ref=ref))]],
    )


async def imported_notice(page: Page, ref: str) -> Message | None:
    """Tell staff that a file has changed their entry; nothing once they are staff no more."""
    organization = await find(page.session, Organization, ref)
    if organization.id not in await roles.staffed(page.session, page.reader, page.now):
        return None
    _ = page._
    name = await name_of(page, "organization", organization.id)
    return Message(
        lines(
            _("✏️ The coordinators have changed the entry of {name} from a file.", name=name),
            _("Please look whether it is right, and put right what is not."),
        ),
        [[Button(_.label("button", "Our entry"), OurEntry())]],
    )


async def unconfirmed_notice(page: Page) -> Message | None:
    """Tell a coordinator of entries that nobody in the chat can confirm."""
    if not await roles.holds(page.session, page.reader, RoleName.COORDINATOR, page.now):
        return None
    _ = page._
    found = await providers.unconfirmed(page.session, page.reader, page.now, size=1)
    if not found.total:
        return None
    return Message(
        _.ngettext(
            "🕘 {n} entry of the directory should be confirmed.",
            "🕘 {n} entries of the directory should be confirmed.",
            found.total,
        ),
        [[Button(_.label("button", "Look at them"), Unconfirmed())]],
    )


CARDS = {
    "directory.log": log_card,
    "directory.line": line_card,
    "directory.back": put_back_toast,
    "directory.unconfirmed": unconfirmed_card,
    "team_notice.entry_changed": changed_notice,
    "staff_notice.entry": imported_notice,
    "team_notice.entries_unconfirmed": unconfirmed_notice,
}


def setup() -> Router:
    """Take the buttons of the directory's log, from coordinators only."""
    router = router_for("directory log", COORDINATORS)
    router.callback_query.register(log_opened, Log.filter())
    router.callback_query.register(line_touched, Line.filter())
    router.callback_query.register(unconfirmed_opened, Unconfirmed.filter())
    return router
