"""What is wrong with a directory, is taken in part, or changes, in the reader's words."""

from community.errors import DirectoryRefusedError
from community.providers.items import LINKS, Change, Item, Note, Place
from locales import Html, Translator
from reports.hsds.fields import shortened
from reports.hsds.mapping import LABELS

SHOWN = 60
"""So many letters of a value stand in a line of a preview."""


def kind_of(kind: str, _: Translator) -> str:
    """Return what an object is called."""
    return {
        "organization": _.label("directory", "Organisation"),
        "program": _.label("directory", "Programme"),
        "service": _.label("directory", "Service"),
        "location": _.label("directory", "Place"),
        "service_at_location": _.label("directory", "Service at a place"),
        "schedule": _.label("directory", "Opening hours"),
        "contact": _.label("directory", "Contact"),
        "taxonomy_term": _.label("directory", "Term"),
    }[kind]


def new(item: Item, _: Translator) -> Html:
    """Return a line for something that an import adds."""
    what, name = kind_of(item.kind, _), shortened(item.name, SHOWN)
    return _("➕ <b>{what}</b> {name}", what=what, name=name)


def change(one: Change, _: Translator) -> Html:
    """Return a line for a value that an import changes, or something that goes or moves."""
    what, name = kind_of(one.kind, _), shortened(one.name, SHOWN)
    if one.field in LINKS:
        return _move(one, what, name, _)
    if not one.field:
        return _(
            "➖ <b>{what}</b> {name}, of {owner}",
            what=what,
            name=name,
            owner=shortened(one.before, SHOWN),
        )
    field = one.field.partition(":")[0]
    if one.overwrites:
        return _(
            "⚠️ <b>{what}</b> {name}, {field}: “{before}” → “{after}”. "
            "The organisation has written itself what stands there now.",
            what=what,
            name=name,
            field=LABELS[one.kind].get(field, field),
            before=shortened(" ".join(one.before.split()), SHOWN),
            after=shortened(" ".join(one.after.split()), SHOWN),
        )
    return _(
        "✏️ <b>{what}</b> {name}, {field}: “{before}” → “{after}”",
        what=what,
        name=name,
        field=LABELS[one.kind].get(field, field),
        before=shortened(" ".join(one.before.split()), SHOWN),
        after=shortened(" ".join(one.after.split()), SHOWN),
    )


def _move(one: Change, what: str, name: str, _: Translator) -> Html:
    after = shortened(one.after, SHOWN)
    if not one.before:
        return _(
            "➡️ <b>{what}</b> {name} now belongs to “{after}”", what=what, name=name, after=after
        )
    return _(
        "➡️ <b>{what}</b> {name} moves from “{before}” to “{after}”",
        what=what,
        name=name,
        before=shortened(one.before, SHOWN),
        after=after,
    )


def note(one: Note, _: Translator) -> Html:
    """Return a line for something that is taken, but not as it came."""
    why = {
        "shortened": _(
            "This text is longer than what fits here ({what} characters): its beginning is shown, "
            "the whole of it is kept.",
            what=one.what,
        ),
        "not_used": _("This file was not used: it is none of the files of HSDS."),
        "unused": _("“{what}” cannot be used here. It is kept, and not shown.", what=one.what),
    }[one.why]
    return _("<b>{place}</b>: {why}", place=place(one.place, _), why=why)


def place(where: Place, _: Translator) -> str:
    """Return where something stands."""
    file = where.file
    if where.line and where.path:
        return _.label(
            "directory",
            "{file}, line {line}, {path}",
            file=file,
            line=str(where.line),
            path=where.path,
        )
    if where.line:
        return _.label("directory", "{file}, line {line}", file=file, line=str(where.line))
    if where.path:
        return _.label("directory", "{file}, {path}", file=file, path=where.path)
    return file


def refusal(error: DirectoryRefusedError, _: Translator) -> Html:
    """Return why a directory is not taken, and where that is."""
    return _(
        "<b>{place}</b>: {why} Nothing was changed.",
        place=place(Place(error.file, error.line, error.path), _),
        why=_why(error.why, error.what, _),
    )


def _why(code: str, what: str, _: Translator) -> Html:
    return (_of_file(code, what, _) or _of_value(code, what, _)) or _(
        "This cannot be read as HSDS."
    )


def _of_file(code: str, what: str, _: Translator) -> Html | None:
    """Return what is wrong with a file as such."""
    return {
        "too_big": _("This is too big: {what} MB can be taken at most.", what=what),
        "many_files": _("There are too many files: {what} can be taken at most.", what=what),
        "nothing": _("There is no directory in this: HSDS as JSON or as CSV tables is needed."),
        "empty": _("This file is empty."),
        "encoding": _("The letters cannot be read. Please save the file in the encoding UTF-8."),
        "nul": _("There are signs in this that are no letters (NUL, or half of a pair)."),
        "cut": _("The file ends in the middle: its end is missing."),
        "json": _("This is no JSON: something is wrong in this line."),
        "csv": _("This table cannot be read: a quotation mark is missing or too many."),
        "endless": _("“{what}” is no number that can be counted with.", what=what),
        "deep": _("Too many things stand within each other."),
        "zip": _("This ZIP file is damaged."),
        "locked": _("“{what}” is locked with a password.", what=what),
        "outside": _("“{what}” would lie outside the ZIP file.", what=what),
        "mixed": _(
            "There are CSV tables and JSON files together in this. "
            "Please bring only one of the two."
        ),
        "twice_in_zip": _("Two files in it have the same name."),
        "no_file": _("The file “{what}” is missing.", what=what),
        "separator": _("The columns must be separated by commas."),
        "no_header": _("The first line has to name the columns, “id” among them."),
        "ragged": _("This line has another number of columns than the first: {what}.", what=what),
        "formula": _("“{what}” is a formula, and formulas are not taken.", what=what),
        "kind": _("This is neither an organisation nor a service nor a place."),
    }.get(code)


def _of_value(code: str, what: str, _: Translator) -> Html | None:
    """Return what is wrong with one object, or with what it says."""
    return {
        "text": _("This has to be a text, and is “{what}”.", what=what),
        "number": _("This has to be a number, and is “{what}”.", what=what),
        "list": _("This has to be a list of objects, and is “{what}”.", what=what),
        "object": _("This has to be an object with fields, and is “{what}”.", what=what),
        "date": _("“{what}” is no date; it has to look like 2026-11-30.", what=what),
        "time": _("“{what}” is no time of the day; it has to look like 09:00.", what=what),
        "days": _("“{what}” is no day of the week; it has to look like MO,TU.", what=what),
        "hours": _("It closes at the moment when it opens, at {what}.", what=what),
        "long": _("This name is too long: it may have {what} characters at most.", what=what),
        "choice": _("HSDS does not know the word “{what}” here.", what=what),
        "language": _(
            "“{what}” is no code of a language; it has to look like ar or uk.", what=what
        ),
        "currency": _("“{what}” is no code of a currency; it has to look like EUR.", what=what),
        "amount": _("“{what}” is no price: it must be 0 or more, and below a million.", what=what),
        "id": _("“{what}” is no identifier: a text of up to 64 letters is needed.", what=what),
        "missing": _("This is missing."),
        "no_organization": _("It does not say to which organisation this belongs."),
        "no_owner": _("It does not say to what this belongs."),
        "reference": _("There is nothing with the identifier “{what}”.", what=what),
        "twice": _("The files say two different things about “{what}”.", what=what),
        "twice_key": _("“{what}” stands here twice.", what=what),
        "twice_there": _("This service is given at the same place twice."),
        "two_owners": _(
            "This belongs to two different things; one of them is “{what}”.", what=what
        ),
        "cycle": _("These organisations stand above each other in a ring: “{what}”.", what=what),
    }.get(code)
