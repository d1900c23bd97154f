"""The animator's side of newsletters and announcements: write, check, approve, send."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import corrections, roles, sends, translations
from community.audiences import EVERYBODY
from community.base import find
from community.events import Event
from community.people import Person
from community.roles import RoleName
from community.sends import OPTIONS, UNDER_A_PICTURE, Held, Kind, Picture, Send, State
from community.translations import Fallback
from community.votes import QUESTION, detach
from handlers import audience, event_notices, news, pictures, progress, staff, votes, wording
from handlers.content import authored, block_for
from handlers.drafting import understood
from handlers.forms import Answering, Field, Form, Question, begin, picture_in
from handlers.progress import Do
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import TEAM, AllSends, OpenSend, router_for
from locales import OFFERED, Html, Translator, language_name, native_name, number


class New(CallbackData, prefix="nw"):
    """Write a newsletter."""


class Test(CallbackData, prefix="nt"):
    """Send it to oneself, as a reader of this language gets it."""

    ref: str
    language: str


# Forms


async def _ask_title(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is the title? Write it in your own language."))


async def _ask_body(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("Now write the text, in your own language."),
            _("You add the other languages afterwards, one by one."),
        )
    )


async def _ask_when(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("When shall it go out? For example: Tue 18:00, or 24.11. 18:00."))


async def _title(answering: Answering, text: str) -> str:
    return translations.clean("newsletter", "title", text)


async def _body(answering: Answering, text: str) -> dict[str, Any]:
    found = picture_in(answering.incoming)
    return {
        "text": translations.clean("newsletter", "body", text),
        "picture": {"file_id": found.file_id, "is_photo": found.is_photo} if found else None,
    }


async def _when(answering: Answering, text: str) -> str:
    return understood(answering, text, answering.network.zone).isoformat()


async def _write(answering: Answering) -> Replies:
    send = await sends.write_newsletter(
        answering.session,
        answering.person,
        answering._.language,
        answering.answers["title"],
        answering.answers["body"]["text"],
        answering.now,
    )
    if kept := answering.answers["body"]["picture"]:
        return await pictures.asked_for_words(answering, send.ref, Picture(**kept))
    return [say("send.card", ref=send.ref)]


async def _schedule(answering: Answering) -> Replies:
    send = await sends.schedule(
        answering.session,
        answering.person,
        answering.about["ref"],
        datetime.fromisoformat(answering.answers["when"]),
        answering.now,
    )
    return [say("send.card", ref=send.ref)]


NEWSLETTER = Form(
    "newsletter.new",
    [Field("title", _ask_title, _title), Field("body", _ask_body, _body, takes_picture=True)],
    _write,
    home=lambda _about: say("send.list"),
)
SCHEDULE = Form(
    "send.when",
    [Field("when", _ask_when, _when)],
    _schedule,
    home=lambda about: say("send.card", ref=about["ref"]),
)
FORMS = (NEWSLETTER, SCHEDULE)


# Handlers


async def list_opened(query: Any) -> Replies:
    """Show the newest sends."""
    return [edit("send.list")]


async def begun(query: Any, state: FSMContext) -> Replies:
    """Ask for title and text."""
    return await begin(NEWSLETTER, state)


PARTS = {
    "card": "send.card",
    "words": "send.words",
    "who": "send.who",
    "test": "send.test",
}


async def opened(query: Any, callback_data: OpenSend) -> Replies:
    """Show one page of a send's desk."""
    kind = PARTS.get(callback_data.part)
    return [edit(kind, ref=callback_data.ref)] if kind else [toast("old_button")]


async def tested(query: Any, callback_data: Test) -> Replies:
    """Say it to the animator alone."""
    if callback_data.language not in OFFERED:
        return [toast("old_button")]
    return [say("send.sample", ref=callback_data.ref, language=callback_data.language)]


VERBS = {
    "change": sends.edit,
    "hold": sends.hold,
    "resume": sends.resume,
    "cancel": sends.cancel,
    "resend": sends.resend_uncertain,
    "leave": sends.leave_uncertain,
    "unask": detach,
}
"""Buttons that do one thing and show the card as it is then."""
AFTERWARDS = {"correct": corrections.correct, "recall": corrections.recall}
"""Buttons under what has gone out, which begin a send about it."""


async def done(
    query: Any,
    callback_data: Do,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    state: FSMContext,
) -> Replies:
    """Take the one step that the button names."""
    ref, what = callback_data.ref, callback_data.what
    if what == "ask":
        return (
            await begin(votes.ATTACHED, state, ref=ref) if ref else await begin(votes.ALONE, state)
        )
    if what in AFTERWARDS:
        about = await AFTERWARDS[what](session, person, ref, now)
        return [say("send.card", ref=about.ref)]
    if what in VERBS:
        await VERBS[what](session, person, ref, now)
        return [edit("send.card", ref=ref)]
    send = await find(session, Send, ref)
    before = send.state
    match what:
        case "words":  # of which somebody waits for a language: a correction's, if there is one
            return [edit("send.words", ref=(await sends.current(session, send) or send).ref)]
        case "skip" | "second" | "network" | "wait":
            await sends.edit(session, person, ref, now, fallback=Fallback(what))
            return [edit("send.words", ref=ref)]
        case "submit":
            await sends.submit(session, person, ref, now, network_language=network.language)
        case "approve" | "return":
            approve, seen = what == "approve", callback_data.seen
            await sends.review(session, person, ref, now, approve=approve, seen=seen)
        case "undo":
            await sends.undo(session, person, ref, now)
            told = "send.undone" if send.state != before else "send.as_before"
            return [edit("send.card", ref=ref), toast(told)]
        case "when" if send.started_at is None and before in (State.APPROVED, State.HELD):
            return await begin(SCHEDULE, state, ref=ref)
        case "when":
            return [edit("send.card", ref=ref), toast("send.as_before")]
        case "now":
            await sends.schedule(session, person, ref, None, now)
        case _:
            return [toast("old_button")]
    return [edit("send.card", ref=ref)]


# Cards


def state_label(state: State, _: Translator) -> str:
    """Return how far a send is, in a few words."""
    return {
        State.DRAFT: _.label("send", "draft"),
        State.IN_REVIEW: _.label("send", "waits for a second person"),
        State.APPROVED: _.label("send", "approved"),
        State.SCHEDULED: _.label("send", "scheduled"),
        State.SENDING: _.label("send", "being sent"),
        State.HELD: _.label("send", "held"),
        State.SENT: _.label("send", "sent"),
        State.CANCELLED: _.label("send", "cancelled"),
    }[state]


async def title_of(page: Page, send: Send) -> str:
    """Return the title of what is sent, as this reader gets it."""
    block = await block_for(page, *send.subject)
    return block.get("title") if block else ""


async def send_list(page: Page) -> Message:
    """List the newest sends with how far they are."""
    _ = page._
    found = await sends.recent(page.session)
    rows = []
    for send in found:
        title, state = await title_of(page, send), state_label(send.state, _)
        told = {"title": title, "state": state}
        label = {
            Kind.NEWSLETTER: _.label("send in a list", "📰 {title}: {state}", **told),
            Kind.EVENT_INVITATION: _.label("send in a list", "📣 {title}: {state}", **told),
            Kind.OFFER: _.label("send in a list", "🤝 {title}: {state}", **told),
            Kind.CORRECTION: _.label("send in a list", "✏️ {title}: {state}", **told),
            Kind.RECALL: _.label("send in a list", "↩️ {title}: {state}", **told),
        }[send.kind]
        rows.append([Button(label, OpenSend(ref=send.ref))])
    if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        rows.append([Button(_.label("button", "➕ New newsletter"), New())])
        rows.append([Button(_.label("button", "🗳 New vote"), Do(ref="", what="ask"))])
    text = _("<b>Newsletters and announcements</b>") if found else _("Nothing was sent yet.")
    return Message(text, [*rows, [staff.back(_)]])


async def send_card(page: Page, ref: str) -> Message:
    """Show a send with everything that can be done with it now."""
    _ = page._
    send = await find(page.session, Send, ref)
    if send.state == State.SCHEDULED or send.started_at is not None:
        return await progress.card_of(page, send)
    block = await block_for(page, *send.subject)
    words = Html("")
    if block:
        body = block.get("body")
        title = Html("<b>") + block.get("title") + Html("</b>")
        shown = body if len(body) <= 1000 else body[:1000] + "…"
        words = authored(page, block, lines(title, "", shown) if shown else title)
    whom = send.is_for
    animates = await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now)
    text = lines(
        _about(send, _),
        words,
        *(await votes.asked(page, send) if animates else ()),
        "",
        await pictures.note(page, send),
        None if whom == EVERYBODY else await audience.in_words(page, whom),
        _state_sentence(page, send),
    )
    return Message(text, await _rows(page, send))


def _about(send: Send, _: Translator) -> Html | None:
    """Say what a correction or a recall does to the copies that are out."""
    if send.kind == Kind.RECALL:
        return _(
            "↩️ Every copy of this message is replaced by one sentence: that the team has taken it "
            "back. What somebody has read already cannot be taken back."
        )
    if send.kind != Kind.CORRECTION:
        return None
    if send.event_id is not None:
        about = _("✏️ Every copy of the announcement comes to show the event as it is now.")
    else:
        about = _(
            "✏️ Every copy of this message is replaced by these words. Change them under "
            "“Languages and preview”."
        )
    room = number(UNDER_A_PICTURE, _)
    return lines(
        about,
        _(
            "🖼 Under a picture there is room for {n} characters. A copy that would become longer "
            "stays as it is.",
            n=room,
        )
        if send.picture is not None
        else None,
    )


def _state_sentence(page: Page, send: Send) -> Html:
    _ = page._
    if send.state == State.APPROVED and send.alone:
        return lines(
            _("✅ Approved."),
            _(
                "There is nobody who could look at it with you. It starts ten minutes after you "
                "send it; until then you can undo it."
            ),
        )
    return {
        State.DRAFT: _("📝 A draft: nothing has been sent."),
        State.IN_REVIEW: _("👀 It waits for a second person of the team to look at it."),
        State.APPROVED: _("✅ Approved. Nothing has been sent yet."),
        State.CANCELLED: _("✋ Cancelled."),
    }.get(send.state) or progress.state_sentence(page, send)


async def _rows(page: Page, send: Send) -> list[list[Button]]:
    _, ref = page._, send.ref
    rows: list[list[Button]] = []
    animates = await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now)
    is_offer = send.kind == Kind.OFFER
    if is_offer and send.state in (State.DRAFT, State.IN_REVIEW):  # it waits with the proposals
        return [[Button(_.label("button", "All newsletters"), AllSends())]]
    if send.state == State.IN_REVIEW and send.made_by_id != page.reader.id:
        yes = Do(ref=ref, what="approve", seen=await sends.submission(page.session, send))
        rows += [
            [Button(_.label("button", "✅ Approve"), yes)],
            [Button(_.label("button", "↩️ Give it back"), Do(ref=ref, what="return"))],
        ]
    if send.state == State.DRAFT and animates:
        rows.append([Button(_.label("button", "✅ It is ready"), Do(ref=ref, what="submit"))])
    if send.state == State.APPROVED and animates:
        rows += [
            [Button(_.label("button", "📤 Send now"), Do(ref=ref, what="now"))],
            [Button(_.label("button", "📅 Send later"), Do(ref=ref, what="when"))],
        ]
        if not is_offer:  # of which the team changes nothing
            change = Do(ref=ref, what="change")
            rows.append([Button(_.label("button", "✏️ Change it again"), change)])
    looks = animates or send.held_because == Held.GROWN
    if send.state == State.HELD and looks:
        rows += [
            [Button(_.label("button", "📤 Send now"), Do(ref=ref, what="resume"))],
            [Button(_.label("button", "📅 Send later"), Do(ref=ref, what="when"))],
        ]
    if send.state != State.CANCELLED:
        words = OpenSend(ref=ref, part="words")
        who = Button(_.label("button", "👥 Who gets it"), OpenSend(ref=ref, part="who"))
        whom = Button(_.label("button", "🎯 For whom"), audience.ForWhom(ref=ref))
        if send.kind != Kind.RECALL:
            rows.append([Button(_.label("button", "🌐 Languages and preview"), words)])
        can_choose = animates and send.of_id is None and not is_offer and send.state != State.HELD
        rows.append([whom, who] if can_choose else [who])
        if animates and (picture := pictures.button(page, send)):
            rows.append([picture])
        if animates and send.kind == Kind.NEWSLETTER and send.state == State.DRAFT:
            rows.append(await _about_a_vote(page, send))
        rows.append([Button(_.label("button", "🧪 Test to me"), OpenSend(ref=ref, part="test"))])
    if send.state != State.CANCELLED and animates:
        rows.append([Button(_.label("button", "🗑 Do not send it"), Do(ref=ref, what="cancel"))])
    rows.append([Button(_.label("button", "All newsletters"), AllSends())])
    return rows


async def _about_a_vote(page: Page, send: Send) -> list[Button]:
    """Return what can be done about the question of a newsletter that is a draft."""
    _, ref = page._, send.ref
    source, found = await translations.standings(page.session, *send.subject)
    fields = found[source].fields
    if OPTIONS[0] not in fields:
        return [Button(_.label("button", "🗳 Add a vote"), Do(ref=ref, what="ask"))]
    if QUESTION not in fields:  # it is all that the newsletter says
        return []
    return [
        Button(_.label("button", "🗳 Other question"), Do(ref=ref, what="ask")),
        Button(_.label("button", "🗑 Without the vote"), Do(ref=ref, what="unask")),
    ]


def _back(send: Send, _: Translator) -> list[Button]:
    return [Button(_.label("button", "Back to the message"), OpenSend(ref=send.ref))]


async def words_card(page: Page, ref: str) -> Message:
    """Show how far each language is, and what happens where one is missing."""
    _ = page._
    send = await find(page.session, Send, ref)
    source, found = await sends.standings(page.session, send)
    shelf = await sends.shelf(page.session, send)
    network = language_name(shelf.instead(page.network.language), _)
    rule = {
        Fallback.SKIP: _("Whoever reads a language that is not ready gets nothing."),
        Fallback.SECOND: _(
            "Whoever reads a language that is not ready gets their second language, with a "
            "notice in their own. Who has named none gets nothing."
        ),
        Fallback.NETWORK: _(
            "Whoever reads a language that is not ready gets their second language or this one, "
            "with a notice in their own: {language}",
            language=network,
        ),
        Fallback.WAIT: _(
            "Whoever reads a language that is not ready waits, and gets it once it is."
        ),
    }[Fallback.NETWORK if send.of_id else Fallback(send.fallback)]
    others = {
        Fallback.SKIP: _.label("button", "🚫 They get nothing"),
        Fallback.SECOND: _.label("button", "🗣 Their second language"),
        Fallback.NETWORK: _.label("button", "🌐 They get {language}", language=network),
        Fallback.WAIT: _.label("button", "⏳ They wait for their own"),
    }
    is_offer = send.kind == Kind.OFFER
    rows = wording.language_rows(page, "s", ref, source, found, is_bound=is_offer)
    if send.started_at is None and not is_offer:
        rows.append(wording.read_aloud(page, "newsletter", ref))
    if send.started_at is None and send.of_id is None and not is_offer:
        rows += [
            [Button(label, Do(ref=ref, what=other.value))]
            for other, label in others.items()
            if other != send.fallback
        ]
    text = lines(_("<b>Languages of this message</b>"), rule)
    return Message(text, [*rows, _back(send, _)])


async def as_read(page: Page, send: Send, language: str) -> Message | None:
    """Return the message exactly as a reader of this language gets it, or None if they do not."""
    theirs = wording.as_reader_of(page, language)
    if send.kind in (Kind.NEWSLETTER, Kind.OFFER):
        return await news.as_written(theirs, send)
    if send.kind == Kind.RECALL:
        return await news.recalled(theirs, send.ref)
    if send.kind == Kind.CORRECTION:
        return await news.corrected(theirs, send.ref)
    assert send.event_id is not None
    event = await page.session.get_one(Event, send.event_id)
    return await event_notices.announcement(theirs, event, send)


async def preview(page: Page, ref: str, language: str) -> Message:
    """Show the message as a reader of this language gets it; its buttons do nothing."""
    send = await find(page.session, Send, ref)
    shown = await as_read(page, send, language)
    return wording.inert(shown, language) if shown else _nothing(page, send, language)


async def sample(page: Page, ref: str, language: str) -> Message:
    """Send the message to its author as a reader of this language gets it, buttons and all."""
    send = await find(page.session, Send, ref)
    shown = await as_read(page, send, language)
    return replace(shown, language=language) if shown else _nothing(page, send, language)


def _nothing(page: Page, send: Send, language: str) -> Message:
    """Say what becomes of readers whose language is missing, where they get no other."""
    _ = page._
    name = language_name(language, _)
    if send.fallback == Fallback.WAIT:
        return Message(_("Readers of this language wait for it: {language}", language=name))
    if send.fallback == Fallback.SECOND:
        return Message(
            _("Readers of this language get their second one: {language}", language=name)
        )
    return Message(_("Readers of this language get nothing: {language}", language=name))


async def test_card(page: Page, ref: str) -> Message:
    """Choose as whose reader the animator gets the test."""
    _ = page._
    send = await find(page.session, Send, ref)
    own_first = sorted(OFFERED, key=lambda code: (code != _.language, code))
    rows = in_rows(
        [Button(native_name(code), Test(ref=ref, language=code)) for code in own_first], per_row=2
    )
    text = _("It comes to you alone. As a reader of which language?")
    return Message(text, [*rows, _back(send, _)])


# Notices to the team


async def review_notice(page: Page, ref: str) -> Message | None:
    """Ask a second person to look at a large send."""
    send = await find(page.session, Send, ref)
    if send.state != State.IN_REVIEW:
        return None
    _ = page._
    text = _("👀 A message to many members waits for a second person to look at it.")
    return Message(text, [[Button(_.label("button", "Look at it"), OpenSend(ref=ref))]])


async def reviewed_notice(page: Page, ref: str) -> Message | None:
    """Tell the author what the second person said."""
    send = await find(page.session, Send, ref)
    _ = page._
    if send.state == State.APPROVED:
        text = _("✅ Your message has been approved. You can send it now.")
    elif send.state == State.DRAFT:
        text = _("↩️ Your message came back from the second person. Please look at it again.")
    else:
        return None
    return Message(text, [[Button(_.label("button", "Open it"), OpenSend(ref=ref))]])


async def unapproved(page: Page) -> Message:
    """Tell that an announcement has to be approved once more."""
    return Message(
        page._("The event has changed, so the message to the members is a draft again:")
    )


async def held_notice(page: Page, ref: str) -> Message | None:
    """Tell the author that a send has been held, and why."""
    send = await find(page.session, Send, ref)
    if send.state != State.HELD:
        return None
    _ = page._
    open_it = Button(_.label("button", "Open it"), OpenSend(ref=ref))
    return Message(progress.state_sentence(page, send), [[open_it]])


async def as_before(page: Page) -> Message:
    """Tell that a button has changed nothing."""
    return Message(page._.label("toast", "Nothing has changed."))


async def undone(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Taken back. Nothing was sent."))


CARDS = {
    "send.list": send_list,
    "send.card": send_card,
    "send.words": words_card,
    "send.preview": preview,
    "send.sample": sample,
    "send.test": test_card,
    "send.undone": undone,
    "send.as_before": as_before,
    "send.unapproved": unapproved,
    "team_notice.review": review_notice,
    "team_notice.reviewed": reviewed_notice,
    "team_notice.send_held": held_notice,
}


def setup() -> Router:
    """Take every button of the newsletters' desk; the verbs say who may do what."""
    router = router_for("sends", TEAM)
    router.callback_query.register(list_opened, AllSends.filter())
    router.callback_query.register(begun, New.filter())
    router.callback_query.register(opened, OpenSend.filter())
    router.callback_query.register(tested, Test.filter())
    router.callback_query.register(done, Do.filter())
    return router
