"""A bundle's payload, read again: nothing in it is code, and nothing may ask for more than is there.

The engine's process trusts what passes here: sizes in ``network.json`` are those of the arrays in
``layers.npz``, so that an altered file cannot make it compute or keep more than the file holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.backends.payload_files import CURE, DAMAGED, damaged, read_payload, read_payload_json
from snnc.ir import Shape, size, unpack_arrays
from snnc.ir.json_fields import Fields
from snnc.ir.program_ranges import DIMENSIONS, STEPS, WORD

from .chips import DEVICES, Chip, chip_of
from .emit import FILES, NARROW, WIDE
from .layout import CONVOLUTION, DENSE, FRAME, WHOLE
from .target import ACTIVATION_BITS, SIDE
from .target_v2 import LEVELS, STEP

EXPONENT = 40
"""A weight's own 8 bits and a projection's shift by up to 31, both ways."""

Arrays = dict[str, NDArray[Any]]
TYPES = {
    "weights": "i1",
    "threshold": "i4",
    "act_step": "f4",
    "layer_bias": "i1",
    "bias_shift": "u1",
    "shift": "u1",
    "max_value": "u1",
}
"""Of a layer's arrays; all others are of 64 bits."""

MOST_SHIFT = STEP.value.bit_length() - 1


@dataclass(frozen=True)
class Payload:
    """What a bundle says, checked.

    Attributes:
        about: ``network.json``.
        arrays: ``layers.npz``.
        input: name and shape of the input.
        populations: shapes by name, in the order of the layers; the readout's is last.
    """

    about: dict[str, Any]
    arrays: Arrays
    input: tuple[str, Shape]
    populations: dict[str, Shape]


def read(folder: Path) -> Payload:
    """The payload in a folder.

    Raises:
        UserError: D144 it is damaged, or its parts do not fit each other.
    """
    path = folder / FILES["network"]
    about = read_payload_json(path)
    try:
        arrays: Arrays = dict(unpack_arrays(read_payload(folder / FILES["layers"])))
    except (ValueError, KeyError, TypeError) as problem:
        raise damaged(f"the payload is damaged: {problem}", folder / FILES["layers"]) from problem
    return _Reader(path, arrays).payload(about)


class _Reader:
    """Takes the description apart; every array that it names has to be there, in its shape."""

    def __init__(self, path: Path, arrays: Arrays) -> None:
        self.path, self.arrays = path, arrays
        self.shapes: dict[str, Shape] = {}

    def payload(self, about: Any) -> Payload:
        fields = self._fields(about, "")
        fields.whole("format", 1, 1)
        chip = chip_of(fields.word("device", DEVICES))
        fields.whole("version", chip.version, chip.version)
        way = fields.word("way", (WHOLE, FRAME))
        fields.truth("turned")
        entry = self._fields(fields.take("input"), "input")
        given = entry.text("name"), self._shape(entry)
        entry.done()
        layers = fields.objects("layers")
        for number, data in enumerate(layers):
            self._layer(data, number, way, chip, last=number == len(layers) - 1)
        if way == FRAME:
            self._by_frame(fields, given, chip)
        elif not layers:
            raise fields.refusal("there is no layer", "layers")
        self._readout(fields.take("readout"), way, given)
        fields.done()
        return Payload(about, self.arrays, given, self.shapes)

    def _fields(self, data: Any, what: str) -> Fields:
        return Fields(data, f"{self.path}, {what}" if what else str(self.path), DAMAGED, CURE)

    def _shape(self, fields: Fields) -> Shape:
        shape = fields.wholes("shape", 1, WORD)
        if not 1 <= len(shape) <= DIMENSIONS:
            raise fields.refusal(f"its shape has {len(shape)} axes", "shape")
        return shape

    def _array(self, fields: Fields, name: str, shape: Shape) -> None:
        kind = TYPES.get(name.rsplit("_", 1)[0], "i8")
        found = self.arrays.get(name)
        if found is None or found.shape != shape or found.dtype != np.dtype(kind):
            there = "is missing" if found is None else f"is {found.dtype} {found.shape}"
            raise fields.refusal(f"the array {name} {there}, wanted {kind} {shape}")

    def _named(self, fields: Fields, key: str) -> tuple[str, Shape]:
        name, shape = fields.text(key), self._shape(fields)
        if name in self.shapes:
            raise fields.refusal(f"{name!r:.100} occurs twice", key)
        self.shapes[name] = shape
        return name, shape

    def _layer(self, data: Any, number: int, way: str, chip: Chip, *, last: bool) -> None:
        """Of a model: its arrays are as large as it says."""
        fields = self._fields(data, f"layer {number}")
        kind = fields.word("kind", (CONVOLUTION, DENSE))
        given, units = fields.wholes("given", 1, WORD), fields.whole("units", 1, WORD)
        if len(given) != 3 or max(given[:2]) > SIDE.value or size(given) > WORD:
            raise fields.refusal("it is given what no layer takes", "given")
        if kind == DENSE and size(given) > chip.inputs.value:
            what = f"it has {size(given)} inputs, a dense layer {chip.inputs.value}"
            raise fields.refusal(what, "given")
        self._one_of(fields, "weights_bits", (1, 2, 4) if chip.version == 1 else (NARROW, WIDE))
        if chip.version != 1:
            # What comes from outside has 8 bits.
            self._one_of(fields, "input_bits", (NARROW, WIDE) if number else (WIDE,))
        shape: Shape = (1, 1, size(given), units)
        if kind == CONVOLUTION:
            side = fields.whole("kernel", 1, max(chip.strides[1]))
            fields.whole("stride", 1, 2)
            shape = (side, side, given[2], units)
        self._array(fields, f"weights_{number}", shape)
        if way == WHOLE:
            _, out = self._named(fields, "population")
            fields.whole("late", 1, STEPS)
            if out[0] != units and size(out) != units:
                raise fields.refusal(f"its shape {out} has not its {units} units", "shape")
        if way == FRAME or not last:
            self._activation(fields, number, units, chip)
        if way == WHOLE and not last:
            self._state(fields, number, out)
        fields.done()

    @staticmethod
    def _one_of(fields: Fields, key: str, allowed: tuple[int, ...]) -> int:
        bits = fields.whole(key, min(allowed), max(allowed))
        if bits not in allowed:
            raise fields.refusal(f"it has {bits} bits", key)
        return bits

    def _activation(self, fields: Fields, number: int, units: int, chip: Chip) -> None:
        if chip.version == 1:
            self._one_of(fields, "act_bits", tuple(ACTIVATION_BITS.values()))
            for name in ("threshold", "act_step"):
                self._array(fields, f"{name}_{number}", (units,))
            return
        self._one_of(fields, "act_bits", (NARROW, WIDE))
        for name in ("layer_bias", "bias_shift", "shift", "max_value"):
            self._array(fields, f"{name}_{number}", (units,))
        for name, most in (
            ("shift", MOST_SHIFT),
            ("bias_shift", MOST_SHIFT),
            ("max_value", LEVELS.value),
        ):
            found = int(self.arrays[f"{name}_{number}"].max(initial=0))
            if found > most:
                raise fields.refusal(f"{name}_{number} has {found}, at the most it is {most}")

    def _state(self, fields: Fields, number: int, shape: Shape) -> None:
        for name in ("first", "bias_start"):
            fields.whole(name, 0, STEPS)
        fields.whole("power", -EXPONENT, EXPONENT)
        fields.whole("input_shift", 0, EXPONENT)
        for name in ("base", "bias"):
            self._array(fields, f"{name}_{number}", shape)

    def _by_frame(self, fields: Fields, given: tuple[str, Shape], chip: Chip) -> None:
        inputs, begin = fields.whole("inputs", 0, chip.inputs.value), 0
        for number, data in enumerate(fields.objects("populations")):
            entry = self._fields(data, f"population {number}")
            _, shape = self._named(entry, "name")
            wide = entry.whole("size", size(shape), size(shape))
            entry.whole("begin", begin, begin)
            self._state(entry, number, shape)
            entry.done()
            begin += wide
        if begin and self.arrays["weights_0"].shape[2:] != (inputs, begin):
            raise fields.refusal(f"the layer has not {inputs} inputs and {begin} units", "inputs")
        total = 0
        for number, data in enumerate(fields.objects("blocks")):
            entry = self._fields(data, f"block {number}")
            total += size(self._source(entry, given))
            entry.whole("delay", 0, STEPS)
            entry.done()
        if total != inputs:
            raise fields.refusal(f"blocks have {total} inputs, not {inputs}", "blocks")

    def _source(self, fields: Fields, given: tuple[str, Shape]) -> Shape:
        name = fields.text("source")
        shape = given[1] if name == given[0] else self.shapes.get(name)
        if shape is None:
            raise fields.refusal(f"there is no {name!r:.100}", "source")
        return shape

    def _readout(self, data: Any, way: str, given: tuple[str, Shape]) -> None:
        fields = self._fields(data, "readout")
        name, shape = fields.text("name"), self._shape(fields)
        if way == WHOLE:
            if self.shapes.get(name) != shape or list(self.shapes)[-1] != name:
                raise fields.refusal(f"{name!r:.100} of shape {shape} is not the last layer", "name")
            fields.whole("power", -EXPONENT, EXPONENT)
        else:
            heard = fields.objects("hears")
            for number, each in enumerate(heard):
                entry = self._fields(each, f"readout, source {number}")
                wide = size(self._source(entry, given))
                entry.whole("delay", 0, STEPS)
                entry.whole("exponent", -EXPONENT, EXPONENT)
                self._array(entry, f"readout_weights_{number}", (size(shape), wide))
                entry.done()
            fields.whole("size", size(shape), size(shape))
            self.shapes[name] = shape
        for key, low, high in (
            ("after", 0, STEPS),
            ("current_decay", 0, 4095),
            ("potential_decay", 0, 4096),
            ("input_shift", 0, EXPONENT),
            ("state_bits", 2, 32),
            ("bias_start", 0, STEPS),
            ("bias_interval", 1, STEPS),
            ("clear_interval", 0, STEPS),
            ("clear_offset", 0, STEPS),
        ):
            fields.whole(key, low, high)
        for key in ("readout_start", "readout_bias"):
            self._array(fields, key, shape)
        fields.done()
