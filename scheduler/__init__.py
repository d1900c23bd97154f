"""Clock to community: what becomes due, expires, escalates. The whole timetable on one screen.

APScheduler only ticks; what is due is a row. Every job may run twice or late and does nothing
twice, because occurrences have unique keys. It sends and renders nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    agreements,
    alerts,
    asking,
    attendance,
    deliveries,
    digests,
    events,
    evidence,
    facilitation,
    gaps,
    inbox,
    matches,
    moderation,
    people,
    plans,
    posts,
    promoting,
    providers,
    quarters,
    referrals,
    retention,
    second_reading,
    sends,
    series,
    silences,
    surveys,
)
from community.workdays import NOWHERE
from scheduler.due import next_due

__all__ = ["TIMETABLE", "Job", "next_due"]


@dataclass(frozen=True)
class Tick:
    """What a job is told: the moment, and what the network has set."""

    now: datetime
    zone: str
    language: str
    country: str = NOWHERE
    framework: evidence.Framework = field(default_factory=evidence.shipped)


@dataclass(frozen=True)
class Job:
    """Something that is looked at every so many seconds."""

    name: str
    every: float
    run: Callable[[AsyncSession, Tick], Awaitable[object]]


async def _rescuing(session: AsyncSession, tick: Tick) -> object:
    return await deliveries.rescue(session, tick.now)


async def _starting_sends(session: AsyncSession, tick: Tick) -> object:
    return await sends.start_due(session, tick.now, network_language=tick.language)


async def _releasing_what_was_translated(session: AsyncSession, tick: Tick) -> object:
    return await sends.release(session, tick.now, network_language=tick.language)


async def _telling_who_asked(session: AsyncSession, tick: Tick) -> object:
    return await asking.settle(session, tick.now)


async def _finishing_sends(session: AsyncSession, tick: Tick) -> object:
    return await sends.finish(session, tick.now)


async def _expiring(session: AsyncSession, tick: Tick) -> object:
    return await deliveries.expire(session, tick.now)


async def _lapsing_offers(session: AsyncSession, tick: Tick) -> object:
    return await attendance.lapse_offers(session, tick.now, default_zone=tick.zone)


async def _holding_events(session: AsyncSession, tick: Tick) -> object:
    return await events.hold(session, tick.now)


async def _ending_pauses(session: AsyncSession, tick: Tick) -> object:
    return await people.end_pauses(session, tick.now)


async def _asking_members(session: AsyncSession, tick: Tick) -> object:
    # In this order: whoever is asked something by name is not asked anonymously at once, too.
    await surveys.ask_due(session, tick.now, ZoneInfo(tick.zone))
    return await facilitation.ask(session, tick.now, ZoneInfo(tick.zone), tick.language)


async def _composing_digests(session: AsyncSession, tick: Tick) -> object:
    return await digests.compose(session, tick.now, ZoneInfo(tick.zone), tick.language)


async def _nudging_the_silent(session: AsyncSession, tick: Tick) -> object:
    return await silences.nudge(session, tick.now)


async def _opening_rounds(session: AsyncSession, tick: Tick) -> object:
    return await matches.open_due(session, tick.now, ZoneInfo(tick.zone))


async def _closing_proposals(session: AsyncSession, tick: Tick) -> object:
    return await matches.lapse(session, tick.now)


async def _asking_what_came_of_it(session: AsyncSession, tick: Tick) -> object:
    return await matches.ask_what_came(session, tick.now)


async def _closing_matches(session: AsyncSession, tick: Tick) -> object:
    return await matches.close(session, tick.now)


async def _ending_posts(session: AsyncSession, tick: Tick) -> object:
    return await posts.expire(session, tick.now)


async def _telling_of_posts_that_wait(session: AsyncSession, tick: Tick) -> object:
    return await posts.ring(session, tick.now)


async def _telling_of_reports_that_wait(session: AsyncSession, tick: Tick) -> object:
    return await moderation.ring(session, tick.now)


async def _cleaning(session: AsyncSession, tick: Tick) -> object:
    return await retention.clean(session, tick.now)


async def _telling_who_wished(session: AsyncSession, tick: Tick) -> object:
    return await providers.tell_who_wished(session, tick.now, zone=tick.zone)


async def _nudging(session: AsyncSession, tick: Tick) -> object:
    return await providers.nudge(session, tick.now)


async def _ringing_clocks(session: AsyncSession, tick: Tick) -> object:
    return await referrals.ring(session, tick.now, tick.zone, tick.country)


async def _telling_of_overdue_questions(session: AsyncSession, tick: Tick) -> object:
    return await inbox.ring(session, tick.now, tick.zone, tick.country)


async def _asking_whether_entries_are_right(session: AsyncSession, tick: Tick) -> object:
    return await providers.ask(session, tick.now)


async def _noticing_unattended(session: AsyncSession, tick: Tick) -> object:
    return await referrals.notice_unattended(session, tick.now)


async def _ending_agreements(session: AsyncSession, tick: Tick) -> object:
    return await referrals.end_expired(session, tick.now)


async def _telling_that_agreements_end(session: AsyncSession, tick: Tick) -> object:
    return await agreements.remind(session, tick.now)


async def _reminding_of_the_plan(session: AsyncSession, tick: Tick) -> object:
    return await plans.remind(session, tick.now)


async def _ending_drafts(session: AsyncSession, tick: Tick) -> object:
    return await referrals.end_drafts(session, tick.now)


async def _noticing_drafts(session: AsyncSession, tick: Tick) -> object:
    return await second_reading.notice(
        session, tick.now, network_language=tick.language, zone=tick.zone
    )


async def _watching_what_is_set_aside(session: AsyncSession, tick: Tick) -> object:
    return await alerts.watch_set_aside(session, tick.now)


async def _watching_paper_codes(session: AsyncSession, tick: Tick) -> object:
    return await alerts.watch_paper_codes(session, tick.now)


async def _making_dates_of_series(session: AsyncSession, tick: Tick) -> object:
    return await series.fill(session, tick.now)


async def _closing_quarters_of_partners(session: AsyncSession, tick: Tick) -> object:
    return await promoting.close(session, tick.now, ZoneInfo(tick.zone))


async def _closing_what_members_say_of_networks(session: AsyncSession, tick: Tick) -> object:
    return await gaps.adequacy.close(session, tick.now, ZoneInfo(tick.zone))


async def _mapping_gaps(session: AsyncSession, tick: Tick) -> object:
    return await gaps.close(session, tick.now, ZoneInfo(tick.zone))


async def _telling_quarters(session: AsyncSession, tick: Tick) -> object:
    return await quarters.tell(session, tick.now, ZoneInfo(tick.zone))


async def _telling_evidence(session: AsyncSession, tick: Tick) -> object:
    return await evidence.freeze(session, tick.now, ZoneInfo(tick.zone), tick.framework)


TIMETABLE: Sequence[Job] = (
    Job("starting sends", 1, _starting_sends),
    Job("finishing sends", 1, _finishing_sends),
    Job("releasing what was translated", 5, _releasing_what_was_translated),
    Job("telling who asked for what was translated", 5, _telling_who_asked),
    Job("rescuing what a dead process held", 5, _rescuing),
    Job("lapsing offered places", 10, _lapsing_offers),
    Job("holding events", 30, _holding_events),
    Job("making the dates of events that repeat", 60, _making_dates_of_series),
    Job("asking members", 60, _asking_members),
    Job("composing the digest", 30, _composing_digests),
    Job("nudging members who stay away", 300, _nudging_the_silent),
    Job("opening a round of matches", 60, _opening_rounds),
    Job("closing proposals that nobody has answered", 60, _closing_proposals),
    Job("asking what came of a match", 60, _asking_what_came_of_it),
    Job("closing matches that nobody has spoken of", 300, _closing_matches),
    Job("ending asks and offers that nobody renews", 60, _ending_posts),
    Job("telling of asks and offers that nobody has read", 60, _telling_of_posts_that_wait),
    Job("telling of reports that nobody has judged", 60, _telling_of_reports_that_wait),
    Job("ending pauses", 30, _ending_pauses),
    Job("expiring", 30, _expiring),
    Job("nudging about steps", 60, _nudging),
    Job("telling who waits for a service", 300, _telling_who_wished),
    Job("ringing the clocks of referrals", 60, _ringing_clocks),
    Job("telling of questions that are overdue", 60, _telling_of_overdue_questions),
    Job("asking whether entries are still right", 60, _asking_whether_entries_are_right),
    Job("noticing requests that nobody reads", 60, _noticing_unattended),
    Job("ending agreements", 30, _ending_agreements),
    Job("telling that agreements end", 60, _telling_that_agreements_end),
    Job("reminding of the plan", 60, _reminding_of_the_plan),
    Job("ending prepared requests that nobody answers", 60, _ending_drafts),
    Job("telling providers of their quarter", 300, _telling_quarters),
    Job("closing the quarter of partners who promote", 300, _closing_quarters_of_partners),
    Job("telling the evidence of periods that are over", 300, _telling_evidence),
    Job("closing what members say of networks", 300, _closing_what_members_say_of_networks),
    Job("making the gap map of a quarter", 300, _mapping_gaps),
    Job("noticing drafts that wait", 300, _noticing_drafts),
    Job("watching what is set aside", 60, _watching_what_is_set_aside),
    Job("watching who guesses paper codes", 60, _watching_paper_codes),
    Job("deleting by the retention table", 3600, _cleaning),
)
