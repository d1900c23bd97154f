"""Services by words: in every script, with slips, kept with the texts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from community import providers, translating, translations
from community.lifecycle import Who
from community.needs import Need
from community.providers import Look, Reader, SearchPlace, Service, searching, spelling
from community.providers.fitting import asked
from community.roles import RoleName
from community.translations import ContentText, State
from tests.community.test_providers import a_coordinator, a_person, a_service

NAMES: Mapping[str, tuple[str, str]] = {
    "bookkeeping": ("en", "Bookkeeping for beginners"),
    "pret": ("fr", "Un prêt pour démarrer l'activité"),
    "loan": ("ar", "القروض الصغيرة للشركات"),
    "accounts": ("fa", "کارگاه حسابداری کسب‌وکار"),
    "credit": ("uk", "Мікрокредит для підприємців"),
    "business": ("am", "የንግድ ሥራ ፈቃድ"),
    "tax": ("bn", "ব্যবসায়ীদের জন্য আয়কর পরামর্শ"),
    "licence": ("zh", "创业咨询服务"),
    "strasse": ("de", "Gewerbeanmeldung Schloßstraße"),
    "lodz": ("pl", "Doradztwo księgowe Łódź"),
    "turkish": ("tr", "Vergi danışmanlığı"),
}


@pytest.fixture
async def town(session: AsyncSession, now: datetime) -> dict[int, str]:
    boss = await a_coordinator(session, now)
    made = {}
    for key, (language, name) in NAMES.items():
        service = await a_service(session, boss, now, "X1")
        await translations.forget(session, "service", service.id)
        words = {"name": name}
        await translations.write(session, boss, "service", service.id, language, words, now)
        made[service.id] = key
    return made


async def search(session: AsyncSession, typed: str, **more: Any) -> dict[int, float]:
    look = Look(words=typed, **more)
    sought = await asked(session, look, datetime(2026, 11, 23, 9, tzinfo=UTC), "Europe/Paris")
    return await searching.search(session, typed, sought)


async def best(session: AsyncSession, town: dict[int, str], typed: str) -> str | None:
    found = await search(session, typed)
    return town.get(next(iter(found), 0))


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("bookkeeping", "bookkeeping"),
        ("BOOKEEPING", "bookkeeping"),
        ("bokokeeping", "bookkeeping"),
        ("bookkeepign for begginers", "bookkeeping"),
        ("pret", "pret"),
        ("activite", "pret"),
        ("l’activitée", "pret"),
        ("القروض", "loan"),
        ("قرض صغير", "loan"),
        ("القرود الصغييرة", "loan"),
        ("للشركاات", "loan"),
        ("حسابداري", "accounts"),
        ("حسابدرای", "accounts"),
        ("كسب وكار", "accounts"),
        ("کسبوکار", "accounts"),
        ("мікрокредит", "credit"),
        ("микрокредит", "credit"),
        ("мікрокредти", "credit"),
        ("підприємець", "credit"),
        ("ፈቃድ", "business"),
        ("ፈቃደድ", "business"),
        ("የንግደ ስራ", "business"),
        ("আয়কর", "tax"),
        ("আয়কার পরামর্শ", "tax"),
        ("পরামশ", "tax"),
        ("咨询", "licence"),
        ("schlossstrasse", "strasse"),
        ("gewerbeanmeldnug", "strasse"),
        ("lodz", "lodz"),
        ("ksiegowe", "lodz"),
        ("danismanligi", "turkish"),
        ("VERGİ", "turkish"),
    ],
)
async def test_a_service_is_found_by_words_that_are_nearly_its_own(
    session: AsyncSession, town: dict[int, str], typed: str, key: str
) -> None:
    assert await best(session, town, typed) == key


@pytest.mark.parametrize("typed", ["", "…", "zzzz qqqq", "نننن", "x" * 3000, "%_", "' OR 1=1"])
async def test_what_is_like_nothing_finds_nothing(
    session: AsyncSession, town: dict[int, str], typed: str
) -> None:
    assert await search(session, typed) == {}


async def test_a_name_counts_for_more_than_a_description_and_two_words_for_more_than_one(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    described = await a_service(session, boss, now, "Advice")
    words = {"description": "We help bakers to find a loan."}
    await providers.translate(session, boss, "service", described.ref, "en", words, now)
    named = await a_service(session, boss, now, "Loan for all")
    both = await a_service(session, boss, now, "Loan for bakers")
    assert [*await search(session, "loan bakers")] == [both.id, described.id, named.id]
    assert [*await search(session, "loan")][-1] == described.id


async def test_services_are_found_by_the_name_of_their_organisation(
    session: AsyncSession, now: datetime
) -> None:
    service = await a_service(session, await a_coordinator(session, now), now, "Advice")
    assert service.id in await search(session, "Chambre")


async def test_words_are_found_from_the_moment_they_are_approved_until_they_are_changed(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    service = await a_service(session, boss, now, "Advice")
    draft = {"name": "نصيحة"}
    translator = await a_person(session, 2, now, RoleName.TRANSLATOR)
    await translations.write(
        session, translator, "service", service.id, "ar", draft, now, by=Who.TRANSLATOR
    )
    assert await search(session, "نصيحة") == {}
    key = ("service", service.ref, "name", "ar")
    seal = translations.seal("Advice", "نصيحة")
    await translating.approve(session, boss, key, seal, now)
    assert [*await search(session, "نصيحه")] == [service.id]
    words = {"name": "Counsel"}
    await providers.translate(session, boss, "service", service.ref, "en", words, now)
    assert await search(session, "Advice") == {}
    assert [*await search(session, "counsle")] == [service.id]
    assert await search(session, "نصيحة") == {}, "what is stale is not approved"


async def test_the_index_made_anew_is_the_one_that_was_kept(
    session: AsyncSession, town: dict[int, str], now: datetime
) -> None:
    rows = select(SearchPlace.word_id, SearchPlace.rank, SearchPlace.subject_id).order_by(
        SearchPlace.word_id, SearchPlace.subject, SearchPlace.subject_id
    )
    kept = (await session.execute(rows)).all()
    await session.execute(delete(SearchPlace))
    await providers.index(session, town)
    assert (await session.execute(rows)).all() == kept
    await providers.index(session)
    await providers.index(session)
    assert (await session.execute(rows)).all() == kept


async def test_words_that_stand_everywhere_find_nothing_beside_one_that_is_nowhere(
    session: AsyncSession, now: datetime
) -> None:
    boss = await a_coordinator(session, now)
    organization = await providers.create_organization(session, boss, "Chamber", "en", now)
    facts = (Need.TAX, ["en"])
    for number in range(12):
        words = {"name": f"Help with {'bread' if number == 5 else 'things'}"}
        await providers.create_service(session, boss, organization.ref, *facts, words, "en", now)
    assert await search(session, "help with dentists") == {}
    assert len(await search(session, "help with bread")) == 1
    assert len(await search(session, "help")) > 1, "alone, it is what they look for"


async def many_like_it(session: AsyncSession, now: datetime, organization: str) -> list[Service]:
    """Make 120 services that the same words find; the last one is given in Arabic, and free."""
    boss = await a_coordinator(session, now)
    house = await providers.create_organization(session, boss, organization, "en", now)
    services = [
        Service(organization_id=house.id, need=Need.TAX, languages=["fr"], made_at=now)
        for _ in range(120)
    ]
    services[-1].languages, services[-1].cost = ["ar"], Decimal(0)
    session.add_all(services)
    await session.flush()
    named = {"subject": "service", "language": "en", "field": "name", "text": "Loan corner"}
    stands = {"state": State.APPROVED, "is_source": True, "written_at": now}
    session.add_all(ContentText(subject_id=service.id, **named, **stands) for service in services)
    await session.flush()
    await providers.index(session)
    return services


@pytest.mark.parametrize("typed", ["loan", "laon corner", "Savings"])
async def test_a_filter_leaves_what_fits_however_many_are_like_the_words(
    session: AsyncSession, now: datetime, typed: str
) -> None:
    services = await many_like_it(session, now, "Savings bank")
    assert len(await search(session, typed)) == searching.MOST
    for asked_for in ({"language": "ar"}, {"is_free": True}):
        assert [*await search(session, typed, **asked_for)] == [services[-1].id]
    reader = Reader(["ar"], None)
    look = Look(words=typed, language="ar")
    found = await providers.find_services(session, look, reader, now, zone="Europe/Paris")
    assert [fit.service.id for fit in found.fits] == [services[-1].id]
    assert (found.total, found.given) == (1, 1)


async def test_words_that_all_stand_nearly_everywhere_find_those_in_which_they_stand_together(
    session: AsyncSession, now: datetime
) -> None:
    services = await many_like_it(session, now, "Savings bank")
    assert await search(session, "loan corner", language="ar") == {services[-1].id: 2.0}
    assert await search(session, "loan dentist") == {}


LETTERS = st.text(alphabet="abcdeовмілاقرضሰራከকমল", min_size=4, max_size=9)


@given(LETTERS, st.data())
def test_any_one_slip_shares_a_key_and_is_alike(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abقرмሰ"))
    slips = {
        "left out": word[:at] + word[at + 1 :],
        "too much": word[:at] + letter + word[at:],
        "another": word[:at] + letter + word[at + 1 :],
        "changed places": word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
    }
    for slip in slips.values():
        assert spelling.slips(slip) & spelling.keys(word)
        assert spelling.likeness(slip, word) > 0
        assert spelling.is_one_slip(slip, word) or slip == word
