"""NIR bundles whose payload was edited: a message or a comparison, in time, whoever sealed them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sealing import reseal

from .conftest import Command, Done

nir: Any = pytest.importorskip(
    "nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'"
)
import h5py  # noqa: E402

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, snnc: Command) -> Path:
    """Four inputs, five neurons with a soft reset, two outputs, beside the file that it is from."""
    rng = np.random.default_rng(0)
    full = np.ones(5, np.float32)
    graph = nir.NIRGraph.from_list(
        nir.Affine(rng.normal(0.4, 0.3, (5, 4)).astype(np.float32), 0 * full),
        nir.IF(full, full, 0 * full),
        nir.Linear(rng.normal(0, 1, (2, 5)).astype(np.float32)),
    )
    place = tmp_path_factory.mktemp("altered")
    nir.write(place / "net.nir", graph)
    np.savez(place / "data.npz", x=rng.poisson(0.5, (2, 8, 4)))
    options = ("--target", "nir", "--dt", "1", "--calibration", place / "data.npz")
    done = snnc("compile", place / "net.nir", *options, "-o", place / "net.bundle")
    assert done.code == 0, done.err
    return place


@pytest.fixture
def bundle(compiled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(compiled / "net.bundle", tmp_path / "net.bundle"))


@pytest.fixture
def verify(compiled: Path, snnc: Command, bundle: Path) -> Callable[..., Done]:
    def verify(*more: str) -> Done:
        return snnc("verify", bundle, "--data", compiled / "data.npz", "--samples", "2", *more)

    return verify


def edit_layout(bundle: Path, edit: Edit) -> None:
    path = bundle / "layout.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


def refused(done: Done, *parts: str) -> None:
    assert done.code == 2 and "Traceback" not in done.err and done.err.count("error[") == 1, done
    for part in parts:
        assert part in done.err, (part, done.err)


def first(**changes: Any) -> Edit:
    return lambda d: d["populations"][0].update(changes)


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (first(shape=[5.0]), "shape is 5.0, not a whole number"),
        (first(shift=0.0), "shift is 0.0, not a whole number"),
        (first(length=5.0), "length is 5.0, not a whole number"),
        (first(first=False), "first is false, not a whole number"),
        (lambda d: d.update(input_shift=1.0), "input_shift is 1.0, not a whole number"),
    ],
)
def test_numbers_that_python_takes_for_equal(
    edit: Edit, part: str, bundle: Path, verify: Callable[..., Done]
) -> None:
    edit_layout(bundle, edit)
    reseal(bundle)
    refused(verify(), "D144", "layout.json", part)
    refused(verify("--allow-altered"), "D144", part)


def test_an_equal_number_of_another_type_is_another_document(
    bundle: Path, verify: Callable[..., Done]
) -> None:
    edit_layout(bundle, lambda d: d.update(dt=1))
    reseal(bundle)
    refused(verify(), "D120", "dt is 1, compiled 1.0")
    done = verify("--allow-altered")
    assert done.code == 1 and "0 of" in done.out and "dt is 1, compiled 1.0" in done.out + done.err


@pytest.mark.parametrize("how", [(), ("--potentials",), ("--ladder",)])
@pytest.mark.parametrize(
    ("edit", "code", "part"),
    [
        (first(shift=3), 1, ""),
        (first(name="other"), 2, "D572"),
        (first(node="nowhere"), 2, "D144"),
        (first(shape=[7]), 2, "D144"),
        (first(shape=[1, 5]), 2, "D572"),
        (first(quantity="potential"), 2, "D572"),
        (first(shift=-(10**7)), 2, "D144"),
        (lambda d: d.update(entry=["x"]), 2, "D144"),
        (lambda d: d.update(populations=[]), 2, "D144"),
        (lambda d: d["populations"].pop(0), 2, "D572"),
    ],
)
def test_edited_layouts(
    edit: Edit,
    code: int,
    part: str,
    how: tuple[str, ...],
    bundle: Path,
    verify: Callable[..., Done],
    compiled: Path,
) -> None:
    edit_layout(bundle, edit)
    sources = ("--model", str(compiled / "net.nir"), "--calibration", str(compiled / "data.npz"))
    done = verify("--allow-altered", *how, *(sources if how == ("--ladder",) else ()))
    if code == 2:
        refused(done, part)
    else:
        assert done.code == 1 and "Traceback" not in done.err, done


def edit_graph(bundle: Path, name: str, value: Any) -> None:
    with h5py.File(bundle / "network.nir", "r+") as file:
        del file[name]
        if value is not None:
            file[name] = value


@pytest.mark.parametrize(
    ("name", "value", "code", "part"),
    [
        ("bias", np.ones(5, np.float32), 1, ""),
        ("bias", np.zeros(7), 2, "bias is 7"),
        ("weight", np.full((5, 4), b"a"), 2, "not of real numbers"),
        ("weight", np.full((5, 4), np.nan), 2, "not finite"),
        ("weight", np.full((5, 4), 1e300), 1, ""),
        ("weight", np.ones((5, 4), np.longdouble), 2, "wider than a double"),
        ("weight", np.ones((5, 4), bool), 1, ""),
    ],
)
def test_edited_graphs(
    name: str, value: Any, code: int, part: str, bundle: Path, verify: Callable[..., Done]
) -> None:
    with h5py.File(bundle / "network.nir") as file:
        nodes = file["node/nodes"]
        layer = next(n for n in nodes if "weight" in nodes[n] and nodes[n]["weight"].shape == (5, 4))
    edit_graph(bundle, f"node/nodes/{layer}/{name}", value)
    done = verify("--allow-altered", "--potentials")
    assert done.code == code and "Traceback" not in done.err and part in done.err, done
    if code == 2:
        refused(done, "D144")


def test_time_is_kept(bundle: Path, verify: Callable[..., Done]) -> None:
    """100,000 steps take seconds; a shift of more than a program may last is refused beforehand."""
    edit_layout(bundle, first(shift=-(10**5)))
    begin = time.monotonic()
    refused(verify("--allow-altered", "--time-limit", "0.2"), "D606", "was stopped after 0.")
    assert time.monotonic() - begin < 10
    edit_layout(bundle, first(shift=-(2**17) - 1))
    refused(verify("--allow-altered", "--time-limit", "0.2"), "D144", "shift is -131073")
