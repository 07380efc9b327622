"""Who may use which processors, and the clock: turns in random order, medians with quartiles."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

# A turn repeats calls that are shorter than this (seconds), after one that is not counted.
TURN = 0.02
# Between turns, for other contestants' threads to fall asleep (OpenMP's spin for a while after their work).
PAUSE = 0.005

PROCESSORS = sorted(os.sched_getaffinity(0))


def use_processors(count: int) -> None:
    """Holds every thread of this process on the first `count` of the processors it was started with."""
    allowed = PROCESSORS[:count]
    for thread in os.listdir("/proc/self/task"):
        try:
            os.sched_setaffinity(int(thread), allowed)
        except ProcessLookupError:
            pass  # it has ended meanwhile


def turn(call: Callable[[], Any]) -> float:
    """Seconds a call takes now: one long call, or the median of many short ones."""
    time.sleep(PAUSE)
    taken: list[float] = []
    total = 0.0
    while total < TURN:
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
        total += taken[-1]
    return median(taken[1:] or taken)


@dataclass
class Samples:
    """The turns of one contestant, in seconds."""

    turns: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.turns)

    @property
    def quartiles(self) -> tuple[float, float]:
        if len(self.turns) < 2:
            return self.turns[0], self.turns[0]
        lower, _, upper = quantiles(self.turns, n=4, method="inclusive")
        return lower, upper


def interleave(calls: dict[Any, Callable[[], Any]], rounds: int) -> dict[Any, Samples]:
    """Gives every call one turn a round, in another order each round, so that a slow minute of the machine hits all."""
    samples = {key: Samples() for key in calls}
    order = list(calls)
    shuffle = random.Random(1).shuffle
    for _ in range(rounds):
        shuffle(order)
        for key in order:
            samples[key].turns.append(turn(calls[key]))
    return samples
