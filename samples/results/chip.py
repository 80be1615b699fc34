"""From a trained network to numbers: compiled for Loihi, counted on integers, proved on Lava."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import snnc
from snnc.cost.energy import NetworkEnergy

VERIFIED = 20
"""Samples that run on Lava."""

TIME_LIMIT = 3600.0


@dataclass(frozen=True)
class OnChip:
    """What a compiled network did.

    Attributes:
        by_frame: right answers after each frame, percent of the test samples.
        samples: how many there were.
        notes: the compiler's, one line each.
    """

    by_frame: list[float]
    samples: int
    notes: list[str]


def compiled(
    model: Path,
    bundle: Path,
    test: Path,
    *,
    code: str = "rate",
    steps: int | None = None,
    bits: int | None = None,
    allow_overflow: bool = False,
    chips: int = 1,
) -> OnChip:
    """Compile for so many chips of Loihi 2 and run all of the test data in integers."""
    done = snnc.compile(
        model,
        "loihi" if chips == 1 else f"loihi{{chips={chips}}}",
        bundle,
        code=code,
        steps_per_frame=steps,
        weight_bits=bits,
        allow_overflow=allow_overflow,
    )
    ran = done.run(test)
    assert ran.accuracy is not None
    by_frame = [round(100 * float(share), 2) for share in ran.accuracy]
    return OnChip(by_frame, len(ran.data.x), [n.render_short() for n in done.notes])


def on_lava(bundle: Path, test: Path, samples: int = VERIFIED) -> dict[str, Any]:
    """Compare spikes and potentials with Lava's on the first test samples."""
    done = snnc.load(bundle).verify(test, samples=samples, time_limit=TIME_LIMIT)
    found = done.comparison
    return {
        "engine": done.engine.name,
        "samples": found.samples,
        "steps": found.steps,
        "values": found.compared,
        "differ": found.mismatches + len(done.payload_differences),
    }


def _microjoules(network: NetworkEnergy | None) -> float | None:
    return None if network is None else round(network.total.total / 1e6, 3)


def cost(bundle: Path, test: Path, samples: int) -> dict[str, Any]:
    """Operations and modelled energy (docs/energy.md) over the first test samples, a sample."""
    found = snnc.load(bundle).run(test, samples=samples, operations=True).cost
    assert found.ann is not None
    energies = {
        name: {
            "ann_float": _microjoules(e.float32),
            "ann_quantized": _microjoules(e.quantized),
            "snn": _microjoules(e.snn),
        }
        for name, e in found.energies.items()
    }
    return {
        "samples": samples,
        "ann_macs": found.ann.macs * found.snn.frames,
        "synaptic_operations": round(found.snn.synaptic),
        "neuron_updates": round(found.snn.updates),
        "spikes": round(found.snn.spikes),
        "rates": {p.name: round(p.rate, 5) for p in found.snn.populations},
        "microjoules": energies,
    }
