"""Writes the bundle's payload: a Python package with the program inside, and its README."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

from snnc.backends.base import Emitted
from snnc.backends.program_copy import written
from snnc.errors import Diagnostic, counted
from snnc.ir import Integers, Kind, Program, size
from snnc.placement import FILE, ROLE, placement_notes, report_text

from .layout import Place, identifier, population_places, projection_places
from .placing import is_placed, placement_content

HERE = Path(__file__).parent
PAYLOAD = HERE / "payload"
README = HERE / "readme.md.in"
README_FILE = "README.md"
SUFFIX = "_lava"
LONGEST_NAME = 60
DATA_FILES = ("program.json", "weights.npz", "layout.json")


def package_name(program_name: str) -> str:
    """The package's name: a Python identifier from the program's name, always with ``_lava``.

    The suffix keeps it apart from keywords, the standard library, ``lava`` itself, ``numpy`` and the
    top-level ``tests`` that lava-nc installs, in every Python version and with one rule.
    """
    stem = identifier(program_name)[:LONGEST_NAME].strip("_") or "network"
    if stem[0].isdigit():
        stem = f"net_{stem}"
    return stem + SUFFIX


def template_files() -> dict[str, bytes]:
    """The package's code by POSIX path relative to the package: the same for every model."""
    return {
        path.relative_to(PAYLOAD).as_posix(): path.read_bytes()
        for path in sorted(PAYLOAD.rglob("*.py"))
    }


def payload_names(program: Program) -> dict[str, str]:
    """The files that are read again, by role: relative to the bundle."""
    package = package_name(program.name)
    names = {"program": f"{package}/program.json", "weights": f"{package}/weights.npz"}
    return {**names, ROLE: FILE} if is_placed(program) else names


def emit(
    program: Program, folder: Path, stock: bool = False, example: Integers | None = None
) -> Emitted:
    """Write package and README into ``folder``, which holds the compiler's own two files.

    The same program and example give the same bytes.

    ``stock``: Lava's own processes alone, where they can say the network. ``example``: inputs that
    spikes are counted on, for the placement.
    """
    package = package_name(program.name)
    populations, projections = population_places(program, stock), projection_places(program, stock)
    files = {
        **template_files(),
        **written(folder),
        "layout.json": layout_json(populations, projections),
    }
    notes: tuple[Diagnostic, ...] = ()
    if is_placed(program):
        told = placement_content(program, example)
        notes = tuple(placement_notes(program.name, told))
        (folder / FILE).write_text(report_text(told), encoding="utf-8")
    for name, content in files.items():
        path = folder / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / README_FILE).write_bytes(_readme(program, package, populations, projections))
    return Emitted(payload_names(program), notes)


def layout_json(populations: tuple[Place, ...], projections: tuple[Place, ...]) -> bytes:
    """The content of ``layout.json``: what the package needs of :mod:`.layout`, in program order."""
    layout = {
        "populations": [{"process": p.process, "port": p.port} for p in populations],
        "projections": [{"process": p.process, "exponent": p.exponent} for p in projections],
    }
    return (json.dumps(layout, indent=1) + "\n").encode()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _row(*cells: str) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _readme(
    program: Program, package: str, populations: tuple[Place, ...], projections: tuple[Place, ...]
) -> bytes:
    shapes = {p.name: "x".join(map(str, p.shape)) for p in program.populations}
    spiking = [
        place.port
        for place, p in zip(populations, program.populations, strict=True)
        if p.kind is Kind.NEURONS
    ]
    text = Template(README.read_text(encoding="utf-8")).substitute(
        name=program.name,
        package=package,
        input_shape=repr(program.input.shape),
        outputs=size(program.readout.shape),
        largest=program.steps_per_frame,
        steps=counted(program.steps_per_frame, "time step"),
        first_answer=program.answer_step(0),
        a_spike_port=spiking[0] if spiking else "potential_out",
        populations="\n".join(
            _row(p.name, shapes[p.name], f"`{p.process}`", f"`{p.port}`", p.why) for p in populations
        ),
        projections="\n".join(_row(p.name, f"`{p.process}`", p.why) for p in projections),
    )
    return text.encode()
