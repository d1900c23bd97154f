"""What news a member wants: one tap under a message ends its topic, /me turns it on again."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, topics
from community.consents import Purpose
from community.people import Participation, Person
from community.topics import Topic
from handlers import menu, words
from handlers.replies import Button, Message, Page, Replies, edit, lines, say, toast
from locales import Translator


class NoNews(CallbackData, prefix="nn"):
    """One tap that ends the topic of the message it stands under."""

    topic: str


class Turn(CallbackData, prefix="tp"):
    """A switch of one topic, or just a look at all of them."""

    topic: str = ""


class AboutNeed(CallbackData, prefix="mo"):
    """Offers about one need: off, or on again."""

    need: str
    on: bool = False


def button(topic: Topic, _: Translator) -> Button:
    """Return the one tap that ends this topic."""
    return Button(_.label("button", "🔕 No more news like this"), NoNews(topic=topic.value))


async def ended(
    query: Any, callback_data: NoNews, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """End one topic with one tap, and nothing else."""
    if callback_data.topic not in [*Topic]:
        return [toast("old_button")]
    await topics.turn(session, person, Topic(callback_data.topic), now, on=False)
    return [toast("topic.ended"), say("topic.ended_told", topic=callback_data.topic)]


async def turned(
    query: Any, callback_data: Turn, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Turn a topic off or on, and show how all of them stand."""
    if callback_data.topic in [*Topic]:
        topic = Topic(callback_data.topic)
        is_off = topic in await topics.muted(session, person)
        await topics.turn(session, person, topic, now, on=is_off)
    return [edit("topics")]


# Cards


async def ended_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "No more of these. You can change that under /me."))


async def ended_told(page: Page, topic: str) -> Message:
    """Confirm, so that it can be read again later, and be taken back."""
    _ = page._
    told = {
        Topic.EVENTS: _("You get no more invitations to events. Everything else stays."),
        Topic.NEWSLETTERS: _("You get no more newsletters. Everything else stays."),
        Topic.OFFERS: _("You get no more offers. Everything else stays."),
        Topic.STEPS: _("We do not remind you of steps any more. Everything else stays."),
        Topic.DIGEST: _("You get no more digests. Everything else stays."),
    }[Topic(topic)]
    return Message(told, [[Button(_.label("button", "What reaches me"), Turn())]])


async def topics_card(page: Page) -> Message:
    """Show every topic with its switch."""
    _ = page._
    muted = await topics.muted(page.session, page.reader)
    names = {topic: words.topic(topic, _) for topic in Topic}
    rows = [
        [
            Button(
                _.label("button", "⬜ {topic}", topic=name)
                if topic in muted
                else _.label("button", "✅ {topic}", topic=name),
                Turn(topic=topic.value),
            )
        ]
        for topic, name in names.items()
    ]
    rows += [
        [
            Button(
                _.label("button", "⬜ Offers about: {need}", need=words.need(need, _)),
                AboutNeed(need=need, on=True),
            )
        ]
        for need in await topics.muted_offers(page.session, page.reader)
    ]
    agrees = Purpose.NEWS in await consents.given(page.session, page.reader)
    told = None
    if not agrees:
        told = _("You have not agreed to news, so none of this reaches you. /me changes that.")
    elif page.reader.participation == Participation.DIGEST:
        told = _("You get these gathered in one message. /me changes that.")
    elif page.reader.participation == Participation.READING:
        told = _("You look for yourself, so none of this reaches you. /me changes that.")
    text = lines(_("<b>What news would you like?</b>"), told)
    return Message(text, [*rows, [Button(_.label("button", "Back"), menu.Menu(to="me"))]])


CARDS = {"topic.ended": ended_toast, "topic.ended_told": ended_told, "topics": topics_card}


def setup() -> Router:
    """Take the one tap under news, and the switches."""
    router = Router(name="topics")
    router.callback_query.register(ended, NoNews.filter())
    router.callback_query.register(turned, Turn.filter())
    return router
