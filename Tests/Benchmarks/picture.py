"""The results as a picture: one panel a shape, horizontal bars in GB/s of input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from report import PASS_NAMES, PASSES, PEERS, Measurement, Results

# Per pass: one thread, all threads.
COLOURS = {"forward": ("#1f5fa8", "#a9c8ea"), "gradient": ("#c4541a", "#f3c19f")}
INK, QUIET = "#222222", "#777777"
HEIGHT = 0.38
# In lengths of the longest bar: how far memory limits are shown, and the room that figures take.
REACH, TEXT = 1.15, 0.22


def draw(results: Results, path: Path) -> None:
    """Writes the picture."""
    shapes = list(dict.fromkeys(m.shape for m in results.measurements))
    columns = 2 if len(shapes) > 1 else 1
    lines = -(-len(shapes) // columns)
    style: Any = {"font.family": "DejaVu Sans", "font.size": 9.5, "text.color": INK, "axes.labelcolor": INK}
    with pyplot.rc_context(style):
        margins = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)
        figure, axes = pyplot.subplots(
            lines, columns, figsize=(6.2 * columns, 2.75 * lines + 1.1), squeeze=False, layout=margins
        )
        for panel, shape in zip(axes.flat, shapes):
            _panel(panel, results, [m for m in results.measurements if m.shape == shape])
        for panel in axes.flat[len(shapes) :]:
            panel.set_visible(False)
        counts = sorted({m.threads for m in results.measurements})
        figure.legend(handles=_legend(counts), loc="outside lower center", ncols=3, frameon=False)
        figure.suptitle(_title(results.quick, counts), fontsize=13, weight="bold")
        figure.savefig(path, dpi=130, facecolor="white")
        pyplot.close(figure)


def _panel(panel: Any, results: Results, measured: list[Measurement]) -> None:
    names = [n for n in ("xent", *PEERS) if any((n, which) in m.samples for m in measured for which in PASSES)]
    longest = max(m.speed(n, which) or 0 for m in measured for n in names for which in PASSES)
    position, ticks = 0.0, []
    for name in names:
        first = position
        for which in PASSES:
            speeds = {m.threads: m.speed(name, which) for m in measured}
            found = {threads: speed for threads, speed in speeds.items() if speed is not None}
            if found:
                limits = [(m.threads, results.limit(m.shape, m.threads, which)) for m in measured if name == "xent"]
                shown = {threads: limit for threads, limit in limits if limit and limit < longest * REACH}
                _limits(panel, position, shown)
                _bar(panel, position, which, found, list(shown.values()), longest)
                position += HEIGHT + 0.06
        ticks.append((first + position - HEIGHT - 0.06) / 2)
        position += 0.28
    panel.set_yticks(ticks, names)
    for label in panel.get_yticklabels():
        label.set_weight("bold" if label.get_text() == "xent" else "normal")
    panel.invert_yaxis()
    panel.set_xlim(0, longest * (REACH + TEXT))
    panel.set_title(measured[0].shape.title, loc="left", fontsize=10.5, weight="bold")
    panel.tick_params(axis="y", length=0)
    panel.tick_params(axis="x", colors=QUIET, labelsize=8.5)
    panel.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    panel.set_axisbelow(True)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)
    panel.spines["bottom"].set_color("#bbbbbb")


def _bar(
    panel: Any, position: float, which: str, speeds: dict[int, float], marks: list[float], longest: float
) -> None:
    """The longer bar behind, the shorter in front (all threads and one, as a rule); both figures clear of the marks."""
    for threads in sorted(speeds, key=lambda threads: speeds[threads] * (1.05 if threads > 1 else 1), reverse=True):
        colour = COLOURS[which][threads > 1]
        panel.barh(position, speeds[threads], HEIGHT, color=colour, edgecolor="white", linewidth=0.4)
    text = " | ".join(_short(speeds[threads]) for threads in sorted(speeds))
    end = max(speeds.values())
    for mark in sorted(marks):
        if end < mark < end + longest * TEXT:
            end = mark
    panel.text(end + longest * 0.012, position, text, va="center", fontsize=8.5, color=COLOURS[which][0])


def _limits(panel: Any, position: float, limits: dict[int, float]) -> None:
    """The memory limit of each number of threads, as a mark across xent's bar."""
    ends = [position - HEIGHT / 2 - 0.03, position + HEIGHT / 2 + 0.03]
    for threads, limit in limits.items():
        panel.plot([limit, limit], ends, color=INK, linewidth=1.6, linestyle="-" if threads == 1 else ":", zorder=5)


def _title(quick: bool, counts: list[int]) -> str:
    title = "Cross-entropy on the CPU: GB of input a second, longer is faster"
    title += " (1 thread | all threads)" if len(counts) > 1 else ""
    return title + ("\nquick run: its figures mean nothing" if quick else "")


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _legend(counts: list[int]) -> list[Any]:
    handles: list[Any] = []
    for which in PASSES:
        for threads in counts:
            label = f"{PASS_NAMES[which]}, {'1 thread' if threads == 1 else f'{threads} threads'}"
            handles.append(Patch(color=COLOURS[which][threads > 1], label=label))
    for threads in counts:
        label = f"memory limit, {'1 thread' if threads == 1 else f'{threads} threads'}"
        handles.append(Line2D([], [], color=INK, linewidth=1.6, linestyle="-" if threads == 1 else ":", label=label))
    return handles
