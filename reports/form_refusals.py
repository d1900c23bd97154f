"""Why a survey that somebody brings as a file is not taken, in the reader's words."""

from community.errors import FormRefusedError
from locales import Html, Translator, number
from reports.xlsform import SELECTS, TYPES

KINDS = tuple(dict.fromkeys([*SELECTS.values(), *TYPES.values()]))
SHOWN = 60
"""So many letters of what stands there are told."""


def refusal(error: FormRefusedError, _: Translator) -> Html:
    """Say what is wrong, and on which sheet and in which row."""
    said = _said(error, _)
    if not error.row:
        return _("Sheet “{sheet}”: {reason} Nothing was kept.", sheet=error.sheet, reason=said)
    return _(
        "Sheet “{sheet}”, row {n}: {reason} Nothing was kept.",
        sheet=error.sheet,
        n=number(error.row, _),
        reason=said,
    )


def _said(error: FormRefusedError, _: Translator) -> Html:
    what = error.what if len(error.what) <= SHOWN else f"{error.what[:SHOWN]}…"
    most = error.limit or 0
    limit = number(most, _)
    return {
        "sheet": lambda: _("There is no sheet of this name."),
        "column": lambda: _("The column “{what}” is missing.", what=what),
        "column_twice": lambda: _("The column “{what}” is there twice.", what=what),
        "column_unknown": lambda: _(
            "The column “{what}” means nothing here. Please empty it.", what=what
        ),
        "many_rows": lambda: _("There are more than {limit} rows.", limit=limit),
        "many_columns": lambda: _("There are more than {limit} columns.", limit=limit),
        "formula": lambda: _(
            "A formula stands there and no text: {what}. Please put in what it results in.",
            what=what,
        ),
        "empty": lambda: _("Nothing stands in the column “{what}”.", what=what),
        "too_long": lambda: _.ngettext(
            "This has more than {n} letter: {what}",
            "This has more than {n} letters: {what}",
            most,
            what=what,
        ),
        "name": lambda: _(
            "This is no name: “{what}”. A name has at most 20 letters without accents, digits, "
            "“_” or “-”, and begins with a letter.",
            what=what,
        ),
        "choice_name": lambda: _(
            "This is no name of an answer: “{what}”. It has at most 20 letters without accents, "
            "digits, “_”, “.” or “-”.",
            what=what,
        ),
        "twice": lambda: _("The name “{what}” is there twice.", what=what),
        "version_number": lambda: _(
            "This is no version: “{what}”. It is a whole number, such as 1 or 2026093001.",
            what=what,
        ),
        "version": lambda: _(
            "Version {what} was here before, and asked something else. Please give yours a higher "
            "number.",
            what=what,
        ),
        "ours": lambda: _(
            "The name “{what}” belongs to a survey that comes with the bot. Please give yours "
            "another form_id.",
            what=what,
        ),
        "unnamed": lambda: _(
            "The words in the column “{what}” name no language. Please write it in the heading, "
            "for example: label::French (fr)",
            what=what,
        ),
        "language": lambda: _(
            "“{what}” is no language of this bot. Please write its code in brackets, for example: "
            "French (fr)",
            what=what,
        ),
        "languages_differ": lambda: _(
            "Questions and answers are not in the same languages: “{what}” is on one sheet only.",
            what=what,
        ),
        "default_language": lambda: _(
            "The default language “{what}” has no column of words.", what=what
        ),
        "translation": lambda: _("The words in this language are missing: {what}.", what=what),
        "dash": lambda: _(
            "There is only a dash where the words in this language should stand: {what}.",
            what=what,
        ),
        "type": lambda: _(
            "This kind of question is not known: “{what}”. Known are: {kinds}.",
            what=what,
            kinds=", ".join(KINDS),
        ),
        "list_missing": lambda: _(
            "After “{what}” one name of a list of answers has to stand.", what=what
        ),
        "list": lambda: _(
            "There is no answer in the list “{what}”, on the sheet “choices”.", what=what
        ),
        "many_choices": lambda: _(
            "The list “{what}” has more than {limit} answers.", what=what, limit=limit
        ),
        "many_questions": lambda: _("There are more than {limit} questions.", limit=limit),
        "no_questions": lambda: _("There is no question."),
        "constraint": lambda: _(
            "This limit of an answer is not known: “{what}”. Please empty it.", what=what
        ),
        "relevant": lambda: _(
            "“{what}” is not understood from letter {position} on. Understood are =, !=, "
            "selected(), and, or and brackets.",
            what=what,
            position=number(error.position, _),
        ),
        "relevant_question": lambda: _(
            "The column “relevant” asks for “{what}”, which is no question before this one.",
            what=what,
        ),
        "relevant_value": lambda: _(
            "The column “relevant” asks for the answer “{what}”, which that question does not "
            "have.",
            what=what,
        ),
    }[error.why]()
