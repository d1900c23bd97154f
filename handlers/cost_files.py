"""Costs as a file: a coordinator brings one and agrees to what is in it, or takes one along."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zlib import compress, decompress

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import activities, costs
from community.costs import ABOUT, Brought, What
from community.errors import FileRefusedError, NotUnderstoodError
from community.people import Person
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import File, Message, Page, Replies, lines, say
from handlers.staff import COORDINATORS, Costs, router_for
from locales import Html, Translator, money, without_isolates
from reports import cost_file
from reports.costs import title


async def pressed(query: Any, callback_data: Costs, state: FSMContext) -> Replies:
    """Hand the costs over as a file, or ask for one."""
    await state.clear()
    return [say("costs.file")] if callback_data.act == "take" else await begin(BRING, state)


async def _ask_file(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Send the file now: a table as CSV or XLSX."),
            _(
                "Its first line names the columns: {columns}.",
                columns=", ".join(cost_file.COLUMNS),
            ),
            _("In the first column stands one of these: {codes}.", codes=", ".join(What)),
            _("You see first what is in it; nothing is written before you say so."),
        )
    )


async def _read_file(answering: Answering, text: str) -> str:
    attached = answering.attached
    if attached is None:
        raise FileRefusedError("none")
    if attached.content is None:
        raise FileRefusedError(attached.problem)
    lines_found = cost_file.read(attached.content, answering.network.currency)
    await costs.compare(answering.session, answering.person, lines_found, answering.now)
    return b64encode(compress(attached.content)).decode()


def _kept(answers: Mapping[str, Any], currency: str) -> list[costs.Line]:
    return cost_file.read(decompress(b64decode(answers["file"])), currency)


async def _ask_sure(page: Page, about: Any, answers: Mapping[str, Any]) -> Question:
    _ = page._
    found = _kept(answers, page.network.currency)
    brought = await costs.compare(page.session, page.reader, found, page.now)
    if not brought.new:
        return Question(_("All of it stands here already. Send another file, or cancel."))
    count = _.nlabel(
        "button", "✅ Write {n} cost down", "✅ Write {n} costs down", len(brought.new)
    )
    return Question(told(brought, _), [(count, "yes")])


def told(brought: Brought, _: Translator) -> Html:
    """Return what a file would write, added up."""
    sums: dict[tuple[What, str], Decimal] = {}
    for line, _about in brought.new:
        key = line.what, line.currency
        sums[key] = sums.get(key, Decimal()) + line.amount
    return lines(
        _("In the file:"),
        *(
            _("{label}: {value}", label=title(what, _), value=money(amount, currency, _))
            for (what, currency), amount in sums.items()
        ),
        _.ngettext(
            "{n} line stands here already and is left out.",
            "{n} lines stand here already and are left out.",
            brought.there,
        )
        if brought.there
        else None,
    )


async def _sure(answering: Answering, text: str) -> str:
    if text != "yes":
        raise NotUnderstoodError("choice")
    return text


async def _written(answering: Answering) -> Replies:
    found = _kept(answering.answers, answering.network.currency)
    brought = await costs.bring(answering.session, answering.person, found, answering.now)
    return [say("costs.brought", count=len(brought.new)), say("costs")]


BRING = Form(
    "cost.file",
    [
        Field("file", _ask_file, _read_file, takes_file=True),
        Field("sure", _ask_sure, _sure, by_button=True),
    ],
    _written,
    home=lambda _about: say("costs"),
)
FORMS = (BRING,)


async def brought_card(page: Page, count: int) -> Message:
    """Say how many were written down."""
    _ = page._
    return Message(_.ngettext("{n} cost was written down.", "{n} costs were written down.", count))


async def content(session: AsyncSession, actor: Person, now: datetime) -> bytes:
    """Return all costs that count, as a table.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    found = []
    for cost in await costs.every(session, actor, now):
        kind = ABOUT.get(What(cost.what))
        thing = await activities.one(session, kind, cost.about_id) if kind else None
        found.append((cost, thing.ref if thing else ""))
    return cost_file.written(found)


async def file_card(page: Page) -> Message:
    """Hand all costs over."""
    _ = page._
    name = without_isolates(_.label("file", "costs"))
    table = await content(page.session, page.reader, page.now)
    return Message(
        _("Here are all costs that count. A file like this can be brought back."),
        file=File(f"{name}.csv", table),
    )


CARDS = {"costs.file": file_card, "costs.brought": brought_card}


def setup() -> Router:
    """Take the way to the files; only coordinators reach it."""
    router = router_for("cost_files", COORDINATORS)
    router.callback_query.register(pressed, Costs.filter(F.act.in_({"take", "bring"})))
    return router
