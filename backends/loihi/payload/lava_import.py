"""Makes lava-nc 0.10.0 importable on Python 3.11 and later; import this before anything of Lava.

``lava/magma/compiler/var_model.py`` uses an instance of the dataclass ``ByteEncoder`` as a default
value. Python 3.11 refuses defaults that cannot be hashed, and a dataclass with ``eq`` is not hashable
unless it says so. Here the one class is made hashable while its module is imported; no file of Lava
is changed, and on Python 3.10 nothing happens.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import Any


def import_var_model() -> None:
    """Import Lava's ``var_model`` with a hashable ``ByteEncoder``; later imports find it done."""
    original: Any = dataclasses.dataclass

    def patched(cls: Any = None, /, **options: Any) -> Any:
        if getattr(cls, "__name__", "") == "ByteEncoder":
            options["unsafe_hash"] = True
        return original(cls, **options)

    dataclasses.dataclass = patched
    try:
        import lava.magma.compiler.var_model  # noqa: F401
    finally:
        dataclasses.dataclass = original


if sys.version_info >= (3, 11):  # noqa: UP036  (the package also runs on Python 3.10)
    import_var_model()
