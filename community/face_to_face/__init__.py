"""Face to face: somebody is registered without Telegram, called, and takes it over by a code."""

from community.face_to_face.calling import (
    CALL_LIVES,
    MOST_CALLS,
    Called,
    Calls,
    answer_by_phone,
    calls,
    calls_of,
    ring,
    seal_of,
    settle,
    to_call,
    untold,
)
from community.face_to_face.codes import CODE_HOLDS, Opening, new_code, open_code, read_code
from community.face_to_face.confirming import (
    Line,
    Recorded,
    confirm,
    confirm_all,
    recorded,
    row_of,
)
from community.face_to_face.registering import (
    Oral,
    change_phone,
    clean_phone,
    erase,
    mine,
    opened,
    register,
    take_back,
    take_over,
    witnesses,
)
from community.face_to_face.sounding import approve as approve_sound
from community.face_to_face.sounding import keep as keep_sound
from community.face_to_face.sounding import sounds

__all__ = [
    "CALL_LIVES",
    "CODE_HOLDS",
    "MOST_CALLS",
    "Called",
    "Calls",
    "Line",
    "Opening",
    "Oral",
    "Recorded",
    "answer_by_phone",
    "approve_sound",
    "calls",
    "calls_of",
    "change_phone",
    "clean_phone",
    "confirm",
    "confirm_all",
    "erase",
    "keep_sound",
    "mine",
    "new_code",
    "open_code",
    "opened",
    "read_code",
    "recorded",
    "register",
    "ring",
    "row_of",
    "seal_of",
    "settle",
    "sounds",
    "take_back",
    "take_over",
    "to_call",
    "untold",
    "witnesses",
]
