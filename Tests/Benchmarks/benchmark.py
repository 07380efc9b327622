#!/usr/bin/env python3
"""Measures xent beside PyTorch, JAX with optax, oneDNN and NumPy, on the same data, in one process.

usage: benchmark.py [--quick] [--shapes PART,PART] [--threads 1|all|both] [--rounds N] [--library libxent.so]

Peers come from requirements.txt beside this file; one that is missing is named and left out. Every answer is compared
with a float64 reference before anything is timed. Writes results.md and results.png to build/benchmarks/. A full run
takes some minutes and 6 GB of memory; nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

# Before NumPy and PyTorch are loaded: their threads are this program's business, and else as they come.
for variable in [name for name in os.environ if name.startswith(("OMP_", "GOMP_", "KMP_", "MKL_", "XLA_"))]:
    del os.environ[variable]

import machine
import peers
import small_calls
from contestants import Library, Xent
from native import BUILD, ROOT, Limits, Missing
from problems import QUICK_SHAPES, SHAPES, Problem, Shape, make
from report import Measurement, Results, markdown, thread_label
from timing import PROCESSORS, Samples, interleave, turn, use_processors


class Benchmark:
    """The contestants and the memory limits, and the loop over shapes and threads."""

    def __init__(self, xent: Xent, others: list[Library], threads: list[int], rounds: int, mebibytes: int) -> None:
        self.libraries: list[Library] = [xent, *others]
        self.threads = threads
        self.rounds = rounds
        self.memory = Limits(mebibytes)
        self.memory.check()
        self.ways: dict[tuple[str, int], int] = {}
        self.limits: dict[tuple[str, int], Samples] = {}
        for count in threads:
            self.use(count)
            for kind, ways in Limits.WAYS.items():
                seconds = {way: min(turn(self.memory.call(kind, way, count)) for _ in range(5)) for way in ways}
                self.ways[kind, count] = min(ways, key=seconds.__getitem__)
                self.limits[kind, count] = Samples()

    def use(self, count: int) -> None:
        """Holds the process on so many processors, and tells every library."""
        use_processors(count)
        for library in self.libraries:
            library.set_threads(count)

    def measure(self, shape: Shape) -> list[Measurement]:
        """The shape on every number of threads."""
        use_processors(len(PROCESSORS))
        problem = make(shape)
        return [Measurement(shape, count, self._measure(problem, count)) for count in self.threads]

    def _measure(self, problem: Problem, count: int) -> dict[tuple[str, str], Samples]:
        self.use(count)
        calls: dict[tuple[str, str], Callable[[], Any]] = {}
        for library in self.libraries:
            for contestant in library.contestants(problem, count):
                contestant.check(problem)
                if contestant.forward:
                    calls[contestant.name, "forward"] = contestant.forward
                if contestant.gradient:
                    calls[contestant.name, "gradient"] = contestant.gradient
        for kind in Limits.WAYS:
            calls["limit", kind] = self.memory.call(kind, self.ways[kind, count], count)
        gc.collect()
        samples = interleave(calls, self.rounds)
        for kind in Limits.WAYS:
            moved = self.memory.bytes(kind)
            self.limits[kind, count].turns += [moved / seconds for seconds in samples.pop(("limit", kind)).turns]
        return samples


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    built = ROOT / "build" / "cmake" / "libxent.so"
    parser.add_argument("--library", type=Path, default=built, help="libxent to measure")
    parser.add_argument("--shapes", default="", help="only shapes with one of these in their name, e.g. 128256,binary")
    parser.add_argument("--threads", choices=("1", "all", "both"), default="both")
    parser.add_argument("--rounds", type=int, help="turns of every contestant (7; quick: 2)")
    parser.add_argument("--quick", action="store_true", help="small shapes, to see in seconds that everything works")
    arguments = parser.parse_args()
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    if not arguments.library.exists():
        parser.error(f"no library at {arguments.library}: cmake -S . -B build/cmake && cmake --build build/cmake")
    return arguments


def chosen_shapes(parts: str, quick: bool) -> list[Shape]:
    shapes = QUICK_SHAPES if quick else SHAPES
    wanted = [part for part in parts.split(",") if part]
    found = [shape for shape in shapes if not wanted or any(part in shape.name for part in wanted)]
    if not found:
        names = ", ".join(shape.name for shape in shapes)
        raise SystemExit(f"no shape has {parts!r} in its name; there are {names}")
    return found


def main() -> int:
    arguments = parse()
    shapes = chosen_shapes(arguments.shapes, arguments.quick)
    everything = len(PROCESSORS)
    threads = {"1": [1], "all": [everything], "both": sorted({1, everything})}[arguments.threads]
    rounds = arguments.rounds or (2 if arguments.quick else 7)
    started = time.perf_counter()

    xent = Xent(arguments.library.resolve())
    others, missing = peers.available()
    for name, reason in missing.items():
        print(f"left out: {name}: {reason}")
    benchmark = Benchmark(xent, others, threads, rounds, 32 if arguments.quick else 512)

    measurements: list[Measurement] = []
    for shape in shapes:
        before = time.perf_counter()
        measurements += benchmark.measure(shape)
        print(f"{shape.title} ({time.perf_counter() - before:.0f} s)")
        for m in measurements[-len(threads) :]:
            forward, gradient = m.speed("xent", "forward"), m.speed("xent", "gradient")
            label = f"threads {thread_label(m.threads)}"
            print(f"    {label}: xent {forward:.2f} GB/s, with gradient {gradient:.2f} GB/s", flush=True)

    benchmark.use(1)
    c_calls = small_calls.from_c(xent.library, 20_000 if arguments.quick else 1_000_000)
    python_calls, unasked = small_calls.from_python(arguments.library.resolve(), 200 if arguments.quick else 5_000)
    missing |= {f"{name}, small call": reason for name, reason in unasked.items() if name not in missing}
    versions = [f"{library.name} {library.version}" for library in (xent, *others)]
    results = Results(
        machine=[
            *machine.description(),
            f"Versions: {', '.join(versions)}; xent's instruction set: {xent.instruction_set}",
            f"{date.today().isoformat()}, {rounds} rounds",
        ],
        missing={name: reason.replace(f"{ROOT}/", "") for name, reason in missing.items()},
        measurements=measurements,
        limits=benchmark.limits,
        cache=machine.last_level_cache(),
        c_calls=c_calls,
        python_calls=python_calls,
        quick=arguments.quick,
    )
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "results.md").write_text(markdown(results))
    written = ["results.md"]
    (BUILD / "results.png").unlink(missing_ok=True)
    try:
        import picture

        picture.draw(results, BUILD / "results.png")
        written.append("results.png")
    except ImportError as error:
        print(f"no picture: {error}")
    print(f"wrote {' and '.join(written)} to build/benchmarks/ ({time.perf_counter() - started:.0f} s)")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Missing as reason:
        sys.exit(f"cannot measure: {reason}")
