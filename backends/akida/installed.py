"""The engine and its environment, which the user makes after having accepted a licence."""

from __future__ import annotations

from snnc.backends.base import Engine
from snnc.backends.environments import Environment, Licence

from .target import VERSION

AKIDA_SOFTWARE = "akida-software"
LICENCE = Licence(
    "BrainChip Software End User License Agreement",
    "personal internal use, one copy for backup; no reverse engineering, no redistribution; results "
    "of tests and benchmarks may not be published without BrainChip's permission",
    f"LICENSE in the package akida {VERSION}, https://pypi.org/project/akida",
)
ENVIRONMENT = Environment(
    "akida",
    (("numpy==2.2.6", f"akida=={VERSION}"),),
    "import akida, numpy; akida.AKD1000(), akida.AKD1500()",
    "akida",
    licence=LICENCE,
)


def engines() -> tuple[Engine, ...]:
    """akida's software backend alone: a card is the user's."""
    return (Engine.inside(ENVIRONMENT, AKIDA_SOFTWARE, "akida", potentials=True),)
