"""``ease-hard-reset``: what a spike brings in smaller parts, and only where it is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.ir import Graph, Kind, Linear, Neuron, Population, Projection, Reset, Target
from snnc.passes import Context
from snnc.passes.ease_hard_reset import EaseHardReset


def graph(**neuron: object) -> Graph:
    """Input, one population with threshold 2, readout; 8 steps a frame."""
    hidden = Population(
        "hidden",
        Kind.NEURONS,
        (3,),
        "net.hidden",
        bias=np.array([0.5, 0, -1]),
        neuron=replace(Neuron(reset=Reset.ZERO), **neuron),  # type: ignore[arg-type]
        threshold=np.asarray(2.0),
        amplitude=np.asarray(2.0),
    )
    return Graph(
        "net",
        (
            Population("input", Kind.INPUT, (2,), "x"),
            hidden,
            Population("out", Kind.READOUT, (1,), "net.out"),
        ),
        (
            Projection("input", "hidden", (Linear(np.ones((3, 2))),), 0, "net.hidden"),
            Projection("hidden", "out", (Linear(np.ones((1, 3))),), 0, "net.out"),
        ),
        steps_per_frame=8,
    )


def test_charge_threshold_and_worth() -> None:
    context = Context(Target("t"))
    eased = EaseHardReset(kept=0.75, scale=3, start_value=0.25).run(graph(), context)
    hidden = eased.by_name["hidden"]
    assert hidden.neuron is not None and hidden.threshold is not None and hidden.bias is not None
    assert (hidden.neuron.current_kept, hidden.neuron.start_value) == (0.75, 0.25)
    # One spike of weight w brings 4 w in all, a bias acts once a step: four times the threshold.
    assert hidden.threshold == 2 * 3 * 4 and hidden.amplitude == 2 * 3
    assert np.array_equal(hidden.bias, [2, 0, -4])
    (note,) = context.notes
    assert note.code == "N744" and "0.75" in note.what and "37.5%" in note.what


@pytest.mark.parametrize("reset", [Reset.SUBTRACT])
def test_soft_resets_stay(reset: Reset) -> None:
    before = graph(reset=reset)
    assert EaseHardReset().run(before, Context(Target("t"))) is before


def test_trained_spikes_stay() -> None:
    before = replace(graph(), trained_steps=8)
    assert EaseHardReset().run(before, Context(Target("t"))) is before


@pytest.mark.parametrize("wrong", [{"kept": 1.0}, {"scale": 0.0}, {"start_value": 1.0}, {"kept": -0.1}])
def test_options(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match="D305"):
        EaseHardReset(**wrong).run(graph(), Context(Target("t")))
