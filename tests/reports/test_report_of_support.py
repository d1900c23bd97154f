"""The support of a quarter as tables: how each number is told, and the codes beside it."""

import re
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from community import figures
from community.figures import Group, Outcome, Quarter, Support
from community.figures.outcomes import Request, publish
from community.figures.times import times
from community.referrals import Reason, Source
from locales import OFFERED, Translator, translator_for, without_isolates
from reports import chart, support
from reports.figures import language_title
from reports.support import Names
from reports.tables import Report, as_text
from reports.workbook import workbook

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
CHAMBER, UNION = 7, 8
CALLED = {CHAMBER: "Chamber of Commerce", UNION: "Credit Union", 1: "Old Town", None: "No area"}
REASONS = {
    Reason.NO_CAPACITY: "No free place",
    Reason.NOT_OUR_FIELD: "Not our field",
    Reason.NO_CONTACT: "Could not reach the person",
}


def some(
    outcome: Outcome,
    *,
    why: Reason | None = None,
    provider: int = CHAMBER,
    source: Source | None = Source.CHAT,
) -> Request:
    return Request(0, outcome, why, "finance", "ar", 1, provider, source)


def a_quarter() -> Support:
    when = Quarter(2026, 4).span(PARIS, NOW)
    declined, failed = Outcome.DECLINED, Outcome.NOT_DELIVERED
    counted = Counter(
        {
            some(Outcome.CONFIRMED): 21,
            some(Outcome.CONFIRMED, provider=UNION, source=Source.PHONE): 8,
            some(Outcome.CONFIRMED, provider=UNION, source=Source.EMAIL): 6,
            some(Outcome.UNDER_WAY, provider=UNION, source=Source.PHONE): 9,
            some(Outcome.UNDER_WAY, provider=UNION, source=Source.EMAIL): 1,
            some(Outcome.WAITING, source=None): 11,
            some(declined, why=Reason.NO_CAPACITY): 6,
            some(declined, why=Reason.NOT_OUR_FIELD): 5,
            some(failed, why=Reason.NO_CONTACT): 7,
            some(Outcome.GIVEN_UP): 5,
        }
    )
    groups: dict[Group, list[Any]] = {
        Group.NEED: ["finance"],
        Group.LANGUAGE: ["ar"],
        Group.AREA: [1, None],
        Group.PROVIDER: [CHAMBER, UNION],
    }
    told = publish(counted, groups, when.begun)
    found = times([1] * 40 + [4] * 20, 60, is_all=True)
    by_group: dict[Group, dict[int, figures.Times]] = {group: {} for group in Group}
    return Support(
        when, told.quarter, found, told.by, told.sources, by_group, told.unmet, None, [], []
    )


def report(_: Translator) -> Report:
    names = Names(
        {
            Group.NEED: str,
            Group.LANGUAGE: lambda code: language_title(code, _),
            Group.AREA: CALLED.__getitem__,
            Group.PROVIDER: CALLED.__getitem__,
        },
        lambda reason: REASONS.get(reason, reason.value),
    )
    return support.report(a_quarter(), names, PARIS, _)


def rows(told: Report, title: str) -> dict[str, tuple[str, ...]]:
    (section,) = [one for one in told.sections if without_isolates(one.title) == title]
    return {without_isolates(row.label): (row.value, *row.codes) for row in section.rows}


def test_how_the_word_of_providers_came_is_told_where_the_team_has_written_it_down() -> None:
    _ = translator_for("en")
    told = {
        label: value[0] for label, value in rows(report(_), "How the providers' word came").items()
    }
    assert told == {
        "Credit Union · Under way · recorded by the team": "10",
        "Credit Union · Confirmed by the member · recorded by the team": "14",
        "Credit Union · Confirmed by the member · by phone": "8",
        "Credit Union · Confirmed by the member · by e-mail": "6",
        "Credit Union · Under way · by phone": "9",
        "Each of the others": "fewer than 5",
    }


def test_whoever_works_for_a_provider_reads_that_its_requests_are_not_counted() -> None:
    _ = translator_for("en")
    names = Names(dict.fromkeys(Group, CALLED.__getitem__), str)
    found = replace(a_quarter(), without=[CHAMBER, UNION])
    assert without_isolates(support.status("So far.", found, names, _)) == (
        "So far. Requests to Chamber of Commerce and Credit Union are not in it, because you work "
        "there: its own quarter tells of them."
    )
    assert support.status("So far.", a_quarter(), names, _) == "So far."


def test_beside_outcomes_and_reasons_stand_the_codes_of_others() -> None:
    told = report(translator_for("en"))
    answers = rows(told, "What the answers were")
    assert answers["Declined by the provider"] == ("11", "declined", "not_successful")
    assert answers["Given up after the provider asked for more"] == ("5", "expired, cancelled", "")
    assert answers["Accepted"] == ("52", "", ""), "its parts have codes"
    confirmed = rows(told, "By provider")["Credit Union · Confirmed by the member"]
    assert confirmed == ("14", "completed", "successful")
    assert rows(told, "Why requests were declined")["No free place"] == ("6", "lack_of_capacity")
    failed = rows(told, "Why accepted requests were not delivered")
    assert failed["Could not reach the person"] == ("7", "unable_to_contact_client")


def test_a_number_that_is_not_shown_has_no_code_and_each_code_stands_under_its_list() -> None:
    for section in report(translator_for("en")).sections:
        for row in section.rows:
            assert len(row.codes) in (0, len(section.codes))
            if row.amount is None:
                assert not any(row.codes)


@pytest.mark.parametrize("language", OFFERED)
def test_the_codes_are_in_the_workbook_alone_and_the_same_in_every_language(language: str) -> None:
    _ = translator_for(language)
    told = report(_)
    with zipfile.ZipFile(BytesIO(workbook(told, _, NOW))) as book:
        files = {name: book.read(name).decode() for name in book.namelist()}
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    strings = [
        "".join(item.itertext())
        for item in ET.fromstring(files["xl/sharedStrings.xml"]).findall("x:si", space)
    ]

    def cells(sheet: int, column: str) -> list[str]:
        found = re.findall(
            rf'<c r="{column}\d+"[^>]*t="s"><v>(\d+)</v>', files[f"xl/worksheets/sheet{sheet}.xml"]
        )
        return [strings[int(number)] for number in found]

    first = cells(1, "C")
    assert first[0] == "PublicSchema referral-status"
    assert "pending" in first
    assert cells(1, "D")[0] == "Primero success_status"
    assert "PublicSchema" not in as_text(told, _) + chart.drawing(told, _)
    assert "lack_of_capacity" in strings
    assert "lack_of_capacity" not in as_text(told, _) + chart.drawing(told, _)
