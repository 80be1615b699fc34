"""Runs NIR files in the tools that read NIR, and compares with the literal interpreter.

    python -m samples.nir_readers.readers CASES [--reader norse] [--json FILE] [--table FILE]

Each reader gets an environment of its own (``--envs``), which is made where it is missing.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.progress import track

from snnc.sim.nir_interpreter import run_nir

from .installed import BY_NAME, READERS, InstallationError, Reader, environment
from .reasons import lacking, reason

MESSAGE = 200
"""Characters of a reader's own message in the table."""

HERE = Path(__file__).parent
TIME_LIMIT = 60.0
"""Seconds; readers that give an answer give it within ten."""

CLOSE = 1e-4
"""Of the largest sum: how far sums of real values, computed in float32, may be apart."""


@dataclass(frozen=True)
class Row:
    """One reader on one network. ``reads``: it gave an output; ``spikes_equal``: the interpreter's."""

    reader: str
    version: str
    model: str
    reads: bool
    spikes_equal: bool
    reason: str


def expected(case: Path) -> NDArray[np.float64]:
    """The interpreter's output at each step, (samples, steps, \\*output shape)."""
    import nir

    settings = json.loads((case / "case.json").read_text())
    graph = nir.read(case / "net.nir")
    return run_nir(graph, np.load(case / "input.npz")["x"], settings["dt"])["output"]


def compared(found: NDArray[np.float64], meant: NDArray[np.float64]) -> str:
    """Empty where both have the same sum over steps for each sample and neuron; else the difference."""
    if found.shape != meant.shape:
        return f"its output has shape {found.shape[1:]}, expected {meant.shape[1:]}"
    sums, right = found.sum(axis=1), meant.sum(axis=1)
    whole = bool(np.all(meant == np.rint(meant)))
    room = 0.5 if whole else CLOSE * max(1e-12, float(np.abs(right).max()))
    wrong = np.abs(sums - right) > room
    if not wrong.any():
        return ""
    steps = np.abs(found - meant) > room
    first = int(np.argmax(steps.any(axis=tuple(i for i in range(steps.ndim) if i != 1)))) + 1
    return f"{int(wrong.sum())} of {wrong.size} sums over time differ, the first value at step {first}"


def tried(reader: Reader, python: Path, case: Path, meant: NDArray[np.float64]) -> Row:
    """Run one adapter on one case."""
    import nir

    def row(reads: bool, equal: bool, why: str) -> Row:
        return Row(reader.name, reader.version, case.name, reads, equal, why)

    settings = json.loads((case / "case.json").read_text())
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "output.npz"
        given = (case / "net.nir", case / "input.npz", output, str(settings["dt"]))
        command = [str(part) for part in (python, HERE / reader.adapter, *given)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=TIME_LIMIT
            )
        except subprocess.TimeoutExpired:
            known = reason(reader.name, nir.read(case / "net.nir"), answered=False)
            return row(False, False, f"no result within {TIME_LIMIT:.0f} s; {known}")
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            message = f"refuses: {said[-1][:MESSAGE] if said else 'no message'}"
            unknown = lacking(reader.name, nir.read(case / "net.nir"))
            return row(False, False, "; ".join(part for part in (message, unknown) if part))
        if not output.exists():
            return row(True, False, "checked only: it compiles and does not run")
        difference = compared(np.load(output)["y"], meant)
    known = reason(reader.name, nir.read(case / "net.nir")) if difference else ""
    return row(True, not difference, "; ".join(part for part in (difference, known) if part))


def table(rows: list[Row], descriptions: dict[str, str]) -> str:
    """The Markdown table, and what each model is."""
    lines = ["| reader | model | reads | spikes equal | reason |", "|---|---|---|---|---|"]
    for row in rows:
        marks = ("yes" if flag else "no" for flag in (row.reads, row.spikes_equal))
        why = row.reason.replace("|", "\\|")
        lines.append(f"| {row.reader} {row.version} | {row.model} | {' | '.join(marks)} | {why} |")
    models = [f"* `{name}`: {text}" for name, text in descriptions.items()]
    return "\n".join([*lines, "", *models]) + "\n"


def run(cases: list[Path], readers: list[Reader], envs: Path) -> list[Row]:
    """Every reader on every case."""
    meant = {case: expected(case) for case in cases}
    rows = []
    for reader in track(readers, "readers"):
        try:
            python = environment(reader, envs)
        except InstallationError as problem:
            why = f"cannot be installed: {problem}"
            rows += [Row(reader.name, reader.version, c.name, False, False, why) for c in cases]
            continue
        rows += [tried(reader, python, case, meant[case]) for case in cases]
    return rows


HEAD = """# Readers of NIR, tried on files of snnc

Written by `make readers`; the same rows are in [nir-readers.json](nir-readers.json). *Reads*: the
reader made a network of the file and ran it. *Spikes equal*: for every sample and output neuron the sum
over all steps equals that of the literal interpreter (`compiler/sim/nir_interpreter.py`; within 1e-4 of
the largest sum, because most outputs here are weighted sums in float32). Input: 10 test recordings for
each network of ours, 10 samples of random spikes for the others.

"""


def main(
    cases: Annotated[Path, typer.Argument(help="folder that samples.nir_readers.cases wrote")],
    reader: Annotated[list[str] | None, typer.Option(help="only these")] = None,
    envs: Annotated[Path, typer.Option(help="environments")] = Path("build/nir-readers/envs"),
    json_file: Annotated[Path | None, typer.Option("--json", help="write the rows")] = None,
    table_file: Annotated[Path | None, typer.Option("--table", help="write the table")] = None,
) -> None:
    """Try every reader on every case."""
    chosen = [BY_NAME[name] for name in reader] if reader else list(READERS)
    folders = sorted(path.parent for path in cases.glob("*/case.json"))
    rows = run(folders, chosen, envs)
    descriptions: dict[str, Any] = {
        f.name: json.loads((f / "case.json").read_text())["description"] for f in folders
    }
    text = table(rows, descriptions)
    print(text)
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    if table_file is not None:
        table_file.write_text(HEAD + text)


if __name__ == "__main__":
    typer.run(main)
