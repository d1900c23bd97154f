"""Who would get a send, and who would not and why: the dry run. Small counts are not shown."""

from collections import Counter

from community import sends
from community.base import find
from community.figures import Cell, Hidden, Protected, protect
from community.sends import DryRun, Send
from community.translations import Fallback
from handlers.replies import Button, Message, Page, lines
from handlers.staff import OpenSend
from locales import Html, Translator, language_name, number


def told(cell: Cell | None, _: Translator) -> str:
    """Return a count of people, or why it is not told."""
    if cell is Hidden.FEW:
        return _.label("count", "fewer than 5")
    if cell is None or isinstance(cell, Hidden):
        return _.label("count", "not shown")
    return number(cell, _)


async def who_card(page: Page, ref: str) -> Message:
    """Show who would get it if it went out now, and who would not and why."""
    _ = page._
    send = await find(page.session, Send, ref)
    run = await sends.dry_run(page.session, send, page.network.language)
    words = await sends.shelf(page.session, send)
    network = words.instead(page.network.language)
    # Both rules show the same table: two that differ would give the few between them away.
    table = protect(run.by_language | run.without_translation)
    total = table.total if send.fallback == Fallback.NETWORK else _total(table, run)
    left_out = protect(
        {
            _.label("dry run", "Have answered already"): run.answered,
            _.label("dry run", "Do not want news"): run.no_consent,
            _.label("dry run", "Take a break, or have stopped messages"): run.resting,
            _.label("dry run", "Cannot be reached"): run.unreachable,
        },
        total_shown=False,
    )
    text = lines(
        _("<b>Who gets it, if it goes out now</b>"),
        _("All together: {n}", n=told(total, _)),
        "",
        *(
            _language_line(language, told(cell, _), run.without_translation, send, network, _)
            for language, cell in table.cells.items()
        ),
        "",
        *(
            _("{reason}: {n}", reason=reason, n=told(cell, _))
            for reason, cell in left_out.cells.items()
            if cell
        ),
    )
    return Message(text, [[Button(_.label("button", "Back to the message"), OpenSend(ref=ref))]])


def _total(table: Protected[str], run: DryRun) -> Cell:
    """Return how many get it where some are skipped, if no group of them is hidden."""
    is_open = not any(isinstance(cell, Hidden) for cell in table.cells.values())
    return run.people if is_open else Hidden.COVERED


def _language_line(
    language: str,
    n: str,
    missing: Counter[str],
    send: Send,
    network: str,
    _: Translator,
) -> Html:
    name = language_name(language, _)
    if language not in missing:
        return _("{language}: {n}", language=name, n=n)
    if send.fallback == Fallback.SKIP:
        return _("{language}: {n}. Not translated: they get nothing.", language=name, n=n)
    return _(
        "{language}: {n}. Not translated: they get another language, with a notice: {other}",
        language=name,
        n=n,
        other=language_name(network, _),
    )


CARDS = {"send.who": who_card}
