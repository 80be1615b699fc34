"""Installed packages with entry points, made of two files, for tests of what plug-ins bring."""

from __future__ import annotations

from pathlib import Path


def install(
    folder: Path, name: str, entry_points: dict[str, dict[str, str]], code: str, version: str = "1.0"
) -> None:
    """Put a package into ``folder``, as pip would lay it out.

    Args:
        folder: to be on ``sys.path``.
        name: of the distribution; its module has underscores for dashes.
        entry_points: by group, name to ``module:attribute``.
        code: of the module.
        version: of the distribution.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name.replace('-', '_')}.py").write_text(code)
    about = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, entries in entry_points.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
