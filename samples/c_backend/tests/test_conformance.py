"""Every case of the conformance suite, with pytest: ``pip install .[test] && pytest``."""

from snnc_c.conformance import CConformance


class TestC(CConformance):
    pass
