"""README and docs/index.md: what they tell a newcomer to type works, and prints what they show."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import snnc
from samples.moving_digits.demo import STEPS
from snnc.backends import find_backend, registered_backends
from snnc.frontend import load_model
from snnc.shipped import write_samples

from .blocks import Block, alike, blocks, missing, run

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/index.md")
GUIDES = ("docs/lost-points.md", "docs/fit-a-chip.md", "docs/read-a-message.md")
"""Short ways to do one thing: their commands are run too, and what they print is compared."""
TEXTS = {page: (ROOT / page).read_text() for page in PAGES}
MAKEFILE = (ROOT / "Makefile").read_text()
LINES, WORDS = 128, 1200
"""Bounds of the README."""

POINTS = 2.0
"""By which the accuracy of a network that the page trains may differ on another machine."""


def recipe(target: str) -> str:
    """What ``make target`` runs."""
    [found] = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.M)
    return str(found)


def environment_of(target: str) -> bool:
    return any(engine.environment is not None for engine in find_backend(target).engines())


ELSEWHERE: dict[str, Callable[[], bool]] = {
    "make demo": lambda: "-m samples.moving_digits.demo\n" in recipe("demo"),
    "make test": lambda: "-m pytest" in recipe("test"),
    "source .venv/bin/activate": lambda: "\nVENV := .venv\n" in MAKEFILE,
    f"pip install dist/snnc-{snnc.__version__}-py3-none-any.whl": lambda: True,
    "snnc targets install loihi": lambda: environment_of("loihi"),
}
"""Commands that the test does not run, and what is looked at instead; ``tests/test_package.py`` builds
the wheel and runs it. The demo is run where the page shows its output."""


def demo() -> list[str]:
    return run(f"{sys.executable} -m samples.moving_digits.demo", ROOT)


def own_network() -> Block:
    """The block of the start page that trains a network and writes ``net.*`` and ``*.npz``."""
    [found] = [b for b in blocks(TEXTS["docs/index.md"]) if "torch.optim" in b.text]
    return found


GIVEN = """
import snnc, numpy, torch
net, images = torch.export.load("net.pt2").module(), numpy.load("train.npz")["x"]
"""
"""What a block that begins with a network of the reader's own stands behind."""


def script(block: Block, folder: Path) -> list[str]:
    """What a block of Python prints, as a file of its own."""
    path = folder / "block.py"
    path.write_text(block.text if "import snnc" in block.text else GIVEN + block.text)
    return run(f"python -W ignore {path.name} 2>errors.txt || (cat errors.txt; exit 1)", folder)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the start page's own network was trained and written."""
    pytest.importorskip("torch", reason="the pages train a network: make setup")
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn: make setup")
    folder = tmp_path_factory.mktemp("trained")
    (folder / "printed.txt").write_text("\n".join(script(own_network(), folder)))
    return folder


def compare(block: Block, printed: list[str], points: float) -> None:
    """What a block of Python is said to print with what it prints."""
    pairs = list(zip(block.printed, printed, strict=True))
    assert [pair for pair in pairs if not alike(*pair, points)] == []


@pytest.mark.slow
@pytest.mark.lava
@pytest.mark.parametrize("guide", GUIDES)
def test_guides_show_what_is_printed(guide: str, tmp_path: Path) -> None:
    every, printed = blocks((ROOT / guide).read_text()), list[str]()
    assert {block.kind for block in every} == {"sh", "text"}
    for block in every:
        if block.kind == "text":
            assert missing(block.lines, printed) == [], "\n".join(printed)
        else:
            printed = [line for command in block.commands for line in run(command, tmp_path)]


@pytest.mark.slow
@pytest.mark.lava
@pytest.mark.parametrize("page", PAGES)
def test_commands_and_code_give_what_is_shown(page: str, trained: Path, tmp_path: Path) -> None:
    if page == "README.md":  # its net.onnx, net.pt2 and train.npz are those of the start page
        shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    every, printed = blocks(TEXTS[page]), list[str]()
    assert {block.kind for block in every} <= {"sh", "text", "python"}
    for block, following in zip(every, [*every[1:], Block("", "")], strict=True):
        if block.kind == "text":
            assert missing(block.lines, printed) == [], "\n".join(printed)
        elif block.kind == "sh":
            printed = []
            for command in block.commands:
                if command not in ELSEWHERE:
                    printed += run(command, tmp_path)
                elif command == "make demo" and following.kind == "text":
                    printed += demo()
        elif block == own_network():
            shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
            compare(block, (trained / "printed.txt").read_text().splitlines(), POINTS)
        else:
            compare(block, script(block, tmp_path), 0.0)


def test_what_is_not_run_is_there() -> None:
    commands = {c for t in TEXTS.values() for b in blocks(t) if b.kind == "sh" for c in b.commands}
    assert set(ELSEWHERE) <= commands
    assert [command for command, holds in ELSEWHERE.items() if not holds()] == []


def test_nothing_is_shown_unrun() -> None:
    """Output follows the commands that give it, and indented blocks would not be run."""
    for page, text in TEXTS.items():
        kinds = [block.kind for block in blocks(text)]
        assert all(kinds[i - 1] == "sh" for i, kind in enumerate(kinds) if kind == "text"), page
        assert (
            re.findall(r"^(?: {4}|\t)\S.*$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
            == []
        )


def test_a_changed_number_is_found() -> None:
    printed = ["a", "note 1", "b", "0 of 10 values differ"]
    assert missing(["note 1", "...", "0 of 10 values differ"], printed) == []
    assert missing(["note 1", "0 of 10 values differ"], printed) == ["note 1", "0 of 10 values differ"]
    assert missing(["...", "0 of 11 values differ"], printed) == ["0 of 11 values differ"]
    assert alike("accuracy 92.6% of 5", "accuracy 91.0% of 5", 2.0)
    assert not alike("accuracy 92.6% of 5", "accuracy 90.4% of 5", 2.0)
    assert not alike("accuracy 92.6% of 5", "accuracy 92.6% of 6", 2.0)


def last_row() -> list[str]:
    """Frame, floats, and K = 4, 8, 16, 32 of the table that the demo prints."""
    [table] = [b for b in blocks(TEXTS["docs/index.md"]) if b.text.startswith("accuracy in %")]
    [row] = [line.split() for line in table.lines if line.split()[0] == "12"]
    return row


def conversion(text: str) -> bool:
    """Whether the page of the benchmark says the same."""
    return text in " ".join((ROOT / "docs" / "conversion.md").read_text().split())


def streams() -> int:
    with np.load(ROOT / "compiler" / "shipped" / "data" / "moving_digits_test.npz") as data:
        return len(data["y"])


def calibration() -> int:
    found = load_model(ROOT / "samples" / "moving_digits" / "model.pt").calibration
    assert found is not None
    return len(found)


CLAIMS: dict[str, Callable[[], bool]] = {
    r"Python 3\.11 or newer": lambda: (
        'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
    ),
    r"a moving 6; the spikes of layers h1 and h2": lambda: True,  # test_picture.py
    r"of which the 6 is the largest from the third frame on": lambda: True,  # test_picture.py
    r"with 4, 8, 16 and 32 time steps": lambda: STEPS == (4, 8, 16, 32),
    r"97\.6% after the last frame; the float network has 97\.8%": lambda: (
        last_row()[1] == "97.8" and last_row()[4] == "97.6"
    ),
    r"Loihi [12]|Xylo 2|brian2-loihi|ECP5|iCE40|Apache-2\.0": lambda: True,
    r"On 44 small classifiers, two seeds each": lambda: conversion(
        "**Defaults** (`auto`, 8 bits). Of 88 classifiers"
    ),
    r"lose at most 1\.2 points, and 0\.0 in the median": lambda: (
        conversion("Of 88 classifiers the worst loses 1.2 points")
        and conversion("the only one that loses more than 1 point, and the median loss is 0.0.")
    ),
    r"500 labelled streams": lambda: streams() == 500,
    r"carries 64 of its training streams": lambda: calibration() == 64,
    r"over 16 time steps": lambda: 16 in STEPS,
    r"Exit code 0 means equal, 1 different, 2 not compared": lambda: (
        True
    ),  # tests/cli/test_exit_codes.py
    r"1,297 to train and 500 to test": lambda: streams() == 500,
    r"in about two minutes on 2 cores \(seed 0\)": lambda: True,
}
"""Every number in the prose of the two pages, and what it is compared with. Names of chips, of layers
and of licences are not numbers of anything."""


def prose(page: str) -> str:
    """Without code, without where links lead to, with single spaces."""
    text = re.sub(r"^```.*?^```$", " ", TEXTS[page], flags=re.M | re.S)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", text)
    return " ".join(text.split())


@pytest.mark.parametrize("page", PAGES)
def test_every_number_is_compared(page: str) -> None:
    left = prose(page)
    for claim in CLAIMS:
        left = re.sub(claim, " ", left)
    assert re.findall(r".{0,30}\d.{0,30}", left) == []


@pytest.mark.parametrize("claim", CLAIMS)
def test_claims_hold(claim: str) -> None:
    assert any(re.search(claim, prose(page)) for page in PAGES), "said nowhere"
    assert CLAIMS[claim]()


def test_data_and_split_are_those_that_are_said() -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn: make setup")
    from samples.moving_digits.events import split_images

    train, test = split_images()
    assert (len(train), len(test)) == (1297, 500) and not set(train) & set(test)


def test_every_target_is_in_the_table() -> None:
    for page in ("README.md", "docs/commands.md"):
        text = (ROOT / page).read_text().partition("\n## Targets\n")[2].partition("\n## ")[0]
        cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
        named = {name for cell in cells for name in re.findall(r"`(\w[\w-]*)`", cell)}
        assert named - {"c"} == {found.name for found in registered_backends()} - {"c"}, page


def test_it_is_short() -> None:
    text = TEXTS["README.md"]
    assert len(text.splitlines()) <= LINES and len(text.split()) <= WORDS


def test_shipped_names_are_those_that_are_typed(tmp_path: Path) -> None:
    written = {path.name for path in write_samples(tmp_path)}
    own = set(re.findall(r"\b(?:net\.\w+|(?:train|test)\.npz)\b", own_network().text))
    for page, text in TEXTS.items():
        typed = " ".join(
            c for b in blocks(text) if b.kind == "sh" for c in b.commands if "dist/" not in c
        )
        files = set(re.findall(r"[\w.]+\.(?:pt2?|npz|onnx)\b", typed))
        assert files and files <= written | own, page
