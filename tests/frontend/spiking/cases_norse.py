"""Norse's neurons, every class and option that is read, and the ways to write a network."""

from __future__ import annotations

from typing import Any

import norse.torch as norse
import pytest
import torch
from norse.torch.functional.iaf import IAFParameters
from norse.torch.functional.lif_box import LIFBoxParameters
from torch import nn

from .comparing import equal, linear, refused

T = torch.as_tensor


def net_of(first: Any, last: Any = None) -> Any:
    last = last or norse.LICell()
    return norse.SequentialState(linear(12, 9, 0, 3.0), first, linear(9, 5, 1), last)


@pytest.mark.parametrize("rest", [(0.0, 0.0), (0.2, 0.2), (-0.2, -0.2), (0.1, 0.0), (0.0, -0.2)])
def test_lif(rest: Any) -> None:
    leak, reset = rest
    p = norse.LIFParameters(v_leak=T(leak), v_reset=T(reset), v_th=T(0.6))
    if leak != reset:  # it begins at its leak: behind a current no start value can be brought
        refused("D211", net_of(norse.LIFCell(p)))
        return
    equal(net_of(norse.LIFCell(p)))


def test_lif_with_time_constants_of_its_own_for_each_neuron() -> None:
    p = norse.LIFParameters(tau_mem_inv=torch.linspace(80, 300, 9), v_th=T(0.4))
    equal(net_of(norse.LIFCell(p)), silent=9)


def test_all_steps_at_once_and_recurrent() -> None:
    torch.manual_seed(2)
    net = norse.SequentialState(
        norse.Lift(linear(12, 9, 0, 3.0)),
        norse.LIF(norse.LIFParameters(v_th=T(0.4))),
        norse.LIFRecurrent(9, 8, norse.LIFParameters(v_th=T(0.3))),
        norse.Lift(linear(8, 5, 1)),
        norse.LI(),
    )
    found = equal(net)
    assert not found.live.form.unrolled
    assert any(p.source == p.target == "2" and p.frames == 1 for p in found.graph.projections)


def test_recurrent_cells() -> None:
    torch.manual_seed(2)
    recurrent = norse.LIFRecurrentCell(12, 9, norse.LIFParameters(v_th=T(0.3)))
    equal(norse.SequentialState(recurrent, linear(9, 5, 1), norse.LICell()))


def test_a_box() -> None:
    equal(net_of(norse.LIFBoxCell(LIFBoxParameters(v_th=T(0.2), v_leak=T(0.0)))))
    # It begins at its leak, above its reset: two more neurons bring that.
    found = equal(net_of(norse.LIFBoxCell(LIFBoxParameters(v_th=T(0.2), v_leak=T(0.05)))))
    assert "N706" in {note.code for note in found.notes}


def test_integrate_and_fire() -> None:
    equal(net_of(norse.IAFCell(IAFParameters(v_th=T(1.5)))))


def test_spikes_as_the_answer() -> None:
    found = equal(net_of(norse.LIFCell(), norse.LIFCell(norse.LIFParameters(v_th=T(0.2)))), silent=1)
    assert found.graph.readout.name == "readout"


def test_states_by_hand_in_a_loop() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.lif = linear(12, 9, 0, 3.0), norse.LIFCell(norse.LIFParameters(v_th=T(0.4)))
            self.fc2, self.li = linear(9, 5, 1), norse.LICell()

        def forward(self, x: Any) -> Any:
            s1 = s2 = None
            found = []
            for now in x:
                spikes, s1 = self.lif(self.fc1(now), s1)
                v, s2 = self.li(self.fc2(spikes), s2)
                found.append(v)
            return torch.stack(found)

    equal(Loop())


def test_what_is_refused() -> None:
    assert "LSNNCell is not read" in refused("D681", net_of(norse.LSNNCell()))
    inside = norse.SequentialState(linear(12, 9, 0), norse.LICell(), linear(9, 5, 1), norse.LIFCell())
    assert "never fires" in refused("D681", inside)
