"""Whom a send is for, who of them would get it, and who would not and why: the dry run.

Small counts are not shown, and nothing from which they could be computed: beside a language's
count stands everybody's knowledge of how many members speak it, so what is left out counts, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import events, sends, translations
from community.areas import Area
from community.audiences import EVERYBODY, Audience, DryRun, Standing
from community.base import find
from community.cohorts import Cohort
from community.events import Event
from community.figures import FEW, Cell, Hidden, protect
from community.needs import Need
from community.people import Person
from community.sends import Send
from community.topics import Topic
from community.translations import Fallback
from handlers import words
from handlers.cohorts import MOST
from handlers.cohorts import choices as cohort_choices
from handlers.content import area_choices
from handlers.replies import Button, Message, Page, Replies, edit, in_rows, lines, toast
from handlers.staff import ANIMATORS, OpenSend, WhoCanCome, page_of, router_for
from locales import OFFERED, Html, Translator, join, language_name, number


class ForWhom(CallbackData, prefix="fw"):
    """A part of the audience, and what of it is turned on or off."""

    ref: str
    part: str = ""
    value: str = ""


# Who gets it


def told(cell: Cell | None, _: Translator) -> str:
    """Return a count of people, or why it is not told."""
    if cell is Hidden.FEW:
        return _.label("count", "fewer than 5")
    if cell is None or isinstance(cell, Hidden):
        return _.label("count", "not shown")
    return number(cell, _)


async def who_card(page: Page, ref: str) -> Message:
    """Show who would get it if it went out now, and who would not and why."""
    _ = page._
    send = await find(page.session, Send, ref)
    run = await sends.dry_run(page.session, send, page.network.language, page.now)
    shelf = await sends.shelf(page.session, send)
    network = shelf.instead(page.network.language)
    exact = send.is_for == EVERYBODY
    languages, total = _shown(run)
    text = lines(
        _("<b>Who gets it, if it goes out now</b>"),
        await in_words(page, send.is_for),
        _("All together: {n}", n=_count(total, _, exact=exact)),
        "",
        *(
            _language_line(language, _count(cell, _, exact=exact), run, send, network, _)
            for language, cell in languages.items()
        ),
        await _night(page, send, total, exact=exact),
        "",
        *(_left_out(run, _, languages) if exact else ()),
        None if exact else _("Of a chosen audience, numbers are shown in steps of five."),
    )
    return Message(text, [[Button(_.label("button", "Back to the message"), OpenSend(ref=ref))]])


async def _night(page: Page, send: Send, total: Cell, *, exact: bool) -> Html | None:
    """Say how many are asleep; without the number if it would tell of few, or what is hidden."""
    _ = page._
    network = page.network
    asleep = await sends.in_the_night(page.session, send, network.language, page.now, network.zone)
    if not asleep:
        return None
    if isinstance(total, Hidden) or asleep < FEW or 0 < total - asleep < FEW:
        return _("🌙 It is night where some of them are: they get it in the morning.")
    return _(
        "🌙 It is night now for some of them, who get it in the morning: {n}",
        n=_count(asleep, _, exact=exact),
    )


def _shown(run: DryRun) -> tuple[Mapping[str, Cell], Cell]:
    """Return how many of each language would get it if it were translated, and how many get it.

    A language is not shown of which few get it, or few do not. Both rules of the author show the
    same table: two that differ would give the few between them away.
    """
    cells: dict[str, Cell] = {}
    for language in sorted({*run.gets, *run.left_out}):
        reasons: Mapping[Standing, int] = run.left_out.get(language, {})
        skipped = reasons.get(Standing.UNTRANSLATED, 0)
        readers = run.gets[language] + skipped
        others = sum(reasons.values()) - skipped
        if 0 < readers < FEW:
            cells[language] = Hidden.FEW
        else:
            cells[language] = Hidden.COVERED if 0 < others < FEW else readers
    if run.people < FEW and run.people:
        return cells, Hidden.FEW
    is_open = not any(isinstance(cell, Hidden) for cell in cells.values())
    return cells, run.people if is_open and not _tells_of_few(run) else Hidden.COVERED


def _tells_of_few(run: DryRun) -> bool:
    """Say whether the total tells how few of a language have a second one, or have none."""
    for language in run.without_translation:
        gets = run.gets[language]
        reasons: Mapping[Standing, int] = run.left_out.get(language, {})
        if gets and (left := reasons.get(Standing.UNTRANSLATED, 0)) > 0 and min(gets, left) < FEW:
            return True
    return False


def _count(cell: Cell, _: Translator, *, exact: bool) -> str:
    """Return a count; of a chosen audience in steps of five, or two of them tell a difference."""
    if exact or isinstance(cell, Hidden):
        return told(cell, _)
    return _.label("count", "about {n}", n=number(FEW * round(cell / FEW), _))


def _language_line(
    language: str, n: str, run: DryRun, send: Send, network: str, _: Translator
) -> Html:
    name = language_name(language, _)
    if language not in run.without_translation:
        return _("{language}: {n}", language=name, n=n)
    told = {"language": name, "n": n}
    return {
        Fallback.SKIP: _("{language}: {n}. Not translated: they get nothing.", **told),
        Fallback.SECOND: _(
            "{language}: {n}. Not translated: they get their second language. Who has named none "
            "that is ready gets nothing.",
            **told,
        ),
        Fallback.NETWORK: _(
            "{language}: {n}. Not translated: they get their second language if it is ready, "
            "else this one, with a notice: {other}",
            **told,
            other=language_name(network, _),
        ),
        Fallback.WAIT: _(
            "{language}: {n}. Not translated: they wait, and get it once it is.", **told
        ),
    }[Fallback(send.fallback)]


def _left_out(run: DryRun, _: Translator, languages: Mapping[str, Cell]) -> list[Html]:
    """Say how many do not get it and why; their sum can be known if every language is shown."""
    reasons = {
        Standing.ANSWERED: _.label("dry run", "Have answered already"),
        Standing.TOLD: _.label("dry run", "Have been told already"),
        Standing.NO_CONSENT: _.label("dry run", "Do not want news"),
        Standing.DIGEST: _.label("dry run", "Get it gathered, once a month"),
        Standing.READING: _.label("dry run", "Want nothing that comes by itself"),
        Standing.MUTED: _.label("dry run", "Have turned off messages of this kind"),
        Standing.RESTING: _.label("dry run", "Take a break, or have stopped messages"),
        Standing.UNREACHABLE: _.label("dry run", "Cannot be reached"),
    }
    is_open = not any(isinstance(cell, Hidden) for cell in languages.values())
    counts = protect({reason: run.left(reason) for reason in reasons}, total_shown=is_open)
    return [
        _("{reason}: {n}", reason=reasons[reason], n=told(cell, _))
        for reason, cell in counts.cells.items()
        if cell
    ]


# For whom it is


async def in_words(page: Page, audience: Audience) -> Html:
    """Say whom a send is for."""
    _ = page._
    if audience == EVERYBODY:
        return _("For: everybody in the network")
    parts: list[Html] = []
    if audience.languages:
        spoken = join([language_name(code, _) for code in audience.languages], _)
        parts.append(_("Languages: {languages}", languages=spoken))
    if audience.needs:
        wanted = join([words.need(need, _) for need in audience.needs], _)
        parts.append(_("Looking for: {needs}", needs=wanted))
    if audience.areas:
        names = {ref: name for name, ref in await area_choices(page)}
        listed = join([names[ref] for ref in audience.areas if ref in names], _)
        parts.append(_("Living in: {areas}", areas=listed))
    if audience.cohorts:
        called = {ref: name for name, ref in await cohort_choices(page, every=True)}
        listed = join([called[ref] for ref in audience.cohorts if ref in called], _)
        parts.append(_("Belonging to: {courses}", courses=listed))
    if audience.topics:
        wanted = join([words.topic(topic, _) for topic in audience.topics], _)
        parts.append(_("Want to hear of: {topics}", topics=wanted))
    if audience.guests_of is not None:
        title = await _title(page, audience.guests_of)
        parts.append(_("Guests of: {event}", event=title))
    if audience.only_active:
        parts.append(_("Only who has been here in the last three months"))
    return lines(*parts)


async def _title(page: Page, event_ref: str) -> str:
    event = await find(page.session, Event, event_ref)
    block = await translations.block(
        page.session, "event", event.id, page.reads, page.network.language
    )
    return block.get("title") if block else ""


async def audience_card(page: Page, ref: str) -> Message:
    """Show whom a send is for, and what can narrow it down."""
    _ = page._
    send = await find(page.session, Send, ref)
    audience = send.is_for
    parts = [
        (_.label("button", "🗣 Languages"), "languages"),
        (_.label("button", "🔎 What they look for"), "needs"),
        (_.label("button", "🏘 Where they live"), "areas"),
        (_.label("button", "🔔 What they want to hear of"), "topics"),
        (_.label("button", "📅 Guests of an event"), "event"),
        (_.label("button", "🎒 A course"), "cohorts"),
    ]
    rows = in_rows([Button(label, ForWhom(ref=ref, part=part)) for label, part in parts], 2)
    active = ForWhom(ref=ref, part="active", value="1")
    label = _.label("button", "Only active members")
    rows.append([Button(_marked(label, audience.only_active, _), active)])
    if audience != EVERYBODY:
        rows.append([Button(_.label("button", "Everybody"), ForWhom(ref=ref, part="all"))])
    rows.append([Button(_.label("button", "👥 Who gets it"), OpenSend(ref=ref, part="who"))])
    if send.event_id is not None:
        can_come = WhoCanCome(ref=ref, of="s")
        rows.append([Button(_.label("button", "🧭 Who can come"), can_come)])
    rows.append([Button(_.label("button", "Back to the message"), OpenSend(ref=ref))])
    text = lines(
        _("<b>For whom is it?</b>"),
        await in_words(page, audience),
        "",
        _("Nobody is chosen by what describes them, such as woman or refugee."),
    )
    return Message(text, rows)


async def part_card(page: Page, ref: str, part: str, at: int = 0, shows: str = "") -> Message:
    """Show one part of the audience, each choice a switch; the page ``at``, or that has one."""
    _ = page._
    send = await find(page.session, Send, ref)
    chosen = _chosen(send.is_for, part)
    choices = await _choices(page, part)
    turning: list[Button] = []
    if part == "cohorts":
        there = [value for _label, value in choices]
        at = there.index(shows) // MOST if shows in there else at
        choices, turning = page_of(
            choices, at, MOST, lambda to: ForWhom(ref=ref, part=part, value=str(to)), _
        )
    rows = in_rows(
        [
            Button(_marked(label, value in chosen, _), ForWhom(ref=ref, part=part, value=value))
            for label, value in choices
        ],
        2 if len(choices) > 4 else 1,
    )
    back = Button(_.label("button", "Back"), ForWhom(ref=ref))
    text = _("<b>For whom is it?</b> Choose one or several; none means all.")
    if not choices:
        text = _("There is nothing to choose from yet.")
    return Message(text, [*rows, turning, [back]])


async def _choices(page: Page, part: str) -> Sequence[tuple[str, str]]:
    _ = page._
    if part == "languages":
        return [(language_name(code, _), code) for code in OFFERED]
    if part == "needs":
        return [(words.need(need, _), need.value) for need in Need]
    if part == "areas":
        return await area_choices(page)
    if part == "cohorts":
        return await cohort_choices(page)
    if part == "topics":
        single = [topic for topic in Topic if topic is not Topic.DIGEST]
        return [(words.topic(topic, _), topic.value) for topic in single]
    recent = await page.session.scalars(
        select(Event)
        .where(Event.state.in_([events.State.PUBLISHED, events.State.HELD]))
        .order_by(Event.starts_at.desc())
        .limit(10)
    )
    return [(await _title(page, event.ref), event.ref) for event in recent.all()]


def _chosen(audience: Audience, part: str) -> Sequence[str]:
    if part == "event":
        return [audience.guests_of] if audience.guests_of else []
    return {
        "languages": audience.languages,
        "needs": audience.needs,
        "areas": audience.areas,
        "topics": audience.topics,
        "cohorts": audience.cohorts,
    }.get(part, ())


def _marked(label: str, is_on: bool, _: Translator) -> str:
    if is_on:
        return _.label("button", "✅ {choice}", choice=label)
    return _.label("button", "⬜ {choice}", choice=label)


async def touched(
    query: Any, callback_data: ForWhom, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Open a part of the audience, or turn a choice; any change makes the send a draft again."""
    ref, part, value = callback_data.ref, callback_data.part, callback_data.value
    send = await find(session, Send, ref)
    if part in PARTS and not value:
        return [edit("send.part", ref=ref, part=part)]
    if not part:
        return [edit("send.audience", ref=ref)]
    if part == "cohorts" and value.isdecimal():
        return [edit("send.part", ref=ref, part=part, at=int(value))]
    if part == "cohorts" and await _has_ended(session, send.is_for, value):
        return [edit("send.part", ref=ref, part=part), toast("cohort.ended")]
    changed = await _changed(session, send.is_for, part, value)
    if changed is None:
        return [toast("old_button")]
    await sends.edit(session, person, ref, now, audience=changed)
    if part in PARTS:
        return [edit("send.part", ref=ref, part=part, shows=value)]
    return [edit("send.audience", ref=ref)]


async def _has_ended(session: AsyncSession, audience: Audience, value: str) -> bool:
    """Say whether this would be for a course to which nobody belongs; it can be left out."""
    cohort = await find(session, Cohort, value)
    return cohort.goes_on is False and cohort.ref not in audience.cohorts


PARTS = ("languages", "needs", "areas", "topics", "cohorts", "event")


async def _changed(
    session: AsyncSession, audience: Audience, part: str, value: str
) -> Audience | None:
    """Return the audience with one choice turned, or None if there is no such choice."""
    if part == "all":
        return EVERYBODY
    if part == "active":
        return replace(audience, only_active=not audience.only_active)
    if part == "languages" and value in OFFERED:
        return replace(audience, languages=_turned(audience.languages, value))
    if part == "needs" and value in [*Need]:
        return replace(audience, needs=_turned(audience.needs, Need(value)))
    if part == "topics" and value in [*Topic]:
        return replace(audience, topics=_turned(audience.topics, Topic(value)))
    if part == "areas":
        return replace(
            audience, areas=_turned(audience.areas, (await find(session, Area, value)).ref)
        )
    if part == "cohorts":
        cohort = await find(session, Cohort, value)
        return replace(audience, cohorts=_turned(audience.cohorts, cohort.ref))
    if part == "event":
        event = await find(session, Event, value)
        return replace(audience, guests_of=None if audience.guests_of == value else event.ref)
    return None


def _turned(chosen: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if value in chosen:
        return tuple(other for other in chosen if other != value)
    return (*chosen, value)


CARDS = {"send.who": who_card, "send.audience": audience_card, "send.part": part_card}


def setup() -> Router:
    """Take the buttons of the audience."""
    router = router_for("audience", ANIMATORS)
    router.callback_query.register(touched, ForWhom.filter())
    return router
