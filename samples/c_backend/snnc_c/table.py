"""Constant arrays: the narrowest C type for their numbers, and their text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array

SIGNED, UNSIGNED = ("int8_t", "int16_t", "int32_t"), ("uint8_t", "uint16_t", "uint32_t")
WIDTH = 96


def type_of(kind: str) -> np.dtype[Any]:
    """The numpy type of a C type: ``int8_t`` is ``int8``."""
    return np.dtype(kind.removesuffix("_t"))


@dataclass(frozen=True, eq=False)
class Table:
    """An array in flash: name, C type, numbers (int64, flat)."""

    name: str
    kind: str
    values: NDArray[np.int64]

    @property
    def bytes(self) -> int:
        """What it takes."""
        return self.values.size * type_of(self.kind).itemsize

    def text(self) -> str:
        """Its definition in C."""
        numbers = textwrap.fill(
            ", ".join(map(str, self.values.tolist())), WIDTH, break_on_hyphens=False
        )
        body = textwrap.indent(numbers, "    ")
        return f"static const {self.kind} {self.name}[{self.values.size}] = {{\n{body}\n}};\n"


def table(name: str, values: Array, kinds: tuple[str, ...] = SIGNED) -> Table:
    """A table in the narrowest of ``kinds`` that holds all values.

    Raises:
        ValueError: none does.
    """
    flat = np.asarray(values, np.int64).ravel()
    for kind in kinds:
        bounds = np.iinfo(type_of(kind))
        if bounds.min <= flat.min(initial=0) and flat.max(initial=0) <= bounds.max:
            return Table(name, kind, flat)
    raise ValueError(f"{name} has values of more than 32 bits")


def constant_or_table(name: str, values: Array) -> int | Table:
    """One number where all are the same."""
    if np.all(values == values.flat[0]):
        return int(values.flat[0])
    return table(name, values)
