"""A coordinator takes the surveys along as files; nobody else does."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from community.roles import RoleName
from tests.handlers.conftest import Calling


async def test_a_coordinator_takes_a_survey_along_in_their_own_language_first(
    phone: Calling,
) -> None:
    boss = await phone(1, "fr", RoleName.COORDINATOR)
    await boss.says("/report")
    await boss.presses("📝 Enquêtes en fichiers")
    assert "KoboToolbox" in boss.last
    await boss.presses("Votre année")
    file = boss.seen[-1].file
    assert file is not None
    assert file.name == "yearly-1.xlsx"
    assert callable(file.content)
    book = load_workbook(BytesIO(file.content()))
    assert book["settings"]["D2"].value == "French (fr)"
    assert book["survey"].max_row == 11


@pytest.mark.parametrize("data", ["rd", "rc:yearly", "xa:open:0", "xa:bring:0", "xb:x:ask!"])
async def test_nobody_else_does(phone: Calling, data: str) -> None:
    amina = await phone(1)
    amina.may_hear_nothing = True
    await amina.sends_data(data)
    assert not amina.seen
