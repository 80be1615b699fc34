"""Small files of lava-dl (netx), as its exporter lays them out, and what their networks do.

The second half computes a network in lava-dl's own terms (docs/netx.md), layer after layer, each over
the whole time, and knows nothing of programs.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate2d

from snnc.files import remember_hdf5

Ints = NDArray[np.int64]
Layers = list[dict[str, Any]]

CUBA = {
    "type": b"CUBA",
    "iDecay": 4096,
    "vDecay": 512,
    "vThMant": 80,
    "refDelay": 1,
    "gradedSpike": False,
}


def neuron(**changed: Any) -> dict[str, Any]:
    return {f"neuron/{name}": value for name, value in {**CUBA, **changed}.items()}


def layer(kind: str, shape: tuple[int, ...], **arrays: Any) -> dict[str, Any]:
    return {"type": np.array([kind.encode()], "S10"), "shape": np.array(shape), **arrays}


def written(path: Path, layers: Layers, *, harmless: bool = True) -> Path:
    """``harmless``: it need not be looked through in a process of its own, which takes a while."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["simulation/Ts"] = 1
        for number, arrays in enumerate(layers):
            for name, value in arrays.items():
                file[f"layer/{number}/{name}"] = value
    path.write_bytes(stream.getvalue())
    if harmless:
        remember_hdf5(stream.getvalue())
    return path


def dense(rng: np.random.Generator, inputs: int, outputs: int, **more: Any) -> dict[str, Any]:
    weights = 2.0 * rng.integers(-40, 61, (outputs, inputs))
    return layer("dense", (outputs, 1, 1), weight=weights.astype(np.float32), **neuron(), **more)


def conv(
    rng: np.random.Generator, inputs: int, shape: tuple[int, int, int], **more: Any
) -> dict[str, Any]:
    """A kernel of 3 x 2, stride (2, 1), padding (0, 1): nothing about it is symmetric."""
    weights = 2.0 * rng.integers(-20, 31, (shape[0], inputs, 3, 2, 1))
    how = {"stride": np.array([2, 1]), "padding": np.array([0, 1]), "dilation": np.array([1, 1])}
    return layer("conv", shape, weight=weights, groups=1, **how, **neuron(), **more)


def everything(rng: np.random.Generator) -> Layers:
    """Input neurons, a convolution, a pool, flatten, delays, a loop, odd weights, an average."""
    return [
        layer(
            "input",
            (2, 7, 5),
            weight=np.array([36.0]),
            bias=np.array([34.0]),
            **neuron(iDecay=900, vDecay=1024),
        ),
        conv(rng, 2, (3, 3, 6), bias=2.0 * rng.integers(-4, 9, 3)),
        layer(
            "pool",
            (3, 1, 3),
            weight=np.full((1, 1, 3, 2), 30.0),
            stride=np.array([3, 2]),
            padding=np.array([0, 0]),
            dilation=np.array([1, 1]),
            **neuron(vThMant=40),
        ),
        layer("flatten", (9, 1, 1)),
        dense(rng, 9, 8, delay=np.array([0.0, 3, 3, 1, 0, 5, 2, 1])),
        {
            **dense(rng, 8, 8, bias=np.array([6.0])),
            "type": np.array([b"dense_rec"]),
            "weight_rec": 2.0 * rng.integers(-30, 31, (8, 8)),
        },
        {**dense(rng, 8, 6), "weight": rng.integers(-60, 91, (6, 8)) * 1.0, **neuron(iDecay=1024)},
        layer("average", (3, 1, 1)),
    ]


SDNN = {"neuron/type": b"SDNN", "neuron/activation": b"relu"}
MESSAGE = 64
"""What a sigma-delta neuron sends for a change of 1."""


def changing(rng: np.random.Generator, *, last: str = "sigma_output") -> Layers:
    """Sigma-delta layers: input, a convolution, a pool, flatten, delays, odd weights, the answer.

    ``last``: what ends it, ``sigma_output``, or ``average``.
    """

    def sdnn(made: dict[str, Any], threshold: int) -> dict[str, Any]:
        plain = {n: v for n, v in made.items() if not n.startswith("neuron/")}
        return {**plain, **SDNN, "neuron/vThMant": threshold}

    how = {"stride": np.array([3, 2]), "padding": np.array([0, 0]), "dilation": np.array([1, 1])}
    pool = layer("pool", (3, 1, 3), weight=np.full((1, 1, 3, 2), 30.0), **how)
    odd = {**dense(rng, 8, 6, bias=np.array([-9.0])), "weight": rng.integers(-20, 31, (6, 8)) * 1.0}
    layers = [
        {**layer("input", (2, 7, 5)), **SDNN, "neuron/vThMant": 2},
        sdnn(conv(rng, 2, (3, 3, 6), bias=2.0 * rng.integers(-4, 9, 3)), 13),
        sdnn(pool, 0),
        layer("flatten", (9, 1, 1)),
        sdnn(dense(rng, 9, 8, delay=np.array([0.0, 3, 3, 1, 0, 5, 2, 1])), 9),
        sdnn(odd, 1),
    ]
    if last == "average":
        return [*layers, layer("average", (3, 1, 1))]
    answer = {**sdnn(dense(rng, 6, 3), 6), "neuron/sigma_output": True}
    return [*layers, answer]


def run_changing(layers: Layers, x: Ints) -> list[tuple[Ints, Ints]]:
    """Messages and sums (of the input: values) of each sigma-delta layer, each (steps, \\*shape).

    In lava-dl's terms: all layers in one step, values in units of 1/4096 of the file's integers.
    """
    found: list[tuple[Ints, Ints]] = []
    sent = x
    for arrays in layers:
        if "neuron/type" not in arrays:
            continue
        if arrays["type"][0] == b"input":
            values = sums = x << 12
        else:
            sums = np.cumsum(_arriving(arrays, sent), axis=0)
            if "neuron/sigma_output" in arrays:
                found.append((np.zeros_like(sums), sums))
                continue
            bias = np.asarray(arrays.get("bias", 0)).astype(np.int64) << 12
            shape = (-1, *(1 for _ in sums.shape[2:])) if bias.size > 1 else ()
            values = np.maximum(sums + bias.reshape(shape), 0)
        sent = _changes(values, arrays["neuron/vThMant"] << 12)
        found.append((sent, sums))
    return found


def _changes(values: Ints, threshold: int) -> Ints:
    """What is sent of values: all that has changed since it was last sent, once that is enough."""
    kept = np.zeros_like(values[0])
    rows = []
    for value in values:
        rows.append(np.where(np.abs(value - kept) >= threshold, value - kept, 0))
        kept = kept + rows[-1]
    sent: Ints = np.stack(rows) >> 6
    return sent


def run(layers: Layers, x: Ints, interval: int = 0) -> list[tuple[Ints, Ints, Ints]]:
    """Spikes, currents and potentials of each layer with neurons, each (steps, \\*shape).

    Args:
        layers: as :func:`written` takes them.
        x: what drives the first, (steps, \\*shape): counts for the neurons of an input layer.
        interval: steps between two resets, 0 for none.
    """
    found = []
    spikes = x
    for arrays in layers:
        if "neuron/type" not in arrays:
            continue
        given = _Lif(arrays, interval)
        kind = arrays["type"][0]
        if kind == b"input":
            spikes, u, v = given.run(np.zeros_like(spikes), spikes)
        else:
            arriving = _arriving(arrays, spikes)
            back = arrays["weight_rec"].astype(np.int64) if kind == b"dense_rec" else None
            spikes, u, v = given.run(arriving, np.zeros_like(arriving), back)
        found.append((spikes, u, v))
    return found


class _Lif:
    """Lava's LIF in fixed point: ``du = iDecay - 1``, biases shifted by 6 as thresholds are."""

    def __init__(self, arrays: Mapping[str, Any], interval: int) -> None:
        self.kept_u, self.kept_v = 4096 - arrays["neuron/iDecay"], 4096 - arrays["neuron/vDecay"]
        self.threshold, self.interval = arrays["neuron/vThMant"] * 64, interval
        self.bias = np.int64(0)
        if "bias" in arrays and arrays["type"][0] != b"input":
            bias, axes = arrays["bias"].astype(np.int64), len(arrays["shape"]) - 1
            self.bias = (
                bias * 64 if arrays["type"][0] != b"conv" else bias.reshape(-1, *[1] * axes) * 64
            )

    def run(self, arriving: Ints, counts: Ints, back: Ints | None = None) -> tuple[Ints, Ints, Ints]:
        u = v = last = np.zeros(arriving.shape[1:], np.int64)
        rows = []
        for step, (a, extra) in enumerate(zip(arriving, counts, strict=True)):
            if self.interval and step % self.interval == 0:
                u = v = np.zeros_like(u)
            if back is not None:
                a = a + back @ last
            u = np.sign(u) * (np.abs(u) * self.kept_u // 4096) + a * 64
            v = np.sign(v) * (np.abs(v) * self.kept_v // 4096) + u + self.bias + extra * 64
            last = (v > self.threshold).astype(np.int64)
            v = v * (1 - last)
            rows.append((last, u, v))
        spikes, currents, potentials = (np.stack(part) for part in zip(*rows, strict=True))
        return spikes, currents, potentials


def _arriving(arrays: Mapping[str, Any], spikes: Ints) -> Ints:
    weights = arrays["weight"].astype(np.int64)
    if arrays["type"][0] in (b"dense", b"dense_rec"):
        delays = arrays.get("delay", np.zeros(len(weights))).astype(np.int64)
        now = spikes.reshape(len(spikes), -1) @ weights.T
        late: Ints = np.zeros(now.shape, np.int64)
        for row, delay in enumerate(delays):
            late[delay:, row] = now[: len(now) - delay, row]
        return late
    if arrays["type"][0] == b"pool":
        weights = np.eye(spikes.shape[1], dtype=np.int64)[:, :, None, None] * weights
    weights = weights.reshape(*weights.shape[:4])
    (down, along), (above, beside) = arrays["stride"], arrays["padding"]
    wide = np.pad(spikes, ((0, 0), (0, 0), (above, above), (beside, beside)))
    sums = [
        [sum(correlate2d(frame[c], w[c], "valid") for c in range(len(w))) for w in weights]
        for frame in wide
    ]
    every: Ints = np.array(sums, np.int64)[:, :, ::down, ::along]
    return every
