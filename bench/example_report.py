"""Make the example in docs/example-report again: ``make example-report``.

A simulated network is told and reported by the commands that everybody has, and the top of each
page is drawn by a browser. "Simulated" stands on every page, and so in every picture.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "example-report"
PEOPLE, SEED, YEARS, UNTIL = 400, 1, 3, "2027-01-10"
REPORTS = (("2026Q4", "en"), ("2026", "en"), ("2026", "ar"))
MARK = {
    "en": "Simulated: nobody in this report is real.",
    "ar": "محاكاة: لا أحد في هذا التقرير حقيقي.",
}
WIDTH, HEIGHT = 900, 1200


def diwan(address: str, *arguments: str) -> None:
    """Run the command line on a database."""
    environment = {**os.environ, "DATABASE_URL": address}
    subprocess.run([sys.executable, "-m", "bot", *arguments], env=environment, check=True)


def main() -> None:
    """Simulate, report, and draw."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite+aiosqlite:///{folder}/example.db"
        options = {"people": PEOPLE, "seed": SEED, "years": YEARS, "until": UNTIL}
        diwan(address, "simulate", *(f"--{name}={value}" for name, value in options.items()))
        for period, language in REPORTS:
            file = FOLDER / f"{period}-{language}.html"
            mark, told = f"--mark={MARK[language]}", f"--period={period}"
            diwan(address, "report", str(file), told, f"--language={language}", mark, "--force")
            file.chmod(0o644)  # a real report is for nobody else on the machine; this one is
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for period, language in REPORTS:
            file = FOLDER / f"{period}-{language}.html"
            page.goto(file.as_uri())
            page.screenshot(path=file.with_suffix(".png"))
        browser.close()


if __name__ == "__main__":
    main()
