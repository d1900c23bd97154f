"""Forged buttons: whatever a client writes under a button's name, from whoever it comes.

Every ``CallbackData`` of ``handlers`` is swept, found by walking its subclasses, so that a new one
is covered by itself. What is nobody's business changes nothing, whatever it says is answered, and
nothing is set aside.
"""

import ast
import inspect
import json
import logging
import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import islice, product
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiogram.filters.callback_data import CallbackData
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import sample
from community import (
    attendance,
    authors,
    bridge,
    cohorts,
    consulting,
    contacts,
    event_support,
    gaps,
    groups,
    inbox,
    invitations,
    people,
    plans,
    reading_aloud,
    referrals,
    roles,
    series,
    team_tasks,
    templates,
    transfers,
    venues,
)
from community.arrivals import Arrival, Arriving
from community.costs import Cost
from community.decisions import Decision
from community.digests import Digest, DigestItem, ItemKind
from community.digests import State as Gathered
from community.events import Event
from community.exchanges import Kind
from community.facilitation import FacilitationAsked, code_of
from community.figures import quarter_of
from community.gaps.actions import Proof, Way
from community.needs import Need
from community.people import Person
from community.providers import Organization, Service
from community.referrals import FieldName, Reason
from community.roles import Role, RoleName
from community.silences import Silence
from community.surveys import Asked, Brought, FormWords, SurveyForm, Template
from community.tables import METADATA
from community.translations import ContentText, seal
from handlers import FORMS
from tests.stories.conftest import Somebody, Stage

LONGEST = 64
"""Bytes that Telegram lets a button carry; a forger keeps to it."""

OWN = {
    *("la", "l2", "te", "co", "pr", "me", "ch", "m", "nn", "st", "pa", "at", "us", "f"),
    *(
        "ev",
        "evs",
        "zl",
        "an",
        "ics",
        "sy",
        "sq",
        "sv",
        "sk",
        "sf",
        "sr",
        "sz",
        "pu",
        "pt",
        "ps",
        "ra",
        "rb",
        "xd",
        "xe",
        "tp",
    ),
    *("mo", "et", "evp", "pp", "pw", "po", "fb"),
    *("hb", "hn", "hd", "hj", "hm"),
    *("pg", "pk", "px", "hq", "ya", "ye", "yp", "yr", "ys", "yv"),
    *("wt", "bm", "py", "vl", "fc", "fi", "fm", "fn", "fs"),
    *("wr", "ws", "wn"),
    *("ht", "hr", "hy"),
    *("kd", "ke", "kf", "kr", "kv"),
    *("ga", "gb", "gc", "gd", "ge"),  # how one takes part in matching, and one's matches
    *("ha", "hc", "he", "hg", "hh", "hz"),  # asks and offers, reporting, what was decided of one
    "ff",  # what was recorded of whoever was registered face to face
    "cf",  # what became of what members said
    "kx",  # the courses that one belongs to
    *("ne", "ni"),  # whether a network suits one; what one needs
    "ea",  # what one says for the funder's statistics
    *("ql", "qs", "qa", "qv", "qp", "qc", "qn", "qh"),  # to learn, and to pass on
}
"""What anybody may press for themself; it may change their own rows, and nobody else's."""

ROLES: Mapping[str, set[str]] = {
    "animator": {
        *("az", "tm", "tg", "tj", "ti", "ts", "tr", "ib", "iq", "di", "sl", "nl", "sd", "au"),
        *("ar", "pe", "pl", "pn", "pq", "pz", "pd", "nw", "nt", "ww", "wv"),
        *("eo", "ei", "eg", "eb", "dq", "dp", "hf", "ho", "wj"),
        *("zr", "zs", "zd", "zc", "zi"),
        *("hk", "hp", "hu", "hv", "hs", "hl", "hx", "hw"),
        *("yh", "yl", "yo", "yz", "yt", "yn", "yq", "yw"),
        *("wo", "fw", "pi", "ut", "un", "uf", "uw", "ua", "vt", "va", "vr", "vk"),
        *("fo", "wk", "wl"),
        *("rt", "ld", "bt", "bl", "ls", "lt"),
        *("ka", "kb", "kc", "kw"),
        *("gl", "go", "gp"),
        *("gf", "gg", "gh"),
        *("fa", "fd", "fe", "fj", "hi"),
        *("jq", "yb", "yj", "jt", "jm", "ju", "jk", "jo", "jc", "jd", "jl", "jy", "jh"),
        *("qd", "qe", "qf"),
    },
    "coordinator": {
        *("ut", "un", "uf", "uw", "ua", "vt", "va", "vr", "vk", "fo", "wk", "wl"),
        "lk",
        *(
            "rp",
            "rm",
            "rq",
            "yk",
            "kw",
            "su",
            "sa",
            "sb",
            "sc",
            "so",
            "sx",
            "sj",
            "sn",
            "ss",
            "sg",
            "sw",
        ),
        *("ag", "al", "ao", "aq", "uh", "uj", "pb", "pj"),
        *("rc", "rd", "xa", "xb"),
        *("ca", "cb", "cc", "cd", "ce", "cg", "ci", "cj"),
        *("lg", "lb", "lu", "nk", "no", "np", "nf", "wj", "qf", "fj", "ec", "ee"),
        *("na", "nb", "nc", "nd", "ng", "nh"),
        *("re", "rg"),
    },
    "staff": {
        *("es", "eb", "fh", "qo", "rl", "fj"),
        *("oe", "ov", "ow", "ox", "oc", "oh", "ol", "od", "og", "op"),
    },
    "translator": {"ut", "un", "uf", "uw", "ua", "vt", "va", "vr", "vk", "fo", "wk", "wl"},
    "evaluator": {"ed"},
    "member": set(),
    "stranger": set(),
}
"""What a role may press beyond that. A new button is nobody's until it is written here."""

ABOUT: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("ev", "an", "ics", "hr", "pe", "pq", "pz", "pd", "pg", "pk"), ("events",)),
    **dict.fromkeys(("zr", "zs", "zd", "zc"), ("events",)),
    **dict.fromkeys(("hf", "hb", "hn", "hd", "hj", "hm", "ho", "hq"), ("events",)),
    **dict.fromkeys(("nl", "nt", "sd", "fw", "pi"), ("sends",)),
    **dict.fromkeys(("ww", "wv"), ("events", "sends")),
    **dict.fromkeys(("sz", "rf", "di", "bt", "lt", "ld"), ("referrals",)),
    **dict.fromkeys(("sv", "sf", "ss", "sg", "sw"), ("services",)),
    **dict.fromkeys(("sc", "so", "sn", "ti", "ao", "pb"), ("organizations",)),
    **dict.fromkeys(("pu", "pt", "ps", "ra", "xe"), ("survey_responses",)),
    **dict.fromkeys(("xb", "xd"), ("survey_forms",)),
    **dict.fromkeys(("wr", "ws", "wn"), ("facilitation_asked",)),
    **dict.fromkeys(("kb", "kc"), ("digests",)),
    "kd": ("sends",),
    "gf": ("people",),
    **dict.fromkeys(("fd", "fe"), ("people",)),
    "fj": ("organizations",),
    "gh": ("team_contacts", "people"),
    **dict.fromkeys(("kw", "kx"), ("cohorts",)),
    **dict.fromkeys(("kf", "ne"), ("services",)),
    "nb": ("gap_cells",),
    "ng": ("stakeholder_links",),
    "nc": ("planned_actions", "action_evidence", "plan_tasks"),
    **dict.fromkeys(("ag", "al"), ("agreements",)),
    "pj": ("plan_tasks",),
    "cb": ("costs",),
    "ce": ("decisions",),
    "cd": ("events", "plan_tasks", "decisions"),
    **dict.fromkeys(("px", "yo"), ("events", "people")),
    **dict.fromkeys(("yh", "yv"), ("events",)),
    **dict.fromkeys(("hk", "hy"), ("events",)),
    "hu": ("events", "areas"),
    **dict.fromkeys(("hp", "hx"), ("events", "sends")),
    **dict.fromkeys(("hs", "hl"), ("venues",)),
    "hw": ("events", "venues"),
    "yz": ("events", "areas"),
    "yl": ("areas",),
    "ya": ("role_invitations",),
    **dict.fromkeys(("yn", "yq"), ("events", "areas", "people")),
    "yp": ("transfers",),
    "ys": ("transfer_steps",),
    "yw": ("transfers", "people"),
    "jq": ("exchanges", "people"),
    "yb": ("exchanges", "people"),
    "jt": ("exchanges",),
    "jm": ("answer_templates",),
    "yj": ("answer_templates",),
    "ju": ("answer_templates", "exchanges"),
    "jo": ("team_tasks", "people"),
    **dict.fromkeys(("jd", "jl"), ("team_contacts",)),
    "jh": ("people",),
    **dict.fromkeys(("qs", "qa", "qv", "qp", "qe"), ("lessons",)),
    "qh": ("events", "lessons"),
    "go": ("telegram_groups",),
    "gp": ("events", "telegram_groups"),
    "rt": ("people", "services"),
    "ar": ("events", "services", "survey_responses"),
    **dict.fromkeys(("ov", "ow", "oh", "ol", "od", "og", "op", "np", "nf"), ("services",)),
    **dict.fromkeys(("oe", "ox", "oc", "lg", "lb", "lu", "no"), ("organizations",)),
    "sk": ("service_steps",),
    "sa": ("areas",),
    "sx": ("areas", "organizations"),
    **dict.fromkeys(("eg", "es", "et"), ("event_organizations",)),
    **dict.fromkeys(("po", "dp"), ("events", "sends")),
    **dict.fromkeys(("lk", "fh", "qo", "pp"), ("organizations",)),
    "eo": ("events",),
    "ei": ("events", "organizations"),
    "eb": ("event_organizations", "services"),
    "pr": ("areas",),
    **dict.fromkeys(("iq", "if", "xc", "xf", "xs"), ("exchanges",)),
    "wt": ("events", "referrals"),
    "py": ("events", "sends", "services"),
    "vl": ("events", "sends", "services", "service_steps"),
    "vt": ("events", "sends", "services"),
    "va": ("events", "sends", "services", "service_steps"),
    "vr": ("recordings",),
    "tj": ("join_links",),
    "ts": ("role_invitations",),
    "tr": ("roles",),
}
"""Whose references a button carries; one that is not here is tried with those of every table."""

LETTERS = random.Random(64)
NOISE = "".join(chr(LETTERS.randrange(1, 128)) for _ in range(LONGEST)).replace(":", ";")
WILD = ("", "0", "-1", "9" * 20, "x" * 40, "\x00", "\ud83d")
NO_NUMBERS = ("0x7", "٧", "1e9", " 7 ")
"""What no reference, number or word is."""

FEW, MANY = 3, 60
SHARE = 12
"""One press of so many is tried by `make test`, another on each database; `make soak`: all."""

UNWATCHED = {
    "inbox",
    "conversations",
    "sent_messages",
    "live_messages",
    "leases",
    "rates",
    "lanes",
    "unmet_demand",
    "facilitation_counts",
    "surveys",  # the wave of a year, which the first to begin its interview opens
}
"""Tables that any press, or the passing of time, writes to; and the counts that are nobody's."""

TWO = {"events", "referrals", "survey_responses", "people", "exchanges"}
"""Of what more than one is tried: the first and the last."""

OWN_TABLES = {
    *("people", "consents", "profiles", "needs", "attendances", "checklists", "ticks"),
    *("muted_topics", "deliveries", "survey_responses", "survey_answers", "history", "referrals"),
    *(
        "exit_agreements",
        "facilitation_asked",
        "silences",
        "network_joinings",
        "cohort_members",
        "pairings",
    ),
    *("person_offers", "network_ratings"),
    *(
        "exchanges",
        "exchange_messages",
        "translation_requests",
        "muted_offers",
        "feedback_consents",
    ),
    *("funder_answers", "funder_entries", "month_readers"),
    *("service_wishes", "access_limits", "lesson_progress", "skill_checks"),
}


# What is pressed


def kinds(kind: type[CallbackData] = CallbackData) -> Iterator[type[CallbackData]]:
    """Walk over every button of the handlers."""
    for each in kind.__subclasses__():
        if each.__module__.startswith("handlers."):
            yield each
        yield from kinds(each)


@cache
def words_for(kind: type[CallbackData]) -> tuple[str, ...]:
    """Return the words of whatever uses this button, so that its acts are among the forged."""
    users = [
        module
        for name, module in sys.modules.items()
        if name.startswith("handlers.") and any(kind is user for user in vars(module).values())
    ]
    # To be erased is a story of its own.
    return tuple(sorted({word for user in users for word in words_of(user)} - {"erase_really"}))


@cache
def words_of(module: ModuleType) -> set[str]:
    """Return the words that a module compares with."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        parts: Iterable[ast.AST | None] = ()
        if isinstance(node, ast.Compare | ast.MatchValue):
            parts = [node]
        elif isinstance(node, ast.Dict):
            parts = node.keys
        elif isinstance(node, ast.keyword) and node.arg in {"act", "what", "part", "to", "step"}:
            parts = [node.value]
        found |= {
            leaf.value
            for part in parts
            if part is not None
            for leaf in ast.walk(part)
            if isinstance(leaf, ast.Constant)
            and isinstance(leaf.value, str)
            and re.fullmatch(r"[a-z_]{1,16}!?", leaf.value)
        }
    return found


@dataclass
class Pool:
    """References of every kind, by table."""

    refs: dict[str, list[str]]

    def aimed(self, kind: type[CallbackData], *, thin: bool = False) -> Iterator[str]:
        """Return presses that mean something: everybody's ids, every act, every choice.

        With each other, at most sixty; where a role stops them anyway, a few.
        """
        lists = [self._values(kind, name) for name in kind.model_fields]
        few = min(max(map(len, lists), default=1), FEW)
        cycles = [tuple(values[at % len(values)] for values in lists) for at in range(few)]
        every = [*product(*lists)]
        some = random.Random(str(kind.__prefix__)).sample(every, min(len(every), MANY))
        for values in cycles if thin else some:
            yield packed(kind, values)

    def wild(self, kind: type[CallbackData]) -> Iterator[str]:
        """Return presses that mean nothing: wrong in one place, too short, too long.

        Of the ids of other kinds each button gets a third; which, differs from one to the next.
        """
        best = [self._values(kind, name)[0] for name in kind.model_fields]
        others = [ref for refs in self.refs.values() for ref in refs[:1]]
        others = others[sum(map(ord, str(kind.__prefix__))) % FEW :: FEW]
        for at, name in enumerate(kind.model_fields):
            is_number = kind.model_fields[name].annotation is int
            for value in (
                *WILD,
                *(NO_NUMBERS if is_number else ()),
                *(others if _is_reference(name) else ()),
            ):
                yield packed(kind, [*best[:at], value, *best[at + 1 :]])
        yield packed(kind, best[:-1])
        yield packed(kind, [*best, "more"])
        yield packed(kind, ["9" * 20 for _ in best])
        yield f"{kind.__prefix__}:{NOISE}"[:LONGEST]

    def _values(self, kind: type[CallbackData], name: str) -> list[str]:
        told: Any = kind.model_fields[name].annotation
        if told is bool:
            return ["1", "0"]
        if told is int:
            return ["0", "1"]
        if isinstance(told, type) and issubclass(told, StrEnum):
            return [item.value for item in told]
        if _is_reference(name):
            tables = ABOUT.get(str(kind.__prefix__), tuple(self.refs))
            return [ref for table in tables for ref in self.refs[table]]
        if name in {"language", "code"}:
            return ["ar", "xx"]
        if name == "why":
            return ["", Reason.OTHER.value, FieldName.ACCOUNT.value]
        if name == "form":
            return [*FORMS][:FEW]
        if name == "value":
            return ["", Need.FINANCE.value, *self.refs["areas"]]
        if name == "seen":
            return [""]
        return [*words_for(kind), "open"]


def _is_reference(name: str) -> bool:
    return name in {
        "ref",
        "organization",
        "withdraw",
        "person",
        "question",
        "area",
        "venue",
        "group",
    }


def packed(kind: type[CallbackData], values: Iterable[str]) -> str:
    """Return a button's data as a client may write it, checked by nobody."""
    data = kind.__separator__.join([kind.__prefix__, *values])
    while len(data.encode(errors="surrogatepass")) > LONGEST:
        data = data[:-1]
    return data


# Whom it is pressed by, and in which town

Key = tuple[Any, ...]
Row = dict[str, Any]


@dataclass
class Heard:
    """What came of one press: the words over the chat, and how many messages or new screens."""

    data: str
    words: str = ""
    screens: int = 0
    forms: set[tuple[str, str]] = field(default_factory=set)
    """Form and field of the questions that it has opened."""


@dataclass
class Town:
    """The sample network with something of everybody's, and those who press."""

    stage: Stage
    actors: dict[str, Somebody]
    pool: Pool

    async def press(self, presses: Mapping[str, Iterable[str]]) -> dict[str, list[Heard]]:
        """Let everybody press in one go: each press is answered, and nothing is set aside."""
        emulator = self.stage.emulator
        emulator.calls.clear()
        told: dict[str, dict[str, Heard]] = {}
        for name, forged in presses.items():
            actor = self.actors[name]
            message = actor.last["message_id"]
            told[name] = {
                emulator.world.press(actor.id, message, data, forged=True): Heard(data)
                for data in forged
            }
        await self.stage.answered(patience=300)
        assert not await self._set_aside()
        for name, waiting in told.items():
            self._listen(self.actors[name], waiting)
            speechless = [one.data for one in waiting.values() if not (one.words or one.screens)]
            assert not speechless, f"{name} heard nothing after {speechless[:5]}"
        return {name: [*heard.values()] for name, heard in told.items()}

    def _listen(self, actor: Somebody, waiting: Mapping[str, Heard]) -> None:
        """Note what the bot answered to each press: one person's answers come in their order."""
        answered: list[str] = []
        for call in self.stage.emulator.calls:
            params = call["params"]
            if params.get("callback_query_id") in waiting:
                answered.append(params["callback_query_id"])
                waiting[answered[-1]].words = params.get("text", "")
            elif answered and str(params.get("chat_id")) == str(actor.id):
                heard = waiting[answered[-1]]
                heard.screens += 1
                heard.forms |= set(re.findall(r'"f:([\w.]+):(\w+):', json.dumps(params)))
        assert answered == list(waiting), "every press is answered once"

    async def _set_aside(self) -> list[str]:
        async with self.stage.app.database.transaction() as session:
            rows = await session.scalars(
                select(Arrival.body).where(Arrival.state == Arriving.SET_ASIDE)
            )
            return [json.loads(body or "{}")["callback_query"]["data"] for body in rows]

    async def rows(self) -> dict[Key, Row]:
        """Return every row of every table that no press writes to by the way."""
        async with self.stage.app.database.transaction() as session:
            return {
                (table.name, *(row[column.name] for column in table.primary_key)): dict(row)
                for table in METADATA.sorted_tables
                if table.name not in UNWATCHED
                for row in (await session.execute(select(table))).mappings()
            }

    async def number(self, name: str) -> int:
        """Return the row of somebody who presses."""
        async with self.stage.app.database.transaction() as session:
            person = await people.by_telegram_id(session, self.actors[name].id)
            assert person is not None
            return person.id


async def a_town(stage: Stage) -> Town:
    """Fill the sample network, and let something of everybody's be in it."""
    app, world = stage.app, stage.emulator.world
    assert app.network is not None
    await sample.fill(app.database, stage.emulator, app.network, stage.now)
    phones = {person.first_name: Somebody(stage, person.id) for person in world.people.values()}
    phones |= {
        name: stage.meet(name, "en") for name in ("Eve", "Bayan", "Wanda", "Tarik", "Zoe", "Ewa")
    }
    now = stage.now
    async with app.database.transaction() as session:
        cast = {
            name: await people.meet(
                session,
                phone.id,
                now,
                name=name,
                telegram_language=world.people[phone.id].language_code,
            )
            for name, phone in phones.items()
        }
        for name in ("Eve", "Bayan", "Wanda", "Tarik", "Ewa", "You"):
            people.choose_language(cast[name], "en")
            await people.join(session, cast[name], now, terms_version="1", language="en")
        boss = cast["Karim"]
        await roles.take(session, boss, RoleName.ANIMATOR, now)
        ours, others, *_more = await session.scalars(
            select(Organization).order_by(Organization.id)
        )
        for person, role, organization in (
            (cast["Bayan"], RoleName.COORDINATOR, None),
            (cast["Wanda"], RoleName.PROVIDER_STAFF, others.id),
            (cast["Tarik"], RoleName.TRANSLATOR, None),
            (cast["Ewa"], RoleName.EVALUATOR, ours.id),
            (boss, RoleName.PROVIDER_STAFF, ours.id),
        ):
            token = await roles.invite(session, boss, role, now, organization_id=organization)
            invitation = await roles.accept(session, person, token, now)
            await roles.confirm(session, boss, invitation.ref, now, grant=True)
        token = await roles.invite(
            session, cast["Nadia"], RoleName.PROVIDER_STAFF, now, organization_id=ours.id
        )
        await invitations.accept(session, cast["Fatou"], token, now)
        await invitations.join_link(session, cast["Nadia"], now)
        await inbox.ask(
            session, cast["Samuel"], "Where is the office?", now, language="en", zone="UTC"
        )
        await _two_referrals(session, cast, ours, now)
        await _a_question_about_a_text(session, cast["Samuel"], ours, now)
        await _a_recording(session, boss, now)
        quarter = code_of(quarter_of(now, ZoneInfo(app.network.zone)))
        session.add_all(
            FacilitationAsked(person_id=person.id, quarter=quarter) for person in cast.values()
        )
        session.add_all(Silence(person_id=one.id, nudged_at=now) for one in cast.values())
        await _a_digest(session, now)
        session.add_all([_a_cost(now), Decision(year=2025, number=0, made_at=now)])
        await _an_organisation_at_an_event(session, cast["Nadia"], others, now)
        await _an_event_that_repeats(session, cast["Nadia"], now)
        contact = await contacts.add(session, cast["Nadia"], contacts.Kind.PRESS, "Gazette", now)
        await contacts.agree(session, cast["Nadia"], contact.ref, "by phone", now, now)
        await venues.add(session, cast["Nadia"], "Town hall", now, step_free=True)
        await team_tasks.add(session, cast["Nadia"], "Call", now, contact_ref=contact.ref)
        await cohorts.add(
            session, cast["Nadia"], "en", "Book-keeping", now.date(), now + timedelta(days=60), now
        )
        texts = {"name": "Hours", "text": "From nine to five."}
        await templates.add(session, cast["Nadia"], "en", texts, now)
        await _a_group(stage, session, cast["Nadia"], now)
        learner = cast["Fatou"]
        role = RoleName.MODERATOR
        plan = await transfers.start(
            session, cast["Nadia"], learner.ref, role, 3, now, ZoneInfo(app.network.zone)
        )
        await transfers.answer(session, learner, plan.ref, now, takes=True)
        await plans.add(session, cast["Bayan"], ours.ref, now, what="Meet once a month")
        await _a_gap(session, cast["Bayan"], now)
        await _an_own_survey(session, now)
        refs = {
            table.name: [str(ref) for ref in await session.scalars(select(table.c.ref))]
            for table in METADATA.sorted_tables
            if "ref" in table.c
        }
    for phone in phones.values():
        await phone.starts()
    await stage.play(hours=1)
    pool = Pool(
        {
            name: [*found[:1], *found[-1:]] if len(found) > 2 and name in TWO else found[:1]
            for name, found in refs.items()
            if found
        }
    )
    actors = {
        "stranger": "Zoe",
        "member": "Eve",
        "staff": "Wanda",
        "animator": "Nadia",
        "coordinator": "Bayan",
        "translator": "Tarik",
        "evaluator": "Ewa",
        "insider": "Karim",
    }
    return Town(stage, {role: phones[name] for role, name in actors.items()}, pool)


def _asks_the_team(before: Row | None, after: Row | None) -> bool:
    """Say whether this is the notice to the team that somebody is stuck: all a member may do."""
    if before is not None or after is None or after.get("kind") != "team_notice":
        return False
    return str(after["key"]).startswith("question:")


def _is_reminder_of_a_plan(after: Row | None) -> bool:
    """Say whether this reminds a learner of a step, which animators may tick, too."""
    return after is not None and after.get("kind") == "transfer_notice"


async def _a_gap(session: AsyncSession, chief: Person, now: datetime) -> None:
    """Let there be a gap, and an action about it with some evidence."""
    wave = gaps.GapWave(year=2026, number=3, made_at=now, rule=1)
    session.add(wave)
    await session.flush()
    cell = gaps.GapCell(
        wave_id=wave.id,
        need=Need.TAX,
        dimension=gaps.Dimension.LANGUAGE,
        key="ar",
        looking="7",
        gap=gaps.Gap.UNCOVERED,
    )
    session.add(cell)
    await session.flush()
    action = await gaps.actions.begin(session, chief, cell.ref, Way.TRANSLATION, now)
    await gaps.actions.attach(session, chief, action.ref, Proof.TEXT, "Seven asked", now)
    await consulting.make(session, chief, "Banks", "en", now)


async def _an_own_survey(session: AsyncSession, now: datetime) -> None:
    sells = Asked("sells", ("food", "other"))
    words = FormWords({"sells": "Sells?"}, {"sells": {"food": "Food", "other": "Other"}})
    brought = Brought("Markets", Template("markets", 1, (sells,)), {"en": words})
    content = brought.as_json()
    session.add(SurveyForm(code="markets", version=1, content=content, made_at=now))
    await session.flush()


async def _two_referrals(
    session: AsyncSession, cast: Mapping[str, Person], ours: Organization, now: datetime
) -> None:
    """Let one request wait for its answer, and one member disagree about the outcome."""
    service = await session.scalar(select(Service).where(Service.organization_id == ours.id))
    assert service is not None
    fields = {FieldName.NAME, FieldName.LANGUAGE}
    for name in ("Amina", "Oksana"):
        sent = await referrals.agree(
            session,
            cast[name],
            service.ref,
            fields,
            "",
            now,
            organization_id=ours.id,
            version="1",
            language="en",
        )
    await referrals.answer(session, cast["Lotte"], sent.ref, "accept", now)
    written = await bridge.begin(session, cast["Oksana"], Kind.REFERRAL, sent.ref, now)
    await bridge.write(session, cast["Oksana"], written.ref, "Hello!", now, language="en")
    for step in ("begin", "complete"):
        await referrals.answer(session, cast["Lotte"], sent.ref, step, now)
    await referrals.confirm(session, cast["Oksana"], sent.ref, now, helped=False)


async def _a_question_about_a_text(
    session: AsyncSession, asker: Person, ours: Organization, now: datetime
) -> None:
    """Let somebody who translates ask the author of a name, who presses nothing here."""
    session.add(Role(person_id=asker.id, name=RoleName.TRANSLATOR, granted_at=now))
    await session.flush()
    asked = await authors.begin(session, asker, ("organization", ours.ref, "name", "xx"), now)
    await bridge.write(session, asker, asked.ref, "Is this a name?", now, language="en")


def _a_cost(now: datetime) -> Cost:
    day, amount = now.date(), Decimal(5)
    facts: dict[str, Any] = {"what": "staff", "currency": "EUR", "made_at": now}
    return Cost(amount=amount, first_day=day, last_day=day, **facts)


async def _a_digest(session: AsyncSession, now: datetime) -> None:
    """Let the digest of a month wait for the team, with an event in it."""
    digest = Digest(month="2026-10", state=Gathered.IN_REVIEW, since=now, made_at=now)
    session.add(digest)
    await session.flush()
    event_id = await session.scalar(select(Event.id).order_by(Event.id).limit(1))
    assert event_id is not None
    session.add(DigestItem(digest_id=digest.id, kind=ItemKind.EVENT, subject_id=event_id))
    await session.flush()


async def _a_group(stage: Stage, session: AsyncSession, animator: Person, now: datetime) -> None:
    chat = stage.emulator.groups.new("Lyon", owner=animator.telegram_id or 0)
    chat.bot = "administrator"
    group = await groups.link(session, animator, chat.id, groups.Kind.SUPERGROUP, chat.title, now)
    await groups.change(session, animator, group.ref, "language", "fr", now)


async def _an_organisation_at_an_event(
    session: AsyncSession, animator: Person, organization: Organization, now: datetime
) -> None:
    """Let an organisation be invited to what comes next."""
    event = (await attendance.upcoming(session, animator, now, size=1)).rows[0]
    await event_support.invite(session, animator, event.ref, organization.ref, now)


async def _an_event_that_repeats(session: AsyncSession, animator: Person, now: datetime) -> None:
    """Let what comes next go on every month."""
    event = (await attendance.upcoming(session, animator, now, size=1)).rows[0]
    await series.repeat(session, animator, event.ref, series.Every.MONTH, now)


async def _a_recording(session: AsyncSession, boss: Person, now: datetime) -> None:
    """Let the title of an event be read aloud."""
    title = await session.scalar(
        select(ContentText).where(ContentText.subject == "event", ContentText.is_source)
    )
    assert title is not None
    key = ("event", (await session.get_one(Event, title.subject_id)).ref)
    place = (*key, title.field, title.language)
    voice = reading_aloud.Voice("x", 1)
    await reading_aloud.keep(session, boss, place, voice, now, seen=seal(title.text))


def changed(before: Mapping[Key, Row], after: Mapping[Key, Row]) -> list[tuple[Key, str]]:
    """Return what two looks at the tables do not share."""
    return [
        (key, f"{key}: {before.get(key)} -> {after.get(key)}")
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    ]


def owner(row: Row, rows: Mapping[Key, Row]) -> int | None:
    """Return whose a row is: by itself, or as a part of what is."""
    for column, table in (("checklist_id", "checklists"), ("response_id", "survey_responses")):
        if column in row:
            return owner(rows[(table, row[column])], rows)
    if row.get("subject") == "attendance" and row["actor_id"] is None:  # a place is offered
        return owner(rows[("attendances", row["subject_id"])], rows)
    if "telegram_id" in row:
        return int(row["id"])
    whose: int | None = row.get("person_id") or row.get("actor_id") or row.get("written_by_id")
    return whose


# The sweep


@pytest.mark.timeout(900)  # some three thousand presses, if it is half of them
@pytest.mark.parametrize("share", [SHARE, pytest.param(2, marks=pytest.mark.soak)])
async def test_forged_buttons_are_answered_and_change_nothing_of_anybody_else(
    stage: Stage, caplog: pytest.LogCaptureFixture, share: int
) -> None:
    town = await a_town(stage)
    every = sorted(kinds(), key=lambda kind: str(kind.__prefix__))
    assert len(every) > 60
    gates = set[str]().union(*ROLES.values())
    gated = {name: gates if name == "staff" else gates | {"rf"} for name in ROLES}

    def forged(name: str, mine: Iterable[str], *, freely: bool) -> list[str]:
        """Return what to press: thoroughly where it gets past the role, else a share of it."""
        turn = [*ROLES].index(name)
        pressed: list[str] = []
        for kind in every:
            if kind.__prefix__ in mine:
                stopped = not freely and kind.__prefix__ in gated[name] | OWN
                pressed += town.pool.aimed(kind, thin=stopped)
                pressed += islice(
                    town.pool.wild(kind), turn if stopped else 0, None, 10 if stopped else 1
                )
        return pressed[0 if stage.app.database.is_sqlite else share // 2 :: share]

    prefixes = {str(kind.__prefix__) for kind in every}
    numbers = {name: await town.number(name) for name in ROLES}
    before = await town.rows()
    beyond = {name: prefixes - OWN - role for name, role in ROLES.items()}
    said = await town.press({name: forged(name, beyond[name], freely=False) for name in ROLES})
    assert not [(name, one) for name, each in said.items() for one in each if one.screens]
    assert not changed(before, await town.rows())

    heard: list[tuple[str, Heard]] = []
    for names in (["member"], [name for name in ROLES if name != "member"]):
        before = await town.rows()
        said = await town.press(
            {name: forged(name, OWN, freely=len(names) == 1) for name in names}
        )
        heard += [(name, one) for name, each in said.items() for one in each]
        after = await town.rows()
        theirs = {numbers[name] for name in names}
        assert not [
            line
            for key, line in changed(before, after)
            if not _asks_the_team(before.get(key), after.get(key))
            and not (len(names) > 1 and _is_reminder_of_a_plan(after.get(key)))
            and (
                key[0] not in OWN_TABLES
                or owner(before.get(key) or after[key], after) not in theirs
            )
        ]

    said = await town.press(
        {name: forged(name, role, freely=True) for name, role in ROLES.items()}
    )
    heard += [(name, one) for name, each in said.items() for one in each]
    opened = {form: (name, one.data) for name, one in heard for form in one.forms}
    assert len(opened) >= (10 if share == 2 else 3)
    answers: dict[str, list[str]] = {name: [] for name in ROLES}
    for (form, asked), (name, opener) in opened.items():
        for value in WILD[-FEW:]:
            answers[name] += [opener, f"f:{form}:{asked}:{value}"]
    await town.press(answers)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
