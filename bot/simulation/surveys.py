"""What the simulated network was asked, by the windows of the program, and what it answered.

One turn after the other in the order of time, each person with a rest between two. How many answer
differs by language, as it does in real networks.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.simulation import fortunes
from bot.simulation.crowd import DAY, VERSION, Somebody
from bot.simulation.fortunes import Fortune
from bot.simulation.meetings import REMINDED, Meeting, owe
from bot.simulation.rows import Rows
from bot.simulation.support import Request
from bot.simulation.tables import AGREE_TO_EXIT, HALF_WAY, RESPONSES
from community import events, surveys
from community.deliveries import State as Sending
from community.people import Membership
from community.policy import next_morning
from community.referrals import State as Requested
from community.surveys import Survey, SurveyAnswer, SurveyResponse, Template
from community.surveys.table import ExitAgreement
from community.surveys.windows import (
    A_WEEK_AFTER,
    AFTER_MONTHS,
    ASKED_WITHIN,
    ENDED,
    FOUR_WEEKS,
    OPEN_FOR,
    OUTCOME_OPEN,
    OUTCOME_WITHIN,
    SETTLED_IN,
    WINDOWS,
    months_after,
)

RANKS = {window.code: rank for rank, window in enumerate(WINDOWS)}


class Turn(NamedTuple):
    """That somebody is to be asked; of two at one moment the first in order comes first."""

    at: datetime
    rank: int
    person_id: int
    planned_at: datetime
    expires_at: datetime
    closes_at: datetime
    event_id: int | None = None
    referral_id: int | None = None
    wave: str = ""
    was_helped: bool = True


async def fill(
    rows: Rows,
    crowd: Sequence[Somebody],
    made: Sequence[Meeting],
    requests: Sequence[Request],
    zone: str,
    now: datetime,
) -> None:
    """Ask everybody whose turn it was."""
    fortunes_of = {me.id: fortunes.begin(rows) for me in crowd if me.joined_at is not None}
    there = _Asking(rows, zone, now, fortunes_of)
    waiting = [
        *(turn for meeting in made for turn in _after_event(meeting, now)),
        *(turn for request in requests for turn in _after_request(request, zone, now)),
        *(turn for me in crowd for turn in _of_years(me, now)),
        *(turn for me in crowd for turn in _after_leaving(rows, me, now)),
    ]
    heapq.heapify(waiting)
    while waiting:
        turn = heapq.heappop(waiting)
        me = crowd[turn.person_id - 1]
        rests_until = there.rests_until(me, turn)
        if rests_until is None:
            there.ask(me, turn)
        elif rests_until < turn.expires_at and rests_until <= now:
            heapq.heappush(waiting, turn._replace(at=rests_until))
        await rows.breathe()


# Whose turn it was


def template_of(turn: Turn) -> Template:
    """Return what is asked: a made-up network has no surveys of its own."""
    template = WINDOWS[turn.rank].template
    assert template is not None
    return template


def _after_event(meeting: Meeting, now: datetime) -> Iterator[Turn]:
    if meeting.state is not events.State.HELD:
        return
    asked_at = next_morning(meeting.ends_at + timedelta(hours=10), ZoneInfo(meeting.zone))
    for person_id, state in meeting.stands.items():
        if state == "attended":
            yield Turn(
                asked_at,
                RANKS["after_event"],
                person_id,
                min(meeting.ends_at, now),
                asked_at + ASKED_WITHIN,
                meeting.ends_at + OPEN_FOR,
                event_id=meeting.id,
            )


def _after_request(request: Request, zone: str, now: datetime) -> Iterator[Turn]:
    if request.state not in ENDED:
        return
    ended_at = request.changed_at
    asked_at = next_morning(ended_at + timedelta(hours=12), ZoneInfo(zone))
    yield Turn(
        asked_at,
        RANKS["after_referral"],
        request.person_id,
        min(ended_at, now),
        ended_at + OPEN_FOR,
        ended_at + OPEN_FOR,
        referral_id=request.id,
        was_helped=request.state is Requested.CONFIRMED,
    )


def _of_years(me: Somebody, now: datetime) -> Iterator[Turn]:
    """Yield when a member is asked where they stand: three days after joining, and every year."""
    if me.joined_at is None:
        return
    at, code, year = me.joined_at + SETTLED_IN, "baseline", 0
    while at <= now:
        wave = str(year) if year else ""
        until = at + OUTCOME_WITHIN
        yield Turn(at, RANKS[code], me.id, at, until, at + OUTCOME_OPEN, wave=wave)
        code, year = "yearly", year + 1
        at = months_after(me.joined_at, 12 * year)


def _after_leaving(rows: Rows, me: Somebody, now: datetime) -> Iterator[Turn]:
    """Let some agree to be asked after they have left; yield when they are."""
    left_at = me.rests_from
    if me.state is not Membership.LEFT or left_at is None or not rows.happens(AGREE_TO_EXIT):
        return
    rows.add(
        ExitAgreement,
        person_id=me.id,
        version=VERSION,
        language=me.language,
        left_at=left_at,
    )
    wave = f"{left_at:%Y-%m}"
    for code, at in (
        ("exit", left_at + A_WEEK_AFTER),
        ("exit_six_months", months_after(left_at, AFTER_MONTHS)),
    ):
        if at <= now:
            yield Turn(at, RANKS[code], me.id, at, at + FOUR_WEEKS, at + FOUR_WEEKS, wave=wave)


# Asking them


@dataclass
class _Asking:
    rows: Rows
    zone: str
    now: datetime
    fortunes: Mapping[int, Fortune]

    def __post_init__(self) -> None:
        self._surveys: dict[tuple[int, int | None, int | None, str], int] = {}

    def rests_until(self, me: Somebody, turn: Turn) -> datetime | None:
        """Return until when somebody is asked nothing; None if they can be asked this."""
        if not WINDOWS[turn.rank].of_members or not me.asked:
            return None
        until = me.asked[-1] + surveys.COOL_DOWN
        return until if until > turn.at else None

    def ask(self, me: Somebody, turn: Turn) -> None:
        """Ask somebody, if they may be asked, and let them answer, or not."""
        window, rows, now = WINDOWS[turn.rank], self.rows, self.now
        fortune = self.fortunes[me.id]
        if window.code not in ("baseline", "after_event", "after_referral"):
            fortunes.go_on(rows, fortune)
        if window.of_members and not me.is_surveyed(turn.at):
            return
        state = Sending.QUEUED if turn.at > now else rows.one_of(REMINDED)
        is_heard = state in surveys.REACHED
        if is_heard or state is Sending.QUEUED:
            me.asked.append(turn.at)
        at = turn.at + timedelta(hours=rows.chance.randint(1, 20))
        answers = []
        if is_heard and turn.at < now - DAY and rows.happens(RESPONSES[me.language]):
            template = template_of(turn)
            told = fortunes.told(rows, template, fortune, me.language, was_helped=turn.was_helped)
            answers = list(told)
        whole = len(answers)
        if answers and rows.happens(HALF_WAY):
            answers = answers[: max(1, whole // 2)]
        is_done, ref = whole == len(answers), rows.ref()
        response = rows.add(
            SurveyResponse,
            ref=ref,
            survey_id=self._survey(turn),
            person_id=me.id,
            asked_at=turn.at,
            closes_at=turn.closes_at,
            started_at=at if answers else None,
            finished_at=at if answers and is_done else None,
            skipped_at=None if is_done else at,
            language=me.language if answers else None,
            passed=[],
        )
        for question, value, amount in answers:
            rows.add(
                SurveyAnswer,
                response_id=response,
                question=question,
                value=value,
                amount=amount,
                language=me.language,
                answered_at=at,
            )
        owe(
            rows,
            me,
            window.kind,
            f"{window.kind}:{self._survey(turn)}:{me.id}",
            state,
            turn.at,
            args={"ref": ref},
            expires_at=turn.expires_at,
            subject_id=response,
            planned_at=turn.planned_at,
            now=now,
        )

    def _survey(self, turn: Turn) -> int:
        """Return the number of the survey about this, or of this wave."""
        key = (turn.rank, turn.event_id, turn.referral_id, turn.wave)
        if key not in self._surveys:
            window, template = WINDOWS[turn.rank], template_of(turn)
            self._surveys[key] = self.rows.add(
                Survey,
                template=template.code,
                version=template.version,
                window=window.code,
                event_id=turn.event_id,
                referral_id=turn.referral_id,
                wave=turn.wave,
                opened_at=turn.planned_at,
            )
        return self._surveys[key]
