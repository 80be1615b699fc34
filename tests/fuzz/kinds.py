"""The kinds of files: their templates, what is done to them, and which commands read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Command = tuple[str, ...]

BYTES = ("flip", "flip", "flips", "put", "mark", "cut", "zero", "double", "swap", "splice", "whole")
ZIP = ("zip", "zip", "zip-bytes", "zip-bomb")
DATA = "data.npz"
CALIBRATED = ("--calibration", DATA)
REFUSED = ("module-old",)
"""Templates that are whole and refused all the same, by a message of their own."""

TO_REFERENCE = ("--target", "reference", "--steps-per-frame", "3", "-o", "out")
NETS = ("--module", "nets_of_fuzz:build", "--input-shape", "1,6,6")


@dataclass(frozen=True)
class Kind:
    """Files of one kind.

    Attributes:
        name: in the report.
        weight: how many cases it has among those of all kinds.
        templates: folders of :mod:`tests.fuzz.templates`.
        subjects: patterns of what is changed in them, a file or a bundle.
        changes: names in :data:`tests.fuzz.changes.CONTENT` or ``PLACES``; often: several times.
        commands: arguments of ``snnc``.
        lies: whether what is accepted has to be equal on both simulators.
    """

    name: str
    weight: int
    templates: tuple[str, ...]
    subjects: tuple[str, ...]
    changes: tuple[str, ...]
    commands: tuple[Command, ...]
    lies: bool = False

    def subject(self, folder: Path, number: int) -> Path:
        """What is changed in a template's copy."""
        found = sorted(path for pattern in self.subjects for path in folder.glob(pattern))
        return found[number % len(found)]


def _model_commands(model: str, *more: str, data: Command = ()) -> tuple[Command, ...]:
    """The commands that read a model; ``data`` for those that take data as well."""
    looking, more = ("inspect", model, *more), (*more, *data)
    return (
        looking,
        looking,
        ("compile", model, *more, *TO_REFERENCE),
        ("compile", model, *more, *TO_REFERENCE, "--code", "frame"),
        ("compile", model, *more, "--target", "loihi", "-o", "out"),
        ("compile", model, *more, "--target", "nir{unsaid=metadata}", "-o", "out"),
    )


NIR_COMMANDS: tuple[Command, ...] = (
    *(("inspect", "model.nir", "--dt", "0.1"),) * 3,
    ("compile", "model.nir", "--dt", "0.1", "--target", "reference", "-o", "out"),
    ("compile", "model.nir", "--dt", "0.1", "--target", "nir{unsaid=metadata}", "-o", "out"),
    ("compile", "model.nir", "--dt", "0.1", "--target", "loihi", "-o", "out"),
    ("inspect", "model.nir", "--dt", "0.1", "--discretize", "exponential"),
    ("inspect", "model.nir", "--dt", "0.1", "--reset", "subtract"),
)

NETX_COMMANDS: tuple[Command, ...] = (
    *(("inspect", "model.net"),) * 2,
    ("compile", "model.net", "--target", "reference", "-o", "out"),
    ("compile", "model.net", "--target", "reference", "--reset-interval", "5", "-o", "out"),
    ("compile", "model.net", "--target", "loihi", "-o", "out"),
    ("compile", "model.net", "--target", "loihi", "--allow-overflow", "-o", "out"),
)

FRAMES: Command = ("frames", "recordings", "-o", "x.npz")
FRAMES_COMMANDS: tuple[Command, ...] = (
    (*FRAMES, "--dt", "10ms"),
    (*FRAMES, "--frames", "5", "--pool", "2"),
    (*FRAMES, "--events-per-frame", "30", "--size", "34,34"),
    (*FRAMES, "--dt", "20ms", "--crop", "2,2,16,16", "--json"),
)
RECORDINGS = (
    "bin",
    "dat",
    "npy",
    "npz",
    "csv",
    "txt",
    "raw-2",
    "raw-3",
    "aedat-2",
    "aedat-3",
    "aedat-4",
)

RUN = ("run", "bundle", "--data", DATA, "-o", "answers.npz")
VERIFY = ("verify", "bundle", "--samples", "2")

BUNDLE_COMMANDS: tuple[Command, ...] = (
    ("inspect", "bundle"),
    ("inspect", "bundle", "--json"),
    RUN,
    (*RUN, "--operations", "--simulator", "reference"),
    (*RUN, "--operations"),
    (*VERIFY, "--data", DATA),
    VERIFY,
)
ALTERED: tuple[Command, ...] = tuple((*command, "--allow-altered") for command in BUNDLE_COMMANDS)
LADDER: Command = ("verify", "bundle", "--ladder", "--samples", "2", "--model", "model.pt")

DATA_COMMANDS: tuple[Command, ...] = (
    RUN,
    (*VERIFY, "--data", DATA),
    ("compile", "model.pt", "--calibration", DATA, *TO_REFERENCE),
    (
        "tune",
        "model.pt",
        "--target",
        "reference",
        "--data",
        DATA,
        "--code",
        "rate",
        "--steps-per-frame",
        "4",
        "--weight-bits",
        "8",
        "--samples",
        "2",
    ),
    ("noise", "model.pt", "--data", DATA, "--ideal", "--steps", "1,2", "--samples", "2"),
    ("finetune", "model.pt", "--method", "weights", "--bits", "4", "--epochs", "0", "--data", DATA),
)

FINETUNE: Command = (
    *("finetune", "model.pt", "--method", "stdb", "--data", DATA, "--steps", "2", "--batch", "4"),
    *("--checkpoint", "run.ckpt", "-o", "tuned.pt", "--epochs", "1", "--learning-rate", "1e-3"),
)

TARGETS: dict[str, tuple[str, ...]] = {
    "akida": ("bundle-akida", "bundle-akida-2"),
    "loihi": ("bundle-loihi", "bundle-loihi-graded"),
    "loihi1": ("bundle-loihi1",),
    "nir": ("bundle-nir", "bundle-nir-frame"),
    "reference": ("bundle-reference", "bundle-reference-frame", "bundle-reference-image"),
    "sanafe": ("bundle-sanafe",),
    "xylo": ("bundle-xylo",),
}
OVER: Command = ("compile", "model.pt", *TO_REFERENCE[:-1], "bundle")
"""A compile that would replace the bundle."""


def _bundle_kinds() -> list[Kind]:
    damage = ("bundle-damage", "bundle-damage", "bundle-manifest", "bundle-manifest", "bundle-missing")
    plants = ("bundle-plant", "bundle-plant", "bundle-names", "stand-in")
    lies = ("lie-program", "lie-program", "lie-program", "lie-weights", "lie-manifest", "lie-manifest")
    found = []
    for target, templates in TARGETS.items():
        more = (
            (*lies, "lie-payload") if target == "reference" else (*lies, "lie-payload", "lie-payload")
        )
        loihi = ("bundle-moved",) if target == "loihi" else ()
        # Child processes and whole simulators of chips are slow: they come seldom.
        slow = ((*VERIFY, "--engine", "lava-inprocess"),) if target == "loihi" else ()
        verify = BUNDLE_COMMANDS if target in ("nir", "reference") else BUNDLE_COMMANDS[:5]
        fast = ((*VERIFY, "--data", DATA, "--engine", "fast", "--simulator", "reference"),)
        verify = (*verify, *(fast if target == "reference" else ()))
        refusing = () if target in ("nir", "reference", "loihi") else (VERIFY,)
        commands = (*verify * 4, *ALTERED[:5], *refusing, *slow)
        names = (*damage, *plants, *loihi)
        found.append(Kind(f"bundle-{target}", 3, templates, ("bundle",), names, commands))
        commands = (*verify * 4, *refusing, *slow)
        found.append(Kind(f"lie-{target}", 4, templates, ("bundle",), more, commands, lies=True))
    return found


ARCHIVES = ("archive-dense", "archive-sum", "archive-image", "archive-chain")
TRAIN: Command = ("train", "train.toml")

KINDS: tuple[Kind, ...] = (
    Kind(
        "archive",
        10,
        ARCHIVES,
        ("model.pt",),
        (*BYTES, *ZIP, *("zip-json",) * 6, "pickle", "zip-array", "stand-in", "pickle-payload"),
        _model_commands("model.pt"),
    ),
    Kind(
        "archive-plain",
        4,
        ("archive-plain",),
        ("model.pt2",),
        (*BYTES, *ZIP, *("zip-json",) * 6, "pickle", "stand-in"),
        _model_commands("model.pt2", data=CALIBRATED),
    ),
    Kind(
        "deployment",
        4,
        ("deployment",),
        ("model.pt",),
        ("zip-deployment",),
        _model_commands("model.pt"),
    ),
    Kind(
        "module",
        6,
        ("module", "module-old"),
        ("model.pt",),
        (
            *BYTES,
            *ZIP,
            *("pickle",) * 6,
            "pickle-payload",
            "stand-in",
        ),
        _model_commands("model.pt", "--input-shape", "1,6,6", data=CALIBRATED),
    ),
    Kind(
        "state-dict",
        4,
        ("state", "state-old"),
        ("model.pt",),
        (*BYTES, *ZIP, *("pickle",) * 4, "pickle-payload", "stand-in"),
        _model_commands("model.pt", *NETS, data=CALIBRATED),
    ),
    Kind(
        "nir",
        12,
        ("nir-lif", "nir-cuba", "nir-image", "nir-loop", "nir-nested"),
        ("model.nir",),
        (*BYTES, *("hdf5",) * 12, "hdf5-links", "hdf5-links", "stand-in"),
        NIR_COMMANDS,
    ),
    Kind(
        "netx",
        6,
        ("netx-dense", "netx-all", "netx-sdnn"),
        ("model.net",),
        (*BYTES, *("hdf5",) * 12, "hdf5-links", "hdf5-links", "stand-in"),
        NETX_COMMANDS,
    ),
    Kind(
        "onnx",
        10,
        ("onnx-image", "onnx-moved", "onnx-levels"),
        ("model.onnx",),
        (*BYTES, *("onnx",) * 16, "stand-in"),
        _model_commands("model.onnx", data=CALIBRATED),
    ),
    Kind(
        "safetensors",
        2,
        ("safetensors",),
        ("model.safetensors",),
        (*BYTES, "stand-in"),
        _model_commands("model.safetensors", *NETS, data=CALIBRATED),
    ),
    Kind(
        "recordings",
        6,
        tuple(f"recordings-{form}" for form in RECORDINGS),
        ("recordings/*/*",),
        (*BYTES, "stand-in"),
        FRAMES_COMMANDS,
    ),
    Kind(
        "recordings-hdf5",
        2,
        ("recordings-h5",),
        ("recordings/*/*",),
        (*BYTES, *("hdf5",) * 8, "hdf5-links", "hdf5-links", "stand-in"),
        FRAMES_COMMANDS,
    ),
    Kind(
        "data",
        10,
        ("data", "data-packed"),
        ("data.npz",),
        (*BYTES, *ZIP, *("zip-array",) * 6, "pickle-payload", "stand-in"),
        DATA_COMMANDS,
    ),
    Kind(
        "results",
        2,
        ("results",),
        ("answers.npz",),
        (*BYTES, *ZIP, *("zip-array",) * 4, "pickle-payload", "stand-in"),
        (RUN,),
    ),
    Kind(
        "checkpoint",
        6,
        ("checkpoint",),
        ("run.ckpt",),
        (
            "flip",
            "cut",
            "whole",
            "splice",
            *("checkpoint",) * 4,
            *("checkpoint-sealed",) * 3,
            "stand-in",
        ),
        (FINETUNE,),
    ),
    Kind(
        "config",
        6,
        ("config",),
        ("train.toml",),
        (*BYTES, *("toml",) * 12, *("toml-raw",) * 4),
        (TRAIN,),
    ),
    Kind(
        "events",
        4,
        ("events",),
        ("train.toml", "recordings/*/*/*.bin"),
        (*BYTES, "toml", "toml", "toml-raw", "stand-in"),
        (TRAIN,),
    ),
    *_bundle_kinds(),
)
BY_NAME = {kind.name: kind for kind in KINDS}

ORDER = tuple(
    kind.name for step in range(max(k.weight for k in KINDS)) for kind in KINDS if kind.weight > step
)
"""The kinds of consecutive cases, over and over: in proportion to their weights, and mixed."""
