"""What is emitted: the same bytes every time, good names, and a README whose example runs."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.emit import package_name
from snnc.backends.loihi.layout import population_places, projection_places
from snnc.ir import Conv2d, Encoding, Kind, Program, ProgramProjection
from snnc.sim import answers, encode, simulate
from tests.changing import groups, with_changes
from tests.emitting import emitted_into

from .networks import edge_program, random_program

USER = """
import sys

class NoCompiler:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "snnc":
            raise ImportError("a bundle must not need snnc")

sys.meta_path.insert(0, NoCompiler())
"""
SHOW = """
np.savez(sys.argv[1], spikes=spikes, potential=potential, answers=net.answers(potential))
"""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_same_program_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        emitted_into(tmp_path / name, LoihiBackend(), random_program(0))
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


@pytest.mark.parametrize(
    ("program", "package"),
    [
        ("digits", "digits_lava"),
        ("my net.v2", "my_net_v2_lava"),
        ("2-way", "net_2_way_lava"),
        ("lava", "lava_lava"),
        ("class", "class_lava"),
        ("日本", "network_lava"),
        ("x" * 300, "x" * 60 + "_lava"),
    ],
)
def test_package_names(program: str, package: str) -> None:
    assert package_name(program) == package
    assert package.isidentifier()


def test_ports_of_populations_with_alike_names_differ() -> None:
    program = edge_program()
    names = {"lif": "a.b", "hard": "a_b", "soft": "in"}
    renamed = [replace(p, name=names.get(p.name, p.name)) for p in program.populations]
    places = population_places(replace(program, populations=tuple(renamed)))
    ports = ["spikes_in", "spikes_a_b", "spikes_a_b_2", "spikes_in_2", "potential_out"]
    assert [place.port for place in places] == ports


def test_reasons_name_what_lif_cannot() -> None:
    program = edge_program()
    reasons = [place.why for place in population_places(program)]
    assert reasons[1:4] == [
        "Lava's own LIF does exactly this",
        "LIF has no comparison by >=",
        "LIF has no reset by subtraction",
    ]


def test_convolutions_that_lava_cannot_do_are_sparse() -> None:
    program = edge_program()
    plain = replace(program.projections[0], op=Conv2d(np.ones((128, 1, 1, 1), np.int64)), graded=False)

    def process(projection: ProgramProjection) -> tuple[str, str]:
        (place,) = projection_places(replace(program, projections=(projection,)))
        return place.process, place.why

    def conv(*kernel: int, groups: int = 1) -> ProgramProjection:
        return replace(plain, op=Conv2d(np.ones(kernel, np.int64), groups=groups))

    cannot = "a convolution, but Lava's Conv "
    fields = "keeps sizes, strides and groups in 8 bits (at most 127)"
    assert process(plain) == ("Conv", "a convolution")
    graded, shifted = replace(plain, graded=True), replace(plain, exponent=1)
    assert process(graded) == ("Sparse", cannot + "wraps graded sums at 24 bits")
    assert process(shifted) == ("Sparse", cannot + "ignores the weight exponent")
    assert process(conv(128, 1, 1, 1, groups=128)) == ("Sparse", cannot + fields)
    assert process(conv(1, 1, 200, 200)) == ("Sparse", cannot + fields)
    assert process(conv(1, 40_000, 1, 1)) == ("Sparse", cannot + "wraps sums at 24 bits")
    delayed = replace(plain, delay=3)
    assert process(delayed) == ("DelaySparse", "delay of 3 on top of one step a hop")


def example_program(encoding: Encoding) -> Program:
    """A network that can take the example's event counts: a random one, four steps a frame."""
    program = random_program(16)
    if encoding is Encoding.CHANGE:
        (together,) = (g for g in groups(program) if program.input.name in g)
        program = with_changes(program, together)
        later = (replace(program.input, start=1), *program.populations[1:])
        return replace(program, name="example change", steps_per_frame=4, populations=later)
    source, *rest = program.populations
    projections = [
        replace(p, graded=encoding is Encoding.GRADED and p.source == source.name)
        for p in program.projections
    ]
    return replace(
        program,
        name=f"example {encoding.value}",
        steps_per_frame=4,
        populations=(replace(source, encoding=encoding, start=1), *rest),
        projections=tuple(projections),
    )


@pytest.mark.lava
@pytest.mark.parametrize("encoding", list(Encoding))
def test_readme_example_runs_without_snnc(encoding: Encoding, tmp_path: Path) -> None:
    program = example_program(encoding)
    emitted_into(tmp_path, LoihiBackend(), program)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "example.py").write_text(USER + code + SHOW)
    subprocess.run([sys.executable, "example.py", "shown.npz"], cwd=tmp_path, check=True, timeout=60)
    shown = np.load(tmp_path / "shown.npz")
    # The example's own data: event counts from generator 0.
    frames = np.random.default_rng(0).integers(0, 5, (1, 2, *program.input.shape))
    spikes = encode(program, frames)
    potential = simulate(program, spikes).potentials[program.readout.name]
    for name, want in (
        ("spikes", spikes[0]),
        ("potential", potential[0]),
        ("answers", answers(program, potential)[0]),
    ):
        np.testing.assert_array_equal(shown[name], want.reshape(len(want), -1), err_msg=name)
    assert np.any(shown["answers"])


def test_every_kind_of_population_is_in_the_readme(tmp_path: Path) -> None:
    program = random_program(1)
    emitted_into(tmp_path, LoihiBackend(), program)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    for population, place in zip(program.populations, population_places(program), strict=True):
        assert f"| {population.name} |" in readme
        assert f"`{place.port}`" in readme
    assert any(p.kind is Kind.READOUT for p in program.populations)
