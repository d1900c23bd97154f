"""All agreements, page by page, and with the plan as a workbook."""

from functools import partial
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext

from community import agreements, plans, translations
from community.agreements import OVER, Agreement
from handlers import plans as plan_cards
from handlers.agreement_facts import SHOWN, field_name, last_day, standing, value_of
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say
from handlers.setup_ways import SetUp
from handlers.staff import COORDINATORS, AgreementOf, Agreements, router_for, turning_of
from locales import Html, day
from reports.workbook import Sheet, of_words

PER_PAGE = 20


async def list_opened(query: Any, callback_data: Agreements, state: FSMContext) -> Replies:
    """Show a page of all agreements, or the workbook."""
    await state.clear()
    if callback_data.to == "workbook":
        return [say("agreement.workbook")]
    return [edit("agreement.list", at=callback_data.at)]


async def list_card(page: Page, at: int = 0) -> Message:
    """List a page of the organisations with their agreements; what ends first is first."""
    _ = page._
    shown = await agreements.listed(page.session, page.reader, page.now, at=at, size=PER_PAGE)
    numbers = [organization.id for organization, _agreement in shown.rows]
    names = await translations.blocks(
        page.session, "organization", numbers, page.reads, page.network.language
    )
    rows, told = [], []
    for organization, agreement in shown.rows:
        name = names[organization.id].get("name") if organization.id in names else "?"
        told.append(_line(page, name, agreement))
        rows.append([Button(name, AgreementOf(ref=organization.ref))])
    rows.append(turning_of(shown, lambda to: Agreements(at=to), _))
    if shown.rows:
        as_file = Agreements(to="workbook")
        rows.append([Button(_.label("button", "📊 As a workbook"), as_file)])
    rows.append([Button(_.label("button", "Back"), SetUp())])
    text = lines(_("<b>Agreements</b>"), *(told or [_("There is no organisation yet.")]))
    return Message(text, rows)


def _line(page: Page, name: str, agreement: Agreement | None) -> Html:
    _ = page._
    if agreement is None:
        return _("▫️ {name}: no agreement yet", name=name)
    state = standing(agreement, page)
    if agreement.ends_at is None or agreement.state in OVER:
        return _("▫️ {name}: {state}", name=name, state=state)
    until = day(last_day(agreement.ends_at, page.network.zone), _, year=page.now.year)
    return _("▫️ {name}: {state}, until {day}", name=name, state=state, day=until)


async def workbook_card(page: Page) -> Message:
    """Hand over all agreements and the plan as a workbook; documents are not in it."""
    _, zone = page._, page.network.zone
    every = await agreements.every(page.session, page.reader, page.now)
    names = await translations.blocks(
        page.session, "organization", [o.id for o, _a in every], page.reads, page.network.language
    )
    called = {o.id: names[o.id].get("name") if o.id in names else "?" for o, _agreement in every}
    agreed = Sheet(
        _.label("sheet", "Agreements"),
        [
            _.label("sheet", "Organisation"),
            _.label("sheet", "How far"),
            *(field_name(name, _) for name in SHOWN),
        ],
        [
            [
                called[organization.id],
                standing(agreement, page),
                *(value_of(agreement, name, zone, _) for name in SHOWN),
            ]
            for organization, agreement in every
            if agreement is not None
        ],
    )
    tasks = await plans.tasks(page.session, page.reader, page.now)
    planned = Sheet(
        _.label("sheet", "The plan"),
        [
            _.label("sheet", "Organisation"),
            _.label("sheet", "What"),
            _.label("sheet", "How far"),
            _.label("sheet", "It matters"),
            _.label("sheet", "Who does it"),
            _.label("sheet", "Until"),
        ],
        [
            [
                called[task.organization_id],
                task.what,
                plan_cards.state_name(plans.State(task.state), _),
                plan_cards.priority_name(plans.Priority(task.priority), _),
                plan_cards.owner_name(task, page.reader, _),
                plan_cards.due_words(task, zone, _),
            ]
            for task in tasks
        ],
    )
    content = partial(of_words, _("Agreements and plan"), [agreed, planned], _, page.now)
    otherwise = _("It could not be made, and whoever runs this bot finds out why in its log.")
    return Message(
        _("The agreements and the plan as a workbook for your computer."),
        file=File(f"{_.label('file', 'agreements')}.xlsx", content, otherwise=otherwise),
    )


CARDS = {"agreement.list": list_card, "agreement.workbook": workbook_card}


def setup() -> Router:
    """Take the pages of the list, from coordinators only."""
    router = router_for("agreement_list", COORDINATORS)
    router.callback_query.register(list_opened, Agreements.filter())
    return router
