"""A referral from a need to its end, each side in a language of its own, and how else it goes."""

import pytest
from sqlalchemy import select

from community.providers import Service
from community.referrals import Referral, State
from tests.stories import steps
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare, saying

TWO = pytest.mark.parametrize(("team", "reader"), [("fr", "ar"), ("ar", "fr")])
"""The language of the team and of the provider, and that of the member."""


async def states(stage: Stage) -> list[str]:
    """Return where the requests stand, the oldest first; all are of one chain."""
    async with stage.app.database.transaction() as session:
        rows = (await session.scalars(select(Referral).order_by(Referral.id))).all()
        assert len({row.chain_id for row in rows}) <= 1
        return [str(row.state) for row in rows]


async def two_providers(
    stage: Stage, animator: Coming, team: str, reader: str
) -> tuple[Somebody, Somebody, Somebody, Somebody]:
    """Return the team, staff of two organisations, and a member whose request is on its way."""
    boss = await animator(team)
    await steps.a_directory(boss)
    await steps.another_organization(boss)
    adviser = await steps.staff(boss, team)
    banker = await steps.staff(boss, team, "Credit Union", "Banker")
    amina = await stage.member("Amina", reader)
    await steps.a_request(amina)
    return boss, adviser, banker, amina


async def goes_on(amina: Somebody, banker: Somebody) -> None:
    """Take the offer of the next provider: looked at, agreed to, and read there."""
    amina.sees(
        "They can open nothing of your request any more.",
        "This fits, too: {service}, {organization}",
        service="Small loans",
        organization="Credit Union",
    )
    assert not banker.has_read("You have a new referral, or news about one.")
    await amina.presses("Ask there")
    amina.sees(
        "What you chose before is chosen again.",
        "This goes to {organization}, and nothing else:",
        organization="Credit Union",
    )
    amina.sees("Amina", "I want to open a bakery.")
    assert not banker.has_read("You have a new referral, or news about one.")
    await amina.presses("I agree, send it")
    banker.sees_last("You have a new referral, or news about one.")
    assert "Amina" not in banker.screen
    await banker.presses("Show what was shared")
    banker.sees_last("Amina", "I want to open a bakery.")


def reads_nothing(adviser: Somebody) -> None:
    """Nothing of the member's is left on the provider's screen."""
    assert "Amina" not in adviser.screen
    assert "bakery" not in adviser.screen


@TWO
async def test_a_need_a_service_consent_field_by_field_steps_done_disputed_resolved(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await steps.a_directory(boss)
    adviser = await steps.staff(boss, team)
    amina = await stage.member("Amina", reader)
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    await amina.presses("Refer me")
    await amina.presses("Help needed with")  # off
    await amina.presses("Add a note")
    await amina.says("I want to open a bakery.")
    await amina.presses("I agree, send it")
    await amina.presses("Look at it")
    amina.sees_last("Next: they answer.", "If nothing has happened by then, we ask again: {day}")

    await adviser.presses("Show what was shared")
    adviser.sees_last("Amina", "I want to open a bakery.", "Next: you answer.")
    told = bare(adviser.last["text"])
    for need in ("De l'argent", "المال"):
        assert need not in told
    await adviser.presses("Accept")
    await amina.presses("Read it")
    amina.sees_last("Accepted", "Next: they begin, and tell you here.")

    await stage.play(days=8)
    amina.sees_last("Your next step is waiting.")
    assert "Make an appointment" not in bare(amina.last["text"]), "phones are shared"
    await amina.presses("Look at the steps")
    amina.sees_last("Make an appointment")
    for step in ("⬜ 1", "⬜ 2"):
        await amina.presses(step)
    amina.sees_last("✅ 2. ")
    nudges = amina.times_read("Your next step is waiting")

    await adviser.says("/referrals")
    await adviser.presses("Start-up advice")
    await adviser.presses("It has begun")
    await stage.play(days=31)
    adviser.sees_last("Where does it stand? A tap is enough.")
    assert amina.times_read("Your next step is waiting") == nudges, "every step is ticked"
    await adviser.presses("Show what was shared")
    await adviser.presses("Completed")
    await amina.presses("Read it")
    amina.sees_last("Were you really helped?", "Next: you say whether you were helped.")
    await amina.presses("❌ No")
    await amina.presses("Yes, tell the team")
    amina.sees_last("Next: the team asks both sides and settles it.")
    boss.sees_last("did not help as it says")
    await boss.presses("Look at it")
    await boss.presses("The help was not given")
    await boss.presses("Yes, settle it")
    await amina.presses("Read it")
    amina.sees_last("Settled by the team", "The team has found that the help was not given.")
    assert await states(stage) == [State.RESOLVED]


@TWO
async def test_declined_and_on_to_the_next_provider(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    _boss, adviser, banker, amina = await two_providers(stage, animator, team, reader)
    await adviser.presses("Show what was shared")
    await adviser.presses("Decline")
    await adviser.presses("No free place")
    reads_nothing(adviser)
    await amina.presses("Read it")
    amina.sees_last("They cannot help you with this.", "No free place")
    await goes_on(amina, banker)
    assert await states(stage) == [State.DECLINED, State.PENDING]
    await banker.presses("Decline")
    await banker.presses("Conditions are not met")
    await amina.presses("Read it")
    amina.sees_last("We know nobody else who takes requests for this now.")
    await amina.presses("My requests")
    await amina.presses("Chamber of Commerce")
    amina.sees_last("Since then you have asked: {organization}", organization="Credit Union")


@TWO
async def test_nobody_answers_and_after_ten_working_days_the_next_provider_is_offered(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss, adviser, banker, amina = await two_providers(stage, animator, team, reader)
    await stage.play(days=4)
    adviser.sees_last("A referral to you still waits for an answer.")
    await stage.play(days=4)
    boss.sees_last("A member's request has had no answer yet.", "Chamber of Commerce")
    assert "Amina" not in bare(boss.last["text"])
    await stage.play(days=7)
    await amina.presses("Read it")
    amina.sees("They have not answered in time. That is not your fault.")
    await adviser.says("/referrals")
    await adviser.presses("Start-up advice")
    reads_nothing(adviser)
    await goes_on(amina, banker)
    assert await states(stage) == [State.EXPIRED, State.PENDING]
    assert adviser.times_read("A referral to you still waits for an answer.") == 1


@TWO
async def test_a_question_that_is_not_answered_is_asked_twice_and_ends(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    _boss, adviser, banker, amina = await two_providers(stage, animator, team, reader)
    await adviser.presses("Show what was shared")
    await adviser.presses("Ask for one more thing")
    await adviser.presses("how to reach them")
    await stage.play(days=15)
    assert amina.times_read("A message here still waits for your answer.") == 2
    await amina.presses("Read it")
    amina.sees("They had asked you something, and it was not answered in time.")
    reads_nothing(adviser)
    await goes_on(amina, banker)


@TWO
async def test_passed_on_to_whom_staff_suggest_and_nothing_goes_without_consent(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    _boss, adviser, banker, amina = await two_providers(stage, animator, team, reader)
    await adviser.presses("Show what was shared")
    await adviser.presses("Others can help better")
    adviser.sees_last("Who can help better?")
    await adviser.presses("{service}, {organization}", service="Small loans")
    reads_nothing(adviser)
    await amina.presses("Read it")
    amina.sees_last(
        "They think that somebody else can help you better.",
        "They suggest: {service}, {organization}",
        service="Small loans",
        organization="Credit Union",
    )
    assert not banker.has_read("You have a new referral, or news about one.")
    await amina.presses("Ask there")
    await amina.presses("I agree, send it")
    banker.sees_last("You have a new referral, or news about one.")
    assert await states(stage) == [State.REROUTED, State.PENDING]


@TWO
async def test_withdrawn_before_anybody_has_answered(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    _boss, adviser, banker, amina = await two_providers(stage, animator, team, reader)
    await adviser.presses("Show what was shared")
    await amina.presses("Look at it")
    await amina.presses("Withdraw my request")
    await amina.presses("Yes, withdraw")
    reads_nothing(adviser)
    await stage.play(days=20)
    assert not adviser.has_read("A referral to you still waits for an answer.")
    assert not banker.has_read("You have a new referral, or news about one.")
    assert await states(stage) == [State.CANCELLED]


@TWO
async def test_without_an_agreement_one_goes_there_oneself_by_the_steps(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await steps.a_directory(boss)
    await steps.another_organization(boss, agreement=False)
    adviser = await steps.staff(boss, team)
    amina = await stage.member("Amina", reader)
    await steps.a_request(amina)
    await adviser.presses("Show what was shared")
    await adviser.presses("Decline")
    await adviser.presses("Not our field")
    await amina.presses("Read it")
    amina.sees_last(
        "We know nobody else who takes requests for this now.",
        "You can go there yourself, the steps are listed: {service}, {organization}",
        service="Small loans",
        organization="Credit Union",
    )
    await amina.presses("Go yourself: the steps")
    amina.sees_last(
        "Small loans", "Bring your papers", "🚶 You can go there yourself: the steps are above."
    )
    wanted = saying(reader, "Refer me")
    assert not any(wanted.search(label) for label in amina.buttons())
    await amina.presses("⬜ 1")
    amina.sees_last("✅ 1. ")
    assert await states(stage) == [State.DECLINED], "nothing has gone there"


@TWO
async def test_nobody_is_referred_into_a_full_service_and_what_fits_instead_is_shown(
    stage: Stage, animator: Coming, team: str, reader: str
) -> None:
    boss = await animator(team)
    await steps.a_directory(boss)
    await steps.another_organization(boss)
    await steps.staff(boss, team)
    await steps.staff(boss, team, "Credit Union", "Banker")
    amina = await stage.member("Amina", reader)
    await amina.says("/support")
    await amina.presses("Money to start")
    await amina.presses("Start-up advice")
    await amina.presses("Refer me")
    async with stage.app.database.transaction() as session:
        service = (await session.scalars(select(Service).order_by(Service.id))).first()
        assert service is not None
        service.is_paused = True
    await amina.presses("I agree, send it")
    amina.sees_last(
        "They take nobody at the moment: {organization}", organization="Chamber of Commerce"
    )
    amina.sees_last("This fits, too: {service}, {organization}", service="Small loans")
    assert await states(stage) == []
