"""One NIR node as a function of what arrives in a step, for a batch of samples, in float64.

The equations, quoted from nir 1.0.8 (``nir/ir/neuron.py``, ``threshold.py``, ``linear.py`` ..)::

    Affine   y(t) = W*x(t) + b          Linear  y(t) = W*x(t)          Scale  y(t) = x(t) . s
    Delay    y(t) = x(t - tau)          Threshold  z = 1 if x > threshold else 0
    IF       v' = R I                   I       v' = R I
    LIF      tau v' = (v_leak - v) + R I                               LI     the same
    CubaLIF  tau_syn I' = - I + w_in S
             tau_mem v' = (v_leak - v) + R I                           CubaLI the same
    z = 1 if v > v_threshold else 0;    v = v_reset if z = 1 else v

What NIR cannot represent may stand in a node's metadata under ``snnc`` (``docs/nir.md``, "Metadata");
a unit follows it only where it is asked to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Unit = Callable[[Floats], Floats]
"""What arrives in a step, (samples, \\*shape), to what is put out in that step, (samples, \\*shape)."""

SPIKING = ("IF", "LIF", "CubaLIF")
STATEFUL = (*SPIKING, "I", "LI", "CubaLI")


def kind_of(node: Any) -> str:
    """The primitive's name, e.g. ``LIF``."""
    return type(node).__name__


def unit(node: Any, dt: float, rule: str, metadata: bool, samples: int) -> Unit:
    """A node at rest.

    Args:
        node: a node of nir.
        dt: seconds a step.
        rule: ``euler`` or ``exponential``.
        metadata: whether a neuron follows its metadata of snnc.
        samples: size of the batch.

    Raises:
        ValueError: no such primitive.
    """
    kind = kind_of(node)
    if kind in STATEFUL:
        said = dict(node.metadata.get("snnc", {})) if metadata else {}
        return Neurons(node, dt, rule, said, samples)
    if kind == "Delay":
        return _delay(node, dt)
    simple: dict[str, Unit] = {
        "Input": lambda x: x,
        "Output": lambda x: x,
        "Affine": lambda x: np.asarray(x @ node.weight.T + node.bias, np.float64),
        "Linear": lambda x: np.asarray(x @ node.weight.T, np.float64),
        "Scale": lambda x: np.asarray(x * node.scale, np.float64),
        "Threshold": lambda x: np.asarray(x > node.threshold, np.float64),
        "Flatten": lambda x: x.reshape(len(x), *node.output_type["output"]),
        "Conv1d": lambda x: _convolve1d(node, x),
        "Conv2d": lambda x: _convolve(x, node, node.weight, _two(node.stride), _two(node.dilation)),
        "SumPool2d": lambda x: _pooled(node, x).sum(axis=(-2, -1)),
        "AvgPool2d": lambda x: _pooled(node, x).mean(axis=(-2, -1)),
    }
    if kind not in simple:
        raise ValueError(f"no primitive {kind}")
    return simple[kind]


class Neurons:
    """A node with a state. ``v`` is its potential after the last step, after its reset."""

    def __init__(self, node: Any, dt: float, rule: str, said: dict[str, Any], samples: int) -> None:
        """Args as of :func:`unit`; ``said`` is what the node's metadata say beyond NIR."""
        self.node, self.dt, self.rule, self.kind = node, dt, rule, kind_of(node)
        self.shape = (samples, *np.shape(node.r))
        self.start = np.broadcast_to(np.asarray(said.get("start_value", 0.0)), self.shape)
        self.begins, self.again = int(said.get("start_step", 0)), int(said.get("restart_steps", 0))
        self.subtract, self.at_once = said.get("reset") == "subtract", said.get("comparison") == ">="
        self.v: Floats = self.start.astype(np.float64)
        self.current: Floats = np.zeros(self.shape)
        self.steps = 0

    def _share(self, tau: Any) -> Any:
        """How far a step of dt goes towards what the state tends to."""
        return self.dt / tau if self.rule == "euler" else 1 - np.exp(-self.dt / tau)

    def __call__(self, x: Floats) -> Floats:
        """One step."""
        node = self.node
        self.steps += 1
        if self.steps <= self.begins:
            return np.zeros(self.shape)
        if self.again and (self.steps - self.begins - 1) % self.again == 0:
            self.v, self.current = self.start.astype(np.float64), np.zeros(self.shape)
        if self.kind in ("IF", "I"):
            self.v = self.v + self.dt * node.r * x
        elif self.kind in ("LIF", "LI"):
            self.v = self.v + self._share(node.tau) * ((node.v_leak - self.v) + node.r * x)
        else:
            change = self._share(node.tau_syn) * (-self.current + node.w_in * x)
            self.current = self.current + change
            towards = (node.v_leak - self.v) + node.r * self.current
            self.v = self.v + self._share(node.tau_mem) * towards
        return self._fire() if self.kind in SPIKING else np.asarray(self.v)

    def _fire(self) -> Floats:
        v, node = self.v, self.node
        z = v >= node.v_threshold if self.at_once else v > node.v_threshold
        self.v = v - z * node.v_threshold if self.subtract else np.where(z, node.v_reset, v)
        return np.asarray(z, np.float64)


def _delay(node: Any, dt: float) -> Unit:
    """Each element waits as long as its own delay says, in whole steps."""
    delays = np.asarray(node.delay, np.float64)
    waits = np.rint(delays / dt)  # not as whole numbers: a delay may be longer than they are
    lines: dict[float, deque[Floats]] = {float(wait): deque() for wait in np.unique(waits)}

    def delay(x: Floats) -> Floats:
        out = np.zeros_like(x)
        for wait, past in lines.items():
            past.append(x)
            if len(past) > wait:
                out = np.where(waits == wait, past.popleft(), out)
        return out

    return delay


def _two(value: Any) -> tuple[int, int]:
    numbers = np.ravel(value)
    return int(numbers[0]), int(numbers[-1])


def _windows(
    x: Floats, extent: tuple[int, int], stride: tuple[int, int], pad: tuple[int, int]
) -> Floats:
    """Every window of an image: (samples, channels, rows, columns, \\*extent)."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])))
    sliding: Any = np.lib.stride_tricks.sliding_window_view
    return np.asarray(sliding(padded, extent, axis=(2, 3))[:, :, :: stride[0], :: stride[1]])


def _pooled(node: Any, x: Floats) -> Floats:
    return _windows(x, _two(node.kernel_size), _two(node.stride), _two(node.padding))


def _convolve(
    x: Floats, node: Any, weight: Any, stride: tuple[int, int], dilation: tuple[int, int]
) -> Floats:
    """A cross-correlation, group by group. The result is (samples, channels, height, width)."""
    height, width = weight.shape[2:]
    extent = (dilation[0] * (height - 1) + 1, dilation[1] * (width - 1) + 1)
    if isinstance(node.padding, str):
        pad = (extent[0] // 2, extent[1] // 2) if node.padding == "same" else (0, 0)
    else:
        pad = _two(node.padding) if np.ndim(node.padding) else (int(node.padding),) * 2
    if x.shape[2] == 1 and height == 1:
        pad = (0, pad[1])
    windows = _windows(x, extent, stride, pad)[..., :: dilation[0], :: dilation[1]]
    groups = int(np.ravel(node.groups)[0])
    parts = []
    for kernels, part in zip(np.split(weight, groups), np.split(windows, groups, axis=1), strict=True):
        summed = np.tensordot(part, kernels, axes=((1, 4, 5), (1, 2, 3)))
        parts.append(np.moveaxis(summed, 3, 1))
    y = np.concatenate(parts, axis=1)
    bias = np.zeros(len(weight)) if node.bias is None else np.asarray(node.bias)
    return np.asarray(y + bias.reshape(-1, 1, 1), np.float64)


def _convolve1d(node: Any, x: Floats) -> Floats:
    """The same over (channels, length), as an image of height 1."""
    stride, dilation = int(np.ravel(node.stride)[0]), int(np.ravel(node.dilation)[0])
    image = _convolve(x[:, :, None], node, node.weight[:, :, None], (1, stride), (1, dilation))
    return np.asarray(image[:, :, 0])
