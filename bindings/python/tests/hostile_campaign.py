"""Campaigns of hostile calls, each in a process of its own: `python hostile_campaign.py NAME EXAMPLES [SEED]`.

Without a seed the examples are the same in every run. A process that crashes has written the example to its standard
error, as all do of which a campaign fails.
"""

import faulthandler
import sys
import threading
import warnings

import numpy as np
from guarded_memory import guarded, guarded_bytes
from hostile_files import files
from hostile_objects import Conversion, Mine, Number, Raises, huge, made, objects, values
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import xent
from xent import boosting
from xent.sklearn import log_loss

# What messages call the arguments of all functions.
ARGUMENTS = [
    "y_true", "y_pred", "labels", "gradient", "hessian", "class_weights", "sample_weight", "pos_weight", "upstream", "theta",
    "learning_rate", "loss", "scores", "normalize", "num_class", "axis", "input", "reduction", "divisor", "measure", "argmax", "log_sum_exp",
    "accumulate_gradient", "num_threads", "ignore_index", "normalizer", "probability_floor", "label_smoothing", "logit_scale",
    "logit_softcap", "z_loss", "focal_gamma", "focal_alpha", "poly_epsilon", "classes", "samples", "an argument",
]  # fmt: skip
LONGEST_MESSAGE = 2000

counts = {"examples": 0, "answers": 0, "refusals": 0, "let through": 0}


def outcome(function, *arguments, **options):
    """What a call returns; None if it is refused in the words of the contract, or an error of the object's own comes back."""
    counts["examples"] += 1
    try:
        result = function(*arguments, **options)
    except xent.XentError as error:
        message = str(error)
        assert any(name in message for name in ARGUMENTS), f"names no argument: {message}"
        assert len(message) < LONGEST_MESSAGE
        counts["refusals"] += 1
        return None
    except Mine:
        counts["let through"] += 1
        return None
    except (KeyError, IndexError, AttributeError, BufferError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        # Only what an object raises itself.
        assert error.args == ("hostile",), repr(error)
        counts["let through"] += 1
        return None
    counts["answers"] += 1
    return result


# Good arguments, of which a campaign replaces some.


def good_binary():
    return {"y_true": np.array([0.0, 1.0]), "y_pred": np.array([0.25, 0.5])}


def good_categorical():
    return {"y_true": np.array([0, 2]), "y_pred": np.full((2, 3), 0.5)}


def categorical(y_true, y_pred, **options):
    return xent.categorical_cross_entropy(y_true, y_pred, **options)


def binary(y_true, y_pred, **options):
    return xent.binary_cross_entropy(y_true, y_pred, **options)


WEIGHTS = ["class_weights", "sample_weights", "pos_weight", "upstream", "gradient", "hessian"]
CALLS = {
    "binary": (binary, good_binary, ["y_true", "y_pred", *WEIGHTS]),
    "categorical": (categorical, good_categorical, ["y_true", "y_pred", *WEIGHTS]),
    "descent": (
        xent.gradient_descent,
        lambda: {"theta": np.zeros((2, 3)), "gradient": np.ones((2, 3)), "learning_rate": 0.5},
        ["theta", "gradient", "learning_rate"],
    ),
    "log_loss": (
        lambda y_true, y_pred, **options: log_loss(y_true, y_pred, **options),
        lambda: {"y_true": [0, 1], "y_pred": np.full((2, 2), 0.5)},
        ["y_true", "y_pred", "sample_weight", "labels", "normalize"],
    ),
    "multiclass": (
        lambda y_true, y_pred, sample_weight=None, num_class=3, **options: boosting.multiclass(num_class, **options)(
            y_true, y_pred, sample_weight
        ),
        lambda: {"y_true": [0, 1], "y_pred": np.full((2, 3), 0.5)},
        ["y_true", "y_pred", "sample_weight", "class_weights", "num_class", "hessian_scale", "focal_gamma", "label_smoothing"],
    ),
    "objective": (
        lambda y_true, y_pred, sample_weight=None, **options: boosting.binary(**options).log_loss(y_true, y_pred, sample_weight),
        lambda: {"y_true": [0, 1], "y_pred": np.full(2, 0.5)},
        ["y_true", "y_pred", "sample_weight", "pos_weight", "hessian_scale", "focal_gamma", "label_smoothing"],
    ),
}


@given(st.data())
def arguments(data):
    """Any object in the place of any argument of any function."""
    function, good, names = CALLS[data.draw(st.sampled_from(list(CALLS)))]
    given = good()
    for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)):
        given[name] = made(data.draw(objects, label=name))
    outcome(function, **given)


OPTIONS = [
    "input", "reduction", "divisor", "measure", "axis", "num_threads", "ignore_index", "normalizer", "probability_floor", "label_smoothing",
    "logit_scale", "logit_softcap", "z_loss", "focal_gamma", "focal_alpha", "poly_epsilon", "accumulate_gradient", "log_sum_exp", "argmax",
]  # fmt: skip


@given(st.data())
def options(data):
    """Any value in the place of any option."""
    is_binary = data.draw(st.booleans())
    names = [name for name in OPTIONS if not is_binary or name not in ("log_sum_exp", "argmax")]
    chosen = {name: made(data.draw(values, label=name)) for name in data.draw(st.sets(st.sampled_from(names), min_size=1, max_size=3))}
    if data.draw(st.booleans()):
        chosen.setdefault("input", "logits")
    outcome(binary if is_binary else categorical, **(good_binary() if is_binary else good_categorical()), **chosen)


@given(st.data())
def sizes(data):
    """Arrays of more elements than there is memory for: refused, for the work would not end."""
    name = data.draw(st.sampled_from(["y_true", "y_pred", "gradient", "hessian", "sample_weights", "class_weights", "pos_weight", "upstream"]))
    is_binary = data.draw(st.booleans())
    given = good_binary() if is_binary else good_categorical()
    given[name] = data.draw(huge)
    assert outcome(binary if is_binary else categorical, **given) is None
    rows = np.broadcast_to(np.int64(0), 2**40)
    wide = np.broadcast_to(np.float32(0.5), (2**40, 3))
    request = data.draw(st.sampled_from([{"reduction": "none"}, {"gradient": True}, {"hessian": True}, {"argmax": True}]))
    assert outcome(categorical, rows, wide, **request) is None


# Layouts: right answers, and nothing read or written beside the arrays.

FLOATS = [np.dtype(name) for name in ("f8", "f4", "f2")]
LABELS = [np.dtype(name) for name in ("i1", "i2", "i4", "i8", "u1", "u2", "u4")]


@st.composite
def placed(draw, array, is_input, may_repeat=True):
    """An array's values somewhere in guarded memory, and that memory."""
    order = draw(st.permutations(range(array.ndim)))
    steps, step = [0] * array.ndim, 1
    for axis in order:
        step *= draw(st.sampled_from([1, 1, 1, 2, 3]))
        steps[axis] = step * draw(st.sampled_from([1, 1, -1]))
        step *= max(1, array.shape[axis])
    at_end = draw(st.booleans())
    dtype, offset = array.dtype, 0
    if is_input:
        dtype = draw(st.sampled_from([dtype, dtype, dtype.newbyteorder(">")]))
        offset = draw(st.sampled_from([0, 0, 0, 1]))
    if draw(st.booleans()):
        steps = None
    return guarded(array.astype(dtype), steps, at_end, offset)


def close(got, expected, dtype, scale=1):
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(expected, float), rtol=16 * eps, atol=16 * eps * scale)


@given(st.data())
def layouts(data):
    counts["examples"] += 1
    kind = data.draw(st.sampled_from(["binary", "labels", "distribution"]))
    length = st.sampled_from([0, 1, 2, 3, 5, 8, 16, 17, 33, 70])
    shape = tuple(data.draw(st.lists(length, min_size=1, max_size=3)))
    while np.prod(shape) > 20000:
        shape = shape[1:]
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    if kind != "binary" and shape[axis] == 0:
        shape = shape[:axis % len(shape)] + (1,) + shape[axis % len(shape) + 1 :]
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    dtype = data.draw(st.sampled_from(FLOATS))
    input = data.draw(st.sampled_from(["probabilities", "logits", "log_probabilities"]))
    p = random.normal(0, 2, shape) if input == "logits" else random.uniform(0.1, 0.9, shape)
    p = (np.log(p) if input == "log_probabilities" else p).astype(dtype)
    options = {"input": input, "reduction": data.draw(st.sampled_from(["mean", "sum", "none"]))}
    rows = shape if kind == "binary" else tuple(np.delete(shape, axis))
    if kind == "labels":
        kind_of_label = data.draw(st.sampled_from(LABELS))
        y = random.integers(0, min(shape[axis], np.iinfo(kind_of_label).max), rows).astype(kind_of_label)
    else:
        y = random.uniform(0, 1, shape).astype(data.draw(st.sampled_from(FLOATS)))
    if kind != "binary":
        options["axis"] = axis
    options["label_smoothing"] = data.draw(st.sampled_from([0.0, 0.0, 0.125]))
    options["focal_gamma"] = data.draw(st.sampled_from([0.0, 0.0, 2.0]))
    if input == "logits":
        options["logit_scale"] = data.draw(st.sampled_from([1.0, 1.0, 0.5]))
    weights = {}
    if data.draw(st.booleans()):
        weights["sample_weights"] = random.uniform(0.5, 2, rows).astype(data.draw(st.sampled_from(FLOATS)))
    if data.draw(st.booleans()):
        width = shape[-1] if kind == "binary" else shape[axis]
        name = "pos_weight" if kind == "binary" else "class_weights"
        weights[name] = random.uniform(0.5, 2, width).astype(data.draw(st.sampled_from(FLOATS)))
    function = binary if kind == "binary" else categorical
    outputs = {"gradient": data.draw(st.sampled_from([False, True, "array"]))}
    if options["focal_gamma"] == 0 and data.draw(st.booleans()):
        outputs["hessian"] = "array"
    if kind != "binary":
        outputs["argmax"] = data.draw(st.booleans())
        outputs["log_sum_exp"] = input == "logits" and data.draw(st.booleans())
    plain = {name: bool(wanted) for name, wanted in outputs.items()}
    expected = function(y, p, **options, **weights, **plain)
    memories = {}
    for name in ("gradient", "hessian"):
        if outputs.get(name) == "array":
            outputs[name], memories[name] = data.draw(placed(np.zeros(shape, data.draw(st.sampled_from(FLOATS))), False))
            before = memories[name].copy()
            memories[name] = memories[name], before
    y_true, _ = data.draw(placed(y, True))
    y_pred, _ = data.draw(placed(p, True))
    given = {name: data.draw(placed(value, True))[0] for name, value in weights.items()}
    in_place = outputs["gradient"] == "array" if isinstance(outputs["gradient"], str) else False
    result = function(y_true, y_pred, **options, **given, **outputs)
    assert not in_place
    computed = np.dtype("f8" if dtype == np.dtype("f8") else "f4")
    close(result.loss, expected.loss, computed, 4)
    close(result.loss_sum, expected.loss_sum, computed, 4 * max(1, p.size))
    assert (result.count, result.correct) == (expected.count, expected.correct)
    for name in ("gradient", "hessian", "log_sum_exp", "argmax"):
        got, wanted = getattr(result, name), getattr(expected, name)
        if wanted is None:
            assert got is None
            continue
        coarsest = max((computed, got.dtype, wanted.dtype) if name != "argmax" else (computed,), key=lambda t: np.finfo(t).eps)
        close(got, wanted, coarsest, 4)
    for name, (memory, before) in memories.items():
        outputs[name][...] = 0  # what it held before the call
        assert (memory == before).all(), f"bytes beside {name} have been written"
    counts["answers"] += 1


@given(st.data())
def aliases(data):
    """Arguments cut from one piece of memory: an answer is that for separate ones, or the overlap is refused."""
    counts["examples"] += 1
    elements = 40
    memory = guarded_bytes(elements * 8, at_end=data.draw(st.booleans()))
    is_binary = data.draw(st.booleans())
    shape = (6,) if is_binary else (2, 3)

    def cut(shape, dtypes, name):
        dtype = np.dtype(data.draw(st.sampled_from(dtypes), label=name))
        count = int(np.prod(shape))
        step = data.draw(st.sampled_from([1, 1, 2, -1]))
        start = data.draw(st.integers(0, elements * 8 // dtype.itemsize - count * abs(step)))
        whole = memory.view(dtype)[start : start + count * abs(step)][::step][:count]
        return whole.reshape(shape) if step == 1 else np.lib.stride_tricks.as_strided(
            whole, shape, [s * step for s in np.empty(shape, dtype).strides]
        )

    memory.view(np.float32)[...] = 0.5
    given = {"y_pred": cut(shape, ["f4"], "y_pred")}
    if is_binary:
        given["y_true"] = cut(shape, ["f4"], "y_true")
    elif data.draw(st.booleans()):
        given["y_true"] = cut(shape, ["f4"], "y_true")
    else:
        memory.view(np.int64)[:4] = 1
        given["y_true"] = memory.view(np.int64)[data.draw(st.integers(0, 2)) :][:2]
    for name, length in (("sample_weights", shape[:1]), ("class_weights", (3,)), ("pos_weight", (6,))):
        if name != ("class_weights" if is_binary else "pos_weight") and data.draw(st.booleans()):
            given[name] = cut(length, ["f4"], name)
    outputs = {"gradient": cut(shape, ["f4", "f8", "f2"], "gradient")}
    if data.draw(st.booleans()):
        outputs["hessian"] = cut(shape, ["f4", "f8"], "hessian")
    if data.draw(st.booleans()):
        outputs["gradient"] = given["y_pred"]
    function = binary if is_binary else categorical
    copies = {name: value.copy() for name, value in given.items()}
    try:
        expected = function(**copies, input="logits", **{name: np.empty(shape, value.dtype) for name, value in outputs.items()})
    except xent.XentError as error:
        expected = error
    try:
        result = function(**given, input="logits", **outputs)
    except xent.OverlapError:
        counts["refusals"] += 1
        return
    except xent.XentError as error:
        assert type(error) is type(expected), (error, expected)
        counts["refusals"] += 1
        return
    counts["answers"] += 1
    np.testing.assert_allclose(result.loss, expected.loss, rtol=1e-5)
    for name in outputs:
        np.testing.assert_allclose(getattr(result, name).astype(float), getattr(expected, name).astype(float), rtol=1e-2, atol=1e-3)


# What code of the caller's that runs during a call can do to the arrays of the other arguments.

ROWS = 1 << 15  # memory of its own, which goes back to the system when it shrinks


def shrink(array):
    array.resize((2, 3) if array.ndim == 2 else (2,), refcheck=False)


def retype(array):
    array.dtype = "S1" if array.flags.c_contiguous else array.dtype


def reshape(array):
    array.shape = (array.size,)


def spoil(array):
    array[...] = 2**31 - 1


def freeze(array):
    array.flags.writeable = False


ACTIONS = [shrink, retype, reshape, spoil, freeze]


@given(st.data())
def reentrances(data):
    """An argument whose conversion changes other arguments of the same call."""
    function = data.draw(st.sampled_from(["binary", "labels", "distribution", "descent"]))
    arrays = {"y_pred": np.full((ROWS, 3), 0.5), "gradient": np.zeros((ROWS, 3)), "hessian": np.zeros((ROWS, 3))}
    if function == "descent":
        arrays = {"theta": np.zeros((ROWS, 3)), "gradient": np.zeros((ROWS, 3)), "learning_rate": np.array(0.5)}
    elif function == "labels":
        arrays.update(y_true=np.zeros(ROWS, np.int64), sample_weights=np.ones(ROWS), class_weights=np.ones(3), upstream=np.ones(1))
    elif function == "distribution":
        arrays.update(y_true=np.zeros((ROWS, 3)), sample_weights=np.ones(ROWS), class_weights=np.ones(3), upstream=np.ones(1))
    else:
        arrays.update(y_true=np.zeros((ROWS, 3)), sample_weights=np.ones((ROWS, 3)), pos_weight=np.ones(3), upstream=np.ones(1))
    if data.draw(st.booleans()) and function != "descent":
        arrays["hessian"] = True
    victims = data.draw(st.lists(st.sampled_from([name for name in arrays if arrays[name] is not True]), min_size=1, max_size=2))
    action = data.draw(st.sampled_from(ACTIONS))

    def act():
        for victim in victims:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    action(arrays[victim])
            except (ValueError, TypeError, AttributeError):
                pass  # NumPy does not let it

    class Acting:
        def __init__(self, found):
            self.found = found

        def __array__(self, dtype=None, copy=None):
            act()
            return self.found

        def __float__(self):
            act()
            return float(self.found)

    class Exporting(Acting):
        __array__ = None

        @property
        def __array_interface__(self):
            act()
            return self.found.__array_interface__

    given = dict(arrays)
    name = data.draw(st.sampled_from([name for name in arrays if arrays[name] is not True]))
    if name in ("theta", "gradient", "hessian"):
        given[name] = Exporting(arrays[name])
    else:
        given[name] = data.draw(st.sampled_from([Acting, Exporting]))(arrays[name])
    options = {}
    if function != "descent" and data.draw(st.booleans()):
        options["label_smoothing"] = Acting(0.0)
    call = {"binary": binary, "descent": xent.gradient_descent}.get(function, categorical)
    outcome(call, **given, **options)


def leaks(examples):
    """Calls of every outcome, many times: what they are given is referred to no more often, and memory does not grow."""
    import gc
    import tracemalloc

    p, labels, gradient = np.full((4, 3), 0.5), np.array([0, 1, 2, 0]), np.zeros((4, 3))
    frozen = np.zeros((4, 3))
    frozen.flags.writeable = False
    weights, masked = np.ones(3), np.ma.masked_array(p)
    calls = [
        lambda: categorical(labels, p, gradient=gradient, class_weights=weights, reduction="none", argmax=True),
        lambda: categorical(labels, p[::-1], gradient=True, hessian=True),
        lambda: categorical(labels, p, gradient=frozen),
        lambda: categorical(labels, p, hessian=p),
        lambda: categorical([9, 0, 0, 0], p, gradient=gradient),
        lambda: categorical(labels, p * 7, class_weights=weights),
        lambda: categorical(labels, masked),
        lambda: categorical(labels, p, label_smoothing=Number(0.5, TypeError), class_weights=weights),
        lambda: categorical(labels, p, class_weights=weights, sample_weights=Conversion(None, KeyError)),
        lambda: categorical(labels, Conversion(p), gradient=gradient),
        lambda: categorical(labels, memoryview(p), gradient=memoryview(gradient)),
        lambda: binary(p, p, gradient=gradient, pos_weight=weights),
        lambda: binary(p, [[0.5] * 3] * 4, sample_weights=Raises(KeyError)),
        lambda: xent.gradient_descent(gradient, p, 0.0),
        lambda: xent.gradient_descent(gradient, gradient, 0.0),
        lambda: log_loss([0, 1, 2, 0], p),
        lambda: boosting.multiclass(3)([0, 1, 2, 0], p),
    ]
    held = [p, labels, gradient, frozen, weights]
    for _ in range(3):
        for call in calls:
            outcome(call)
    gc.collect()
    before = [sys.getrefcount(array) for array in held]
    tracemalloc.start()
    first = tracemalloc.get_traced_memory()[0]
    for _ in range(examples):
        for call in calls:
            outcome(call)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - first
    assert [sys.getrefcount(array) for array in held] == before
    assert grown < 8 * examples + 2048, f"{grown} bytes are left of {examples * len(calls)} calls"


def threads(examples):
    """Another thread changes numbers that are being read: answers may be anything, but nothing else happens."""
    p, y, weights = np.full((2000, 9), 0.1, np.float32), np.zeros((2000, 9), np.float32), np.ones(2000, np.float32)
    end = threading.Event()

    def change():
        while not end.is_set():
            for value in (np.nan, np.inf, 1, 0.1):
                p[...] = weights[...] = value
                y[...] = min(value, 1)

    other = threading.Thread(target=change)
    other.start()
    try:
        for _ in range(examples):
            for input in ("probabilities", "logits", "log_probabilities"):
                for function in (binary, categorical):
                    own = weights if function is categorical else None
                    outcome(function, y, p, input=input, sample_weights=own, gradient=True, num_threads=2)
    finally:
        end.set()
        other.join()


# Kernels of labels, by classes, type of label and options.
LABEL_KERNELS = [
    (classes, dtype, options)
    for classes in (3, 12, 100, 1000)
    for dtype in (np.int32, np.int64)
    for options in (
        {"input": "probabilities"},
        {"input": "logits"},
        {"input": "logits", "ignore_index": -1, "class_weights": True, "hessian": True},
        {"input": "logits", "label_smoothing": 0.125, "axis": 0},
        {"input": "log_probabilities", "focal_gamma": 2.0, "class_weights": True},
    )
]


def labels(examples):
    """Another thread changes labels after they have been checked: answers may be anything, but no memory beside the arrays is
    read or written."""
    for classes, dtype, options in LABEL_KERNELS:
        rows = 60_000 // classes
        axis = options.get("axis", 1)
        shape = (rows, classes) if axis == 1 else (classes, rows)
        p, _ = guarded(np.full(shape, 1 / classes, np.float32))
        gradient, _ = guarded(np.zeros(shape, np.float32))
        targets = np.zeros(rows, dtype)
        chosen = dict(options, gradient=gradient, num_threads=1)
        if "class_weights" in chosen:
            chosen["class_weights"], _ = guarded(np.ones(classes, np.float32))
        end = threading.Event()

        def change(targets=targets, end=end):
            while not end.is_set():
                targets[...] = np.iinfo(targets.dtype).max // 2
                targets[...] = 0

        other = threading.Thread(target=change)
        other.start()
        try:
            for _ in range(examples):
                counts["examples"] += 1
                try:
                    categorical(targets, p, **chosen)
                    counts["answers"] += 1
                except xent.LabelError:
                    counts["refusals"] += 1
        finally:
            end.set()
            other.join()


CAMPAIGNS = [arguments, options, sizes, layouts, aliases, reentrances]
LOOPS = [leaks, threads, labels]


def main(name, examples, seeded=None):
    faulthandler.enable()
    warnings.simplefilter("ignore")
    if name == "files":
        files(examples, seeded or 0, counts)
    for loop in LOOPS:
        if loop.__name__ == name:
            loop(examples)
    for campaign in CAMPAIGNS:
        if campaign.__name__ == name:
            quiet = list(HealthCheck)
            chosen = settings(max_examples=examples, deadline=None, database=None, derandomize=seeded is None, suppress_health_check=quiet)
            run = chosen(campaign)
            (run if seeded is None else seed(seeded)(run))()
    print(f"{name}: {', '.join(f'{count} {what}' for what, count in counts.items())}")
    assert counts["examples"] >= examples // 2


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
