import numpy as np
import pytest

from earmark.augment.feature_noise import FeatureNoiseSettings, add_feature_noise


@pytest.mark.parametrize("share", [0.05, 1.0])
def test_the_noise_is_in_proportion_to_how_much_an_item_varies(share):
    scale = np.array([1.0, 30.0, 1e-3], np.float32)[:, None, None]
    items = (np.random.default_rng(1).standard_normal((3, 64, 300)).astype(np.float32) - 5) * scale
    noisy = add_feature_noise(items, np.random.default_rng(0), FeatureNoiseSettings(share_low=share, share_high=share))
    noise = noisy.astype(float) - items
    np.testing.assert_allclose(noise.std(axis=(1, 2)) / items.std(axis=(1, 2)), share, rtol=0.02)
    assert np.abs(noise.mean(axis=(1, 2)) / noise.std(axis=(1, 2))).max() < 0.03


def test_what_does_not_vary_stays():
    items = np.full((2, 3, 4), 0.1, np.float32)
    assert (add_feature_noise(items, np.random.default_rng(0), FeatureNoiseSettings()) == items).all()
