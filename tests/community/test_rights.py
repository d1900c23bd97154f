"""Who may do what: every verb that takes an actor is called in every role, and must say so.

The table is typed here from DESIGN (rule 6; "People, and who sees what"), not imported. The same
arguments are given in every role, so that what differs is the role alone: who may not is refused
with that word, whoever may gets past it, to whatever the verb says of things that mostly do not
fit. What cannot be asked so, because it is about somebody's own rows, is named with its reason and
the tests that ask it.
"""

import importlib
import inspect
import os
import pkgutil
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import inspect as state_of
from sqlalchemy.ext.asyncio import AsyncSession

import community
from community import events, people, rights
from community.base import Base
from community.errors import NotAllowedError, NotFoundError
from community.events import Event
from community.figures import Quarter
from community.gaps import Dimension, Place
from community.gaps.actions import Criterion, Proof, Way
from community.lifecycle import Who
from community.needs import Need
from community.people import Person
from community.roles import Role, RoleName
from community.tables import METADATA  # noqa: F401 - loads every module of the domain
from community.translations import ContentText

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"
TESTS = Path(__file__).parents[1]
Verb = Callable[..., Awaitable[object]]
Town = dict[str, Any]

R = RoleName
COORDINATOR, ANIMATOR, STAFF = {R.COORDINATOR}, {R.ANIMATOR}, {R.PROVIDER_STAFF}
HOSTS = {R.ANIMATOR, R.CO_HOST, R.COMMUNITY_LEAD}
TEAM = {R.ANIMATOR, R.ADMINISTRATOR}
WRITERS = {R.ANIMATOR, R.TRANSLATOR}
REPORTS = {R.ANIMATOR, R.MODERATOR}

DESIGN: dict[str, set[RoleName]] = {
    # "Administrator: settings, roles, logs"; "an administrator grants every role; an animator
    # grants co-host, translator, moderator, community lead and provider staff"
    "restores.": {R.ADMINISTRATOR},
    "roles.granting.take": {R.ADMINISTRATOR},
    "roles.": TEAM,
    "invitations.": TEAM,
    "hosting.": TEAM,
    "hosting.place_in": ANIMATOR,
    "roles.staff.speak": STAFF,
    # the coordinator sets the network up and reads figures
    "agreements.": COORDINATOR,
    "areas.": COORDINATOR,
    "own_surveys.": COORDINATOR,
    "plans.": COORDINATOR,
    "costs.": COORDINATOR,
    "decisions.": COORDINATOR,
    "providers.": COORDINATOR,
    "figures.": COORDINATOR,
    "evidence.": COORDINATOR,
    "figures.cohorts.": {R.ANIMATOR, R.COORDINATOR},
    "gaps.": COORDINATOR,
    "consulting.": COORDINATOR,
    "feedback.": COORDINATOR,
    "funder.": COORDINATOR,
    "months_told.": COORDINATOR,
    # from outside: periods that were told, and the data set, under an agreement
    "evaluating.": {R.EVALUATOR},
    "referrals.by_team.let_team_pass_on": COORDINATOR,
    "referrals.tending.end_agreement": COORDINATOR,
    # events, sends, the inbox, disagreements: animators
    "events.": ANIMATOR,
    "attendance.": ANIMATOR,
    "proposals.": ANIMATOR,
    "event_support.": ANIMATOR,
    "sends.": ANIMATOR,
    "corrections.": ANIMATOR,
    "digests.": ANIMATOR,
    "deliveries.": ANIMATOR,
    "inbox.": ANIMATOR,
    "referrals.": ANIMATOR,
    "series.": ANIMATOR,
    "absences.": ANIMATOR,
    "cohorts.": ANIMATOR,
    "contacts.": ANIMATOR,
    "handing_over.": ANIMATOR,
    # an animator registers somebody face to face and calls them; partners see their own links
    "face_to_face.": ANIMATOR,
    "face_to_face.sounding.": {R.ANIMATOR, R.COORDINATOR, R.TRANSLATOR},  # as texts at the desk
    "promoting.": {R.ANIMATOR, R.COORDINATOR, R.PROVIDER_STAFF},
    "promoting.every_promoted": COORDINATOR,
    "team_tasks.": ANIMATOR,
    "templates.": ANIMATOR,
    "reactions.": ANIMATOR,
    "votes.": ANIMATOR,
    "lessons.": ANIMATOR,
    "matches.": ANIMATOR,
    "lessons.completion": {R.ANIMATOR, R.COORDINATOR},
    "today.": ANIMATOR,
    "invitees.": ANIMATOR,
    "speakers.": ANIMATOR,
    "venues.": ANIMATOR,
    "groups.": ANIMATOR,
    "transfers.": ANIMATOR,
    "facilitation.": {R.ANIMATOR, R.COORDINATOR},
    "sends.approving.review": TEAM,  # "a second animator or an administrator"
    # "Co-host: attendance of the own event as an animator. Community lead: co-host for every
    # event of one area"; bridge messages of an event are for its organisers
    "attendance.guests.": HOSTS,
    "attendance.company.": HOSTS,
    "attendance.door.": HOSTS,
    "missing.": HOSTS,
    "bridge.": HOSTS,
    "bridge.asked.for_team": ANIMATOR,
    # a moderator: "what was reported"
    "bridge.reporting.reported": REPORTS,
    "bridge.reporting.forward": REPORTS,
    "bridge.reporting.settle": REPORTS,
    "moderation.": REPORTS,
    # whose texts count at once
    "moderation.texts.settle_text": {R.ANIMATOR, R.COORDINATOR},
    "posts.": REPORTS,
    # a translator: "texts, no people"
    "translating.": WRITERS,
    "authors.": WRITERS,
    "reading_aloud.": WRITERS,
    "reading_aloud.remove": ANIMATOR,
    # provider staff: requests to their own organisation, its entry, its offers
    "referrals.answering.": STAFF,
    "referrals.chains.": STAFF,
    "quarters.": STAFF,
    "feedback.hear": STAFF,
    "providers.entries.": STAFF,
    "providers.entries.log": COORDINATOR,
    "providers.entries.line": COORDINATOR,
    "providers.freshness.confirm": {R.COORDINATOR, R.PROVIDER_STAFF},
    "event_support.answer": STAFF,
    "event_support.for_staff": STAFF,
    "event_support.number_of_guests": STAFF,
    "event_support.bring": {R.ANIMATOR, R.PROVIDER_STAFF},
    "proposals.propose_event": STAFF,  # for an organisation; a member's own needs no role
    "sends.offering.": STAFF,
}
"""Whose each verb is; the longest beginning that fits counts."""

HIDES = re.compile(
    r"event_support\.(answer|for_staff|number_of_guests)|feedback\.hear|quarters\.read"
    r"|referrals\.(answering|chains)\.(?!for_staff).*|bridge\.\w+\.(close|look|report|write)"
    r"|providers\.(entries\.opened|freshness\.confirm)|sends\.offering\.own_offer"
)
"""What does not even tell that there is such a thing: here "not found" is a refusal, too."""


@cache
def verbs() -> dict[str, Verb]:
    """Return every public verb of the domain that takes an actor."""
    found: dict[str, Verb] = {}
    for module in pkgutil.walk_packages(community.__path__, "community."):
        if "migrations" in module.name:
            continue
        for name, verb in vars(importlib.import_module(module.name)).items():
            if (
                inspect.iscoroutinefunction(verb)
                and not name.startswith("_")
                and verb.__module__ == module.name
                and "actor" in inspect.signature(verb).parameters
            ):
                found[f"{module.name.partition('.')[2]}.{name}"] = verb
    return found


def by_design(verb: str) -> set[RoleName]:
    """Return who may, by the table above."""
    fits = [beginning for beginning in DESIGN if verb.startswith(beginning)]
    return DESIGN[max(fits, key=len)] if fits else set()


# The town


def _row(table: str, now: datetime, **given: Any) -> Any:
    """Return a row with whatever it must have."""
    kind: Any = next(
        one.class_ for one in Base.registry.mappers if one.class_.__tablename__ == table
    )
    for column in kind.__table__.columns:
        if column.name in given or column.nullable or column.default or column.primary_key:
            continue
        told = str(column.type).partition("(")[0].upper()
        is_time = "DateTime" in type(column.type).__name__
        plain = {"VARCHAR": "x", "TEXT": "x", "JSON": [], "BOOLEAN": False}
        given[column.name] = now if is_time else plain.get(told, 1)
    return kind(**given)


@pytest.fixture
async def town(session: AsyncSession, now: datetime) -> Town:
    """One of everything, and a second one of what a right can be for."""
    town: Town = {"member": await people.meet(session, 1, now, name="Amina")}
    member = town["member"].id
    town["member"].state = people.Membership.ACTIVE

    async def add(called: str, table: str, **given: Any) -> Any:
        town[called] = _row(table, now, **given)
        session.add(town[called])
        await session.flush()
        return town[called].id

    ours = await add("organization", "organizations")
    await add("other_organization", "organizations")
    await add("agreement", "agreements", organization_id=ours, state="active")
    area = await add("area", "areas", zone="UTC")
    await add("other_area", "areas", zone="UTC")
    service = await add(
        "service", "services", organization_id=ours, need=Need.FINANCE, languages=["en"]
    )
    begins = now + timedelta(days=2)
    facts = {"starts_wall": begins.replace(tzinfo=None), "starts_at": begins, "zone": "UTC"}
    facts["place"] = "Library"
    event = await add("event", "events", state="published", area_id=area, **facts)
    await add("other_event", "events", state="published", **facts)
    await add("proposed", "events", state="proposed", made_by_id=member, **facts)
    await add("send", "sends", kind="newsletter")
    await add("held", "sends", kind="newsletter", state="held", held_because="by_hand")
    await add("offer", "sends", kind="offer", organization_id=ours, state="in_review")
    await add("taken", "sends", kind="offer", organization_id=ours, state="approved")
    referral = await add(
        "referral",
        "referrals",
        service_id=service,
        organization_id=ours,
        person_id=member,
        state="pending",
    )
    await add("question", "exchanges", kind="question", person_id=member, state="open")
    await add("asked", "exchanges", kind="event", person_id=member, event_id=event, state="open")
    await add(
        "reported",
        "exchanges",
        kind="referral",
        person_id=member,
        referral_id=referral,
        state="closed",
        reported_at=now,
    )
    await add("task", "plan_tasks", organization_id=ours)
    await add("invited", "event_organizations", event_id=event, organization_id=ours)
    await add(
        "recording", "recordings", subject="event", subject_id=event, language="en", field="title"
    )
    await add("group", "telegram_groups", chat_id=-5, state="linked", language="en")
    plan = await add(
        "plan", "transfers", person_id=member, name="moderator", state="agreed", months=1
    )
    await add("step", "transfer_steps", transfer_id=plan, does="member")
    await add("role", "roles", person_id=member, name="translator")
    await add("link", "join_links")
    await add("venue", "venues")
    await add("cohort", "cohorts", starts_on=now.date(), ends_at=now)
    await add("lesson", "lessons", state="draft", leads="events")
    await add("stakeholders", "stakeholder_links")
    wave = await add("wave", "gap_waves", year=2026, number=3)
    await add("cell", "gap_cells", wave_id=wave, gap="uncovered", looking="7", dimension="all")
    planned = await add("action", "planned_actions", way="event")
    await add("evidence", "action_evidence", action_id=planned, kind="text")
    return town


REFS = {
    "agreements": "organization",
    "areas": "area",
    "attendance": "event",
    "bridge": "asked",
    "cohorts": "cohort",
    "bridge.asked.asked_of_hosts": "event",
    "bridge.reporting.forward": "reported",
    "bridge.reporting.settle": "reported",
    "event_support": "invited",
    "events": "event",
    "consulting": "stakeholders",
    "gaps.actions": "action",
    "gaps.adequacy": "service",
    "gaps.mapping": "cell",
    "groups": "group",
    "groups.for_event": "event",
    "groups.post": "event",
    "hosting": "event",
    "inbox": "question",
    "lessons": "lesson",
    "missing": "event",
    "invitations": "link",
    "invitations.revoke": "role",
    "plans": "task",
    "proposals": "proposed",
    "providers": "service",
    "providers.entries.opened": "organization",
    "providers.freshness.confirm": "organization",
    "reading_aloud": "recording",
    "referrals": "referral",
    "sends": "send",
    "speakers": "event",
    "venues": "venue",
    "transfers": "plan",
    "transfers.stepping": "step",
    "transfers.stepping.add_step": "plan",
    "sends.offering": "offer",
    "sends.running.resume": "held",
    "sends.writing.translate_offer": "taken",
}
"""What the reference of a verb names; the longest beginning counts."""


def _ref(town: Town, verb: str) -> str:
    fits = [one for one in REFS if verb == one or verb.startswith(f"{one}.")]
    return str(town[REFS[max(fits, key=len)] if fits else "role"].ref)


def argument(town: Town, verb: str, name: str, now: datetime) -> Any:
    """Return what a verb is given; None where its default will do, or nothing fits."""
    special: dict[tuple[str, str], Any] = {
        ("roles.granting.take", "name"): R.ANIMATOR,
        ("roles.inviting.invite", "organization_id"): None,
        ("hosting.entrust", "name"): R.MODERATOR,
        ("hosting.entrust", "area_ref"): "",
        ("roles.inviting.offer", "person"): town["member"],
        ("sends.running.schedule", "at"): now + timedelta(days=1),
        ("areas.create", "zone"): "UTC",
        ("groups.link", "chat_id"): -6,
        ("groups.change", "what"): "area",
        ("groups.change", "value"): "",
        ("sends.offering.offer", "need"): Need.FINANCE,
        ("gaps.mapping.read", "quarter"): None,
        ("gaps.actions.begin", "way"): Way.EVENT,
        ("gaps.actions.about", "place"): Place("tax", Dimension.ALL, ""),
        ("gaps.actions.score", "criterion"): Criterion.IMPACT,
        ("gaps.actions.score", "value"): 3,
        ("gaps.actions.attach", "kind"): Proof.TEXT,
        ("gaps.statistics.reach", "quarter"): Quarter(2026, 3),
        ("gaps.statistics.reach", "counted"): {},
        ("gaps.statistics.bring", "lines"): [],
        ("transfers.beginning.start", "event_ref"): "",
        ("transfers.beginning.start", "area_ref"): "",
        ("transfers.stepping.add_step", "what"): "Look on",
    }
    if (verb, name) in special:
        return special[verb, name]
    if name == "ref":
        return _ref(town, verb)
    if name.endswith("_ref"):
        about = {"to": "service", "person": "member"}.get(name[:-4], name[:-4])
        return town[about].ref if about in town else ""
    if name in town:
        return town[name]
    plain = {
        "now": now,
        "language": "en",
        "network_language": "en",
        "texts": {"title": "x", "body": "y"},
        "at": 0,
        "size": 5,
        "zone": ZoneInfo("UTC"),
        "default_zone": "UTC",
        "lock": False,
        "organization_id": town["organization"].id,
        "name": R.TRANSLATOR,
        "months": 1,
        "does": "member",
        "due_at": now,
        "starts_on": now.date(),
        "ends_at": now + timedelta(days=1),
        "goes_on": True,
        "done": True,
        "text": "Hello",
        "subject": "event",
        "key": ("event", town["event"].ref, "title", "en"),
        "seen": "",
        "to": "x",
        "year": 2026,
        "month_number": 11,
        "kind": "event_reminder",
        "details": events.details_of(town["event"]),
        "reason": "x",
        "note": "",
        "fields": set(),
        "need": "finance",
        "title": "x",
        "body": "y",
        "what": Event,
        "by": Who.ANIMATOR,
        **dict.fromkeys(("came", "grant", "approve", "comes", "send", "on", "delivered"), True),
    }
    return plain.get(name)


async def call(
    session: AsyncSession, town: Town, verb: str, actor: Person, now: datetime
) -> Exception | None:
    """Call a verb, undo what it did, and return what it said."""
    for row in (*town.values(), actor):
        if state_of(row).expired_attributes:
            await session.refresh(row)
    told: dict[str, Any] = {}
    for name, parameter in inspect.signature(verbs()[verb]).parameters.items():
        if name == "session" or parameter.kind in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        ):
            continue
        value = actor if name == "actor" else argument(town, verb, name, now)
        if value is not None or parameter.default is parameter.empty:
            told[name] = value
    undone = await session.begin_nested()
    try:
        await verbs()[verb](session, **told)
    except Exception as said:  # noqa: BLE001 - whatever comes after the role is not asked here
        return said
    finally:
        if undone.is_active:
            await undone.rollback()
        # SQLite gives the number of what was undone to the next.
        for row in [*session.sync_session.identity_map.values()]:
            if isinstance(row, ContentText):
                session.expunge(row)
    return None


def refused(verb: str, said: Exception | None) -> bool:
    """Say whether the role was not enough."""
    hidden = bool(HIDES.fullmatch(verb)) and isinstance(said, NotFoundError)
    return isinstance(said, NotAllowedError) or hidden


def a_role(town: Town, name: RoleName, person: Person, now: datetime, **facts: Any) -> Role:
    """Return a role with the right scope."""
    scope: dict[RoleName, dict[str, int]] = {
        R.PROVIDER_STAFF: {"organization_id": town["organization"].id},
        R.EVALUATOR: {"organization_id": town["organization"].id},
        R.CO_HOST: {"event_id": town["event"].id},
        R.COMMUNITY_LEAD: {"area_id": town["area"].id},
    }
    told = {"person_id": person.id, "name": name, "granted_at": now, **scope.get(name, {})}
    return Role(**told | facts)


async def somebody(
    session: AsyncSession, town: Town, now: datetime, number: int, *names: RoleName, **facts: Any
) -> Person:
    """Return a member who holds these roles."""
    person = await people.meet(session, number, now, name=f"Person {number}")
    person.state = people.Membership.ACTIVE
    session.add_all([a_role(town, name, person, now, **facts) for name in names])
    await session.flush()
    return person


# What is asked


def test_every_verb_with_an_actor_has_a_row_and_none_has_two() -> None:
    rows = [*rights.RIGHTS, *rights.OWN, *rights.WITHIN]
    assert sorted(rows) == sorted(verbs()), "a verb is new or gone: see community/rights.py"


@pytest.mark.parametrize("verb", sorted(rights.RIGHTS))
def test_the_declaration_says_what_the_design_says(verb: str) -> None:
    assert rights.RIGHTS[verb] == by_design(verb)


async def test_each_role_may_do_what_the_design_says_and_nothing_else(
    session: AsyncSession, town: Town, now: datetime
) -> None:
    holders = {
        name: await somebody(session, town, now, number, *([name] if name else []))
        for number, name in enumerate([None, *RoleName], 10)
    }
    # so that it is not the last administrator who acts
    await somebody(session, town, now, 9, R.ADMINISTRATOR)
    wrong = []
    for verb in sorted(rights.RIGHTS):
        for name, actor in holders.items():
            said = await call(session, town, verb, actor, now)
            if refused(verb, said) == (name in by_design(verb)):
                wrong.append(f"{verb} as {name}: {said!r}")
    assert wrong == []


OF_ALL_THEIRS = {"referrals.answering.for_staff"}
"""What is asked of all of one's own organisations at once, so that none is the wrong one."""
WRONG = {
    "over": {"until": datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))},
    "revoked": {"revoked_at": datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))},
}


@pytest.mark.parametrize("how", [*WRONG, "elsewhere", "everything else at once"])
async def test_a_role_that_is_over_taken_back_or_for_something_else_is_none(
    session: AsyncSession, town: Town, now: datetime, how: str
) -> None:
    elsewhere = {
        R.PROVIDER_STAFF: {"organization_id": town["other_organization"].id},
        R.EVALUATOR: {"organization_id": town["other_organization"].id},
        R.CO_HOST: {"event_id": town["other_event"].id},
        R.COMMUNITY_LEAD: {"area_id": town["other_area"].id},
    }
    actors: dict[frozenset[RoleName], Person] = {}
    wrong = []
    for verb in sorted(rights.RIGHTS):
        theirs = frozenset(by_design(verb))
        if how == "elsewhere":
            theirs &= frozenset(elsewhere)
            if verb in OF_ALL_THEIRS or not theirs:
                continue
        if theirs not in actors:
            number = 100 + len(actors)
            if how == "everything else at once":
                names = [name for name in RoleName if name not in theirs]
                actors[theirs] = await somebody(session, town, now, number, *names)
            elif how == "elsewhere":
                actors[theirs] = person = await somebody(session, town, now, number)
                for name in theirs:
                    session.add(a_role(town, name, person, now, **elsewhere[name]))
                await session.flush()
            else:
                actors[theirs] = await somebody(session, town, now, number, *theirs, **WRONG[how])
        said = await call(session, town, verb, actors[theirs], now)
        if not refused(verb, said):
            wrong.append(f"{verb}: {said!r}")
    assert wrong == []


@pytest.mark.parametrize("verb", sorted(rights.OWN))
def test_what_is_somebodys_own_has_a_test_of_its_own(verb: str) -> None:
    name = verb.rpartition(".")[2]
    reason, file = rights.OWN[verb]
    assert reason
    asks = (TESTS / file).read_text(encoding="utf-8")
    assert file.startswith("stories/") or re.search(rf"\b{name}\b", asks), file


def page() -> str:
    """Return the page of rights."""
    short = [name.value.replace("_", " ") for name in RoleName]
    lines = [
        "# Rights",
        "",
        "Which role may call which verb of `community/`. The table is `community/rights.py`; "
        "`tests/community/test_rights.py` calls each verb in each role, with the right scope and "
        "the wrong one, over, taken back and held with others, on both databases, and compares "
        "with what DESIGN says. Staff, co-hosts and community leads may do it for their own "
        "organisation, event or area only.",
        "",
        f"| verb | {' | '.join(short)} |",
        f"|---|{':-:|' * len(short)}",
    ]
    for verb, may in sorted(rights.RIGHTS.items()):
        lines.append(
            f"| `{verb}` | {' | '.join('yes' if name in may else '–' for name in RoleName)} |"
        )
    lines += [
        "",
        "## Of one's own",
        "",
        "No role opens these: whose the row is decides, and in some of them that is an "
        "organisation's staff or whoever looks after it. They have tests of their own.",
        "",
        "| verb | why | test |",
        "|---|---|---|",
        *(
            f"| `{verb}` | {why} | `tests/{file}` |"
            for verb, (why, file) in sorted(rights.OWN.items())
        ),
        "",
        "## Behind another verb",
        "",
        "These ask for no role: they are called by verbs above that have asked, or answer a "
        "question about the actor and change nothing.",
        "",
        *(f"- `{verb}`" for verb in sorted(rights.WITHIN)),
    ]
    return "\n".join(lines) + "\n"


def test_the_page_of_rights_shows_what_the_table_says() -> None:
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
