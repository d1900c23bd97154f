"""A short vote: who may, until when, what is told of it to whom, and what stays of nobody."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, erasure, sends, translations, votes
from community.deliveries import Delivery, Plan
from community.deliveries import State as Owed
from community.errors import (
    IllegalMoveError,
    NotAllowedError,
    NotAMemberError,
    NotFoundError,
    NotUnderstoodError,
    TooLateError,
)
from community.people import Membership, Participation, Person
from community.sends import Send, State
from community.votes import Ballot, Vote
from tests.community.test_sends import a_member, a_newsletter, staff

ANSWERS = ["Morning", "Evening"]
DAY = timedelta(days=1)


async def a_vote(session: AsyncSession, now: datetime, *, days: int = 7) -> Send:
    """Let a newsletter with a question be out."""
    author = await staff(session, 1, now)
    send = await a_newsletter(session, author, now)
    await votes.attach(session, author, send.ref, "When?", ANSWERS, days, now)
    send.state, send.started_at = State.SENT, now
    await session.flush()
    return send


async def all_vote(session: AsyncSession, send: Send, now: datetime, *said: int) -> list[Person]:
    found = []
    for at, option in enumerate(said):
        found.append(await a_member(session, 100 + at, now))
        await votes.vote(session, found[-1], send.ref, option, now)
    return found


async def test_one_vote_for_each_member_which_can_be_changed_until_it_ends(
    session: AsyncSession, now: datetime
) -> None:
    send = await a_vote(session, now)
    reader = await a_member(session, 10, now)
    reader.participation = Participation.READING
    for option in (0, 0, 1):
        await votes.vote(session, reader, send.ref, option, now + 6 * DAY)
    assert await session.scalar(select(func.count()).select_from(Ballot)) == 1
    standing = await votes.of(session, send, reader, now)
    assert standing is not None
    assert standing.chosen == 1
    with pytest.raises(TooLateError):
        await votes.vote(session, reader, send.ref, 0, now + 7 * DAY)
    standing = await votes.of(session, send, reader, now + 7 * DAY)
    assert standing is not None
    assert (standing.is_open, standing.chosen) == (False, 1)


async def test_forged_answers_and_strangers_change_nothing(
    session: AsyncSession, now: datetime
) -> None:
    send = await a_vote(session, now)
    member = await a_member(session, 10, now)
    for option in (-1, 2, 6):
        with pytest.raises(NotFoundError):
            await votes.vote(session, member, send.ref, option, now)
    stranger = await a_member(session, 11, now, state=Membership.JOINING)
    with pytest.raises(NotAMemberError):
        await votes.vote(session, stranger, send.ref, 0, now)
    send.for_whom = {"languages": ["uk"]}
    await session.flush()
    with pytest.raises(NotFoundError):
        await votes.vote(session, member, send.ref, 0, now)
    assert await session.scalar(select(func.count()).select_from(Ballot)) == 0


async def test_the_result_is_shares_once_it_is_over_and_of_few_nothing_is_told(
    session: AsyncSession, now: datetime
) -> None:
    send = await a_vote(session, now)
    voters = await all_vote(session, send, now, 0, 0, 0, 1)
    team, over = await session.get_one(Person, send.made_by_id), now + 8 * DAY

    async def shares(at: datetime) -> Mapping[int, int]:
        standing = await votes.of(session, send, voters[0], at)
        found = await votes.result(session, team, send, at)
        assert standing is not None
        assert found is not None
        assert standing.shares == found[0].shares, "the team reads no more than members do"
        return standing.shares

    assert await shares(over) == {}, "of four nothing is told"
    waits = await a_member(session, 10, now)
    for number in (11, 12):
        await votes.vote(session, await a_member(session, number, now), send.ref, 0, now)
    assert await shares(now) == {}, "each step would tell how the last one voted"
    told = await shares(over)
    assert {at: told[at] for at in (0, 1)} == {0: 85, 1: 15}, "in steps of five"
    result = await votes.result(session, team, send, now)
    assert result is not None
    assert result[1] == 5, "how many in fives"
    with pytest.raises(NotAllowedError):
        await votes.result(session, waits, send, now)


async def test_where_nearly_all_for_whom_it_was_have_voted_nothing_is_told(
    session: AsyncSession, now: datetime
) -> None:
    send = await a_vote(session, now)
    voters = await all_vote(session, send, now, 0, 0, 0, 0, 1)
    send.for_whom = {"languages": ["en"]}
    for at in range(10):
        reader = voters[at] if at < 5 else await a_member(session, 200 + at, now)
        row = Plan("newsletter", reader.id, f"n:{at}", now, {"ref": send.ref}, send_id=send.id)
        await deliveries.plan(session, now, row)
        await session.execute(update(Delivery).values(state=Owed.SENT))
        standing = await votes.of(session, send, voters[0], now + 8 * DAY)
        assert standing is not None
        assert bool(standing.shares) is (at == 9), "five who kept silent are as many as any"


async def test_its_words_are_those_of_the_newsletter_and_go_with_it(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    send = await a_newsletter(session, author, now)
    french = {"title": "Nouvelles", "body": "Tout va bien."}
    await sends.edit(session, author, send.ref, now, language="fr", texts=french)
    assert "fr" in (await sends.shelf(session, send)).complete
    await votes.attach(session, author, send.ref, "When?", [*ANSWERS, "Never"], 14, now)
    shelf = await sends.shelf(session, send)
    assert "fr" not in shelf.complete, "the question is to be translated first"
    await votes.attach(session, author, send.ref, "At what time?", ANSWERS, 3, now)
    shelf = await sends.shelf(session, send)
    reads = translations.Reads("en")
    block = shelf.choose(reads, "en")
    assert block is not None
    assert (block.get("question"), votes.options_of(block)) == ("At what time?", ANSWERS)
    assert await session.scalar(select(Vote.days)) == 3
    await votes.detach(session, author, send.ref, now)
    assert "fr" in (await sends.shelf(session, send)).complete
    assert await votes.of(session, send, author, now) is None


async def test_only_an_animator_asks_and_only_before_it_has_gone_out(
    session: AsyncSession, now: datetime
) -> None:
    author, member = await staff(session, 1, now), await a_member(session, 10, now)
    send = await a_newsletter(session, author, now)
    for options in (["One"], ["One", "One"], [str(at) for at in range(7)], ["x" * 41, "y"]):
        with pytest.raises(NotUnderstoodError):
            await votes.attach(session, author, send.ref, "When?", options, 7, now)
    with pytest.raises(NotAllowedError):
        await votes.attach(session, member, send.ref, "When?", ANSWERS, 7, now)
    send.state, send.started_at = State.SENDING, now
    await session.flush()
    with pytest.raises(IllegalMoveError):
        await votes.attach(session, author, send.ref, "When?", ANSWERS, 7, now)


async def test_a_vote_that_goes_out_alone_has_its_question_as_a_title(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    send = await votes.ask_alone(session, author, "en", "When?", ANSWERS, 7, now)
    block = (await sends.shelf(session, send)).choose(translations.Reads("en"), "en")
    assert block is not None
    assert (block.get("title"), block.get("body"), block.get("question")) == ("When?", "", "")
    with pytest.raises(NotFoundError):  # nothing would be left of it
        await votes.detach(session, author, send.ref, now)


async def test_who_is_erased_takes_their_vote_along(session: AsyncSession, now: datetime) -> None:
    send = await a_vote(session, now)
    voters = await all_vote(session, send, now, 0, 0, 0, 1, 1)
    told = await erasure.export(session, voters[-1])
    assert told["ballots"][0]["option"] == 1
    await erasure.erase(session, voters[-1], now, b"key")
    standing = await votes.of(session, send, voters[0], now + 8 * DAY)
    assert standing is not None
    assert standing.shares == {}, "four are left"


async def test_who_takes_their_data_along_reads_the_question_and_their_answer_in_words(
    session: AsyncSession, now: datetime
) -> None:
    send = await a_vote(session, now)
    (voter,) = await all_vote(session, send, now, 1)
    (ballot,) = (await erasure.export(session, voter))["ballots"]
    assert (ballot["question"], ballot["answer"]) == ("When?", "Evening")
