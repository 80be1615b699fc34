"""The population's rows as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from typing import Any

from rich import box
from rich.table import Table

from .measure import ENGINE

Rows = list[dict[str, Any]]
GRAVE = 1.5
"""Points from which a loss is counted."""


def _name(row: dict[str, Any]) -> str:
    parts = [row["target"], row["code"] or "default"]
    parts += [f"K={row['k']}"] if row["k"] else []
    parts += [f"{row['bits']} bits"] if row["bits"] else []
    parts += [] if row["calibration"] == "random 256" else [row["calibration"]]
    return " ".join([*parts, *row["changes"]])


def summary(rows: Rows) -> Iterator[Table]:
    """What each setting does to the population, then every network; of our own rows."""
    rows = [row for row in rows if row["engine"] == ENGINE]
    by_setting: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_setting[_name(row)].append(row)
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("setting", "networks", "refused", "median loss", "above 1.5", "worst", "regressions"):
        table.add_column(name, justify="left" if name == "setting" else "right")
    for name, group in by_setting.items():
        classes = [r["loss"] for r in group if r["agreement"] is not None]
        factors = [r["loss"] for r in group if r["agreement"] is None and r["loss"] is not None]
        table.add_row(
            name,
            f"{len(group)}",
            f"{sum(r['loss'] is None for r in group)}",
            f"{median(classes):.2f}" if classes else "",
            f"{sum(loss > GRAVE for loss in classes)}",
            f"{max(classes):.1f}" if classes else "",
            ", ".join(f"{factor:.2f}" for factor in factors),
        )
    yield table
    yield _each(rows, list(by_setting))


def _each(rows: Rows, settings: list[str]) -> Table:
    found: dict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
    floats = {}
    for row in rows:
        found[row["network"], row["seed"]][_name(row)] = row["value"]
        floats[row["network"], row["seed"]] = row["float"]
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("network", "seed", "float", *settings):
        table.add_column(name, justify="left" if name == "network" else "right")
    for key, values in found.items():
        digits = 3 if floats[key] < 1 else 1
        cells = ("ref" if v is None else f"{v:.{digits}f}" for v in (values.get(s) for s in settings))
        table.add_row(key[0], f"{key[1]}", f"{floats[key]:.{digits}f}", *cells)
    return table
