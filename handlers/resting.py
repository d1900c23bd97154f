"""Whoever has stopped or rests reads so wherever they look, with the way back beside it."""

from aiogram.filters.callback_data import CallbackData

from community.people import Membership
from handlers.replies import Button, Page
from locales import Html, Translator, day


class Stop(CallbackData, prefix="st"):
    """What to do after a stop: stop, start again, leave, keep or withdraw requests, go on."""

    act: str


def again_button(_: Translator) -> Button:
    """Return the one tap that starts messages again."""
    return Button(_.label("button", "Start messages again"), Stop(act="again"))


def line(page: Page) -> Html | None:
    """Return how the reader rests, or None for everybody else."""
    _, me = page._, page.reader
    if me.state == Membership.STOPPED:
        return _("🔕 Messages are off: you get no news, reminders or questions.")
    if me.state == Membership.PAUSED and me.paused_until:
        return _("🌙 You have a break until {day}.", day=last_day(page))
    return None


def rows(page: Page) -> list[list[Button]]:
    """Return the way back for whoever rests, and no row for everybody else."""
    return [[again_button(page._)]] if line(page) else []


def last_day(page: Page) -> str:
    """Return the day on which the reader's break ends."""
    until = page.reader.paused_until
    assert until is not None
    return day(until.astimezone(page.zone).date(), page._, year=page.now.year)
