"""``snnc targets install NAME``: the environments of a target's engines."""

from __future__ import annotations

from collections.abc import Callable

from snnc.errors import fail

from .environments import Environment, Licence, Say, State
from .registry import find_target


def environments_of(name: str) -> tuple[Environment, ...]:
    """The environments that a target's engines have, each once.

    Raises:
        UserError: there is no such target, or it cannot be used.
    """
    found = find_target(name)
    assert found.backend is not None
    inside = [e.environment for e in found.backend.engines() if e.environment is not None]
    return tuple(dict.fromkeys(inside))


Accept = Callable[[Licence], bool]
"""Shows a licence and asks; whether the user accepts it."""


def _refused(licence: Licence) -> bool:
    return False


def install_engines(name: str, say: Say, accept: Accept = _refused) -> int:
    """Make what is missing of a target's environments, and repair what is damaged.

    Args:
        name: of the target, without options.
        say: told what is done, a line at a time.
        accept: asked before anything is installed that is not free.

    Returns:
        How many environments the target has.

    Raises:
        UserError: no such target, or the environment cannot be made (D616 to D618); D609 its licence is
            not accepted.
    """
    environments = environments_of(name)
    found = find_target(name)
    assert found.backend is not None
    for environment in environments:
        engines = [e for e in found.backend.engines() if e.environment == environment]
        if environment.state() is State.MISSING and all(e.installed for e in engines):
            names = " and ".join(e.name for e in engines)
            there = f"{names} ({engines[0].version})"
            say(f"{there}: already in the Python environment of snnc, nothing to install")
            continue
        licence = environment.licence
        if licence is not None and environment.state() is State.MISSING and not accept(licence):
            raise fail(
                "D609",
                f"the {licence.name} is not accepted, and nothing was installed",
                where=environment.name,
                why=f"{licence.about}; to be read at: {licence.where}",
                help=f"read it; then snnc targets install {name} --accept-licence",
            )
        done = environment.install(say)
        state = "installed" if done else "is there and works"
        say(f"{environment.name}: {environment.shows} {environment.version()} {state}")
    return len(environments)
