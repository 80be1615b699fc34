"""Small networks, exported and read back; messages compared with golden files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from snnc.errors import UserError
from snnc.frontend import load_model

GOLDEN = Path(__file__).parent / "golden"
REWRITE = "SNNC_REWRITE_GOLDEN"

Exporter = Callable[..., Path]
Refused = Callable[[Path, str], str]


@pytest.fixture
def export(tmp_path: Path) -> Exporter:
    """Write a module, in evaluation mode, as ``net.pt2`` and give its path."""

    def write(
        net: nn.Module, shape: tuple[int, ...], *, decomposed: bool = False, batch: int = 1
    ) -> Path:
        program = torch.export.export(net.eval(), (torch.zeros(batch, *shape),))
        if decomposed:
            program = program.run_decompositions()
        path = tmp_path / "net.pt2"
        torch.export.save(program, path)
        return path

    return write


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Load a file that must be refused, and compare the message with ``golden/<name>.txt``."""

    def check(path: Path, name: str) -> str:
        with pytest.raises(UserError) as caught:
            load_model(path)
        text = str(caught.value).replace(str(tmp_path), "DIR") + "\n"
        text = re.sub(r"line \d+ of", "line N of", text)
        golden = GOLDEN / f"{name}.txt"
        if os.environ.get(REWRITE):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(text)
        assert text == golden.read_text(), f"run with {REWRITE}=1 to accept the new message"
        return text

    return check


@pytest.fixture
def step() -> Callable[[nn.Module, NDArray[Any]], NDArray[Any]]:
    """Run a module in torch, frame by frame and each sample from the state it has now."""

    def run(net: nn.Module, frames: NDArray[Any]) -> NDArray[Any]:
        start = {name: buffer.clone() for name, buffer in net.named_buffers()}
        answers = []
        with torch.no_grad():
            for sample in torch.tensor(frames, dtype=torch.float32):
                for name, buffer in net.named_buffers():
                    buffer.copy_(start[name])
                answers.append([net(frame[None])[0].clone().numpy() for frame in sample])
        return np.array(answers)

    return run
