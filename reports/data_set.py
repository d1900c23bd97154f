"""The data set as a ZIP of CSV files, with a codebook that says what is in each."""

import csv
import zipfile
from collections.abc import AsyncIterator, Mapping
from io import BytesIO, StringIO

from community.evidence.dataset import File
from locales import Translator

AT_ONCE = 5000
"""So many rows are held as text before they are packed."""


async def packed(files: AsyncIterator[File], _: Translator) -> bytes:
    """Return the files as one ZIP: UTF-8, commas, quotes; the codebook is ``codebook.csv``."""
    content = BytesIO()
    told = meanings(_)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as pack:
        book = [("file", "columns", "meaning")]
        async for file in files:
            with pack.open(f"{file.name}.csv", "w") as entry:
                text = StringIO()
                lines = csv.writer(text)
                lines.writerow(file.columns)
                rows = 0
                async for row in file.rows:
                    lines.writerow(["" if cell is None else cell for cell in row])
                    rows += 1
                    if rows % AT_ONCE == 0:
                        entry.write(text.getvalue().encode())
                        text.seek(0)
                        text.truncate()
                entry.write(text.getvalue().encode())
            kind = "fact" if file.name.startswith("fact_") else file.name
            book.append((f"{file.name}.csv", " ".join(file.columns), told.get(kind, "")))
        text = StringIO()
        csv.writer(text).writerows(book)
        pack.writestr("codebook.csv", text.getvalue().encode())
    return content.getvalue()


def meanings(_: Translator) -> Mapping[str, str]:
    """Return what is in each file; ``fact`` stands for all whose name begins so."""
    return {
        "periods": _.label(
            "codebook",
            "The periods that were told, each with the smallest number of people that is told, "
            "the version of the indicators, and the day on which it was counted.",
        ),
        "groups": _.label(
            "codebook", "The groups there were in each period, by what people are told apart."
        ),
        "facts": _.label(
            "codebook",
            "What is counted: how often, by what it is split, and what must hold for it to be "
            "told.",
        ),
        "trees": _.label("codebook", "Which parts each number has."),
        "people": _.label(
            "codebook",
            "One line for each pseudonym: language, upper area and profiles today, the month of "
            "joining, and the days on which somebody first came to an event, asked a provider, "
            "was introduced, and finished a lesson.",
        ),
        "fact": _.label(
            "codebook",
            "The people of one fact as they were counted, each under one code (leaf), with the "
            "amount if there is one, and language, area and profiles as they were then. Without "
            "a pseudonym: somebody who was erased before.",
        ),
        "answers": _.label(
            "codebook",
            "Answers to surveys by their codes, with the template, its version and the day of "
            "asking. Words and voice are not in it.",
        ),
        "erased": _.label(
            "codebook",
            "How many were counted of whom no line is left, because they were erased since.",
        ),
    }
