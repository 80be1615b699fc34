"""snnc: compiles trained networks to neuromorphic chips and other hardware, and shows they arrived.

::

    bundle = snnc.compile("model.pt", target="loihi", calibration="train.npz")
    bundle.verify("test.npz")          # every value of the engine compared with the compiled integers
    run = bundle.run("test.npz", record=["h1"])
    run.accuracy, run.spikes["h1"]     # (frames,); (samples, steps, *shape of h1)

Names are loaded on first use, so that ``import snnc`` is quick; torch is imported for what needs it:
``Rollout``, ``QuantizedReLU``, ``SpikingNeuron``, ``finetune``, ``measure_noise``, and modules that
are compiled.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if __name__ != "snnc":
    raise ImportError(
        f"this folder is the package 'snnc', not {__name__!r}: import snnc (see ARCHITECTURE.md)"
    )

if TYPE_CHECKING:
    from .api import compile as compile
    from .api import explain as explain
    from .api import finetune as finetune
    from .api import frames as frames
    from .api import inspect as inspect
    from .api import load as load
    from .api import measure_noise as measure_noise
    from .api import targets_for as targets_for
    from .api import tune as tune
    from .api.bundle import Bundle as Bundle
    from .api.inspection import Inspection as Inspection
    from .authoring.activation import QuantizedReLU as QuantizedReLU
    from .authoring.neurons import SpikingNeuron as SpikingNeuron
    from .authoring.rollout import Rollout as Rollout
    from .bundle.manifest import Manifest as Manifest
    from .errors import Diagnostic as Diagnostic
    from .errors import UserError as UserError
    from .messages.record import Message as Message
    from .noise.report import NoiseReport as NoiseReport
    from .recordings.result import Frames as Frames
    from .report.make import BundleReport as BundleReport
    from .training.stages import Trained as Trained
    from .tuning.front import Front as Front
    from .workflows.ladder import Ladder as Ladder
    from .workflows.run import Run as Run
    from .workflows.targets_for import Offers as Offers
    from .workflows.verify import Verification as Verification

__version__ = "0.1.0"

_PLACES = {
    "Bundle": "api.bundle",
    "BundleReport": "report.make",
    "Diagnostic": "errors",
    "Frames": "recordings.result",
    "Front": "tuning.front",
    "Inspection": "api.inspection",
    "Message": "messages.record",
    "Ladder": "workflows.ladder",
    "Manifest": "bundle.manifest",
    "NoiseReport": "noise.report",
    "Offers": "workflows.targets_for",
    "QuantizedReLU": "authoring.activation",
    "Rollout": "authoring.rollout",
    "Run": "workflows.run",
    "SpikingNeuron": "authoring.neurons",
    "Trained": "training.stages",
    "UserError": "errors",
    "Verification": "workflows.verify",
    **dict.fromkeys(("compile", "explain", "finetune", "frames", "inspect", "load"), "api"),
    **dict.fromkeys(("measure_noise", "targets_for", "tune"), "api"),
}
"""Public names, and the modules that they are loaded from."""

__all__ = [
    "Bundle",
    "BundleReport",
    "Diagnostic",
    "Frames",
    "Front",
    "Inspection",
    "Ladder",
    "Manifest",
    "Message",
    "NoiseReport",
    "Offers",
    "QuantizedReLU",
    "Rollout",
    "Run",
    "SpikingNeuron",
    "Trained",
    "UserError",
    "Verification",
    "__version__",
    "compile",
    "explain",
    "finetune",
    "frames",
    "inspect",
    "load",
    "measure_noise",
    "targets_for",
    "tune",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'snnc' has no attribute {name!r}")
    try:
        found = getattr(importlib.import_module(f"snnc.{place}"), name)
    except ModuleNotFoundError as problem:
        if problem.name != "torch":
            raise
        from .optional import missing

        raise missing("torch", f"snnc.{name} needs PyTorch", problem) from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
