"""Work on the catalogues: `python -m locales extract | update | missing | fill | check`."""

import argparse
import json
import sys
from pathlib import Path

from locales import catalogue
from locales.checks import problems
from locales.languages import OFFERED


def main() -> int:
    """Run one command; 1 says that something is left to do."""
    parser = argparse.ArgumentParser(prog="python -m locales", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("extract", help="write messages.pot from the sources")
    for name, what in (
        ("update", "bring catalogues up to date with messages.pot; a new language is created"),
        ("missing", "print what is not translated, as JSON"),
        ("check", "print what is wrong in catalogues"),
    ):
        commands.add_parser(name, help=what).add_argument("languages", nargs="*")
    filling = commands.add_parser("fill", help="merge translations from a JSON file")
    filling.add_argument("language")
    filling.add_argument("file", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "extract":
        catalogue.TEMPLATE.write_text(catalogue.text_of(catalogue.extract()))
        return 0
    if arguments.command == "fill":
        refused = catalogue.fill(arguments.language, catalogue.load_translations(arguments.file))
        print("\n".join(refused), file=sys.stderr)
        return bool(refused)
    languages = arguments.languages or OFFERED
    if arguments.command == "update":
        catalogue.update(languages)
        return 0
    if arguments.command == "missing":
        entries = [
            {"language": language, **entry}
            for language in languages
            for entry in catalogue.missing(language)
        ]
        print(json.dumps(entries, ensure_ascii=False))
        return 0
    found = [problem for language in languages for problem in problems(language)]
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
