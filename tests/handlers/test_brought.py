"""What a file of texts brings: each is checked against what stands now, and by whom it may be."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from community import conversations, people, translating, translations, untranslated
from community.areas import Area
from community.errors import ChangedError, FileRefusedError, NotAllowedError
from community.people import Person
from community.roles import Role, RoleName
from community.sends import Kind, Send
from handlers import brought
from handlers.brought import Brought, Refused
from locales import translator_for
from reports.po import Entry, Texts, read, written
from tests.handlers.conftest import NETWORK, Calling

KEY = ("newsletter", "title", "uk")


async def the_team(session: AsyncSession, now: datetime, *names: RoleName) -> Person:
    """Let one person with these roles and one reader of Ukrainian join."""
    reader = await people.meet(session, 2, now, name="Iryna")
    reader.language = "uk"
    await people.join(session, reader, now, terms_version="1", language="uk")
    person = await people.meet(session, 1, now, name="Boss")
    await people.join(session, person, now, terms_version="1", language="en")
    session.add_all(Role(person_id=person.id, name=name, granted_at=now) for name in names)
    await session.flush()
    return person


async def a_letter(session: AsyncSession, now: datetime, **words: str) -> Send:
    send = Send(kind=Kind.NEWSLETTER, made_at=now)
    session.add(send)
    await session.flush()
    await translations.write(session, None, "newsletter", send.id, "en", words, now)
    return send


async def an_area(session: AsyncSession, now: datetime, name: str) -> Area:
    area = Area(zone="Europe/Paris", made_at=now)
    session.add(area)
    await session.flush()
    await translations.write(session, None, "area", area.id, "en", {"name": name}, now)
    return area


async def taken(session: AsyncSession, person: Person, now: datetime) -> Texts:
    _ = translator_for("en")
    return await brought.texts_for(session, person, "uk", NETWORK, now, _)


async def checked(
    session: AsyncSession, person: Person, now: datetime, *entries: Entry
) -> Brought:
    return await brought.check(session, person, Texts("uk", entries), NETWORK, now)


async def test_each_takes_along_what_their_roles_let_them_translate(
    session: AsyncSession, now: datetime
) -> None:
    boss = await the_team(session, now, RoleName.COORDINATOR)
    await a_letter(session, now, title="News")
    area = await an_area(session, now, "Old Town")
    (entry,) = (await taken(session, boss, now)).entries
    assert entry.context == f"area:{area.ref}:name"
    assert list(entry.notes) == ["Area, from English", "At most 60 characters."]
    session.add(Role(person_id=boss.id, name=RoleName.ANIMATOR, granted_at=now))
    await session.flush()
    assert [e.source for e in (await taken(session, boss, now)).entries] == ["News", "Old Town"]
    somebody = await people.meet(session, 3, now, name="Somebody")
    with pytest.raises(NotAllowedError):
        await taken(session, somebody, now)
    with pytest.raises(NotAllowedError):
        await checked(session, somebody, now, replace(entry, text="Старе місто"))


async def test_what_is_out_of_date_is_fuzzy_and_what_is_right_again_can_be_confirmed(
    session: AsyncSession, now: datetime
) -> None:
    boss = await the_team(session, now, RoleName.ANIMATOR)
    letter = await a_letter(session, now, title="News of winter")
    there = ("newsletter", letter.id)
    await translations.write(session, boss, *there, "uk", {"title": "Новини"}, now)
    assert (await taken(session, boss, now)).entries == []
    await translations.write(session, boss, *there, "en", {"title": "The winter's news"}, now)
    (entry,) = (await taken(session, boss, now)).entries
    assert (entry.text, entry.is_fuzzy) == ("Новини", True)
    assert "the original has changed since" in entry.notes[-1]
    assert await checked(session, boss, now, entry) == Brought("uk", left=1)
    found = await checked(session, boss, now, replace(entry, is_fuzzy=False))
    await brought.write(session, boss, found, now)
    assert (await taken(session, boss, now)).entries == []


async def test_each_text_that_cannot_be_written_has_its_reason(
    session: AsyncSession, now: datetime
) -> None:
    boss = await the_team(session, now, RoleName.ANIMATOR)
    await a_letter(session, now, title="News of 2026", body="See /menu.")
    area = await an_area(session, now, "Old Town")
    title, body = (await taken(session, boss, now)).entries
    if title.source != "News of 2026":
        title, body = body, title

    async def why(*entries: Entry) -> list[tuple[Refused, str]]:
        found = await checked(session, boss, now, *entries)
        assert found.ready == ()
        return [(no.why, no.what) for no in found.refused]

    good = replace(title, text="Новини 2026")
    assert len((await checked(session, boss, now, good)).ready) == 1
    for context in ("", "x", "newsletter:x", "newsletter:nothing:title", "a:b:c:d", "area::name"):
        assert await why(replace(good, context=context)) == [(Refused.GONE, "")]
    of_others = Entry(f"area:{area.ref}:name", "Old Town", "Старе місто")
    assert await why(of_others) == [(Refused.GONE, "")]
    assert await why(replace(good, source="News of 2025")) == [(Refused.CHANGED, "")]
    assert await why(replace(good, text="Новини")) == [(Refused.LOST, "2026")]
    assert await why(replace(body, text="Див. /menu і /help.")) == [(Refused.ADDED, "/help")]
    assert await why(replace(good, text="Nachrichten 2026")) == [(Refused.SCRIPT, "uk")]
    assert await why(replace(good, text="Новини 2026" + "о" * 120)) == [(Refused.LONG, "120")]
    assert await why(good, replace(good, text="Вісті 2026")) == [(Refused.TWICE, "")] * 2
    twice = await checked(session, boss, now, good, replace(good))
    assert (len(twice.ready), twice.same) == (1, 1)
    left = await checked(session, boss, now, title, replace(good, is_fuzzy=True))
    assert left == Brought("uk", left=2)


async def test_a_file_is_written_as_a_whole_or_not_at_all(
    database: Database, now: datetime
) -> None:
    async with database.transaction() as session:
        boss = await the_team(session, now, RoleName.ANIMATOR)
        await a_letter(session, now, title="News", body="Hello")
        texts = await taken(session, boss, now)
        said = [replace(entry, text="Слова") for entry in texts.entries]
        found = await checked(session, boss, now, *said)
        assert len(found.ready) == 2
        role = await session.get_one(Role, 1)
        role.revoked_at = now
    async with database.transaction() as session:
        boss = await session.get_one(Person, boss.id)
        with pytest.raises(NotAllowedError):
            await brought.write(session, boss, found, now)
    async with database.transaction() as session:
        role = await session.get_one(Role, 1)
        role.revoked_at = None
        await session.flush()
        boss = await session.get_one(Person, boss.id)
        assert (await taken(session, boss, now)) == texts


async def test_what_others_wrote_meanwhile_stays_and_the_same_words_are_no_mistake(
    session: AsyncSession, now: datetime
) -> None:
    boss = await the_team(session, now, RoleName.ANIMATOR)
    await a_letter(session, now, title="Cafe\u0301", body="Hello\nyou")
    entries = (await taken(session, boss, now)).entries
    for one in await untranslated.queue(session, boss, ["uk"], "en", now):
        words = "Йод" if one.field == "title" else "Вітаю\nвас"
        await translating.write(session, boss, one.key, words, now)
    # Some programs write a letter and its mark as one, and leave a space at the end of a line.
    back = {"Cafe\u0301": "И\u0306од", "Hello\nyou": "Вітаю \nвас\n"}
    same = [replace(entry, text=back[entry.source]) for entry in entries]
    assert await checked(session, boss, now, *same) == Brought("uk", same=2)
    other = await checked(session, boss, now, replace(same[0], text="Інше"))
    assert [no.why for no in other.refused] == [Refused.DONE]


async def test_a_draft_that_came_after_the_file_was_looked_through_is_not_written_over(
    session: AsyncSession, now: datetime
) -> None:
    boss = await the_team(session, now, RoleName.ANIMATOR)
    await a_letter(session, now, title="News")
    (entry,) = (await taken(session, boss, now)).entries
    found = await checked(session, boss, now, replace(entry, text="Новини"))
    assert len(found.ready) == 1
    translator = await people.meet(session, 3, now, name="Tarik")
    await people.join(session, translator, now, terms_version="1", language="uk")
    session.add(Role(person_id=translator.id, name=RoleName.TRANSLATOR, granted_at=now))
    await session.flush()
    await translating.write(session, translator, found.ready[0].key, "Вісті", now)
    assert await brought.check_again(session, boss, found, NETWORK, now) != found
    with pytest.raises(ChangedError):
        await brought.write(session, boss, found, now)


@pytest.mark.parametrize("name", [RoleName.ANIMATOR, RoleName.TRANSLATOR])
async def test_what_is_approved_changes_only_from_the_words_that_the_file_was_made_with(
    session: AsyncSession, now: datetime, name: RoleName
) -> None:
    boss = await the_team(session, now, name)
    letter = await a_letter(session, now, title="News", body="Hello")
    there = ("newsletter", letter.id)
    await translations.write(session, None, *there, "uk", {"title": "Новини"}, now)
    _ = translator_for("en")
    texts = await brought.texts_for(session, boss, "uk", NETWORK, now, _, approved=True)
    by_source = {entry.source: entry for entry in texts.entries}
    if name == RoleName.TRANSLATOR:
        assert set(by_source) == {"Hello"}, "a translator puts nothing right that is approved"
        seal = translations.seal("News", "Новини")
        forged = Entry(f"newsletter:{letter.ref}:title:{seal}", "News", "Вісті")
        (no,) = (await checked(session, boss, now, forged)).refused
        assert no.why == Refused.DONE
        return
    title, body = by_source["News"], replace(by_source["Hello"], text="Вітаю")
    assert (title.text, title.is_fuzzy) == ("Новини", False)
    assert "This text is approved: change it only to put it right." in title.notes
    found = await checked(session, boss, now, title, body)
    assert (found.same, len(found.ready), found.changes) == (1, 1, ())
    better = replace(title, text="Вісті")
    found = await checked(session, boss, now, better, body)
    assert Brought.of(found.kept()) == found
    (change,) = found.changes
    assert (change.before, change.text, len(found.ready)) == ("Новини", "Вісті", 1)
    assert await brought.check_again(session, boss, found, NETWORK, now) == found
    unsealed = replace(better, context=better.context.rpartition(":")[0])
    lost = replace(better, text="Новини 7")
    for entry, why in (
        (unsealed, Refused.DONE),
        (lost, Refused.ADDED),
        (replace(better, source="Other"), Refused.DONE),
    ):
        wrong = await checked(session, boss, now, entry)
        assert (wrong.changes, [no.why for no in wrong.refused]) == ((), [why])
    twice = await checked(session, boss, now, better, replace(unsealed, text="Ще раз"))
    assert {no.why for no in twice.refused} == {Refused.TWICE}
    await translations.write(session, None, *there, "uk", {"title": "Слова"}, now)
    with pytest.raises(ChangedError):
        await brought.write(session, boss, replace(found, ready=()), now)
    overtaken = await checked(session, boss, now, better)
    assert (overtaken.changes, overtaken.refused[0].why) == ((), Refused.DONE)
    await translations.write(session, None, *there, "uk", {"title": "Новини"}, now)
    await brought.write(session, boss, found, now)
    shelf = (await translations.shelves(session, *there[:1], [letter.id]))[letter.id]
    assert shelf.complete["uk"] == {"title": "Вісті", "body": "Вітаю"}


async def test_every_reason_has_its_words_in_every_language(now: datetime) -> None:
    for language in ("en", "fr", "ar", "uk"):
        _ = translator_for(language)
        told = {
            brought.reason(brought.No("event", "News", why, "120"), "uk", _) for why in Refused
        }
        assert len(told) == len(Refused)


@pytest.mark.parametrize(
    ("said", "asked", "taken_for"),
    [
        ("uk", "uk", "uk"),
        ("uk_UA", "uk", "uk"),
        ("UK", "uk", "uk"),
        ("", "uk", "uk"),
        ("uk_UA", "", "uk"),
        ("ar", "uk", None),
        ("uk-simple", "uk", None),
        ("Ukrainian", "uk", None),
        ("tlh", "", None),
        ("", "", None),
    ],
)
def test_a_file_is_for_the_language_that_was_asked_for(
    said: str, asked: str, taken_for: str | None
) -> None:
    content = written(Texts(said, [Entry("event:a:title", "a", "b")]))
    assert read(content).language == said.replace("_", "-")
    if taken_for is None:
        with pytest.raises(FileRefusedError):
            brought.read(content, asked)
    else:
        assert brought.read(content, asked).language == taken_for


async def test_a_member_who_forges_the_buttons_of_a_file_is_refused(phone: Calling) -> None:
    member = await phone(1)
    for data in ("uf:uk:take", "uf:uk:bring", "uw:abc:write"):
        await member.sends_data(data)
    assert member.toasts == ["You cannot do this with the role you have."] * 3
    boss = await phone(2, "en", RoleName.ANIMATOR)
    await boss.sends_data("uw:abc:write")
    assert boss.toasts == ["This question is no longer open."]


async def test_in_an_arabic_list_of_reasons_each_value_keeps_its_direction(
    phone: Calling, database: Database, now: datetime
) -> None:
    boss = await phone(1, "ar", RoleName.ANIMATOR)
    no = brought.No("newsletter", "See you!", Refused.LOST, "https://example.org/")
    kept = Brought("uk", refused=(no,) * 6).kept()
    async with database.transaction() as session:
        row = await conversations.begun(session, 1, now)
        row.data = {"brought": {**kept, "mark": "m"}}
    shown = await boss.gets("desk.refused", mark="m")
    assert shown is not None
    assert shown.file is not None
    assert isinstance(shown.file.content, bytes)
    assert shown.file.name == "غير-محفوظ-uk.txt"
    assert shown.file.content.decode("utf-8-sig").split("\n")[0] == (
        "\u200f\u2068نشرة إخبارية\u2069 «\u2068See you!\u2069»: "
        "\u2068هذا موجود في الأصل وغير موجود في النص: \u2068https://example.org/\u2069\u2069"
    )
