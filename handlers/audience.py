"""Who would get a send, and who would not and why: the dry run. Small counts are not shown."""

from collections import Counter

from community import sends
from community.base import find
from community.sends import Send
from community.translations import Fallback
from handlers.replies import Button, Message, Page, lines
from handlers.staff import OpenSend
from locales import Html, Translator, language_name, number

HIDDEN_BELOW = 5


def shielded(counts: Counter[str]) -> tuple[dict[str, int | None], int | None]:
    """Return what may be shown of counts of people: small ones are None, and so is their total.

    Where just one cell is hidden, the next smallest is hidden with it: the audience of the
    finished send is exact, and would give the one away.
    """
    cells = Counter({key: count for key, count in counts.items() if count})
    hidden = {key for key, count in cells.items() if count < HIDDEN_BELOW}
    if len(hidden) == 1 and len(cells) > 1:
        hidden.add(min((key for key in cells if key not in hidden), key=lambda key: cells[key]))
    shown = {key: None if key in hidden else count for key, count in cells.most_common()}
    return shown, None if hidden else cells.total()


def amount(count: int | None, _: Translator) -> str:
    """Return a count of people, or that it is too small to be told."""
    return _.label("count", "fewer than 5") if count is None else number(count, _)


async def who_card(page: Page, ref: str) -> Message:
    """Show who would get it if it went out now, and who would not and why."""
    _ = page._
    send = await find(page.session, Send, ref)
    run = await sends.dry_run(page.session, send, page.network.language)
    words = await sends.shelf(page.session, send)
    cells = run.by_language | run.without_translation
    shown, _all = shielded(cells)
    _some, total = shielded(run.by_language)
    network = page.network.language if page.network.language in words.complete else words.source
    told = [
        _language_line(language, count, run.without_translation, send, network, _)
        for language, count in shown.items()
    ]
    small = [(_NOT[name](_), getattr(run, name)) for name in _NOT if getattr(run, name)]
    text = lines(
        _("<b>Who gets it, if it goes out now</b>"),
        _.ngettext("{n} person gets it.", "{n} people get it.", total)
        if total is not None
        else _("So few read some of the languages that the total is not shown."),
        "",
        *told,
        "" if small else None,
        *(
            _(
                "{reason}: {n}",
                reason=reason,
                n=amount(count if count >= HIDDEN_BELOW else None, _),
            )
            for reason, count in small
        ),
    )
    return Message(text, [[Button(_.label("button", "Back to the message"), OpenSend(ref=ref))]])


_NOT = {
    "no_consent": lambda _: _.label("dry run", "Do not want news"),
    "resting": lambda _: _.label("dry run", "Take a break, or have stopped messages"),
    "unreachable": lambda _: _.label("dry run", "Cannot be reached"),
}


def _language_line(
    language: str,
    count: int | None,
    missing: Counter[str],
    send: Send,
    network: str,
    _: Translator,
) -> Html:
    name, n = language_name(language, _), amount(count, _)
    if language not in missing:
        return _("{language}: {n}", language=name, n=n)
    if send.fallback == Fallback.SKIP:
        return _("{language}: {n}. Not translated: they get nothing.", language=name, n=n)
    return _(
        "{language}: {n}. Not translated: they get {other}, with a notice.",
        language=name,
        n=n,
        other=language_name(network, _),
    )


CARDS = {"send.who": who_card}
