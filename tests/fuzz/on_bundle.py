"""Changes of a bundle: damage, lies that are sealed as if they were true, what is planted beside."""

from __future__ import annotations

import json
import os
import py_compile
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snnc.bundle import folder as bundles
from snnc.bundle.manifest_file import manifest_text

from . import on_bytes, on_hdf5, on_json, on_zip
from .on_pickle import PYTHON
from .plan import Change

Content = Callable[[bytes, Change, bytes], bytes]

BYTES: tuple[Content, ...] = (
    *(on_bytes.flip, on_bytes.flip, on_bytes.put, on_bytes.mark, on_bytes.cut, on_bytes.zero),
    *(on_bytes.double, on_bytes.swap, on_bytes.splice, on_bytes.whole),
)
STRUCTURE: dict[str, tuple[Content, ...]] = {
    ".json": (on_json.structure, on_json.structure, on_json.structure, on_json.raw),
    ".npz": (on_zip.values_inside, on_zip.values_inside, on_zip.array_inside, on_zip.structure),
    ".nir": (on_hdf5.structure, on_hdf5.links),
}
SHADOWS = (
    *("numpy.py", "snnc.py", "lava.py", "json.py", "sitecustomize.py", "usercustomize.py", "nir.py"),
    *("scipy/__init__.py", "conftest.py", "typing.py", "torch.py", "h5py.py", "sanafe.py", "setup.py"),
)


def payload(folder: Path) -> list[Path]:
    """Regular files of a bundle, the manifest among them."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def _rewrite(path: Path, change: Change, structured: bool) -> None:
    edits = STRUCTURE.get(path.suffix, BYTES) if structured else BYTES
    content = path.read_bytes()
    path.write_bytes(edits[change.other % len(edits)](content, change, content[::-1]))


def damage(folder: Path, change: Change) -> None:
    """One file is another; the manifest stays as it was, or is the one."""
    files = payload(folder)
    if files:
        _rewrite(files[change.choice(len(files))], change, structured=change.much % 3 == 0)


def manifest(folder: Path, change: Change) -> None:
    """The manifest is another."""
    path = folder / bundles.MANIFEST
    if path.is_file():
        _rewrite(path, change, structured=change.much % 4 > 0)


def seal(folder: Path) -> None:
    """Make a changed bundle look whole: as whoever changes it on purpose would."""
    seal_as(folder, json.loads((folder / bundles.MANIFEST).read_text(encoding="utf-8")))


def seal_as(folder: Path, document: dict[str, Any]) -> None:
    """Write a manifest whose every hash is right, whatever else it says: ``seal`` would refuse lies."""
    files = {
        path.relative_to(folder).as_posix(): bundles.digest(path.read_bytes())
        for path in payload(folder)
        if path != folder / bundles.MANIFEST
    }
    content = {"format": bundles.FORMAT, **document, "files": files}
    (folder / bundles.MANIFEST).write_bytes(_text(content))


def _text(content: dict[str, Any]) -> bytes:
    try:
        return manifest_text(content)
    except UnicodeEncodeError:  # half a surrogate: no digest is right
        return on_json.text_of(content)


def program_lie(folder: Path, change: Change) -> None:
    """One place of the program says something else, sealed."""
    path = folder / bundles.PROGRAM
    path.write_bytes(on_json.structure(path.read_bytes(), change, b""))
    seal(folder)


def weights_lie(folder: Path, change: Change) -> None:
    """One array of the program's weights is another, sealed."""
    _rewrite(folder / bundles.WEIGHTS, change, structured=True)
    seal(folder)


def manifest_lie(folder: Path, change: Change) -> None:
    """One place of the manifest says something else, sealed."""
    path = folder / bundles.MANIFEST
    document = on_json.edit(json.loads(path.read_text(encoding="utf-8")), change)
    if isinstance(document, dict):
        seal_as(folder, document)


def payload_lie(folder: Path, change: Change) -> None:
    """One file of the payload is another, sealed."""
    apart = {bundles.MANIFEST, bundles.PROGRAM, bundles.WEIGHTS}
    files = [p for p in payload(folder) if p.name not in apart or p.parent != folder]
    if files:
        path = files[change.choice(len(files))]
        _rewrite(path, change, structured=change.much % 4 > 0)
        seal(folder)


def plant(folder: Path, change: Change) -> None:
    """Something beside what was compiled: code that would be imported, links, pipes; sealed or not."""
    places = [folder, *(p for p in sorted(folder.rglob("*")) if p.is_dir())]
    place = places[change.where % len(places)]
    how = change.much % 9
    if how == 0:
        _bytecode(folder, place)
    elif how == 1:
        os.mkfifo(place / "pipe")
    elif how == 2:
        (place / "link").symlink_to(
            ("/dev/zero", "/etc/passwd", "..", "link", "manifest.json")[change.other % 5]
        )
    elif how == 3:
        _write(place / f"__init__{_extension()}", b"\x7fELF" + bytes(200))
    elif how == 4:
        _write(place / "__pycache__" / "x" / "hidden.py", PYTHON.encode())
    elif how == 5:
        (place / ("empty", "__pycache__")[change.other % 2]).mkdir(exist_ok=True)
    elif how == 6:
        _write(place / "x.pth", PYTHON.encode())
    elif how == 7:
        name = (b"\xff\xfe.txt", b"a\nb", b"\x1b[31m.py")[change.other % 3]
        Path(os.fsdecode(os.fsencode(place) + b"/" + name)).write_bytes(b"")
    else:
        _write(place / SHADOWS[change.other % len(SHADOWS)], PYTHON.encode())
    if change.other // 8 % 3 == 0:
        seal(folder)


def _extension() -> str:
    from importlib.machinery import EXTENSION_SUFFIXES

    return EXTENSION_SUFFIXES[0]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _bytecode(folder: Path, place: Path) -> None:
    """Bytecode that Python takes for the package's own, and that does more."""
    sources = sorted(place.glob("*.py")) or sorted(folder.rglob("*.py"))
    if not sources:
        _write(place / "__pycache__" / "x.cpython-311.pyc", bytes(16))
        return
    source = sources[0]
    content = source.read_bytes()
    source.write_bytes(content + b"\n" + PYTHON.encode() + b"\n")
    py_compile.compile(
        str(source), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    source.write_bytes(content)


def missing(folder: Path, change: Change) -> None:
    """A file of the bundle is missing or is something else; sealed or not."""
    from .on_place import stand_in

    files = payload(folder)
    if not files or folder.is_symlink():  # one that leads elsewhere has files of the fuzzer itself
        return
    path = files[change.choice(len(files))]
    if change.much % 3 == 0:
        path.unlink()
    elif change.much % 3 == 1:
        stand_in(path, change)
    else:
        path.rename(path.with_name(f"{path.name} 2"))
    if change.other // 8 % 3 == 0 and path != folder / bundles.MANIFEST:
        seal(folder)


def names(folder: Path, change: Change) -> None:
    """What the manifest names leads elsewhere; sealed."""
    path = folder / bundles.MANIFEST
    document = json.loads(path.read_text(encoding="utf-8"))
    roles = sorted(document["payload"])
    role = roles[change.where % len(roles)]
    name = document["payload"][role]
    texts = (
        *("../secret.bin", "/etc/passwd", f"x/../{name}", f"./{name}", "..", ".", "", f"{name}/"),
        *("manifest.json", "program.json", "weights.npz", f"{name}\0", "~/x", "../pipe", "x" * 5000),
        *("__pycache__", name.upper(), f"{name}//", "\ud800", f"../{folder.name}/{name}"),
    )
    document["payload"][role] = texts[change.much % len(texts)]
    if change.other % 2:
        (folder / "x").mkdir(exist_ok=True)
        (folder / "x" / "k").write_text("")
    if change.other % 5 == 0 and roles[1:]:
        document["payload"][roles[change.other % len(roles)]] = name
    seal_as(folder, document)


def moved(folder: Path, change: Change) -> None:
    """The package of a payload stands in the bundle's root, its place is another (sealed)."""
    for package in sorted(p for p in folder.iterdir() if p.is_dir())[:1]:
        for path in list(package.iterdir()):
            if not (folder / path.name).exists():
                shutil.move(path, folder / path.name)
        shutil.rmtree(package)
    path = folder / bundles.MANIFEST
    document = json.loads(path.read_text(encoding="utf-8"))
    for role, name in document["payload"].items():
        document["payload"][role] = f"x/../{Path(name).name}"
    (folder / "x").mkdir(exist_ok=True)
    (folder / "x" / "k").write_text("")
    seal_as(folder, document)
