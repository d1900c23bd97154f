"""The translation desk: who may write what, whose text counts at once, who reads it again."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import (
    areas,
    earlier,
    erasure,
    events,
    people,
    providers,
    sends,
    translating,
    translations,
    untranslated,
)
from community.base import find
from community.earlier import EarlierText
from community.errors import (
    ApprovalBindsError,
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    OwnTextError,
    RefusalError,
)
from community.events import Details
from community.history import Step
from community.people import Person
from community.roles import Role, RoleName
from community.sends import Send
from community.translations import ContentText, State, seal
from community.untranslated import Key

TRANSLATOR, ANIMATOR, COORDINATOR = (
    RoleName.TRANSLATOR,
    RoleName.ANIMATOR,
    RoleName.COORDINATOR,
)
MISSING, MACHINE, DRAFT, APPROVED, STALE = State
COUNTS, WAITS, NO, NEVER = "approved", "draft", "no way", "not with this role"

# DESIGN, lifecycles: a member-translator's text needs a second reader. Each line: role, what it is
# about, and what becomes of a text in each state when it is written, and when it is approved.
WRITES: dict[tuple[RoleName | None, str], dict[State, str]] = {
    (ANIMATOR, "event"): dict.fromkeys(State, COUNTS),
    (COORDINATOR, "organization"): dict.fromkeys(State, COUNTS),
    (TRANSLATOR, "event"): {**dict.fromkeys(State, WAITS), APPROVED: NO},
    (TRANSLATOR, "organization"): {**dict.fromkeys(State, WAITS), APPROVED: NO},
}
READS: dict[tuple[RoleName | None, str], dict[State, str]] = {
    who: {**dict.fromkeys(State, NO), DRAFT: COUNTS}
    for who in (
        (ANIMATOR, "event"),
        (COORDINATOR, "organization"),
        (TRANSLATOR, "event"),
        (TRANSLATOR, "organization"),
    )
}
ROLES = [*RoleName, None]


async def somebody(
    session: AsyncSession, number: int, now: datetime, name: RoleName | None = None
) -> Person:
    person = await people.meet(session, number, now, name=f"Person {number}")
    person.language = "uk"
    await people.join(session, person, now, terms_version="1", language="uk")
    if name is not None:
        session.add(Role(person_id=person.id, name=name, granted_at=now))
    await session.flush()
    return person


async def a_text(
    session: AsyncSession, now: datetime, subject: str, state: State = MISSING
) -> tuple[Key, Person]:
    """Return an English text and who wrote it into Ukrainian, where it stands in this state."""
    animator, coordinator = (
        await somebody(session, 90, now, ANIMATOR),
        await somebody(session, 91, now, COORDINATOR),
    )
    writer = await somebody(session, 92, now, TRANSLATOR)
    if subject == "event":
        details = Details((now + timedelta(days=3)).replace(tzinfo=None), "Europe/Paris", "Here")
        event = await events.create(session, animator, details, {"title": "Meeting"}, "en", now)
        key, number = ("event", event.ref, "title", "uk"), event.id
    else:
        made = await providers.create_organization(session, coordinator, "Chamber", "en", now)
        key, number = ("organization", made.ref, "name", "uk"), made.id
    if state != MISSING:
        session.add(
            ContentText(
                subject=subject,
                subject_id=number,
                language="uk",
                field=key[2],
                text="Слово",
                state=state,
                is_source=False,
                written_by_id=writer.id,
                written_at=now,
            )
        )
        await session.flush()
    return key, writer


async def standing(session: AsyncSession, key: Key) -> ContentText | None:
    query = select(ContentText).where(ContentText.language == "uk", ContentText.field == key[2])
    row: ContentText | None = await session.scalar(query)
    return row


def sealed(key: Key, text: str | None) -> str:
    return seal("Meeting" if key[0] == "event" else "Chamber", text)


@pytest.mark.parametrize("at", list(State))
@pytest.mark.parametrize("subject", ["event", "organization"])
@pytest.mark.parametrize("name", ROLES)
async def test_what_somebody_writes_counts_or_waits_by_their_role(
    session: AsyncSession, now: datetime, name: RoleName | None, subject: str, at: State
) -> None:
    key, _writer = await a_text(session, now, subject, at)
    actor = await somebody(session, 1, now, name)
    expected = WRITES.get((name, subject), dict.fromkeys(State, NEVER))[at]
    if expected in (NO, NEVER):
        with pytest.raises(NotAllowedError if expected == NEVER else IllegalMoveError):
            await translating.write(session, actor, key, "Інше слово", now)
        return
    await translating.write(session, actor, key, "Інше слово", now)
    row = await standing(session, key)
    assert row is not None
    assert (row.text, row.state, row.written_by_id) == ("Інше слово", expected, actor.id)


@pytest.mark.parametrize("at", list(State))
@pytest.mark.parametrize("subject", ["event", "organization"])
@pytest.mark.parametrize("name", ROLES)
async def test_a_draft_is_approved_by_whoever_may_read_it(
    session: AsyncSession, now: datetime, name: RoleName | None, subject: str, at: State
) -> None:
    key, writer = await a_text(session, now, subject, at)
    actor = await somebody(session, 1, now, name)
    expected = READS.get((name, subject), dict.fromkeys(State, NEVER))[at]
    seen = sealed(key, None if at == MISSING else "Слово")
    if expected in (NO, NEVER):
        with pytest.raises(NotAllowedError if expected == NEVER else IllegalMoveError):
            await translating.approve(session, actor, key, seen, now)
        return
    await translating.approve(session, actor, key, seen, now)
    row = await standing(session, key)
    assert row is not None
    assert (row.state, row.written_by_id) == (APPROVED, writer.id)
    step = await session.scalar(select(Step).where(Step.subject == "translation"))
    assert step is not None
    assert (step.before, step.after, step.actor_id) == ("draft", "approved", actor.id)


async def test_nobody_is_the_second_reader_of_their_own_text(
    session: AsyncSession, now: datetime
) -> None:
    key, writer = await a_text(session, now, "event", DRAFT)
    with pytest.raises(OwnTextError):
        await translating.approve(session, writer, key, sealed(key, "Слово"), now)
    session.add(Role(person_id=writer.id, name=ANIMATOR, granted_at=now))
    await session.flush()
    with pytest.raises(OwnTextError):
        await translating.approve(session, writer, key, sealed(key, "Слово"), now)


async def test_a_translator_who_corrects_a_draft_makes_it_theirs(
    session: AsyncSession, now: datetime
) -> None:
    key, writer = await a_text(session, now, "event", DRAFT)
    second = await somebody(session, 1, now, TRANSLATOR)
    await translating.write(session, second, key, "Краще слово", now)
    with pytest.raises(OwnTextError):
        await translating.approve(session, second, key, sealed(key, "Краще слово"), now)
    await translating.approve(session, writer, key, sealed(key, "Краще слово"), now)
    row = await standing(session, key)
    assert row is not None
    assert row.state == APPROVED


async def test_what_was_not_shown_is_neither_approved_nor_confirmed(
    session: AsyncSession, now: datetime
) -> None:
    key, _writer = await a_text(session, now, "event", DRAFT)
    reader = await somebody(session, 1, now, TRANSLATOR)
    for seen in ("", sealed(key, "Інше"), seal("Another meeting", "Слово")):
        with pytest.raises(ChangedError):
            await translating.approve(session, reader, key, seen, now)
        with pytest.raises(ChangedError):
            await translating.write(session, reader, key, "Слово", now, seen=seen)


async def test_of_two_who_settle_a_draft_at_once_the_slower_hears_that_it_has_changed(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        key, _writer = await a_text(session, now, "event", DRAFT)
        await somebody(session, 1, now, TRANSLATOR)
    async with database.transaction() as session:
        reader = await people.by_telegram_id(session, 1)
        author = await people.by_telegram_id(session, 90)
        assert reader is not None
        assert author is not None
        (found,) = await untranslated.queue(session, reader, ["uk"], "en", now)
        await translating.write(session, author, key, "Нарада", now)
        with pytest.raises(ChangedError):
            await translating.approve(session, reader, key, found.seal, now)


async def test_a_draft_goes_stale_with_its_source_and_is_read_again(
    session: AsyncSession, now: datetime
) -> None:
    key, writer = await a_text(session, now, "event", DRAFT)
    author = await people.by_telegram_id(session, 90)
    assert author is not None
    await events.translate(session, author, key[1], "en", {"title": "Party"}, now)
    row = await standing(session, key)
    assert row is not None
    assert row.state == STALE
    with pytest.raises(IllegalMoveError):
        await translating.approve(session, author, key, seal("Party", "Слово"), now)
    reader = await somebody(session, 1, now, TRANSLATOR)
    await translating.write(session, reader, key, "Слово", now, seen=seal("Party", "Слово"))
    assert (row.state, row.written_by_id) == (DRAFT, reader.id)
    await translating.approve(session, writer, key, seal("Party", "Слово"), now)


async def test_a_translator_writes_no_source_and_nothing_that_is_over(
    session: AsyncSession, now: datetime
) -> None:
    key, _writer = await a_text(session, now, "event")
    actor = await somebody(session, 1, now, TRANSLATOR)
    subject, ref, _field, _language = key
    for wrong in ((subject, ref, "title", "en"), (subject, ref, "description", "uk")):
        with pytest.raises(NotFoundError):
            await translating.write(session, actor, wrong, "Слово", now)
    with pytest.raises(NotFoundError):
        await translating.write(session, actor, key, "Слово", now + timedelta(days=4))


@pytest.mark.parametrize("name", [TRANSLATOR, ANIMATOR])
async def test_only_an_animator_adds_to_what_an_approval_binds(
    session: AsyncSession, now: datetime, name: RoleName
) -> None:
    key, _writer = await a_text(session, now, "event", DRAFT)
    author = await people.by_telegram_id(session, 90)
    assert author is not None
    await events.publish(session, author, key[1], now)
    send = await sends.announce(session, author, key[1], now)
    await sends.submit(session, author, send.ref, now, network_language="en")
    reader = await somebody(session, 1, now, name)
    seen = sealed(key, "Слово")
    if name == TRANSLATOR:
        with pytest.raises(ApprovalBindsError):
            await translating.approve(session, reader, key, seen, now)
        assert send.state == sends.State.APPROVED
        return
    taken_back = await translating.approve(session, reader, key, seen, now)
    assert isinstance(taken_back, Send)
    assert taken_back.state == sends.State.DRAFT


async def test_the_queue_of_each_role_and_ones_own_drafts_at_its_end(
    session: AsyncSession, now: datetime
) -> None:
    _key, writer = await a_text(session, now, "event", DRAFT)
    coordinator = await people.by_telegram_id(session, 91)
    author = await people.by_telegram_id(session, 90)
    assert author is not None
    assert coordinator is not None
    await providers.create_organization(session, coordinator, "Chamber", "en", now)

    async def seen_by(reader: Person) -> list[str]:
        found = await untranslated.queue(session, reader, ["uk"], "en", now)
        return [one.subject for one in found]

    assert await seen_by(author) == ["event"]
    assert await seen_by(coordinator) == ["organization"]
    assert await seen_by(writer) == ["organization", "event"]
    assert await seen_by(await somebody(session, 1, now, TRANSLATOR)) == ["event", "organization"]
    for other in (RoleName.PROVIDER_STAFF, RoleName.ADMINISTRATOR, None):
        with pytest.raises(NotAllowedError):
            await seen_by(await somebody(session, 50 + len(other or ""), now, other))


async def test_a_translator_has_nothing_of_the_other_desks(
    session: AsyncSession, now: datetime
) -> None:
    key, writer = await a_text(session, now, "event")
    refused: list[RefusalError] = []
    for attempt in (
        events.translate(session, writer, key[1], "uk", {"title": "Слово"}, now),
        events.publish(session, writer, key[1], now),
        sends.write_newsletter(session, writer, "uk", "Назва", "Текст", now),
        areas.create(session, writer, "Europe/Paris", now),
        providers.translate(session, writer, *key[:2], "uk", {"title": "Слово"}, now),
    ):
        try:
            await attempt
        except RefusalError as error:
            refused.append(error)
    assert [type(error) for error in refused] == [NotAllowedError] * 5


async def before(session: AsyncSession, key: Key) -> list[tuple[str, str | None]]:
    owner = await find(session, untranslated.TABLES[key[0]], key[1])
    found = await earlier.of(session, key[0], owner.id, key[2], key[3])
    return [(one.text, one.written_as) for one in found]


async def test_what_stood_before_is_kept_with_its_writer_and_their_role(
    session: AsyncSession, now: datetime
) -> None:
    key, writer = await a_text(session, now, "event")
    author = await people.by_telegram_id(session, 90)
    assert author is not None
    await translating.write(session, writer, key, "Один", now)
    await translating.write(session, writer, key, "Один", now)
    assert await before(session, key) == []
    await translating.write(session, author, key, "Два", now)
    for text in ("Три", "Чотири", "П'ять"):
        await translating.write(session, author, key, text, now)
    assert await before(session, key) == [
        ("Чотири", "animator"),
        ("Три", "animator"),
        ("Два", "animator"),
    ]
    oldest = await session.scalar(select(EarlierText).order_by(EarlierText.id).limit(1))
    assert oldest is not None
    assert (oldest.text, oldest.written_as, oldest.written_by_id, oldest.written_at) == (
        "Один",
        "translator",
        writer.id,
        now,
    )


async def test_erasing_who_wrote_it_leaves_the_text_and_forgetting_the_subject_takes_it(
    session: AsyncSession, now: datetime
) -> None:
    key, writer = await a_text(session, now, "organization")
    await translating.write(session, writer, key, "Один", now)
    await translating.write(session, writer, key, "Два", now)
    await erasure.erase(session, writer, now, b"k" * 32)
    kept = select(EarlierText.text, EarlierText.written_by_id)
    assert [tuple(row) for row in await session.execute(kept)] == [("Один", None)]
    owner = await find(session, untranslated.TABLES[key[0]], key[1])
    await translations.forget(session, key[0], owner.id)
    assert (await session.scalars(select(EarlierText))).all() == []
