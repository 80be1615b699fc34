"""What a conversion kept of the float network, as lines of text: after a compile, and for a bundle."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.bundle.kept import Kept
from snnc.errors import counted


def kept_lines(kept: Kept | None) -> Iterator[str]:
    """A line of what integers kept of the float network, and one for each population.

    Args:
        kept: as a manifest has it, None where there was nothing to judge by.
    """
    if kept is None:
        return
    which = "set aside" if kept.aside else "that calibration used as well: too few to set some aside"
    samples = f"{counted(kept.samples, 'sample')} {which}"
    if kept.decisions is None:
        yield f"answers off by {kept.error:.2%} of their spread, on {samples}"
    else:
        yield (
            f"{kept.decisions:.1%} of the float network's decisions kept, answers off by "
            f"{kept.error:.2%} of their spread, on {samples}"
        )
    if kept.accuracy is not None:
        meant, found = kept.accuracy
        yield f"  accuracy {found:.1%} in integers, {meant:.1%} in floats, on the same samples"
    for each in kept.populations:
        yield f"  {each.population}: error {each.error:.2%}; most from {each.cause}"
