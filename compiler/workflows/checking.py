"""Whether a finished program may be emitted: data that its input carries, proved ranges, the target."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from snnc.backends import Backend, called
from snnc.bundle.data import Data, check_counts
from snnc.bundle.ranges import Ranges
from snnc.errors import Diagnostic, Severity, UserError, blamed
from snnc.ir import Program
from snnc.ir.neuron_checks import check_changes, check_models

from .range_report import prove_ranges, report_ranges


def check_program(
    program: Program,
    backend: Backend,
    counts: NDArray[Any] | None,
    where: str,
    allow_overflow: bool,
    passes: bool = True,
) -> tuple[Ranges, tuple[Diagnostic, ...]]:
    """What is known of a program's registers, and everything that has to be said of it.

    Args:
        program: a valid one.
        backend: of the target.
        counts: calibration data (samples, frames, \\*input shape), or None.
        where: what messages call them.
        allow_overflow: go on where sums can leave their registers.
        passes: whether passes made the program; what is advised depends on that.

    Raises:
        UserError: D423 some sum can; D509 and others the input cannot carry the counts; whatever the
            target has against the program.
    """
    target = backend.target
    if counts is not None:
        check_counts(Data(counts, None), program, target, where, passes)
    proof = prove_ranges(program, target, counts, allow_overflow, passes)
    with blamed(called(backend), "checking the program"):
        broken = [*check_models(program, target), *check_changes(program, target)]
        broken += backend.check(program)
    errors = [d for d in broken if d.severity is Severity.ERROR]
    if errors:
        raise UserError(*errors)
    ranges, findings = report_ranges(program, target, proof, counts, passes)
    return ranges, (*findings, *broken)
