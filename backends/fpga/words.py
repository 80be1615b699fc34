"""Words of memories: named fields of so many bits, the first one highest, as in a concatenation."""

from __future__ import annotations

from snnc.ir import Integers


def bits_for(most: int) -> int:
    """Bits of a field for 0 to ``most``, at least one."""
    return max(1, int(most).bit_length())


def two_complement(values: Integers, bits: int) -> list[int]:
    """Whole numbers as words of so many bits; what does not fit loses its highest bits."""
    return [int(value) & ((1 << bits) - 1) for value in values]


class Word:
    """The fields of a word.

    Args:
        fields: bits by name, the highest field first.
    """

    def __init__(self, **fields: int) -> None:
        self.fields = fields

    @property
    def bits(self) -> int:
        """Of the whole word."""
        return sum(self.fields.values())

    def pack(self, **values: int) -> int:
        """A word; every field has a value, negative ones in two's complement.

        Raises:
            ValueError: a value does not fit its field, or a field has none.
        """
        if values.keys() != self.fields.keys():
            raise ValueError(f"fields {sorted(self.fields)} are given {sorted(values)}")
        word = 0
        for name, bits in self.fields.items():
            value = int(values[name])
            if not -(1 << (bits - 1)) <= value < 1 << bits:
                raise ValueError(f"{name} of {bits} bits cannot hold {value}")
            word = word << bits | (value & ((1 << bits) - 1))
        return word
