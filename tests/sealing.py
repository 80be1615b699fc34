"""Bundles with a lie in them that vouch for themselves: whoever can change a file can seal it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from snnc.bundle.folder import MANIFEST, digest
from snnc.bundle.manifest_file import manifest_text


def edit_manifest(bundle: Path, **changes: Any) -> None:
    """Change keys of a manifest, and its own digest with them."""
    path = bundle / MANIFEST
    path.write_bytes(manifest_text({**json.loads(path.read_text()), **changes}))


def reseal(bundle: Path, *, whatever_is_there: bool = False) -> None:
    """Let the manifest vouch for the files as they are.

    Args:
        bundle: to be changed.
        whatever_is_there: list every regular file, not only those that were listed.
    """
    listed = json.loads((bundle / MANIFEST).read_text())["files"]
    there = [p.relative_to(bundle).as_posix() for p in sorted(bundle.rglob("*")) if p.is_file()]
    names = [n for n in there if n != MANIFEST] if whatever_is_there else listed
    edit_manifest(bundle, files={name: digest((bundle / name).read_bytes()) for name in names})
