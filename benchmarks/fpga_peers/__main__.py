"""Measures both and prints a row for each, as JSON.

    apt-get install ghdl verilator g++; snnc targets install fpga
    python -m benchmarks.fpga_peers [--samples 360]    # half an hour of one core

spikerplus is installed into an environment of its own below ``build/fpga_peers``; all that it writes
stays there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samples.nir_readers.installed import TORCH, Reader, environment
from samples.spiking_libraries.data import digits
from samples.spiking_libraries.environments import environment as variables

from . import EXTRA, PIXELS, STEPS
from .placing import placed
from .vhdl import simulated, verilog

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "fpga_peers"
PACKAGES = (TORCH, "snntorch==1.0.0", "tabulate==0.10.0", "spikerplus==2.0.3")
SPIKER = Reader("spikerplus", "2.0.3", "spiker.py", (PACKAGES,))
CALIBRATION = 128
TARGET = "fpga{spikes=true,device=ecp5-85}"

Row = dict[str, Any]


def prepared() -> None:
    """The data, the trained network, and what spikerplus makes of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    train, test = digits(STEPS)
    np.savez(FOLDER / "digits.npz", x_train=train.x, y_train=train.y, x=test.x, y=test.y)
    first = train.first(CALIBRATION)
    np.savez(FOLDER / "calibration.npz", x=first.x, y=first.y)
    python = environment(SPIKER, FOLDER)
    command = [str(python), "-m", f"{__package__}.spiker", str(FOLDER)]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def differ(shown: NDArray[Any], model: NDArray[Any]) -> str:
    """How many of a layer's neuron-steps differ."""
    return f"{int((shown != model[: len(shown)]).sum())} of {shown.size}"


def peer(x: NDArray[Any]) -> Row:
    """spikerplus's hardware, compared with its own quantized model."""
    padded = np.concatenate([x, np.zeros((len(x), EXTRA, PIXELS), x.dtype)], 1)
    seen = simulated(FOLDER / "vhdl", FOLDER / "simulated", padded)
    hidden, output = seen.layers(STEPS)
    with np.load(FOLDER / "model.npz") as model:
        row = {
            "hidden spikes that differ": differ(hidden, model["hidden"]),
            "output spikes that differ": differ(output, model["output"]),
            "right, floats": int(model["floats"][: len(x)].sum()),
            "right, own model": int(model["right"][: len(x)].sum()),
            "right, hardware": int((output.sum(1).argmax(-1) == model["y"][: len(x)]).sum()),
        }
    cycles = {"mean": float(seen.cycles.mean()), "most": int(seen.cycles.max())}
    verilog(FOLDER / "vhdl", FOLDER / "verilog")
    core = placed(FOLDER / "verilog", "network.v", "network")
    return {**row, f"cycles of {STEPS + EXTRA} steps": cycles, "core": asdict(core)}


def snnc(*arguments: str) -> str:
    """A command of snnc, in the environment of snnTorch, which the network is written for."""
    command = [sys.executable, "-m", "snnc", *arguments]
    return subprocess.run(
        command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE, env=variables("snntorch")
    ).stdout


def ours(samples: int) -> Row:
    """snnc's hardware, compared with its integer program."""
    bundle, data = FOLDER / "ours.fpga", FOLDER / "digits.npz"
    shutil.rmtree(bundle, ignore_errors=True)
    options: tuple[str, ...] = ("--module", f"{__package__}.network:Net", "--input-shape", str(PIXELS))
    options += ("--calibration", str(FOLDER / "calibration.npz"), "--set", "encode-input{code=spread}")
    snnc("compile", str(FOLDER / "weights.pt"), *options, "--target", TARGET, "-o", str(bundle))
    count = ("--samples", str(samples), "--json")
    verified = json.loads(snnc("verify", str(bundle), "--data", str(data), "--potentials", *count))
    run = json.loads(snnc("run", str(bundle), "--data", str(data), *count))
    core = FOLDER / "core"
    shutil.rmtree(core, ignore_errors=True)
    shutil.copytree(bundle / "fpga", core)
    (core / "snnc_board.sv").unlink()
    return {
        "verify": verified,
        "run": run,
        "board": json.loads((bundle / "fpga" / "fit.json").read_text()),
        "core": asdict(placed(core, "*.sv", "snnc_network")),
    }


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description="One network as hardware of snnc and of spikerplus.")
    parser.add_argument("--samples", type=int, default=360, help="of the 360 digits of the test part")
    samples = parser.parse_args().samples
    prepared()
    with np.load(FOLDER / "digits.npz") as file:
        x = file["x"][:samples]
    for name, row in (("snnc", partial(ours, samples)), ("spikerplus 2.0.3", partial(peer, x))):
        print(json.dumps({name: row()}, indent=2), flush=True)


if __name__ == "__main__":
    main()
