"""The network's own surveys: kept by version, asked of who agreed, closed for good, then read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import consents, deliveries, own_surveys, people, surveys
from community.deliveries import Plan
from community.errors import (
    FormRefusedError,
    LinkRefusedError,
    NotAMemberError,
    NotFoundError,
    TooLateError,
)
from community.figures import Cell, Hidden
from community.people import Person
from community.roles import Role, RoleName
from community.surveys import (
    Asked,
    Brought,
    FormWords,
    Kind,
    Survey,
    SurveyForm,
    SurveyResponse,
    Template,
)
from community.surveys.forms import OWN_OPEN
from community.surveys.relevant import parse
from community.surveys.templates import BASELINE
from tests.community.test_survey_windows import DAY, PARIS, a_member, is_sent

SELLS = Asked("sells", ("food", "clothes", "other"))
SPICY = Asked("spicy", ("yes", "no"), relevant=parse("${sells} = 'food'"))
DAYS = Asked("days", ("mon", "tue"), Kind.SEVERAL)


def a_form(*questions: Asked, version: int = 1, code: str = "markets") -> Brought:
    asked = questions or (SELLS, SPICY, DAYS)
    words = FormWords(
        {one.code: f"{one.code}?" for one in asked},
        {one.code: {value: value.upper() for value in one.values} for one in asked if one.values},
    )
    return Brought("Markets", Template(code, version, asked), {"fr": words, "en": words})


async def a_coordinator(session: AsyncSession, now: datetime) -> Person:
    boss = await people.meet(session, 99, now, name="Boss")
    session.add(Role(person_id=boss.id, name=RoleName.COORDINATOR, granted_at=now))
    await session.flush()
    return boss


async def who_was_asked(session: AsyncSession, form: SurveyForm) -> list[int]:
    rows = await session.scalars(
        select(SurveyResponse.person_id)
        .join(Survey)
        .where(Survey.form_id == form.id)
        .order_by(SurveyResponse.id)
    )
    return [person_id or 0 for person_id in rows]


async def answers(
    session: AsyncSession, person: Person, form: SurveyForm, now: datetime, *said: str
) -> None:
    """Answer by the link: a code for each question, "-" for none, several with spaces."""
    found = await own_surveys.follow(session, person, form.ref, now)
    for one in said:
        asked = found.next_question
        assert asked is not None
        ref, code = found.response.ref, asked.code
        if one == "-" or asked.kind == Kind.SEVERAL:
            for value in one.replace("-", "").split():
                await surveys.tick(session, person, ref, code, value, now)
            found, _changed = await surveys.settle(session, person, ref, code, now)
        else:
            found, _changed = await surveys.answer(session, person, ref, code, one, now)
    assert found.next_question is None


# Keeping


async def test_the_same_file_once_more_is_the_form_that_is_there(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    form = await own_surveys.bring(session, boss, a_form(), now)
    assert form.brought == a_form()
    assert await own_surveys.bring(session, boss, a_form(), now) is form


async def test_a_version_that_was_there_is_never_another(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    await own_surveys.bring(session, boss, a_form(), now)
    other_words = a_form()
    other_words = replace(other_words, words={"fr": other_words.words["fr"]})
    for changed in (a_form(SELLS), replace(a_form(), title="Fairs"), other_words):
        with pytest.raises(FormRefusedError) as refused:
            await own_surveys.check(session, boss, changed, now)
        found = refused.value
        assert (found.why, found.sheet, found.row) == ("version", "settings", 2)
    await own_surveys.bring(session, boss, a_form(SELLS, version=2), now)
    assert len(await own_surveys.every(session, boss, now)) == 2


async def test_the_names_of_our_surveys_are_taken(session: AsyncSession, now: datetime) -> None:
    boss = await a_coordinator(session, now)
    with pytest.raises(FormRefusedError) as refused:
        await own_surveys.check(session, boss, a_form(code=BASELINE.code, version=9), now)
    assert refused.value.why == "ours"


# Asking


async def test_who_agreed_to_surveys_is_asked_and_whoever_rests_after_the_cool_down(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    long_ago = now - timedelta(days=100)
    amina = await a_member(session, long_ago, 1)
    rests = await a_member(session, long_ago, 2)
    silent = await a_member(session, long_ago, 3)
    await consents.switch(session, silent, set(), now, version="1", language="uk")
    earlier = now - 4 * DAY
    plan = Plan("survey", rests.id, "earlier", earlier, {"ref": "x"}, now)
    await deliveries.plan(session, earlier, plan)
    await is_sent(session, earlier)
    form = await own_surveys.bring(session, boss, a_form(), now)
    await surveys.ask_due(session, now, PARIS)
    assert await who_was_asked(session, form) == []
    assert await own_surveys.ask_members(session, boss, form.ref, now)
    assert not await own_surveys.ask_members(session, boss, form.ref, now)
    await surveys.ask_due(session, now, PARIS)
    assert await who_was_asked(session, form) == [amina.id]
    await is_sent(session, now)
    assert await surveys.next_asking(session, now) == now + 10 * DAY
    await surveys.ask_due(session, now + 10 * DAY, PARIS)
    assert await who_was_asked(session, form) == [amina.id, rests.id]
    await is_sent(session, now + 10 * DAY)
    await surveys.ask_due(session, now + 29 * DAY, PARIS)
    assert await who_was_asked(session, form) == [amina.id, rests.id]


async def test_after_a_month_nobody_is_asked_any_more(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    form = await own_surveys.bring(session, boss, a_form(), now)
    await own_surveys.ask_members(session, boss, form.ref, now)
    await a_member(session, now - timedelta(days=100))
    await surveys.ask_due(session, now + OWN_OPEN, PARIS)
    assert await who_was_asked(session, form) == []


async def test_two_surveys_are_put_to_somebody_one_after_the_other(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    amina = await a_member(session, now - timedelta(days=100))
    forms = [await own_surveys.bring(session, boss, a_form(SELLS, version=n), now) for n in (1, 2)]
    for form in forms:
        await own_surveys.ask_members(session, boss, form.ref, now)
    await surveys.ask_due(session, now, PARIS)
    assert [await who_was_asked(session, form) for form in forms] == [[amina.id], []]
    await is_sent(session, now)
    await surveys.ask_due(session, now + 14 * DAY, PARIS)
    assert [await who_was_asked(session, form) for form in forms] == [[amina.id], [amina.id]]


# By a link


async def test_a_link_leads_members_to_one_way_through_however_they_came(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    amina = await a_member(session, now - timedelta(days=100))
    form = await own_surveys.bring(session, boss, a_form(), now)
    with pytest.raises(LinkRefusedError):
        await own_surveys.follow(session, amina, form.ref, now)
    await own_surveys.link(session, boss, form.ref, now)
    stranger = await people.meet(session, 5, now, name="Stranger")
    with pytest.raises(NotAMemberError):
        await own_surveys.follow(session, stranger, form.ref, now)
    await own_surveys.ask_members(session, boss, form.ref, now)
    await surveys.ask_due(session, now, PARIS)
    asked = await who_was_asked(session, form)
    found = await own_surveys.follow(session, amina, form.ref, now)
    assert found.survey.window == "own"
    assert await who_was_asked(session, form) == asked == [amina.id]
    with pytest.raises(LinkRefusedError):
        await own_surveys.follow(session, amina, "nothing", now)


async def test_a_withdrawn_survey_is_closed_for_good(session: AsyncSession, now: datetime) -> None:
    boss = await a_coordinator(session, now)
    amina = await a_member(session, now - timedelta(days=100))
    form = await own_surveys.bring(session, boss, a_form(), now)
    await own_surveys.link(session, boss, form.ref, now)
    await own_surveys.ask_members(session, boss, form.ref, now)
    await surveys.ask_due(session, now, PARIS)
    found = await own_surveys.follow(session, amina, form.ref, now)
    later = now + DAY
    assert await own_surveys.withdraw(session, boss, form.ref, later)
    assert not await own_surveys.withdraw(session, boss, form.ref, later)
    ref = found.response.ref
    assert not await surveys.still_applies(
        session, await surveys.progress(session, amina, ref), later
    )
    with pytest.raises(TooLateError):
        await surveys.answer(session, amina, ref, "sells", "food", later)
    with pytest.raises(LinkRefusedError):
        await own_surveys.follow(session, amina, form.ref, later)
    for verb in (own_surveys.ask_members, own_surveys.link):
        with pytest.raises(NotFoundError):
            await verb(session, boss, form.ref, later)
    await a_member(session, now - timedelta(days=100), 2)
    await surveys.ask_due(session, later, PARIS)
    assert await who_was_asked(session, form) == [amina.id]


# Reading


async def told(
    session: AsyncSession, now: datetime, *said: tuple[int, str, str, str]
) -> tuple[Cell, dict[str, dict[str, Cell]]]:
    """Let so many people answer so, withdraw the survey, and return what is told."""
    boss = await a_coordinator(session, now)
    form = await own_surveys.bring(session, boss, a_form(), now)
    await own_surveys.link(session, boss, form.ref, now)
    number = 0
    for count, sells, spicy, days in said:
        for _one in range(count):
            number += 1
            person = await a_member(session, now, number)
            given = [sells, spicy, days] if sells == "food" else [sells, days]
            await answers(session, person, form, now, *given)
    before = await own_surveys.results(session, boss, form.ref, now)
    assert before.by == {}
    await own_surveys.withdraw(session, boss, form.ref, now)
    found = await own_surveys.results(session, boss, form.ref, now)
    return found.answered, {code: dict(cells) for code, cells in found.by.items()}


async def test_what_was_answered_is_told_once_it_is_withdrawn(
    session: AsyncSession, now: datetime
) -> None:
    answered, by = await told(
        session,
        now,
        (6, "food", "yes", "mon tue"),
        (5, "food", "no", "mon"),
        (7, "other", "", "-"),
    )
    assert answered == 18
    assert by["sells"] == {"food": 11, "clothes": 0, "other": 7}
    assert by["spicy"] == {"yes": 6, "no": 5}
    assert by["days"] == {"mon": 11, "tue": 6}


async def test_of_fewer_than_five_nothing_is_told(session: AsyncSession, now: datetime) -> None:
    answered, by = await told(session, now, (4, "food", "yes", "mon"))
    assert (answered, by) == (Hidden.FEW, {})


async def test_what_depends_on_a_hidden_answer_is_not_told(
    session: AsyncSession, now: datetime
) -> None:
    """Six who were asked the second question would say that three answered "clothes"."""
    _answered, by = await told(
        session,
        now,
        (6, "food", "yes", "mon"),
        (3, "clothes", "", "mon"),
        (9, "other", "", "mon"),
    )
    assert isinstance(by["sells"]["clothes"], Hidden)
    assert "spicy" not in by
    assert by["days"] == {"mon": 18, "tue": 0}
