"""A small bundle with everything that a program can say, and one lie at a time in its program.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.folder import seal
from snnc.bundle.manifest import manifest_from
from snnc.conformance.builder import Network
from snnc.conformance.kit import Kit
from snnc.ir import Code, Encoding, Program, pack_arrays, unpack_arrays, with_relays, write_program

Structure = dict[str, Any]
Arrays = dict[str, NDArray[Any]]
Change = Callable[[Structure, Arrays], object]
COPIES = ("", "payload/")
"""Where a bundle of the target ``reference`` has its program."""

INPUT, MAPS, COUNTS, RELAY, READOUT = range(5)
TO_RELAY, KERNEL, LOOP, FULL, LAST = range(5)
"""Populations and projections by number; a convolution, a sparse matrix, a full one, a relay's."""


def honest() -> Program:
    """A convolution, a loop through a sparse matrix, an exact code and a relay."""
    network = Network(Kit(), 3)
    network.input(2, 6, 6, encoding=Encoding.GRADED)
    kernel = network.convolution(3, 2, (3, 3), stride=(1, 2), padding=(0, 1))
    network.neurons("maps", *kernel.out_shape((2, 6, 6)))
    exact = {"code": Code.GRADED, "levels": 9, "clear_interval": 4, "clear_offset": 1}
    network.neurons("counts", 5, **exact, bias_mantissa=np.arange(5), bias_interval=4)
    network.readout(4)
    network.connect("input", "maps", kernel)
    network.connect("maps", "maps", delay=1)
    network.connect("maps", "counts")
    network.connect("counts", "readout", delay=5)
    return with_relays(network.built().program, 3)


def pack(bundle: Path, structure: bytes, weights: bytes) -> None:
    """Put a program into a bundle of the target ``reference``, and seal it as if it had been there."""
    for copy in COPIES:
        (bundle / f"{copy}program.json").write_bytes(structure)
        (bundle / f"{copy}weights.npz").write_bytes(weights)
    manifest = json.loads((bundle / "manifest.json").read_text())
    true = honest()
    manifest |= {"steps_per_frame": true.steps_per_frame, "notes": [], "ann": None}
    manifest["input"] |= {"shape": list(true.input.shape)}
    manifest["readout"] |= {"name": true.readout.name, "shape": list(true.readout.shape)}
    seal(bundle, manifest_from(manifest))


def lying(change: Change) -> tuple[bytes, bytes]:
    """The files of the honest program with one change."""
    files = write_program(honest())
    structure, arrays = json.loads(files["program.json"]), unpack_arrays(files["weights.npz"])
    change(structure, arrays)
    return json.dumps(structure).encode(), pack_arrays(arrays)


@dataclass(frozen=True)
class Lie:
    """A change, the message's code, and what has to be in its lines."""

    name: str
    change: Change
    code: str
    said: tuple[str, ...]


def _at(place: tuple[str | int, ...], value: object) -> Change:
    def change(structure: Structure, _: Arrays) -> None:
        inside: Any = structure
        for key in place[:-1]:
            inside = inside[key]
        inside[place[-1]] = value

    return change


def _without(place: tuple[str | int, ...]) -> Change:
    def change(structure: Structure, _: Arrays) -> None:
        inside: Any = structure
        for key in place[:-1]:
            inside = inside[key]
        del inside[place[-1]]

    return change


def _array(key: str, make: Callable[[NDArray[Any]], NDArray[Any] | None]) -> Change:
    def change(_: Structure, arrays: Arrays) -> None:
        made = make(arrays.pop(key))
        if made is not None:
            arrays[key] = made

    return change


def _put(index: int | tuple[int, ...], value: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    def make(values: NDArray[Any]) -> NDArray[Any]:
        wide = values.astype(np.int64)
        wide[index] = value
        return wide

    return make


def _population(number: int, name: str, field: str, value: object, code: str = "D133") -> Lie:
    change = _at(("populations", number, field), value)
    return Lie(f"{name}.{field}={value!s:.20}", change, code, (name, field))


def _neuron(number: int, name: str, field: str, value: object, code: str = "D133") -> Lie:
    change = _at(("populations", number, "neuron", field), value)
    return Lie(f"{name}.{field}={value!s:.20}", change, code, (f"population {name}", field))


def _projection(number: int, label: str, field: str, value: object, code: str = "D133") -> Lie:
    change = _at(("projections", number, field), value)
    return Lie(f"{label}.{field}={value!s:.20}", change, code, (f"projection {number}", label, field))


def _op(number: int, label: str, field: str, value: object, code: str = "D134") -> Lie:
    change = _at(("projections", number, "op", field), value)
    return Lie(
        f"{label}.op.{field}={value!s:.20}", change, code, (f"projection {number}", label, field)
    )


def _both_readouts(structure: Structure, _: Arrays) -> None:
    maps, readout = structure["populations"][MAPS], structure["populations"][READOUT]
    maps["kind"] = readout["kind"]


def _second_input(structure: Structure, _: Arrays) -> None:
    structure["populations"].append({**structure["populations"][INPUT], "name": "other"})


HUGE = 10**9
LIES = (
    # Numbers of the program.
    Lie("steps_per_frame=0", _at(("steps_per_frame",), 0), "D133", ("steps_per_frame",)),
    Lie("steps_per_frame=1e9", _at(("steps_per_frame",), HUGE), "D133", ("steps_per_frame",)),
    Lie("step_seconds=-1", _at(("step_seconds",), -1.0), "D133", ("step_seconds",)),
    Lie("step_seconds=nan", _at(("step_seconds",), float("nan")), "D130", ("program.json",)),
    Lie("step_seconds=1e400", _at(("step_seconds",), float("inf")), "D130", ("program.json",)),
    # Names.
    Lie("duplicate name", _at(("populations", COUNTS, "name"), "maps"), "D131", ("maps", "twice")),
    Lie("empty name", _at(("populations", MAPS, "name"), ""), "D131", ("population 1", "name")),
    Lie("line in a name", _at(("populations", MAPS, "name"), "a\nb"), "D131", ("population 1",)),
    Lie("half a letter", _at(("populations", MAPS, "name"), "\ud800"), "D130", ("program.json",)),
    Lie("escape in a name", _at(("name",), "\x1b[2J"), "D131", ("the program", "name")),
    Lie("long name", _at(("name",), "a" * 10**6), "D131", ("the program", "name")),
    Lie("origin", _at(("projections", LAST, "origin"), "\x07"), "D131", ("projection", "origin")),
    # How populations are put together.
    Lie("two readouts", _both_readouts, "D132", ("maps", "threshold")),
    Lie("two inputs", _second_input, "D132", ("2 populations are the input",)),
    Lie("no readout", _at(("populations", READOUT, "kind"), "neurons"), "D132", ("readout",)),
    _population(MAPS, "maps", "kind", "input", "D132"),
    _population(INPUT, "input", "encoding", None, "D132"),
    _population(MAPS, "maps", "encoding", "once", "D132"),
    _population(MAPS, "maps", "relay_of", "nobody", "D132"),
    _population(RELAY, "counts.relay", "relay_of", "counts.relay", "D132"),
    _population(RELAY, "counts.relay", "relay_of", "maps", "D132"),
    Lie(
        "input with a neuron", _at(("populations", MAPS, "neuron"), None), "D135", ("no field refers",)
    ),
    _projection(LAST, "nobody -> readout", "source", "nobody", "D132"),
    _projection(LAST, "counts.relay -> nobody", "target", "nobody", "D132"),
    _projection(LAST, "readout -> readout", "source", "readout", "D132"),
    _projection(KERNEL, "input -> input", "target", "input", "D132"),
    # Numbers of populations.
    _population(MAPS, "maps", "start", -1),
    _population(MAPS, "maps", "start", HUGE),
    _population(MAPS, "maps", "shape", [3, 0, 3]),
    _population(MAPS, "maps", "shape", [3, -4, -3]),
    _population(MAPS, "maps", "shape", [], "D134"),
    _population(MAPS, "maps", "shape", [1] * 40, "D134"),
    _population(INPUT, "input", "shape", [2**20, 2**20, 2**20], "D134"),
    _population(INPUT, "input", "shape", [2**63]),
    Lie("long shape", _at(("populations", MAPS, "shape"), [10**40]), "D130", ("program.json",)),
    _population(READOUT, "readout", "shape", [5], "D134"),
    # Numbers of neurons.
    _neuron(MAPS, "maps", "current_decay", -1),
    _neuron(MAPS, "maps", "current_decay", 4096),
    _neuron(MAPS, "maps", "potential_decay", -1),
    _neuron(MAPS, "maps", "potential_decay", 4097),
    _neuron(MAPS, "maps", "input_shift", -1),
    _neuron(MAPS, "maps", "input_shift", 64),
    _neuron(MAPS, "maps", "state_bits", 1),
    _neuron(MAPS, "maps", "state_bits", 64),
    _neuron(MAPS, "maps", "bias_exponent", -1),
    _neuron(MAPS, "maps", "bias_exponent", 70),
    _neuron(MAPS, "maps", "bias_start", -1),
    _neuron(MAPS, "maps", "bias_interval", 0),
    _neuron(MAPS, "maps", "clear_interval", -1),
    _neuron(COUNTS, "counts", "clear_interval", 0, "D137"),
    _neuron(COUNTS, "counts", "clear_offset", 3, "D137"),
    _neuron(COUNTS, "counts", "clear_offset", -3),
    _neuron(COUNTS, "counts", "levels", 0, "D137"),
    _neuron(COUNTS, "counts", "levels", 2**23),
    _neuron(COUNTS, "counts", "levels", 2**64 - 1),
    Lie("long levels", _at(("populations", 2, "neuron", "levels"), 10**4000), "D130", ("too large",)),
    _neuron(MAPS, "maps", "levels", 3, "D137"),
    _neuron(READOUT, "readout", "code", "graded", "D137"),
    _neuron(MAPS, "maps", "unit", 0),
    _neuron(MAPS, "maps", "constants", {"most": 3}, "D137"),
    _neuron(MAPS, "maps", "constants", {"most": 2**63}),
    _neuron(MAPS, "maps", "model", "", "D131"),
    # Arrays of neurons.
    Lie(
        "threshold 0",
        _array("population.1.threshold", lambda a: a * 0),
        "D133",
        ("population maps", "threshold"),
    ),
    Lie(
        "threshold 2^31",
        _array("population.1.threshold", lambda a: a * 0 + np.int64(2**31)),
        "D133",
        ("population maps", "threshold"),
    ),
    Lie(
        "start beyond the register",
        _array("population.1.start_value", lambda a: a * 0 + np.int64(2**23)),
        "D133",
        ("population maps", "start_value", str(2**23 - 1)),
    ),
    Lie(
        "bias beyond 32 bits",
        _array("population.2.bias_mantissa", _put(2, 2**31)),
        "D133",
        ("population counts", "bias_mantissa"),
    ),
    Lie(
        "thresholds of another shape",
        _array("population.1.threshold", lambda a: np.repeat(a, 5)),
        "D135",
        ("population maps", "threshold"),
    ),
    Lie(
        "thresholds in floats",
        _array("population.1.threshold", lambda a: a * np.nan),
        "D135",
        ("population.1.threshold", "float64"),
    ),
    Lie(
        "thresholds true",
        _array("population.1.threshold", lambda a: a > 0),
        "D135",
        ("population.1.threshold", "bool"),
    ),
    Lie(
        "no start value",
        _array("population.1.start_value", lambda a: None),
        "D135",
        ("population.1.start_value",),
    ),
    _neuron(MAPS, "maps", "threshold", "population.2.threshold", "D130"),
    Lie(
        "no threshold",
        _at(("populations", MAPS, "neuron", "threshold"), None),
        "D135",
        ("population.1.threshold",),
    ),
    # Numbers of projections.
    _projection(KERNEL, "input -> maps", "exponent", 70),
    _projection(KERNEL, "input -> maps", "exponent", -70),
    _projection(KERNEL, "input -> maps", "delay", -1),
    _projection(KERNEL, "input -> maps", "delay", HUGE),
    _projection(FULL, "maps -> counts", "graded", True, "D137"),
    _projection(KERNEL, "input -> maps", "weight_bits", 0),
    _projection(KERNEL, "input -> maps", "weight_bits", 3, "D136"),
    _projection(KERNEL, "input -> maps", "sign_mode", "excitatory", "D136"),
    Lie("off the grid", _array("projection.3", _put((0, 0), 256)), "D136", ("projection 3", "254")),
    Lie("odd weight", _array("projection.3", _put((0, 0), 3)), "D136", ("projection 3", "steps of 2")),
    Lie(
        "weights in floats", _array("projection.3", lambda a: a / 2), "D135", ("projection.3", "float")
    ),
    # Operations.
    _op(KERNEL, "input -> maps", "stride", [0, 1]),
    _op(KERNEL, "input -> maps", "stride", [1, HUGE]),
    _op(KERNEL, "input -> maps", "padding", [-1, 0]),
    _op(KERNEL, "input -> maps", "padding", [2**62, 0]),
    _op(KERNEL, "input -> maps", "dilation", [0, 0]),
    _op(KERNEL, "input -> maps", "dilation", [1, 100]),
    _op(KERNEL, "input -> maps", "groups", 0),
    _op(KERNEL, "input -> maps", "groups", 3),
    _op(LOOP, "maps -> maps", "matrix", [10**12, 36]),
    _op(LOOP, "maps -> maps", "matrix", [36, 10**6]),
    _op(LOOP, "maps -> maps", "shape", [36]),
    _op(FULL, "maps -> counts", "type", "matmul", "D130"),
    _op(FULL, "maps -> counts", "weight", "projection.1", "D130"),
    Lie("axes", _array("projection.3", lambda a: a.ravel()), "D135", ("projection 3", "2 axes")),
    Lie("no weights", _array("projection.3", lambda a: a[:, :0]), "D135", ("projection 3",)),
    Lie("fewer weights", _array("projection.3", lambda a: a[:, :-1]), "D134", ("projection 3",)),
    Lie(
        "an index", _array("projection.2.indices", _put(0, 10**6)), "D135", ("projection 2", "indices")
    ),
    Lie("negative index", _array("projection.2.indices", _put(0, -5)), "D135", ("projection 2",)),
    Lie("a pointer", _array("projection.2.indptr", _put(3, 10**6)), "D135", ("projection 2",)),
    Lie("a falling pointer", _array("projection.2.indptr", _put(3, 0)), "D135", ("projection 2",)),
    Lie("the last pointer", _array("projection.2.indptr", _put(-1, 2**40)), "D135", ("projection 2",)),
    Lie("the last is 0", _array("projection.2.indptr", _put(-1, 0)), "D135", ("projection 2",)),
    Lie("no data", _array("projection.2.data", lambda a: a[:3]), "D135", ("projection 2",)),
    # Another kind of thing, or nothing.
    Lie("format", _at(("format",), 99), "D130", ("format 99",)),
    Lie("true for 1", _at(("projections", LAST, "delay"), True), "D130", ("projection 4", "delay")),
    Lie("1.0 for 1", _at(("projections", LAST, "delay"), 1.0), "D130", ("projection 4", "delay")),
    Lie("a text", _at(("populations", MAPS, "start"), "0"), "D130", ("population maps", "start")),
    Lie("1 for true", _at(("projections", LAST, "graded"), 1), "D130", ("projection 4", "graded")),
    Lie("a list", _at(("populations", MAPS), []), "D130", ("population 1",)),
    Lie("null", _at(("populations",), None), "D130", ("populations",)),
    Lie("deep", _at(("populations", MAPS, "shape"), [[[[]]]]), "D130", ("population maps", "shape")),
    Lie("three strides", _at(("projections", KERNEL, "op", "stride"), [1, 1, 1]), "D130", ("stride",)),
    Lie("code", _at(("populations", MAPS, "neuron", "code"), "morse"), "D130", ("maps", "code")),
    Lie("kind", _at(("populations", MAPS, "kind"), "glia"), "D130", ("population maps", "kind")),
    Lie("no delay", _without(("projections", LAST, "delay")), "D130", ("projection 4", "delay")),
    Lie("no name", _without(("populations", MAPS, "name")), "D130", ("population 1", "name")),
    Lie("no op", _without(("projections", LAST, "op")), "D130", ("projection 4", "op")),
    Lie("more", _at(("projections", LAST, "hops"), 3), "D130", ("projection 4", "hops")),
    Lie("an array more", lambda _, a: a.update(extra=np.zeros(3)), "D135", ("extra",)),
)
