"""Everything that was told is computed again by a script that imports nothing of ours."""

import csv
import json
import random
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from bot.simulation import simulate
from community import erasure, evidence, referrals
from community.evidence import FACTS, EvidencePeriod, EvidencePseudonym, EvidenceRow, Figure
from community.evidence.dataset import files
from community.evidence.framework import SHIPPED
from community.evidence.reading import published
from community.figures import Hidden
from community.people import Person
from community.surveys import Survey, SurveyAnswer, SurveyResponse

ZONE = ZoneInfo("Europe/Brussels")
ERASED = 5
"""Of every forty people this one is erased."""
SCRIPT = Path(__file__).parents[2] / "docs" / "rebuild.py"


async def a_network(session: AsyncSession, now: datetime) -> None:
    """Simulate two years, with more surveys, and tell every period that is over."""
    await simulate(session, people=400, seed=11, now=now)
    await surveys_of_two_years(session, now)
    await evidence.freeze(session, now, ZONE, evidence.shipped())


async def surveys_of_two_years(session: AsyncSession, now: datetime) -> None:
    chance = random.Random(5)
    people = (await session.scalars(select(Person.id).order_by(Person.id))).all()
    for template, at in (("baseline", 690), ("yearly", 360)):
        day = now - timedelta(days=at)
        survey = Survey(template=template, version=1, wave="rebuilt", opened_at=day)
        session.add(survey)
        await session.flush()
        for number, person_id in enumerate(people):
            if number % 40 == ERASED or number % 3 == 0:
                continue  # of amounts that have been erased nothing is kept
            response = SurveyResponse(
                survey_id=survey.id,
                person_id=person_id,
                asked_at=day,
                started_at=day,
                finished_at=day,
            )
            session.add(response)
            await session.flush()
            is_first = template == "baseline"
            business = (
                "running" if is_first else chance.choice(["same", "same", "same", "new", "closed"])
            )
            said: dict[str, str | int] = {"business": business}
            if business in ("running", "same", "new"):
                said |= {"sales": chance.randint(0, 50_000), "staff": chance.randint(0, 4)}
                said["profit"] = chance.choice(["profit", "profit", "even", "loss"])
            said["belonging"] = chance.randint(1, 5)
            for question, value in said.items():
                is_code = isinstance(value, str)
                session.add(
                    SurveyAnswer(
                        response_id=response.id,
                        question=question,
                        value=value if is_code else "",
                        amount=None if is_code else Decimal(value),
                        answered_at=day,
                    )
                )
    await session.flush()


async def export(session: AsyncSession, folder: Path) -> None:
    async for file in files(session, ZONE):
        with (folder / f"{file.name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(file.columns)
            async for row in file.rows:
                assert len(row) == len(file.columns)
                writer.writerow(["" if value is None else value for value in row])


def rebuilt(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-I", str(SCRIPT), str(folder), str(SHIPPED)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def fit(figure: Figure) -> list[Any]:
    value = figure.value
    told = value if value is None or isinstance(value, Hidden) else str(value)
    return [told, figure.n]


def figures_of(row: EvidencePeriod) -> dict[str, Any]:
    told = published(row).facts
    return {
        code: {
            "": fit(evidence.figure(one, told)),
            **{
                by: {key: fit(figure) for key, figure in cells.items()}
                for by, cells in evidence.figures(one, told).items()
            },
        }
        for code, one in evidence.shipped().indicators.items()
        if one.part.fact in told
    }


def test_the_script_imports_nothing_of_ours() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)) == {
        *("json", "sys", "decimal", "functools", "pathlib", "pandas", "yaml")
    }


async def test_what_was_told_is_computed_again_from_the_data_set_to_the_last_digit(
    database: Database, now: datetime, tmp_path: Path
) -> None:
    """Also after some have been erased, have changed what they are, and requests have gone on."""
    async with database.transaction() as session:
        await a_network(session, now)
        people = (await session.scalars(select(Person).order_by(Person.id))).all()
        for person in people[ERASED:400:40]:
            await erasure.erase(session, person, now, b"key")
        for person in people[6:400:40]:
            person.language, person.area_id = "uk", None
        await session.flush()
        await export(session, tmp_path)
        rows = (await session.scalars(select(EvidencePeriod))).all()
        again = rebuilt(tmp_path)
        assert again.keys() == {evidence.Period(row.year, row.number).code for row in rows}
        cells: Counter[str] = Counter()
        for row in rows:
            period = evidence.Period(row.year, row.number).code
            for fact in row.told:
                assert again[period]["told"][fact] == row.told[fact], (period, fact)
            assert again[period]["told"].keys() == row.told.keys()
            assert again[period]["figures"] == figures_of(row), period
            text = json.dumps(row.told)
            cells += Counter({"few": text.count('"few"'), "covered": text.count('"covered"')})
    assert min(cells.values()) > 20, "there is something hidden of both kinds"
    with (tmp_path / "erased.csv").open(encoding="utf-8") as file:
        assert len(file.readlines()) > 50


async def test_a_person_is_one_row_of_a_fact_and_period(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        await a_network(session, now)
        by = (EvidenceRow.fact, EvidenceRow.period_id, EvidenceRow.person_id)
        rows = await session.execute(
            select(*by, func.count()).group_by(*by).having(func.count() > 1)
        )
        twice = {fact for fact, *_rest in rows}
        assert twice <= {"requests"}
        leaves = await session.execute(select(EvidenceRow.fact, EvidenceRow.leaf).distinct())
        there = [(fact, leaf) for fact, leaf in leaves]
        assert all(leaf in FACTS[fact].shape.leaves for fact, leaf in there)
        few_say = {"hours_change", "export"}  # of four hundred people there may be none
        assert FACTS.keys() - {fact for fact, _leaf in there} <= few_say
        made = select(func.count()).select_from(referrals.Referral)
        requests = select(func.count()).where(EvidenceRow.fact == "requests")
        assert 0 < (await session.scalar(requests) or 0) <= (await session.scalar(made) or 0)


async def test_a_pseudonym_stays_and_goes_with_the_person(
    database: Database, now: datetime, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        await a_network(session, now)
        await export(session, tmp_path)
        before = (tmp_path / "people.csv").read_text(encoding="utf-8")
        gone = await session.scalar(select(Person).order_by(Person.id).offset(7).limit(1))
        assert gone is not None
        drawn = select(EvidencePseudonym.pseudonym).where(EvidencePseudonym.person_id == gone.id)
        pseudonym = await session.scalar(drawn)
        assert pseudonym
        assert pseudonym != gone.ref
        await erasure.erase(session, gone, now, b"key")
        await export(session, tmp_path)
        for file in tmp_path.glob("*.csv"):
            assert pseudonym not in file.read_text(encoding="utf-8")
        after = (tmp_path / "people.csv").read_text(encoding="utf-8").splitlines()
        assert set(after) < set(before.splitlines())


async def test_no_name_account_or_reference_is_in_the_data_set(
    database: Database, now: datetime, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        await a_network(session, now)
        await export(session, tmp_path)
        told = {
            cell
            for file in tmp_path.glob("*.csv")
            for line in csv.reader(file.read_text(encoding="utf-8").splitlines())
            for cell in line
        }
        people = (await session.scalars(select(Person))).all()
        assert not told & {one.ref for one in people}
        assert not told & {one.name for one in people if one.name}
        assert not told & {str(one.telegram_id) for one in people}
