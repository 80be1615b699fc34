"""From the graph, with its passes done, to the program: the only place where floats become integers.

Every rounding was done, measured and named by a pass before, but for the start value, which is rounded
down here; any other value that is not an integer on its scale is a bug, not something to round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .errors import CompilerBug
from .ir import (
    STANDARD,
    Array,
    Code,
    Encoding,
    Graph,
    IntegerNeuron,
    Kind,
    Neuron,
    Population,
    PopulationGrid,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Projection,
    SignMode,
    Target,
    per_channel,
    with_relays,
)
from .ir.neuron_models import find_model
from .ir.scaling import scaled_blocks, weights_of, with_weights

STATE_BITS = 24
DECAY_UNITY = 4096


def _exact(values: Array, what: str) -> Array:
    flat = values.reshape(-1)
    whole = slice(0, flat.size)
    return _in_parts([(whole, flat)], flat.size, what).reshape(values.shape)


def _in_parts(parts: Iterable[tuple[slice, Array]], size: int, what: str) -> Array:
    """So many integers, part by part: of a large layer no copy is made but the program's own."""
    integers = np.empty(size, np.int64)
    largest = off = 0.0
    for place, part in parts:
        rounded = np.rint(part)
        largest = max(largest, float(np.abs(part).max(initial=0.0)))
        away = float(np.abs(part - rounded).max(initial=0.0))
        off = max(off, away if np.isfinite(away) else np.inf)
        integers[place] = rounded if np.isfinite(off) else 0
    if not off <= 1e-6 * max(1.0, largest):
        raise CompilerBug("lowering", [f"{what} is not on its integer scale"])
    return integers


def lower(graph: Graph, target: Target) -> Program:
    """The integer program of a quantized graph; relays carry the delays that are too long.

    Raises:
        CompilerBug: a pass left something that is not an integer on its scale.
    """
    if graph.steps_per_frame is None:
        raise CompilerBug("lowering", ["the steps per frame are not set"])
    program = Program(
        graph.name,
        graph.steps_per_frame,
        tuple(_population(graph, p, target) for p in graph.populations),
        tuple(_projection(graph, p, target) for p in graph.projections),
        graph.step_seconds,
    )
    mixed = SignMode.EXCITATORY not in target.sign_modes
    return with_relays(program, graph.longest_delay, mixed=mixed)


def _population(graph: Graph, population: Population, target: Target) -> ProgramPopulation:
    neuron = None
    if population.kind is not Kind.INPUT:
        neuron = _neuron(graph, population, population.integers, population.begins)
        neuron = replace(neuron, state_bits=target.state_bits(readout=population.kind is Kind.READOUT))
    return ProgramPopulation(
        population.name,
        population.kind,
        population.shape,
        population.origin,
        population.begins,
        neuron,
        population.encoding,
    )


def _neuron(graph: Graph, population: Population, grid: PopulationGrid, start: int) -> IntegerNeuron:
    dynamics = population.neuron or Neuron(start_value=0.0)
    unit = _exact(grid.scale * 2**grid.input_shift, f"threshold of {population.name}")
    threshold = unit if unit.ndim == 0 else per_channel(unit, population.shape)
    bias = np.zeros((), np.int64)
    if population.bias is not None:
        mantissa = population.bias * threshold / 2.0**grid.bias_exponent
        bias = _exact(np.broadcast_to(mantissa, population.shape), f"bias of {population.name}")
    fires = population.kind is Kind.NEURONS
    exact = graph.code.exact
    clears = (dynamics.restart or exact) if fires else not population.accumulate
    start_value = population.shift if exact else dynamics.start_value
    steps = graph.steps_per_frame or 1
    return IntegerNeuron(
        current_decay=_decay(dynamics.current_kept, population) - 1,
        potential_decay=_decay(dynamics.potential_kept, population),
        input_shift=grid.input_shift,
        state_bits=STATE_BITS,
        threshold=threshold if fires else None,
        comparison=dynamics.comparison,
        reset=dynamics.reset,
        start_value=np.floor(threshold * start_value).astype(np.int64)
        if fires
        else np.zeros((), np.int64),
        bias_mantissa=bias,
        bias_exponent=grid.bias_exponent,
        bias_start=start,
        bias_interval=steps if exact else 1,
        unit=int(threshold.max()),
        clear_interval=steps if clears else 0,
        clear_offset=start + 1 if clears else 0,
        code=_code(graph, population) if fires else Code.RATE,
        levels=population.levels or 0 if fires and exact else 0,
        model=dynamics.model,
        constants=dynamics.constants,
        sums_changes=any(graph.by_name[p.source].sends_changes for p in graph.into(population.name)),
    )


def _code(graph: Graph, population: Population) -> Code:
    """Of its neurons: in the code ``delta`` some may send their levels."""
    return graph.code if graph.code is not Code.DELTA or population.changes else Code.GRADED


def _sends_payload(graph: Graph, source: Population) -> bool:
    if source.kind is Kind.INPUT:
        return source.encoding is not Encoding.SPREAD
    model = STANDARD if source.neuron is None else source.neuron.model
    if model != STANDARD:
        return find_model(model).graded
    return graph.code.one_spike


def _decay(kept: float, population: Population) -> int:
    units = np.asarray((1 - kept) * DECAY_UNITY)
    return int(_exact(units, f"decay of {population.name}"))


def _projection(graph: Graph, projection: Projection, target: Target) -> ProgramProjection:
    source, target_population = (graph.by_name[n] for n in (projection.source, projection.target))
    scale, grid = target_population.integers.scale, projection.integers
    scaled = scaled_blocks(projection.op, scale / 2.0**grid.exponent, target_population.shape)
    weights = _in_parts(scaled, weights_of(projection.op).size, projection.label)
    lowered = ProgramProjection(
        projection.source,
        projection.target,
        with_weights(projection.op, weights),
        grid.bits,
        grid.sign_mode,
        grid.exponent,
        projection.takes - target.hop_delay,
        _sends_payload(graph, source),
        projection.origin,
    )
    return lowered if target.shares_columns else lowered.written_out()
