"""No number of an option is without bounds, and what is outside is refused with both numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest

from snnc.backends import registered_backends
from snnc.bounds import Bounds, shown_number
from snnc.commands.app import app
from snnc.errors import UserError
from snnc.passes import Pass, parse_pass, registered
from snnc.settings import options, values
from snnc.training import Recipe
from snnc.training.config import FILES, read_config
from snnc.training.methods.registry import METHODS
from snnc.training.recordings import AUGMENTED, BOUNDS, CUTS, NUMBERS, VIEWS, recorded_parts
from snnc.training.stages import Stage
from snnc.training.tables import Table

from .conftest import MODEL, Command

HUGE = 10**19
WIDE = ("9223372036854775808", f"{HUGE}", f"{10**21}", f"-{HUGE}")
STRANGE = ("nan", "inf", "-inf", "1e308", "-1e308", "-1e-320")


def kinds() -> Iterator[type]:
    """Every dataclass of ours whose fields are options."""
    yield from (kind for kind in registered().values() if kind.__module__.startswith("snnc"))
    yield from METHODS.values()
    yield from (
        type(found.backend) for found in registered_backends() if found.distribution[:5] == "snnc "
    )
    yield from (Recipe, Stage)


def numbers() -> Iterator[tuple[type, str, type]]:
    """Every field of theirs that is a number."""
    for kind in kinds():
        for option, hint in options(kind).items():
            if hint in (int, float):
                yield kind, option.replace("-", "_"), hint


NUMBERED = list(numbers())


def made(kind: type, field: str, value: object) -> Any:
    if kind is Stage:
        return Stage(METHODS["weights"](), Recipe(), **{field: value})  # type: ignore[arg-type]
    return kind(**{field: value})


def outside(bounds: Bounds) -> Iterator[tuple[float, float]]:
    """Numbers next to the ends and far beyond, and the end that they violate."""
    step = 1 if bounds.whole else 0
    yield bounds.low if bounds.above_low else _next(bounds.low, -1, step), bounds.low
    yield bounds.high if bounds.below_high else _next(bounds.high, 1, step), bounds.high
    yield -HUGE * HUGE, bounds.low
    yield HUGE * HUGE, bounds.high
    if not bounds.whole:
        yield from ((math.nan, bounds.low), (math.inf, bounds.high), (-math.inf, bounds.low))


def _next(value: float, sign: int, step: int) -> float:
    return value + sign * step if step else math.nextafter(value, sign * math.inf)


def test_there_are_numbers() -> None:
    assert len(NUMBERED) > 40 and {int, float} == {hint for _, _, hint in NUMBERED}


@pytest.mark.parametrize(("kind", "field", "hint"), NUMBERED)
def test_a_field_has_bounds_and_keeps_them(kind: Any, field: str, hint: type) -> None:
    bounds: Bounds = kind.bounds[field]
    assert bounds.whole == (hint is int)
    for value, end in outside(bounds):
        with pytest.raises(UserError) as caught:
            made(kind, field, value)
        (problem,) = caught.value.diagnostics
        assert f"is {shown_number(value)}, " in problem.what and shown_number(end) in problem.what
        assert problem.help == f"use {bounds}"
    for value, excluded in ((bounds.low, bounds.above_low), (bounds.high, bounds.below_high)):
        if not excluded and field not in getattr(kind, "choices", {}):
            assert getattr(made(kind, field, value), field) == value


def test_bounds_are_of_fields() -> None:
    for kind in kinds():
        bounds: Mapping[str, Bounds] = getattr(kind, "bounds", {})
        assert set(bounds) == {field for owner, field, _ in NUMBERED if owner is kind}


@dataclass(frozen=True)
class Foreign(Pass):
    """A pass of another package, which says no bounds."""

    name = "foreign"
    count: int = 1
    share: float = 1.0


@pytest.mark.parametrize("text", [*WIDE[:3], "nan", "inf", "1e308"])
def test_a_plug_in_without_bounds_gets_numbers_that_arrays_hold(text: str) -> None:
    for option in ("count", "share"):
        if option == "count" and not text.isdigit():
            continue
        if option == "share" and text in WIDE:
            continue
        with pytest.raises(UserError, match=rf"D305\]: {option} is .*\n  at   foreign\{{"):
            values(Foreign, {option: text}, "pass foreign")
    assert values(Foreign, {"count": f"{2**63 - 1}", "share": "-1e30"}, "pass foreign")


def number_options() -> list[tuple[str, str, type]]:
    """Every option of a command that is a number."""
    found = []
    for command in (c for c in app.registered_commands if c.callback is not None):
        assert command.callback is not None
        name = command.name or command.callback.__name__
        for field, hint in get_type_hints(command.callback).items():
            of = {*getattr(hint, "__args__", ()), hint} & {int, float}
            found += [(name, f"--{field.replace('_', '-')}", kind) for kind in of]
    return found


LISTS = [
    ("compile", "--input-shape", int),
    ("tune", "--input-shape", int),
    ("tune", "--steps-per-frame", int),
    ("tune", "--weight-bits", int),
    ("noise", "--steps", int),
    ("noise", "--thresholds", float),
]
"""Texts that hold numbers."""


@pytest.mark.parametrize("number", [*number_options(), *LISTS], ids=lambda n: " ".join(n[:2]))
def test_a_commands_number(
    snnc: Command,
    finished: Path,
    data: Path,
    state: Path,
    nir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: tuple[str, str, type],
) -> None:
    command, option, kind = number
    monkeypatch.chdir(tmp_path)
    model = {"--input-shape": state, "--dt": nir}.get(option, MODEL)
    known: dict[str, list[str | Path]] = {
        "compile": [model, "--target", "reference"],
        "inspect": [model],
        "verify": [finished],
        "run": [finished, "--data", data, "-o", "answers.npz"],
        "tune": [model, "--target", "reference", "--data", data],
        "noise": [model, "--data", data],
        "frames": ["recordings", "-o", "x.npz"],
        "report": [finished, "--data", data, "-o", "report.html"],
        "finetune": [model, "--data", data, "--method", method(option)],
    }
    for text in WIDE if kind is int else STRANGE:
        done = snnc(command, *known[command], f"{option}={text}")
        assert done.code == 2 and done.err.startswith("error[D"), (text, done.err)
        assert done.err.count("error[D") == 1 and len(done.err) < 600, done.err
        assert option.removeprefix("--").replace("validation-share", "validation") in done.err.replace(
            "_", "-"
        )
        if option != "--input-shape":
            said = shown_number(kind(text))
            assert f"is {said}, " in done.err, (text, done.err)
    assert list(tmp_path.iterdir()) == []


def method(option: str) -> str:
    return "weights" if option == "--bits" else "stdb"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of ``torch.save`` that does not say the shape of its input."""
    import torch
    from torch import nn

    path = tmp_path_factory.mktemp("state") / "net.pt"
    torch.save(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), path)
    return path


@pytest.fixture(scope="module")
def nir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A NIR file, whose time step is an option."""
    import nir as format_

    one = np.ones(2)
    nodes = {
        "input": format_.Input(np.array([2])),
        "w": format_.Linear(np.eye(2)),
        "lif": format_.LIF(tau=one / 100, r=one, v_leak=one * 0, v_threshold=one),
        "output": format_.Output(np.array([2])),
    }
    edges = [("input", "w"), ("w", "lif"), ("lif", "output")]
    path = tmp_path_factory.mktemp("nir") / "net.nir"
    format_.write(path, format_.NIRGraph(nodes, edges))
    return path


CONFIG = """
model = "net.pt"
{top}
[data]
train = "train.npz"
{data}
[[stage]]
method = "weights"
{stage}
[output]
model = "tuned.pt"
"""


@pytest.mark.parametrize(
    "value", ["18446744073709551615", "9223372036854775808", "-1", "-9223372036854775809"]
)
def test_whole_numbers_of_a_configuration(tmp_path: Path, value: str) -> None:
    hints = {f.name: get_type_hints(Recipe)[f.name] for f in fields(Recipe)}
    keys = [("stage", key) for key, hint in hints.items() if hint in (int, float)]
    for place, key in [*keys, ("stage", "batch"), ("top", "seed")]:
        parts = {"top": "", "data": "", "stage": "", place: f"{key} = {value}"}
        path = tmp_path / "run.toml"
        path.write_text(CONFIG.format(**parts))
        if hints.get(key) is float and Recipe.bounds[key].hold(float(value)):
            continue
        with pytest.raises(UserError) as caught:
            read_config(path)
        (problem,) = caught.value.diagnostics
        assert problem.code == "D305" and f"{key} is " in problem.what


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e308", "-1e-320"])
def test_other_numbers_of_a_configuration(tmp_path: Path, value: str) -> None:
    for key in ("learning_rate", "weight_decay", "smoothing", "clip"):
        path = tmp_path / "run.toml"
        path.write_text(CONFIG.format(top="", data="", stage=f"{key} = {value}"))
        with pytest.raises(UserError, match=rf"D305\]: {key} is "):
            read_config(path)
    path.write_text(CONFIG.format(top="", data=f"validation_share = {value}", stage=""))
    with pytest.raises(UserError, match=r"D305\]: validation_share is "):
        read_config(path).data.get("validation_share", float)


def test_every_number_of_data_has_bounds(tmp_path: Path) -> None:
    whole = {key for key, kind in {**CUTS, **VIEWS, **NUMBERS}.items() if kind is int}
    assert {*whole, "validation_share"} == set(BOUNDS) and "validation_share" in FILES
    for key in BOUNDS:
        for number in (2**64 - 1, 2**63, -1, 0, -(2**63)):
            with pytest.raises(UserError, match=rf"D305\]: {key} is "):
                Table({key: number}, "here", BOUNDS, BOUNDS).get(
                    key, int if BOUNDS[key].whole else float
                )
    for key in AUGMENTED:
        for share in (math.inf, math.nan, 1e308, -1e-320):
            table = {"set": "nmnist", "augment": {key: share}}
            with pytest.raises(UserError, match=rf"D305\]: {key} is "):
                recorded_parts(Table(table, "here", table), tmp_path, 0)


@pytest.mark.parametrize("crop", [[0, 0, 2**40, 1], [0, 0, True, 1], [-1, 0, 1, 1], [0, 0, 1]])
def test_a_crop_that_is_none(tmp_path: Path, crop: list[int]) -> None:
    (tmp_path / "recordings" / "train" / "0").mkdir(parents=True)
    table = {"set": "recordings", "crop": crop}
    with pytest.raises(UserError, match="D325"):
        recorded_parts(Table(table, "here", table), tmp_path, 0)


def test_numbers_are_shown_so_that_they_can_be_read() -> None:
    assert shown_number(2**100) == str(2**100) and shown_number(10**5000) == "2^16609 or more"
    assert shown_number(-(10**5000)) == "-2^16609 or more"
    assert (shown_number(1e308), shown_number(0.1), shown_number(65536)) == ("1e+308", "0.1", "65536")
    assert shown_number(math.nextafter(1.0, 2)) == "1.0000000000000002"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"quantize-weights{{candidates={HUGE}}}", f"candidates is {HUGE}, the largest is 4096"),
        ("balance-thresholds{scale=1e308}", "scale is 1e+308, the largest is 1e+06"),
    ],
)
def test_the_bound_of_an_option_is_said_not_that_of_arrays(text: str, said: str) -> None:
    with pytest.raises(UserError, match=r"D305") as caught:
        parse_pass(text)
    assert caught.value.diagnostics[0].what == said
