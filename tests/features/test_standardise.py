import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import DataError
from earmark.features.standardise import Standardiser


@given(n=st.integers(1, 600), n_bins=st.integers(1, 5), n_frames=st.integers(1, 7), offset=st.sampled_from([0.0, -4e3]))
@settings(max_examples=40, deadline=None)
def test_each_bin_is_standardised_over_batch_and_time(n, n_bins, n_frames, offset):
    features = (np.random.default_rng(n).normal(offset, 20, (n, n_bins, n_frames))).astype(np.float32)
    standardiser = Standardiser.fit(torch.from_numpy(features))
    assert standardiser.mean.shape == standardiser.deviation.shape == (n_bins, 1)
    exact = features.astype(np.float64)
    np.testing.assert_allclose(standardiser.mean[:, 0], exact.mean(axis=(0, 2)), rtol=1e-6, atol=1e-5)
    if n * n_frames > 1:
        np.testing.assert_allclose(standardiser.deviation[:, 0], exact.std(axis=(0, 2)), rtol=1e-6)


def test_what_it_was_fitted_on_comes_out_with_mean_zero_and_deviation_one():
    features = 3.0 + 50.0 * torch.randn(300, 4, 20, generator=torch.Generator().manual_seed(0))
    out = Standardiser.fit(features)(features)
    assert out.mean(dim=(0, 2)).abs().max() < 1e-5
    assert (out.std(dim=(0, 2), correction=0) - 1).abs().max() < 1e-5


@pytest.mark.parametrize("value", [0.0, 0.1, -100.0, 1e-30])
def test_a_constant_bin_is_only_shifted(value):
    features = torch.full((700, 2, 13), value)
    features[:, 1] = torch.randn(700, 13, generator=torch.Generator().manual_seed(0))
    standardiser = Standardiser.fit(features)
    assert standardiser.deviation[0] == 1
    assert standardiser.deviation[1] != 1
    assert standardiser(features)[:, 0].abs().max() < 1e-5


def test_a_bin_that_differs_by_rounding_only_is_taken_for_constant():
    features = torch.full((50, 1, 10), 1000.0)
    features[::2] = torch.nextafter(features[::2], torch.tensor(2000.0))
    assert Standardiser.fit(features).deviation == 1


def test_quiet_features_are_not_taken_for_constant():
    features = 1e-12 * torch.randn(50, 1, 10, generator=torch.Generator().manual_seed(0))
    assert Standardiser.fit(features).deviation < 1e-11


def test_a_new_one_changes_nothing_and_takes_a_saved_state():
    features = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    fresh, fitted = Standardiser(4), Standardiser.fit(features)
    assert torch.equal(fresh(features), features)
    fresh.load_state_dict(fitted.state_dict())
    assert torch.equal(fresh(features), fitted(features))


def test_no_features_are_refused():
    with pytest.raises(DataError, match=r"no features .*\(0, 4, 5\)"):
        Standardiser.fit(torch.zeros(0, 4, 5))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_features_that_are_not_finite_are_refused(value):
    features = torch.zeros(3, 4, 5)
    features[1, 2, 3] = value
    with pytest.raises(DataError, match="not finite"):
        Standardiser.fit(features)


def test_channels_are_standardised_each_by_itself():
    features = torch.randn(50, 3, 4, 20, generator=torch.Generator().manual_seed(0))
    features = features * torch.tensor([1.0, 10.0, 100.0])[:, None, None] + 7
    standardiser = Standardiser.fit(features)
    assert standardiser.mean.shape == (3, 4, 1)
    out = standardiser(features)
    assert out.mean(dim=(0, 3)).abs().max() < 1e-5
    assert (out.std(dim=(0, 3), correction=0) - 1).abs().max() < 1e-5
    fresh = Standardiser(4, 3)
    fresh.load_state_dict(standardiser.state_dict())
    assert torch.equal(fresh(features), out)
