"""Networks that were exported while they were still training, told apart before anything else."""

from __future__ import annotations

from snnc.errors import fail
from snnc.frontend.archives.exported import Exported, Node

SWITCHES = {
    "batch_norm": "training",
    "dropout": "train",
    "feature_dropout": "train",
    "alpha_dropout": "train",
    "feature_alpha_dropout": "train",
    "native_dropout": "train",
}
"""The argument that says so, by operation (ATen, torch 2.13)."""

ONLY_IN_TRAINING = frozenset({"_native_batch_norm_legit", "_native_batch_norm_legit_functional"})


def refuse_training_mode(program: Exported) -> None:
    """Make sure that the network was exported in evaluation mode.

    Raises:
        UserError: D202, naming every module that still trains.
    """
    training = dict.fromkeys(node.where for node in program.nodes if _trains(node))
    if training:
        raise fail(
            "D202",
            "the network was exported in training mode",
            where=", ".join(training),
            why="batch normalisation and dropout compute something else there",
            help="call net.eval() before torch.export.export (snnc.Rollout.export does)",
        )


def _trains(node: Node) -> bool:
    if node.op in ONLY_IN_TRAINING:
        return True
    switch = SWITCHES.get(node.op)
    if switch is None or node.arguments.get(switch) is not True:
        return False
    # Without running statistics, batch_norm has no evaluation mode; that is another message.
    return "batch" not in node.op or node.arguments.get("running_mean") is not None
