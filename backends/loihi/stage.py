"""Copies a bundle's package into a job folder, if and only if its code is the code that snnc emits.

The copy is what runs. So a bundle's code is executed only when it is ours byte for byte, nothing can
change between the check and the run, and Python writes no byte code into the bundle.
"""

from __future__ import annotations

from pathlib import Path

from snnc.backends.payload_files import damaged, read_payload
from snnc.errors import Diagnostic, UserError
from snnc.ir import Program, read_program

from .emit import DATA_FILES, layout_json, package_name, template_files
from .layout import population_places, projection_places


def stage(package: Path, job: Path) -> tuple[Program, Path, bool]:
    """Check a bundle's package and copy it into ``job``.

    Returns:
        The program that is in it, the copy's folder, and whether it has Lava's own processes alone
        because that was asked for.

    Raises:
        UserError: D602 for every file that is not what snnc emits; D144 where data cannot be read.
    """
    files = _checked_code(package)
    try:
        data = {name: read_payload(package / name) for name in DATA_FILES}
        program = read_program(data["program.json"], data["weights.npz"], place=str(package))
        expected = [
            layout_json(population_places(program, stock), projection_places(program, stock))
            for stock in (False, True)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise damaged(f"the program cannot be read: {error}", package) from error
    if data["layout.json"] not in expected:
        raise UserError(_differs(package / "layout.json", "does not belong to this program"))
    if package.name != package_name(program.name):
        what = f"is not {package_name(program.name)}, as the package of {program.name!r:.100} is called"
        raise UserError(_differs(package, what))
    copy = job / package_name(program.name)
    for name, content in {**files, **data}.items():
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return program, copy, expected.index(data["layout.json"]) == 1


def _checked_code(package: Path) -> dict[str, bytes]:
    ours = template_files()
    found = {p.relative_to(package).as_posix() for p in package.rglob("*") if not p.is_dir()}
    strange = found - {*ours, *DATA_FILES}
    problems = [_differs(package / name, "is not a file that snnc emits") for name in strange]
    for name, content in ours.items():
        path = package / name
        if not path.is_file():
            problems.append(_differs(path, "is missing"))
        elif read_payload(path) != content:
            problems.append(_differs(path, "differs from the code that snnc emits"))
    if problems:
        raise UserError(*sorted(problems, key=lambda problem: problem.where))
    return ours


def _differs(path: Path, what: str) -> Diagnostic:
    return Diagnostic(
        "D602",
        f"{path.name} {what}",
        where=str(path),
        why="snnc executes a bundle's code only if snnc wrote it, byte for byte; "
        "this file was edited, or another version of snnc wrote the bundle",
        help="compile the model again with this snnc",
    )
