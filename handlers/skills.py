"""The digital-skills check: seven plain questions, no marks, and what helps with each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import lessons, skills
from community.errors import NotUnderstoodError
from community.lessons import TITLE
from community.needs import Need
from community.people import Person
from community.skills import How, Skill, SkillCheck
from handlers.content import area_choices
from handlers.looking import OfNeed, look_around
from handlers.menu import AskTeam, Learn, Screen
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from locales import Html, Translator, day, number


class Check(CallbackData, prefix="qc"):
    """The check, as far as it is answered: one digit for each skill; or keep it, or forget it."""

    said: str = ""
    act: str = "open"


class Near(CallbackData, prefix="qn"):
    """Where there is free internet, or a computer, near me."""


async def checked(
    query: Any, callback_data: Check, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Ask the next question, show what helps, keep it or forget it."""
    said, act = callback_data.said, callback_data.act
    try:
        skills.read(said)
    except NotUnderstoodError:
        return [toast("old_button")]
    if act == "keep":
        await skills.keep(session, person, said, now)
        return [edit("skills", said=said), toast("skills.kept")]
    if act == "forget":
        if not await skills.forget(session, person, said):
            return [edit("skills"), toast("old_button")]
        return [edit("skills", said=said), toast("skills.forgotten")]
    return [edit("skills", said=said)]


async def near(query: Any, state: FSMContext, now: datetime) -> Replies:
    """Take a place that is shared from now on as where somebody looks for internet."""
    await look_around(state, now, OfNeed(need=Need.INTERNET.value))
    return [edit("internet")]


# Cards


async def card(page: Page, said: str = "") -> Message:
    """Ask the next question; after the last, show what helps."""
    _ = page._
    if skills.is_whole(said):
        return await _result(page, said)
    at = len(skills.read(said))
    every = [*Skill]
    begins = [
        _("This is no test. Choose what is true today. Nothing is kept unless you want it."),
        "",
    ]
    kept = await skills.kept(page.session, page.reader) if not said else None
    text = lines(
        *(begins if not said else []),
        *([*_kept(page, kept), ""] if kept is not None else []),
        _("Question {number} of {all}", number=number(at + 1, _), all=number(len(every), _)),
        "",
        Html("<b>") + _asks(every[at], _) + Html("</b>"),
    )
    rows = [[Button(_how(how, _), Check(said=f"{said}{how.value}"))] for how in reversed(How)]
    rows.append([Button(_.label("button", "Back"), Check(said=said[:-1]))] if said else [])
    rows.append([_forget(kept, _)] if kept is not None else [])
    return Message(text, [*rows, [Button(_.label("button", "All lessons"), Learn())]])


async def _result(page: Page, said: str) -> Message:
    """Show what goes well first, then what helps with the rest."""
    _ = page._
    found = skills.read(said)
    rest = [skill for skill in found if found[skill] is not How.ALONE]
    kept = await skills.kept(page.session, page.reader)
    text = lines(
        _("<b>You and the computer</b>"),
        *_said(found, _),
        "",
        _("Everybody began once. Short lessons and courses cost nothing.")
        if rest
        else _("You could help others with it. Would you like to tell the team?"),
        _("You had this kept on {day}.", day=_day(page, kept))
        if kept is not None and kept.said == said
        else None,
    )
    rows = await _lessons(page, found)
    if rest:
        rows.append(
            [Button(_.label("button", "📚 Find a course"), OfNeed(need=Need.DIGITAL.value))]
        )
        rows.append([near_button(_)])
    else:
        rows.append([Button(_.label("button", "✉️ Write to the team"), AskTeam())])
    if kept is not None and kept.said == said:
        rows.append([_forget(kept, _)])
    elif page.reader.is_member:
        label = _.label("button", "💾 Keep this for me")
        rows.append([Button(label, Check(said=said, act="keep"))])
    rows.append([Button(_.label("button", "All lessons"), Learn())])
    return Message(text, rows)


def _said(found: Mapping[Skill, How], _: Translator) -> list[Html | str]:
    """Return what goes well, and what something can help with."""
    well = [_named(skill, _) for skill in found if found[skill] is How.ALONE]
    rest = [_named(skill, _) for skill in found if found[skill] is not How.ALONE]
    return [
        *(["", _("This you do alone already:"), *well] if well else []),
        *(["", _("Here something can help you:"), *rest] if rest else []),
    ]


def _kept(page: Page, kept: SkillCheck) -> list[Html | str]:
    """Return what somebody wanted kept, and since when."""
    _ = page._
    told = _("You had this kept on {day}.", day=_day(page, kept))
    return [told, *_said(skills.read(kept.said), _)]


def _day(page: Page, kept: SkillCheck) -> str:
    return day(kept.kept_at.astimezone(page.zone).date(), page._)


def _forget(kept: SkillCheck, _: Translator) -> Button:
    label = _.label("button", "🗑 Do not keep this")
    return Button(label, Check(said=kept.said, act="forget"))


async def line(page: Page) -> Html | None:
    """Return that a check is kept, and where it is seen and deleted."""
    kept = await skills.kept(page.session, page.reader)
    if kept is None:
        return None
    _ = page._
    return _(
        "Your check “What can I do already?” of {day} is kept. See it or delete it: /learn",
        day=_day(page, kept),
    )


async def _lessons(page: Page, found: Mapping[Skill, How]) -> list[list[Button]]:
    _ = page._
    wanted = skills.lessons_for(found)
    offered = await lessons.offered(
        page.session, page.reader, page.reads, page.network.language, page.now
    )
    by_code = {one.lesson.code: one for one in offered}
    return [
        [
            Button(
                _.label("lesson", "🎓 {title}", title=by_code[code].block.get(TITLE)),
                Screen(ref=by_code[code].lesson.ref),
            )
        ]
        for code in wanted
        if code in by_code
    ]


def near_button(_: Translator) -> Button:
    """Return the way to places with free internet."""
    return Button(_.label("button", "🌐 Internet near me"), Near())


def check_button(_: Translator) -> Button:
    """Return the way to the check."""
    return Button(_.label("button", "💪 What can I do already?"), Check())


def _asks(skill: Skill, _: Translator) -> Html:
    return {
        Skill.CALL: _("📹 You join a video call."),
        Skill.EMAIL: _("📧 You write an e-mail and send it."),
        Skill.PASSWORDS: _("🔑 You make a new password and find it again."),
        Skill.FORMS: _("📝 You fill in a form on the internet."),
        Skill.PAPERS: _("📷 You photograph a paper and send it."),
        Skill.SEARCHING: _("🔎 You look for something and find a page that you can trust."),
        Skill.TRICKS: _("🪤 You see that a message is a trick."),
    }[skill]


def _named(skill: Skill, _: Translator) -> Html:
    return {
        Skill.CALL: _("📹 Video calls"),
        Skill.EMAIL: _("📧 E-mail"),
        Skill.PASSWORDS: _("🔑 Passwords"),
        Skill.FORMS: _("📝 Forms on the internet"),
        Skill.PAPERS: _("📷 Sending papers"),
        Skill.SEARCHING: _("🔎 Finding things on the internet"),
        Skill.TRICKS: _("🪤 Seeing through tricks"),
    }[skill]


def _how(how: How, _: Translator) -> str:
    return {
        How.ALONE: _.label("button", "💪 I do it alone"),
        How.WITH_HELP: _.label("button", "🤝 With some help"),
        How.NOT_YET: _.label("button", "🌱 Not yet"),
    }[how]


async def internet_card(page: Page) -> Message:
    """Ask where: by a shared place, or by an area."""
    _ = page._
    text = lines(
        _("🌐 <b>Free internet and computers</b>"),
        _("Libraries, schools and offices where you may go online for nothing."),
        "",
        _("Share where you are with the paper clip 📎: what is open and near comes first."),
        _("Where you are is not kept."),
        _("Or choose an area:"),
    )
    areas = [
        Button(name, OfNeed(need=Need.INTERNET.value, place=ref))
        for name, ref in await area_choices(page)
    ]
    everywhere = Button(_.label("button", "📍 Everywhere"), OfNeed(need=Need.INTERNET.value))
    rows = [*in_rows(areas, 2), [everywhere]]
    return Message(text, [*rows, [Button(_.label("button", "All lessons"), Learn())]])


async def kept_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "It is kept. You see it here and at /me in your data."))


async def forgotten_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "It is not kept any more."))


CARDS = {
    "skills": card,
    "skills.kept": kept_toast,
    "skills.forgotten": forgotten_toast,
    "internet": internet_card,
}


def setup() -> Router:
    """Take the buttons of the check, and the way to free internet."""
    router = Router(name="skills")
    router.callback_query.register(checked, Check.filter())
    router.callback_query.register(near, Near.filter())
    return router
