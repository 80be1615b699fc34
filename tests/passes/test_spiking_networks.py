"""Networks whose frames are time steps: the passes leave thresholds, state and K alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.backends.loihi.target import LOIHI
from snnc.errors import UserError
from snnc.ir import Comparison, Graph, Kind, Linear, Neuron, Population, Projection, Reset
from snnc.lowering import lower
from snnc.passes import Context, Pipeline

PASSES = (
    "fold-batch-norm,fold-linear-chains,match-delays,encode-input,restart-frames,"
    "balance-thresholds,fold-thresholds,quantize-weights"
)
CURRENT_KEPT, POTENTIAL_KEPT = 0.55, 0.9


def network() -> Graph:
    """Three leaky neurons with a memory of the current, thresholds of their own, and a loop."""
    neuron = Neuron(Reset.ZERO, Comparison.GREATER, 0.0, CURRENT_KEPT, POTENTIAL_KEPT)
    weight = np.array([[1.0, -0.5], [0.25, 0.5], [0.0, 1.0]])
    return Graph(
        "spiking",
        (
            Population("input", Kind.INPUT, (2,), "input"),
            Population("h", Kind.NEURONS, (3,), "h", None, neuron, np.array([1.0, 2.0, 0.5])),
            Population("out", Kind.READOUT, (3,), "out", accumulate=True),
        ),
        (
            Projection("input", "h", (Linear(weight),), 0, "fc"),
            Projection("h", "h", (Linear(np.eye(3)),), 1, "rec"),
            Projection("h", "out", (Linear(np.eye(3)),), 0, "out"),
        ),
        frame_is_step=True,
    )


def test_thresholds_state_and_steps_are_kept_and_decays_are_rounded_with_a_note() -> None:
    context = Context(LOIHI, np.ones((1, 4, 2), np.int64))
    done = Pipeline.parse(PASSES).run(network(), context)
    assert done.steps_per_frame == 1
    population = done.by_name["h"]
    assert population.neuron is not None and not population.neuron.restart
    # 0.45 * 4096 = 1843.2 and 0.1 * 4096 = 409.6, to the nearest.
    assert population.neuron.current_kept == 1 - 1843 / 4096
    assert population.neuron.potential_kept == 1 - 410 / 4096
    rounded = [note for note in context.notes if note.code == "N705"]
    assert [note.where for note in rounded] == ["h", "h"]
    # Thresholds 1, 2 and 0.5 went into the rows of the weights.
    weights = next(p for p in done.projections if p.origin == "rec").op.matrix((3,)).toarray()
    assert np.allclose(weights, np.diag([1.0, 0.5, 2.0]), atol=0.02)
    neuron = lower(done, LOIHI).by_name["h"].neuron
    assert neuron is not None
    assert (neuron.current_decay, neuron.potential_decay) == (1842, 410)
    assert neuron.clear_interval == 0 and not neuron.start_value.any()
    assert neuron.reset is Reset.ZERO and neuron.comparison is Comparison.GREATER


def test_no_data_is_asked_for() -> None:
    context = Context(LOIHI)
    Pipeline.parse(PASSES).run(network(), context)
    assert "N701" not in [note.code for note in context.notes]


def test_other_steps_a_frame_are_refused() -> None:
    with pytest.raises(UserError) as caught:
        Pipeline.parse(PASSES).with_option("match-delays", steps_per_frame=4).run(
            network(), Context(LOIHI)
        )
    assert caught.value.diagnostics[0].code == "D314"
    assert "4 steps a frame, but a frame of this network is 1 step" in str(caught.value)


def test_a_decay_that_the_chip_lacks_becomes_the_nearest() -> None:
    """dv ends at 4095: a potential that forgets everything keeps 1/4096."""
    graph = network()
    h = graph.by_name["h"]
    forgetful = replace(h, neuron=Neuron(Reset.ZERO, Comparison.GREATER, 0.0, 0.9999999, 0.0))
    context = Context(LOIHI)
    done = Pipeline.parse(PASSES).run(graph.with_populations([forgetful]), context)
    neuron = done.by_name["h"].neuron
    assert neuron is not None
    assert neuron.potential_kept == 1 / 4096 and neuron.current_kept == 1 - 1 / 4096


def test_little_room_is_said() -> None:
    """Weights of a thousandth of the threshold ask for so large a scale that 24 bits end near 1."""
    graph = network()
    small = [
        replace(p, ops=(Linear(np.eye(3) / 1000),)) if p.origin == "rec" else p
        for p in graph.projections
        if p.origin != "fc"
    ]
    entry = Projection("input", "h", (Linear(np.full((3, 2), 0.0001)),), 0, "fc")
    context = Context(LOIHI)
    Pipeline.parse(PASSES).run(graph.with_projections([*small, entry]), context)
    (warning,) = [note for note in context.notes if note.code == "N709"]
    assert warning.where == "h" and "room for" in warning.what
    plenty = Context(LOIHI)
    Pipeline.parse(PASSES).run(network(), plenty)
    assert "N709" not in [note.code for note in plenty.notes]
