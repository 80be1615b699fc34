"""A memory's contents, as ``$readmemh`` reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LEAST = 2
"""Words that a memory has at the least: its address has a bit."""


@dataclass(frozen=True, eq=False)
class Memory:
    """A memory with contents at the start.

    Attributes:
        name: of its file, without suffix.
        bits: of a word.
        words: non-negative, each of so many bits.
    """

    name: str
    bits: int
    words: tuple[int, ...]

    @staticmethod
    def of(name: str, bits: int, words: Iterable[int]) -> Memory:
        """With words of zeros at the end where there are too few."""
        found = tuple(words)
        return Memory(name, bits, found + (0,) * (LEAST - len(found)))

    @property
    def text(self) -> str:
        """Its file, a word a line."""
        return "".join(f"{word:x}\n" for word in self.words)
