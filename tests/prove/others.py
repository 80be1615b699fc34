"""The step in engines of other packages, which are compared with ours and not proved."""

from __future__ import annotations

from .implementation import NOT_OURS, TESTED, Implementation

OTHERS = (
    Implementation(
        "Loihi 1, emulators",
        (
            "backends/loihi1/nengo_engine.py",
            "backends/loihi1/brian_engine.py",
            "backends/loihi1/bounds.py",
        ),
        "engines of `loihi1`",
        "int32 (nengo-loihi), doubles (brian2-loihi)",
        TESTED,
        NOT_OURS,
    ),
    Implementation(
        "Akida",
        (
            "backends/akida/stored.py",
            "backends/akida/shifted.py",
            "backends/akida/payload/akida_network.py",
        ),
        "bundles of `akida`: levels on the chip, the readout on the host",
        "int32 (akida, C++), int64 (numpy)",
        TESTED,
        "arithmetic of another package, compared with ours on random networks; the readout in a file "
        "that runs without snnc",
    ),
    Implementation(
        "Xylo",
        ("backends/xylo/neuron.py", "backends/xylo/xylosim_script.py"),
        "bundles of `xylo`, another neuron (`docs/xylo.md`)",
        "int64 (numpy), int16 (xylosim, C++)",
        TESTED,
        "not the step of this page: its own arithmetic, compared with xylosim on random programs",
    ),
)
"""In the order of the page, behind Loihi 1's own rows."""
