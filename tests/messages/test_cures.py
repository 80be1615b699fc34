"""Advice that can be tried is tried: a command is refused, the cure is applied, the command works."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from snnc.backends.loihi.target import LOIHI as LOIHI2
from snnc.commands.app import app
from snnc.errors import UserError
from snnc.ir import Graph, Identity, Kind, Neuron, Population, Projection
from snnc.ir.overflow import overflow_cure
from snnc.messages import catalogue
from snnc.passes.match_delays import refuse_impossible_loops
from snnc.passes.widths import more_bits

torch = pytest.importorskip("torch")
nn = torch.nn

COMPILE = "compile net.pt --target reference -o out"
SMALL = "compile net.pt --target fpga{{state-bits={}}} -o out --code rate --steps-per-frame 16"
MODULE = "compile module.pt --input-shape 12 --target reference -o out"
LOIHI = "compile net.pt --target loihi -o out --code rate --steps-per-frame 4"


@dataclass(frozen=True)
class Try:
    """A command that is refused with a code, and commands that follow its cures."""

    code: str
    refused: str
    cured: tuple[str, ...]


TRIES = (
    Try("D101", "inspect nte.pt", ("inspect net.pt",)),
    Try("D104", "inspect weights.pt", ("inspect weights.pt --module maker:build --input-shape 12",)),
    Try("D110", COMPILE.replace("out", "full"), (COMPILE,)),
    Try("D111", COMPILE.replace("out", "no/out"), (COMPILE.replace("out", "empty/out"),)),
    Try("D113", "inspect empty", ("inspect bundle",)),
    Try("D116", "inspect altered", ("inspect altered --allow-altered", "inspect bundle")),
    Try("D118", "inspect net.pt --dt 1", ("inspect net.pt",)),
    Try("D121", "inspect net.pt --input-shape 12", ("inspect net.pt",)),
    Try("D122", "inspect module.pt", ("inspect module.pt --input-shape 12",)),
    Try("D212", "inspect net.nir", ("inspect net.nir --dt 0.001",)),
    Try(
        "D303",
        f"{LOIHI.replace('net.pt', 'long.pt')} --set match-delays{{relays=false,max-delay=4}}",
        (
            f"{LOIHI.replace('net.pt', 'long.pt')} --set match-delays{{relays=true,max-delay=4}}",
            f"{LOIHI.replace('net.pt', 'long.pt').replace('frame 4', 'frame 1')} "
            "--set match-delays{relays=false,max-delay=4}",
        ),
    ),
    Try("D305", f"{COMPILE} --steps-per-frame 0", (f"{COMPILE} --steps-per-frame 4",)),
    Try(
        "D306",
        "compile net.pt --target loihi1 -o out --weight-bits 7",
        ("compile net.pt --target loihi1 -o out --weight-bits 6",),
    ),
    Try("D308", f"{COMPILE} --set match-delays{{", (f"{COMPILE} --set match-delays{{retime=true}}",)),
    Try("D311", COMPILE.replace("reference", "refrence"), (COMPILE,)),
    Try(
        "D314",
        "compile net.nir --dt 1 --target reference --steps-per-frame 4 -o out",
        ("compile net.nir --dt 1 --target reference -o out",),
    ),
    Try(
        "D316",
        "compile net.pt --target loihi1 -o out --code graded",
        ("compile net.pt --target loihi1 -o out --code rate", COMPILE + " --code rate"),
    ),
    Try(
        "D317",
        f"{COMPILE} --code graded",
        (
            f"{COMPILE} --code graded --calibration data.npz",
            f"{COMPILE} --code rate",
            f"{COMPILE.replace('net.pt', 'levels.pt')} --code graded",
        ),
    ),
    Try(
        "D318",
        f"{COMPILE.replace('net.pt', 'levels.pt')} --code frame --steps-per-frame 4",
        (
            f"{COMPILE.replace('net.pt', 'levels.pt')} --code frame --steps-per-frame 8",
            f"{COMPILE.replace('net.pt', 'levels.pt')} --code graded",
        ),
    ),
    Try(
        "D320",
        f"{COMPILE} --steps-per-frame 4 --set match-delays{{steps-per-frame=8}}",
        (f"{COMPILE} --steps-per-frame 4", f"{COMPILE} --set match-delays{{steps-per-frame=8}}"),
    ),
    Try(
        "D319",
        f"{SMALL.format(9)} --calibration data.npz",
        (f"{SMALL.format(16)} --calibration data.npz", f"{SMALL.format(32)} --calibration data.npz"),
    ),
    Try("D326", f"{COMPILE} --code morse", (f"{COMPILE} --code rate",)),
    Try(
        "D327",
        "verify bundle --model net.pt",
        ("verify bundle", "verify bundle --ladder --model net.pt"),
    ),
    Try("D328", f"{COMPILE} --set match-delay{{retime=true}}", (COMPILE,)),
    Try("D329", f"{COMPILE} --set match-delays{{retim=true}}", (COMPILE,)),
    Try(
        "D334",
        "compile net.pt --target loihi1 -o out --set encode-input{code=graded}",
        ("compile net.pt --target loihi1 -o out --set encode-input{code=spread}",),
    ),
    Try("D335", "explain D100", ("explain D101", "explain")),
    Try(
        "D417",
        "compile net.pt --target nir -o out --code rate --steps-per-frame 4",
        tuple(
            f"compile net.pt --target {target} -o out --code rate --steps-per-frame 4 {more}"
            for target, more in (
                ("nir{unsaid=composite}", ""),
                ("nir{unsaid=metadata}", ""),
                ("nir", "--set set-neurons{reset=zero,start-value=0}"),
            )
        ),
    ),
    Try("D501", f"{COMPILE} --calibration data.npy", (f"{COMPILE} --calibration data.npz",)),
    Try("D502", f"{COMPILE} --calibration unnamed.npz", (f"{COMPILE} --calibration data.npz",)),
    Try(
        "D503",
        f"{COMPILE} --calibration images.npz",
        (f"{COMPILE} --calibration images.npz --repeat 4",),
    ),
    Try(
        "D506",
        "run bundle --data floats.npz",
        ("run bundle --data data.npz", f"{COMPILE} --calibration floats.npz --input-scale 0.5"),
    ),
    Try("D508", f"{COMPILE} --calibration shape.npz", (f"{COMPILE} --calibration data.npz",)),
    Try(
        "D509",
        f"{LOIHI} --set encode-input{{code=spread}} --calibration many.npz",
        (
            f"{LOIHI} --set encode-input{{code=graded}} --calibration many.npz",
            f"{LOIHI.replace('frame 4', 'frame 9')} --set encode-input{{code=spread}} "
            "--calibration many.npz",
        ),
    ),
    Try("D604", "verify bundle --engine chip", ("verify bundle --engine reference", "verify bundle")),
    Try(
        "D650",
        f"{COMPILE} --calibration floats.npz --input-scale 1,2",
        (f"{COMPILE} --calibration floats.npz --input-scale 1/2",),
    ),
    Try(
        "D651",
        "compile module.pt --target loihi1 -o out --calibration negative.npz --input-scale 0.5",
        (
            "compile module.pt --target loihi1 -o out --calibration negative.npz --input-scale 0.5 "
            "--input-offset -1",
            "compile module.pt --target loihi1 -o out --calibration negative.npz",
        ),
    ),
    Try(
        "D652",
        "compile net.pt --target loihi -o out --calibration negative.npz --input-offset -1",
        ("compile net.pt --target loihi -o out --calibration negative.npz --input-offset 0",),
    ),
    Try(
        "D653",
        f"{COMPILE} --calibration data.npz --repeat 4",
        (f"{COMPILE} --calibration data.npz", f"{COMPILE} --calibration images.npz --repeat 4"),
    ),
    Try(
        "D655",
        f"{MODULE} --input-offset -1",
        (
            f"{MODULE} --input-offset -1 --input-scale 0.5",
            f"{MODULE} --input-offset -1 --calibration negative.npz",
        ),
    ),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small models, data and a bundle."""
    from snnc import QuantizedReLU, Rollout

    folder = tmp_path_factory.mktemp("cures")
    torch.manual_seed(0)

    def rollout(name: str, delay: int = 0, bias: float = 0.0, **node: Any) -> None:
        net = Rollout((12,))
        net.node("h", **node)
        net.readout("answer")
        net.edge("input", "h", nn.Linear(12, 6))
        last = nn.Linear(6, 3)
        if bias:
            nn.init.constant_(last.bias, bias)
        net.edge("h", "answer", last)
        if delay:
            net.edge("input", "answer", nn.Linear(12, 3), delay=delay)
        net.export(folder / name)

    rollout("net.pt")
    rollout("long.pt", delay=5)
    rollout("levels.pt", activation=QuantizedReLU(8))
    rollout("biased.pt", bias=-1e9)
    (folder / "maker.py").write_text(
        "from torch import nn\n"
        "def build():\n    return nn.Sequential(nn.Linear(12, 6), nn.ReLU(), nn.Linear(6, 3))\n"
    )
    net = nn.Sequential(nn.Linear(12, 6), nn.ReLU(), nn.Linear(6, 3))
    torch.save(net.state_dict(), folder / "weights.pt")
    torch.save(net, folder / "module.pt")
    counts = np.random.default_rng(0).integers(0, 3, (4, 5, 12))
    np.savez(folder / "data.npz", x=counts)
    np.save(folder / "data.npy", counts)
    np.savez(folder / "unnamed.npz", counts)
    np.savez(folder / "floats.npz", x=counts / 2)
    np.savez(folder / "negative.npz", x=counts / 2 - 1)
    np.savez(folder / "images.npz", x=counts[:, 0])
    np.savez(folder / "shape.npz", x=counts[..., :-1])
    np.savez(folder / "many.npz", x=counts * 4)
    for name in ("empty", "full"):
        (folder / name).mkdir()
    (folder / "full" / "precious").write_text("mine")
    nir = pytest.importorskip("nir")
    two = np.ones(2)
    layers = (nir.Linear(np.eye(2)), nir.IF(two, two), nir.Linear(np.eye(2)))
    nir.write(folder / "net.nir", nir.NIRGraph.from_list(*layers))
    compiled = f"compile {folder}/net.pt --target reference --code rate -o {folder}/bundle"
    assert CliRunner().invoke(app, compiled.split()).exit_code == 0
    shutil.copytree(folder / "bundle", folder / "altered")
    with (folder / "altered" / "program.json").open("a") as file:
        file.write(" ")
    return folder


def asked(command: str) -> tuple[int, str]:
    """Exit code and messages of a command."""
    shutil.rmtree("out", ignore_errors=True)
    done = CliRunner().invoke(app, command.split(), catch_exceptions=False)
    return done.exit_code, done.stderr


@pytest.mark.parametrize("each", TRIES, ids=[each.code for each in TRIES])
def test_the_cure_works(each: Try, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    code, said = asked(each.refused)
    assert code == 2 and f"error[{each.code}]" in said, said
    assert each.cured
    for cured in each.cured:
        code, said = asked(cured)
        assert code == 0 and f"error[{each.code}]" not in said, f"{cured}\n{said}"


def test_calibration_ends_what_its_lack_causes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    code, said = asked(f"{COMPILE} --code rate")
    assert code == 0 and "warning[N701]" in said and "--calibration FILE.npz" in said
    code, said = asked(f"{COMPILE} --code rate --calibration data.npz")
    assert code == 0 and "N701" not in said


def test_more_bits_are_advised_where_there_are_more(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    few = "compile net.pt --target loihi -o out --code rate --calibration data.npz --weight-bits"
    code, said = asked(f"{few} 1")
    rounded = said.partition("warning[N703]")[2]
    assert code == 0 and "help use more --weight-bits or" in rounded
    assert "--calibration" not in rounded  # it is given
    code, said = asked(f"{few} 8")
    assert code == 0 and "warning[N703]" not in said
    assert more_bits(7, LOIHI2) == ["use more --weight-bits"] and more_bits(8, LOIHI2) == []


def test_overflow_is_not_to_be_risked_before_calibration_is_tried(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bias that no register holds: what is advised depends on what was given."""
    monkeypatch.chdir(place)
    command = "compile biased.pt --target loihi -o out --code rate"
    code, said = asked(command)
    assert code == 2 and "error[D319]" in said
    assert "--calibration FILE.npz" in said and "--allow-overflow" not in said
    code, said = asked(f"{command} --calibration data.npz")
    assert code == 2 and "error[D319]" in said
    assert "--allow-overflow" in said and "--calibration" not in said.partition("D319")[2]
    code, said = asked(f"{command} --calibration data.npz --allow-overflow")
    assert code == 0, said


def test_steps_a_frame_are_advised_where_there_are_some() -> None:
    """In a NIR network a frame is one step, and ``--steps-per-frame`` is refused (D314)."""
    assert "--steps-per-frame" in overflow_cure("smaller weights", calibrated=True, several_steps=True)
    assert "steps" not in overflow_cure("smaller weights", calibrated=True, several_steps=False)
    first = Population("a", Kind.NEURONS, (1,), "a", neuron=Neuron())
    ends = (Population("x", Kind.INPUT, (1,), "x"), Population("y", Kind.READOUT, (1,), "y"))
    whole = Graph(
        "net",
        (ends[0], first, replace(first, name="b", origin="b"), ends[1]),
        tuple(
            Projection(source, target, (Identity(),), frames, f"{source}-{target}")
            for source, target, frames in (("x", "a", 1), ("a", "b", 1), ("b", "a", 0), ("b", "y", 1))
        ),
    )
    for graph, cure in (
        (whole, "use at least 2 steps a frame (--steps-per-frame 2)"),
        (replace(whole, frame_is_step=True), "give the loop 2 steps of delay or more"),
    ):
        with pytest.raises(UserError) as caught:
            refuse_impossible_loops(graph, 1, 1)
        (told,) = caught.value.diagnostics
        assert told.code == "D302" and told.help == cure


def test_what_is_tried_is_in_the_catalogue() -> None:
    assert {each.code for each in TRIES} <= set(catalogue().by_code)
