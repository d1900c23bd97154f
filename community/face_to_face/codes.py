"""The paper code: twelve digits by which somebody takes over what was recorded of them.

It works once, is kept as a keyed hash only, expires, and ends when a new one is made.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, history, memory
from community.assisted import Assisted
from community.base import Base, columns_to
from community.errors import CodeRefusedError
from community.face_to_face.calling import send_what_was_untold, tell_carers
from community.face_to_face.registering import SUBJECT, opened
from community.guessing import PAPER, chat_of, note_wrong, sealed, wait
from community.people import Membership, Person

CODE_HOLDS = timedelta(days=180)
DIGITS = 12
"""Twelve digits are read from paper and typed, and are not guessed."""
GO_WITH_LOOKING = frozenset({"attributions", "deliveries", "muted_topics", "translation_requests"})
"""What somebody leaves behind who has only looked round: tables whose rows may go with them."""


class Opening(StrEnum):
    """What came of a code."""

    TAKEN_OVER = "taken_over"
    KNOWN_ALREADY = "known_already"
    """Whoever opened it has something here of their own: nothing was changed."""


def read_code(text: str) -> str | None:
    """Return the digits of a code as people type it, in any script's; None if it is none."""
    digits = "".join(str(int(letter)) for letter in text if letter.isdecimal())
    others = {letter for letter in text if not letter.isdecimal()}
    return digits if len(digits) == DIGITS and others <= {" ", "-", "\u00a0"} else None


async def _hash(session: AsyncSession, code: str) -> str:
    # The inner hash was once kept alone; wrapped, the papers of then still lead somewhere.
    return await sealed(session, hashlib.sha256(f"face to face {code}".encode()).hexdigest())


async def new_code(session: AsyncSession, actor: Person, ref: str, now: datetime) -> str:
    """Return a fresh code for one whom the actor looks after; the one before ends.

    Raises:
        NotFoundError: it is not the actor's business.
    """
    row, _person = await opened(session, actor, ref, now, lock=True)
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    row.token_hash, row.code_until = await _hash(session, code), now + CODE_HOLDS
    await session.flush()
    return code


async def open_code(
    session: AsyncSession, newcomer: Person, code: str, now: datetime
) -> tuple[Opening, Person]:
    """Let whoever holds the paper take over what was recorded of them; return who they are now.

    Their Telegram account goes to the recorded person; the row of somebody who has only looked
    round goes. The animator's care ends, and the number for calls with it; what they had not been
    told comes to them. Of two who open one code, one gets it.

    Raises:
        CodeRefusedError: a wrong, used, replaced or expired code; which of them is not told. Or
            too many such have been tried, and none is for a while.
    """
    who = await chat_of(session, newcomer)
    if patience := await wait(session, PAPER, who, now):
        raise CodeRefusedError(patience)
    row: Assisted | None = await session.scalar(
        select(Assisted)
        .where(Assisted.token_hash == await _hash(session, code))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or row.opened_at is not None or row.code_until is None or row.code_until <= now:
        note_wrong(session, PAPER, who, now)
        raise CodeRefusedError
    if not await _only_looks_round(session, newcomer):
        await tell_carers(session, row, "code_known_already", now)
        return Opening.KNOWN_ALREADY, newcomer
    person = await session.get_one(Person, row.person_id)
    await _give_account(session, newcomer, person, now)
    row.opened_at, row.phone, row.phone_at = now, None, None
    row.token_hash, row.code_until = None, None
    await history.note(
        session, history.step(SUBJECT, row.id, "", "opened", actor_id=person.id, now=now)
    )
    await session.flush()
    await send_what_was_untold(session, person, now)
    await tell_carers(session, row, "code_opened", now)
    return Opening.TAKEN_OVER, person


async def _only_looks_round(session: AsyncSession, person: Person) -> bool:
    """Say whether somebody has nothing here yet: no membership, role, answer or question."""
    if person.state != Membership.JOINING or person.joined_at is not None:
        return False
    await session.flush()
    for table in Base.metadata.tables.values():
        if table.name in GO_WITH_LOOKING:
            continue
        for column in columns_to(table, "people"):
            if await session.scalar(select(exists().where(column == person.id))):
                return False
    return True


async def _give_account(
    session: AsyncSession, newcomer: Person, person: Person, now: datetime
) -> None:
    number, username = newcomer.telegram_id, newcomer.username
    speaks = newcomer.telegram_language
    # By whose link they have come goes with the row: they had joined without it.
    await deliveries.cancel(session, now, deliveries.Delivery.person_id == newcomer.id)
    await session.execute(
        delete(Person).where(Person.id == newcomer.id).execution_options(synchronize_session=False)
    )
    session.expunge(newcomer)
    person.telegram_id, person.username, person.telegram_language = number, username, speaks
    person.seen_at = now
    await session.flush()
    memory.doubt(session)
