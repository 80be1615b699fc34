"""Unknown int64 for the reference's own functions, and hardware as Yosys reads it, both for Z3."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import z3

WIDE = 64


class Unknown:
    """A number that numpy would keep in int64: wraps as that does.

    ``snnc.ir.fixed_point`` runs on it as on arrays.
    """

    def __init__(self, bits: Any) -> None:
        self.bits = bits

    @staticmethod
    def of(value: Any) -> Any:
        """The bit-vector of a number or of an unknown."""
        return value.bits if isinstance(value, Unknown) else z3.BitVecVal(int(value), WIDE)

    @staticmethod
    def truth(condition: Any) -> Unknown:
        """0 or 1."""
        return Unknown(z3.If(condition, z3.BitVecVal(1, WIDE), z3.BitVecVal(0, WIDE)))

    def __add__(self, other: Any) -> Unknown:
        return Unknown(self.bits + self.of(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Unknown:
        return Unknown(self.bits - self.of(other))

    def __rsub__(self, other: Any) -> Unknown:
        return Unknown(self.of(other) - self.bits)

    def __mul__(self, other: Any) -> Unknown:
        return Unknown(self.bits * self.of(other))

    __rmul__ = __mul__

    def __and__(self, other: Any) -> Unknown:
        return Unknown(self.bits & self.of(other))

    def __lshift__(self, other: Any) -> Unknown:
        return Unknown(self.bits << self.of(other))

    def __rshift__(self, other: Any) -> Unknown:
        return Unknown(self.bits >> self.of(other))

    def __gt__(self, other: Any) -> Unknown:
        return self.truth(self.bits > self.of(other))

    def __ge__(self, other: Any) -> Unknown:
        return self.truth(self.bits >= self.of(other))

    def __le__(self, other: Any) -> Unknown:
        return self.truth(self.bits <= self.of(other))

    def __array_ufunc__(self, ufunc: Any, method: str, *given: Any) -> Unknown:
        values = [self.of(value) for value in given]
        zero = z3.BitVecVal(0, WIDE)
        match ufunc:
            case np.absolute:
                return Unknown(z3.If(values[0] < 0, -values[0], values[0]))
            case np.sign:
                one = z3.BitVecVal(1, WIDE)
                return Unknown(z3.If(values[0] < 0, -one, z3.If(values[0] == 0, zero, one)))
            case np.minimum:
                return Unknown(z3.If(values[0] <= values[1], *values))
            case np.maximum:
                return Unknown(z3.If(values[0] >= values[1], *values))
        raise NotImplementedError(ufunc.__name__)


def netlist(
    yosys: Path, sources: list[Path], top: str, parameters: Mapping[str, int], job: Path
) -> str:
    """A module without registers as SMT-LIB, with these parameters."""
    for source in sources:
        (job / source.name).write_bytes(source.read_bytes())
    given = " ".join(f"-set {name} {value}" for name, value in parameters.items())
    names = " ".join(source.name for source in sources)
    script = (
        f"read_verilog -sv {names}; chparam {given} {top}; hierarchy -top {top}; proc; flatten; "
        f"opt -full; write_smt2 {top}.smt2"
    )
    subprocess.run([str(yosys), "-q", "-p", script], cwd=job, check=True, timeout=300)
    return (job / f"{top}.smt2").read_text()


def facts(text: str, top: str, ports: Mapping[str, int]) -> list[Any]:
    """What the hardware says of its ports, which are bit-vectors named after them (truth: 0 bits).

    Yosys writes functions of a state, of which there is one here: without it they are bit-vectors,
    which Z3 decides much sooner.
    """
    text = re.sub(r"\((\|[^|]*\|) state\)", r"\1", text)
    text = text.replace(f"((state |{top}_s|))", "()").replace(f"(|{top}_s|)", "()")
    kept = [
        line for line in text.splitlines() if "next_state" not in line and "declare-sort" not in line
    ]
    for name, bits in ports.items():
        sort = f"(_ BitVec {bits})" if bits else "Bool"
        kept.append(f"(declare-fun {name} () {sort})")
        kept.append(f"(assert (= {name} |{top}_n {name}|))")
    return list(z3.parse_smt2_string("\n".join(kept)))
