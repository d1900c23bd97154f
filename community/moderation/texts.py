"""A translation is reported as wrong: whoever answers for the text puts it right, or says it is.

It concerns nobody's conduct, so it stands at the translation desk and not in the queue of reports;
it has the same clock.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import asking, roles, sends, translating, translations, untranslated
from community.base import find
from community.errors import NotAllowedError, NotFoundError, NotUnderstoodError, TooLateError
from community.measures import Measure, Why
from community.moderation.judging import settle
from community.moderation.reporting import file
from community.moderation.table import Report, What
from community.people import Person
from community.providers import Service, ServiceStep
from community.roles import RoleName
from community.sends import PICTURE, Send
from community.translations import ContentText, State
from community.untranslated import TABLES, WRITERS, Segment
from community.workdays import NOWHERE


@dataclass(frozen=True)
class Sentence:
    """One field of what somebody reads in translation."""

    subject: str
    ref: str
    number: int
    field: str
    language: str
    text: str


async def sentences(
    session: AsyncSession,
    reader: Person,
    subject: str,
    ref: str,
    languages: Collection[str],
    now: datetime,
) -> list[Sentence]:
    """Return what somebody reads in translation of what they may open, in these languages.

    Raises:
        NotFoundError: there is no such thing, or it is not for the reader to open.
    """
    if subject == PICTURE:
        subject = "newsletter"
    elif subject == "step":
        step = await find(session, ServiceStep, ref)
        subject, ref = "service", (await session.get_one(Service, step.service_id)).ref
    number = await asking.opened_by(session, reader, subject, ref, now)
    parts = [(subject, number, ref)]
    if subject == "service":
        steps = select(ServiceStep.id, ServiceStep.ref).where(ServiceStep.service_id == number)
        rows = await session.execute(steps.order_by(ServiceStep.id))
        parts += [("step", step_id, step_ref) for step_id, step_ref in rows]
    elif subject == "newsletter":
        said = await sends.current(session, await session.get_one(Send, number))
        parts = [(kind, said.id, said.ref) for kind in ("newsletter", PICTURE)] if said else []
    found = []
    for kind, part_id, part_ref in parts:
        for row in (await translations.texts(session, kind, [part_id])).get(part_id, ()):
            is_read = row.state == State.APPROVED and row.language in languages
            if is_read and not row.is_source:
                found.append(
                    Sentence(kind, part_ref, part_id, row.field, row.language, row.text)
                )  # fmt: skip
    return found


async def report_text(
    session: AsyncSession,
    actor: Person,
    subject: str,
    ref: str,
    field: str,
    languages: Collection[str],
    now: datetime,
    *,
    zone: str = "UTC",
    country: str = NOWHERE,
) -> Report:
    """Report that a translation is wrong: it goes to the translation desk.

    Raises:
        NotFoundError: there is no such text, it is no translation into one of these languages, or
            it is not for the actor to see.
        TooOftenError: the actor has reported a lot today.
    """
    there = await sentences(session, actor, subject, ref, languages, now)
    meant = next(
        (one for one in there if (one.subject, one.ref, one.field) == (subject, ref, field)), None
    )
    if meant is None:
        raise NotFoundError("Text")
    made = Report(
        what=What.TEXT,
        subject=subject,
        subject_id=meant.number,
        field=field,
        language=meant.language,
    )
    return await file(session, actor, made, Why.WRONG_TRANSLATION, now, zone, country)


async def wrong_texts(session: AsyncSession, reader: Person, now: datetime) -> list[Report]:
    """Return what was reported as wrong of the texts that the reader answers for, oldest first.

    To a translator, who changes nothing that is approved, that is none.

    Raises:
        NotAllowedError: the reader neither animates nor coordinates, nor translates.
    """
    held = {role.name for role in await roles.held(session, reader, now)}
    if not held & WRITERS:
        raise NotAllowedError(RoleName.TRANSLATOR)
    theirs = await untranslated.counting_at_once(session, reader, now)
    still_there = and_(
        ContentText.subject == Report.subject,
        ContentText.subject_id == Report.subject_id,
        ContentText.field == Report.field,
        ContentText.language == Report.language,
    )
    rows = await session.scalars(
        select(Report)
        .join(ContentText, still_there)
        .where(Report.what == What.TEXT, Report.settled_at.is_(None), Report.subject.in_(theirs))
        .order_by(Report.at, Report.id)
    )
    return list(rows)


async def wrong_text(
    session: AsyncSession, reader: Person, ref: str, now: datetime
) -> tuple[Report, Segment]:
    """Return one of them with its text as it stands.

    Raises:
        NotAllowedError: as of ``wrong_texts``.
        NotFoundError: there is none, or it is settled, or not the reader's to put right.
    """
    report = next((one for one in await wrong_texts(session, reader, now) if one.ref == ref), None)
    if report is None or report.subject is None:
        raise NotFoundError("Report")
    row = await session.get(TABLES[report.subject], report.subject_id)
    if row is None:
        raise NotFoundError("Text")
    about = (report.subject, row.ref)
    for found in await untranslated.standing(session, reader, now, about=about):
        if (found.subject, found.field, found.language) == (
            report.subject, report.field, report.language,
        ):  # fmt: skip
            return report, found
    raise NotFoundError("Text")


async def can_be_put_right(session: AsyncSession, found: Segment, now: datetime) -> bool:
    """Say whether a text can be changed: what has gone out stays, and is corrected by a send."""
    there = await untranslated.still_open(session, now, is_to_be_changed=True)
    return found.row_id in there.get(found.subject, {})


async def settle_text(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    text: str | None = None,
    seen: str | None = None,
) -> Send | None:
    """Put a reported text right, or leave it as it is; who has reported it hears that it is done.

    ``seen`` seals the words that were shown. Return the announcement that is a draft again.

    Raises:
        NotAllowedError: the actor neither animates nor coordinates.
        NotFoundError: as of ``wrong_text``.
        ChangedError, NotUnderstoodError: as of ``translating.write``.
        TooLateError: somebody else was faster.
    """
    if not await untranslated.counting_at_once(session, actor, now):
        raise NotAllowedError(RoleName.ANIMATOR)
    report = await find(session, Report, ref, lock=True)
    if report.settled_at is not None:
        raise TooLateError(report.settled_at)
    _report, found = await wrong_text(session, actor, ref, now)
    send = None
    if text is not None:
        if not await can_be_put_right(session, found, now):
            raise NotUnderstoodError("choice")
        send = await translating.write(session, actor, found.key, text, now, seen=seen)
    same = await session.scalars(
        select(Report).where(
            Report.what == What.TEXT,
            Report.settled_at.is_(None),
            Report.subject == report.subject,
            Report.subject_id == report.subject_id,
            Report.field == report.field,
            Report.language == report.language,
        )
    )
    for one in same.all():
        await settle(session, one, actor.id, Measure.NOTHING, now)
    return send
