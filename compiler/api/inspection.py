"""What a model or a bundle is made of, as text and as plain types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snnc.bundle.folder import Contents
from snnc.choices import not_together
from snnc.errors import Diagnostic, counted
from snnc.frontend import IntegerModel, Model, ModelSource
from snnc.ir import Graph, Program, size
from snnc.ir.delays import Delays, delays_of
from snnc.ir.footprint import program_size
from snnc.ir.text import graph_text, program_text
from snnc.placement import core_loads
from snnc.results import Result, Rows
from snnc.rollouts import RolloutPattern
from snnc.workflows.placed import placement_told


@dataclass(frozen=True, eq=False, repr=False)
class Inspection(Result):
    """What a model or a bundle is made of.

    Attributes:
        name: of the network.
        content: everything as plain types.
        text: of a model, the graph or program as text; empty for a bundle.
        contents, delays: of a bundle; None for a model.
        warnings: what has to be said of the files.
    """

    name: str
    content: Mapping[str, Any]
    text: str = ""
    contents: Contents | None = None
    delays: Delays | None = None
    warnings: tuple[Diagnostic, ...] = ()

    def headline(self) -> str:
        """The result in one line."""
        found = self.content
        return (
            f"{self.name}: {counted(len(found['populations']), 'population')}, "
            f"{counted(len(found['projections']), 'projection')}"
        )

    def table(self) -> Rows:
        """A row for each population."""
        return Rows(
            ("population", "kind", "shape", "neurons"),
            tuple(
                (p["name"], p["kind"], tuple(p["shape"]), p["neurons"])
                for p in self.content["populations"]
            ),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``inspect --json``."""
        return dict(self.content)


def refuse_for_the_other(
    path: str,
    is_bundle: bool,
    *,
    of_bundles: Mapping[str, object],
    of_models: Mapping[str, object],
) -> None:
    """Refuse options for models with a bundle, and the reverse; None stands for one that is not given.

    Raises:
        UserError: D327.
    """
    kinds = ("a model", "a bundle") if is_bundle else ("a bundle", "a model")
    for option, value in (of_models if is_bundle else of_bundles).items():
        if value is not None:
            what = f"--{option} is for {kinds[0]}, and {path} is {kinds[1]}"
            raise not_together(what, where=f"--{option}", help="leave it out")


def inspect_source(source: ModelSource) -> Inspection:
    """What a model is made of.

    Raises:
        UserError: it cannot be read.
    """
    if (ready := source.load_integers()) is not None:
        return _inspect_program(ready)
    return _inspect_model(source.load())


def _inspect_model(model: Model) -> Inspection:
    """What a model's graph is made of."""
    graph = model.graph
    rollout = rollout_of(graph)
    content = {
        "model": graph.name,
        "sha256": model.digest,
        "populations": _populations(graph),
        "projections": [
            {
                "source": q.source,
                "target": q.target,
                "operations": [type(op).__name__ for op in q.ops],
                "frames": q.frames,
            }
            for q in graph.projections
        ],
        "rollout": rollout,
        "calibration_samples": 0 if model.calibration is None else len(model.calibration),
        "notes": [note.as_json() for note in model.notes],
    }
    return Inspection(graph.name, content, f"{graph_text(graph).rstrip()}\n{_rollout_text(rollout)}")


def rollout_of(graph: Graph) -> dict[str, Any]:
    """What its delays in frames mean (:mod:`snnc.rollouts`); ``full_response`` is None with loops.

    Populations that the input does not reach, such as those that bring a bias, are left out.
    """
    reached = {graph.input.name}
    while more := {q.target for q in graph.projections if q.source in reached} - reached:
        reached |= more
    edges = [(q.source, q.target, q.frames) for q in graph.projections if q.source in reached]
    try:
        pattern = RolloutPattern.from_delays(edges)
        name = graph.readout.name
        first, full = pattern.first_response(name), pattern.full_response(name)
        factor = pattern.inference_factor
    except ValueError as error:
        return {"unknown": str(error)}
    return {
        "first_response": first,
        "full_response": None if full == math.inf else full,
        "inference_factor": factor,
    }


def _rollout_text(rollout: Mapping[str, Any]) -> str:
    """Of :func:`rollout_of`, in a line."""
    if "unknown" in rollout:
        return f"  rollout: {rollout['unknown']}"
    full = rollout["full_response"]
    return (
        f"  rollout: first response after {_frames(rollout['first_response'])}, "
        f"full response {'never, because of a loop' if full is None else f'after {_frames(full)}'}; "
        f"inference factor {rollout['inference_factor']}"
    )


def _frames(count: int) -> str:
    return f"{count} frame{'' if count == 1 else 's'}"


def _inspect_program(model: IntegerModel) -> Inspection:
    """What a model that is integers already is made of."""
    program = model.program
    content = {
        "model": program.name,
        "sha256": model.digest,
        "populations": _populations(program),
        "projections": [
            {"source": q.source, "target": q.target, "delay": q.delay} for q in program.projections
        ],
        "notes": [note.as_json() for note in model.notes],
    }
    return Inspection(program.name, content, program_text(program))


def inspect_bundle(contents: Contents, warnings: list[Diagnostic]) -> Inspection:
    """What a bundle is made of."""
    program, manifest = contents.program, contents.manifest
    found, footprint = delays_of(program), program_size(program)
    placed = placement_told(contents)
    content = {
        "bundle": str(contents.folder),
        "target": manifest.target,
        "steps_per_frame": program.steps_per_frame,
        "code": manifest.code,
        "input": manifest.input.as_json(),
        "neurons": footprint.neurons,
        "synapses": footprint.synapses,
        "populations": _populations(program),
        "projections": [
            {"source": q.source, "target": q.target, "delay": q.delay} for q in program.projections
        ],
        "delays": found.as_json(),
        "placement": placed,
        "core_load": None if placed is None else core_loads(placed),
        "ranges": {
            "status": manifest.ranges.status,
            "claims": [{"counts": [c.low, c.high], "frames": c.frames} for c in manifest.ranges.claims],
        },
        "kept": None if manifest.kept is None else manifest.kept.as_json(),
        "passes": manifest.passes,
        "notes": [note.as_json() for note in manifest.notes],
    }
    return Inspection(program.name, content, "", contents, found, tuple(warnings))


def _populations(network: Graph | Program) -> list[dict[str, Any]]:
    return [
        {"name": p.name, "kind": p.kind.value, "shape": list(p.shape), "neurons": size(p.shape)}
        for p in network.populations
    ]
