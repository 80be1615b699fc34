# ruff: noqa: E501  the heads of pages, as they are to stand there
"""Pages of passes, targets and methods with their options and limits, and of a bundle's manifest.

    python docs/site/parts.py

Writes them into ``build/reference``, from the classes and their docstrings. ``make docs`` runs it where
PyTorch is, which the methods need and the site's own environment does not have.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from commands import text

from snnc.backends import registered_backends
from snnc.bundle import manifest
from snnc.passes import registered
from snnc.settings import options
from snnc.training.methods.registry import METHODS

BUILT = Path(__file__).resolve().parents[2] / "build" / "reference"

ENTRY = re.compile(r"^ {4}([a-z]\S*(?:, [a-z]\S*)*): +(.*)$")

PASSES = """# Passes

What `--passes`, `--set` and `--print-after` of `snnc compile` name. A pass takes options in braces: `--set 'quantize-weights{bits=4}'`. How to write
one: [a pass](../writing-a-pass.md). `snnc passes` prints the passes of each target in order.
"""

TARGETS = """# Targets, their options and limits

What `--target` names: `--target 'fpga{state-bits=24}'`. A limit that is not here does not exist for the target, or is not known. What comes out of each, and
what checks it: [commands](../commands.md#targets).
"""

METHODS_HEAD = """# Training methods

What `--method` of `snnc train` and `snnc finetune` names, with options in braces: `--method 'threshold{steps=4}'`. An introduction: [training](../training.md).
"""

BUNDLE = """# The files of a bundle

A bundle is the folder that `snnc compile` writes. Nothing in it is executed by snnc when it is read, but for the payload, which an engine runs after it was compared with the
program ([untrusted files](../files.md)).

| file | what it is |
|---|---|
| `manifest.json` | everything that the bundle says of itself: below |
| `program.json` | the integer program: populations, projections, delays, shifts ([numerics](../numerics.md)) |
| `weights.npz` | its integer arrays, each under the key that `program.json` names |
| `placement.json` | cores, chips and traffic, where the target has cores ([placement](../placement.md)) |
| `README.md` | how to run it, for this target |
| the payload | what is deployed; a folder whose name and files depend on the target |

Every member of `manifest.json` in the order of the file; `format` is the first, and a bundle of another one is refused.
"""


def passes() -> str:
    """All registered passes."""
    return _page(PASSES, sorted(registered().items()))


def methods() -> str:
    """All methods of training."""
    return _page(METHODS_HEAD, sorted(METHODS.items()))


def targets() -> str:
    """All registered back ends, with the limits that their targets state."""
    lines = [TARGETS]
    for found in registered_backends():
        if found.backend is None:
            continue
        lines += section(found.name, type(found.backend))
        target = found.backend.target
        limits = {name.text: limit for name, limit in target.limits.items()}
        rows = [
            f"| {text(name)} | {limit.value:,} | {text(limit.unit)} | {text(limit.source)} |"
            for name, limit in sorted({**limits, **target.own_limits}.items())
        ]
        codes = ", ".join(f"`{code.value}`" for code in target.codes)
        lines += [f"Codes: {codes}.", ""]
        if rows:
            lines += ["| limit | value | unit | stated by |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def bundle() -> str:
    """The manifest's members, from the classes that hold them."""
    lines = [BUNDLE, *_members(manifest.Manifest)]
    for kind in (
        manifest.ModelEntry,
        manifest.InputEntry,
        manifest.ReadoutEntry,
        manifest.Calibration,
        manifest.TriedEntry,
    ):
        lines += [f"## {kind.__name__.removesuffix('Entry').lower()}", "", *_members(kind)]
    return "\n".join(lines)


def _page(head: str, kinds: Iterable[tuple[str, type]]) -> str:
    return "\n".join([head, *(line for name, kind in kinds for line in section(name, kind))])


def section(name: str, kind: type) -> list[str]:
    """A heading, what the class does, and a table of its options."""
    said, _ = described(kind, "Options:")
    listed: dict[str, str] = {}
    for base in reversed(kind.__mro__):  # options of several kinds are those of a class they share
        for heading in ("Attributes:", "Options:"):
            listed.update(described(base, heading)[1])
    lines = [f"## {name}", "", said, ""]
    known = options(kind)
    rows = [f"| `{o}` | {listed.get(o.replace('-', '_'), '')} | {default(kind, o)} |" for o in known]
    return [*lines, "| option | meaning | default |", "|---|---|---|", *rows, ""] if rows else lines


def _members(kind: type) -> list[str]:
    _, listed = described(kind, "Attributes:")
    return ["| member | meaning |", "|---|---|", *(f"| `{n}` | {m} |" for n, m in listed.items()), ""]


def described(kind: type, heading: str) -> tuple[str, Mapping[str, str]]:
    """A docstring before a heading, and its entries under it, both as Markdown."""
    before, _, under = (inspect.getdoc(kind) or "").partition(heading + "\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in under.splitlines():
        if (entry := ENTRY.match(line)) is not None:
            names = [name.replace("-", "_") for name in entry[1].split(", ")]
            found |= dict.fromkeys(names, entry[2])
        elif line.startswith("    ") and names:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
        elif line.strip():
            break  # another heading
    return markdown(before), {name: markdown(said) for name, said in found.items()}


def markdown(said: str) -> str:
    """A docstring's text: literals keep their signs, a line of Markdown for each paragraph."""
    paragraphs = [" ".join(part.split()) for part in said.split("\n\n")]
    pieces = [re.split(r"``(.+?)``", paragraph) for paragraph in paragraphs]
    return "\n\n".join(
        "".join(f"`{piece}`" if i % 2 else text(f"x{piece}x")[1:-1] for i, piece in enumerate(each))
        for each in pieces
    ).strip()


def default(kind: Any, option: str) -> str:
    """What is taken where an option is left out."""
    if not is_dataclass(kind):
        return ""
    [found] = [f for f in fields(kind) if f.name == option.replace("-", "_")]
    value = found.default
    return "" if value is MISSING or value is None else f"`{value}`"


def main() -> None:
    """See the module."""
    BUILT.mkdir(parents=True, exist_ok=True)
    for page in (passes, targets, methods, bundle):
        (BUILT / f"{page.__name__}.md").write_text(page())


if __name__ == "__main__":
    main()
