"""Whole modules that ``torch.save`` wrote: rebuilt from known state alone, equal to torch."""

from __future__ import annotations

import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from snnc import QuantizedReLU
from snnc.errors import UserError
from snnc.frontend import Given, load_model
from snnc.frontend.torch_save.pickled_module import load_module
from snnc.frontend.torch_save.saved import Saved
from snnc.frontend.torch_save.standard_layers import NAMES, build
from snnc.ir import Linear
from snnc.ir.text import graph_text
from snnc.sim.analog import run_frames

from .archives import as_protocol_2, malicious
from .archives import saved as saved_bytes
from .networks import with_statistics

IMAGE = (2, 8, 8)
LINE = (3, 12)

WHOLE: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "image": (
        lambda: nn.Sequential(
            nn.ZeroPad2d((1, 0, 2, 1)),
            nn.Conv2d(2, 4, 3, stride=2, groups=2, dtype=torch.float64),
            nn.BatchNorm2d(4, dtype=torch.float64),
            nn.ReLU6(),
            nn.Sequential(nn.Dropout(), nn.AvgPool2d(2), nn.Identity()),
            nn.AdaptiveAvgPool2d((3, 3)),
            nn.Flatten(),
            nn.Hardtanh(0, 2),
            nn.Linear(36, 5, bias=False, dtype=torch.float64),
        ),
        IMAGE,
    ),
    "line": (
        lambda: nn.Sequential(
            OrderedDict(
                conv=nn.Conv1d(3, 4, 3, padding=1),
                norm=nn.BatchNorm1d(4, affine=False),
                act=nn.ReLU(),
                pool=nn.AvgPool1d(2),
                adaptive=nn.AdaptiveAvgPool1d(3),
                flat=nn.Flatten(),
                head=nn.Linear(12, 5),
                apart=nn.Unflatten(1, (5, 1)),
                end=nn.Flatten(),
            )
        ),
        LINE,
    ),
    "levels": (
        lambda: nn.Sequential(nn.Linear(6, 5), QuantizedReLU(8, 1.5, 0.0), nn.Linear(5, 3)),
        (6,),
    ),
    "one-layer": (lambda: nn.Linear(6, 3), (6,)),
}


@pytest.mark.parametrize("name", WHOLE)
def test_equals_torch(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    build, shape = WHOLE[name]
    net = with_statistics(build()).train()
    torch.save(net, tmp_path / "net.pt")
    given = Given(input_shape=",".join(map(str, shape)))
    graph = load_model(tmp_path / "net.pt", given=given).graph
    frames = np.random.default_rng(0).normal(size=(3, 1, *shape))
    found = run_frames(graph, frames)[graph.readout.name][:, 0]
    kind = next(net.parameters()).dtype
    with torch.no_grad():
        expected = net.eval()(torch.tensor(frames[:, 0], dtype=kind)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_name_before_it_moved(tmp_path: Path) -> None:
    """Files of snnc up to November 2026 name ``snnc.training.activation``."""
    (tmp_path / "old").mkdir()
    files = tmp_path / "net.pt", tmp_path / "old" / "net.pt"
    torch.save(nn.Sequential(nn.Linear(6, 5), QuantizedReLU(8, 1.5, 0.0)), files[0])
    with zipfile.ZipFile(files[0]) as new, zipfile.ZipFile(files[1], "w") as old:
        for name in new.namelist():
            old.writestr(name, new.read(name).replace(b"snnc.authoring.", b"snnc.training."))
    assert b"snnc.training." in files[1].read_bytes()
    first, second = (load_model(f, given=Given(input_shape="6")).graph for f in files)
    assert graph_text(first) == graph_text(second) and "levels" in graph_text(first)
    ours, theirs = (
        next(op.weight for p in g.projections for op in p.ops if isinstance(op, Linear))
        for g in (first, second)
    )
    assert np.array_equal(ours, theirs) and np.ptp(ours) > 0


def test_shared_layers_stay_shared(tmp_path: Path) -> None:
    layer = nn.Linear(4, 4)
    torch.save(nn.Sequential(layer, nn.ReLU(), layer), tmp_path / "net.pt")
    graph = load_model(tmp_path / "net.pt", given=Given(input_shape="4")).graph
    assert [p.origin for p in graph.projections] == ["0", "2"]
    # Exported calls keep their own paths; the weights are the same.
    first, second = (p.op.matrix((4,)).toarray() for p in graph.projections)
    assert np.array_equal(first, second)


def test_shape_of_the_calibration_data(tmp_path: Path) -> None:
    torch.save(nn.Linear(4, 3), tmp_path / "net.pt")
    graph = load_model(tmp_path / "net.pt", given=Given(data_shape=lambda: (4,))).graph
    assert graph.input.shape == (4,)


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (None, r"D122.*shape of the input is not known"),
        ("2;3", r"D122.*'2;3' is not the shape"),
        ("0,4", r"D122.*'0,4' is not the shape"),
        ("99999,99999,99", r"D122.*is not the shape"),
        ("5", r"D124.*cannot take a frame of shape \(5,\)"),
    ],
)
def test_shape(shape: str | None, text: str, tmp_path: Path) -> None:
    torch.save(nn.Linear(4, 3), tmp_path / "net.pt")
    with pytest.raises(UserError, match=text):
        load_model(tmp_path / "net.pt", given=Given(input_shape=shape))


def test_every_standard_layer_is_read(tmp_path: Path) -> None:
    """The list's classes exist, and a small one of each goes through the loader."""
    for name in NAMES:
        torch.save(build(name), tmp_path / "net.pt")
        saved = Saved(tmp_path / "net.pt", (tmp_path / "net.pt").read_bytes(), True)
        found = type(load_module(saved))
        assert f"{found.__module__}.{found.__name__}" == name.replace("snnc.training", "snnc.authoring")


def hook(net: nn.Module) -> None:
    net._forward_hooks[0] = nn.ReLU


def own_forward(net: nn.Module) -> None:
    net.__dict__["forward"] = torch._utils._rebuild_tensor_v2


def attribute(net: nn.Module) -> None:
    net.notes = ["a", 1]  # type: ignore[assignment]


def odd_setting(net: nn.Module) -> None:
    net.__dict__["in_features"] = torch.zeros(2)


def foreign_parameter(net: nn.Module) -> None:
    net.register_parameter("gain", nn.Parameter(torch.ones(1)))


def missing_setting(net: nn.Module) -> None:
    del net.__dict__["out_features"]


def submodule(net: nn.Module) -> None:
    net.add_module("inner", nn.ReLU())


def tensor_attribute(net: nn.Module) -> None:
    next(net.parameters()).notes = "mine"  # type: ignore[attr-defined]


def itself(net: nn.Module) -> None:
    net._modules["again"] = net


def module_as_weight(net: nn.Module) -> None:
    net._parameters["weight"] = nn.ReLU()  # type: ignore[assignment]


def sparse_weight(net: nn.Module) -> None:
    net._parameters["weight"] = torch.eye(4).to_sparse()  # type: ignore[assignment]


@pytest.mark.parametrize(
    "change",
    [
        hook,
        own_forward,
        attribute,
        odd_setting,
        foreign_parameter,
        missing_setting,
        submodule,
        tensor_attribute,
        itself,
        module_as_weight,
        sparse_weight,
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_state_that_no_such_layer_has(
    change: Callable[[nn.Module], None], inside: bool, tmp_path: Path
) -> None:
    layer = nn.Linear(4, 4)
    change(layer)
    torch.save(nn.Sequential(layer) if inside else layer, tmp_path / "net.pt")
    with pytest.raises(UserError) as caught:
        load_model(tmp_path / "net.pt", given=Given(input_shape="4"))
    (problem,) = caught.value.diagnostics
    assert problem.code in ("D103", "D125"), problem
    if problem.code == "D125":
        assert "Linear" in problem.where


def test_a_tensor_may_not_claim_more_than_the_file_holds(tmp_path: Path) -> None:
    layer = nn.Linear(4, 4)
    with torch.no_grad():
        layer.weight.set_(torch.zeros(1).expand(4, 4))  # type: ignore[call-overload]
    torch.save(layer, tmp_path / "net.pt")
    load_model(tmp_path / "net.pt", given=Given(input_shape="4"))  # strides of zero are no lie


def test_other_layers_of_torch(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(4, 4), nn.GELU()), tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"D104.*torch\.nn\.modules\.activation\.GELU"):
        load_model(tmp_path / "net.pt", given=Given(input_shape="4"))


def test_rollout(tmp_path: Path) -> None:
    from snnc import Rollout

    net = Rollout((4,))
    net.readout("answer")
    net.edge("input", "answer", nn.Linear(4, 2))
    torch.save(net, tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"net\.export"):
        load_model(tmp_path / "net.pt")


def test_a_rollout_names_both_ways_in(tmp_path: Path) -> None:
    from snnc import Rollout

    net = Rollout((4,))
    net.node("h", activation=QuantizedReLU(4))
    torch.save(net, tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"(?s)D104.*pickled snnc\.Rollout.*--module"):
        load_model(tmp_path / "net.pt")


def test_several_modules(tmp_path: Path) -> None:
    torch.save([nn.Linear(4, 2), nn.ReLU()], tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"D104.*holds a list with modules in it"):
        load_model(tmp_path / "net.pt", given=Given(input_shape="4"))


def test_calls_of_layer_classes_are_not_made(tmp_path: Path) -> None:
    """A pickle that calls ``Linear(10**6, 10**6)`` would fill the memory; here nothing is built."""

    class Large:
        def __reduce__(self) -> tuple[Any, ...]:
            return nn.Linear, (10**6, 10**6)

    as_protocol_2(tmp_path / "net.pt", Large())
    with pytest.raises(UserError, match=r"(?s)D106.*weights-only.*takes no arguments"):
        load_model(tmp_path / "net.pt", given=Given(input_shape="4"))


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_the_loader_itself_runs_nothing(protocol: int, tmp_path: Path) -> None:
    """Even if the scan before it had let the pickle pass."""
    data = saved_bytes(malicious(tmp_path / "ran", protocol))
    with pytest.raises(UserError, match="D106"):
        load_module(Saved(tmp_path / "net.pt", data, True))
    assert not (tmp_path / "ran").exists()


def test_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    torch.save(nn.Linear(4, 2), tmp_path / "net.pt")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UserError, match=r"D123.*needs PyTorch"):
        load_model(tmp_path / "net.pt", given=Given(input_shape="4"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"levels": "many"}, "D124"),
        ({"levels": -2}, "D201"),
        ({"levels": torch.tensor(4)}, "D125"),
        ({"quantized": [1]}, "D125"),
        ({"shift": None}, ""),
    ],
)
def test_odd_state_of_a_quantized_relu(changes: dict[str, Any], code: str, tmp_path: Path) -> None:
    layer = QuantizedReLU(4)
    layer.__dict__.update(changes)
    torch.save(nn.Sequential(nn.Linear(4, 4), layer), tmp_path / "net.pt")
    given = Given(input_shape="4")
    if code:
        with pytest.raises(UserError, match=code):
            load_model(tmp_path / "net.pt", given=given)
    else:  # no shift at all is a shift of nothing
        assert [p.shift for p in load_model(tmp_path / "net.pt", given=given).graph.neurons] == [0.0]


@pytest.mark.parametrize("taken", ["forward", "_modules", "training", "add_module", "__class__"])
def test_names_that_a_layer_has_already(taken: str, tmp_path: Path) -> None:
    """torch gives no layer such a name; a file can."""
    net = nn.Sequential(nn.Linear(6, 3))
    net._modules[taken] = nn.ReLU()
    torch.save(net, tmp_path / "net.pt")
    with pytest.raises(UserError, match=rf"(?s)D125.*{taken}.*which is taken"):
        load_model(tmp_path / "net.pt", given=Given("6"))


@pytest.mark.parametrize("name", ["0", "self", "class", "a b", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_names_that_are_odd_and_free(name: str, tmp_path: Path) -> None:
    torch.save(nn.Sequential(OrderedDict({name: nn.Linear(6, 3)})), tmp_path / "net.pt")
    try:
        assert load_model(tmp_path / "net.pt", given=Given("6")).graph.readout.shape == (3,)
    except UserError as refused:
        assert "D124" in str(refused), refused


@pytest.mark.parametrize(
    "large",
    [
        lambda: nn.Sequential(nn.Unflatten(1, (1, 2, 3)), nn.ZeroPad2d(10**5)),
        lambda: nn.Sequential(nn.Unflatten(1, (1, 2, 3)), nn.AdaptiveAvgPool2d((10**5, 10**5))),
        lambda: nn.Sequential(nn.Unflatten(1, (1, 2, 3)), nn.Conv2d(1, 1, 1, padding=10**5)),
    ],
)
def test_settings_that_would_fill_the_memory(large: Callable[[], nn.Module], tmp_path: Path) -> None:
    torch.save(large(), tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"(?s)D124.*gives \d{11,} elements"):
        load_model(tmp_path / "net.pt", given=Given("6"))


def test_a_setting_that_holds_itself_many_times(tmp_path: Path) -> None:
    """Short in the file, and without end for whoever looks at every part."""
    layer = nn.Flatten()
    value: Any = [1]
    for _ in range(40):
        value = [value, value]
    layer.start_dim = value
    torch.save(nn.Sequential(layer), tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"(?s)D125.*start_dim.*not a setting"):
        load_model(tmp_path / "net.pt", given=Given("6"))


def test_a_key_that_holds_itself_many_times(tmp_path: Path) -> None:
    """A tuple as the key of a dictionary is hashed, part by part, by any loader."""
    value: Any = (1,)
    for _ in range(40):
        value = (value, value)
    torch.save({"w": torch.zeros(2), "about": [value]}, tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"(?s)D106.*more than 65536 parts"):
        load_model(tmp_path / "net.pt", given=Given("6", "some:thing"))
