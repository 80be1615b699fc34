"""What was gathered, as plain types: the JSON that the page carries, and every number on it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.kept import standard_error
from snnc.ir import Kind, Program, ProgramPopulation, ProgramProjection, size
from snnc.ir.delays import delays_of
from snnc.ir.footprint import program_size, synapse_count
from snnc.placement import core_loads
from snnc.workflows.ladder import Ladder
from snnc.workflows.run import Run
from snnc.workflows.sources import counts_digest

from .gather import Gathered, Sample
from .notes import explained
from .reproduce import commands

MOST_NEURONS = 128
"""Of a population that a raster shows; of a larger one, as many that are evenly spaced."""

MOST_POPULATIONS = 10
"""That are drawn of a sample: the first, and the readout."""

MOST_STEPS = 2000
"""Of a sample that are drawn."""

MOST_LINES = 12
"""Potentials of a readout that are drawn."""

HIDDEN_LINES = 4
"""Of another population: those of the neurons that spike most."""

ONE_BYTE = 255


def facts(found: Gathered) -> dict[str, Any]:
    """Everything that a report says of a bundle, as plain types.

    Numbers are those of the commands: ``run`` is ``snnc run --operations --json``, ``verification``
    is ``snnc verify --json``, ``ladder`` that with ``--ladder``, ``delays`` is in
    ``snnc inspect --json``, ``placement`` (but for its runs of neurons) and ``core_load``, too.
    """
    bundle, run = found.bundle, found.run
    program, footprint = bundle.program, program_size(bundle.program)
    content = {
        "bundle": str(found.folder),
        "name": program.name,
        "manifest": bundle.manifest.as_json(),
        "size": {
            "neurons": footprint.neurons,
            "synapses": footprint.synapses,
            "buffered": footprint.buffered,
        },
        "delays": delays_of(program).as_json(),
        "populations": [_population(p) for p in program.populations],
        "projections": [_projection(program, q) for q in program.projections],
        **_placed(found.placement),
        "data": None if run is None else _data(found, run),
        "run": None if run is None else {**run.as_json(), "operations": run.cost.as_json()},
        "spread": None if run is None else _spread(run, found.ladder),
        "activity": None if run is None else _activity(run),
        "verification": None if found.verification is None else found.verification.as_json(),
        "ladder": None if found.ladder is None else found.ladder.as_json(),
        "ladder_samples": None if found.ladder is None else len(found.ladder.data.x),
        "observed": None if found.observed is None else found.observed.as_json(),
        "observed_samples": None if found.observed is None else found.observed.samples,
        "samples": [] if run is None else [_sample(program, run, each) for each in found.samples],
        "absent": {
            name: [d.as_json() for d in found.absent.get(name, ())]
            for name in ("verification", "ladder", "placement")
        },
        "warnings": [warning.as_json() for warning in found.warnings],
        "notes": explained((*bundle.manifest.notes, *found.warnings)),
        "commands": commands(found),
    }
    plain: dict[str, Any] = _plain(content)
    return plain


def _plain(content: Any) -> Any:
    """As JSON has it: lists for tuples."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    return content


def _placed(told: dict[str, Any] | None) -> dict[str, Any]:
    """``placement.json`` with counts of neurons in place of their runs, and what cores have to do."""
    if told is None:
        return {"placement": None, "core_load": None}
    cores = [
        {**core, "neurons": {name: sum(n for _, n in runs) for name, runs in core["neurons"].items()}}
        for core in told["cores"]
    ]
    return {"placement": {**told, "cores": cores}, "core_load": core_loads(told)}


def _population(p: ProgramPopulation) -> dict[str, Any]:
    neuron = p.neuron
    fires = None if neuron is None or neuron.threshold is None else neuron.threshold
    return {
        "name": p.name,
        "kind": p.kind.value,
        "shape": list(p.shape),
        "neurons": size(p.shape),
        "origin": p.origin,
        "start": p.start,
        "relay_of": p.relay_of,
        "encoding": None if p.encoding is None else p.encoding.value,
        "threshold": None if fires is None else [int(fires.min()), int(fires.max())],
        "levels": None if neuron is None else neuron.levels,
        "state_bits": None if neuron is None else neuron.state_bits,
    }


def _projection(program: Program, q: ProgramProjection) -> dict[str, Any]:
    return {
        "source": q.source,
        "target": q.target,
        "label": q.label,
        "operation": type(q.op).__name__,
        "origin": q.origin,
        "steps": q.delay + 1,
        "bits": q.weight_bits,
        "signs": q.sign_mode.value,
        "exponent": q.exponent,
        "graded": q.graded,
        "synapses": synapse_count(q.op, program.by_name[q.source].shape),
    }


def _data(found: Gathered, run: Run) -> dict[str, Any]:
    return {
        "name": found.data,
        "samples": len(run.data.x),
        "frames": run.data.x.shape[1],
        "labelled": run.data.y is not None,
        "sha256": counts_digest(run.data.x),
    }


def _spread(run: Run, ladder: Ladder | None) -> dict[str, Any]:
    """Standard errors of the accuracies, as fractions: of the run, and of each rung."""
    samples, of_rungs = len(run.data.x), None
    if ladder is not None:
        seen = len(ladder.data.x)
        of_rungs = [_standard_errors(rung.accuracy, seen) for rung in ladder.rungs]
    right = _standard_errors(run.accuracy, samples)
    return {"accuracy": right, "samples": samples, "ladder": of_rungs}


def _standard_errors(right: Iterable[float] | None, samples: int) -> list[float] | None:
    return None if right is None else [standard_error(float(share), samples) for share in right]


def _activity(run: Run) -> list[dict[str, Any]]:
    """How unevenly neurons spike, by population, over all samples."""
    found = []
    for name, counts in run.events.items():
        flat = counts.ravel()
        most = int(flat.argmax())
        quarters = np.percentile(flat, (0, 25, 50, 75, 100)) / len(run.data.x)
        found.append(
            {
                "population": name,
                "neurons": int(flat.size),
                "silent": int(np.count_nonzero(flat == 0)),
                "most_active": [int(i) for i in np.unravel_index(most, counts.shape)],
                "quartiles": [float(q) for q in quarters],
            }
        )
    return found


def _sample(program: Program, run: Run, sample: Sample) -> dict[str, Any]:
    labels = run.data.y
    shown = _drawn_populations(program)
    steps = min(MOST_STEPS, run.bundle.program.steps(run.data.x.shape[1]))
    return {
        "number": sample.number,
        "why": sample.why,
        "label": None if labels is None else int(labels[sample.number]),
        "predictions": run.predictions[sample.number].tolist(),
        "steps": steps,
        "populations": [_drawn(p, sample, steps) for p in shown],
        "left_out": len(program.populations) - len(shown),
    }


def _drawn_populations(program: Program) -> list[ProgramPopulation]:
    if len(program.populations) <= MOST_POPULATIONS:
        return list(program.populations)
    others = [p for p in program.populations if p.kind is not Kind.READOUT]
    return [*others[: MOST_POPULATIONS - 1], program.readout]


def _drawn(p: ProgramPopulation, sample: Sample, steps: int) -> dict[str, Any]:
    """A population's raster, and the potentials of its most active neurons."""
    total = size(p.shape)
    found: dict[str, Any] = {"name": p.name, "kind": p.kind.value, "neurons": total}
    sent = sample.spikes.get(p.name)
    if sent is not None:
        flat = sent[:steps].reshape(steps, total)
        shown = np.unique(np.linspace(0, total - 1, min(total, MOST_NEURONS)).round().astype(int))
        found["raster"] = {"neurons": shown.tolist(), **_packed(flat[:, shown].T)}
        found["spikes"] = int(np.count_nonzero(flat))
    held = sample.potentials.get(p.name)
    if held is not None:
        states = held[:steps].reshape(steps, total)
        lines = list(range(min(total, MOST_LINES))) if sent is None else busiest(sent, HIDDEN_LINES)
        found["potentials"] = [{"neuron": n, "values": states[:, n].tolist()} for n in lines]
    return found


def busiest(sent: NDArray[Any], most: int) -> list[int]:
    """Places of the neurons that spike most, at most one of each channel, the busiest first.

    Neurons of a channel share weights and threshold, and may do the very same where nothing arrives.

    Args:
        sent: spikes, (steps, \\*shape).
        most: so many.
    """
    counts = np.count_nonzero(sent, axis=0)
    by_channel = counts.reshape(len(counts), -1)
    places = by_channel.argmax(axis=1) + np.arange(len(counts)) * by_channel.shape[1]
    order = np.argsort(-by_channel.max(axis=1), kind="stable")[:most]
    return [int(places[channel]) for channel in order]


def _packed(values: NDArray[Any]) -> dict[str, Any]:
    """A matrix as text: bytes where they are enough, else integers of 32 bits, little-endian."""
    small = values.min(initial=0) >= 0 and values.max(initial=0) <= ONE_BYTE
    kind = "uint8" if small else "int32"
    content = np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<")).tobytes()
    return {"rows": len(values), "kind": kind, "values": base64.b64encode(content).decode()}
