"""Whether a target stores weights of a width."""

from __future__ import annotations

from snnc.errors import fail
from snnc.ir import Target


def more_bits(bits: int, target: Target) -> list[str]:
    """The cure of using more bits a weight; empty where the target stores no more."""
    return ["use more --weight-bits"] if bits < max(target.weight_bits) else []


def refuse_width(bits: int | None, target: Target, where: str) -> None:
    """Make sure that the target stores weights of ``bits`` bits.

    Args:
        bits: sign included, where weights have one.
        target: its ``weight_bits`` are the widths that there are.
        where: what the user wrote it as.

    Raises:
        UserError: D306, with all widths.
    """
    if bits not in target.weight_bits:
        allowed = ", ".join(map(str, target.weight_bits))
        what = f"{bits} weight bits; {target.name} stores {allowed}"
        raise fail("D306", what, where=where, help=f"use one of {allowed}")
