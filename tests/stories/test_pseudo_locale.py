"""Every word that is shown comes from the catalogue, from Babel, or from somebody who wrote it.

The English catalogue is replaced by one whose letters all bear an accent, and English dates and
names of languages by the Ukrainian ones. Whoever reads a plain Latin letter then, which nobody
has written, reads a sentence that no translator has seen.
"""

import inspect
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog

from bot.lessons import packed_lessons
from emulator.world import World
from handlers.commands import commands_of
from locales import OFFERED, catalogue, checks, native_name, translator, translator_for
from tests.stories import (
    reading,
    steps,
    test_animator,
    test_correction,
    test_event,
    test_joining,
    test_picture,
    test_pulse,
    test_support,
)
from tests.stories.conftest import Coming, Somebody, Stage
from tests.stories.reading import bare

PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ACCENTED = "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞɊŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýž"
KEPT = re.compile(r"\{\w+\}|<[^>]*>|&\w+;|https?://[^\s<>\"]+|(?<![\w/<])/[a-z_]+")
"""What of a sentence is no language: fields, tags, entities, addresses, commands."""


def decorated(sentence: str) -> str:
    """Return a sentence as the pseudo-language has it."""
    accents = str.maketrans(PLAIN, ACCENTED)
    kept = [*KEPT.findall(sentence), ""]
    spoken = [part.translate(accents) for part in KEPT.split(sentence)]
    return "".join(said + as_it_is for said, as_it_is in zip(spoken, kept, strict=True))


def pseudo_catalogue() -> Catalog:
    """Return a translation of the template into the pseudo-language, all plural forms."""
    made = catalogue.updated(catalogue.read(catalogue.TEMPLATE), Catalog(), "en")
    for message in made:
        if message.id:
            message.string = in_the_pseudo_language(message.string)
    return made


@pytest.fixture
def pseudo_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let those who read English read the pseudo-language."""
    folder = tmp_path / "locales"
    for language in OFFERED:
        path = folder / language / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        path.write_bytes(catalogue.path_of(language).read_bytes())
    (folder / "en" / "LC_MESSAGES" / "messages.po").write_text(
        catalogue.text_of(pseudo_catalogue(), "en")
    )
    monkeypatch.setattr(translator, "FOLDER", folder)
    monkeypatch.setitem(translator.FORMATS, "en", "uk")
    for forget in (translator_for.cache_clear, reading.forget):
        forget()
    yield
    for forget in (translator_for.cache_clear, reading.forget):
        forget()


def test_the_pseudo_language_is_sound() -> None:
    made = pseudo_catalogue()
    for check in (checks.incomplete, checks.wrong_fields, checks.wrong_tags, checks.wrong_links):
        assert list(check(made, "en")) == []
    assert decorated("Say <b>no</b>, {name}: /help") == "Šåý <b>ñö</b>, {name}: /help"


def listening_to(stage: Stage) -> list[str]:
    """Return everything that is shown from now on to those who read the pseudo-language."""
    shown: list[str] = []

    def listen(event: dict[str, Any]) -> None:
        readers = {person.id for person in stage.people.values() if person.language == "en"}
        if event["person"] not in readers:
            return
        if event["type"] == "toast":
            shown.append(event["text"])
        elif event["type"] in {"message", "edit"} and event["message"]["from"] == "bot":
            shown.extend(read_in(event["message"]))

    stage.emulator.world.listeners.add(listen)
    return shown


def read_in(message: dict[str, Any]) -> Iterator[str]:
    """Yield all that can be read in a message: its text, its buttons, the name of its file."""
    yield message["text"]
    yield from (button["text"] for row in message["buttons"] for button in row)
    yield from texts_in(message["keyboard"])
    attachment = message["attachment"] or {}
    yield from (attachment[key] for key in ("title", "address") if key in attachment)
    if attachment.get("kind") == "document":
        yield attachment["file_name"].rpartition(".")[0]


def texts_in(part: Any) -> Iterator[str]:
    """Yield what is written on a keyboard and in its field."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in {"text", "input_field_placeholder"}:
                yield value
            else:
                yield from texts_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts_in(value)


def introduced(world: World) -> Iterator[str]:
    """Yield what the bot says about itself in the pseudo-language, or where it knows no other."""
    for where, commands in world.commands.items():
        if where.rpartition(":")[2] in {"", "en"} and not where.startswith("chat:"):
            yield from (command["description"] for command in commands)
    for texts in world.profile.values():
        yield from (text for language, text in texts.items() if language in {"", "en"})


SENT = {"flyer.png"}
"""Files that people send have the names that they give them."""


def written(world: World) -> set[str]:
    """Return what people have written, line by line, and what they and languages are called.

    Everybody is asked for their language in all of them. The lessons that come with the program
    are written language by language, and are in no catalogue.
    """
    lines = {native_name(language) for language in OFFERED}
    for lesson in packed_lessons():
        lines |= {line for text in lesson.texts["en"].values() for line in text.split("\n")}
    for person in world.people.values():
        lines |= {person.first_name, person.last_name, person.username}
        for message in person.messages.values():
            if not message["from"]["is_bot"]:
                words = message.get("text", "") + "\n" + message.get("caption", "")
                lines |= {re.sub(r"^\d+\. ", "", line).strip() for line in words.split("\n")}
    others = [catalogue.read(catalogue.path_of(read)) for read in OFFERED if read != "en"]
    for sentence in (sentence for other in others for sentence in other):
        if sentence.context == "language choice":
            lines.add(str(sentence.string))
    lines |= {blob.name.rpartition(".")[0] for blob in world.blobs.values() if blob.name in SENT}
    return (lines | {"Europe/Paris"}) - {""}


def in_the_pseudo_language(typed: Any) -> Any:
    """Return what a story expects, decorated."""
    return decorated(typed) if isinstance(typed, str) else tuple(map(decorated, typed))


def foreign(shown: Iterable[str], known: set[str]) -> list[str]:
    """Return the texts with words in them that are neither a catalogue's nor known.

    What is known may have been cut short, which a sign at its end says.
    """
    longest_first = sorted(known, key=len, reverse=True)
    own = re.compile("|".join(rf"(?<!\w){re.escape(words)}(?!\w)" for words in longest_first))
    rest = {text: own.sub("", KEPT.sub("", bare(text))) for text in shown}
    found = {
        text
        for text, left in rest.items()
        for line in left.split("\n")
        if re.search("[A-Za-z]", line)
        and not (line.endswith("…") and any(line[:-1] in words for words in known))
    }
    return sorted(found)


def test_what_comes_from_no_catalogue_is_seen() -> None:
    known = {"Amina", "Winter news"}
    fine = ["Ĥéļļö, \u2068Amina\u2069: /help", "25 листопада", "📰 Winter news", "5 / 7"]
    hard_coded = ["Hello, Amina", "Winter news of Ĵåñûåŕý", "events"]
    assert foreign(fine + hard_coded, known) == sorted(hard_coded)


async def everybody_opens_what_there_is(stage: Stage, animator: Coming) -> None:
    """Let a member, an adviser, an animator who coordinates, and a guest look at everything."""
    boss = await animator()
    await steps.sets_up_a_directory(boss)
    adviser, amina = await steps.staff(boss), await stage.member("Amina")
    guest = stage.meet("Guest")
    await guest.starts()
    await guest.presses("English")
    await steps.an_event(boss, places=1)
    await steps.announced(boss)
    await amina.presses("Going")
    await amina.presses("Put it in my calendar")
    await steps.a_request(amina)
    await adviser.presses("Show what was shared")
    await stage.play(days=3)
    commands = [command for command, _said in commands_of(translator_for("en"))]
    for somebody in (guest, amina, adviser, boss):
        for command in (*commands, "animate", "referrals", "report"):
            await somebody.says(f"/{command}")
            await opens_all(somebody)


async def opens_all(somebody: Somebody) -> None:
    """Press each button of the last message once."""
    number = somebody.last["message_id"]
    buttons = [button["data"] for row in somebody.last["buttons"] for button in row]
    for data in filter(None, buttons):
        if not data.startswith("la:"):  # they go on reading the pseudo-language
            somebody.stage.emulator.world.press(somebody.id, number, data, forged=True)
            await somebody.stage.settled()


Story = Callable[..., Coroutine[Any, Any, None]]

TOLD_FIRST: tuple[Story, ...] = (
    everybody_opens_what_there_is,
    test_animator.test_a_second_animator_comes_by_a_link_approves_and_is_let_go,
    test_pulse.test_who_came_is_asked_the_next_morning_and_the_coordinator_reads_what_came_of_it,
    test_support.test_a_disagreement_goes_to_the_team_and_is_settled,
)
"""Between them they show the screens of everybody; the others are told when there is time."""
WORD_FOR_WORD = {
    test_animator.test_a_newsletter_goes_out_in_two_languages_and_one_message_shows_how_far_it_is,
    test_joining.test_a_newcomer_joins_and_tells_a_little,
    test_joining.test_everything_can_be_seen_taken_along_and_erased,
}
"""What these expect is typed in them in real languages, on purpose."""
SOUGHT_IN = (
    *(test_animator, test_correction, test_event, test_joining),
    *(test_picture, test_pulse, test_support),
)
TOLD_LATER = [
    story
    for module in SOUGHT_IN
    for name, story in vars(module).items()
    if name.startswith("test_") and story not in {*TOLD_FIRST, *WORD_FOR_WORD}
]
STORIES = [*TOLD_FIRST, *(pytest.param(story, marks=pytest.mark.soak) for story in TOLD_LATER)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
@pytest.mark.usefixtures("pseudo_english")
async def test_every_word_that_is_shown_comes_from_the_catalogue(
    story: Story, stage: Stage, animator: Coming, monkeypatch: pytest.MonkeyPatch
) -> None:
    for typed in (test_pulse.NOTICE, test_pulse.FIGURES, test_pulse.FILE):
        monkeypatch.setitem(typed, "en", in_the_pseudo_language(typed["en"]))
    # What stands in the directory has to be what somebody has typed.
    if "a_directory" in vars(inspect.getmodule(story)):
        monkeypatch.setattr(inspect.getmodule(story), "a_directory", steps.sets_up_a_directory)
    shown = listening_to(stage)
    given = {"stage": stage, "animator": animator, "monkeypatch": monkeypatch}
    await story(**{name: given.get(name, "en") for name in inspect.signature(story).parameters})
    world = stage.emulator.world
    assert foreign([*introduced(world), *shown], written(world)) == []
