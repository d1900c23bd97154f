"""Texts read aloud: whose recording counts, when it goes stale, and what an approval binds."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    corrections,
    erasure,
    events,
    people,
    providers,
    reading_aloud,
    recordings,
    retention,
    second_reading,
    sends,
    translating,
    translations,
    untranslated,
)
from community.base import find
from community.deliveries import Delivery
from community.errors import (
    ApprovalBindsError,
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    OwnTextError,
)
from community.history import Step
from community.needs import Need
from community.people import Person
from community.reading_aloud import Voice
from community.recordings import Recording
from community.roles import Role, RoleName
from community.sends import Send
from community.translations import State, seal
from community.untranslated import Key, Segment
from tests.community.test_translating import a_text, somebody

ANIMATOR, COORDINATOR, TRANSLATOR = RoleName.ANIMATOR, RoleName.COORDINATOR, RoleName.TRANSLATOR
VOICE = Voice("AwAC", 7)


async def a_service(session: AsyncSession, now: datetime) -> Key:
    """Let there be a service with a Ukrainian name that counts."""
    coordinator = await people.by_telegram_id(session, 91)
    coordinator = coordinator or await somebody(session, 91, now, COORDINATOR)
    house = await providers.create_organization(session, coordinator, "House", "en", now)
    service = await providers.create_service(
        session, coordinator, house.ref, Need.FINANCE, ["en"], {"name": "Loans"}, "en", now
    )
    key = ("service", service.ref, "name", "uk")
    await translating.write(session, coordinator, key, "Слово", now)
    return key


async def an_event(session: AsyncSession, now: datetime, state: State = State.APPROVED) -> Key:
    key, _writer = await a_text(session, now, "event", state)
    return key


async def heard(session: AsyncSession, key: Key) -> list[str]:
    """Return what readers of its language hear of a text."""
    owner = await find(session, untranslated.TABLES[key[0]], key[1])
    found = await reading_aloud.heard(session, key[0], [owner.id], key[3])
    return [row.file_id for row in found.get(owner.id, [])]


async def person(session: AsyncSession, number: int) -> Person:
    found = await people.by_telegram_id(session, number)
    assert found is not None
    return found


async def the_recording(session: AsyncSession, *, approved: bool) -> Recording:
    found = await session.scalar(select(Recording).where(Recording.is_approved.is_(approved)))
    assert found is not None
    return found


COUNTS, WAITS, NEVER = "counts", "waits", "never"
KEEPS = {
    ("event", ANIMATOR): COUNTS,
    ("service", COORDINATOR): COUNTS,
    ("event", TRANSLATOR): WAITS,
    ("service", TRANSLATOR): WAITS,
}


@pytest.mark.parametrize("subject", ["event", "service"])
@pytest.mark.parametrize("name", [ANIMATOR, COORDINATOR, TRANSLATOR, RoleName.ADMINISTRATOR, None])
async def test_whoever_may_write_a_text_may_be_its_voice(
    session: AsyncSession, now: datetime, subject: str, name: RoleName | None
) -> None:
    key = await (an_event if subject == "event" else a_service)(session, now)
    actor = await somebody(session, 1, now, name)
    expected = KEEPS.get((subject, name), NEVER) if name else NEVER
    if expected == NEVER:
        with pytest.raises(NotAllowedError):
            await reading_aloud.keep(session, actor, key, VOICE, now, seen=seal("Слово"))
        return
    await reading_aloud.keep(session, actor, key, VOICE, now, seen=seal("Слово"))
    assert await heard(session, key) == (["AwAC"] if expected == COUNTS else [])
    step = await session.scalar(select(Step).where(Step.subject == "recording"))
    assert step is not None
    after = "approved" if expected == COUNTS else "draft"
    assert (step.after, step.actor_id) == (after, actor.id)


@pytest.mark.parametrize("state", list(State))
async def test_only_a_text_that_stands_is_read_aloud_and_only_with_the_words_that_were_shown(
    session: AsyncSession, now: datetime, state: State
) -> None:
    key = await an_event(session, now, state)
    actor = await person(session, 90)
    if state not in (State.DRAFT, State.APPROVED):
        with pytest.raises(NotFoundError):
            await reading_aloud.keep(session, actor, key, VOICE, now, seen=seal("Слово"))
        return
    with pytest.raises(ChangedError):
        await reading_aloud.keep(session, actor, key, VOICE, now, seen=seal("Інше"))
    await reading_aloud.keep(session, actor, key, VOICE, now, seen=seal("Слово"))
    assert await heard(session, key) == (["AwAC"] if state == State.APPROVED else [])


async def test_a_recording_goes_stale_with_its_words_and_comes_back_with_them(
    session: AsyncSession, now: datetime
) -> None:
    key = await an_event(session, now)
    author = await person(session, 90)
    await reading_aloud.keep(session, author, key, VOICE, now, seen=seal("Слово"))
    await translating.write(session, author, key, "Слова", now)
    assert await heard(session, key) == []
    await translating.write(session, author, key, "Слово", now)
    assert await heard(session, key) == ["AwAC"]
    title = {"title": "Another meeting"}
    await events.translate(session, author, key[1], "en", title, now)
    assert await heard(session, key) == [], "the source says something else by now"
    with pytest.raises(NotFoundError):
        await reading_aloud.keep(session, author, (*key[:3], "fr"), VOICE, now, seen="")
    source = (*key[:3], "en")
    voice, seen = Voice("own", 3), seal("Another meeting")
    translator = await somebody(session, 1, now, TRANSLATOR)
    with pytest.raises(NotFoundError):
        await reading_aloud.keep(session, translator, source, voice, now, seen=seen)
    await reading_aloud.keep(session, author, source, voice, now, seen=seen)
    assert await heard(session, source) == ["own"]


async def test_a_translators_recording_counts_when_somebody_else_has_heard_it(
    session: AsyncSession, now: datetime
) -> None:
    key = await an_event(session, now)
    author, first = await person(session, 90), await somebody(session, 1, now, TRANSLATOR)
    await reading_aloud.keep(session, author, key, VOICE, now, seen=seal("Слово"))
    for name in ("one", "two"):
        await reading_aloud.keep(session, first, key, Voice(name, 3), now, seen=seal("Слово"))
    assert await heard(session, key) == ["AwAC"], "what counts is heard until then"
    draft = await the_recording(session, approved=False)
    with pytest.raises(OwnTextError):
        await reading_aloud.approve(session, first, draft.ref, now)
    for other in (COORDINATOR, RoleName.ADMINISTRATOR, None):
        stranger = await somebody(session, 50 + len(other or ""), now, other)
        with pytest.raises(NotAllowedError):
            await reading_aloud.approve(session, stranger, draft.ref, now)
        with pytest.raises(NotAllowedError):
            await reading_aloud.remove(session, stranger, draft.ref, now)
    second = await somebody(session, 2, now, TRANSLATOR)
    await reading_aloud.approve(session, second, draft.ref, now)
    assert await heard(session, key) == ["two"]
    assert await session.scalar(select(func.count()).select_from(Recording)) == 1
    with pytest.raises(IllegalMoveError):
        await reading_aloud.approve(session, second, draft.ref, now)
    with pytest.raises(NotAllowedError):
        await reading_aloud.remove(session, first, draft.ref, now)
    await reading_aloud.remove(session, author, draft.ref, now)
    assert await heard(session, key) == []


async def test_a_recording_of_other_words_is_not_approved(
    session: AsyncSession, now: datetime
) -> None:
    key = await an_event(session, now)
    author, first = await person(session, 90), await somebody(session, 1, now, TRANSLATOR)
    await reading_aloud.keep(session, first, key, VOICE, now, seen=seal("Слово"))
    draft = await the_recording(session, approved=False)
    await translating.write(session, author, key, "Слова", now)
    with pytest.raises(ChangedError):
        await reading_aloud.approve(session, author, draft.ref, now)
    assert await second_reading.waiting_for(session, author, "en", now) == []


async def a_letter(session: AsyncSession, now: datetime) -> tuple[Person, Send, Key]:
    author = await people.by_telegram_id(session, 90)
    author = author or await somebody(session, 90, now, ANIMATOR)
    send = await sends.write_newsletter(session, author, "en", "News", "Hello", now)
    return author, send, ("newsletter", send.ref, "body", "en")


async def test_the_approval_of_a_newsletter_binds_its_recordings(
    session: AsyncSession, now: datetime
) -> None:
    author, send, key = await a_letter(session, now)
    for change in ("keep", "remove"):
        await sends.submit(session, author, send.ref, now, network_language="en")
        if change == "keep":
            await reading_aloud.keep(session, author, key, VOICE, now, seen=seal("Hello"))
        else:
            row = await the_recording(session, approved=True)
            await reading_aloud.remove(session, author, row.ref, now)
        assert (send.state, send.approved_by_id) == (sends.State.DRAFT, None), change
    await reading_aloud.keep(session, author, key, VOICE, now, seen=seal("Hello"))
    translator = await somebody(session, 1, now, TRANSLATOR)
    await sends.submit(session, author, send.ref, now, network_language="en")
    with pytest.raises(NotFoundError):
        await reading_aloud.keep(session, translator, key, VOICE, now, seen=seal("Hello"))
    assert send.state == sends.State.APPROVED
    body = Segment(
        "newsletter", send.ref, send.id, "body", "uk", "en", "Hello", None, State.DRAFT, 1
    )
    assert await reading_aloud.can_be_read(session, body)
    assert not await reading_aloud.can_be_read(session, replace(body, subject="area"))
    await sends.schedule(session, author, send.ref, None, now)
    await sends.start_due(session, now + timedelta(minutes=1), network_language="en")
    assert send.started_at is not None
    assert not await reading_aloud.can_be_read(session, body), "nobody could keep it"
    other = Voice("other", 1)
    row = await the_recording(session, approved=True)
    for attempt in (
        reading_aloud.keep(session, author, key, other, now, seen=seal("Hello")),
        reading_aloud.remove(session, author, row.ref, now),
    ):
        with pytest.raises(IllegalMoveError):
            await attempt
    assert await heard(session, key) == ["AwAC"]
    correction = await corrections.correct(session, author, send.ref, now)
    about = ("newsletter", correction.ref, "body", "en")
    assert await heard(session, about) == ["AwAC"], "the words are the same, and so is the voice"


@pytest.mark.parametrize("name", [TRANSLATOR, ANIMATOR])
async def test_only_an_animator_adds_a_voice_to_an_announcement_that_is_approved(
    session: AsyncSession, now: datetime, name: RoleName
) -> None:
    key = await an_event(session, now)
    author, first = await person(session, 90), await somebody(session, 1, now, TRANSLATOR)
    await events.publish(session, author, key[1], now)
    await reading_aloud.keep(session, first, key, VOICE, now, seen=seal("Слово"))
    draft = await the_recording(session, approved=False)
    send = await sends.announce(session, author, key[1], now)
    await sends.submit(session, author, send.ref, now, network_language="en")
    reader = await somebody(session, 2, now, name)
    if name == TRANSLATOR:
        with pytest.raises(ApprovalBindsError):
            await reading_aloud.approve(session, reader, draft.ref, now)
        assert send.state == sends.State.APPROVED
        assert await heard(session, key) == []
        return
    _row, taken_back = await reading_aloud.approve(session, reader, draft.ref, now)
    assert taken_back is send
    assert send.state == sends.State.DRAFT


async def test_a_voice_goes_with_its_person_and_with_its_subject(
    session: AsyncSession, now: datetime
) -> None:
    key = await an_event(session, now)
    author = await person(session, 90)
    reader = await somebody(session, 1, now, TRANSLATOR)
    await reading_aloud.keep(session, author, key, VOICE, now, seen=seal("Слово"))
    await reading_aloud.keep(session, reader, key, Voice("r", 1), now, seen=seal("Слово"))
    told = await erasure.export(session, reader)
    assert [row["seconds"] for row in told["recordings"]] == [1]
    await erasure.erase(session, reader, now, b"k" * 32)
    assert list(await session.scalars(select(Recording.file_id))) == ["AwAC"]
    owner = await find(session, untranslated.TABLES[key[0]], key[1])
    await translations.forget(session, key[0], owner.id)
    assert await recordings.of(session, key[0], [owner.id]) == []


async def test_a_recording_of_words_that_are_gone_is_kept_for_half_a_year(
    session: AsyncSession, now: datetime
) -> None:
    key = await an_event(session, now)
    author = await person(session, 90)
    await reading_aloud.keep(session, author, key, VOICE, now, seen=seal("Слово"))
    later = now + timedelta(days=181)
    await retention.clean(session, later)
    assert await heard(session, key) == ["AwAC"], "it is of use as long as its words stand"
    await translating.write(session, author, key, "Слова", now)
    await retention.clean(session, now + timedelta(days=179))
    await translating.write(session, author, key, "Слово", now)
    assert await heard(session, key) == ["AwAC"]
    await translating.write(session, author, key, "Слова", now)
    await retention.clean(session, later)
    assert list(await session.scalars(select(Recording))) == []


async def test_how_much_can_be_heard_is_counted_by_language(
    session: AsyncSession, now: datetime
) -> None:
    key = await an_event(session, now)
    author = await person(session, 90)
    await reading_aloud.keep(session, author, key, VOICE, now, seen=seal("Слово"))
    found = await reading_aloud.coverage(session)
    assert {code: (one.heard, one.texts) for code, one in found.items()} == {
        "en": (0, 1),
        "uk": (1, 1),
    }
    await translating.write(session, author, key, "Слова", now)
    assert (await reading_aloud.coverage(session))["uk"].heard == 0


# Whoever may be a second reader learns that drafts wait


async def told(session: AsyncSession) -> list[tuple[int | None, str]]:
    rows = await session.scalars(
        select(Delivery).where(Delivery.kind == "team_notice").order_by(Delivery.id)
    )
    return [(row.person_id, row.key) for row in rows if row.args.get("what") == "drafts"]


async def test_whoever_may_approve_a_draft_is_told_of_it_once_a_day_and_not_at_night(
    session: AsyncSession, now: datetime
) -> None:
    key, writer = await a_text(session, now, "event", State.DRAFT)
    author = await person(session, 90)
    other = await somebody(session, 1, now, TRANSLATOR)
    outsiders = [
        await somebody(session, 2, now, COORDINATOR),
        await somebody(session, 3, now, RoleName.ADMINISTRATOR),
    ]
    reader = await somebody(session, 4, now, None)
    reader.language, reader.state = "uk", people.Membership.ACTIVE
    await session.flush()

    async def look(at: datetime) -> int:
        return await second_reading.notice(session, at, network_language="en", zone="UTC")

    for one, count in ((author, 1), (other, 1), (writer, 0), *((one, 0) for one in outsiders)):
        found = await second_reading.waiting_for(session, one, "en", now)
        assert len(found) == count
    at_eleven, at_nine = now.replace(hour=11), now.replace(hour=9)
    assert await look(at_eleven) == 0, "somebody may come across it by themself"
    in_the_evening = now.replace(hour=16)
    assert await look(in_the_evening) == 2
    assert await look(in_the_evening + timedelta(hours=1)) == 0
    assert await look(at_nine + timedelta(days=1)) == 0, "not before ten"
    assert await look(at_eleven + timedelta(days=1)) == 2
    assert {number for number, _key in await told(session)} == {author.id, other.id}
    await translating.approve(session, other, key, seal("Meeting", "Слово"), now)
    assert await look(at_eleven + timedelta(days=2)) == 0
    voice = Voice("w", 1)
    await reading_aloud.keep(session, writer, key, voice, now, seen=seal("Слово"))
    assert await look(at_eleven + timedelta(days=2)) == 2, "a recording waits like a text"


# What is approved is put right


@pytest.mark.parametrize("name", [ANIMATOR, TRANSLATOR, COORDINATOR, None])
async def test_whoevers_texts_count_at_once_puts_earlier_words_back(
    session: AsyncSession, now: datetime, name: RoleName | None
) -> None:
    key = await an_event(session, now)
    author, actor = await person(session, 90), await somebody(session, 1, now, name)
    await translating.write(session, author, key, "Слова", now)
    shown = seal("Meeting", "Слова")
    if name != ANIMATOR:
        with pytest.raises(IllegalMoveError if name == TRANSLATOR else NotAllowedError):
            await translating.write(session, actor, key, "Слово", now, seen=shown)
        return
    before = seal("Meeting", "Слово")
    with pytest.raises(ChangedError):
        await translating.write(session, actor, key, "Слово", now, seen=before)
    await translating.write(session, actor, key, "Слово", now, seen=shown)
    (found,) = await untranslated.standing(session, actor, now, language="uk")
    assert (found.text, found.state, found.writer_id) == ("Слово", State.APPROVED, actor.id)
    source = (*key[:3], "en")
    await translating.write(
        session, actor, source, "Gathering", now, seen=seal("Meeting", "Meeting")
    )
    (waits,) = [
        one for one in await untranslated.queue(session, actor, ["uk"], "uk", now) if one.text
    ]
    assert (waits.source, waits.state) == ("Gathering", State.STALE)


async def test_what_stands_is_shown_to_whoever_may_write_it(
    session: AsyncSession, now: datetime
) -> None:
    key = await an_event(session, now)
    await a_service(session, now)
    author, send, _letter = await a_letter(session, now)
    await sends.submit(session, author, send.ref, now, network_language="en")
    session.add(Role(person_id=author.id, name=TRANSLATOR, granted_at=now))

    async def seen_by(reader: Person, **more: object) -> set[str]:
        found = await untranslated.standing(session, reader, now, **more)  # type: ignore[arg-type]
        return {f"{one.subject} {one.language}" for one in found}

    animator = await somebody(session, 1, now, ANIMATOR)
    coordinator = await person(session, 91)
    translator = await somebody(session, 2, now, TRANSLATOR)
    assert await seen_by(animator) == {"event en", "event uk"}
    assert await seen_by(coordinator) == {"organization en", "service en", "service uk"}
    assert await seen_by(translator, language="uk") == {"event uk", "service uk"}
    letter = ("newsletter", send.ref)
    assert await seen_by(animator, about=letter) == {"newsletter en"}
    assert await seen_by(translator, about=letter) == set(), "it is being approved"
    with pytest.raises(NotFoundError):
        await seen_by(coordinator, about=("event", key[1]))
    with pytest.raises(NotAllowedError):
        await seen_by(await somebody(session, 3, now, RoleName.ADMINISTRATOR))
