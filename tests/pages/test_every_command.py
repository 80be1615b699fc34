"""Every command on every page exists, with the options that the page gives it."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

from snnc.backends import registered_backends
from snnc.commands.app import app
from snnc.passes import registered
from snnc.settings import options
from snnc.training.methods.registry import METHODS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("samples/*/README.md")])
CODE = re.compile(r"^```+[^\n]*\n(.*?)^```+[ ]*$|^(?: {4}|\t)(.*?)$|`([^`\n]+)`", re.M | re.S)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
SET = re.compile(r"\b([a-z][a-z0-9-]*)\{([a-z-]+)(?:=([\w.>-]*))?")
MODULE = re.compile(r"\bpython3? -m ((?:snnc|samples|benchmarks|tests)(?:\.\w+)*)")
TARGET = re.compile(r"^\s*(?:\$ )?make ([a-z]+)\b", re.M)


def code(page: Path) -> Iterator[str]:
    """Every line of a page that is code, without what stands behind ``#``."""
    for fenced, indented, inline in CODE.findall(page.read_text()):
        for line in (fenced or indented or inline).splitlines():
            yield re.split(r"(?:^|\s)#\s", line)[0]


@cache
def commands() -> dict[str, set[str]]:
    """The options of each command, by its words behind ``snnc``."""
    found: dict[str, set[str]] = {}
    pending = [("", typer.main.get_command(app))]
    while pending:
        words, command = pending.pop()
        found[words] = {text for p in command.params for text in (*p.opts, *p.secondary_opts)}
        inner = getattr(command, "commands", {})
        pending += [(f"{words} {name}".strip(), each) for name, each in inner.items()]
    return found


def called(line: str) -> Iterator[tuple[str, str]]:
    """The words of every command of snnc in a line, and what it is given."""
    for part in re.split(r"&&|;|\|", line):
        found = re.match(r"^\s*(?:\$ )?(?:\S*/)?(?:python3? -m )?snnc ((?:[a-z-]+ ?)+|-.*)(.*)$", part)
        if found is None:
            continue
        words: list[str] = []
        for word in found[1].split():
            if " ".join([*words, word]) not in commands():
                break
            words.append(word)
        yield " ".join(words), part


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_options_are_those_of_the_command(page: Path) -> None:
    wrong = []
    for line in code(page):
        for words, part in called(line):
            known = commands()[words] | {"--help"}
            if not words and re.match(r"^\s*(?:\$ )?snnc [a-z]", part) and "--" in part:
                wrong.append(f"no such command: {part}")
            wrong += [f"{option}: {part}" for option in OPTION.findall(part) if option not in known]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_options_of_passes_targets_and_methods_exist(page: Path) -> None:
    kinds: dict[str, type] = {**registered(), **METHODS}
    kinds |= {f.name: type(f.backend) for f in registered_backends() if f.backend is not None}
    wrong = []
    for line in code(page):
        for name, option, value in SET.findall(line):
            if name not in kinds or option in ("option", "options"):
                continue
            choices = getattr(kinds[name], "choices", {}).get(option.replace("-", "_"))
            if name in METHODS and option == "recipe":
                continue  # a preset of options, by the name of a publication
            if option not in options(kinds[name]):
                wrong.append(f"{name}{{{option}}}")
            elif re.fullmatch(r"[a-z][\w-]*", value) and choices is not None and value not in choices:
                wrong.append(f"{name}{{{option}={value}}}")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_make_targets_exist(page: Path) -> None:
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    text = "\n".join(code(page)) if page.name != "CHANGELOG.md" else ""  # it names what was
    wrong = [name for name in MODULE.findall(text) if importlib.util.find_spec(name) is None]
    wrong += [f"make {name}" for name in TARGET.findall(text) if name not in made]
    assert wrong == []


def test_the_pages_have_commands() -> None:
    """The patterns above find what they are to find."""
    seen = {words for page in PAGES for line in code(page) for words, _ in called(line)}
    assert {"compile", "verify", "run", "tune", "targets", "targets install", "report"} <= seen
    assert len([1 for page in PAGES for line in code(page) for _ in called(line)]) > 150
