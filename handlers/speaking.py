"""Who speaks at an event: asked for once the animator says that all of them have agreed."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import speakers, translations
from community.base import find
from community.events import Event
from community.people import Person
from community.speakers import FIELD
from handlers.content import authored, block_for
from handlers.event_facts import Fact, who_speaks
from handlers.forms import Answering, Form, begin
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import ANIMATORS, Speakers, router_for
from handlers.wording import unapproved, words_field


async def _named(answering: Answering) -> Replies:
    about = answering.about
    send = await speakers.name(
        answering.session,
        answering.person,
        about["ref"],
        answering.answers[FIELD],
        about["language"],
        answering.now,
    )
    return [say("plan.speakers", ref=about["ref"]), *unapproved(send)]


NAMING = Form(
    "event.speakers",
    [words_field(FIELD)],
    _named,
    home=lambda about: say("plan.speakers", ref=about["ref"]),
)
FORMS = (NAMING,)


async def touched(
    query: Any,
    callback_data: Speakers,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show who speaks, ask who they are, or take them off."""
    ref, act = callback_data.ref, callback_data.act
    if act == "agreed":
        event = await find(session, Event, ref)
        source, _found = await translations.standings(session, "event", event.id)
        return await begin(NAMING, state, desk="e", ref=ref, language=source)
    if act == "nobody":
        send = await speakers.take_off(session, person, ref, now)
        return [edit("plan.speakers", ref=ref), *unapproved(send)]
    return [edit("plan.speakers", ref=ref)] if act == "open" else [toast("old_button")]


async def card(page: Page, ref: str) -> Message:
    """Show who speaks, and ask whether they have agreed."""
    _ = page._
    event = await find(page.session, Event, ref)
    block = await block_for(page, "event", event.id)
    named = block.get(FIELD) if block else ""
    text = lines(
        _("<b>Who speaks</b>"),
        authored(page, block, named) if named else _("Nobody is named."),
        await who_speaks(page, event),
        "",
        _(
            "Members read the names, and a line about what each speaks of. Have all of them "
            "agreed to that?"
        ),
    )
    rows = [
        [Button(_.label("button", "✅ Yes, they have agreed"), Speakers(ref=ref, act="agreed"))]
    ]
    if named:
        nobody = Speakers(ref=ref, act="nobody")
        rows.append([Button(_.label("button", "🗑 Name nobody any more"), nobody)])
    return Message(text, [*rows, [Button(_.label("button", "Back"), Fact(ref=ref))]])


CARDS = {"plan.speakers": card}


def setup() -> Router:
    """Take the buttons about speakers; only animators reach them."""
    router = router_for("speaking", ANIMATORS)
    router.callback_query.register(touched, Speakers.filter())
    return router
