"""Answers to a post, as its two sides see them: messages, contacts, and what was found."""

from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import bridge, posts
from community.errors import NotFoundError
from community.matches import Outcome
from community.people import Person
from community.posts import Answered, Post, State
from handlers import post_words
from handlers.bridge import Exchanging
from handlers.posting import OfAnswer, OfPost, Reporting
from handlers.replies import Button, Message, Page, Replies, edit, lines
from locales import Html


async def rows(page: Page, post: Post) -> list[list[Button]]:
    """Return the ways to the answers to one's own post."""
    _ = page._
    found = await posts.answers(page.session, page.reader, post.ref)
    return [
        [Button(_.label("button", "💬 Answer {n}", n=number), OfAnswer(ref=one.answer.ref))]
        for number, one in enumerate(found, 1)
    ]


async def for_answerer(
    page: Page, post: Post, answered: Answered | None
) -> tuple[list[Html | str], list[list[Button]]]:
    """Return what who has answered reads under a post, and what they can do."""
    _ = page._
    if answered is None:
        return [], []
    told: list[Html | str] = ["", *_contact(page, answered)]
    if post.state == State.FOUND:
        told.append(_("🎉 It has been found."))
    return told, [*await _messages(page, answered), *_showing(page, answered)]


async def _messages(page: Page, answered: Answered) -> list[list[Button]]:
    answer = answered.answer
    exchange = await bridge.about_post(page.session, answer.post_id, answer.person_id)
    if exchange is None:
        return []
    label = page._.label("button", "💬 Write to each other")
    return [[Button(label, Exchanging(ref=exchange.ref))]]


def _contact(page: Page, answered: Answered) -> list[Html]:
    """Return who the other is, if they show it, and whether one shows one's own."""
    _, other = page._, answered.other
    told = []
    if other is not None:
        told.append(_("👤 They show you their contact: {name}", name=other.name or "?"))
        if other.username:
            told.append(_("Telegram: @{username}", username=other.username))
    else:
        told.append(_("🔒 You do not see who they are."))
    told.append(
        _("You show them your contact.")
        if answered.has_agreed
        else _("They do not see who you are.")
    )
    return told


def _showing(page: Page, answered: Answered) -> list[list[Button]]:
    poster_agrees = answered.answer.poster_agreed_at is not None
    if answered.has_agreed or not (answered.is_poster or poster_agrees):
        return []
    if not posts.is_open(answered.post, page.now):
        return []
    label = page._.label("button", "👤 Show them my contact")
    return [[Button(label, OfAnswer(ref=answered.answer.ref, act="show"))]]


async def touched(
    query: Any, callback_data: OfAnswer, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Open an answer, show one's contact, or say that it was found through it."""
    ref, act = callback_data.ref, callback_data.act
    if act == "show":
        await posts.opened(session, person, ref)
        return [edit("post.show", ref=ref)]
    if act == "show!":
        await posts.show_contact(session, person, ref, now)
    elif act == "found":
        await posts.opened(session, person, ref)
        return [edit("post.found_through", ref=ref)]
    elif act == "found!":
        answered = await posts.opened(session, person, ref)
        post = answered.post
        await posts.found(session, person, post.ref, callback_data.value, now, through=ref)
        return [edit("post.one", ref=post.ref)]
    return [edit("post.answer", ref=ref)]


async def answer_card(page: Page, ref: str) -> Message:
    """Show one answer to its poster; to who has answered, the post."""
    _ = page._
    answered = await posts.opened(page.session, page.reader, ref)
    post = answered.post
    text = lines(_("<b>An answer to what you wrote</b>"), *_contact(page, answered))
    if not answered.is_poster:
        text = lines(_("<b>What you have answered</b>"), *_contact(page, answered))
    found = _.label("button", "🎉 Found through them")
    shown = [*await _messages(page, answered), *_showing(page, answered)]
    if answered.is_poster and (post.is_live or post.state == State.EXPIRED):
        shown.append([Button(found, OfAnswer(ref=ref, act="found"))])
    exchange = await bridge.about_post(page.session, post.id, answered.answer.person_id)
    if exchange is not None:
        report = Reporting(of="exchange", ref=exchange.ref)
        shown.append([Button(_.label("button", "🚩 Report it"), report)])
    shown.append([Button(_.label("button", "Back"), OfPost(ref=post.ref))])
    return Message(text, shown)


async def show_card(page: Page, ref: str) -> Message:
    """Say what they will see, and ask for a second tap."""
    _ = page._
    await posts.opened(page.session, page.reader, ref)
    name, account = page.reader.name or "?", page.reader.username
    text = lines(
        _("Show this person your contact? They see then:"),
        _("👤 {name}", name=name),
        _("Telegram: @{username}", username=account) if account else None,
        _("What somebody has seen cannot be taken back."),
    )
    yes = Button(_.label("button", "Yes, show it"), OfAnswer(ref=ref, act="show!"))
    return Message(text, [[yes], [Button(_.label("button", "Back"), OfAnswer(ref=ref))]])


async def found_through(page: Page, ref: str) -> Message:
    """Ask what was found through an answer."""
    _ = page._
    answered = await posts.opened(page.session, page.reader, ref)
    if not answered.is_poster:
        raise NotFoundError("Post")
    choices = [
        [Button(post_words.outcome(code, _), OfAnswer(ref=ref, act="found!", value=code.value))]
        for code in Outcome
        if code != Outcome.NOTHING_YET
    ]
    return Message(
        _("What have you found? Nobody sees your post any more then."),
        [*choices, [Button(_.label("button", "Back"), OfAnswer(ref=ref))]],
    )


async def contact_notice(page: Page, ref: str) -> Message | None:
    """Tell that somebody shows their contact; who it is, on tap."""
    _ = page._
    try:
        answered = await posts.opened(page.session, page.reader, ref)
    except NotFoundError:
        return None
    if answered.other is None and answered.answer.poster_agreed_at is None:
        return None
    return Message(
        _("👤 Somebody whom you have written with here shows you their contact."),
        [[Button(_.label("button", "Show it"), OfAnswer(ref=ref))]],
    )


CARDS = {
    "post.answer": answer_card,
    "post.show": show_card,
    "post.found_through": found_through,
}


def setup() -> Router:
    """Take the buttons of the two sides of an answer; the verbs say who may."""
    router = Router(name="post answers")
    router.callback_query.register(touched, OfAnswer.filter())
    return router
