"""Alerts: something is wrong with the bot itself, and an administrator should know."""

from datetime import datetime

from aiogram import Router

from community import roles
from community.alerts import Cause
from community.roles import RoleName
from handlers.replies import Message, Page, lines
from locales.dates import moment


async def notice(page: Page, cause: str, since: str) -> Message | None:
    """Tell an administrator what is wrong since when; nobody else."""
    if not await roles.holds(page.session, page.reader, RoleName.ADMINISTRATOR, page.now):
        return None
    _ = page._
    told = {
        Cause.PARKED: _(
            "Telegram has asked this bot to be silent for a while. Messages come later; "
            "none is lost."
        ),
        Cause.WEBHOOK: _(
            "Telegram has trouble reaching this bot. What people write arrives late. "
            "Please ask whoever runs the machine to look at it."
        ),
        Cause.SET_ASIDE: _(
            "Several things that people did within an hour could not be carried out. "
            "Please ask whoever runs the machine to look into the log."
        ),
        Cause.GUESSING: _(
            "Many paper codes that lead nowhere have come in within an hour: somebody may be "
            "guessing. So no code is taken for a while; those on paper stay good."
        ),
    }
    noticed = moment(datetime.fromisoformat(since), page.zone, _)
    return Message(
        lines(
            _("⚠️ <b>Something is wrong with the bot</b>"),
            told[Cause(cause)],
            "",
            _("Noticed: {when}", when=noticed),
        )
    )


CARDS = {"team_notice.alert": notice}


def setup() -> Router:
    """Take nothing: an alert is only told."""
    return Router(name="alerts")
