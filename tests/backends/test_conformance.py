"""The targets that snnc brings, in the conformance suite."""

from __future__ import annotations

import pytest

from snnc.backends.akida.conformance import Akida2Conformance, AkidaConformance
from snnc.backends.loihi.conformance import LoihiConformance
from snnc.backends.nir.conformance import NirConformance
from snnc.backends.reference.conformance import ReferenceConformance
from snnc.backends.xylo.conformance import XyloConformance


class TestAkida(AkidaConformance):
    """Skipped where akida, which is not free, is not installed."""


class TestAkida2(Akida2Conformance):
    """The same."""


@pytest.mark.slow
@pytest.mark.lava
class TestLoihi(LoihiConformance):
    pass


class TestNir(NirConformance):
    pass


class TestReference(ReferenceConformance):
    pass


class TestXylo(XyloConformance):
    pass
