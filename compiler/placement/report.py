"""What a placement comes to: the content of ``placement.json``, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from snnc.errors import Diagnostic, Severity, counted

from .limits import CoreLimits, alone, use
from .plan import Placement
from .wiring import Ints, Wiring

FILE = "placement.json"
ROLE = "placement"
"""What the manifest calls the file."""
KEYS = {"method", "limits", "unknown", "alone", "mesh", "chips", "cores", "traffic"}


def report(
    wiring: Wiring,
    limits: CoreLimits,
    placement: Placement,
    counted_on: tuple[int, int] | None,
    ordered: Placement | None,
) -> dict[str, Any]:
    """The content of ``placement.json``.

    Args:
        wiring: of the network.
        limits: of the target.
        placement: of the network.
        counted_on: samples and steps that spikes were counted on; None where none were: then no
            traffic is told.
        ordered: the order of appearance, to compare with; None where there is none.
    """
    used = use(wiring, placement.core, placement.cores)
    return {
        "method": placement.method,
        "limits": {
            name: {"value": limit.value, "unit": limit.unit, "source": limit.source}
            for name, limit in {"cores": limits.cores, **limits.holds}.items()
        },
        "unknown": list(limits.unknown),
        "alone": alone(wiring, limits),
        "mesh": {
            "width": limits.mesh.width,
            "height": limits.mesh.height,
            "cores": limits.mesh.cores,
            "column first": limits.mesh.column_first,
            "source": limits.mesh.source,
        },
        "chips": placement.chips,
        "cores": [
            {
                "chip": int(placement.chip[core]),
                "place": int(placement.place[core]),
                "uses": {name: int(values[core]) for name, values in used.items()},
                "neurons": _held(wiring, placement, core),
            }
            for core in range(placement.cores)
        ],
        "traffic": None
        if counted_on is None
        else _traffic(wiring, limits, placement, counted_on, ordered),
    }


def _held(wiring: Wiring, placement: Placement, core: int) -> dict[str, list[list[int]]]:
    """By population the runs of neurons on a core, each its first and how many."""
    found = {}
    for block in wiring.blocks:
        first = wiring.first[block.name]
        here = np.flatnonzero(placement.core[first : first + block.size] == core)
        if len(here):
            begins = np.flatnonzero(np.diff(here, prepend=-2) > 1)
            counts = np.diff(begins, append=len(here))
            found[block.name] = [[int(here[b]), int(n)] for b, n in zip(begins, counts, strict=True)]
    return found


def read_placement(wiring: Wiring, limits: CoreLimits, content: Any) -> Placement:
    """The placement that the content of a ``placement.json`` says.

    Raises:
        KeyError, TypeError, ValueError: it does not put every neuron on one core, or two cores on one
            place.
    """
    core = np.full(wiring.neurons, -1, np.int64)
    sizes = {b.name: b.size for b in wiring.blocks}
    for number, entry in enumerate(content["cores"]):
        for name, runs in entry["neurons"].items():
            for first, count in runs:
                if not (0 <= first < first + count <= sizes[name]):
                    raise ValueError(f"{name} has no {count} neurons from {first} on")
                places = core[wiring.first[name] + first :][:count]
                if (places >= 0).any():
                    raise ValueError(f"neurons of {name} are on two cores")
                places[:] = number
    if (core < 0).any():
        raise ValueError("neurons are on no core")
    where = [(int(entry["chip"]), int(entry["place"])) for entry in content["cores"]]
    if len(set(where)) < len(where):
        raise ValueError("two cores are on one place")
    if any(chip < 0 or not 0 <= place < limits.cores.value for chip, place in where):
        raise ValueError("a core is on no place")
    chip, place = np.array(where, np.int64).reshape(-1, 2).T
    return Placement(str(content["method"]), core, len(where), place, chip)


def _traffic(
    wiring: Wiring,
    limits: CoreLimits,
    placement: Placement,
    counted_on: tuple[int, int],
    ordered: Placement | None,
) -> dict[str, Any]:
    matrix = wiring.traffic(placement.core, placement.cores)
    inner = wiring.traffic(placement.core, placement.cores, outside=False)
    found: dict[str, Any] = {
        "samples": counted_on[0],
        "steps": counted_on[1],
        **measures(matrix, limits, placement),
        "from inputs": crossing(matrix) - crossing(inner),
        "in order": None,
        "operations": wiring.operations(placement.core, placement.cores).tolist(),
        "matrix": [[int(a), int(b), int(matrix[a, b])] for a, b in np.argwhere(matrix)],
    }
    if ordered is not None:
        before = wiring.traffic(ordered.core, ordered.cores)
        found["in order"] = {"cores": ordered.cores, **measures(before, limits, ordered)}
    return found


def crossing(matrix: Ints) -> int:
    """Messages from a core to another."""
    return int(matrix.sum() - np.trace(matrix))


def measures(matrix: Ints, limits: CoreLimits, placement: Placement) -> dict[str, int]:
    """Messages between cores and chips, and hops from tile to tile within chips."""
    chip, place = placement.chip, placement.place
    same = chip[:, None] == chip
    hops, _ = limits.mesh.distances()
    return {
        "messages": int(matrix.sum()),
        "between cores": crossing(matrix),
        "between chips": int((matrix * ~same).sum()),
        "hops": int((matrix * same * hops[np.ix_(place, place)]).sum()),
    }


def report_text(content: Mapping[str, Any]) -> str:
    """The file's text: keys of the top a line each, cores and the matrix a line an entry."""
    lines = []
    for key, value in content.items():
        if key == "cores":
            inner = ",\n".join(f"  {json.dumps(core)}" for core in value)
            lines.append(f' "cores": [\n{inner}\n ]')
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def report_differences(meant: Mapping[str, Any], content: Any) -> list[str]:
    """What a file's content says that is not so; messages, counted on data, are not compared."""
    if not isinstance(content, dict) or set(content) != KEYS:
        return ["it has other entries"]
    return [f"other {key}" for key in meant if key != "traffic" and content[key] != meant[key]]


def placement_notes(where: str, content: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """What a user is told of a placement; nothing of one on a single core."""
    traffic = content["traffic"]
    cores, chips = len(content["cores"]), content["chips"]
    if cores == 1:
        return
    what = f"{counted(cores, 'core')} of {counted(chips, 'chip')}, placed by {content['method']}"
    if traffic is not None:
        what += f": {traffic['between cores']} of {traffic['messages']} messages go to another core"
        if chips > 1:
            what += f", {traffic['between chips']} to another chip"
        if traffic["in order"] is not None and content["method"] != "order":
            before = traffic["in order"]
            what += f"; in order {before['between cores']} on {counted(before['cores'], 'core')}"
        steps = counted(traffic["steps"], "step")
        what += f" ({counted(traffic['samples'], 'sample')} of {steps})"
    yield Diagnostic(
        "N802",
        what,
        where,
        "a spike is one message to each core that receives it",
        severity=Severity.NOTE,
    )
