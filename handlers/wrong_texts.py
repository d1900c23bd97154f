"""At the translation desk: what members have reported as wrongly translated."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import moderation, translations
from community.errors import ChangedError, NotUnderstoodError, RefusalError
from community.people import Person
from community.translations import TRANSLATION, State
from community.untranslated import WRITERS
from handlers.brought import kind_of
from handlers.content import check_faithful, named
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, Message, Page, Replies, Reply, edit, lines, say, toast
from handlers.staff import Untranslated, page_of, router_for
from handlers.wording import unapproved
from locales import Translator, number, short_day

PER_PAGE = 8


class WrongTexts(CallbackData, prefix="wk"):
    """What was reported as wrongly translated, page by page."""

    at: int = 0


class OfWrongText(CallbackData, prefix="wl"):
    """One of them: look at it, write it, or say that it is right as it stands."""

    ref: str
    act: str = "open"
    seen: str = ""
    """Seals the words that were shown."""


async def way_in(page: Page) -> list[Button]:
    """Return the way from the desk to what was reported, if anything waits for the reader."""
    _ = page._
    count = len(await moderation.wrong_texts(page.session, page.reader, page.now))
    if not count:
        return []
    label = _.label("button", "🚩 Reported as wrong: {n}", n=number(count, _))
    return [Button(label, WrongTexts())]


async def listed(query: Any, callback_data: WrongTexts) -> Replies:
    """Show what was reported."""
    return [edit("desk.wrong", at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OfWrongText,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Open one, begin to write it anew, or leave it as it is.

    Raises:
        ChangedError: other words stand there than those that the button was about.
    """
    ref, act = callback_data.ref, callback_data.act
    _report, found = await moderation.wrong_text(session, person, ref, now)
    if act in ("write", "right") and found.seal != callback_data.seen:
        raise ChangedError(TRANSLATION.name, found.state, State.APPROVED)
    if act == "write":
        return await begin(WRITE, state, ref=ref, seen=found.seal)
    if act == "right":
        await moderation.settle_text(session, person, ref, now)
        return [edit("desk.wrong"), toast("report.settled")]
    return [edit("desk.wrong_one", ref=ref)]


async def list_card(page: Page, at: int = 0) -> Message:
    """List what was reported; by whom is not told."""
    _ = page._
    every = await moderation.wrong_texts(page.session, page.reader, page.now)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: WrongTexts(at=to), _)
    rows = []
    for one in shown:
        label = _.label(
            "report in a list",
            "🚩 {day}: {what}",
            day=short_day(one.at.astimezone(page.zone).date(), _),
            what=kind_of(one.subject or "", _),
        )
        rows.append([Button(label, OfWrongText(ref=one.ref))])
    text = _("<b>Reported as wrongly translated</b>") if every else _("Nothing has been reported.")
    back = Button(_.label("button", "All languages"), Untranslated())
    return Message(text, [*rows, turning, [back]])


async def one_card(page: Page, ref: str) -> Message:
    """Show a reported text under what its author wrote."""
    _ = page._
    _report, found = await moderation.wrong_text(page.session, page.reader, ref, page.now)
    text = lines(
        _(
            "🚩 A member says that this translation is wrong: {what}",
            what=kind_of(found.subject, _),
        ),
        "",
        *named(page, found.source_language, found.source),
        *named(page, found.language, found.text or ""),
    )
    rows = []
    if await moderation.can_be_put_right(page.session, found, page.now):
        write = OfWrongText(ref=ref, act="write", seen=found.seal)
        rows.append([Button(_.label("button", "✏️ Write it"), write)])
    else:
        text = lines(
            text,
            "",
            _("It has gone out. If it matters, send a correction, and say here that it is done."),
        )
    right = OfWrongText(ref=ref, act="right", seen=found.seal)
    rows.append([Button(_right_label(can_be_written=bool(rows), _=_), right)])
    rows.append([Button(_.label("button", "Back"), WrongTexts())])
    return Message(text, rows)


def _right_label(*, can_be_written: bool, _: Translator) -> str:
    if can_be_written:
        return _.label("button", "✅ It is right like this")
    return _.label("button", "✅ Done")


async def team_notice(page: Page) -> Message | None:
    """Tell whoever answers for it that a translation was reported; nothing once none waits."""
    try:
        found = await way_in(page)
    except RefusalError:
        return None
    if not found:
        return None
    return Message(
        page._("🚩 A member says that a translation is wrong. Could you look at it?"), [found]
    )


async def _ask(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    _report, found = await moderation.wrong_text(page.session, page.reader, about["ref"], page.now)
    return Question(
        lines(
            _("Write it as it should be."),
            "",
            *named(page, found.source_language, found.source),
            *named(page, found.language, found.text or ""),
        )
    )


async def _read(answering: Answering, text: str) -> str:
    _report, found = await moderation.wrong_text(
        answering.session, answering.person, answering.about["ref"], answering.now
    )
    if not text.strip():
        raise NotUnderstoodError("text")
    check_faithful(found.source, text, found.language)
    return translations.clean(found.subject, found.field, text)


async def _written(answering: Answering) -> Replies:
    about = answering.about
    send = await moderation.settle_text(
        answering.session, answering.person, about["ref"], answering.now,
        text=answering.answers["text"], seen=about["seen"],
    )  # fmt: skip
    return [say("desk.wrong"), *unapproved(send)]


def _home(about: Mapping[str, Any]) -> Reply:
    return say("desk.wrong")


WRITE = Form("desk.wrong", [Field("text", _ask, _read)], _written, home=_home)
FORMS = (WRITE,)
CARDS = {
    "desk.wrong": list_card,
    "desk.wrong_one": one_card,
    "team_notice.text_reported": team_notice,
}


def setup() -> Router:
    """Take the buttons of what was reported of texts."""
    router = router_for("wrong texts", WRITERS)
    router.callback_query.register(listed, WrongTexts.filter())
    router.callback_query.register(touched, OfWrongText.filter())
    return router
