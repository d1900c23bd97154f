"""The words and the audience of a send. Any change of them takes its approval back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import awaited, roles, translations
from community.among import among
from community.audiences import Audience, audience_of
from community.base import find
from community.errors import (
    AnswersStandError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    TooLongTogetherError,
)
from community.events import Event
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName
from community.sends.table import SEND, TAKEN, Kind, Send, State
from community.translations import Fallback, Shelf, Standing

PICTURE = "picture"
"""The subject, and its one field, of what is written about a send's picture."""
OPTIONS = tuple(f"option{number}" for number in range(1, 7))
"""The fields of the answers of a vote (``community/votes.py``), in their order."""
ONE_MESSAGE, UNDER_A_PICTURE = 4096, 1024
"""So many characters stand in one message, or under a picture."""
SAID_BESIDE = 300
"""So many of them are kept for what is said beside a vote: until when, and that nobody sees it."""
RUNS = (State.SENDING, State.SENT)


async def write_newsletter(
    session: AsyncSession,
    actor: Person,
    language: str,
    title: str,
    body: str | None,
    now: datetime,
) -> Send:
    """Begin a newsletter in the author's language; without a text where a question is all.

    Raises:
        NotAllowedError: the actor is no animator.
        NotUnderstoodError: a text is empty or too long.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = Send(kind=Kind.NEWSLETTER, made_by_id=actor.id, made_at=now)
    session.add(send)
    await session.flush()
    texts = {"title": title} if body is None else {"title": title, "body": body}
    await translations.write(session, actor, "newsletter", send.id, language, texts, now)
    return send


async def edit(
    session: AsyncSession,
    actor: Person,
    ref: str,
    now: datetime,
    *,
    language: str | None = None,
    texts: dict[str, str] | None = None,
    fallback: Fallback | None = None,
    audience: Audience | None = None,
    minor: bool = False,
) -> Send:
    """Change words, rule or audience. Whatever was approved or scheduled is a draft again.

    Among the words may be those of its picture.

    Raises:
        NotAllowedError: the actor is no animator, or it is an offer: the team changes none.
        IllegalMoveError: it is being sent, or was.
        AnswersStandError: it corrects a vote, and would change an answer.
        TooLongTogetherError: it carries a vote, and would be more than one message.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    if send.kind == Kind.OFFER:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    await SEND.move(session, send, State.DRAFT, Who.ANIMATOR, now, actor_id=actor.id)
    send.approved_by_id, send.starts_at, send.alone = None, None, False
    if fallback is not None:
        send.fallback = fallback
    if audience is not None:
        send.for_whom = (await narrowed(session, send, audience)).as_json()
    if language and texts:
        await _keep_answers(session, send, language, texts)
        for (subject, subject_id), written in _by_subject(send, texts).items():
            await translations.write(
                session, actor, subject, subject_id, language, written, now, minor=minor
            )
        await require_room(session, send)
    await session.flush()
    return send


async def _keep_answers(
    session: AsyncSession, send: Send, language: str, texts: dict[str, str]
) -> None:
    """Refuse another answer in the place of one that members can have chosen.

    A ballot is the number of an answer. Whether there are any by the time the correction goes
    out nobody knows while it is written, so the answers of a vote that is out stay in any case;
    a language that has none yet can be added.
    """
    if send.of_id is None:
        return
    _source, found = await translations.standings(session, *send.subject)
    stands = found[language].fields if language in found else {}
    if any(
        field in texts and texts[field].strip() != stands[field]
        for field in OPTIONS
        if field in stands
    ):
        raise AnswersStandError


async def require_room(session: AsyncSession, send: Send) -> None:
    """Refuse a vote that is more than one message: the answers stand under it, and change it.

    Raises:
        TooLongTogetherError: it is, in one of its languages.
    """
    source, found = await standings(session, send)
    if not source or OPTIONS[0] not in found[source].fields:
        return
    room = (ONE_MESSAGE if send.picture is None else UNDER_A_PICTURE) - SAID_BESIDE
    for standing in found.values():
        if sum(map(_length, standing.fields.values())) > room:
            raise TooLongTogetherError(room)


def _length(text: str) -> int:
    """Return how long a text counts in a messenger, where an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


async def narrowed(session: AsyncSession, send: Send, audience: Audience) -> Audience:
    """Return the audience, of an event that is for some alone only those."""
    event = await session.get(Event, send.event_id) if send.event_id is not None else None
    return audience if event is None else await audience_of(session, event, audience)


async def complete(
    session: AsyncSession,
    actor: Person,
    ref: str,
    language: str,
    texts: dict[str, str],
    now: datetime,
) -> Send:
    """Write a language that was missing when the send went out; who has waited for it gets it.

    Also once all of it has gone out, if members have asked for it (``community/asking.py``). What
    has been approved stays as it is: that can only be corrected. Where it has been, those who wait
    get the words of the correction.

    Raises:
        NotAllowedError: the actor is no animator, or it is an offer.
        IllegalMoveError: nobody waits, this language is one of those that were approved, or other
            words stand by now.
        TooLongTogetherError: it carries a vote, and would be more than one message.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    first = await first_of(session, send)
    if first.kind == Kind.OFFER:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    is_missing = language not in (await shelf(session, send)).complete
    waits = first.fallback == Fallback.WAIT and first.state in (State.SENDING, State.HELD)
    if first.state == State.SENT:
        waits = await awaited.is_asked(session, "newsletter", first.id, language)
    if not (waits and is_missing and await current(session, first) is send):
        raise IllegalMoveError(SEND.name, send.state, State.DRAFT)
    for (subject, subject_id), written in _by_subject(send, texts).items():
        await translations.write(session, actor, subject, subject_id, language, written, now)
    await require_room(session, send)
    return send


async def translate_offer(
    session: AsyncSession,
    actor: Person,
    ref: str,
    language: str,
    texts: dict[str, str],
    now: datetime,
) -> Send:
    """Write an offer that the team has taken in another language than its author's.

    The author's own words stay, and so does the approval, which is of them.

    Raises:
        NotAllowedError: the actor is no animator, it is not taken, or it is the author's language.
    """
    await roles.require(session, actor, RoleName.ANIMATOR, now)
    send = await find(session, Send, ref, lock=True)
    source, _found = await translations.standings(session, *send.subject)
    if send.kind != Kind.OFFER or send.state not in TAKEN or language == source:
        raise NotAllowedError(RoleName.PROVIDER_STAFF)
    await translations.write(session, actor, *send.subject, language, texts, now)
    return send


async def write_language(
    session: AsyncSession,
    actor: Person,
    ref: str,
    language: str,
    texts: dict[str, str],
    now: datetime,
) -> Send:
    """Write a send in one language, as far as it is: `edit`, `complete`, or `translate_offer`.

    Raises:
        RefusalError: that verb refuses it.
    """
    send = await find(session, Send, ref)
    if send.kind == Kind.OFFER:
        return await translate_offer(session, actor, ref, language, texts, now)
    if send.started_at is None:
        return await edit(session, actor, ref, now, language=language, texts=texts)
    return await complete(session, actor, ref, language, texts, now)


async def first_of(session: AsyncSession, send: Send) -> Send:
    """Return the send that this one corrects or takes back, or itself."""
    return send if send.of_id is None else await session.get_one(Send, send.of_id)


def _by_subject(send: Send, texts: dict[str, str]) -> dict[tuple[str, int], dict[str, str]]:
    found: dict[tuple[str, int], dict[str, str]] = {}
    for field, text in texts.items():
        subject = (PICTURE, send.id) if field == PICTURE else send.subject
        found.setdefault(subject, {})[field] = text
    return found


async def undo(session: AsyncSession, actor: Person, ref: str, now: datetime) -> Send:
    """Take a scheduled send back to draft before it starts. An offer can be held instead.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it has started.
    """
    return await edit(session, actor, ref, now)


async def shelf(session: AsyncSession, send: Send) -> Shelf:
    """Return what the send says, in every language it has; with a picture, its words too."""
    subject, subject_id = send.subject
    found = await translations.shelves(session, subject, [subject_id])
    if subject_id not in found:
        raise NotFoundError("text")
    words = found[subject_id]
    if send.picture is None:
        return words
    return words.beside((await translations.shelves(session, PICTURE, [send.id])).get(send.id))


async def current(session: AsyncSession, send: Send) -> Send | None:
    """Return whose words stand for a send now: its newest correction's, or none once recalled."""
    return (await current_of(session, [send])).get(send.id)


async def current_of(session: AsyncSession, some: Collection[Send]) -> dict[int, Send]:
    """Return, by its number, whose words stand now for each of these that is not recalled."""
    standing = {send.id: send for send in some}
    recalled = set()
    for later in await session.scalars(_LATER, {"which": list(standing)}):
        assert later.of_id is not None
        standing[later.of_id] = later
        if later.kind == Kind.RECALL:
            recalled.add(later.of_id)
    return {number: send for number, send in standing.items() if number not in recalled}


_LATER = (
    select(Send)
    .where(among(Send.of_id, "which"), Send.state.in_(RUNS))
    .order_by(Send.started_at, Send.id)
)
"""What came after some sends, the newest last."""


async def standings(session: AsyncSession, send: Send) -> tuple[str, dict[str, Standing]]:
    """Return the author's language, and how far each language is that has any words."""
    source, found = await translations.standings(session, *send.subject)
    if send.picture is None:
        return source, found
    missing = Standing(translations.State.MISSING, {})
    _source, about = await translations.standings(session, PICTURE, send.id)
    together = {}
    for language in {*found, *about}:
        words, said = found.get(language, missing), about.get(language, missing)
        least = translations.least_of((words.state, said.state))
        together[language] = Standing(least, {**words.fields, **said.fields})
    return source, together


_IS_PROPOSED = (Send.kind == Kind.OFFER) & Send.approved_by_id.is_(None)
"""An offer that the team has not approved is nobody's newsletter."""


async def recent(session: AsyncSession, limit: int = 10) -> list[Send]:
    """Return the newest sends; of offers those that the team has approved."""
    query = select(Send).where(~_IS_PROPOSED).order_by(Send.id.desc()).limit(limit)
    return list(await session.scalars(query))


async def in_review(session: AsyncSession) -> list[Send]:
    """Return what waits for a second person, the oldest first; not what providers offer."""
    query = select(Send).where(Send.state == State.IN_REVIEW, Send.kind != Kind.OFFER)
    query = query.order_by(Send.id)
    return list(await session.scalars(query))
