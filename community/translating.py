"""The translation desk: writing a text, confirming it, and reading it a second time.

What an animator or a coordinator writes counts at once. A translator's text is a draft: somebody
else approves it, another translator or whoever may write it anyway. Whoever presses a button about
a text says by its *seal* which words were shown; if others stand there by now, nothing happens.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import (
    cohorts,
    decisions,
    lessons,
    posts,
    providers,
    roles,
    sends,
    templates,
    translations,
    untranslated,
)
from community.base import Referable, find
from community.errors import (
    ApprovalBindsError,
    ChangedError,
    IllegalMoveError,
    NotAllowedError,
    NotFoundError,
    OwnTextError,
)
from community.events import Event
from community.lifecycle import Who
from community.people import Person
from community.roles import RoleName
from community.sends import Send
from community.translations import TRANSLATION, ContentText, State
from community.untranslated import ANIMATORS, COORDINATORS, TABLES, Key, Segment


async def writes_as(session: AsyncSession, actor: Person, subject: str, now: datetime) -> Who:
    """Return as whom the actor writes about this: what they write counts at once, or is a draft.

    Raises:
        NotAllowedError: as nobody.
        NotFoundError: there is no such subject.
    """
    if subject not in TABLES:
        raise NotFoundError(subject)
    held = {role.name for role in await roles.held(session, actor, now)}
    is_of_animators = subject in ANIMATORS
    if (RoleName.ANIMATOR if is_of_animators else RoleName.COORDINATOR) in held:
        return Who.ANIMATOR if is_of_animators else Who.COORDINATOR
    if RoleName.TRANSLATOR in held:
        return Who.TRANSLATOR
    raise NotAllowedError(RoleName.TRANSLATOR)


async def may_rewrite(session: AsyncSession, actor: Person, found: Segment, now: datetime) -> bool:
    """Say whether the actor, who sees these words at the desk, may put others in their place.

    A draft is for everybody of the desk; what is approved for those whose texts count at once.
    """
    is_draft = found.state == State.DRAFT and not found.is_source
    theirs = await untranslated.counting_at_once(session, actor, now)
    return is_draft or found.subject in theirs


async def write(
    session: AsyncSession,
    actor: Person,
    key: Key,
    text: str,
    now: datetime,
    *,
    seen: str | None = None,
) -> Send | None:
    """Write one segment, or take what stands there as it is; ``seen`` seals what was shown.

    Whoever's texts count at once may so put right what is approved, the author's words included.
    Return the announcement that is a draft again, if there is one whose event this is.

    Raises:
        NotAllowedError: the actor may not write this.
        NotFoundError: there is no such thing, or nothing of it to translate.
        NotUnderstoodError: the text is empty or too long.
        ChangedError: something else stands there by now.
    """
    subject, ref, field, language = key
    by = await writes_as(session, actor, subject, now)
    words = {field: text}
    if seen is not None or by is Who.TRANSLATOR:
        owner, _source, _row = await _segment(session, key, seen, is_own=by is not Who.TRANSLATOR)
        if by is Who.TRANSLATOR:
            await untranslated.require_open(session, subject, ref, now)
            await providers.write_words(
                session, actor, owner, subject, language, words, now, by=by
            )
            return None
    if subject == "event":
        return await sends.translate_event(session, actor, ref, language, words, now)
    if subject == decisions.SUBJECT:
        await decisions.write(session, actor, ref, language, words, now)
    elif subject in COORDINATORS:
        await providers.translate(session, actor, subject, ref, language, words, now)
    elif subject == templates.SUBJECT:
        await templates.write(session, actor, ref, language, words, now)
    elif subject == cohorts.SUBJECT:
        await cohorts.write(session, actor, ref, language, text, now)
    elif subject == lessons.SUBJECT:
        await lessons.write(session, actor, ref, language, words, now)
    elif subject == posts.SUBJECT:
        await untranslated.require_open(session, subject, ref, now)
        post, _source, _row = await _segment(session, key, seen)  # not the author's own words
        await translations.write(session, actor, subject, post.id, language, words, now)
    else:
        await sends.write_language(session, actor, ref, language, words, now)
    return None


async def approve(
    session: AsyncSession, actor: Person, key: Key, seen: str, now: datetime
) -> Send | None:
    """Say of somebody else's draft that it is right; it counts from now on.

    Return the announcement that is a draft again, if there is one whose event this is.

    Raises:
        NotAllowedError: the actor may not read this.
        NotFoundError: there is no such thing, or it is not to be translated now.
        ChangedError: something else stands there by now.
        IllegalMoveError: it is no draft.
        OwnTextError: the actor wrote it.
        ApprovalBindsError: only an animator may add to what is approved.
    """
    subject, ref, _field, _language = key
    by = await writes_as(session, actor, subject, now)
    owner, _source, row = await _segment(session, key, seen)
    await untranslated.require_open(session, subject, ref, now)
    if row is None or row.state != State.DRAFT:
        at = State(row.state) if row else State.MISSING
        raise IllegalMoveError(TRANSLATION.name, at, State.APPROVED)
    if row.written_by_id == actor.id:
        raise OwnTextError
    if by is Who.TRANSLATOR and isinstance(owner, Event) and await sends.binds(session, owner):
        raise ApprovalBindsError
    await TRANSLATION.move(session, row, State.APPROVED, by, now, actor_id=actor.id)
    await translations.tell_followers(session, subject, owner.id)
    if by is Who.ANIMATOR and isinstance(owner, Event):
        return await sends.take_back(session, actor, owner, now)
    return None


async def _segment(
    session: AsyncSession, key: Key, seen: str | None, *, is_own: bool = False
) -> tuple[Referable, ContentText, ContentText | None]:
    """Lock what the words belong to; return it, the author's text and the one beside it.

    ``is_own``: that may be the author's text itself.

    Raises:
        NotFoundError: the author has written nothing there, or in this language.
        ChangedError: these are not the words that were shown.
    """
    subject, ref, field, language = key
    owner = await find(session, TABLES[subject], ref, lock=True)
    rows = await translations.read_anew(session, subject, owner.id)
    texts = {row.language: row for row in rows if row.field == field}
    source = next((row for row in texts.values() if row.is_source), None)
    if source is None or (source.language == language and not is_own):
        raise NotFoundError(subject)
    row = texts.get(language)
    if seen is not None and seen != translations.seal(source.text, row.text if row else None):
        raise ChangedError(TRANSLATION.name, row.state if row else State.MISSING, State.DRAFT)
    return owner, source, row
