"""Costs: written down, put right, brought in a file; and what they come to for each outcome."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.database import Database
from community import costs, people
from community.costs import Benefit, Cost, Line, Name, Outcomes, Per, State, What
from community.errors import (
    LineRefusedError,
    NotAllowedError,
    NotFoundError,
    NotUnderstoodError,
)
from community.figures import Hidden
from community.lessons import Leads, Lesson
from community.people import Person
from community.roles import Role, RoleName

D = Decimal
QUARTERS = [
    (date(2026, 1, 1), date(2026, 3, 31)),
    (date(2026, 4, 1), date(2026, 6, 30)),
    (date(2026, 7, 1), date(2026, 9, 30)),
    (date(2026, 10, 1), date(2026, 12, 31)),
]


async def a_person(database: Database, now: datetime, number: int, *names: RoleName) -> Person:
    async with database.transaction() as session:
        person = await people.meet(session, number, now, name="X")
        session.add_all(Role(person_id=person.id, name=name, granted_at=now) for name in names)
        return person


async def add(database: Database, boss: Person, now: datetime, amount: str, **more: Any) -> Cost:
    facts: dict[str, Any] = {
        "what": What.STAFF,
        "currency": "EUR",
        "first_day": date(2026, 11, 2),
        "last_day": date(2026, 11, 2),
        **more,
    }
    async with database.transaction() as session:
        return await costs.add(session, boss, now, amount=D(amount), **facts)


async def test_costs_of_a_quarter_add_up_by_what_they_were_for(
    database: Database, now: datetime
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    await add(database, boss, now, "1200.50")
    await add(database, boss, now, "99.50")
    await add(database, boss, now, "80", what=What.NEWS)
    await add(database, boss, now, "7", what=What.NEWS, currency="CHF")
    await add(database, boss, now, "500", first_day=date(2026, 8, 1), last_day=date(2026, 8, 31))
    gone = await add(database, boss, now, "1000")
    async with database.transaction() as session:
        await costs.withdraw(session, boss, gone.ref, now)
    async with database.transaction() as session:
        found = await costs.totals(session, boss, QUARTERS[3], "EUR", now)
        listed = await costs.listed(session, boss, QUARTERS[3], now)
    assert found.by_what == {What.NEWS: D("80.00"), What.STAFF: D("1300.00")}
    assert found.total == D("1380.00")
    assert found.others == ["CHF"], "another currency is in no total, and said"
    assert listed.total == 5, "what was withdrawn is still seen"


def test_a_cost_over_a_period_is_shared_by_days_and_nothing_is_lost() -> None:
    year = Cost(amount=D("100.00"), first_day=date(2026, 1, 1), last_day=date(2026, 12, 31))
    shares = [costs.share(year, *days) for days in QUARTERS]
    # 90, 181, 273 and 365 days of 365: 24.66, 49.59, 74.79 and 100.00 so far
    assert shares == [D("24.66"), D("24.93"), D("25.20"), D("25.21")]
    night = Cost(amount=D("0.01"), first_day=date(2026, 3, 31), last_day=date(2026, 4, 1))
    assert [costs.share(night, *days) for days in QUARTERS] == [D("0.01"), D(0), D(0), D(0)]


async def test_a_cost_is_put_right_and_the_history_keeps_what_stood(
    database: Database, now: datetime
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    cost = await add(database, boss, now, "12.50", note="Room")
    later = now + timedelta(hours=1)
    async with database.transaction() as session:
        changed = await costs.change(session, boss, cost.ref, later, amount=D("15"), note="Hall")
        assert (changed.amount, changed.note) == (D("15.00"), "Hall")
        await costs.withdraw(session, boss, cost.ref, later)
        await costs.put_back(session, boss, cost.ref, later)
    async with database.transaction() as session:
        shown, steps = await costs.steps(session, boss, cost.ref, later)
    assert shown.state == State.STANDS
    assert [(step.reason, step.before, step.after) for step in steps] == [
        ("amount", "12.50", "15.00"),
        ("note", "", ""),
        (None, "stands", "withdrawn"),
        (None, "withdrawn", "stands"),
    ], "and no words"


@pytest.mark.parametrize(
    "amount", ["0", "-1", "0.004", "1000000000.01", "1e40", "NaN", "Infinity"]
)
async def test_what_is_no_amount_is_refused(
    database: Database, now: datetime, amount: str
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    with pytest.raises(NotUnderstoodError):
        await add(database, boss, now, amount)


async def test_a_cost_ends_no_earlier_than_it_begins_and_its_note_is_short(
    database: Database, now: datetime
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    with pytest.raises(NotUnderstoodError):
        await add(database, boss, now, "1", last_day=date(2026, 11, 1))
    with pytest.raises(NotUnderstoodError):
        await add(database, boss, now, "1", note="x" * 201)


async def test_a_cost_is_linked_to_a_thing_of_its_kind_and_to_no_other(
    database: Database, now: datetime
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    async with database.transaction() as session:
        lesson = Lesson(leads=Leads.MENU, right_answer=0, made_at=now)
        session.add(lesson)
        await session.flush()
        ref, number = lesson.ref, lesson.id
    cost = await add(database, boss, now, "5", what=What.LESSON, about=ref)
    assert cost.about_id == number
    with pytest.raises(NotFoundError):
        await add(database, boss, now, "5", what=What.EVENT, about=ref)
    async with database.transaction() as session:
        changed = await costs.change(session, boss, cost.ref, now, what=What.OTHER)
    assert changed.about_id is None, "another kind of thing would be another thing"


@pytest.mark.parametrize("name", [one for one in RoleName if one is not RoleName.COORDINATOR])
async def test_only_coordinators_read_or_write_costs(
    database: Database, now: datetime, name: RoleName
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    cost = await add(database, boss, now, "5")
    other = await a_person(database, now, 2, name)
    with pytest.raises(NotAllowedError):
        await add(database, other, now, "5")
    async with database.transaction() as session:
        for asked in (
            costs.opened(session, other, cost.ref, now),
            costs.change(session, other, cost.ref, now, amount=D(1)),
            costs.withdraw(session, other, cost.ref, now),
            costs.every(session, other, now),
            costs.listed(session, other, QUARTERS[0], now),
            costs.totals(session, other, QUARTERS[0], "EUR", now),
            costs.bring(session, other, [], now),
            costs.assumptions(session, other, now),
            costs.assume(session, other, Name.JOB_YEAR, D(1), "x", "EUR", now),
            costs.forget(session, other, Name.JOB_YEAR, now),
        ):
            with pytest.raises(NotAllowedError):
                await asked


# From a file


def a_line(row: int = 2, **more: Any) -> Line:
    facts: dict[str, Any] = {
        "row": row,
        "what": What.STAFF,
        "amount": D("10.00"),
        "currency": "EUR",
        "first_day": date(2026, 11, 2),
        "last_day": date(2026, 11, 30),
        "note": None,
        "about": "",
        **more,
    }
    return Line(**facts)


async def test_a_file_is_written_once_however_often_it_is_brought(
    database: Database, now: datetime
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    lines = [a_line(2), a_line(3), a_line(4, amount=D("7.25"))]
    async with database.transaction() as session:
        first = await costs.bring(session, boss, lines, now)
    assert (len(first.new), first.there, first.total) == (3, 0, D("27.25"))
    async with database.transaction() as session:
        again = await costs.bring(session, boss, [*lines, a_line(5)], now)
        assert (len(again.new), again.there, again.total) == (1, 3, D("10.00"))
        found = await costs.totals(session, boss, QUARTERS[3], "EUR", now)
    assert found.total == D("37.25")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"amount": D(0)}, "amount"),
        ({"last_day": date(2026, 11, 1)}, "days"),
        ({"note": "x" * 201}, "note"),
        ({"about": "nothing"}, "no_thing"),
        ({"what": What.EVENT, "about": "nothing"}, "thing"),
    ],
)
async def test_one_wrong_line_leaves_everything_as_it_was(
    database: Database, now: datetime, wrong: dict[str, object], why: str
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    with pytest.raises(LineRefusedError) as refused:
        async with database.transaction() as session:
            await costs.bring(session, boss, [a_line(2), a_line(3, **wrong)], now)
    assert (refused.value.why, refused.value.line) == (why, 3)
    async with database.transaction() as session:
        assert await costs.every(session, boss, now) == []


# What it came to


def test_a_ratio_is_told_where_its_denominator_is() -> None:
    assert costs.ratio(Per.CONTACT, D("1234.56"), 37).value == D("33.4")  # 33.3664…
    assert costs.ratio(Per.JOB, D("125000"), 8).value == D("15600")  # 15 625: even
    assert costs.ratio(Per.REFERRAL, D(0), 6).value == D(0)
    for hidden in Hidden:
        assert costs.ratio(Per.JOB, D(500), hidden).value is None
    assert costs.ratio(Per.BUSINESS, D(500), 0).value is None, "nothing came of it"


ASSUMED = {
    Name.JOB_YEAR: D(12_000),
    Name.JOB_YEARS: D(3),
    Name.BUSINESS: D(5_000),
    Name.ATTRIBUTION: D(40),
    Name.DEADWEIGHT: D(25),
    Name.DISCOUNT: D(3),
}


def test_net_benefit_is_what_a_hand_works_out() -> None:
    # A job: 12 000 + 12 000/1.03 + 12 000/1.0609 = 12 000 + 11 650.49 + 11 311.15 = 34 961.64
    # Ten of them 349 616.36; six businesses 30 000; together 379 616.36
    # Of that 40 % is the network's: 151 846.54; less 25 % that would have come: 113 884.91
    # Less costs of 60 000: 53 884.91
    found = costs.net_benefit(Outcomes(jobs=10, businesses=6), D(60_000), ASSUMED)
    assert found == Benefit(
        jobs=D(350_000),
        businesses=D(30_000),
        gross=D(380_000),
        benefits=D(114_000),
        costs=D(60_000),
        net=D(53_900),
    )
    poor = costs.net_benefit(Outcomes(jobs=0, businesses=6), D(60_000), ASSUMED)
    assert poor is not None
    assert poor.net == D(-51_000)  # 30 000 × 0.4 × 0.75 - 60 000


@pytest.mark.parametrize("lacking", [*Name])
def test_without_one_assumption_there_is_no_net_benefit(lacking: Name) -> None:
    some = {name: value for name, value in ASSUMED.items() if name is not lacking}
    assert costs.net_benefit(Outcomes(10, 6), D(1), some) is None


def test_a_hidden_number_gives_no_net_benefit() -> None:
    assert costs.net_benefit(Outcomes(Hidden.FEW, 6), D(1), ASSUMED) is None
    assert costs.net_benefit(Outcomes(10, Hidden.COVERED), D(1), ASSUMED) is None


async def test_what_is_assumed_says_where_it_comes_from_and_can_be_dropped(
    database: Database, now: datetime
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    async with database.transaction() as session:
        for value in ("900", "1000"):
            await costs.assume(session, boss, Name.JOB_YEAR, D(value), "Ministry", "EUR", now)
        await costs.assume(session, boss, Name.DISCOUNT, D("3.5"), "The Commission", "EUR", now)
    async with database.transaction() as session:
        found = await costs.assumptions(session, boss, now)
        assert [(name, row.value, row.currency) for name, row in found.items()] == [
            (Name.JOB_YEAR, D("1000.00"), "EUR"),
            (Name.DISCOUNT, D("3.50"), None),
        ]
        await costs.forget(session, boss, Name.JOB_YEAR, now)
        assert [*await costs.assumptions(session, boss, now)] == [Name.DISCOUNT]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (Name.DISCOUNT, "101"),
        (Name.ATTRIBUTION, "-1"),
        (Name.JOB_YEARS, "0"),
        (Name.JOB_YEARS, "2.5"),
        (Name.JOB_YEARS, "31"),
        (Name.JOB_YEAR, "1000000001"),
    ],
)
async def test_what_cannot_be_is_not_assumed(
    database: Database, now: datetime, name: Name, value: str
) -> None:
    boss = await a_person(database, now, 1, RoleName.COORDINATOR)
    async with database.transaction() as session:
        with pytest.raises(NotUnderstoodError):
            await costs.assume(session, boss, name, D(value), "x", "EUR", now)
        with pytest.raises(NotUnderstoodError):
            await costs.assume(session, boss, Name.JOB_YEAR, D(1), "  ", "EUR", now)
        assert await costs.assumptions(session, boss, now) == {}
