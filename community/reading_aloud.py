"""Reading texts aloud: whoever may write a text may be the voice of it.

The recording of an animator or a coordinator counts at once; a translator's waits until somebody
else has heard it. What an approval binds it binds with its recordings: another one, or one less,
takes the approval back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import history, memory, recordings, sends, translations, untranslated
from community.base import Referable, find
from community.errors import (
    ApprovalBindsError,
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    OwnTextError,
)
from community.events import Event
from community.lessons import SUBJECT as LESSON
from community.lifecycle import Who
from community.people import Person
from community.recordings import Recording
from community.sends import PICTURE, SEND, Send
from community.translating import writes_as
from community.translations import TRANSLATION, ContentText, State
from community.untranslated import TABLES, Key, Segment

READ_ALOUD = frozenset({"event", "newsletter", PICTURE, "service", "step", LESSON})
"""Of what a recording can be heard; the name of an area or an organisation is only a line."""
IS_OF = and_(
    Recording.subject == ContentText.subject,
    Recording.subject_id == ContentText.subject_id,
    Recording.language == ContentText.language,
    Recording.field == ContentText.field,
    Recording.text == ContentText.text,
)
"""What is true of a recording and the text that it reads, word for word."""
LONGEST = 15 * 60
"""Seconds. The longest text there is takes a third of that."""


@dataclass(frozen=True)
class Voice:
    """A voice message that somebody of the team has sent to the bot; Telegram keeps it."""

    file_id: str
    seconds: int


async def keep(
    session: AsyncSession, actor: Person, key: Key, voice: Voice, now: datetime, *, seen: str
) -> Send | None:
    """Let this be how a text sounds; ``seen`` seals the words that were read.

    Return the announcement that is a draft again, if there is one whose event this is.

    Raises:
        NotAllowedError: the actor may not write this.
        NotFoundError: there is no such thing, no text, or it is not to be translated now.
        ChangedError: other words stand there by now.
        IllegalMoveError: it has gone out.
    """
    subject, ref, field, language = key
    by = await writes_as(session, actor, subject, now)
    owner, row = await _text(session, key)
    if seen != translations.seal(row.text):
        raise ChangedError(TRANSLATION.name, row.state, State.APPROVED)
    is_draft = by is Who.TRANSLATOR
    if is_draft:
        if row.is_source:  # as with words: the author's are their own
            raise NotFoundError(subject)
        await untranslated.require_open(session, subject, ref, now)
    recording = Recording(
        subject=subject,
        subject_id=owner.id,
        language=language,
        field=field,
        text=row.text,
        file_id=voice.file_id,
        seconds=voice.seconds,
        is_approved=not is_draft,
        recorded_by_id=actor.id,
        recorded_as=by.value,
        recorded_at=now,
    )
    await recordings.put(session, recording)
    after = State.DRAFT if is_draft else State.APPROVED
    await _note(session, recording, State.MISSING, after, actor, now)
    return None if is_draft else await _bound(session, actor, owner, now)


async def approve(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Recording, Send | None]:
    """Say of somebody else's recording that it is right; readers hear it from now on.

    Return it, and the announcement that is a draft again, if there is one whose event this is.

    Raises:
        NotFoundError: there is no such recording, or its text is not to be translated now.
        NotAllowedError: the actor may not write its text.
        ChangedError: other words stand there by now.
        IllegalMoveError: it is approved already, or its newsletter has gone out.
        OwnTextError: the actor has recorded it.
        ApprovalBindsError: only an animator may add to what is approved.
    """
    recording = await find(session, Recording, ref)
    by = await writes_as(session, actor, recording.subject, now)
    key = await key_of(session, recording)
    owner, row = await _text(session, key)
    # Whoever locks both locks the text's owner first.
    recording = await find(session, Recording, ref, lock=True)
    await untranslated.require_open(session, key[0], key[1], now)
    if recording.is_approved:
        raise IllegalMoveError("recording", State.APPROVED, State.APPROVED)
    if recording.text != row.text:
        raise ChangedError(TRANSLATION.name, row.state, State.APPROVED)
    if recording.recorded_by_id == actor.id:
        raise OwnTextError
    if by is Who.TRANSLATOR and isinstance(owner, Event) and await sends.binds(session, owner):
        raise ApprovalBindsError
    await recordings.approve(session, recording)
    await _note(session, recording, State.DRAFT, State.APPROVED, actor, now)
    if by is Who.TRANSLATOR:
        return recording, None
    return recording, await _bound(session, actor, owner, now)


async def remove(
    session: AsyncSession, actor: Person, ref: str, now: datetime
) -> tuple[Recording, Send | None]:
    """Let a recording go; return what it was, and the announcement that is a draft again.

    Raises:
        NotFoundError: there is no such recording.
        NotAllowedError: the actor may not write its text, or translates and did not record it.
        IllegalMoveError: its newsletter has gone out.
    """
    recording = await find(session, Recording, ref)
    by = await writes_as(session, actor, recording.subject, now)
    owner = await _owner(session, recording.subject, recording.subject_id, lock=True)
    recording = await find(session, Recording, ref, lock=True)
    if by is Who.TRANSLATOR and (recording.is_approved or recording.recorded_by_id != actor.id):
        raise NotAllowedError
    if isinstance(owner, Send):
        _require_unsent(owner)
    await session.execute(delete(Recording).where(Recording.id == recording.id))
    memory.drop(session, (Recording, recording.subject, recording.subject_id))
    at = State.APPROVED if recording.is_approved else State.DRAFT
    await _note(session, recording, at, State.MISSING, actor, now)
    return recording, await _bound(session, actor, owner, now) if recording.is_approved else None


async def found(
    session: AsyncSession, reader: Person, ref: str, now: datetime
) -> tuple[Recording, Key]:
    """Return a recording and the place of its text, for whoever may write that.

    Raises:
        NotFoundError: there is no such recording.
        NotAllowedError: the reader may not write its text.
    """
    recording = await find(session, Recording, ref)
    await writes_as(session, reader, recording.subject, now)
    return recording, await key_of(session, recording)


async def key_of(session: AsyncSession, recording: Recording) -> Key:
    """Return the place of the text that a recording reads."""
    owner = await _owner(session, recording.subject, recording.subject_id)
    return recording.subject, owner.ref, recording.field, recording.language


async def can_be_read(session: AsyncSession, found: Segment) -> bool:
    """Say whether a text, perhaps one still to be written, may be given a voice."""
    if found.subject not in READ_ALOUD:
        return False
    owner = await _owner(session, found.subject, found.row_id)
    return not (isinstance(owner, Send) and owner.started_at is not None)


@dataclass(frozen=True)
class Sound:
    """How a text sounds: what readers hear, and what waits to be heard by a second reader."""

    counts: Recording | None = None
    waits: Recording | None = None


async def sounds(session: AsyncSession, texts: Collection[Segment]) -> dict[Key, Sound]:
    """Return how each of these texts sounds, with exactly the words that stand there."""
    rows_of: dict[str, set[int]] = {}
    for one in texts:
        rows_of.setdefault(one.subject, set()).add(one.row_id)
    found: dict[tuple[object, ...], Recording] = {}
    for subject, numbers in rows_of.items():
        for row in await recordings.of(session, subject, numbers):
            place = (subject, row.subject_id, row.field, row.language, row.text)
            found[(*place, row.is_approved)] = row
    return {
        one.key: Sound(*(found.get((*_place(one), is_approved)) for is_approved in (True, False)))
        for one in texts
    }


def _place(one: Segment) -> tuple[object, ...]:
    return one.subject, one.row_id, one.field, one.language, one.text


async def heard(
    session: AsyncSession, subject: str, subject_ids: Collection[int], language: str
) -> dict[int, list[Recording]]:
    """Return what readers of this language can hear of these subjects, in the order of the texts.

    Only what was approved, of words that are, and that stand there now.
    """
    rows = [
        row
        for row in await recordings.of(session, subject, subject_ids)
        if row.is_approved and row.language == language
    ]
    if not rows:
        return {}
    shelves = await translations.shelves(session, subject, {row.subject_id for row in rows})
    found: dict[int, list[Recording]] = {}
    for number, shelf in shelves.items():
        said = {row.field: row for row in rows if row.subject_id == number}
        for field, text in shelf.complete.get(language, {}).items():
            if field in said and said[field].text == text:
                found.setdefault(number, []).append(said[field])
    return found


@dataclass(frozen=True)
class Covered:
    """How many approved texts there are in one language, and how many of them can be heard."""

    texts: int
    heard: int


async def coverage(session: AsyncSession) -> Mapping[str, Covered]:
    """Return how much of what members read can be heard, by language."""
    rows = await session.execute(
        select(ContentText.language, func.count(), func.count(Recording.id))
        .outerjoin(Recording, IS_OF & Recording.is_approved)
        .where(ContentText.subject.in_(READ_ALOUD), ContentText.state == State.APPROVED)
        .group_by(ContentText.language)
    )
    return {language: Covered(texts, heard) for language, texts, heard in rows}


async def _text(session: AsyncSession, key: Key) -> tuple[Referable, ContentText]:
    """Lock what the words belong to; return it, and the text that stands there.

    Raises:
        NotFoundError: nothing stands there, or nobody can hear it.
        IllegalMoveError: it has gone out.
    """
    subject, ref, field, language = key
    if subject not in READ_ALOUD:
        raise NotFoundError(subject)
    owner = await find(session, TABLES[subject], ref, lock=True)
    for row in await translations.read_anew(session, subject, owner.id):
        is_here = (row.field, row.language) == (field, language)
        if is_here and row.state in (State.DRAFT, State.APPROVED):
            if isinstance(owner, Send):
                _require_unsent(owner)
            return owner, row
    raise NotFoundError(subject)


def _require_unsent(send: Send) -> None:
    if send.started_at is not None:
        raise IllegalMoveError(SEND.name, send.state, sends.State.DRAFT)


async def _owner(
    session: AsyncSession, subject: str, subject_id: int, *, lock: bool = False
) -> Referable:
    owner = await session.get(TABLES[subject], subject_id, with_for_update=lock or None)
    if owner is None:
        raise NotFoundError(subject)
    return owner


async def _bound(
    session: AsyncSession, actor: Person, owner: Referable, now: datetime
) -> Send | None:
    """Take back what was approved with other recordings."""
    if isinstance(owner, Event):
        return await sends.take_back(session, actor, owner, now)
    if isinstance(owner, Send):
        await sends.edit(session, actor, owner.ref, now)
    return None


async def _note(
    session: AsyncSession,
    recording: Recording,
    before: State,
    after: State,
    actor: Person,
    now: datetime,
) -> None:
    step = history.step(
        "recording", recording.id, before.value, after.value, actor_id=actor.id, now=now
    )
    await history.note(session, step)
