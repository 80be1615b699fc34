"""Runs an emitted bundle on Lava, in a process of its own; started by ``..engine``.

Knows nothing of snnc, because the interpreter that has Lava may not have it (and may be Python 3.10).
"""
