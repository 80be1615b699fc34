"""What training settled about a network on the chip: the archive's ``snnc/deployment.json``.

Written by ``snnc.training``; a network that was trained with spikes is more than its activations::

    {"format": 1,
     "steps_per_frame": 8,                      time steps K of a frame, or absent
     "weight_bits": 3,                          or absent
     "neurons": {"h1": {"reset": "zero", "comparison": ">", "start_value": 0.0,
                        "potential_kept": 1.0,
                        "restart_frames": false}},     or left out: true; the same for all
     "scales": {"h1": [96.0]}}                  integer units of one threshold, one or one a channel

Everything in it is a number or one of few words, and is checked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from snnc.frontend.archives.archive import Archive, damaged
from snnc.ir import Comparison, Graph, Kind, Neuron, Population, Reset, per_channel

MEMBER = "extra/snnc/deployment.json"
FORMAT = 1
MOST_STEPS = 2**16
MOST_BITS = 32


def with_deployment(archive: Archive, graph: Graph) -> Graph:
    """The graph with the neurons, steps and grids that it was trained with, where the archive has them.

    Raises:
        UserError: D106 when they are damaged or belong to another network.
    """
    if MEMBER not in archive.names:
        return graph
    said = archive.read_json(MEMBER)
    try:
        return _settled(graph, said)
    except _WrongError as problem:
        raise damaged(archive.place(MEMBER), str(problem)) from None


class _WrongError(Exception):
    """What is wrong with the file, in words."""


def _settled(graph: Graph, said: Any) -> Graph:
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise _WrongError(f"it is not of format {FORMAT}")
    unknown = said.keys() - {"format", "steps_per_frame", "weight_bits", "neurons", "scales"}
    if unknown:
        raise _WrongError(f"unknown key {min(unknown)!r}")
    neurons, scales = _table(said, "neurons"), _table(said, "scales")
    for name in (*neurons, *scales):
        if name not in graph.by_name or graph.by_name[name].kind is Kind.INPUT:
            raise _WrongError(f"the network has no neurons {name!r}")
    restarts = {name: _restart(name, said) for name, said in neurons.items()}
    if len(set(restarts.values())) > 1:
        raise _WrongError("some neurons restart at every frame and others do not")
    populations = []
    for p in graph.populations:
        if p.name in neurons:
            if p.kind is not Kind.NEURONS:
                raise _WrongError(f"{p.name!r} does not spike")
            p = _rounded_down(replace(p, neuron=_neuron(p.name, neurons[p.name])))
        if p.name in scales:
            p = replace(p, trained_scale=_scale(p, scales[p.name]))
        populations.append(p)
    return replace(
        graph.with_populations(populations),
        trained_steps=_whole(said, "steps_per_frame", MOST_STEPS),
        trained_bits=_whole(said, "weight_bits", MOST_BITS),
        trained_restart=next(iter(restarts.values()), None),
    )


def _rounded_down(p: Population) -> Population:
    """Neurons that start from 0 round down: the half that was taken for the shift is their bias's."""
    if p.levels is None or p.neuron is None or p.neuron.start_value != 0 or p.shift == 0:
        return p
    half = p.shift * (p.step if not p.step.ndim else per_channel(p.step, p.shape))
    return replace(p, shift=0.0, bias=half if p.bias is None else p.bias + half)


def _table(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = said.get(name, {})
    if not isinstance(found, dict):
        raise _WrongError(f"{name!r} is not a table")
    return found


def _whole(said: Mapping[str, Any], name: str, most: int) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise _WrongError(f"{name} is {value!r}, not a whole number from 1 to {most}")
    return value


def _restart(name: str, said: Any) -> bool:
    restart = said.get("restart_frames", True) if isinstance(said, dict) else None
    if not isinstance(restart, bool):
        raise _WrongError(
            f"neurons of {name!r} are not a table, or restart_frames is not true or false"
        )
    return restart


def _neuron(name: str, said: Any) -> Neuron:
    wanted = {"reset", "comparison", "start_value", "potential_kept"}
    if said.keys() - {"restart_frames"} != wanted:
        raise _WrongError(f"neurons of {name!r} have {', '.join(sorted(wanted))}, and nothing else")
    resets, comparisons = {r.value: r for r in Reset}, {c.value: c for c in Comparison}
    if str(said["reset"]) not in resets or str(said["comparison"]) not in comparisons:
        raise _WrongError(f"no reset {said['reset']!r} or no comparison {said['comparison']!r}")
    start = _number(name, "start_value", said["start_value"], -1, 1)
    kept = _number(name, "potential_kept", said["potential_kept"], 0, 1)
    if abs(start) == 1 or kept == 0:
        raise _WrongError(f"{name!r} starts at its threshold, or keeps nothing")
    reset, comparison = resets[str(said["reset"])], comparisons[str(said["comparison"])]
    return Neuron(reset, comparison, start_value=start, potential_kept=kept)


def _number(name: str, what: str, value: Any, low: float, high: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high:
        raise _WrongError(f"{what} of {name!r} is {value!r}, not a number from {low:g} to {high:g}")
    return float(value)


def _scale(population: Population, said: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    if not isinstance(said, list) or len(said) not in {1, *population.shape[:1]}:
        raise _WrongError(
            f"scales of {population.name!r} are neither one number nor one for each channel"
        )
    values = [_number(population.name, "scale", value, 1, 2**31) for value in said]
    if any(value != int(value) for value in values):
        raise _WrongError(f"scales of {population.name!r} are not whole numbers")
    return np.array(values) if len(values) > 1 else np.asarray(values[0])
