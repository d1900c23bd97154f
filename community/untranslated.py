"""What is not translated: one text after the other, first what most people would read.

Each member who reads its language counts once, each who has asked for it ten times more
(``community/asking.py``). A *segment* is one field of one subject in one language in which it is
missing or out of date. It waits for whoever may write it: the animators' texts for animators, the
directory's for coordinators, all of them for translators. A draft waits for a second reader.
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
from community.deliveries import Delivery
from community.deliveries import State as Row
from community.errors import NotAllowedError, NotFoundError
from community.events import Event
from community.events import State as Planned
from community.people import Membership, Person
from community.providers import Organization, Service, ServiceStep
from community.roles import RoleName
from community.sends import PICTURE, Kind, Send
from community.sends import State as Sending
from community.translations import ContentText, State

DIRECTORY: Mapping[str, type[Referable]] = {
    "service": Service,
    "step": ServiceStep,
    "organization": Organization,
    "area": Area,
}
ANIMATORS: Mapping[str, type[Referable]] = {"event": Event, "newsletter": Send, PICTURE: Send}
TABLES: Mapping[str, type[Referable]] = {**ANIMATORS, **DIRECTORY}

WRITERS = frozenset({RoleName.ANIMATOR, RoleName.COORDINATOR, RoleName.TRANSLATOR})
"""Whose texts wait at the translation desk."""

ASKING = 10
"""Whoever has asked for a text counts so much more than whoever only reads its language."""

Key = tuple[str, str, str, str]
"""What names a segment: subject, its reference, field, language."""


@dataclass(frozen=True)
class Segment:
    """One text that is missing, or out of date, in one language."""

    subject: str
    ref: str
    row_id: int
    """The row that the words belong to."""
    field: str
    language: str
    source_language: str
    source: str
    text: str | None
    """What stands there and is not up to date, or a draft."""
    state: State
    writer_id: int | None
    """Who wrote what stands there."""
    readers: int
    """How many members read this language."""
    asked: int
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
    held = {role.name for role in await roles.held(session, reader, now)}
    if not held & WRITERS:
        raise NotAllowedError(RoleName.TRANSLATOR)
    refs: dict[str, dict[int, str]] = {}
    if held & {RoleName.ANIMATOR, RoleName.TRANSLATOR}:
        refs |= await _of_animators(session, now)
    if held & {RoleName.COORDINATOR, RoleName.TRANSLATOR}:
        refs |= await _of_directory(session)
    read_by = await readers(session, network_language)
    asked_by = await _asked_by(session, network_language)
    found: list[Segment] = []
    for subject, of in refs.items():
        for row_id, texts in (await translations.texts(session, subject, of)).items():
            found += _segments(subject, of[row_id], texts, offered, read_by, asked_by)
    if held & {RoleName.ANIMATOR, RoleName.TRANSLATOR}:
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


async def require_open(session: AsyncSession, subject: str, ref: str, now: datetime) -> None:
    """Refuse what is not to be translated now.

    Raises:
        NotFoundError: there is no such thing, or it is over, has gone out or is being approved.
    """
    of_animators = subject in ANIMATORS
    refs = await _of_animators(session, now) if of_animators else await _of_directory(session)
    if ref not in refs.get(subject, {}).values():
        raise NotFoundError(subject)


def _segments(
    subject: str,
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
            found.append(
                Segment(
                    subject,
                    ref,
                    source.subject_id,
                    source.field,
                    language,
                    source.language,
                    source.text,
                    row.text if row else None,
                    State(row.state) if row else State.MISSING,
                    row.written_by_id if row else None,
                    read_by[language],
                    asked_by.get((subject, source.subject_id, language), 0),
                )
            )
    return found


async def _of_animators(session: AsyncSession, now: datetime) -> dict[str, dict[int, str]]:
    open_event = Event.state.in_([Planned.DRAFT, Planned.PUBLISHED])
    coming = select(Event.id, Event.ref).where(open_event, Event.starts_at > now)
    events = await session.execute(coming.order_by(Event.id))
    letters = [said for _first, said in await _letters(session)]
    return {
        "event": dict(events.all()),
        "newsletter": {send.id: send.ref for send in letters},
        PICTURE: {send.id: send.ref for send in letters if send.picture is not None},
    }


async def _letters(session: AsyncSession) -> list[tuple[Send, Send]]:
    """Return the newsletters that wait for words, each with the send whose words stand now."""
    somebody_waits = exists().where(Delivery.send_id == Send.id, Delivery.state == Row.WAITING)
    somebody_asks = exists().where(
        TranslationRequest.subject == Kind.NEWSLETTER, TranslationRequest.subject_id == Send.id
    )
    found = (
        await session.scalars(
            select(Send)
            .where(
                Send.kind == Kind.NEWSLETTER,
                or_(
                    Send.state == Sending.DRAFT,
                    Send.state.in_([Sending.SENDING, Sending.HELD]) & somebody_waits,
                    (Send.state == Sending.SENT) & somebody_asks,
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


async def _of_directory(session: AsyncSession) -> dict[str, dict[int, str]]:
    found = {}
    for subject, table in DIRECTORY.items():
        rows = select(table.id, table.ref).order_by(table.id)
        if table in (Service, Area):
            rows = rows.where(table.is_open)
        elif table is ServiceStep:
            rows = rows.join(Service, Service.id == ServiceStep.service_id).where(Service.is_open)
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
