"""All rows of one network: what a worker does, so no part of the program that is started."""

from __future__ import annotations

from pathlib import Path

import torch

from .measure import Setting, as_json, measure
from .networks import Member, population
from .peer import ENGINE as PEER
from .peer import peer_rows
from .sets import SetMissing, calibration, load
from .training import trained

MODELS = Path("build/conversion")


def network_rows(
    shared: tuple[list[Setting], bool, list[dict[str, object]]], of: tuple[str, int]
) -> list[dict[str, object]]:
    """The rows of one network and seed that are not known yet; empty where its data are missing."""
    torch.set_num_threads(1)
    (settings, peer, known), (name, seed) = shared, of
    member = next(m for m in population() if m.name == name)
    try:
        split = load(member.data)
    except SetMissing:
        return []
    net = trained(member, seed, MODELS)
    found = [
        measure(net, s, calibration(split.train, s.calibration), split.test)
        for s in settings
        if not _is_known(member, seed, s, known)
    ]
    if peer and not _has_peer(member, seed, known):
        usual = Setting().calibration
        found += peer_rows(net, usual, calibration(split.train, usual), split.test)
    return [as_json(row) for row in found]


def _has_peer(member: Member, seed: int, known: list[dict[str, object]]) -> bool:
    return any(
        (row["network"], row["seed"]) == (member.name, seed) and str(row["engine"]).startswith(PEER)
        for row in known
    )


def _is_known(member: Member, seed: int, s: Setting, known: list[dict[str, object]]) -> bool:
    key = (member.name, seed, s.target, s.code, s.k, s.bits, s.calibration, list(s.changes))
    names = ("network", "seed", "target", "code", "k", "bits", "calibration", "changes")
    return any(tuple(row[name] for name in names) == key for row in known)
