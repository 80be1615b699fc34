"""``manifest.json``: every key that a command uses is checked once, when it is read.

A manifest is untrusted like any other file. It vouches for the bundle's files by their digests and
for itself by its own, and it has one form only: the text that :func:`manifest_text` gives. So a single
bit that flips anywhere in a bundle is noticed. Nothing here vouches for who wrote it.
"""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path
from typing import Any

from snnc.errors import fail
from snnc.files import Kind, parse_json
from snnc.files.inside import open_inside
from snnc.files.names import colliding, why_not_plain
from snnc.files.reading import read_open

from .manifest import FORMAT, Manifest, manifest_from
from .manifest_schema import Wrong, check_manifest

MANIFEST = "manifest.json"
DIGEST = "sha256"
LARGEST = 2**26
"""Bytes of a manifest. Ours have some kilobytes; notes and registers of large networks make it more."""

DAMAGED = Kind("D114", f"its {MANIFEST} is damaged", "compile again")


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def manifest_text(content: dict[str, Any]) -> bytes:
    """The only form of a manifest: its content, and behind it the digest of that text.

    Args:
        content: everything; a digest that is in it already is replaced.
    """
    bare = {key: value for key, value in content.items() if key != DIGEST}
    return _text({**bare, DIGEST: digest(_text(bare))})


def _text(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(folder: Path) -> tuple[Manifest, bool]:
    """The manifest of a bundle, and whether it is as it was written.

    Raises:
        UserError: D113 there is none, D114 it is damaged or says what cannot be, D115 it is of another
            format, D140 it is not a regular file.
    """
    text = _read(folder)
    content = parse_json(text, str(folder), DAMAGED)
    found = content.get("format") if isinstance(content, dict) else None
    if type(found) is not int:
        raise DAMAGED.wrong(str(folder), "it does not state its format")
    if found != FORMAT:
        raise fail(
            "D115",
            f"bundle format {found}, this snnc reads {FORMAT}",
            where=str(folder),
            help="compile again with this version",
        )
    problem = problem_of(content)
    if problem:
        raise fail("D114", f"its {MANIFEST} {problem}", where=str(folder), help="compile again")
    return manifest_from(content), text == manifest_text(content)


def problem_of(content: dict[str, Any]) -> str:
    """What a manifest says that cannot be, with the key; empty where it can."""
    try:
        check_manifest(content, "")
        _check_names(content["files"], content["payload"])
    except Wrong as problem:
        return str(problem)
    return ""


def _check_names(files: dict[str, str], payload: dict[str, str]) -> None:
    for name in files:
        why = why_not_plain(name)
        if why:
            raise Wrong(f"lists {name!r:.100}, which is not a plain file name: {why}")
    if pair := colliding([MANIFEST, *files]):
        raise Wrong(f"has two names for one place: {pair[0]!r:.100} and {pair[1]!r:.100}")
    for role, name in payload.items():
        if name not in files:
            raise Wrong(f"says payload.{role:.100} is {name!r:.100}, which is not one of its files")


def _read(folder: Path) -> bytes:
    try:
        handle = open_inside(folder, MANIFEST)
    except FileNotFoundError:
        raise _no_bundle(folder, "not a bundle" if folder.exists() else "no such folder") from None
    except NotADirectoryError:
        raise _no_bundle(folder, "not a bundle but a file") from None
    except (OSError, ValueError) as problem:
        said = problem.strerror if isinstance(problem, OSError) else str(problem)
        if isinstance(problem, OSError) and problem.errno == errno.ELOOP:
            said = "it is a symbolic link"
        raise fail("D114", f"its {MANIFEST} cannot be read: {said}", where=str(folder)) from problem
    return read_open(handle, folder / MANIFEST, DAMAGED, most=LARGEST)


def _no_bundle(folder: Path, what: str) -> Exception:
    return fail(
        "D113",
        what,
        where=str(folder),
        why=f"a bundle is a folder with a {MANIFEST}",
        help="make one with: snnc compile MODEL --target NAME",
    )


def listed_files(folder: Path) -> dict[str, Any]:
    """The files that a bundle of any format lists: one of an older snnc is replaced like any other.

    Raises:
        UserError: as :func:`read_manifest`, where it is none of any format.
    """
    content = parse_json(_read(folder), str(folder), DAMAGED)
    if isinstance(content, dict) and type(content.get("format")) is int:
        files = content.get("files")
        if isinstance(files, dict) and not any(why_not_plain(name) for name in files):
            return files
    return dict(read_manifest(folder)[0].files)
