"""What every target says of engines that it lacks, or that are not installed."""

from __future__ import annotations

from collections.abc import Iterable

from snnc.errors import UserError, fail, nearest
from snnc.ir import Integers


def no_engine(target: str, name: str, engines: Iterable[str]) -> UserError:
    """D604, for a name that no engine of the target has."""
    known = tuple(engines)
    use = f"use one of {', '.join(known)}" if len(known) > 1 else f"use {known[0]}"
    return fail(
        "D604",
        f"target {target} has no engine {name!r}",
        where="--engine",
        help=nearest(name, known) or use,
    )


def not_installed(what: str, how: str, where: str = "--engine") -> UserError:
    """D601, for an engine that is missing or of another version.

    Args:
        what: is missing.
        how: to install it.
        where: it was looked for.
    """
    return fail("D601", what, where=where, help=how)


def refuse_payloads(
    spikes: Integers, smallest: int, largest: int, carrier: str, why: str, cure: str
) -> None:
    """Make sure that an engine's input can carry payloads.

    Args:
        spikes: payloads.
        smallest, largest: that it can carry.
        carrier: what carries them, with its verb ("the bundle's inputs can carry").
        why, cure: of the message.

    Raises:
        UserError: D470 one is too small, D520 too large.
    """
    lowest, highest = int(spikes.min(initial=0)), int(spikes.max(initial=0))
    if smallest <= lowest and highest <= largest:
        return
    shown = lowest if lowest < smallest else highest
    raise fail(
        "D470" if lowest < smallest else "D520",
        f"an input payload of {shown}, {carrier} {smallest} to {largest}",
        where="input",
        why=why,
        help=cure,
    )


def count_too_large(what: str, why: str) -> UserError:
    """D520, for counts of the input above those that the chip takes.

    Args:
        what: which count, and how much the chip takes.
        why: who says so, and what the chip would do.
    """
    cure = "use smaller event counts, or shorter frames"
    return fail("D520", what, where="input", why=why, help=cure)
