"""A card's message becomes calls to Telegram: parts, buttons, files, edits, toasts."""

import asyncio
import hashlib
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiogram.filters.callback_data import CallbackData
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    EditMessageCaption,
    EditMessageText,
    SendDocument,
    SendMessage,
    SendPhoto,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
)

from bot.splitting import CAPTION_LIMIT, split, visible_length
from bot.telegram import TOO_LATE, Answer, Fate, Telegram
from community.policy import Lane
from handlers.replies import Button, Message
from locales import Html, plain

logger = logging.getLogger("diwan.speaking")

Speech = (
    SendMessage | SendPhoto | SendDocument | EditMessageText | EditMessageCaption | DeleteMessage
)

TOAST_LIMIT = 200
HTML = "HTML"
PATIENCE = 5.0
"""For how many seconds a claimed row waits out a pause, or the rest of a message that has begun.

Much less than the lease of the row and than what the end of the program waits for.
"""
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass
class Spoken:
    """What became of one message, all its parts together."""

    answer: Answer
    message_ids: list[int] = field(default_factory=list)
    sent_plain: bool = False


def keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    """Return the buttons as Telegram wants them, or None without any."""
    if not any(rows):
        return None
    return InlineKeyboardMarkup(
        inline_keyboard=[[_button(button) for button in row] for row in rows if row]
    )


def _button(button: Button) -> InlineKeyboardButton:
    data = button.data.pack() if isinstance(button.data, CallbackData) else button.data
    return InlineKeyboardButton(text=button.text, callback_data=data, url=button.url)


def digest(message: Message) -> str:
    """Return what tells two renderings of one message apart."""
    shown = keyboard(message.rows)
    what = f"{message.text}\0{shown.model_dump_json(exclude_none=True) if shown else ''}"
    return hashlib.sha256(what.encode()).hexdigest()


class Speaker:
    """Says messages. Waits out pauses; everything else it reports."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram

    @property
    def must_wait(self) -> bool:
        """Say whether Telegram wants silence for so long that nothing should be taken up."""
        return self.paused_for > PATIENCE

    @property
    def rate(self) -> float:
        """Return how many messages a second may leave."""
        return self.telegram.limiter.rate

    @property
    def paused_for(self) -> float:
        """Return for how many seconds Telegram wants silence."""
        return self.telegram.limiter.paused_for

    async def has_turn(self, chat_id: int, lane: Lane) -> bool:
        """Wait for the turn to say one message; False if Telegram wants a longer pause."""
        return await self.telegram.turn(chat_id, lane, PATIENCE)

    async def say(
        self,
        chat_id: int,
        message: Message,
        lane: Lane,
        *,
        patient: bool = False,
        its_turn: bool = False,
        within: float = math.inf,
    ) -> Spoken:
        """Send a message, in as many parts as it needs.

        ``patient`` callers (replies) wait as long as it takes for a pause or an outage to end;
        others get the answer BUSY or NOT_SENT and keep their row. Only the rest of a message of
        which something has been sent is worth a few seconds to them. ``its_turn``: the first part
        has waited for its turn already (`has_turn`). No part is begun after ``within`` seconds.
        """
        spoken = Spoken(Answer(Fate.DONE))
        before = asyncio.get_running_loop().time() + within
        for method in self._methods(chat_id, message):
            answer = await self._one(
                method, chat_id, lane, patient, spoken, its_turn=its_turn, before=before
            )
            its_turn = False
            if answer.fate != Fate.DONE:
                # What has been sent cannot be unsent: the rest is lost, not repeated.
                spoken.answer = answer if not spoken.message_ids else Answer(Fate.UNSURE, "part")
                break
            if isinstance(answer.result, dict) and "message_id" in answer.result:
                spoken.message_ids.append(int(answer.result["message_id"]))
        return spoken

    def _methods(self, chat_id: int, message: Message) -> list[Speech]:
        markup, text = keyboard(message.rows), str(message.text)
        methods: list[Speech] = []
        if message.file is not None:
            content = BufferedInputFile(message.file.content, message.file.name)
            fits = visible_length(text) <= CAPTION_LIMIT
            caption, protect = text if fits and text else None, message.protect or None
            markup_here = markup if fits else None
            methods.append(
                SendPhoto(
                    chat_id=chat_id,
                    photo=content,
                    caption=caption,
                    parse_mode=HTML,
                    reply_markup=markup_here,
                    protect_content=protect,
                )
                if message.file.is_picture
                else SendDocument(
                    chat_id=chat_id,
                    document=content,
                    caption=caption,
                    parse_mode=HTML,
                    reply_markup=markup_here,
                    protect_content=protect,
                )
            )
            if fits:
                return methods
        parts = split(text)
        methods += [
            SendMessage(
                chat_id=chat_id,
                text=part,
                parse_mode=HTML,
                reply_markup=markup if part is parts[-1] else None,
                protect_content=message.protect or None,
                link_preview_options=NO_PREVIEW,
            )
            for part in parts
        ]
        return methods

    async def edit(
        self,
        chat_id: int,
        message_id: int,
        message: Message,
        lane: Lane = Lane.REPLY,
        *,
        or_say: bool = True,
    ) -> Spoken:
        """Put a message in the place of an earlier one, or after it where that cannot be.

        With ``or_say=False`` nobody has asked: a message that is gone stays gone, and a pause or
        an outage is reported instead of waited out.
        """
        if message.file is None and len(split(str(message.text))) == 1:
            method = self._edit_of(chat_id, message_id, str(message.text), message)
            spoken = Spoken(Answer(Fate.DONE))
            answer = await self._one(method, chat_id, lane, or_say, spoken)
            if answer.fate == Fate.DONE or "not modified" in answer.reason:
                spoken.message_ids = [message_id]
                return spoken
            if answer.fate != Fate.REJECTED or not or_say:
                spoken.answer = answer
                return spoken
        return await self.say(chat_id, message, lane, patient=True)

    async def replace(
        self,
        chat_id: int,
        copies: Sequence[int],
        message: Message,
        lane: Lane,
        *,
        its_turn: bool = False,
        within: float = math.inf,
    ) -> Spoken:
        """Put a message in the place of an earlier one that may have had several parts.

        Parts that are left over go. Nothing is sent anew: what cannot be edited stays as it is,
        and the first refusal is the answer.
        """
        spoken = Spoken(Answer(Fate.DONE))
        before = asyncio.get_running_loop().time() + within
        parts = split(str(message.text))[: len(copies)]
        methods: list[Speech] = [
            *(
                self._edit_of(chat_id, copy, part, message if part is parts[-1] else None)
                for copy, part in zip(copies, parts, strict=False)
            ),
            *(DeleteMessage(chat_id=chat_id, message_id=copy) for copy in copies[len(parts) :]),
        ]
        for method in methods:
            answer = await self._one(
                method, chat_id, lane, False, spoken, its_turn=its_turn, before=before
            )
            if "no text in the message" in answer.reason and isinstance(method, EditMessageText):
                caption = EditMessageCaption(
                    chat_id=chat_id,
                    message_id=method.message_id,
                    caption=method.text,
                    parse_mode=HTML,
                    reply_markup=method.reply_markup,
                )
                answer = await self._one(caption, chat_id, lane, False, spoken, before=before)
            its_turn = False
            if answer.fate != Fate.DONE and "not modified" not in answer.reason:
                spoken.answer = answer
                break
        return spoken

    def _edit_of(
        self, chat_id: int, message_id: int, text: str, last: Message | None
    ) -> EditMessageText:
        return EditMessageText(
            chat_id=chat_id,
            message_id=message_id,
            text=text,
            parse_mode=HTML,
            reply_markup=keyboard(last.rows) if last is not None else None,
            link_preview_options=NO_PREVIEW,
        )

    async def toast(self, query_id: str, text: str, *, alert: bool) -> None:
        """Answer a button press; one that is too old has no reader, and that is all right."""
        method = AnswerCallbackQuery(
            callback_query_id=query_id,
            text=text[:TOAST_LIMIT] or None,
            show_alert=alert or None,
        )
        await self.telegram.call(method)

    async def _one(
        self,
        method: Speech,
        chat_id: int,
        lane: Lane,
        patient: bool,
        spoken: Spoken,
        *,
        its_turn: bool = False,
        before: float = math.inf,
    ) -> Answer:
        patience = math.inf if patient else PATIENCE
        is_plain, unsure, wait = False, 0, 1.0
        while True:
            answer = await self.telegram.call(
                method,
                chat_id=chat_id,
                lane=lane,
                patience=patience,
                its_turn=its_turn,
                before=before,
            )
            its_turn = False
            if answer.fate == Fate.UNPARSABLE and not is_plain:
                logger.warning("Telegram could not read a message's markup; sent as plain text")
                is_plain = spoken.sent_plain = True
                method = _plainly(method)
                continue
            if answer.fate not in (Fate.BUSY, Fate.NOT_SENT, Fate.UNSURE):
                return answer
            if answer.reason == TOO_LATE:
                return answer
            if answer.fate == Fate.UNSURE:
                unsure += 1
                if not patient or unsure > 1:
                    return answer  # a reply is repeated once, never three times
                continue
            patience -= answer.retry_after if answer.fate == Fate.BUSY else wait
            if not patient and (not spoken.message_ids or patience < 0):
                return answer
            if answer.fate == Fate.NOT_SENT:
                await asyncio.sleep(wait)
                wait = min(wait * 2, 60.0)


def _plainly(method: Speech) -> Speech:
    """Return the same message without any markup, for Telegram to take as it stands."""
    words = {
        field: plain(Html(text))
        for field in ("text", "caption")
        if (text := getattr(method, field, None))
    }
    return method.model_copy(update={**words, "parse_mode": None})
