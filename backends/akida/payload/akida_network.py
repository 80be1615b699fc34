"""Runs this bundle's network with BrainChip's package ``akida``, on its software backend or on a card.

    python akida_network.py --map                          does it fit the device, virtually
    python akida_network.py FRAMES.npz ANSWERS.npz         counts (samples, frames, *input shape) as x
    python akida_network.py FRAMES.npz ANSWERS.npz --card  the same on the first card of this computer

Needs numpy and akida 2.19.3 alone, whose licence the user has accepted. ``network.json`` says which
layers there are and ``layers.npz`` has their variables; the API is that of akida's documentation.
Written by snnc: see README.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import akida
import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Levels = NDArray[np.integer[Any]]
Found = dict[str, dict[str, NDArray[Any]]]
"""``spikes`` and ``potentials``, each by population."""

VIRTUAL = {
    "akd1000": akida.AKD1000,
    "akd1500": akida.AKD1500,
    "two-nodes-ipv2": akida.TwoNodesIPv2,
    "four-nodes-ipv2": akida.FourNodesIPv2,
    "six-nodes-ipv2": akida.SixNodesIPv2,
    "twelve-nodes-ipv2": akida.TwelveNodesIPv2,
}
SUMS = {"convolution": 28, "dense": 32}
"""Output bits of a layer of version 2 that puts out what it adds up, as the package maps them."""
MOST_AT_ONCE = 256
"""Frames of one call of ``forward``."""


class Network:
    """The network of a bundle: layers for the chip, and what the host does between frames."""

    def __init__(self, about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Of the content of ``network.json`` and ``layers.npz``."""
        self.about, self.arrays = about, arrays
        self.layers: list[dict[str, Any]] = self.about["layers"]
        self.by_frame = self.about["way"] == "frame"
        # Inputs of version 1 have 4 bits without sign, of version 2 8 with it.
        self.second = self.about["version"] == 2
        self.counts = np.int8 if self.second else np.uint8
        self.made: dict[tuple[int, int, bool], akida.Model] = {}

    @classmethod
    def read(cls, folder: Path) -> Network:
        """Read ``network.json`` and ``layers.npz`` in a folder."""
        about = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        with np.load(folder / "layers.npz", allow_pickle=False) as found:
            return cls(about, {name: found[name] for name in found.files})

    def model(self, first: int = 0, last: int | None = None, levels: bool = False) -> akida.Model:
        """Layers ``first`` to ``last`` (excluded; all where None) as a model.

        ``levels``: its last layer puts out levels; without them what it adds up, as a readout does.
        """
        last = len(self.layers) if last is None else last
        key = (first, last, levels)
        if key not in self.made:
            self.made[key] = self._build(*key)
        return self.made[key]

    def _build(self, first: int, last: int, levels: bool) -> akida.Model:
        model = akida.Model()
        begin = self.layers[first]
        bits = begin["input_bits"] if self.second else 4
        model.add(akida.InputData(tuple(begin["given"]), input_bits=bits))
        for number in range(first, last):
            add = self._add_second if self.second else self._add_first
            add(model, number, levels or number < last - 1)
        return model

    def _add_first(self, model: akida.Model, number: int, active: bool) -> None:
        """A layer of version 1, which puts out levels where it is ``active``, else what it adds up."""
        about = self.layers[number]
        words = {
            "weights_bits": about["weights_bits"],
            "activation": active,
            "name": f"layer_{number}",
        }
        if active:
            words["act_bits"] = about["act_bits"]
        if about["kind"] == "convolution":
            side, stride = about["kernel"], about["stride"]
            model.add(
                akida.Convolutional(
                    (side, side),
                    about["units"],
                    padding=akida.Padding.Same,
                    kernel_stride=(stride, stride),
                    **words,
                )
            )
        else:
            model.add(akida.FullyConnected(about["units"], **words))
        for name in ("weights", "threshold", "act_step") if active else ("weights",):
            model.layers[-1].set_variable(name, self.arrays[f"{name}_{number}"])

    def _add_second(self, model: akida.Model, number: int, active: bool) -> None:
        """The same of version 2: a bias, a cut at 0 and at the largest level, a shift to the right."""
        about, weights = self.layers[number], self.arrays[f"weights_{number}"]
        kind = akida.ActivationType.ReLU if active else akida.ActivationType.NoActivation
        words = {
            "output_bits": about["act_bits"] if active else SUMS[about["kind"]],
            "activation": kind,
            "weights_bits": about["weights_bits"],
            "name": f"layer_{number}",
        }
        if about["kind"] == "convolution":
            side, stride = about["kernel"], about["stride"]
            layer = akida.Conv2D(
                about["units"], side, kernel_stride=stride, padding=akida.Padding.Same, **words
            )
        else:
            layer = akida.Dense1D(about["units"], **words)
            weights = weights[0, 0]
        model.add(layer)
        variables = {"weights": weights}
        if active:
            shift = self.arrays[f"shift_{number}"]
            variables |= {
                "bias": self.arrays[f"layer_bias_{number}"],
                "bias_shift": self.arrays[f"bias_shift_{number}"],
                "max_value": self.arrays[f"max_value_{number}"],
                "max_value_shift": shift,
                "output_shift": -shift.astype(np.int8),
            }
        for name, values in variables.items():
            model.layers[-1].set_variable(name, values)

    def deployed(self) -> akida.Model:
        """What goes onto the card: the whole network, or the layer that computes a frame."""
        return self.model(levels=self.by_frame)

    def to_chip(self, maps: NDArray[Any]) -> Levels:
        """(frames, channels, rows, columns) or (frames, inputs) as the chip takes them."""
        if maps.ndim != 4:
            return np.ascontiguousarray(maps.reshape(len(maps), 1, 1, -1), self.counts)
        turned = maps[:, :, ::-1, ::-1] if self.about["turned"] else maps
        return np.ascontiguousarray(turned.transpose(0, 3, 2, 1), self.counts)

    def from_chip(self, found: NDArray[Any], shape: list[int]) -> NDArray[Any]:
        """What a layer put out, (frames, \\*shape)."""
        if len(shape) != 3 or found.shape[1:3] != (shape[2], shape[1]) or found.shape[3] != shape[0]:
            return found.reshape(len(found), *shape)
        maps = found.transpose(0, 3, 2, 1)
        return maps[:, :, ::-1, ::-1] if self.about["turned"] else maps

    def forward(self, model: akida.Model, given: Levels) -> NDArray[Any]:
        """A model's output for many frames, some at a time."""
        parts = [model.forward(given[n : n + MOST_AT_ONCE]) for n in range(0, len(given), MOST_AT_ONCE)]
        return np.concatenate(parts)

    def run(self, spikes: Whole, potentials: bool = False, hidden: bool = True) -> Found:
        """Run some samples, each from the start.

        Args:
            spikes: the input's counts in each step, (samples, steps, \\*input shape), 0 to 15.
            potentials: also those of hidden populations.
            hidden: also what populations of a chain send, which stays on the card otherwise.

        Returns:
            ``spikes``: levels by population, ``potentials``: the readout's and, where asked for, all
            others'; (samples, steps, \\*shape).
        """
        found: Found = {"spikes": {}, "potentials": {}}
        if self.by_frame:
            arrived = self._frames(spikes, found, potentials)
        else:
            arrived = self._chain(spikes, found, potentials, hidden)
        readout = self.about["readout"]
        found["potentials"][readout["name"]] = Register(readout, self.arrays).run(arrived)
        return found

    # The whole network on the card.

    def _chain(self, spikes: Whole, found: Found, potentials: bool, hidden: bool) -> Whole:
        """Run a chain; returns what arrives in the readout in each step."""
        samples, steps = spikes.shape[:2]
        flat = spikes.reshape(samples * steps, *spikes.shape[2:])
        given = self.to_chip(flat)
        sums = np.zeros(0, np.int64)
        for number, about in enumerate(self.layers):
            last = number == len(self.layers) - 1
            if not last and not hidden:
                continue
            if last or potentials:
                raw = self.from_chip(self.forward(self.model(0, number + 1), given), about["shape"])
                sums = self._late(
                    number, raw.astype(np.int64).reshape(samples, steps, *about["shape"]), False
                )
            if last:
                break
            raw = self.from_chip(self.forward(self.model(0, number + 1, True), given), about["shape"])
            sent = self._late(number, raw.reshape(samples, steps, *about["shape"]), True)
            sent[:, : about["first"]] = 0
            found["spikes"][about["population"]] = sent
            if potentials:
                found["potentials"][about["population"]] = self._potential(about, number, sums)
        return _shifted(sums, self.about["readout"]["power"])

    def _late(self, number: int, raw: NDArray[Any], levels: bool) -> NDArray[Any]:
        """A layer's output for each frame, put into the steps in which the program has it.

        Where a population on the way has not begun, or its step would be before the first, it sends
        nothing, and the layers behind it answer to that.
        """
        late = [layer["late"] for layer in self.layers[: number + 1]]
        steps, whole = raw.shape[1], sum(late)
        out = np.zeros_like(raw)
        for step in range(1, steps + 1):
            cut, time = -1, step
            for before in range(number - 1, -1, -1):  # the population that layer ``before`` is
                time -= late[before + 1]
                if time <= self.layers[before]["first"]:
                    cut = before
                    break
            if cut < 0 and step - whole >= 1:
                out[:, step - 1] = raw[:, step - whole - 1]
                continue
            out[:, step - 1] = self._silent(cut + 1, number, levels)
        return out

    def _silent(self, first: int, number: int, levels: bool) -> NDArray[Any]:
        """What layer ``number`` puts out where nothing enters layer ``first``."""
        about = self.layers[first]
        wide = self.second and about["input_bits"] == 8
        nothing = np.zeros((1, *about["given"]), np.int8 if wide else np.uint8)
        found = self.forward(self.model(first, number + 1, levels), nothing)
        silent: NDArray[Any] = self.from_chip(found, self.layers[number]["shape"])[0]
        return silent

    def _potential(self, about: dict[str, Any], number: int, sums: Whole) -> Whole:
        steps = np.arange(1, sums.shape[1] + 1).reshape(1, -1, *([1] * (sums.ndim - 2)))
        due = steps > about["bias_start"]
        moved = _shifted(sums, about["power"]) << about["input_shift"]
        fixed = self.arrays[f"base_{number}"] + due * self.arrays[f"bias_{number}"]
        return np.asarray(fixed + moved, np.int64)

    # One layer a frame; the host closes the loops.

    def _frames(
        self, spikes: Whole, found: dict[str, dict[str, NDArray[Any]]], potentials: bool
    ) -> Whole:
        """Run a network frame by frame; returns what arrives in the readout in each step."""
        samples, steps = spikes.shape[:2]
        name = self.about["input"]["name"]
        sent = {name: spikes.reshape(samples, steps, -1)}
        for p in self.about["populations"]:
            sent[p["name"]] = np.zeros((samples, steps, p["size"]), np.uint8)
        given = np.zeros((samples, steps, self.about["inputs"]), self.counts)
        if self.about["populations"]:
            self._loop(sent, given)
        for p in self.about["populations"]:
            found["spikes"][p["name"]] = sent[p["name"]].reshape(samples, steps, *p["shape"])
        if potentials and self.about["populations"]:
            flat = given.reshape(samples * steps, 1, 1, -1)
            sums = self.forward(self.model(), flat).reshape(samples, steps, -1).astype(np.int64)
            for number, p in enumerate(self.about["populations"]):
                part = sums[:, :, p["begin"] : p["begin"] + p["size"]].reshape(
                    samples, steps, *p["shape"]
                )
                found["potentials"][p["name"]] = self._potential(p, number, part)
        arrived = np.zeros((samples, steps, self.about["readout"]["size"]), np.int64)
        for number, p in enumerate(self.about["readout"]["hears"]):
            heard = _earlier(sent[p["source"]], p["delay"] + 1).astype(np.int64)
            sums = heard @ self.arrays[f"readout_weights_{number}"].T
            arrived += _shifted(sums, p["exponent"])
        return arrived.reshape(samples, steps, *self.about["readout"]["shape"])

    def _loop(self, sent: dict[str, NDArray[Any]], given: Levels) -> None:
        """Every step: what is heard, put together; the card's levels; kept for later steps."""
        model = self.deployed()
        for step in range(given.shape[1]):
            begin = 0
            for block in self.about["blocks"]:
                source, from_step = sent[block["source"]], step - block["delay"] - 1
                width = source.shape[2]
                if from_step >= 0:
                    given[:, step, begin : begin + width] = source[:, from_step]
                begin += width
            found = self.forward(model, np.ascontiguousarray(given[:, step, None, None, :]))
            for p in self.about["populations"]:
                if step + 1 > p["first"]:
                    part = found.reshape(len(found), -1)[:, p["begin"] : p["begin"] + p["size"]]
                    sent[p["name"]][:, step] = part

    def fit(self, device: Any) -> dict[str, int]:
        """Map what is deployed on a device, in hardware alone.

        Raises:
            RuntimeError: akida's, where it does not fit.
        """
        model = self._build(0, len(self.layers), self.by_frame)
        model.map(device, hw_only=True)
        used = sum(len(layer.mapping.nps) for layer in model.layers if _has_processors(layer))
        return {
            "processors": used,
            "of": len(device.mesh.nps),
            "program": sum(len(part.program) for part in model.sequences),
        }


class Register:
    """The readout, which the host keeps: adds up what arrives, as snnc's docs/numerics.md has it."""

    def __init__(self, about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Of ``network.json`` and ``layers.npz``."""
        self.about, self.start, self.bias = about, arrays["readout_start"], arrays["readout_bias"]

    def run(self, arrived: Whole) -> Whole:
        """The potential after each step, (samples, steps, \\*shape), of what arrives in it."""
        about, out = self.about, np.zeros_like(arrived)
        top = 1 << (about["state_bits"] - 1)
        current = np.zeros_like(arrived[:, 0]) if arrived.shape[1] else arrived
        potential = current + self.start
        for step in range(1, arrived.shape[1] + 1):
            interval, since = about["clear_interval"], step - about["bias_start"]
            if interval and (step - about["clear_offset"]) % interval == 0:
                current, potential = np.zeros_like(current), np.zeros_like(current) + self.start
            kept = _decayed(current, about["current_decay"] + 1)
            current = kept + (arrived[:, step - 1] << about["input_shift"])
            current = np.where(current > top, current - 2 * top, current)
            current = np.where(current <= -top, current + 2 * top, current)
            potential = _decayed(potential, about["potential_decay"]) + current
            if since > 0 and (since - 1) % about["bias_interval"] == 0:
                potential = potential + self.bias
            potential = np.clip(potential, 1 - top, top - 1)
            out[:, step - 1] = potential
        return out


def _decayed(state: Whole, constant: int) -> Whole:
    """A register that loses ``constant / 4096`` in a step, rounded towards zero."""
    kept: Whole = np.sign(state) * ((np.abs(state) * (4096 - constant)) >> 12)
    return kept


def _shifted(sums: Whole, power: int) -> Whole:
    """Sums times ``2^power``, rounded down."""
    return sums << power if power >= 0 else sums >> -power


def _earlier(values: NDArray[Any], by: int) -> NDArray[Any]:
    """The same so many steps later: what was sent before."""
    out = np.zeros_like(values)
    out[:, by:] = values[:, : values.shape[1] - by] if by < values.shape[1] else 0
    return out


def _has_processors(layer: Any) -> bool:
    return layer.mapping is not None and layer.mapping.nps is not None


def main(words: list[str]) -> None:
    """The command line above."""
    network = Network.read(Path(__file__).resolve().parent)
    if words == ["--map"]:
        fit = network.fit(VIRTUAL[network.about["device"]]())
        told = f"{fit['processors']} of {fit['of']} processors, {fit['program']} bytes of program"
        print(told)  # noqa: T201
        return
    given, answers, *card = words
    if card == ["--card"]:
        network.deployed().map(akida.devices()[0], hw_only=True)
    with np.load(given, allow_pickle=False) as data:
        frames = data["x"].astype(np.int64)
    about = network.about["readout"]
    # Behind the last frame nothing more comes in, while the answer to it is on its way.
    tail = np.zeros((len(frames), about["after"], *frames.shape[2:]), np.int64)
    found = network.run(np.concatenate([frames, tail], axis=1), hidden=False)
    np.savez(answers, answers=found["potentials"][about["name"]][:, about["after"] :])


if __name__ == "__main__":
    main(sys.argv[1:])
