"""A card's message becomes calls to Telegram: parts, buttons, files, edits, toasts."""

import asyncio
import hashlib
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from aiogram.filters.callback_data import CallbackData

from bot.pictures import blank
from bot.splitting import CAPTION_LIMIT, split, visible_length
from bot.telegram import TOO_LATE, Answer, Call, Fate, Telegram
from community.policy import Lane
from handlers.replies import Button, File, Message, Place, lines
from locales import Html, plain

logger = logging.getLogger("diwan.speaking")

Part = tuple[File | None, str]
"""One message of Telegram's: a file with its caption, or a text."""

TOAST_LIMIT = 200
HTML = "HTML"
PATIENCE = 5.0
"""For how many seconds a claimed row waits out a pause, or the rest of a message that has begun.

Much less than the lease of the row and than what the end of the program waits for.
"""
LONGEST_WAIT = 60.0
"""Seconds between two tries while Telegram is not there: doubled each time up to this."""
FEW = 5
NO_PREVIEW = {"is_disabled": True}
SO_ALREADY = ("not modified", "message to delete not found")
"""Words of Telegram that say: it is as it should be, perhaps since an earlier try."""
VEIL = "⏳"
"""Stands for a moment where something will stand that is closed again."""
TOO_LONG = "longer_than_before"
"""Why a text does not go in the place of another: nothing is cut off, and nothing sent anew."""


@dataclass
class Spoken:
    """What became of one message, all its parts together."""

    answer: Answer
    message_ids: list[int] = field(default_factory=list)
    sent_plain: bool = False


def keyboard(rows: Sequence[Sequence[Button]]) -> dict[str, list[list[dict[str, str]]]] | None:
    """Return the buttons as Telegram wants them, or None without any."""
    if not any(rows):
        return None
    return {"inline_keyboard": [[_button(button) for button in row] for row in rows if row]}


def _button(button: Button) -> dict[str, str]:
    shown = {"text": button.text}
    if button.data is not None:
        data = button.data
        shown["callback_data"] = data.pack() if isinstance(data, CallbackData) else data
    if button.url is not None:
        shown["url"] = button.url
    return shown


def digest(message: Message) -> str:
    """Return what tells two renderings of one message apart."""
    what = f"{message.text}\0{json.dumps(keyboard(message.rows))}"
    return hashlib.sha256(what.encode()).hexdigest()


def parts_of(message: Message, *, apart: bool = False) -> list[Part]:
    """Return what a message is cut into: a file with the text as its caption, if that fits.

    ``apart``: the text stands under the file in any case. Of a message that is kept current only
    one part leaves: of several, only the last could be closed again.
    """
    text = str(message.text)
    if message.file is not None and visible_length(text) <= CAPTION_LIMIT and not apart:
        return [(message.file, text)]
    texts = split(text)
    if message.live and len(texts) > 1:
        logger.error("a message that is kept current is cut: it is longer than one of Telegram's")
        texts = texts[:1]
    parts: list[Part] = [(None, part) for part in texts]
    return parts if message.file is None else [(message.file, ""), *parts]


class Speaker:
    """Says messages. Waits out pauses; everything else it reports."""

    def __init__(self, telegram: Telegram) -> None:
        self.telegram = telegram
        self._calls: WeakKeyDictionary[Message, list[Call]] = WeakKeyDictionary()
        """What many get is written out for the first of them."""
        self._names: dict[tuple[object, ...], str] = {}
        """Telegram's names for the files that many get (``File.same_for``), since the start."""

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

    def is_free(self, chat_id: int) -> bool:
        """Say whether a chat may get something now, as far as its own pace goes."""
        return self.telegram.limiter.is_free(chat_id)

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
        if message.protect and message.live and message.file is None and message.place is None:
            # Of a message whose answer is lost nobody knows the number, and nobody could close it.
            veil = _sending((None, VEIL), None, protect=True)
            spoken.answer = await self._one(
                veil, chat_id, lane, patient, spoken, its_turn=its_turn, before=before
            )
            if spoken.answer.fate == Fate.DONE:
                number = int(spoken.answer.result["message_id"])
                spoken.message_ids.append(number)
                (part,) = parts_of(message)
                call = _editing(number, part, message)
                spoken.answer = await self._one(
                    call, chat_id, lane, patient, spoken, before=before
                )
            return spoken
        calls = self._calls.get(message)
        if calls is None:
            calls = self._calls[message] = calls_of(await _made(self._by_name(message)))
        for call in calls:
            answer = await self._one(
                call, chat_id, lane, patient, spoken, its_turn=its_turn, before=before
            )
            its_turn = False
            if answer.fate == Fate.REJECTED and _has_words_instead(call):
                within = before - asyncio.get_running_loop().time()
                if message.file is not None and self._names.pop(message.file.same_for, ""):
                    del self._calls[message]
                    return await self.say(chat_id, message, lane, patient=patient, within=within)
                # Another bot's token may have taken over, or somebody's settings forbid voices.
                logger.warning("%s was not taken; said in words: %s", call.method, answer.reason)
                return await self.say(
                    chat_id,
                    _without_file(message),
                    lane,
                    patient=patient,
                    within=within,
                )
            if answer.fate != Fate.DONE:
                # What has been sent cannot be unsent: the rest is lost, not repeated.
                spoken.answer = answer if not spoken.message_ids else Answer(Fate.UNSURE, "part")
                break
            if isinstance(answer.result, dict) and "message_id" in answer.result:
                spoken.message_ids.append(int(answer.result["message_id"]))
            if call.file is not None:
                kind, file = call.file
                if file.same_for and (name := name_in(answer, kind)):
                    self._names[file.same_for] = name
        return spoken

    def _by_name(self, message: Message) -> Message:
        """Return the message with Telegram's name for its file, if it has been sent before."""
        file = message.file
        name = self._names.get(file.same_for) if file is not None else None
        if file is None or name is None:
            return message
        return replace(message, file=replace(file, content=name))

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
        if message.gone:
            spoken = Spoken(Answer(Fate.DONE))
            call = Call("deleteMessage", {"message_id": message_id})
            spoken.answer = await self._put(
                call, (None, str(message.text)), chat_id, lane, spoken, before=math.inf
            )
            return spoken
        file = message.file
        is_at_hand = file is None or (isinstance(file.content, str) and not file.is_voice)
        if is_at_hand and len(parts := parts_of(message)) == 1:
            call = _editing(message_id, parts[0], message)
            spoken = Spoken(Answer(Fate.DONE))
            answer = await self._one(call, chat_id, lane, or_say, spoken)
            if answer.fate == Fate.DONE or "not modified" in answer.reason:
                spoken.message_ids = [message_id]
                return spoken
            if answer.fate != Fate.REJECTED or not or_say:
                spoken.answer = answer
                return spoken
        if not or_say:
            return Spoken(Answer(Fate.REJECTED, TOO_LONG))
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

        A file stands in the place of the first of them, words in that of the last. Parts that
        are left over go, or come to say the same if Telegram keeps them. Nothing is sent anew:
        what cannot be edited, or has become longer than there is room for, stays as it is; the
        first refusal is the answer.
        """
        spoken = Spoken(Answer(Fate.DONE))
        before = asyncio.get_running_loop().time() + within
        message = await _made(message)
        parts = parts_of(message, apart=len(copies) > 1)
        left_over = len(copies) - len(parts)
        if left_over < 0:
            return Spoken(Answer(Fate.REJECTED, TOO_LONG))
        first = 0 if message.file is not None else left_over
        kept = copies[first : first + len(parts)]
        calls = [
            *(
                _editing(copy, part, message if part is parts[-1] else None)
                for copy, part in zip(kept, parts, strict=True)
            ),
            *(Call("deleteMessage", {"message_id": copy}) for copy in copies if copy not in kept),
        ]
        for call in calls:
            answer = await self._put(
                call, parts[-1], chat_id, lane, spoken, its_turn=its_turn, before=before
            )
            its_turn = False
            if answer.fate != Fate.DONE:
                spoken.answer = answer
                break
        return spoken

    async def _put(
        self,
        call: Call,
        last: Part,
        chat_id: int,
        lane: Lane,
        spoken: Spoken,
        *,
        its_turn: bool = False,
        before: float,
    ) -> Answer:
        """Make one change, or what does the same where Telegram refuses that."""
        answer = await self._one(
            call, chat_id, lane, False, spoken, its_turn=its_turn, before=before
        )
        if any(words in answer.reason for words in SO_ALREADY):
            return Answer(Fate.DONE)
        if answer.fate == Fate.REJECTED and (other := _instead(call, answer, last)):
            return await self._put(other, last, chat_id, lane, spoken, before=before)
        return answer

    async def toast(self, query_id: str, text: str, *, alert: bool) -> None:
        """Answer a button press; one that is too old has no reader, and that is all right."""
        fields = {
            "callback_query_id": query_id,
            "text": text[:TOAST_LIMIT] or None,
            "show_alert": alert or None,
        }
        await self.telegram.call(Call("answerCallbackQuery", fields))

    async def act(self, call: Call) -> Answer:
        """Do what is no message and may be done twice: as often as it takes.

        Where nobody knows whether it was done, a few times.
        """
        wait, unsure = 1.0, 0
        while True:
            answer = await self.telegram.call(call)
            unsure += answer.fate == Fate.UNSURE
            if answer.fate not in (Fate.BUSY, Fate.NOT_SENT, Fate.UNSURE) or unsure > FEW:
                return answer
            await asyncio.sleep(max(answer.retry_after, wait))
            wait = min(wait * 2, LONGEST_WAIT)

    async def _one(
        self,
        call: Call,
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
                call,
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
                call = _plainly(call)
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
                wait = min(wait * 2, LONGEST_WAIT)


async def _made(message: Message) -> Message:
    """Return the message with what is in its file; what takes long is made now.

    One that cannot be made leaves the words, and the sentence that says so.
    """
    file = message.file
    if file is None or isinstance(file.content, bytes | str):
        return message
    try:
        content = await asyncio.to_thread(file.content)
    except Exception:  # whatever it was, somebody waits for an answer
        logger.exception("a file could not be made: %s", file.name)
        return _without_file(message)
    return replace(message, file=replace(file, content=content))


def _without_file(message: Message) -> Message:
    """Return the words alone: also what is said in place of the file."""
    said = message.file.otherwise if message.file else ""
    text = lines(message.text, said) if said else message.text
    return replace(message, file=None, place=None, text=text)


def calls_of(message: Message) -> list[Call]:
    """Return what sends a message: a call for each of its parts."""
    if message.place is not None:
        return [_venue(message, message.place)]
    parts = parts_of(message)
    return [
        _sending(part, message if part is parts[-1] else None, message.protect) for part in parts
    ]


def name_in(answer: Answer, kind: str) -> str | None:
    """Return Telegram's name for the file of this kind in a message that has just been sent."""
    sent = answer.result.get(kind) if isinstance(answer.result, dict) else None
    if isinstance(sent, list):  # of a photo, the same in several sizes, the largest last
        sent = sent[-1] if sent else None
    name = sent.get("file_id") if isinstance(sent, dict) else None
    return name if isinstance(name, str) else None


def _venue(message: Message, place: Place) -> Call:
    fields = {
        "title": place.name,
        "address": place.address,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "reply_markup": keyboard(message.rows),
        "protect_content": message.protect or None,
    }
    return Call("sendVenue", fields)


def _sending(part: Part, last: Message | None, protect: bool) -> Call:
    """Return the call that sends one part; the buttons stand under the last."""
    file, text = part
    common = {
        "parse_mode": HTML,
        "reply_markup": keyboard(last.rows) if last is not None else None,
        "protect_content": protect or None,
    }
    if file is None:
        fields = {"text": text, **common, "link_preview_options": NO_PREVIEW}
        return Call("sendMessage", fields)
    kind = _kind(file)
    fields = {"caption": text or None, **common}
    if isinstance(file.content, str):
        return Call(f"send{kind.title()}", {kind: file.content, **fields})
    return Call(f"send{kind.title()}", fields, (kind, file))


def _editing(message_id: object, part: Part, last: Message | None) -> Call:
    """Return the call that puts one part in the place of a message."""
    file, text = part
    common = {
        "message_id": message_id,
        "reply_markup": keyboard(last.rows) if last is not None else None,
    }
    if file is None:
        fields = {"text": text, "parse_mode": HTML, "link_preview_options": NO_PREVIEW}
        return Call("editMessageText", {**fields, **common})
    is_kept = isinstance(file.content, str)
    media = {"type": _kind(file), "media": file.content if is_kept else f"attach://{_kind(file)}"}
    media |= {"caption": text, "parse_mode": HTML} if text else {}
    brings = None if is_kept else (_kind(file), file)
    return Call("editMessageMedia", {"media": media, **common}, brings)


def _kind(file: File) -> str:
    if file.is_voice:
        return "voice"
    return "photo" if file.is_picture else "document"


def _has_words_instead(call: Call) -> bool:
    """Say whether this sends a place, or a file by Telegram's name for it."""
    if call.method == "sendVenue":
        return True
    return call.method in ("sendPhoto", "sendDocument", "sendVoice") and call.file is None


def _instead(call: Call, refused: Answer, last: Part) -> Call | None:
    """Return what does the same where Telegram has refused a change, or None if nothing does."""
    number = call.fields["message_id"]
    if call.method == "deleteMessage" and "can't be deleted" in refused.reason:
        return _editing(number, (None, last[1]), None)
    if call.method != "editMessageText" or "no text in the message" not in refused.reason:
        return None
    # Telegram takes no picture out of a message. An empty one in its place shows nothing of it.
    empty = File("blank.png", blank(), is_picture=True)
    edit = _editing(number, (empty, str(call.fields["text"])), None)
    return replace(edit, fields={**edit.fields, "reply_markup": call.fields["reply_markup"]})


def _plainly(call: Call) -> Call:
    """Return the same message without any markup, for Telegram to take as it stands."""
    fields = _plain_words(call.fields)
    if isinstance(media := fields.get("media"), dict):
        fields["media"] = _plain_words(media)
    return replace(call, fields=fields)


def _plain_words(fields: Mapping[str, object]) -> dict[str, object]:
    words = {
        name: plain(Html(text))
        for name in ("text", "caption")
        if isinstance(text := fields.get(name), str)
    }
    kept = {name: value for name, value in fields.items() if name != "parse_mode"}
    return kept | words
