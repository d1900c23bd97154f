"""Asks and offers: the board, one of them, writing one, and what its poster does with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import posts, translations
from community.areas import Area
from community.base import find
from community.errors import NotFoundError, NotUnderstoodError, RefusalError
from community.matches import Outcome
from community.needs import Need
from community.people import Person
from community.posts import LASTS, Category, Draft, Kind, Post, Refusal, State
from handlers import menu, post_answers, post_words, reading, words
from handlers.content import area_choices, authored, block_for, please
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.menu import WriteTo
from handlers.posting import OfPost, Posts, PutUp, Reporting
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    Reply,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import page_of
from locales import Html, Translator, day, language_name

PER_PAGE = 6
EVERYWHERE = "everywhere"


# Writing one


async def _ask_kind(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("Do you look for something, or have something to offer?"),
        [(post_words.kind(code, _), code.value) for code in Kind],
    )


async def _ask_category(page: Page, about: Any, answers: Mapping[str, Any]) -> Question:
    _, kind = page._, Kind(answers["kind"])
    return Question(
        _("What do you look for?") if kind == Kind.ASK else _("What do you offer?"),
        [(post_words.category(kind, code, _), code.value) for code in Category],
    )


async def _ask_need(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _(
            "What is it about? Members whom it fits hear of it. Without this, those who live "
            "where it is and read your language."
        ),
        [(words.need(code, _), code.value) for code in Need],
    )


async def _ask_area(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _("Where?"), [(_.label("area", "🌍 Everywhere"), EVERYWHERE), *await area_choices(page)]
    )


async def _ask_text(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Now write a few sentences, in your own language."),
            _(
                "Please no names, telephone numbers, links or addresses: members answer you here, "
                "and you decide to whom you show your contact."
            ),
        )
    )


async def _code(answering: Answering, text: str) -> str:
    if not answering.chosen:
        raise NotUnderstoodError("choice")
    return text


async def _text(answering: Answering, text: str) -> str:
    return posts.checked(text)


async def _written(answering: Answering) -> Replies:
    """Show what was written as others get it; the conversation keeps it."""
    answers = dict(answering.answers)
    await answering.state.update_data(post=answers)
    return [say("post.preview", answers=answers)]


def _home(about: Mapping[str, Any]) -> Reply:
    return say("post.board")


NEW = Form(
    "post.new",
    [
        Field("kind", _ask_kind, _code, by_button=True),
        Field("category", _ask_category, _code, by_button=True),
        Field("need", _ask_need, _code, by_button=True, optional=True),
        Field("area", _ask_area, _code, by_button=True),
        Field("text", _ask_text, _text),
    ],
    _written,
    home=_home,
)
FORMS = (NEW,)


async def preview(page: Page, answers: Mapping[str, Any]) -> Message:
    """Show what was written as others get it."""
    _ = page._
    area = answers["area"]
    where = await _area_name(page, (await find(page.session, Area, area)).id) \
        if area != EVERYWHERE else None  # fmt: skip
    need = answers.get("need")
    text = lines(
        _("👁 This is what members get:"),
        "",
        _heading(Kind(answers["kind"]), Category(answers["category"]), _),
        Html("") + answers["text"],
        "",
        *_facts(need, where, _),
        "",
        _heard_by(need, where, _),
        _.ngettext(
            "It stays for {n} day. We ask you before it ends.",
            "It stays for {n} days. We ask you before it ends.",
            LASTS.days,
        ),
    )
    rows = [
        [Button(_.label("button", "📌 Put it up"), PutUp(act="send"))],
        [Button(_.label("button", "✏️ Write it anew"), PutUp(act="again"))],
        [Button(_.label("button", "Asks and offers"), Posts())],
    ]
    return Message(text, rows)


def _heard_by(need: str | None, where: str | None, _: Translator) -> Html:
    if need is not None:
        return _("🔔 Members whom it fits hear of it.")
    if where is not None:
        name = language_name(_.language, _)
        return _("🔔 Members who live there and read {language} hear of it.", language=name)
    return _(
        "🔕 It stands among the asks and offers, and nobody hears of it: it names neither what it "
        "is about nor a place."
    )


async def put_up(
    query: Any,
    callback_data: PutUp,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    network: Network,
    _: Translator,
) -> Replies:
    """Put up exactly what was shown, or write it anew."""
    kept = (await state.get_data()).get("post")
    if kept is None:
        return [toast("old_button")]
    if callback_data.act == "again":
        return await begin(NEW, state)
    if callback_data.act != "send":
        return [toast("old_button")]
    area = None if kept["area"] == EVERYWHERE else kept["area"]
    draft = Draft(kept["kind"], kept["category"], kept.get("need"), area)
    post = await posts.write(
        session, person, draft, _.language, kept["text"], now,
        zone=network.zone, country=network.country,
    )  # fmt: skip
    await state.clear()
    return [edit("post.one", ref=post.ref)]


# The board


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
        posts.may_write(person)
        return await begin(NEW, state)
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
    rows = [[await _in_list(page, post)] for post in shown]
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
    rows = [[await _in_list(page, post)] for post in shown]
    new = Button(_.label("button", "✏️ Ask or offer something"), Posts(act="new"))
    back = Button(_.label("button", "Asks and offers"), Posts())
    return Message(text, [*rows, turning, [new], [back]])


async def waiting(page: Page, at: int = 0) -> Message:
    """Show the team what waits to be read."""
    _ = page._
    every = await posts.waiting(page.session, page.reader, page.now)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Posts(act="waits", at=to), _)
    text = _("<b>Asks and offers to read</b>") if every else _("Nothing waits to be read.")
    rows = [[await _in_list(page, post)] for post in shown]
    return Message(text, [*rows, turning, [menu.button(_)]])


async def _in_list(page: Page, post: Post) -> Button:
    block = await block_for(page, posts.SUBJECT, post.id)
    said = reading.beginning(block.get("text") if block else "?")
    sign = "🔎" if post.kind == Kind.ASK else "🎁"
    return Button(f"{sign} {said}", OfPost(ref=post.ref))


# One of them


def _heading(kind: Kind, category: Category, _: Translator) -> Html:
    return Html("<b>") + post_words.category(kind, category, _) + Html("</b>")


def _facts(need: str | None, where: str | None, _: Translator) -> list[Html]:
    return [
        *([_("About: {need}", need=words.need(Need(need), _))] if need else []),
        _("📍 {place}", place=where) if where else _("📍 Everywhere"),
    ]


async def _area_name(page: Page, area_id: int) -> str:
    block = await translations.block(
        page.session, "area", area_id, page.reads, page.network.language
    )
    return block.get("name") if block else "?"


async def told_of(page: Page, post: Post) -> Html:
    """Return a post as it stands on its card: heading, words, facts."""
    _ = page._
    block = await block_for(page, posts.SUBJECT, post.id)
    where = await _area_name(page, post.area_id) if post.area_id is not None else None
    return lines(
        _heading(Kind(post.kind), Category(post.category), _),
        authored(page, block, block.get("text") if block else "?"),
        "",
        *_facts(post.need, where, _),
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
    text: list[Html | str] = [await told_of(page, post)]
    if post.is_live:
        until = post.expires_at.astimezone(page.zone).date()
        text.append(_("⏳ Until {day}", day=day(until, _)))
    if post.person_id == page.reader.id:
        text += ["", post_words.standing(post, _)]
        if post.state == State.REFUSED and post.refused_because is not None:
            why = post_words.refusal(Refusal(post.refused_because), _)
            text.append(_("Why: {reason}", reason=why))
        rows = [*await post_answers.rows(page, post), *_of_poster(post, _)]
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


def _of_poster(post: Post, _: Translator) -> list[list[Button]]:
    ref = post.ref
    renew = Button(_.label("button", "🔁 30 days more"), OfPost(ref=ref, act="renew"))
    found = Button(_.label("button", "🎉 I have found it"), OfPost(ref=ref, act="found"))
    off = Button(_.label("button", "🗑 Take it off"), OfPost(ref=ref, act="withdraw"))
    if post.is_live:
        return [[found], [renew, off]]
    return [[renew], [found]] if post.state == State.EXPIRED else []


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


# What leaves by itself


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
    return Message(lines(_why_told(post, _), "", await told_of(page, post)), rows)


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
        await told_of(page, post),
    )
    return Message(text, _of_poster(post, _))


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
    "post.board": board,
    "post.mine": mine,
    "post.waiting": waiting,
    "post.preview": preview,
    "post.one": one,
    "post.found": found_card,
    "post.withdraw": withdraw_card,
    "post.refuse": refuse_card,
    "post_new": announced,
    "post_expiring": expiring,
    "post_notice": notice,
    "team_notice.post_waiting": team_notice,
}


def setup() -> Router:
    """Take the buttons of asks and offers; the verbs say who may."""
    router = Router(name="posts")
    router.callback_query.register(board_touched, Posts.filter())
    router.callback_query.register(touched, OfPost.filter())
    router.callback_query.register(put_up, PutUp.filter())
    return router
