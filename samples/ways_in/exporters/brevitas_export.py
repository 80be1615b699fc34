"""A quantized network of brevitas as QONNX and QCDQ: ``python brevitas_export.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import brevitas.nn as qnn
import numpy as np
import torch
from brevitas.export import export_onnx_qcdq, export_qonnx
from torch import nn

folder = Path(sys.argv[1])
digits = np.load(folder / "digits.npz")
x, y = torch.tensor(digits["x"].astype("float32")), torch.tensor(digits["y"])
count = int(digits["training"])
torch.manual_seed(0)
net = nn.Sequential(
    qnn.QuantConv2d(1, 8, 3, padding=1, weight_bit_width=4, bias=True),
    qnn.QuantReLU(bit_width=4),
    nn.MaxPool2d(2),
    qnn.QuantConv2d(8, 8, 3, padding=1, weight_bit_width=4),
    qnn.QuantReLU(bit_width=4),
    nn.AvgPool2d(2),
    nn.Flatten(),
    qnn.QuantLinear(32, 10, bias=True, weight_bit_width=4),
)
optimizer = torch.optim.Adam(net.parameters(), 5e-3)
for step in range(200):
    batch = torch.arange(step * 64, step * 64 + 64) % count
    loss = nn.functional.cross_entropy(net(x[batch]), y[batch])
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
net.eval()
with torch.no_grad():
    answers = net(x[count:])
answers = getattr(answers, "value", answers)
for name, export in (("qonnx", export_qonnx), ("qcdq", export_onnx_qcdq)):
    export(net, torch.zeros(1, 1, 8, 8), export_path=str(folder / f"{name}.onnx"))
    np.save(folder / f"{name}.npy", answers.numpy())
