import numpy as np
import pytest

from earmark.augment.picture import (
    BrightnessSettings,
    ContrastSettings,
    FlipSettings,
    PictureNoiseSettings,
    add_picture_noise,
    change_brightness,
    change_contrast,
    flip,
)

COLOURFUL = (
    (change_brightness, BrightnessSettings(change_low=-0.5, change_high=0.5)),
    (change_contrast, ContrastSettings(factor_low=0.0, factor_high=5.0)),
    (add_picture_noise, PictureNoiseSettings(sd_high=0.5)),
)


def pictures(n=2, n_channels=4, low=0.3, high=0.7):
    return np.random.default_rng(1).uniform(low, high, (n, n_channels, 30, 60)).astype(np.float32)


def test_the_brightness_changes_by_the_same_amount_everywhere():
    batch = pictures(300, 3)
    change = change_brightness(batch, np.random.default_rng(0), BrightnessSettings()) - batch
    assert np.ptp(change, axis=(1, 2, 3)).max() < 1e-6
    amounts = change[:, 0, 0, 0]
    assert -0.2 <= amounts.min() < -0.18
    assert 0.18 < amounts.max() <= 0.2 + 1e-6


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.4])
def test_the_contrast_is_measured_as_asked_and_the_mean_colour_stays(factor):
    batch = pictures(2, 3)
    changed = change_contrast(batch, np.random.default_rng(0), ContrastSettings(factor_low=factor, factor_high=factor))
    np.testing.assert_allclose(changed.mean(axis=(2, 3)), batch.mean(axis=(2, 3)), atol=1e-5)
    np.testing.assert_allclose(changed.std(axis=(2, 3)), factor * batch.std(axis=(2, 3)), atol=1e-5)


def test_the_noise_is_noise_and_not_zero():
    batch = np.full((2, 3, 100, 200), 0.5, np.float32)
    settings = PictureNoiseSettings(sd_low=0.05, sd_high=0.05)
    noise = add_picture_noise(batch, np.random.default_rng(0), settings) - batch
    np.testing.assert_allclose(noise.std(axis=(2, 3)), 0.05, rtol=0.03)
    assert np.abs(noise.mean(axis=(2, 3))).max() < 0.002
    assert np.abs(np.corrcoef(noise.reshape(6, -1)) - np.eye(6)).max() < 0.05  # no two planes have the same


def test_a_flip_turns_left_to_right_in_all_channels_and_twice_is_none():
    batch = pictures()
    turned = flip(batch, np.random.default_rng(0), FlipSettings(p=1.0))
    assert (turned == batch[:, :, :, ::-1]).all()
    assert (flip(turned, np.random.default_rng(1), FlipSettings(p=1.0)) == batch).all()


@pytest.mark.parametrize(("change", "settings"), COLOURFUL)
def test_colours_stay_from_0_to_1(change, settings):
    changed = change(pictures(20, 3, 0.0, 1.0), np.random.default_rng(0), settings)
    assert changed.min() == 0
    assert changed.max() == 1


@pytest.mark.parametrize(("change", "settings"), COLOURFUL)
def test_the_opacity_of_a_picture_of_four_channels_stays(change, settings):
    batch = pictures()
    changed = change(batch, np.random.default_rng(0), settings)
    assert (changed[:, 3] == batch[:, 3]).all()
    assert (changed[:, :3] != batch[:, :3]).mean() > 0.9


@pytest.mark.parametrize(("change", "settings"), COLOURFUL)
@pytest.mark.parametrize("n_channels", [1, 2, 3, 5])
def test_every_other_number_of_channels_is_all_colours(change, settings, n_channels):
    batch = pictures(2, n_channels)
    changed = change(batch, np.random.default_rng(0), settings)
    assert (changed != batch).any(axis=(0, 2, 3)).all()
