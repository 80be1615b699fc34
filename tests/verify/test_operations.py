"""Operations are counted as a hand counts them, and as the written-out network has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sparse
import torch

from snnc.cost.ann_operations import Work, count_ann, read_ann
from snnc.cost.operations import count_bits, count_snn, level_bits
from snnc.frontend import load_model
from snnc.ir import (
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Encoding,
    Flatten,
    Graph,
    Kind,
    Linear,
    Op,
    Population,
    Projection,
    Scale,
    SparseLinear,
    target_shape,
    with_relays,
)
from snnc.ir.delays import delays_of
from snnc.sim import encode, simulate, tally
from tests.backends.nir.networks import INPUT
from tests.codes.networks import exact_network
from tests.frontend.ordinary import resnet

from . import small


def test_the_ann_of_two_layers_by_hand() -> None:
    ann = count_ann(small.graph(), small.graph())
    conv, matrix = ann.layers
    assert (conv.work, conv.inputs, conv.outputs) == (Work.CONVOLUTION, 16, 32)
    assert (conv.weights, conv.channels, conv.taps) == (18, 2, 9)
    assert conv.macs == 2 * 4 * 4 * 9  # the field's convention
    assert conv.macs_inside == 2 * (3 + 4 + 4 - 1) ** 2  # of 4 pixels the taps see 3, 4 and 3
    assert (matrix.work, matrix.inputs, matrix.outputs) == (Work.MATRIX, 32, 3)
    assert matrix.macs == matrix.macs_inside == matrix.weights == 96
    assert (conv.additions, matrix.additions) == (32, 3)
    assert (ann.macs, ann.macs_inside, ann.additions) == (288 + 96, 200 + 96, 35)
    h, out = ann.populations
    assert (h.neurons, h.biases, h.levels) == (32, 2, small.K)
    assert (out.neurons, out.biases, out.levels) == (3, 3, 0)
    assert read_ann(ann.as_json()) == ann


def between(*ops: Op, shape: tuple[int, ...] = (4, 8, 8)) -> Graph:
    """One projection with these operations into a readout."""
    source = Population("input", Kind.INPUT, shape, "input")
    projection = Projection("input", "out", ops, 0, "ops")
    bare = Graph("ops", (source,), (projection,))
    readout = Population("out", Kind.READOUT, target_shape(bare, projection), "out")
    return replace(bare, populations=(source, readout))


def works(graph: Graph) -> list[tuple[Work, int, int]]:
    return [(x.work, x.macs, x.additions) for x in count_ann(graph, graph).layers]


def test_other_operations_of_the_ann() -> None:
    norm = BatchNorm(np.zeros(4), np.ones(4), np.ones(4), np.ones(4), 1e-5)
    scale, pool = Scale(np.asarray(2.0)), AvgPool2d((2, 2), (2, 2))
    grouped = Conv2d(np.ones((8, 2, 3, 3)), None, (2, 2), (1, 1), groups=2)
    # Factors are part of the weights beside them, flattening is nothing.
    assert works(between(scale, norm, grouped)) == [(Work.CONVOLUTION, 8 * 4 * 4 * 2 * 9, 128)]
    assert works(between(scale, pool, Flatten(), Linear(np.ones((10, 64))))) == [
        (Work.POOLING, 0, 4 * 4 * 4 * 4),
        (Work.MATRIX, 640, 10),
    ]
    # A factor on its own is a multiplication; a bare shortcut is an addition.
    assert works(between(scale)) == [(Work.SCALING, 256, 0)]
    assert works(between(Flatten())) == [(Work.SUM, 0, 256)]
    turned = sparse.csr_array(np.eye(256)[::-1])
    assert works(between(SparseLinear(turned, (256,)))) == [(Work.SUM, 0, 256)]
    assert works(between(SparseLinear(turned * 2, (256,)))) == [(Work.MATRIX, 256, 256)]
    pairs = sparse.csr_array(np.kron(np.eye(128), np.ones((1, 2))))
    assert works(between(SparseLinear(pairs, (128,)))) == [(Work.MATRIX, 256, 128)]
    # A batch normalisation gives its target a bias.
    (readout,) = count_ann(between(norm), between(norm)).populations
    assert readout.biases == 4


def test_the_program_of_two_layers_by_hand() -> None:
    found = count_snn(small.program(delay=2), small.events(), small.counts())
    assert (found.samples, found.frames, found.steps) == (2, 2, 10)
    first, second = found.projections
    # A corner is heard by 2x2 of 2 channels, a pixel inside by 3x3 of them.
    assert first.operations == (3 * 8 + 5 * 18) / 2 and first.spikes == 4
    assert second.operations == 10 * 3 / 2 and second.spikes == 5
    assert found.synaptic == 57 + 15 and found.multiplied == 0
    source, h, out = found.populations
    assert (source.updates, h.updates, out.updates) == (0, 32 * 10, 3 * 10)
    assert source.rate == pytest.approx(4 / 160) and h.rate == found.rate == 5 / 320
    assert found.spikes == 5 and found.updates == 350
    assert (h.bias_reads, out.bias_reads, h.biases) == (32 * 9, 3 * 8, 2)  # from their starts on
    assert found.buffer_bits == source.buffer_bits == 2 * 16
    assert (h.leaks, h.registers) == (0, 1)


def test_payloads_make_operations_multiply_and_buffers_wide() -> None:
    program = small.program(graded=True, delay=2)
    found = count_snn(program, small.events(), small.counts(largest=5))
    assert found.multiplied == 57 and found.synaptic == 72
    assert [p.payload_bits for p in found.projections] == [3, 1]
    assert found.buffer_bits == 2 * 16 * 3


def test_leaks_and_absent_biases() -> None:
    found = count_snn(small.program(leak=100, biased=False), small.events(), small.counts())
    _, h, out = found.populations
    assert (h.leaks, out.leaks, h.bias_reads, h.biases) == (320, 0, 0, 0)
    kept = small.program()
    (source, hidden, out_of) = kept.populations
    assert hidden.neuron is not None
    hidden = replace(hidden, neuron=replace(hidden.neuron, current_decay=7))
    kept = replace(kept, populations=(source, hidden, out_of))
    _, h, _ = count_snn(kept, small.events(), small.counts()).populations
    assert (h.leaks, h.registers) == (320, 2)


def test_a_graded_input_is_sent_at_every_step_and_counted_so() -> None:
    """The chip executes K times what it would for a count that is sent once."""
    x = np.zeros((1, 3, 1, 4, 4), np.int64)
    x[0, 0, 0, 2, 2] = 2
    counted = {}
    for encoding in (Encoding.GRADED, Encoding.ONCE, Encoding.SPREAD):
        program = small.program(graded=encoding is not Encoding.SPREAD)
        source, *others = program.populations
        program = replace(program, populations=(replace(source, encoding=encoding), *others))
        found = count_snn(program, tally(program, x).events, x)
        counted[encoding] = found.projections[0].operations
    assert counted == {Encoding.GRADED: 18 * small.K, Encoding.ONCE: 18, Encoding.SPREAD: 18 * 2}


@pytest.mark.parametrize("code", ["frame", "graded"])
@pytest.mark.parametrize("seed", range(4))
def test_real_spikes_as_the_written_out_network_has_them(seed: int, code: str) -> None:
    program = exact_network(seed, code, 4, 0.5).program
    x = np.random.default_rng(seed).poisson(0.7, (3, 5, *INPUT))
    run = tally(program, x)
    found = count_snn(program, run.events, x)
    trace = simulate(program, encode(program, x), simulator="reference")
    for got, q in zip(found.projections, program.projections, strict=True):
        sent = (trace.spikes[q.source] != 0).sum(axis=(0, 1)).ravel()
        connections = (q.op.matrix(program.by_name[q.source].shape) != 0).sum(axis=0)
        assert got.operations == pytest.approx(sent @ np.asarray(connections).ravel() / 3)
    held = {p.name: p.buffer_bits for p in found.populations}
    if code == "frame":
        neurons = [p for p in program.populations if p.neuron is not None]
        buffered = delays_of(program).rows
        of_neurons = sum(
            row.buffered
            for row, q in zip(buffered, program.projections, strict=True)
            if q.source in {p.name for p in neurons}
        )
        assert sum(held[p.name] for p in neurons) == of_neurons


@pytest.mark.parametrize("graded", [True, False])
def test_relays_are_counted_like_any_other_population(graded: bool) -> None:
    program = with_relays(small.program(graded=graded, delay=5), 2)
    relay = program.populations[1]
    assert relay.relay_of == "input"
    x = np.zeros((1, 3, 1, 4, 4), np.int64)
    x[0, 0, 0, 2, 2] = 3
    found = count_snn(program, tally(program, x).events, x)
    source, passed, *_ = found.populations
    assert passed.spikes == source.spikes == (small.K if graded else 3)
    assert passed.updates == 16 * found.steps
    to_relay, onward = found.projections[0], found.projections[1]
    assert to_relay.operations == source.spikes and onward.operations == 18 * source.spikes
    # 2 steps in front of the relay and 2 behind it: one connection holds 2 at the most.
    assert source.buffer_bits == passed.buffer_bits == 2 * 16 * (2 if graded else 1)


def test_a_network_whose_count_is_known(tmp_path: Path) -> None:
    """ResNet-18 for 32x32 images: 0.56 G multiply-accumulates by every counter in use."""
    net = resnet([2, 2, 2, 2]).eval()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 32, 32),)), tmp_path / "net.pt2")
    graph = load_model(tmp_path / "net.pt2").graph
    ann = count_ann(graph, replace(graph, steps_per_frame=4))
    stages = [(64, 32, 64, 4), (128, 16, 128, 3), (256, 8, 256, 3), (512, 4, 512, 3)]
    inner = sum(size**2 * outs * ins * 9 * count for outs, size, ins, count in stages)
    first = 32**2 * 64 * 3 * 9
    halved = sum(size**2 * outs * (outs // 2) * (9 + 1) for outs, size, _, _ in stages[1:])
    assert ann.macs == first + inner + halved + 5120 == 555_422_720


def test_bits() -> None:
    assert [level_bits(n) for n in (1, 3, 4, 7, 8, 15, 16)] == [1, 2, 3, 3, 4, 4, 5]
    assert [count_bits(np.array(x)) for x in ([0], [1], [4, 0], [-4, 3])] == [1, 1, 3, 4]
