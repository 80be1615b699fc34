"""Trains the network with spikerplus and has it write the VHDL. Runs in its environment, without snnc.

    python -m benchmarks.fpga_peers.spiker FOLDER    # that has digits.npz

The folder then has ``weights.pt`` (as :class:`.network.Net` names them), ``vhdl/`` and ``model.npz``:
what spikerplus's own quantized model sends on the test part, ``hidden`` and ``output`` (samples, steps,
neurons), ``y``, and which decisions its floats and its integers get right.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from spikerplus import NetBuilder, Optimizer, Trainer, VhdlGenerator
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.fpga_peers import BETA, CLASSES, EXTRA, HIDDEN, PIXELS, STEPS

EPOCHS, RATE, BATCH = 25, 2e-3, 64
BITS = {"weights_bw": 8, "neurons_bw": 12, "fp_dec": 8}
"""The largest weight, 0.42, is 106 of 127 with 8 bits behind the point."""


def described() -> dict[str, Any]:
    """The network, as spikerplus takes it."""
    layer = {
        "neuron_model": "lif",
        "beta": BETA,
        "learn_beta": False,
        "threshold": 1.0,
        "learn_threshold": False,
        "reset_mechanism": "subtract",
    }
    layers = {"layer_0": layer | {"n_neurons": HIDDEN}, "layer_1": layer | {"n_neurons": CLASSES}}
    return {"n_cycles": STEPS + EXTRA, "n_inputs": PIXELS, **layers}


def spikes_of(net: Any, x: torch.Tensor) -> list[np.ndarray[Any, Any]]:
    """Of both layers, (samples, steps, neurons)."""
    with torch.no_grad():
        net(x.permute(1, 0, 2))
    return [net.spk_rec[name].numpy().transpose(1, 0, 2) for name in ("lif1", "lif2")]


def main() -> None:
    """Train, quantize, write."""
    logging.disable(logging.WARNING)  # one a batch, that the training's samples have no empty steps
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with np.load(folder / "digits.npz") as file:
        train = TensorDataset(torch.tensor(file["x_train"]).float(), torch.tensor(file["y_train"]))
        x, y = torch.tensor(file["x"]).float(), file["y"]
    net = NetBuilder(described()).build()
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    trainer = Trainer(net, readout_type="spk_count", optimizer=optimizer)
    loader = DataLoader(train, batch_size=BATCH, shuffle=True, drop_last=True)
    for _ in range(EPOCHS):
        trainer.train_one_epoch(loader)
    state = net.state_dict()
    torch.save({name.removeprefix("layers."): v for name, v in state.items()}, folder / "weights.pt")
    floats = spikes_of(net, x)[1].sum(1).argmax(-1) == y
    VhdlGenerator(net, BITS).generate().write_file_all(output_dir=str(folder / "vhdl"), rm=True)
    padded = torch.cat([x, torch.zeros(len(x), EXTRA, x.shape[2])], 1)
    search = {name: {"min": bits, "max": bits} for name, bits in BITS.items()}
    optimized = Optimizer(net, described(), search, "spk_count")
    optimized.build_quant_snn(BITS["weights_bw"], BITS["neurons_bw"], BITS["fp_dec"])
    hidden, output = (spikes[:, :STEPS] for spikes in spikes_of(optimized.net, padded))
    right = output.sum(1).argmax(-1) == y
    np.savez(folder / "model.npz", hidden=hidden, output=output, y=y, floats=floats, right=right)


if __name__ == "__main__":
    main()
