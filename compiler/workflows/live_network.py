"""A network of a spiking library compared with the graph of it: at compile, and on the ladder.

What the neurons of the network itself send, step by step, is the measure: a class that was mistaken, a
state that forward writes, an operation over time between the neurons shows here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data
from snnc.errors import Diagnostic, Severity, UserError, counted, fail
from snnc.frontend import Model
from snnc.frontend.spiking_modules.live import LiveNetwork, LiveRun, Returned
from snnc.frontend.spiking_modules.trace import STEPS
from snnc.ir import Graph, Kind
from snnc.sim.step_floats import run_in_floats
from snnc.verify.rungs import Rung, between

from .nir_effects import affordable, few_of
from .stages import COUNTS, FLOATS, PROGRAM, WEIGHTS, Stages, Values
from .step_stages import spike_counts, step_values

LIVE = "the network itself"

RANDOM_SAMPLES, RANDOM_STEPS = 4, 256
"""Of random spikes, where there are no data to compare with: rather long than many, since what a
network does late (it resets itself in step 100) shows in no short run."""

UNSEEN = "give --calibration data of the length in use: what the network does later than this, or on "
UNSEEN += "other input, was not compared"

ROUNDING = 1e-4
"""Of neuron-steps: what the order of additions may change where a potential meets its threshold."""


@dataclass(frozen=True)
class Compared:
    """The graph compared with the network itself.

    Attributes:
        values: neuron-steps compared.
        spikes: of the network itself.
        differ: neuron-steps that differ.
        first: the population and step (from 1) where they differ first; None where they do not.
        how: what was compared, in words.
        on: samples and steps, likewise.
        longer: why the network itself takes no step more; None where none was tried, or it does.
    """

    values: int
    spikes: int
    differ: int
    first: tuple[str, int] | None
    how: str
    on: str
    longer: UserError | None = None


def with_live_comparison(model: Model, data: Data | None) -> Model:
    """The model with what a comparison with the network itself gave in its notes.

    Args:
        model: any; without a live network nothing is done.
        data: calibration data; None compares on random spikes.

    Raises:
        UserError: D686 the graph is not what the network computes.
    """
    if model.live is None:
        return model
    found = compared(model, data)
    if found.differ > ROUNDING * found.values:
        raise another(found)
    notes = [equal(found, UNSEEN if data is None else "")]
    if found.longer is not None:
        notes.append(_no_longer(model.live, found))
    if data is not None:
        notes += _another_length(model.live, data.x.shape[1])
    return replace(model, notes=(*model.notes, *notes))


def _another_length(live: LiveNetwork, frames: int) -> list[Diagnostic]:
    """N799 where data are shorter or longer than the network's own loop."""
    steps = live.form.steps
    if steps is None or steps == frames:
        return []
    cure = f"of still images, --repeat {steps}"
    if not live.form.of_one_frame:
        cure = f"give recordings of {counted(steps, 'frame')} each; {cure}"
    return [_other_frames(live, steps, frames, WHY_COMPILED, cure)]


def _no_longer(live: LiveNetwork, found: Compared) -> Diagnostic:
    """N799 where the network itself ends, or fails, before the random frames do."""
    assert found.longer is not None
    (problem,) = found.longer.diagnostics
    return Diagnostic(
        "N799",
        f"the network itself takes {live.form.way.value}, and no more than were compared, {found.on}",
        LIVE,
        f"of more, {problem.what}: {problem.why}",
        "give data of no more frames: the chip takes a step for each, and answers after the last",
        Severity.WARNING,
    )


WHY_COMPILED = "the chip takes a step for each frame of the data, and answers after the last"
WHY_COMPARED = "every rung of the ladder runs on what the network itself can take"


def _other_frames(live: LiveNetwork, steps: int, frames: int, why: str, cure: str) -> Diagnostic:
    """N799."""
    return Diagnostic(
        "N799",
        f"the network itself takes {live.form.way.value}, {counted(steps, 'step')}; "
        f"the data have {counted(frames, 'frame')}",
        LIVE,
        why,
        cure,
        Severity.WARNING,
    )


def compared(model: Model, data: Data | None) -> Compared:
    """Run both on the same input, calibration data or random spikes.

    Raises:
        UserError: D124 the network fails, D685 it takes another number of steps than the data have,
            D686 its answers are others.
    """
    longer = None
    graph, live = model.graph, model.live
    assert live is not None
    if data is None:
        shape = (*affordable(graph, RANDOM_SAMPLES, RANDOM_STEPS), *graph.input.shape)
        counts = (np.random.default_rng(0).random(shape) < 0.3).astype(np.int64)
        source = "random spikes"
    else:
        counts, source = few_of(graph, data.meant), "calibration data"
    counts = live.comparable(counts)
    if data is None:
        counts, run, longer = _as_long_as_it_takes(live, counts)
    else:
        run = live.run(counts)
    floats = run_in_floats(graph, counts)
    theirs, ours = run.sent, floats.spikes
    names = [p.name for p in graph.neurons if p.name in theirs]
    apart = {n: spike_counts(graph, n, ours[n]) != theirs[n] for n in names}
    on = f"{source}, {counted(len(counts), 'sample')} of {counted(counts.shape[1], 'step')}"
    found = differences(
        apart, {n: theirs[n] for n in names}, "in floats, before anything is rounded", on
    )
    if found.differ <= ROUNDING * found.values:  # else the answers have no chance
        _refuse_other_answers(graph, floats.readout, run.answers, found)
    return replace(found, longer=longer)


def _as_long_as_it_takes(
    live: LiveNetwork, counts: NDArray[Any]
) -> tuple[NDArray[Any], LiveRun, UserError | None]:
    """A run on the first of some random frames: as many as the network itself takes.

    What is made for recordings of some length may end there (``min(len(x), 25)``), or fail on longer
    ones (an index of a list of 25). Nobody asked for more, so the most that it takes is looked for.

    Returns:
        The frames, the run, and why it takes no frame more; None where it takes all.

    Raises:
        UserError: D124, D685 it does not even take the steps that it was traced for.
    """
    try:
        return counts, live.run(counts), None
    except UserError as refused:
        longer = refused
    if live.form.steps is not None:
        raise longer
    taken, ends = min(STEPS, counts.shape[1] - 1), counts.shape[1]
    run = live.run(counts[:, :taken])
    while ends - taken > 1:
        middle = (taken + ends) // 2
        try:
            run, taken = live.run(counts[:, :middle]), middle
        except UserError as refused:
            longer, ends = refused, middle
    return counts[:, :taken], run, longer


ANSWER_ROUNDING = 1e-4
"""Of the largest answer: what float32 inside a library's neurons leaves."""


def _refuse_other_answers(
    graph: Graph, readout: NDArray[np.float64], returned: Sequence[Returned], found: Compared
) -> None:
    """Make sure that the readout is what the network returns: step by step, or over its steps.

    Spikes that it returns are counted (N707). Over the steps it may return the sum, the mean, or what
    the last step gave.

    Raises:
        UserError: D686.
    """
    size = math.prod(graph.readout.shape)
    ours = readout.reshape(*readout.shape[:2], size)
    counts = graph.readout.accumulate and graph.readout.neuron is None
    share = found.differ / found.values
    first = 0
    for part in returned:
        mine = ours[first : first + part.samples]
        first += part.samples
        options = [
            _nearly(np.cumsum(values, axis=1) if counts else values, mine, share)
            if by_step
            else any(_nearly(values, mine[:, -1] / n, share) for n in (1, part.steps))
            for by_step, values in part.readings(size)
        ]
        if not any(options):
            raise fail(
                "D686",
                "the answers are not what the network itself returns",
                where=graph.readout.origin,
                why=f"its neurons' spikes are; compared {found.how}, on {found.on}",
                help="return the spikes of each step, their sum or mean over all steps, a linear layer "
                "of them, or the potential of a last layer that never fires",
            )


def _nearly(theirs: NDArray[Any], ours: NDArray[Any], share: float) -> bool:
    """Whether answers are equal, but for rounding: of few spikes that differ, of few answers."""
    scale = max(1.0, float(np.abs(theirs).max(initial=0.0)))
    apart = np.abs(theirs - ours) > ANSWER_ROUNDING * scale
    return bool(apart.mean() <= (0.1 if share else 0.0))


def differences(
    apart: Mapping[str, NDArray[np.bool_]], sent: Mapping[str, NDArray[Any]], how: str, on: str
) -> Compared:
    """What a comparison came to.

    Args:
        apart: by population, where it differs from the network itself, (samples, steps, \\*shape).
        sent: spikes of the network itself, likewise, of those that fire.
        how, on: as in :class:`Compared`.
    """
    steps = {
        n: int(np.flatnonzero(a.any(axis=(0, *range(2, a.ndim))))[0])
        for n, a in apart.items()
        if a.any()
    }
    first = min(steps, key=lambda n: steps[n], default=None)
    return Compared(
        sum(a.size for a in apart.values()),
        sum(int(spikes.sum()) for spikes in sent.values()),
        sum(int(np.count_nonzero(a)) for a in apart.values()),
        None if first is None else (first, steps[first] + 1),
        how,
        on,
    )


def equal(found: Compared, cure: str = "") -> Diagnostic:
    """N779: every spike, or nearly.

    Args:
        found: the comparison.
        cure: what would compare more, where anything would.
    """
    what = "every spike is the network's own"
    if found.differ:
        what = f"{found.differ} neuron-steps are not the network's own"
    elif not found.spikes:
        what, cure = "no neuron spikes, so the comparison shows little", "give --calibration data"
    return Diagnostic(
        "N779",
        f"{what}: {found.values:,} neuron-steps compared, {found.spikes:,} of them spikes, "
        f"on {found.on}",
        LIVE,
        f"both {found.how}",
        cure,
        Severity.WARNING if found.differ or not found.spikes else Severity.NOTE,
    )


def another(found: Compared) -> Exception:
    """D686: another network."""
    assert found.first is not None
    population, step = found.first
    return fail(
        "D686",
        f"{found.differ:,} of {found.values:,} neuron-steps are not what the network itself computes",
        where=population,
        why=f"they differ first in step {step}; compared {found.how}, on {found.on}",
        help="something between or inside the neurons keeps a state or looks at other steps: write "
        "each step as layers of the library and linear operations",
    )


def data_of_network(model: Model, data: Data) -> tuple[Data, list[Diagnostic]]:
    """What the network itself can be given of some data, and a warning where that is not all of it.

    Args:
        model: any; without a live network the data are as they were.
        data: of the user.
    """
    if model.live is None:
        return data, []
    x = model.live.comparable(data.x)
    given = replace(
        data, x=x, values=None if data.values is None else model.live.comparable(data.values)
    )
    if x.shape == data.x.shape and np.array_equal(x, data.x):
        return given, []
    steps, frames = x.shape[1], data.x.shape[1]
    cure = f"give data of {counted(steps, 'frame')}"
    if model.live.form.of_one_frame:
        cure += f", all equal: for still images, compile with --repeat {steps}"
    says = _other_frames(model.live, steps, frames, WHY_COMPARED, cure)
    return given, [says]


def live_rungs(recompiled: Stages, model: Model, data: Data) -> list[Rung]:
    """The rungs above the integer program: the network itself, the graph, the chip's weights.

    Args:
        recompiled: the graphs of the compile.
        model: with its live network.
        data: what all of them are given, as :func:`data_of_network` gives it.
    """
    assert model.live is not None
    above: Values = dict(model.live.run(data.meant).sent)
    graph = recompiled.graphs[FLOATS]
    above = {p.name: above[p.name] for p in graph.populations if p.name in above}
    rungs = [Rung(LIVE, None)]
    floats = step_values(recompiled, FLOATS, data)
    spiking = {n: v for n, v in above.items() if graph.by_name[n].kind is Kind.NEURONS}
    rung = between(FLOATS, LIVE, spiking, floats, None, 1e-9)
    cause = "front end: the graph is not what the network computes; please report this"
    rungs.append(replace(rung, cause=cause if rung.differences else None))
    causes = {
        COUNTS: "input: values are rounded to the counts that the target's input takes",
        WEIGHTS: "weights and thresholds are rounded to the chip's grid (N703)",
    }
    name, before = FLOATS, floats
    for below, cause in causes.items():
        if below not in recompiled.graphs:
            continue
        values = step_values(recompiled, below, data)
        rung = between(below, name, before, values, graph.readout.name, 1e-9)
        rungs.append(replace(rung, cause=cause if rung.differences else None))
        name, before = below, values
    return rungs


def weights_and_program(recompiled: Stages, data: Data, spikes: Values) -> Rung:
    """The integer program compared with the graph of the chip's weights, step by step."""
    above = step_values(recompiled, WEIGHTS, data)
    readout = recompiled.graphs[WEIGHTS].readout.name
    rung = between(PROGRAM, WEIGHTS, above, spikes, readout, 1e-9)
    cause = "decays and potentials are rounded in every step (N705), where the graph's are real numbers"
    return replace(rung, cause=cause if rung.differences else None)
