"""Surveys in the chat: a notice that tells nothing, a tap that opens it, one question at a time.

What is tapped is a row at once; what is typed or spoken is taken by a form of one field, which is
open while such a question is shown. So a survey goes on where it was left, whatever happens.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import interviewing, surveys
from community.errors import NotUnderstoodError
from community.people import Person
from community.surveys import Asked, Given, Kind, Progress
from community.surveys.templates import TYPED
from handlers import survey_cards
from handlers.forms import Answering, Field, Form, Question, begin, end_if
from handlers.replies import (
    Page,
    Replies,
    Reply,
    edit,
    lines,
    say,
    toast,
)
from handlers.survey_cards import Hear, OpenPulse, SkipPulse, Tap, Turn, Waiting, in_words
from locales import (
    parse_amount,
    parse_day,
)

# Answering


async def opened(
    query: Any,
    callback_data: OpenPulse,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show where the person stands."""
    found = await surveys.progress(session, person, callback_data.ref)
    return await shown(state, found, now, edit)


async def tapped(
    query: Any,
    callback_data: Tap,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Take one answer and show the next question; an old button shows where the person stands."""
    ref, code = callback_data.ref, callback_data.question
    found = await surveys.progress(session, person, ref, lock=True)
    asked = found.template.question(code)
    take = surveys.tick if asked and asked.kind == Kind.SEVERAL else surveys.answer
    found, changed = await take(session, person, ref, code, callback_data.value, now)
    await interviewing.note(session, person, found)
    return await shown(state, found, now, edit, pauses=changed)


async def expect(session: AsyncSession, pressed: Mapping[int, str]) -> None:
    """Read at once what the answers need that several people have just tapped."""
    refs = []
    for data in pressed.values():
        if data.startswith(f"{Tap.__prefix__}:"):
            with suppress(TypeError, ValueError):  # forged: refused when its turn comes
                refs.append(Tap.unpack(data).ref)
    if refs:
        await surveys.expect(session, refs)


async def turned(
    query: Any,
    callback_data: Turn,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Leave a question as it stands, go back, or go on later."""
    ref, code = callback_data.ref, callback_data.question
    match callback_data.act:
        case "next":
            found, changed = await surveys.settle(session, person, ref, code, now)
            return await shown(state, found, now, edit, pauses=changed)
        case "back":
            found = await surveys.progress(session, person, ref)
            if found.next_question and found.next_question.code == code:
                found = await surveys.go_back(session, person, ref, now)
            return await shown(state, found, now, edit)
        case "later":
            await surveys.progress(session, person, ref)
            await end_if(ANSWER, state, ref)
            return [edit("survey.later", ref=ref)]
    return [toast("old_button")]


async def skipped(
    query: Any,
    callback_data: SkipPulse,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask nothing more."""
    await surveys.skip(session, person, callback_data.ref, now)
    await end_if(ANSWER, state, callback_data.ref)
    return [edit("survey.question", ref=callback_data.ref)]


async def listed(query: Any, callback_data: Waiting) -> Replies:
    """Show what waits."""
    return [edit("survey.waiting")]


async def heard(query: Any, callback_data: Hear, session: AsyncSession, person: Person) -> Replies:
    """Play one of the person's own answers, or show which there are."""
    ref, question = callback_data.ref, callback_data.question
    if not ref:
        return [edit("survey.voices")]
    found = await surveys.progress(session, person, ref)
    if not any(one.voice for one in found.given.get(question, ())):
        return [edit("survey.voices")]
    return [say("survey.voice", ref=ref, question=question)]


async def shown(
    state: FSMContext, found: Progress, now: datetime, tell: Any, *, pauses: bool = False
) -> Replies:
    """Show the next question, or a pause after a bite; wait for words where they are asked for."""
    ref, asked = found.response.ref, found.next_question
    if pauses and found.is_at_a_pause:
        await end_if(ANSWER, state, ref)
        return [tell("survey.pause", ref=ref)]
    if asked and asked.kind in TYPED and not found.is_over(now):
        await begin(ANSWER, state, ref=ref, question=asked.code)
    else:
        await end_if(ANSWER, state, ref)
    return [tell("survey.question", ref=ref)]


# What is typed or spoken


async def _ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
    """Ask again what is open, after something else came between."""
    found = await surveys.progress(page.session, page.reader, about["ref"])
    asked = found.template.question(about["question"])
    assert asked is not None
    return Question(lines(*in_words(page, found, asked)))


async def _read(answering: Answering, text: str) -> dict[str, Any]:
    ref, code = answering.about["ref"], answering.about["question"]
    found = await surveys.progress(answering.session, answering.person, ref)
    asked = found.template.question(code)
    assert asked is not None
    given = surveys.checked(asked, _given(answering, asked, text))
    return {
        "amount": str(given.amount) if given.amount is not None else None,
        "day": given.day.isoformat() if given.day else None,
        "text": given.text,
        "voice": given.voice,
    }


def _given(answering: Answering, asked: Asked, text: str) -> Given:
    """Read an answer as people write it.

    Raises:
        NotUnderstoodError: it is none to this kind of question.
    """
    voice = answering.incoming.voice if answering.incoming else None
    if voice is not None and asked.kind == Kind.VOICE:
        return Given(voice=voice.file_id)
    if not text.strip():
        raise NotUnderstoodError("voice_or_text" if asked.kind == Kind.VOICE else "text")
    match asked.kind:
        case Kind.NUMBER | Kind.MONEY:
            amount = parse_amount(text)
            if amount is None:
                raise NotUnderstoodError("money" if asked.kind == Kind.MONEY else "whole_number")
            return Given(amount=amount)
        case Kind.DATE:
            zone = answering.person.local_zone(answering.network.zone)
            today = answering.now.astimezone(zone).date()
            said = parse_day(text, today, answering._.language)
            if said is None:
                raise NotUnderstoodError("date")
            return Given(day=said)
    return Given(text=text)


async def _answered(answering: Answering) -> Replies:
    kept = answering.answers["answer"]
    given = Given(
        amount=Decimal(kept["amount"]) if kept["amount"] is not None else None,
        day=date.fromisoformat(kept["day"]) if kept["day"] else None,
        text=kept["text"],
        voice=kept["voice"],
    )
    found, changed = await surveys.answer(
        answering.session,
        answering.person,
        answering.about["ref"],
        answering.about["question"],
        given,
        answering.now,
    )
    await interviewing.note(answering.session, answering.person, found)
    return await shown(answering.state, found, answering.now, say, pauses=changed)


def _home(about: Mapping[str, Any]) -> Reply:
    return say("survey.later", ref=about["ref"])


ANSWER = Form(
    "survey",
    [Field("answer", _ask, _read, takes_voice=True)],
    _answered,
    home=_home,
    keeps=True,
)


CARDS = survey_cards.CARDS
FORMS = (ANSWER,)


def setup() -> Router:
    """Take the buttons under surveys."""
    router = Router(name="surveys")
    router.callback_query.register(opened, OpenPulse.filter())
    router.callback_query.register(tapped, Tap.filter())
    router.callback_query.register(turned, Turn.filter())
    router.callback_query.register(skipped, SkipPulse.filter())
    router.callback_query.register(listed, Waiting.filter())
    router.callback_query.register(heard, Hear.filter())
    return router
