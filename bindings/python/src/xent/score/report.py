"""The page that --report writes: one file that needs no other."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from html import escape
from string import Template
from typing import Any

from . import pictures, text
from .failures import Exit, Failure, optional
from .files import Reference

_CLASSES = 100

_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #222831; background: #fff;
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0.2rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 0.4rem; }
p { color: #555c66; margin: 0.2rem 0 0.8rem; }
p.note { color: #8a3b12; background: #fdf1e7; border-left: 4px solid #d9622b; padding: 0.4rem 0.8rem; }
img { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.25rem 1.2rem 0.25rem 0; border-bottom: 1px solid #e6e8eb; }
th { font-weight: 600; color: #555c66; }
table.figures td:first-child { text-align: left; color: #555c66; }
table.figures td { text-align: left; }
table.figures tr:first-child td:last-child { font-size: 1.3rem; font-weight: 600; }
code { background: #f3f4f6; padding: 0 0.25rem; border-radius: 3px; overflow-wrap: anywhere; }
footer { margin: 2.5rem 0 1rem; color: #8a8f98; font-size: 0.85rem; }
</style>
</head>
<body>
<h1>$title</h1>
<p>Predictions <code>$predictions</code>, labels <code>$labels</code>$options</p>
$notes
$figures
<h2>Losses of the rows</h2>
<p>How many rows have which loss, weights included.</p>
$histogram
<h2>Mean loss of the classes</h2>
<p>$classes_text</p>
$bars
<h2>Calibration</h2>
<p>$calibration_text Expected calibration error: $error.</p>
$reliability
$worst
$classes
<footer>xent $version</footer>
</body>
</html>
""")


def prepare(path: str, inputs: Sequence[Reference]) -> None:
    """Fail before the work, not after it, if the report cannot be made or would replace what is scored."""
    if not path:
        raise Failure(Exit.USAGE, "--report needs the name of a file")
    if any(read.is_file(path) for read in inputs):
        raise Failure(Exit.USAGE, f"--report {path} would overwrite {path}, which is to be read")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise Failure(Exit.FILE, f"{path} cannot be written: there is no folder {folder}")
    if os.path.isdir(path):
        raise Failure(Exit.FILE, f"{path} cannot be written: it is a folder")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise Failure(Exit.FILE, f"{path} cannot be written: permission denied")
    optional("matplotlib", "--report")


def write(results: dict[str, Any], path: str) -> None:
    """Write the page."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(page(results))
    except OSError as error:
        raise Failure(Exit.FILE, f"{path} cannot be written: {error.strerror}") from error


def page(results: dict[str, Any]) -> str:
    """The page."""
    options = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in results["options"].items())
    return _PAGE.substitute(
        title="Cross-entropy of the predictions",
        predictions=escape(results["predictions"]),
        labels=escape(results["labels"]),
        options=escape(f"; {options}." if options else "."),
        notes="".join(f'<p class="note">{escape(note)}</p>' for note in text.notes(results)),
        figures=_table(text.key_figures(results), "figures"),
        histogram=_picture(pictures.loss_histogram(results), "Histogram of the losses"),
        classes_text=_classes_text(results),
        bars=_picture(pictures.class_bars(results), "Mean loss of the classes"),
        calibration_text="The predicted probability of 1 against how often it was 1." if results["targets"] == "binary"
        else "The largest probability of a row against how often its class was the right one.",
        error=text.calibration_error(results),
        reliability=_picture(pictures.reliability(results), "Reliability diagram"),
        worst=_titled(text.worst_rows(results)),
        classes=_titled(text.classes(results, _CLASSES)),
        version=escape(results["xent"]),
    )  # fmt: skip


def _classes_text(results: dict[str, Any]) -> str:
    whose = {"binary": "Class 1 is that of the labels of 0.5 and more.", "distribution": "A row belongs to the class "
             "that is largest in its label.", "class_indices": ""}[results["targets"]]  # fmt: skip
    held = sum(1 for entry in results["per_class"] if entry["count"])
    shown = pictures.CLASSES_SHOWN
    return f"{whose} The picture shows the {shown} of {held} whose losses are largest." if held > shown else whose


def _picture(svg: str, description: str) -> str:
    # As an image of its own: the names within one SVG must not meet those of another.
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(description)}" src="data:image/svg+xml;base64,{data}">'


def _titled(table: text.Table) -> str:
    return f"<h2>{escape(table.title)}</h2>\n{_table(table)}" if table.rows else ""


def _table(table: text.Table, kind: str = "") -> str:
    lines = [f'<table class="{kind}">' if kind else "<table>"]
    if table.columns:
        lines.append(f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in table.columns)}</tr>")
    lines += [f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows]
    return "\n".join([*lines, "</table>"])
