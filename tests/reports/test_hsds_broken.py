"""Broken directories: each gets one clear sentence with the place, and changes nothing."""

import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.database import Database
from bot.refusals import sentence
from community.errors import DirectoryRefusedError
from community.providers import comparing, importing
from community.tables import METADATA
from locales import plain, translator_for, without_isolates
from reports.hsds import files, words
from reports.hsds.known import Known
from tests.reports.test_hsds import a_coordinator, brings

ORG = {"id": "o1", "name": "Help", "description": "We help"}
SERVICE = {"id": "s1", "name": "Advice", "status": "active"}
HEADERS = "id,organization_id,name,status"
CSV_ORG = "id,name,description\no1,Help,We help\n"


def with_service(**more: Any) -> Any:
    return {**ORG, "services": [{**SERVICE, **more}]}


def located(**more: Any) -> Any:
    location = {"id": "l1", "location_type": "physical", **more}
    return {**ORG, "locations": [location]}


def scheduled(**more: Any) -> Any:
    schedule = {"id": "h1", "byday": "MO", "opens_at": "09:00", "closes_at": "17:00", **more}
    return with_service(schedules=[schedule])


def table(**tables: str) -> dict[str, bytes]:
    return {"organizations.csv": CSV_ORG.encode()} | {
        f"{name}.csv": text.encode() for name, text in tables.items()
    }


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return out.getvalue()


def locked() -> bytes:
    content = bytearray(zipped(organizations_csv=CSV_ORG.encode()))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def outside() -> bytes:
    return zipped(**{"..__organizations_csv": CSV_ORG.encode()})


def text(value: Any) -> str:
    return json.dumps(value)


GOOD_ZIP = zipped(organizations_csv=CSV_ORG.encode())
CASES: dict[str, tuple[Any, str, str]] = {
    # the file itself
    "nothing in it": (b"", "empty", "x.json"),
    "no JSON": (b"hello", "json", "x.json, line 1"),
    "another program's file": (b"\x7fELF\x02\x01\xff\xfe", "encoding", "x.json, line 1"),
    "cut in the middle": (text([ORG])[:-12].encode(), "cut", "x.json, line 1"),
    "a comma too many": (b'[\n{"id": "o1",}\n]', "json", "x.json, line 2"),
    "Latin-1": ('[{"id": "o1",\n"name": "Café"}]'.encode("latin-1"), "encoding", "line 2"),
    "UTF-16": (text([ORG]).encode("utf-16"), "encoding", "x.json, line 1"),
    "a NUL byte": (b'[{"id": "o1",\n"name": "He\x00lp"}]', "nul", "line 2"),
    "an escaped NUL": ({**ORG, "name": "He\0lp"}, "nul", "name"),
    "half of a pair of surrogates": ({**ORG, "tax_id": "\ud83d"}, "nul", "tax_id"),
    "the same key twice": (b'[\n{"id": "o1",\n"name": "A", "name": "B"}]', "twice_key", "line 3"),
    "the same key twice, deep within": (
        b'{"id": "o1", "name": "A", "funding": [\n{"id": "f1", "id": "f2"}]}',
        "twice_key",
        "line 2",
    ),
    "NaN": (b'{"id": "o1", "name": "A",\n"year_incorporated": NaN}', "endless", "line 2"),
    "Infinity": (b'{"id": "o1", "name": "A",\n"x": -Infinity}', "endless", "line 2"),
    "a number beyond counting": (b'{"id": "o1", "name": "A",\n"x": 1e999}', "endless", "line 2"),
    "a number of ten thousand digits": (b'{"x": ' + b"9" * 10_000 + b"}", "endless", "x.json"),
    "a hundred thousand brackets": (b"[" * 100_000, "deep", "x.json"),
    "thirty lists within each other": (
        {**ORG, "x": json.loads("[" * 30 + "]" * 30)},
        "deep",
        "[0].x",
    ),
    "a list of nothing": ([], "nothing", "x.json"),
    "a list of numbers": ([1, 2], "object", "x.json, [0]"),
    "something else": ({"pizza": "Margherita"}, "kind", "x.json"),
    "one line of many": (b'{"id": "o1", "name": "A"}\n{"id": \n', "cut", "x.json, line 2"),
    # values
    "no identifier": ({"name": "Help"}, "missing", "id"),
    "a number as identifier": ({**ORG, "id": 7}, "id", "id"),
    "a very long identifier": ({**ORG, "id": "o" * 65}, "id", "id"),
    "no name": ({"id": "o1", "services": []}, "missing", "name"),
    "an empty name": ({**ORG, "name": "  "}, "missing", "name"),
    "a name of ten thousand letters": ({**ORG, "name": "A" * 10_000}, "long", "name"),
    "a number as name": ({**ORG, "name": 5}, "text", "name"),
    "a text for services": ({**ORG, "services": "many"}, "list", "services"),
    "a text as a service": ({**ORG, "services": ["advice"]}, "list", "services"),
    "a year that is a text": ({**ORG, "year_incorporated": "old"}, "number", "year_incorporated"),
    "no status": ({**ORG, "services": [{"id": "s1", "name": "A"}]}, "missing", "status"),
    "another status": (with_service(status="open"), "choice", "[0].services[0].status"),
    "a language that is none": (
        with_service(languages=[{"id": "x", "code": "klingon"}]),
        "language",
        "services[0].languages[0].code",
    ),
    "a language nobody knows": (
        with_service(languages=[{"id": "x", "code": "qq"}]),
        "language",
        "services[0].languages[0].code",
    ),
    "an unknown currency": (
        with_service(cost_options=[{"id": "c", "amount": 5, "currency": "XQX"}]),
        "currency",
        "cost_options[0].currency",
    ),
    "less than nothing": (
        with_service(cost_options=[{"id": "c", "amount": -5}]),
        "amount",
        "cost_options[0].amount",
    ),
    "a price in words": (
        with_service(cost_options=[{"id": "c", "amount": "free"}]),
        "number",
        "cost_options[0].amount",
    ),
    "a date that does not exist": (
        with_service(assured_date="2026-02-30"),
        "date",
        "assured_date",
    ),
    "a latitude in words": (located(latitude="north"), "number", "locations[0].latitude"),
    "a place of no kind": (located(location_type="moon"), "choice", "location_type"),
    "the 25th hour": (scheduled(opens_at="25:00"), "time", "schedules[0].opens_at"),
    "no day of the week": (scheduled(byday="XX"), "days", "schedules[0].byday"),
    "closed when it opens": (scheduled(closes_at="09:00"), "hours", "closes_at"),
    "open from midnight after": (scheduled(opens_at="24:00"), "time", "opens_at"),
    "from a day that is none": (scheduled(valid_from="soon"), "date", "valid_from"),
    "a phone without number": ({**ORG, "phones": [{"id": "p"}]}, "missing", "phones.number"),
    "a term that is a text": (
        with_service(attributes=[{"id": "a", "taxonomy_term": "tax"}]),
        "object",
        "attributes[0].taxonomy_term",
    ),
    # what belongs together
    "a service of nobody": (SERVICE, "no_organization", "organization_id"),
    "an organisation that is not there": (
        {**SERVICE, "organization_id": "o9"},
        "reference",
        "organization_id",
    ),
    "a programme that is not there": (
        with_service(program_id="p9"),
        "reference",
        "services[0].program_id",
    ),
    "a service at a place that is not there": (
        with_service(service_at_locations=[{"id": "x", "location_id": "l9"}]),
        "reference",
        "service_at_locations[0].location_id",
    ),
    "its own parent": ({**ORG, "parent_organization_id": "o1"}, "cycle", "parent_organization_id"),
    "parents in a ring": (
        [
            {**ORG, "parent_organization_id": "o2"},
            {**ORG, "id": "o2", "parent_organization_id": "o1"},
        ],
        "cycle",
        "parent_organization_id",
    ),
    "one identifier for two services": (
        {**ORG, "services": [SERVICE, {**SERVICE, "name": "Other"}]},
        "twice",
        "services[1].name",
    ),
    "one service of two organisations": (
        [with_service(), {**ORG, "id": "o2", "services": [SERVICE]}],
        "two_owners",
        "[1].services[0].organization_id",
    ),
    "one place twice": (
        {
            **located(),
            "services": [
                {
                    **SERVICE,
                    "service_at_locations": [
                        {"id": "x1", "location_id": "l1"},
                        {"id": "x2", "location_id": "l1"},
                    ],
                }
            ],
        },
        "twice_there",
        "service_at_locations[1]",
    ),
    "two files that disagree": (
        {"a.json": text(ORG).encode(), "b.json": text({**ORG, "name": "Hinder"}).encode()},
        "twice",
        "b.json, name",
    ),
    # tables
    "a table without a header": (
        {"organizations.csv": b"o1,Help,We help\n"},
        "no_header",
        "organizations.csv, line 1",
    ),
    "an empty table": ({"organizations.csv": b"\n"}, "empty", "organizations.csv"),
    "semicolons": ({"organizations.csv": b"id;name\no1;Help\n"}, "separator", "line 1"),
    "a column twice": ({"organizations.csv": b"id,name,name\n"}, "twice_key", "line 1"),
    "a cell too many": (
        table(services=f"{HEADERS}\ns1,o1,Advice,active,more\n"),
        "ragged",
        "services.csv, line 2",
    ),
    "a quotation mark too many": (
        table(services=f'{HEADERS}\ns1,o1,"Ad"vice,active\n'),
        "csv",
        "services.csv, line 2",
    ),
    "a formula": (
        table(services=f"{HEADERS}\ns1,o1,=HYPERLINK(1),active\n"),
        "formula",
        "services.csv, line 2, name",
    ),
    "a formula in disguise": (
        table(services=f"{HEADERS}\ns1,o1,@SUM(1),active\n"),
        "formula",
        "services.csv, line 2, name",
    ),
    "a service of no row": (
        table(services=f"{HEADERS}\n\ns1,o7,Advice,active\n"),
        "reference",
        "services.csv, line 3, organization_id",
    ),
    "a phone of no row": (
        table(phones="id,service_id,number\np1,s7,123\n"),
        "reference",
        "phones.csv, line 2, service_id",
    ),
    "a phone of nobody": (table(phones="id,number\np1,123\n"), "no_owner", "phones.csv, line 2"),
    "a number in words in a table": (
        table(locations="id,location_type,latitude\nl1,physical,north\n"),
        "number",
        "locations.csv, line 2, latitude",
    ),
    "NaN in a table": (
        table(locations="id,location_type,latitude\nl1,physical,nan\n"),
        "endless",
        "locations.csv, line 2, latitude",
    ),
    "a table that is not there": (
        {
            **table(),
            "datapackage.json": text(
                {"resources": [{"name": "service", "path": "services.csv"}]}
            ).encode(),
        },
        "no_file",
        "datapackage.json, resources[0].path",
    ),
    "a package that says nothing": (
        {**table(), "datapackage.json": b"{}"},
        "missing",
        "datapackage.json, resources",
    ),
    "tables of something else": ({"people.csv": b"id,name\n1,Amina\n"}, "nothing", "people.csv"),
    "tables and JSON together": (
        {**table(), "more.json": text(ORG).encode()},
        "mixed",
        "organizations.csv",
    ),
    # ZIP files
    "tables and JSON in a ZIP": (
        {"x.zip": zipped(organizations_csv=CSV_ORG.encode(), **{"a.json": text(ORG).encode()})},
        "mixed",
        "x.zip",
    ),
    "half a ZIP": ({"x.zip": GOOD_ZIP[: len(GOOD_ZIP) // 2]}, "zip", "x.zip"),
    "a ZIP with damage": (
        {"x.zip": GOOD_ZIP.replace(CSV_ORG.encode()[:0] + GOOD_ZIP[50:56], b"??????", 1)},
        "zip",
        "x.zip",
    ),
    "a ZIP that climbs out": ({"x.zip": outside()}, "outside", "x.zip"),
    "a ZIP with a password": ({"x.zip": locked()}, "locked", "x.zip"),
    "a ZIP that swells": (
        {"x.zip": zipped(organizations_csv=b" " * (files.MOST + 1))},
        "too_big",
        "x.zip",
    ),
    "a ZIP of a thousand files": (
        {"x.zip": zipped(**{f"f{n}_csv": b"" for n in range(1000)})},
        "many_files",
        "x.zip",
    ),
    "a ZIP with two of one name": (
        {"x.zip": zipped(a__organizations_csv=b"", b__organizations_csv=b"")},
        "twice_in_zip",
        "x.zip",
    ),
    "a ZIP of pictures": ({"x.zip": zipped(picture=b"")}, "nothing", "x.zip"),
}


def given(content: Any) -> list[files.Given]:
    if isinstance(content, bytes):
        return [files.Given("x.json", content)]
    if isinstance(content, dict) and all(isinstance(one, bytes) for one in content.values()):
        return [files.Given(*one) for one in content.items()]
    every = content if isinstance(content, list) else [content]
    return [files.Given("x.json", text(every).encode())]


async def everything(database: Database) -> dict[str, list[Any]]:
    async with database.transaction() as session:
        return {
            table.name: [tuple(row) for row in await session.execute(select(table))]
            for table in METADATA.sorted_tables
        }


@pytest.mark.parametrize("name", CASES)
async def test_what_is_broken_is_refused_with_its_place_and_changes_nothing(
    database: Database, now: datetime, name: str
) -> None:
    content, why, place = CASES[name]
    async with database.transaction() as session:
        boss = await a_coordinator(session, now)
        standing = {**ORG, "id": "there", "services": [{**SERVICE, "id": "there"}]}
        await brings(session, standing, now)
    before = await everything(database)
    with pytest.raises(DirectoryRefusedError) as refused:  # noqa: PT012 - the whole import
        async with database.transaction() as session:
            directory = files.read(given(content), Known())
            plan = await comparing.compare(session, boss, directory, "en", now)
            await importing.write(session, boss, plan, "en", now)
    assert refused.value.why == why
    assert await everything(database) == before
    told = without_isolates(plain(sentence(refused.value, translator_for("en"))))
    assert place in told.partition(": ")[0], told
    assert told.endswith("Nothing was changed.")
    assert "This cannot be read as HSDS." not in told
    for language in ("fr", "ar", "uk"):
        assert plain(sentence(refused.value, translator_for(language)))


def refused(content: Any) -> DirectoryRefusedError | None:
    try:
        files.read(given(content), Known())
    except DirectoryRefusedError as error:
        return error
    return None


@pytest.mark.parametrize("chunk", [1, 7])
def test_where_a_file_is_cut_to_be_read_makes_no_difference(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    small = {name: content for name, (content, _, _) in CASES.items() if "swells" not in name}
    whole = {name: refused(content) for name, content in small.items()}
    monkeypatch.setattr(files, "CHUNK", chunk)
    for name, content in small.items():
        one, same = whole[name], refused(content)
        assert (one is None) == (same is None), name
        assert one is None or vars(one) == vars(same), name
    said: dict[str, Any] = {
        **ORG,
        "x": ["é\u20ac\U0001f600", 12.5, -1e-7, True, None, {}],
        "y": "\\" * 9,
    }
    for text_ in (text(said), json.dumps([said], indent=3, ensure_ascii=False)):
        directory = files.read([files.Given("x.json", text_.encode())], Known())
        (item,) = directory.items["organization"]
        assert {key: item.kept[key] for key in "xy"} == {key: said[key] for key in "xy"}


def test_objects_follow_each_other_in_a_list_a_page_or_lines() -> None:
    other = {**ORG, "id": "o2"}
    for content in (
        text([ORG, other]),
        text({"total_items": 2, "contents": [ORG, other], "page": 1}),
        f"{text(ORG)}\n{text(other)}\n",
        f"\n{json.dumps(ORG, indent=1)}\n{json.dumps(other, indent=1)}",
    ):
        directory = files.read([files.Given("x.json", content.encode())], Known())
        assert [item.id for item in directory.items["organization"]] == ["o1", "o2"], content
    for more in ("[", "]", "1", "x"):
        assert refused(f"{text([ORG])} {more}".encode()) is not None


def test_there_are_more_than_fifty_ways_to_be_broken() -> None:
    assert len(CASES) > 50


def test_a_file_that_is_not_used_is_named(tmp_path: Path) -> None:
    members = {
        "organizations.csv": CSV_ORG.encode(),
        "prices.csv": b"id,price\n",
        "datapackage.json": b'{"resources": []}',
        "README.txt": b"Hello",
        ".DS_Store": b"",
    }
    for name, content in members.items():
        (tmp_path / name).write_bytes(content)
    _ = translator_for("en")
    for directory in (
        files.from_path(tmp_path, Known()),
        files.read([files.Given("x.zip", zipped(**members))], Known()),
    ):
        assert sorted(without_isolates(plain(words.note(one, _))) for one in directory.notes) == [
            f"{name}: This file was not used: it is none of the files of HSDS."
            for name in ("README.txt", "prices.csv")
        ]


def test_a_hundred_megabytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(DirectoryRefusedError) as refused:
        files.from_path(path, Known())
    told = without_isolates(plain(sentence(refused.value, translator_for("en"))))
    assert told == "huge.json: This is too big: 64 MB can be taken at most. Nothing was changed."


async def test_a_mark_at_the_beginning_and_what_a_spreadsheet_would_run_are_texts(
    database: Database, now: datetime
) -> None:
    from reports.hsds import tables
    from tests.reports.test_hsds import goes_out

    said = {
        "alternate_name": "=1+1",
        "legal_status": "'=quoted",
        "tax_id": "+44 20",
        "uri": "-",
        "logo": "@home",
    }
    async with database.transaction() as session:
        await brings(session, {"x.json": b"\xef\xbb\xbf" + text({**ORG, **said}).encode()}, now)
        (out,) = await goes_out(session)
        assert {**out, **said} == out
        package = tables.package([out])
        lines = package["organizations.csv"].decode()
        for cell in ("'=1+1", "''=quoted", "'+44 20", "'-", "'@home"):
            assert f",{cell}," in lines
        assert (await brings(session, package, now)).count == 0
        assert await goes_out(session) == [out]
