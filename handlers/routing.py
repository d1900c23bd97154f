"""Only those conversations are asked of an update that could take it.

aiogram asks each router in its turn, and each of its handlers by unpacking the button anew: with a
hundred conversations that is most of what it takes to find the one that is meant. What a button
begins with tells whose it is. The order of those that are asked stays.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from aiogram import Router
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.filters.callback_data import CallbackQueryFilter
from aiogram.types import CallbackQuery, TelegramObject

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

ANY = ""
"""Stands for every button: what is taken whatever it begins with."""


class Routing:
    """An outer middleware that passes updates of one kind to the routers that could take them.

    It stands before a dispatcher that has no handlers of that kind of its own, as the last of its
    outer middlewares, and knows the routers that are attached when it is made.
    """

    def __init__(self, dispatcher: Router, kind: str) -> None:
        self._kind = kind
        taken = [(router, {*_buttons(router, kind)}) for router in dispatcher.sub_routers]
        self.routers: Mapping[str, Sequence[Router]] = {
            button: [router for router, buttons in taken if not buttons.isdisjoint({button, ANY})]
            for button in {ANY}.union(*(buttons for _, buttons in taken))
        }

    async def __call__(self, _: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Return what the first answers that takes it, or that nobody does."""
        pressed = event.data if isinstance(event, CallbackQuery) else None
        button = (pressed or ANY).partition(":")[0]
        for router in self.routers.get(button, self.routers[ANY]):
            answer = await router.propagate_event(self._kind, event, **data)
            if answer is not UNHANDLED:
                return answer
        return UNHANDLED


def _buttons(router: Router, kind: str) -> Iterator[str]:
    """Tell what the buttons begin with that somebody in this router takes."""
    for each in router.chain_tail:
        for handler in each.observers[kind].handlers:
            yield _button(handler)


def _button(handler: HandlerObject) -> str:
    asked = [filter_.callback for filter_ in handler.filters or []]
    if asked and isinstance(asked[0], CallbackQueryFilter):
        return asked[0].callback_data.__prefix__
    return ANY
