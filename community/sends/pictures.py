"""The picture of a send, and the words for those who cannot see it or read what is on it.

Telegram has no place for a description of a picture, and a machine cannot translate what is on
one. So its words are written by the author, in every language as the rest, and go out with it: no
language is complete without them, and nothing is approved without them.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from community import translations
from community.errors import NotFoundError, WordlessPictureError
from community.people import Person
from community.sends.table import Kind, Picture, Send
from community.sends.writing import PICTURE, edit, require_room, shelf


async def illustrate(
    session: AsyncSession, actor: Person, ref: str, picture: Picture | None, now: datetime
) -> Send:
    """Give a send a picture, another one, or none; its words have to be written anew.

    Raises:
        NotAllowedError: the actor is no animator.
        IllegalMoveError: it is being sent, or was.
        NotFoundError: it takes something back, and shows nothing of its own.
        TooLongTogetherError: it carries a vote, whose words have no room under a picture.
    """
    send = await edit(session, actor, ref, now)
    if send.kind == Kind.RECALL:
        raise NotFoundError("picture")
    if picture is None:
        await translations.forget(session, PICTURE, send.id)
    elif picture != send.picture:
        await translations.outdate(session, PICTURE, send.id)
    _put(send, picture)
    await require_room(session, send)
    await session.flush()
    return send


def _put(send: Send, picture: Picture | None) -> None:
    send.picture_id = picture.file_id if picture else None
    send.picture_is_photo = picture is not None and picture.is_photo


async def copy_picture(session: AsyncSession, from_send: Send, to_send: Send) -> None:
    """Give a correction the picture of what it corrects, with its words as they are."""
    if from_send.picture is not None:
        _put(to_send, from_send.picture)
        await translations.copy(session, PICTURE, from_send.id, to_send.id)


async def has_its_words(session: AsyncSession, send: Send) -> bool:
    """Say whether what is in its picture is written, at least in the author's language."""
    words = await shelf(session, send)
    return send.picture is None or words.source in words.complete


async def require_words(session: AsyncSession, send: Send) -> None:
    """Refuse a picture without its words.

    Raises:
        WordlessPictureError: nobody has written what is in the picture.
    """
    if not await has_its_words(session, send):
        raise WordlessPictureError
