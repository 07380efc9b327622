#!/usr/bin/env python3
"""Measures the options, types and layouts of the Python package: each beside the plain call, and beside PyTorch's.

usage: family.py [--rounds N]

Needs the package xent; PyTorch and ml_dtypes are used where they are installed. All calls of a table are timed in turns,
on one thread; a figure is the median in milliseconds. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import xent
from timing import interleave, use_processors

try:
    import torch
    from torch.nn import functional
except ImportError:
    torch = None

Calls = dict[str, Callable[[], Any]]
GENERATOR = np.random.default_rng(0)


def table(title: str, rows: dict[str, Calls], rounds: int) -> None:
    """A line for each row, with its calls' medians."""
    names = [(row, call) for row, calls in rows.items() for call in calls]
    samples = interleave({(row, call): rows[row][call] for row, call in names}, rounds)
    medians = {name: sample.median * 1e3 for name, sample in samples.items()}
    columns = list(dict.fromkeys(call for _, call in names))
    print(f"\n{title}\n\n| | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
    for row in rows:
        cells = [f"{medians[row, call]:.2f}" if (row, call) in medians else "" for call in columns]
        print(f"| {row} | {' | '.join(cells)} |")


def torch_categorical(labels: Any, logits: Any, gradient: bool, **options: Any) -> Callable[[], Any]:
    target = torch.from_numpy(labels)
    prediction = torch.from_numpy(logits) if isinstance(logits, np.ndarray) else logits
    return torch_call(lambda z: functional.cross_entropy(z, target, **options), prediction, gradient)


def torch_call(loss: Callable[[Any], Any], prediction: Any, gradient: bool) -> Callable[[], Any]:
    if not gradient:
        return lambda: loss(prediction)
    leaf = prediction.clone().requires_grad_()

    def call() -> None:
        leaf.grad = None
        loss(leaf).backward()

    return call


def categorical(labels: Any, logits: Any, gradient: Any = False, **options: Any) -> Callable[[], Any]:
    return lambda: xent.categorical_cross_entropy(
        labels, logits, input="logits", num_threads=1, gradient=gradient, **options)


def aligned_like(array: Any) -> Any:
    return xent.categorical_cross_entropy(np.zeros(array.shape[:-1], np.int64), array, input="logits", gradient=True).gradient


def types(rounds: int) -> None:
    rows, classes = 2048, 32000
    logits = GENERATOR.standard_normal((rows, classes), dtype=np.float32) * 3
    labels = GENERATOR.integers(0, classes, rows)
    kinds = {"float32": np.float32, "float16": np.float16}
    try:
        import ml_dtypes

        kinds["bfloat16"] = ml_dtypes.bfloat16
    except ImportError:
        pass
    lines: dict[str, Calls] = {}
    for name, kind in kinds.items():
        array = logits.astype(kind)
        result = np.empty_like(array)
        lines[name] = {"forward": categorical(labels, array), "with gradient": categorical(labels, array, result)}
        if torch:
            tensor = torch.from_numpy(logits).to(getattr(torch, name))
            lines[name] |= {"PyTorch forward": torch_categorical(labels, tensor, False),
                            "PyTorch with gradient": torch_categorical(labels, tensor, True)}
    table(f"Types: {rows} x {classes} logits, class indices", lines, rounds)


def images(rounds: int) -> None:
    shape = (8, 19, 256, 256)
    logits = GENERATOR.standard_normal(shape, dtype=np.float32) * 3
    labels = GENERATOR.integers(0, shape[1], (shape[0], *shape[2:]))
    ignored = np.where(GENERATOR.random(labels.shape) < 0.1, -100, labels)
    result = aligned_like(logits)
    weights = GENERATOR.random(shape[1]).astype(np.float32)
    lines: dict[str, Calls] = {}
    for name, target, options, theirs in (
        ("no option", labels, {}, {}),
        ("ignore_index", ignored, {"ignore_index": -100}, {}),
        ("class_weights", labels, {"class_weights": weights}, {"weight": weights}),
    ):
        lines[name] = {"forward": categorical(target, logits, axis=1, **options),
                       "with gradient": categorical(target, logits, result, axis=1, **options)}
        if torch:
            theirs = {key: torch.from_numpy(value) for key, value in theirs.items()}
            lines[name] |= {"PyTorch forward": torch_categorical(target, logits, False, **theirs),
                            "PyTorch with gradient": torch_categorical(target, logits, True, **theirs)}
    table(f"Images: {shape} logits, classes along axis 1", lines, rounds)


def categorical_options(rounds: int) -> None:
    rows, classes = 8192, 1000
    logits = GENERATOR.standard_normal((rows, classes), dtype=np.float32) * 3
    labels = GENERATOR.integers(0, classes, rows)
    result = np.empty_like(logits)
    weights = GENERATOR.random(classes).astype(np.float32)
    options: dict[str, dict[str, Any]] = {
        "no option": {}, "class_weights": {"class_weights": weights}, "ignore_index": {"ignore_index": 0},
        "sample_weights": {"sample_weights": GENERATOR.random(rows).astype(np.float32)},
        "label_smoothing": {"label_smoothing": 0.1}, "logit_scale": {"logit_scale": 0.7},
        "logit_softcap": {"logit_softcap": 30}, "z_loss": {"z_loss": 1e-4}, "focal_gamma": {"focal_gamma": 2},
        "poly_epsilon": {"poly_epsilon": 1}, "argmax": {"argmax": True}, "log_sum_exp": {"log_sum_exp": True},
        "hessian": {"hessian": np.empty_like(logits)}, "accumulate_gradient": {"accumulate_gradient": True},
    }
    theirs = {"no option": {}, "label_smoothing": {"label_smoothing": 0.1}, "ignore_index": {"ignore_index": 0}}
    if torch:
        theirs["class_weights"] = {"weight": torch.from_numpy(weights)}
    lines: dict[str, Calls] = {}
    for name, values in options.items():
        forward = {key: value for key, value in values.items() if key != "accumulate_gradient"}
        lines[name] = {"forward": categorical(labels, logits, **forward),
                       "with gradient": categorical(labels, logits, result, **values)}
        if torch and name in theirs:
            lines[name] |= {"PyTorch forward": torch_categorical(labels, logits, False, **theirs[name]),
                            "PyTorch with gradient": torch_categorical(labels, logits, True, **theirs[name])}
    table(f"Categorical options: {rows} x {classes} float32 logits, class indices", lines, rounds)


def binary_options(rounds: int) -> None:
    count = 1 << 22
    logits = GENERATOR.standard_normal(count, dtype=np.float32) * 3
    targets = GENERATOR.integers(0, 2, count).astype(np.float32)
    weights = GENERATOR.random(count).astype(np.float32)
    result = np.empty_like(logits)
    options: dict[str, dict[str, Any]] = {
        "no option": {}, "pos_weight": {"pos_weight": 3.0}, "sample_weights": {"sample_weights": weights},
        "label_smoothing": {"label_smoothing": 0.1}, "focal_gamma": {"focal_gamma": 2},
        "focal_alpha": {"focal_alpha": 0.25}, "poly_epsilon": {"poly_epsilon": 1},
        "hessian": {"hessian": np.empty_like(logits)}, "accumulate_gradient": {"accumulate_gradient": True},
    }
    theirs: dict[str, dict[str, Any]] = {"no option": {}}
    if torch:
        theirs |= {"pos_weight": {"pos_weight": torch.tensor(3.0)}, "sample_weights": {"weight": torch.from_numpy(weights)}}
    lines: dict[str, Calls] = {}

    def binary(gradient: Any, values: dict[str, Any]) -> Callable[[], Any]:
        return lambda: xent.binary_cross_entropy(
            targets, logits, input="logits", num_threads=1, gradient=gradient, **values)

    for name, values in options.items():
        forward = {key: value for key, value in values.items() if key != "accumulate_gradient"}
        lines[name] = {"forward": binary(False, forward), "with gradient": binary(result, values)}
        if torch and name in theirs:
            target = torch.from_numpy(targets)

            def loss(z: Any, extra: dict[str, Any] = theirs[name], target: Any = target) -> Any:
                return functional.binary_cross_entropy_with_logits(z, target, **extra)

            lines[name] |= {"PyTorch forward": torch_call(loss, torch.from_numpy(logits), False),
                            "PyTorch with gradient": torch_call(loss, torch.from_numpy(logits), True)}
    table(f"Binary options: {count} float32 logits", lines, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    use_processors(1)
    if torch:
        torch.set_num_threads(1)
    print(f"xent {xent.__version__}; PyTorch {torch.__version__ if torch else 'not installed'}")
    for part in (types, images, categorical_options, binary_options):
        part(rounds)


if __name__ == "__main__":
    main()
