"""Lessons: a few screens of words, one question, and one thing to do next in this bot.

What a lesson says is content (subject "lesson"), translated at the desk and read aloud as all
content is. Some come with the program (``install``); animators write others. Members take them,
and the team has some of its own. Of a member it is kept where they are, so that they can stop and
go on; of whoever only looks round nothing is.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import memory, roles, translations
from community.base import Base, BigId, Identified, Referable, find
from community.errors import (
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
)
from community.figures import Protected, protect
from community.lifecycle import Lifecycle, Who, who
from community.people import Person
from community.portions import Portion, portion
from community.roles import RoleName
from community.sends import Picture
from community.translations import Block, ContentText, Reads
from community.writing import insert_new

SUBJECT = "lesson"
SCREENS = ("screen1", "screen2", "screen3", "screen4")
ANSWERS = ("answer1", "answer2", "answer3", "answer4")
FEWEST_ANSWERS = 2
TITLE, QUESTION, WHY, PICTURE = "title", "question", "why", "picture"


class State(StrEnum):
    """How far a lesson is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


_A = who(Who.ANIMATOR)
LESSON = Lifecycle(
    "lesson",
    {
        State.DRAFT: {State.PUBLISHED: _A},
        State.PUBLISHED: {State.WITHDRAWN: _A},
        State.WITHDRAWN: {State.PUBLISHED: _A},
    },
)


class Leads(StrEnum):
    """Where a lesson leads when it is done: a part of this bot."""

    EVENTS = "events"
    SUPPORT = "support"
    ME = "me"
    ASK = "ask"
    MENU = "menu"
    INTERNET = "internet"
    CHECK = "check"
    NEWS = "news"
    NETWORKS = "networks"
    """The networks that one can join."""
    PROPOSE = "propose"
    """An idea for an event."""
    DESK = "desk"
    """For the team alone."""
    PLAN = "plan"
    """For the team alone: the events that it plans."""


OF_TEAM = frozenset({Leads.DESK, Leads.PLAN})


class Lesson(Base, Referable):
    """One lesson; what it says stands in its texts."""

    __tablename__ = "lessons"

    code: Mapped[str | None] = mapped_column(String(24), unique=True)
    """Of one that came with the program."""
    packed: Mapped[str | None] = mapped_column(String(16))
    """What tells whether the program brings other words than these."""
    for_team: Mapped[bool] = mapped_column(default=False)
    state: Mapped[State] = mapped_column(String(16), default=State.DRAFT)
    position: Mapped[int] = mapped_column(default=100)
    leads: Mapped[Leads] = mapped_column(String(16))
    right_answer: Mapped[int]
    """Which answer is right, from 1; with 0 each is."""
    picture_id: Mapped[str | None] = mapped_column(Text)
    picture_is_photo: Mapped[bool] = mapped_column(default=False)
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    made_at: Mapped[datetime]

    @property
    def picture(self) -> Picture | None:
        """Return the picture that goes with its first screen, if there is one."""
        return Picture(self.picture_id, self.picture_is_photo) if self.picture_id else None


class LessonProgress(Base, Identified):
    """How far one member is in one lesson."""

    __tablename__ = "lesson_progress"
    __table_args__ = (UniqueConstraint("person_id", "lesson_id"),)

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    lesson_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("lessons.id", ondelete="CASCADE"), index=True
    )
    language: Mapped[str] = mapped_column(String(16))
    """In which they read it last."""
    screen: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


def screens_of(block: Block) -> list[str]:
    """Return the fields of a lesson's screens, in their order."""
    return [field for field in SCREENS if block.get(field)]


def seal_of(block: Block) -> str:
    """Return what stands for exactly this question with these answers, for a button."""
    return translations.seal(*(block.get(field) for field in (QUESTION, *ANSWERS)))


def seal_of_all(lesson: Lesson, block: Block) -> str:
    """Return what stands for exactly this lesson: its words, right answer, picture and end."""
    said = (f"{field}={text}" for field, text in sorted(block.fields.items()))
    return translations.seal(lesson.leads, str(lesson.right_answer), lesson.picture_id, "", *said)


def answers_of(block: Block) -> list[str]:
    """Return the answers to its question, in their order."""
    return [block.get(field) for field in ANSWERS if block.get(field)]


# What comes with the program


@dataclass(frozen=True)
class Packed:
    """A lesson as the program brings it: complete in each of its languages."""

    code: str
    leads: Leads
    right: int
    for_team: bool
    texts: Mapping[str, Mapping[str, str]]

    @property
    def digest(self) -> str:
        """Return what is another where anything of it is."""
        said = json.dumps([self.leads, self.right, self.for_team, self.texts], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


async def install(
    session: AsyncSession, packed: Sequence[Packed], source: str, now: datetime
) -> int:
    """Bring the program's lessons in, or up to date; return how many were.

    One whose words the team has changed stays theirs, with its answer. One that was taken down
    stays down. Of processes that start together one brings them, and the others wait for it.
    """
    new = [
        {"code": one.code, "leads": one.leads, "right_answer": one.right, "made_at": now}
        for one in packed
    ]
    await insert_new(session, Lesson, [{**row, "state": State.PUBLISHED} for row in new])
    codes = [one.code for one in packed]
    there = {
        lesson.code: lesson
        for lesson in await session.scalars(
            select(Lesson)
            .where(Lesson.code.in_(codes))
            .order_by(Lesson.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    changed = 0
    for position, one in enumerate(packed):
        lesson = there[one.code]
        if lesson.packed == one.digest:
            continue
        lesson.for_team, lesson.leads = one.for_team, one.leads
        lesson.position, lesson.packed = position, one.digest
        await _write_packed(session, lesson, one, source, now)
        changed += 1
    return changed


async def _write_packed(
    session: AsyncSession, lesson: Lesson, one: Packed, source: str, now: datetime
) -> None:
    texts = await translations.read_anew(session, SUBJECT, lesson.id)
    if any(row.is_source and row.written_as for row in texts):
        return  # which answer is right, and what the others translate, is theirs
    lesson.right_answer = one.right
    before = {row.field: row.text for row in texts if row.is_source}
    gone = before.keys() - one.texts[source].keys()
    for field in sorted(gone):
        await translations.strike(session, SUBJECT, lesson.id, source, field, now)
    there = {(row.language, row.field): row for row in texts if row.field not in gone}
    for written in there.values():
        is_theirs = written.written_as is not None or written.language not in one.texts
        if is_theirs and before.get(written.field) != one.texts[source].get(written.field):
            written.state = translations.State.STALE
    order = sorted(one.texts, key=lambda language: (language != source, language))
    for language in order:
        for field, text in one.texts[language].items():
            row = there.get((language, field))
            if row is not None and row.written_as is None:
                row.text, row.written_at = text, now
                row.state = translations.State.APPROVED
            elif row is None:
                session.add(
                    ContentText(
                        subject=SUBJECT,
                        subject_id=lesson.id,
                        language=language,
                        field=field,
                        text=translations.clean(SUBJECT, field, text),
                        state=translations.State.APPROVED,
                        is_source=language == source,
                        written_at=now,
                    )
                )
    memory.drop(session, (ContentText, SUBJECT, lesson.id))
    await session.flush()


# Taking them


@dataclass(frozen=True)
class Offered:
    """A lesson, what it says to a reader, and how far they are in it."""

    lesson: Lesson
    block: Block
    progress: LessonProgress | None


async def offered(
    session: AsyncSession,
    reader: Person,
    reads: Reads,
    network: str,
    now: datetime,
    *,
    for_team: bool = False,
) -> list[Offered]:
    """Return the lessons that there are for members, or for the team.

    Raises:
        NotAllowedError: those of the team are for animators.
    """
    if for_team:
        await roles.require(session, reader, RoleName.ANIMATOR, now)
    query = select(Lesson).where(Lesson.state == State.PUBLISHED, Lesson.for_team == for_team)
    found = (await session.scalars(query.order_by(Lesson.position, Lesson.id))).all()
    numbers = [lesson.id for lesson in found]
    blocks = await translations.blocks(session, SUBJECT, numbers, reads, network)
    far = {
        progress.lesson_id: progress
        for progress in await session.scalars(
            select(LessonProgress).where(LessonProgress.person_id == reader.id)
        )
    }
    return [
        Offered(lesson, blocks[lesson.id], far.get(lesson.id))
        for lesson in found
        if lesson.id in blocks
    ]


async def open_to(session: AsyncSession, reader: Person, ref: str, now: datetime) -> Lesson:
    """Return a lesson that this person may read; animators read what is not published, too.

    Raises:
        NotFoundError: there is none, or it is not for them.
    """
    lesson = await find(session, Lesson, ref)
    if lesson.state == State.PUBLISHED and not lesson.for_team:
        return lesson
    if not await roles.holds(session, reader, RoleName.ANIMATOR, now):
        raise NotFoundError("Lesson")
    return lesson


async def progress_of(
    session: AsyncSession, reader: Person, lesson: Lesson
) -> LessonProgress | None:
    """Return how far somebody is in a lesson, if they have begun it."""
    found: LessonProgress | None = await session.scalar(
        select(LessonProgress).where(
            LessonProgress.person_id == reader.id, LessonProgress.lesson_id == lesson.id
        )
    )
    return found


async def turn(
    session: AsyncSession, actor: Person, ref: str, screen: int, language: str, now: datetime
) -> None:
    """Note that somebody reads this screen now, counted from 0; of members only.

    Raises:
        NotFoundError: there is no such lesson for them.
    """
    await _note(session, actor, ref, min(max(screen, 0), len(SCREENS)), language, now)


async def answer(
    session: AsyncSession, actor: Person, ref: str, language: str, now: datetime
) -> None:
    """Note that somebody has answered its question, whatever they said: they have finished it.

    Raises:
        NotFoundError: there is no such lesson for them.
    """
    await _note(session, actor, ref, len(SCREENS), language, now, is_end=True)


async def _note(
    session: AsyncSession,
    actor: Person,
    ref: str,
    screen: int,
    language: str,
    now: datetime,
    *,
    is_end: bool = False,
) -> None:
    lesson = await open_to(session, actor, ref, now)
    if not actor.is_member or lesson.state != State.PUBLISHED:
        return
    new = {"person_id": actor.id, "lesson_id": lesson.id, "language": language}
    await insert_new(session, LessonProgress, [{**new, "screen": screen, "started_at": now}])
    progress = await progress_of(session, actor, lesson)
    assert progress is not None
    progress.screen, progress.language = screen, language
    if is_end and progress.finished_at is None:
        progress.finished_at = now
    await session.flush()


# Writing them


async def add(
    session: AsyncSession,
    actor: Person,
    language: str,
    texts: Mapping[str, str],
    now: datetime,
    *,
    leads: Leads,
    right: int,
    picture: Picture | None = None,
) -> Lesson:
    """Write a lesson for members; it stays a draft until it is published.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: something is missing, too long, or no answer of the question.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    _require_whole(texts, right, leads, has_picture=picture is not None)
    lesson = Lesson(leads=leads, right_answer=right, made_by_id=actor.id, made_at=now)
    if picture is not None:
        lesson.picture_id, lesson.picture_is_photo = picture.file_id, picture.is_photo
    session.add(lesson)
    await session.flush()
    await translations.write(session, actor, SUBJECT, lesson.id, language, texts, now)
    return lesson


def _require_whole(
    texts: Mapping[str, str], right: int, leads: Leads, *, has_picture: bool
) -> None:
    needed = [TITLE, SCREENS[0], QUESTION, *ANSWERS[:FEWEST_ANSWERS]]
    needed += [PICTURE] if has_picture else []  # a picture goes out with its words, or not at all
    for field in needed:
        if not texts.get(field, "").strip():
            raise NotUnderstoodError(field)
    if not 0 <= right <= sum(bool(texts.get(field)) for field in ANSWERS) or leads in OF_TEAM:
        raise NotUnderstoodError("choice")


async def write(
    session: AsyncSession,
    actor: Person,
    ref: str,
    language: str,
    texts: Mapping[str, str],
    now: datetime,
) -> Lesson:
    """Write some of its texts anew, or in another language.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone.
        NotUnderstoodError: a text is empty or too long.
    """
    lesson = await opened(session, actor, ref, now, lock=True)
    await translations.write(session, actor, SUBJECT, lesson.id, language, texts, now)
    return lesson


async def change(
    session: AsyncSession,
    actor: Person,
    ref: str,
    texts: Mapping[str, str],
    now: datetime,
    *,
    seen: str,
    leads: Leads | None = None,
    right: int | None = None,
    picture: Picture | None = None,
) -> Lesson:
    """Change a lesson of the team's own: what is not given stays as it is.

    The texts are in the language in which it was written; their translations are stale then. With
    a question come its answers and what is read after it: what it had more of goes. ``seen``
    seals the whole lesson as it was when the actor began.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone, or came with the program.
        ChangedError: something of it is another by now.
        NotUnderstoodError: something is missing, too long, or no answer of the question.
    """
    lesson = await opened(session, actor, ref, now, lock=True)
    if lesson.code is not None:
        raise NotFoundError("Lesson")
    block = await source_of(session, lesson)
    if seen != seal_of_all(lesson, block):
        raise ChangedError(LESSON.name, lesson.state, lesson.state)
    beside = (*ANSWERS, WHY) if QUESTION in texts else ()
    gone = [field for field in beside if block.get(field) and field not in texts]
    whole = {field: text for field, text in block.fields.items() if field not in gone} | {**texts}
    lesson.leads = Leads(leads or lesson.leads)
    lesson.right_answer = lesson.right_answer if right is None else right
    if picture is not None:
        lesson.picture_id, lesson.picture_is_photo = picture.file_id, picture.is_photo
    has_picture = lesson.picture is not None
    _require_whole(whole, lesson.right_answer, lesson.leads, has_picture=has_picture)
    for field in gone:
        await translations.strike(session, SUBJECT, lesson.id, block.language, field, now)
    if texts:
        await translations.write(session, actor, SUBJECT, lesson.id, block.language, texts, now)
    await session.flush()
    return lesson


async def take_picture_off(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Let a lesson of the team's own have no picture, and no words for one.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone, or came with the program.
    """
    lesson = await opened(session, actor, ref, now, lock=True)
    if lesson.code is not None:
        raise NotFoundError("Lesson")
    lesson.picture_id, lesson.picture_is_photo = None, False
    block = await source_of(session, lesson)
    if block.get(PICTURE):
        await translations.strike(session, SUBJECT, lesson.id, block.language, PICTURE, now)
    await session.flush()


async def source_of(session: AsyncSession, lesson: Lesson) -> Block:
    """Return a lesson in the language in which it was written."""
    shelf = (await translations.shelves(session, SUBJECT, [lesson.id]))[lesson.id]
    return Block(shelf.source, shelf.complete[shelf.source], is_own=True)


async def opened(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, lock: bool = False
) -> Lesson:
    """Return a lesson as the team sees it.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    return await find(session, Lesson, ref, lock=lock)


async def every(
    session: AsyncSession, actor: Person, now: datetime, at: int = 0, *, size: int
) -> Portion[Lesson]:
    """Return a page of all lessons: those that animators have written first, the newest first.

    Raises:
        NotAllowedError: the actor is no animator.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    query = select(Lesson).order_by(Lesson.code.is_not(None), Lesson.position, Lesson.id.desc())
    return await portion(session, query, at, size)


async def publish(
    session: AsyncSession, actor: Person, ref: str, now: datetime, *, again: bool = False
) -> Lesson:
    """Offer a draft to members; ``again``, one that was taken down.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone.
        IllegalMoveError: it is taken down, or with ``again`` a draft: it takes the other act.
    """
    lesson = await opened(session, actor, ref, now, lock=True)
    if lesson.state == (State.DRAFT if again else State.WITHDRAWN):
        raise IllegalMoveError(LESSON.name, lesson.state, State.PUBLISHED)
    await LESSON.move(session, lesson, State.PUBLISHED, Who.ANIMATOR, now, actor_id=actor.id)
    return lesson


async def withdraw(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Lesson:
    """Take a lesson down. How far members are in it stays.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone.
        IllegalMoveError: it is not published.
    """
    lesson = await opened(session, actor, ref, now, lock=True)
    await LESSON.move(session, lesson, State.WITHDRAWN, Who.ANIMATOR, now, actor_id=actor.id)
    return lesson


async def discard(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Throw a draft away, with all it says.

    Raises:
        NotAllowedError: the actor is no animator.
        NotFoundError: it is gone, or no draft: what members have seen is taken down instead.
    """
    lesson = await opened(session, actor, ref, now, lock=True)
    if lesson.state != State.DRAFT:
        raise NotFoundError("Lesson")
    await translations.forget(session, SUBJECT, lesson.id)
    await session.delete(lesson)
    await session.flush()


# Figures


@dataclass(frozen=True)
class Completion:
    """How many members took lessons, by the language of the words that they read last.

    Each counts once: with the lesson they finished last, or else with the one they began last.
    """

    finished: Protected[str]
    """At least one lesson."""
    under_way: Protected[str]
    """Begun, and none finished."""


async def completion(session: AsyncSession, actor: Person, now: datetime) -> Completion:
    """Return how many members have finished a lesson, and how many only begun, by language.

    Raises:
        NotAllowedError: the actor neither animates nor coordinates.
    """
    held = {role.name for role in await roles.held(session, actor, now)}
    if not held & {RoleName.ANIMATOR, RoleName.COORDINATOR}:
        raise NotAllowedError(RoleName.ANIMATOR)
    finished = LessonProgress.finished_at
    newest = func.row_number().over(
        partition_by=LessonProgress.person_id,
        order_by=(
            finished.is_(None),  # whoever has finished one is under way nowhere
            func.coalesce(finished, LessonProgress.started_at).desc(),
            LessonProgress.id.desc(),
        ),
    )
    ranked = (
        select(LessonProgress.language, finished.is_not(None).label("is_done"), newest.label("at"))
        .join(Lesson, Lesson.id == LessonProgress.lesson_id)
        .where(~Lesson.for_team)
        .subquery()
    )
    rows = await session.execute(
        select(ranked.c.language, func.count(), func.sum(case((ranked.c.is_done, 1), else_=0)))
        .where(ranked.c.at == 1)
        .group_by(ranked.c.language)
        .order_by(ranked.c.language)
    )
    found = {language: (people, int(done)) for language, people, done in rows}
    return Completion(
        protect({code: done for code, (_people, done) in found.items()}),
        protect({code: people - done for code, (people, done) in found.items()}),
    )
