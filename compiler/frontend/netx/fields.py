"""The layers of a netx file: its arrays by layer, and whole numbers out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import UserError, fail
from snnc.files import Kind
from snnc.frontend.operations.expression import MOST_ELEMENTS
from snnc.ir import Integers, Pair, size

NETX = Kind(
    "D640",
    "this file is not a readable network of lava-dl (netx)",
    "export it again: net.export_hdf5(path) of lava-dl 0.6.0",
)

LARGEST = 2**31 - 1
"""Of a number in a file: everything that is read is kept in 32 bits in the end."""

SHOWN = 40

MOST_LAYERS = 1000


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of the file.

    Attributes:
        number: its place, from 0.
        place: the file.
        arrays: by name, ``neuron/vThMant`` for those of its neurons.
        block: the path of the user's own block, where the file was written from a live network.
    """

    number: int
    place: str
    arrays: dict[str, NDArray[Any]]
    block: str = ""

    @property
    def where(self) -> str:
        """For messages."""
        return self.block or f"{self.place}: layer/{self.number}"

    @property
    def name(self) -> str:
        """What its population is called."""
        return self.block or f"layer{self.number}"

    @property
    def origin(self) -> str:
        """Its group in the file, or the user's block, and its type."""
        return f"{self.block or f'layer/{self.number}'} ({self.type})"

    @property
    def type(self) -> str:
        """``conv``, ``dense`` and so on."""
        return self.text("type")

    def wrong(self, name: str, why: str) -> UserError:
        """D640, with the array that is damaged."""
        return NETX.wrong(f"{self.where}/{name}", why)

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def array(self, name: str) -> NDArray[Any]:
        """An array that has to be there."""
        if name not in self.arrays:
            raise self.wrong(name, "it is not there")
        return self.arrays[name]

    def text(self, name: str) -> str:
        """A word in ASCII."""
        found = self.array(name).ravel()
        if found.size != 1:
            raise self.wrong(name, f"it holds {found.size} texts; one is wanted")
        value = found[0]
        word = value.decode("ascii", "replace") if isinstance(value, bytes) else value
        if not isinstance(word, str) or not word.isprintable() or not word.isascii():
            raise self.wrong(name, f"{value!r:.{SHOWN}} is not a word in ASCII")
        return word

    def integers(self, name: str) -> Integers:
        """Whole numbers of 32 bits, whatever they are stored as.

        Raises:
            UserError: D640 they are no numbers, or none; D642 they are not whole.
        """
        found = self.array(name)
        if found.dtype.kind not in "biuf" or not found.size:
            raise self.wrong(name, f"it holds {found.size} of type {found.dtype}; numbers are wanted")
        if not np.all(np.isfinite(found)) or np.abs(found.astype(np.float64)).max() > LARGEST:
            raise self.wrong(name, f"it holds numbers beyond {LARGEST}")
        whole = found.astype(np.int64)
        other = np.flatnonzero(whole != found)
        if other.size:
            raise fail(
                "D642",
                f"{other.size} of {found.size} numbers are not whole, such as {found.flat[other[0]]:g}",
                where=f"{self.where}/{name}",
                why="the file holds the chip's integers; lava-dl would cut these off",
                help="export with the block's pre_hook_fx, which quantizes",
            )
        return whole

    def number_of(self, name: str, low: int, high: int) -> int:
        """One whole number within its range; of several, all have to be the same."""
        found = np.unique(self.integers(name))
        if found.size != 1:
            what = f"the neurons of this layer have {found.size} values of {name.rpartition('/')[2]}"
            why = "a population of snnc has one"
            raise fail("D641", what, where=f"{self.where}/{name}", why=why, help="train with one")
        value = int(found[0])
        if not low <= value <= high:
            raise self.wrong(name, f"it is {value}; it can be {low} to {high}")
        return value

    def pair(self, name: str, least: int) -> Pair:
        """Two whole numbers (height, width), or one for both."""
        found = self.integers(name).ravel()
        if found.size not in (1, 2) or found.min() < least:
            raise self.wrong(
                name, f"it is {found.tolist()!s:.{SHOWN}}; two numbers from {least} on are wanted"
            )
        return int(found[0]), int(found[-1])

    def shape(self, name: str = "shape") -> tuple[int, ...]:
        """Axes (channels, height, width), or one of them."""
        found = self.integers(name)
        if found.ndim != 1 or found.size not in (1, 3) or found.min() < 1:
            raise self.wrong(name, f"it is {found.tolist()!s:.{SHOWN}}; 1 or 3 lengths are wanted")
        lengths = tuple(int(length) for length in found)
        if size(lengths) > MOST_ELEMENTS:
            raise self.wrong(name, f"it has {size(lengths)} elements; {MOST_ELEMENTS} are the most")
        return lengths


def layers_of(arrays: dict[str, NDArray[Any]], place: str) -> list[Layer]:
    """The layers in their order.

    Raises:
        UserError: D640 there are none, or their numbers do not go from 0 on.
    """
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for path, array in arrays.items():
        group, _, rest = path.partition("/")
        number, _, name = rest.partition("/")
        if group == "layer":
            found.setdefault(number, {})[name] = array
    names = [str(number) for number in range(len(found))]
    if not found or set(found) != set(names) or len(found) > MOST_LAYERS:
        shown = ", ".join(list(found)[:8]) or "nothing"
        raise NETX.wrong(f"{place}: layer", f"layers are numbered from 0 on; it holds {shown!r:.100}")
    return [Layer(number, place, found[name]) for number, name in enumerate(names)]
