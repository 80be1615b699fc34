"""NIR files whose nodes are none: one message each, with the node's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.ir import Linear

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")


def written(folder: Path, changes: dict[str, Any], metadata: dict[str, Any] | None = None) -> Path:
    """Linear and LIF, with other content of some arrays; None leaves one out."""
    import h5py

    one = np.ones(2)
    lif = nir.LIF(one * 0.2, one, one * 0, one)
    graph = nir.NIRGraph.from_list(nir.Linear(np.ones((2, 3))), lif)
    lif.metadata = metadata or {}
    path = folder / "net.nir"
    nir.write(path, graph)
    with h5py.File(path, "r+") as file:
        for name, value in changes.items():
            if name in file["node"]:
                del file["node"][name]
            if value is not None:
                file["node"][name] = value
    return path


LIF = "nodes/lif/"


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({LIF + "r": np.array([b"a", b"b"])}, ["D211", "lif", "r is of type"]),
        ({LIF + "r": np.array([True, False])}, ["D211", "lif", "r is of type bool"]),
        ({LIF + "tau": np.array([np.nan, 1])}, ["D211", "lif", "tau is not finite"]),
        (
            {LIF + "v_threshold": np.array([1e-320, 1e-320])},
            ["D147", "lif", "inverse", "10^320"],
        ),
        ({"nodes/linear/weight": np.full((2, 3), 1e200)}, ["D147", "10^200"]),
        ({"nodes/linear/weight": np.zeros((2, 3, 1))}, ["D"]),
        ({"nodes/linear/weight": np.float64(3)}, ["D117"]),
        ({"nodes/linear/weight": None}, ["D117", "weight"]),
        ({"nodes/input/shape": np.array([2**40])}, ["D"]),
        ({"nodes/input/shape": np.array([-3])}, ["D"]),
        ({"nodes/lif/type": b"write"}, ["D117"]),
        ({"edges": np.array([[b"input", b"nowhere"]])}, ["D117", "nowhere"]),
        ({"metadata/dt": np.array([1.0, 2.0])}, ["D212"]),
        ({"metadata/dt": b"soon"}, ["D212", "soon"]),
        ({"metadata/dt": np.float64("nan")}, ["D212", "nan"]),
    ],
)
def test_nodes(changes: dict[str, Any], parts: list[str], tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_model(written(tmp_path, changes), dt=1e-3)
    for part in parts:
        assert part in str(caught.value), (part, str(caught.value))


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("restart_steps", np.inf),
        ("restart_steps", 1e300),
        ("start_step", np.nan),
        ("start_step", np.array([1, 2])),
        ("start_value", np.ones(5)),
        ("reset", b"\xff\xfe"),
        ("reset", 3.0),
    ],
)
def test_words_of_the_metadata(word: str, value: Any, tmp_path: Path) -> None:
    path = written(tmp_path, {f"nodes/lif/metadata/snnc/{word}": value})
    with pytest.raises(UserError, match=r"D213|D117"):
        load_model(path, dt=1e-3)


def test_a_sum_of_sums_ends(tmp_path: Path) -> None:
    """Each layer adds the one before to itself: thirty of them are a thousand million terms."""
    nodes: dict[str, Any] = {"input": nir.Input(np.array([1]))}
    edges = []
    before = "input"
    for n in range(30):
        for side in "ab":
            nodes[f"{side}{n}"] = nir.Scale(np.ones(1))
            edges.append((before, f"{side}{n}"))
        nodes[f"s{n}"] = nir.Scale(np.ones(1))
        edges += [(f"a{n}", f"s{n}"), (f"b{n}", f"s{n}")]
        before = f"s{n}"
    nodes |= {"if": nir.IF(np.ones(1), np.ones(1)), "output": nir.Output(np.array([1]))}
    edges += [(before, "if"), ("if", "output")]
    nir.write(tmp_path / "net.nir", nir.NIRGraph(nodes, edges))
    with pytest.raises(UserError, match=r"(?s)D209.*more than 4096 terms"):
        load_model(tmp_path / "net.nir", dt=1.0)


def test_a_long_row_of_layers_ends(tmp_path: Path) -> None:
    row = [nir.Scale(np.ones(1)) for _ in range(300)]
    graph = nir.NIRGraph.from_list(nir.Input(np.array([1])), *row, nir.IF(np.ones(1), np.ones(1)))
    nir.write(tmp_path / "net.nir", graph)
    with pytest.raises(UserError, match=r"(?s)D220.*more than 200 nodes in a row"):
        load_model(tmp_path / "net.nir", dt=1.0)


@pytest.mark.parametrize("size", [512, 1024, 8192])
def test_a_user_block_is_passed_over(tmp_path: Path, size: int) -> None:
    """Addresses behind it do not count it: arrays in packed pieces are read as without."""
    import h5py

    plain = written(tmp_path, {"nodes/linear/weight": None})
    with h5py.File(plain, "r+") as file:
        weights = np.arange(6.0).reshape(2, 3)
        more = {"chunks": (1, 3), "compression": "gzip", "fletcher32": True}
        file["node/nodes/linear"].create_dataset("weight", data=weights, **more)
    blocked = tmp_path / "block" / "net.nir"
    blocked.parent.mkdir()
    with h5py.File(plain) as old, h5py.File(blocked, "w", userblock_size=size) as new:
        for name in old:
            old.copy(name, new)
    with blocked.open("r+b") as raw:
        raw.write(b"#!/bin/sh\n")
    found = [load_model(path, dt=0.01).graph for path in (plain, blocked)]
    ours, theirs = (
        [op.weight for p in graph.projections for op in p.ops if isinstance(op, Linear)]
        for graph in found
    )
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert any(np.array_equal(w, weights) for w in theirs)


@pytest.mark.parametrize("place", [511, 513, 1536])
def test_hdf5_begins_nowhere_else(tmp_path: Path, place: int) -> None:
    path = written(tmp_path, {})
    path.write_bytes(b"\x01" * place + path.read_bytes())
    with pytest.raises(UserError, match="D102"):
        load_model(path)
