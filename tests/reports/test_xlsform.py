"""What is exported as XLSForm opens in pyxform, the programs' own reader, without a warning."""

from io import BytesIO

import pytest
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from community.surveys import SHIPPED, Template
from locales import OFFERED
from reports import xlsform

LANGUAGES = ("en", "fr", "ar", "uk")


@pytest.mark.parametrize("template", SHIPPED, ids=lambda template: template.code)
def test_every_shipped_survey_opens_in_pyxform_without_warnings(template: Template) -> None:
    assert set(LANGUAGES) <= {*OFFERED}
    warnings: list[str] = []
    opened = convert(
        BytesIO(xlsform.form(template, LANGUAGES, "EUR")), warnings=warnings, file_type=".xlsx"
    )
    assert warnings == []
    assert f'id="{template.code}"' in opened.xform
    assert f'version="{template.version}"' in opened.xform
    for language in ("English (en)", "French (fr)", "Arabic (ar)", "Ukrainian (uk)"):
        assert f'<translation lang="{language}"' in opened.xform
    for asked in template.questions:
        assert f"/{asked.code}" in opened.xform
        assert ("relevant=" in opened.xform) >= (asked.relevant is not None)


def test_a_form_says_of_each_question_its_type_its_words_and_when_it_is_asked() -> None:
    baseline = next(template for template in SHIPPED if template.code == "baseline")
    book = load_workbook(BytesIO(xlsform.form(baseline, ("fr", "en"), "CHF")))
    survey = [[cell or "" for cell in row] for row in book["survey"].values]
    assert survey[0] == [
        *("type", "name", "label::French (fr)", "label::English (en)"),
        *("hint::French (fr)", "hint::English (en)", "relevant", "constraint"),
    ]
    assert survey[2] == [
        "decimal",
        "sales",
        "Combien votre entreprise a-t-elle vendu en tout, ces douze derniers mois ? Un montant "
        "approximatif suffit.",
        "What did your business sell in the last twelve months, all together? A rough amount is "
        "enough.",
        "Écrivez un montant en CHF, par exemple 12000.",
        "Please write an amount in CHF, for example 12000.",
        "${business} = 'running'",
        ". >= 0",
    ]
    choices = list(book["choices"].values)
    assert choices[0] == ("list_name", "name", "label::French (fr)", "label::English (en)")
    assert choices[1] == ("business", "running", "Oui, elle tourne", "Yes, it is running")
    assert list(book["settings"].values) == [
        ("form_title", "form_id", "version", "default_language"),
        ("Vous et votre entreprise", "baseline", "1", "French (fr)"),
    ]
