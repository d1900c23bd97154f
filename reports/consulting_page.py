"""What stakeholders are asked, as one page for those without Telegram: a plain form, no scripts.

Nothing is fetched from anywhere; it reads from right to left where people do, by keyboard and by
screen reader, and with any width.
"""

from community.surveys import Asked, Kind
from community.surveys.templates import STAKEHOLDER
from locales import OFFERED, Translator, escape, native_name, plain, without_isolates
from reports import survey_words as words

STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:0 auto;padding:1rem;"
    "color:#1b1b1b;background:#fff}fieldset{border:1px solid #5a5a5a;border-radius:.5rem;"
    "margin:0 0 1.2rem}legend{font-weight:600;padding:0 .4rem}"
    "label{display:block;padding:.35rem 0}"
    "input{width:1.2rem;height:1.2rem}textarea{width:100%;box-sizing:border-box;font:inherit}"
    "button{font:inherit;padding:.7rem 1.4rem;background:#1f6f8b;color:#fff;border:0;"
    "border-radius:.5rem}:focus-visible{outline:3px solid #1b1b1b;outline-offset:2px}"
    ".said{border:2px solid #1f6f8b;border-radius:.5rem;padding:.6rem}"
)


def form(action: str, _: Translator, *, is_empty: bool = False) -> str:
    """Return the questions; ``is_empty`` says that nothing had been answered."""
    title = plain(_("What do you see around you?"))
    missing = escape(plain(_("Please answer at least one question.")))
    said = f'<p class="said" role="alert">{missing}</p>' if is_empty else ""
    fields = "".join(_field(asked, _) for asked in STAKEHOLDER.questions)
    return _page(
        title,
        f"<h1>{escape(title)}</h1>{_languages(action, _)}{said}"
        f"<p>{escape(plain(_about(_)))}</p>"
        f'<form method="post" action="{escape(action)}?lang={escape(_.language)}">{fields}'
        f"<button>{escape(_.label('button', 'Send'))}</button></form>",
        _,
    )


def thanks(_: Translator) -> str:
    """Return the page after the answers."""
    title = plain(_("Thank you!"))
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(plain(_('It is kept.')))}</p>", _)


def gone(_: Translator) -> str:
    """Return the page of a link that leads nowhere, or is not to be used so often."""
    said = plain(_("This link does not work any more, or too much came by it. Please ask for it."))
    return _page(said, f"<h1>{escape(said)}</h1>", _)


def _about(_: Translator) -> str:
    return _(
        "This network is for people who build a business in a new country. You can leave out any "
        "question. Nobody learns who has answered; please write no names."
    )


def _page(title: str, body: str, _: Translator) -> str:
    direction = "rtl" if _.is_rtl else "ltr"
    html = (
        f'<!DOCTYPE html><html lang="{escape(_.language)}" dir="{direction}"><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )
    return without_isolates(html)


def _languages(action: str, _: Translator) -> str:
    links = " · ".join(
        f'<a href="{escape(action)}?lang={escape(code)}" lang="{escape(code)}" '
        f'hreflang="{escape(code)}">{escape(native_name(code))}</a>'
        for code in OFFERED
        if code != _.language
    )
    return f"<nav>{links}</nav>"


def _field(asked: Asked, _: Translator) -> str:
    put = escape(plain(words.question(STAKEHOLDER.code, asked.code, _)))
    if asked.kind == Kind.TEXT:
        return (
            f'<fieldset><legend><label for="{asked.code}">{put}</label></legend>'
            f'<textarea id="{asked.code}" name="{asked.code}" rows="5" '
            'maxlength="1000" dir="auto"></textarea></fieldset>'
        )
    kind = "checkbox" if asked.kind == Kind.SEVERAL else "radio"
    labels = words.answers(STAKEHOLDER.code, asked.code, _)
    choices = "".join(
        f'<label><input type="{kind}" name="{asked.code}" value="{escape(value)}"> '
        f"{escape(labels[value])}</label>"
        for value in asked.values
    )
    return f"<fieldset><legend>{put}</legend>{choices}</fieldset>"
