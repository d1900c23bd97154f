"""Translations that come back in a file: each is checked against what stands now.

The desk in the chat and the command line both use this. Nothing is written that the preview has
not counted, and of what it has counted either all or nothing. What is approved is changed only if
the file was made with exactly those words, and if that is said apart.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from community import machine, translating, translations, untranslated
from community.errors import FileRefusedError, NotUnderstoodError
from community.machine import State as Drafting
from community.people import Person
from community.sends import Send
from community.translations import State
from community.untranslated import Key, Segment
from handlers.replies import Network
from locales import OFFERED, Html, Translator, faults, language_name, without_isolates
from reports import po
from reports.po import Entry, Texts


class Refused(StrEnum):
    """Why one text of a file is not written."""

    GONE = "gone"
    """There is no such text, or this person does not translate it (now)."""
    DONE = "done"
    """Other words stand there by now."""
    CHANGED = "changed"
    """The source is not what was translated."""
    TWICE = "twice"
    """The file says two different things for it."""
    LONG = "long"
    LOST = "lost"
    ADDED = "added"
    SCRIPT = "script"


@dataclass(frozen=True)
class No:
    """One text that is not written: which, why, and what is wrong with it."""

    subject: str
    source: str
    """How it begins."""
    why: Refused
    what: str = ""


@dataclass(frozen=True)
class Ready:
    """One text that can be written, and the source that it translates."""

    key: Key
    source: str
    text: str
    seen: str
    """The seal of what stood there when the file was looked through."""

    @property
    def entry(self) -> Entry:
        """Return it as it would stand in a file."""
        return Entry(":".join(self.key[:3]), self.source, self.text)


@dataclass(frozen=True)
class Replacement(Ready):
    """One text that is approved, and the other words for it."""

    before: str

    @property
    def entry(self) -> Entry:
        """Return it as it would stand in a file."""
        return Entry(":".join((*self.key[:3], self.seen)), self.source, self.text)


@dataclass(frozen=True)
class Brought:
    """What a file brings in one language."""

    language: str
    ready: Sequence[Ready] = ()
    """What can be written."""
    changes: Sequence[Replacement] = ()
    """What would put other words in the place of approved ones."""
    same: int = 0
    """How many stand there already, word for word."""
    left: int = 0
    """How many are empty or marked as not finished."""
    refused: Sequence[No] = ()

    def kept(self) -> dict[str, Any]:
        """Return it as a conversation keeps it."""
        return {
            "language": self.language,
            "ready": [[*one.key, one.source, one.text, one.seen] for one in self.ready],
            "changes": [
                [*one.key, one.source, one.text, one.seen, one.before] for one in self.changes
            ],
            "same": self.same,
            "left": self.left,
            "refused": [[no.subject, no.source, no.why.value, no.what] for no in self.refused],
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Brought":
        """Return what a conversation has kept."""
        return cls(
            kept["language"],
            tuple(
                Ready((a, b, c, d), source, text, seen)
                for a, b, c, d, source, text, seen in kept["ready"]
            ),
            tuple(
                Replacement((a, b, c, d), source, text, seen, before)
                for a, b, c, d, source, text, seen, before in kept["changes"]
            ),
            kept["same"],
            kept["left"],
            tuple(No(a, b, Refused(why), what) for a, b, why, what in kept["refused"]),
        )


# Taking along


async def texts_for(
    session: AsyncSession,
    person: Person,
    language: str,
    network: Network,
    now: datetime,
    _: Translator,
    *,
    approved: bool = False,
) -> Texts:
    """Return what this person may translate into one language, each with a note in theirs.

    ``approved``: also what is approved already and they may put right.

    Raises:
        NotAllowedError: the person may translate nothing.
    """
    every = await untranslated.queue(session, person, OFFERED, network.language, now)
    mine = [one for one in every if one.language == language]
    if approved:
        mine += await _approved(session, person, language, now)
    # A file that is cut between two lines shows that by its last text if that is one line.
    last = next((one for one in reversed(mine) if "\n" not in one.source), None)
    mine.sort(key=lambda one: one is last)
    return Texts(language, [await _entry(session, network, one, _) for one in mine])


async def _approved(
    session: AsyncSession, person: Person, language: str, now: datetime
) -> list[Segment]:
    """Return the approved translations that this person may put right."""
    theirs = await untranslated.counting_at_once(session, person, now)
    return [
        one
        for one in await untranslated.standing(session, person, now, language=language)
        if one.state == State.APPROVED and not one.is_source and one.subject in theirs
    ]


async def _entry(session: AsyncSession, network: Network, one: Segment, _: Translator) -> Entry:
    limit = translations.LIMITS[one.subject, one.field]
    notes = [
        _.label(
            "file",
            "{what}, from {language}",
            what=kind_of(one.subject, _),
            language=language_name(one.source_language, _),
        ),
        _.nlabel("file", "At most {n} character.", "At most {n} characters.", limit),
    ]
    text = one.text
    context = f"{one.subject}:{one.ref}:{one.field}"
    if one.state == State.APPROVED:
        notes.append(_.label("file", "This text is approved: change it only to put it right."))
        plain = [without_isolates(note) for note in notes]
        return Entry(f"{context}:{one.seal}", one.source, text or "", notes=plain)
    if text is not None:
        notes.append(
            _.label("file", "This text is not finished, or the original has changed since.")
        )
    else:
        draft = await machine.look(
            session, network.machine, one.source, one.source_language, one.language
        )
        if draft is not None and draft.state == Drafting.DONE and draft.result:
            text = draft.result
            notes.append(_.label("file", "A machine has translated this. Nobody has read it yet."))
    plain = [without_isolates(note) for note in notes]
    return Entry(context, one.source, text or "", text is not None, plain)


def kind_of(subject: str, _: Translator) -> str:
    """Return what a text belongs to."""
    return {
        "event": _.label("segment", "Event"),
        "newsletter": _.label("segment", "Newsletter"),
        "picture": _.label("segment", "Words for a picture"),
        "service": _.label("segment", "Service"),
        "step": _.label("segment", "Step of a service"),
        "organization": _.label("segment", "Organisation"),
        "area": _.label("segment", "Area"),
        "template": _.label("segment", "Template of an answer"),
        "cohort": _.label("segment", "Course"),
        "lesson": _.label("segment", "Lesson"),
        "decision": _.label("segment", "Decision"),
        "post": _.label("segment", "Ask or offer"),
    }[subject]


# Bringing back


def read(content: bytes, language: str = "") -> Texts:
    """Return what is in a file that is to be for this language; "" takes the file's word for it.

    Raises:
        FileRefusedError: it cannot be read, or is for another language.
    """
    try:
        texts = po.read(content)
    except po.PoError as error:
        raise FileRefusedError(error.why) from error
    said = texts.language or language
    for offered in [language] if language else OFFERED:
        if _same_language(said, offered):
            return Texts(offered, texts.entries)
    raise FileRefusedError("language", said)


def _same_language(said: str, language: str) -> bool:
    """Say whether a tool has perhaps added a territory: ``uk_UA`` is ``uk``, not ``uk-simple``."""
    first, *more = said.lower().split("-")
    without = "-".join([first, *(part for part in more if len(part) != 2)])
    return language.lower() in (said.lower(), without)


async def check(
    session: AsyncSession, person: Person, texts: Texts, network: Network, now: datetime
) -> Brought:
    """Say of each text of a file whether this person can write it now, and why not.

    Raises:
        NotAllowedError: the person may translate nothing.
    """
    language = texts.language
    every = await untranslated.queue(session, person, OFFERED, network.language, now)
    waiting = {one.key: one for one in every if one.language == language}
    approved = {one.key: one for one in await _approved(session, person, language, now)}
    done = [one for one in texts.entries if one.text.strip() and not one.is_fuzzy]
    said = {(one.context, one.source, one.text): one for one in done}
    times = Counter(_place(context) for context, _source, _text in said)
    ready: list[Ready] = []
    changes: list[Replacement] = []
    refused, same = [], len(done) - len(said)
    for entry in said.values():
        key, seen = _key(entry.context, language)
        no: No | None
        if key is None:
            no = _no(entry, "", Refused.GONE)
        elif times[_place(entry.context)] > 1:
            no = _no(entry, key[0], Refused.TWICE)
        elif key in waiting:
            text, no = _read(entry, waiting[key])
            if no is None:
                ready.append(Ready(key, waiting[key].source, text, waiting[key].seal))
        else:
            there = await untranslated.stands(session, key)
            if there is not None and _alike(there, entry.text):
                same += 1
                continue
            if key in approved and seen and _alike(entry.source, approved[key].source):
                text, no = _changed(entry, approved[key], seen)
                if no is None:
                    source = approved[key].source
                    stood = translations.seal(source, there)
                    changes.append(Replacement(key, source, text, stood, there or ""))
                    continue
            else:
                no = _no(entry, key[0], Refused.GONE if there is None else Refused.DONE)
        if no is not None:
            refused.append(no)
    left = len(texts.entries) - len(done)
    return Brought(language, tuple(ready), tuple(changes), same, left, tuple(refused))


def _place(context: str) -> tuple[str, ...]:
    """Return what names a text in a file, without the seal of what stood there."""
    return tuple(context.split(":")[:3])


def _key(context: str, language: str) -> tuple[Key | None, str]:
    """Return which text is meant, and the seal of the approved words that the file had."""
    subject, ref, name, seen, *_more = [*context.split(":"), "", "", "", ""]
    known = (subject, name) in translations.LIMITS
    return (subject, ref, name, language) if known else None, seen


def _changed(entry: Entry, found: Segment, seen: str) -> tuple[str, No | None]:
    """Return other words for what is approved; no longer, if that was changed meanwhile."""
    if seen != found.seal:
        return "", _no(entry, found.subject, Refused.DONE)
    return _read(entry, found)


def _read(entry: Entry, found: Segment) -> tuple[str, No | None]:
    """Return the text as it is stored, or why it cannot be."""
    if not _alike(entry.source, found.source):
        return "", _no(entry, found.subject, Refused.CHANGED)
    try:
        text = translations.clean(found.subject, found.field, entry.text)
    except NotUnderstoodError as error:
        return "", _no(entry, found.subject, Refused.LONG, str(error.limit))
    for fault in faults(found.source, text, found.language):
        return "", _no(entry, found.subject, Refused(fault.wrong.value), fault.what)
    return text, None


def _alike(one: str, other: str) -> bool:
    """Say whether two texts are the same words: programs may write a letter in two ways."""
    return _normal(one) == _normal(other)


def _normal(text: str) -> str:
    lines = unicodedata.normalize("NFC", text).strip().splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _no(entry: Entry, subject: str, why: Refused, what: str = "") -> No:
    return No(subject, _beginning(entry.source), why, what)


def _beginning(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= BEGINNING else line[: BEGINNING - 1] + "…"


BEGINNING = 40
"""Letters by which somebody finds the text in the file."""


async def check_again(
    session: AsyncSession, person: Person, brought: Brought, network: Network, now: datetime
) -> Brought:
    """Return the same as it is now: what was ready may have been written by others meanwhile."""
    entries = [one.entry for one in (*brought.ready, *brought.changes)]
    texts = Texts(brought.language, entries)
    again = await check(session, person, texts, network, now)
    return replace(
        again,
        same=brought.same + again.same,
        left=brought.left,
        refused=(*brought.refused, *again.refused),
    )


async def write(
    session: AsyncSession, person: Person, brought: Brought, now: datetime
) -> list[Send]:
    """Write what is ready and what changes; return announcements that are drafts again, once each.

    Raises:
        RefusalError: one of them cannot be written, so that nothing is.
    """
    taken_back: dict[int, Send] = {}
    for one in (*brought.ready, *brought.changes):
        send = await translating.write(session, person, one.key, one.text, now, seen=one.seen)
        if send is not None:
            taken_back[send.id] = send
    return list(taken_back.values())


# In words


def change(one: Replacement, _: Translator) -> Html:
    """Return which approved text would change, and into what."""
    return _(
        "<b>{what}</b> “{before}” → “{after}”",
        what=kind_of(one.key[0], _),
        before=_beginning(one.before),
        after=_beginning(one.text),
    )


def reason(no: No, language: str, _: Translator) -> Html:
    """Return which text is not written, and why."""
    named = kind_of(no.subject, _) if no.subject else _.label("segment", "Unknown text")
    return _(
        "<b>{what}</b> “{begin}”: {why}",
        what=named,
        begin=no.source,
        why=_because(no, language, _),
    )


def _because(no: No, language: str, _: Translator) -> str:
    match no.why:
        case Refused.GONE:
            return _("It is not among the texts that you can translate now.")
        case Refused.DONE:
            return _("Somebody has translated it meanwhile.")
        case Refused.CHANGED:
            return _("The original has changed since the file was made.")
        case Refused.TWICE:
            return _("It is in the file twice, with different words.")
        case Refused.LONG:
            return _.ngettext(
                "It has more than {n} character.",
                "It has more than {n} characters.",
                int(no.what),
            )
        case Refused.LOST:
            return _("This is in the original and not in the text: {what}", what=no.what)
        case Refused.ADDED:
            return _("This is in the text and not in the original: {what}", what=no.what)
        case Refused.SCRIPT:
            name = language_name(language, _)
            return _("It does not look like {language}.", language=name)
