"""Writing the words of an event or a newsletter, language by language, and seeing them as read.

Both desks (``planning``, ``sends``) use these pieces: the list of languages with how far each is,
the forms that write one of them, and the preview as a reader of that language gets it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import sends, translations
from community.base import find
from community.events import Event
from community.sends import OPTIONS, Send
from community.translations import Standing, State
from community.votes import FEWEST, QUESTION
from handlers.content import check_faithful, named
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import Button, Message, Page, Replies, Reply, lines, say, toast
from handlers.staff import TEAM, AsTheyStand, router_for
from locales import OFFERED, Html, Translator, language_name, native_name, translator_for


class Write(CallbackData, prefix="ww"):
    """Write one language of an event (``desk`` "e") or of a send ("s")."""

    desk: str
    ref: str
    language: str


class See(CallbackData, prefix="wv"):
    """See an event or a send as a reader of this language gets it."""

    desk: str
    ref: str
    language: str


class OnlyPreview(CallbackData, prefix="wo"):
    """Every button of a preview: it shows where a button will be, and does nothing."""


# Languages and how far they are


def state_label(state: State, _: Translator) -> str:
    """Return how far a language is, in one word."""
    return {
        State.MISSING: _.label("translation", "missing"),
        State.MACHINE: _.label("translation", "machine text"),
        State.DRAFT: _.label("translation", "draft"),
        State.APPROVED: _.label("translation", "ready"),
        State.STALE: _.label("translation", "out of date"),
    }[state]


def language_rows(
    page: Page,
    desk: str,
    ref: str,
    source: str,
    found: Mapping[str, Standing],
    *,
    is_bound: bool = False,
) -> list[list[Button]]:
    """Return two buttons for each offered language: write it, see it as its readers do.

    ``is_bound``: what its author wrote is to be seen alone.
    """
    _ = page._
    rows = []
    for language in sorted({*OFFERED, source}, key=lambda code: (code != source, code)):
        state = found[language].state if language in found else State.MISSING
        label = _.label(
            "button",
            "✏️ {language}: {state}",
            language=native_name(language),
            state=state_label(state, _),
        )
        see = _.label("button", "👁 {language}", language=native_name(language))
        row = [Button(see, See(desk=desk, ref=ref, language=language))]
        if language != source or not is_bound:
            row.insert(0, Button(label, Write(desk=desk, ref=ref, language=language)))
        rows.append(row)
    return rows


def read_aloud(page: Page, subject: str, ref: str) -> list[Button]:
    """Return the button that leads to these texts as they stand, to be read aloud."""
    return [
        Button(page._.label("button", "🎙 Read it aloud"), AsTheyStand(subject=subject, ref=ref))
    ]


# Writing one language


async def _subject(session: AsyncSession, desk: str, ref: str, field: str) -> tuple[str, int]:
    if desk == "e":
        return "event", (await find(session, Event, ref)).id
    send = await find(session, Send, ref)
    return (sends.PICTURE, send.id) if field == sends.PICTURE else send.subject


async def _standings(
    session: AsyncSession, desk: str, ref: str
) -> tuple[str, Mapping[str, Standing]]:
    if desk == "e":
        event = await find(session, Event, ref)
        return await translations.standings(session, "event", event.id)
    return await sends.standings(session, await find(session, Send, ref))


async def write(
    query: Any, callback_data: Write, session: AsyncSession, state: FSMContext
) -> Replies:
    """Ask for the words of one language, field by field, beside those of the source."""
    desk, ref, language = callback_data.desk, callback_data.ref, callback_data.language
    if language not in OFFERED:
        return [toast("old_button")]
    source, found = await _standings(session, desk, ref)
    needed = ("title", "body", "description", "speakers", QUESTION, *OPTIONS)
    fields = [field for field in needed if field in found[source].fields]
    if language == source and "speakers" in fields:
        fields.remove("speakers")  # whoever names them says that they agreed
    if desk == "s":
        send = await find(session, Send, ref)
        if send.kind == sends.Kind.OFFER and language == source:
            return [toast("old_button")]
        if send.of_id is not None and language in found and OPTIONS[0] in found[language].fields:
            fields = [field for field in fields if field not in OPTIONS]  # members have chosen
        if send.picture is not None:
            fields.append(sends.PICTURE)
    return await begin(WORDS[tuple(fields)], state, desk=desk, ref=ref, language=language)


def words_field(name: str) -> Field:
    """Return the question for one text of ``about["ref"]`` in ``about["language"]``."""

    async def ask(page: Page, about: Mapping[str, Any], answers: Mapping[str, Any]) -> Question:
        _ = page._
        source, found = await _standings(page.session, about["desk"], about["ref"])
        language, texts = about["language"], found[source].fields
        name_of = language_name(language, _)
        asked = {
            "title": _("Write the title. Language: {language}", language=name_of),
            "description": _("Write the description. Language: {language}", language=name_of),
            "speakers": _(
                "Who speaks, and of what? One line for each. Language: {language}",
                language=name_of,
            ),
            "body": _("Write the text. Language: {language}", language=name_of),
            QUESTION: _("Write the question. Language: {language}", language=name_of),
            **dict.fromkeys(
                OPTIONS, _("Write this answer. Language: {language}", language=name_of)
            ),
            "picture": _(
                "What is in the picture? Write it for those who cannot see it, or cannot read "
                "what is on it. Language: {language}",
                language=name_of,
            ),
        }[name]
        shown = found[language].fields.get(name) if language in found else None
        return Question(
            lines(
                asked,
                *_beside(page, source, texts.get(name)),
                *(_beside(page, language, shown) if language != source else ()),
            ),
            [(_cut(about["under_it"]), UNDER_IT)] if "under_it" in about else [],
        )

    async def read(answering: Answering, text: str) -> str:
        about = answering.about
        if "under_it" in about and answering.chosen:
            text = about["under_it"]
        subject, _id = await _subject(answering.session, about["desk"], about["ref"], name)
        source, found = await _standings(answering.session, about["desk"], about["ref"])
        if about["language"] != source:
            check_faithful(found[source].fields.get(name), text, about["language"])
        return translations.clean(subject, name, text)

    return Field(name, ask, read)


UNDER_IT = "under"
"""The answer that means: what was written under the picture."""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


def _beside(page: Page, language: str, text: str | None) -> list[Html]:
    if not text:
        return []
    shown = text if len(text) <= 2500 else text[:2500] + "…"
    return [Html(""), *named(page, language, shown)]


async def _described(answering: Answering) -> Replies:
    about = answering.about
    await sends.edit(
        answering.session,
        answering.person,
        about["ref"],
        answering.now,
        language=about["language"],
        texts=dict(answering.answers),
    )
    return [say("send.card", ref=about["ref"])]


async def _written(answering: Answering) -> Replies:
    about, texts = answering.about, dict(answering.answers)
    session, actor, now = answering.session, answering.person, answering.now
    if about["desk"] == "e":
        language = about["language"]
        send = await sends.translate_event(session, actor, about["ref"], language, texts, now)
        return [say("plan.words", ref=about["ref"]), *unapproved(send)]
    ref, language = about["ref"], about["language"]
    await sends.write_language(session, actor, ref, language, texts, now)
    return [say("send.words", ref=ref)]


def unapproved(send: Send | None) -> Replies:
    """Return what to say of an announcement whose words have changed since its approval."""
    return [say("send.unapproved"), say("send.card", ref=send.ref)] if send else []


def _to_words(about: Mapping[str, Any]) -> Reply:
    return say("plan.words" if about["desk"] == "e" else "send.words", ref=about["ref"])


def _form(name: str, *fields: str) -> Form:
    return Form(name, [words_field(field) for field in fields], _written, home=_to_words)


_ASKING = ("title", "body", QUESTION)


def _votes() -> dict[tuple[str, ...], Form]:
    """Return the forms of newsletters with a question, which is the title of one that is alone."""
    found = {}
    for many in range(FEWEST, len(OPTIONS) + 1):
        for words in (("title",), _ASKING):
            for picture in ((), (sends.PICTURE,)):
                fields = (*words, *OPTIONS[:many], *picture)
                name = f"words.vote{many}{''.join(field[0] for field in (*words, *picture))}"
                found[fields] = _form(name, *fields)
    return found


WORDS: Mapping[tuple[str, ...], Form] = {
    **_votes(),
    ("title", "description"): _form("words.event", "title", "description"),
    ("title", "speakers"): _form("words.panel", "title", "speakers"),
    ("title", "description", "speakers"): _form("words.talk", "title", "description", "speakers"),
    ("title", "speakers", "picture"): _form("words.stage", "title", "speakers", "picture"),
    ("title", "description", "speakers", "picture"): _form(
        "words.show", "title", "description", "speakers", "picture"
    ),
    _ASKING: _form("words.asking", *_ASKING),
    (*_ASKING, sends.PICTURE): _form("words.shown", *_ASKING, sends.PICTURE),
    ("title",): _form("words.title", "title"),
    ("title", "body"): _form("words.news", "title", "body"),
    ("title", "description", "picture"): _form("words.flyer", "title", "description", "picture"),
    ("title", "picture"): _form("words.poster", "title", "picture"),
    ("title", "body", "picture"): _form("words.pictured", "title", "body", "picture"),
}
"""The form that writes one language, by the fields that there are."""
PICTURE_WORDS = Form(
    "words.picture",
    [words_field("picture")],
    _described,
    home=lambda about: say("send.card", ref=about["ref"]),
)


# Seeing it as a reader does


def as_reader_of(page: Page, language: str) -> Page:
    """Return the page as somebody who reads this language would have it."""
    return replace(page, _=translator_for(language), second=None)


def inert(message: Message, language: str) -> Message:
    """Return the message with buttons that do nothing, in the direction of its own language."""
    rows = [[Button(button.text, OnlyPreview()) for button in row] for row in message.rows]
    return replace(message, rows=rows, live=False, language=language)


async def see(query: Any, callback_data: See) -> Replies:
    """Show the preview as a message of its own."""
    if callback_data.language not in OFFERED:
        return [toast("old_button")]
    kind = "plan.preview" if callback_data.desk == "e" else "send.preview"
    return [say(kind, ref=callback_data.ref, language=callback_data.language)]


async def only_preview(query: Any) -> Replies:
    """Say that this button is only shown."""
    return [toast("preview.only")]


async def preview_only(page: Page) -> Message:
    """Say why nothing happened."""
    return Message(page._.label("toast", "This is only a preview."))


CARDS = {"preview.only": preview_only}
FORMS = (*WORDS.values(), PICTURE_WORDS)


def setup() -> Router:
    """Take the buttons of the list of languages and of previews."""
    router = Router(name="wording")
    router.callback_query.register(only_preview, OnlyPreview.filter())
    desk = router_for("wording desk", TEAM)
    desk.callback_query.register(write, Write.filter())
    desk.callback_query.register(see, See.filter())
    router.include_router(desk)
    return router
