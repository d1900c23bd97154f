"""What is not translated: one text after the other, first what most people would read.

A *segment* is one field of one subject in one language. Where it is missing or out of date it
waits for whoever may write it: the animators' texts for animators, the directory and decisions for
coordinators, all of them for translators; each member who reads its language counts once, each who
has asked for it ten times more (``community/asking.py``). A draft waits for a second reader. What
*stands* (the author's own text, a translation, a draft) can be read aloud, and put right.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import awaited, roles, sends, translations
from community.among import among
from community.areas import Area
from community.awaited import TranslationRequest
from community.base import Referable, find
from community.cohorts import SUBJECT as COHORT
from community.cohorts import Cohort
from community.decisions import SUBJECT as DECISION
from community.decisions import Decision
from community.decisions import State as Decided
from community.deliveries import Delivery
from community.deliveries import State as Row
from community.errors import NotAllowedError, NotFoundError
from community.events import Event
from community.events import State as Planned
from community.lessons import SUBJECT as LESSON
from community.lessons import Lesson
from community.people import Membership, Person
from community.posts import SUBJECT as POST
from community.posts import Post
from community.posts import State as Posted
from community.providers import Organization, Service, ServiceStep
from community.roles import RoleName
from community.sends import PICTURE, Kind, Send
from community.sends import State as Sending
from community.templates import SUBJECT as TEMPLATE
from community.templates import AnswerTemplate
from community.translations import ContentText, State

COORDINATORS: Mapping[str, type[Referable]] = {
    "service": Service,
    "step": ServiceStep,
    "organization": Organization,
    "area": Area,
    DECISION: Decision,
}
ANIMATORS: Mapping[str, type[Referable]] = {
    "event": Event,
    "newsletter": Send,
    PICTURE: Send,
    TEMPLATE: AnswerTemplate,
    LESSON: Lesson,
    COHORT: Cohort,
    POST: Post,
}
TABLES: Mapping[str, type[Referable]] = {**ANIMATORS, **COORDINATORS}

WRITERS = frozenset({RoleName.ANIMATOR, RoleName.COORDINATOR, RoleName.TRANSLATOR})
"""Whose texts wait at the translation desk."""

ASKING = 10
"""Whoever has asked for a text counts so much more than whoever only reads its language."""

Key = tuple[str, str, str, str]
"""What names a segment: subject, its reference, field, language."""


@dataclass(frozen=True)
class Segment:
    """One text in one language: missing, out of date, a draft, or as it stands."""

    subject: str
    ref: str
    row_id: int
    """The row that the words belong to."""
    field: str
    language: str
    source_language: str
    source: str
    text: str | None
    """What stands there."""
    state: State
    writer_id: int | None
    """Who wrote what stands there."""
    readers: int = 0
    """How many members read this language, in the queue of what they wait for."""
    asked: int = 0
    """How many of them have asked for this text."""

    @property
    def weight(self) -> int:
        """Return how much it is awaited: each reader counts once, who has asked ten times more."""
        return self.readers + ASKING * self.asked

    @property
    def key(self) -> Key:
        """Return what names it."""
        return self.subject, self.ref, self.field, self.language

    @property
    def seal(self) -> str:
        """Return what changes with every letter of the source and of what stands there."""
        return translations.seal(self.source, self.text)

    @property
    def is_source(self) -> bool:
        """Say whether this is the author's own text."""
        return self.language == self.source_language

    def is_draft_of(self, reader: Person) -> bool:
        """Say whether this is a draft that its own writer reads."""
        return self.state == State.DRAFT and self.writer_id == reader.id


async def queue(
    session: AsyncSession,
    reader: Person,
    offered: Collection[str],
    network_language: str,
    now: datetime,
) -> list[Segment]:
    """Return what this person may translate: what is awaited most comes first.

    That is what most members would read, and above all what they have asked for. Languages that no
    member reads are left out. One's own drafts, which somebody else has to
    read, come last.

    Raises:
        NotAllowedError: the person neither animates nor coordinates, nor translates.
    """
    refs = await _open_to(session, reader, now)
    read_by = await readers(session, network_language)
    asked_by = await _asked_by(session, network_language)
    found: list[Segment] = []
    for subject, of in refs.items():
        for row_id, texts in (await translations.texts(session, subject, of)).items():
            found += _segments(of[row_id], texts, offered, read_by, asked_by)
    if "newsletter" in refs:
        letters = await _letters(session)
        sent = {said.id for first, said in letters if first.state == Sending.SENT}
        of_sends = ("newsletter", PICTURE)
        found = [
            one
            for one in found
            if one.asked or one.subject not in of_sends or one.row_id not in sent
        ]
    return sorted(found, key=lambda one: (one.is_draft_of(reader), -one.weight, one.language))


Asked = Mapping[tuple[str, int, str], int]
"""How many have asked for what a row says, by subject, number and language."""


async def _asked_by(session: AsyncSession, network_language: str) -> Asked:
    """Return how many have asked for each row.

    Who asks for a service asks for its steps; who asks for a newsletter, for its picture's words
    and for the words that have corrected it.
    """
    asked = await awaited.counts(session, network_language)
    services = {number for subject, number, _language in asked if subject == "service"}
    letters = {number for subject, number, _language in asked if subject == "newsletter"}
    parts = {("newsletter", number): [(PICTURE, number)] for number in letters}
    if services:
        steps = select(ServiceStep.id, ServiceStep.service_id)
        steps = steps.where(among(ServiceStep.service_id, services))
        for step, service in await session.execute(steps):
            parts.setdefault(("service", service), []).append(("step", step))
    if letters:
        later = select(Send.id, Send.of_id).where(among(Send.of_id, letters))
        for send, first in await session.execute(later):
            parts["newsletter", first or send] += [("newsletter", send), (PICTURE, send)]
    return {
        (part, row_id, language): count
        for (subject, number, language), count in asked.items()
        for part, row_id in [(subject, number), *parts.get((subject, number), ())]
    }


async def standing(
    session: AsyncSession,
    reader: Person,
    now: datetime,
    *,
    language: str = "",
    about: tuple[str, str] | None = None,
) -> list[Segment]:
    """Return the texts that stand and that nothing binds any more, drafts included.

    The author's own are there for those whose texts count at once. In one language; or, with
    ``about`` (a subject and its reference), every text of that: somebody whose texts count at
    once may then see what is not open to others.

    Raises:
        NotAllowedError: the person neither animates nor coordinates, nor translates.
        NotFoundError: there is no such thing.
    """
    refs = await _open_to(session, reader, now, is_to_be_changed=True)
    if about is not None:
        refs = await _only(session, reader, *about, refs, now)
    theirs = await counting_at_once(session, reader, now)
    found: list[Segment] = []
    for subject, of in refs.items():
        for row_id, texts in (await translations.texts(session, subject, of)).items():
            stands = _standing(of[row_id], texts, language)
            found += [one for one in stands if subject in theirs or not one.is_source]
    return found


async def counting_at_once(session: AsyncSession, person: Person, now: datetime) -> frozenset[str]:
    """Return the subjects about which what this person writes needs no second reader."""
    held = {role.name for role in await roles.held(session, person, now)}
    animators = ANIMATORS.keys() if RoleName.ANIMATOR in held else ()
    directory = COORDINATORS.keys() if RoleName.COORDINATOR in held else ()
    return frozenset({*animators, *directory})


def _standing(ref: str, texts: Sequence[ContentText], language: str) -> Sequence[Segment]:
    sources = {row.field: row for row in texts if row.is_source}
    order = {field: at for at, field in enumerate(sources)}
    return [
        _segment(ref, sources[row.field], row.language, row)
        for row in sorted(texts, key=lambda row: order.get(row.field, 0))
        if row.field in sources
        and language in ("", row.language)
        and row.state in (State.DRAFT, State.APPROVED)
    ]


async def _only(
    session: AsyncSession,
    reader: Person,
    subject: str,
    ref: str,
    refs: Mapping[str, Mapping[int, str]],
    now: datetime,
) -> dict[str, dict[int, str]]:
    """Return one thing alone, of a send all that it says, as far as it is the reader's."""
    if subject not in refs:
        raise NotFoundError(subject)
    row = await find(session, TABLES[subject], ref)
    parts: dict[str, Referable] = {subject: row}
    if isinstance(row, Send):
        parts = {"newsletter": row, PICTURE: row}
        if row.event_id is not None:
            parts = {"event": await session.get_one(Event, row.event_id), PICTURE: row}
    is_theirs = subject in await counting_at_once(session, reader, now)
    return {
        kind: {part.id: part.ref}
        for kind, part in parts.items()
        if is_theirs or part.id in refs[kind]
    }


async def require_open(session: AsyncSession, subject: str, ref: str, now: datetime) -> None:
    """Refuse what is not to be translated now.

    Raises:
        NotFoundError: there is no such thing, or it is over, has gone out or is being approved.
    """
    of_animators = subject in ANIMATORS
    refs = await _of_animators(session, now) if of_animators else await _of_coordinators(session)
    if ref not in refs.get(subject, {}).values():
        raise NotFoundError(subject)


async def still_open(
    session: AsyncSession, now: datetime, *, is_to_be_changed: bool = False
) -> Mapping[str, Mapping[int, str]]:
    """Return what is to be translated now: by subject, the rows and their references.

    ``is_to_be_changed``: without what has gone out, which only lacks a language.
    """
    animators = await _of_animators(session, now, is_to_be_changed=is_to_be_changed)
    return {**animators, **await _of_coordinators(session)}


async def _open_to(
    session: AsyncSession, reader: Person, now: datetime, *, is_to_be_changed: bool = False
) -> dict[str, dict[int, str]]:
    """Return whose texts this person may write: by subject, the rows and their references."""
    held = {role.name for role in await roles.held(session, reader, now)}
    if not held & WRITERS:
        raise NotAllowedError(RoleName.TRANSLATOR)
    refs: dict[str, dict[int, str]] = {}
    if held & {RoleName.ANIMATOR, RoleName.TRANSLATOR}:
        refs |= await _of_animators(session, now, is_to_be_changed=is_to_be_changed)
    if held & {RoleName.COORDINATOR, RoleName.TRANSLATOR}:
        refs |= await _of_coordinators(session)
    return refs


def _segments(
    ref: str,
    texts: Sequence[ContentText],
    offered: Collection[str],
    read_by: Mapping[str, int],
    asked_by: Asked,
) -> list[Segment]:
    """Return what of one subject is not approved, language by language, in the source's order."""
    there = {(row.field, row.language): row for row in texts}
    found = []
    for language in sorted(read_by.keys() & set(offered)):
        for source in texts:
            if not source.is_source or source.language == language:
                continue
            row = there.get((source.field, language))
            if row is not None and row.state == State.APPROVED:
                continue
            asked = asked_by.get((source.subject, source.subject_id, language), 0)
            found.append(_segment(ref, source, language, row, read_by[language], asked))
    return found


def _segment(
    ref: str,
    source: ContentText,
    language: str,
    row: ContentText | None,
    readers: int = 0,
    asked: int = 0,
) -> Segment:
    return Segment(
        source.subject,
        ref,
        source.subject_id,
        source.field,
        language,
        source.language,
        source.text,
        row.text if row else None,
        State(row.state) if row else State.MISSING,
        row.written_by_id if row else None,
        readers,
        asked,
    )


async def _of_animators(
    session: AsyncSession, now: datetime, *, is_to_be_changed: bool = False
) -> dict[str, dict[int, str]]:
    open_event = Event.state.in_([Planned.DRAFT, Planned.PUBLISHED])
    coming = select(Event.id, Event.ref).where(open_event, Event.starts_at > now)
    events = await session.execute(coming.order_by(Event.id))
    templates = await session.execute(
        select(AnswerTemplate.id, AnswerTemplate.ref).order_by(AnswerTemplate.id)
    )
    together = await session.execute(select(Cohort.id, Cohort.ref).order_by(Cohort.id))
    taught = await session.execute(select(Lesson.id, Lesson.ref).order_by(Lesson.id))
    posted = await session.execute(
        select(Post.id, Post.ref).where(Post.state == Posted.PUBLISHED).order_by(Post.id)
    )
    letters = [said for _first, said in await _letters(session)]
    if is_to_be_changed:  # what has gone out, or is offered, lacks a language, and else stays
        letters = [said for said in letters if said.started_at is None and said.kind != Kind.OFFER]
    return {
        "event": dict(events.all()),
        "newsletter": {send.id: send.ref for send in letters},
        PICTURE: {send.id: send.ref for send in letters if send.picture is not None},
        TEMPLATE: dict(templates.all()),
        LESSON: dict(taught.all()),
        COHORT: dict(together.all()),
        POST: dict(posted.all()),
    }


async def _letters(session: AsyncSession) -> list[tuple[Send, Send]]:
    """Return what waits for words, each with the send whose words stand now.

    Newsletters, and offers that the team has taken; of what has gone out, what is asked for.
    """
    somebody_waits = exists().where(Delivery.send_id == Send.id, Delivery.state == Row.WAITING)
    somebody_asks = exists().where(
        TranslationRequest.subject == Kind.NEWSLETTER, TranslationRequest.subject_id == Send.id
    )
    found = (
        await session.scalars(
            select(Send)
            .where(
                or_(
                    (Send.kind == Kind.NEWSLETTER)
                    & or_(
                        Send.state == Sending.DRAFT,
                        Send.state.in_([Sending.SENDING, Sending.HELD]) & somebody_waits,
                    ),
                    (Send.kind == Kind.OFFER) & Send.state.in_({*sends.TAKEN} - {Sending.SENT}),
                    Send.kind.in_([Kind.NEWSLETTER, Kind.OFFER])
                    & (Send.state == Sending.SENT)
                    & somebody_asks,
                ),
            )
            .order_by(Send.id)
        )
    ).all()
    # Who waits for a language gets the words that stand by then.
    said = [
        (send, await sends.current(session, send) if send.started_at else send) for send in found
    ]
    return [(first, words) for first, words in said if words is not None]


async def _of_coordinators(session: AsyncSession) -> dict[str, dict[int, str]]:
    found = {}
    for subject, table in COORDINATORS.items():
        rows = select(table.id, table.ref).order_by(table.id)
        if table in (Service, Area):
            rows = rows.where(table.is_open)
        elif table is ServiceStep:
            rows = rows.join(Service, Service.id == ServiceStep.service_id).where(Service.is_open)
        elif table is Decision:
            rows = rows.where(Decision.state != Decided.WITHDRAWN)
        found[subject] = dict((await session.execute(rows)).all())
    return found


async def readers(session: AsyncSession, network_language: str) -> dict[str, int]:
    """Return how many active members read each language."""
    spoken = func.coalesce(Person.language, literal(network_language))
    rows = await session.execute(
        select(spoken, func.count()).where(Person.state == Membership.ACTIVE).group_by(spoken)
    )
    return dict(rows.all())


async def stands(session: AsyncSession, key: Key) -> str | None:
    """Return the text that stands in a segment's place and is not out of date, if there is one."""
    subject, ref, field, language = key
    if subject not in TABLES:
        return None
    try:
        row = await find(session, TABLES[subject], ref)
    except NotFoundError:
        return None
    for text in (await translations.texts(session, subject, [row.id])).get(row.id, ()):
        if (text.field, text.language) == (field, language) and text.state != State.STALE:
            return text.text
    return None
