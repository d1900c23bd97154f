"""A send's picture goes out with words that say what is in it, or not at all."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from community import corrections, sends, translations
from community.deliveries import State as Row
from community.errors import NotAllowedError, NotFoundError, WordlessPictureError
from community.people import Person
from community.sends import Picture, Send, State
from community.translations import State as Text
from tests.community.test_sends import (
    NETWORK,
    a_crowd,
    a_member,
    a_newsletter,
    an_event,
    has_a_copy,
    rows_of,
    staff,
    starts,
    under_way,
)

FLYER = Picture("AgACAgIAAxkBAAIB", is_photo=True)
OTHER = Picture("AgACAgIAAxkBAAIC", is_photo=True)


async def with_flyer(session: AsyncSession, author: Person, now: datetime) -> Send:
    send = await a_newsletter(session, author, now)
    await sends.illustrate(session, author, send.ref, FLYER, now)
    return send


async def put_into_words(
    session: AsyncSession, author: Person, send: Send, now: datetime, language: str = "en"
) -> None:
    texts = {"picture": "A bakery with an open door."}
    await sends.edit(session, author, send.ref, now, language=language, texts=texts)


async def test_a_picture_without_its_words_is_not_approved(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    send = await with_flyer(session, author, now)
    with pytest.raises(WordlessPictureError):
        await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await put_into_words(session, author, send, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    assert send.state == State.APPROVED


async def test_a_second_person_cannot_approve_what_has_lost_its_words(
    session: AsyncSession, now: datetime
) -> None:
    author, second = await staff(session, 1, now), await staff(session, 2, now)
    await a_crowd(session, now, sends.FOUR_EYES_ABOVE + 1)
    send = await with_flyer(session, author, now)
    await put_into_words(session, author, send, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    assert send.state == State.IN_REVIEW
    send.picture_id = OTHER.file_id
    await translations.outdate(session, sends.PICTURE, send.id)
    with pytest.raises(WordlessPictureError):
        await sends.review(session, second, send.ref, now, approve=True)


async def test_another_picture_takes_the_approval_back_and_wants_words_of_its_own(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    send = await with_flyer(session, author, now)
    for language in ("en", "fr"):
        await put_into_words(session, author, send, now, language)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await sends.schedule(session, author, send.ref, None, now)
    await sends.illustrate(session, author, send.ref, OTHER, now)
    assert (send.state, send.picture, send.approved_by_id) == (State.DRAFT, OTHER, None)
    assert not await sends.has_its_words(session, send)
    _source, found = await sends.standings(session, send)
    assert found["en"].state == Text.STALE
    await put_into_words(session, author, send, now)
    assert await sends.has_its_words(session, send)
    _source, found = await sends.standings(session, send)
    assert found["en"].state == Text.APPROVED
    assert found["fr"].state == Text.MISSING, "its title and text are"
    assert found["fr"].fields["picture"], "what stands there is shown to whoever writes it anew"


async def test_a_language_without_the_words_of_the_picture_is_missing_in_the_dry_run(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    await a_member(session, 10, now, "fr")
    send = await with_flyer(session, author, now)
    await put_into_words(session, author, send, now)
    texts = {"title": "Nouvelles", "body": "Tout va bien."}
    await sends.edit(session, author, send.ref, now, language="fr", texts=texts)
    run = await sends.dry_run(session, send, NETWORK, now)
    assert "fr" in run.without_translation
    await put_into_words(session, author, send, now, "fr")
    run = await sends.dry_run(session, send, NETWORK, now)
    assert "fr" not in run.without_translation


async def test_without_its_picture_a_send_needs_no_words_for_it(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    send = await with_flyer(session, author, now)
    await put_into_words(session, author, send, now)
    await sends.illustrate(session, author, send.ref, None, now)
    assert send.picture is None
    assert "picture" not in (await sends.shelf(session, send)).complete["en"]
    await sends.illustrate(session, author, send.ref, FLYER, now)
    assert not await sends.has_its_words(session, send), "the words have gone with the picture"


async def test_only_an_animator_changes_the_picture(session: AsyncSession, now: datetime) -> None:
    author, reader = await staff(session, 1, now), await a_member(session, 2, now)
    send = await a_newsletter(session, author, now)
    with pytest.raises(NotAllowedError):
        await sends.illustrate(session, reader, send.ref, FLYER, now)


async def test_a_correction_begins_with_the_picture_as_it_is_and_a_recall_with_none(
    session: AsyncSession, now: datetime
) -> None:
    author, first = await under_way(session, now)
    later = now + sends.UNDO
    first.picture_id, first.picture_is_photo = FLYER.file_id, True
    correction = await corrections.correct(session, author, first.ref, later)
    assert correction.picture == FLYER
    await put_into_words(session, author, correction, later)
    await sends.illustrate(session, author, correction.ref, OTHER, later)
    await put_into_words(session, author, correction, later)
    (row, *_others) = await rows_of(session, first)
    row.state = Row.SENT
    await has_a_copy(session, row, later)
    await starts(session, author, correction, later)
    again = await corrections.correct(session, author, first.ref, later)
    assert again.id == correction.id
    correction.state = State.SENT
    again = await corrections.correct(session, author, first.ref, later)
    assert again.picture == OTHER
    assert await sends.has_its_words(session, again)
    recall = await corrections.recall(session, author, first.ref, later)
    assert recall.picture is None
    with pytest.raises(NotFoundError):
        await sends.illustrate(session, author, recall.ref, FLYER, later)


async def test_an_announcement_has_a_picture_and_its_event_needs_no_words_for_it(
    session: AsyncSession, now: datetime
) -> None:
    author = await staff(session, 1, now)
    event_ref = await an_event(session, author, now)
    send = await sends.announce(session, author, event_ref, now)
    await sends.illustrate(session, author, send.ref, FLYER, now)
    with pytest.raises(WordlessPictureError):
        await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    await put_into_words(session, author, send, now)
    await sends.submit(session, author, send.ref, now, network_language=NETWORK)
    assert send.state == State.APPROVED
