"""From a bundle's package on disk to a compiled Lava network with a feed and a recorder."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHANNEL_SIZE = 2
"""Messages that a channel holds. Lava's 64 needs 32 times the shared memory and is no faster."""


@dataclass
class Assembly:
    """A compiled network, ready to run one sample after the other.

    Attributes:
        executable: what Lava's compiler returned.
        feed, recorder: the Processes at both ends.
        steps: time steps of a run.
        probes: Vars of processes whose values after each step are wanted, by name.
    """

    executable: Any
    feed: Any
    recorder: Any
    steps: int
    probes: dict[str, Any]

    def load(self, spikes: Any, paths: list[str]) -> None:
        """Choose samples (samples, steps, inputs) and their files, before Lava builds its models."""
        self.feed.load(spikes)
        self.recorder.save_to(paths)


def import_package(folder: Path) -> Any:
    """Import the bundle's package from exactly that folder, whatever else has its name."""
    spec = importlib.util.spec_from_file_location(
        folder.name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package in {folder}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[folder.name] = package
    spec.loader.exec_module(package)
    return package


def assemble(
    folder: Path,
    steps: int,
    probes: list[str],
    by_ports: bool,
    populations: list[str] | None = None,
) -> Assembly:
    """Build the bundle's network, connect every port of it, compile.

    Args:
        folder: the bundle's package.
        steps: of a run.
        probes: names of the network's Vars whose values after each step are wanted.
        by_ports: whether the recorder reads them itself, through RefPorts.
        populations: spiking populations whose spikes are recorded; None for all.
    """
    network = import_package(folder).Network()
    # Only now: the bundle's package has made Lava importable on Python 3.11 and later.
    from lava.magma.core.run_configs import Loihi2SimCfg

    from .delays_once import sort_delays_once
    from .instruments import Feed, Recorder, recorder_model

    sort_delays_once()

    feed = Feed(shape=network.spikes_in.shape)
    feed.s_out.connect(network.spikes_in)
    named = network.spike_ports.items()
    ports = [port for name, port in named if populations is None or name in populations]
    ports.append("potential_out")
    watched = {name: getattr(network, name) for name in probes}
    recorder = Recorder(
        shapes={port: getattr(network, port).shape for port in ports},
        probes={name: var.shape for name, var in watched.items()} if by_ports else {},
        steps=steps,
    )
    for port in ports:
        getattr(network, port).connect(getattr(recorder, port))
    if by_ports:
        for name, var in watched.items():
            getattr(recorder, name).connect_var(var)
    config = Loihi2SimCfg(
        select_tag="fixed_pt", exception_proc_model_map={recorder: recorder_model(recorder)}
    )
    executable = feed.compile(config, {"pypy_channel_size": CHANNEL_SIZE})
    inside = {name: var.aliased_var for name, var in watched.items()}
    return Assembly(executable, feed, recorder, steps, inside)
