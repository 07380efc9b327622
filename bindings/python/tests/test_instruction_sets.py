"""The instruction sets that the processor has: AVX2 and AVX-512 agree to the last bit, the baseline within the bounds."""

import os
import pickle
import subprocess
import sys

import instruction_set_cases
import numpy as np
import pytest
import reference_options
from descriptor_calls import bits, values
from instruction_set_cases import ALL_OPTIONS, inputs_of
from option_cases import base

SETS = ("baseline", "avx2", "avx512")

# What the library grants itself, in units of the last place of float32 and of float64.
BOUNDS = {
    "loss": (2, 4), "reduced loss": (1, 4), "gradient": (4, 5), "hessian": (4, 8), "log_sum_exp": (2, 4), "theta": (2, 2),
}  # fmt: skip
EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52, "float16": 2.0**-10, "bfloat16": 2.0**-7}
SMALLEST = {"float32": 2.0**-149, "float64": 5e-324, "float16": 2.0**-24, "bfloat16": 2.0**-133}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """By set, what all cases write. A process has one set: there is one for each, all at once."""
    folder = tmp_path_factory.mktemp("sets")
    program = instruction_set_cases.__file__
    children = [
        subprocess.Popen([sys.executable, program, folder / name], env={**os.environ, "XENT_INSTRUCTION_SET": name})
        for name in SETS
    ]
    assert [child.wait() for child in children] == [0] * len(SETS)
    found = {}
    for name in SETS:
        with open(folder / name, "rb") as file:
            chosen, results = pickle.load(file)
        found[chosen] = results
    return found


def pairs(outcomes, one, other):
    if not {one, other} <= outcomes.keys():
        pytest.skip(f"of {one} and {other} this processor has {' and '.join(outcomes.keys() & {one, other})}")
    return zip(outcomes[one], outcomes[other], strict=True)


def test_every_call_succeeds(outcomes):
    assert "baseline" in outcomes
    for results in outcomes.values():
        assert [outcome.case for outcome in results if outcome.status] == []


def test_avx2_and_avx512_agree_to_the_last_bit(outcomes):
    differing = []
    for one, other in pairs(outcomes, "avx2", "avx512"):
        names = [name for name, (array, _) in one.arrays.items() if (array != other.arrays[name][0]).any()]
        if names or one.totals != other.totals:
            differing.append((one.case, names))
    assert differing == []


def test_nan_results_are_one_nan(outcomes):
    """Whatever NaN an input of a loss holds. A gradient that is added to keeps its own in rows without a gradient."""
    others = []
    for results in outcomes.values():
        for outcome in results:
            for name, (array, type) in outcome.arrays.items():
                has_own = name == "gradient" and "accumulate_gradient" in outcome.case.options
                if has_own or name in ("argmax", "before", "theta"):
                    continue
                found = array[np.isnan(values(array, type))]
                if (found != bits(np.nan, type)).any():
                    others.append((outcome.case, name, np.unique(found)))
    assert others == []


def test_the_baseline_agrees_within_the_bounds(outcomes):
    failures = []
    for one, other in pairs(outcomes, "baseline", "avx2"):
        # Infinity times what is too small for its type is NaN, or infinite, by less than the last bit.
        if any(name.startswith(("upstream infinite", "upstream edges")) for name in one.case.options):
            continue
        assert one.totals == other.totals, one.case
        for name in one.arrays.keys() - {"before"}:
            error = excess(one, other, name)
            if error > 1:
                failures.append((one.case, name, error))
    assert failures == []


def excess(one, other, name):
    """The largest difference as a fraction of what is granted; infinite where NaN or infinities differ."""
    (a, type), (b, _) = one.arrays[name], other.arrays[name]
    if name == "argmax":
        return np.inf if (a != b).any() else 0
    a, b = values(a, type), values(b, type)
    differing = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    if not differing.any():
        return 0
    if not np.isfinite(a[differing]).all() or not np.isfinite(b[differing]).all():
        return np.inf
    size = np.maximum(np.abs(a), 1 if name == "log_sum_exp" else 0)
    error = fraction(one.case, name, type, a, b, size)[differing].max()
    # Where terms of both signs cancel, the bounds are those of the terms.
    if error > 1 and name != "log_sum_exp":
        error = fraction(one.case, name, type, a, b, np.maximum(size, terms(one, name)))[differing].max()
    return error


@np.errstate(invalid="ignore")
def fraction(case, name, type, a, b, size):
    computed = "float64" if case.type == "float64" or case.kind == "descent" else "float32"
    is_reduced = name == "loss_sum" or name == "loss" and case.reduction != "none"
    bound = BOUNDS["reduced loss" if is_reduced else name][computed == "float64"]
    for option in case.options:
        if base(option) == "focal_gamma":
            bound *= 1 + ALL_OPTIONS[option](None)["focal_gamma"]
    # Both are within the bound of what is exact.
    granted = 2 * bound * (EPSILON[computed] * size + SMALLEST[computed])
    if EPSILON[type] > EPSILON[computed]:
        granted = granted + EPSILON[type] * np.abs(a) + SMALLEST[type]
    return np.abs(a - b) / granted


@np.errstate(over="ignore", invalid="ignore")
def terms(outcome, name):
    """The sum of the absolute values of a result's terms."""
    case = outcome.case
    if case.kind == "descent":
        theta, gradient = values(*outcome.arrays["before"]).T
        return (np.abs(theta) + np.abs(float(case.input) * gradient))[:, None]
    y_true, y_pred, keywords, outputs = inputs_of(case)
    keywords = {**keywords}
    if case.kind == "binary":
        del keywords["axis"]
    if keywords.pop("accumulate_gradient", False) and "gradient" in outputs:
        keywords["initial_gradient"] = values(*outputs["gradient"])
    target = y_true[0] if case.kind == "labels" else values(*y_true)
    function = reference_options.binary if case.kind == "binary" else reference_options.categorical
    found = getattr(function(target, values(*y_pred), **keywords), f"{name}_terms")
    return np.nan_to_num(np.asarray(found, np.float64), nan=0.0, posinf=0.0)
