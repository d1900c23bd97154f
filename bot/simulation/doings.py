"""What the people of the simulated network do with each other and by themselves.

They take the lessons that come with the program, ask and offer, and are introduced to each other.
"""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.lessons import SOURCE, packed_lessons
from bot.simulation.crowd import DAY, Area, Somebody
from bot.simulation.rows import Rows
from bot.simulation.tables import POST_ENDS, POSTS
from community import lessons, posts
from community.consents import Purpose
from community.lessons import Lesson, LessonProgress
from community.matches import MATCH, Match, MatchRound, MatchSide, Pairing, Partner, Side
from community.matches import State as Matched
from community.matches.table import ANSWERED_WITHIN, ASKED_AFTER, ASKED_UNTIL, Outcome
from community.posts.table import LASTS, POST, Category, Post
from community.posts.table import State as Posted

EVERY = 14 * DAY
"""How often partners are looked for."""


def _moment_of(rows: Rows, me: Somebody, now: datetime) -> datetime | None:
    """Return some moment at which somebody was an active member."""
    if me.joined_at is None:
        return None
    until = me.rests_from or now
    return me.joined_at + (until - me.joined_at) * rows.chance.random()


# Lessons


async def take_lessons(
    rows: Rows, crowd: Sequence[Somebody], begin: datetime, now: datetime
) -> None:
    """Let members take the lessons that come with the program."""
    made = []
    for position, one in enumerate(packed_lessons()):
        number = rows.add(
            Lesson,
            code=one.code,
            packed=one.digest,
            for_team=one.for_team,
            state=lessons.State.PUBLISHED,
            position=position,
            leads=one.leads,
            right_answer=one.right,
            made_at=begin,
        )
        order = sorted(one.texts, key=lambda language: (language != SOURCE, language))
        for field in one.texts[SOURCE]:
            texts = {code: one.texts[code][field] for code in order if field in one.texts[code]}
            rows.words(lessons.SUBJECT, number, field, texts, begin)
        if not one.for_team:
            made.append(number)
    for me in crowd:
        if not rows.happens(0.35):
            continue
        for number in rows.chance.sample(made, rows.chance.randint(1, 3)):
            at = _moment_of(rows, me, now)
            if at is None:
                continue
            is_done = rows.happens(0.7)
            rows.add(
                LessonProgress,
                person_id=me.id,
                lesson_id=number,
                language=me.language,
                screen=len(lessons.SCREENS) if is_done else rows.chance.randint(0, 2),
                started_at=at,
                finished_at=min(at + timedelta(minutes=4), now) if is_done else None,
            )
        await rows.breathe()


# Asks and offers


async def put_up_posts(
    rows: Rows, count: int, crowd: Sequence[Somebody], areas: Sequence[Area], now: datetime
) -> None:
    """Let members look for something or offer it; what is older than a month has ended."""
    chance = rows.chance
    by_ref = {area.ref: area.id for area in areas}
    for me in chance.choices(crowd, k=count):
        made_at = _moment_of(rows, me, now)
        if made_at is None:
            continue
        kind, text = chance.choice(POSTS)
        lives = LASTS if rows.happens(0.6) else LASTS * chance.random()
        expires_at, ended_at = made_at + LASTS, made_at + lives
        state = Posted.PUBLISHED
        if expires_at <= now:
            state = Posted.EXPIRED if lives == LASTS else rows.one_of(POST_ENDS)
        elif lives < LASTS and ended_at <= now:
            state = rows.one_of(POST_ENDS)
        elif not me.is_active(now):
            state, ended_at = Posted.WITHDRAWN, me.rests_from or now
        is_live = state is Posted.PUBLISHED
        number = rows.add(
            Post,
            person_id=me.id,
            kind=kind,
            category=chance.choice([*Category]),
            area_id=by_ref.get(me.area_ref),
            state=state,
            made_at=made_at,
            expires_at=expires_at,
            ended_at=None if is_live else ended_at,
            announced_at=made_at,
        )
        rows.words(posts.SUBJECT, number, "text", {"en": text}, made_at)
        if not is_live:
            by = None if state is Posted.EXPIRED else me.id
            rows.step(POST.name, number, Posted.PUBLISHED, state, ended_at, actor_id=by)
        await rows.breathe()


# Introductions


async def introduce(rows: Rows, crowd: Sequence[Somebody], begin: datetime, now: datetime) -> None:
    """Let those who agree to it be proposed to each other every two weeks."""
    chance = rows.chance
    agree = [me for me in crowd if me.joined_at is not None and Purpose.MATCHING in me.consents]
    for me in agree:
        rows.add(
            Pairing,
            person_id=me.id,
            seeks=[Partner.PEER],
            gives=Partner.PEER,
            changed_at=me.joined_at,
        )
    at, number = begin + EVERY, 0
    while at < now - DAY:
        number += 1
        here = [me for me in agree if me.is_active(at)]
        some = chance.sample(here, len(here) // 12 * 2)
        found = rows.add(
            MatchRound,
            key=f"simulated-{number}",
            opened_at=at,
            finished_at=at + timedelta(minutes=5),
            receivers=len(some),
            matched=len(some),
        )
        for two in zip(some[::2], some[1::2], strict=True):
            _propose(rows, found, two, at, now)
            await rows.breathe()
        at += EVERY


def _propose(
    rows: Rows, round_id: int, two: tuple[Somebody, Somebody], at: datetime, now: datetime
) -> None:
    """Let two be proposed to each other, and what came of it."""
    chance = rows.chance
    walked = _walk(rows, at, now)
    when = dict(walked)
    state, introduced_at = walked[-1][0], when.get(Matched.INTRODUCED)
    lapses_at = at + ANSWERED_WITHIN
    waits = state is Matched.INTRODUCED and introduced_at is not None
    asks_at = introduced_at + ASKED_AFTER if introduced_at else None
    match = rows.add(
        Match,
        round_id=round_id,
        partner=Partner.PEER,
        state=state,
        proposed_at=at,
        lapses_at=lapses_at,
        settled_at=introduced_at or (lapses_at if lapses_at <= now else None),
        introduced_at=introduced_at,
        asks_at=asks_at if waits and asks_at is not None and asks_at > now else None,
        closes_at=introduced_at + ASKED_UNTIL if waits and introduced_at else None,
        ended_at=when.get(Matched.NOT_MET),
    )
    met = {Matched.MET: True, Matched.NOT_MET: False}.get(state)
    for side, me in zip(Side, two, strict=True):
        accepts = introduced_at is not None or (Matched.ACCEPTED in when and side is Side.RECEIVER)
        declines = state is Matched.DECLINED and not accepts and side is Side.GIVER
        says = met is not None and rows.happens(0.8)
        rows.add(
            MatchSide,
            match_id=match,
            person_id=me.id,
            side=side,
            proposed_at=at,
            accepted_at=introduced_at or when[Matched.ACCEPTED] if accepts else None,
            declined_at=when[Matched.DECLINED] if declines else None,
            met=met if says else None,
            useful=rows.happens(0.75) if says and met else None,
            outcome=chance.choice([*Outcome]) if says and met else None,
            said_at=walked[-1][1] if says else None,
        )
    for (before, _), (after, moment) in itertools.pairwise(walked):
        rows.step(MATCH.name, match, before, after, moment)


def _walk(rows: Rows, at: datetime, now: datetime) -> list[tuple[Matched, datetime]]:
    """Return the states that a proposal has been in by now, and since when."""
    chance = rows.chance
    walked = [(Matched.PROPOSED, at)]
    days = iter([1 + 3 * chance.random(), 5 + 4 * chance.random(), 16 + 11 * chance.random()])
    if rows.happens(0.2):
        walked.append((Matched.LAPSED, at + ANSWERED_WITHIN))
    else:
        walked.append((Matched.ACCEPTED, at + next(days) * DAY))
        if rows.happens(0.25):
            walked.append((Matched.DECLINED, at + next(days) * DAY))
        elif rows.happens(0.2):
            walked.append((Matched.LAPSED, at + ANSWERED_WITHIN))
        else:
            introduced_at = at + next(days) * DAY
            walked.append((Matched.INTRODUCED, introduced_at))
            came = Matched.MET if rows.happens(0.62) else Matched.NOT_MET
            walked.append((came, introduced_at + next(days) * DAY))
    return [(state, since) for state, since in walked if since <= now]
