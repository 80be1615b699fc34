"""C whose checks the range proofs left out: every spike and potential, under the computer's sanitizers.

The text with all its checks is proved (``tests/prove``); without them it is held to what the reference
simulator computes, optimized as the project's Makefile does, and watched for what C leaves undefined.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.backends.c_code import code_files, lay_out
from snnc.backends.c_project.options import OPTIMIZE
from snnc.sim.reference import simulate
from tests.sim.corpus import PORTABLE, Case, case, cases

from .programs import backend_for

SANITIZERS = (*OPTIMIZE, "-fsanitize=undefined,address", "-fno-sanitize-recover=all")
COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
MAIN = Path(__file__).resolve().parents[3] / "samples/c_backend/snnc_c/network/main.c"


@pytest.fixture(params=COMPILERS or ["cc"])
def compiler(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A compiler of this computer that has sanitizers."""
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }")
    words = [request.param, *SANITIZERS, "empty.c", "-o", "empty"]
    try:
        works = subprocess.run(words, cwd=tmp_path, capture_output=True).returncode == 0
    except OSError:
        works = False
    if not works:
        pytest.skip(f"{request.param} is not there or has no sanitizers: apt-get install gcc")
    return str(request.param)


def written(network: Case, folder: Path) -> int:
    """Write a network's C for exactly its input; how many of its populations have no checks."""
    layout = lay_out(network.program, backend_for(network, "nucleo-f411re").target)
    for name, content in code_files(network.program, layout).items():
        (folder / name).write_bytes(content)
    samples, steps = network.spikes.shape[:2]
    flat = network.spikes.reshape(samples, -1).astype(np.int32)
    (folder / "input").write_bytes(np.array([samples, steps], np.int32).tobytes() + flat.tobytes())
    return sum(p.width is not None and not p.width.checked for p in layout.places)


def ran(words: Iterable[str], folder: Path) -> NDArray[np.int32]:
    """All that the compiled network writes: it must not stop."""
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    build = [*words, *strict, "network.c", str(MAIN), "-I.", "-o", "network"]
    subprocess.run(build, cwd=folder, check=True)
    done = subprocess.run(
        ["./network", "input", "output", "potentials"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: NDArray[np.int32] = np.fromfile(folder / "output", np.int32)
    return found[:-1]  # the last number is a time


def wanted(network: Case) -> NDArray[np.int32]:
    """The same numbers, as the reference simulator has them: spikes and potentials, step by step."""
    trace = simulate(network.program, network.spikes, states=True)
    readout, parts = network.program.readout, []
    for p in network.program.populations:
        if p.neuron is not None and p is not readout:
            parts += [trace.spikes[p.name], trace.potentials[p.name]]
    parts.append(trace.potentials[readout.name])
    rows = network.spikes.shape[0] * network.spikes.shape[1]
    whole = np.concatenate([part.reshape(rows, -1) for part in parts], axis=1)
    found: NDArray[np.int32] = whole.astype(np.int32).ravel()
    return found


def without_checks(words: tuple[str, ...], given: Iterable[tuple[str, int]], folder: Path) -> int:
    """Populations without checks in networks that are all as the reference has them."""
    found = 0
    for kind, seed in given:
        network = case(kind, seed)
        found += written(network, folder)
        assert np.array_equal(ran(words, folder), wanted(network)), (kind, seed)
    return found


def test_each_kind_of_network_without_checks(compiler: str, tmp_path: Path) -> None:
    assert without_checks((compiler, *SANITIZERS), cases(len(PORTABLE), 70, PORTABLE), tmp_path) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("flags", [OPTIMIZE, SANITIZERS], ids=["plain", "sanitized"])
def test_nothing_is_undefined_without_checks(
    compiler: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    assert without_checks((compiler, *flags), cases(60, 9, PORTABLE), tmp_path) > 40


def test_registers_narrower_than_proved_are_found(
    compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnc.backends.c_code.widths.narrowest", lambda *ends: "int8_t")
    # The compiler warns of constants that do not fit, or values differ.
    with pytest.raises((AssertionError, subprocess.CalledProcessError)):
        without_checks((compiler, *SANITIZERS), cases(len(PORTABLE), 9, PORTABLE), tmp_path)
