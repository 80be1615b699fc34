"""Every place where a neuron's step stands, and how each is shown equal: the page and the command."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from . import (
    c_code,
    compiled_kernel,
    exhaustive,
    fast,
    hardware,
    lava,
    lava_stock,
    left_out,
    loihi1,
    normative,
    sanafe,
    sigma_delta,
    vector,
)
from . import several_spikes as several
from .claims import Claim
from .implementation import CODE, EVERY_VALUE, MEANT, NOT_OURS, REALS, TESTED, Implementation
from .others import OTHERS
from .scene import CHANGES, KINDS, Kind, unknown_neuron

FEW = (KINDS[0], KINDS[5], KINDS[6], *CHANGES[1:])
"""A kind of neuron for each way of speaking: a spike at most, a count, not at all."""


EVERY = (*KINDS, *CHANGES)
SMALL = tuple(kind for kind in EVERY if not kind.adds_answers)
"""Those that the plan may take for narrow: they keep nothing of their current."""


def _each(make: Callable[[Kind], Claim], kinds: tuple[Kind, ...] = EVERY) -> tuple[Claim, ...]:
    return tuple(make(kind) for kind in kinds)


def _invariant(kind: Kind) -> Claim:
    scene = partial(unknown_neuron, kind)
    return Claim(kind.name, scene, normative.invariant, wanted=normative.holds, cheap=kind.code is None)


def _fast(kind: Kind, narrow: bool) -> Claim:
    return Claim(
        kind.name,
        partial(fast.narrow_scene if narrow else fast.wide_scene, kind),
        partial(fast.run, narrow=narrow, projection=None, lone=False),
        partial(_replayed, kind, partial(compiled_kernel.real_step, narrow=narrow)),
        cheap=kind in FEW,
    )


def _lone(kind: Kind, bits: int, spikes: int = 1) -> Claim:
    return Claim(
        f"one projection, {f'{bits} bits' if spikes else 'nothing arrives'}: {kind.name}",
        partial(fast.lone_scene, kind, bits, spikes),
        partial(fast.lone_step, bits=bits, spikes=spikes),
        wanted=fast.lone_wanted,
        cheap=kind.code is None,
    )


LONE = ((16, 1), (32, 1), (16, 0))
"""Bits of its sums, and how many spikes it hears; of none there are no others."""

PLAN = Claim("what the plan makes sure of", fast.plan_scene, fast.plan_step, wanted=normative.holds)


def _lava(kind: Kind) -> Claim:
    replay = partial(_replayed, kind, lava.real_step)
    return Claim(kind.name, partial(unknown_neuron, kind), lava.step, replay, cheap=kind in FEW)


def _c(kind: Kind, text: c_code.Text) -> Claim:
    return Claim(
        f"{kind.name}{text.name}",
        partial(c_code.scene, kind, text),
        partial(c_code.step, text=text),
        partial(_replayed, kind, c_code.real_step),
        cheap=kind in FEW and text.name == "",
    )


def _c_function(name: str) -> Claim:
    return Claim(
        name,
        partial(c_code.function_scene, name),
        partial(c_code.function_step, name=name),
        partial(_c_replayed, name),
        partial(c_code.function_wanted, name=name),
    )


def _lava_function(name: str) -> Claim:
    return Claim(
        f"its {name}",
        partial(lava.function_scene, name),
        partial(lava.returned, function=lava.OWN[name]),
        wanted=partial(lava.returned, function=lava.SHOWN[name]),
    )


def _vector(bits: int) -> Claim:
    return Claim(
        f"one lane, sums of {bits} bits",
        partial(vector.scene, bits),
        partial(vector.lane, bits=bits),
        wanted=partial(vector.scalar, bits=bits),
    )


def _again(bits: int) -> Claim:
    return Claim(
        f"who would fire again, sums of {bits} bits",
        partial(left_out.again_scene, bits),
        partial(vector.lane, bits=bits),
        wanted=partial(left_out.again_wanted, bits=bits),
    )


def _left_out(kind: Kind, bits: int = 16) -> Claim:
    return Claim(
        f"a vector, left out or not, sums of {bits} bits: {kind.name}",
        partial(left_out.scene, kind, bits),
        partial(left_out.step, bits=bits),
        wanted=partial(left_out.wanted, bits=bits),
        cheap=(kind, bits) == (KINDS[0], 16),
    )


def _replayed(
    kind: Kind, real: Callable[..., dict[str, int]], given: dict[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """What the real reference and the real code make of a state: what both say of it."""
    wanted, found = normative.real_step(kind, given), real(kind, given)
    return {n: wanted[n] for n in wanted if n in found}, {n: found[n] for n in wanted if n in found}


def _c_replayed(name: str, given: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    arguments = list(given.values())
    wanted = c_code.real_wanted(name, arguments)
    return {"returned": wanted}, {"returned": c_code.real_function(name, arguments)}


def _stock(kind: Kind) -> Claim:
    replay = partial(_replayed, kind, lava_stock.real_step)
    return Claim(kind.name, partial(lava_stock.scene, kind), lava_stock.step, replay)


def _sigma_delta(name: str) -> Claim:
    return Claim(
        name,
        partial(sigma_delta.scene, name),
        partial(sigma_delta.step, name=name),
        partial(sigma_delta.replay, name=name),
        partial(sigma_delta.wanted, name=name),
    )


def _sanafe(kind: Kind) -> Claim:
    return Claim(kind.name, partial(sanafe.scene, kind), sanafe.step, cheap=False)


def _loihi1(kind: Kind, whole: bool) -> Claim:
    return Claim(
        f"fires {kind.comparison.value}, potential {'in units of 64' if whole else 'any'}",
        partial(loihi1.scene, kind, whole),
        partial(loihi1.step, whole=whole),
        partial(loihi1.real, kind=kind),
        wanted=loihi1.wanted,
    )


IMPLEMENTATIONS = (
    Implementation(
        "reference",
        ("compiler/sim/reference.py", "compiler/ir/fixed_point.py", "compiler/ir/program.py"),
        "the meaning of a program",
        "int64",
        CODE,
        "normative: what is proved is that 64 bits never overflow, and that a state within its ranges "
        "stays within them, which all other proofs take for granted",
        _each(_invariant),
    ),
    Implementation(
        "fast, wide",
        ("compiler/sim/fast/kernels.py", "compiler/sim/fast/stepping.py"),
        "`run` and `verify`, any neuron",
        "int64 (numba)",
        CODE,
        "`run_component` itself, with `fixed_point` as it compiles it; every state, input and "
        "parameter, in steps that are seen (`tests/sim/test_horizon.py` has the others)",
        _each(partial(_fast, narrow=False)),
    ),
    Implementation(
        "fast, narrow",
        ("compiler/sim/fast/kernels.py", "compiler/sim/fast/stepping.py", "compiler/sim/fast/plan.py"),
        "`run` and `verify`, neurons that keep no current and do not leak",
        "int32, sums int16 (numba)",
        CODE,
        "`run_component` itself; taken for granted is what `make_plan` asks for before it sets "
        "`narrow` and "
        "`lone`, by its own code, and that its bounds on what arrives hold",
        (
            PLAN,
            *_each(partial(_fast, narrow=True), SMALL),
            *(_lone(kind, bits, spikes) for bits, spikes in LONE for kind in SMALL),
        ),
    ),
    Implementation(
        "fast, vectors",
        ("compiler/sim/fast/vectors.py", "compiler/sim/fast/stepping.py"),
        "the narrow path, 32 neurons at once",
        "int32 in LLVM",
        CODE,
        "the generator of the LLVM code, run on a builder that keeps one lane: equal to the "
        "narrow loop for all numbers of their widths, with no further assumption. Vectors that are "
        "left out: `step_narrow` itself, by induction over steps, for one lane of many vectors, the "
        "others unknown; within the plan's bounds a lane's second bit says whether it fires in a step "
        "without input, and one that does not stays as it is. `run_component` is asked to step "
        "every vector where start values or biases arrive",
        (
            *(claim(bits) for claim in (_vector, _again) for bits in (16, 32)),
            *_each(_left_out, KINDS[:4]),
            _left_out(KINDS[0], 32),
        ),
    ),
    Implementation(
        "fast, shifted sums",
        ("compiler/sim/fast/hearing.py", "compiler/sim/fast/dense.py"),
        "what several projections bring to one population",
        "int16 and int32 into int32",
        EVERY_VALUE,
        "compiled `add_shifted`, every shift of weights and of sums, sums of 8 bits and around "
        "every power of "
        "2; `dense.py` calls `fixed_point` itself",
        checks=(exhaustive.shifts,),
    ),
    Implementation(
        "Lava, our neurons",
        ("backends/loihi/payload/neurons/__init__.py",),
        "bundles of `loihi`",
        "int32 registers, int64 sums (numpy)",
        CODE,
        "`run_spk` itself; every state, input and parameter",
        (*(_lava_function(name) for name in lava.OWN), *_each(_lava)),
    ),
    Implementation(
        "Lava's LIF and LIFReset",
        ("lava: proc/lif/models.py", "backends/loihi/lif.py", "backends/loihi/payload/processes.py"),
        "bundles of `loihi{processes=stock}`",
        "int32 (numpy)",
        CODE,
        "lava-nc's own code for what `lif.py` lets through, with a bias that is due in every "
        "step; that an early bias changes no spike is not part of a step",
        tuple(_stock(kind) for kind in lava_stock.KINDS),
    ),
    Implementation(
        "Lava's graded processes",
        ("lava: proc/graded/models.py", "lava: proc/prodneuron/models.py", "backends/loihi/stock.py"),
        "bundles of `loihi` in the code `graded` where they can say the network",
        "int32 (numpy)",
        TESTED,
        "a step is spread over synapses, products and feedback of several processes; conformance "
        "and random "
        "networks compare them",
    ),
    Implementation(
        "sigma-delta neurons",
        (
            "backends/loihi/sigma_delta.py",
            "lava: proc/sdn/models.py",
            "backends/loihi/payload/neurons/__init__.py",
            "backends/loihi/payload/processes.py",
        ),
        "the neuron models `delta` and `sigma-delta`, and Lava's processes that are the same",
        "int64 (numpy), int32 (Lava)",
        CODE,
        "another neuron, not the step of this page: the models' own code and Lava's `run_spk`; every "
        "state, input, threshold and pair of exponents, biases once they are shifted",
        tuple(_sigma_delta(name) for name in sigma_delta.NAMES),
    ),
    Implementation(*several.ROW, TESTED, several.WHY),
    Implementation(
        "C",
        (
            "backends/c_code/neurons.py",
            "backends/c_code/network/arithmetic.h",
            "backends/c_code/connections.py",
        ),
        "bundles of `cortex-m`, `riscv` and the sample `c`",
        "int32 and uint32 (C99)",
        CODE,
        "the C text, parsed: first each function of `arithmetic.h`, then the generated statements of a "
        "neuron; also that nothing happens that C leaves undefined or to the compiler. Text without "
        "checks, where range proofs rule out that anything wraps or saturates, is tested only: against "
        "the reference simulator, in QEMU and under sanitizers "
        "(`tests/backends/c_project/test_undefined.py`)",
        (
            *(_c_function(name) for name in c_code.ARGUMENTS),
            *(_c(kind, text) for kind in KINDS for text in c_code.texts(kind)),
        ),
    ),
    Implementation(*hardware.ROW, TESTED, hardware.WHY),
    Implementation(
        "SANA-FE, carried by the host",
        ("backends/sanafe/payload/play.py",),
        "bundles of `sanafe`: neurons whose state SANA-FE cannot keep",
        "int64 (numpy), doubles across",
        MEANT,
        "`Carried.begin` and `end` themselves; between them SANA-FE's soma adds and compares, as "
        "`register.py` says; a step in which the host sees the current leave its register ends the run",
        tuple(_sanafe(kind) for kind in sanafe.KINDS),
    ),
    Implementation(
        "SANA-FE's soma",
        ("backends/sanafe/register.py", "backends/sanafe/saturation.py"),
        "bundles of `sanafe`: all other neurons",
        "doubles (C++)",
        TESTED,
        NOT_OURS,
    ),
    Implementation(
        "Loihi 1, thresholds",
        ("backends/loihi1/registers.py",),
        "bundles of `loihi1`",
        "int64 (numpy)",
        CODE,
        "`mantissas` itself: a compartment fires above 64 times its mantissa exactly where the "
        "program's "
        "neuron does, or the threshold is refused (D428)",
        tuple(_loihi1(kind, whole) for kind in loihi1.KINDS for whole in (False, True)),
    ),
    Implementation(
        "Loihi 1, readouts",
        ("backends/loihi1/readouts.py",),
        "bundles of `loihi1`: the host's part",
        "int64 (numpy)",
        TESTED,
        "calls `fixed_point.integrate` itself with the reference's own times",
    ),
    *OTHERS,
    Implementation(
        "chip twin",
        ("compiler/training/methods/twin.py", "compiler/authoring/activation.py"),
        "the exact codes by torch, as a check",
        "doubles that hold whole numbers",
        EVERY_VALUE,
        "`CountedLevels` in floats of 16 bits, for every sum and threshold of 11 bits",
        checks=(exhaustive.counted_levels,),
    ),
    Implementation(
        "training",
        ("compiler/authoring/neurons.py", "compiler/noise/neurons.py"),
        "`snnc train`, `finetune`",
        "floats (torch)",
        REALS,
        'equal spikes on a grid are tested (`docs/numerics.md`, "Trained spikes")',
    ),
    Implementation(
        "calibration",
        ("compiler/sim/spiking.py", "compiler/sim/fast/float_neurons.py"),
        "threshold balancing",
        "doubles (numpy; of many values compiled, to the same bit)",
        REALS,
        "measures rates",
    ),
    Implementation(
        "NIR",
        ("compiler/sim/nir_units.py", "compiler/sim/nir_interpreter.py", "backends/nir/neurons.py"),
        "engine of `nir`; NIR's own equations",
        "doubles (numpy)",
        REALS,
        "nothing wraps or saturates; where whole numbers stay below 2^53 they are compared exactly",
    ),
)
"""In the order of the page."""
