"""What is said round the exchanges between who translates a text and who wrote it."""

from community.bridge import Side, View
from community.exchanges import ANSWERED_WITHIN, ExchangeMessage
from handlers import menu
from handlers.brought import kind_of
from handlers.content import quoted
from handlers.replies import Button, Page, lines
from handlers.staff import LOOK, Inbox, OfSegment, translations_button
from locales import Html, Translator

QUOTED = 600
"""Letters of a text that are quoted above the questions about it."""


def title(page: Page, view: View) -> Html:
    """Say between whom it is, and about which text: what the author wrote."""
    _, source = page._, view.source
    what = kind_of(view.exchange.subject or "", _)
    quote = None
    if source is not None:
        words = source.text.text
        words = words if len(words) <= QUOTED else words[:QUOTED] + "…"
        quote = quoted(page, words, source.text.language)
    is_reported = view.exchange.reported_at is not None
    if view.side is Side.MEMBER:
        heading = _("💬 <b>You and the author of a text: {what}</b>", what=what)
    elif view.side is Side.TEAM:
        heading = _("🚩 <b>Reported messages about a text: {what}</b>", what=what)
    else:
        heading = _("💬 <b>A translator asks about a text: {what}</b>", what=what)
    to_team = view.side is Side.OTHER and view.author is None and is_reported
    told = _("🚩 These messages have been reported.") if to_team else None
    return lines(heading, quote, told)


def who(view: View, message: ExchangeMessage, _: Translator) -> Html:
    """Say who wrote a message, by their role."""
    if message.by_member:
        return _("The translator:")
    wrote_it = view.author is not None and view.author.id == message.written_by_id
    return _("The author:") if wrote_it else _("The team:")


def title_of_match(view: View, _: Translator) -> Html:
    """Say with whom one writes: both know each other's names."""
    return _("💬 <b>You and {name}</b>", name=_other(view, _))


def who_of_match(view: View, _: Translator) -> Html:
    """Say who wrote a message of the other side."""
    return _("{name}:", name=_other(view, _))


def _other(view: View, _: Translator) -> str:
    return view.other.name if view.other is not None else _.label("somebody gone", "Gone")


def readers(view: View, _: Translator) -> Html | None:
    """Say to who asks the author who else may read it, and from when on."""
    if view.side is not Side.MEMBER or view.author is None:
        return None
    return _.ngettext(
        "👥 If the author does not answer, the team can read it and answer after {n} working day.",
        "👥 If the author does not answer, "
        "the team can read it and answer after {n} working days.",
        2 * ANSWERED_WITHIN,  # the author is reminded after the half of it
    )


def notice(view: View, _: Translator) -> Html:
    """Say that there is something new, and nothing of what it is."""
    if view.side is Side.MEMBER:
        return _("💬 There is an answer to your question about a text.")
    return _("❓ A translator has a question about a text that you wrote.")


def way_back(view: View, _: Translator) -> Button:
    """Return the way to the text, or from where one answers for it."""
    exchange, source = view.exchange, view.source
    if view.side is Side.OTHER:
        is_author = view.author is not None
        return menu.button(_) if is_author else Button(_.label("button", "Inbox"), Inbox())
    if source is None or not exchange.field or not exchange.language:
        return translations_button(_)
    to = OfSegment(
        subject=source.text.subject,
        ref=source.ref,
        field=exchange.field,
        language=exchange.language,
        act=LOOK,
    )
    return Button(_.label("button", "To the text"), to)
