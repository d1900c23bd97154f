"""Coordinators and the network's own surveys: keep one, put it to members, close it, read it.

A form is opened for members in two ways, by asking those who agreed to surveys (the window "own")
and by a link that works for members. Withdrawn, it is closed for good, and only then read: nobody
watches one answer come in.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import people, roles, surveys
from community.base import find
from community.errors import FormRefusedError, LinkRefusedError, NotFoundError
from community.figures import Cell, Hidden, split
from community.figures.protecting import people as number_of_people
from community.people import Person
from community.roles import RoleName
from community.surveys import (
    SELF,
    Kind,
    Progress,
    Survey,
    SurveyAnswer,
    SurveyForm,
    SurveyResponse,
)
from community.surveys.forms import Brought
from community.surveys.relevant import holds
from community.surveys.templates import SHIPPED, Asked, Template

# Keeping


async def check(session: AsyncSession, actor: Person, brought: Brought, now: datetime) -> None:
    """Refuse what cannot be kept.

    Raises:
        NotAllowedError: the actor is no coordinator.
        FormRefusedError: its name belongs to the program, or its version was there with another
            content.
    """
    await _kept_before(session, actor, brought, now)


async def bring(
    session: AsyncSession, actor: Person, brought: Brought, now: datetime
) -> SurveyForm:
    """Keep a form; the same once more is the one that is there.

    Raises:
        NotAllowedError, FormRefusedError: as in ``check``.
    """
    found = await _kept_before(session, actor, brought, now)
    if found is not None:
        return found
    form = SurveyForm(
        code=brought.template.code,
        version=brought.template.version,
        content=brought.as_json(),
        made_at=now,
        made_by_id=actor.id,
    )
    session.add(form)
    await session.flush()
    return form


async def _kept_before(
    session: AsyncSession, actor: Person, brought: Brought, now: datetime
) -> SurveyForm | None:
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    code, version = brought.template.code, brought.template.version
    if any(template.code == code for template in SHIPPED):
        raise FormRefusedError("ours", "settings", 2, code)
    found: SurveyForm | None = await session.scalar(
        select(SurveyForm).filter_by(code=code, version=version)
    )
    if found is not None and found.brought != brought:
        raise FormRefusedError("version", "settings", 2, str(version))
    return found


async def every(session: AsyncSession, actor: Person, now: datetime) -> Sequence[SurveyForm]:
    """Return all forms, those that are not withdrawn first, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    order = SurveyForm.withdrawn_at.is_not(None), SurveyForm.id.desc()
    return (await session.scalars(select(SurveyForm).order_by(*order))).all()


# Opening and closing


async def ask_members(session: AsyncSession, actor: Person, ref: str, now: datetime) -> bool:
    """Put a form to the members who agreed to surveys; True if that is new.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is none, or it is withdrawn.
    """
    form = await _open_one(session, actor, ref, now)
    if form.asked_at is not None:
        return False
    form.asked_at = now
    await session.flush()
    return True


async def link(session: AsyncSession, actor: Person, ref: str, now: datetime) -> bool:
    """Let the link of a form lead to it; True if that is new.

    Raises:
        NotAllowedError, NotFoundError: as in ``ask_members``.
    """
    form = await _open_one(session, actor, ref, now)
    if form.linked_at is not None:
        return False
    form.linked_at = now
    await surveys.survey_of(session, form.brought.template, now, window=SELF, form_id=form.id)
    await session.flush()
    return True


async def _open_one(session: AsyncSession, actor: Person, ref: str, now: datetime) -> SurveyForm:
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    form = await find(session, SurveyForm, ref, lock=True)
    if form.withdrawn_at is not None:
        raise NotFoundError("SurveyForm")
    return form


async def withdraw(session: AsyncSession, actor: Person, ref: str, now: datetime) -> bool:
    """Close a form for good: nobody is asked any more, nothing is answered; True if that is new.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is none.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    form = await find(session, SurveyForm, ref, lock=True)
    if form.withdrawn_at is not None:
        return False
    form.withdrawn_at = now
    for survey in await session.scalars(select(Survey).where(Survey.form_id == form.id)):
        survey.closes_at = now
    await session.flush()
    return True


async def follow(session: AsyncSession, person: Person, ref: str, now: datetime) -> Progress:
    """Open what a link leads a member to; who was asked already goes on there.

    Raises:
        NotAMemberError: only members answer.
        LinkRefusedError: it leads nowhere (any more).
    """
    people.require_member(person)
    form = await leading(session, ref)
    mine = await session.scalar(
        select(SurveyResponse)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .where(Survey.form_id == form.id, SurveyResponse.person_id == person.id)
        .limit(1)
    )
    if mine is None:
        survey = (
            await session.scalars(select(Survey).filter_by(form_id=form.id, window=SELF))
        ).one()
        mine = SurveyResponse(survey_id=survey.id, person_id=person.id, asked_at=now)
        session.add(mine)
    mine.skipped_at = None
    await session.flush()
    return await surveys.progress(session, person, mine.ref)


async def leading(session: AsyncSession, ref: str) -> SurveyForm:
    """Return what a link leads to.

    Raises:
        LinkRefusedError: it leads nowhere (any more).
    """
    try:
        form = await find(session, SurveyForm, ref)
    except NotFoundError:
        raise LinkRefusedError from None
    if form.linked_at is None or form.withdrawn_at is not None:
        raise LinkRefusedError
    return form


# Reading


@dataclass(frozen=True)
class Results:
    """A form, and what came of it once it is withdrawn."""

    form: SurveyForm
    answered: Cell
    """How many people have answered it to the end."""
    by: Mapping[str, Mapping[str, Cell]]
    """By question and answer; empty before it is withdrawn, and where fewer than five have
    answered. Of several answers each is told: how many chose it."""


async def results(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Results:
    """Return a form with what was answered.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotFoundError: there is none.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    form = await find(session, SurveyForm, ref)
    finished = (
        select(SurveyResponse.id)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .where(Survey.form_id == form.id, SurveyResponse.finished_at.is_not(None))
    )
    count = await session.scalar(select(func.count()).select_from(finished.subquery())) or 0
    answered = number_of_people(count)
    if form.withdrawn_at is None or not isinstance(answered, int) or not answered:
        return Results(form, answered, {})
    rows = await session.execute(
        select(SurveyAnswer.question, SurveyAnswer.value, func.count())
        .where(SurveyAnswer.response_id.in_(finished))
        .group_by(SurveyAnswer.question, SurveyAnswer.value)
    )
    given = Counter({(question, value): n for question, value, n in rows})
    return Results(form, answered, _told(form.brought.template, given, count))


def _told(
    template: Template, given: Counter[tuple[str, str]], count: int
) -> Mapping[str, Mapping[str, Cell]]:
    """Protect the answers to each question by themselves.

    How many were asked what depends on another answer is told only where that is told anyway:
    else two tables could be subtracted to the few whom the other one hides.
    """
    found: dict[str, Mapping[str, Cell]] = {}
    whole: dict[str, Mapping[str, int]] = {}
    for asked in template.questions:
        said = {value: given[asked.code, value] for value in asked.values}
        people_asked = _asked(asked, whole, count)
        if people_asked is None or not said:
            continue
        if asked.kind == Kind.SEVERAL:
            found[asked.code] = {
                value: split({True: n, False: people_asked - n}).cells[True]
                for value, n in said.items()
            }
            continue
        parts = {**said, "": people_asked - sum(said.values())}
        cells = split(parts).cells
        found[asked.code] = {value: cells[value] for value in asked.values}
        if asked.relevant is None and not any(isinstance(one, Hidden) for one in cells.values()):
            whole[asked.code] = parts
    return found


def _asked(asked: Asked, whole: Mapping[str, Mapping[str, int]], count: int) -> int | None:
    """Return how many were asked a question; None where that would tell more than is told."""
    if asked.relevant is None:
        return count
    match [*asked.depends_on]:
        case [one] if one in whole:
            return sum(
                n
                for value, n in whole[one].items()
                if holds(asked.relevant, {one: [value] if value else []})
            )
    return None
