"""When members are asked: each window at its moment, not before, not twice, and never against a
wish; which comes first; and how long there is peace after it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, deliveries, facilitation, judging, people, surveys
from community.consents import Purpose
from community.deliveries import Delivery
from community.people import Membership, Participation, Person
from community.providers import Organization, Service
from community.referrals import Referral
from community.referrals import State as Requested
from community.surveys import Survey, SurveyResponse
from community.surveys.windows import WINDOWS
from tests.community.test_surveys import an_event, came

PARIS = ZoneInfo("Europe/Paris")
JOINED = datetime(2026, 1, 14, 9, 0, tzinfo=UTC)
MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)


async def a_member(session: AsyncSession, joined: datetime = JOINED, number: int = 1) -> Person:
    person = await people.meet(session, number, joined, name=f"Person {number}")
    person.language = "uk"
    await people.join(session, person, joined, terms_version="1", language="uk")
    await agrees(session, person, joined)
    return person


async def agrees(session: AsyncSession, person: Person, now: datetime, *what: Purpose) -> None:
    purposes = {*(what or (Purpose.SURVEYS,))}
    await consents.switch(session, person, purposes, now, version="1", language="uk")


async def leaves(
    session: AsyncSession, person: Person, now: datetime, *, yes: bool = True
) -> None:
    """Leave, which ends every consent; and say whether one may be asked all the same."""
    await people.leave(session, person, now)
    await surveys.end_exit(session, person, now)
    await consents.switch(session, person, set(), now, version="1", language="uk")
    if yes:
        await surveys.agree_to_exit(session, person, now + DAY, version="1", language="uk")


async def a_request(
    session: AsyncSession, person: Person, state: Requested, changed: datetime
) -> Referral:
    organization = Organization(made_at=JOINED)
    session.add(organization)
    await session.flush()
    service = Service(
        organization_id=organization.id, need="tax", languages=["uk"], made_at=JOINED
    )
    session.add(service)
    await session.flush()
    request = Referral(
        person_id=person.id,
        service_id=service.id,
        organization_id=organization.id,
        state=state,
        consent_version="1",
        consent_language="uk",
        made_at=JOINED,
        changed_at=changed,
    )
    session.add(request)
    await session.flush()
    return request


async def is_sent(session: AsyncSession, at: datetime) -> None:
    """Let everything that is owed reach the members at this moment."""
    await session.execute(
        update(Delivery)
        .where(Delivery.state.in_(deliveries.OPEN))
        .values(state=deliveries.State.SENT, settled_at=at)
    )


@dataclass
class Asked:
    """What was asked, of one person, in the order of asking."""

    session: AsyncSession
    seen: list[str] = field(default_factory=list)

    async def look(self, now: datetime, *, sends: bool = True) -> list[str]:
        """Let the clock look, and return what is new."""
        await surveys.ask_due(self.session, now, PARIS)
        rows = await self.session.execute(
            select(Survey.window, Survey.wave)
            .join(SurveyResponse, SurveyResponse.survey_id == Survey.id)
            .order_by(SurveyResponse.id)
        )
        everything = [f"{window} {wave}".strip() for window, wave in rows]
        new, self.seen = everything[len(self.seen) :], everything
        if sends:
            await is_sent(self.session, now)
        return new


def test_the_windows_come_first_in_the_order_of_the_plan() -> None:
    members = ["after_referral", "after_event", "baseline", "yearly", "needs"]
    order = ["exit", *members, "exit_six_months", "own"]
    assert [window.code for window in WINDOWS] == order


async def test_who_joins_is_asked_after_three_days_where_they_stand_and_once(
    session: AsyncSession,
) -> None:
    await a_member(session)
    asked = Asked(session)
    moment = JOINED + 3 * DAY
    assert await surveys.next_asking(session, JOINED) == moment
    assert await asked.look(moment - MINUTE) == []
    assert await asked.look(moment) == ["baseline"]
    delivery = (await session.scalars(select(Delivery))).one()
    assert (delivery.kind, delivery.due_at) == ("survey", moment)
    for later in (MINUTE, 15 * DAY, 25 * DAY, 300 * DAY):
        assert await asked.look(moment + later) == []


async def test_each_year_after_joining_is_a_wave_of_its_own(session: AsyncSession) -> None:
    await a_member(session)
    asked = Asked(session)
    await asked.look(JOINED + 3 * DAY)
    for year in (1, 2, 3):
        moment = JOINED.replace(year=2026 + year)
        assert await surveys.next_asking(session, moment - 20 * DAY) == moment
        assert await asked.look(moment - MINUTE) == []
        assert await asked.look(moment) == [f"yearly {year}"]
        assert await asked.look(moment + 15 * DAY) == []


async def test_who_could_not_be_asked_within_a_month_is_not_asked_for_that_year(
    session: AsyncSession,
) -> None:
    person = await a_member(session)
    await agrees(session, person, JOINED, Purpose.NEWS)
    asked = Asked(session)
    assert await asked.look(JOINED + 3 * DAY) == []
    await agrees(session, person, JOINED)
    assert await asked.look(JOINED + 33 * DAY) == []
    assert await asked.look(JOINED.replace(year=2027) + 30 * DAY) == []
    assert await asked.look(JOINED.replace(year=2028) + 29 * DAY) == ["yearly 2"]


@pytest.mark.parametrize("state", ["confirmed", "unconfirmed", "not_delivered", "resolved"])
async def test_the_morning_after_a_request_has_come_to_an_end_it_is_asked_about(
    session: AsyncSession, state: str
) -> None:
    now = JOINED + 100 * DAY
    person = await a_member(session)
    request = await a_request(session, person, Requested(state), now)
    asked = Asked(session)
    assert await asked.look(now + MINUTE, sends=False) == ["after_referral"]
    delivery = (await session.scalars(select(Delivery))).one()
    assert delivery.kind == "pulse"
    assert delivery.due_at.astimezone(PARIS) == datetime(2026, 4, 25, 8, 0, tzinfo=PARIS)
    await is_sent(session, delivery.due_at)
    assert await asked.look(delivery.due_at + 5 * DAY) == []
    # Whoever disputes it meanwhile is not asked how it was.
    response = (await session.scalars(select(SurveyResponse))).one()
    found = await surveys.progress(session, person, response.ref)
    assert await surveys.still_applies(session, found, now + DAY)
    request.state = Requested.DISPUTED
    await session.flush()
    assert not await surveys.still_applies(session, found, now + DAY)


@pytest.mark.parametrize("state", ["pending", "accepted", "completed", "disputed", "cancelled"])
async def test_a_request_that_goes_on_or_was_taken_back_is_not_asked_about(
    session: AsyncSession, state: str
) -> None:
    now = JOINED + 100 * DAY
    await a_request(session, await a_member(session), Requested(state), now)
    assert await Asked(session).look(now + MINUTE) == []


async def test_a_request_that_ended_over_a_week_ago_is_not_asked_about(
    session: AsyncSession,
) -> None:
    now = JOINED + 100 * DAY
    await a_request(session, await a_member(session), Requested.CONFIRMED, now)
    assert await Asked(session).look(now + WEEK) == []


async def test_of_two_that_are_due_the_first_in_order_is_asked_and_the_other_after_the_cool_down(
    session: AsyncSession,
) -> None:
    now = JOINED.replace(year=2027)
    person = await a_member(session)
    await a_request(session, person, Requested.CONFIRMED, now)
    await came(session, await an_event(session, now - MINUTE), person)
    asked = Asked(session)
    assert await asked.look(now) == ["after_referral"]
    assert await surveys.next_asking(session, now + MINUTE) == now + 14 * DAY
    assert await asked.look(now + 14 * DAY - MINUTE) == []
    event = await an_event(session, now + 14 * DAY - MINUTE)
    await came(session, event, person)
    assert await asked.look(now + 14 * DAY) == ["after_event"], "what comes first again goes first"
    assert await asked.look(now + 28 * DAY) == ["yearly 1"]


async def test_what_the_network_is_like_is_asked_only_of_whom_nothing_else_is_asked(
    session: AsyncSession,
) -> None:
    now = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
    person = await a_member(session)
    other = await a_member(session, number=2)
    await came(session, await an_event(session, now - MINUTE), person)
    assert await surveys.ask_due(session, now, PARIS) == 1
    assert await facilitation.ask(session, now, PARIS, "en") == 1
    kinds = (await session.execute(select(Delivery.person_id, Delivery.kind))).all()
    assert {tuple(row) for row in kinds} == {(person.id, "pulse"), (other.id, "facilitation")}


@pytest.mark.parametrize("state", [*Membership, "reading", "no consent"])
@pytest.mark.parametrize("window", ["baseline", "yearly 1", "after_referral", "after_event"])
async def test_only_active_members_who_agree_are_asked(
    session: AsyncSession, window: str, state: str
) -> None:
    person = await a_member(session)
    now = JOINED.replace(year=2027) if window == "yearly 1" else JOINED + 3 * DAY
    if window == "after_referral":
        await a_request(session, person, Requested.CONFIRMED, now - MINUTE)
    if window == "after_event":
        await came(session, await an_event(session, now - MINUTE), person)
    match state:
        case "reading":
            person.participation = Participation.READING
        case "no consent":
            await agrees(session, person, now, Purpose.NEWS, Purpose.STATISTICS)
        case _:
            person.state = Membership(state)
    await session.flush()
    found = await Asked(session).look(now)
    assert found == ([window] if state == Membership.ACTIVE else [])


# After leaving


async def test_who_has_left_and_agreed_is_asked_a_week_later_and_after_six_months(
    session: AsyncSession,
) -> None:
    person = await a_member(session)
    left = datetime(2026, 8, 31, 10, 0, tzinfo=UTC)
    asked = Asked(session)
    await asked.look(JOINED + 3 * DAY)
    await leaves(session, person, left)
    assert await surveys.next_asking(session, left + 2 * DAY) == left + WEEK
    assert await asked.look(left + WEEK - MINUTE) == []
    assert await asked.look(left + WEEK) == ["exit 2026-08"]
    delivery = (await session.scalars(select(Delivery).order_by(Delivery.id.desc()))).first()
    assert delivery is not None
    assert (delivery.kind, delivery.expires_at) == ("exit_survey", left + 4 * WEEK)
    half_a_year = datetime(2027, 2, 28, 10, 0, tzinfo=UTC)  # there is no 31st of February
    assert await surveys.next_asking(session, left + 2 * WEEK) == half_a_year
    assert await asked.look(half_a_year - MINUTE) == []
    assert await asked.look(half_a_year) == ["exit_six_months 2026-08"]
    assert await asked.look(half_a_year + 20 * DAY) == []
    assert await asked.look(half_a_year + 200 * DAY) == []


async def test_who_has_said_nothing_as_they_left_is_not_asked(session: AsyncSession) -> None:
    person = await a_member(session)
    left = JOINED + 100 * DAY
    await leaves(session, person, left, yes=False)
    asked = Asked(session)
    for days in (7, 27, 182, 190):
        assert await asked.look(left + days * DAY) == []


async def test_four_weeks_after_leaving_it_is_too_late_for_the_first(
    session: AsyncSession,
) -> None:
    person = await a_member(session)
    left = JOINED + 100 * DAY
    await leaves(session, person, left)
    assert await Asked(session).look(left + 4 * WEEK) == []


async def test_the_cool_down_does_not_hold_back_what_is_asked_after_leaving(
    session: AsyncSession,
) -> None:
    person = await a_member(session)
    left = JOINED + 100 * DAY
    await came(session, await an_event(session, left - MINUTE), person)
    asked = Asked(session)
    assert await asked.look(left) == ["after_event"]
    await leaves(session, person, left + MINUTE)
    assert await asked.look(left + WEEK + MINUTE) == ["exit 2026-04"]


async def test_who_comes_back_or_thinks_better_of_it_is_not_asked_any_more(
    session: AsyncSession,
) -> None:
    left = JOINED + 100 * DAY
    back, unwilling = await a_member(session), await a_member(session, number=2)
    for person in (back, unwilling):
        await leaves(session, person, left)
    assert await surveys.ask_due(session, left + WEEK, PARIS) == 2
    rows = await session.scalars(select(SurveyResponse).order_by(SurveyResponse.person_id))
    refs = [row.ref for row in rows]
    await people.join(session, back, left + WEEK, terms_version="1", language="uk")
    assert await surveys.end_exit(session, unwilling, left + WEEK)
    for person, ref in zip((back, unwilling), refs, strict=True):
        found = await surveys.progress(session, person, ref)
        assert not await surveys.still_applies(session, found, left + WEEK)
    await is_sent(session, left + WEEK)
    assert await surveys.ask_due(session, left + 190 * DAY, PARIS) == 0
    # Who leaves once more is asked whether they may be asked, once more.
    await leaves(session, back, left + 200 * DAY)
    assert await Asked(session).look(left + 207 * DAY) == ["exit 2026-04"] * 2 + ["exit 2026-11"]


async def test_an_agreement_belongs_to_who_has_left(session: AsyncSession) -> None:
    person = await a_member(session)
    assert not await surveys.agree_to_exit(session, person, JOINED, version="1", language="uk")
    await people.leave(session, person, JOINED + DAY)
    assert await surveys.agree_to_exit(session, person, JOINED + DAY, version="1", language="uk")
    assert not await surveys.agree_to_exit(
        session, person, JOINED + DAY, version="1", language="uk"
    )


@pytest.mark.parametrize(
    ("state", "reason"),
    [("paused", "paused"), ("stopped", "stopped"), ("left", "left"), ("no consent", "no_consent")],
)
async def test_it_is_judged_again_when_it_leaves(
    session: AsyncSession, state: str, reason: str
) -> None:
    person = await a_member(session)
    now = JOINED + 3 * DAY
    await Asked(session).look(now, sends=False)
    if state == "no consent":
        await agrees(session, person, now, Purpose.NEWS)
    else:
        person.state = Membership(state)
    await session.flush()
    (row,) = await deliveries.claim(session, "a sender", 10, 60, now)
    readers = await judging.readers(session, [row], now, "en")
    assert judging.judge(row, readers[person.id], now, "Europe/Paris").reason == reason


async def test_a_survey_for_who_has_left_goes_to_nobody_else(session: AsyncSession) -> None:
    person = await a_member(session)
    left = JOINED + 100 * DAY
    await leaves(session, person, left)
    await Asked(session).look(left + WEEK, sends=False)
    (row,) = await deliveries.claim(session, "a sender", 10, 60, left + WEEK)
    readers = await judging.readers(session, [row], left + WEEK, "en")
    assert judging.judge(row, readers[person.id], left + WEEK, "Europe/Paris") == judging.GO
    person.state = Membership.ACTIVE
    assert judging.judge(row, readers[person.id], left + WEEK, "Europe/Paris").reason == "active"
