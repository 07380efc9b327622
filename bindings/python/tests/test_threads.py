"""Calls from several threads at once give what one thread gives, to the bit."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

import xent


def problem(seed):
    random = np.random.default_rng(seed)
    rows, classes = int(random.integers(1, 200)), int(random.integers(2, 60))
    z = random.normal(0, 4, (rows, classes)).astype(np.float32 if seed % 2 else np.float64)
    labels = random.integers(0, classes, rows)
    result = xent.categorical_cross_entropy(
        labels, z, input="logits", reduction=("mean", "sum", "none")[seed % 3], gradient=True
    )
    try:
        xent.categorical_cross_entropy(labels + classes, z)
    except xent.LabelError as error:
        message = str(error)
    return np.asarray(result.loss).tobytes(), result.gradient.tobytes(), result.loss_sum, result.count, message


def test_threads():
    seeds = range(400)
    alone = [problem(seed) for seed in seeds]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(problem, seeds))
    assert together == alone


def test_one_target_for_all():
    z = np.random.default_rng(0).normal(size=(300, 50))
    labels = np.arange(300) % 50
    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(lambda _: xent.categorical_cross_entropy(labels, z, input="logits", gradient=True), range(64))
        )
    for result in results:
        assert result.loss == results[0].loss
        np.testing.assert_array_equal(result.gradient, results[0].gradient)
