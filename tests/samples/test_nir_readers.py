"""Real readers on NIR files of snnc: comparison, reasons, and the two cheapest readers for real."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

from samples.nir_readers.installed import BY_NAME, InstallationError, environment  # noqa: E402
from samples.nir_readers.readers import Row, compared, expected, table, tried  # noqa: E402
from samples.nir_readers.reasons import bias_in_loop, joins, reason  # noqa: E402
from samples.nir_readers.residual import train  # noqa: E402
from snnc.backends.nir import file_input  # noqa: E402
from snnc.bundle.data import read_data  # noqa: E402
from snnc.bundle.folder import read_bundle  # noqa: E402
from tests.by_options import compile_model  # noqa: E402

CHEAPEST = ("snn-mlir", "norse")
"""By download and time where torch is on the machine; torch itself is most of every other."""

ROLLOUT = Path(__file__).parents[2] / "samples" / "moving_digits" / "model.pt"
HARD = "set-neurons{reset=zero,start-value=0}"


def case(folder: Path, bundle: Path, frames: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Path:
    folder.mkdir()
    x, dt = file_input(bundle, read_bundle(bundle)[0].program, frames)
    (folder / "net.nir").write_bytes((bundle / "network.nir").read_bytes())
    np.savez(folder / "input.npz", x=x.astype(np.float32))
    (folder / "case.json").write_text(json.dumps({"dt": dt, "description": "test"}))
    return folder


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The shipped rollout network and a residual one trained here, as chains; three inputs each."""
    place = tmp_path_factory.mktemp("readers")
    assert train(place) > 0.95
    target = "nir{wiring=chain,weights=real}"
    compile_model(ROLLOUT, target, place / "r", steps_per_frame=2, changes=[HARD])
    given = {"calibration": place / "seen.npz", "steps_per_frame": 8, "changes": [HARD]}
    compile_model(place / "residual.pt2", target, place / "s", **given)
    streams = np.random.default_rng(0).poisson(0.2, (3, 4, 2, 16, 16)).astype(np.int64)
    digits = read_data(place / "digits.npz").x[:3]
    return {
        "rollout": case(place / "rollout", place / "r", streams),
        "residual": case(place / "residual", place / "s", digits),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEAPEST)
def test_cheapest_readers(
    name: str, cases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    reader = BY_NAME[name]
    try:
        python = environment(reader, tmp_path_factory.mktemp("envs"))
    except InstallationError as problem:
        pytest.skip(f"{name} cannot be installed here: {problem}")
    rows = {model: tried(reader, python, path, expected(path)) for model, path in cases.items()}
    assert all(row.reads for row in rows.values()), rows
    if name == "norse":
        assert all(row.spikes_equal for row in rows.values()), rows
        assert np.abs(expected(cases["residual"]).sum(axis=1)).max() > 1
    else:
        assert all(row.reason.startswith("checked only") for row in rows.values()), rows


def test_sums_over_time_are_compared() -> None:
    meant = np.array([[[1.0, 0], [0, 1], [1, 0]]])
    assert compared(meant[:, ::-1], meant) == ""  # the same sums at other times
    other = meant.copy()
    other[0, 1, 0] = 1
    assert compared(other, meant) == "1 of 2 sums over time differ, the first value at step 2"
    assert compared(meant[:, :, :1], meant).startswith("its output has shape")
    assert compared(meant * 0.3 + 1e-6, meant * 0.3) == ""
    assert compared(meant * 0.3003, meant * 0.3) != ""


def graph(edges: list[tuple[str, str]], bias: float = 0.0) -> object:
    one = np.ones(1)
    nodes = {"input": nir.Input(np.array([1])), "output": nir.Output(np.array([1]))}
    nodes |= {n: nir.IF(one, one) for n in ("a", "b")}
    nodes |= {n: nir.Affine(np.eye(1), one * bias) for n in ("w", "back")}
    used = {n for edge in edges for n in edge}
    return nir.NIRGraph({k: v for k, v in nodes.items() if k in used}, edges)


CHAIN = [("input", "w"), ("w", "a"), ("a", "b"), ("b", "output")]
LOOP = [("a", "back"), ("back", "a")]


def test_reasons_follow_from_the_graph() -> None:
    assert not joins(graph(CHAIN)) and not joins(graph(CHAIN + LOOP))
    assert joins(graph([*CHAIN, ("a", "output")]))
    assert bias_in_loop(graph(CHAIN + LOOP, 1.0)) and not bias_in_loop(graph(CHAIN + LOOP))
    assert "IAFSqueeze" in reason("sinabs", graph(CHAIN))
    assert "depth-first" in reason("norse", graph([*CHAIN, ("a", "output")]))
    assert reason("norse", graph(CHAIN)) == "" and reason("spikingjelly", graph(CHAIN)) == ""


def test_the_table() -> None:
    text = table([Row("norse", "1.1.0", "m", True, False, "a | b")], {"m": "a model"})
    assert "| norse 1.1.0 | m | yes | no | a \\| b |" in text and "* `m`: a model" in text


def test_the_committed_table_is_of_this_shape() -> None:
    rows = json.loads((Path(__file__).parents[2] / "docs" / "nir-readers.json").read_text())
    assert {row["reader"] for row in rows} == set(BY_NAME)
    keys = ["reader", "version", "model", "reads", "spikes_equal", "reason"]
    assert all(list(row) == keys for row in rows)
    assert all(row["reason"] for row in rows if not row["spikes_equal"])
    for reader in ("sinabs", "norse", "spikingjelly"):
        for model in ("rollout-chain", "residual-chain"):
            assert any(r["reads"] for r in rows if (r["reader"], r["model"]) == (reader, model))
