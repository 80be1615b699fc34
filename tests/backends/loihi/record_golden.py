"""Records the golden traces from Lava: needs Lava; run after a change of meaning, then read the diff.

cd tests/backends && python -m loihi.record_golden
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from snnc.backends.loihi import LoihiBackend
from snnc.ir import Integers, Program, Trace, pack_arrays, unpack_arrays, write_program
from tests.emitting import emitted_into

from .networks import edge_program, edge_spikes, random_program, random_spikes

FOLDER = Path(__file__).with_name("golden")
SEEDS = (0, 3, 6, 9, 10, 13, 16, 19)
STEPS = 30


def record(program: Program, spikes: Integers) -> bytes:
    """Program, input and the true runtime's trace as one archive."""
    with tempfile.TemporaryDirectory() as name:
        emitted = emitted_into(Path(name), LoihiBackend(), program)
        trace = LoihiBackend().run("lava", Path(name), emitted, spikes, time_limit=120)
    files = {k: np.frombuffer(v, np.uint8) for k, v in write_program(program).items()}
    del trace.spikes[program.input.name]
    spiked = {f"spikes {k}": v.astype(np.int8) for k, v in trace.spikes.items()}
    potentials = {f"potentials {k}": v for k, v in trace.potentials.items()}
    return pack_arrays({**files, "input": spikes.astype(np.int32), **spiked, **potentials})


def load(path: Path) -> tuple[dict[str, bytes], Integers, Trace]:
    """The inverse of :func:`record`: program files, input, trace."""
    arrays = unpack_arrays(path.read_bytes())
    files = {k: arrays.pop(k).tobytes() for k in ("program.json", "weights.npz")}
    spikes = arrays.pop("input").astype(np.int64)
    trace = Trace()
    for key, values in arrays.items():
        kind, _, name = key.partition(" ")
        getattr(trace, kind)[name] = values.astype(np.int32)
    return files, spikes, trace


def main() -> None:
    """Write every golden trace."""
    FOLDER.mkdir(exist_ok=True)
    for seed in SEEDS:
        program = random_program(seed)
        spikes = random_spikes(program, seed, 1, STEPS)
        (FOLDER / f"random_{seed}.npz").write_bytes(record(program, spikes))
    (FOLDER / "edges.npz").write_bytes(record(edge_program(), edge_spikes()))


if __name__ == "__main__":
    main()
