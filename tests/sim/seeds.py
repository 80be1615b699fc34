"""The seed from which a run draws its networks: another each time, the same where it is given."""

from __future__ import annotations

import os
import secrets

SEED = "SNNC_CORPUS_SEED"
"""Environment variable that gives it."""


def fresh_seed() -> int:
    """What the environment says, else a new one."""
    given = os.environ.get(SEED)
    return secrets.randbelow(10**9) if given is None else int(given)
