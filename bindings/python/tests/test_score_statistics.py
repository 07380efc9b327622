"""What the scoring command keeps of the rows, against all the rows at once."""

import math

import numpy as np
import pytest

from xent.score.statistics import Calibration, Histogram, Total, Worst


def test_total():
    random = np.random.default_rng(0)
    values = (random.normal(size=20_000) * 10.0 ** random.integers(-12, 12, 20_000)).tolist()
    total = Total()
    for value in values:
        total.add(value)
    assert total.value == pytest.approx(math.fsum(values), rel=2**-52)


@pytest.mark.parametrize(
    "values, expected",
    [
        ([], 0.0),
        ([1.0, 1e100, 1.0, -1e100], 2.0),  # a plain sum is 0
        ([1.0, math.inf, 2.0], math.inf),
        ([1.0, -math.inf], -math.inf),
        ([math.inf, -math.inf], math.nan),
        ([1.0, math.nan, 2.0], math.nan),
        ([1e308, 1e308], math.inf),
    ],
)
def test_special_totals(values, expected):
    total = Total()
    for value in values:
        total.add(value)
    assert total.value == pytest.approx(expected, rel=0, nan_ok=True)


def test_histogram_of_anything():
    values = np.array([0.0, 5e-324, 1e-13, 2.0**-40, 1.0, 1 + 1 / 64, 2.0, -3.0, 2.0**24, 1e300, -1e300])
    histogram = Histogram()
    histogram.add(np.concatenate([values, [np.nan, np.inf, -np.inf]]))
    assert (histogram.nan, histogram.infinite) == (1, 2)
    assert histogram.bins() == [
        (-(2.0**24), -(2.0**24) * (127 / 128), 1),  # -1e300, in the last bin
        (-(3 + 1 / 32), -3.0, 1),
        (0.0, 0.0, 3),  # what is below 2^-40 counts as 0
        (2.0**-40, 2.0**-40 * (1 + 1 / 64), 1),
        (1.0, 1 + 1 / 64, 1),
        (1 + 1 / 64, 1 + 2 / 64, 1),
        (2.0, 2 + 2 / 64, 1),
        (2.0**24 * (127 / 128), 2.0**24, 2),
    ]
    assert histogram.quantile(0.5) == pytest.approx(2.0**-40, rel=0.01)


def test_worst_in_pieces():
    random = np.random.default_rng(1)
    losses = np.round(random.uniform(0, 5, 3000), 1)  # with many equals
    losses[random.integers(0, 3000, 4)] = np.nan
    losses[random.integers(0, 3000, 3)] = np.inf
    rows = np.arange(3000)
    worst = Worst(12)
    for start in range(0, 3000, 7):
        piece = slice(start, start + 7)
        worst.add(losses[piece], rows[piece], rows[piece] + 1, rows[piece] + 2)
    key = np.where(np.isnan(losses), -np.inf, -losses)
    order = sorted(rows.tolist(), key=lambda row: (not math.isnan(losses[row]), key[row], row))[:12]
    entries = worst.entries()
    assert [entry[0] for entry in entries] == order
    np.testing.assert_array_equal([entry[1] for entry in entries], losses[order])
    assert [entry[2:] for entry in entries] == [(row + 1, row + 2) for row in order]


def test_calibration_edges():
    calibration = Calibration()
    calibration.add(np.array([0.0, 1.0, 1.0005, np.nan, 0.5]), np.array([0.0, 1.0, 0.0, 1.0, 1.0]))
    counts = [count for _, _, count, _, _ in calibration.bins()]
    assert counts[0] == 1 and counts[-1] == 2 and sum(counts) == 4
    assert calibration.expected_error() == pytest.approx((0 + 1 + 0.5) / 4)
    assert math.isnan(Calibration().expected_error())
