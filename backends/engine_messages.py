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


def refuse_payloads(spikes: Integers, least: int, most: int, carries: str, why: str, cure: str) -> None:
    """Make sure that a bundle's input takes the payloads of a run.

    Args:
        spikes: the input's payloads.
        least, most: what it takes.
        carries: what takes these: "the bundle's inputs can carry".
        why: the reason.
        cure: what to do.

    Raises:
        UserError: D470 a payload is too small, D520 too large.
    """
    lowest, highest = int(spikes.min(initial=0)), int(spikes.max(initial=0))
    if lowest < least or highest > most:
        code, shown = ("D470", lowest) if lowest < least else ("D520", highest)
        what = f"an input payload of {shown}, {carries} {least} to {most}"
        raise fail(code, what, where="input", why=why, help=cure)
