"""The sample plug-in: installed by pip, every conformance case, a real network, gone again."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from samples.c_backend.snnc_c import CBackend
from samples.c_backend.snnc_c.checks import check_numbers
from samples.c_backend.snnc_c.conformance import CConformance
from samples.c_backend.snnc_c.drop_weak_weights import DropWeakWeights
from samples.c_backend.snnc_c.emit import FOLDER, payload_files
from samples.moving_digits.demo import MODEL
from samples.moving_digits.events import training_and_test
from snnc.backends import Backend
from snnc.backends.c_code import files, identifier, stage
from snnc.backends.registry import MEMBERS
from snnc.conformance import CASES, judge
from snnc.conformance.builder import single
from snnc.conformance.cases import BY_NAME
from snnc.conformance.compile_cases import feed_forward
from snnc.conformance.kit import Kit
from snnc.errors import UserError
from snnc.ir import Program
from snnc.ir.scaling import weights_of
from snnc.passes import Context, parse_pass
from tests.sim.corpus import PORTABLE, case, cases

from .c_corpus import REFUSED, problem_with
from .plugin import Shell, install

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler: apt-get install gcc")

SANITIZERS = "-O0 -fsanitize=undefined,address -fno-sanitize-recover=all"
SANITIZED = ("decay/n*", "saturation/*", "exponent/*", "convolution/*", "code/*", "weights/*")
"""Cases in which C could do what it leaves undefined: shifts, overflows, indices."""

RUN_CASES = """
import sys
from fnmatch import fnmatchcase
from snnc.backends import Backend
from snnc.backends.registry import MEMBERS
from snnc.conformance import CASES
from snnc_c.conformance import CConformance
names = [c.name for c in CASES if any(fnmatchcase(c.name, p) for p in sys.argv[1:])]
rows = [CConformance.row(name) for name in names]
print(len(rows), *(f"{r.case}: {r.reason}" for r in rows if r.result != "passed"), sep="\\n")
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    work = tmp_path_factory.mktemp("plugin")
    install(work / "site", work)
    return Shell(work / "site", work)


@pytest.fixture(scope="module")
def bundle(shell: Shell) -> Path:
    """The shipped network in C. Do not change it: copy it."""
    done = shell.snnc("compile", MODEL, "--target", "c", "--code", "rate", "-o", "digits.c")
    assert done.returncode == 0, done.stderr
    return shell.work / "digits.c"


@pytest.fixture
def altered(bundle: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(bundle, tmp_path / "altered.c"))


def test_it_is_found_with_its_version(shell: Shell) -> None:
    (cc, zig) = [line for line in shell.snnc("targets").stdout.splitlines() if "snnc-c 1.0.0" in line]
    assert cc.split()[0] == zig.split()[0] == "c"
    assert "snnc targets install c" in zig
    passes = shell.snnc("passes").stdout
    assert "drop-weak-weights" in passes and "fraction of the largest weight" in passes


def test_it_is_a_back_end() -> None:
    backend: Backend = CBackend()  # for mypy: every member with its types
    assert all(hasattr(backend, member) for member in MEMBERS)


def test_gone_where_it_is_not_installed(shell: Shell) -> None:
    assert "snnc-c" not in Shell(None, shell.work).snnc("targets").stdout


@pytest.mark.slow
@needs_cc
def test_every_conformance_case(shell: Shell) -> None:
    done = shell.python("-m", "snnc.conformance", "c")
    changes = sum(case.name.startswith("changes/") for case in CASES)  # a code that it has not
    told = f"c: {len(CASES) - changes} passed, {changes} refused\n"
    assert changes and done.stdout == told, done.stdout + done.stderr


@pytest.mark.slow
@needs_cc
def test_nothing_is_undefined(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }")
    probe = ["cc", *SANITIZERS.split(), "empty.c", "-o", "empty"]
    if subprocess.run(probe, cwd=tmp_path, capture_output=True).returncode:
        pytest.skip("cc has no sanitizers")
    done = shell.python("-c", RUN_CASES, *SANITIZED, CFLAGS=SANITIZERS)
    number, *problems = done.stdout.splitlines()
    assert int(number) > 25 and problems == [], done.stderr


@needs_cc
def test_random_networks() -> None:
    found = {(kind, seed): problem_with(case(kind, seed)) for kind, seed in cases(21, 0, PORTABLE)}
    # Weights of 18 bits, or beyond the ends of the grid, are refused; nothing differs.
    told = {problem.split(" ")[1] for problem in found.values() if problem}
    assert told <= {"weight", "weights"}, found
    assert all(p.startswith(REFUSED) for p in found.values() if p)
    assert sum(not p for p in found.values()) >= 15


@needs_cc
def test_a_broken_operation_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite sees one wrong line in the arithmetic: a sum that is rounded up."""
    broken = Path(shutil.copytree(str(files.TEMPLATES), tmp_path / "network"))
    text = (broken / "arithmetic.h").read_text()
    assert "-1 - ((-1 - x) >> shift)" in text
    (broken / "arithmetic.h").write_text(text.replace("-1 - ((-1 - x) >> shift)", "-(-x >> shift)"))
    monkeypatch.setattr(files, "TEMPLATES", broken)

    def reason(name: str) -> str:
        return judge(CBackend(), BY_NAME[name], CConformance.kit, {}, ("cc",)).reason

    assert reason("exponent/down-readout").startswith("cc: ") and reason("exponent/one") == ""


@needs_cc
def test_the_shipped_network_spike_by_spike(shell: Shell, bundle: Path) -> None:
    _, test = training_and_test(copies=1)
    np.savez(shell.work / "test.npz", x=test.x[:20], y=test.y[:20])
    done = shell.snnc("verify", bundle, "--data", "test.npz", "--samples", "20", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["engine"], found["samples"], found["steps"]) == ("cc", 20, 192)
    assert found["compared"] == 20 * 192 * 1162 and found["mismatches"] == 0
    assert all(p["spikes"] > 0 for p in found["populations"] if p["quantity"] == "spikes")
    (measured,) = found["measured"]
    assert measured["unit"] == "s" and 0 < measured["value"] < 0.1


def test_same_input_same_bytes(shell: Shell, bundle: Path) -> None:
    done = shell.snnc("compile", MODEL, "--target", "c", "--code", "rate", "-o", "again.c")
    assert done.returncode == 0
    names = sorted(p.relative_to(bundle) for p in bundle.rglob("*") if p.is_file())
    assert [p.name for p in names].count("network.c") == 1
    for name in names:
        assert (bundle / name).read_bytes() == (shell.work / "again.c" / name).read_bytes(), name


@needs_cc
def test_altered_code_is_never_compiled(shell: Shell, altered: Path) -> None:
    path = altered / "c" / "network.c"
    path.write_text(path.read_text() + '#error "a stranger was here"\n')
    refused = shell.snnc("verify", altered)
    assert refused.returncode == 2 and "network.c" in refused.stderr
    # Whoever goes on all the same still does not get a stranger's code compiled.
    asked = shell.snnc("verify", altered, "--allow-altered", "--samples", "1")
    assert asked.returncode == 2 and "D602" in asked.stderr and "byte for byte" in asked.stderr
    assert "a stranger was here" not in asked.stderr


def staged(folder: Path, job: Path) -> list[str]:
    """The files that the engine would compile."""

    def made(program: Program) -> dict[str, bytes]:
        return payload_files(program, CBackend().target)

    return stage(folder, FOLDER, job, check_numbers, made)[1]


@pytest.mark.parametrize("name", ["network.c", "network.h", "arithmetic.h", "main.c"])
def test_only_what_is_emitted_is_staged(altered: Path, tmp_path: Path, name: str) -> None:
    job = tmp_path / "job"
    job.mkdir()
    (altered / "c" / "string.h").write_text("#error")  # a file of no role is never looked at
    every = {"network.c", "network.h", "arithmetic.h", "main.c"}
    assert set(staged(altered, job)) == {p.name for p in job.iterdir()} == every
    (altered / "c" / name).write_bytes((altered / "c" / name).read_bytes() + b" ")
    with pytest.raises(UserError) as refused:
        staged(altered, job)
    (found,) = refused.value.diagnostics
    assert found.code == "D602" and found.where.endswith(name) and "first in line" in found.what
    (altered / "c" / name).unlink()
    with pytest.raises(UserError, match="is missing"):
        staged(altered, job)


def test_a_program_that_is_no_program(altered: Path, tmp_path: Path) -> None:
    text = (altered / "program.json").read_text()
    (altered / "program.json").write_text(text.replace('"input_shift": 6', '"input_shift": 77'))
    with pytest.raises(UserError, match=r"D133.*input_shift is 77; it must be 0 to 31"):
        staged(altered, tmp_path)
    (altered / "program.json").write_text(text.replace('"delay": 15', '"delay": "#include <x>"'))
    with pytest.raises(UserError, match="D130"):
        staged(altered, tmp_path)


@needs_cc
def test_the_time_is_limited(shell: Shell, bundle: Path) -> None:
    done = shell.snnc("verify", bundle, "--samples", "1", "--time-limit", "0.001")
    assert done.returncode == 2 and "D606" in done.stderr


def test_no_compiler(shell: Shell, bundle: Path) -> None:
    missing = {"CC": "no-such-compiler"}
    assert "apt-get install gcc" in shell.snnc("targets", **missing).stdout
    done = shell.snnc("verify", bundle, **missing)
    assert done.returncode == 2 and "apt-get install gcc" in done.stderr


def test_a_chip_that_is_too_small(shell: Shell) -> None:
    small = ["--target", "c{flash=20000,ram=8192}", "--code", "rate"]
    done = shell.snnc("compile", MODEL, *small, "-o", "small.c")
    assert done.returncode == 2 and not (shell.work / "small.c").exists()
    assert "C401" in done.stderr and "there are 20000" in done.stderr
    assert "C402" in done.stderr and "there are 8192" in done.stderr
    with pytest.raises(UserError, match="D305"):
        CBackend(flash=0)


def test_its_own_messages_are_explained(shell: Shell) -> None:
    done = shell.snnc("explain", "c401")
    assert done.returncode == 0 and done.stdout.startswith("C401  The tables do not fit the flash")
    everything = shell.snnc("explain").stdout
    assert "\nTarget c (snnc-c)\n" in everything and "messages c " not in everything


@needs_cc
def test_dropped_weights_are_counted_and_save_flash(shell: Shell, bundle: Path) -> None:
    thin = ["--set", "drop-weak-weights{below=0.2}"]
    done = shell.snnc("compile", MODEL, "--target", "c", "--code", "rate", *thin, "-o", "thin.c")
    assert done.returncode == 0, done.stderr

    def notes(folder: Path, code: str) -> list[str]:
        manifest = json.loads((folder / "manifest.json").read_text())
        return [note["what"] for note in manifest["notes"] if note["code"] == code]

    dropped = notes(shell.work / "thin.c", "C702")
    assert len(dropped) >= 5 and all("% of their squares' sum" in what for what in dropped)
    (before,), (after,) = notes(bundle, "C701"), notes(shell.work / "thin.c", "C701")
    assert int(after.split()[0]) < int(before.split()[0])
    assert shell.snnc("verify", "thin.c", "--samples", "3").returncode == 0


def test_weights_are_dropped_beside_the_largest_of_their_population() -> None:
    context = Context(CBackend().target)
    graph = parse_pass("fold-linear-chains").run(feed_forward(), context)
    assert DropWeakWeights().run(graph, context) is graph and context.notes == []
    thin = DropWeakWeights(below=0.5).run(graph, context)
    for before, after in zip(graph.projections, thin.projections, strict=True):
        weights, left = weights_of(before.op), weights_of(after.op)
        weak = np.abs(weights) < 0.5 * np.abs(weights).max()
        assert weak.any() and np.array_equal(left, np.where(weak, 0, weights))
    share = float(np.sum(weights[weak] ** 2) / np.sum(weights**2))
    assert f"{weak.sum()} of {weights.size} weights dropped, {share:.2%}" in context.notes[-1].what
    with pytest.raises(UserError, match="D305"):
        DropWeakWeights(below=1.0).run(graph, context)


def test_names_of_the_user_are_no_code() -> None:
    program = single(Kit(), 1).built().program
    evil = '*/ int x = 0; #include "/etc/passwd"\n/* ünï \\'

    def renamed(name: str) -> str:
        return evil if name == "hidden" else name

    populations = tuple(replace(p, name=renamed(p.name)) for p in program.populations)
    projections = tuple(
        replace(q, source=renamed(q.source), target=renamed(q.target)) for q in program.projections
    )
    whole = replace(program, name=evil, populations=populations, projections=projections)
    code, plain = (
        payload_files(each, CBackend().target)["network.c"].decode("ascii") for each in (whole, program)
    )
    assert "p1_hidden" in plain and code == plain.replace("p1_hidden", identifier(1, evil))
    assert identifier(1, evil).replace("_", "").isalnum()
