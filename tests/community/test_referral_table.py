"""State by state by role: each verb of a referral, called by everybody, from everywhere.

What comes about is what the diagram in ``docs/lifecycles.md`` shows, and nothing else; it is read
from there. That the diagram says what DESIGN does is tested beside (``test_referrals``).
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from community import referrals
from community.errors import RefusalError
from community.lifecycle import Who
from community.people import Person
from community.referrals import CLOCKS, FieldName, Preparation, Reason, Referral, State
from tests.community import test_referrals
from tests.community.test_referrals import FIELDS, NOTE, PARIS, Town

town = test_referrals.town

Verb = Callable[[Town, Referral, Person], Awaitable[object]]


def _answer(step: str) -> Verb:
    return lambda town, referral, actor: referrals.answer(
        town.session, actor, referral.ref, step, town.now, reason=Reason.OTHER
    )


def _confirm(*, helped: bool) -> Verb:
    return lambda town, referral, actor: referrals.confirm(
        town.session, actor, referral.ref, town.now, helped=helped
    )


def _resolve(*, delivered: bool) -> Verb:
    return lambda town, referral, actor: referrals.resolve(
        town.session, actor, referral.ref, town.now, delivered=delivered
    )


def _give(*, yes: bool) -> Verb:
    return lambda town, referral, actor: referrals.give(
        town.session, actor, referral.ref, town.now, yes=yes
    )


def _agree(town: Town, referral: Referral, actor: Person) -> Awaitable[object]:
    return town.agrees(actor=actor)


def _ask(town: Town, referral: Referral, actor: Person) -> Awaitable[object]:
    return referrals.ask_for(town.session, actor, referral.ref, FieldName.ACCOUNT, town.now)


def _pass_on(town: Town, referral: Referral, actor: Person) -> Awaitable[object]:
    return referrals.pass_on(town.session, actor, referral.ref, town.now)


def _withdraw(town: Town, referral: Referral, actor: Person) -> Awaitable[object]:
    return referrals.withdraw(town.session, actor, referral.ref, town.now)


def _stop_sharing(town: Town, referral: Referral, actor: Person) -> Awaitable[object]:
    return referrals.stop_sharing(town.session, actor, referral.ref, town.now)


def _take_back(town: Town, referral: Referral, actor: Person) -> Awaitable[object]:
    return referrals.take_back(town.session, actor, referral.ref, town.now)


VERBS: dict[str, Verb] = {
    **{step: _answer(step) for step in referrals.PROVIDERS_STEPS},
    "no such step": _answer("resolve"),
    "agree": _agree,
    "ask for": _ask,
    "pass on": _pass_on,
    "give": _give(yes=True),
    "keep": _give(yes=False),
    "withdraw": _withdraw,
    "stop sharing": _stop_sharing,
    "confirm": _confirm(helped=True),
    "dispute": _confirm(helped=False),
    "found given": _resolve(delivered=True),
    "found not given": _resolve(delivered=False),
    "take back": _take_back,
}
ROLES: dict[str, Who | None] = {
    "member": Who.SELF,
    "other_member": None,
    "staff": Who.PROVIDER,
    "colleague": Who.PROVIDER,
    "stranger": None,
    "animator": Who.ANIMATOR,
    "coordinator": None,
}
"""Who is anybody in the table, and who is nobody."""


def diagram() -> dict[State, set[tuple[State, Who]]]:
    """Return the arrows of the diagram of referrals: from where, to where, by whom."""
    page = (Path(__file__).parents[2] / "docs" / "lifecycles.md").read_text(encoding="utf-8")
    (drawn,) = re.findall(
        r"^## referral\n+```mermaid\nstateDiagram-v2\n(.*?)```", page, re.MULTILINE | re.DOTALL
    )
    arrows: dict[State, set[tuple[State, Who]]] = {state: set() for state in State}
    for line in drawn.splitlines():
        found = re.fullmatch(r"  (\w+) --> (\w+): (.+)", line)
        assert found, line
        at, to, whos = found.groups()
        arrows[State(at)] |= {(State(to), Who(who)) for who in whos.split(", ")}
    return arrows


DIAGRAM = diagram()


async def put(town: Town, referral: Referral, at: State) -> None:
    """Let it stand there as if it had come there just now."""
    referral.state = at
    referral.asked_field = FieldName.ACCOUNT if at == State.NEEDS_INFORMATION else None
    referral.completed_at, referral.delivered = town.now, None
    referral.rings_at, referral.rung = None, 0
    await town.session.flush()
    laid = await town.session.get(Preparation, referral.id)
    if at == State.DRAFT and laid is None:
        town.session.add(
            Preparation(
                referral_id=referral.id,
                prepared_by_id=town.animator.id,
                fields=[],
                note="",
                language="fr",
                ends_at=town.now,
            )
        )
    elif at != State.DRAFT and laid is not None:
        await town.session.delete(laid)
    await town.session.flush()


@pytest.mark.parametrize("at", State)
async def test_everybody_can_do_what_the_design_gives_them_and_nothing_else(
    town: Town, at: State
) -> None:
    referral = await town.agrees(FIELDS - {FieldName.ACCOUNT}, NOTE)
    came_about: set[tuple[State, Who]] = set()
    for role, who in ROLES.items():
        actor: Person = getattr(town, role)
        for verb in VERBS.values():
            await put(town, referral, at)
            try:
                await verb(town, referral, actor)
            except RefusalError:
                await town.session.refresh(referral)
                assert referral.state == at, "what is refused moves nothing"
            await town.session.refresh(referral)
            if (to := State(referral.state)) != at:
                assert who is not None, (role, at, to)
                came_about.add((to, who))
    if at in CLOCKS:
        for number in range(1, len(CLOCKS[at].marks) + 1):
            await put(town, referral, at)
            referral.rings_at, referral.rung = town.now, number
            await town.session.flush()
            await referrals.ring(town.session, town.now, PARIS)
            await town.session.refresh(referral)
            if (to := State(referral.state)) != at:
                came_about.add((to, Who.CLOCK))
    if at == State.DRAFT:
        await put(town, referral, at)
        assert await referrals.end_drafts(town.session, town.now) == 1
        came_about.add((State(referral.state), Who.CLOCK))
    assert came_about == DIAGRAM[at]
