"""Source and recorder for a whole network, alone in their folder (Lava re-executes neighbours).

One recorder with a port for everything, instead of one sink each, because every Lava Process costs an
operating-system process; and files instead of ``Var.get``, which costs about 25 us an element.
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from lava.magma.core.decorator import implements, requires, tag
except ValueError as problem:  # what Python 3.11 makes of Lava 0.10.0
    raise ImportError("import the bundle's package first: it makes Lava importable") from problem
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort, PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort, RefPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class Feed(AbstractProcess):  # type: ignore[misc]
    """Sends the rows of ``data`` (samples, steps, inputs; int32), one a step, samples one by one."""

    def __init__(self, *, shape: tuple[int, ...]) -> None:
        super().__init__(shape=shape, data=np.zeros((0, 0, *shape), np.int32))
        self.s_out = OutPort(shape=shape)

    def load(self, data: Any) -> None:
        """Choose the samples; for the models that Lava builds after this call."""
        self.proc_params.overwrite("data", data)


@implements(proc=Feed, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyFeed(PyLoihiProcessModel):  # type: ignore[misc]
    """Lava finds this one by the tag ``fixed_pt``."""

    through = True
    s_out: Any = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def run_spk(self) -> None:
        """One time step."""
        data = self.proc_params["data"]
        self.s_out.send(data[divmod(self.time_step - 1, data.shape[1])])


class Recorder(AbstractProcess):  # type: ignore[misc]
    """Records what every port receives and writes a file after every ``steps`` steps, a sample.

    Args:
        shapes: of the ports, by port name.
        probes: of the RefPorts, likewise; what they refer to is read after each step.
        steps: of a run.
    """

    def __init__(
        self, *, shapes: dict[str, tuple[int, ...]], probes: dict[str, tuple[int, ...]], steps: int
    ) -> None:
        super().__init__(shapes=shapes, probes=probes, steps=steps, paths=[])
        for port, shape in shapes.items():
            setattr(self, port, InPort(shape=shape))
        for port, shape in probes.items():
            setattr(self, port, RefPort(shape=shape))

    def save_to(self, paths: list[str]) -> None:
        """Choose the files: for each sample an ``.npz``, an array (steps, \\*shape) for each port."""
        self.proc_params.overwrite("paths", paths)


class AbstractPyRecorder(PyLoihiProcessModel):  # type: ignore[misc]
    """The recorder's behaviour; :func:`recorder_model` adds the ports."""

    through = True

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        shapes = {**proc_params["shapes"], **proc_params["probes"]}
        steps = proc_params["steps"]
        self.rows = {port: np.zeros((steps, *shape), np.int32) for port, shape in shapes.items()}

    def run_spk(self) -> None:
        """One time step: what was sent."""
        for port in self.proc_params["shapes"]:
            self.rows[port][self._place[1]] = getattr(self, port).recv()
        if not self.proc_params["probes"]:
            self._save_at_the_end()

    def post_guard(self) -> bool:
        """Whether a step ends with :meth:`run_post_mgmt`."""
        return bool(self.proc_params["probes"])

    def run_post_mgmt(self) -> None:
        """When every process has done its step: what it keeps."""
        for port in self.proc_params["probes"]:
            self.rows[port][self._place[1]] = getattr(self, port).read()
        self._save_at_the_end()

    def _save_at_the_end(self) -> None:
        sample, step = self._place
        if step == self.proc_params["steps"] - 1:
            np.savez(self.proc_params["paths"][sample], **self.rows)

    @property
    def _place(self) -> tuple[int, int]:
        """Sample and step that this is, both from 0."""
        sample, step = divmod(self.time_step - 1, self.proc_params["steps"])
        return int(sample), int(step)


def recorder_model(recorder: Recorder) -> Any:
    """A ProcessModel class with the recorder's ports, which differ from network to network.

    Lava takes it from ``exception_proc_model_map``; it could not find it by itself.
    """
    given, read = recorder.proc_params["shapes"], recorder.proc_params["probes"]
    ports = {port: LavaPyType(PyInPort.VEC_DENSE, np.int32) for port in given}
    ports.update((port, LavaPyType(PyRefPort.VEC_DENSE, np.int32)) for port in read)
    model = type("PyRecorder", (AbstractPyRecorder,), ports)
    return implements(proc=Recorder, protocol=LoihiProtocol)(requires(CPU)(tag("fixed_pt")(model)))
