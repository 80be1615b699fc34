"""Constant arrays: the narrowest C type for their numbers, and their text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array

SIGNED, UNSIGNED = ("int8_t", "int16_t", "int32_t"), ("uint8_t", "uint16_t", "uint32_t")
WIDTH = 96


def type_of(kind: str) -> np.dtype[Any]:
    """The numpy type of a C type: ``int8_t`` is ``int8``."""
    return np.dtype(kind.removesuffix("_t"))


def narrowest(low: int, high: int, kinds: tuple[str, ...]) -> str:
    """The first of ``kinds`` that holds ``low`` and ``high``.

    Raises:
        ValueError: none does.
    """
    for kind in kinds:
        bounds = np.iinfo(type_of(kind))
        if bounds.min <= low and high <= bounds.max:
            return kind
    raise ValueError(f"{low} to {high} takes more than 32 bits")


@dataclass(frozen=True, eq=False)
class Table:
    """An array in flash: name, C type, numbers (int64, flat), each for so many neurons in a row."""

    name: str
    kind: str
    values: NDArray[np.int64]
    each: int = 1

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
    return Table(name, narrowest(int(flat.min(initial=0)), int(flat.max(initial=0)), kinds), flat)


def constant_or_table(name: str, values: Array) -> int | Table:
    """One number where all are the same, one for each channel where these are.

    Args:
        name: in C.
        values: whole numbers in a population's shape, channels first.
    """
    if np.all(values == values.flat[0]):
        return int(values.flat[0])
    channels = values.reshape(len(values), -1)
    if np.all(channels == channels[:, :1]):
        return replace(table(name, channels[:, 0]), each=channels.shape[1])
    return table(name, values)


def at(value: int | Table) -> str:
    """A constant, or what a table has for neuron ``i``."""
    if isinstance(value, int):
        return str(value)
    return f"{value.name}[{'i' if value.each == 1 else f'(uint32_t)i / {value.each}u'}]"
