"""The fast simulator's kernel as it is compiled, for one step of a real neuron."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from snnc.ir import Comparison, Reset
from snnc.sim.fast import kernels, stepping, tables
from snnc.sim.fast.events import Lists
from snnc.sim.fast.records import POPULATION, PROJECTION
from snnc.sim.fast.tables import CODES
from snnc.sim.fast.vectors import LANES

from .scene import FIELDS, Kind, real_neuron
from .shims import private


def real_step(kind: Kind, given: Mapping[str, int], narrow: bool) -> dict[str, int]:
    """The same by the compiled kernel, of real numbers: 33 neurons, a vector and one behind it."""
    size = LANES + 1
    populations, projections = np.zeros(2, POPULATION), np.zeros(1, PROJECTION)
    row = populations[0]
    for name in FIELDS:
        row[name] = given[name]
    row["size"], row["depth"], row["lone"], row["narrow"] = size, 1, -1, narrow
    row["cycle"], row["words"] = -1, 1
    row["fires"], row["biased"] = kind.code is not None, given["bias"] != 0
    row["strict"], row["subtract"] = kind.comparison is Comparison.GREATER, kind.reset is Reset.SUBTRACT
    row["code"] = CODES[kind.code] if kind.code is not None else 0
    row["until"] = given["step"]
    private(tables, "_describe_sums")(row, real_neuron(kind, given))

    def filled(value: int, register: Any, rows: tuple[int, ...] = ()) -> Any:
        return np.full((*rows, size), value, np.int64).astype(register)

    constants = [
        filled(given[name], register)
        for name, register in (
            ("threshold", np.int64),
            ("threshold", np.int32),
            ("bias", np.int64),
            ("bias", np.int32),
            ("start", np.int64),
        )
    ]
    pools = [np.zeros(1, kind_) for kind_ in (np.int8, np.int16, np.int32, np.int64, np.int32)]
    network = kernels.Network(populations, projections, *pools, *constants)
    states = kernels.States(
        filled(given["u"], np.int64, (1,)),
        filled(given["v"], np.int64, (1,)),
        filled(given["v"], np.int32, (1,)),
        filled(given["waiting"], np.int32, (1,)),
        np.full((1, 1), stepping.ALL),
    )
    places = np.zeros((1, 2, 2), np.int64)
    lists = Lists(
        np.zeros(99, np.int32), np.zeros(99, np.int32), places, places.copy(), np.zeros(2, np.int64)
    )
    record = np.zeros((1, 1, size), np.int32)
    arrived = filled(given["arrived"], np.int32, (1, 1))
    scratch = kernels.Scratch.of(size, 1, 1)
    kernels.run_component(
        np.array([0]), network, states, lists, arrived, record, (given["step"], 0, 1), scratch
    )
    first, last = int(lists.begin[0, 0, 1]), int(lists.end[0, 0, 1])
    sent = np.zeros(size, np.int64)
    exact = kind.code is not None and kind.code.exact
    sent[lists.events[first:last]] = lists.payloads[first:last] if exact else 1
    found = {"v": states.v32 if narrow else states.v, "record": record, "sent": sent}
    if not narrow:
        found["u"] = states.u
    if exact:
        found["waiting"] = states.waiting
    values = {name: np.unique(value) for name, value in found.items()}
    apart = [name for name, value in values.items() if len(value) != 1]
    assert not apart, f"a vector and the neuron behind it differ in {apart}"
    return {name: int(value[0]) for name, value in values.items() if name != "sent" or kind.code}
