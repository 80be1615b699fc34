"""Settings of numba, from the environment, with which nothing compiles."""

from __future__ import annotations

import os

from snnc.errors import UserError, fail

PREFIX, WITHOUT_JIT, FEATURES = "NUMBA_", "NUMBA_DISABLE_JIT", "NUMBA_CPU_FEATURES"


def refuse_settings() -> None:
    """Import numba, and refuse settings with which kernels cannot be compiled.

    Raises:
        UserError: D614, with the variables.
        ImportError: numba is not there, or fits no package beside it.
    """
    features = os.environ.get(FEATURES, "")
    wrong = [part for part in features.split(",") if part and part[0] not in "+-"]
    if wrong:  # LLVM would end the process
        raise _refused(f"{wrong[0]!r} is not a feature: each begins with + or -", FEATURES)
    try:
        import numba
    except ImportError:
        raise
    except Exception as problem:
        given = [name for name in sorted(os.environ) if name.startswith(PREFIX)]
        raise _refused(f"{problem}", *given) from None
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        raise _refused("compilation is switched off", WITHOUT_JIT)


def _refused(problem: str, *names: str) -> UserError:
    set_here = [name for name in names if name in os.environ]
    told = ", ".join(f"{name}={os.environ[name]}" for name in set_here)
    return fail(
        "D614",
        f"the fast simulator cannot start because of numba's settings: {problem}",
        where=told or ".numba_config.yaml in the current folder",
        help=f"unset {', '.join(set_here)}" if told else "remove it there, or work in another folder",
    )
