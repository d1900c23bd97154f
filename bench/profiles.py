"""Where the time of a contestant goes: the profile of what is measured, by package and function.

CPU time, not waiting. A profiler makes everything slower, and many small functions most: trust the
order more than the shares.
"""

import pstats
import re
from collections import Counter

MOST = 25
ROOMS = ("bot", "handlers", "community", "locales", "scheduler", "reports", "bench")


def _place(path: str, function: str) -> str:
    """Return the package that a function belongs to."""
    if path == "~":
        found = re.search(r"'([a-z_A-Z0-9]+)\.|module '?([a-z_A-Z]+)", function)
        return f"built in ({next(filter(None, found.groups()))})" if found else "built in"
    if match := re.search(r"site-packages/([^/]+)", path):
        return match[1].removesuffix(".py")
    if match := re.search(rf"/({'|'.join(ROOMS)})/(?!.*lib/python)", path):
        return match[1]
    return "Python's library"


def table(path: str, n: int) -> str:
    """Return the own time of packages and of the heaviest functions, in microseconds of each."""
    stats = pstats.Stats(path).stats  # type: ignore[attr-defined]  # that is what it has
    whole = sum(own for _, _, own, _, _ in stats.values())
    packages: Counter[str] = Counter()
    for (file, _, function), (_, _, own, _, _) in stats.items():
        packages[_place(file, function)] += own
    lines = ["| package | own µs each | share |", "|---|---:|---:|"]
    for package, own in packages.most_common(MOST):
        lines.append(f"| {package} | {own / n * 1e6:,.0f} | {own / whole:.0%} |")
    lines += ["", "| function | calls each | own µs each | with callees |", "|---|---:|---:|---:|"]
    heaviest = sorted(stats.items(), key=lambda item: -item[1][2])[:MOST]
    for (file, line, function), (_, calls, own, cumulative, _) in heaviest:
        short = "/".join(file.split("/")[-2:])
        name = function if file == "~" else f"{short}:{line} {function}"
        cells = f"{calls / n:,.1f} | {own / n * 1e6:,.0f} | {cumulative / n * 1e6:,.0f}"
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines) + "\n"
