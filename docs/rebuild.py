"""Compute everything that was told again, from the data set and the file of indicators alone.

Usage: python rebuild.py FOLDER INDICATORS.yaml

It imports nothing of Diwan: the rules are written down once more, with pandas. What it prints is
compared with what was told, hidden numbers included (``tests/community/test_rebuilt.py``).
"""

import json
import sys
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import partial
from pathlib import Path

import pandas as pd
import yaml

FEW, COVERED = "few", "covered"
PROFILE = "profile:"


def table(folder, name):
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


def is_shown(cell):
    return not isinstance(cell, str)


def split(cells, few):
    """Decision 0006 and 0026: parts of a number that is shown."""
    values = pd.Series(cells, dtype="int64")
    small, large = values[values < few], values[values >= few]
    if small.sum() == 0:
        return {key: int(value) for key, value in values.items()}
    if values.sum() < few:
        return dict.fromkeys(cells, FEW)
    if len(small) == 1 or (small == few - 1).all():
        why, cover = COVERED, large.min() if len(large) else 0
    elif list(large) == [few]:
        why, cover = COVERED, few
    else:
        why, cover = FEW, None
    hidden = {*small.index, *values[values == cover].index}
    return {key: why if key in hidden else int(value) for key, value in values.items()}


class Fact:
    """One fact as the data set describes it."""

    def __init__(self, folder, row):
        self.name, self.every = row.fact, row.every
        self.splits = row.splits.split()
        self.together = row.together == "1"
        self.within, self.of = row.within, row.of.split()
        self.few = int(row.threshold) if row.threshold else None
        trees = table(folder, "trees")
        mine = trees[trees.fact == row.fact]
        self.tree = {number: list(g.part) for number, g in mine.groupby("number", sort=False)}
        self.leaves = self.below("")
        self.has_shares = self.together or bool(self.within)

    def below(self, node):
        parts = self.tree.get(node)
        return [node] if parts is None else [leaf for p in parts for leaf in self.below(p)]


def rounded(amount):
    return Context(prec=3, rounding=ROUND_HALF_EVEN).plus(amount)


def amount_of(folder, fact, period, few):
    """Return what is told of the amounts of all: of those whose rows are left."""
    rows = table(folder, f"fact_{fact.name}")
    rows = rows[(rows.period == period) & (rows.amount != "")]
    amounts = sorted(Decimal(one) for one in rows.amount)
    sizes = [abs(one) for one in amounts]
    if len(sizes) < few or 2 * max(sizes) > sum(sizes):
        return {}
    middle = amounts[(len(amounts) - 1) // 2] + amounts[len(amounts) // 2]
    told = {"sum": rounded(sum(amounts)), "median": rounded(middle / 2)}
    return {"": {"": {"n": len(amounts), **{k: f"{one:f}" for k, one in told.items()}}}}


def margins(folder, fact, period):
    """Return people by split, leaf and group: the rows, and what has been erased of them."""
    rows = table(folder, f"fact_{fact.name}")
    rows = rows[rows.period == period]
    erased = table(folder, "erased")
    erased = erased[(erased.period == period) & (erased.fact == fact.name)]
    found = {}
    for by in ["", *fact.splits]:
        if by.startswith(PROFILE):
            has = rows.profiles.str.split(" ").map(
                lambda codes, by=by: by[len(PROFILE) :] in codes
            )
            group = has.map({True: "with", False: "without"})
        else:
            group = rows[by] if by else pd.Series("", index=rows.index)
        counts = rows.groupby([rows.leaf, group.rename("group")]).size()
        gone = erased[erased.split == by]
        more = pd.Series(
            gone.people.astype("int64").to_numpy(),
            index=pd.MultiIndex.from_frame(gone[["leaf", "group"]]),
            dtype="int64",
        )
        found[by] = counts.add(more, fill_value=0).astype("int64")
    return found


def number(counts, leaf, group=None):
    if not len(counts) or leaf not in counts.index.get_level_values(0):
        return 0
    return int(counts[leaf].sum() if group is None else counts[leaf].get(group, 0))


def shares(fact, counted, groups, few):
    found = {}
    for by in fact.splits:
        keys = ["with", "without"] if by.startswith(PROFILE) else groups[by]
        parts = {
            key: (
                number(counted[by], fact.leaves[0], key),
                sum(number(counted[by], leaf, key) for leaf in fact.leaves[1:]),
            )
            for key in keys
        }
        shown = {key for key, part in parts.items() if min(part) >= few}
        while shown and len(shown) < len(parts):
            rest = [part for key, part in parts.items() if key not in shown]
            if min(sum(one) for one in zip(*rest, strict=True)) >= few:
                break
            fewest = min(sum(parts[key]) for key in shown)
            shown = {key for key in shown if sum(parts[key]) > fewest}
        found[by] = {
            key: int(
                (Decimal(10 * parts[key][0]) / sum(parts[key])).quantize(1, ROUND_HALF_UP) * 10
            )
            for key in sorted(shown)
        }
    return found


def tell(fact, counted, around, groups, few, amounts):
    few = fact.few or few
    told = {"cells": {}, "by": {}, "shares": {}, "amounts": {}}
    if around and not all(
        is_shown(around["cells"].get(leaf, COVERED)) for leaf in fact.of or [""]
    ):
        return told
    sums = {leaf: number(counted[""], leaf) for leaf in fact.leaves}
    if fact.together:
        if any(0 < one < few for one in sums.values()):
            told["cells"] = dict.fromkeys(fact.leaves, COVERED)
            return told
        return {**told, "cells": sums, "shares": shares(fact, counted, groups, few)}
    total = sum(sums.values())
    cells = {"": FEW if 0 < total < few else total}
    for node, parts in fact.tree.items():
        if is_shown(cells.get(node, COVERED)):
            below = {part: sum(sums[leaf] for leaf in fact.below(part)) for part in parts}
            cells |= split(below, few)
    told["cells"] = cells
    shown = [leaf for leaf in fact.leaves if is_shown(cells.get(leaf, COVERED))]
    if fact.within:
        if len(shown) == len(fact.leaves):
            told["shares"] = shares(fact, counted, groups, few)
            told["amounts"] = amounts(few)
        return told
    for by in fact.splits:
        keys = ["with", "without"] if by.startswith(PROFILE) else groups[by]
        told["by"][by] = {
            leaf: split({key: number(counted[by], leaf, key) for key in keys}, few)
            for leaf in shown
            if sums[leaf]
        }
    return told


# Indicators


def count_of(fact, told, leaves, by, key):
    if not leaves and not by and not fact.together:
        return told["cells"].get("", COVERED)
    total = 0
    for leaf in leaves or fact.leaves:
        cell = told["cells"].get(leaf, COVERED)
        if by and cell != 0:
            cell = told["by"].get(by, {}).get(leaf, {}).get(key, COVERED)
        if not is_shown(cell):
            return cell
        total += cell
    return total


def figure(entry, facts, told, by="", key=""):
    fact, leaves = facts[entry["fact"]], entry.get("leaves", [])
    mine = told[fact.name]
    if entry["formula"] in ("sum", "median"):
        if mine["cells"].get("", COVERED) == 0:
            return [None, 0]
        one = mine["amounts"].get(by, {}).get(key)
        return [one[entry["formula"]], one["n"]] if one else [COVERED, COVERED]
    if by and fact.has_shares:
        is_it = entry["formula"] == "share" and leaves == fact.leaves[:1] and "of" not in entry
        share = mine["shares"].get(by, {}).get(key) if is_it else None
        return [COVERED if share is None else str(share), COVERED]
    part = count_of(fact, mine, leaves, by, key)
    if entry["formula"] == "count":
        return [part if isinstance(part, str) else str(part), part]
    of = entry.get("of", {"fact": fact.name})
    whole = count_of(facts[of["fact"]], told[of["fact"]], of.get("leaves", []), by, key)
    if not is_shown(part) or not is_shown(whole):
        return [COVERED, whole]
    if not whole:
        return [None, 0]
    if entry["formula"] == "ratio":
        return [str(rounded(Decimal(part) / whole)), whole]
    return [str((Decimal(100 * part) / whole).quantize(1, ROUND_HALF_UP)), whole]


def groups_of(told, by):
    if by.startswith(PROFILE):
        return ["with"] if by in told["by"] or told["shares"].get(by) else []
    keys = {key for cells in told["by"].get(by, {}).values() for key in cells}
    return sorted(keys | {*told["shares"].get(by, {})})


def main(folder, indicators):
    facts = {row.fact: Fact(folder, row) for row in table(folder, "facts").itertuples()}
    defined = yaml.safe_load(indicators.read_text(encoding="utf-8"))["indicators"]
    every_group = table(folder, "groups")
    found = {}
    for period in table(folder, "periods").itertuples():
        here = every_group[every_group.period == period.period]
        groups = {by: list(rows.group) for by, rows in here.groupby("split")}
        every = "quarter" if "Q" in period.period else "year"
        told = {}
        for fact in facts.values():
            if fact.every == every:
                counted = margins(folder, fact, period.period)
                around = told.get(fact.within)
                amounts = partial(amount_of, folder, fact, period.period)
                few = int(period.threshold)
                told[fact.name] = tell(fact, counted, around, groups, few, amounts)
        figures = {}
        for code, entry in defined.items():
            fact = facts[entry["fact"]]
            if fact.name not in told:
                continue
            by_group = {
                by: {
                    key: figure(entry, facts, told, by, key)
                    for key in groups_of(told[fact.name], by)
                }
                for by in fact.splits
                if by.partition(":")[0] in entry.get("split", [])
            }
            figures[code] = {
                "": figure(entry, facts, told),
                **{by: cells for by, cells in by_group.items() if cells},
            }
        found[period.period] = {"told": told, "figures": figures}
    return found


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1]), Path(sys.argv[2])), sys.stdout)
