from types import SimpleNamespace

import numpy as np
import pytest

from earmark.augment.checks import check_batch, check_finite, check_range, check_sample_rate, check_share
from earmark.errors import SettingError


@pytest.mark.parametrize(
    ("takes", "shape"),
    [("waveform", (2, 9)), ("power", (2, 3, 4)), ("features", (0, 3, 4)), ("picture", (1, 4, 3, 2))],
)
def test_a_batch_of_the_right_shape_passes(takes, shape):
    check_batch(np.zeros(shape, np.float32), takes)


@pytest.mark.parametrize(
    ("takes", "shape", "message"),
    [
        ("waveform", (9,), r"a batch of waveform has the shape \(batch, n_samples\), not \(9,\)"),
        ("waveform", (2, 0), r"not \(2, 0\)"),
        ("power", (2, 9), r"\(batch, n_bins, n_frames\), not \(2, 9\)"),
        ("picture", (4, 3, 2), r"\(batch, n_channels, n_rows, n_columns\)"),
    ],
)
def test_a_batch_of_another_shape_is_told_the_right_one(takes, shape, message):
    with pytest.raises(SettingError, match=message):
        check_batch(np.zeros(shape, np.float32), takes)


def test_a_batch_of_another_type_is_told_how_to_convert_it():
    with pytest.raises(SettingError, match=r"is float32, not float64: convert it with \.astype\('float32'\)"):
        check_batch(np.zeros((2, 3)), "waveform")


@pytest.mark.parametrize("value", [0, 1, 0.5])
def test_shares_pass(value):
    check_share(SimpleNamespace(p=value, q=value), "p", "q")


@pytest.mark.parametrize("value", [-1e-9, 1.0001, float("nan")])
def test_what_is_no_share_is_named(value):
    with pytest.raises(SettingError, match=r"^q must be from 0 to 1, not"):
        check_share(SimpleNamespace(p=0.5, q=value), "p", "q")


def test_a_range_may_be_one_point_and_reach_its_limits():
    check_range(SimpleNamespace(x_low=2, x_high=2), "x", least=0, most=4)
    check_range(SimpleNamespace(x_low=0, x_high=4), "x", least=0, most=4)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (-1, 2, "x_low must be from 0 to 4, not -1"),
        (1, 5, "x_high must be from 0 to 4, not 5"),
        (3, 2, "x_low must be at most x_high, which is 2, not 3"),
        (float("nan"), 2, "x_low must be from 0 to 4, not nan"),
    ],
)
def test_a_faulty_range_names_the_end_that_is_wrong(low, high, message):
    with pytest.raises(SettingError, match=f"^{message}$"):
        check_range(SimpleNamespace(x_low=low, x_high=high), "x", least=0, most=4)


def test_a_sample_rate_is_at_least_1():
    check_sample_rate(1)
    with pytest.raises(SettingError, match="sample_rate must be at least 1, not 0"):
        check_sample_rate(0)


def test_nothing_and_finite_numbers_pass_where_a_finite_number_is_wanted():
    for value in (None, -1e30, 0):
        check_finite(SimpleNamespace(fill=value), "fill")
    for value in (float("inf"), float("nan")):
        with pytest.raises(SettingError, match=r"^fill must be a finite number, not"):
            check_finite(SimpleNamespace(fill=value), "fill")
