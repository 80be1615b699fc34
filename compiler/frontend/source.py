"""A model as the user names it: a file, and what the file does not contain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from snnc.ir import Program, Shape, validate, write_program

from .load import load_archive, load_integers, load_model, no_graph, own_of, refuse_continuous_time
from .model import IntegerModel, Model, Own
from .netx.load import refuse_reset_interval
from .own_networks import of_blocks, of_library
from .slayer.blocks import has_blocks
from .spiking_modules.load import digest_of_network
from .torch_export.given import Given


@dataclass(frozen=True)
class ModelSource:
    """Where a model comes from.

    Attributes:
        path: the file; of a model that was given in Python its name, no file.
        dt: time step of a NIR file, in seconds; None takes the one that the file contains.
        discretize: rule for a NIR file, ``euler`` or ``exponential``; None is ``euler``.
        input_shape: of one frame without the batch axis, as text such as ``2,16,16``, for files of
            ``torch.save``; None takes that of the calibration data.
        module: ``package.module:factory`` that builds the network of a state dict; runs that code.
        archive: the bytes of a ``torch.export`` archive of a model that was given in Python; None for a
            file.
        reset_interval: steps after which a network of lava-dl is cleared; None for never.
        program: of a network of integers that was given in Python.
        network: a torch module of this process whose neurons are a spiking library's.
        reset: ``subtract`` or ``zero``, what a spike does where a NIR file does not say; None is
            ``zero``.
        answer: name or position (from 0) of the output that is compiled, where a network of PyTorch has
            several.
    """

    path: Path
    dt: float | None = None
    discretize: str | None = None
    input_shape: str | None = None
    module: str | None = None
    archive: bytes | None = None
    reset_interval: int | None = None
    program: Program | None = None
    reset: str | None = None
    network: Any = None
    answer: str | None = None

    @property
    def file(self) -> Path | None:
        """The file; None for a model that was given in Python."""
        given = (self.archive, self.program, self.network)
        return self.path if all(each is None for each in given) else None

    @property
    def options(self) -> tuple[str, ...]:
        """What is said of the model, as the command line has it."""
        found: list[str] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("path", "archive", "program", "network") and value is not None:
                text = f"{value:g}" if isinstance(value, float) else str(value)
                found += [f"--{field.name.replace('_', '-')}", text]
        return tuple(found)

    def load(self, data_shape: Callable[[], Shape] | None = None, dropout: bool = False) -> Model:
        """Read the model (:func:`snnc.frontend.load_model`).

        Args:
            data_shape: gives the shape of one frame of the data, for files that do not contain it.
            dropout: keep it in the graph, for training.

        Raises:
            UserError: as ``load_model``.
        """
        if self.program is not None:
            raise no_graph(self.program.name)
        if self.archive is not None:
            refuse_continuous_time(self.dt, self.discretize, self.reset)
            return load_archive(self.archive, self.path.name, self.answer, dropout)
        given = Given(self.input_shape, self.module, data_shape, self.answer, dropout)
        if self.network is not None:
            refuse_continuous_time(self.dt, self.discretize, self.reset)
            if has_blocks(self.network):
                raise no_graph(self.path.name)
            name, digest = self.path.name, digest_of_network(self.network)
            shape = given.shape(self.path)
            return of_library(self.network, shape, name, digest, self.answer)
        return load_model(
            self.path,
            dt=self.dt,
            discretize=self.discretize,
            reset=self.reset,
            given=given,
            own=None if self.module is None else self._own,
        )

    @cached_property
    def _own(self) -> Own | None:
        """The network of a state dict, built once: asked for integers, and then for a graph."""
        return own_of(self.path, Given(self.input_shape, self.module))

    def load_integers(self, data_shape: Callable[[], Shape] | None = None) -> IntegerModel | None:
        """The model as a program, where it is integers already; else None.

        Args:
            data_shape: as for :meth:`load`.

        Raises:
            UserError: it is, and cannot be read (:func:`snnc.frontend.load.load_integers`).
        """
        if self.program is not None:
            Given(answer=self.answer).refuse_answer(self.path)
            refuse_reset_interval(self.reset_interval)
            refuse_continuous_time(self.dt, self.discretize, self.reset)
            parts = write_program(validate(self.program)).values()
            return IntegerModel(self.program, hashlib.sha256(b"".join(parts)).hexdigest())
        given = Given(self.input_shape, self.module, data_shape, self.answer)
        if self.network is not None and has_blocks(self.network):
            refuse_reset_interval(self.reset_interval)
            refuse_continuous_time(self.dt, self.discretize, self.reset)
            own = Own(self.network, (), digest_of_network(self.network))
            return of_blocks(own, given.shape(self.path), self.path.name)
        if self.archive is not None or self.network is not None:
            refuse_reset_interval(self.reset_interval)
            return None
        return load_integers(
            self.path,
            reset_interval=self.reset_interval,
            dt=self.dt,
            discretize=self.discretize,
            reset=self.reset,
            given=given,
            own=lambda: self._own,
        )
