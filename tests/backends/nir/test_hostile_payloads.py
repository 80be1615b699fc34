"""Every leaf of a payload, changed to everything hostile: it is run and found different, or refused.

In this process and without the child that reads HDF5 first, which ``tests/files`` has.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends import Emitted
from snnc.backends.nir import FILES, NirBackend
from snnc.backends.nir.comparison import stored
from snnc.backends.nir.graph import write
from snnc.errors import UserError
from snnc.files import check_hdf5, nir_graphs
from snnc.ir import Integers, Program, Trace
from snnc.sim import simulate
from snnc.verify import compare
from snnc.workflows.comparing import refuse_others
from tests.hostile import at, changes, leaves, put, without

from .networks import compiled, random_graph, spikes

nir: Any = pytest.importorskip(
    "nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'"
)
import h5py  # noqa: E402

GRAPH, LAYOUT = FILES["graph"], FILES["layout"]
LIMIT = 0.1
"""Seconds; a run takes some milliseconds."""


@dataclass(frozen=True)
class Case:
    """A payload, and what its program gives."""

    target: NirBackend
    engine: str
    program: Program
    emitted: Emitted
    folder: Path
    given: Integers
    expected: Trace

    def outcome(self, folder: Path) -> int:
        """The exit code of ``verify --allow-altered --potentials``; anything else is raised."""
        try:
            different = self.target.differences(self.program, folder, self.emitted)
            found = self.target.run(
                self.engine, folder, self.emitted, self.given, time_limit=LIMIT, potentials=True
            )
            if different:
                refuse_others(self.program, self.expected, found, potentials=True)
        except UserError as refused:
            assert len(refused.diagnostics) == 1 and len(str(refused)) < 1500, refused
            return 2
        compared = compare(self.program, self.expected, found, potentials=True)
        assert different or not compared.mismatches
        return 1 if different else 0


@pytest.fixture(scope="module", params=["composite", "metadata"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Registers no; Delay, Flatten, I, IF, Threshold, Scale and Affine; and convolutions."""
    target = NirBackend(unsaid=request.param)
    program = compiled(random_graph({"composite": 5, "metadata": 1}[request.param]), target)
    folder = tmp_path_factory.mktemp(request.param)
    emitted = target.emit(program, folder)
    given = spikes(program, 1)[:1, :12]
    expected = simulate(program, given, states=True)
    engine = "nir-metadata" if request.param == "metadata" else "nir"
    return Case(target, engine, program, emitted, folder, given, expected)


@pytest.fixture(autouse=True)
def in_this_process(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a file is read once, where comparing and running both do; what is meant is written once."""
    monkeypatch.setattr(nir_graphs, "probe_hdf5", check_hdf5)
    monkeypatch.setattr("snnc.backends.nir.reading.parse_nir", lru_cache(1)(nir_graphs.parse_nir))
    meant = write(nir, case.program, case.target)
    graph = stored(nir, meant.graph)
    monkeypatch.setattr("snnc.backends.nir.write", lambda *_: meant)
    monkeypatch.setattr("snnc.backends.nir.stored", lambda *_: graph)


def judged(case: Case, folder: Path, name: str, content: bytes) -> int:
    """The outcome with one file changed."""
    (folder / name).write_bytes(content)
    try:
        return case.outcome(folder)
    finally:
        shutil.copy(case.folder / name, folder / name)


@pytest.fixture
def copy(case: Case, tmp_path: Path) -> Path:
    return Path(shutil.copytree(case.folder, tmp_path / "copy"))


def test_as_written(case: Case, copy: Path) -> None:
    assert case.outcome(copy) == 0


# --- layout.json


@pytest.mark.slow
def test_every_leaf_of_the_layout(case: Case, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph stays as it is, so it is read once."""
    graph = nir.read(copy / GRAPH)
    monkeypatch.setattr("snnc.backends.nir.reading.parse_nir", lambda *_: graph)
    found = {0: 0, 1: 0, 2: 0}
    for path, value, content in changes(json.loads((copy / LAYOUT).read_text())):
        code = judged(case, copy, LAYOUT, content)
        assert code != 0, (path, value)
        found[code] += 1
    assert found[1] > 50 and found[2] > 1000


def test_members_that_are_missing_or_too_many(
    case: Case, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = nir.read(copy / GRAPH)
    monkeypatch.setattr("snnc.backends.nir.reading.parse_nir", lambda *_: graph)
    document = json.loads((copy / LAYOUT).read_text())
    for path in leaves(document):
        inside = at(document, path[:-1])
        short = judged(case, copy, LAYOUT, without(document, path))
        if isinstance(inside, dict):
            more = {**inside, "more": 1}
            long = put(document, path[:-1], more) if path[:-1] else json.dumps(more).encode()
            assert short == 2 and judged(case, copy, LAYOUT, long) == 2, path
        else:
            long = put(document, path[:-1], [*inside, inside[path[-1]]])
            assert short in (1, 2) and judged(case, copy, LAYOUT, long) in (1, 2), path
    for whole in (b"", b"[]", b"{}", b"null", b"1", b'"x"', b"\xff", b"[" * 500):
        assert judged(case, copy, LAYOUT, whole) == 2, whole


# --- network.nir

KINDS = (
    *("Affine", "Linear", "Scale", "Conv1d", "Conv2d", "CubaLIF", "CubaLI", "LI", "LIF", "IF", "I"),
    *("Delay", "Flatten", "Input", "Output", "NIRGraph", "SumPool2d", "AvgPool2d", "Threshold", "x"),
)


def edited(content: bytes, change: Callable[[Any], object]) -> bytes:
    """A graph's file after a change."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        change(file)
    return buffer.getvalue()


def datasets(content: bytes) -> dict[str, Any]:
    """Every array of a file by its path."""
    found: dict[str, Any] = {}
    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


def values(old: Any) -> Iterator[Any]:
    """What an array or a text is changed to."""
    shape = np.shape(old)
    if isinstance(old, bytes):
        yield from KINDS
    if np.asarray(old).dtype.kind in "biuf":
        for number in (np.nan, np.inf, -1.0, 0.0, 1e300, -1e300, 1e-320, 2**31, -(2**62), 10**5):
            yield np.full(shape, number)
        for kind in ("?", "u1", "f2", "f8", "g", "c16", "S3"):
            yield np.zeros(shape, kind)
        yield np.asarray(old) + np.asarray(1, np.asarray(old).dtype)
    for other in ((), (0,), (1,), (7,), (*shape, 1), (2, *shape), (1,) * 9):
        yield np.ones(other, np.float32)
    yield from (np.ones(2, np.int64), np.ones(shape, np.int64))
    yield from (b"\xff", "text", h5py.Empty("f4"), np.array([b"ab", b"c"]))


FEW: tuple[Any, ...] = ("text", np.ones(7, np.float32))


def of_a_kind(every: dict[str, Any], name: str) -> str:
    """The same for one field of all nodes of a type: what each is changed to need not be everything."""
    if name.startswith("node/metadata"):
        return "what a run does not ask"
    node, _, field = name.rpartition("/")
    return f"{every.get(f'{node}/type', node)!r} {field}"


@pytest.mark.slow
def test_every_array_of_the_graph(case: Case, copy: Path) -> None:
    content = (copy / GRAPH).read_bytes()
    found, every = {0: 0, 1: 0, 2: 0}, datasets(content)
    kinds: set[str] = set()
    for name, old in every.items():
        if name.endswith("/edges"):
            continue

        def drop(file: Any, name: str = name) -> None:
            del file[name]

        found[judged(case, copy, GRAPH, edited(content, drop))] += 1
        whole = of_a_kind(every, name) not in kinds
        kinds.add(of_a_kind(every, name))
        for value in values(old) if whole else (*FEW, np.full(np.shape(old), -(2.0**62))):

            def change(file: Any, name: str = name, value: Any = value) -> None:
                del file[name]
                file.create_dataset(name, data=value)

            code = judged(case, copy, GRAPH, edited(content, change))
            text = value.encode() if isinstance(value, str) else value
            as_it_was = name == "version" or bool(np.array_equal(text, old))
            assert code != 0 or as_it_was, (name, value)
            found[code] += 1
    assert found[1] > 50 and found[2] > 200


@pytest.mark.slow
def test_edges_and_nodes(case: Case, copy: Path) -> None:
    content = (copy / GRAPH).read_bytes()
    edges = [tuple(n.decode() for n in row) for row in datasets(content)["node/edges"]]
    names = sorted({n for edge in edges for n in edge})

    def judge(changed: list[Any]) -> int:
        def change(file: Any) -> None:
            del file["node/edges"]
            data = np.array(changed, dtype=object).reshape(-1, 2)
            file.create_dataset("node/edges", data=data, dtype=h5py.string_dtype())

        return judged(case, copy, GRAPH, edited(content, change))

    assert judge(edges) == 0 and judge(edges[::-1]) == 0
    codes = []
    for number, (source, target) in enumerate(edges):
        rest = edges[:number] + edges[number + 1 :]
        codes += [judge(rest), judge([*edges, (target, source)]), judge([*edges, edges[number]])]
        codes += [judge([*rest, (source, "nowhere")]), judge([*rest, ("nowhere", target)])]
    codes += [
        judge([*edges, (name, other)])
        for name in names
        for other in names
        if (name, other) not in edges
    ]
    assert 0 not in codes and 1 in codes and 2 in codes
    assert judge([]) in (1, 2)
    for value in (1.0, [[1, 2]], "a", [["a"]], h5py.Empty("f4"), [["a", "b", "c"]]):

        def replace(file: Any, value: Any = value) -> None:
            del file["node/edges"]
            file.create_dataset("node/edges", data=value)

        assert judged(case, copy, GRAPH, edited(content, replace)) == 2, value
    for name in names:

        def without(file: Any, name: str = name) -> None:
            del file[f"node/nodes/{name}"]

        assert judged(case, copy, GRAPH, edited(content, without)) == 2, name
