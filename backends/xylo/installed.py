"""The engine and its environment."""

from __future__ import annotations

from snnc.backends.base import Engine
from snnc.backends.environments import Environment

XYLOSIM = "xylosim"
ENVIRONMENT = Environment(
    "xylo",
    # xylosim is a source package: pip compiles it, with a pybind11 that it fetches for that.
    (("numpy==2.2.6", "xylosim==0.1.3"),),
    "from xylosim.v2 import XyloLayer, XyloSynapse; import numpy",
    XYLOSIM,
    needs=("c++",),
)


def engines() -> tuple[Engine, ...]:
    """xylosim alone."""
    return (Engine.inside(ENVIRONMENT, XYLOSIM, "xylo", potentials=True),)
