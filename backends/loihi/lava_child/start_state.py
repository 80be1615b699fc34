"""Every sample begins from the start state, on a runtime that was started once.

A process model is put back to what it was before its first step: all of its attributes but its ports,
what Lava itself keeps in it, and its constants. Constants are frozen instead, so that a model which
writes into them fails and is not believed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

PLUMBING = frozenset(
    (
        "proc_params",
        "log",
        "model_id",
        "service_to_process",
        "process_to_service",
        "py_ports",
        "var_ports",
        "var_id_to_var_map",
        "_selector",
        "_action",
        "_stopped",
        "_channel_actions",
        "_cmd_handlers",
    )
)
"""Attributes by which Lava runs a model (``AbstractPyProcessModel``): they go on."""

CONSTANTS = frozenset(("weights", "weight", "delays", "weights_set"))
"""What synapses bring onto Lava's grid in their first step and do not change any more."""


class StartState:
    """What a model is now, to which it can be put back; ``port`` is the class of its ports."""

    def __init__(self, model: Any, port: type) -> None:
        self._model, self._port = model, port
        self._kept = copy.deepcopy({name: vars(model)[name] for name in self._changing()})

    def restore(self) -> None:
        """Put the model back; what came into being since then goes."""
        for name in self._changing() - set(self._kept):
            delattr(self._model, name)
        # All at once: what was one object under two names stays one.
        for name, value in copy.deepcopy(self._kept).items():
            setattr(self._model, name, value)

    def _changing(self) -> set[str]:
        return {
            name
            for name, value in vars(self._model).items()
            if name not in PLUMBING and name not in CONSTANTS and not isinstance(value, self._port)
        }


def freeze(model: Any) -> None:
    """Make a model's constants read-only: arrays, and the three arrays of a sparse matrix."""
    for name in CONSTANTS & set(vars(model)):
        value = getattr(model, name)
        for part in (value, *(getattr(value, of, None) for of in ("data", "indices", "indptr"))):
            if isinstance(part, np.ndarray):
                part.flags.writeable = False


def restarting(build: Callable[[], Any], steps: int) -> Callable[[], Any]:
    """``build`` of a builder of Lava, for a model that begins anew after every ``steps`` steps."""

    from lava.magma.core.model.py.ports import AbstractPyPort

    def built() -> Any:
        model = build()
        if getattr(model, "through", False):  # counts the steps of all samples itself
            return model
        start, spike = StartState(model, AbstractPyPort), model._spike

        def restarted() -> None:
            if model.time_step == steps:
                start.restore()
            spike()
            if model.time_step == 1:
                freeze(model)

        model._cmd_handlers[model.Phase.SPK[0]] = restarted
        return model

    return built
