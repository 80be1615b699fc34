"""Functions behind the answer that leave the decision alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.sim.analog import run_frames

Exporter = Callable[..., Path]

ENDS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda x: torch.softmax(x, 1),
    "softmax-last": lambda x: torch.softmax(x, -1),
    "log_softmax": lambda x: torch.log_softmax(x, 1),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "log_sigmoid": nn.functional.logsigmoid,
}


class Net(nn.Module):
    """Two layers and an end."""

    def __init__(self, end: Callable[[Tensor], Tensor], classes: int = 4) -> None:
        super().__init__()
        self.hidden, self.head, self.end = nn.Linear(6, 8), nn.Linear(8, classes), end

    def forward(self, x: Tensor) -> Tensor:
        """One vector."""
        return self.end(self.head(torch.relu(self.hidden(x))))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("decomposed", [False, True])
def test_the_decision_stays(end: str, decomposed: bool, export: Exporter) -> None:
    if decomposed and end == "log_sigmoid":
        pytest.skip("torch makes it of a minimum, a magnitude and a logarithm")
    torch.manual_seed(0)
    net = Net(ENDS[end]).eval()
    model = load_model(export(net, (6,), decomposed=decomposed))
    frames = np.random.default_rng(0).normal(size=(50, 1, 6))
    with torch.no_grad():
        expected = net(torch.tensor(frames[:, 0], dtype=torch.float32)).numpy()
    found = run_frames(model.graph, frames)[model.graph.readout.name][:, 0]
    assert np.array_equal(found.argmax(1), expected.argmax(1))
    assert {note.code for note in model.notes} == {"N766"}


@pytest.mark.filterwarnings("ignore")
def test_two_of_them(export: Exporter) -> None:
    model = load_model(export(Net(lambda x: torch.sigmoid(torch.tanh(x))), (6,)))
    assert [note.what.split()[0] for note in model.notes] == ["sigmoid", "tanh"]


@pytest.mark.filterwarnings("ignore")
def test_one_answer_is_compared_with_zero(export: Exporter) -> None:
    (note,) = load_model(export(Net(torch.sigmoid, classes=1), (6,))).notes
    assert "they grow with what it gave" in note.why


def _rows(x: Tensor) -> Tensor:
    return torch.softmax(x.reshape(1, 2, 2), 1).flatten(1)


def _twice(x: Tensor) -> Tensor:
    probable = torch.softmax(x, 1)
    return probable + probable.sum()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("end", [_rows, _twice, lambda x: -torch.tanh(x)])
def test_elsewhere_it_is_refused(end: Callable[[Tensor], Tensor], export: Exporter) -> None:
    """Along another axis, behind something else, where something else uses it."""
    with pytest.raises(UserError, match="D201"):
        load_model(export(Net(end), (6,)))
