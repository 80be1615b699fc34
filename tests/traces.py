"""Two traces of the same program, compared for a test's message."""

from __future__ import annotations

import numpy as np

from snnc.ir import Trace


def differences(wanted: Trace, got: Trace) -> list[str]:
    """Every population whose spikes or potentials differ, with the first place; not what is unread."""
    found = []
    for quantity in ("spikes", "potentials"):
        ours, theirs = dict(getattr(wanted, quantity)), getattr(got, quantity)
        for name in got.unread if quantity == "potentials" else ():
            del ours[name]
        assert ours.keys() == theirs.keys()
        for name in ours:
            places = np.argwhere(ours[name] != theirs[name])
            if len(places):
                at = tuple(places[0])
                found.append(
                    f"{quantity} of {name} {at}: wanted {ours[name][at]}, got {theirs[name][at]}"
                )
    return found
