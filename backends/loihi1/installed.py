"""The environment that both emulators share, and the engines in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from snnc.backends.base import Engine
from snnc.backends.environments import Environment

NENGO_VERSION, BRIAN_VERSION = "1.1.0", "0.5.2"

ENVIRONMENT = Environment(
    "loihi1",
    (
        (
            "numpy==1.26.4",
            "scipy==1.17.1",
            "nengo==3.2.0",
            f"nengo-loihi=={NENGO_VERSION}",
            "Brian2==2.9.0",
            "sympy==1.14.0",
            "Cython==3.3.1",
            "Jinja2==3.1.6",
            "pyparsing==3.3.3",
            f"brian2-loihi=={BRIAN_VERSION}",
        ),
    ),
    "import nengo_loihi.emulator, brian2_loihi",
    "nengo-loihi",
)

HERE = Path(__file__).parent
SCRIPTS = {
    "nengo-loihi": HERE / "nengo_engine.py",
    "brian2-loihi": HERE / "brian_engine.py",
}
"""What runs in the environment, by engine; the first is the default."""


def engines() -> tuple[Engine, ...]:
    """nengo-loihi's emulator and brian2-loihi."""
    nengo = Engine.inside(ENVIRONMENT, "nengo-loihi", "loihi1", potentials=True)
    brian = BRIAN_VERSION if nengo.installed else ""
    other = Engine("brian2-loihi", brian, nengo.installed, nengo.how_to_install)
    return (nengo, replace(other, environment=ENVIRONMENT, potentials=True))
