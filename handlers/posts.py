"""Asks and offers: the board, one of them, and what its poster and the team do with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import posts, translations
from community.errors import NotFoundError
from community.matches import Outcome
from community.needs import Need
from community.people import Person
from community.posts import Category, Kind, Post, Refusal, State
from community.translations import Block
from handlers import menu, post_answers, post_words, post_writing, reading, words
from handlers.content import block_for, please
from handlers.forms import begin
from handlers.menu import WriteTo
from handlers.posting import OfPost, Posts, Reporting, of_poster
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    edit,
    lines,
)
from handlers.staff import page_of
from locales import Html, day, language_name

PER_PAGE = 6


async def board_touched(
    query: Any,
    callback_data: Posts,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show the board, one's own, or what waits for the team; or begin to write."""
    act, at = callback_data.act, callback_data.at
    if act == "new":
        await posts.may_write(session, person, now)
        return await begin(post_writing.NEW, state)
    if act == "mine":
        return [edit("post.mine", at=at)]
    if act == "waits":
        return [edit("post.waiting", at=at)]
    await posts.browse(session, person, now)
    return [edit("post.board", rest=act == "rest", at=at)]


async def board(page: Page, rest: bool = False, at: int = 0) -> Message:
    """Show what fits the reader; the others on a tap."""
    _ = page._
    found = await posts.board(page.session, page.reader, page.now)
    every = found.others if rest else found.fitting
    act = "rest" if rest else "open"
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Posts(act=act, at=to), _)
    told: list[Html | None] = [_("<b>Asks and offers</b>")]
    if not found.fitting and not found.others:
        told.append(_("There is nothing here at the moment. You can be the first."))
    elif rest:
        told.append(_("This is what else there is:"))
    elif shown:
        told.append(_("These fit what you look for or know, or are near you:"))
    else:
        told.append(_("Nothing here fits what you look for or know, nor is near you."))
    rows = await _listed(page, shown)
    rows.append(turning)
    if found.others and not rest:
        label = _.nlabel("button", "{n} more", "{n} more", len(found.others))
        rows.append([Button(label, Posts(act="rest"))])
    if rest:
        rows.append([Button(_.label("button", "What fits me"), Posts())])
    rows.append([Button(_.label("button", "✏️ Ask or offer something"), Posts(act="new"))])
    rows.append([Button(_.label("button", "My asks and offers"), Posts(act="mine"))])
    return Message(lines(*told), [*rows, [menu.button(_)]])


async def mine(page: Page, at: int = 0) -> Message:
    """Show what the reader has written."""
    _ = page._
    every = await posts.own(page.session, page.reader)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Posts(act="mine", at=to), _)
    text = (
        _("<b>My asks and offers</b>") if every else _("You have not asked or offered anything.")
    )
    rows = await _listed(page, shown)
    new = Button(_.label("button", "✏️ Ask or offer something"), Posts(act="new"))
    back = Button(_.label("button", "Asks and offers"), Posts())
    return Message(text, [*rows, turning, [new], [back]])


async def waiting(page: Page, at: int = 0) -> Message:
    """Show the team what waits to be read."""
    _ = page._
    every = await posts.waiting(page.session, page.reader, page.now)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Posts(act="waits", at=to), _)
    text = _("<b>Asks and offers to read</b>") if every else _("Nothing waits to be read.")
    rows = await _listed(page, shown)
    return Message(text, [*rows, turning, [menu.button(_)]])


async def _listed(page: Page, shown: Sequence[Post]) -> list[list[Button]]:
    numbers = [post.id for post in shown]
    blocks = await translations.blocks(
        page.session, posts.SUBJECT, numbers, page.reads, page.network.language
    )
    return [
        [Button(_in_list(page, post, blocks.get(post.id)), OfPost(ref=post.ref))] for post in shown
    ]


def _in_list(page: Page, post: Post, block: Block | None) -> str:
    """Return how a post begins; of one in a language that is not read, what it is about."""
    _ = page._
    if block is not None and (block.is_own or block.language == page.second):
        sign = "🔎" if post.kind == Kind.ASK else "🎁"
        return f"{sign} {reading.beginning(block.get('text'))}"
    what = str(post_words.category(Kind(post.kind), Category(post.category), _))
    language = language_name(block.language, _) if block is not None else "?"
    if post.need is None:
        return _.label("post in a list", "{what} · {language}", what=what, language=language)
    need = words.need(Need(post.need), _)
    return _.label(
        "post in a list",
        "{what} · {need} · {language}",
        what=what,
        need=need,
        language=language,
    )


async def touched(
    query: Any,
    callback_data: OfPost,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
) -> Replies:
    """Open a post, or do with it what its poster or the team may."""
    ref, act, value = callback_data.ref, callback_data.act, callback_data.value
    if act in ("found", "refuse", "withdraw"):
        await posts.look(session, person, ref, now)
        return [edit(f"post.{act}", ref=ref)]
    if act == "renew":
        zone, country = network.zone, network.country
        await posts.renew(session, person, ref, now, zone=zone, country=country)
    elif act == "withdraw!":
        await posts.withdraw(session, person, ref, now)
    elif act == "found!":
        await posts.found(session, person, ref, value, now)
    elif act == "approve":
        await posts.approve(session, person, ref, now)
        return [edit("post.waiting")]
    elif act == "refuse!":
        await posts.refuse(session, person, ref, value, now)
        return [edit("post.waiting")]
    return [edit("post.one", ref=ref)]


async def one(page: Page, ref: str) -> Message:
    """Show a post: to its poster with its answers, to others with the way to answer it."""
    _ = page._
    seen = await posts.seen(page.session, page.reader, ref, page.now)
    post = seen.post
    text: list[Html | str] = [await post_words.told_of(page, post)]
    if post.is_live:
        until = post.expires_at.astimezone(page.zone).date()
        text.append(_("⏳ Until {day}", day=day(until, _)))
    if post.person_id == page.reader.id:
        text += ["", post_words.standing(post, _)]
        if post.state == State.REFUSED and post.refused_because is not None:
            why = post_words.refusal(Refusal(post.refused_because), _)
            text.append(_("Why: {reason}", reason=why))
        rows = [*await post_answers.rows(page, post), *of_poster(post, _)]
        rows.append([Button(_.label("button", "My asks and offers"), Posts(act="mine"))])
        return Message(lines(*text), rows)
    answer = await posts.my_answer(page.session, page.reader, post, seen)
    told, rows = await post_answers.for_answerer(page, post, answer)
    text += told
    is_waiting = post.state == State.WAITING
    if is_waiting and await posts.is_judge(page.session, page.reader, page.now):
        text += ["", _("👀 Nobody of the team has read it yet. It is the first of this member.")]
        rows = [
            [Button(_.label("button", "✅ Publish it"), OfPost(ref=ref, act="approve"))],
            [Button(_.label("button", "✖️ Do not publish it"), OfPost(ref=ref, act="refuse"))],
            *rows,
        ]
    elif answer is None and post.is_live:
        rows = [
            [Button(_.label("button", "✏️ Answer it"), WriteTo(kind="post", ref=ref))],
            *rows,
        ]
    block = await block_for(page, posts.SUBJECT, post.id)
    if post.state == State.PUBLISHED:
        rows.append(await please(page, posts.SUBJECT, ref, post.id, block))
    rows.append([Button(_.label("button", "🚩 Report it"), Reporting(of="post", ref=ref))])
    rows.append([Button(_.label("button", "Asks and offers"), Posts())])
    return Message(lines(*text), rows)


async def found_card(page: Page, ref: str) -> Message:
    """Ask what came of it."""
    _ = page._
    post = await posts.look(page.session, page.reader, ref, page.now)
    if post.person_id != page.reader.id:
        raise NotFoundError("Post")
    rows = [
        [Button(post_words.outcome(code, _), OfPost(ref=ref, act="found!", value=code.value))]
        for code in Outcome
        if code != Outcome.NOTHING_YET
    ]
    return Message(
        _("What have you found? Nobody sees your post any more then."),
        [*rows, [Button(_.label("button", "Back"), OfPost(ref=ref))]],
    )


async def withdraw_card(page: Page, ref: str) -> Message:
    """Ask for a second tap."""
    _ = page._
    yes = Button(_.label("button", "Yes, take it off"), OfPost(ref=ref, act="withdraw!"))
    no = Button(_.label("button", "Back"), OfPost(ref=ref))
    return Message(_("Take this off the board? Nobody sees it any more then."), [[yes], [no]])


async def refuse_card(page: Page, ref: str) -> Message:
    """Ask a moderator or animator why it is not published."""
    _ = page._
    rows = [
        [Button(post_words.refusal(code, _), OfPost(ref=ref, act="refuse!", value=code.value))]
        for code in Refusal
    ]
    back = Button(_.label("button", "Back"), OfPost(ref=ref))
    return Message(_("Why? The member reads the reason."), [*rows, [back]])


CARDS = {
    "post.board": board,
    "post.mine": mine,
    "post.waiting": waiting,
    "post.one": one,
    "post.found": found_card,
    "post.withdraw": withdraw_card,
    "post.refuse": refuse_card,
}


def setup() -> Router:
    """Take the buttons of asks and offers; the verbs say who may."""
    router = Router(name="posts")
    router.callback_query.register(board_touched, Posts.filter())
    router.callback_query.register(touched, OfPost.filter())
    return router
