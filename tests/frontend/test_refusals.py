"""Networks that have no meaning on a chip: what each of them is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.frontend.archives.exported import users_line

from .archives import MODEL, edit_json
from .networks import Accumulating, Layer, Shape

Refused = Callable[[Path, str], str]
Exporter = Callable[..., Path]
IMAGE: Shape = (2, 8, 8)
VECTOR: Shape = (6,)


class Step(nn.Module):
    """A network whose forward is a function of the module and the frame."""

    state: Tensor
    other: Tensor
    fc: Layer
    rnn: Callable[[Tensor], tuple[Tensor, ...]]

    def __init__(self, forward: Callable[[Step, Tensor], object], **parts: nn.Module) -> None:
        super().__init__()
        self.does = forward
        for name, part in parts.items():
            self.add_module(name, part)
        self.register_buffer("state", torch.zeros(1, 6))
        self.register_buffer("other", torch.zeros(1, 6))
        self.fc = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> object:
        """One frame."""
        return self.does(self, x)


def leaky(self: Step, x: Tensor) -> Tensor:
    self.state.copy_(0.9 * self.state + self.fc(x))
    return torch.relu(self.state)


def crossed(self: Step, x: Tensor) -> Tensor:
    before = self.state.clone()
    self.state.copy_(self.other + x)
    self.other.copy_(before)
    return self.fc(torch.relu(self.state))


def delayed_bias(self: Step, x: Tensor) -> Tensor:
    late = torch.relu(self.state) + 1
    self.state.copy_(self.fc(x))
    return late


def constant_state(self: Step, x: Tensor) -> Tensor:
    late = self.fc(self.state) + x
    self.state.copy_(torch.ones(1, 6))
    return late


def scaled_sum(self: Step, x: Tensor) -> Tensor:
    self.state.add_(self.fc(x))
    return self.state / 2


def part_of_state(self: Step, x: Tensor) -> Tensor:
    self.state[:, 0].copy_(x[:, 0])
    return self.fc(x)


def view_of_state(self: Step, x: Tensor) -> Tensor:
    view = self.state.view(1, 6)
    view.copy_(x)
    return self.fc(self.state)


def gated(self: Step, x: Tensor) -> Tensor:
    return self.fc(x) * torch.sigmoid(self.fc(x)) + torch.tanh(x)


def branch(self: Step, x: Tensor) -> Tensor:
    with torch.no_grad():
        x = self.fc(x)
    return torch.relu(x) + self.fc(x)


def concatenated(self: Step, x: Tensor) -> Tensor:
    return torch.cat([torch.relu(self.fc(x)), x], 0).sum(0, keepdim=True)


def batch_lost(self: Step, x: Tensor) -> Tensor:
    return self.fc(x.view(-1))


def weights_from_input(self: Step, x: Tensor) -> Tensor:
    return F.linear(self.fc(x), x)


def images(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 3, 3), *layers)


OPERATIONS: dict[str, tuple[Callable[[], nn.Module], Shape]] = {
    "max-pool": (
        lambda: images(nn.MaxPool2d(2), nn.Softmax(1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)),
        IMAGE,
    ),
    "activations": (lambda: nn.Sequential(nn.GELU(), nn.Tanh(), nn.ReLU6(), nn.Linear(6, 2)), VECTOR),
    "norms": (lambda: images(nn.GroupNorm(1, 3), nn.InstanceNorm2d(3), nn.LayerNorm(6)), IMAGE),
    "no-statistics": (lambda: images(nn.BatchNorm2d(3, track_running_stats=False)), IMAGE),
    "transposed": (lambda: nn.ConvTranspose3d(1, 2, 2), (1, 4, 4, 4)),
    "lstm": (lambda: Step(lambda self, x: self.rnn(x)[0], rnn=nn.LSTM(6, 3)), VECTOR),
    "cut-nowhere": (lambda: images(nn.ReLU(), nn.Threshold(0.5, 0)), IMAGE),
    "gated": (lambda: Step(gated), VECTOR),
    "no-grad": (lambda: Step(branch), VECTOR),
    "concatenated": (lambda: Step(concatenated), VECTOR),
    "batch-lost": (lambda: Step(batch_lost), VECTOR),
    "weights-from-input": (lambda: Step(weights_from_input), VECTOR),
    "computed-constant": (lambda: Step(lambda self, x: x + torch.lgamma(torch.ones(6))), VECTOR),
    "part-of-state": (lambda: Step(part_of_state), VECTOR),
    "view-of-state": (lambda: Step(view_of_state), VECTOR),
    "leaky": (lambda: Step(leaky), VECTOR),
    "crossed": (lambda: Step(crossed), VECTOR),
    "delayed-bias": (lambda: Step(delayed_bias), VECTOR),
    "constant-state": (lambda: Step(constant_state), VECTOR),
    "scaled-sum": (lambda: Step(scaled_sum), VECTOR),
    "two-answers": (lambda: Step(lambda self, x: (self.fc(x), x)), VECTOR),
    "no-input": (lambda: Step(lambda self, x: self.fc(torch.zeros(1, 6))), VECTOR),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OPERATIONS)
def test_network(name: str, export: Exporter, refused: Refused) -> None:
    build, shape = OPERATIONS[name]
    refused(export(build(), shape), name)


def test_late_sum_with_bias(export: Exporter, refused: Refused) -> None:
    net = Accumulating(late=True)
    net.head = nn.Linear(8, 3)
    refused(export(net, VECTOR), "late-sum-with-bias")


def test_used_state(export: Exporter, refused: Refused) -> None:
    net = Accumulating()
    net(torch.ones(1, 6))
    torch.nn.init.ones_(net.total)
    refused(export(net, VECTOR), "used-state")


def test_used_state_of_neurons(export: Exporter, refused: Refused) -> None:
    def recurrent(self: Step, x: Tensor) -> Tensor:
        self.state.copy_(torch.relu(self.fc(self.state) + x))
        return self.state

    net = Step(recurrent)
    torch.nn.init.ones_(net.state)
    refused(export(net, VECTOR), "used-state-of-neurons")


def test_state_without_batch(export: Exporter, refused: Refused) -> None:
    def unbatched(self: Step, x: Tensor) -> Tensor:
        self.state.copy_(x[0])
        return self.fc(x)

    net = Step(unbatched)
    net.state = torch.zeros(6)
    refused(export(net, VECTOR), "state-without-batch")


def test_batch(export: Exporter, refused: Refused) -> None:
    refused(export(nn.Linear(6, 2), VECTOR, batch=2), "batch")


def test_dynamic_width(tmp_path: Path, refused: Refused) -> None:
    width = torch.export.Dim("width", min=4, max=8)
    net, example = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1)), torch.zeros(1, 1, 6, 6)
    program = torch.export.export(net, (example,), dynamic_shapes=({3: width},))
    torch.export.save(program, tmp_path / "net.pt2")
    refused(tmp_path / "net.pt2", "dynamic-width")


def test_two_inputs(tmp_path: Path, refused: Refused) -> None:
    net = nn.Bilinear(2, 2, 2)
    program = torch.export.export(net, (torch.zeros(1, 2), torch.zeros(1, 2)))
    torch.export.save(program, tmp_path / "net.pt2")
    refused(tmp_path / "net.pt2", "two-inputs")


def test_training_mode(tmp_path: Path, refused: Refused) -> None:
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Dropout(), nn.ReLU()).train()
    torch.export.save(torch.export.export(net, (torch.zeros(1, *IMAGE),)), tmp_path / "net.pt2")
    refused(tmp_path / "net.pt2", "training-mode")


def test_not_finite(export: Exporter, refused: Refused) -> None:
    first, last = nn.Linear(6, 4), nn.Linear(4, 2)
    net = nn.Sequential(first, nn.ReLU(), last)
    with torch.no_grad():
        first.weight[1, 2:4] = torch.nan
        last.bias[0] = -torch.inf
    refused(export(net, VECTOR), "not-finite")


def test_shape_that_the_file_denies(export: Exporter, refused: Refused) -> None:
    path = export(nn.Linear(6, 2), VECTOR)
    keys = ("graph_module", "graph", "tensor_values", "linear", "sizes", 1, "as_int")
    refused(edit_json(path, MODEL, *keys, value=3), "other-shape")


def test_the_users_own_words_come_first(export: Exporter) -> None:
    """Layer or function, where it is, the line; torch's name of it is last."""

    def forward(self: Step, x: Tensor) -> Tensor:
        return torch.sin(self.fc(x))

    with pytest.raises(UserError) as caught:
        load_model(export(nn.Sequential(Step(forward), nn.SiLU(), nn.InstanceNorm1d(6)), VECTOR))
    sin, silu, norm = caught.value.diagnostics
    line = forward.__code__.co_firstlineno + 1
    said = f"line {line} of test_refusals.py: return torch.sin(self.fc(x)); in torch aten.sin.default"
    assert (sin.what, sin.where, sin.why) == ("sin is not supported", "0 (Step)", said)
    assert (silu.what, silu.where) == ("SiLU is not supported", "1 (SiLU)")
    assert (norm.what, norm.where) == ("InstanceNorm1d is not supported", "2 (InstanceNorm1d)")
    assert norm.why == "in torch aten.instance_norm.default"


def test_unknown_argument(export: Exporter) -> None:
    """What a rule does not look at is not taken for harmless."""
    net = Step(lambda self, x: torch.div(self.fc(x), 2, rounding_mode="floor"))
    said = r"(?s)div with rounding_mode is not.*in torch aten\.div\.Tensor_mode"
    with pytest.raises(UserError, match=said):
        load_model(export(net, VECTOR))


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        (
            '  File "/home/me/net.py", line 7, in forward\n    return act(x)',
            "line 7 of net.py: return act(x)",
        ),
        ('  File "C:\\me\\net.py", line 7, in f\n    y', "line 7 of net.py: y"),
        (
            f'  File "/a/{"n" * 300}", line 7, in f\n    {"t" * 300}',
            f"line 7 of {'n' * 100}: {'t' * 100}",
        ),
        (f'  File "/a/net.py", line {"7" * 300}, in f\n    y', ""),
        ('  File "/usr/lib/python3/dist-packages/torch/nn.py", line 7, in f\n    y', ""),
        ('  File "C:\\lib\\site-packages\\torch\\nn.py", line 7, in f\n    y', ""),
        ('  File "/", line 7, in f\n    y', ""),
    ],
)
def test_a_line_of_a_stack_trace_is_the_users_and_short(trace: str, said: str) -> None:
    assert users_line(trace) == said
