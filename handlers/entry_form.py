"""Changing one field of the own entry: it is asked for, and tried at once.

What is not saved waits in the conversation (``handlers/unsaved.py``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import memory, translations
from community.errors import NotUnderstoodError
from community.people import Person
from community.providers import Service, entries, facts, hours
from handlers import entry_words, unsaved
from handlers.content import area_choices
from handlers.directory import AMOUNT
from handlers.directory_words import read_steps
from handlers.entry_ways import ChangeField
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Page, Replies, Reply, blockquote, edit, lines, say, toast
from handlers.service_form import EVERYWHERE, UNKNOWN
from handlers.staff import PROVIDERS, router_for
from locales import OFFERED, Html, currency_name, fold_digits, is_currency, language_name

SWITCHES = ("interpretation", "online")
"""Facts that are so or not: a tap turns them."""


# Asking


async def _ask(page: Page, about: Mapping[str, Any], answers: Any) -> Question:
    _ = page._
    field, language = about["field"], about["language"]
    full = f"{field}:{language}" if language else field
    name = entry_words.field_name(full, _)
    told: list[Html | None] = [_("{field}: what should members read?", field=name)]
    choices: list[tuple[str, str]] = []
    if field == "steps":
        told = [_("Write the steps, one on each line. {field}", field=name)]
    elif field == "cost":
        told = [entry_words.cost_question(_currency(about), _)]
        choices = [(_.label("button", "Free of charge"), "0")]
    elif field == "currency":
        told = [_("In which currency? Write its three letters, for example {code}.", code="CHF")]
        choices = [(currency_name(entry_words.EUROS, _), entry_words.EUROS)]
    elif field == "area":
        told = [_("Where is it given?")]
        everywhere = (_.label("button", "Everywhere, or online"), EVERYWHERE)
        choices = [everywhere, *await area_choices(page)]
    elif field == "hours":
        day = entry_words.weekday(about["day"], _)
        told = [
            _("Hours on this day: {day}", day=day),
            _("Write them like this: {example}", example="9:00-12:30, 14:00-17:00"),
        ]
        choices = [(_.label("button", "Closed on this day"), UNKNOWN)]
    if field not in ("name", "currency", "area", "hours"):
        choices.append((_.label("button", "Not known, take it out"), UNKNOWN))
    if about.get("stands"):
        told.append(
            blockquote(await entry_words.shown(page, full, about["stands"], _currency(about)))
        )
    if language and language != about["source"]:
        source = language_name(about["source"], _)
        told.append(
            _(
                "This is a translation: somebody of the team reads it before members do. What is "
                "written in the language of the entry counts at once: {language}",
                language=source,
            )
        )
    return Question(lines(*told), choices)


async def _read(answering: Answering, text: str) -> str:
    about = answering.about
    field = about["field"]
    if answering.chosen and text == UNKNOWN:
        text = ""
    elif field == "cost":
        plain = fold_digits(text).upper().replace("€", "").replace(_currency(about), "")
        amount = AMOUNT.fullmatch("".join(plain.split()))
        if amount is None:
            raise NotUnderstoodError("amount")
        text = f"{amount[1]}.{amount[2] or 0}"
    elif field == "currency":
        text = text.strip().upper()
        if not is_currency(text):
            raise NotUnderstoodError("currency")
    elif field == "area":
        if not answering.chosen:
            raise NotUnderstoodError("choice")
        text = "" if text == EVERYWHERE else text
    elif field == "hours":
        text = hours.joined(hours.read_spans(fold_digits(text).replace(",", " ")))
    elif field == "steps":
        text = "\n".join(await read_steps(answering, text))
    elif about["language"]:
        text = translations.clean(about["subject"], field, text)
    else:
        text = text.strip()
    await _tried(answering, text)
    return text


async def _tried(answering: Answering, text: str) -> None:
    """Refuse at once what could not be saved.

    Raises:
        RefusalError: it could not.
    """
    ref, session = answering.about["ref"], answering.session
    changes = await _changes(answering, text)
    async with memory.undone(session):
        await entries.change(session, answering.person, ref, changes, answering.now)


async def _changes(answering: Answering, text: str) -> dict[str, str]:
    about = answering.about
    field, language = about["field"], about["language"]
    if field == "hours":
        row = await entries.entry(answering.session, answering.person, about["ref"], answering.now)
        week = await unsaved.stands(answering.session, answering.state, row, "hours")
        days = dict(line.split(" ", 1) for line in week.splitlines())
        days[about["day"]] = text
        told = [f"{day} {days[day]}" for day in hours.DAYS if days.get(day)]
        return {"hours": "\n".join(told)}
    if field == "area":
        return {"area": text} if text else {"area": "", "online": "true"}
    return {f"{field}:{language}" if language else field: text}


async def _answered(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    text = answering.answers["value"]
    kept = await unsaved.of(answering.state, ref)
    return await unsaved.preview(
        answering.state, ref, {**kept, **await _changes(answering, text)}, how=say
    )


def _home(about: Mapping[str, Any]) -> Reply:
    kind = "entry.service" if about["subject"] == "service" else "entry"
    return say(kind, ref=about["ref"])


CHANGE = Form("entry.change", [Field("value", _ask, _read)], _answered, home=_home)


# Handlers


async def change_asked(
    query: Any,
    callback_data: ChangeField,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask for a field, or turn the one that has only two values."""
    ref, field, language = callback_data.ref, callback_data.field, callback_data.language
    row = await entries.entry(session, person, ref, now)
    if field == "languages":
        return [edit("entry.given", ref=ref, codes=await unsaved.codes(session, state, row))]
    if field == "hours" and isinstance(row, Service):
        return [
            edit("entry.hours", ref=ref, week=await unsaved.stands(session, state, row, field))
        ]
    if field in SWITCHES and isinstance(row, Service):
        stands = await unsaved.stands(session, state, row, field)
        turned = "false" if stands == "true" else "true"
        return await unsaved.preview(state, ref, {**await unsaved.of(state, ref), field: turned})
    of_service = (*entry_words.TEXTS, "steps", *entry_words.FACTS)
    fields = of_service if isinstance(row, Service) else entry_words.OF_ORGANIZATION
    has_words = field in (*entry_words.TEXTS, "steps")
    if field not in fields or (language not in OFFERED if has_words else language):
        return [toast("old_button")]
    return await begin(CHANGE, state, **await about_field(session, state, row, field, language))


async def about_field(
    session: AsyncSession, state: FSMContext, row: facts.Entry, field: str, language: str
) -> dict[str, Any]:
    """Return what the question for a field is about."""
    source = await facts.source_of(session, row)
    full = f"{field}:{language}" if language else field
    stands = "" if field == "area" else await unsaved.stands(session, state, row, full)
    if language and language != source:  # a translator reads what is to be translated
        stands = await facts.value(session, row, f"{field}:{source}")
    return {
        "ref": row.ref,
        "subject": facts.subject_of(row),
        "field": field,
        "language": language,
        "source": source,
        "stands": stands,
        "currency": entry_words.currency_of(row, await unsaved.of(state, row.ref)),
    }


def _currency(about: Mapping[str, Any]) -> str:
    return str(about.get("currency", entry_words.EUROS))


CARDS: Mapping[str, Any] = {}
FORMS = (CHANGE,)


def setup() -> Router:
    """Take the buttons that ask for a field, from provider staff only."""
    router = router_for("changing our entry", PROVIDERS)
    router.callback_query.register(change_asked, ChangeField.filter())
    return router
