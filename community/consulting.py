"""Stakeholders: organisations and leaders who are asked by a link, without becoming members.

A link has a language and works many times; withdrawn, it leads nowhere. By Telegram an answer is
a survey of the person's own (``community/surveys/``); by the page it is nobody's. Either way its
wave is the link, and no figure about members reads this template.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from community import people, roles, surveys
from community.base import Base, BigId, Referable, find
from community.errors import LinkRefusedError, NotFoundError, NotUnderstoodError
from community.figures import Cell, split
from community.figures.protecting import people as number_of_people
from community.people import Person
from community.roles import RoleName
from community.surveys import SELF, Given, Kind, Progress, Survey, SurveyAnswer, SurveyResponse
from community.surveys.templates import STAKEHOLDER

LABEL_LIMIT = 40
MOST_LINKS = 50
MOST_A_DAY = 200
"""So many answers a link takes on one day by the page, where nobody is known."""


class StakeholderLink(Base, Referable):
    """A link by which somebody is consulted who is no member."""

    __tablename__ = "stakeholder_links"

    label: Mapped[str] = mapped_column(String(LABEL_LIMIT))
    """Whom it is for: a meeting, a letter to organisations."""
    language: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )


@dataclass(frozen=True)
class Consulted:
    """A link, and what came by it: how many answered to the end, and, once it is withdrawn, what.

    What is asked of several answers is told for each: how many chose it.
    """

    link: StakeholderLink
    answered: Cell
    by: Mapping[str, Mapping[str, Cell]]
    """By question and answer; empty while the link leads somewhere, so that nobody watches one
    answer come in, and where fewer than five have answered."""


async def make(
    session: AsyncSession, actor: Person, label: str, language: str, now: datetime
) -> StakeholderLink:
    """Make a link.

    Raises:
        NotAllowedError: the actor is no coordinator.
        NotUnderstoodError: no label, too long a one, or there are a lot of links.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    label = " ".join(label.split())
    if not 0 < len(label) <= LABEL_LIMIT:
        raise NotUnderstoodError("label", limit=LABEL_LIMIT)
    standing = select(func.count()).where(StakeholderLink.withdrawn_at.is_(None))
    if (await session.scalar(standing) or 0) >= MOST_LINKS:
        raise NotUnderstoodError("links", count=MOST_LINKS)
    link = StakeholderLink(label=label, language=language, made_at=now, made_by_id=actor.id)
    session.add(link)
    await session.flush()
    return link


async def every(session: AsyncSession, actor: Person, now: datetime) -> Sequence[StakeholderLink]:
    """Return all links, those that lead somewhere first, the newest first.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    order = StakeholderLink.withdrawn_at.is_not(None), StakeholderLink.id.desc()
    return (await session.scalars(select(StakeholderLink).order_by(*order))).all()


async def withdraw(session: AsyncSession, actor: Person, ref: str, now: datetime) -> None:
    """Let a link lead nowhere from now on, and close what it has asked; what was said stays.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    link = await find(session, StakeholderLink, ref, lock=True)
    link.withdrawn_at = link.withdrawn_at or now
    asked = (Survey.template == STAKEHOLDER.code, Survey.wave == link.ref)
    for survey in await session.scalars(select(Survey).where(*asked)):
        survey.closes_at = survey.closes_at or now
    await session.flush()


async def consulted(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Consulted:
    """Return a link with what came by it.

    Raises:
        NotAllowedError: the actor is no coordinator.
    """
    await roles.require(session, actor, RoleName.COORDINATOR, now)
    link = await find(session, StakeholderLink, ref)
    mine = (
        select(SurveyResponse.id)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .where(
            Survey.template == STAKEHOLDER.code,
            Survey.wave == link.ref,
            SurveyResponse.finished_at.is_not(None),
        )
    )
    responses = (await session.scalars(mine)).all()
    n = number_of_people(len(responses))
    if link.withdrawn_at is None or not isinstance(n, int) or not n:
        return Consulted(link, n, {})
    rows = await session.execute(
        select(SurveyAnswer.question, SurveyAnswer.value, func.count())
        .where(SurveyAnswer.response_id.in_(mine))
        .group_by(SurveyAnswer.question, SurveyAnswer.value)
    )
    counts: Counter[tuple[str, str]] = Counter()
    for question, value, count in rows:
        counts[question, value] = count
    by: dict[str, dict[str, Cell]] = {}
    for asked in STAKEHOLDER.questions:
        said = {value: counts[asked.code, value] for value in asked.values}
        if asked.kind == Kind.SEVERAL:
            by[asked.code] = {
                value: split({True: count, False: n - count}).cells[True]
                for value, count in said.items()
            }
        elif asked.values:
            rest = n - sum(said.values())
            cells = split({**said, "": rest}).cells
            by[asked.code] = {value: cells[value] for value in asked.values}
    return Consulted(link, n, by)


# Answering


async def leading(session: AsyncSession, ref: str) -> StakeholderLink:
    """Return a link that leads somewhere.

    Raises:
        LinkRefusedError: there is none, or it was withdrawn.
    """
    try:
        link = await find(session, StakeholderLink, ref)
    except NotFoundError:
        raise LinkRefusedError from None
    if link.withdrawn_at is not None:
        raise LinkRefusedError
    return link


async def follow(session: AsyncSession, person: Person, ref: str, now: datetime) -> Progress:
    """Open the survey of a link for somebody; who has no language yet reads the link's.

    Raises:
        LinkRefusedError: the link leads nowhere.
    """
    link = await leading(session, ref)
    if person.language is None:
        people.choose_language(person, link.language)
    survey = await surveys.survey_of(session, STAKEHOLDER, now, window=SELF, wave=link.ref)
    response = await session.scalar(
        select(SurveyResponse).where(
            SurveyResponse.survey_id == survey.id, SurveyResponse.person_id == person.id
        )
    )
    if response is None:
        response = SurveyResponse(survey_id=survey.id, person_id=person.id, asked_at=now)
        session.add(response)
    response.skipped_at = None
    await session.flush()
    return await surveys.progress(session, person, response.ref)


async def take(
    session: AsyncSession,
    ref: str,
    said: Mapping[str, Sequence[str]],
    language: str,
    now: datetime,
) -> int:
    """Keep what came by the page, all at once and of nobody; return how many answers.

    Raises:
        LinkRefusedError: the link leads nowhere, or has been answered very often today.
        NotUnderstoodError: an answer is none to its question, or there is none at all.
    """
    link = await leading(session, ref)
    survey = await surveys.survey_of(session, STAKEHOLDER, now, window=SELF, wave=link.ref)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    lately = select(func.count()).where(
        SurveyResponse.survey_id == survey.id, SurveyResponse.asked_at >= today
    )
    if (await session.scalar(lately) or 0) >= MOST_A_DAY:
        raise LinkRefusedError
    given: list[tuple[str, Given]] = []
    for asked in STAKEHOLDER.questions:
        values = [value for value in dict.fromkeys(said.get(asked.code, ())) if value.strip()]
        if asked.kind == Kind.SEVERAL:
            if not set(values) <= set(asked.values):
                raise NotUnderstoodError("answer")
            given += [(asked.code, Given(value)) for value in values]
        elif asked.kind == Kind.TEXT and values:
            given.append((asked.code, surveys.checked(asked, Given(text=values[0]))))
        elif values:
            given.append((asked.code, surveys.checked(asked, Given(values[0]))))
    if not given:
        raise NotUnderstoodError("answer")
    response = SurveyResponse(
        survey_id=survey.id,
        asked_at=now,
        started_at=now,
        finished_at=now,
        language=language,
    )
    session.add(response)
    await session.flush()
    session.add_all(
        SurveyAnswer(
            response_id=response.id,
            question=code,
            value=one.value,
            amount=one.amount,
            text=one.text,
            language=language,
            answered_at=now,
        )
        for code, one in given
    )
    await session.flush()
    return len(given)
