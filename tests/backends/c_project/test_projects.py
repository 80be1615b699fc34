"""Projects for boards: what fits, what is refused, and what a newcomer does with one."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from samples.moving_digits.events import training_and_test
from snnc.backends.c_code import lay_out, neurons
from snnc.backends.c_project import ProjectBackend, building, engine
from snnc.backends.c_project.memory import Sizes, estimated, linked, overflowed
from snnc.backends.cortex_m import CortexMBackend
from snnc.backends.cortex_m.boards import BOARDS
from snnc.backends.cortex_m.boards import TOOLS as ARM
from snnc.backends.cortex_m.conformance import CortexMConformance
from snnc.backends.riscv.boards import BOARDS as RISCV
from snnc.backends.riscv.boards import TOOLS as RISC_V
from snnc.commands.app import app
from snnc.conformance.builder import Built, Network, single
from snnc.conformance.kit import Kit
from snnc.errors import UserError
from snnc.ir import Encoding, Integers, Trace, read_program, write_program
from snnc.sim import encode, simulate
from tests.sim.corpus import PORTABLE, case, cases

from .programs import backend_for, tried, tried_where_it_fits

MODEL = Path(__file__).resolve().parents[3] / "samples" / "moving_digits" / "model.pt"
CORTEX = ("mps2-an385", "mps2-an386", "mps2-an500")
EVERY = {**BOARDS, **RISCV}
needs_arm, needs_riscv = (
    pytest.mark.skipif(not e.installed, reason=e.how_to_install)
    for e in map(engine.engine, (ARM, RISC_V))
)
FAMILIES = (
    pytest.param("cortex-m", "nucleo-f411re", marks=needs_arm),
    pytest.param("riscv", "hifive1-revb", marks=needs_riscv),
)
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make: apt-get install make")


def call(*arguments: str | Path) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def streams() -> Integers:
    return np.asarray(training_and_test(copies=1)[1].x[:20], np.int64)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, streams: Integers) -> Path:
    path = tmp_path_factory.mktemp("data") / "streams.npz"
    np.savez(path, x=streams)
    return path


def compiled(folder: Path, board: str, code: str = "rate") -> Path:
    target = f"{EVERY[board].tools.target}{{board={board},counts=4}}"
    call("compile", MODEL, "--target", target, "--code", code, "-o", folder / "digits")
    return folder / "digits"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped network for the board that people have. Do not change it: copy it."""
    return compiled(tmp_path_factory.mktemp("bundle"), "nucleo-f411re")


def run(built: Built, folder: Path, backend: ProjectBackend | None = None) -> Trace:
    backend = backend or CortexMBackend()
    for name, content in write_program(built.program).items():
        (folder / name).write_bytes(content)
    emitted = backend.emit(built.program, folder)
    return backend.run("qemu", folder, emitted, built.spikes, time_limit=120, potentials=True)


@pytest.mark.slow
@needs_arm
@needs_riscv
@pytest.mark.parametrize("board", [*CORTEX, "hifive1-revb"])
def test_the_shipped_network_spike_by_spike(tmp_path: Path, data: Path, board: str) -> None:
    said = json.loads(
        call("verify", compiled(tmp_path, board), "--data", data, "--potentials", "--json")
    )
    assert (said["samples"], said["steps"], said["mismatches"]) == (20, 192, 0)
    assert said["compared"] == 20 * 192 * (2 * 1152 + 10)


@needs_arm
def test_two_streams_and_what_they_cost(bundle: Path, data: Path) -> None:
    said = [
        json.loads(call("verify", bundle, "--data", data, "--samples", "2", "--json")) for _ in range(2)
    ]
    assert said[0]["mismatches"] == 0 and said[0]["compared"] == 2 * 192 * 1162
    assert said[0]["measured"] == said[1]["measured"], "instructions do not vary from run to run"
    found = {m["name"]: m["value"] for m in said[0]["measured"]}
    assert 10_000 < found["instructions a step"] < found["instructions of the longest step"]
    assert found["instructions a frame"] == pytest.approx(16 * found["instructions a step"])
    least, most = (found[f"cycles a step, at {word}"] for word in ("least", "most"))
    assert found["instructions a step"] < least < most < 3 * found["instructions a step"]
    assert found["flash"] < 40_000 and found["RAM"] < 12_000


@needs_make
@pytest.mark.parametrize(("target", "board"), FAMILIES)
def test_a_newcomer_follows_the_readme(
    streams: Integers, tmp_path: Path, target: str, board: str
) -> None:
    """Builds with make, runs the program that would be flashed, and gives it frames as text."""
    bundle = compiled(tmp_path, board)
    readme = (bundle / target / "README.md").read_text()
    project = Path(shutil.copytree(bundle / target, tmp_path / "project"))
    (example,) = [line.strip() for line in readme.splitlines() if line.strip().startswith("printf")]
    built = subprocess.run(["make"], cwd=project, capture_output=True, text=True)
    assert built.returncode == 0 and "warning" not in built.stderr, built.stderr
    assert "network.elf" in built.stdout and (project / "network.bin").stat().st_size > 20_000
    done = subprocess.run(example, shell=True, cwd=project, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.count("decision") >= 3, done.stderr
    frames = streams[0].reshape(len(streams[0]), -1)
    lines = [" ".join(f"{e}:{row[e]}" for e in np.flatnonzero(row)) for row in frames]
    text = "\n".join([*lines, "end", "0 junk", "512", "0:5", *lines, "stop"]) + "\n"
    asked = subprocess.run(
        ["make", "-s", "run"], cwd=project, input=text, capture_output=True, text=True, timeout=60
    )
    assert asked.returncode == 0, asked.stderr
    files = ((bundle / name).read_bytes() for name in ("program.json", "weights.npz"))
    program = read_program(*files, place="bundle")
    answers = simulate(program, encode(program, streams[:1])).potentials["answer"][0]
    wanted = []
    for frame in range(len(frames)):
        values = answers[program.answer_step(frame) - 1]
        numbers = " ".join(map(str, values))
        wanted.append(f"frame {frame} decision {values.argmax()} potentials {numbers}")
    given = asked.stdout.splitlines()
    # Answers of frames that have not come in yet are not the simulator's to say.
    told = [line for line in given if line.startswith("frame") and int(line.split()[1]) < len(frames)]
    assert told == [*wanted, *wanted]
    assert sum(line.startswith("error") for line in given) == 3


@needs_arm
@pytest.mark.parametrize("code", ["frame", "graded"])
def test_the_other_codes_in_a_project(code: str, tmp_path: Path, data: Path) -> None:
    folder = compiled(tmp_path, "mps2-an386", code)
    said = json.loads(
        call("verify", folder, "--data", data, "--samples", "2", "--potentials", "--json")
    )
    assert said["mismatches"] == 0


@needs_arm
@needs_riscv
def test_random_programs() -> None:
    """Every kind of the corpus once, registers proved for exactly the input at hand."""
    found = [
        tried_where_it_fits(case(kind, seed), list(EVERY)[n % len(EVERY)])[0]
        for n, (kind, seed) in enumerate(cases(len(PORTABLE), 3, PORTABLE))
    ]
    assert [each.problem for each in found if each.problem] == []
    assert sum(each.narrow for each in found) >= 5
    assert all(min(each.slack) >= 0 for each in found), "the estimate is one from above"


@pytest.mark.slow
@needs_arm
@needs_riscv
@pytest.mark.parametrize("boards", [list(BOARDS), list(RISCV)], ids=["cortex-m", "riscv"])
def test_many_random_programs(boards: list[str]) -> None:
    found, small = {}, 0
    for n, (kind, seed) in enumerate(cases(200, 40, PORTABLE)):
        network = case(kind, seed)
        found[kind, seed], too_small = tried_where_it_fits(network, boards[n % len(boards)])
        small += too_small
    assert {key: each.problem for key, each in found.items() if each.problem} == {}
    assert all(min(each.slack) >= 0 for each in found.values())
    assert small <= len(found) // 20, "random programs are small; most of them fit everywhere"


@needs_arm
@pytest.mark.parametrize(
    ("case_name", "right", "wrong"),
    [
        ("comparison/above-hard", "if (v > ", "if (v >= "),
        ("reset/hard", "v = 0;", "v = 1;"),
        ("delay/one", "now + ", "now + 1u + "),
        ("convolution/between", "down * 1", "(1 - down)"),
    ],
)
def test_a_mistake_in_the_emitter_is_found(
    case_name: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = neurons.step_function
    seen = []

    def planted(*arguments: object) -> str:
        text = honest(*arguments)  # type: ignore[arg-type]
        seen.append(right in text)
        return text.replace(right, wrong)

    monkeypatch.setattr("snnc.backends.c_code.files.step_function", planted)
    row = CortexMConformance.row(case_name)
    assert any(seen) and row.result == "failed" and row.reason.startswith("qemu: "), row.reason
    monkeypatch.undo()
    assert CortexMConformance.row(case_name).result == "passed"


def test_a_network_that_no_board_holds() -> None:
    network = Network(Kit(), 1)
    network.input(100)
    network.neurons("hidden", 40_000)
    network.neurons("dense", 40)
    network.readout(2)
    network.connect("input", "hidden")
    network.connect("hidden", "dense")
    network.connect("dense", "readout")
    program = network.built(steps=1).program
    told = {d.code: d for d in CortexMBackend().check(program)}
    assert set(told) == {"D471", "D472"}
    assert "524288" in told["D471"].what and "131072" in told["D472"].what
    assert all("mps2-an385" in d.help for d in told.values()) or "board" not in told["D471"].help
    larger = CortexMBackend(board="mps2-an385")
    assert {d.code for d in larger.check(program)} <= {"D471"}


@needs_riscv
def test_where_the_estimate_is_over_the_linker_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """16,468 bytes of RAM by the estimate, 16,232 by the linker, 16,384 on the board."""
    network = case("sum32", 44)
    assert (
        estimated(lay_out(network.program, backend_for(network, "hifive1-revb").target))[1]
        > RISCV["hifive1-revb"].ram
    )
    found = tried(network, "hifive1-revb")
    assert found.problem == "" and found.slack[1] > 0
    monkeypatch.setattr(building, "version_of", lambda command: "")
    refused = tried(network, "hifive1-revb").problem
    assert "D472" in refused and "hifive1-revb has 16384" in refused
    assert "an estimate from above" in refused and RISC_V.packages in refused


@needs_arm
def test_what_the_linker_finds_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the estimate is passed by, the linker's own numbers refuse it."""
    tiny = replace(BOARDS["nucleo-f411re"], name="tiny", flash=2048, ram=1024)
    monkeypatch.setitem(BOARDS, "tiny", tiny)
    with pytest.raises(UserError) as refused:
        run(single(Kit(), 5).built(), tmp_path, CortexMBackend(board="tiny"))
    told = {d.code: d.what for d in refused.value.diagnostics}
    assert set(told) == {"D471", "D472"}
    assert "tiny has 2048" in told["D471"] and "tiny has 1024" in told["D472"]
    assert int(told["D472"].split()[2]) > 1024


def test_the_linkers_numbers_are_read() -> None:
    size = "   text\t   data\t    bss\t    dec\t    hex\tfilename\n"
    size += "  25424\t      4\t  10908\t  36336\t   8df0\tnetwork.elf\n"
    assert linked(size) == Sizes(25428, 10912)
    with pytest.raises(ValueError, match="not the output"):
        linked("something else")
    said = "ld: region `RAM' overflowed by 120 bytes\nld: region `FLASH' overflowed by 7 bytes\n"
    assert overflowed(said) == {"RAM": 120, "flash": 7} and overflowed("undefined reference") == {}


@needs_arm
@pytest.mark.parametrize(("payload", "code"), [(5, "D520"), (-1, "D470")])
def test_input_beyond_the_proofs_is_refused(tmp_path: Path, payload: int, code: str) -> None:
    network = Network(Kit(), 6)
    network.input(3, encoding=Encoding.GRADED)
    network.readout(2)
    network.connect("input", "readout")
    spikes = np.zeros((1, 4, 3), np.int64)
    spikes[0, 2, 1] = payload
    with pytest.raises(UserError, match=code) as refused:
        run(network.given(spikes), tmp_path, CortexMBackend(counts=4))
    assert str(payload) in refused.value.diagnostics[0].what


@needs_arm
def test_altered_code_is_never_built(bundle: Path, tmp_path: Path) -> None:
    altered = Path(shutil.copytree(bundle, tmp_path / "altered"))
    path = altered / "cortex-m" / "startup.c"
    path.write_text(path.read_text() + '#error "a stranger was here"\n')
    done = CliRunner().invoke(app, ["verify", str(altered), "--allow-altered", "--samples", "1"])
    assert done.exit_code == 2 and "D602" in done.stderr and "startup.c" in done.stderr
    assert "a stranger was here" not in done.stderr


def test_without_its_tools_the_target_says_how_to_get_them(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "version_of", lambda command: "")
    done = CliRunner().invoke(app, ["verify", str(bundle), "--samples", "1"])
    assert done.exit_code == 2 and "D601" in done.stderr and "apt-get install gcc-arm" in done.stderr


def test_options_are_checked() -> None:
    with pytest.raises(UserError, match="D326"):
        CortexMBackend(board="hifive1-revb")
    with pytest.raises(UserError, match="D305"):
        CortexMBackend(counts=0)
    with pytest.raises(UserError, match="D305"):
        CortexMBackend(least=1)


def test_data_beyond_the_counts_are_refused(bundle: Path, tmp_path: Path) -> None:
    many = np.zeros((1, 12, 2, 16, 16), np.int64)
    many[0, 3, 1, 2, 2] = 5
    np.savez(tmp_path / "many.npz", x=many)
    done = CliRunner().invoke(app, ["verify", str(bundle), "--data", str(tmp_path / "many.npz")])
    assert done.exit_code == 2 and "counts=N" in done.stderr, done.stderr


def test_what_it_takes_is_a_note(bundle: Path) -> None:
    notes = json.loads((bundle / "manifest.json").read_text())["notes"]
    (what,) = [note["what"] for note in notes if note["code"] == "N795"]
    assert "of 524288 bytes of flash" in what and "of 131072 bytes of RAM" in what
