"""Packages that some commands need and that are not installed with snnc."""

from __future__ import annotations

from .errors import UserError, fail

RANGES = {
    "aedat": ">=2",
    "distributed": ">=2024.8",
    "faery": ">=0.7",
    "h5py": ">=3.8",
    "jinja2": ">=3.1",
    "matplotlib": ">=3.8",
    "mtkahypar": ">=1.7",
    "nir": ">=1.0.8",
    "onnx": ">=1.16",
    "plotly": ">=6",
    "pymetis": ">=2025.2",
    "safetensors": ">=0.4",
    "tonic": ">=1.6",
    "torch": ">=2.9",
}
"""By package, the versions that work; ``pyproject.toml`` has the same (a test compares)."""


def install_command(*packages: str) -> str:
    """What to type to install them. snnc is on no index, so that its extras cannot be named."""
    return "pip install " + " ".join(f"'{package}{RANGES[package]}'" for package in packages)


def missing(
    package: str | tuple[str, ...],
    what: str,
    problem: ImportError,
    *,
    where: str = "",
    why: str = "",
    otherwise: str = "",
) -> UserError:
    """The message for packages that cannot be imported.

    Args:
        package: one of ``RANGES``, or all that are missing: one command installs them.
        what: needs it, and does what with it: ``reading NIR files needs the package nir``.
        problem: what Python said.
        where: file or command that needs it.
        why: what it is needed for, where that is not plain.
        otherwise: what else to do, after the command that installs it.

    Returns:
        D123, to be raised.
    """
    reason = f"{why} ({problem})" if why else str(problem)
    command = install_command(*((package,) if isinstance(package, str) else package))
    return fail("D123", what, where=where, why=reason, help=command + otherwise)
