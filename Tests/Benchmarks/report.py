"""The results as Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from problems import Shape
from timing import Samples

PASSES = ("forward", "gradient")
PASS_NAMES = {"forward": "forward", "gradient": "forward + gradient"}
PEERS = ("PyTorch", "JAX", "oneDNN", "NumPy")
NOTES = """\
- GB/s count the bytes of the input (y_pred) alone; 1 GB is 10^9 bytes. Times are medians over the rounds, with the
  quartiles in brackets. Every contestant has one turn a round, in random order; short calls are repeated in a turn.
- *Of limit* counts all bytes that have to be moved (forward: y_pred and targets read; with gradient: the gradient
  written as well) against the machine's read limit and copy limit, measured in the same rounds. The limit is the best
  of all turns, xent's figure the median of its own. Where all bytes fit the largest cache, memory is no limit.
- *1 thread*: the whole process is held on one processor, every library is told to use one thread, and JAX compiles
  while only one processor is allowed. *All*: all processors. NumPy's elementwise functions always use one thread, so
  it is measured with one only.
- Ratios are a peer's time divided by xent's: 10 × means that xent takes a tenth of the time. xent and oneDNN write
  into an array that the caller keeps; PyTorch, JAX and NumPy allocate (and release) theirs in every call, as their
  users do. "xent, new array" does that too.
- PyTorch is eager torch.nn.functional with backward(); JAX is jit of optax's loss and of its value_and_grad (binary
  probabilities: the formula in jax.numpy); oneDNN is its logsoftmax forward, without picking the label's entry, so a
  little less than the loss; NumPy is the formula as one writes it.
- Every loss and gradient was compared with a float64 reference before it was timed."""


@dataclass(frozen=True)
class Measurement:
    """One shape on some number of threads: the samples of (contestant, pass)."""

    shape: Shape
    threads: int
    samples: dict[tuple[str, str], Samples]

    def speed(self, name: str, which: str) -> float | None:
        """GB/s of input."""
        found = self.samples.get((name, which))
        return self.shape.input_bytes / found.median / 1e9 if found else None

    def ratio(self, peer: str, which: str) -> float | None:
        """The peer's time by xent's."""
        own, other = self.samples.get(("xent", which)), self.samples.get((peer, which))
        return other.median / own.median if own and other else None


@dataclass(frozen=True)
class Results:
    """All that was measured. Limits and small calls are in bytes a second and seconds."""

    machine: list[str]
    missing: dict[str, str]
    measurements: list[Measurement]
    limits: dict[tuple[str, int], Samples]
    cache: int
    c_calls: dict[str, Samples]
    python_calls: dict[str, Samples]
    quick: bool

    def limit(self, shape: Shape, threads: int, which: str) -> float | None:
        """The fastest that memory allows, in GB/s of input; None for what fits the cache."""
        moved = shape.forward_bytes if which == "forward" else shape.gradient_bytes
        if moved <= self.cache:
            return None
        limit = max(self.limits["read" if which == "forward" else "copy", threads].turns)
        return limit * shape.input_bytes / moved / 1e9


def markdown(results: Results) -> str:
    """Everything, as one document."""
    parts = ["# Benchmark", "\n".join(f"- {line}" for line in results.machine)]
    if results.quick:
        parts.append("**A quick run: small shapes, few rounds. Everything works; the figures mean nothing.**")
    if results.missing:
        parts.append("\n".join(f"- Not measured: {name}: {reason}" for name, reason in results.missing.items()))
    parts += ["## xent and its peers", _summary(results), NOTES, "## Memory limits", _limits(results)]
    parts += ["## Every measurement", _details(results), "## Small calls", _small(results)]
    return "\n\n".join(parts) + "\n"


def thread_label(threads: int) -> str:
    """How a number of threads is called in tables and pictures."""
    return "1" if threads == 1 else f"all ({threads})"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{_number(value)} ×"


def _summary(results: Results) -> str:
    present = [p for p in PEERS if any((p, w) in m.samples for m in results.measurements for w in PASSES)]
    head = ["Shape", "Threads", "Pass", "xent ms", "xent GB/s", "of limit", *(f"{peer} ÷ xent" for peer in present)]
    rows = []
    for measured in results.measurements:
        for which in PASSES:
            speed = measured.speed("xent", which)
            if speed is None:
                continue
            limit = results.limit(measured.shape, measured.threads, which)
            rows.append(
                [
                    measured.shape.title,
                    thread_label(measured.threads),
                    PASS_NAMES[which],
                    _number(measured.samples["xent", which].median * 1e3),
                    f"**{_number(speed)}**",
                    f"{speed / limit:.0%}" if limit else "in cache",
                    *(_ratio(measured.ratio(peer, which)) for peer in present),
                ]
            )
    return _table(head, rows)


def _limits(results: Results) -> str:
    rows = []
    for (kind, threads), samples in results.limits.items():
        lower, upper = samples.quartiles
        name = {"read": "read (sum of an array)", "copy": "copy (both directions counted)"}[kind]
        spread = f"{lower / 1e9:.1f} – {upper / 1e9:.1f}"
        best, middle = f"{max(samples.turns) / 1e9:.1f}", f"{samples.median / 1e9:.1f}"
        rows.append([name, thread_label(threads), best, middle, spread])
    return _table(["Limit", "Threads", "best GB/s", "median", "quartiles"], rows)


def _details(results: Results) -> str:
    rows = []
    for measured in results.measurements:
        names = sorted({name for name, _ in measured.samples}, key=lambda n: (not n.startswith("xent"), len(n), n))
        for name in names:
            cells: list[str] = []
            for which in PASSES:
                samples, speed = measured.samples.get((name, which)), measured.speed(name, which)
                if samples is None or speed is None:
                    cells += ["", ""]
                    continue
                lower, upper = (_number(value * 1e3) for value in samples.quartiles)
                cells += [f"{_number(samples.median * 1e3)} [{lower}, {upper}]", _number(speed)]
            rows.append([measured.shape.title, thread_label(measured.threads), name, *cells])
    return _table(["Shape", "Threads", "Library", "forward ms", "GB/s", "forward + gradient ms", "GB/s"], rows)


def _small(results: Results) -> str:
    rows = []
    for name, samples in results.c_calls.items():
        rows.append([f"C, 4 elements: {name}", _time(samples)])
    for name, samples in results.python_calls.items():
        rows.append([f"Python, 4 × 3 logits float32: {name}", _time(samples)])
    return "Loss and gradient, one thread.\n\n" + _table(["Call", "Time [quartiles]"], rows)


def _time(samples: Samples) -> str:
    scale, unit = (1e9, "ns") if samples.median < 1e-6 else (1e6, "µs")
    lower, upper = (_number(value * scale) for value in samples.quartiles)
    return f"{_number(samples.median * scale)} {unit} [{lower}, {upper}]"
