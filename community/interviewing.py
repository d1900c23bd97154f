"""The needs interview: begun by a member's own hand, filled in with what they have said before.

It is a survey (``community/surveys/``), so it can be left and taken up again at any time. What it
asks of a profile is known there too: an answer changes the profile at once, and what the profile
says already is not asked. A year after it the clock asks again (window ``needs``), all of it:
much may have changed.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import limits, needs, people, surveys
from community.limits import CHOICES, Limit
from community.needs import Need
from community.people import Person, Stage
from community.surveys import SELF, Progress, Survey, SurveyAnswer, SurveyResponse
from community.surveys.templates import NEEDS_INTERVIEW
from community.surveys.windows import ASKED_AGAIN


async def last(session: AsyncSession, person: Person) -> Progress | None:
    """Return where somebody stands in the interview they were asked, or began, last."""
    ref = await session.scalar(
        select(SurveyResponse.ref)
        .join(Survey, Survey.id == SurveyResponse.survey_id)
        .where(SurveyResponse.person_id == person.id, Survey.template == NEEDS_INTERVIEW.code)
        .order_by(SurveyResponse.id.desc())
        .limit(1)
    )
    return None if ref is None else await surveys.progress(session, person, ref)


def is_fresh(found: Progress, now: datetime) -> bool:
    """Say whether it was answered to the end less than a year ago."""
    finished = found.response.finished_at
    return finished is not None and finished + ASKED_AGAIN > now


async def begin(session: AsyncSession, actor: Person, now: datetime) -> Progress:
    """Return the interview that the actor is in, or begin one.

    One that was answered within a year is returned as it is; one that was broken off goes on.

    Raises:
        NotAMemberError: the actor has not joined.
    """
    people.require_member(actor)
    before = await last(session, actor)
    wave = f"{now:%Y}"
    if before is not None and (is_fresh(before, now) or _goes_on(before, now)):
        return before
    if before is not None and (before.survey.window, before.survey.wave) == (SELF, wave):
        before.response.skipped_at = None
        await session.flush()
        return before
    survey = await surveys.survey_of(session, NEEDS_INTERVIEW, now, window=SELF, wave=wave)
    response = SurveyResponse(survey_id=survey.id, person_id=actor.id, asked_at=now)
    session.add(response)
    await session.flush()
    if before is None:
        await _fill_in(session, actor, response, now)
    return await surveys.progress(session, actor, response.ref)


def _goes_on(found: Progress, now: datetime) -> bool:
    return not found.is_closed and not found.is_over(now)


async def _fill_in(
    session: AsyncSession, actor: Person, response: SurveyResponse, now: datetime
) -> None:
    """Answer what the profile says already, so that nothing is asked twice."""
    known: dict[str, Sequence[str]] = {
        "stage": [actor.stage] if actor.stage else [],
        "needs": await needs.of(session, actor),
        "offers": await needs.offered_by(session, actor),
        "limits": list(await limits.of(session, actor)),
    }
    session.add_all(
        SurveyAnswer(
            response_id=response.id,
            question=question,
            value=value,
            language=actor.language,
            answered_at=now,
        )
        for question, values in known.items()
        for value in dict.fromkeys(values)
    )
    await session.flush()


async def note(session: AsyncSession, person: Person, found: Progress) -> None:
    """Let the profile say what the interview says; what it was not answered stays.

    How far somebody can travel, and until when, is asked under /me: a tick alone does not say it.
    """
    if found.template.code != NEEDS_INTERVIEW.code or not person.is_member:
        return
    said = {code: [one.value for one in given] for code, given in found.given.items()}
    if "stage" in said:
        person.stage = Stage(said["stage"][0])
    if "needs" in said:
        before = await needs.of(session, person)
        kept = [one for one in before if one in said["needs"]]
        wanted = [*kept, *(Need(one) for one in said["needs"] if one not in kept)]
        if wanted != before:
            await needs.look_for(session, person, wanted)
    if "offers" in said and said["offers"] != await needs.offered_by(session, person):
        await needs.offer(session, person, [Need(one) for one in said["offers"]])
    if "limits" in said:
        mine = await limits.of(session, person)
        for limit in Limit:
            on = limit in said["limits"]
            if on != (limit in mine) and not (on and limit in CHOICES):
                await limits.tick(session, person, limit, on=on)
    await session.flush()
