"""The charts, as plotly.js takes them: plain types, whose numbers come from the facts alone.

Names come from strangers' files, and plotly.js reads tags in texts: every one is escaped first.
Colours differ in brightness too, and are legible on white and on black.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

GREY, BLUE, ORANGE, GREEN = "#858b96", "#2f7fd1", "#d0700c", "#2a9568"
VIOLET, RED, TEAL, PINK = "#946ad2", "#d64545", "#14909f", "#c2559b"
COLOURS = (BLUE, ORANGE, GREEN, VIOLET, TEAL, PINK, RED, GREY)

ENERGY_PARTS = ("operations", "weights", "inputs", "potentials", "biases", "outputs", "addressing")
MANY_FRAMES = 30
"""More of them are not all numbered on an axis."""

NANO = 1000.0
"""Picojoules in a nanojoule."""

Figure = dict[str, Any]


def text(name: object) -> str:
    """A name as plotly.js shows it letter by letter."""
    return html.escape(str(name), quote=False)


def _axis(title: str, **more: Any) -> dict[str, Any]:
    return {"title": {"text": title}, "automargin": True, **more}


def figure(traces: list[dict[str, Any]], x: str, y: str, **layout: Any) -> Figure:
    """Traces with two axes; colours of text and lines are the page's."""
    more = [layout.pop(name, {}) for name in ("x_more", "y_more")]
    axes = {"xaxis": _axis(x, **more[0]), "yaxis": _axis(y, **more[1])}
    return {"data": traces, "layout": {**axes, **layout}}


def accuracies(facts: Mapping[str, Any]) -> Figure | None:
    """Right answers by frame: of the float network, and of the integers with their standard error."""
    run, ladder = facts["run"], facts["ladder"] or []
    if run is None or run["accuracy"] is None:
        return None
    traces = []
    judged = [place for place, rung in enumerate(ladder) if rung["accuracy"] is not None]
    looks = ((GREY, "dash", "circle-open"), (GREEN, "dot", "square-open"))
    for place, (colour, dash, symbol) in zip(judged[:1] + judged[1:][-1:], looks, strict=False):
        rung, errors_of = ladder[place], facts["spread"]["ladder"][place]
        trace = _by_frame(f"{rung['rung']}: {facts['ladder_samples']} samples", rung["accuracy"])
        trace["error_y"] = {"array": [100 * e for e in errors_of], "width": 2, "thickness": 1}
        trace["line"] = {"color": colour, "dash": dash}
        trace["marker"] = {"symbol": symbol, "size": 7}
        traces.append(trace)
    traces.append(_with_spread("integers", facts, BLUE, "circle"))
    return _accuracy_figure(traces)


def both_accuracies(reports: Sequence[Mapping[str, Any]]) -> Figure | None:
    """Right answers of two bundles' integers by frame, with their standard errors."""
    looks = zip("AB", reports, (BLUE, ORANGE), ("circle", "diamond"), strict=True)
    traces = [
        _with_spread(letter, facts, colour, symbol)
        for letter, facts, colour, symbol in looks
        if facts["run"] is not None and facts["run"]["accuracy"] is not None
    ]
    return _accuracy_figure(traces) if traces else None


def _by_frame(name: str, right: Sequence[float]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(range(1, len(right) + 1)),
        "y": [100 * share for share in right],
    }


def _with_spread(name: str, facts: Mapping[str, Any], colour: str, symbol: str) -> dict[str, Any]:
    spread = facts["spread"]
    said = f"{name}: {spread['samples']} samples, bars: standard error"
    return {
        **_by_frame(said, facts["run"]["accuracy"]),
        "error_y": {"array": [100 * e for e in spread["accuracy"]], "width": 4},
        "line": {"color": colour},
        "marker": {"size": 7, "symbol": symbol},
    }


def _accuracy_figure(traces: list[dict[str, Any]]) -> Figure:
    more = {"x_more": {"dtick": 1}, "y_more": {"range": [0, 102]}}
    if max(len(trace["x"]) for trace in traces) > MANY_FRAMES:
        del more["x_more"]
    return figure(traces, "frame", "right answers [%]", **more)


def errors(facts: Mapping[str, Any]) -> Figure | None:
    """Error of each population after each stage, from the manifest."""
    kept = facts["manifest"]["kept"]
    if kept is None:
        return None
    names = [text(p["population"]) for p in kept["populations"]]
    stages = list(dict.fromkeys(s for p in kept["populations"] for s in p["by_stage"]))
    traces = [
        {
            "type": "bar",
            "name": stage,
            "x": names,
            "y": [_percent(p["by_stage"].get(stage)) for p in kept["populations"]],
            "marker": _marker(k),
        }
        for k, stage in enumerate(stages)
    ]
    return figure(traces, "", "error [% of the float values]", barmode="group")


def _marker(number: int) -> dict[str, Any]:
    """Of a bar: a colour, and a pattern for eyes and printers that see none."""
    pattern = {"shape": ("", "/", ".", "x")[number % 4], "fillmode": "overlay", "solidity": 0.25}
    return {"color": COLOURS[number % len(COLOURS)], "pattern": pattern}


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def activity(facts: Mapping[str, Any]) -> Figure | None:
    """Spikes of each neuron and sample: quartiles and extremes, by population."""
    if not facts["activity"]:
        return None
    traces = []
    for k, p in enumerate(facts["activity"]):
        least, lower, middle, upper, most = p["quartiles"]
        traces.append(
            {
                "type": "box",
                "name": text(p["population"]),
                "x": [text(p["population"])],
                "lowerfence": [least],
                "q1": [lower],
                "median": [middle],
                "q3": [upper],
                "upperfence": [most],
                "marker": {"color": COLOURS[k % len(COLOURS)]},
                "showlegend": False,
            }
        )
    return figure(traces, "", "spikes of a neuron in a sample", y_more={"rangemode": "tozero"})


def ranges(facts: Mapping[str, Any]) -> Figure | None:
    """Registers: what was proved and what a run reached, in percent of what they hold."""
    rows = register_rows(facts)
    if not rows:
        return None
    names = [text(f"{r['population']}: {r['register']}") for r in rows]
    traces = []
    for what, colour, width in (("proved", BLUE, 0.7), ("reached", ORANGE, 0.34)):
        shares = [r[what] for r in rows]
        if not any(shares):
            continue
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": what,
                "y": names,
                "base": [None if s is None else 100 * s[0] for s in shares],
                "x": [None if s is None else 100 * (s[1] - s[0]) for s in shares],
                "customdata": [
                    None if s is None else [r[f"{what}_low"], r[f"{what}_high"]]
                    for r, s in zip(rows, shares, strict=True)
                ],
                "hovertemplate": "%{y}<br>" + what + ": %{customdata[0]:,} to %{customdata[1]:,}",
                "width": width,
                "marker": {"color": colour, "opacity": 0.45 if what == "proved" else 1},
            }
        )
    limits: list[dict[str, Any]] = [
        {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper"} for x in (-100, 100)
    ]
    for limit in limits:
        limit["line"] = {"color": RED, "width": 2, "dash": "dot"}
    return figure(
        traces,
        "of what the register holds [%]; dotted: its limits",
        "",
        barmode="overlay",
        shapes=limits,
        y_more={"autorange": "reversed"},
        height=90 + 30 * len(rows),
    )


def register_rows(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Registers with the proved and the reached range, each also as a share of the limits.

    Sums of single projections are left out: a run does not look at them.
    """
    entry = facts["manifest"]["ranges"]
    claims = entry.get("claims") or ([entry["bounds"]] if entry.get("bounds") else [])
    seen = facts["observed"] if facts["observed"] is not None else entry.get("observed") or []
    reached = {(o["population"], o["register"]): o for o in seen}
    rows = []
    for register in claims[0]["registers"] if claims else []:
        if register["register"].startswith("sum of"):
            continue
        found = reached.get((register["population"], register["register"]))
        row = {**register, "proved": _shares(register, register)}
        row |= {"proved_low": register["low"], "proved_high": register["high"]}
        row["reached"] = None if found is None else _shares(found, register)
        row["reached_low"] = None if found is None else found["low"]
        row["reached_high"] = None if found is None else found["high"]
        rows.append(row)
    return rows


def _shares(found: Mapping[str, Any], limits: Mapping[str, Any]) -> list[float]:
    return [
        found[end] / (limits["most"] if found[end] > 0 else -limits["least"]) for end in ("low", "high")
    ]


def weights(facts: Mapping[str, Any]) -> list[tuple[str, Figure]]:
    """Of each projection the weights before and after rounding, and the error of each channel."""
    rounded: list[dict[str, Any]] = next(
        (r["weights"] for r in facts["ladder"] or [] if r["weights"]), []
    )
    found = []
    for w in rounded:
        middles = [(a + b) / 2 for a, b in zip(w["edges"], w["edges"][1:], strict=False)]
        traces = [
            {
                "type": "scatter",
                "mode": "lines",
                "line": {"shape": "hvh", "color": colour, "dash": dash, "width": 2},
                "name": name,
                "x": middles,
                "y": w[key],
            }
            for key, name, colour, dash in (
                ("before", "before rounding", GREY, "solid"),
                ("after", "after", BLUE, "dot"),
            )
        ]
        traces.append(
            {
                "type": "bar",
                "name": "error by channel",
                "x": list(range(len(w["errors"]))),
                "y": [100 * e for e in w["errors"]],
                "marker": {"color": ORANGE},
                "xaxis": "x2",
                "yaxis": "y2",
            }
        )
        shown = figure(
            traces, "weight, in thresholds", "number of weights", x_more={"domain": [0, 0.44]}
        )
        shown["layout"]["xaxis2"] = _axis("channel", domain=[0.58, 1])
        shown["layout"]["yaxis2"] = _axis("relative error [%]", anchor="x2")
        found.append((w["projection"], shown))
    return found


def energy(facts: Mapping[str, Any]) -> list[tuple[str, Figure]]:
    """Energy of a sample by population and what it is spent on, for each model of memory."""
    if facts["run"] is None:
        return []
    found = []
    for memory, networks in facts["run"]["operations"]["picojoules"].items():
        by_population = networks["snn"]["by_population"]
        traces = [
            {
                "type": "bar",
                "name": part,
                "x": [text(name) for name in by_population],
                "y": [spent[part] / NANO for spent in by_population.values()],
                "marker": _marker(k),
            }
            for k, part in enumerate(ENERGY_PARTS)
        ]
        found.append((memory, figure(traces, "", "energy of a sample [nJ]", barmode="stack")))
    return found


def divergence(facts: Mapping[str, Any]) -> Figure | None:
    """Both runs around the place where they differ first."""
    checked = facts["verification"]
    first = None if checked is None else checked["first_divergence"]
    if first is None:
        return None
    near = first["around"]
    steps = list(range(near["first_step"], near["first_step"] + len(near["expected"][0])))
    names = [text(neuron) for neuron in near["neurons"]]
    rows = (("expected", BLUE, ""), ("actual", ORANGE, "2"))
    most = max(max(map(abs, row)) for key, _, _ in rows for row in near[key]) or 1
    signed = min(min(row) for key, _, _ in rows for row in near[key]) < 0
    traces = [
        {
            "type": "heatmap",
            "x": steps,
            "y": names,
            "z": near[key],
            "zmin": -most if signed else 0,
            "zmax": most,
            "xgap": 1,
            "ygap": 1,
            "colorscale": [*([[0, GREEN], [0.5, CLEAR]] if signed else [[0, CLEAR]]), [1, colour]],
            "showscale": False,
            "hovertemplate": f"{key}: %{{z}}<br>step %{{x}}, neuron %{{y}}<extra></extra>",
            "xaxis": f"x{axis}",
            "yaxis": f"y{axis}",
        }
        for key, colour, axis in rows
    ]
    shown = figure(traces, "step (expected)", "neuron", x_more={"domain": [0, 0.46]})
    layout = shown["layout"]
    layout["xaxis2"] = _axis("step (engine)", domain=[0.54, 1], matches="x")
    layout["yaxis2"] = _axis("", anchor="x2", matches="y", showticklabels=False)
    layout["yaxis"]["type"] = layout["yaxis2"]["type"] = "category"
    layout["yaxis"]["autorange"] = layout["yaxis2"]["autorange"] = "reversed"
    place = {"x": first["step"], "y": text(first["neuron"]), "showarrow": True, "ax": 0, "ay": -24}
    layout["annotations"] = [
        {**place, "text": f"{value}", "xref": f"x{axis}", "yref": f"y{axis}"}
        for value, axis in ((first["expected"], ""), (first["actual"], "2"))
    ]
    return shown


CLEAR = "rgba(128,128,128,0.12)"
"""Where a raster has nothing."""


def same_scale(several: Sequence[dict[str, Figure]]) -> None:
    """Give the charts of two bundles with bars and boxes one scale, so that they can be compared."""
    for name in set.intersection(*(set(each) for each in several)):
        if name in ("errors", "activity") or name.startswith("energy-"):
            top = max(_top(each[name]) for each in several)
            for each in several:
                each[name]["layout"]["yaxis"]["range"] = [0, 1.05 * top or 1]


def _top(shown: Figure) -> float:
    """The highest bar, or whisker."""
    columns = [trace.get("upperfence", trace.get("y")) for trace in shown["data"]]
    if shown["layout"].get("barmode") == "stack":
        return float(max(sum(column) for column in zip(*columns, strict=True)))
    return float(max(value or 0 for column in columns for value in column))


def figures(facts: Mapping[str, Any]) -> dict[str, Figure]:
    """Every chart of a bundle that has numbers, by its name on the page."""
    found = {
        "accuracy": accuracies(facts),
        "errors": errors(facts),
        "divergence": divergence(facts),
        "activity": activity(facts),
        "ranges": ranges(facts),
    }
    found |= {f"weights-{k}": shown for k, (_, shown) in enumerate(weights(facts))}
    found |= {f"energy-{name}": shown for name, shown in energy(facts)}
    return {name: shown for name, shown in found.items() if shown is not None}
