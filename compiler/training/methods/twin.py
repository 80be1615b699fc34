"""The torch network with the chip's own integers: what the exact codes must equal, value by value."""

from __future__ import annotations

import re

import numpy as np
import torch
from torch import Tensor, nn

from snnc.authoring.activation import QuantizedReLU
from snnc.authoring.rollout import Rollout
from snnc.authoring.wiring import INPUT
from snnc.ir import Array, Conv2d, Kind, Program, ProgramPopulation, ProgramProjection, size


class CountedLevels(QuantizedReLU):
    """``clip(floor((z + offset) / threshold), 0, levels)``: the levels themselves, as whole numbers.

    Args:
        threshold, offset: integers of the population's shape.
        levels: largest count.
    """

    def __init__(self, threshold: Array, offset: Array, levels: int) -> None:
        super().__init__(levels)
        self.register_buffer("threshold", torch.from_numpy(threshold.astype(np.float64)))
        self.register_buffer("offset", torch.from_numpy(offset.astype(np.float64)))

    def quantized(self, z: Tensor) -> Tensor:
        """Exact in double precision while sums stay below 2**53."""
        threshold, offset = self.get_buffer("threshold"), self.get_buffer("offset")
        return torch.clamp(torch.floor((z + offset) / threshold), 0, self.levels)


def chip_twin(program: Program) -> Rollout:
    """The program of an exact code as a ``Rollout`` in double precision, with the same integers.

    Nodes put out levels (0 to ``levels``), the readout its potential, both as whole numbers: torch's
    own convolutions and unrolling, the chip's weights, thresholds and biases. Node names are the
    populations' with everything that no identifier holds replaced by ``_``.

    Raises:
        ValueError: the program's neurons have no exact code, its input is not sent once a frame, or it
            has connections that no rollout has (without a delay in frames, relays).
    """
    if program.input.encoding is None or program.input.encoding.value not in ("once", "change"):
        raise ValueError("the input is not sent once a frame")
    net = Rollout(program.input.shape)
    names = {program.input.name: INPUT}
    for p in program.populations:
        if p.kind is Kind.INPUT:
            continue
        names[p.name] = re.sub(r"\W", "_", p.name)
        if p.kind is Kind.READOUT:
            net.readout(names[p.name], accumulate=p.dynamics.clear_interval == 0)
        else:
            net.node(names[p.name], activation=_activation(p))
    biased: set[str] = set()
    for q in program.projections:
        target = program.by_name[q.target]
        bias = None
        if target.kind is Kind.READOUT and q.target not in biased:
            biased.add(q.target)
            bias = _bias(target)
        operation = _operation(program, q, bias)
        net.edge(names[q.source], names[q.target], operation, _frames(program, q))
    return net.double().eval()


def _activation(p: ProgramPopulation) -> CountedLevels:
    neuron = p.neuron
    if neuron is None or not neuron.code.exact or neuron.threshold is None:
        raise ValueError(f"{p.name} does not emit an exact code")
    threshold = np.broadcast_to(neuron.threshold, p.shape)
    return CountedLevels(threshold, neuron.start_value + _bias(p), neuron.levels)


def _bias(p: ProgramPopulation) -> Array:
    shifted = p.dynamics.bias_mantissa << p.dynamics.bias_exponent
    return np.broadcast_to(shifted, p.shape).astype(np.float64)


def _frames(program: Program, q: ProgramProjection) -> int:
    """The rollout delay that the starts and the delay keep (docs/numerics.md, "Time")."""
    source, target = program.by_name[q.source], program.by_name[q.target]
    latency = 0 if source.neuron is None else program.steps_per_frame - 1
    steps = 1 + q.delay + source.start + latency - target.start
    frames, rest = divmod(steps, program.steps_per_frame)
    if rest:
        raise ValueError(f"{q.label} takes {steps} steps, not a whole number of frames")
    return frames


def _operation(program: Program, q: ProgramProjection, bias: Array | None) -> nn.Module:
    shape, op = program.by_name[q.source].shape, q.op
    if q.exponent < 0:
        raise ValueError(f"{q.label} rounds its sum down")
    if isinstance(op, Conv2d):
        if bias is not None:
            raise ValueError("a readout has no channels to convolve")
        outs, per_group, *kernel = op.weight.shape
        module: nn.Conv2d | nn.Linear = nn.Conv2d(
            per_group * op.groups,
            outs,
            (kernel[0], kernel[1]),
            op.stride,
            op.padding,
            op.dilation,
            op.groups,
            bias=False,
        )
        weight = op.weight
    else:
        if len(program.by_name[q.target].shape) != 1:
            raise ValueError(f"{q.label} is a matrix onto an image, which no rollout has")
        weight = op.matrix(shape).toarray()
        module = nn.Linear(size(shape), weight.shape[0], bias=bias is not None)
    with torch.no_grad():
        module.double().weight.copy_(torch.from_numpy(weight * 2.0**q.exponent))
        if bias is not None and module.bias is not None:
            module.bias.copy_(torch.from_numpy(np.array(bias)))
    return nn.Sequential(nn.Flatten(), module) if isinstance(module, nn.Linear) else module
