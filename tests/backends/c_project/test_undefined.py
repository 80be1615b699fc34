"""Nothing that C leaves undefined happens in narrow registers: the computer's sanitizers watch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.c_code import code_files, lay_out
from snnc.ir import Trace
from snnc.sim.reference import simulate
from tests.sim.corpus import Case, case, cases

from .programs import backend_for

SANITIZERS = ("-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")
MAIN = Path(__file__).resolve().parents[3] / "samples/c_backend/snnc_c/network/main.c"


def sanitized(folder: Path) -> bool:
    """Whether the compiler is there and has them."""
    (folder / "empty.c").write_text("int main(void) { return 0; }")
    words = ["cc", *SANITIZERS, "empty.c", "-o", "empty"]
    try:
        return subprocess.run(words, cwd=folder, capture_output=True).returncode == 0
    except OSError:
        return False


def built(network: Case, folder: Path) -> int:
    """Compile a network for exactly its input; how many of its populations are narrow."""
    target = backend_for(network, "nucleo-f411re").target
    layout = lay_out(network.program, target)
    for name, content in code_files(network.program, layout).items():
        (folder / name).write_bytes(content)
    words = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", *SANITIZERS]
    subprocess.run([*words, "network.c", str(MAIN), "-I.", "-o", "network"], cwd=folder, check=True)
    return sum(p.width is not None and not p.width.checked for p in layout.places)


def readout(network: Case, wanted: Trace, folder: Path) -> bool:
    """Whether the readout is the simulator's, by the compiled network; it must not stop."""
    samples, steps = network.spikes.shape[:2]
    flat = network.spikes.reshape(samples, -1).astype(np.int32)
    (folder / "input").write_bytes(np.array([samples, steps], np.int32).tobytes() + flat.tobytes())
    done = subprocess.run(["./network", "input", "output"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = np.fromfile(folder / "output", np.int32)[:-1].reshape(samples * steps, -1)
    answers = wanted.potentials[network.program.readout.name].reshape(samples * steps, -1)
    return np.array_equal(found[:, -answers.shape[1] :], answers)


@pytest.mark.slow
def test_nothing_is_undefined_in_narrow_registers(tmp_path: Path) -> None:
    if not sanitized(tmp_path):
        pytest.skip("cc is not there or has no sanitizers: apt-get install gcc")
    narrow = 0
    for kind, seed in cases(60, 9):
        network = case(kind, seed)
        narrow += built(network, tmp_path)
        wanted = simulate(network.program, network.spikes)
        assert readout(network, wanted, tmp_path), (kind, seed)
    assert narrow > 40
