"""Writing an entry, field by field, and noting in the log what stood there before and after.

Read from its beginning, the log says what stands there now: whatever it notes is what was there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, translations
from community.base import Referable
from community.errors import NotUnderstoodError
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.providers import hours
from community.providers.facts import (
    LINES,
    STEPS_AT_MOST,
    WOVEN,
    Entry,
    facts_of,
    many,
    source_of,
    step_words,
    steps,
    subject_of,
    value,
)
from community.providers.table import (
    Metadata,
    Organization,
    Service,
    ServiceStep,
    Strength,
    Tick,
)


async def put(
    session: AsyncSession,
    actor: Person | None,
    row: Entry,
    field: str,
    text: str,
    now: datetime,
    *,
    by: Who,
    again: bool = False,
) -> bool:
    """Write one field and note the change; False if that is what stands there.

    The caller has checked the role, and locked the row. What stood there is taken ``again`` even
    if it came with an import and is no address of ours.

    Raises:
        NotUnderstoodError: there is no such field, or it does not take this.
        NotFoundError: there is no such area.
        IllegalMoveError: these words are not the actor's to write.
    """
    before = {one: await value(session, row, one) for one in await _touched(session, row, field)}
    if again and field in LINES and field in facts_of(row):
        setattr(row, field, text or None)
    elif field in facts_of(row):
        setattr(row, field, facts_of(row)[field](text))
    elif isinstance(row, Service) and field in WOVEN:
        await _weave(session, row, field, text, again=again)
    elif text != before[field]:
        await _write(session, actor, row, field, text, now, by)
    await session.flush()
    changed = False
    for one, stood in before.items():
        after = await value(session, row, one)
        if after != stood:
            note(session, actor, row, one, stood, after, now, by=by)
            changed = True
    await session.flush()
    return changed


async def _touched(session: AsyncSession, row: Entry, field: str) -> list[str]:
    """Return the fields that may change with one: words go, and steps move, in every language."""
    name, _, language = field.partition(":")
    if not language:
        return [field]
    subject, numbers = subject_of(row), [row.id]
    if name == "steps" and isinstance(row, Service):
        subject, numbers = "step", [step.id for step in await steps(session, row)]
    texts = await translations.texts(session, subject, numbers)
    languages = {text.language for of in texts.values() for text in of}
    return [f"{name}:{code}" for code in sorted({language, *languages})]


def note(
    session: AsyncSession,
    actor: Person | None,
    row: Entry,
    field: str,
    before: str,
    after: str,
    now: datetime,
    *,
    by: Who,
    action: str = "update",
) -> None:
    """Add one line to the log of the directory."""
    session.add(
        Metadata(
            resource_type=subject_of(row),
            resource_id=row.id,
            last_action_date=now,
            last_action_type=action,
            field_name=field,
            previous_value=before,
            replacement_value=after,
            updated_by_id=actor.id if actor else None,
            updated_as=by.value,
        )
    )


async def note_all(
    session: AsyncSession,
    actor: Person,
    row: Entry,
    language: str,
    now: datetime,
    *,
    by: Who,
) -> None:
    """Note of a row that is new, and written in one language, what it says field by field."""
    fields = [*facts_of(row), *(WOVEN if isinstance(row, Service) else ())]
    said = {field: await value(session, row, field) for field in fields}
    for text in await translations.read_anew(session, subject_of(row), row.id):
        said[f"{text.field}:{language}"] = text.text
    if isinstance(row, Service):
        said[f"steps:{language}"] = await value(session, row, f"steps:{language}")
    for field, after in said.items():
        if after:
            note(session, actor, row, field, "", after, now, by=by, action="create")
    await session.flush()


async def write_words(
    session: AsyncSession,
    actor: Person | None,
    row: Referable,
    subject: str,
    language: str,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: Who,
) -> None:
    """Write words of anything in the directory; what belongs to an entry is noted in its log.

    Raises:
        NotUnderstoodError: a text is empty or too long.
        IllegalMoveError: these words are not the actor's to write.
    """
    owner: Entry | None = row if isinstance(row, Organization | Service) else None
    fields = {f"{name}:{language}" for name in texts}
    if isinstance(row, ServiceStep):
        owner, fields = await session.get_one(Service, row.service_id), {f"steps:{language}"}
    if owner is None:
        await translations.write(session, actor, subject, row.id, language, texts, now, by=by)
        return
    before = {field: await value(session, owner, field) for field in sorted(fields)}
    await translations.write(session, actor, subject, row.id, language, texts, now, by=by)
    for field, stood in before.items():
        after = await value(session, owner, field)
        if after != stood:
            note(session, actor, owner, field, stood, after, now, by=by)
    await session.flush()


async def _write(
    session: AsyncSession,
    actor: Person | None,
    row: Entry,
    field: str,
    text: str,
    now: datetime,
    by: Who,
) -> None:
    name, _, language = field.partition(":")
    if name == "steps" and isinstance(row, Service):
        await _write_steps(session, actor, row, language, text.splitlines(), now, by)
    elif text:
        subject = subject_of(row)
        await translations.write(
            session, actor, subject, row.id, language, {name: text}, now, by=by
        )
    elif name == "name":
        raise NotUnderstoodError("needed")
    else:
        await translations.strike(session, subject_of(row), row.id, language, name, now)


async def _write_steps(
    session: AsyncSession,
    actor: Person | None,
    service: Service,
    language: str,
    lines: Sequence[str],
    now: datetime,
    by: Who,
) -> None:
    """Write the steps, one on each line.

    In the language of the entry they may become more or fewer. Who has ticked a step that stays,
    or is only put in other words, has ticked it; one that goes takes its ticks along.
    """
    every = await steps(session, service)
    texts = await translations.texts(session, "step", [step.id for step in every])
    source = next(
        (text.language for step in every for text in texts.get(step.id, ()) if text.is_source),
        await source_of(session, service),
    )
    if language != source:
        await _translate_steps(session, actor, every, language, lines, now, by)
        return
    if len(lines) > STEPS_AT_MOST:
        raise NotUnderstoodError("steps")
    stood = await step_words(session, service, language)
    kept: list[ServiceStep] = []
    for tag, a, b, c, d in SequenceMatcher(None, stood, lines, autojunk=False).get_opcodes():
        for step in every[a + max(0, d - c) : b] if tag != "equal" else ():
            await _remove_step(session, step)
        for at, line in enumerate(lines[c:d]):
            if a + at < b:
                step = every[a + at]
            else:
                step = ServiceStep(service_id=service.id, position=0)
                session.add(step)
                await session.flush()
            if tag != "equal":
                await _word_step(session, actor, step, language, line, now, by)
            kept.append(step)
    for position, step in enumerate(kept, start=1):
        step.position = position


async def _translate_steps(
    session: AsyncSession,
    actor: Person | None,
    every: Sequence[ServiceStep],
    language: str,
    lines: Sequence[str],
    now: datetime,
    by: Who,
) -> None:
    """Write the steps in another language: all of them, or none."""
    if lines and len(lines) != len(every):
        raise NotUnderstoodError("steps", count=len(every))
    for at, step in enumerate(every):
        if lines:
            await _word_step(session, actor, step, language, lines[at], now, by)
        else:
            await translations.strike(session, "step", step.id, language, "text", now)


async def _word_step(
    session: AsyncSession,
    actor: Person | None,
    step: ServiceStep,
    language: str,
    line: str,
    now: datetime,
    by: Who,
) -> None:
    words = {"text": line}
    await translations.write(session, actor, "step", step.id, language, words, now, by=by)


async def _remove_step(session: AsyncSession, step: ServiceStep) -> None:
    await session.execute(delete(Tick).where(Tick.step_id == step.id))
    await translations.forget(session, "step", step.id)
    await session.delete(step)
    await session.flush()


async def _weave(
    session: AsyncSession, service: Service, field: str, text: str, *, again: bool
) -> None:
    if field == "area":
        service.area_id = (await areas.by_ref(session, text)).id if text else None
    elif field == "hours":
        await hours.write(session, service, text, hours.DAY if again else hours.NIGHT)
    else:
        needs = many(text, lambda part: part[:1] in "+-" and part[1:] in [*Need])
        await session.execute(delete(Strength).where(Strength.service_id == service.id))
        session.add_all(
            Strength(service_id=service.id, need=Need(part[1:]), is_strength=part[0] == "+")
            for part in {part[1:]: part for part in needs}.values()
        )
