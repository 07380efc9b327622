"""The results as text: tables of rich on a terminal, else plain ones of the same content."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from .failures import Failure, optional

# As many classes as a person looks through.
CLASSES_SHOWN = 20


class Table(NamedTuple):
    """A title, the names of the columns (none: no line of names), and rows of cells."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def key_figures(results: dict[str, Any]) -> Table:
    """The numbers that matter most."""
    quantiles = ", ".join(f"{float(q):.0%} {'-' if v is None else f'{v:.3g}'}" for q, v in results["quantiles"].items())
    ignored = f" ({results['ignored']:,} more ignored)" if results["ignored"] else ""
    return Table("", (), [
        ("loss", _with_unit(results["loss"], "nats")),
        ("", _with_unit(results["bits"], "bits")),
        ("perplexity", number(results["perplexity"])),
        ("accuracy", f"{_percent(results['accuracy'])}  ({results['correct']:,} of {results['count']:,})"),
        ("calibration error", calibration_error(results)),
        ("rows", f"{results['count']:,}{ignored}"),
        ("classes", f"{results['classes']:,}"),
        ("sum of losses", number(results["loss_sum"])),
        ("sum of weights", number(results["weight_sum"])),
        ("quantiles of loss", quantiles),
    ])  # fmt: skip


def calibration_error(results: dict[str, Any]) -> str:
    """The expected calibration error."""
    error = results["calibration"]["expected_calibration_error"]
    return "-" if error is None else f"{error:.6f}"


def worst_rows(results: dict[str, Any]) -> Table:
    """The rows with the largest losses."""
    has_index = any(len(entry["index"]) > 1 for entry in results["worst"])
    rows = []
    for entry in results["worst"]:
        place = [str(entry["row"]), *([str(entry["index"])] if has_index else [])]
        rows.append([*place, f"{entry['label']:g}", str(entry["predicted"]), _decimals(entry["loss"])])
    return Table("Worst rows", ("row", *(["index"] if has_index else []), "label", "predicted", "loss"), rows)


def classes(results: dict[str, Any], limit: int = CLASSES_SHOWN) -> Table:
    """Every class that has rows; of many, those with the largest mean losses."""
    entries = largest_classes(results, limit)
    held = sum(1 for entry in results["per_class"] if entry["count"])
    title = "Classes" if len(entries) == held else f"The {len(entries)} classes of {held} with the largest mean loss"
    rows = [(f"{e['class']}", f"{e['count']:,}", _decimals(e["loss"]), _percent(e["accuracy"])) for e in entries]
    return Table(title, ("class", "rows", "mean loss", "accuracy"), rows)


def largest_classes(results: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """The classes to show, in ascending order if they are all."""
    entries = [entry for entry in results["per_class"] if entry["count"]]
    if len(entries) > limit:
        entries.sort(key=_by_loss)
    return entries[:limit]


def _by_loss(entry: dict[str, Any]) -> tuple[bool, bool, float, int]:
    """NaN comes first, and last a class that has no mean."""
    loss = entry["loss"]
    return loss is None, loss == loss, -(loss or 0), entry["class"]


def notes(results: dict[str, Any]) -> list[str]:
    """What a reader must not overlook."""
    found = []
    if not results["complete"]:
        found.append(f"Interrupted: these are the results of the first {results['rows']:,} rows only.")
    if results["rows"] and not results["count"]:
        found.append("Every row is ignored.")
    for count, name in ((results["nan_rows"], "NaN"), (results["infinite_rows"], "infinite")):
        if count:
            found.append(f"The loss of {count:,} {'row' if count == 1 else 'rows'} is {name}.")
    return found


def number(value: float | None) -> str:
    """Ten digits tell apart what float32 can tell apart, and then some."""
    return "-" if value is None else f"{value:.10g}"


def _with_unit(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{number(value)} {unit}"


def _decimals(value: float | None) -> str:
    """For columns of numbers: points under points, unless they are very large or small."""
    if value is None:
        return "-"
    return f"{value:.6f}" if value == 0 or 1e-3 <= abs(value) < 1e7 else f"{value:.6e}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def write(results: dict[str, Any]) -> None:
    """Print the results on standard output."""
    tables = [table for table in (key_figures(results), worst_rows(results), classes(results)) if table.rows]
    print(f"{results['predictions']} scored against {results['labels']}\n")
    for table in tables:
        if not (sys.stdout.isatty() and _write_rich(table)):
            _write_plain(table)
        print()
    for note in notes(results):
        print(note)


def _write_plain(table: Table) -> None:
    lines = [table.columns, *table.rows] if table.columns else list(table.rows)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    if table.title:
        print(table.title)
    for line in lines:
        # Names of figures stand to the left, columns of numbers to the right.
        cells = (c.rjust(w) if table.columns else c.ljust(w) for c, w in zip(line, widths))
        print("  " + "  ".join(cells).rstrip())


def _write_rich(table: Table) -> bool:
    try:
        rich, tables, box = (optional(name, "the tables") for name in ("rich", "rich.table", "rich.box"))
    except Failure:
        return False
    shown = tables.Table(
        title=table.title or None, title_justify="left", show_header=bool(table.columns), box=box.SIMPLE
    )
    for column in table.columns or ("", ""):
        shown.add_column(column, justify="right" if table.columns else "left", no_wrap=bool(table.columns))
    for row in table.rows:
        shown.add_row(*row)
    rich.print(shown)
    return True
