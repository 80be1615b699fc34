"""What relies on how a neuron's step goes without computing it: read it again when the step changes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dependent:
    """One row of the second table of ``docs/one-step.md``.

    Attributes:
        name: for the table.
        places: files of the repository.
        relies: what they take for granted.
    """

    name: str
    places: tuple[str, ...]
    relies: str


DEPENDENTS = (
    Dependent(
        "range proofs",
        (
            "compiler/verify/potentials.py",
            "compiler/verify/ranges.py",
            "compiler/verify/claims.py",
            "compiler/verify/summed.py",
            "compiler/ir/program_ranges.py",
        ),
        "a spike takes one threshold or sets the potential back, and leaves nothing below 0 that was "
        "not there before; a decay brings a value nearer to 0. If that changes, proofs are unsound",
    ),
    Dependent(
        "choice of widths",
        (
            "compiler/sim/fast/plan.py",
            "compiler/sim/fast/tables.py",
            "compiler/sim/fast/records.py",
            "backends/fpga/widths.py",
            "backends/fpga/constants.py",
        ),
        "how far above its threshold a potential can stay after a spike; what is worked out beforehand",
    ),
    Dependent(
        "thresholds, rates and levels",
        (
            "passes/balance_thresholds.py",
            "passes/threshold_bound.py",
            "passes/fold_thresholds.py",
            "passes/correct_rates.py",
            "passes/ease_hard_reset.py",
            "passes/set_neurons.py",
            "passes/choose_code.py",
            "compiler/workflows/stages.py",
        ),
        "one spike is worth one threshold, and a soft reset loses nothing; what a hard reset loses",
    ),
    Dependent(
        "decays on the chip's grid",
        (
            "passes/quantize_weights/decays.py",
            "backends/xylo/bit_shift_decays.py",
            "backends/xylo/bit_shifts.py",
        ),
        "in which order currents and potentials decay, and by how many parts of which unit",
    ),
    Dependent(
        "NIR, read",
        (
            "compiler/frontend/nir/composite.py",
            "compiler/frontend/steps/constants.py",
            "compiler/frontend/steps/network.py",
            "compiler/frontend/nir/firing.py",
            "compiler/frontend/nir/metadata.py",
            "compiler/frontend/nir/neurons.py",
            "compiler/frontend/nir/resets.py",
            "compiler/workflows/nir_effects.py",
        ),
        "a soft reset is a feedback of minus one threshold; thresholds and decays come from equations",
    ),
    Dependent(
        "networks of spiking libraries, read",
        (
            "compiler/frontend/spiking_modules/building.py",
            "compiler/frontend/spiking_modules/layer.py",
            "compiler/frontend/spiking_modules/norse.py",
            "compiler/frontend/spiking_modules/sinabs.py",
            "compiler/frontend/spiking_modules/snntorch.py",
            "compiler/frontend/spiking_modules/spikingjelly.py",
        ),
        "what a library's neuron does in a step, in the words of a population; a late reset is a "
        "connection of its own",
    ),
    Dependent(
        "lava-dl's networks, read",
        (
            "compiler/frontend/netx/neurons.py",
            "compiler/frontend/netx/builder.py",
            "compiler/frontend/netx/sigma_delta.py",
        ),
        "which fields of a neuron are lava-dl's: hard reset, fires above the threshold, decays, "
        "biases; which registers sigma-delta neurons have",
    ),
    Dependent(
        "NIR, written",
        (
            "backends/nir/checks.py",
            "backends/nir/choices.py",
            "backends/nir/held.py",
            "backends/nir/engine.py",
            "backends/nir/effects.py",
            "backends/nir/registers.py",
            "backends/nir/chain.py",
        ),
        "what a node holds after a spike, and what the reset has taken from it; how little more than a "
        "threshold moves a spike on",
    ),
    Dependent(
        "checks of back ends",
        (
            "backends/loihi/lif.py",
            "backends/loihi/stock.py",
            "backends/loihi1/population_checks.py",
            "backends/loihi1/bounds.py",
            "backends/sanafe/saturation.py",
            "backends/xylo/target.py",
        ),
        "which neurons the engine's own step gives equal spikes for; the others are refused",
    ),
    Dependent(
        "training and noise",
        (
            "compiler/noise/quantizer.py",
            "compiler/noise/measure.py",
            "compiler/training/methods/stdb.py",
            "compiler/training/methods/threshold.py",
        ),
        "spikes of K steps in one expression; what the potential keeps of a frame",
    ),
    Dependent(
        "relays",
        ("compiler/ir/relays.py",),
        "a neuron with threshold, weight and hard reset passes every spike on, one step later",
    ),
    Dependent(
        "words for differences",
        ("compiler/verify/causes.py",),
        "which fields of a neuron belong to its reset",
    ),
    Dependent(
        "expected values of tests",
        (
            "compiler/conformance/kit.py",
            "compiler/conformance/neuron_cases.py",
            "tests/verify/test_ranges.py",
            "tests/prove/test_planted.py",
        ),
        "numbers worked out by hand, and mistakes that are planted by a line's text",
    ),
)

NAMES_ONLY = {
    "compiler/sim/fast/warming.py": "states the networks that compile every kernel",
    "samples/speech/cases.py": "has the option --reset",
    "backends/akida/conformance.py": "which cases the target takes",
    "backends/akida/target.py": "states the resets that its neurons have",
    "backends/akida/target_v2.py": "states the resets that its neurons have",
    "backends/c_project/conformance.py": "which cases the target takes",
    "backends/fpga/conformance.py": "which cases the target takes",
    "backends/loihi/conformance.py": "which cases the target takes",
    "backends/nir/conformance.py": "which cases the target takes",
    "backends/xylo/conformance.py": "which cases the target takes",
    "backends/nir/reading.py": "reads the words",
    "backends/loihi1/target.py": "states the resets that its neurons have",
    "compiler/frontend/torch_export/deployment.py": "reads the words",
    "compiler/api/__init__.py": "has the option --reset",
    "compiler/commands/options.py": "has the option --reset",
    "compiler/frontend/load.py": "has the option --reset",
    "compiler/frontend/nir/load.py": "has the option --reset",
    "compiler/frontend/nir/primitives.py": "names NIR's nodes",
    "compiler/frontend/source.py": "has the option --reset",
    "compiler/ir/dynamics.py": "defines the words",
    "compiler/ir/target.py": "states the resets of a target",
    "samples/c_backend/snnc_c/conformance.py": "which cases the target takes",
    "samples/nir_readers/cases.py": "networks that are written for readers",
    "samples/nir_readers/reasons.py": "what other readers do",
}
"""Files that name a reset and rely on nothing of it."""
