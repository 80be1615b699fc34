"""What each core has to do, and how full it is, of what ``placement.json`` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def core_loads(content: Mapping[str, Any]) -> dict[str, Any]:
    """Fullness and traffic of each core, and which core has most.

    Args:
        content: of a ``placement.json``, as :func:`.reading.read_report` gives it.

    Returns:
        ``cores``, for each its ``fullest`` limit, the ``share`` of that limit that it takes, and
        ``sends``, ``receives`` (messages to and from other cores), ``keeps`` (to itself) and
        ``operations`` (synaptic ones), which are None where no traffic is told. ``fullest``: the number
        of the core with the largest share; ``busiest``: that with most operations, or None.
    """
    traffic = content["traffic"]
    cores = [_fullness(core["uses"], content["limits"]) for core in content["cores"]]
    sent = _sent(traffic, len(cores))
    for each, messages in zip(cores, sent, strict=True):
        each.update(messages)
    shares = [each["share"] for each in cores]
    return {
        "cores": cores,
        "fullest": _most(shares),
        "busiest": None if traffic is None else _most(traffic["operations"]),
    }


def _most(values: Sequence[float]) -> int | None:
    """The place of the largest, the first of equals; None where all are 0, or there are none."""
    return values.index(max(values)) if any(values) else None


def _fullness(uses: Mapping[str, int], limits: Mapping[str, Any]) -> dict[str, Any]:
    shares = {
        name: uses[name] / limits[name]["value"]
        for name in uses
        if name in limits and limits[name]["value"]
    }
    fullest = max(shares, key=lambda name: shares[name], default=None)
    return {"fullest": fullest, "share": 0.0 if fullest is None else shares[fullest]}


def _sent(traffic: Mapping[str, Any] | None, cores: int) -> list[dict[str, int | None]]:
    if traffic is None:
        return [dict.fromkeys(("sends", "receives", "keeps", "operations")) for _ in range(cores)]
    found: list[dict[str, int | None]] = []
    sends, receives, keeps = ([0] * cores for _ in range(3))
    for source, target, messages in traffic["matrix"]:
        if source == target:
            keeps[source] += messages
        else:
            sends[source] += messages
            receives[target] += messages
    for k in range(cores):
        found.append(
            {
                "sends": sends[k],
                "receives": receives[k],
                "keeps": keeps[k],
                "operations": traffic["operations"][k],
            }
        )
    return found
