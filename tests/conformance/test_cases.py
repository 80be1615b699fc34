"""The cases themselves: they say something, and a wrong back end does not get past them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends.base import Emitted, Engine, Progress
from snnc.backends.reference import ReferenceBackend
from snnc.conformance import CASES, Case, Kit, judge
from snnc.conformance.bench import Bench
from snnc.conformance.builder import Built
from snnc.errors import Diagnostic
from snnc.ir import Comparison, Conv2d, IntegerNeuron, Integers, Program, Reset, Trace
from snnc.sim.reference import simulate

SILENT = {"input/silence", "run/one-step", "saturation/wrap-period", "saturation/wrap-periods-low"}
"""Cases in which nothing can fire."""


class Recording(Bench):
    """Keeps the programs that a case runs."""

    def exact(self, built: Built, folder: Path | None = None, emitted: Emitted | None = None) -> None:
        super().exact(built, folder, emitted)
        trace = simulate(built.program, built.spikes)
        for population in built.program.populations:
            if population.neuron is not None and population.neuron.threshold is not None:
                SPIKES.append(int(np.count_nonzero(trace.spikes[population.name])))


SPIKES: list[int] = []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_something_fires(case: Case, tmp_path: Path) -> None:
    SPIKES.clear()
    case.run(Recording(ReferenceBackend(), Kit(), ("reference",), tmp_path))
    assert not SPIKES or case.name in SILENT or max(SPIKES) > 0


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) > 100


class Mistaken(ReferenceBackend):
    """A back end whose engine runs a program that was changed on the way."""

    def __init__(self, change: Callable[[Program], Program]) -> None:
        self.change = change

    def run(
        self,
        engine: str,
        folder: Path,
        emitted: Emitted,
        spikes: Integers,
        *,
        time_limit: float,
        progress: Progress | None = None,
        potentials: bool = False,
    ) -> Trace:
        from snnc.ir import read_program

        files = [(folder / emitted.files[role]).read_bytes() for role in ("program", "weights")]
        program = self.change(read_program(files[0], files[1]))
        return simulate(program, spikes, states=potentials, progress=progress)


def _neurons(**changes: Any) -> Callable[[Program], Program]:
    def change(program: Program) -> Program:
        def of(neuron: IntegerNeuron | None) -> IntegerNeuron | None:
            return None if neuron is None else replace(neuron, **changes)

        populations = tuple(replace(p, neuron=of(p.neuron)) for p in program.populations)
        return replace(program, populations=populations)

    return change


def _projections(**changes: Any) -> Callable[[Program], Program]:
    def change(program: Program) -> Program:
        return replace(program, projections=tuple(replace(q, **changes) for q in program.projections))

    return change


def _turned(program: Program) -> Program:
    """Kernels turned over, as some toolchains do."""
    projections = []
    for q in program.projections:
        op = q.op
        if isinstance(op, Conv2d):
            op = replace(op, weight=np.ascontiguousarray(op.weight[:, :, ::-1, ::-1]))
        projections.append(replace(q, op=op))
    return replace(program, projections=tuple(projections))


def _early(program: Program) -> Program:
    """Biases from the first step on."""
    return _neurons(bias_start=0)(program)


def _one_early(program: Program) -> Program:
    """Biases one step before their time."""
    populations = tuple(
        p
        if p.neuron is None
        else replace(p, neuron=replace(p.neuron, bias_start=max(0, p.neuron.bias_start - 1)))
        for p in program.populations
    )
    return replace(program, populations=populations)


@pytest.mark.parametrize(
    ("change", "caught"),
    [
        (_neurons(reset=Reset.ZERO), "reset/soft"),
        (_neurons(reset=Reset.SUBTRACT), "reset/hard"),
        (_neurons(comparison=Comparison.GREATER), "comparison/at-soft"),
        (_neurons(comparison=Comparison.GREATER_EQUAL), "comparison/above-hard"),
        (_neurons(current_decay=4095), "decay/current-slowest"),
        (_neurons(current_decay=4095), "decay/readout"),
        (_neurons(potential_decay=0), "decay/potential-slowest"),
        (_neurons(bias_mantissa=np.zeros((), np.int64)), "bias/readout"),
        (_neurons(bias_exponent=0), "bias/exponent"),
        (_early, "bias/later"),
        (_early, "bias/readout-later"),
        (_one_early, "bias/readout-later"),
        (_neurons(start_value=np.zeros((), np.int64)), "start/half"),
        (_neurons(clear_interval=0), "clear/neurons"),
        (_neurons(clear_interval=0), "clear/readout"),
        (_projections(delay=0), "delay/one"),
        (_projections(delay=0), "delay/parallel"),
        (_projections(delay=0), "loop/self-late"),
        (_projections(exponent=0), "exponent/down"),
        (_projections(exponent=0), "exponent/mixed"),
        (_projections(graded=False), "input/graded"),
        (_projections(graded=False), "code/graded"),
        (_neurons(bias_mantissa=np.zeros((), np.int64)), "changes/answers"),
        (_projections(delay=0), "changes/late"),
        (_turned, "convolution/between"),
        (_turned, "convolution/padding"),
        (_neurons(state_bits=16), "saturation/high"),
        (_neurons(state_bits=16), "saturation/low"),
        (_neurons(state_bits=32), "saturation/current"),
        (lambda program: replace(program, projections=program.projections[:-1]), "structure/twice"),
    ],
)
def test_a_mistake_is_caught(change: Callable[[Program], Program], caught: str) -> None:
    case = next(case for case in CASES if case.name == caught)
    row = judge(Mistaken(change), case, Kit(), {}, ("reference",))
    assert row.result == "failed" and "differ" in row.reason, row
    right = judge(ReferenceBackend(), case, Kit(), {}, ("reference",))
    assert right.result == "passed"


def _rounding(towards: Callable[[Any], Any]) -> Callable[..., Integers]:
    return lambda total, exponent: np.asarray(towards(total * 2.0**exponent), np.int64)


def _true_wrap(value: Integers, bits: int) -> Integers:
    """Two's complement, as hardware has it."""
    return np.asarray((value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1), np.int64)


def _wrapped_above(value: Integers, bits: int) -> Integers:
    """Only what is too large wraps."""
    return np.asarray(value - (1 << bits) * (value > 1 << (bits - 1)))


def _wrapped_below(value: Integers, bits: int) -> Integers:
    """Only what is too small wraps."""
    return np.asarray(value + (1 << bits) * (value <= -(1 << (bits - 1))))


def _full_range(value: Integers, bits: int) -> Integers:
    """Saturation to the whole register, one more below zero than above."""
    return np.asarray(np.clip(value, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1), np.int64)


def _unclipped(potential: Integers, threshold: Integers, levels: int) -> Integers:
    return np.asarray(np.maximum(potential // threshold, 0), np.int64)


def _floored(state: Integers, constant: int) -> Integers:
    return np.asarray((state * (4096 - constant)) >> 12, np.int64)


@pytest.mark.parametrize(
    ("operation", "mistaken", "caught"),
    [
        ("snnc.sim.reference.shift_sum", _rounding(np.trunc), "exponent/down-readout"),
        ("snnc.sim.reference.shift_sum", _rounding(np.ceil), "exponent/down-readout"),
        ("snnc.sim.reference.shift_sum", _rounding(np.rint), "exponent/down-readout"),
        ("snnc.ir.fixed_point.wrap_current", _true_wrap, "saturation/wrap-edge"),
        ("snnc.ir.fixed_point.wrap_current", _true_wrap, "saturation/wrap-periods"),
        ("snnc.ir.fixed_point.wrap_current", _true_wrap, "saturation/wrap-periods-low"),
        ("snnc.ir.fixed_point.wrap_current", _wrapped_above, "saturation/wrap-period-low"),
        ("snnc.ir.fixed_point.wrap_current", _wrapped_below, "saturation/wrap-period"),
        ("snnc.ir.fixed_point.saturate", _full_range, "saturation/readout-ends"),
        ("snnc.ir.fixed_point.decay", _floored, "decay/negative"),
        ("snnc.sim.reference.level", _unclipped, "code/graded-frame"),
        ("snnc.sim.reference.level", _unclipped, "changes/levels"),
        ("snnc.sim.reference.level", _unclipped, "changes/loop"),
    ],
)
def test_wrong_arithmetic_is_caught(
    operation: str,
    mistaken: Callable[..., Integers],
    caught: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Wrong(ReferenceBackend):
        def run(self, *arguments: Any, **more: Any) -> Trace:
            with monkeypatch.context() as patched:
                patched.setattr(operation, mistaken)
                return super().run(*arguments, **more)

    case = next(case for case in CASES if case.name == caught)
    row = judge(Wrong(), case, Kit(), {}, ("reference",))
    assert row.result == "failed" and "differ" in row.reason, row


class Telling(ReferenceBackend):
    """What it runs is right; what it tells of hidden potentials is changed."""

    def __init__(self, change: Callable[[Trace], Trace]) -> None:
        self.change = change

    def run(self, *arguments: Any, **more: Any) -> Trace:
        found = super().run(*arguments, **more)
        return self.change(found) if more.get("potentials") else found


def _reset_too_low(trace: Trace) -> Trace:
    trace.potentials["hidden"][trace.spikes["hidden"] > 0] -= 1
    return trace


def _silent(trace: Trace) -> Trace:
    trace.spikes["hidden"][:] = 0
    return trace


def _untold(trace: Trace) -> Trace:
    del trace.potentials["hidden"]
    return trace


def _excused(reason: str, *names: str) -> Callable[[Trace], Trace]:
    def change(trace: Trace) -> Trace:
        for name in names:
            del trace.potentials[name]
        return replace(trace, unread=dict.fromkeys(names, reason))

    return change


@pytest.mark.parametrize(
    ("change", "case", "said"),
    [
        (_reset_too_low, "reset/soft", "potentials of hidden differ"),
        (_reset_too_low, "reset/hard", "potentials of hidden differ"),
        (_untold, "bias/readout", "no potentials of hidden"),
        (_silent, "run/potentials", "spikes of hidden differ"),
        (_excused("", "hidden"), "run/potentials", "cannot show 'hidden' because of ''"),
        (_excused("it is the host's", "readout"), "run/potentials", "potentials of readout"),
    ],
)
def test_hidden_potentials_are_compared_where_an_engine_shows_them(
    change: Callable[[Trace], Trace], case: str, said: str
) -> None:
    tried = next(c for c in CASES if c.name == case)
    row = judge(Telling(change), tried, Kit(), {}, ("reference",))
    assert row.result == "failed" and said in row.reason, row
    honest = _excused("it keeps none", "hidden")
    assert judge(Telling(honest), tried, Kit(), {}, ("reference",)).result == "passed"


class Blind(ReferenceBackend):
    """Written before engines could show potentials."""

    def engines(self) -> tuple[Engine, ...]:
        return (Engine("reference", "snnc", True),)

    def run(self, *arguments: Any, **more: Any) -> Trace:
        assert "potentials" not in more
        return super().run(*arguments, **more)


@pytest.mark.parametrize("case", ["reset/soft", "run/potentials", "compile/rollout"])
def test_an_engine_that_shows_none_is_never_asked(case: str) -> None:
    row = judge(Blind(), next(c for c in CASES if c.name == case), Kit(), {})
    assert row.result == "passed", row


class Refusing(ReferenceBackend):
    """Refuses everything, with the message that it is given."""

    def __init__(self, message: Diagnostic) -> None:
        self.message = message

    def check(self, program: Program) -> Any:
        yield self.message


GOOD = Diagnostic("X001", "no such thing", "net.hidden", "", "leave it out")
FIRST = CASES[0]


def test_a_refusal_must_be_listed_and_helpful() -> None:
    refused = judge(Refusing(GOOD), FIRST, Kit(), {"reset/*": "it has no reset at all"})
    assert (refused.result, refused.reason) == ("refused", "it has no reset at all")
    assert judge(Refusing(GOOD), FIRST, Kit(), {}).result == "failed"
    for lacking, message in (
        ("code", replace(GOOD, code="")),
        ("where", replace(GOOD, where="")),
        ("help", replace(GOOD, help="")),
    ):
        poor = judge(Refusing(message), FIRST, Kit(), {"reset/*": "no reset"})
        assert poor.result == "failed" and f"no {lacking}" in poor.reason


def test_what_works_may_not_be_listed() -> None:
    row = judge(ReferenceBackend(), FIRST, Kit(), {"reset/hard": "we believed so"}, ("reference",))
    assert row.result == "failed" and "take it off the list" in row.reason


def test_a_difference_with_a_name_must_be_named() -> None:
    mistaken = Mistaken(_neurons(reset=Reset.SUBTRACT))
    listed = {"reset/hard": "N999: it resets otherwise"}
    assert judge(mistaken, FIRST, Kit(), listed, ("reference",)).result == "failed"

    class Naming(Mistaken):
        def emit(self, program: Program, folder: Path, example: Integers | None = None) -> Emitted:
            note = Diagnostic("N999", "it resets otherwise")
            return replace(super().emit(program, folder, example), notes=(note,))

    named = judge(Naming(_neurons(reset=Reset.SUBTRACT)), FIRST, Kit(), listed, ("reference",))
    assert named.result == "named"


def test_an_exception_is_a_failure_with_its_name() -> None:
    def broken(program: Program) -> Program:
        raise RuntimeError("out of wires")

    row = judge(Mistaken(broken), FIRST, Kit(), {}, ("reference",))
    assert row.result == "failed" and "RuntimeError: out of wires" in row.reason


def test_engines_that_are_missing_are_said() -> None:
    row = judge(ReferenceBackend(), FIRST, Kit(), {}, ("somewhere",))
    assert row.result == "not run"
