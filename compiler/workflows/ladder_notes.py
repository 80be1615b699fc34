"""What a ladder says of the rungs that it does not have."""

from __future__ import annotations

from collections import Counter

from snnc.bundle.folder import Contents
from snnc.errors import Diagnostic, Severity


def stand_in(bundle: Contents) -> Diagnostic:
    """What the upper rungs of a network that was trained with spikes are."""
    return Diagnostic(
        "N740",
        "trained with spikes: the rungs above the integer program are not what was trained",
        bundle.program.name,
        "they show what a frame's spikes stand for where input is steady; the integer program spikes "
        "as training did, except for the rounding that compile reports",
        "compare accuracies instead: that of snnc run with that of the training",
        Severity.NOTE,
    )


def nothing_above(bundle: Contents) -> Diagnostic:
    """What a ladder without its upper rungs does not show."""
    named = Counter(note.code for note in bundle.manifest.notes)
    counted = ", ".join(f"{code} ({count})" for code, count in sorted(named.items()))
    return Diagnostic(
        "N731",
        "the ladder begins with the integer program: nothing above it is compared",
        bundle.program.name,
        "neurons that spike already have no rollout in real numbers to be compared with",
        f"compile reported its changes: {counted}; snnc inspect prints them"
        if counted
        else "compile reported no change",
        Severity.WARNING,
    )
