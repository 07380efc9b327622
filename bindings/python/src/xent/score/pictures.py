"""The three pictures of the report, as SVG."""

from __future__ import annotations

import io
import math
from typing import Any, Optional

import numpy as np

from .failures import optional
from .statistics import Floats
from .text import largest_classes

_BLUE, _ORANGE, _GREY = "#3b76af", "#d9622b", "#8a8f98"
_STYLE = {
    "svg.hashsalt": "xent",  # the same results make the same file
    "font.size": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9aa0a8",
    "axes.labelcolor": "#333a44",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e8eb",
    "xtick.color": "#555c66",
    "ytick.color": "#555c66",
}
_BARS = 50
CLASSES_SHOWN = 40


def loss_histogram(results: dict[str, Any]) -> str:
    """How many rows have which loss."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.set_ylabel("rows")
        axes.yaxis.set_major_formatter("{x:,.10g}")
        bins = results["histogram"]
        if not bins:
            axes.text(0.5, 0.5, "no finite losses", ha="center", va="center", transform=axes.transAxes)
            return
        edges, counts, is_logarithmic = _bars(bins)
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=_BLUE, edgecolor="white", linewidth=0.4)
        if is_logarithmic:
            axes.set_xscale("log")
        for name, colour in (("0.5", _ORANGE), ("0.99", _GREY)):
            value = results["quantiles"][name]
            label = "median" if name == "0.5" else "99 % of the rows are below"
            axes.axvline(max(value, edges[0]), color=colour, linewidth=1.5, label=f"{label}: {value:.4g}")
        axes.set_xlim(edges[0], edges[-1])
        below = bins[0]["from"] < edges[0]
        axes.set_xlabel("loss of a row, in nats" + (" (the first bar: this and all below)" if below else ""))
        axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        axes.grid(visible=False, axis="x")

    return _svg(draw, (9, 3.4))


def class_bars(results: dict[str, Any]) -> str:
    """The mean loss of each class."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        entries = largest_classes(results, CLASSES_SHOWN)
        places = range(len(entries))
        losses = [entry["loss"] if _is_finite(entry["loss"]) else math.nan for entry in entries]
        axes.bar(places, losses, 0.75, color=_BLUE)
        if _is_finite(results["loss"]):
            axes.axhline(results["loss"], color=_ORANGE, linewidth=1.5, label=f"all rows: {results['loss']:.4g}")
            axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        crowded = len(entries) > 25
        axes.set_xticks(list(places), [str(e["class"]) for e in entries], rotation=90 if crowded else 0)
        axes.set_xlabel("class")
        axes.set_ylabel("mean loss, in nats")
        axes.set_xlim(-0.6, max(len(entries), 1) - 0.4)
        axes.grid(visible=False, axis="x")

    return _svg(draw, (9, 3.4))


def reliability(results: dict[str, Any]) -> str:
    """Confidence against what came of it, and how many rows have that confidence."""
    binary = results["targets"] == "binary"

    def draw(figure: Any) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        bins = [b for b in results["calibration"]["bins"] if b["count"]]
        upper.plot([0, 1], [0, 1], color=_GREY, linewidth=1.2, linestyle="--", label="perfect calibration")
        places = [b["from"] for b in bins]
        widths = [b["to"] - b["from"] for b in bins]
        upper.bar(places, [b["accuracy"] for b in bins], widths, align="edge", color="#bcd2e8", edgecolor="white",
                  label="share of ones" if binary else "accuracy of the bin")  # fmt: skip
        upper.plot([b["confidence"] for b in bins], [b["accuracy"] for b in bins], "o-", color=_BLUE, markersize=4,
                   linewidth=1.2, label="at the bin's mean probability")  # fmt: skip
        upper.set_ylabel("share of ones" if binary else "accuracy")
        upper.set_xlim(0, 1)
        upper.set_ylim(0, 1.02)
        upper.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        lower.bar(places, [b["count"] for b in bins], widths, align="edge", color=_BLUE, edgecolor="white")
        if bins:
            lower.set_yscale("log")
            lower.set_ylim(0.8, max(b["count"] for b in bins) * 2)
        lower.set_ylabel("rows")
        lower.set_xlabel("probability of 1" if binary else "confidence: the largest probability of a row")

    return _svg(draw, (7.2, 6.2))


def _bars(bins: list[dict[str, Any]]) -> tuple[Floats, Floats, bool]:
    """Edges and counts of the bars, and whether the axis is logarithmic: it is for losses of several magnitudes."""
    ends = np.array([end for b in bins for end in (b["from"], b["to"])])
    heights = np.cumsum([count for b in bins for count in (0, b["count"])])
    low, high = float(ends[0]), float(ends[-1])
    is_logarithmic = 0 <= low < high / 20
    if is_logarithmic:
        positive = float(min(b["from"] for b in bins if b["from"] > 0))
        edges = np.geomspace(max(positive, high * 1e-8), high, _BARS + 1)
    else:
        edges = np.linspace(low - 0.5 * (low == high), high + 0.5 * (low == high), _BARS + 1)
    edges[-1] = max(edges[-1], high)
    # A bin that lies in two bars is shared among them; so bars need not begin where bins do.
    up_to = np.interp(edges, ends, heights, left=0)
    counts = np.diff(up_to)
    counts[0] += up_to[0]
    return edges, counts, is_logarithmic


def _is_finite(loss: Optional[float]) -> bool:
    return loss is not None and math.isfinite(loss)


def _svg(draw: Any, size: tuple[float, float]) -> str:
    matplotlib = optional("matplotlib", "--report")
    figures = optional("matplotlib.figure", "--report")
    buffer = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure = figures.Figure(figsize=size, layout="constrained")
        draw(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
