"""The payload: the same bytes, what is changed is found, and nothing strange is given to SANA-FE."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.base import Emitted
from snnc.backends.sanafe.architecture import architecture, is_ours
from snnc.backends.sanafe.emit import FILES
from snnc.backends.sanafe.file_check import read_host, refuse_strange_files
from snnc.backends.sanafe.groups import groups_of
from snnc.backends.sanafe.network import number
from snnc.backends.sanafe.placement import in_order
from snnc.errors import UserError
from snnc.ir import Linear, Program
from tests.backends.loihi.networks import edge_program, edge_spikes

from .networks import BACK_END, accepted


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    return accepted(range(12))


def written(program: Program, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    BACK_END.emit(program, folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_program_gives_the_same_bytes(programs: list[Program], tmp_path: Path) -> None:
    for n, program in enumerate(programs[:4]):
        first = written(program, tmp_path / f"{n} first")
        assert first == written(program, tmp_path / f"{n} second")
        assert set(first) == {*FILES.values(), "mapping.json", "README.md", "play.py"}


@pytest.mark.parametrize("name", [*FILES.values(), "mapping.json", "play.py"])
def test_a_changed_file_is_found(programs: list[Program], tmp_path: Path, name: str) -> None:
    written(programs[0], tmp_path / "bundle")
    emitted = Emitted(FILES)
    assert BACK_END.differences(programs[0], tmp_path / "bundle", emitted) == []
    path = tmp_path / "bundle" / name
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], "# more\n", lines[-1]]))
    (said,) = BACK_END.differences(programs[0], tmp_path / "bundle", emitted)
    other = {"mapping.json": "does not say where", "placement.json": "cannot be read"}.get(name)
    assert said.startswith(name)
    assert (other or f"is another file from line {len(lines)} on") in said
    path.unlink()
    (said,) = BACK_END.differences(programs[0], tmp_path / "bundle", emitted)
    assert said == f"{name} is missing"


def test_what_snnc_writes_is_not_strange(programs: list[Program], tmp_path: Path) -> None:
    for n, program in enumerate([*programs, edge_program()]):
        folder = tmp_path / str(n)
        written(program, folder)
        refuse_strange_files(folder / FILES["architecture"], folder / FILES["network"])


@pytest.mark.parametrize(
    ("role", "line"),
    [
        ("architecture", "            - name: x\n              attributes: { plugin: /tmp/x.so }"),
        ("architecture", "# a comment"),
        ("network", "  - p1_lif.0..0: [ core: 0.0, soma: loihi_lif, plugin: /tmp/x.so ]"),
        ("network", "      attributes: { log_spikes: true, noise: /etc/passwd }"),
        ("network", "&anchor"),
        ("network", "    - name: " + "x" * 301),
    ],
)
def test_strange_files_are_not_run(tmp_path: Path, role: str, line: str) -> None:
    """SANA-FE loads libraries that an architecture names: such a file must not reach it."""
    folder = tmp_path / "bundle"
    written(edge_program(), folder)
    path = folder / FILES[role]
    path.write_text(f"{path.read_text()}{line}\n")
    with pytest.raises(UserError, match=f"D602.*{FILES[role]}"):
        refuse_strange_files(folder / FILES["architecture"], folder / FILES["network"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"payloads"', '"payload"'),
        ('"size": 1', '"size": 2'),
        ('"scale": 1', '"scale": "1"'),
        ('"readout": true', '"readout": 1'),
        ("{", "["),
    ],
)
def test_a_damaged_host_file(tmp_path: Path, old: str, new: str) -> None:
    folder = tmp_path / "bundle"
    written(edge_program(), folder)
    path = folder / FILES["host"]
    text = path.read_text()
    assert old in text and read_host(path)["input"] == "input"
    path.write_text(text.replace(old, new))
    with pytest.raises(UserError, match=r"(?s)D144.*play\.json"):
        read_host(path)


@pytest.mark.usefixtures("installed")
def test_the_engine_asks_first(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    written(edge_program(), folder)
    path = folder / FILES["architecture"]
    path.write_text(path.read_text().replace("model: input", "model: input, plugin: x.so"))
    with pytest.raises(UserError, match="D602"):
        BACK_END.run("sanafe", folder, Emitted(FILES), edge_spikes() * 0, time_limit=60)


@pytest.mark.usefixtures("installed")
def test_a_current_that_wraps(tmp_path: Path) -> None:
    """Refused, because SANA-FE would have fired by then, or not."""
    program = edge_program()
    populations = tuple(
        p if p.neuron is None else replace(p, neuron=replace(p.neuron, current_decay=0))
        for p in program.populations
    )
    first, *rest = program.projections
    strong = replace(first, op=Linear(np.asarray([[254]])), exponent=6)
    folder = tmp_path / "bundle"
    written(replace(program, populations=populations, projections=(strong, *rest)), folder)
    spikes = edge_spikes() * 0
    spikes[0, 0] = 7
    found = BACK_END.run("sanafe", folder, Emitted(FILES), spikes, time_limit=60)
    assert found.spikes["lif"].any()
    spikes[0, 1] = 7
    with pytest.raises(UserError, match=r"D467.*8388607(.|\n)*lif"):
        BACK_END.run("sanafe", folder, Emitted(FILES), spikes, time_limit=60)


@pytest.mark.usefixtures("installed")
def test_payloads_that_no_bit_says(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    written(edge_program(), folder)
    for payload, code in ((8, "D520"), (-9, "D470")):
        spikes = edge_spikes() * 0
        spikes[0, 3] = payload
        with pytest.raises(UserError, match=rf"{code}.* {payload}, .* -8 to 7"):
            BACK_END.run("sanafe", folder, Emitted(FILES), spikes, time_limit=60)


def test_an_engine_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNC_ENGINES", str(tmp_path / "none"))
    folder = tmp_path / "bundle"
    written(edge_program(), folder)
    with pytest.raises(UserError, match=r"D601(.|\n)*snnc targets install sanafe"):
        BACK_END.run("sanafe", folder, Emitted(FILES), edge_spikes(), time_limit=60)
    assert [engine.installed for engine in BACK_END.engines()] == [False, False]
    with pytest.raises(UserError, match="D604"):
        BACK_END.run("lava", folder, Emitted(FILES), edge_spikes(), time_limit=60)


def test_every_neuron_has_one_place(programs: list[Program]) -> None:
    for program in programs:
        large = replace(
            program,
            populations=tuple(
                replace(p, shape=(p.shape[0] * 300, *p.shape[1:])) for p in program.populations
            ),
        )
        for whole in (program, large):
            groups = groups_of(whole, 3)
            cores = in_order(groups)
            places = set()
            where: dict[tuple[str, int], int] = {}
            for core in cores:
                assert core.used <= 1024
                for span in core.spans:
                    for n in range(span.count):
                        places.add((core.number, span.place + n))
                        where[span.group.name, span.first + n] = core.number
            neurons = [(g.name, n) for g in groups.all for n in range(g.size)]
            assert sorted(where) == sorted(neurons) and len(places) == len(neurons)
            for echo in groups.echoes:
                source = groups.of(echo.population).name
                assert all(where[echo.name, n] == where[source, n] for n in range(echo.size))


def test_names_of_any_kind(tmp_path: Path) -> None:
    program = edge_program()
    names = {"lif": "x: [1, 2] # ü", "hard": "a" * 400, "soft": "a" * 400 + "b"}
    renamed = replace(
        program,
        populations=tuple(replace(p, name=names.get(p.name, p.name)) for p in program.populations),
        projections=tuple(
            replace(p, target=names.get(p.target, p.target)) for p in program.projections
        ),
    )
    groups = [g.name for g in groups_of(renamed, 3).all]
    assert len(set(groups)) == len(groups)
    written(renamed, tmp_path / "bundle")
    refuse_strange_files(*(tmp_path / "bundle" / FILES[role] for role in ("architecture", "network")))


def test_the_architecture_has_the_papers_figures() -> None:
    text = architecture(2)
    for figure in (
        "23.6e-12",
        "3.5e-9",
        "52.0e-12",
        "29.0e-12",
        "1.7e-12",
        "1: 113.0e-9",
        "32: 465.0e-9",
    ):
        assert figure in text
    assert is_ours(text) and is_ours(architecture(32)) and not is_ours(text + "\n")


def test_numbers_are_exact() -> None:
    assert number(Fraction(3, 64)) == "0.046875"
    assert float(number(Fraction(2**23 - 1, 64))) * 64 == 2**23 - 1
    with pytest.raises(ValueError, match="1/3 is not a double"):
        number(Fraction(1, 3))


def test_the_mapping_counts_what_cores_hold(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    written(edge_program(), folder)
    (core,) = json.loads((folder / "mapping.json").read_text())["cores"]
    # Four populations hear one input, of three bits and a sign.
    assert core["synapses"] == 16 and core["axons in"] == 4 and core["places"] == 8
    assert [span["population"] for span in core["neurons"]] == ["lif", "hard", "soft", "readout"]


def test_memories_that_loihi_lacks_are_named(tmp_path: Path) -> None:
    """One core that hears more sources than Loihi has lists for."""
    program = edge_program()
    source = replace(program.input, shape=(1100,))
    ones = Linear(np.ones((1, 1100), np.int64))
    wide = replace(
        program,
        populations=(source, *program.populations[1:]),
        projections=tuple(replace(p, op=ones) for p in program.projections),
    )
    notes = {n.code: n for n in BACK_END.emit(wide, tmp_path).notes}
    assert "4400" in notes["N763"].what and "4096" in notes["N763"].what
    assert "3 bits" in notes["N751"].what and "4400 input neurons" in notes["N750"].what
