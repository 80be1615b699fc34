"""Sigma-delta PilotNet, as it was recorded: messages, sums and answers of lava-dl's networks.

lava-dl's reader begins all biases at step 1, in which its first layer takes the first image; in a
bundle the input is a step before that layer. So what was recorded is compared in two parts: the first
layer, a step later, and all others behind an input that sends the first layer's messages (lava-dl's
``skip_layers=1``), with their biases from step 1 on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.sparse as sparse

from snnc.ir import (
    Encoding,
    Kind,
    Program,
    Shape,
    SparseLinear,
    Trace,
    size,
    validate,
)
from snnc.sim import encode, simulate

from .programs import Ints, Row, difference, early, program_of, recorded

PILOTNET, SQUARE = "sigma-delta PilotNet", "square sigma-delta PilotNet"
STEPS, ANSWERS = 20, 9
"""Of the recordings: of sums and messages, and of the last layer."""

SUMS = {
    PILOTNET: {"layer1": "sigma1", "layer2": "sigma2"},
    SQUARE: {f"layer{n}": f"sigma{n}_square" for n in (1, 2, 3, 4)},
}
FILES = {PILOTNET: "network.net", SQUARE: "square_network.net"}


def program(root: Path, network: str) -> Program:
    """The program of one of the two."""
    return program_of(root / "gts/pilotnet_sdnn" / FILES[network])


def counts(root: Path, network: str) -> Ints:
    """Its input, one image at every step: (1, steps, \\*shape). The square one saw its left part."""
    (image,) = recorded(root / "gts/pilotnet_sdnn/input.npy")
    if network == SQUARE:
        image = image[..., : image.shape[1]]
    return np.broadcast_to(image, (1, STEPS, *image.shape)).copy()


def behind_the_first(whole: Program) -> Program:
    """The program without its first layer of neurons, whose messages are the input instead.

    All biases begin at step 1, as lava-dl's reader has them (N776).
    """
    given, first, *others = early(whole).populations
    source = replace(given, shape=first.shape, encoding=Encoding.GRADED)
    assert given.kind is Kind.INPUT
    projections = (
        replace(q, source=given.name) if q.source == first.name else q
        for q in whole.projections
        if q.target != first.name
    )
    later = (replace(p, start=p.start - 1) for p in others)
    return validate(replace(whole, populations=(source, *later), projections=tuple(projections)))


def messages(root: Path, network: str) -> Ints:
    """What the first layer sent: (1, steps, \\*shape)."""
    sent = recorded(root / "gts/pilotnet_sdnn/act0.npy")[None]
    return sent[..., : sent.shape[-2]] if network == SQUARE else sent


def behind(root: Path, network: str) -> Trace:
    """A run of all layers but the first on its recorded messages."""
    part = behind_the_first(program(root, network))
    return simulate(part, messages(root, network), states=True)


def rows(root: Path) -> Iterator[Row]:
    """Everything that was recorded of both networks."""
    for network, files in SUMS.items():
        whole, x = program(root, network), counts(root, network)
        trace = simulate(whole, encode(whole, x), states=True)
        sent = messages(root, network)[0]
        first = trace.spikes["layer0"][0, 1 : 1 + STEPS]
        yield difference(network, "layer0", "spikes", first, sent)
        trace = behind(root, network)
        for layer, file in files.items():
            truth = recorded(root / "gts/pilotnet_sdnn" / f"{file}.npy")
            yield difference(network, layer, "potential", trace.potentials[layer][0], truth)
    answers = np.load(root / "gts/pilotnet_sdnn/output.npy")[0].astype(np.int64)
    whole_trace = behind(root, PILOTNET)
    ours = whole_trace.potentials["layer9"][0, :ANSWERS]
    yield difference(PILOTNET, "layer9", "potential", ours, answers)


def runs(root: Path) -> Iterator[tuple[str, Program, Ints]]:
    """What is run on Lava: both networks as they are compiled, and as they were recorded."""
    for network in SUMS:
        whole = program(root, network)
        yield network, whole, counts(root, network)
        yield f"{network}, as recorded", behind_the_first(whole), messages(root, network)


def input_block(root: Path) -> Iterator[Row]:
    """What was recorded of a ``Delta`` alone, with a threshold of 20 and values that rise and fall."""
    folder = root / "gts/tinynet_sdnn"
    truth = np.asarray(np.load(folder / "input.npy"), np.int64).T
    steps = len(truth)
    image = np.asarray(np.load(folder / "input_bias.npy")).T
    wave = np.sin(2 * np.pi * np.arange(steps) / steps)
    values = np.asarray(image[None] * wave[:, None, None, None]).astype(np.int64)
    whole = _delta_alone(program(root, SQUARE), image.shape, 20)
    trace = simulate(whole, encode(whole, values[None]))
    ours = trace.spikes["layer0"][0, 1 : 1 + steps]
    yield difference("sigma-delta input block", "layer0", "spikes", ours, truth)


def _delta_alone(whole: Program, shape: Shape, threshold: int) -> Program:
    """Input, the first layer with another shape and threshold, and a readout."""
    given, first, answer = (whole.by_name[name] for name in ("input", "layer0", "answer"))
    neuron = replace(first.dynamics, threshold=np.array(threshold << first.dynamics.bias_exponent))
    op = SparseLinear(sparse.csr_array(sparse.identity(size(shape), np.int64, "csr")), shape)
    (same,) = whole.into("layer0")
    return validate(
        replace(
            whole,
            populations=(
                replace(given, shape=shape),
                replace(first, shape=shape, neuron=neuron),
                replace(answer, shape=shape, start=2),
            ),
            projections=(
                replace(same, op=op),
                replace(same, source="layer0", target="answer", op=op),
            ),
        )
    )
