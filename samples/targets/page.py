"""``docs/targets.md`` from the rows of ``docs/targets.json``."""

from __future__ import annotations

from typing import Any

HEAD = """# The targets on real networks

Written by `python -m samples.targets` (`make targets`): each network is compiled for the target and run
on every engine that is installed; each spike of each population at each step, and the readout's
potential, is compared with snnc's simulator (`fpga` on Verilator alone: its other engines are for small
networks). Networks, 16 steps a frame:

* digits: `samples/moving_digits/model.pt`, the first test streams; in floats 97.8 %.
* small: `samples/small_digits/model.pt`, the same streams on 16 inputs; in floats 91.6 %.
* braille: the recurrent network for Braille reading of `../shared/data/nir`, which others have trained;
  random input, each of 12 inputs with an event in every fifth step, seed 0.

"Right" is after the last frame, in integers, seed 0.

| target | network | engine | neurons | streams, steps each | values | spikes | differ | right |
|---|---|---|---|---|---|---|---|---|
"""

CALLED = {
    "samples/moving_digits/model.pt": "digits",
    "samples/small_digits/model.pt": "small",
}


def page(rows: list[dict[str, Any]]) -> str:
    """The page's text."""
    parts = [HEAD, *map(_line, rows)]
    parts += [_reported(row) for row in rows if row["measured"]]
    parts.append("\n## What changes meaning, as `compile` names it\n")
    by_network = {(row["target"], _called(row)): row["notes"] for row in rows}
    for (target, network), notes in by_network.items():
        parts += [f"\n`{target}`, {network}:\n\n", *(f"* {note}\n" for note in notes)]
    return "".join(parts)


def _called(row: dict[str, Any]) -> str:
    return CALLED.get(row["model"], "braille")


def _line(row: dict[str, Any]) -> str:
    right = "" if row["right"] is None else f"{row['right']:.1f} % of {row['counted']}"
    cells = (
        f"`{row['target']}`",
        _called(row),
        f"{row['engine']} {row['version']}",
        str(row["neurons"]),
        f"{row['streams']}, {row['steps']}",
        f"{row['compared']:,}",
        f"{row['spikes']:,}",
        str(row["mismatches"]),
        right,
    )
    return f"| {' | '.join(cells)} |\n"


def _reported(row: dict[str, Any]) -> str:
    """What an engine says beside spikes."""
    of_what = f"{_called(row)} for {row['target']}" if row["engine"] == "qemu" else _called(row)
    head = f"\n## What {row['engine']} reports of {of_what}\n\n"
    table = "| | value | unit | according to |\n|---|---|---|---|\n"
    lines = (
        f"| {_name(each)} | {_figure(each)} | {each['unit']} | {each['source']} |\n"
        for each in row["measured"]
    )
    return head + table + "".join(lines)


def _name(each: dict[str, Any]) -> str:
    """As ``verify`` shows it."""
    return f"{each['name']}, estimated" if each.get("estimated") else str(each["name"])


def _figure(each: dict[str, Any]) -> str:
    """A count in full, as ``verify`` shows it; anything else with four digits."""
    whole = each["unit"] in ("", "B") and each["value"] >= 1000
    return f"{each['value']:,.0f}" if whole else f"{each['value']:.4g}"
