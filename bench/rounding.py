"""One round of matches for many, beside the bare assignment on the same sparse graph.

Everybody takes part, as ``bench/pairing.py`` makes towns. The round is all of it: the population
read from the database, the graph, the assignment, the proposals and their messages written, the
unmatched told. Memory is the peak of the process, which also holds what it is measured with.
"""

import random
import resource
import time
from datetime import UTC, datetime
from typing import Any

PEOPLE = 10_000


async def fill(database: Any, n: int, now: datetime) -> None:
    """Let everybody look for something, know something and speak something."""
    from sqlalchemy import select, update

    from bench.pairing import AREAS, LANGUAGES, NEEDS, population
    from bot.simulation.rows import Rows
    from community.areas import Area
    from community.matches import Pairing, Partner, Way
    from community.needs import Need, PersonNeed, PersonOffer
    from community.people import Person
    from community.spoken import SpokenLanguage

    columns, languages, _profiles = population(n, 1)
    codes, terms, rng = [*LANGUAGES, "en"], list(Need)[:NEEDS], random.Random(1)
    async with database.transaction() as session:
        people = (await session.scalars(select(Person.id).order_by(Person.id))).all()[:n]
        rows = Rows(session, 1, lambda _: None)
        for number in range(AREAS):
            rows.add(
                Area, zone="Europe/Paris", made_at=now, latitude=50 + number / 50, longitude=4.3
            )
        await rows.finish()
        for at, person_id in enumerate(people):
            is_guide = columns.slots[at] > 1
            rows.add(
                Pairing,
                person_id=person_id,
                seeks=["peer", "mentor", "role_model"],
                gives=Partner.MENTOR if is_guide else Partner.PEER,
                places=columns.slots[at],
                confirmed_at=now if is_guide else None,
                way=rng.choice([*Way]),
                changed_at=now,
            )
            for table, bits in (
                (PersonNeed, columns.needs[at]),
                (PersonOffer, columns.offers[at]),
            ):
                for bit, term in enumerate(terms):
                    if bits >> bit & 1:
                        rows.add(table, person_id=person_id, term=term)
            for bit, code in enumerate(codes):
                if columns.languages[at] >> bit & 1 and code != languages[at]:
                    rows.add(SpokenLanguage, person_id=person_id, language=code)
            await rows.breathe()
        await rows.finish()
        for code in LANGUAGES:
            mine = [one for at, one in enumerate(people) if languages[at] == code]
            await session.execute(update(Person).where(Person.id.in_(mine)).values(language=code))
        await session.execute(update(Person).values(area_id=Person.id % AREAS + 1))


async def rounding(_base: str, n: int, url: str) -> dict[str, float]:
    """Hold a round; then let the library solve the same graph again, and nothing else."""
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    from bench.contestants import Meter
    from bot.database import Database
    from bot.matching import AT_ONCE
    from community import matches
    from community.matches import MatchRound, fitting, solving

    database, now = Database(url), datetime.now(UTC)
    await fill(database, n, now)
    with Meter() as meter:
        async with database.transaction() as session:
            found = MatchRound(key="bench", opened_at=now)
            session.add(found)
        async with database.snapshot() as session:
            people = await matches.population(session, found, now)
        pairs = solving.best(people, found.id)
        for at in range(0, len(pairs), AT_ONCE):
            async with database.transaction() as session:
                again = await session.get_one(MatchRound, found.id)
                await matches.propose(session, again, pairs[at : at + AT_ONCE], now)
        receivers = [one for one, wants in zip(people.ids, people.receives, strict=True) if wants]
        for at in range(0, len(receivers), AT_ONCE):
            async with database.transaction() as session:
                await matches.tell_none(session, found, receivers[at : at + AT_ONCE], now)
        async with database.transaction() as session:
            again = await session.get_one(MatchRound, found.id)
            await matches.finish(session, again, receivers, now)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    arrays = fitting.arrays(people)
    graph = solving.graph_of(arrays, fitting.edges(arrays, found.id))
    begin = time.process_time()
    min_weight_full_bipartite_matching(graph.costs)
    bare = time.process_time() - begin
    await database.close()
    return {
        "cpu_s": meter.cpu,
        "bare_s": bare,
        "peak_mib": peak,
        "edges": float(graph.costs.nnz),
        "pairs": float(len(pairs)),
    }
