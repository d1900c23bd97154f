"""The page for stakeholders without Telegram: a form, no script, in any language."""

from html.parser import HTMLParser

import aiohttp
import pytest
from sqlalchemy import select

from bot import pages
from community import consulting, people, roles
from community.roles import Role, RoleName
from community.surveys import SurveyAnswer, SurveyResponse
from locales import OFFERED
from tests.bot.test_webhook import Hooked, emulator, hooked

__all__ = ["emulator", "hooked"]


async def a_link(stage: Hooked, *, withdrawn: bool = False) -> str:
    """Make a link in French; return its address as the card shows it."""
    async with stage.app.database.transaction() as session:
        boss = await people.meet(session, 1, stage.now, name="Chief")
        session.add(Role(person_id=boss.id, name=RoleName.COORDINATOR, granted_at=stage.now))
        await session.flush()
        assert await roles.holds(session, boss, RoleName.COORDINATOR, stage.now)
        link = await consulting.make(session, boss, "Banks", "fr", stage.now)
        if withdrawn:
            await consulting.withdraw(session, boss, link.ref, stage.now)
    assert stage.app.network is not None
    return f"{stage.app.network.pages}/ask/{link.ref}"


async def fetched(url: str, **form: list[str]) -> tuple[int, str, dict[str, str]]:
    async with aiohttp.ClientSession() as http:
        data = aiohttp.FormData([(name, one) for name, said in form.items() for one in said])
        how = http.post(url, data=data) if form else http.get(url)
        async with how as answer:
            return (
                answer.status,
                await answer.text(),
                {str(k): v for k, v in answer.headers.items()},
            )


class Fields(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.tags: set[str] = set()
        self.root: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.add(tag)
        if tag in ("input", "textarea"):
            self.names.add(told["name"] or "")
        if tag == "html":
            self.root = told


@pytest.mark.parametrize("language", OFFERED)
async def test_the_form_is_in_every_language_and_needs_no_script(
    hooked: Hooked, language: str
) -> None:
    address = await a_link(hooked)
    status, page, headers = await fetched(f"{address}?lang={language}")
    found = Fields(page)
    assert status == 200
    assert found.root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    assert found.names == {"kind", "needs", "missing", "barriers", "adequacy", "suggestion"}
    assert not found.tags & {"script", "img", "link", "iframe"}
    assert "default-src 'none'" in headers["Content-Security-Policy"]


async def test_answers_are_kept_without_a_who_and_in_the_language_of_the_page(
    hooked: Hooked,
) -> None:
    address = await a_link(hooked)
    status, page, _headers = await fetched(
        f"{address}?lang=ar", kind=["authority"], missing=["tax", "legal"], suggestion=["<b>مكتب"]
    )
    assert (status, Fields(page).root["dir"]) == (200, "rtl")
    async with hooked.app.database.transaction() as session:
        row = (await session.scalars(select(SurveyResponse))).one()
        assert (row.person_id, row.language) == (None, "ar")
        said = await session.execute(
            select(SurveyAnswer.question, SurveyAnswer.value, SurveyAnswer.text)
        )
        assert {tuple(one) for one in said} == {
            ("kind", "authority", None),
            ("missing", "tax", None),
            ("missing", "legal", None),
            ("suggestion", "", "<b>مكتب"),
        }


async def test_an_empty_form_and_nonsense_are_asked_again_and_write_nothing(
    hooked: Hooked,
) -> None:
    address = await a_link(hooked)
    for form in ({"suggestion": [" "]}, {"kind": ["king"]}):
        status, page, _headers = await fetched(address, **form)
        assert status == 422
        assert 'role="alert"' in page
        assert Fields(page).names
    async with hooked.app.database.transaction() as session:
        assert not (await session.scalars(select(SurveyResponse))).all()


async def test_a_link_that_is_withdrawn_or_made_up_leads_nowhere(hooked: Hooked) -> None:
    gone = await a_link(hooked, withdrawn=True)
    for address in (gone, gone[:-3] + "xyz", gone.rpartition("/")[0] + "/%00"):
        status, page, _headers = await fetched(address)
        assert status == 404
        assert not Fields(page).names
    assert (await fetched(gone, kind=["authority"]))[0] == 404


async def test_whoever_asks_very_often_has_to_wait(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await a_link(hooked)
    told = [(await fetched(address))[0] for _time in range(pages.MOST + 2)]
    assert told == [200] * pages.MOST + [429] * 2
