"""What messages advise exists: options of commands, of passes and of targets, and packages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import typer

from snnc.backends import registered_backends
from snnc.commands.app import app
from snnc.messages.catalogue import our_groups
from snnc.optional import RANGES, install_command
from snnc.passes import registered
from snnc.settings import options
from snnc.training.methods.registry import METHODS

from .sources import ROOT, source_files, texts

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
SET = re.compile(r"\b([a-z][a-z0-9-]*)\{\{?([a-z-]+)(?:=([\w.>-]*))?")

NOT_OURS = {
    "--upgrade": "pip's",
    "--scheduler-file": "of `dask scheduler`",
    "--no-deps": "pip's",
    "--ignore-requires-python": "pip's",
    "--version": "of a C compiler",
    "--specs": "GCC's",
    "--gc-sections": "the linker's",
    "--map": "of the script in a bundle for akida",
    "--card": "of the script in a bundle for akida",
}
"""Options of other programs, whose names messages and calls contain."""

OWN_PROGRAMS = (
    "compiler/conformance/",
    "samples/",
    "backends/loihi/payload",
    "backends/environments",
    "backends/fpga/building",
    "backends/fpga/devices",
    "backends/fpga/fit",
    "backends/fpga/readme",
)
"""Files with command lines of their own, of pip, or of tools for hardware."""


@cache
def commands() -> dict[str, set[str]]:
    """The options of each command, by its name."""
    found: dict[str, set[str]] = {}
    pending = [("snnc", typer.main.get_command(app))]
    while pending:
        name, command = pending.pop()
        found[name] = {text for p in command.params for text in (*p.opts, *p.secondary_opts)}
        pending += getattr(command, "commands", {}).items()
    return found


def advice() -> Iterator[tuple[str, str]]:
    """Texts that can be shown to the user, with the file or code that has them."""
    for path in source_files():
        name = str(path.relative_to(ROOT))
        if not name.startswith(OWN_PROGRAMS):
            yield from ((name, text) for text in texts(path))
    for group in our_groups():
        for m in group.messages:
            yield from ((m.code, text) for text in (m.meaning, *m.causes, *m.cures))


def test_every_option_is_one_of_a_command() -> None:
    known = {"--help"}.union(NOT_OURS, *commands().values())
    wrong = {
        (where, option)
        for where, text in advice()
        for option in OPTION.findall(text)
        if option not in known and option + "-" not in text
    }
    assert wrong == set()


def test_every_option_of_a_pass_or_target_is_there() -> None:
    kinds: dict[str, type] = {**registered(), **METHODS}
    kinds |= {f.name: type(f.backend) for f in registered_backends() if f.backend is not None}
    wrong, seen = set(), 0
    for where, text in advice():
        for name, option, value in SET.findall(text):
            if name not in kinds or option in ("option", "options"):
                continue
            seen += 1
            choices = getattr(kinds[name], "choices", {}).get(option.replace("-", "_"))
            if option not in options(kinds[name]):
                wrong.add((where, f"{name}{{{option}}}"))
            elif value and value != "..." and choices is not None and value not in choices:
                wrong.add((where, f"{name}{{{option}={value}}}"))
    assert wrong == set() and seen > 60


def test_what_a_shell_would_change_is_quoted() -> None:
    """bash makes two words of ``nir{wiring=free,delays=nodes}``."""
    bare = re.compile(r"--(?:set|target) [a-z-]+\{")
    found = [(where, text) for where, text in advice() if bare.search(text)]
    assert found == []


def test_every_command_that_is_named_is_there() -> None:
    known = set(commands())
    named = {
        (where, word)
        for where, text in advice()
        for word in re.findall(r"\bsnnc (?!for )([a-z]+) (?:[A-Z]{2,}|-)", text)
    }
    assert {pair for pair in named if pair[1] not in known} == set() and named


def test_packages_are_asked_for_in_the_versions_that_work() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    wanted = {
        text
        for name in (
            "torch",
            "nir",
            "onnx",
            "safetensors",
            "plots",
            "report",
            "events",
            "placement",
            "distributed",
        )
        for text in extras[name]
    }
    assert {f"{package}{versions}" for package, versions in RANGES.items()} == wanted
    assert install_command("nir") == "pip install 'nir>=1.0.8'"


def test_nothing_advises_an_extra_of_snnc() -> None:
    """snnc is on no index: ``pip install 'nir>=1.0.8'`` would find nothing, or something else."""
    assert [where for where, text in advice() if "snnc[" in text and "pip install" in text] == []


def test_files_that_are_named_are_there() -> None:
    named = {
        (where, name) for where, text in advice() for name in re.findall(r"\bdocs/[\w-]+\.md\b", text)
    }
    assert {pair for pair in named if not (ROOT / Path(pair[1])).is_file()} == set()
