"""Every option alone, and every two of them together, against the reference and against central differences.

`python test_options.py --count` prints how many comparisons there are of each option, and the largest error found as a
fraction of what is granted.
"""

import itertools
import sys
from collections import Counter, defaultdict

import numpy as np
import pytest
from option_cases import (
    INPUTS,
    KINDS,
    OPTIONS,
    REDUCTIONS,
    SHAPES,
    Problem,
    base,
    call,
    compare,
    expected,
    has_meaning,
    rules_out_hessian,
)

import xent

SINGLE = [(), *((option,) for option in OPTIONS)]
PAIRS = [pair for pair in itertools.combinations(OPTIONS, 2) if base(pair[0]) != base(pair[1])]
SETTINGS = list(itertools.product(KINDS, INPUTS, REDUCTIONS, (np.float64, np.float32)))
NAMES = dict(ids=lambda options: " + ".join(options).replace(" ", "_") or "none")


def cases(options):
    """Every setting in which the options have a meaning, alone at every shape, in pairs at one that goes round."""
    for number, (kind, input, reduction, dtype) in enumerate(SETTINGS):
        if not all(has_meaning(option, kind, input, reduction) for option in options):
            continue
        if "upstream each" in options and reduction != "none":
            continue
        turn = number + sum(map(len, options))
        for place, shape in enumerate(SHAPES if len(options) < 2 else [SHAPES[turn % len(SHAPES)]]):
            yield Problem(kind, input, shape, dtype, seed=turn + place), reduction


def describe(problem, reduction, what, value):
    return f"{problem.kind} {problem.input} {problem.shape} {problem.dtype} {reduction}: {what} {value:.3g}"


def check(options):
    wrong = []
    for problem, reduction in cases(options):
        errors = compare(problem, reduction, options)
        wrong += [describe(problem, reduction, *error) for error in errors.items() if error[1] > 1]
    assert not wrong, f"{len(wrong)} comparisons; error as a fraction of what is granted:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("options", SINGLE, **NAMES)
def test_alone(options):
    check(options)


@pytest.mark.parametrize("options", PAIRS, **NAMES)
def test_pairs(options):
    check(options)


@pytest.mark.parametrize("seed", range(40))
def test_many_together(seed):
    random = np.random.default_rng(seed)
    wrong = []
    for kind, input, reduction, dtype in SETTINGS:
        meant = [option for option in OPTIONS if has_meaning(option, kind, input, reduction)]
        if reduction != "none":
            meant.remove("upstream each")
        chosen = random.permutation(meant)[: random.integers(3, 9)]
        options = tuple({base(option): str(option) for option in chosen}.values())
        problem = Problem(kind, input, SHAPES[seed % len(SHAPES)], dtype, seed)
        errors = compare(problem, reduction, options)
        wrong += [f"{describe(problem, reduction, *error)} {options}" for error in errors.items() if error[1] > 1]
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("options", [*SINGLE, ("class_weights", "sample_weights")], **NAMES)
def test_threads_change_no_bit(options):
    for kind, input in itertools.product(KINDS, INPUTS):
        reduction = "none" if "upstream each" in options else "mean"
        if not all(has_meaning(option, kind, input, reduction) for option in options):
            continue
        for shape, dtype in (((30000, 10), np.float32), ((300, 1000), np.float64)):
            results = []
            for threads in (1, 2, 5):
                problem = Problem(kind, input, shape, dtype)
                keywords = values(problem, options)
                gradient = np.ones(shape, dtype) if "accumulate_gradient" in keywords else True
                result = call(problem, reduction, keywords, gradient=gradient, num_threads=threads)
                loss = np.asarray(result.loss).tobytes()
                results.append((loss, result.gradient.tobytes(), result.loss_sum, result.weight_sum, result.count))
            assert results[0] == results[1] == results[2], (kind, input, shape)


@pytest.mark.parametrize("option", OPTIONS)
def test_options_without_meaning_are_refused(option):
    for kind, input, reduction, dtype in SETTINGS:
        problem = Problem(kind, input, (4, 3), dtype)
        keywords = {"class_weights": {"class_weights": np.ones(3)}, "ignore_index": {"ignore_index": -100}}.get(
            base(option)
        ) or OPTIONS[option](problem)
        if has_meaning(option, kind, input, reduction):
            continue
        with pytest.raises(xent.OptionError, match=base(option)):
            call(problem, reduction, keywords, gradient=True)


@pytest.mark.parametrize("option", [option for option in OPTIONS if rules_out_hessian([option])])
def test_hessian_is_refused(option):
    for kind, input, reduction, dtype in SETTINGS:
        if has_meaning(option, kind, input, reduction):
            problem = Problem(kind, input, (4, 3), dtype)
            with pytest.raises(xent.OptionError, match="hessian"):
                call(problem, reduction, OPTIONS[option](problem), hessian=True)


def test_upstream_of_every_row_needs_losses_of_every_row():
    problem = Problem("labels", "logits", (4, 3), np.float64)
    for reduction in ("mean", "sum"):
        with pytest.raises(xent.ShapeError, match="upstream"):
            call(problem, reduction, {"upstream": np.ones(4)}, gradient=True)


def differences(value, x, step):
    """Central differences of fourth order of value(x) in every element of x. value gives a number or x's shape."""
    result = np.empty(x.shape, np.longdouble)
    for index in np.ndindex(x.shape):
        ends = {}
        for steps in (-2, -1, 1, 2):
            moved = x.copy()
            moved[index] += steps * step
            end = value(moved)
            ends[steps] = end[index] if np.ndim(end) else end
        result[index] = (8 * (ends[1] - ends[-1]) - (ends[2] - ends[-2])) / (12 * step)
    return result


def check_differences(problem, options, loss, gradient_of, hessian_of, step, tolerance):
    near = dict(rtol=tolerance, atol=tolerance)
    x = problem.y_pred
    np.testing.assert_allclose(
        np.asarray(gradient_of(x), float), differences(loss, x, step).astype(float), **near, err_msg=str(options)
    )
    if not rules_out_hessian(options):
        np.testing.assert_allclose(
            np.asarray(hessian_of(x), float), differences(gradient_of, x, step).astype(float), **near
        )


# Those that change neither loss nor gradient but by a factor that is no part of the loss.
DIFFERENTIABLE = [option for option in OPTIONS if base(option) not in ("upstream", "accumulate_gradient", "divisor")]


@pytest.mark.parametrize("options", [pair for pair in [*SINGLE, *PAIRS] if set(pair) <= set(DIFFERENTIABLE)], **NAMES)
def test_central_differences_of_the_reference(options):
    for kind, input in itertools.product(KINDS, INPUTS):
        if all(has_meaning(option, kind, input, "mean") for option in options):
            problem = Problem(kind, input, (2, 3), np.longdouble, seed=len(options))
            keywords = values(problem, options)

            def at(x, problem=problem, keywords=keywords):
                problem.y_pred = x
                return expected(problem, "mean", keywords)

            check_differences(
                problem, options, lambda x: at(x).loss, lambda x: at(x).gradient, lambda x: at(x).hessian,
                np.longdouble(1e-5), 1e-9,
            )  # fmt: skip


@pytest.mark.parametrize("options", [one for one in SINGLE if set(one) <= set(DIFFERENTIABLE)], **NAMES)
def test_central_differences_of_the_library(options):
    for kind, input in itertools.product(KINDS, INPUTS):
        if all(has_meaning(option, kind, input, "mean") for option in options):
            problem = Problem(kind, input, (3, 4), np.float64, seed=1)
            keywords = values(problem, options)

            def at(x, problem=problem, keywords=keywords, **wanted):
                problem.y_pred = x
                return call(problem, "mean", keywords, **wanted)

            check_differences(
                problem, options, lambda x: at(x).loss, lambda x: at(x, gradient=True).gradient,
                lambda x: at(x, hessian=True).hessian, 1e-5, 1e-7,
            )  # fmt: skip


def values(problem, options):
    """The options' values; a raised floor without the zeros and ones at which the loss has no derivative."""
    keywords = {}
    for option in options:
        if option == "probability_floor":
            keywords["probability_floor"] = 1e-3
        else:
            keywords.update(OPTIONS[option](problem))
    return keywords


def print_counts():
    counts, largest, refused = defaultdict(Counter), Counter(), Counter()
    for options in [*SINGLE, *PAIRS]:
        for problem, reduction in cases(options):
            loss = "binary" if problem.kind == "binary" else "categorical"
            try:
                errors = compare(problem, reduction, options)
            except xent.OptionError as error:
                refused[str(error)] += 1
                continue
            for name in {base(option) for option in options} or {"(none)"}:
                for result, value in errors.items():
                    counts[name][loss, result] += 1
                    largest[name] = max(largest[name], value)
    columns = [(loss, result) for loss in ("binary", "categorical") for result in ("loss", "gradient", "hessian")]
    print(f"{'':20}", *(f"{loss:>12}" for loss, _ in columns), f"{'largest':>9}")
    print(f"{'option':20}", *(f"{result:>12}" for _, result in columns), f"{'error':>9}")
    for name in dict.fromkeys(["(none)", *map(base, OPTIONS)]):
        print(f"{name:20}", *(f"{counts[name][column]:12}" for column in columns), f"{largest[name]:9.3f}")
    for message, number in refused.most_common():
        print(f"refused {number} times: {message}")


if __name__ == "__main__":
    if sys.argv[1:] != ["--count"]:
        sys.exit("usage: test_options.py --count; for the tests themselves run pytest")
    print_counts()
