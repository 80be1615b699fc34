"""The bundle: a folder with ``manifest.json``, the program, the payload, and every file's hash.

A bundle is closed: it holds what its manifest lists, as regular files, and nothing else. The same input
gives the same bytes, so nothing in it knows the time, the machine's paths or the output folder's name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from snnc.errors import Diagnostic, Severity, UserError, fail
from snnc.files import Kind
from snnc.files.inside import FILE, FOLDER, folders_of, look, open_inside
from snnc.files.reading import checked_size, read_open
from snnc.files.writing import PrivateFolder
from snnc.ir import Program, read_program

from .manifest import FORMAT, Manifest
from .manifest_file import MANIFEST, digest, manifest_text, problem_of, read_manifest

__all__ = [
    "FORMAT",
    "MANIFEST",
    "PROGRAM",
    "WEIGHTS",
    "Contents",
    "checked_files",
    "digest",
    "read_bundle",
    "seal",
    "unsound",
]

PROGRAM, WEIGHTS = "program.json", "weights.npz"
"""What the compiler gave, by which a target's payload is measured (names of ``write_program``)."""

SHOWN_FILES = 20
PIECE = 2**20
"""Bytes that are hashed and copied at a time."""

BYTE_CODE = "__pycache__"
CURE = "compile again, or continue at your own risk with --allow-altered"
PART = Kind("D114", "a file of the bundle cannot be read", "compile again")


@dataclass(frozen=True)
class Contents:
    """What a bundle contains, read and checked.

    Attributes:
        folder: where it is. What is used of it is copied first (:func:`checked_files`).
        manifest: what it says of itself; every key was checked.
        program: of the compiler's own two files.
        found: the digests of its files as they are, by name; as the manifest has them, unless the user
            goes on with an altered one.
    """

    folder: Path
    manifest: Manifest
    program: Program
    found: dict[str, str] = field(default_factory=dict)


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Write the manifest of a finished payload, with the hash of every regular file; returns it."""
    found = _everything(folder)
    files = {
        name: _hash(folder, name) for name, kind in found.items() if kind == FILE and name != MANIFEST
    }
    sealed = replace(manifest, files=files)
    (folder / MANIFEST).write_bytes(manifest_text(sealed.as_json()))
    return sealed


def unsound(folder: Path) -> list[str]:
    """What a bundle that was just sealed has that no bundle may have: a back end wrote it."""
    found = _everything(folder)
    used = folders_of(f"{name}/_" for name in found)
    problem = problem_of(json.loads((folder / MANIFEST).read_bytes()))
    return [
        *(f"{name} is {kind}" for name, kind in found.items() if kind != FILE),
        *(f"{name} is an empty folder" for name in _folders(folder) if name not in used),
        *([f"its {MANIFEST} {problem}"] if problem else []),
    ]


def _folders(folder: Path) -> list[str]:
    found = (p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink())
    return sorted(p.relative_to(folder).as_posix() for p in found)


def _everything(folder: Path) -> dict[str, str]:
    return look(folder, [f"{name}/_" for name in _folders(folder)])


def read_bundle(folder: Path, *, allow_altered: bool = False) -> tuple[Contents, list[Diagnostic]]:
    """Read a bundle from disk and check its integrity.

    Args:
        folder: the bundle.
        allow_altered: go on when files differ from the manifest; the differences come back as
            warnings. Other than regular files are refused all the same; what is not listed is not used.

    Raises:
        UserError: not a bundle, of another format, damaged, or altered.
    """
    manifest, whole = read_manifest(folder)
    found: dict[str, str] = {}
    altered = [] if whole else [_said(folder / MANIFEST, "does not match its own digest")]
    try:
        altered += _altered(folder, manifest.files, found)
    except OSError as problem:
        what = f"it cannot be read: {problem.strerror or problem}"
        raise fail("D114", what, where=str(problem.filename or folder)) from problem
    if altered and not allow_altered:
        raise UserError(*altered[:SHOWN_FILES], *_more(len(altered) - SHOWN_FILES, folder))
    never = [d for d in altered if d.code == NOT_A_FILE]
    if never:
        raise UserError(*never)
    warnings = [Diagnostic(d.code, d.what, d.where, severity=Severity.WARNING) for d in altered]
    program = _program(folder, found)
    _refuse_contradiction(folder, manifest, program)
    return Contents(folder, manifest, program, found), warnings


NOT_A_FILE = "D152"


def _altered(folder: Path, files: Mapping[str, str], found: dict[str, str]) -> Iterator[Diagnostic]:
    """What differs from the manifest; ``found`` gets the digests of the listed files that are there."""
    present = look(folder, files)
    present.pop(MANIFEST, None)
    for name in sorted({*files, *present}):
        kind = present.get(name)
        if kind is None:
            yield _said(folder / name, "is missing")
        elif name not in files:
            yield _added(folder / name, kind)
        elif kind != FILE:
            yield Diagnostic(
                NOT_A_FILE,
                f"the bundle lists it as a file, and it is {kind}",
                str(folder / name),
                "a bundle holds regular files only: anything else may lead elsewhere, or never end",
                "compile again",
            )
        else:
            found[name] = _hash(folder, name)
            if found[name] != files[name]:
                yield _said(folder / name, "'s content does not match the manifest")


def _said(path: Path, what: str) -> Diagnostic:
    whose = "a file" if what.startswith("'") else "a file "
    return Diagnostic("D116", f"the bundle was altered: {whose}{what}", str(path), help=CURE)


def _added(path: Path, kind: str) -> Diagnostic:
    if path.name == BYTE_CODE and kind == FOLDER:
        return Diagnostic(
            "D116",
            "the bundle was altered: Python's byte code was added",
            str(path),
            "Python would run it in place of the code that was checked",
            f"remove it (rm -r {path}), and import with python -B",
        )
    return Diagnostic(
        "D116",
        f"the bundle was altered: {kind} was added",
        str(path),
        "a bundle holds what its manifest lists, and nothing else",
        f"move it away, {CURE}",
    )


def _more(left: int, folder: Path) -> list[Diagnostic]:
    if left <= 0:
        return []
    return [Diagnostic("D116", f"the bundle was altered: {left} more files", str(folder), help=CURE)]


def _hash(folder: Path, name: str, copy: Path | None = None) -> str:
    """The digest of a listed file, which is copied meanwhile if asked for.

    Raises:
        UserError: D107 it is larger than one file may be: a hole of a terabyte takes no room on a disk.
    """
    found = hashlib.sha256()
    with (
        os.fdopen(open_inside(folder, name), "rb") as file,
        open(os.devnull if copy is None else copy, "wb") as out,  # noqa: PTH123
    ):
        left = checked_size(file.fileno(), folder / name)
        while piece := file.read(min(PIECE, left + 1)):  # one more: it may grow, but not for ever
            left -= len(piece)
            found.update(piece)
            if left < 0:
                break
            if copy is not None:
                out.write(piece)
    return found.hexdigest()


def _program(folder: Path, found: dict[str, str]) -> Program:
    parts = []
    for name in (PROGRAM, WEIGHTS):
        if name not in found:
            raise fail("D114", f"it has no {name}", where=str(folder), help="compile again")
        content = read_open(open_inside(folder, name), folder / name, PART)
        if digest(content) != found[name]:
            raise _changed(folder / name)
        parts.append(content)
    return read_program(parts[0], parts[1], place=str(folder))


@contextmanager
def checked_files(bundle: Contents) -> Iterator[Path]:
    """A private copy of what was checked: the listed files, and nothing that changes or is added.

    Back ends are given it in place of the bundle; messages from inside name the bundle again.

    Raises:
        UserError: D141 a file is another one than when it was checked.
    """
    with PrivateFolder("snnc-bundle-") as place:
        copy = Path(place) / "bundle"
        copy.mkdir()
        for name, wanted in bundle.found.items():
            path = copy / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if _hash(bundle.folder, name, path) != wanted:
                raise _changed(bundle.folder / name)
        try:
            yield copy
        except UserError as error:
            names = (str(copy), str(bundle.folder))
            raise type(error)(*(_renamed(d, *names) for d in error.diagnostics)) from error


def _renamed(told: Diagnostic, copy: str, folder: str) -> Diagnostic:
    texts = {key: getattr(told, key).replace(copy, folder) for key in ("what", "where", "why", "help")}
    return replace(told, **texts)


def _changed(path: Path) -> UserError:
    what = "the file changed while the bundle was read"
    return fail("D141", what, where=str(path), help="copy the bundle, and use the copy")


def _refuse_contradiction(folder: Path, manifest: Manifest, program: Program) -> None:
    """Refuse a manifest that says something else than the program it came with."""
    computing = {p.name for p in program.populations if p.neuron is not None}
    ann = manifest.ann
    told = set()
    if ann is not None:
        told = {p.name for p in ann.populations} | {layer.target for layer in ann.layers}
    for what, said, meant in (
        ("steps_per_frame", manifest.steps_per_frame, program.steps_per_frame),
        ("input.shape", list(manifest.input.shape), list(program.input.shape)),
        ("readout.name", manifest.readout.name, program.readout.name),
        ("readout.shape", list(manifest.readout.shape), list(program.readout.shape)),
        ("ann", sorted(told - computing), []),
    ):
        if said != meant:
            raise fail(
                "D114",
                f"its {MANIFEST} says {what} {said}, its program {meant}",
                where=str(folder),
                help="compile again",
            )
