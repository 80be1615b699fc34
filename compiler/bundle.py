"""The bundle: a folder with ``manifest.json``, the program, the payload, and every file's hash.

It appears under its final name all at once: it is written beside it and renamed. The same input gives
the same bytes, so nothing in it knows the time, the machine's paths or the name of the output folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import Diagnostic, Severity, UserError, fail
from .ir import Program, read_program

FORMAT = 3
SHOWN_FILES = 3
PARTS = {
    "target": str,
    "files": dict,
    "payload": dict,
    "steps_per_frame": int,
    "input": dict,
    "readout": dict,
    "calibration": dict,
    "notes": list,
    "passes": str,
    "ranges": dict,
}
"""What a manifest must have, and of which JSON kind."""

MANIFEST = "manifest.json"
PROGRAM, WEIGHTS = "program.json", "weights.npz"
"""What the compiler gave, by which a target's payload is measured (names of ``write_program``)."""


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read and checked."""

    folder: Path
    manifest: dict[str, Any]
    program: Program


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _payload(folder: Path) -> dict[str, Path]:
    """Every file but the manifest, by POSIX path; what Python leaves behind does not count."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST and "__pycache__" not in path.parts
    }


def seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a finished payload, with the hash of every file."""
    files = {name: digest(path.read_bytes()) for name, path in _payload(folder).items()}
    content = {"format": FORMAT, **manifest, "files": files}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def refuse_output(output: Path) -> None:
    """Refuse an output folder that is there and is not a bundle, before any work is done.

    Raises:
        UserError: a file, or a folder without a manifest; or its parent does not exist.
    """
    if output.is_dir() and not any(output.iterdir()):
        return
    if output.is_dir() and (output / MANIFEST).is_file():
        foreign = sorted(set(_payload(output)) - set(_files_of(output)))
        if not foreign:
            return
        raise fail(
            "D110",
            f"holds files that are not the bundle's own: {', '.join(foreign[:SHOWN_FILES])}"
            + (f" and {len(foreign) - SHOWN_FILES} more" if len(foreign) > SHOWN_FILES else ""),
            where=str(output),
            why="a compile replaces the whole folder",
            help="move them away, or choose another folder with -o",
        )
    if output.exists() or output.is_symlink():
        raise fail(
            "D110",
            "exists and is not a bundle; it will not be overwritten",
            where=str(output),
            help="choose another folder with -o, or remove it",
        )
    if not output.absolute().parent.is_dir():
        raise fail("D111", "the folder that should hold it does not exist", where=str(output))


def _files_of(folder: Path) -> dict[str, Any]:
    """The files that a bundle of any format lists: one of an older snnc is replaced like any other."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if isinstance(manifest["format"], int) and isinstance(manifest["files"], dict):
            return dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # said in detail by what follows
    return dict(_read_manifest(folder)["files"])


@contextmanager
def staged(output: Path) -> Iterator[Path]:
    """A folder to fill; it becomes ``output`` on success and vanishes on any failure.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    refuse_output(output)
    place = output.absolute()
    try:
        work = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".partial", dir=place.parent))
        try:
            fresh = work / "bundle"
            fresh.mkdir()
            yield fresh
            _swap(fresh, place, work / "old")
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise fail("D112", f"cannot write the bundle: {reason}", where=str(output)) from problem


def _swap(fresh: Path, place: Path, old: Path) -> None:
    if not place.exists():
        fresh.rename(place)
        return
    place.rename(old)
    try:
        fresh.rename(place)
    except BaseException:
        old.rename(place)
        raise


def read_bundle(folder: Path, *, allow_altered: bool = False) -> tuple[Bundle, list[Diagnostic]]:
    """Read a bundle from disk and check its integrity.

    Args:
        folder: the bundle.
        allow_altered: go on when files differ from the manifest; the differences come back as
            warnings.

    Raises:
        UserError: not a bundle, of another format, damaged, or altered.
    """
    manifest = _read_manifest(folder)
    altered = list(_altered(folder, manifest["files"]))
    if altered and not allow_altered:
        raise UserError(*altered)
    warnings = [Diagnostic(d.code, d.what, d.where, severity=Severity.WARNING) for d in altered]
    try:
        program = read_program(
            (folder / PROGRAM).read_bytes(),
            (folder / WEIGHTS).read_bytes(),
            place=str(folder),
        )
    except OSError as problem:
        raise fail(
            "D114",
            f"its program cannot be read: {problem.strerror or problem}",
            where=str(folder),
            help="compile again",
        ) from problem
    _refuse_contradiction(folder, manifest, program)
    return Bundle(folder, manifest, program), warnings


def _refuse_contradiction(folder: Path, manifest: dict[str, Any], program: Program) -> None:
    """Refuse a manifest that says something else than the program it came with."""
    for what, said, meant in (
        ("steps_per_frame", manifest["steps_per_frame"], program.steps_per_frame),
        ("input.shape", manifest["input"].get("shape"), list(program.input.shape)),
        ("readout.name", manifest["readout"].get("name"), program.readout.name),
    ):
        if said != meant:
            raise fail(
                "D114",
                f"its {MANIFEST} says {what} {said}, its program {meant}",
                where=str(folder),
                help="compile again",
            )


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise fail(
            "D113",
            "not a bundle" if folder.exists() else "no such folder",
            where=str(folder),
            why=f"a bundle is a folder with a {MANIFEST}",
            help="make one with: snnc compile MODEL --target NAME",
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise fail("D114", f"its {MANIFEST} is damaged: {problem}", where=str(folder)) from problem
    if found != FORMAT:
        raise fail(
            "D115",
            f"bundle format {found}, this snnc reads {FORMAT}",
            where=str(folder),
            help="compile again with this version",
        )
    wrong = [name for name, kind in PARTS.items() if not isinstance(manifest.get(name), kind)]
    wrong += [
        f"payload.{role}"
        for role, name in (manifest["payload"].items() if not wrong else ())
        if not isinstance(name, str)
    ]
    if wrong:
        text = f"its {MANIFEST} lacks {', '.join(wrong)}, or has them of another kind"
        raise fail("D114", text, where=str(folder), help="compile again")
    for name in manifest["payload"].values():
        _refuse_outside(folder, name)
    return dict(manifest)


def _refuse_outside(folder: Path, name: str) -> None:
    if not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise fail("D114", f"its {MANIFEST} points outside: {name}", where=str(folder))


def _altered(folder: Path, files: dict[str, str]) -> Iterator[Diagnostic]:
    present = _payload(folder)
    for name in sorted(set(files) | set(present)):
        if name not in present:
            what = "the bundle was altered: a file is missing"
        elif name not in files:
            what = "the bundle was altered: a file was added"
        elif digest(present[name].read_bytes()) != files[name]:
            what = "the bundle was altered: a file's content does not match the manifest"
        else:
            continue
        yield Diagnostic(
            "D116",
            what,
            f"{folder}/{name}",
            help="compile again, or go on at your own risk with --allow-altered",
        )
