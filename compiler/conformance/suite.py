"""The pytest class that a back end's tests inherit."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from snnc.backends import find_backend

from .cases import BY_NAME
from .judge import Result, Row, judge
from .kit import Kit

if TYPE_CHECKING:
    from pytest import Metafunc

SPOT_CHECKS = 8
"""In tests, engines that are not named in ``engines`` run every so manieth case."""


class Conformance:
    """Every case on one target; inherit as ``class TestMine(Conformance)`` and set ``target``.

    Attributes:
        target: as on the command line, options included.
        cannot: what the target cannot do, with the reason: name of a case or pattern (``decay/*``).
            Such a case must be refused with a message; where it works, the test fails too. A reason
            that begins with the code of a note (``N714: ...``) says that it is accepted and differs,
            under that name.
        kit: what its networks are made of.
        engines: that run every case in the tests; the target's others run a sample of the cases.
            Empty: all run all. ``python -m snnc.conformance`` always runs all.
    """

    target: ClassVar[str]
    cannot: ClassVar[Mapping[str, str]] = {}
    kit: ClassVar[Kit] = Kit()
    engines: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def row(cls, case: str, engines: tuple[str, ...] = ()) -> Row:
        """Run one case; on every installed engine where none is named."""
        return judge(find_backend(cls.target), BY_NAME[case], cls.kit, cls.cannot, engines)

    @classmethod
    def unknown(cls) -> list[str]:
        """Patterns of ``cannot`` that fit no case."""
        return [p for p in cls.cannot if not any(fnmatchcase(name, p) for name in BY_NAME)]

    def test_patterns_name_cases(self) -> None:
        assert not self.unknown(), f"no such case: {self.unknown()}"

    def test_reasons_are_given(self) -> None:
        assert all(len(reason.split()) > 2 for reason in self.cannot.values())

    def pytest_generate_tests(self, metafunc: Metafunc) -> None:
        """One test for each case; asked by pytest, which running the cases otherwise does not need."""
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", list(BY_NAME))

    def test_case(self, case: str) -> None:
        spot = list(BY_NAME).index(case) % SPOT_CHECKS == 0
        row = self.row(case, () if spot else self.engines)
        if row.result == Result.NOT_RUN.value:
            import pytest

            pytest.skip(row.reason)
        assert row.result != Result.FAILED.value, row.reason
