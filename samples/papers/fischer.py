"""The networks of Fischer et al. 2018 for MNIST, CIFAR-10 and GTSRB, streaming or sequential.

From github.com/boschresearch/statestream 3ea93b2: ``reference/model_specifications/*.st_graph`` (nodes,
edges, receptive fields, dropout) and ``reference/keras_model_builder.py`` (what they mean). Every edge
is a convolution or a matrix with a bias, edges are summed at their target, and a node applies dropout
and ReLU.

What differs:

* The authors skip sources that have no state yet. In frame 0 only inputs have one; a node whose
  sources are all empty stays empty, and a skipped edge brings no bias. Here such states are zeros, and
  edges act on them. Without biases that is the same from the first response on, and before it the
  answer is 0 where theirs is none. With biases it is the same from the full response on, and never
  quite with a loop, which passes on what biases left in it. New networks have biases of 0, as in Keras.
* In a sequential rollout the authors' frame 0 has inputs only, and their first answer is to frame 1.
  Here frame 0 is answered: feed the frames from 1 on for the same answers.
* Keras pads a strided convolution with ``padding="same"`` by one pixel less before than after where the
  sum is odd. Here both sides get the larger number: the fields are moved by one pixel.
* The prediction is linear. The MNIST files apply a softmax to it, and the builder another one.
* Masks of dropout are drawn for every frame, as the authors' are. Neurons that spike need
  ``dropout=FixedDropout``, one mask for all steps and frames of a sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from snnc.authoring import FixedDropout, FrameNetwork, Rollout
from snnc.authoring.nodes import Activation
from snnc.rollouts import Edge, RolloutPattern

INPUT, PREDICTION = "input", "prediction"

CONVOLUTION_DROPOUT, DENSE_DROPOUT = 0.25, 0.5
"""``dropout`` of the files: h1, h11, .., h2, ..; and ``hd`` (CIFAR, GTSRB) or ``h2`` (MNIST)."""


@dataclass(frozen=True)
class Layer:
    """A node.

    Attributes:
        channels: of the node.
        size: pixels a side; 1 for a node that matrices lead to.
        dropout: share that is left out in training.
    """

    channels: int
    size: int
    dropout: float = 0.0


@dataclass(frozen=True)
class Design:
    """A network as its file describes it.

    Attributes:
        layers: the image (``"input"``), the nodes in the file's order, and ``"prediction"``.
        fields: of each edge, the pixels a side of its convolution; not read for a matrix.
        tagged: edges with the tag "stream": they take a frame in the sequential rollout too.
    """

    layers: dict[str, Layer]
    fields: dict[Edge, int]
    tagged: frozenset[Edge] = frozenset()

    def pattern(self, *, sequential: bool = False) -> RolloutPattern:
        """Its streaming rollout, or the sequential one."""
        if sequential:
            return RolloutPattern.sequential(self.fields, self.tagged)
        return RolloutPattern.streaming(self.fields)


def build(
    name: str,
    *,
    sequential: bool = False,
    bias: bool = True,
    dropout: type[nn.Dropout] | type[FixedDropout] = nn.Dropout,
    activation: Callable[[], Activation] | None = None,
) -> FrameNetwork:
    """An untrained network, Glorot-uniform weights and biases of 0 (Keras's default).

    Args:
        name: one of ``DESIGNS``.
        sequential: a ``FrameNetwork`` in which an edge takes no frame unless it is tagged; else a
            ``Rollout``, every edge of which takes one. ``mnist-hybrid`` is the hybrid rollout then.
        bias: of every edge; without, empty sources make no difference (above).
        dropout: what leaves out neurons, made with their share.
        activation: makes what a node has in place of the ReLU: levels or spikes.

    Raises:
        ValueError: unknown name.
    """
    if name not in DESIGNS:
        raise ValueError(f"unknown network {name!r}; known: {', '.join(DESIGNS)}")
    design = DESIGNS[name]
    image = design.layers[INPUT]
    kind = FrameNetwork if sequential else Rollout
    net = kind((image.channels, image.size, image.size))
    for node, layer in design.layers.items():
        if node not in (INPUT, PREDICTION):
            net.node(node, dropout(layer.dropout), activation() if activation else None)
    net.readout(PREDICTION)
    pattern = design.pattern(sequential=sequential)
    for (source, target), frames in zip(pattern.edges, pattern.frames, strict=True):
        operation = _operation(design, (source, target), bias)
        net.edge(source, target, operation, delay=frames)
    return net


def _operation(design: Design, edge: Edge, bias: bool) -> nn.Module:
    source, target = (design.layers[name] for name in edge)
    if target.size == 1:
        dense = nn.Linear(source.channels * source.size**2, target.channels, bias)
        _keras_start(dense)
        return dense if source.size == 1 else nn.Sequential(nn.Flatten(), dense)
    field, stride = design.fields[edge], source.size // target.size
    # What "same" adds in all, in Keras: size / stride positions, the last of which needs the rest.
    added = max((target.size - 1) * stride + field - source.size, 0)
    conv = nn.Conv2d(source.channels, target.channels, field, stride, (added + 1) // 2, bias=bias)
    _keras_start(conv)
    return conv


def _keras_start(layer: nn.Conv2d | nn.Linear) -> None:
    nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _mnist(*extra: Edge, tagged: tuple[Edge, ...] = ()) -> Design:
    layers = {
        INPUT: Layer(1, 28),
        "h1": Layer(16, 7, CONVOLUTION_DROPOUT),
        "h2": Layer(128, 1, DENSE_DROPOUT),
        PREDICTION: Layer(10, 1),
    }
    fields = {(INPUT, "h1"): 7, ("h1", "h2"): 1, ("h2", PREDICTION): 1}
    fields |= {edge: 3 if edge == ("h1", "h1") else 1 for edge in extra}
    return Design(layers, fields, frozenset(tagged))


def _densely_connected(first: int, second: int, classes: int, *, loop: bool) -> Design:
    """DSR: two stages of nodes at 32 and 16 pixels, each of which leads to all later ones of its stage.

    Args:
        first, second: nodes of a stage, besides ``h1`` and ``h2``.
        classes: to tell apart.
        loop: whether ``h1`` leads to itself, after a frame.
    """
    stages = [
        ["h1", *(f"h1{n}" for n in range(1, first + 1))],
        ["h2", *(f"h2{n}" for n in range(1, second + 1))],
    ]
    layers = {INPUT: Layer(3, 32)}
    layers |= {node: Layer(32, 32, CONVOLUTION_DROPOUT) for node in stages[0]}
    layers |= {node: Layer(64, 16, CONVOLUTION_DROPOUT) for node in stages[1]}
    layers |= {"hd": Layer(512, 4, DENSE_DROPOUT), PREDICTION: Layer(classes, 1)}
    rest = ("h1", "h1")
    fields = {(INPUT, "h1"): 5} | ({rest: 3} if loop else {})
    for stage, following in zip(stages, ("h2", "hd"), strict=True):
        for place, node in enumerate([*stage[1:], following], start=1):
            fields |= {(before, node): 3 for before in stage[:place]}
    fields["hd", PREDICTION] = 1
    return Design(layers, fields, frozenset({rest} if loop else ()))


_SKIP, _REST = ("h1", PREDICTION), ("h1", "h1")
DESIGNS = {
    "mnist-baseline": _mnist(),
    "mnist-skip": _mnist(_SKIP),
    "mnist-recskip": _mnist(_REST, _SKIP, tagged=(_REST,)),
    "mnist-hybrid": _mnist(_REST, _SKIP, tagged=(("h1", "h2"), _REST, _SKIP)),
    **{
        f"cifar-dsr{number}": _densely_connected((number + 1) // 2, number // 2, 10, loop=True)
        for number in range(7)
    },
    "gtsrb-dsr4": _densely_connected(2, 2, 43, loop=False),
}
"""By name. DSR0 to DSR6 have as many nodes besides h1, h2 and hd as their number says."""
