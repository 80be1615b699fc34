"""Random chains of ONNX operations, beside onnxruntime.

    python -m tests.frontend.onnx_chains --cases 2000 --seed 1

Every case is one to five operations in a row, with attributes, ranks, constants and versions drawn at
random, and joins with what came before. What onnxruntime cannot run is drawn again.
A case is refused, or its answer is onnxruntime's.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from snnc.errors import UserError

from .onnx_files import drawn, loaded, ours
from .onnx_growths import GROWTHS, Chain, Unfit

ROUNDING = 2e-5
OPSETS = (11, 13, 14, 17, 18, 20, 21, 23)
MOST_ELEMENTS = 600


def runtime(model: Any, x: NDArray[Any]) -> NDArray[Any]:
    """What onnxruntime gives for one sample, a batch of one."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return np.asarray(session.run(None, {"x": x})[0])


SHAPES = ((1, 6), (1, 4, 6), (1, 3, 6, 5), (1, 2, 4, 4), (1, 4, 5, 6), (1, 1, 7, 7))


def chain(seed: int) -> tuple[Chain, Any]:
    """A random model, and what onnxruntime gives for some samples."""
    rng = np.random.default_rng(seed)
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    c = Chain(rng, int(rng.choice(OPSETS)), shape, signals=[("x", shape)])
    x = drawn(shape[1:], seed=seed, samples=3)
    want: Any = None
    for _ in range(c.number(1, 5) * 6):
        before = len(c.nodes), dict(c.inits), list(c.signals)
        try:
            GROWTHS[int(rng.integers(len(GROWTHS)))](c)
            found = [runtime(c.model(), x[n : n + 1]) for n in range(len(x))]
            if any(f.shape[:1] != (1,) or f.size > MOST_ELEMENTS or not f.size for f in found):
                raise Unfit
            if not all(np.isfinite(f).all() for f in found):
                raise Unfit
        except Exception:  # not a model, or one that onnxruntime cannot run
            del c.nodes[before[0] :]
            c.inits, c.signals = before[1], before[2]
            continue
        c.signals[-1] = (c.newest[0], found[0].shape)
        want = np.concatenate(found)
        if len(c.nodes) >= 5:
            break
    return c, (x, want)


def checked(seed: int, folder: Path) -> str:
    """``equal``, ``refused CODE``, or what is wrong, with the model."""
    c, (x, want) = chain(seed)
    if want is None:
        return "none"
    try:
        got = ours(loaded(c.model(), folder), x)
    except UserError as refused:
        return f"refused {refused.diagnostics[0].code}"
    except Exception:
        return f"seed {seed}: traceback\n{c.text()}\n{traceback.format_exc(limit=-4)}"
    if got.shape != want.shape:
        return f"seed {seed}: shape {got.shape}, not {want.shape}\n{c.text()}"
    off = float(np.abs(got - want).max() / max(1.0, np.abs(want).max()))
    return "equal" if off < ROUNDING else f"seed {seed}: off by {off:.3g}\n{c.text()}"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Random chains of ONNX operations.")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.seed * 10**6, given.seed * 10**6 + given.cases):
            found = checked(seed, Path(folder))
            counts[found if "\n" not in found else "wrong"] += 1
            if "\n" in found:
                sys.stdout.write(f"{found}\n")
    sys.stdout.write(f"{dict(counts)}\n")


if __name__ == "__main__":
    main()
