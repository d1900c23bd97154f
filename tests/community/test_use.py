"""Use of the platform: each metric of a quarter, counted by hand beside a network of fifteen."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import attendance, deliveries, evidence
from community.attendance import Attendance
from community.deliveries import Delivery
from community.evidence.telling import ALL
from community.exchanges import Exchange, Kind
from community.figures import Hidden
from community.people import Person
from community.reactions import Meaning, Reaction
from community.sends import Send, State
from community.sends.table import Kind as Sent
from community.votes import Ballot, Vote
from locales import translator_for, without_isolates
from reports.use import report
from tests.community.test_evidence import AFTER, AUTUMN, JOINED, PARIS, an_event, frozen, members


async def a_letter(session: AsyncSession, started: bool = True) -> Send:
    send = Send(kind=Sent.NEWSLETTER, made_at=JOINED, state=State.SENT)
    send.started_at = JOINED if started else JOINED - timedelta(days=90)
    session.add(send)
    await session.flush()
    return send


def invited(person: Person, event_id: int, at: object = JOINED) -> Delivery:
    return Delivery(
        kind="event_invitation",
        person_id=person.id,
        subject_id=event_id,
        key=f"x:{person.id}:{event_id}",
        state=deliveries.State.SENT,
        settled_at=at,
        args={},
        due_at=JOINED,
        expires_at=JOINED,
        planned_at=JOINED,
        lane=1,
    )


async def test_who_reacted_or_voted_is_counted_once_by_the_letters_quarter(
    session: AsyncSession,
) -> None:
    crowd = await members(session, 15)
    letter, old = await a_letter(session), await a_letter(session, started=False)
    vote = Vote(send_id=letter.id)
    session.add(vote)
    await session.flush()
    for person in crowd[:4]:
        session.add(Reaction(person_id=person.id, send_id=letter.id, meaning=Meaning.USEFUL))
    for person in crowd[2:6]:  # two of them have reacted, too
        session.add(Ballot(person_id=person.id, vote_id=vote.id, option=0))
    for person in crowd:  # of a letter of the quarter before
        session.add(Reaction(person_id=person.id, send_id=old.id, meaning=Meaning.USEFUL))
    await session.flush()
    assert (await frozen(session))["reacted"].cells[ALL] == 6


async def test_who_asked_the_team_is_counted_once_and_what_is_few_is_not_told(
    session: AsyncSession,
) -> None:
    crowd = await members(session, 15)
    for person in [*crowd[:4], crowd[0]]:
        session.add(
            Exchange(person_id=person.id, kind=Kind.TEAM, begun_at=JOINED, touched_at=JOINED)
        )
    session.add(
        Exchange(
            person_id=crowd[5].id,
            kind=Kind.TEAM,
            begun_at=JOINED - timedelta(days=90),
            touched_at=JOINED,
        )
    )
    await session.flush()
    assert (await frozen(session))["wrote"].cells[ALL] is Hidden.FEW, "four, one of them twice"


async def test_who_was_invited_and_answered_any_of_it(session: AsyncSession) -> None:
    crowd = await members(session, 15)
    one = await an_event(session, JOINED, [])
    other = await an_event(session, JOINED, [])
    for person in crowd[:12]:
        session.add_all([invited(person, one.id), invited(person, other.id)])
    session.add(invited(crowd[13], one.id, JOINED - timedelta(days=90)))
    for person, event, state in (
        *((person, one, attendance.State.DECLINED) for person in crowd[:5]),
        *((person, other, attendance.State.GOING) for person in crowd[3:7]),
        *((person, other, attendance.State.INVITED) for person in crowd[8:10]),
        (crowd[14], one, attendance.State.GOING),  # who was not invited
    ):
        row = Attendance(person_id=person.id, event_id=event.id, state=state)
        row.answered_at = JOINED
        session.add(row)
    await session.flush()
    assert (await frozen(session))["invited"].cells == {ALL: 12, "answered": 7, "silent": 5}


async def test_the_report_says_what_is_told_and_no_more(session: AsyncSession) -> None:
    crowd = await members(session, 15)
    await an_event(session, JOINED, crowd[:6])
    await frozen(session)
    row = await session.scalar(select(evidence.EvidencePeriod).filter_by(number=AUTUMN.number))
    assert row is not None
    _ = translator_for("en")
    published = evidence.reading.published(row)
    told = report(published, str, AFTER.astimezone(PARIS).date(), _)
    shown = {
        (without_isolates(section.title), without_isolates(line.label)): without_isolates(
            line.value
        )
        for section in told.sections
        for line in section.rows
    }
    assert shown["Members at its end", "All members"] == "15"
    assert shown["Members who did something", "Came to an event"] == "6"
    assert shown["People by what they used", "Events: came"] == "6"
    assert shown["People by what they used", "Lessons: finished one"] == "0"
    assert shown["Who answered", "Invitations"] == "nobody"
