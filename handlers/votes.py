"""A short vote: an animator asks, members choose with one press and may change it meanwhile."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import translations, votes
from community.base import find
from community.people import Person
from community.sends import OPTIONS, Send
from community.translations import Block
from community.votes import DAYS, FEWEST, QUESTION, Standing, options_of
from handlers.content import block_for
from handlers.forms import Answering, Field, Form, Question
from handlers.replies import Button, Message, Page, Replies, Reply, edit, say, toast
from locales import Html, language_name, moment, number, percent


class Choose(CallbackData, prefix="kv"):
    """Choose an answer, by its number from 0."""

    ref: str
    option: int

    def card(self) -> Reply:
        """Return the newsletter as it is now."""
        return edit("news.again", ref=self.ref)


# As members see it


async def chosen(
    query: Any, callback_data: Choose, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Keep it, and show how others have chosen."""
    await votes.vote(session, person, callback_data.ref, callback_data.option, now)
    return [callback_data.card(), toast("vote.said")]


async def part(
    page: Page, send: Send, block: Block, *, for_all: bool = False
) -> tuple[list[str], list[list[Button]]]:
    """Return what a newsletter says of its vote, and the answers; nothing if it carries none.

    ``for_all``: the same for all who read alike, whatever one of them has chosen.
    """
    _ = page._
    standing = await votes.of(page.session, send, None if for_all else page.reader, page.now)
    if standing is None:
        return [], []
    options = options_of(block)
    until = _(
        "🗳 You can vote until {when}, and change it until then. The result comes after that; "
        "nobody sees what you choose.",
        when=_end(page, standing),
    )
    told = [
        "",
        until if standing.is_open else _("🗳 The vote is over."),
        *_result(page, standing, options),
    ]
    if not standing.is_open:
        return told, []
    rows = [
        [
            Button(
                _.label("vote", "✅ {answer}", answer=option)
                if at == standing.chosen
                else _.label("vote", "▫️ {answer}", answer=option),
                Choose(ref=send.ref, option=at),
            )
        ]
        for at, option in enumerate(options)
    ]
    return told, rows


def _end(page: Page, standing: Standing) -> str:
    return moment(standing.closes_at, page.zone, page._, year=page.now.year)


def _result(page: Page, standing: Standing, options: list[str]) -> list[Html]:
    _ = page._
    if standing.is_open:
        return []
    if not standing.shares:
        return [_("The result is not shown, so that nobody can tell who chose what.")]
    return [
        _("{answer}: {share}", answer=option, share=percent(standing.shares[at] / 100, _))
        for at, option in enumerate(options)
    ]


async def said(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Your vote counts. You can change it."))


# As the team sees it


async def asked(page: Page, send: Send) -> list[Html]:
    """Show the team what is asked, with the result so far."""
    found = await votes.result(page.session, page.reader, send, page.now)
    block = await block_for(page, *send.subject)
    if found is None or block is None:
        return []
    _, (standing, at_least) = page._, found
    options = options_of(block)
    ends = _end(page, standing)
    head = [
        Html(""),
        Html("🗳 ") + (block.get(QUESTION) or block.get("title")),
        *(Html("▫️ ") + option for option in options),
        *([_("The answers stay as they are: members may have chosen one.")] if send.of_id else []),
    ]
    if send.started_at is None:
        return [*head, _("If it went out now, one could vote until {when}.", when=ends)]
    return [
        *head,
        _("One can vote until {when}.", when=ends)
        if standing.is_open
        else _("🗳 The vote is over."),
        *_result(page, standing, options),
        *([_("Votes: at least {n}", n=number(at_least, _))] if at_least else []),
    ]


async def _ask_question(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    if "ref" not in about:
        return Question(_("What would you like to ask? Write it in your own language."))
    send = await find(page.session, Send, about["ref"])
    source, _found = await translations.standings(page.session, *send.subject)
    return Question(
        _(
            "What would you like to ask? Write it in the language of the newsletter: {language}",
            language=language_name(source, _),
        )
    )


async def _read_question(answering: Answering, text: str) -> str:
    field = QUESTION if "ref" in answering.about else "title"
    return translations.clean("newsletter", field, text)


async def _ask_options(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(
        _(
            "Between which answers can one choose? Write {few} to {many}, each on a line of its "
            "own, short enough for a button.",
            few=number(FEWEST, _),
            many=number(len(OPTIONS), _),
        )
    )


async def _read_options(answering: Answering, text: str) -> list[str]:
    options = [line.strip() for line in text.splitlines() if line.strip()]
    votes.check(options)
    return [
        translations.clean("newsletter", field, option)
        for field, option in zip(OPTIONS, options, strict=False)
    ]


async def _ask_days(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    choices = [(_.nlabel("button", "{n} day", "{n} days", days), str(days)) for days in DAYS]
    return Question(_("For how long can one vote, from when it goes out?"), choices)


async def _read_days(answering: Answering, text: str) -> int:
    return int(text)


async def _attached(answering: Answering) -> Replies:
    answers, ref = answering.answers, answering.about["ref"]
    await votes.attach(
        answering.session,
        answering.person,
        ref,
        answers["question"],
        answers["options"],
        answers["days"],
        answering.now,
    )
    return [say("send.card", ref=ref)]


async def _alone(answering: Answering) -> Replies:
    answers = answering.answers
    send = await votes.ask_alone(
        answering.session,
        answering.person,
        answering._.language,
        answers["question"],
        answers["options"],
        answers["days"],
        answering.now,
    )
    return [say("send.card", ref=send.ref)]


FIELDS = (
    Field("question", _ask_question, _read_question),
    Field("options", _ask_options, _read_options),
    Field("days", _ask_days, _read_days, by_button=True),
)
ATTACHED = Form(
    "vote.attach", FIELDS, _attached, home=lambda about: say("send.card", ref=about["ref"])
)
ALONE = Form("vote.alone", FIELDS, _alone, home=lambda _about: say("send.list"))
FORMS = (ATTACHED, ALONE)
CARDS = {"vote.said": said}


def setup() -> Router:
    """Take the answers of members."""
    router = Router(name="votes")
    router.callback_query.register(chosen, Choose.filter())
    return router
