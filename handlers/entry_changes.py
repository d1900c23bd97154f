"""Changing the own entry: each change is seen as members will see it before it is saved.

What is not saved waits in the conversation (``handlers/unsaved.py``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import memory, translations
from community.errors import ChangedError, NotUnderstoodError, RefusalError
from community.people import Person
from community.providers import Service, entries, facts, hours
from handlers import entry_words, unsaved
from handlers.content import area_choices
from handlers.directory import AMOUNT, EVERYWHERE
from handlers.directory_words import read_steps
from handlers.entry import OurService, preview_languages, with_changes
from handlers.forms import Answering, Field, Form, Question, begin, end
from handlers.replies import (
    Button,
    Message,
    OvertakenError,
    Page,
    Replies,
    Reply,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import PROVIDERS, router_for
from handlers.words import SPOKEN
from locales import OFFERED, Html, fold_digits, language_name

UNKNOWN = "?"
FACTS = ("cost", "area", "phone", "email", "url")
"""Facts that are asked for; languages, hours and the interpreter are tapped."""

OF_ORGANIZATION = ("name", "description", "phone", "email", "website")


class ChangeField(CallbackData, prefix="oh"):
    """Change one field of the own entry; words in a language, steps too."""

    ref: str
    field: str
    language: str = ""


class GivenIn(CallbackData, prefix="ol"):
    """A language in which the service is given, on or off, until it is saved."""

    ref: str
    code: str


class OneDay(CallbackData, prefix="od"):
    """The hours of one day."""

    ref: str
    day: str


class Unsaved(CallbackData, prefix="og"):
    """What is to become of the changes; ``seen`` seals what the preview has shown."""

    ref: str
    act: str
    seen: str = ""


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
    if field not in ("name", "area", "hours"):
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
        return {"area": text, "online": "false" if text else "true"}
    return {f"{field}:{language}" if language else field: text}


async def _answered(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    text = answering.answers["value"]
    kept = await unsaved.of(answering.state, ref)
    return await _preview(
        answering.state, ref, {**kept, **await _changes(answering, text)}, how=say
    )


async def _preview(
    state: FSMContext, ref: str, changes: Mapping[str, str], how: Any = edit
) -> Replies:
    await unsaved.keep(state, ref, changes)
    return [how("entry.preview", ref=ref, changes=dict(changes))]


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
        return [edit("entry.given", ref=ref, codes=await _codes(session, state, row))]
    if field == "hours" and isinstance(row, Service):
        return [
            edit("entry.hours", ref=ref, week=await unsaved.stands(session, state, row, field))
        ]
    if field == "interpretation" and isinstance(row, Service):
        stands = await unsaved.stands(session, state, row, field)
        turned = "false" if stands == "true" else "true"
        return await _preview(state, ref, {**await unsaved.of(state, ref), field: turned})
    of_service = (*entry_words.TEXTS, "steps", *FACTS)
    fields = of_service if isinstance(row, Service) else OF_ORGANIZATION
    has_words = field in (*entry_words.TEXTS, "steps")
    if field not in fields or (language not in OFFERED if has_words else language):
        return [toast("old_button")]
    return await begin(CHANGE, state, **await _about(session, state, row, field, language))


async def _about(
    session: AsyncSession, state: FSMContext, row: facts.Entry, field: str, language: str
) -> dict[str, Any]:
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
        "currency": entry_words.currency_of(row),
    }


def _currency(about: Mapping[str, Any]) -> str:
    return str(about.get("currency", entry_words.EUROS))


async def _codes(session: AsyncSession, state: FSMContext, row: facts.Entry) -> list[str]:
    return [
        code
        for code in (await unsaved.stands(session, state, row, "languages")).split(",")
        if code
    ]


async def given_turned(
    query: Any,
    callback_data: GivenIn,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Turn one language of the service on or off; nothing is saved yet."""
    ref, code = callback_data.ref, callback_data.code
    row = await entries.opened_service(session, person, ref, now)
    codes = await _codes(session, state, row)
    if code == "done":
        changes = await unsaved.of(state, ref)
        if not changes:
            return [edit("entry.service", ref=ref)]
        return [edit("entry.preview", ref=ref, changes=changes)]
    if code not in SPOKEN:
        return [toast("old_button")]
    kept = [one for one in (*SPOKEN, *codes) if (one in codes) != (one == code)]
    codes = list(dict.fromkeys(kept))
    await unsaved.keep(state, ref, {**await unsaved.of(state, ref), "languages": ",".join(codes)})
    return [edit("entry.given", ref=ref, codes=codes)]


async def day_chosen(
    query: Any,
    callback_data: OneDay,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Ask for the hours of one day."""
    row = await entries.opened_service(session, person, callback_data.ref, now)
    if callback_data.day not in hours.DAYS:
        return [toast("old_button")]
    about = await _about(session, state, row, "hours", "")
    return await begin(CHANGE, state, **{**about, "stands": "", "day": callback_data.day})


async def decided(
    query: Any,
    callback_data: Unsaved,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Save what the preview has shown, go on changing, or throw it away.

    Raises:
        OvertakenError: something else stands there by now; it is shown anew.
    """
    ref, act = callback_data.ref, callback_data.act
    row = await entries.entry(session, person, ref, now)
    changes = await unsaved.of(state, ref)
    if not changes:
        return [toast("form.closed")]
    if act == "more":
        await end(state)
        return [await _home_of(row, state)]
    if act == "see":
        return [edit("entry.preview", ref=ref, changes=changes)]
    if act == "drop":
        await unsaved.drop(state, ref)
        return [await _home_of(row, state), toast("entry.dropped")]
    if act not in ("save", "confirm"):
        return [toast("old_button")]
    try:
        await entries.change(
            session,
            person,
            ref,
            changes,
            now,
            seen=callback_data.seen,
            confirms=act == "confirm",
        )
    except ChangedError as refusal:
        shown = say("entry.preview", ref=ref, changes=changes)
        raise OvertakenError(refusal, shown) from refusal
    await unsaved.drop(state, ref)
    return [await _home_of(row, state), toast("entry.saved")]


async def _home_of(row: facts.Entry, state: FSMContext) -> Reply:
    kind = "entry.service" if isinstance(row, Service) else "entry"
    return edit(kind, ref=row.ref, changed=[*await unsaved.every(state)])


# Cards


async def change_buttons(page: Page, service: Service) -> list[Button]:
    """Return a button for everything that can be changed about a service."""
    _ = page._
    source = await facts.source_of(page.session, service)
    tapped = ("languages", "interpretation", "hours")
    buttons = [
        Button(
            _.label("button", "✏️ {field}", field=entry_words.field_name(field, _)),
            ChangeField(ref=service.ref, field=field, language=language),
        )
        for field, language in [
            *((field, source) for field in (*entry_words.TEXTS, "steps")),
            *((field, "") for field in (*tapped, *FACTS)),
        ]
    ]
    language = page._.language
    for field in await _to_translate(page, service, source, language):
        label = entry_words.field_name(f"{field}:{language}", _)
        buttons.append(
            Button(
                _.label("button", "🌐 {field}", field=label),
                ChangeField(ref=service.ref, field=field, language=language),
            )
        )
    return buttons


async def _to_translate(page: Page, service: Service, source: str, language: str) -> list[str]:
    """Return which words the reader may translate: what is approved is not theirs to change."""
    if language == source or language not in OFFERED:
        return []
    session = page.session
    every = await facts.steps(session, service)
    texts = (await translations.texts(session, "service", [service.id])).get(service.id, [])
    of_steps = await translations.texts(session, "step", [step.id for step in every])
    words = {(text.field, text.language): text.state for text in texts}
    words |= {
        ("steps", text.language): text.state
        for of_step in of_steps.values()
        for text in of_step
        if text.state == translations.State.APPROVED or text.language == source
    }
    return [
        field
        for field in (*entry_words.TEXTS, "steps")
        if (field, source) in words and words.get((field, language)) != translations.State.APPROVED
    ]


async def preview_card(page: Page, ref: str, changes: Mapping[str, str]) -> Message:
    """Show what has been changed and what members would see, before it is saved."""
    _ = page._
    row = await entries.entry(page.session, page.reader, ref, page.now)
    seen = await entries.seal(page.session, row, changes)
    told = [_("<b>Not saved yet</b>")]
    drafts, currency = False, entry_words.currency_of(row)
    source = await facts.source_of(page.session, row)
    for field, text in changes.items():
        before = await facts.value(page.session, row, field)
        drafts |= ":" in field and not field.endswith(f":{source}")
        told.append(
            _(
                "{field}: {before} → {after}",
                field=entry_words.field_name(field, _),
                before=await entry_words.shown(page, field, before, currency),
                after=await entry_words.shown(page, field, text, currency),
            )
        )
    if drafts:
        told.append(_("Somebody of the team reads the translation before members do."))
    try:
        card = await with_changes(page, ref, changes, _.language)
    except RefusalError:
        return Message(
            lines(*told, "", _("This cannot be saved any more: the entry has changed.")),
            [[Button(_.label("button", "🗑 Throw away"), Unsaved(ref=ref, act="drop"))]],
        )
    rows = [
        [Button(_.label("button", "💾 Save"), Unsaved(ref=ref, act="save", seen=seen))],
        [
            Button(
                _.label("button", "💾 Save; the rest is right"),
                Unsaved(ref=ref, act="confirm", seen=seen),
            )
        ],
        [
            Button(_.label("button", "✏️ Go on changing"), Unsaved(ref=ref, act="more")),
            Button(_.label("button", "🗑 Throw away"), Unsaved(ref=ref, act="drop")),
        ],
        preview_languages(ref),
    ]
    seen_by = _("👁 <b>This is what members would see</b>")
    return Message(lines(*told, "", seen_by, "", card.text), rows)


async def given_card(page: Page, ref: str, codes: list[str]) -> Message:
    """Choose the languages in which a service is given."""
    _ = page._
    await entries.opened_service(page.session, page.reader, ref, page.now)
    buttons = [
        Button(
            _.label("button", "✅ {language}", language=language_name(code, _))
            if code in codes
            else language_name(code, _),
            GivenIn(ref=ref, code=code),
        )
        for code in SPOKEN
    ]
    text = _("In which languages is it given? Not with an interpreter: by its own people.")
    done = Button(_.label("button", "Done"), GivenIn(ref=ref, code="done"))
    return Message(text, [*in_rows(buttons, 2), [done]])


async def hours_card(page: Page, ref: str, week: str) -> Message:
    """Choose a day, to say from when to when."""
    _ = page._
    await entries.opened_service(page.session, page.reader, ref, page.now)
    buttons = [Button(entry_words.weekday(day, _), OneDay(ref=ref, day=day)) for day in hours.DAYS]
    text = lines(
        _("<b>Hours</b>"),
        entry_words.hours(week, _) or _("Not known yet."),
        _("Which day should change?"),
    )
    return Message(
        text, [*in_rows(buttons, 2), [Button(_.label("button", "Back"), OurService(ref=ref))]]
    )


async def saved_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Saved."))


async def dropped_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Thrown away; nothing has changed."))


CARDS = {
    "entry.preview": preview_card,
    "entry.given": given_card,
    "entry.hours": hours_card,
    "entry.saved": saved_toast,
    "entry.dropped": dropped_toast,
}
FORMS = (CHANGE,)


def setup() -> Router:
    """Take the buttons that change the own entry, from provider staff only."""
    router = router_for("changing our entry", PROVIDERS)
    router.callback_query.register(change_asked, ChangeField.filter())
    router.callback_query.register(given_turned, GivenIn.filter())
    router.callback_query.register(day_chosen, OneDay.filter())
    router.callback_query.register(decided, Unsaved.filter())
    return router
