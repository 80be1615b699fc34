"""``snnc targets install NAME``: the environments of a target's engines."""

from __future__ import annotations

from .environments import Environment, Say, State
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


def install_engines(name: str, say: Say) -> int:
    """Make what is missing of a target's environments, and repair what is damaged.

    Args:
        name: of the target, without options.
        say: told what is done, a line at a time.

    Returns:
        How many environments the target has.

    Raises:
        UserError: no such target, or the environment cannot be made (D616 to D618).
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
        done = environment.install(say)
        state = "installed" if done else "is there and works"
        say(f"{environment.name}: {environment.shows} {environment.version()} {state}")
    return len(environments)
