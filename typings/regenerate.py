"""Write the alias stubs again: one line for each package and module, ``from <folder path> import *``.

Static type checkers do not know setuptools' ``package-dir`` mapping; these aliases tell them. Run from
the repository's root: ``python typings/regenerate.py``. A test compares.
"""

from __future__ import annotations

from pathlib import Path

ROOTS = {"compiler": "snnc", "passes": "snnc/passes", "backends": "snnc/backends"}


def aliases(root: Path) -> dict[Path, str]:
    """Every stub (relative to ``typings``) with its text."""
    found: dict[Path, str] = {}
    for folder, place in ROOTS.items():
        for source in sorted((root / folder).rglob("*.py")):
            relative = source.relative_to(root)
            module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            text = f"from {module} import *\n"
            found[Path(place, *relative.with_suffix(".pyi").parts[1:])] = text
    return found


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    for old in (root / "typings").rglob("*.pyi"):
        old.unlink()
    for stub, text in aliases(root).items():
        target = root / "typings" / stub
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
