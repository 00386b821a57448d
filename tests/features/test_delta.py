import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import SettingError
from earmark.features.delta import delta


@pytest.mark.slow
@given(n_frames=st.integers(9, 60), n_bins=st.integers(1, 4), order=st.sampled_from([1, 2]), seed=st.integers(0, 1000))
@settings(deadline=None)
def test_the_delta_is_librosas(n_frames, n_bins, order, seed):
    features = np.random.default_rng(seed).normal(0, 100, (2, n_bins, n_frames))
    expected = librosa.feature.delta(features, order=order)
    np.testing.assert_allclose(delta(torch.from_numpy(features), order), expected, atol=1e-10)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("n_frames", "width"), [(3, 3), (4, 3), (5, 5), (6, 5), (7, 7), (8, 7)])
def test_the_delta_of_few_frames_takes_the_largest_odd_width_that_fits(n_frames, width, order):
    features = np.random.default_rng(0).normal(0, 100, (1, 3, n_frames))
    expected = librosa.feature.delta(features, width=width, order=order)
    np.testing.assert_allclose(delta(torch.from_numpy(features), order), expected, atol=1e-10)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("n_frames", [1, 2])
def test_the_delta_of_fewer_than_three_frames_is_zero(n_frames, order):
    assert torch.equal(delta(torch.rand(2, 3, n_frames), order), torch.zeros(2, 3, n_frames))


@given(n_frames=st.integers(3, 30), curvature=st.floats(-5, 5), slope=st.floats(-5, 5))
@settings(deadline=None)
def test_a_parabola_has_its_own_curvature_everywhere(n_frames, curvature, slope):
    time = torch.arange(n_frames, dtype=torch.float64)
    features = (curvature / 2 * time**2 + slope * time + 7)[None, None]
    torch.testing.assert_close(delta(features, 2), torch.full_like(features, curvature), rtol=0, atol=1e-9)


@pytest.mark.parametrize("order", [0, 3, -1])
def test_another_order_is_refused(order):
    with pytest.raises(SettingError, match=f"order must be 1 for the slope or 2 .*, not {order}"):
        delta(torch.zeros(1, 1, 20), order)
