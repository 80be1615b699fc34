"""Rows of SpikingJelly: the same networks, calibration samples and test part, its own recipes."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samples.nir_readers.installed import BY_NAME, environment

from .feed_forward import NotFeedForwardError, Steps, feed_forward
from .measure import Row, judged
from .sets import Part
from .spikingjelly_recipes import STEPS
from .training import Trained, value

READER = BY_NAME["spikingjelly"]
ENGINE = f"{READER.name} {READER.version}"
ENVIRONMENTS = Path("build/nir-readers/envs")
SCRIPT = Path(__file__).parent / "spikingjelly_recipes.py"
SECONDS = 1800.0


class PeerFailedError(RuntimeError):
    """The script ended without an answer, or computes another network than ours."""


def peer_rows(net: Trained, calibration: str, given: Part, test: Part) -> list[Row]:
    """What each recipe makes of one network, at each number of steps.

    Args:
        net: the trained network.
        calibration: how ``given`` was drawn, for the rows.
        given, test: calibrate with these, run on those.

    Returns:
        One row a recipe and number of steps; one a number of steps where no recipe takes the network.

    Raises:
        PeerFailedError: the script failed, or its float network is not ours.
        InstallationError: its environment cannot be made.
    """
    try:
        if test.x.shape[1] > 1:
            raise NotFeedForwardError("its input has several frames; SpikingJelly repeats one image")
        answers, refused = converted(feed_forward(net.model), given, test, ENVIRONMENTS)
    except NotFeedForwardError as reason:
        return [_row(net, calibration, k, "every recipe", None, test, f"{reason}") for k in STEPS]
    if not np.allclose(answers.pop("float"), net.outputs, rtol=1e-3, atol=1e-3):
        raise PeerFailedError(f"{net.member.name}: its float network is not ours")
    if not answers:
        reasons = sorted(set(refused.values()))
        return [_row(net, calibration, k, "every recipe", None, test, *reasons) for k in STEPS]
    found = [
        _row(net, calibration, k, recipe, values[i], test)
        for recipe, values in answers.items()
        for i, k in enumerate(STEPS)
    ]
    return found + [
        _row(net, calibration, k, recipe, None, test, reason)
        for recipe, reason in refused.items()
        for k in STEPS
    ]


def converted(
    net: Steps, given: Part, test: Part, environments: Path
) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """Run the recipes in SpikingJelly's own environment.

    Returns:
        Of each recipe that takes the network the answers, (numbers of steps, samples, outputs), with
        the float network's, (samples, outputs), as ``float``; of each other the reason.

    Raises:
        PeerFailedError: the script failed.
        InstallationError: the environment cannot be made.
    """
    python = environment(READER, environments)
    with tempfile.TemporaryDirectory() as name:
        network, output = Path(name, "network.npz"), Path(name, "output.npz")
        images: Any = {"seen": given.x[:, 0], "test": test.x[:, 0]}
        arrays = {name: np.asarray(x, np.float32) for name, x in images.items()} | net.arrays
        np.savez(network, steps=json.dumps(net.steps), **arrays)
        done = subprocess.run(
            [python, SCRIPT, network, output],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["it said nothing"]
            raise PeerFailedError(f"SpikingJelly failed: {lines[-1]}")
        with np.load(output) as file:
            answers = {name: file[name] for name in file.files if name != "refused"}
            return answers, json.loads(str(file["refused"]))


def _row(
    net: Trained,
    calibration: str,
    k: int,
    recipe: str,
    outputs: NDArray[np.float32] | None,
    test: Part,
    *said: str,
) -> Row:
    return Row(
        network=net.member.name,
        seed=net.seed,
        data=net.member.data,
        samples=len(test),
        trained=value(net.outputs, test, net.member.regression),
        target="float simulation",
        code="rate",
        k=k,
        bits=None,
        calibration=calibration,
        changes=[],
        **judged(net, outputs, test),
        compile_said=[f"error: {reason}" for reason in said],
        engine=f"{ENGINE}, {recipe}",
    )
