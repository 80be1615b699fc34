"""A program's two files come from strangers: what is wrong is found before anything follows it."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.conformance.builder import Network
from snnc.conformance.kit import Kit
from snnc.errors import UserError
from snnc.ir import pack_arrays, read_program, unpack_arrays, write_program


@pytest.mark.parametrize("far", [1_000_000, -1_000_000])
def test_indices_of_a_sparse_matrix_lie_within_it(far: int) -> None:
    network = Network(Kit(), 1)
    network.input(2, 3, 3)
    network.neurons("maps", 2, 2, 2)
    network.readout(2)
    network.connect("input", "maps")
    network.connect("maps", "readout")
    files = write_program(network.built().program)
    arrays = unpack_arrays(files["weights.npz"])
    (name,) = (n for n in arrays if n.endswith(".indices"))
    indices = arrays[name].astype(np.int32)
    indices[0] = far
    with pytest.raises(UserError, match=r"D135.*indices"):
        read_program(files["program.json"], pack_arrays({**arrays, name: indices}))
