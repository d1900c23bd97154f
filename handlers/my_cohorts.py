"""A member and the courses they take: what belonging means, yes or no, and leaving again."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import cohorts, consents
from community.base import find
from community.cohorts import Cohort
from community.consents import Purpose
from community.errors import NotFoundError
from community.people import Person
from handlers import joining, menu
from handlers.attendance import List as Events
from handlers.cohorts import dates, given_by, name_of
from handlers.replies import Button, Message, Page, Replies, Reply, edit, lines, toast
from locales import Html

VERSION = "2026-11"
"""Of the words to which somebody says yes; kept with every yes."""


class MyCohort(CallbackData, prefix="kx"):
    """A course: say yes or no to its invitation, see that one belongs to it, leave it ("!")."""

    ref: str
    act: str = "open"

    def card(self) -> Reply:
        """Return the course as it is for them now."""
        return edit("cohort.mine", ref=self.ref)


async def pressed(
    query: Any, callback_data: MyCohort, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Do what the member says about a course."""
    ref, act = callback_data.ref, callback_data.act
    if act == "yes":
        await cohorts.join(
            session, person, ref, now, version=VERSION, language=person.language or ""
        )
        return [edit("cohort.mine", ref=ref), *await joining.let_in(session, person, now)]
    if act == "no":
        return [edit("cohort.no")]
    if act == "leave":
        return [edit("cohort.leave", ref=ref)]
    if act == "leave!":
        await cohorts.leave(session, person, ref, now)
        return [edit("me.card"), toast("cohort.left")]
    return [edit("cohort.mine", ref=ref)]


# Cards


async def buttons(page: Page) -> list[list[Button]]:
    """Return the ways to the courses that the reader belongs to."""
    _ = page._
    return [
        [
            Button(
                _.label("button", "🎒 {course}", course=await name_of(page, cohort)),
                MyCohort(ref=cohort.ref),
            )
        ]
        for cohort in await cohorts.mine(page.session, page.reader)
    ]


async def invitation(page: Page, ref: str) -> Message:
    """Say what belonging to a course means, and ask."""
    _ = page._
    cohort = await cohorts.invited(page.session, page.reader, ref)
    if await cohorts.is_in(page.session, page.reader, cohort):
        return await mine(page, ref)
    text = lines(
        *await _head(page, cohort),
        "",
        _("Those who take this course are a group of our network. Do you want to belong to it?"),
        _("• You see its events, which others do not see."),
        _("• If you want news from us, you get its news, too."),
        _("• The team sees that you belong to it. Others do not."),
        _("You can leave it at any time, under /me."),
        None
        if page.reader.is_member
        else _("For that you join the network first: it is free. Then say yes here."),
    )
    yes = Button(_.label("button", "✅ Yes, I belong to it"), MyCohort(ref=ref, act="yes"))
    no = Button(_.label("button", "No, thank you"), MyCohort(ref=ref, act="no"))
    return Message(text, [[yes], [no]])


async def no_card(page: Page) -> Message:
    """Take a no as it is."""
    return Message(page._("All right. The link stays good, should you change your mind."))


async def mine(page: Page, ref: str) -> Message:
    """Show a course to somebody who belongs to it."""
    _ = page._
    cohort = await find(page.session, Cohort, ref)
    if await cohorts.was_in(page.session, page.reader, cohort):
        return Message(lines(*await _head(page, cohort), "", _ended(page)), [[menu.button(_)]])
    if not await cohorts.is_in(page.session, page.reader, cohort):
        raise NotFoundError("Cohort")
    wants_news = Purpose.NEWS in await consents.given(page.session, page.reader)
    text = lines(
        *await _head(page, cohort),
        "",
        _("✅ You belong to it. Its events stand among yours."),
        _("🎓 The course is over, and the group goes on.") if cohort.goes_on else None,
        None
        if wants_news
        else _(
            "You have not agreed to news, so you do not get its news. You can change that under "
            "/me, at “What I agreed to”."
        ),
    )
    rows = [
        [Button(_.label("button", "📅 See the events"), Events())],
        [Button(_.label("button", "🚪 Leave this group"), MyCohort(ref=ref, act="leave"))],
    ]
    return Message(text, rows)


async def _head(page: Page, cohort: Cohort) -> list[Html | None]:
    name = Html("🎒 <b>") + await name_of(page, cohort) + Html("</b>")
    return [name, await given_by(page, cohort), dates(page, cohort)]


def _ended(page: Page) -> Html:
    return page._("🏁 This group has ended with its course. You stay a member of the network.")


async def settled_notice(page: Page, ref: str) -> Message | None:
    """Tell whoever belongs to a course that is over whether it goes on; the name is inside."""
    _ = page._
    cohort = await find(page.session, Cohort, ref)
    if await cohorts.was_in(page.session, page.reader, cohort):
        text = _ended(page)
    elif cohort.goes_on and await cohorts.is_in(page.session, page.reader, cohort):
        text = lines(
            _("🎓 A course that you took is over, and its group goes on."),
            _("You belong to it as before, and can leave it at any time."),
        )
    else:
        return None
    return Message(text, [[Button(_.label("button", "🎒 See which one"), MyCohort(ref=ref))]])


async def leave_card(page: Page, ref: str) -> Message:
    """Ask for a second tap before somebody leaves a course."""
    _ = page._
    cohort = await find(page.session, Cohort, ref)
    if not await cohorts.is_in(page.session, page.reader, cohort):
        raise NotFoundError("Cohort")
    text = lines(
        _("Do you want to leave the group {course}?", course=await name_of(page, cohort)),
        _("You stay a member of the network. Events to which you have said yes stay yours."),
    )
    yes = Button(_.label("button", "Yes, leave it"), MyCohort(ref=ref, act="leave!"))
    no = Button(_.label("button", "No, stay"), MyCohort(ref=ref))
    return Message(text, [[yes], [no]])


async def left(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "You have left this group."))


CARDS: dict[str, Any] = {
    "cohort.invitation": invitation,
    "cohort.no": no_card,
    "cohort.mine": mine,
    "cohort.leave": leave_card,
    "cohort.left": left,
    "cohort_settled": settled_notice,
}


def setup() -> Router:
    """Take the buttons of one's own courses."""
    router = Router(name="my_cohorts")
    router.callback_query.register(pressed, MyCohort.filter())
    return router
