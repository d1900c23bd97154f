"""What leaves by itself about asks and offers: to whom it fits, to its poster, to the team."""

from aiogram import Router

from community import posts
from community.base import find
from community.errors import NotFoundError, RefusalError
from community.posts import Kind, Post, State
from handlers import post_answers, post_words
from handlers.menu import WriteTo
from handlers.posting import OfPost, Posts, of_poster
from handlers.replies import (
    Button,
    Message,
    Page,
    lines,
)
from locales import Html, Translator, day


async def announced(page: Page, ref: str) -> Message | None:
    """Bring an ask or offer to somebody whom it fits."""
    _ = page._
    try:
        post = await posts.look(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if post.state != State.PUBLISHED or post.expires_at <= page.now:
        return None
    rows = [
        [Button(_.label("button", "✏️ Answer it"), WriteTo(kind="post", ref=ref))],
        [Button(_.label("button", "Asks and offers"), Posts())],
    ]
    return Message(lines(_why_told(post, _), "", await post_words.told_of(page, post)), rows)


def _why_told(post: Post, _: Translator) -> Html:
    is_ask = post.kind == Kind.ASK
    if post.need is None and is_ask:
        return _("👋 A member near you looks for something.")
    if post.need is None:
        return _("👋 A member near you offers something.")
    if is_ask:
        return _("👋 A member looks for something that you know about.")
    return _("👋 A member offers something that you look for.")


async def expiring(page: Page, ref: str) -> Message | None:
    """Ask whether it still holds."""
    _ = page._
    post = await find(page.session, Post, ref)
    if not post.is_live or post.person_id != page.reader.id:
        return None
    until = post.expires_at.astimezone(page.zone).date()
    text = lines(
        _("⏳ Does this still hold? It ends on {day}.", day=day(until, _)),
        "",
        await post_words.told_of(page, post),
    )
    return Message(text, of_poster(post, _))


async def notice(page: Page, what: str, ref: str, answer: str = "") -> Message | None:
    """Tell its poster, or who has answered, what has changed about a post."""
    _ = page._
    try:
        post = await posts.look(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if what == "contact":
        return await post_answers.contact_notice(page, answer)
    told = {
        "approved": _("✅ The team has read what you wrote. Now all members can see it."),
        "refused": _("The team has read what you wrote, and does not publish it."),
        "expired": _("⏳ The time of what you wrote is over. You can put it up again by a tap."),
        "found": _("🎉 What you have answered has been found. Thank you!"),
    }.get(what)
    if told is None or (what == "expired" and post.is_live):
        return None
    return Message(told, [[Button(_.label("button", "Show it"), OfPost(ref=ref))]])


async def team_notice(page: Page, ref: str) -> Message | None:
    """Tell the team that somebody's first post waits to be read; nothing if it was."""
    _ = page._
    try:
        post = await posts.look(page.session, page.reader, ref, page.now)
    except RefusalError:
        return None
    if post.state != State.WAITING:
        return None
    return Message(
        _("👀 A member asks or offers something for the first time. Could you read it?"),
        [[Button(_.label("button", "Read it"), OfPost(ref=ref))]],
    )


CARDS = {
    "post_new": announced,
    "post_expiring": expiring,
    "post_notice": notice,
    "team_notice.post_waiting": team_notice,
}


def setup() -> Router:
    """Take nothing: the buttons lead to the post."""
    return Router(name="post notices")
