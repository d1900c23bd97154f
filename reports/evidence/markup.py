"""HTML as values: every text is escaped unless an element has been made of it."""

import re

from locales import Html, escape

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")


def element(_name: str, *inside: str, **attributes: str | bool) -> Html:
    """Return an element. ``class_`` and ``data_x`` stand for ``class`` and ``data-x``."""
    return Html("").join([_opened(_name, attributes), *inside, Html(f"</{_name}>")])


def empty(_name: str, **attributes: str | bool) -> Html:
    """Return an element that has no end."""
    return _opened(_name, attributes)


def joined(*parts: str) -> Html:
    """Return one after the other."""
    return Html("").join(parts)


def _opened(name: str, attributes: dict[str, str | bool]) -> Html:
    written = [name]
    for key, value in attributes.items():
        called = key.rstrip("_").replace("_", "-")
        assert NAME.fullmatch(called), called
        if value is True:
            written.append(called)
        elif value is not False:
            written.append(f'{called}="{escape(str(value))}"')
    return Html(f"<{' '.join(written)}>")
