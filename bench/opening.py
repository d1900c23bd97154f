"""Opening a proposal and a post, beside pressing "Going" and "Maybe" under an event.

Each of those who press has been proposed somebody; the post is one that the team has read.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

SHOWN = 300
"""So many updates of each kind."""


async def fill(database: Any, now: datetime) -> tuple[list[str], str, str]:
    """Propose neighbours to each other; return the references of matches, post and event."""
    from sqlalchemy import select

    from bench.contestants import PRESSERS
    from community import needs, translations
    from community.events import Event
    from community.matches import Match, MatchSide, Pairing, Partner, Side
    from community.needs import Need
    from community.people import Person
    from community.posts import Category, Kind, Post, State

    async with database.transaction() as session:
        found = select(Person).where(Person.telegram_id >= 1000).order_by(Person.telegram_id)
        people = (await session.scalars(found.limit(PRESSERS))).all()
        for person in people:
            session.add(Pairing(person_id=person.id, seeks=["peer"], changed_at=now))
            await needs.look_for(session, person, [Need.TAX, Need.EXPORT])
            await needs.offer(session, person, [Need.EXPORT, Need.HIRING])
        refs = [""] * PRESSERS
        for at in range(0, PRESSERS, 2):
            match = Match(
                partner=Partner.PEER, proposed_at=now, lapses_at=now + timedelta(days=10)
            )
            session.add(match)
            await session.flush()
            for one, side in ((at, Side.RECEIVER), (at + 1, Side.GIVER)):
                session.add(
                    MatchSide(
                        match_id=match.id, person_id=people[one].id, side=side, proposed_at=now
                    )
                )
                refs[one] = match.ref
        author = (await session.scalars(select(Person).where(Person.id == 1))).one()
        post = Post(
            person_id=author.id,
            kind=Kind.ASK,
            category=Category.SUPPLIER,
            need=Need.EXPORT,
            state=State.PUBLISHED,
            made_at=now,
            approved_at=now,
            expires_at=now + timedelta(days=30),
        )
        session.add(post)
        await session.flush()
        words = {"text": "Who sells flour?"}
        await translations.write(session, author, "post", post.id, "en", words, now)
        event = (await session.scalars(select(Event))).first()
        assert event is not None
        return refs, post.ref, event.ref


async def opening(base: str, n: int, url: str) -> dict[str, float]:
    """Answer presses under an event, then open proposals and a post."""
    from bench.answering import costs, press
    from bench.contestants import PRESSERS, _app, pressing
    from handlers.pairing import OneMatch
    from handlers.posting import OfPost

    app = _app(base, url)
    refs, post, event = await fill(app.database, datetime.now(UTC))
    return await costs(
        app,
        base,
        n,
        {
            "answer": lambda number: pressing(number, event),
            "match": lambda number: press(number, OneMatch(ref=refs[number % PRESSERS]).pack()),
            "post": lambda number: press(number, OfPost(ref=post).pack()),
        },
    )
