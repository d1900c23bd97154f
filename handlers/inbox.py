"""Writing to the team, and the team's side of it: one shared inbox."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from aiogram.types import Message as Incoming
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    bridge,
    conversations,
    exchanges,
    inbox,
    moderation,
    referrals,
    templates,
    translations,
)
from community.errors import NotFoundError, RefusalError
from community.exchanges import Exchange, ExchangeMessage
from community.people import Person
from community.referrals import Referral
from handlers import attachments, menu, owning, reading, stuck
from handlers.answers import closed
from handlers.bridge import label_in_inbox
from handlers.by_team import AllByTeam
from handlers.content import quoted
from handlers.disputes import Dispute
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.menu import AskTeam
from handlers.preparing import Prepare
from handlers.reading import read
from handlers.referrals import VIEW_LASTS
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import Inbox, Late, OpenQuestion, Reports, Templates, back, page_of
from locales import Html, Translator

PER_PAGE = 20
_Waiting = tuple[Exchange, Person] | Exchange | Referral


class Said(CallbackData, prefix="xs"):
    """What the team has said to the reader, by its number in the exchange."""

    ref: str
    at: int
    original: bool


class Attached(CallbackData, prefix="if"):
    """What a member or the team has sent beside words, by its number in the exchange."""

    ref: str
    number: int


class Unsent(CallbackData, prefix="us"):
    """Whether a stray text goes to the team."""

    send: bool


# A member writes


async def ask_command(message: Any, state: FSMContext) -> Replies:
    """Answer /ask."""
    return await begin(ASK, state)


async def ask_button(query: Any, state: FSMContext) -> Replies:
    """Write to the team, by a button."""
    return await begin(ASK, state)


async def _ask_what(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        lines(
            _("What would you like to tell the team or ask? Write it in your own language."),
            attachments.can_be_sent(_),
            attachments.never(_),
        )
    )


async def _asked(answering: Answering) -> Replies:
    said = answering.answers["said"]
    await inbox.ask(
        answering.session,
        answering.person,
        said["text"],
        answering.now,
        language=answering._.language,
        zone=answering.network.zone,
        country=answering.network.country,
        attachment=attachments.of(said),
    )
    return [say("inbox.sent")]


ASK = Form(
    "ask",
    [Field("said", _ask_what, attachments.sent, relays=True), attachments.WARNED],
    _asked,
)


async def stray(
    message: Incoming, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Offer to send a text that fits nothing to the team."""
    words = (message.text or message.caption or "").strip()
    if message.media_group_id and not words:
        return [say("inbox.one_by_one")]
    if not words or words.startswith("/"):
        return [say("inbox.no_text")]
    await conversations.keep_unsent(session, message.chat.id, words, now)
    return [say("inbox.unsent", only_words=message.text is None)]


async def stray_settled(
    query: Any,
    callback_data: Unsent,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    _: Translator,
) -> Replies:
    """Send what has been gathered, or forget it."""
    assert person.telegram_id is not None
    words = await conversations.take_unsent(session, person.telegram_id)
    if not words:
        return [toast("old_button")]
    if not callback_data.send:
        return [edit("inbox.dropped")]
    await inbox.ask(
        session,
        person,
        words,
        now,
        language=_.language,
        zone=network.zone,
        country=network.country,
    )
    return [edit("inbox.sent")]


# The team answers


async def inbox_opened(query: Any, callback_data: Inbox) -> Replies:
    """Show a page of what waits for the team."""
    return [edit("inbox.list", at=callback_data.at)]


async def question_touched(
    query: Any,
    callback_data: OpenQuestion,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Open, answer or close a question."""
    ref = callback_data.ref
    if callback_data.act == "answer":
        await inbox.opened(session, person, ref, now)
        return await begin(ANSWER, state, ref=ref)
    if callback_data.act == "close":
        await inbox.close(session, person, ref, now)
        return [edit("inbox.list")]
    original = callback_data.act == "original"
    return [edit("inbox.question", ref=ref, back=callback_data.back, original=original)]


async def said_again(
    query: Any, callback_data: Said, session: AsyncSession, person: Person
) -> Replies:
    """Show what the team has said as it was written, or in the reader's language again."""
    ref, at = callback_data.ref, callback_data.at
    message = await inbox.told(session, person, ref, at)
    return [edit("team_answer", ref=ref, number=message.id, original=callback_data.original)]


async def attached(
    query: Any, callback_data: Attached, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show what was sent beside words, to the member or the team."""
    ref, number = callback_data.ref, callback_data.number
    await inbox.attached(session, person, ref, number, now)
    return [say("inbox.attached", ref=ref, number=number, opened=now.isoformat())]


async def _answer_what(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    _exchange, person = await inbox.opened(page.session, page.reader, about["ref"], page.now)
    return Question(
        lines(
            _("{name}:", name=person.name or "?"),  # another may have been opened since
            _("Write your answer. The person gets it without your name."),
            *await _template(page, about),
            attachments.can_be_sent(_),
        )
    )


async def _template(page: Page, about: Mapping[str, Any]) -> list[Html]:
    """Return the words that the answer begins with, to be copied with a tap."""
    _ = page._
    if "template" not in about:
        return []
    try:
        template = await templates.opened(page.session, page.reader, about["template"], page.now)
    except NotFoundError:  # removed meanwhile
        return []
    shelf = await translations.shelves(page.session, templates.SUBJECT, [template.id])
    words = shelf[template.id].complete.get(about["language"], {}).get("text", "")
    return [
        _("Tap the words to copy them, change what you like, and send them here:"),
        Html("<code>") + words + Html("</code>"),
    ]


async def _answered(answering: Answering) -> Replies:
    said = answering.answers["said"]
    await inbox.answer(
        answering.session,
        answering.person,
        answering.about["ref"],
        said["text"],
        answering.now,
        language=answering.about.get("language", answering._.language),
        attachment=attachments.of(said),
    )
    return [say("inbox.answered")]


ANSWER = Form(
    "inbox.answer",
    [Field("said", _answer_what, attachments.sent, relays=True), attachments.WARNED],
    _answered,
    home=lambda about: say("inbox.question", ref=about["ref"]),
)


# Cards


async def sent(page: Page) -> Message:
    """Confirm that the team has it."""
    _ = page._
    return Message(_("The team has your message. The answer comes here."), [[menu.button(_)]])


async def unsent(page: Page, *, only_words: bool = False) -> Message | None:
    """Ask what to do with words that fit nothing; show all that would go."""
    _ = page._
    assert page.reader.telegram_id is not None
    words = await conversations.unsent(page.session, page.reader.telegram_id)
    if words is None:
        return None
    return Message(
        lines(
            _("Shall I send this to the team?"),
            quoted(page, words, _.language),
            _("This way I pass on the words only. /ask takes a picture or a file too.")
            if only_words
            else None,
        ),
        [
            [
                Button(_.label("button", "Yes, send it"), Unsent(send=True)),
                Button(_.label("button", "No"), Unsent(send=False)),
            ]
        ],
    )


async def dropped(page: Page) -> Message:
    """Confirm that nothing was sent."""
    _ = page._
    return Message(_("All right, I sent nothing. /menu shows what you can do."))


async def no_text(page: Page) -> Message:
    """Say what the bot can read."""
    _ = page._
    return Message(
        lines(
            _("I can read written messages and buttons. /menu shows what you can do."),
            _("To send the team a photo, a voice message or a document: /ask"),
        ),
        [[menu.button(_)]],
    )


async def one_by_one(page: Page) -> Message:
    """Say what became of a picture or a file that came with others."""
    _ = page._
    return Message(
        _(
            "I take one picture or file at a time. If you have just sent several to somebody, "
            "only the first was passed on. Please send the others one by one."
        )
    )


async def inbox_list(page: Page, at: int = 0) -> Message:
    """Show a page of what waits: messages, the oldest first, then what is about requests."""
    _ = page._
    waiting = await inbox.of_team(page.session, page.reader, page.now)
    disputes = await referrals.disputes(page.session, page.reader, page.now)
    asked = await bridge.for_team(page.session, page.reader, page.now)
    by_team = await referrals.of_team(page.session, page.reader, page.now)
    late = (await referrals.late(page.session, page.reader, page.now, size=1)).total
    reported = len(await moderation.queue(page.session, page.reader, page.now))
    if not (waiting or disputes or asked or by_team or late or reported):
        return Message(_("Nobody is waiting for an answer. 🎉"), [[back(_)]])
    every: list[_Waiting] = [*waiting, *asked, *disputes]
    shown, turning = page_of(every, at, PER_PAGE, lambda to: Inbox(at=to), _)
    questions = [*(question for question, _person in waiting), *asked]
    owners = await inbox.owners(page.session, questions, page.now)
    overdue = sum(inbox.is_overdue(question, page.now) for question in questions)
    rows = [[await _in_list(page, one, owners)] for one in shown]
    rows.append(turning)
    if by_team:
        rows.append([Button(_.label("button", "📞 Requests to pass on"), AllByTeam())])
    if late:
        rows.append([Button(_.label("button", "⏰ Late requests"), Late())])
    if reported:
        rows.append([Button(_.label("button", "🚩 What was reported"), Reports())])
    text = lines(
        _.ngettext(
            "{n} message waits for an answer.", "{n} messages wait for an answer.", len(waiting)
        )
        if waiting
        else None,
        _("🔴 Overdue: {n}", n=overdue) if overdue else None,
        _.ngettext(
            "{n} question about an event or a text waits.",
            "{n} questions about events or texts wait.",
            len(asked),
        )
        if asked
        else None,
        _.ngettext(
            "{n} disagreement waits to be settled.",
            "{n} disagreements wait to be settled.",
            len(disputes),
        )
        if disputes
        else None,
        _.ngettext(
            "{n} request goes through the team, by phone or e-mail.",
            "{n} requests go through the team, by phone or e-mail.",
            len(by_team),
        )
        if by_team
        else None,
        _.ngettext("{n} request is late.", "{n} requests are late.", late) if late else None,
        _.ngettext("{n} report waits.", "{n} reports wait.", reported) if reported else None,
    )
    return Message(text, [*rows, [back(_)]])


async def _in_list(page: Page, one: _Waiting, owners: Mapping[int, Person]) -> Button:
    """Return the way to one thing that waits."""
    _ = page._
    if isinstance(one, Referral):
        return Button(_.label("button", "⚖️ They disagree"), Dispute(ref=one.ref))
    if isinstance(one, Exchange):
        return await label_in_inbox(page, one, owners.get(one.id))
    question, person = one
    name, owner = person.name or "?", owners.get(question.id)
    if owner is not None:
        name = _.label(
            "question in a list", "{name} ({owner})", name=name, owner=owning.name_of(page, owner)
        )
    if inbox.is_overdue(question, page.now):
        label = _.label("button", "🔴 {name}", name=name)
    else:
        label = _.label("button", "✉️ {name}", name=name)
    return Button(label, OpenQuestion(ref=question.ref))


async def question_card(page: Page, ref: str, back: int = 0, *, original: bool = False) -> Message:
    """Show the exchange with one member, the newest page of it first."""
    return await reading.in_one(partial(_question_card, page, ref, back), original=original)


async def _question_card(page: Page, ref: str, back: int, original: bool) -> Message:
    _ = page._
    question, person = await inbox.opened(page.session, page.reader, ref, page.now)
    exchange = await inbox.messages(page.session, question)
    every = reading.pages([len(message.text) for message in exchange])
    back = min(max(back, 0), len(every) - 1)
    numbers, on_page = exchanges.numbered(exchange), [exchange[at] for at in every[-1 - back]]
    said, shown, looks = [], [], []
    for message in on_page:
        said.append(_who(person, message, _))
        if where := await stuck.line(page, message):
            said.append(where)
            looks = [await stuck.look(page, message)]
        if message.id in numbers:
            said.append(attachments.line(message, numbers[message.id], _))
        if message.text:
            shown.append(await read(page, message.text, message.language, original=original))
            said.append(shown[-1].text)
    same = OpenQuestion(ref=ref, back=back)
    turned = same if original else same.model_copy(update={"act": "original"})
    turning = []
    if back + 1 < len(every):
        earlier = OpenQuestion(ref=ref, back=back + 1)
        turning.append(Button(_.label("button", "Previous page"), earlier))
    if back:
        turning.append(
            Button(_.label("button", "Next page"), OpenQuestion(ref=ref, back=back - 1))
        )
    whose, handing = await owning.whose(page, question)
    rows = [
        *attachments.buttons(on_page, numbers, lambda n: Attached(ref=ref, number=n), _),
        *looks,
        reading.switch(shown, turned, _, original=original),
        turning,
        [
            Button(_.label("button", "Answer"), OpenQuestion(ref=ref, act="answer")),
            Button(_.label("button", "Settled"), OpenQuestion(ref=ref, act="close")),
        ],
        [Button(_.label("button", "🗒 Answer by a template"), Templates(ref=ref))],
        handing,
        [Button(_.label("button", "🤝 Prepare a request"), Prepare(person=person.ref))]
        if person.is_member
        else [],
        [Button(_.label("button", "Inbox"), Inbox())],
    ]
    said += [Html(""), *whose] if whose else []
    return Message(lines(*said), rows, live=any(one.is_awaited for one in shown))


def _who(person: Person, message: ExchangeMessage, _: Translator) -> Html:
    return _("{name}:", name=person.name or "?") if message.by_member else _("The team:")


async def attached_card(page: Page, ref: str, number: int, opened: str) -> Message:
    """Show what was sent beside words; not for long on another screen than the member's own."""
    _ = page._
    gone = Message(closed(_), gone=True)
    try:
        question, message = await inbox.attached(page.session, page.reader, ref, number, page.now)
    except NotFoundError:
        return gone
    is_own = question.person_id == page.reader.id
    if not is_own and page.now >= datetime.fromisoformat(opened) + VIEW_LASTS:
        return gone
    if message.by_member and is_own:
        who = _("You:")
    else:
        who = _who(await page.session.get_one(Person, question.person_id), message, _)
    shown = attachments.shown(page, message, number, who, is_own=is_own)
    return replace(shown, live=not is_own)


async def answered_card(page: Page) -> Message:
    """Confirm an answer."""
    _ = page._
    return Message(
        _("Your answer is on its way."), [[Button(_.label("button", "Inbox"), Inbox())]]
    )


async def question_notice(page: Page, ref: str) -> Message:
    """Tell the team that somebody wrote; who and what, on tap."""
    _ = page._
    with suppress(RefusalError):
        question, _person = await inbox.opened(page.session, page.reader, ref, page.now)
        for message in (await inbox.messages(page.session, question))[-1:]:
            await reading.prepare(page, message.text, message.language)
    return Message(
        _("✉️ A member has written to the team."),
        [[Button(_.label("button", "Read it"), OpenQuestion(ref=ref))]],
    )


async def team_answer(
    page: Page, ref: str, number: int, *, original: bool = False
) -> Message | None:
    """Relay the team's answer, in the reader's language as far as a machine can."""
    message = await page.session.get(ExchangeMessage, number)
    if message is None:
        return None
    _ = page._
    numbers = exchanges.numbered(await exchanges.of_same(page.session, message))
    shown = (
        [await read(page, message.text, message.language, original=original)]
        if message.text
        else []
    )
    at = await inbox.place_of(page.session, message)
    turned = Said(ref=ref, at=at, original=not original)
    its_number = numbers.get(message.id)
    return Message(
        lines(
            _("💬 An answer from the team:"),
            "",
            attachments.line(message, its_number, _) if its_number else None,
            *(one.text for one in shown),
        ),
        [
            *attachments.buttons([message], numbers, lambda n: Attached(ref=ref, number=n), _),
            reading.switch(shown, turned, _, original=original),
            [Button(_.label("button", "Write back"), AskTeam())],
        ],
        live=any(one.is_awaited for one in shown),
    )


CARDS = {
    "inbox.sent": sent,
    "inbox.unsent": unsent,
    "inbox.dropped": dropped,
    "inbox.no_text": no_text,
    "inbox.one_by_one": one_by_one,
    "inbox.list": inbox_list,
    "inbox.question": question_card,
    "inbox.answered": answered_card,
    "inbox.attached": attached_card,
    "team_notice.question": question_notice,
    "team_answer": team_answer,
}
FORMS = (ASK, ANSWER)


def setup() -> Router:
    """Take /ask and the inbox's buttons."""
    router = Router(name="inbox")
    router.message.register(ask_command, Command("ask"))
    router.callback_query.register(ask_button, AskTeam.filter())
    router.callback_query.register(stray_settled, Unsent.filter())
    router.callback_query.register(inbox_opened, Inbox.filter())
    router.callback_query.register(question_touched, OpenQuestion.filter())
    router.callback_query.register(said_again, Said.filter())
    router.callback_query.register(attached, Attached.filter())
    return router


def last() -> Router:
    """Take what no other conversation wanted. Must be asked last."""
    router = Router(name="last")
    router.message.register(stray)
    router.callback_query.register(stale)
    return router


async def stale(query: Any) -> Replies:
    """Answer a button that nobody knows (any more), or that was forged."""
    return [toast("old_button")]
