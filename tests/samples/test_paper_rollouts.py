"""The rollouts of Fischer et al. 2018: the numbers in the authors' files, and what they compute."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from samples.papers import fischer
from snnc.authoring import FixedDropout, FrameNetwork, QuantizedReLU, Rollout, SpikingNeuron
from snnc.frontend import load_archive
from snnc.rollouts import RolloutPattern

FILES = {
    "mnist-baseline": "input-h1 h1-h2 h2-prediction",
    "mnist-skip": "input-h1 h1-h2 h2-prediction h1-prediction",
    "mnist-recskip": "input-h1 h1-h2 h2-prediction h1-h1! h1-prediction",
    "mnist-hybrid": "input-h1 h1-h2! h2-prediction h1-h1! h1-prediction!",
    "cifar-dsr0": "input-h1 h1-h1! h1-h2 h2-hd hd-prediction",
    "cifar-dsr1": "input-h1 h1-h1! h1-h11 h1-h2 h11-h2 h2-hd hd-prediction",
    "cifar-dsr2": "input-h1 h1-h1! h1-h11 h1-h2 h11-h2 h2-h21 h2-hd h21-hd hd-prediction",
    "cifar-dsr3": "input-h1 h1-h1! h1-h11 h1-h12 h11-h12 h1-h2 h11-h2 h12-h2 "
    "h2-h21 h2-hd h21-hd hd-prediction",
    "cifar-dsr4": "input-h1 h1-h1! h1-h11 h1-h12 h11-h12 h1-h2 h11-h2 h12-h2 "
    "h2-h21 h2-h22 h21-h22 h2-hd h21-hd h22-hd hd-prediction",
    "cifar-dsr5": "input-h1 h1-h1! h1-h11 h1-h12 h11-h12 h1-h13 h11-h13 h12-h13 "
    "h1-h2 h11-h2 h12-h2 h13-h2 h2-h21 h2-h22 h21-h22 h2-hd h21-hd h22-hd hd-prediction",
    "cifar-dsr6": "input-h1 h1-h1! h1-h11 h1-h12 h11-h12 h1-h13 h11-h13 h12-h13 "
    "h1-h2 h11-h2 h12-h2 h13-h2 h2-h21 h2-h22 h21-h22 h2-h23 h21-h23 h22-h23 "
    "h2-hd h21-hd h22-hd h23-hd hd-prediction",
    "gtsrb-dsr4": "input-h1 h1-h11 h1-h12 h11-h12 h1-h2 h11-h2 h12-h2 "
    "h2-h21 h2-h22 h21-h22 h2-hd h21-hd h22-hd hd-prediction",
}
"""Synapse pools of the authors' files, copied by hand; ! is the tag "stream"."""

NUMBERS = {
    "mnist-baseline": (3, 3, 1, 3),
    "mnist-skip": (3, 2, 1, 3),
    "mnist-recskip": (3, 2, 1, 3),
    "mnist-hybrid": (2, 2, 2, 3),
    **{f"cifar-dsr{n}": (4 + n, 4, 1, 4 + n) for n in range(7)},
    "gtsrb-dsr4": (8, 4, 1, 8),
}
"""``rollout_factor``, ``first_response_streaming``, ``first_response_sequential`` and
``shortest_path_sequential`` of the files."""

PARAMETERS = {
    # input 7x7 to 16; 16 x 7 x 7 = 784 to 128; 128 to 10; each with biases
    "mnist-baseline": 16 * 50 + 128 * 785 + 10 * 129,
    "mnist-skip": 16 * 50 + 128 * 785 + 10 * 129 + 10 * 785,
    "mnist-recskip": 16 * 50 + 128 * 785 + 10 * 129 + 10 * 785 + 16 * (16 * 9 + 1),
    # 5x5 from 3; loop; 32 to 64; 64 to 512; 512 x 4 x 4 = 8192 to 10
    "cifar-dsr0": 32 * 76 + 32 * 289 + 64 * 289 + 512 * 577 + 10 * 8193,
    "cifar-dsr6": 32 * 76 + 7 * 32 * 289 + 4 * 64 * 289 + 6 * 64 * 577 + 4 * 512 * 577 + 10 * 8193,
    "gtsrb-dsr4": 32 * 76 + 3 * 32 * 289 + 3 * 64 * 289 + 3 * 64 * 577 + 3 * 512 * 577 + 43 * 8193,
}


def edges_of(name: str) -> dict[tuple[str, str], bool]:
    """Edges of the file, and whether they are tagged."""
    found = {}
    for word in FILES[name].split():
        source, target = word.rstrip("!").split("-")
        found[source, target] = word.endswith("!")
    return found


@pytest.mark.parametrize("name", FILES)
def test_edges_and_delays(name: str) -> None:
    wanted = edges_of(name)
    streaming, sequential = fischer.build(name), fischer.build(name, sequential=True)
    assert isinstance(streaming, Rollout) and not isinstance(sequential, Rollout)
    assert sorted((e.source, e.target) for e in streaming.edges) == sorted(wanted)
    assert {e.delay for e in streaming.edges} == {1}
    assert {(e.source, e.target): e.delay == 1 for e in sequential.edges} == wanted
    assert set(FILES) == set(fischer.DESIGNS)


@pytest.mark.parametrize("name", FILES)
def test_the_authors_numbers(name: str) -> None:
    """F is 4 to 10 for DSR0 to DSR6, and the first response of all of them comes after 4 frames."""
    factor, streaming_first, sequential_first, shortest = NUMBERS[name]
    streaming = RolloutPattern.from_network(net := fischer.build(name))
    sequential = RolloutPattern.from_network(fischer.build(name, sequential=True))
    assert (streaming.inference_factor, sequential.inference_factor) == (1, factor)
    assert streaming.response("prediction") == (streaming_first, streaming_first)
    assert sequential.response("prediction") == (sequential_first, shortest)
    assert net.first_response == streaming.first_response("prediction") == streaming_first
    loops = any(source == target for source, target in edges_of(name))
    longest = streaming.full_response("prediction")
    assert longest == (math.inf if loops else NUMBERS[name][3])


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_of_the_rollouts(name: str) -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in fischer.build(name).parameters()) == PARAMETERS[name]


def layer_of(net: FrameNetwork, source: str, target: str) -> nn.Conv2d | nn.Linear:
    """The convolution or matrix of an edge."""
    layers = [
        module
        for module in net.get_submodule(f"{source}_to_{target}").modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    return layers[-1]


def along(net: FrameNetwork, source: str, target: str, sent: Tensor) -> Tensor:
    """What an edge brings; sizes and paddings written down for these networks, not computed."""
    layer = layer_of(net, source, target)
    if target == "prediction" or (target == "h2" and sent.shape[-1] == 7):
        return F.linear(sent.flatten(1), layer.weight, layer.bias)
    stride, padding = {
        (28, 7): (4, 2), (7, 3): (1, 1), (32, 5): (1, 2), (32, 3): (1, 1), (16, 3): (1, 1)
    }[sent.shape[-1], layer.weight.shape[-1]]  # fmt: skip
    if target == "h2":
        stride = 2
    if target == "hd":
        stride, padding = 4, 0
    return F.conv2d(sent, layer.weight, layer.bias, stride, padding)


def unrolled(
    name: str, net: FrameNetwork, frames: Tensor, *, sequential: bool, skip: bool
) -> list[Tensor | None]:
    """Answers by recursion over (node, frame).

    Args:
        name, net, frames: the network, and (batch, frames, ...).
        sequential: of the authors' two modes.
        skip: as their builder: in frame 0 there are inputs only, and empty sources are skipped; else
            states before frame 0 are zeros.
    """
    edges = edges_of(name)
    known: dict[tuple[str, int], Tensor | None] = {}

    def shape(node: str) -> tuple[int, ...]:
        if name.startswith("mnist"):
            return {"h1": (16, 7, 7), "h2": (128,)}[node]
        return (
            (32, 32, 32) if node.startswith("h1") else (64, 16, 16) if node[:2] == "h2" else (512, 4, 4)
        )

    def state(node: str, r: int) -> Tensor | None:
        if node == "input" and r >= 0:
            return frames[:, r]
        if skip and r <= 0:
            return None
        if r < 0:
            return frames.new_zeros(
                len(frames), *(frames.shape[2:] if node == "input" else shape(node))
            )
        if (node, r) not in known:
            arriving = []
            for (source, target), tagged in edges.items():
                if target == node:
                    sent = state(source, r if sequential and not tagged else r - 1)
                    arriving += [] if sent is None else [along(net, source, target, sent)]
            total = sum(arriving[1:], arriving[0]) if arriving else None
            known[node, r] = total if node == "prediction" or total is None else total.clamp(min=0)
        return known[node, r]

    return [state("prediction", r) for r in range(frames.shape[1])]


def drawn(name: str, *, sequential: bool, bias: bool) -> FrameNetwork:
    """A network in double precision, its biases drawn too."""
    torch.manual_seed(0)
    net = fischer.build(name, sequential=sequential, bias=bias).double().eval()
    for parameter in net.parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter, 0, 0.1)
    return net


def stream(net: FrameNetwork, length: int) -> Tensor:
    """Frames (1, length, ...) that all differ."""
    return torch.rand(1, length, *net.input_shape, dtype=torch.double)


TRIED = (
    "mnist-baseline",
    "mnist-skip",
    "mnist-recskip",
    "mnist-hybrid",
    "cifar-dsr0",
    "cifar-dsr3",
    "gtsrb-dsr4",
)
"""All kinds of edges, loops and stages; DSR6 is tried once, below."""


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("name", TRIED)
def test_what_a_rollout_computes(name: str, sequential: bool) -> None:
    net = drawn(name, sequential=sequential, bias=True)
    frames = stream(net, 6)
    with torch.no_grad():
        answers = net(frames)
        right = unrolled(name, net, frames, sequential=sequential, skip=False)
    for r, answer in enumerate(right):
        assert answer is not None
        torch.testing.assert_close(answers[:, r], answer, rtol=1e-9, atol=1e-12)
    assert answers.std(dim=1).min() > 1e-4  # frames make a difference


def test_the_largest_rollout() -> None:
    net = drawn("cifar-dsr6", sequential=False, bias=True)
    frames = stream(net, 5)
    with torch.no_grad():
        answer = unrolled("cifar-dsr6", net, frames, sequential=False, skip=False)[4]
        torch.testing.assert_close(net(frames)[:, 4], answer, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", TRIED)
def test_without_biases_the_authors_rule_differs_only_before_the_first_response(name: str) -> None:
    """They skip empty sources and answer nothing; here zeros come in, and the answer is 0."""
    net = drawn(name, sequential=False, bias=False)
    first = NUMBERS[name][1]
    frames = stream(net, first + 3)
    with torch.no_grad():
        answers = net(frames)
        theirs = unrolled(name, net, frames, sequential=False, skip=True)
    for r, answer in enumerate(theirs):
        assert (answer is None) == (r < first)
        if answer is None:
            assert (answers[:, r] == 0).all()
        else:
            assert answer.abs().max() > 0
            torch.testing.assert_close(answers[:, r], answer, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", TRIED)
def test_a_sequential_rollout_answers_the_authors_frame_1_first(name: str) -> None:
    net = drawn(name, sequential=True, bias=False)
    frames = stream(net, 5)
    with torch.no_grad():
        answers = net(frames[:, 1:])
        theirs = unrolled(name, net, frames, sequential=True, skip=True)
    for r, answer in enumerate(theirs):
        assert (answer is None) == (r < NUMBERS[name][2])
        if answer is not None:
            torch.testing.assert_close(answers[:, r - 1], answer, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["mnist-baseline", "mnist-skip", "mnist-recskip"])
def test_with_biases_the_rules_agree_from_the_full_response_on(name: str) -> None:
    net = drawn(name, sequential=False, bias=True)
    first, full = NUMBERS[name][1], RolloutPattern.from_network(net).full_response("prediction")
    frames = stream(net, 7)
    with torch.no_grad():
        answers = net(frames)
        theirs = unrolled(name, net, frames, sequential=False, skip=True)
    differs = [
        r
        for r, answer in enumerate(theirs)
        if answer is not None and not torch.allclose(answers[:, r], answer, rtol=1e-9, atol=1e-12)
    ]
    assert differs == [r for r in range(first, 7) if r < full]


def test_dropout_of_the_rollouts() -> None:
    """0.25 at convolutions, 0.5 at the dense node, none at the prediction; a new mask every frame."""
    net = fischer.build("cifar-dsr1")
    shares = {
        n: m.p for n in net.nodes for m in net.get_submodule(n).modules() if isinstance(m, nn.Dropout)
    }
    assert shares == {"h1": 0.25, "h11": 0.25, "h2": 0.25, "hd": 0.5}
    assert fischer.DESIGNS["mnist-skip"].layers["h2"].dropout == 0.5
    torch.manual_seed(0)
    answers = fischer.build("mnist-baseline")(torch.ones(1, 6, 1, 28, 28))
    assert not torch.equal(answers[:, 4], answers[:, 5])
    fixed = fischer.build("mnist-baseline", dropout=FixedDropout)(torch.ones(1, 6, 1, 28, 28))
    assert torch.equal(fixed[:, 4], fixed[:, 5])


def test_rollouts_with_levels_and_with_spikes() -> None:
    levels = fischer.build("mnist-recskip", activation=lambda: QuantizedReLU(4, 1.0))
    assert levels(torch.rand(2, 4, 1, 28, 28)).shape == (2, 4, 10)
    spikes = fischer.build("mnist-skip", dropout=FixedDropout, activation=lambda: SpikingNeuron(4, 1.0))
    assert spikes.steps == 4 and spikes(torch.rand(2, 4, 1, 28, 28)).shape == (2, 4, 10)


@pytest.mark.parametrize("name", FILES)
def test_rollouts_through_the_front_end(name: str) -> None:
    """Every edge is a projection, with its frames."""
    for sequential in (False, True):
        graph = load_archive(fischer.build(name, sequential=sequential).to_bytes(), name).graph
        frames = {(p.source, p.target): p.frames for p in graph.projections}
        wanted = edges_of(name)
        assert frames == {edge: int(tagged or not sequential) for edge, tagged in wanted.items()}


def test_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="unknown network 'dsr7'; known: mnist-baseline"):
        fischer.build("dsr7")
