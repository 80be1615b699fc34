"""The table of docs/conversion.md: ``python -m benchmarks.conversion.page build/conversion.json``."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
CHOSEN = "code chosen: --code "


def table(rows: Iterable[Row]) -> str:
    """Markdown: a line a network, both seeds in a cell; by default, fewer bits, rate, loihi1.

    Args:
        rows: as ``measure.py`` writes them; rows of other engines are left out.
    """
    found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(rows, key=lambda row: int(row["seed"])):
        if row["engine"] != "fast simulator" or row["calibration"] != "random 256" or row["changes"]:
            continue
        if row["target"] == "loihi" and row["code"] is None:
            found[row["network"]]["default" if row["bits"] is None else f"{row['bits']} bits"].append(
                row
            )
        if row["target"] == "loihi" and (row["code"], row["bits"]) == ("rate", None):
            found[row["network"]][f"rate {row['k']}"].append(row)
        if (row["target"], row["k"]) == ("loihi1", 32):
            found[row["network"]]["loihi1, 32"].append(row)
    columns = ("default", "6 bits", "4 bits", "rate 8", "rate 16", "rate 32", "loihi1, 32")
    lines = [
        "| network | data | float | " + " | ".join(columns) + " | what `auto` takes |",
        "|---|---|" + "---|" * (len(columns) + 2),
    ]
    for name, settings in found.items():
        default = settings["default"] or next(iter(settings.values()))
        cells = [name, default[0]["data"], " / ".join(_number(r, r["float"]) for r in default)]
        cells += [" / ".join(_number(r, r["value"]) for r in settings[each]) for each in columns]
        cells.append(" / ".join(dict.fromkeys(_chosen(r) for r in settings["default"])))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _number(row: Row, value: float | None) -> str:
    if value is None:
        return "refused"
    return f"{value:.3f}" if row["network"].startswith("regression") else f"{value:.1f}"


def _chosen(row: Row) -> str:
    text = str(row.get("chosen") or "")
    options = text.removeprefix(CHOSEN).replace("--steps-per-frame ", "K = ").replace("--set ", "")
    return options.replace("'quantize-activations{levels=31}'", "31 levels").strip()


if __name__ == "__main__":
    print(table(row for path in sys.argv[1:] for row in json.loads(Path(path).read_text())))
