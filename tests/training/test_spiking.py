"""What training simulates in torch and what the compiled integers do: the same spikes, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring import FixedDropout, FrameNetwork, Rollout, SpikingNeuron
from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.ir import Program, Reset, Trace
from snnc.sim import encode
from snnc.sim.engines import simulate
from snnc.training import graph_of, thaw
from tests.by_options import climb, compile_model

STEPS = 4
UNIT = 1 / 32  # of weights and biases: everything is exact in floats and on the chip's grid


def neuron(**options: object) -> SpikingNeuron:
    return SpikingNeuron(STEPS, 1.0, **options)  # type: ignore[arg-type]


def rolled(**options: object) -> Rollout:
    """A shortcut, a loop, biases, average pooling, a delay of two frames."""
    net = Rollout((2, 6, 6))
    net.node("h1", activation=neuron(**options))
    net.node("h2", activation=neuron(**options))
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Conv2d(2, 3, 3, 1, 1))
    net.edge("h1", "h2", nn.Conv2d(3, 4, 3, 2, 1))
    net.edge("h2", "h2", nn.Conv2d(4, 4, 3, 1, 1, bias=False))
    net.edge("input", "h2", nn.Conv2d(2, 4, 2, 2, bias=False), delay=2)
    net.edge("h1", "answer", nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(27, 5)))
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(36, 5)))
    return net


def feed_forward(**options: object) -> FrameNetwork:
    """No edge takes a frame; one is longer than the other."""
    net = FrameNetwork((2, 6, 6))
    net.node("h1", activation=neuron(**options))
    net.node("h2", activation=neuron(**options))
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(2, 3, 3, 1, 1), delay=0)
    net.edge("h1", "h2", nn.Conv2d(3, 4, 3, 2, 1), delay=0)
    net.edge("input", "h2", nn.Conv2d(2, 4, 2, 2, bias=False), delay=0)
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(36, 5)), delay=0)
    return net


def on_the_grid(net: FrameNetwork) -> FrameNetwork:
    """Random weights and biases that are multiples of 1/32, and the grid that holds them."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, values in net.named_parameters():
            if "threshold" not in name:
                spread = 14 if values.ndim > 1 else 5
                values.copy_(torch.randint(-spread, spread + 3, values.shape, generator=generator))
                # Four inputs share an average: its quarter is on the grid too.
                values.mul_(4 * UNIT if name.startswith("h1_to_answer") else UNIT)
    net.weight_bits = 8
    net.scales = {"h1": [64], "h2": [64], "answer": [64]}
    return net.eval()


def spikes_in_torch(
    net: FrameNetwork, counts: NDArray[Any]
) -> tuple[dict[str, NDArray[np.bool_]], Tensor]:
    """By node (samples, frames, steps, *shape), and the answers."""
    assert net.steps == STEPS  # builds it, so that hooks see no probing
    seen: dict[str, list[Tensor]] = {"h1": [], "h2": []}
    hooks = [
        net.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, sent, kept=kept: kept.append(sent > 0)
        )
        for name, kept in seen.items()
    ]
    with torch.no_grad():
        answers = net(torch.from_numpy(counts).float())
    for hook in hooks:
        hook.remove()
    stacked = {name: torch.stack(kept).movedim(2, 0).numpy() for name, kept in seen.items()}
    return stacked, answers


def by_frame(trace: Trace, program: Program, name: str) -> NDArray[np.bool_]:
    """The whole frames of a population that a trace holds, (samples, frames, steps, *shape)."""
    sent = trace.spikes[name][:, program.by_name[name].start :]
    frames = sent.shape[1] // STEPS
    return sent[:, : frames * STEPS].reshape(len(sent), frames, STEPS, *sent.shape[2:]) > 0


KINDS: dict[str, dict[str, object]] = {
    "soft": {},
    "from zero": {"start": 0.0},
    "at the threshold": {"comparison": ">="},
    "hard": {"reset": "zero", "start": 0.0},
    "hard from half": {"reset": "zero"},
    "kept": {"restart_frames": False},
    "kept, hard": {"reset": "zero", "restart_frames": False},
    "kept, at the threshold": {"restart_frames": False, "comparison": ">=", "start": 0.0},
}


@pytest.mark.parametrize("build", [rolled, feed_forward])
@pytest.mark.parametrize("kind", KINDS)
def test_the_chips_spikes_are_those_of_training(tmp_path: Path, build, kind: str) -> None:  # type: ignore[no-untyped-def]
    net = on_the_grid(build(**KINDS[kind]))
    kept = "restart_frames" in KINDS[kind]
    frames = 5 if build is rolled or kept else 1
    counts = np.random.default_rng(0).poisson(0.4, (6, frames, 2, 6, 6))
    trained, answers = spikes_in_torch(net, counts.astype(np.float32))
    net.export(tmp_path / "net.pt")
    compiled = compile_model(tmp_path / "net.pt", "loihi", tmp_path / "net.loihi")
    program = compiled.program
    assert program.steps_per_frame == STEPS
    codes = [n.code for n in compiled.notes]
    assert codes.count("N733") == 1 + kept and "N735" in codes
    assert not {"N701", "N734", "N737"} & set(codes)
    trace = simulate(program, encode(program, counts), simulator="reference")
    for name, spikes in trained.items():
        ours = by_frame(trace, program, name)
        assert spikes.any() and not spikes.all()
        np.testing.assert_array_equal(ours, spikes[:, : ours.shape[1]], err_msg=name)
    one = compiled.manifest.readout.potential_of_one
    readout = program.by_name["answer"]
    last = readout.start + np.arange(1, counts.shape[1] + 1) * STEPS - 1
    potentials = trace.potentials["answer"][:, last] / one
    np.testing.assert_allclose(potentials, answers.numpy(), atol=1e-6)


def test_a_leak_is_the_chips(tmp_path: Path) -> None:
    """Truncation to whole numbers is all that differs: at most one unit a step."""
    net = on_the_grid(rolled(leak=0.9))
    counts = np.random.default_rng(0).poisson(0.4, (6, 5, 2, 6, 6))
    trained, _ = spikes_in_torch(net, counts.astype(np.float32))
    net.export(tmp_path / "net.pt")
    program = compile_model(tmp_path / "net.pt", "loihi", tmp_path / "net.loihi").program
    neuron = program.by_name["h1"].neuron
    assert neuron is not None and neuron.potential_decay == round(0.1 * 4096)
    trace = simulate(program, encode(program, counts), simulator="reference")
    ours = by_frame(trace, program, "h1")
    assert (ours != trained["h1"][:, : ours.shape[1]]).mean() < 0.002


def test_the_grid_that_was_trained_is_found_again(tmp_path: Path) -> None:
    """Weights of 97 units a threshold that leave half of the grid unused: no search would try that."""
    net = Rollout((4,))
    net.node("h1", activation=neuron())
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(4, 6, bias=False))
    net.edge("h1", "answer", nn.Linear(6, 3, bias=False))
    weights = {}
    generator = torch.Generator().manual_seed(0)
    for name in ("input_to_h1", "h1_to_answer"):
        layer = net.get_submodule(name)
        assert isinstance(layer, nn.Linear)
        integers = 2 * torch.randint(-31, 32, layer.weight.shape, generator=generator)
        weights[name] = integers.numpy()
        with torch.no_grad():
            layer.weight.copy_(integers / 97)
    net.weight_bits, net.scales = 8, {"h1": [97], "answer": [97]}
    net.export(tmp_path / "net.pt")
    program = compile_model(tmp_path / "net.pt", "loihi", tmp_path / "net.loihi").program
    h1 = program.by_name["h1"].neuron
    assert h1 is not None and h1.threshold is not None
    assert h1.threshold.ravel()[0] == 97 << h1.input_shift
    for projection in program.projections:
        (name,) = (n for n in weights if n in projection.origin)
        scaled = projection.op.matrix(program.by_name[projection.source].shape).toarray()
        np.testing.assert_array_equal(scaled * 2.0**projection.exponent, weights[name])


def test_a_hard_reset_refuses_an_exact_code(tmp_path: Path) -> None:
    on_the_grid(rolled(reset="zero")).export(tmp_path / "net.pt")
    with pytest.raises(UserError, match="hard reset") as refused:
        compile_model(tmp_path / "net.pt", "loihi", tmp_path / "net.loihi", code="graded")
    assert refused.value.diagnostics[0].code == "D315"


def test_another_number_of_steps_is_warned_of(tmp_path: Path) -> None:
    on_the_grid(rolled()).export(tmp_path / "net.pt")
    done = compile_model(tmp_path / "net.pt", "loihi", tmp_path / "net.loihi", steps_per_frame=8)
    (warning,) = [n for n in done.notes if n.code == "N734"]
    assert "8 steps" in warning.what and "with 4" in warning.what


@pytest.mark.parametrize(
    ("change", "code", "warned"),
    [
        ("set-neurons{reset=zero}", None, ("N737", "reset zero, trained with subtract")),
        ("set-neurons{start-value=0.25}", None, ("N737", "start value 0.25, trained with 0.5")),
        ("restart-frames{enabled=false}", None, ("N737", "potentials carry over")),
        ("restart-frames{enabled=true}", None, None),
        ("encode-input{code=spread}", None, ("N737", "input code spread, trained with graded")),
        ("encode-input{code=once}", None, ("N737", "input code once, trained with graded")),
        ("balance-thresholds{method=percentile}", None, ("N739", "percentile changes nothing")),
        (None, "frame", ("N738", "spikes of the code rate")),
    ],
)
def test_other_neurons_than_trained_are_warned_of(
    tmp_path: Path, change: str | None, code: str | None, warned: tuple[str, str] | None
) -> None:
    on_the_grid(rolled()).export(tmp_path / "net.pt")
    changes = [change] if change else []
    done = compile_model(
        tmp_path / "net.pt", "loihi", tmp_path / "net.loihi", code=code, changes=changes
    )
    if warned is None:
        assert not {"N737", "N738", "N739"} & {n.code for n in done.notes}
    else:
        (found,) = [n for n in done.notes if n.code == warned[0]]
        assert warned[1] in found.what
    plain = compile_model(tmp_path / "net.pt", "loihi", tmp_path / "plain.loihi")
    assert not {"N737", "N738", "N739"} & {n.code for n in plain.notes}


def test_potentials_that_were_kept_are_not_given_up_without_a_word(tmp_path: Path) -> None:
    net = on_the_grid(feed_forward(restart_frames=False))
    counts = np.random.default_rng(0).poisson(0.4, (6, 5, 2, 6, 6))
    trained, _ = spikes_in_torch(net, counts.astype(np.float32))
    net.export(tmp_path / "net.pt")
    change = "restart-frames{enabled=true}"
    done = compile_model(tmp_path / "net.pt", "loihi", tmp_path / "net.loihi", changes=[change])
    (found,) = [n for n in done.notes if n.code == "N737"]
    assert "restart at each frame, trained with potentials that carry over" in found.what
    program = done.program
    trace = simulate(program, encode(program, counts), simulator="reference")
    ours = by_frame(trace, program, "h1")
    np.testing.assert_array_equal(ours[:, 0], trained["h1"][:, 0])
    assert (ours[:, 1:] != trained["h1"][:, 1:]).any()
    said = compile_model(
        tmp_path / "net.pt", "loihi", tmp_path / "said.loihi", changes=["restart-frames{enabled=false}"]
    )
    assert "N737" not in [n.code for n in said.notes]
    # A target that cannot restart neurons takes what was trained for it as it is.
    plain = compile_model(tmp_path / "net.pt", "nir{unsaid=composite}", tmp_path / "net.nir")
    assert "N737" not in [n.code for n in plain.notes]


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"reset": "zero"}, "reset: h"),
        ({"leak": 0.9}, "leak: h"),
        ({}, "code: "),
        ({"restart_frames": False}, "code: "),
    ],
)
def test_the_ladder_says_what_spikes_lose(
    tmp_path: Path, options: dict[str, object], cause: str
) -> None:
    on_the_grid(rolled(**options)).export(tmp_path / "net.pt")
    compile_model(tmp_path / "net.pt", "reference", tmp_path / "net.ref")
    counts = np.random.default_rng(0).poisson(0.4, (4, 5, 2, 6, 6))
    np.savez(tmp_path / "data.npz", x=counts)
    ladder = climb(tmp_path / "net.ref", data=tmp_path / "data.npz", samples=4)
    (program,) = [rung for rung in ladder.rungs if rung.name == "integer program"]
    assert program.cause is not None and program.cause.startswith(cause)
    assert "N740" in [w.code for w in ladder.warnings]


@pytest.mark.parametrize("restart", [True, False])
def test_step_by_step_gives_the_same_answers(restart: bool) -> None:
    net = on_the_grid(rolled(restart_frames=restart))
    other = on_the_grid(rolled(restart_frames=not restart))
    frames = torch.from_numpy(np.random.default_rng(0).poisson(0.4, (1, 6, 2, 6, 6))).float()
    net.reset()
    one_by_one = torch.stack([net.step(frames[:, r]) for r in range(6)], dim=1)
    torch.testing.assert_close(one_by_one, net(frames), rtol=0, atol=1e-5)
    assert float((net(frames) - other(frames)).detach().abs().max()) > 0.1
    net.step(frames[:, 3])
    net.reset()
    torch.testing.assert_close(net.step(frames[:, 0]), one_by_one[:, 0], rtol=0, atol=1e-5)


def test_the_dynamics_are_in_the_graph(tmp_path: Path) -> None:
    on_the_grid(rolled(reset="zero", start=0.0)).export(tmp_path / "net.pt")
    graph = load_model(tmp_path / "net.pt").graph
    neuron = graph.by_name["h1"].neuron
    assert neuron is not None and neuron.reset is Reset.ZERO and neuron.start_value == 0
    assert graph.trained_steps == STEPS and graph.trained_bits == 8
    assert graph.trained_restart is True
    kept = graph_of(on_the_grid(rolled(restart_frames=False)))
    assert kept.trained_restart is False
    neurons = thaw(kept).spiking().values()
    assert [n.restart_frames for n in neurons] == [False, False]


def test_nodes_spike_together_or_not_at_all() -> None:
    net = Rollout((2,))
    net.node("h1", activation=SpikingNeuron(4))
    net.node("h2")
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(2, 2))
    net.edge("h1", "h2", nn.Linear(2, 2))
    net.edge("h2", "answer", nn.Linear(2, 2))
    with pytest.raises(ValueError, match="every node spikes with the same steps"):
        net(torch.zeros(1, 3, 2))


def test_potentials_restart_in_all_nodes_or_in_none() -> None:
    net = Rollout((2,))
    net.node("h1", activation=SpikingNeuron(4))
    net.node("h2", activation=SpikingNeuron(4, restart_frames=False))
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(2, 2))
    net.edge("h1", "h2", nn.Linear(2, 2))
    net.edge("h2", "answer", nn.Linear(2, 2))
    with pytest.raises(ValueError, match="the same for all nodes; here h1: true, h2: false"):
        net(torch.zeros(1, 3, 2))


def test_a_loop_needs_a_frame() -> None:
    net = FrameNetwork((2,))
    net.node("h1")
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(2, 2), delay=0)
    net.edge("h1", "h1", nn.Linear(2, 2), delay=0)
    net.edge("h1", "answer", nn.Linear(2, 2), delay=0)
    with pytest.raises(ValueError, match="the loop h1 takes no frame"):
        net(torch.zeros(1, 3, 2))


@pytest.mark.parametrize(
    "wrong",
    [{"reset": "none"}, {"leak": 0.0}, {"leak": 1.1}, {"start": 1.0}, {"comparison": "<"}],
)
def test_a_neuron_says_what_is_wrong(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SpikingNeuron(4, **wrong)  # type: ignore[arg-type]


def test_the_dropout_mask_lasts_for_the_whole_run() -> None:
    torch.manual_seed(0)
    net = Rollout((8,))
    net.node("h1", activation=SpikingNeuron(STEPS, 1.0))
    net.readout("answer")
    net.edge("input", "h1", nn.Sequential(FixedDropout(0.5), nn.Linear(8, 8, bias=False)))
    net.edge("h1", "answer", nn.Sequential(FixedDropout(0.5), nn.Linear(8, 8)))
    drop = net.get_submodule("input_to_h1.0")
    masks: list[Tensor] = []
    assert net.steps == STEPS
    drop.register_forward_hook(lambda _m, _i, out: masks.append(out > 0))
    net(torch.ones(3, 5, 8))
    assert len(masks) >= 4
    later = masks[-4:]
    assert all(torch.equal(mask, later[0]) for mask in later)
    assert not torch.equal(later[0][0], later[0][1])  # every sample has its own
    first = later[0]
    net(torch.ones(3, 5, 8))
    assert not torch.equal(masks[-1], first)
    net.eval()
    net(torch.ones(3, 5, 8))
    assert masks[-1].all()
