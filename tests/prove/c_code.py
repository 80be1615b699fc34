"""``snnc.backends.c_code``: the text that it writes for one neuron, parsed and run on unknown numbers.

The generator writes parameters as literals. It is given a neuron whose every literal is found once in
the text, and each then stands for an unknown; ``template`` makes sure that the text is the same for
other numbers. A parameter at the end of its range may have a text of its own (no decay, no bias): a
:class:`Text` for each.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snnc.backends.c_code import layout, neurons
from snnc.backends.c_code.table import Table
from snnc.backends.c_code.widths import unproved
from snnc.ir import Code, Encoding, IntegerNeuron, Program, ProgramPopulation, fixed_point
from snnc.ir import Kind as Population
from snnc.ir.program_ranges import range_of

from . import expressions as e
from .c_language import TYPES, Machine, Place, Value, parse
from .normative import FUNCTIONS
from .registers import Number, numpys
from .scene import Kind, Scene, real_neuron, unknown_neuron
from .shims import larger, smaller

ARITHMETIC = Path(layout.__file__).with_name("network") / "arithmetic.h"
ENDS = {"current_decay": 4095, "potential_decay": 0, "input_shift": 0, "bias_exponent": 0}


@dataclass(frozen=True)
class Text:
    """What of a neuron the generator leaves out.

    Attributes:
        without: parameters at the end at which nothing is written for them: of ``ENDS``; ``bias`` for
            one that is 0; ``bias_interval`` for 1; ``clear_interval`` for 0.
        one_number: thresholds and biases are the same for all neurons, and no tables.
        levels: of the neuron that is written: the C type of counts goes by it (``LEVELS``).
    """

    without: frozenset[str] = frozenset()
    one_number: bool = False
    levels: int = 250

    @property
    def name(self) -> str:
        """For lists: empty for the text with everything in it."""
        words = [f"without {', '.join(sorted(self.without))}"] if self.without else []
        words += ["constants for tables"] if self.one_number else []
        words += [f"up to {LEVELS[self.levels][1]} levels"] if self.levels != 250 else []
        return "".join(f", {word}" for word in words)

    def known(self) -> dict[str, int]:
        """Parameters that are no unknowns."""
        found = {name: end for name, end in ENDS.items() if name in self.without}
        found.update({"bias": 0} if "bias" in self.without else {})
        found.update({"bias_interval": 1} if "bias_interval" in self.without else {})
        return found


LEVELS = {250: (1, 255), 60_000: (256, 65_535), 5_000_003: (65_536, 2**23 - 1)}
"""Levels with one C type for counts, by the number in the text of which they stand."""


def texts(kind: Kind) -> Iterator[Text]:
    """Everything written, each thing left out alone, all together; for counts every C type."""
    names = [*ENDS, "bias", "bias_interval"]
    yield from (Text(), Text(one_number=True), Text(frozenset(names)))
    yield from (Text(frozenset({name})) for name in names)
    if kind.code is not None and kind.code.exact:
        yield from (Text(levels=levels) for levels in LEVELS if levels != 250)


SAMPLE = {
    "current_decay": 1234,
    "potential_decay": 77,
    "input_shift": 7,
    "state_bits": 29,
    "bias_exponent": 5,
    "bias_start": 100,
    "bias_interval": 11,
    "clear_interval": 23,
    "clear_offset": 9,
    "levels": 250,
}
"""Numbers of which no literal in the text is another's."""
OTHER = {**SAMPLE, "current_decay": 2001, "potential_decay": 301, "input_shift": 3, "state_bits": 17}
THRESHOLDS, BIASES, STARTS = (70001, 70002), (60001, -60002), (50001, -50002)


def sample(kind: Kind, text: Text, numbers: dict[str, int] = SAMPLE) -> IntegerNeuron:
    """A neuron whose every number is told apart from the others in its text."""
    n = numbers_of(text, numbers)
    pick = slice(0, 1) if text.one_number else slice(0, 2)
    exact = kind.code is not None and kind.code.exact

    def array(values: tuple[int, int]) -> Any:
        return np.array(values[pick] * (2 if text.one_number else 1), np.int64)

    return IntegerNeuron(
        current_decay=n["current_decay"],
        potential_decay=n["potential_decay"],
        input_shift=n["input_shift"],
        state_bits=n["state_bits"],
        threshold=None if kind.code is None else array(THRESHOLDS),
        comparison=kind.comparison,
        reset=kind.reset,
        start_value=array(STARTS),
        bias_mantissa=array((0, 0)) if "bias" in text.without else array(BIASES),
        bias_exponent=n["bias_exponent"],
        bias_start=n["bias_start"],
        bias_interval=n["bias_interval"],
        clear_interval=n["clear_interval"] if kind.clears or exact else 0,
        clear_offset=n["clear_offset"],
        code=kind.code or Code.RATE,
        levels=n["levels"] if exact else 0,
    )


def written(neuron: IntegerNeuron) -> tuple[str, layout.Place]:
    """The statements for the neurons of a population of two, and what is where."""
    group = Population.READOUT if neuron.threshold is None else Population.NEURONS
    entry = ProgramPopulation("in", Population.INPUT, (2,), "", 0, None, Encoding.ONCE)
    population = ProgramPopulation("p", group, (2,), "", 0, neuron)
    program = Program("one", 1, (entry, population), ())
    # Whatever could be proved of such a program: every check is written.
    found = layout.place(program, population, {"p": "p1_p"}, {"p": unproved(neuron)}, (0, 0))
    lines = "\n".join([*neurons.flags(found, neuron), *neurons.neuron_loop(found, neuron)])
    return f"static void step(void)\n{{\nint32_t i;\n{lines}\n}}\n", found


def numbers_of(text: Text, numbers: dict[str, int]) -> dict[str, int]:
    """The numbers of a text, levels of its C type."""
    return {**numbers, "levels": text.levels, **text.known()}


def template(text: str, numbers: dict[str, int]) -> str:
    """A text with its literals replaced by what they stand for."""
    names = {str(value): name for name, value in _literals(numbers).items()}
    return re.sub(r"\b\d+", lambda found: names.get(found[0], found[0]), text)


def _literals(n: dict[str, int]) -> dict[str, int]:
    """Every number that the generator writes, by what it is."""
    return {
        "4095 - current_decay": 4095 - n["current_decay"],
        "4096 - potential_decay": 4096 - n["potential_decay"],
        "input_shift": n["input_shift"],
        "state_bits": n["state_bits"],
        "end": 2 ** (n["state_bits"] - 1) - 1,
        "bias_exponent": n["bias_exponent"],
        "bias_start": n["bias_start"],
        "bias_start + 1": n["bias_start"] + 1,
        "bias_interval": n["bias_interval"],
        "clear_interval": n["clear_interval"],
        "clear_offset": n["clear_offset"] % n["clear_interval"],
        "levels": n["levels"],
        **{
            name: abs(values[0])
            for name, values in (("threshold", THRESHOLDS), ("bias", BIASES), ("start", STARTS))
        },
    }


def scene(kind: Kind, text: Text) -> Scene:
    """The neuron that a text is written for; its mantissa and exponent make its bias."""
    known = text.known()
    exponent = known.pop("bias_exponent", None)
    found = unknown_neuron(kind, known)
    nodes = found.nodes
    if kind.code is not None and kind.code.exact:
        low, high = LEVELS[text.levels]
        nodes_levels = nodes["levels"]
        found.assume(
            e.invert(e.less(nodes_levels, e.const(low))), e.invert(e.less(e.const(high), nodes_levels))
        )
    if "bias" not in known:
        (low, high), powers = (
            (each.low, each.high)
            for each in (range_of("IntegerNeuron", f"bias_{part}") for part in ("mantissa", "exponent"))
        )
        mantissa = e.variable("bias_mantissa", low, high)
        power = e.variable("bias_exponent", *powers) if exponent is None else e.const(exponent)
        nodes.update(bias_mantissa=mantissa, bias_exponent=power, bias=e.shift_left(mantissa, power))
    return found


def _places(scene: Scene, place: layout.Place) -> dict[str, Place]:
    """The variables around the statements."""
    n = scene.nodes
    values = {
        "spikes": e.const(0),
        "payloads": e.const(0),
        "potential": n["v"],
        "current": n["u"],
        "waiting": n["waiting"],
    }
    found = {
        buffer.name: Place(Value(values[role], np.int64), TYPES[buffer.kind])
        for role, buffer in place.buffers.items()
    }
    tables = {
        "start": n["start"],
        "bias": n.get("bias_mantissa", n["bias"]),
        "threshold": n["threshold"],
    }
    for role, held in place.values.items():
        if isinstance(held, Table):
            found[held.name] = Place(Value(tables[role], np.int32), np.int32)
    found["arrived"] = Place(Value(n["arrived"], np.int32), np.uint32)
    found["now"] = Place(Value(n["step"], np.uint64), np.uint64)
    return found


def _number(node: e.Node) -> Number:
    return Number(node, np.int64, numpys)


def _saturated(potential: e.Node, limit: e.Node) -> e.Node:
    v, most = _number(potential), _number(limit)
    kept: Number = smaller(larger(v, -most), most)
    return kept.whole()


SHOWN: dict[str, Any] = {
    "network_signed": lambda x: FUNCTIONS["wrap_int32"](_number(x)).whole(),
    "network_shift_right": lambda x, by: (_number(x) >> _number(by)).whole(),
    "network_decayed": lambda x, kept: FUNCTIONS["decay"](
        _number(x),
        _number(e.sub(e.const(4096), kept)),
    ).whole(),
    "network_wrapped": lambda x, bits: FUNCTIONS["wrap_current"](_number(x), _number(bits)).whole(),
    "network_saturated": _saturated,
    "network_levels": lambda x, threshold, most: FUNCTIONS["level"](
        _number(x), _number(threshold), _number(most)
    ).whole(),
}
"""What each function of ``arithmetic.h`` is shown to return, in ``fixed_point``'s words."""

_WORD = (-(2**31), 2**31 - 1)
ARGUMENTS: dict[str, tuple[tuple[int, int], ...]] = {
    "network_signed": ((0, 2**32 - 1),),
    "network_shift_right": (_WORD, (0, 31)),
    "network_decayed": (_WORD, (0, 4096)),
    "network_wrapped": (_WORD, (2, 32)),
    "network_saturated": (_WORD, (1, 2**31 - 1)),
    "network_levels": (_WORD, (1, 2**31 - 1), (0, 2**31 - 1)),
}
"""For which arguments."""


def function_scene(name: str) -> Scene:
    """Any arguments of a function."""
    scene = Scene(Kind())
    for at, (low, high) in enumerate(ARGUMENTS[name]):
        scene.nodes[f"argument{at}"] = e.variable(f"argument{at}", low, high)
    return scene


def function_wanted(scene: Scene, name: str) -> dict[str, Any]:
    """What it has to return."""
    return {"returned": _number(SHOWN[name](*scene.nodes.values()))}


def function_step(scene: Scene, name: str, arithmetic: str | None = None) -> dict[str, Any]:
    """What it returns."""
    machine = Machine(parse(ARITHMETIC.read_text() if arithmetic is None else arithmetic))
    given = (Value(node, np.int64) for node in scene.nodes.values())
    return {"returned": machine.call(name, *given)}


def step(scene: Scene, text: Text, arithmetic: str | None = None) -> dict[str, Any]:
    """The step of an unknown neuron in C."""
    kind, n = scene.kind, scene.nodes
    body, place = written(sample(kind, text))
    numbers = {
        "4095 - current_decay": e.sub(e.const(4095), n["current_decay"]),
        "4096 - potential_decay": e.sub(e.const(4096), n["potential_decay"]),
        "end": n["end"],
        "bias_exponent": n.get("bias_exponent", e.const(0)),
        "bias_start + 1": e.add(n["bias_start"], e.const(1)),
        "clear_offset": e.modulo(n["clear_offset"], n["clear_interval"]) if kind.clears else e.const(0),
        "bias": n.get("bias_mantissa", n["bias"]),
    }
    literals = {
        value: numbers.get(name, n.get(name, e.const(value)))
        for name, value in _literals({**SAMPLE, "levels": text.levels}).items()
    }
    functions = parse((ARITHMETIC.read_text() if arithmetic is None else arithmetic) + body)
    places = _places(scene, place)
    Machine(functions, places, literals, SHOWN).call("step")
    found = {"v": places[place.buffers["potential"].name].value}
    found["record"] = found["v"]
    for name, role in (
        ("u", "current"),
        ("sent", "spikes"),
        ("sent", "payloads"),
        ("waiting", "waiting"),
    ):
        if role in place.buffers:
            found[name] = places[place.buffers[role].name].value
    return found


HARNESS = """
void once(int32_t *state)
{
    int n = sizeof(state) > 0;
    now = (uint64_t)state[0];
    arrived[0] = (uint32_t)state[1];
$in    step();
$out    (void)n;
}
"""


def real_step(kind: Kind, given: Mapping[str, int], arithmetic: str | None = None) -> dict[str, int]:
    """The same by the C compiler: the text for a state's own numbers, from that state."""
    body, place = written(real_neuron(kind, given))
    roles = {"current": "u", "potential": "v", "waiting": "waiting", "spikes": "bits"}
    roles["payloads" if "payloads" in place.buffers else "spikes"] = "sent"
    held = {role: b for role, b in place.buffers.items() if role in roles}
    start = {"current": given["u"], "potential": given["v"], "waiting": given["waiting"]}
    start.update(spikes=0, payloads=0)
    lines_in = "".join(
        f"    {b.name}[0] = ({b.kind})state[{2 + k}];\n" for k, b in enumerate(held.values())
    )
    lines_out = "".join(
        f"    state[{2 + k}] = (int32_t){b.name}[0];\n" for k, b in enumerate(held.values())
    )
    text = (ARITHMETIC.read_text() if arithmetic is None else arithmetic) + "".join(
        f"static {b.kind} {b.name}[2];\n" for b in place.buffers.values()
    )
    tables = "".join(t.text() for t in place.values.values() if isinstance(t, Table))
    harness = HARNESS.replace("$in", lines_in).replace("$out", lines_out)
    globals_ = "static uint64_t now;\nstatic uint32_t arrived[2];\n"
    state = np.array([given["step"], given["arrived"], *(start[role] for role in held)], np.int32)
    _compiled(text + globals_ + tables + body + harness).once(state.ctypes.data_as(ctypes.c_void_p))
    found = {roles[role]: int(state[2 + k]) for k, role in enumerate(held)}
    found.pop("bits", None)
    if "payloads" not in place.buffers and "spikes" in place.buffers:
        found["sent"] &= 1  # the other neuron's spike is the next bit
    return {**found, "record": found["v"]}


def real_function(name: str, arguments: Sequence[int], arithmetic: str | None = None) -> int:
    """What a function of ``arithmetic.h`` returns, by the C compiler."""
    numbers = ", ".join(f"arguments[{k}]" for k in range(len(arguments)))
    text = (ARITHMETIC.read_text() if arithmetic is None else arithmetic) + (
        f"int64_t once(const int64_t *arguments) {{ return {name}({numbers}); }}\n"
    )
    library = _compiled(text)
    library.once.restype = ctypes.c_int64
    given = np.array(arguments, np.int64)
    return int(library.once(given.ctypes.data_as(ctypes.c_void_p)))


def real_wanted(name: str, arguments: Sequence[int]) -> int:
    """What it has to return, by ``fixed_point`` itself, of real numbers."""
    x, *rest = (np.array(a, np.int64) for a in arguments)
    given = [int(a) for a in rest]
    if name == "network_signed":
        return int(fixed_point.wrap_int32(x))
    if name == "network_shift_right":
        return int(x >> given[0])
    if name == "network_decayed":
        return int(fixed_point.decay(x, 4096 - given[0]))
    if name == "network_wrapped":
        return int(fixed_point.wrap_current(x, given[0]))
    if name == "network_saturated":
        return int(np.clip(x, -given[0], given[0]))
    return int(fixed_point.level(x, rest[0], given[1]))


def _compiled(text: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "one.c", Path(folder) / "one.so"
        source.write_text(text)
        subprocess.run(
            ["cc", "-std=c99", "-O1", "-shared", "-fPIC", str(source), "-o", str(library)], check=True
        )
        return ctypes.CDLL(str(library))
