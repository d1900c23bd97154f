"""What was learned, as one page to publish: no scripts, nothing from elsewhere, nobody in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from locales import Translator, language_name, translator_for, without_isolates

STYLE = """
body{font:1.05rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;
color:#1c1c1c;background:#fff}
h1{line-height:1.25}h2{margin-top:2.5rem;border-bottom:2px solid #1f5f8b;padding-bottom:.3rem}
article{margin:1.5rem 0;padding:.2rem 1rem;border-inline-start:4px solid #1f5f8b}
dt{font-weight:700;margin-top:.7rem}dd{margin:0}
@media print{body{margin:0;max-width:none}article{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Words:
    """What somebody wrote, and in which language."""

    text: str
    language: str


@dataclass(frozen=True)
class Lesson:
    """One decision, and what is known of it by now."""

    period: str
    said: Words
    does: Words
    changed: Sequence[str]
    """What it changed, in words."""
    worked: str
    """Whether it has, in words; "" if nobody can say yet."""
    learned: Words | None


def page(lessons: Sequence[Lesson], day: str, _: Translator) -> bytes:
    """Return the page in the translator's language, in HTML; the newest period is first."""
    title = _plain(_.label("lessons", "What we heard, what we did, what we learned"))
    lead = _plain(
        _.label(
            "lessons",
            "A network of migrant entrepreneurs asks its members how it is doing. This is what "
            "it has made of the answers. As of {day}.",
            day=day,
        )
    )
    parts = []
    for period in dict.fromkeys(lesson.period for lesson in lessons):
        parts.append(f"<section><h2>{_plain(period)}</h2>")
        parts += [_article(lesson, _) for lesson in lessons if lesson.period == period]
        parts.append("</section>")
    direction = "rtl" if _.is_rtl else "ltr"
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(_.language)}" dir="{direction}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n<p>{lead}</p>\n{''.join(parts)}\n</main>\n</body>\n</html>\n"
    ).encode()


def _article(lesson: Lesson, _: Translator) -> str:
    rows = [
        (_.label("lessons", "What was said"), _written(lesson.said, _)),
        (_.label("lessons", "What we do"), _written(lesson.does, _)),
    ]
    if lesson.changed:
        items = "".join(f"<li>{_plain(one)}</li>" for one in lesson.changed)
        rows.append((_.label("lessons", "What it changed"), f"<ul>{items}</ul>"))
    if lesson.worked:
        rows.append((_.label("lessons", "Did it work?"), _plain(lesson.worked)))
    if lesson.learned:
        rows.append((_.label("lessons", "What we learned"), _written(lesson.learned, _)))
    told = "".join(f"<dt>{_plain(label)}</dt><dd>{value}</dd>" for label, value in rows)
    return f"<article><dl>{told}</dl></article>"


def _written(words: Words, _: Translator) -> str:
    """Return somebody's words; those of another language are marked and named as such."""
    text = "<br>".join(_plain(line) for line in words.text.splitlines())
    if words.language == _.language:
        return text
    other = translator_for(words.language)
    direction = "rtl" if other.is_rtl else "ltr"
    name = _plain(language_name(words.language, _))
    marked = f'<span lang="{escape(words.language)}" dir="{direction}">{text}</span>'
    return f"{marked} <small>({name})</small>"


def _plain(text: str) -> str:
    return escape(without_isolates(text))
