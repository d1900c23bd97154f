"""Lessons and the check of skills: what is kept of whom, what comes with the program, figures."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.database import Database
from bot.lessons import SOURCE, packed_lessons
from community import erasure, lessons, people, skills, translations
from community.errors import (
    ChangedError,
    IllegalMoveError,
    NotAMemberError,
    NotFoundError,
    NotUnderstoodError,
)
from community.figures import Hidden
from community.lessons import ANSWERS, SUBJECT, Leads, Lesson, LessonProgress, Packed, State
from community.lifecycle import Who
from community.people import Membership, Person
from community.roles import Role, RoleName
from community.sends import Picture
from community.skills import How, Skill
from community.translations import Reads
from locales import OFFERED, translator_for, without_isolates

WORDS = {
    "title": "Opening hours",
    "screen1": "Write your hours on the door.",
    "question": "Where?",
    "answer1": "On the door",
    "answer2": "Nowhere",
}


async def somebody(
    session: AsyncSession, number: int, now: datetime, *held: RoleName, is_member: bool = True
) -> Person:
    person = await people.meet(session, number, now, name=f"P{number}")
    person.state = Membership.ACTIVE if is_member else Membership.JOINING
    session.add_all(Role(person_id=person.id, name=name, granted_at=now) for name in held)
    await session.flush()
    return person


async def listed(
    session: AsyncSession, reader: Person, now: datetime
) -> Sequence[lessons.Offered]:
    return await lessons.offered(session, reader, Reads("ar"), "en", now)


async def test_the_programs_lessons_are_whole_in_every_language_that_it_speaks(
    session: AsyncSession, now: datetime
) -> None:
    packed = packed_lessons()
    for one in packed:
        assert set(one.texts) == set(OFFERED), one.code
        (fields,) = {tuple(texts) for texts in one.texts.values()}
        answers = [field for field in ANSWERS if field in fields]
        assert 1 <= one.right <= len(answers), one.code
        assert one.leads in Leads
    assert await lessons.install(session, packed, SOURCE, now) == len(packed)
    member = await somebody(session, 1, now)
    offered = await listed(session, member, now)
    assert {one.lesson.code for one in offered} == {one.code for one in packed if not one.for_team}
    assert all(one.block.language == "ar" for one in offered)
    codes = {one.code for one in packed}
    assert set(skills.LESSONS.values()) <= codes, "what the check of skills suggests is there"


def test_the_lesson_on_calls_names_the_buttons_as_they_are_called() -> None:
    (calls,) = [one.texts for one in packed_lessons() if one.code == "calls"]
    for language in OFFERED:
        _ = translator_for(language)
        for label in ("✅ Going", "💻 Join online", "💻 Open it"):
            assert without_isolates(_.label("button", label)) in calls[language]["screen2"]


async def test_a_newer_program_brings_newer_words_but_leaves_what_an_animator_wrote_or_took_down(
    session: AsyncSession, now: datetime
) -> None:
    packed = packed_lessons()
    await lessons.install(session, packed, SOURCE, now)
    assert await lessons.install(session, packed, SOURCE, now) == 0
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    first = await session.scalar(select(Lesson).where(Lesson.code == packed[0].code))
    assert first is not None
    await lessons.write(session, animator, first.ref, "fr", {"title": "À nous"}, now)
    await lessons.withdraw(session, animator, first.ref, now)
    newer = {language: {**texts, "screen1": "New"} for language, texts in packed[0].texts.items()}
    assert await lessons.install(session, [replace(packed[0], texts=newer)], SOURCE, now) == 1
    assert first.state == State.WITHDRAWN
    found = (await translations.shelves(session, SUBJECT, [first.id]))[first.id].complete
    assert found["fr"]["title"] == "À nous"
    assert found["fr"]["screen1"] == found["uk"]["screen1"] == "New"


async def test_with_a_newer_lesson_no_language_shows_words_or_a_right_answer_of_the_older_one(
    session: AsyncSession, now: datetime
) -> None:
    first, second = packed_lessons()[:2]
    await lessons.install(session, [first, second], SOURCE, now)
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    here, theirs = [one.lesson for one in await listed(session, animator, now)]
    german = {field: f"de {text}" for field, text in first.texts["en"].items()}
    await lessons.write(session, animator, here.ref, "de", german, now)
    await lessons.write(session, animator, theirs.ref, "en", {"answer2": "Our own"}, now)
    right, stood = theirs.right_answer, second.texts["en"]["screen1"]

    def anew(one: Packed) -> Packed:
        swapped = {"answer1": "answer2", "answer2": "answer1", "screen1": "title"}
        texts = {
            language: {
                field: said[swapped.get(field, field)]
                for field in said
                if field not in ("screen4", "screen3")
            }
            for language, said in one.texts.items()
        }
        return replace(one, right=1, texts=texts)

    assert await lessons.install(session, [anew(first), anew(second)], SOURCE, now) == 2
    found = await translations.shelves(session, SUBJECT, [here.id, theirs.id])
    assert set(found[here.id].complete) == set(OFFERED), "German waits for whoever wrote it"
    assert "screen4" not in found[here.id].complete["ar"]
    assert found[here.id].complete["uk"]["answer1"] == first.texts["uk"]["answer2"]
    assert here.right_answer == 1
    assert theirs.right_answer == right, "the team's answers, and which of them is right"
    assert found[theirs.id].complete["en"]["answer2"] == "Our own"
    assert found[theirs.id].complete["en"]["screen1"] == stood


async def test_processes_that_start_together_bring_the_lessons_once(
    database: Database, now: datetime
) -> None:
    async def start() -> int:
        async with database.transaction() as session:
            brought = await lessons.install(session, packed_lessons(), SOURCE, now)
            await asyncio.sleep(0.1)  # the other one begins before this one has committed
            return brought

    assert sorted(await asyncio.gather(start(), start())) == [0, len(packed_lessons())]


async def test_an_old_button_does_not_put_back_what_was_taken_down(
    session: AsyncSession, now: datetime
) -> None:
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    lesson = await lessons.add(session, animator, "en", WORDS, now, leads=Leads.EVENTS, right=1)
    with pytest.raises(IllegalMoveError):
        await lessons.publish(session, animator, lesson.ref, now, again=True)
    await lessons.publish(session, animator, lesson.ref, now)
    await lessons.withdraw(session, animator, lesson.ref, now)
    with pytest.raises(IllegalMoveError):
        await lessons.publish(session, animator, lesson.ref, now)
    assert not await listed(session, animator, now)
    await lessons.publish(session, animator, lesson.ref, now, again=True)
    assert [one.lesson for one in await listed(session, animator, now)] == [lesson]


async def test_a_member_goes_on_where_they_were_and_of_who_only_looks_nothing_is_kept(
    session: AsyncSession, now: datetime
) -> None:
    await lessons.install(session, packed_lessons(), SOURCE, now)
    member, looker = (
        await somebody(session, 1, now),
        await somebody(session, 2, now, is_member=False),
    )
    ref = (await listed(session, member, now))[0].lesson.ref
    await lessons.turn(session, member, ref, 2, "ar", now)
    await lessons.turn(session, looker, ref, 2, "ar", now)
    await lessons.answer(session, looker, ref, "ar", now)
    far = (await listed(session, member, now))[0].progress
    assert far is not None
    assert (far.screen, far.finished_at) == (2, None)
    later = now + timedelta(days=1)
    await lessons.answer(session, member, ref, "ar", later)
    await lessons.answer(session, member, ref, "ar", later + timedelta(days=1))
    await lessons.turn(session, member, ref, 0, "ar", later)
    far = (await listed(session, member, now))[0].progress
    assert far is not None
    assert (far.screen, far.finished_at) == (0, later), "finished stays finished"
    assert await session.scalar(select(func.count()).select_from(LessonProgress)) == 1
    told = await erasure.export(session, member)
    assert len(told["lesson_progress"]) == 1


async def test_drafts_and_what_is_for_the_team_are_nothing_for_members(
    session: AsyncSession, now: datetime
) -> None:
    await lessons.install(session, packed_lessons(), SOURCE, now)
    animator, member = (
        await somebody(session, 1, now, RoleName.ANIMATOR),
        await somebody(session, 2, now),
    )
    draft = await lessons.add(session, animator, "en", WORDS, now, leads=Leads.EVENTS, right=1)
    of_team = await session.scalar(select(Lesson).where(Lesson.for_team))
    assert of_team is not None
    for lesson in (draft, of_team):
        with pytest.raises(NotFoundError):
            await lessons.turn(session, member, lesson.ref, 0, "en", now)
        assert await lessons.open_to(session, animator, lesson.ref, now) is lesson
    await lessons.turn(session, animator, draft.ref, 1, "en", now)
    assert await session.scalar(select(func.count()).select_from(LessonProgress)) == 0
    await lessons.publish(session, animator, draft.ref, now)
    await lessons.turn(session, member, draft.ref, 0, "en", now)
    with pytest.raises(NotFoundError):
        await lessons.discard(session, animator, draft.ref, now)
    await lessons.withdraw(session, animator, draft.ref, now)
    with pytest.raises(NotFoundError):
        await lessons.answer(session, member, draft.ref, "en", now)
    with pytest.raises(IllegalMoveError):
        await lessons.LESSON.move(
            session, draft, State.DRAFT, Who.ANIMATOR, now, actor_id=animator.id
        )


@pytest.mark.parametrize(
    ("without", "right", "leads"),
    [
        ("question", 1, Leads.EVENTS),
        ("answer2", 1, Leads.EVENTS),
        ("", 3, Leads.EVENTS),
        ("", 1, Leads.DESK),
    ],
)
async def test_a_lesson_has_a_question_two_answers_and_a_way_that_is_for_members(
    session: AsyncSession, now: datetime, without: str, right: int, leads: Leads
) -> None:
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    words = {field: text for field, text in WORDS.items() if field != without}
    with pytest.raises(NotUnderstoodError):
        await lessons.add(session, animator, "en", words, now, leads=leads, right=right)


async def test_a_picture_needs_its_words(session: AsyncSession, now: datetime) -> None:
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    with pytest.raises(NotUnderstoodError):
        await lessons.add(
            session,
            animator,
            "en",
            WORDS,
            now,
            leads=Leads.EVENTS,
            right=1,
            picture=Picture("file", is_photo=True),
        )


async def test_completion_by_language_hides_few_and_nobody_counts_twice(
    session: AsyncSession, now: datetime
) -> None:
    await lessons.install(session, packed_lessons(), SOURCE, now)
    coordinator = await somebody(session, 99, now, RoleName.COORDINATOR)
    refs = [one.lesson.ref for one in await listed(session, coordinator, now)]
    for number in range(1, 18):
        member = await somebody(session, number, now)
        language = "uk" if number > 14 else "ar"
        for ref in refs[: 1 + number % 2]:
            await lessons.turn(session, member, ref, 0, language, now)
        if number <= 7 or number > 14:
            await lessons.answer(session, member, refs[0], language, now)
    found = await lessons.completion(session, coordinator, now)
    assert found.under_way.cells == {"ar": 7, "uk": 0}
    assert isinstance(found.finished.cells["uk"], Hidden)
    assert isinstance(found.finished.cells["ar"], Hidden) or found.finished.total is Hidden.COVERED
    for number in (15, 16):
        member = await somebody(session, number + 100, now)
        await lessons.answer(session, member, refs[0], "uk", now)
    found = await lessons.completion(session, coordinator, now)
    assert found.finished.cells == {"ar": 7, "uk": 5}
    for number in range(1, 8):  # who has finished one, and begins another in another language
        member = await somebody(session, number, now)
        await lessons.turn(session, member, refs[2], 0, "fr", now + timedelta(days=1))
    found = await lessons.completion(session, coordinator, now)
    assert found.finished.cells == {"ar": 7, "uk": 5}
    assert found.under_way.cells == {"ar": 7, "uk": 0}


async def test_the_check_is_kept_only_for_members_who_want_it_and_forgotten_at_once(
    session: AsyncSession, now: datetime
) -> None:
    member, looker = (
        await somebody(session, 1, now),
        await somebody(session, 2, now, is_member=False),
    )
    with pytest.raises(NotAMemberError):
        await skills.keep(session, looker, "0120120", now)
    for wrong in ("012", "01201203", "0120129"):
        with pytest.raises(NotUnderstoodError):
            await skills.keep(session, member, wrong, now)
    await skills.keep(session, member, "0120120", now)
    await skills.keep(session, member, "2222220", now)
    kept = await skills.kept(session, member)
    assert kept is not None
    assert kept.said == "2222220"
    assert (await erasure.export(session, member))["skill_checks"]
    assert not await skills.forget(session, member, "0120120"), "this was kept before"
    assert await skills.kept(session, member) is not None
    assert await skills.forget(session, member, "2222220")
    assert await skills.kept(session, member) is None


def test_the_check_suggests_first_what_somebody_cannot_do_yet() -> None:
    found = dict.fromkeys(Skill, How.ALONE) | {
        Skill.CALL: How.WITH_HELP,
        Skill.TRICKS: How.NOT_YET,
        Skill.PASSWORDS: How.WITH_HELP,
    }
    assert skills.lessons_for(found) == ["passwords", "calls"]
    assert skills.lessons_for(dict.fromkeys(Skill, How.ALONE)) == []
    assert set(skills.LESSONS) == set(Skill), "each leads to a lesson"


async def own_lesson(session: AsyncSession, animator: Person, now: datetime) -> Lesson:
    words = WORDS | {"answer3": "Under it", "why": "There they look", "picture": "A door"}
    picture = Picture("first", is_photo=True)
    lesson = await lessons.add(
        session, animator, "en", words, now, leads=Leads.ME, right=1, picture=picture
    )
    ukrainian = {field: f"uk {text}" for field, text in words.items()}
    return await lessons.write(session, animator, lesson.ref, "uk", ukrainian, now)


async def test_a_new_question_brings_its_answers_in_the_language_in_which_it_was_written(
    session: AsyncSession, now: datetime
) -> None:
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    lesson = await own_lesson(session, animator, now)
    seen = lessons.seal_of_all(lesson, await lessons.source_of(session, lesson))
    texts = {"question": "When?", "answer1": "Now", "answer2": "Later"}

    def change(**what: Any) -> Any:
        given = {"seen": seen, "texts": {}} | what
        return lessons.change(session, animator, lesson.ref, now=now, **given)

    with pytest.raises(NotUnderstoodError):
        await change(texts=texts, right=3)
    await session.refresh(lesson)
    assert lesson.right_answer == 1
    await change(texts=texts, right=2)
    shelf = (await translations.shelves(session, SUBJECT, [lesson.id]))[lesson.id]
    assert set(shelf.complete) == {"en"}, "what it says in another language is stale"
    assert shelf.complete["en"]["question"] == "When?"
    assert not {"answer3", "why"} & set(shelf.complete["en"]), "they belonged to the old question"
    assert lesson.right_answer == 2
    with pytest.raises(ChangedError):
        await change(right=1)
    seen = lessons.seal_of_all(lesson, await lessons.source_of(session, lesson))
    with pytest.raises(NotUnderstoodError):
        await change(leads=Leads.DESK)
    await session.refresh(lesson)
    await change(leads=Leads.NETWORKS, right=0)
    assert (lesson.leads, lesson.right_answer) == (Leads.NETWORKS, 0)


async def test_a_picture_is_changed_with_its_words_and_taken_off_with_them(
    session: AsyncSession, now: datetime
) -> None:
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    lesson = await own_lesson(session, animator, now)
    seen = lessons.seal_of_all(lesson, await lessons.source_of(session, lesson))
    other = Picture("second", is_photo=False)
    await lessons.change(
        session, animator, lesson.ref, {"picture": "A wall"}, now, seen=seen, picture=other
    )
    assert lesson.picture == other
    assert (await lessons.source_of(session, lesson)).get("picture") == "A wall"
    await lessons.take_picture_off(session, animator, lesson.ref, now)
    assert lesson.picture_id is None
    assert not (await lessons.source_of(session, lesson)).get("picture")
    every = await translations.texts(session, SUBJECT, [lesson.id])
    assert not [row for row in every[lesson.id] if row.field == "picture"]
    seen = lessons.seal_of_all(lesson, await lessons.source_of(session, lesson))
    with pytest.raises(NotUnderstoodError):  # a picture without its words
        await lessons.change(session, animator, lesson.ref, {}, now, seen=seen, picture=other)


@pytest.mark.parametrize("what", ["title", "screen1", "picture", "leads"])
async def test_a_change_is_refused_where_anything_of_the_lesson_has_changed_meanwhile(
    session: AsyncSession, now: datetime, what: str
) -> None:
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    lesson = await own_lesson(session, animator, now)
    seen = lessons.seal_of_all(lesson, await lessons.source_of(session, lesson))
    if what == "leads":
        await lessons.change(
            session, animator, lesson.ref, {}, now, seen=seen, leads=Leads.NETWORKS
        )
    elif what == "picture":
        other = Picture("second", is_photo=True)
        await lessons.change(session, animator, lesson.ref, {}, now, seen=seen, picture=other)
    else:
        await lessons.write(session, animator, lesson.ref, "en", {what: "Anew"}, now)
    with pytest.raises(ChangedError):
        await lessons.change(session, animator, lesson.ref, {}, now, seen=seen, right=2)


async def test_what_came_with_the_program_keeps_its_question_and_its_picture(
    session: AsyncSession, now: datetime
) -> None:
    await lessons.install(session, packed_lessons(), SOURCE, now)
    animator = await somebody(session, 1, now, RoleName.ANIMATOR)
    packed = (await listed(session, animator, now))[0].lesson
    seen = lessons.seal_of_all(packed, await lessons.source_of(session, packed))
    with pytest.raises(NotFoundError):
        await lessons.change(session, animator, packed.ref, {}, now, seen=seen, right=1)
    with pytest.raises(NotFoundError):
        await lessons.take_picture_off(session, animator, packed.ref, now)
