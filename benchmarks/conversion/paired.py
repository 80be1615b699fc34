"""Ours against SpikingJelly's recipes on the networks that both convert, judged sample by sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from .measure import ENGINE
from .spikingjelly_recipes import STEPS

Rows = list[dict[str, Any]]
Key = tuple[str, int]
MARGIN = 1.0
"""Points by which ours may be worse on any network."""

COLUMNS = (
    "recipe",
    "T",
    "both",
    "theirs",
    "ours",
    "float as good",
    "as good",
    "within 1 +-",
    "beyond 2 +-",
    "worst",
    "+-",
    "worse by > 1",
)
"""Means of accuracy; networks where the float network itself is not worse, which says what chance alone
does; where ours is not worse, or by no more than one standard error of the paired difference, or by
more than two; the worst difference with its standard error."""

LEFT = ("recipe", "network", "refused by", "said")


@dataclass(frozen=True)
class Pair:
    """One network and seed, both engines after the same number of steps.

    Attributes:
        network, seed: which.
        trained, ours, theirs: accuracies in percent, or root mean square errors.
        gain: points by which ours is better; for a regression the factor of theirs to our error.
        deviation: standard error of ``gain`` over the test samples; None for a regression.
    """

    network: str
    seed: int
    trained: float
    ours: float
    theirs: float
    gain: float
    deviation: float | None


def _right(row: dict[str, Any]) -> NDArray[np.bool_]:
    """Of each test sample, and False for those that fill the last byte."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(row["right"]), np.uint8)).astype(bool)


def pair(ours: dict[str, Any], theirs: dict[str, Any]) -> Pair:
    """Compare two rows of one network, both of which have a value."""
    key = (ours["network"], ours["seed"], ours["float"], ours["value"], theirs["value"])
    if ours["right"] is None:
        return Pair(*key, theirs["value"] / ours["value"], None)
    a, b = _right(ours), _right(theirs)
    count = ours["samples"]
    better, worse = float(np.sum(a & ~b)) / count, float(np.sum(b & ~a)) / count
    gain = better - worse
    deviation = 100 * np.sqrt(max(better + worse - gain**2, 0.0) / count)
    return Pair(*key, 100 * gain, float(deviation))


def recipes(rows: Rows, k: int) -> dict[str, dict[Key, dict[str, Any]]]:
    """Of each recipe its rows at ``k`` steps that have a value."""
    found: dict[str, dict[Key, dict[str, Any]]] = {}
    for row in rows:
        if row["engine"] != ENGINE and row["k"] == k and row["value"] is not None:
            found.setdefault(row["engine"], {})[row["network"], row["seed"]] = row
    return found


def ours(rows: Rows, k: int) -> dict[Key, dict[str, Any]]:
    """The rows of ``--code rate`` on ``loihi`` at ``k`` steps, defaults otherwise, refused ones too."""
    wanted = {"engine": ENGINE, "target": "loihi", "code": "rate", "k": k, "bits": None, "changes": []}
    wanted["calibration"] = "random 256"
    return {
        (row["network"], row["seed"]): row
        for row in rows
        if all(row[name] == value for name, value in wanted.items())
    }


def pairs(rows: Rows, k: int, recipe: str | None) -> list[Pair]:
    """Of every network that both convert; without a recipe theirs is the best on each network."""
    known = recipes(rows, k)
    mine = {key: row for key, row in ours(rows, k).items() if row["value"] is not None}
    found = []
    for key, row in mine.items():
        of = [known[recipe]] if recipe is not None else list(known.values())
        theirs = [group[key] for group in of if key in group]
        if theirs:
            found.append(min((pair(row, other) for other in theirs), key=lambda p: p.gain))
    return found


def comparison(rows: Rows) -> Iterator[Table]:
    """Every recipe at each number of steps, then the networks where ours is worse than the margin.

    The last line of each number of steps takes, network by network, the recipe that does best on the
    test part itself: a choice that nobody who converts can make, and so the hardest yardstick.
    """
    table = _table(*COLUMNS)
    for k in STEPS:
        for recipe in (*recipes(rows, k), None):
            found = pairs(rows, k, recipe)
            classes = [p for p in found if p.deviation is not None]
            if classes:
                table.add_row(*_cells(recipe, k, classes))
    yield table
    yield _worse(rows)
    yield _regressions(rows)
    yield _apart(rows)


def _table(*names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in names:
        table.add_column(name, justify="left" if name in LEFT else "right", no_wrap=name == "recipe")
    return table


def _cells(recipe: str | None, k: int, classes: list[Pair]) -> list[str]:
    worst = min(classes, key=lambda p: p.gain)
    return [
        "the best on each network" if recipe is None else recipe.partition(", ")[2],
        f"{k}",
        f"{len(classes)}",
        f"{mean(p.theirs for p in classes):.2f}",
        f"{mean(p.ours for p in classes):.2f}",
        f"{sum(p.trained >= p.theirs for p in classes)}",
        f"{sum(p.gain >= 0 for p in classes)}",
        f"{sum(p.gain >= -(p.deviation or 0) for p in classes)}",
        f"{sum(p.gain < -2 * (p.deviation or 0) for p in classes)}",
        f"{worst.gain:.1f}",
        f"{worst.deviation:.1f}",
        f"{sum(p.gain < -MARGIN for p in classes)}",
    ]


def best(rows: Rows, k: int) -> str | None:
    """The recipe with the highest mean accuracy over the networks that both convert."""
    means = {
        recipe: mean(p.theirs for p in found)
        for recipe in recipes(rows, k)
        if (found := [p for p in pairs(rows, k, recipe) if p.deviation is not None])
    }
    return max(means, key=lambda recipe: means[recipe], default=None)


def _worse(rows: Rows) -> Table:
    table = _table("network", "seed", "T", "float", "ours", "theirs", "gain", "+-", "recipe")
    for k in STEPS:
        recipe = best(rows, k)
        if recipe is None:
            continue
        for p in pairs(rows, k, recipe):
            if p.deviation is not None and p.gain < -MARGIN:
                cells = (p.trained, p.ours, p.theirs, p.gain, p.deviation)
                texts = [f"{cell:.1f}" for cell in cells]
                table.add_row(p.network, f"{p.seed}", f"{k}", *texts, recipe.partition(", ")[2])
    return table


def _regressions(rows: Rows) -> Table:
    table = _table("network", "seed", "T", "ours", "theirs, the best", "factor")
    for k in STEPS:
        for p in pairs(rows, k, None):
            if p.deviation is None:
                cells = (f"{p.ours:.3f}", f"{p.theirs:.3f}", f"{p.gain:.2f}")
                table.add_row(p.network, f"{p.seed}", f"{k}", *cells)
    return table


def _apart(rows: Rows) -> Table:
    """Networks that one side alone converts, and what the other said."""
    table = _table("network", "refused by", "said")
    found: dict[tuple[str, str, str], None] = {}
    for row in rows:
        theirs = row["engine"] != ENGINE
        if row["value"] is None and (theirs or any(ours([row], k) for k in STEPS)):
            found[row["network"], row["engine"] if theirs else "snnc", row["compile_said"][0]] = None
    for cells in found:
        table.add_row(*cells)
    return table
