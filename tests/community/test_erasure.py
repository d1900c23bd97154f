"""Taking one's data along, being forgotten, and staying forgotten."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import (
    arrivals,
    attendance,
    consents,
    deliveries,
    erasure,
    events,
    inbox,
    invitations,
    live,
    machine,
    people,
    providers,
    referrals,
    roles,
    surveys,
)
from community.agreements import Agreement
from community.agreements import State as Agreed
from community.arrivals import Arrival, Arriving
from community.attendance import Attendance, Wish
from community.base import Base, columns_to
from community.consents import Purpose
from community.conversations import Conversation
from community.deliveries import Delivery, SentMessage
from community.events import Details, Event
from community.exchanges import ExchangeMessage
from community.live import LiveMessage
from community.needs import Need
from community.people import Person, Profile
from community.providers import Organization, Service
from community.referrals import FieldName, Referral
from community.referrals.table import SharedField
from community.roles import Role, RoleName
from community.surveys import SurveyResponse
from community.tables import METADATA

KEY = b"k" * 32
ZONE = "Europe/Paris"
TELEGRAM_ID, NUMBER, NAME, USERNAME = 7_123_456_789, 880_088_008, "Amina Haddad", "amina_h"


async def a_member(session: AsyncSession, telegram_id: int, now: datetime) -> Person:
    person = await people.meet(session, telegram_id, now, name=f"Person {telegram_id}")
    person.language = "fr"
    await people.join(session, person, now, terms_version="1", language="fr")
    return person


async def an_animator(session: AsyncSession, now: datetime) -> Person:
    person = await a_member(session, 900, now)
    session.add(Role(person_id=person.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    return person


async def an_event(
    session: AsyncSession, animator: Person, now: datetime, capacity: int | None = None
) -> Event:
    wall = (now + timedelta(days=3)).replace(tzinfo=None)
    details = Details(wall, ZONE, place="Library", capacity=capacity)
    event = await events.create(session, animator, details, {"title": "Meeting"}, "en", now)
    return await events.publish(session, animator, event.ref, now)


async def amina(session: AsyncSession, now: datetime) -> Person:
    """Return somebody who has done everything that leaves traces."""
    me = Person(
        id=NUMBER, telegram_id=TELEGRAM_ID, name=NAME, username=USERNAME, met_at=now, language="ar"
    )
    session.add(me)
    await session.flush()
    await people.join(session, me, now, terms_version="1", language="ar")
    await people.describe(session, me, [Profile.WOMAN, Profile.REFUGEE])
    await consents.switch(session, me, {Purpose.SURVEYS}, now, version="1", language="ar")
    await people.pause(session, me, now + timedelta(days=7), now)
    await people.resume(session, me, now)

    animator = await an_animator(session, now)
    session.add(Role(person_id=me.id, name=RoleName.ADMINISTRATOR, granted_at=now))
    await session.flush()
    link = await people.make_join_link(session, me, now)
    await people.follow_join_link(session, await a_member(session, 5, now), link.ref)
    token = await roles.invite(session, me, RoleName.COORDINATOR, now)
    await invitations.accept(session, await a_member(session, 6, now), token, now)

    question = await inbox.ask(
        session, me, f"I am {NAME}, @{USERNAME}", now, language="ar", zone="UTC"
    )
    await inbox.answer(session, animator, question.ref, f"Hello {NAME}", now, language="ar")

    await a_referral(session, me, now)
    await translated(session, me, now)
    await providers.wish(session, me, Need.TAX, "ar", now)

    past = await an_event(session, animator, now)
    await attendance.answer(session, me, past.ref, Wish.GOING, now, default_zone=ZONE)
    await attendance.tick(session, animator, past.ref, me.ref, past.ends_at, came=True)
    await events.hold(session, past.ends_at)
    await surveys.ask_due(session, past.ends_at, ZoneInfo("Europe/Paris"))
    response = await session.scalar(select(SurveyResponse))
    assert response is not None
    await surveys.answer(session, me, response.ref, "useful", "no", past.ends_at)

    await arrivals.store(
        session,
        [
            _arrival(1, TELEGRAM_ID, f'{{"from":{{"id":{TELEGRAM_ID}}},"text":"{NAME}"}}', now),
            _arrival(2, None, f'{{"odd":{{"id":{TELEGRAM_ID},"first_name":"{NAME}"}}}}', now),
            _arrival(3, 900, f'{{"reply":{{"id":{TELEGRAM_ID}}},"name":"{NAME}"}}', now),
            _arrival(4, 900, '{"text":"somebody else"}', now),
        ],
    )
    session.add_all(
        [
            Conversation(
                telegram_id=TELEGRAM_ID, state="form", data={"name": NAME}, touched_at=now
            ),
            Conversation(
                telegram_id=900,
                state="prepare.note",
                data={"notes": {f"{me.ref}:service": f"{NAME} wants to open a bakery"}},
                touched_at=now,
            ),
            Conversation(
                telegram_id=700,
                state="inbox.answer",
                data={"about": {"ref": question.ref}, "said": f"Dear {NAME}"},
                touched_at=now,
            ),
            Conversation(telegram_id=701, state="news", data={"title": "Hi"}, touched_at=now),
            SentMessage(chat_id=TELEGRAM_ID, message_id=1, kind="x", sent_at=now),
            LiveMessage(chat_id=TELEGRAM_ID, message_id=1, kind="x", args={}, shown="", since=now),
        ]
    )
    await session.flush()
    return me


async def translated(session: AsyncSession, me: Person, now: datetime) -> None:
    """Let a machine translate what they wrote and what was written to them, some of it done."""
    engine = machine.Machine("x", {("ar", "fr"): "1"})
    notes = select(SharedField.value).where(SharedField.name == FieldName.NOTE)
    words = [*await session.scalars(select(ExchangeMessage.text)), *await session.scalars(notes)]
    for said in words:
        await machine.want(session, engine, said, "ar", "fr", now, private=True)
    (task,) = await machine.claim(session, "x", 1, 60, now, machine=engine)
    done = machine.Outcome(task.id, machine.State.DONE, f"Je suis {NAME}")
    await machine.settle(session, [done], now, holder="x")


async def a_referral(session: AsyncSession, me: Person, now: datetime) -> Referral:
    """Ask a provider, whose staff is told, for something; tell them everything."""
    organization = Organization(made_at=now)
    session.add(organization)
    await session.flush()
    service = Service(
        organization_id=organization.id, need=Need.FINANCE, languages=["fr"], made_at=now
    )
    staff = await a_member(session, 700, now)
    session.add_all(
        [
            service,
            Agreement(organization_id=organization.id, state=Agreed.ACTIVE, since=now),
            Role(
                person_id=staff.id,
                name=RoleName.PROVIDER_STAFF,
                organization_id=organization.id,
                granted_at=now,
            ),
        ]
    )
    await session.flush()
    return await referrals.agree(
        session,
        me,
        service.ref,
        set(FieldName),
        f"I am {NAME}",
        now,
        organization_id=organization.id,
        version="1",
        language="ar",
    )


def _arrival(number: int, sender: int | None, body: str, now: datetime) -> dict[str, Any]:
    return {
        "update_id": number,
        "digest": f"digest {number}",
        "sender": sender,
        "body": body,
        "state": Arriving.SET_ASIDE,
        "tries": 3,
        "spoken": 0,
        "arrived_at": now,
    }


async def traces(session: AsyncSession, *needles: str) -> list[str]:
    """Return every table and column in whose text one of the needles occurs."""
    found = []
    for table in METADATA.tables.values():
        for column in table.columns:
            for needle in needles:
                name = f'CAST("{table.name}"."{column.name}" AS TEXT)'
                query = f'SELECT count(*) FROM "{table.name}" WHERE {name} LIKE :needle'
                count = await session.scalar(text(query), {"needle": f"%{needle}%"})
                if count:
                    found.append(f"{table.name}.{column.name}: {needle}")
    return found


async def test_nothing_in_any_column_of_any_table_names_who_is_erased(
    session: AsyncSession, now: datetime
) -> None:
    me = await amina(session, now)
    needles = (str(TELEGRAM_ID), str(NUMBER), NAME, USERNAME, me.ref)
    before = {trace.split(".")[0] for trace in await traces(session, *needles)}
    assert {
        "people",
        "inbox",
        "history",
        "deliveries",
        "exchange_messages",
        "machine_texts",
    } <= before
    await erasure.erase(session, me, now + timedelta(days=4), KEY)
    # Until what they had opened of others is closed, it is known in which chat that stands.
    assert await traces(session, *needles) == [f"live_messages.chat_id: {TELEGRAM_ID}"]
    (left,) = await session.scalars(select(LiveMessage))
    assert (left.kind, left.args) == (live.CLOSED, {"language": "ar"})
    await live.let_go(session, (TELEGRAM_ID, left.message_id))
    assert await traces(session, *needles) == []
    others = await session.get(Conversation, 701)
    assert others is not None
    assert others.data == {"title": "Hi"}
    # Other people's rows are as they were.
    assert await session.scalar(select(Arrival.body).where(Arrival.update_id == 4))


@pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
async def test_it_does_not_matter_in_which_order_postgresql_follows_the_keys(
    database: Database, now: datetime
) -> None:
    """By the digits of their triggers' numbers: once in a while the newer ones come first."""
    async with database.engine.begin() as connection:
        await connection.execute(
            text(
                "ALTER TABLE exchanges DROP CONSTRAINT fk_exchanges_person_id,"
                " ADD CONSTRAINT fk_exchanges_person_id"
                " FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE"
            )
        )
    async with database.transaction() as session:
        me = await amina(session, now)
        await erasure.erase(session, me, now + timedelta(days=4), KEY)
        assert await session.get(Person, NUMBER) is None


async def test_counts_remain(session: AsyncSession, now: datetime) -> None:
    me = await amina(session, now)
    rows = {
        table: await session.scalar(select(func.count()).select_from(table))
        for table in (Attendance, SurveyResponse, surveys.SurveyAnswer, Referral)
    }
    mine = select(func.count()).select_from(Delivery).where(Delivery.person_id == me.id)
    owed = await session.scalar(mine)
    await erasure.erase(session, me, now + timedelta(days=4), KEY)
    nameless = select(func.count()).select_from(Delivery).where(Delivery.person_id.is_(None))
    assert await session.scalar(nameless) == owed
    for table, count in rows.items():
        assert await session.scalar(select(func.count()).select_from(table)) == count, table
    came = await session.scalar(
        select(func.count())
        .select_from(Attendance)
        .where(Attendance.state == attendance.State.ATTENDED)
    )
    assert came == 1
    waiting = select(func.count()).select_from(Delivery)
    waiting = waiting.where(Delivery.state.in_(deliveries.OPEN), Delivery.person_id.is_(None))
    assert await session.scalar(waiting) == 0


async def test_what_is_erased_stays_erased_when_it_was_handled_together_with_the_erasure(
    session: AsyncSession, now: datetime
) -> None:
    me, other = await a_member(session, 1, now), 2
    bodies = {1: '{"from":{"id":1}}', other: '{"from":{"id":2},"forward_from":{"id":1}}'}
    rows = [
        {"update_id": sender, "digest": "d", "sender": sender, "body": body, "arrived_at": now}
        | {"state": Arriving.WAITING, "tries": 0, "spoken": 0}
        for sender, body in bodies.items()
    ]
    await arrivals.store(session, rows)
    ids = list(await session.scalars(select(Arrival.id).order_by(Arrival.id)))
    await erasure.erase(session, me, now, KEY)
    replies = [{"kind": "menu", "args": {"of": 1}, "how": "say"}]
    steps = [arrivals.Step(number, Arriving.SPEAKING, replies, now) for number in ids]
    await arrivals.handled(session, steps)
    kept = select(Arrival.state, Arrival.sender, Arrival.body, Arrival.replies)
    left = [tuple(row) for row in await session.execute(kept)]
    assert left == [(Arriving.DONE, None, None, None)] * 2


async def test_an_open_request_is_taken_back_and_its_provider_is_told(
    session: AsyncSession, now: datetime
) -> None:
    me = await a_member(session, 1, now)
    referral = await a_referral(session, me, now)
    staff = await people.by_telegram_id(session, 700)
    assert staff is not None
    later = now + timedelta(days=1)
    await erasure.erase(session, me, later, KEY)
    await session.refresh(referral)
    assert (referral.state, referral.person_id) == (referrals.State.CANCELLED, None)
    assert await referrals.shared(session, referral) == {}
    told = select(func.count()).select_from(Delivery)
    told = told.where(Delivery.person_id == staff.id, Delivery.planned_at == later)
    assert await session.scalar(told) == 1


async def test_the_place_of_who_is_erased_goes_to_the_next(
    session: AsyncSession, now: datetime
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=1)
    first, second = await a_member(session, 1, now), await a_member(session, 2, now)
    for person in (first, second):
        await attendance.answer(session, person, event.ref, Wish.GOING, now, default_zone=ZONE)
    await erasure.erase(session, first, now, KEY)
    offered = await attendance.of(session, event, second)
    assert offered is not None
    assert offered.state == attendance.State.OFFERED


async def test_a_restored_backup_erases_again_but_not_who_came_back(
    session: AsyncSession, now: datetime
) -> None:
    first, second = await a_member(session, 1, now), await a_member(session, 2, now)
    later = now + timedelta(days=1)
    for person in (first, second):
        await erasure.erase(session, person, later, KEY)
    restored = await a_member(session, 1, now)
    came_back = await a_member(session, 2, later + timedelta(hours=1))
    other = await a_member(session, 3, now)
    assert await erasure.erase_again(session, later, KEY) == 1
    left = (await session.scalars(select(Person.id).order_by(Person.id))).all()
    assert left == [came_back.id, other.id]
    assert restored.id not in left
    assert await erasure.erase_again(session, later, KEY) == 0
    assert await erasure.erase_again(session, later, b"another key") == 0


async def test_the_remembered_hash_needs_the_key(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now)
    await erasure.erase(session, person, now, KEY)
    (row,) = (await session.scalars(select(erasure.Erasure))).all()
    assert row.hash == erasure.hash_of(1, KEY)
    assert row.hash != erasure.hash_of(1, b"guess")


async def test_the_last_administrator_may_go(session: AsyncSession, now: datetime) -> None:
    person = await a_member(session, 1, now)
    session.add(Role(person_id=person.id, name=RoleName.ADMINISTRATOR, granted_at=now))
    await session.flush()
    await erasure.erase(session, person, now, KEY)
    assert await roles.holders(session, RoleName.ADMINISTRATOR, now) == []
    assert await roles.offer_first(session, now) is not None


async def test_the_export_has_everything_of_the_person_and_names_nobody_else(
    session: AsyncSession, now: datetime
) -> None:
    me = await amina(session, now)
    animator = await people.by_telegram_id(session, 900)
    assert animator is not None
    animator.name = "Somebody Else"
    told = await erasure.export(session, me)
    written = json.dumps(told, ensure_ascii=False)
    assert {
        "people",
        "profiles",
        "consents",
        "attendances",
        "survey_responses",
        "survey_answers",
        "exchanges",
        "exchange_messages",
        "deliveries",
        "history",
        "inbox",
        "conversations",
        "sent_messages",
        "live_messages",
        "roles",
        "join_links",
        "role_invitations",
        "referrals",
        "referral_fields",
        "checklists",
        "service_wishes",
    } <= told.keys()
    assert told["people"][0]["name"] == NAME
    assert {message["text"] for message in told["exchange_messages"]} == {
        f"I am {NAME}, @{USERNAME}",
        f"Hello {NAME}",
    }
    assert {answer["value"] for answer in told["survey_answers"]} == {"no"}
    *human, _h1, _h2, _h3, _h4, _h5, _h6 = told
    assert human[0] == "people", "what one knows comes first, what the machine notes last"
    assert set(told) - set(human) == {
        "conversations",
        "deliveries",
        "history",
        "inbox",
        "live_messages",
        "sent_messages",
    }
    assert told["attendances"][0]["event"] == "Meeting"
    assert "Somebody Else" not in written
    assert "token_hash" not in written
    assert str(NUMBER) not in written


async def test_the_export_of_one_person_has_no_row_of_another(
    session: AsyncSession, now: datetime
) -> None:
    await amina(session, now)
    newcomer = await people.meet(session, 77, now, name="New")
    told = await erasure.export(session, newcomer)
    assert list(told) == ["people"]


def test_every_reference_to_a_person_says_what_erasing_does_to_it() -> None:
    for table in Base.metadata.tables.values():
        for column in columns_to(table, "people"):
            (key,) = column.foreign_keys
            assert key.ondelete in {"CASCADE", "SET NULL"}, f"{table.name}.{column.name}"
            assert key.ondelete == "CASCADE" or column.nullable, f"{table.name}.{column.name}"
