"""What each account can open is at every moment what was previewed and is still agreed to.

Random histories, and a model that knows only what a member was shown and said yes to, which roles
were given, and what the coordinator has decided. Each act is tried by whoever comes along; most of
it is refused, and then nothing has changed. After each, every account tries to open everything.
"""

import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import agreements, erasure, memory, people, providers, referrals
from community.errors import NoAgreementError, RefusalError
from community.needs import Need
from community.people import Membership, Person, Stage
from community.providers import Organization, Service
from community.referrals import FieldName, Reason, Referral, Source, State
from community.roles import Role, RoleName
from tests.agreeing import agreed

HOUR = timedelta(hours=1)
STAFF, ANIMATOR, COORDINATOR = RoleName.PROVIDER_STAFF, RoleName.ANIMATOR, RoleName.COORDINATOR
Holding = tuple[RoleName, int | None]
CAST: tuple[tuple[Holding, ...], ...] = (
    (),
    ((ANIMATOR, None),),
    ((STAFF, 0),),
    ((STAFF, 0), (STAFF, 1)),
    ((STAFF, 0), (ANIMATOR, None)),
    ((COORDINATOR, None), (STAFF, 1)),
)
"""Who there is, and what they hold at first, for which organisation; all are members as well.

Nobody is of the third organisation: there the team passes on.
"""
GIVEN: tuple[Holding, ...] = (
    *((STAFF, 0), (STAFF, 1), (STAFF, 2)),
    *((ANIMATOR, None), (COORDINATOR, None)),
)
PLAUSIBLE = {
    State.PENDING: ("accept", "accept", "decline"),
    State.ACCEPTED: ("begin", "begin", "fail"),
    State.IN_SERVICE: ("complete", "complete", "fail"),
}
FIELDS = tuple(FieldName)


@dataclass
class Sent:
    """What a member was shown and has agreed to."""

    row: Referral
    owner: int | None
    organization: int
    by_team: bool
    shown: dict[FieldName, str]


@dataclass
class History:
    """A town in which something happens, and what may be opened in it."""

    session: AsyncSession
    now: datetime
    people: list[Person] = field(default_factory=list)
    organizations: list[Organization] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    sent: dict[int, Sent] = field(default_factory=dict)
    held: list[tuple[int, Holding, Role]] = field(default_factory=list)
    whose: list[int] = field(default_factory=lambda: [0, 1, 2])
    """Which organisation gives each service now."""
    is_running: list[bool] = field(default_factory=lambda: [True] * 3)
    """Whose agreement nobody has ended, nor the clock; ``until`` is when that does."""
    until: list[datetime | None] = field(default_factory=lambda: [None] * 3)
    is_passed_on: list[bool] = field(default_factory=lambda: [False, False, True])
    met: int = 0

    async def begin(self) -> None:
        self.boss = await self.meets()
        self.session.add(Role(person_id=self.boss.id, name=COORDINATOR, granted_at=self.now))
        await self.session.flush()
        for name in ("Chamber", "Bank", "Guild"):
            made = await providers.create_organization(
                self.session, self.boss, name, "en", self.now
            )
            await agreed(self.session, self.boss, made.ref, self.now)
            self.organizations.append(made)
            self.services.append(
                await providers.create_service(
                    self.session,
                    self.boss,
                    made.ref,
                    Need.FINANCE,
                    ["en"],
                    {"name": name},
                    "en",
                    self.now,
                )
            )
        guild = self.organizations[2].ref
        await referrals.let_team_pass_on(self.session, self.boss, guild, self.now, on=True)
        for number, holdings in enumerate(CAST):
            self.people.append(await self.meets())
            for holding in holdings:
                await self.gives(number, holding, None)

    async def meets(self) -> Person:
        self.met += 1
        person = Person(
            telegram_id=1000 + self.met,
            name=f"Person {self.met}",
            username=f"user_{self.met}",
            language="ar",
            stage=Stage.IDEA,
            state=Membership.ACTIVE,
            met_at=self.now,
        )
        self.session.add(person)
        await self.session.flush()
        return person

    async def gives(self, number: int, holding: Holding, lasts: timedelta | None) -> None:
        name, scope = holding
        role = Role(
            person_id=self.people[number].id,
            name=name,
            organization_id=None if scope is None else self.organizations[scope].id,
            granted_at=self.now,
            until=self.now + lasts if lasts else None,
        )
        self.session.add(role)
        await self.session.flush()
        self.held.append((number, holding, role))

    # What the model knows

    def holders(self, name: RoleName, scope: int | None = None) -> set[int]:
        return {
            number
            for number, holding, role in self.held
            if holding == (name, scope)
            and role.revoked_at is None
            and (role.until is None or role.until > self.now)
        }

    def goes_by_team(self, organization: int) -> bool:
        nobody_is_here = not self.holders(STAFF, organization)
        return self.is_passed_on[organization] and nobody_is_here and bool(self.holders(ANIMATOR))

    def is_active(self, organization: int) -> bool:
        until = self.until[organization]
        return self.is_running[organization] and (until is None or until > self.now)

    def agreement_is_over(self, organization: int) -> None:
        """Know that no consent given under it holds any more, whatever is signed later."""
        self.is_running[organization] = False
        for sent in self.sent.values():
            if sent.organization == organization:
                sent.shown = {}

    def may_open(self, sent: Sent) -> set[int]:
        if not sent.by_team:
            return self.holders(STAFF, sent.organization)
        animators = self.holders(ANIMATOR)
        return animators - {sent.owner} or animators

    # What happens

    async def waits(self, a: int, b: int, c: int) -> None:
        self.now += HOUR

    async def days_pass(self, a: int, b: int, c: int) -> None:
        self.now += timedelta(days=15)
        await referrals.end_drafts(self.session, self.now)
        await referrals.ring(self.session, self.now, "Europe/Paris")
        await referrals.end_expired(self.session, self.now)
        for at, until in enumerate(self.until):
            if self.is_running[at] and until is not None and until <= self.now:
                self.agreement_is_over(at)

    async def asks(self, a: int, b: int, c: int) -> None:
        number, actor = self.one(a)
        at, to = b % 3, self.whose[b % 3]
        service, note = self.services[at], ["", "A bakery."][b // 3 % 2]
        chosen = {name for place, name in enumerate(FIELDS) if c >> place & 1}
        shown = await referrals.would_share(self.session, actor, service, chosen, note)
        by_team = self.goes_by_team(to)
        assert by_team == await referrals.passes_on(
            self.session, self.organizations[to].id, self.now
        )
        referral = await referrals.agree(
            self.session,
            actor,
            service.ref,
            chosen,
            note,
            self.now,
            organization_id=self.organizations[to].id,
            version="1",
            language="ar",
            by_team=by_team,
        )
        self.sent.setdefault(referral.id, Sent(referral, number, to, by_team, shown))

    async def is_shown_another_way(self, a: int, b: int, c: int) -> None:
        """Agree to what was previewed when the request would have gone another way."""
        _number, actor = self.one(a)
        at, to = b % 3, self.whose[b % 3]
        before = await referrals.open_with(self.session, actor, self.services[at])
        referral = await referrals.agree(
            self.session,
            actor,
            self.services[at].ref,
            FIELDS,
            "A bakery.",
            self.now,
            organization_id=self.organizations[to].id,
            version="1",
            language="ar",
            by_team=not self.goes_by_team(to),
        )
        assert referral == before, "it was sent to others than was shown"
        assert referral.id in self.sent

    async def is_shown_for_another(self, a: int, b: int, c: int) -> None:
        """Agree to what was previewed when another organisation gave the service."""
        at = b % 3
        shown = (self.whose[at] + 1 + c % 2) % 3
        await referrals.agree(
            self.session,
            self.one(a)[1],
            self.services[at].ref,
            FIELDS,
            "A bakery.",
            self.now,
            organization_id=self.organizations[shown].id,
            version="1",
            language="ar",
            by_team=self.goes_by_team(self.whose[at]),
        )
        raise AssertionError("it was sent to another organisation than was shown")

    async def service_moves(self, a: int, b: int, c: int) -> None:
        """Give a service to another organisation, as an import can."""
        self.services[b % 3].organization_id = self.organizations[c % 3].id
        await self.session.flush()
        self.whose[b % 3] = c % 3

    async def prepares(self, a: int, b: int, c: int) -> None:
        chosen = {name for place, name in enumerate(FIELDS) if c >> place & 1}
        await referrals.prepare(
            self.session,
            self.among(a, self.holders(ANIMATOR)),
            self.one(b)[1].ref,
            self.services[c % 3].ref,
            chosen,
            "Prepared.",
            self.now,
            language="fr",
        )

    async def changes(self, a: int, b: int, c: int) -> None:
        _number, person = self.one(a)
        people.rename(person, f"Name {b * 128 + c}")
        person.username = None if c % 3 == 0 else f"user_{c}"
        person.stage = [None, *Stage][c % (len(Stage) + 1)]

    async def is_asked_for(self, a: int, b: int, c: int) -> None:
        sent = self.request(b, State.PENDING)
        actor = self.among(a, self.may_open(sent))
        open_fields = [name for name in FIELDS if name not in sent.shown or name == FIELDS[-1]]
        name, ref = open_fields[c % len(open_fields)], sent.row.ref
        if sent.by_team == (c % 16 == 0):
            await referrals.ask_for(self.session, actor, ref, name, self.now)
        else:
            await referrals.record_question(
                self.session, actor, ref, name, self.now, source=Source.PHONE
            )

    async def replies(self, a: int, b: int, c: int) -> None:
        sent, yes = self.request(b, State.NEEDS_INFORMATION), c % 3 > 0
        owner = self.owner(sent, a)
        shown = await referrals.asked_for(self.session, owner, sent.row)
        if sent.row.asked_field == FieldName.NOTE and yes:
            before = sent.shown.get(FieldName.NOTE)
            shown = {FieldName.NOTE: f"{before}\nCall me." if before else "Call me."}
        await referrals.give(self.session, owner, sent.row.ref, self.now, yes=yes, note="Call me.")
        if yes:
            sent.shown |= shown

    async def is_answered(self, a: int, b: int, c: int) -> None:
        sent, reason = self.request(b, *PLAUSIBLE), Reason.OTHER
        actor, ref = self.among(a, self.may_open(sent)), sent.row.ref
        steps = PLAUSIBLE.get(State(sent.row.state), tuple(referrals.PROVIDERS_STEPS))
        step = steps[c % len(steps)]
        if sent.by_team == (c % 16 == 0):
            await referrals.answer(self.session, actor, ref, step, self.now, reason=reason)
        else:
            await referrals.record(
                self.session, actor, ref, step, self.now, source=Source.EMAIL, reason=reason
            )
        assert self.is_active(sent.organization) or step in referrals.FINISHING

    async def withdraws(self, a: int, b: int, c: int) -> None:
        sent = self.request(b)
        await referrals.withdraw(self.session, self.owner(sent, a), sent.row.ref, self.now)
        sent.shown = {}

    async def refuses_a_draft(self, a: int, b: int, c: int) -> None:
        person = self.one(a)[1]
        for referral in await referrals.of_member(self.session, person):
            if referral.state == State.DRAFT:
                await referrals.withdraw(self.session, person, referral.ref, self.now)

    async def stops_sharing(self, a: int, b: int, c: int) -> None:
        sent = self.request(b)
        await referrals.stop_sharing(self.session, self.owner(sent, a), sent.row.ref, self.now)
        sent.shown = {}

    async def withdraws_everything(self, a: int, b: int, c: int) -> None:
        number, person = self.one(a)
        before = {sent.row.id: sent.row.state for sent in self.sent.values()}
        await referrals.withdraw_all(self.session, person, self.now)
        for sent in self.sent.values():
            if sent.owner == number:
                sent.shown = {}
                if before[sent.row.id] not in referrals.OPEN:
                    assert sent.row.state == before[sent.row.id]

    async def says(self, a: int, b: int, c: int) -> None:
        sent = self.request(b, State.COMPLETED, State.UNCONFIRMED, State.NOT_DELIVERED)
        helped = sent.row.state != State.NOT_DELIVERED and c % 3 == 0
        await referrals.confirm(
            self.session, self.owner(sent, a), sent.row.ref, self.now, helped=helped
        )

    async def settles(self, a: int, b: int, c: int) -> None:
        sent, actor = self.request(b, State.DISPUTED), self.among(a, self.holders(ANIMATOR))
        await referrals.resolve(self.session, actor, sent.row.ref, self.now, delivered=bool(c % 2))

    async def agreement_turns(self, a: int, b: int, c: int) -> None:
        at = b % 3
        verb = referrals.end_agreement if self.is_running[at] else agreed
        await verb(self.session, self.boss, self.organizations[at].ref, self.now)
        if self.is_running[at]:
            self.agreement_is_over(at)
        else:
            self.is_running[at], self.until[at] = True, None

    async def agreement_gets_an_end(self, a: int, b: int, c: int) -> None:
        """Write down when it ends: in an hour, or later than was written before."""
        at, end = b % 3, self.now + [HOUR, timedelta(days=20)][c % 2]
        agreement = await agreements.current(self.session, self.organizations[at].id)
        assert agreement is not None
        await agreements.change(self.session, self.boss, agreement.ref, self.now, ends_at=end)
        self.until[at] = end

    async def is_switched(self, a: int, b: int, c: int) -> None:
        at = b % 3
        on = not self.is_passed_on[at]
        ref = self.organizations[at].ref
        await referrals.let_team_pass_on(self.session, self.boss, ref, self.now, on=on)
        self.is_passed_on[at] = on

    async def is_granted(self, a: int, b: int, c: int) -> None:
        lasts = [None, 2 * HOUR, timedelta(days=3)][c % 3]
        await self.gives(self.one(a)[0], GIVEN[b % len(GIVEN)], lasts)

    async def is_revoked(self, a: int, b: int, c: int) -> None:
        """End every role of somebody's of one kind."""
        number, holding = self.one(a)[0], GIVEN[b % len(GIVEN)]
        for holder, what, role in self.held:
            if (holder, what) == (number, holding) and role.revoked_at is None:
                role.revoked_at = self.now
        await self.session.flush()

    async def is_erased(self, a: int, b: int, c: int) -> None:
        """Forget somebody; another comes, who holds nothing."""
        number, person = self.one(a)
        await erasure.erase(self.session, person, self.now, b"key")
        self.people[number] = await self.meets()
        self.held = [holding for holding in self.held if holding[0] != number]
        for sent in self.sent.values():
            if sent.owner == number:
                await self.session.refresh(sent.row)
                sent.owner, sent.shown = None, {}

    def one(self, number: int) -> tuple[int, Person]:
        return number % len(self.people), self.people[number % len(self.people)]

    def among(self, number: int, likely: set[int]) -> Person:
        """Return one of these; now and then, somebody else who tries."""
        if not likely or number % 4 == 3:
            return self.one(number)[1]
        return self.people[sorted(likely)[number % len(likely)]]

    def request(self, number: int, *standing: State) -> Sent:
        """Return one of the newest; one that stands there, if any does."""
        if not self.sent:
            raise RefusalError
        newest = [*self.sent.values()][::-1]
        fitting = [sent for sent in newest if sent.row.state in standing] or newest
        return fitting[number % min(3, len(fitting))]

    def owner(self, sent: Sent, otherwise: int) -> Person:
        """Return whose it is; now and then, somebody else who tries."""
        if sent.owner is None or otherwise % 8 == 7:
            return self.people[((sent.owner or 0) + 1) % len(self.people)]
        return self.people[sent.owner]

    async def settle(self, *, refused: bool) -> None:
        """Know what stands there after an act: whoever has turned somebody away opens nothing."""
        for sent in self.sent.values():
            if refused:
                await self.session.refresh(sent.row)
            if sent.row.state in referrals.TURNED_AWAY:
                sent.shown = {}

    # What may be opened

    async def looks(self, among: Iterable[Sent]) -> None:
        """Let every account try to open these in every way there is."""
        for sent in among:
            may = self.may_open(sent)
            state, ref = sent.row.state, sent.row.ref
            disputed = state == State.DISPUTED
            tellers = self.holders(ANIMATOR) if disputed else set()
            assert await referrals.shared(self.session, sent.row) == sent.shown
            assert sent.row.organization_id == self.organizations[sent.organization].id
            for number, person in enumerate(self.people):
                closed = not self.is_active(sent.organization)
                told = [
                    await self.tries(referrals.opened, person, ref),
                    await self.tries(referrals.opened_by_team, person, ref),
                ]
                found = [one for one in told if one is not None]
                expected: list[object] = ["closed"] if closed else [sent.shown]
                assert found == (expected if number in may else []), (number, sent)
                assert (await self.tries(referrals.disputed, person, ref) is not None) == (
                    number in tellers
                ), (number, sent)
                with suppress(RefusalError):
                    await referrals.mine(self.session, person, ref)
                    assert number == sent.owner

    async def tries(
        self, opening: Callable[..., Awaitable[tuple[Referral, object]]], actor: Person, ref: str
    ) -> object:
        """Return what opens; that the agreement has ended; or None."""
        try:
            _referral, content = await opening(self.session, actor, ref, self.now)
        except NoAgreementError:
            return "closed"
        except RefusalError:
            return None
        return content

    async def nobody_learns_of_drafts(self) -> None:
        """Let every account try to open what was never sent."""
        never = select(Referral).where(Referral.id.not_in(list(self.sent)))
        for draft in (await self.session.scalars(never)).all():
            assert await referrals.shared(self.session, draft) == {}
            for person in self.people:
                for opening in (
                    referrals.opened,
                    referrals.opened_by_team,
                    referrals.disputed,
                ):
                    assert await self.tries(opening, person, draft.ref) is None
        for number, person in enumerate(self.people):
            with suppress(RefusalError):
                listed = await referrals.for_staff(self.session, person, self.now)
                assert all(number in self.may_open(self.sent[row.id]) for row in listed)
            with suppress(RefusalError):
                listed = await referrals.of_team(self.session, person, self.now)
                assert all(number in self.may_open(self.sent[row.id]) for row in listed)


OFTEN: tuple[str, ...] = ("asks", "is_asked_for", "replies", "is_answered", "is_answered", "says")
ACTS: tuple[str, ...] = (
    *("waits", "asks", "prepares", "changes", "is_granted", "is_revoked", "is_switched"),
    *("agreement_turns", "withdraws", "stops_sharing", "says", "settles", "is_erased"),
    *("days_pass", "refuses_a_draft", "is_shown_another_way", "is_shown_for_another"),
    *("agreement_gets_an_end", "withdraws_everything"),
    *("service_moves", *OFTEN, *OFTEN),
)
FOR_ALL = {
    *("is_granted", "is_revoked", "agreement_turns", "agreement_gets_an_end", "is_erased"),
    *("waits", "days_pass", "withdraws_everything"),
}
"""After these anything may open or close; after the others, what was done something with."""

Act = tuple[str, int, int, int]
an_act = st.tuples(
    st.sampled_from(ACTS), st.integers(0, 15), st.integers(0, 15), st.integers(0, 127)
)


class OverError(Exception):
    """The history has come to its end; nothing of it stays."""


async def happens(database: Database, now: datetime, acts: list[Act]) -> None:
    """Let it all happen in one transaction that is rolled back."""
    with suppress(OverError):
        async with database.transaction() as session:
            history = History(session, now)
            await history.begin()
            for name, a, b, c in acts:
                try:
                    async with memory.savepoint(session):
                        await getattr(history, name)(a, b, c)
                except RefusalError:
                    await history.settle(refused=True)
                else:
                    await history.settle(refused=False)
                newest = [*history.sent.values()][::-1]
                await history.looks(newest[: 4 if name in FOR_ALL else 2])
            await history.looks(history.sent.values())
            await history.nobody_learns_of_drafts()
            raise OverError


FIRST: tuple[Act, ...] = (("asks", 0, 3, 127), ("asks", 0, 5, 127), ("asks", 1, 1, 31))
"""A member asks where there is staff and where the team passes on; an animator asks, too."""


@pytest.mark.parametrize("seed", range(3))
async def test_at_every_moment_each_account_opens_what_was_shown_and_is_agreed_to(
    database: Database, now: datetime, seed: int
) -> None:
    dice = random.Random(seed)
    acts = [
        (dice.choice(ACTS), dice.randrange(16), dice.randrange(16), dice.randrange(128))
        for _act in range(45)
    ]
    await happens(database, now, [*FIRST, *acts])


@pytest.mark.soak
@pytest.mark.timeout(900)
@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],  # of what fails, the shortest is told
    suppress_health_check=[*HealthCheck],
)
@given(acts=st.lists(an_act, max_size=80))
async def test_however_long_it_goes_on_each_account_opens_what_was_shown_and_is_agreed_to(
    database: Database, now: datetime, acts: list[Act]
) -> None:
    await happens(database, now, [*FIRST, *acts])
