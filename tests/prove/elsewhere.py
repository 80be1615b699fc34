"""Files that have words of a neuron's step in them and compute none."""

from __future__ import annotations

ELSEWHERE = {
    "backends/loihi/target.py": "limits",
    "backends/loihi1/target.py": "limits",
    "compiler/conformance/limit_cases.py": "cases, not a step",
    "compiler/conformance/neuron_cases.py": "cases, not a step",
    "compiler/ir/limits.py": "limits",
    "compiler/ir/program_ranges.py": "ranges",
    "compiler/training/methods/stdb.py": "options of training",
    "compiler/authoring/surrogate.py": "derivatives of a spike, in training",
    "backends/xylo/bit_shift_decays.py": "chooses decays",
    "compiler/frontend/onnx/quantizers.py": "levels of a file, once when it is read",
    "compiler/recordings/aedat.py": "addresses of pixels",
    "passes/quantize_weights/decays.py": "chooses decays",
    "passes/ease_hard_reset.py": "chooses decays",
    "passes/quantize_weights/quantize.py": "chooses scales",
    "samples/c_backend/snnc_c/target.py": "limits",
    "compiler/training/data/poisson.py": "draws input",
    "samples/moving_digits/events.py": "makes data",
}
"""Files that look like a step and are none, with what they are."""
