"""Whom an update is passed to: only who could take it, in the order in which they are attached."""

from datetime import UTC, datetime
from typing import Any

from aiogram import Dispatcher, F, Router
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, Chat, Message, User

from handlers import MODULES, routes
from handlers.filters import Fits
from handlers.routing import ANY, Routing

ANA = User(id=1, is_bot=False, first_name="Ana")


class One(CallbackData, prefix="one"):
    """A button."""

    at: int = 0


class Two(CallbackData, prefix="two"):
    """Another."""


def pressed(data: str | None) -> CallbackQuery:
    return CallbackQuery(id="1", from_user=ANA, chat_instance="1", data=data)


def written(text: str) -> Message:
    chat = Chat(id=1, type="private")
    return Message(message_id=1, date=datetime(2026, 11, 24, tzinfo=UTC), chat=chat, text=text)


class Conversations:
    """A dispatcher and conversations that write down who was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.dispatcher = Dispatcher(disable_fsm=True)

    def add(self, name: str, *, kind: str = "callback_query", **how: Any) -> Router:
        router = Router(name=name)

        async def note(handler: Any, event: Any, data: Any) -> Any:
            self.asked.append(name)
            return await handler(event, data)

        router.observers[kind].outer_middleware(note)
        self.dispatcher.include_router(router)
        if how:
            self.takes(router, kind, **how)
        return router

    def takes(self, router: Router, kind: str, by: Any = None, answer: Any = None) -> None:
        async def take(event: Any) -> Any:
            return answer or router.name

        router.observers[kind].register(take, *([] if by is None else [by]))

    async def take(self, event: CallbackQuery | Message) -> Any:
        kind = "message" if isinstance(event, Message) else "callback_query"
        self.dispatcher.observers[kind].outer_middleware(Routing(self.dispatcher, kind))
        return await self.dispatcher.propagate_event(kind, event)


async def test_a_button_comes_to_who_takes_it_and_nobody_else_is_asked() -> None:
    all_of_them = Conversations()
    all_of_them.add("first", by=One.filter())
    all_of_them.add("second", by=Two.filter())
    all_of_them.add("words", kind="message", by=Fits(F.text))
    assert await all_of_them.take(pressed("two")) == "second"
    assert all_of_them.asked == ["second"]


async def test_who_takes_any_button_is_asked_in_its_turn() -> None:
    all_of_them = Conversations()
    all_of_them.add("first", by=One.filter(F.at == 2))
    all_of_them.add("all", answer="taken", by=Fits(F.data))
    all_of_them.add("second", by=One.filter())
    assert await all_of_them.take(pressed("one:1")) == "taken"
    assert all_of_them.asked == ["first", "all"]


async def test_what_the_first_does_not_want_goes_on_to_the_next() -> None:
    all_of_them = Conversations()
    all_of_them.add("first", by=One.filter(F.at == 1))
    all_of_them.add("second", by=One.filter())
    all_of_them.add("last", answer="taken", by=Fits(F.data))
    assert await all_of_them.take(pressed("one:2")) == "second"
    assert all_of_them.asked == ["first", "second"]


async def test_an_unknown_button_and_one_that_says_nothing_come_to_who_takes_any() -> None:
    for data in ("three:1", "", None, ":", "on", "one2:1"):
        all_of_them = Conversations()
        all_of_them.add("first", by=One.filter())
        all_of_them.add("last", answer="taken", by=Fits(F.id))
        assert await all_of_them.take(pressed(data)) == "taken"
        assert all_of_them.asked == ["last"]


async def test_a_conversation_within_another_is_found() -> None:
    all_of_them = Conversations()
    within = Router(name="within")
    all_of_them.takes(within, "callback_query", by=Two.filter())
    all_of_them.add("outside", by=One.filter()).include_router(within)
    assert await all_of_them.take(pressed("two")) == "within"


async def test_nobody_takes_it() -> None:
    all_of_them = Conversations()
    all_of_them.add("first", by=One.filter())
    assert await all_of_them.take(pressed("two")) is UNHANDLED
    assert all_of_them.asked == []


async def test_words_are_taken_to_those_alone_who_take_words() -> None:
    all_of_them = Conversations()
    all_of_them.add("buttons", by=One.filter())
    silent = all_of_them.add("silent", kind="message")
    all_of_them.takes(silent, "callback_query", by=Two.filter())
    all_of_them.add("words", kind="message", by=Fits(F.text))
    assert await all_of_them.take(written("hello")) == "words"
    assert all_of_them.asked == ["words"]


SHARED = {"ca": 3, "cc": 2}
"""What is done with all costs, or decisions, is in more than one conversation, by its act."""


def test_each_of_our_buttons_is_asked_of_one_conversation_and_of_who_takes_any() -> None:
    table = Routing(routes(), "callback_query").routers
    assert len(table) > len(MODULES)
    asked = {button: len(routers) - 1 for button, routers in table.items() if button != ANY}
    assert {button: count for button, count in asked.items() if count != 1} == SHARED
    assert len(table[ANY]) == 1
