"""READMEs and messages of bundles whose frames have one step: "1 step", never "1 steps"."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import snnc
from snnc.backends.c_project.emit import emit
from snnc.backends.cortex_m import CortexMBackend
from snnc.conformance.builder import Network
from snnc.conformance.kit import Kit
from snnc.ir.text import program_text

MODEL = Path(__file__).resolve().parents[2] / "samples" / "small_digits" / "model.pt"
PLURAL = re.compile(
    r"(?<![\d.,])1 (?:time )?(?:steps|samples|elements|classes|potentials|beats|cores|tiles|neurons)\b"
)


@pytest.mark.parametrize("target", ["cortex-m", "riscv", "fpga", "loihi", "loihi1", "sanafe"])
def test_a_frame_of_one_step(target: str, tmp_path: Path) -> None:
    counts = np.random.default_rng(0).integers(0, 2, (8, 12, 16))  # what binary spikes can say
    bundle = snnc.compile(MODEL, target, tmp_path / "bundle", steps_per_frame=1, calibration=counts)
    said = [note.render() for note in bundle.manifest.notes]
    said += [path.read_text() for path in (tmp_path / "bundle").rglob("*.md")]
    assert len(said) > 1
    assert [found[0] for text in said for found in PLURAL.finditer(text)] == []


def test_one_element_and_one_class(tmp_path: Path) -> None:
    network = Network(replace(Kit(), frame=1), 0)
    network.input(1)
    network.readout(1)
    network.connect("input", "readout")
    program, backend = network.built().program, CortexMBackend()
    emit(program, tmp_path, backend.boards[backend.board], backend.target)
    text = (tmp_path / "cortex-m" / "README.md").read_text() + program_text(program)
    assert "The input has 1 element," in text and "of 1 class." in text
    assert "A frame has 1 step." in text and ", 1 step a frame" in text
    assert PLURAL.search(text) is None
