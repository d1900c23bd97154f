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


def told_counts(counts: Counter[str], _: Translator) -> dict[str, str]:
    """Return what may be told of each group of people, the largest first.

    Where just one group is too small to be told, the next one is kept back with it: the audience
    of the finished send is exact, and would give the one away.
    """
    small = {key for key, count in counts.items() if 0 < count < HIDDEN_BELOW}
    others = [key for key, count in counts.most_common() if count >= HIDDEN_BELOW]
    kept_back = others[-1:] if len(small) == 1 else []
    told = {
        key: _.label("count", "not shown") if key in kept_back else number(counts[key], _)
        for key in others
    }
    return told | {key: few(_) for key in sorted(small)}


def may_tell_total(counts: Counter[str]) -> bool:
    """Say whether the sum of the groups gives none of the small ones away."""
    return not any(0 < count < HIDDEN_BELOW for count in counts.values())


def few(_: Translator) -> str:
    """Return what stands in the place of a count that is too small to be told."""
    return _.label("count", "fewer than 5")


async def who_card(page: Page, ref: str) -> Message:
    """Show who would get it if it went out now, and who would not and why."""
    _ = page._
    send = await find(page.session, Send, ref)
    run = await sends.dry_run(page.session, send, page.network.language)
    words = await sends.shelf(page.session, send)
    network = page.network.language if page.network.language in words.complete else words.source
    told = [
        _language_line(language, n, run.without_translation, send, network, _)
        for language, n in told_counts(run.by_language | run.without_translation, _).items()
    ]
    left_out = [
        (_.label("dry run", "Do not want news"), run.no_consent),
        (_.label("dry run", "Take a break, or have stopped messages"), run.resting),
        (_.label("dry run", "Cannot be reached"), run.unreachable),
    ]
    without = [
        _("{reason}: {n}", reason=reason, n=few(_) if count < HIDDEN_BELOW else number(count, _))
        for reason, count in left_out
        if count
    ]
    text = lines(
        _("<b>Who gets it, if it goes out now</b>"),
        _.ngettext("{n} person gets it.", "{n} people get it.", run.people)
        if may_tell_total(run.by_language)
        else _("The total is not shown, because few read some of the languages."),
        "",
        *told,
        "" if without else None,
        *without,
    )
    return Message(text, [[Button(_.label("button", "Back to the message"), OpenSend(ref=ref))]])


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
        "{language}: {n}. Not translated: they get {other}, with a notice.",
        language=name,
        n=n,
        other=language_name(network, _),
    )


CARDS = {"send.who": who_card}
