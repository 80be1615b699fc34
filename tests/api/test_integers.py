"""Networks that are integers already, from file or Python, become bundles that no pass has touched."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import snnc
from snnc.backends.reference import PIPELINE
from snnc.commands.app import app
from snnc.ir import Code, Linear, Program
from tests.frontend.netx_files import Ints, Layers, dense, everything, layer, neuron, run, written


@pytest.fixture(scope="module")
def layers() -> Layers:
    return everything(np.random.default_rng(3))


@pytest.fixture(scope="module")
def net(layers: Layers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("netx") / "net.net", layers)


def counts(samples: int = 2) -> Ints:
    return np.random.default_rng(7).integers(-5, 60, (samples, 12, 2, 7, 5))


@pytest.mark.parametrize("target", ["reference", "loihi"])
def test_a_file_becomes_a_bundle_that_verifies(net: Path, target: str) -> None:
    bundle = snnc.compile(net, target, calibration=counts())
    engine = "lava-inprocess" if target == "loihi" else None
    found = bundle.verify(counts(), engine=engine, potentials=True)
    assert found.equal and all(p.spikes for p in found.comparison.populations if p.quantity == "spikes")
    assert bundle.manifest.passes == "" and bundle.manifest.ann is None
    assert bundle.manifest.ranges.status == "proved"


def test_its_answers_are_lava_dls(net: Path, layers: Layers) -> None:
    """Frame r of the answer is what all layers have done up to the file's own step r."""
    x = counts(1)
    found = snnc.compile(net, "reference", calibration=x).run(x)
    spikes = run(layers, x[0])[-1][0]
    want = np.cumsum(spikes.reshape(12, 3, 2).sum(axis=2), axis=0)
    assert np.array_equal(found.potential[0], want) and want.any()
    assert np.allclose(found.answers[0], want / 2)


def test_a_reset_interval_is_in_the_bundle(net: Path, layers: Layers) -> None:
    x = counts(1)
    bundle = snnc.compile(net, "reference", calibration=x, reset_interval=5)
    assert bundle.manifest.model.reset_interval == 5 and not bundle.manifest.readout.accumulate
    spikes = run(layers, x[0], 5)[-1][0].reshape(12, 3, 2).sum(axis=2)
    want = np.concatenate([np.cumsum(part, axis=0) for part in np.split(spikes, [5, 10])])
    assert np.array_equal(bundle.run(x).potential[0], want)
    with pytest.raises(snnc.UserError) as refused:
        snnc.compile("samples/moving_digits/model.pt", "reference", reset_interval=5)
    assert [d.code for d in refused.value.diagnostics] == ["D327"]


def test_a_program_in_python_becomes_the_same_bundle(net: Path) -> None:
    by_file = snnc.compile(net, "loihi", calibration=counts())
    program = by_file.program
    by_hand = snnc.compile(program, "loihi", calibration=counts())
    assert by_hand.manifest.ranges == by_file.manifest.ranges
    names = {name for name in by_file.manifest.files if not name.endswith("md")}
    for name in names:
        assert by_hand.manifest.files[name] == by_file.manifest.files[name], name
    assert by_hand.manifest.model.path is None


def test_any_code_of_a_program_is_named(reference_graded: Program) -> None:
    bundle = snnc.compile(reference_graded, "reference")
    assert bundle.manifest.code == Code.GRADED.value and bundle.verify(samples=2).equal


@pytest.fixture
def reference_graded() -> Program:
    return snnc.compile("samples/moving_digits/model_8_levels.pt", "reference", code="graded").program


def test_programs_are_checked(net: Path) -> None:
    program = snnc.compile(net, "reference").program
    first, *others = program.projections
    wrong = replace(
        program, projections=(replace(first, op=Linear(np.zeros((3, 3), np.int64))), *others)
    )
    with pytest.raises(snnc.UserError) as refused:
        snnc.compile(wrong, "reference")
    assert [d.code for d in refused.value.diagnostics] == ["D134"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"code": "rate"}, "D645"),
        ({"weight_bits": 4}, "D645"),
        ({"steps_per_frame": 2}, "D645"),
        ({"changes": "set-neurons{reset=zero}"}, "D645"),
        ({"passes": PIPELINE}, "D645"),
        ({"keep": 0.5}, "D645"),
        ({"after_pass": print}, "D645"),
        ({"dt": 1.0}, "D118"),
        ({"reset": "zero"}, "D661"),
        ({"input_shape": "1"}, "D327"),
        ({"reset_interval": 3}, "D327"),
        ({"calibration": np.zeros((1, 2, 5), np.int64)}, "D508"),
    ],
)
def test_options_of_passes_are_refused(net: Path, options: dict[str, object], code: str) -> None:
    program = snnc.compile(net, "reference").program
    with pytest.raises(snnc.UserError) as refused:
        snnc.compile(program, "reference", **options)  # type: ignore[arg-type]
    assert code in [d.code for d in refused.value.diagnostics]


def test_the_ladder_says_that_there_is_nothing_to_climb(net: Path) -> None:
    for model in (net, snnc.compile(net, "reference").program):
        bundle = snnc.compile(model, "reference")
        with pytest.raises(snnc.UserError) as refused:
            bundle.ladder(model=model)
        assert [d.code for d in refused.value.diagnostics] == ["D644"]


def test_the_command_line(net: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=counts(1))
    bundle, data = str(tmp_path / "b"), str(tmp_path / "x.npz")
    compiled = ["compile", str(net), "--target", "reference", "-o", bundle, "--reset-interval", "6"]
    for words in (
        [*compiled, "--calibration", data],
        ["verify", bundle, "--data", data],
        ["run", bundle, "--data", data],
        ["inspect", str(net)],
        ["inspect", bundle],
    ):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
    assert snnc.inspect(net).content["populations"][1]["name"] == "layer0"


def test_damage_is_one_message_and_nothing_is_written(tmp_path: Path) -> None:
    """From a stranger's file, looked through in a process of its own."""
    rng = np.random.default_rng(0)
    layers = [layer("input", (3,), **neuron()), dense(rng, 3, 2)]
    del layers[1]["weight"]
    path = written(tmp_path / "net.net", layers, harmless=False)
    whole = path.read_bytes()
    for content, code in ((whole, "D640"), (whole[: len(whole) // 2], "D640"), (whole[:600], "D640")):
        path.write_bytes(content)
        words = ["compile", str(path), "--target", "loihi", "-o", str(tmp_path / "b")]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 2 and done.output.count("error[") == 1, done.output
        assert f"error[{code}]" in done.output and not (tmp_path / "b").exists()
    path.rename(tmp_path / "net.nir")
    done = CliRunner().invoke(app, ["compile", str(tmp_path / "net.nir"), "--target", "loihi"])
    assert done.exit_code == 2 and "error[D117]" in done.output


def test_the_page_shows_a_program_that_compiles() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "netx.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    names: dict[str, Any] = {}
    exec(code.partition("bundle = ")[0], names)  # our own page
    bundle = snnc.compile(names["program"], "loihi")
    assert bundle.verify(np.ones((1, 8, 3), np.int64), engine="lava-inprocess", potentials=True).equal
    assert bundle.run(np.ones((1, 8, 3), np.int64)).potential.any()
