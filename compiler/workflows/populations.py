"""Which hidden populations of a large network are compared: ``--sample-populations``."""

from __future__ import annotations

import numpy as np

from snnc.bounds import POPULATIONS, SEED
from snnc.errors import Diagnostic, Severity, counted
from snnc.ir import Program
from snnc.verify.compare import hidden


def drawn(program: Program, number: int | None, seed: int) -> frozenset[str] | None:
    """``number`` hidden populations, each as likely as any other; None where all are compared.

    They are drawn without replacement by ``numpy.random.default_rng(seed)`` from the populations in the
    program's order: the same for the same program, number and seed.

    Raises:
        UserError: D305.
    """
    POPULATIONS.check(number, "--sample-populations")
    SEED.check(seed, "--seed")
    names = hidden(program)
    if number is None or number >= len(names):
        return None
    chosen = np.random.default_rng(seed).choice(len(names), number, replace=False)
    return frozenset(names[int(n)] for n in chosen)


def about_left_out(program: Program, only: frozenset[str] | None, seed: int) -> list[Diagnostic]:
    """N800, which names what is not compared."""
    if only is None:
        return []
    names = hidden(program)
    left = [name for name in names if name not in only]
    what = f"{len(only)} of {counted(len(names), 'hidden population')} are compared, drawn with seed "
    what += f"{seed}; nothing is compared of {', '.join(left)}"
    why = "the readout is compared at every step: a difference elsewhere is found where it reaches that"
    return [Diagnostic("N800", what, "--sample-populations", why, severity=Severity.NOTE)]
