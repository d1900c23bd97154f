"""The figures of support equal the rows: every request at one place, times, reasons, groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import figures, people
from community.areas import Area
from community.errors import NotAllowedError
from community.figures import By, Group, Hidden, Outcome, Support, Times
from community.figures.times import times, working_days
from community.history import Step
from community.needs import Need
from community.people import Person
from community.providers import Organization, Service
from community.providers.demand import UnmetDemand
from community.referrals import (
    PROVIDERS_STEPS,
    REFERRAL,
    Reason,
    Referral,
    Source,
    State,
    codes,
)
from community.roles import Role, RoleName

ZONE = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
S = State

WAYS: Mapping[Outcome, tuple[State, ...]] = {
    Outcome.WAITING: (S.PENDING,),
    Outcome.UNANSWERED: (S.PENDING, S.EXPIRED),
    Outcome.TAKEN_BACK: (S.PENDING, S.CANCELLED),
    Outcome.QUESTIONED: (S.PENDING, S.NEEDS_INFORMATION, S.PENDING),
    Outcome.GIVEN_UP: (S.PENDING, S.NEEDS_INFORMATION, S.EXPIRED),
    Outcome.DECLINED: (S.PENDING, S.DECLINED),
    Outcome.PASSED_ON: (S.PENDING, S.REROUTED),
    Outcome.UNDER_WAY: (S.PENDING, S.NEEDS_INFORMATION, S.PENDING, S.ACCEPTED, S.IN_SERVICE),
    Outcome.WITHDRAWN: (S.PENDING, S.ACCEPTED, S.CANCELLED),
    Outcome.NOT_DELIVERED: (S.PENDING, S.ACCEPTED, S.NOT_DELIVERED),
    Outcome.CONFIRMED: (S.PENDING, S.ACCEPTED, S.IN_SERVICE, S.COMPLETED, S.CONFIRMED),
    Outcome.UNCONFIRMED: (S.PENDING, S.ACCEPTED, S.IN_SERVICE, S.COMPLETED),
    Outcome.DISPUTED: (S.PENDING, S.ACCEPTED, S.IN_SERVICE, S.COMPLETED, S.DISPUTED),
    Outcome.SETTLED_GIVEN: (S.PENDING, S.ACCEPTED, S.COMPLETED, S.DISPUTED, S.RESOLVED),
    Outcome.SETTLED_NOT_GIVEN: (S.PENDING, S.ACCEPTED, S.COMPLETED, S.DISPUTED, S.RESOLVED),
}


@dataclass
class Town:
    """Members of two areas who ask two providers for two things, in two languages."""

    session: AsyncSession
    areas: list[Area] = field(default_factory=list)
    services: dict[Need, Service] = field(default_factory=dict)
    made: int = 0

    async def found(self) -> None:
        self.areas = [Area(zone="Europe/Paris", made_at=MONDAY) for _ in range(2)]
        self.session.add_all(self.areas)
        for need in (Need.FINANCE, Need.TAX):
            organization = Organization(made_at=MONDAY)
            self.session.add(organization)
            await self.session.flush()
            service = Service(
                organization_id=organization.id, need=need, languages=["fr"], made_at=MONDAY
            )
            self.session.add(service)
            self.services[need] = service
        await self.session.flush()

    async def asks(
        self,
        outcome: Outcome,
        times: int = 1,
        *,
        need: Need = Need.FINANCE,
        language: str = "ar",
        area: int | None = 0,
        reason: Reason | None = None,
        at: datetime = MONDAY,
        days: float = 1,
        source: Source | None = None,
        then: tuple[State, ...] = (),
        found_given: bool = False,
    ) -> None:
        """Let so many requests end so, each step some days after the one before.

        ``source`` is how the provider's word came; steps of long ago have none. ``then``: what
        follows all the same, and whether the team finds that the help was given.
        """
        way = WAYS[outcome] + then
        for _ in range(times):
            self.made += 1
            person = Person(
                telegram_id=self.made,
                met_at=at,
                seen_at=at,
                area_id=None if area is None else self.areas[area].id,
            )
            self.session.add(person)
            await self.session.flush()
            referral = Referral(
                person_id=person.id,
                service_id=self.services[need].id,
                organization_id=self.services[need].organization_id,
                state=way[-1],
                reason=reason,
                consent_version="1",
                consent_language=language,
                made_at=at,
                changed_at=at,
                delivered=outcome == Outcome.SETTLED_GIVEN or found_given,
            )
            self.session.add(referral)
            await self.session.flush()
            before, moment = S.DRAFT, at
            for after in way:
                self.session.add(
                    Step(
                        at=moment,
                        subject=REFERRAL.name,
                        subject_id=referral.id,
                        before=before,
                        after=after,
                        source=source if after in PROVIDERS_STEPS.values() else Source.CHAT,
                    )
                )
                before, moment = after, moment + timedelta(days=days)
            await self.session.flush()


@pytest.fixture
async def town(session: AsyncSession) -> Town:
    town = Town(session)
    await town.found()
    return town


async def coordinator(session: AsyncSession) -> Person:
    person = Person(telegram_id=999_999, met_at=MONDAY, seen_at=MONDAY)
    session.add(person)
    await session.flush()
    session.add(Role(person_id=person.id, name=RoleName.COORDINATOR, granted_at=MONDAY))
    await session.flush()
    return person


async def support(town: Town, now: datetime = LATER) -> Support:
    boss = await coordinator(town.session)
    return await figures.read_support(town.session, boss, figures.Quarter(2026, 4), ZONE, now)


async def test_every_request_is_counted_where_it_stands(town: Town) -> None:
    for number, outcome in enumerate(WAYS, 5):
        await town.asks(outcome, number)
    drafted = Referral(
        service_id=town.services[Need.TAX].id,
        organization_id=town.services[Need.TAX].organization_id,
        state=S.DRAFT,
        consent_version="",
        consent_language="",
        made_at=MONDAY,
        changed_at=MONDAY,
    )
    dropped = Referral(
        service_id=town.services[Need.TAX].id,
        organization_id=town.services[Need.TAX].organization_id,
        state=S.CANCELLED,
        consent_version="",
        consent_language="",
        made_at=MONDAY,
        changed_at=MONDAY,
    )
    town.session.add_all([drafted, dropped])
    await town.session.flush()
    found = await support(town)
    told = found.outcomes
    assert told.asked == sum(range(5, 20)), "what was prepared and never sent is nobody's business"
    assert told.parts[Outcome.ASKED].cells == {
        Outcome.WAITING: 5,
        Outcome.UNANSWERED: 6,
        Outcome.TAKEN_BACK: 7,
        Outcome.ANSWERED: 162,
    }
    assert told.parts[Outcome.ANSWERED].cells == {
        Outcome.ACCEPTED: 124,
        Outcome.DECLINED: 10,
        Outcome.PASSED_ON: 11,
        Outcome.QUESTIONED: 8,
        Outcome.GIVEN_UP: 9,
    }
    assert told.parts[Outcome.ACCEPTED].cells == {
        Outcome.UNDER_WAY: 12,
        Outcome.WITHDRAWN: 13,
        Outcome.NOT_DELIVERED: 14,
        Outcome.COMPLETED: 85,
    }
    assert told.parts[Outcome.COMPLETED].cells == {
        Outcome.CONFIRMED: 15,
        Outcome.UNCONFIRMED: 16,
        Outcome.DISPUTED: 17,
        Outcome.SETTLED_GIVEN: 18,
        Outcome.SETTLED_NOT_GIVEN: 19,
    }
    assert found.times == Times(162, True, 1, 1)
    month = await figures.month(town.session, 2026, 11, ZONE, LATER)
    assert month.support.outcomes == told, "nothing is small, so the month tells all"


async def test_completed_without_the_members_word_counts_as_unconfirmed(town: Town) -> None:
    await town.asks(Outcome.UNCONFIRMED, 6)
    await town.asks(Outcome.CONFIRMED, 9)
    told = (await support(town)).outcomes
    assert told.number(Outcome.COMPLETED) == 15
    assert (told.number(Outcome.CONFIRMED), told.number(Outcome.UNCONFIRMED)) == (9, 6)


async def test_what_could_not_be_done_counts_so_until_the_team_finds_that_it_was(
    town: Town,
) -> None:
    in_vain, settled = Outcome.NOT_DELIVERED, (S.DISPUTED, S.RESOLVED)
    await town.asks(in_vain, 5)
    await town.asks(in_vain, 6, then=settled[:1])
    await town.asks(in_vain, 7, then=settled)
    await town.asks(in_vain, 8, then=settled, found_given=True)
    told = (await support(town)).outcomes
    assert (told.number(in_vain), told.number(Outcome.COMPLETED)) == (18, 8)
    assert told.number(Outcome.SETTLED_GIVEN) == 8


async def test_reasons_groups_and_what_was_not_met(town: Town) -> None:
    finance, tax = Need.FINANCE, Need.TAX
    await town.asks(Outcome.CONFIRMED, 9, need=finance, language="ar", area=0)
    await town.asks(Outcome.CONFIRMED, 6, need=tax, language="fr", area=None)
    await town.asks(Outcome.DECLINED, 8, need=finance, area=0, reason=Reason.LANGUAGE)
    await town.asks(Outcome.DECLINED, 3, need=finance, area=1, reason=Reason.NO_CAPACITY)
    await town.asks(Outcome.DECLINED, 2, need=tax, language="fr", reason=Reason.NO_CAPACITY)
    await town.asks(Outcome.UNANSWERED, 4, need=tax, language="fr", area=1)
    await town.asks(Outcome.UNANSWERED, 2, need=tax, language="ar", area=1)
    found = await support(town)
    declined = found.outcomes.reasons[Outcome.DECLINED].cells
    assert declined == {
        Reason.NO_CAPACITY: 5,
        Reason.PROVIDER_NOT_REACHED: 0,
        Reason.NOT_OUR_FIELD: 0,
        Reason.LANGUAGE: 8,
        Reason.NOT_ELIGIBLE: 0,
        Reason.OTHER: 0,
    }
    by = {group: {o: t.cells for o, t in tables.items()} for group, tables in found.by.items()}
    first, second = (area.id for area in town.areas)
    for_finance, for_tax = (town.services[need].organization_id for need in (finance, tax))
    assert by == {
        Group.NEED: {Outcome.CONFIRMED: {finance: 9, tax: 6}},
        Group.LANGUAGE: {Outcome.CONFIRMED: {"ar": 9, "fr": 6}},
        Group.AREA: {Outcome.CONFIRMED: {first: 9, second: 0, None: 6}},
        Group.PROVIDER: {
            Outcome.UNANSWERED: {for_finance: 0, for_tax: 6},
            Outcome.DECLINED: {for_finance: Hidden.COVERED, for_tax: Hidden.COVERED},
            Outcome.CONFIRMED: {for_finance: 9, for_tax: 6},
        },
    }
    assert found.unmet is not None
    assert found.unmet.parts.cells == {finance: 11, tax: 8}
    assert found.unmet.below[finance].parts.cells == {"ar": 11, "fr": 0}
    assert found.unmet.below[finance].below["ar"].parts.cells == {
        first: 8,
        second: Hidden.FEW,
        None: Hidden.FEW,
    }
    assert found.unmet.below[tax].parts.cells == {"ar": Hidden.COVERED, "fr": Hidden.COVERED}
    assert not found.unmet.below[tax].below


async def test_how_a_providers_word_came_is_told_of_whom_enough_is_shown(town: Town) -> None:
    chat, phone, email = Source.CHAT, Source.PHONE, Source.EMAIL
    await town.asks(Outcome.CONFIRMED, 6, source=phone)
    await town.asks(Outcome.CONFIRMED, 7, source=email)
    await town.asks(Outcome.CONFIRMED, 9, need=Need.TAX, source=chat)
    await town.asks(Outcome.UNCONFIRMED, 5, need=Need.TAX, source=None)
    await town.asks(Outcome.DECLINED, 6, need=Need.TAX, source=chat)
    await town.asks(Outcome.DECLINED, 4, need=Need.TAX, source=phone)
    await town.asks(Outcome.WAITING, 8)
    passing, staffed = (town.services[need].organization_id for need in (Need.FINANCE, Need.TAX))
    found = (await support(town)).sources
    assert set(found) == {Outcome.DECLINED, Outcome.UNCONFIRMED, Outcome.CONFIRMED}
    confirmed = found[Outcome.CONFIRMED]
    assert confirmed[passing].parts.cells == {By.STAFF: 0, By.TEAM: 13}
    assert confirmed[passing].below[By.TEAM].parts.cells == {
        phone: 6,
        email: 7,
        Source.IN_PERSON: 0,
    }
    assert confirmed[staffed].parts.cells == {By.STAFF: 9, By.TEAM: 0}
    assert found[Outcome.UNCONFIRMED][staffed].parts.cells == {By.STAFF: 5, By.TEAM: 0}
    declined = found[Outcome.DECLINED][staffed]
    assert set(declined.parts.cells.values()) == {Hidden.COVERED}, "four of ten"
    assert not declined.below


def test_the_codes_beside_an_outcome_are_those_of_the_requests_that_are_counted_there() -> None:
    for outcome, way in WAYS.items():
        delivered = outcome == Outcome.SETTLED_GIVEN
        assert codes.status(way[-1], delivered=delivered) in figures.statuses(outcome)
        helped = codes.success(way[-1], delivered=delivered)
        assert figures.success(outcome) == (None if outcome is Outcome.GIVEN_UP else helped)
    several = [o for o in Outcome if len(figures.statuses(o)) > 1]
    assert several == [Outcome.GIVEN_UP], "expired or withdrawn"
    without = [outcome for outcome in Outcome if not figures.statuses(outcome)]
    assert without == [Outcome.ASKED, Outcome.ANSWERED, Outcome.ACCEPTED, Outcome.COMPLETED]


async def test_who_also_works_for_a_provider_cannot_subtract_what_they_know_of_it(
    town: Town,
) -> None:
    """Ten were declined, seven of them by one's own: the other three are nobody's to compute."""
    await town.asks(Outcome.DECLINED, 7)
    await town.asks(Outcome.DECLINED, 3, need=Need.TAX)
    await town.asks(Outcome.CONFIRMED, 6, need=Need.TAX, language="fr")
    own, other = (town.services[need].organization_id for need in (Need.FINANCE, Need.TAX))
    boss = await coordinator(town.session)
    quarter = figures.Quarter(2026, 4)
    whole = await figures.read_support(town.session, boss, quarter, ZONE, LATER)
    assert whole.outcomes.number(Outcome.DECLINED) == 10
    assert whole.by[Group.PROVIDER][Outcome.DECLINED].cells[own] is Hidden.COVERED
    assert whole.without == []
    role = Role(
        person_id=boss.id,
        name=RoleName.PROVIDER_STAFF,
        organization_id=own,
        granted_at=LATER,
    )
    town.session.add(role)
    await town.session.flush()
    for revoked in (None, LATER):  # what was seen in the quarter is still known
        role.revoked_at = revoked
        await town.session.flush()
        found = await figures.read_support(town.session, boss, quarter, ZONE, LATER)
        assert found.without == [own]
        assert found.outcomes.asked == 9
        assert isinstance(found.outcomes.number(Outcome.DECLINED), Hidden)
        assert set(found.by[Group.PROVIDER][Outcome.CONFIRMED].cells) == {other}
        assert set(found.by[Group.LANGUAGE][Outcome.CONFIRMED].cells) == {"ar", "fr"}
        month = await figures.read(town.session, boss, 2026, 11, ZONE, LATER)
        assert (month.support.outcomes.asked, month.support.without) == (9, [own])
    role.revoked_at = MONDAY - timedelta(days=60)
    await town.session.flush()
    long_ago = await figures.read_support(town.session, boss, quarter, ZONE, LATER)
    assert long_ago.outcomes.asked == 16


async def test_a_month_with_few_somewhere_leaves_the_telling_to_its_quarter(town: Town) -> None:
    await town.asks(Outcome.CONFIRMED, 7)
    await town.asks(Outcome.WAITING, 3)
    await town.asks(Outcome.CONFIRMED, 8, at=datetime(2026, 10, 5, 9, 0, tzinfo=UTC))
    await town.asks(Outcome.WAITING, 4, at=datetime(2026, 10, 5, 9, 0, tzinfo=UTC))
    found = await support(town)
    assert found.outcomes.asked == 22
    assert found.outcomes.number(Outcome.WAITING) == 7
    for number, asked in ((10, 12), (11, 10)):
        month = await figures.month(town.session, 2026, number, ZONE, LATER)
        assert month.support.outcomes.asked == asked
        assert month.support.outcomes.parts == {}
        assert month.support.times is None
    december = await figures.month(town.session, 2026, 12, ZONE, LATER)
    assert december.support.outcomes.asked == 0


async def test_requests_belong_to_the_month_in_which_they_were_sent(town: Town) -> None:
    first_of_october = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
    await town.asks(Outcome.WAITING, 5, at=first_of_october)
    await town.asks(Outcome.WAITING, 6, at=first_of_october - timedelta(seconds=1))
    assert (await support(town)).outcomes.asked == 5
    boss = await people.by_telegram_id(town.session, 999_999)
    assert boss is not None
    before = await figures.read_support(town.session, boss, figures.Quarter(2026, 3), ZONE, LATER)
    assert before.outcomes.asked == 6
    assert before.span.is_closed


async def test_times_are_told_of_whom_enough_is_shown(town: Town) -> None:
    for days, number in ((1, 5), (2, 3), (4, 2)):
        await town.asks(Outcome.CONFIRMED, number, days=days)
    await town.asks(Outcome.CONFIRMED, 5, need=Need.TAX, days=7)
    found = await support(town)
    assert found.times == Times(15, True, 2, 5)
    for_tax = town.services[Need.TAX].organization_id
    assert found.times_by[Group.NEED] == {
        Need.FINANCE: Times(10, False, 1, 4),
        Need.TAX: Times(5, False, 5, None),
    }
    assert found.times_by[Group.PROVIDER][for_tax] == Times(5, False, 5, None)


@pytest.mark.parametrize(
    ("sent", "answered", "days"),
    [
        ((2026, 11, 23), (2026, 11, 23), 0),
        ((2026, 11, 23), (2026, 11, 27), 4),
        ((2026, 11, 27), (2026, 11, 28), 0),
        ((2026, 11, 27), (2026, 11, 30), 1),
        ((2026, 11, 28), (2026, 11, 29), 0),
        ((2026, 11, 28), (2026, 12, 7), 6),
    ],
)
def test_working_days(
    sent: tuple[int, int, int], answered: tuple[int, int, int], days: int
) -> None:
    assert working_days(date(*sent), date(*answered)) == days


def test_working_days_are_those_that_a_calendar_counts() -> None:
    begin = date(2026, 1, 1)
    for first in range(10):
        sent = begin + timedelta(days=first)
        counted = 0
        for later in range(1, 40):
            counted += (sent + timedelta(days=later)).weekday() < 5
            assert working_days(sent, sent + timedelta(days=later)) == counted


def test_half_and_nine_of_ten_are_days_within_which_so_many_came() -> None:
    assert times([3, 1, 2, 9], 4, is_all=True) is None
    assert times(range(1, 10), 9, is_all=True) == Times(9, True, 5, None)
    assert times(range(1, 12), 11, is_all=True) == Times(11, True, 6, 10)


async def test_stale_entries_are_listed_with_since_when_and_where_nobody_reads_requests(
    town: Town,
) -> None:
    finance, tax = [
        await town.session.get_one(Organization, town.services[need].organization_id)
        for need in (Need.FINANCE, Need.TAX)
    ]
    finance.made_at = LATER - timedelta(days=100)
    tax.made_at, tax.confirmed_at = LATER - timedelta(days=300), LATER - timedelta(days=20)
    await town.asks(Outcome.WAITING, need=Need.TAX)
    await town.asks(Outcome.WAITING, need=Need.TAX, at=MONDAY + timedelta(days=1))
    await town.asks(Outcome.CONFIRMED, need=Need.FINANCE)
    found = await support(town)
    assert [(entry.id, at) for entry, at in found.stale] == [
        (finance.id, LATER - timedelta(days=100))
    ]
    # Beside counts that are hidden below five, one person's request has neither day nor number.
    assert [entry.id for entry in found.unattended] == [tax.id]


async def test_what_is_asked_at_the_moment_of_reading_belongs_to_the_next_look(town: Town) -> None:
    await town.asks(Outcome.WAITING, 6, at=LATER)
    await town.asks(Outcome.WAITING, 5, at=LATER - timedelta(seconds=1))
    assert (await support(town)).outcomes.asked == 5


async def test_what_was_looked_for_in_vain_is_told_by_need_language_and_area(town: Town) -> None:
    area = town.areas[0].id
    for need, language, where, count, day in (
        (Need.LEGAL, "uk", area, 7, date(2026, 11, 3)),
        (Need.LEGAL, "fr", None, 2, date(2026, 11, 4)),
        (Need.EXPORT, "uk", area, 9, date(2026, 9, 30)),
    ):
        town.session.add(
            UnmetDemand(
                day=day, need=need, language=language, area_id=where, miss="area", count=count
            )
        )
    await town.session.flush()
    found = (await support(town)).missed
    assert found is not None
    assert {need for need, cell in found.parts.cells.items() if cell} == {Need.LEGAL}
    assert found.parts.cells[Need.LEGAL] == 9
    assert set(found.below[Need.LEGAL].parts.cells.values()) == {Hidden.COVERED}, "two and seven"


async def test_only_a_coordinator_reads_the_support(town: Town) -> None:
    person = Person(telegram_id=5, met_at=MONDAY, seen_at=MONDAY)
    town.session.add(person)
    await town.session.flush()
    with pytest.raises(NotAllowedError):
        await figures.read_support(town.session, person, figures.Quarter(2026, 4), ZONE, LATER)
