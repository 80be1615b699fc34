"""Mistakes that are planted in what the emitter lays out, which the conformance suite has to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from snnc.backends.fpga import connections, layout, tables, units
from snnc.backends.fpga.conformance import FpgaConformance
from snnc.backends.fpga.connections import Tap
from snnc.backends.fpga.tables import Ring

Plant = Callable[[pytest.MonkeyPatch], None]


def newest_slot(patch: pytest.MonkeyPatch) -> None:
    """Every connection reads the last step's spikes, whatever its delay."""
    honest = tables.Tables.add

    def add(self: tables.Tables, q: Any, *given: Any) -> None:
        honest(self, q, *given)
        self.projections[-1]["back"] = self.rings[q.source].slot

    patch.setattr(tables.Tables, "add", add)


def turned_kernels(patch: pytest.MonkeyPatch) -> None:
    """Rows and columns of a kernel in the wrong order."""
    honest = vars(connections)["_reached"]

    def reached(op: Any, axis: int, sources: int, targets: int, weight: int, target: int) -> Any:
        last = (op.weight.shape[2 + axis] - 1) * weight
        found = honest(op, axis, sources, targets, weight, target)
        return [
            [t if t.none else Tap(last - t.weight, t.target, t.last) for t in taps] for taps in found
        ]

    patch.setattr(connections, "_reached", reached)


def late_clearing(patch: pytest.MonkeyPatch) -> None:
    """Populations are cleared a step too late."""
    honest = vars(layout)["_timers"]

    def timers(neuron: Any) -> dict[str, int]:
        found = honest(neuron)
        return {**found, "clear_first": (found["clear_first"] + 1) % max(1, neuron.clear_interval)}

    patch.setattr(layout, "_timers", timers)


def lost_bit(patch: pytest.MonkeyPatch) -> None:
    """Weights are stored without their lowest bit."""
    honest = vars(units)["_shared"]
    patch.setattr(units, "_shared", lambda weights: honest(weights) + 1)


def short_ring(patch: pytest.MonkeyPatch) -> None:
    """A ring has a slot too few: a step writes over what is still to be read."""
    honest = vars(tables)["_rings"]

    def rings(*given: Any) -> dict[str, Ring]:
        return {
            name: Ring(ring.first, ring.slot, max(1, ring.depth - 1) if ring.depth else 0)
            for name, ring in honest(*given).items()
        }

    patch.setattr(tables, "_rings", rings)


@pytest.mark.usefixtures("verilator")
@pytest.mark.parametrize(
    ("plant", "case"),
    [
        (newest_slot, "delay/one"),
        (turned_kernels, "convolution/between"),
        (late_clearing, "clear/neurons"),
        (lost_bit, "weights/mixed"),
        (short_ring, "reset/hard"),
    ],
)
def test_the_suite_finds_it(monkeypatch: pytest.MonkeyPatch, plant: Plant, case: str) -> None:
    assert FpgaConformance.row(case, ("verilator",)).result == "passed"
    plant(monkeypatch)
    row = FpgaConformance.row(case, ("verilator",))
    assert row.result == "failed" and "differ" in row.reason, row.reason
